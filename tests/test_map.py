"""What `ncmc` itself exports: the names that a lab's own code imports, loaded on first use."""

import subprocess
import sys

import pytest
from conftest import CHECKOUT

import ncmc

WITH_TORCH = {
    "OnFeatures",
    "class_aware_counts",
    "cosine_regression",
    "multi_center_frame",
    "simplex_etf",
}


@pytest.mark.parametrize("name", ncmc.__all__)
def test_every_export_is_there_and_documented(name: str) -> None:
    assert getattr(ncmc, name).__doc__


def test_the_exports_are_the_ones_that_the_type_checker_sees() -> None:
    seen = CHECKOUT.joinpath("ncmc/__init__.py").read_text().partition("if TYPE_CHECKING:")[2]
    imported = seen.partition("__all__")[0].replace(",", " ").split()
    assert set(ncmc.__all__) <= set(imported)
    assert set(ncmc.__all__) == set(ncmc._HOMES) <= set(dir(ncmc))


def test_an_unknown_export_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'simplex'"):
        _ = ncmc.simplex  # type: ignore[attr-defined]


def test_only_the_exports_that_need_torch_import_it() -> None:
    plain = sorted(set(ncmc.__all__) - WITH_TORCH)
    code = f"import sys; from ncmc import {', '.join(plain)}; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_the_map_names_every_room() -> None:
    from test_layers import ROOMS

    words = str(ncmc.__doc__).replace(",", " ").split()
    assert set(ROOMS) <= set(words)
