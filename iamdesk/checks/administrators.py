"""Administrators, policies that allow everything, and principals whose policies allow everything in name only."""

from collections.abc import Collection, Iterable, Iterator, Sequence

from iamdesk.attack_paths.administrators import (
    FULL_ACCESS,
    POWERS,
    Administration,
    Principal,
    administration,
    evaluated_whether,
    is_administrator,
    power_request,
)
from iamdesk.checks.check import CheckResult, check
from iamdesk.checks.check_context import CheckContext, Context
from iamdesk.checks.finding import Evidence, Severity, State
from iamdesk.checks.policy_documents import WRITTEN, PolicySource, statement_evidence
from iamdesk.checks.redundant_statements import shadowed
from iamdesk.checks.targets import PRINCIPALS
from iamdesk.checks.words import enumerated
from iamdesk.evaluate.request import EvalDecision, PolicyType
from iamdesk.explain.decision import EvaluationResult, StatementExplanation
from iamdesk.i18n import join_messages, mark, phrase
from iamdesk.inventory.references import AccountReferences, name_of
from iamdesk.policy.canonical_form import allows_everything, is_of_everything
from iamdesk.policy.document import Document
from iamdesk.snapshot.model import Account, GroupDetail, RoleDetail, UserDetail
from iamdesk.viewmodel.tree_builder import NodeKind

_STANDARDS = ("CIS AWS Foundations 7.0 2.14", "AWS FSBP IAM.1", "NIST 800-53 AC-6", "ISO 27001:2022 A.8.2")
_PROOFS = "proofs of an administrator"


def proofs_of(survey: CheckContext, account: Account, principal: Principal) -> list[Evidence]:
    """Return the evaluated requests that make a principal an administrator."""

    def look() -> tuple[Evidence, ...]:
        survey.known(_PROOFS).clear()  # of one principal alone: ADM-03 asks after ADM-01
        return tuple(
            [
                Evidence(
                    evaluated_whether(power.description), survey.ask(principal.arn, *power_request(power, account))
                )
                for power in POWERS
            ]
        )

    return list(survey.once((_PROOFS, principal.arn), look))


@check(
    "ADM-01",
    over=PRINCIPALS,
    severity=(
        Severity.HIGH,
        "One stolen credential gives away the whole account. Not critical: someone has to administer it.",
    ),
    title=mark("Administrator"),
    question="Can a user or role change all permissions and do nearly everything else, with its boundary and all "
    "Deny statements applied?",
    remediation=mark(
        "Keep as few administrators as possible, each with a documented reason. Give the others only the permissions "
        "of their job. People who need this access occasionally should assume a role for it, with MFA."
    ),
    standards=_STANDARDS,
)
def administrator(survey: CheckContext, account: Account, principal: Principal) -> Iterator[CheckResult]:
    """Name the policies that grant it, and the condition keys if it depends on the request."""
    power = administration(survey, account, principal)
    name = name_of(principal)
    if power.decision in (EvalDecision.ALLOWED, EvalDecision.CONDITIONAL):
        proofs = proofs_of(survey, account, principal)
        carried = survey.evaluator.index.carried(principal.arn)
        whole = {one.key for one in carried.identity if any(map(allows_everything, one.document.statements))}
        route = route_of(principal, [piece.decision for piece in proofs if piece.decision], whole)
        bounded = carried.boundary
        within = []
        if bounded is not None:
            within.append(phrase("The permissions boundary {name} does not stop it.", name=bounded.name))
        proofs.append(
            Evidence(
                phrase(
                    "It is allowed {covered:,} of {asked:,} sampled actions, each the most powerful of its service.",
                    covered=power.covered,
                    asked=power.asked,
                )
            )
        )
        if power.decision is EvalDecision.ALLOWED:
            text = phrase("{name} is an administrator, through {route}.", name=name, route=route)
            yield CheckResult(join_messages(" ", (text, *within)), tuple(proofs))
        elif without_mfa := _proofs_with(survey, account, principal, _WITHOUT_MFA):
            text = phrase("{name} is an administrator without MFA, through {route}.", name=name, route=route)
            if _proofs_with(survey, account, principal, _WITH_MFA):
                text = phrase(
                    "{name} is an administrator, with or without MFA, through {route}.", name=name, route=route
                )
            yield CheckResult(join_messages(" ", (text, *within)), (*without_mfa, proofs[-1]))
        else:
            text = phrase(
                "{name} is an administrator under conditions, through {route}: this depends on {keys}.",
                name=name,
                route=route,
                keys=enumerated(power.keys) if power.keys else phrase("the request"),
            )
            yield CheckResult(
                join_messages(" ", (text, *within)),
                tuple(proofs),
                title=mark("Administrator under conditions"),
            )
        return
    for why, evidence in _undetermined(survey, account, principal, power):
        text = phrase("Whether {name} is an administrator cannot be determined: {why}.", name=name, why=why)
        yield CheckResult(text, (evidence,), state=State.INCONCLUSIVE)


_WITHOUT_MFA: tuple[Context, ...] = tuple(
    {"aws:MultiFactorAuthPresent": present, "aws:MultiFactorAuthAge": None} for present in (None, "false")
)
"""Requests with access keys lack the key, those of sessions without MFA have it with the value ``false``.

Anyone can leave out MFA, so a condition on its absence restricts no one. Source: IAM User Guide, AWS global condition
context keys, aws:MultiFactorAuthPresent.
"""
_WITH_MFA: tuple[Context, ...] = ({"aws:MultiFactorAuthPresent": "true", "aws:MultiFactorAuthAge": "0"},)


def _proofs_with(
    survey: CheckContext, account: Account, principal: Principal, contexts: Iterable[Context]
) -> tuple[Evidence, ...]:
    """Return the evaluations of the powers in the first context in which all are allowed; empty if there is none."""
    for mfa in contexts:
        proofs = []
        for power in POWERS:
            action, resource, context = power_request(power, account)
            decision = survey.ask(principal.arn, action, resource, {**context, **mfa})
            if decision.decision is not EvalDecision.ALLOWED:
                break
            proofs.append(Evidence(evaluated_whether(power.description), decision))
        else:
            return tuple(proofs)
    return ()


def _undetermined(
    survey: CheckContext, account: Account, principal: Principal, power: Administration
) -> Iterator[tuple[str, Evidence]]:
    """Yield why a principal may be an administrator although the evaluation does not show it, with evidence.

    Only where AdministratorAccess or the boundary is the document that was not captured. CMP-03 reports all other
    missing policies, once, with their holders.
    """
    carried = survey.evaluator.index.carried(principal.arn)
    for missing in carried.missing:
        if missing.what == "managed policy" and missing.name.endswith(f":aws:policy/{FULL_ACCESS}"):
            why = phrase("{policy} is attached, and its document was not captured", policy=FULL_ACCESS)
            proof = phrase(
                "{owner} has {policy} attached; no version of it was captured.",
                owner=missing.owner,
                policy=missing.name,
            )
            yield why, Evidence(proof)
    if power.failed is not None and carried.has_boundary and carried.boundary is None:
        decision = survey.ask(principal.arn, *power_request(power.failed, account))
        for assumption in decision.assumptions:
            may_be_one = assumption.other_decision in (EvalDecision.ALLOWED, EvalDecision.CONDITIONAL)
            if assumption.code == "boundary-missing" and may_be_one:
                yield (
                    phrase("the document of its permissions boundary was not captured"),
                    Evidence(assumption.message, decision),
                )


@check(
    "ADM-02",
    over=PRINCIPALS,
    severity=(Severity.INFO, "Not an administrator now, but it would be one without the limit."),
    title=mark("Administrator by name, but not in effect"),
    question="Does a user or role have a policy that allows everything, but is not an administrator due to limits?",
    remediation=mark(
        "Document the limit and who can change it, if this is intended. Otherwise replace the policy with the "
        "permissions of the job."
    ),
)
def administrator_by_name(survey: CheckContext, account: Account, principal: Principal) -> Iterator[CheckResult]:
    """Name the boundary, Deny or organization policy that limits it."""
    carried = survey.evaluator.index.carried(principal.arn)
    wide = [policy.name for policy in carried.identity if _everything(policy.document)]
    if not wide or is_administrator(survey, account, principal):
        return
    power = administration(survey, account, principal)
    if any(True for _ in _undetermined(survey, account, principal, power)):
        return  # ADM-01 reports that it cannot be determined
    named = enumerated(dict.fromkeys(wide))
    holds = phrase(
        "{name} has {policies}, which allows everything, but is not an administrator",
        name=name_of(principal),
        policies=named,
    )
    if power.failed is not None:
        decision = survey.ask(principal.arn, *power_request(power.failed, account))
        yield CheckResult(
            phrase("{carries}: {why}.", carries=holds, why=_limit(decision)),
            (Evidence(evaluated_whether(power.failed.description), decision),),
        )
    else:
        proof = phrase(
            "Too few of {asked:,} sampled actions, each the most powerful of its service, are allowed.",
            asked=power.asked,
        )
        yield CheckResult(phrase("{carries}: too many other actions are denied.", carries=holds), (Evidence(proof),))


def _limit(decision: EvaluationResult) -> str:
    """Return which statement or policy type denies a request, as a clause."""
    if decision.decision is EvalDecision.EXPLICIT_DENY:
        total = [line for line in decision.matched_statements if _denies_everything(line)]
        if total:
            return phrase("{policy} denies everything", policy=total[0].policy_name)
        names = enumerated(line.name for line in decision.matched_statements)
        return phrase("{statements} denies {action}", statements=names, action=decision.request.action)
    policy_types = {
        PolicyType.PERMISSIONS_BOUNDARY.value: phrase("its permissions boundary"),
        PolicyType.SCP.value: phrase("a service control policy"),
        PolicyType.RCP.value: phrase("a resource control policy"),
    }
    holding = enumerated(policy_types.get(policy_type, policy_type) for policy_type in decision.blocked_by)
    return phrase("{layers} does not allow {action}", layers=holding, action=decision.request.action)


def _denies_everything(line: StatementExplanation) -> bool:
    statement = line.document.statements[line.index]
    return not statement.is_allow and is_of_everything(statement)


def _everything(document: Document) -> bool:
    return any(allows_everything(statement) for statement in document.statements)


def _wide_statements(written: PolicySource) -> Iterator[Evidence]:
    """Yield the statements that allow everything and that no Deny of the same policy cancels entirely."""
    document = written.policy.document
    wide = [statement for statement in document.statements if allows_everything(statement)]
    canceled = {allow.index for allow, _ in shadowed(document)} if wide else set()
    for statement in wide:
        if statement.index not in canceled:
            yield statement_evidence(written.policy, statement, phrase("It allows every action on every resource."))


def _allows_everything(written: PolicySource) -> str:
    """Return what the policy allows, minus what its own statements deny, as a clause."""
    denying = [str(one.index + 1) for one in written.policy.document.statements if not one.is_allow]
    if not denying:
        return phrase("allows every action on every resource")
    if len(denying) == 1:
        return phrase(
            "allows every action on every resource except what its statement {number} denies", number=denying[0]
        )
    return phrase(
        "allows every action on every resource except what its statements {numbers} deny",
        numbers=enumerated(denying),
    )


@check(
    "ADM-04",
    over=WRITTEN,
    severity=(Severity.HIGH, "Whoever gets the policy is an administrator."),
    title=mark("Customer managed policy that allows everything"),
    question="Does an attached customer managed policy allow every action on every resource?",
    remediation=mark(
        "List the actions and resources that the job needs. For a real administrator, attach the AWS managed policy "
        "AdministratorAccess instead: reviewers recognize it."
    ),
    standards=(*_STANDARDS, "PCI DSS 4.0 7.2.2"),
)
def customer_policy_with_everything(
    survey: CheckContext, account: Account, written: PolicySource
) -> Iterator[CheckResult]:
    """Only attached policies: one that is only a boundary grants nothing. Low if all holders have a deny-all."""
    held = survey.references(account)
    holders = held.carriers.get(written.policy.key, [])
    evidence = tuple(_wide_statements(written))
    if written.subject.kind is not NodeKind.CUSTOMER_POLICY or not evidence or not holders:
        return
    users = [one for holder in holders for one in _with_members(held, holder)]
    is_dead = bool(users) and all(_is_denied_everything(survey, one.arn) for one in users)
    words = {
        "policy": written.policy.name,
        "allows": _allows_everything(written),
        "holders": enumerated(name_of(holder) for holder in holders),
    }
    sentence = phrase("{policy} {allows}; it is attached to {holders}.", **words)
    if is_dead:
        sentence = phrase(
            "{policy} {allows}; it is attached to {holders}, but another policy denies all of them everything.", **words
        )
    yield CheckResult(sentence, evidence, severity=Severity.LOW if is_dead else None)


def _with_members(held: AccountReferences, holder: UserDetail | GroupDetail | RoleDetail) -> Sequence[Principal]:
    """Return a user or role, or the members of a group."""
    return held.members.get(holder.group_name, ()) if isinstance(holder, GroupDetail) else (holder,)


def _is_denied_everything(survey: CheckContext, arn: str) -> bool:
    """Return whether a statement of a principal's policies denies every action on every resource, unconditionally."""
    return any(
        not statement.is_allow and is_of_everything(statement)
        for policy in survey.evaluator.index.carried(arn).identity
        for statement in policy.document.statements
    )


@check(
    "ADM-05",
    over=WRITTEN,
    severity=(Severity.LOW, "No principal has it; attaching it is all that is left to do."),
    title=mark("Unused customer managed policy that allows everything"),
    question="Does an unattached customer managed policy allow every action on every resource?",
    remediation=mark("Delete the policy: any principal that can attach policies can attach this one."),
    standards=("ISO 27001:2022 A.8.2",),
)
def unused_policy_with_everything(
    survey: CheckContext, account: Account, written: PolicySource
) -> Iterator[CheckResult]:
    """Neither attached nor used as a boundary, in the snapshot."""
    used = survey.references(account)
    evidence = tuple(_wide_statements(written))
    if (
        written.subject.kind is NodeKind.CUSTOMER_POLICY
        and evidence
        and not used.carriers.get(written.policy.key)
        and not used.bounded.get(written.policy.key)
    ):
        yield CheckResult(
            phrase(
                "{policy} {allows}, and is not attached to any principal.",
                policy=written.policy.name,
                allows=_allows_everything(written),
            ),
            evidence,
        )


@check(
    "ADM-07",
    over=WRITTEN,
    severity=(Severity.HIGH, "Whoever has the policy is an administrator, and inline policies are easily overlooked."),
    title=mark("Inline policy that allows everything"),
    question="Does an inline policy allow every action on every resource?",
    remediation=mark(
        "Replace it with a managed policy that lists what the job needs: inline policies are easily overlooked in a "
        "review."
    ),
    standards=_STANDARDS,
)
def inline_policy_with_everything(
    _survey: CheckContext, _account: Account, written: PolicySource
) -> Iterator[CheckResult]:
    """Inline policies of users, groups and roles."""
    evidence = tuple(_wide_statements(written))
    if written.subject.kind is NodeKind.INLINE_POLICY and evidence:
        text = phrase(
            "The {policy} {allows}.",
            policy=written.title,
            allows=_allows_everything(written),
        )
        yield CheckResult(text, evidence)


def route_of(principal: Principal, decisions: list[EvaluationResult], whole: Collection[str] = frozenset[str]()) -> str:
    """Return the policies that allow all requests of a principal, with how each is attached.

    Where none does by itself: all that allow some of them. Several that each allow everything (``whole``: their keys)
    are "each of …".
    """
    lines: dict[tuple[str, str], StatementExplanation] = {}
    allowed: dict[tuple[str, str], set[int]] = {}
    for number, decision in enumerate(decisions):
        for line in decision.statements:
            if line.layer is PolicyType.IDENTITY and line.effect == "Allow" and line.failed is None:
                key = line.policy_key, line.owner
                lines.setdefault(key, line)
                allowed.setdefault(key, set()).add(number)
    enough = [key for key, numbers in allowed.items() if len(numbers) == len(decisions)]
    named = enumerated(_route(principal, lines[key]) for key in enough or lines)
    is_each = len(enough) > 1 and all(key in whole for key, _ in enough)
    return phrase("each of {policies}", policies=named) if is_each else named


def _route(principal: Principal, line: StatementExplanation) -> str:
    if line.owner != principal.arn:
        return phrase("{policy} of group {group}", policy=line.policy_name, group=line.owner.rpartition("/")[2])
    if "#inline/" in line.policy_key:
        return phrase("its inline policy {policy}", policy=line.policy_name)
    return phrase("{policy} (attached directly)", policy=line.policy_name)
