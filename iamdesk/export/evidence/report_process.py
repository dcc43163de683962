"""Tables of a statement about the course of a review: who was assigned what, and what was removed since."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from iamdesk.checks.words import enumerated
from iamdesk.export.evidence.context import EvidenceContext
from iamdesk.export.evidence.report_model import Table, Text
from iamdesk.review.close_out import RemovalOutcome, removal_state
from iamdesk.review.coordination import assigned_to
from iamdesk.review.decisions import same_person
from iamdesk.review.parts import is_delegate, parts_of
from iamdesk.review.signed_parts import altered_words, compared, departure_words, own_delegate_words
from iamdesk.review.tickets import ticket_counts

_MAX_ROWS = 25
_MAX_NAMES = 4
_OUTCOMES = {
    RemovalOutcome.BY_HAND.value: "to be made by hand",
    RemovalOutcome.KEPT.value: "kept: it denies access, and widening was not confirmed",
    RemovalOutcome.SKIPPED.value: "skipped: the caller of the script uses it",
    RemovalOutcome.FAILED.value: "failed",
    "": "not mentioned in any log",
}


@dataclass(slots=True)
class _Share:
    """What is assigned to one reviewer for one day."""

    items: int = 0
    decided: int = 0
    others: Counter[str] = field(default_factory=Counter)
    """Items that other people decided, by name."""
    backup: str = ""


def assignment_blocks(source: EvidenceContext) -> Iterator[Text | Table]:
    """Yield who was assigned what until when, and which decisions others made."""
    review = source.review
    assigned = assigned_to(review)
    if not assigned:
        yield Text("Items were not assigned to reviewers: any reviewer could decide any of them.")
        return
    events = review.events()
    shares: dict[tuple[str, date | None], _Share] = {}
    unassigned: Counter[str] = Counter()
    for item in (*review.item_states.known, *review.finding_states.known):
        decided, to = review.decided(item), assigned.get(item)
        if to is None:
            if decided is not None:
                unassigned[decided.reviewer] += 1
            continue
        share = shares.setdefault((to.reviewer, to.due), _Share(backup=to.backup))
        share.items += 1
        if decided is None:
            continue
        share.decided += 1
        if same_person(decided.reviewer, to.reviewer):
            continue
        if same_person(decided.reviewer, to.backup):
            share.others[f"{decided.reviewer} as backup"] += 1
        elif not is_delegate(events, decided.reviewer, decided.moment):
            share.others[decided.reviewer] += 1
    rows = tuple(
        (name, share.backup, str(due or ""), f"{share.items:,}", f"{share.decided:,}", _names(share.others))
        for (name, due), share in sorted(shares.items(), key=lambda one: (one[0][0], one[0][1] or date.max))
    )
    yield Table(
        ("Assigned to", "Backup", "Due day", "Items", "Decided", "Decided by others"),
        rows[:_MAX_ROWS],
        (22, 18, 12, 9, 10, 29),
    )
    if len(rows) > _MAX_ROWS:
        yield Text(f"{len(rows) - _MAX_ROWS:,} more assignments are in 10_events.jsonl.")
    if unassigned:
        yield Text(
            f"{unassigned.total():,} entitlements and findings that were assigned to no reviewer are decided by: "
            f"{_names(unassigned)}."
        )


def signed_blocks(source: EvidenceContext) -> Iterator[Text]:
    """Yield how many decisions reviewers signed in their parts, and which decisions are other ones than those."""
    if not parts_of(source.review.events()):
        return
    found = compared(source.review)
    counts = [f"{name}: {found.signed[name]:,} of {count:,}" for name, count in sorted(found.decided.items())]
    yield Text(
        "Decisions that their deciders signed in a part, by the signed parts in 10_events.jsonl (iamdesk verify checks "
        f"the signatures): {'; '.join(counts) or 'none'}."
    )
    if found.altered:
        yield Text(altered_words(found.altered), is_warning=True)
    if found.departures:
        yield Text(departure_words(found.departures), is_warning=True)
    for (delegate, approver), count in sorted(found.own_delegate.items()):
        yield Text(own_delegate_words(delegate, approver, count), is_warning=True)


def joint_blocks(source: EvidenceContext) -> Iterator[Text | Table]:
    """Yield what revoked entitlements take together from those who have several of them."""
    joint = source.joint
    if joint is None:
        if source.relying:
            yield Text(
                f"{len(source.relying):,} revoked entitlements grant what other revoked ones grant, too. What they "
                "take together is not known: the snapshot was not available."
            )
        return
    beyond = [one for one in joint if one.beyond]
    if not beyond:
        return
    yield Text(
        f"Principals that lose more by all of their revoked entitlements together than by each alone: {len(beyond):,}. "
        "Others of the revoked ones grant the same. The effect of each in "
        "03_entitlements.csv is that of revoking it alone. Evaluated on copies of the snapshot without all of them, "
        "with requests without context values:"
    )
    rows = tuple(
        (one.arn, f"{len(one.items):,}", f"{one.lost:,}", f"{one.beyond:,}", f"{one.gained:,}")
        for one in beyond[:_MAX_ROWS]
    )
    yield Table(
        ("Principal", "Revoked", "Actions lost", "Of these, by none alone", "Actions gained"),
        rows,
        (48, 10, 13, 16, 13),
    )
    if len(beyond) > _MAX_ROWS:
        yield Text(f"{len(beyond) - _MAX_ROWS:,} more principals lose access so.")


def _names(counts: Counter[str]) -> str:
    named = [f"{name} ({count:,})" for name, count in counts.most_common(_MAX_NAMES)]
    return enumerated(named) + (" …" if len(counts) > _MAX_NAMES else "") if named else ""


def removal_blocks(source: EvidenceContext) -> Iterator[Text | Table]:
    """Yield what became of the changes that the review requires, as far as logs and tickets say."""
    if not source.counts.to_do:
        return
    state = removal_state(source.review)
    tickets = ticket_counts(source.review)
    rows = [("Revoked entitlements that are removed, by a log of remediation.sh", f"{state.closed:,}")]
    rows += [
        (f"Revoked entitlements that are not removed: {_OUTCOMES[outcome]}", f"{count:,}")
        for outcome, count in sorted(state.by_outcome.items())
    ]
    rows += [(f"Tickets in state “{name}”", f"{count:,}") for name, count in sorted(tickets.items())]
    yield Table(("Removal, when this statement was generated", "Count"), tuple(rows), (70, 30))
    yield Text(
        "Logs and tickets are what people and their tools report. A follow-up review on a later snapshot tests each "
        "removal. 07_remediation.csv has the state of each change."
    )
