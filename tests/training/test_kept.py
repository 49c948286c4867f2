"""What a record keeps of its training: small files that decide the same."""

import json
from pathlib import Path

import fakes
import pytest
from conftest import here
from test_train import Quiet, tiny, trained

from ncmc.plan.run import make_run
from ncmc.results import curves
from ncmc.results.history import pairs_of
from ncmc.results.record import Collapse, Epoch, load_record, path_of, save_record
from ncmc.training.finish import kept

PAIRS = 45  # of ten classes
RUN = make_run("digits", 0.02, "resnet8", "CAL", {"f": 20, "theta": 0.2})


def history(epochs: int, measured_every: int, tested_every: int) -> list[Epoch]:
    """One with as many digits as a training gives."""
    return [
        Epoch(
            epoch=e,
            lr=0.1 / 3,
            loss=2.3 / e,
            test_accuracy=77.77 if tested else None,
            test_accuracy_raw=77.77 if tested else None,
            collapse=Collapse(
                nc_mean=1 / e,
                nc_std=1 / (e + 1),
                variability=1 / (e + 2),
                variability_floor=2 / 3,
                class_cosine=1 / (e + 3),
                class_cosines=(round(1 / (e + 3), 4),) * PAIRS,
                tail_cosines=(0.9532,) * 10,
            )
            if measured
            else None,
        )
        for e in range(1, epochs + 1)
        for measured in [e in (1, epochs) or not e % measured_every]
        for tested in [e == epochs or not e % tested_every]
    ]


@pytest.mark.parametrize(
    ("epochs", "measured", "tested", "most"),
    [(40, 10, 40, 12_000), (120, 10, 50, 12_000), (200, 10, 1, 25_000), (200, 1, 1, 40_000)],
)
def test_a_record_is_small(
    tmp_path: Path, epochs: int, measured: int, tested: int, most: int
) -> None:
    made = fakes.record(RUN, 77.7)
    whole = fakes.with_result(made, history=tuple(kept(history(epochs, measured, tested))))
    save_record(whole, tmp_path / "record.json")
    assert (tmp_path / "record.json").stat().st_size < most
    assert load_record(tmp_path / "record.json") == whole


@pytest.mark.parametrize(("measured", "expected"), [(1, 1), (2, 2), (12, 12), (13, 12), (200, 12)])
def test_cosines_are_kept_of_the_first_the_last_and_at_most_ten_between(
    measured: int, expected: int
) -> None:
    record = fakes.with_result(
        fakes.record(RUN, 77.7), history=tuple(kept(history(measured, 1, 1)))
    )
    epochs = list(curves.cosines(record, "class_cosines"))
    assert len(epochs) == len(curves.cosines(record, "tail_cosines")) == expected
    assert (epochs[0], epochs[-1]) == (1, measured)
    assert all(entry.collapse for entry in record.result.history)  # its scalars are


def test_what_is_rounded_is_far_from_what_a_check_asks() -> None:
    before, after = history(200, 10, 1), kept(history(200, 10, 1))
    for long, short in zip(before, after, strict=True):
        assert (short.test_accuracy, short.epoch) == (long.test_accuracy, long.epoch)
        assert short.loss == pytest.approx(long.loss, rel=1e-5)
        assert short.lr == pytest.approx(long.lr, rel=1e-5)
        if long.collapse and short.collapse:
            assert short.collapse.nc_mean == pytest.approx(long.collapse.nc_mean, rel=1e-5)


def test_a_training_keeps_pairs_and_its_own_command(workspace: Path) -> None:
    run = tiny()
    record = trained(run, Quiet(), {"eval_batch": 64}, results=workspace / "own")
    ((_, pairs), *_) = curves.cosines(record, "class_cosines").items()
    assert len(pairs) == len(pairs_of(pairs)) == PAIRS
    assert all(value == round(value, 4) for value in pairs_of(pairs))
    body = json.loads(path_of(here(), run, workspace / "own").read_text())
    assert body["made"]["command"] == f"ncmc train {run.id} -o eval_batch=64"
    assert body["schema"] == 3
    assert len(body["result"]["history"]["class_cosines"]) == 2
