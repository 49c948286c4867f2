"""One run on several processes: each computes its rows of every batch, and all take the same step."""

from typing import Any

import torch
from torch import Tensor
from torch.nn.parallel import DistributedDataParallel

from ncmc.methods import Method
from ncmc.plan.recipes import Execution
from ncmc.training import distributed_norm, steps
from ncmc.training.batches import Draws, TrainingSet
from ncmc.training.processes import Team


class ParallelStep(steps.Step):
    """A step whose loss and gradients are those of one process with the whole batch."""

    def __init__(self, team: Team, model: Method, *others: Any) -> None:
        distributed_norm.synchronise(model, team)
        super().__init__(model, *others)
        self.team = team
        # statistics need no broadcast: every process computes those of the whole batch
        self.network = DistributedDataParallel(model, forward_sync_buffers=False)

    def __call__(self, draws: Draws, epoch: int) -> Tensor:
        """Train on one batch; the loss of the whole of it, the same on every process."""
        team, size = self.team, len(draws.order)
        rows = team.batch_rows(size)
        team.repeats = size < team.size
        # DDP takes the mean over processes; their rows of an uneven batch differ in number
        share = 1.0 if team.repeats else (rows.stop - rows.start) * team.size / size
        images, labels = self.data.batch(draws, rows)
        with steps.autocast(self.device, self.dtype):
            loss = share * self.network(images, labels, epoch)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        team.repeats = False
        return team.total(loss.detach()) / team.size


def make_step(
    team: Team,
    model: Method,
    optimizer: torch.optim.Optimizer,
    data: TrainingSet,
    dtype: torch.dtype,
    device: torch.device,
    execution: Execution,
) -> steps.Step:
    """`steps.make_step`, or the step of a team.

    A step is recorded as a CUDA graph only where it reads no file and waits for no other process.
    """
    if team.size == 1:
        if not data.resident:
            execution = execution.model_copy(update={"graphs": False})
        return steps.make_step(model, optimizer, data, dtype, device, execution)
    return ParallelStep(team, model, optimizer, data, dtype, device)
