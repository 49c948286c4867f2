"""`--method`, `--dataset`, `--tau`, `--status`: a part of the runs is listed."""

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


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--method", "CLA"), "Did you mean 'CAL'?"),
        (("--dataset", "cifar11"), "unknown dataset 'cifar11'"),
        (("--tau", "0.03"), "no run of these tables has that method, dataset and tau"),
        (("--tau", "x"), "tau is x; allowed: a number in (0, 1]"),
        (("--status", "runing"), "Did you mean 'running'?"),
    ],
)
def test_an_unknown_value_names_the_known_ones(
    configured: Path, options: tuple[str, str], said: str
) -> None:
    refused = ncmc("status", "all", *options)
    assert refused.exit_code == 2
    assert said in refused.stderr


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
