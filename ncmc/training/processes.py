"""The processes that train one run together, as torchrun starts them; one alone is a team of one."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor

from ncmc.errors import UserError, first_line

TIMEOUT = timedelta(minutes=10)  # after which a process that does not answer counts as gone
T = TypeVar("T")


class Team:
    """Rank of this process and number of processes, and what they do together.

    Every method but `rows` and `batch_rows` is called by all processes at the same point of the program.
    """

    def __init__(self, rank: int = 0, size: int = 1, here: int = 1) -> None:
        self.rank = rank
        self.size = size
        self.here = here  # processes of the team on this machine
        self.repeats = False  # in a step whose whole batch each process has: too small to share

    @property
    def leads(self) -> bool:
        """Whether this process writes, locks and reports."""
        return self.rank == 0

    def rows(self, n: int) -> slice:
        """Which of n rows are this process's: consecutive, the first n % size one row longer."""
        each, more = divmod(n, self.size)
        start = self.rank * each + min(self.rank, more)
        return slice(start, start + each + (self.rank < more))

    def batch_rows(self, n: int) -> slice:
        """`rows` of a batch; all of it, for each process, where some would have none."""
        return slice(0, n) if n < self.size else self.rows(n)

    def total(self, values: Tensor) -> Tensor:
        """The sum over the processes, for each; of a batch that each has whole, the values."""
        if self.size > 1 and not self.repeats:
            values = values.clone()
            dist.all_reduce(values)
        return values

    def gather(self, part: Tensor) -> Tensor:
        """The parts (n_r, ...) of all processes one after the other, (sum of n_r, ...)."""
        if self.size == 1:
            return part
        own = torch.tensor([len(part)], device=part.device)
        lengths = [torch.zeros_like(own) for _ in range(self.size)]
        dist.all_gather(lengths, own)
        sizes = torch.cat(lengths).tolist()
        padded = part.new_zeros(max(sizes), *part.shape[1:])
        padded[: len(part)] = part
        parts = [torch.empty_like(padded) for _ in range(self.size)]
        dist.all_gather(parts, padded)
        return torch.cat([p[:n] for p, n in zip(parts, sizes, strict=True)])

    def most(self, *values: int) -> list[int]:
        """Each value's largest over the processes: a request of one is a request to all."""
        if self.size == 1:
            return list(values)
        found = torch.tensor(values)
        dist.all_reduce(found, dist.ReduceOp.MAX)
        return [int(value) for value in found]

    def agree(self, what: Mapping[str, str]) -> None:
        """Raises UserError, for all, unless every process says the same."""
        if self.size == 1:
            return
        told: list[Any] = [None] * self.size
        dist.all_gather_object(told, dict(what))
        for rank, other in enumerate(told):
            for key, first in told[0].items():
                if other[key] != first:
                    raise UserError(
                        "the processes of this training were not started with the same command: "
                        f"{key} is {first} in process 0 and {other[key]} in process {rank}."
                    )

    def lead(self, work: Callable[[], T]) -> T:
        """`work` done by the first process: its result for all, or its UserError."""
        if self.size == 1:
            return work()
        told: list[Any] = [None]
        if self.leads:
            try:
                told = [(work(), None)]
            except UserError as error:
                dist.broadcast_object_list([(None, error)], src=0)
                raise
        dist.broadcast_object_list(told, src=0)
        result, failure = told[0]
        if failure is not None:
            raise failure
        return result


ALONE = Team()


@contextmanager
def joined(device: torch.device) -> Iterator[tuple[Team, torch.device]]:
    """This process's team, by torchrun's environment, and its device.

    Without torchrun, or with one process: `ALONE`. Processes talk through nccl on GPUs, each with
    one of its own, and through gloo on a CPU. Raises UserError if there are too few GPUs, or if
    another process is gone.
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1 or "RANK" not in os.environ:
        yield ALONE, device
        return
    rank, local = int(os.environ["RANK"]), int(os.environ.get("LOCAL_RANK", "0"))
    if device.type == "cuda":
        if local >= torch.cuda.device_count():
            raise UserError(
                f"process {local} of this machine has no GPU of its own: there are "
                f"{torch.cuda.device_count()}. Start as many as there are: "
                "torchrun --nproc-per-node gpu."
            )
        device = torch.device("cuda", local)
        torch.cuda.set_device(device)
    # gloo beside nccl: numbers on the host (who asked to stop, results) do not wait for the GPU
    backend = "cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo"
    with _partners_alive():
        own = not dist.is_initialized()  # a program that trains run after run may keep its group
        if own:
            dist.init_process_group(backend, timeout=TIMEOUT, rank=rank, world_size=size)
        try:
            yield Team(rank, size, int(os.environ.get("LOCAL_WORLD_SIZE", "1"))), device
            dist.barrier()  # so that none leaves while another still needs it
        finally:
            if own:
                dist.destroy_process_group()


@contextmanager
def _partners_alive() -> Iterator[None]:
    """What gloo and nccl raise when a process is gone or silent, in plain words."""
    try:
        yield
    except RuntimeError as error:
        text = str(error)
        if not isinstance(error, dist.DistError) and "gloo" not in text and "NCCL" not in text:
            raise
        raise UserError(
            f"another process of this training is gone, or gave no answer for "
            f"{TIMEOUT.total_seconds():.0f} s ({first_line(error)} ...). The last checkpoint is kept; "
            "the same command goes on from it."
        ) from error
