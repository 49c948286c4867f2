"""The focal loss (Lin et al. 2017), as a softmax over classes and as K binary problems."""

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from ncmc.formulas.losses import in_full


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
