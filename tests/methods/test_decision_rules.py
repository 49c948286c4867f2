"""Decision rules on the trained model of another method: the formulas."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ncmc.backbones import Backbone
from ncmc.formulas import frames, rebalanced
from ncmc.methods import Method
from ncmc.methods.al import AL
from ncmc.methods.al_pull import AL_PULL
from ncmc.methods.al_pull_scaled import AL_PULL_SCALED
from ncmc.methods.al_scaled import AL_SCALED
from ncmc.methods.cal import CAL
from ncmc.methods.ce import CE
from ncmc.methods.ce_la import CE_LA
from ncmc.methods.ncm import NCM
from ncmc.methods.rbl import RBL
from ncmc.methods.rbl_la import RBL_LA
from ncmc.methods.tau_norm import TAU_NORM
from ncmc.plan import catalog

COUNTS = [40, 20, 8, 3]
RULES = [AL_PULL_SCALED, AL_SCALED, CE_LA, NCM, RBL_LA, TAU_NORM]


class Pixels(Backbone):
    """The pixels as they are."""

    out_features = 16

    def forward(self, images: Tensor) -> Tensor:
        return images.flatten(1)


def build(kind: type[Method], counts: list[int] = COUNTS, **options: Any) -> Any:
    generator = torch.Generator().manual_seed(0)
    return kind(Pixels(), counts, kind.Options(**options), generator).eval()


@pytest.mark.parametrize("kind", RULES)
def test_a_rule_takes_over_the_state_of_the_method_that_it_names(kind: type[Method]) -> None:
    name = kind.__name__.replace("_", "-")
    assert kind.trained_as == catalog.trained_as(name)
    assert kind.trained_as is not None
    parent = getattr(catalog.load("method", kind.trained_as), kind.trained_as.replace("-", "_"))
    assert build(kind).state_dict().keys() == build(parent).state_dict().keys()


def test_methods_that_train_name_no_other() -> None:
    assert [catalog.trained_as(name) for name in ("CE", "CAL", "CRT", "nothing")] == [None] * 4


def test_tau_normalisation_scales_the_rows_and_drops_the_bias() -> None:
    h = torch.randn(5, 16)
    ce = build(CE)
    rows = ce.linear.weight
    for power in (0.0, 0.5, 1.0):
        expected = torch.stack([h @ (w / w.norm() ** power) for w in rows], 1)
        torch.testing.assert_close(build(TAU_NORM, power=power).scores(h), expected)
    lengths = build(TAU_NORM).classifier().norm(dim=1)
    torch.testing.assert_close(lengths, torch.ones(4))


@pytest.mark.parametrize(("kind", "parent"), [(CE_LA, CE), (RBL_LA, RBL)])
def test_logit_adjustment_subtracts_the_log_frequencies(
    kind: type[Method], parent: type[Method]
) -> None:
    h = torch.randn(5, 16)
    h = build(parent).head(h)
    logits = build(parent).scores(h)
    n = sum(COUNTS)
    expected = torch.stack([logits[:, k] - 0.7 * math.log(COUNTS[k] / n) for k in range(4)], 1)
    torch.testing.assert_close(build(kind, strength=0.7).scores(h), expected)
    torch.testing.assert_close(build(kind, strength=0).scores(h), logits)


def test_logit_adjustment_does_not_change_the_scores_of_equal_classes_but_for_a_constant() -> None:
    scores = torch.randn(5, 4)
    moved = rebalanced.adjusted(scores, [7, 7, 7, 7]) - scores
    torch.testing.assert_close(moved, moved[:1, :1].expand(5, 4))
    assert rebalanced.adjusted(scores, [7, 7, 7, 0]).isfinite().all()


def test_the_nearest_class_mean_is_by_cosine() -> None:
    method = build(NCM)
    g = torch.Generator().manual_seed(1)
    h, labels = torch.randn(30, 16, generator=g), torch.randint(0, 3, (30,), generator=g)
    assert torch.equal(method.scores(h), CE.raw_scores(method, h))  # before it saw any
    method.fit([(h[:7], labels[:7]), (h[7:], labels[7:])])
    cosine = nn.functional.cosine_similarity
    for k in range(3):
        mean = h[labels == k].mean(0, keepdim=True)
        torch.testing.assert_close(method.scores(h)[:, k], cosine(h, mean))
    assert (method.scores(h)[:, 3] < -1).all()  # a class without images is never the nearest


def test_scaling_is_what_collapsed_features_of_cal_would_have() -> None:
    options: dict[str, Any] = {"f": 6, "theta": 0.3}
    cal, al = build(CAL, **options), build(AL, **options)
    own = (cal.targets() * cal.classifier()).sum(1) / (al.targets() * al.classifier()).sum(1)
    h = torch.randn(5, al.dim)
    scaled = build(AL_SCALED, **options)
    torch.testing.assert_close(scaled.scores(h), al.scores(h) * own)
    assert own[3] > own[0]  # rare classes more
    assert not torch.allclose(scaled.scale, build(AL_SCALED, **options, order="descending").scale)


def test_both_controls_scale_alike() -> None:
    options: dict[str, Any] = {"f": 6, "theta": 0.3}
    h = torch.randn(5, build(AL, **options).dim)
    scaled, plain = build(AL_PULL_SCALED, **options), build(AL_PULL, **options)
    assert torch.equal(scaled.scale, build(AL_SCALED, **options).scale)
    torch.testing.assert_close(scaled.scores(h), plain.scores(h) * scaled.scale)


def test_scaling_leaves_equal_classes_alone() -> None:
    scaled = build(AL_SCALED, [9, 9, 9, 9], f=6)
    assert frames.class_aware_counts([9, 9, 9, 9], 6, "ascending", "released") == [5] * 4
    torch.testing.assert_close(scaled.scale, torch.ones(4))
