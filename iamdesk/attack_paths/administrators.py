"""Whether principals are administrators, decided by evaluating requests, with boundaries and Deny statements."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache, partial

from iamdesk.attack_paths.attacker_control import unmet_keys
from iamdesk.attack_paths.evaluation_session import PLACEHOLDER, Context, EvaluationSession
from iamdesk.attack_paths.session_needs import Session, SessionNeed, SessionNeeds, is_of_session, session_needs
from iamdesk.aws.service_reference import Action, reference
from iamdesk.evaluate.engine import EvaluationTrace
from iamdesk.evaluate.request import EvalDecision
from iamdesk.i18n import mark, phrase
from iamdesk.policy.action_patterns import action_pattern
from iamdesk.policy.document import Document
from iamdesk.policy.statement import Statement
from iamdesk.snapshot.model import Account, RoleDetail, UserDetail

type Principal = UserDetail | RoleDetail
"""A user or role."""

OPEN = (EvalDecision.ALLOWED, EvalDecision.CONDITIONAL)
FULL_ACCESS = "AdministratorAccess"
ADMINISTRATION = "administration"
"""Key under which a session caches `Administration` by ARN (`EvaluationSession.known`)."""
ENOUGH = 0.9
"""Share of the sampled actions that an administrator must be allowed."""
_PLACEHOLDER = re.compile(r"\$\{([^}]*)\}")
_REGION = "us-east-1"
_A_REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d+")
_LEVELS = ("Permissions management", "Write", "Tagging")
_ASKED_EVERY = 12
"""Every n-th sampled action is evaluated; the others only have to be covered by an Allow."""
_PERSONAL = ("aws:principalarn", "aws:principaltag/", "aws:username", "aws:userid", "aws:sourceidentity")
"""Keys whose values differ between principals of an account."""


@dataclass(frozen=True, slots=True)
class Power:
    """One thing that only an administrator can do: to any principal, not to a named one."""

    action: str
    resource: str
    """With ``{partition}`` and ``{account}``."""
    context: Mapping[str, str]
    description: str
    """What it is, to complete "can …"."""


POWERS: tuple[Power, ...] = (
    Power(
        "iam:AttachRolePolicy",
        f"arn:{{partition}}:iam::{{account}}:role/{PLACEHOLDER}",
        {"iam:PolicyARN": "arn:{partition}:iam::aws:policy/AdministratorAccess"},
        mark("attach AdministratorAccess to any role"),
    ),
    Power(
        "iam:PutRolePolicy",
        f"arn:{{partition}}:iam::{{account}}:role/{PLACEHOLDER}",
        {},
        mark("put an inline policy on any role"),
    ),
    Power(
        "iam:CreatePolicyVersion",
        f"arn:{{partition}}:iam::{{account}}:policy/{PLACEHOLDER}",
        {},
        mark("change any customer managed policy"),
    ),
    Power(
        "iam:PassRole",
        f"arn:{{partition}}:iam::{{account}}:role/{PLACEHOLDER}",
        {},
        mark("pass any role to a service"),
    ),
)
"""An administrator has all four, and is allowed 90% of one powerful action per AWS service."""


def evaluated_whether(description: str) -> str:
    """Return the evidence text of an evaluated power: ``Evaluated whether it can pass any role …``."""
    return phrase("Evaluated whether it can {says}.", says=phrase(description))


@dataclass(frozen=True, slots=True)
class Administration:
    """Whether a principal is an administrator, with the reason."""

    decision: EvalDecision
    """``allowed``, ``conditional``, or a denial."""
    failed: Power | None = None
    """The first power that is denied."""
    covered: int = 0
    """Number of evaluated sample actions that are allowed; 0 if none was evaluated."""
    asked: int = 0
    """Number of sample actions that are evaluated."""
    keys: tuple[str, ...] = ()
    """For ``conditional``: the condition keys that it depends on."""
    sessions: SessionNeeds | None = None
    """Of one that is an administrator only in some sessions or requests: what these need; None: nothing."""


def administration(inquiry: EvaluationSession, account: Account, principal: Principal) -> Administration:
    """Return whether a principal is an administrator; evaluated once per session."""
    return inquiry.once((ADMINISTRATION, principal.arn), lambda: _administration(inquiry, account, principal))


def is_administrator(inquiry: EvaluationSession, account: Account, principal: Principal) -> bool:
    """Return whether a principal is an administrator, perhaps under conditions."""
    return administration(inquiry, account, principal).decision in OPEN


def take_administrations(before: EvaluationSession, after: EvaluationSession) -> None:
    """Take what is known of principals whose own policies and whose organization's are the same after a change."""
    known, found, index = before.known(ADMINISTRATION), after.known(ADMINISTRATION), before.evaluator.index
    for account in after.snapshot.accounts:
        if before.guardrails(account.account_id) != after.guardrails(account.account_id):
            continue
        principals: tuple[Principal, ...] = (*account.users, *account.roles)
        for principal in principals:
            arn = principal.arn
            is_unchanged = principal is (index.users.get(arn) or index.roles.get(arn))
            if arn in known and is_unchanged and _documents(before, arn) == _documents(after, arn):
                found[arn] = known[arn]


def _documents(inquiry: EvaluationSession, arn: str) -> tuple[Sequence[Document], Document | None, bool]:
    """Return a principal's identity policies, its boundary, and whether it has one."""
    carried = inquiry.evaluator.index.carried(arn)
    boundary = None if carried.boundary is None else carried.boundary.document
    return [policy.document for policy in carried.identity], boundary, carried.has_boundary


def power_request(power: Power, account: Account) -> tuple[str, str, dict[str, str]]:
    """Return the action, resource and context of the request for a power in an account."""
    words = {"partition": account.partition, "account": account.account_id}
    context = {key: value.format_map(words) for key, value in power.context.items()}
    return power.action, power.resource.format_map(words), context


def _administration(inquiry: EvaluationSession, account: Account, principal: Principal) -> Administration:
    carried = inquiry.evaluator.index.carried(principal.arn)
    documents = tuple(policy.document for policy in carried.identity)
    # An action that no Allow covers needs no evaluation: most principals end here.
    uncovered = next((power for power in POWERS if not inquiry.applies_to_action(principal.arn, power.action)), None)
    if uncovered is not None:
        return Administration(EvalDecision.IMPLICIT_DENY, uncovered)
    bounds = (carried.boundary.document,) if carried.boundary is not None else ()
    guardrails = inquiry.guardrails(account.account_id)
    if all(is_identical(statement) for one in (*documents, *bounds, *guardrails) for statement in one.statements):
        # These documents do not distinguish the users (or roles) of the account: the decision is the same.
        key = (
            "administration by",
            account.account_id,
            isinstance(principal, UserDetail),
            documents,
            carried.has_boundary,
            bounds,
        )
        return inquiry.once(key, lambda: _ask(inquiry, account, principal))
    return _ask(inquiry, account, principal)


def _ask(inquiry: EvaluationSession, account: Account, principal: Principal) -> Administration:
    decisions = []
    for power in POWERS:
        decision = inquiry.decide(principal.arn, *power_request(power, account))
        if decision not in OPEN:
            return Administration(decision, power)
        decisions.append(decision)
    carried = inquiry.evaluator.index.carried(principal.arn)
    documents = [policy.document for policy in carried.identity]
    if _powers_in(inquiry, documents) < ENOUGH * len(_strongest()):
        return Administration(EvalDecision.IMPLICIT_DENY)
    regions = regions_of(
        inquiry.guardrails(account.account_id),
        [*documents, *((carried.boundary.document,) if carried.boundary else ())],
    )
    covered, asked = _cover(lambda action, resource: inquiry.decide(principal.arn, action, resource), account, regions)
    if covered < ENOUGH * asked:
        return Administration(EvalDecision.IMPLICIT_DENY, None, covered, asked)
    if all(decision is EvalDecision.ALLOWED for decision in decisions):
        return Administration(EvalDecision.ALLOWED, None, covered, asked)
    requests = [power_request(power, account) for power in POWERS]
    traces = [inquiry.trace(principal.arn, *request) for request in requests]
    keys = dict.fromkeys(key for one in requests for key in inquiry.ask(principal.arn, *one).missing_context_values)
    spelled = {key.lower(): key for key in keys}
    facts = dict.fromkeys(spelled.get(key.lower(), key) for trace in traces for key in _facts(trace))
    sessions = None
    own = [policy.source_id for policy in carried.identity if not policy.is_inline and ":aws:" not in policy.source_id]
    kind = "RolePolicy" if isinstance(principal, RoleDetail) else "UserPolicy"
    others: list[tuple[str, str, Context]] = [
        *((action.replace("RolePolicy", kind), principal.arn, context) for action, _, context in requests[:2]),
        *(("iam:CreatePolicyVersion", policy, {}) for policy in own),
    ]
    if isinstance(principal, RoleDetail) and any(is_of_session(key.lower()) for key in keys):

        def is_one(session: Session) -> bool:
            def decide(action: str, resource: str, context: Context) -> EvalDecision:
                return inquiry.decide(principal.arn, action, resource, {**context, **session})

            return would_administer(decide, account, inquiry.guardrails(account.account_id), documents)

        sessions = session_needs(requests, others, partial(inquiry.trace, principal.arn), is_one)
    if facts:
        further = (inquiry.trace(principal.arn, *request) for request in others)
        without = any(one.decision in OPEN and not _facts(one) for one in (*traces, *further))
        needs = (SessionNeed((), (), True, True),) if sessions is None else sessions.needs
        has_power_without = without or (sessions is not None and sessions.has_power_without)
        sessions = SessionNeeds(needs, has_power_without, tuple(facts))
    return Administration(EvalDecision.CONDITIONAL, None, covered, asked, tuple(keys), sessions)


def _facts(trace: EvaluationTrace) -> tuple[str, ...]:
    """Return the keys that an Allow depends on, whose values neither the caller nor who assumes the role chooses."""
    if trace.decision is not EvalDecision.CONDITIONAL:
        return ()
    return tuple(key for key in unmet_keys(trace) if not is_of_session(key.lower()))


def would_administer(
    ask: Callable[[str, str, Context], EvalDecision],
    account: Account,
    guardrails: Sequence[Document],
    documents: Sequence[Document],
) -> bool:
    """Return whether a hypothetical principal would be an administrator.

    Args:
        ask: Evaluates (action, resource, context) for it.
        account: Its account.
        guardrails: The account's SCPs and RCPs (`EvaluationSession.guardrails`), for the Regions that they name.
        documents: Its policies, for the Regions that they name.
    """
    if any(ask(*power_request(power, account)) not in OPEN for power in POWERS):
        return False
    covered, asked = _cover(
        lambda action, resource: ask(action, resource, {}), account, regions_of(guardrails, documents)
    )
    return covered >= ENOUGH * asked


def sampled_actions() -> tuple[str, ...]:
    """Return the evaluated actions: those of the powers first, then one of every twelfth service."""
    return (*(power.action for power in POWERS), *(action.full_name for action in _strongest()[::_ASKED_EVERY]))


def _cover(decide_on: Callable[[str, str], EvalDecision], account: Account, regions: Sequence[str]) -> tuple[int, int]:
    """Return (allowed, evaluated) counts of the sampled actions, in any Region that the policies name.

    A principal restricted to one Region is an administrator there. Stops once too many are denied.
    """
    actions = _strongest()[::_ASKED_EVERY]
    covered = missed = 0
    for action in actions:
        resources = dict.fromkeys(resource_for(action, account, region) for region in regions)
        if any(decide_on(action.full_name, resource) in OPEN for resource in resources):
            covered += 1
        else:
            missed += 1
            if missed > len(actions) * (1 - ENOUGH):
                break
    return covered, len(actions)


@cache
def _strongest() -> tuple[Action, ...]:
    """Return one powerful action for each service: the first that changes permissions, else the first that writes."""
    known = reference()
    found = []
    for service in known.services():
        actions = known.actions_of(service)
        strongest = next((action for level in _LEVELS for action in actions if action.access_level == level), None)
        if strongest is not None:
            found.append(strongest)
    return tuple(found)


def _powers_in(inquiry: EvaluationSession, documents: Iterable[Document]) -> int:
    """Return the number of strongest actions that some Allow of the principal's own policies covers."""
    covered = 0
    for document in documents:
        covered |= inquiry.once(("powers in", document), partial(_powers_of, document))
    return covered.bit_count()


def _powers_of(document: Document) -> int:
    """Return the strongest actions that some Allow of the document covers, as bits."""
    everything = (1 << len(_strongest())) - 1
    bits = 0
    for statement in document.statements:
        if statement.is_allow and statement.broken is None:
            named = 0
            for pattern in statement.actions:
                named |= _covered_by(pattern.text)
            bits |= everything & ~named if statement.not_action else named
    return bits


@lru_cache(maxsize=1 << 14)
def _covered_by(pattern_text: str) -> int:
    """Return the strongest actions that an entry of Action covers, as bits; cached, since policies repeat entries."""
    pattern = action_pattern(pattern_text)
    return sum(
        1 << position
        for position, action in enumerate(_strongest())
        if pattern.service in (None, action.service) and pattern.matches(action.service, action.name.lower())
    )


def is_identical(statement: Statement) -> bool:
    """Return whether a statement gives the same decisions for every user, or every role, of an account."""
    return not (
        any(test.key.startswith(_PERSONAL) or test.variable_keys for test in statement.conditions)
        or any(entry.keys for entry in statement.resources or ())
    )


def resource_for(action: Action, account: Account, region: str) -> str:
    """Return an arbitrary resource of the action's resource type."""
    if not action.resource_types:
        return "*"
    needed = next((each for each in action.resource_types if each.required), action.resource_types[0])
    kind = reference().resource_type(action.service, needed.name)
    if kind is None or not kind.arn.startswith("arn:"):
        return "*"
    return _filled(kind.arn, account.partition, account.account_id, region)


@lru_cache(maxsize=1 << 12)
def _filled(form: str, partition: str, account: str, region: str) -> str:
    """Return an ARN of a form; kept, since the same few are asked about for each principal."""
    values = {"partition": partition, "account": account, "region": region}
    return _PLACEHOLDER.sub(lambda found: values.get(found[1].lower(), PLACEHOLDER), form).replace("*", PLACEHOLDER)


def regions_of(*groups: Iterable[Document]) -> tuple[str, ...]:
    """Return us-east-1 and the first Regions that the conditions of each group of policies name."""
    return tuple(dict.fromkeys((_REGION, *(region for group in groups for region in _named_regions(group)))))


def _named_regions(documents: Iterable[Document]) -> list[str]:
    named = {
        listed.text: None
        for document in documents
        for statement in document.statements
        for test in statement.conditions
        if test.key == "aws:requestedregion"
        for listed in test.values
        if _A_REGION.fullmatch(listed.text)
    }
    return list(named)[:2]
