"""The processes that train one run together, as torchrun starts them; one alone is a group of one."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor

from ncmc.errors import UsageError, UserError, first_line, shortened

TIMEOUT = timedelta(minutes=10)  # after which a process that does not answer counts as gone
T = TypeVar("T")


class ProcessGroup:
    """Rank of this process and number of processes, and what they do together.

    Every method but `rows` is called by all processes at the same point of the program.
    """

    def __init__(self, rank: int = 0, size: int = 1, on_this_machine: int = 1) -> None:
        self.rank = rank
        self.size = size
        self.on_this_machine = on_this_machine  # processes of the group there

    @property
    def is_first(self) -> bool:
        """Whether this process writes, locks and reports."""
        return self.rank == 0

    def rows(self, n: int) -> slice:
        """Which of n rows are this process's: consecutive, the first n % size one row longer."""
        each, more = divmod(n, self.size)
        start = self.rank * each + min(self.rank, more)
        return slice(start, start + each + (self.rank < more))

    def total(self, values: Tensor) -> Tensor:
        """The sum over the processes, for each."""
        if self.size > 1:
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

    def max(self, *values: int) -> list[int]:
        """Each value's largest over the processes: a request of one is a request to all."""
        if self.size == 1:
            return list(values)
        largest = torch.tensor(values)
        dist.all_reduce(largest, dist.ReduceOp.MAX)
        return [int(value) for value in largest]

    def require_equal(self, what: Mapping[str, str]) -> None:
        """Raises UserError, for all, unless every process says the same."""
        if self.size == 1:
            return
        told: list[Any] = [None] * self.size
        dist.all_gather_object(told, dict(what))
        for rank, other in enumerate(told):
            for key, first in told[0].items():
                if other[key] != first:
                    raise UserError(
                        "the processes of this run were not started with the same command: "
                        f"{key} is {first} in process 0 and {other[key]} in process {rank}."
                    )

    def on_first(self, work: Callable[[], T]) -> T:
        """`work` done by the first process: its result for all, or its UserError."""
        if self.size == 1:
            return work()
        told: list[Any] = [None]
        if self.is_first:
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


ONE_PROCESS = ProcessGroup()


@contextmanager
def joined(device: torch.device) -> Iterator[tuple[ProcessGroup, torch.device]]:
    """This process's group, by torchrun's environment, and its device.

    Without torchrun, or with one process: `ONE_PROCESS`. Processes talk through nccl on GPUs, each
    with one of its own, and through gloo on a CPU. Raises UserError if there are too few GPUs, or if
    another process is gone; UsageError if the environment makes no sense.
    """
    size = _from_torchrun("WORLD_SIZE", 1, least=1)
    if size == 1 or "RANK" not in os.environ:
        yield ONE_PROCESS, device
        return
    rank, local = _from_torchrun("RANK", 0, most=size - 1), _from_torchrun("LOCAL_RANK", 0)
    on_this_machine = _from_torchrun("LOCAL_WORLD_SIZE", 1, least=1)
    _check_address()
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
            yield ProcessGroup(rank, size, on_this_machine), device
            dist.barrier()  # so that none leaves while another still needs it
        finally:
            if own:
                dist.destroy_process_group()


def _from_torchrun(name: str, default: int, *, least: int = 0, most: int | None = None) -> int:
    """A whole number of the environment that torchrun sets."""
    text = os.environ.get(name, str(default)).strip()
    value = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
    if value is None or value < least or (most is not None and value > most):
        allowed = f"a whole number from {least}" + ("" if most is None else f" to {most}")
        raise UsageError(
            f"the environment variable {name} is '{shortened(text)}'; allowed: {allowed}. torchrun "
            f"sets it for each process it starts. To train with one process: unset {name}."
        )
    return value


def _check_address() -> None:
    """Raises UsageError unless there is an address where the processes can meet."""
    missing = [name for name in ("MASTER_ADDR", "MASTER_PORT") if not os.environ.get(name)]
    if missing:
        raise UsageError(
            f"WORLD_SIZE and RANK are set, but not {' and '.join(missing)}: the processes do not know "
            "where to meet. Start them with torchrun, which sets all of these; to train with one "
            "process: unset WORLD_SIZE."
        )
    _from_torchrun("MASTER_PORT", 0, least=1, most=65535)


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
            f"another process of this run is gone, or gave no answer for "
            f"{TIMEOUT.total_seconds():.0f} s ({first_line(error)} ...). The last checkpoint is kept; "
            "run the same command to resume."
        ) from error
