"""SGD, and the setting of its rate and momenta."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any, cast

import torch
from torch import Tensor
from torch.optim.optimizer import Optimizer

from ncmc.methods import Method
from ncmc.plan.recipes import Recipe
from ncmc.training.checkpoint import check_tensors


def _unguarded(method: Callable[..., Any]) -> Callable[..., Any]:
    """A method of torch's optimisers without its guard for torch.compile."""
    return cast("Callable[..., Any]", inspect.unwrap(method))


class SGD(torch.optim.SGD):
    """torch.optim.SGD, without the guards that import torch._dynamo: a second of every start.

    They are for optimisers inside a compiled region; here only the network is ever compiled. The
    arithmetic is torch's own.
    """

    add_param_group = _unguarded(Optimizer.add_param_group)
    zero_grad = _unguarded(Optimizer.zero_grad)
    state_dict = _unguarded(Optimizer.state_dict)
    load_state_dict = _unguarded(Optimizer.load_state_dict)
    step = torch.no_grad()(_unguarded(torch.optim.SGD.step))


def make_optimizer(model: Method, recipe: Recipe, device: torch.device) -> SGD:
    """SGD with momentum and weight decay on every trainable parameter."""
    # On a GPU the rate is a tensor there, so that a captured step reads its new value.
    rate = torch.tensor(recipe.lr, device=device) if device.type == "cuda" else recipe.lr
    return SGD(
        [p for p in model.parameters() if p.requires_grad],
        lr=rate,
        momentum=recipe.momentum,
        weight_decay=recipe.weight_decay,
        fused=device.type == "cuda" or None,
    )


def restore_momenta(optimizer: torch.optim.Optimizer, saved: Mapping[int, Tensor | None]) -> None:
    """Load the momentum of parameters, by their place; the settings stay those of the recipe.

    Raises ValueError for one that is not of its parameter's shape and dtype, or not finite.
    """
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    momenta = {str(at): momentum for at, momentum in saved.items() if momentum is not None}
    own = {str(at): p for at, p in enumerate(parameters) if str(at) in momenta}
    check_tensors("momentum", momenta, own)
    for at, momentum in momenta.items():
        optimizer.state[own[at]]["momentum_buffer"] = momentum.to(own[at].device)


def set_learning_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Set the rate of every parameter group, in place where it is a tensor."""
    for group in optimizer.param_groups:
        if isinstance(group["lr"], Tensor):
            group["lr"].fill_(rate)
        else:
            group["lr"] = rate
