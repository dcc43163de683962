"""Unused access by the service last-accessed reports: services, actions, AWS managed policies."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import NamedTuple

from iamdesk.access.effective_permissions import AccessExtent
from iamdesk.attack_paths.administrators import Principal
from iamdesk.aws.action_sets import service_actions
from iamdesk.checks.check import CheckResult, check
from iamdesk.checks.check_context import CheckContext
from iamdesk.checks.finding import Evidence, Severity, State
from iamdesk.checks.prerequisites import Data, facts_of
from iamdesk.checks.remediation_commands import command
from iamdesk.checks.rightsizing import Rightsizing, trims, unchanged_decision
from iamdesk.checks.shadow_administrators import whole_services_of
from iamdesk.checks.targets import ACCOUNTS, is_reserved, policy_subject, principal_subject, principals_of
from iamdesk.checks.words import enumerated
from iamdesk.evaluate.request import EvalDecision
from iamdesk.i18n import join_messages, mark, nphrase, phrase
from iamdesk.inventory.references import name_of
from iamdesk.snapshot.account_details import LastAccessed, ServiceLastAccessed
from iamdesk.snapshot.model import Account, GroupDetail, RoleDetail, UserDetail

_GRANTED = (
    AccessExtent.ALLOWED,
    AccessExtent.CONDITIONAL,
    AccessExtent.AWAITING,
    AccessExtent.SOME,
    AccessExtent.SOME_CONDITIONAL,
)
_CHANGING = ("Write", "Tagging", "Permissions management")
_MAX_ASKED = 5
"""Used actions that are evaluated again for each principal; all others are compared by their statements."""
_MAX_NAMED = 20
_WIDE = 0.5
"""An AWS managed policy is reported if a smaller share of its tracked actions was used."""


_DECISION_WORDS = {
    EvalDecision.ALLOWED: mark("allowed"),
    EvalDecision.EXPLICIT_DENY: mark("explicitDeny"),
    EvalDecision.IMPLICIT_DENY: mark("implicitDeny"),
    EvalDecision.CONDITIONAL: mark("conditional"),
}
_PERMISSION_SET = mark(
    "Remove the unused services from the permission set in IAM Identity Center, which manages the role's policies. "
    "Check its use in other accounts where the same permission set is assigned."
)


class _Use(NamedTuple):
    """The services that a principal can use and those that it used."""

    used: frozenset[str]
    """Services used in the days before the report that the threshold says."""
    unused: frozenset[str]
    """Allowed services that it did not use."""
    services: dict[str, ServiceLastAccessed]
    """Reported services by prefix."""


def _reports(survey: CheckContext, account: Account) -> dict[str, LastAccessed]:
    def read() -> dict[str, LastAccessed]:
        facts = facts_of(survey.snapshot, account.account_id)
        return {} if facts is None else {report.arn: report for report in facts.last_accessed or ()}

    return survey.once(("last accessed", account.account_id), read)


def _granted(survey: CheckContext, principal: Principal, service: str) -> int:
    """Return the actions of a service that a principal is allowed on some resource, perhaps conditionally, as bits."""
    position = survey.evaluator.population().position(principal.arn)
    if position is None:
        return 0
    access = survey.evaluator.reach_of(position, service)
    return sum(access.actions[one] for one in _GRANTED)


def _tracked(service: ServiceLastAccessed) -> tuple[int, int]:
    """Return the tracked write actions that were used, and those that never were, as bits."""
    known = service_actions(service.service_namespace.lower())
    used = never = 0
    for tracked in service.tracked_actions_last_accessed or ():
        bit = known.positions.get(tracked.action_name.lower())
        if bit is None or known.actions[bit].access_level not in _CHANGING:
            continue
        if tracked.last_accessed_time is None:
            never |= 1 << bit
        else:
            used |= 1 << bit
    return used, never


def _use(survey: CheckContext, account: Account, principal: Principal, report: LastAccessed) -> _Use | None:
    """Return what a principal used; None if it is younger than the threshold, or its age is not known."""
    moment, limit = (
        report.job_creation_date or survey.latest(account),
        timedelta(days=survey.thresholds.unused_access_days),
    )
    if moment is None or principal.create_date is None or moment - principal.create_date < limit:
        return None
    services = {one.service_namespace.lower(): one for one in report.services}
    used = frozenset(
        name
        for name, one in services.items()
        if one.last_authenticated is not None and moment - one.last_authenticated <= limit
    )
    unused = frozenset(name for name in services.keys() - used if _granted(survey, principal, name))
    return _Use(used, unused, services)


@check(
    "HYG-06",
    over=ACCOUNTS,
    severity=(Severity.MEDIUM, "Access without use."),
    title=mark("Unused service permissions"),
    question="Can a user or role use services that it did not use for long (by default 90 days) before the report?",
    remediation=mark(
        "Remove the unused services from its policies, after asking the owner about permissions that are needed "
        "rarely. The entries that the finding lists can be removed without effect on used services."
    ),
    standards=("NIST 800-53 AC-6", "ISO 27001:2022 A.5.18"),
    data=Data.LAST_ACCESSED,
)
def unused_services(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Yield one finding per principal, if older than the threshold; HYG-05 reports roles without any use."""
    reports = _reports(survey, account)
    unreported = []
    for principal in principals_of(account) if reports else ():
        survey.check_cancelled()
        report = reports.get(principal.arn)
        if report is None:
            unreported.append(name_of(principal))
            continue
        is_idle = isinstance(principal, RoleDetail) and survey.references(account).is_unused(
            principal, survey.latest(account), timedelta(days=survey.thresholds.unused_access_days)
        )
        use = None if is_idle else _use(survey, account, principal, report)
        if use is not None and use.unused:
            yield _unused(survey, account, principal, use)
    if unreported:
        proof = phrase("Their last-accessed reports (get-service-last-accessed-details) were not captured.")
        yield CheckResult(
            nphrase(
                "Which services {count:,} user or role uses cannot be determined: {names}.",
                "Which services {count:,} users and roles use cannot be determined: {names}.",
                len(unreported),
                names=enumerated(unreported),
            ),
            (Evidence(proof),),
            state=State.INCONCLUSIVE,
            severity=Severity.INFO,
            object="without a report",
        )


def _unused(survey: CheckContext, account: Account, principal: Principal, use: _Use) -> CheckResult:
    carriers = survey.references(account).carriers
    carried = survey.evaluator.index.carried(principal.arn).identity
    own = (policy for policy in carried if policy.owner == principal.arn)
    # Policies that others share, and AWS managed ones, can only be detached as a whole.
    found = [
        trim
        for trim in trims(own, use.unused, use.used)
        if trim.left is None
        or trim.policy.is_inline
        or (not trim.policy.is_aws_managed and len(carriers.get(trim.policy.key, ())) == 1)
    ]
    evidence = _evaluated_again(survey, principal, use, found) if found else []
    if evidence is None:  # not expected; then no change is proposed
        found, evidence = [], []
    text = nphrase(
        "{name} did not use {count:,} of the {whole:,} services that it is allowed to use: {services}",
        "{name} did not use {count:,} of the {whole:,} services that it is allowed to use: {services}",
        len(use.unused),
        name=name_of(principal),
        whole=len(use.used) + len(use.unused),
        services=enumerated(sorted(use.unused)),
    )
    last = {one: use.services[one].last_authenticated for one in sorted(use.unused)}
    return CheckResult(
        join_messages("", (text, "; ", _removable(found), ".") if found else (text, ".")),
        (
            *(_removal_evidence(trim, use) for trim in found[:_MAX_NAMED]),
            *evidence,
            *(_last_used(one, when) for one, when in list(last.items())[:_MAX_NAMED]),
        ),
        subject=principal_subject(principal),
        remediation=phrase(_PERMISSION_SET) if _is_of_permission_set(principal) else None,
        remediation_command="" if _is_of_permission_set(principal) else _trimmed_inline(principal, found),
    )


def _last_used(service: str, when: datetime | None) -> Evidence:
    if when is None:
        return Evidence(phrase("{service}: no use within AWS's tracking period.", service=service))
    return Evidence(phrase("{service}: last used on {day:%Y-%m-%d}.", service=service, day=when))


def _is_of_permission_set(principal: Principal) -> bool:
    return isinstance(principal, RoleDetail) and is_reserved(principal)


def _removable(found: list[Rightsizing]) -> str:
    entries: list[str] = []
    for trim in found:
        entries += (phrase("all of {policy}", policy=trim.policy.name),) if trim.left is None else trim.gone
    return phrase("{entries} can be removed without effect on the services that it uses", entries=enumerated(entries))


def _removal_evidence(trim: Rightsizing, use: _Use) -> Evidence:
    proof = phrase("none of the services that it allows was used")
    if use.used:
        proof = phrase(
            "the decisions on all {count:,} actions of {services} stay the same",
            count=sum(len(service_actions(service).actions) for service in use.used),
            services=enumerated(sorted(use.used)),
        )
    text = phrase(
        "{what} can be removed from {policy}: {proof}.",
        policy=trim.policy.name,
        what=phrase("Everything") if trim.left is None else enumerated(trim.gone, most=_MAX_NAMED),
        proof=proof,
    )
    return Evidence(text, policy_key=trim.policy.key)


def _evaluated_again(
    survey: CheckContext, principal: Principal, use: _Use, found: list[Rightsizing]
) -> list[Evidence] | None:
    """Evaluate used actions with the edited policies; None if a decision would change."""
    evidence: list[Evidence] = []
    for service in sorted(use.used):
        for tracked in use.services[service].tracked_actions_last_accessed or ():
            bit = service_actions(service).positions.get(tracked.action_name.lower())
            if tracked.last_accessed_time is None or bit is None or len(evidence) >= _MAX_ASKED:
                continue
            position = survey.evaluator.population().position(principal.arn)
            results = () if position is None else survey.evaluator.decisions(position, service, bit)
            action = service_actions(service).actions[bit].full_name
            for result in islice(results, 1):
                decision = unchanged_decision(survey, principal.arn, action, result.resource, found)
                if decision is None:
                    return None
                text = phrase(
                    "{action}, which was used, evaluated without these entries: {decision}, as before.",
                    action=action,
                    decision=phrase(_DECISION_WORDS[decision]),
                )
                evidence.append(Evidence(text))
    return evidence


def _trimmed_inline(principal: Principal, found: list[Rightsizing]) -> str:
    """Return the command that replaces the only changed inline policy; empty for several, and for managed ones."""
    if len(found) != 1 or not found[0].policy.is_inline:
        return ""
    trim, kind = found[0], "user" if isinstance(principal, UserDetail) else "role"
    who = (f"--{kind}-name", name_of(principal), "--policy-name", trim.policy.name)
    if trim.left is None:
        return command("iam", f"delete-{kind}-policy", *who)
    text = json.dumps(trim.left, ensure_ascii=False, separators=(",", ":"))
    return command("iam", f"put-{kind}-policy", *who, "--policy-document", text)


@check(
    "HYG-07",
    over=ACCOUNTS,
    severity=(Severity.LOW, "Part of services that are used, so more likely to be needed one day."),
    title=mark("Unused action permissions"),
    question="Is a user or role allowed write actions that it never used, of services that it uses?",
    remediation=mark(
        "List only the used actions in the policy. AWS does not track data-plane actions (S3 objects, table items): "
        "check CloudTrail data events before removing such actions."
    ),
    standards=("NIST 800-53 AC-6",),
    data=Data.LAST_ACCESSED,
)
def unused_actions(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Only used services with action-level reports, without List and Read actions; HYG-06 reports unused services."""
    reports = _reports(survey, account)
    for principal in principals_of(account):
        survey.check_cancelled()
        report = reports.get(principal.arn)
        use = None if report is None else _use(survey, account, principal, report)
        if use is None:
            continue
        idle: dict[str, list[str]] = {}
        total = 0
        for service in sorted(use.used):
            done, never = _tracked(use.services[service])
            if not never:
                continue
            allowed = (done | never) & _granted(survey, principal, service)
            total += allowed.bit_count()
            names = [one.name for bit, one in enumerate(service_actions(service).actions) if allowed & never & 1 << bit]
            if names:
                idle[service] = names
        count = sum(map(len, idle.values()))
        if count:
            names = [f"{service}:{name}" for service, each in idle.items() for name in each]
            yield CheckResult(
                phrase(
                    "{name} never used {count:,} of the {total:,} tracked write actions that it is allowed, of "
                    "services that it uses: {actions}.",
                    name=name_of(principal),
                    count=count,
                    total=total,
                    actions=enumerated(names),
                ),
                tuple(
                    Evidence(
                        phrase("{service}: {actions}.", service=service, actions=enumerated(each, most=_MAX_NAMED))
                    )
                    for service, each in list(idle.items())[:_MAX_NAMED]
                ),
                subject=principal_subject(principal),
            )


@check(
    "HYG-13",
    over=ACCOUNTS,
    severity=(Severity.LOW, "Access without use, to one service."),
    title=mark("AWS managed policy broader than its use"),
    question="Is an AWS managed policy that allows all of a service attached to users or roles that use little of "
    "the service?",
    remediation=mark(
        "Create a policy with the used actions, and attach it instead. AWS does not track data-plane actions: check "
        "CloudTrail data events first."
    ),
    standards=("NIST 800-53 AC-6",),
    data=Data.LAST_ACCESSED,
)
def wide_aws_policy(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Report a policy and service if all of the policy's holders have action-level reports."""
    reports = _reports(survey, account)
    held = survey.references(account)
    for arn, carriers in held.carriers.items() if reports else ():
        policy = held.policies.get(arn)
        if policy is None or not policy.is_aws_managed or policy.default_version is None:
            continue
        survey.check_cancelled()
        document = survey.evaluator.index.parse(policy.default_version.document)
        who = _with_members(carriers, held.members)
        services = dict.fromkeys(one for each in document.statements for one in whole_services_of(survey, each))
        for service in services:
            found = [
                one
                for principal in who
                if (report := reports.get(principal.arn)) is not None
                for one in report.services
                if one.service_namespace.lower() == service and one.tracked_actions_last_accessed is not None
            ]
            if not found or len(found) < len(who):
                continue
            tracked = {each.action_name for one in found for each in one.tracked_actions_last_accessed or ()}
            used = {
                each.action_name
                for one in found
                for each in one.tracked_actions_last_accessed or ()
                if each.last_accessed_time is not None
            }
            if len(used) < _WIDE * len(tracked):
                used_text = phrase("Used: {actions}.", actions=enumerated(sorted(used), most=_MAX_NAMED))
                holders = phrase(
                    "It is attached to {names}, directly or through a group.",
                    names=enumerated(map(name_of, who), most=_MAX_NAMED),
                )
                yield CheckResult(
                    nphrase(
                        "{policy} allows every action of {service}, but the {count:,} user or role that has it used "
                        "only {used:,} of {tracked:,} tracked actions.",
                        "{policy} allows every action of {service}, but the {count:,} users and roles that have it "
                        "used only {used:,} of {tracked:,} tracked actions.",
                        len(who),
                        policy=policy.policy_name,
                        service=service,
                        used=len(used),
                        tracked=len(tracked),
                    ),
                    (Evidence(used_text, policy_key=arn), Evidence(holders)),
                    subject=policy_subject(policy),
                    object=service,
                )


def _with_members(
    carriers: list[UserDetail | GroupDetail | RoleDetail], members: dict[str, list[UserDetail]]
) -> list[UserDetail | RoleDetail]:
    """Return the users and roles that have a policy, directly or through groups."""
    found: dict[str, UserDetail | RoleDetail] = {}
    for one in carriers:
        given: list[UserDetail] | list[UserDetail | RoleDetail] = (
            members.get(one.group_name, []) if isinstance(one, GroupDetail) else [one]
        )
        found.update({each.arn: each for each in given})
    return list(found.values())
