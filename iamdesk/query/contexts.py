"""What the conditions of many statements say together, in each context worth telling apart.

A context that nobody has given leaves most conditions open. What a principal is answered then is found by trying values
(`evaluate.unknowns`). Here that is done once for the conditions of all statements that hang on the same keys: what can
happen is a few sets of conditions that are true together.
"""

from collections.abc import Iterable, Sequence

from iamdesk.evaluate.context import Fact
from iamdesk.evaluate.layers import Situation, decide, tally
from iamdesk.evaluate.matching import StatementResult, Subject, match_statement
from iamdesk.evaluate.truth import MAYBE, TRUE
from iamdesk.evaluate.unknowns import truths_together
from iamdesk.query.spoken import Voice, Voices

_MOST_VOICES = 32
_MOST_CONTEXTS = 64

type Known = dict[str, Fact | None]
type Contexts = Sequence[frozenset[int]]
"""For each context worth trying: the numbers (of `Asked`) of the conditions that are true in it."""


class ContextFinder:
    """Finds the contexts for conditions that are open, and remembers them by what is known."""

    def __init__(self, voices: Voices) -> None:
        self._voices = voices
        self._of_all: dict[frozenset[tuple[str, Fact | None]], tuple[frozenset[int], Contexts | None]] = {}
        self._of_some: dict[frozenset[tuple[int, tuple[Fact | None, ...]]], Contexts | None] = {}

    def contexts(
        self, hanging: Iterable[tuple[Voice, tuple[Fact | None, ...]]], situation: Situation, subject: Subject
    ) -> Contexts | None:
        """Return the contexts for voices that are open, each with what is known of all that it asks for.

        None where it takes more than a few to show everything that can happen, and where something about the caller is
        asked for. Beside those asked about, other conditions may be among those told.
        """
        asked = {voice.asked.number: (voice, facts) for voice, facts in hanging}
        if situation.doubt is not None or any(voice.asked.own_keys for voice, _ in asked.values()):
            return None
        known: Known = {}
        for voice, facts in asked.values():
            known.update(zip(voice.asked.keys, facts, strict=True))
        told, found = self._of_all.get(key := frozenset(known.items()), (frozenset(), None))
        if not asked.keys() <= told:
            voices = self._hanging_on(known)
            told = frozenset(voices)
            found = self._find(list(voices.values()), situation, subject)
            self._of_all[key] = told, found
        if found is not None:
            return found
        alone = frozenset([(number, facts) for number, (_, facts) in asked.items()])
        if alone not in self._of_some:
            self._of_some[alone] = self._find([voice for voice, _ in asked.values()], situation, subject)
        return self._of_some[alone]

    def _hanging_on(self, known: Known) -> dict[int, Voice]:
        """Return all voices that ask for nothing else, by the numbers of what they ask."""
        return {
            voice.asked.number: voice
            for voice in self._voices.voices.values()
            if voice.asked.keys and not voice.asked.own_keys and known.keys() >= set(voice.asked.keys)
        }

    @staticmethod
    def _find(voices: Sequence[Voice], situation: Situation, subject: Subject) -> Contexts | None:
        if len(voices) > _MOST_VOICES:
            return None
        certain: set[int] = set()
        hanging: dict[int, StatementResult] = {}
        for voice in voices:
            result = match_statement(voice.policy, voice.bare, subject)
            if result is not None and result.truth is TRUE:
                certain.add(voice.asked.number)
            elif result is not None and result.truth is MAYBE:
                hanging[voice.asked.number] = result
        results = list(hanging.values())
        best = decide(situation, tally([(result, result.truth) for result in results]), optimistic=True)
        tried = truths_together(situation, results, subject, best)
        if tried is None or len(tried) > _MOST_CONTEXTS:
            return None
        return [
            frozenset(certain.union(number for number, truth in zip(hanging, truths, strict=True) if truth is TRUE))
            for truths in tried
        ]
