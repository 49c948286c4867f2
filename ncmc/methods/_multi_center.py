"""What AL and CAL share beside the frame: cosine regression onto its centers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ncmc.backbones import Backbone
from ncmc.formulas import losses
from ncmc.methods._checks import check_choice, check_number
from ncmc.methods._fixed_frame import FixedFrame


class MultiCenter(FixedFrame):
    """The loss of Eq. 34 as trained in App. F.1."""

    @dataclass(frozen=True)
    class Options(FixedFrame.Options):
        """See ncmc.methods.cal for what each is, and where its default comes from."""

        lam: float = 6e-4
        reduce: str = "sum"

        def __post_init__(self) -> None:
            super().__post_init__()
            check_number("lam", self.lam, 0)
            check_choice("reduce", self.reduce, ("sum", "mean"))

    def __init__(
        self,
        backbone: Backbone,
        counts: Sequence[int],
        options: Any,
        generator: torch.Generator | None,
    ) -> None:
        super().__init__(backbone, counts, options, generator)
        self.lam, self.reduce = options.lam, options.reduce

    def criterion(self, h: Tensor, labels: Tensor) -> Tensor:
        return losses.frame_regression(
            h,
            labels,
            self.basis,
            self.n_classes,
            self.center_class,
            self.theta,
            self.lam,
            self.reduce,
        )
