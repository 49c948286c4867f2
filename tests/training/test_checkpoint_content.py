"""A checkpoint or a model from a stranger is used, or refused in words; nothing else happens."""

import copy
import io
import os
import random
import signal
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import here
from test_train import altered
from watching import Watch, inputs_of, run_of, stop, trained

from ncmc import paths
from ncmc.errors import UserError
from ncmc.results.record import path_of
from ncmc.system.signals import Interrupted
from ncmc.training import finish, resume, session, train

RUN = run_of("CE")
ODD: list[Any] = [
    *(None, 0.5, -1, float("nan"), 10**30, "\udcff", []),
    *(torch.zeros(3).to_sparse(), torch.zeros(()).expand(10**12)),
]


class Files:
    """A checkpoint and a model of one run, and what reads them."""

    def __init__(self, workspace: Path) -> None:
        with pytest.raises(Interrupted):
            train.train(inputs_of(RUN), Watch(8, stop))
        self.path = workspace / paths.CHECKPOINTS / RUN.id / paths.CHECKPOINT
        self.training = session.prepare(inputs_of(RUN))
        stopped = self.path.read_bytes()
        train.train(inputs_of(RUN), Watch())
        model = path_of(here(), RUN).with_name(paths.MODEL).read_bytes()
        self.read: dict[bytes, Callable[[], object]] = {
            stopped: lambda: resume.load(self.training, lambda text: None),
            model: self.model,
        }

    def model(self) -> object:
        """The content of the file as a trained model, its weights loaded."""
        path, there = self.training.inputs.model_path, self.path.read_bytes()
        path.write_bytes(there)
        return finish.load_model(self.training, "")

    def refused(self, data: bytes, read: Callable[[], object]) -> bool:
        """Whether a file is refused; anything but a UserError comes through."""
        self.path.write_bytes(data)
        try:
            read()
        except UserError as error:
            return len(str(error)) < 1000
        return False


@pytest.fixture
def files(workspace: Path) -> Files:
    return Files(workspace)


def test_a_damaged_pickle_is_used_or_refused(files: Files) -> None:
    rng = random.Random(0)
    for whole, read in files.read.items():
        refused = [files.refused(with_other_pickle(whole, rng), read) for _ in range(40)]
        assert not files.refused(whole, read)
        assert sum(refused) > 26


def with_other_pickle(whole: bytes, rng: random.Random) -> bytes:
    """A file of torch whose pickle has a few other bytes, and right checksums all the same."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole)) as old, zipfile.ZipFile(out, "w") as new:
        for entry in old.infolist():
            data = bytearray(old.read(entry))
            if entry.filename.endswith("data.pkl"):
                for _ in range(rng.choice([1, 1, 2, 5])):
                    at, length = rng.randrange(len(data)), rng.randrange(20)
                    opcode = rng.choice(b"()]}tudlsbcRqQX.").to_bytes(1, "big")
                    data[at : at + length] = rng.choice([b"", rng.randbytes(length), opcode])
            new.writestr(entry.filename, bytes(data))
    return out.getvalue()


@pytest.mark.slow
def test_content_of_another_kind_is_refused(files: Files) -> None:
    used = set()
    for whole, read in files.read.items():
        content = torch.load(io.BytesIO(whole), weights_only=True)
        for place in places(content):
            for odd in ODD:
                out = io.BytesIO()
                torch.save(put(content, place, odd), out)
                if not files.refused(out.getvalue(), read):
                    used.add((place[-1], repr(odd)))
    # what is not looked at, and what may be: another number, no momentum
    expected = {"param_groups", "seconds", "loss_sum", "cuda_rng", "momentum_buffer"}
    assert {key for key, _ in used} == expected


def places(content: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where a value stands: all keys, of long mappings the first."""
    if at:
        yield at
    if isinstance(content, dict) and at[-1:] != ("param_groups",):
        for key in list(content)[: 1 if len(at) > 2 or at[-1:] == ("model",) else None]:
            yield from places(content[key], (*at, key))


def put(content: Any, place: tuple[Any, ...], value: Any) -> Any:
    """A copy of the content with another value at a place."""
    if not place:
        return value
    changed = copy.copy(content)
    changed[place[0]] = put(content[place[0]], place[1:], value)
    return changed


def test_a_weight_that_is_missing_or_of_another_model_is_named(files: Files) -> None:
    for whole, read in files.read.items():
        weights = torch.load(io.BytesIO(whole), weights_only=True)["state"]["model"]
        name = "linear.weight"
        for changes, said in [
            ({k: v for k, v in weights.items() if k != name}, f"the weight '{name}' is in one of"),
            ({**weights, "more": weights[name]}, "the weight 'more' is in one of"),
            ({**weights, name: weights[name].double()}, f"its weight '{name}' is torch.float64"),
            (
                {**weights, name: weights[name][:3]},
                rf"its weight '{name}' is torch.float32 \(3, 16\)",
            ),
        ]:
            files.path.write_bytes(whole)
            altered(files.path, model=changes)
            with pytest.raises(UserError, match=rf"does not fit this run \({said}"):
                read()


def test_the_settings_of_a_checkpoints_optimiser_are_not_taken_over(
    workspace: Path, tmp_path: Path
) -> None:
    whole = trained(RUN, results=tmp_path)
    with pytest.raises(Interrupted):
        trained(RUN, Watch(8, stop))
    path = workspace / paths.CHECKPOINTS / RUN.id / paths.CHECKPOINT
    saved = torch.load(path, weights_only=True)["state"]["optimizer"]
    groups = [{**group, "momentum": 0.1, "weight_decay": 3.0} for group in saved["param_groups"]]
    altered(path, optimizer={**saved, "param_groups": groups})
    assert trained(RUN).digest == whole.digest


def test_a_pipe_in_place_of_a_checkpoint_is_refused_at_once(workspace: Path) -> None:
    path = workspace / paths.CHECKPOINTS / RUN.id / paths.CHECKPOINT
    path.parent.mkdir(parents=True)
    os.mkfifo(path)
    with pytest.raises(UserError, match=r"is not a regular file.*Delete .* again from"):
        train.train(inputs_of(RUN), Watch())


def test_a_signal_is_obeyed_while_a_checkpoint_is_waited_for(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a disk of a network that does not answer."""

    def hang(*_: Any) -> None:
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGTERM)).start()
        time.sleep(60)

    monkeypatch.setattr(resume, "load", hang)
    began = time.monotonic()
    with pytest.raises(Interrupted):
        train.train(inputs_of(RUN), Watch())
    assert time.monotonic() - began < 30
