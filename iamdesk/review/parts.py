"""A review in parts: one file for each reviewer, decided alone, without a server.

A part is a review file of its own. Its head names the review that was split, its reviewer and the due day; its journal
begins where that of the review was. Decisions come back by `merge`.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from iamdesk.errors import ReviewError
from iamdesk.escaping import visible
from iamdesk.i18n import phrase
from iamdesk.private_files import create_private_folder
from iamdesk.review.assignment import AssignedTo, Assignment, assignment_of
from iamdesk.review.decisions import UNDECIDED, Reviewer, same_person
from iamdesk.review.events import Event, EventKind
from iamdesk.review.items import PopulationEntry, ReviewItem, Scope
from iamdesk.review.journal import GENESIS, Origin, digest
from iamdesk.review.review_file import ReviewFile, TakenEntry
from iamdesk.review.schema import JOURNAL_GENESIS, JOURNAL_START, PART_OF, SUFFIX, Head
from iamdesk.review.scope import Limited

_REVIEWER, _BACKUP, _DUE = "part_reviewer", "part_backup", "part_due"
_MAX_STEM = 160
"""Bytes of the name of a file, without what is added to it."""
_RESERVED = re.compile("con|prn|aux|nul|(com|lpt)[0-9¹²³]", re.IGNORECASE)
"""Names that are no files in Windows, with any suffix."""
_ELSEWHERE = "assigned to other reviewers"


@dataclass(frozen=True, slots=True)
class Part:
    """A part, as the review that was split knows it."""

    part_id: str
    file: str
    """Name, without folder."""
    reviewer: str
    backup: str
    due: date | None
    items: tuple[str, ...]
    items_sha256: str
    """Of the ids of its items and of what the reviewer sees of each."""
    journal_start: str

    @classmethod
    def of(cls, event: Event) -> "Part":
        """Return the part that an event of kind `SPLIT` wrote."""
        details = event.details
        return cls(
            details["part"],
            details["file"],
            details["reviewer"],
            details["backup"],
            date.fromisoformat(details["due"]) if details["due"] else None,
            tuple(details["items"]),
            details["items_sha256"],
            details["journal_start"],
        )

    def as_json(self) -> dict[str, Any]:
        """Return it as the details of its event."""
        return {
            "part": self.part_id,
            "file": self.file,
            "reviewer": self.reviewer,
            "backup": self.backup,
            "due": self.due.isoformat() if self.due else "",
            "items": list(self.items),
            "items_sha256": self.items_sha256,
            "journal_start": self.journal_start,
        }


def parts_of(events: Iterable[Event]) -> tuple[Part, ...]:
    """Return the parts that a review was split into."""
    return tuple(Part.of(event) for event in events if event.kind is EventKind.SPLIT)


def parts_holding(events: Iterable[Event]) -> Mapping[str, Part]:
    """Return the part that each item is in; not those that were handed back, or given to another person, since."""
    found: dict[str, Part] = {}
    for event in events:
        if event.kind is EventKind.SPLIT:
            part = Part.of(event)
            found |= dict.fromkeys(part.items, part)
        elif event.kind in (EventKind.RETURN, EventKind.REASSIGN):
            for item in event.details["items"]:
                found.pop(item, None)
    return found


def is_part(review: ReviewFile) -> bool:
    """Return whether a review file is a part."""
    return PART_OF in review.head.details


def reviewer_of(part: ReviewFile) -> AssignedTo:
    """Return the owner of a part, from its head."""
    details = part.head.details
    due = details.get(_DUE, "")
    return AssignedTo(details.get(_REVIEWER, ""), details.get(_BACKUP, ""), date.fromisoformat(due) if due else None, 0)


def items_sha256(review: ReviewFile, items: Iterable[str]) -> str:
    """Return the digest of items: their ids, and what a reviewer sees of each."""
    return digest(sorted([one, review.sha256_of(one)] for one in items))


def signed_content(part: ReviewFile) -> dict[str, str]:
    """Return what is signed: which part of which review, where it was split off, its items, decisions and delegations.

    The digest that the journal had then follows from title, period, scope, rules and people list of the review.
    """
    ids = [*part.item_states.known, *part.finding_states.known]
    events = part.events()
    return {
        "part": part.head.review_id,
        "part_of": part.head.details.get(PART_OF, ""),
        "journal_start": part.head.split_at,
        "items_sha256": items_sha256(part, ids),
        "journal_sha256": part.journal_sha256,
        "events_sha256": events[-1].sha256 if events else GENESIS,
    }


def part_sha256(part: ReviewFile) -> str:
    """Return the digest of what is signed."""
    return digest(signed_content(part))


def split(review: ReviewFile, folder: Path, actor: Reviewer) -> tuple[Part, ...]:
    """Write a part for each reviewer, with the items that are in no part yet.

    Raises:
        ReviewError: nothing is assigned, everything is in parts, or a file cannot be written; then none is there.
    """
    events = review.events()
    assignment = assignment_of(events)
    if assignment is None:
        raise ReviewError(
            phrase("{name}: nothing is assigned yet: run `iamdesk review assign` first", name=visible(review.path.name))
        )
    given = parts_holding(events)
    rest = {item: to for item, to in assignment.reviewers.items() if item not in given}
    if not rest:
        raise ReviewError(
            phrase("{name}: everything that is assigned is in parts already", name=visible(review.path.name))
        )
    numbered = enumerate(Assignment(rest, ()).by_reviewer().items(), start=len(parts_of(events)) + 1)
    names: set[str] = set()
    parts = [_part(review, to, items, number, names) for number, (to, items) in numbered]
    there = next((one.file for one in parts if (folder / one.file).exists()), None)
    if there is not None:
        raise ReviewError(phrase("{name} already exists; it was not changed", name=visible(there)))
    written: list[Path] = []
    try:
        create_private_folder(folder, parents=True)
        lines = dict(review.each_line_by_id())
        is_in_effect = dict(_standing(review))
        for part in parts:
            _write(review, part, folder / part.file, lines, is_in_effect, written)
        review.append([], [(EventKind.SPLIT, part.as_json()) for part in parts], actor)
    except OSError as error:
        _remove(written)
        reason = error.strerror or type(error).__name__
        raise ReviewError(
            phrase("{name}: it cannot be written: {reason}", name=visible(folder.name), reason=reason)
        ) from error
    except ReviewError:
        _remove(written)
        raise
    return tuple(parts)


def _part(review: ReviewFile, to: AssignedTo, items: Sequence[str], number: int, names: set[str]) -> Part:
    plain = unicodedata.normalize("NFC", to.reviewer)
    stem = "".join(char if char.isalnum() or char in "-_.@" else "-" for char in plain).strip(".-")
    stem = stem.encode()[:_MAX_STEM].decode(errors="ignore") or "reviewer"
    if _RESERVED.fullmatch(stem.partition(".")[0]):
        stem = f"_{stem}"
    name, at = stem, 1
    while name.casefold() in names:
        at += 1
        name = f"{stem}-{at}"
    names.add(name.casefold())
    return Part(
        f"{review.head.review_id}.{number}",
        f"{name}{SUFFIX}",
        to.reviewer,
        to.backup,
        to.due,
        tuple(items),
        items_sha256(review, items),
        review.journal_sha256,
    )


def _write(
    review: ReviewFile,
    part: Part,
    path: Path,
    known: Mapping[str, ReviewItem],
    is_in_effect: Mapping[str, TakenEntry],
    written: list[Path],
) -> None:
    items = frozenset(part.items)
    lines = [known[item] for item in part.items if item in known]
    findings = [one for one in review.findings() if one["finding_id"] in items]
    head = Head(
        part.part_id,
        f"{review.head.title}: {part.reviewer}",
        review.head.snapshot_sha256,
        review.head.snapshot_name,
        datetime.now(UTC),
        review.head.previous_sha256,
        {
            **{name: value for name, value in review.head.details.items() if name != JOURNAL_GENESIS},
            PART_OF: review.head.review_id,
            _REVIEWER: part.reviewer,
            _BACKUP: part.backup,
            _DUE: part.due.isoformat() if part.due else "",
            JOURNAL_START: part.journal_start,
        },
    )
    with ReviewFile.create(
        path, head, map(_member(_holders(lines, findings)), review.population()), lines, findings
    ) as made:
        written.append(path)
        made.append([is_in_effect[item] for item in part.items if item in is_in_effect], [], Reviewer("", ""))


def _member(holders: set[str]) -> Callable[[PopulationEntry], PopulationEntry]:
    def entry(member: PopulationEntry) -> PopulationEntry:
        if not member.in_scope or member.arn in holders:
            return member
        return PopulationEntry(member.arn, member.account_id, member.kind, False, _ELSEWHERE)

    return entry


def limited_to_part(whole: Limited, items: Container[str]) -> Limited:
    """Return what a part holds of a scope: ``items``, findings among them, and their holders."""
    lines = tuple(line for line in whole.scope.lines if line.line_id in items)
    findings = tuple(one for one in whole.findings if one["finding_id"] in items)
    member = _member(_holders(lines, findings))
    return Limited(Scope(tuple(map(member, whole.scope.population)), lines), findings, whole.left_out, whole.notes)


def _holders(lines: Iterable[ReviewItem], findings: Iterable[Mapping[str, Any]]) -> set[str]:
    return {line.holder_arn for line in lines} | {str(one.get("subject_arn", "")) for one in findings}


def _standing(review: ReviewFile) -> Iterator[tuple[str, TakenEntry]]:
    """Yield the decisions that items have already, in the order in which they were made."""
    last = {entry.line_id: entry for entry in review.journal()}
    for entry in sorted(last.values(), key=lambda one: one.number):
        if entry.after != UNDECIDED:
            origin = Origin(review.head.review_id, entry.number, entry.decided_at, entry.sha256)
            yield (
                entry.line_id,
                TakenEntry(entry.line_id, entry.after, entry.reviewer, entry.account, origin, entry.identities),
            )


def _remove(written: Iterable[Path]) -> None:
    for path in written:
        path.unlink(missing_ok=True)


# Who decides in a part


def delegate(part: ReviewFile, to: str, actor: Reviewer, reason: str = "") -> None:
    """Record that another person may decide in a part.

    Raises:
        ReviewError: it is not a part, the actor is not its reviewer or backup, no name is given, or it cannot be
        written.
    """
    _check_own(part, actor)
    if not to.strip():
        raise ReviewError(phrase("a delegation requires the name of the delegate"))
    part.append([], [(EventKind.DELEGATE, {"to": to.strip(), "reason": reason})], actor)


def hand_back(part: ReviewFile, actor: Reviewer, reason: str = "") -> None:
    """Record that a delegate decides no longer.

    Raises:
        ReviewError: it is not a part, the actor is not a delegate of it, or it cannot be written.
    """
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    if not is_part(part) or not is_delegate(part.events(), actor.name, now):
        raise ReviewError(
            phrase(
                "{name}: {who} is not a delegate of this part", name=visible(part.path.name), who=visible(actor.name)
            )
        )
    part.append([], [(EventKind.HAND_BACK, {"reason": reason})], actor)


def _check_own(part: ReviewFile, actor: Reviewer) -> None:
    if not is_part(part):
        raise ReviewError(phrase("{name}: this review is not a part", name=visible(part.path.name)))
    own = reviewer_of(part)
    if same_person(actor.name, own.reviewer) or same_person(actor.name, own.backup):
        return
    raise ReviewError(
        phrase(
            "{name}: this part is assigned to {reviewer}, not to {who}",
            name=visible(part.path.name),
            reviewer=visible(own.reviewer),
            who=visible(actor.name),
        )
    )


def is_delegate(events: Iterable[Event], name: str, moment: str) -> bool:
    """Return whether a person could decide for the reviewer of a part at a moment (UTC, ISO 8601)."""
    found = False
    for event in events:
        if event.moment > moment:
            break
        if event.kind is EventKind.DELEGATE and same_person(str(event.details.get("to", "")), name):
            found = True
        elif event.kind is EventKind.HAND_BACK and same_person(event.actor, name):
            found = False
    return found


# Items that another person is to decide on


@dataclass(frozen=True, slots=True)
class Returned:
    """An item that was handed back."""

    by: str
    to: str
    """Who should decide instead; empty: not stated."""
    reason: str

    @classmethod
    def of(cls, event: Event) -> "Returned":
        """Return it from its event: in a part by who handed back, in a review by who merged the part."""
        details = event.details
        by = str(details.get("by", event.actor))
        return cls(by, str(details.get("to", "")), str(details.get("reason", "")))


def return_items(part: ReviewFile, items: Collection[str], actor: Reviewer, reason: str, to: str = "") -> None:
    """Record in a part that items are handed back to the coordinator. Deciding on one takes it back again.

    Args:
        part: The part, open for writing.
        items: IDs of undecided items.
        actor: The reviewer, the backup, or a delegate.
        reason: Why.
        to: Who should decide instead; empty: not known.

    Raises:
        ReviewError: it is no part, the actor may not decide in it, an item is not in it or is decided, there is no
            reason, or it cannot be written.
    """
    name = visible(part.path.name)
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    if not is_part(part):
        raise ReviewError(phrase("{name}: this review is not a part", name=name))
    if not is_delegate(part.events(), actor.name, now):
        _check_own(part, actor)
    _check_items(part, items)
    if any(part.decision(item) != UNDECIDED for item in items):
        raise ReviewError(phrase("{name}: only undecided items are handed back", name=name))
    if not reason.strip():
        raise ReviewError(phrase("handing items back requires a reason"))
    details = {"items": list(dict.fromkeys(items)), "to": to.strip(), "reason": reason.strip()}
    part.append([], [(EventKind.RETURN, details)], actor)


def reassign_items(
    review: ReviewFile, items: Collection[str], to: AssignedTo, actor: Reviewer, reason: str = ""
) -> None:
    """Record in a review that items are for another reviewer than rules say; they leave the part that they are in.

    Raises:
        ReviewError: it is a part, an item is not in it, no reviewer is named, or it cannot be written.
    """
    if is_part(review):
        raise ReviewError(
            phrase("{name}: a part is not assigned again: hand the items back", name=visible(review.path.name))
        )
    _check_items(review, items)
    if not to.reviewer.strip():
        raise ReviewError(phrase("an assignment requires the name of the reviewer"))
    details = {
        "items": list(dict.fromkeys(items)),
        "reviewer": to.reviewer.strip(),
        "backup": to.backup.strip(),
        "due": to.due.isoformat() if to.due else "",
        "reason": reason.strip(),
    }
    review.append([], [(EventKind.REASSIGN, details)], actor)


def _check_items(review: ReviewFile, items: Collection[str]) -> None:
    if not items:
        raise ReviewError(phrase("no item is named"))
    for item in items:
        if item not in review.item_states.known and item not in review.finding_states.known:
            raise ReviewError(phrase("the review has no entitlement or finding `{item}`", item=visible(item)))


def returned_in(review: ReviewFile) -> Mapping[str, Event]:
    """Return the event by which each undecided item was handed back; of a review, those not assigned again since."""
    found: dict[str, Event] = {}
    for event in review.events():
        match event.kind:
            case EventKind.RETURN:
                items = event.details.get("items", ())  # a part may come from anyone
                found |= dict.fromkeys(map(str, items if isinstance(items, list) else ()), event)
            case EventKind.ASSIGN:
                found.clear()
            case EventKind.REASSIGN | EventKind.SPLIT:
                for item in event.details.get("items", ()):
                    found.pop(str(item), None)
    known = (review.item_states.known, review.finding_states.known)
    return {
        item: event
        for item, event in found.items()
        if any(item in one for one in known) and review.decision(item) == UNDECIDED
    }


# How far the parts are


@dataclass(frozen=True, slots=True)
class PartProgress:
    """How far one part is."""

    file: str
    part_id: str
    reviewer: str
    backup: str
    due: date | None
    items: int
    decided: int
    delegates: tuple[str, ...]
    problem: str = ""
    """Why the file cannot be read; empty if it can."""
    returned: int = 0
    """Undecided items that were handed back, or given to another person."""

    @classmethod
    def missing(cls, part: Part) -> "PartProgress":
        """Return that of a part whose file is not there."""
        problem = phrase("the file is missing")
        return cls(part.file, part.part_id, part.reviewer, part.backup, part.due, len(part.items), 0, (), problem)

    @property
    def open(self) -> int:
        """How many items wait for a decision by its reviewer."""
        return self.items - self.decided - self.returned

    def is_overdue(self, today: date) -> bool:
        """Return whether items wait after the due day."""
        return bool(self.open) and self.due is not None and self.due < today


def progress_of(part: ReviewFile, today: date, gone: Container[str] = ()) -> PartProgress:
    """Return how far a part is; ``gone`` are items that the coordinator gave to another person."""
    own = reviewer_of(part)
    waiting = part.item_states.waiting(today) + part.finding_states.waiting(today)
    items = len(part.item_states.known) + len(part.finding_states.known)
    named = dict.fromkeys(
        str(event.details.get("to", "")) for event in part.events() if event.kind is EventKind.DELEGATE
    )
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    delegates = tuple(name for name in named if is_delegate(part.events(), name, now))
    handed_back = returned_in(part)
    ids = (*part.item_states.known, *part.finding_states.known)
    returned = sum(one in handed_back or (one in gone and part.decision(one) == UNDECIDED) for one in ids)
    return PartProgress(
        part.path.name,
        part.head.review_id,
        own.reviewer,
        own.backup,
        own.due,
        items,
        items - waiting,
        delegates,
        returned=returned,
    )


def folder_progress(
    folder: Path, today: date, gone: Mapping[str, Container[str]] | None = None
) -> tuple[PartProgress, ...]:
    """Return how far every part in a folder is, by due day and reviewer; parts that cannot be read are listed, too.

    ``gone`` are by part the items that the coordinator gave to another person.

    Raises:
        ReviewError: it is not a folder, or contains no part.
    """
    if not folder.is_dir():
        raise ReviewError(phrase("{name} is not a folder", name=visible(folder.name)))
    found: list[PartProgress] = []
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        try:
            with ReviewFile.open(path, writable=False) as review:
                if is_part(review):
                    found.append(progress_of(review, today, (gone or {}).get(review.head.review_id, ())))
        except ReviewError as error:
            found.append(PartProgress(path.name, "", "", "", None, 0, 0, (), str(error)))
    if not found:
        raise ReviewError(phrase("{name} contains no part of a review", name=visible(folder.name)))
    return tuple(sorted(found, key=lambda one: (one.due or date.max, one.reviewer.casefold(), one.file)))
