"""What is wrong with the workflow's settings or the machine is said before anything is planned."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
from conftest import here

from ncmc import paths, preflight
from ncmc.data import dvc_store
from ncmc.errors import UsageError, UserError

GIVEN = {"container": "ncmc.sif", "insist": False}


@pytest.fixture
def only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is the whole PATH, and the current folder."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def install(folder: Path, program: str) -> None:
    (folder / program).write_text("#!/bin/sh\n")
    (folder / program).chmod(0o755)


@pytest.mark.parametrize("value", [True, "true", "yes", "1", 1])
def test_insist_is_read_as_it_is_typed(value: Any) -> None:
    assert preflight.settings(GIVEN | {"insist": value}).insist is True


def test_insist_false_on_the_command_line_does_not_insist() -> None:
    assert preflight.settings(GIVEN | {"insist": "false"}).insist is False


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (
            {"insits": "true"},
            "unknown key 'insits'. Did you mean 'insist'? Allowed: container, ins",
        ),
        ({"contaner": "x"}, "unknown key 'contaner'. Did you mean 'container'?"),
        ({"insist": "perhaps"}, "'insist' is 'perhaps': input should be a valid boolean"),
        ({"container": ""}, "'container' is ''"),
        ({"container": " "}, "'container' is ' '"),
        ({"container": None}, "'container' is None"),
        ({"container": 5}, "'container' is 5"),
    ],
)
def test_a_setting_that_does_not_exist_or_cannot_be_is_refused(
    change: dict[str, Any], what: str
) -> None:
    with pytest.raises(UsageError) as caught:
        preflight.settings(GIVEN | change)
    assert what in str(caught.value)
    assert "config/workflow.yaml or --config" in str(caught.value)


def test_all_that_a_container_needs_is_told_at_once(only: Path) -> None:
    with pytest.raises(UserError) as caught:
        preflight.check_container("ncmc.sif")
    told = str(caught.value)
    assert "neither `apptainer` nor `singularity`" in told
    assert "the image ncmc.sif does not exist: build it (docs/container.md)" in told
    assert "Without --use-singularity" in told


@pytest.mark.parametrize("program", ["apptainer", "singularity"])
def test_either_program_does_and_an_address_is_left_to_it(only: Path, program: str) -> None:
    install(only, program)
    preflight.check_container("docker://ncmc:latest")
    (only / "image").mkdir()  # an unpacked image is a folder
    preflight.check_container("image")
    preflight.check_container(f"file://{only}/image")


def test_an_image_that_is_not_there_is_told_alone(only: Path) -> None:
    install(only, "singularity")
    with pytest.raises(UserError, match="the image file:///nowhere does not exist") as caught:
        preflight.check_container("file:///nowhere")
    assert "neither" not in str(caught.value)


def test_images_that_only_their_user_can_bring_are_named_before_anything_runs(
    configured: Path,
) -> None:
    project = here()
    with pytest.raises(UserError, match=r"cifar10_binary are not here.*cifar10_binary.py official"):
        preflight.check_datasets(project, ["digits", "cifar10", "cifar10_binary"])
    with pytest.raises(UserError, match="ncmc fetch cifar10_jpeg --from PATH"):
        preflight.check_datasets(project, ["cifar10_jpeg"])
    arrays = project.root / paths.ARRAYS_META.format(dataset="cifar10_binary")
    arrays.parent.mkdir(parents=True)
    arrays.touch()
    preflight.check_datasets(project, ["cifar10_binary"])


def test_images_that_dvc_may_have_are_left_to_it(configured: Path) -> None:
    project = here()
    md5 = dvc_store.recorded(project, "cifar10_jpeg")
    assert md5 is not None
    cached = project.root / ".dvc/cache/files/md5" / md5[:2] / md5[2:]
    cached.parent.mkdir(parents=True)
    cached.touch()
    preflight.check_datasets(project, ["cifar10_jpeg"])


def test_an_image_is_named_by_the_digest_of_its_file(only: Path) -> None:
    image = only / "ncmc.sif"
    image.write_bytes(b"one")
    digest = f"sha256:{hashlib.sha256(b'one').hexdigest()}"
    assert preflight.image_digest("ncmc.sif") == digest
    assert preflight.image_digest(f"file://{image}") == digest


def test_an_address_has_the_digest_that_it_names_and_a_folder_none(only: Path) -> None:
    digest = f"sha256:{'a' * 64}"
    assert preflight.image_digest(f"docker://ncmc@{digest}") == digest
    assert preflight.image_digest("docker://ncmc:0.4") is None
    assert preflight.image_digest(str(only)) is None


@pytest.mark.parametrize(
    ("sacct", "kept", "seconds"),
    [("exit 0", 300, None), ("exit 1", 300, 100), ("exit 1", 2, 1), ("exit 1", 60, 20)],
)
def test_without_accounting_the_queue_is_asked_while_it_knows(
    only: Path, sacct: str, kept: int, seconds: int | None
) -> None:
    for program, line in (("sacct", sacct), ("scontrol", f"echo 'MinJobAge  = {kept} sec'")):
        install(only, program)
        (only / program).write_text(f"#!/bin/sh\n{line}\n")
    assert preflight.seconds_without_accounting() == seconds
