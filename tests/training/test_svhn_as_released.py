"""Labels as the released code shifts them (A4) leave classes without images: what methods are told."""

from pathlib import Path

from watching import inputs_of

from ncmc.data.splits import method_counts
from ncmc.formulas.frames import class_aware_counts
from ncmc.methods.cal import CAL
from ncmc.plan.class_counts import long_tailed_counts
from ncmc.plan.run import make_run
from ncmc.training.session import prepare


def test_a_model_is_built_from_the_counts_that_were_asked_for(workspace: Path) -> None:
    """128 zeros are there, 129.7 a class are asked for: the last class loses a label."""
    run = make_run(
        "digits", 0.02, "resnet8", "CAL", {"svhn_labels": "as_released", "width": 4, "f": 3}
    )
    inputs = inputs_of(run)
    asked = long_tailed_counts(129.7, 10, 0.02)
    assert inputs.split.counts != asked
    assert method_counts(inputs.split, inputs.train) == asked
    training = prepare(inputs, "cpu")
    assert training.model.counts == asked
    assert isinstance(training.model, CAL)
    assert training.model.centers_per_class == class_aware_counts(asked, 3, f_counts="released")
