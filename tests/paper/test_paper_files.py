"""The paper's numbers, claims and assumptions as data."""

import csv
import inspect
import shutil
from pathlib import Path

import pytest
from conftest import here

from ncmc.errors import UsageError
from ncmc.paper.assumptions import assumptions, assumptions_for
from ncmc.paper.claims import baseline_numbers, claims
from ncmc.paper.claims import claim as claim_named
from ncmc.paper.printed_numbers import number_for, printed_numbers
from ncmc.plan import recipes
from ncmc.plan.run import Run, resolve_run
from ncmc.system import documents


@pytest.fixture
def claims_file() -> dict:
    return documents.load_yaml(here().config("paper/claims.yaml"))


@pytest.fixture
def empty_root(tmp_path, monkeypatch):
    """A project root with a copy of config/, to be spoilt."""
    shutil.copytree(here().config("."), tmp_path / "config")
    monkeypatch.setenv("NCMC_ROOT", str(tmp_path))
    return tmp_path


def cal(dataset="cifar10", tau=0.005, **options) -> Run:
    return Run(dataset, tau, "resnet50", "CAL", tuple(sorted(options.items())))


def test_numbers_are_those_of_the_claims_file(claims_file):
    for known, ours in zip(claims_file["numbers"], printed_numbers(here()), strict=True):
        assert known["id"] == ours.id
        assert (known["value"], known["std"]) == (ours.value, ours.std)
        assert known["where"] == ours.where
        assert {"f": known["f"], "theta": known["theta"]} == dict(ours.options)
        assert (known["dataset"], known["tau"]) == (ours.dataset, ours.tau)


def test_a_number_describes_its_own_configuration_alone():
    number = number_for(here(), cal(f=20, theta=0.2))
    assert number is not None
    assert (number.id, number.value, number.std) == ("N1", 80.6, 0.5)
    assert number_for(here(), cal(f=10, theta=0.2)) is None
    assert number_for(here(), cal(f=20, theta=0.2, mixup=False)) is None
    assert number_for(here(), cal("digits", f=20, theta=0.2)) is None


def test_an_unknown_number_stays_unknown(empty_root: Path):
    path = empty_root / "config" / "paper/numbers.csv"
    with path.open("a") as file:
        csv.writer(file).writerow(
            ["X1", "table2", "cifar10", 0.01, "resnet50", "CE", "", "", "", "", "Table 2", "", ""]
        )
    assert "X1" not in [number.id for number in printed_numbers(here())]


def test_a_number_outside_percent_is_refused(empty_root: Path):
    path = empty_root / "config" / "paper/numbers.csv"
    path.write_text(path.read_text().replace("80.6", "806"))
    with pytest.raises(UsageError, match=r"line 2 \(N1\): 'value' is 806.0: input should be"):
        printed_numbers(here())


def test_every_claim_is_read(claims_file):
    expected = [entry["id"] for part in ("comparisons", "theory") for entry in claims_file[part]]
    assert [claim.id for claim in claims(here()).values()] == expected
    assert claim_named(here(), "C12").shown_in == "table6"
    assert claim_named(here(), "F1").shown_in == "figure1"


def test_an_unknown_claim_is_refused_with_the_known_ones():
    with pytest.raises(UsageError, match=r"unknown claim 'C99'.*C1, C10"):
        claim_named(here(), "C99")


def test_the_baselines_own_numbers_are_a_second_set():
    assert [n.id for n in baseline_numbers(here())] == ["Y1", "Y2", "Y3", "Y4"]


def test_the_register_holds_every_assumption_once():
    ids = [entry.id for entry in assumptions(here())]
    assert sorted(ids, key=lambda i: int(i[1:])) == [f"A{i}" for i in range(1, 25)]


def test_an_unknown_key_in_the_register_is_refused(empty_root: Path):
    path = empty_root / "config" / "paper/assumptions.yaml"
    path.write_text(path.read_text().replace("option: generator", "optoin: generator"))
    with pytest.raises(UsageError, match=r"A2: unknown key 'optoin'. Did you mean 'option'"):
        assumptions(here())


def test_options_of_the_register_are_options_of_the_program():
    from ncmc.backbones import resnet8
    from ncmc.methods.cal import CAL
    from ncmc.methods.setf import SETF

    known = {"method", "backbone"} | set(inspect.signature(resnet8.build).parameters)
    for method in (CAL, SETF):
        known |= set(inspect.signature(method.Options).parameters)
    for entry in assumptions(here()):
        if entry.option:
            assert entry.option in known or recipes.owner(entry.option) in ("recipe", "split")


def test_assumptions_state_what_the_run_was_made_with():
    resolved = {
        "recipe": {"mixup": False, "drop_last": False, "warmup_epochs": 5, "augment": "none"},
        "split": {"generator": "mislas", "n_max_rule": "mean", "svhn_labels": "as_released"},
        "backbone": {"init": "kaiming"},
        "method": {"f": 19, "lam": 0.0006, "reduce": "sum", "order": "descending"},
    }
    chosen = assumptions_for(here(), cal("svhn"), resolved)
    assert chosen["A2"] == "mislas"
    assert chosen["A4"] == "as_released"
    assert chosen["A5"] == "none"
    assert chosen["A7"] == "5"
    assert chosen["A11"] == "resnet50"
    assert chosen["A17"] == "0.0006"
    assert chosen["A18"] == "19"
    assert chosen["A19"] == "off"
    assert "best" in chosen["A8"]
    # A6 is about CIFAR, A9 and A10 about CE and SETF, A13 about CIFAR-100, A23 about theory.
    assert not {"A6", "A9", "A10", "A13", "A23"} & set(chosen)


def test_a_point_whose_option_the_run_lacks_does_not_arise():
    assert "A18" not in assumptions_for(here(), cal(), {"method": {}})


def test_the_default_choice_is_what_the_recipes_resolve_to():
    """For options of recipe and split; `A5` and `A6` on their own datasets."""
    for entry in assumptions(here()):
        if not entry.option or recipes.owner(entry.option) not in ("recipe", "split"):
            continue
        dataset = entry.datasets[0] if entry.datasets else "cifar10"
        run = Run(dataset, 0.01, "resnet50", "CE")
        resolved = resolve_run(here(), run)
        parts = {
            "recipe": resolved.recipe.model_dump(),
            "split": resolved.split.model_dump(),
        }
        assert assumptions_for(here(), run, parts)[entry.id] == entry.choice
