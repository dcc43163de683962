"""The settings of the checks: archive rules, severities, known accounts; one file, with its digest."""

import json
import re
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from iamdesk.checks import registry
from iamdesk.checks.check_settings import (
    AppliedSettings,
    check_settings_schema,
    read_check_settings,
    thresholds_of,
    with_settings,
)
from iamdesk.checks.finding import Finding, Severity, SuppressionError
from iamdesk.checks.thresholds import Thresholds
from iamdesk.resource_files import resources
from iamdesk.snapshot.reader import load_snapshot

TODAY = date(2026, 11, 28)
RULE = {"owner": "Alice Ito", "reason": "rebuilt each night"}


def _read(folder: Path, **members: Any) -> AppliedSettings:
    path = folder / "check-settings.json"
    path.write_text(json.dumps({"format": "iamdesk-check-settings/1", **members}))
    return read_check_settings(path)


def _archived(findings: list[Finding], applied: AppliedSettings) -> set[tuple[str, str]]:
    changed = list(with_settings(findings, applied, TODAY))
    assert [one.fingerprint for one in changed] == [one.fingerprint for one in findings]
    return {(one.check_id, one.subject_name) for one in changed if one.suppression is not None}


@pytest.fixture
def administrators(found, make) -> list[Finding]:
    both = [make.role("ci-one", make.allow("*")), make.role("two", make.allow("*"))]
    return list(found("ADM-01", roles=both, users=[make.user("ana", make.allow("*"))]))


@pytest.mark.parametrize(
    ("rule", "names"),
    [
        ({}, {"ci-one", "two", "ana"}),
        ({"check": "ADM-*"}, {"ci-one", "two", "ana"}),
        ({"check": "ADM-02"}, set()),
        ({"principal": "arn:aws:iam::*:role/ci-*"}, {"ci-one"}),
        ({"principal": "arn:aws:iam::*:role/ci-[a-z]*"}, set()),
        ({"resource": "*user/ana"}, {"ana"}),
        ({"account": "111122223333"}, {"ci-one", "two", "ana"}),
        ({"account": "999988887777"}, set()),
        ({"until": "2026-11-28"}, {"ci-one", "two", "ana"}),
        ({"until": "2026-11-27"}, set()),
        ({"check": "ADM-01", "principal": "*role/t?o"}, {"two"}),
    ],
)
def test_a_rule_archives_what_everything_in_it_matches(
    administrators: list[Finding], tmp_path: Path, rule: dict[str, str], names: set[str]
) -> None:
    archived = _archived(administrators, _read(tmp_path, archive=[{**RULE, **rule}]))
    assert {name for _, name in archived} == names


def test_an_archived_finding_has_owner_and_reason_and_an_ended_rule_is_evidence(
    administrators: list[Finding], tmp_path: Path
) -> None:
    applied = _read(
        tmp_path, archive=[{**RULE, "until": "2026-01-31", "check": "ADM-01"}, {**RULE, "principal": "*two"}]
    )
    changed = {one.subject_name: one for one in with_settings(administrators, applied, TODAY)}
    word = changed["two"].suppression
    assert word is not None
    assert (word.owner, word.reason, word.is_for_good, word.by_rule) == ("Alice Ito", RULE["reason"], True, True)
    assert changed["ana"].suppression is None
    assert changed["ana"].evidence[-1].text == "It was archived until 2026-01-31 by Alice Ito: rebuilt each night"


def test_severities_are_the_files(administrators: list[Finding], tmp_path: Path) -> None:
    changed = list(with_settings(administrators, _read(tmp_path, severities={"ADM-01": "low"}), TODAY))
    assert {one.severity for one in changed} == {Severity.LOW}
    assert list(with_settings(administrators, None, TODAY)) == administrators


def test_tags_are_those_of_the_snapshots_principals(make, found, tmp_path: Path) -> None:
    tagged = make.role("sandbox", make.allow("*"), Tags=[{"Key": "env", "Value": "sandbox"}])
    account = {
        "UserDetailList": [],
        "GroupDetailList": [],
        "RoleDetailList": [tagged, make.role("prod", make.allow("*"))],
        "Policies": [],
    }
    (tmp_path / "account.json").write_text(json.dumps(account))
    snapshot = load_snapshot(tmp_path / "account.json")
    findings = list(found("ADM-01", roles=account["RoleDetailList"]))
    for tag, names in (
        ({"key": "env", "value": "sandbox"}, {"sandbox"}),
        ({"key": "env"}, {"sandbox"}),
        ({"key": "env", "value": "prod"}, set()),
    ):
        applied = _read(tmp_path, archive=[{**RULE, "tag": tag}])
        assert applied.has_tags
        assert {name for _, name in _archived(findings, applied.for_snapshot(snapshot))} == names
        assert not _archived(findings, applied)  # no rule applies whose tag was not looked up


def test_ones_own_accounts_and_vendors_are_no_strangers(found, make, tmp_path: Path) -> None:
    role = make.role("door", make.allow("s3:List*"), trust=make.trust({"AWS": "arn:aws:iam::999988887777:root"}))
    findings = [one for check in ("TRU-03", "TRU-05") for one in found(check, roles=[role])]
    assert {one.check_id for one in findings} == {"TRU-03", "TRU-05"}
    known = [{"account": "999988887777", "name": "Log archive"}]
    assert {check for check, _ in _archived(findings, _read(tmp_path, own_accounts=known))} == {"TRU-03", "TRU-05"}
    # A vendor still needs an external ID.
    assert {check for check, _ in _archived(findings, _read(tmp_path, trusted_vendors=known))} == {"TRU-05"}
    other = [{"account": "444455556666", "name": "Another"}]
    assert not _archived(findings, _read(tmp_path, own_accounts=other))


@pytest.mark.parametrize(
    ("members", "place"),
    [
        ({"archive": [{"owner": "A"}]}, "archive.0.reason"),
        ({"archive": [{**RULE, "princpal": "x"}]}, "archive.0.princpal"),
        ({"severities": {"ADM-01": "terrible"}}, "severities.ADM-01"),
        ({"own_accounts": [{"account": "12", "name": "x"}]}, "own_accounts.0.account"),
        ({"format": "something"}, "format"),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_the_place(tmp_path: Path, members: dict[str, Any], place: str) -> None:
    with pytest.raises(SuppressionError, match=rf"is not a settings file: {place.replace('.', '[.]')}"):
        _read(tmp_path, **members)


def test_the_digest_is_that_of_the_file_and_the_schema_that_of_the_reader(tmp_path: Path) -> None:
    applied = _read(tmp_path)
    assert applied.sha256 == sha256((tmp_path / "check-settings.json").read_bytes()).hexdigest()
    schema = json.loads((resources() / "schemas" / "check-settings.json").read_text())
    assert schema == check_settings_schema(), "run `make schemas`"


def test_what_cannot_be_determined_is_never_high(found, make) -> None:
    trust = make.document(
        {
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": "sts:AssumeRole",
            "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
        }
    )
    (one,) = found("TRU-02", roles=[make.role("door", trust=trust)])
    assert (one.state.value, one.severity) == ("cannot tell", Severity.MEDIUM)


def test_thresholds_apply_to_the_run_and_a_misspelled_one_is_an_error(make: Any, tmp_path: Path) -> None:
    key = {"access_key_1_active": True, "access_key_1_last_rotated": "2026-01-01T00:00:00Z"}
    entry = {"user": "ana", "arn": make.arn("user/ana"), **key}
    report = {"credential_report": {"generated_time": "2026-03-01T00:00:00Z", "entries": [entry]}}

    def keys(applied: AppliedSettings | None) -> list[str]:
        found = make.findings("CRD-04", users=[make.user("ana")], facts=report, thresholds=thresholds_of(applied))
        return [one.sentence for one in found]

    assert keys(None) == []
    assert keys(_read(tmp_path, thresholds={"access_key_days": 59})) == []
    assert keys(_read(tmp_path, thresholds={"access_key_days": 58})) == ["Access key 1 of ana is 59 days old."]
    with pytest.raises(SuppressionError, match="access_key_day"):
        _read(tmp_path, thresholds={"access_key_day": 58})
    with pytest.raises(SuppressionError, match="unused_access_days"):
        _read(tmp_path, thresholds={"unused_access_days": 401})


def test_every_threshold_names_the_checks_that_use_it() -> None:
    code = "".join(path.read_text() for path in Path(registry.__file__).parent.glob("*.py"))
    for name, field in Thresholds.model_fields.items():
        ids = re.findall(r"[A-Z]{3}-\d\d", str(field.description).partition(":")[0])
        assert ids
        assert all(registry.check(check_id) for check_id in ids), name
        assert f".{name}" in code
