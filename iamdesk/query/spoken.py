"""What everybody's own policies say of one service: statements that say the same are one, with all who carry it.

Statements are told apart by layer, effect and what they ask of the context (a *voice*), by the actions they cover, and
by the kinds of the resources that they name. Principals are bits: what thousands of documents say is a few integers.
"""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field

from iamdesk.evaluate.layers import Slot
from iamdesk.evaluate.policies import AttachedPolicy
from iamdesk.evaluate.request import Layer
from iamdesk.evaluate.services import ACTIONS_DIFFER
from iamdesk.index.action_bits import service_actions
from iamdesk.index.actions import reference
from iamdesk.policy.actions import ActionPattern, action_pattern
from iamdesk.policy.resources import resource_pattern
from iamdesk.policy.statement import Statement
from iamdesk.query.grounds import arn_services
from iamdesk.query.kinds import Kinds
from iamdesk.query.own_statements import OwnStatement
from iamdesk.query.population import Asked, Population
from iamdesk.query.said import AS_BOUNDARY, AS_IDENTITY
from iamdesk.snapshot.progress import Cancelled, WorkCancelled

_BREATH = 256
_SIDES = 4
"""Allow and Deny, of identity policies and boundaries."""
_MOST = -_SIDES
"""The number of the voice of Allow statements of identity policies without conditions."""

type Members = dict[int, int]
"""By actions (bits of the service): who carries a statement that covers just these, as bits."""


@dataclass(frozen=True, slots=True, eq=False)
class Voice:
    """Statements of one layer and effect that no context tells apart."""

    slot: Slot
    policy: AttachedPolicy
    """Stands for its layer."""
    is_allow: bool
    asked: Asked
    bare: Statement
    """One of them as if it were for every action and resource: only its conditions are left."""


@dataclass(slots=True, eq=False)
class Spoken:
    """What is said of one service, and by whom it is carried. Numbers of voices are those of `Voices`."""

    service: str
    kinds: Kinds
    everywhere: dict[int, Members] = field(default_factory=dict)
    """By voice: statements for every resource."""
    named: dict[int, dict[int, Members]] = field(default_factory=dict)
    """By kind of resource and voice: Allow statements that name such resources."""
    pointing: list[tuple[OwnStatement, int]] = field(default_factory=list)
    """Statements that name resources, and may so name fresh ones."""
    limiting: list[tuple[int, int]] = field(default_factory=list)
    """Deny statements and those of boundaries that name resources, by place, with who carries them."""
    patterns: list[tuple[int, int]] = field(default_factory=list)
    """The same of Allow statements that name more than one resource by a pattern."""
    mixed: int = 0
    """Who carries anything but unconditional Allow statements of identity policies."""
    odd: int = 0
    """Who carries a statement that has to be held against each resource, or hangs on the moment: not told here."""
    speakers: int = 0
    """Whose identity policies name the service."""
    bounding: int = 0
    """Whose boundary names it."""


class Voices:
    """Reads everybody's policies."""

    def __init__(self, population: Population, cancelled: Cancelled) -> None:
        """Read them all.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
        """
        self.voices: dict[int, Voice] = {}
        """By number."""
        self.spoken: dict[str, Spoken] = {}
        """By service, in lower case: all that some statement names. What wide statements say is not among it."""
        self.far = 0
        """Whose identity policies hold statements for every service, as bits."""
        self._wide: list[tuple[int, Statement, AttachedPolicy, int]] = []
        self._population = population
        self._index = population.index
        self._covered: dict[tuple[str, tuple[ActionPattern, ...], bool], int] = {}
        self._by_tests: dict[Hashable, int] = {}
        """By conditions: the number of the voice."""
        self._odd: set[int] = set()
        """Numbers of voices that have to be heard for each resource, or at each moment."""
        self._acting: dict[frozenset[str], frozenset[str]] = {}
        self._of_services: dict[str, frozenset[str] | None] = {}
        for service in ACTIONS_DIFFER:  # some of their actions need no Allow (SEMANTICS I3)
            self._open(service).speakers = population.everybody
        for number, carriers in enumerate(population.carriers):
            if number % _BREATH == 0 and cancelled():
                raise WorkCancelled
            if carriers:
                self._read(number, carriers, AS_IDENTITY)
        for number, bounded in enumerate(population.bounded):
            if bounded:
                self._read(number, bounded, AS_BOUNDARY)

    def _open(self, service: str) -> Spoken:
        spoken = self.spoken[service] = Spoken(service, Kinds(service, self._population))
        return spoken

    def add_wide(self, spoken: Spoken) -> None:
        """Add to what is said of one service what statements for every service say of it."""
        of_service = self._arn_services(spoken.service)
        for place, statement, policy, members in self._wide:
            actions = service_actions(spoken.service).covered_by(statement)
            if actions:
                is_for_all = self._index.is_for_all_of(place, of_service)
                self._say(spoken, place, statement, policy, actions, members, is_for_all=is_for_all)

    def voice_of(self, one: OwnStatement) -> Voice:
        """Return the voice of a statement."""
        return self.voices[self._voice(one.place, one.statement, one.policy)]

    def _read(self, number: int, members: int, policy: AttachedPolicy) -> None:
        index, is_own = self._index, policy.layer is Layer.IDENTITY
        covered, spoken_of = self._covered, self.spoken
        for place, statement in index.of_document(number):
            services: Iterable[str] | None = statement.services
            if services is None:
                services = self._acting_on(index.arn_services(place))
                if services is None:
                    self._wide.append((place, statement, policy, members))
                    self.far |= members if is_own else 0
                    continue
            is_anywhere = index.names_every_resource(place)
            for service in services:
                spoken = spoken_of.get(service)
                if spoken is None:
                    spoken = self._open(service)
                if is_own:
                    spoken.speakers |= members
                else:
                    spoken.bounding |= members
                key = (service, statement.actions, statement.not_action)
                actions = covered.get(key)
                if actions is None:
                    actions = covered[key] = service_actions(service).covered_by(statement)
                if actions:
                    is_for_all = is_anywhere or (
                        statement.not_resource and index.is_for_all_of(place, self._arn_services(service))
                    )
                    self._say(spoken, place, statement, policy, actions, members, is_for_all=is_for_all)

    def _say(
        self,
        spoken: Spoken,
        place: int,
        statement: Statement,
        policy: AttachedPolicy,
        actions: int,
        members: int,
        *,
        is_for_all: bool,
    ) -> None:
        is_own = policy.layer is Layer.IDENTITY
        is_loose = not is_for_all and self._index.is_loose(place)
        resources = statement.resources or ()
        names_besides = is_for_all and statement.is_allow and not statement.not_resource and len(resources) > 1
        if is_loose or names_besides:
            spoken.odd |= members
            return
        number = self._voice(place, statement, policy)
        if number in self._odd:
            spoken.odd |= members
            return
        if number != _MOST:
            spoken.mixed |= members
        if is_for_all:
            everywhere = spoken.everywhere.setdefault(number, {})
            everywhere[actions] = everywhere.get(actions, 0) | members
            return
        kinds = spoken.kinds
        named = kinds.of(resources)
        if not named <= kinds.written_out:
            asked = self.voices[number].asked
            own = OwnStatement(place, policy, statement, asked, actions, is_for_all=False)
            spoken.pointing.append((own, members))
        if not is_own or not statement.is_allow:
            spoken.limiting.append((place, members))
        elif not named.isdisjoint(kinds.patterns):
            spoken.patterns.append((place, members))
        if statement.is_allow:
            for kind in named:
                of_kind = spoken.named.get(kind)
                if of_kind is None:
                    of_kind = spoken.named[kind] = {}
                of_voice = of_kind.get(number)
                if of_voice is None:
                    of_kind[number] = {actions: members}
                else:
                    of_voice[actions] = of_voice.get(actions, 0) | members

    def _voice(self, place: int, statement: Statement, policy: AttachedPolicy) -> int:
        """Return the number of a statement's voice."""
        side = (policy.layer is not Layer.IDENTITY) << 1 | (not statement.is_allow)
        if not statement.conditions and side - _SIDES in self.voices:
            return side - _SIDES
        document, _ = self._index.statement(place)
        version = self._index.documents[document].version
        tests = tuple([(test.operator_text, test.key, test.values) for test in statement.conditions])
        key = None if statement.resource_keys() else (side, version, tests)
        known = self._by_tests.get(key)
        if known is not None:
            return known
        asked = self._population.asked(statement, version)
        number = asked.number * _SIDES + side if asked.keys else side - _SIDES
        if number not in self.voices:
            bare = statement.changed(
                actions=(action_pattern("*"),),
                not_action=False,
                resources=(resource_pattern("*", False),),
                not_resource=False,
                services=None,
                has_odd_actions=False,
            )
            self.voices[number] = Voice(Slot(policy.layer), policy, statement.is_allow, asked, bare)
            if asked.in_resource or asked.asks_for_time:
                self._odd.add(number)
        if key is not None:
            self._by_tests[key] = number
        return number

    def _acting_on(self, named: frozenset[str] | None) -> frozenset[str] | None:
        """Return the services that act on resources of some services, by their ARNs; None for those of any."""
        if named is None:
            return None
        found = self._acting.get(named)
        if found is None:
            found = self._acting[named] = frozenset().union(*(reference().services_on(one) for one in named))
        return found

    def _arn_services(self, service: str) -> frozenset[str] | None:
        if service not in self._of_services:
            self._of_services[service] = arn_services(service)
        return self._of_services[service]
