"""The contract of a method, check by check; `ncmc check method` runs it on a lab's own file.

Small models on random images: nothing is fetched, and nothing is written. What a method computes is
checked in `losses`; here what its file must hold: class, options, shapes, state and draws.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import MISSING, fields
from typing import Any

import torch
from torch import Tensor

from ncmc.errors import CheckResult, UserError, examine, listed
from ncmc.formulas.losses import in_full
from ncmc.methods import Labels
from ncmc.plan import catalog
from ncmc.plan.recipes import owner
from ncmc.training import contract
from ncmc.training.own_code import losses
from ncmc.training.own_code.subject import (
    NO_CHOICE,
    MethodSubject,
    batch,
    check_alone,
    check_as_on_gpu,
    check_comes_back,
    fitted,
    images,
)

LARGEST_COSINE = 2.0  # cosines are at most 1; controls of CAL scale them a little by class


def has_a_class(subject: MethodSubject) -> None:
    """The class is there, and planning, which does not import the file, sees the same options."""
    kind = subject.kind
    if not catalog.summary("method", subject.name):
        raise UserError(
            f'it does not say what it is: begin it with """{subject.name}: in one line.""", which `ncmc '
            "list methods` shows."
        )
    planned = catalog.own_options("method", subject.name)
    own = {field.name for field in fields(kind.Options)}
    if planned is not None and planned != own:
        raise UserError(
            f"Options are {sorted(own)}, but planning reads {sorted(planned)} from the file: write them "
            "in a nested class Options under @dataclass(frozen=True), as `name: type = default`."
        )


def options_have_defaults(subject: MethodSubject) -> None:
    for name, default in _defaults(subject).items():
        if (part := owner(name)) != "model":
            raise UserError(
                f"Options: {name} is a key of the {part} too, which -o {name}=... would set in place of "
                "the method's: choose another name."
            )
        if type(default) not in contract.KINDS:
            raise UserError(
                f"Options: {name} has no default that is {', '.join(contract.KINDS.values())}."
            )


def has_its_shapes(subject: MethodSubject) -> None:
    """What `contract.check_model` looks at, and that targets have length 1."""
    subject.model()  # `contract.check_model` looks at each of them
    model = subject.on_features()
    if (targets := model.targets()) is not None:
        lengths = targets.norm(dim=1)
        if not torch.allclose(lengths, torch.ones_like(lengths), atol=1e-4):
            raise UserError("targets() are not of length 1: divide each row by its norm.")


def refuses_in_words(subject: MethodSubject) -> None:
    for name, default in _defaults(subject).items():
        if isinstance(default, bool | int):
            continue
        wrong = NO_CHOICE if isinstance(default, str) else float("nan")
        try:
            contract.checked_options(subject.kind, {name: wrong})
        except UserError:
            continue
        raise UserError(
            f"Options: {name}={wrong} is taken. Refuse it in __post_init__: see check_choice and "
            "check_number in ncmc/methods/_checks.py."
        )


def follows_its_generator(subject: MethodSubject) -> None:

    def state(seed: int, of_torch: int) -> dict[str, Tensor]:
        torch.manual_seed(of_torch)
        return {k: v.detach() for k, v in subject.on_features(seed=seed).state_dict().items()}

    first, again, other = state(0, 0), state(0, 1), state(1, 0)
    unseeded = [name for name, value in first.items() if not torch.equal(value, again[name])]
    if unseeded:
        raise UserError(
            f"{listed(unseeded)} does not come from `generator`: pass it to whatever draws, such as "
            "`linear` in ncmc/methods/_layers.py, or the seed of a run would not decide it."
        )
    random = [n for n, p in subject.on_features().named_parameters() if p.ndim > 1 and p.std() > 0]
    if same := [name for name in random if torch.equal(first[name], other[name])]:
        raise UserError(f"{listed(same)} is the same for every seed: draw it from `generator`.")


def comes_back_from_its_state(subject: MethodSubject) -> None:
    model, fresh = subject.model(seed=0), subject.model(seed=1)
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.01)
    for _ in subject.stages(model):
        model.loss(*batch(model, 6)).backward()
        optimizer.step()
    check_comes_back(model, fresh, lambda m: fitted(m).predict(images(4)), "scores")


def only_looks_in_evaluation(subject: MethodSubject) -> None:
    model = fitted(subject.model())
    before = deepcopy(model.state_dict())
    check_alone(model.predict, images(4), "the scores")
    changed = [
        name for name, value in model.state_dict().items() if not torch.equal(value, before[name])
    ]
    if changed:
        raise UserError(f"predict() changes {listed(changed)}: do that in observe(), or in loss().")


def stays_on_the_gpu(subject: MethodSubject) -> None:
    """Loss and scores need nothing of the host; the loss of every stage can be recorded."""
    model = subject.model()
    for stage in subject.stages(model):
        x, labels = batch(model, 6)
        check_as_on_gpu(
            model,
            lambda x, first: model.loss(x, Labels(first)),
            (x, labels.first),
            f"the loss of stage {stage}",
        )
    check_as_on_gpu(model.eval(), model.predict, (images(3),), "the scores")


def says_whether_its_scores_are_cosines(subject: MethodSubject) -> None:
    """It says so where its scores stay small however long the features are, and only there."""
    model = fitted(subject.model())
    h = model.head(in_full(model.backbone(images(64))) * 1e4)
    small = float(model.scores(h).abs().max()) <= LARGEST_COSINE
    if small != catalog.scores_are_cosines(subject.name):
        raise UserError(
            f"its scores {'stay small' if small else 'grow'} with the length of the features: "
            f"{'add' if small else 'take out'} `scores_are_cosines = True` in its class, which says "
            "that its ECE cannot be compared."
        )


def fits_its_trained_model(subject: MethodSubject) -> None:
    """A rule for the model of another method has the state of that."""
    if (name := subject.kind.trained_as) is None:
        return
    if name not in catalog.names("method"):
        raise UserError(f"trained_as is {name!r}, which has no file in ncmc/methods.")
    own, theirs = (
        MethodSubject(subject.project, n).model().state_dict() for n in (subject.name, name)
    )
    shapes = [{key: value.shape for key, value in state.items()} for state in (own, theirs)]
    if shapes[0] != shapes[1]:
        odd = sorted(shapes[0].items() ^ shapes[1].items())
        raise UserError(
            f"its state is not that of {name}, whose trained model it takes: "
            f"{listed([key for key, _ in odd])}. Make what fit() learns a buffer with persistent=False."
        )


def _defaults(subject: MethodSubject) -> dict[str, Any]:
    """Option -> default; None where it has none."""
    options = fields(subject.kind.Options)
    return {f.name: None if f.default is MISSING else f.default for f in options}


CHECKS: dict[str, Callable[[MethodSubject], None]] = {
    "the file has a class of its name, and options that planning can read": has_a_class,
    "every option has a default, and a name of its own": options_have_defaults,
    "features, loss, scores, classifier and targets have their shapes": has_its_shapes,
    "loss and gradient are finite in every stage, for any number and size of classes": losses.is_finite,
    "an impossible option is refused in words": refuses_in_words,
    "the loss is a mean over the batch": losses.is_a_mean_over_the_batch,
    "the gradient is that of the loss (differences in float64)": losses.has_the_gradient_of_its_loss,
    "every parameter is trained in some stage": losses.trains_every_parameter,
    "trained on free features, its scores find the classes": losses.finds_the_classes,
    "a last batch of one image trains": losses.trains_on_one_image,
    "Mixup mixes the losses of both labels": losses.mixes_labels,
    "its generator decides what it draws": follows_its_generator,
    "its state brings it back": comes_back_from_its_state,
    "evaluation changes nothing and takes images one by one": only_looks_in_evaluation,
    "on a GPU every tensor is there, and no value is read on the host": stays_on_the_gpu,
    "it says whether its scores are cosines": says_whether_its_scores_are_cosines,
    "it takes the trained model of the method that it names": fits_its_trained_model,
}
NEEDED = 4  # the first of them: without these no other makes sense


def check(subject: MethodSubject) -> list[CheckResult]:
    return examine(subject, CHECKS, NEEDED, catalog.file_of("method", subject.name))
