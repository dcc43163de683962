"""Sample requests for a set of actions that the same clauses apply to: one action of each class, on each sample
resource."""

import re
from collections.abc import Hashable, Iterable, Iterator, Sequence
from functools import cache, lru_cache
from itertools import compress
from typing import NamedTuple

from iamdesk.access.request_grid import arn_services, placeholder_arns
from iamdesk.aws.action_sets import service_actions
from iamdesk.aws.service_reference import reference
from iamdesk.diff.action_space import ActionSpace, each_of
from iamdesk.diff.matching import applies_to, literal, may_overlap
from iamdesk.diff.normal_form import ANYWHERE, NormalStatement, ResourceScope
from iamdesk.diff.sample_resources import places
from iamdesk.evaluate.action_resource import ACCOUNT_LISTS_ON_S3
from iamdesk.evaluate.derived_keys import ResourceDependence, variation
from iamdesk.evaluate.resource_policy_services import Unsigned, facts_of
from iamdesk.evaluate.service_rules import GLOBAL_SERVICES, SERVICES_WITH_ACTION_RULES, action_rule_class
from iamdesk.policy.arn import is_arn
from iamdesk.policy.wildcards import glob

_VARIABLE = re.compile(r"\$\{[^}]*\}")
_SEPARATOR = re.compile(r"[/:]")


class SampleRequest(NamedTuple):
    """One request that represents many."""

    action: str
    """``s3:GetObject``."""
    resource: str
    represents: int
    """The actions with the same decision, as bits of the space."""


class ActionClass(NamedTuple):
    """Actions with the same decision if the same clauses apply to them."""

    service: str
    action: str
    types: tuple[str, ...]
    """Resource types that they apply to; empty: only ``*``."""
    bits: int
    """As bits of the space."""


def action_classes(
    space: ActionSpace, part: int, clauses: Iterable[NormalStatement], apart: frozenset[str]
) -> Iterator[ActionClass]:
    """Yield the classes of actions among those that the same clauses apply to.

    ``apart`` are services whose actions are subject to more than the clauses, such as resource control policies.
    """
    listed = list(clauses)
    keys = frozenset(key for clause in listed for key in clause.keys)
    varied = tuple(sorted(key for key in keys if variation(key, reference()) is ResourceDependence.ACTION))
    depends_on_resource = any(variation(key, reference()) is ResourceDependence.RESOURCE for key in keys)
    by_themselves = _not_together(_named_services(listed), apart)
    for service, own in space.by_service(part & space.of_services(by_themselves)):
        for one in _classes(service, own, _keys_of(service, varied)):
            yield ActionClass(service, one.action, one.types, space.of_service(service, one.bits))
    # In other services every clause applies to all resources, or to none. Their actions differ only in the Region and
    # owner of the resource, and in the keys they take.
    joined: dict[Hashable, ActionClass] = {}
    for position, services, near in space.together(part & ~space.of_services(by_themselves)):
        taken = tuple([key for key in varied if _is_taken(services, key)])
        for identical, sort in _joined(services, near, taken, depends_on_resource):
            bits = sort.bits << position
            first = joined.get(identical)
            joined[identical] = (
                ActionClass(sort.service, sort.action, sort.types, bits)
                if first is None
                else ActionClass(first.service, first.action, first.types, first.bits | bits)
            )  # `_replace` takes three times as long
    yield from joined.values()
    for name, bit in space.unlisted(part):
        yield ActionClass(name.partition(":")[0], name, (), bit)


def _named_services(clauses: Iterable[NormalStatement]) -> frozenset[str | None]:
    """Return the services that the clauses' resource entries name, besides ``*``; None among them: an entry may name
    any.
    """
    wheres = (clause.where for clause in clauses)
    return frozenset[str | None]().union(
        *[_services_of(where.entries) for where in wheres if where is not None and where != ANYWHERE]
    )


@lru_cache(maxsize=1 << 12)
def _not_together(named: frozenset[str | None], apart: frozenset[str]) -> frozenset[str]:
    """Return the services whose actions or resources the clauses may tell apart: those with rules of their own, and
    those of which a clause may name single resources.
    """
    return apart | _with_own_rules() | {one for one in reference().services() if named and _may_be_named(one, named)}


@cache  # of the reference data alone
def _with_own_rules() -> frozenset[str]:
    """Return the services with rules for single actions, or actions for which no policy is evaluated."""
    unsigned = {one: facts_of(one) for one in reference().services()}
    return SERVICES_WITH_ACTION_RULES | {
        one
        for one, facts in unsigned.items()
        if Unsigned.NO_CREDENTIALS in (facts.unsigned_else, *facts.unsigned.values())
    }


def _may_be_named(service: str, named: frozenset[str | None]) -> bool:
    """Return whether a clause may apply only to some resources of a service."""
    services = arn_services(service)
    return services is None or None in named or not services.isdisjoint(named)


@lru_cache(maxsize=1 << 12)
def _is_taken(services: tuple[str, ...], key: str) -> bool:
    return any(reference().may_take_key(service, key) for service in services)


@lru_cache(maxsize=1 << 13)
def _joined(
    services: tuple[str, ...], near: int, varied: tuple[str, ...], depends_on_resource: bool
) -> Sequence[tuple[Hashable, ActionClass]]:
    """Return the classes of actions of some services, which share those with an equal key.

    ``near`` and the classes' bits are those of `each_of`.
    """
    found: dict[Hashable, ActionClass] = {}
    for position, service, own in each_of(services, near):
        place = GLOBAL_SERVICES.get(service) if depends_on_resource else None
        for one in _equivalent_anywhere(service, own, _keys_of(service, varied)):
            identical = bool(one.types), place, one.taken
            known = found.get(identical) or ActionClass(service, one.action, one.types, 0)
            found[identical] = known._replace(bits=known.bits | one.bits << position)
    return tuple(found.items())


@lru_cache(maxsize=1 << 14)
def _services_of(entries: frozenset[str]) -> frozenset[str | None]:
    return frozenset(map(_service_of, entries))


def _service_of(entry: str) -> str | None:
    """Return the service of a resource entry; None if it may be any."""
    parts = entry.split(":", 3)
    return None if len(parts) < 3 or parts[1].endswith("*") or "${" in parts[2] else parts[2].lower()


class _Equivalent(NamedTuple):
    """Actions of one service with the same decisions."""

    bits: int
    """As bits of the service."""
    types: tuple[str, ...]
    action: str
    """The first of them."""
    taken: frozenset[frozenset[str]]
    """The sets of keys that its requests can contain (`_taken`)."""


def _classes(service: str, own: int, varied: tuple[str, ...]) -> Iterator[_Equivalent]:
    """Split actions of a service by everything that can affect their decisions; ``varied`` are of `_keys_of`."""
    names = service_actions(service).full_names
    for every, types, taken in _all_classes(service, varied):
        if bits := every & own:
            yield _Equivalent(bits, types, names[_first(bits)], taken)


@lru_cache(maxsize=1 << 14)
def _keys_of(service: str, varied: tuple[str, ...]) -> tuple[str, ...]:
    """Return the keys that some actions of a service take."""
    return tuple([key for key in varied if reference().may_take_key(service, key)])


@lru_cache(maxsize=1 << 14)
def _equivalent_anywhere(service: str, own: int, varied: tuple[str, ...]) -> Sequence[_Equivalent]:
    """Return `_classes` joined where only their resource types differ: for statements that apply to all of these."""
    found: dict[object, _Equivalent] = {}
    for one in _classes(service, own, varied):
        identical = bool(one.types), one.taken
        known = found.get(identical)
        found[identical] = one if known is None else known._replace(bits=known.bits | one.bits)
    return tuple(found.values())


@lru_cache(maxsize=1 << 14)
def _all_classes(
    service: str, varied: tuple[str, ...]
) -> tuple[tuple[int, tuple[str, ...], frozenset[frozenset[str]]], ...]:
    """Return bits, resource types and `_taken` of `_classes` for all actions of a service."""
    found = list(_by_traits(service))
    for key in varied:
        takers = _by_takers(service, key)
        if len(takers) > 1:
            found = [(both, types) for bits, types in found for others in takers if (both := bits & others)]
    found.sort(key=lambda one: one[0] & -one[0])
    # By the types and by the keys that each type takes, one action of a class is as good as another.
    return tuple([(bits, types, _taken(service, _first(bits), types, varied)) for bits, types in found])


def _first(bits: int) -> int:
    return (bits & -bits).bit_length() - 1


def _together[What](traits: Iterable[What]) -> dict[What, int]:
    """Return by trait the positions that have it, as bits."""
    found: dict[What, int] = {}
    for position, trait in enumerate(traits):
        found[trait] = found.get(trait, 0) | 1 << position
    return found


@lru_cache(maxsize=1 << 10)
def _by_traits(service: str) -> Sequence[tuple[int, tuple[str, ...]]]:
    """Return the actions of a service by resource types and rules."""
    return tuple([(bits, types) for (types, _), bits in _together(_traits_of_actions(service)).items()])


@lru_cache(maxsize=1 << 10)
def _traits_of_actions(service: str) -> tuple[tuple[tuple[str, ...], object], ...]:
    """Return the resource types of each action of a service, and by which rules of the service it is decided."""
    found: list[tuple[tuple[str, ...], object]] = []
    for action in service_actions(service).actions:
        name = action.name.lower()
        # The simplest type first: its resource is shown in the result.
        types = tuple(sorted((one.name for one in action.resource_types), key=lambda one: (len(one), one)))
        rules = action_rule_class(service, name, action.access_level not in ("Read", "List"))
        found.append((types, (rules, service == "s3" and name in ACCOUNT_LISTS_ON_S3)))
    return tuple(found)


@lru_cache(maxsize=1 << 14)
def _by_takers(service: str, key: str) -> Sequence[int]:
    """Return the actions of a service by whether they take a key: on any of their resource types, and on each."""
    takers = [
        # A key may apply to one type and not to another.
        tuple([reference().takes_key(action, asked, key) for asked in (types or None, *((name,) for name in types))])
        for action, (types, _) in zip(service_actions(service).actions, _traits_of_actions(service), strict=True)
    ]
    return tuple(_together(takers).values())


def _taken(service: str, action: int, types: tuple[str, ...], varied: tuple[str, ...]) -> frozenset[frozenset[str]]:
    """Return the sets of keys that requests for an action can contain, on a placeholder of each resource type."""
    if not varied:
        return frozenset({frozenset()})
    by_key = [_takes(service, action, types, key) for key in varied]
    return frozenset([frozenset(compress(varied, takes)) for takes in zip(*by_key, strict=True)])


@lru_cache(maxsize=1 << 15)
def _takes(service: str, action: int, types: tuple[str, ...], key: str) -> Sequence[bool]:
    """Return whether requests for an action can contain a key, on a placeholder of each resource type."""
    asked = service_actions(service).actions[action]
    return tuple([reference().takes_key(asked, fitting, key) for fitting in _fitting(service, types)])


@lru_cache(maxsize=1 << 12)
def _fitting(service: str, types: tuple[str, ...]) -> Sequence[Sequence[str] | None]:
    """Return which of some resource types a placeholder of each is; None: all, of actions without types."""
    arns = [arn for one in types for arn in placeholder_arns(service, one, "aws", "123456789012")]
    found = [tuple([one for one in reference().resource_types_of_arn(service, arn) if one in types]) for arn in arns]
    return tuple(dict.fromkeys(found)) or (None,)


def sample_requests(
    sort: ActionClass, clauses: Iterable[NormalStatement], partition: str, account: str
) -> tuple[tuple[SampleRequest, ...], bool]:
    """Return the requests for one class of actions, and whether they cover all that the clauses distinguish."""
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


def named_by(
    service: str, types: tuple[str, ...], where: ResourceScope, partition: str, account: str
) -> tuple[tuple[str, ...], bool]:
    """Return sample resources of some types that one clause matches, and whether these are complete."""
    named = _services_of(where.entries)
    services = arn_services(service)
    if services is not None and None not in named and services.isdisjoint(named):
        return (), True
    return _named_by(service, types, where, partition, account)


@lru_cache(maxsize=1 << 15)
def _named_by(
    service: str, types: tuple[str, ...], where: ResourceScope, partition: str, account: str
) -> tuple[tuple[str, ...], bool]:
    found: dict[str, None] = {}
    is_complete = True
    for name in types:
        listed = reference().resource_type(service, name)
        if listed and not any(_may_be_of(entry, arn) for entry in where.entries for arn in listed.arns):
            continue  # most entries name resources of one type
        of_type = places(service, name, (where,), partition, account)
        is_complete = is_complete and of_type.is_complete
        found |= dict.fromkeys(one for one in of_type.arns if applies_to(where, one))
    return tuple(found), is_complete


@lru_cache(maxsize=1 << 12)
def as_written(entry: str, partition: str, account: str) -> tuple[str, ...]:
    """Return sample resources for an entry that fits no resource type: the ARN, with wildcards filled in."""
    *head, name = _VARIABLE.sub("x", entry).split(":", 5)
    for place, usual in ((1, partition), (3, "*"), (4, account)):
        head[place] = usual if glob(head[place]).matches(usual) else _filled(head[place], "x")
    shown = [":".join((*head, _filled(name, filling))) for filling in ("x", "")]
    return tuple(one for one in dict.fromkeys(shown) if is_arn(one))


def _filled(pattern: str, filling: str) -> str:
    return pattern.replace("?", "x").replace("*", filling)


@lru_cache(maxsize=1 << 15)
def _may_be_of(entry: str, template: str) -> bool:
    """Return whether an entry may name resources with an ARN format."""
    *head, name = entry.split(":", 5)
    described = _VARIABLE.sub("*", template.split(":", 5)[5])
    if len(head) < _HEAD or may_overlap(name, described):
        return True
    # A "*" before it may span colons (rule F4): then it may be a later part.
    return "*" in "".join(head) and _SEPARATOR.split(literal(name), maxsplit=1)[0] in described


_HEAD = 5
"""Parts of an ARN before the name of the resource."""


def _split(action: str) -> tuple[str, str]:
    service, _, name = action.partition(":")
    return service.lower(), name.lower()


def _as_written(clauses: Iterable[NormalStatement]) -> tuple[str, ...]:
    """Return the resources to evaluate for an unlisted action: those that the entries name."""
    entries = dict.fromkeys(
        entry for clause in clauses if clause.where is not None for entry in sorted(clause.where.entries)
    )
    return ("*", *(entry for entry in entries if entry.count(":") >= 5))
