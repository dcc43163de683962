"""Bypassable Deny statements: what they exempt is enough to remove them."""

from collections.abc import Iterator
from typing import NamedTuple

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

_MAX_ASKED = 40
"""Principals with the policy that are evaluated; further ones are skipped."""
_MAX_NAMED = 3


class _Bypass(NamedTuple):
    """A request by which a principal detaches or rewrites a policy that applies to it."""

    principal: str
    action: str
    resource: str
    context: Context


@check(
    "LNT-03",
    over=WRITTEN,
    severity=(Severity.MEDIUM, "Needs a principal that knows how to bypass it."),
    title=mark("Bypassable Deny"),
    question="Does a Deny with NotAction or NotResource exempt actions by which principals with the policy can end its "
    "effect?",
    remediation=mark(
        "Remove the actions that change or detach policies, or tag principals, from NotAction, or deny them in a "
        "separate statement. Use a permissions boundary or a service control policy for what must not be undone."
    ),
    standards=("NIST 800-53 AC-3",),
)
def deny_with_a_hole(survey: CheckContext, account: Account, written: PolicySource) -> Iterator[CheckResult]:
    """Evaluate as each principal with the policy, while it denies: without MFA, if the statement tests MFA."""
    if written.policy.policy_type is not PolicyType.IDENTITY:
        return
    for statement in written.policy.document.statements:
        if statement.is_allow or statement.broken is not None or not (statement.not_action or statement.not_resource):
            continue
        while_denying: Context = WITHOUT_MFA if any(test.key == MFA_PRESENT for test in statement.conditions) else {}
        allowed: dict[str, EvaluationResult] = {}
        conditional: dict[str, EvaluationResult] = {}
        for principal in _carriers(survey, account, written)[:_MAX_ASKED]:
            for bypass in (*_bypasses(survey, account, written, principal), *_tag_changes(statement, principal)):
                if not _is_exempt(statement, bypass):
                    continue
                decision = _evaluate(survey, bypass, while_denying)
                if decision is not None:
                    group = allowed if decision.decision is EvalDecision.ALLOWED else conditional
                    group.setdefault(bypass.principal, decision)
                if bypass.principal in allowed:
                    break
        for found, state in ((allowed, State.FOUND), (conditional, State.INCONCLUSIVE)):
            if found:
                yield _result(written, statement, found, state)
                break


def _evaluate(survey: CheckContext, bypass: _Bypass, while_denying: Context) -> EvaluationResult | None:
    context = {**while_denying, **bypass.context}
    if not survey.applies_to_action(bypass.principal, bypass.action):
        return None
    return survey.ask_if_open(bypass.principal, bypass.action, bypass.resource, context)


def _result(
    written: PolicySource, statement: Statement, found: dict[str, EvaluationResult], state: State
) -> CheckResult:
    element = "NotAction" if statement.not_action else "NotResource"
    actions = enumerated(dict.fromkeys(decision.request.action for decision in found.values()))
    values = {
        "place": place(written, statement),
        "element": element,
        "actions": actions,
        "who": enumerated(map(last_of_arn, found)),
    }
    sentence = phrase(
        "{place} can be bypassed: {element} exempts {actions}, by which {who} can end its effect.", **values
    )
    if state is not State.FOUND:
        sentence = phrase(
            "{place} can be bypassed under conditions: {element} exempts {actions}, by which {who} may be able to "
            "end its effect.",
            **values,
        )
    proof = nphrase(
        "{element} exempts {actions}; {count:,} principal with the policy is allowed to perform it.",
        "{element} exempts {actions}; {count:,} principals with the policy are allowed to perform it.",
        len(found),
        element=element,
        actions=actions,
    )
    return CheckResult(
        sentence,
        (
            statement_evidence(written.policy, statement, proof),
            *(
                Evidence(phrase("Evaluated as {name}, while the statement denies.", name=last_of_arn(arn)), decision)
                for arn, decision in list(found.items())[:_MAX_NAMED]
            ),
        ),
        object=str(statement.index),
        state=state,
    )


def _is_exempt(statement: Statement, bypass: _Bypass) -> bool:
    """Return whether the statement exempts a request by NotAction or NotResource, not by its condition."""
    service, _, name = bypass.action.lower().partition(":")
    covered = statement.covers_action(service, name)
    return not covered if statement.not_action else covered


def _carriers(survey: CheckContext, account: Account, written: PolicySource) -> list[UserDetail | RoleDetail]:
    """Return the users and roles with a policy, members of groups included."""
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


def _bypasses(
    survey: CheckContext, account: Account, written: PolicySource, principal: UserDetail | RoleDetail
) -> Iterator[_Bypass]:
    """Yield the requests by which a principal detaches or rewrites a policy that it has."""
    policy = written.policy
    is_managed = policy.source_type is SourceType.USER_MANAGED
    detached: Context = {"iam:PolicyARN": policy.key} if is_managed else {}
    kind = "User" if isinstance(principal, UserDetail) else "Role"
    if is_managed:
        yield _Bypass(principal.arn, "iam:CreatePolicyVersion", policy.key, {})
        if any(one.policy_arn == policy.key for one in principal.attached_managed_policies):
            yield _Bypass(principal.arn, f"iam:Detach{kind}Policy", principal.arn, detached)
    elif policy.owner == principal.arn:
        for verb in ("Delete", "Put"):
            yield _Bypass(principal.arn, f"iam:{verb}{kind}Policy", principal.arn, {})
    if isinstance(principal, UserDetail):
        for group in _groups(survey, account, written, principal):
            yield _Bypass(principal.arn, "iam:RemoveUserFromGroup", group.arn, {})
            if is_managed:
                yield _Bypass(principal.arn, "iam:DetachGroupPolicy", group.arn, detached)
            else:
                yield _Bypass(principal.arn, "iam:DeleteGroupPolicy", group.arn, {})


def _tag_changes(statement: Statement, principal: UserDetail | RoleDetail) -> Iterator[_Bypass]:
    """Yield the requests by which a principal changes a tag of its own that a statement tests."""
    if any(test.key.startswith("aws:principaltag/") for test in statement.conditions):
        kind = "User" if isinstance(principal, UserDetail) else "Role"
        yield from (_Bypass(principal.arn, f"iam:{verb}{kind}", principal.arn, {}) for verb in ("Tag", "Untag"))


def _groups(survey: CheckContext, account: Account, written: PolicySource, user: UserDetail) -> Iterator[GroupDetail]:
    """Yield the groups through which a user has the policy."""
    groups = survey.references(account).groups
    for name in user.group_list:
        group = groups.get(name)
        if group is not None and (
            group.arn == written.policy.owner
            or any(one.policy_arn == written.policy.key for one in group.attached_managed_policies)
        ):
            yield group
