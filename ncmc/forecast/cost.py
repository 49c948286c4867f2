"""What runs take: the work that their configuration asks for, times the speed of their networks.

The one estimate for all that asks. The speeds are guessed, from those of another processor, or
measured here (ncmc/training/probe.py). Imports no torch and needs no data.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ncmc.plan.class_counts import expected_counts
from ncmc.plan.dataset_entries import dataset_entry
from ncmc.plan.run import Run, resolve_run, trained_runs
from ncmc.project import Project, read_once
from ncmc.results.record import path_of
from ncmc.system import files, hardware
from ncmc.system.documents import Strict

# Images per second that one CPU core trains at 32 x 32 pixels, with bfloat16 in hardware and without,
# and the megabytes of a model. Measured on one core of an AMD EPYC: torch 2.13, CIFAR-10, batches of
# 128; vgg11 and lenet in turns with resnet32, by the ratio to it, on a core that others used too;
# resnet8 and resnet20 on the digits in float32, whole runs of 60 epochs, and put down as of 32 pixels:
# at 8 pixels an image takes more than its sixteenth.
SPEEDS = {
    "resnet8": (396, 396, 0.45),
    "resnet20": (186, 186, 1.26),
    "lenet": (15_000, 5_500, 0.25),
    "resnet32": (539, 148, 1.9),
    "resnet50": (33.6, 9.4, 94),
    "densenet150": (29.8, 5.5, 6.1),
    "vgg11": (350, 84, 37),
}
SIZE = 32  # pixels per side of the images that were measured ...
GROWTH = 12  # ... and the growth of the DenseNet
STEM = 4  # the stem for ImageNet leaves the network sides that are this many times shorter
FORWARD = 1 / 3  # an evaluation's share of the work of a training step: the backward pass takes two


@dataclass(frozen=True)
class Speed:
    """Seconds per image of a run's network on this machine, and the bytes of its model."""

    train: float
    evaluate: float
    model: float
    share: float = 1.0  # of its threads' time that a probe got on a CPU


@dataclass(frozen=True)
class Speeds:
    """Where speeds come from: what they are of, in words, and that of a run; None: not known."""

    device: str
    of: Callable[[Project, Run], Speed | None]


class Estimate(Strict):
    """What trainings take, one after the other."""

    trainings: int
    hours: float
    disk: float  # bytes: models, and the archives and arrays of their datasets
    device: str
    unknown: Mapping[str, int] = {}  # backbone without a speed -> its trainings, not in the hours
    notes: tuple[str, ...] = ()  # what else is not in it
    share: float = 1.0  # the least `Speed.share`

    @property
    def left_out(self) -> str:
        """The trainings that are not in the hours, in words; empty if all are."""
        return ", ".join(f"{n} of {backbone}" for backbone, n in self.unknown.items())


def estimate(project: Project, runs: Iterable[Run], speeds: Speeds | None = None) -> Estimate:
    """The cost of the trainings behind runs: a decision rule has its model's. Speeds: `guessed`."""
    speeds = speeds or guessed()
    trainings = trained_runs(project, runs)
    known = {run: speed for run in trainings if (speed := speeds.of(project, run.cell))}
    names = sorted({run.dataset for run in trainings})
    cropped = [
        r for r in trainings if resolve_run(project, r).recipe.augment == "resized_crop_flip"
    ]
    decoded = sorted({run.dataset for run in cropped})
    return Estimate(
        trainings=len(trainings),
        hours=sum(hours(project, run, speed) for run, speed in known.items()),
        disk=sum(speed.model for speed in known.values()) + data_bytes(project, names),
        device=speeds.device,
        unknown=Counter(run.backbone for run in trainings if run not in known),
        notes=tuple(f"{name}: decoding its image files is not in the time" for name in decoded),
        share=min((speed.share for speed in known.values()), default=1.0),
    )


def hours(project: Project, run: Run, speed: Speed | None) -> float:
    """Hours of one training; 0 where its speed is not known."""
    trained, evaluated = images_of(project, run.cell)
    return (trained * speed.train + evaluated * speed.evaluate) / 3600 if speed else 0.0


def missing_trainings(
    project: Project, runs: Iterable[Run], results: Path | None = None
) -> list[Run]:
    """The trainings without a record behind those of `runs` that have none, each once."""
    lacking = without_record(project, runs, results)
    return without_record(project, trained_runs(project, lacking), results)


def without_record(project: Project, runs: Iterable[Run], results: Path | None = None) -> list[Run]:
    """Those of `runs` that have no record yet, each once."""
    each = dict.fromkeys(runs)
    return [run for run in each if not files.exists(path_of(project, run, results))]


def guessed(cores: int | None = None, bfloat16: bool | None = None) -> Speeds:
    """Rough speeds of CPU cores, all at work, with or without bfloat16 in hardware; by default, here."""
    cores = cores or hardware.cores()
    fast = hardware.has_bfloat16() if bfloat16 is None else bfloat16

    def of(project: Project, run: Run) -> Speed | None:
        if run.backbone not in SPEEDS:
            return None
        with_bfloat16, without, megabytes = SPEEDS[run.backbone]
        model = resolve_run(project, run).model
        side = dataset_entry(project, run.dataset).image_size or SIZE
        side = side // (STEM if model.get("stem") == "imagenet" else 1)
        wider = (float(model.get("growth", GROWTH)) / GROWTH) ** 2  # weights and work grow alike
        train = wider * (side / SIZE) ** 2 / (with_bfloat16 if fast else without) / cores
        return Speed(train, FORWARD * train, megabytes * 1e6 * wider)

    return Speeds(f"{cores} CPU core{'s' * (cores != 1)}", of)


@read_once
def images_of(project: Project, run: Run) -> tuple[int, int]:
    """The images that a run puts through its network, by recipe and catalog: (trained, evaluated).

    Trained, over all epochs: forward and backward. Evaluated: forward alone, in tests and in collapse
    measures of the training set. The data need not be here.
    """
    entry, resolved = dataset_entry(project, run.dataset), resolve_run(project, run)
    recipe, split = resolved.recipe, resolved.split
    drawn = expected_counts(entry, run.tau, split) or ()
    images = (entry.train_images or 0) if split.imbalance == "given" else sum(drawn)
    tests = (entry.test_images or 0) * -(-recipe.epochs // recipe.test_every)
    collapses = images * (1 + -(-recipe.epochs // recipe.collapse_every))
    return images * recipe.epochs, tests + collapses


def data_bytes(project: Project, names: Iterable[str]) -> int:
    """Bytes of datasets on disk: archives and arrays."""
    total = 0
    for entry in (dataset_entry(project, name) for name in names):
        images = (entry.train_images or 0) + (entry.test_images or 0)
        total += sum(file.size or 0 for file in entry.files)
        total += images * (entry.image_size or 0) ** 2 * entry.channels
    return total
