"""Write resources/data/aws-managed-policies.json.xz anew from moto's data: run with the sample environment's Python.

    python packaging/aws_managed_policies.py

The file holds every AWS managed policy by its path and name, with the version in force and when AWS last changed it,
as of the day of AWS's newest change in the data. The same data give the same bytes.
"""

import json
import lzma
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

from moto.iam.aws_managed_policies import aws_managed_policies_data

TARGET = Path(__file__).parent.parent / "resources" / "data" / "aws-managed-policies.json.xz"
FORMAT = "iamdesk-aws-managed-policies/1"


def content(policies: dict[str, dict[str, Any]], source: str) -> dict[str, Any]:
    """Return what the file holds, in an order that does not change from one run to the next."""
    return {
        "format": FORMAT,
        "about": "AWS managed policies: written and published by AWS, listed by what `source` names",
        "source": source,
        "as_of": max(policy["UpdateDate"] for policy in policies.values())[:10],
        "policies": {
            policy["Path"] + name: {
                "version": policy["DefaultVersionId"],
                "created": policy["CreateDate"],
                "updated": policy["UpdateDate"],
                "document": policy["Document"],
            }
            for name, policy in sorted(policies.items())
        },
    }


def main() -> None:
    """Write the file and say what is in it."""
    policies = json.loads(aws_managed_policies_data)
    held = content(policies, f"moto {version('moto')}")
    text = json.dumps(held, ensure_ascii=False, separators=(",", ":")).encode()
    TARGET.write_bytes(lzma.compress(text, preset=9 | lzma.PRESET_EXTREME))
    sys.stdout.write(
        f"{TARGET.name}: {len(policies):,} policies as of {held['as_of']}, {TARGET.stat().st_size:,} bytes\n"
    )


if __name__ == "__main__":
    main()
