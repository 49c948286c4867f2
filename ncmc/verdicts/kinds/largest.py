"""`largest`: the advantage of one side over the other is largest at one place on an axis."""

from collections.abc import Sequence
from typing import Literal

from ncmc.errors import UsageError, unknown
from ncmc.plan.grid import CellSpec
from ncmc.verdicts.cell_selection import as_in_cells, require_axis
from ncmc.verdicts.check import Pair, Pairs, Wanted
from ncmc.verdicts.contrasts import cautious, contrast, side
from ncmc.verdicts.gaps import gap
from ncmc.verdicts.labels import setting
from ncmc.verdicts.verdict import Finding
from ncmc.verdicts.wording import ONE_SEED

Groups = dict[str, dict[str, int]]  # setting -> place on the axis -> which pair


class Largest(Pairs):
    """The advantage of `better` over `than` is largest where `axis` is `at`, in every setting.

    holds: the 95 % interval of the advantage there minus that elsewhere lies above 0; differs: it
    lies below.
    """

    kind: Literal["largest"]
    axis: str
    at: Wanted

    def require_places(self, pairs: Sequence[tuple[CellSpec, CellSpec]]) -> None:
        """Raises UsageError unless every setting has the place `at` on the axis, and another."""
        require_axis(self.axis, [better for better, _ in pairs])
        at = as_in_cells(self.at)
        for label, places in self._groups(pairs).items():
            if at not in places:
                raise UsageError(f"'at' in {label}: {unknown(f'value of {self.axis}', at, places)}")
            if len(places) < 2:
                raise UsageError(f"'axis' in {label}: {self.axis} has the value {at} alone.")

    def judge(self, pairs: Sequence[Pair]) -> list[Finding]:
        """A finding for every other place on the axis, in every setting."""
        at = as_in_cells(self.at)
        groups = self._groups([(better.spec, than.spec) for better, than in pairs])
        return cautious(
            [
                self._advantage(
                    f"{label}: {self.axis} {at} against {place}", pairs[places[at]], pairs[there]
                )
                for label, places in groups.items()
                for place, there in places.items()
                if place != at
            ]
        )

    def _groups(self, pairs: Sequence[tuple[CellSpec, CellSpec]]) -> Groups:
        groups: Groups = {}
        for i, (better, than) in enumerate(pairs):
            label = ", ".join(setting(better, self.axis))
            places = groups.setdefault(label, {})
            if (place := better.attributes[self.axis]) in places:
                raise UsageError(
                    f"'than' in {label}: two cells of it are compared at {self.axis} {place} "
                    f"({than.label}); name one method and its options."
                )
            places[place] = i
        return groups

    def _advantage(self, label: str, here: Pair, there: Pair) -> Finding:
        cells = (*here, *there)
        if absent := gap(label, self.measured, *cells):
            return absent
        found = contrast(list(zip((1.0, -1.0, -1.0, 1.0), cells, strict=True)), self.measured)
        numbers = found.numbers | {"p": found.difference.p_different()}
        if found.interval is None:
            words = f"{found.words}; {ONE_SEED}"
            return Finding(label=label, status="inconclusive", why=words, numbers=numbers)
        status = side(found.interval, 0.0)
        return Finding(label=label, status=status, why=found.words, numbers=numbers)
