"""What the seeds of a cell measured as one sample: by seed, with its own or the shared deviation."""

from ncmc.results import curves
from ncmc.results.cells import Cell
from ncmc.results.curves import Measure
from ncmc.results.statistics import Sample, sample

IN_PERCENT: tuple[Measure, ...] = ("last", "best", "test_accuracy", "test_accuracy_raw")


def by_seed(cell: Cell, measure: Measure) -> dict[int, float]:
    """{seed: value} of the seeds that have the measure."""
    values = ((r.run.seed, curves.final(r, measure)) for r in cell.records)
    return {seed: value for seed, value in values if value is not None}


def sample_of(cell: Cell, measure: Measure) -> Sample | None:
    """Mean and own deviation of a measure over the seeds that have it; None if none has."""
    return sample(list(values.values())) if (values := by_seed(cell, measure)) else None


def moderated(cell: Cell, measure: Measure) -> Sample | None:
    """The same, with the deviation that the cells around it moderate (shared_spread)."""
    own, prior = sample_of(cell, measure), cell.priors(measure)
    return prior.moderate(own) if own and prior else own
