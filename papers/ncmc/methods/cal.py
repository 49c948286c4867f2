"""CAL, the "class-aware loss" (Sec. 3.5, App. F.1): AL, but the rarer the class, the more centers."""

from dataclasses import dataclass
from typing import Any

from ncmc.formulas import frames
from ncmc.methods._checks import check_choice
from ncmc.methods._fixed_frame import MultiCenter


class CAL(MultiCenter):
    """The cosine regression loss with f_k from the class-aware strategy."""

    @dataclass(frozen=True)
    class Options(MultiCenter.Options):
        """What can be set, and where each default comes from.

        f: expansion factor; 20 (Table 1); at least 2 here.
        f_counts: what f counts (A25): "released": the rows of W0 and V, so that sum_k f_k = (f-1)K
            and the frame needs f*K dimensions; "printed": the centers alone, sum_k f_k = f*K, and
            (f+1)K dimensions (Def. 3.2).
        theta: angle of the frame in radians, 0 to pi/2; 0.2 (Table 1).
        lam: weight of (|h| - 1)^2; 6e-4 (App. F.1, A17).
        order: "ascending", as the released loss does, or "descending" (Sec. 3.5, A16).
        reduce: "sum" or "mean" over the centers of a class (A15).
        linear: the extra linear layer, as wide as the backbone or, if that is more, as the frame
            needs: "always", "needed" or "never" (A12).
        prediction_bn: "frozen": statistics collected in training, used only to predict; "affine":
            trained with its affine map, and the loss sees BN(h); "none" (A14).
        normalise: "none"; "l2": the backbone output is h/|h| (SVHN, STL-10); "l2_bn": it is
            BN(h/|h|) (DenseNet) (App. F.1).
        axes: the frame lies along coordinate axes: no matrix, loss in O(B d). Training is the same
            in distribution; prediction is not, because BN acts per coordinate. Ours, off.
        """

        order: str = "ascending"

        least_f = 2

        def __post_init__(self) -> None:
            super().__post_init__()
            check_choice("order", self.order, frames.ORDERS)

    def share_out(self, options: Any) -> list[int]:
        return frames.class_aware_counts(self.counts, options.f, options.order, options.f_counts)
