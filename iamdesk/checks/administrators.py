"""Who may do everything, or may give it to themselves: decided by asking, never by a policy's name."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from iamdesk.checks.check import Hit, check
from iamdesk.checks.documents import WRITTEN, Written, statement_evidence
from iamdesk.checks.finding import Evidence, Severity, State
from iamdesk.checks.subjects import PRINCIPALS, Principal
from iamdesk.checks.survey import STRANGER, Survey
from iamdesk.checks.words import enumerated
from iamdesk.evaluate.request import Layer
from iamdesk.evaluate.verdict import Verdict
from iamdesk.explain.decision import Decision, StatementLine
from iamdesk.index.actions import Action, reference
from iamdesk.index.outline import NodeKind
from iamdesk.index.references import name_of
from iamdesk.policy.document import Document
from iamdesk.policy.statement import Statement
from iamdesk.snapshot.model import Account, AttachedPolicy, UserDetail

_STANDARDS = ("CIS AWS Foundations 7.0 2.14", "AWS FSBP IAM.1", "NIST 800-53 AC-6", "ISO 27001:2022 A.8.2")
_ENOUGH = 0.9
"""Share of the sampled actions that an administrator may do."""
_PLACEHOLDER = re.compile(r"\$\{([^}]*)\}")
_REGION = "us-east-1"
_A_REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d+")
_LEVELS = ("Permissions management", "Write", "Tagging")
_FULL_ACCESS = "AdministratorAccess"


@dataclass(frozen=True, slots=True)
class Power:
    """One thing that only an administrator may do: to anybody, not to somebody named."""

    action: str
    resource: str
    """With ``{partition}`` and ``{account}``."""
    context: Mapping[str, str]
    says: str


POWERS: tuple[Power, ...] = (
    Power(
        "iam:AttachRolePolicy",
        f"arn:{{partition}}:iam::{{account}}:role/{STRANGER}",
        {"iam:PolicyARN": "arn:{partition}:iam::aws:policy/AdministratorAccess"},
        "Attach AdministratorAccess to a role that nobody has named yet.",
    ),
    Power(
        "iam:PutRolePolicy",
        f"arn:{{partition}}:iam::{{account}}:role/{STRANGER}",
        {},
        "Write an inline policy of a role that nobody has named yet.",
    ),
    Power(
        "iam:CreatePolicyVersion",
        f"arn:{{partition}}:iam::{{account}}:policy/{STRANGER}",
        {},
        "Change a managed policy that nobody has named yet.",
    ),
    Power(
        "iam:PassRole",
        f"arn:{{partition}}:iam::{{account}}:role/{STRANGER}",
        {},
        "Pass a role that nobody has named yet to a service.",
    ),
)
"""All four, and nine tenths of a sample of one powerful action for each service of AWS, make an administrator."""


@dataclass(frozen=True, slots=True)
class Administration:
    """How far a principal is an administrator."""

    verdict: Verdict
    """``allowed``, ``conditional``, or a denial."""
    failed: Power | None
    """The power that is denied, the first of them."""
    covered: int
    """Of the sampled actions, how many it may do; 0 where a power is denied."""
    sampled: int
    keys: tuple[str, ...]
    """For ``conditional``: the keys that it hangs on."""


@cache
def _sample(partition: str, account: str, region: str) -> tuple[tuple[str, str], ...]:
    """Return one powerful action for each service, as (action, resource that nobody has named yet)."""
    known = reference()
    found = []
    for service in known.services():
        actions = known.actions_of(service)
        strongest = next((action for level in _LEVELS for action in actions if action.access_level == level), None)
        if strongest is not None:
            found.append((strongest.full_name, _resource(strongest, partition, account, region)))
    return tuple(found)


def _resource(action: Action, partition: str, account: str, region: str) -> str:
    if not action.resource_types:
        return "*"
    needed = next((each for each in action.resource_types if each.required), action.resource_types[0])
    kind = reference().resource_type(action.service, needed.name)
    if kind is None or not kind.arn.startswith("arn:"):
        return "*"
    filled = {"partition": partition, "account": account, "region": region}
    return _PLACEHOLDER.sub(lambda found: filled.get(found[1].lower(), STRANGER), kind.arn).replace("*", STRANGER)


def administration(survey: Survey, account: Account, principal: Principal) -> Administration:
    """Return how far a principal is an administrator; asked once in a run."""
    return survey.once(("administration", principal.arn), lambda: _administration(survey, account, principal))


def is_administrator(survey: Survey, account: Account, principal: Principal) -> bool:
    """Return whether a principal is an administrator, perhaps under conditions."""
    return administration(survey, account, principal).verdict in (Verdict.ALLOWED, Verdict.CONDITIONAL)


def _administration(survey: Survey, account: Account, principal: Principal) -> Administration:
    index = survey.evaluator.index
    carried = index.carried(principal.arn)
    # What no statement speaks of needs no question: most principals end here.
    unspoken = next((power for power in POWERS if not survey.speaks_of(principal.arn, power.action)), None)
    if unspoken is not None:
        return Administration(Verdict.IMPLICIT_DENY, unspoken, 0, 0, ())
    documents = tuple(policy.document for policy in carried.identity)
    bounds = (carried.boundary.document,) if carried.boundary is not None else ()
    if all(_is_plain(survey, document) for document in (*documents, *bounds)):
        # Without conditions and variables the same documents give every principal of the account the same answer.
        key = ("plain administration", account.account_id, documents, carried.has_boundary, bounds)
        return survey.once(key, lambda: _ask_all(survey, account, principal))
    return _ask_all(survey, account, principal)


def _is_plain(survey: Survey, document: Document) -> bool:
    return survey.once(
        ("plain", document),
        lambda: (
            not any(
                statement.conditions or any(entry.keys for entry in statement.resources or ())
                for statement in document.statements
            )
        ),
    )


def _ask_all(survey: Survey, account: Account, principal: Principal) -> Administration:
    verdicts = []
    for power in POWERS:
        verdict = survey.verdict(principal.arn, *_question(power, account))
        if verdict is Verdict.CONDITIONAL:
            verdict = survey.ask(principal.arn, *_question(power, account)).decision
        if verdict not in (Verdict.ALLOWED, Verdict.CONDITIONAL):
            return Administration(verdict, power, 0, 0, ())
        verdicts.append(verdict)
    # In any Region that its policies speak of: who is kept to one Region is an administrator there.
    samples = zip(
        *(_sample(account.partition, account.account_id, region) for region in _regions(survey, principal)), strict=True
    )
    covered = missed = 0
    size = len(_sample(account.partition, account.account_id, _REGION))
    for one in samples:
        if any(survey.verdict(principal.arn, *asked) in (Verdict.ALLOWED, Verdict.CONDITIONAL) for asked in one):
            covered += 1
        else:
            missed += 1
            if missed > size * (1 - _ENOUGH):
                return Administration(Verdict.IMPLICIT_DENY, None, covered, size, ())
    if all(verdict is Verdict.ALLOWED for verdict in verdicts):
        return Administration(Verdict.ALLOWED, None, covered, size, ())
    keys = {
        key: None
        for power in POWERS
        for key in survey.ask(principal.arn, *_question(power, account)).missing_context_values
    }
    return Administration(Verdict.CONDITIONAL, None, covered, size, tuple(keys))


def _regions(survey: Survey, principal: Principal) -> tuple[str, ...]:
    """Return us-east-1 and the first Regions that conditions of the principal's policies name."""
    carried = survey.evaluator.index.carried(principal.arn)
    named = {
        listed.text: None
        for policy in (*carried.identity, *((carried.boundary,) if carried.boundary else ()))
        for statement in policy.document.statements
        for test in statement.conditions
        if test.key == "aws:requestedregion"
        for listed in test.values
        if _A_REGION.fullmatch(listed.text)
    }
    return tuple(dict.fromkeys((_REGION, *list(named)[:2])))


def _question(power: Power, account: Account) -> tuple[str, str, dict[str, str]]:
    words = {"partition": account.partition, "account": account.account_id}
    context = {key: value.format_map(words) for key, value in power.context.items()}
    return power.action, power.resource.format_map(words), context


def _proofs(survey: Survey, account: Account, principal: Principal) -> list[Evidence]:
    return [Evidence(power.says, survey.ask(principal.arn, *_question(power, account))) for power in POWERS]


@check(
    "ADM-01",
    over=PRINCIPALS,
    title="Administrator",
    severity=Severity.HIGH,
    question="May a user or role change everybody's permissions and do nearly everything else, with boundary and "
    "denials counted?",
    remedy="Keep as few administrators as the work needs, each with a name and a reason. Give the others the "
    "permissions of their job; people who only sometimes need this should assume a role for it, with MFA.",
    standards=_STANDARDS,
)
def administrator(survey: Survey, account: Account, principal: Principal) -> Iterator[Hit]:
    """With the route by which it comes. Where it hangs on the request, the keys are named."""
    power = administration(survey, account, principal)
    name = name_of(principal)
    if power.verdict in (Verdict.ALLOWED, Verdict.CONDITIONAL):
        proofs = _proofs(survey, account, principal)
        route = enumerated(_routes(principal, [piece.decision for piece in proofs if piece.decision]))
        bounded = survey.evaluator.index.carried(principal.arn).boundary
        within = f" The permissions boundary {bounded.name} does not stop it." if bounded is not None else ""
        proofs.append(
            Evidence(
                f"It may do {power.covered:,} of {power.sampled:,} sampled actions, the most powerful of each service."
            )
        )
        if power.verdict is Verdict.ALLOWED:
            yield Hit(f"{name} is an administrator, through {route}.{within}", tuple(proofs))
        else:
            yield Hit(
                f"{name} is an administrator under conditions, through {route}: it hangs on "
                f"{enumerated(power.keys) if power.keys else 'the request'}.{within}",
                tuple(proofs),
                title="Administrator under conditions",
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
        if missing.what == "managed policy" and missing.name.endswith(f":aws:policy/{_FULL_ACCESS}"):
            told = f"{_FULL_ACCESS} is attached, and its document is not in the snapshot"
            yield told, Evidence(f"{missing.owner} has {missing.name} attached; the snapshot holds no version of it.")
    if power.failed is not None and carried.has_boundary and carried.boundary is None:
        decision = survey.ask(principal.arn, *_question(power.failed, account))
        for assumption in decision.assumptions:
            if assumption.other_decision in (Verdict.ALLOWED, Verdict.CONDITIONAL):
                yield (
                    "the document of its permissions boundary is not in the snapshot",
                    Evidence(assumption.message, decision),
                )


@check(
    "ADM-02",
    over=PRINCIPALS,
    title="Administrator by name, but not in effect",
    severity=Severity.INFO,
    question="Does a user or role carry a policy that allows everything, and is held back?",
    remedy="Nothing to do if that is meant: record what holds it back, and who may change that. Else give it the "
    "permissions of its job.",
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
        decision = survey.ask(principal.arn, *_question(power.failed, account))
        yield Hit(f"{carries}: {_held_back(decision)}.", (Evidence(power.failed.says, decision),))
    else:
        proof = f"It may do no more than {power.covered:,} of the sampled actions of AWS's services asked so far."
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
    for statement in written.policy.document.statements:
        if is_everything_on_everything(statement):
            yield statement_evidence(written.policy, statement, "It allows every action on every resource.")


@check(
    "ADM-04",
    over=WRITTEN,
    title="Customer managed policy that allows everything",
    severity=Severity.HIGH,
    question="Does a customer managed policy that somebody has attached allow every action on every resource?",
    remedy="Name the actions and resources that the job needs. Where an administrator is meant, attach AWS's "
    "AdministratorAccess instead: everybody knows what it is.",
    standards=(*_STANDARDS, "PCI DSS 4.0 7.2.2"),
)
def customer_policy_with_everything(survey: Survey, account: Account, written: Written) -> Iterator[Hit]:
    """Attached to somebody; what serves only as a boundary grants nothing."""
    holders = survey.references(account).carriers.get(written.policy.key, [])
    evidence = tuple(_wide_statements(written))
    if written.subject.kind is NodeKind.CUSTOMER_POLICY and evidence and holders:
        yield Hit(
            f"{written.policy.name} allows every action on every resource; it is attached to "
            f"{enumerated(name_of(holder) for holder in holders)}.",
            evidence,
        )


@check(
    "ADM-05",
    over=WRITTEN,
    title="Unused customer managed policy that allows everything",
    severity=Severity.LOW,
    question="Does a customer managed policy that nobody has attached allow every action on every resource?",
    remedy="Delete it: whoever may attach policies can attach this one.",
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
        yield Hit(f"{written.policy.name} allows every action on every resource, and nobody has it attached.", evidence)


@check(
    "ADM-07",
    over=WRITTEN,
    title="Inline policy that allows everything",
    severity=Severity.HIGH,
    question="Does an inline policy allow every action on every resource?",
    remedy="Replace it by a managed policy that names what the job needs: inline policies are easily overlooked, and "
    "nobody else's review covers them.",
    standards=_STANDARDS,
)
def inline_policy_with_everything(_survey: Survey, _account: Account, written: Written) -> Iterator[Hit]:
    """Of users, groups and roles alike."""
    evidence = tuple(_wide_statements(written))
    if written.subject.kind is NodeKind.INLINE_POLICY and evidence:
        yield Hit(f"{written.policy.name}, {written.origin}, allows every action on every resource.", evidence)


@check(
    "ADM-18",
    over=PRINCIPALS,
    title="May make itself an administrator",
    severity=Severity.HIGH,
    question="May a user or role that is no administrator change the policies that it carries itself?",
    remedy="Take away the permission to change its own policies, or bind it with a permissions boundary that it may "
    "not remove.",
    standards=("NIST 800-53 AC-6", "SOC 2 CC6.3"),
)
def makes_itself_administrator(survey: Survey, account: Account, principal: Principal) -> Iterator[Hit]:
    """Asked on its own ARN, its groups and its policies. A boundary that stays in place limits what it gains."""
    if is_administrator(survey, account, principal):
        return
    carried = survey.evaluator.index.carried(principal.arn)
    ways: list[Evidence] = []
    hangs: dict[str, None] = {}
    for action, resource, context, says in _own_changes(survey, account, principal):
        if not survey.speaks_of(principal.arn, action):
            continue
        if survey.verdict(principal.arn, action, resource, context) in (Verdict.ALLOWED, Verdict.CONDITIONAL):
            decision = survey.ask(principal.arn, action, resource, context)
            if decision.decision in (Verdict.ALLOWED, Verdict.CONDITIONAL):
                ways.append(Evidence(says, decision))
                hangs.update(dict.fromkeys(decision.missing_context_values))
    if not ways:
        return
    if carried.has_boundary:
        kind = "User" if isinstance(principal, UserDetail) else "Role"
        action = f"iam:Delete{kind}PermissionsBoundary"
        verdict = survey.verdict(principal.arn, action, principal.arn)
        if verdict not in (Verdict.ALLOWED, Verdict.CONDITIONAL):
            return
        ways.append(Evidence("Remove its own permissions boundary.", survey.ask(principal.arn, action, principal.arn)))
    unconditional = [way for way in ways if way.decision and way.decision.decision is Verdict.ALLOWED]
    actions = enumerated(dict.fromkeys(way.decision.request.action for way in ways if way.decision))
    if unconditional:
        yield Hit(f"{name_of(principal)} may make itself an administrator, by {actions}.", tuple(ways))
    else:
        yield Hit(
            f"{name_of(principal)} may make itself an administrator by {actions}, under a condition on "
            f"{enumerated(hangs)}.",
            tuple(ways),
            severity=Severity.MEDIUM,
        )


def _own_changes(
    survey: Survey, account: Account, principal: Principal
) -> Iterator[tuple[str, str, dict[str, str], str]]:
    """Yield what a principal could change about itself: (action, resource, context, in words)."""
    full = {"iam:PolicyARN": f"arn:{account.partition}:iam::aws:policy/{_FULL_ACCESS}"}
    kind = "User" if isinstance(principal, UserDetail) else "Role"
    yield f"iam:Put{kind}Policy", principal.arn, {}, "Write an inline policy of its own."
    yield f"iam:Attach{kind}Policy", principal.arn, full, f"Attach {_FULL_ACCESS} to itself."
    holders: list[tuple[str, tuple[AttachedPolicy, ...]]] = [("itself", principal.attached_managed_policies)]
    if isinstance(principal, UserDetail):
        for name in principal.group_list:
            group = survey.references(account).groups.get(name)
            if group is not None:
                yield "iam:PutGroupPolicy", group.arn, {}, f"Write an inline policy of its group {name}."
                yield "iam:AttachGroupPolicy", group.arn, full, f"Attach {_FULL_ACCESS} to its group {name}."
                holders.append((f"its group {name}", group.attached_managed_policies))
    for holder, policies in holders:
        for policy in policies:
            if policy.policy_arn.split(":", 5)[4:5] != ["aws"]:
                says = f"Change {policy.policy_name}, which {holder} carries."
                yield "iam:CreatePolicyVersion", policy.policy_arn, {}, says


def _routes(principal: Principal, decisions: list[Decision]) -> list[str]:
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
