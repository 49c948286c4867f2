"""Two processes train a run together: what one process computes, to float tolerance.

Each group of processes is started once and works off a list of cases, because starting is slow.
"""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import CHECKOUT, here
from partners import CASES, exact, run_of, stopping_run, trained

from ncmc.backbones._norm import norm_relu
from ncmc.errors import UsageError
from ncmc.results.record import load_record, path_of
from ncmc.system import hardware
from ncmc.training import augment, build, distributed_norm, session
from ncmc.training.processes import ONE_PROCESS, ProcessGroup, joined

HERE = Path(__file__).resolve().parent
TOLERANCE: dict[str, Any] = {"rtol": 1e-8, "atol": 1e-8}


def started(count: int, program: str, root: Path, *arguments: str) -> list[subprocess.Popen[str]]:
    """`count` processes, each running a program of partners.py, with what torchrun tells them."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    told = {
        "NCMC_ROOT": str(root),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "WORLD_SIZE": str(count),
        "LOCAL_WORLD_SIZE": str(count),
        "PYTHONPATH": os.pathsep.join([str(HERE.parent), str(CHECKOUT)]),
    }
    return [
        subprocess.Popen(
            [sys.executable, str(HERE / "partners.py"), program, *arguments],
            env=os.environ | told | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(count)
    ]


def ended(processes: list[subprocess.Popen[str]]) -> list[tuple[int, str, str]]:
    """Exit code, output and errors of each process."""
    outputs = []
    try:
        for process in processes:
            out, err = process.communicate(timeout=300)
            outputs.append((process.returncode, out, err))
    finally:
        for process in processes:
            process.kill()
    return outputs


@pytest.fixture(scope="module")
def together(digits_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Where two processes worked, and what each of them said; the second dies in the end."""
    place = tmp_path_factory.mktemp("together")
    (first, said, errors), (second, others, _) = ended(
        started(2, "all_cases", digits_project, str(place))
    )
    assert (first, second) == (0, 9), errors[-3000:]
    return place, [[json.loads(line) for line in out.splitlines()] for out in (said, others)]


@pytest.fixture
def double(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the two processes: in float64."""
    monkeypatch.setattr(build, "build_model", build.build_model)
    monkeypatch.setattr(augment.Normalise, "__call__", augment.Normalise.__call__)
    exact()


@pytest.mark.parametrize("number", range(len(CASES)), ids=[f"{m}-{o}" for m, o in CASES])
def test_two_processes_do_what_one_does(
    workspace: Path, tmp_path: Path, together: Any, number: int, double: None
) -> None:
    place, outputs = together
    method, options = CASES[number]
    run = run_of(method, **options)
    alone = trained(run, tmp_path)
    losses = torch.tensor(outputs[0][0][number]["losses"])
    torch.testing.assert_close(losses, torch.tensor(alone["losses"]), **TOLERANCE)
    assert outputs[1][0][number]["losses"] == []  # one process reports
    assert outputs[0][0][number]["processes"] == outputs[1][0][number]["processes"] == 2
    path = path_of(here(), run, place / str(number))
    theirs, ours = (
        torch.load(p.with_name("model.pt"), weights_only=True)["state"]["model"]
        for p in (path, path_of(here(), run, tmp_path))
    )
    assert theirs.keys() == ours.keys()
    for name in ours:
        torch.testing.assert_close(theirs[name], ours[name], **TOLERANCE, msg=name)
    result = load_record(path).result
    torch.testing.assert_close(
        torch.tensor(result.accuracy.last),
        torch.tensor(alone["result"].accuracy.last),
        atol=0.5,  # percent: an image or two may lie on the edge
        rtol=0,
    )
    for entry, expected in zip(result.history, alone["result"].history, strict=True):
        for key in ("nc_mean", "nc_std", "variability", "class_cosine"):
            ours, theirs = getattr(entry.collapse, key), getattr(expected.collapse, key)
            assert ours == pytest.approx(theirs, abs=1e-3)


def test_a_signal_to_one_process_stops_all_after_the_same_step_and_they_go_on(
    workspace: Path, tmp_path: Path, together: Any, double: None
) -> None:
    place, (first, second) = together
    assert first[1] == second[1] == [8, 128 + signal.SIGTERM]
    said, losses = first[2]
    assert said == ["resuming from epoch 2, step 2"]
    assert second[2] == [[], []]
    assert not list((place / "stopped" / "ckpt").rglob("*.pt"))
    whole = trained(stopping_run(), tmp_path)
    assert losses == pytest.approx(whole["losses"][8:], rel=1e-8)


def test_one_process_goes_on_from_where_several_stopped(
    workspace: Path, tmp_path: Path, together: Any, double: None
) -> None:
    place, _ = together
    alone = trained(stopping_run(), place / "alone")
    assert alone["processes"] == 1
    assert alone["losses"] == pytest.approx(trained(stopping_run(), tmp_path)["losses"][8:])


def test_when_a_process_dies_the_others_say_so(together: Any) -> None:
    _, (first, second) = together
    assert "another process of this run is gone" in first[3]
    assert len(second) == 3


def test_a_process_that_hangs_is_given_up_after_a_time(workspace: Path, tmp_path: Path) -> None:
    first, second = started(2, "one_hangs", workspace, str(tmp_path))
    try:
        out, errors = first.communicate(timeout=300)
        assert second.poll() is None  # it hangs still
    finally:
        first.kill()
        second.kill()
        second.communicate()
    assert "is gone, or gave no answer for 3 s" in out, errors[-3000:]


@pytest.mark.parametrize(("where", "ranks"), [("forward", "01"), ("backward", "1")])
def test_a_process_without_memory_says_what_to_do(
    workspace: Path, tmp_path: Path, where: str, ranks: str
) -> None:
    outputs = ended(started(2, "no_memory", workspace, str(tmp_path), where, ranks))
    for rank, (_, said, errors) in enumerate(outputs):
        if str(rank) in ranks:
            assert "batch_size=65 on 2 processes" in said, errors[-3000:]
            assert "-o batch_size=32" in said
        else:
            assert "another process of this run is gone" in said, errors[-3000:]


def test_processes_that_train_different_runs_are_stopped(workspace: Path, tmp_path: Path) -> None:
    for _, said, errors in ended(started(2, "different_runs", workspace, str(tmp_path))):
        assert "run is digits/" in said, errors[-3000:]
        assert "/seed=3 in process 0 and digits/" in said
        assert "/seed=4 in process 1" in said
    assert not list(tmp_path.rglob("record.json"))


def test_torchrun_trains_a_run_and_writes_one_record(workspace: Path) -> None:
    run = run_of("SETF", epochs=1)
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]
    command += ["--standalone", "-m", "cli.main", "train", run.id]
    environment = os.environ | {"NCMC_ROOT": str(workspace), "PYTHONPATH": str(CHECKOUT)}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert load_record(path_of(here(), run)).made.processes == 2


@pytest.mark.parametrize("size", [1, 2, 3, 5])
@pytest.mark.parametrize("n", [1, 2, 4, 7, 128])
def test_the_rows_of_a_group_are_all_rows_once(size: int, n: int) -> None:
    groups = [ProcessGroup(rank, size) for rank in range(size)]
    rows = [list(range(n))[group.rows(n)] for group in groups]
    assert [i for part in rows for i in part] == list(range(n))
    assert max(map(len, rows)) - min(map(len, rows)) <= 1


def test_processes_of_one_machine_divide_its_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardware, "cores", lambda: 6)
    assert session._threads(4, ProcessGroup()) == 4
    assert session._threads(4, ProcessGroup(0, 2, on_this_machine=1)) == 4
    assert session._threads(4, ProcessGroup(0, 2, on_this_machine=2)) == 3
    assert session._threads(4, ProcessGroup(0, 8, on_this_machine=8)) == 1


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_a_synchronised_layer_is_batch_norm_in_a_dense_block_too(dtype: torch.dtype) -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(6, 5, 4, 4, generator=generator, dtype=torch.float64).mul(3).add(1).to(dtype)
    kind = torch.float64 if dtype == torch.float64 else torch.float32
    ours, theirs = (torch.nn.BatchNorm2d(5, dtype=kind) for _ in range(2))
    layer = distributed_norm.SyncedNorm(ours)
    layer.group = ProcessGroup()  # of one, but with the layers of several
    first, second = x.clone().requires_grad_(), x.clone().requires_grad_()
    found, expected = norm_relu(first, layer), torch.relu(theirs(second))  # type: ignore[arg-type]
    weights = torch.randn(x.shape, generator=generator).to(dtype)
    (found * weights).sum().backward()
    (expected * weights).sum().backward()
    close = {"atol": 1e-9, "rtol": 1e-9} if dtype == torch.float64 else {"atol": 0.06, "rtol": 0.02}
    assert found.dtype == dtype
    for mine, other in (
        (found, expected),
        (first.grad, second.grad),
        (layer.weight.grad, theirs.weight.grad),
        (layer.bias.grad, theirs.bias.grad),
        (layer.running_var, theirs.running_var),
        (layer.running_mean, theirs.running_mean),
    ):
        torch.testing.assert_close(mine, other, atol=close["atol"], rtol=close["rtol"])
    assert layer.state_dict().keys() == theirs.state_dict().keys()


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"WORLD_SIZE": "two"}, "WORLD_SIZE is 'two'; allowed: a whole number from 1"),
        ({"WORLD_SIZE": "0"}, "WORLD_SIZE is '0'"),
        (
            {"WORLD_SIZE": "2", "RANK": "first"},
            "RANK is 'first'; allowed: a whole number from 0 to 1",
        ),
        ({"WORLD_SIZE": "2", "RANK": "2"}, "RANK is '2'"),
        ({"WORLD_SIZE": "2", "RANK": "0", "LOCAL_RANK": "-1"}, "LOCAL_RANK is '-1'"),
        ({"WORLD_SIZE": "2", "RANK": "0"}, "MASTER_ADDR and MASTER_PORT"),
        ({"WORLD_SIZE": "2", "RANK": "0", "MASTER_ADDR": "here"}, "but not MASTER_PORT"),
        (
            {"WORLD_SIZE": "2", "RANK": "0", "MASTER_ADDR": "here", "MASTER_PORT": "99999"},
            "MASTER_PORT is '99999'; allowed: a whole number from 1 to 65535",
        ),
    ],
)
def test_an_environment_that_makes_no_sense_is_told(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], said: str
) -> None:
    for name in ("WORLD_SIZE", "RANK", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(UsageError, match=said), joined(torch.device("cpu")):
        pass


def test_one_process_of_torchrun_is_no_group(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "1")
    with joined(torch.device("cpu")) as (group, device):
        assert group is ONE_PROCESS
        assert device == torch.device("cpu")
