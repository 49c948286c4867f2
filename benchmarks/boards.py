"""The whole board in worlds whose noise is not what the tests assume: how often it errs and decides.

    python -m benchmarks.boards                # the table of docs/verdicts.md, ~20 minutes
    python -m benchmarks.boards --worlds 5

Every check of the paper's claims about accuracies, as `ncmc verify` judges it (Holm over the clauses of
a claim), from three seeds at 5 %, where every claim is true and where all methods are equal. Beside
normal noise (benchmarks/verdicts.py has more of its kind): seeds that are lucky for every method; two
basins; machines that differ from cell to cell; seeds that get better with their number; seeds that a
method has its luck with at every tau and on every dataset; one method with a long tail to the bad side.
"""

import argparse
import json
import sys
from collections.abc import Callable, Mapping

import numpy as np

from benchmarks.verdict_worlds import (
    DEVIATION,
    DrawnCells,
    Truth,
    accuracy_checks,
    all_equal,
    all_true,
    drawn_cell,
)
from benchmarks.verdicts import TRUE_IF_EQUAL
from ncmc.plan.grid import CellSpec
from ncmc.plan.run import Run
from ncmc.project import Project
from ncmc.results.cells import Cell
from ncmc.results.record import Record
from ncmc.verdicts.check import Check
from ncmc.verdicts.judge import holm_over_clauses, judge
from ncmc.verdicts.verdict import Verdict

SEEDS = 3
Floats = np.ndarray
Luck = Callable[
    [CellSpec], Floats
]  # what the seeds of a cell have in common with others, in points
Noise = Callable[[np.random.Generator, Luck], Callable[[CellSpec], Floats]]


def normal(rng: np.random.Generator, luck: Luck) -> Callable[[CellSpec], Floats]:
    """Independent seeds of one deviation."""
    return lambda spec: rng.normal(0, DEVIATION, SEEDS)


def lucky(rng: np.random.Generator, luck: Luck) -> Callable[[CellSpec], Floats]:
    """Half of the variance is the seed's, for every method of a dataset and tau alike."""
    return lambda spec: (luck(spec) + rng.normal(0, DEVIATION, SEEDS)) / np.sqrt(2)


def basins(rng: np.random.Generator, luck: Luck) -> Callable[[CellSpec], Floats]:
    """Each seed ends in one of two basins, two deviations apart."""
    return lambda spec: (
        0.86 * DEVIATION * rng.choice([-1.0, 1.0], SEEDS) + rng.normal(0, DEVIATION / 2, SEEDS)
    )


def machines(rng: np.random.Generator, luck: Luck) -> Callable[[CellSpec], Floats]:
    """Each cell is trained on one of several machines, which move it by 0.3 points: no seed tells."""
    return lambda spec: rng.normal(0, 0.3) + rng.normal(0, DEVIATION, SEEDS)


def rising(rng: np.random.Generator, luck: Luck) -> Callable[[CellSpec], Floats]:
    """Each seed is 0.3 points better than the one before."""
    return lambda spec: 0.3 * (np.arange(SEEDS) - 1) + rng.normal(0, DEVIATION, SEEDS)


def in_all_settings(rng: np.random.Generator, luck: Luck) -> Callable[[CellSpec], Floats]:
    """Half of the variance is a seed's luck with a method, at every tau and on every dataset alike."""
    of_method: dict[str, Floats] = {}

    def noise(spec: CellSpec) -> Floats:
        shared = of_method.setdefault(spec.run.method, rng.normal(0, DEVIATION, SEEDS))
        return np.asarray((shared + rng.normal(0, DEVIATION, SEEDS)) / np.sqrt(2))

    return noise


def tail(rng: np.random.Generator, luck: Luck) -> Callable[[CellSpec], Floats]:
    """CAL has a long tail to the bad side (exponential), the others none; all of one deviation."""
    return lambda spec: (
        DEVIATION * (1 - rng.exponential(1, SEEDS))
        if spec.run.method == "CAL"
        else rng.normal(0, DEVIATION, SEEDS)
    )


NOISES: dict[str, Noise] = {
    "normal": normal, "lucky seeds": lucky, "two basins": basins, "machines": machines,
    "rising seeds": rising, "luck in all settings": in_all_settings, "a tail of one method": tail,
}  # fmt: skip


def drawn(
    project: Project, plain: Record, truth: Truth, noise: Noise, rng: np.random.Generator
) -> DrawnCells:
    """One world."""
    shared: dict[tuple[str, float], Floats] = {}

    def luck(spec: CellSpec) -> Floats:
        key = (spec.run.dataset, spec.run.tau)
        return shared.setdefault(key, rng.normal(0, DEVIATION, SEEDS))

    of = noise(rng, luck)

    def draw(spec: CellSpec, seeds: int) -> Cell:
        return drawn_cell(plain, spec, (truth(spec) + of(spec)).tolist())

    return DrawnCells(project, draw, (SEEDS,))


def judged(checks: list[Check], cells: DrawnCells) -> Mapping[str, Verdict]:
    """The verdicts on all checks, with Holm over the clauses of a claim."""
    verdicts = {check.id: judge(check, cells) for check in checks}
    for claim in dict.fromkeys(check.claim for check in checks):
        clauses = [check for check in checks if check.claim == claim]
        verdicts |= holm_over_clauses(clauses, verdicts, cells)
    return verdicts


def rates(project: Project, plain: Record, noise: Noise, worlds: int) -> dict[str, float]:
    """Per board: checks that hold and differ where all is true; where all are equal, the same."""
    rng, checks = np.random.default_rng(0), accuracy_checks(project)
    counts: dict[str, list[int]] = {}
    for _ in range(worlds):
        for name, truth in (("true", all_true), ("equal", all_equal)):
            verdicts = judged(checks, drawn(project, plain, truth, noise, rng))
            false = [n for n in verdicts if name == "true" or n not in TRUE_IF_EQUAL]
            for status in ("holds", "differs"):
                told = sum(verdicts[n].status == status for n in false)
                counts.setdefault(f"{name}: {status}", []).append(told)
    found = {name: float(np.mean(values)) for name, values in counts.items()}
    any_false = np.mean([n > 0 for n in counts["true: differs"]])
    return {**found, "true: share of boards with a false differs": float(any_false)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", type=int, default=40)
    worlds = parser.parse_args().worlds
    sys.path.insert(0, "tests")  # the records that tests make up; only their accuracies matter here
    import fakes

    project, plain = Project.find(), fakes.record(Run("cifar10", 0.005, "resnet50", "CE"), 50.0)
    found = {"checks": len(accuracy_checks(project)), "worlds": worlds}
    for name, noise in NOISES.items():
        print(json.dumps({name: rates(project, plain, noise, worlds)}), flush=True)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
