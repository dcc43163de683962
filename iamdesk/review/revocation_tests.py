"""Tests of earlier revokes on a new snapshot."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from iamdesk.diff.result import Comparison, Status
from iamdesk.i18n import join_names, phrase
from iamdesk.review.after_revocation import OF_HOLDERS, AfterRevocation, TrustNow
from iamdesk.review.close_out import RemovalOutcome, last_removals
from iamdesk.review.decisions import ItemDecision, ReviewDecision
from iamdesk.review.events import Event
from iamdesk.review.item_effect import MAX_NAMED
from iamdesk.review.items import EntitlementType, ReviewItem
from iamdesk.review.schema import Head
from iamdesk.review.state import Decided
from iamdesk.snapshot.model import Account, Snapshot

REVOKES = "earlier_revokes"
"""Detail in a review's head with the results of earlier revokes (JSON, `revokes_as_text`)."""


class Previous(Protocol):
    """The previous review."""

    @property
    def head(self) -> Head:
        """The head of the review."""

    @property
    def lines(self) -> Sequence[ReviewItem]:
        """Its entitlements."""

    def decision(self, line_id: str) -> ItemDecision:
        """Return the decision on an entitlement."""

    def decided(self, line_id: str) -> Decided | None:
        """Return who decided it, and when."""

    def events(self) -> Iterable[Event]:
        """Return what happened besides decisions, in order."""


class Outcome(StrEnum):
    """Result of an earlier revoke or fix."""

    GONE = "gone"
    STILL_THERE = "still there"
    CAME_BACK = "came back"
    """It was gone in an earlier review, or removed by the log of ``remediation.sh``, and exists again."""
    INCONCLUSIVE = "cannot tell"


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
    still_possible: int | None = None
    """Of the actions that it gave: how many are still possible otherwise; None: not evaluated."""
    gained: int | None = None
    """Actions that its holder gained since; None: inconclusive, or not evaluated."""


def retests_of(
    previous: Previous,
    before: Mapping[str, ReviewItem],
    now: Mapping[str, ReviewItem],
    found: Comparison,
    new: Snapshot,
    after: AfterRevocation | None = None,
) -> Iterator[Retest]:
    """Yield the results of the previous review's revokes, and of revokes of earlier reviews.

    Args:
        previous: The previous review.
        before: Entitlements of the previous review by ID.
        now: Entitlements of the new review by ID.
        found: Comparison of their snapshots.
        new: The new snapshot.
        after: Evaluates what is still possible otherwise; None: not evaluated.
    """
    removals = last_removals(previous.events())
    for line_id, line in before.items():
        if previous.decision(line_id).choice is not ReviewDecision.REVOKE:
            continue
        decided = previous.decided(line_id)
        who, when = (decided.reviewer, decided.moment) if decided is not None else ("", "")
        is_there = line_id in now
        if is_there and line.type is EntitlementType.TRUST and after is not None:
            outcome, sentence = _of_trust(after.trust(line))
        else:
            outcome, sentence = _outcome(line, is_there, found, new)
        if outcome is Outcome.STILL_THERE and line_id in removals:
            outcome, sentence = _after_removal(line, *removals[line_id], new)
        is_gone = outcome is Outcome.GONE and not is_there
        rest = after.of(line, before) if after is not None and is_gone else None
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
            " ".join((sentence, *rest.sentences)) if rest is not None else sentence,
            rest.still_possible if rest is not None else None,
            rest.gained if rest is not None else None,
        )
    for earlier in revokes_from_text(previous.head.details.get(REVOKES, "[]")):
        if earlier.line_id in before:
            continue  # it existed in the previous review, and was decided again
        if earlier.line_id in now:
            sentence = f"{earlier.name} was removed, but exists again."
            yield replace(earlier, outcome=Outcome.CAME_BACK, sentence=sentence)
        else:
            yield earlier


def _outcome(line: ReviewItem, is_there: bool, found: Comparison, new: Snapshot) -> tuple[Outcome, str]:
    if is_there:
        return Outcome.STILL_THERE, f"{line.name} still exists."
    missing = _not_captured(line, new)
    if missing:
        return Outcome.INCONCLUSIVE, missing
    diff = found.principals.get(line.holder_arn)
    if diff is not None and diff.status is Status.UNCHANGED and line.type in OF_HOLDERS:
        return Outcome.GONE, f"{line.name} was removed; what its holder can do has not changed."
    return Outcome.GONE, f"{line.name} was removed."


def _of_trust(found: TrustNow) -> tuple[Outcome, str]:
    """Return the result of a revoked trust policy: a role always has one, so whom it admits is compared."""
    if found.still:
        return Outcome.STILL_THERE, phrase("{names} can still assume the role.", names=_named(found.still))
    if found.doubts:
        return Outcome.INCONCLUSIVE, found.doubts[0]
    ended = phrase("{names} can no longer assume the role.", names=_named(found.before))
    if not found.now:
        return Outcome.GONE, phrase("{ended} No one can assume it now.", ended=ended)
    return Outcome.GONE, phrase("{ended} {names} can assume it now.", ended=ended, names=_named(found.now))


def _named(names: Sequence[str]) -> str:
    return join_names(names, MAX_NAMED) or phrase("no one")


def _after_removal(line: ReviewItem, removal: RemovalOutcome, at: str, new: Snapshot) -> tuple[Outcome, str]:
    """Return the result of an entitlement that exists, although the log of its removal came back."""
    captured = new.manifest.finished_at if new.manifest is not None else None
    is_before = captured is not None and captured < datetime.fromisoformat(at)
    if removal.is_closed and not is_before:
        return Outcome.CAME_BACK, f"{line.name} was removed on {at[:10]}, but exists again."
    if removal.is_closed:
        return Outcome.STILL_THERE, f"{line.name} exists in the snapshot, which was captured before its removal."
    return Outcome.STILL_THERE, f"{line.name} still exists: {removal.value.replace('_', ' ')} on {at[:10]}."


def _not_captured(line: ReviewItem, new: Snapshot) -> str:
    """Return why an entitlement that is not in the new snapshot is inconclusive; empty if it was removed."""
    account = next((one for one in new.accounts if one.account_id == line.account_id), None)
    if line.type is EntitlementType.PERMISSION_SET:
        captured = any(one.account_assignments is not None for one in new.identity_centers)
        return "" if captured else "The assignments of IAM Identity Center are not in the new snapshot."
    if line.type is EntitlementType.RESOURCE_GRANT:
        held = next((one for one in new.resources if one.arn == line.entitlement_id), None)
        if held is None or not held.is_policy_captured:
            return "The resource policy is not in the new snapshot."
        return ""
    if account is None:
        return f"Account {line.account_id} is not in the new snapshot."
    if account.is_truncated or _is_broken(account, line):
        return "A part of the account is missing or malformed in the new snapshot."
    if line.type in (EntitlementType.ACCESS_KEY, EntitlementType.CONSOLE_PASSWORD) and not any(
        facts.account_id == line.account_id and facts.credential_report is not None for facts in new.account_facts
    ):
        return "The new snapshot has no credential report of the account."
    return ""


def _is_broken(account: Account, line: ReviewItem) -> bool:
    return any(entry.arn in (None, line.holder_arn) for entry in account.broken)


def revokes_as_text(retests: Iterable[Retest]) -> str:
    """Return the results of revokes as JSON text, for a review's head."""
    return json.dumps([asdict(one) for one in retests], ensure_ascii=False)


def revokes_from_text(text: str) -> Iterator[Retest]:
    """Yield the results in a text of `revokes_as_text`.

    Raises:
        KeyError, TypeError, ValueError: the text is not valid.
    """
    for one in json.loads(text):
        yield Retest(**{**one, "type": EntitlementType(one["type"]), "outcome": Outcome(one["outcome"])})
