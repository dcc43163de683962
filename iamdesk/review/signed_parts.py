"""What reviewers signed in their parts: kept in the review with the signatures, and compared with its decisions.

Whoever has the review file can change what was merged, in the name of the person who decided; what was signed stays.
"""

import base64
import json
import zlib
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

from iamdesk.escaping import visible
from iamdesk.i18n import join_messages, mark, phrase
from iamdesk.review.decisions import CARRIED_OVER, ItemDecision, ReviewDecision, same_person
from iamdesk.review.events import Event, EventKind
from iamdesk.review.journal import Entry, canonical, digest, entry_from_json
from iamdesk.review.parts import parts_holding, parts_of, signed_content
from iamdesk.review.review_file import ReviewFile

_MAX_BYTES = 1 << 26
"""Bytes of the journal of a part: some 100,000 decisions. A larger one is not kept: it counts as unsigned."""
_CHAINED = ("number", "previous")
"""Members of an entry that follow from its place."""
_MAX_NAMES = 5
_OTHER_REVIEW = mark("It was split from another review (title, period, scope, rules or people list changed since).")


def kept_part(part: ReviewFile, signoff: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a review keeps of a signed part: the sign-off, what it signs, and the part's decisions."""
    made = [{name: value for name, value in one.content.items() if name not in _CHAINED} for one in part.journal()]
    content = canonical(made)
    if len(content) > _MAX_BYTES:
        return {}
    packed = base64.b64encode(zlib.compress(content, 9)).decode()
    return {
        "signoff": dict(signoff),
        "content": signed_content(part),
        "start": part.head.journal_start,
        "entries": packed,
    }


@dataclass(frozen=True, slots=True)
class SignedPart:
    """A part as its signer signed it."""

    part_id: str
    sha256: str
    """Of what was signed (`parts.part_sha256`)."""
    signoff: Mapping[str, Any]
    entries: Sequence[Entry] = ()
    fault: str = ""
    """Why it is not what was signed, as a sentence."""

    @property
    def signer(self) -> str:
        """Name in the sign-off."""
        return str(self.signoff.get("name", ""))


def signed_parts(review_id: str, events: Sequence[Event], digests: Container[str]) -> Iterator[SignedPart]:
    """Yield the signed parts that a review keeps; whether the signatures are valid is not checked.

    ``digests`` are those of the journal: its start, which follows from what is reviewed, and its entries.
    """
    known = {part.part_id: part for part in parts_of(events)}
    for event in events:
        if event.kind is not EventKind.MERGE or not (kept := event.details.get("signed")):
            continue
        part = known.get(str(event.details["part"]))
        try:
            content, signoff = kept["content"], dict(kept["signoff"])
            found = SignedPart(str(event.details["part"]), digest(content), signoff, tuple(_unpacked(kept)))
            last = found.entries[-1].sha256 if found.entries else kept["start"]
            named = (content["part"], content["part_of"], content["items_sha256"], content["journal_sha256"])
            is_so = signoff["manifest_sha256"] == found.sha256
            if part is None or not is_so or named != (part.part_id, review_id, part.items_sha256, last):
                found = replace(found, fault=phrase("It is not the part that was signed."))
            elif content["journal_start"] != part.journal_start or part.journal_start not in digests:
                found = replace(found, fault=phrase(_OTHER_REVIEW))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, zlib.error):
            found = SignedPart(str(event.details["part"]), "", {}, fault=phrase("It cannot be read."))
        yield found


def _unpacked(kept: Mapping[str, Any]) -> Iterator[Entry]:
    unpacking = zlib.decompressobj()
    content = unpacking.decompress(base64.b64decode(kept["entries"], validate=True), _MAX_BYTES + 1)
    if len(content) > _MAX_BYTES or not unpacking.eof:
        raise ValueError
    previous = kept["start"]
    for number, value in enumerate(json.loads(content), 1):
        unsealed = entry_from_json({**value, "number": number, "previous": previous, "sha256": ""})
        entry = replace(unsealed, sha256=digest(unsealed.content))
        previous = entry.sha256
        yield entry


@dataclass(frozen=True, slots=True)
class Departure:
    """A decision that is another one than what was signed in a part."""

    item_id: str
    signed: Entry
    """The decision in the part."""
    now: ItemDecision
    now_by: str
    """Empty: undecided."""

    @property
    def is_in_name(self) -> bool:
        """Whether it is in the name of the person who decided otherwise in the part."""
        return same_person(self.now_by, self.signed.reviewer)


@dataclass(slots=True)
class Compared:
    """The decisions of a review beside the parts that were signed."""

    decided: Counter[str] = field(default_factory=Counter)
    """Decisions in force by who decided, without those that were carried over."""
    signed: Counter[str] = field(default_factory=Counter)
    """Of these, how many the decider signed in a part."""
    approved: Counter[str] = field(default_factory=Counter)
    """Second approvals in force by who gave them."""
    approved_signed: Counter[str] = field(default_factory=Counter)
    """Of these, how many the approver signed in a part."""
    not_merged: dict[str, Counter[str]] = field(default_factory=dict)
    """By part that was never merged, who decided its items in the review."""
    altered: list[int] = field(default_factory=list)
    """Numbers of the entries that name an entry of a signed part, and differ from it."""
    departures: list[Departure] = field(default_factory=list)
    own_delegate: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Approvals by the reviewer of a part of what their delegate decided in it: delegate, approver."""


def compare(parts: Iterable[SignedPart], events: Sequence[Event], journal: Iterable[Entry]) -> Compared:
    """Compare the decisions of a review with the signed parts that it keeps, which must be without fault."""
    signed: dict[str, list[Sequence[Entry]]] = {}
    signers: dict[str, set[str]] = {}
    for part in parts:
        others = signed.setdefault(part.part_id, [])
        if not any(_begins_with(one, part.entries) for one in others):
            others[:] = [*(one for one in others if not _begins_with(part.entries, one)), part.entries]
        for entry in part.entries:
            signers.setdefault(entry.sha256, set()).add(part.signer)
    owners = {part.part_id: (part.reviewer, part.backup) for part in parts_of(events)}
    found = Compared()
    now: dict[str, tuple[ItemDecision, str, bool]] = {}
    approved: dict[str, tuple[str, str]] = {}
    seconds: dict[str, tuple[str, bool]] = {}
    delegated: dict[str, tuple[str, ...]] = {}
    for entry in journal:
        origin = entry.origin
        of_part = signed.get(origin.review_id, ()) if origin is not None else ()
        named = [one[origin.number - 1] for one in of_part if origin is not None and 0 < origin.number <= len(one)]
        there = next((one for one in named if _is_taken(entry, one)), None)
        if named and there is None:
            found.altered.append(entry.number)
        item, after = entry.line_id, entry.after
        is_signed = there is not None and any(same_person(one, entry.reviewer) for one in signers[there.sha256])
        if after.second != entry.before.second:
            seconds[item] = (after.second, is_signed)
        if after.decided != entry.before.decided:
            now[item] = (after, entry.reviewer, is_signed)
            own = owners.get(origin.review_id, ()) if origin is not None else ()
            delegated[item] = () if any(same_person(one, entry.reviewer) for one in own) else own
            approved.pop(item, None)
        if entry.is_approval and any(same_person(after.second, one) for one in delegated.get(item, ())):
            approved[item] = (now[item][1], after.second)
    found.own_delegate.update(approved.values())
    for after, name, is_signed in now.values():
        if after.choice is not ReviewDecision.UNDECIDED and not name.startswith(CARRIED_OVER):
            found.decided[name] += 1
            found.signed[name] += is_signed
    for name, is_signed in seconds.values():
        if name:
            found.approved[name] += 1
            found.approved_signed[name] += is_signed
    merged = {event.details["part"] for event in events if event.kind is EventKind.MERGE}
    for item, holding in parts_holding(events).items():
        _, name, _ = now.get(item, (ItemDecision(), "", False))
        if holding.part_id not in merged and name and not name.startswith(CARRIED_OVER):
            found.not_merged.setdefault(holding.part_id, Counter())[name] += 1
    for entries in chain.from_iterable(signed.values()):
        for item, last in {one.line_id: one for one in entries if _is_decision(one)}.items():
            after, by, _ = now.get(item, (ItemDecision(), "", False))
            if after.decided != last.after.decided:
                found.departures.append(Departure(item, last, after, by))
    return found


def compared(review: ReviewFile) -> Compared:
    """Compare the decisions of a review with its signed parts, as they are kept: signatures are not verified."""
    events = review.events()
    digests = {review.head.journal_start, *(one.sha256 for one in review.journal())}
    parts = [one for one in signed_parts(review.head.review_id, events, digests) if not one.fault]
    return compare(parts, events, review.journal())


def _begins_with(entries: Sequence[Entry], first: Sequence[Entry]) -> bool:
    """Return whether a chain of entries begins with another one: each digest covers what is before it."""
    return not first or (len(first) <= len(entries) and entries[len(first) - 1].sha256 == first[-1].sha256)


def _is_decision(entry: Entry) -> bool:
    return entry.origin is None and entry.after.decided != entry.before.decided


def _is_taken(entry: Entry, there: Entry) -> bool:
    """Return whether an entry is the one of the part that it names."""
    origin = entry.origin
    if origin is None or (origin.sha256, origin.moment) != (there.sha256, there.decided_at):
        return False
    same = ("line_id", "line_sha256", "after", "reviewer", "account", "identities")
    return all(getattr(entry, name) == getattr(there, name) for name in same)


def altered_words(numbers: Sequence[int]) -> str:
    """Say which journal entries differ from those of a signed part that they name."""
    return phrase(
        "Journal entries that differ from what was signed in the part: {count:,} ({names}).",
        count=len(numbers),
        names=", ".join(map(str, numbers[:_MAX_NAMES])),
    )


def own_delegate_words(delegate: str, approver: str, count: int) -> str:
    """Say that the reviewer of a part approved what was decided in it by another person, on the reviewer's behalf."""
    return phrase(
        "{approver} approved decisions of {delegate}, who decided in {approver}'s part: {count:,}.",
        approver=visible(approver),
        delegate=visible(delegate),
        count=count,
    )


def departure_words(departures: Sequence[Departure]) -> str:
    """Say which decisions are other ones than those signed in parts."""
    shown = [
        phrase(
            "{item} (signed: {signed} by {by}; here: {now} by {now_by})",
            item=one.item_id,
            signed=one.signed.after.choice.value,
            by=visible(one.signed.reviewer),
            now=one.now.choice.value,
            now_by=visible(one.now_by) or "-",
        )
        for one in departures[:_MAX_NAMES]
    ]
    return phrase(
        "Decisions that depart from what was signed in a part: {count:,}: {names}.",
        count=len(departures),
        names=join_messages("; ", shown),
    )
