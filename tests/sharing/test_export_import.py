"""Records packed here and merged there: the same bytes, the same table, nothing lost."""

import json
import zipfile
from pathlib import Path

import fakes
import pytest
from calls import ncmc
from made_results import files_below, fill, project_at, smoke_runs, unpacked

from ncmc.errors import UserError
from ncmc.plan.run import make_run, trained_run
from ncmc.project import Project
from ncmc.results.record import load_record, path_of
from ncmc.sharing.export import export
from ncmc.sharing.import_ import merge
from ncmc.system import files


def test_the_same_records_give_the_same_bytes(
    here: Project, other: Project, tmp_path: Path
) -> None:
    runs = smoke_runs(here)[:5]
    fill(here, runs)
    fill(other, runs[::-1])
    for name in ("one.zip", "two.zip"):
        export(here, ["smoke"], tmp_path / name)
    export(other, ["smoke"], tmp_path / "three.zip")
    first = (tmp_path / "one.zip").read_bytes()
    assert first == (tmp_path / "two.zip").read_bytes() == (tmp_path / "three.zip").read_bytes()


def test_an_export_holds_records_manifests_of_splits_and_configuration(
    here: Project, tmp_path: Path
) -> None:
    fill(here, smoke_runs(here)[:3])
    split = here.root / smoke_runs(here)[0].split_folder / "manifest.json"
    split.parent.mkdir(parents=True)
    split.write_text("{}")
    done = ncmc("export", "smoke", "--to", tmp_path / "out.zip")
    assert done.exit_code == 0
    assert "3 records of smoke" in done.stdout
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        names = set(archive.namelist())
        manifest = json.loads(archive.read("manifest.json"))
    assert names == {"manifest.json", *manifest["files"]}
    assert {"papers/ncmc/grid.yaml", "papers/ncmc/numbers.csv"} <= names
    assert split.relative_to(here.root).as_posix() in names
    assert sum(name.endswith("record.json") for name in names) == 3
    assert manifest["tables"] == ["smoke"]


def test_two_pieces_merge_to_the_table_of_one_computation(here: Project, tmp_path: Path) -> None:
    runs = smoke_runs(here)[:9]
    ann, ben, whole = (project_at(tmp_path / name) for name in ("ann", "ben", "whole"))
    fill(ann, runs[::2])
    fill(ben, [*runs[1::2], runs[0]])  # one of them twice: equal, so no clash
    fill(whole, runs)
    for person in (ann, ben):
        export(person, ["smoke"], tmp_path / f"{person.root.name}.zip")
    first = ncmc("import", tmp_path / "ann.zip").stdout
    assert "5 new records, 0 here already, 0 clashes" in first
    second = ncmc("import", tmp_path / "ben.zip").stdout
    assert "4 new records, 1 here already, 0 clashes" in second
    export(here, ["smoke"], tmp_path / "merged.zip")
    export(whole, ["smoke"], tmp_path / "whole.zip")
    assert (tmp_path / "merged.zip").read_bytes() == (tmp_path / "whole.zip").read_bytes()
    assert files_below(here.root / "results/runs") == files_below(whole.root / "results/runs")


def test_a_second_import_writes_nothing(here: Project, other: Project, tmp_path: Path) -> None:
    fill(other, smoke_runs(other)[:4])
    export(other, ["smoke"], tmp_path / "out.zip")
    unpacked(tmp_path / "out.zip", tmp_path / "out")
    assert len(merge(here, tmp_path / "out", dry_run=True).new) == 4
    assert not (here.root / "results").exists()
    assert len(merge(here, tmp_path / "out").written) == 4
    again = merge(here, tmp_path / "out")
    assert (len(again.equal), again.written) == (4, ())


@pytest.mark.parametrize(("prefer", "kept"), [("ours", 71.0), ("theirs", 80.0)])
def test_a_clash_is_shown_and_nothing_is_written_until_somebody_says_whose(
    here: Project, other: Project, tmp_path: Path, prefer: str, kept: float
) -> None:
    run, second = smoke_runs(here)[:2]
    git = fakes.MADE.git.model_copy(update={"commit": "f" * 40, "dirty": True})
    made = fakes.made_on("their machine", git=git)
    fakes.save(here.root / "results/runs", fakes.record(run, 71.0))
    fakes.save(other.root / "results/runs", fakes.record(run, 80.0, made=made))
    fill(other, [second])
    export(other, ["all"], tmp_path / "out.zip")
    before = files_below(here.root / "results")
    done = ncmc("import", tmp_path / "out.zip")
    assert done.exit_code == 1
    for words in (
        "1 clash",
        "accuracy 71.00 % here, 80.00 % there (+9.00)",
        "commit 0123456789 here, ffffffffff with uncommitted changes there",
        "machine a test here, their machine there",
        "Nothing is written.",
    ):
        assert words in done.stdout
    assert files_below(here.root / "results") == before
    assert ncmc("import", tmp_path / "out.zip", "--prefer", prefer).exit_code == 0
    record = json.loads(path_of(here, run).read_text())
    assert record["result"]["accuracy"]["last"] == kept
    assert path_of(here, second).exists()


def test_records_of_two_kinds_of_processor_are_no_clash(
    here: Project, other: Project, tmp_path: Path
) -> None:
    run, second = smoke_runs(here)[:2]
    fakes.save(here.root / "results/runs", fakes.record(run, 71.0))
    theirs = fakes.record(run, 71.6, made=fakes.made_on("their machine"))
    fakes.save(other.root / "results/runs", theirs)
    fill(other, [second])
    export(other, ["all"], tmp_path / "out.zip")
    done = ncmc("import", tmp_path / "out.zip")
    assert done.exit_code == 0
    assert f"another processor: {run.id}: accuracy 71.00 % here, 71.60 % there" in done.stdout
    assert "1 run of the same code on another kind of processor: both can be right" in done.stdout
    assert path_of(here, second).exists()
    assert load_record(path_of(here, run)).result.accuracy.last == 71.0
    assert ncmc("import", tmp_path / "out.zip", "--prefer", "theirs").exit_code == 0
    assert load_record(path_of(here, run)).result.accuracy.last == 71.6


def test_a_clash_with_a_damaged_record_says_so(
    here: Project, other: Project, tmp_path: Path
) -> None:
    run = smoke_runs(here)[0]
    fill(here, [run])
    fill(other, [run])
    export(other, ["smoke"], tmp_path / "out.zip")
    path_of(here, run).write_text("{}")
    clashes = merge(here, tmp_path / "out.zip").clashes
    assert "ours cannot be used" in clashes[run.id]
    assert merge(here, tmp_path / "out.zip", prefer="theirs").written == (run.id,)
    assert path_of(here, run).read_bytes() == path_of(other, run).read_bytes()


def test_records_of_another_configuration_are_named_and_left_out(
    here: Project, other: Project, tmp_path: Path
) -> None:
    run = smoke_runs(other)[0]
    fill(other, [run])
    export(other, ["smoke"], tmp_path / "out.zip")
    recipes = here.root / "config/train.yaml"
    text = recipes.read_text()
    assert "momentum: {value: 0.9" in text
    recipes.write_text(text.replace("momentum: {value: 0.9", "momentum: {value: 0.8"))
    done = ncmc("import", tmp_path / "out.zip")
    assert done.exit_code == 3
    why = "was made with another configuration: recipe.momentum: 0.9 then, 0.8 now"
    assert f"left out: {run.id} {why}" in done.stdout
    assert not (here.root / "results/runs").exists()


def test_records_of_runs_that_cannot_be_made_here_are_named_and_left_out(
    here: Project, other: Project, tmp_path: Path
) -> None:
    fill(other, smoke_runs(other)[:1])
    export(other, ["smoke"], tmp_path / "out.zip")
    datasets = here.root / "config/datasets.yaml"
    datasets.write_text(datasets.read_text().replace("  digits:", "  numerals:"))
    (why,) = merge(Project(here.root), tmp_path / "out.zip").left_out.values()
    assert "is of a run that cannot be made here: unknown dataset 'digits'" in why


def test_an_export_names_the_records_that_it_cannot_pack(here: Project, tmp_path: Path) -> None:
    good, damaged = smoke_runs(here)[:2]
    fill(here, [good, damaged])
    path_of(here, damaged).write_text("{}")
    done = ncmc("export", "smoke", "--to", tmp_path / "out.zip")
    assert done.exit_code == 3
    assert f"left out: {damaged.id} is not a record of ncmc" in done.stdout
    assert "1 record of smoke" in done.stdout


def rezipped(source: Path, target: Path, around: str) -> Path:
    """An export as a file manager zips its folder: with entries of folders and files of its own."""
    with zipfile.ZipFile(target, "w") as archive:
        for path in (source, *sorted(source.rglob("*"))):
            name = f"{around}{path.relative_to(source).as_posix()}"
            if path.is_dir():
                archive.writestr(f"{name}/", b"")
            else:
                archive.writestr(name, path.read_bytes())
        for foreign in ("__MACOSX/._out", "__MACOSX/out/._manifest.json", f"{around}.DS_Store"):
            archive.writestr(foreign, b"x")
    return target


@pytest.mark.parametrize("around", ["", "out/", "out.zip copy/"])
def test_an_export_that_was_zipped_again_is_read(
    here: Project, other: Project, tmp_path: Path, around: str
) -> None:
    fill(other, smoke_runs(other)[:2])
    export(other, ["smoke"], tmp_path / "out.zip")
    again = rezipped(
        unpacked(tmp_path / "out.zip", tmp_path / "out"), tmp_path / "again.zip", around
    )
    done = ncmc("import", again)
    assert (done.exit_code, "2 records written" in done.stdout) == (0, True), done.output
    assert files_below(here.root / "results") == files_below(other.root / "results")
    assert ncmc("compare", again).exit_code == 0


def test_a_zip_file_in_another_is_not_read_and_says_what_to_do(
    here: Project, other: Project, tmp_path: Path
) -> None:
    """As servers hand out a file that was uploaded."""
    fill(other, smoke_runs(other)[:1])
    export(other, ["smoke"], tmp_path / "out.zip")
    with zipfile.ZipFile(tmp_path / "outer.zip", "w") as archive:
        archive.write(tmp_path / "out.zip", "out.zip")
    done = ncmc("import", tmp_path / "outer.zip")
    assert (done.exit_code, "or unpack it" in " ".join(done.stderr.split())) == (3, True)


def test_a_folder_around_one_export_is_read_and_around_several_refused(
    here: Project, other: Project, tmp_path: Path
) -> None:
    fill(other, smoke_runs(other)[:2])
    export(other, ["smoke"], tmp_path / "out.zip")
    around = tmp_path / "around"
    unpacked(tmp_path / "out.zip", around / "one")
    for place in (around, around / "one"):
        assert ncmc("import", place, "--dry-run").exit_code == 0
    unpacked(tmp_path / "out.zip", around / "two")
    refused = ncmc("import", around)
    assert refused.exit_code == 3
    assert "found: one/, two/. Give what ncmc export wrote" in " ".join(refused.stderr.split())


def test_an_export_without_records_or_target_is_refused(here: Project, tmp_path: Path) -> None:
    assert ncmc("export", "smoke", "--to", tmp_path / "out.zip").exit_code == 1
    assert ncmc("export", "nothing", "--to", tmp_path / "out.zip").exit_code == 2
    assert ncmc("export", "smoke").exit_code == 2
    assert not (tmp_path / "out.zip").exists()
    assert ncmc("import", tmp_path / "none.zip").exit_code == 2
    assert ncmc("import", tmp_path / "none.zip", "--prefer", "mine").exit_code == 2


def test_an_export_replaces_nothing(here: Project, tmp_path: Path) -> None:
    fill(here, smoke_runs(here)[:1])
    mine = tmp_path / "thesis.zip"
    mine.write_text("a year of work")
    for target, words in (
        (mine, "exists already. Delete it first"),
        (tmp_path / "new" / "out.zip", "there is no folder"),
        (tmp_path, "is no .zip file"),
    ):
        done = ncmc("export", "smoke", "--to", target)
        assert done.exit_code == 2
        assert words in " ".join(done.stderr.split())
    assert mine.read_text() == "a year of work"
    assert not (tmp_path / "new").exists()


def test_an_import_that_is_stopped_leaves_whole_records_and_goes_on(
    here: Project, other: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(other, smoke_runs(other)[:6])
    export(other, ["smoke"], tmp_path / "out.zip")
    write, calls = files.write_atomic, list[Path]()

    def stops(path: Path, content: str | bytes) -> None:
        if len(calls) == 3:
            raise KeyboardInterrupt
        calls.append(path)
        write(path, content)

    monkeypatch.setattr(files, "write_atomic", stops)
    with pytest.raises(KeyboardInterrupt):
        merge(here, tmp_path / "out.zip")
    theirs = files_below(other.root / "results/runs")
    half = files_below(here.root / "results/runs")
    assert len(half) == 3
    assert half.items() <= theirs.items()
    monkeypatch.setattr(files, "write_atomic", write)
    assert len(merge(here, tmp_path / "out.zip").written) == 3
    assert files_below(here.root / "results/runs") == theirs


def test_a_decision_rule_is_written_after_its_model(
    here: Project, other: Project, tmp_path: Path
) -> None:
    """Snakemake takes a record that is older than its input for outdated; CE-LA sorts before CE."""
    rule = make_run("digits", 0.02, "resnet8", "CE-LA")
    model = trained_run(other, rule)
    fill(other, [rule, model])
    export(other, ["all"], tmp_path / "out.zip")
    assert merge(here, tmp_path / "out.zip").written == (model.id, rule.id)


def test_a_full_disk_is_told(
    here: Project, other: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(other, smoke_runs(other)[:2])
    export(other, ["smoke"], tmp_path / "out.zip")
    monkeypatch.setattr(Path, "write_bytes", full_disk)
    with pytest.raises(UserError, match="no space left"):
        merge(here, tmp_path / "out.zip")
    assert not files_below(here.root / "results/runs")


def full_disk(path: Path, data: bytes) -> int:
    """In place of Path.write_bytes."""
    raise OSError(28, "No space left on device")
