"""The contract of a method, check by check; `ncmc check method` runs it on a lab's own file.

Small models on random images: nothing is fetched, and nothing is written.
"""

from collections.abc import Callable

from ncmc.errors import Finding, examine
from ncmc.plan import catalog
from ncmc.training.own_code import losses, structure
from ncmc.training.own_code.subject import MethodSubject

CHECKS: dict[str, Callable[[MethodSubject], None]] = {
    "the file has a class of its name, and options that planning can read": structure.has_a_class,
    "every option has a default, and a name of its own": structure.options_have_defaults,
    "features, loss, scores, classifier and targets have their shapes": structure.has_its_shapes,
    "an impossible option is refused in words": structure.refuses_in_words,
    "it works with two classes, with many, and with a class of one image": losses.works_for_all_counts,
    "loss and gradient are finite in every stage": losses.has_finite_gradients,
    "the loss is a mean over the batch": losses.is_a_mean_over_the_batch,
    "the gradient is that of the loss (differences in float64)": losses.has_the_gradient_of_its_loss,
    "every parameter is trained in some stage": losses.trains_every_parameter,
    "trained on free features, its scores find the classes": losses.finds_the_classes,
    "a last batch of one image trains": losses.trains_on_one_image,
    "Mixup mixes the losses of both labels": losses.mixes_labels,
    "its generator decides what it draws": structure.follows_its_generator,
    "its state brings it back": structure.comes_back_from_its_state,
    "evaluation changes nothing and takes images one by one": structure.only_looks_in_evaluation,
    "no value is read on the host": structure.reads_nothing_on_the_host,
    "it says whether its scores are cosines": structure.says_whether_its_scores_are_cosines,
    "it takes the trained model of the method that it names": structure.fits_its_trained_model,
}
NEEDED = 3  # the first of them: without these no other makes sense


def check(subject: MethodSubject) -> list[Finding]:
    """What holds of a method, and what is wrong with it, check by check."""
    return examine(subject, CHECKS, NEEDED, catalog.file_of("method", subject.name))
