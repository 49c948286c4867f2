"""Speeds measured on this machine: some seconds of training steps per network and image size."""

import time
from collections.abc import Callable, Iterable

import torch

from ncmc.forecast.cost import Speed, Speeds
from ncmc.plan.dataset_entries import dataset_entries, dataset_entry
from ncmc.plan.run import Run, make_run, resolve_run
from ncmc.project import Project, read_once
from ncmc.results.wording import plural
from ncmc.system import allocator
from ncmc.training import build, precision
from ncmc.training.batches import InMemory
from ncmc.training.draws import plan_epoch, steps_per_epoch
from ncmc.training.optimiser import make_optimizer
from ncmc.training.step import GraphStep, make_step

PROBE_SECONDS = 1.0  # of repeated steps, once the first, slower one is over
PROBE_IMAGES = {"cpu": 16, "cuda": 128}  # a batch of the probe
PROBE_PIXELS = 32  # small images are probed at this size, larger ones of the same network scaled
LARGE_PIXELS = 128  # from here on a network has another stem: probed as it is
BUSY = 0.8  # share of a probe on cores that are not its own: training there is slower out of proportion


def measured(
    project: Project, runs: Iterable[Run] = (), say: Callable[[str], None] = lambda what: None
) -> Speeds:
    """Speeds of this machine: each network is probed once per image size, those of `runs` at once.

    `say`: told what is measured now, and how far it is.
    """
    device = precision.pick_device()

    def of(project: Project, run: Run) -> Speed:
        entry = dataset_entry(project, run.dataset)
        size = entry.image_size or PROBE_PIXELS
        pixels = size if size >= LARGE_PIXELS else PROBE_PIXELS
        speed = probe(project, run.backbone, pixels, entry.channels, entry.recipe, device.type)
        scale = (size / pixels) ** 2  # convolutions: work grows with the pixels
        return Speed(scale * speed.train, scale * speed.evaluate, speed.model, speed.share)

    first = {(run.backbone, run.dataset): run for run in runs}
    for number, ((backbone, dataset), run) in enumerate(first.items(), 1):
        say(f"measuring {backbone} on images as those of {dataset}, {number} of {len(first)}")
        of(project, run)
    return Speeds(_name(device), of)


@read_once
def probe(
    project: Project, backbone: str, image_size: int, channels: int, recipe: str, device: str
) -> Speed:
    """Seconds per image in training and in evaluation: one warm-up step, then PROBE_SECONDS of them.

    Random images in memory: neither data nor download is needed. A recipe that takes parts of whole
    image files is probed without augmentation: decoding the files is not in it.
    """
    where = precision.pick_device(device)
    precision.use_device(where)  # a run may be trained in this process afterwards
    dataset = next(
        name for name, entry in dataset_entries(project).items() if entry.recipe == recipe
    )
    run = make_run(dataset, 1, backbone, "CE", project=project)
    resolved = resolve_run(project, run)
    allocator.keep_pages()  # as `ncmc train` does
    torch.set_num_threads(resolved.execution.threads)
    count = PROBE_IMAGES[device] if image_size < LARGE_PIXELS else PROBE_IMAGES[device] // 4
    model = build.build_model(project, run, [count // 2] * 2, image_size, channels)
    model = build.on_device(model, where)
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(
        0, 256, (count, image_size, image_size, channels), dtype=torch.uint8, generator=generator
    )
    recipe_of_arrays = resolved.recipe
    if recipe_of_arrays.augment == "resized_crop_flip":
        recipe_of_arrays = recipe_of_arrays.model_copy(update={"augment": "none"})
    data = InMemory(images, torch.arange(count) % 2, recipe_of_arrays, where)
    dtype = precision.pick_dtype(resolved.execution, where, image_size)
    optimizer = make_optimizer(model, resolved.recipe, where)
    step = make_step(model, optimizer, data, dtype, where, resolved.execution)
    assert steps_per_epoch(count, resolved.recipe) == 1
    draws = plan_epoch(data.labels.cpu(), resolved.recipe, 0, 1).to(where).at(0)

    def evaluate() -> None:
        with torch.no_grad(), precision.autocast(where, dtype):
            model.predict(data.normalise(data.images))

    began, worked = time.perf_counter(), time.process_time()
    # a recorded step: the plain ones before it and the recording are no part of a long training
    warm_up = GraphStep.EAGER + 1 if isinstance(step, GraphStep) else 1
    train = _seconds(lambda: step(draws), where, warm_up) / count
    threads = torch.get_num_threads() * (time.perf_counter() - began)
    share = (time.process_time() - worked) / threads if where.type == "cpu" else 1.0
    model.eval()
    size = 4 * sum(p.numel() for p in model.parameters())
    return Speed(train, _seconds(evaluate, where) / count, size, share)


def _seconds(work: Callable[[], object], device: torch.device, warm_up: int = 1) -> float:
    """Mean seconds of a call, after `warm_up` calls that are not counted."""

    def wait() -> None:
        if device.type == "cuda":
            torch.cuda.synchronize()

    for _ in range(warm_up):
        work()
    wait()
    began, calls = time.perf_counter(), 0
    while time.perf_counter() - began < PROBE_SECONDS or calls < 1:
        work()
        wait()
        calls += 1
    return (time.perf_counter() - began) / calls


def _name(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"a CPU with {plural(torch.get_num_threads(), 'thread')}"
