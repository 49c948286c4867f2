"""The paper's numbers, claims and assumptions as data."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from conftest import copy_project, here

from ncmc.errors import UsageError
from ncmc.paper.assumptions import assumptions, assumptions_for
from ncmc.paper.claims import claim as claim_named
from ncmc.paper.claims import claims
from ncmc.paper.printed_numbers import number_for, printed_numbers
from ncmc.plan import catalog, recipes
from ncmc.plan.option_text import Value, format_value
from ncmc.plan.run import Run, resolve_run
from ncmc.system import documents


@pytest.fixture
def claims_file() -> dict[str, Any]:
    loaded: dict[str, Any] = documents.load_yaml(here().config("claims.yaml"))
    return loaded


@pytest.fixture
def empty_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project root with a copy of the configuration, to be spoilt."""
    copy_project(tmp_path)
    monkeypatch.setenv("NCMC_ROOT", str(tmp_path))
    return tmp_path


def cal(dataset: str = "cifar10", tau: float = 0.005, **options: Value) -> Run:
    return Run(dataset, tau, "resnet50", "CAL", tuple(sorted(options.items())))


def test_the_numbers_are_the_three_that_the_paper_states_in_its_text() -> None:
    stated = {
        "N1": ("App. F.2", "cifar10", 0.005, {"f": 20, "theta": 0.2}, 80.6, 0.5),
        "N2": ("App. F.2", "cifar100", 0.005, {"f": 20, "theta": 0.2}, 46.6, 0.4),
        "N3": ("Sec. 4.4", "cifar10", 0.1, {"f": 10, "theta": 0.5}, 92.5, 0.2),
    }
    ours = {
        n.id: (n.where, n.run.dataset, n.run.tau, dict(n.run.options), n.value, n.std)
        for n in printed_numbers(here())
    }
    assert ours == stated
    assert {(n.run.backbone, n.run.method, n.n) for n in printed_numbers(here())} == {
        ("resnet50", "CAL", 3)
    }


def test_a_number_describes_its_own_configuration_alone() -> None:
    number = number_for(here(), cal(f=20, theta=0.2))
    assert number is not None
    assert (number.id, number.value, number.std) == ("N1", 80.6, 0.5)
    assert number_for(here(), cal(f=10, theta=0.2)) is None
    assert number_for(here(), cal(f=20, theta=0.2, mixup=False)) is None
    assert number_for(here(), cal("digits", f=20, theta=0.2)) is None


def test_a_number_outside_percent_is_refused(empty_root: Path) -> None:
    path = empty_root / "papers" / "ncmc" / "numbers.csv"
    path.write_text(path.read_text().replace("80.6", "806"))
    with pytest.raises(UsageError, match=r"line 2 \(N1\): 'value' is 806.0: input should be"):
        printed_numbers(here())


def test_every_claim_is_read(claims_file: dict[str, Any]) -> None:
    expected = [entry["id"] for part in ("comparisons", "theory") for entry in claims_file[part]]
    assert [claim.id for claim in claims(here()).values()] == expected
    assert claim_named(here(), "C12").shown_in == "table6"
    assert claim_named(here(), "F1").shown_in == "figure1"


def test_an_unknown_claim_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"unknown claim 'C99'.*C1, C2"):
        claim_named(here(), "C99")


def test_the_register_holds_every_assumption_once() -> None:
    ids = [entry.id for entry in assumptions(here())]
    assert sorted(ids, key=lambda i: int(i[1:])) == [f"A{i}" for i in range(1, 39)]


def test_an_unknown_key_in_the_register_is_refused(empty_root: Path) -> None:
    path = empty_root / "papers" / "ncmc" / "assumptions.yaml"
    path.write_text(path.read_text().replace("option: generator", "optoin: generator"))
    with pytest.raises(UsageError, match=r"A2: unknown key 'optoin'. Did you mean 'option'"):
        assumptions(here())


def test_assumptions_state_what_the_run_was_made_with() -> None:
    resolved: dict[str, dict[str, Any]] = {
        "recipe": {"mixup": False, "drop_last": False, "warmup_epochs": 5, "augment": "none"},
        "split": {"generator": "mislas", "n_max_rule": "mean", "svhn_labels": "as_released"},
        "backbone": {"init": "kaiming"},
        "method": {"f": 19, "lam": 0.0006, "reduce": "sum", "order": "ascending"},
    }
    chosen = assumptions_for(here(), cal("svhn"), resolved)
    assert chosen["A2"] == "mislas"
    assert chosen["A4"] == "as_released"
    assert chosen["A5"] == "none"
    assert chosen["A7"] == "5"
    assert chosen["A11"] == "resnet50"
    assert chosen["A16"] == "ascending"
    assert chosen["A17"] == "0.0006"
    assert chosen["A18"] == "19"
    assert chosen["A19"] == "off"
    assert "best" in chosen["A8"]
    # A6 is about CIFAR, A9 and A10 about CE and SETF, A13 about CIFAR-100, A23 about theory.
    assert not {"A6", "A9", "A10", "A13", "A23"} & set(chosen)


def test_a_point_whose_option_the_run_lacks_does_not_arise() -> None:
    assert "A18" not in assumptions_for(here(), cal(), {"method": {}})


def test_the_width_of_cifar100_is_open_only_where_f_counts_the_centers_alone() -> None:
    for f_counts, open_points in (("released", {"A25"}), ("printed", {"A13", "A25"})):
        method = {"f": 20, "f_counts": f_counts}
        chosen = assumptions_for(here(), cal("cifar100"), {"method": method})
        assert {"A13", "A25"} & set(chosen) == open_points
        assert chosen["A25"] == f_counts


def test_the_released_classifier_of_ce_is_frozen_on_resnets_alone() -> None:
    for backbone, point in (("resnet32", "A9"), ("densenet150", "A27")):
        chosen = assumptions_for(here(), Run("cifar10", 0.01, backbone, "CE"), {})
        assert {"A9", "A27"} & set(chosen) == {point}
        assert chosen[point] == "CE"


def test_the_place_of_the_norm_is_open_only_where_there_is_one() -> None:
    for normalise, arises in (("none", False), ("l2", True), ("l2_bn", True)):
        chosen = assumptions_for(here(), cal("svhn"), {"method": {"normalise": normalise}})
        assert ("A30" in chosen) == arises


def test_the_default_choice_is_what_the_methods_default_to() -> None:
    """For the options of CAL; the register and the code state each once."""
    options: dict[str, Value] = asdict(catalog.load("method", "CAL").CAL.Options())
    register = {entry.option: entry for entry in assumptions(here()) if "CAL" in entry.methods}
    for option in ("linear", "prediction_bn", "reduce", "order", "f_counts", "lam"):
        assert register[option].choice == format_value(options[option])


def test_the_default_choice_is_what_the_recipes_resolve_to() -> None:
    """For options of recipe and split; `A5` and `A6` on their own datasets."""
    for entry in assumptions(here()):
        if not entry.option or recipes.owner(entry.option) not in ("recipe", "split"):
            continue
        dataset = entry.datasets[0] if entry.datasets else "cifar10"
        run = Run(dataset, 0.01, "resnet50", entry.methods[0] if entry.methods else "CE")
        resolved = resolve_run(here(), run)
        parts = {
            "recipe": resolved.recipe.model_dump(),
            "split": resolved.split.model_dump(),
        }
        assert assumptions_for(here(), run, parts)[entry.id] == entry.choice


def changed(root: Path, name: str, old: str, new: str) -> None:
    """Replaces `old`, which stands there once at least, in a file of papers/ncmc."""
    path = root / "papers" / "ncmc" / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("resnet50,CAL", "resnet5O,CAL", r"line 2 \(N1\): unknown backbone 'resnet5O'. Did you"),
        ("resnet50,CAL", "resnet50,cal", r"line 2 \(N1\): unknown method 'cal'"),
        ("N1,,cifar10", "N1,,cifar11", r"line 2 \(N1\): unknown dataset 'cifar11'. Did you"),
        ("N1,,", "N1,table9,", r"line 2 \(N1\): unknown table 'table9'. Did you"),
        ("N2", "N1", "N1: two entries have this id"),
        ("N1", "", "'id' is '': string should have at least 1"),
        ("theta=0.2", "thetta=0.2", r"\(N1\): unknown option of resnet50 with CAL 'thetta'. Did"),
        ("theta=0.2", "theta", r"\(N1\): option 'theta' is not KEY=VALUE"),
        ("80.6", "nan", r"\(N1\): value is 'nan'"),
        ("80.6", "many", r"\(N1\): value is 'many'; allowed: a number"),
        (",80.6,", ",,", r"\(N1\): 'value' is None"),
        (",0.5,3,App", ",-0.5,3,App", r"\(N1\): 'std' is -0.5"),
        (",0.5,3,App", ",0.5,0,App", r"\(N1\): 'n' is 0"),
        ("0.005", "5", r"\(N1\): tau is 5"),
        ("N2,,cifar100", "N2,,cifar10", r"\(N2\): N1 is printed for the same configuration"),
        ("source,note", "source,notes", "needed: id, table, dataset"),
    ],
)
def test_a_senseless_printed_number_is_refused(
    empty_root: Path, old: str, new: str, said: str
) -> None:
    changed(empty_root, "numbers.csv", old, new)
    with pytest.raises(UsageError, match=rf"numbers\.csv.*{said}"):
        printed_numbers(here())


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("{id: C1,  table: table1", "{id: C2,  table: table1", "C2: two entries have this id"),
        ("id: C1,  table: table1", "id: C1,  table: tabel1", "C1: unknown table 'tabel1'. Did you"),
        ("id: C1,  table: table1", "id: C1,  table: figure1", "C1: unknown table 'figure1'"),
        ("id: C1,  table: table1", "id: C1,  figure: table1", "C1: unknown figure 'table1'"),
        ("id: C1,  table: table1", "id: C1", "C1: needed is either 'table' or 'figure'"),
        ("id: C1,  table: table1", "id: C1, table: table1, figure: figure1", "C1: needed is either"),
        ("id: C1,  table: table1", "id: C1, tabel: table1", "C1: unknown key 'tabel'. Did you"),
        ("{id: C1,", "{id: 1,", "'comparisons.0.id' is 1"),
        ("{id: T1,", "{id: C1,", "C1: two entries have this id"),
        ("theory:", "theories:", "unknown key 'theories'. Did you mean 'theory'"),
    ],
)  # fmt: skip
def test_a_senseless_claim_is_refused(empty_root: Path, old: str, new: str, said: str) -> None:
    changed(empty_root, "claims.yaml", old, new)
    with pytest.raises(UsageError, match=rf"claims\.yaml: .*{said}"):
        claims(here())


def test_a_claim_about_results_says_something(empty_root: Path) -> None:
    changed(empty_root, "claims.yaml", 'says: "CAL works with Mixup and without"', 'says: ""')
    with pytest.raises(UsageError, match=r"claims\.yaml: C2: 'says' is '': string should"):
        claims(here())


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("id: A2", "id: A1", "A1: two entries have this id"),
        ("id: A2", "id: B2", "B2: 'id' is 'B2'"),
        ("option: generator", "option: genarator", "A2: unknown option 'genarator'. Did you mean"),
        ("option: batch_scaling", "option: batchscaling", "A10: unknown option 'batchscaling'"),
        ("datasets: [svhn]", "datasets: [shvn]", "A4: unknown dataset 'shvn'. Did you mean 'svhn'"),
        ("methods: [SETF]", "methods: [setf]", "A10: unknown method 'setf'"),
        (
            "backbones: [resnet50, resnet32]",
            "backbones: [resnet5]",
            "A11: unknown backbone 'resnet5'",
        ),
        ("when: {f_counts:", "when: {f_count:", "A13: unknown option 'f_count'. Did you mean"),
        ("theory: true", "theory: maybe", "A23: 'theory' is 'maybe'"),
        (
            "alternatives:",
            "alternatives: x\n    more:",
            "A2: 'alternatives' is 'x': a list is needed",
        ),
    ],
)
def test_a_senseless_assumption_is_refused(empty_root: Path, old: str, new: str, said: str) -> None:
    changed(empty_root, "assumptions.yaml", old, new)
    with pytest.raises(UsageError, match=rf"assumptions\.yaml: .*{said}"):
        assumptions(here())
