#!/usr/bin/env bash
# What is in an image: its Python packages with their versions and licences, as CycloneDX 1.6 (JSON). The tool runs in a throw-away container of that image and lies outside its environment.
# usage: tools/sbom.sh IMAGE > sbom.cdx.json
#   ENGINE     docker or podman (the first that is there)
#   RUN_ARGS   more options for its `run`: mounts for a certificate or a mirror
set -euo pipefail
image=${1:?an image}
engine=${ENGINE:-$(command -v docker > /dev/null && echo docker || echo podman)}
# shellcheck disable=SC2086  # options are words
"$engine" run --rm --tmpfs /tmp:exec ${RUN_ARGS:-} --entrypoint sh "$image" -c '
    python=/opt/venv/bin/python
    uv venv --quiet --python "$python" /tmp/tool &&
    uv pip install --quiet --python /tmp/tool/bin/python cyclonedx-bom==7.5.0 &&
    /tmp/tool/bin/cyclonedx-py environment --output-reproducible --spec-version 1.6 --output-format JSON "$python"'
