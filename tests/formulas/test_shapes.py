"""Pytest checks the shapes that signatures declare (conftest.py); outside of it nothing does."""

import subprocess
import sys

import jaxtyping
import pytest
import torch

from ncmc.formulas import losses


@pytest.mark.parametrize(
    ("features", "labels"),
    [((4, 3, 1), (4,)), ((4, 3), (5,)), ((4, 2), (4,))],
    ids=["three dimensions", "another batch", "another width"],
)
def test_a_tensor_of_another_shape_is_refused(
    features: tuple[int, ...], labels: tuple[int, ...]
) -> None:
    with pytest.raises(jaxtyping.TypeCheckError):
        losses.dot_regression(
            torch.ones(features), torch.zeros(labels, dtype=torch.int64), torch.eye(3)
        )


@pytest.mark.slow
def test_outside_of_pytest_a_function_is_the_plain_one() -> None:
    code = (
        "import sys; from ncmc.formulas import losses\n"
        "print(losses.unit.__code__.co_filename == losses.__file__, 'beartype' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True False"
