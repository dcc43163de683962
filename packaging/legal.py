"""Gather the licences of everything that an installer ships, and a bill of materials (CycloneDX 1.6).

    python packaging/legal.py FOLDER [APPLICATION]    in the environment from which the application is built

Writes ``licences.txt`` (each part with its licence and notices, whole) and ``bom.cdx.json``. Parts are iamdesk, the
packages that it needs (its extra ``collect`` where that is installed) and theirs, Python and, of an APPLICATION that
PyInstaller has made, the libraries of the system that came along. Ends with status 1 where one says nothing of its
licence.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from iamdesk.components import BILL, LICENCES, Component, installed, legal_of

_COPYRIGHT = Path("/usr/share/doc")
_NAMED = re.compile(r"^License:[ \t]*([A-Za-z0-9][A-Za-z0-9.+/, -]{1,60})$", re.MULTILINE)
"""As machine-readable copyright files have it; others begin a sentence there."""


def of_the_system(application: Path) -> Iterator[Component]:
    """Yield the Debian packages from which PyInstaller has taken libraries.

    A library lies in the application under the name that it has in the system; those of a Python package lie in a
    folder of its name.
    """
    packages = {_package_of(path.name) for path in (application / "_internal").glob("*.so*")}
    for name, version in sorted(one for one in packages if one is not None):
        path = _COPYRIGHT / name / "copyright"
        text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
        licences = list(dict.fromkeys(one.strip() for one in _NAMED.findall(text) if len(one.split()) <= 8))
        yield Component(
            name,
            version,
            ", ".join(licences) or ("as told in its copyright file" if text else ""),
            f"pkg:deb/debian/{name}@{version}",
            texts=((str(path), text),) if text else (),
        )


@cache
def _package_of(library: str) -> tuple[str, str] | None:
    found = _dpkg_query("--search", f"*/{library}")
    if not found:
        print(f"{library}: no package of the system has it", file=sys.stderr)
        return None
    name = found.partition(":")[0].partition(",")[0]
    return name, _dpkg_query("--show", "--showformat", "${Version}", name)


def _dpkg_query(*arguments: str) -> str:
    command = ["/usr/bin/dpkg-query", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout  # noqa: S603 - no shell


def main() -> int:
    """Write both."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    components = installed()
    if len(sys.argv) > 2:
        components = (*components, *of_the_system(Path(sys.argv[2])))
    made = legal_of(components)
    (folder / BILL).write_text(made.bill, encoding="utf-8")
    (folder / LICENCES).write_text(made.texts, encoding="utf-8")
    for one in components[1:]:
        print(f"  {one.name} {one.version}: {one.licence or 'no licence told'}")
    return 0 if all(one.licence for one in components) else 1


if __name__ == "__main__":
    sys.exit(main())
