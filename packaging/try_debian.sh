#!/bin/sh
# Install a Debian package in a fresh Debian, let it test itself, start its window, remove it again.
#
# usage: packaging/try_debian.sh PACKAGE.deb      as root, with debootstrap; else it is unpacked and tested as it is
set -eu
deb=$(realpath "${1:?the package}")
suite=${SUITE:-trixie}
root=$(mktemp -d)
# What is mounted inside is never walked into, and a status of the cleaning is not the status of the trial.
trap 'umount "$root/proc" 2>/dev/null || :; rm -rf --one-file-system "$root" || :' EXIT
trap 'exit 129' HUP INT TERM

as_it_is() { # WHY
    told="installing it in a fresh Debian ($1); it is unpacked and tested as it is"
    echo "not tried: $told"
    [ -z "${NOT_TRIED:-}" ] || echo "$told" >>"$NOT_TRIED"
    dpkg-deb -x "$deb" "$root/as-it-is"
    "$root/as-it-is/usr/bin/iamdesk" --self-test
    exit
}
[ "$(id -u)" = 0 ] || as_it_is "not root"
command -v debootstrap >/dev/null || as_it_is "no debootstrap"
echo "making a fresh Debian ($suite)"
# Without a network, or in a container that may not make devices, there is none.
debootstrap --variant=minbase "$suite" "$root" >"$root.log" 2>&1 || {
    why=$(tail -n 1 "$root.log")
    rm -f "$root.log"
    as_it_is "debootstrap: $why"
}
rm -f "$root.log"
mount -t proc proc "$root/proc" 2>/dev/null || true
cp "$deb" "$root/iamdesk.deb"
# The way to the registry that this machine takes; which registry, debootstrap has written down.
cp /etc/apt/apt.conf.d/*proxy* "$root/etc/apt/apt.conf.d/" 2>/dev/null || true
cp /etc/resolv.conf "$root/etc/resolv.conf" 2>/dev/null || true
inside() { chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"; }
files() { (cd "$root" && find usr/bin usr/lib/iamdesk usr/share -name '*iamdesk*' 2>/dev/null | sort); }

install() { inside apt-get install -y -qq --no-install-recommends "$@" >"$root/apt.log" 2>&1 || { cat "$root/apt.log" >&2; exit 1; }; }
inside apt-get update -qq -o APT::Sandbox::User=root
before=$(files)
install /iamdesk.deb
echo "installed: $(files | wc -l) files and folders of its name"
inside iamdesk --version
inside iamdesk --self-test
# A real window, on a screen of its own: what is missing for xcb shows here and not offscreen.
install xvfb xauth
inside sh -c 'xvfb-run -a sh -c "QT_QPA_PLATFORM=xcb timeout 10 iamdesk /usr/lib/iamdesk/_internal/iamdesk/resources/samples/acme-prod.json; test \$? = 124"'
echo "the window stood for ten seconds"
inside apt-get remove -y -qq iamdesk >/dev/null 2>&1
[ "$(files)" = "$before" ] || { echo "left behind: $(files)" >&2; exit 1; }
echo "removed without a trace"
