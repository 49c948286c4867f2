"""Numbers and names as people read them: in the terminal, in Markdown and on the page alike."""

from typing import TYPE_CHECKING

from ncmc import paths
from ncmc.paper.switches import is_switched
from ncmc.plan.run import Run

if TYPE_CHECKING:
    from ncmc.paper.printed_numbers import Number
    from ncmc.results.statistics import Sample


# --- numbers -----------------------------------------------------------------------------------


def plus_minus(value: "Sample | None") -> str:
    """`84.1 ± 0.5`; one seed has no deviation, no seed is a dash."""
    if value is None:
        return "–"
    return f"{value.mean:.1f}" if value.std is None else f"{value.mean:.1f} ± {value.std:.1f}"


def printed(number: "Number | None") -> str:
    """The paper's number with its place, or `not known`."""
    if number is None:
        return "not known"
    spread = "" if number.std is None else f" ± {number.std:.1f}"
    return f"{number.value:.1f}{spread} ({number.place})"


def signed(value: float, digits: int = 2) -> str:
    """`+1.50` or `−1.50`; `+0.00` for what rounds to 0."""
    return f"{value:+z.{digits}f}".replace("-", "−")


def rounded(value: float, digits: int) -> str:
    """`1.50` or `−1.50`; `0.00` for what rounds to 0, whatever its sign."""
    return f"{value:z.{digits}f}".replace("-", "−")


def interval_words(
    interval: tuple[float, float] | None, digits: int = 2, level: float = 0.95
) -> str:
    """` (95 % interval 1.00 to 2.00)`; nothing without an interval."""
    if interval is None:
        return ""
    low, high = (rounded(value, digits) for value in interval)
    return f" ({100 * level:.3g} % interval {low} to {high})"


def plural(n: int, word: str) -> str:
    """`1 seed`, `5 seeds`."""
    return f"{n:,} {word}{'' if n == 1 else 's'}"


def all_of(n: int, word: str) -> str:
    """`both clauses`, `all 3 clauses`: what is said of several at once."""
    return f"both {word}s" if n == 2 else f"all {plural(n, word)}"


def counted(n: int, planned: int) -> str:
    """How many of the planned seeds there are: `5 seeds`, `2 of 3 seeds`."""
    seeds = plural(planned, "seed")
    return seeds if n == planned else f"{n} of {seeds}"


def duration(seconds: float) -> str:
    """Seconds in words: `7.6 s`, `42 s`, `3 min 5 s`, `2 h 10 min`, `3 d 4 h`."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    for unit, size, small, part in (("d", 86400, "h", 3600), ("h", 3600, "min", 60)):
        if whole >= size:
            return f"{whole // size} {unit} {whole % size // part} {small}"
    return f"{whole // 60} min {whole % 60} s" if whole >= 60 else f"{whole} s"


def size(count: int) -> str:
    """Bytes in words: `1.2 GB`; nothing is a dash."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= factor:
            return f"{count / factor:.1f} {unit}"
    return f"{count} B" if count else "–"


# --- sentences and commands --------------------------------------------------------------------


def capital(text: str) -> str:
    """`text` with a capital at its beginning."""
    return f"{text[:1].upper()}{text[1:]}"


def sentence(text: str) -> str:
    """`text` with a capital at its beginning and a full stop at its end."""
    return f"{capital(text).rstrip('.')}."


def train_command(run: Run) -> str:
    """The command that makes the record of `run`."""
    return f"ncmc train {run.id}"


def make_command(table: str, paper: str = paths.OURS) -> str:
    """The command that makes every record that a table and its checks need, and the table.

    `paper`: that of the table.
    """
    page = paths.of_paper(paths.PAGE, paper).format(table=table)
    target = page if is_switched(table) else table
    return paths.commands_of_paper(f"uv run snakemake --cores all {target}", paper)
