import pytest

from iamdesk.gui.ask.principals import is_whole_principal, principal_of_key
from iamdesk.gui.ask.resource_hint import Hint, resource_hint, takes_no_resource
from iamdesk.workbench import OpenSnapshot

from .conftest import ACCOUNT, ANA


@pytest.mark.parametrize(
    ("action", "resource", "hint"),
    [
        (
            "s3:ListBucket",
            "arn:aws:s3:::payroll/2026/*",
            Hint("s3:ListBucket takes a bucket, not an object: ask on arn:aws:s3:::payroll", "arn:aws:s3:::payroll"),
        ),
        ("iam:ListUsers", ANA, Hint("iam:ListUsers takes no resource: ask on *", "*")),
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


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        (ANA, True),
        ("lambda.amazonaws.com", True),
        ("Anonymous", True),
        ("ana.moreno", False),
        ("engineering", False),
    ],
)
def test_a_name_must_be_looked_up_and_an_arn_or_service_not(text: str, whole: bool) -> None:
    assert is_whole_principal(text) is whole


def test_users_and_roles_of_the_tree_are_principals_and_policies_are_not(sample: OpenSnapshot) -> None:
    outline = sample.outline
    assert principal_of_key(outline, ANA) == ANA
    assert principal_of_key(outline, f"{ACCOUNT}:group/engineering/Engineers") is None
    assert principal_of_key(outline, f"{ACCOUNT}:policy/RegionLock") is None
    assert principal_of_key(outline, f"{ANA}#inline/unknown") is None
    assert principal_of_key(outline, f"{ACCOUNT}:root") == f"{ACCOUNT}:root"
