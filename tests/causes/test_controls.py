"""Controls of standards: passed only where every check ran over everything and nothing is open."""

import json
from collections import Counter
from pathlib import Path

import pytest

from iamdesk.access.evaluator import Evaluator
from iamdesk.causes.controls import Tally, controls
from iamdesk.causes.types import Control, ControlStatus
from iamdesk.checks import registry
from iamdesk.checks.check_context import CheckContext
from iamdesk.checks.finding import Severity, State
from iamdesk.checks.registry import RunScope, scope_of
from iamdesk.progress import never_cancelled
from iamdesk.resource_files import resources, sample_snapshot
from iamdesk.snapshot.reader import load_snapshot

from ..builders import entries

DIRECT = "2.13"
"""CIS AWS Foundations: users have permissions through groups alone (HYG-01)."""


@pytest.fixture
def evaluator(tmp_path: Path) -> Evaluator:
    """An account of one user and one group, of which all was captured but what no file holds."""
    user = entries.user("ana", CreateDate="2026-01-10T08:00:00+00:00", groups=(), attached=())
    entries.write(tmp_path / "account.json", users=[user])
    return Evaluator(load_snapshot(tmp_path / "account.json"))


def _scope(evaluator: Evaluator) -> RunScope:
    survey = CheckContext(evaluator, never_cancelled)
    return scope_of(survey, registry.work_of(survey))


def _cis(found: tuple[Control, ...], number: str) -> Control:
    (one,) = (one for one in found if one.standard.endswith("v7.0.0") and one.id == number)
    return one


def _tally(check: str = "HYG-01", **more: object) -> Tally:
    values = {"state": State.FOUND, "severity": Severity.LOW, "is_suppressed": False, **more}
    return Tally(check, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("tally", "status"),
    [
        (None, ControlStatus.PASSED),
        (_tally(), ControlStatus.FAILED),
        (_tally(severity=Severity.INFO), ControlStatus.PASSED),
        (_tally(is_suppressed=True), ControlStatus.PASSED),
        (_tally(state=State.INCONCLUSIVE), ControlStatus.INCONCLUSIVE),
        (_tally("CMP-01", severity=Severity.HIGH), ControlStatus.INCONCLUSIVE),
        (_tally("CMP-02", severity=Severity.MEDIUM), ControlStatus.INCONCLUSIVE),
        (_tally("ADM-01"), ControlStatus.PASSED),
    ],
)
def test_the_status_of_a_control(evaluator: Evaluator, tally: Tally | None, status: ControlStatus) -> None:
    one = _cis(controls({tally: 2} if tally else {}, _scope(evaluator)), DIRECT)
    assert one.status is status
    assert one.check_ids == ("HYG-01",)
    assert one.population == (("user", 1),)
    assert one.exceptions == (2 if tally and tally.is_suppressed else 0)


def test_a_failure_stays_one_in_an_incomplete_snapshot(evaluator: Evaluator) -> None:
    found = controls({_tally(): 1, _tally("CMP-01", severity=Severity.HIGH): 1}, _scope(evaluator))
    assert _cis(found, DIRECT).status is ControlStatus.FAILED
    assert _cis(found, DIRECT).incomplete == ("CMP-01",)


def test_a_check_that_was_skipped_has_not_passed(evaluator: Evaluator) -> None:
    one = _cis(controls({}, _scope(evaluator)), "2.12")  # the age of access keys: in the credential report alone
    assert (one.status, one.skipped) == (ControlStatus.INCONCLUSIVE, one.check_ids)


def test_every_control_that_a_check_names_is_there_once_with_its_standard() -> None:
    sample = Evaluator(load_snapshot(sample_snapshot()))
    findings = list(registry.run(sample))
    found = controls(Counter(map(Tally.of, findings)), _scope(sample))
    named = {control for check in registry.checks() for control in check.standards}
    prefixes = {one["name"]: one["prefix"] for one in _data()["standards"]}
    assert named <= {f"{prefixes[one.standard]} {one.id}" for one in found}
    assert len({(one.standard, one.id) for one in found}) == len(found)
    open_ = Counter(one.check_id for one in findings if one.state is State.FOUND and one.severity is not Severity.INFO)
    for one in found:
        assert one.failed == sum(open_[check] for check in one.check_ids)
        assert (one.status is ControlStatus.FAILED) == (one.failed > 0)
    assert [one.id for one in found if one.standard.endswith("v7.0.0")][:3] == ["2.1.1", "2.1.2", "2.4"]


def test_the_data_names_checks_and_standards_that_exist() -> None:
    known = {one.id for one in registry.checks()}
    assert set(_data()["more"]) <= known
    prefixes = tuple(f"{one['prefix']} " for one in _data()["standards"])
    assert all(control.startswith(prefixes) for some in _data()["more"].values() for control in some)
    unmapped = {one.id for one in registry.checks() if not one.standards} - set(_data()["more"])
    assert unmapped == set(_data()["none"]), "a check without a control has its reason under `none`"
    assert all(reason.endswith(".") for reason in _data()["none"].values())


def test_every_control_names_its_source() -> None:
    named = {control for check in registry.checks() for control in check.standards}
    named.update(control for some in _data()["more"].values() for control in some)
    assert set(_data()["controls"]) == named, "resources/data/finding-controls.json has the source of each control"
    for control, about in _data()["controls"].items():
        assert about["source"]
        assert about["read"] is None or about["source"].startswith("https://"), control


def test_foundational_best_practices_have_the_iam_controls_that_aws_lists() -> None:
    # Security Hub User Guide, "AWS Foundational Security Best Practices (FSBP) standard": IAM.1 to IAM.8 and IAM.21.
    listed = {f"AWS FSBP IAM.{number}" for number in (*range(1, 9), 21)}
    assert {one for one in _data()["controls"] if one.startswith("AWS FSBP IAM.")} <= listed


def _data() -> dict:  # type: ignore[type-arg]
    return json.loads((resources() / "data" / "finding-controls.json").read_text())  # type: ignore[no-any-return]
