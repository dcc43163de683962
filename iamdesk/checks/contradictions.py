"""Statements that never match any request: contradictory conditions, and periods that have ended."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

from iamdesk.checks.check import CheckResult, check
from iamdesk.checks.check_context import CheckContext
from iamdesk.checks.finding import Severity
from iamdesk.checks.policy_documents import WRITTEN, PolicySource, place, statement_evidence
from iamdesk.evaluate.derived_keys import MAX_SESSION_DURATION
from iamdesk.i18n import mark, phrase, with_translation
from iamdesk.policy.conditions import ConditionTest, Quantifier, requires_key
from iamdesk.policy.operators import Bound
from iamdesk.policy.statement import Statement
from iamdesk.snapshot.model import Account

_NOW = ("aws:currenttime", "aws:epochtime")
_SESSION_START = "aws:tokenissuetime"


@check(
    "LNT-19",
    over=WRITTEN,
    severity=(
        Severity.LOW,
        "Nothing is allowed that was not intended; an expired emergency statement can be forgotten.",
    ),
    title=mark("Statement that never matches"),
    question="Do the conditions of a statement contradict each other, or has the period that they allow ended?",
    remediation=mark(
        "Remove the statement, or correct its conditions: a statement matches only if all of them are true at once."
    ),
    standards=("NIST 800-53 AC-3",),
)
def never_matches(survey: CheckContext, account: Account, written: PolicySource) -> Iterator[CheckResult]:
    """Medium for a Deny, which then denies nothing. Dates are compared with the snapshot's time, not with today."""
    latest = survey.latest(account)
    for statement in written.policy.document.statements:
        if statement.broken is not None or not statement.conditions:
            continue
        why = _contradiction(statement) or _expiry(statement, latest)
        if why is not None:
            yield CheckResult(
                phrase("{place} never matches: {why}.", place=place(written, statement), why=why),
                (
                    statement_evidence(
                        written.policy,
                        statement,
                        phrase("{why}.", why=with_translation(f"{why[0].upper()}{why[1:]}", why)),
                    ),
                ),
                object=str(statement.index),
                severity=_severity(statement),
            )


def _severity(statement: Statement) -> Severity:
    """Return the severity: info for a Deny of revoked sessions, all of which have expired by now."""
    if statement.is_allow:
        return Severity.LOW
    revokes = any(test.key == _SESSION_START for test in statement.conditions)
    return Severity.INFO if revokes else Severity.MEDIUM


def _contradiction(statement: Statement) -> str | None:
    """Return why no request meets all tests; None if some may."""
    by_key: dict[str, list[ConditionTest]] = {}
    for test in statement.conditions:
        by_key.setdefault(test.key, []).append(test)
    for tests in by_key.values():
        name = tests[0].key_text
        if any(_wants_absent(test) for test in tests) and any(
            requires_key(test) for test in tests if not _wants_absent(test)
        ):
            return phrase("{key} must be absent and have a value", key=name)
        wanted = [_exact(test) for test in tests]
        allowed = [values for values in wanted if values is not None]
        if len(allowed) > 1 and not frozenset.intersection(*allowed):
            return phrase("{key} must have two values at once", key=name)
        refused = [values for test in tests if (values := _refused(test)) is not None]
        if allowed and refused and frozenset.intersection(*allowed) <= frozenset.union(*refused):
            return phrase("{key} must have a value that another test excludes", key=name)
        least, most = _bounds(tests)
        if least is not None and most is not None and least > most:
            return phrase("no value of {key} is within its bounds", key=name)
    return None


def _wants_absent(test: ConditionTest) -> bool:
    if test.operator is None or test.operator.compares_values:
        return False
    return {value.text.lower() for value in test.values} == {"true"}


def _plain(test: ConditionTest) -> bool:
    """Return whether a test requires one literal value."""
    return (
        test.operator is not None
        and test.quantifier is Quantifier.NONE
        and not test.if_exists
        and not test.variable_keys
        and bool(test.values)
    )


def _exact(test: ConditionTest) -> frozenset[object] | None:
    """Return the only values that meet a test; None if they cannot be listed."""
    if not _plain(test) or test.operator is None or test.operator.negated or not test.operator.is_equality:
        return None
    if test.operator.takes_wildcards and any("*" in value.text or "?" in value.text for value in test.values):
        return None
    return frozenset((test.operator.family, _value(value.text, test)) for value in test.values)


def _refused(test: ConditionTest) -> frozenset[object] | None:
    operator = test.operator
    if operator is None or not operator.negated or test.quantifier is not Quantifier.NONE or test.variable_keys:
        return None
    if not operator.is_equality or operator.takes_wildcards:
        return None
    return frozenset((operator.family, _value(value.text, test)) for value in test.values)


def _value(text: str, test: ConditionTest) -> object:
    is_text = test.operator is None or test.operator.family.is_text
    return text if is_text or test.operator is None else test.operator.read_request(text)


def _bounds(tests: list[ConditionTest]) -> tuple[Decimal | None, Decimal | None]:
    """Return the smallest and the largest value that meet all numeric tests, or all date tests; None: no bound."""
    least: Decimal | None = None
    most: Decimal | None = None
    families = {test.operator.family for test in tests if test.operator is not None and test.operator.compares_values}
    if len(families) != 1 or not next(iter(families)).is_number:
        return None, None
    for test in tests:
        operator = test.operator
        if operator is None or not _plain(test):
            continue
        numbers = [number for value in test.values if (number := operator.read_request(value.text)) is not None]
        if not numbers:
            continue
        if operator.bound is Bound.UPPER:
            most = max(numbers) if most is None else min(most, max(numbers))
        elif operator.bound is Bound.LOWER:
            least = min(numbers) if least is None else max(least, min(numbers))
    return least, most


def _expiry(statement: Statement, latest: datetime | None) -> str | None:
    """Return when a statement expired, as a clause, if that was before the snapshot; None if it can still match."""
    if latest is None:
        return None
    now = int(latest.timestamp())
    for key, moment in (
        *((key, now) for key in _NOW),
        (_SESSION_START, now - int(MAX_SESSION_DURATION.total_seconds())),
    ):
        tests = [test for test in statement.conditions if test.key == key]
        _, most = _bounds(tests)
        if most is not None and most < moment:
            day = f"{datetime.fromtimestamp(int(most), UTC):%Y-%m-%d}"
            if key == _SESSION_START:
                return phrase("it applies to sessions that began before {day}, and no session lasts that long", day=day)
            return phrase("the period that it allows ended on {day}, before the snapshot", day=day)
    return None
