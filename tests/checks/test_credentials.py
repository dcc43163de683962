"""CRD, ROT: passwords, keys and MFA by the credential report; CMP-13: what is not run without it."""

from typing import Any

import pytest

from iamdesk.checks import registry
from iamdesk.checks.finding import Severity, State
from iamdesk.checks.prerequisites import Data
from iamdesk.snapshot.organization import Organization

MADE = "2026-10-01T12:00:00+00:00"
RECENT, OLD = "2026-09-20T00:00:00+00:00", "2026-01-20T00:00:00+00:00"


def report(make, *entries: dict[str, Any]) -> dict[str, Any]:
    lines = [
        {"user": user, "arn": make.arn("root" if user == "<root_account>" else f"user/{user}"), **more}
        for one in entries
        for user, more in [(one.pop("user", "alice"), one)]
    ]
    return {"credential_report": {"generated_time": MADE, "entries": lines}}


USER_CASES = [
    ("CRD-01", {"password_enabled": True, "mfa_active": False}, {"password_enabled": True, "mfa_active": True}),
    (
        "CRD-02",
        {"access_key_1_active": True, "access_key_1_last_rotated": OLD},
        {"access_key_1_active": True, "access_key_1_last_rotated": OLD, "access_key_1_last_used_date": RECENT},
    ),
    (
        "CRD-03",
        {"password_enabled": True, "password_last_used": OLD},
        {"password_enabled": True, "password_last_used": RECENT},
    ),
    (
        "CRD-04",
        {"access_key_2_active": True, "access_key_2_last_rotated": OLD},
        {"access_key_2_active": False, "access_key_2_last_rotated": OLD},
    ),
    (
        "CRD-05",
        {"access_key_1_active": True, "access_key_2_active": True},
        {"access_key_1_active": True, "access_key_2_active": False},
    ),
    (
        "CRD-07",
        {"password_enabled": True, "access_key_1_active": True},
        {"password_enabled": False, "access_key_1_active": True},
    ),
    ("CRD-09", {"cert_1_active": True}, {"cert_1_active": False}),
]
ROOT_CASES = [
    ("ROT-01", {"access_key_1_active": True}, {"access_key_1_active": False}),
    ("ROT-02", {"mfa_active": False, "password_enabled": True}, {"mfa_active": True, "password_enabled": True}),
    ("ROT-03", {"password_last_used": RECENT}, {"password_last_used": OLD}),
]


def found_with(make, check_id, entry):
    users = [make.user("alice", make.allow("s3:ListAllMyBuckets"))]
    return make.findings(check_id, users=users, facts=report(make, dict(entry)))


@pytest.mark.parametrize(("check_id", "bad", "good"), USER_CASES)
def test_crd_01_to_09_fire_on_what_the_report_says_and_on_nothing_else(make, check_id, bad, good):
    (one,) = found_with(make, check_id, bad)
    assert one.subject_name == "alice"
    assert not found_with(make, check_id, good)


# The registry's test wants a name for each id: these are covered by the cases above and below.
def test_crd_01_needs_the_report(make):
    assert not make.findings("CRD-01", users=[make.user("alice")])


def test_crd_02_a_key_never_used_counts_from_when_it_was_made(make):
    (one,) = found_with(make, "CRD-02", {"access_key_1_active": True, "access_key_1_last_rotated": OLD})
    assert one.sentence == "Access key 1 of alice was created 254 days ago and never used."


def test_crd_03_says_for_how_long(make):
    (one,) = found_with(make, "CRD-03", {"password_enabled": True, "password_last_used": OLD})
    assert one.sentence == "The password of alice was not used for 254 days."


def test_crd_04_says_how_old(make):
    (one,) = found_with(make, "CRD-04", {"access_key_2_active": True, "access_key_2_last_rotated": OLD})
    assert one.sentence == "Access key 2 of alice is 254 days old."


def test_crd_05_one_key_is_enough(make):
    assert not found_with(make, "CRD-05", {"access_key_1_active": True})


def test_crd_07_a_key_alone_is_a_program(make):
    assert not found_with(make, "CRD-07", {"access_key_1_active": True})


def test_crd_08_administrators_with_keys(make):
    users = [make.user("alice", make.allow("*")), make.user("bob", make.allow("s3:*"))]
    keys = [{"user": name, "access_key_1_active": True} for name in ("alice", "bob")]
    (one,) = make.findings("CRD-08", users=users, facts=report(make, *keys))
    assert one.sentence == "alice is an administrator and has an active access key."


def test_crd_09_no_certificate_is_no_finding(make):
    assert not found_with(make, "CRD-09", {})


def test_crd_11_a_weak_password_policy(make):
    strong = {"minimum_password_length": 14, "password_reuse_prevention": 24}
    captured = {"is_password_policy_captured": True}
    (one,) = make.findings("CRD-11", facts=captured)
    assert one.sentence == (
        "No password policy is set, so AWS's default applies: its minimum length is 8 characters and passwords can be "
        "reused."
    )
    types = ("symbols", "numbers", "uppercase_characters", "lowercase_characters")
    strong |= {f"require_{one}": True for one in types}
    strong |= {"expire_passwords": True, "max_password_age": 90, "allow_users_to_change_password": True}
    assert not make.findings("CRD-11", facts={**captured, "password_policy": strong})


@pytest.mark.parametrize(
    ("weaker", "why"),
    [
        ({"require_symbols": False, "require_numbers": False}, "numbers and symbols are not required"),
        ({"expire_passwords": False, "max_password_age": None}, "passwords do not expire"),
        ({"max_password_age": 365}, "passwords expire after 365 days"),
        ({"allow_users_to_change_password": False}, "users cannot change their password"),
    ],
)
def test_crd_11_the_other_rules_of_a_password_policy(make, weaker, why):
    types = ("symbols", "numbers", "uppercase_characters", "lowercase_characters")
    strong = {
        "minimum_password_length": 14,
        "password_reuse_prevention": 24,
        **{f"require_{one}": True for one in types},
    }
    strong |= {"expire_passwords": True, "max_password_age": 90, "allow_users_to_change_password": True}
    facts = {"is_password_policy_captured": True, "password_policy": {**strong, **weaker}}
    (one,) = make.findings("CRD-11", facts=facts)
    assert one.sentence == f"The password policy is weak: {why}."
    assert one.severity is Severity.LOW


@pytest.mark.parametrize(("check_id", "bad", "good"), ROOT_CASES)
def test_rot_01_to_03_fire_on_the_root_user(make, check_id, bad, good):
    (one,) = make.findings(check_id, facts=report(make, {"user": "<root_account>", **bad}))
    assert one.subject_kind == "account"
    assert not make.findings(check_id, facts=report(make, {"user": "<root_account>", **good}))


def test_rot_01_counts_keys(make):
    entry = {"user": "<root_account>", "access_key_1_active": True, "access_key_2_active": True}
    (one,) = make.findings("ROT-01", facts=report(make, entry))
    assert one.sentence == "The root user has 2 active access keys."


def test_rot_02_by_the_account_summary(make):
    """AccountMFAEnabled tells it as well as the credential report."""

    def told(**summary):
        return make.findings("ROT-02", facts={"summary": summary})

    (one,) = told(AccountMFAEnabled=0, AccountPasswordPresent=1)
    assert one.sentence == "The root user can sign in without MFA."
    assert one.severity is Severity.CRITICAL
    (one,) = told(AccountMFAEnabled=0)
    assert one.sentence == "The root user has no MFA. Whether it has a password was not captured."
    assert one.severity is Severity.HIGH
    assert not told(AccountMFAEnabled=0, AccountPasswordPresent=0)
    assert not told(AccountMFAEnabled=1, AccountPasswordPresent=1)
    assert not told(Users=3)
    tree = {"id": "o-1", "management_account_id": make.account, "nodes": [{"id": "r-1"}]}
    managing = {"organization": Organization.model_validate(tree)}
    (one,) = make.findings("ROT-02", facts={"summary": {"AccountMFAEnabled": 0}}, beside=managing)
    assert one.severity is Severity.CRITICAL


def test_rot_02_the_credential_report_counts_before_the_summary(make):
    facts = report(make, {"user": "<root_account>", "mfa_active": True, "password_enabled": True})
    assert not make.findings("ROT-02", facts={**facts, "summary": {"AccountMFAEnabled": 0}})


def test_rot_02_a_root_user_without_a_password_cannot_sign_in(make):
    entry = {"user": "<root_account>", "mfa_active": False, "password_enabled": False}
    assert not make.findings("ROT-02", facts=report(make, entry))


def test_rot_03_keys_count_as_use(make):
    entry = {"user": "<root_account>", "access_key_1_last_used_date": RECENT}
    assert make.findings("ROT-03", facts=report(make, entry))


def test_cmp_13_counts_what_is_not_run(make):
    by_data = {
        one.sentence.rpartition(" need")[2].removeprefix("s").strip(" ."): one for one in make.findings("CMP-13")
    }
    assert set(by_data) == {data.value for data in Data}
    assert all(one.state is State.INCONCLUSIVE for one in by_data.values())
    needing = [check.id for check in registry.checks() if check.data is Data.CREDENTIAL_REPORT]
    (told,) = (one for data, one in by_data.items() if data == Data.CREDENTIAL_REPORT.value)
    assert told.sentence.startswith(f"{len(needing)} checks skipped: {needing[0]}, ")
    assert len(told.evidence) == len(needing)
    left = next(
        one
        for one in make.findings("CMP-13", facts=report(make, {"user": "alice"}))
        if "password policy" in one.sentence
    )
    assert left.sentence == "1 check skipped: CRD-11 needs the password policy."


def certificate(make, expiration):
    arn = make.arn("server-certificate/www")
    one = {"ServerCertificateName": "www", "Arn": arn, **({"Expiration": expiration} if expiration else {})}
    return {"server_certificates": [one]}


USED = {"LastUsedDate": "2026-03-01T00:00:00+00:00", "Region": "eu-west-1"}


def test_crd_10_a_certificate_whose_time_is_over(make):
    roles = [make.role("known", RoleLastUsed=USED)]
    (one,) = make.findings("CRD-10", roles=roles, facts=certificate(make, "2026-02-01T00:00:00+00:00"))
    assert one.sentence == "The server certificate www expired 28 days before the snapshot."
    assert not make.findings("CRD-10", roles=roles, facts=certificate(make, "2026-04-01T00:00:00+00:00"))
    (one,) = make.findings("CRD-10", roles=roles, facts=certificate(make, None))
    assert one.state is State.INCONCLUSIVE


def test_crd_10_is_not_run_without_its_data(make):
    assert not make.findings("CRD-10")
    assert [one for one in make.findings("CMP-13") if "CRD-10" in one.sentence]
