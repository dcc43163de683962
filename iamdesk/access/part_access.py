"""What principals of the snapshot can do on parts of a resource alone: objects below a prefix, an index, an alias.

An identity policy may name ``pay/public/*`` and nothing else of a bucket. The resource entries of identity policies,
boundaries, organization policies and the resource's own policy divide it into parts (`external.resource_parts`); one
ARN of each is evaluated for all principals. The work grows with the number of these entries, which `MAX_ENTRIES`
limits, times the number of principals; principals whose entries have variables are evaluated with their own values.
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from iamdesk.access.bulk_evaluator import BulkEvaluator
from iamdesk.access.external.by_part import granting, limiting, shares_of
from iamdesk.access.external.resource_parts import ResourcePart, parts_of
from iamdesk.access.principal_index import PrincipalIndex, indexes_of
from iamdesk.access.request_grid import FRESH
from iamdesk.access.resource_access import EvaluatesRequests, fitting_or_none, principals_with_access
from iamdesk.access.who_can import FittingAction, KnownAccess, PartsFound, PrincipalPart, Share
from iamdesk.aws.service_reference import reference
from iamdesk.evaluate.request import EvalDecision, Request
from iamdesk.inventory.resource_index import part_prefixes
from iamdesk.policy.arn import is_arn, parse_arn
from iamdesk.policy.resource_patterns import ResourcePattern
from iamdesk.policy.statement import Statement
from iamdesk.policy.wildcards import may_overlap
from iamdesk.progress import Cancelled, WorkCancelled, never_cancelled
from iamdesk.simulate.api_authorization import open_methods
from iamdesk.simulate.request_builder import RequestBuilder
from iamdesk.snapshot.organization import OrganizationPolicyType
from iamdesk.snapshot.resources import Resource

MAX_ENTRIES = 1000
"""Number of resource entries by which parts are distinguished; also of groups of principals with own values in them."""
_OPEN = (EvalDecision.ALLOWED, EvalDecision.CONDITIONAL)


class EvaluatesParts(EvaluatesRequests, Protocol):
    """What is needed of the evaluator."""

    def population(self) -> PrincipalIndex:
        """Return all principals, indexed."""

    def bulk(self) -> BulkEvaluator:
        """Return the evaluator for many requests."""


def access_to_parts(
    evaluator: EvaluatesParts,
    requests: RequestBuilder,
    resource: Resource,
    whole: Mapping[str, KnownAccess],
    cancelled: Cancelled = never_cancelled,
) -> PartsFound:
    """Return what each principal of a snapshot can do on parts of a resource alone.

    Args:
        evaluator: Evaluates the principals.
        requests: Builds the evaluator's requests.
        resource: The resource.
        whole: By principal, what it can do on the resource and on everything in it: this is left out.
        cancelled: Returns whether the work was cancelled.

    Raises:
        WorkCancelled: ``cancelled`` returned True.
    """
    prefixes = part_prefixes(parse_arn(resource.arn)) if is_arn(resource.arn) else ()
    if not prefixes:
        return PartsFound((), is_complete=True)
    population = evaluator.population()
    entries = _Entries(population, requests, resource, prefixes)
    groups = entries.by_own_values(evaluator.bulk(), requests.now(), cancelled)
    others = (1 << population.index.principals) - 1
    rows: list[PrincipalPart] = []
    for filled, members in (*groups[:MAX_ENTRIES], ({one: one for one in entries.texts[:MAX_ENTRIES]}, others)):
        parts = _parts(requests, resource, filled)
        rows += _Found(evaluator, entries, resource.arn, parts, members & others).rows(whole, cancelled)
        others &= ~members
    return PartsFound(tuple(rows), max(len(entries.texts), len(groups)) <= MAX_ENTRIES)


def _parts(requests: RequestBuilder, resource: Resource, filled: Mapping[str, str]) -> list[ResourcePart]:
    """Return the parts that entries distinguish; ``filled`` has each entry as written, with values filled in."""
    written: dict[str, set[str]] = {}
    for entry, text in filled.items():
        written.setdefault(text, set()).add(entry)
    found = parts_of(requests.resources, resource.arn, written, FRESH, FRESH, with_defaults=False)
    return [
        one._replace(entries=frozenset(entry for text in one.entries for entry in written[text]))
        for one in found
        if one.prefix
    ]


class _Entries:
    """The resource entries that divide a resource, and who has those with variables."""

    def __init__(
        self, population: PrincipalIndex, requests: RequestBuilder, resource: Resource, prefixes: Sequence[str]
    ) -> None:
        self._population = population
        self._prefixes = prefixes
        self._with_variables: dict[ResourcePattern, int] = {}
        self._service = parse_arn(resource.arn).service
        self._held: dict[Hashable, frozenset[str]] = {}
        self._everywhere = frozenset[str]()
        index, found = population.index, dict[str, None]()
        services = reference().services_on(self._service)
        for place in sorted({place for service in services for place in index.of_service(service)}):
            number, statement = index.statement(place)
            self._take(statement, population.carriers[number] | population.bounded[number], found)
        for statement in _beside(requests, resource):
            self._everywhere |= {entry.text for entry in statement.resources or ()}
            self._take(statement, population.regular, found)
        open_to_all = tuple(open_methods(resource))
        self._everywhere |= {*open_to_all}
        self.texts = (*found, *open_to_all)
        """As written, each once."""

    def _take(self, statement: Statement, members: int, found: dict[str, None]) -> None:
        for entry in statement.resources or ():
            if entry.is_everything or entry.problem is not None or not self._divides(entry.text):
                continue
            found[entry.text] = None
            if entry.keys and members:
                self._with_variables[entry] = self._with_variables.get(entry, 0) | members

    def _divides(self, text: str) -> bool:
        """Return whether an entry may match some parts of the resource and not others."""
        opening = text.partition("*")[0].partition("?")[0].partition("$")[0]
        return any(
            (prefix.startswith(opening) or opening.startswith(prefix))
            and may_overlap(text, f"{prefix}*")
            and ("$" in text or not may_overlap(text, f"{prefix}*", is_within=True))
            for prefix in self._prefixes
        )

    def held_by(self, principal: str) -> frozenset[str]:
        """Return the entries on which the decisions on a principal's requests depend."""
        index, position = self._population.index, self._population.position(principal)
        if position is None:
            return frozenset(self.texts)
        key = index.carried[position], index.boundaries[position]
        found = self._held.get(key)
        if found is None:
            numbers = {*index.carried[position], *(index.boundaries[position] or ())}
            own = (
                entry.text for one in numbers for _, held in index.of_document(one) for entry in held.resources or ()
            )
            found = self._held[key] = self._everywhere.union(own)
        return found

    def by_own_values(
        self, bulk: BulkEvaluator, moment: datetime, cancelled: Cancelled
    ) -> list[tuple[Mapping[str, str], int]]:
        """Return the principals, as bits, whose entries have variables, by these entries with the values filled in.

        Where a value is not known, any value represents it: such principals are not among these.
        """
        members, texts = 0, frozenset(self.texts)
        for bits in self._with_variables.values():
            members |= bits
        found: dict[frozenset[tuple[str, str]], int] = {}
        for position in indexes_of(members & self._population.regular):
            if cancelled():
                raise WorkCancelled
            own = self.held_by(self._population.index.subjects[position]) & texts
            filled = {one: bulk.filled_in(position, self._service, one, moment) if "${" in one else one for one in own}
            if FRESH not in "".join(filled.values()):
                key = frozenset(filled.items())
                found[key] = found.get(key, 0) | 1 << position
        return [(dict(sorted(key)), bits) for key, bits in found.items()]


def _beside(requests: RequestBuilder, resource: Resource) -> Iterator[Statement]:
    """Yield the statements of the resource's side, and of service control policies of all accounts."""
    limits, _ = limiting(requests, resource)
    documents = {id(one): one for one in (*granting(requests, resource), *limits)}
    if requests.organization is not None:
        for account in requests.index.accounts:
            levels = requests.organization.levels(account, OrganizationPolicyType.SERVICE_CONTROL_POLICY) or ()
            documents |= {id(policy.document): policy.document for level in levels for policy in level}
    for document in documents.values():
        yield from (one for one in document.statements if one.broken is None)


class _Found:
    """What some principals can do on parts of a resource."""

    def __init__(
        self, evaluator: EvaluatesParts, entries: _Entries, arn: str, parts: Sequence[ResourcePart], members: int
    ) -> None:
        self._evaluator = evaluator
        self._entries = entries
        self._parts = parts
        self._members = members
        self._acting: dict[str, list[ResourcePart]] = {}
        """By action: the parts on which it acts, the resource itself included."""
        self._fitting: dict[str, FittingAction] = {}
        self._shares: dict[Hashable, tuple[Share, ...]] = {}
        for part in (ResourcePart(arn, "", frozenset()), *parts):
            for one in fitting_or_none(part.arn):
                self._acting.setdefault(one.action, []).append(part)
                if part.prefix:
                    self._fitting.setdefault(one.action, one)

    def rows(self, whole: Mapping[str, KnownAccess], cancelled: Cancelled) -> Iterator[PrincipalPart]:
        """Yield the rows of each principal, in the order in which they were found."""
        if not self._members:
            return
        open_to: dict[str, dict[tuple[str, EvalDecision], list[ResourcePart]]] = {}
        for part in self._parts:
            for principal, more in self._beyond(whole, part.arn, cancelled):
                by_action = open_to.setdefault(principal, {})
                for pair in more:
                    by_action.setdefault(pair, []).append(part)
        for principal, by_action in open_to.items():
            found: dict[tuple[EvalDecision, tuple[Share, ...]], list[FittingAction]] = {}
            held = self._entries.held_by(principal)
            for (action, decision), parts in by_action.items():
                shares = self._shares_of(action, parts, held)
                found.setdefault((decision, shares), []).append(self._fitting[action])
            for (decision, shares), actions in found.items():
                yield PrincipalPart(principal, decision, shares, tuple(actions))

    def _beyond(
        self, whole: Mapping[str, KnownAccess], arn: str, cancelled: Cancelled
    ) -> Iterator[tuple[str, Sequence[tuple[str, EvalDecision]]]]:
        """Yield principals, each with what it can do on a part and not on the whole."""
        fitting = fitting_or_none(arn)
        if not fitting:
            return
        seen: dict[Hashable, Sequence[tuple[str, EvalDecision]]] = {}
        for one in principals_with_access(self._evaluator, Request("", "", arn), cancelled, self._members):
            known = whole.get(one.principal, KnownAccess())
            key = one.allowed, one.conditional, known
            if key not in seen:
                decided = zip(_OPEN, (one.allowed, one.conditional), strict=True)
                every = [(fitting[bit].action, decision) for decision, bits in decided for bit in indexes_of(bits)]
                seen[key] = [pair for pair in every if not known.has(*pair)]
            if seen[key]:
                yield one.principal, seen[key]

    def _shares_of(self, action: str, parts: Sequence[ResourcePart], held: frozenset[str]) -> tuple[Share, ...]:
        """Return the parts by the entries that a principal's decisions depend on.

        What entries of others name may be open to it only where a variable of unknown value matches the same: its own
        entry says so.
        """
        key = action, tuple(parts), held
        if key not in self._shares:
            closed = [one for one in self._acting[action] if one not in parts]
            apart = {_distinguished(one, held) for one in closed}
            open_to = {_distinguished(one, held) for one in parts} - apart
            if open_to:
                self._shares[key] = shares_of(sorted(open_to, key=_order), sorted(apart, key=_order))
            else:
                self._shares[key] = shares_of(parts, closed)
        return self._shares[key]


def _distinguished(part: ResourcePart, held: frozenset[str]) -> ResourcePart:
    """Return a part as the class that some of the entries make."""
    return ResourcePart("" if part.prefix else part.arn, part.prefix, part.entries & held)


def _order(part: ResourcePart) -> tuple[str, Sequence[str]]:
    return part.prefix, sorted(part.entries)
