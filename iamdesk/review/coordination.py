"""A review among many reviewers, without a server: assigned, split, delegated, merged. One call for each act.

Each call opens the files that it needs, and closes them; a review that is open already is given itself.
"""

import contextlib
from collections.abc import Collection, Container, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from iamdesk.errors import ReviewError
from iamdesk.escaping import visible
from iamdesk.i18n import phrase
from iamdesk.review import merge as merging
from iamdesk.review import parts as in_parts
from iamdesk.review.assignment import (
    AssignedTo,
    Assignment,
    Rules,
    assign,
    assignment_details,
    assignment_of,
    read_managers,
    read_rules,
    subjects_of,
)
from iamdesk.review.care import SameName, same_names
from iamdesk.review.close_out import (
    ClosedOut,
    RefusedLine,
    Removal,
    RemovalOutcome,
    RemovalState,
    close_out,
    last_removals,
    removal_state,
)
from iamdesk.review.decisions import ItemDecision, Reviewer
from iamdesk.review.events import Event, EventKind
from iamdesk.review.holders import SnapshotHolders
from iamdesk.review.merge import Conflict, Merged, NotTaken, PartSigner, open_conflicts
from iamdesk.review.own_access import OwnAccessFinder, own_line
from iamdesk.review.parts import (
    Part,
    PartProgress,
    Returned,
    folder_progress,
    is_part,
    parts_holding,
    parts_of,
    progress_of,
    returned_in,
    reviewer_of,
)
from iamdesk.review.people import people_of
from iamdesk.review.review_file import MovedOnError, ReviewFile, opened
from iamdesk.review.revocation_tests import REVOKES, Outcome, Retest, revokes_from_text
from iamdesk.review.schema import PART_OF, SUFFIX
from iamdesk.snapshot.model import Snapshot

__all__ = [
    "PART_OF",
    "AssignedTo",
    "Assignment",
    "ClosedOut",
    "Conflict",
    "Merged",
    "NotTaken",
    "Outcome",
    "Part",
    "PartProgress",
    "PartSigner",
    "RefusedLine",
    "Removal",
    "RemovalOutcome",
    "RemovalState",
    "Retest",
    "Returned",
    "Rules",
    "SameName",
    "assign_review",
    "assigned_to",
    "close_out_review",
    "deciders_of",
    "delegate_part",
    "hand_back_part",
    "handed_back",
    "kept_in_parts",
    "last_removals",
    "list_conflicts",
    "merge_parts",
    "own_access_in",
    "part_files",
    "plan_assignment",
    "progress_in",
    "progress_of_parts",
    "read_rules",
    "reassign",
    "record_reminders",
    "removal_state",
    "resolve_conflict",
    "retests_in",
    "return_part_items",
    "returned_in",
    "split_review",
]


_ATTEMPTS = 5


def assign_review(
    review: Path | ReviewFile,
    rules: Rules,
    actor: Reviewer,
    snapshot: Snapshot | None = None,
    managers: Path | None = None,
) -> Assignment:
    """Assign each item and finding of a review, and record it.

    Args:
        review: The review.
        rules: Who reviews what (`read_rules`).
        actor: Who assigns.
        snapshot: That of the review, where a rule asks for tags or organizational units (`Rules.ask_snapshot`).
        managers: A list of managers, where a rule asks for them (`Rules.ask_managers`).

    Raises:
        ReviewError: the snapshot is another one, a file cannot be read, or the review cannot be written.
    """
    with opened(review) as file:
        found = plan_assignment(file, rules, snapshot, managers)
        file.append([], [(EventKind.ASSIGN, assignment_details(rules, found))], actor)
    return found


def plan_assignment(
    review: Path | ReviewFile, rules: Rules, snapshot: Snapshot | None = None, managers: Path | None = None
) -> Assignment:
    """Return whom rules assign each item and finding of a review to; nothing is recorded.

    Raises:
        ReviewError: as `assign_review`.
    """
    with opened(review, writable=False) as file:
        name = visible(file.path.name)
        if snapshot is not None and not file.is_of(snapshot.sha256):
            raise ReviewError(
                phrase(
                    "{name}: the review is not of the snapshot {snapshot}",
                    name=name,
                    snapshot=visible(snapshot.path.name),
                )
            )
        if is_part(file):
            raise ReviewError(phrase("{name}: a part is not assigned again: delegate it", name=name))
        holders = SnapshotHolders(snapshot, read_managers(managers) if managers else {})
        return assign(subjects_of(file), rules.rules, holders)


def own_access_in(review: Path | ReviewFile, assignment: Assignment) -> tuple[SameName, ...]:
    """Return reviewers to whom an assignment gives items of a person of their name, by the list of people.

    Raises:
        ReviewError: the review cannot be read.
    """
    with opened(review, writable=False) as file:
        people = people_of(file.head.details)
        if people is None:
            return ()
        known = {**file.item_states.known, **file.finding_states.known}
        finder = OwnAccessFinder(map(own_line, file.each_line()), file.population())
        holders = {item: known[item].holder_arn for item in assignment.reviewers if item in known}
        whose = finder.by_subject(holders, people)
        return same_names(((assignment.reviewers[item].reviewer, whose[item]) for item in whose), people)


def assigned_to(review: ReviewFile) -> Mapping[str, AssignedTo]:
    """Return who decides on each item: in a part, its reviewer; else by the current assignment."""
    if is_part(review):
        own = reviewer_of(review)
        return dict.fromkeys((*review.item_states.known, *review.finding_states.known), own)
    events = review.events()
    assignment = assignment_of(events)
    split_off = {
        item: AssignedTo(part.reviewer, part.backup, part.due, 0) for item, part in parts_holding(events).items()
    }
    return {**(assignment.reviewers if assignment is not None else {}), **split_off}


def kept_in_parts(review: Path | ReviewFile) -> int:
    """Return how many items are in the part of another reviewer than they are assigned to now.

    Raises:
        ReviewError: the review cannot be read.
    """
    with opened(review, writable=False) as file:
        events = file.events()
    assignment = assignment_of(events)
    to = assignment.reviewers if assignment else {}
    return sum(
        item not in to or to[item][:3] != (part.reviewer, part.backup, part.due)
        for item, part in parts_holding(events).items()
    )


def split_review(review: Path | ReviewFile, folder: Path, actor: Reviewer) -> tuple[Part, ...]:
    """Write a part for each reviewer.

    Raises:
        ReviewError: as `parts.split`.
    """
    with opened(review) as file:
        return in_parts.split(file, folder, actor)


def part_files(review: Path | ReviewFile, paths: Iterable[Path]) -> tuple[Path, ...]:
    """Return parts that are named, and those of the review in folders that are named, under any file name.

    A review file in a folder that cannot be read is returned, too: merging it says why.

    Raises:
        ReviewError: a folder contains no part of the review, or the review cannot be read.
    """
    with opened(review, writable=False) as file:
        known = file.head.review_id
    found: dict[Path, None] = {}
    for path in paths:
        inside = [one for one in sorted(path.iterdir()) if _is_part_of(one, known)] if path.is_dir() else [path]
        if not inside:
            raise ReviewError(phrase("{name}: it contains no part of the review", name=visible(path.name)))
        found |= dict.fromkeys(inside)
    return tuple(found)


def _is_part_of(path: Path, review_id: str) -> bool:
    if path.suffix != SUFFIX or path.name.startswith("."):
        return False
    try:
        with ReviewFile.open(path, writable=False, checked=False) as file:
            return file.head.details.get(PART_OF) == review_id
    except ReviewError:
        return True


def merge_parts(
    review: Path | ReviewFile,
    parts: Iterable[tuple[Path, PartSigner | None]],
    actor: Reviewer,
    *,
    requires_signature: bool = False,
) -> tuple[Merged | ReviewError, ...]:
    """Merge the decisions of parts into a review, each completely or not at all; return the error of one that is not.

    Args:
        review: The review that was split.
        parts: Each part, and the verified signer; None: it is not signed with a key.
        actor: Who merges.
        requires_signature: As of `merge.merge`.

    Raises:
        ReviewError: the review cannot be opened.
    """
    done: list[Merged | ReviewError] = []
    with opened(review) as file:
        for path, signer in parts:
            try:
                done.append(_merged(file, path, actor, signer, requires_signature=requires_signature))
            except ReviewError as error:
                done.append(error)
    return tuple(done)


def _merged(
    file: ReviewFile, path: Path, actor: Reviewer, signer: PartSigner | None, *, requires_signature: bool
) -> Merged:
    """Merge a part; again, if a decision was recorded in the open review meanwhile."""
    for _ in range(_ATTEMPTS - 1):
        with contextlib.suppress(MovedOnError):
            return merging.merge(file, path, actor, signer, requires_signature=requires_signature)
    return merging.merge(file, path, actor, signer, requires_signature=requires_signature)


def list_conflicts(review: Path | ReviewFile) -> tuple[Conflict, ...]:
    """Return the unresolved conflicts of a review, with its decisions as they are now.

    Raises:
        ReviewError: it cannot be read.
    """
    with opened(review, writable=False) as file:
        found = []
        for one in open_conflicts(file.events()):
            decided = file.decided(one.item_id)
            here_by = decided.reviewer if decided else ""
            found.append(replace(one, here=file.decision(one.item_id), here_by=here_by))
        return tuple(found)


def resolve_conflict(
    review: Path | ReviewFile, item_id: str, actor: Reviewer, *, part_id: str, takes_part: bool, reason: str
) -> ItemDecision:
    """Choose one of the two decisions of a conflict, and return it.

    Raises:
        ReviewError: as `merge.resolve`.
    """
    with opened(review) as file:
        merging.resolve(file, item_id, actor, part_id=part_id, takes_part=takes_part, reason=reason)
        return file.decision(item_id)


def delegate_part(part: Path | ReviewFile, to: str, actor: Reviewer, reason: str) -> None:
    """Record that another person may decide in a part.

    Raises:
        ReviewError: as `parts.delegate`.
    """
    with opened(part) as file:
        in_parts.delegate(file, to, actor, reason)


def hand_back_part(part: Path | ReviewFile, actor: Reviewer, reason: str) -> None:
    """Record that a delegate decides no longer.

    Raises:
        ReviewError: as `parts.hand_back`.
    """
    with opened(part) as file:
        in_parts.hand_back(file, actor, reason)


def progress_of_parts(
    folder: Path, review: Path | ReviewFile | None, today: date
) -> tuple[tuple[PartProgress, ...], int]:
    """Return how far the parts in a folder are, and how many items of the review have no reviewer.

    With a ``review``, its missing parts are listed, too, and files that are not one of its parts, or a second copy of
    one, have a problem and count nothing; without one no item is counted.

    Raises:
        ReviewError: as `parts.folder_progress`, or the review cannot be read.
    """
    if review is None:
        return folder_progress(folder, today), 0
    with opened(review, writable=False) as file:
        events = file.events()
        found = folder_progress(folder, today, _gone(events))
        known = {part.part_id: part for part in parts_of(events)}
        checked: list[PartProgress] = []
        for one in found:
            seen = {each.part_id for each in checked if not each.problem}
            checked.append(one if one.problem else _checked(one, known.get(one.part_id), seen, file.head.review_id))
    found = tuple(checked)
    there = {one.part_id for one in found if not one.problem}
    missing = [PartProgress.missing(part) for part in parts_of(events) if part.part_id not in there]
    assignment = assignment_of(events)
    return (*found, *missing), len(assignment.unassigned) if assignment else 0


def progress_in(review: Path | ReviewFile, today: date) -> tuple[tuple[PartProgress, ...], int]:
    """Return how far each reviewer is by the decisions in the review itself, and how many items have no reviewer.

    What parts have that were not merged yet is not counted. Nothing where nothing is assigned.

    Raises:
        ReviewError: the review cannot be read.
    """
    with opened(review, writable=False) as file:
        groups: dict[tuple[str, str, date | None], list[str]] = {}
        assigned = assigned_to(file)
        for item, to in assigned.items():
            groups.setdefault((to.reviewer, to.backup, to.due), []).append(item)
        found = [
            PartProgress("", "", *to, len(items), sum(not file.decision(one).is_open(today) for one in items), ())
            for to, items in groups.items()
        ]
        known = len(file.item_states.known) + len(file.finding_states.known)
    by_day = sorted(found, key=lambda one: (one.due or date.max, one.reviewer.casefold()))
    return tuple(by_day), known - len(assigned) if assigned else 0


def _gone(events: Iterable[Event]) -> Mapping[str, frozenset[str]]:
    """Return by part the items that are not in it any more."""
    holding = parts_holding(events)
    return {
        part.part_id: frozenset(
            item for item in part.items if (place := holding.get(item)) is None or place.part_id != part.part_id
        )
        for part in parts_of(events)
    }


def return_part_items(
    part: Path | ReviewFile, items: Collection[str], actor: Reviewer, reason: str, to: str = ""
) -> None:
    """Hand items of a part back.

    Raises:
        ReviewError: as `parts.return_items`.
    """
    with opened(part) as file:
        in_parts.return_items(file, items, actor, reason, to)


def handed_back(review: ReviewFile) -> Mapping[str, Returned]:
    """Return the undecided items that were handed back, and are not assigned again."""
    return {item: Returned.of(event) for item, event in returned_in(review).items()}


def reassign(
    review: Path | ReviewFile, items: Collection[str], to: AssignedTo, actor: Reviewer, reason: str = ""
) -> None:
    """Give items to another reviewer.

    Raises:
        ReviewError: as `parts.reassign_items`.
    """
    with opened(review) as file:
        in_parts.reassign_items(file, items, to, actor, reason)


def deciders_of(part: ReviewFile) -> tuple[str, ...]:
    """Return who may decide in a part now: its reviewer, the backup, and their delegates."""
    found = progress_of(part, datetime.now(UTC).date())
    return tuple(filter(None, (found.reviewer, found.backup, *found.delegates)))


def retests_in(review: ReviewFile) -> tuple[Retest, ...]:
    """Return the results of earlier revocations that a follow-up review has; none of a first review."""
    return tuple(revokes_from_text(review.head.details.get(REVOKES, "[]")))


def _checked(one: PartProgress, part: Part | None, seen: Container[str], review_id: str) -> PartProgress:
    """Return the progress of a file, with the problem that it is not the part that was split off, if so."""
    problem = ""
    if part is None or (one.reviewer, one.backup, one.due, one.items) != (
        part.reviewer,
        part.backup,
        part.due,
        len(part.items),
    ):
        problem = phrase("it is not a part of {review}, or it was changed", review=visible(review_id))
    elif one.part_id in seen:
        problem = phrase("it is another copy of {reviewer}'s part", reviewer=visible(one.reviewer))
    return replace(one, items=0, decided=0, problem=problem) if problem else one


def record_reminders(review: Path | ReviewFile, names: Iterable[str], actor: Reviewer) -> None:
    """Record in a review to whom reminders were written.

    Raises:
        ReviewError: it cannot be written.
    """
    with opened(review) as file:
        file.append([], [(EventKind.REMIND, {"to": list(names)})], actor)


def close_out_review(review: Path | ReviewFile, log: Path, actor: Reviewer) -> tuple[ClosedOut, RemovalState]:
    """Record a log of ``remediation.sh`` in a review, and return how many removals are closed and open then.

    Raises:
        ReviewError: as `close_out.close_out`.
    """
    with opened(review) as file:
        return close_out(file, log, actor), removal_state(file)
