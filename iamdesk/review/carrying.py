"""Next quarter: decisions of the review before are taken over where the effect is proved to be the same.

A line is asked again for a reason that is told: it is new, what it allows changed, that cannot be told, its exception
ran out, or what was decided was not done. Every earlier revoke is tested on the new snapshot.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any, Protocol

from iamdesk.compare.shapes import Cause, ChangeKind, Comparison, Effect, Kind, Status
from iamdesk.review.decisions import Choice, LineDecision
from iamdesk.review.lines import EntitlementType, Line
from iamdesk.review.schema import Head
from iamdesk.review.store import Decided
from iamdesk.snapshot.model import Account, Snapshot

REVOKES = "earlier_revokes"
"""Under this name a review's head keeps what became of the revokes before it (JSON, `revokes_as_text`)."""

SINCE_LAST = "since_last"
"""Under this name a line's evidence tells what became of it since the review before: ``asked``, and ``reasons``."""

_POLICIES = frozenset({ChangeKind.MANAGED_POLICY, ChangeKind.AWS_POLICY, ChangeKind.INLINE_POLICY})
_OF_RESOURCES = frozenset({ChangeKind.RESOURCE_POLICY, ChangeKind.GRANTS, ChangeKind.PUBLIC_ACCESS})
_OF_HOLDERS = frozenset({EntitlementType.GROUP, EntitlementType.MANAGED_POLICY, EntitlementType.INLINE_POLICY})
"""Lines that give their holder permissions of its own."""


class Previous(Protocol):
    """What is needed of the review before."""

    @property
    def head(self) -> Head:
        """What it is of."""

    @property
    def lines(self) -> Sequence[Line]:
        """Its lines."""

    def decision(self, line_id: str) -> LineDecision:
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


@dataclass(frozen=True, slots=True)
class Carried:
    """What a new review starts with."""

    decisions: Mapping[str, LineDecision]
    """By line: taken over, with a comment that says from where."""
    asked: Mapping[str, tuple[str, ...]]
    """By line: why it is asked. Every line is here or among the decisions."""
    gone: tuple[Line, ...]
    """Lines of the review before that are no more."""
    retests: tuple[Retest, ...]


def carry_forward(previous: Previous, lines: Iterable[Line], found: Comparison, new: Snapshot, today: date) -> Carried:
    """Return which decisions of a review hold on for the lines of a new one, and which lines are asked.

    Args:
        previous: The review before; ``found`` is the comparison of its snapshot with the new one.
        lines: Of the new review.
        found: What changed.
        new: The new snapshot: what it does not hold cannot be said to be gone.
        today: Exceptions whose last day is before it have run out.

    Raises:
        ValueError: the comparison is of other snapshots than the review.
    """
    if previous.head.snapshot_sha256 != found.old_sha256 or new.sha256 != found.new_sha256:
        raise ValueError("the comparison is not between the snapshot of the review before and the new one")
    before = {line.line_id: line for line in previous.lines}
    now = {line.line_id: line for line in lines}
    changed = _Changes(found, now)
    retests = {one.line_id: one for one in _retests(previous, before, now, found, new)}
    decisions: dict[str, LineDecision] = {}
    asked: dict[str, tuple[str, ...]] = {}
    for line_id, line in now.items():
        earlier = before.get(line_id)
        decision = previous.decision(line_id) if earlier is not None else LineDecision()
        reasons = [*_reasons_of_decision(decision, earlier is None, today, retests.get(line_id))]
        if earlier is not None:
            reasons += changed.reasons(line, earlier)
        if reasons:
            asked[line_id] = tuple(dict.fromkeys(reasons))
        else:
            decisions[line_id] = _taken_over(decision, previous, line_id)
    gone = tuple(line for line_id, line in before.items() if line_id not in now)
    return Carried(decisions, asked, gone, tuple(retests.values()))


def _taken_over(decision: LineDecision, previous: Previous, line_id: str) -> LineDecision:
    decided = previous.decided(line_id)
    who = f", decided by {decided.reviewer} on {decided.moment[:10]}" if decided is not None else ""
    origin = f"Taken over from review {previous.head.review_id}{who}: the effect is the same."
    if decision.comment.startswith("Taken over from review "):
        return decision.by_one  # the first decision counts, however often it is taken over
    return replace(decision.by_one, comment=f"{origin} {decision.comment}".rstrip())


def _reasons_of_decision(decision: LineDecision, is_new: bool, today: date, retest: Retest | None) -> Iterator[str]:
    if is_new:
        back = retest is not None and retest.outcome is Outcome.CAME_BACK
        yield "It was revoked and gone, and is there again." if back else "It is new since the last review."
    elif decision.choice is Choice.UNDECIDED:
        yield "The last review left it undecided."
    elif decision.choice is Choice.REVOKE:
        yield "It was to be revoked, and is still there."
    elif decision.choice is Choice.MODIFY:
        yield "It was to be modified."
    elif decision.has_run_out(today):
        yield f"Its exception ran out on {decision.expiry}."


# ── what changed for a line ──────────────────────────────────────────────────────────────────────────────────────────


class _Changes:
    """Finds what a comparison says of lines."""

    def __init__(self, found: Comparison, now: Mapping[str, Line]) -> None:
        self._found = found
        self._groups_with: dict[str, set[str]] = {}
        """By policy key, the groups that carry it."""
        for line in now.values():
            if line.holder_kind == "group":
                self._groups_with.setdefault(line.entitlement_id, set()).add(line.holder_arn)
        self._gives: dict[str, set[str]] = {}
        """By holder, what gives it permissions."""
        for line in now.values():
            if line.type in _OF_HOLDERS:
                self._gives.setdefault(line.holder_arn, set()).add(line.entitlement_id)
        self._written: dict[str, str] = {}
        """By policy key, that its text changed."""
        self._anew: dict[str, str] = {}
        for text in found.texts:
            if text.cause.kind in _POLICIES:
                self._written[text.cause.subject] = text.cause.sentence
            if text.cause.kind is ChangeKind.RECREATED:
                self._anew[text.cause.subject] = text.cause.sentence
        self._on_resources: dict[str, list[Effect]] = {}
        """By resource (or trust policy's key), the effects that come from its own side."""
        for effect in found.effects():
            for cause in effect.causes:
                if cause.kind in _OF_RESOURCES or cause.kind is ChangeKind.TRUST:
                    self._on_resources.setdefault(cause.subject, []).append(effect)

    def reasons(self, line: Line, earlier: Line) -> Iterator[str]:
        """Yield why a line that was there before is to be decided anew; nothing where its effect is the same."""
        if line.holder_arn in self._anew:
            yield self._anew[line.holder_arn]
        match line.type:
            case EntitlementType.TRUST:
                yield from self._of_trust(line)
            case EntitlementType.RESOURCE_GRANT:
                yield from self._of_resource(line)
            case EntitlementType.PERMISSION_SET:
                yield from self._of_permission_set(line, earlier)
            case EntitlementType.ACCESS_KEY:
                if line.evidence.get("rotated") != earlier.evidence.get("rotated"):
                    yield "The key is another one than before."
                yield from self._of_holder(line, every_effect=True)
            case _ if line.holder_kind == "group":
                yield from self._of_group(line)
            case _:
                yield from self._of_holder(line, every_effect=False)
        before, now = (one.evidence.get("administration", {}).get("reaches") for one in (earlier, line))
        if before != now and None not in (before, now):
            yield f"Whether its holder becomes an administrator changed: {before} before, {now} now."

    def _of_holder(self, line: Line, *, every_effect: bool) -> Iterator[str]:
        standing = self._found.principals.get(line.holder_arn)
        if standing is None:
            yield "The comparison does not know its holder."
            return
        yield from (f"Cannot tell: {doubt}" for doubt in standing.doubts)
        for effect in standing.effects:
            for cause in effect.causes:
                if every_effect or self._is_of(line, effect, cause):
                    yield cause.sentence

    def _is_of(self, line: Line, effect: Effect, cause: Cause) -> bool:
        """Return whether an effect that a cause has on the holder is one of what the line gives."""
        if cause.kind in _OF_RESOURCES or (
            cause.kind is ChangeKind.TRUST and cause.subject != f"{line.holder_arn}#trust"
        ):
            return False  # asked where the resource, or the role, lets people in
        given = self._gives.get(line.holder_arn, set())
        if cause.kind is ChangeKind.ATTACHMENT and cause.subject != line.holder_arn:
            return line.entitlement_id == cause.subject  # what the group gives is other than before
        subject = cause.subject if cause.kind in _POLICIES else cause.detail
        givers = {one for one in given if one == subject or one in self._groups_with.get(subject, ())}
        if givers and cause.kind in (*_POLICIES, ChangeKind.ATTACHMENT, ChangeKind.MEMBERSHIP):
            return line.entitlement_id in givers
        if cause.kind in (ChangeKind.ATTACHMENT, ChangeKind.MEMBERSHIP) and effect.kind is Kind.LOST:
            return False  # it went with what gave it
        # What limits the holder, or is known of it, changed: that is asked of whatever allows such requests.
        return any(self._carries(line, owner, key) for owner, key in effect.carriers)

    @staticmethod
    def _carries(line: Line, owner: str, key: str) -> bool:
        if line.type is EntitlementType.GROUP:
            return line.entitlement_id == owner
        return owner == line.holder_arn and line.entitlement_id == key

    def _of_group(self, line: Line) -> Iterator[str]:
        standing = self._found.principals.get(line.holder_arn)
        if standing is None:
            yield "The comparison does not know the group."
            return
        yield from (f"Cannot tell: {doubt}" for doubt in standing.doubts)
        if standing.status is not Status.UNCHANGED and line.entitlement_id in self._written:
            yield self._written[line.entitlement_id]

    def _of_trust(self, line: Line) -> Iterator[str]:
        standing = self._found.resources.get(line.holder_arn)
        if standing is not None:
            yield from (f"Cannot tell: {doubt}" for doubt in standing.doubts)
        for effect in self._on_resources.get(line.entitlement_id, ()):
            yield from (cause.sentence for cause in effect.causes if cause.subject == line.entitlement_id)

    def _of_resource(self, line: Line) -> Iterator[str]:
        standing = self._found.resources.get(line.entitlement_id)
        if standing is None:
            return
        yield from (f"Cannot tell: {doubt}" for doubt in standing.doubts)
        for effect in standing.effects:
            if _names(line.holder_arn, effect.principal):
                yield from (cause.sentence for cause in effect.causes)

    def _of_permission_set(self, line: Line, earlier: Line) -> Iterator[str]:
        if line.evidence.get("members") != earlier.evidence.get("members"):
            yield "The members of the group changed."
        role = line.evidence.get("role")
        if role != earlier.evidence.get("role"):
            yield "It stands for another role than before."
        standing = self._found.principals.get(str(role))
        if standing is None:
            if role is None:
                yield "Cannot tell: The role of the permission set is not in the snapshot."
            return
        yield from (f"Cannot tell: {doubt}" for doubt in standing.doubts)
        yield from (cause.sentence for effect in standing.effects for cause in effect.causes)


def _names(holder: str, principal: str) -> bool:
    """Return whether what a resource's policy names covers a principal."""
    account = principal.split(":", 5)[4] if principal.count(":") >= 5 else ""
    if holder in ("*", principal) or (account and holder == account):
        return True
    return bool(account) and holder.endswith(":root") and f":{account}:" in holder


# ── what became of revokes ───────────────────────────────────────────────────────────────────────────────────────────


def _retests(
    previous: Previous, before: Mapping[str, Line], now: Mapping[str, Line], found: Comparison, new: Snapshot
) -> Iterator[Retest]:
    for line_id, line in before.items():
        if previous.decision(line_id).choice is not Choice.REVOKE:
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


def _outcome(line: Line, is_there: bool, found: Comparison, new: Snapshot) -> tuple[Outcome, str]:
    if is_there:
        return Outcome.STILL_THERE, f"{line.name} is still there."
    missing = _not_captured(line, new)
    if missing:
        return Outcome.CANNOT_TELL, missing
    standing = found.principals.get(line.holder_arn)
    if standing is not None and standing.status is Status.UNCHANGED and line.type in _OF_HOLDERS:
        return Outcome.GONE, f"{line.name} is gone; its holder can do the same as before by something else."
    return Outcome.GONE, f"{line.name} is gone."


def _not_captured(line: Line, new: Snapshot) -> str:
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


def _is_broken(account: Account, line: Line) -> bool:
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
