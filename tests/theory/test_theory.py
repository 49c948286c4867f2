"""The theory checks against slow formulas, and wrong formulas against the theory checks."""

import dataclasses
import json
import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import here
from scipy import integrate, optimize, stats
from torch import Tensor
from typer.testing import CliRunner

from cli.main import app
from ncmc.errors import UsageError
from ncmc.formulas import frames
from ncmc.paper import theorems
from ncmc.paper.claims import Claim
from ncmc.paper.theorems import Outcome, Part, Relation, Status, worst
from ncmc.system import documents
from papers.ncmc.theory import (
    allocation,
    angles,
    checks,
    fixed,
    gradient,
    margin,
    optimum,
    problem,
    rules,
)
from papers.ncmc.theory.problem import Point, Problem


@pytest.fixture(autouse=True)
def single_thread() -> Iterator[None]:
    with problem.one_thread():
        yield


SMALL = Problem((3, 1), (2, 3), 0.4, 0.02, 0.01)


def failing(outcome: Outcome) -> list[str]:
    return [part.name for part in outcome.parts if part.status == "differs"]


# --- verdicts -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("measured", "relation", "error", "status"),
    [
        (1.05, "=", 0.0, "holds"),
        (0.95, "=", 0.0, "holds"),
        (1.2, "=", 0.0, "differs"),
        (0.8, "=", 0.0, "differs"),
        (0.0, "<=", 0.0, "holds"),
        (1.2, "<=", 0.0, "differs"),
        (9.0, ">=", 0.0, "holds"),
        (0.8, ">=", 0.0, "differs"),
        (1.05, "=", 0.02, "inconclusive"),  # four errors reach beyond the tolerance of 0.1
        (1.2, "=", 0.02, "differs"),
        (1.15, "=", 0.02, "inconclusive"),
        (math.nan, "=", 0.0, "inconclusive"),
        (math.inf, ">=", 0.0, "inconclusive"),
    ],
)
def test_a_part_holds_differs_or_is_open(
    measured: float, relation: Relation, error: float, status: Status
) -> None:
    assert Part("x", measured, 1.0, 0.1, relation, error).status == status


def test_a_number_of_an_optimiser_that_did_not_converge_proves_nothing() -> None:
    assert Part("x", 1.0, 1.0, 0.1, sound=False).status == "inconclusive"
    assert Part("x", 9.0, 1.0, 0.1, sound=False).status == "inconclusive"


def test_an_outcome_is_as_bad_as_its_worst_part() -> None:
    good, bad = Part("a", 1.0, 1.0, 0.1), Part("b", 2.0, 1.0, 0.1)
    unknown = Part("c", math.nan, 1.0, 0.1)
    assert Outcome((good,), "").status == "holds"
    assert Outcome((good, unknown), "").status == "inconclusive"
    assert Outcome((good, unknown, bad), "").status == "differs"
    assert Outcome((), "").status == "inconclusive"


def test_the_worst_of_several_gaps_keeps_a_nan() -> None:
    assert worst("x", [1.0, 3.0, 2.0], 5.0).measured == 3.0
    assert math.isnan(worst("x", [1.0, math.nan], 5.0).measured)
    assert worst("x", [], 5.0).status == "inconclusive"


# --- the problem ----------------------------------------------------------------------------------


def test_loss_p_is_the_sum_over_samples_and_centers() -> None:
    rng = torch.Generator().manual_seed(0)
    h, w, w0 = (torch.randn(n, 7, generator=rng, dtype=torch.float64) for n in (4, 5, 2))
    labels, owner = [0, 0, 0, 1], [0, 0, 1, 1, 1]
    slow = sum(
        (float(w[c] @ h[i]) - (owner[c] == labels[i])) ** 2 for i in range(4) for c in range(5)
    ) / (2 * (3 * 2 + 1 * 3))
    slow += 0.02 / 2 * float((w0 * w0).sum()) + 0.01 / 2 * float((h * h).sum())
    assert problem.loss_p(SMALL, h, w, w0).item() == pytest.approx(slow, rel=1e-12)


def test_a_minimum_keeps_the_constraint() -> None:
    point = problem.minimise(SMALL, seed=3, extra_dim=1)
    w, own = point.classifier, SMALL.center_class
    v = (point.centers - math.sin(SMALL.theta) * w[own]) / math.cos(SMALL.theta)
    rows = torch.cat([w, v])
    lengths = torch.cat([w.norm(dim=1), w.norm(dim=1)[own]])
    torch.testing.assert_close(rows @ rows.T, torch.diag(lengths**2), rtol=0, atol=1e-12)
    assert point.gradient < problem.GRADIENT


def test_no_random_point_that_keeps_the_constraint_beats_the_minimum() -> None:
    least = min(problem.minimise(SMALL, seed).loss for seed in range(2))
    rng = torch.Generator().manual_seed(1)
    for _ in range(300):
        basis = frames.orthonormal_rows(SMALL.dim, SMALL.dim, rng, torch.float64)
        lengths = torch.rand(2, generator=rng, dtype=torch.float64) * 3
        centers, classifier = problem.frame_of(SMALL, basis, lengths)
        features = fixed.closed_form(SMALL, centers)  # the best there is for these centers
        assert problem.loss_p(SMALL, features, centers, classifier).item() > least - 1e-12


def test_descent_finds_the_closed_form_which_is_the_stacked_least_squares_solution() -> None:
    frame = frames.multi_center_frame(
        SMALL.centers, 9, SMALL.theta, torch.Generator().manual_seed(0), torch.float64
    )
    stacked = np.vstack([frame[0] / SMALL.total**0.5, SMALL.decay_h**0.5 * np.eye(9)])
    targets = np.vstack([SMALL.codes.T / SMALL.total**0.5, np.zeros((9, 4))])
    slow = np.linalg.lstsq(stacked, targets, rcond=None)[0].T
    np.testing.assert_allclose(fixed.closed_form(SMALL, frame[0]), slow, atol=1e-12)
    found = problem.minimise_features(SMALL, *frame, seed=5)
    np.testing.assert_allclose(found.features, slow, atol=1e-7)


# --- measures of collapse -------------------------------------------------------------------------


def test_measures_of_collapse_agree_with_loops() -> None:
    rng = torch.Generator().manual_seed(2)
    h, w, w0 = (torch.randn(n, 7, generator=rng, dtype=torch.float64) for n in (4, 5, 2))
    point, alive = Point(h, w, w0, 0.0), torch.tensor([True, True])
    means = [h[:3].mean(0), h[3]]
    wbar = [w[:2].mean(0), w[2:].mean(0)]
    longest = max(1.0, max(m.norm().item() for m in means))
    spread = max((h[i] - means[0]).norm().item() for i in range(3)) / longest
    assert problem.spread(SMALL, point) == pytest.approx(spread)
    gap = max((a / a.norm() - b / b.norm()).norm().item() for a, b in zip(means, wbar, strict=True))
    assert problem.direction_gap(SMALL, point, alive) == pytest.approx(gap)
    cosine = abs(means[0] @ means[1] / (means[0].norm() * means[1].norm()))
    assert problem.overlap(SMALL, point, alive) == pytest.approx(cosine.item())
    gaps = []
    for mean, rows in ((means[0], w[:2]), (means[1], w[2:])):
        own = [float(row @ mean) for row in rows]
        middle = sum(own) / len(own)
        gaps.append(max(abs(value - middle) for value in own) / abs(middle))
    assert problem.response_gap(SMALL, point, alive) == pytest.approx(max(gaps))


def test_features_along_the_classifier_are_not_taken_for_collapsed() -> None:
    frame = frames.multi_center_frame((2, 3), 9, 0.4, torch.Generator(), torch.float64)
    point, alive = Point(frame[1][SMALL.labels], *frame, loss=0.0), torch.tensor([True, True])
    assert problem.direction_gap(SMALL, point, alive) > 0.3
    nobody = torch.tensor([False, False])
    assert math.isnan(problem.direction_gap(SMALL, point, nobody))


# --- T1, T2 ---------------------------------------------------------------------------------------

BALANCED = (optimum.BALANCED[0], *optimum.BALANCED_EDGE[:2])
IMBALANCED = (optimum.IMBALANCED[0], *optimum.IMBALANCED_EDGE[:2])


def test_theorem_3_3_holds_on_both_sides_of_its_condition() -> None:
    outcome = optimum.theorem_3_3(BALANCED)
    assert outcome.status == "holds", outcome.parts
    assert outcome.also["classes that survive"] == 6
    assert outcome.also["classes that vanish"] == 3


def test_theorem_3_4_holds_where_some_classes_survive_and_some_vanish() -> None:
    mixed = IMBALANCED[1].problem
    assert optimum.condition(mixed).tolist() == [True, False, False]
    outcome = optimum.theorem_3_4(IMBALANCED)
    assert outcome.status == "holds", outcome.parts


def test_theorem_3_3_is_theorem_3_4_with_equal_classes() -> None:
    for case in optimum.BALANCED:
        p = case.problem
        torch.testing.assert_close(optimum.balanced_norms(p), optimum.norms(p))
        assert torch.equal(optimum.balanced_condition(p), optimum.condition(p))


def test_the_optimal_norm_is_the_minimum_of_the_loss_in_one_length() -> None:
    p = optimum.IMBALANCED[0].problem
    for k in range(3):
        n, f, c2 = p.counts[k], p.centers[k], float(p.cosines[k]) ** 2

        def loss(x: float, n: int = n, f: int = f, c2: float = c2) -> float:
            # With H solved for, what class k adds to P at |w_k|^2 = x.
            fit = n * f * p.decay_h / 2 / (x * f * c2 + p.decay_h * p.total)
            return fit + p.decay_w * x / 2

        slow = optimize.minimize_scalar(loss, bounds=(0, 50), method="bounded").x
        assert float(optimum.norms(p)[k]) == pytest.approx(slow, rel=1e-4)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda p: optimum.balanced_norms(p) * 1.001,
        lambda p: optimum.balanced_norms(p) * p.cosines,  # one power of cos(alpha) lost
        lambda p: optimum.balanced_norms(p) + p.decay_h,
    ],
)
def test_a_wrong_norm_in_theorem_3_3_is_caught(wrong: optimum.Formula) -> None:
    assert "relative error of |w_k|^2" in failing(optimum.theorem_3_3(BALANCED[:1], wrong))


def test_a_wrong_norm_in_theorem_3_4_is_caught() -> None:
    def with_n_for_s(p: Problem) -> Tensor:
        ratio = p.decay_w / (p.n * p.decay_h)
        pull = -sum(p.counts) * p.decay_w / (p.f * p.n) + ratio.sqrt() * p.cosines
        return pull / (ratio * p.cosines**2)

    assert "relative error of |w_k|^2" in failing(optimum.theorem_3_4(IMBALANCED[:1], with_n_for_s))


@pytest.mark.parametrize("factor", [0.9, 1.1])
def test_a_condition_ten_percent_off_is_caught(factor: float) -> None:
    def off(p: Problem) -> Tensor:
        return p.cosines * factor > p.total / p.f * (p.decay_w * p.decay_h / p.n).sqrt()

    outcome = optimum.theorem_3_4(IMBALANCED[1:], survives=off)
    assert "classes on the wrong side of the condition" in failing(outcome)


def test_without_the_clamp_the_printed_norm_is_caught() -> None:
    outcome = optimum.theorem_3_4(IMBALANCED[1:2], survives=lambda p: p.cosines > 0)
    assert "relative error of |w_k|^2" in failing(outcome)


def test_an_optimiser_cut_short_makes_the_theorem_inconclusive(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(problem, "STEPS", 3)
    outcome = optimum.theorem_3_3(BALANCED[:1])
    assert outcome.status == "inconclusive"
    assert not failing(outcome)


def test_tail_cases_lie_between_the_limits_of_their_rarest_class() -> None:
    alive = [bool(optimum.condition(case.problem)[-1]) for case in optimum.tail_cases()]
    assert alive == [True, False, True, False, False, True]  # one, f, class-aware centers; twice


def test_the_survival_limit_is_where_the_condition_turns() -> None:
    p = optimum.IMBALANCED[1].problem
    for k in range(3):
        limit = optimum.survival_limit(p, k)
        for factor, survives in ((0.999, True), (1.001, False)):
            at = dataclasses.replace(p, decay_w=limit * factor / p.decay_h)
            assert bool(optimum.condition(at)[k]) is survives


def test_without_the_constraint_the_loss_falls_towards_zero() -> None:
    losses = optimum.free_length_losses(SMALL, (1, 10, 100, 1000))
    assert list(losses.values()) == sorted(losses.values(), reverse=True)
    assert min(losses.values()) < 1e-6 < problem.minimise(SMALL, 0).loss


def test_torch_gets_its_threads_back() -> None:
    torch.set_num_threads(2)
    with problem.one_thread():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 2


# --- T3, T4 ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        lambda p: fixed.feature_norms(p) * (1 + 1e-4),
        lambda p: p.f * p.cosines / (p.f * p.cosines + p.decay_h * p.total),
        lambda p: p.f * p.cosines / (p.f * p.cosines**2 + p.decay_h * sum(p.counts)),
    ],
)
def test_a_wrong_length_in_corollary_3_7_is_caught(wrong: Callable[[Problem], Tensor]) -> None:
    assert failing(fixed.corollary_3_7(formula=wrong)) == ["relative error of |h_k|"]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda f, decay: decay / f,
        lambda f, decay: math.sqrt(decay) / f,
        lambda f, decay: math.sqrt(f**-1.0),
    ],
)
def test_a_wrong_maximum_in_remark_3_8_is_caught(wrong: Callable[[int, float], float]) -> None:
    assert fixed.remark_3_8(formula=wrong).status == "differs"


def test_feature_lengths_of_frames_and_of_equal_angles_are_corollary_3_7s() -> None:
    f, decay = 5, 2.5
    for theta in (0.1, 0.6, 1.3):
        cosine = float(frames.mean_center_cosines([f], theta)[0])
        slow = f * cosine / (f * cosine**2 + decay)
        assert fixed.frame_length(f, theta, decay) == pytest.approx(slow, rel=1e-12)
        assert fixed.equiangular_length(f, cosine, decay) == pytest.approx(slow, rel=1e-12)


def test_the_maximum_is_found_at_an_end_too() -> None:
    assert fixed.maximum(lambda x: x, 0.0, 2.0) == 2.0
    assert fixed.maximum(lambda x: -x, 0.0, 2.0) == 0.0
    assert fixed.maximum(lambda x: -((x - 0.7) ** 2), 0.0, 2.0) == pytest.approx(0.7, abs=1e-7)


# --- T5 -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong", [lambda t: math.acos(math.sin(t)), lambda t: math.acos(math.cos(t) ** 2)]
)
def test_a_wrong_angle_in_remark_3_9_is_caught(wrong: Callable[[float], float]) -> None:
    assert angles.remark_3_9(formula=wrong).status == "differs"


def test_angles_are_exact_where_arccos_is_not() -> None:
    a = torch.tensor([1.0, 0.0], dtype=torch.float64)
    for angle in (1e-9, 0.3, math.pi / 2, math.pi - 1e-9):
        b = torch.tensor([math.cos(angle), math.sin(angle)], dtype=torch.float64)
        assert angles.angles(a, b).item() == pytest.approx(angle, rel=1e-9)


# --- T6 -------------------------------------------------------------------------------------------

DRAWS = rules.DRAWS[:2]
SAMPLES = 150_000


def test_proposition_3_1_holds() -> None:
    outcome = rules.proposition_3_1(DRAWS, SAMPLES)
    assert outcome.status == "holds", outcome.parts


@pytest.mark.parametrize(
    ("claim", "wrong"),
    [
        ("gcr", lambda d: max(d.centers) / sum(d.centers)),
        ("gcr", lambda d: sum(p * p for p in d.prior)),
        ("rcr", lambda d: 1 / sum(d.centers)),
    ],
)
def test_a_wrong_probability_in_proposition_3_1_is_caught(
    claim: str, wrong: Callable[..., float]
) -> None:
    outcome = rules.proposition_3_1(DRAWS, 40_000, **{claim: wrong})
    assert outcome.status == "differs"


def test_a_gain_claimed_for_the_opposite_order_is_caught() -> None:
    backwards = dataclasses.replace(DRAWS[0], prior=DRAWS[0].prior[::-1])
    outcome = rules.proposition_3_1([backwards], 40_000)
    assert [name.split(",")[0] for name in failing(outcome)] == ["GCR less RCR"]


def test_a_few_samples_leave_proposition_3_1_open() -> None:
    assert rules.proposition_3_1(DRAWS, 500).status == "inconclusive"


def test_features_lie_around_the_mean_of_the_rule_vectors() -> None:
    vectors, owner = rules.rule_vectors((1, 2, 5), 0.0, "max over centers", 2, seed=4)
    assert owner.tolist() == [0, 1, 1, 2, 2, 2, 2, 2]
    exact = rules.sample_features(vectors, 0.0, 1, np.random.default_rng(0))
    np.testing.assert_allclose(exact[0], vectors.mean(0), atol=1e-14)
    noisy = rules.sample_features(vectors, 0.25, 50_000, np.random.default_rng(0))
    np.testing.assert_allclose(np.cov(noisy.T), 0.25 * np.eye(vectors.shape[1]), atol=0.01)


def test_mean_center_rules_average_the_centers() -> None:
    rows, owner = rules.rule_vectors((2, 3), 0.4, "max over centers", 1, seed=6)
    means, classes = rules.rule_vectors((2, 3), 0.4, "mean center", 1, seed=6)
    assert classes.tolist() == [0, 1]
    for k in range(2):
        slow = sum(row for row, own in zip(rows, owner, strict=True) if own == k) / (2 + k)
        np.testing.assert_allclose(means[k], slow)


def test_chunks_cover_all_samples_and_a_share_of_one_is_not_certain() -> None:
    assert sum(rules.chunks(120_001)) == 120_001
    assert rules.chunks(rules.CHUNK) == [rules.CHUNK]
    assert rules.share_error(0.5, 100) == pytest.approx(0.05)
    assert rules.share_error(1.0, 100) > 0


# --- T7 -------------------------------------------------------------------------------------------

PAIRS = margin.PAIRS[:1]


def median_gap(f: int, other: int) -> float:
    """The median of max of f less max of `other` standard normal numbers, by quadrature."""

    def below(x: float) -> float:
        def density(y: float) -> float:
            return float(other * stats.norm.pdf(y) * stats.norm.cdf(y) ** (other - 1))

        share = integrate.quad(lambda y: density(y) * stats.norm.cdf(y + x) ** f, -9, 9)[0]
        return float(share) - 0.5

    return float(optimize.brentq(below, -5, 5))


def test_proposition_c_1_holds() -> None:
    outcome = margin.proposition_c_1(PAIRS, 100_000)
    assert outcome.status == "holds", outcome.parts


@pytest.mark.parametrize("pair", margin.PAIRS)
def test_eps_0_of_the_maximum_rule_is_the_median_of_the_noise(pair: margin.Pair) -> None:
    found, error = margin.epsilon(pair, "max over centers", margin.threshold, 100_000, seed=5)
    noise = math.cos(pair.theta) * math.sqrt(pair.variance)
    slow = noise * median_gap(pair.centers[pair.k], pair.centers[pair.rival])
    assert found == pytest.approx(slow, abs=4 * error)


def test_features_have_the_margin_that_they_are_given() -> None:
    # Only w_k carries the margin: at theta = pi/2 the GCR margin is the RCR margin itself.
    flat = dataclasses.replace(PAIRS[0], theta=math.pi / 2)
    for rule in ("mean center", "max over centers"):
        found = margin.gcr_margins(flat, 0.37, rule, 1000, seed=0)
        np.testing.assert_allclose(found, 0.37, atol=1e-12)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda pair: margin.threshold(pair) * len(pair.centers),  # 1/K lost
        lambda pair: margin.threshold(pair) / math.cos(pair.theta),
        lambda pair: -margin.threshold(pair),
    ],
)
def test_a_wrong_margin_in_proposition_c_1_is_caught(wrong: Callable[[margin.Pair], float]) -> None:
    outcome = margin.proposition_c_1(margin.PAIRS[1:2], 100_000, margin=wrong)
    assert outcome.parts[0].name in failing(outcome)


def test_a_bound_of_the_wrong_sign_in_proposition_c_1_is_caught() -> None:
    outcome = margin.proposition_c_1(PAIRS, 100_000, lowest=lambda pair: -margin.bound(pair))
    assert outcome.status == "differs"


# --- T8 -------------------------------------------------------------------------------------------


def test_the_printed_gradient_differs_and_the_corrected_one_holds() -> None:
    as_printed = gradient.equation_35()
    assert as_printed.status == "differs"
    assert as_printed.parts[0].status == "holds"  # at |h| = 1
    assert as_printed.parts[2].measured == pytest.approx(-1, abs=1e-9)
    right = gradient.equation_35(gradient.corrected, power=-1.0)
    assert right.status == "holds", right.parts


@pytest.mark.parametrize(
    "wrong",
    [
        lambda w, h: -gradient.corrected(w, h),
        lambda w, h: gradient.corrected(w, h) / 2,
        lambda w, h: -2 / h.norm() * (1 - w @ h / h.norm()) * w,  # not projected
    ],
)
def test_a_gradient_wrong_at_unit_length_is_caught(wrong: gradient.Gradient) -> None:
    assert gradient.equation_35(wrong, power=-1.0).parts[0].status == "differs"


def test_the_corrected_gradient_agrees_with_central_differences() -> None:
    rng = np.random.default_rng(0)
    w, h = rng.normal(size=(2, 6))
    w, step = w / np.linalg.norm(w), 1e-6

    def loss(x: np.ndarray) -> float:
        return float((w @ x / np.linalg.norm(x) - 1) ** 2)

    slow = [(loss(h + step * e) - loss(h - step * e)) / (2 * step) for e in np.eye(6)]
    found = gradient.corrected(torch.from_numpy(w), torch.from_numpy(h))
    np.testing.assert_allclose(found, slow, rtol=1e-6, atol=1e-9)


# --- T9 -------------------------------------------------------------------------------------------


def test_the_example_holds_and_its_order_is_told() -> None:
    outcome = allocation.section_3_5_example(lists=100)
    assert outcome.status == "holds", outcome.parts


def from_the_right(counts: Sequence[int], f: int) -> list[int]:
    total, k = sum(counts), len(counts)
    centers = [(f - 1) * k * n // total + 1 for n in counts][::-1]
    for place in range(f * k - sum(centers)):
        centers[-1 - place % k] += 1
    return centers


@pytest.mark.parametrize(
    "wrong",
    [
        lambda counts, f: allocation.steps(counts, f)[::-1],  # not reversed
        lambda counts, f: [f] * len(counts),
        lambda counts, f: [*allocation.steps(counts, f)[:-1], 0],
        from_the_right,
    ],
)
def test_a_wrong_strategy_is_caught(wrong: allocation.Strategy) -> None:
    assert allocation.section_3_5_example(wrong, lists=50).status == "differs"


def test_the_steps_by_hand() -> None:
    assert allocation.steps((1, 3, 3), 3) == [4, 4, 1]
    assert allocation.steps((5, 5), 2) == [2, 2]
    assert allocation.steps((6, 3, 1), 2) == [2, 2, 2]  # (2, 1, 1) reversed, then 1 and 1 added
    assert allocation.steps((9, 1), 4) == [2, 6]  # (6, 1) reversed, then 1 added


def test_a_product_after_the_division_can_floor_wrongly() -> None:
    assert math.floor(2 * 3 * (49 / 294)) == 1  # exact here
    found = [
        pair for pair in allocation.random_lists(500) if allocation.floors_in_floating_point(*pair)
    ]
    for counts, f in found:
        exact = [(f - 1) * len(counts) * n // sum(counts) for n in counts]
        rounded = [math.floor((f - 1) * len(counts) * (n / sum(counts))) for n in counts]
        assert exact != rounded
    assert found


# --- all of them ----------------------------------------------------------------------------------


def test_every_theory_claim_of_the_paper_has_a_check() -> None:
    claims = documents.load_yaml(here().config("claims.yaml"))["theory"]
    assert theorems.names(here()) == [claim["id"] for claim in claims]


def test_an_unknown_claim_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="'T10'.*T1, T2, T3"):
        theorems.check(here(), "T10")
    with pytest.raises(UsageError, match="theory claim 'C1'"):
        theorems.check(here(), "C1")


def test_a_project_that_states_no_theorem_has_none_to_check(configured: Path) -> None:
    path = configured / "papers/ncmc/claims.yaml"
    stated = documents.load_yaml(path)
    path.write_text(json.dumps(stated | {"theory": []}))
    done = CliRunner().invoke(app, ["theory"])
    assert (done.exit_code, "states no theorem" in done.stderr) == (0, True)
    assert json.loads((configured / "results/theory/theory.json").read_text())["verdicts"] == []
    refused = CliRunner().invoke(app, ["theory", "T1"])
    assert refused.exit_code == 2
    assert "unknown theory claim 'T1'. Allowed: (none)." in refused.stderr


@pytest.mark.parametrize(("name", "where"), [("T3", "Cor. 3.7"), ("T4", "Remark 3.8")])
def test_a_check_gives_a_verdict_with_its_place(name: str, where: str) -> None:
    found = theorems.check(here(), name)
    assert (found.outcome.status, found.claim.where) == ("holds", where)
    assert {part.name for part in found.outcome.parts} <= set(found.outcome.measured)


def test_a_known_erratum_is_no_failure_and_any_other_difference_is(
    configured: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = CliRunner().invoke(app, ["theory", "T5", "T8"])
    assert done.exit_code == 0, done.stderr
    assert "As E1" in done.stdout
    assert "checking 2 theorems" in done.stderr
    document = json.loads((configured / "results/theory/theory.json").read_text())
    assert [(v["status"], v["errata"]) for v in document["verdicts"]] == [
        ("holds", ["E11", "E12", "E13"]),
        ("differs", ["E1"]),
    ]
    for formula, code in ((lambda theta: 0.0, 1), (lambda theta: math.nan, 3)):

        def wrong(formula: Callable[[float], float] = formula) -> Outcome:
            return angles.remark_3_9(formula=formula)

        monkeypatch.setitem(checks.CHECKS, "T5", wrong)
        assert CliRunner().invoke(app, ["theory", "T5"]).exit_code == code
        assert CliRunner().invoke(app, ["theory", "T5", "--no-exit-code"]).exit_code == 0


def test_a_number_that_is_not_finite_becomes_null_in_the_data() -> None:
    outcome = Outcome((Part("x", math.nan, 0.0, 1.0, sound=False),), "odd", {"y": math.inf})
    entry = theorems.TheoryVerdict(
        Claim(id="T0", where="nowhere", says="x"), outcome, (), False, 0.1
    ).to_json()
    assert entry["parts"][0]["measured"] is None
    assert entry["also"] == {"y": None}
    assert entry["status"] == "inconclusive"
