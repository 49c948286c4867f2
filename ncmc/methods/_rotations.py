"""Learned matrices with orthonormal columns: where a fixed structure lies among the features."""

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import orthogonal

from ncmc.formulas import frames


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
