"""What AL, CAL and P share: a fixed multi-center frame and the decision rule; the loss of AL and CAL."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ncmc.errors import UsageError
from ncmc.formulas import frames, losses
from ncmc.methods import Method
from ncmc.methods._checks import check_choice, check_number, check_switch, check_whole
from ncmc.methods._layers import BatchNorm, RunningNorm, Unit, linear

MOST_GIGABYTES = 16  # of a frame


class FixedFrame(Method):
    """Backbone, [normalisation], linear layer -> h, for a loss on the centers of Def. 3.2.

    Decision rule (App. F.1): argmax_k <BN(h)/|BN(h)|, w_k>.
    """

    scores_are_cosines = True

    basis: Tensor | None  # (K + F, d): w_1..w_K, then all v; None for a frame along coordinate axes
    center_class: Tensor  # (F,)

    @dataclass(frozen=True)
    class Options(Method.Options):
        """See ncmc.methods.cal for what each is, and where its default comes from."""

        f: int = 20
        f_counts: str = "released"
        theta: float = 0.2
        linear: str = "always"
        prediction_bn: str = "frozen"
        normalise: str = "none"
        axes: bool = False

        least_f = 1  # no field: AL takes a single center

        def __post_init__(self) -> None:
            check_choice("f_counts", self.f_counts, frames.F_COUNTS)
            check_whole("f", self.f, self.least_f)
            frames.mean_count(self.f, self.f_counts)
            check_number("theta", self.theta, 0)
            frames.check_theta(self.theta)
            check_choice("linear", self.linear, ("always", "needed", "never"))
            check_choice("prediction_bn", self.prediction_bn, ("frozen", "affine", "none"))
            check_choice("normalise", self.normalise, ("none", "l2", "l2_bn"))
            check_switch("axes", self.axes)

    def set_up(self, options: Any, generator: torch.Generator | None) -> None:
        self.theta = float(options.theta)
        self.prediction_bn = options.prediction_bn
        self.centers_per_class = self.share_out(options)
        width, needed = self.backbone.out_features, frames.needed_dim(self.centers_per_class)
        dim = self._dim(width, needed, options)
        _check_size(width if options.axes else max(needed, width), dim, options)
        self.normalise = _normalisation(options.normalise, width)
        self.linear: nn.Module = nn.Identity()
        if options.linear == "always" or dim > width:
            self.linear = linear(width, dim, generator, zero_bias=True)
        self.bn: nn.Module = nn.Identity()
        if self.prediction_bn == "frozen":
            self.bn = RunningNorm(dim)
        elif self.prediction_bn == "affine":
            self.bn = BatchNorm(dim)
        basis = None
        if not options.axes:  # at 1000 classes and f = 20 the dense frame takes 1.7 GB
            basis = frames.multi_center_basis(self.centers_per_class, dim, generator)
        self.dim = dim
        self.register_buffer("basis", basis)
        self.register_buffer("center_class", frames.center_classes(self.centers_per_class))

    def share_out(self, options: Any) -> list[int]:
        """f_1, ..., f_K: how many centers each class gets, by `self.counts`."""
        raise NotImplementedError

    def _dim(self, width: int, needed: int, options: Any) -> int:
        if options.linear == "never" and width < needed:
            raise UsageError(
                f"the backbone gives {width} features; f = {options.f} and {self.n_classes} classes"
                f" need {needed} (K + sum f_k, Def. 3.2). Set linear to 'always' or 'needed' (A12)"
                ", lower f, or use a wider backbone."
            )
        return max(width, needed)

    def head(self, x: Tensor) -> Tensor:
        h = self.linear(self.normalise(x))
        return self.bn(h) if self.prediction_bn == "affine" else h

    def observe(self, h: Tensor) -> None:
        if isinstance(self.bn, RunningNorm):
            self.bn.observe(h)

    def raw_scores(self, h: Tensor) -> Tensor:
        """<h/|h|, w_k>: the decision rule without batch normalisation of h."""
        directions = losses.unit(h)
        if self.basis is None:
            return directions[:, : self.n_classes]
        return directions @ self.basis[: self.n_classes].T

    def scores(self, h: Tensor) -> Tensor:
        return self.raw_scores(self.bn(h) if self.prediction_bn == "frozen" else h)

    def targets(self) -> Tensor:
        coordinates = frames.mean_center_coordinates(self.centers_per_class, self.theta)
        return self._from_coordinates(coordinates.to(self.center_class.device))

    def classifier(self) -> Tensor:
        return self._from_coordinates(torch.eye(self.n_classes, device=self.center_class.device))

    def _from_coordinates(self, rows: Tensor) -> Tensor:
        """Vectors (., up to K + F) in coordinates of the basis -> (., d)."""
        if self.basis is None:
            padding = self.dim - rows.shape[1]
            return nn.functional.pad(rows, (0, padding)).to(torch.get_default_dtype())
        return rows.to(self.basis.dtype) @ self.basis[: rows.shape[1]]


class MultiCenter(FixedFrame):
    """The loss of Eq. 34 as trained in App. F.1."""

    @dataclass(frozen=True)
    class Options(FixedFrame.Options):
        """See ncmc.methods.cal for what each is, and where its default comes from."""

        lam: float = 6e-4
        reduce: str = "sum"

        def __post_init__(self) -> None:
            super().__post_init__()
            check_number("lam", self.lam, 0)
            check_choice("reduce", self.reduce, ("sum", "mean"))

    def set_up(self, options: Any, generator: torch.Generator | None) -> None:
        super().set_up(options, generator)
        self.lam, self.reduce = options.lam, options.reduce

    def criterion(self, h: Tensor, labels: Tensor) -> Tensor:
        return losses.frame_regression(
            h,
            labels,
            self.basis,
            self.n_classes,
            self.center_class,
            self.theta,
            self.lam,
            self.reduce,
        )


def _check_size(rows: int, dim: int, options: Any) -> None:
    """Refuse a frame, or linear layer, that no machine holds, before it is tried."""
    gigabytes = 4 * dim * rows / 1e9
    if gigabytes > MOST_GIGABYTES:
        raise UsageError(
            f"f is {options.f}: {rows} vectors in {dim} dimensions take {gigabytes:.3g} GB; "
            f"allowed: {MOST_GIGABYTES} GB. Lower f, or set axes=on (no frame is stored then)."
        )


def _normalisation(name: str, width: int) -> nn.Module:
    """What comes between backbone and linear layer (App. F.1)."""
    if name == "none":
        return nn.Identity()
    return Unit() if name == "l2" else nn.Sequential(Unit(), BatchNorm(width))
