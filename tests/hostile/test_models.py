"""What a run leaves on disk, and the model that it would train: checkpoints, weights, options."""

import io
import pickle
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from replay import (
    PWNED,
    Case,
    Hostile,
    Spoil,
    assert_refused,
    cut,
    nothing,
    parameters,
    run,
    write,
)
from wrong_values import shown

RUN = "digits/tau=0.02/resnet8/CE/epochs=2+width=2/seed=0"
TRAIN, EVALUATE = f"train {RUN}", f"evaluate {RUN}"
CAL = RUN.replace("CE", "CAL")
CHECKPOINT = f"ckpt/{RUN}/checkpoint.pt"
MODEL = f"results/runs/{RUN}/model.pt"
PICKLE = f"cposix\nsystem\n(S'touch {PWNED}'\ntR.".encode()


def weights(file: str, make: Callable[[dict[str, Any]], object]) -> Spoil:
    """Other content of a checkpoint or model, in a file that is whole."""

    def spoil(root: Path) -> None:
        import torch

        content = torch.load(root / file, weights_only=True)
        torch.save(make(content) or content, root / file)

    return spoil


def set_state(key: str, value: Any) -> Callable[[dict[str, Any]], object]:
    return lambda content: content["state"].update({key: value})


def zip_member(file: str) -> Spoil:
    """A hostile pickle inside the zip that torch writes."""

    def spoil(root: Path) -> None:
        with zipfile.ZipFile(root / file, "w") as archive:
            archive.writestr("archive/data.pkl", pickle.dumps(Hostile(), 2))
            archive.writestr("archive/version", "3\n")

    return spoil


STATES = ("optimizer", "rng", "step", "loss_sum", "epoch", "sessions", "seconds")
WRONG_STATES: tuple[object, ...] = (None, "a", [], {}, -1, float("nan"))
CASES = [
    *(
        Case(f"{Path(file).name}: {how}", way, command, (Path(file).name,))
        for file, command in ((CHECKPOINT, TRAIN), (MODEL, EVALUATE))
        for how, way in {
            "cut": cut(file),
            "empty": write(file, b""),
            "text": write(file, "hello"),
            "pickle": write(file, PICKLE),
            "old pickle": write(file, pickle.dumps(Hostile(), 2)),
            "pickle in a zip": zip_member(file),
            "list": weights(file, lambda _: [1]),
            "no state": weights(file, lambda c: c.pop("state") and None),
            "identity a list": weights(file, lambda c: c.update(identity=[1])),
            "another run": weights(file, lambda c: c["identity"].update(run="x")),
            "format 99": weights(file, lambda c: c.update(format=99)),
            "no model": weights(file, lambda c: c["state"].pop("model") and None),
            "model a list": weights(file, set_state("model", [1])),
            "model of numbers": weights(file, set_state("model", {"a": 1})),
            "history not JSON": weights(file, set_state("history", "x")),
            "history of others": weights(file, set_state("history", '[{"epoch": 7}]')),
        }.items()
    ),
    *(
        Case(
            f"checkpoint {key} = {shown(value)}",
            weights(CHECKPOINT, set_state(key, value)),
            TRAIN,
            ("checkpoint.pt",),
        )
        for turn, key in enumerate(STATES)
        for value in (WRONG_STATES if key == "epoch" else WRONG_STATES[turn % 6 :][:1])
    ),
    *(
        Case(f"device {device or 'empty'}", nothing, f"{TRAIN} --device {device}", (device,))
        for device in ("nobody", "cuda:17", "")
    ),
    *(
        Case(
            f"-o {option}",
            nothing,
            f"train {RUN.replace('CE', 'CAL')} -o {option}",
            (option.split("=")[0],),
        )
        for option in (*("width=on", "width=1e9", "f=0", "theta=nan", "linear=maybe"),)
    ),
]


@pytest.fixture(scope="module")
def trained_files(digits_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The digits' project after one run, with the checkpoint that a kill would have left."""
    from ncmc.training import resume

    root = tmp_path_factory.mktemp("trained") / "project"
    shutil.copytree(digits_project, root)
    kept = io.BytesIO()
    save = resume.save

    def keep(training: Any, *rest: Any) -> None:
        save(training, *rest)
        kept.seek(0)
        kept.write(training.inputs.checkpoint_path.read_bytes())

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NCMC_ROOT", str(root))
        patch.setattr(resume, "save", keep)
        assert run(["train", RUN, "-o", "checkpoint_seconds=0.000001"])[0] == 0
    (root / CHECKPOINT).parent.mkdir(parents=True, exist_ok=True)
    (root / CHECKPOINT).write_bytes(kept.getvalue())
    return root


@pytest.fixture
def trained(trained_files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, for one case: the record is there for `evaluate`, the checkpoint for `train`."""
    root = tmp_path / "project"
    shutil.copytree(trained_files, root)
    monkeypatch.setenv("NCMC_ROOT", str(root))
    monkeypatch.chdir(root)
    return root


@pytest.mark.parametrize("case", parameters(CASES))
def test_a_damaged_model_is_refused(trained: Path, case: Case) -> None:
    if not isinstance(case.command, str) or not case.command.startswith("evaluate"):
        shutil.rmtree(trained / "results")
    assert_refused(trained, case)
