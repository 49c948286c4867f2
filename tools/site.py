"""A hook of mkdocs: pages that are not files of docs/, and links that lead out of it.

The pages of OUTSIDE are read where they are; the start page lists the groups of the
navigation; each room of ncmc gets a page with the docstrings of its modules. A link to a file that is
no page, such as a module, becomes plain text: the site names no host.
"""

import ast
import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
START = """# {name}

{description} `ncmc` re-runs *Neural Collapse To Multiple Centers For Imbalanced Data* (Yan, Qian, Peng,
Luo, Zhu and Li) and says, claim by claim, whether the result holds. In a checkout, without a GPU:

```sh
pip install uv && uv run snakemake --cores all smoke   # the whole chain on bundled images: minutes
```
"""
OUTSIDE = {
    "ARTIFACT.md": "artifact.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
}
LINK = re.compile(r"!?\[((?:[^\[\]]|\[[^\]]*\]\([^)]*\))*)\]\(([^)\s]+)\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the start page, the pages from outside of docs/, and one per room."""
    files.append(File.generated(config, "index.md", content=_start(config)))
    for path, page in OUTSIDE.items():
        files.append(File.generated(config, page, content=(ROOT / path).read_text()))
    for room in sorted(p.parent for p in (ROOT / "ncmc").glob("*/__init__.py")):
        files.append(File.generated(config, f"api/{room.name}.md", content=_room(room)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Links as they are in the repository -> links of the site."""
    sources = {page: path for path, page in OUTSIDE.items()}
    here = sources.get(page.file.src_uri, f"docs/{page.file.src_uri}")

    def link(match: re.Match[str]) -> str:
        text, (path, hash_, anchor) = match[1], match[2].partition("#")
        if not path or "://" in path:
            return match[0]
        target = posixpath.normpath(posixpath.join(posixpath.dirname(here), path))
        uri = OUTSIDE.get(target, target.removeprefix("docs/"))
        if files.get_file_from_path(uri) is None:
            return "" if match[0].startswith("!") else LINK.sub(link, text)
        relative = posixpath.relpath(uri, posixpath.dirname(page.file.src_uri))
        return f"[{text}]({relative}{hash_}{anchor})"

    return LINK.sub(link, markdown)


def _start(config: MkDocsConfig) -> str:
    """The start page: the groups of the navigation whose pages have titles."""
    text = START.format(name=config.site_name, description=config.site_description)
    for group in config.nav or []:
        for title, pages in group.items():
            titled = [page for page in pages if isinstance(page, dict)]
            links = [f"- [{name}]({uri})" for page in titled for name, uri in page.items()]
            text += "\n".join(["", f"## {title}", "", *links, ""]) if links else ""
    return text


def _room(folder: Path) -> str:
    """The page of a room: its docstring, then its modules."""
    words = ast.get_docstring(ast.parse((folder / "__init__.py").read_text())) or ""
    modules = sorted(p for p in folder.rglob("*.py") if not p.stem.startswith("_"))
    names = [".".join(p.relative_to(ROOT).with_suffix("").parts) for p in modules]
    return "\n\n".join([f"# {folder.name}", words, *(f"::: {name}" for name in names)]) + "\n"
