"""CRD-06, CRD-13, CRD-14, ROT-04: ways in that outlive their purpose, and root users of member accounts."""

import pytest

from iamdesk.checks.finding import Severity, State
from iamdesk.snapshot.identity_center import IdentityCenter
from iamdesk.snapshot.organization import Organization

MADE = "2026-01-10T08:00:00+00:00"
SOON = "2026-01-10T08:04:00+00:00"
LATER = "2026-02-10T08:00:00+00:00"


def report(make, name="alice", **fields):
    entry = {"user": name, "arn": make.arn(f"user/{name}"), "user_creation_time": MADE, **fields}
    return {"credential_report": {"generated_time": LATER, "entries": [entry]}}


def told(make, check, **fields):
    return make.findings(check, users=[make.user("alice")], facts=report(make, **fields))


def test_crd_06_a_key_made_with_the_user_and_never_used(make):
    (one,) = told(make, "CRD-06", access_key_1_active="true", access_key_1_last_rotated=SOON)
    assert one.sentence == "Access key 1 of alice was created with the user and never used."


@pytest.mark.parametrize(
    "fields",
    [
        {"access_key_1_active": "true", "access_key_1_last_rotated": LATER},
        {"access_key_1_active": "true", "access_key_1_last_rotated": SOON, "access_key_1_last_used_date": LATER},
        {"access_key_1_active": "false", "access_key_1_last_rotated": SOON},
        {"access_key_1_active": "true", "access_key_1_last_rotated": "N/A"},
    ],
)
def test_crd_06_keys_of_later_used_ones_and_inactive_ones(make, fields):
    assert not told(make, "CRD-06", **fields)


@pytest.mark.parametrize(
    ("fields", "sign"),
    [
        ({"password_last_used": SOON}, "a password was last used on 2026-01-10"),
        ({"mfa_active": "true"}, "an MFA device is registered"),
    ],
)
def test_crd_13_a_password_taken_away_and_a_key_left(make, fields, sign):
    (one,) = told(make, "CRD-13", **{"password_enabled": "false", "access_key_1_active": "true", **fields})
    assert one.sentence == f"alice no longer has a password, but still has 1 active access key: {sign}."
    assert one.severity is Severity.HIGH


@pytest.mark.parametrize(
    "fields",
    [
        {"password_enabled": "false", "access_key_1_active": "true", "password_last_used": "N/A"},
        {"password_enabled": "true", "access_key_1_active": "true", "password_last_used": SOON},
        {"password_enabled": "false", "access_key_1_active": "false", "password_last_used": SOON},
        {"access_key_1_active": "true", "password_last_used": SOON},
    ],
)
def test_crd_13_programs_people_and_those_who_are_shut_out(make, fields):
    assert not told(make, "CRD-13", **fields)


@pytest.mark.parametrize("check", ["CRD-06", "CRD-13", "CRD-14", "ROT-04"])
def test_without_their_data_they_are_not_run(make, check):
    assert not make.findings(check, users=[make.user("alice")])
    assert [one for one in make.findings("CMP-13") if check in one.sentence]


def people(status="DISABLED", assigned=False, **person):
    user = {
        "UserId": "u-1",
        "UserName": "alice@example.com",
        "DisplayName": "Alice Ito",
        "UserStatus": status,
        **person,
    }
    set_arn = "arn:aws:sso:::permissionSet/ssoins-1/ps-1"
    assignment = {
        "AccountId": "111122223333",
        "PermissionSetArn": set_arn,
        "PrincipalType": "USER",
        "PrincipalId": "u-1",
    }
    center = {
        "instance": {"InstanceArn": "arn:aws:sso:::instance/ssoins-1"},
        "users": [user],
        "permission_sets": [{"PermissionSetArn": set_arn, "Name": "Reader"}],
        "account_assignments": [assignment] if assigned else [],
    }
    return {"identity_centers": (IdentityCenter.model_validate(center),)}


def test_crd_14_a_disabled_person_with_an_iam_user(make):
    (one,) = make.findings("CRD-14", users=[make.user("Alice")], beside=people())
    assert one.sentence == "Alice Ito is disabled in IAM Identity Center, but the IAM user Alice still exists."
    assert (one.subject_name, one.severity) == ("Alice", Severity.HIGH)
    by_mail = people(UserName="aito", Emails=[{"Value": "alice@example.com"}])
    assert len(make.findings("CRD-14", users=[make.user("alice")], beside=by_mail)) == 1


def test_crd_14_assignments_that_wait_for_a_disabled_person(make):
    (one,) = make.findings("CRD-14", beside=people(assigned=True))
    assert one.sentence == (
        "Alice Ito is disabled in IAM Identity Center, but is still assigned Reader in account 111122223333."
    )
    assert one.severity is Severity.LOW


def test_crd_14_people_who_work_here_and_others_of_another_name(make):
    assert not make.findings("CRD-14", users=[make.user("alice")], beside=people(status="ENABLED", assigned=True))
    assert not make.findings("CRD-14", users=[make.user("alicia")], beside=people())


def member(management="999999999999"):
    nodes = [{"id": "r-1"}, {"id": "111122223333", "parent_id": "r-1"}]
    tree = {"id": "o-acme", "management_account_id": management, "nodes": nodes}
    return {"organization": Organization.model_validate(tree)}


def test_rot_04_a_root_user_that_signs_in_by_itself(make):
    summary = {"AccountPasswordPresent": 1, "AccountAccessKeysPresent": 1}
    (one,) = make.findings("ROT-04", facts={"summary": summary}, beside=member())
    assert one.sentence == "The root user of member account 111122223333 has a password and an access key."
    key = {"user": "<root_account>", "arn": make.arn("root"), "access_key_1_active": "true"}
    (one,) = make.findings("ROT-04", facts={"credential_report": {"entries": [key]}}, beside=member())
    assert one.sentence.endswith("has an access key.")


def test_rot_04_credentials_deleted_and_the_management_account(make):
    gone = {"summary": {"AccountPasswordPresent": 0, "AccountAccessKeysPresent": 0}}
    assert not make.findings("ROT-04", facts=gone, beside=member())
    there = {"summary": {"AccountPasswordPresent": 1}}
    assert not make.findings("ROT-04", facts=there, beside=member("111122223333"))
    assert not make.findings("ROT-04", facts=there)


def test_rot_04_what_neither_source_says_cannot_be_told(make):
    (one,) = make.findings("ROT-04", facts={"summary": {"AccountMFAEnabled": 1}}, beside=member())
    assert one.state is State.INCONCLUSIVE


def mfa(make, serial="root-account-mfa-device", since="2026-01-01T00:00:00Z", enabled=1):
    device = {"SerialNumber": f"arn:aws:iam::111122223333:mfa/{serial}", "EnableDate": since}
    return {"virtual_mfa_devices": [device], "summary": {"AccountMFAEnabled": enabled}}


def test_rot_06_a_virtual_device_of_the_root_user(make):
    (one,) = make.findings("ROT-06", facts=mfa(make))
    assert one.sentence.startswith("The root user's MFA device is virtual")
    assert "mfa/root-account-mfa-device, since 2026-01-01." in one.evidence[0].text


@pytest.mark.parametrize(
    "fields", [{"serial": "alice"}, {"since": None}, {"enabled": 0}], ids=["of a user", "not in use", "no MFA"]
)
def test_rot_06_devices_of_others_and_hardware(make, fields):
    assert not make.findings("ROT-06", facts=mfa(make, **fields))


@pytest.mark.parametrize("facts", [None, {"summary": {"AccountMFAEnabled": 1}}, {"virtual_mfa_devices": []}])
def test_rot_06_is_not_run_without_its_data(make, facts):
    assert not make.findings("ROT-06", facts=facts)
    assert [one for one in make.findings("CMP-13", facts=facts) if "ROT-06" in one.sentence]
