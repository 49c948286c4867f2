"""Training: the same bits however it was interrupted, and faults that say what happened."""

import dataclasses
import os
import signal
import subprocess
import sys
import tempfile
import time
from functools import cache
from pathlib import Path
from typing import Any

import filelock
import numpy as np
import pytest
import torch
from conftest import here
from watching import Watch, inputs_of, run_of, stop, trained

from ncmc import paths
from ncmc.data import datasets, splits
from ncmc.errors import UsageError, UserError
from ncmc.plan.dataset_entries import SplitOptions
from ncmc.plan.run import Run, make_run, resolve_run
from ncmc.results.problems import outdated_records
from ncmc.results.provenance import Git, Session
from ncmc.results.record import load_record, path_of
from ncmc.system.signals import Interrupted
from ncmc.training import checkpoint, evaluate, finish, resume, session
from ncmc.training import step as train_step
from ncmc.training.decision_rule import evaluate_model
from ncmc.training.launch import launch
from ncmc.training.optimiser import set_learning_rate


@cache
def digest_of_whole(run: Run) -> str:
    """The digest of a run that nothing stops, trained once for all tests that hold another to it."""
    with tempfile.TemporaryDirectory() as results:
        return trained(run, results=Path(results)).digest


def kept_at(path: Path, run: Run) -> checkpoint.Stopped:
    """The content of a run's checkpoint."""
    return checkpoint.load(path, inputs_of(run).identity, checkpoint.Stopped, "")


def test_a_record_says_that_its_split_is_not_of_its_tau(workspace: Path) -> None:
    options = {"epochs": 1, "width": 2, "n_max": 133}
    made = trained(make_run("digits", 1.0, "resnet8", "CE", options), Watch())
    (note,) = (note for note in made.notes if "is not of tau 1, as classes have fewer" in note)
    assert "(1 of 10: 8 124 of 133)" in note


@pytest.mark.parametrize("method", ["CE", "CAL"])
def test_the_same_run_gives_the_same_record(workspace: Path, method: str) -> None:
    first = trained(run_of(method), Watch(), results=workspace / "a")
    again = trained(run_of(method), Watch(), results=workspace / "b")
    assert first.digest == again.digest
    assert load_record(path_of(here(), run_of(method), workspace / "a")) == first


def test_another_seed_gives_another_result_on_the_same_split(workspace: Path) -> None:
    first = trained(run_of(seed=0), Watch())
    other = trained(run_of(seed=1), Watch())
    assert first.split == other.split
    assert first.result.history[0].loss != other.result.history[0].loss


@pytest.mark.parametrize("at", [1, 5, 6, 7, 12])
def test_a_stopped_run_goes_on_to_the_same_record(workspace: Path, at: int) -> None:
    with pytest.raises(Interrupted) as caught:
        trained(run_of(), Watch(at, stop), results=workspace / "parts")
    assert caught.value.exit_code == 128 + signal.SIGTERM
    assert not path_of(here(), run_of(), workspace / "parts").exists()
    going_on = Watch()
    parts = trained(run_of(), going_on, results=workspace / "parts")
    assert going_on.steps == 12 - at
    assert parts.digest == digest_of_whole(run_of())
    assert not list((workspace / paths.CHECKPOINTS).rglob("*.pt"))


def test_a_run_stopped_again_and_again_ends_the_same(workspace: Path) -> None:
    for _ in range(5):
        with pytest.raises(Interrupted):
            trained(run_of("SETF"), Watch(2, stop), results=workspace / "parts")
    parts = trained(run_of("SETF"), Watch(), results=workspace / "parts")
    assert parts.digest == digest_of_whole(run_of("SETF"))


@pytest.mark.parametrize("method", ["CRT", "KCL"])
@pytest.mark.parametrize("at", [7, 12, 15])
def test_a_run_stopped_in_either_stage_goes_on_to_the_same_record(
    workspace: Path, method: str, at: int
) -> None:
    with pytest.raises(Interrupted):
        trained(run_of(method), Watch(at, stop), results=workspace / "parts")
    going_on = Watch()
    parts = trained(run_of(method), going_on, results=workspace / "parts")
    assert going_on.steps == 18 - at
    assert parts.digest == digest_of_whole(run_of(method))
    assert [entry.epoch for entry in parts.result.history] == [1, 2, 3]  # one of them is added


@pytest.mark.parametrize(
    ("method", "options"), [("LDAM-DRW", {"defer": 0.5}), ("RBL", {}), ("P", {})]
)
def test_a_stopped_run_of_a_loss_of_stages_or_turns_goes_on_to_the_same_record(
    workspace: Path, method: str, options: dict[str, Any]
) -> None:
    for at in (4, 4):  # once in either half of the training
        with pytest.raises(Interrupted):
            trained(run_of(method, **options), Watch(at, stop), results=workspace / "parts")
    parts = trained(run_of(method, **options), Watch(), results=workspace / "parts")
    assert parts.digest == digest_of_whole(run_of(method, **options))


@pytest.mark.slow
def test_a_killed_run_goes_on_to_the_same_record(workspace: Path) -> None:
    run = run_of(
        epochs=12, checkpoint_seconds=0.001
    )  # a checkpoint a step: kills hit its writing too
    options = {"checkpoint_seconds": 0.001}  # one a step: the kills hit its writing too
    whole = trained(run, Watch(), results=workspace / "whole", execution=options)
    command = [sys.executable, "-m", "cli.main", "train", run.id, "-o", "checkpoint_seconds=0.001"]
    place = workspace / paths.CHECKPOINTS / run.id / "checkpoint.pt"
    kills = 0
    for delay in (0.0, 0.02, 0.11, 0.23):
        process = subprocess.Popen(
            command, env=os.environ | {"NCMC_ROOT": str(workspace)}, stderr=subprocess.DEVNULL
        )
        before = place.stat().st_mtime_ns if place.exists() else 0
        deadline = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < deadline:
            if place.exists() and place.stat().st_mtime_ns != before:
                break
            time.sleep(0.002)
        time.sleep(delay)
        process.kill()
        kills += process.wait() == -signal.SIGKILL
    assert kills
    parts = trained(run, Watch(), execution=options)
    assert parts.digest == whole.digest
    left = [p.name for p in place.parent.iterdir()]
    assert [name for name in left if name.endswith(".pt")] == []


def test_a_loss_that_is_not_finite_stops_with_the_batch_and_keeps_the_checkpoint(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = train_step.Step.__call__, []

    def poisoned(self: Any, draws: Any) -> torch.Tensor:
        calls.append(draws)
        loss = real(self, draws)
        return loss * float("nan") if len(calls) == 9 else loss

    monkeypatch.setattr(train_step.Step, "__call__", poisoned)
    run = run_of()
    with pytest.raises(UserError, match=r"loss is nan in epoch 2, step 3 of 6") as caught:
        trained(run, Watch(), execution={"checkpoint_seconds": 0.0001})
    split = splits.make_split(here(), run.dataset, run.tau)
    for place in calls[8].order.tolist()[:10]:  # the rest is counted
        assert str(split.indices[place]) in str(caught.value)
    kept = workspace / paths.CHECKPOINTS / run.id / "checkpoint.pt"
    assert str(kept) in str(caught.value)
    state = kept_at(kept, run)
    assert (state.epoch, state.step) == (2, 2)
    assert all(torch.isfinite(value).all() for value in state.model.values())


def test_a_diverging_run_stops(workspace: Path) -> None:
    with pytest.raises(UserError, match=r"loss is (nan|inf).*a smaller learning rate helps"):
        trained(run_of("CE", lr=1e6, warmup_epochs=0), Watch())


@pytest.mark.parametrize("name", ["weight", "running_var"])
def test_weights_that_are_not_finite_are_neither_kept_nor_measured(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    real, calls = train_step.Step.__call__, []

    def poisoned(self: Any, draws: Any) -> torch.Tensor:
        calls.append(draws)
        loss = real(self, draws)
        if len(calls) == 12:  # the last: no loss comes after it
            norm = next(m for m in self.model.modules() if isinstance(m, torch.nn.BatchNorm2d))
            getattr(norm, name).data[0] = float("inf")
        return loss

    monkeypatch.setattr(train_step.Step, "__call__", poisoned)
    with pytest.raises(UserError, match=r"weights are not finite after epoch 2, step 6.* is kept"):
        trained(run_of(), Watch(), execution={"checkpoint_seconds": 0.0001})
    kept = workspace / paths.CHECKPOINTS / run_of().id / "checkpoint.pt"
    state = kept_at(kept, run_of())
    assert (state.epoch, state.step) == (2, 5)
    assert not list((workspace / "results").rglob("model.pt"))


def test_measures_that_are_not_finite_stop(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluate, "collapse", lambda *_: {"nc_mean": float("nan")})
    with pytest.raises(UserError, match=r"measures are not finite in epoch 1"):
        trained(run_of(), Watch())


def test_a_batch_larger_than_the_set_is_not_dropped(workspace: Path) -> None:
    with pytest.raises(UsageError, match=r"batch_size=1000 .* leaves no batch of the 357"):
        trained(run_of(batch_size=1000, drop_last=True), Watch())


def test_a_batch_larger_than_the_set_is_said_at_once(workspace: Path) -> None:
    trained(run_of(batch_size=1000), watch := Watch())
    assert "batch_size=1000, but" in watch.said[0]
    assert "357 training images" in watch.said[0]


def test_a_wrong_device_is_said_before_missing_images(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_: Any) -> None:
        raise UserError("images are missing")

    monkeypatch.setattr(datasets, "verify", missing)
    with pytest.raises(UsageError, match="device is 'cuda:17'"):
        launch(inputs_of(run_of()), Watch, device="cuda:17")


def test_a_loss_that_stays_the_same_is_said(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = train_step.Step.__call__
    monkeypatch.setattr(
        train_step.Step, "__call__", lambda self, draws: real(self, draws) * 0 + 2.5
    )
    trained(run_of(epochs=3), watch := Watch())
    (said,) = watch.said
    assert "the loss is 2.5 in both epochs so far" in said
    assert "ncmc check method CAL" in said


def test_a_signal_after_the_last_step_is_obeyed_when_the_record_is_made(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = finish.make_record

    def stopped(*arguments: Any) -> Any:
        stop()
        return real(*arguments)

    monkeypatch.setattr(finish, "make_record", stopped)
    with pytest.raises(Interrupted):
        trained(run_of(), Watch())
    assert load_record(path_of(here(), run_of()))


def test_another_way_to_compute_is_said_and_recorded(workspace: Path) -> None:
    with pytest.raises(Interrupted):
        trained(run_of(), Watch(3, stop), execution={"precision": "bfloat16"})
    with pytest.raises(Interrupted):
        trained(run_of(), going_on := Watch(5, stop))
    assert "(precision float32 instead of bfloat16): the result is not bit for" in going_on.said[1]
    record = trained(run_of(), last := Watch())
    assert last.said == ["resuming from epoch 2, step 2"]
    sessions = [(s.precision, s.epoch, s.step) for s in record.made.sessions]
    assert sessions == [("bfloat16", 1, 0), ("float32", 1, 3)]
    assert evaluate_model(inputs_of(run_of())).made.sessions == record.made.sessions


def test_a_run_resumed_with_other_code_says_what_changed_and_records_both(
    workspace: Path, package: Path
) -> None:
    with pytest.raises(Interrupted):
        trained(run_of(), Watch(3, stop))
    loop = package / "training" / "optimiser.py"
    before = loop.read_text()
    loop.write_text(f"# says more\n{before}")
    with pytest.raises(Interrupted):
        trained(run_of(), going_on := Watch(4, stop))
    assert len(going_on.said) == 1
    loop.write_text(f"{before}\nA_NUMBER = 3\n")
    record = trained(run_of(), last := Watch())
    assert "from here on (the training loop changed): the result is not" in last.said[1]
    first, second = record.made.sessions
    assert first.code != second.code == record.made.code
    assert (second.epoch, second.step) == (2, 1)
    (outdated,) = outdated_records(here())
    assert outdated.why == "was made with other code: the training loop changed"
    loop.write_text(before)
    assert outdated_records(here()) != []


def test_a_session_with_uncommitted_code_says_so_between_clean_ones(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for dirty, watch in ((False, Watch(3, stop)), (True, Watch(2, stop)), (False, Watch())):
        state = Git(commit="a" * 40, dirty=dirty)
        monkeypatch.setattr(resume, "git_state", lambda *_, state=state: state)
        if watch.act:
            with pytest.raises(Interrupted):
                trained(run_of(), watch)
    record = trained(run_of(), watch)
    assert [s.dirty for s in record.made.sessions] == [False, True]
    assert [(s.epoch, s.step) for s in record.made.sessions] == [(1, 0), (1, 3)]


def test_the_instructions_are_recorded(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DNNL_MAX_CPU_ISA", "SSE41")
    made = trained(run_of(), Watch()).made
    used = torch.backends.cpu.get_cpu_capability()
    assert made.instructions == made.sessions[0].instructions == f"{used}, oneDNN at most SSE41"


def test_a_resumed_run_keeps_the_rates_tensor_and_the_kernels_of_its_device(
    workspace: Path,
) -> None:
    """As on a GPU, where a recorded step goes on reading the tensor that it was recorded with."""
    with pytest.raises(Interrupted):
        trained(run_of(), Watch(3, stop))
    going_on = session.prepare(inputs_of(run_of()))
    rate = torch.tensor(0.1)
    going_on.optimizer = torch.optim.SGD(
        going_on.model.parameters(), lr=rate, momentum=0.9, fused=True
    )
    resume.load(going_on, lambda text: None)
    (group,) = going_on.optimizer.param_groups
    assert group["lr"] is rate
    assert group["fused"] is True
    assert going_on.optimizer.state  # the momentum is the checkpoint's
    set_learning_rate(going_on.optimizer, 0.01)
    assert rate.item() == pytest.approx(0.01)


def test_the_random_state_of_the_gpu_that_trains_is_kept_and_no_others(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = session.prepare(inputs_of(run_of()))
    there.device = torch.device("cuda", 1)
    states = {1: torch.tensor([7], dtype=torch.uint8)}  # by index; asking for another is an error
    monkeypatch.setattr(torch.cuda, "get_rng_state", lambda device: states[device.index])
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "a test")
    state = session.TrainState(sessions=[Session(**resume.how_computed(there), epoch=1, step=0)])
    resume.save(there, state, 1.0)
    restored = {}
    monkeypatch.setattr(
        torch.cuda, "set_rng_state", lambda state, device: restored.update({device.index: state})
    )
    there.device = torch.device("cuda", 0)  # a machine with one GPU
    resume.load(there, lambda text: None)
    assert {index: state.tolist() for index, state in restored.items()} == {0: [7]}


class GpuChosenError(Exception):
    """Stops a training where it chooses its GPU."""


def test_training_and_evaluation_make_their_gpu_the_current_one(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def chosen(device: torch.device) -> None:
        assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"  # whatever the run asks for
        raise GpuChosenError(device.index)

    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", "")
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG")
    trained(run_of(), Watch())
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "set_device", chosen)
    with pytest.raises(GpuChosenError, match="1"):
        trained(run_of(seed=1), Watch(), device="cuda:1")
    with pytest.raises(GpuChosenError, match="1"):
        evaluate_model(inputs_of(run_of()), "cuda:1")
    with pytest.raises(GpuChosenError, match="0"):
        evaluate_model(inputs_of(run_of()))


def test_steps_are_not_recorded_as_graphs_unless_asked_for() -> None:
    assert resolve_run(here(), run_of()).execution.graphs is False


def altered(path: Path, **changes: Any) -> None:
    """Change a checkpoint or model as nobody but a tester does."""
    content = torch.load(path, weights_only=True)
    content["state"] |= changes
    torch.save(content, path)


DAMAGED: list[dict[str, Any]] = [
    {"epoch": "x"},
    {"epoch": -5},
    {"epoch": 10**9},
    {"step": -3},
    {"step": 999},
    {"step": 0.5},
    {"step": True},
    {"loss_sum": None},
    {"loss_sum": float("nan")},
    {"seconds": "x"},
    {"seconds": float("nan")},
    {"history": "[1,2]"},
    {"history": "[]"},
    {"history": 3},
    {"sessions": "x"},
    {"model": {}},
    {"optimizer": 3},
    {"rng": "x"},
]


def spoilt(state: dict[str, Any], part: str) -> dict[str, Any]:
    """A checkpoint's state with other tensors in one of its parts."""
    if part == "weights":
        weights = {name: value.clone() for name, value in state["model"].items()}
        weights["linear.weight"][0, 0] = float("nan")
        return {"model": weights}
    buffers = {
        key: {"momentum_buffer": value["momentum_buffer"] * float("nan")}
        if part == "momentum"
        else {"momentum_buffer": value["momentum_buffer"].flatten()[:1]}
        for key, value in state["optimizer"]["state"].items()
    }
    return {"optimizer": {**state["optimizer"], "state": buffers}}


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ("weights", "its weight 'linear.weight' is not finite"),
        ("momentum", "its momentum '0' is not finite"),
        (
            "shape of the momentum",
            r"its momentum '0' is torch.float32 \(1,\), torch.strided, the model's is torch.float32",
        ),
    ],
)
def test_a_checkpoint_of_other_tensors_is_refused(workspace: Path, part: str, said: str) -> None:
    run = run_of("CE")
    with pytest.raises(Interrupted):
        trained(run, Watch(8, stop))
    path = workspace / paths.CHECKPOINTS / run.id / "checkpoint.pt"
    state = torch.load(path, weights_only=True)["state"]
    altered(path, **spoilt(state, part))
    with pytest.raises(UserError, match=rf"does not fit this run \({said}.*Delete .* again from"):
        trained(run, Watch())


def test_a_model_whose_numbers_are_not_finite_is_not_evaluated(workspace: Path) -> None:
    run = run_of("CE")
    trained(run, Watch())
    model = path_of(here(), run).with_name("model.pt")
    whole = model.read_bytes()
    state = torch.load(model, weights_only=True)["state"]
    history = state["history"].replace('"loss": ', '"loss": NaN, "was": ', 1)
    for changes in (spoilt(state, "weights"), {"history": history}):
        model.write_bytes(whole)
        altered(model, **changes)
        with pytest.raises(UserError, match=r"does not fit this run .*--force"):
            evaluate_model(inputs_of(run))


def test_a_state_that_makes_no_sense_is_refused(workspace: Path) -> None:
    with pytest.raises(Interrupted):
        trained(run_of(), Watch(8, stop))
    path = workspace / paths.CHECKPOINTS / run_of().id / "checkpoint.pt"
    whole = path.read_bytes()
    for changes in DAMAGED:
        path.write_bytes(whole)
        altered(path, **changes)
        with pytest.raises(UserError, match=r"does not fit this run .*Delete .* again from"):
            trained(run_of(), Watch())
    path.write_bytes(whole)
    trained(run_of(), Watch())


def test_a_model_that_is_not_trained_to_its_end_is_not_evaluated(workspace: Path) -> None:
    with pytest.raises(Interrupted):
        trained(run_of(), Watch(8, stop))
    path = workspace / paths.CHECKPOINTS / run_of().id / "checkpoint.pt"
    part = path.read_bytes()
    record = trained(run_of(), Watch())
    model = path_of(here(), run_of()).with_name("model.pt")
    whole = model.read_bytes()
    model.write_bytes(part)
    with pytest.raises(UserError, match=r"'optimizer': Extra inputs are not permitted.*--force"):
        evaluate_model(inputs_of(run_of()))
    damaged: list[dict[str, Any]] = [
        {"history": "x"},
        {"history": resume.as_text(record.result.history[:1])},
        {"seconds": "x"},
        {"model": {}},
        {"sessions": None},
    ]
    for changes in damaged:
        model.write_bytes(whole)
        altered(model, **changes)
        with pytest.raises(UserError, match=r"does not fit this run .*--force"):
            evaluate_model(inputs_of(run_of()))
    model.write_bytes(whole)
    assert evaluate_model(inputs_of(run_of())).digest == record.digest


def test_a_disk_that_fills_up_at_the_end_costs_no_training(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise UserError("no space left on the disk")

    with monkeypatch.context() as patch:
        patch.setattr(finish, "save_record", full)
        with pytest.raises(UserError, match="no space left"):
            trained(run_of(), Watch())
    going_on = Watch()
    trained(run_of(), going_on)
    assert going_on.steps == 0
    assert not list((workspace / paths.CHECKPOINTS).rglob("*.pt"))


def test_a_second_process_on_the_same_run_is_turned_away(workspace: Path) -> None:
    folder = workspace / paths.CHECKPOINTS / run_of().id
    folder.mkdir(parents=True)
    with (
        filelock.FileLock(folder / "lock"),
        pytest.raises(UserError, match="another process is training"),
    ):
        trained(run_of(), Watch())


def test_a_checkpoint_of_another_configuration_is_refused(workspace: Path) -> None:
    with pytest.raises(Interrupted):
        trained(run_of(), Watch(2, stop))
    mine = workspace / paths.CHECKPOINTS / run_of().id / "checkpoint.pt"
    other = workspace / paths.CHECKPOINTS / run_of(seed=1).id / "checkpoint.pt"
    other.parent.mkdir(parents=True)
    mine.rename(other)
    with pytest.raises(UserError, match="belongs to another configuration"):
        trained(run_of(seed=1), Watch())


def test_images_that_do_not_fit_are_to_be_streamed(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise MemoryError("std::bad_alloc")

    monkeypatch.setattr(session, "InMemory", full)
    with pytest.raises(UserError, match=r"do not fit.* -o resident_gigabytes=0"):
        trained(run_of(), Watch())
    trained(run_of(), Watch(), execution={"resident_gigabytes": 0})


def test_other_errors_of_torch_are_not_hidden(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: Any, draws: Any) -> torch.Tensor:
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    monkeypatch.setattr(train_step.Step, "__call__", broken)
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        trained(run_of(), Watch())


def test_a_results_folder_that_cannot_be_written_is_told_before_training(workspace: Path) -> None:
    (workspace / "results").mkdir()
    (workspace / "results" / "runs").write_text("a file in the way")
    progress = Watch()
    with pytest.raises(UserError, match="cannot write"):
        trained(run_of(), progress)
    assert progress.steps == 0


def test_a_clock_that_goes_back_does_no_harm(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "time", lambda: -1e9)
    assert trained(run_of(), Watch()).made.seconds > 0


def test_a_record_states_what_it_was_made_with(workspace: Path) -> None:
    record = trained(run_of(), Watch())
    assert record.config["recipe"]["epochs"] == 2
    assert record.config["method"]["f"] == 3
    assert record.config["method"]["theta"] == 0.2
    assert record.config["backbone"]["width"] == 4
    assert record.assumptions["A17"] == "0.0006"
    assert record.split.counts == (128, 83, 54, 35, 22, 14, 9, 6, 4, 2)
    assert len(record.result.history) == 2
    assert record.result.accuracy.last == record.result.history[-1].test_accuracy
    assert sum(map(sum, record.result.confusion)) == 500
    assert record.made.precision == "float32"


def test_a_model_is_evaluated_again_to_the_same_record(workspace: Path) -> None:
    first = trained(run_of(), Watch())
    path = path_of(here(), run_of())
    path.unlink()
    again = evaluate_model(inputs_of(run_of()))
    assert again.digest == first.digest
    assert again.made.seconds == first.made.seconds
    assert load_record(path) == again


def test_test_and_collapse_are_measured_as_often_as_the_recipe_says(workspace: Path) -> None:
    run = run_of("CE", epochs=5, test_every=2, collapse_every=3)
    history = trained(run).result.history
    tested = [e.epoch for e in history if e.test_accuracy is not None]
    measured = [e.epoch for e in history if e.collapse is not None]
    assert (tested, measured) == ([2, 4, 5], [1, 3, 5])
    assert load_record(path_of(here(), run)).result.accuracy.best_epoch in tested


def test_only_deterministic_kernels_give_the_same_numbers_here(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A CPU is deterministic anyhow."""
    try:
        bound = trained(run_of(), execution={"deterministic": True})
        assert torch.are_deterministic_algorithms_enabled()
    finally:
        torch.use_deterministic_algorithms(False)
    assert bound.digest == digest_of_whole(run_of())


@pytest.mark.parametrize(
    ("tau", "options", "said"),
    [
        (0.1, {}, "tau is 0.1 there, 0.02 here"),
        (0.02, {"split_seed": 1}, "split_seed is 1 there, 0 here"),
        (0.02, {"imbalance": "step"}, "imbalance is step there, exp here"),
    ],
)
def test_the_split_of_another_run_is_not_trained_on(
    workspace: Path, tau: float, options: dict[str, Any], said: str
) -> None:
    run = run_of()
    other = splits.make_split(here(), "digits", tau, SplitOptions(**options))
    other.save(workspace / run.split_folder)
    with pytest.raises(UserError, match="holds another split than this run draws.*Delete "):
        trained(run, Watch())
    assert not path_of(here(), run).exists()


def test_a_split_that_its_own_recipe_does_not_draw_is_not_trained_on(workspace: Path) -> None:
    run = run_of()
    drawn = splits.make_split(here(), "digits", 0.02)
    train_labels = datasets.load(here(), "digits", "train").labels
    chosen = np.flatnonzero(train_labels >= 0)[: len(drawn.indices)]
    labels = train_labels[chosen]
    dataclasses.replace(drawn, indices=chosen, labels=labels).save(workspace / run.split_folder)
    with pytest.raises(UserError, match="holds another split than this run draws"):
        trained(run, Watch())
