"""Templates -> a page: one file, whose own script alone may run and which asks nobody for anything."""

import base64
import hashlib
import re
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from ncmc.board.board_text import LEVELS
from ncmc.board.sentences import Stage, line, short_outcome
from ncmc.figures.painting import page_svg
from ncmc.page.cell_rows import key_of
from ncmc.page.claim_rows import slug
from ncmc.page.how_made import commit_words, ece_note, remarks, settings
from ncmc.paths import commands_of_paper
from ncmc.project import Project
from ncmc.results.table_data import best_is_last
from ncmc.results.wording import (
    capital,
    counted,
    duration,
    interval_words,
    plural,
    plus_minus,
    printed,
    signed,
    train_command,
)
from ncmc.verdicts.verdict import MARKS

TEMPLATES = Path(__file__).parent / "templates"
SCRIPTS = ("draw.js", "page.js")


def rendered(template: str, project: Project, **content: Any) -> str:
    """A page of `template`; `content` is what the template names beside the script.

    Paths of the project are written relative to its root: a page is read on other machines. Its
    commands ask the paper of the project.
    """
    script = "\n".join((TEMPLATES / name).read_text(encoding="utf-8") for name in SCRIPTS)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    page = (
        _environment()
        .get_template(template)
        .render(
            marks=MARKS,
            levels=LEVELS,
            root=f"{project.root}/",
            script=Markup(script),
            script_hash=f"sha256-{digest}",
            **content,
        )
    )
    return commands_of_paper(page, project.paper)


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        finalize=_without_root,
    )
    environment.filters |= {
        "plus_minus": plus_minus,
        "printed": printed,
        "counted": lambda cell: counted(cell.n, cell.planned),
        "duration": duration,
        "commit": commit_words,
        "settings": settings,
        "remarks": remarks,
        "ece_note": ece_note,
        "train_command": train_command,
        "interval": lambda mark: (
            interval_words((mark.low, mark.high), 1, mark.level) if mark.low is not None else ""
        ),
        "signed": signed,
        "line": after_status,
        "text": text,
        "plural": plural,
        "capital": capital,
        "best_is_last": best_is_last,
        "svg": lambda figure: Markup(page_svg(figure)),
        "slug": slug,
        "key_of": key_of,
    }
    return environment


@jinja2.pass_context
def _without_root(context: jinja2.runtime.Context, value: Any) -> Any:
    return value.replace(context["root"], "") if isinstance(value, str) else value


def after_status(stage: Stage) -> str:
    """A board's line of a stage without its beginning, which stands before it as its status."""
    return re.sub(rf"^{short_outcome(stage.outcome)}:? ", "", line([stage]), flags=re.IGNORECASE)


def text(markdown: str) -> Markup:
    """A sentence of README.md for a page: bold stays, a link is its words."""
    words = str(Markup.escape(re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", markdown)))
    return Markup(re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", words))
