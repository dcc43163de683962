"""Merges the decisions of a part into the review that was split; differing decisions are conflicts, and are kept."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from iamdesk.errors import ReviewError
from iamdesk.escaping import visible
from iamdesk.i18n import join_messages, phrase
from iamdesk.review.decisions import (
    FINDING_CHOICES,
    LINE_CHOICES,
    DecisionError,
    ItemDecision,
    Reviewer,
    same_person,
)
from iamdesk.review.events import Event, EventKind
from iamdesk.review.journal import Entry, Origin, as_json, from_json
from iamdesk.review.parts import (
    Part,
    is_delegate,
    items_sha256,
    part_sha256,
    parts_holding,
    parts_of,
    returned_in,
    reviewer_of,
)
from iamdesk.review.review_file import ReviewFile, TakenEntry
from iamdesk.review.schema import PART_OF
from iamdesk.review.segregation_of_duties import check_decisions
from iamdesk.review.signed_parts import kept_part
from iamdesk.review.state import ItemStates, Ledger

_CLOCKS = timedelta(days=1)
"""How far the clocks of two computers may differ."""


@dataclass(frozen=True, slots=True)
class PartSigner:
    """Who signed a part, with a valid signature."""

    name: str
    key: str
    """Fingerprint."""
    sha256: str
    """Of what was signed (`parts.part_sha256`)."""
    signoff: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """The sign-off itself, which the review keeps with what it signs."""

    @property
    def label(self) -> str:
        """Name and key."""
        return f"{self.name}, {self.key}"


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
    chain: tuple[TakenEntry, ...]
    """The part's entries that its decision consists of: who decided, then second approval and ticket."""

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
            "chain": [
                {
                    "after": as_json(one.after),
                    "reviewer": one.reviewer,
                    "account": one.account,
                    "origin": one.origin.as_json(),
                }
                for one in self.chain
            ],
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
            tuple(
                TakenEntry(
                    details["item"],
                    from_json(one["after"]),
                    one["reviewer"],
                    one["account"],
                    Origin.from_json(one["origin"]),
                )
                for one in details["chain"]
            ),
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
    """Items of the part that still wait for a decision by its reviewer."""
    returned: tuple[str, ...] = ()
    """Items that were handed back, and were not known to be."""


def merge(
    review: ReviewFile,
    path: Path,
    actor: Reviewer,
    signer: PartSigner | None = None,
    *,
    requires_signature: bool = False,
) -> Merged:
    """Take the decisions of a part that are new; merging the same part again changes nothing.

    Args:
        review: The review that was split.
        path: The part.
        actor: Who merges.
        signer: The verified signer of the part; None: it is not signed with a key.
        requires_signature: Whether to reject decisions that the signature does not show to be the signer's.

    Raises:
        DamagedReviewError: the part is not as it was written.
        MovedOnError: a decision was recorded in the review meanwhile; nothing was merged.
        ReviewError: it is not a part of this review, not the one that was split off, or not the one that was signed.
    """
    events, before = review.events(), review.journal_sha256
    with ReviewFile.open(path, writable=False) as file:
        part = _checked(review, events, file)
        if signer is not None and part_sha256(file) != signer.sha256:
            raise ReviewError(phrase("{name}: it changed after its signature was checked", name=visible(path.name)))
        entries = list(file.journal())
        faults = dict(_faults(review, file, entries))
        part_events = file.events()
        kept = kept_part(file, signer.signoff) if signer is not None and signer.signoff else {}
        returned = returned_in(file)
        waiting = sum(file.decision(item).choice.value == "undecided" and item not in returned for item in part.items)
    if requires_signature and signer is None:
        raise ReviewError(phrase("{name}: not signed with a key", name=visible(path.name)))
    handled = _handled(review, events, part, entries)
    split_at = next(one.moment for one in events if one.kind is EventKind.SPLIT and one.details["part"] == part.part_id)
    holding = parts_holding(events)
    fresh: dict[str, list[Entry]] = {}
    history: dict[str, list[Entry]] = {}
    for entry in entries:
        history.setdefault(entry.line_id, []).append(entry)
        if entry.origin is None and entry.sha256 not in handled:
            fresh.setdefault(entry.line_id, []).append(entry)
            why = _moment_fault(entry, split_at) or _person_fault(part, part_events, events, entry)
            why = why or _place_fault(part, events, holding, entry)
            if requires_signature and signer is not None:
                why = why or _signature_fault(part, part_events, events, entry, signer)
            faults[entry.sha256] = why or faults.get(entry.sha256, "")
    open_before = {one.item_id for one in open_conflicts(events) if one.part_id == part.part_id}
    taken: list[TakenEntry] = []
    conflicts: list[Conflict] = []
    refused: list[NotTaken] = []
    agreed: list[str] = []
    settled: list[tuple[str, str]] = []
    items_agreed = 0
    for item, changes in fresh.items():
        chain = _chain(history[item])
        new = {one.sha256 for one in changes}
        why = next((faults[one.sha256] for one in chain if one.sha256 in new and faults[one.sha256]), "")
        here, last = review.decision(item), changes[-1]
        is_same = (here.decided, here.second) == (last.after.decided, last.after.second)
        if why:
            refused.append(NotTaken(item, why))
        elif here == last.after or (is_same and last.after.ticket in ("", here.ticket) and here != changes[0].before):
            agreed += [one.sha256 for one in changes]
            items_agreed += 1
            settled.append((item, "review"))
        elif here == changes[0].before:
            # Whoever was not assigned decided earlier: only the decision that replaced it counts.
            sound = [one for one in changes if one in chain] if any(faults[one] for one in new) else changes
            taken += [_taken(part, one) for one in sound]
            agreed += [one.sha256 for one in changes if one not in sound]
            settled.append((item, "part"))
        elif is_same and not here.ticket:
            taken.append(_taken(part, last))
            agreed += [one.sha256 for one in changes[:-1]]
            settled.append((item, "part"))
        else:
            decided = review.decided(item)
            conflicts.append(
                Conflict(
                    item,
                    part.part_id,
                    here,
                    decided.reviewer if decided else "",
                    last.after,
                    chain[0].reviewer,
                    chain[0].account,
                    _origin(part, last),
                    tuple(one.sha256 for one in changes),
                    tuple(_taken(part, one) for one in chain),
                )
            )
    own = {item: event for item, event in returned.items() if _holds(part, holding, item)}
    returns = list(_new_returns(part, part_events, events, own, signer if requires_signature else None))
    known = [one.details["signed"]["signoff"] for one in events if one.details.get("signed")]
    if taken or conflicts or agreed or returns or (kept and kept["signoff"] not in known):
        signed_by = signer.label if signer else ""
        about = {"part": part.part_id, "entries": len(taken), "agreed": agreed, "signed_by": signed_by}
        about |= {"signed": kept} if kept else {}
        ended = [
            {"item": item, "part": part.part_id, "takes": takes, "reason": "The part was decided again."}
            for item, takes in settled
            if item in open_before
        ]
        noted = [
            (EventKind.MERGE, about),
            *((EventKind.CONFLICT, one.as_json()) for one in conflicts),
            *((EventKind.RESOLVE, one) for one in ended),
            *((EventKind.RETURN, one) for one in returns),
        ]
        review.append(taken, noted, actor, unless_after=before)
    return Merged(
        part,
        len(taken),
        items_agreed,
        tuple(conflicts),
        tuple(refused),
        waiting,
        tuple(item for one in returns for item in one["items"]),
    )


def _holds(part: Part, holding: Mapping[str, Part], item: str) -> bool:
    """Return whether an item is in a part, and was neither handed back nor given to another person."""
    place = holding.get(item)
    return place is not None and place.part_id == part.part_id


def _new_returns(
    part: Part,
    part_events: Sequence[Event],
    events: Sequence[Event],
    returned: Mapping[str, Event],
    required: PartSigner | None,
) -> Iterator[Mapping[str, Any]]:
    """Yield what was handed back in a part since it was merged last, as details of events of the review.

    ``required`` is the signer who has to answer for it: the one who handed back, or the reviewer or backup.
    """
    known = {event.details.get("origin") for event in events if event.kind is EventKind.RETURN}
    for event in {one.sha256: one for one in returned.values()}.values():
        signers = (event.actor, part.reviewer, part.backup)
        is_resolved = required is None or any(same_person(required.name, one) for one in signers)
        may = _may_act(part, part_events, events, event.actor, event.moment)
        if may and is_resolved and event.sha256 not in known:
            yield {
                "part": part.part_id,
                "items": [item for item, by in returned.items() if by is event],
                "to": str(event.details.get("to", "")),
                "reason": str(event.details.get("reason", "")),
                "by": event.actor,
                "at": event.moment,
                "origin": event.sha256,
            }


def _place_fault(part: Part, events: Sequence[Event], holding: Mapping[str, Part], entry: Entry) -> str:
    """Return that an item was not in the part any more when it was decided; empty if it was."""
    if _holds(part, holding, entry.line_id):
        return ""
    left = [
        event.moment
        for event in events
        if event.kind in (EventKind.RETURN, EventKind.REASSIGN) and entry.line_id in event.details["items"]
    ]
    if not left or entry.moment <= left[-1]:
        return ""
    return phrase("it was handed back, or given to another reviewer, on {day}", day=left[-1][:10])


def _chain(entries: Sequence[Entry]) -> Sequence[Entry]:
    """Return the last entries on an item that its decision consists of: the decision, then what only adds to it."""
    at = len(entries) - 1
    while at and entries[at].after.decided == entries[at].before.decided:
        at -= 1
    return entries[at:]


def _taken(part: Part, entry: Entry) -> TakenEntry:
    return TakenEntry(entry.line_id, entry.after, entry.reviewer, entry.account, _origin(part, entry), entry.identities)


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
    ids = [*file.item_states.known, *file.finding_states.known]
    if (
        sorted(ids) != sorted(part.items)
        or items_sha256(file, ids) != part.items_sha256
        or file.head.snapshot_sha256 != review.head.snapshot_sha256
        or file.head.split_at != part.journal_start
    ):
        raise ReviewError(phrase("{name}: its items are not those that were split off", name=name))
    if reviewer_of(file)[:3] != (part.reviewer, part.backup, part.due):
        raise ReviewError(phrase("{name}: its reviewer, backup or due day was changed", name=name))
    return part


def _faults(review: ReviewFile, file: ReviewFile, entries: Iterable[Entry]) -> Iterator[tuple[str, str]]:
    """Yield the hash of each entry that was made in a part, and why it is against the rules; empty if it is not.

    The entries that the part began with must be the review's, and each must follow the one before on its item.
    """
    ledger = Ledger(
        ItemStates(review.item_states.known, LINE_CHOICES),
        ItemStates(review.finding_states.known, FINDING_CHOICES),
    )
    for entry in entries:
        is_sound = ledger.decision(entry.line_id) == entry.before
        if entry.origin is None:
            why = ""
            try:
                who = Reviewer(entry.reviewer, entry.account)
                check_decisions(ledger, {entry.line_id: entry.after}, who, restores=True)
            except DecisionError as error:
                why = str(error)
            yield entry.sha256, why
        else:
            source = review.entry(entry.origin.number)
            is_sound = (
                is_sound
                and entry.origin.review_id == review.head.review_id
                and source is not None
                and (source.sha256, source.decided_at, source.line_id, source.after, source.reviewer)
                == (entry.origin.sha256, entry.origin.moment, entry.line_id, entry.after, entry.reviewer)
            )
        if not is_sound:
            raise ReviewError(
                phrase(
                    "{name}: entry {number} of its journal differs from the review",
                    name=visible(file.path.name),
                    number=entry.number,
                )
            )
        ledger.take(entry)


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
            phrase(
                "{part}: entries that were merged before were changed or removed since, or it is an older copy",
                part=visible(part.file),
            )
        )
    return found | set(numbers.values())


def _moment_fault(entry: Entry, split_at: str) -> str:
    """Return why a decision cannot have been made then; empty if it can."""
    try:
        moment = datetime.fromisoformat(entry.moment)
        is_possible = datetime.fromisoformat(split_at) - _CLOCKS <= moment <= datetime.now(UTC) + _CLOCKS
    except (ValueError, TypeError):
        is_possible = False
    return "" if is_possible else phrase("its time, {utc}, is before the split or in the future", utc=entry.moment)


def _person_fault(part: Part, part_events: Sequence[Event], events: Sequence[Event], entry: Entry) -> str:
    """Return why whoever decided may not; empty if they may."""
    if _may_decide(part, part_events, events, entry):
        return ""
    return phrase("{name} decided it, but is not assigned to this part", name=visible(entry.reviewer))


def _signature_fault(
    part: Part, part_events: Sequence[Event], events: Sequence[Event], entry: Entry, signer: PartSigner
) -> str:
    """Return why a signature does not show who decided; empty if it does.

    It shows the signer's own decisions. A reviewer's signature also answers for the delegates whom they named: the
    delegation is part of what is signed. A delegate's own signature shows no delegation.
    """
    is_assigned = any(same_person(signer.name, one) for one in (part.reviewer, part.backup))
    if same_person(signer.name, entry.reviewer):
        by_coordinator = [one for one in events if one.details.get("part") == part.part_id]
        if is_assigned or is_delegate(by_coordinator, entry.reviewer, entry.moment):
            return ""
        return phrase("{name} decided and signed it, but the reviewer did not", name=visible(entry.reviewer))
    named = [one for one in part_events if one.kind is EventKind.HAND_BACK or same_person(one.actor, signer.name)]
    is_own = any(same_person(entry.reviewer, one) for one in (part.reviewer, part.backup))
    if is_assigned and not is_own and is_delegate(named, entry.reviewer, entry.moment):
        return ""
    return phrase("{name} decided it, but {signer} signed", name=visible(entry.reviewer), signer=visible(signer.name))


def _may_decide(part: Part, part_events: Sequence[Event], events: Sequence[Event], entry: Entry) -> bool:
    """Return whether whoever decided was assigned then."""
    return _may_act(part, part_events, events, entry.reviewer, entry.moment)


def _may_act(part: Part, part_events: Sequence[Event], events: Sequence[Event], name: str, moment: str) -> bool:
    """Return whether a person was assigned to a part then: the reviewer, the backup, or a delegate of theirs."""
    if any(same_person(name, one) for one in (part.reviewer, part.backup)):
        return True
    by_coordinator = [one for one in events if one.details.get("part") == part.part_id]
    named = [one for one in part_events if any(same_person(one.actor, own) for own in (part.reviewer, part.backup))]
    back = [one for one in part_events if one.kind is EventKind.HAND_BACK]
    own = sorted({one.number: one for one in (*named, *back)}.values(), key=lambda one: one.number)
    return is_delegate(own, name, moment) or is_delegate(by_coordinator, name, moment)


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
    before = review.journal_sha256
    found = [one for one in open_conflicts(review.events()) if one.item_id == item_id and part_id in ("", one.part_id)]
    if len(found) != 1:
        sentence = (
            phrase("there is no open conflict on {item}", item=visible(item_id))
            if not found
            else phrase("several parts are in conflict on {item}: choose a part", item=visible(item_id))
        )
        raise ReviewError(join_messages(": ", (visible(review.path.name), sentence)))
    if not reason.strip() or not actor.name.strip():
        raise ReviewError(phrase("resolving a conflict requires a name and a reason"))
    conflict = found[0]
    decided = review.decided(item_id)
    if (
        takes_part
        and decided is not None
        and conflict.there.decided == review.decision(item_id).decided
        and same_person(decided.reviewer, conflict.there.second)
    ):
        raise ReviewError(
            phrase(
                "{name} made this decision: the second approval must come from another reviewer",
                name=visible(decided.reviewer),
            )
        )
    last = TakenEntry(item_id, conflict.there, conflict.there_by, conflict.there_account, conflict.origin)
    taken = (conflict.chain or (last,)) if takes_part else ()
    details = {
        "item": item_id,
        "part": conflict.part_id,
        "takes": "part" if takes_part else "review",
        "reason": reason.strip(),
    }
    review.append(taken, [(EventKind.RESOLVE, details)], actor, unless_after=before)
    return conflict
