"""Do the tests notice a changed statement? Thirty mutations, each of which a plain `pytest` must catch.

    python tools/mutations.py             # each mutation against the tests named beside it: minutes
    python tools/mutations.py --list
    python tools/mutations.py 3 17        # some of them, by number

They are made in a copy of the checkout, one after another; the checkout itself is not touched. Exit
code 1 if one survives, or if a statement is no longer there: then it has to be written anew.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from importlib.util import cache_from_source
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import pytest
import scipy.stats  # noqa: F401  # here, once: each mutation is tested in a fork of this process
import torch  # noqa: F401

ROOT = Path(__file__).resolve().parents[1]
FAULTS = ("FAILED", "ERROR")  # how pytest begins the line of a test that noticed


class Mutation(NamedTuple):
    """One changed statement: in a file, what stands there and what then stands there."""

    file: str
    old: str
    new: str
    tests: str  # folders or files below tests/ that are to notice, separated by spaces


MUTATIONS = (
    # --- splits ------------------------------------------------------------------------------------
    Mutation(
        "ncmc/plan/class_counts.py", "max(n_classes - 1.0, 1.0)", "n_classes", "data/test_splits.py"
    ),
    Mutation(
        "ncmc/data/splits.py", "random.shuffle(indices)", "indices.sort()", "data/test_splits.py"
    ),
    Mutation("ncmc/data/splits.py", "indices[:count]", "indices[-count:]", "data/test_splits.py"),
    # --- frames ------------------------------------------------------------------------------------
    Mutation(
        "ncmc/formulas/frames.py",
        "(q * torch.sign(r.diagonal())).T",
        "q.T",
        "formulas/test_frames.py",
    ),
    Mutation(
        "ncmc/formulas/frames.py",
        "((mean - 1) * k_classes * n[k]) // total + 1",
        "int((mean - 1) * k_classes * (n[k] / total)) + 1",
        "formulas/test_class_aware_counts.py",
    ),
    Mutation(
        "ncmc/formulas/frames.py",
        "math.cos(theta) * v + math.sin(theta) * own\n",
        "math.sin(theta) * v + math.cos(theta) * own\n",
        "formulas/test_frames.py",
    ),
    Mutation(
        "ncmc/formulas/frames.py",
        "largest_first = list(range(k_classes))[::-1]",
        "largest_first = list(range(k_classes))",
        "formulas/test_class_aware_counts.py",
    ),
    # --- losses and measures -----------------------------------------------------------------------
    Mutation(
        "ncmc/formulas/losses.py",
        "(cos_alpha * total + lam * (lengths(h) - 1).square())",
        "(total + lam * (lengths(h) - 1).square())",
        "formulas/test_regression.py",
    ),
    Mutation(
        "ncmc/formulas/losses.py",
        "((counts > 0).sum() * counts[labels])",
        "(len(counts) * counts[labels])",
        "formulas/test_regression.py formulas/test_losses.py",
    ),
    Mutation(
        "ncmc/formulas/rebalanced.py",
        "z + torch.special.xlogy",
        "z - torch.special.xlogy",
        "formulas/test_rebalanced.py",
    ),
    Mutation(
        "ncmc/formulas/metrics.py",
        "labels.long() * n_classes + predicted.long()",
        "predicted.long() * n_classes + labels.long()",
        "formulas/test_metrics.py",
    ),
    Mutation(
        "papers/ncmc/methods/cal.py",
        "return frames.class_aware_counts(self.counts, options.f, options.order, options.f_counts)",
        "return [frames.mean_count(options.f, options.f_counts)] * len(self.counts)",
        "methods/test_methods.py",
    ),
    # --- training ----------------------------------------------------------------------------------
    Mutation(
        "ncmc/plan/learning_rate.py",
        "recipe.lr * epoch / recipe.warmup_epochs",
        "recipe.lr * (epoch - 1) / recipe.warmup_epochs",
        "plan/test_learning_rate.py",
    ),
    Mutation(
        "ncmc/training/draws.py",
        "np.random.default_rng([seed, epoch, s])",
        "np.random.default_rng([seed, 1, s])",
        "training/test_batches.py",
    ),
    # --- statistics --------------------------------------------------------------------------------
    Mutation(
        "ncmc/results/statistics.py",
        "data.std(ddof=1)",
        "data.std(ddof=0)",
        "results/test_statistics.py",
    ),
    Mutation(
        "ncmc/results/statistics.py",
        "df = total**2 / sum(variance**2 / df for variance, df in variances)",
        "df = sum(df for _, df in variances)",
        "results/test_statistics.py",
    ),
    Mutation(
        "ncmc/results/statistics.py",
        "(len(p_values) - rank) * p_values[index]",
        "p_values[index]",
        "results/test_statistics.py",
    ),
    Mutation(
        "ncmc/results/looks.py",
        "spread = math.sqrt(share - before)",
        "spread = math.sqrt(share)",
        "results/test_looks.py",
    ),
    Mutation(
        "ncmc/results/shared_spread.py",
        "(counted * self.variance + part.degrees * part.std**2) / df",
        "part.std**2",
        "results/test_shared_spread.py",
    ),
    Mutation(
        "ncmc/results/shared_spread.py",
        "remainders = values - means[:, None] - values.mean(axis=0) + values.mean()",
        "remainders = values - means[:, None]",
        "verdicts/test_blocks.py",
    ),
    # --- verdicts ----------------------------------------------------------------------------------
    Mutation(
        "ncmc/verdicts/contrasts.py",
        '"holds" if interval[0] > 0 else',
        '"holds" if interval[1] > 0 else',
        "verdicts/test_pairs.py",
    ),
    Mutation(
        "ncmc/verdicts/kinds/curve.py",
        '"holds" if low > 0 else "differs" if high < 0 else',
        '"holds" if high > 0 else "differs" if high < 0 else',
        "verdicts/test_curves.py",
    ),
    Mutation(
        "ncmc/results/problems.py",
        "if keys := differing_keys(project, record):",
        "if keys := []:",
        "results/test_outdated.py results/test_record_problems.py",
    ),
    # --- papers' folders, published records --------------------------------------------------------
    Mutation("ncmc/plan/catalog.py", "if first != file:", "if first is None:", "test_papers.py"),
    Mutation(
        "ncmc/project.py",
        "paper = OURS if name == REGISTER else self.paper",
        "paper = self.paper",
        "test_papers.py",
    ),
    Mutation(
        "ncmc/project.py",
        "if is_here := _is_there(own):",
        "if is_here := False:",
        "sharing/test_published_read.py",
    ),
    Mutation(
        "ncmc/project.py",
        "preferred = places.get(self.published(tier).name) if tier else None",
        "preferred = None",
        "sharing/test_published_read.py",
    ),
    # --- records, import, the workflow -------------------------------------------------------------
    Mutation(
        "ncmc/results/record.py",
        'key not in ("made", "digest")}',
        'key not in ("made", "digest", "result")}',
        "results/test_record.py",
    ),
    Mutation(
        "ncmc/results/record.py",
        "if not unchanged:",
        "if unchanged is None:",
        "results/test_record.py",
    ),
    Mutation(
        "ncmc/jobs.py",
        "for run in trained_runs(self.project, runs) if run not in runs",
        "for run in ()",
        "workflow/test_batch_jobs.py",
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
    with tempfile.TemporaryDirectory() as temporary:
        copy = Path(temporary) / "checkout"
        copy_checkout(copy)
        survivors = [n for n in picked if not caught(copy, n, MUTATIONS[n - 1])]
    print(f"{len(picked) - len(survivors)} of {len(picked)} caught")
    sys.exit(1 if survivors else 0)


def copy_checkout(target: Path) -> None:
    """The files that git knows, as they stand here."""
    target.mkdir()
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True)
    tar = ["tar", "--null", "--ignore-failed-read", "-T", "-", "-cf", "-"]
    packed = subprocess.run(tar, cwd=ROOT, input=tracked.stdout, check=True, capture_output=True)
    subprocess.run(["tar", "-xf", "-"], cwd=target, input=packed.stdout, check=True)


def caught(copy: Path, number: int, mutation: Mutation) -> bool:
    """Whether the tests fail where a statement is changed; says so in a line."""
    file = copy / mutation.file
    text = file.read_text()
    if text.count(mutation.old) != 1:
        print(f"{number}: {mutation.file} has {mutation.old!r} {text.count(mutation.old)} times")
        return False
    said = copy.parent / "output"
    file.write_text(text.replace(mutation.old, mutation.new))
    Path(cache_from_source(str(file))).unlink(missing_ok=True)  # it may be of the same second
    tests = [f"tests/{name}" for name in mutation.tests.split()]
    process = get_context("fork").Process(target=run_tests, args=(copy, tests, said))
    process.start()
    process.join()
    file.write_text(text)
    Path(cache_from_source(str(file))).unlink(missing_ok=True)
    failed = [line for line in said.read_text().splitlines() if line.startswith(FAULTS)]
    print(
        f"{number}: {'caught' if failed else 'SURVIVED'}  {mutation.file}  {''.join(failed)[:90]}",
        flush=True,
    )
    return bool(failed) and process.exitcode == pytest.ExitCode.TESTS_FAILED


def run_tests(copy: Path, tests: list[str], said: Path) -> None:
    """Run tests of a copy in this process, what they print in a file."""
    with said.open("w") as out:
        os.dup2(out.fileno(), sys.stdout.fileno())
    os.chdir(copy)
    sys.path.insert(0, str(copy))
    os.environ |= {"PYTHONPATH": str(copy), "NCMC_ROOT": "", "OMP_NUM_THREADS": "1"}
    sys.exit(pytest.main(["-x", "-q", "-n", "0", "-p", "no:cacheprovider", *tests]))


if __name__ == "__main__":
    main()
