"""Rules of single services, as data. Rules: I.

For actions of external and unsigned callers see `iamdesk.evaluate.resource_policy_services`.
"""

from collections.abc import Hashable, Mapping

from iamdesk.aws.service_reference import ASSUME_ROLE_COMPANIONS
from iamdesk.evaluate.resource_policy_services import facts_of

TRUST_ACTIONS = ASSUME_ROLE_COMPANIONS | {"assumerole", "assumerolewithsaml", "assumerolewithwebidentity"}
"""sts actions for which a role's trust policy is the resource policy (rule I2)."""

TRUST_ON_BOTH_SIDES = frozenset({"setsourceidentity"})
"""Those that the caller's own policies must allow, too, within one account (rule I2).

Source: IAM User Guide, "Monitor and control actions taken with assumed roles". Not sts:TagSession: in the example of
"Pass session tags in AWS STS", the trust policy that names the user is enough."""

SERVICES_WITH_ACTION_RULES = frozenset({"iam", "kms", "sts"})
"""Services in which other policy types or rules apply to one action than to another on the same resource (rules I1 to
I5, I10). In every other service all actions are decided the same way, apart from `action_rule_class`."""

GLOBAL_SERVICES: Mapping[str, str] = {
    **dict.fromkeys(("iam", "organizations", "cloudfront", "route53", "account"), "us-east-1"),
    "globalaccelerator": "us-west-2",
}
"""Services with one endpoint for all Regions, and the value of ``aws:RequestedRegion`` there (rule J2).

Sources: IAM User Guide, "aws:RequestedRegion"; AWS General Reference, "Service endpoints and quotas"; AWS Global
Accelerator Developer Guide, "Quotas" (all its operations are run in us-west-2). AWS Support has endpoints in several
Regions: it is none of them."""

ACCESS_POINT_TAG_ACTIONS = frozenset({"tagresource", "untagresource", "listtagsforresource"})
"""S3 actions on access points and buckets that act on the resource that they name; other actions through an access
point act on its bucket (rule I11)."""

LOG_GROUP_TAG_ACTIONS = frozenset({"tagresource", "untagresource", "listtagsforresource"})
"""Actions of CloudWatch Logs for which policies name a log group by its bare ARN, without ``:*`` at the end.

Source: Amazon CloudWatch Logs User Guide, "CloudWatch Logs resources and operations"."""

_SETTING_BOUNDARY = frozenset({"createrole", "createuser", "putrolepermissionsboundary", "putuserpermissionsboundary"})
"""Actions of IAM with a permissions boundary among their parameters."""
POSSIBLE_ON_AWS_ROLES: Mapping[str, frozenset[str]] = {
    "/aws-service-role/": frozenset(
        {"passrole", "createservicelinkedrole", "deleteservicelinkedrole", "updateroledescription", "updaterole"}
    ),
    "/aws-reserved/": frozenset({"passrole", "createservicelinkedrole"}),
}
"""Write actions that IAM allows even for roles that only AWS changes, by the path of these roles (rule I5)."""


def action_rule_class(service: str, name: str, is_write: bool) -> Hashable:
    """Return what distinguishes an action from others of its service by service-specific rules.

    Two actions of one service (names in lower case) with an equal class, equal resource types and equal keys are
    decided the same way wherever the same statements cover them.
    """
    facts = facts_of(service).decision_class(name)
    match service:
        case "sts":
            return name
        case "iam":
            by_password_policy = name in ("changepassword", "getaccountpasswordpolicy")
            return (
                is_write,
                tuple([name in possible for possible in POSSIBLE_ON_AWS_ROLES.values()]),
                name.startswith(("attach", "detach")),
                by_password_policy,
            )
        case "s3":
            return name in ACCESS_POINT_TAG_ACTIONS, facts
        case "logs":
            return name in LOG_GROUP_TAG_ACTIONS, facts
        case _:
            return facts


def sets_boundary(service: str, name: str) -> bool:
    """Return whether ``iam:PermissionsBoundary`` is a boundary that the request sets; service and name in lower case.

    For all other actions it is the one that the user or role has: IAM User Guide, "IAM and AWS STS condition context
    keys" ("checks that the specified policy is attached as permissions boundary on the IAM principal resource"), and
    "Permissions boundaries for IAM entities", its delegation example, for those that set it.
    """
    return service == "iam" and name in _SETTING_BOUNDARY
