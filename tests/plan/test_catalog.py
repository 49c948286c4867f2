"""Names, options and what a file says of itself, without imports."""

import subprocess
import sys

import pytest

from ncmc.errors import UsageError
from ncmc.plan import catalog


def test_methods_are_the_files_of_their_folder() -> None:
    assert {"CE", "CE-FROZEN", "SETF", "AL", "CAL"} <= set(catalog.names("method"))
    assert {"resnet8", "resnet20", "resnet32", "resnet50"} <= set(catalog.names("backbone"))
    assert not [n for k in ("method", "backbone") for n in catalog.names(k) if n.startswith("_")]


def test_spelling_does_not_matter() -> None:
    assert catalog.canonical("method", "ce_frozen") == "CE-FROZEN"
    assert catalog.canonical("method", "cal") == "CAL"
    assert catalog.canonical("backbone", "ResNet8") == "resnet8"


def test_an_unknown_name_is_refused_with_the_allowed_ones() -> None:
    with pytest.raises(UsageError, match=r"unknown backbone 'resnet18'.*resnet8"):
        catalog.canonical("backbone", "resnet18")


def test_a_name_without_a_file_is_refused() -> None:
    with pytest.raises(UsageError, match="unknown method 'NOPE'"):
        catalog.load("method", "NOPE")


def test_a_file_says_what_it_is_in_one_line() -> None:
    assert catalog.summary("method", "NCM").startswith("the nearest class mean")


def test_options_and_what_a_method_says_can_be_told_without_running_it() -> None:
    assert catalog.own_options("method", "NCM") == frozenset()
    own = frozenset({"margin", "scale", "defer", "beta"})
    assert catalog.own_options("method", "LDAM-DRW") == own
    assert catalog.own_options("backbone", "resnet8") == frozenset({"width", "init"})
    told = {name: catalog.scores_are_cosines(name) for name in ("CAL", "AL-SCALED", "NCM", "CE")}
    assert told == {"CAL": True, "AL-SCALED": True, "NCM": True, "CE": False}


def test_listing_names_imports_no_torch() -> None:
    code = (
        "import sys; from ncmc.plan import catalog; catalog.names('method'); "
        "catalog.option_names('resnet8', 'CAL'); print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
