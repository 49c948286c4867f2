"""What a record keeps of its training: small files that decide the same."""

import json
from pathlib import Path

import fakes
import pytest
from conftest import here
from watching import Watch, run_of, trained

from ncmc.plan.run import make_run
from ncmc.results import curves
from ncmc.results.history import pairs_of
from ncmc.results.record import Record, load_record, path_of, save_record
from ncmc.training.finish import kept

PAIRS = 45  # of ten classes
RUN = make_run("digits", 0.02, "resnet8", "CAL", {"f": 20, "theta": 0.2})


def made(epochs: int, measured: int, tested: int) -> Record:
    """A record whose numbers have as many digits as those of a training."""
    options = {"epochs": epochs, "collapse_every": measured, "test_every": tested}
    run = make_run("digits", 0.02, "resnet8", "CAL", {"f": 20, "theta": 0.2, **options})
    record: Record = fakes.record(run, 77.7)
    long = [entry.model_copy(update={"loss": 0.1 / 3}) for entry in record.result.history]
    short: Record = fakes.with_result(record, history=tuple(kept(long)))
    return short


@pytest.mark.parametrize(
    ("epochs", "measured", "tested", "most"),
    [(40, 10, 40, 12_000), (120, 10, 50, 12_000), (200, 10, 1, 25_000), (200, 1, 1, 40_000)],
)
def test_a_record_is_small(
    tmp_path: Path, epochs: int, measured: int, tested: int, most: int
) -> None:
    record = made(epochs, measured, tested)
    save_record(record, tmp_path / "record.json")
    assert (tmp_path / "record.json").stat().st_size < most
    assert load_record(tmp_path / "record.json") == record


@pytest.mark.parametrize(("measured", "expected"), [(1, 1), (2, 2), (12, 12), (13, 12), (200, 12)])
def test_cosines_are_kept_of_the_first_the_last_and_at_most_ten_between(
    measured: int, expected: int
) -> None:
    record = made(measured, 1, 1)
    epochs = list(curves.cosines(record, "class_cosines"))
    assert len(epochs) == len(curves.cosines(record, "tail_cosines")) == expected
    assert (epochs[0], epochs[-1]) == (1, measured)
    assert all(entry.collapse for entry in record.result.history)  # its scalars are


def test_what_is_rounded_is_far_from_what_a_check_asks() -> None:
    before = fakes.record(RUN, 77.7).result.history
    after = kept(before)
    for long, short in zip(before, after, strict=True):
        assert (short.test_accuracy, short.epoch) == (long.test_accuracy, long.epoch)
        assert short.loss == pytest.approx(long.loss, rel=1e-5)
        assert short.lr == pytest.approx(long.lr, rel=1e-5)
        if long.collapse and short.collapse:
            assert short.collapse.nc_mean == pytest.approx(long.collapse.nc_mean, rel=1e-5)


def test_a_training_keeps_pairs_and_its_own_command(workspace: Path) -> None:
    run = run_of()
    record = trained(run, Watch(), {"eval_batch": 64}, results=workspace / "own")
    ((_, pairs), *_) = curves.cosines(record, "class_cosines").items()
    assert len(pairs) == len(pairs_of(pairs)) == PAIRS
    assert all(value == round(value, 4) for value in pairs_of(pairs))
    body = json.loads(path_of(here(), run, workspace / "own").read_text())
    assert body["made"]["command"] == f"ncmc train {run.id} -o eval_batch=64"
    assert body["schema"] == 3
    assert len(body["result"]["history"]["class_cosines"]) == 2
