"""A Slurm of one node for these tests, and Snakemake on it."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from calls import BIN

SCRIPT = Path(__file__).with_name("node.sh")
NEEDED = ("slurmctld", "slurmd", "munged", "sbatch", "srun")
MINUTES = 15  # for a whole scenario, on a machine that others use too: whoever hangs fails


@dataclass(frozen=True)
class Node:
    """The node that runs, as the environment of the programs that use it."""

    environment: dict[str, str]

    def call(self, *command: str) -> str:
        """What a program of Slurm's prints."""
        return subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=60, check=True
        ).stdout

    def jobs(self, *states: str) -> list[str]:
        """The ids of the jobs that are in one of these states."""
        return self.call(
            "squeue", "--noheader", "--format=%i", f"--states={','.join(states)}"
        ).split()

    def wait_until_empty(self) -> None:
        """Until no job is left; it fails the test if some stay."""
        until_when = time.monotonic() + MINUTES * 60
        while self.jobs("PENDING", "RUNNING"):
            assert time.monotonic() < until_when, self.call("squeue")
            time.sleep(1)

    def start(self, project: Path, *arguments: str) -> "subprocess.Popen[str]":
        """Snakemake with the profile for Slurm, in the background; it speaks to snakemake.log."""
        with (project / "snakemake.log").open("a") as log:
            return subprocess.Popen(
                [
                    str(BIN / "snakemake"),
                    *("--workflow-profile", "slurm", "--latency-wait", "5"),
                    *("--slurm-init-seconds-before-status-checks", "2"),
                    *arguments,
                    *("--default-resources", "slurm_partition=main"),
                ],
                cwd=project,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
            )

    def run(self, project: Path, *arguments: str) -> int:
        """The same to its end; its exit code."""
        return ended(self.start(project, *arguments))


def ended(launcher: "subprocess.Popen[str]") -> int:
    """The exit code of a launcher; it fails the test if it does not end."""
    try:
        return launcher.wait(timeout=MINUTES * 60)
    except subprocess.TimeoutExpired:
        launcher.kill()
        raise


def said(project: Path) -> str:
    """What the launchers of a project said so far."""
    return (project / "snakemake.log").read_text()


def until(true: Callable[[], object], launcher: "subprocess.Popen[str]") -> None:
    """Wait until something holds; it fails the test if the launcher ends before."""
    until_when = time.monotonic() + MINUTES * 60
    while not true():
        assert launcher.poll() is None, "the launcher ended too early"
        assert time.monotonic() < until_when, "it took too long"
        time.sleep(0.2)


@contextmanager
def started() -> Iterator[Node]:
    """The node, for as long as it is needed. Munge wants its socket where everyone may look."""
    folder = Path(tempfile.mkdtemp(prefix="ncmc-slurm-"))
    folder.chmod(0o755)
    path = f"{os.environ['PATH']}{os.pathsep}/usr/sbin"
    if missing := [name for name in NEEDED if not shutil.which(name, path=path)]:
        pytest.fail(f"not there: {', '.join(missing)} (Debian: apt-get install slurm-wlm munge)")
    environment = {key: value for key, value in os.environ.items() if not key.startswith("SLURM")}
    environment.pop("NCMC_ROOT", None)
    environment |= {
        "PATH": f"{folder}/bin{os.pathsep}{BIN}{os.pathsep}{path}",
        "SLURM_CONF": f"{folder}/slurm.conf",
        "SLURMCTLD_PORT": str(_free_port()),
        "SLURMD_PORT": str(_free_port()),
    }
    try:
        subprocess.run(["bash", SCRIPT, "start", folder], env=environment, timeout=120, check=True)
        yield Node(environment)
    finally:
        subprocess.run(["bash", SCRIPT, "stop", folder], env=environment, timeout=120, check=True)
        shutil.rmtree(folder)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
