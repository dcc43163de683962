"""The population and the items of a snapshot: all principals, in scope or out, and every entitlement."""

from collections.abc import Iterator, Mapping
from typing import Any

from iamdesk.access.evaluator import Evaluator
from iamdesk.attack_paths.attack_path_graph import LazyAttackPathGraph
from iamdesk.attack_paths.types import AttackPaths
from iamdesk.inventory.keys import inline_policy_key, trust_policy_key
from iamdesk.inventory.references import Principal, boundary_of, inline_policies_of, is_service_linked
from iamdesk.inventory.trust import trusted_names
from iamdesk.progress import Cancelled, Progress, WorkCancelled, never_cancelled, no_progress
from iamdesk.review.external_entitlements import Documents, assignment_lines, resource_lines
from iamdesk.review.items import ONLY_DENIES, EntitlementType, PopulationEntry, ReviewItem, Scope
from iamdesk.review.principals import Administrations, EffectiveAccess, Holders, NoAccess, NoAdministrations
from iamdesk.review.principals_parallel import find_access
from iamdesk.snapshot.model import Account, GroupDetail, RoleDetail, Snapshot, UserDetail
from iamdesk.work.workers import Workers

_BY_AWS = "AWS made it for a service and nobody can change its permissions"


def review_scope(
    evaluator: Evaluator,
    progress: Progress = no_progress,
    cancelled: Cancelled = never_cancelled,
    escalations: AttackPaths | None = None,
    workers: Workers | None = None,
) -> Scope:
    """Return the population of a snapshot, and every entitlement of those in scope, without its effect.

    Args:
        evaluator: Of the snapshot.
        progress: Called with the number of principals done, and of all.
        cancelled: Checked regularly.
        escalations: The attack paths of the snapshot; None: they are found.
        workers: Find effective permissions, too; None: this process alone.

    Raises:
        WorkCancelled: ``cancelled`` returned True.
        WorkError: no worker can do it; one sentence.
    """
    access = EffectiveAccess(evaluator)
    administrations = Administrations(evaluator, escalations or LazyAttackPathGraph(evaluator)(cancelled=cancelled))
    if workers is not None:
        find_access(access, _holders(evaluator.snapshot), workers, progress, cancelled)
    return _scope(evaluator, access, administrations, progress, cancelled)


def scope_without_access(evaluator: Evaluator, cancelled: Cancelled = never_cancelled) -> Scope:
    """Return the same population and entitlements, without what their holders can do: nothing is evaluated.

    For counting them; the digests of items are others.

    Raises:
        WorkCancelled: ``cancelled`` returned True.
    """
    return _scope(evaluator, NoAccess(evaluator), NoAdministrations(), no_progress, cancelled)


def _scope(
    evaluator: Evaluator,
    powers: EffectiveAccess,
    administrations: Administrations,
    progress: Progress,
    cancelled: Cancelled,
) -> Scope:
    snapshot = evaluator.snapshot
    population: list[PopulationEntry] = []
    lines: list[ReviewItem] = []
    documents = Documents()
    total = sum(len(account.users) + len(account.groups) + len(account.roles) for account in snapshot.accounts)
    done = 0
    for account in snapshot.accounts:
        population.append(
            PopulationEntry(
                f"arn:{account.partition}:iam::{account.account_id}:root", account.account_id, "root", in_scope=True
            )
        )
        holders = Holders(evaluator, account, powers, administrations)
        entitlements = _Entitlements(account, holders, powers, documents)
        lines.append(entitlements.root())
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
    for around in (assignment_lines(snapshot, powers, administrations), resource_lines(snapshot, administrations)):
        population += around.members
        lines += around.lines
    return Scope(tuple(population), tuple(lines), administrations.first_steps())


def _holders(snapshot: Snapshot) -> list[str]:
    """Return all whose effective permissions items show."""
    found: list[str] = []
    for account in snapshot.accounts:
        found += [f"arn:{account.partition}:iam::{account.account_id}:root"]
        found += [one.arn for one in account.users]
        found += [one.arn for one in account.groups]
        found += [one.arn for one in account.roles if not is_service_linked(one)]
    return list(dict.fromkeys(found))


def _member(principal: Principal, account: Account) -> PopulationEntry:
    if isinstance(principal, RoleDetail) and is_service_linked(principal):
        return PopulationEntry(
            principal.arn, account.account_id, "service-linked role", in_scope=False, out_reason=_BY_AWS
        )
    kind = "user" if isinstance(principal, UserDetail) else "group" if isinstance(principal, GroupDetail) else "role"
    return PopulationEntry(principal.arn, account.account_id, kind, in_scope=True)


class _Entitlements:
    """Lays out the lines of one account."""

    def __init__(self, account: Account, holders: Holders, powers: EffectiveAccess, documents: Documents) -> None:
        self._account = account
        self._holders = holders
        self._powers = powers
        self._documents = documents
        self._policies = {policy.arn: policy for policy in account.policies}
        self._groups = {group.group_name: group.arn for group in account.groups}
        self._denying = {group.arn for group in account.groups if self._group_only_denies(group)}

    def of(self, principal: Principal, kind: str) -> Iterator[ReviewItem]:
        """Yield the lines of one holder."""
        shared = self._holders.evidence(principal)
        if isinstance(principal, UserDetail):
            for name in sorted(principal.group_list):
                arn = self._groups.get(name)
                evidence = {**shared, **self._about_group(arn)} if arn else {**shared, "missing": True}
                yield self._line(principal, kind, EntitlementType.GROUP, arn or name, name, evidence)
            yield from self._keys(principal, kind)
            yield from self._password(principal, kind)
        for attached in principal.attached_managed_policies:
            held = self._policies.get(attached.policy_arn)
            version = held.default_version if held else None
            document = version.document if version else None
            version_id = version.version_id if version else None
            evidence = {**shared, **self._about_policy(document), "version": version_id}
            yield self._line(
                principal, kind, EntitlementType.MANAGED_POLICY, attached.policy_arn, attached.policy_name, evidence
            )
        if boundary := boundary_of(principal):
            yield self._boundary(principal, kind, boundary, shared)
        for inline in inline_policies_of(principal):
            yield self._line(
                principal,
                kind,
                EntitlementType.INLINE_POLICY,
                inline_policy_key(principal.arn, inline.policy_name),
                inline.policy_name,
                {**shared, **self._about_policy(inline.policy_document)},
            )
        if isinstance(principal, RoleDetail):
            document = principal.assume_role_policy_document
            names, excepted = trusted_names(document), trusted_names(document, "NotPrincipal")
            shown = [*names, *([f"everyone except {', '.join(excepted)}"] if excepted else [])]
            yield self._line(
                principal,
                kind,
                EntitlementType.TRUST,
                trust_policy_key(principal.arn),
                ", ".join(shown) or "nobody",
                {**shared, **self._documents.about(document), "trusts": names},
            )

    def _boundary(self, principal: Principal, kind: str, arn: str, shared: Mapping[str, Any]) -> ReviewItem:
        held = self._policies.get(arn)
        version = held.default_version if held else None
        evidence = {
            **shared,
            **self._documents.about(version.document if version else None),
            "version": version.version_id if version else None,
        }
        return self._line(principal, kind, EntitlementType.BOUNDARY, arn, arn.rpartition("/")[2], evidence)

    def _about_policy(self, document: Any) -> dict[str, Any]:
        return {**self._documents.about(document), **_denying(self._documents.only_denies(document))}

    def _about_group(self, arn: str) -> dict[str, Any]:
        return {"group": self._powers.of(arn), **_denying(arn in self._denying)}

    def _group_only_denies(self, group: GroupDetail) -> bool:
        """Return whether a group has policies, all of which only deny."""
        attached = [self._policies.get(one.policy_arn) for one in group.attached_managed_policies]
        versions = [held.default_version if held else None for held in attached]
        documents = [version.document if version else None for version in versions]
        documents += [one.policy_document for one in inline_policies_of(group)]
        return bool(documents) and all(map(self._documents.only_denies, documents))

    def _keys(self, user: UserDetail, kind: str) -> Iterator[ReviewItem]:
        report = self._holders.credentials(user.arn)
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
                **self._holders.evidence(user),
                "rotated": rotated.isoformat() if rotated else None,
                "last_used": used.isoformat() if used else None,
            }
            name = f"access key {number}"
            yield self._line(user, kind, EntitlementType.ACCESS_KEY, f"{user.arn}#key/{number}", name, evidence)

    def _password(self, user: UserDetail, kind: str) -> Iterator[ReviewItem]:
        report = self._holders.credentials(user.arn)
        if report is None or not report.password_enabled:
            return
        changed, used = report.password_last_changed, report.password_last_used
        evidence = {
            **self._holders.evidence(user),
            "mfa": report.mfa_active,
            "changed": changed.isoformat() if changed else None,
            "last_used": used.isoformat() if used else None,
        }
        name = "console password"
        yield self._line(user, kind, EntitlementType.CONSOLE_PASSWORD, f"{user.arn}#password", name, evidence)

    def root(self) -> ReviewItem:
        """Return the item of the root user's credentials: only root itself can take them away."""
        arn = f"arn:{self._account.partition}:iam::{self._account.account_id}:root"
        evidence: dict[str, Any] = {"holder": self._powers.of(arn), "holder_class": "root"}
        evidence["administration"] = {"reaches": "is", "steps": 0}
        report = self._holders.root_credentials()
        if report is not None:
            moments = (
                report.password_last_used,
                report.access_key_1_last_used_date,
                report.access_key_2_last_used_date,
            )
            latest = max((moment for moment in moments if moment is not None), default=None)
            evidence |= {
                "mfa": report.mfa_active,
                "password": report.password_enabled,
                "access_keys": sum(map(bool, (report.access_key_1_active, report.access_key_2_active))),
                "last_used": latest.isoformat() if latest else None,
                "last_used_basis": "credential report",
            }
        return ReviewItem(
            self._account.account_id, arn, "root", EntitlementType.ROOT_ACCESS, f"{arn}#access", "root user", evidence
        )

    def _line(
        self,
        principal: Principal,
        kind: str,
        entitlement: EntitlementType,
        entitlement_id: str,
        name: str,
        evidence: Mapping[str, Any],
    ) -> ReviewItem:
        return ReviewItem(self._account.account_id, principal.arn, kind, entitlement, entitlement_id, name, evidence)


def _denying(only_denies: bool) -> dict[str, Any]:
    return {ONLY_DENIES: True} if only_denies else {}
