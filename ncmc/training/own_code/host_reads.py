"""Where code reads a tensor's value on the host, which a compiled or recorded step cannot do."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from ncmc.errors import UserError

READING = {"item", "tolist", "numpy", "cpu", "__array__", "nonzero", "argwhere", "unique"} | {
    "__bool__", "__int__", "__float__", "__index__", "masked_select", "bincount", "equal", "allclose"
}  # fmt: skip


class NoHostReads(TorchFunctionMode):
    """While active, raises UserError where a value of a tensor is needed on the host.

    So does a choice of elements by a mask: how many there are is known on the host alone.
    """

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        name = getattr(func, "__name__", "")
        chosen = args[1] if name in ("__getitem__", "__setitem__") and len(args) > 1 else None
        masks = chosen if isinstance(chosen, tuple) else (chosen,)
        if any(isinstance(mask, Tensor) and mask.dtype == torch.bool for mask in masks):
            raise UserError("elements are chosen by a mask, whose number only the host knows")
        if name in READING or (name == "where" and len(args) == 1):
            raise UserError(f"{name.strip('_')}() reads a tensor's value on the host")
        return func(*args, **(kwargs or {}))
