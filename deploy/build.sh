#!/bin/sh
# The steps that build the image. The Dockerfile calls them, and so do the tests, which
# run them in a clean directory where there is no Docker.
set -eu
cd "$(dirname "$0")/.."

page() {
    cd frontend
    npm ci --prefer-offline --no-audit --no-fund --loglevel=error
    npm run --silent build
}

packages() {
    # uv installs from the lock file; pyproject.toml names uv's own version.
    uv="$(sed -n 's/^    "\(uv==.*\)",$/\1/p' pyproject.toml)"
    python="${PYTHON:-python3}"
    "$python" -m venv .uv
    .uv/bin/pip install --quiet --disable-pip-version-check "$uv"
    # Compiled now, since the image is read-only when it runs.
    UV_PYTHON_DOWNLOADS=never .uv/bin/uv sync \
        --python "$python" --locked --no-dev --extra s3 --compile-bytecode --quiet
}

case "${1:-}" in
page | packages) "$1" ;;
*)
    echo "Say what to build: page or packages." >&2
    exit 2
    ;;
esac
