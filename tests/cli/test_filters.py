"""`--method`, `--dataset`, `--tau`, `--status`: a part is shown, the whole is judged and written."""

import json
from pathlib import Path

import fakes
import pytest
from conftest import here
from typer.testing import CliRunner, Result

from cli.main import app
from ncmc import paths
from ncmc.plan import grid
from ncmc.plan.run import make_run
from ncmc.results.record import path_of


def ncmc(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments), env={"COLUMNS": "120"})


@pytest.fixture
def smoked(configured: Path) -> Path:
    fakes.smoke(configured / paths.RUNS, grid.table(here(), "smoke"))
    return configured


def test_a_filtered_verify_shows_a_part_and_writes_the_whole(smoked: Path) -> None:
    whole = ncmc("verify", "smoke")
    written = (smoked / "results/smoke/verdicts.json").read_bytes()
    part = ncmc("verify", "smoke", "--method", "SETF", "--json")
    assert [v["id"] for v in json.loads(part.stdout)["verdicts"]] == ["S2"]
    assert "4 verdicts are not shown" in part.stderr
    assert (smoked / "results/smoke/verdicts.json").read_bytes() == written
    assert part.exit_code == whole.exit_code


def test_the_board_is_filtered_by_dataset_tau_and_status(smoked: Path) -> None:
    def ids(*options: str) -> set[str]:
        told = json.loads(ncmc("verify", "all", "--json", *options).stdout)
        return {entry["id"] for entry in told["entries"]}

    assert {"C5"} <= ids("--dataset", "svhn") <= {"C5"}
    assert ids("--status", "holds") >= {"S1", "S2"}
    assert "N3" in ids("--tau", "0.1")
    assert "C13" not in ids("--tau", "0.1")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--method", "CLA"), "Did you mean 'CAL'?"),
        (("--dataset", "cifar11"), "unknown dataset 'cifar11'"),
        (("--tau", "0.03"), "unknown tau '0.03'"),
        (("--tau", "x"), "unknown tau 'x'"),
        (("--status", "hold"), "unknown status 'hold'"),
    ],
)
def test_an_unknown_value_names_the_known_ones(
    configured: Path, options: tuple[str, str], said: str
) -> None:
    for command in (("verify", "all"), ("verify", "table2")):
        refused = ncmc(*command, *options)
        assert refused.exit_code == 2
        assert said in refused.stderr


def test_a_filter_that_fits_nothing_is_told(smoked: Path) -> None:
    assert "no verdict fits the filter" in ncmc("verify", "smoke", "--dataset", "cifar10").stdout
    assert "Nothing fits the filter." in ncmc("verify", "claims", "--status", "holds").stdout


def test_only_outdated_records_that_fit_are_listed_and_deleted(configured: Path) -> None:
    runs = [make_run("digits", 0.02, "resnet8", method) for method in ("CE", "SETF")]
    fakes.save(configured / paths.RUNS, *(fakes.outdated(run, 70.0) for run in runs))
    told = ncmc("status", "--outdated", "--method", "SETF", "--delete")
    assert "1 outdated record" in told.stdout
    left = [path_of(here(), run, configured / paths.RUNS).exists() for run in runs]
    assert left == [True, False]


def test_the_runs_of_a_table_are_listed_one_id_a_line_for_a_shell(smoked: Path) -> None:
    table = grid.table(here(), "smoke")
    assert ncmc("list", "runs", "smoke").stdout.splitlines() == [run.id for run in table.runs]
    wanted = [run.id for run in table.runs if run.method == "CAL"]
    assert ncmc("list", "runs", "smoke", "--method", "cal").stdout.splitlines() == wanted
    told = json.loads(ncmc("list", "runs", "smoke", "--method", "CAL", "--json").stdout)
    assert told == [{"run": run} for run in wanted]
    assert len(ncmc("list", "runs", "table2", "table3", "--tau", "0.01").stdout.splitlines()) > 10


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("runs", "smok"), "Did you mean 'smoke'?"),
        (("runs", "smoke", "--dataset", "svhn"), "no run of these tables"),
        (("claims", "--method", "CAL"), "takes no further names and no filter"),
        (("tables", "smoke"), "takes no further names and no filter"),
    ],
)
def test_what_cannot_be_listed_is_refused(
    configured: Path, arguments: tuple[str, ...], said: str
) -> None:
    refused = ncmc("list", *arguments)
    assert refused.exit_code == 2
    assert said in " ".join(refused.stderr.split())
