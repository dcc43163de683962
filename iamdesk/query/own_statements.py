"""Statements of a principal's own policies, as what they say of one service, or of all."""

from collections.abc import Hashable
from typing import NamedTuple

from iamdesk.evaluate.policies import AttachedPolicy
from iamdesk.policy.statement import Statement
from iamdesk.query.population import Asked


class OwnStatement(NamedTuple):
    """A statement of a principal's own policies that covers actions of a service."""

    place: int
    """Its number."""
    policy: AttachedPolicy
    """Stands for its layer."""
    statement: Statement
    asked: Asked
    actions: int
    """As bits of the service's actions."""
    is_for_all: bool
    """Whether it is for every resource on which the service's actions are asked."""

    @property
    def grants_by_name(self) -> bool:
        """Whether it allows something on the resources that it names."""
        return self.statement.is_allow and not self.statement.not_resource

    @property
    def signature(self) -> Hashable:
        """What it shares with statements that say the same."""
        return self.policy.layer, self.actions, self.asked.number, None if self.is_for_all else self.place


class WideStatement(NamedTuple):
    """A statement of a principal's own policies that can decide actions of every service."""

    place: int
    """Its number."""
    policy: AttachedPolicy
    """Stands for its layer."""
    statement: Statement
    asked: Asked
    signature: Hashable
    """What it shares with statements that say the same of every action."""
