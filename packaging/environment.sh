#!/bin/sh
# Make the virtual environment .venv and install iamdesk into it, editable.
#
# usage: packaging/environment.sh [EXTRA]      EXTRA: dev (what the tests need), sample (what captures the sample)
# An environment that works is kept: only what is missing or differs is installed. What runs iamdesk and its tests is
# installed from packaging/requirements, each file held against its hash (`make lock` renews them); the other extras
# are tools of a release, and come in their newest version.
set -eu
cd "$(dirname "$0")/.."
extra=${1:-}

usable() { [ -x .venv/bin/python ] && .venv/bin/python -c 'import sys, pip; sys.exit(sys.version_info < (3, 12))' 2>/dev/null; }

if ! usable; then
    python=$(sh packaging/find_python.sh)
    echo "making the environment .venv with $python (once; some 400 MB, most of it Qt)"
    rm -rf .venv
    if "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        "$python" -m venv .venv
    else
        "$python" -m virtualenv --quiet .venv
    fi
fi
echo "installing iamdesk${extra:+[$extra]} and what it needs into .venv"
# Quiet, but warnings and errors are shown. No byte-compiling: Python does it for what is used.
install() {
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input --no-compile \
        --root-user-action=ignore "$@"
}
case "$extra" in
"" | dev)
    install --require-hashes --requirement "packaging/requirements/${extra:-run}.txt"
    install --no-deps --no-build-isolation --editable .
    ;;
*) install --editable ".[$extra]" ;;
esac
