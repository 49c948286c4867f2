"""Out of memory: what fits is tried in another process, and said."""

import json
import os
import re
import subprocess
import sys
import weakref
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from ncmc.data import splits
from ncmc.errors import UserError
from ncmc.plan import grid
from ncmc.plan.grid import Run
from ncmc.training import failures, rehearsal, steps, train
from ncmc.training.processes import Team
from ncmc.training.session import prepare

HERE = Path(__file__).resolve().parent


def run_of(**options: Any) -> Run:
    return grid.make_run("digits", 1.0, "resnet8", "CAL", {"epochs": 1, "f": 3, **options})


@pytest.fixture
def balanced(workspace: Path) -> Path:
    """A workspace with a training set of a thousand images."""
    splits.make_split("digits", 1.0).save(workspace / run_of().split_folder)
    return workspace


def without_memory(monkeypatch: pytest.MonkeyPatch, words: str = "CUDA out of memory") -> list[Any]:
    """Let steps fail for want of memory; what they had computed, as weak references."""
    held: list[Any] = []

    def fail(*_: Any) -> None:
        activation = torch.zeros(5)
        held.append(weakref.ref(activation))
        raise (torch.OutOfMemoryError if "CUDA" in words else RuntimeError)(words)

    monkeypatch.setattr(steps.Step, "__call__", fail)
    return held


@pytest.mark.parametrize(
    "words", ["CUDA out of memory", "[enforce] DefaultCPUAllocator: can't allocate memory: you ..."]
)
def test_the_sizes_are_tried_from_the_largest_when_the_memory_is_given_back(
    balanced: Path, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    held, tried = without_memory(monkeypatch, words), []

    def fits(training: Any, batch_size: int) -> bool:
        assert len(held) == 1
        assert held[0]() is None
        tried.append(batch_size)
        return batch_size <= 20

    monkeypatch.setattr(rehearsal, "steps_fit", fits)
    with pytest.raises(UserError, match=r"out of memory on cpu with batch_size=64 .*=16 fits"):
        train.train(run_of(batch_size=64, width=4), train.Silent())
    assert tried == [64, 32, 16]


@pytest.mark.parametrize(
    ("fits", "said"),
    [(False, "Not even the smallest fits"), (True, "It fits now: another program")],
)
def test_no_size_is_named_where_none_is_the_remedy(
    balanced: Path, monkeypatch: pytest.MonkeyPatch, fits: bool, said: str
) -> None:
    without_memory(monkeypatch)
    monkeypatch.setattr(rehearsal, "steps_fit", lambda *_: fits)
    with pytest.raises(UserError, match=said):
        train.train(run_of(batch_size=64, width=4), train.Silent())


def test_in_measuring_the_images_at_once_that_fit_are_named(
    balanced: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise MemoryError("std::bad_alloc")

    monkeypatch.setattr(train.evaluate, "test_accuracy", fail)
    monkeypatch.setattr(rehearsal, "measuring_fits", lambda _, eval_batch: eval_batch <= 70)
    with pytest.raises(UserError, match=r"measuring .* eval_batch=256\. eval_batch=64 fits"):
        train.train(run_of(width=4), train.Silent())


@pytest.mark.parametrize("words", ["could not create a primitive descriptor", "shapes differ"])
def test_other_errors_are_not_taken_for_a_want_of_memory(words: str) -> None:
    with pytest.raises(RuntimeError, match=words), failures.memory_explained(str):
        raise RuntimeError(words)


def test_steps_are_rehearsed_with_one_process_share_of_a_batch(
    balanced: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, started = subprocess.run, []

    def start(command: list[str], **how: Any) -> Any:
        started.append(json.loads(command[-1]))
        return real(command, **how)

    monkeypatch.setattr(subprocess, "run", start)
    loaded = prepare(run_of(width=4), Path(), "cpu")
    assert rehearsal.measuring_fits(loaded, 100)
    loaded.team = Team(1, 3)
    assert rehearsal.steps_fit(loaded, 100)
    assert not rehearsal.steps_fit(replace(loaded, device=torch.device("cuda:77")), 100)
    assert [told.get("measured") for told in started] == [True, None, None]
    assert [told.get("synced") for told in started] == [None, True, True]
    assert [told["execution"]["eval_batch"] for told in started] == [150, 256, 256]
    assert [dict(grid.parse_id(told["run"]).options)["batch_size"] for told in started[1:]] == [
        51
    ] * 2


SCRIPT = """
import pathlib, resource, sys
from ncmc import errors; from ncmc.training import train; from ncmc.system import allocator as memory
from test_rehearsal import run_of
batch_size, limit = map(int, sys.argv[1:])
if limit:
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    memory.keep_pages()
class Measure(train.Silent):
    def start(self, *_):  # when the images and the model are there
        if not limit:
            pages = int(pathlib.Path("/proc/self/statm").read_text().split()[0])
            print(pages * resource.getpagesize() + 150 * 2**20)
            sys.exit()
try:
    train.train(run_of(batch_size=batch_size, width=64), Measure())
except errors.UserError as error:
    print(error)
"""


def test_what_is_said_to_fit_fits(balanced: Path) -> None:
    def start(batch_size: int, limit: int) -> str:
        """What a training says that may take `limit` bytes of addresses; 0: such a limit."""
        environment = os.environ | {
            "NCMC_ROOT": str(balanced),
            "PYTHONPATH": f"{HERE}:{HERE.parent}",
        }
        command = [sys.executable, "-c", SCRIPT, str(batch_size), str(limit)]
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=120, check=True
        )
        return done.stdout

    limit = int(start(1024, 0))
    said = start(1024, limit)
    found = re.search(r"out of memory on cpu with batch_size=1024 .* batch_size=(\d+) fits", said)
    assert found, said
    assert int(found[1]) < 1024
    assert (start(int(found[1]), limit), limit) == ("", limit)
