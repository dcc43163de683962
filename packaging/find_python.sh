#!/bin/sh
# Print the path of a Python that can run iamdesk: 3.12 or newer, with what it takes to make a virtual environment.
#
# Candidates are tried by running them: a name on the PATH proves nothing (version managers leave shims that fail).
# PYTHON=/path/to/python, when set, is the only candidate. Exit status 1, and one line on standard error, when none fits.
set -u

# Prints "PATH VERSION VENV" for a candidate that is new enough; VENV is yes where `python -m venv` will work.
probe() {
    "$1" - 2>/dev/null <<'EOF'
import sys
if sys.version_info < (3, 12):
    sys.exit(1)
try:
    import ensurepip, venv
    has_venv = "yes"
except ImportError:
    has_venv = "no"
print(sys.executable, "%d.%d" % sys.version_info[:2], has_venv)
EOF
}

new_enough=""
for candidate in ${PYTHON:-python3.14 python3.13 python3.12 python3 /usr/bin/python3 /usr/local/bin/python3}; do
    found=$(probe "$candidate") || continue
    # shellcheck disable=SC2086 # three words on purpose
    set -- $found
    [ $# -eq 3 ] || continue
    if [ "$3" = yes ]; then
        echo "$1"
        exit 0
    fi
    [ -n "$new_enough" ] || new_enough="$1 $2"
done

if [ -z "$new_enough" ]; then
    echo "iamdesk needs Python 3.12 or newer: none of ${PYTHON:-python3.14, python3.13, python3.12, python3} is one." \
        "Install one, or name it: make PYTHON=/path/to/python3.12" >&2
    exit 1
fi

# Debian and Ubuntu keep venv in a package of its own. Without it, virtualenv does the same work.
path=${new_enough% *}
version=${new_enough#* }
if "$path" -m virtualenv --version >/dev/null 2>&1; then
    echo "$path"
    exit 0
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "installing python$version-venv (apt-get)" >&2
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        "python$version-venv"; } >/dev/null </dev/null
    case "$(probe "$path")" in *yes) echo "$path"; exit 0 ;; esac
fi
echo "Python $version cannot make a virtual environment: install the package python$version-venv" \
    "(Debian, Ubuntu: sudo apt-get install python$version-venv)." >&2
exit 1
