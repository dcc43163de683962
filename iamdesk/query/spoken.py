"""What everybody's own policies say of one service: statements that say the same are one, with all who carry it.

Statements are told apart by layer, effect and what they ask of the context (a *voice*), by the actions they cover, and
by the kinds of the resources that they name. Principals are bits: what thousands of documents say is a few integers.
"""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_

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

_BREATH = 1024
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
    naming: "list[tuple[_Wording, int, Statement, int]]" = field(default_factory=list)
    """Statements that name resources, by place, with who carries them: those that are not sorted by kinds yet."""
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


@dataclass(slots=True, eq=False)
class _Wording:
    """Statements that say the same of one service, but for the resources that they name."""

    spoken: Spoken
    policy: AttachedPolicy
    is_allow: bool
    voice: int
    actions: int
    """What they cover, as bits of the service's actions."""
    everywhere: int = 0
    """Who carries one for every resource, as bits."""
    by_kinds: dict[frozenset[int], int] = field(default_factory=dict)
    """By the kinds of resources that they name, the same."""
    odd: int = 0
    """Who carries one of which nothing is told here."""
    is_untold: bool = False
    """Whether nothing is told of any of them."""
    is_limiting: bool = False
    """Whether they say what may not be done, or nothing but what may at most be done."""


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
        self._wordings: dict[Layer, dict[Hashable, tuple[_Wording, ...]]] = {}
        """By layer and what statements say: their wording for each service that they name."""
        self._covered: dict[tuple[str, tuple[ActionPattern, ...], bool], int] = {}
        self._by_mark: dict[Hashable, int] = {}
        """By conditions: the number of the voice."""
        self._odd: set[int] = set()
        """Numbers of voices that have to be heard for each resource, or at each moment."""
        self._acting: dict[frozenset[str], frozenset[str]] = {}
        self._of_services: dict[str, frozenset[str] | None] = {}
        for service in ACTIONS_DIFFER:  # some of their actions need no Allow (SEMANTICS I3)
            self._open(service).speakers = population.everybody
        self._read(population.carriers, AS_IDENTITY, cancelled)
        if any(population.bounded):
            self._read(population.bounded, AS_BOUNDARY, cancelled)
        for spoken in self.spoken.values():
            if cancelled():
                raise WorkCancelled
            self._sort_by_kinds(spoken)
        for of_layer in self._wordings.values():
            for wordings in of_layer.values():
                for one in wordings:
                    self._tell(one)

    def _open(self, service: str) -> Spoken:
        spoken = self.spoken.get(service)
        if spoken is None:
            spoken = self.spoken[service] = Spoken(service, Kinds(service, self._population))
        return spoken

    def add_wide(self, spoken: Spoken) -> None:
        """Add to what is said of one service what statements for every service say of it."""
        wordings: list[_Wording] = []
        for place, statement, policy, members in self._wide:
            one = self._wording(spoken, place, statement, policy)
            if one.actions:
                self._sort(one, place, statement, members)
                wordings.append(one)
        self._sort_by_kinds(spoken)
        for one in wordings:
            self._tell(one, is_named=False)

    def voice_of(self, one: OwnStatement) -> Voice:
        """Return the voice of a statement."""
        return self.voices[self._voice(one.place, one.statement, one.policy)]

    def _read(self, members_of: Sequence[int], policy: AttachedPolicy, cancelled: Cancelled) -> None:
        """Sort all statements of one layer; ``members_of`` tells by document who carries it."""
        index, wordings_of = self._index, self._wordings.setdefault(policy.layer, {})
        anywhere, documents = index.for_every_resource, index.documents
        for place, (number, statement) in enumerate(index.statements()):  # tens of thousands come this way
            if place % _BREATH == 0 and cancelled():
                raise WorkCancelled
            members = members_of[number]
            if not members:
                continue
            # Lists of actions are told apart as objects: most often equal ones are one, and the statements keep them.
            said: Hashable = (id(statement.actions), statement.is_allow)
            mark = statement.condition_mark()
            if mark is not None:
                said = (said, mark, documents[number].version)
            if statement.services is None:
                said = (said, statement.not_action, index.arn_services(place))
            wordings = wordings_of.get(said)
            if wordings is None:
                found = self._find_wordings(place, statement, policy)
                if found is None:
                    self._wide.append((place, statement, policy, members))
                    self.far |= members if policy.layer is Layer.IDENTITY else 0
                    continue
                wordings = wordings_of[said] = found
            is_naming = place not in anywhere and not index.is_loose(place)
            for one in wordings:
                if is_naming and not one.is_untold:
                    one.spoken.naming.append((one, place, statement, members))
                else:
                    self._sort(one, place, statement, members)

    def _find_wordings(self, place: int, statement: Statement, policy: AttachedPolicy) -> tuple[_Wording, ...] | None:
        """Return the wording of a statement for each service that it names; None where it speaks of every service."""
        services: Iterable[str] | None = statement.services
        if services is None:
            services = self._acting_on(self._index.arn_services(place))
            if services is None:
                return None
        return tuple([self._wording(self._open(service), place, statement, policy) for service in services])

    def _wording(self, spoken: Spoken, place: int, statement: Statement, policy: AttachedPolicy) -> _Wording:
        if statement.resource_keys():  # what they ask for is told by each statement alone (`_gather`)
            statement = statement.changed(resources=())
        voice = self._voice(place, statement, policy)
        key = spoken.service, statement.actions, statement.not_action
        actions = self._covered.get(key)
        if actions is None:
            actions = self._covered[key] = service_actions(spoken.service).covered_by(statement)
        is_untold = not actions or voice in self._odd
        is_limiting = not statement.is_allow or policy.layer is not Layer.IDENTITY
        return _Wording(
            spoken, policy, statement.is_allow, voice, actions, is_untold=is_untold, is_limiting=is_limiting
        )

    def _sort(self, one: _Wording, place: int, statement: Statement, members: int) -> None:
        index, is_single = self._index, len(statement.resources or ()) < 2
        if index.names_every_resource(place):
            names_besides = one.is_allow and not is_single
            if names_besides:
                one.odd |= members
            else:
                one.everywhere |= members
        elif not index.is_loose(place) and not one.is_untold:
            one.spoken.naming.append((one, place, statement, members))
        elif index.is_for_all_of(place, self._arn_services(one.spoken.service)):
            one.everywhere |= members
        else:
            one.odd |= members

    def _sort_by_kinds(self, spoken: Spoken) -> None:
        """Sort the statements that name resources by the kinds of these."""
        namings = spoken.kinds.of([statement for _, _, statement, _ in spoken.naming])
        for (one, place, statement, members), naming in zip(spoken.naming, namings, strict=True):
            if naming.has_keys:
                one.odd |= members
                continue
            kinds = naming.kinds
            one.by_kinds[kinds] = one.by_kinds.get(kinds, 0) | members
            if naming.may_be_fresh:
                asked = self.voices[one.voice].asked
                own = OwnStatement(place, one.policy, statement, asked, one.actions, is_for_all=False)
                spoken.pointing.append((own, members))
            if one.is_limiting:
                spoken.limiting.append((place, members))
            elif naming.has_patterns:
                spoken.patterns.append((place, members))
        spoken.naming.clear()

    def _tell(self, one: _Wording, *, is_named: bool = True) -> None:
        """Add what is said to what is told of a service. ``is_named``: the policies name it."""
        spoken = one.spoken
        everybody = reduce(or_, one.by_kinds.values(), one.everywhere)
        if is_named and one.policy.layer is Layer.IDENTITY:
            spoken.speakers |= everybody | one.odd
        elif is_named:
            spoken.bounding |= everybody | one.odd
        if one.is_untold:
            spoken.odd |= everybody | one.odd if one.actions else 0
            return
        spoken.odd |= one.odd
        if one.voice != _MOST:
            spoken.mixed |= everybody
        if one.everywhere:
            everywhere = spoken.everywhere.setdefault(one.voice, {})
            everywhere[one.actions] = everywhere.get(one.actions, 0) | one.everywhere
        if one.is_allow:
            for kinds, members in one.by_kinds.items():
                for kind in kinds:
                    of_voice = spoken.named.setdefault(kind, {}).setdefault(one.voice, {})
                    of_voice[one.actions] = of_voice.get(one.actions, 0) | members

    def _voice(self, place: int, statement: Statement, policy: AttachedPolicy) -> int:
        """Return the number of a statement's voice."""
        side = (policy.layer is not Layer.IDENTITY) << 1 | (not statement.is_allow)
        mark = statement.condition_mark()
        if mark is None and side - _SIDES in self.voices:
            return side - _SIDES
        document, _ = self._index.statement(place)
        version = self._index.documents[document].version
        key = None if statement.resource_keys() else (side, version, mark)
        known = self._by_mark.get(key)
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
            self._by_mark[key] = number
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
