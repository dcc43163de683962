"""Follow-up reviews: a decision is carried over if the effect of the entitlement is proved to be unchanged, or less.

Otherwise the entitlement needs a new decision, with a reason: it is new, its effect grew or may have grown, its
exception expired, or its revoke was not carried out. All earlier revokes are tested on the new snapshot.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from iamdesk.diff.result import Comparison
from iamdesk.i18n import phrase
from iamdesk.review.affected_items import Changes
from iamdesk.review.after_revocation import AfterRevocation
from iamdesk.review.asked import AskedKind
from iamdesk.review.decisions import ItemDecision, ReviewDecision
from iamdesk.review.items import ReviewItem
from iamdesk.review.people import People, Person, PersonState
from iamdesk.review.revocation_tests import Outcome, Previous, Retest, retests_of
from iamdesk.review.state import UNCHANGED, UNCHANGED_OR_LESS, taken_over
from iamdesk.snapshot.model import Snapshot


@dataclass(frozen=True, slots=True)
class CarryOver:
    """What a follow-up review carries over. Each item is either in ``decisions`` or in ``asked``."""

    decisions: Mapping[str, ItemDecision]
    """Carried-over decisions by item, with a comment about their origin."""
    asked: Mapping[str, tuple[str, ...]]
    """By item that needs a decision, the reasons."""
    kinds: Mapping[str, tuple[AskedKind, ...]]
    """The same as kinds."""
    gone: tuple[ReviewItem, ...]
    """Items of the previous review that no longer exist."""
    retests: tuple[Retest, ...]


def carry_forward(
    previous: Previous,
    lines: Iterable[ReviewItem],
    found: Comparison,
    new: Snapshot,
    today: date,
    everywhere: Iterable[ReviewItem] | None = None,
    after: AfterRevocation | None = None,
) -> CarryOver:
    """Carry decisions over to the items of a new review.

    Args:
        previous: The previous review.
        lines: Items of the new review.
        found: Comparison of the previous review's snapshot with the new one.
        new: The new snapshot: an item is not gone if its data is not captured.
        today: Exceptions whose last day is before it have expired.
        everywhere: All items of the new snapshot if the new review has exclusions: excluded items are not gone.
        after: Evaluates what the holders of revoked items can still do; None: not evaluated.

    Raises:
        ValueError: the comparison is of other snapshots.
    """
    if previous.head.snapshot_sha256 != found.old_sha256 or new.sha256 != found.new_sha256:
        raise ValueError("the comparison is not between the snapshot of the previous review and the new one")
    before = {line.line_id: line for line in previous.lines}
    now = {line.line_id: line for line in lines}
    there = now if everywhere is None else {line.line_id: line for line in everywhere}
    changed = Changes(found, before.values(), now.values(), new)
    retests = {one.line_id: one for one in retests_of(previous, before, there, found, new, after)}
    decisions: dict[str, ItemDecision] = {}
    asked: dict[str, tuple[str, ...]] = {}
    kinds: dict[str, tuple[AskedKind, ...]] = {}
    for line_id, line in now.items():
        earlier = before.get(line_id)
        decision = previous.decision(line_id) if earlier is not None else ItemDecision()
        reasons = [*_reasons_of_decision(decision, earlier is None, today, retests.get(line_id))]
        if earlier is not None:
            reasons += ((AskedKind.CHANGED, sentence) for sentence in changed.reasons(line, earlier))
        if reasons:
            asked[line_id] = tuple(dict.fromkeys(sentence for _, sentence in reasons))
            kinds[line_id] = tuple(dict.fromkeys(kind for kind, _ in reasons))
        else:
            decisions[line_id] = taken_over(
                decision,
                previous.head.review_id,
                previous.decided(line_id),
                UNCHANGED_OR_LESS if changed.is_less(line) else UNCHANGED,
            )
    gone = tuple(line for line_id, line in before.items() if line_id not in there)
    return CarryOver(decisions, asked, kinds, gone, tuple(retests.values()))


def asked_of_people(carried: CarryOver, lines: Iterable[ReviewItem], people: People) -> CarryOver:
    """Return what is carried over without the decisions on what people have who left or moved: these are asked."""
    decisions, asked, kinds = dict(carried.decisions), dict(carried.asked), dict(carried.kinds)
    for line in lines:
        person = people.person_of(line.holder_arn)
        if person is None or person.state not in (PersonState.LEFT, PersonState.MOVED):
            continue
        decisions.pop(line.line_id, None)
        asked[line.line_id] = (*asked.get(line.line_id, ()), _sentence(person))
        kinds[line.line_id] = (*kinds.get(line.line_id, ()), AskedKind.PERSON)
    return replace(carried, decisions=decisions, asked=asked, kinds=kinds)


def _sentence(person: Person) -> str:
    name = person.name or person.key
    if person.state is PersonState.MOVED:
        if person.was:
            return phrase("{name}, the person it belongs to, moved: before {was}.", name=name, was=person.was)
        return phrase("{name}, the person it belongs to, moved on {day}.", name=name, day=person.moved)
    if person.last_day:
        return phrase("{name}, the person it belongs to, left on {day}.", name=name, day=person.last_day)
    return phrase("{name}, the person it belongs to, left.", name=name)


def _reasons_of_decision(
    decision: ItemDecision, is_new: bool, today: date, retest: Retest | None
) -> Iterator[tuple[AskedKind, str]]:
    if is_new:
        if retest is not None and retest.outcome is Outcome.CAME_BACK:
            yield AskedKind.CAME_BACK, phrase("It was revoked and removed, and exists again.")
        else:
            yield AskedKind.NEW, phrase("It is new since the previous review.")
    elif decision.choice is ReviewDecision.UNDECIDED:
        yield AskedKind.UNDECIDED, phrase("It was undecided in the previous review.")
    elif retest is not None and retest.outcome is Outcome.CAME_BACK:
        yield AskedKind.CAME_BACK, phrase("It was revoked and removed, and exists again.")
    elif decision.choice is ReviewDecision.REVOKE and retest is not None and retest.outcome is Outcome.GONE:
        yield AskedKind.CHANGED, phrase("It was revoked and no longer has the effect that it had then.")
    elif decision.choice is ReviewDecision.REVOKE:
        yield AskedKind.STILL_THERE, phrase("It was to be revoked, but still exists.")
    elif decision.choice is ReviewDecision.MODIFY:
        yield AskedKind.TO_MODIFY, phrase("It was to be modified.")
    elif decision.has_run_out(today):
        yield AskedKind.EXPIRED, phrase("Its exception expired on {expiry}.", expiry=decision.expiry)
