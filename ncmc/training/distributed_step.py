"""One run on several processes: each computes its rows of every batch, and all take the same step."""

import inspect
from typing import Any

import torch
from torch import Tensor
from torch.nn.parallel import DistributedDataParallel

from ncmc.methods import Labels, Method
from ncmc.plan.recipes import Execution
from ncmc.training import distributed_norm
from ncmc.training.batches import TrainingSet
from ncmc.training.draws import Draws, EpochPlan
from ncmc.training.precision import autocast
from ncmc.training.processes import ProcessGroup
from ncmc.training.step import Step
from ncmc.training.step import make_step as make_step_of_one


class ParallelStep(Step):
    """A step whose loss and gradients are those of one process with the whole batch.

    A batch with fewer images than processes is not shared: each process computes all of it.
    """

    def __init__(self, group: ProcessGroup, model: Method, *others: Any) -> None:
        distributed_norm.synchronise(model)
        super().__init__(model, *others)
        self.group = group
        # statistics need no broadcast: every process computes those of the whole batch
        switches: dict[str, Any] = {_buffer_broadcast(): False}
        # a stage may leave parameters without a gradient
        switches["find_unused_parameters"] = len(model.stages) > 1
        self.network = DistributedDataParallel(model, **switches)

    def start_epoch(self, plan: EpochPlan, step: int) -> EpochPlan:
        """As for one process, but only this process's rows are read ahead."""
        batches = [plan.at(number) for number in range(step, len(plan.mixup_weight))]
        self.data.read_ahead([b.take(self._rows(b)) if self._shares(b) else b for b in batches])
        return self.data.placed(plan)

    def __call__(self, draws: Draws) -> Tensor:
        """Train on one batch; the loss of the whole of it, the same on every process."""
        if not self._shares(draws):
            return self._step(*self.data.batch(draws, self.mixes))
        images, labels = self._batch(draws)
        # DDP takes the mean over processes; their rows of an uneven batch differ in number
        share = len(images) * self.group.size / len(draws.order)
        with distributed_norm.shared_batch(self.model, self.group):
            loss = self._step(images, labels, share)
        return self.group.total(loss) / self.group.size

    def _step(self, images: Tensor, labels: Labels, share: float = 1.0) -> Tensor:
        with autocast(self.device, self.dtype):
            loss = share * self.network(images, labels)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        return loss.detach()

    def _shares(self, draws: Draws) -> bool:
        return len(draws.order) >= self.group.size * self._views

    def _rows(self, draws: Draws) -> slice:
        """This process's images, each with all its views."""
        rows = self.group.rows(len(draws.order) // self._views)
        return slice(rows.start * self._views, rows.stop * self._views)

    @property
    def _views(self) -> int:
        return self.model.stages[self.model.stage].views

    def _batch(self, draws: Draws) -> tuple[Tensor, Labels]:
        """This process's rows of `TrainingSet.batch`; their partners may be any of the batch."""
        data, own = self.data, draws.take(self._rows(draws))
        images = data.read(own)
        draws, own = draws.to(images.device), own.to(images.device)
        floats, labels = data.augmented(images, own), data.labels[own.order]
        if not self.mixes:
            return floats, Labels(labels)
        partners = draws.take(own.partner)
        # on disk: each image is decoded by one process and seen by all that mix it in
        everywhere = data.in_memory
        others = data.read(partners) if everywhere else self.group.gather(images)[own.partner]
        mixed = torch.lerp(data.augmented(others, partners), floats, draws.mixup_weight)
        return mixed, Labels(labels, data.labels[partners.order], draws.mixup_weight)


def _buffer_broadcast() -> str:
    """The argument of DistributedDataParallel that broadcasts buffers: torch 2.12 renamed it."""
    arguments = inspect.signature(DistributedDataParallel).parameters
    return "forward_sync_buffers" if "forward_sync_buffers" in arguments else "broadcast_buffers"


def make_step(
    group: ProcessGroup,
    model: Method,
    optimizer: torch.optim.Optimizer,
    data: TrainingSet,
    dtype: torch.dtype,
    device: torch.device,
    execution: Execution,
) -> Step:
    """`ncmc.training.step.make_step`, or the step of several processes, which is never recorded."""
    if group.size == 1:
        return make_step_of_one(model, optimizer, data, dtype, device, execution)
    return ParallelStep(group, model, optimizer, data, dtype, device)
