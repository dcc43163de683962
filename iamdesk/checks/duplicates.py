"""Duplicate policies and roles: equal permissions, however the statements are ordered, grouped or written."""

from collections.abc import Callable, Hashable, Iterable, Iterator
from itertools import product

from iamdesk.checks.check import CheckResult, check
from iamdesk.checks.check_context import CheckContext
from iamdesk.checks.finding import Evidence, Severity
from iamdesk.checks.redundant_statements import covers_action
from iamdesk.checks.targets import (
    ACCOUNTS,
    Subject,
    is_reserved,
    own_policies,
    own_roles,
    policy_subject,
    principal_subject,
)
from iamdesk.checks.words import enumerated
from iamdesk.i18n import mark, phrase
from iamdesk.inventory.references import boundary_of
from iamdesk.policy.action_patterns import ActionPattern
from iamdesk.policy.canonical_form import conditions_form, principals_form, resources_form
from iamdesk.policy.document import Document
from iamdesk.policy.statement import Statement
from iamdesk.snapshot.model import Account, RoleDetail

_MAX_PARTS = 20_000
"""Statements with more parts are compared entry by entry, not part by part."""
_MAX_NAMED = 20

type Part = tuple[object, ...]
"""One action on one resource under conditions, with its effect."""


@check(
    "HYG-10",
    over=ACCOUNTS,
    severity=(Severity.INFO, "Hygiene: nothing more is allowed."),
    title=mark("Duplicate policy or role"),
    question="Do several policies have identical permissions, or several roles identical permissions and trust?",
    remediation=mark(
        "Keep one of them and delete the others, so that the next change is made in one place. Leave duplicates that "
        "a stack or service creates per Region: it would create them again."
    ),
)
def same_power(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Compare effective permissions: order, grouping and redundant entries do not matter.

    Roles are identical if their policies, boundary and trust policy are. Roles of IAM Identity Center are left out.
    """
    parts = _PartIndex()
    both = (
        ("policies", _identical_policies(survey, account, parts)),
        ("roles", _identical_roles(survey, account, parts)),
    )
    for kind, groups in both:
        for subjects in groups:
            names = enumerated(one.name for one in subjects)
            count = len(subjects)
            sentence = phrase("{count:,} policies have identical permissions: {names}.", count=count, names=names)
            if kind == "roles":
                sentence = phrase(
                    "{count:,} roles have identical trust and permissions: {names}.", count=count, names=names
                )
            yield CheckResult(
                sentence,
                tuple(
                    Evidence(
                        phrase("{name} is equivalent to {other}.", name=one.name, other=subjects[0].name),
                        policy_key=_policy_key(one, kind),
                    )
                    for one in subjects[1 : _MAX_NAMED + 1]
                ),
                subject=subjects[0],
            )


def _policy_key(subject: Subject, kind: str) -> str | None:
    return subject.key if kind == "policies" else None


class _PartIndex:
    """Documents as sets of part numbers: equal for documents that differ only in order or grouping."""

    def __init__(self) -> None:
        self._numbers: dict[Part, int] = {}
        self._known: dict[Document, frozenset[int]] = {}

    def of(self, document: Document) -> frozenset[int]:
        """Return the part numbers of a document; empty if it has no effect."""
        known = self._known.get(document)
        if known is None:
            numbers = self._numbers
            known = frozenset(numbers.setdefault(part, len(numbers)) for part in _parts(document))
            self._known[document] = known
        return known


def _identical_policies(survey: CheckContext, account: Account, parts: _PartIndex) -> Iterator[list[Subject]]:
    read = survey.evaluator.index.parse
    versions = ((policy, policy.default_version) for policy in own_policies(account))
    documents = [(policy, read(version.document)) for policy, version in versions if version is not None]
    for several in _several(documents, lambda one: _services((one[1],))):
        for identical in _several(several, lambda one: parts.of(one[1])):
            survey.check_cancelled()
            if parts.of(identical[0][1]):
                yield [policy_subject(policy) for policy, _ in identical]


def _identical_roles(survey: CheckContext, account: Account, parts: _PartIndex) -> Iterator[list[Subject]]:
    index = survey.evaluator.index

    def documents(role: RoleDetail) -> list[Document]:
        return [policy.document for policy in index.carried(role.arn).identity]

    def at_a_glance(role: RoleDetail) -> Hashable:
        who = frozenset(
            entry.text for statement in index.trust(role).statements for entry in statement.principals or ()
        )
        return who, boundary_of(role), _tags(role), _services(documents(role))

    def in_full(role: RoleDetail) -> Hashable:
        survey.check_cancelled()
        permissions = frozenset[int]().union(*(parts.of(document) for document in documents(role)))
        return permissions, parts.of(index.trust(role))

    roles = [role for role in own_roles(account) if not is_reserved(role) and documents(role)]
    for several in _several(roles, at_a_glance):
        for identical in _several(several, in_full):
            yield [principal_subject(role) for role in identical]


def _several[T](things: Iterable[T], trait: Callable[[T], Hashable]) -> Iterator[list[T]]:
    """Yield the groups of two or more things with the same trait."""
    groups: dict[Hashable, list[T]] = {}
    for thing in things:
        groups.setdefault(trait(thing), []).append(thing)
    return (group for group in groups.values() if len(group) > 1)


def _services(documents: Iterable[Document]) -> frozenset[str | None]:
    """Return the services that documents name; None represents a statement that covers all services."""
    found: set[str | None] = set()
    for document in documents:
        for statement in document.statements:
            found |= statement.services if statement.services is not None else {None}
    return frozenset(found)


def _tags(role: RoleDetail) -> frozenset[tuple[str, str]]:
    """Return a role's tags, which policies may test."""
    return frozenset((tag.key, tag.value) for tag in role.tags)


def _parts(document: Document) -> Iterator[Part]:
    for statement in document.statements:
        if statement.broken is not None:
            yield ("broken", statement.broken, document)
            continue
        rest = (statement.is_allow, principals_form(statement), conditions_form(statement))
        actions = _actions(statement)
        resources = _resources(statement)
        if len(actions) * len(resources) > _MAX_PARTS:
            yield (*rest, frozenset(actions), frozenset(resources))
            continue
        yield from ((*rest, action, resource) for action, resource in product(actions, resources))


def _actions(statement: Statement) -> list[object]:
    if statement.not_action:
        return [("not", frozenset(entry.text.lower() for entry in statement.actions))]
    entries = {entry.text.lower(): entry for entry in statement.actions}
    wide: dict[str | None, list[ActionPattern]] = {None: []}
    for text, entry in entries.items():
        if "*" in text or "?" in text:
            wide.setdefault(entry.service, []).append(entry)
    # An entry of one service covers none of another, nor one of several services.
    return [
        text
        for text, entry in entries.items()
        if not _is_covered(entry, (*wide[None], *wide.get(entry.service or "", ())))
    ]


def _is_covered(entry: ActionPattern, among: Iterable[ActionPattern]) -> bool:
    """Return whether another entry covers this one; of two that cover each other, only the first by text remains."""
    return any(
        other.text.lower() != entry.text.lower()
        and covers_action(other, entry)
        and not (covers_action(entry, other) and other.text.lower() > entry.text.lower())
        for other in among
    )


def _resources(statement: Statement) -> list[object]:
    if statement.resources is None:
        return [None]
    texts = resources_form(statement)
    return [("not", texts)] if statement.not_resource else list(texts)
