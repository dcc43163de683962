"""Changes that end a finding: they can be applied, and the check no longer finds it."""

from pathlib import Path

import pytest

from iamdesk.access.evaluator import Evaluator
from iamdesk.causes.finding_edits import edits_of_finding
from iamdesk.checks import registry
from iamdesk.checks.finding import Finding, State
from iamdesk.resource_files import sample_snapshot
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.reader import load_snapshot
from iamdesk.whatif.apply import apply
from iamdesk.whatif.edits import EditAction


@pytest.fixture(scope="module")
def sample() -> Snapshot:
    return load_snapshot(Path(sample_snapshot()))


@pytest.fixture(scope="module")
def findings(sample: Snapshot) -> list[Finding]:
    return list(registry.run(Evaluator(sample)))


def test_every_change_can_be_applied(sample: Snapshot, findings: list[Finding]) -> None:
    tried = 0
    for finding in findings:
        for remediation in edits_of_finding(finding):
            assert remediation.label
            apply(sample, remediation.edits)
            tried += 1
    assert tried > 20


@pytest.mark.parametrize(
    ("check_id", "name"), [("TRU-01", "public-status-page"), ("HYG-05", "legacy-etl"), ("ADM-01", "reporting")]
)
def test_without_all_of_it_the_finding_is_gone(
    sample: Snapshot, findings: list[Finding], check_id: str, name: str
) -> None:
    (finding,) = [one for one in findings if one.check_id == check_id and one.subject_name == name]
    changed = apply(sample, edits_of_finding(finding)[-1].edits)
    assert finding.fingerprint not in {one.fingerprint for one in registry.run(Evaluator(changed), only=(check_id,))}


def test_an_aws_managed_policy_is_detached_and_never_changed(findings: list[Finding]) -> None:
    edits = [edit for one in findings for remediation in edits_of_finding(one) for edit in remediation.edits]
    assert all("::aws:policy/" not in edit.subject for edit in edits)
    assert any(edit.act is EditAction.DETACH_POLICY and "::aws:policy/" in edit.detail for edit in edits)


def test_what_cannot_be_told_offers_nothing(findings: list[Finding]) -> None:
    unknown = [one for one in findings if one.state is State.INCONCLUSIVE]
    assert unknown
    assert not any(map(edits_of_finding, unknown))


def test_what_ends_all_paths_comes_before_a_denial_for_one_principal(findings: list[Finding]) -> None:
    (one,) = [one for one in findings if one.check_id == "CHN-01" and one.subject_name == "farid.haddad"]
    assert one.remediation.startswith("Remove administrator access from role reporting: this ends all attack paths")
