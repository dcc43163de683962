"""The severities of the checks: each has a reason, which says why other tools' severity differs."""

import re

import pytest

from iamdesk.checks.check import OtherSeverities, other_severities, severity_of
from iamdesk.checks.finding import Severity, State
from iamdesk.checks.registry import checks
from iamdesk.policy_validation.validate import validation_checks


def test_every_severity_has_a_reason():
    assert all(check.reason.endswith(".") for check in checks())
    assert set(other_severities()) <= {check.id for check in checks()}


def test_another_severity_than_prowlers_is_explained():
    for check in checks():
        for severity in other_severities().get(check.id, OtherSeverities()).prowler.values():
            ranks = [list(Severity).index(one) for one in (check.severity, Severity(severity))]
            word = "" if ranks[0] == ranks[1] else "Below Prowler" if ranks[0] > ranks[1] else "Above Prowler"
            assert word in check.reason, check.id


def test_classes_of_access_analyzer_are_those_of_its_policy_checks():
    classes = {check.issue_code: check.finding_type.value for check in validation_checks() if check.issue_code}
    named = [
        match
        for row in other_severities().values()
        for match in re.findall(r"([A-Z_]{6,}): (\w+)", row.access_analyzer)
    ]
    assert len(named) > 10
    assert all(classes[code] == class_name for code, class_name in named)


@pytest.mark.parametrize("severity", Severity)
def test_what_cannot_be_determined_is_never_high(severity):
    assert severity_of(severity, State.INCONCLUSIVE) not in (Severity.CRITICAL, Severity.HIGH)
    assert severity_of(severity, State.FOUND) is severity
