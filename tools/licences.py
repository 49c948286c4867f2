"""The licences in an SBOM, one line each: `python tools/licences.py sbom.cdx.json`.

Exit code 1 if a package names none: then look at it (KNOWN), before anyone is given the image.
"""

import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

# Packages whose licence the SBOM leaves out, and what their own files say.
NVIDIA = "LicenseRef-NVIDIA-Proprietary"
KNOWN = {
    "antlr4-python3-runtime": "BSD-3-Clause",
    "conda-inject": "MIT",
    "cuda-toolkit": NVIDIA,
    "dvc-http": "Apache-2.0",
    "gto": "Apache-2.0",
    "nvidia-cusparselt-cu13": NVIDIA,
    "pygit2": "GPL-2.0-only, with a linking exception",
    "snakemake-interface-common": "MIT",
    "snakemake-interface-logger-plugins": "MIT",
    "snakemake-interface-report-plugins": "MIT",
    "snakemake-interface-scheduler-plugins": "MIT",
    "snakemake-interface-storage-plugins": "MIT",
    "torchvision": "BSD-3-Clause",
}


def licences(component: dict[str, Any]) -> list[str]:
    """The licences of one package, by SPDX id or expression where it states one."""
    found = []
    for entry in component.get("licenses", []):
        name = entry.get("expression") or entry["license"].get("id") or entry["license"].get("name")
        found.append(" ".join(str(name).split())[:60])
    return found or [KNOWN[component["name"]]] if component["name"] in KNOWN or found else []


def main(path: str) -> int:
    """Print licence and packages. The number to exit with."""
    packages = defaultdict(list)
    for component in json.loads(Path(path).read_text())["components"]:
        for licence in licences(component) or ["(none named)"]:
            packages[licence].append(f"{component['name']} {component.get('version', '')}".strip())
    for licence, names in sorted(packages.items()):
        print(f"{licence}: {', '.join(sorted(set(names)))}")
    return 1 if "(none named)" in packages else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
