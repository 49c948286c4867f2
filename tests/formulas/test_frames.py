"""Frames: angles, counts and dimensions against the definitions, written out the slow way."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta, kstest
from slow_losses import classifier_cosines

from ncmc.errors import UsageError
from ncmc.formulas import frames

torch.set_num_threads(1)
FEW = settings(max_examples=40, deadline=None)
centers_lists = st.lists(st.integers(1, 6), min_size=1, max_size=5)
angles = st.floats(0, math.pi / 2)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


# --- orthonormal rows -----------------------------------------------------------------------------


@given(st.integers(1, 12), st.integers(0, 12), st.integers(0, 100))
@FEW
def test_rows_are_orthonormal(n: int, extra: int, seed: int) -> None:
    rows = frames.orthonormal_rows(n, n + extra, seeded(seed), torch.float64)
    assert torch.allclose(rows @ rows.T, torch.eye(n, dtype=torch.float64), atol=1e-12)


def test_rows_are_uniform_over_all_directions() -> None:
    """A coordinate of a uniform unit vector in R^d: its square is Beta(1/2, (d-1)/2)."""
    generator, dim = seeded(1), 5
    draws = [frames.orthonormal_rows(dim, dim, generator, torch.float64) for _ in range(1500)]
    entries = torch.stack(draws)  # (draws, dim, dim)
    for row, column in ((0, 0), (0, 4), (2, 1), (4, 4)):
        x = entries[:, row, column].numpy()
        assert kstest(x**2, beta(0.5, (dim - 1) / 2).cdf).pvalue > 1e-3
        assert abs(np.sign(x).mean()) < 4 / math.sqrt(len(x))
    # The orientation is fair too: reflections are as likely as rotations.
    assert abs(torch.linalg.det(entries).mean()) < 4 / math.sqrt(len(draws))


def test_the_generator_decides_and_the_global_one_is_left_alone() -> None:
    torch.manual_seed(7)
    before = torch.get_rng_state()
    first = frames.multi_center_frame([2, 1], 8, 0.3, seeded(3))
    again = frames.multi_center_frame([2, 1], 8, 0.3, seeded(3))
    other = frames.multi_center_frame([2, 1], 8, 0.3, seeded(4))
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first[0], other[0])
    assert torch.equal(torch.get_rng_state(), before)


def test_frames_are_cast_at_the_end() -> None:
    exact = frames.simplex_etf(5, 9, seeded(), torch.float64)
    assert torch.equal(frames.simplex_etf(5, 9, seeded()), exact.float())
    centers, classifier = frames.multi_center_frame([1, 2], 9, 0.2, seeded(), torch.bfloat16)
    assert centers.dtype == classifier.dtype == torch.bfloat16


# --- simplex ETF ----------------------------------------------------------------------------------


@given(st.integers(2, 15), st.integers(0, 10), st.integers(0, 100))
@FEW
def test_simplex_rows_have_equal_angles(n_classes: int, extra: int, seed: int) -> None:
    etf = frames.simplex_etf(n_classes, n_classes - 1 + extra, seeded(seed), torch.float64)
    for k in range(n_classes):
        for j in range(n_classes):
            expected = 1.0 if j == k else -1 / (n_classes - 1)
            assert float(etf[k] @ etf[j]) == pytest.approx(expected, abs=1e-12)
    assert float(etf.sum(0).abs().max()) < 1e-12


def test_simplex_equals_the_usual_formula_up_to_rotation() -> None:
    """sqrt(K/(K-1)) P (I - J/K) with P orthonormal (Yang et al. 2022) has the same Gram matrix."""
    k_classes, dim = 7, 11
    p = frames.orthonormal_rows(k_classes, dim, seeded(5), torch.float64).T  # (d, K)
    centering = torch.eye(k_classes, dtype=torch.float64) - 1 / k_classes
    usual = (math.sqrt(k_classes / (k_classes - 1)) * p @ centering).T
    ours = frames.simplex_etf(k_classes, dim, seeded(), torch.float64)
    assert torch.allclose(usual @ usual.T, ours @ ours.T, atol=1e-12)


@pytest.mark.parametrize(
    ("n_classes", "dim", "needed"), [(10, 8, "9"), (1, 5, "2"), (100, 64, "99")]
)
def test_simplex_says_what_it_needs(n_classes: int, dim: int, needed: str) -> None:
    with pytest.raises(UsageError, match=needed):
        frames.simplex_etf(n_classes, dim, seeded())


# --- multi-center frame ---------------------------------------------------------------------------


@given(centers_lists, st.integers(0, 5), angles, st.integers(0, 100))
@FEW
def test_centers_have_the_angles_of_the_definition(
    f: list[int], extra: int, theta: float, seed: int
) -> None:
    dim = sum(f) + len(f) + extra
    centers, classifier = frames.multi_center_frame(f, dim, theta, seeded(seed), torch.float64)
    of = [k for k, n in enumerate(f) for _ in range(n)]  # class 0 comes first
    assert centers.shape == (sum(f), dim)
    assert classifier.shape == (len(f), dim)
    for i, row in enumerate(centers):
        for j, other in enumerate(centers):
            expected = 1.0 if i == j else math.sin(theta) ** 2 if of[i] == of[j] else 0.0
            assert float(row @ other) == pytest.approx(expected, abs=1e-10)
        for k, w in enumerate(classifier):
            expected = math.sin(theta) if of[i] == k else 0.0
            assert float(row @ w) == pytest.approx(expected, abs=1e-10)
    gram = classifier @ classifier.T
    assert torch.allclose(gram, torch.eye(len(f), dtype=torch.float64), atol=1e-12)


def test_two_centers_of_a_class_meet_at_the_angle_of_remark_3_9() -> None:
    theta = 0.7
    centers, _ = frames.multi_center_frame([2, 3], 10, theta, seeded(), torch.float64)
    assert math.acos(centers[0] @ centers[1]) == pytest.approx(math.acos(math.sin(theta) ** 2))


def test_at_theta_zero_centers_are_orthogonal_to_the_classifier() -> None:
    centers, classifier = frames.multi_center_frame([2, 3], 7, 0, seeded(), torch.float64)
    assert float((centers @ classifier.T).abs().max()) < 1e-12


def test_at_a_right_angle_centers_are_the_classifier() -> None:
    f = [2, 3]
    centers, classifier = frames.multi_center_frame(f, 7, math.pi / 2, seeded(), torch.float64)
    assert torch.allclose(centers, classifier[frames.center_classes(f)], atol=1e-12)


def test_the_basis_spans_the_frame() -> None:
    f, theta = [3, 1, 2], 0.4
    basis = frames.multi_center_basis(f, 12, seeded(8), torch.float64)
    centers, classifier = frames.multi_center_frame(f, 12, theta, seeded(8), torch.float64)
    own = classifier[frames.center_classes(f)]
    assert torch.equal(basis[:3], classifier)
    assert torch.equal(centers, math.cos(theta) * basis[3:] + math.sin(theta) * own)


@given(centers_lists, angles, st.integers(0, 100))
@FEW
def test_angles_of_the_mean_center_equal_those_measured(
    f: list[int], theta: float, seed: int
) -> None:
    dim = sum(f) + len(f)
    centers, classifier = frames.multi_center_frame(f, dim, theta, seeded(seed), torch.float64)
    basis = frames.multi_center_basis(f, dim, seeded(seed), torch.float64)
    targets = frames.mean_center_coordinates(f, theta) @ basis
    classes = frames.center_classes(f)
    for k in range(len(f)):
        mean = centers[classes == k].mean(0)
        length = float(mean.norm())
        assert float(frames.mean_center_cosines(f, theta)[k]) == pytest.approx(length, abs=1e-10)
        for center in centers[classes == k]:  # alpha_k is the angle to each of its centers
            assert float(center @ mean) / length == pytest.approx(length, abs=1e-8)
        to_classifier = float(mean @ classifier[k]) / length
        cosine = classifier_cosines(f, theta)[k]
        assert cosine == pytest.approx(to_classifier, abs=1e-8)
        assert torch.allclose(targets[k], mean / length, atol=1e-8)


def test_the_angle_to_the_classifier_is_known_in_two_cases() -> None:
    assert classifier_cosines([1], 0.3)[0] == pytest.approx(math.cos(math.pi / 2 - 0.3))
    f, theta = 9, 0.2  # tan(rho) = cot(theta) / sqrt(f)
    rho = math.atan(1 / math.tan(theta) / math.sqrt(f))
    assert classifier_cosines([f], theta)[0] == pytest.approx(math.cos(rho))


@pytest.mark.parametrize("theta", [-0.01, 1.58, math.inf, math.nan])
def test_theta_outside_the_quarter_turn_is_refused(theta: float) -> None:
    for call in (
        lambda: frames.multi_center_frame([2], 9, theta, seeded()),
        lambda: frames.mean_center_cosines([2], theta),
    ):
        with pytest.raises(UsageError, match="allowed: 0 to pi/2"):
            call()


def test_a_small_dim_is_refused_with_the_needed_one() -> None:
    with pytest.raises(UsageError, match="at least 210"):
        frames.multi_center_frame([20] * 10, 209, 0.2, seeded())
    frames.multi_center_frame([20] * 10, 210, 0.2, seeded())


@pytest.mark.parametrize("centers_per_class", [[], [0], [3, -1], [1.5]])
@pytest.mark.usefixtures("unchecked")
def test_bad_numbers_of_centers_are_refused(centers_per_class: list[float]) -> None:
    with pytest.raises(UsageError, match="centers_per_class"):
        frames.multi_center_frame(centers_per_class, 50, 0.2, seeded())  # type: ignore[arg-type]
