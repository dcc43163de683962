"""Searches attack paths step by step: from one principal to a goal, as positions in the graph."""

from collections.abc import Hashable, Iterable, Iterator, Sequence

from iamdesk.access.principal_index import indexes_of
from iamdesk.attack_paths.catalog import LAST, how_words, preference
from iamdesk.attack_paths.edges import Edge, Edges
from iamdesk.attack_paths.evidence import Prover, after_change
from iamdesk.attack_paths.graph import Levels, StepGraph
from iamdesk.attack_paths.prepared import Prepared
from iamdesk.attack_paths.promoters import IndirectPromotion, paths_from
from iamdesk.attack_paths.session_needs import SessionNeeds, session_words
from iamdesk.attack_paths.types import (
    ADMINISTRATION,
    AttackPath,
    Goal,
    Proof,
    State,
    Step,
    administration_of,
    data_goal,
    principal_goal,
)
from iamdesk.evaluate.request import RequestError
from iamdesk.i18n import join_messages, phrase


class PathSearch:
    """The search for paths in one graph.

    Principals are positions of the population; ``unsure`` says whether possible steps count, too.
    """

    def __init__(self, steps: Edges, graph: StepGraph, prover: Prover) -> None:
        self._steps = steps
        self._graph = graph
        self._prover = prover
        self._subjects = steps.population.index.subjects

    def position(self, principal: str) -> int:
        """Return a principal's position.

        Raises:
            RequestError: The snapshot has no such user, role or root user.
        """
        found = self._steps.population.position(principal.strip())
        if found is None:
            raise RequestError(phrase("the snapshot has no user or role {principal}", principal=principal.strip()))
        return found

    def levels(self, goal: str, unsure: bool) -> Levels:
        """Return the principals by their number of steps to a goal.

        Raises:
            RequestError: There is no such goal.
        """
        if goal == ADMINISTRATION:
            return self._graph.to_administration(maybe=unsure)
        if goal in self._steps.members_of:
            return self._graph.to_administration(goal, maybe=unsure)
        if goal in self._graph.readers:
            return self._graph.to_data(goal, maybe=unsure)
        return self._graph.to_principal(self.position(goal), maybe=unsure)

    def paths(self, position: int, goal: str, most: int, *, maybe: bool = True) -> Iterator[AttackPath]:
        """Yield a shortest path for each first step towards a goal, shortest first, proven before possible.

        ``maybe``: also possible ones.
        """
        start = self._subjects[position]
        seen: set[tuple[str, ...]] = set()
        for unsure in (False, True) if maybe else (False,):
            levels = self.levels(goal, unsure)
            level = level_of(levels, position)
            if level == 0:
                if not unsure:
                    yield AttackPath(start, self._goal(goal, position), ())
                continue
            for rest, reached in enumerate(levels):
                for step, then in self._first_steps(position, goal, rest, reached, unsure):
                    key = (step.path_id, step.target)
                    if key in seen:
                        continue
                    seen.add(key)
                    if then is None:
                        yield AttackPath(start, step.goal, (step,))
                    else:
                        onward = self.shortest(then, goal, levels, rest, unsure)
                        if any(one.target == start for one in onward.steps[:-1]):
                            continue
                        yield AttackPath(start, onward.goal, (step, *onward.steps))
                    if len(seen) >= most:
                        return
            for promotion in self._indirect_promotions(position, goal, level, unsure):
                steps = self.promotion_steps(position, promotion, unsure)
                path = tuple(one for step in steps for one in (step.path_id, step.source, step.target))
                if path not in seen:
                    seen.add(path)
                    yield AttackPath(start, steps[-1].goal, steps)
                if len(seen) >= most:
                    return

    def short_paths(self, position: int, goal: str, longest: int, most: int) -> Iterator[AttackPath]:
        """Yield the proven ones of `paths` that have some number of steps at most, one at least."""
        if longest > 1:
            found = self.paths(position, goal, most, maybe=False)
            yield from (one for one in found if 0 < len(one.steps) <= longest)
            return
        # Who becomes whom is evaluated of the principals at the goal alone.
        there = self._there(goal)
        if there >> position & 1:
            return
        seen: set[tuple[str, str]] = set()
        for step, then in self._first_steps(position, goal, 0, there, unsure=False):
            if len(seen) >= most:
                return
            if (step.path_id, step.target) not in seen:
                seen.add((step.path_id, step.target))
                end = step.goal if then is None else self._goal(goal, then)
                yield AttackPath(self._subjects[position], end, (step,))

    def _there(self, goal: str) -> int:
        """Return the principals that are proven to be at a goal, as bits."""
        if goal == ADMINISTRATION:
            return self._steps.administrators
        if goal in self._steps.members_of:
            return self._steps.administrators & self._steps.members_of[goal]
        if goal in self._graph.readers:
            return self._graph.readers[goal].proven
        return 1 << self.position(goal)

    def count(self, position: int, goal: str) -> int:
        """Return the number of paths that `paths` yields without a maximum."""
        seen: set[Hashable] = set()
        count = 0
        for unsure in (False, True):
            levels = self.levels(goal, unsure)
            level = level_of(levels, position)
            if level == 0:
                count += not unsure
                continue
            for rest, reached in enumerate(levels):
                for edge, then in self._first_edges(position, goal, rest, reached, unsure):
                    key = (edge.path_id, edge.target)
                    if key not in seen:
                        seen.add(key)
                        # A path that is not longer than the shortest one cannot lead back, unless it ends indirectly.
                        is_far = level is not None and (rest > level or bool(self._graph.indirect_promotions(unsure)))
                        count += not (is_far and self._leads_back(position, then, goal, levels, rest, unsure))
            for promotion in self._indirect_promotions(position, goal, level, unsure):
                steps = self.promotion_steps(position, promotion, unsure)
                path = tuple((step.path_id, step.source, step.target) for step in steps)
                count += path not in seen
                seen.add(path)
        return count

    def first(self, position: int, goal: str, *, maybe: bool = True) -> AttackPath | None:
        """Return a shortest path to a goal, a proven one if possible; None if there is none.

        ``maybe``: also a possible one.

        Raises:
            RequestError: There is no such goal.
        """
        for unsure in (False, True) if maybe else (False,):
            levels = self.levels(goal, unsure)
            level = level_of(levels, position)
            if level is not None:
                return self.shortest(position, goal, levels, level, unsure)
        return None

    def shortest(self, position: int, goal: str, levels: Levels, level: int, unsure: bool) -> AttackPath:
        """Return a shortest path; ``level`` is its number of steps, by the ``levels`` of the goal."""
        steps: list[Step] = []
        end = self._goal(goal, position)
        at = position
        for left in range(level, 0, -1):
            found = next(self._first_steps(at, goal, left - 1, levels[left - 1], unsure), None)
            if found is None:  # it reaches the goal by another principal, which changes it
                steps += self.promotion_steps(at, next(self._indirect_promotions(at, goal, left, unsure)), unsure)
                end = steps[-1].goal
                break
            step, then = found
            steps.append(step)
            if then is None:
                end = step.goal
                break
            at = then
            end = self._goal(goal, at)
        return AttackPath(self._subjects[position], end, tuple(steps))

    def promotion_steps(self, position: int, promotion: IndirectPromotion, unsure: bool) -> tuple[Step, ...]:
        """Return the steps to become the principal that is changed and the one that changes it, and the change."""
        steps: list[Step] = []
        reaching = paths_from(position, self._graph.inside(maybe=unsure)[0])
        for reached in (promotion.changed, promotion.promoter):
            at = position
            for then in reaching[reached]:
                edges = (one for one in self._steps.into(self._steps.places[then]) if takes(one, at, unsure))
                steps.append(self.step(at, next(edges), principal_goal(self._subjects[then])))
                at = then
        account = self._steps.population.cohort_at(position).account
        steps.append(self.step(promotion.promoter, promotion.edge, administration_of(account)))
        return tuple(steps)

    def last_steps(self, position: int, goal: str, unsure: bool) -> Iterator[tuple[str, Edge]]:
        """Yield (account ID, edge) for the steps of a principal to administrator, if that is the goal."""
        if goal == ADMINISTRATION or goal in self._graph.all_promotions:
            yield from self._graph.last_steps_of(position, None if goal == ADMINISTRATION else goal, unsure)

    def step(self, position: int, edge: Edge, goal: Goal, needs_besides: Sequence[str] = ()) -> Step:
        """Return an edge as the step of one of its principals; ``needs_besides`` are those of a possible step."""
        is_proven = bool(edge.members.proven >> position & 1)
        source, target = self._subjects[position], self._steps.targets.arns[edge.target]
        prepared = self._graph.prepared.known.get((edge.path_id, source, target))
        if prepared is not None:
            return self._prepared_step(prepared, edge.path_id, source, target, goal, is_proven=is_proven)
        needs = () if is_proven else (*self._prover.needs(source, target, edge.path_id), *needs_besides)
        return Step(
            edge.path_id,
            how_words(edge.path_id),
            source,
            target,
            goal,
            State.PROVEN if is_proven else State.POSSIBLE,
            needs,
            self._prover.prove,
        )

    def _prepared_step(
        self, prepared: Prepared, path_id: str, source: str, target: str, goal: Goal, *, is_proven: bool
    ) -> Step:
        made, rest = prepared.preparation, prepared.rest
        actor = made.changed or source
        how = join_messages(phrase(" and "), [made.how, how_words(rest)]) if rest else made.how

        def prove(_step: Step) -> tuple[Proof, ...]:
            then = prepared.proofs(actor, target)
            return (*made.proofs(self._prover, source), *(then if made.passed else map(after_change, then)))

        needs: tuple[str, ...] = () if is_proven or not rest else prepared.prover.needs(actor, target, rest)
        is_sure = made.callers.proven >> self.position(source) & 1
        if not is_sure and (made.context is None or made.target == source):
            needs = tuple(dict.fromkeys((*self._prover.needs(source, actor, made.path_id), *needs)))
        state = State.PROVEN if is_proven else State.POSSIBLE
        return Step(path_id, how, source, target, goal, state, needs, prove)

    def _first_steps(
        self, position: int, goal: str, rest: int, reached: int, unsure: bool
    ) -> Iterator[tuple[Step, int | None]]:
        """Yield (step, principal after it) for steps of a principal to those who need ``rest`` steps to the goal."""
        last: list[tuple[str, Edge]] = []
        if rest == 0:
            for account, edge in self.last_steps(position, goal, unsure):
                if preference(edge.path_id) == LAST:
                    last.append((account, edge))
                else:
                    yield self.step(position, edge, administration_of(account)), None
        for then in indexes_of(self._graph.candidates(position, reached, unsure)):
            needs = session_words(self._subjects[then], self._session(then, goal, rest))
            for edge in self._edges(then, goal, rest):
                if takes(edge, position, unsure):
                    yield self.step(position, edge, principal_goal(self._subjects[then]), needs), then
        for account, edge in last:
            yield self.step(position, edge, administration_of(account)), None

    def _first_edges(
        self, position: int, goal: str, rest: int, reached: int, unsure: bool
    ) -> Iterator[tuple[Edge, int | None]]:
        """Yield (edge, principal after it) as `_first_steps`, without steps."""
        if rest == 0:
            yield from ((edge, None) for _, edge in self.last_steps(position, goal, unsure))
        for then in indexes_of(self._graph.candidates(position, reached, unsure)):
            yield from ((edge, then) for edge in self._edges(then, goal, rest) if takes(edge, position, unsure))

    def _edges(self, then: int, goal: str, rest: int) -> Iterable[Edge]:
        """Return the techniques by which principals become one that needs ``rest`` steps to a goal."""
        is_there = rest == 0 and self._is_administration(goal)
        return self._graph.edges_to_administrator(then) if is_there else self._graph.edges_into(then)

    def _session(self, then: int, goal: str, rest: int) -> SessionNeeds | None:
        """Return what a session of a principal needs to be at a goal, if it needs something."""
        return self._steps.sessions.get(then) if rest == 0 and self._is_administration(goal) else None

    def _is_administration(self, goal: str) -> bool:
        return goal == ADMINISTRATION or goal in self._steps.members_of

    def _leads_back(self, position: int, then: int | None, goal: str, levels: Levels, rest: int, unsure: bool) -> bool:
        """Return whether the shortest path of another principal to a goal leads through a principal."""
        if then is None:
            return False
        onward = self.shortest(then, goal, levels, rest, unsure)
        return any(one.target == self._subjects[position] for one in onward.steps[:-1])

    def _indirect_promotions(
        self, position: int, goal: str, level: int | None, unsure: bool
    ) -> Iterator[IndirectPromotion]:
        """Yield how a principal becomes an administrator by another one, if no other path to the goal is shorter."""
        account = self._steps.population.cohort_at(position).account
        if goal in (ADMINISTRATION, account):
            promotions = self._graph.indirect_promotions(unsure).get(position, ())
            yield from (one for one in promotions if one.steps == level)

    def _goal(self, goal: str, at: int) -> Goal:
        if goal == ADMINISTRATION:
            return administration_of(self._steps.population.cohort_at(at).account)
        if goal in self._steps.members_of:
            return administration_of(goal)
        if goal in self._graph.readers:
            return data_goal(goal)
        return principal_goal(self._subjects[self.position(goal)])


def takes(edge: Edge, position: int, unsure: bool) -> bool:
    """Return whether a principal can take a step; with ``unsure`` also whether it possibly can."""
    members = edge.members
    return bool((members.principals if unsure else members.proven) >> position & 1)


def level_of(levels: Levels, position: int) -> int | None:
    """Return the number of steps of a principal; None if it cannot reach the goal."""
    return next((number for number, members in enumerate(levels) if members >> position & 1), None)
