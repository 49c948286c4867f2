"""KCL: a contrastive stage with k positives, then a linear classifier (Kang et al. 2021)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ncmc.backbones import Backbone
from ncmc.errors import UsageError
from ncmc.formulas import contrastive, losses
from ncmc.methods import Labels, Stage, ce
from ncmc.methods._checks import check_number, check_whole
from ncmc.methods._layers import linear
from ncmc.methods._momentum_encoder import LabelQueue, MomentumEncoder
from ncmc.methods.crt import second_stage


class KCL(ce.CE):
    """First stage: MoCo with a queue of labels. Second: CE's classifier on the frozen network.

    The queue's keys are taken as positives from the newest on: they came in random order, so that
    these are a random sample, and none has to be drawn. Until the second stage the classifier is as it
    was drawn, and test accuracy at chance. Neither stage uses Mixup.
    """

    @dataclass(frozen=True)
    class Options(ce.CE.Options):
        """What can be set, and where each default comes from.

        k: positives from the queue; 6 (Kang et al. 2021).
        queue: its size; 65536 (their release), but never more than there are training images.
        momentum: of the copy that gives the keys; 0.999 (their release).
        temperature: 0.07 (their release).
        projection: width of the linear layer before the loss; 128 (their release).
        second_share: length of the second stage over that of the first; 0.2: 40 epochs after 200
            (Li et al. 2022, who re-implemented it on ImageNet-LT).
        second_lr: learning rate of the second stage, annealed by a cosine; 10 (Li et al. 2022).
        """

        k: int = 6
        queue: int = 65536
        momentum: float = 0.999
        temperature: float = 0.07
        projection: int = 128
        second_share: float = 0.2
        second_lr: float = 10.0

        def __post_init__(self) -> None:
            for name in ("k", "queue", "projection"):
                check_whole(name, getattr(self, name), 1)
            for name in ("momentum", "temperature", "second_share", "second_lr"):
                check_number(name, getattr(self, name), 0)
            if self.momentum > 1:
                raise UsageError(f"momentum is {self.momentum!r}; allowed: a number from 0 to 1.")
            if self.temperature == 0:
                raise UsageError("temperature is 0; allowed: a number above 0.")

    def __init__(
        self,
        backbone: Backbone,
        counts: Sequence[int],
        options: Any,
        generator: torch.Generator | None,
    ) -> None:
        super().__init__(backbone, counts, options, generator)
        self.project = linear(backbone.out_features, options.projection, generator, zero_bias=False)
        self.keys = MomentumEncoder(backbone, self.project, options.momentum)
        self.queue = LabelQueue(min(options.queue, sum(self.counts)), options.projection)
        self.stages = (
            Stage(views=2, mixup=False),
            second_stage(options.second_share, options.second_lr),
        )

    def loss(self, images: Tensor, labels: Labels) -> Tensor:
        if self.stage != 0:
            return super().loss(images, labels)
        labels_of_pairs = labels.first[0::2]
        if self.training:
            self.keys.follow(self.backbone, self.project)
        keys = self.keys(images[1::2])
        h = self.features(images[0::2])
        with torch.autocast(h.device.type, enabled=False):
            loss = contrastive.k_positive(
                losses.unit(self.project(h)),
                keys,
                labels_of_pairs,
                *self.queue.newest_first(),
                self.options.k,
                self.options.temperature,
            )
        if self.training:
            self.queue.add(keys, labels_of_pairs)
        return loss
