"""ARNs: split at their first five colons; what is none is refused in one sentence that says why."""

import pytest

from iamdesk.policy.arn import Arn, ArnError, parse_arn


def test_the_six_parts() -> None:
    text = "arn:aws-cn:sns:cn-north-1:111122223333:topic:a:b"
    arn = parse_arn(text)
    assert arn == Arn("aws-cn", "sns", "cn-north-1", "111122223333", "topic:a:b")
    assert str(arn) == text


def test_region_and_account_may_be_empty() -> None:
    assert parse_arn("arn:aws:s3:::b/k") == Arn("aws", "s3", "", "", "b/k")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "does not begin with `arn:`"),
        ("ARN:aws:s3:::b", "does not begin with `arn:`"),
        ("aws:arn:s3:::b", "does not begin with `arn:`"),
        ("arn:aws:s3::b", "has 5 of the six parts arn:partition:service:region:account:resource"),
        ("arn", "has 1 of the six parts arn:partition:service:region:account:resource"),
        ("arn::s3:::b", "its partition is empty"),
        ("arn:aws::::b", "its service is empty"),
        ("arn:aws:s3:::", "its resource is empty"),
        ("arn::::::", "its partition is empty"),
    ],
)
def test_what_is_none_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(ArnError) as error:
        parse_arn(text)
    assert str(error.value).startswith(f"`{text}` is not an ARN: ")
    assert str(error.value).endswith(why)
