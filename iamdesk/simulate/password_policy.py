"""Permissions that an account's password policy gives all its IAM users, without an IAM policy.

Source: IAM API Reference, UpdateAccountPasswordPolicy, ``AllowUsersToChangePassword``: "gives IAM users permissions to
iam:ChangePassword for only their user and to the iam:GetAccountPasswordPolicy action" (rule I16).
"""

from collections.abc import Mapping
from typing import Any

from iamdesk.evaluate.action_resource import Target
from iamdesk.evaluate.policy_set import AttachedPolicy, MissingData, SourceType
from iamdesk.evaluate.principal import Caller, CallerKind
from iamdesk.evaluate.request import PolicyType
from iamdesk.i18n import phrase
from iamdesk.policy.document import parse_document
from iamdesk.snapshot.account_details import AccountFacts


def granted(caller: Caller, target: Target, facts: Mapping[str, AccountFacts]) -> tuple[AttachedPolicy, ...]:
    """Return the permissions of a captured password policy, written as a policy of the user or the account."""
    account, statement = _account_of(caller, target), _statement(target)
    known = facts.get(account) if account is not None else None
    if statement is None or known is None or known.password_policy is None:
        return ()
    if not known.password_policy.allow_users_to_change_password:
        return ()
    document = parse_document({"Version": "2012-10-17", "Statement": [statement]})
    key = f"{account}#password-policy"
    name = phrase("password policy of the account")
    return (AttachedPolicy(PolicyType.RESOURCE, SourceType.RESOURCE, key, key, name, str(account), document),)


def missing_data(caller: Caller, target: Target, facts: Mapping[str, AccountFacts]) -> tuple[MissingData, ...]:
    """Return that the password policy is not captured, where it could allow the caller."""
    if _statement(target) is None or caller.kind is not CallerKind.USER or _account_of(caller, target) is None:
        return ()
    if target.resource is not None and str(target.resource) != caller.arn:
        return ()
    known = facts.get(str(caller.account))
    if known is not None and known.is_password_policy_captured:
        return ()
    message = phrase("The account's password policy is not captured. It may allow users to change their own passwords.")
    return (MissingData("password-policy-missing", message, PolicyType.RESOURCE),)


def _account_of(caller: Caller, target: Target) -> str | None:
    """Return the account of the password policy; that of the target user, which must be the caller's account."""
    account = caller.account if target.resource is None else target.resource.account
    return account if account == caller.account else None


def _statement(target: Target) -> dict[str, Any] | None:
    if target.service != "iam":
        return None
    match target.name, target.resource:
        case "changepassword", resource if resource is not None and resource.resource.startswith("user/"):
            principal: Any = {"AWS": str(resource)}
        case "getaccountpasswordpolicy", None:
            return {
                "Effect": "Allow",
                "Principal": "*",
                "Action": target.action_text,
                "Resource": "*",
                "Condition": {"StringEquals": {"aws:PrincipalType": "User"}},
            }
        case _:
            return None
    return {"Effect": "Allow", "Principal": principal, "Action": target.action_text, "Resource": str(target.resource)}
