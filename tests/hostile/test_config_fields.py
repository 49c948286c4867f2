"""Every field of every configuration file with values of another type or out of its range."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import CHECKOUT
from replay import Case, Spoil, assert_refused, parameters
from wrong_values import Place, changed, dotted, shown, wrong

# (file, the command that reads it) -> kinds, each with its fields; a number is a place in a list.
FIELDS: dict[tuple[str, str], str] = {
    ("smoke.yaml", "table smoke"): """
choice: scale tables.smoke.shows
mapping: seeds tolerance tables figures tables.smoke tables.smoke.axes
count: seeds.value
count?: tables.smoke.seeds
positive: tolerance.value
text: seeds.source tables.smoke.title tables.smoke.where tables.smoke.source
list: tables.smoke.columns tables.smoke.also tables.smoke.axes.dataset tables.smoke.axes.backbone
list: tables.smoke.axes.method tables.smoke.axes.tau
name: tables.smoke.axes.dataset.0 tables.smoke.axes.backbone.0 tables.smoke.axes.method.0
name: tables.smoke.columns.0
tau: tables.smoke.axes.tau.0
""",
    ("train.yaml", "table smoke"): """
mapping: execution recipes recipes.digits recipes.small recipes.small.lr
mapping: recipes.small.rules.0 recipes.small.rules.0.when recipes.small.rules.0.set
list?: recipes.small.rules
list: recipes.small.rules.0.when.backbone recipes.small.milestones.value
list: recipes.digits.mean.value recipes.digits.std.value
name: recipes.digits.inherits
count: recipes.digits.epochs.value recipes.digits.batch_size.value recipes.digits.threads.value
count: recipes.digits.collapse_every.value recipes.small.test_every.value
count: execution.threads execution.eval_batch
from 0: recipes.small.padding.value recipes.small.warmup_epochs.value
positive: recipes.small.lr.value recipes.small.gamma.value recipes.small.mixup_alpha.value
positive: recipes.digits.std.value.0 execution.checkpoint_seconds
number: recipes.digits.mean.value.0
not negative: recipes.small.weight_decay.value execution.resident_gigabytes
share: recipes.small.momentum.value recipes.small.milestones.value.0
yes or no: recipes.small.mixup.value recipes.small.drop_last.value
yes or no: execution.deterministic execution.graphs execution.compile
choice: recipes.small.schedule.value recipes.digits.augment.value execution.precision
text: recipes.small.lr.source recipes.small.rules.0.source
""",
    ("datasets.yaml", "table smoke"): """
mapping: datasets datasets.digits datasets.digits.split datasets.digits.reader_options
mapping: datasets.digits.files.0
text: datasets.digits.title datasets.digits.licence datasets.digits.source datasets.digits.notes.0
text: datasets.digits.files.0.urls.0
name: datasets.digits.recipe
count?: datasets.digits.classes datasets.digits.image_size
count?: datasets.digits.train_images datasets.digits.test_images
count: datasets.digits.train_counts.0
channels: datasets.digits.channels
list: datasets.digits.files datasets.digits.notes datasets.digits.files.0.urls
list?: datasets.digits.train_counts
file: datasets.digits.files.0.name
checksum: datasets.digits.files.0.md5 datasets.digits.files.0.sha256
choice: datasets.digits.split.imbalance datasets.digits.split.n_max_rule
choice: datasets.digits.split.generator datasets.digits.split.svhn_labels
from 0: datasets.digits.split.split_seed
""",
    ("datasets.yaml", "fetch digits"): "name: datasets.digits.reader",
    ("checks.yaml", "verify smoke"): """
list: checks
mapping: checks.0 checks.0.better checks.0.than checks.0.where checks.3.cells
text: checks.0.says checks.0.source
id: checks.0.id
name: checks.0.table
choice: checks.0.kind checks.0.rule
choice?: checks.0.measure checks.0.claim
not negative: checks.0.margin
from 0: checks.0.allow
part: checks.3.ratio
""",
    ("paper/claims.yaml", "list claims"): """
list: numbers comparisons theory
mapping: numbers.0 comparisons.0 theory.0
id: numbers.0.id comparisons.0.id theory.0.id
text: numbers.0.where comparisons.0.where comparisons.0.says theory.0.where
text?: comparisons.0.table comparisons.0.figure
percent: numbers.0.value numbers.0.std
tau: numbers.0.tau
""",
    ("paper/reference_recipes.yaml", "table smoke"): """
list: made_with differences stand_ins
mapping: made_with.0 differences.0 stand_ins.0 foreign_methods
text: made_with.0.from differences.0.says stand_ins.0.says foreign_methods.MISLAS
name: stand_ins.0.dataset stand_ins.0.for
text?: made_with.0.source made_with.0.method
choice?: made_with.0.recipe made_with.0.epoch
""",
    ("paper/assumptions.yaml", "list assumptions"): """
list: assumptions assumptions.1.alternatives assumptions.1.datasets assumptions.1.methods
mapping: assumptions.0 assumptions.1.alternatives.0
id: assumptions.0.id
text: assumptions.0.open assumptions.0.choice assumptions.1.means
text: assumptions.1.alternatives.0.says assumptions.1.alternatives.0.switch
text?: assumptions.1.option
yes or no: assumptions.0.theory
""",
}


def documents() -> dict[str, Any]:
    """Every configuration file, as YAML reads it."""
    texts = {file: (CHECKOUT / "config" / file).read_text("utf-8") for file, _ in FIELDS}
    return {file: yaml.load(text, yaml.CSafeLoader) for file, text in texts.items()}


def spoil(file: str, place: Place, value: Any) -> Spoil:
    """One field of a file of config/."""

    def write_it(root: Path) -> None:
        text = yaml.dump(changed(DOCUMENTS[file], place, value), Dumper=yaml.CSafeDumper)
        (root / "config" / file).write_text(text, encoding="utf-8")

    return write_it


DOCUMENTS = documents()
CASES = [
    Case(
        f"{file} {dotted(place)} = {shown(value)}",
        spoil(file, place, value),
        command,
        (Path(file).stem,),
        thorough=thorough,
    )
    for number, place, value, thorough in wrong(*FIELDS.values())
    for file, command in [list(FIELDS)[number]]
]


@pytest.mark.parametrize("case", parameters(CASES))
def test_a_field_with_a_wrong_value_is_refused(configured: Path, case: Case) -> None:
    assert_refused(configured, case)
