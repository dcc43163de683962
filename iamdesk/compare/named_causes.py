"""Changes by name: what brought an effect about, and what is merely written otherwise, in the same words."""

from iamdesk.compare.shapes import Cause, ChangeKind
from iamdesk.compare.side import SCP, Side
from iamdesk.snapshot.organization import OrganizationPolicyType


def short(arn: str) -> str:
    """Return the part of an ARN that people call it by."""
    parts = arn.split(":", 5)
    return parts[5] if len(parts) == 6 and parts[5] else arn


def boundary_cause(principal: str, *, had: bool, has: bool) -> Cause:
    """Return that a principal's permissions boundary was set, removed or replaced by another one."""
    what = "replaced" if had and has else "set" if has else "removed"
    return Cause(ChangeKind.BOUNDARY, principal, sentence=f"The permissions boundary of {short(principal)} was {what}.")


def text_cause(key: str, name: str, *, is_aws: bool, owner: str) -> Cause:
    """Return that the text of a managed or inline policy changed."""
    if "#inline/" in key:
        sentence = f"The inline policy {name} of {short(owner)} changed."
        return Cause(ChangeKind.INLINE_POLICY, key, sentence=sentence)
    if is_aws:
        return Cause(ChangeKind.AWS_POLICY, key, sentence=f"AWS updated its managed policy {name}.")
    return Cause(ChangeKind.MANAGED_POLICY, key, sentence=f"The managed policy {name} has another version in force.")


def membership_cause(user: str, group: str, *, joined: bool) -> Cause:
    """Return that a user joined or left a group, by their ARNs."""
    sentence = f"{short(user)} {'joined' if joined else 'left'} {short(group)}."
    return Cause(ChangeKind.MEMBERSHIP, user, group, sentence)


def attachment_cause(owner: str, key: str, name: str, *, added: bool) -> Cause:
    """Return that a policy was attached to (or written into) a user, group or role, or taken away."""
    if "#inline/" in key:
        sentence = f"The inline policy {name} of {short(owner)} was {'added' if added else 'removed'}."
        return Cause(ChangeKind.INLINE_POLICY, key, sentence=sentence)
    sentence = f"{name} was {'attached to' if added else 'detached from'} {short(owner)}."
    return Cause(ChangeKind.ATTACHMENT, owner, key, sentence)


def place_of(side: Side, account: str) -> str | None:
    """Return where an account stands in its organization; None where that is not known."""
    organization = side.evaluator.organization
    return organization.org_path(account) if organization is not None else None


def move_cause(account: str, old: Side, new: Side) -> Cause:
    """Return that an account stands elsewhere in the organization, or that only one snapshot tells where."""
    if place_of(old, account) is None or place_of(new, account) is None:
        which = "new" if place_of(old, account) is None else "old"
        sentence = f"Only the {which} snapshot holds the organization policies of account {account}."
        return Cause(ChangeKind.CAPTURE, account, sentence=sentence)
    return Cause(ChangeKind.MOVE, account, sentence=f"Account {account} was moved in the organization.")


def organization_text_cause(kind: OrganizationPolicyType, key: str, name: str) -> Cause:
    """Return that the text of an organization policy changed."""
    what = ChangeKind.SCP if kind is SCP else ChangeKind.RCP
    word = "service" if kind is SCP else "resource"
    return Cause(what, key, sentence=f"The {word} control policy {name} changed.")


def organization_attachment_cause(
    kind: OrganizationPolicyType, node: str, key: str, name: str, *, added: bool
) -> Cause:
    """Return that an organization policy was attached to a root, unit or account, or taken from it."""
    what = ChangeKind.SCP_ATTACHMENT if kind is SCP else ChangeKind.RCP_ATTACHMENT
    return Cause(what, node, key, f"{name} was {'attached to' if added else 'detached from'} {node}.")
