"""Where everything lies: every path template, relative to the project's root. No I/O.

Tables, pages and logs of another paper than ours lie in papers/NAME below: `of_paper`.
"""

import re

OURS = "ncmc"  # the paper that is open where none is named ...
PAPER_VARIABLE = "NCMC_PAPER"  # ... by this variable
CONFIG = "config"  # what the user edits; the modules that read its files name them
PAPER = "papers/{paper}"  # what a paper says, its tables, its checks, methods of its own
WORKFLOW_CONFIG = CONFIG + "/workflow.yaml"

RAW = "data/raw/{dataset}"  # archives as they came; DVC tracks these
ARRAYS = "data/arrays/{dataset}"  # uint8 images and labels made from them
ARRAYS_META = ARRAYS + "/meta.json"
SPLIT = "data/splits/{dataset}/tau={tau}/{split}"
SPLIT_MANIFEST = SPLIT + "/manifest.json"
SPLIT_INDICES = SPLIT + "/indices.npz"

RUN = "{dataset}/tau={tau}/{backbone}/{method}/{options}/seed={seed}"  # a run's id
RUNS = "results/runs"
RECORD = "record.json"  # in the folder of a run, below RUNS
MODEL = "model.pt"
RUN_RECORD = RUNS + "/{run}/" + RECORD
CHECKPOINTS = "ckpt"  # outside declared outputs: Snakemake deletes those of a failed job
CHECKPOINT = "checkpoint.pt"  # in the folder of a run, below CHECKPOINTS

RESULTS = "results/{table}"
SWITCHED = "{table}+{switches}"  # in place of a table: with other assumptions, smoke+A14=affine
TABLE_CSV = RESULTS + "/table.csv"
TABLE_JSON = RESULTS + "/table.json"
TABLE_MARKDOWN = RESULTS + "/table.md"
TABLE_LATEX = RESULTS + "/table.tex"
VERDICTS = RESULTS + "/verdicts.json"
PAGE = RESULTS + "/report.html"
FIGURES = RESULTS + "/figures"  # NAME.svg, .png, .pdf, .csv and .txt
FIGURE_LIST = RESULTS + "/figures.txt"  # the names of these files
PROJECT_PAGE = "results/report.html"  # of every table and figure together
BOARD_MARKDOWN = "results/board.md"  # of a published tier, in its folder
PREDICTIONS = "results/predictions.md"  # of the tier's checks, beside what came
BOARD_JSON = "results/board.json"
PUBLISHED = "results/published/{tier}"  # in git: records, and all that follows from them
PUBLISHED_RUNS = "results/published/runs.csv"  # a row per run of every published tier
BADGE = "results/published/badge.json"  # as shields.io's endpoint reads it
ANSWER_PICTURE = "results/published/answer-{page}.svg"  # README's, on light and dark pages
THEORY = "results/theory/theory.json"
PREFLIGHT = "results/.preflight"
PLAN = "results/plan.json"  # what `ncmc plan` wrote last

# Commands in a text whose answer depends on the open paper.
ASKING = "explain|export|figures|list|plan|publish|reference|report|status|table|theory|verify"
ASKS_PAPER = re.compile(rf"\bncmc (?=(?:{ASKING})\b)")
SNAKEMAKE = re.compile(rf"(?:{PAPER_VARIABLE}=\S+ )?((?:uv run )?snakemake -)")

# What each job of the workflow said, and what its run took.
LOG_PREFLIGHT = "logs/preflight.log"
LOG_FETCH = "logs/fetch/{dataset}.log"
LOG_SPLIT = "logs/split/{dataset}/tau={tau}/{split}.log"
LOG_TRAIN = "logs/train/{run}.log"
TIME_TRAIN = "logs/train/{run}.tsv"
LOG_TABLE = "logs/table/{table}.log"
LOG_VERIFY = "logs/verify/{table}.log"
LOG_REPORT = "logs/report/{table}.log"
LOG_FIGURES = "logs/figures/{table}.log"
LOG_BOARD = "logs/board.log"
LOG_SHOW = "logs/show/{table}.log"
LOG_THEORY = "logs/theory.log"
LOG_PLAN = "logs/plan.log"


def of_paper(template: str, paper: str) -> str:
    """The template of a table, page, plan or log of a paper: `results/papers/NAME/{table}`.

    Ours is as it stands above. Runs, splits and data belong to all papers and have one place.
    """
    folder, _, rest = template.partition("/")
    return template if paper == OURS else f"{folder}/papers/{paper}/{rest}"


def commands_of_paper(text: str, paper: str) -> str:
    """A text whose commands ask a paper: `ncmc --paper NAME verify all`; of ours as it stands."""
    if paper == OURS:
        return text
    asked = ASKS_PAPER.sub(lambda _: f"ncmc --paper {paper} ", text)
    return SNAKEMAKE.sub(lambda found: f"{PAPER_VARIABLE}={paper} {found[1]}", asked)
