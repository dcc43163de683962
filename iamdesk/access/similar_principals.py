"""Principals with identical permissions, or identical but for one policy or the permissions boundary."""

from collections.abc import Iterator
from dataclasses import dataclass

from iamdesk.access.evaluator import Evaluator
from iamdesk.access.principal_index import indexes_of
from iamdesk.progress import Cancelled, WorkCancelled, never_cancelled

_CHECK_EVERY = 256
_MIN_SHARED = 2
"""Number of equal policies from which two principals with one different policy each are nearly identical."""


@dataclass(frozen=True, slots=True)
class SimilarPrincipal:
    """A principal that differs from another one by one policy, or by the permissions boundary."""

    principal: str
    """ARN."""
    more: str = ""
    """Name of the policy that only this principal has; empty if there is none."""
    fewer: str = ""
    """Name of the policy that it lacks; empty if there is none."""
    has_other_boundary: bool = False
    """Whether it differs by the permissions boundary, and by nothing else."""


def identical_principals(
    evaluator: Evaluator, principal: str, cancelled: Cancelled = never_cancelled
) -> tuple[str, ...]:
    """Return the other users and roles of an account with the same policies, in the snapshot's order.

    Policies, permissions boundary, account and kind of principal are equal, and so is what resource policies grant to
    them by name. Policies are compared by their text. Tags and trust policies are not compared.

    Raises:
        WorkCancelled: ``cancelled`` returned True.
    """
    population = evaluator.population(cancelled=cancelled)
    position = population.position(principal)
    if position is None:
        return ()
    same, missing = evaluator.same_access(position), _missing(evaluator, principal)
    subjects = population.index.subjects
    return tuple(
        subjects[other]
        for other in _others(position, population.cohort_at(position).members, cancelled)
        if evaluator.same_access(other) == same and _missing(evaluator, subjects[other]) == missing
    )


def similar_principals(
    evaluator: Evaluator, principal: str, cancelled: Cancelled = never_cancelled
) -> tuple[SimilarPrincipal, ...]:
    """Return the users and roles of the same account and kind that are identical but for one difference.

    The difference is one policy more or fewer, one policy instead of another (with two equal ones), or the permissions
    boundary. In the snapshot's order.

    Raises:
        WorkCancelled: ``cancelled`` returned True.
    """
    population = evaluator.population(cancelled=cancelled)
    position = population.position(principal)
    if position is None:
        return ()
    index = population.index
    cohort = population.cohort_at(position)
    own, boundary = frozenset(index.carried[position]), index.boundaries[position]
    if not own:
        return ()
    missing = _missing(evaluator, principal)
    found = []
    for other in _others(position, population.regular, cancelled):
        its = population.cohort_at(other)
        if (its.account, its.kind) != (cohort.account, cohort.kind):
            continue
        theirs = frozenset(index.carried[other])
        more, fewer = theirs - own, own - theirs
        has_other_boundary = index.boundaries[other] != boundary
        is_near = not more and not fewer if has_other_boundary else _is_near(len(more), len(fewer), len(own))
        arn = index.subjects[other]
        if is_near and _missing(evaluator, arn) == missing:
            names = _name(evaluator, arn, more), _name(evaluator, principal, fewer)
            found.append(SimilarPrincipal(arn, *names, has_other_boundary))
    return tuple(found)


def _is_near(more: int, fewer: int, own: int) -> bool:
    if more + fewer == 1:
        return own > fewer  # one policy is equal
    return more == fewer == 1 and own > _MIN_SHARED


def _others(position: int, members: int, cancelled: Cancelled) -> Iterator[int]:
    for number, other in enumerate(indexes_of(members)):
        if number % _CHECK_EVERY == 0 and cancelled():
            raise WorkCancelled
        if other != position:
            yield other


def _missing(evaluator: Evaluator, principal: str) -> frozenset[tuple[str, str]]:
    """Return the policies and groups of a principal that are not captured."""
    return frozenset((one.what, one.name) for one in evaluator.index.carried(principal).missing)


def _name(evaluator: Evaluator, principal: str, numbers: frozenset[int]) -> str:
    """Return the name of a principal's policy by the number of its document; empty for no number."""
    documents = evaluator.population().index.documents
    held = evaluator.index.carried(principal).identity
    return next((one.name for number in numbers for one in held if one.document == documents[number]), "")
