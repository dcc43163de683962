#!/bin/sh
# What `make run` does: the window on the sample account; without a display, the same job as files.
set -eu
cd "$(dirname "$0")/.."

# Whether a window can be opened here: Qt itself is asked, since a variable that is set proves nothing.
has_display() {
    [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] || return 1
    case "${QT_QPA_PLATFORM:-}" in offscreen* | minimal* | vnc*) return 1 ;; esac
    sh packaging/qt_libraries.sh window || return 1
    (ulimit -c 0 && timeout 20 .venv/bin/python -c \
        'from PySide6.QtGui import QGuiApplication; QGuiApplication([])') >/dev/null 2>&1
}

if has_display; then
    echo "opening resources/samples/acme-prod.json"
    exec .venv/bin/iamdesk resources/samples/acme-prod.json
fi
echo "There is no display to open a window on: doing the same job without one, as files in build/demo."
sh packaging/qt_libraries.sh offscreen
exec sh packaging/demo.sh
