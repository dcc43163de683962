"""What became of revokes: each is tested on the new snapshot."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Protocol

from iamdesk.diff.result import Comparison, Status
from iamdesk.review.decisions import ItemDecision, ReviewDecision
from iamdesk.review.items import EntitlementType, ReviewItem
from iamdesk.review.schema import Head
from iamdesk.review.state import Decided
from iamdesk.snapshot.model import Account, Snapshot

REVOKES = "earlier_revokes"
"""Under this name a review's head keeps what became of the revokes before it (JSON, `revokes_as_text`)."""
OF_HOLDERS = frozenset({EntitlementType.GROUP, EntitlementType.MANAGED_POLICY, EntitlementType.INLINE_POLICY})
"""Lines that give their holder permissions of its own."""


class Previous(Protocol):
    """What is needed of the review before."""

    @property
    def head(self) -> Head:
        """What it is of."""

    @property
    def lines(self) -> Sequence[ReviewItem]:
        """Its lines."""

    def decision(self, line_id: str) -> ItemDecision:
        """Return what stands on a line."""

    def decided(self, line_id: str) -> Decided | None:
        """Return who decided it, and when."""


class Outcome(StrEnum):
    """What became of a revoke."""

    GONE = "gone"
    STILL_THERE = "still there"
    CAME_BACK = "came back"
    """It was found gone by an earlier review, and is there again."""
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True, slots=True)
class Retest:
    """One earlier revoke, tested on the new snapshot."""

    line_id: str
    account_id: str
    holder_arn: str
    type: EntitlementType
    entitlement_id: str
    name: str
    decided_by: str
    decided_utc: str
    outcome: Outcome
    sentence: str


def retests_of(
    previous: Previous,
    before: Mapping[str, ReviewItem],
    now: Mapping[str, ReviewItem],
    found: Comparison,
    new: Snapshot,
) -> Iterator[Retest]:
    """Yield every revoke of the review before, and every one before it that was found gone, tested again.

    ``before`` and ``now`` are the lines of the review before and of the new one, by id; ``found`` compares their
    snapshots, of which ``new`` is the new one.
    """
    for line_id, line in before.items():
        if previous.decision(line_id).choice is not ReviewDecision.REVOKE:
            continue
        decided = previous.decided(line_id)
        who, when = (decided.reviewer, decided.moment) if decided is not None else ("", "")
        outcome, sentence = _outcome(line, line_id in now, found, new)
        yield Retest(
            line_id,
            line.account_id,
            line.holder_arn,
            line.type,
            line.entitlement_id,
            line.name,
            who,
            when,
            outcome,
            sentence,
        )
    for earlier in revokes_from_text(previous.head.details.get(REVOKES, "[]")):
        if earlier.line_id in before:
            continue  # it was there in the last review, and was decided on there
        if earlier.line_id in now:
            sentence = f"{earlier.name} had been found gone, and is there again."
            yield replace(earlier, outcome=Outcome.CAME_BACK, sentence=sentence)
        else:
            yield earlier


def _outcome(line: ReviewItem, is_there: bool, found: Comparison, new: Snapshot) -> tuple[Outcome, str]:
    if is_there:
        return Outcome.STILL_THERE, f"{line.name} is still there."
    missing = _not_captured(line, new)
    if missing:
        return Outcome.CANNOT_TELL, missing
    standing = found.principals.get(line.holder_arn)
    if standing is not None and standing.status is Status.UNCHANGED and line.type in OF_HOLDERS:
        return Outcome.GONE, f"{line.name} is gone; its holder can do the same as before by something else."
    return Outcome.GONE, f"{line.name} is gone."


def _not_captured(line: ReviewItem, new: Snapshot) -> str:
    """Return why nothing can be said of a line that the new snapshot does not have; empty where it is gone."""
    account = next((one for one in new.accounts if one.account_id == line.account_id), None)
    if line.type is EntitlementType.PERMISSION_SET:
        captured = any(one.account_assignments is not None for one in new.identity_centers)
        return "" if captured else "The assignments of IAM Identity Center are not in the new snapshot."
    if line.type is EntitlementType.RESOURCE_GRANT:
        held = next((one for one in new.resources if one.arn == line.entitlement_id), None)
        if held is None or not held.is_policy_captured:
            return "The new snapshot does not hold the resource's policy."
        return ""
    if account is None:
        return f"The new snapshot does not hold account {line.account_id}."
    if account.is_truncated or _is_broken(account, line):
        return "A part of the account is missing in the new snapshot, or cannot be read."
    if line.type is EntitlementType.ACCESS_KEY and not any(
        facts.account_id == line.account_id and facts.credential_report is not None for facts in new.account_facts
    ):
        return "The new snapshot has no credential report of the account."
    return ""


def _is_broken(account: Account, line: ReviewItem) -> bool:
    return any(entry.arn in (None, line.holder_arn) for entry in account.broken)


def revokes_as_text(retests: Iterable[Retest]) -> str:
    """Return what became of revokes as JSON text, for a review's head."""
    told = [
        {
            "line_id": one.line_id,
            "account_id": one.account_id,
            "holder_arn": one.holder_arn,
            "type": one.type.value,
            "entitlement_id": one.entitlement_id,
            "name": one.name,
            "decided_by": one.decided_by,
            "decided_utc": one.decided_utc,
            "outcome": one.outcome.value,
            "sentence": one.sentence,
        }
        for one in retests
    ]
    return json.dumps(told, ensure_ascii=False)


def revokes_from_text(text: str) -> Iterator[Retest]:
    """Yield what `revokes_as_text` told.

    Raises:
        KeyError, TypeError, ValueError: the text is none of these.
    """
    listed: list[dict[str, Any]] = json.loads(text)
    for one in listed:
        yield Retest(
            one["line_id"],
            one["account_id"],
            one["holder_arn"],
            EntitlementType(one["type"]),
            one["entitlement_id"],
            one["name"],
            one["decided_by"],
            one["decided_utc"],
            Outcome(one["outcome"]),
            one["sentence"],
        )
