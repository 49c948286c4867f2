"""config/datasets.yaml: every dataset, where it comes from and how its splits are drawn."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    Field,
    SerializerFunctionWrapHandler,
    StringConstraints,
    field_validator,
    model_serializer,
    model_validator,
)

from ncmc.errors import unknown
from ncmc.project import Project, read_once
from ncmc.system import documents
from ncmc.system.documents import Sha256, Strict

FILE = "datasets.yaml"
NAME = re.compile(r"[a-z0-9_]{1,40}")
PACKAGE = "package:"  # in place of an address: the path of a file inside an installed package
SPLIT_SEED = "split_seed"  # the field of SplitOptions that `splits: per_seed` sets for each run


Count = Annotated[int, Field(ge=1)]
Channels = Literal[1, 3]  # grey or colour
Md5 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
Sha1 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}$")]
FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_. +-]{0,199}$")]


class SplitOptions(Strict):
    """What decides which training images are taken (assumptions A2 to A4)."""

    # given: the data set comes long-tailed (ImageNet-LT), every image is taken
    imbalance: Literal["exp", "step", "given"] = "exp"
    n_max_rule: Literal["mean", "common"] = "mean"  # A3
    n_max: Count | None = None  # images of the largest class; None: by the rule
    split_seed: Annotated[int, Field(ge=0, lt=2**32)] = 0  # A2
    generator: Literal["mislas", "pcg64"] = "mislas"  # A2
    svhn_labels: Literal["correct", "as_released"] = "correct"  # A4

    @model_serializer(mode="wrap")
    def _without_unset(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without `n_max` where none is set: a split that follows the rule is written as ever."""
        return {key: value for key, value in dump(self).items() if value is not None}


class DatasetFile(Strict):
    """One file that comes from outside: where from, and how to know that it is the right one."""

    name: FileName
    urls: tuple[str, ...] = ()  # tried in order; `package:` names a file inside a Python package
    md5: Md5 | None = None
    sha256: Sha256 | None = None
    sha1_git: Sha1 | None = None  # what git names its content by: SHA-1 of "blob SIZE", 0, bytes
    size: Annotated[int, Field(ge=0)] | None = None  # bytes

    @property
    def checksum(self) -> str | None:
        """The strongest checksum that is declared; None: any bytes are taken."""
        return self.sha256 or self.md5 or self.sha1_git


class Dataset(Strict):
    """One entry of config/datasets.yaml."""

    title: str
    reader: str
    reader_options: Mapping[str, Any] = {}
    classes: Annotated[int, Field(ge=2, le=100_000)] | None = None  # None: read from the data
    image_size: Annotated[int, Field(ge=1, le=4096)] | None = None  # pixels, square
    channels: Channels = 3
    train_images: Count | None = None
    train_counts: tuple[Count, ...] | None = None  # images per class, where they are not all equal
    test_images: Count | None = None
    test_counts: Count | tuple[Count, ...] | None = None  # images per class; one number: of each
    files: tuple[DatasetFile, ...] = ()
    get: str = ""  # how to get files that have no address, in sentences
    recipe: str  # a recipe of config/train.yaml
    split: SplitOptions = SplitOptions()  # what its splits start from
    licence: str
    source: str
    notes: tuple[str, ...] = ()  # said wherever a result on this dataset is shown

    @property
    def is_bundled(self) -> bool:
        """Whether every file comes with an installed Python package: a small set."""
        urls = [file.urls for file in self.files]
        return bool(urls) and all(u and all(x.startswith(PACKAGE) for x in u) for u in urls)

    @model_validator(mode="after")
    def _counts_agree(self) -> "Dataset":
        n, each = self.classes, self.test_counts
        tested = (each,) * (n or 0) if isinstance(each, int) else each
        parts = ("train", self.train_counts, self.train_images), ("test", tested, self.test_images)
        for part, counts, total in parts:
            if counts and n not in (None, len(counts)):
                raise ValueError(f"{part}_counts lists {len(counts)} classes, classes is {n}")
            if counts and total not in (None, sum(counts)):
                raise ValueError(
                    f"{part}_counts adds up to {sum(counts)}, {part}_images is {total}"
                )
        return self


class DatasetsFile(Strict):
    """config/datasets.yaml."""

    datasets: dict[str, Dataset]

    @field_validator("datasets")
    @classmethod
    def _plain_names(cls, value: dict[str, Dataset]) -> dict[str, Dataset]:
        for name in value:
            if not NAME.fullmatch(name):
                raise ValueError(
                    f"a dataset is called '{name[:60]}'; allowed: small letters, digits and _, at "
                    "most 40 of them"
                )
        return value


@read_once
def dataset_entries(project: Project) -> dict[str, Dataset]:
    """Every entry of config/datasets.yaml, by name. Raises UsageError or UserError."""
    return documents.read_yaml(project.config(FILE), DatasetsFile).datasets


def dataset_entry(project: Project, name: str) -> Dataset:
    """The entry of one dataset. Raises UsageError with the known names."""
    entries = dataset_entries(project)
    if name not in entries:
        raise unknown("dataset", name, entries)
    return entries[name]
