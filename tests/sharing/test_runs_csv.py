"""The published runs as one CSV: it follows from the records."""

import csv
from pathlib import Path

import fakes
from conftest import CHECKOUT

from ncmc import paths
from ncmc.plan.run import make_run
from ncmc.project import Project
from ncmc.sharing.publish import refresh_documents, runs_csv


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(text.splitlines()))


def test_the_published_file_follows_from_the_records() -> None:
    text = (CHECKOUT / paths.PUBLISHED_RUNS).read_text()
    assert text == runs_csv(Project(CHECKOUT)), "run `ncmc publish` of a tier"
    published = (CHECKOUT / "results/published").glob(f"*/{paths.RUNS}/**/{paths.RECORD}")
    assert len(rows(text)) == len(list(published))


def test_a_run_is_a_row_of_what_its_record_says(configured: Path) -> None:
    project = Project(configured)
    assert runs_csv(project) == ""
    folder = configured / paths.PUBLISHED.format(tier="smoke") / paths.RUNS
    run = make_run("digits", 0.02, "resnet8", "CAL", {"f": 10}, 3)
    record = fakes.record(run, 80.0, 81.0, made=fakes.made_on("=cmd()"))
    fakes.save(folder, record)
    (row,) = rows(runs_csv(project))
    end = record.result.history[-1].collapse
    assert end
    expected = {
        "tier": "smoke",
        "run": run.id,
        "options": "f=10",
        "seed": "3",
        "epochs": "60",
        "training_images": "357",
        "accuracy": "80",
        "best_accuracy": "81",
        "processor": "'=cmd()",
        "torch": "2.13.0",
        "code": ".".join(d for part, d in record.made.code if part != "torch"),
        "digest": record.digest,
    }
    assert {key: row[key] for key in expected} == expected
    assert float(row["nc_mean"]) == round(end.nc_mean, 4)
    assert float(row["shots_few"]) == round(record.result.groups.shots.few or 0, 4)
    assert refresh_documents(project)[0] == configured / paths.PUBLISHED_RUNS
