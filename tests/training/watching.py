"""Small runs, and a Progress that a test can act through."""

from typing import Any

from ncmc.plan.run import Run, make_run
from ncmc.results.record import Epoch


class Watch:
    """A Progress that keeps the losses, and acts at a step."""

    def __init__(self, at: int | None = None, act: Any = None) -> None:
        self.losses: list[float | None] = []
        self.said: list[str] = []
        self.at, self.act = at, act

    def start(self, run: Run, epochs: int, steps: int, done_epochs: int, done_steps: int) -> None:
        self.began = (done_epochs, done_steps)

    def step(self, epoch: int, step: int, loss: float | None, images: int) -> None:
        self.losses.append(loss)
        if len(self.losses) == self.at:
            self.act()

    def epoch(self, entry: Epoch) -> None:
        pass

    def say(self, text: str) -> None:
        self.said.append(text)


def run_of(method: str, seed: int = 0, **options: Any) -> Run:
    """A run of two epochs on digits with a narrow network."""
    chosen = {"epochs": 2, "width": 4, **({"f": 3} if method in ("AL", "CAL") else {}), **options}
    return make_run("digits", 0.02, "resnet8", method, chosen, seed)
