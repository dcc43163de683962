"""Reports, providers and Identity Center out of their files."""

import base64
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from iamdesk.snapshot.account_details import AccountFacts
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.reader import load_snapshot

from .bundles import ACCOUNT, HERE, IAM, as_folder, details

COLUMNS = (
    "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,"
    "mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,"
    "access_key_1_last_used_region,access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,"
    "access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,"
    "cert_1_last_rotated,cert_2_active,cert_2_last_rotated"
)
ROOT = (
    f"<root_account>,arn:aws:iam::{ACCOUNT}:root,2020-01-01T00:00:00+00:00,not_supported,2026-01-01T00:00:00+00:00,"
    "not_supported,not_supported,true,false,N/A,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A"
)
ALICE = (
    f"alice,arn:aws:iam::{ACCOUNT}:user/alice,2021-01-01T00:00:00+00:00,true,no_information,2021-01-02T00:00:00+00:00,"
    "N/A,false,true,2022-01-01T00:00:00+00:00,2026-09-30T08:00:00+00:00,eu-west-1,s3,false,N/A,N/A,N/A,N/A,false,N/A,"
    "false,N/A"
)
TABLE = "\n".join([COLUMNS, ROOT, ALICE])
EXTRA_CREDENTIAL = f"{IAM}/get-credential-report"


def opened(tmp_path: Path, **files: Any) -> Snapshot:
    named = {f"{IAM}/get-account-authorization-details.json": details(), **files}
    return load_snapshot(as_folder(tmp_path, named))


def facts(tmp_path: Path, **files: Any) -> AccountFacts:
    snapshot = opened(tmp_path, **files)
    assert snapshot.problems == ()
    (known,) = snapshot.account_facts
    return known


def in_base64(table: str) -> dict[str, str]:
    content = base64.b64encode(table.encode()).decode()
    return {"Content": content, "ReportFormat": "text/csv", "GeneratedTime": "2026-10-01T00:00:00+00:00"}


@pytest.mark.parametrize("form", ["json", "csv", "csv with BOM and CRLF"])
def test_the_credential_report_is_read_encoded_and_decoded(tmp_path: Path, form: str) -> None:
    if form == "json":
        files: dict[str, Any] = {f"{EXTRA_CREDENTIAL}.json": in_base64(TABLE)}
    else:
        plain = TABLE if form == "csv" else "\ufeff" + TABLE.replace("\n", "\r\n")
        files = {f"{EXTRA_CREDENTIAL}.csv": plain}
    report = facts(tmp_path, **files).credential_report
    assert report is not None
    root, alice = report.entries
    assert (root.user, root.mfa_active, root.password_enabled) == ("<root_account>", True, None)
    assert (alice.password_enabled, alice.password_last_used, alice.mfa_active) == (True, None, False)
    assert alice.access_key_1_last_used_date == datetime(2026, 9, 30, 8, tzinfo=UTC)
    assert (alice.access_key_1_last_used_service, alice.access_key_2_active) == ("s3", False)
    assert (report.generated_time is not None) is (form == "json")
    known_at = datetime(2026, 10, 1, tzinfo=UTC) if form == "json" else alice.access_key_1_last_used_date
    assert report.known_at == known_at, "a CSV file is not older than what it tells"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"Content": "&&&"}, "expected base64"),
        ({"Content": base64.b64encode(b"\xff\xfe").decode()}, "expected UTF-8 text"),
        (in_base64("name,age\nalice,7"), "expected a table with the columns `user` and `arn`"),
        ({"ReportFormat": "text/csv"}, "expected this key, which is missing"),
    ],
)
def test_a_report_that_is_none_is_told(tmp_path: Path, content: Any, message: str) -> None:
    snapshot = opened(tmp_path, **{f"{EXTRA_CREDENTIAL}.json": content})
    assert message in snapshot.problems[0].message
    assert not any(known.credential_report for known in snapshot.account_facts)


def test_a_broken_line_of_a_report_is_told_and_the_others_are_kept(tmp_path: Path) -> None:
    broken = ALICE.replace("alice", "bob").replace("2021-01-01T00:00:00+00:00", "yesterday")
    snapshot = opened(tmp_path, **{f"{EXTRA_CREDENTIAL}.json": in_base64(f"{TABLE}\n{broken}")})
    report = snapshot.account_facts[0].credential_report
    assert report is not None
    assert [entry.user for entry in report.entries] == ["<root_account>", "alice"]
    (problem,) = snapshot.problems
    assert problem.message.startswith("line 4, column user_creation_time: expected a date and time, found `yesterday`")


def test_last_access_is_found_by_kind_and_name_whatever_the_path(tmp_path: Path) -> None:
    used = {
        "ServiceName": "Amazon S3",
        "ServiceNamespace": "s3",
        "LastAuthenticated": "2026-09-01T00:00:00+00:00",
        "TrackedActionsLastAccessed": [{"ActionName": "GetObject", "LastAccessedTime": "2026-08-01T00:00:00+00:00"}],
    }
    report = {"JobStatus": "COMPLETED", "JobCreationDate": "2026-10-01T00:00:00+00:00", "ServicesLastAccessed": [used]}
    where = f"{IAM}/get-service-last-accessed-details"
    known = facts(tmp_path, **{f"{where}/user/alice.json": report, f"{where}/role/gone.json": report})
    assert known.last_accessed is not None
    assert [one.arn for one in known.last_accessed] == [
        f"arn:aws:iam::{ACCOUNT}:role/gone",
        f"arn:aws:iam::{ACCOUNT}:user/staff/alice",
    ]
    service = known.last_accessed[1].services[0]
    assert service.tracked_actions_last_accessed is not None
    assert service.tracked_actions_last_accessed[0].action_name == "GetObject"


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("user/alice", "IN_PROGRESS", "not complete"),
        ("person/alice", "COMPLETED", "expected `user`, `group` or `role`"),
    ],
)
def test_a_report_of_last_access_that_cannot_be_used_is_told(
    tmp_path: Path, path: str, status: str, message: str
) -> None:
    content = {"JobStatus": status, "ServicesLastAccessed": []}
    snapshot = opened(tmp_path, **{f"{IAM}/get-service-last-accessed-details/{path}.json": content})
    assert message in snapshot.problems[0].message


def test_providers_are_listed_and_described(tmp_path: Path) -> None:
    github = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
    sso = f"arn:aws:iam::{ACCOUNT}:saml-provider/sso"
    files = {
        f"{IAM}/list-open-id-connect-providers.json": {
            "OpenIDConnectProviderList": [{"Arn": github}, {"Arn": f"{github}/2"}]
        },
        f"{IAM}/get-open-id-connect-provider/token.actions.githubusercontent.com.json": {
            "Url": "token.actions.githubusercontent.com",
            "ClientIDList": ["sts.amazonaws.com"],
        },
        f"{IAM}/list-saml-providers.json": {"SAMLProviderList": [{"Arn": sso, "CreateDate": "2020-01-01T00:00:00Z"}]},
        f"{IAM}/get-saml-provider/sso.json": {"SAMLMetadataDocument": "<x/>", "Tags": [{"Key": "a", "Value": "b"}]},
    }
    known = facts(tmp_path, **files)
    assert known.open_id_connect_providers is not None
    assert known.saml_providers is not None
    described, listed = known.open_id_connect_providers
    assert (described.arn, described.client_id_list) == (github, ("sts.amazonaws.com",))
    assert listed.url is None
    (saml,) = known.saml_providers
    assert (saml.arn, saml.tags[0].value) == (sso, "b")
    assert saml.create_date is not None


def test_settings_of_the_account_are_held(tmp_path: Path) -> None:
    files = {
        f"{IAM}/list-account-aliases.json": {"AccountAliases": ["acme-prod"]},
        f"{IAM}/get-account-password-policy.json": {"PasswordPolicy": {"MinimumPasswordLength": 14}},
    }
    snapshot = opened(tmp_path, **files)
    assert snapshot.accounts[0].alias == "acme-prod"
    policy = snapshot.account_facts[0].password_policy
    assert policy is not None
    assert policy.minimum_password_length == 14


def test_virtual_mfa_devices_are_held(tmp_path: Path) -> None:
    serial = f"arn:aws:iam::{ACCOUNT}:mfa/root-account-mfa-device"
    user = {"UserName": "root", "Arn": f"arn:aws:iam::{ACCOUNT}:root"}
    listed = {"VirtualMFADevices": [{"SerialNumber": serial, "EnableDate": "2020-01-01T00:00:00Z", "User": user}]}
    known = facts(tmp_path, **{f"{IAM}/list-virtual-mfa-devices.json": listed})
    assert known.virtual_mfa_devices is not None
    (device,) = known.virtual_mfa_devices
    assert device.serial_number == serial
    assert device.enable_date is not None


def test_server_certificates_are_held(tmp_path: Path) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:server-certificate/www"
    entry = {"Path": "/", "ServerCertificateName": "www", "Arn": arn, "Expiration": "2020-01-01T00:00:00Z"}
    listed = {"ServerCertificateMetadataList": [entry]}
    known = facts(tmp_path, **{f"{IAM}/list-server-certificates.json": listed})
    assert known.server_certificates is not None
    (certificate,) = known.server_certificates
    assert (certificate.server_certificate_name, certificate.arn) == ("www", arn)
    assert certificate.expiration is not None


def test_analyzers_are_held_by_region_also_where_there_are_none(tmp_path: Path) -> None:
    arn = f"arn:aws:access-analyzer:eu-west-1:{ACCOUNT}:analyzer/outside"
    listed = {"analyzers": [{"arn": arn, "name": "outside", "type": "ACCOUNT", "status": "ACTIVE"}]}
    regions = ("eu-west-1", "eu-central-1")
    here, there = (f"accounts/{ACCOUNT}/{region}/accessanalyzer/list-analyzers.json" for region in regions)
    known = facts(tmp_path, **{here: listed, there: {"analyzers": []}})
    assert known.access_analyzers is not None
    assert [(one.region, [each.name for each in one.analyzers]) for one in known.access_analyzers] == [
        ("eu-central-1", []),
        ("eu-west-1", ["outside"]),
    ]


def test_an_account_without_password_policy_has_none(tmp_path: Path) -> None:
    known = facts(tmp_path, **{f"{IAM}/get-account-password-policy.json": {}})
    assert known.is_password_policy_captured
    assert known.password_policy is None


# --- IAM Identity Center

INSTANCE = "arn:aws:sso:::instance/ssoins-1111222233334444"
SET = "arn:aws:sso:::permissionSet/ssoins-1111222233334444/ps-aaaabbbbccccdddd"
SSO = f"{HERE}/sso-admin"
STORE = f"{HERE}/identitystore"
PS = "ps-aaaabbbbccccdddd"


def center() -> dict[str, Any]:
    inline = '{"Version": "2012-10-17", "Statement": []}'
    assignment = {"AccountId": ACCOUNT, "PermissionSetArn": SET, "PrincipalType": "GROUP", "PrincipalId": "g-1"}
    membership = {"GroupId": "g-1", "MemberId": {"UserId": "u-1"}, "MembershipId": "m-1", "IdentityStoreId": "d-1"}
    return {
        f"{SSO}/list-instances.json": {"Instances": [{"InstanceArn": INSTANCE, "IdentityStoreId": "d-1"}]},
        f"{SSO}/list-permission-sets/ssoins-1111222233334444.json": {"PermissionSets": [SET]},
        f"{SSO}/describe-permission-set/{PS}.json": {"PermissionSet": {"PermissionSetArn": SET, "Name": "Admin"}},
        f"{SSO}/get-inline-policy-for-permission-set/{PS}.json": {"InlinePolicy": inline},
        f"{SSO}/list-managed-policies-in-permission-set/{PS}.json": {
            "AttachedManagedPolicies": [{"Name": "ReadOnlyAccess", "Arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}]
        },
        f"{SSO}/list-account-assignments/{PS}/{ACCOUNT}.json": {"AccountAssignments": [assignment]},
        f"{STORE}/list-users/d-1.json": {"Users": [{"UserId": "u-1", "UserName": "ana"}]},
        f"{STORE}/list-groups/d-1.json": {"Groups": [{"GroupId": "g-1", "DisplayName": "Admins"}]},
        f"{STORE}/list-group-memberships/d-1/g-1.json": {"GroupMemberships": [membership]},
    }


def test_identity_center_is_put_together(tmp_path: Path) -> None:
    snapshot = opened(tmp_path, **center())
    assert snapshot.problems == ()
    (found,) = snapshot.identity_centers
    assert found.permission_sets is not None
    (permission_set,) = found.permission_sets
    assert permission_set.name == "Admin"
    assert permission_set.inline_policy == {"Version": "2012-10-17", "Statement": []}
    assert permission_set.attached_managed_policies is not None
    assert permission_set.customer_managed_policy_references is None, "not captured"
    assert found.account_assignments is not None
    assert found.users is not None
    assert found.groups is not None
    assert found.group_memberships is not None
    assert (found.users[0].user_name, found.groups[0].display_name) == ("ana", "Admins")
    assert found.account_assignments[0].principal_id == found.group_memberships[0].group_id


def test_a_permission_set_that_is_only_listed_is_told(tmp_path: Path) -> None:
    files = {path: content for path, content in center().items() if "describe" not in path}
    snapshot = opened(tmp_path, **files)
    assert "is listed, but its description was not captured" in snapshot.problems[0].message
    sets = snapshot.identity_centers[0].permission_sets
    assert sets is not None
    assert sets[0].permission_set_arn == SET


def test_what_was_not_captured_of_identity_center_is_not_empty(tmp_path: Path) -> None:
    only = {f"{SSO}/list-instances.json": center()[f"{SSO}/list-instances.json"]}
    (found,) = opened(tmp_path, **only).identity_centers
    assert (found.permission_sets, found.account_assignments, found.users, found.groups) == (None, None, None, None)
