"""Any part of the results may be deleted: a target makes that again, and nothing else."""

import json
import random
import shutil
from collections import Counter
from pathlib import Path

import fakes
import pytest
from calls import copy_workflow, planned_jobs, planned_runs, snakemake
from conftest import CHECKOUT, here
from typer.testing import CliRunner

from cli.main import app
from ncmc import jobs, paths, targets
from ncmc.jobs import evidence
from ncmc.paper import switches
from ncmc.plan import grid
from ncmc.plan.grid_file import table_names_in
from ncmc.plan.run import Run, make_run, trained_run
from ncmc.results.record import path_of
from ncmc.sharing.import_ import merge

SPLIT = "data/splits/digits/tau=0.02/default/manifest.json"
PRODUCTS = ("table", "verify", "report", "figures")  # rules
PICTURES = ["accuracy.svg", "accuracy.csv"]
NAMES = ["smoke", "study_f_theta", "study_order"]  # they share runs; the second looks at smoke's


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workflow in a folder of its own."""
    root: Path = copy_workflow(tmp_path / "project")
    monkeypatch.setenv("NCMC_ROOT", str(root))
    return root


def needed(name: str) -> list[Run]:
    """The runs that a table and its verdicts are made of."""
    return [*switches.table(here(), name).runs, *evidence(here(), name)]


def leave_behind(root: Path, names: list[str]) -> None:
    """What tables leave behind, as empty files, for a plan reads none of them; the newest last."""
    files = [file for name in names for file in jobs.records_of(needed(name))]
    files += ["data/arrays/digits/meta.json", SPLIT, SPLIT.replace("manifest.json", "indices.npz")]
    for templates in ((*targets.TABLE_FILES, paths.VERDICTS), (paths.PAGE,)):
        files += [file.format(table=name) for file in templates for name in names]
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).touch()
    for name in names:
        folder = root / paths.FIGURES.format(table=name)
        folder.mkdir()
        for picture in PICTURES:
            (folder / picture).touch()
        (root / paths.FIGURE_LIST.format(table=name)).write_text("\n".join(PICTURES))


def delete_some(root: Path, names: list[str], chance: random.Random) -> None:
    """Delete some of everything: records, tables, verdicts, pages, figures, splits, images."""
    found = [*root.rglob("record.json"), *root.glob("data/**/*.json"), *root.glob("data/**/*.npz")]
    found += [path for name in names for path in (root / "results" / name).iterdir()]
    found += [path for name in names for path in root.glob(f"results/{name}/figures/*")]
    for path in chance.sample(sorted(found), chance.choice([0, 1, 3, 10, len(found) // 2])):
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def expected(root: Path, name: str, page: bool = False) -> tuple[set[str], set[str]]:
    """(runs, rules of PRODUCTS) that a table, or its page alone, needs, worked out slowly."""

    def gone(*files: str) -> bool:
        return not all((root / file.format(table=name)).exists() for file in files)

    runs = {run for run in needed(name) if gone(*jobs.records_of([run]))}
    own = jobs.records_of(switches.table(here(), name).runs)
    table = gone(*own, *targets.TABLE_FILES)
    verify = bool(runs) or gone(paths.VERDICTS)
    pictures = [paths.FIGURE_LIST, *(f"{paths.FIGURES}/{picture}" for picture in PICTURES)]
    rules = {
        "table": table and not page,
        "verify": verify,
        "report": verify or gone(paths.PAGE),
        "figures": (verify or gone(*pictures)) and not page,
    }
    return {run.id for run in runs}, {rule for rule, planned in rules.items() if planned}


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 8))]
)
def test_whatever_is_deleted_is_planned_again_and_nothing_else(project: Path, seed: int) -> None:
    chance = random.Random(seed)
    leave_behind(project, NAMES)
    delete_some(project, NAMES, chance)
    for name, page in ((chance.choice(NAMES), False), (chance.choice(NAMES), True)):
        target = paths.PAGE.format(table=name) if page else name
        runs, rules = expected(project, name, page)
        done = snakemake(project, "-n", "-p", target)
        assert done.returncode == 0, done.stderr
        assert planned_runs(done.stdout) == Counter(runs)
        others = {r for r in planned_jobs(done.stdout) if not r.startswith("train")}
        assert others - {"fetch", "split", "total", name} == rules, target
        assert (name in others) != page


@pytest.mark.slow
@pytest.mark.parametrize(
    "target",
    ["laptop", "all", *(pytest.param(t, marks=pytest.mark.slow) for t in ("full", "numbers"))],
)
def test_whatever_is_deleted_of_a_whole_tier_is_planned_again_and_nothing_else(
    project: Path, target: str
) -> None:
    whole = targets.WHOLE.get(target)
    names = table_names_in(here(), whole) if whole else [target]
    leave_behind(project, names)
    delete_some(project, names, random.Random(f"some of {target}"))
    gone = [expected(project, name) for name in names]
    planned = snakemake(project, "-n", "-p", target).stdout
    assert planned_runs(planned) == Counter(set().union(*(runs for runs, _ in gone)))
    rules = Counter(rule for _, of_table in gone for rule in of_table)
    made = {rule: n for rule, n in planned_jobs(planned).items() if rule in PRODUCTS}
    assert made == rules
    assert rules


def test_after_a_table_and_verdicts_without_records_all_is_planned(project: Path) -> None:
    """Also where they are of published records, which stand in for no run of a checkout."""
    runs = project / paths.PUBLISHED.format(tier="smoke") / paths.RUNS
    there = here()
    made = (fakes.record(run, 70.0, project=there) for run in grid.table(there, "smoke").runs)
    fakes.save(runs, *made)
    for command in ("table", "verify"):
        CliRunner().invoke(app, [command, "smoke", "--no-exit-code"])
    planned = snakemake(project, "-n", "-p", "smoke").stdout
    assert planned_runs(planned) == Counter(run.id for run in grid.table(here(), "smoke").runs)
    assert {"table", "verify", "report", "figures"} <= planned_jobs(planned).keys()


def test_after_an_import_of_a_part_the_rest_is_planned(project: Path) -> None:
    published = CHECKOUT / "results/published/studies"
    assert merge(here(), published).written
    there = {path.parent for path in (project / paths.RUNS).rglob(paths.RECORD)}
    for folder in sorted(there)[::3]:
        (folder / paths.RECORD).unlink()
    for name in NAMES:
        planned = snakemake(project, "-n", "-p", name).stdout
        missing = {run.id for run in needed(name) if not path_of(here(), run).exists()}
        assert planned_runs(planned) == Counter(missing)
        assert missing


def test_a_table_of_ones_own_trains_its_runs_and_no_others(project: Path) -> None:
    """CE's three seeds are those of the smoke run too."""
    lab = project / "config/lab.yaml"
    smoke = (project / "papers/ncmc/smoke.yaml").read_text().replace("  smoke:", "  ours:")
    smoke = smoke[: smoke.index("        - SETF")] + smoke[smoke.index("        - {CAL") :]
    lab.write_text(smoke.replace("value: 5", "value: 3"))
    ours = grid.table(here(), "ours").runs
    assert len(set(ours) & set(grid.table(here(), "smoke").runs)) == len(ours) == 9
    planned = snakemake(project, "-n", "-p", "ours").stdout
    assert planned_runs(planned) == Counter(run.id for run in ours)
    both = snakemake(project, "-n", "-p", "ours", "smoke").stdout
    assert planned_runs(both) == Counter(run.id for run in grid.table(here(), "smoke").runs)


def test_a_table_under_another_assumption_trains_its_runs_and_no_others(project: Path) -> None:
    planned = snakemake(project, "-n", "-p", "results/smoke+A14=affine/report.html").stdout
    switched = switches.table(here(), "smoke+A14=affine").runs
    assert planned_runs(planned) == Counter(run.id for run in switched)


def test_a_record_by_its_path_is_one_run_and_with_a_rule_its_model(project: Path) -> None:
    rule = make_run("digits", 0.02, "resnet8", "NCM", project=here())
    planned = snakemake(project, "-n", "-p", *jobs.records_of([rule])).stdout
    assert planned_runs(planned) == Counter([rule.id, trained_run(here(), rule).id])
    fakes.save(project / paths.RUNS, fakes.record(trained_run(here(), rule), 50.0))
    planned = snakemake(project, "-n", "-p", *jobs.records_of([rule])).stdout
    assert planned_runs(planned) == Counter([rule.id])


def test_a_job_of_a_cluster_trains_what_its_launcher_planned(project: Path) -> None:
    """It reads the Snakefile again, without the launcher's targets, when other records may be there."""
    dealt = targets.batches(here(), {"smoke": grid.table(here(), "smoke").runs})
    snakemake(project, "-n", "smoke")
    (told,) = (project / targets.BATCHES).iterdir()
    assert json.loads(told.read_text()).keys() == dealt.keys()
    first = dealt["smoke_1"]
    leave = [path_of(here(), run) for run in first[:2]]
    fakes.save(project / paths.RUNS, *(fakes.record(run, 50.0) for run in first[:2]))
    job = (
        "--mode",
        "remote",
        "--target-jobs",
        "train_smoke_1:",
        "--allowed-rules",
        "train_smoke_1",
    )
    handed_on = str(told.relative_to(project))
    done = snakemake(project, "-n", "-p", "--force", "--nolock", *job, NCMC_BATCHES=handed_on)
    assert done.returncode == 0, done.stderr
    assert planned_runs(done.stdout) == Counter(run.id for run in first)
    assert all(path.exists() for path in leave)
    lost = snakemake(project, "-n", *job)
    assert lost.returncode != 0
    assert "no environment variable NCMC_BATCHES" in lost.stdout + lost.stderr


# --- real chains -------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_a_chain_with_holes_ends_with_verdicts_of_the_records_that_are_there(
    project: Path, seed: int
) -> None:
    path = project / "papers" / "ncmc" / "smoke.yaml"
    text = path.read_text().replace("value: 5", "value: 2")
    path.write_text(text.replace("dataset: [digits]", "dataset: [digits]\n      epochs: [1]"))
    first = snakemake(project, "--cores", "2", "smoke", timeout=500)
    assert first.returncode == 0, first.stderr[-2000:]
    chance = random.Random(seed)
    records = sorted((project / paths.RUNS).rglob(paths.RECORD))
    made = sorted((project / "results/smoke").iterdir())
    for gone in (*chance.sample(records, 4), *chance.sample(made, 2), project / SPLIT):
        shutil.rmtree(gone) if gone.is_dir() else gone.unlink()
    kept = {record: record.stat().st_mtime_ns for record in records if record.exists()}
    again = snakemake(project, "--cores", "2", "smoke", timeout=500)
    assert again.returncode == 0, again.stderr[-2000:]
    assert "smoke: verdicts" in again.stdout
    assert {record: record.stat().st_mtime_ns for record in kept} == kept
    judged = json.loads((project / paths.VERDICTS.format(table="smoke")).read_text())["records"]
    there = {str(r.parent.relative_to(project / paths.RUNS)) for r in records if r.exists()}
    assert judged.keys() == there
    assert len(there) == 10
    assert all(path.exists() for path in made)
