"""The next step: looks of what is open, by what they decide an hour, within a budget."""

from pathlib import Path

import fakes
import pytest
from conftest import here
from typer.testing import CliRunner

from cli.commands.plan import hours
from cli.main import app
from ncmc import paths
from ncmc.errors import UsageError, UserError
from ncmc.forecast import plan_file
from ncmc.forecast.make_plan import make_plan, spent_on
from ncmc.forecast.plan_file import Asked, PlanFile
from ncmc.plan import grid
from ncmc.plan.run import parse_run_id

ASKED = Asked(name="smoke")


@pytest.fixture
def looks(configured: Path) -> Path:
    """A smoke run of two looks, without a record; the folder of its runs."""
    path = configured / "papers/ncmc/smoke.yaml"
    path.write_text(
        path.read_text().replace('where: "no table', 'looks: [3, 5]\n    where: "no table')
    )
    return configured / paths.RUNS


def fill(runs: Path, method: str, values: list[float]) -> None:
    fakes.fill(runs, fakes.spec_of(grid.table(here(), "smoke"), method), values)


def seeds(plan: PlanFile, method: str) -> list[int]:
    runs = [parse_run_id(here(), run) for run in plan.runs]
    return sorted(run.seed for run in runs if run.method == method)


def states(plan: PlanFile) -> dict[str, str]:
    return {question.id: question.state for question in plan.questions}


def test_without_a_record_the_first_look_of_everything_is_next(looks: Path) -> None:
    plan = make_plan(here(), ASKED)
    assert len(plan.runs) == len(grid.table(here(), "smoke").runs) == 15
    assert set(states(plan).values()) == {"next"}
    assert 0 < plan.hours < 1


def test_what_is_decided_gets_no_seed_and_what_is_open_the_next_look(looks: Path) -> None:
    fill(looks, "CAL", [80.0, 81.0, 82.0])
    fill(looks, "CE", [60.0, 61.0, 62.0])  # far below
    fill(looks, "SETF", [79.0, 83.0, 80.0])  # about the same
    plan = make_plan(here(), ASKED)
    told = states(plan)
    assert (told["S1"], told["S2"]) == ("decided", "next")
    assert seeds(plan, "CE") == []
    assert seeds(plan, "SETF") == [3, 4]


def test_only_the_side_with_fewer_seeds_gets_some(looks: Path) -> None:
    """More of the other would decide nothing before these are there."""
    path = here().config("smoke.yaml")
    path.write_text(path.read_text().replace("looks: [3, 5]", "looks: [3, 5, 10]"))
    fill(looks, "CAL", [79.0, 83.0, 80.0, 82.0, 78.0])
    fill(looks, "SETF", [80.0, 79.0, 83.0])
    plan = make_plan(here(), Asked(name="S2"))
    assert seeds(plan, "SETF") == [3, 4]
    assert seeds(plan, "CAL") == []


def test_what_is_open_after_its_last_look_is_left(looks: Path) -> None:
    for method in ("CAL", "SETF"):
        fill(looks, method, [79.0, 83.0, 80.0, 85.0, 77.0])
    plan = make_plan(here(), Asked(name="S2"))
    assert states(plan) == {"S2": "no look left"}
    assert plan.runs == ()


def test_the_papers_tables_go_on_past_three_seeds_where_they_decide_nothing(tmp_path: Path) -> None:
    project = here()
    table = grid.table(project, "table6")

    def next_seeds() -> set[int]:
        runs = make_plan(project, Asked(name="C15a"), tmp_path).runs
        return {parse_run_id(project, run).seed for run in runs}

    assert next_seeds() == {0, 1, 2}
    for taken, following in (({0, 1, 2}, {3, 4}), ({3, 4}, {5, 6, 7, 8, 9})):
        for f in ("10", "20"):
            runs = fakes.spec_of(table, "CAL", f=f, theta="0.2").runs(5)
            made = (fakes.record(r, 50.0 + r.seed % 3, project=project) for r in runs)
            fakes.save(tmp_path, *(record for record in made if record.run.seed in taken))
        assert next_seeds() == following


def test_a_budget_takes_the_questions_that_decide_most_an_hour(looks: Path) -> None:
    whole = make_plan(here(), ASKED)
    cheapest = min(whole.questions, key=lambda q: q.hours)
    plan = make_plan(here(), Asked(name="smoke", budget=1.01 * cheapest.hours))
    assert states(plan)[cheapest.id] == "next"
    assert "over budget" in states(plan).values()
    assert plan.hours <= 1.01 * cheapest.hours
    none = make_plan(here(), Asked(name="smoke", budget=0.5 * cheapest.hours))
    assert none.runs == ()


def test_the_budget_is_of_all_steps_together(looks: Path) -> None:
    plan = make_plan(here(), Asked(name="S2", budget=1.0))
    assert spent_on(here(), plan) == 0
    for method in ("CAL", "SETF"):
        fill(looks, method, [79.0, 83.0, 80.0])
    assert spent_on(here(), plan) == pytest.approx(plan.hours)
    after = make_plan(here(), plan.asked, spent=1.0)
    assert states(after) == {"S2": "over budget"}


# --- the command and its file ------------------------------------------------------------------


def test_the_command_writes_what_it_shows(looks: Path, configured: Path) -> None:
    done = CliRunner().invoke(app, ["plan", "S1", "--budget", "1.5h"])
    assert done.exit_code == 0, done.stderr
    written = plan_file.read(here())
    assert written.asked == Asked(name="S1", budget=1.5)
    assert f"Next step: {len(written.runs)} runs" in done.stdout
    assert CliRunner().invoke(app, ["plan", "--next"]).exit_code == 0
    assert plan_file.read(here()).asked == written.asked


@pytest.mark.parametrize("columns", ["50", "80", "200"])
def test_a_plan_is_readable_at_any_width(
    looks: Path, monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    done = CliRunner().invoke(app, ["plan", "smoke"])
    assert done.exit_code == 0, done.stderr
    words = done.stdout.split()
    assert {"S1", "incomplete", "next", "power"} <= set(words) or columns == "50"
    assert "\\x" not in done.stdout  # nothing that a terminal is not shown
    assert max(map(len, done.stdout.splitlines())) <= int(columns)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("30m", 0.5), ("90min", 1.5), ("1.5 h", 1.5), ("2d", 48)],
)
def test_a_budget_is_read_as_people_write_it(text: str, wanted: float) -> None:
    assert hours(text) == pytest.approx(wanted)


@pytest.mark.parametrize(
    "text", ["", "4", "h", "1h30m", "-1h", "4hours", "inf h", "0h", "9" * 400 + "h"]
)
def test_what_is_no_time_is_no_budget(text: str) -> None:
    with pytest.raises(UsageError, match="such as 4h, 1.5h, 90min or 2d"):
        hours(text)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["smok"], "unknown table, claim or check 'smok'. Did you mean 'smoke'?"),
        (["C99"], "unknown table, claim or check 'C99'"),
        (["smoke", "--budget", "0"], "--budget is '0'; allowed: a time above 0, such as 4h"),
        (["smoke", "--next"], "--next goes on with the plan in results/plan.json; give it alone"),
        ([], "Give a table, a claim such as C13, or all."),
    ],
)
def test_a_senseless_plan_is_refused(configured: Path, arguments: list[str], told: str) -> None:
    done = CliRunner().invoke(app, ["plan", *arguments])
    assert done.exit_code == 2
    assert told in " ".join(done.stderr.split())
    assert not (configured / paths.PLAN).exists()


def test_a_missing_or_foreign_plan_is_refused(configured: Path) -> None:
    with pytest.raises(UserError, match="Make a plan first: ncmc plan"):
        plan_file.read(here())
    (configured / "results").mkdir()
    (configured / paths.PLAN).write_text('{"schema": 1}')
    done = CliRunner().invoke(app, ["plan", "--next"])
    assert done.exit_code == 1
    assert "Make the plan again" in done.stderr
