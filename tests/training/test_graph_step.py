"""The recorded step, on a CPU that plays a GPU: its operations are noted once and done again."""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import pytest
import torch
from conftest import here
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten
from watching import Watch, inputs_of

from ncmc.errors import UserError
from ncmc.methods import Method
from ncmc.plan.run import Run, make_run, resolve_run
from ncmc.training import build, failures
from ncmc.training.batches import InMemory
from ncmc.training.draws import plan_epoch, steps_per_epoch
from ncmc.training.optimiser import make_optimizer, set_learning_rate
from ncmc.training.step import GraphStep, Step
from ncmc.training.train import train

CPU = torch.device("cpu")
IMAGES = 37  # batches of 16, 16 and 5
CLASSES = 4
EPOCHS = 6  # the last batch is recorded in the fourth


class Graph:
    """What a CUDA graph is: operations on fixed memory, which a replay does again, in place."""

    def __init__(self) -> None:
        self.operations: list[Callable[[], None]] = []

    def replay(self) -> None:
        """Do them again."""
        with torch.no_grad():
            for operation in self.operations:
                operation()


class Noting(TorchDispatchMode):
    """Notes every operation with the tensors that it read and wrote."""

    def __init__(self, graph: Graph) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.graph = graph

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        assert func is not torch.ops.aten._local_scalar_dense.default, "a step waits for the device"
        made = func(*args, **kwargs)
        read = {id(leaf) for leaf in tree_flatten((args, kwargs))[0]}
        results = [leaf for leaf in tree_flatten(made)[0] if isinstance(leaf, torch.Tensor)]
        storages = {
            leaf.untyped_storage().data_ptr()
            for leaf in tree_flatten((args, kwargs))[0]
            if isinstance(leaf, torch.Tensor)
        }

        def again() -> None:
            new = tree_flatten(func(*args, **kwargs))[0]
            fresh = [leaf for leaf in new if isinstance(leaf, torch.Tensor)]
            for there, leaf in zip(results, fresh, strict=True):
                view = there.untyped_storage().data_ptr() in storages
                if id(there) not in read and not view:
                    there.copy_(leaf)

        self.graph.operations.append(again)
        return made


class Card:
    """torch.cuda's words for graphs, played; what was asked of them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.streams: list[object] = []  # on which something was recorded
        self.kept: list[torch.Tensor] = []  # that a recording must leave as it was
        stream = type("Stream", (), {"wait_stream": lambda *_: None})
        monkeypatch.setattr(torch.cuda, "Stream", lambda *_: stream())
        monkeypatch.setattr(torch.cuda, "current_stream", lambda *_: stream())
        monkeypatch.setattr(torch.cuda, "stream", lambda *_: nullcontext())
        monkeypatch.setattr(torch.cuda, "graph_pool_handle", lambda: (0, 1))
        monkeypatch.setattr(torch.cuda, "CUDAGraph", Graph)
        monkeypatch.setattr(torch.cuda, "graph", self.graph)

    @contextmanager
    def graph(self, graph: Graph, pool: Any, stream: object = None) -> Iterator[None]:
        """Note what is done, and undo it: a recording does nothing."""
        self.streams.append(stream)
        before = [tensor.detach().clone() for tensor in self.kept]
        with Noting(graph):
            yield
        with torch.no_grad():
            for tensor, value in zip(self.kept, before, strict=True):
                tensor.copy_(value)


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch, unchecked: None) -> Card:
    """A played GPU. Checks of shapes are off: they would read values while a step is recorded."""
    return Card(monkeypatch)


def parts(kind: type[Step], run: Run) -> tuple[Method, torch.optim.SGD, Step, InMemory]:
    """A small model and its step, always from the same weights and images."""
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (IMAGES, 8, 8, 1), dtype=torch.uint8, generator=generator)
    recipe = resolve_run(here(), run).recipe
    model = build.build_model(here(), run, [12, 10, 9, 6], 8, 1)
    optimizer = make_optimizer(model, recipe, CPU)
    for group in optimizer.param_groups:  # as on a GPU
        group["lr"], group["fused"] = torch.tensor(group["lr"]), True
    data = InMemory(images, torch.arange(IMAGES) % CLASSES, recipe, CPU)
    model.train()
    return model, optimizer, kind(model, optimizer, data, torch.float32, CPU), data


def trained(kind: type[Step], run: Run, card: Card) -> tuple[list[float], dict[str, Any], Step]:
    """Losses and weights after some epochs, each at a rate of its own."""
    model, optimizer, step, data = parts(kind, run)
    recipe = resolve_run(here(), run).recipe
    losses = []
    for epoch in range(1, EPOCHS + 1):
        plan = plan_epoch(data.labels, recipe, 0, epoch)
        set_learning_rate(optimizer, 0.1 / epoch)
        for number in range(steps_per_epoch(len(data), recipe)):
            momenta = [state["momentum_buffer"] for state in optimizer.state.values()]
            card.kept = [*model.parameters(), *model.buffers(), *momenta]
            losses.append(step(plan.at(number)))
    return [float(loss) for loss in losses], copy.deepcopy(model.state_dict()), step


@pytest.mark.parametrize(("method", "mixup"), [("CE", False), ("SETF", True), ("CAL", True)])
def test_replayed_steps_are_the_plain_ones(card: Card, method: str, mixup: bool) -> None:
    options = {"batch_size": 16, "width": 4, "mixup": mixup} | ({"f": 4} if method == "CAL" else {})
    run = make_run("digits", 0.5, "resnet8", method, options, project=here())
    plain, weights, _ = trained(Step, run, card)
    losses, recorded, step = trained(GraphStep, run, card)
    assert isinstance(step, GraphStep)
    assert {images for images, _ in step.graphs} == {16, 5}
    assert losses == pytest.approx(plain, rel=1e-5)
    for name, value in weights.items():
        torch.testing.assert_close(recorded[name], value, rtol=1e-4, atol=1e-5)


def test_each_model_records_on_a_stream_of_its_own(card: Card) -> None:
    run = make_run("digits", 0.5, "resnet8", "CE", {"batch_size": 16, "width": 4}, project=here())
    for _ in range(2):
        trained(GraphStep, run, card)
    assert None not in card.streams
    assert len(set(map(id, card.streams))) == 2


def test_graphs_are_dropped_when_a_run_ends(
    workspace: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[Step] = []
    monkeypatch.setattr(Step, "close", lambda self: closed.append(self))
    run = make_run("digits", 0.02, "resnet8", "CE", {"epochs": 1})
    train(inputs_of(run), Watch())
    assert len(closed) == 1


def test_closing_drops_the_graphs(card: Card) -> None:
    run = make_run("digits", 0.5, "resnet8", "CE", {"batch_size": 16, "width": 4}, project=here())
    step = trained(GraphStep, run, card)[2]
    assert isinstance(step, GraphStep)
    assert step.graphs
    step.close()
    assert not step.graphs


def test_a_recording_that_ran_out_of_memory_is_out_of_memory() -> None:
    """It ends in the error of the recording, raised while the true one is handled."""
    with pytest.raises(UserError, match="too large"), failures.explain_out_of_memory("too large"):
        try:
            raise torch.OutOfMemoryError("CUDA out of memory")
        finally:
            raise RuntimeError("operation failed due to a previous error during capture")


@pytest.mark.parametrize("library", ["CUBLAS", "CUDNN"])
def test_a_library_without_memory_is_out_of_memory(library: str) -> None:
    with pytest.raises(UserError, match="too large"), failures.explain_out_of_memory("too large"):
        raise RuntimeError(f"CUDA error: {library}_STATUS_ALLOC_FAILED when calling")


def test_another_error_of_a_recording_stays_what_it_is() -> None:
    with (
        pytest.raises(RuntimeError, match="capturing"),
        failures.explain_out_of_memory("too large"),
    ):
        raise RuntimeError("operation not permitted when stream is capturing")
