"""One optimisation step: plain, or recorded as a CUDA graph."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ncmc.methods import Method
from ncmc.plan.recipes import Execution
from ncmc.training.batches import TrainingSet
from ncmc.training.draws import Draws
from ncmc.training.precision import autocast


@dataclass(eq=False)
class Step:
    """One step: draws -> batch -> loss -> gradient -> SGD."""

    model: Method
    optimizer: torch.optim.Optimizer
    data: TrainingSet
    dtype: torch.dtype
    device: torch.device

    @property
    def mixes(self) -> bool:
        """Whether batches are mixed (Mixup): by the recipe, and in the model's stage."""
        return self.data.recipe.mixup and self.model.stages[self.model.stage].mixup

    def close(self) -> None:
        """Give back what only steps need; there are no more of them."""

    def __call__(self, draws: Draws) -> Tensor:
        """Train on one batch; its loss, a 0-d tensor that is not waited for."""
        images, labels = self.data.batch(draws, self.mixes)
        with autocast(self.device, self.dtype):
            loss = self.model(images, labels)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        return loss.detach()


class GraphStep(Step):
    """The same step recorded once as a CUDA graph and replayed: one launch for hundreds of kernels.

    A graph has fixed shapes and addresses, so there is one for each batch size (the last batch of an
    epoch is smaller) and each stage of the method, and the draws are copied to where it reads them.
    The first steps of each kind run one by one: they are real steps, and let the libraries choose
    their algorithms before the recording.
    """

    EAGER = 3  # steps of a kind before it is recorded

    def __init__(self, *arguments: Any):
        super().__init__(*arguments)
        self.counts: dict[tuple[int, int], int] = {}
        self.graphs: dict[tuple[int, int], tuple[torch.cuda.CUDAGraph, Draws, Tensor]] = {}
        self.stream = torch.cuda.Stream(self.device)
        self.pool = torch.cuda.graph_pool_handle()

    def __call__(self, draws: Draws) -> Tensor:
        kind = (len(draws.order), self.model.stage)
        if kind not in self.graphs:
            self.counts[kind] = self.counts.get(kind, 0) + 1
            if self.counts[kind] <= self.EAGER:
                return self._aside(draws)
            self.graphs[kind] = self._record(draws)
        graph, read, loss = self.graphs[kind]
        for target, source in zip(read, draws, strict=True):
            target.copy_(source, non_blocking=True)
        graph.replay()
        return loss.clone()  # the next replay overwrites it

    def close(self) -> None:
        """Drop the graphs, now and not when Python gets to it.

        That clears the workspaces of cuBLAS, which those of another model would go on reading: in a
        process that trains several runs, the graphs of one are gone before the next records its own.
        """
        self.graphs.clear()

    def _aside(self, draws: Draws) -> Tensor:
        """A step on a stream of its own, as CUDA wants it before a recording."""
        self.stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self.stream):
            loss = super().__call__(draws)
        torch.cuda.current_stream().wait_stream(self.stream)
        return loss

    def _record(self, draws: Draws) -> tuple[torch.cuda.CUDAGraph, Draws, Tensor]:
        """Record a step without running it. The gradients are of the graph's own memory.

        On a stream of its own too: cuBLAS has a workspace a stream, and models that recorded on torch's
        common one would write into the same while their graphs run side by side.
        """
        read = Draws(*(part.clone() for part in draws))
        graph = torch.cuda.CUDAGraph()
        self.optimizer.zero_grad(set_to_none=True)
        with torch.cuda.graph(graph, pool=self.pool, stream=self.stream):
            loss = super().__call__(read)
        return graph, read, loss


def make_step(
    model: Method,
    optimizer: torch.optim.Optimizer,
    data: TrainingSet,
    dtype: torch.dtype,
    device: torch.device,
    execution: Execution,
) -> Step:
    """The step for a device; its network is compiled if asked for.

    On a GPU it is recorded if asked for, but only where a step reads no file.
    """
    if execution.compile:
        model.backbone.compile(dynamic=False)
    recorded = device.type == "cuda" and execution.graphs and data.in_memory
    kind = GraphStep if recorded else Step
    return kind(model, optimizer, data, dtype, device)
