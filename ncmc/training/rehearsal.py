"""Some steps of a run, or a batch of it measured, in a process of their own: what fits in memory.

In a new process, because in one that ran out of memory the rest lies in pieces, and because a process
of a team that tries something would keep the others waiting for it.
"""

import json
import math
import subprocess
import sys
from pathlib import Path

from ncmc.plan import grid
from ncmc.system import allocator
from ncmc.training import distributed_norm, evaluate
from ncmc.training.batches import plan_epoch
from ncmc.training.processes import Team
from ncmc.training.session import Training, prepare

# of each of two sizes of batch, because an epoch's last is smaller; on a GPU the fourth is recorded
STEPS = 4
# as many times the images are tried: no two processes lay out their memory alike
RESERVE = 1.5


def steps_fit(training: Training, batch_size: int) -> bool:
    """Whether some steps with that batch size fit, of which each process computes its share."""
    processes = training.team.size
    share = Team(0, processes).batch_rows(batch_size).stop  # the first process has the most
    tried = {"batch_size": math.ceil(RESERVE * share), "drop_last": False}
    return _succeeds(training, tried, {}, {"synced": processes > 1})


def measuring_fits(training: Training, eval_batch: int) -> bool:
    """Whether as many images can be looked at together (on a GPU more: `training`)."""
    tried = {"eval_batch": math.ceil(RESERVE * eval_batch)}
    return _succeeds(training, {}, tried, {"measured": True})


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
    command = [sys.executable, "-m", "ncmc.training.rehearsal", json.dumps(told)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def main() -> None:
    """The new process: fails if memory does not suffice."""
    told = json.loads(sys.argv[1])
    allocator.keep_pages()
    training = prepare(grid.parse_id(told["run"]), Path(), told["device"], told["execution"])
    if told.get("measured"):
        evaluate.look_at_one_batch(training.model, training.test_set)
        return
    if told["synced"]:
        distributed_norm.synchronise(training.model, Team())
    recipe, images = training.resolved.recipe, len(training.data)
    whole = min(recipe.batch_size, images)
    for size in STEPS * (whole, -(-whole // 2)):
        part = recipe.model_copy(update={"batch_size": size})
        plan = training.data.follow(plan_epoch(images, part, 0, 1), 0)
        training.step(plan.at(0, size), 1)


if __name__ == "__main__":
    main()
