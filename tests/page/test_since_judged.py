"""A page of verdicts that are older than records says so, by name, and judges nothing."""

from pathlib import Path

import fakes
import pytest
from conftest import here
from parsed_page import Page
from typer.testing import CliRunner

from cli.main import app
from ncmc import paths
from ncmc.plan import grid
from ncmc.plan.grid import Table
from ncmc.results.record import load_record, path_of
from ncmc.verdicts import judge, verdicts_file

NOTE = "The verdicts are not of the records as they are now"


def ncmc(*arguments: str, code: int = 0) -> tuple[str, str]:
    """One call in this process; what it printed and what it remarked."""
    done = CliRunner().invoke(app, list(arguments), env={"COLUMNS": "120"})
    assert done.exit_code == code, done.stderr
    return done.stdout, done.stderr


@pytest.fixture
def smoke() -> Table:
    return grid.table(here(), "smoke")


@pytest.fixture
def judged(workspace: Path, smoke: Table) -> Path:
    """A project with the records of its smoke run, all but one of them judged."""
    fakes.smoke(workspace / paths.RUNS, smoke)
    (workspace / paths.RUN_RECORD.format(run=smoke.runs[0].id)).unlink()
    ncmc("table", "smoke"), ncmc("verify", "smoke", "--no-exit-code")
    return workspace


def remarks(folder: Path) -> tuple[str, str, str]:
    """What the page, `report` and `show` say of the age of the verdicts."""
    ncmc("table", "smoke", "--no-exit-code")
    report, shown = (
        ncmc("report", "smoke")[1],
        CliRunner().invoke(app, ["table", "smoke", "--as-written"]),
    )
    show = shown.stderr
    assert shown.exit_code == 3 if show else shown.exit_code in (0, 3)  # 3: a record is damaged
    page = Page((folder / "results/smoke/report.html").read_text()).text
    return page, " ".join(report.split()), " ".join(show.split())


def test_nothing_is_said_of_verdicts_of_the_records_that_are_there(judged: Path) -> None:
    page, report, show = remarks(judged)
    assert NOTE not in page
    assert (report, show) == ("", "")


def test_records_that_were_changed_added_or_deleted_are_named(judged: Path, smoke: Table) -> None:
    new, changed, gone = smoke.runs[:3]
    runs = judged / paths.RUNS
    before = load_record(path_of(here(), changed, runs)).digest
    fakes.save(runs, fakes.record(new, 50.0), fakes.record(changed, 51.0))
    path_of(here(), gone, runs).unlink()
    digests = [load_record(path_of(here(), run, runs)).digest[:12] for run in (new, changed)]
    for said in remarks(judged):
        assert f"{NOTE}: 3 records changed" in said
        assert f"{new.id} (new, digest {digests[0]})" in said
        assert f"{changed.id} (digest {before[:12]}, now {digests[1]})" in said
        assert f"{gone.id} (deleted)" in said
        assert "Run `ncmc verify smoke`, then `ncmc report smoke`." in said
    ncmc("verify", "smoke", "--no-exit-code")
    assert NOTE not in remarks(judged)[0]


def test_the_same_record_made_again_changes_nothing(judged: Path, smoke: Table) -> None:
    path = path_of(here(), smoke.runs[1], judged / paths.RUNS)
    record = load_record(path)
    later = record.made.model_copy(update={"at": "2027-01-01T00:00:00Z"})
    fakes.save(judged / paths.RUNS, record.model_copy(update={"made": later}))
    assert NOTE not in remarks(judged)[0]


def test_a_record_edited_by_hand_is_named_though_its_digest_is_the_old_one(
    judged: Path, smoke: Table
) -> None:
    path = path_of(here(), smoke.runs[1], judged / paths.RUNS)
    path.write_text(path.read_text().replace('"last"', '"last "', 1))
    assert all(f"{NOTE}: 1 record changed" in said for said in remarks(judged))
    ncmc("verify", "smoke", "--no-exit-code")
    assert all(NOTE not in said for said in remarks(judged))  # judged as damaged, and still so


def test_verdicts_that_name_no_records_say_how_to_be_sure(judged: Path) -> None:
    verdicts_file.write(judge.verify("smoke"), judged / "results/smoke")
    assert all("does not say which records it was made from" in said for said in remarks(judged))


def test_a_page_names_files_relative_to_the_project(judged: Path, smoke: Table) -> None:
    path = path_of(here(), smoke.runs[1], judged / paths.RUNS)
    path.write_text("{}")
    ncmc("verify", "smoke", "--no-exit-code")
    page = remarks(judged)[0]
    assert f"{path.relative_to(judged)} is not a record" in page
    assert str(judged) not in (judged / "results/smoke/report.html").read_text()
