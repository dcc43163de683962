"""A capture over HTTP from a fake AWS: what it asks, what it writes, and that it goes on after anything."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from iamdesk.collect.bundle_writer import JOURNAL
from iamdesk.collect.options import CollectError, Kind, Options, Status
from iamdesk.collect.start import collect
from iamdesk.progress import WorkCancelled, never_cancelled
from iamdesk.snapshot.cli_commands import CALLS
from iamdesk.snapshot.layout import MANIFEST, place_of
from iamdesk.snapshot.manifest import Manifest
from iamdesk.snapshot.reader import load_snapshot

from .conftest import CREDENTIALS, Collect
from .gate import Gate
from .world import MANAGEMENT, REGION, SECRETS, World

DETAILS = f"accounts/{MANAGEMENT}/iam/get-account-authorization-details.json"


def manifest_of(bundle: Path) -> Manifest:
    return Manifest.model_validate_json((bundle / MANIFEST).read_bytes())


def output(bundle: Path, service: str, command: str, *arguments: str, account: str = MANAGEMENT) -> Any:
    path = CALLS[service, command].file(*arguments, account=account, region=REGION)
    return json.loads((bundle / path).read_bytes())


def files_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_every_principal_of_every_page_is_captured(bundle: Path) -> None:
    details = output(bundle, "iam", "get-account-authorization-details")

    assert {user["UserName"] for user in details["UserDetailList"]} == {"alice", "bob"}
    assert len([role for role in details["RoleDetailList"] if role["RoleName"].startswith("worker-")]) == 30
    assert "IsTruncated" not in details
    assert isinstance(details["RoleDetailList"][0]["AssumeRolePolicyDocument"], dict)
    assert details["UserDetailList"][0]["CreateDate"].endswith("+00:00")


@pytest.mark.parametrize(
    ("service", "command", "arguments"),
    [
        ("iam", "get-account-summary", ()),
        ("iam", "get-account-password-policy", ()),
        ("iam", "list-account-aliases", ()),
        ("iam", "list-server-certificates", ()),
        ("iam", "get-credential-report", ()),
        ("iam", "get-open-id-connect-provider", ("token.actions.githubusercontent.com",)),
        ("iam", "get-saml-provider", ("corporate",)),
        ("s3api", "get-bucket-policy", ("acme-open",)),
        ("s3api", "get-bucket-acl", ("acme-open",)),
        ("s3api", "get-bucket-tagging", ("acme-open",)),
        ("s3api", "get-public-access-block", ("acme-shut",)),
        ("sqs", "get-queue-attributes", ("orders",)),
        ("sns", "get-topic-attributes", ("alarms",)),
        ("lambda", "get-policy", ("invoice",)),
        ("secretsmanager", "get-resource-policy", ("prod/db",)),
        ("ecr", "get-repository-policy", ("team/app",)),
        ("events", "describe-event-bus", ("audit",)),
        ("ec2", "describe-vpc-endpoints", ()),
    ],
)
def test_kind_of_data_is_captured(bundle: Path, service: str, command: str, arguments: tuple[str, ...]) -> None:
    assert output(bundle, service, command, *arguments)


def test_keys_come_with_policy_grants_and_aliases(bundle: Path, world: World) -> None:
    assert "Planted" in output(bundle, "kms", "get-key-policy", world.key_id)["Policy"]
    assert output(bundle, "kms", "list-grants", world.key_id)["Grants"][0]["Operations"] == ["Decrypt"]
    aliases = output(bundle, "kms", "list-aliases")["Aliases"]
    assert {"alias/payroll"} <= {alias["AliasName"] for alias in aliases}


def test_payment_keys_come_with_the_policies_that_they_have(bundle: Path) -> None:
    keys = [one["KeyArn"].rpartition("/")[2] for one in output(bundle, "payment-cryptography", "list-keys")["Keys"]]
    assert len(keys) == 2
    resources = {one.arn.rpartition("/")[2]: one.policy for one in load_snapshot(bundle).resources}
    (policy,) = [resources[key] for key in keys if resources[key] is not None]
    assert "payment-cryptography:EncryptData" in json.dumps(policy)


def test_organization_is_captured_with_its_tree_and_policies(bundle: Path, world: World) -> None:
    root = output(bundle, "organizations", "list-roots")["Roots"][0]["Id"]
    below = output(bundle, "organizations", "list-organizational-units-for-parent", root)["OrganizationalUnits"]
    inner = output(bundle, "organizations", "list-organizational-units-for-parent", world.unit)["OrganizationalUnits"]
    accounts = output(bundle, "organizations", "list-accounts-for-parent", inner[0]["Id"])["Accounts"]

    assert [unit["Id"] for unit in below] == [world.unit]
    assert [account["Id"] for account in accounts] == [world.member]
    assert "sqs:*" in output(bundle, "organizations", "describe-policy", world.scp)["Policy"]["Content"]
    targets = output(bundle, "organizations", "list-targets-for-policy", world.scp)["Targets"]
    assert [target["TargetId"] for target in targets] == [world.unit]


def test_identity_center_is_captured_without_telephone_numbers(bundle: Path) -> None:
    instance = output(bundle, "sso-admin", "list-instances")["Instances"][0]
    people = output(bundle, "identitystore", "list-users", instance["IdentityStoreId"])["Users"]
    (permission_set,) = output(bundle, "sso-admin", "list-permission-sets", instance["InstanceArn"].rpartition("/")[2])[
        "PermissionSets"
    ]
    assigned = output(bundle, "sso-admin", "list-account-assignments", permission_set.rpartition("/")[2], MANAGEMENT)

    assert [(person["UserName"], person["DisplayName"]) for person in people] == [("carol", "Carol")]
    assert "PhoneNumbers" not in people[0]
    assert assigned["AccountAssignments"][0]["PrincipalType"] == "GROUP"


def test_other_accounts_are_captured_through_the_role(bundle: Path, world: World) -> None:
    details = output(bundle, "iam", "get-account-authorization-details", account=world.member)

    assert [user["UserName"] for user in details["UserDetailList"]] == ["dave"]
    assert output(bundle, "sqs", "get-queue-attributes", "payments", account=world.member)
    assert not (bundle / "accounts" / world.member / REGION / "sso-admin").exists()


def test_manifest_tells_of_every_file(bundle: Path, world: World) -> None:
    manifest = manifest_of(bundle)
    read = {entry.path: entry for entry in manifest.files if entry.error is None}

    assert files_in(bundle) == {*read, MANIFEST, JOURNAL}
    for path, entry in read.items():
        content = (bundle / path).read_bytes()
        assert (entry.size, entry.sha256) == (len(content), hashlib.sha256(content).hexdigest())
        place = place_of(path)
        assert place is not None
        assert entry.command[:3] == CALLS[place.service, place.command].words
        assert entry.captured_at is not None
    assert manifest.caller is not None
    assert manifest.caller.account == MANAGEMENT
    assert manifest.accounts == tuple(sorted((MANAGEMENT, world.member)))
    assert manifest.regions == (REGION,)
    assert manifest.started_at is not None
    assert manifest.finished_at is not None
    queue = read[f"accounts/{MANAGEMENT}/{REGION}/kms/get-key-policy/{world.key_id}.json"]
    assert queue.command[3:] == ("--key-id", world.key_id, "--policy-name", "default", "--region", REGION)


def test_nothing_there_is_an_answer_and_no_gap(bundle: Path) -> None:
    entry = next(each for each in manifest_of(bundle).files if each.path.endswith("get-bucket-policy/acme-shut.json"))

    assert entry.error is not None
    assert entry.error.code == "NoSuchBucketPolicy"
    assert entry.size is None


def test_what_the_endpoint_does_not_know_is_a_gap(collected: Collect, tmp_path: Path) -> None:
    """moto knows no Glue resource policies; the rest is captured all the same."""
    captured = collected(tmp_path / "bundle")

    assert "glue get-resource-policy" in {f"{gap.service} {gap.operation}" for gap in captured.failed_calls}
    assert captured.files > 50


def test_no_secret_reaches_a_bundle(bundle: Path, world: World) -> None:
    planted = [*SECRETS, world.alice_secret, *CREDENTIALS.values(), "+1 555 0100"]

    for path in files_in(bundle):
        content = (bundle / path).read_text(encoding="utf-8")
        assert [secret for secret in planted if secret in content] == []
        assert "SessionToken" not in content
        assert "SecretAccessKey" not in content


def test_denied_call_is_a_gap_and_the_rest_goes_on(collected: Collect, gate: Gate, tmp_path: Path) -> None:
    gate.denied = {"s3 GET /acme-open?policy": "AccessDenied", "kms ListKeys": "AccessDeniedException"}

    captured = collected(tmp_path / "bundle")

    told = {(gap.service, gap.operation, gap.code) for gap in captured.failed_calls}
    assert {("s3api", "get-bucket-policy", "AccessDenied"), ("kms", "list-keys", "AccessDeniedException")} <= told
    entry = next(
        each
        for each in manifest_of(tmp_path / "bundle").files
        if each.path.endswith("get-bucket-policy/acme-open.json")
    )
    assert entry.error is not None
    assert entry.error.message == "User is not authorized to perform this, for a test says so"
    assert output(tmp_path / "bundle", "s3api", "get-bucket-acl", "acme-open")
    assert not (tmp_path / "bundle" / f"accounts/{MANAGEMENT}/{REGION}/kms/get-key-policy").exists()


def test_second_run_asks_for_gaps_only(collected: Collect, gate: Gate, tmp_path: Path) -> None:
    gate.denied = {"s3 GET /acme-open?policy": "AccessDenied"}
    first = collected(tmp_path / "bundle")
    gate.denied = {}
    gate.calls.clear()

    second = collected(tmp_path / "bundle")

    assert output(tmp_path / "bundle", "s3api", "get-bucket-policy", "acme-open")
    assert second.kept == first.files
    assert {gap.path for gap in first.failed_calls} - {gap.path for gap in second.failed_calls} == {
        f"accounts/{MANAGEMENT}/s3api/get-bucket-policy/acme-open.json"
    }
    assert gate.calls["iam GetAccountAuthorizationDetails"] == 0
    assert gate.calls["s3 GET /acme-open?policy"] == 1


def test_file_that_was_changed_is_captured_again(collected: Collect, gate: Gate, tmp_path: Path) -> None:
    collected(tmp_path / "bundle")
    (tmp_path / "bundle" / DETAILS).write_text("{")
    gate.calls.clear()

    collected(tmp_path / "bundle")

    assert gate.calls["iam GetAccountAuthorizationDetails"] == 1
    assert output(tmp_path / "bundle", "iam", "get-account-authorization-details")


def test_capture_that_is_killed_goes_on_where_it_ended(
    collected: Collect, gate: Gate, signed_in: None, tmp_path: Path
) -> None:
    gate.held = "sqs ListQueues"
    arguments = ["collect", "-o", "bundle", "--endpoint-url", gate.url, "--region", REGION, "--parallel", "2"]
    with subprocess.Popen(
        [sys.executable, "-m", "iamdesk", *arguments], cwd=tmp_path, env=os.environ, stderr=subprocess.DEVNULL
    ) as run:
        assert gate.arrived.wait(240)
        run.send_signal(signal.SIGKILL)
    assert run.returncode == -signal.SIGKILL
    gate.held = ""
    gate.let_go.set()
    there = files_in(tmp_path / "bundle")
    before = dict(gate.calls)
    assert DETAILS in there
    assert manifest_of(tmp_path / "bundle").finished_at is None

    captured = collected(tmp_path / "bundle")

    # Each of the two threads may have been between a file and its line in the journal.
    whole = [path for path in there if path.startswith(("accounts/", "organization/")) and path.endswith(".json")]
    assert len(whole) - 2 <= captured.kept <= len(whole)
    assert gate.calls["iam GetAccountAuthorizationDetails"] == before["iam GetAccountAuthorizationDetails"] == 1
    assert output(tmp_path / "bundle", "sqs", "get-queue-attributes", "orders")
    assert manifest_of(tmp_path / "bundle").finished_at is not None
    assert not [path for path in files_in(tmp_path / "bundle") if path.endswith(".part")]


def test_torn_journal_is_taken_as_far_as_it_is_whole(collected: Collect, gate: Gate, tmp_path: Path) -> None:
    collected(tmp_path / "bundle")
    journal = tmp_path / "bundle" / JOURNAL
    journal.write_bytes(journal.read_bytes()[:-40])
    before = gate.calls.total()
    gate.calls.clear()

    collected(tmp_path / "bundle")

    assert 0 < gate.calls.total() < before / 4  # calls of the last line, which may be any, and who is signed in
    assert {entry.path for entry in manifest_of(tmp_path / "bundle").files if entry.error is None} == files_in(
        tmp_path / "bundle"
    ) - {MANIFEST, JOURNAL}


def test_cancelled_capture_stays_and_says_that_it_did_not_end(gate: Gate, signed_in: None, tmp_path: Path) -> None:
    options = Options(tmp_path / "bundle", regions=(REGION,), endpoint_url=gate.url)
    seen: list[Status] = []

    with pytest.raises(WorkCancelled):
        collect(options, seen.append, lambda: bool(seen) and seen[-1].done > 5)

    assert manifest_of(tmp_path / "bundle").finished_at is None
    assert manifest_of(tmp_path / "bundle").files


def test_progress_ends_with_everything_done(gate: Gate, signed_in: None, tmp_path: Path) -> None:
    seen: list[Status] = []

    collect(Options(tmp_path / "bundle", regions=(REGION,), endpoint_url=gate.url), seen.append, never_cancelled)

    assert seen[-1].done == seen[-1].total > 50
    assert all(0 <= status.done <= status.total for status in seen)
    assert {status.doing for status in seen} == {"organization", f"account {MANAGEMENT}"}


def test_expired_credentials_end_the_capture_and_are_no_gap(collected: Collect, gate: Gate, tmp_path: Path) -> None:
    gate.denied = {"sqs ListQueues": "ExpiredToken"}

    with pytest.raises(CollectError, match="sign in again and run the same command"):
        collected(tmp_path / "bundle")

    errors = {entry.error.code for entry in manifest_of(tmp_path / "bundle").files if entry.error}
    assert "ExpiredToken" not in errors


def test_account_that_cannot_be_entered_is_a_gap(collected: Collect, gate: Gate, world: World, tmp_path: Path) -> None:
    gate.denied = {"sts AssumeRole": "AccessDenied"}

    captured = collected(tmp_path / "bundle", role_name="Audit")

    path = f"accounts/{world.member}/iam/get-account-authorization-details.json"
    assert (path, "AccessDenied") in {(gap.path, gap.code) for gap in captured.failed_calls}
    assert any(world.member in note for note in captured.notes)
    assert output(tmp_path / "bundle", "iam", "get-account-authorization-details")


def test_named_accounts_are_entered_in_place_of_the_organizations(
    collected: Collect, gate: Gate, tmp_path: Path
) -> None:
    gate.denied = {"organizations ": "AccessDeniedException"}

    captured = collected(tmp_path / "bundle", role_name="Audit", accounts=("222222222222", MANAGEMENT))

    assert captured.accounts == (MANAGEMENT, "222222222222")
    assert gate.calls["sts AssumeRole"] == 1


def test_unknown_accounts_of_the_organization_are_told(collected: Collect, gate: Gate, tmp_path: Path) -> None:
    gate.denied = {"organizations ListAccounts": "AccessDeniedException"}

    with pytest.raises(CollectError, match="give them with --account"):
        collected(tmp_path / "bundle", role_name="Audit")


def test_regions_that_are_enabled_are_looked_into(collected: Collect, tmp_path: Path) -> None:
    only = frozenset(Kind) - {Kind.ACCOUNT_SETTINGS}

    captured = collected(tmp_path / "bundle", regions=(), skip=only)

    assert {"eu-west-1", "us-east-1", "ap-south-1"} <= set(captured.regions)
    assert not {region for region in captured.regions if region.startswith(("cn-", "us-gov-"))}


def test_regions_that_cannot_be_listed_are_told(collected: Collect, gate: Gate, tmp_path: Path) -> None:
    gate.denied = {"ec2 DescribeRegions": "UnauthorizedOperation"}

    captured = collected(tmp_path / "bundle", regions=(), skip=frozenset(Kind) - {Kind.ACCOUNT_SETTINGS})

    assert captured.regions == ("us-east-1",)
    assert "UnauthorizedOperation" in captured.notes[0]


def test_kinds_that_are_skipped_are_not_asked_for(collected: Collect, gate: Gate, tmp_path: Path) -> None:
    collected(tmp_path / "bundle", skip=frozenset({Kind.SERVICE_LAST_ACCESSED, Kind.TAGS}))

    assert gate.calls["iam GenerateServiceLastAccessedDetails"] == 0
    assert not [path for path in files_in(tmp_path / "bundle") if "tagging" in path]


def test_zip_holds_the_bundle_and_the_working_folder_is_gone(collected: Collect, tmp_path: Path) -> None:
    captured = collected(tmp_path / "acme.zip")

    with zipfile.ZipFile(tmp_path / "acme.zip") as archive:
        names = archive.namelist()
        manifest = Manifest.model_validate_json(archive.read(MANIFEST))
        assert json.loads(archive.read(DETAILS))
    assert len(names) == captured.files + 1
    assert JOURNAL not in names
    assert manifest.finished_at is not None
    assert [path.name for path in tmp_path.iterdir()] == ["acme.zip"]


def test_zip_that_is_there_is_not_overwritten(collected: Collect, gate: Gate, tmp_path: Path) -> None:
    (tmp_path / "acme.zip").write_bytes(b"mine")

    with pytest.raises(CollectError, match="already exists"):
        collected(tmp_path / "acme.zip")

    assert (tmp_path / "acme.zip").read_bytes() == b"mine"
    assert not gate.calls


def test_folder_that_holds_something_else_is_left_alone(collected: Collect, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")

    with pytest.raises(CollectError, match="did not write"):
        collected(tmp_path)

    assert files_in(tmp_path) == {"notes.txt"}


def test_folder_of_another_account_is_left_alone(collected: Collect, tmp_path: Path) -> None:
    header = {
        "started_at": "2026-01-01T00:00:00+00:00",
        "caller": {"account": "999999999999", "arn": "arn:aws:iam::999999999999:user/x"},
        "accounts": [],
        "regions": [],
    }
    (tmp_path / JOURNAL).write_text(json.dumps(header) + "\n")

    with pytest.raises(CollectError, match="was started in account 999999999999"):
        collected(tmp_path)

    assert files_in(tmp_path) == {JOURNAL}


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"regions": ("../..",)}, "is not a Region"),
        ({"accounts": ("222222222222",)}, "--role-name"),
        ({"accounts": ("12",), "role_name": "Audit"}, "twelve digits"),
        ({"endpoint_url": "http://user:password@127.0.0.1:1"}, "without user name and password"),
        ({"endpoint_url": "127.0.0.1:1"}, "http://HOST"),
        ({"profile": "nobody"}, "no profile 'nobody'"),
    ],
)
def test_options_that_make_no_sense_are_told_before_anybody_is_asked(
    collected: Collect, gate: Gate, tmp_path: Path, wrong: dict[str, Any], told: str
) -> None:
    with pytest.raises(CollectError, match=told):
        collected(tmp_path / "bundle", **wrong)

    assert not gate.calls
    assert not (tmp_path / "bundle").exists()
