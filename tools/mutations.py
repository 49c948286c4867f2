"""Do the tests notice a changed statement? Thirty mutations, each of which a plain `pytest` must catch.

    python tools/mutations.py             # each mutation against the tests named beside it: ten minutes
    python tools/mutations.py --list
    python tools/mutations.py 3 17        # some of them, by number

Each is made in a copy of the checkout; the checkout itself is not touched. Exit code 1 if one
survives, or if a statement is no longer there: then it has to be written anew.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]


class Mutation(NamedTuple):
    """One changed statement: in a file, what stands there and what then stands there."""

    file: str
    old: str
    new: str
    tests: str  # folders or files below tests/ that are to notice, separated by spaces


MUTATIONS = (
    # --- splits ------------------------------------------------------------------------------------
    Mutation("ncmc/plan/class_counts.py", "max(n_classes - 1.0, 1.0)", "n_classes", "plan data"),
    Mutation(
        "ncmc/plan/class_counts.py",
        "sum(available) / n_classes if",
        "max(available) if",
        "plan data",
    ),
    Mutation("ncmc/data/splits.py", "random.shuffle(indices)", "indices.sort()", "data"),
    Mutation("ncmc/data/splits.py", "indices[:count]", "indices[-count:]", "data"),
    # --- frames ------------------------------------------------------------------------------------
    Mutation(
        "ncmc/formulas/frames.py",
        "(q * torch.sign(r.diagonal())).T",
        "q.T",
        "formulas",
    ),
    Mutation(
        "ncmc/formulas/frames.py",
        "((mean - 1) * k_classes * n[k]) // total + 1",
        "int((mean - 1) * k_classes * (n[k] / total)) + 1",
        "formulas",
    ),
    Mutation(
        "ncmc/formulas/frames.py",
        "math.cos(theta) * v + math.sin(theta) * own\n",
        "math.sin(theta) * v + math.cos(theta) * own\n",
        "formulas",
    ),
    Mutation(
        "ncmc/formulas/frames.py",
        "largest_first = list(range(k_classes))[::-1]",
        "largest_first = list(range(k_classes))",
        "formulas",
    ),
    # --- losses and measures -----------------------------------------------------------------------
    Mutation(
        "ncmc/formulas/losses.py",
        "(cos_alpha * total + lam * (lengths(h) - 1).square())",
        "(total + lam * (lengths(h) - 1).square())",
        "formulas",
    ),
    Mutation(
        "ncmc/formulas/losses.py",
        "lam * (lengths(h) - 1).square()",
        "lam * lengths(h).square()",
        "formulas",
    ),
    Mutation(
        "ncmc/formulas/losses.py",
        "((counts > 0).sum() * counts[labels])",
        "(len(counts) * counts[labels])",
        "formulas",
    ),
    Mutation(
        "ncmc/formulas/rebalanced.py",
        "z + torch.special.xlogy",
        "z - torch.special.xlogy",
        "formulas",
    ),
    Mutation("ncmc/formulas/rebalanced.py", ".pow(-0.25)", ".pow(-0.5)", "formulas"),
    Mutation(
        "ncmc/formulas/metrics.py",
        "labels.long() * n_classes + predicted.long()",
        "predicted.long() * n_classes + labels.long()",
        "formulas",
    ),
    Mutation("ncmc/results/class_groups.py", "0 if n > 100 else", "0 if n >= 100 else", "formulas"),
    Mutation(
        "papers/ncmc/methods/cal.py",
        "return frames.class_aware_counts(self.counts, options.f, options.order, options.f_counts)",
        "return [frames.mean_count(options.f, options.f_counts)] * len(self.counts)",
        "methods",
    ),
    # --- training ----------------------------------------------------------------------------------
    Mutation(
        "ncmc/plan/learning_rate.py",
        "recipe.lr * epoch / recipe.warmup_epochs",
        "recipe.lr * (epoch - 1) / recipe.warmup_epochs",
        "plan",
    ),
    Mutation(
        "ncmc/training/draws.py",
        "np.random.default_rng([seed, epoch, s])",
        "np.random.default_rng([seed, 1, s])",
        "training",
    ),
    # --- statistics --------------------------------------------------------------------------------
    Mutation("ncmc/results/statistics.py", "data.std(ddof=1)", "data.std(ddof=0)", "results"),
    Mutation(
        "ncmc/results/statistics.py",
        "df = total**2 / sum(variance**2 / df for variance, df in variances)",
        "df = sum(df for _, df in variances)",
        "results",
    ),
    Mutation(
        "ncmc/results/statistics.py",
        "(len(p_values) - rank) * p_values[index]",
        "p_values[index]",
        "results",
    ),
    Mutation("ncmc/results/statistics.py", "(k - u + 1) * p_values", "p_values", "results"),
    Mutation(
        "ncmc/results/looks.py",
        "spread = math.sqrt(share - before)",
        "spread = math.sqrt(share)",
        "results",
    ),
    Mutation(
        "ncmc/results/shared_spread.py",
        "(counted * self.variance + part.degrees * part.std**2) / df",
        "part.std**2",
        "results verdicts/test_pairs.py",
    ),
    # --- verdicts ----------------------------------------------------------------------------------
    Mutation(
        "ncmc/verdicts/contrasts.py",
        '"holds" if interval[0] > 0 else',
        '"holds" if interval[1] > 0 else',
        "verdicts",
    ),
    Mutation(
        "ncmc/verdicts/kinds/curve.py",
        '"holds" if low > 0 else "differs" if high < 0 else',
        '"holds" if high > 0 else "differs" if high < 0 else',
        "verdicts",
    ),
    Mutation(
        "ncmc/results/problems.py",
        "if differing := differing_keys(project, record):",
        "if differing := []:",
        "results",
    ),
    # --- records, import, the workflow -------------------------------------------------------------
    Mutation(
        "ncmc/results/record.py",
        'key not in ("made", "digest")}',
        'key not in ("made", "digest", "result")}',
        "results",
    ),
    Mutation("ncmc/results/record.py", "if not unchanged:", "if unchanged is None:", "results"),
    Mutation(
        "ncmc/jobs.py",
        "for run in trained_runs(self.project, runs) if run not in runs",
        "for run in ()",
        "workflow",
    ),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("numbers", type=int, nargs="*", help="which, counted from 1; all without")
    parser.add_argument("--list", action="store_true")
    chosen = parser.parse_args()
    picked = chosen.numbers or range(1, len(MUTATIONS) + 1)
    if chosen.list:
        for number in picked:
            print(number, MUTATIONS[number - 1].file, "|", MUTATIONS[number - 1].new.strip())
        return
    survivors = [number for number in picked if not caught(number, MUTATIONS[number - 1])]
    print(f"{len(picked) - len(survivors)} of {len(picked)} caught")
    sys.exit(1 if survivors else 0)


def caught(number: int, mutation: Mutation) -> bool:
    """Whether the tests fail where a statement is changed; says so in a line."""
    with tempfile.TemporaryDirectory() as temporary:
        copy = Path(temporary) / "checkout"
        copy.mkdir()
        tracked = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True
        )
        tar = ["tar", "--null", "--ignore-failed-read", "-T", "-", "-cf", "-"]
        packed = subprocess.run(
            tar, cwd=ROOT, input=tracked.stdout, check=True, capture_output=True
        )
        subprocess.run(["tar", "-xf", "-"], cwd=copy, input=packed.stdout, check=True)
        file = copy / mutation.file
        text = file.read_text()
        if text.count(mutation.old) != 1:
            print(
                f"{number}: {mutation.file} has {mutation.old!r} {text.count(mutation.old)} times"
            )
            return False
        file.write_text(text.replace(mutation.old, mutation.new))
        tests = [f"tests/{name}" for name in mutation.tests.split()]
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-n", "0", *tests]
        environment = os.environ | {"PYTHONPATH": str(copy), "NCMC_ROOT": ""}
        done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True)
    failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    print(
        f"{number}: {'caught' if failed else 'SURVIVED'}  {mutation.file}  {''.join(failed)[:90]}"
    )
    return bool(failed) and done.returncode == 1


if __name__ == "__main__":
    main()
