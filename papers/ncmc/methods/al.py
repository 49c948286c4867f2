"""AL, the "average loss" (App. F.1): the cosine regression loss with equally many centers per class."""

from typing import Any

from ncmc.formulas import frames
from ncmc.methods._fixed_frame import MultiCenter


class AL(MultiCenter):
    """f_k = f - 1 as released, f as printed (A25). Options as for CAL, apart from `order`.

    With `f_counts: printed` f may be 1.
    """

    def share_out(self, options: Any) -> list[int]:
        return [frames.mean_count(options.f, options.f_counts)] * self.n_classes
