"""Small captures written by hand, as the reader makes them: who is there, what they hold, and what is asked of it.

``evaluator(user("ana", allow("s3:*")), resource(BUCKET, grant("*", "s3:GetObject")))``: an account for each number in
the ARNs of users, roles, groups and policies, whatever is captured beside them, and a fixed moment.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from iamdesk.access.evaluator import Evaluator
from iamdesk.snapshot.account_details import AccountFacts
from iamdesk.snapshot.identity_center import IdentityCenter
from iamdesk.snapshot.model import Account, GroupDetail, ManagedPolicyDetail, RoleDetail, Snapshot, UserDetail
from iamdesk.snapshot.organization import Organization, OrganizationNode, OrganizationPolicy, OrganizationPolicyType
from iamdesk.snapshot.resource_shares import ResourceShares
from iamdesk.snapshot.resources import AccountSettings, Resource, VpcEndpoint

from . import entries
from .arns import ANA, ID, OTHER_ID, ROOT, federated_arn, policy_arn, role_arn, root_arn, session_arn, user_arn
from .statements import FULL, MFA, allow, deny, document, grant, refuse, trusting, whole

__all__ = [
    "ANA",
    "FULL",
    "FULL_ACCESS",
    "ID",
    "MFA",
    "NOW",
    "OTHER_ID",
    "ROOT",
    "account",
    "allow",
    "deny",
    "document",
    "evaluator",
    "federated_arn",
    "grant",
    "group",
    "managed",
    "member",
    "organization",
    "policy_arn",
    "rcp",
    "refuse",
    "resource",
    "role",
    "role_arn",
    "root_arn",
    "scp",
    "session_arn",
    "snapshot",
    "trusting",
    "unit",
    "user",
    "user_arn",
    "whole",
]

type Entry = UserDetail | RoleDetail | GroupDetail | ManagedPolicyDetail
type Captured = (
    Entry
    | Account
    | Organization
    | Resource
    | AccountSettings
    | VpcEndpoint
    | ResourceShares
    | IdentityCenter
    | AccountFacts
)


NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def user(name: str, *inline: entries.Inline, **more: Any) -> UserDetail:
    return UserDetail.model_validate(entries.user(name, *inline, **more))


def role(name: str, *inline: entries.Inline, **more: Any) -> RoleDetail:
    return RoleDetail.model_validate(entries.role(name, *inline, **more))


def group(name: str, *inline: entries.Inline, **more: Any) -> GroupDetail:
    return GroupDetail.model_validate(entries.group(name, *inline, **more))


def managed(arn: str, *versions: Any) -> ManagedPolicyDetail:
    """A managed policy; the last version given is the default one."""
    return ManagedPolicyDetail.model_validate(entries.managed(arn, *versions))


def resource(arn: str, *policy: Any, account: str | None = ID, **more: Any) -> Resource:
    """A resource of an account with its policy: statements, or a document; None or nothing: it has none."""
    held = whole(*policy) if policy else None
    owner = arn.split(":")[4] or account
    return Resource.model_validate({"arn": arn, "account_id": owner, "policy": held, **more})


def scp(*statements: Any, name: str = "scp") -> OrganizationPolicy:
    return _organization_policy(name, OrganizationPolicyType.SERVICE_CONTROL_POLICY, *statements)


def rcp(*statements: Any, name: str = "rcp") -> OrganizationPolicy:
    return _organization_policy(name, OrganizationPolicyType.RESOURCE_CONTROL_POLICY, *statements)


def _organization_policy(name: str, kind: OrganizationPolicyType, *statements: Any) -> OrganizationPolicy:
    return OrganizationPolicy(id=f"p-{name}", name=name, type=kind, content=whole(*statements))


@dataclass(frozen=True)
class Place:
    """A unit or a member of an organization, what is attached to it (only the id: not captured), what is below it."""

    id: str
    attached: tuple[OrganizationPolicy | str, ...]
    below: "tuple[Place, ...]" = ()


FULL_ACCESS = scp(FULL, name="full")


def member(number: str = ID, *policies: OrganizationPolicy | str, full: bool = True) -> Place:
    """An account; ``full``: what lets everything pass is attached, too."""
    return Place(number, (*((FULL_ACCESS,) if full else ()), *policies))


def unit(identity: str, *held: OrganizationPolicy | str | Place, full: bool = True) -> Place:
    """An organizational unit with its policies, members and units."""
    policies = (one for one in held if not isinstance(one, Place))
    below = tuple(one for one in held if isinstance(one, Place))
    return Place(identity, (*((FULL_ACCESS,) if full else ()), *policies), below)


def organization(
    *held: OrganizationPolicy | str | Place, management: str = "999999999999", full: bool = True, **more: Any
) -> Organization:
    """The organization o-1; what stands right in it is attached to its root r-1, or below it."""
    nodes: list[OrganizationNode] = []
    policies: dict[str, OrganizationPolicy] = {}

    def lay_out(places: Iterable[Place], parent: str | None) -> None:
        for place in places:
            ids = tuple(one if isinstance(one, str) else one.id for one in place.attached)
            policies.update({one.id: one for one in place.attached if isinstance(one, OrganizationPolicy)})
            nodes.append(OrganizationNode(id=place.id, name=place.id, parent_id=parent, policy_ids=ids))
            lay_out(place.below, place.id)

    lay_out([unit("r-1", *held, full=full)], None)
    listed = tuple(policies.values())
    return Organization(id="o-1", management_account_id=management, nodes=tuple(nodes), policies=listed, **more)


def account(*entries: Entry, number: str = ID, partition: str = "aws") -> Account:
    return Account(
        account_id=number,
        partition=partition,
        users=_of(UserDetail, entries),
        roles=_of(RoleDetail, entries),
        groups=_of(GroupDetail, entries),
        policies=_of(ManagedPolicyDetail, entries),
    )


def snapshot(*captured: Captured, **more: Any) -> Snapshot:
    """A snapshot of accounts, and of the accounts of single entries by their ARNs; ID without any."""
    accounts = list(_of(Account, captured))
    by_number: dict[str, list[Entry]] = {}
    for one in captured:
        if isinstance(one, UserDetail | RoleDetail | GroupDetail | ManagedPolicyDetail):
            owner = one.arn.split(":")[4]
            by_number.setdefault(owner if owner.isdigit() else ID, []).append(one)
    accounts += [account(*held, number=number) for number, held in by_number.items()]
    return Snapshot(
        **{
            "path": Path("/captures/one.json"),
            "files": (),
            "sha256": "0" * 64,
            "accounts": tuple(accounts) or (account(),),
            "organization": next(iter(_of(Organization, captured)), None),
            "resources": _of(Resource, captured),
            "account_settings": _of(AccountSettings, captured),
            "vpc_endpoints": _of(VpcEndpoint, captured),
            "resource_shares": _of(ResourceShares, captured),
            "identity_centers": _of(IdentityCenter, captured),
            "account_facts": _of(AccountFacts, captured),
            "latest": NOW,
            **more,
        }
    )


def _of[Kind](kind: type[Kind], captured: Iterable[object]) -> tuple[Kind, ...]:
    return tuple(one for one in captured if isinstance(one, kind))


def evaluator(*captured: Captured, **more: Any) -> Evaluator:
    """An evaluator over `snapshot`, at a fixed moment."""
    return Evaluator(snapshot(*captured, **more), now=lambda: NOW)
