"""The kinds of check: the fields of each in papers/NAME/checks.yaml, and how it is judged.

A new kind is a file like the others and its name in the union below; `forecast/power.py` may say its
power, `figures/forest_plot.py` may draw it, docs/verdicts.md and papers/ncmc/checks.yaml describe it.
"""

from typing import Annotated

from pydantic import Field

from ncmc.verdicts.check import Untestable
from ncmc.verdicts.kinds.along_axis import Largest, Trend
from ncmc.verdicts.kinds.chance import Chance
from ncmc.verdicts.kinds.curve import Curve
from ncmc.verdicts.kinds.equal import Equal
from ncmc.verdicts.kinds.exceptions import Exceptions
from ncmc.verdicts.kinds.greater import Greater
from ncmc.verdicts.kinds.lower import Lower
from ncmc.verdicts.kinds.peak import Peak
from ncmc.verdicts.kinds.slight import Slight

OfPairs = Greater | Slight | Equal | Largest | Trend | Exceptions | Lower
OfCells = Chance | Curve | Peak | Untestable
AnyCheck = Annotated[OfPairs | OfCells, Field(discriminator="kind")]
