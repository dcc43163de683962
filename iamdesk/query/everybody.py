"""How far everybody may do everything, found out for all principals at once.

`reach` asks what one principal may do of a service. Here the actions of a service are gone through once, and with them
the principals, as bits: who has an Allow, who a Deny, whom the boundary limits, whose statements hang on the unknown.
The reaches are those of `reach`; where this way cannot tell them they are left to it: of principals with a statement
that has to be held against each single resource, or with statements that can meet on resources of several kinds, and
where statements of others tell the peers apart.
"""

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from iamdesk.evaluate.layers import BOUNDARY, IDENTITY
from iamdesk.evaluate.truth import FALSE, MAYBE, TRUE
from iamdesk.evaluate.verdict import Verdict
from iamdesk.index.action_bits import service_actions
from iamdesk.policy.arn import parse_arn
from iamdesk.policy.resources import Match, ResourcePattern, ShortArns
from iamdesk.query.contexts import ContextFinder
from iamdesk.query.effective import Assessor
from iamdesk.query.grounds import Ground, fresh_ground, ground_on
from iamdesk.query.heard import Answers, Atom, Carriers, Cell, Hall, Hang, Part
from iamdesk.query.named import as_asked
from iamdesk.query.population import Peers, positions
from iamdesk.query.spoken import Members, Spoken, Voices
from iamdesk.query.sums import split
from iamdesk.query.what_can import Reach
from iamdesk.snapshot.progress import Cancelled, Progress, WorkCancelled


class Sharing(NamedTuple):
    """Actions of a service of which each principal has one reach."""

    actions: int
    """As bits of the service's actions."""
    members: tuple[tuple[Reach, int], ...]
    """Who has which reach, as bits; who is in none may do nothing of it."""


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """What is told of one service."""

    members: int
    """Of whom, as bits: the policies of nobody else name it."""
    left: int
    """Those among them of whom `reach` has to be asked."""
    by_peers: tuple[tuple[int, tuple[Sharing, ...]], ...]
    """Some peers, as bits, and their reaches; every action of which one of them may do something is in one of these."""


class Everybody(NamedTuple):
    """What is told of all principals of a snapshot."""

    by_service: Mapping[str, Told]
    """By service, of all that policies name."""
    far: int
    """Of whom more is to be told, as bits: root users, who carry nothing, and whose statements speak of every service.
    What these say of a service that nothing else of theirs names is not told here."""


def find_everybody(
    assessor: Assessor, voices: Voices, moment: datetime, progress: Progress, cancelled: Cancelled
) -> Everybody:
    """Find out how far everybody may do everything that policies name.

    What is said everywhere is added to ``voices``: they serve once.

    Raises:
        WorkCancelled: ``cancelled`` returned True.
    """
    index = assessor.population.index
    contexts = ContextFinder(voices)
    proofs: dict[Hashable, Verdict | bool] = {}
    found: dict[str, Told] = {}
    for number, (service, spoken) in enumerate(sorted(voices.spoken.items())):
        if cancelled():
            raise WorkCancelled
        progress(index.principals * number // len(voices.spoken), index.principals)
        found[service] = _Service(assessor, voices, spoken, moment, contexts, proofs).told(cancelled)
    far = voices.far
    for root in index.roots:
        far |= 1 << index.positions[root]
    return Everybody(found, far)


class _Service:
    """One service."""

    def __init__(
        self,
        assessor: Assessor,
        voices: Voices,
        spoken: Spoken,
        moment: datetime,
        contexts: ContextFinder,
        proofs: dict[Hashable, Verdict | bool],
    ) -> None:
        voices.add_wide(spoken)
        self.assessor = assessor
        self.voices = voices
        self.spoken = spoken
        self.every = service_actions(spoken.service).every
        self.moment = moment
        self.contexts = contexts
        self.proofs = proofs
        sides = [spoken.everywhere, *spoken.named.values()]
        masks = {mask for side in sides for members in side.values() for mask in members}
        masks.update(one.actions for one, _ in spoken.pointing)
        parts = split(self.every, [(mask, mask) for mask in masks])
        self.atoms = [Atom(number, actions, of_atom) for number, (actions, of_atom) in enumerate(parts)]
        self.everywhere = _carriers(spoken.everywhere)
        self.named = {kind: _carriers(side) for kind, side in spoken.named.items()}

    def told(self, cancelled: Cancelled) -> Told:
        spoken, population = self.spoken, self.assessor.population
        members = population.everybody & (spoken.speakers | spoken.bounding & self.voices.far)
        for root in population.index.roots:
            members &= ~(1 << population.index.positions[root])
        left = members & (spoken.odd | self.meeting(spoken.mixed))
        by_peers: list[tuple[int, tuple[Sharing, ...]]] = []
        for peers in population.peers:
            of_peers = members & peers.members & ~left
            if of_peers:
                found = _OfPeers(self, peers, of_peers)
                sharings = tuple(found.sharings(cancelled))
                left |= found.untold
                by_peers.append((of_peers & ~found.untold, sharings))
        return Told(members, left, tuple(by_peers))

    def meeting(self, within: int) -> int:
        """Return some principals of whom two statements may speak of one resource that only one of them names.

        Left out are those that say the same there as elsewhere.
        """
        spoken, index = self.spoken, self.assessor.population.index
        found = 0
        wary = spoken.limiting + (spoken.patterns if len(spoken.named) > 1 else [])
        naming = 0
        for of_kind in self.named.values():
            for carriers in of_kind.values():
                naming |= carriers.everybody
        for place, members in wary:
            of_interest = members & naming & within & ~found
            if not of_interest:
                continue
            places, can_cross = index.named_within(place)
            if can_cross:
                found |= of_interest
                continue
            for other in places:
                number, statement = index.statement(other)
                if statement.is_allow:
                    own, limit = index.carriers[number], index.bounded[number]
                    found |= of_interest & (own & limit if other == place else own | limit)
        return found


def _carriers(side: Mapping[int, Members]) -> dict[int, Carriers]:
    return {number: Carriers(by_actions) for number, by_actions in side.items()}


class _OfPeers:
    """One service, for some peers."""

    def __init__(self, of: _Service, peers: Peers, members: int) -> None:
        self.untold = 0
        """Of whom the reaches found are not right: they are left to `reach`."""
        self._of = of
        self._peers = peers
        self._members = members
        self._anybody = (members & -members).bit_length() - 1
        self._population = of.assessor.population
        self._circumstances = of.assessor.circumstances
        self._fresh = fresh_ground(of.spoken.service, peers.partition, peers.account)

    def sharings(self, cancelled: Cancelled) -> list[Sharing]:
        """Find the reaches.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
        """
        if not self._of.every:
            return []
        if not self._fresh.every:
            self.untold = self._members
            return []
        hall = self._hall(self._fresh)
        if not hall.is_alike:
            self.untold = self._members
            return []
        if hall.has_conditions:
            self.untold |= self._of.meeting(self._members)
        everywhere = list(self._parts(self._of.everywhere))
        parts = [*everywhere, *self._pointing()]
        on_fresh: list[tuple[Cell, Answers]] = []
        for cell in hall.cells(parts, self._of.atoms):
            answers = hall.answers(cell, hall.sum(cell, parts, self._members), self._members)
            self.untold |= answers.untold
            on_fresh.append((cell, answers))
        found = [self._on_fresh(actions, every) for actions, every in self._classes(on_fresh)]
        on_named: list[tuple[int, Answers]] = []
        for kind in self._of.named:
            if cancelled():
                raise WorkCancelled
            on_named += self._on_kind(kind, everywhere, found)
        return self._joined(found, on_named)

    def _hall(self, ground: Ground) -> Hall:
        return Hall(self._of.assessor, ground, self._peers, self._of.moment, self._of.contexts, self._of.proofs)

    def _parts(self, side: Mapping[int, Carriers]) -> Iterator[Part]:
        """Yield what is said on one side, those of one voice apart of whom different things are known."""
        for number, carriers in side.items():
            voice = self._of.voices.voices[number]
            if not voice.asked.own_keys:
                yield Part(voice, self._anybody, self._members, carriers)
                continue
            for position, alike in self._alike(carriers.everybody & self._members, voice.asked.own_keys):
                yield Part(voice, position, alike, carriers)

    def _alike(self, members: int, own_keys: tuple[str, ...]) -> Iterator[tuple[int, int]]:
        """Split peers by what is known of keys about them, as (one of them, all as bits)."""
        derive = self._circumstances.derive(self._fresh, self._peers, 0)
        groups: dict[Hashable, tuple[int, int]] = {}
        for position in positions(members):
            facts = self._population.facts(position, own_keys, derive)
            first, bits = groups.get(facts, (position, 0))
            groups[facts] = first, bits | 1 << position
        yield from groups.values()

    def _pointing(self) -> Iterator[Part]:
        """Yield what statements by name say of fresh resources."""
        fresh = self._fresh
        for one, members in self._of.spoken.pointing:
            carriers = members & self._members
            if not carriers:
                continue
            bits = 0
            for place in self._circumstances.plots_named(fresh, one.place):
                covered = fresh.on(place, one.actions)
                if covered and self._circumstances.matches(fresh, covered.bit_length() - 1, one.policy, one.statement):
                    bits |= covered
            if not bits:
                continue
            voice = self._of.voices.voice_of(one)
            groups = (
                self._alike(carriers, voice.asked.own_keys) if voice.asked.own_keys else [(self._anybody, carriers)]
            )
            for position, alike in groups:
                yield Part(voice, position, alike, Carriers({}), ((bits, carriers),))

    def _classes(self, found: list[tuple[Cell, Answers]]) -> Iterator[tuple[int, list[Answers]]]:
        """Yield actions that are asked in the same cells, with what is answered there."""
        by_atom: dict[int, list[tuple[Cell, Answers]]] = {}
        for cell, answers in found:
            by_atom.setdefault(cell.atom.number, []).append((cell, answers))
        asked = 0
        for of_atom in by_atom.values():
            every = 0
            for cell, _ in of_atom:
                every |= cell.actions
            asked |= every
            yield from (
                (actions, list(answers)) for actions, answers in split(every, [(a, c.actions) for c, a in of_atom])
            )
        if self._of.every & ~asked:
            yield self._of.every & ~asked, []

    def _on_fresh(self, actions: int, answers: list[Answers]) -> "_Found":
        """Return what actions are answered on all fresh resources together."""
        if not answers:
            return _Found(actions, 0, 0, 0, self._members, 0, 0, 0, 0)
        allowed = open_ = waiting = denied = self._members
        some = conditional = awaiting = 0
        for one in answers:
            allowed &= one.allowed
            open_ &= one.allowed | one.conditional
            waiting &= one.allowed | one.conditional | one.awaiting
            denied &= one.denied
            some |= one.allowed
            conditional |= one.conditional
            awaiting |= one.awaiting
        left = self._members & ~waiting
        return _Found(
            actions, allowed, open_ & ~allowed, waiting & ~open_, left, some, conditional, awaiting, denied & left
        )

    # ── named resources ──────────────────────────────────────────────────────────────────────────────────────────────

    def _on_kind(self, kind: int, everywhere: list[Part], fresh: "list[_Found]") -> Iterator[tuple[int, Answers]]:
        """Yield (actions, the best that they are answered on resources of one kind that own statements name)."""
        spoken = self._of.spoken
        named = [part for part in self._parts(self._of.named[kind]) if part.carriers.everybody & part.members]
        masks = {mask for part in named for mask in part.carriers.by_actions}
        carriers = 0
        for part in named:
            carriers |= part.carriers.everybody & part.members
        entry = spoken.kinds.samples[kind]
        asked = as_asked(entry, entry.text, spoken.service, self._peers.partition)
        if asked is None or not carriers:
            return
        ground = ground_on(spoken.service, asked)
        left = 0
        for found in fresh:
            if found.left & ~found.some & carriers:
                left |= found.actions
        left &= ground.every
        atoms = [
            atom._replace(actions=atom.actions & left)
            for atom in self._of.atoms
            if atom.actions & left and not masks.isdisjoint(atom.masks)
        ]
        if not atoms:
            return
        hall = self._hall(ground)
        if not hall.is_alike or not _names(entry, asked):
            self.untold |= carriers
            return
        parts = [*everywhere, *named]
        for cell in hall.cells(parts, atoms):
            open_to = 0
            for found in fresh:
                if found.actions & cell.actions:
                    open_to |= found.left & ~found.some
            yield cell.actions, self._on_named(hall, cell, everywhere, named, open_to)

    def _on_named(self, hall: Hall, cell: Cell, everywhere: list[Part], named: list[Part], open_to: int) -> Answers:
        """Return the best that principals are answered in a cell of one kind of named resources."""
        of_all = hall.sum(cell, everywhere, self._members)
        found = Answers()
        for slot in (IDENTITY, BOUNDARY):
            certain, perhaps = of_all.copy(), of_all.copy()
            surely = maybe = silent = 0
            hanging: list[Hang] = []
            for number, part in enumerate(named, len(everywhere)):
                said = part.covering(cell.atom) & open_to
                if part.voice.slot != slot or not said:
                    continue
                truth, facts = cell.truths.get(number, (FALSE, ())) if part.voice.asked.keys else (TRUE, ())
                if truth is TRUE:
                    certain.add(part, truth, facts, said)
                    surely |= said
                elif truth is MAYBE:
                    perhaps.add(part, truth, facts, said)
                    hanging.append(perhaps.open[-1][0])
                    maybe |= said
                else:  # it has the resource asked about all the same
                    silent |= said
            best = hall.answers(cell, certain, surely & ~found.allowed)
            found.add(best)
            found.add(hall.answers(cell, perhaps, maybe & ~best.allowed & ~best.conditional & ~found.allowed, hanging))
            found.add(hall.answers(cell, of_all, silent & ~surely & ~maybe & ~found.allowed))
        self.untold |= found.untold
        return found

    def _joined(self, found: "list[_Found]", on_named: list[tuple[int, Answers]]) -> list[Sharing]:
        """Return the reaches, of actions for which they are the same together."""
        told: dict[tuple[tuple[Reach, int], ...], int] = {}
        for one in found:
            for actions, answers in split(one.actions, [(answers, actions) for actions, answers in on_named]):
                some, conditional, awaiting = one.some, one.conditional, one.awaiting
                for best in answers:
                    some |= best.allowed
                    conditional |= best.conditional
                    awaiting |= best.awaiting
                some &= one.left
                conditional &= one.left & ~some
                awaiting &= one.left & ~some & ~conditional
                denied = one.denied & ~some & ~conditional & ~awaiting
                reaches = (
                    (Reach.ALLOWED, one.allowed),
                    (Reach.SOME, some),
                    (Reach.CONDITIONAL, one.all_conditional),
                    (Reach.SOME_CONDITIONAL, conditional),
                    (Reach.AWAITING, one.all_awaiting | awaiting),
                    (Reach.DENIED, denied),
                )
                members = tuple([(reach, bits) for reach, bits in reaches if bits])
                if members:
                    told[members] = told.get(members, 0) | actions
        return [Sharing(actions, members) for members, actions in told.items()]


class _Found(NamedTuple):
    """What is found of some actions on fresh resources: who has which answer, as bits."""

    actions: int
    allowed: int
    """On all of them."""
    all_conditional: int
    all_awaiting: int
    left: int
    """Who is none of these."""
    some: int
    """Allowed on some."""
    conditional: int
    awaiting: int
    denied: int
    """On all, of those left."""


def _names(entry: ResourcePattern, asked: str) -> bool:
    """Return whether an entry names itself, as it is asked about."""

    def no_variable(_key: str) -> str | None:
        return None

    return entry.matches(parse_arn(asked), no_variable, ShortArns.FILLED) is Match.YES
