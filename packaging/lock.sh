#!/bin/sh
# Renew the lock files: every package that `make` installs, with version and hashes, for each system and Python.
#
# usage: packaging/lock.sh        the newest versions that pyproject.toml allows, from the index that pip is set up with
set -eu
cd "$(dirname "$0")/.."
python=$(sh packaging/find_python.sh)
tools=build/lock
[ -x $tools/bin/uv ] || {
    rm -rf $tools
    "$python" -m venv $tools
    $tools/bin/pip install --quiet --disable-pip-version-check uv
}
mkdir -p packaging/requirements
lock() { # NAME [OPTION…]
    name=$1
    shift
    $tools/bin/uv pip compile --quiet --upgrade --universal --python-version 3.12 --group build --generate-hashes \
        --custom-compile-command "make lock" --output-file "packaging/requirements/$name.txt" "$@" pyproject.toml
}
lock dev --extra dev
# The same versions: what the tests have seen is what runs.
lock run --constraint packaging/requirements/dev.txt
