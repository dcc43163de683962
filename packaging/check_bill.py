"""Hold a bill of materials against the schema that CycloneDX publishes; status 1 where it does not fit.

python packaging/check_bill.py bom.cdx.json     needs cyclonedx-python-lib[json-validation], which carries the schema
"""

import json
import sys
from pathlib import Path

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator


def troubles(text: str) -> str:
    """Return what is wrong with a bill in JSON; empty where nothing is."""
    version = SchemaVersion.from_version(json.loads(text)["specVersion"])
    found = JsonStrictValidator(version).validate_str(text)
    return "" if found is None else repr(found)


if __name__ == "__main__":
    wrong = troubles(Path(sys.argv[1]).read_text(encoding="utf-8"))
    print(wrong or f"{sys.argv[1]} is as CycloneDX has it")
    sys.exit(bool(wrong))
