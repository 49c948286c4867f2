"""What a person can get wrong in a file of the plan: the error names file, key and what is allowed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import copy_project

from ncmc.errors import UsageError
from ncmc.plan import grid
from ncmc.plan.grid_file import table_names
from ncmc.project import Project

Change = Callable[[Any], object]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root: Path = copy_project(tmp_path)
    return root


def plan(root: Path, *tables: str) -> None:
    """Read every file of the plan and expand some tables, by default all."""
    project = Project(root)
    for name in tables or table_names(project):
        grid.table(project, name)


def refused(root: Path, *tables: str) -> str:
    with pytest.raises(UsageError) as caught:
        plan(root, *tables)
    told = str(caught.value)
    assert len(told) < 1000
    return told.replace(str(root), "")


def edit(root: Path, file: str, change: Change) -> None:
    path = Project(root).config(file)
    body = yaml.safe_load(path.read_text())
    change(body)
    path.write_text(yaml.safe_dump(body, sort_keys=False))


def test_the_files_as_they_are_can_be_planned(root: Path) -> None:
    plan(root)


@pytest.mark.parametrize(
    "file",
    [
        *("grid.yaml", "smoke.yaml", "lab.yaml", "studies.yaml"),
        *("train.yaml", "datasets.yaml"),
    ],
)
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("- a", "its content is ['a']: a mapping is needed"),
        ("text", "its content is 'text': a mapping is needed"),
        ("null", "is empty"),
        ("", "is empty"),
        ("3", "its content is 3: a mapping is needed"),
        ("true", "its content is True: a mapping is needed"),
        ("{}", "is missing"),
        ("a: [", "is not valid YAML: while parsing a flow node"),
        ("a: 1\na: 2", "key 'a' stands twice in line 2"),
    ],
)
def test_a_file_of_another_type_is_refused(root: Path, file: str, text: str, told: str) -> None:
    path = Project(root).config(file)
    path.write_text(text)
    assert refused(root).startswith(f"/{path.relative_to(root)}")
    assert told in refused(root)


HUGE = 10**30
METHODS = "Allowed: AL, AL-PULL"
NO_AXIS = "says how a run is computed, not what is run; set it in config/train.yaml"


@pytest.mark.parametrize(
    ("axis", "values", "told"),
    [
        ("method", ["CLA"], "unknown method 'CLA'. Did you mean 'CAL'? " + METHODS),
        ("method", [None], "unknown method 'None'"),
        ("method", [3], "unknown method '3'"),
        ("method", [], "axis 'method' has no values"),
        ("method", "CE", "'tables.smoke.axes.method' is 'CE': a list is needed, [a, b]"),
        ("method", [{"CE": {}, "CAL": {}}], "axis 'method' has the value {'CE': {}, 'CAL': {}}"),
        ("method", [{"CAL": [1]}], "allowed: NAME or {NAME: {OPTION: VALUE, ...}}"),
        ("method", [{"CAL": {"thetta": 0.2}}], "'thetta'. Did you mean 'theta'? Allowed: augment"),
        ("method", [{"CAL": {"f": None}}], "option f is None; allowed: a word, a number"),
        ("method", [{"CAL": {"f": [1]}}], "option f is [1]; allowed: a word, a number"),
        ("method", [{"CAL": {"f": HUGE}}], "allowed: whole numbers from -2^53 to 2^53"),
        ("method", [{"CAL": {"theta": float("nan")}}], "theta is nan; allowed: a finite number"),
        ("method", [{"CAL": {"label": None}}], "axis 'method' has the label None; allowed: a text"),
        ("method", [{"CAL": {"label": " "}}], "axis 'method' has the label ' '"),
        ("method", ["CE", {"CAL": {"label": "CE"}}], "two cells are called digits, resnet8, CE"),
        ("method", ["CE", "ce"], "two cells are the same run"),
        ("method", [{"CAL": {"eval_batch": 3}}], "'eval_batch' " + NO_AXIS),
        ("threads", [1, 2], "'threads' " + NO_AXIS),
        ("widht", [4], "unknown option of resnet8 with CE 'widht'. Did you mean 'width'?"),
        ("epochs", [True], "'epochs' is True: input should be a valid integer"),
        ("epochs", ["ten"], "'epochs' is 'ten': input should be a valid integer"),
        ("epochs", [HUGE], "option epochs is 1000000"),
        ("tau", [True], "tau is True; allowed: a number in (0, 1]"),
        ("tau", [HUGE], "tau is 1000000000000000000000000000000; allowed"),
        ("tau", [float("nan")], "tau is nan; allowed"),
        ("tau", [None], "tau is None; allowed"),
        ("tau", ["x"], "tau is x; allowed"),
        ("epochs", [*range(1, 1002)], "its axes make 5,005 cells; allowed: 5,000"),
        ("dataset", ["digit"], "unknown dataset 'digit'. Did you mean 'digits'? Allowed: cifar10"),
    ],
)  # fmt: skip
def test_a_senseless_axis_is_refused(root: Path, axis: str, values: object, told: str) -> None:
    edit(root, "smoke.yaml", lambda body: body["tables"]["smoke"]["axes"].update({axis: values}))
    error = refused(root, "smoke")
    assert error.startswith("/papers/ncmc/smoke.yaml")
    assert "smoke" in error.removeprefix("/papers/ncmc/smoke.yaml")
    assert told in error


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("seeds", 0, "'tables.smoke.seeds' is 0: input should be greater than or equal to 1"),
        ("seeds", True, "'tables.smoke.seeds' is True: input should be a valid integer"),
        ("seeds", HUGE, "input should be less than or equal to 1000"),
        ("seeds", "3", "'tables.smoke.seeds' is '3'"),
        ("columns", [], "'tables.smoke.columns' is []"),
        ("columns", ["tau", "tau"], "'tables.smoke': column 'tau' stands twice"),
        ("columns", ["tua"], "column 'tua' is not one of its axes ['dataset', 'backbone', 'method'"),
        ("axes", {"dataset": ["digits"]}, "axis 'backbone' is missing; needed: dataset, backbone"),
        ("axes", [1], "'tables.smoke.axes' is [1]: a mapping is needed"),
        ("also", {"tau": [0.1]}, "'tables.smoke.also' is {'tau': [0.1]}: a list is needed"),
        ("also", [{"tua": [0.1]}], "also: 'tua' is not one of its axes"),
        ("shows", "acuracy", "'tables.smoke.shows' is 'acuracy': input should be 'accuracy'"),
        ("tilte", "x", "unknown key 'tables.smoke.tilte'"),
        ("title", None, "'tables.smoke.title' is None"),
    ],
)  # fmt: skip
def test_a_senseless_key_of_a_table_is_refused(
    root: Path, key: str, value: object, told: str
) -> None:
    edit(root, "smoke.yaml", lambda body: body["tables"]["smoke"].update({key: value}))
    assert refused(root).startswith("/papers/ncmc/smoke.yaml: ")
    assert told in refused(root)


@pytest.mark.parametrize(
    ("place", "value", "told"),
    [
        ("small.inherits", "plain", "in a circle: small -> plain -> small"),
        ("small.inherits", "small", "in a circle: small -> small"),
        ("plain.inherits", "smal", "unknown recipe 'smal'. Did you mean 'small'? Allowed: digits"),
        ("small.lr.value", "fast", "recipe small: 'lr' is 'fast': input should be a valid number"),
        ("small.lr", 0.1, "'recipes.small.lr' is 0.1: a mapping is needed"),
        ("small.lrr", {"value": 1, "source": ""}, "unknown key 'lrr'. Did you mean 'lr'?"),
        ("digits.threads.value", 0, "recipe digits: 'threads' is 0"),
        ("small.rules.0.set", {"grwoth": 3}, "option 'grwoth'. Did you mean 'growth'?"),
        ("small.rules.0.set", {"epochs": 3}, "unknown option 'epochs'"),
        ("small.rules.0.when", {"backbone": ["densenet"]}, "unknown backbone 'densenet'"),
        ("small.rules.0.when", {"method": ["CLA"]}, "unknown method 'CLA'. Did you mean 'CAL'?"),
    ],
)  # fmt: skip
def test_a_senseless_recipe_is_refused(root: Path, place: str, value: object, told: str) -> None:
    *keys, last = place.split(".")

    def change(body: Any) -> None:
        body = body["recipes"]
        for key in keys:
            body = body[int(key)] if key.isdigit() else body[key]
        body[last] = value

    edit(root, "train.yaml", change)
    assert refused(root).startswith("/config/train.yaml: ")
    assert told in refused(root)


def test_a_recipe_that_is_not_complete_is_refused(root: Path) -> None:
    edit(root, "train.yaml", lambda body: body["recipes"]["small"].pop("lr"))
    assert "/config/train.yaml: recipe small: 'lr' is missing" in refused(root)


def test_a_dataset_that_names_no_recipe_is_refused(root: Path) -> None:
    edit(root, "datasets.yaml", lambda body: body["datasets"]["digits"].update(recipe="digit"))
    assert "/config/datasets.yaml: digits: unknown recipe 'digit'" in refused(root)


def example(root: Path) -> str:
    """config/lab.yaml with its example in place of `tables: {}`, its method one that is built."""
    text = (root / "config" / "lab.yaml").read_text().replace("MY-LOSS: {smoothing: 0.2}", "AL: {}")
    body = text.replace("tables: {}\n", "").replace("# ", "").replace("#\n", "")
    return body[body.index("tables:\n  ours") :]


def test_the_example_of_a_labs_own_table_can_be_planned(root: Path) -> None:
    before = set(table_names(Project(root)))
    (root / "config" / "lab.yaml").write_text(example(root))
    project = Project(root)
    assert set(table_names(project)) == before | {"ours"}
    assert "ours" not in table_names(project, "paper")
    assert len(grid.table(project, "ours").runs) == 2 * 3 * 3


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("reduced", "paper", "'scale' is 'paper', which only grid.yaml is"),
        ("ours:", "smoke:", "'smoke' is also in /papers/ncmc/smoke.yaml: choose another name"),
        ("ours:", "all:", "a table is called 'all'"),
    ],
)
def test_a_labs_tables_are_no_tables_of_the_paper(
    root: Path, old: str, new: str, told: str
) -> None:
    (root / "config" / "lab.yaml").write_text(example(root).replace(old, new))
    assert refused(root).startswith("/config/lab.yaml: ")
    assert told in refused(root)
