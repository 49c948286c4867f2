"""A checkpoint is this run's, whole and harmless, or it is refused with a reason."""

import os
import pickle
import zipfile
from pathlib import Path

import fakes
import pytest
import torch

from ncmc.errors import UserError
from ncmc.training import checkpoint
from ncmc.training.resume import as_text

IDENTITY = {"run": "digits/x/seed=0", "config_hash": "abc", "split": "def"}
REMEDY = "Delete it to start this run again from the beginning."
STATE = {
    "model": {"weight": torch.arange(1000.0)},
    "history": "[]",
    "sessions": as_text([fakes.SESSION]),
    "seconds": 2.5,
}


def load(path: Path, **identity: str) -> checkpoint.Trained:
    """A model for which only the identity is looked at."""
    return checkpoint.load(path, IDENTITY | identity, checkpoint.Trained, REMEDY)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "checkpoint.pt"
    checkpoint.save(path, IDENTITY, STATE)
    return path


def test_a_state_comes_back_bit_for_bit(saved: Path) -> None:
    state = load(saved)
    assert torch.equal(state.model["weight"], STATE["model"]["weight"])  # type: ignore[index]
    assert (state.history, state.sessions, state.seconds) == ((), (fakes.SESSION,), 2.5)


def test_a_file_cut_anywhere_is_refused_with_the_remedy(saved: Path) -> None:
    whole = saved.read_bytes()
    for length in (0, 1, 100, len(whole) // 3, len(whole) // 2, len(whole) - 100, len(whole) - 1):
        saved.write_bytes(whole[:length])
        with pytest.raises(UserError, match=REMEDY):
            load(saved)


def test_a_file_with_one_altered_byte_is_refused_or_the_same(saved: Path) -> None:
    whole = saved.read_bytes()
    refused = 0
    for place in range(7, len(whole), 29):
        saved.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        try:
            state = load(saved)
        except UserError:
            refused += 1
        else:  # it was in the filling between the parts
            assert torch.equal(state.model["weight"], STATE["model"]["weight"])  # type: ignore[index]
            assert (state.history, state.sessions, state.seconds) == ((), (fakes.SESSION,), 2.5)
    assert refused > len(whole) / 29 / 2


@pytest.mark.parametrize(
    "content", [{}, {"identity": 1, "state": {}}, {"identity": IDENTITY, "state": [1]}]
)
def test_a_file_without_its_parts_is_refused(tmp_path: Path, content: dict[str, object]) -> None:
    path = tmp_path / "checkpoint.pt"
    torch.save({"format": checkpoint.FORMAT} | content, path)
    with pytest.raises(UserError, match="no checkpoint of this version"):
        load(path)


class Harmful:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return os.system, (f"touch {self.path}",)


def test_a_hostile_pickle_is_refused_and_not_run(tmp_path: Path) -> None:
    harm, path = tmp_path / "harm", tmp_path / "checkpoint.pt"
    torch.save({"format": checkpoint.FORMAT, "identity": IDENTITY, "state": Harmful(harm)}, path)
    with pytest.raises(UserError, match="more than plain data"):
        load(path)
    path.write_bytes(pickle.dumps(Harmful(harm)))
    with pytest.raises(UserError, match=REMEDY):
        load(path)
    assert not harm.exists()


def test_a_foreign_zip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme", "hello")
    with pytest.raises(UserError, match="truncated, altered or no checkpoint"):
        load(path)


@pytest.mark.parametrize("content", [[1, 2], {"format": 99}, torch.ones(3)])
def test_other_data_is_no_checkpoint(tmp_path: Path, content: object) -> None:
    path = tmp_path / "checkpoint.pt"
    torch.save(content, path)
    with pytest.raises(UserError, match="no checkpoint of this version"):
        load(path)


@pytest.mark.parametrize("key", IDENTITY)
def test_another_configurations_checkpoint_is_refused_with_what_differs(
    saved: Path, key: str
) -> None:
    with pytest.raises(UserError, match=rf"another configuration \({key}: .* there, other here"):
        load(saved, **{key: "other"})


def test_a_failed_write_keeps_the_old_checkpoint(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(content: object, path: Path) -> None:
        Path(path).write_bytes(b"part")
        raise RuntimeError("PytorchStreamWriter failed writing file data/0")

    before = saved.read_bytes()
    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(UserError, match="no space left"):
        checkpoint.save(saved, IDENTITY, STATE)
    assert saved.read_bytes() == before
    assert os.listdir(saved.parent) == [saved.name]
