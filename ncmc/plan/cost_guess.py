"""What runs take, as far as the configuration tells it: no torch, no probe, no data."""

from collections.abc import Iterable
from dataclasses import dataclass

from ncmc.plan.class_counts import expected_counts
from ncmc.plan.dataset_entries import dataset_entry
from ncmc.plan.run import Run, resolve_run
from ncmc.project import Project, read_once
from ncmc.system import hardware

# Images a second that one CPU core trains at 32 x 32 pixels, with bfloat16 in hardware and without, and
# the megabytes of a model. Measured on one core of an AMD EPYC: torch 2.13, CIFAR-10, batches of 128;
# vgg11 and lenet in turns with resnet32, by the ratio to it, on a core that others used too; resnet8 and
# resnet20 on the digits in float32, whole runs of 60 epochs, and put down as of 32 pixels: at 8 pixels
# an image takes more than its sixteenth.
SPEEDS = {
    "resnet8": (396, 396, 0.45),
    "resnet20": (186, 186, 1.26),
    "lenet": (15_000, 5_500, 0.25),
    "resnet32": (539, 148, 1.9),
    "resnet50": (33.6, 9.4, 94),
    "densenet150": (29.8, 5.5, 6.1),
    "vgg11": (350, 84, 37),
}
SIZE = 32  # pixels a side of the images that were measured ...
GROWTH = 12  # ... and the growth of the DenseNet
STEM = (
    4  # the stem for ImageNet leaves the network an image whose sides are this many times shorter
)
FORWARD = 1 / 3  # an evaluation's share of the work of a training step: the backward pass takes two


@dataclass(frozen=True)
class Work:
    """How many images a run puts through its network."""

    trained: int  # forward and backward, over all epochs
    evaluated: int  # forward alone: tests, and collapse measures of the training set


@dataclass(frozen=True)
class Guess:
    """What runs would take on a CPU with all its cores at work."""

    hours: float
    disk: float  # bytes: data and models
    cores: int
    unknown: dict[str, int]  # backbone without a measured speed -> its runs, which are not counted

    @property
    def device(self) -> str:
        """What the hours are of."""
        return f"{self.cores} CPU core{'' if self.cores == 1 else 's'}"


def guess(project: Project, missing: Iterable[Run]) -> Guess:
    """A rough estimate, from speeds that were measured on another machine.

    `missing`: runs that train (`trained_runs`); decision rules cost next to nothing.
    """
    cores = hardware.cores()
    fast = hardware.has_bfloat16()
    seconds, models, unknown, names = 0.0, 0.0, dict[str, int](), set()
    for run in missing:
        names.add(run.dataset)
        if run.backbone not in SPEEDS:
            unknown[run.backbone] = unknown.get(run.backbone, 0) + 1
            continue
        own, size = _of_cell(project, run.cell, fast)
        seconds, models = seconds + own, models + size
    return Guess(seconds / cores / 3600, data_bytes(project, names) + models, cores, unknown)


def core_hours(project: Project, run: Run, bfloat16: bool = True) -> float:
    """Hours that one core with or without bfloat16 in hardware would train a run, here or elsewhere."""
    return _of_cell(project, run.cell, bfloat16)[0] / 3600


@read_once
def _of_cell(project: Project, run: Run, fast: bool) -> tuple[float, float]:
    """(seconds on one core, bytes of the model) of a run; the seed changes neither."""
    with_bfloat16, without, megabytes = SPEEDS[run.backbone]
    model = resolve_run(project, run).model
    side = (dataset_entry(project, run.dataset).image_size or SIZE) / (
        STEM if model.get("stem") == "imagenet" else 1
    )
    wider = (float(model.get("growth", GROWTH)) / GROWTH) ** 2  # weights and work grow alike
    work = work_of(project, run)
    images = work.trained + FORWARD * work.evaluated
    rate = with_bfloat16 if fast else without
    return images * wider * (side / SIZE) ** 2 / rate, megabytes * 1e6 * wider


def work_of(project: Project, run: Run) -> Work:
    """The images that a run trains on and evaluates, from its recipe and the catalog."""
    recipe = resolve_run(project, run).recipe
    images, tests = train_images(project, run), dataset_entry(project, run.dataset).test_images or 0
    collapses = 1 + -(-recipe.epochs // recipe.collapse_every)
    looked_at = tests * -(-recipe.epochs // recipe.test_every) + images * collapses
    return Work(images * recipe.epochs, looked_at)


def train_images(project: Project, run: Run) -> int:
    """Images in the training set of a run, from the catalog alone: the data need not be here."""
    entry, options = dataset_entry(project, run.dataset), resolve_run(project, run).split
    if options.imbalance == "given":
        return entry.train_images or 0
    return sum(expected_counts(entry, run.tau, options) or ())


def data_bytes(project: Project, names: Iterable[str]) -> int:
    """Bytes of datasets on disk: archives and arrays."""
    total = 0
    for entry in (dataset_entry(project, name) for name in set(names)):
        images = (entry.train_images or 0) + (entry.test_images or 0)
        total += sum(file.size or 0 for file in entry.files)
        total += images * (entry.image_size or 0) ** 2 * entry.channels
    return total
