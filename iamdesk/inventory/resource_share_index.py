"""Resources shared through AWS RAM, with the shares written as resource policies (rule I13).

A managed permission is one statement of a resource-based policy; RAM fills in the resources and principals of each
share. Sources: RAM API Reference, CreatePermission (``policyTemplate``); IAM User Guide, "Policies and permissions in
AWS IAM".
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from iamdesk.aws.service_reference import reference
from iamdesk.policy.document import Document, DocumentStore
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.resource_shares import ManagedPermission, ResourceShareAssociation, ResourceShares

_IN_EFFECT = frozenset({"ASSOCIATED", ""})
"""An association in any other state gives no access: its invitation is pending, or it ended."""
_GONE = frozenset({"PENDING", "FAILED", "DELETING", "DELETED"})
"""Shares in these states share nothing."""
_GLOBAL = "us-east-1"
"""The Region of shares of global resources. Source: RAM User Guide, "Sharing Regional resources"."""
_DEFAULT = "AWSRAMDefaultPermission"

DEFAULT_PERMISSIONS: Mapping[str, tuple[str, ...]] = {
    "ec2:subnet": ("ec2:RunInstances", "ec2:CreateNetworkInterface", "ec2:DescribeSubnets")
}
"""The actions of the default managed permission of a resource type. Source: RAM User Guide, "How AWS RAM managed
permissions work" (its one complete example)."""
OWNERS_ALONE: Mapping[str, frozenset[str]] = {"ec2:subnet": frozenset({"deletesubnet", "modifysubnetattribute"})}
"""Actions (in lower case) that no share can allow. Source: VPC User Guide, "Responsibilities and permissions for
owners and participants"."""


class SharedResource(NamedTuple):
    """One resource in one share."""

    arn: str
    owner: str
    share_name: str
    principals: tuple[str, ...]
    """Account ids, service names, and ARNs of organizations, OUs, roles and users."""
    resource_type: str
    """As RAM names it, in lower case: ``ec2:subnet``."""
    permission: Any
    """Content of its managed permission; None: not captured."""
    permission_name: str
    """Empty where it is not known."""

    @property
    def default(self) -> tuple[str, ...]:
        """The actions of the default permission, if it is used in place of one that is not captured."""
        is_default = not self.permission_name or self.permission_name.startswith(_DEFAULT)
        is_taken = self.permission is None and is_default
        return DEFAULT_PERMISSIONS.get(self.resource_type, ()) if is_taken else ()


class ResourceShareIndex:
    """Finds shares by the ARN of the resource."""

    def __init__(self, snapshot: Snapshot, documents: DocumentStore) -> None:
        self._parse = documents.parse
        self._shared: dict[str, list[SharedResource]] = {}
        self._captured: set[tuple[str, str]] = set()
        for held in snapshot.resource_shares:
            if held.associations is not None:
                self._captured.add((held.account_id, held.region))
            for one in _shared(held):
                self._shared.setdefault(one.arn, []).append(one)
        self._documents: dict[str, Document | None] = {}

    @property
    def arns(self) -> Sequence[str]:
        """The ARNs of all resources that are shared."""
        return tuple(self._shared)

    def of(self, arn: str) -> Sequence[SharedResource]:
        """Return a resource in each of its shares."""
        return self._shared.get(arn, ())

    def is_captured(self, owner: str, region: str) -> bool:
        """Return whether the shares of an account in a Region are captured."""
        return (owner, region or _GLOBAL) in self._captured

    def document_of(self, arn: str) -> Document | None:
        """Return all shares of a resource as one resource policy; None where it is not shared."""
        if arn not in self._shared:
            return None
        if arn not in self._documents:
            statements = [statement for one in self._shared[arn] for statement in _statements(one)]
            policy = {"Version": "2012-10-17", "Statement": statements}
            self._documents[arn] = self._parse(policy) if statements else None
        return self._documents[arn]


def _shared(held: ResourceShares) -> Iterator[SharedResource]:
    """Yield the resources that an account shares in a Region."""
    shares = {share.resource_share_arn: share for share in held.shares or ()}
    by_share: dict[str, list[ResourceShareAssociation]] = {}
    for one in held.associations or ():
        if one.status in _IN_EFFECT and one.resource_share_arn.split(":", 5)[4:5] == [held.account_id]:
            by_share.setdefault(one.resource_share_arn, []).append(one)
    for share_arn, associations in by_share.items():
        share = shares.get(share_arn)
        if share is not None and share.status in _GONE:
            continue
        name = share.name if share is not None and share.name else associations[0].resource_share_name
        principals = tuple(one.associated_entity for one in associations if one.association_type == "PRINCIPAL")
        share_id = share_arn.rpartition("/")[2]
        listed = [one.permission for one in held.share_permissions if one.share_id == share_id]
        for one in associations:
            if one.association_type == "RESOURCE" and one.associated_entity.count(":") > 4 and principals:
                kind, permission = _permission_for(one.associated_entity, listed)
                yield SharedResource(
                    one.associated_entity,
                    held.account_id,
                    name or share_id,
                    principals,
                    kind,
                    None if permission is None else _content(permission, held.permissions),
                    "" if permission is None else permission.name or permission.arn.rpartition("/")[2],
                )


def _permission_for(arn: str, listed: Sequence[ManagedPermission]) -> tuple[str, ManagedPermission | None]:
    """Return the type of a resource as RAM names it, and the permission of a share for that type."""
    service = arn.split(":", 3)[2].lower()
    names = {name.replace("-", "").lower() for name in reference().resource_types_of_arn(service, arn)}
    for one in listed:
        of, _, kind = one.resource_type.lower().partition(":")
        if of == service and kind.replace("-", "") in names:
            return f"{service}:{kind}", one
    of_service = [one for one in listed if one.resource_type.lower().partition(":")[0] == service]
    only = of_service[0] if len(of_service) == 1 else None
    return f"{service}:{min(names, default='')}", only


def _content(listed: ManagedPermission, captured: Sequence[ManagedPermission]) -> Any:
    """Return the content of a permission that a share lists; None where that version is not captured."""
    found = [one for one in captured if one.arn == listed.arn and listed.version in ("", one.version)]
    content = found[0].permission if len(found) == 1 else None
    return content if isinstance(content, dict) else None


def _statements(one: SharedResource) -> Iterator[dict[str, Any]]:
    """Yield the statements of a resource in one share, one for each kind of principal."""
    written = one.permission if one.permission is not None else {"Effect": "Allow", "Action": [*one.default]}
    if not written.get("Action"):
        return
    sid = {"Sid": name} if (name := "".join(filter(str.isalnum, one.share_name))) and name.isascii() else {}
    template = {**{key: value for key, value in written.items() if key not in ("Sid", "Principal", "Resource")}, **sid}
    named = [entity for entity in one.principals if not _is_of_organization(entity)]
    services = [entity for entity in named if entity.endswith(".amazonaws.com")]
    people = [entity for entity in named if entity not in services]
    if people:
        yield {**template, "Principal": {"AWS": people}, "Resource": one.arn}
    if services:
        yield {**template, "Principal": {"Service": services}, "Resource": one.arn}
    for entity in one.principals:
        if _is_of_organization(entity):
            # Shares apply to other accounts: the owner's own users get nothing by one.
            conditions = [_place_of(entity), ("StringNotEquals", "aws:PrincipalAccount", one.owner)]
            tests = _with_tests(template.get("Condition"), conditions)
            yield {**template, "Principal": "*", "Resource": one.arn, "Condition": tests}


def _is_of_organization(entity: str) -> bool:
    return ":organization/" in entity or ":ou/" in entity


def _place_of(entity: str) -> tuple[str, str, str]:
    """Return operator, key and value of a condition for the accounts of an organization or OU."""
    kind, _, rest = entity.split(":", 5)[5].partition("/")
    organization, _, unit = rest.partition("/")
    if kind == "organization":
        return "StringEquals", "aws:PrincipalOrgID", organization
    return "ForAnyValue:StringLike", "aws:PrincipalOrgPaths", f"{organization}/*/{unit}/*"


def _with_tests(written: Any, more: Sequence[tuple[str, str, str]]) -> dict[str, Any]:
    """Return a condition block with additional tests."""
    found = {operator: dict(tests) for operator, tests in written.items()} if isinstance(written, dict) else {}
    for operator, key, value in more:
        tests = found.setdefault(operator, {})
        if key in tests:  # spelled differently, so that both apply
            tests = found.setdefault(operator.replace("Equals", "EqualsIgnoreCase"), {})
        tests[key] = value
    return found
