"""Who may do actions on any one resource: what a path needs that makes something new."""

from collections.abc import Iterable

from iamdesk.index.action_bits import service_actions
from iamdesk.query.population import Population, positions
from iamdesk.query.what_can import Reach, ServiceReach
from iamdesk.reach.holds import arranged
from iamdesk.reach.inquiry import Inquiry
from iamdesk.reach.sources import Open

_ALLOWED = frozenset({Reach.ALLOWED, Reach.SOME})
_CONDITIONAL = frozenset({Reach.CONDITIONAL, Reach.SOME_CONDITIONAL})


class Anything:
    """Tells who may do actions on some resource or other."""

    def __init__(self, inquiry: Inquiry, population: Population) -> None:
        self._inquiry = inquiry
        self._population = population
        self._reaches: dict[tuple[int, str], ServiceReach] = {}
        self._open: dict[tuple[int, str], bool | None] = {}
        self._speaking: dict[str, int] = {}

    def who(self, actions: Iterable[str], members: int) -> Open:
        """Return who of some principals may do all of some actions, each on some resource.

        Raises:
            WorkCancelled: nobody wants the result any more.
        """
        found = Open(members & self._population.everybody, 0)
        for action in actions:
            found = found.within(self._speaking_of(action))
        # An action that few may do leaves few to be asked about the others.
        for action in sorted(actions, key=lambda one: self._speaking_of(one).bit_count()):
            found = found.both(self._who(action, found.anybody))
        return found

    def _speaking_of(self, action: str) -> int:
        """Return who carries an Allow that covers an action, as bits."""
        known = self._speaking.get(action)
        if known is None:
            index = self._population.index
            service, _, name = action.lower().partition(":")
            known = 0
            for number, statements in index.covering(service, name).statements.items():
                if any(statement.is_allow for statement in statements):
                    known |= self._population.carriers[number]
            self._speaking[action] = known
        return known

    def _who(self, action: str, members: int) -> Open:
        proven = possible = 0
        for position in positions(members):
            key = (position, action)
            if key not in self._open:
                self._inquiry.breathe()
                self._open[key] = self._may(position, action)
            word = self._open[key]
            if word is not None:
                if word:
                    proven |= 1 << position
                else:
                    possible |= 1 << position
        return Open(proven, possible)

    def _may(self, position: int, action: str) -> bool | None:
        """Return True where it may, False where that hangs on a fact, None where it may not."""
        service, _, name = action.partition(":")
        bit = service_actions(service).positions[name.lower()]
        known = self._reaches.get((position, service))
        if known is None:
            known = self._reaches[position, service] = self._inquiry.evaluator.reach_of(position, service)
        reach = known.reach_of(bit)
        if reach in _ALLOWED:
            return True
        if reach not in _CONDITIONAL:
            return None
        answers = self._inquiry.evaluator.answers(position, service, bit)
        return any(arranged(answer.explanation) for answer in answers)
