"""The rules that iamdesk follows when it writes journal, events and packages, checked again on what was written.

Whoever hashes everything anew after a change still has to follow them.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from iamdesk.errors import Damage
from iamdesk.i18n import phrase
from iamdesk.review.decisions import DecisionError, ReviewDecision, Reviewer
from iamdesk.review.events import Event, EventKind
from iamdesk.review.journal import Entry
from iamdesk.review.own_access import OwnAccessFinder, StatedPrincipals
from iamdesk.review.schema import PART_OF, EvidenceRecord, Head
from iamdesk.review.segregation_of_duties import check_decisions
from iamdesk.review.state import Ledger

CLOCKS = timedelta(days=1)
"""How far the clocks of two computers may differ."""


def broken_rules(
    head: Head,
    ledger: Ledger,
    entries: Iterable[Entry],
    events: Sequence[Event],
    own: OwnAccessFinder | None = None,
) -> Iterator[Damage]:
    """Yield what in journal and events breaks a rule; nothing for a recovered review.

    Args:
        head: What the review is of.
        ledger: Of the review's items, without any entry; it takes the entries.
        entries: The journal.
        events: What happened besides decisions.
        own: Finds reviewers' own access by groups and trust policies; None: only that of the items' holders is looked
            for. Decisions of parts were checked there, with the items of the part.
    """
    if not head.has_genesis:
        yield from ()
        return
    taken: Counter[tuple[str, str]] = Counter()
    saved: Counter[tuple[str, str]] = Counter()
    part_of = head.details.get(PART_OF)
    last = head.created - CLOCKS
    stated = StatedPrincipals()
    revoked: dict[str, list[str]] = {}
    for entry in entries:
        place = phrase("journal entry {number}", number=entry.number)
        moment = _moment(entry.moment)
        if moment is None or moment < last:
            yield Damage(place, phrase("Its time, {utc}, is before that of the entry before it.", utc=entry.moment))
        last = moment or last
        if entry.before != ledger.decision(entry.line_id):
            yield Damage(place, phrase("It does not follow the decision before it on the same item."))
        yield from (Damage(place, sentence) for sentence in _against_rules(ledger, entry))
        if own is not None and entry.origin is None:
            stated.take((entry,))
            arns = stated.of(entry.reviewer)
            yield from (Damage(place, sentence) for sentence in _on_own_access(ledger, entry, own, arns))
        if entry.origin is not None and entry.origin.review_id != part_of:
            taken[entry.origin.review_id, entry.moment] += 1
        if entry.origin is None:
            saved[entry.reviewer, entry.moment] += 1
        if entry.after.choice is ReviewDecision.REVOKE and entry.after.decided != entry.before.decided:
            revoked.setdefault(entry.line_id, []).append(entry.moment)
        ledger.take(entry)
    yield from _removals_broken(revoked, events)
    yield from _events_broken(head, events)
    yield from _fills_broken(saved, events)
    yield from _merges_broken(taken, events)


def _against_rules(ledger: Ledger, entry: Entry) -> Iterator[str]:
    """Yield why a decision is not permitted; that of another file was checked there when it was merged."""
    who = Reviewer(entry.reviewer, entry.account, frozenset(entry.identities))
    after = entry.after if entry.origin is None else entry.after.by_one
    try:
        check_decisions(ledger, {entry.line_id: after}, who, restores=True)
    except DecisionError as error:
        yield phrase("It is against the rules: {error}.", error=error)


def _on_own_access(ledger: Ledger, entry: Entry, own: OwnAccessFinder, arns: frozenset[str]) -> Iterator[str]:
    """Yield that a reviewer decided on their own access, by what they stated then or before.

    What the entry itself states as the holder is found by `check_decisions`.
    """
    states = ledger.of(entry.line_id)
    if states is None or not arns or entry.after.choice is ReviewDecision.UNDECIDED:
        return
    holder = states.known[entry.line_id].holder_arn
    if holder not in entry.identities and own.is_own(entry.line_id, holder, arns):
        yield phrase("{name} decided on their own access ({holder_arn}).", name=entry.reviewer, holder_arn=holder)


def _events_broken(head: Head, events: Sequence[Event]) -> Iterator[Damage]:
    moments = [head.created - CLOCKS, *(_moment(event.moment) for event in events)]
    for event, (before, moment) in zip(events, pairwise(moments), strict=True):
        if moment is None or (before is not None and moment < before):
            yield Damage(
                phrase("event {number}", number=event.number),
                phrase("Its time, {utc}, is before that of the event before it.", utc=event.moment),
            )


def _removals_broken(revoked: Mapping[str, Sequence[str]], events: Iterable[Event]) -> Iterator[Damage]:
    """Yield the outcomes of a log that are of no revoked item, or of a time that cannot be."""
    for event in events:
        if event.kind is not EventKind.REMOVAL:
            continue
        place = phrase("event {number}", number=event.number)
        at, recorded = _moment(str(event.details["at"])), _moment(event.moment)
        before = [_moment(one) for one in revoked.get(str(event.details["item"]), ()) if one <= event.moment]
        if not before:
            yield Damage(place, phrase("It says that an item was removed which was not revoked."))
        elif at is None or recorded is None or at > recorded + CLOCKS or before[0] is None or at < before[0] - CLOCKS:
            yield Damage(place, phrase("Its removal, {utc}, cannot be of that time.", utc=str(event.details["at"])))


def _fills_broken(saved: Mapping[tuple[str, str], int], events: Iterable[Event]) -> Iterator[Damage]:
    """Yield the imports of sheets that count other decisions than the journal has of this reviewer and moment."""
    filled: Counter[tuple[str, str]] = Counter()
    for event in events:
        if event.kind is EventKind.FILL:
            filled[event.actor, event.moment] += int(event.details["decisions"])
    for (actor, moment), count in filled.items():
        if saved.get((actor, moment), 0) != count:
            yield Damage(
                phrase("journal"),
                phrase("The decisions of {name} at {utc} are not those of the imported sheet.", name=actor, utc=moment),
            )


def _merges_broken(taken: Mapping[tuple[str, str], int], events: Iterable[Event]) -> Iterator[Damage]:
    """Yield where the entries that were taken from parts are not those that the events of merging count."""
    merged: Counter[tuple[str, str]] = Counter()
    resolved: set[tuple[str, str]] = set()
    for event in events:
        at = (str(event.details.get("part", "")), event.moment)
        if event.kind is EventKind.MERGE:
            merged[at] += int(event.details["entries"])
        elif event.kind is EventKind.RESOLVE and event.details.get("takes") == "part":
            resolved.add(at)
    for part, moment in sorted(taken.keys() | merged.keys()):
        at = (part, moment)
        if taken.get(at, 0) != merged[at] and (at not in resolved or taken.get(at, 0) < merged[at]):
            yield Damage(
                phrase("journal"),
                phrase("The decisions taken from part {part} are not those that were merged.", part=part),
            )


def broken_packages(
    head: Head, packages: Sequence[EvidenceRecord], entries: Mapping[str, int], events: Iterable[Event]
) -> Iterator[Damage]:
    """Yield the noted packages whose last entry or event the review does not have.

    Args:
        head: What the review is of.
        packages: The noted packages.
        entries: Numbers of journal entries by digest, those that packages name among them.
        events: What happened besides decisions.
    """
    last_events = {one.sha256 for one in events}
    last = head.created - CLOCKS
    before = -1
    for package in packages:
        place = phrase("package {name}", name=package.name)
        number = entries.get(package.journal_sha256, -1)
        if number < 0 or package.journal_entries != number:
            yield Damage(place, phrase("The journal does not hold the last entry of this package."))
        if package.events_sha256 and package.events_sha256 not in last_events:
            yield Damage(place, phrase("The review does not hold the last event of this package."))
        moment = _moment(package.moment)
        if head.has_genesis and (moment is None or moment < last or number < before):
            yield Damage(place, phrase("It was recorded out of order."))
        last, before = moment or last, max(before, number)


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except (ValueError, TypeError):
        return None
    return found if found.tzinfo is not None else None
