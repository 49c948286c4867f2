"""Papers as folders: what is planned, configured and hashed of the first one stays what it is."""

import hashlib
import re
import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest
from calls import copy_workflow, planned_jobs, snakemake
from conftest import CHECKOUT, copy_project, here
from typer.testing import CliRunner

from cli.main import app
from ncmc import paths
from ncmc.errors import UsageError
from ncmc.jobs import Jobs
from ncmc.paper import theorems
from ncmc.paper.assumptions import assumptions
from ncmc.paper.claims import claims
from ncmc.paper.printed_numbers import printed_numbers
from ncmc.plan import catalog, grid
from ncmc.plan.code_digest import files_of, name_of, part_code
from ncmc.plan.grid_file import table_names, tiers
from ncmc.plan.run import Run, make_run
from ncmc.project import Project
from ncmc.results.configuration import config_hash
from ncmc.sharing import publish
from ncmc.verdicts.checks_file import all_checks
from ncmc.verdicts.judge import verify

# Tier -> runs, and a digest of their ids with the hash of each one's configuration. To change a value
# here is to plan other runs: their records are made anew, or are records of something else.
PLANNED = {
    "paper": (492, "8a6726649ab422d2"),
    "smoke": (25, "ddf873c0a1781fea"),
    "laptop": (162, "3fb96a7d4810374d"),
    "full": (22, "9d6b2dbe6408e690"),
    "studies": (227, "0910389a13c78b17"),
}


def runs_of(project: Project, tier: str) -> list[Run]:
    return sorted({run for name in tiers(project)[tier] for run in grid.table(project, name).runs})


def digest(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


@pytest.mark.parametrize("tier", PLANNED)
def test_the_runs_of_a_tier_and_their_configurations_are_what_they_were(tier: str) -> None:
    project = here()
    runs = runs_of(project, tier)
    hashes = {run: config_hash(project, run) for run in {run.cell for run in runs}}
    lines = [f"{run.id} {hashes[run.cell]}" for run in runs]
    assert (len(runs), digest(lines)) == PLANNED[tier]


@pytest.mark.parametrize(("method", "backbone"), [("CAL", "resnet50"), ("LDAM-DRW", "densenet150")])
def test_the_digest_of_the_code_names_our_files_as_it_did(method: str, backbone: str) -> None:
    """The digest hashes names too: a file that moves makes every record of it outdated."""
    project = here()
    run = make_run("cifar10", 0.01, backbone, method, project=project)
    own = set(map(name_of, files_of(project, run)))
    stem = method.lower().replace("-", "_")
    assert {f"methods/{stem}.py", f"backbones/{backbone}.py", "training/train.py"} <= own


# --- another paper -------------------------------------------------------------------------------


@pytest.fixture
def of_ldam() -> Project:
    """The checkout with LDAM-DRW's paper open, published records read."""
    return Project(CHECKOUT, reads_published=True, paper="ldam-drw")


def test_another_paper_has_tables_and_files_of_its_own_and_shares_the_runs(
    of_ldam: Project,
) -> None:
    ours = Project(CHECKOUT)
    assert "table2" in table_names(of_ldam)
    assert "table1" not in table_names(of_ldam)
    assert of_ldam.place(paths.PAGE, table="table2") != ours.place(paths.PAGE, table="table2")
    assert ours.place(paths.PAGE, table="table2") == CHECKOUT / "results/table2/report.html"
    assert len(set(runs_of(ours, "full")) & set(runs_of(of_ldam, "paper"))) == 4
    assert of_ldam.config("train.yaml") == ours.config("train.yaml")
    assert assumptions(of_ldam) == assumptions(ours)  # else a shared run would be outdated in one


def test_the_printed_cells_of_another_paper_are_compared_with_published_runs(
    of_ldam: Project,
) -> None:
    known = {v.id: v for v in verify("table2", project=of_ldam)}
    assert known.keys() == {"D1", "D2", "D3", "D4"}
    assert "above the paper's 77.03" in known["D3"].why
    assert not known["D3"].missing
    assert known["D4"].remedy == "NCMC_PAPER=ldam-drw uv run snakemake --cores all table2"


def test_a_number_that_was_made_otherwise_decides_nothing() -> None:
    tricks = Project(CHECKOUT, reads_published=True, paper="bag-of-tricks")
    here, elsewhere = (verify(name, project=tricks) for name in ("baselines", "tricks"))
    known = {v.id: v for v in (*here, *elsewhere)}
    assert known.keys() == {f"B{i}" for i in range(1, 33)}
    assert "below the paper's 71.95" in known["B1"].why  # the same run as B5
    assert known["B5"].why == "made otherwise: Cui's split (TensorFlow); ours is 71.8"
    assert {v.status for v in elsewhere} == {"not testable"}


def test_a_paper_needs_its_name_and_its_grid_alone(tmp_path: Path) -> None:
    root = copy_project(tmp_path)
    bare = root / "papers" / "bare"
    bare.mkdir()
    for name in ("paper.yaml", "grid.yaml"):
        shutil.copy(root / "papers" / "setf" / name, bare)
    project = Project(root, paper="bare")
    assert tiers(project).keys() == {"paper", "lab"}
    empty = claims(project), printed_numbers(project), all_checks(project), theorems.names(project)
    assert not any(empty)
    assert verify("cifar", project=project) == []


def test_an_unknown_paper_is_refused_with_those_that_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(paths.PAPER_VARIABLE, "ldm-drw")
    with pytest.raises(UsageError, match="unknown paper 'ldm-drw'. Did you mean 'ldam-drw'"):
        here()


# --- methods of a paper's folder -----------------------------------------------------------------

METHOD = '''"""MINE: a test's own."""

from ncmc.methods.ce import CE


class MINE(CE):
    """CE by another name."""
'''


@pytest.fixture
def mine(own_package: Path) -> Path:
    """A method in a paper's folder beside a copy of the package."""
    file = own_package.parent / "papers" / "mine" / "methods" / "mine.py"
    file.parent.mkdir(parents=True)
    file.write_text(METHOD)
    return file


def test_a_method_of_a_papers_folder_is_found_loaded_and_hashed(mine: Path) -> None:
    assert catalog.canonical("method", "mine") == "MINE"
    assert catalog.load("method", "MINE").__file__ == str(mine)
    assert catalog.own_options("method", "MINE") == frozenset()  # read through its base, in ncmc
    before, ce = (_method_code(name) for name in ("mine", "ce"))
    assert {mine, mine.parents[3] / "ncmc/methods/ce.py"} <= set(before[1])
    mine.write_text(METHOD.replace('"""CE by another name."""', "scores_are_cosines = True"))
    assert _method_code("mine")[0] != before[0]
    assert _method_code("ce") == ce


def _method_code(stem: str) -> tuple[str | None, tuple[Path, ...]]:
    """The digest of a method's code, and its files."""
    return part_code(here(), "method", f"ncmc.methods.{stem}")


@pytest.mark.parametrize("name", ["ce", "cal"])
def test_a_file_whose_name_another_has_ends_commands_of_its_own_paper_alone(
    mine: Path, name: str
) -> None:
    shutil.copy(mine, mine.with_name(f"{name}.py"))
    catalog.check_files(paths.OURS)
    assert catalog.file_of("method", name).parts[-3] != "mine"
    with pytest.raises(UsageError, match=rf"/{name}.py and .*papers/mine/methods/{name}.py have"):
        catalog.check_files("mine")


def test_the_figures_of_another_paper_are_looked_for_in_its_own_place(tmp_path: Path) -> None:
    root = copy_workflow(tmp_path / "lab")
    own, theirs = (root / f"results/{folder}table2" for folder in ("", "papers/ldam-drw/"))
    for folder in (own, theirs):
        folder.mkdir(parents=True)
        (folder / "figures.txt").write_text("gone.svg\n")
    Jobs(Project(root, paper="ldam-drw")).forget_incomplete(["table2"])
    assert (own / "figures.txt").exists()
    assert not (theirs / "figures.txt").exists()
    planned = snakemake(root, "-n", "-p", "table2", NCMC_PAPER="ldam-drw")
    assert planned.returncode == 0, planned.stderr
    assert planned_jobs(planned.stdout)["figures"] == 1
    assert "results/papers/ldam-drw/table2/figures.txt" in planned.stdout
    assert "results/table2" not in planned.stdout


# --- the form, and what is wrong with a paper ----------------------------------------------------


def ncmc(*words: str) -> tuple[int, str]:
    """A command's exit code, and what it printed."""
    done = CliRunner().invoke(app, list(words), env={"COLUMNS": "200"})
    return done.exit_code, done.output


@pytest.fixture
def form(configured: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new paper as `ncmc new-paper` makes it, filled in."""
    monkeypatch.setenv(paths.PAPER_VARIABLE, "")  # put back after --paper
    assert ncmc("new-paper", "third")[0] == 0
    folder = configured / "papers" / "third"
    code, told = ncmc("check", "paper", "third")
    assert code == 1
    for left in ("claims.yaml: <BALANCED", "grid.yaml: <what it shows>", "paper.yaml: <title>"):
        assert left in told
    for path in folder.glob("*.yaml"):
        path.write_text(re.sub('"<([^"]*)>"', r'"\1"', path.read_text()))
    (folder / "paper.yaml").write_text('title: "A third paper"\nvenue: "ICML 2031"\n')
    return folder


def test_a_new_paper_can_be_planned_and_judged_as_it_is(form: Path) -> None:
    code, told = ncmc("check", "paper", "third")
    assert (code, "all ok" in told, "no errata.yaml: errors found" in told) == (0, True, True)
    assert "table1" in ncmc("--paper", "third", "list", "tables")[1]
    code, told = ncmc("--paper", "third", "verify", "table1")
    assert (code, "BALANCED-SOFTMAX is better than CE" in told) == (3, True)
    assert (form.parents[1] / "results/papers/third/table1/verdicts.json").is_file()
    assert ncmc("--paper", "third", "report", "table1")[0] == 0
    page = (form.parents[1] / "results/papers/third/table1/report.html").read_text()
    assert "“A third paper” (ICML 2031)" in page
    assert "ncmc --paper third report table1" in page
    assert "third" in ncmc("list", "papers")[1]
    assert ncmc("--paper", "third", "theory")[0] == 0


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        ("grid.yaml", "BALANCED-SOFTMAX]", "BALANCED]", "unknown method 'BALANCED'"),
        ("claims.yaml", "table: table1", "table: table9", "unknown table 'table9'"),
        ("checks.yaml", "than: {method: CE}", "than: {method: LDAM}", "C1: "),
        ("checks.yaml", "claim: C1, ", "says: x, ", "claim C1 has no check"),
        (
            "numbers.csv",
            "made_otherwise\n",
            "made_otherwise\nB1,table1,cifar10,0.01,resnet32,CE,,70,,,Table 1,print,,\n",
            "no cell of table1: it is compared with nothing",
        ),
    ],
)
def test_what_is_wrong_in_a_papers_file_is_said(
    form: Path, file: str, old: str, new: str, words: str
) -> None:
    text = (form / file).read_text()
    assert old in text
    (form / file).write_text(text.replace(old, new))
    code, told = ncmc("check", "paper", "third")
    assert words in told
    assert code == (0 if "has no check" in words else 1)


def test_a_number_that_is_probably_a_fraction_is_said_beside_what_is_missing(form: Path) -> None:
    with (form / "numbers.csv").open("a") as file:
        file.write("B1,table1,cifar10_binary,0.01,resnet32,CE,recipe=ldam_drw,0.72,,,T,print,,\n")
    code, told = ncmc("check", "paper", "third")
    assert (code, "0.72 is below 1 % or chance (10 %). Is it a fraction" in told) == (0, True)


def test_a_claim_that_no_check_reads_is_listed_as_not_checked(form: Path) -> None:
    (form / "checks.yaml").unlink()
    code, told = ncmc("--paper", "third", "verify", "claims")
    assert (code, "1 claim of the paper: 1 is not checked" in told) == (3, True)
    assert "· not checked" in told
    assert "BALANCED-SOFTMAX is better than CE" in told
    assert "`ncmc --paper third explain ID`" in told
    code, told = ncmc("--paper", "third", "explain", "C1")
    assert (code, "third/checks.yaml reads C1: nothing decides it yet" in told) == (2, True)
    assert ncmc("--paper", "third", "report", "table1")[0] == 0


def test_a_paper_without_claims_says_what_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(paths.PAPER_VARIABLE, "")
    code, told = ncmc("--paper", "mislas", "verify", "claims")
    assert (code, "`ncmc --paper mislas verify all` compares the numbers" in told) == (3, True)
    assert "6 known here" in told


def test_the_forms_example_of_a_number_is_one_of_its_cells(form: Path) -> None:
    (line,) = re.findall(r"# (N1,.*)", (form / "grid.yaml").read_text())
    with (form / "numbers.csv").open("a") as file:
        file.write(f"{line}\n")
    code, told = ncmc("check", "paper", "third")
    assert (code, "all ok" in told) == (0, True)


def test_a_number_is_judged_in_its_table_alone_and_says_who_read_it(of_ldam: Project) -> None:
    assert [v.id for v in verify("abstract", project=of_ldam)] == ["C1", "C2", "C3a", "C3b"]
    known = {v.id: v for v in verify("table2", project=of_ldam)}
    assert "70.4 (Table 2, second hand)" in known["D1"].says
    assert "BagofTricks-LT@02bf26ba README.md; second hand, printed as error" in known["D1"].source
    first = verify("stage1", project=Project(CHECKOUT, paper="mislas"))
    assert not any("hand" in v.says for v in first)
    assert [v.id for v in first] == [f"M{i}" for i in range(1, 7)]  # as its file has them


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        ("see `ncmc verify all`", "see `ncmc --paper x verify all`"),
        ("ncmc train RUN, of all papers", "ncmc train RUN, of all papers"),
        ("this version of ncmc reads", "this version of ncmc reads"),
        ("uv run snakemake --cores all plan", "NCMC_PAPER=x uv run snakemake --cores all plan"),
    ],
)
def test_a_command_in_a_text_asks_the_open_paper(words: str, asked: str) -> None:
    assert paths.commands_of_paper(words, "x") == asked
    assert paths.commands_of_paper(asked, "x") == asked  # once
    assert paths.commands_of_paper(words, paths.OURS) == words
    assert paths.commands_of_paper("ncmc list tables", r"\1") == r"ncmc --paper \1 list tables"


def test_hints_follow_the_open_paper(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(paths.PAPER_VARIABLE, "")
    assert "--paper setf explain ID" in ncmc("--paper", "setf", "verify", "claims")[1]
    assert "--paper setf verify cifar" in ncmc("--paper", "setf", "explain", "cifar")[1]
    assert "NCMC_PAPER=setf uv run snakemake -n all" in ncmc("--paper", "setf")[1]
    told = ncmc("--paper", "setf", "list", "assumptions")[1]
    assert "the register of papers/ncmc" in told


def test_a_folder_without_its_file_says_which(form: Path) -> None:
    (form / "paper.yaml").unlink()
    code, told = ncmc("--paper", "third", "list", "tables")
    assert (code, "third has no paper.yaml: title and venue" in told) == (2, True)


def test_an_id_is_that_of_one_thing(form: Path) -> None:
    path = form / "grid.yaml"
    path.write_text(path.read_text().replace("table1:", "C1:"))
    for name in ("claims.yaml", "checks.yaml"):
        file = form / name
        file.write_text(file.read_text().replace("table: table1", "table: C1"))
    code, told = ncmc("check", "paper", "third")
    assert (code, "C1 names two of its claims, printed numbers and tables" in told) == (1, True)


def test_a_file_by_another_name_is_said_beside_what_is_missing(form: Path) -> None:
    (form / "checks.yaml").rename(form / "chekcs.yaml")
    code, told = ncmc("check", "paper", "third")
    assert (code, "no checks.yaml: how claims" in told) == (0, True)
    assert "chekcs.yaml is read by nothing" in told


def test_every_table_of_a_new_paper_has_a_form_for_its_numbers(form: Path) -> None:
    path = form / "grid.yaml"
    path.write_text(path.read_text().replace('where: "Table 1"', 'where: "the release"'))
    code, told = ncmc("--paper", "third", "reference", "form", "table1")
    assert (code, "table1," in told) == (0, True)


def test_a_register_that_nothing_reads_is_wrong(form: Path) -> None:
    shutil.copy(form.parent / "ncmc" / "assumptions.yaml", form)
    code, told = ncmc("check", "paper", "third")
    assert (code, "third/assumptions.yaml is not read" in told) == (1, True)


@pytest.mark.parametrize(
    ("name", "words"),
    [("ncmc", "exists"), ("../x", "allowed: a letter"), ("", "allowed: a letter")],
)
def test_a_name_that_no_new_paper_can_have_is_refused(
    configured: Path, name: str, words: str
) -> None:
    before = sorted((configured / "papers").rglob("*"))
    code, told = ncmc("new-paper", name)
    assert (code, words in told) == (2, True)
    assert sorted((configured / "papers").rglob("*")) == before


@pytest.mark.slow
def test_publishing_another_paper_leaves_the_documents_of_ours_as_they_are(tmp_path: Path) -> None:
    root = copy_project(tmp_path)
    for name in ("docs", "results/published"):
        shutil.copytree(CHECKOUT / name, root / name)
    shutil.copy(CHECKOUT / "README.md", root)
    other = Project(root, paper="ldam-drw")
    folder, records = publish.publish(
        other, "paper", root / "results/published/bag-of-tricks-paper/results/runs"
    )
    assert (folder.name, records) == ("ldam-drw-paper", 2)
    assert publish.differing(other, "paper") == []
    changed = {path.name for path in publish.refresh_documents(other)}
    assert changed <= {"runs.csv", "ARTIFACT.md"}  # which are of all published records


def test_a_broken_paper_ends_commands_of_its_own_alone(form: Path) -> None:
    (form / "paper.yaml").write_text("title: [")
    code, told = ncmc("list", "papers")
    assert (code, "cannot be read" in told) == (0, True)
    assert "Inducing Neural Collapse" in told  # of the next one
    assert ncmc("list", "tables")[0] == 0
    assert ncmc("--paper", "third", "report", "table1")[0] == 2


def test_a_method_that_is_no_python_is_wrong_in_its_paper(
    mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine.write_text("def (")
    monkeypatch.setenv("NCMC_ROOT", str(copy_project(mine.parents[3] / "lab")))
    shutil.copytree(here().root / "papers/setf", here().root / "papers/mine")
    code, told = ncmc("check", "paper", "mine")
    assert (code, "papers/mine/methods/mine.py is not valid Python" in told) == (1, True)
    assert ncmc("check", "paper", "setf")[0] == 0


def test_a_method_with_a_fault_is_wrong_in_its_paper(
    mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NCMC_ROOT", str(copy_project(mine.parents[3] / "lab")))
    shutil.copytree(here().root / "papers/setf", here().root / "papers/mine")
    shutil.copy(catalog.file_of("method", "CE"), mine)  # its class is still CE
    code, told = ncmc("check", "paper", "mine")
    assert (code, "✗ its method MINE keeps the contract" in told) == (1, True)
    assert "papers/mine/methods/mine.py has no class MINE" in told


def test_the_methods_of_a_paper_are_checked_with_it() -> None:
    code, told = ncmc("check", "paper", "ldam-drw")
    assert (code, "✓ its method CE-DRW keeps the contract" in told) == (0, True)


def test_a_target_that_the_open_paper_lacks_is_refused_with_those_that_it_has(
    tmp_path: Path,
) -> None:
    root = copy_workflow(tmp_path / "lab")
    for target in ("laptop", "table2"):
        refused = snakemake(root, "-n", target, NCMC_PAPER="setf")
        assert refused.returncode == 1
        words = f"unknown target of the paper setf '{target}'. Allowed: all, board, cifar"
        assert words in refused.stdout + refused.stderr
    refused = snakemake(root, "-n", "smoke", "--config", "paper=setf")
    assert "in the environment: NCMC_PAPER=setf snakemake" in refused.stdout + refused.stderr


def test_what_is_said_of_a_paper_is_what_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(paths.PAPER_VARIABLE, "")  # put back after --paper
    start = CliRunner().invoke(app, [], env={paths.PAPER_VARIABLE: "setf"}).output
    assert "ncmc --paper setf verify claims" in start
    assert "NCMC_PAPER=setf uv run snakemake -n all" in start
    assert not {"smoke", "laptop"} & set(start.split())
    ours = CliRunner().invoke(app, [], env={paths.PAPER_VARIABLE: ""}).output
    assert "results/published/laptop/results/report.html" in ours
    assert "snakemake --cores all smoke" in ours
    told = {name: ncmc("--paper", name, "verify", "claims")[1] for name in ("ncmc", "setf")}
    assert "checked by `ncmc theory`" in told["ncmc"]
    assert "results/published/laptop/results/board.md" in told["ncmc"].replace("\n", "")
    assert "NAME" not in ours.replace("check method NAME", "") + told["ncmc"]
    assert "theory" not in told["setf"]


@pytest.mark.usefixtures("form")
def test_a_study_of_a_paper_without_a_file_of_studies_is_saved_among_a_labs_tables() -> None:
    words = ("--dataset", "digits", "--tau", "0.02", "--backbone", "resnet8", "--method", "CE")
    done = ncmc("--paper", "third", "sweep", *words, "-o", "epochs=1,2", "--name", "mine", "--save")
    assert done[0] == 0, done
    assert "config/lab.yaml" in done[1].replace("\n", "")
