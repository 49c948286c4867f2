"""The parts of a run's code: each is changed by what its code does, and by nothing else."""

import subprocess
import sys
from pathlib import Path

import pytest
from conftest import here

from ncmc.errors import UserError
from ncmc.plan.code_digest import Code, code_of, files_of, name_of
from ncmc.plan.run import Run, make_run

STATEMENT = "\nA_NUMBER = 3\n"
PARTS = {"loop", "method", "backbone", "data"}


def run_of(method: str = "CAL", backbone: str = "resnet8") -> Run:
    return make_run("digits", 0.02, backbone, method)


def code(run: Run) -> Code:
    found = code_of(here(), run)
    assert found
    return found


def changed_by(file: Path, text: str, run: Run) -> set[str]:
    """The parts of a run's code that a line more in a file changes; the file stays as it is."""
    before, content = code(run), file.read_text()
    file.write_text(content + text)
    after = code(run)
    file.write_text(content)
    return {part for part in Code.model_fields if getattr(before, part) != getattr(after, part)}


COUNTED = {  # file -> the parts that a statement more in it changes
    "training/train.py": {"loop"},
    "training/draws.py": {"loop"},
    "training/batches.py": {"loop"},
    "training/optimiser.py": {"loop"},
    "training/evaluate.py": {"loop"},
    "formulas/metrics.py": {"loop"},
    "../papers/ncmc/methods/cal.py": {"method"},
    "methods/_fixed_frame.py": {"method"},  # imported by it
    "methods/base.py": {"method"},  # imported by its package
    "formulas/frames.py": {"method"},
    "formulas/losses.py": {"method", "loop"},  # the metrics use it too
    "backbones/resnet8.py": {"backbone"},
    "backbones/_resnet.py": {"backbone"},
    "data/readers/digits.py": {"data"},
    "data/splits.py": {"data"},
    "plan/class_counts.py": {"data"},
    "plan/learning_rate.py": {"loop"},
    "training/checkpoint.py": {"loop"},  # a run that goes on has its weights from there
    "training/contract.py": {"loop"},  # looks at a model before its first step
    "system/arrays.py": {"data"},
    "data/datasets.py": {"data"},  # opens what the readers made
    "training/finish.py": {"loop"},  # rounds what is kept
    "results/history.py": {"loop"},
    "results/class_groups.py": {"loop"},
}
UNUSED = (  # by a run of CAL on the digits
    "methods/setf.py",
    "backbones/resnet50.py",
    "data/readers/svhn.py",
    "data/download.py",
    "data/fetch.py",
    "data/raw.py",
    "training/progress_file.py",
    "training/launch.py",
    "training/decision_rule.py",
    "page/table_page.py",
    "results/record.py",
)


def test_a_statement_changes_its_part_alone_and_a_comment_nothing(package: Path) -> None:
    for file, parts in COUNTED.items():
        assert changed_by(package / file, "\n# says more\n", run_of()) == set(), file
        assert changed_by(package / file, STATEMENT, run_of()) == parts, file


def test_code_that_decides_no_number_of_a_run_changes_nothing(package: Path) -> None:
    for file in UNUSED:
        assert changed_by(package / file, STATEMENT, run_of()) == set(), file


# What a training loads and its digest leaves out, by the beginning of the name, and why.
UNCOUNTED = {
    "errors": "words",
    "paths": "where files lie",
    "project": "where files lie",
    "plan": "decides the configuration, which a record holds and is compared by",
    "paper": "assumptions, which a record holds and is compared by",
    "results": "writes, reads and refuses records",
    "system": "files, memory, signals and what the machine is",
    "data.checksums": "refuses a file or lets it pass",
    "data.dvc_store": "fetches",
    "data.raw": "fetches",
    "data.image_files": "of datasets of image files, where it counts",
    "data.image_stream": "of datasets of image files, where it counts",
    "training.decision_rule": "of decision rules, where it counts",
    "training.launch": "refuses a run, or starts it",
    "training.failures": "words",
    "training.progress_file": "says how far it is",
}
TRAINS = """
import sys
from cli.main import app
try:
    app(["train", "--dataset", "digits", "--tau", "0.02", "--backbone", "resnet8", *sys.argv[1:]])
except SystemExit as end:
    assert not end.code, end.code
print(*sorted(name for name in sys.modules if name.startswith("ncmc.")))
"""


def test_each_module_of_a_training_counts_or_is_known_to_decide_no_number(workspace: Path) -> None:
    call = [sys.executable, "-c", TRAINS, "--method", "CAL", "-o", "epochs=1"]
    loaded = subprocess.run(call, capture_output=True, text=True, check=True).stdout.split()
    counted = {
        ".".join(["ncmc", *Path(name_of(file)).with_suffix("").parts])
        for file in files_of(here(), run_of())
    }
    counted |= {name.removesuffix(".__init__") for name in counted}
    loaded = [name for name in loaded if name.startswith("ncmc.")]
    left = {name.removeprefix("ncmc.") for name in {*loaded} - counted}
    assert {
        name for name in left if not any(f"{name}.".startswith(f"{k}.") for k in UNCOUNTED)
    } == set()
    assert "ncmc.training.train" in loaded


def test_a_decision_rule_has_the_code_that_applies_it_and_not_the_loop(package: Path) -> None:
    assert changed_by(package / "training/decision_rule.py", STATEMENT, run_of("NCM")) == {"loop"}
    assert changed_by(package / "training/train.py", STATEMENT, run_of("NCM")) == set()


def test_a_new_torch_changes_it_and_its_build_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for version in ("2.13.0", "2.13.0+cpu", "2.14.0"):
        monkeypatch.setattr("ncmc.system.hardware.packages", lambda v=version: {"torch": v})
        found.append(code(run_of()))
    assert found[0] == found[1]
    assert found[2] == found[0].model_copy(update={"torch": "2.14.0"})


FIRST = '"""One."""\nfrom ncmc.methods import ce\n\n\ndef f(x):\n    return (x + 1)\n'


@pytest.mark.parametrize(
    ("text", "same"),
    [
        (
            '"""Two."""\nfrom ncmc.methods import ce\ndef f(x):\n    """Says."""\n    return x +\\\n 1',
            True,
        ),
        (
            "from ncmc.methods import ce\n\n\ndef f(x: int) -> int:\n    # more\n    return x + 1\n",
            True,
        ),
        ("from ncmc.methods import ce\n\n\ndef f(x):\n    return x + 2\n", False),
        ("from ncmc.methods import ce\n\n\ndef f(x=0):\n    return x + 1\n", False),
    ],
)
def test_how_it_is_written_does_not_count(package: Path, text: str, same: bool) -> None:
    path = package / "methods" / "own.py"
    path.write_text(FIRST)
    before = code(run_of("OWN"))
    path.write_text(text)
    assert (code(run_of("OWN")) == before) is same


def test_what_an_error_says_does_not_count_and_which_does(package: Path) -> None:
    path, found = package / "methods" / "own.py", []
    for line in ('ValueError("x")', 'ValueError(f"x is {x}") from None', "KeyError"):
        path.write_text(f"def f(x):\n    raise {line}\n")
        found.append(code(run_of("OWN")))
    assert found[0] == found[1] != found[2]


def test_imports_are_followed_wherever_and_however_they_stand(package: Path) -> None:
    helper = package / "methods" / "_helper.py"
    for line in (
        "from ncmc.methods import _helper",
        "from ncmc.methods._helper import X",
        "import ncmc.methods._helper",
        "from . import _helper",
        "from ._helper import X",
        "def f():\n    from ncmc.methods import _helper",
    ):
        (package / "methods" / "own.py").write_text(line + "\n")
        helper.write_text("X = 1\n")
        assert changed_by(helper, "X = 2\n", run_of("OWN")) == {"method"}, line


def test_the_files_are_those_that_count(package: Path) -> None:
    files = set(map(name_of, files_of(here(), run_of())))
    assert {"training/train.py", "methods/cal.py", "data/splits.py"} <= files
    assert not any("http" in file or "told" in file for file in files)


def test_a_method_without_a_file_has_none() -> None:
    assert code_of(here(), Run("digits", 0.02, "resnet8", "NOPE")) is None


def test_a_file_that_is_not_python_is_named(package: Path) -> None:
    (package / "methods" / "own.py").write_text("def f(:\n")
    with pytest.raises(UserError, match=r"own\.py is not valid Python"):
        code_of(here(), Run("digits", 0.02, "resnet8", "OWN"))
