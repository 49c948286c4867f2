"""Names without imports; what is planned but not built says which file is missing."""

import subprocess
import sys

import pytest

from ncmc.errors import UsageError
from ncmc.plan import catalog


def test_methods_are_the_files_of_their_folder() -> None:
    assert {"CE", "CE-FROZEN", "SETF", "AL", "CAL"} <= set(catalog.built_names("method"))
    assert {"resnet8", "resnet20", "resnet32", "resnet50"} <= set(catalog.built_names("backbone"))
    assert not [
        n for k in ("method", "backbone") for n in catalog.built_names(k) if n.startswith("_")
    ]


def test_spelling_does_not_matter() -> None:
    assert catalog.canonical("method", "ce_frozen") == "CE-FROZEN"
    assert catalog.canonical("method", "cal") == "CAL"
    assert catalog.canonical("backbone", "ResNet8") == "resnet8"


def test_an_unknown_name_is_refused_with_the_allowed_ones() -> None:
    with pytest.raises(UsageError, match=r"unknown backbone 'resnet18'.*resnet8"):
        catalog.canonical("backbone", "resnet18")
    with pytest.raises(UsageError, match="unknown kind 'methods'"):
        catalog.built_names("methods")


def test_a_planned_method_says_which_file_is_missing() -> None:
    assert catalog.canonical("method", "nope", ["NOPE"]) == "NOPE"
    with pytest.raises(UsageError, match=r"'NOPE' is not built yet: ncmc/methods/nope\.py"):
        catalog.load("method", "NOPE")


def test_listing_names_imports_no_torch() -> None:
    code = (
        "import sys; from ncmc.plan import catalog; catalog.all_names('method'); "
        "catalog.option_names('resnet8', 'CAL'); print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
