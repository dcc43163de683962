"""Steps to administrator: by adding permissions, or by removing a boundary or Deny, of oneself or another principal."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, reduce
from operator import or_
from typing import NamedTuple

from iamdesk.access.principal_index import indexes_of
from iamdesk.attack_paths.administrators import OPEN, POWERS
from iamdesk.attack_paths.catalog import (
    ASSUMES,
    NEW_VERSION,
    EscalationPath,
    Gain,
    TargetConstraint,
    TargetType,
    catalog,
)
from iamdesk.attack_paths.edge_sources import NO_PRINCIPALS, ConfirmedAndPossible
from iamdesk.attack_paths.edges import ASSUMING, Edge, Edges
from iamdesk.attack_paths.evaluation_session import Context
from iamdesk.attack_paths.new_principals import creators
from iamdesk.attack_paths.session_needs import SessionNeeds
from iamdesk.attack_paths.what_if_admin import FULL, AdminHypotheses
from iamdesk.evaluate.policy_set import AttachedPolicy, SourceType
from iamdesk.evaluate.request import EvalDecision, PolicyType
from iamdesk.inventory.policy_index import CarriedPolicy
from iamdesk.policy.document import Document, parse_document
from iamdesk.snapshot.model import PolicyVersion


class Removal(NamedTuple):
    """The request by which a principal removes a policy with a Deny from itself."""

    policy: CarriedPolicy
    path_id: str
    action: str
    resource: str
    context: Context
    leaves: Sequence[CarriedPolicy] = ()
    """All policies of the group, if it leaves the group."""


_WRITES = "iam:CreatePolicyVersion"
_REMOVALS = {
    ("User", True): "X12a",
    ("Role", True): "X12b",
    ("User", False): "X12c",
    ("Role", False): "X12d",
    ("Group", True): "X12f",
    ("Group", False): "X12g",
}
"""By whose policy it is, and whether it is an inline policy: the technique that removes it."""


class SelfEscalation:
    """Finds the steps to administrator."""

    def __init__(self, steps: Edges, hypotheses: AdminHypotheses) -> None:
        self._steps = steps
        self.hypotheses = hypotheses
        self.changed: dict[int, Sequence[Edge]] = {}
        """By position: `changes_by_others`, as far as it is known."""

    def edges(self) -> Iterator[tuple[str, Edge]]:
        """Yield (account ID, edge) for each step to administrator of an account.

        Raises:
            WorkCancelled: The run was cancelled.
        """
        yield from self.of_principals()
        yield from self.of_groups()
        yield from self.of_permission_sets()
        yield from self.of_new_principals()

    def of_principals(self, number: int = 0, parts: int = 1) -> Iterator[tuple[str, Edge]]:
        """Yield the edges with users and roles as targets, for one part out of several."""
        others = self._steps.callers & ~self._steps.settled_administrators
        places = list(self._steps.places.items())
        for position, place in places[number * len(places) // parts : (number + 1) * len(places) // parts]:
            account = self._steps.account_of(place)
            if account is None:
                continue
            self._steps.inquiry.check_cancelled()
            if others >> position & 1:
                yield from ((account.account_id, edge) for edge in self._own_changes(position, place))
            yield from ((account.account_id, edge) for edge in self._changes_of(position, place))

    def of_groups(self) -> Iterator[tuple[str, Edge]]:
        """Yield the edges with groups as targets."""
        for place in indexes_of(self._steps.targets.groups):
            self._steps.inquiry.check_cancelled()
            yield from self._memberships(place)

    def of_permission_sets(self) -> Iterator[tuple[str, Edge]]:
        """Yield the edges through permission sets of IAM Identity Center."""
        others = self._steps.callers & ~self._steps.settled_administrators
        for path in self._steps.by_aim[TargetConstraint.PERMISSION_SET]:
            who = self._steps.anything.who([required.action for required in path.actions], others)
            who = self._steps.resources.narrow(path, who)
            for position in indexes_of(who.principals):
                place_of = self._steps.places.get(position)
                if place_of is None or (account := self._steps.account_of(place_of)) is None:
                    continue
                arn = self._steps.targets.arns[place_of]
                found = self._steps.identity_center.narrow(path, arn, who.within(1 << position))
                if found.proven and not self._could_be_administrator(position):
                    found = found.unsure()
                if found.principals:
                    yield account.account_id, Edge(path.id, place_of, found)

    def of_new_principals(self) -> Iterator[tuple[str, Edge]]:
        """Yield the edges through a user or role that the principal creates."""
        steps = self._steps
        for path in steps.by_aim[TargetConstraint.NEW_PRINCIPAL]:
            who = creators(steps, path, steps.callers & ~steps.settled_administrators)
            for position in indexes_of(who.principals):
                place = steps.places.get(position)
                account = None if place is None else steps.account_of(place)
                if place is not None and account is not None and self._could_be_administrator(position):
                    yield account.account_id, Edge(path.id, place, who.within(1 << position))

    def _could_be_administrator(self, position: int) -> bool:
        """Return whether a new principal in the account of another one would be an administrator with any policy."""
        own = self._steps.population.principal_policies(position).policies.identity
        return self.hypotheses.administers(position, [FULL], unbounded=True, less=[policy.document for policy in own])

    def _changes_of(self, position: int, place: int) -> Iterator[Edge]:
        """Yield the techniques that give another principal permissions, or remove its boundary, and become it."""
        others = self._steps.callers & ~self._steps.settled_administrators & ~(1 << position)
        for path in self._steps.by_aim[self._steps.aim_of(place)]:
            if path.gain not in (Gain.BECOMES, Gain.OTHER_TAGS) and not path.joined:
                yield from self.changes(path, position, place, others)

    @cached_property
    def _changing(self) -> Mapping[TargetConstraint, Sequence[tuple[EscalationPath, int]]]:
        """The techniques that change another principal, with who may use them on some, settled administrators aside."""
        steps = self._steps
        others = steps.population.regular & ~steps.settled_administrators
        return {
            aim: [(path, who) for path in steps.by_aim[aim] if path.joined and (who := steps.may_change(path, others))]
            for aim in (TargetConstraint.USER, TargetConstraint.ROLE)
        }

    @cached_property
    def promoters(self) -> int:
        """Who may change some other principal so that it becomes an administrator, as bits."""
        return reduce(or_, (who for techniques in self._changing.values() for _, who in techniques), 0)

    def changes_by_others(self, position: int, place: int) -> Sequence[Edge]:
        """Return the edges by which principals that need it make another one an administrator.

        Kept for `joined` and `find_promoters`, which need them of the same principals.
        """
        known = self.changed.get(position)
        if known is None:
            itself = 1 << position
            known = self.changed[position] = tuple(
                edge
                for path, who in self._changing[self._steps.aim_of(place)]
                if who & ~itself
                for edge in self.changes(path, position, place, who & ~itself)
            )
        return known

    def joined(
        self, others: int, predecessors: Mapping[int, ConfirmedAndPossible] | None, number: int = 0, parts: int = 1
    ) -> Iterator[tuple[str, Edge]]:
        """Yield the edges by which some principals change another one and become it by any technique.

        Args:
            others: These principals, as bits: those that are more than one step from administrator.
            predecessors: By position, who can become the principal in one step (`StepGraph.into`), if that is known.
            number: Which part of the targets to go over, from 0.
            parts: Number of parts.

        Raises:
            WorkCancelled: The run was cancelled.
        """
        steps = self._steps
        others &= steps.callers & self.promoters
        places = list(steps.places.items())
        for position, place in places[number * len(places) // parts : (number + 1) * len(places) // parts]:
            account = steps.account_of(place)
            if account is None:
                continue
            steps.inquiry.check_cancelled()
            near = others & ~(1 << position)
            if predecessors is not None:
                near &= predecessors[position].principals if position in predecessors else 0
            if not near:
                continue
            edges_into: list[Edge] | None = None
            for change in self.changes_by_others(position, place):
                members = change.members.within(near)
                if not members.principals:
                    continue
                if edges_into is None:
                    edges_into = [one for one in steps.into(place) if one.members.principals & others]
                needs = self.session_needs(first_of(change), position)
                then = edges_into if needs is None else list(self._then(needs, edges_into))
                edge = change._replace(members=members)
                yield from ((account.account_id, one) for one in completed(edge, then))

    def _then(self, needs: SessionNeeds, edges_into: Iterable[Edge]) -> Iterator[Edge]:
        """Yield techniques to become a role in sessions that need something; who knows what those of services have."""
        for edge in edges_into:
            role = self._steps.targets.arns[edge.target]
            members = self._steps.in_sessions(role, needs, edge.members, is_assumed=edge.path_id in ASSUMING)
            yield edge._replace(members=members)

    def session_needs(self, path: EscalationPath, position: int) -> SessionNeeds | None:
        """Return what sessions of a role need to be administrators after a technique changed it; None: nothing."""
        role = self._steps.inquiry.evaluator.index.roles.get(self._steps.population.index.subjects[position])
        needs = self.hypotheses.session_needs(position, unbounded=path.is_unbounding)
        return None if role is None else self._steps.asked_of_callers(role, needs)

    def changes(self, path: EscalationPath, position: int, place: int, who: int) -> Iterator[Edge]:
        """Yield the edges by which some principals make another one an administrator by one technique.

        If the technique has to be joined with one to become it, as if its sessions needed nothing (`session_needs`).
        """
        for edge in self._changes(path, position, place, who):
            needs = None if path.joined else self.session_needs(path, position)
            members = edge.members
            if needs is not None:
                role = self._steps.targets.arns[place]
                is_assumed = any(required.action == ASSUMES for required in path.actions)
                members = self._steps.in_sessions(role, needs, members, is_assumed=is_assumed)
            if members.principals:
                yield edge._replace(members=members)

    def _changes(self, path: EscalationPath, position: int, place: int, who: int) -> Iterator[Edge]:
        members = self._steps.members(path, place).within(who)
        if not members.principals:
            return
        match path.gain:
            case Gain.WITHOUT_BOUNDARY | Gain.ANOTHER_BOUNDARY:
                if self._is_held_by_boundary(position):
                    yield Edge(path.id, place, members)
            case Gain.OLDER_VERSION:
                if any(self._revives(position, policy) for policy in self._steps.policies_of(place)):
                    yield Edge(path.id, place, members)
            case Gain.MEMBERSHIP:  # of a group that makes it an administrator
                yield Edge(path.id, place, members)
            case _:
                yield from self._widened(path, position, place, members)

    def _is_held_by_boundary(self, position: int, more: Sequence[AttachedPolicy] = ()) -> bool:
        is_bounded = self._steps.population.principal_policies(position).policies.boundary is not None
        return is_bounded and self.hypotheses.administers(position, more, unbounded=True)

    def _widened(
        self, path: EscalationPath, position: int, place: int, members: ConfirmedAndPossible
    ) -> Iterator[Edge]:
        """Yield the steps that give a principal any permission, if that makes it an administrator."""
        if self.hypotheses.administers(position, [FULL]):
            yield Edge(path.id, place, members)
            return
        found = self._replacing(path, position, place, members)
        if found.principals:
            yield Edge(path.id, place, found)
        left = members.within(~found.proven)
        if left.principals and self._is_held_by_boundary(position, [FULL]):
            yield from self._then_unbounded(path, position, place, left)

    def _then_unbounded(
        self, path: EscalationPath, position: int, place: int, members: ConfirmedAndPossible
    ) -> Iterator[Edge]:
        """Yield a technique that gives a principal any permission together with one that takes off its boundary."""
        for off, resource, context in self.unboundings(place):
            decision = self.hypotheses.decide(position, [FULL], off.actions[0].action, resource, context)
            if decision in OPEN:
                is_sure = decision is EvalDecision.ALLOWED
                yield Edge(f"{path.id}+{off.id}", place, members if is_sure else members.unsure())
                if is_sure:
                    return
        off = catalog().path("iam-022" if self._steps.targets.users >> place & 1 else "X21")
        both = members.both(self._steps.sources(off, off.actions[0].action, self._steps.kind_of(place)).of(place))
        if both.principals:
            yield Edge(f"{path.id}+{off.id}", place, both)

    def unboundings(self, place: int) -> Iterator[tuple[EscalationPath, str, Context]]:
        """Yield how a principal takes off its own boundary, with resource and context of the call."""
        is_user = bool(self._steps.targets.users >> place & 1)
        for path_id in ("iam-022", "X11a") if is_user else ("X21", "X11b"):
            path = catalog().path(path_id)
            yield path, self._steps.targets.arns[place], self._steps.context_of(path, path.actions[0].action)
        for boundary in self._steps.boundary_of(place):
            yield catalog().path("X76"), self._steps.targets.arns[boundary], {}

    def _own_changes(self, position: int, place: int) -> Iterator[Edge]:
        alone = list(self._without_denials(position, place))
        for path in self._steps.by_aim[TargetConstraint.ITSELF]:
            if (
                path.gain in (Gain.WITHOUT_DENIAL, Gain.OTHER_TAGS)
                or not self._steps.may_change_own(path) >> position & 1
            ):
                continue
            members = self._steps.own(path, place).within(1 << position)
            if not members.principals:
                continue
            if path.gain is Gain.ANY_PERMISSION:
                widened = list(self._widened(path, position, place, members))
                if not widened and not any(one.members.proven for one in alone):
                    widened = list(self._then_without_denials(path, position, place, members))
                yield from widened
            elif path.gain is Gain.OLDER_VERSION:
                if any(self._revives(position, policy) for policy in self._steps.policies_of(place)):
                    yield Edge(path.id, place, members)
            elif self._is_held_by_boundary(position):
                yield Edge(path.id, place, members)
        yield from alone

    def _replacing(
        self, path: EscalationPath, position: int, place: int, members: ConfirmedAndPossible
    ) -> ConfirmedAndPossible:
        """Return who makes a principal an administrator by writing any permission over what prevents it."""
        found = NO_PRINCIPALS
        for is_sure in (True, False):
            for who, gone in self.overwriting(path, place, members.within(~found.principals), is_sure=is_sure):
                less = self.documents_gone(place, gone)
                unbounded = None in gone
                if (less or unbounded) and self.hypotheses.administers(
                    position, [FULL], less=less, unbounded=unbounded
                ):
                    found = found.either(who)
        return found

    def overwriting(
        self, path: EscalationPath, place: int, members: ConfirmedAndPossible, *, is_sure: bool
    ) -> Iterator[tuple[ConfirmedAndPossible, Sequence[CarriedPolicy | None]]]:
        """Yield (principals, policies with a Deny that a technique replaces for them); None: the boundary.

        Writing an inline policy of the same name replaces it (IAM API Reference, PutUserPolicy), and a new version
        replaces the default one. Without ``is_sure`` also what they possibly can write, as possible.
        """
        apart: list[tuple[ConfirmedAndPossible, tuple[CarriedPolicy | None, ...]]] = [(members, ())]
        for policy, written in self._written(path, place) if members.principals else ():
            sources = self._steps.sources(path, path.actions[0].action, self._steps.kind_of(written)).of(written)
            writing = sources.proven if is_sure else sources.principals
            apart = [
                (inside, (*gone, policy) if bits > 0 else gone)
                for who, gone in apart
                for bits in (writing, ~writing)
                if (inside := who.within(bits)).principals
            ]
        yield from ((who if is_sure else who.unsure(), gone) for who, gone in apart if gone)

    def _written(self, path: EscalationPath, place: int) -> Iterator[tuple[CarriedPolicy | None, int]]:
        """Yield the policies with a Deny that a technique can write anew, with the place of the call's resource.

        None: the boundary.
        """
        steps, required = self._steps, path.actions[0]
        arn = steps.targets.arns[place]
        carried = steps.inquiry.evaluator.index.carried(arn)
        denying = [policy for policy in carried.identity if _denies(policy.document)]
        if required.action == _WRITES:
            own = set(steps.policies_of(place))
            for policy in denying:
                written = steps.targets.places.get(policy.source_id)
                if not policy.is_inline and written in own and written is not None:
                    yield policy, written
            yield from ((None, one) for one in steps.boundary_of(place) if one in own)
        elif ":Put" in required.action:
            is_own = required.on in (TargetType.ITSELF, TargetType.TARGET)
            for policy in denying:
                if policy.is_inline and (policy.owner == arn) == is_own and policy.owner in steps.targets.places:
                    yield policy, steps.targets.places[policy.owner]

    def documents_gone(self, place: int, gone: Iterable[CarriedPolicy | None]) -> frozenset[Document]:
        """Return the documents of some policies of a principal, without those that others of its policies have, too."""
        policies = [policy for policy in gone if policy is not None]
        keys = {(policy.owner, policy.source_id) for policy in policies}
        carried = self._steps.inquiry.evaluator.index.carried(self._steps.targets.arns[place]).identity
        kept = {policy.document for policy in carried if (policy.owner, policy.source_id) not in keys}
        return frozenset({policy.document for policy in policies} - kept)

    def _revives(self, position: int, policy: int) -> bool:
        """Return whether an older version of a policy would make a principal that has it an administrator."""
        inquiry = self._steps.inquiry
        arn = self._steps.targets.arns[policy]
        current = inquiry.evaluator.index.document_of(arn.split(":", 5)[4], arn)
        holder = self._steps.population.index.subjects[position]
        every = (
            current is not None
            and _denies(current)
            and all(inquiry.applies_to_action(holder, power.action) for power in POWERS)
        )
        key = "versions with powers", arn, every
        versions = inquiry.once(key, lambda: tuple(self._versions_with_powers(arn, every)))
        if not versions:
            return False
        for older in (self._as_policy(arn, version) for version in versions):
            if older.document == current:
                continue
            if self.hypotheses.administers(position, [older], less=() if current is None else (current,)):
                return True
        return False

    def _versions_with_powers(self, arn: str, every: bool) -> Iterator[PolicyVersion]:
        """Yield the versions of a policy with several ones that could make a principal an administrator at all.

        ``every``: all of them, since the current one has a Deny.
        """
        detail = self._steps.inquiry.evaluator.index.managed_policy("", arn)
        if detail is not None and len(detail.policy_version_list) > 1:
            for version in detail.policy_version_list:
                # Parsed here only, and not cached: most non-default versions have no powers.
                if every or _applies_to_powers(parse_document(version.document)):
                    yield version

    def _as_policy(self, arn: str, version: PolicyVersion) -> AttachedPolicy:
        document = self._steps.inquiry.evaluator.index.parse(version.document)
        return AttachedPolicy(PolicyType.IDENTITY, SourceType.USER_MANAGED, arn, arn, arn, arn, document)

    def _without_denials(self, position: int, place: int) -> Iterator[Edge]:
        """Yield the technique by which a principal removes the Deny statements that prevent administrator access."""
        steps = self._steps
        arn = steps.targets.arns[place]
        removals = list(self.removals(place))
        if not removals or not all(steps.inquiry.applies_to_action(arn, power.action) for power in POWERS):
            return
        decisions = [steps.inquiry.decide(arn, one.action, one.resource, one.context) for one in removals]
        found = self._removed(position, removals, decisions)
        if found is not None:
            path_id, is_sure = found
            bit = 1 << position
            yield Edge(path_id, place, ConfirmedAndPossible(bit, 0) if is_sure else ConfirmedAndPossible(0, bit))

    def _then_without_denials(
        self, path: EscalationPath, position: int, place: int, members: ConfirmedAndPossible
    ) -> Iterator[Edge]:
        """Yield the step by which a principal gives itself any permission, and with it removes its Deny statements."""
        found: tuple[str, bool] | None = None
        removals: list[Removal] = []
        for more in (self.removals(place), self.new_versions(place)):
            removals += [one for one in more if not self._loses_permissions(path, place, one)]
            decisions = [
                self.hypotheses.decide(position, [FULL], one.action, one.resource, one.context) for one in removals
            ]
            found = found or self._removed(position, removals, decisions, [FULL])
        if found is not None:
            path_id, is_sure = found
            yield Edge(f"{path.id}+{path_id}", place, members if is_sure else members.unsure())

    def _loses_permissions(self, path: EscalationPath, place: int, removal: "Removal") -> bool:
        """Return whether a removal could take away the permissions that a technique adds to a group or a policy."""
        arn = self._steps.targets.arns[place]
        if removal.leaves and any(required.on is TargetType.OWN_GROUP for required in path.actions):
            return True
        return any(
            self._steps.inquiry.decide(arn, required.action, one.source_id) in OPEN
            for required in path.actions
            if required.on is TargetType.OWN_POLICY
            for one in (removal.policy, *removal.leaves)
            if not one.is_inline
        )

    def _removed(
        self,
        position: int,
        removals: Sequence["Removal"],
        decisions: Sequence[EvalDecision],
        more: Sequence[AttachedPolicy] = (),
    ) -> tuple[str, bool] | None:
        """Return the techniques that remove policies, and whether all are allowed, if an administrator is left."""
        place = self._steps.places[position]
        asked = list(zip(removals, decisions, strict=True))
        for decided in ((EvalDecision.ALLOWED,), OPEN):
            chosen: dict[tuple[str, str], Removal] = {}
            for one, decision in asked:
                if decision in decided:
                    chosen.setdefault((one.policy.owner, one.policy.source_id), one)
            policies = (policy for one in chosen.values() for policy in (one.policy, *one.leaves))
            if chosen and self.hypotheses.administers(position, more, less=self.documents_gone(place, policies)):
                return "+".join(sorted({one.path_id for one in chosen.values()})), len(decided) == 1
        return None

    def removals(self, place: int) -> Iterator["Removal"]:
        """Yield the requests by which a principal removes each policy with a Deny from itself or from its group.

        Leaving the group comes last: it takes away the group's other policies, too.
        """
        steps = self._steps
        arn = steps.targets.arns[place]
        kind = "User" if steps.targets.users >> place & 1 else "Role"
        carried = steps.inquiry.evaluator.index.carried(arn).identity
        for policy in carried:
            if not _denies(policy.document):
                continue
            holder = kind if policy.owner == arn else "Group"
            path_id = _REMOVALS[holder, policy.is_inline]
            context: Context = {} if policy.is_inline else {"iam:PolicyARN": policy.source_id}
            call = f"iam:{'Delete' if policy.is_inline else 'Detach'}{holder}Policy"
            yield Removal(policy, path_id, call, policy.owner, context)
            if holder == "Group":
                others = tuple(one for one in carried if one.owner == policy.owner)
                yield Removal(policy, "X12e", "iam:RemoveUserFromGroup", policy.owner, {}, others)

    def new_versions(self, place: int) -> Iterator["Removal"]:
        """Yield the requests by which a principal writes each of its managed policies with a Deny anew, without it."""
        steps = self._steps
        for policy in steps.inquiry.evaluator.index.carried(steps.targets.arns[place]).identity:
            written = steps.targets.places.get(policy.source_id)
            if not policy.is_inline and _denies(policy.document) and written in steps.policies_of(place):
                yield Removal(policy, NEW_VERSION, _WRITES, policy.source_id, {})

    def _memberships(self, place: int) -> Iterator[tuple[str, Edge]]:
        """Yield the technique by which users become administrators as members of a group."""
        steps = self._steps
        group = steps.population.group_position(steps.targets.arns[place])
        account = steps.account_of(place)
        if group is None or account is None:
            return
        for path in steps.by_aim[TargetConstraint.GROUP]:
            members = steps.members(path, place).within(steps.users & ~steps.settled_administrators)
            if not members.principals or not self.hypotheses.administers(group):
                continue
            policies = steps.population.principal_policies(group).policies.identity
            gaining = 0
            for position in indexes_of(members.principals):
                if self.hypotheses.denies_little(position) or self.hypotheses.administers(position, policies):
                    gaining |= 1 << position
            if gaining:
                yield account.account_id, Edge(path.id, place, members.within(gaining))


def first_of(change: Edge) -> EscalationPath:
    """Return the technique that changes a principal; another one may follow on it."""
    return catalog().path(change.path_id.partition("+")[0])


def completed(change: Edge, edges_into: Iterable[Edge]) -> Iterator[Edge]:
    """Yield a change of a principal together with steps to become it: for each source the first step, proven first."""
    proven = possible = 0
    for one in edges_into:
        both = change.members.both(one.members)
        found = ConfirmedAndPossible(both.proven & ~proven, both.possible & ~proven & ~possible)
        proven |= found.proven
        possible |= found.possible
        if found.principals:
            yield Edge(f"{change.path_id}+{one.path_id}", change.target, found)


def _denies(document: Document) -> bool:
    return not all(one.is_allow for one in document.statements)


def _applies_to_powers(document: Document) -> bool:
    for power in POWERS:
        service, _, name = power.action.lower().partition(":")
        if not any(
            one.is_allow and one.broken is None and one.covers_action(service, name) for one in document.statements
        ):
            return False
    return True
