"""Who still has to sign an evidence package: everyone whose name a decision or a second approval bears."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from iamdesk.export.evidence.signing import Role, SignOff
from iamdesk.review.decisions import same_person
from iamdesk.review.review_file import ReviewFile
from iamdesk.review.signed_parts import compared


@dataclass(frozen=True, slots=True)
class Signer:
    """A person, as typed, and the role whose statement is theirs to make (`Role.sentence`)."""

    name: str
    role: Role


def signers_of(review: ReviewFile) -> tuple[Signer, ...]:
    """Return who made the decisions of a review that are in force, and who gave the second approvals, each once.

    Left out are decisions taken over from an earlier review, which are signed there, and those that whoever decided
    signed in a part.
    """
    found = compared(review)
    deciders = (name for name, count in found.decided.items() if found.signed[name] < count)
    approvers = (name for name, count in found.approved.items() if found.approved_signed[name] < count)
    return (
        *(Signer(name, Role.REVIEWER) for name in _each_once(deciders)),
        *(Signer(name, Role.SECOND_REVIEWER) for name in _each_once(approvers)),
    )


def still_to_sign(signers: Iterable[Signer], signed: Iterable[SignOff]) -> tuple[Signer, ...]:
    """Return who has not signed yet in their role."""
    done = tuple(signed)
    return tuple(
        one for one in signers if not any(off.role == one.role and same_person(off.name, one.name) for off in done)
    )


def _each_once(names: Iterable[str]) -> Iterator[str]:
    seen: list[str] = []
    for name in dict.fromkeys(names):
        if not any(same_person(name, other) for other in seen):
            seen.append(name)
            yield name
