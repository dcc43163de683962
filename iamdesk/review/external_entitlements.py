"""Entitlements outside of IAM: permission-set assignments of IAM Identity Center, and grants by resource policies."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from iamdesk.inventory.permission_sets import permission_set_of
from iamdesk.inventory.resource_grants import acl_document, default_policy, key_grants_document
from iamdesk.policy.arn import ArnError, parse_arn
from iamdesk.policy.document import Document, parse_document
from iamdesk.policy.principals import PrincipalType
from iamdesk.review.items import EntitlementType, PopulationEntry, ReviewItem, account_root
from iamdesk.review.journal import digest
from iamdesk.review.principals import INCONCLUSIVE, Administrations, EffectiveAccess
from iamdesk.snapshot.identity_center import AccountAssignment, IdentityCenter
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.resources import Resource


@dataclass(slots=True)
class ExternalEntitlements:
    """Review items, and their holders that are not principals of the snapshot."""

    members: list[PopulationEntry] = field(default_factory=list)
    lines: list[ReviewItem] = field(default_factory=list)


def assignment_lines(
    snapshot: Snapshot, powers: EffectiveAccess, administrations: Administrations
) -> ExternalEntitlements:
    """Return an item for each assignment of a permission set in an account of the snapshot."""
    roles: dict[tuple[str, str], str] = {}
    for account in snapshot.accounts:
        for role in account.roles:
            name = permission_set_of(role)
            if name is not None:
                roles.setdefault((account.account_id, name), role.arn)
    found = ExternalEntitlements()
    known: set[str] = set()
    seen: set[str] = set()
    for center in snapshot.identity_centers:
        names = {one.permission_set_arn: one.name for one in center.permission_sets or ()}
        people = _Directory(center)
        for assigned in center.account_assignments or ():
            holder, kind = people.holder(assigned)
            if holder not in known:
                known.add(holder)
                found.members.append(PopulationEntry(holder, assigned.account_id, kind, in_scope=True))
            name = names.get(assigned.permission_set_arn) or assigned.permission_set_arn.rpartition("/")[2]
            role_arn = roles.get((assigned.account_id, name))
            evidence: dict[str, Any] = {"holder_class": "human", **people.about(assigned)}
            # The assignment grants the effective permissions of the permission set's role in the account.
            if role_arn is None:
                evidence |= {"missing": True, "administration": {"reaches": INCONCLUSIVE, "steps": None}}
            else:
                evidence |= {"role": role_arn, "holder": powers.of(role_arn)}
                evidence["administration"] = administrations.of(role_arn)
                evidence |= powers.own_keys.of_sessions(role_arn, assigned.account_id)
            line = ReviewItem(
                assigned.account_id,
                holder,
                kind,
                EntitlementType.PERMISSION_SET,
                assigned.permission_set_arn,
                name,
                evidence,
            )
            if line.line_id not in seen:  # the same page may be captured twice
                seen.add(line.line_id)
                found.lines.append(line)
    return found


class _Directory:
    """Users and groups of one instance."""

    def __init__(self, center: IdentityCenter) -> None:
        self._people = {person.user_id: person for person in center.users or ()}
        self._groups = {group.group_id: group for group in center.groups or ()}
        self._members: dict[str, list[str]] = {}
        for membership in center.group_memberships or ():
            person = membership.member_id.user_id
            if person:
                self._members.setdefault(membership.group_id, []).append(self._name(person))
        self._knows_members = center.group_memberships is not None

    def holder(self, assigned: AccountAssignment) -> tuple[str, str]:
        """Return the ARN and the kind of the assigned user or group."""
        kind = "group" if assigned.principal_type.upper() == "GROUP" else "user"
        return f"arn:aws:identitystore:::{kind}/{assigned.principal_id}", f"Identity Center {kind}"

    def about(self, assigned: AccountAssignment) -> dict[str, Any]:
        """Return the display name of the assigned user or group, and a group's members if they are captured."""
        if assigned.principal_type.upper() != "GROUP":
            return {"display": self._name(assigned.principal_id)}
        group = self._groups.get(assigned.principal_id)
        about: dict[str, Any] = {"display": (group.display_name if group else "") or assigned.principal_id}
        if self._knows_members:
            about["members"] = sorted(self._members.get(assigned.principal_id, []))
        return about

    def _name(self, user_id: str) -> str:
        person = self._people.get(user_id)
        return (person.user_name or person.display_name or user_id) if person is not None else user_id


def resource_lines(snapshot: Snapshot, administrations: Administrations) -> ExternalEntitlements:
    """Return an item for each principal that is allowed by a resource policy, an ACL or a KMS grant."""
    found = ExternalEntitlements()
    blocks = {one.account_id: one.public_access_block for one in snapshot.account_settings}
    held = {user.arn for account in snapshot.accounts for user in account.users}
    held |= {role.arn for account in snapshot.accounts for role in account.roles}
    principals = frozenset(held)
    held |= {f"arn:{account.partition}:iam::{account.account_id}:root" for account in snapshot.accounts}
    own = {account.account_id for account in snapshot.accounts}
    documents = Documents()
    known: set[str] = set()
    for resource in snapshot.resources:
        grants: dict[str, list[str]] = {}
        for source, document in _documents(resource, blocks.get(resource.account_id or "")):
            for spelled, statement in _grants(document):
                is_account = spelled.isdecimal() and len(spelled) == 12
                name = account_root(spelled, resource.arn) if is_account else spelled  # one principal, two spellings
                grants.setdefault(name, []).append(f"{source}, statement {statement + 1}")
        for name in sorted(grants):
            kind, account = _kind(name, held)
            if name not in held and name not in known:
                known.add(name)
                found.members.append(PopulationEntry(name, account, kind, in_scope=True))
            evidence: dict[str, Any] = {
                **(documents.about(resource.policy) if resource.policy is not None else {}),
                "statements": grants[name],
                "holder_class": _class(name, account, own),
                "public": name == "*",
            }
            if name in principals:  # the policies of others are not in the snapshot
                evidence["administration"] = administrations.of(name)
            owner = resource.account_id or _account_of(resource.arn)
            found.lines.append(
                ReviewItem(owner, name, kind, EntitlementType.RESOURCE_GRANT, resource.arn, resource.arn, evidence)
            )
    return found


def _documents(resource: Resource, block: Any) -> Iterator[tuple[str, Document]]:
    policy = resource.policy if resource.policy is not None else default_policy(resource.arn)
    if policy is not None:
        yield ("policy" if resource.policy is not None else "default policy"), parse_document(policy, resource.arn)
    for source, document in (
        ("access control list", acl_document(resource, block)),
        ("KMS grants", key_grants_document(resource)),
    ):
        if document is not None:
            yield source, document


def _grants(document: Document) -> Iterator[tuple[str, int]]:
    for statement in document.statements:
        if not statement.is_allow or statement.principals is None:
            continue
        if statement.not_principal:
            yield "*", statement.index
            continue
        for entry in statement.principals:
            yield (
                entry.text if entry.type is not PrincipalType.CANONICAL_USER else f"canonical:{entry.text}",
                (statement.index),
            )


def _kind(name: str, held: set[str]) -> tuple[str, str]:
    account = _account_of(name)
    if name == "*":
        return "everyone", ""
    if name.endswith(":root") and account:
        return "account", account
    if name.endswith(".amazonaws.com"):
        return "AWS service", ""
    word = "user" if ":user/" in name else "role" if ":role/" in name else "principal"
    return (word if name in held else f"{word} outside the snapshot"), account


def _class(name: str, account: str, own: set[str]) -> str:
    if name == "*" or (account and account not in own) or name.startswith("canonical:"):
        return "third_party"
    return "machine" if name.endswith(".amazonaws.com") else "unknown"


def _account_of(arn: str) -> str:
    try:
        return parse_arn(arn).account
    except ArnError:
        return ""


class Documents:
    """Describes policy documents, each once: thousands of principals may have the same document."""

    def __init__(self) -> None:
        self._cache: dict[int, tuple[Any, dict[str, Any], bool]] = {}

    def about(self, document: Any) -> dict[str, Any]:
        """Return the digest of a document and the condition keys of its Allow statements; ``missing`` for None."""
        return {"missing": True} if document is None else self._known(document)[1]

    def only_denies(self, document: Any) -> bool:
        """Return whether a document has only Deny statements (at least one); False for None, which may allow."""
        return document is not None and self._known(document)[2]

    def _known(self, document: Any) -> tuple[Any, dict[str, Any], bool]:
        known = self._cache.get(id(document))
        if known is None:  # the entry holds the document, so that its id stays unique
            known = self._cache[id(document)] = (document, *_about(document))
        return known


def _about(document: Any) -> tuple[dict[str, Any], bool]:
    statements = parse_document(document).statements
    allowing = [statement for statement in statements if statement.is_allow]
    keys = {test.key for statement in allowing for test in statement.conditions}
    about = {"document_sha256": digest(document), **({"conditions": sorted(keys)} if keys else {})}
    return about, bool(statements) and not allowing
