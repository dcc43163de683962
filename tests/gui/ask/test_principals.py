import pytest

from iamdesk.api import SnapshotSession
from iamdesk.gui.core.principals import is_whole_principal, principal_of_key

from .conftest import ACCOUNT, ANA


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


def test_users_and_roles_of_the_tree_are_principals_and_policies_are_not(sample: SnapshotSession) -> None:
    outline = sample.outline
    assert principal_of_key(outline, ANA) == ANA
    assert principal_of_key(outline, f"{ACCOUNT}:group/engineering/Engineers") is None
    assert principal_of_key(outline, f"{ACCOUNT}:policy/RegionLock") is None
    assert principal_of_key(outline, f"{ANA}#inline/unknown") is None
    assert principal_of_key(outline, f"{ACCOUNT}:root") == f"{ACCOUNT}:root"
