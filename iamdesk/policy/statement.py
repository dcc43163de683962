"""One statement of a policy, compiled: nothing in it is parsed again when requests come."""

from dataclasses import dataclass

from iamdesk.policy.actions import ActionPattern
from iamdesk.policy.conditions import ConditionTest
from iamdesk.policy.principals import PrincipalEntry, SessionName
from iamdesk.policy.resources import ResourcePattern
from iamdesk.policy.text import ElementPath

SESSION_KEY = "aws:userid"
"""Of a role session the role's id and the session's name."""


@dataclass(frozen=True, slots=True, eq=False)
class Statement:
    """A statement as the evaluator reads it."""

    index: int
    """Position in ``Statement``, from 0; 0 where it is a single object."""
    path: ElementPath
    """The way to it in the document."""
    sid: str | None
    is_allow: bool
    actions: tuple[ActionPattern, ...]
    not_action: bool
    """Whether ``actions`` are those of ``NotAction``."""
    resources: tuple[ResourcePattern, ...] | None
    """None where the statement has neither ``Resource`` nor ``NotResource``."""
    not_resource: bool
    principals: tuple[PrincipalEntry, ...] | None
    """None where the statement has neither ``Principal`` nor ``NotPrincipal``."""
    not_principal: bool
    conditions: tuple[ConditionTest, ...]
    broken: str | None
    """Why it cannot be evaluated, in one sentence; a broken statement matches nothing, and every answer that it could
    touch says so (SEMANTICS L5)."""
    services: frozenset[str] | None
    """Service prefixes (lower case) that its actions name; None where it can cover every service."""

    has_odd_actions: bool = False
    """Whether one of its actions has a wildcard in the service (`ActionPattern.is_odd`)."""

    @property
    def effect(self) -> str:
        """``Allow`` or ``Deny``."""
        return "Allow" if self.is_allow else "Deny"

    def covers_action(self, service: str, name: str) -> bool:
        """Return whether the action (both parts in lower case) is among those it speaks of (SEMANTICS F1, F2)."""
        for pattern in self.actions:
            if pattern.matches(service, name):
                return not self.not_action
        return self.not_action

    def may_cover_action(self, service: str, name: str) -> bool:
        """Return the same where wildcards in services count."""
        if not self.has_odd_actions:
            return self.covers_action(service, name)
        return any(pattern.may_match(service, name) for pattern in self.actions) is not self.not_action

    def resource_keys(self) -> tuple[str, ...]:
        """Return the context keys of the policy variables in its resources, in lower case."""
        return tuple([key for entry in self.resources or () for key in entry.keys])

    def context_keys(self) -> tuple[str, ...]:
        """Return every context key on which it can hang, in lower case; none where the request alone decides.

        Of a role, `aws:userid` tells whether it is in one of the sessions that the statement names.
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
        """Return the way to one of its elements."""
        return (*self.path, element, *rest)
