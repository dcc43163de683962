"""Merges the decisions of a part into the review that was split; differing decisions are conflicts, and are kept."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from iamdesk.errors import ReviewError
from iamdesk.escaping import visible
from iamdesk.i18n import phrase
from iamdesk.review.decisions import ItemDecision, Reviewer, same_person
from iamdesk.review.events import Event, EventKind
from iamdesk.review.journal import Entry, Origin, as_json, from_json
from iamdesk.review.parts import PART_OF, Part, is_delegate, items_sha256, parts_of
from iamdesk.review.review_file import ReviewFile, TakenEntry


@dataclass(frozen=True, slots=True)
class Conflict:
    """An item on which part and review decided otherwise; the review's decision stays until one is chosen."""

    item_id: str
    part_id: str
    here: ItemDecision
    """The decision in the review."""
    here_by: str
    there: ItemDecision
    """The decision in the part."""
    there_by: str
    there_account: str
    origin: Origin
    """The part's last entry on the item."""
    entries: tuple[str, ...]
    """Hashes of the part's entries that are not merged."""

    def as_json(self) -> dict[str, Any]:
        """Return it as the details of its event."""
        return {
            "item": self.item_id,
            "part": self.part_id,
            "here": as_json(self.here),
            "here_by": self.here_by,
            "there": as_json(self.there),
            "there_by": self.there_by,
            "there_account": self.there_account,
            "origin": self.origin.as_json(),
            "entries": list(self.entries),
        }

    @classmethod
    def from_json(cls, details: Mapping[str, Any]) -> "Conflict":
        """Return the conflict of an event's details."""
        return cls(
            details["item"],
            details["part"],
            from_json(details["here"]),
            details["here_by"],
            from_json(details["there"]),
            details["there_by"],
            details["there_account"],
            Origin.from_json(details["origin"]),
            tuple(details["entries"]),
        )


@dataclass(frozen=True, slots=True)
class NotTaken:
    """An item whose decision in a part is rejected."""

    item_id: str
    why: str


@dataclass(frozen=True, slots=True)
class Merged:
    """What came of merging one part."""

    part: Part
    taken: int
    """Entries that are in the journal now."""
    agreed: int
    """Items with the same decision in the review."""
    conflicts: tuple[Conflict, ...]
    """New ones."""
    refused: tuple[NotTaken, ...]
    open: int
    """Items of the part that still wait for a decision."""


def merge(review: ReviewFile, path: Path, actor: Reviewer, signed_by: str = "") -> Merged:
    """Take the decisions of a part that are new; merging the same part again changes nothing.

    Args:
        review: The review that was split.
        path: The part.
        actor: Who merges.
        signed_by: The verified signer of the part; empty: none.

    Raises:
        DamagedReviewError: the part is not as it was written.
        ReviewError: it is not a part of this review, or not the one that was split off; one sentence.
    """
    events = review.events()
    with ReviewFile.open(path, writable=False) as file:
        part = _checked(review, events, file)
        entries = list(_own_entries(review, file))
        part_events = file.events()
        waiting = sum(file.decision(item).choice.value == "undecided" for item in part.items)
    handled = _handled(review, events, part, entries)
    fresh: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.sha256 not in handled:
            fresh.setdefault(entry.line_id, []).append(entry)
    taken: list[TakenEntry] = []
    conflicts: list[Conflict] = []
    refused: list[NotTaken] = []
    agreed: list[str] = []
    items_agreed = 0
    for item, changes in fresh.items():
        why = next(filter(None, (_fault(review, part, part_events, events, one) for one in changes)), "")
        here, last = review.decision(item), changes[-1]
        if why:
            refused.append(NotTaken(item, why))
        elif here.decided == last.after.decided and here.second == last.after.second:
            agreed += [one.sha256 for one in changes]
            items_agreed += 1
        elif here == changes[0].before:
            taken += [TakenEntry(item, one.after, one.reviewer, one.account, _origin(part, one)) for one in changes]
        else:
            decided = review.decided(item)
            conflicts.append(
                Conflict(
                    item,
                    part.part_id,
                    here,
                    decided.reviewer if decided else "",
                    last.after,
                    last.reviewer,
                    last.account,
                    _origin(part, last),
                    tuple(one.sha256 for one in changes),
                )
            )
    if taken or conflicts or agreed:
        about = {"part": part.part_id, "entries": len(taken), "agreed": agreed, "signed_by": signed_by}
        noted = [(EventKind.MERGE, about), *((EventKind.CONFLICT, one.as_json()) for one in conflicts)]
        review.append(taken, noted, actor)
    return Merged(part, len(taken), items_agreed, tuple(conflicts), tuple(refused), waiting)


def _origin(part: Part, entry: Entry) -> Origin:
    return Origin(part.part_id, entry.number, entry.decided_at, entry.sha256)


def _checked(review: ReviewFile, events: Sequence[Event], file: ReviewFile) -> Part:
    """Return the part that a file is; what it is about is what was split off."""
    name = visible(file.path.name)
    part = next((one for one in parts_of(events) if one.part_id == file.head.review_id), None)
    if part is None or file.head.details.get(PART_OF) != review.head.review_id:
        raise ReviewError(
            phrase("{name}: it is not a part of {review}", name=name, review=visible(review.head.review_id))
        )
    ids = [*file.lines_standing.known, *file.findings_standing.known]
    if (
        sorted(ids) != sorted(part.items)
        or items_sha256(file, ids) != part.items_sha256
        or file.head.snapshot_sha256 != review.head.snapshot_sha256
        or file.head.journal_start != part.journal_start
    ):
        raise ReviewError(phrase("{name}: its items are not those that were split off", name=name))
    return part


def _own_entries(review: ReviewFile, file: ReviewFile) -> Iterator[Entry]:
    """Yield the entries that were made in a part; those that it began with must be the review's."""
    for entry in file.journal():
        if entry.origin is None:
            yield entry
            continue
        source = review.entry(entry.origin.number)
        if (
            entry.origin.review_id != review.head.review_id
            or source is None
            or (source.sha256, source.line_id, source.after) != (entry.origin.sha256, entry.line_id, entry.after)
        ):
            raise ReviewError(
                phrase(
                    "{name}: entry {number} of its journal differs from the review",
                    name=visible(file.path.name),
                    number=entry.number,
                )
            )


def _handled(review: ReviewFile, events: Iterable[Event], part: Part, entries: Sequence[Entry]) -> set[str]:
    """Return the hashes of a part's entries that were merged before; they must still be in it."""
    there = {entry.number: entry.sha256 for entry in entries}
    found: set[str] = set()
    numbers = dict(review.entries_from(part.part_id))
    for event in events:
        if event.details.get("part") != part.part_id:
            continue
        if event.kind is EventKind.MERGE:
            found.update(event.details["agreed"])
        elif event.kind is EventKind.CONFLICT:
            conflict = Conflict.from_json(event.details)
            found.update(conflict.entries)
            numbers[conflict.origin.number] = conflict.origin.sha256
    gone = next((number for number, sha256 in numbers.items() if there.get(number) != sha256), None)
    gone_agreed = found - set(there.values())
    if gone is not None or gone_agreed:
        raise ReviewError(
            phrase("{part}: entries that were merged before were changed or removed since", part=visible(part.file))
        )
    return found | set(numbers.values())


def _fault(review: ReviewFile, part: Part, part_events: Sequence[Event], events: Sequence[Event], entry: Entry) -> str:
    """Return why an entry cannot be merged; empty if it can."""
    if not _may_decide(part, part_events, events, entry):
        return phrase("{name} decided it, but is not assigned to this part", name=visible(entry.reviewer))
    known = next(one for one in (review.lines_standing, review.findings_standing) if entry.line_id in one.known)
    if entry.after.choice not in known.choices:
        return phrase("`{choice}` is not a valid decision on it", choice=entry.after.choice.value)
    return ""


def _may_decide(part: Part, part_events: Sequence[Event], events: Sequence[Event], entry: Entry) -> bool:
    """Return whether whoever decided was assigned then: the reviewer, the backup, or a delegate of theirs."""
    if any(same_person(entry.reviewer, one) for one in (part.reviewer, part.backup)):
        return True
    by_coordinator = [one for one in events if one.details.get("part") == part.part_id]
    named = [one for one in part_events if any(same_person(one.actor, own) for own in (part.reviewer, part.backup))]
    back = [one for one in part_events if one.kind is EventKind.HAND_BACK]
    own = sorted({one.number: one for one in (*named, *back)}.values(), key=lambda one: one.number)
    return is_delegate(own, entry.reviewer, entry.moment) or is_delegate(by_coordinator, entry.reviewer, entry.moment)


def open_conflicts(events: Iterable[Event]) -> tuple[Conflict, ...]:
    """Return the unresolved conflicts."""
    found: dict[tuple[str, str], Conflict] = {}
    for event in events:
        if event.kind is EventKind.CONFLICT:
            conflict = Conflict.from_json(event.details)
            found[conflict.item_id, conflict.part_id] = conflict
        elif event.kind is EventKind.RESOLVE:
            found.pop((event.details["item"], event.details["part"]), None)
    return tuple(found.values())


def resolve(
    review: ReviewFile, item_id: str, actor: Reviewer, *, part_id: str = "", takes_part: bool, reason: str
) -> Conflict:
    """Choose between part and review; both opinions stay in the record.

    Args:
        review: The review.
        item_id: The item in conflict.
        actor: Who chooses.
        part_id: Of which part, where several are in conflict over the item.
        takes_part: Whether to keep the part's decision instead of the review's.
        reason: Why.

    Raises:
        ReviewError: there is no such conflict, or several, or no reason, or it cannot be written.
    """
    found = [one for one in open_conflicts(review.events()) if one.item_id == item_id and part_id in ("", one.part_id)]
    if len(found) != 1:
        sentence = (
            phrase("there is no open conflict on {item}", item=visible(item_id))
            if not found
            else phrase("several parts are in conflict on {item}: choose a part", item=visible(item_id))
        )
        raise ReviewError(f"{visible(review.path.name)}: {sentence}")
    if not reason.strip() or not actor.name.strip():
        raise ReviewError(phrase("resolving a conflict requires a name and a reason"))
    conflict = found[0]
    taken = [
        TakenEntry(item_id, conflict.there, conflict.there_by, conflict.there_account, conflict.origin)
    ] * takes_part
    details = {
        "item": item_id,
        "part": conflict.part_id,
        "takes": "part" if takes_part else "review",
        "reason": reason.strip(),
    }
    review.append(taken, [(EventKind.RESOLVE, details)], actor)
    return conflict
