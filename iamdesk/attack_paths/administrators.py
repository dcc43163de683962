"""How far a principal is an administrator: decided by asking, with boundaries and denials counted."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from iamdesk.attack_paths.evaluation_session import STRANGER, Context, EvaluationSession
from iamdesk.aws.service_reference import Action, reference
from iamdesk.evaluate.request import EvalDecision
from iamdesk.i18n import mark, phrase
from iamdesk.policy.action_patterns import action_pattern
from iamdesk.policy.document import Document
from iamdesk.policy.statement import Statement
from iamdesk.snapshot.model import Account, RoleDetail, UserDetail

type Principal = UserDetail | RoleDetail
"""Who makes requests."""

OPEN = (EvalDecision.ALLOWED, EvalDecision.CONDITIONAL)
FULL_ACCESS = "AdministratorAccess"
ADMINISTRATION = "administration"
"""Under what an inquiry keeps how far principals are administrators, by ARN (`EvaluationSession.known`)."""
ENOUGH = 0.9
"""Share of the sampled actions that an administrator may do."""
_PLACEHOLDER = re.compile(r"\$\{([^}]*)\}")
_REGION = "us-east-1"
_A_REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d+")
_LEVELS = ("Permissions management", "Write", "Tagging")
_ASKED_EVERY = 12
"""Of the sampled actions this many-th is put to the engine; the others only have to be spoken of by an Allow."""
_PERSONAL = ("aws:principalarn", "aws:principaltag/", "aws:username", "aws:userid")
"""Keys whose value differs from one principal of an account to the next."""


@dataclass(frozen=True, slots=True)
class Power:
    """One thing that only an administrator may do: to anybody, not to somebody named."""

    action: str
    resource: str
    """With ``{partition}`` and ``{account}``."""
    context: Mapping[str, str]
    says: str
    """What it is, after ``may``."""


POWERS: tuple[Power, ...] = (
    Power(
        "iam:AttachRolePolicy",
        f"arn:{{partition}}:iam::{{account}}:role/{STRANGER}",
        {"iam:PolicyARN": "arn:{partition}:iam::aws:policy/AdministratorAccess"},
        mark("attach AdministratorAccess to a role that nobody has named yet"),
    ),
    Power(
        "iam:PutRolePolicy",
        f"arn:{{partition}}:iam::{{account}}:role/{STRANGER}",
        {},
        mark("write an inline policy of a role that nobody has named yet"),
    ),
    Power(
        "iam:CreatePolicyVersion",
        f"arn:{{partition}}:iam::{{account}}:policy/{STRANGER}",
        {},
        mark("change a managed policy that nobody has named yet"),
    ),
    Power(
        "iam:PassRole",
        f"arn:{{partition}}:iam::{{account}}:role/{STRANGER}",
        {},
        mark("pass a role that nobody has named yet to a service"),
    ),
)
"""All four, and nine tenths of one powerful action for each service of AWS, make an administrator."""


def asked_whether(says: str) -> str:
    """Return the words that stand before an answered question: ``Asked whether it may pass a role …``."""
    return phrase("Asked whether it may {says}.", says=phrase(says))


@dataclass(frozen=True, slots=True)
class Administration:
    """How far a principal is an administrator."""

    decision: EvalDecision
    """``allowed``, ``conditional``, or a denial."""
    failed: Power | None = None
    """The power that is denied, the first of them."""
    covered: int = 0
    """Of the actions that were asked about, how many it may do; 0 where it was not asked so far."""
    asked: int = 0
    keys: tuple[str, ...] = ()
    """For ``conditional``: the keys that it hangs on."""


def administration(inquiry: EvaluationSession, account: Account, principal: Principal) -> Administration:
    """Return how far a principal is an administrator; asked once in a run."""
    return inquiry.once((ADMINISTRATION, principal.arn), lambda: _administration(inquiry, account, principal))


def is_administrator(inquiry: EvaluationSession, account: Account, principal: Principal) -> bool:
    """Return whether a principal is an administrator, perhaps under conditions."""
    return administration(inquiry, account, principal).decision in OPEN


def question(power: Power, account: Account) -> tuple[str, str, dict[str, str]]:
    """Return the action, resource and context that ask for a power in an account."""
    words = {"partition": account.partition, "account": account.account_id}
    context = {key: value.format_map(words) for key, value in power.context.items()}
    return power.action, power.resource.format_map(words), context


def _administration(inquiry: EvaluationSession, account: Account, principal: Principal) -> Administration:
    carried = inquiry.evaluator.index.carried(principal.arn)
    documents = tuple(policy.document for policy in carried.identity)
    # What no statement speaks of needs no question: most principals end here.
    unspoken = next((power for power in POWERS if not inquiry.speaks_of(principal.arn, power.action)), None)
    if unspoken is not None:
        return Administration(EvalDecision.IMPLICIT_DENY, unspoken)
    bounds = (carried.boundary.document,) if carried.boundary is not None else ()
    if all(is_alike(statement) for one in (*documents, *bounds) for statement in one.statements):
        # Nothing in these documents tells one user (or role) of the account from another: the answer is the same.
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
        decision = inquiry.decide(principal.arn, *question(power, account))
        if decision not in OPEN:
            return Administration(decision, power)
        decisions.append(decision)
    carried = inquiry.evaluator.index.carried(principal.arn)
    documents = [policy.document for policy in carried.identity]
    if _spoken_of_by(inquiry, documents) < ENOUGH * len(_strongest()):
        return Administration(EvalDecision.IMPLICIT_DENY)
    regions = _regions(
        inquiry.guardrails(account.account_id),
        [*documents, *((carried.boundary.document,) if carried.boundary else ())],
    )
    covered, asked = _cover(lambda action, resource: inquiry.decide(principal.arn, action, resource), account, regions)
    if covered < ENOUGH * asked:
        return Administration(EvalDecision.IMPLICIT_DENY, None, covered, asked)
    if all(decision is EvalDecision.ALLOWED for decision in decisions):
        return Administration(EvalDecision.ALLOWED, None, covered, asked)
    keys = {
        key: None
        for power in POWERS
        for key in inquiry.ask(principal.arn, *question(power, account)).missing_context_values
    }
    return Administration(EvalDecision.CONDITIONAL, None, covered, asked, tuple(keys))


def would_administer(
    ask: Callable[[str, str, Context], EvalDecision],
    account: Account,
    guardrails: Sequence[Document],
    documents: Sequence[Document],
) -> bool:
    """Return whether somebody who is in no snapshot, or not like this, would be an administrator.

    ``ask`` puts (action, resource, context) for them; ``guardrails`` are the account's (`EvaluationSession.guardrails`)
    and ``documents`` their policies, for the Regions that these name.
    """
    if any(ask(*question(power, account)) not in OPEN for power in POWERS):
        return False
    covered, asked = _cover(
        lambda action, resource: ask(action, resource, {}), account, _regions(guardrails, documents)
    )
    return covered >= ENOUGH * asked


def sampled_actions() -> tuple[str, ...]:
    """Return the actions that are asked about: those of the powers first, then one of every twelfth service."""
    return (*(power.action for power in POWERS), *(action.full_name for action in _strongest()[::_ASKED_EVERY]))


def _cover(decide_on: Callable[[str, str], EvalDecision], account: Account, regions: Sequence[str]) -> tuple[int, int]:
    """Return how many of the actions that are asked about the principal may do, in any Region that its policies name.

    Who is kept to one Region is an administrator there. Ends early once too many are denied.
    """
    actions = _strongest()[::_ASKED_EVERY]
    covered = missed = 0
    for action in actions:
        resources = dict.fromkeys(_resource(action, account, region) for region in regions)
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


def _spoken_of_by(inquiry: EvaluationSession, documents: Iterable[Document]) -> int:
    """Return how many of the strongest actions some Allow of the principal's own policies covers."""
    spoken = 0
    for document in documents:
        spoken |= inquiry.once(("spoken of", document), lambda document=document: _spoken_of(document))  # type: ignore[misc]
    return spoken.bit_count()


def _spoken_of(document: Document) -> int:
    """Return as bits which of the strongest actions some Allow of the document covers."""
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
    """Return as bits which of the strongest actions an entry of Action covers; policies repeat their entries a lot."""
    pattern = action_pattern(pattern_text)
    return sum(
        1 << position
        for position, action in enumerate(_strongest())
        if pattern.matches(action.service, action.name.lower())
    )


def is_alike(statement: Statement) -> bool:
    """Return whether a statement means the same for every user, or every role, of an account."""
    return not (
        any(test.key.startswith(_PERSONAL) or test.variable_keys for test in statement.conditions)
        or any(entry.keys for entry in statement.resources or ())
    )


def _resource(action: Action, account: Account, region: str) -> str:
    """Return a resource of the action's kind that nobody has named yet."""
    if not action.resource_types:
        return "*"
    needed = next((each for each in action.resource_types if each.required), action.resource_types[0])
    kind = reference().resource_type(action.service, needed.name)
    if kind is None or not kind.arn.startswith("arn:"):
        return "*"
    filled = {"partition": account.partition, "account": account.account_id, "region": region}
    return _PLACEHOLDER.sub(lambda found: filled.get(found[1].lower(), STRANGER), kind.arn).replace("*", STRANGER)


def _regions(*groups: Iterable[Document]) -> tuple[str, ...]:
    """Return us-east-1, and of each group of policies the first Regions that their conditions name."""
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
