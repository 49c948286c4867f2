"""`chance`: an accuracy that guessing would reach."""

from typing import Literal

from ncmc.results.cells import Cell
from ncmc.results.statistics import against, chance_interval, sample
from ncmc.results.wording import plural
from ncmc.verdicts.check import EachCell
from ncmc.verdicts.contrasts import estimate_numbers
from ncmc.verdicts.verdict import Finding


class Chance(EachCell):
    """The accuracy after the last epoch is what classes named at random would reach."""

    kind: Literal["chance"]
    measure: Literal["last"] = "last"

    def judge_cell(self, cell: Cell) -> Finding:
        """holds: the mean over seeds lies in the 95 % interval of chance."""
        ours = sample(cell.values_last)
        n_classes = len(cell.records[0].result.per_class)
        low, high = chance_interval(n_classes, cell.n)
        chance = 100 / n_classes
        return Finding(
            label=cell.spec.label,
            status="holds" if low <= ours.mean <= high else "differs",
            why=f"{ours.mean:.1f} %; chance is {chance:.1f} %, and classes named at random reach "
            f"{low:.1f} to {high:.1f} % as the mean of {plural(cell.n, 'seed')}",
            numbers=estimate_numbers(against(ours, 0.0), ours.n)
            | {"chance": chance, "chance_low": low, "chance_high": high},
        )
