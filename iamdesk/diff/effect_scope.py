"""The resources of an access change, as policies write them."""

from collections.abc import Iterable, Iterator

from iamdesk.diff.deltas import PolicyTypeDelta
from iamdesk.diff.matching import applies_to, may_meet
from iamdesk.diff.normal_form import ANYWHERE, EVERYTHING, ResourceScope
from iamdesk.diff.resource_forms import Entry
from iamdesk.diff.result import Kind
from iamdesk.diff.sampling import SampleRequest
from iamdesk.policy.resource_patterns import is_covered


def scope_of_policies(cell: SampleRequest, part: PolicyTypeDelta, kind: Kind, entry: Entry | None) -> str:
    """Return the broadest resource entry by which differing policies change a request, within what is allowed.

    Allowed are the resources of the principal's own policies, in the snapshot that allows the request; without any,
    those of the policies of ``entry``.
    """
    wheres, others = (part.widening, part.narrowing) if kind is Kind.GAINED else (part.narrowing, part.widening)
    differing = [
        one for where in wheres if applies_to(where, cell.resource) for one in _without(where, others, cell.resource)
    ]
    found = min(differing, key=_widest, default=ResourceScope(False, frozenset({cell.resource})))
    own = _own(cell, part, kind)
    if not own:
        on_resource = scope_on_resource(entry, cell) if entry is not None else found.text
        return on_resource if _is_within(on_resource, found) else found.text
    allowed = min(own, key=_widest)
    return allowed.text if _is_within(allowed.text, found) else found.text


def is_by_resource_alone(cell: SampleRequest, part: PolicyTypeDelta, kind: Kind) -> bool:
    """Return whether no policy of the principal allows a request in the snapshot that allows it."""
    return not _own(cell, part, kind)


def _own(cell: SampleRequest, part: PolicyTypeDelta, kind: Kind) -> list[ResourceScope]:
    allowed = part.allowed_in(new=kind is Kind.GAINED)
    return [where for where in allowed if where is not None and applies_to(where, cell.resource)]


def scope_on_resource(entry: Entry, cell: SampleRequest) -> str:
    """Return how a resource's policies write a request's resource: the clauses that differ, or those that allow it."""
    whole = cell.resource if cell.resource == entry.arn else f"{entry.arn}{cell.resource[len(entry.arn)]}*"
    wheres = [
        clause.where
        for clause, bits in entry.clause_actions
        if bits & cell.represents
        if clause.is_allow or entry.old.get(clause, 0) != entry.new.get(clause, 0)
        if clause.where not in (None, ANYWHERE) and applies_to(clause.where, cell.resource)
    ]
    return max((where.text for where in wheres if where is not None), key=_narrowness, default=whole)


def _without(
    where: ResourceScope | None, others: Iterable[ResourceScope | None], resource: str
) -> Iterator[ResourceScope]:
    """Yield what a scope has of a resource beyond the scopes that changed the other way round.

    What NotResource excludes in one snapshot and not in the other one is that entry alone.
    """
    if where is None:
        return
    found = False
    if where.is_negated:
        for other in others:
            for entry in other.entries - where.entries if other is not None and other.is_negated else ():
                one = ResourceScope(False, frozenset({entry}))
                if applies_to(one, resource):
                    found = True
                    yield one
    if not found:
        yield where


def _is_within(text: str, scope: ResourceScope) -> bool:
    """Return whether a resource entry certainly is within a scope."""
    if scope == ANYWHERE:
        return True
    if text == EVERYTHING:
        return False
    if scope.is_negated:
        one = ResourceScope(False, frozenset({text}))
        return not any(may_meet(one, ResourceScope(False, frozenset({entry}))) for entry in scope.entries)
    return any(is_covered(text, by=entry) for entry in scope.entries)


def _widest(where: ResourceScope) -> tuple[bool, int, str]:
    text = where.text
    return text != EVERYTHING, len(text), text


def _narrowness(text: str) -> tuple[int, str]:
    return len(text.partition("*")[0]), text
