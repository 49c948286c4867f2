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
from conftest import here

from ncmc.backbones._norm import norm_relu
from ncmc.plan.run import Run, make_run
from ncmc.results import records
from ncmc.training import batches, distributed_norm, session, train
from ncmc.training.processes import Team

HERE = Path(__file__).resolve().parent
TOLERANCE: dict[str, Any] = {"rtol": 1e-8, "atol": 1e-8}
# 357 images: batches of 65 end with one of 32, those of 356 with a single image, which both compute
CASES: list[tuple[str, dict[str, Any]]] = [
    ("CE", {"batch_size": 65}),
    ("CE", {"batch_size": 119, "mixup": False}),
    ("SETF", {"batch_size": 65}),
    ("SETF", {"batch_size": 356}),
    ("AL", {"batch_size": 65, "augment": "crop_flip", "padding": 1}),
    ("CAL", {"batch_size": 65}),
    ("CAL", {"batch_size": 65, "seed": 2, "resident_gigabytes": 1e-6}),  # streamed
    ("CAL", {"batch_size": 65, "normalise": "l2_bn", "prediction_bn": "affine"}),
]


class Watch:
    """A Progress that keeps the losses, and acts at a step."""

    def __init__(self, at: int | None = None, act: Any = None) -> None:
        self.losses: list[float] = []
        self.said: list[str] = []
        self.at, self.act = at, act

    def start(self, run: Run, epochs: int, steps: int, done_epochs: int, done_steps: int) -> None:
        self.began = (done_epochs, done_steps)

    def step(self, epoch: int, step: int, loss: float | None, images: int) -> None:
        assert loss is not None
        self.losses.append(loss)
        if len(self.losses) == self.at:
            self.act()

    def epoch(self, entry: dict[str, Any]) -> None:
        pass

    def say(self, text: str) -> None:
        self.said.append(text)


def run_of(method: str, seed: int = 0, **options: Any) -> Run:
    options.pop("resident_gigabytes", None)  # no part of a run
    chosen = {"epochs": 2, "width": 4, **({"f": 3} if method in ("AL", "CAL") else {}), **options}
    return make_run("digits", 0.02, "resnet8", method, chosen, seed)


def stopping_run() -> Run:
    return run_of("CAL", seed=1, batch_size=65)


def exact() -> None:
    """Train in float64 from here on: in float32 a dozen steps blow rounding up to 0.1 %."""
    build, normalise = train.build.build, batches.Normalise.__call__
    train.build.build = lambda *given: build(*given).double()
    batches.Normalise.__call__ = (  # type: ignore[method-assign]
        lambda self, images: normalise(self, images).double()
    )


def of(options: dict[str, Any]) -> dict[str, Any]:
    """What says how a case is computed, not what."""
    return {k: v for k, v in options.items() if k == "resident_gigabytes"}


def trained(run: Run, place: Path, execution: Any = None) -> dict[str, Any]:
    """The losses of each step, and the record, of a run trained to its end."""
    watch = Watch()
    record = train.train(
        here(), run, watch, results=place, checkpoints=place / "ckpt", execution=execution
    )
    return {"losses": watch.losses, "result": record.result, "processes": record.made["processes"]}


def started(
    count: int, script: str, root: Path, *arguments: str, **more: str
) -> list[subprocess.Popen[str]]:
    """`count` processes of a team, each running `script`, with what torchrun tells them."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    told = {
        "NCMC_ROOT": str(root),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "WORLD_SIZE": str(count),
        "LOCAL_WORLD_SIZE": str(count),
        "PYTHONPATH": os.pathsep.join([str(HERE), str(HERE.parent)]),
        **more,
    }
    return [
        subprocess.Popen(
            [sys.executable, "-c", script, *arguments],
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
            out, err = process.communicate(timeout=60)
            outputs.append((process.returncode, out, err))
    finally:
        for process in processes:
            process.kill()
    return outputs


SCRIPT = """
import json, os, pathlib, shutil, signal, sys
import torch
from ncmc import errors, paths; from ncmc.training import distributed_step as parallel, train
from test_parallel import CASES, Watch, exact, of, run_of, stopping_run, trained
exact()
place, rank = pathlib.Path(sys.argv[1]), os.environ["RANK"]
torch.distributed.init_process_group("gloo")
cases = [trained(run_of(m, **o), place / str(i), of(o)) for i, (m, o) in enumerate(CASES)]
print(json.dumps([{k: case[k] for k in ("losses", "processes")} for case in cases]))

real, steps, acts = parallel.ParallelStep.__call__, [], {}
def watched(self, draws, epoch):
    steps.append(1)
    if rank == "1":  # one process alone, and not the one that saves
        acts.pop(len(steps), lambda: None)()
    return real(self, draws, epoch)
parallel.ParallelStep.__call__ = watched
acts[8] = lambda: [os.kill(os.getpid(), signal.SIGTERM) for _ in range(2)]  # torchrun passes it on
try:
    trained(stopping_run(), place / "stopped")
except train.Interrupted as stop:
    print(json.dumps([len(steps), stop.exit_code]))
if rank == "0":
    shutil.copytree(place / "stopped", place / "alone")
watch = Watch()
train.train(here(), stopping_run(), watch, results=place / "stopped", checkpoints=place / "stopped/ckpt")
print(json.dumps([watch.said, watch.losses]), flush=True)

acts[len(steps) + 3] = lambda: os._exit(9)
try:
    trained(stopping_run(), place / "died")
except errors.UserError as error:
    print(json.dumps(str(error)))
"""


@pytest.fixture(scope="module")
def together(digits_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Where two processes worked, and what each of them said; the second dies in the end."""
    place = tmp_path_factory.mktemp("together")
    (first, said, errors), (second, others, _) = ended(
        started(2, SCRIPT, digits_project, str(place))
    )
    assert (first, second) == (0, 9), errors[-3000:]
    return place, [[json.loads(line) for line in out.splitlines()] for out in (said, others)]


@pytest.fixture
def double(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the two processes: in float64."""
    monkeypatch.setattr(train.build, "build", train.build.build)  # restored after the test
    monkeypatch.setattr(batches.Normalise, "__call__", batches.Normalise.__call__)
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
    path = records.path_of(here(), run, place / str(number))
    theirs, ours = (
        torch.load(p.with_name("model.pt"), weights_only=True)["state"]["model"]
        for p in (path, records.path_of(here(), run, tmp_path))
    )
    assert theirs.keys() == ours.keys()
    for name in ours:
        torch.testing.assert_close(theirs[name], ours[name], **TOLERANCE, msg=name)
    result = records.load(path).result
    torch.testing.assert_close(
        torch.tensor(result["accuracy"]["last"]),
        torch.tensor(alone["result"]["accuracy"]["last"]),
        atol=0.5,  # percent: an image or two may lie on the edge
        rtol=0,
    )
    for entry, expected in zip(result["history"], alone["result"]["history"], strict=True):
        for key in ("nc_mean", "nc_std", "variability", "class_cosine"):
            assert entry["collapse"][key] == pytest.approx(expected["collapse"][key], abs=1e-3)


def test_a_signal_to_one_process_stops_all_after_the_same_step_and_they_go_on(
    workspace: Path, tmp_path: Path, together: Any, double: None
) -> None:
    place, (first, second) = together
    assert first[1] == second[1] == [8, 128 + signal.SIGTERM]
    said, losses = first[2]
    assert said == ["going on from epoch 2, step 2"]
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
    assert "another process of this training is gone" in first[3]
    assert len(second) == 3


HANGS = """
import datetime, os, pathlib, sys, time
from ncmc import errors; from ncmc.training import distributed_step as parallel, processes as team
from test_parallel import run_of, trained
team.TIMEOUT = datetime.timedelta(seconds=3)
real, steps = parallel.ParallelStep.__call__, []
def watched(self, draws, epoch):
    steps.append(1)
    if os.environ["RANK"] == "1" and len(steps) == 3:
        time.sleep(60)
    return real(self, draws, epoch)
parallel.ParallelStep.__call__ = watched
try:
    trained(run_of("CE"), pathlib.Path(sys.argv[1]))
except errors.UserError as error:
    print(error, flush=True)
"""


def test_a_process_that_hangs_is_given_up_after_a_time(workspace: Path, tmp_path: Path) -> None:
    first, second = started(2, HANGS, workspace, str(tmp_path))
    try:
        out, errors = first.communicate(timeout=50)
        assert second.poll() is None  # it hangs still
    finally:
        first.kill()
        second.kill()
        second.communicate()
    assert "is gone, or gave no answer for 3 s" in out, errors[-3000:]


NO_MEMORY = """
import os, pathlib, sys
import torch
from torch.nn.modules.module import register_module_forward_hook
from ncmc import errors; from ncmc.training import rehearsal
from test_parallel import run_of, trained
rehearsal.steps_fit = lambda training, batch_size: batch_size <= 20
def full(*_):
    raise torch.OutOfMemoryError("CUDA out of memory")
def limit(layer, given, found):
    if isinstance(layer, torch.nn.Conv2d) and layer.in_channels == 1:
        if sys.argv[2] == "forward":
            full()
        elif found.requires_grad:
            found.register_hook(full)  # when all other gradients are on their way
if os.environ["RANK"] in sys.argv[3]:
    register_module_forward_hook(limit)
try:
    trained(run_of("CAL", batch_size=65), pathlib.Path(sys.argv[1]))
except errors.UserError as error:
    print(error, flush=True)
"""


@pytest.mark.parametrize(("where", "ranks"), [("forward", "01"), ("backward", "1")])
def test_a_process_without_memory_says_the_batch_size_that_fits_all(
    workspace: Path, tmp_path: Path, where: str, ranks: str
) -> None:
    outputs = ended(started(2, NO_MEMORY, workspace, str(tmp_path), where, ranks))
    for rank, (_, said, errors) in enumerate(outputs):
        if str(rank) in ranks:
            assert "batch_size=65 on 2 processes" in said, errors[-3000:]
            assert "batch_size=16 fits" in said
        else:
            assert "another process of this training is gone" in said, errors[-3000:]


DIFFERENT = """
import os, pathlib, sys
from ncmc import errors
from test_parallel import run_of, trained
try:
    trained(run_of("CE", seed=3 + int(os.environ["RANK"])), pathlib.Path(sys.argv[1]))
except errors.UserError as error:
    print(error, flush=True)
"""


def test_processes_that_train_different_runs_are_stopped(workspace: Path, tmp_path: Path) -> None:
    for _, said, errors in ended(started(2, DIFFERENT, workspace, str(tmp_path))):
        assert "run is digits/" in said, errors[-3000:]
        assert "/seed=3 in process 0 and digits/" in said
        assert "/seed=4 in process 1" in said
    assert not list(tmp_path.rglob("record.json"))


def test_torchrun_trains_a_run_and_writes_one_record(workspace: Path) -> None:
    run = run_of("SETF", epochs=1)
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]
    command += ["--standalone", "-m", "cli.main", "train", run.id]
    environment = os.environ | {"NCMC_ROOT": str(workspace), "PYTHONPATH": str(HERE.parent)}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert records.load(records.path_of(here(), run)).made["processes"] == 2


@pytest.mark.parametrize("size", [1, 2, 3, 5])
@pytest.mark.parametrize("n", [1, 2, 4, 7, 128])
def test_the_rows_of_a_team_are_all_rows_once(size: int, n: int) -> None:
    teams = [Team(rank, size) for rank in range(size)]
    rows = [list(range(n))[team.rows(n)] for team in teams]
    assert [i for part in rows for i in part] == list(range(n))
    assert max(map(len, rows)) - min(map(len, rows)) <= 1
    if n < size:
        assert all(list(range(n))[team.batch_rows(n)] == list(range(n)) for team in teams)


def test_processes_of_one_machine_divide_its_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session.hardware, "cores", lambda: 6)
    assert session._threads(4, Team()) == 4
    assert session._threads(4, Team(0, 2, here=1)) == 4
    assert session._threads(4, Team(0, 2, here=2)) == 3
    assert session._threads(4, Team(0, 8, here=8)) == 1


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_a_synchronised_layer_is_batch_norm_in_a_dense_block_too(dtype: torch.dtype) -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(6, 5, 4, 4, generator=generator, dtype=torch.float64).mul(3).add(1).to(dtype)
    kind = torch.float64 if dtype == torch.float64 else torch.float32
    ours, theirs = (torch.nn.BatchNorm2d(5, dtype=kind) for _ in range(2))
    layer = distributed_norm.SyncedNorm(ours, Team())
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
