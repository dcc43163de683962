"""The table of severities: every check once, with a reason that says why other tools' severity differs."""

import re

import pytest

from iamdesk.checks.check import severity_of, severity_reasons
from iamdesk.checks.finding import Severity, State
from iamdesk.checks.registry import checks
from iamdesk.policy_validation.validate import validation_checks


def test_every_check_has_a_severity_with_a_reason():
    assert set(severity_reasons()) == {check.id for check in checks()}
    for check in checks():
        assert check.severity is severity_reasons()[check.id].severity
    for row in severity_reasons().values():
        assert row.reason.endswith(".")


def test_another_severity_than_prowlers_is_explained():
    for check_id, row in severity_reasons().items():
        for severity in (row.prowler or {}).values():
            ranks = [list(Severity).index(one) for one in (row.severity, Severity(severity))]
            word = "" if ranks[0] == ranks[1] else "Below Prowler" if ranks[0] > ranks[1] else "Above Prowler"
            assert word in row.reason, check_id


def test_classes_of_access_analyzer_are_those_of_its_policy_checks():
    classes = {check.issue_code: check.finding_type.value for check in validation_checks() if check.issue_code}
    named = [
        match
        for row in severity_reasons().values()
        for match in re.findall(r"([A-Z_]{6,}): (\w+)", row.access_analyzer)
    ]
    assert len(named) > 10
    assert all(classes[code] == class_name for code, class_name in named)


@pytest.mark.parametrize("severity", Severity)
def test_what_cannot_be_determined_is_never_high(severity):
    assert severity_of(severity, State.CANNOT_TELL) not in (Severity.CRITICAL, Severity.HIGH)
    assert severity_of(severity, State.FOUND) is severity
