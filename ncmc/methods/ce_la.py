"""CE-LA: CE with its scores adjusted by the class frequencies after training (Menon et al. 2021)."""

from dataclasses import dataclass

from torch import Tensor

from ncmc.formulas import rebalanced
from ncmc.methods import ce
from ncmc.methods._checks import check_number


class CE_LA(ce.CE):
    """Scores z_k - strength * log(n_k / N) on a trained CE model."""

    trained_as = "CE"

    @dataclass(frozen=True)
    class Options(ce.CE.Options):
        """strength: their tau; 1, as they have it."""

        strength: float = 1.0

        def __post_init__(self) -> None:
            check_number("strength", self.strength, 0)

    def raw_scores(self, h: Tensor) -> Tensor:
        return rebalanced.adjusted(super().raw_scores(h), self.counts, self.options.strength)
