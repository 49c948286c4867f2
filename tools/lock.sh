#!/usr/bin/env bash
# Write requirements.lock: every package that ncmc needs at run time, pinned, with hashes and without any
# address. The image is made of it (docs/container.md). Packages for development are left out, but resolved
# together with the others, so that both environments agree.
# usage: tools/lock.sh [--check]
#   --check   change nothing; fail if requirements.lock is out of date
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Resolved in a folder of its own: neither a uv.lock that lies here nor this machine's choice of an index
# may leak into it. `exclude-newer` in pyproject.toml makes the answer the same on every day.
cp pyproject.toml "$work"
env -u UV_INDEX -u UV_DEFAULT_INDEX -u UV_INDEX_URL -u UV_EXTRA_INDEX_URL -u UV_FIND_LINKS \
    uv export --quiet --project "$work" --format requirements-txt --no-default-groups --extra train --no-emit-project \
    --no-header --no-annotate > "$work/requirements.lock"
if grep -nE '://|^-' "$work/requirements.lock"; then
    echo "tools/lock.sh: the lines above name an address or an option: not for a lock" >&2
    exit 1
fi

if [ "${1:-}" = --check ]; then
    cmp -s "$work/requirements.lock" requirements.lock || {
        echo "requirements.lock is out of date with pyproject.toml: run tools/lock.sh" >&2
        exit 1
    }
else
    install -m 644 "$work/requirements.lock" requirements.lock
fi
