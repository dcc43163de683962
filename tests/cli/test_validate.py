"""`iamdesk validate`: what is wrong with a snapshot, and where."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ALICE = "arn:aws:iam::111122223333:user/alice"


def account(**lists: Any) -> dict[str, Any]:
    return {"UserDetailList": [], "GroupDetailList": [], "RoleDetailList": [], "Policies": []} | lists


def user(**changes: Any) -> dict[str, Any]:
    return {
        "Path": "/",
        "UserName": "alice",
        "UserId": "AIDAALICE",
        "Arn": ALICE,
        "UserPolicyList": [],
        "GroupList": [],
        "AttachedManagedPolicies": [],
    } | changes


def inline(document: Any) -> list[dict[str, Any]]:
    return [{"PolicyName": "p", "PolicyDocument": document}]


@pytest.fixture
def validate(iamdesk: Callable[..., Any], tmp_path: Path) -> Callable[..., dict[str, Any]]:
    def run(content: Any) -> dict[str, Any]:
        (tmp_path / "account.json").write_text(json.dumps(content))
        done = iamdesk("validate", "account.json", "--format", "json")
        assert (done.returncode, done.stderr) == (0, "")
        result: dict[str, Any] = json.loads(done.stdout)
        return result

    return run


def test_nothing_wrong_is_said_in_so_many_words(iamdesk: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "account.json").write_text(json.dumps(account(UserDetailList=[user()])))

    done = iamdesk("validate", "account.json")

    assert done.returncode == 0
    told, _, held = done.stdout.partition("\n\n")
    assert told == "account.json: account 111122223333, 1 user, 0 groups, 0 roles, 0 policies\nNo problems found."
    assert held.startswith("Contents\n  Users, groups, roles and policies: captured (1 of 1 accounts)\n")


def test_faulty_document_is_told_with_policy_path_and_position(validate: Callable[..., dict[str, Any]]) -> None:
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "allow", "Action": "s3:*", "Resource": "*"}]}

    (wrong,) = validate(account(UserDetailList=[user(UserPolicyList=inline(document))]))["documents"]

    assert wrong["policy_key"] == f"{ALICE}#inline/p"
    assert wrong["path"] == "$.Statement[0].Effect"
    shown = json.dumps(document, indent=2).splitlines()
    assert shown[wrong["line"] - 1][wrong["column"] - 1 :].startswith('"allow"')


def test_every_version_of_a_policy_is_read(validate: Callable[..., dict[str, Any]]) -> None:
    sound = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    policy = {
        "PolicyName": "p",
        "PolicyId": "ANPA",
        "Arn": "arn:aws:iam::111122223333:policy/p",
        "Path": "/",
        "DefaultVersionId": "v2",
        "PolicyVersionList": [
            {"VersionId": "v2", "IsDefaultVersion": True, "Document": sound},
            {"VersionId": "v1", "IsDefaultVersion": False, "Document": {"Version": "2012-10-17"}},
        ],
    }

    (wrong,) = validate(account(Policies=[policy]))["documents"]

    assert wrong["policy_name"] == "arn:aws:iam::111122223333:policy/p, version v1"


def test_broken_entry_is_told_with_its_name_and_place(validate: Callable[..., dict[str, Any]]) -> None:
    result = validate(account(UserDetailList=[user(), user(UserName="bob", Arn=7)]))

    (broken,) = result["broken_entries"]
    assert broken["list"] == "UserDetailList"
    assert broken["name"] == "bob"
    assert broken["problems"][0]["json_path"].startswith("$.UserDetailList[1]")
    assert result["accounts"][0]["broken"] == 1


def test_what_is_named_and_not_held_is_a_gap(validate: Callable[..., dict[str, Any]]) -> None:
    attached = [{"PolicyName": "gone", "PolicyArn": "arn:aws:iam::111122223333:policy/gone"}]
    bound = {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": "arn:aws:iam::aws:policy/edge"}

    found = validate(
        account(
            UserDetailList=[user(AttachedManagedPolicies=attached, GroupList=["lost"], PermissionsBoundary=bound)],
            IsTruncated=True,
        )
    )["gaps"]

    assert {gap["name"] for gap in found} == {
        "111122223333",
        "arn:aws:iam::111122223333:policy/gone",
        "arn:aws:iam::aws:policy/edge",
        "lost",
    }
    assert any(
        gap["message"].startswith("arn:aws:iam::aws:policy/edge is the permissions boundary of 1 principal")
        for gap in found
    )


def test_text_tells_each_section_with_its_count(iamdesk: Callable[..., Any], tmp_path: Path) -> None:
    content = account(UserDetailList=[user(UserPolicyList=inline("no policy"), GroupList=["lost"])])
    (tmp_path / "account.json").write_text(json.dumps(content))

    lines = iamdesk("validate", "account.json").stdout.splitlines()

    assert "Invalid policy documents: 1" in lines
    assert "Missing data: 1" in lines
    assert "  Group lost has 1 member, but it was not captured." in lines


@pytest.mark.parametrize("output_format", ["text", "json"])
def test_sample_is_read_and_its_one_gap_told(iamdesk: Callable[..., Any], sample: Path, output_format: str) -> None:
    done = iamdesk("validate", sample, "--format", output_format)

    assert done.returncode == 0
    assert "SystemAdministrator" in done.stdout


@pytest.mark.parametrize("content", [b"", b"{", b'"text"', b'{"Other": 1}'])
def test_what_is_no_snapshot_ends_with_two_and_one_sentence(
    iamdesk: Callable[..., Any], tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "file.json").write_bytes(content)

    done = iamdesk("validate", "file.json")

    assert (done.returncode, done.stdout) == (2, "")
    assert "file.json" in done.stderr
    assert done.stderr.count("\n") == 1
