"""Splits against the slow, obvious form of the recipe (assumptions A2 to A4)."""

import json
import shutil
from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from conftest import here
from hypothesis import given, settings
from hypothesis import strategies as st
from projects import ScratchProject, declared

from ncmc.data import checksums, datasets, fetch, splits
from ncmc.data.array_writer import Sink, TreeSummary
from ncmc.data.splits import method_counts
from ncmc.errors import UsageError, UserError
from ncmc.plan import class_counts
from ncmc.plan.dataset_entries import SplitOptions, dataset_entries, dataset_entry
from ncmc.plan.run import check_tau
from ncmc.system import files

TAUS = (0.005, 0.01, 0.02)

# Class sizes of SVHN's two training parts, digits 0 to 9 (sums: 73,257 and 531,131).
SVHN_TRAIN = (4948, 13861, 10585, 8497, 7458, 6882, 5727, 5595, 5045, 4659)
SVHN_EXTRA = (45550, 90560, 74740, 60765, 50633, 53490, 41582, 43997, 35358, 34456)


def recipe(labels: list[int], tau: float, seed: int = 0) -> tuple[list[int], list[int]]:
    """The recipe as a sentence: seed once; class by class: list, shuffle, take the first n_k.

    Returns the indices and the labels that the reference code writes beside them.
    """
    n_classes = len(set(labels))
    n_max = len(labels) / n_classes
    np.random.seed(seed)
    indices: list[int] = []
    told: list[int] = []
    for k in range(n_classes):
        n_k = int(n_max * (tau ** (k / (n_classes - 1.0))))
        mine = np.array([i for i, label in enumerate(labels) if label == k])
        np.random.shuffle(mine)
        indices += mine[:n_k].tolist()
        told += [k] * n_k
    return indices, told[: len(indices)]


def shuffled_labels(counts: Sequence[int], seed: int = 1) -> np.ndarray:
    """Labels with these class sizes, in an order without a pattern."""
    labels = np.repeat(np.arange(len(counts)), counts)
    return np.random.default_rng(seed).permutation(labels)


@pytest.mark.parametrize("tau", TAUS)
@pytest.mark.parametrize(("n_classes", "size"), [(10, 500), (100, 500), (10, 129.7)])
def test_indices_are_those_of_the_recipe(tau: float, n_classes: int, size: float) -> None:
    labels = shuffled_labels([int(size)] * n_classes)
    expected, _ = recipe(labels.tolist(), tau)
    assert splits.long_tailed_indices(labels, tau).tolist() == expected


@settings(deadline=None, max_examples=40)
@given(
    counts=st.lists(st.integers(1, 40), min_size=2, max_size=12),
    tau=st.floats(0.001, 1.0),
    seed=st.integers(0, 2**32 - 1),
)
def test_indices_are_those_of_the_recipe_for_any_labels(
    counts: list[int], tau: float, seed: int
) -> None:
    labels = shuffled_labels(counts)
    expected, _ = recipe(labels.tolist(), tau, seed)
    assert splits.long_tailed_indices(labels, tau, seed).tolist() == expected


def test_indices_on_the_cifar10_class_sizes_have_not_changed() -> None:
    # the place of an image within its class is all that counts, so the order of classes in the
    # released files does not matter for these
    labels = np.tile(np.arange(10), 5000)
    ranks = [splits.long_tailed_indices(labels, tau) // 10 for tau in TAUS]
    digest = [sha256(r.astype("<i8").tobytes()).hexdigest()[:16] for r in ranks]
    assert digest == ["334c2d61143b39bf", "8a54f5b6fa972295", "7bb90363b243a944"]
    assert [len(r) for r in ranks] == [11203, 12406, 13996]


@pytest.mark.parametrize(
    ("tau", "counts"),
    [
        (0.01, [5000, 2997, 1796, 1077, 645, 387, 232, 139, 83, 50]),
        (0.02, [5000, 3237, 2096, 1357, 878, 568, 368, 238, 154, 100]),
        (0.005, [5000, 2775, 1540, 854, 474, 263, 146, 81, 45, 25]),
        (1, [5000] * 10),
    ],
)
def test_cifar10_counts(tau: float, counts: list[int]) -> None:
    assert class_counts.long_tailed_counts(5000, 10, tau) == counts


def test_a_smaller_tau_gives_a_subset() -> None:
    labels = shuffled_labels([300] * 10)
    sets = [set(splits.long_tailed_indices(labels, tau).tolist()) for tau in (*TAUS, 1)]
    assert sets[0] < sets[1] < sets[2] < sets[3]


def test_a_class_never_gives_more_images_than_it_has() -> None:
    labels = shuffled_labels([5, 200, 200])
    taken = Counter(labels[splits.long_tailed_indices(labels, 0.5)].tolist())
    assert taken == {0: 5, 1: 95, 2: 67}


def test_a_single_class_keeps_all_its_images() -> None:
    assert class_counts.long_tailed_counts(7, 1, 0.5) == [7]


@pytest.mark.parametrize("tau", [0, -0.1, 1.5, float("nan"), 100])
def test_tau_outside_its_range_is_refused(tau: float) -> None:
    with pytest.raises(UsageError, match="n_min/n_max"):
        class_counts.long_tailed_counts(100, 10, tau)


def test_a_tau_given_upside_down_is_told_so() -> None:
    with pytest.raises(UsageError, match=r"Did you mean 0\.01"):
        check_tau(100)


def test_step_imbalance_has_two_sizes() -> None:
    assert class_counts.step_counts(500, 10, 0.01) == [500] * 5 + [5] * 5
    assert class_counts.step_counts(500, 5, 0.1) == [500, 500, 50, 50, 50]


def test_the_pcg64_generator_draws_other_images_of_the_same_number() -> None:
    labels = shuffled_labels([100] * 5)
    counts = class_counts.long_tailed_counts(100, 5, 0.1)
    one, other = (splits.draw(labels, counts, 0, kind) for kind in ("mislas", "pcg64"))
    assert Counter(labels[one]) == Counter(labels[other])
    assert set(one.tolist()) != set(other.tolist())


# --- splits of prepared data sets ---------------------------------------------------------------


def prepared(project: ScratchProject, labels: np.ndarray, content: bytes = b"made") -> None:
    """A prepared data set `made` with these training labels, in one part."""
    _write(project, [("train", np.asarray(labels))], content)


def _write(
    project: ScratchProject, parts: list[tuple[str, np.ndarray]], content: bytes = b"made"
) -> None:
    """Arrays as `datasets.prepare` makes them, of 1-pixel images, from labels alone."""
    test = np.arange(10)

    archive = here().root / "made.bin"
    archive.write_bytes(content)
    project.declare("made", "digits", declared(archive))
    fetch.fetch(here(), "made", archive)
    target = datasets.folder(here(), "made")
    target.mkdir(parents=True)
    sink = Sink(target)
    for origin, labels in parts:
        sink.add("train", np.zeros((len(labels), 1, 1, 3), np.uint8), labels, origin)
    sink.add("test", np.zeros((len(test), 1, 1, 3), np.uint8), test)
    digest = checksums.of_file(archive)
    meta = datasets.Meta(
        identity=datasets._identity("made", dataset_entry(here(), "made"), {"made.bin": digest}),
        archives={"made.bin": digest},
        class_names=tuple(str(k) for k in range(10)),
        counts={"train": (), "test": ()},
        origins={part: tuple(named) for part, named in sink.origins.items()},
        arrays=sink.close(),
    )
    (target / "meta.json").write_text(meta.model_dump_json())


def test_a_split_of_a_dataset_is_the_recipe_and_is_saved_whole(
    project: ScratchProject, tmp_path: Path
) -> None:
    labels = shuffled_labels([50] * 10)
    prepared(project, labels)
    split = splits.make_split(here(), "made", 0.1)
    assert split.indices.tolist() == recipe(labels.tolist(), 0.1)[0]
    assert split.counts == class_counts.long_tailed_counts(50, 10, 0.1)
    split.save(tmp_path / "split")
    split.check_saved(tmp_path / "split")
    manifest = json.loads((tmp_path / "split" / "manifest.json").read_text())
    assert manifest["counts"] == split.counts
    assert manifest["recipe"]["tau"] == 0.1
    assert manifest["data"] == datasets.load(here(), "made", "train").checksum


def test_the_split_seed_and_the_rule_for_n_max_are_options(project: ScratchProject) -> None:
    prepared(project, shuffled_labels([60, *[40] * 9]))
    plain = splits.make_split(here(), "made", 0.1)
    seeded = splits.make_split(here(), "made", 0.1, SplitOptions(split_seed=1))
    common = splits.make_split(here(), "made", 0.1, SplitOptions(n_max_rule="common"))
    step = splits.make_split(here(), "made", 0.1, SplitOptions(imbalance="step"))
    assert plain.counts == seeded.counts
    assert plain.sha256 != seeded.sha256
    assert plain.counts[0] == 42
    assert common.counts[0] == 40
    assert step.counts == [42, 40, 40, 40, 40, 4, 4, 4, 4, 4]


def test_n_max_sets_the_largest_class_and_takes_a_subset_of_the_whole_draw(
    project: ScratchProject,
) -> None:
    prepared(project, shuffled_labels([60] * 10))
    whole = splits.make_split(here(), "made", 0.1, SplitOptions(split_seed=3))
    small = splits.make_split(here(), "made", 0.1, SplitOptions(split_seed=3, n_max=30))
    assert small.counts == class_counts.long_tailed_counts(30, 10, 0.1)
    assert set(small.indices) < set(whole.indices)


def test_a_split_without_n_max_is_written_as_before_there_was_one(project: ScratchProject) -> None:
    prepared(project, shuffled_labels([60] * 10))
    assert "n_max" not in splits.make_split(here(), "made", 0.1).manifest["recipe"]
    assert splits.make_split(here(), "made", 0.1, SplitOptions(n_max=30)).options.n_max == 30


@pytest.mark.parametrize("n_max", [61, 1000])
def test_an_n_max_above_the_largest_class_is_refused(project: ScratchProject, n_max: int) -> None:
    prepared(project, shuffled_labels([60] * 10))
    with pytest.raises(UsageError, match=f"n_max={n_max}, but the largest class of made has 60"):
        splits.make_split(here(), "made", 0.1, SplitOptions(n_max=n_max))


def test_a_tau_that_empties_a_class_is_refused(project: ScratchProject) -> None:
    prepared(project, shuffled_labels([20] * 10))
    with pytest.raises(UsageError, match=r"without a training image \(9\)"):
        splits.make_split(here(), "made", 0.04)


def test_an_altered_split_is_refused(project: ScratchProject, tmp_path: Path) -> None:
    prepared(project, shuffled_labels([50] * 10))
    split = splits.make_split(here(), "made", 0.1)
    folder = tmp_path / "split"
    split.save(folder)
    np.savez(folder / "indices.npz", indices=split.indices[::-1], labels=split.labels[::-1])
    with pytest.raises(UserError, match="another split than this run draws"):
        split.check_saved(folder)
    (folder / "indices.npz").write_bytes(b"PK\x03\x04 cut off")
    with pytest.raises(UserError, match="cannot be read"):
        split.check_saved(folder)
    (folder / "indices.npz").unlink()
    with pytest.raises(UserError, match="does not exist"):
        split.check_saved(folder)


def test_a_save_that_ends_between_the_two_files_leaves_no_split(
    project: ScratchProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ends(path: Path, content: str | bytes) -> None:
        if path.name == "manifest.json":
            raise KeyboardInterrupt
        write(path, content)

    prepared(project, shuffled_labels([50] * 10))
    split, write = splits.make_split(here(), "made", 0.1), files.write_atomic
    with monkeypatch.context() as patch:
        patch.setattr(files, "write_atomic", ends)
        with pytest.raises(KeyboardInterrupt):
            split.save(tmp_path)
    assert (tmp_path / "indices.npz").exists()
    with pytest.raises(UserError, match=r"manifest\.json does not exist.*ncmc split"):
        split.check_saved(tmp_path)
    split.save(tmp_path)
    split.check_saved(tmp_path)


def test_a_split_of_other_data_is_refused(project: ScratchProject, tmp_path: Path) -> None:
    prepared(project, shuffled_labels([50] * 10))
    splits.make_split(here(), "made", 0.1).save(tmp_path / "split")
    shutil.rmtree(here().root / "data")
    prepared(project, shuffled_labels([50] * 10), content=b"other")
    with pytest.raises(UserError, match="another split than this run draws, of other data"):
        splits.make_split(here(), "made", 0.1).check_saved(tmp_path / "split")


def test_a_manifest_with_an_unknown_key_or_garbage_is_refused(
    project: ScratchProject, tmp_path: Path
) -> None:
    prepared(project, shuffled_labels([50] * 10))
    folder = tmp_path / "split"
    split = splits.make_split(here(), "made", 0.1)
    split.save(folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    broken: object
    for broken in ({**manifest, "schema": 99}, {**manifest, "recipe": {}}, [], "{"):
        text = broken if isinstance(broken, str) else json.dumps(broken)
        (folder / "manifest.json").write_text(text)
        with pytest.raises(UserError):
            split.check_saved(folder)


def test_a_given_split_takes_every_image_in_order(project: ScratchProject) -> None:
    labels = shuffled_labels([40, 30, 20, 10, 8, 6, 5, 4, 3, 2])
    prepared(project, labels)
    options = SplitOptions(imbalance="given")
    split = splits.make_split(here(), "made", 0.05, options)
    assert split.indices.tolist() == list(range(len(labels)))
    assert split.counts == [40, 30, 20, 10, 8, 6, 5, 4, 3, 2]
    with pytest.raises(UsageError, match=r"2/40 = 0\.05"):
        splits.make_split(here(), "made", 0.01, options)


# --- SVHN (A4) ----------------------------------------------------------------------------------


@pytest.fixture
def svhn_labels() -> tuple[np.ndarray, np.ndarray]:
    """Label sequences with the true class sizes of both training parts."""
    return shuffled_labels(SVHN_TRAIN), shuffled_labels(SVHN_EXTRA, seed=2)


def test_svhn_as_released_shifts_the_labels_as_the_reference_does(
    project: ScratchProject, svhn_labels: tuple[np.ndarray, np.ndarray]
) -> None:
    train, extra = svhn_labels
    _write(project, [("train", train), ("extra", extra)])
    options = SplitOptions(svhn_labels="as_released")
    split = splits.make_split(here(), "made", 0.01, options)
    indices, told = recipe(train.tolist(), 0.01)
    more, told_more = recipe(extra.tolist(), 0.01)
    assert split.indices.tolist() == indices + [i + len(train) for i in more]
    assert split.labels.tolist() == told + told_more
    # the reference asks class 0 for 7,325 of its 4,948 images: 2,377 labels too many
    true = train[split.indices[: len(indices)]]
    assert (true == 0).sum() == 4948
    assert (split.labels[: len(indices)] == 0).sum() == 7325
    assert 7325 - 4948 == 2377
    first_wrong = int(np.flatnonzero(true != split.labels[: len(indices)])[0])
    assert first_wrong == 4948


def test_svhn_by_default_has_the_right_labels_on_the_same_images(
    project: ScratchProject, svhn_labels: tuple[np.ndarray, np.ndarray], tmp_path: Path
) -> None:
    train, extra = svhn_labels
    _write(project, [("train", train), ("extra", extra)])
    correct = splits.make_split(here(), "made", 0.01)
    released = splits.make_split(here(), "made", 0.01, SplitOptions(svhn_labels="as_released"))
    both = np.concatenate([train, extra])
    assert np.array_equal(correct.indices, released.indices)
    assert np.array_equal(correct.labels, both[correct.indices])
    assert correct.counts[0] == 4948 + 45550
    assert correct.counts[1:3] == [
        int(7325.7 * 0.01 ** (k / 9)) + int(53113.1 * 0.01 ** (k / 9)) for k in (1, 2)
    ]
    assert not np.array_equal(correct.labels, released.labels)
    released.save(tmp_path / "released")
    released.check_saved(tmp_path / "released")
    with pytest.raises(UserError, match="another split than this run draws"):
        correct.check_saved(tmp_path / "released")


def test_methods_are_told_what_the_released_code_asks_of_the_extra_part(
    project: ScratchProject, svhn_labels: tuple[np.ndarray, np.ndarray]
) -> None:
    """Class 9 has no label left at tau = 0.01; class 0 is told more images than there are."""
    train, extra = svhn_labels
    _write(project, [("train", train), ("extra", extra)])
    images = datasets.load(here(), "made", "train")
    options = SplitOptions(svhn_labels="as_released")
    for tau in TAUS:
        split = splits.make_split(here(), "made", tau, options)
        told = method_counts(split, images)
        assert told == [int(531131 / 10 * tau ** (k / 9.0)) for k in range(10)]
        assert told[0] == 53113 > SVHN_EXTRA[0]
        assert split.counts[9] == 0
        assert min(told) > 0
    correct = splits.make_split(here(), "made", 0.01)
    assert method_counts(correct, images) == correct.counts


def test_svhn_sizes_are_those_of_the_entry() -> None:
    entry = dataset_entries(here())["svhn"]
    assert entry.train_counts == tuple(a + b for a, b in zip(SVHN_TRAIN, SVHN_EXTRA, strict=True))
    assert sum(entry.train_counts) == entry.train_images


# --- unequal classes ----------------------------------------------------------------------------


def unequal(counts: tuple[int, ...]) -> datasets.Images:
    labels = np.repeat(np.arange(len(counts)), counts)
    names = tuple("abcdefghij"[: len(counts)])
    return datasets.Images(
        "pets",
        "train",
        np.zeros(0),
        labels,
        names,
        (("train", len(labels)),),
        "",
        TreeSummary(notes=(), faults=()),
        (),
    )


def test_a_split_that_is_not_of_its_tau_is_said() -> None:
    def note(tau: float, options: SplitOptions) -> str:
        return splits.make_split(here(), "pets", tau, options, train=unequal((100, 100, 10))).note

    said = note(0.5, SplitOptions())
    assert "is not of tau 0.5, as" in said
    assert "(1 of 3: c 10 of 35)" in said
    assert "10/70 = 0.143" in said
    assert note(0.1, SplitOptions()) == ""
    assert note(0.5, SplitOptions(n_max_rule="common")) == ""
    assert note(0.1, SplitOptions(imbalance="given")) == ""
