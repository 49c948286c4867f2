# The image that the workflow runs in: the packages of a lock and the code of one commit.
# It builds and runs unchanged under docker, podman and buildah; Apptainer converts it (docs/container.md).
ARG BASE_IMAGE=python:3.11-slim-bookworm@sha256:a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b
FROM ${BASE_IMAGE}

# What builds: uv, and the backend that the project's own wheel is made with. By pip, so that one package index
# serves the whole build.
WORKDIR /opt/app
COPY requirements-build.lock ./
RUN pip install --no-cache-dir --no-compile --require-hashes -r requirements-build.lock

# The image's own Python, no cache in a layer, and bytecode: nothing can be compiled later in an image
# that is mounted read-only, and every training would read torch from source again.
ENV UV_PYTHON_DOWNLOADS=never \
    UV_LINK_MODE=copy \
    UV_NO_CACHE=1 \
    UV_COMPILE_BYTECODE=1

# The one big layer: CUDA comes with torch's wheels, so the host gives only the driver. It is made again only when
# the lock changes. LOCK=requirements-cpu.lock leaves CUDA out; FIND_LINKS says where torch's wheels for it lie.
ARG LOCK=requirements.lock
ARG FIND_LINKS=
COPY ${LOCK} ./
RUN uv venv /opt/venv \
 && uv pip sync --python /opt/venv/bin/python --require-hashes ${FIND_LINKS:+--find-links "${FIND_LINKS}"} "${LOCK}"

# The code: a layer of some hundred kilobytes. Its wheel is built by the packages above and nothing newer.
COPY pyproject.toml README.md LICENSE ./
COPY cli ./cli
COPY papers ./papers
COPY ncmc ./ncmc
RUN python -m hatchling build --target wheel --directory /tmp/wheel \
 && uv pip install --python /opt/venv/bin/python --no-deps /tmp/wheel/*.whl \
 && rm -rf /tmp/*

# Apptainer takes the environment, but neither USER nor WORKDIR: caches go to /tmp, Python looks for code
# neither in the caller's home nor in the folder it was started in, and nothing writes into the image.
ENV PATH=/opt/venv/bin:$PATH \
    HOME=/tmp \
    XDG_CACHE_HOME=/tmp/cache \
    MPLCONFIGDIR=/tmp/matplotlib \
    PYTHONNOUSERSITE=1 \
    PYTHONSAFEPATH=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    GIT_PYTHON_REFRESH=quiet \
    NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility

RUN useradd --uid 1000 --no-create-home --home-dir /tmp ncmc
USER ncmc
WORKDIR /project

# `docker run IMAGE train ...` and `apptainer run IMAGE train ...`; Snakemake's `apptainer exec` ignores it.
ENTRYPOINT ["ncmc"]
CMD ["--help"]
# Only docker looks at it (a container that trains for hours); it needs a checkout in /project, as all else does.
HEALTHCHECK --interval=5m --timeout=1m --start-period=1m CMD ["ncmc", "doctor"]

# Which commit that was: the records name it. There is no git in the image on purpose: it would name the
# commit of the folder that is mounted, and that is not the code that runs. Last, so that all above is kept.
ARG NCMC_COMMIT=unknown
ARG NCMC_VERSION=unknown
ENV NCMC_COMMIT=${NCMC_COMMIT}
LABEL org.opencontainers.image.title="ncmc" \
      org.opencontainers.image.description="Reproducibility harness of 'Neural Collapse To Multiple Centers For Imbalanced Data'" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${NCMC_VERSION}" \
      org.opencontainers.image.revision="${NCMC_COMMIT}"
