"""Roles that tools of AWS create and maintain: who changes or deletes one by hand breaks the tool."""

from iamdesk.i18n import mark

ORGANIZATIONS = mark("OrganizationAccountAccessRole of AWS Organizations")
QUICK_SETUP = mark("roles of AWS Quick Setup")
STACK_SETS = mark("roles of AWS CloudFormation StackSets")
CONTROL_TOWER = mark("roles of AWS Control Tower")

_ORIGINS = (
    ("aws-service-role/", mark("service-linked roles")),
    ("aws-reserved/", mark("roles of IAM Identity Center")),
    ("OrganizationAccountAccessRole", ORGANIZATIONS),
    ("AWS-QuickSetup-", QUICK_SETUP),
    ("AWSControlTower", CONTROL_TOWER),
    ("aws-controltower-", CONTROL_TOWER),
    ("stacksets-exec-", STACK_SETS),
    ("AWSCloudFormationStackSet", STACK_SETS),
)
"""Beginnings of role names (for the first two, of paths) that tools of AWS use, and the name of the tool's roles.

Sources: AWS Organizations User Guide, "Accessing member accounts"; AWS Systems Manager User Guide, "Quick Setup";
AWS Control Tower User Guide, "How AWS Control Tower works with roles"; AWS CloudFormation User Guide, "Grant
self-managed permissions" and "StackSets and AWS Organizations"; IAM Identity Center User Guide, "Permission sets".
"""


def origin_of(subject_key: str) -> str:
    """Return the tool of AWS that created a role, by the role's path and name; empty if none did.

    A key of an inline or trust policy counts as its role.
    """
    resource = subject_key.partition("#")[0].partition(":role/")[2]
    if not resource:
        return ""
    name = resource.rpartition("/")[2]
    for beginning, origin in _ORIGINS:
        if (resource if beginning.endswith("/") else name).startswith(beginning):
            return origin
    return ""
