# The image that the workflow runs in: the packages of requirements.lock and the code of one commit.
# It builds and runs unchanged under docker, podman and buildah; Apptainer converts it (docs/container.md).
# For a release, pin the base by digest: --build-arg BASE_IMAGE=python:3.11-slim-bookworm@sha256:...
ARG BASE_IMAGE=python:3.11-slim-bookworm
FROM ${BASE_IMAGE}

# By pip, so that one package index serves the whole build.
ARG UV_VERSION=0.13.9
RUN pip install --no-cache-dir "uv==${UV_VERSION}"

# The image's own Python, no cache in a layer, and bytecode: nothing can be compiled later in an image
# that is mounted read-only, and every training would read torch from source again.
ENV UV_PYTHON_DOWNLOADS=never \
    UV_LINK_MODE=copy \
    UV_NO_CACHE=1 \
    UV_COMPILE_BYTECODE=1

# The one big layer (CUDA comes with torch's wheels, so the host gives only the driver).
# It is made again only when the lock changes.
WORKDIR /opt/app
COPY requirements.lock ./
RUN uv venv /opt/venv \
 && uv pip sync --python /opt/venv/bin/python --require-hashes requirements.lock

# The code: a layer of some hundred kilobytes.
COPY pyproject.toml README.md ./
COPY cli ./cli
COPY ncmc ./ncmc
RUN uv pip install --python /opt/venv/bin/python --no-deps .

# Which commit that was: the records name it. There is no git in the image on purpose: it would name the
# commit of the folder that is mounted, and that is not the code that runs.
ARG NCMC_COMMIT=unknown

# Apptainer takes the environment, but neither USER nor WORKDIR: caches go to /tmp, Python looks for code
# neither in the caller's home nor in the folder it was started in, and nothing writes into the image.
ENV PATH=/opt/venv/bin:$PATH \
    NCMC_COMMIT=${NCMC_COMMIT} \
    HOME=/tmp \
    XDG_CACHE_HOME=/tmp/cache \
    MPLCONFIGDIR=/tmp/matplotlib \
    PYTHONNOUSERSITE=1 \
    PYTHONSAFEPATH=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    GIT_PYTHON_REFRESH=quiet \
    NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility

LABEL org.opencontainers.image.title="ncmc" \
      org.opencontainers.image.description="Neural Collapse To Multiple Centers, re-run" \
      org.opencontainers.image.revision="${NCMC_COMMIT}"

RUN useradd --uid 1000 --no-create-home --home-dir /tmp ncmc
USER ncmc
WORKDIR /project

# `docker run IMAGE train ...` and `apptainer run IMAGE train ...`; Snakemake's `apptainer exec` ignores it.
ENTRYPOINT ["ncmc"]
CMD ["--help"]
