"""The resources of an access change, as policies write them."""

from collections.abc import Iterable, Iterator

from iamdesk.diff.deltas import PolicyTypeDelta
from iamdesk.diff.matching import applies_to, may_meet
from iamdesk.diff.normal_form import ANYWHERE, ResourceScope
from iamdesk.diff.resource_forms import Entry
from iamdesk.diff.result import Kind
from iamdesk.diff.sampling import SampleRequest
from iamdesk.i18n import phrase
from iamdesk.policy.canonical_form import EVERYTHING
from iamdesk.policy.resource_patterns import is_covered
from iamdesk.policy.wildcards import glob, is_pattern


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
    beginning = next((one for one in entry.beginnings if cell.resource.startswith(one)), None)
    if beginning is None and cell.resource != entry.arn:
        beginning = cell.resource[: len(entry.arn) + 1]
    whole = cell.resource if beginning is None else f"{beginning}*"
    listed = [
        (clause.where, entry.old.get(clause, 0) != entry.new.get(clause, 0), clause.is_allow)
        for clause, bits in entry.clause_actions
        if bits & cell.represents and clause.where is not None and clause.where != ANYWHERE
    ]
    # What NotResource excludes in one snapshot only is a part of its own.
    excluded = {one for where, differs, _ in listed if differs and where.is_negated for one in where.entries}
    apart = {one for one in excluded if applies_to(_only(one), cell.resource)}
    named = [
        where.text
        for where, differs, is_allow in listed
        if (is_allow or differs) and not where.is_negated and applies_to(where, cell.resource)
    ]
    text = max((_within_resource(one, whole, entry.arn) for one in (*named, *apart)), key=_narrowness, default=whole)
    others = [one for one in sorted(excluded - apart) if not apart and may_meet(_only(one), _only(text))]
    return phrase("{resource} except {excluded}", resource=text, excluded=", ".join(others)) if others else text


def _only(entry: str) -> ResourceScope:
    return ResourceScope(False, frozenset({entry}))


def _within_resource(text: str, whole: str, arn: str) -> str:
    """Return what an entry names of one resource: a policy of a resource is only about that resource."""
    head, (own_head, own_tail) = _split(text), _split(whole)
    if not all(glob(part).matches(own_part) for part, own_part in zip(head[0], own_head, strict=False)):
        return text
    if is_covered(whole, by=":".join((*own_head, head[1]))):
        return whole
    beginning, slash, rest = head[1].partition("/")
    name = own_tail.partition("/")[0]
    if slash and is_pattern(beginning) and "${" not in beginning and glob(beginning).matches(name):
        return f"{arn}/{rest}"
    return text


def _split(text: str) -> tuple[list[str], str]:
    parts = text.split(":", 5)
    return parts[:5], parts[5] if len(parts) > 5 else "*"


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
