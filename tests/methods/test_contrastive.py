"""The k-positive contrastive loss: the slow formula, an independent oracle, invariances."""

import math

import pytest
import torch
from pytorch_metric_learning.losses import SupConLoss
from torch import Tensor

from ncmc.methods.kcl import first_of_class, k_positive

TEMPERATURE = 0.2


def vectors(n: int, seed: int, dim: int = 5) -> Tensor:
    g = torch.Generator().manual_seed(seed)
    return torch.nn.functional.normalize(torch.randn(n, dim, dtype=torch.float64, generator=g))


def case(size: int = 6, queue: int = 20) -> dict[str, Tensor]:
    g = torch.Generator().manual_seed(7)
    labels = torch.randint(0, 3, (queue,), generator=g)
    labels[-4:] = -1  # places that are still empty
    return {
        "queries": vectors(size, 0),
        "keys": vectors(size, 1),
        "labels": torch.randint(0, 4, (size,), generator=g),
        "queue": vectors(queue, 2),
        "queue_labels": labels,
    }


def slow(
    queries: Tensor, keys: Tensor, labels: Tensor, queue: Tensor, queue_labels: Tensor, k: int
) -> float:
    """By loops over queries and keys."""
    total = 0.0
    for q, key, label in zip(queries, keys, labels, strict=True):
        positives, everything = [float(q @ key)], [float(q @ key)]
        for other, of in zip(queue, queue_labels, strict=True):
            if of == -1:
                continue
            everything.append(float(q @ other))
            if of == label and len(positives) <= k:
                positives.append(float(q @ other))
        norm = math.log(sum(math.exp(s / TEMPERATURE) for s in everything))
        total += sum(norm - s / TEMPERATURE for s in positives) / len(positives)
    return total / len(queries)


@pytest.mark.parametrize("k", [1, 2, 6, 20])
def test_it_is_the_slow_formula(k: int) -> None:
    found = k_positive(**case(), k=k, temperature=TEMPERATURE)
    assert float(found) == pytest.approx(slow(**case(), k=k), rel=1e-12)


def test_with_all_positives_it_is_the_supervised_contrastive_loss() -> None:
    given = case(size=1)
    given["labels"] = torch.tensor([1])
    full = given["queue_labels"] >= 0
    reference = torch.cat([given["keys"], given["queue"][full]])
    labels = torch.cat([given["labels"], given["queue_labels"][full]])
    oracle = SupConLoss(temperature=TEMPERATURE)
    expected = oracle(given["queries"], given["labels"], ref_emb=reference, ref_labels=labels)
    found = k_positive(**given, k=20, temperature=TEMPERATURE)
    assert float(found) == pytest.approx(float(expected), rel=1e-9)


def test_its_gradient_is_right_and_an_empty_queue_gives_none() -> None:
    given = case(size=3, queue=8)
    given["queries"].requires_grad_()

    def loss(queries: Tensor) -> Tensor:
        return k_positive(**(given | {"queries": queries}), k=2, temperature=TEMPERATURE)

    assert torch.autograd.gradcheck(loss, (given["queries"],))
    given["queue_labels"] = torch.full((8,), -1)
    alone = loss(given["queries"])
    alone.backward()
    assert float(alone.detach()) == pytest.approx(0.0, abs=1e-12)  # one key, which is right
    assert given["queries"].grad is not None
    assert float(given["queries"].grad.abs().max()) == pytest.approx(0.0, abs=1e-12)


def test_it_does_not_depend_on_the_axes_or_on_the_names_of_the_classes() -> None:
    given = case()
    before = k_positive(**given, k=3, temperature=TEMPERATURE)
    g = torch.Generator().manual_seed(3)
    rotation, _ = torch.linalg.qr(torch.randn(5, 5, dtype=torch.float64, generator=g))
    for name in ("queries", "keys", "queue"):
        given[name] = given[name] @ rotation
    names = torch.tensor([2, 0, 3, 1, -1])  # the last is of the empty places
    for name in ("labels", "queue_labels"):
        given[name] = names[given[name]]
    assert float(k_positive(**given, k=3, temperature=TEMPERATURE)) == pytest.approx(float(before))


def test_the_first_keys_of_a_class_are_its_positives() -> None:
    found = first_of_class(torch.tensor([1, 0]), torch.tensor([0, 1, 1, -1, 1, 0]), 2)
    assert found.tolist() == [
        [False, True, True, False, False, False],
        [True, False, False, False, False, True],
    ]
