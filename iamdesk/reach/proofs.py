"""The questions that prove a step, put again for one principal and answered in full."""

from collections.abc import Iterator, Sequence

from iamdesk.evaluate.verdict import Verdict
from iamdesk.explain.decision import Decision
from iamdesk.index.action_bits import service_actions
from iamdesk.language import phrase, phrased
from iamdesk.reach.catalogue import ASSUMES, EscalationPath, On, Required, catalogue
from iamdesk.reach.holds import arranged, wanted
from iamdesk.reach.steps import Steps
from iamdesk.reach.way import Proof, Step
from iamdesk.visible import with_visible_end

_MOST_KEPT = 512
_RANK = {Verdict.ALLOWED: 0, Verdict.CONDITIONAL: 1}


class Prover:
    """Proves steps of one snapshot."""

    def __init__(self, steps: Steps) -> None:
        self._steps = steps
        self._proven: dict[tuple[str, str, str], tuple[Proof, ...]] = {}

    def prove(self, step: Step) -> tuple[Proof, ...]:
        """Return the questions that a step rests on, with their answers; the last ones are kept."""
        key = (step.path_id, step.source, step.target)
        known = self._proven.get(key)
        if known is None:
            found: list[Proof] = []
            for path_id in step.path_id.split("+"):
                found += self.answers(step.source, step.target, catalogue().path(path_id))
            if len(self._proven) >= _MOST_KEPT:
                self._proven.clear()
            known = self._proven[key] = tuple(found)
        return known

    def answers(self, source: str, target: str, path: EscalationPath) -> Iterator[Proof]:
        """Yield what each action of a path comes to, on the best of the things that it can be done on."""
        place = self._steps.targets.places[target]
        for required in path.actions:
            decisions = list(self._asked(source, place, path, required))
            if decisions:
                best = min(decisions, key=_rank)
                yield Proof(
                    phrase(
                        "{action} on {resource}",
                        action=required.action,
                        resource=with_visible_end(best.request.resource),
                    ),
                    best,
                )

    def _asked(self, source: str, place: int, path: EscalationPath, required: Required) -> Iterator[Decision]:
        steps = self._steps
        if required.on is On.ANYTHING:
            yield from self._on_anything(source, required.action)
            return
        if path.id.startswith("X12"):
            yield from self._denials(source, required)
            return
        match required.on:
            case On.OWN_GROUP:
                places: Sequence[int] = steps.groups_of(steps.targets.places[source])
            case On.OWN_POLICY:
                places = steps.policies_of(steps.targets.places[source])
            case On.TARGET_POLICY:
                places = steps.policies_of(place)
            case On.TARGET_PROVIDER:
                places = steps.trusts.saml_providers(place)
            case _:
                places = (place,)
        context = {} if required.action == ASSUMES else steps.context_of(path, required.action)
        for one in places:
            yield steps.inquiry.ask(source, required.action, steps.targets.arns[one], context)

    def _on_anything(self, source: str, action: str) -> Iterator[Decision]:
        position = self._steps.population.position(source)
        if position is None:
            return
        service, _, name = action.partition(":")
        bit = service_actions(service).positions[name.lower()]
        answers = self._steps.inquiry.evaluator.answers(position, service, bit)
        best = min(answers, key=lambda answer: _RANK.get(answer.decision, 2), default=None)
        if best is not None:
            conditional = [one for one in answers if one.decision is Verdict.CONDITIONAL]
            if best.decision is Verdict.ALLOWED or not conditional:
                yield best.explanation
            else:
                yield from (one.explanation for one in conditional)

    def _denials(self, source: str, required: Required) -> Iterator[Decision]:
        """Ask for each policy that a principal can get rid of by an action."""
        carried = self._steps.inquiry.evaluator.index.carried(source)
        for policy in carried.identity:
            if all(one.is_allow for one in policy.document.statements):
                continue
            ask = self._steps.inquiry.ask
            if required.on is On.OWN_GROUP:
                if policy.owner != source:
                    yield ask(source, required.action, policy.owner)
            elif policy.owner == source and policy.is_inline == ("Delete" in required.action):
                context = {} if policy.is_inline else {"iam:PolicyARN": policy.source_id}
                yield ask(source, required.action, source, context)

    def needs(self, source: str, target: str, paths: Sequence[EscalationPath]) -> tuple[str, ...]:
        """Return what is missing to prove a step: facts of its paths, and condition keys."""
        facts = [phrased(catalogue().facts[need]) for path in paths for need in path.needs]
        keys: dict[str, None] = {}
        for path in paths:
            for proof in self.answers(source, target, path):
                if not arranged(proof.decision) and proof.decision.decision is Verdict.CONDITIONAL:
                    keys.update(dict.fromkeys(wanted(proof.decision)))
        return (*facts, *(phrase("the condition key {key}", key=key) for key in keys))


def _rank(decision: Decision) -> int:
    return 0 if arranged(decision) else _RANK.get(decision.decision, 2)
