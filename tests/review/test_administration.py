"""What an item says of administration is right for every kind of item: ``no`` is said only where it was found."""

import json
from typing import Any

import pytest

from iamdesk.access.evaluator import Evaluator
from iamdesk.export.text.review import administration_words, is_privileged
from iamdesk.review.entitlements import review_scope
from iamdesk.review.items import EntitlementType, ReviewItem
from iamdesk.snapshot.identity_center import IdentityCenter
from iamdesk.snapshot.reader import load_snapshot

from ..builders import entries
from ..builders.captures import allow, document

ACCOUNT = "111122223333"
IAM = f"arn:aws:iam::{ACCOUNT}"
EVERYTHING = allow()
READS = allow("s3:GetObject")
BUCKET = "arn:aws:s3:::acme-data"
SETS = "arn:aws:sso:::permissionSet/ssoins-1"
INSTANCE = "arn:aws:sso:::instance/ssoins-1"


def own(statement: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return "own", document(statement)


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> tuple[ReviewItem, ...]:
    bundle = tmp_path_factory.mktemp("administration")
    users = [
        entries.user("ana", groups=["admins"]),
        entries.user("ben", attached=[f"{IAM}:policy/gone"]),
        entries.user("cy", own(READS), groups=["readers"]),
    ]
    groups = [
        entries.group("admins", own(EVERYTHING)),
        entries.group("empty", own(EVERYTHING)),
        entries.group("readers", own(READS)),
        entries.group("nobody", own(READS)),
    ]
    reserved = "/aws-reserved/sso.amazonaws.com/"
    roles = [
        entries.role("AWSReservedSSO_Admin_0123456789abcdef", own(EVERYTHING), path=reserved),
        entries.role("AWSReservedSSO_Reader_0123456789abcdef", own(READS), path=reserved),
        entries.role("boss", own(EVERYTHING)),
    ]
    account = bundle / "accounts" / ACCOUNT
    (account / "s3api" / "get-bucket-policy").mkdir(parents=True)
    details = account / "iam" / "get-account-authorization-details.json"
    entries.write(details, users=users, groups=groups, roles=roles)
    principals = [f"{IAM}:role/boss", f"{IAM}:user/cy", "arn:aws:iam::999988887777:role/theirs"]
    grant = document({"Effect": "Allow", "Principal": {"AWS": principals}, "Action": "s3:*", "Resource": f"{BUCKET}/*"})
    policy = json.dumps({"Policy": json.dumps(grant)})
    (account / "s3api" / "get-bucket-policy" / "acme-data.json").write_text(policy)
    snapshot = load_snapshot(bundle)
    center = IdentityCenter.model_validate(
        {
            "instance": {"InstanceArn": INSTANCE, "IdentityStoreId": "d-1"},
            "permission_sets": [
                {"PermissionSetArn": f"{SETS}/ps-{at}", "Name": name}
                for at, name in enumerate(("Admin", "Reader", "Absent"))
            ],
            "account_assignments": [
                {
                    "AccountId": ACCOUNT,
                    "PermissionSetArn": f"{SETS}/ps-{at}",
                    "PrincipalType": "USER",
                    "PrincipalId": "u1",
                }
                for at in range(3)
            ],
            "users": [{"UserId": "u1", "UserName": "ana@example.com"}],
        }
    )
    return review_scope(Evaluator(snapshot.model_copy(update={"identity_centers": (center,)}))).lines


def test_no_is_said_only_where_it_was_found(lines: tuple[ReviewItem, ...]) -> None:
    told = {(line.type, line.holder_arn.rpartition(":")[2], line.name): is_privileged(line) for line in lines}
    own, grant, assigned = EntitlementType.INLINE_POLICY, EntitlementType.RESOURCE_GRANT, EntitlementType.PERMISSION_SET
    assert {key: told[key] for key in told if key[0] is not EntitlementType.TRUST} == {
        (EntitlementType.GROUP, "user/ana", "admins"): "yes",
        (EntitlementType.GROUP, "user/cy", "readers"): "no",
        (EntitlementType.MANAGED_POLICY, "user/ben", "gone"): "cannot_tell",
        (own, "user/cy", "own"): "no",
        (own, "group/admins", "own"): "yes",
        (own, "group/empty", "own"): "yes",
        (own, "group/readers", "own"): "no",
        (own, "group/nobody", "own"): "cannot_tell",
        (own, "role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_0123456789abcdef", "own"): "yes",
        (own, "role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Reader_0123456789abcdef", "own"): "no",
        (own, "role/boss", "own"): "yes",
        (grant, "role/boss", BUCKET): "yes",
        (grant, "user/cy", BUCKET): "no",
        (grant, "role/theirs", BUCKET): "cannot_tell",
        (EntitlementType.ROOT_ACCESS, "root", "root user"): "yes",
        (assigned, "user/u1", "Admin"): "yes",
        (assigned, "user/u1", "Reader"): "no",
        (assigned, "user/u1", "Absent"): "cannot_tell",
    }


def test_words_say_the_same(lines: tuple[ReviewItem, ...]) -> None:
    words = {"yes": "Administrator", "no": "No", "cannot_tell": "Cannot tell"}
    for line in lines:
        asked = administration_words(line)
        assert asked in ("", words[is_privileged(line)])
        assert asked or "outside the snapshot" in line.holder_kind
