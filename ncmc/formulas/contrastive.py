"""The contrastive loss with k positives (Kang et al. 2021): unit features, keys and labels."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor


def k_positive(
    queries: Float[Tensor, "B d"],
    keys: Float[Tensor, "B d"],
    labels: Int[Tensor, " B"],
    queue: Float[Tensor, "Q d"],
    queue_labels: Int[Tensor, " Q"],
    k: int,
    temperature: float,
) -> Float[Tensor, ""]:
    """The mean over the batch of the cross-entropy between a softmax and an even target.

    The softmax is over <q, key>/temperature, for the key of the same image's other view and for all
    keys of the queue; the target is spread evenly over the other view and the first k keys of the
    queue with the query's label (fewer if there are not as many). With k = Q it is the supervised
    contrastive loss (Khosla et al. 2020, "out") of each query with those keys. All vectors are unit.
    Keys with the label -1 are places that are still empty.
    """
    own = (queries * keys).sum(1, keepdim=True) / temperature
    others = queries @ queue.T / temperature
    others = others.masked_fill(queue_labels == -1, torch.finfo(others.dtype).min)
    log_likelihoods = torch.cat([own, others], 1).log_softmax(1)
    positive = first_of_class(labels, queue_labels, k)
    targets = torch.cat([torch.ones_like(own), positive.to(own.dtype)], 1)
    # a place that is empty has a likelihood of 0 and is no target: 0 * log(0) is 0 here
    terms = torch.where(targets > 0, log_likelihoods, 0.0).sum(1)
    return -(terms / targets.sum(1)).mean()


def first_of_class(
    labels: Int[Tensor, " B"], queue_labels: Int[Tensor, " Q"], k: int
) -> Bool[Tensor, "B Q"]:
    """Which of the queue's keys are among the first k with each label."""
    same = labels[:, None] == queue_labels
    return same & (same.cumsum(1) <= k)
