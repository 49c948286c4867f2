"""The label-distribution-aware margin loss, LDAM (Cao et al. 2019)."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Float, Float64, Int
from torch import Tensor

from ncmc.errors import UsageError
from ncmc.formulas.losses import in_full


def ldam_margins(counts: Sequence[int], largest: float) -> Float64[Tensor, " K"]:
    """(K,) float64: margins proportional to n_k^(-1/4), scaled so that the largest is `largest`.

    The trade-off between the margins of two classes that minimises the error bound of Cao et al.
    2019 (Sec. 3.1). Raises UsageError for a class without images.
    """
    if min(counts) < 1:
        raise UsageError(
            f"class {list(counts).index(min(counts))} has {min(counts)} training images; "
            "LDAM's margins need 1 or more in every class."
        )
    n = torch.tensor(list(counts), dtype=torch.float64)
    return largest * (n / n.min()).pow(-0.25)


def ldam(
    cosines: Float[Tensor, "B K"],
    labels: Int[Tensor, " B"],
    margins: Float[Tensor, " K"],
    scale: float,
) -> Float[Tensor, " B"]:
    """(B,): cross-entropy on scale * z, z the cosines with the own class's margin taken off.

        -log( exp(s (z_y - m_y)) / (exp(s (z_y - m_y)) + sum_(j != y) exp(s z_j)) )

    cosines (B, K) between features and classifier; margins (K,); Cao et al. 2019, Sec. 3.2, with
    the scale s of their code.
    """
    z = in_full(cosines)
    own = labels[:, None] == torch.arange(z.shape[1], device=z.device)  # (B, K)
    return F.cross_entropy(
        scale * (z - torch.where(own, margins.to(z.dtype), 0)), labels, reduction="none"
    )
