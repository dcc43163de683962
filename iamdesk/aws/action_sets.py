"""The actions of a service as bits, so that sets of actions are combined and counted in a few steps."""

from collections.abc import Mapping
from functools import cache, cached_property

from iamdesk.aws.service_reference import Action, reference
from iamdesk.policy.action_patterns import ActionPattern
from iamdesk.policy.statement import Statement

ACCESS_LEVELS = ("List", "Read", "Write", "Tagging", "Permissions management")
"""In the order in which they are shown."""


class ServiceActions:
    """One service's actions; the index of an action is its bit. Use `service_actions` to get it."""

    def __init__(self, service: str) -> None:
        self.service = service
        self.actions: tuple[Action, ...] = reference().actions_of(service)
        """Sorted by name."""
        self.positions: Mapping[str, int] = {action.name.lower(): bit for bit, action in enumerate(self.actions)}
        """By name in lower case."""
        self.every = (1 << len(self.actions)) - 1
        self.by_level = dict.fromkeys(ACCESS_LEVELS, 0)
        """By access level: the actions of the level."""
        self.without_resource = 0
        """Actions with ``*`` as their only resource (rule F6)."""
        self.by_type: dict[str, int] = {}
        """By resource type, in lower case: the actions that act on it."""
        for bit, action in enumerate(self.actions):
            self.by_level[action.access_level] = self.by_level.get(action.access_level, 0) | 1 << bit
            if not action.resource_types:
                self.without_resource |= 1 << bit
            for resource in action.resource_types:
                name = resource.name.lower()
                self.by_type[name] = self.by_type.get(name, 0) | 1 << bit
        self._patterns: dict[str, int] = {}

    @cached_property
    def full_names(self) -> tuple[str, ...]:
        """The names of the actions with their service; the same objects in all results."""
        return tuple([action.full_name for action in self.actions])

    def covered_by(self, statement: Statement) -> int:
        """Return the actions that a statement covers (rules F1, F2)."""
        found = 0
        for pattern in statement.actions:
            found |= self.matched_by(pattern)
        return self.every & ~found if statement.not_action else found

    def matched_by(self, pattern: ActionPattern) -> int:
        """Return the actions that one entry of ``Action`` or ``NotAction`` matches."""
        if pattern.service is not None and pattern.service != self.service:
            return 0
        found = self._patterns.get(pattern.text)
        if found is None:
            found = self._patterns[pattern.text] = self._match(pattern)
        return found

    def _match(self, pattern: ActionPattern) -> int:
        name = pattern.literal
        if name is not None:
            bit = self.positions.get(name)
            return 0 if bit is None else 1 << bit
        found = 0
        for name, bit in self.positions.items():
            if pattern.matches(self.service, name):
                found |= 1 << bit
        return found


@cache
def service_actions(service: str) -> ServiceActions:
    """Return a service's actions by its prefix, in lower case; none for an unknown service."""
    return ServiceActions(service)
