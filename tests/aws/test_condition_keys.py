"""How texts spell condition keys."""

import pytest

from iamdesk.aws.condition_keys import GLOBAL_KEY_TYPES, spelled


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("aws:requestedregion", "aws:RequestedRegion"),
        ("AWS:SOURCEIP", "aws:SourceIp"),
        ("aws:principaltag/Cost-Center", "aws:PrincipalTag/Cost-Center"),
        ("iam:passedtoservice", "iam:PassedToService"),
        ("s3:prefix", "s3:prefix"),
        ("kms:encryptioncontext:app", "kms:encryptioncontext:app"),
    ],
)
def test_keys_are_spelled_as_in_awss_pages(key: str, shown: str) -> None:
    assert spelled(key) == shown


def test_every_global_key_of_aws_has_a_spelling() -> None:
    lower = {key for key in GLOBAL_KEY_TYPES if key.startswith("aws:") and spelled(key) == key}
    assert lower == {"aws:userid", "aws:username", "aws:referer"}
