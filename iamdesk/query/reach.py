"""Finding out how far a principal may do each action of a service. What is asked, and what is made of the answers, is
told in `what_can`."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from iamdesk.evaluate.context import Context
from iamdesk.evaluate.request import UnknownContext
from iamdesk.index.action_bits import service_actions
from iamdesk.index.actions import reference
from iamdesk.policy.patterns import Wildcard
from iamdesk.policy.resources import UnknownVariable
from iamdesk.policy.variables import Variable, parse_template
from iamdesk.query.circumstances import Setting
from iamdesk.query.effective import Assessor, Outcome
from iamdesk.query.grounds import FRESH, Ground, fresh_ground, ground_on, ways_to_name
from iamdesk.query.named import as_asked
from iamdesk.query.own_statements import OwnStatement, WideStatement
from iamdesk.query.plain_reach import PlainReaches
from iamdesk.query.population import Peers
from iamdesk.query.what_can import Reach, ServiceReach, Source
from iamdesk.snapshot.progress import Cancelled, WorkCancelled, never_cancelled


class ReachFinder:
    """Finds out reaches for the subjects of one snapshot, and remembers them by what they hang on."""

    def __init__(self, assessor: Assessor, now: Callable[[], datetime]) -> None:
        self.assessor = assessor
        self._population = assessor.population
        self._now = now
        self._known: dict[Hashable, ServiceReach] = {}
        self._of_wide: dict[Hashable, Mapping[str, ServiceReach]] = {}
        self._of_word: dict[Hashable, Reach] = {}
        self._only_settings: dict[tuple[str, int], Setting | None] = {}
        self._of_documents: dict[Hashable, ServiceReach] = {}
        self._of_subject: dict[int, Mapping[str, ServiceReach]] = {}
        self._plain_reaches = PlainReaches(assessor)
        self._plain: dict[tuple[str, Reach], ServiceReach] = {}

    def reaches(self, position: int, cancelled: Cancelled = never_cancelled) -> Mapping[str, ServiceReach]:
        """Return how far a subject may do the actions of each service of which it may do something, or is denied it.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
        """
        found = self._of_subject.get(position)
        if found is None:
            found, lasts = self._find(position, cancelled)
            if lasts:
                self._of_subject[position] = found
        return found

    def _find(self, position: int, cancelled: Cancelled) -> tuple[Mapping[str, ServiceReach], bool]:
        """Return the reaches of a subject, and whether they are the same at another moment."""
        index = self._population.index
        by_service, wide = self.assessor.statements(position)
        found: dict[str, ServiceReach] = {}
        lasts = True
        if wide or index.subjects[position] in index.roots:
            base, lasts = self._in_all_services(position, wide, cancelled)
            found.update(base)
        peers, boundary = self._population.peers_at(position), index.boundaries[position]
        for service, speaking in by_service.items():
            if cancelled():
                raise WorkCancelled
            same = (service, peers.number, speaking, boundary)
            known = self._of_documents.get(same)
            if known is not None:
                found[service] = known
                continue
            own = self.assessor.statements_of(position, service, speaking)
            reach, service_lasts, is_personal = self._reach(position, service, own)
            lasts = lasts and service_lasts
            found[service] = reach
            if service_lasts and not is_personal and not any(one.asked.own_keys for one in own):
                self._of_documents[same] = reach
        told = {service: found[service] for service in sorted(found) if not found[service].is_empty}
        return told, lasts

    def in_all_services(self, position: int, cancelled: Cancelled = never_cancelled) -> Mapping[str, ServiceReach]:
        """Return what a subject's statements that speak of every service alone say of each.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
        """
        _, wide = self.assessor.statements(position)
        return self._in_all_services(position, wide, cancelled)[0]

    def _in_all_services(
        self, position: int, wide: Sequence[WideStatement], cancelled: Cancelled
    ) -> tuple[Mapping[str, ServiceReach], bool]:
        """Return what statements that speak of every service alone say of each."""
        peers = self._population.peers_at(position)
        key = (peers.number, frozenset(one.signature for one in wide), self._facts(position, "s3", wide))
        known = self._of_wide.get(key)
        if known is not None:
            return known, True
        found: dict[str, ServiceReach] = {}
        lasts, is_personal = True, False
        for service in reference().services():
            if cancelled():
                raise WorkCancelled
            own = self.assessor.of_service(wide, service)
            word = self._word(position, service, own)
            if word is not None:
                found[service] = self._plain_reach(service, word)
                continue
            found[service], service_lasts, service_is_personal = self._reach(position, service, own)
            lasts, is_personal = lasts and service_lasts, is_personal or service_is_personal
        if lasts and not is_personal:
            self._of_wide[key] = found
        return found, lasts

    def _facts(self, position: int, service: str, statements: Iterable[OwnStatement | WideStatement]) -> Hashable:
        """Return what is known of all that statements ask for of the caller alone."""
        own_keys = sorted({key for one in statements for key in one.asked.own_keys})
        if not own_keys:
            return ()
        peers = self._population.peers_at(position)
        fresh = fresh_ground(service, peers.partition, peers.account)
        derive = self.assessor.circumstances.derive(fresh, peers, 0)
        return self._population.facts(position, own_keys, derive)

    def _word(self, position: int, service: str, own: Sequence[OwnStatement]) -> Reach | None:
        """Return the one reach that all actions of a service have where nothing tells them apart; else None.

        It is that of any service in which the same holds: found out in the first one.
        """
        every = service_actions(service).every
        for one in own:
            if one.actions != every or not one.is_for_all or one.asked.asks_for_time:
                return None
        peers = self._population.peers_at(position)
        setting = self._only_setting(service, peers) if every else None
        if setting is None:
            return None
        said: set[Hashable] = set()
        for one in own:
            facts = self._plain_reaches.facts(one, position, service, peers)
            if facts is None:
                return None
            said.add((one.policy.layer, one.statement.is_allow, one.asked.number, facts))
        key = (id(setting), frozenset(said))
        word = self._of_word.get(key)
        if word is None:
            found = _Finding(self.assessor, position, service, own, self._now()).reach()
            (word,) = (reach for reach, bits in found.actions.items() if bits)
            self._of_word[key] = word
        return word

    def _only_setting(self, service: str, peers: Peers) -> Setting | None:
        """Return the setting of all requests to a service; None where they differ, or somebody else has a word."""
        known = (service, peers.number)
        if known not in self._only_settings:
            fresh = fresh_ground(service, peers.partition, peers.account)
            settings = self.assessor.circumstances.settings(fresh, peers, fresh.every)
            is_only = len(settings) == 1 and not settings[0][1].common
            self._only_settings[known] = settings[0][1] if is_only else None
        return self._only_settings[known]

    def _plain_reach(self, service: str, word: Reach) -> ServiceReach:
        found = self._plain.get((service, word))
        if found is None:
            every = service_actions(service).every
            found = self._plain[service, word] = _service_reach(service, {word: every})
        return found

    def reach(self, position: int, service: str) -> ServiceReach:
        """Return how far a subject may do the actions of a service."""
        return self._reach(position, service, self.assessor.own_statements(position, service))[0]

    def _reach(self, position: int, service: str, own: Sequence[OwnStatement]) -> tuple[ServiceReach, bool, bool]:
        """Return a reach, whether it is the same at another moment, and whether it is the subject's alone."""
        peers = self._population.peers_at(position)
        signatures = frozenset([one.signature for one in own])
        key = (service, peers.number, signatures, self._facts(position, service, own))
        found = self._known.get(key)
        if found is not None:
            return found, True, False
        found = self._known.get((position, key))
        if found is not None:
            return found, True, True
        plain = self._plain_reaches.reach(position, service, own, self._now())
        if plain is not None:
            found = self._known[key] = _service_reach(service, plain)
            return found, True, False
        finding = _Finding(self.assessor, position, service, own, self._now())
        found = finding.reach()
        if finding.lasts:
            self._known[(position, key) if finding.is_personal else key] = found
        return found, finding.lasts, finding.is_personal

    def reach_on(self, position: int, service: str, resource: str) -> ServiceReach:
        """Return how far a subject may do, on one resource, the actions of a service that can be asked on it."""
        own = self.assessor.own_statements(position, service)
        found = dict.fromkeys(Reach, 0)
        for text in ways_to_name(service, resource):
            ground = ground_on(service, text)
            outcome = self.assessor.outcome(ground, position, own, self._now(), ground.every)
            for reach, actions in _of_one(ground, outcome).items():
                found[reach] |= actions
        return _service_reach(service, found)

    def resources(self, position: int, service: str, action: int) -> tuple[tuple[str, Source], ...]:
        """Return every resource on which a subject's reach of an action can be asked about."""
        own = self.assessor.own_statements(position, service)
        peers = self._population.peers_at(position)
        fresh = fresh_ground(service, peers.partition, peers.account)
        found = {plot.resource: Source.FRESH for plot in fresh.plots if plot.actions >> action & 1}
        finding = _Finding(self.assessor, position, service, own, self._now())
        covering = [one for one in own if one.actions >> action & 1]
        # What an Allow names first: it counts even where an exception names it, too.
        for one in sorted(covering, key=lambda one: not one.grants_by_name):
            source = Source.NAMED if one.grants_by_name else Source.EXCEPTION
            for text in finding.named_by(one):
                if ground_on(service, text).every >> action & 1:
                    found.setdefault(text, source)
        return tuple(found.items())


class _Finding:
    """Finds out the reach of one subject in one service."""

    def __init__(
        self, assessor: Assessor, position: int, service: str, own: Sequence[OwnStatement], moment: datetime
    ) -> None:
        self._assessor = assessor
        self._position = position
        self._service = service
        self._own = own
        self._moment = moment
        self._peers = assessor.population.peers_at(position)
        self.is_personal = False
        """Whether statements of others tell the subject from its peers: its reach is its own."""
        self.lasts = not any(one.asked.asks_for_time for one in own)
        """Whether it is the same at another moment."""

    def reach(self) -> ServiceReach:
        fresh = fresh_ground(self._service, self._peers.partition, self._peers.account)
        outcome = self._outcome(fresh, fresh.every)
        found = dict.fromkeys(Reach, 0)
        left = fresh.of.every

        def take(reach: Reach, actions: int) -> None:
            nonlocal left
            found[reach] |= actions & left
            left &= ~actions

        take(Reach.ALLOWED, fresh.all_over(outcome.allowed))
        take(Reach.CONDITIONAL, fresh.all_over(outcome.allowed | outcome.conditional))
        take(Reach.AWAITING, fresh.all_over(outcome.allowed | outcome.conditional | outcome.awaiting))
        some = fresh.anywhere(outcome.allowed)
        conditional = fresh.anywhere(outcome.conditional)
        awaiting = fresh.anywhere(outcome.awaiting)
        asked: dict[str, int] = {}
        for one in self._own:
            if not one.actions & left & ~some or not one.grants_by_name:
                continue
            for text in self.named_by(one):
                ground = ground_on(self._service, text)
                to_ask = one.actions & ground.every & left & ~some & ~asked.get(text, 0)
                if to_ask:
                    asked[text] = asked.get(text, 0) | to_ask
                    on_named = self._outcome(ground, to_ask)
                    some |= on_named.allowed
                    conditional |= on_named.conditional
                    awaiting |= on_named.awaiting
        take(Reach.SOME, some)
        take(Reach.SOME_CONDITIONAL, conditional)
        take(Reach.AWAITING, awaiting)
        take(Reach.DENIED, fresh.all_over(outcome.denied))
        take(Reach.NONE, left)
        return ServiceReach(self._service, found)

    def _outcome(self, ground: Ground, within: int) -> Outcome:
        for _, setting in self._assessor.circumstances.settings(ground, self._peers, within):
            self.is_personal = self.is_personal or setting.is_personal
            self.lasts = self.lasts and not any(asked.asks_for_time for _, _, asked in setting.common)
        return self._assessor.outcome(ground, self._position, self._own, self._moment, within)

    def named_by(self, one: OwnStatement) -> Iterator[str]:
        """Yield the resources that a statement names and the service may act on, as they are asked about."""
        for entry in one.statement.resources or ():
            text = entry.text if not entry.keys else "".join(map(self._filled, parse_template(entry.text)))
            asked = as_asked(entry, text, self._service, self._peers.partition)
            if asked is not None:
                yield asked

    def _filled(self, piece: str | Wildcard | Variable) -> str:
        if isinstance(piece, str):
            return piece
        if isinstance(piece, Wildcard):
            return piece.value
        standing = self._assessor.population.standing(self._position)
        fresh = fresh_ground(self._service, self._peers.partition, self._peers.account)
        derive = self._assessor.circumstances.derive(fresh, self._peers, 0)
        own = derive.of_another(standing.caller, standing.may_be_tagged, self._moment)
        context = Context({}, own, UnknownContext.UNKNOWN, reference().is_multivalued)
        try:
            return context.variable(piece.key) or piece.default or FRESH
        except UnknownVariable:
            return FRESH


def _of_one(ground: Ground, outcome: Outcome) -> Mapping[Reach, int]:
    allowed, conditional, denied, awaiting = outcome
    return {
        Reach.ALLOWED: allowed,
        Reach.CONDITIONAL: conditional,
        Reach.AWAITING: awaiting,
        Reach.DENIED: denied,
        Reach.NONE: ground.every & ~(allowed | conditional | denied | awaiting),
    }


def _service_reach(service: str, found: Mapping[Reach, int]) -> ServiceReach:
    return ServiceReach(service, {reach: found.get(reach, 0) for reach in Reach})
