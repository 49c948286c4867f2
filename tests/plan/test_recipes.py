"""config/train.yaml: the paper's recipe, and where every value comes from."""

import re

import pytest
from conftest import here

from ncmc.errors import UsageError
from ncmc.paper.assumptions import assumptions
from ncmc.plan import recipes
from ncmc.plan.dataset_entries import dataset_entries
from ncmc.plan.option_text import Value
from ncmc.plan.recipes import Recipe, resolve
from ncmc.plan.run import make_run, resolve_run


def test_the_small_recipe_is_the_papers() -> None:
    recipe = resolve(here(), "cifar100", "resnet50", "CAL", {}).recipe
    assert (recipe.epochs, recipe.batch_size, recipe.momentum) == (200, 128, 0.9)
    assert (recipe.weight_decay, recipe.mixup, recipe.mixup_alpha) == (2e-4, True, 1.0)
    assert recipe.augment == "crop_flip"


def test_densenet_grows_by_12_on_cifar_and_by_32_on_svhn() -> None:
    assert resolve(here(), "cifar10", "densenet150", "CE", {}).model["growth"] == 12
    assert resolve(here(), "svhn", "densenet150", "CE", {}).model["growth"] == 32


def test_features_are_normalised_first_on_svhn_and_with_densenet() -> None:
    assert "normalise" not in resolve(here(), "cifar10", "resnet50", "CAL", {}).model
    assert resolve(here(), "svhn", "resnet50", "CAL", {}).model["normalise"] == "l2"
    assert resolve(here(), "svhn", "densenet150", "CAL", {}).model["normalise"] == "l2_bn"
    assert "normalise" not in resolve(here(), "svhn", "densenet150", "CE", {}).model


def test_an_option_overrides_its_part_and_no_other() -> None:
    resolved = resolve(here(), "cifar10", "resnet50", "CAL", {"epochs": 3, "f": 7, "split_seed": 4})
    assert resolved.recipe.epochs == 3
    assert resolved.split.split_seed == 4
    assert resolved.model == {"f": 7}
    assert resolved.sources["epochs"] == "set for this run"


@pytest.mark.parametrize(
    ("option", "value"), [("epochs", 0), ("lr", -1.0), ("schedule", "linear"), ("n_max_rule", "x")]
)
def test_a_bad_value_is_named(option: str, value: object) -> None:
    with pytest.raises(UsageError, match=f"'{option}' is {value!r}"):
        resolve(here(), "cifar10", "resnet50", "CAL", {option: value})  # type: ignore[dict-item]


def test_every_value_of_every_recipe_says_where_it_comes_from() -> None:
    known = {assumption.id for assumption in assumptions(here())}
    for name in dataset_entries(here()):
        resolved = resolve(here(), name, "resnet50", "CE", {})
        for key in Recipe.model_fields:
            source = resolved.sources[key]
            assert source.startswith(("spec", "assumed: A", "ours")), (name, key, source)
            assert set(re.findall(r"\bA\d+\b", source)) <= known


def test_every_dataset_names_a_recipe_with_as_many_channels() -> None:
    for name, entry in dataset_entries(here()).items():
        assert len(resolve(here(), name, "resnet50", "CE", {}).recipe.mean) == entry.channels, name


def test_owner_knows_each_part() -> None:
    assert [recipes.owner(k) for k in ("epochs", "split_seed", "threads", "theta")] == [
        "recipe",
        "split",
        "execution",
        "model",
    ]


def test_a_run_can_name_another_recipe_than_its_datasets() -> None:
    run = make_run("cifar10", 0.01, "resnet32", "CE", {"recipe": "ldam_drw"}, project=here())
    assert run.options == (("recipe", "ldam_drw"),)
    recipe = resolve_run(here(), run).recipe
    assert (recipe.gamma, recipe.mixup, recipe.warmup_epochs) == (0.01, False, 5)
    again: dict[str, Value] = {"recipe": "ldam_drw", "gamma": 0.01, "mixup": True}
    run = make_run("cifar10", 0.01, "resnet32", "CE", again, project=here())
    assert dict(run.options) == {"recipe": "ldam_drw", "mixup": True}


def test_the_datasets_own_recipe_is_no_option() -> None:
    assert make_run("cifar10", 0.01, "resnet32", "CE", {"recipe": "small"}).options == ()


def test_an_unknown_recipe_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="unknown recipe 'smal'. Did you mean 'small'"):
        make_run("cifar10", 0.01, "resnet32", "CE", {"recipe": "smal"})
