"""The population and the lines of a snapshot: everybody, in scope or out, and every entitlement with what it allows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from iamdesk.index.keys import inline_policy_key, trust_policy_key
from iamdesk.index.references import Principal, boundary_of, inline_policies_of, is_service_linked
from iamdesk.index.trust import trusted_names
from iamdesk.query.evaluator import Evaluator
from iamdesk.query.what_can import Reach
from iamdesk.review.journal import digest
from iamdesk.review.lines import EntitlementType, Line, Member
from iamdesk.snapshot.account_facts import CredentialReportEntry
from iamdesk.snapshot.model import Account, GroupDetail, RoleDetail, UserDetail
from iamdesk.snapshot.progress import Cancelled, Progress, WorkCancelled, never_cancelled, no_progress

_BY_AWS = "AWS made it for a service and nobody can change its permissions"
_COUNTED = (Reach.ALLOWED, Reach.CONDITIONAL, Reach.AWAITING, Reach.SOME, Reach.SOME_CONDITIONAL)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a review is made of."""

    population: tuple[Member, ...]
    lines: tuple[Line, ...]


def review_scope(
    evaluator: Evaluator, progress: Progress = no_progress, cancelled: Cancelled = never_cancelled
) -> Scope:
    """Return who is in the snapshot and every entitlement of those in scope.

    Raises:
        WorkCancelled: ``cancelled`` returned True.
    """
    snapshot = evaluator.snapshot
    population: list[Member] = []
    lines: list[Line] = []
    powers = Powers(evaluator)
    total = sum(len(account.users) + len(account.groups) + len(account.roles) for account in snapshot.accounts)
    done = 0
    for account in snapshot.accounts:
        population.append(
            Member(f"arn:{account.partition}:iam::{account.account_id}:root", account.account_id, "root", in_scope=True)
        )
        entitlements = _Entitlements(evaluator, account, powers)
        principals: tuple[Principal, ...] = (*account.users, *account.groups, *account.roles)
        for principal in principals:
            if cancelled():
                raise WorkCancelled
            member = _member(principal, account)
            population.append(member)
            if member.in_scope:
                lines += entitlements.of(principal, member.kind)
            done += 1
            progress(done, total)
    return Scope(tuple(population), tuple(lines))


def _member(principal: Principal, account: Account) -> Member:
    if isinstance(principal, RoleDetail) and is_service_linked(principal):
        return Member(principal.arn, account.account_id, "service-linked role", in_scope=False, out_reason=_BY_AWS)
    kind = "user" if isinstance(principal, UserDetail) else "group" if isinstance(principal, GroupDetail) else "role"
    return Member(principal.arn, account.account_id, kind, in_scope=True)


class Powers:
    """What principals can effectively do, in counts, with a digest of what these rest on."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._known: dict[str, dict[str, Any]] = {}

    def of(self, arn: str) -> dict[str, Any]:
        """Return what a user, role or group can do: actions allowed at all, by access level, and how many by reach.

        ``reach_sha256`` is over how far each known action reaches. Two that are equal reach equally far; on which
        resources, and under which conditions, the documents decide.
        """
        found = self._known.get(arn)
        if found is None:
            population = self._evaluator.population()
            position = population.position(arn)
            position = population.group_position(arn) if position is None else position
            found = self._known[arn] = self._at(position)
        return found

    def _at(self, position: int | None) -> dict[str, Any]:
        levels: dict[str, int] = {}
        reaches: dict[str, int] = {}
        told: dict[str, dict[str, str]] = {}
        for service, found in self._evaluator.reaches_of(position).items() if position is not None else ():
            bits = {reach.value: f"{bits:x}" for reach, bits in found.actions.items() if bits and reach in _COUNTED}
            if bits:
                told[service] = bits
            for level, counts in found.counts().items():
                for reach in _COUNTED:
                    if count := counts.get(reach, 0):
                        levels[level] = levels.get(level, 0) + count
                        reaches[reach.value] = reaches.get(reach.value, 0) + count
        return {
            "actions": sum(levels.values()),
            "by_level": levels,
            "by_reach": reaches,
            "reach_sha256": digest(told),
        }


class _Entitlements:
    """Lays out the lines of one account."""

    def __init__(self, evaluator: Evaluator, account: Account, powers: Powers) -> None:
        self._account = account
        self._powers = powers
        self._snapshot = evaluator.snapshot
        self._policies = {policy.arn: policy for policy in account.policies}
        self._groups = {group.group_name: group.arn for group in account.groups}

    def of(self, principal: Principal, kind: str) -> Iterator[Line]:
        """Yield the lines of one holder."""
        shared: dict[str, Any] = {"holder": self._powers.of(principal.arn)}
        boundary = boundary_of(principal)
        if boundary is not None:
            shared["limited_by"] = [boundary]
        if isinstance(principal, RoleDetail) and principal.role_last_used is not None:
            used = principal.role_last_used.last_used_date
            shared["last_used"] = used.isoformat() if used else None
        if isinstance(principal, UserDetail):
            for name in sorted(principal.group_list):
                arn = self._groups.get(name)
                evidence = {**shared, "group": self._powers.of(arn)} if arn else {**shared, "missing": True}
                yield self._line(principal, kind, EntitlementType.GROUP, arn or name, name, evidence)
            yield from self._keys(principal, kind)
        for attached in principal.attached_managed_policies:
            held = self._policies.get(attached.policy_arn)
            version = held.default_version if held else None
            document = version.document if version else None
            evidence = {**shared, **_document(document), "version": version.version_id if version else None}
            yield self._line(
                principal, kind, EntitlementType.MANAGED_POLICY, attached.policy_arn, attached.policy_name, evidence
            )
        for inline in inline_policies_of(principal):
            yield self._line(
                principal,
                kind,
                EntitlementType.INLINE_POLICY,
                inline_policy_key(principal.arn, inline.policy_name),
                inline.policy_name,
                {**shared, **_document(inline.policy_document)},
            )
        if isinstance(principal, RoleDetail):
            document = principal.assume_role_policy_document
            names = trusted_names(document)
            yield self._line(
                principal,
                kind,
                EntitlementType.TRUST,
                trust_policy_key(principal.arn),
                ", ".join(names) or "nobody",
                {**shared, **_document(document), "trusts": names},
            )

    def _keys(self, user: UserDetail, kind: str) -> Iterator[Line]:
        report = self._report.get(user.arn)
        if report is None:
            return
        keys = (
            (1, report.access_key_1_active, report.access_key_1_last_rotated, report.access_key_1_last_used_date),
            (2, report.access_key_2_active, report.access_key_2_last_rotated, report.access_key_2_last_used_date),
        )
        for number, active, rotated, used in keys:
            if not active:
                continue
            evidence = {
                "rotated": rotated.isoformat() if rotated else None,
                "last_used": used.isoformat() if used else None,
            }
            name = f"access key {number}"
            yield self._line(user, kind, EntitlementType.ACCESS_KEY, f"{user.arn}#key/{number}", name, evidence)

    @cached_property
    def _report(self) -> Mapping[str, CredentialReportEntry]:
        return {
            entry.arn: entry
            for facts in self._snapshot.account_facts
            if facts.account_id == self._account.account_id and facts.credential_report is not None
            for entry in facts.credential_report.entries
        }

    def _line(
        self,
        principal: Principal,
        kind: str,
        entitlement: EntitlementType,
        entitlement_id: str,
        name: str,
        evidence: Mapping[str, Any],
    ) -> Line:
        return Line(self._account.account_id, principal.arn, kind, entitlement, entitlement_id, name, evidence)


def _document(document: Any) -> dict[str, Any]:
    """Return what binds a line to its policy's text; a document that the snapshot lacks is told."""
    return {"document_sha256": digest(document)} if document is not None else {"missing": True}
