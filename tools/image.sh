#!/usr/bin/env bash
# Build the image, and one file of it for Apptainer, from this checkout (docs/container.md).
# usage: tools/image.sh TAG [FILE.sif]
#   BUILDER   the program that builds and its options, by default `docker build`, `podman build` or `buildah bud`
#   ENGINE    the program that saves the image, by default docker or podman
#   A CPU image: BUILDER="docker build --build-arg LOCK=requirements-cpu.lock --build-arg FIND_LINKS=ADDRESS"
set -euo pipefail
cd "$(dirname "$0")/.."
tag=${1:?a name for the image} file=${2:-}

first() { for name; do command -v "${name%% *}" > /dev/null && echo "$name" && return; done; }
builder=${BUILDER:-$(first "docker build" "podman build" "buildah bud")}
engine=${ENGINE:-$(first docker podman)}

commit=$(git describe --always --dirty --abbrev=40 --exclude '*')
version=$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
# shellcheck disable=SC2086  # its options are words
$builder -t "$tag" --build-arg "NCMC_COMMIT=$commit" --build-arg "NCMC_VERSION=$version" .
[ -n "$file" ] || exit 0

# lz4 rather than gzip: larger by a sixth, made in an eighth of the time, and read faster at each job.
archive=$(mktemp -d -p "${TMPDIR:-/tmp}"); trap 'rm -rf "$archive"' EXIT
"$engine" save "$tag" -o "$archive/image.tar"
apptainer build --force --mksquashfs-args "-comp lz4" "$file" "docker-archive:$archive/image.tar"
