"""The board in the terminal: the tally, then a line an entry."""

from rich.console import Group
from rich.table import Table
from rich.text import Text

from cli.show.grids import console, literal, print_json
from cli.show.verdicts import status_text
from ncmc.board.board_text import TITLES, as_json, as_markdown, remark, tally
from ncmc.board.entries import SUBJECTS, Board, BoardEntry
from ncmc.plan.grid_file import Scale

WIDE = 110  # characters from which the claim and what was found stand side by side
NEXT = "`ncmc explain ID` says how a claim is read, which runs decide it, and what is missing."
SCALES: dict[Scale, str] = {
    "paper": "",
    "reduced": " (reduced scale)",
    "reference": " (calibration)",
}
THEOREMS = "The theorems are checked by `ncmc theory`."


def print_board(board: Board, as_json_text: bool, markdown: bool) -> None:
    """Every entry of a board: its status, its words, and what was found in one sentence."""
    if as_json_text:
        print_json(as_json(board))
        return
    if markdown:
        print(as_markdown(board), end="")
        return
    out = console()
    for line in tally(board):
        out.print(literal(line), style="bold")
    for subject in SUBJECTS:
        entries = board.of(subject).entries
        if entries:
            out.print()
            out.print(Text(TITLES[subject], style="bold"))
            out.print(_grid(entries, out.width >= WIDE))
    if not board.entries:
        out.print("Nothing fits the filter.")
        return
    out.print()
    out.print(literal(NEXT), style="dim")
    if board.of("claim").entries:
        out.print(literal(THEOREMS), style="dim")


def _grid(entries: tuple[BoardEntry, ...], wide: bool) -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0), expand=True)
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True)
    grid.add_column(ratio=2, overflow="fold")
    if wide:
        grid.add_column(ratio=3, overflow="fold")
    for entry in entries:
        told = [literal(part) for part in (entry.sentence, remark(entry)) if part]
        says = literal(entry.says + SCALES[entry.scale])
        body = [says, Group(*told)] if wide else [Group(says, *_dimmed(told))]
        grid.add_row(status_text(entry.status), literal(entry.id), *body)
    return grid


def _dimmed(parts: list[Text]) -> list[Text]:
    for part in parts:
        part.stylize("dim")
    return parts
