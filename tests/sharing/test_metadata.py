"""What describes an export to other readers: an RO-Crate, Croissant files, a badge."""

import json
from pathlib import Path
from typing import Any

import fakes
import pytest
from calls import ncmc
from conftest import CHECKOUT
from made_results import fill, smoke_runs, unpacked

from ncmc import paths
from ncmc.project import Project
from ncmc.sharing.crate import NAME as CRATE
from ncmc.sharing.export import export
from ncmc.sharing.publish import badge


@pytest.fixture
def folder(here: Project, tmp_path: Path) -> Path:
    """An unpacked export of three records and the manifest of their split."""
    runs = smoke_runs(here)[:3]
    fill(here, runs)
    split = here.root / runs[0].split_folder / "manifest.json"
    split.parent.mkdir(parents=True)
    split.write_text("{}")
    export(here, ["smoke"], tmp_path / "out.zip")
    return unpacked(tmp_path / "out.zip", tmp_path / "out")


def graph_of(folder: Path) -> dict[str, dict[str, Any]]:
    entities = json.loads((folder / CRATE).read_text())["@graph"]
    assert len({entity["@id"] for entity in entities}) == len(entities)
    return {entity["@id"]: entity for entity in entities}


def test_each_run_is_an_action_with_its_inputs_code_machine_and_record(
    here: Project, folder: Path
) -> None:
    graph = graph_of(folder)
    actions = [entity for entity in graph.values() if entity["@type"] == "CreateAction"]
    results = {action["result"]["@id"] for action in actions}
    assert results == {paths.RUN_RECORD.format(run=run.id) for run in smoke_runs(here)[:3]}
    action = next(action for action in actions if "seed=1/" in action["result"]["@id"])
    assert graph[action["instrument"]["@id"]]["identifier"] == fakes.MADE.git.commit
    inputs = [graph[part["@id"]] for part in action["object"]]
    values = {part["name"]: part.get("value") for part in inputs}
    assert (values["dataset"], values["tau"], values["seed"]) == ("digits", "0.02", "1")
    assert values["digest of the code"]
    assert "data/splits/digits/tau=0.02/default/manifest.json" in values
    machine = {graph[part["@id"]]["name"]: part for part in action["resourceUsage"]}
    assert {"processor", "torch", "seconds"} <= machine.keys()


def test_it_names_every_file_of_the_export_and_nothing_that_is_not_there(folder: Path) -> None:
    graph = graph_of(folder)
    files = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert {part["@id"] for part in graph["./"]["hasPart"]} == files - {CRATE, "manifest.json"}

    def references(value: Any) -> list[str]:
        if isinstance(value, dict):
            own = [value["@id"]] if value.keys() == {"@id"} else []
            return own + [name for part in value.values() for name in references(part)]
        return [name for part in value for name in references(part)] if type(value) is list else []

    named = {name for entity in graph.values() for name in references(entity)}
    assert named - graph.keys() == {"https://w3id.org/ro/crate/1.1"}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of what these packages use
def test_rocrate_reads_it(folder: Path) -> None:
    rocrate = pytest.importorskip("rocrate.rocrate", reason="needs the extra metadata")
    crate = rocrate.ROCrate(folder)
    actions = crate.root_dataset["mentions"]
    assert len(actions) == 3
    assert all((folder / action["result"].id).is_file() for action in actions)
    assert crate.root_dataset["conformsTo"].id == "https://w3id.org/ro/wfrun/process/0.5"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of what these packages use
def test_mlcroissant_loads_the_images_per_class_of_a_split(here: Project, folder: Path) -> None:
    mlcroissant = pytest.importorskip("mlcroissant", reason="needs the extra metadata")
    run = smoke_runs(here)[0]
    split = mlcroissant.Dataset(str(folder / run.split_folder / "croissant.json"))
    rows = [(int(r["classes/class"]), int(r["classes/images"])) for r in split.records("classes")]
    record = json.loads((folder / paths.RUN_RECORD.format(run=run.id)).read_text())
    assert rows == list(enumerate(record["split"]["counts"]))


def test_an_export_that_describes_itself_is_imported_as_before(
    other: Project, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NCMC_ROOT", str(other.root))
    assert "3 records written" in ncmc("import", folder).stdout
    assert not (other.root / CRATE).exists()


def test_the_badge_counts_claims_judged_at_the_papers_scale_alone(here: Project) -> None:
    assert (CHECKOUT / paths.BADGE).read_bytes() == badge(Project(CHECKOUT)), "run `ncmc publish`"
    board = json.loads((CHECKOUT / "results/published/laptop" / paths.BOARD_JSON).read_text())
    claims = [entry for entry in board["entries"] if entry["subject"] == "claim"]
    path = here.root / "results/published/paper" / paths.BOARD_JSON
    path.parent.mkdir(parents=True)
    for scale, message in (("reduced", "none known of 22"), ("paper", "1 hold, 1 differ of 22")):
        for entry, status in zip(claims[:2], ("holds", "differs"), strict=True):
            entry |= {"status": status, "scale": scale}
        path.write_text(json.dumps(board))
        assert json.loads(badge(Project(here.root)))["message"] == message
