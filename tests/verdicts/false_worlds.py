"""For each clause of each claim: worlds in which it is false, and what must then be false with it."""

from dataclasses import dataclass, field, replace

from worlds import NC, QUARTER_TURN, STD, Change, Series, cancelling, elsewhere, every_pair

SMALL = "0.005|0.01|0.02"
CIFAR = "cifar10|cifar100"


@dataclass(frozen=True)
class Falsity:
    """A clause (the id of its check) made false, clearly, by changes to the true world."""

    clause: str
    changes: tuple[Change, ...]
    implied: frozenset[str] = field(default_factory=frozenset)  # clauses of the claim that fall too
    variant: str = ""

    @property
    def name(self) -> str:
        """Its place in a list."""
        return f"{self.clause} {self.variant}".strip()


def shifted(clause: str, points: float, *implied: str, variant: str = "", **where: str) -> Falsity:
    """A clause that is false where some cells have other accuracies."""
    return Falsity(clause, (Change(where, points),), frozenset(implied), variant)


def drawn(clause: str, series: Series, *implied: str, variant: str = "", **where: str) -> Falsity:
    """A clause that is false where some cells have other curves."""
    return Falsity(clause, (Change(where, series=series),), frozenset(implied), variant)


LEFT_45 = [max(value, 0.45 * NC[0]) for value in NC]
LATE = [
    NC[0] * share for share in (1, 0.97, 0.94, 0.9, 0.87, 0.84, 0.8, 0.7, 0.5, 0.05, 0.04, 0.03)
]
AT_ONCE = [0.1, 0.5, 0.02, 0.01, 0.008, 0.006, 0.005, 0.004, 0.003, 0.002, 0.002, 0.002]
NO_RISE = [0.5, 0.5, *STD[2:]]
LEFT_85 = [max(value, 0.85 * max(STD)) if at > 2 else value for at, value in enumerate(STD)]
PLATEAU = [0.3] * 9 + [0.05] * 3
SPIKE = [0.3] * 7 + [0.9, 0.2, 0.05, 0.05, 0.05]
SAW_TOOTH = [0.3, *[0.1, 0.5] * 5, 0.1]
SWINGING = [*NC[:2], *[0.8, 0.02] * 5]
START, END = every_pair(0.95), every_pair(0.02)
STARTS_AT_55 = [every_pair(0.55), *[END] * 11]

ACCURACIES = [
    shifted("C1a", -9, "C1c", method="CAL", tau=SMALL),  # the order of three has two neighbours
    shifted("C1b", -5, method="SETF", tau=SMALL),
    shifted("C1c", 9, method="SETF", tau=SMALL),
    shifted("C2a", -12, method="CAL", mixup="on", tau=SMALL),
    shifted("C2b", -12, method="CAL", mixup="off", tau=SMALL),
    shifted("C3a", 5, method="SETF", tau="1"),
    shifted("C3b", 5, method="CAL", tau="1"),
    shifted("C4", -9, method="CAL", variant="everywhere"),
    shifted("C4", -9, method="CAL", backbone="densenet150", variant="on DenseNet"),
    shifted("C4", -9, method="CAL", dataset="cifar10", variant="on CIFAR-10"),
    shifted("C5", -9, method="CAL", variant="everywhere"),
    shifted("C5", -9, method="CAL", dataset="stl10", variant="on STL-10"),
    shifted("C6a", 5, method="SETF", variant="more than slightly"),
    shifted("C6a", -3, "C6c", method="SETF", variant="below"),
    shifted("C6b", 5, "C6c", method="ARB", variant="more than slightly"),
    shifted("C6b", -3, "C6c", method="ARB", variant="below"),
    shifted("C6c", 3, method="ARB", dataset="cifar10", tau="0.02"),
    shifted("C7a", 14, method="LDAM-DRW"),
    shifted("C7b", 14, method="KCL"),
    shifted("C7c", 11, method="ARB"),
    shifted("C7d", 5, method="LDAM-DRW", dataset=CIFAR, tau="0.005"),
    shifted("C7e", 5, method="KCL", dataset=CIFAR, tau="0.005"),
    shifted("C7f", 4, method="ARB", dataset=CIFAR, tau="0.005"),
    shifted("C7d", -5, method="LDAM-DRW", dataset=CIFAR, tau="0.01", variant="in the middle"),
    shifted("C8a", -5, method="KCL", dataset="imagenet_lt"),
    shifted("C8b", -5, method="ARB", dataset="imagenet_lt"),
    shifted("C9a", 8, "C9c", "C9e", method="LDAM-DRW"),
    shifted("C9b", 8, "C9d", "C9f", method="KCL"),
    shifted("C9c", -14, "C9d", method="CAL"),
    shifted("C9d", -14, "C9c", method="CAL"),
    shifted("C9e", -9, "C9f", method="ARB"),
    shifted("C9f", -9, "C9e", method="ARB"),
    Falsity(
        "C10a",
        tuple(
            Change({"method": "CAL", "tau": tau}, points)
            for tau, points in (("0.005", -7.5), ("0.01", -5.5), ("0.02", -4.0))
        ),
    ),
    shifted("C10b", 4, method="CAL"),
    shifted("C11a", 9, method="P"),
    shifted("C11b", -4, method="P", mixup="off"),
    shifted("C12", 9, theta=QUARTER_TURN, variant="at pi/2"),
    shifted("C12", 9, theta=QUARTER_TURN, f="5", variant="at pi/2 for f = 5 alone"),
    shifted("C12", 60, theta="0", variant="at 0"),
    *(shifted("C13a", 6, theta=QUARTER_TURN, f=f, variant=f"f = {f}") for f in ("5", "10", "20")),
    *(shifted("C14", 1, theta="0", f=f, variant=f"twice, f = {f}") for f in ("5", "10", "20")),
    shifted("C14", 40, theta="0", variant="far above"),
    shifted("C15a", -5, dataset="cifar100", f="20", theta="0.2"),
    shifted("C15b", -5, dataset="cifar10", f="20", theta="0.2"),
    shifted("C16", 6, method="RBL"),
    shifted("C17a", 8, method="RBL", dataset="cifar100", tau="0.005|0.01"),
    shifted("C17b", -4, method="RBL-LA", dataset="cifar10"),
    shifted("C17d", 5, method="RBL-LA", dataset="cifar100", tau="0.005|0.01"),
    shifted("C17c", -4, method="RBL-LA", dataset="cifar100", tau="0.02"),
]

CURVES = [
    drawn("F1a", {"nc_mean": LEFT_45}, "F1d", variant="45 % are left"),
    drawn("F1a", {"nc_mean": LEFT_45}, "F1d", method="AL", dataset="cifar10", variant="AL alone"),
    drawn("F1b", {"nc_std": NO_RISE}, variant="no rise"),
    drawn("F1b", {"nc_std": PLATEAU}, variant="a plateau with noise"),
    drawn("F1b", {"nc_std": LEFT_85}, variant="85 % are left"),
    drawn("F1b", {"nc_std": SPIKE}, variant="a late spike"),
    drawn("F1b", {"nc_std": SAW_TOOTH}, variant="a saw-tooth"),
    drawn("F1c", {"nc_mean": LATE}, "F1d"),
    drawn("F1d", {"nc_std": AT_ONCE}),
    drawn("F1e", {"variability": [0.97, 0.6, *[0.02] * 10]}, variant="to 0"),
    drawn("F1e", {"variability": [0.97] * 12}, variant="nowhere near its floor"),
    drawn("F4a", {"nc_mean": LEFT_45}, "F4b", lambda_h="0.0005", variant="with it"),
    drawn("F4a", {"nc_mean": LEFT_45}, lambda_h="0", variant="without it"),
    drawn("F4a", {"nc_mean": SWINGING}, lambda_h="0", variant="up and down, and low at the end"),
    drawn("F4b", {"nc_mean": NC}, lambda_h="0.0005", variant="no difference"),
    drawn(
        "F4b", {"nc_mean": [2 * v for v in NC]}, lambda_h="0.0005", tau="1", variant="at one tau"
    ),
    *(
        drawn("F5", {"nc_mean": LEFT_45}, backbone=backbone, variant=backbone)
        for backbone in ("densenet150", "resnet50", "lenet", "vgg11")
    ),
    drawn("F6", {"class_cosines": [START] + [every_pair(-1 / 9)] * 11}, variant="a simplex ETF"),
    drawn("F6", {"class_cosines": [START] + [cancelling(0.8)] * 11}, variant="cancelling pairs"),
    drawn("F6", {"class_cosines": STARTS_AT_55}, variant="starts at 0.55"),
    drawn("F6", {"class_cosines": [START] * 12}, variant="stays contracted"),
    drawn("F7", {"tail_cosines": [elsewhere(4)] * 12}, variant="four of 25 elsewhere"),
    drawn("F7", {"tail_cosines": [elsewhere(0)] * 6 + [elsewhere(4)] * 6}, variant="in the end"),
]

FALSITIES = [*ACCURACIES, *CURVES]

# --- at reduced scale --------------------------------------------------------------------------

OTHER_CELLS = {  # are of a tau, f or backbone that no table of a reduced scale has
    "C7d", "C7d in the middle", "C7f", "C12 at pi/2 for f = 5 alone", "C13a f = 5", "C13a f = 10",
    "C14 twice, f = 5", "C14 twice, f = 10", "F4b at one tau",
}  # fmt: skip
SCALES = ("L-", "FULL-")  # how ids of checks begin at each
OTHER_NAMES = {"C15b": "C15"}


def reduced(false: Falsity, scale: str) -> Falsity:
    """The same at a reduced scale, on its dataset and network."""
    changes = tuple(
        replace(c, where={k: v for k, v in c.where.items() if k not in ("dataset", "backbone")})
        for c in false.changes
    )
    name = scale + OTHER_NAMES.get(false.clause, false.clause)
    return Falsity(name, changes, frozenset(scale + i for i in false.implied), false.variant)


OF_REDUCED = [
    *(reduced(f, scale) for f in FALSITIES if f.name not in OTHER_CELLS for scale in SCALES),
    shifted("L-C7d", 5, method="LDAM-DRW", tau="0.01"),
    shifted("L-C7f", 3, method="ARB", tau="0.01"),
]
