"""How many training images of each class a method is told of."""

import numpy as np

from ncmc.data.datasets import Images
from ncmc.data.splits import Split
from ncmc.plan.class_counts import part_counts


def method_counts(split: Split, train: Images) -> list[int]:
    """Training images of each class as a method is told; `train`: the training part of the dataset.

    Those of the split. But the labels of `as_released` leave classes without images, so that there
    they are what the released code hands over: what it asks of the part read last, SVHN's "extra",
    whether there are so many or not (A4).
    """
    if not split.mislabelled or split.options.imbalance == "given":
        return split.counts
    _, size = train.origins[-1]
    available = np.bincount(train.labels[len(train) - size :], minlength=split.n_classes).tolist()
    return part_counts(available, split.tau, split.options)
