"""croissant.json of a split: a long-tailed training set for readers of MLCommons Croissant 1.0.

The images stay where their owners publish them; the record set `classes` has the images per class.
"""

import hashlib
import json
from typing import Any

from ncmc.plan.dataset_entries import dataset_entries
from ncmc.plan.option_text import format_value
from ncmc.project import Project
from ncmc.results.record import Record

NAME = "croissant.json"
CROISSANT = "http://mlcommons.org/croissant/"
TERMS = (
    "citeAs column equivalentProperty extract field fileProperty fileObject fileSet format includes "
    "isLiveDataset jsonPath key md5 parentField path recordSet references regex repeated replace "
    "samplingRate separator source subField transform"
)
CONTEXT = {  # the whole of it is checked for, whatever is used
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": CROISSANT,
    "rai": f"{CROISSANT}RAI/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    **{term: f"cr:{term}" for term in TERMS.split()},
}


def croissant(project: Project, record: Record, manifest: bytes) -> bytes:
    """The description of the split that a record's run was trained on. `manifest`: its manifest.json."""
    run, entry = record.run, dataset_entries(project)[record.run.dataset]
    archives = [
        _file(
            file.name,
            contentUrl=next(url for url in file.urls if url.startswith("http")),
            encodingFormat="application/octet-stream",
            **({"sha256": file.sha256} if file.sha256 else {"md5": file.md5}),
        )
        for file in entry.files
        if (file.sha256 or file.md5) and any(url.startswith("http") for url in file.urls)
    ]
    note = _file(
        "manifest.json",
        description="What the split was drawn with, and the SHA-256 of the indices of its images",
        contentUrl="manifest.json",
        encodingFormat="application/json",
        sha256=hashlib.sha256(manifest).hexdigest(),
    )
    fields = [
        {"@type": "cr:Field", "@id": f"classes/{name}", "name": name, "dataType": "sc:Integer"}
        for name in ("class", "images")
    ]
    body: dict[str, Any] = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": f"{CROISSANT}1.0",
        "name": run.split_folder.removeprefix("data/splits/"),
        "description": (
            f"{entry.title}, long-tailed: {record.split.n_train} training images, the smallest class "
            f"{format_value(run.tau)} of the largest. `ncmc split` draws it again from the archives."
        ),
        "url": entry.source,
        "license": entry.licence,
        "citeAs": entry.source,
        "datePublished": record.made.at[:10],
        "version": "1.0.0",
        "distribution": [*archives, note],
        "recordSet": [
            {
                "@type": "cr:RecordSet",
                "@id": "classes",
                "name": "classes",
                "description": "Training images per class",
                "field": fields,
                "data": [
                    {"classes/class": label, "classes/images": n}
                    for label, n in enumerate(record.split.counts)
                ],
            }
        ],
    }
    return json.dumps(body, indent=1, ensure_ascii=False).encode() + b"\n"


def _file(name: str, **properties: str | None) -> dict[str, str | None]:
    return {"@type": "cr:FileObject", "@id": name, "name": name, **properties}
