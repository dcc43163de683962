"""Bundles: a folder or archive of CLI outputs opens as one snapshot; what is odd about a file is told by its name."""

import gzip
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from iamdesk.errors import SnapshotError
from iamdesk.progress import WorkCancelled
from iamdesk.snapshot import archive
from iamdesk.snapshot.call_status import CaptureState
from iamdesk.snapshot.cli_commands import CALLS
from iamdesk.snapshot.layout import Call
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.reader import load_snapshot
from iamdesk.snapshot.resource_service import NOT_OFFERED

from .bundles import ACCOUNT, FORMS, HERE, IAM, OTHER, S3, allow, as_bytes, as_folder, as_zip, details

SMALL: Mapping[str, Any] = {
    f"{IAM}/get-account-authorization-details.json": details(),
    f"{S3}/list-buckets.json": {"Buckets": [{"Name": "data"}, {"Name": "logs"}], "Owner": {"ID": "c" * 64}},
    f"{S3}/get-bucket-policy/data.json": {"Policy": allow("arn:aws:s3:::data/*")},
}


def manifest(files: Mapping[str, Any], *failed: tuple[str, str], **more: Any) -> dict[str, Any]:
    """The manifest of these files, and of calls that failed: (path, error code)."""
    listed: list[dict[str, Any]] = [
        {"path": path, "size": len(as_bytes(content)), "sha256": hashlib.sha256(as_bytes(content)).hexdigest()}
        for path, content in files.items()
    ]
    listed += [{"path": path, "error": {"code": code, "message": "not for you"}} for path, code in failed]
    return {"format": "iamdesk-bundle", "version": 1, "files": listed, **more}


def states(snapshot: Snapshot) -> dict[str, str]:
    return {capture.path.removeprefix("accounts/"): capture.state.value for capture in snapshot.captures}


def told(snapshot: Snapshot) -> list[str]:
    return [str(problem) for problem in snapshot.problems]


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_bundle_opens_alike(tmp_path: Path, form: str) -> None:
    snapshot = load_snapshot(FORMS[form](tmp_path, SMALL))
    assert told(snapshot) == []
    (account,) = snapshot.accounts
    assert [user.user_name for user in account.users] == ["alice"]
    data, logs = snapshot.resources
    assert (data.arn, data.account_id, data.is_policy_captured) == ("arn:aws:s3:::data", ACCOUNT, True)
    assert data.policy["Statement"][0]["Resource"] == "arn:aws:s3:::data/*"
    assert (logs.arn, logs.policy, logs.is_policy_captured) == ("arn:aws:s3:::logs", None, False)
    assert snapshot.account_settings[0].canonical_id == "c" * 64
    assert set(states(snapshot).values()) == {"read"}
    assert len(snapshot.files) == len(SMALL)


def test_a_folder_and_a_zip_of_it_have_the_same_digest(tmp_path: Path) -> None:
    assert load_snapshot(as_folder(tmp_path, SMALL)).sha256 == load_snapshot(as_zip(tmp_path, SMALL)).sha256


def test_files_of_a_bundle_may_be_compressed(tmp_path: Path) -> None:
    files = {f"{path}.gz": gzip.compress(as_bytes(content)) for path, content in SMALL.items()}
    snapshot = load_snapshot(as_folder(tmp_path, files))
    assert told(snapshot) == []
    assert snapshot.resources[0].policy is not None


def test_a_bundle_without_authorization_details_has_nobody_to_ask_about(tmp_path: Path) -> None:
    files = {path: content for path, content in SMALL.items() if "s3api" in path}
    with pytest.raises(SnapshotError, match="no readable output of `aws iam get-account-authorization-details`"):
        load_snapshot(as_folder(tmp_path, files))


def test_an_account_is_known_by_its_path_where_the_output_names_nobody(tmp_path: Path) -> None:
    empty = details(UserDetailList=[], RoleDetailList=[])
    snapshot = load_snapshot(
        as_folder(tmp_path, {**SMALL, f"accounts/{OTHER}/iam/{'get-account-authorization-details.json'}": empty})
    )
    assert [account.account_id for account in snapshot.accounts] == [ACCOUNT, OTHER]
    assert told(snapshot) == []


def test_details_below_another_account_keep_their_own_and_it_is_told(tmp_path: Path) -> None:
    path = f"accounts/{OTHER}/iam/get-account-authorization-details.json"
    snapshot = load_snapshot(as_folder(tmp_path, {path: details()}))
    assert [account.account_id for account in snapshot.accounts] == [ACCOUNT]
    assert told(snapshot) == [f"{path}: $: the path says account {OTHER}, but the entries are of {ACCOUNT}"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "the file is empty: the command failed or printed nothing"),
        ("{", "the file ends in the middle of the JSON text"),
        ("An error occurred (AccessDenied)", "expected an object, as the AWS CLI prints it"),
        ('{"Policy": "{}", "Policy": "{}"}', "the key occurs twice; the file was ignored"),
        ("\x89PNG", "is a PNG image, not the JSON that the AWS CLI prints"),
    ],
)
def test_a_broken_file_is_told_and_the_rest_opens(tmp_path: Path, content: str, message: str) -> None:
    path = f"{S3}/get-bucket-policy/data.json"
    broken = content.encode("latin-1")
    snapshot = load_snapshot(as_folder(tmp_path, {**SMALL, path: broken}))
    assert len(snapshot.problems) == 1
    assert snapshot.problems[0].file == path
    assert message in snapshot.problems[0].message
    assert not snapshot.resources[0].is_policy_captured
    assert states(snapshot)[path.removeprefix("accounts/")] == "unreadable"


def test_a_broken_entry_of_a_list_is_told_by_place_and_its_neighbours_are_kept(tmp_path: Path) -> None:
    buckets = {"Buckets": [{"Name": "data"}, {"Name": 7}, {"Name": "logs"}]}
    snapshot = load_snapshot(as_folder(tmp_path, {**SMALL, f"{S3}/list-buckets.json": buckets}))
    assert [resource.arn for resource in snapshot.resources] == ["arn:aws:s3:::data", "arn:aws:s3:::logs"]
    assert told(snapshot) == [f"{S3}/list-buckets.json: $.Buckets[1].Name: expected text, found the number 7"]


def test_pages_of_one_output_are_read_together(tmp_path: Path) -> None:
    pages = [{"Buckets": [{"Name": "data"}]}, {"Buckets": [{"Name": "logs"}]}]
    for content in (pages, "".join(json.dumps(page) for page in pages)):
        snapshot = load_snapshot(as_folder(tmp_path, {**SMALL, f"{S3}/list-buckets.json": content}))
        assert len(snapshot.resources) == 2


@pytest.mark.parametrize(
    ("more", "is_told"),
    [
        ({"NextToken": "abc"}, True),
        ({"IsTruncated": True, "Marker": "abc"}, True),
        ({"IsTruncated": False, "Marker": "abc"}, False),
        ({"NextToken": None}, False),
        ({"Truncated": True}, True),
    ],
)
def test_pages_that_are_missing_are_told(tmp_path: Path, more: dict[str, Any], is_told: bool) -> None:
    path = f"{S3}/list-buckets.json"
    snapshot = load_snapshot(as_folder(tmp_path, {**SMALL, path: {"Buckets": [{"Name": "data"}], **more}}))
    assert any("more follows this page" in sentence for sentence in told(snapshot)) is is_told
    assert (states(snapshot)[path.removeprefix("accounts/")] == "read") is not is_told
    assert len(snapshot.resources) == 1
    first = [{"Buckets": [{"Name": "data"}], **more}, {"Buckets": [{"Name": "logs"}]}]
    assert told(load_snapshot(as_folder(tmp_path, {**SMALL, path: first}, "pages"))) == []


def test_a_name_with_a_slash_may_be_a_folder_or_percent_encoded(tmp_path: Path) -> None:
    policy = {"registryId": ACCOUNT, "repositoryName": "team/app", "policyText": allow("*")}
    for name in ("team%2Fapp", "team/app"):
        files = {**SMALL, f"{HERE}/ecr/get-repository-policy/{name}.json": policy}
        found = load_snapshot(as_folder(tmp_path, files, name.replace("/", "-"))).resources
        assert f"arn:aws:ecr:eu-west-1:{ACCOUNT}:repository/team/app" in [resource.arn for resource in found]


# --- the manifest


def test_a_manifest_tells_when_and_by_whom(tmp_path: Path) -> None:
    caller = {"account": ACCOUNT, "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/Audit/me", "user_id": "AROA:me"}
    moment = "2026-11-24T09:00:00Z"
    files = {"manifest.json": manifest(SMALL, caller=caller, started_at=moment, tool="iamdesk 0.2"), **SMALL}
    snapshot = load_snapshot(as_zip(tmp_path, files))
    assert told(snapshot) == []
    assert snapshot.manifest is not None
    assert snapshot.manifest.caller is not None
    assert snapshot.manifest.caller.account == ACCOUNT
    assert snapshot.manifest.started_at is not None
    assert snapshot.manifest.started_at.isoformat() == "2026-11-24T09:00:00+00:00"
    assert "manifest.json" in [file.path.name for file in snapshot.files]
    assert snapshot.latest == snapshot.manifest.started_at, "ages are counted back from the capture"


def test_a_report_later_than_everything_else_tells_the_moment_of_the_snapshot(tmp_path: Path) -> None:
    report = {"Content": "dXNlcixhcm4K", "GeneratedTime": "2026-11-20T10:00:00+01:00"}
    snapshot = load_snapshot(as_folder(tmp_path, {**SMALL, f"{IAM}/get-credential-report.json": report}))
    assert snapshot.latest is not None
    assert snapshot.latest.isoformat() == "2026-11-20T09:00:00+00:00"


def test_the_manifest_stands_for_its_folder(tmp_path: Path) -> None:
    folder = as_folder(tmp_path, {"manifest.json": manifest(SMALL), **SMALL})
    assert load_snapshot(folder / "manifest.json") == load_snapshot(folder)


def test_a_denied_call_is_a_known_gap_and_a_missing_policy_is_none(tmp_path: Path) -> None:
    denied, without = f"{S3}/get-bucket-policy/logs.json", f"{S3}/get-bucket-policy/plain.json"
    calls = manifest(SMALL, (denied, "AccessDenied"), (without, "NoSuchBucketPolicy"))
    snapshot = load_snapshot(as_folder(tmp_path, {"manifest.json": calls, **SMALL}))
    assert told(snapshot) == []
    captures = {capture.path: capture for capture in snapshot.captures}
    assert captures[denied].state is CaptureState.DENIED
    assert captures[denied].error == "AccessDenied: not for you"
    assert captures[without].state is CaptureState.NOTHING_THERE
    by_name = {resource.arn.rpartition(":")[2]: resource for resource in snapshot.resources}
    assert not by_name["logs"].is_policy_captured
    assert by_name["plain"].is_policy_captured
    assert by_name["plain"].policy is None


def test_a_changed_file_is_told_and_read(tmp_path: Path) -> None:
    path = f"{S3}/get-bucket-policy/data.json"
    changed = {**SMALL, path: {"Policy": allow("arn:aws:s3:::data/x")}}
    snapshot = load_snapshot(as_folder(tmp_path, {"manifest.json": manifest(SMALL), **changed}))
    assert told(snapshot) == [
        f"{path}: $: the file was changed since it was captured: its SHA-256 differs from the manifest"
    ]
    assert snapshot.resources[0].policy["Statement"][0]["Resource"] == "arn:aws:s3:::data/x"


def test_a_missing_file_and_one_too_many_are_told(tmp_path: Path) -> None:
    gone = f"{S3}/get-bucket-acl/data.json"
    listed = manifest({**SMALL, gone: {}})
    more = f"{S3}/get-bucket-location/data.json"
    files = {"manifest.json": listed, **SMALL, more: {"LocationConstraint": None}}
    snapshot = load_snapshot(as_folder(tmp_path, files))
    assert sorted(told(snapshot)) == [
        f"{gone}: $: the manifest lists this file, but it does not exist",
        f"{more}: $: the manifest does not list this file; it was read",
    ]
    assert states(snapshot)[gone.removeprefix("accounts/")] == "unreadable"


@pytest.mark.parametrize("content", ["{", "[]", {"format": "other"}, {"format": "iamdesk-bundle"}, {"version": 1}])
def test_a_broken_manifest_is_told_and_the_bundle_opens(tmp_path: Path, content: Any) -> None:
    snapshot = load_snapshot(as_folder(tmp_path, {"manifest.json": content, **SMALL}))
    assert snapshot.manifest is None
    assert {problem.file for problem in snapshot.problems} == {"manifest.json"}
    assert len(snapshot.resources) == 2


def test_a_bundle_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    files = {"manifest.json": manifest(SMALL) | {"version": 2}, **SMALL}
    with pytest.raises(SnapshotError, match="version 2, written by a newer iamdesk"):
        load_snapshot(as_folder(tmp_path, files))


def test_a_name_too_long_for_a_path_is_spelled_out_by_the_manifest(tmp_path: Path) -> None:
    table = "t" * 255
    path = CALLS["dynamodb", "get-resource-policy"].file(table, account=ACCOUNT, region="eu-west-1")
    files = {**SMALL, path: {"Policy": allow("*")}}
    listed = manifest(files)
    listed["files"][-1]["arguments"] = [table]
    snapshot = load_snapshot(as_folder(tmp_path, {"manifest.json": listed, **files}))
    assert f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/{table}" in [resource.arn for resource in snapshot.resources]
    (without,) = load_snapshot(as_folder(tmp_path, files, "by-hand")).problems
    assert without.message.startswith("its name was too long for a path")


# --- what it costs


def test_cancelling_ends_the_opening_of_a_bundle_at_any_moment(tmp_path: Path) -> None:
    path = as_folder(tmp_path, SMALL)
    asked = 0

    def count_only() -> bool:
        nonlocal asked
        asked += 1
        return False

    load_snapshot(path, cancelled=count_only)
    assert asked > 10
    for moment in range(asked):
        left = iter(range(moment))
        with pytest.raises(WorkCancelled):
            load_snapshot(path, cancelled=lambda left=left: next(left, None) is None)


@pytest.mark.parametrize("form", FORMS)
def test_progress_counts_the_bytes_of_all_files(tmp_path: Path, form: str) -> None:
    told: list[tuple[int, int]] = []
    load_snapshot(FORMS[form](tmp_path, SMALL), progress=lambda done, total: told.append((done, total)))
    total = sum(len(as_bytes(content)) for content in SMALL.values())
    assert told[-1] == (total, total)
    assert told == sorted(told)


def test_an_archive_that_lists_more_files_than_a_snapshot_holds_is_refused_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = as_zip(tmp_path, {**SMALL, **{f"more/{number}.json": "{}" for number in range(100)}})
    monkeypatch.setattr(archive, "MAX_BUNDLE_FILES", 50)
    with pytest.raises(SnapshotError, match="the archive lists more files than a snapshot can have"):
        load_snapshot(path)


# --- by hand

NOTHING_THERE = [call for call in CALLS.values() if set(call.absent) - {NOT_OFFERED}]


@pytest.mark.parametrize("call", NOTHING_THERE, ids=lambda call: f"{call.service} {call.command}")
def test_an_empty_object_stands_for_what_aws_says_is_not_there(tmp_path: Path, call: Call) -> None:
    path = call.file(*["x"] * len(call.arguments), account=ACCOUNT, region="eu-west-1")
    snapshot = load_snapshot(as_folder(tmp_path, {**SMALL, path: {}}))
    assert told(snapshot) == []
    assert states(snapshot)[path.removeprefix("accounts/")] == "read"
