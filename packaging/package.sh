#!/bin/sh
# Make and try everything that can be installed, into dist: wheel, source distribution, application folder, Debian
# package. `make package`; what other systems need is told in packaging/README.md. With TRY=no nothing is tried: for
# packaging/compare_builds.sh.
set -eu
cd "$(dirname "$0")/.."
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH PYTHONHASHSEED=0 QT_QPA_PLATFORM=offscreen
python=$(sh packaging/find_python.sh)
rm -rf dist build/package build/legal build/icons build/pyinstaller
mkdir -p dist build/package
try=${TRY:-yes}
say() { printf '\n== %s\n' "$1"; }
# What this machine cannot try is said where it would be, and once more at the end.
NOT_TRIED="$PWD/build/package/not-tried"
export NOT_TRIED
: >"$NOT_TRIED"
not_tried() { echo "not tried: $1" && echo "$1" >>"$NOT_TRIED"; }

say "wheel and source distribution"
"$python" -m venv build/package/tools
build/package/tools/bin/pip install --quiet --disable-pip-version-check build twine 'cyclonedx-python-lib[json-validation]'
build/package/tools/bin/python -m build --outdir dist >/dev/null
build/package/tools/bin/twine check --strict dist/*.whl dist/*.tar.gz

say "the wheel in an empty environment"
"$python" -m venv build/package/venv
build/package/venv/bin/pip install --quiet --disable-pip-version-check --no-compile "$(echo dist/*.whl)[collect]"
if [ "$try" = yes ]; then
    PYTHON=build/package/venv/bin/python sh packaging/qt_libraries.sh window
    build/package/venv/bin/iamdesk --self-test
fi

say "what it is made from"
build/package/venv/bin/pip install --quiet --disable-pip-version-check pyinstaller
build/package/venv/bin/python packaging/icons.py build/icons
build/package/venv/bin/python packaging/man_page.py >build/iamdesk.1

say "the application as a folder"
# Its cache stays here: by itself it keeps one in the home of whoever builds.
PYINSTALLER_CONFIG_DIR="$PWD/build/package/pyinstaller" build/package/venv/bin/pyinstaller --noconfirm --log-level ERROR --distpath dist --workpath build/pyinstaller \
    packaging/iamdesk.spec

say "licences of what is shipped, the system's libraries among it"
build/package/venv/bin/python packaging/legal.py build/legal dist/iamdesk
build/package/tools/bin/python packaging/check_bill.py build/legal/bom.cdx.json
cp -R build/legal dist/iamdesk/_internal/legal
if [ "$try" = yes ]; then
    say "the application, tried"
    dist/iamdesk/iamdesk --self-test
    if command -v Xvfb >/dev/null; then
        build/package/venv/bin/python tests/benchmarks/bench_start.py 5 --program "$PWD/dist/iamdesk/iamdesk"
    else
        not_tried "how fast its window opens (no Xvfb)"
    fi
else
    not_tried "wheel and application (TRY=$try)"
fi

version=$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" -C dist -cJf \
    "dist/iamdesk-$version-linux-$(uname -m).tar.xz" iamdesk

if command -v dpkg-deb >/dev/null; then
    say "the Debian package"
    deb="dist/iamdesk_${version}_$(dpkg --print-architecture).deb"
    sh packaging/debian.sh dist/iamdesk "$deb"
    # Nobody has published it yet: there is no home page to name.
    if command -v appstreamcli >/dev/null; then
        appstreamcli validate --no-net --override=url-homepage-missing=info packaging/linux/*.metainfo.xml
    else
        not_tried "its metadata (no appstreamcli)"
    fi
    if command -v desktop-file-validate >/dev/null; then
        desktop-file-validate packaging/linux/iamdesk.desktop
    else
        not_tried "its menu entry (no desktop-file-validate)"
    fi
    if [ "$try" = yes ]; then sh packaging/try_debian.sh "$deb"; else not_tried "the Debian package (TRY=$try)"; fi
else
    not_tried "a Debian package: none is made (no dpkg-deb)"
fi

say "what was made"
du -sh dist/* | sort -k2
du -sh dist/iamdesk/_internal/* | sort -rh | head -n 8
# Not by pattern: one that matches nothing would end all of it with status 1.
(cd dist && find . -maxdepth 1 -type f -exec sha256sum {} + | sort -k2)
if [ -s "$NOT_TRIED" ]; then
    say "what was not tried here"
    cat "$NOT_TRIED"
fi
