"""Denials with a hole: what they leave out is enough to take them off."""

from collections.abc import Iterator
from typing import NamedTuple

from iamdesk.attack_paths.administrators import OPEN
from iamdesk.checks.check import CheckResult, check
from iamdesk.checks.check_context import CheckContext, Context
from iamdesk.checks.finding import Evidence, Severity, State
from iamdesk.checks.policy_documents import WRITTEN, PolicySource, place, statement_evidence
from iamdesk.checks.policy_pitfalls import MFA_PRESENT
from iamdesk.checks.self_managed_credentials import WITHOUT_MFA
from iamdesk.checks.words import enumerated
from iamdesk.evaluate.policy_set import SourceType
from iamdesk.evaluate.request import EvalDecision, PolicyType
from iamdesk.explain.decision import EvaluationResult
from iamdesk.i18n import mark, nphrase, phrase
from iamdesk.inventory.references import last_of_arn
from iamdesk.policy.statement import Statement
from iamdesk.snapshot.model import Account, GroupDetail, RoleDetail, UserDetail
from iamdesk.viewmodel.tree_builder import NodeKind

_MOST_ASKED = 40
"""Principals that carry the policy and are asked about; where there are more, those are left."""
_MOST_NAMED = 3


class _WayOut(NamedTuple):
    """A call by which somebody takes a policy off themselves, or rewrites it."""

    principal: str
    action: str
    resource: str
    context: Context


@check(
    "LNT-03",
    over=WRITTEN,
    title=mark("Bypassable Deny"),
    severity=Severity.MEDIUM,
    question="Does a Deny with NotAction or NotResource leave out what those it binds may do to take it off?",
    remedy=mark(
        "Take the actions by which policies are changed and detached out of NotAction, or deny them in a statement "
        "of their own; let a permissions boundary or a service control policy hold what must not be undone."
    ),
    standards=("NIST 800-53 AC-3",),
)
def deny_with_a_hole(survey: CheckContext, account: Account, written: PolicySource) -> Iterator[CheckResult]:
    """Asked as those who carry it, while it denies: without MFA, where it is about MFA."""
    if written.policy.layer is not PolicyType.IDENTITY:
        return
    for statement in written.policy.document.statements:
        if statement.is_allow or statement.broken is not None or not (statement.not_action or statement.not_resource):
            continue
        while_denying: Context = WITHOUT_MFA if any(test.key == MFA_PRESENT for test in statement.conditions) else {}
        out: dict[str, EvaluationResult] = {}
        unsure: dict[str, EvaluationResult] = {}
        for principal in _carriers(survey, account, written)[:_MOST_ASKED]:
            for way in _ways_out(survey, account, written, principal):
                if not _is_left_out(statement, way):
                    continue
                decision = _asked(survey, way, while_denying)
                if decision is not None:
                    (out if decision.decision is EvalDecision.ALLOWED else unsure).setdefault(way.principal, decision)
                if way.principal in out:
                    break
        for found, state in ((out, State.FOUND), (unsure, State.CANNOT_TELL)):
            if found:
                yield _hit(written, statement, found, state)
                break


def _asked(survey: CheckContext, way: _WayOut, while_denying: Context) -> EvaluationResult | None:
    context = {**while_denying, **way.context}
    if not survey.speaks_of(way.principal, way.action):
        return None
    if survey.verdict(way.principal, way.action, way.resource, context) not in OPEN:
        return None
    return survey.ask(way.principal, way.action, way.resource, context)


def _hit(written: PolicySource, statement: Statement, found: dict[str, EvaluationResult], state: State) -> CheckResult:
    left = "NotAction" if statement.not_action else "NotResource"
    actions = enumerated(dict.fromkeys(decision.request.action for decision in found.values()))
    told = {
        "place": place(written, statement),
        "left": left,
        "actions": actions,
        "who": enumerated(map(last_of_arn, found)),
    }
    sentence = phrase(
        "{place} does not hold whom it is to hold: {left} leaves {actions} out, by which {who} may take it off.", **told
    )
    if state is not State.FOUND:
        sentence = phrase(
            "{place} does not hold whom it is to hold: {left} leaves {actions} out, by which {who} may, under "
            "conditions, take it off.",
            **told,
        )
    proof = nphrase(
        "{left} leaves out {actions}; {count:,} principal of those it binds may do it.",
        "{left} leaves out {actions}; {count:,} principals of those it binds may do it.",
        len(found),
        left=left,
        actions=actions,
    )
    return CheckResult(
        sentence,
        (
            statement_evidence(written.policy, statement, proof),
            *(
                Evidence(phrase("Asked as {name}, while the statement denies.", name=last_of_arn(arn)), decision)
                for arn, decision in list(found.items())[:_MOST_NAMED]
            ),
        ),
        object=str(statement.index),
        state=state,
    )


def _is_left_out(statement: Statement, way: _WayOut) -> bool:
    """Return whether it is what the statement leaves out, not its condition, that lets a call pass."""
    service, _, name = way.action.lower().partition(":")
    covered = statement.covers_action(service, name)
    return not covered if statement.not_action else covered


def _carriers(survey: CheckContext, account: Account, written: PolicySource) -> list[UserDetail | RoleDetail]:
    """Return the users and roles whom a policy binds, members of groups included."""
    used = survey.references(account)
    if written.subject.kind is NodeKind.CUSTOMER_POLICY:
        found: list[UserDetail | GroupDetail | RoleDetail] = list(used.carriers.get(written.policy.key, ()))
    else:
        index = survey.evaluator.index
        owner = written.policy.owner
        one = index.users.get(owner) or index.roles.get(owner) or index.group_arns.get(owner)
        found = [one] if one is not None else []
    members: dict[str, UserDetail | RoleDetail] = {}
    for one in found:
        given = used.members.get(one.group_name, []) if isinstance(one, GroupDetail) else [one]
        members.update({each.arn: each for each in given})
    return list(members.values())


def _ways_out(
    survey: CheckContext, account: Account, written: PolicySource, principal: UserDetail | RoleDetail
) -> Iterator[_WayOut]:
    """Yield the calls by which a principal takes a policy that it carries off itself."""
    policy = written.policy
    is_managed = policy.source_type is SourceType.USER_MANAGED
    detached: Context = {"iam:PolicyARN": policy.key} if is_managed else {}
    kind = "User" if isinstance(principal, UserDetail) else "Role"
    if is_managed:
        yield _WayOut(principal.arn, "iam:CreatePolicyVersion", policy.key, {})
        if any(one.policy_arn == policy.key for one in principal.attached_managed_policies):
            yield _WayOut(principal.arn, f"iam:Detach{kind}Policy", principal.arn, detached)
    elif policy.owner == principal.arn:
        for verb in ("Delete", "Put"):
            yield _WayOut(principal.arn, f"iam:{verb}{kind}Policy", principal.arn, {})
    if isinstance(principal, UserDetail):
        for group in _groups(survey, account, written, principal):
            yield _WayOut(principal.arn, "iam:RemoveUserFromGroup", group.arn, {})
            if is_managed:
                yield _WayOut(principal.arn, "iam:DetachGroupPolicy", group.arn, detached)
            else:
                yield _WayOut(principal.arn, "iam:DeleteGroupPolicy", group.arn, {})


def _groups(survey: CheckContext, account: Account, written: PolicySource, user: UserDetail) -> Iterator[GroupDetail]:
    """Yield the groups of a user through which the policy comes."""
    groups = survey.references(account).groups
    for name in user.group_list:
        group = groups.get(name)
        if group is not None and (
            group.arn == written.policy.owner
            or any(one.policy_arn == written.policy.key for one in group.attached_managed_policies)
        ):
            yield group
