"""How the decisions of a review were made, from its journal: when, how fast, how many at once, with which reasons.

Facts without judgement: many decisions in one second are what a decision on a group of identical items looks like.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from iamdesk.review.decisions import CARRIED_OVER, ReviewDecision, may_be_same_person, same_person
from iamdesk.review.events import Event, EventKind
from iamdesk.review.journal import Entry
from iamdesk.review.people import People

MANY_AT_ONCE = 5
"""From this number on, decisions of one reviewer in one second are listed."""
MANY_WITH_ONE_REASON = 5
"""From this number on, decisions with the same reason are listed."""
LONGEST_STEP = timedelta(minutes=30)
"""A longer time between two decisions is a pause, and is not counted as time per item."""
_MAX_LISTED = 10
type _Imported = frozenset[tuple[str, str]]
"""Reviewer and moment of the filled sheets."""


@dataclass(frozen=True, slots=True)
class AtOnce:
    """Decisions of one reviewer in one second."""

    reviewer: str
    second: str
    """UTC, ISO 8601."""
    decisions: int


@dataclass(frozen=True, slots=True)
class ReviewerCare:
    """The decisions, or the second approvals, of one reviewer."""

    reviewer: str
    decisions: int
    first: str
    """UTC, ISO 8601."""
    last: str
    acts: int
    """How often decisions were saved: one on a group of items is one act."""
    median_step: float | None
    """Seconds between one act and the next, without pauses; None: there are no two."""
    per_item: float | None
    """Seconds of work for each item: all steps but pauses, divided by the decisions at their ends."""
    pauses: int
    """Steps longer than `LONGEST_STEP`."""
    at_once: int
    """Decisions in seconds with `MANY_AT_ONCE` or more."""
    without_reason: int


@dataclass(frozen=True, slots=True)
class SheetImport:
    """The decisions of a filled sheet, saved in one act: when they were made is not known."""

    reviewer: str
    moment: str
    """UTC, ISO 8601."""
    sheet: str
    """Name of its file."""
    decisions: int
    tickets: int
    """Rows with another ticket alone."""


@dataclass(frozen=True, slots=True)
class Care:
    """How the decisions of a review were made."""

    decisions: int
    """Decisions by people; a changed decision counts again."""
    items: int
    """Items and findings that people decided."""
    changed: int
    """Items and findings whose decision was changed or cleared at least once."""
    carried_over: int
    """Decisions taken over from an earlier review."""
    first: str
    """UTC, ISO 8601; empty without decisions."""
    last: str
    reviewers: tuple[ReviewerCare, ...]
    at_once: tuple[AtOnce, ...]
    """The seconds with `MANY_AT_ONCE` or more, most decisions first; at most some."""
    seconds_at_once: int
    """How many there are."""
    reasons: tuple[tuple[str, int], ...]
    """Reasons of `MANY_WITH_ONE_REASON` decisions or more, most first; at most some."""
    many_reasons: int
    """How many there are."""
    without_reason: int
    approvers: tuple[ReviewerCare, ...]
    """Who gave second approvals, and how."""
    last_approval: str
    """UTC, ISO 8601; empty without second approvals."""
    imports: tuple[SheetImport, ...]
    """The filled sheets whose decisions were saved, in order."""
    last_change: str
    """When this file took its last decision or second approval, those of parts when they were merged; or empty."""


@dataclass(frozen=True, slots=True)
class SameName:
    """What a reviewer did to principals of a person of the same or a similar name, by the list of people."""

    reviewer: str
    principals: tuple[str, ...]
    """ARNs, sorted."""
    items: int
    """Items and findings that the reviewer decided or approved."""


@dataclass(frozen=True, slots=True)
class OwnAccess:
    """What is known of reviewers' own access, from what they stated and from their names."""

    stated: tuple[str, ...]
    """Reviewers who stated own principals with at least one entry, sorted."""
    not_stated: tuple[str, ...]
    """Reviewers who stated none, sorted."""
    same_names: tuple[SameName, ...]
    """Empty without a list of people."""


def own_access_of(entries: Iterable[Entry], whose: Mapping[str, Iterable[str]], people: People | None) -> OwnAccess:
    """Return what is known of reviewers' own access.

    Args:
        entries: The journal.
        whose: By ID of an item or finding, the principals whose access it is (`OwnAccessFinder.by_subject`).
        people: The list of people; None: there is none.
    """
    stated: set[str] = set()
    reviewers: set[str] = set()
    spelled: dict[str, str] = {}
    same: dict[str, tuple[set[str], set[str]]] = {}
    for entry in entries:
        cleared = entry.after.choice is ReviewDecision.UNDECIDED
        if entry.reviewer.startswith(CARRIED_OVER) or cleared or not (_is_decision(entry) or entry.is_approval):
            continue
        reviewer = spelled.get(entry.reviewer)
        if reviewer is None:  # one person, however the name is spelled
            reviewer = next((one for one in reviewers if same_person(one, entry.reviewer)), entry.reviewer)
            spelled[entry.reviewer] = reviewer
            reviewers.add(reviewer)
        if entry.identities:
            stated.add(reviewer)
        if alike := _alike(whose.get(entry.line_id, ()), entry.reviewer, people):
            principals, items = same.setdefault(entry.reviewer, (set(), set()))
            principals.update(alike)
            items.add(entry.line_id)
    found = (SameName(name, tuple(sorted(arns)), len(items)) for name, (arns, items) in sorted(same.items()))
    return OwnAccess(tuple(sorted(stated)), tuple(sorted(reviewers - stated)), tuple(found))


def same_names(pairs: Iterable[tuple[str, Iterable[str]]], people: People | None) -> tuple[SameName, ...]:
    """Return reviewers with items of a person of the same or a similar name, sorted; empty without a list of people.

    Args:
        pairs: The reviewer, and the principals whose access it is, of each item or finding.
        people: The list of people; None: there is none.
    """
    found: dict[str, set[str]] = {}
    items: Counter[str] = Counter()
    for reviewer, principals in pairs:
        if alike := _alike(principals, reviewer, people):
            found.setdefault(reviewer, set()).update(alike)
            items[reviewer] += 1
    return tuple(SameName(name, tuple(sorted(arns)), items[name]) for name, arns in sorted(found.items()))


def _alike(principals: Iterable[str], reviewer: str, people: People | None) -> tuple[str, ...]:
    """Return which principals are of a person with the same name as a reviewer, or a similar one."""
    persons = ((arn, people.person_of(arn)) for arn in principals) if people is not None else ()
    return tuple(arn for arn, person in persons if person is not None and is_name_alike(person.name, reviewer))


def approvals_by_alike_names(entries: Iterable[Entry]) -> tuple[tuple[str, str, int], ...]:
    """Return pairs of decider and approver whose names may be of one person, with the number of items, sorted."""
    deciders: dict[str, str] = {}
    found: dict[tuple[str, str], set[str]] = {}
    for entry in entries:
        if _is_decision(entry):
            deciders[entry.line_id] = entry.reviewer
        if entry.is_approval:
            found.setdefault((deciders.get(entry.line_id, ""), entry.after.second), set()).add(entry.line_id)
    return tuple(
        (decider, approver, len(items))
        for (decider, approver), items in sorted(found.items())
        if may_be_same_person(decider, approver)
    )


def _is_decision(entry: Entry) -> bool:
    return entry.after.decided != entry.before.decided


def care_of(entries: Iterable[Entry], events: Iterable[Event] = ()) -> Care:
    """Return how decisions were made. Second approvals and tickets are not decisions, and clearing one is a change.

    Decisions of filled sheets, which ``events`` name, do not count as many in one second, nor in times between acts.
    """
    fills = tuple(one for one in events if one.kind is EventKind.FILL)
    imported = frozenset((one.actor, one.moment) for one in fills)
    tickets: Counter[tuple[str, str]] = Counter()
    by_approver: dict[str, list[Entry]] = {}
    last_change = ""
    by_reviewer: dict[str, list[Entry]] = {}
    touched: Counter[str] = Counter()
    carried = 0
    for entry in entries:
        if _is_decision(entry) or entry.after.second != entry.before.second:
            last_change = max(last_change, entry.moment)
        if entry.is_approval:
            by_approver.setdefault(entry.after.second, []).append(entry)
        if not _is_decision(entry):
            tickets[entry.reviewer, entry.moment] += entry.is_ticket_alone
            continue
        if entry.reviewer.startswith(CARRIED_OVER):
            carried += 1
            continue
        touched[entry.line_id] += 1
        by_reviewer.setdefault(entry.reviewer, []).append(entry)
    made = [entry for entries in by_reviewer.values() for entry in entries]
    moments = sorted(entry.decided_at for entry in made)
    reasons = Counter(entry.after.comment.strip() for entry in made)
    without = reasons.pop("", 0)
    frequent = [(reason, count) for reason, count in reasons.most_common() if count >= MANY_WITH_ONE_REASON]
    at_once = sorted(
        (one for name, entries in by_reviewer.items() for one in _at_once(name, entries, imported)),
        key=lambda one: (-one.decisions, one.second, one.reviewer),
    )
    return Care(
        len(made),
        len(touched),
        sum(count > 1 for count in touched.values()),
        carried,
        moments[0] if moments else "",
        moments[-1] if moments else "",
        tuple(_of_reviewer(name, entries, imported) for name, entries in sorted(by_reviewer.items())),
        tuple(at_once[:_MAX_LISTED]),
        len(at_once),
        tuple(frequent[:_MAX_LISTED]),
        len(frequent),
        without,
        tuple(_of_reviewer(name, entries, imported) for name, entries in sorted(by_approver.items())),
        max((entry.decided_at for entries in by_approver.values() for entry in entries), default=""),
        tuple(_import(one, tickets[one.actor, one.moment]) for one in fills),
        last_change,
    )


def _import(event: Event, tickets: int) -> SheetImport:
    saved = int(event.details["decisions"])
    return SheetImport(event.actor, event.moment, str(event.details["sheet"]), max(saved - tickets, 0), tickets)


def _of_reviewer(name: str, entries: list[Entry], imported: _Imported) -> ReviewerCare:
    acts = Counter(datetime.fromisoformat(entry.decided_at) for entry in entries)
    single = [entry for entry in entries if not _is_imported(entry, imported)]
    worked = Counter(datetime.fromisoformat(entry.decided_at) for entry in single)
    moments = sorted(worked)
    steps = [after - before for before, after in pairwise(moments)]
    work = [step.total_seconds() for step in steps if step <= LONGEST_STEP]
    worked_on = sum(worked[at] for at, step in zip(moments[1:], steps, strict=True) if step <= LONGEST_STEP)
    return ReviewerCare(
        name,
        len(entries),
        min(entry.decided_at for entry in entries),
        max(entry.decided_at for entry in entries),
        len(acts),
        median(work) if work else None,
        sum(work) / worked_on if worked_on else None,
        len(steps) - len(work),
        sum(one.decisions for one in _at_once(name, entries, imported)),
        sum(not entry.comment.strip() for entry in entries),
    )


def _at_once(name: str, entries: list[Entry], imported: _Imported) -> Iterator[AtOnce]:
    seconds = Counter(entry.decided_at[:19] for entry in entries if not _is_imported(entry, imported))
    yield from (AtOnce(name, second, count) for second, count in seconds.items() if count >= MANY_AT_ONCE)


def _is_imported(entry: Entry, imported: _Imported) -> bool:
    return entry.origin is None and (entry.reviewer, entry.moment) in imported


def is_name_alike(one: str, other: str) -> bool:
    """Return whether two names are, or may be, of one person: as `same_person`, or `may_be_same_person`."""
    return same_person(one, other) or may_be_same_person(one, other)
