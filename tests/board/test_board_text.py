"""The board as JUnit XML and Markdown: what a CI and a reader get."""

from xml.etree import ElementTree

from conftest import here

from ncmc.board.board_text import as_json, as_junit, as_markdown, tally
from ncmc.board.entries import Board, board_of
from ncmc.verdicts.verdict import STATUSES, Status, Verdict

# What Jenkins' junit-10.xsd asks of each element: needed attributes, and all that it allows.
SCHEMA = {
    "testsuites": (set[str](), {"name", "time", "tests", "failures", "errors"}),
    "testsuite": (
        {"name", "tests", "failures", "errors"},
        {"name", "tests", "failures", "errors", "skipped", "time", "timestamp", "id", "package"},
    ),
    "testcase": ({"name"}, {"name", "time", "classname", "group"}),
    "failure": (set[str](), {"type", "message"}),
    "skipped": (set[str](), {"type", "message"}),
    "system-out": (set[str](), set[str]()),
}


def made(says: str = "CAL > CE", **statuses: Status) -> Board:
    """A board of claims of which each has one clause of the given status."""
    return board_of(
        here(),
        [
            Verdict(
                id=claim, table="table2", kind="greater", status=status, says=says,
                why=f"found {claim}", claim=claim, problems=("other commits",),
            )
            for claim, status in statuses.items()
        ],
    )  # fmt: skip


ALL = dict(zip(("C1", "C2", "C3", "C4", "C5"), STATUSES, strict=True))


def test_what_holds_passes_what_differs_fails_and_the_rest_is_skipped() -> None:
    root = ElementTree.fromstring(as_junit(made(**ALL)))
    (suite,) = root
    ends = {case.get("name", "")[:2]: next(e.tag for e in case) for case in suite}
    assert ends == {
        "C1": "system-out", "C2": "failure", "C3": "skipped", "C4": "skipped", "C5": "skipped"
    }  # fmt: skip
    counts = {key: suite.get(key) for key in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "5", "failures": "1", "errors": "0", "skipped": "3"}
    failure = suite.find("testcase/failure")
    assert failure is not None
    assert failure.get("message") == "differs: Found C2."


def test_the_xml_is_as_the_schema_of_jenkins_has_it() -> None:
    for element in ElementTree.fromstring(as_junit(made(**ALL))).iter():
        needed, allowed = SCHEMA[element.tag]
        assert needed <= set(element.keys())
        assert set(element.keys()) <= allowed


def test_signs_and_control_characters_stay_valid_xml() -> None:
    (entry,) = made(C1="holds").entries
    says = "a < b & c \x1b[31m \x00"
    board = Board(entries=(entry.model_copy(update={"says": says}),))
    (case,) = ElementTree.fromstring(as_junit(board))[0]
    assert "a < b & c" in case.get("name", "")


def test_the_tally_counts_each_subject_in_words() -> None:
    assert tally(made(C1="holds", C2="holds", C3="differs")) == [
        "3 claims of the paper: 2 hold, 1 differs"
    ]
    assert tally(made(C4="not testable")) == ["1 claim of the paper: 1 is not testable"]


def test_markdown_has_a_line_an_entry_and_no_markup_from_outside() -> None:
    (entry,) = made(C1="holds").entries
    board = Board(entries=(entry.model_copy(update={"says": "<b>|x"}),))
    (line,) = [line for line in as_markdown(board).splitlines() if "C1" in line and "✓" in line]
    assert "&lt;b&gt;\\|x" in line
    assert "1 remark on its records" in line


def test_json_has_the_tally_the_exit_code_and_the_sentences() -> None:
    told = as_json(made(**ALL))
    assert told["exit_code"] == 1
    assert isinstance(told["tally"], dict)
    assert isinstance(told["entries"], list)
    assert told["tally"]["claim"] == dict.fromkeys(STATUSES, 1)
    assert next(e["sentence"] for e in told["entries"] if isinstance(e, dict)) == "Found C1."
