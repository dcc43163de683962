"""Ask PyPI which locked packages have known vulnerabilities, and check that we may ship each licence.

    python packaging/audit.py PIP_AUDIT [FOLDER]        `make audit`: FOLDER is packaging/requirements

Status 0: nothing found. 1: a vulnerability, or a licence that nobody has looked at. 3: the database did not answer.
"""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from iamdesk.components import Component, installed

OURS = re.compile(r"\b(Apache|BSD|ISC|LGPL|MIT|MPL|PSF|Python)\b", re.IGNORECASE)
"""Licences under which an Apache-2.0 program may ship a part. Of several that are offered, one is enough."""


def vulnerabilities(pip_audit: str, requirements: Path) -> list[str] | None:
    """Return a line for each known vulnerability of locked packages; None if the database did not answer."""
    with tempfile.TemporaryDirectory(prefix="iamdesk-") as folder:
        output = Path(folder) / "audit.json"
        words = [pip_audit, "-r", str(requirements), "--disable-pip", "--require-hashes", "--progress-spinner=off"]
        done = subprocess.run(  # noqa: S603 - no shell
            [*words, "--format=json", "--output", str(output)], capture_output=True, text=True, check=False
        )
        try:
            found: dict[str, Any] = json.loads(output.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            # Its status is 1 for a vulnerability and for a database that it cannot reach.
            print(done.stderr.strip().rpartition("\n")[2], file=sys.stderr)
            return None
    return [
        f"{package['name']} {package['version']}: {one['id']}"
        + (f", mended in {', '.join(one['fix_versions'])}" if one["fix_versions"] else ", not mended yet")
        for package in found["dependencies"]
        for one in package.get("vulns", ())
    ]


def unknown_licences(components: tuple[Component, ...]) -> Iterator[str]:
    """Yield a line for each part under a licence that is not one of `OURS`."""
    for one in components:
        if not any(OURS.search(offered) for offered in re.split(r"\bOR\b", one.licence)):
            yield f"{one.name} {one.version}: {one.licence or 'no licence told'}"


def main() -> int:
    """Print what was found."""
    pip_audit = sys.argv[1]
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(__file__).parent / "requirements"
    status = 0
    for requirements in sorted(folder.glob("*.txt")):
        found = vulnerabilities(pip_audit, requirements)
        if found is None:
            print(f"{requirements.name}: not asked, the database did not answer")
            status = status or 3
            continue
        print(f"{requirements.name}: {len(found) or 'no'} known vulnerabilities")
        for line in found:
            print(f"  {line}")
            status = 1
    components = installed()
    odd = list(unknown_licences(components))
    print(f"licences: {len(components)} parts, {len(odd) or 'none'} to look at")
    for line in odd:
        print(f"  {line}")
        status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
