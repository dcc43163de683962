"""Follow-up reviews: decisions on findings that are found again are carried over, and fixes are tested.

A finding is identified by its fingerprint: check, subject and object. It needs a new decision, with a reason, if it is
new, its severity increased, the acceptance of its risk expired, or it was to be fixed.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any, Protocol

from iamdesk.checks import registry
from iamdesk.checks.finding import Severity, State
from iamdesk.checks.prerequisites import is_held
from iamdesk.i18n import phrase
from iamdesk.review.asked import SINCE_LAST
from iamdesk.review.decisions import UNDECIDED, ItemDecision, ReviewDecision
from iamdesk.review.revocation_tests import Outcome
from iamdesk.review.schema import Head
from iamdesk.review.scope import is_note
from iamdesk.review.state import FOUND_AGAIN, Decided, taken_over
from iamdesk.snapshot.model import Snapshot

FIXES = "earlier_fixes"
"""Detail in a review's head with the results of earlier fixes (JSON, `fixes_as_text`)."""
type Frozen = Mapping[str, Any]
"""A finding as frozen in a review."""


class PreviousFindings(Protocol):
    """The previous review."""

    @property
    def head(self) -> Head:
        """The head of the review."""

    def findings(self) -> Iterable[Frozen]:
        """Return its findings."""

    def decision(self, subject_id: str) -> ItemDecision:
        """Return the decision on a finding."""

    def decided(self, subject_id: str) -> Decided | None:
        """Return who decided it, and when."""


@dataclass(frozen=True, slots=True)
class FixTest:
    """Result of an earlier fix, tested on the new snapshot."""

    finding_id: str
    check_id: str
    account_id: str
    subject_arn: str
    title: str
    decided_by: str
    decided_utc: str
    outcome: Outcome
    sentence: str


@dataclass(frozen=True, slots=True)
class CarriedFindings:
    """What a follow-up review carries over. Each finding is either in ``decisions`` or in ``asked``."""

    findings: tuple[Frozen, ...]
    """The findings with their changes since the previous review (`SINCE_LAST`)."""
    decisions: Mapping[str, ItemDecision]
    asked: Mapping[str, tuple[str, ...]]
    """By finding that needs a decision, the reasons."""
    gone: tuple[Frozen, ...]
    """Findings of the previous review that are no longer found, or are inconclusive now."""
    tests: tuple[FixTest, ...]


def carry_findings(
    previous: PreviousFindings,
    findings: Iterable[Frozen],
    new: Snapshot,
    today: date,
    everywhere: Iterable[Frozen] | None = None,
) -> CarriedFindings:
    """Carry decisions over to the findings of a new review.

    Args:
        previous: The previous review.
        findings: Findings of the new review.
        new: The new snapshot: a finding is not fixed if its data is not captured.
        today: Accepted risks whose last day is before it have expired.
        everywhere: All findings of the new snapshot if the new review has exclusions: excluded ones are not gone.
    """
    before = {str(one["finding_id"]): one for one in previous.findings() if not is_note(one)}
    now = {str(one["finding_id"]): one for one in findings}
    there = now if everywhere is None else {str(one["finding_id"]): one for one in everywhere}
    tests = {one.finding_id: one for one in _tests(previous, before, there, new)}
    decisions: dict[str, ItemDecision] = {}
    asked: dict[str, tuple[str, ...]] = {}
    frozen: list[Frozen] = []
    for finding_id, finding in now.items():
        earlier = before.get(finding_id)
        decision = previous.decision(finding_id) if earlier is not None else UNDECIDED
        reasons = tuple(_reasons(decision, finding, earlier, today, tests.get(finding_id)))
        if reasons:
            asked[finding_id] = reasons
        else:
            decisions[finding_id] = taken_over(
                decision, previous.head.review_id, previous.decided(finding_id), FOUND_AGAIN
            )
        frozen.append({**finding, SINCE_LAST: _since_last(previous, finding, earlier, reasons)})
    gone = tuple(one for finding_id, one in before.items() if finding_id not in there)
    return CarriedFindings(tuple(frozen), decisions, asked, gone, tuple(tests.values()))


def _since_last(
    previous: PreviousFindings, finding: Frozen, earlier: Frozen | None, reasons: Sequence[str]
) -> dict[str, Any]:
    if earlier is None:
        return {"asked": True, "reasons": list(reasons), "baseline": "new"}
    opened = previous.head.created.isoformat(timespec="seconds")
    same = all(value == earlier.get(name) for name, value in finding.items())
    return {
        "asked": bool(reasons),
        "reasons": list(reasons),
        "baseline": "unchanged" if same else "updated",
        "first_seen_utc": (earlier.get(SINCE_LAST) or {}).get("first_seen_utc", opened),
    }


def _reasons(
    decision: ItemDecision, finding: Frozen, earlier: Frozen | None, today: date, test: FixTest | None
) -> Iterator[str]:
    if earlier is None:
        back = test is not None and test.outcome is Outcome.CAME_BACK
        yield (phrase("It was fixed, but is found again.") if back else phrase("It is new since the previous review."))
        return
    if decision.choice is ReviewDecision.UNDECIDED:
        yield phrase("It was undecided in the previous review.")
    elif decision.choice is ReviewDecision.FIX:
        yield phrase("It was to be fixed, but is still found.")
    elif decision.has_run_out(today):
        yield phrase("Its risk was accepted until {expiry}.", expiry=decision.expiry)
    if _rank(Severity, finding, "severity") < _rank(Severity, earlier, "severity"):
        yield phrase(
            "Its severity increased from {earlier} to {finding}.",
            earlier=earlier["severity"],
            finding=finding["severity"],
        )
    if _rank(State, finding, "state") < _rank(State, earlier, "state"):
        yield phrase("It was inconclusive in the previous review, and is found now.")


def _rank(words: type[Severity] | type[State], finding: Frozen, name: str) -> int:
    """Return the rank of a finding's severity or state; 0 is the highest."""
    return [one.value for one in words].index(str(finding[name]))


# ── tests of fixes ───────────────────────────────────────────────────────────────────────────────────────────────────


def _tests(
    previous: PreviousFindings, before: Mapping[str, Frozen], now: Mapping[str, Frozen], new: Snapshot
) -> Iterator[FixTest]:
    """Yield results for findings that were to be fixed in the previous review, and for fixes of earlier ones."""
    for finding_id, finding in before.items():
        if previous.decision(finding_id).choice is not ReviewDecision.FIX:
            continue
        decided = previous.decided(finding_id)
        if finding_id in now:
            outcome, sentence = Outcome.STILL_THERE, "It is still found."
        elif missing := _not_looked_at(finding, new):
            outcome, sentence = Outcome.INCONCLUSIVE, missing
        else:
            outcome, sentence = Outcome.GONE, "It is no longer found."
        yield FixTest(
            finding_id,
            str(finding["check_id"]),
            str(finding["account_id"]),
            str(finding["subject_arn"]),
            str(finding["title"]),
            decided.reviewer if decided is not None else "",
            decided.moment if decided is not None else "",
            outcome,
            sentence,
        )
    for earlier in fixes_from_text(previous.head.details.get(FIXES, "[]")):
        if earlier.finding_id in before:
            continue  # found and decided again in the previous review
        if earlier.finding_id in now:
            yield replace(earlier, outcome=Outcome.CAME_BACK, sentence="It was fixed, but is found again.")
        else:
            yield earlier


def _not_looked_at(finding: Frozen, new: Snapshot) -> str:
    """Return why a finding that is no longer found is inconclusive; empty if its check was run with all its data."""
    account_id = str(finding["account_id"])
    account = next((one for one in new.accounts if one.account_id == account_id), None)
    if account is None:
        return f"Account {account_id} is not in the new snapshot."
    if account.is_truncated or any(one.arn in (None, finding["subject_arn"]) for one in account.broken):
        return "A part of the account is missing or malformed in the new snapshot."
    check = registry.check(str(finding["check_id"]))
    if check is None:
        return f"This version of iamdesk has no check {finding['check_id']}."
    if check.data is not None and not is_held(new, account_id, check.data):
        return f"Check {check.id} was skipped on the new snapshot: it requires {check.data.value}."
    return _place_not_held(str(finding["subject_arn"]), new)


def _place_not_held(subject: str, new: Snapshot) -> str:
    parts = subject.split(":", 3)
    service = parts[2] if len(parts) > 3 and parts[0] == "arn" else ""
    match service:
        case "" | "iam" | "sts":
            return ""  # in the account, which is captured
        case "organizations":
            return "" if new.organization is not None else "The organization is not in the new snapshot."
        case "sso" | "identitystore":
            return "" if new.identity_centers else "IAM Identity Center is not in the new snapshot."
    resource = next((one for one in new.resources if one.arn == subject), None)
    is_held = resource is not None and resource.is_policy_captured
    return "" if is_held else "The resource policy is not in the new snapshot."


def fixes_as_text(tests: Iterable[FixTest]) -> str:
    """Return the results of fixes as JSON text, for a review's head."""
    return json.dumps([asdict(one) for one in tests], ensure_ascii=False)


def fixes_from_text(text: str) -> Iterator[FixTest]:
    """Yield the results in a text of `fixes_as_text`.

    Raises:
        KeyError, TypeError, ValueError: the text is not valid.
    """
    for one in json.loads(text):
        yield FixTest(**{**one, "outcome": Outcome(one["outcome"])})
