"""Methods whose training has two stages: CRT and KCL."""

from typing import Any

import pytest
import torch
from slow_losses import NoHostReads
from torch import Tensor

from ncmc.backbones import resnet8
from ncmc.errors import UsageError
from ncmc.methods import Labels, Method
from ncmc.methods.crt import CRT
from ncmc.methods.kcl import KCL, LabelQueue

COUNTS = [40, 20, 8, 3]
BOTH = pytest.mark.parametrize("kind", [CRT, KCL])


def build(kind: type[Method], **options: Any) -> Any:
    torch.manual_seed(0)
    backbone = resnet8.build(8, 1, width=4)
    return kind(backbone, COUNTS, kind.Options(**options), torch.Generator().manual_seed(0))


def pairs(seed: int = 0, size: int = 6) -> tuple[Tensor, Labels]:
    """A batch of the first stage: each image twice, for KCL differently augmented."""
    g = torch.Generator().manual_seed(seed)
    images = torch.randn(2 * size, 1, 8, 8, generator=g)
    labels = torch.randint(0, 4, (size,), generator=g)
    return images, Labels(labels.repeat_interleave(2))


def stepped(method: Method, stage: int, steps: int = 3) -> dict[str, Tensor]:
    """The state after some steps in a stage."""
    method.train()
    method.enter(stage)
    trainable = [p for p in method.parameters() if p.requires_grad]
    optimizer = torch.optim.SGD(trainable, lr=0.1, momentum=0.9, weight_decay=1e-2)
    for seed in range(steps):
        optimizer.zero_grad(set_to_none=True)
        method.loss(*pairs(seed)).backward()
        optimizer.step()
    return {name: value.clone() for name, value in method.state_dict().items()}


@BOTH
def test_the_second_stage_trains_its_classifier_and_nothing_else(kind: type[Method]) -> None:
    method = build(kind)
    before = stepped(method, 0)
    after = stepped(method, 1)
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed == {f"{'second' if kind is CRT else 'linear'}.{p}" for p in ("weight", "bias")}


@BOTH
def test_the_first_stage_leaves_the_second_classifier_alone(kind: type[Method]) -> None:
    method = build(kind)
    before = {name: value.clone() for name, value in method.state_dict().items()}
    after = stepped(method, 0)
    own = "second." if kind is CRT else "linear."
    for name, value in before.items():
        if name.startswith(own):
            assert torch.equal(value, after[name]), name
    network = [name for name in before if name.startswith("backbone.")]
    assert not any(torch.equal(before[name], after[name]) for name in network)


@BOTH
def test_the_second_stage_is_class_balanced_frozen_and_without_mixup(kind: type[Method]) -> None:
    first, second = build(kind).stages
    assert (first.sampling, first.freeze_backbone) == ("images", False)
    assert (second.sampling, second.freeze_backbone, second.mixup) == ("classes", True, False)


@BOTH
@pytest.mark.parametrize("stage", [0, 1])
def test_a_step_of_either_stage_reads_no_value_on_the_host(kind: type[Method], stage: int) -> None:
    method = build(kind)
    method.enter(stage)
    images, labels = pairs()
    with NoHostReads():
        method.loss(images, labels).backward()


def test_crt_scores_with_the_classifier_of_its_stage() -> None:
    method = build(CRT)
    h = torch.randn(3, method.backbone.out_features)
    last = method.scores(h)
    method.enter(0)
    assert torch.equal(method.scores(h), method.linear(h))
    method.enter(1)
    assert torch.equal(method.scores(h), last)
    assert torch.equal(last, method.second(h))


def test_the_copy_of_kcl_follows_slowly_and_gets_no_gradient() -> None:
    method = build(KCL, key_momentum=0.75)
    copied = dict(method.keys.backbone.named_parameters())
    before = {name: value.clone() for name, value in copied.items()}
    stepped(method, 0, steps=1)
    now = dict(method.backbone.named_parameters())
    method.loss(*pairs(9))  # follows once more
    for name, value in copied.items():
        assert not value.requires_grad
        torch.testing.assert_close(value, 0.75 * before[name] + 0.25 * now[name])


@pytest.mark.parametrize(("steps", "momentum"), [(90_000, 0.999), (19_400, 0.995369), (800, 0.9)])
def test_the_copy_of_kcl_forgets_its_start_as_far_in_a_short_training_as_in_a_long_one(
    steps: int, momentum: float
) -> None:
    method = build(KCL)
    method.set_steps([steps, 10])
    assert method.keys.momentum == method.options.key_momentum == momentum
    assert momentum**steps < 1e-36  # of its start; 8e-40 is left of theirs
    method.set_steps([steps, 10])  # what the record states gives the same again
    assert method.keys.momentum == momentum
    fixed = build(KCL, key_momentum=0.99, momentum_steps=0)
    fixed.set_steps([steps, 10])
    assert fixed.keys.momentum == 0.99


def test_the_queue_of_kcl_fits_the_training_set_and_holds_the_last_keys() -> None:
    method = build(KCL)
    assert len(method.queue.labels) == method.options.queue == sum(COUNTS)
    method.enter(0)
    images, labels = pairs()
    method.loss(images, labels)
    newest, of = method.queue.newest_first()
    assert of[:6].tolist() == labels.first[0::2].flip(0).tolist()
    assert of[6:].eq(-1).all()
    torch.testing.assert_close(newest[:6].norm(dim=1), torch.ones(6))


def test_evaluation_changes_neither_the_queue_nor_the_copy_of_kcl() -> None:
    method = build(KCL).eval()
    method.enter(0)
    before = {name: value.clone() for name, value in method.state_dict().items()}
    method.loss(*pairs())
    assert all(torch.equal(value, before[name]) for name, value in method.state_dict().items())


@pytest.mark.parametrize("sizes", [[2, 2, 2], [3, 1, 4], [9], [5, 7]])
def test_a_queue_keeps_the_last_of_all_that_came(sizes: list[int]) -> None:
    queue, everything = LabelQueue(5, 1), list(range(sum(sizes)))
    start = 0
    for size in sizes:
        keys = torch.arange(start, start + size)
        queue.add(keys[:, None].float(), keys)
        start += size
    keys, labels = queue.newest_first()
    expected = everything[::-1][:5] + [-1] * max(0, 5 - len(everything))
    assert labels.tolist() == expected
    assert keys[labels >= 0, 0].tolist() == [float(n) for n in expected if n >= 0]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"k": 0}, "k is 0; allowed: a whole number, 1 or more"),
        ({"key_momentum": 1.5}, "key_momentum is 1.5; allowed: a number from 0 to 1"),
        ({"temperature": 0}, "temperature is 0; allowed: a number above 0"),
        ({"queue": 0.5}, "queue is 0.5"),
    ],
)
def test_options_of_kcl_that_make_no_sense_are_refused(options: Any, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        KCL.Options(**options)
