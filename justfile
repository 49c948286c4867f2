# The tasks of a developer; `just` lists them.

default:
    @just --list

# the environment in .venv, compiled once: importing torch from bytecode saves each run seconds
setup:
    uv sync --compile-bytecode
    uv run pre-commit install

# all tests, or those named: just test tests/plan
test *ARGS:
    uv run pytest {{ARGS}}

# those too that a plain run leaves out because they take long
test-all *ARGS:
    uv run pytest -m 'not container and not cluster' {{ARGS}}

# the whole chain on bundled images
smoke:
    uv run snakemake --cores all smoke

# form, types, the order of the rooms, the workflow
lint:
    uv run ruff check
    uv run ruff format --check
    uv run mypy
    uv run lint-imports
    uv run snakefmt --check Snakefile rules workflow
    uv run snakemake --lint

# the documentation, in site/
docs:
    uv run mkdocs build --strict

# after a change of a dependency in pyproject.toml
lock:
    tools/lock.sh

# everything that CI asks
ci:
    .ci/run
