"""Conditions on actions without a call of their own test the call that assumes the role."""

import pytest

from iamdesk.aws.service_reference import ASSUME_ROLE_COMPANIONS, reference


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("TagSession", "cognito-identity.amazonaws.com:aud"),  # Cognito, "Using attributes for access control"
        ("SetSourceIdentity", "SAML:aud"),  # IAM, "Monitor and control actions taken with assumed roles"
        ("TagSession", "aws:RequestTag/Project"),  # IAM, "Pass session tags in AWS STS"
        ("TagSession", "sts:TransitiveTagKeys"),
    ],
)
def test_keys_with_which_aws_prints_them(name: str, key: str) -> None:
    action = reference().action("sts", name)
    assert action is not None
    assert reference().takes_key(action, None, key)


@pytest.mark.parametrize("name", sorted(ASSUME_ROLE_COMPANIONS))
def test_they_have_the_keys_of_the_call(name: str) -> None:
    action, call = reference().action("sts", name), reference().action("sts", "AssumeRole")
    assert action is not None
    assert call is not None
    for key in (*call.condition_keys, "sts:ExternalId", "sts:RoleSessionName"):
        assert reference().takes_key(action, None, key)
    assert not reference().takes_key(action, None, "s3:prefix")
