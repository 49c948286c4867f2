#!/usr/bin/env bash
# Write what the image is made of, pinned, with hashes and without any address (docs/container.md):
#   requirements.lock        every package that ncmc needs at run time. Packages for development are left out, but
#                            resolved together with the others, so that both environments agree.
#   requirements-cpu.lock    the same without CUDA: torch as in tools/torch-cpu.lock, no torchvision (only the tests
#                            compare with it, and its build for CUDA does not load beside this torch).
#   requirements-build.lock  uv, and what the wheel of ncmc is built with: tools/build.in
# usage: tools/lock.sh [--check]
#   --check   change nothing; fail if one of them is out of date
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Resolved in a folder of its own: neither a uv.lock that lies here nor this machine's choice of an index
# may leak into it. `exclude-newer` in pyproject.toml makes the answer the same on every day.
cp pyproject.toml "$work"
clean=(env -u UV_INDEX -u UV_DEFAULT_INDEX -u UV_INDEX_URL -u UV_EXTRA_INDEX_URL -u UV_FIND_LINKS)
"${clean[@]}" uv export --quiet --project "$work" --format requirements-txt --no-default-groups --extra train \
    --no-emit-project --no-header --no-annotate > "$work/requirements.lock"

# An entry is a line `name==version` and indented lines of hashes.
cuda='^(cuda-|nvidia-|triton|torch)'
{ awk -v cuda="$cuda" '/^[a-z]/ { keep = $0 !~ cuda } keep' "$work/requirements.lock"
  grep -v '^#' tools/torch-cpu.lock; } > "$work/requirements-cpu.lock"

# Everything in tools/build.in is pinned, so the day only moves what these few need themselves.
"${clean[@]}" uv pip compile --quiet --no-config --generate-hashes --python-version 3.11 --no-header --no-annotate \
    tools/build.in -o "$work/requirements-build.lock"

for lock in requirements.lock requirements-cpu.lock requirements-build.lock; do
    if grep -nE '://|^-' "$work/$lock"; then
        echo "tools/lock.sh: the lines above name an address or an option: not for a lock" >&2
        exit 1
    fi
    if [ "${1:-}" != --check ]; then
        install -m 644 "$work/$lock" "$lock"
    elif ! cmp -s "$work/$lock" "$lock"; then
        echo "$lock is out of date with pyproject.toml: run tools/lock.sh" >&2
        exit 1
    fi
done
