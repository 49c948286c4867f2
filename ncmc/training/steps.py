"""One optimisation step, and the numerical precision it runs in."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor

from ncmc.errors import UsageError, UserError
from ncmc.methods import Method
from ncmc.plan.recipes import Execution, Recipe
from ncmc.system import hardware
from ncmc.training.batches import Draws, TrainingSet

SMALL_IMAGE = 16  # pixels: below this bfloat16 gains nothing
OF_THE_DEVICE = ("lr", "fused", "foreach")  # keys of a parameter group that no checkpoint changes


def pick_device(name: str | None = None) -> torch.device:
    """`name`, or the first CUDA device where there is one, or the CPU; a CUDA device has its index.

    Raises UsageError for another name, UserError where there are GPUs that torch cannot use: nobody
    should find out after a day that a CPU did the work.
    """
    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if not gpus and (name is None or name.startswith("cuda")) and (there := hardware.gpu_count()):
        raise UserError(
            f"this machine has {there} GPU{'s' * (there > 1)}, but torch cannot use "
            f"{'them' if there > 1 else 'it'}. Likely causes: the driver is too old for this torch "
            f"({torch.__version__}, CUDA {torch.version.cuda or 'none'}; `nvidia-smi` shows what "
            "the driver supports), the container was started without --nv (Docker: --gpus all), "
            "or torch is a build for CPUs only. To train on the CPU all the same: --device cpu, "
            "or for a whole workflow CUDA_VISIBLE_DEVICES='' before the command."
        )
    allowed = ["cpu", *(["cuda"] if gpus else []), *(f"cuda:{i}" for i in range(gpus))]
    if name is not None and name not in allowed:
        raise UsageError(
            f"device is '{name}'; allowed on this machine: {', '.join(allowed)}"
            f"{'' if gpus else ' (torch sees no GPU: ncmc doctor)'}."
        )
    if name == "cpu" or not gpus:
        return torch.device("cpu")
    return torch.device("cuda", torch.device(name or "cuda").index or 0)


def use_device(device: torch.device) -> None:
    """Make a GPU torch's current one: streams and graphs are made there, whatever tensors say.

    On another card than the current one a recorded graph would be empty, and train nothing.
    """
    if device.type == "cuda":
        torch.cuda.set_device(device)


def has_fast_bfloat16(device: torch.device) -> bool:
    """Whether the device multiplies bfloat16 matrices in hardware."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device)[0] >= 8
    flags = torch.cpu.get_capabilities()
    return bool(flags.get("amx_bf16") or flags.get("avx512_bf16"))


def pick_dtype(execution: Execution, device: torch.device, image_size: int) -> torch.dtype:
    """The dtype of convolutions and matrix products; loss and statistics are float32 always."""
    if execution.precision == "auto":
        fast = image_size >= SMALL_IMAGE and has_fast_bfloat16(device)
        return torch.bfloat16 if fast else torch.float32
    return torch.bfloat16 if execution.precision == "bfloat16" else torch.float32


def autocast(device: torch.device, dtype: torch.dtype) -> AbstractContextManager[Any]:
    """A context in which convolutions and matrix products run in `dtype`."""
    if dtype == torch.float32:
        return nullcontext()
    return torch.autocast(device.type, dtype)


def make_optimizer(model: Method, recipe: Recipe, device: torch.device) -> torch.optim.SGD:
    """SGD with momentum and weight decay on every trainable parameter."""
    # On a GPU the rate is a tensor there, so that a captured step reads its new value.
    rate = torch.tensor(recipe.lr, device=device) if device.type == "cuda" else recipe.lr
    return torch.optim.SGD(
        [p for p in model.parameters() if p.requires_grad],
        lr=rate,
        momentum=recipe.momentum,
        weight_decay=recipe.weight_decay,
        fused=device.type == "cuda" or None,
    )


def restore_optimizer(optimizer: torch.optim.Optimizer, state: Mapping[str, Any]) -> None:
    """Load a saved state, but keep what belongs to this device: the kernels, and the rate's tensor.

    The saved rate would replace the tensor that a recorded step reads, and no later rate would
    reach the step. The schedule sets its value before each epoch.
    """
    kept = [{key: group[key] for key in OF_THE_DEVICE} for group in optimizer.param_groups]
    optimizer.load_state_dict(dict(state))
    for group, own in zip(optimizer.param_groups, kept, strict=True):
        group.update(own)


def set_learning_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Set the rate of every parameter group, in place where it is a tensor."""
    for group in optimizer.param_groups:
        if isinstance(group["lr"], Tensor):
            group["lr"].fill_(rate)
        else:
            group["lr"] = rate


class Step:
    """One step: draws -> batch -> loss -> gradient -> SGD."""

    def __init__(
        self,
        model: Method,
        optimizer: torch.optim.Optimizer,
        data: TrainingSet,
        dtype: torch.dtype,
        device: torch.device,
    ):
        self.model = model
        self.optimizer = optimizer
        self.data = data
        self.dtype = dtype
        self.device = device

    def __call__(self, draws: Draws, epoch: int) -> Tensor:
        """Train on one batch; its loss, a 0-d tensor that is not waited for."""
        images, labels = self.data.batch(draws)
        with autocast(self.device, self.dtype):
            loss = self.model(images, labels, epoch)
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
        self.seen: dict[tuple[int, int], int] = {}
        self.graphs: dict[tuple[int, int], tuple[torch.cuda.CUDAGraph, Draws, Tensor]] = {}
        self.stream = torch.cuda.Stream(self.device)
        self.pool = torch.cuda.graph_pool_handle()

    def __call__(self, draws: Draws, epoch: int) -> Tensor:
        """Train on one batch; its loss, a 0-d tensor that is not waited for."""
        kind = (len(draws.order), self.model.stage(epoch))
        if kind not in self.graphs:
            self.seen[kind] = self.seen.get(kind, 0) + 1
            if self.seen[kind] <= self.EAGER:
                return self._aside(draws, epoch)
            self.graphs[kind] = self._record(draws, epoch)
        graph, read, loss = self.graphs[kind]
        for there, given in zip(read, draws, strict=True):
            there.copy_(given, non_blocking=True)
        graph.replay()
        return loss.clone()  # the next replay overwrites it

    def _aside(self, draws: Draws, epoch: int) -> Tensor:
        """A step on a stream of its own, as CUDA wants it before a recording."""
        self.stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self.stream):
            loss = super().__call__(draws, epoch)
        torch.cuda.current_stream().wait_stream(self.stream)
        return loss

    def _record(self, draws: Draws, epoch: int) -> tuple[torch.cuda.CUDAGraph, Draws, Tensor]:
        """Record a step without running it. The gradients are of the graph's own memory."""
        read = Draws(*(part.clone() for part in draws))
        graph = torch.cuda.CUDAGraph()
        self.optimizer.zero_grad(set_to_none=True)
        with torch.cuda.graph(graph, pool=self.pool):
            loss = super().__call__(read, epoch)
        return graph, read, loss


def make_step(
    model: Method,
    optimizer: torch.optim.Optimizer,
    data: TrainingSet,
    dtype: torch.dtype,
    device: torch.device,
    execution: Execution,
) -> Step:
    """The step for a device: recorded on a GPU, plain on a CPU; its network compiled if asked for."""
    if execution.compile:
        model.backbone.compile(dynamic=False)
    kind = GraphStep if device.type == "cuda" and execution.graphs else Step
    return kind(model, optimizer, data, dtype, device)
