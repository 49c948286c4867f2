"""A table's files: what they hold, how they are read back, and what they never run."""

import csv
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import fakes
import pytest
from conftest import here
from fakes import read_cells
from typer.testing import CliRunner

from cli.main import app
from ncmc.plan import grid
from ncmc.plan.grid import CellSpec, Table
from ncmc.plan.run import Run, resolve_run
from ncmc.results.cells import Cell
from ncmc.results.table_data import TableData
from ncmc.results.table_files import as_csv, as_markdown, write_table
from ncmc.results.table_latex import as_latex, latex_text

GOLDEN = Path(__file__).parent / "golden"


def test_files_hold_every_cell(tmp_path: Path, smoke: Table) -> None:
    fakes.smoke(tmp_path / "runs", smoke)
    cells = read_cells(here(), smoke, tmp_path / "runs")
    paths = write_table(TableData(smoke, cells), tmp_path / "out")
    assert [path.name for path in paths] == [
        "table.csv",
        "table.json",
        "table.md",
        "table.tex",
    ]
    rows = list(csv.DictReader((tmp_path / "out" / "table.csv").read_text().splitlines()))
    entries = json.loads((tmp_path / "out" / "table.json").read_text())["cells"]
    for cell, row, entry in zip(cells, rows, entries, strict=True):
        assert cell.last is not None
        assert float(row["last_mean"]) == pytest.approx(cell.last.mean, abs=1e-4)
        assert entry["values_best"] == list(cell.values_best)
        assert entry["last"] == {"mean": cell.last.mean, "std": cell.last.std}
        assert row["paper_value"] == ""
        assert entry["paper"]["value"] is None
    assert "Reduced scale: digits, resnet8. Not the paper's table." in paths[2].read_text()


def test_best_stands_in_a_table_only_where_a_run_was_better_at_an_earlier_test(
    tmp_path: Path, smoke: Table
) -> None:
    for seed, run in enumerate(fakes.spec_of(smoke, "CE").runs(2)):
        fakes.save(tmp_path, fakes.record(run, 70.0 + seed, 70.0 + seed))
    data = TableData(smoke, read_cells(here(), smoke, tmp_path))
    assert data.measures == ("last",)
    for text in (as_markdown(data), as_latex(data)):
        assert "No run was better at an earlier test" in text
        assert "best" not in text
    fakes.save(tmp_path, fakes.record(fakes.spec_of(smoke, "AL").runs(1)[0], 70.0, 71.0))
    data = TableData(smoke, read_cells(here(), smoke, tmp_path))
    assert data.measures == ("last", "best")
    assert "*best* 71.0" in as_markdown(data)
    assert "earlier test" not in as_markdown(data) + as_latex(data)


def test_a_seed_that_is_a_copy_of_another_is_told_with_the_numbers(
    tmp_path: Path, smoke: Table
) -> None:
    runs = fakes.spec_of(smoke, "CE").runs(5)
    first = fakes.record(runs[0], 70.0)
    copy = fakes.record(runs[3], 70.0, result=first.result)
    fakes.save(tmp_path, first, copy, *(fakes.record(runs[i], 70.0 + i) for i in (1, 2, 4)))
    told = (
        "digits, resnet8, CE, tau 0.02: seeds 0 and 3 have the same result, epoch by epoch: one is a "
        "copy, or the seed has no effect."
    )
    data = TableData(smoke, read_cells(here(), smoke, tmp_path))
    assert data.notes == (told,)
    assert told in as_markdown(data)
    shown = CliRunner().invoke(
        app, ["table", "smoke", "--results", str(tmp_path), "--out", str(tmp_path)]
    )
    assert told in " ".join(shown.stdout.split())


def test_a_split_that_is_not_of_its_tau_is_told_once_with_the_numbers(
    tmp_path: Path, smoke: Table
) -> None:
    note = "the split of digits is not of tau 0.02: 1 of 10 classes"
    for label in ("CE", "CAL"):
        runs = fakes.spec_of(smoke, label).runs(2)
        fakes.save(tmp_path, *(fakes.record(run, 70.0 + run.seed, notes=(note,)) for run in runs))
    data = TableData(smoke, read_cells(here(), smoke, tmp_path))
    assert data.notes == (f"The{note[3:]}.",)
    assert note[3:] in as_markdown(data)


def test_cells_at_a_later_look_say_how_many_seeds_they_have(tmp_path: Path) -> None:
    table4 = grid.table(here(), "table4")
    for seeds, spec in zip((3, 5), table4.cells[:2], strict=True):
        fakes.fill(tmp_path, spec, [50.0 + i for i in range(seeds)])
    data = TableData(table4, read_cells(here(), table4, tmp_path))
    assert as_markdown(data).count("; 5 seeds") == 1
    assert "over 3 to 5 seeds:" in as_latex(data)


def test_a_table_without_records_is_written_and_says_how_to_get_them(
    tmp_path: Path, smoke: Table
) -> None:
    cells = read_cells(here(), smoke, tmp_path)
    data = TableData(smoke, cells)
    text = as_markdown(data)
    assert "no record" in text
    assert "`uv run snakemake --cores all smoke`" in text
    assert cells[0].missing[0].id in text
    assert len(list(csv.DictReader(as_csv(data).splitlines()))) == len(cells)


def test_the_papers_number_stands_beside_ours(tmp_path: Path) -> None:
    table = grid.table(here(), "table3")
    text = as_markdown(TableData(table, read_cells(here(), table, tmp_path)))
    assert "80.6 ± 0.5 (App. F.2)" in text
    assert "paper: not known" in text


@pytest.fixture
def golden_table() -> TableData:
    """A table of three cells: two seeds, one of two seeds, none."""
    run = Run("cifar10", 0.01, "resnet20", "CE")
    specs = [
        CellSpec(own, (("method", method), ("tau", label)), own, resolve_run(here(), run))
        for method, tau, label in (("CE", 0.01, "0.01"), ("SETF", 0.01, "0.01"), ("CE", 0.1, "0.1"))
        for own in [Run(run.dataset, tau, run.backbone, method)]
    ]
    table = Table(
        name="golden",
        kind="table",
        scale="reduced",
        title="A golden table",
        where="no table of the paper",
        shows="accuracy",
        axes=("method", "tau"),
        columns=("tau",),
        looks=(2,),
        tolerance=1.0,
        cells=tuple(specs),
        source="tests",
    )
    measured = ((specs[0], 0, 61.25, 62.5), (specs[0], 1, 60.25, 62.0), (specs[1], 0, 58.5, 59.25))
    runs = ((spec.run.with_seed(seed), last, best) for spec, seed, last, best in measured)
    read = {run: fakes.record(run, last, best) for run, last, best in runs}
    cells = [
        Cell(
            spec,
            tuple(read[run] for run in spec.runs(2) if run in read),
            tuple(run for run in spec.runs(2) if run not in read),
        )
        for spec in specs
    ]
    return TableData(table, cells)


@pytest.mark.parametrize(
    ("file", "made"), [("table.csv", as_csv), ("table.md", as_markdown), ("table.tex", as_latex)]
)
def test_tables_read_as_the_golden_ones(
    golden_table: TableData, file: str, made: Callable[[TableData], str]
) -> None:
    assert made(golden_table) == (GOLDEN / file).read_text()


# --- text from the configuration -----------------------------------------------------------------

HOSTILE = "<script>alert(1)</script> | a `b` [c](http://d)\nnext *e*"


def with_label(golden_table: TableData, label: str) -> TableData:
    """The table, with text from its file replaced."""
    cells = tuple(
        replace(cell, spec=replace(cell.spec, coords=(("method", label), *cell.spec.coords[1:])))
        for cell in golden_table.cells
    )
    table = replace(golden_table.table, title=label, where=label)
    return replace(golden_table, table=table, cells=cells)


def test_markdown_shows_hostile_text_as_text(golden_table: TableData) -> None:
    lines = as_markdown(with_label(golden_table, HOSTILE)).splitlines()
    assert lines[0] == (
        r"# &lt;script&gt;alert(1)&lt;/script&gt; \| a \`b\` \[c\](http://d) next \*e\*"
    )
    rows = [line for line in lines if line.startswith("|")]
    bars = [line.replace(r"\|", "").count("|") for line in rows]
    assert len(set(bars)) == 1
    assert not any("<" in line for line in lines)


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t"])
def test_csv_holds_no_formula(golden_table: TableData, sign: str) -> None:
    label = f"{sign}HYPERLINK(1)"
    rows = list(csv.DictReader(as_csv(with_label(golden_table, label)).splitlines()))
    assert {row["label"].partition(", ")[0] for row in rows} == {f"'{label}"}


# --- LaTeX ---------------------------------------------------------------------------------------

COMMANDS = {  # of LaTeX itself and of booktabs
    *("begin", "end", "centering", "caption", "label", "multicolumn", "pm", "tau", "theta", "dots"),
    *("medskip", "par", "footnotesize", "setlength", "tabcolsep"),
    *("toprule", "midrule", "bottomrule", "cmidrule", "addlinespace", "usepackage"),
    *("textbackslash", "textasciitilde", "textasciicircum", "textless", "textgreater", "textbar"),
}


def columns_of(line: str) -> int:
    """How many columns a row of a tabular fills, spans counted."""
    spans = sum(int(n) - 1 for n in re.findall(r"\\multicolumn\{(\d+)\}", line))
    return len(re.split(r"(?<!\\)&", line)) + spans


@pytest.mark.parametrize("name", ["smoke", "table1", "table3", "table6"])
def test_a_latex_table_is_whole_and_needs_booktabs_alone(tmp_path: Path, name: str) -> None:
    table = grid.table(here(), name)
    fakes.fill(tmp_path, table.cells[0], [50.0, 51.0][: table.seeds])
    text = as_latex(TableData(table, read_cells(here(), table, tmp_path)))
    assert set(re.findall(r"\\([A-Za-z]+)", text)) <= COMMANDS
    parts = re.findall(r"\\begin\{tabular\}\{([lr]+)\}(.*?)\\end\{tabular\}", text, re.DOTALL)
    names = ["table", *["tabular"] * len(parts)]
    assert re.findall(r"\\begin\{(\w+)\}", text) == names
    assert re.findall(r"\\end\{(\w+)\}", text) == names[::-1]
    for columns, body in parts:
        rows = [line for line in body.splitlines() if line.endswith(r"\\")]
        assert {columns_of(row) for row in rows} == {len(columns)}
    plain = text.replace(r"\{", "").replace(r"\}", "").replace(r"\$", "")
    assert plain.count("{") == plain.count("}")
    assert plain.count("$") % 2 == 0


@pytest.mark.parametrize("name", ["smoke", "table2", "table3", "table6"])
def test_a_wide_latex_table_is_set_in_parts_that_hold_every_number(
    tmp_path: Path, name: str
) -> None:
    table = grid.table(here(), name)
    one = fakes.record(table.cells[0].run, 10.0)
    cells = []
    for place, cell in enumerate(read_cells(here(), table, tmp_path)):
        accuracy = one.result.accuracy.model_copy(update={"last": 10 + place / 2})
        records = tuple(
            fakes.with_result(one, accuracy=accuracy).model_copy(update={"run": run})
            for run in cell.missing
        )
        cells.append(replace(cell, records=records, missing=()))
    text = as_latex(TableData(table, cells))
    for place in range(len(table.cells)):
        assert f"${10 + place / 2:.1f} \\pm 0.0$" in text
    bodies = re.findall(r"\\midrule(.*?)\\bottomrule", text, re.DOTALL)
    for line in "".join(bodies).splitlines():
        shown = re.sub(r"\\[a-z]+|[$&\\]", "", line)
        assert len(shown) < 90  # small letters in a line of 345 points


@pytest.mark.skipif(not shutil.which("pdflatex"), reason="no LaTeX here")
def test_latex_takes_the_table_and_finds_no_line_too_wide(tmp_path: Path) -> None:
    for name in ("smoke", "table1", "table3", "numbers"):
        table = grid.table(here(), name)
        for spec in table.cells:
            fakes.fill(tmp_path / name, spec, [70.0 + seed for seed in range(table.seeds)])
        cells = read_cells(here(), table, tmp_path / name)
        body = as_latex(TableData(table, cells))
        source = f"\\documentclass{{article}}\\usepackage{{booktabs}}\\begin{{document}}\n{body}"
        (tmp_path / "page.tex").write_text(source + "\\end{document}\n")
        command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout
        assert "Overfull" not in done.stdout, name


def test_the_papers_number_stands_in_the_latex_table(tmp_path: Path) -> None:
    table = grid.table(here(), "table3")
    text = as_latex(TableData(table, read_cells(here(), table, tmp_path)))
    assert r"$80.6 \pm 0.5$" in text


def test_latex_shows_hostile_text_as_text(golden_table: TableData) -> None:
    text = as_latex(with_label(golden_table, r"\input{/etc/passwd} 50% $x_1$ & ~^#[2]"))
    assert r"\input" not in text.replace(r"\textbackslash{}input", "")
    assert r"\textbackslash{}input\{/etc/passwd\} 50\% \$x\_1\$ \&" in text
    assert latex_text("[a] --") == "{[}a{]} -{}-"
    assert latex_text("é θ 漢\x1b") == r"é $\theta$ (U+6F22)"
