"""Write anew what is made from the commands of a bundle: ``make schemas``.

The JSON Schemas of their outputs (and of a review), the tables of the guide's page about bundles, and the policy that
the collector needs.
"""

import json
import re
import shutil
from pathlib import Path

from iamdesk.checks.check_settings import check_settings_schema
from iamdesk.collect.policy import policy_file, policy_text
from iamdesk.export.evidence.schema import review_schema
from iamdesk.notes.model import notes_schema
from iamdesk.snapshot.cli_commands import CALLS
from iamdesk.snapshot.schemas import bundle_schemas

RESOURCES = Path(__file__).resolve().parents[1] / "resources"
PAGE = RESOURCES / "help" / "bundle.md"
_TABLE = re.compile(r"(?<=\|---\|---\|\n)(?:\| `(?:organization|accounts)/.*\n)+")


def main() -> None:
    """Write every file; a schema of what is no longer a command is removed."""
    shutil.rmtree(RESOURCES / "schemas", ignore_errors=True)
    own = {"review.json": review_schema(), "check-settings.json": check_settings_schema(), "notes.json": notes_schema()}
    for path, schema in {**bundle_schemas(), **own}.items():
        file = RESOURCES / "schemas" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(schema, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    policy_file().write_text(policy_text(), encoding="utf-8")


def page(text: str) -> str:
    """Return the page with its tables filled anew: each has the files and commands of one kind of data."""
    kinds = {call.path: call.kind for call in CALLS.values()}

    def filled(table: re.Match[str]) -> str:
        [kind] = {kinds[path] for path in re.findall(r"^\| `(.*?)`", table[0], re.MULTILINE) if path in kinds}
        calls = (call for call in CALLS.values() if call.kind is kind)
        return "".join(f"| `{call.path}` | `{call.command_line}` |\n" for call in calls)

    return _TABLE.sub(filled, text)


if __name__ == "__main__":
    main()
