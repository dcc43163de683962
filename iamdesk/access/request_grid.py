"""The grid on which effective permissions are evaluated: the actions of a service by resources.

A *resource slot* is one resource with the actions that are evaluated on it; a *grid* is a row of slots, so that a set
of requests is one integer: the bit of an action in a slot is the slot's index times the number of actions, plus the
action's own bit.

*Placeholder* resources represent all resources that no policy names: one of each resource type, in the principal's
account, in an unspecified Region, with an unused name.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from typing import NamedTuple

from iamdesk.aws.action_sets import ServiceActions, service_actions
from iamdesk.aws.service_reference import reference
from iamdesk.evaluate.action_resource import Target, log_group, parse_target
from iamdesk.evaluate.engine import EvaluationRequest
from iamdesk.evaluate.service_rules import LOG_GROUP_TAG_ACTIONS
from iamdesk.policy.arn import Arn, parse_arn
from iamdesk.policy.statement import Statement

FRESH = "unnamed-7q2x"
"""Name of placeholder resources, which no policy uses."""
_PLACEHOLDER = re.compile(r"\$\{([^}]*)\}")


class ResourceSlot(NamedTuple):
    """One resource and the actions of a service that are evaluated on it."""

    resource: str
    """An ARN or ``*``."""
    actions: int
    """As bits of the service's actions."""


class OneAction:
    """One action, perhaps one that AWS's list does not contain: its bit is the lowest."""

    def __init__(self, service: str, name: str) -> None:
        self.service = service
        self.every = 1
        self._name = name

    def covered_by(self, statement: Statement) -> int:
        """Return whether a statement covers it, as its bit."""
        return int(statement.covers_action(self.service, self._name))


class RequestGrid:
    """Some resource slots of one service."""

    def __init__(self, service: str, resource_slots: Sequence[ResourceSlot]) -> None:
        self.of: ServiceActions | OneAction = service_actions(service)
        self.resource_slots = tuple(resource_slots)
        self.width = self.of.every.bit_length()
        self.every = 0
        """All bits of the grid."""
        self._repeat = 0
        for place, resource_slot in enumerate(self.resource_slots):
            self.every |= resource_slot.actions << place * self.width
            self._repeat |= 1 << place * self.width
        self.arns: tuple[Arn | None, ...] = tuple(
            None if resource_slot.resource == "*" else parse_arn(resource_slot.resource)
            for resource_slot in self.resource_slots
        )
        """By slot: its resource; None for ``*``."""
        self._targets: dict[int, Target] = {}
        self._types: dict[int, tuple[str, ...]] = {}

    def everywhere(self, actions: int) -> int:
        """Return the bits of some actions in every slot."""
        return actions * self._repeat & self.every

    def on(self, place: int, actions: int) -> int:
        """Return the bits of some actions in one slot."""
        return (actions & self.resource_slots[place].actions) << place * self.width

    def bits(self, place: int, found: int) -> int:
        """Return which actions of one slot are in a set of bits."""
        return found >> place * self.width & self.of.every

    def target(self, bit: int) -> Target:
        """Return one action on one resource, by its bit."""
        target = self._targets.get(bit)
        if target is None:
            place, action = divmod(bit, self.width)
            name = service_actions(self.of.service).actions[action].full_name
            target = self._targets[bit] = parse_target(name, self.resource_slots[place].resource, reference())
        return target

    def types_on(self, place: int) -> tuple[str, ...]:
        """Return the resource types of the service that a slot's resource fits; none for ``*``."""
        types = self._types.get(place)
        if types is None:
            resource_slot = self.resource_slots[place]
            is_arn = self.arns[place] is not None
            types = reference().resource_types_of_arn(self.of.service, resource_slot.resource) if is_arn else ()
            self._types[place] = types
        return types

    def all_over(self, found: int) -> int:
        """Return the actions that are set in every slot that has them, at least one."""
        if not found:
            return 0
        missing = self.every & ~found
        return self.anywhere(found) & ~self.anywhere(missing)

    def anywhere(self, found: int) -> int:
        """Return the actions that are set in some slot."""
        resource_slots = len(self.resource_slots)
        while found and resource_slots > 1:  # fold the upper half onto the lower: a service may have a hundred slots
            resource_slots = (resource_slots + 1) // 2
            split = resource_slots * self.width
            found = found >> split | found & (1 << split) - 1
        return found


class OneRequest(RequestGrid):
    """One action on one resource."""

    def __init__(self, target: Target) -> None:
        super().__init__(target.service, [])
        self.of = OneAction(target.service, target.name)
        self.resource_slots = (ResourceSlot(target.resource_text, 1),)
        self.width = self.every = self._repeat = 1
        self.arns = (target.resource,)
        self._targets = {0: target}
        self.requests: dict[int, EvaluationRequest] = {}
        """By cohort number, the request of one of its principals with everything that evaluating it needs."""


@cache
def arn_services(service: str) -> frozenset[str] | None:
    """Return the services in the ARNs of a service's resource types; None where it can be any."""
    found: set[str] = set()
    for name in service_actions(service).by_type:
        listed = reference().resource_type(service, name)
        if listed is not None:
            found |= {arn.split(":", 3)[2].lower() for arn in listed.arns}
    return None if any(name.startswith("$") for name in found) else frozenset(found)


def actions_on(actions: ServiceActions, resource: str) -> int:
    """Return the actions of a service that act on a resource type which an ARN, perhaps with wildcards, fits."""
    found = 0
    for name in reference().resource_types_of_arn(actions.service, resource):
        found |= actions.by_type.get(name.lower(), 0)
    if actions.service == "logs" and resource != "*" and (named := log_group(parse_arn(resource))) is not None:
        tags = _tags_of_log_groups(actions)
        found = found & tags if resource == str(named.for_tags) else found & ~tags
    return found


def arn_aliases(service: str, resource: str) -> tuple[str, ...]:
    """Return the ARNs by which one resource is addressed, each by other actions (`actions_on`)."""
    named = log_group(parse_arn(resource)) if service == "logs" and resource != "*" else None
    return (resource,) if named is None else (str(named.for_tags), str(named.for_all_else))


def _tags_of_log_groups(actions: ServiceActions) -> int:
    found = 0
    for bit, action in enumerate(actions.actions):
        found |= (action.name.lower() in LOG_GROUP_TAG_ACTIONS) << bit
    return found


@lru_cache(maxsize=1 << 12)  # a grid has some 10 KB once requests on it were evaluated
def grid_on(service: str, resource: str) -> RequestGrid:
    """Return the grid of a service's actions that act on one resource."""
    return RequestGrid(service, [ResourceSlot(resource, actions_on(service_actions(service), resource))])


@lru_cache(maxsize=1 << 9)  # few statements name resources of no listed type
def grid_as_written(service: str, resource: str) -> RequestGrid:
    """Return the grid of a service's actions on a resource of no listed type: of all that act on resources."""
    actions = service_actions(service)
    return RequestGrid(service, [ResourceSlot(resource, actions.every & ~actions.without_resource)])


@lru_cache(maxsize=1 << 13)  # of 18 accounts; the services of one are 1.6 MB, and organizations have a thousand
def placeholder_grid(service: str, partition: str, account: str) -> RequestGrid:
    """Return the grid of all actions of a service on a placeholder of each of its types, or on ``*``."""
    return RequestGrid(service, list(_placeholder_slots(service, partition, account)))


@lru_cache(maxsize=1 << 12)  # those of the techniques' actions in an account are some dozens, of a few kilobytes
def limited_placeholder_grid(service: str, partition: str, account: str, actions: int | None) -> RequestGrid:
    """Return the same grid of some actions, as bits; None: of all.

    It is a fraction of the size: of the hundreds of actions of a service, attack paths need a few.
    """
    if actions is None:
        return placeholder_grid(service, partition, account)
    slots = _placeholder_slots(service, partition, account)
    return RequestGrid(service, [one._replace(actions=those) for one in slots if (those := one.actions & actions)])


def _placeholder_slots(service: str, partition: str, account: str) -> Iterable[ResourceSlot]:
    if service == "logs":  # its ARNs have aliases, which are parsed
        return _find_placeholder_slots(service, partition, account)
    return [one._replace(resource=one.resource.replace(_OF_ANY, account)) for one in _slots_of_any(service, partition)]


@lru_cache(maxsize=1 << 10)  # of the reference data alone, one entry for each service and partition
def _slots_of_any(service: str, partition: str) -> Sequence[ResourceSlot]:
    return tuple(_find_placeholder_slots(service, partition, _OF_ANY))


_OF_ANY = "\ue000"
"""In place of an account in ARNs; a character for private use."""


def _find_placeholder_slots(service: str, partition: str, account: str) -> Iterator[ResourceSlot]:
    actions = service_actions(service)
    resource_slots: dict[str, int] = {}
    for name, acting in actions.by_type.items():
        for fresh in placeholder_arns(service, name, partition, account):
            aliases = arn_aliases(service, fresh)
            for resource in aliases:
                part = acting if len(aliases) == 1 else acting & actions_on(actions, resource)
                resource_slots[resource] = resource_slots.get(resource, 0) | part
    yield from (ResourceSlot(resource, acting) for resource, acting in resource_slots.items())
    yield from (ResourceSlot("*", part) for part in _by_list_of_account(actions) if part)


@cache  # of the reference data alone, one entry for each service
def _by_list_of_account(actions: ServiceActions) -> tuple[int, int]:
    """Split actions without resource types: the few that accept an ARN form their own slots (rule F6)."""
    lists = 0
    for bit, action in enumerate(actions.actions):
        if actions.without_resource >> bit & 1 and parse_target(action.full_name, "*", reference()).is_s3_account_list:
            lists |= 1 << bit
    return lists, actions.without_resource & ~lists


def placeholder_arns(service: str, type_name: str, partition: str, account: str) -> Iterator[str]:
    """Yield the placeholder of each ARN format of a type; none where AWS's list does not contain the type."""
    listed = reference().resource_type(service, type_name)
    for arn in listed.arns if listed is not None else ():
        yield _placeholder_of(arn, service, partition, account)


def _placeholder_of(arn: str, service: str, partition: str, account: str) -> str:
    parts = arn.split(":", 5)
    values: Mapping[str, str] = {"Partition": partition, "Region": "*", "Vendor": service}
    filled = [
        _PLACEHOLDER.sub(lambda found: values.get(found[1], account if "Account" in found[1] else FRESH), part)
        for part in parts
    ]
    filled[4] = account if filled[4] == "*" else filled[4]
    filled[5] = filled[5].replace("*", FRESH)
    return ":".join(filled)
