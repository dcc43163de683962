"""One statement of a policy, compiled: nothing is parsed again for a request."""

import threading
from collections.abc import Callable, Iterator, Sequence
from copy import copy
from typing import TYPE_CHECKING, Any

from iamdesk.policy.action_patterns import ActionEntries
from iamdesk.policy.conditions import ConditionTest, parse_conditions
from iamdesk.policy.grammar import Shape, entry_problems
from iamdesk.policy.principals import PrincipalEntries, SessionName, parse_principal
from iamdesk.policy.resource_patterns import ResourcePattern, resource_pattern
from iamdesk.policy.source_map import ElementPath

SESSION_KEY = "aws:userid"
"""Of a role session: the role's ID and the session's name."""

WITHOUT_REFERENCES = 2
"""Version of the `marshal` format in which equal values are written equally, however they are shared."""

_reading = threading.Lock()

_RESOURCES, _PRINCIPALS, _CONDITIONS = 1, 2, 4
"""The elements that are read on demand, as bits."""
_CHANGED = 8
"""The bit of a statement that differs from what was written."""


class Statement:
    """A statement as the evaluator reads it.

    Most statements of a request's policies are about other actions, and nothing else of them is ever read. So
    resources, principals and conditions of a sound statement are read on first use: until then their slots are empty
    (`__getattr__`).
    """

    __slots__ = (
        "_odd_conditions",
        "_raw",
        "_shape",
        "_unread",
        "_variables",
        "actions",
        "broken",
        "conditions",
        "has_odd_actions",
        "index",
        "is_allow",
        "not_action",
        "not_principal",
        "not_resource",
        "path",
        "principals",
        "resources",
        "services",
        "sid",
    )

    resources: tuple[ResourcePattern, ...] | None
    """None where the statement has neither ``Resource`` nor ``NotResource``."""
    principals: PrincipalEntries | None
    """None where the statement has neither ``Principal`` nor ``NotPrincipal``."""
    conditions: tuple[ConditionTest, ...]
    _odd_conditions: tuple[tuple[ElementPath, str], ...]

    def __init__(
        self, index: int, path: ElementPath, raw: dict[str, Any], shape: Shape, actions: ActionEntries, variables: bool
    ) -> None:
        """Create a sound statement (`sound_shape`); ``variables``: whether the policy's version has them (rule H6).

        Its actions are read at once: everything else depends on them.
        """
        self.index = index
        """Index in ``Statement``, from 0; 0 where it is a single object."""
        self.path = path
        """Its path in the document."""
        self.sid: str | None = raw.get("Sid")
        self.is_allow: bool = raw.get("Effect") == "Allow"
        self.actions = actions.patterns
        self.not_action = shape.not_action
        """Whether ``actions`` are those of ``NotAction``."""
        self.services = None if shape.not_action else actions.services
        """Service prefixes (lower case) of its actions; None where it can cover every service."""
        self.has_odd_actions = actions.has_odd
        """Whether one of its actions has a wildcard in the service (`ActionPattern.is_odd`)."""
        self.not_resource = shape.not_resource
        self.not_principal = shape.not_principal
        self.broken: str | None = None
        """Why it cannot be evaluated, in one sentence; a broken statement matches nothing, and every result that it
        could affect says so (rule L5)."""
        self._raw, self._shape, self._variables = raw, shape, variables
        self._unread = _RESOURCES | _PRINCIPALS | _CONDITIONS
        if shape.principal is None:
            self.principals = None
        if not shape.has_conditions:
            self.conditions = self._odd_conditions = ()

    if not TYPE_CHECKING:  # it would accept every name

        def __getattr__(self, name: str) -> Any:
            """Read the element of an empty slot, and fill the slot."""
            part, read = _READERS.get(name, (0, None))
            if not part:
                raise AttributeError(name)
            with _reading:  # concurrent threads get one object
                if self._unread & part:
                    read(self)
                    self._unread &= ~part
            return object.__getattribute__(self, name)

    def odd_entries(self) -> Iterator[tuple[ElementPath, str]]:
        """Yield the problems of single entries of a sound statement: position, and one sentence."""
        raw, shape = self._raw, self._shape
        for place, problem in entry_problems(shape.action, raw[shape.action], self.actions):
            yield (*self.path, *place), problem
        if shape.resource is not None:
            for place, problem in entry_problems(shape.resource, raw[shape.resource], self.resources or ()):
                yield (*self.path, *place), problem
        yield from self._odd_conditions

    def _read_resources(self) -> None:
        name, variables = self._shape.resource, self._variables
        if name is None:
            self.resources = None
            return
        value = self._raw[name]
        texts = [value] if isinstance(value, str) else value
        self.resources = tuple([resource_pattern(text, variables) for text in texts])

    def _read_principals(self) -> None:
        name = self._shape.principal
        self.principals = None if name is None else parse_principal(self._raw[name])[0]

    def _read_conditions(self) -> None:
        path = (*self.path, "Condition")
        self.conditions, self._odd_conditions = parse_conditions(self._raw["Condition"], path, self._variables)

    def changed(self, **slots: Any) -> "Statement":
        """Return the same statement with some of its slots changed."""
        other = copy(self)  # reads what has not been read
        other._unread = _CHANGED
        for name, value in slots.items():
            setattr(other, name, value)
        return other

    @property
    def effect(self) -> str:
        """``Allow`` or ``Deny``."""
        return "Allow" if self.is_allow else "Deny"

    def covers_action(self, service: str, name: str) -> bool:
        """Return whether it covers the action (both parts in lower case; rules F1, F2)."""
        if self.services is not None and service not in self.services:
            return False
        for pattern in self.actions:
            if (pattern.service is None or pattern.service == service) and pattern.matches(service, name):
                return not self.not_action
        return self.not_action

    def may_cover_action(self, service: str, name: str) -> bool:
        """Return the same where wildcards in services count."""
        if not self.has_odd_actions:
            return self.covers_action(service, name)
        return any(pattern.may_match(service, name) for pattern in self.actions) is not self.not_action

    def resource_texts(self) -> Sequence[str]:
        """Return the texts of its resources."""
        if self._unread & _CHANGED:
            return [entry.text for entry in self.resources or ()]
        name = self._shape.resource
        if name is None:
            return ()
        value: str | list[str] = self._raw[name]
        return (value,) if isinstance(value, str) else value

    def resource_keys(self) -> tuple[str, ...]:
        """Return the context keys of the policy variables in its resources, in lower case."""
        return tuple([key for entry in self.resources or () for key in entry.keys])

    def context_keys(self) -> tuple[str, ...]:
        """Return every context key that it may depend on, in lower case; none where the request alone decides.

        Of a role, `aws:userid` decides whether it is one of the sessions that the statement names.
        """
        session = () if self.principals is None or not self.named_sessions() else (SESSION_KEY,)
        if not self.conditions:
            return (*session, *self.resource_keys())
        keys = [key for test in self.conditions for key in (test.key, *test.variable_keys)]
        return (*session, *keys, *self.resource_keys())

    def named_sessions(self) -> tuple[SessionName, ...]:
        """Return the role sessions that its ``Principal`` names."""
        if self.not_principal:
            return ()
        return tuple([named for entry in self.principals or () if (named := entry.session) is not None])

    def element_path(self, element: str, *rest: str | int) -> ElementPath:
        """Return the path of one of its elements."""
        return (*self.path, element, *rest)


_READERS: dict[str, tuple[int, Callable[[Statement], None]]] = {
    "resources": (_RESOURCES, Statement._read_resources),
    "principals": (_PRINCIPALS, Statement._read_principals),
    "conditions": (_CONDITIONS, Statement._read_conditions),
    "_odd_conditions": (_CONDITIONS, Statement._read_conditions),
}
