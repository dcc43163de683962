"""What can: the effective permissions of a principal or group, by service and access level, down to single answers.

What the words of a reach mean is told in `reach`. Resource policies and organization policies count where the snapshot
holds them; what a resource's policy alone grants, and to nothing that a policy of the principal's own names, is not
found here. What a group can do is what a member of it can do by the group's policies alone: of the member, nothing
else is known.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from iamdesk.evaluate.verdict import Verdict
from iamdesk.explain.decision import Decision
from iamdesk.index.action_bits import service_actions
from iamdesk.query.population import positions
from iamdesk.query.reach import Reach, ServiceReach, Source

__all__ = ["ActionReach", "Answer", "EffectiveAccess", "Overview", "Reach", "ServiceReach", "Source"]


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one question behind a reach; `explanation` gives all of it."""

    resource: str
    source: Source
    """Why it was asked about; the reach rests on all but the exceptions."""
    decision: Verdict
    _answer: Callable[[str], Decision] = field(repr=False)

    @property
    def explanation(self) -> Decision:
        """The full answer, evaluated when asked for: the statements, the layers, the conditions."""
        return self._answer(self.resource)


@dataclass(frozen=True, slots=True)
class ActionReach:
    """How far a principal may do one action."""

    name: str
    """``s3:GetObject``."""
    access_level: str
    description: str
    reach: Reach
    _answers: Callable[[], tuple[Answer, ...]] = field(repr=False)

    @property
    def answers(self) -> tuple[Answer, ...]:
        """The answers on which the reach rests, and those on everything else that the principal's policies name."""
        return self._answers()


class EffectiveAccess:
    """What one principal or group may do. Frozen; may be read from any thread."""

    def __init__(
        self,
        subject: str,
        resource: str | None,
        services: Sequence[ServiceReach],
        answers: Callable[[str, int], tuple[Answer, ...]],
    ) -> None:
        self.subject = subject
        """ARN of the principal or group."""
        self.resource = resource
        """The one resource that was asked about; None: any."""
        self.services = tuple(services)
        """By service prefix; those of which nothing may be done and nothing is denied are left out."""
        self._answers = answers
        self._by_name = {one.service: one for one in self.services}

    def service(self, service: str) -> ServiceReach | None:
        """Return the reach of one service's actions; None where nothing of it may be done and nothing is denied."""
        return self._by_name.get(service)

    def actions(
        self, service: str, access_level: str | None = None, reaches: Sequence[Reach] = tuple(Reach)
    ) -> Iterator[ActionReach]:
        """Yield the actions of a service, of one access level where one is named, that have one of some reaches."""
        found = self._by_name.get(service)
        if found is None:
            return
        wanted = {bit: reach for reach in reaches for bit in positions(found.actions[reach])}
        for bit, action in enumerate(service_actions(service).actions):
            if bit in wanted and access_level in (None, action.access_level):
                yield ActionReach(
                    action.full_name,
                    action.access_level,
                    action.description,
                    wanted[bit],
                    partial(self._answers, service, bit),
                )


@dataclass(frozen=True, slots=True)
class Overview:
    """What everybody may do: the reaches of each principal, by service. Equal ones are one object."""

    reaches: Mapping[str, Mapping[str, ServiceReach]]
    """By principal (ARN) and service prefix; services of which nothing may be done and nothing is denied are left out.
    """

    def share(self, principal: str, service: str, access_level: str) -> float:
        """Return the share of a service's actions of one level that a principal may do at all, between 0 and 1."""
        found = self.reaches[principal].get(service)
        return 0.0 if found is None else found.share(access_level)
