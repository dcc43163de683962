"""Steps after a preparation: with more permissions of its own, as a member of a group, or with other tags.

A preparation changes what policies allow, so it is made in a copy of the snapshot, and the steps of those who can make
it are searched in the copy. One copy serves many principals: each joins one group in it, or gets one tag.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from iamdesk.access.evaluator import Evaluator
from iamdesk.access.principal_index import indexes_of
from iamdesk.attack_paths.administrators import is_administrator
from iamdesk.attack_paths.catalog import EscalationPath, Gain, TargetConstraint, TargetType, catalog
from iamdesk.attack_paths.edge_sources import ConfirmedAndPossible
from iamdesk.attack_paths.edges import Edge, Edges
from iamdesk.attack_paths.evaluation_session import Context, EvaluationSession
from iamdesk.attack_paths.evidence import Prover
from iamdesk.attack_paths.self_escalation import SelfEscalation
from iamdesk.attack_paths.types import StepKey
from iamdesk.attack_paths.what_if_admin import EVERYTHING, FULL, AdminHypotheses
from iamdesk.aws.condition_keys import PRINCIPAL_TAG_PREFIX, RESOURCE_TAG_PREFIXES
from iamdesk.i18n import phrase, phrased
from iamdesk.policy.conditions import PolicyValue
from iamdesk.policy.statement import Statement
from iamdesk.policy.variables import fill
from iamdesk.whatif.apply import apply
from iamdesk.whatif.edits import Edit, EditAction, WhatIfError

_USER_NAME = "aws:username"
_MAX_ROUNDS = 12
_MAX_PRINCIPALS = 3000
"""Principals in all copies together: in larger snapshots, one more copy takes too long."""
_MAX_TAGS = 6
"""Tags that are tried for each technique."""
_SERVICES = frozenset({"iam", "sts"})
_ADDED = "iamdesk-any-permission"
"""Name of the policy that principals add in a copy."""

type Into = Mapping[int, ConfirmedAndPossible]
"""By position: who can become the principal in one step (`StepGraph.into`)."""


@dataclass(frozen=True, slots=True)
class Preparation:
    """One preparation of one principal."""

    path: EscalationPath
    target: str
    """ARN of the entity that it changes: of itself, a group, a policy, or of whom it tags."""
    edit: Edit
    context: Context
    is_proven: bool

    @property
    def how(self) -> str:
        """What it does, to complete "by …"."""
        if self.edit.act is EditAction.JOIN_GROUP:
            return phrase("joining the group {name}", name=self.target.rpartition("/")[2])
        what = phrased(self.path.how)
        if self.edit.act is not EditAction.TAG:
            return what
        return phrase("{what}: {key}={value}", what=what, key=self.edit.detail, value=str(self.edit.document))


@dataclass(frozen=True, slots=True)
class Prepared:
    """A preparation, and the graph in which the steps after it are proven."""

    preparation: Preparation
    rest: str
    """Ids of the techniques after it, joined with ``+``; empty if the principal is an administrator then."""
    prover: Prover


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
    moves: Mapping[int, Mapping[int, Preparation]]
    """By position of the principal and place of the target that it is for, or -1: the preparation."""


def prepared_steps(steps: Edges, find_into: Callable[[], Into], others: int) -> PreparedSteps:
    """Return the steps of some principals after preparations, other than those without.

    Args:
        steps: The steps of the snapshot.
        find_into: Returns, by position, who can become the principal in one step; called if there are preparations.
        others: The principals, as bits: those that are more than one step from administrator.

    Raises:
        WorkCancelled: The run was cancelled.
    """
    found = PreparedSteps()
    others &= steps.callers & ~steps.settled_administrators
    if not others:
        return found
    most = min(_MAX_ROUNDS, _MAX_PRINCIPALS // max(1, len(steps.places)))
    if not most:
        found.left_out = None
        return found
    rounds = [*_widening(steps, others), *_joining(steps, others), *_tagging(steps, others, found)]
    for one in rounds[:most]:
        steps.inquiry.check_cancelled()
        _search(steps, find_into(), one, found)
    found.left_out = (found.left_out or 0) + sum(len(of) for one in rounds[most:] for of in one.moves.values())
    return found


def _widening(steps: Edges, others: int) -> Iterator[_Round]:
    """Yield the round in which principals give themselves every permission that their boundary and SCPs let through.

    In the copy, it is an inline policy that allows everything, however they add it. Those whom it makes administrators
    are left out: that is a step of its own. What they then change of themselves is not followed either:
    `SelfEscalation` finds who becomes an administrator by it.
    """
    moves: dict[int, dict[int, Preparation]] = {}
    for path in steps.by_aim[TargetConstraint.ITSELF]:
        if path.gain is not Gain.ANY_PERMISSION or len(path.actions) > 1:
            continue
        (required,) = path.actions
        context = steps.context_of(path, required.action)
        sources = steps.finder.find(required.action, _kind(steps, path), context)
        for position in indexes_of(steps.may_change_own(path) & others):
            place = steps.places.get(position)
            if place is None:
                continue
            for own in _own_entities(steps, path, place):
                members = sources.of(own).within(1 << position)
                before = moves.get(position)
                if members.principals and (before is None or (members.proven and not before[-1].is_proven)):
                    edit = Edit(EditAction.PUT_INLINE_POLICY, steps.targets.arns[place], _ADDED, document=EVERYTHING)
                    made = Preparation(path, steps.targets.arns[own], edit, context, bool(members.proven))
                    moves[position] = {-1: made}
    limited = {position: made for position, made in moves.items() if not steps.hypotheses.administers(position, [FULL])}
    if limited:
        yield _Round(limited)


def _kind(steps: Edges, path: EscalationPath) -> int:
    """Return the entities of the kind that a technique changes, as bits."""
    (required,) = path.actions
    match required.on:
        case TargetType.OWN_POLICY:
            return steps.targets.policies
        case TargetType.OWN_GROUP:
            return steps.targets.groups
        case _:
            return steps.targets.users if "User" in required.action else steps.targets.roles


def _own_entities(steps: Edges, path: EscalationPath, place: int) -> Sequence[int]:
    """Return the entities of a principal that a technique changes: itself, its groups, or its policies."""
    (required,) = path.actions
    match required.on:
        case TargetType.OWN_POLICY:
            return steps.policies_of(place)
        case TargetType.OWN_GROUP:
            return steps.groups_of(place)
        case _:
            return (place,) if _kind(steps, path) >> place & 1 else ()


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
                    is_proven = bool(members.proven >> user & 1)
                    moves.setdefault(user, []).append(Preparation(path, targets.arns[place], edit, {}, is_proven))
    for number in range(max(map(len, moves.values()), default=0)):
        yield _Round({user: {-1: listed[number]} for user, listed in moves.items() if number < len(listed)})


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
            moves: dict[int, dict[int, Preparation]] = {}
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
                    is_proven = bool(members.proven >> source & 1)
                    made = Preparation(path, arn, edit, context, is_proven)
                    moves.setdefault(source, {})[-1 if is_self else place] = made
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


def _search(steps: Edges, into: Into, one: _Round, found: PreparedSteps) -> None:
    """Add the steps after the preparations of one round."""
    base = steps.inquiry.evaluator
    edits = {(made.edit.subject, made.edit.detail): made.edit for of in one.moves.values() for made in of.values()}
    try:
        changed = apply(base.snapshot, edits.values())  # all in one pass: one by one, each copies all lists
    except WhatIfError:
        return
    callers = sum(1 << position for position in one.moves)
    inquiry = EvaluationSession(Evaluator(changed, base.now, base.index.documents), steps.inquiry.check)
    after = Edges(inquiry)
    after.limit_callers(callers, steps)
    prover = Prover(after)
    subjects = steps.population.index.subjects

    def add(edge: Edge, place: int, listed: list[Edge]) -> None:
        for made, who in _takers(one, place, edge.members, steps.places):
            path_id = f"{made.path.id}+{edge.path_id}" if edge.path_id else made.path.id
            members = who if made.is_proven else who.unsure()
            source = subjects[members.principals.bit_length() - 1]
            key = (path_id, source, steps.targets.arns[place])
            if key not in found.known:
                found.known[key] = Prepared(made, edge.path_id, prover)
                listed.append(Edge(path_id, place, members))

    for position, place in steps.places.items():
        inquiry.check_cancelled()
        known = into.get(position)
        near = 0 if known is None else known.proven
        for edge in after.into(place):
            members = edge.members.within(callers & ~near & ~(1 << position))
            if known is not None:
                members = ConfirmedAndPossible(members.proven, members.possible & ~known.possible)
            if members.principals:
                add(edge._replace(members=members), place, found.into.setdefault(position, []))
    hypotheses = AdminHypotheses(inquiry, after.population)
    escalation = SelfEscalation(after, hypotheses)
    promotions: Iterable[tuple[str, Edge]] = (*escalation.of_principals(), *_administrators(steps, after, one))
    for account, edge in promotions:
        members = edge.members.within(callers)
        if members.principals:
            add(edge._replace(members=members), edge.target, found.promotions.setdefault(account, []))


def _takers(
    one: _Round, place: int, members: ConfirmedAndPossible, own: Mapping[int, int]
) -> Iterator[tuple[Preparation, ConfirmedAndPossible]]:
    """Yield (preparation, its principal) for those of some principals whose preparation is for a target."""
    for position in indexes_of(members.principals):
        of_one = one.moves.get(position, {})
        made = of_one.get(-1) or of_one.get(place)
        is_own = made is not None and made.edit.act is EditAction.PUT_INLINE_POLICY and own.get(position) == place
        if made is not None and not is_own:
            yield made, members.within(1 << position)


def _administrators(steps: Edges, after: Edges, one: _Round) -> Iterator[tuple[str, Edge]]:
    """Yield a step without a technique for those who are administrators after tagging themselves."""
    index = after.inquiry.evaluator.index
    for position, of_one in one.moves.items():
        made = of_one.get(-1)
        place = steps.places.get(position)
        account = None if place is None else after.account_of(place)
        if made is None or place is None or account is None or made.edit.act is not EditAction.TAG:
            continue
        arn = steps.targets.arns[place]
        principal = index.users.get(arn) or index.roles.get(arn)
        if principal is not None and is_administrator(after.inquiry, account, principal):
            yield account.account_id, Edge("", place, ConfirmedAndPossible(1 << position, 0))
