"""The least that ``iamdesk collect`` needs, as an IAM policy made from the table of its calls.

``resources/policies/iamdesk-collect.json`` holds what `policy_text` returns; a test keeps the two alike.
"""

import json
from pathlib import Path
from typing import Any

from iamdesk.collect.call_specs import STEPS
from iamdesk.resource_files import resources

_REGIONS = "ec2:DescribeRegions"
"""Which Regions are enabled is asked too, but kept in no file. (``sts:GetCallerIdentity`` needs no permission.)"""


def policy_file() -> Path:
    """Return where the policy stands among the shipped files."""
    return resources() / "policies" / "iamdesk-collect.json"


def policy_text() -> str:
    """Return the policy as it ships: JSON, with a line break at its end."""
    return json.dumps(least_privilege(), indent=2) + "\n"


def least_privilege() -> dict[str, Any]:
    """Return a policy that allows the calls of the table and nothing else.

    Most of them list or describe, for which AWS takes no narrower resource than ``*``.
    """
    actions = sorted({_REGIONS, *(action for step in STEPS for action in step.actions)})
    return {
        "Version": "2012-10-17",
        "Statement": [{"Sid": "IamdeskCollect", "Effect": "Allow", "Action": actions, "Resource": "*"}],
    }
