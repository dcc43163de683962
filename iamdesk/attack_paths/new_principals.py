"""Who can create a user or role that becomes an administrator: every action on one and the same new ARN."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from iamdesk.access.principal_index import indexes_of
from iamdesk.attack_paths.catalog import EscalationPath, Slot, TargetConstraint
from iamdesk.attack_paths.edge_sources import NO_PRINCIPALS, ConfirmedAndPossible
from iamdesk.attack_paths.edges import Edges
from iamdesk.attack_paths.evaluation_session import Context
from iamdesk.attack_paths.technique_resources import ResourceRequest
from iamdesk.policy.overlap import common_arn

_CREATES_POLICY, _CREATES_ROLE = "iam:CreatePolicy", "iam:CreateRole"
_MAX_NEW_BOUNDARIES = 10


class _New(NamedTuple):
    """A user or role that does not exist."""

    arn: str
    boundary: str | None = None
    """ARN of the permissions boundary that it is created with."""
    is_new_boundary: bool = False
    """Whether the boundary does not exist either: the caller creates it, with a policy that restricts nothing."""


def creators(steps: Edges, path: EscalationPath, callers: int) -> ConfirmedAndPossible:
    """Return which of some principals can take all actions of a technique on a user or role that does not exist.

    Raises:
        WorkCancelled: The run was cancelled.
    """
    for required in path.actions:
        callers &= steps.anything.applying_to(required.action)
    by_name: dict[_New, int] = {}
    for position in indexes_of(callers):
        for new in _new_principals(steps, position, path):
            by_name[new] = by_name.get(new, 0) | 1 << position
    found = NO_PRINCIPALS
    for new, who in sorted(by_name.items(), key=lambda one: one[0].is_new_boundary):  # the plain ways first
        members = ConfirmedAndPossible(who & ~found.proven, 0)
        if new.boundary and new.is_new_boundary and members.principals:
            members = members.both(steps.finder.among(members.principals, _CREATES_POLICY, new.boundary))
        if not members.principals:
            continue
        for required in path.actions:
            allowed = NO_PRINCIPALS
            for context in _contexts(steps, path, required.action, new):
                if left := members.principals & ~allowed.proven:
                    allowed = allowed.either(steps.finder.among(left, required.action, new.arn, context))
            members = members.both(allowed)
        if _CREATES_ROLE in (required.action for required in path.actions) and members.principals:
            # Its trust policy, which the caller writes, may name the caller; a Deny, a boundary or an SCP still count.
            members = members.both(steps.could_assume(members.principals, new.arn))
        found = found.either(members)
    return found


def alternatives(
    steps: Edges, position: int, path: EscalationPath, target: str
) -> Iterator[Sequence[Sequence[ResourceRequest]]]:
    """Yield, for each user or role to create, the requests of each action; one that is allowed is enough.

    Before them, the request to create its boundary, if that does not exist.
    """
    if path.target is TargetConstraint.ROLE:
        for name in steps.trusted_names(path, steps.targets.places[target]):
            calls = [required.action for required in path.actions]
            yield [[ResourceRequest(call, name, steps.context_of(path, call))] for call in calls]
        return
    for new in _new_principals(steps, position, path):
        first = [[ResourceRequest(_CREATES_POLICY, new.boundary, {})]] if new.boundary and new.is_new_boundary else []
        yield first + [
            [
                ResourceRequest(required.action, new.arn, context)
                for context in _contexts(steps, path, required.action, new)
            ]
            for required in path.actions
        ]


def _new_principals(steps: Edges, position: int, path: EscalationPath) -> Iterator[_New]:
    """Yield users or roles to create in a principal's account, such that its policies distinguish no others.

    First without a boundary, then with each that restricts nothing, last with one that it creates.
    """
    account = steps.population.cohort_at(position).account
    kind = "user" if path.actions[0].action == "iam:CreateUser" else "role"
    slot = Slot("iam", (kind,), tuple(required.action for required in path.actions))
    more = _assumable(steps, position, account) if kind == "role" else ()
    listed = steps.resources.candidates(slot, account, position, more=more)
    names = [one for one in listed if one not in steps.targets.places]
    yield from map(_New, names)
    if steps.attachable.asking_for_boundary >> position & 1:
        yield from (_New(name, boundary) for boundary in steps.attachable.boundaries(account) for name in names)
        new = tuple(islice(_new_boundaries(steps, position, account), _MAX_NEW_BOUNDARIES))
        yield from (_New(name, boundary, True) for boundary in new for name in names)


def _assumable(steps: Edges, position: int, account: str) -> tuple[str, ...]:
    """Return how the policies that limit a principal name roles to assume, in the order of the policies."""
    policies = steps.population.principal_policies(position).policies
    documents = [policy.document for policy in (*policies.identity, *(policies.boundary or ()))]
    return tuple(
        dict.fromkeys(
            entry.text
            for document in (*documents, *steps.inquiry.guardrails(account))
            for statement in document.statements
            if statement.broken is None and statement.covers_action("sts", "assumerole")
            for entry in statement.resources or ()
            if entry.text != "*" and not entry.keys
        )
    )


def _new_boundaries(steps: Edges, position: int, account: str) -> Iterator[str]:
    """Yield policies that do not exist, that a principal may create, and that some policy names as a boundary."""
    if not steps.anything.applying_to(_CREATES_POLICY) >> position & 1:
        return
    partition = steps.population.cohort_at(position).partition
    named = steps.resources.candidates(Slot("iam", ("policy",), (_CREATES_POLICY,)), account, position)
    creatable = (f"arn:{partition}:iam::{account}:policy/*", *named)
    for boundary in steps.attachable.named_boundaries:
        common = dict.fromkeys(common_arn(boundary, one) for one in creatable)
        index = steps.inquiry.evaluator.index
        yield from (one for one in common if one is not None and index.managed_policy("", one) is None)


def _contexts(steps: Edges, path: EscalationPath, action: str, new: _New) -> Iterable[Context]:
    """Return the request contexts of an action on a new user or role; one that is allowed is enough."""
    # Of the actions on it, too, the key holds its boundary.
    bounded: Context = {} if action == "iam:CreateAccessKey" else {"iam:PermissionsBoundary": new.boundary}
    context = {**steps.context_of(path, action), **bounded}
    if "iam:PolicyARN" not in context:
        return (context,)
    account = new.arn.split(":", 5)[4]
    others = (one for one in steps.attachable.existing if one.split(":", 5)[4] in ("aws", account))
    return (context, *({**context, "iam:PolicyARN": one} for one in others))
