"""ro-crate-metadata.json of an export: each run as an action, by the Process Run Crate profile.

That is the profile of the Workflow Run RO-Crate family (0.5) for runs of a program: a record does not
know whether Snakemake, Slurm or a person started it. Written as plain JSON-LD (RO-Crate 1.1); the
tests validate it with the packages of the extra `metadata`, which nothing else needs.
"""

import json
from collections.abc import Iterable, Mapping
from importlib import metadata
from typing import Any
from urllib.parse import quote

from ncmc import paths
from ncmc.results.record import Record

NAME = "ro-crate-metadata.json"
CONTEXT = [
    "https://w3id.org/ro/crate/1.1/context",
    {"resourceUsage": "https://w3id.org/ro/terms/workflow-run#resourceUsage"},
]
CRATE = "https://w3id.org/ro/crate/1.1"
PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
LICENSE = "https://spdx.org/licenses/MIT"
TYPES = {".json": "application/json", ".md": "text/markdown", ".html": "text/html",
         ".csv": "text/csv", ".yaml": "application/yaml", ".svg": "image/svg+xml"}  # fmt: skip

Entity = dict[str, Any]  # of JSON-LD, with its @id


def crate(name: str, records: Iterable[Record], content: Mapping[str, bytes]) -> bytes:
    """The description of an export's files, path -> content, and of the runs of its records.

    Its date is that of the latest record: the same records give the same bytes.
    """
    records = sorted(records, key=lambda record: record.run.id)
    entities: dict[str, Entity] = {}
    actions = [_action(record, content, entities) for record in records]
    files = [
        _entity(
            path,
            "File",
            name=path,
            contentSize=str(len(data)),
            encodingFormat=TYPES.get(path[path.rfind(".") :], "application/octet-stream"),
        )
        for path, data in sorted(content.items())
    ]
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": f"ncmc: {name}",
        "description": f"Records of {len(records)} runs of ncmc, {metadata.metadata('ncmc')['Summary']}",
        "datePublished": max(record.made.at for record in records),
        "license": {"@id": LICENSE},
        "conformsTo": {"@id": PROFILE},
        "hasPart": [{"@id": file["@id"]} for file in files],
        "mentions": [{"@id": action["@id"]} for action in actions],
    }
    graph = [
        _entity(NAME, "CreativeWork", conformsTo={"@id": CRATE}, about={"@id": "./"}),
        root,
        _entity(PROFILE, "CreativeWork", name="Process Run Crate", version="0.5"),
        _entity(LICENSE, "CreativeWork", name="MIT License", description="The licence of ncmc"),
        *files,
        *(entities[key] for key in sorted(entities)),
        *actions,
    ]
    body = {"@context": CONTEXT, "@graph": graph}
    return json.dumps(body, indent=1, ensure_ascii=False).encode() + b"\n"


def _action(record: Record, content: Mapping[str, bytes], entities: dict[str, Entity]) -> Entity:
    """A run: the code as instrument, its inputs, its record; what it names goes into `entities`."""
    run, made = record.run, record.made
    version, commit = made.packages.get("ncmc", "unknown"), made.git.commit or "unknown"
    state = " with uncommitted changes" if made.git.dirty else ""
    software = _entity(
        f"#ncmc-{version}-{commit}{'-dirty' if made.git.dirty else ''}",
        "SoftwareApplication",
        name="ncmc",
        softwareVersion=version,
        identifier=commit,
        description=f"ncmc {version} at commit {commit}{state}",
    )
    entities[software["@id"]] = software

    def properties(values: Mapping[str, Any]) -> list[Entity]:
        """References to what is known of these, an entity each."""
        references = []
        for key, value in values.items():
            if value is not None:
                key_id = f"#{quote(key)}={quote(str(value))}"
                entities[key_id] = _entity(key_id, "PropertyValue", name=key, value=str(value))
                references.append({"@id": key_id})
        return references

    inputs = {
        **run.parts,
        "training images (SHA-256 of their indices)": record.split.sha256,
        "digest of the code": made.code.digests,
    }
    machine = {
        "processor": made.processor or made.hardware.processor,
        "device": made.device,
        "system": made.hardware.system,
        "torch": made.packages.get("torch"),
        "container image": made.image,
        "seconds": round(made.seconds, 1),
    }
    split = f"{run.split_folder}/manifest.json"
    return _entity(
        f"#run/{quote(run.id)}",
        "CreateAction",
        name=made.command,
        description=f"Training or evaluation of {run.id}",
        endTime=made.at.replace("Z", "+00:00"),
        actionStatus="http://schema.org/CompletedActionStatus",
        instrument={"@id": software["@id"]},
        object=[*([{"@id": split}] if split in content else []), *properties(inputs)],
        result={"@id": paths.RUN_RECORD.format(run=run.id)},
        resourceUsage=properties(machine),
    )


def _entity(identifier: str, kind: str, /, **properties: Any) -> Entity:
    return {"@id": identifier, "@type": kind, **properties}
