"""Next quarter, findings: what was decided on a finding is taken over where it is found again; fixes are tested.

A finding is known by its fingerprint: the same check, subject and object. It is asked again for a reason that is told:
it is new, it got worse, its risk was accepted until a day that has passed, or it was to be fixed and is still found.
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
from iamdesk.review.carried_decision import taken_over
from iamdesk.review.carry_over import SINCE_LAST
from iamdesk.review.decisions import UNDECIDED, ItemDecision, ReviewDecision
from iamdesk.review.revocation_tests import Outcome
from iamdesk.review.schema import Head
from iamdesk.review.state import Decided
from iamdesk.snapshot.model import Snapshot

FIXES = "earlier_fixes"
"""Under this name a review's head keeps what became of the fixes before it (JSON, `fixes_as_text`)."""
type Frozen = Mapping[str, Any]
"""A finding as a review holds it."""


class PreviousFindings(Protocol):
    """What is needed of the review before."""

    @property
    def head(self) -> Head:
        """What it is of."""

    def findings(self) -> Iterable[Frozen]:
        """Return its findings."""

    def decision(self, subject_id: str) -> ItemDecision:
        """Return what stands on a finding."""

    def decided(self, subject_id: str) -> Decided | None:
        """Return who decided it, and when."""


@dataclass(frozen=True, slots=True)
class FixTest:
    """One finding that was to be fixed, looked for in the new snapshot."""

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
    """What a new review starts with."""

    findings: tuple[Frozen, ...]
    """As they are frozen: each says what became of it since the review before."""
    decisions: Mapping[str, ItemDecision]
    asked: Mapping[str, tuple[str, ...]]
    """By finding: why it is asked. Every finding is here or among the decisions."""
    gone: tuple[Frozen, ...]
    """Findings of the review before that are no more, or cannot be told any more."""
    tests: tuple[FixTest, ...]


def carry_findings(
    previous: PreviousFindings,
    findings: Iterable[Frozen],
    new: Snapshot,
    today: date,
    everywhere: Iterable[Frozen] | None = None,
) -> CarriedFindings:
    """Return which decisions on findings hold on in a new review, and which findings are asked.

    Args:
        previous: The review before.
        findings: Of the new review.
        new: The new snapshot: what was not looked at in it cannot be said to be fixed.
        today: Risks that were accepted until a day before it have run out.
        everywhere: All findings of the new snapshot, where the new review leaves some out: those are not gone.
    """
    before = {str(one["finding_id"]): one for one in previous.findings()}
    now = {str(one["finding_id"]): one for one in findings}
    there = now if everywhere is None else {str(one["finding_id"]): one for one in everywhere}
    tests = {one.finding_id: one for one in _tests(previous, before, there, new)}
    decisions: dict[str, ItemDecision] = {}
    asked: dict[str, tuple[str, ...]] = {}
    told: list[Frozen] = []
    for finding_id, finding in now.items():
        earlier = before.get(finding_id)
        decision = previous.decision(finding_id) if earlier is not None else UNDECIDED
        reasons = tuple(_reasons(decision, finding, earlier, today, tests.get(finding_id)))
        if reasons:
            asked[finding_id] = reasons
        else:
            decisions[finding_id] = taken_over(
                decision, previous.head.review_id, previous.decided(finding_id), "it is found again"
            )
        told.append({**finding, SINCE_LAST: _since_last(previous, finding, earlier, reasons)})
    gone = tuple(one for finding_id, one in before.items() if finding_id not in there)
    return CarriedFindings(tuple(told), decisions, asked, gone, tuple(tests.values()))


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
        yield (
            phrase("It was fixed and gone, and is found again.") if back else phrase("It is new since the last review.")
        )
        return
    if decision.choice is ReviewDecision.UNDECIDED:
        yield phrase("The last review left it undecided.")
    elif decision.choice is ReviewDecision.FIX:
        yield phrase("It was to be fixed, and is still found.")
    elif decision.has_run_out(today):
        yield phrase("Its risk was accepted until {expiry}.", expiry=decision.expiry)
    if _rank(Severity, finding, "severity") < _rank(Severity, earlier, "severity"):
        yield phrase(
            "It got worse: {earlier} before, {finding} now.", earlier=earlier["severity"], finding=finding["severity"]
        )
    if _rank(State, finding, "state") < _rank(State, earlier, "state"):
        yield phrase("Whether it is so could not be told before; now it is found.")


def _rank(words: type[Severity] | type[State], finding: Frozen, name: str) -> int:
    """Return how bad a finding is, the worst first."""
    return [one.value for one in words].index(str(finding[name]))


# ── what became of fixes ─────────────────────────────────────────────────────────────────────────────────────────────


def _tests(
    previous: PreviousFindings, before: Mapping[str, Frozen], now: Mapping[str, Frozen], new: Snapshot
) -> Iterator[FixTest]:
    """Yield every finding that was to be fixed, and every one before it that was found gone, looked for again."""
    for finding_id, finding in before.items():
        if previous.decision(finding_id).choice is not ReviewDecision.FIX:
            continue
        decided = previous.decided(finding_id)
        if finding_id in now:
            outcome, sentence = Outcome.STILL_THERE, "It is still found."
        elif missing := _not_looked_at(finding, new):
            outcome, sentence = Outcome.CANNOT_TELL, missing
        else:
            outcome, sentence = Outcome.GONE, "It is found no more."
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
            continue  # it was found in the last review, and was decided on there
        if earlier.finding_id in now:
            yield replace(earlier, outcome=Outcome.CAME_BACK, sentence="It had been found gone, and is found again.")
        else:
            yield earlier


def _not_looked_at(finding: Frozen, new: Snapshot) -> str:
    """Return why nothing can be said of a finding that is not found any more; empty where it was looked for."""
    account_id = str(finding["account_id"])
    account = next((one for one in new.accounts if one.account_id == account_id), None)
    if account is None:
        return f"The new snapshot does not hold account {account_id}."
    if account.is_truncated or any(one.arn in (None, finding["subject_arn"]) for one in account.broken):
        return "A part of the account is missing in the new snapshot, or cannot be read."
    check = registry.check(str(finding["check_id"]))
    if check is None:
        return f"This iamdesk has no check {finding['check_id']}."
    if check.data is not None and not is_held(new, account_id, check.data):
        return f"The check {check.id} was not run on the new snapshot: it needs {check.data.value}."
    return _place_not_held(str(finding["subject_arn"]), new)


def _place_not_held(subject: str, new: Snapshot) -> str:
    parts = subject.split(":", 3)
    service = parts[2] if len(parts) > 3 and parts[0] == "arn" else ""
    match service:
        case "" | "iam" | "sts":
            return ""  # of the account, which is there
        case "organizations":
            return "" if new.organization is not None else "The organization is not in the new snapshot."
        case "sso" | "identitystore":
            return "" if new.identity_centers else "IAM Identity Center is not in the new snapshot."
    resource = next((one for one in new.resources if one.arn == subject), None)
    is_held = resource is not None and resource.is_policy_captured
    return "" if is_held else "The new snapshot does not hold the resource's policy."


def fixes_as_text(tests: Iterable[FixTest]) -> str:
    """Return what became of fixes as JSON text, for a review's head."""
    return json.dumps([asdict(one) for one in tests], ensure_ascii=False)


def fixes_from_text(text: str) -> Iterator[FixTest]:
    """Yield what `fixes_as_text` told.

    Raises:
        KeyError, TypeError, ValueError: the text is none of these.
    """
    for one in json.loads(text):
        yield FixTest(**{**one, "outcome": Outcome(one["outcome"])})
