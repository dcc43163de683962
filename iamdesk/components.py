"""The components of iamdesk: packages with licences, bill of materials (CycloneDX 1.6), all licence texts.

A bundle contains both as files (``packaging/legal.py`` writes them at build time); otherwise they are made from the
installed packages.
"""

import json
import os
import re
import sys
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from iamdesk.resource_files import resources

BILL, LICENCES = "bom.cdx.json", "licences.txt"
"""Names of the files in a bundle."""
_RULE = "=" * 78
_LEGAL = re.compile(r"(licen[sc]e|copying|notice|authors)", re.IGNORECASE)
_OPTIONAL = re.compile(r"\bextra\s*==\s*['\"](?!collect['\"])")
# Their metadata say "BSD" or a text: these follow from their licence files.
_SPDX = {
    "Apache License 2.0": "Apache-2.0",
    "BSD": "BSD-3-Clause",
    "BSD License": "BSD-3-Clause",
    "Dual License": "Apache-2.0 OR BSD-3-Clause",  # python-dateutil
    "ISC License": "ISC",
    "MIT License": "MIT",
}
_QT = """Qt and PySide6 (PySide6_Essentials, shiboken6) are used under the LGPL, version 3, whose text follows with that
of the GPL, version 3, which it refers to. They are shipped as they are published, as libraries of their own beside the
program, which can be replaced by others. Their sources: https://download.qt.io/official_releases/QtForPython/ and
https://download.qt.io/official_releases/qt/."""


@dataclass(frozen=True, slots=True)
class Component:
    """One component, of iamdesk or of others."""

    name: str
    version: str
    licence: str
    """SPDX expression, or the package's own words; empty where it gives none."""
    purl: str
    """Package URL."""
    kind: str = "library"
    """``application``, ``library`` or ``platform``, as in CycloneDX."""
    texts: tuple[tuple[str, str], ...] = ()
    """(File, text) of licences and notices."""
    needs: tuple[str, ...] = ()
    """Package URLs."""


@dataclass(frozen=True, slots=True)
class Legal:
    """Bill of materials and licence texts."""

    bill: str
    """JSON."""
    texts: str

    def rows(self) -> tuple[tuple[str, str, str], ...]:
        """Return name, version and licence of every component, iamdesk first."""
        held = json.loads(self.bill)
        return tuple(_row(one) for one in (held["metadata"]["component"], *held["components"]))

    def place(self, name: str, version: str) -> int:
        """Return the position of a component's texts; -1 where they are missing."""
        return self.texts.find(f"{_RULE}\n{name} {version}: ")


def legal() -> Legal:
    """Return the files of a bundle, or those made from the installed packages."""
    shipped = Path(getattr(sys, "_MEIPASS", "")) / "legal"  # where a bundle is unpacked
    if hasattr(sys, "_MEIPASS") and (shipped / BILL).is_file():
        return Legal((shipped / BILL).read_text(encoding="utf-8"), (shipped / LICENCES).read_text(encoding="utf-8"))
    return legal_of(installed())


def legal_of(components: Sequence[Component]) -> Legal:
    """Return bill and texts of components, iamdesk first."""
    return Legal(json.dumps(_bill(components), indent=2, ensure_ascii=False) + "\n", _texts(components))


def installed() -> tuple[Component, ...]:
    """Return iamdesk, its dependencies (those of the extra ``collect`` if installed), and Python."""
    found = _needed("iamdesk", {})
    refs = {key: _purl(one) for key, one in found.items()}
    made = {key: _component(one, key, refs) for key, one in found.items()}
    version = sys.version.split()[0]
    python = Component("python", version, "PSF-2.0", f"pkg:generic/python@{version}", "platform", tuple(_of_python()))
    return (made.pop("iamdesk"), *(made[key] for key in sorted(made)), python)


def _needed(name: str, seen: dict[str, Distribution]) -> dict[str, Distribution]:
    key = _key(name)
    if key not in seen:
        try:
            seen[key] = distribution(name)
        except PackageNotFoundError:  # for another system or Python version, or an extra that is not installed
            return seen
        for text in seen[key].requires or ():
            if not _OPTIONAL.search(text):
                _needed(_name_in(text), seen)
    return seen


def _component(package: Distribution, key: str, refs: dict[str, str]) -> Component:
    names = {_key(_name_in(text)) for text in package.requires or () if not _OPTIONAL.search(text)}
    return Component(
        package.metadata["Name"],
        package.version,
        _licence_of(package),
        refs[key],
        "application" if key == "iamdesk" else "library",
        tuple(_texts_of(package)),
        tuple(sorted(refs[name] for name in names if name in refs and name != key)),
    )


def _key(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _name_in(requirement: str) -> str:
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    return found[0] if found else ""


def _purl(package: Distribution) -> str:
    return f"pkg:pypi/{_key(package.metadata['Name'])}@{package.version}"


def _licence_of(package: Distribution) -> str:
    metadata = package.metadata
    license_text = str(metadata.get("License-Expression") or "")
    if not license_text:
        named = [
            one.rpartition(" :: ")[2] for one in metadata.get_all("Classifier") or () if one.startswith("License ::")
        ]
        license_text = str(metadata.get("License") or "").splitlines()[0] if metadata.get("License") else ""
        license_text = license_text if 0 < len(license_text) < 60 else " AND ".join(named)
    return _SPDX.get(license_text, license_text)


def _texts_of(package: Distribution) -> Iterator[tuple[str, str]]:
    for file in package.files or ():
        if _LEGAL.search(file.name) and file.suffix in ("", ".txt", ".md", ".rst", ".APACHE", ".BSD"):
            path = Path(str(file.locate()))
            if path.is_file():
                yield str(file), path.read_text(encoding="utf-8", errors="replace")


def _of_python() -> Iterator[tuple[str, str]]:
    """Yield Python's licence, from where its installer puts it."""
    places = (Path(sys.base_prefix) / "LICENSE.txt", Path(os.__file__).parent / "LICENSE.txt")
    for path in places:
        if path.is_file():
            yield path.name, path.read_text(encoding="utf-8", errors="replace")
            return
    yield "LICENSE", "https://docs.python.org/3/license.html"


def _bill(components: Sequence[Component]) -> dict[str, Any]:
    own, *others = components
    moment = datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", datetime.now(UTC).timestamp())), UTC)
    refs = sorted(one.purl for one in components)
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, chr(10).join(refs))}",
        "version": 1,
        "metadata": {"timestamp": f"{moment:%Y-%m-%dT%H:%M:%SZ}", "component": _entry(own)},
        "components": [_entry(one) for one in others],
        "dependencies": [{"ref": one.purl, "dependsOn": list(one.needs)} for one in components],
    }


def _entry(one: Component) -> dict[str, Any]:
    is_expression = re.fullmatch(r"[A-Za-z0-9.+-]+( (AND|OR|WITH) [A-Za-z0-9.+-]+)*", one.licence) is not None
    licence = {"expression": one.licence} if is_expression else {"license": {"name": one.licence or "unknown"}}
    return {
        "type": one.kind,
        "bom-ref": one.purl,
        "name": one.name,
        "version": one.version,
        "purl": one.purl,
        "licenses": [licence],
    }


def _row(entry: dict[str, Any]) -> tuple[str, str, str]:
    licence = entry["licenses"][0]
    return entry["name"], entry["version"], licence.get("expression") or licence["license"]["name"]


def _texts(components: Iterable[Component]) -> str:
    parts = [_part(f"{one.name} {one.version}: {one.licence or 'no licence given'}", one.texts) for one in components]
    of_qt = tuple((name, (resources() / "licences" / name).read_text(encoding="utf-8")) for name in _QT_TEXTS)
    return "\n".join([*parts, _part("Qt", (("how it is used", _QT), *of_qt))])


def _part(head: str, texts: Iterable[tuple[str, str]]) -> str:
    content = "\n\n".join(f"--- {name} ---\n{text.strip()}" for name, text in texts)
    return f"{_RULE}\n{head}\n{_RULE}\n\n{content or '(the package contains no licence text)'}\n"


_QT_TEXTS = ("LGPL-3.0.txt", "GPL-3.0.txt")
