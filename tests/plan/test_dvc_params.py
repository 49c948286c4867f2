"""`dvc params diff` sees a change in config/: with the real dvc."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow  # dvc itself, twice
def test_dvc_names_the_key_that_changed_since_a_commit(configured: Path) -> None:
    def run(*command: str) -> str:
        done = subprocess.run(
            command,
            cwd=configured,
            env=os.environ | {"DVC_NO_ANALYTICS": "1", "COLUMNS": "300"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    dvc, git = (sys.executable, "-m", "dvc"), ("git", "-c", "user.name=a", "-c", "user.email=a@b")
    run(*dvc, "config", "--local", "core.no_scm", "false")
    run("git", "init", "--quiet")
    run(*git, "add", "config", "papers", "dvc.yaml")
    run(*git, "commit", "--quiet", "-m", "before")
    train = configured / "config" / "train.yaml"
    train.write_text(train.read_text().replace("momentum: {value: 0.9", "momentum: {value: 0.8", 1))
    assert "recipes.small.momentum.value" in run(*dvc, "params", "diff")
