"""A table as LaTeX for a paper: it needs the package booktabs and no other."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from ncmc.results.cells import Cell
from ncmc.results.statistics import Sample
from ncmc.results.table_data import BEST_IS_LAST, TableData
from ncmc.results.table_layout import Layout, TableRow, blocks, layout
from ncmc.results.wording import plural, sentence

SIGNS = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': "''",
    "[": "{[}",  # after the end of a row it would begin the argument of `\\`
    "]": "{]}",
    "\u200b": "{}",  # between two hyphens, which would be a dash
    "±": r"$\pm$",
    "−": "$-$",
    "×": r"$\times$",
    "≤": r"$\le$",
    "≥": r"$\ge$",
}
SIGNS |= {sign: f"\\{sign}" for sign in "&%$#_{}"}
GREEK = ("alpha", "beta", "gamma", "delta", "epsilon", "lambda", "mu", "sigma", "tau", "theta")
TEXT = 345.0  # points of a line of `article`; what is wider is set in parts
BEST = ", and at the best test epoch, a selection on the test set."
LETTER, BETWEEN = 4.4, 8.0  # points of a small letter, mostly digits, and between two columns
UNSEEN = re.compile(r"[${}^]|\\(?=\W)|(?<=\\)[A-Za-z]+ ?")  # of a command, \\ is left for its sign
ACCENTED = range(0xC0, 0x180)  # letters that LaTeX reads without a package ...
TYPESET = "–—…‘’“”"  # ... and signs


def as_latex(data: TableData) -> str:
    """A `table` environment: after the last epoch, the best epoch, the paper's number where known.

    Its label is `tab:NAME`. Rules are those of booktabs; all text from outside is escaped.
    """
    return "\n".join(_lines(data, layout(data))) + "\n"


def latex_text(text: str) -> str:
    """Text from outside as it reads, in one line: no command, no mathematics, no comment."""
    line = unicodedata.normalize("NFC", " ".join(text.split()))
    return "".join(map(_letter, line.replace("--", "-\u200b-").replace("--", "-\u200b-")))


def _letter(sign: str) -> str:
    if sign in SIGNS:
        return SIGNS[sign]
    if sign.isascii() or sign in TYPESET or ord(sign) in ACCENTED:
        return sign if sign.isprintable() else ""
    name = unicodedata.name(sign, "").lower().removeprefix("greek small letter ")
    return f"$\\{name}$" if name in GREEK else f"(U+{ord(sign):04X})"


def _lines(data: TableData, laid: Layout) -> Iterator[str]:
    yield r"% Needs \usepackage{booktabs}."
    yield r"\begin{table}"
    yield r"\centering"
    yield rf"\caption{{{_caption(data)}}}"
    yield rf"\label{{tab:{data.table.name}}}"
    yield r"\medskip"
    yield r"\footnotesize \setlength{\tabcolsep}{4pt}"
    for part in blocks(laid, lambda columns: _width(laid, columns, data.measures) <= TEXT):
        if part.start:
            yield r"\par\medskip"
        yield from _tabular(data, laid, part)
    yield r"\end{table}"


def _width(laid: Layout, columns: range, measures: Sequence[str]) -> float:
    """Points that a tabular of some columns takes, roughly."""
    rows = [
        [*_labels(row), *(v for column in columns for v in _values(row.cells[column], measures))]
        for row in laid.rows
    ]
    widest = [max(len(UNSEEN.sub("", text)) for text in texts) for texts in zip(*rows, strict=True)]
    return sum(letters * LETTER + BETWEEN for letters in widest)


def _tabular(data: TableData, laid: Layout, columns: range) -> Iterator[str]:
    beside = data.measures
    yield rf"\begin{{tabular}}{{{'l' * len(laid.stub)}{'r' * len(beside) * len(columns)}}}"
    yield r"\toprule"
    yield from _heading(data.table.columns, laid, columns, len(beside))
    yield _row([*map(_axis, laid.stub), *beside * len(columns)])
    yield r"\midrule"
    for place, row in enumerate(laid.rows):
        if place and len(laid.stub) > 1 and row.stubs[0][1]:
            yield r"\addlinespace"  # another value of the outermost axis
        cells = (row.cells[column] for column in columns)
        yield _row([*_labels(row), *(v for cell in cells for v in _values(cell, beside))])
    yield r"\bottomrule"
    yield r"\end{tabular}"


def _caption(data: TableData) -> str:
    parts = [sentence(data.table.title), *([data.banner] if data.banner else [])]
    parts.append(
        "Top-1 accuracy in percent on the balanced test set, mean ± sample standard deviation over "
        f"{_seeds(data)}: after the last epoch"
        + (BEST if "best" in data.measures else f". {BEST_IS_LAST}")
    )
    if "paper" in data.measures:
        parts.append("Paper: the number printed there; a dash where it is not known to us.")
    if any(cell.n and not cell.complete for cell in data.cells):
        parts.append("A superscript says how many of the planned seeds have a record.")
    return latex_text(" ".join([*parts, *map(sentence, data.notes)]))


def _seeds(data: TableData) -> str:
    """`3 seeds`, or `3 to 10 seeds` where some cells are at a later look."""
    planned = sorted({cell.planned for cell in data.cells})
    most = plural(planned[-1], "seed")
    return most if len(planned) == 1 else f"{planned[0]} to {most}"


def _heading(axes: Sequence[str], laid: Layout, columns: range, wide: int) -> Iterator[str]:
    """The labels of the column axes, each over those of the columns that it spans."""
    for axis, line in zip(axes, laid.header, strict=True):
        cells, rules, at = [""] * len(laid.stub), list[str](), len(laid.stub)
        for label, spanned in _spans(line):
            if span := wide * len([column for column in spanned if column in columns]):
                cells.append(rf"\multicolumn{{{span}}}{{c}}{{{_place(axis, label)}}}")
                rules.append(rf"\cmidrule(lr){{{at + 1}-{at + span}}}")
                at += span
        yield _row(cells)
        yield " ".join(rules)


def _spans(line: Iterable[tuple[str, int]]) -> Iterator[tuple[str, range]]:
    """The labels of a line of the heading, each with its columns."""
    start = 0
    for label, span in line:
        yield label, range(start, start + span)
        start += span


def _axis(name: str) -> str:
    return f"$\\{name}$" if name in GREEK else latex_text(name)


def _place(axis: str, label: str) -> str:
    """A place on an axis; the layout writes `tau 0.02`."""
    if axis in GREEK and label.startswith(f"{axis} "):
        return f"{_axis(axis)} {latex_text(label.removeprefix(axis).strip())}"
    return latex_text(label)


def _labels(row: TableRow) -> list[str]:
    """Its labels, each once for the rows that it spans."""
    return [latex_text(label) if spanned else "" for label, spanned in row.stubs]


def _values(cell: Cell | None, measures: Sequence[str]) -> list[str]:
    if cell is None:
        return [""] * len(measures)
    seeds = "" if cell.complete or not cell.n else f"^{{{cell.n}/{cell.planned}}}"
    values = {
        "last": _number(cell.last, seeds),
        "best": _number(cell.best),
        "paper": _number(Sample(cell.paper.value, cell.paper.std, 1) if cell.paper else None),
    }
    return [values[measure] for measure in measures]


def _number(value: Sample | None, above: str = "") -> str:
    """`$84.1 \\pm 0.5$`; what is not known is a dash."""
    if value is None:
        return "--"
    spread = "" if value.std is None else rf" \pm {value.std:.1f}"
    return f"${value.mean:.1f}{spread}{above}$"


def _row(parts: Iterable[str]) -> str:
    return " & ".join(parts) + r" \\"
