"""TAU-NORM: CE's classifier with its rows scaled to equal length (Kang et al. 2020, tau-normalised)."""

from dataclasses import dataclass

from torch import Tensor

from ncmc.methods import ce
from ncmc.methods._checks import check_number


class TAU_NORM(ce.CE):
    """Scores <w_k / |w_k|^power, h>, without the bias, on the features of a trained CE model."""

    trained_as = "CE"

    @dataclass(frozen=True)
    class Options(ce.CE.Options):
        """power: their tau, which they choose on a validation set; 1 scales every row to length 1."""

        power: float = 1.0

        def __post_init__(self) -> None:
            check_number("power", self.power, 0)

    def raw_scores(self, h: Tensor) -> Tensor:
        return h @ self.classifier().T

    def classifier(self) -> Tensor:
        rows = self.linear.weight
        return rows / rows.norm(dim=1, keepdim=True) ** self.options.power
