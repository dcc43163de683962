"""Gather the licences of everything that an installer ships, and a bill of materials (CycloneDX 1.6).

    python packaging/legal.py FOLDER      in the environment from which the application is built

Writes ``licences.txt`` (each package with its licence and notices, whole) and ``bom.cdx.json``. Packages are those
that iamdesk needs, its extra ``collect`` where that is installed, and theirs; what else the environment holds is left
out. Ends with status 1 where a package says nothing of its licence.
"""

import json
import os
import re
import sys
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

_LEGAL = re.compile(r"(licen[sc]e|copying|notice|authors)", re.IGNORECASE)
_EXTRAS = {"iamdesk": ("", "collect")}
# Their metadata say "BSD" or a text: what these are by their own licence files.
_SPDX = {
    "Apache License 2.0": "Apache-2.0",
    "BSD": "BSD-3-Clause",
    "BSD License": "BSD-3-Clause",
    "Dual License": "Apache-2.0 OR BSD-3-Clause",  # python-dateutil
    "ISC License": "ISC",
    "MIT License": "MIT",
}
_TEXTS = Path(__file__).resolve().parent / "licences"
_OF_QT = ("GPL-3.0.txt", "LGPL-3.0.txt")
_QT = """Qt and PySide6 (PySide6_Essentials, shiboken6) are used under the LGPL, version 3, whose text follows with that
of the GPL, version 3, which it refers to. They are shipped as they are published, as libraries of their own beside the
program, which can be replaced by others. Their sources: https://download.qt.io/official_releases/QtForPython/ and
https://download.qt.io/official_releases/qt/."""
_PYTHON = ("https://docs.python.org/3/license.html", "PSF-2.0")


def shipped(name: str = "iamdesk", seen: dict[str, Distribution] | None = None) -> dict[str, Distribution]:
    """Return by name the package and all that it needs, as installed here."""
    seen = {} if seen is None else seen
    key = re.sub(r"[-_.]+", "-", name).lower()
    if key in seen:
        return seen
    seen[key] = distribution(name)
    for text in seen[key].requires or ():
        requirement = Requirement(text)
        extras = _EXTRAS.get(key, ("",))
        if requirement.marker is None or any(requirement.marker.evaluate({"extra": extra}) for extra in extras):
            try:
                shipped(requirement.name, seen)
            except PackageNotFoundError:
                if "collect" not in text:
                    print(f"{name} needs {requirement.name}, which is not installed", file=sys.stderr)
    return seen


def licence_of(package: Distribution) -> str:
    """Return a package's licence as an SPDX expression, or in its own words; empty where it says nothing."""
    metadata = package.metadata
    said = str(metadata.get("License-Expression") or "")
    if not said:
        named = [
            one.rpartition(" :: ")[2] for one in metadata.get_all("Classifier") or () if one.startswith("License ::")
        ]
        said = str(metadata.get("License") or "").splitlines()[0] if metadata.get("License") else ""
        said = said if 0 < len(said) < 60 else " AND ".join(named)
    return _SPDX.get(said, said)


def texts_of(package: Distribution) -> Iterator[tuple[str, str]]:
    """Yield (file, text) for the licences and notices that a package brings."""
    for file in package.files or ():
        if _LEGAL.search(file.name) and file.suffix in ("", ".txt", ".md", ".rst", ".APACHE", ".BSD"):
            path = Path(str(file.locate()))
            if path.is_file():
                yield str(file), path.read_text(encoding="utf-8", errors="replace")


def bill(packages: dict[str, Distribution]) -> dict[str, object]:
    """Return the bill of materials."""
    own = packages["iamdesk"]
    moment = datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", datetime.now(UTC).timestamp())), UTC)

    def component(package: Distribution, kind: str) -> dict[str, object]:
        name, version = package.metadata["Name"], package.version
        licence = licence_of(package)
        is_expression = re.fullmatch(r"[A-Za-z0-9.+-]+( (AND|OR|WITH) [A-Za-z0-9.+-]+)*", licence) is not None
        return {
            "type": kind,
            "bom-ref": f"pkg:pypi/{name.lower()}@{version}",
            "name": name,
            "version": version,
            "purl": f"pkg:pypi/{name.lower()}@{version}",
            "licenses": [{"expression": licence}] if is_expression else [{"license": {"name": licence or "unknown"}}],
        }

    refs = {key: f"pkg:pypi/{one.metadata['Name'].lower()}@{one.version}" for key, one in packages.items()}
    needs = []
    for key, one in sorted(packages.items()):
        names = {re.sub(r"[-_.]+", "-", Requirement(text).name).lower() for text in one.requires or ()}
        needs.append(
            {"ref": refs[key], "dependsOn": sorted(refs[name] for name in names if name in refs and name != key)}
        )
    content = "\n".join(sorted(refs.values()))
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, content)}",
        "version": 1,
        "metadata": {"timestamp": f"{moment:%Y-%m-%dT%H:%M:%SZ}", "component": component(own, "application")},
        "components": [
            *(component(one, "library") for key, one in sorted(packages.items()) if key != "iamdesk"),
            {
                "type": "platform",
                "bom-ref": f"python@{sys.version.split()[0]}",
                "name": "python",
                "version": sys.version.split()[0],
                "licenses": [{"expression": _PYTHON[1]}],
                "externalReferences": [{"type": "license", "url": _PYTHON[0]}],
            },
        ],
        "dependencies": needs,
    }


def main() -> int:
    """Write both."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    packages = shipped()
    silent = [key for key, one in packages.items() if not licence_of(one)]
    parts = []
    for key, one in sorted(packages.items()):
        head = f"{one.metadata['Name']} {one.version}: {licence_of(one) or 'no licence told'}"
        texts = "\n\n".join(f"--- {name} ---\n{text.strip()}" for name, text in texts_of(one))
        parts.append(f"{'=' * 78}\n{head}\n{'=' * 78}\n\n{texts or '(the package brings no text of it)'}\n")
        if key != "iamdesk":
            print(f"  {head}")
    texts = "\n\n".join((_TEXTS / name).read_text(encoding="utf-8").strip() for name in _OF_QT)
    parts.append(f"{'=' * 78}\nQt\n{'=' * 78}\n\n{_QT}\n\n{texts}\n")
    (folder / "licences.txt").write_text("\n".join(parts), encoding="utf-8")
    (folder / "bom.cdx.json").write_text(json.dumps(bill(packages), indent=2) + "\n", encoding="utf-8")
    for key in silent:
        print(f"{key} says nothing of its licence", file=sys.stderr)
    return 1 if silent else 0


if __name__ == "__main__":
    sys.exit(main())
