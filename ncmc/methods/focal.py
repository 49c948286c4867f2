"""FOCAL: the focal loss (Lin et al. 2017), which weighs an image down the surer the network is."""

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from ncmc.formulas.losses import in_full
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
        self.form = focal if options.form == "softmax" else sigmoid_focal

    def criterion(self, h: Tensor, labels: Tensor) -> Tensor:
        return self.form(self.linear(h), labels, self.focusing)


def focal(
    logits: Float[Tensor, "B K"], labels: Int[Tensor, " B"], gamma: float
) -> Float[Tensor, ""]:
    """The batch mean of -(1 - p)^gamma log p, p the softmax probability of the own class.

    Lin et al. 2017, Eq. 4, for more than two classes. Cross-entropy at gamma = 0. The factor is
    exp(gamma log(1 - p)), 1 - p from the other logits: its gradient is finite at p = 1 too.
    """
    z = in_full(logits)
    own = _own(z, labels)
    everything = z.logsumexp(1)
    log_p = torch.where(own, z, 0).sum(1) - everything
    log_rest = z.masked_fill(own, -torch.inf).logsumexp(1) - everything  # log(1 - p)
    return -((gamma * log_rest).exp() * log_p).mean()


def sigmoid_focal(
    logits: Float[Tensor, "B K"], labels: Int[Tensor, " B"], gamma: float
) -> Float[Tensor, ""]:
    """The batch mean of sum_k -(1 - p_k)^gamma log p_k over K yes-or-no problems.

    p_k is the probability given to the right answer about class k: sigmoid(z_k) for the own class,
    sigmoid(-z_k) for another. The form of Lin et al. 2017 and of Cui et al. 2019.
    """
    z = in_full(logits)
    right = torch.where(_own(z, labels), z, -z)
    return -((gamma * F.logsigmoid(-right)).exp() * F.logsigmoid(right)).sum(1).mean()


def _own(logits: Float[Tensor, "B K"], labels: Int[Tensor, " B"]) -> Tensor:
    return labels[:, None] == torch.arange(logits.shape[1], device=logits.device)
