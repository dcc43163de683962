"""Least-privilege IAM policy for ``iamdesk collect``, generated from its calls.

``resources/policies/iamdesk-collect.json`` contains the result of `policy_text`; a test compares them.
"""

import json
from pathlib import Path
from typing import Any

from iamdesk.collect.call_specs import STEPS
from iamdesk.resource_files import resources

_REGIONS = "ec2:DescribeRegions"
"""A call whose output is not stored. (``sts:GetCallerIdentity`` needs no permission.)"""


def policy_file() -> Path:
    """Return the path of the shipped policy."""
    return resources() / "policies" / "iamdesk-collect.json"


def policy_text() -> str:
    """Return the policy as JSON text with a final line break."""
    return json.dumps(least_privilege(), indent=2) + "\n"


def least_privilege() -> dict[str, Any]:
    """Return a policy that allows exactly the calls of the table.

    Most are List and Describe actions, which do not support resource-level permissions. An action that reads more than
    its call, such as ``apigateway:GET``, is limited to what the call reads.
    """
    actions = {_REGIONS}
    limited: dict[str, set[str]] = {}
    for step in STEPS:
        if step.resources:
            for action in step.actions:
                limited.setdefault(action, set()).update(step.resources)
        else:
            actions.update(step.actions)
    statements: list[dict[str, Any]] = [
        {"Sid": "IamdeskCollect", "Effect": "Allow", "Action": sorted(actions), "Resource": "*"}
    ]
    for action, resources_of_action in sorted(limited.items()):
        sid = f"IamdeskCollect{action.partition(':')[0].title()}"
        statements.append({"Sid": sid, "Effect": "Allow", "Action": action, "Resource": sorted(resources_of_action)})
    return {"Version": "2012-10-17", "Statement": statements}
