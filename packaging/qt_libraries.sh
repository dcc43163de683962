#!/bin/sh
# See that the system libraries that Qt needs are there; as root on Debian or Ubuntu, install those that are not.
#
# usage: packaging/qt_libraries.sh offscreen|window
# `offscreen` (tests, screenshots) needs fewer than a window. Exit status 1, and one line that names them, when some
# are missing and cannot be installed from here.
set -u
cd "$(dirname "$0")/.."
want=${1:?offscreen or window}

qt=$("${PYTHON:-.venv/bin/python}" -c 'import importlib.util, os; print(os.path.dirname(importlib.util.find_spec("PySide6").origin))')

# Prints the names of the libraries that cannot be found, one a line. PySide6 brings Qt itself and ICU.
missing() {
    objects="$qt/QtWidgets.abi3.so $qt/QtSvg.abi3.so $qt/Qt/plugins/platforms/libqoffscreen.so"
    [ "$want" = offscreen ] || objects="$objects $qt/Qt/plugins/platforms/libqxcb.so"
    # shellcheck disable=SC2086 # a list on purpose
    ldd $objects 2>/dev/null | sed -n 's/^[[:space:]]*\(lib[^ ]*\) => not found.*/\1/p' | sort -u
}

# The Debian package of a library. (Debian 13 and Ubuntu 24.04 renamed libglib2.0-0; apt-get knows the old name.)
package_of() {
    case "$1" in
        libGLX.so.*) echo libgl1 ;;
        libGLdispatch.so.*) echo libglvnd0 ;;
        libgthread-2.0.so.* | libglib-2.0.so.*) echo libglib2.0-0 ;;
        libX11.so.*) echo libx11-6 ;;
        libX11-xcb.so.*) echo libx11-xcb1 ;;
        libstdc++.so.*) echo libstdc++6 ;;
        libz.so.*) echo zlib1g ;;
        *)
            # The rule for the others: libxcb-cursor.so.0 is in libxcb-cursor0, libdbus-1.so.3 in libdbus-1-3.
            stem=$(echo "${1%%.so.*}" | tr 'A-Z_' 'a-z-')
            number=${1##*.so.}
            case "$stem" in *[0-9]) echo "$stem-$number" ;; *) echo "$stem$number" ;; esac
            ;;
    esac
}

lacking=$(missing)
[ -n "$lacking" ] || exit 0
packages=$(for library in $lacking; do package_of "$library"; done | sort -u | tr '\n' ' ')

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "installing system libraries that Qt needs (apt-get): $packages"
    # shellcheck disable=SC2086 # a list on purpose
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages; } \
        >/dev/null </dev/null
    lacking=$(missing)
    [ -n "$lacking" ] || exit 0
fi
echo "Qt cannot start without the system libraries $(echo $lacking)." \
    "On Debian or Ubuntu: sudo apt-get install $packages" >&2
exit 1
