"""What has to be asked about a set of actions that the same clauses speak of: one action of each sort, on each sort of
resource."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from iamdesk.access.request_grid import arn_services, placeholder_arns
from iamdesk.aws.action_sets import service_actions
from iamdesk.aws.service_reference import reference
from iamdesk.diff.action_space import ActionSpace
from iamdesk.diff.matching import applies_to
from iamdesk.diff.normal_form import ANYWHERE, NormalStatement, ResourceScope
from iamdesk.diff.sample_resources import places
from iamdesk.evaluate.action_resource import ACCOUNT_LISTS_ON_S3
from iamdesk.evaluate.derived_keys import ResourceDependence, variation
from iamdesk.evaluate.service_rules import GLOBAL_SERVICES, SERVICES_WITH_ACTION_RULES, action_rule_class


class SampleRequest(NamedTuple):
    """One question that stands for many."""

    action: str
    """``s3:GetObject``."""
    resource: str
    stands_for: int
    """The actions that are decided alike, as bits of the space."""


class ActionClass(NamedTuple):
    """Actions that are decided alike wherever the same clauses speak of them."""

    service: str
    action: str
    types: tuple[str, ...]
    """Resource types on which they act; none: they are asked on ``*``."""
    bits: int
    """Of the space."""


def action_classes(
    space: ActionSpace, part: int, clauses: Iterable[NormalStatement], apart: frozenset[str]
) -> Iterator[ActionClass]:
    """Yield the sorts of actions in a part of which the same clauses speak.

    ``apart`` are the services whose actions meet more than the clauses (resource control policies, say).
    """
    told = list(clauses)
    keys = frozenset(key for clause in told for key in clause.keys)
    varied = tuple(sorted(key for key in keys if variation(key, reference()) is ResourceDependence.ACTION))
    hangs_on_place = any(variation(key, reference()) is ResourceDependence.RESOURCE for key in keys)
    everywhere = frozenset(told) if all(clause.where in (ANYWHERE, None) for clause in told) else None
    flat: dict[object, tuple[ActionClass, int]] = {}
    for service, own in space.by_service(part):
        heard = _heard(service, told) if everywhere is None else everywhere
        if heard is None or service in SERVICES_WITH_ACTION_RULES or service in apart:
            for one in _told_apart(service, own, varied):
                yield ActionClass(service, one.action, one.types, space.of_service(service, one.bits))
            continue
        for one in _told_apart(service, own, varied):
            # Such actions are decided alike, but for the Region and owner of the resource, and the keys they take.
            place = GLOBAL_SERVICES.get(service) if hangs_on_place else None
            alike = heard, bool(one.types), place, one.taken
            bits = space.of_service(service, one.bits)
            first, known = flat.get(alike) or (ActionClass(service, one.action, one.types, 0), 0)
            flat[alike] = first, known | bits
    for sort, bits in flat.values():
        yield sort._replace(bits=bits)
    for name, bit in space.unlisted(part):
        yield ActionClass(name.partition(":")[0], name, (), bit)


def _heard(service: str, clauses: Iterable[NormalStatement]) -> frozenset[NormalStatement] | None:
    """Return the clauses that speak of every resource of a service; None where one speaks of some of them alone."""
    found: set[NormalStatement] = set()
    services = arn_services(service)
    for clause in clauses:
        where = clause.where
        if where in (ANYWHERE, None):
            found.add(clause)
            continue
        named = _services_of(where.entries) if where is not None else frozenset[str | None]()
        if services is None or None in named or not services.isdisjoint(named):
            return None
        if where is not None and where.is_negated:
            found.add(clause)
    return frozenset(found)


@lru_cache(maxsize=1 << 14)
def _services_of(entries: frozenset[str]) -> frozenset[str | None]:
    return frozenset(map(_service_of, entries))


def _service_of(entry: str) -> str | None:
    """Return the service of a resource entry; None where it can be of any."""
    parts = entry.split(":", 3)
    return None if len(parts) < 3 or parts[1].endswith("*") or "${" in parts[2] else parts[2].lower()


class _Alike(NamedTuple):
    """Actions of one service that are decided alike."""

    bits: int
    """Of the service."""
    types: tuple[str, ...]
    action: str
    """The first of them."""
    taken: frozenset[frozenset[str]]
    """Which keys requests for it can hold (`_taken`)."""


@lru_cache(maxsize=1 << 14)
def _told_apart(service: str, own: int, varied: tuple[str, ...]) -> tuple[_Alike, ...]:
    """Split actions of a service by all that can decide them otherwise."""
    own_varied = tuple([key for key in varied if reference().may_take_key(service, key)])
    found: list[_Alike] = []
    for alike, types in _all_told_apart(service, own_varied):
        bits = alike & own
        if bits:
            action = service_actions(service).actions[(bits & -bits).bit_length() - 1]
            found.append(_Alike(bits, types, action.full_name, _taken(service, action.name.lower(), own_varied)))
    return tuple(found)


@lru_cache(maxsize=1 << 14)
def _all_told_apart(service: str, varied: tuple[str, ...]) -> tuple[tuple[int, tuple[str, ...]], ...]:
    """Do so for all actions of a service."""
    found: dict[object, tuple[int, tuple[str, ...]]] = {}
    for position, action in enumerate(service_actions(service).actions):
        name = action.name.lower()
        # The plainest type first: its resource is the one that people are shown.
        types = tuple(sorted((one.name for one in action.resource_types), key=lambda one: (len(one), one)))
        takes = tuple(reference().takes_key(action, types or None, key) for key in varied)
        # One key may be taken on one type and not on another.
        by_type = tuple(reference().takes_key(action, (name,), key) for key in varied for name in types)
        rules = action_rule_class(service, name, action.access_level not in ("Read", "List"))
        key = types, takes, by_type, rules, service == "s3" and name in ACCOUNT_LISTS_ON_S3
        bits, _ = found.get(key, (0, types))
        found[key] = bits | 1 << position, types
    return tuple(found.values())


@lru_cache(maxsize=1 << 15)
def _taken(service: str, name: str, varied: tuple[str, ...]) -> frozenset[frozenset[str]]:
    """Return which keys requests for an action can hold, on a fresh resource of each of its types."""
    action = reference().action(service, name)
    if action is None:
        return frozenset()
    own = {one.name for one in action.resource_types}
    asked: list[list[str] | None] = [None] if not own else []
    if own and varied:
        arns = [arn for one in own for arn in placeholder_arns(service, one, "aws", "123456789012")]
        asked += [[one for one in reference().resource_types_of_arn(service, arn) if one in own] for arn in arns]
    return frozenset(
        frozenset(key for key in varied if reference().takes_key(action, types, key)) for types in asked or [None]
    )


def sample_requests(
    sort: ActionClass, clauses: Iterable[NormalStatement], partition: str, account: str
) -> tuple[tuple[SampleRequest, ...], bool]:
    """Return the questions about one sort of actions, and whether they show all that the clauses can tell apart."""
    if not sort.types:
        asked = ("*",) if reference().action(*_split(sort.action)) is not None else _as_written(clauses)
        return tuple(SampleRequest(sort.action, arn, sort.bits) for arn in asked), len(asked) == 1
    found: dict[str, None] = {}
    is_complete = True
    wheres = [clause.where for clause in clauses]
    for name in sort.types:
        of_type = places(sort.service, name, wheres, partition, account)
        is_complete = is_complete and of_type.is_complete
        found |= dict.fromkeys(of_type.arns)
    return tuple(SampleRequest(sort.action, arn, sort.bits) for arn in found), is_complete


@lru_cache(maxsize=1 << 16)
def named_by(
    service: str, types: tuple[str, ...], where: ResourceScope, partition: str, account: str
) -> tuple[tuple[str, ...], bool]:
    """Return resources of some types that one clause names, and whether there are no others that it names otherwise."""
    named = _services_of(where.entries)
    services = arn_services(service)
    if services is not None and None not in named and services.isdisjoint(named):
        return (), True
    found: dict[str, None] = {}
    is_complete = True
    for name in types:
        of_type = places(service, name, (where,), partition, account)
        is_complete = is_complete and of_type.is_complete
        found |= dict.fromkeys(one for one in of_type.arns if applies_to(where, one))
    return tuple(found), is_complete


def _split(action: str) -> tuple[str, str]:
    service, _, name = action.partition(":")
    return service.lower(), name.lower()


def _as_written(clauses: Iterable[NormalStatement]) -> tuple[str, ...]:
    """Of an action that AWS does not list nobody knows on what it acts: on whatever the entries name."""
    entries = dict.fromkeys(
        entry for clause in clauses if clause.where is not None for entry in sorted(clause.where.entries)
    )
    return ("*", *(entry for entry in entries if entry.count(":") >= 5))
