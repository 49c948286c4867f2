"""What a lab's own backbone or method gets wrong is told in a sentence, when its model is built."""

from dataclasses import dataclass
from types import ModuleType
from typing import Any

import pytest
import torch
from conftest import here
from torch import Tensor, nn

from ncmc.backbones import Backbone
from ncmc.errors import UsageError
from ncmc.methods import Method, ce
from ncmc.plan import catalog
from ncmc.plan.run import Run, make_run
from ncmc.training import build, contract

CE_RUN = ("digits", 0.02, "resnet8", "CE")


def run_of(**options: Any) -> Run:
    return make_run(*CE_RUN, {"width": 4, **options})


def built_with(monkeypatch: pytest.MonkeyPatch, **code: type) -> Method:
    """The model of a CE run whose file ce.py holds these classes instead."""
    lab = ModuleType("ncmc.methods.ce")
    for name, kind in code.items():
        kind.__module__ = lab.__name__
        setattr(lab, name, kind)
    load = catalog.load
    monkeypatch.setattr(
        catalog, "load", lambda kind, name: lab if kind == "method" else load(kind, name)
    )
    return build.build_model(here(), run_of(), [5, 3, 2], 8, 1)


def test_a_class_of_another_name_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    message = r"ncmc/methods/ce.py has no class CE derived .* its classes: CrossEntropy"
    with pytest.raises(UsageError, match=message):
        built_with(monkeypatch, CrossEntropy=type("CrossEntropy", (ce.CE,), {}))


@pytest.mark.usefixtures("unchecked")
def test_a_loss_that_is_a_vector_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    class CE(ce.CE):
        def criterion(self, h: Tensor, labels: Tensor) -> Tensor:
            return nn.functional.cross_entropy(self.linear(h), labels, reduction="none")

    message = r"ncmc/methods/ce.py: the loss is of shape \(2,\); it must be a single number"
    with pytest.raises(UsageError, match=message):
        built_with(monkeypatch, CE=CE)


@pytest.mark.parametrize("name", ["criterion", "raw_scores", "classifier"])
def test_what_a_method_does_not_define_is_told(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    kind = type("CE", (ce.CE,), {name: getattr(Method, name)})
    with pytest.raises(UsageError, match=rf"ncmc/methods/ce.py does not define {name}\(\)"):
        built_with(monkeypatch, CE=kind)


def test_scores_of_another_shape_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    kind = type("CE", (ce.CE,), {"raw_scores": lambda self, h: h.sum(1)})
    with pytest.raises(UsageError, match=r"raw_scores\(\) is of shape \(2,\); .* \(2, 3\)"):
        built_with(monkeypatch, CE=kind)


def test_an_option_that_a_method_refuses_in_its_own_way_is_told() -> None:
    class Own(Method):
        @dataclass(frozen=True)
        class Options(Method.Options):
            gamma: float = 2.0

            def __post_init__(self) -> None:
                if self.gamma < 0:
                    raise ValueError("gamma must not be negative")

    assert contract.checked_options(Own, {"gamma": 1}).gamma == 1
    with pytest.raises(UsageError, match="options of Own: gamma must not be negative"):
        contract.checked_options(Own, {"gamma": -1.0})
    with pytest.raises(UsageError, match="options of Own: '<' not supported"):
        contract.checked_options(Own, {"gamma": "much"})
    with pytest.raises(UsageError, match="gamma is on; allowed: a number"):
        contract.checked_options(Own, {"gamma": True})


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("width", True, "width is on; allowed: a whole number"),
        ("width", 4.5, "width is 4.5; allowed: a whole number"),
        ("width", "wide", "width is 'wide'; allowed: a whole number"),
        ("init", 3, "init is 3; allowed: a word"),
    ],
)
def test_an_option_of_another_type_is_told(key: str, value: Any, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        build.parts(make_run(*CE_RUN), {key: value})


class NoFeatures(nn.Module):
    def forward(self, images: Tensor) -> Tensor:
        return images.flatten(1)


def test_a_backbone_without_out_features_is_told() -> None:
    with pytest.raises(UsageError, match=r"resnet8.py: build\(\) gives a NoFeatures .* is None"):
        contract.check_backbone(NoFeatures(), "resnet8")
    with pytest.raises(UsageError, match="gives a NoneType"):
        contract.check_backbone(None, "resnet8")


def test_a_backbone_without_build_is_told() -> None:
    with pytest.raises(UsageError, match=r"ncmc/backbones/mine.py has no function build\("):
        contract.options_of_build(ModuleType("ncmc.backbones.mine"))


def test_a_backbone_that_gives_other_features_than_it_says_is_told() -> None:
    class Liar(NoFeatures, Backbone):
        out_features = 10

    model = ce.CE(Liar(), [5, 3], ce.CE.Options(), None)
    with pytest.raises(UsageError, match=r"its output is of shape \(2, 64\); .* \(2, 10\)"):
        contract.check_model(model, run_of(), 8, 1)


def test_the_check_draws_no_number_and_changes_no_statistic() -> None:
    model = build.build_model(here(), run_of(), [5, 3, 2], 8, 1)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    state = torch.get_rng_state()
    contract.check_model(model, run_of(), 8, 1)
    assert model.training
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
