"""Fields of every kind in every configuration file, with values of another type or out of range."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import CHECKOUT
from replay import Case, Spoil, assert_refused, parameters
from wrong_values import Place, changed, dotted, shown, wrong

from ncmc.project import Project

# (file, the command that reads it) -> kinds, each with its fields; a number is a place in a list.
FIELDS: dict[tuple[str, str], str] = {
    ("smoke.yaml", "table smoke"): """
choice: scale
mapping: seeds tables tables.smoke.axes
count: seeds.value
positive: tolerance.value
text: seeds.source tables.smoke.title
list: tables.smoke.columns tables.smoke.axes.method
name: tables.smoke.axes.dataset.0 tables.smoke.axes.method.0
tau: tables.smoke.axes.tau.0
""",
    ("train.yaml", "table smoke"): """
mapping: recipes.digits recipes.small.rules.0.when
list: recipes.small.milestones.value recipes.digits.mean.value
name: recipes.digits.inherits
count: recipes.digits.epochs.value execution.threads
from 0: recipes.small.warmup_epochs.value
positive: recipes.small.lr.value recipes.digits.std.value.0 execution.checkpoint_seconds
number: recipes.digits.mean.value.0
not negative: recipes.small.weight_decay.value
share: recipes.small.momentum.value recipes.small.milestones.value.0
yes or no: recipes.small.mixup.value execution.deterministic
choice: recipes.small.schedule.value execution.precision
text: recipes.small.lr.source
""",
    ("datasets.yaml", "table smoke"): """
mapping: datasets.digits datasets.digits.split datasets.digits.files.0
text: datasets.digits.title datasets.digits.notes.0 datasets.digits.files.0.urls.0
name: datasets.digits.recipe
count: datasets.digits.train_counts.0
channels: datasets.digits.channels
list: datasets.digits.files datasets.digits.files.0.urls
file: datasets.digits.files.0.name
checksum: datasets.digits.files.0.md5 datasets.digits.files.0.sha256
choice: datasets.digits.split.imbalance
from 0: datasets.digits.split.split_seed
""",
    ("datasets.yaml", "fetch digits"): "name: datasets.digits.reader",
    ("checks.yaml", "verify smoke"): """
list: checks
mapping: checks.0 checks.3.cells
text: checks.0.says
id: checks.0.id
name: checks.0.table
choice: checks.0.kind
not negative: checks.0.margin
from 0: checks.0.allow
part: checks.3.ratio
""",
    ("claims.yaml", "list claims"): """
list: numbers theory
mapping: comparisons.0
id: numbers.0.id
text: comparisons.0.says
percent: numbers.0.value numbers.0.std
tau: numbers.0.tau
""",
    ("assumptions.yaml", "list assumptions"): """
list: assumptions.1.alternatives
mapping: assumptions.0
id: assumptions.0.id
text: assumptions.0.open assumptions.1.alternatives.0.switch
yes or no: assumptions.0.theory
""",
}


def documents() -> dict[str, Any]:
    """Every configuration file, as YAML reads it."""
    texts = {file: Project(CHECKOUT).config(file).read_text("utf-8") for file, _ in FIELDS}
    return {file: yaml.load(text, yaml.CSafeLoader) for file, text in texts.items()}


def spoil(file: str, place: Place, value: Any) -> Spoil:
    """One field of a configuration file."""

    def write_it(root: Path) -> None:
        text = yaml.dump(changed(DOCUMENTS[file], place, value), Dumper=yaml.CSafeDumper)
        Project(root).config(file).write_text(text, encoding="utf-8")

    return write_it


DOCUMENTS = documents()
CASES = [
    Case(
        f"{file} {dotted(place)} = {shown(value)}",
        spoil(file, place, value),
        command,
        (Path(file).stem,),
    )
    for number, place, value in wrong(*FIELDS.values())
    for file, command in [list(FIELDS)[number]]
]


@pytest.mark.parametrize("case", parameters(CASES))
def test_a_field_with_a_wrong_value_is_refused(configured: Path, case: Case) -> None:
    assert_refused(configured, case)
