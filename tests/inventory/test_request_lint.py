import pytest

from iamdesk.viewmodel.request_lint import Hint, resource_hint, takes_no_resource

ACCOUNT = "arn:aws:iam::111122223333"
ANA = f"{ACCOUNT}:user/engineering/ana.moreno"


@pytest.mark.parametrize(
    ("action", "resource", "hint"),
    [
        (
            "s3:ListBucket",
            "arn:aws:s3:::payroll/2026/*",
            Hint("s3:ListBucket takes a bucket, not an object: use arn:aws:s3:::payroll", "arn:aws:s3:::payroll"),
        ),
        (
            "s3:GetObject",
            "arn:aws:s3:::payroll/a ",
            Hint(
                "The resource ends with white space, which is part of its name: arn:aws:s3:::payroll/a\\u0020",
                "arn:aws:s3:::payroll/a",
            ),
        ),
        ("iam:ListUsers", ANA, Hint("iam:ListUsers takes no resource: use *", "*")),
    ],
)
def test_an_action_on_the_wrong_kind_of_resource_is_noticed(action: str, resource: str, hint: Hint) -> None:
    assert resource_hint(action, resource) == hint


def test_a_bucket_where_an_object_is_taken_proposes_all_its_objects() -> None:
    hint = resource_hint("s3:GetObject", "arn:aws:s3:::payroll")
    assert hint is not None
    assert hint.resource == "arn:aws:s3:::payroll/*"
    assert "not a bucket" in hint.sentence


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("s3:GetObject", "arn:aws:s3:::payroll/x"),
        ("s3:GetObject", "*"),
        ("s3:NoSuchAction", "arn:aws:s3:::payroll"),
        ("nonsense", "arn:aws:s3:::payroll"),
        ("s3:GetObject", "payroll"),
        ("sts:AssumeRole", f"{ACCOUNT}:role/deploy"),
    ],
)
def test_nothing_is_said_where_nothing_is_wrong_or_known(action: str, resource: str) -> None:
    assert resource_hint(action, resource) is None


def test_actions_without_a_resource_are_known() -> None:
    assert takes_no_resource("s3:listallmybuckets")
    assert not takes_no_resource("s3:GetObject")
    assert not takes_no_resource("s3:")
