"""RBL: cross-entropy with a fixed simplex ETF whose orientation is learned (Gao et al. 2023)."""

import math
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import orthogonal

from ncmc.errors import UsageError
from ncmc.formulas import frames, losses
from ncmc.methods import Method
from ncmc.methods._checks import check_choice, check_whole
from ncmc.methods._layers import linear


class RBL(Method):
    """Scores <h, P m_k>: m_k (K,) the fixed structure, P (d, K) learned with orthonormal columns.

    h (d,) is what a learned linear layer makes of the network's features (A36). An orthogonal (d, d)
    matrix in front of K fixed vectors of d dimensions, as the paper has it, comes to the same: K
    columns of it are all that the scores see. No normalisation.
    """

    etf: Tensor  # (K, K) symmetric: column k is m_k

    @dataclass(frozen=True)
    class Options(Method.Options):
        """What can be set.

        etf: "simplex", unit vectors of cosine -1/(K-1) (the paper); "released": of the first K
            columns of I - 11'/d (the authors' code), which are nearly orthonormal where d is much
            larger than K.
        rotation: how P is learned: "cayley" (ours: the same matrices, O(d K^2), no host read), or
            "exponential" (the authors' code: the exponential of a (d, d) matrix).
        projection: width d of the linear layer, with bias, between the network and P; 256 (the authors'
            code, where it widens the 64 features of a ResNet-32); 0: no layer (the paper's text).
        """

        etf: str = "simplex"
        rotation: str = "cayley"
        projection: int = 256

        def __post_init__(self) -> None:
            check_whole("projection", self.projection, 0)
            check_choice("etf", self.etf, ("simplex", "released"))
            check_choice("rotation", self.rotation, ("cayley", "exponential"))

    def set_up(self, options: Any, generator: torch.Generator | None) -> None:
        width, columns = self.backbone.out_features, self.n_classes
        dim = options.projection or width
        if dim < columns:
            raise UsageError(
                f"projection is {options.projection} and the backbone gives {width} features, so that "
                f"RBL has {dim}; it needs at least as many as there are classes, {columns}. Set "
                f"projection to {columns} or more."
            )
        self.project: nn.Module = nn.Identity()
        if options.projection:
            self.project = linear(width, dim, generator, zero_bias=False)
        kind = Cayley if options.rotation == "cayley" else Exponential
        self.rotation = kind(dim, columns, generator)
        self.register_buffer("etf", structure(columns, dim, options.etf))

    def head(self, x: Tensor) -> Tensor:
        h: Tensor = self.project(x)
        return h

    def criterion(self, h: Tensor, labels: Tensor) -> Tensor:
        return F.cross_entropy(self.raw_scores(h), labels)

    def raw_scores(self, h: Tensor) -> Tensor:
        return h @ self.rotation() @ self.etf

    def targets(self) -> Tensor:
        return losses.unit(self.classifier())

    def classifier(self) -> Tensor:
        return (self.rotation() @ self.etf).T


class Cayley(nn.Module):
    """(d, K) with orthonormal columns: (I - A/2)^-1 (I + A/2) Q, A = X Q' - Q X' for a learned X.

    Q (d, K) is the random start, X (d, K) begins at 0, and weight decay draws it back there. As A
    has rank 2K at most, the inverse is one of a (2K, 2K) matrix (Wen and Yin 2013, Lemma 4), and
    nothing is (d, d). `solve_ex` reads nothing on the host; the matrix is always regular, because
    A is skew. torch.nn.utils.parametrizations.orthogonal would take a (d, d) matrix and read on the
    host, or (its Householder form) go to 0 at the first step with weight decay.
    """

    start: Tensor  # (d, K)

    def __init__(self, dim: int, columns: int, generator: torch.Generator | None) -> None:
        super().__init__()
        rows = frames.orthonormal_rows(columns, dim, generator)
        self.register_buffer("start", rows.T.contiguous())
        self.tangent = nn.Parameter(torch.zeros(dim, columns))

    def forward(self) -> Tensor:
        q, x = self.start, self.tangent
        left, right = torch.cat([x, q], dim=1), torch.cat([q, -x], dim=1)  # A = left right'
        inner = torch.eye(left.shape[1], dtype=q.dtype, device=q.device) - right.T @ left / 2
        return q + left @ torch.linalg.solve_ex(inner, right.T @ q).result


class Exponential(nn.Module):
    """The first K columns of a learned orthogonal (d, d) matrix, torch's parametrization exp(A) Q.

    The matrix exponential reads on the host on a GPU, so that no step can be recorded there.
    """

    def __init__(self, dim: int, columns: int, generator: torch.Generator | None) -> None:
        super().__init__()
        self.columns = columns
        with torch.random.fork_rng(devices=[]):
            layer = nn.Linear(dim, dim, bias=False)
        layer.weight = nn.Parameter(frames.orthonormal_rows(dim, dim, generator))
        orthogonal(layer, "weight", orthogonal_map="matrix_exp")
        self.square = layer

    def forward(self) -> Tensor:
        return self.square.weight[:, : self.columns]


def structure(n_classes: int, dim: int, form: str) -> Tensor:
    """(K, K) symmetric, whose columns have the lengths and angles of the fixed classifier.

    "simplex": sqrt(K/(K-1)) (I - J/K). "released": the root of I - J/d, which is the Gram matrix of
    the first K columns of the projection I - 11'/d; J is all ones.
    """
    eye, ones = torch.eye(n_classes), torch.ones(n_classes, n_classes) / n_classes
    if form == "simplex":
        return math.sqrt(n_classes / (n_classes - 1)) * (eye - ones)
    return eye - (1 - math.sqrt(1 - n_classes / dim)) * ones
