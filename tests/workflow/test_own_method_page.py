"""A method is one file: the page's text makes a table and a verdict, in a fresh project."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from calls import BIN, copy_workflow, snakemake
from conftest import CHECKOUT

PAGE = (CHECKOUT / "docs" / "your-own.md").read_text()


def block(kind: str, beginning: str) -> str:
    """The page's example in a language that begins so."""
    (found,) = [
        text
        for text in re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL)
        if text.startswith(beginning)
    ]
    return str(found)


def contents(root: Path) -> dict[str, bytes]:
    """The code and the configuration of a project."""
    folders = [root / name for name in ("ncmc", "cli", "rules", "config", "papers")]
    paths = [p for folder in folders for p in folder.rglob("*") if p.suffix != ".pyc"]
    return {str(p.relative_to(root)): p.read_bytes() for p in paths if p.is_file()}


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """A copy of the project with its code, as a lab has it after a checkout."""
    root = copy_workflow(tmp_path / "lab")
    for name in ("ncmc", "cli"):
        shutil.copytree(CHECKOUT / name, root / name, ignore=shutil.ignore_patterns("*.pyc"))
    return root


def ncmc(root: Path, line: str) -> subprocess.CompletedProcess[str]:
    """A command of the page, on the code of that project."""
    assert line.startswith("ncmc ")
    return subprocess.run(
        [str(BIN / "ncmc"), *line.split()[1:]],
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(root), "NCMC_ROOT": str(root)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


OF_ALL = (  # methods, backbones, tables or checks
    "tests/test_contracts.py",
    "tests/test_docs.py",
    "tests/test_own_pages.py",
    "tests/backbones/test_backbones.py",
    "tests/methods/test_methods.py",
    "tests/plan/test_catalog.py",
    "tests/plan/test_grid.py",
    "tests/paper/test_paper_files.py",
    "tests/figures/test_styles.py",
    "tests/page/test_how_made.py",
    "tests/page/test_project_page.py",
    "tests/training/test_on_features.py",
    "tests/verdicts/test_checks_file.py",
)


@pytest.mark.slow
def test_the_tests_pass_with_what_the_pages_add(tmp_path: Path) -> None:
    root = tmp_path / "lab"
    left = {".git", ".venv", ".mypy_cache", "results", "data"}
    shutil.copytree(
        CHECKOUT, root, ignore=lambda folder, _: left if Path(folder) == CHECKOUT else ()
    )
    for name in ("results", "data"):
        (root / name).symlink_to(CHECKOUT / name)
    for name in ("my_loss", "my_staged_loss"):
        beginning = f'"""{name.upper().replace("_", "-")}'
        (root / f"ncmc/methods/{name}.py").write_text(block("python", beginning))
    (root / "ncmc/backbones/my_net.py").write_text(block("python", '"""my_net'))
    lab = root / "config" / "lab.yaml"
    lab.write_text(lab.read_text().replace("\ntables: {}\n", f"\n{block('yaml', 'tables:')}"))
    done = subprocess.run(
        [str(BIN / "python"), "-m", "pytest", "-n", "0", *OF_ALL],
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-5000:]


@pytest.mark.slow
def test_a_method_is_one_file_from_the_page_to_a_table_and_a_verdict(fresh: Path) -> None:
    before = contents(fresh)
    (fresh / "ncmc" / "methods" / "my_loss.py").write_text(block("python", '"""MY-LOSS'))
    lines = block("sh", "ncmc check method").splitlines()
    assert [line.split()[1] for line in lines] == ["check", "fetch", "train"]
    for line in lines:
        done = ncmc(fresh, f"{line} -o epochs=2" if " train " in line else line)
        assert done.returncode == 0, done.stdout + done.stderr
    options = "epochs=2+smoothing=0.2"
    run = fresh / f"results/runs/digits/tau=0.02/resnet8/MY-LOSS/{options}/seed=0"
    assert (run / "record.json").is_file()

    lab = fresh / "config" / "lab.yaml"
    table = block("yaml", "tables:").replace("[digits]\n", "[digits]\n      epochs: [2]\n")
    text = lab.read_text()
    assert text.endswith("tables: {}\n")
    text = text.replace("\ntables: {}\n", f"\n{table}").replace(
        "seeds: {value: 3", "seeds: {value: 2"
    )
    lab.write_text(text)
    made = snakemake(fresh, "--cores", "2", "ours", timeout=300, PYTHONPATH=str(fresh))
    assert made.returncode == 0, made.stdout[-3000:] + made.stderr[-3000:]

    out = fresh / "results" / "ours"
    methods = {entry["method"] for entry in json.loads((out / "table.json").read_text())["cells"]}
    assert methods == {"CE", "MY-LOSS"}
    (verdict,) = json.loads((out / "verdicts.json").read_text())["verdicts"]
    assert (verdict["id"], verdict["says"]) == ("OURS1", "MY-LOSS is above CE")
    assert verdict["status"] in ("holds", "differs", "inconclusive")
    assert "MY-LOSS" in (out / "report.html").read_text()

    after = contents(fresh)
    changed = {name for name in {*before, *after} if before.get(name) != after.get(name)}
    assert changed == {"ncmc/methods/my_loss.py", "config/lab.yaml"}
