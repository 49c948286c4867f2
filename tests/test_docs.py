"""The documents say what is true: links lead somewhere, commands and targets exist."""

import json
import pkgutil
import re
import tomllib
from functools import cache
from pathlib import Path

import pytest
import yaml
from conftest import CHECKOUT, here
from typer.models import CommandInfo
from typer.testing import CliRunner

from cli.main import app
from ncmc.figures.styles import STYLES
from ncmc.plan import catalog, grid
from ncmc.plan.grid_file import table_names

PAGES = sorted(
    p for f in ("", "docs", "docs/decisions", "data") for p in (CHECKOUT / f).glob("*.md")
)
NOW = [page for page in PAGES if page.name != "CHANGELOG.md"]  # which names what is gone, too
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


GROUPS = {"reference"}  # whose commands have names of their own


def name_of(command: CommandInfo) -> str:
    """A command as it is typed."""
    assert command.callback
    return command.name or command.callback.__name__


@cache
def help_of(*command: str) -> str:
    """What a command says of itself; many pages name it."""
    return CliRunner().invoke(app, [*command, "--help"], env={"COLUMNS": "200"}).stdout


def anchors(page: Path) -> set[str]:
    """The anchors that a page's headings make, as GitHub spells them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(CHECKOUT)))
def test_every_link_inside_the_project_leads_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text()):
        if "://" in target or target.startswith("../../actions/"):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), f"{page.name}: {target}"
        if anchor:
            assert anchor in anchors(there), f"{page.name}: {target}"


@pytest.mark.parametrize("page", NOW, ids=lambda p: str(p.relative_to(CHECKOUT)))
def test_every_command_that_is_named_exists(page: Path) -> None:
    known = {name_of(command) for command in app.registered_commands}
    named = set(re.findall(r"`(?:uv run )?ncmc ([a-z][a-z-]*)", page.read_text()))
    named |= set(re.findall(r"^(?:uv run )?ncmc ([a-z][a-z-]*)", page.read_text(), re.MULTILINE))
    assert named <= known, named - known


@pytest.mark.parametrize("page", NOW, ids=lambda p: str(p.relative_to(CHECKOUT)))
def test_every_option_of_a_named_command_exists(page: Path) -> None:
    for command, rest in re.findall(r"\bncmc ([a-z][a-z-]*)([^`\n|]*)", page.read_text()):
        options = set(re.findall(r"(?<=\s)--[a-z-]+", rest.split("#")[0]))
        if options:
            inner = [word for word in rest.split()[:1] if command in GROUPS]
            shown = help_of(command, *inner)
            assert all(option in shown for option in options), (page.name, command, options)


def test_every_function_on_the_way_of_one_run_is_where_the_page_says() -> None:
    named = re.findall(r"`(ncmc(?:\.\w+)+)`", (CHECKOUT / "docs" / "one-run.md").read_text())
    assert len(named) > 20
    for name in named:
        module, _, function = name.rpartition(".")
        assert pkgutil.resolve_name(name if module == "ncmc" else f"{module}:{function}"), name


def test_every_section_that_a_value_has_from_the_paper_is_there() -> None:
    sections = re.findall(r"^## (.+)$", (CHECKOUT / "docs/paper.md").read_text(), re.MULTILINE)
    named = {
        name
        for folder in ("config", "papers")
        for path in (CHECKOUT / folder).rglob("*.yaml")
        for name in re.findall(r"spec, ([A-Z][A-Za-z ]+)", path.read_text())
    }
    assert named
    assert named <= set(sections), named - set(sections)


def test_version_and_release_date_are_the_same_everywhere() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    cited = yaml.safe_load((CHECKOUT / "CITATION.cff").read_text())
    top = re.search(r"^## (\S+) \((.+)\)$", (CHECKOUT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert top
    archived = [
        json.loads((CHECKOUT / name).read_text()) for name in ("codemeta.json", ".zenodo.json")
    ]
    assert {project["version"], cited["version"], *(a["version"] for a in archived)} == {top[1]}
    assert {cited["title"], archived[1]["title"]} == {cited["title"]}
    assert archived[0]["description"] == project["description"]
    assert str(cited.get("date-released", "unreleased")) == top[2]


README = (CHECKOUT / "README.md").read_text()


def test_the_documents_are_few_and_short() -> None:
    pages = list((CHECKOUT / "docs").rglob("*.md"))
    assert sum(page.parent.name == "docs" for page in pages) <= 16
    assert sum(len(page.read_text().split()) for page in pages) <= 20_000  # as `wc -w` counts


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) <= 150
    assert len(README.encode()) <= 10_000


def test_the_readme_answers_first_then_says_how_to_start() -> None:
    order = (
        "re-runs the NeurIPS 2024 paper",
        "<!-- answers -->",
        "the paper's own scale",
        "\n1. **",
        "\n5. **",
        "<!-- /answers -->",
        "[May I build on it?](docs/findings.md#may-i-build-on-it)",
        "uv run snakemake --cores all smoke",
        "uv run pytest",
        "## Which of these are you?",
        "## What a re-run gives, bit for bit",
        "## Limits",
        "## Where things are",
    )
    places = [README.index(words) for words in order]
    assert places == sorted(places)
    assert README[: README.index("uv run pytest")].count("\n") < 60
    answers = README.partition("<!-- answers -->")[2].partition("<!-- /answers -->")[0]
    assert not re.search(
        r"\b[A-Z]+\d+[a-z]?\b|-C\d", answers
    )  # an id says nothing before its words
    assert all("](" in line for line in answers.splitlines() if re.match(r"\d\..* points", line))


def test_every_command_and_target_is_named_in_a_document() -> None:
    text = "\n".join(page.read_text() for page in NOW)
    for command in app.registered_commands:
        assert re.search(rf"\bncmc {name_of(command)}\b", text), command.name
    for name in ("smoke", "table1", "table7", "figure1", "figure4", "figure7", "numbers", "theory"):
        assert f"`{name}`" in README


def test_the_readme_counts_the_grid_as_it_is() -> None:
    runs = {run for name in table_names(here(), "paper") for run in grid.table(here(), name).runs}
    assert f"{len(runs)} runs" in README


def test_every_method_with_a_style_of_its_own_stands_on_the_page_of_methods() -> None:
    listed = set(
        re.findall(r"^\| `([A-Z-]+)` \|", (CHECKOUT / "docs/methods.md").read_text(), re.M)
    )
    assert listed == set(STYLES)
    assert listed <= set(catalog.names("method"))
