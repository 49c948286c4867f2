""".devcontainer/devcontainer.json: the Dockerfile's base image, and the lock without CUDA."""

import json
import re

from conftest import CHECKOUT

FILE = CHECKOUT / ".devcontainer" / "devcontainer.json"


def test_it_has_the_base_image_of_the_dockerfile_and_names_files_that_exist() -> None:
    lines = FILE.read_text().splitlines()
    stated = json.loads("\n".join(line for line in lines if not line.lstrip().startswith("//")))
    assert f"ARG BASE_IMAGE={stated['image']}\n" in (CHECKOUT / "Dockerfile").read_text()
    commands = f"{stated['onCreateCommand']} {stated['updateContentCommand']}"
    locks = re.findall(r"\S+\.lock", commands)
    assert locks == ["requirements-build.lock", "requirements-cpu.lock"]
    assert all((CHECKOUT / lock).is_file() for lock in locks)
    address = re.search(r"--find-links (\S+)", commands)
    assert address
    assert address[1] in (CHECKOUT / "docs" / "container.md").read_text()
