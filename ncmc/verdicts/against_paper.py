"""Our results against the numbers that the paper prints."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ncmc.paper.printed_numbers import Number
from ncmc.plan.grid import Table
from ncmc.results.cells import Cell
from ncmc.results.samples import moderated
from ncmc.results.shared_spread import as_printed
from ncmc.results.statistics import Difference, Sample, against_reported
from ncmc.results.wording import make_command
from ncmc.results.wording import printed as words
from ncmc.verdicts.check import gap, incomplete
from ncmc.verdicts.contrasts import estimate_numbers
from ncmc.verdicts.verdict import Finding, Status, Verdict, no_spread

SPLIT_A_SEED = "each seed has its own split here, and the paper's numbers are of one split"


def judge_number(
    printed: Number, cell: Cell, table: Table, others: Iterable[Number] = ()
) -> Verdict:
    """The verdict on one printed number, beside the others that the paper prints."""
    elsewhere = [Sample(n.value, n.std, n.n or 1) for n in others if n != printed]
    finding = compare(printed, cell, table.tolerance, table.seeds, elsewhere)
    finding = finding.model_copy(update={"cells": (cell.spec.run.configuration,)})
    return Verdict(
        id=printed.id,
        table=table.name,
        kind="number",
        status=finding.status,
        says=f"{cell.spec.label}: {words(printed)}",
        why=finding.why,
        where=printed.where,
        measure="best",
        source=f"tolerance {table.tolerance:g} points: config/grid.yaml",
        findings=(finding,),
        missing=finding.missing,
        remedy=make_command(table.name) if finding.missing else None,
        scale=table.scale,
        problems=finding.problems,
    )


def compare(
    printed: Number, cell: Cell, tolerance: float, seeds: int, elsewhere: Sequence[Sample] = ()
) -> Finding:
    """Our `best` accuracy against a printed number (A8), with the error of both sides.

    Two one-sided tests at the level alpha of the cell (Welch): holds if the interval of the
    difference at 1 - 2 alpha lies within `tolerance` points, differs if it lies outside. A number
    that is printed with a deviation alone is taken to be of `seeds` runs; `elsewhere` are the paper's
    other numbers (shared_spread.as_printed). Not testable where each seed has its own split: the
    difference would hold the paper's one draw, which nobody knows.
    """
    if cell.spec.split_per_seed:
        return Finding(label=cell.spec.label, status="not testable", why=SPLIT_A_SEED)
    label, ours = cell.spec.label, moderated(cell, "best")
    if (lacking := gap(label, "best", cell)) or ours is None:
        return lacking or incomplete(label, [cell])
    runs = printed.n or (1 if printed.std is None else seeds)
    theirs, assumed = as_printed(Sample(printed.value, printed.std, runs), ours, elsewhere)
    told = _Compared(ours, theirs, cell.alpha)
    status = told.status(tolerance)
    if printed.n is None and printed.std is not None:
        assumed = (f"{seeds} seeds", *assumed)
    assumption = ", ".join(assumed)
    difference = told.difference
    return Finding(
        label=label,
        status=status,
        why=told.words(tolerance, assumption),
        numbers=estimate_numbers(difference, ours.n, 1 - 2 * cell.alpha)
        | {
            "p_equivalent": difference.p_equivalent(tolerance),
            "p_different": difference.p_different(),
            "tolerance": tolerance,
            "within_printed": abs(difference.mean) <= tolerance,
            "assumed": assumption,
        },
    )


@dataclass(frozen=True)
class _Compared:
    """Ours and theirs, each with its error."""

    ours: Sample
    theirs: Sample
    alpha: float

    @property
    def difference(self) -> Difference:
        return against_reported(self.ours, self.theirs)

    def status(self, tolerance: float) -> Status:
        interval = self.difference.interval(1 - 2 * self.alpha)
        if interval is None:
            return "inconclusive"
        low, high = interval
        if -tolerance < low and high < tolerance:
            return "holds"
        return "differs" if low > tolerance or high < -tolerance else "inconclusive"

    def words(self, tolerance: float, assumed: str) -> str:
        """`0.3 below the paper's 80.6 (90 %: -1.1 to 0.5, both sides' seeds counted): within 1`."""
        mean, printed = self.difference.mean, f"{self.theirs.mean:g}"
        level = 1 - 2 * self.alpha
        interval = self.difference.interval(level)
        digits = 1
        if interval:
            near = any(round(abs(end), 1) == round(tolerance, 1) for end in interval)
            digits = 2 if near else 1
            ends = " to ".join(f"{end:.{digits}f}".replace("-", "−") for end in interval)
            spread = f"{100 * level:.3g} %: {ends}, both sides' seeds counted"
        else:
            spread = no_spread(self.ours.n)
        spread += f"; assumed: {assumed}" if assumed else ""
        within = f"within {tolerance:g} point{'' if tolerance == 1 else 's'}"
        status = {"holds": within, "differs": f"not {within}"}
        decided = status.get(self.status(tolerance), f"not decided whether {within}")
        itself = "is" if abs(mean) <= tolerance else "is not"
        return (
            f"{abs(mean):.{digits}f} {'above' if mean > 0 else 'below'} the paper's {printed} "
            f"({spread}): {decided}. Our mean {itself} {within} of {printed} itself"
        )
