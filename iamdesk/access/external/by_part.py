"""External access to one resource: who can do what on the resource, and on which part of it."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from iamdesk.access.external.candidates import ACCOUNT_ID, texts_of, unnamed_accounts
from iamdesk.access.external.resource_parts import ResourcePart, entries_of, parts_of
from iamdesk.access.external.rows import external_access
from iamdesk.access.request_grid import FRESH
from iamdesk.access.resource_access import fitting_actions
from iamdesk.access.who_can import Access, Entries, FittingAction, PrincipalKind, Share, Who
from iamdesk.evaluate.engine import decide_request
from iamdesk.evaluate.request import EvalDecision, Request, RequestError
from iamdesk.explain.decision import EvaluationResult
from iamdesk.inventory.resource_grants import acl_document, key_grants_document
from iamdesk.policy.arn import account_of, parse_arn
from iamdesk.policy.document import Document
from iamdesk.policy.resource_patterns import Match, ShortArns, unresolved
from iamdesk.policy.statement import Statement
from iamdesk.policy.wildcards import glob
from iamdesk.progress import Cancelled
from iamdesk.simulate.api_authorization import open_methods
from iamdesk.simulate.request_builder import RequestBuilder
from iamdesk.snapshot.organization import OrganizationPolicyType
from iamdesk.snapshot.resources import Resource

_MAX_ACCOUNTS = 20
"""Number of accounts whose own parts (``${aws:PrincipalAccount}``) are asked about."""


class PartAccess(NamedTuple):
    """What one external caller can do on a resource, or on parts of it."""

    who: Who
    decision: EvalDecision
    shares: tuple[Share, ...]
    """The parts; none: the resource and everything in it on which the actions act."""
    rows: tuple[tuple[FittingAction, Access], ...]
    """One for each action."""


def external_access_by_part(
    requests: RequestBuilder, can: Callable[[Request], EvaluationResult], resource: Resource, cancelled: Cancelled
) -> list[PartAccess]:
    """Return who outside can act on a resource with all that is in it; on a part alone, the row names the part.

    Rows are in the order of the callers. ``can`` explains a row.

    Raises:
        WorkCancelled: ``cancelled`` returned True.
    """
    documents = tuple(granting(requests, resource))
    limits, moved = limiting(requests, resource)
    open_to_all = tuple(open_methods(resource))
    found = _Found(requests, can, cancelled, resource, documents, limits, open_to_all)
    every = (*documents, *limits)
    entries = (*entries_of(every), *open_to_all)
    parts = (
        part
        for account in _accounts(requests, every)
        for part in parts_of(requests.resources, resource.arn, entries, FRESH, account, moved)
    )
    for part in dict.fromkeys(parts):
        found.ask(part)
    return found.rows()


def _accounts(requests: RequestBuilder, documents: Iterable[Document]) -> tuple[str, ...]:
    """Return the callers' accounts for which parts differ: those that policies name, and one that none names."""
    statements = [one for document in documents for one in document.statements if one.broken is None]
    if not any("aws:principalaccount" in entry.keys for one in statements for entry in one.resources or ()):
        return (FRESH,)
    texts = tuple(texts_of(statements))
    named = dict.fromkeys(number for text in texts for number in ACCOUNT_ID.findall(text))
    others = [one for one in named if one not in requests.index.accounts][:_MAX_ACCOUNTS]
    return (next(unnamed_accounts(texts, requests.index.accounts)), *others)


def granting(requests: RequestBuilder, resource: Resource) -> Iterator[Document]:
    """Yield the documents by which a resource may let in anyone."""
    settings = requests.resources.settings_of(owner) if (owner := _owner_of(resource)) else None
    for document in (
        requests.resources.document_of(resource),
        acl_document(resource, settings.public_access_block if settings else None),
        key_grants_document(resource),
        requests.resources.shares.document_of(resource.arn),
    ):
        if document is not None:
            yield document


def _owner_of(resource: Resource) -> str:
    return resource.account_id or account_of(resource.arn)


def limiting(requests: RequestBuilder, resource: Resource) -> tuple[tuple[Document, ...], dict[str, str]]:
    """Return the other policies that limit access to a resource, and beginnings of entries to read as others.

    A bucket's policy also applies to requests through its access points (rule I11).
    """
    limits: list[Document] = []
    if requests.organization is not None:
        kind = OrganizationPolicyType.RESOURCE_CONTROL_POLICY
        levels = requests.organization.levels(_owner_of(resource), kind) or ()
        limits += [policy.document for level in levels for policy in level]
    moved: dict[str, str] = {}
    for one in resource.access_point.buckets if resource.access_point is not None else ():
        bucket = requests.resources.bucket(resource, one)
        document = requests.resources.document_of(bucket) if bucket is not None else None
        if bucket is not None and document is not None:
            limits.append(document)
            moved[f"{bucket.arn}/"] = f"{resource.arn}/object/"
    return tuple(limits), moved


class _Found:
    """The rows of each action on each part of a resource."""

    def __init__(
        self,
        requests: RequestBuilder,
        can: Callable[[Request], EvaluationResult],
        cancelled: Cancelled,
        resource: Resource,
        documents: Iterable[Document],
        limits: Iterable[Document],
        open_to_all: Iterable[str],
    ) -> None:
        self._requests = requests
        self._can = can
        self._cancelled = cancelled
        self._open_to_all = frozenset(open_to_all)
        """Entries of what anyone can do without a policy."""
        self._is_access_point = resource.access_point is not None
        self._granting = [one for document in documents for one in document.statements if one.broken is None]
        every = [*self._granting, *(one for document in limits for one in document.statements)]
        self._texts = [frozenset(entry.text for entry in one.resources or ()) for one in every]
        self._by_action: dict[str, dict[ResourcePart, list[Access]]] = {}
        """Of each part on which an action acts: its rows."""
        self._fitting: dict[str, FittingAction] = {}
        self._alike: dict[Hashable, list[Access]] = {}
        """Rows of an action by the statements that apply."""

    def ask(self, part: ResourcePart) -> None:
        """Ask who can do what on a part.

        An action that no statement of the resource allows there is not asked about, but on the resource itself.
        """
        try:
            fitting = fitting_actions(part.arn)
        except RequestError:
            return
        near = [one for one in self._granting if one.is_allow and _may_name(one, part.arn)]
        is_open = not self._open_to_all.isdisjoint(part.entries)
        applying = is_open, *(not texts.isdisjoint(part.entries) for texts in self._texts)
        for one in fitting:
            self._fitting.setdefault(one.action, one)
            service, _, name = one.action.partition(":")
            is_asked = self._is_access_point or is_open or not part.prefix
            is_asked = is_asked or any(statement.covers_action(service, name.lower()) for statement in near)
            is_own_kind = self._is_access_point or any("${" in entry for entry in part.entries)
            key = one.action, part.prefix, part.arn if is_own_kind else applying
            rows = self._alike.get(key, None if is_asked else [])
            if rows is None:
                request = Request("", one.action, one.resource)
                rows = self._alike[key] = list(external_access(self._requests, self._can, request, self._cancelled))
            self._by_action.setdefault(one.action, {})[part] = rows

    def rows(self) -> list[PartAccess]:
        """Return the rows of all actions on all parts."""
        found: dict[tuple[Who, EvalDecision, tuple[Share, ...]], list[tuple[FittingAction, Access]]] = {}
        for action, by_part in self._by_action.items():
            first = {(row.who, row.decision): row for rows in reversed(by_part.values()) for row in rows}
            for (who, decision), row in first.items():
                open_to = [part for part, rows in by_part.items() if (who, decision) in _decided(rows)]
                closed = [
                    part
                    for part, rows in by_part.items()
                    if part not in open_to and not self._is_among_all(row, part, rows)
                ]
                shares = shares_of(open_to, closed)
                found.setdefault((who, decision, shares), []).append((self._fitting[action], row))
        listed = [PartAccess(*key, tuple(rows)) for key, rows in found.items()]
        return sorted(listed, key=lambda one: one.who.order)

    def _is_among_all(self, row: Access, part: ResourcePart, rows: Iterable[Access]) -> bool:
        """Return whether a caller has no row on a part because it is allowed what anyone is."""
        if not any(one.kind is PrincipalKind.ANYONE for one in rows):
            return False
        asked = self._requests.evaluation_request(replace(row.request, resource=part.arn))
        return decide_request(asked) is row.decision


def _decided(rows: Iterable[Access]) -> set[tuple[Who, EvalDecision]]:
    return {(row.who, row.decision) for row in rows}


def _may_name(statement: Statement, arn: str) -> bool:
    """Return whether a statement may apply to an ARN, whatever the values of its variables."""
    if statement.not_resource or statement.resources is None:
        return True
    parsed = parse_arn(arn)
    found = (one.matches(parsed, unresolved, ShortArns.FILLED_IF_WILDCARD) for one in statement.resources)
    return any(match not in (Match.NO, Match.NO_OR_UNRESOLVED) for match in found)


def shares_of(open_to: Iterable[ResourcePart], closed: Sequence[ResourcePart]) -> tuple[Share, ...]:
    """Return what is open of the parts on which an action acts; none: all of them."""
    if not closed:
        return ()
    found: list[Share] = []
    for part in sorted(open_to, key=lambda one: len(one.entries)):
        named = _entries_of(part)
        if any(_holds(share, named) for share in found):
            continue
        own = _narrowest(named)
        without = [_narrowest(other) for one in closed if {*own} <= (other := _entries_of(one))]
        found.append(Share(own, tuple(_widest(dict.fromkeys(one for one in without if one != own)))))
    return tuple(sorted(found))


def _widest(exceptions: Iterable[Entries]) -> Iterator[Entries]:
    """Leave out exceptions within others."""
    several = tuple(exceptions)
    for one in several:
        if not any(one != other and _is_in_all(one, other) for other in several):
            yield one


def _is_in_all(narrow: Entries, wide: Entries) -> bool:
    return all(any(is_within(one, other) for one in narrow) for other in wide)


def _holds(share: Share, entries: frozenset[str]) -> bool:
    return {*share.entries} <= entries and not any({*one} <= entries for one in share.exceptions)


def _entries_of(part: ResourcePart) -> frozenset[str]:
    """Return the entries that match a part, with one for all parts of its kind; of the resource, itself."""
    return part.entries | {f"{part.prefix}*" if part.prefix else part.arn}


def _narrowest(entries: frozenset[str]) -> Entries:
    """Return the entries that match no more than others of them; of two that match the same, one."""
    found: list[str] = []
    for one in sorted(entries, key=lambda text: (-len(text.replace("*", "")), text)):
        if not any(is_within(other, one) for other in found):
            found.append(one)
    return tuple(sorted(found))


def is_within(narrow: str, wide: str) -> bool:
    """Return whether an entry certainly matches everything that another one matches."""
    if "${" in wide or ("?" in wide and "*" in narrow):
        return False
    return glob(wide).matches(narrow)
