"""What peers are answered on a ground, all of them at once: statements are summed up over principals, as bits.

The ground falls into cells of which all statements say the same. In a cell the principals fall into those with the same
sum, and each sum is decided once, by the engine's own `decide`. Where the unknown leaves it open, principals with the
same open statements are alike, too (`sums.resolution_key`): one is resolved for all.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial, reduce
from operator import or_
from typing import NamedTuple

from iamdesk.evaluate.context import UNKNOWN, Fact
from iamdesk.evaluate.layers import BOUNDARY, IDENTITY, Ruling, Situation, Slot, decide, tally
from iamdesk.evaluate.matching import StatementResult, Subject, match_statement
from iamdesk.evaluate.request import UnknownContext
from iamdesk.evaluate.truth import FALSE, MAYBE, TRUE, Truth
from iamdesk.evaluate.unknowns import goes_both_ways, resolve_verdict
from iamdesk.evaluate.verdict import Verdict
from iamdesk.policy.document import parse_document
from iamdesk.query.circumstances import Setting
from iamdesk.query.contexts import ContextFinder, Contexts
from iamdesk.query.effective import Assessor, Case, Open
from iamdesk.query.grounds import Ground
from iamdesk.query.population import Peers
from iamdesk.query.said import AS_BOUNDARY, AS_IDENTITY
from iamdesk.query.spoken import Members, Voice
from iamdesk.query.sums import Feature, Hanging, resolution_key, split

_ANYTHING = {
    is_allow: parse_document(
        {"Version": "2012-10-17", "Statement": {"Effect": effect, "Action": "*", "Resource": "*"}}
    ).statements[0]
    for is_allow, effect in ((True, "Allow"), (False, "Deny"))
}
_OF_SLOT = {IDENTITY: AS_IDENTITY, BOUNDARY: AS_BOUNDARY}


class Part(NamedTuple):
    """A voice, with those of its carriers of whom the same is known of all that it asks about the caller."""

    voice: Voice
    position: int
    """One of them; of a voice that asks nothing about the caller any of the peers."""
    members: int
    """All of them, as bits; perhaps with others who carry no such statement."""
    carriers: "Carriers"
    """Who carries its statements."""
    pointing: tuple[tuple[int, int], ...] = ()
    """The same of statements for some bits of the ground alone: (bits, carriers)."""

    def covering(self, atom: "Atom") -> int:
        """Return who carries a statement that covers some actions."""
        return self.carriers.covering(atom) & self.members


class Atom(NamedTuple):
    """Actions of a service that the same statements cover."""

    number: int
    actions: int
    masks: tuple[int, ...]
    """The sets of actions, of those that statements cover, in which they are."""


class Carriers:
    """Who carries the statements of one voice, on everything or on one kind of resources."""

    def __init__(self, by_actions: Members) -> None:
        self.by_actions = by_actions
        """By what they cover."""
        self._known: dict[int, int] = {}

    @cached_property
    def everybody(self) -> int:
        """Whoever carries one of them, as bits."""
        return reduce(or_, self.by_actions.values(), 0)

    def covering(self, atom: Atom) -> int:
        """Return who carries one that covers some actions, as bits."""
        found = self._known.get(atom.number)
        if found is None:
            found, by_actions = 0, self.by_actions
            for mask in atom.masks:
                if mask in by_actions:
                    found |= by_actions[mask]
            self._known[atom.number] = found
        return found


class Cell(NamedTuple):
    """Bits of a ground of which all statements say the same."""

    bits: int
    actions: int
    """Its actions; each on one plot at least."""
    atom: Atom
    """Among which they are."""
    setting: Setting
    common: tuple[Feature, ...]
    """What statements that everybody meets say."""
    open_common: tuple[Open, ...]
    truths: Mapping[int, tuple[Truth, tuple[Fact | None, ...]]]
    """What the conditions of parts say here, by number; left out where there are none, or they are false."""

    @property
    def bit(self) -> int:
        """One of its bits."""
        return self.bits.bit_length() - 1


class _Condition(NamedTuple):
    """What the conditions of a part say on some bits."""

    number: int
    truth: Truth
    facts: tuple[Fact | None, ...]


class Hang(NamedTuple):
    """A part that hangs on something unknown, with what is known of all that it asks for."""

    part: Part
    facts: tuple[Fact | None, ...]

    @property
    def hanging(self) -> Hanging:
        """The same as sums have it."""
        return Hanging(self.part.voice.slot, None, self.part.voice.asked)


@dataclass(slots=True)
class Sum:
    """What is said in a cell: by slot, and whether it is an Allow, of whom for certain and of whom perhaps."""

    certain: dict[tuple[Slot, bool], int]
    perhaps: dict[tuple[Slot, bool], int]
    open: list[tuple[Hang, int]]

    def add(self, part: Part, truth: Truth, facts: tuple[Fact | None, ...], members: int) -> None:
        """Add what one part says of some members."""
        what = part.voice.slot, part.voice.is_allow
        if truth is TRUE:
            self.certain[what] = self.certain.get(what, 0) | members
        else:
            self.perhaps[what] = self.perhaps.get(what, 0) | members
            self.open.append((Hang(part, facts), members))

    def copy(self) -> "Sum":
        """Return the same, to be added to."""
        return Sum(dict(self.certain), dict(self.perhaps), list(self.open))


@dataclass(slots=True)
class Answers:
    """Who has which answer, as bits; who is in none is refused because nothing allows it."""

    allowed: int = 0
    conditional: int = 0
    denied: int = 0
    awaiting: int = 0
    """Refused, but only for want of the resource's own policy (`effective.Outcome`)."""
    untold: int = 0
    """Of whom it cannot be told from the sum."""

    def take(self, verdict: Verdict, members: int) -> None:
        """Add those of one verdict."""
        match verdict:
            case Verdict.ALLOWED:
                self.allowed |= members
            case Verdict.CONDITIONAL:
                self.conditional |= members
            case Verdict.EXPLICIT_DENY:
                self.denied |= members

    def add(self, other: "Answers") -> None:
        """Add answers to other questions: who has one of either."""
        self.allowed |= other.allowed
        self.conditional |= other.conditional
        self.denied |= other.denied
        self.awaiting |= other.awaiting
        self.untold |= other.untold


class Hall:
    """Peers on one ground."""

    def __init__(
        self,
        assessor: Assessor,
        ground: Ground,
        peers: Peers,
        moment: datetime,
        contexts: ContextFinder,
        proofs: dict[Hashable, Verdict | bool],
    ) -> None:
        self.ground = ground
        self._assessor = assessor
        self._peers = peers
        self._moment = moment
        self._contexts = contexts
        self._proofs = proofs
        self._anybody = (peers.members & -peers.members).bit_length() - 1
        self._cases: dict[int, Case] = {}
        self._settings = assessor.circumstances.settings(ground, peers, ground.every)

    @property
    def is_alike(self) -> bool:
        """Whether nothing tells the peers apart but their own policies, at whatever moment."""
        return not any(
            setting.is_alone or setting.is_personal or any(asked.asks_for_time for _, _, asked in setting.common)
            for _, setting in self._settings
        )

    @property
    def has_conditions(self) -> bool:
        """Whether statements that everybody meets have conditions."""
        return any(asked.keys for _, setting in self._settings for _, _, asked in setting.common)

    def case(self, position: int) -> Case:
        """Return one of the peers on the ground."""
        case = self._cases.get(position)
        if case is None:
            case = Case(self._assessor, self.ground, position, self._moment, self.ground.every)
            self._cases[position] = case
        return case

    def cells(self, parts: Sequence[Part], atoms: Iterable[Atom]) -> Iterator[Cell]:
        """Yield the cells of the ground."""
        traits: list[tuple[_Condition | Feature | Open | None, int]] = []
        known: dict[tuple[int, tuple[str, ...]], list[tuple[tuple[Fact | None, ...], int]]] = {}
        for number, part in enumerate(parts):
            traits += [(None, bits) for bits, _ in part.pointing]
            if part.voice.asked.keys:
                case, asks_for = self.case(part.position), (part.position, part.voice.asked.keys)
                told_apart = known.get(asks_for)
                if told_apart is None:
                    told_apart = known[asks_for] = list(case.told_apart(part.voice.asked, self.ground.every))
                for facts, bits in told_apart:
                    truth = self._truth(part.voice, facts, case, bits.bit_length() - 1)
                    if truth is not FALSE:
                        traits.append((_Condition(number, truth, facts), bits))
        settings = []
        for bits, setting in self._settings:
            said: dict[Feature, int] = {}
            of_open = list(self.case(self._anybody).hear_common(setting, bits, said)) if setting.common else []
            settings.append((bits, setting, [*said.items(), *of_open, *traits]))
        for atom in atoms:
            everywhere = self.ground.everywhere(atom.actions)
            for bits, setting, of_setting in settings:
                if everywhere & bits:
                    for cell, shared in split(everywhere & bits, of_setting):
                        yield Cell(
                            cell,
                            self.ground.anywhere(cell),
                            atom,
                            setting,
                            tuple([one for one in shared if isinstance(one, Feature)]),
                            tuple([one for one in shared if isinstance(one, Open)]),
                            {one.number: (one.truth, one.facts) for one in shared if isinstance(one, _Condition)},
                        )

    def _truth(self, voice: Voice, facts: tuple[Fact | None, ...], case: Case, bit: int) -> Truth:
        def match() -> Truth:
            result = match_statement(voice.policy, voice.bare, case.subject(bit))
            return FALSE if result is None else result.truth

        key = (voice.asked.number, UnknownContext.UNKNOWN, facts, None)
        return self._assessor.population.truth(key, match)

    def sum(self, cell: Cell, parts: Sequence[Part], members: int) -> Sum:
        """Return what some parts say in a cell of some of the peers."""
        found = Sum({}, {}, [])
        for number, part in enumerate(parts):
            truth, facts = cell.truths.get(number, (FALSE, ())) if part.voice.asked.keys else (TRUE, ())
            if truth is FALSE:
                continue
            said = part.covering(cell.atom)
            for bits, carriers in part.pointing:
                if bits & cell.bits:
                    said |= carriers & part.members
            if said & members:
                found.add(part, truth, facts, said & members)
        return found

    def answers(self, cell: Cell, said: Sum, members: int, named: Sequence[Hang] = ()) -> Answers:
        """Return what some of the peers are answered in a cell.

        Of the open parts some may be ``named``: those of statements for single resources, of which it is not known
        whether they speak of the same one. An answer is then the best on any of these.
        """
        found = Answers()
        if not members:
            return found
        traits = [
            (Feature(what, truth), bits)
            for truth, side in ((TRUE, said.certain), (MAYBE, said.perhaps))
            for what, bits in side.items()
        ]
        for part, features in split(members, traits):
            every = (*cell.common, *features)
            decided = self._assessor.decided(cell.setting, every)
            if decided.best is decided.worst:
                verdicts: Iterable[tuple[Verdict | None, int]] = ((decided.best, part),)
            else:
                verdicts = self._resolved(cell, part, features, decided.best, said.open, named)
            for verdict, bits in verdicts:
                if verdict is None:
                    found.untold |= bits
                    continue
                found.take(verdict, bits)
                if verdict is Verdict.IMPLICIT_DENY and decided.would_be_allowed:
                    found.awaiting |= bits
        return found

    # ── what hangs on the unknown ────────────────────────────────────────────────────────────────────────────────────

    def _resolved(
        self,
        cell: Cell,
        members: int,
        features: Sequence[Feature],
        best: Verdict,
        said: Sequence[tuple[Hang, int]],
        named: Sequence[Hang],
    ) -> Iterator[tuple[Verdict | None, int]]:
        """Yield (verdict, bits) for members of whom the same is certain; None where it cannot be told."""
        opens = [(one, bits & members) for one, bits in said if bits & members]
        once = twice = 0
        for one, bits in opens:
            if one in named:
                once, twice = once | bits, twice | once & bits
        if not cell.open_common:
            hanging_on = [(one.part.voice, one.facts) for one, _ in opens]
            subject = self.case(self._anybody).subject(cell.bit)
            contexts = self._contexts.contexts(hanging_on, cell.setting.situation, subject)
            if contexts is not None:
                yield from self._tried(cell, members, features, opens, contexts, twice)
                return
        left = members
        proof = self._conditional if best is Verdict.ALLOWED else self._refused
        proved = 0 if cell.setting.common else proof(cell, members, features, opens)
        if proved:
            yield (Verdict.CONDITIONAL if best is Verdict.ALLOWED else Verdict.IMPLICIT_DENY), proved
            left &= ~proved
        if left & twice:
            yield None, left & twice
            left &= ~twice
        for bits, hanging in split(left, opens) if left else ():
            key = self._key(cell, features, hanging)
            if best is not Verdict.ALLOWED:
                key = ("refused", key)
            ask = partial(self._verdict, cell, bits, features, hanging)
            yield self._assessor.population.resolved(key, ask), bits

    def _tried(
        self,
        cell: Cell,
        members: int,
        features: Sequence[Feature],
        opens: Sequence[tuple[Hang, int]],
        contexts: Contexts,
        twice: int,
    ) -> Iterator[tuple[Verdict | None, int]]:
        """Yield the same where it is known what can happen: each context is tried for all members together.

        Of those who are in ``twice`` several named resources are asked about, here as if all their statements were for
        one. A context that allows them that allows them one of theirs, by the statement that is true, and one that
        refuses it refuses them all.
        """
        always = denied = members
        ever = 0
        for truths in {tuple([one.part.voice.asked.number in context for one, _ in opens]) for context in contexts}:
            said = {what: members for what, truth in features if truth is TRUE}
            for (one, bits), is_true in zip(opens, truths, strict=True):
                if is_true:
                    what = one.part.voice.slot, one.part.voice.is_allow
                    said[what] = said.get(what, 0) | bits
            found = Answers()
            for part, shared in split(members, [(Feature(what, TRUE), bits) for what, bits in said.items()]):
                found.take(self._assessor.decided(cell.setting, (*cell.common, *shared)).worst, part)
            always &= found.allowed
            ever |= found.allowed
            denied &= found.denied
        yield Verdict.CONDITIONAL, ever & ~always
        yield Verdict.ALLOWED, always & ~twice
        yield Verdict.EXPLICIT_DENY, denied & ~twice
        yield Verdict.IMPLICIT_DENY, members & ~ever & ~denied
        yield None, (always | denied) & twice

    def _key(self, cell: Cell, features: Sequence[Feature], hanging: Sequence[Hang]) -> Hashable:
        by_key: dict[str, Fact] = {}
        for one in hanging:
            by_key.update(zip(one.part.voice.asked.keys, [fact or UNKNOWN for fact in one.facts], strict=True))
        for other in cell.open_common:
            by_key.update(zip(other.hanging.asked.keys, [fact or UNKNOWN for fact in other.facts], strict=True))
        every = [*(one.hanging for one in hanging), *(one.hanging for one in cell.open_common)]
        certain = frozenset([what for what, truth in (*cell.common, *features) if truth is TRUE])
        target = self.ground.target(cell.bit)
        return resolution_key(cell.setting.key, certain, every, by_key.__getitem__, UnknownContext.UNKNOWN, target)

    def _verdict(self, cell: Cell, members: int, features: Sequence[Feature], hanging: Sequence[Hang]) -> Verdict:
        return self._resolution(resolve_verdict, cell, (members & -members).bit_length() - 1, features, hanging)

    def _resolution[Word](
        self,
        resolve: Callable[[Situation, Sequence[StatementResult], Subject, Ruling], Word],
        cell: Cell,
        position: int,
        features: Sequence[Feature],
        hanging: Sequence[Hang],
    ) -> Word:
        """Let the engine resolve what a principal is answered of whom nothing is known but a sum.

        With everything unknown for the principal the answer is another one than with everything against it.
        """
        subject, situation = self.case(position).subject(cell.bit), cell.setting.situation
        held = [(policy, statement) for policy, statement, _ in cell.setting.common]
        for what, truth in features:
            if truth is TRUE and isinstance(what, tuple):
                slot, is_allow = what
                held.append((_OF_SLOT[slot], _ANYTHING[is_allow]))
        held += [(one.part.voice.policy, one.part.voice.bare) for one in hanging]
        results: list[StatementResult] = []
        for policy, statement in held:
            result = match_statement(policy, statement, subject)
            if result is not None and result.truth is not FALSE:
                results.append(result)
        counted = tally((result, result.truth) for result in results)
        return resolve(situation, results, subject, decide(situation, counted, optimistic=True))

    def _conditional(
        self, cell: Cell, members: int, features: Sequence[Feature], opens: Sequence[tuple[Hang, int]]
    ) -> int:
        """Return members who are surely allowed in one context and not in another, whatever else they carry.

        The more Allow statements are true, the more contexts allow; the more Deny statements, the fewer. So it is
        enough that with the least of what a principal carries some context allows, and with the most of it another one
        does not. Members of thousands of different sums are told so by a few.
        """
        if cell.setting.situation.doubt is not None or self._peers.has_boundary:
            return 0
        if any(one.part.voice.asked.own_keys for one, _ in opens):
            return 0
        is_certain = Feature((IDENTITY, True), TRUE) in features
        allows = sorted(
            ((one, bits) for one, bits in opens if one.part.voice.is_allow), key=lambda found: -found[1].bit_count()
        )
        denies = [(one, bits) for one, bits in opens if not one.part.voice.is_allow]
        certain = (Feature((IDENTITY, True), TRUE),)
        proved = 0
        for of_part, denying in split(members, denies):
            if denying:
                if not self._is_proved(cell, certain, denying):
                    continue
                if is_certain:
                    proved |= of_part
                    continue
            elif not self._is_proved(cell, (), [one for one, bits in allows if bits & of_part]):
                continue
            left = of_part
            for one, bits in allows:
                if bits & left and self._is_proved(cell, (), (one, *denying)):
                    proved |= bits & left
                    left &= ~bits
        return proved

    def _refused(
        self, cell: Cell, members: int, _features: Sequence[Feature], opens: Sequence[tuple[Hang, int]]
    ) -> int:
        """Return members whom no context allows, and whom not every context denies: only what may deny matters."""
        if any(one.part.voice.asked.own_keys for one, _ in opens):
            return 0
        denies = [(one, bits) for one, bits in opens if not one.part.voice.is_allow]
        proved = 0
        for of_part, denying in split(members, denies):
            if denying and self._proof(resolve_verdict, cell, (), denying) is Verdict.IMPLICIT_DENY:
                proved |= of_part
        return proved

    def _is_proved(self, cell: Cell, certain: Sequence[Feature], hanging: Sequence[Hang]) -> bool:
        """Return whether a sum is allowed in one context that was tried, and not in another."""
        return self._proof(goes_both_ways, cell, certain, hanging) is True

    def _proof(
        self,
        resolve: Callable[[Situation, Sequence[StatementResult], Subject, Ruling], Verdict | bool],
        cell: Cell,
        certain: Sequence[Feature],
        hanging: Sequence[Hang],
    ) -> Verdict | bool:
        """Return what the engine says of somebody of whom this is all that there is."""
        said = frozenset([(one.part.voice.slot, one.part.voice.asked.number, one.facts) for one in hanging])
        key = resolve, cell.setting.key, tuple(certain), said
        found = self._proofs.get(key)
        if found is None:
            found = self._proofs[key] = self._resolution(resolve, cell, self._anybody, certain, hanging)
        return found
