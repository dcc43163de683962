"""Attack paths of an organization, as `AttackPathGraph` finds them in one snapshot of all its accounts.

The steps of all accounts are plain data (`organization_edges`); an account is loaded only to prove a step.
"""

import pickle
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from itertools import islice

from iamdesk.access.evaluator import Evaluator
from iamdesk.access.principal_index import indexes_of
from iamdesk.attack_paths import administrators
from iamdesk.attack_paths.account_edges import AccountSteps, PlainEdge
from iamdesk.attack_paths.attack_path_graph import AttackPathGraph
from iamdesk.attack_paths.catalog import LAST, catalog, preference
from iamdesk.attack_paths.evaluation_session import EvaluationSession
from iamdesk.attack_paths.organization_edges import LevelsOfAll, Node, OrganizationSteps, counted
from iamdesk.attack_paths.promoters import paths_from
from iamdesk.attack_paths.session_needs import SessionNeeds, session_words
from iamdesk.attack_paths.types import (
    ADMINISTRATION,
    AttackPath,
    Goal,
    PrincipalExposure,
    Proof,
    Remediation,
    State,
    Step,
    StepKey,
    administration_of,
    data_goal,
    principal_goal,
)
from iamdesk.evaluate.request import RequestError
from iamdesk.i18n import join_messages, phrase, phrased
from iamdesk.inventory.references import is_service_linked_arn
from iamdesk.snapshot.model import RoleDetail
from iamdesk.snapshot.trusting_roles import trusting_roles

_ACROSS = "sts-002"
"""The technique that leads into another account: assuming a role."""
_MAX_MAPS = 3
"""Cached graphs of accounts, to prove steps in them."""
_MAX_PROOFS = 2048
"""Cached proofs of steps, some kilobytes each: the paths of many principals lead through the same roles."""


class OrganizationReach:
    """The attack paths of an organization. Belongs to one thread at a time."""

    def __init__(
        self,
        steps: OrganizationSteps,
        evaluator_of: Callable[[tuple[str, ...]], Evaluator],
        open_role: Callable[[int], RoleDetail],
    ) -> None:
        """Create the paths.

        Args:
            steps: The steps of all accounts.
            evaluator_of: Returns the evaluator over the part with some accounts.
            open_role: Returns a role that other accounts may assume, by its number.
        """
        self._all = steps
        self.attend = steps.attend
        self._evaluator_of = evaluator_of
        self._open_role = open_role
        self._maps: OrderedDict[tuple[str, ...], AttackPathGraph] = OrderedDict()
        self._proofs: OrderedDict[StepKey, tuple[Proof, ...]] = OrderedDict()
        self._reached: OrderedDict[Node, PrincipalExposure] = OrderedDict()

    @property
    def version(self) -> str:
        """The version of the technique catalog."""
        return catalog().version

    def knows(self, principal: str) -> bool:
        """Return whether a user or role is in the graph: its ARN must match its account and type."""
        return self._all.node(principal) is not None

    def is_administrator(self, principal: str) -> bool:
        """Return whether a principal is an administrator of its account."""
        number, position = self._node(principal)
        return bool(self._all.accounts[number].administrators >> position & 1)

    def is_administrators(self, group: str) -> bool:
        """Return whether the policies of a group, by its ARN, make a member an administrator."""
        return self._map((group.split(":", 5)[4],)).is_administrators(group)

    def add_known_administrators(self, account: str, inquiry: EvaluationSession) -> None:
        """Let a session know which principals of an account are administrators."""
        inquiry.known(administrators.ADMINISTRATION).update(
            self._all.accounts[self._all.numbers[account]].administrations
        )

    def _map(self, accounts: tuple[str, ...]) -> AttackPathGraph:
        """Return the graph of some accounts only, evaluated on demand; the latest ones are cached."""
        evaluator = self._evaluator_of(accounts)
        found = self._maps.pop(accounts, None)
        if found is None or found.evaluator is not evaluator:
            found = AttackPathGraph(evaluator, is_whole=False)
            for account in accounts:
                self.add_known_administrators(account, found.steps.inquiry)
            while len(self._maps) >= _MAX_MAPS:
                self._maps.popitem(last=False)
        self._maps[accounts] = found
        return found

    def _node(self, principal: str) -> Node:
        found = self._all.node(principal.strip())
        if found is None:
            raise RequestError(phrase("the snapshot has no user or role {principal}", principal=principal.strip()))
        return found

    @property
    def preparations_left_out(self) -> int | None:
        """As of `AttackPathGraph`: None, where some principal is more than one step from administrator.

        None of these paths is searched: each account would be copied up to a dozen times, which takes half as long as
        all its other steps.
        """
        for account in self._all.accounts:
            if account.regular & ~(account.unconditional | account.promoted.proven):
                return None
        return 0

    def functions_left_out(self, account: str) -> Sequence[str]:
        """Return the ARNs of an account's Lambda functions that other accounts may change by steps not searched."""
        return self._all.accounts[self._all.numbers[account]].shared_functions

    # ── summaries ────────────────────────────────────────────────────────────────────────────────────────────────────

    def reached(self, principal: str) -> PrincipalExposure:
        """Return the exposure of one principal.

        Raises:
            RequestError: The snapshot has no such user, role or root user.
        """
        node = self._node(principal)
        found = self._reached.get(node)
        if found is None:
            while len(self._reached) >= _MAX_REACHED:
                self._reached.popitem(last=False)
            found = self._reached[node] = self._sum(node)
        return found

    def of_account(self, account: str) -> Iterator[PrincipalExposure]:
        """Yield the exposure of every user and role of an account, in the snapshot's order."""
        number = self._all.numbers[account]
        for position in indexes_of(self._all.accounts[number].places):
            yield self.reached(self._all.arn((number, position)))

    def _sum(self, node: Node) -> PrincipalExposure:
        steps, (number, position) = self._all, node
        proven = steps.to_administration(None, maybe=False).level_of(node)
        maybe = steps.to_administration(None, maybe=True).level_of(node)
        (inside, elsewhere), (wider, beyond) = steps.closure(node), steps.closure(node, maybe=True)
        count = inside.bit_count() + elsewhere.size - elsewhere.members.get(number, 0).bit_count()
        with_possible = wider.bit_count() + beyond.size - beyond.members.get(number, 0).bit_count()
        own = steps.accounts[number].readers
        reads = tuple(name for name, readers in own.items() if readers.proven >> position & 1)
        return PrincipalExposure(
            steps.arn(node),
            steps.accounts[number].account,
            bool(steps.accounts[number].administrators >> position & 1),
            proven,
            maybe if maybe is not None and (proven is None or maybe < proven) else None,
            count,
            with_possible - count,
            tuple(steps.accounts[other].account for other in elsewhere.accounts if other != number),
            tuple(
                name
                for name, readers in own.items()
                if name not in reads and (name in elsewhere.read or inside & readers.proven)
            ),
            reads,
        )

    def entered(self, principal: str) -> tuple[str, ...]:
        """Return the other accounts that it enters by one proven step out of its own account.

        Raises:
            RequestError: as `reached`.
        """
        return tuple(self._all.accounts[other].account for other in self._all.entered(self._node(principal)))

    def administered(self, principal: str) -> frozenset[str]:
        """Return the other accounts of which it can become an administrator by proven steps.

        Raises:
            RequestError: as `reached`.
        """
        node = self._node(principal)
        _, elsewhere = self._all.closure(node)
        found = set(elsewhere.administered)
        for other in elsewhere.accounts:  # by assuming a role that is an administrator only in some sessions
            account = self._all.accounts[other]
            if other not in found and account.sessions and self._levels(account.account, False).level_of(node):
                found.add(other)
        return frozenset(self._all.accounts[other].account for other in found - {node[0]})

    def first_to_administration(self, most: int) -> frozenset[str]:
        """Return the first ``most`` principals, in the snapshot's order, with a proven path to administrator."""
        return frozenset(islice(self._to_administration(), most))

    def _to_administration(self) -> Iterator[str]:
        levels = self._all.to_administration(None, maybe=False)
        for number, account in enumerate(self._all.accounts):
            for position in indexes_of(account.places & ~account.administrators):
                arn = account.subjects[position]
                if not is_service_linked_arn(arn) and levels.level_of((number, position)) is not None:
                    yield arn

    def assuming(self, role: str, *, maybe: bool = False) -> tuple[str, ...]:
        """Return the principals that can assume a role; with ``maybe`` also those that possibly can."""
        number = self._all.numbers[role.split(":", 5)[4]]
        found: dict[int, int] = {}
        own = self._all.accounts[number].assuming.get(role)
        if own is not None:
            found[number] = counted(own, maybe)
        node = self._all.node(role)
        if node is not None and self._all.open_number(node) is not None:
            for caller in self._all.exits:
                if members := counted(self._all.entering(node, caller), maybe):
                    found[caller] = members
        nodes = ((caller, position) for caller in sorted(found) for position in indexes_of(found[caller]))
        return tuple(map(self._all.arn, nodes))

    def cycles(self) -> Iterator[tuple[str, ...]]:
        """Yield the groups of roles that can assume each other in one or more steps."""
        yield from self._all.cycles()

    # ── paths ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def attack_path(self, principal: str, goal: str = ADMINISTRATION, *, maybe: bool = True) -> AttackPath | None:
        """Return a shortest path to a goal, a proven one if possible; None if there is none.

        Raises:
            RequestError: The snapshot has no such principal, or no such goal.
        """
        node = self._node(principal)
        for unsure in (False, True) if maybe else (False,):
            levels = self._levels(goal, unsure)
            level = levels.level_of(node)
            if level is not None:
                return self._attack_path(node, goal, levels, level, unsure)
        return None

    def promotes(self, principal: str) -> Step | None:
        """Return how a principal can make another one an administrator; as `AttackPathGraph.promotes`."""
        node = self._node(principal)
        account = self._all.accounts[node[0]]
        edge = account.promoters.get(node[1])
        if edge is None:
            return self._map((account.account,)).promotes_by_group(principal)
        return self._step(node, edge, administration_of(account.account))

    def paths_into(self, principal: str, account: str) -> Iterator[AttackPath]:
        """Yield a shortest proven path to each principal of another account that it can become, nearest first."""
        node, number = self._node(principal), self._all.numbers[account]
        inside, elsewhere = self._all.closure(node)
        members = inside if number == node[0] else elsewhere.members.get(number, 0)
        entered = self._all.exits_of(node, maybe=False) & self._all.open_in(number)
        near = sum(1 << position for _, position in self._all.roles(entered))
        for found in (members & near, members & ~near):
            for then in indexes_of(found):
                attack_path = self.attack_path(principal, self._all.arn((number, then)), maybe=False)
                if attack_path is not None:
                    yield attack_path

    def _attack_path(self, node: Node, goal: str, levels: LevelsOfAll, level: int, unsure: bool) -> AttackPath:
        steps: list[Step] = []
        end, at = self._goal(goal, node), node
        for left in range(level, 0, -1):
            found = next(self._first_steps(at, goal, left - 1, levels, unsure), None)
            if found is None:  # it reaches the goal by another principal, which changes it
                steps += self._promotion_steps(at, unsure)
                end = steps[-1].goal
                break
            step, then = found
            steps.append(step)
            if then is None:
                end = step.goal
                break
            at = then
            end = self._goal(goal, at)
        return AttackPath(self._all.arn(node), end, tuple(steps))

    def _promotion_steps(self, node: Node, unsure: bool) -> Iterator[Step]:
        """Yield the steps to become the principal that is changed and the one that changes it, and the change."""
        number, position = node
        account, into = self._all.accounts[number], self._all.techniques(number).into
        promotion = account.indirect[unsure][position]
        reaching = paths_from(position, self._all.forward(number, maybe=unsure))
        for reached in (promotion.changed, promotion.promoter):
            at = position
            for then in reaching[reached]:
                edges = (edge for edge in into[then] if counted(edge.members, unsure) >> at & 1)
                yield self._step((number, at), next(edges), principal_goal(account.subjects[then]))
                at = then
        yield self._step((number, promotion.promoter), promotion.edge, administration_of(account.account))

    def _first_steps(
        self, at: Node, goal: str, rest: int, levels: LevelsOfAll, unsure: bool
    ) -> Iterator[tuple[Step, Node | None]]:
        """Yield (step, principal after it) for steps of a principal to those who need ``rest`` steps to the goal."""
        number, position = at
        account = self._all.accounts[number]
        last: list[PlainEdge] = []
        if rest == 0 and goal in (ADMINISTRATION, account.account):
            for edge in self._all.last_steps(number, position, maybe=unsure):
                if preference(edge.path_id) == LAST:
                    last.append(edge)
                else:
                    yield self._step(at, edge, administration_of(account.account)), None
        reached = levels[rest]
        near = self._all.forward(number, maybe=unsure).get(position, 0) & reached.get(number, 0)
        onward: list[Node] = [(number, then) for then in indexes_of(near & ~(1 << position))]
        onward += self._all.roles(self._all.exits_of(at, maybe=unsure) & levels.open_roles(rest))
        for then in sorted(onward):
            needs = self._session(then, goal, rest)
            for edge in self._edges(at, then, in_session=needs is not None):
                if counted(edge.members, unsure) >> position & 1:
                    words = session_words(self._all.arn(then), needs)
                    yield self._step(at, edge, principal_goal(self._all.arn(then)), words), then
        for edge in last:
            yield self._step(at, edge, administration_of(account.account)), None

    def _session(self, then: Node, goal: str, rest: int) -> SessionNeeds | None:
        """Return what a session of a principal needs to be at a goal, if it needs something."""
        is_there = rest == 0 and (goal == ADMINISTRATION or goal in self._all.numbers)
        return self._all.accounts[then[0]].sessions.get(then[1]) if is_there else None

    def _edges(self, at: Node, then: Node, *, in_session: bool) -> Iterator[PlainEdge]:
        """Yield how principals become another; ``in_session``: in one in which it is an administrator."""
        if at[0] == then[0]:
            account = self._all.accounts[at[0]]
            yield from (account.entering if in_session else self._all.techniques(at[0]).into).get(then[1], ())
        else:
            entering = self._all.entering_in_session if in_session else self._all.entering
            yield PlainEdge(_ACROSS, self._all.arn(then), entering(then, at[0]))

    def _levels(self, goal: str, unsure: bool) -> LevelsOfAll:
        if goal == ADMINISTRATION:
            return self._all.to_administration(None, maybe=unsure)
        if goal in self._all.numbers:
            return self._all.to_administration(goal, maybe=unsure)
        if self._is_data(goal):
            return self._all.to_data(goal, maybe=unsure)
        return self._all.to_principal(self._node(goal), maybe=unsure)

    @staticmethod
    def _is_data(goal: str) -> bool:
        return any(one.name == goal for one in catalog().sensitive)

    def _goal(self, goal: str, at: Node) -> Goal:
        if goal == ADMINISTRATION:
            return administration_of(self._all.accounts[at[0]].account)
        if goal in self._all.numbers:
            return administration_of(goal)
        if self._is_data(goal):
            return data_goal(goal)
        return principal_goal(self._all.arn(self._node(goal)))

    def _step(self, at: Node, edge: PlainEdge, goal: Goal, needs_besides: Sequence[str] = ()) -> Step:
        paths = [catalog().path(one) for one in edge.path_id.split("+")]
        is_proven = bool(edge.members.proven >> at[1] & 1)
        source = self._all.arn(at)
        needs: tuple[str, ...] = ()
        if not is_proven:
            graph = self._map((self._all.accounts[at[0]].account,))
            with self._knowing(edge.target, graph):
                needs = (*graph.prover.needs(source, edge.target, edge.path_id), *needs_besides)
        return Step(
            edge.path_id,
            join_messages(phrase(" and "), [phrased(path.how) for path in paths]),
            source,
            edge.target,
            goal,
            State.PROVEN if is_proven else State.POSSIBLE,
            needs,
            self._prove,
        )

    def _prove(self, step: Step) -> tuple[Proof, ...]:
        key = step.key
        found = self._proofs.get(key)
        if found is None:
            account = step.source.split(":", 5)[4]
            kept = self._all.accounts[self._all.numbers[account]].proofs.get(key)
            if kept is None or (step.path_id == _ACROSS and self._session_of(step.target) is not None):
                found = self._proved(account, step)
            else:
                found = _unpacked(kept)
            while len(self._proofs) >= _MAX_PROOFS:
                self._proofs.popitem(last=False)
            self._proofs[key] = found
        return found

    def _proved(self, account: str, step: Step) -> tuple[Proof, ...]:
        graph = self._map((account,))
        needs = self._session_of(step.target)
        graph.steps.lent_sessions = {} if needs is None else {step.target: needs}
        with self._knowing(step.target, graph):
            return graph.prover.prove(step)

    def _session_of(self, target: str) -> SessionNeeds | None:
        """Return what a principal's sessions need to be administrators, if it is one only in some."""
        node = self._all.node(target)
        return None if node is None else self._all.accounts[node[0]].sessions.get(node[1])

    def _knowing(self, target: str, graph: AttackPathGraph) -> AbstractContextManager[None]:
        """Within the context, an account's graph knows a role of another account without reading that account."""
        node = self._all.node(target)
        number = None if node is None else self._all.open_number(node)
        return graph.evaluator.index.lent_roles([] if number is None else [self._open_role(number)])

    def remediation(self, attack_path: AttackPath) -> Remediation | None:
        """Return a change that ends a path, tried on a copy in tenths of a second; None if none was found."""
        accounts = {self._all.accounts[self._node(step.source)[0]].account for step in attack_path.steps}
        accounts |= {step.target.split(":", 5)[4] for step in attack_path.steps}
        reach = self._map(tuple(sorted(accounts)))
        steps = tuple(replace(step, _prove=reach.prover.prove) for step in attack_path.steps)
        return reach.remediation(replace(attack_path, steps=steps))


_MAX_REACHED = 4096
_MAX_ONWARD = 64
"""Steps of an account's roles into other accounts whose evidence is kept, some kilobytes each; most have a few."""


def with_proofs(found: AccountSteps, paths: AttackPathGraph, open_role: Callable[[int], RoleDetail]) -> AccountSteps:
    """Return an account's steps with the evidence of steps that many paths from other accounts have.

    These are the steps of roles that other accounts may assume: the shortest ones to administrator, and those into
    further accounts. Without them, each account with such a path would read this one again.

    Args:
        found: The account's steps.
        paths: The graph of the account alone.
        open_role: Returns a role that other accounts may assume, by its number.

    Raises:
        WorkCancelled: The work was cancelled.
    """
    alone = OrganizationReach(OrganizationSteps((found,), ()), lambda _accounts: paths.evaluator, open_role)
    alone._maps[found.account,] = paths
    proofs: dict[StepKey, bytes] = {}
    for account in paths.evaluator.snapshot.accounts:
        for role in trusting_roles(account):
            paths.steps.inquiry.check_cancelled()
            path = alone.attack_path(role.arn, found.account, maybe=False) if alone.knows(role.arn) else None
            for step in path.steps if path is not None else ():
                proofs[step.key] = _packed(step.proof)
    for source, number in islice(_onward(found, paths), _MAX_ONWARD):
        paths.steps.inquiry.check_cancelled()
        onward = open_role(number)
        with paths.evaluator.index.lent_roles([onward]):
            key = (_ACROSS, source, onward.arn)
            proofs[key] = _packed(tuple(paths.prover.of_techniques(source, onward.arn, _ACROSS)))
    return replace(found, proofs=proofs)


def _onward(found: AccountSteps, paths: AttackPathGraph) -> Iterator[tuple[str, int]]:
    """Yield the roles that other accounts may assume, each with the number of a role of another account that it can."""
    for account in paths.evaluator.snapshot.accounts:
        for role in trusting_roles(account):
            if paths.knows(role.arn):
                position = paths.position(role.arn)
                for members, roles in found.abroad.items():
                    if members.proven >> position & 1:
                        yield from ((role.arn, number) for number in indexes_of(roles))


def _packed(proofs: tuple[Proof, ...]) -> bytes:
    return zlib.compress(pickle.dumps(proofs), 1)


def _unpacked(proofs: bytes) -> tuple[Proof, ...]:
    found: tuple[Proof, ...] = pickle.loads(zlib.decompress(proofs))  # noqa: S301 - made by this run
    return found
