"""What single services do differently, as data. Rules: I.

What each lets outsiders and unsigned callers call: `iamdesk.evaluate.resource_policy_services`.
"""

from collections.abc import Hashable, Mapping

from iamdesk.evaluate.resource_policy_services import facts_of

PASSED_IN_WHILE_ENTERING = frozenset({"tagsession", "setsourceidentity", "setcontext"})
"""sts actions without a call of their own: what is handed over while a role is entered (rules I2, F12)."""

TRUST_ACTIONS = PASSED_IN_WHILE_ENTERING | {"assumerole", "assumerolewithsaml", "assumerolewithwebidentity"}
"""sts actions for which a role's trust policy is the resource policy (rule I2)."""

TRUST_ON_BOTH_SIDES = frozenset({"setsourceidentity"})
"""Those of them that the caller's own policies have to allow, too, in one account (rule I2).

Source: IAM User Guide, "Monitor and control actions taken with assumed roles". Not sts:TagSession: in the example of
"Pass session tags in AWS STS", the trust policy that names the user is enough."""

ACTIONS_DIFFER = frozenset({"iam", "kms", "sts"})
"""Services of which one action is decided by other layers, or refused by other rules, than another on the same
resource (rules I1 to I5, I10). Of every other service, all actions are decided alike, but for what `action_rule_class`
tells."""

GLOBAL_SERVICES: Mapping[str, str] = {
    **dict.fromkeys(("iam", "organizations", "cloudfront", "route53", "account"), "us-east-1"),
    "globalaccelerator": "us-west-2",
}
"""Services with one endpoint for all Regions, and the Region that ``aws:RequestedRegion`` names there (rule J2).

Sources: IAM User Guide, "aws:RequestedRegion"; AWS General Reference, "Service endpoints and quotas"; AWS Global
Accelerator Developer Guide, "Quotas" (all its operations are run in us-west-2). AWS Support has endpoints in several
Regions: it is none of them."""

ABOUT_THE_ACCESS_POINT = frozenset({"tagresource", "untagresource", "listtagsforresource"})
"""S3 actions that take access points and buckets alike and are about the one that they name: one through an access
point is about the bucket behind it (rule I11)."""

TAGS_OF_LOG_GROUPS = frozenset({"tagresource", "untagresource", "listtagsforresource"})
"""Actions of CloudWatch Logs for which policies name a log group by its bare ARN, without ``:*`` behind.

Source: Amazon CloudWatch Logs User Guide, "CloudWatch Logs resources and operations"."""

POSSIBLE_ON_AWS_ROLES: Mapping[str, frozenset[str]] = {
    "/aws-service-role/": frozenset(
        {"passrole", "createservicelinkedrole", "deleteservicelinkedrole", "updateroledescription", "updaterole"}
    ),
    "/aws-reserved/": frozenset({"passrole", "createservicelinkedrole"}),
}
"""Writes that IAM takes even for roles that only AWS changes, by the path of these roles (rule I5)."""


def action_rule_class(service: str, name: str, is_write: bool) -> Hashable:
    """Return what tells an action from others of its service by the rules of single services alone.

    Two actions of one service (names in lower case) for which it is the same, and which act on the same resource types
    and take the same keys, are decided alike wherever the same statements cover them.
    """
    facts = facts_of(service).told_apart_by(name)
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
            return name in ABOUT_THE_ACCESS_POINT, facts
        case "logs":
            return name in TAGS_OF_LOG_GROUPS, facts
        case _:
            return facts
