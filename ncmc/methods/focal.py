"""FOCAL: the focal loss (Lin et al. 2017), which weighs an image down the surer the network is."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ncmc.formulas import focal
from ncmc.methods import ce
from ncmc.methods._checks import check_choice, check_number


class FOCAL(ce.CE):
    """CE whose terms are multiplied by (1 - p)^focusing, p the probability of the own class."""

    @dataclass(frozen=True)
    class Options(ce.CE.Options):
        """What can be set, and where each default comes from.

        focusing: the exponent, gamma in the paper (an option of that name is the learning rate's
            factor); 2 (the best of Lin et al. 2017; Zhang et al. 2021 on long-tailed CIFAR). The
            code of Cao et al. 2019 has 1. With "softmax", 0 is CE.
        form: "softmax", one probability over the classes (the code of Cao et al. 2019), or
            "sigmoid", the sum of K yes-or-no problems (Lin et al. 2017; Cui et al. 2019; Zhang et
            al. 2021).
        """

        focusing: float = 2.0
        form: str = "softmax"

        def __post_init__(self) -> None:
            check_number("focusing", self.focusing, 0)
            check_choice("form", self.form, ("softmax", "sigmoid"))

    def set_up(self, options: Any, generator: torch.Generator | None) -> None:
        super().set_up(options, generator)
        self.focusing = float(options.focusing)
        self.form = focal.focal if options.form == "softmax" else focal.sigmoid_focal

    def criterion(self, h: Tensor, labels: Tensor) -> Tensor:
        return self.form(self.linear(h), labels, self.focusing)
