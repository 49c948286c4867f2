"""The numerical checks by name: T1 to T9 of papers/ncmc/claims.yaml.

Each check optimises or samples from random starts with fixed seeds and takes the printed formula as
an argument, so that a wrong one can be seen to fail.
"""

from collections.abc import Callable

from ncmc.paper.theorems import Outcome
from papers.ncmc.theory.allocation import section_3_5_example
from papers.ncmc.theory.angles import remark_3_9
from papers.ncmc.theory.fixed import corollary_3_7, remark_3_8
from papers.ncmc.theory.gradient import equation_35
from papers.ncmc.theory.margin import proposition_c_1
from papers.ncmc.theory.optimum import theorem_3_3, theorem_3_4
from papers.ncmc.theory.problem import one_thread
from papers.ncmc.theory.rules import proposition_3_1

_CHECKS: dict[str, Callable[[], Outcome]] = {
    "T1": theorem_3_3,
    "T2": theorem_3_4,
    "T3": corollary_3_7,
    "T4": remark_3_8,
    "T5": remark_3_9,
    "T6": proposition_3_1,
    "T7": proposition_c_1,
    "T8": equation_35,
    "T9": section_3_5_example,
}
CHECKS = {name: one_thread()(check) for name, check in _CHECKS.items()}
