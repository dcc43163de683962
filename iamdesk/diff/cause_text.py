"""The sentences of causes, the same for changes with and without effect."""

from iamdesk.diff.result import Cause, ChangeKind
from iamdesk.diff.snapshot_view import SCP, SnapshotView
from iamdesk.i18n import phrase
from iamdesk.snapshot.organization import OrganizationPolicyType


def short(arn: str) -> str:
    """Return the resource part of an ARN, as its short name."""
    parts = arn.split(":", 5)
    return parts[5] if len(parts) == 6 and parts[5] else arn


def public_access_cause(owner: str, *, is_account: bool) -> Cause:
    """Return the cause for changed Block Public Access settings of a bucket (by its ARN) or an account."""
    sentence = phrase("Block Public Access of {name} or its account changed.", name=short(owner))
    if is_account:
        sentence = phrase("Block Public Access of account {account} changed.", account=owner)
    return Cause(ChangeKind.PUBLIC_ACCESS, owner, sentence=sentence)


def boundary_cause(principal: str, *, had: bool, has: bool) -> Cause:
    """Return the cause for a permissions boundary that was set, removed or replaced."""
    name = short(principal)
    if had and has:
        sentence = phrase("The permissions boundary of {name} was replaced.", name=name)
    elif has:
        sentence = phrase("The permissions boundary of {name} was set.", name=name)
    else:
        sentence = phrase("The permissions boundary of {name} was removed.", name=name)
    return Cause(ChangeKind.BOUNDARY, principal, sentence=sentence)


def text_cause(key: str, name: str, *, is_aws: bool, owner: str) -> Cause:
    """Return the cause for a changed text of a managed or inline policy."""
    if "#inline/" in key:
        sentence = phrase("The inline policy {policy} of {owner} changed.", policy=name, owner=short(owner))
        return Cause(ChangeKind.INLINE_POLICY, key, sentence=sentence)
    if is_aws:
        return Cause(
            ChangeKind.AWS_POLICY, key, sentence=phrase("AWS updated its managed policy {policy}.", policy=name)
        )
    sentence = phrase("The managed policy {policy} has a different default version.", policy=name)
    return Cause(ChangeKind.MANAGED_POLICY, key, sentence=sentence)


def membership_cause(user: str, group: str, *, joined: bool) -> Cause:
    """Return the cause for a user that joined or left a group, by their ARNs."""
    names = {"user": short(user), "group": short(group)}
    sentence = phrase("{user} joined {group}.", **names) if joined else phrase("{user} left {group}.", **names)
    return Cause(ChangeKind.MEMBERSHIP, user, group, sentence, takes_away=not joined)


def attachment_cause(owner: str, key: str, name: str, *, added: bool) -> Cause:
    """Return the cause for a managed or inline policy that was attached to a user, group or role, or removed."""
    if "#inline/" in key:
        names = {"policy": name, "owner": short(owner)}
        sentence = phrase("The inline policy {policy} of {owner} was removed.", **names)
        if added:
            sentence = phrase("The inline policy {policy} of {owner} was added.", **names)
        return Cause(ChangeKind.INLINE_POLICY, key, sentence=sentence, takes_away=not added)
    return Cause(ChangeKind.ATTACHMENT, owner, key, _moved(name, short(owner), added=added), takes_away=not added)


def _moved(policy: str, place: str, *, added: bool) -> str:
    if added:
        return phrase("{policy} was attached to {place}.", policy=policy, place=place)
    return phrase("{policy} was detached from {place}.", policy=policy, place=place)


def place_of(side: SnapshotView, account: str) -> str | None:
    """Return an account's path in its organization; None if it is not known."""
    organization = side.evaluator.organization
    return organization.org_path(account) if organization is not None else None


def is_outside(side: SnapshotView, account: str) -> bool:
    """Return whether an account is known not to belong to the organization: then no policy of it applies."""
    organization = side.evaluator.organization
    return organization is not None and organization.is_outside(account)


def move_cause(account: str, old: SnapshotView, new: SnapshotView) -> Cause:
    """Return the cause for an account that moved, joined or left, or whose place only one snapshot contains."""
    if is_outside(old, account) and place_of(new, account) is not None:
        joined = phrase("Account {account} joined the organization.", account=account)
        return Cause(ChangeKind.MOVE, account, sentence=joined)
    if is_outside(new, account) and place_of(old, account) is not None:
        left = phrase("Account {account} left the organization.", account=account)
        return Cause(ChangeKind.MOVE, account, sentence=left)
    if place_of(old, account) is None or place_of(new, account) is None:
        sentence = phrase(
            "Only the old snapshot contains the organization policies of account {account}.", account=account
        )
        if place_of(old, account) is None:
            sentence = phrase(
                "Only the new snapshot contains the organization policies of account {account}.", account=account
            )
        return Cause(ChangeKind.CAPTURE, account, sentence=sentence)
    sentence = phrase("Account {account} was moved in the organization.", account=account)
    return Cause(ChangeKind.MOVE, account, sentence=sentence)


def organization_text_cause(kind: OrganizationPolicyType, key: str, name: str) -> Cause:
    """Return the cause for a changed text of an organization policy."""
    what = ChangeKind.SCP if kind is SCP else ChangeKind.RCP
    sentence = phrase("The resource control policy {policy} changed.", policy=name)
    if kind is SCP:
        sentence = phrase("The service control policy {policy} changed.", policy=name)
    return Cause(what, key, sentence=sentence)


def organization_attachment_cause(
    kind: OrganizationPolicyType, node: str, key: str, name: str, *, added: bool
) -> Cause:
    """Return the cause for an organization policy that was attached to a root, unit or account, or detached."""
    what = ChangeKind.SCP_ATTACHMENT if kind is SCP else ChangeKind.RCP_ATTACHMENT
    return Cause(what, node, key, _moved(name, node, added=added))


def endpoint_cause(name: str) -> Cause:
    """Return the cause for a changed VPC endpoint or endpoint policy."""
    return Cause(
        ChangeKind.ENDPOINT, name, sentence=phrase("The VPC endpoint {name} or its policy changed.", name=name)
    )


def password_policy_cause(account: str) -> Cause:
    """Return the cause for a changed password policy of an account."""
    sentence = phrase("The password policy of account {account} changed.", account=account)
    return Cause(ChangeKind.PASSWORD_POLICY, account, sentence=sentence)


def settings_cause(arn: str) -> Cause:
    """Return the cause for changed settings of a resource, such as the bucket of an access point."""
    return Cause(ChangeKind.RESOURCE, arn, sentence=phrase("The settings of {name} changed.", name=short(arn)))
