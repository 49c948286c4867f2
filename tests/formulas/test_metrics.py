"""Metrics against loops written out, and against scikit-learn where it has the same measure."""

import json
import math
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from slow_losses import classifier_cosines, collapse_of
from torch import Tensor

from ncmc.formulas import frames, metrics
from ncmc.results.class_groups import group_accuracy

torch.set_num_threads(1)
FEW = settings(max_examples=30, deadline=None)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def outcomes(n: int, n_classes: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    g = seeded(seed)
    predicted, labels = (torch.randint(0, n_classes, (n,), generator=g) for _ in range(2))
    return predicted, labels


# --- accuracy -------------------------------------------------------------------------------------


@given(st.integers(1, 60), st.integers(1, 8), st.integers(0, 100))
@FEW
@pytest.mark.filterwarnings("ignore:A single label")
def test_confusion_counts_pairs_as_sklearn_does(n: int, n_classes: int, seed: int) -> None:
    from sklearn.metrics import confusion_matrix  # here: not in every process that collects tests

    predicted, labels = outcomes(n, n_classes, seed)
    matrix = metrics.confusion(predicted, labels, n_classes)
    expected = confusion_matrix(labels, predicted, labels=range(n_classes))
    assert matrix.dtype == torch.int64
    assert matrix.tolist() == expected.tolist()


@given(st.integers(1, 60), st.integers(1, 8), st.integers(0, 100))
@FEW
def test_a_class_accuracy_is_the_share_of_its_images_in_percent(
    n: int, n_classes: int, seed: int
) -> None:
    predicted, labels = outcomes(n, n_classes, seed)
    matrix = metrics.confusion(predicted, labels, n_classes)
    per_class = metrics.per_class_accuracy(matrix)
    for k in range(n_classes):
        own = predicted[labels == k]
        expected = 100 * float((own == k).double().mean()) if len(own) else None
        assert per_class[k] == (expected if expected is None else pytest.approx(expected))


def test_a_model_that_is_always_right_reaches_100_percent() -> None:
    labels = torch.arange(5).repeat(3)
    matrix = metrics.confusion(labels, labels, 5)
    assert metrics.per_class_accuracy(matrix) == [100.0] * 5


def test_groups_by_shots_follow_the_training_images() -> None:
    per_class = [90.0, 80.0, 70.0, 60.0, 50.0, 40.0]
    counts = [500, 101, 100, 20, 19, 1]
    groups = group_accuracy(per_class, counts, "shots")
    assert groups == {"many": 85.0, "medium": 65.0, "few": 45.0}


def test_thirds_go_by_size_whatever_the_order_of_the_classes() -> None:
    """The largest third is `many`; classes of equal size keep their order."""
    per_class, counts = [1.0, 2, 3, 4, 5, 6], [7, 900, 7, 7, 800, 7]
    expected = {"many": 3.5, "medium": 2.0, "few": 5.0}
    assert group_accuracy(per_class, counts, "thirds") == expected


@pytest.mark.parametrize(("n_classes", "sizes"), [(10, (3, 4, 3)), (100, (36, 35, 29))])
def test_released_groups_are_ranges_of_the_index(
    n_classes: int, sizes: tuple[int, int, int]
) -> None:
    per_class = [float(k) for k in range(n_classes)]
    many, medium, few = np.split(per_class, np.cumsum(sizes)[:2])
    expected = {"many": many.mean(), "medium": medium.mean(), "few": few.mean()}
    counts = [1 + k % 3 for k in range(n_classes)]  # the sizes of the classes do not matter
    assert group_accuracy(per_class, counts, "released") == expected


def test_there_are_no_released_groups_of_another_number_of_classes() -> None:
    assert group_accuracy([1.0] * 1000, [5] * 1000, "released") is None


def test_equal_classes_are_divided_in_the_order_they_come() -> None:
    assert group_accuracy([9.0, 8, 7, 6, 5, 4], [1] * 6, "thirds") == {
        "many": 8.5,
        "medium": 6.5,
        "few": 4.5,
    }


@given(st.integers(1, 120))
@FEW
def test_thirds_are_those_of_array_split(n_classes: int) -> None:
    per_class = [float(k) for k in range(n_classes)]
    groups = group_accuracy(per_class, [7] * n_classes, "thirds")
    assert groups
    for part, name in zip(np.array_split(per_class, 3), ("many", "medium", "few"), strict=True):
        assert groups[name] == (pytest.approx(part.mean()) if len(part) else None)


def test_a_group_without_classes_has_no_accuracy() -> None:
    assert group_accuracy([50.0], [500], "shots") == {
        "many": 50.0,
        "medium": None,
        "few": None,
    }
    groups = group_accuracy([50.0, None], [500, 400], "shots")
    assert groups == {"many": 50.0, "medium": None, "few": None}


# --- calibration ----------------------------------------------------------------------------------


def slow_ece(confidences: Sequence[float], correct: Sequence[bool], bins: int) -> float:
    total = 0.0
    for b in range(bins):
        inside = [
            (c, r)
            for c, r in zip(confidences, correct, strict=True)
            if b / bins < c <= (b + 1) / bins or (b == 0 and c == 0)
        ]
        if inside:
            mean = sum(c for c, _ in inside) / len(inside)
            right = sum(r for _, r in inside) / len(inside)
            total += len(inside) / len(confidences) * abs(right - mean)
    return total


@given(st.integers(1, 80), st.integers(1, 20), st.integers(0, 100))
@FEW
def test_ece_equals_the_loop_over_bins(n: int, bins: int, seed: int) -> None:
    g = seeded(seed)
    confidences = torch.rand(n, generator=g, dtype=torch.float64)
    correct = torch.rand(n, generator=g) < 0.6
    slow = slow_ece(confidences.tolist(), correct.tolist(), bins)
    assert metrics.expected_calibration_error(confidences, correct, bins) == pytest.approx(slow)


def test_ece_equals_the_sum_over_sklearns_calibration_curve() -> None:
    from sklearn.calibration import calibration_curve

    g = seeded(3)
    confidences = torch.rand(500, generator=g, dtype=torch.float64)
    correct = torch.rand(500, generator=g) < confidences**2
    right, mean = calibration_curve(correct, confidences, n_bins=15)
    edges = np.linspace(0, 1, 16)
    sizes = np.bincount(np.searchsorted(edges[1:-1], confidences.numpy()), minlength=15)
    expected = np.sum(sizes[sizes > 0] / 500 * np.abs(right - mean))
    found = metrics.expected_calibration_error(confidences, correct)
    assert found == pytest.approx(float(expected))


def test_ece_of_honest_and_of_boastful_confidence() -> None:
    correct = torch.tensor([True] * 7 + [False] * 3)
    assert metrics.expected_calibration_error(torch.full((10,), 0.7), correct) == pytest.approx(
        0, abs=1e-7
    )
    assert metrics.expected_calibration_error(torch.ones(10), correct) == pytest.approx(0.3)
    assert metrics.expected_calibration_error(torch.zeros(10), correct) == pytest.approx(0.7)


def test_a_confidence_on_an_edge_belongs_to_the_bin_below() -> None:
    confidences = torch.tensor([0.5, 0.4], dtype=torch.float64)
    correct = torch.tensor([True, False])
    together = abs(0.5 - 0.45)  # both in (0, 0.5]
    found = metrics.expected_calibration_error(confidences, correct, bins=2)
    assert found == pytest.approx(together)


# --- collapse -------------------------------------------------------------------------------------


def slow_collapse(
    h: Tensor, labels: Tensor, targets: Tensor | None, classifier: Tensor, n_classes: int
) -> dict[str, float | None]:
    """Sec. 4.3 one sample after another."""
    rows = [[float(x) for x in row] for row in h]

    def unit(v: Sequence[float]) -> list[float]:
        length = math.sqrt(sum(x * x for x in v))
        return [x / length for x in v]

    def dot(a: Sequence[float], b: Sequence[float]) -> float:
        return sum(x * y for x, y in zip(a, b, strict=True))

    means = {}
    for k in set(labels.tolist()):
        own = [row for row, label in zip(rows, labels.tolist(), strict=True) if label == k]
        means[k] = [sum(column) / len(own) for column in zip(*own, strict=True)]
    nc, variability, floor = [], [], []
    for row, k in zip(rows, labels.tolist(), strict=True):
        target = unit(means[k] if targets is None else targets[k].tolist())
        nc.append(sum((a - b) ** 2 for a, b in zip(unit(row), target, strict=True)))
        variability.append(1 - dot(unit(row), unit(classifier[k].tolist())))
        floor.append(1 - dot(target, unit(classifier[k].tolist())))
    pairs = [dot(unit(means[k]), unit(means[j])) for k in means for j in means if k != j]
    mean = sum(nc) / len(nc)
    return {
        "nc_mean": mean,
        "nc_std": math.sqrt(sum((x - mean) ** 2 for x in nc) / len(nc)),
        "variability": sum(variability) / len(variability),
        "variability_floor": None if targets is None else sum(floor) / len(floor),
        "class_cosine": sum(pairs) / len(pairs),
    }


@pytest.mark.parametrize("with_targets", [True, False])
@pytest.mark.parametrize("chunk", [3, 4096])
def test_collapse_equals_the_loop_over_samples(
    with_targets: bool, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "CHUNK", chunk)
    h = 5 * torch.randn(23, 6, generator=seeded()) + 1
    labels = torch.randint(0, 4, (23,), generator=seeded(1))
    targets = torch.randn(4, 6, generator=seeded(2)) if with_targets else None
    classifier = torch.randn(4, 6, generator=seeded(3))
    slow = slow_collapse(h, labels, targets, classifier, 4)
    found: Mapping[str, object] = collapse_of(h, labels, targets, classifier, 4)
    for name, value in slow.items():
        assert found[name] == (None if value is None else pytest.approx(value, rel=1e-6)), name


def test_exactly_collapsed_features_reach_the_floors() -> None:
    f, theta = [2, 5, 9], 0.2
    basis = frames.multi_center_basis(f, 19, seeded(), torch.float64)
    targets = frames.mean_center_coordinates(f, theta) @ basis
    labels = torch.tensor([0] * 10 + [1] * 4 + [2])
    lengths = torch.rand(15, 1, generator=seeded(1), dtype=torch.float64) + 0.1
    found = collapse_of(lengths * targets[labels], labels, targets, basis[:3], 3)
    cosines = classifier_cosines(f, theta)
    expected = 1 - (10 * cosines[0] + 4 * cosines[1] + cosines[2]) / 15
    assert found["nc_mean"] == pytest.approx(0, abs=1e-15)
    assert found["nc_std"] == pytest.approx(0, abs=1e-15)
    assert found["variability"] == pytest.approx(expected)
    assert found["variability_floor"] == pytest.approx(expected)
    assert found["class_cosine"] == pytest.approx(0, abs=1e-12)  # class means are orthogonal


def test_features_opposite_to_their_target_are_at_distance_four() -> None:
    targets = torch.eye(3)
    labels = torch.arange(3)
    found = collapse_of(-targets, labels, targets, targets, 3)
    assert found["nc_mean"] == pytest.approx(4)
    assert found["variability"] == pytest.approx(2)
    assert found["variability_floor"] == pytest.approx(0)


def test_the_length_of_targets_and_classifier_does_not_matter() -> None:
    h, labels = torch.randn(9, 5, generator=seeded()), torch.arange(9) % 3
    targets = torch.randn(3, 5, generator=seeded(1))
    one = collapse_of(h, labels, targets, targets, 3)
    other = collapse_of(h, labels, 7 * targets, 0.01 * targets, 3)
    for name in ("nc_mean", "variability", "variability_floor"):
        assert one[name] == pytest.approx(other[name], rel=1e-6)


def test_classes_without_samples_are_left_out() -> None:
    h = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    found = collapse_of(h, torch.tensor([0, 2]), torch.eye(3, 2), torch.eye(3, 2) + 0.1, 3)
    assert found["class_cosine"] == 0.0
    assert found["class_cosines"] == [[1.0, None, 0.0], [None, None, None], [0.0, None, 1.0]]
    assert math.isfinite(found["nc_mean"])


def test_the_heat_map_is_the_cosine_of_class_means() -> None:
    from sklearn.metrics.pairwise import cosine_similarity

    h, labels = torch.randn(30, 6, generator=seeded()), torch.arange(30) % 3
    found = collapse_of(h, labels, None, torch.randn(3, 6, generator=seeded(1)), 3)
    means = np.stack([h[labels == k].double().mean(0).numpy() for k in range(3)])
    expected = cosine_similarity(means)
    assert np.allclose(np.array(found["class_cosines"], dtype=np.float64), expected)
    assert metrics.cosines(torch.from_numpy(means)).numpy() == pytest.approx(expected)


def test_one_class_alone_has_no_cosine_and_many_have_no_heat_map() -> None:
    h = torch.randn(4, 3, generator=seeded())
    labels = torch.zeros(4, dtype=torch.long)
    assert collapse_of(h, labels, None, torch.ones(1, 3), 1)["class_cosine"] is None
    many = collapse_of(h, labels, None, torch.ones(21, 3), 21)
    assert many["class_cosines"] is None


def test_collapse_measures_are_plain_json() -> None:
    h = torch.randn(6, 3, generator=seeded())
    found = collapse_of(h, torch.arange(6) % 2, None, torch.ones(2, 3), 2)
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_a_trainable_classifier_is_measured_without_gradient() -> None:
    h, labels = torch.randn(6, 3, generator=seeded()), torch.arange(6) % 2
    classifier = torch.nn.Parameter(torch.ones(2, 3))
    assert isinstance(collapse_of(h, labels, None, classifier, 2)["variability"], float)
