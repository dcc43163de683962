"""What to change so that a principal gets no further: the fewest statements, and whom else each of them serves."""

from collections.abc import Iterable, Iterator, Sequence

from iamdesk.explain.decision import Layer, Part, SourceType, StatementLine
from iamdesk.language import phrase
from iamdesk.query.population import positions
from iamdesk.reach.steps import Steps
from iamdesk.reach.way import Cut, Step, Way

_MOST_CARRIERS = 50
type _Statement = tuple[str, int]
"""Key of the policy, index of the statement."""


class Cuts:
    """Finds changes that stop ways."""

    def __init__(self, steps: Steps) -> None:
        self._steps = steps
        self._numbers = {document: number for number, document in enumerate(steps.population.index.documents)}

    def of(self, ways: Iterable[Way]) -> tuple[Cut, ...]:
        """Return changes that together stop all of some ways, the one that stops most of them first.

        A statement stops a way where one of its steps rests on no other Allow: without it, the step is not allowed.
        Of those that stop as many, the one that fewest others lose comes first. Ways that no single statement stops
        are left out of the count.
        """
        stopped: dict[_Statement, set[int]] = {}
        lines: dict[_Statement, tuple[StatementLine, Step]] = {}
        for number, way in enumerate(ways):
            for step in way.steps:
                for line in _sole_allows(step):
                    key = (line.policy_key, line.index)
                    stopped.setdefault(key, set()).add(number)
                    lines.setdefault(key, (line, step))
        left = set().union(*stopped.values()) if stopped else set()
        carriers = {key: self._carriers(*lines[key]) for key in lines}
        found = []
        while left:
            key = min(stopped, key=lambda one: (-len(stopped[one] & left), len(carriers[one]), one))
            found.append(self._cut(*lines[key], carriers[key], len(stopped[key] & left)))
            left -= stopped.pop(key)
        return tuple(found)

    def _cut(self, line: StatementLine, step: Step, carriers: Sequence[str], stops: int) -> Cut:
        request = next(proof.decision.request for proof in step.proof if line in proof.decision.statements)
        action = request.action
        if request.resource == step.target:
            action = phrase("{action} on {resource}", action=action, resource=_last(step.target))
        if line.layer is Layer.TRUST:
            names = {"source": _last(step.source), "role": _last(line.owner)}
            what = phrase("Take {source} out of the trust policy of {role}.", **names)
        elif line.source_policy_type is SourceType.AWS_MANAGED:
            what = phrase("Detach {policy}, or deny {action} beside it.", policy=line.policy_name, action=action)
        else:
            what = phrase("Take {action} out of {statement}.", action=action, statement=line.name)
        return Cut(what, line.policy_key, line.name, tuple(carriers[:_MOST_CARRIERS]), stops)

    def _carriers(self, line: StatementLine, step: Step) -> Sequence[str]:
        """Return the other principals whom a statement serves."""
        return [arn for arn in self._served(line) if arn != step.source]

    def _served(self, line: StatementLine) -> Iterator[str]:
        population, steps = self._steps.population, self._steps
        subjects = population.index.subjects
        if line.layer is Layer.TRUST:
            place = steps.targets.places.get(line.owner)
            if place is not None:
                yield from (subjects[position] for position in positions(steps.assumable.of(place).anybody))
            return
        number = self._numbers.get(line.document)
        if number is None:
            return
        for position in positions(population.carriers[number]):
            carried = steps.inquiry.evaluator.index.carried(subjects[position])
            if any(policy.key == line.policy_key for policy in carried.identity):
                yield subjects[position]


def _last(arn: str) -> str:
    return arn.rpartition("/")[2]


def _sole_allows(step: Step) -> Iterator[StatementLine]:
    """Yield the Allow statements of a step without which it is not allowed."""
    for proof in step.proof:
        for layer in (Layer.IDENTITY, Layer.TRUST):
            serving = [
                line
                for line in proof.decision.statements_that(Part.DECIDES, Part.TOOK_PART, Part.DEPENDS)
                if line.layer is layer and line.effect == "Allow"
            ]
            # A trust policy that names the principal needs no Allow of its own, and the other way round an account.
            alone = len({(line.policy_key, line.index) for line in serving}) == 1
            if alone and any(line.part is not Part.TOOK_PART for line in serving):
                yield serving[0]
