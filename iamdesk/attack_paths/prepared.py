"""Steps after a preparation: with more permissions of its own, as a member of a group, or with other tags.

A preparation changes what policies allow, so it is made in a copy of the snapshot, and the steps of those who can make
it are searched in the copy. One copy serves many principals: each joins one group in it, or gets one tag.
"""

import sys
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from iamdesk.access.evaluator import Evaluator
from iamdesk.access.principal_index import indexes_of
from iamdesk.attack_paths.administrators import is_administrator
from iamdesk.attack_paths.catalog import (
    LAST,
    EscalationPath,
    Gain,
    TargetConstraint,
    TargetType,
    catalog,
    how_words,
    preference,
)
from iamdesk.attack_paths.edge_sources import NO_PRINCIPALS, ConfirmedAndPossible, EdgeSources
from iamdesk.attack_paths.edges import Edge, Edges
from iamdesk.attack_paths.evaluation_session import Context, EvaluationSession
from iamdesk.attack_paths.evidence import Prover
from iamdesk.attack_paths.self_escalation import SelfEscalation, completed
from iamdesk.attack_paths.session_needs import SessionNeed, SessionNeeds, passing
from iamdesk.attack_paths.types import Extent, Proof, StepKey
from iamdesk.attack_paths.what_if_admin import EVERYTHING, FULL, AdminHypotheses
from iamdesk.aws.condition_keys import PRINCIPAL_TAG_PREFIX, RESOURCE_TAG_PREFIXES
from iamdesk.evaluate.policy_set import AttachedPolicy
from iamdesk.evaluate.request import EvalDecision
from iamdesk.i18n import phrase
from iamdesk.inventory.policy_index import CarriedPolicy
from iamdesk.policy.conditions import PolicyValue
from iamdesk.policy.statement import Statement
from iamdesk.policy.variables import fill
from iamdesk.whatif.apply import apply, document_of
from iamdesk.whatif.edits import Edit, EditAction, WhatIfError

_USER_NAME = "aws:username"
_MAX_ROUNDS = 12
_MAX_PRINCIPALS = 3000
"""Principals in all copies together: in larger snapshots, one more copy takes too long."""
_MAX_PASSED = 200
"""Pairs of roles that are tried with values passed to the first one."""
_MAX_TAGS = 6
"""Tags that are tried for each technique."""
_SERVICES = frozenset({"iam", "sts"})
_SURE = frozenset({EvalDecision.ALLOWED})
_ADDED = "iamdesk-any-permission"
"""Name of the policy that principals add in a copy."""

type Into = Mapping[int, ConfirmedAndPossible]
"""By position: who can become the principal in one step (`StepGraph.into`)."""


@dataclass(frozen=True, slots=True)
class Preparation:
    """One preparation, of some principals alike."""

    path_id: str
    """Several techniques joined with ``+`` where one needs another."""
    target: str
    """ARN of the entity that it changes: of itself, a group, or of whom it changes or tags."""
    edits: tuple[Edit, ...]
    callers: ConfirmedAndPossible
    context: Context | None = None
    """Of its only call; None: the evidence is that of the techniques."""
    place: int = -1
    """Place of the target that it is for; -1: of any."""
    near: int = -1
    """The principals, as bits, to become which it is for."""
    changed: str = ""
    """ARN of the other principal that they change, and become; empty: it is about themselves."""
    passed: SessionNeed | None = None
    """What they pass when they assume it, if that is all."""

    @property
    def is_own_widening(self) -> bool:
        """Whether principals give themselves any permission."""
        return not self.changed and any(edit.detail == _ADDED for edit in self.edits)

    @property
    def how(self) -> str:
        """What it does, to complete "by …"."""
        if self.passed is not None:
            return phrase("{what} ({name})", what=how_words(self.path_id), name=self.changed.rpartition("/")[2])
        edit = self.edits[0]
        if edit.act is EditAction.JOIN_GROUP:
            return phrase("joining the group {name}", name=self.target.rpartition("/")[2])
        what = how_words(self.path_id)
        if self.changed:
            return phrase("{what} ({name})", what=what, name=self.changed.rpartition("/")[2])
        if edit.act is not EditAction.TAG:
            return what
        return phrase("{what}: {key}={value}", what=what, key=edit.detail, value=str(edit.document))

    def proofs(self, prover: Prover, source: str) -> Iterator[Proof]:
        """Yield the evaluated requests of one of the principals."""
        if self.passed is not None:
            yield from prover.assuming_with(source, self.changed, self.passed)
        elif self.context is None:
            yield from prover.of_techniques(source, self.changed or source, self.path_id)
        else:
            (required,) = catalog().path(self.path_id).actions
            yield prover.request_proof(source, required.action, self.target, self.context)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A preparation, and the graph in which the steps after it are proven."""

    preparation: Preparation
    rest: str
    """Ids of the techniques after it, joined with ``+``; empty if the principal is an administrator then."""
    prover: Prover

    def proofs(self, actor: str, target: str) -> Iterator[Proof]:
        """Yield the evaluated requests of the techniques after the preparation."""
        passed = self.preparation.passed
        if passed is not None:
            yield from self.prover.assuming_in(actor, target, passed)
        elif self.rest:
            yield from self.prover.of_techniques(actor, target, self.rest)


@dataclass(slots=True)
class PreparedSteps:
    """The steps after preparations."""

    into: dict[int, list[Edge]] = field(default_factory=dict)
    """By position: the techniques by which principals become it."""
    promotions: dict[str, list[Edge]] = field(default_factory=dict)
    """By account ID: the steps to administrator of it."""
    known: dict[StepKey, Prepared] = field(default_factory=dict)
    left_out: int | None = 0
    """Number of preparations that are known and were not tried; None: the snapshot has too many principals."""


@dataclass(frozen=True, slots=True)
class _Round:
    moves: Mapping[int, Sequence[Preparation]]
    """By position of the principal that takes the steps after them: preparations by equal changes of it."""


def prepared_steps(
    steps: Edges,
    find_into: Callable[[], Into],
    far: int,
    extent: Extent,
    among: int = -1,
    known: PreparedSteps | None = None,
) -> PreparedSteps:
    """Return the steps of principals after preparations, other than those without.

    Args:
        steps: The steps of the snapshot.
        find_into: Returns, by position, who can become the principal in one step; called if there are preparations.
        far: The principals, as bits, that are more than one step from administrator.
        extent: How far they are searched.
        among: Those of them whose steps are searched.
        known: The steps of others, to add to.

    Raises:
        WorkCancelled: The run was cancelled.
    """
    found = known or PreparedSteps()
    far &= steps.callers & ~steps.settled_administrators
    others = far & among
    if not others:
        return found
    most = _copies(extent, len(steps.places))
    if most == 0:
        found.left_out = None
        return found
    rounds = [*_changing(steps, others, far), *_joining(steps, others), *_tagging(steps, others, found)]
    alone = _without_preparation(steps) if rounds else {}
    for one in rounds[:most]:
        steps.inquiry.check_cancelled()
        _search(steps, find_into(), alone, one, found)
    _passing_on(steps, others, find_into, found)
    found.left_out = (found.left_out or 0) + sum(
        made.callers.principals.bit_count() for one in rounds[most:] for of in one.moves.values() for made in of
    )
    return found


def _copies(extent: Extent, principals: int) -> int:
    """Return the number of copies of a snapshot with some principals."""
    if extent.start:
        return sys.maxsize
    if extent.principals is not None:
        return extent.principals // max(1, principals)
    return min(_MAX_ROUNDS, _MAX_PRINCIPALS // max(1, principals))


def _changing(steps: Edges, others: int, far: int) -> Iterator[_Round]:
    """Yield rounds in which principals give any permission to themselves or to another one that they become.

    Within boundary and SCPs: whom it makes administrators is left out, as that is a step of its own. In the copy, it is
    an inline policy that allows everything, however they add it, and what the technique writes over is gone. Or they
    take off the boundary and policies with a Deny. Each change is of one principal alone, so many share a copy.
    """
    changes = _Changes(steps, others, far)
    listed = {position: changes.of(position, place) for position, place in steps.places.items()}
    for number in range(max(map(len, listed.values()), default=0)):
        yield _Round({at: several[number] for at, several in listed.items() if number < len(several)})


class _Changes:
    """The changes of single principals by themselves and by others."""

    def __init__(self, steps: Edges, others: int, far: int) -> None:
        self._steps = steps
        self._others = others
        self._far = far
        self._escalation = SelfEscalation(steps, steps.hypotheses)
        self._attaching: dict[str, EdgeSources] = {}
        self._changing = [
            path
            for aim in (TargetConstraint.USER, TargetConstraint.ROLE)
            for path in steps.by_aim[aim]
            if path.gain is Gain.ANY_PERMISSION and steps.may_change(path, others & steps.callers)
        ]

    def of(self, position: int, place: int) -> Sequence[Sequence[Preparation]]:
        """Return the preparations that change a principal, together those with equal changes."""
        found: dict[Hashable, list[Preparation]] = {}
        for made in (*self._by_itself(position, place), *self._by_others(position, place)):
            found.setdefault(tuple((edit.act, edit.subject, edit.detail) for edit in made.edits), []).append(made)
        return list(found.values())

    def _by_itself(self, position: int, place: int) -> Iterator[Preparation]:
        itself = 1 << position
        if not self._others & itself:
            return
        arn = self._steps.targets.arns[place]
        best: Preparation | None = None
        rank = (False, -1)
        for path in self._steps.by_aim[TargetConstraint.ITSELF]:
            if path.gain is not Gain.ANY_PERMISSION or not self._steps.may_change_own(path) & itself:
                continue
            members = self._own(path, place).within(itself)
            if not members.principals or self._steps.hypotheses.administers(position, [FULL]):
                continue
            gone = next((gone for _, gone in self._escalation.overwriting(path, place, members, is_sure=True)), ())
            if (bool(members.proven), len(gone)) > rank:
                rank = bool(members.proven), len(gone)
                best = Preparation(path.id, arn, self._edits(place, gone, is_full=True), members)
                written = gone
        if best is None:
            for leaves in (False, True):
                gone, ids = self._removable(position, place, [], leaves=leaves)
                if gone:
                    yield Preparation("+".join(ids), arn, self._edits(place, gone), ConfirmedAndPossible(itself, 0))
            return
        yield best
        gone, ids = self._removable(position, place, [FULL])
        if set(gone) - set(written):
            edits = self._edits(place, (*written, *gone), is_full=True)
            yield replace(best, path_id="+".join((best.path_id, *ids)), edits=edits)

    def _own(self, path: EscalationPath, place: int) -> ConfirmedAndPossible:
        """Return who is allowed a technique on its own entities, with a policy that allows everything."""
        steps = self._steps
        (required, *further) = path.actions
        if further or "iam:PolicyARN" not in steps.context_of(path, required.action):
            return steps.own(path, place)
        if path.id not in self._attaching:  # of policies that exist, AdministratorAccess alone
            kind = steps.targets.groups if required.on is TargetType.OWN_GROUP else steps.targets.users
            kind = steps.targets.roles if required.action == "iam:AttachRolePolicy" else kind
            context = steps.context_of(path, required.action)
            self._attaching[path.id] = steps.finder.find(required.action, kind, context)
        found = NO_PRINCIPALS
        for own in steps.groups_of(place) if required.on is TargetType.OWN_GROUP else (place,):
            found = found.either(self._attaching[path.id].of(own))
        return found

    def _removable(
        self, position: int, place: int, more: Sequence[AttachedPolicy], *, leaves: bool = False
    ) -> tuple[Sequence[CarriedPolicy | None], Sequence[str]]:
        """Return what a principal takes off that limits it, None for its boundary, and by which techniques.

        ``more``: with further policies. ``leaves``: also groups.
        """
        hypotheses, escalation = self._steps.hypotheses, self._escalation
        gone: dict[tuple[str, str], CarriedPolicy | None] = {}
        ids: set[str] = set()
        removals = (*escalation.removals(place), *(escalation.new_versions(place) if more else ()))
        for one in removals:
            key = (one.policy.owner, one.policy.source_id)
            is_open = key not in gone and (leaves or not one.leaves)
            if is_open and hypotheses.decide(position, more, one.action, one.resource, one.context) in _SURE:
                gone.update({(policy.owner, policy.source_id): policy for policy in (one.policy, *one.leaves)})
                ids.add(one.path_id)
        for off, resource, context in escalation.unboundings(place) if self._is_bounded(position) else ():
            if ("", "") not in gone and hypotheses.decide(
                position, more, off.actions[0].action, resource, context
            ) in _SURE:
                gone["", ""] = None
                ids.add(off.id)
        has_left = any(one.leaves and one.path_id in ids for one in removals)
        return (tuple(gone.values()), sorted(ids)) if not leaves or has_left else ((), ())

    def _is_bounded(self, position: int) -> bool:
        return self._steps.population.principal_policies(position).policies.boundary is not None

    def _by_others(self, position: int, place: int) -> Iterator[Preparation]:
        steps, target = self._steps, self._steps.targets.arns[place]
        paths = [one for one in self._changing if one.target is steps.aim_of(place)]
        who = self._others & steps.callers & ~(1 << position)
        if not paths or steps.hypotheses.administers(position, [FULL]):
            return
        taken = 0
        edges_into: Sequence[Edge] | None = None
        for path in paths:
            members = steps.members(path, place).within(who)
            if not members.principals:
                continue
            changes = [Edge(path.id, place, members)]
            if path.joined:
                edges_into = list(steps.into(place)) if edges_into is None else edges_into
                changes = list(completed(changes[0], edges_into))
            for change in changes:
                for written, gone in self._escalation.overwriting(path, place, change.members, is_sure=True):
                    yield self._of_other(change.path_id, target, self._edits(place, gone, is_full=True), written)
                left = change.members.within(~taken)
                taken |= left.proven
                if left.principals:
                    yield self._of_other(change.path_id, target, self._edits(place, (), is_full=True), left)

    def _of_other(
        self, path_id: str, target: str, edits: tuple[Edit, ...], callers: ConfirmedAndPossible
    ) -> Preparation:
        return Preparation(path_id, target, edits, callers, near=~self._far, changed=target)

    def _edits(self, place: int, gone: Sequence[CarriedPolicy | None], *, is_full: bool = False) -> tuple[Edit, ...]:
        """Return the changes of a principal alone that take off policies: of groups, it keeps the other policies."""
        steps, arn = self._steps, self._steps.targets.arns[place]
        found = [Edit(EditAction.PUT_INLINE_POLICY, arn, _ADDED, document=EVERYTHING)] if is_full else []
        keys = {(one.owner, one.source_id) for one in gone if one is not None}
        if None in gone:
            found.append(Edit(EditAction.REMOVE_BOUNDARY, arn))
        for policy in dict.fromkeys(one for one in gone if one is not None and one.owner == arn):
            act = EditAction.DELETE_INLINE_POLICY if policy.is_inline else EditAction.DETACH_POLICY
            found.append(Edit(act, arn, policy.source_id))
        carried = steps.inquiry.evaluator.index.carried(arn).identity
        attached = {one.source_id for one in carried if one.owner == arn}
        for group in dict.fromkeys(owner for owner, _ in keys if owner != arn):
            found.append(Edit(EditAction.LEAVE_GROUP, arn, group))
            for policy in carried:
                if policy.owner != group or (group, policy.source_id) in keys:
                    continue
                if policy.is_inline:
                    document = document_of(steps.inquiry.snapshot, policy.key)
                    name = f"{policy.source_id}-{len(found)}"
                    found.append(Edit(EditAction.PUT_INLINE_POLICY, arn, name, document=document))
                elif policy.source_id not in attached:
                    attached.add(policy.source_id)
                    found.append(Edit(EditAction.ATTACH_POLICY, arn, policy.source_id))
        return tuple(found)


def _joining(steps: Edges, others: int) -> Iterator[_Round]:
    """Yield rounds in which each user joins one of the groups that it can join."""
    targets = steps.targets
    moves: dict[int, list[Preparation]] = {}
    for path in steps.by_aim[TargetConstraint.GROUP]:
        for place in indexes_of(targets.groups):
            position = steps.population.group_position(targets.arns[place])
            if position is None or not _matters(steps, position):
                continue
            members = steps.members(path, place).within(steps.users & others)
            for user in indexes_of(members.principals):
                arn = steps.population.index.subjects[user]
                if place not in steps.groups_of(steps.places[user]):
                    edit = Edit(EditAction.JOIN_GROUP, arn, targets.arns[place])
                    made = Preparation(path.id, targets.arns[place], (edit,), members.within(1 << user), {})
                    moves.setdefault(user, []).append(made)
    for number in range(max(map(len, moves.values()), default=0)):
        yield _Round({user: [listed[number]] for user, listed in moves.items() if number < len(listed)})


def _matters(steps: Edges, group: int) -> bool:
    """Return whether the policies of a group allow an action that some technique needs."""
    actions = {required.action for path in catalog().paths for required in path.actions}
    return any(
        statement.is_allow and statement.broken is None and statement.covers_action(*action.lower().split(":"))
        for policy in steps.population.principal_policies(group).policies.identity
        for statement in policy.document.statements
        for action in actions
    )


def _tagging(steps: Edges, others: int, found: PreparedSteps) -> Iterator[_Round]:
    """Yield rounds in which principals tag themselves or others, and count the tags that are left out."""
    tags_of_self, tags_of_target = _tags(steps, others)
    for path in catalog().paths:
        if path.gain is not Gain.OTHER_TAGS:
            continue
        (required,) = path.actions
        kind = steps.targets.users if "User" in required.action else steps.targets.roles
        is_self = required.on is TargetType.ITSELF
        listed = tags_of_self if is_self else tags_of_target
        tried = 0
        for key, value in listed[:_MAX_TAGS]:
            context: Context = {f"aws:RequestTag/{key}": value, "aws:TagKeys": [key]}
            sources = steps.finder.find(required.action, kind, context)
            moves: dict[int, list[Preparation]] = {}
            for place in indexes_of(kind):
                own = steps.position_of(place)
                members = sources.of(place).within(others)
                if is_self:
                    members = members.within(0 if own is None else 1 << own)
                arn = steps.targets.arns[place]
                if not members.principals or steps.targets.tag_values(place, (key,)) == (value,):
                    continue
                edit = Edit(EditAction.TAG, arn, key, value)
                for source in indexes_of(members.principals & ~(0 if is_self or own is None else 1 << own)):
                    made = Preparation(path.id, arn, (edit,), members.within(1 << source), context)
                    moves.setdefault(source, []).append(replace(made, place=-1 if is_self else place))
            if moves:
                tried += 1
                yield _Round(moves)
        if tried and found.left_out is not None:  # who can set these tags can very likely set the others, too
            found.left_out += len(listed[_MAX_TAGS:])


type _Tag = tuple[str, str]
"""A tag: key in lower case, value."""


def _tags(steps: Edges, others: int) -> tuple[Sequence[_Tag], Sequence[_Tag]]:
    """Return the tags that Allow statements require of principals, and of users and roles as targets.

    First those that statements name, then those that they compare: ``aws:ResourceTag/team`` with
    ``${aws:PrincipalTag/team}`` (IAM User Guide, "IAM tutorial: Define permissions to access AWS resources based on
    tags") takes the values that targets and principals have, each for the other.
    """
    of_principal: dict[_Tag, None] = {}
    of_target: dict[_Tag, None] = {}
    compared: dict[tuple[str, PolicyValue], None] = {}
    for statement in _conditional(steps):
        for test in statement.conditions:
            values = [one.text.replace("*", "x").replace("?", "x") for one in test.values if not one.keys]
            if test.key.startswith(PRINCIPAL_TAG_PREFIX):
                of_principal.update(dict.fromkeys((test.key[len(PRINCIPAL_TAG_PREFIX) :], value) for value in values))
            elif test.key.startswith(RESOURCE_TAG_PREFIXES) and (
                statement.services is None or statement.services & _SERVICES
            ):
                tag = test.key.partition("/")[2]
                of_target.update(dict.fromkeys((tag, value) for value in values))
                compared |= dict.fromkeys((tag, one) for one in test.values if one.keys)
    for tag, value in compared:
        of_target.update(dict.fromkeys((tag, text) for text in _values_of(value, steps, others)))
        if len(value.template) == 1 and value.keys[0].startswith(PRINCIPAL_TAG_PREFIX):
            held = (steps.targets.tag_values(place, (tag,))[0] for place in indexes_of(steps.targets.roles))
            own = value.keys[0][len(PRINCIPAL_TAG_PREFIX) :]
            of_principal.update(dict.fromkeys((own, text) for text in held if text))
    return list(of_principal), list(of_target)


def _values_of(value: PolicyValue, steps: Edges, others: int) -> Iterator[str]:
    """Yield what a value with variables is for some principals, by their own tags and user names."""
    for position in indexes_of(others):
        place = steps.places.get(position)
        if place is None:
            continue

        def resolve(key: str, place: int = place) -> str | None:
            if key.startswith(PRINCIPAL_TAG_PREFIX):
                return steps.targets.tag_values(place, (key[len(PRINCIPAL_TAG_PREFIX) :],))[0]
            is_name = key == _USER_NAME and steps.targets.users >> place & 1
            return steps.targets.arns[place].rpartition("/")[2] if is_name else None

        tokens = fill(value.template, resolve)
        if tokens is not None:
            yield "".join(token if isinstance(token, str) else "x" for token in tokens)


def _conditional(steps: Edges) -> Iterator[Statement]:
    index = steps.inquiry.evaluator.index
    roles = (role for account in steps.inquiry.snapshot.accounts for role in account.roles)
    trusts = dict.fromkeys(index.trust(role) for role in roles)
    for document in (*steps.population.index.documents, *trusts):
        for statement in document.statements:
            if statement.is_allow and statement.broken is None and statement.conditions:
                yield statement


def _without_preparation(steps: Edges) -> Mapping[tuple[str, int], ConfirmedAndPossible]:
    """Return who can take the steps that need no other principal as they are, by technique and target."""
    escalation = SelfEscalation(steps, steps.hypotheses)
    found: dict[tuple[str, int], ConfirmedAndPossible] = {}
    for _, edge in (*escalation.of_permission_sets(), *escalation.of_new_principals()):
        key = edge.path_id, edge.target
        found[key] = found.get(key, NO_PRINCIPALS).either(edge.members)
    return found


def _search(
    steps: Edges,
    into: Into,
    alone: Mapping[tuple[str, int], ConfirmedAndPossible],
    one: _Round,
    found: PreparedSteps,
) -> None:
    """Add the steps after the preparations of one round: those that are not possible without (``alone``)."""
    base = steps.inquiry.evaluator
    listed = (edit for of in one.moves.values() for made in of for edit in made.edits)
    edits = {(edit.act, edit.subject, edit.detail): edit for edit in listed}
    try:
        changed = apply(base.snapshot, edits.values())  # all in one pass: one by one, each copies all lists
    except WhatIfError:
        return
    actors = sum(1 << position for position in one.moves)
    inquiry = EvaluationSession(Evaluator(changed, base.now, base.index.documents), steps.inquiry.check)
    after = Edges(inquiry)
    after.limit_callers(actors, steps)
    prover = Prover(after)
    subjects, arns = steps.population.index.subjects, steps.targets.arns

    def add(edge: Edge, known: ConfirmedAndPossible, is_near: int, edges: list[Edge]) -> None:
        for made, who in _takers(one, edge, steps.places):
            if not made.near & is_near or (made.changed and edge.path_id and preference(edge.path_id) == LAST):
                continue
            path_id = f"{made.path_id}+{edge.path_id}" if edge.path_id else made.path_id
            left = ConfirmedAndPossible(who.proven & ~known.proven, who.possible & ~known.principals)
            for caller in indexes_of(left.principals):
                key = (path_id, subjects[caller], arns[edge.target])
                if key not in found.known:
                    found.known[key] = Prepared(made, edge.path_id, prover)
                    edges.append(Edge(path_id, edge.target, left.within(1 << caller)))

    for position, place in steps.places.items():
        inquiry.check_cancelled()
        itself = 1 << position
        known = into.get(position, NO_PRINCIPALS)
        known = ConfirmedAndPossible(known.proven | itself, known.possible)
        for edge in after.into(place):
            members = edge.members.within(actors & ~itself)
            if members.principals:
                add(edge._replace(members=members), known, itself, found.into.setdefault(position, []))
    escalation = SelfEscalation(after, AdminHypotheses(inquiry, after.population))
    promotions: Iterable[tuple[str, Edge]] = (*escalation.edges(), *_administrators(steps, after, one))
    for account, edge in promotions:
        members = edge.members.within(actors)
        if members.principals and _is_so_unprepared(steps, edge, members, actors):
            known = alone.get((edge.path_id, edge.target), NO_PRINCIPALS)
            add(edge._replace(members=members), known, -1, found.promotions.setdefault(account, []))


def _passing_on(steps: Edges, others: int, find_into: Callable[[], Into], found: PreparedSteps) -> None:
    """Add the steps by which principals assume a role with values with which it can assume another one.

    Its source identity persists, and its tags are those of the session that assumes the other role (IAM User Guide,
    "Monitor and control actions taken with assumed roles", "Pass session tags in AWS STS").
    """
    prover, arns = Prover(steps), steps.targets.arns
    roles = sum(1 << position for position in steps.places) & ~steps.users
    tried = 0
    for position, place in steps.places.items():
        possible = steps.assumable.of(place).possible & roles & ~(1 << position)
        if position in steps.sessions or not possible:
            continue
        known = find_into().get(position, NO_PRINCIPALS).proven
        left = others & ~steps.named & ~known & ~(1 << position)
        for middle in indexes_of(possible):
            role = arns[steps.places[middle]]
            who = steps.assuming(steps.places[middle]).principals & left & ~(1 << middle)
            if not who or tried >= _MAX_PASSED:
                continue
            tried += 1
            for need in prover.passed_on(role, arns[place]):
                callers = passing(steps.finder, role, SessionNeeds((need,), False), who)
                for caller in indexes_of(callers.proven):
                    source = steps.population.index.subjects[caller]
                    first, then = _assuming(source, role), _assuming(role, arns[place])
                    members = ConfirmedAndPossible(1 << caller, 0)
                    made = Preparation(first, role, (), members, changed=role, passed=need)
                    key = (f"{first}+{then}", source, arns[place])
                    if key not in found.known:
                        found.known[key] = Prepared(made, then, prover)
                        found.into.setdefault(position, []).append(Edge(key[0], place, members))


def _assuming(source: str, role: str) -> str:
    """Return the id of the technique by which a principal assumes a role."""
    return "sts-001" if source.split(":", 5)[4] == role.split(":", 5)[4] else "sts-002"


def _is_so_unprepared(steps: Edges, edge: Edge, members: ConfirmedAndPossible, actors: int) -> bool:
    """Return whether a step makes an administrator of another principal also without what that one prepared."""
    target = steps.position_of(edge.target)
    if target is None or not actors >> target & 1 or members.principals == 1 << target:
        return True
    gains_all = bool(edge.path_id) and catalog().path(edge.path_id.partition("+")[0]).gain is Gain.ANY_PERMISSION
    return gains_all and "+" not in edge.path_id and steps.hypotheses.administers(target, [FULL])


def _takers(one: _Round, edge: Edge, own: Mapping[int, int]) -> Iterator[tuple[Preparation, ConfirmedAndPossible]]:
    """Yield (preparation, its callers) for those whose preparation is for a target."""
    for position in indexes_of(edge.members.principals):
        for made in one.moves.get(position, ()):
            is_own = made.is_own_widening and own.get(position) == edge.target
            if made.place in (-1, edge.target) and not is_own:
                is_sure = edge.members.proven >> position & 1
                yield made, made.callers if is_sure else made.callers.unsure()


def _administrators(steps: Edges, after: Edges, one: _Round) -> Iterator[tuple[str, Edge]]:
    """Yield a step without a technique for those who are administrators after tagging themselves."""
    index = after.inquiry.evaluator.index
    for position, (made, *_) in one.moves.items():
        place = steps.places.get(position)
        account = None if place is None else after.account_of(place)
        if place is None or account is None or made.place != -1 or made.edits[0].act is not EditAction.TAG:
            continue
        arn = steps.targets.arns[place]
        principal = index.users.get(arn) or index.roles.get(arn)
        if principal is not None and is_administrator(after.inquiry, account, principal):
            yield account.account_id, Edge("", place, ConfirmedAndPossible(1 << position, 0))
