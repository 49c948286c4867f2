"""RBL-LA: RBL with its scores adjusted by the class frequencies after training (Gao et al. 2023)."""

from dataclasses import dataclass

from torch import Tensor

from ncmc.formulas import rebalanced
from ncmc.methods import rbl
from ncmc.methods._checks import check_number


class RBL_LA(rbl.RBL):
    """Scores z_k - strength * log(n_k / N) on a trained RBL model."""

    trained_as = "RBL"

    @dataclass(frozen=True)
    class Options(rbl.RBL.Options):
        """As for RBL, and strength; 1, as the authors have it."""

        strength: float = 1.0

        def __post_init__(self) -> None:
            super().__post_init__()
            check_number("strength", self.strength, 0)

    def raw_scores(self, h: Tensor) -> Tensor:
        return rebalanced.adjusted(super().raw_scores(h), self.counts, self.options.strength)
