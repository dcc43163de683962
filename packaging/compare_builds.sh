#!/bin/sh
# Make everything twice from the last commit, in two folders and two environments, and list what differs.
#
# usage: packaging/compare_builds.sh [FOLDER]      FOLDER: where the two are made; a temporary one without it
# The Debian chroot and the self-tests are left out. Exit status 1 where something differs.
set -eu
cd "$(dirname "$0")/.."
place=${1:-}
if [ -z "$place" ]; then
    place=$(mktemp -d)
    trap 'rm -rf "$place"' EXIT
    trap 'exit 129' HUP INT TERM
fi
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH TRY=no
for number in 1 2; do
    git clone --quiet --no-hardlinks . "$place/build-$number"
    sh "$place/build-$number/packaging/package.sh" >"$place/build-$number.log" 2>&1 || {
        tail -n 20 "$place/build-$number.log" >&2
        exit 1
    }
    rm -rf "$place/build-$number/build"
done
"$(sh packaging/find_python.sh)" packaging/differences.py "$place/build-1/dist" "$place/build-2/dist"
