"""A Run: one training, by what it is made of. Its id names its folder, its wildcard and its command."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ncmc import paths
from ncmc.errors import UsageError, shortened, unknown
from ncmc.plan import catalog, recipes
from ncmc.plan.dataset_entries import SplitOptions, dataset_entries, dataset_entry
from ncmc.plan.option_text import (
    Value,
    check_option,
    format_options,
    format_value,
    parse_options,
    parse_value,
)
from ncmc.plan.recipes import Execution, Recipe, Resolved
from ncmc.project import Project, read_once

MOST_SEED = 2**31 - 1
SHAPE = "DATASET/tau=T/BACKBONE/METHOD/OPTIONS/seed=N (OPTIONS: f=20+theta=0.2 or default)"
ID = re.compile(r"([^/\s]+)/tau=([^/\s]+)/([^/\s]+)/([^/\s]+)/([^/\s]+)/seed=([^/\s]+)")

Options = tuple[tuple[str, Value], ...]


@dataclass(frozen=True, order=True)
class Run:
    """One training: what it is made of, and nothing about how it went."""

    dataset: str
    tau: float  # imbalance ratio n_min / n_max, in (0, 1] (assumption A1)
    backbone: str
    method: str
    options: Options = ()  # sorted by key; only what differs from the recipe
    seed: int = 0

    @property
    def parts(self) -> dict[str, str | int]:
        """What it is made of, as the id has it."""
        return {
            "dataset": self.dataset,
            "tau": format_value(self.tau),
            "backbone": self.backbone,
            "method": self.method,
            "options": format_options(self.options),
            "seed": self.seed,
        }

    @property
    def id(self) -> str:
        """For example `digits/tau=0.02/resnet8/CAL/f=20+theta=0.2/seed=0`; the folder of a run."""
        return paths.RUN.format(**self.parts)

    @property
    def configuration(self) -> str:
        """The id without the seed, such as `digits/tau=0.02/resnet8/CAL/f=20+theta=0.2`."""
        return self.id.rpartition("/")[0]

    @property
    def cell(self) -> "Run":
        """The same run with seed 0: what runs that differ in the seed alone have in common."""
        return self.with_seed(0)

    def with_seed(self, seed: int) -> "Run":
        """The same run with another seed; a plan makes thousands, and `replace` is slow."""
        return Run(self.dataset, self.tau, self.backbone, self.method, self.options, seed)

    @property
    def split_folder(self) -> str:
        """Where the split's manifest lies, relative to the project's root."""
        chosen = [(k, v) for k, v in self.options if k in SplitOptions.model_fields]
        return paths.SPLIT.format(
            dataset=self.dataset, tau=format_value(self.tau), split=format_options(chosen)
        )


def make_run(
    dataset: str,
    tau: float,
    backbone: str,
    method: str,
    options: Mapping[str, Value] | None = None,
    seed: int = 0,
    *,
    project: Project | None = None,
) -> Run:
    """A checked Run with the catalog's spelling, without options that repeat the recipe.

    `project`: by default that of the current folder. Raises UsageError for an unknown name, tau outside
    (0, 1], an unknown option or a bad value of the recipe.
    """
    project = project or Project.find()
    check_tau(tau)
    check_seed(seed)
    dataset = catalog.canonical("dataset", dataset, list(dataset_entries(project)))
    backbone = catalog.canonical("backbone", backbone)
    method = catalog.canonical("method", method)
    kept = _own_options(project, dataset, backbone, method, options or {})
    return Run(dataset, float(tau), backbone, method, tuple(sorted(kept.items())), seed)


def _own_options(
    project: Project, dataset: str, backbone: str, method: str, options: Mapping[str, Value]
) -> dict[str, Value]:
    """The options that are part of the run's identity and differ from its recipe."""
    known = _known_names(project, backbone, method)
    for key, value in options.items():
        check_option(key, value)
        if known is not None and key not in known:
            raise unknown(f"option of {backbone} with {method}", key, known)
    named = tuple((key, value) for key, value in options.items() if key == recipes.NAME)
    default = _resolve(project, dataset, backbone, method, named)
    given = recipes.resolve(project, dataset, backbone, method, options)  # checks the values
    before, after = (
        {recipes.NAME: r.name, **r.model, **dict(r.recipe), **dict(r.split)}
        for r in (default, given)
    )
    before[recipes.NAME] = dataset_entry(project, dataset).recipe
    return {
        key: parse_value(format_value(after[key]))  # one spelling of 0 and 0.0
        for key in options  # those of the execution say how, not what: not in `after`
        if key in after and after[key] != before.get(key)
    }


@read_once
def _known_names(project: Project, backbone: str, method: str) -> frozenset[str] | None:
    """Every option that some part of a run reads; None where a model's own cannot be told."""
    of_model = catalog.option_names(backbone, method)
    fields = (part.model_fields for part in (Recipe, SplitOptions, Execution))
    return None if of_model is None else of_model.union([recipes.NAME], *fields)


def resolve_run(project: Project, run: Run) -> Resolved:
    """The configuration that a run is made with, which is the same for every seed."""
    return _resolve(project, run.dataset, run.backbone, run.method, run.options)


@read_once
def _resolve(
    project: Project, dataset: str, backbone: str, method: str, options: Options
) -> Resolved:
    return recipes.resolve(project, dataset, backbone, method, dict(options))


@read_once
def trained_run(project: Project, run: Run) -> Run:
    """The run whose training makes this one's model: itself, unless its method is a decision rule.

    That of a rule has its options without those that belong to the rule alone.
    """
    method = catalog.trained_as(run.method)
    if method is None:
        return run
    of_both = catalog.option_names(run.backbone, method) or frozenset()
    of_rule = (catalog.own_options("method", run.method) or frozenset()) - of_both
    options = {key: value for key, value in run.options if key not in of_rule}
    return make_run(run.dataset, run.tau, run.backbone, method, options, run.seed, project=project)


def trained_runs(project: Project, runs: Iterable[Run]) -> list[Run]:
    """The runs whose training makes the models of `runs`, each once."""
    return list(dict.fromkeys(trained_run(project, run) for run in runs))


def check_tau(tau: Any) -> None:
    """Raises UsageError unless tau is a number in (0, 1]."""
    if isinstance(tau, bool) or not isinstance(tau, int | float) or not 0 < tau <= 1:
        inverse = isinstance(tau, int | float) and 1 < tau < math.inf  # n_max / n_min (A1)
        raise UsageError(
            f"tau is {shortened(str(tau))}; allowed: a number in (0, 1], n_min/n_max: the smallest "
            "class over the largest (the paper uses 0.005, 0.01 and 0.02; 1 is balanced)."
            + (f" Did you mean {1 / tau:g}?" if inverse else "")
        )


def parse_tau(text: str) -> float:
    """A number in (0, 1] from text. Raises UsageError."""
    value = parse_value(text)
    check_tau(value)
    return float(value)


def check_seed(seed: Any) -> None:
    """Raises UsageError unless seed is an integer from 0 to MOST_SEED."""
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed <= MOST_SEED:
        raise UsageError(
            f"seed is {shortened(str(seed))}; allowed: an integer from 0 to {MOST_SEED}."
        )


def parse_run_id(project: Project, text: str) -> Run:
    """The Run of an id such as `digits/tau=0.02/resnet8/CAL/f=20+theta=0.2/seed=0`."""
    match = ID.fullmatch(text.strip("/"))
    if not match:
        raise UsageError(f"'{shortened(text)}' is not a run id; allowed: {SHAPE}.")
    *cell, seed = match.groups()
    check_seed(value := parse_value(seed))
    return _parse_cell(project, *cell).with_seed(int(value))


@read_once
def _parse_cell(
    project: Project, dataset: str, tau: str, backbone: str, method: str, written: str
) -> Run:
    """The run with seed 0 of the words of an id. Kept: a plan has many seeds of it."""
    options = parse_options(written)
    if how := [key for key in options if recipes.owner(key) == "execution"]:
        raise UsageError(
            f"'{how[0]}' says how a run is computed, not what it is: it is not part of a run id. "
            f"Give it beside the id, as -o {how[0]}={format_value(options[how[0]])}."
        )
    return make_run(dataset, parse_tau(tau), backbone, method, options, project=project)
