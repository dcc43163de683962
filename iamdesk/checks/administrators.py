"""Administrators in effect, administrators by name, and policies that make them."""

from collections.abc import Iterator

from iamdesk.checks.check import Hit, check
from iamdesk.checks.documents import WRITTEN, Written, statement_evidence
from iamdesk.checks.finding import Evidence, Severity, State
from iamdesk.checks.redundancy import shadowed
from iamdesk.checks.subjects import PRINCIPALS
from iamdesk.checks.survey import Survey
from iamdesk.checks.words import enumerated
from iamdesk.evaluate.request import Layer
from iamdesk.evaluate.verdict import Verdict
from iamdesk.explain.decision import Decision, StatementLine
from iamdesk.index.outline import NodeKind
from iamdesk.index.references import name_of
from iamdesk.language import mark
from iamdesk.policy.document import Document
from iamdesk.policy.statement import Statement
from iamdesk.reach.administration import (
    FULL_ACCESS,
    POWERS,
    Administration,
    Principal,
    administration,
    asked_whether,
    is_administrator,
    question,
)
from iamdesk.snapshot.model import Account

_STANDARDS = ("CIS AWS Foundations 7.0 2.14", "AWS FSBP IAM.1", "NIST 800-53 AC-6", "ISO 27001:2022 A.8.2")


def proofs_of(survey: Survey, account: Account, principal: Principal) -> list[Evidence]:
    """Return the answered questions that make a principal an administrator."""
    return [
        Evidence(asked_whether(power.says), survey.ask(principal.arn, *question(power, account))) for power in POWERS
    ]


@check(
    "ADM-01",
    over=PRINCIPALS,
    title=mark("Administrator"),
    severity=Severity.HIGH,
    question="May a user or role change everybody's permissions and do nearly everything else, with boundary and "
    "denials counted?",
    remedy=mark(
        "Keep as few administrators as the work needs, each with a name and a reason. Give the others the "
        "permissions of their job; people who only sometimes need this should assume a role for it, with MFA."
    ),
    standards=_STANDARDS,
)
def administrator(survey: Survey, account: Account, principal: Principal) -> Iterator[Hit]:
    """With the route by which it comes. Where it hangs on the request, the keys are named."""
    power = administration(survey, account, principal)
    name = name_of(principal)
    if power.verdict in (Verdict.ALLOWED, Verdict.CONDITIONAL):
        proofs = proofs_of(survey, account, principal)
        route = enumerated(routes_of(principal, [piece.decision for piece in proofs if piece.decision]))
        bounded = survey.evaluator.index.carried(principal.arn).boundary
        within = f" The permissions boundary {bounded.name} does not stop it." if bounded is not None else ""
        proofs.append(
            Evidence(
                f"It may do {power.covered:,} of {power.asked:,} sampled actions, each the most powerful of a service."
            )
        )
        if power.verdict is Verdict.ALLOWED:
            yield Hit(f"{name} is an administrator, through {route}.{within}", tuple(proofs))
        else:
            yield Hit(
                f"{name} is an administrator under conditions, through {route}: it hangs on "
                f"{enumerated(power.keys) if power.keys else 'the request'}.{within}",
                tuple(proofs),
                title=mark("Administrator under conditions"),
            )
        return
    for told, evidence in _untold(survey, account, principal, power):
        yield Hit(f"Whether {name} is an administrator cannot be told: {told}.", (evidence,), state=State.CANNOT_TELL)


def _untold(
    survey: Survey, account: Account, principal: Principal, power: Administration
) -> Iterator[tuple[str, Evidence]]:
    """Yield why the answer may be another one than it looks.

    A policy that is missing may give anything: CMP-03 says so, once, with everybody who has it. Here are those that
    are administrators for all that is known, but for one document.
    """
    carried = survey.evaluator.index.carried(principal.arn)
    for missing in carried.missing:
        if missing.what == "managed policy" and missing.name.endswith(f":aws:policy/{FULL_ACCESS}"):
            told = f"{FULL_ACCESS} is attached, and its document is not in the snapshot"
            yield told, Evidence(f"{missing.owner} has {missing.name} attached; the snapshot holds no version of it.")
    if power.failed is not None and carried.has_boundary and carried.boundary is None:
        decision = survey.ask(principal.arn, *question(power.failed, account))
        for assumption in decision.assumptions:
            if assumption.other_decision in (Verdict.ALLOWED, Verdict.CONDITIONAL):
                yield (
                    "the document of its permissions boundary is not in the snapshot",
                    Evidence(assumption.message, decision),
                )


@check(
    "ADM-02",
    over=PRINCIPALS,
    title=mark("Administrator by name, but not in effect"),
    severity=Severity.INFO,
    question="Does a user or role carry a policy that allows everything, and is held back?",
    remedy=mark(
        "Nothing to do if that is meant: record what holds it back, and who may change that. Else give it the "
        "permissions of its job."
    ),
)
def administrator_by_name(survey: Survey, account: Account, principal: Principal) -> Iterator[Hit]:
    """So that nobody counts it as an administrator, and everybody knows by what it is none."""
    carried = survey.evaluator.index.carried(principal.arn)
    wide = [policy.name for policy in carried.identity if _everything(policy.document)]
    if not wide or is_administrator(survey, account, principal):
        return
    power = administration(survey, account, principal)
    if any(True for _ in _untold(survey, account, principal, power)):
        return  # ADM-01 says that it cannot be told
    named = enumerated(dict.fromkeys(wide))
    carries = f"{name_of(principal)} carries {named}, which allows everything, and is no administrator"
    if power.failed is not None:
        decision = survey.ask(principal.arn, *question(power.failed, account))
        yield Hit(f"{carries}: {_held_back(decision)}.", (Evidence(asked_whether(power.failed.says), decision),))
    else:
        proof = f"Of {power.asked:,} sampled actions, each the most powerful of a service, too few are allowed."
        yield Hit(f"{carries}: too much else is held back.", (Evidence(proof),))


def _held_back(decision: Decision) -> str:
    if decision.decision is Verdict.EXPLICIT_DENY:
        return f"{enumerated(line.name for line in decision.matched_statements)} denies {decision.request.action}"
    names = {
        Layer.PERMISSIONS_BOUNDARY.value: "its permissions boundary",
        Layer.SCP.value: "a service control policy",
        Layer.RCP.value: "a resource control policy",
    }
    holding = enumerated(names.get(layer, layer) for layer in decision.blocked_by)
    return f"{holding} does not allow {decision.request.action}"


def _everything(document: Document) -> bool:
    return any(is_everything_on_everything(statement) for statement in document.statements)


def is_everything_on_everything(statement: Statement) -> bool:
    """Return whether a statement allows every action on every resource without a condition."""
    return (
        statement.is_allow
        and statement.broken is None
        and not statement.conditions
        and not statement.not_action
        and not statement.not_resource
        and any(pattern.covers_every_service for pattern in statement.actions)
        and any(entry.is_everything for entry in statement.resources or ())
    )


def _wide_statements(written: Written) -> Iterator[Evidence]:
    """Yield the statements that allow everything and that the same policy does not take back altogether."""
    document = written.policy.document
    wide = [statement for statement in document.statements if is_everything_on_everything(statement)]
    taken_back = {allow.index for allow, _ in shadowed(document)} if wide else set()
    for statement in wide:
        if statement.index not in taken_back:
            yield statement_evidence(written.policy, statement, "It allows every action on every resource.")


def _but(written: Written) -> str:
    """Return the words that name what the same policy denies; nothing where it denies nothing."""
    denying = [str(one.index + 1) for one in written.policy.document.statements if not one.is_allow]
    if not denying:
        return ""
    if len(denying) == 1:
        return f" but for what its statement {denying[0]} denies"
    return f" but for what its statements {enumerated(denying)} deny"


@check(
    "ADM-04",
    over=WRITTEN,
    title=mark("Customer managed policy that allows everything"),
    severity=Severity.HIGH,
    question="Does a customer managed policy that somebody has attached allow every action on every resource?",
    remedy=mark(
        "Name the actions and resources that the job needs. Where an administrator is meant, attach AWS's "
        "AdministratorAccess instead: everybody knows what it is."
    ),
    standards=(*_STANDARDS, "PCI DSS 4.0 7.2.2"),
)
def customer_policy_with_everything(survey: Survey, account: Account, written: Written) -> Iterator[Hit]:
    """Attached to somebody; what serves only as a boundary grants nothing."""
    holders = survey.references(account).carriers.get(written.policy.key, [])
    evidence = tuple(_wide_statements(written))
    if written.subject.kind is NodeKind.CUSTOMER_POLICY and evidence and holders:
        yield Hit(
            f"{written.policy.name} allows every action on every resource{_but(written)}; it is attached to "
            f"{enumerated(name_of(holder) for holder in holders)}.",
            evidence,
        )


@check(
    "ADM-05",
    over=WRITTEN,
    title=mark("Unused customer managed policy that allows everything"),
    severity=Severity.LOW,
    question="Does a customer managed policy that nobody has attached allow every action on every resource?",
    remedy=mark("Delete it: whoever may attach policies can attach this one."),
    standards=("ISO 27001:2022 A.8.2",),
)
def unused_policy_with_everything(survey: Survey, account: Account, written: Written) -> Iterator[Hit]:
    """Neither attached nor a boundary, as far as the snapshot shows."""
    used = survey.references(account)
    evidence = tuple(_wide_statements(written))
    if (
        written.subject.kind is NodeKind.CUSTOMER_POLICY
        and evidence
        and not used.carriers.get(written.policy.key)
        and not used.bounded.get(written.policy.key)
    ):
        yield Hit(
            f"{written.policy.name} allows every action on every resource{_but(written)}, and nobody has it attached.",
            evidence,
        )


@check(
    "ADM-07",
    over=WRITTEN,
    title=mark("Inline policy that allows everything"),
    severity=Severity.HIGH,
    question="Does an inline policy allow every action on every resource?",
    remedy=mark(
        "Replace it by a managed policy that names what the job needs: inline policies are easily overlooked, and "
        "nobody else's review covers them."
    ),
    standards=_STANDARDS,
)
def inline_policy_with_everything(_survey: Survey, _account: Account, written: Written) -> Iterator[Hit]:
    """Of users, groups and roles alike."""
    evidence = tuple(_wide_statements(written))
    if written.subject.kind is NodeKind.INLINE_POLICY and evidence:
        told = f"allows every action on every resource{_but(written)}"
        yield Hit(f"{written.policy.name}, {written.origin}, {told}.", evidence)


def routes_of(principal: Principal, decisions: list[Decision]) -> list[str]:
    """Return by which policies it comes, and how these reach the principal."""
    lines: dict[tuple[str, str], StatementLine] = {}
    for decision in decisions:
        for line in decision.statements:
            if line.layer is Layer.IDENTITY and line.effect == "Allow" and line.failed is None:
                lines.setdefault((line.policy_key, line.owner), line)
    return [_route(principal, line) for line in lines.values()]


def _route(principal: Principal, line: StatementLine) -> str:
    if line.owner != principal.arn:
        return f"{line.policy_name} of group {line.owner.rpartition('/')[2]}"
    inline = "#inline/" in line.policy_key
    return f"its inline policy {line.policy_name}" if inline else f"{line.policy_name}, attached directly"
