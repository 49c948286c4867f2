"""The simulated schedule of the grid, on examples that a reader can work out."""

import pytest
from conftest import here

from benchmarks.makespan import Job, fetched, schedule, trainings
from ncmc.plan import grid
from ncmc.plan.grid_file import table_names
from ncmc.plan.run import Run, trained_runs

RUN = Run("digits", 0.02, "resnet8", "CE")


def job(hours: float, ready: float = 0.0) -> Job:
    return Job(RUN, hours, ready)


def test_longest_first_fills_two_gpus() -> None:
    done = schedule([job(h) for h in (2, 3, 4, 5)], 2)
    assert done.makespan == 7  # 5 + 2 and 4 + 3
    assert done.use == 1


def test_any_other_order_may_take_longer() -> None:
    hours = (1, 1, 1, 1, 4)
    place = iter(range(5))
    assert schedule([job(h) for h in hours], 2).makespan == 4
    assert schedule([job(h) for h in hours], 2, lambda _: next(place)).makespan == 6


def test_a_gpu_waits_for_images_that_are_not_there_yet() -> None:
    done = schedule([job(1, ready=3), job(1)], 2)
    assert sorted(done.spans) == [(0, 1), (3, 4)]
    assert done.use == pytest.approx(2 / 8)


def test_no_gpu_does_two_things_at_once() -> None:
    spans = schedule([job(h % 5 + 1, ready=h % 3) for h in range(40)], 3).spans
    for moment, _ in spans:
        assert sum(start <= moment < end for start, end in spans) <= 3


def test_every_training_of_the_grid_is_there_once_after_its_images() -> None:
    found = list(trainings(here(), speedup=100, mb_per_s=10))
    names = table_names(here(), "paper")
    runs = [run for name in names for run in grid.table(here(), name).runs]
    assert [one.run for one in found] == trained_runs(here(), runs)
    there = fetched(here(), {one.run.dataset for one in found}, 10)
    assert all(one.ready > there[one.run.dataset] and one.hours > 0 for one in found)
