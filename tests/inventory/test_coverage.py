"""What a snapshot holds of each kind of data, and AWS's own counts beside it."""

import base64
import json
from pathlib import Path
from typing import Any

from iamdesk.snapshot.cli_commands import COMMANDS
from iamdesk.snapshot.layout import Kind
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.reader import load_snapshot
from iamdesk.viewmodel.control_totals import control_totals
from iamdesk.viewmodel.coverage import CapturedData, CoverageState, captured_data

ACCOUNT = "111122223333"
USERS = [{"UserName": name, "Arn": f"arn:aws:iam::{ACCOUNT}:user/{name}"} for name in ("alice", "bob")]
DETAILS = f"accounts/{ACCOUNT}/iam/get-account-authorization-details.json"


def opened(root: Path, **outputs: Any) -> Snapshot:
    """A bundle of an account with two users, and of what else is given by path (``__`` for ``/``)."""
    files = {DETAILS: {"UserDetailList": USERS}, **{path.replace("__", "/"): value for path, value in outputs.items()}}
    for path, content in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(content))
    return load_snapshot(root)


def held(snapshot: Snapshot, kind: Kind) -> CapturedData:
    return next(one for one in captured_data(snapshot) if one.kind is kind)


def test_every_kind_is_told_once_with_a_command_for_what_is_missing(tmp_path: Path) -> None:
    rows = captured_data(opened(tmp_path))
    assert [row.kind for row in rows] == list(dict.fromkeys(row.kind for row in rows))
    assert {row.kind for row in rows} == set(Kind)
    for row in rows:
        is_missing = row.extent is not CoverageState.CAPTURED
        assert bool(row.means) is bool(row.command) is is_missing
        assert row.command.startswith("aws " if is_missing else "")
    assert [row.kind for row in rows if row.extent is CoverageState.CAPTURED] == [Kind.AUTHORIZATION_DETAILS]


def test_a_truncated_account_is_held_in_part(tmp_path: Path) -> None:
    path = tmp_path / "account.json"
    path.write_text(json.dumps({"UserDetailList": USERS, "IsTruncated": True}))
    assert held(load_snapshot(path), Kind.AUTHORIZATION_DETAILS).extent is CoverageState.NOT_CAPTURED
    assert held(load_snapshot(path), Kind.AUTHORIZATION_DETAILS).detail == "0 of 1 accounts"


def test_a_denied_call_makes_a_kind_partly_captured_and_is_told(tmp_path: Path) -> None:
    where = f"accounts/{ACCOUNT}/s3api"
    failed = {"path": f"{where}/get-bucket-policy/logs.json", "error": {"code": "AccessDenied"}}
    manifest = {"format": "iamdesk-bundle", "version": 1, "files": [failed]}
    policy = {"Policy": "{}"}
    snapshot = opened(tmp_path, **{"manifest.json": manifest, f"{where}/get-bucket-policy/data.json": policy})
    row = held(snapshot, Kind.RESOURCE_POLICIES)
    assert row.extent is CoverageState.PARTLY
    assert row.missing_data == (f"aws s3api get-bucket-policy (logs, {ACCOUNT}): AccessDenied",)


def test_resources_of_services_that_nobody_listed_may_be_missing(tmp_path: Path) -> None:
    buckets = {f"accounts/{ACCOUNT}/s3api/list-buckets.json": {"Buckets": []}}
    row = held(opened(tmp_path, **buckets), Kind.RESOURCE_POLICIES)
    assert row.extent is CoverageState.NOT_CAPTURED


def test_policies_are_captured_whole_where_every_service_was_listed(tmp_path: Path) -> None:
    manifest: dict[str, Any] = {"format": "iamdesk-bundle", "version": 1, "files": []}
    files: dict[str, Any] = {}
    for command in COMMANDS.values():
        call = command.call
        if call.lists and call.kind is Kind.RESOURCE_POLICIES and call.service != "mediastore":
            empty = {info.alias: [] for info in command.model.model_fields.values() if info.alias != "Owner"}
            files[call.file(account=ACCOUNT, region="eu-west-1")] = empty
    snapshot = opened(tmp_path, **{"manifest.json": manifest, **files})
    assert held(snapshot, Kind.RESOURCE_POLICIES).extent is CoverageState.CAPTURED


def test_an_account_outside_of_any_organization_lacks_nothing_of_it(tmp_path: Path) -> None:
    path = "organization/describe-organization.json"
    manifest = {
        "format": "iamdesk-bundle",
        "version": 1,
        "files": [{"path": path, "error": {"code": "AWSOrganizationsNotInUseException"}}],
    }
    snapshot = opened(tmp_path, **{"manifest.json": manifest})
    assert held(snapshot, Kind.ORGANIZATION).extent is CoverageState.CAPTURED
    assert held(snapshot, Kind.ORGANIZATION_POLICIES).extent is CoverageState.CAPTURED


# --- control totals


def test_counts_of_the_account_summary_are_compared(tmp_path: Path) -> None:
    summary = {"SummaryMap": {"Users": 3, "Groups": 0, "Roles": 0, "Policies": 0, "Providers": 1}}
    snapshot = opened(tmp_path, **{f"accounts/{ACCOUNT}/iam/get-account-summary.json": summary})
    totals = {total.what: total for total in control_totals(snapshot)}
    assert set(totals) == {"Users", "Groups", "Roles", "Customer managed policies"}
    assert not totals["Users"].agrees
    assert totals["Users"].sentence == "Users: 3 by the account summary, 2 in the snapshot."
    assert totals["Roles"].agrees


def test_users_of_the_credential_report_are_compared_by_name(tmp_path: Path) -> None:
    table = f"user,arn,mfa_active\n<root_account>,arn:aws:iam::{ACCOUNT}:root,true\nalice,a,false\neve,b,false\n"
    report = {"Content": base64.b64encode(table.encode()).decode(), "ReportFormat": "text/csv"}
    snapshot = opened(tmp_path, **{f"accounts/{ACCOUNT}/iam/get-credential-report.json": report})
    (total,) = control_totals(snapshot)
    assert (total.counted, total.held, total.only_counted, total.only_held) == (2, 2, ("eve",), ("bob",))
    assert not total.agrees
    assert total.sentence.endswith("eve only in the credential report; bob only in the snapshot.")


def test_a_broken_entry_is_counted_as_held(tmp_path: Path) -> None:
    summary = {"SummaryMap": {"Users": 3}}
    broken = {"UserDetailList": [*USERS, {"UserName": "odd"}]}
    files = {f"accounts/{ACCOUNT}/iam/get-account-summary.json": summary, DETAILS: broken}
    (total,) = control_totals(opened(tmp_path, **files))
    assert total.agrees
