"""Who still has to sign an evidence package: everyone whose name a decision or a second approval bears."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from iamdesk.export.evidence.signing import Role, SignOff
from iamdesk.review.decisions import CARRIED_OVER, ReviewDecision, same_person
from iamdesk.review.events import EventKind
from iamdesk.review.review_file import ReviewFile


@dataclass(frozen=True, slots=True)
class Signer:
    """A person, as typed, and the role whose statement is theirs to make (`Role.sentence`)."""

    name: str
    role: Role


def signers_of(review: ReviewFile) -> tuple[Signer, ...]:
    """Return who made the decisions of a review that are in force, and who gave the second approvals, each once.

    Left out are decisions taken over from an earlier review, which are signed there, and those in parts that were
    merged with a valid signature of whoever decided.
    """
    signed_parts: dict[str, str] = {}
    for event in review.events():
        if event.kind is EventKind.MERGE and event.details.get("signed_by"):
            signed_parts[str(event.details["part"])] = str(event.details["signed_by"]).rpartition(", ")[0]
    deciders: dict[str, str] = {}
    approvers: dict[str, str] = {}
    for entry in review.journal():
        item, before, after = entry.line_id, entry.before, entry.after
        if after.decided != before.decided:
            deciders.pop(item, None)
            signer = signed_parts.get(entry.origin.review_id, "") if entry.origin is not None else ""
            is_signed = same_person(signer, entry.reviewer)
            is_taken_over = entry.reviewer.startswith(CARRIED_OVER)
            if after.choice is not ReviewDecision.UNDECIDED and not is_signed and not is_taken_over:
                deciders[item] = entry.reviewer
        if after.second != before.second:
            approvers.pop(item, None)
            if after.second:
                approvers[item] = after.second
    return (
        *(Signer(name, Role.REVIEWER) for name in _each_once(deciders.values())),
        *(Signer(name, Role.SECOND_REVIEWER) for name in _each_once(approvers.values())),
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
