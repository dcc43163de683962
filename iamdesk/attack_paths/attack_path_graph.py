"""The attack paths of a snapshot: a summary for all principals, and single paths step by step."""

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain, islice

from iamdesk.access.evaluator import Evaluator
from iamdesk.access.principal_index import indexes_of
from iamdesk.attack_paths.administrators import take_administrations
from iamdesk.attack_paths.blocked_paths import BlockedPaths
from iamdesk.attack_paths.catalog import TargetConstraint, catalog, changes_another, how_words
from iamdesk.attack_paths.edge_sources import ConfirmedAndPossible
from iamdesk.attack_paths.edges import Edge, Edges
from iamdesk.attack_paths.evaluation_session import Context, EvaluationSession
from iamdesk.attack_paths.evidence import Needs, Prover, WantedNeeds
from iamdesk.attack_paths.first_steps import find_first_steps
from iamdesk.attack_paths.gain import AccessGain
from iamdesk.attack_paths.graph import StepGraph
from iamdesk.attack_paths.parallel import KnownSteps, begin_shared, find_shared, made_steps
from iamdesk.attack_paths.path_search import PathSearch, level_of, takes
from iamdesk.attack_paths.plan import make_plan
from iamdesk.attack_paths.remediation import Remediations
from iamdesk.attack_paths.types import (
    ADMINISTRATION,
    USUAL,
    AttackPath,
    BlockedPath,
    Distance,
    Extent,
    FirstSteps,
    Goal,
    GoalKind,
    GraphEdge,
    GraphNode,
    NodeKind,
    Plan,
    PrincipalExposure,
    Remediation,
    State,
    Step,
    StepKey,
    administration_of,
    data_goal,
    principal_goal,
)
from iamdesk.attack_paths.what_if_admin import FULL
from iamdesk.evaluate.policy_set import AttachedPolicy, SourceType
from iamdesk.i18n import phrase
from iamdesk.inventory.references import is_service_linked_arn
from iamdesk.progress import Cancelled, Progress, WorkCancelled, never_cancelled, no_progress
from iamdesk.snapshot.model import Snapshot
from iamdesk.work.workers import Workers

_PATIENCE = 0.05
"""Seconds between cancellation checks of a thread that waits for another one to build the graph."""
_MAX_REMEDIATIONS = 5
_MAX_OTHERS = 20
"""Other paths of a principal that are considered for the remediation of one."""
_MAX_USERS = 40
"""Users that are tried as members of a group."""
_JOIN = "iam:AddUserToGroup"


class AttackPathGraph:
    """Who can become whom in a snapshot. Building it takes most of the time; queries evaluate little more."""

    def __init__(
        self,
        evaluator: Evaluator,
        progress: Progress = no_progress,
        cancelled: Cancelled = never_cancelled,
        *,
        is_whole: bool = True,
        known_steps: KnownSteps | None = None,
        workers: Workers | None = None,
        steps: tuple[Edges, StepGraph] | None = None,
        extent: Extent | None = None,
    ) -> None:
        """Build the graph, in seconds for thousands of principals.

        Args:
            evaluator: The evaluator over the snapshot.
            progress: Called with the progress.
            cancelled: Returns True to stop.
            is_whole: False: evaluate at first use, in one thread, as for a copy with few principals.
            known_steps: Results of another graph of the same snapshot (its `known_steps`).
            workers: Workers that do the longest parts.
            steps: Steps of which some were already evaluated.
            extent: How far paths after preparations are searched.

        Raises:
            RequestError: The snapshot has no principal of which they are searched.
            WorkCancelled: ``cancelled`` returned True.
            WorkError: No worker can do it; one sentence.
        """
        self.evaluator = evaluator
        self.kept_by_workers: Sequence[str] = ()
        """Keys under which workers keep what was known of the steps, the last one last (`find_shared`)."""
        if known_steps is None and workers is not None:
            begin_shared(workers)
        self.steps, self.graph = steps or made_steps(evaluator, cancelled)
        self.prover = Prover(self.steps)
        self._search = PathSearch(self.steps, self.graph, self.prover)
        if extent is not None:
            self.graph.extent = extent
            if extent.start:
                self.position(extent.start)
        inquiry = self.steps.inquiry
        inquiry.attend(cancelled)
        if known_steps is not None:
            known_steps.take_in(self.steps, self.graph)
        elif workers is not None:
            self.kept_by_workers = find_shared(workers, progress, cancelled, (self.steps, self.graph)).sent
        if is_whole:
            self.steps.find_all(progress)
            self.graph.find_all(progress)
        inquiry.go_on()
        of_copy = partial(_map_of_copy, inquiry)  # not a method: the graph would refer to itself
        self._refusals = BlockedPaths(self.steps, of_copy)
        self.remediation_search = Remediations(self.steps, of_copy)
        self._remediation_of: dict[AttackPath, Remediation | None] = {}
        self._gaining: dict[int, bool] = {}
        """By place of a group: whether its members can make themselves administrators."""
        self._gains = AccessGain(evaluator, self.steps.population)
        self._subjects = self.steps.population.index.subjects

    @property
    def known_steps(self) -> KnownSteps:
        """The results as plain data, from which another process builds the same graph."""
        return KnownSteps.of(self.steps, self.graph)

    @property
    def version(self) -> str:
        """The version of the technique catalog."""
        return catalog().version

    def position(self, principal: str) -> int:
        """Return a principal's position.

        Raises:
            RequestError: The snapshot has no such user, role or root user.
        """
        return self._search.position(principal)

    @property
    def goals(self) -> tuple[Goal, ...]:
        """The goals besides principals."""
        accounts = (administration_of(account) for account in self.steps.members_of)
        data = (data_goal(name) for name in self.graph.readers)
        return (*accounts, *data)

    def distances(self, goal: str = ADMINISTRATION) -> Mapping[str, Distance]:
        """Return the distance to a goal by ARN, for all principals that can reach it, perhaps.

        Raises:
            RequestError: There is no such goal.
        """
        found: dict[str, Distance] = {}
        for unsure in (False, True):
            for steps, members in enumerate(self._search.levels(goal, unsure)):
                for position in indexes_of(members):
                    found.setdefault(self._subjects[position], Distance(steps, not unsure))
        return found

    # ── summaries ────────────────────────────────────────────────────────────────────────────────────────────────────

    def reached(self, principal: str) -> PrincipalExposure:
        """Return the exposure of one principal.

        Raises:
            RequestError: as `position`.
        """
        return self._reached(self.position(principal))

    def is_administrators(self, group: str) -> bool:
        """Return whether the policies of a group, by its ARN, make a member an administrator.

        The member is assumed to have no other policies. False if the snapshot has no such group.
        """
        position = self.steps.population.group_position(group)
        return position is not None and self.graph.hypotheses.administers(position)

    def exposures(self) -> Iterator[PrincipalExposure]:
        """Yield the exposure of every user and role, in the snapshot's order."""
        for position in sorted(self.steps.places):
            yield self._reached(position)

    def first_steps(self) -> Mapping[str, FirstSteps]:
        """Return the first steps to administrator by ARN, of all principals that have a path or are administrators."""
        found = dict(find_first_steps(self.graph))
        found.update(dict.fromkeys(indexes_of(self.steps.administrators), FirstSteps(is_administrator=True)))
        return {self._subjects[position]: steps for position, steps in found.items()}

    def _reached(self, position: int) -> PrincipalExposure:
        steps, graph = self.steps, self.graph
        account = steps.population.cohort_at(position).account
        proven = level_of(graph.to_administration(), position)
        maybe = level_of(graph.to_administration(maybe=True), position)
        closure = graph.closure().get(position, 0)
        wider = graph.closure(maybe=True).get(position, 0) & ~closure
        outside = closure & ~steps.members_of.get(account, 0)
        accounts = tuple(other for other, members in steps.members_of.items() if members & outside) if outside else ()
        reads = tuple(name for name, readers in graph.readers.items() if readers.proven >> position & 1)
        data = tuple(name for name, readers in graph.readers.items() if name not in reads and readers.proven & closure)
        return PrincipalExposure(
            self._subjects[position],
            account,
            bool(steps.administrators >> position & 1),
            proven,
            maybe if maybe is not None and (proven is None or maybe < proven) else None,
            closure.bit_count(),
            wider.bit_count(),
            accounts,
            data,
            reads,
        )

    def entered(self, principal: str) -> tuple[str, ...]:
        """Return the other accounts that it enters by one proven step out of its own account.

        Raises:
            RequestError: as `position`.
        """
        position, forward = self.position(principal), self.graph.forward()
        own = self.steps.members_of.get(self.steps.population.cohort_at(position).account, 0)
        reached, seen, latest = 0, 0, 1 << position
        while latest:
            seen |= latest
            for one in indexes_of(latest):
                reached |= forward.get(one, 0)
            latest = reached & own & ~seen
        outside = reached & ~own
        return tuple(other for other, members in self.steps.members_of.items() if members & outside)

    def administered(self, principal: str) -> frozenset[str]:
        """Return the other accounts of which it can become an administrator by proven steps.

        Raises:
            RequestError: as `position`.
        """
        position = self.position(principal)
        return frozenset(
            account
            for account in self._reached(position).accounts
            if level_of(self.graph.to_administration(account), position) is not None
        )

    # ── paths ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def attack_path(self, principal: str, goal: str = ADMINISTRATION, *, maybe: bool = True) -> AttackPath | None:
        """Return a shortest path to a goal, a proven one if possible; None if there is none.

        Args:
            principal: ARN of a user or role.
            goal: ``admin``, an account ID (its administrator), a principal's ARN, or the name of sensitive data.
            maybe: Whether to return a possible path, which needs further facts, if none is proven.

        Raises:
            RequestError: The snapshot has no such principal, or no such goal.
        """
        return self._search.first(self.position(principal), goal, maybe=maybe)

    def attack_paths(self, principal: str, goal: str = ADMINISTRATION, most: int = 20) -> Iterator[AttackPath]:
        """Yield a shortest path for each first step towards a goal, shortest first, proven before possible."""
        return self._search.paths(self.position(principal), goal, most)

    def short_paths(self, principal: str, goal: str, longest: int, most: int = 20) -> Iterator[AttackPath]:
        """Yield the proven ones of `attack_paths` that have some number of steps at most, one at least."""
        return self._search.short_paths(self.position(principal), goal, longest, most)

    def promotes(self, principal: str) -> Step | None:
        """Return how a principal can make another one an administrator, without becoming it.

        None if it cannot, or if it is proven to be an administrator in at most one step itself.

        Raises:
            RequestError: as `position`.
        """
        position = self.position(principal)
        edge = self.graph.promoters.first.get(position)
        account = self.steps.population.cohort_at(position).account
        return (
            self.promotes_by_group(principal)
            if edge is None
            else self._search.step(position, edge, administration_of(account))
        )

    def promotes_by_group(self, principal: str) -> Step | None:
        """Return how a principal adds others to a group whose members give themselves any permission; None if not.

        Raises:
            RequestError: as `position`.
        """
        position, steps = self.position(principal), self.steps
        goal = administration_of(steps.population.cohort_at(position).account)
        if not steps.anything.applying_to(_JOIN) >> position & 1:
            return None
        for path in steps.by_aim[TargetConstraint.GROUP]:
            for place in indexes_of(steps.targets.groups):
                if steps.members(path, place).proven >> position & 1 and self._is_gaining(place):
                    how = phrase("adding a user to a group whose members can give themselves any permission")
                    arn = steps.targets.arns[place]
                    return Step(path.id, how, self._subjects[position], arn, goal, State.PROVEN, (), self.prover.prove)
        return None

    def _is_gaining(self, group: int) -> bool:
        """Return whether some user that is no administrator could make itself one as a member of a group."""
        if group not in self._gaining:
            steps, hypotheses = self.steps, self.graph.hypotheses
            at = steps.population.group_position(steps.targets.arns[group])
            policies = () if at is None else steps.population.principal_policies(at).policies.identity
            inside = steps.members_of.get(steps.targets.account_of(group), 0)
            users = indexes_of(steps.users & inside & ~steps.administrators)
            changes = tuple(self._changes_of_members(group, policies))
            self._gaining[group] = any(
                any(
                    hypotheses.may(user, policies, action, on or self._subjects[user], context)
                    for action, on, context in changes
                )
                and hypotheses.administers(user, [FULL])
                for user in islice(users, _MAX_USERS if policies else 0)
            )
        return self._gaining[group]

    def _changes_of_members(self, group: int, policies: Iterable[AttachedPolicy]) -> Iterator[tuple[str, str, Context]]:
        """Yield the requests by which a member gives itself any permission; without a resource, on itself."""
        steps, arn = self.steps, self.steps.targets.arns[group]
        yield "iam:PutUserPolicy", "", {}
        for path_id, action, on in (
            ("iam-008", "iam:AttachUserPolicy", ""),
            ("iam-011", "iam:PutGroupPolicy", arn),
            ("iam-010", "iam:AttachGroupPolicy", arn),
        ):
            yield action, on, steps.context_of(catalog().path(path_id), action)
        own = (one.source_id for one in policies if one.source_type is SourceType.USER_MANAGED)
        yield from (("iam:CreatePolicyVersion", policy, {}) for policy in dict.fromkeys(own))

    def wanted_needs(self, goal: str) -> Iterator[StepKey]:
        """Yield the possible steps of the shortest paths to a goal, of which `needs` does not say what they need.

        Raises:
            RequestError: There is no such goal.
        """
        wanted = WantedNeeds(self.steps)
        search = PathSearch(self.steps, self.graph, wanted)
        for position in sorted(self.steps.places):
            search.first(position, goal)
        return (key for key in wanted.wanted if key not in self.needs)

    @property
    def needs(self) -> Needs:
        """The facts that steps of returned paths need, for another graph of the same snapshot (`learn_needs`)."""
        return self.prover.known_needs

    def learn_needs(self, needs: Needs) -> None:
        """Add the facts that steps need, from another graph of the same snapshot."""
        self.prover.known_needs.update(needs)

    def escalations(self, principal: str, most: int = 200) -> Iterator[Step]:
        """Yield the single steps of a principal that gain it access, those to administrator first.

        Raises:
            RequestError: as `position`.
        """
        position = self.position(principal)
        count = 0
        for account, edge in self._search.last_steps(position, ADMINISTRATION, unsure=True):
            yield self._search.step(position, edge, administration_of(account))
            count += 1
        reached = self.graph.forward(maybe=True).get(position, 0)
        strong = reached & self.steps.administrators
        for others in (strong, reached & ~strong):
            for then in indexes_of(others):
                if count >= most:
                    return
                if not self._gains.gains(position, then):
                    continue
                for edge in self.graph.edges_into(then):
                    if takes(edge, position, unsure=True):
                        yield self._search.step(position, edge, principal_goal(self._subjects[then]))
                        count += 1

    def refusals(self, principal: str) -> Iterator[BlockedPath]:
        """Yield the techniques that a principal's policies allow but that are blocked, with the reason.

        Raises:
            RequestError: as `position`.
        """
        position = self.position(principal)
        taken = {
            path_id
            for step in self.escalations(self._subjects[position], most=1000)
            for path_id in step.path_id.split("+")
        }
        if not self.steps.administrators >> position & 1:
            yield from self._refusals.of(self._subjects[position], frozenset(taken))

    def paths_into(self, principal: str, account: str) -> Iterator[AttackPath]:
        """Yield a shortest proven path to each principal of another account that it can become, nearest first."""
        position = self.position(principal)
        members = self.steps.members_of.get(account, 0) & self.graph.closure().get(position, 0)
        near = self.graph.forward().get(position, 0)
        for found in (members & near, members & ~near):
            for then in indexes_of(found):
                attack_path = self.attack_path(principal, self._subjects[then], maybe=False)
                if attack_path is not None:
                    yield attack_path

    def knows(self, principal: str) -> bool:
        """Return whether a user or role is in the graph: its ARN must match its account and type."""
        return self.steps.population.position(principal) is not None

    def is_administrator(self, principal: str) -> bool:
        """Return whether a principal is an administrator of its account.

        Raises:
            RequestError: as `position`.
        """
        return bool(self.steps.administrators >> self.position(principal) & 1)

    def first_to_administration(self, most: int) -> frozenset[str]:
        """Return the first ``most`` principals, in the snapshot's order, with a proven path to administrator."""

        def first() -> Iterator[str]:
            levels = self.graph.to_administration()
            for position in sorted(self.steps.places):
                if not self.steps.administrators >> position & 1 and level_of(levels, position) is not None:
                    arn = self._subjects[position]
                    if not is_service_linked_arn(arn):
                        yield arn

        return frozenset(islice(first(), most))

    def assuming(self, role: str, *, maybe: bool = False) -> tuple[str, ...]:
        """Return the principals that can assume a role; with ``maybe`` also those that possibly can."""
        members = self.steps.assumable.of(self.steps.targets.places[role])
        return tuple(
            self._subjects[position] for position in indexes_of(members.principals if maybe else members.proven)
        )

    def cycles(self) -> Iterator[tuple[str, ...]]:
        """Yield the groups of roles that can assume each other in one or more steps."""
        for members in self.graph.cycles():
            yield tuple(self._subjects[position] for position in indexes_of(members))

    def remediation(self, attack_path: AttackPath) -> Remediation | None:
        """Return a change that ends a path, tried on a copy in tenths of a second; None if none was found."""
        if attack_path not in self._remediation_of:
            # With those of other paths in as few steps: what a change leaves of them is said.
            short = self.short_paths(attack_path.start, attack_path.goal.key, len(attack_path.steps), _MAX_OTHERS)
            steps = [step for one in (attack_path, *short) for step in one.steps]
            among = frozenset(arn for step in steps for arn in (step.source, step.target, step.goal.key))
            if self.graph.is_prepared:
                among |= {made.preparation.target for made in self.graph.prepared.known.values()}
            self._remediation_of[attack_path] = self.remediation_search.of_one(attack_path, among)
        return self._remediation_of[attack_path]

    def remediations(
        self, principal: str, goal: str = ADMINISTRATION, most: int = 20, most_remediations: int = _MAX_REMEDIATIONS
    ) -> tuple[Remediation, ...]:
        """Return changes that end the first ``most`` paths of a principal to a goal.

        Each is tried on a copy of the snapshot with the principals on the paths: hundredths of a second for dozens of
        them, as long as the whole graph if the paths involve all principals.

        Raises:
            RequestError: as `attack_path`.
        """
        attack_paths = list(self.attack_paths(principal, goal, most))
        if not any(attack_path.steps for attack_path in attack_paths):
            return ()
        found = self.remediation_search.of(attack_paths, self._on_paths(principal, goal), (principal, goal, most))
        return tuple(islice(found, most_remediations))

    def plan(self, progress: Progress = no_progress, cancelled: Cancelled = never_cancelled) -> Plan:
        """Return changes that together end the attack paths of all principals to administrator.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
        """
        of_copy = partial(_map_of_copy, self.steps.inquiry)
        return make_plan(self, self.evaluator.snapshot, of_copy, progress, cancelled)

    def count_attack_paths(self, principal: str, goal: str = ADMINISTRATION) -> int:
        """Return the number of attack paths that `attack_paths` yields without a maximum.

        Raises:
            RequestError: as `attack_path`.
        """
        return self._search.count(self.position(principal), goal)

    @property
    def preparations_left_out(self) -> int | None:
        """Number of preparations (`prepared`) after which no paths were searched; None: too many to list."""
        return self.graph.prepared.left_out

    @staticmethod
    def functions_left_out(_account: str) -> Sequence[str]:
        """As of `OrganizationReach`: none, since who may change functions of other accounts is searched."""
        return ()

    def graph_nodes(self) -> Iterator[GraphNode]:
        """Yield the accounts, users and roles, for an export."""
        for account in self.steps.members_of:
            yield GraphNode(NodeKind.ACCOUNT, account, account, account, is_administrator=False)
        for position, place in sorted(self.steps.places.items()):
            arn = self._subjects[position]
            kind = NodeKind.USER if self.steps.targets.users >> place & 1 else NodeKind.ROLE
            account = self.steps.population.cohort_at(position).account
            is_administrator = bool(self.steps.administrators >> position & 1)
            yield GraphNode(kind, arn, arn.rpartition("/")[2], account, is_administrator)

    def graph_edges(self) -> Iterator[GraphEdge]:
        """Yield the steps between them, for an export."""
        for position in sorted(self.steps.places):
            yield from self._merged(self._subjects[position], self.graph.edges_into(position), 1 << position)
        indirect = self.graph.by_account(self._indirect_edges())
        for account in dict.fromkeys((*self.graph.all_promotions, *indirect)):
            edges = (*self.graph.all_promotions.get(account, ()), *indirect.get(account, ()))
            yield from self._merged(account, edges, 0)

    def _indirect_edges(self) -> Iterator[tuple[str, Edge]]:
        """Yield (account ID, edge) for the principals that become administrators by another one."""
        proven = self.graph.indirect_promotions()
        for position, promotions in self.graph.indirect_promotions(maybe=True).items():
            sure = proven.get(position)
            members = ConfirmedAndPossible(1 << position, 0) if sure else ConfirmedAndPossible(0, 1 << position)
            account = self.steps.population.cohort_at(position).account
            yield account, (sure or promotions)[0].edge._replace(members=members)

    def _merged(self, target: str, edges: Iterable[Edge], itself: int) -> Iterator[GraphEdge]:
        """Yield one edge for each source, proven or possible, with all techniques."""
        found: dict[tuple[int, bool], dict[str, None]] = {}
        sources = sum(1 << position for position in self.steps.places) & ~itself
        for edge in edges:
            for is_proven, members in ((True, edge.members.proven), (False, edge.members.possible)):
                for position in indexes_of(members & sources):
                    found.setdefault((position, is_proven), {})[edge.path_id] = None
        for (position, is_proven), path_ids in found.items():
            how = tuple(how_words(path_id) for path_id in path_ids)
            yield GraphEdge(self._subjects[position], target, not itself, is_proven, tuple(path_ids), how)

    def _on_paths(self, principal: str, goal: str) -> frozenset[str]:
        """Return the principals on the paths from a principal to a goal, and the targets of their last steps."""
        forward, there = self.graph.forward(maybe=True), self._search.levels(goal, unsure=True)[0]
        seen = before = 1 << self.position(principal)
        while before:
            reached = 0
            for position in indexes_of(before & ~there):
                reached |= forward.get(position, 0)
            before = reached & ~seen
            seen |= before
        found = {self._subjects[position] for position in indexes_of(seen)}
        for members, edges in self.graph.last_steps(maybe=True):
            if members & seen & ~there:
                found.update(self.steps.targets.arns[edge.target] for _, edge in edges)
        return frozenset(found)

    def is_there(self, step: Step) -> bool:
        """Return whether a step of another graph, of the same snapshot before changes, is possible in this one."""
        position = self.steps.population.position(step.source)
        if position is None:
            return False
        edges: Iterator[Edge]
        if step.goal.kind is GoalKind.ADMINISTRATION:
            edges = chain(
                (edge for _, edge in self._search.last_steps(position, step.goal.key, unsure=True)),
                (edge for _, edge in (self.graph.promoters.edges if changes_another(step.path_id) else ())),
            )
        else:
            then = self.steps.population.position(step.goal.key)
            edges = iter(()) if then is None else self.graph.edges_into(then)
        return any(
            edge.path_id == step.path_id
            and self.steps.targets.arns[edge.target] == step.target
            and takes(edge, position, unsure=True)
            for edge in edges
        )


class LazyAttackPathGraph:
    """The graph of one snapshot, built once at first use by any thread."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._made: dict[Extent, AttackPathGraph] = {}
        self._making = threading.Lock()

    def __call__(
        self,
        progress: Progress = no_progress,
        cancelled: Cancelled = never_cancelled,
        workers: Workers | None = None,
        extent: Extent | None = None,
    ) -> AttackPathGraph:
        """Return the graph of an extent; if it must be built, ``workers`` do the longest parts.

        Raises:
            RequestError: The snapshot has no principal of which paths are searched.
            WorkCancelled: ``cancelled`` returned True.
            WorkError: No worker can do it; one sentence.
        """
        extent = extent or USUAL
        while extent not in self._made:
            if not self._making.acquire(timeout=_PATIENCE):
                if cancelled():
                    raise WorkCancelled
                continue
            try:
                if extent not in self._made:
                    made = AttackPathGraph(self._evaluator, progress, cancelled, workers=workers, extent=extent)
                    self._made[extent] = made
            finally:
                self._making.release()
        return self._made[extent]


def _map_of_copy(inquiry: EvaluationSession, copy: Snapshot, only: str | None = None) -> AttackPathGraph:
    """Return the graph of a changed copy, evaluated on demand; ``only``: with the steps of one principal alone."""
    evaluator = inquiry.evaluator
    graph = AttackPathGraph(Evaluator(copy, evaluator.now, evaluator.index.documents), is_whole=False)
    take_administrations(inquiry, graph.steps.inquiry)
    if only is not None:
        graph.steps.limit_callers(1 << graph.position(only))
    return graph
