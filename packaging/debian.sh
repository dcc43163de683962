#!/bin/sh
# Make a Debian package of the frozen application.
#
# usage: packaging/debian.sh FOLDER OUTPUT.deb     FOLDER: what pyinstaller made (dist/iamdesk)
# The same input gives the same bytes where SOURCE_DATE_EPOCH is set.
set -eu
cd "$(dirname "$0")/.."
frozen=${1:?folder of the frozen application}
deb=${2:?name of the package}
version=$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
architecture=$(dpkg --print-architecture)
tree=build/debian
rm -rf "$tree"

put() { install -D -m "${3:-644}" "$1" "$tree/$2"; } # FILE PLACE [MODE]

mkdir -p "$tree/usr/lib" "$tree/usr/bin" "$tree/DEBIAN"
cp -R "$frozen" "$tree/usr/lib/iamdesk"
ln -s ../lib/iamdesk/iamdesk "$tree/usr/bin/iamdesk"
put packaging/linux/iamdesk.desktop usr/share/applications/iamdesk.desktop
put packaging/linux/io.github.iamdesk.iamdesk.metainfo.xml usr/share/metainfo/io.github.iamdesk.iamdesk.metainfo.xml
put packaging/linux/iamdesk-mime.xml usr/share/mime/packages/iamdesk.xml
mkdir -p "$tree/usr/share/icons"
cp -R build/icons/hicolor "$tree/usr/share/icons/hicolor"
put build/legal/bom.cdx.json usr/share/doc/iamdesk/bom.cdx.json
{
    echo "iamdesk is licensed under the Apache License, Version 2.0: /usr/share/common-licenses/Apache-2.0"
    echo
    cat NOTICE
    echo
    echo "It is shipped with the following:"
    echo
    cat build/legal/licences.txt
} >"$tree/usr/share/doc/iamdesk/copyright"
gzip -9n <CHANGELOG.md >"$tree/usr/share/doc/iamdesk/changelog.gz"
mkdir -p "$tree/usr/share/man/man1"
gzip -9n <build/iamdesk.1 >"$tree/usr/share/man/man1/iamdesk.1.gz"
find "$tree" -type d -exec chmod 755 {} +
find "$tree/usr/share" -type f -exec chmod 644 {} +
find "$tree/usr/lib" -type f -exec chmod 644 {} +
chmod 755 "$tree/usr/lib/iamdesk/iamdesk"

# The libraries that Qt takes from the system: ten, as tried one by one on a Debian without any of them. glibc is what
# the Qt wheel was built for. Names before and after Debian's renaming for 64-bit time.
cat >"$tree/DEBIAN/control" <<CONTROL
Package: iamdesk
Version: $version
Architecture: $architecture
Maintainer: The iamdesk developers <iamdesk@localhost>
Installed-Size: $(du -ks "$tree/usr" | cut -f1)
Depends: libc6 (>= 2.34), libglib2.0-0t64 | libglib2.0-0, libegl1, libgl1, libdbus-1-3, libfontconfig1,
 libxkbcommon-x11-0, libxcb-cursor0, libxcb-icccm4, libxcb-keysyms1, libxcb-shape0
Recommends: fonts-dejavu-core, shared-mime-info, desktop-file-utils
Suggests: openssh-client
Section: admin
Priority: optional
Description: access reviews of AWS accounts, offline and with proof
 iamdesk opens what the AWS CLI prints of an account's users, groups, roles and
 policies, and answers at once whether somebody can do something on some
 resource. It marks the statements that decide, tells what an answer depends
 on, finds what is risky, and keeps reviews with evidence for auditors.
 .
 Nothing leaves the computer: opening a snapshot needs no network.
CONTROL
(cd "$tree" && find usr -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum) >"$tree/DEBIAN/md5sums"
[ -z "${SOURCE_DATE_EPOCH:-}" ] || find "$tree" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
dpkg-deb --root-owner-group -Zxz --build "$tree" "$deb" >/dev/null
rm -rf "$tree"
