"""Permissions that nobody makes use of, by the reports of last use: services, actions, policies of AWS."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from iamdesk.access.effective_permissions import AccessExtent
from iamdesk.attack_paths.administrators import Principal
from iamdesk.aws.action_sets import service_actions
from iamdesk.checks.check import CheckResult, check
from iamdesk.checks.check_context import CheckContext
from iamdesk.checks.finding import Evidence, Severity, State
from iamdesk.checks.prerequisites import Data, facts_of
from iamdesk.checks.remediation_commands import command
from iamdesk.checks.rightsizing import Rightsizing, still_answers, trims
from iamdesk.checks.shadow_administrators import whole_services_of
from iamdesk.checks.targets import ACCOUNTS, is_reserved, policy_subject, principal_subject, principals_of
from iamdesk.checks.words import enumerated
from iamdesk.evaluate.request import EvalDecision
from iamdesk.i18n import join_messages, mark, nphrase, phrase
from iamdesk.inventory.references import UNUSED_AFTER, name_of
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
_MOST_ASKED = 5
"""Used actions that are asked again for each principal; of all others the edited policies say the same."""
_MOST_NAMED = 20
_WIDE = 0.5
"""A policy of AWS of whose tracked actions fewer than this share were used is wider than its use."""


_VERDICTS = {
    EvalDecision.ALLOWED: mark("allowed"),
    EvalDecision.EXPLICIT_DENY: mark("explicitDeny"),
    EvalDecision.IMPLICIT_DENY: mark("implicitDeny"),
    EvalDecision.CONDITIONAL: mark("conditional"),
}
_PERMISSION_SET = mark(
    "Take the unused services out of the permission set in IAM Identity Center, which writes the role's policies. The "
    "same set may be assigned in other accounts, and used there otherwise."
)


class _Use(NamedTuple):
    """What a principal may use and what of it was used."""

    used: frozenset[str]
    """Services that were asked in the 90 days before the report."""
    unused: frozenset[str]
    """Services that it may use and did not."""
    services: dict[str, ServiceLastAccessed]
    """As reported, by prefix."""


def _reports(survey: CheckContext, account: Account) -> dict[str, LastAccessed]:
    def read() -> dict[str, LastAccessed]:
        facts = facts_of(survey.snapshot, account.account_id)
        return {} if facts is None else {report.arn: report for report in facts.last_accessed or ()}

    return survey.once(("last accessed", account.account_id), read)


def _moment(survey: CheckContext, report: LastAccessed) -> datetime | None:
    return report.job_creation_date or survey.snapshot.latest


def _granted(survey: CheckContext, principal: Principal, service: str) -> int:
    """Return the actions of a service, as bits, that a principal may do somewhere, perhaps under conditions."""
    position = survey.evaluator.population().position(principal.arn)
    if position is None:
        return 0
    reach = survey.evaluator.reach_of(position, service)
    return sum(reach.actions[one] for one in _GRANTED)


def _tracked(service: ServiceLastAccessed) -> tuple[int, int]:
    """Return which tracked actions that change something were done, and which never, as bits."""
    known = service_actions(service.service_namespace.lower())
    done = never = 0
    for tracked in service.tracked_actions_last_accessed or ():
        bit = known.positions.get(tracked.action_name.lower())
        if bit is None or known.actions[bit].access_level not in _CHANGING:
            continue
        if tracked.last_accessed_time is None:
            never |= 1 << bit
        else:
            done |= 1 << bit
    return done, never


def _use(survey: CheckContext, principal: Principal, report: LastAccessed) -> _Use | None:
    """Return what a principal used; None for one that is too young to tell, and where nobody knows of when it is."""
    moment = _moment(survey, report)
    if moment is None or principal.create_date is None or moment - principal.create_date < UNUSED_AFTER:
        return None
    services = {one.service_namespace.lower(): one for one in report.services}
    used = frozenset(
        name
        for name, one in services.items()
        if one.last_authenticated is not None and moment - one.last_authenticated <= UNUSED_AFTER
    )
    unused = frozenset(name for name in services.keys() - used if _granted(survey, principal, name))
    return _Use(used, unused, services)


@check(
    "HYG-06",
    over=ACCOUNTS,
    title=mark("Unused service permissions"),
    severity=Severity.MEDIUM,
    question="Can a user or role use services that it did not use in the 90 days before the last-accessed report?",
    remedy=mark(
        "Take the unused services out of its policies. What the finding says can be taken out leaves every action "
        "of the services that are used as it is; what is wanted once a year, ask its owner."
    ),
    standards=("NIST 800-53 AC-6", "ISO 27001:2022 A.5.18"),
    data=Data.LAST_ACCESSED,
)
def unused_services(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """One finding for each; roles that are not used at all are HYG-05's, what is younger than 90 days is left out."""
    reports = _reports(survey, account)
    unreported = []
    for principal in principals_of(account) if reports else ():
        survey.check_cancelled()
        report = reports.get(principal.arn)
        if report is None:
            unreported.append(name_of(principal))
            continue
        is_idle = isinstance(principal, RoleDetail) and survey.references(account).is_unused(
            principal, survey.snapshot.latest
        )
        use = None if is_idle else _use(survey, principal, report)
        if use is not None and use.unused:
            yield _unused(survey, account, principal, use)
    if unreported:
        proof = phrase("The snapshot holds no report of last use (get-service-last-accessed-details) of theirs.")
        yield CheckResult(
            nphrase(
                "Which services {count:,} user or role uses cannot be told: {names}.",
                "Which services {count:,} users and roles use cannot be told: {names}.",
                len(unreported),
                names=enumerated(unreported),
            ),
            (Evidence(proof),),
            state=State.CANNOT_TELL,
            severity=Severity.INFO,
            object="without a report",
        )


def _unused(survey: CheckContext, account: Account, principal: Principal, use: _Use) -> CheckResult:
    carriers = survey.references(account).carriers
    carried = survey.evaluator.index.carried(principal.arn).identity
    own = (policy for policy in carried if policy.owner == principal.arn)
    # Of what others carry, too, or AWS writes, this one can do without the whole alone.
    found = [
        trim
        for trim in trims(own, use.unused, use.used)
        if trim.left is None
        or trim.policy.is_inline
        or (not trim.policy.is_aws_managed and len(carriers.get(trim.policy.key, ())) == 1)
    ]
    asked = _asked_again(survey, principal, use, found) if found else []
    if asked is None:  # never seen; were it so, nothing is said to be safe
        found, asked = [], []
    said = nphrase(
        "{name} did not use {count:,} service of the {whole:,} that it may use: {services}",
        "{name} did not use {count:,} services of the {whole:,} that it may use: {services}",
        len(use.unused),
        name=name_of(principal),
        whole=len(use.used) + len(use.unused),
        services=enumerated(sorted(use.unused)),
    )
    last = {one: use.services[one].last_authenticated for one in sorted(use.unused)}
    return CheckResult(
        join_messages("", (said, "; ", _can_go(found), ".") if found else (said, ".")),
        (
            *(_taken_out(trim, use) for trim in found[:_MOST_NAMED]),
            *asked,
            *(_last_used(one, when) for one, when in list(last.items())[:_MOST_NAMED]),
        ),
        subject=principal_subject(principal),
        remedy=phrase(_PERMISSION_SET) if _is_of_permission_set(principal) else None,
        snippet="" if _is_of_permission_set(principal) else _trimmed_inline(principal, found),
    )


def _last_used(service: str, when: datetime | None) -> Evidence:
    if when is None:
        return Evidence(phrase("{service}: no use in the time that AWS tracks.", service=service))
    return Evidence(phrase("{service}: last used on {day:%Y-%m-%d}.", service=service, day=when))


def _is_of_permission_set(principal: Principal) -> bool:
    return isinstance(principal, RoleDetail) and is_reserved(principal)


def _can_go(found: list[Rightsizing]) -> str:
    entries: list[str] = []
    for trim in found:
        entries += (phrase("all of {policy}", policy=trim.policy.name),) if trim.left is None else trim.gone
    return phrase("{entries} can go without touching what it uses", entries=enumerated(entries))


def _taken_out(trim: Rightsizing, use: _Use) -> Evidence:
    proof = phrase("nothing of what it allows was used")
    if use.used:
        proof = phrase(
            "none of the {count:,} actions of {services} is decided otherwise without it",
            count=sum(len(service_actions(service).actions) for service in use.used),
            services=enumerated(sorted(use.used)),
        )
    told = phrase(
        "{policy} can do without {what}: {proof}.",
        policy=trim.policy.name,
        what=phrase("all of it") if trim.left is None else enumerated(trim.gone, most=_MOST_NAMED),
        proof=proof,
    )
    return Evidence(told, policy_key=trim.policy.key)


def _asked_again(
    survey: CheckContext, principal: Principal, use: _Use, found: list[Rightsizing]
) -> list[Evidence] | None:
    """Ask about actions that were used with the trimmed policies; None where one would be answered otherwise."""
    evidence: list[Evidence] = []
    for service in sorted(use.used):
        for tracked in use.services[service].tracked_actions_last_accessed or ():
            bit = service_actions(service).positions.get(tracked.action_name.lower())
            if tracked.last_accessed_time is None or bit is None or len(evidence) >= _MOST_ASKED:
                continue
            position = survey.evaluator.population().position(principal.arn)
            answers = () if position is None else survey.evaluator.answers(position, service, bit)
            action = service_actions(service).actions[bit].full_name
            for answer in answers[:1]:
                verdict = still_answers(survey, principal.arn, action, answer.resource, found)
                if verdict is None:
                    return None
                told = phrase(
                    "{action}, which was used, asked again without them: {verdict} as before.",
                    action=action,
                    verdict=phrase(_VERDICTS[verdict]),
                )
                evidence.append(Evidence(told))
    return evidence


def _trimmed_inline(principal: Principal, found: list[Rightsizing]) -> str:
    """Return the command that writes the one inline policy that changes; empty for several, and for managed ones."""
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
    title=mark("Unused action permissions"),
    severity=Severity.LOW,
    question="Is a user or role allowed write actions, of services that it uses, that it never used?",
    remedy=mark(
        "Name the actions that are used in the policy. Reading and writing of data is not tracked (S3 objects, "
        "table items): look into CloudTrail's data events before taking such actions away."
    ),
    standards=("NIST 800-53 AC-6",),
    data=Data.LAST_ACCESSED,
)
def unused_actions(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Of services in use, where the report tells of single actions; services not in use are HYG-06's.

    Actions that only list or read are left out.
    """
    reports = _reports(survey, account)
    for principal in principals_of(account):
        survey.check_cancelled()
        report = reports.get(principal.arn)
        use = None if report is None else _use(survey, principal, report)
        if use is None:
            continue
        idle: dict[str, list[str]] = {}
        total = 0
        for service in sorted(use.used):
            done, never = _tracked(use.services[service])
            if not never:
                continue
            may = (done | never) & _granted(survey, principal, service)
            total += may.bit_count()
            names = [one.name for bit, one in enumerate(service_actions(service).actions) if may & never & 1 << bit]
            if names:
                idle[service] = names
        count = sum(map(len, idle.values()))
        if count:
            names = [f"{service}:{name}" for service, each in idle.items() for name in each]
            yield CheckResult(
                phrase(
                    "{name} never did {count:,} of the {total:,} tracked actions by which it may change things of "
                    "services that it uses: {actions}.",
                    name=name_of(principal),
                    count=count,
                    total=total,
                    actions=enumerated(names),
                ),
                tuple(
                    Evidence(
                        phrase("{service}: {actions}.", service=service, actions=enumerated(each, most=_MOST_NAMED))
                    )
                    for service, each in list(idle.items())[:_MOST_NAMED]
                ),
                subject=principal_subject(principal),
            )


@check(
    "HYG-13",
    over=ACCOUNTS,
    title=mark("AWS managed policy broader than its use"),
    severity=Severity.LOW,
    question="Is an AWS managed policy that allows all of a service attached to users or roles that use little of it?",
    remedy=mark(
        "Write a policy with the actions that are used, and attach it in place of AWS's. Reading and writing of "
        "data is not tracked: look into CloudTrail's data events first."
    ),
    standards=("NIST 800-53 AC-6",),
    data=Data.LAST_ACCESSED,
)
def wide_aws_policy(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Told of a policy and service where everybody who carries it has a report with single actions."""
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
                done = phrase("Used: {actions}.", actions=enumerated(sorted(used), most=_MOST_NAMED))
                given = phrase("It is given to {names}.", names=enumerated(map(name_of, who), most=_MOST_NAMED))
                yield CheckResult(
                    nphrase(
                        "{policy} allows every action of {service}, and the {count:,} user or role that it is given to "
                        "did {used:,} of {tracked:,} tracked ones.",
                        "{policy} allows every action of {service}, and the {count:,} users and roles that it is given "
                        "to did {used:,} of {tracked:,} tracked ones.",
                        len(who),
                        policy=policy.policy_name,
                        service=service,
                        used=len(used),
                        tracked=len(tracked),
                    ),
                    (Evidence(done, policy_key=arn), Evidence(given)),
                    subject=policy_subject(policy),
                    object=service,
                )


def _with_members(
    carriers: list[UserDetail | GroupDetail | RoleDetail], members: dict[str, list[UserDetail]]
) -> list[UserDetail | RoleDetail]:
    """Return the users and roles that a policy is given to, by groups, too."""
    found: dict[str, UserDetail | RoleDetail] = {}
    for one in carriers:
        given: list[UserDetail] | list[UserDetail | RoleDetail] = (
            members.get(one.group_name, []) if isinstance(one, GroupDetail) else [one]
        )
        found.update({each.arn: each for each in given})
    return list(found.values())
