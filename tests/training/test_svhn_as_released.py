"""Labels as the released code shifts them (A4) leave classes without images: what methods are told."""

from pathlib import Path

import torch
from conftest import here

from ncmc.data.splits import method_counts
from ncmc.formulas.frames import class_aware_counts
from ncmc.methods.cal import CAL
from ncmc.plan.class_counts import long_tailed_counts
from ncmc.plan.run import make_run
from ncmc.training.opened_run import open_run
from ncmc.training.session import prepare


def test_a_model_is_built_from_the_counts_that_were_asked_for(workspace: Path) -> None:
    """128 zeros are there, 129.7 a class are asked for: the last class loses a label."""
    run = make_run(
        "digits", 0.02, "resnet8", "CAL", {"svhn_labels": "as_released", "width": 4, "f": 3}
    )
    opened = open_run(here(), run)
    asked = long_tailed_counts(129.7, 10, 0.02)
    assert opened.split.counts != asked
    assert method_counts(opened.split, opened.train) == asked
    training = prepare(opened, workspace / "checkpoint.pt", torch.device("cpu"))
    assert training.model.counts == asked
    assert isinstance(training.model, CAL)
    assert training.model.centers_per_class == class_aware_counts(asked, 3, f_counts="released")
