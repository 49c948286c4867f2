"""AL, the "average loss" (App. F.1): the cosine regression loss with f_k = f for every class."""

from typing import Any

from ncmc.methods._multi_center import MultiCenter


class AL(MultiCenter):
    """Options as for CAL, apart from `order`; f may be 1."""

    def share_out(self, options: Any) -> list[int]:
        return [options.f] * self.n_classes
