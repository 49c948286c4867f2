"""Some steps of a run, or a batch of it measured, in a process of their own: what fits in memory.

In a new process, because in one that ran out of memory the rest lies in pieces, and because a process
of a team that tries something would keep the others waiting for it.
"""

import json
import subprocess
import sys
from pathlib import Path

from ncmc import evaluate, grid, memory, synced
from ncmc.loaders import plan_epoch
from ncmc.team import Team
from ncmc.training import Training, prepare

STEPS = 5  # as many as fill the memory: momentum, and on a GPU the recording of the fourth


def steps_fit(training: Training, batch_size: int) -> bool:
    """Whether some steps with that batch size fit, of which each process computes its share."""
    processes = training.team.size
    share = Team(0, processes).batch_rows(batch_size).stop  # the first process has the most
    return _succeeds(training, {"batch_size": share}, {}, {"synced": processes > 1})


def measuring_fits(training: Training, eval_batch: int) -> bool:
    """Whether as many images can be looked at together (on a GPU more: `training`)."""
    return _succeeds(training, {}, {"eval_batch": eval_batch}, {"measured": True})


def _succeeds(
    training: Training, options: dict[str, int], execution: dict[str, int], how: dict[str, bool]
) -> bool:
    run = training.run
    chosen = dict(run.options) | options
    tried = grid.make_run(run.dataset, run.tau, run.backbone, run.method, chosen, run.seed)
    told = how | {
        "run": tried.id,
        "device": str(training.device),
        "execution": training.resolved.execution.model_dump() | execution,
    }
    command = [sys.executable, "-m", "ncmc.rehearsal", json.dumps(told)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def main() -> None:
    """The new process: fails if memory does not suffice."""
    told = json.loads(sys.argv[1])
    memory.keep_pages()
    training = prepare(grid.parse_id(told["run"]), Path(), told["device"], told["execution"])
    if told.get("measured"):
        evaluate.look_at_one_batch(training.model, training.test_set)
        return
    if told["synced"]:
        synced.synchronise(training.model, Team())
    recipe = training.resolved.recipe
    plan = training.data.follow(plan_epoch(len(training.data), recipe, 0, 1), 0)
    for number in range(min(STEPS, training.steps)):
        training.step(plan.at(number, recipe.batch_size), 1)


if __name__ == "__main__":
    main()
