"""Error messages in the forms that AWS, its SDKs and its command line give them (``denial_messages.jsonl``)."""

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iamdesk.denials.denial import DenialError, DenialSource
from iamdesk.denials.error_message import read_message, read_messages

from ..each_case import each_case

CASES = [
    json.loads(line)
    for line in (Path(__file__).parent / "denial_messages.jsonl").read_text(encoding="utf-8").splitlines()
]


@each_case("case", CASES, ids=[case["message"][:70] for case in CASES])
def test_message_is_understood(case: dict[str, Any]) -> None:
    denial = read_message(case["message"])

    assert denial.principal == case.get("principal")
    assert list(denial.actions) == case.get("actions", [])
    assert denial.resource == case.get("resource")
    assert denial.resource_text == case.get("told")
    assert denial.effect == case.get("effect")
    assert denial.policy_type == case.get("layer")
    assert denial.policy == case.get("policy")
    assert case.get("remark", "") in " ".join(denial.remarks)


def test_there_are_sixty_forms_at_least() -> None:
    assert len({case["message"] for case in CASES}) >= 60


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("An error occurred (ExpiredToken) when x: The security token included in the request is expired", "expired"),
        ("The security token included in the request is invalid.", "did not know the credentials"),
        ("Unable to locate credentials. You can configure credentials by running aws configure.", "no credentials"),
        ("An error occurred (ThrottlingException) when calling the ListBuckets operation: Rate exceeded", "throttled"),
        (
            "An error occurred (NoSuchBucket) when calling the ListObjectsV2 operation: It does not exist",
            "NoSuchBucket",
        ),
        ("operation error S3: GetObject, https response error StatusCode: 404, api error NoSuchKey: x", "NoSuchKey"),
        ("hello", "No denied request"),
        ("", "No denied request"),
        ("Encoded authorization failure message: " + "Ab1_" * 10, "decode-authorization-message"),
    ],
)
def test_what_is_no_denial_is_told(text: str, sentence: str) -> None:
    with pytest.raises(DenialError, match=sentence):
        read_message(text)


def test_operation_that_several_services_have_leaves_all_of_them() -> None:
    denial = read_message("An error occurred (AccessDenied) when calling the TagResource operation: Access Denied")

    assert denial.action is None
    assert {"lambda:TagResource", "kms:TagResource"} <= set(denial.actions)


ANA, BEN = (f"arn:aws:iam::111122223333:user/{name}" for name in ("ana", "ben"))
REFUSED = "User: {who} is not authorized to perform: {action} on resource: {resource}"


def test_each_of_several_denials_in_one_text_is_read() -> None:
    first = REFUSED.format(who=ANA, action="s3:GetObject", resource="arn:aws:s3:::pay/x")
    second = REFUSED.format(who=BEN, action="sqs:SendMessage", resource="arn:aws:sqs:eu-west-1:111122223333:q")
    called = "An error occurred (AccessDenied) when calling the GetObject operation: "
    for text in (f"{first}\n{second}", f"{called}{first}. {second}", f"{first} {first} {second}"):
        assert [(one.principal, one.action) for one in read_messages(text)] == [
            (ANA, "s3:GetObject"),
            (BEN, "sqs:SendMessage"),
        ]


def test_html_entities_are_characters() -> None:
    quoted = REFUSED.format(who=ANA, action='"s3:GetObject"', resource='"arn:aws:s3:::pay/x"')
    denial = read_message(quoted.replace('"', "&quot;"))
    assert (denial.principal, denial.action, denial.resource) == (ANA, "s3:GetObject", "arn:aws:s3:::pay/x")


def test_the_key_of_a_ciphertext_is_not_named() -> None:
    denial = read_message(
        f"User: {ANA} is not authorized to perform: kms:Decrypt on the resource associated with this ciphertext "
        "because the resource does not exist in this Region, no resource-based policies allow access, or a "
        "resource-based policy explicitly denies access"
    )
    assert (denial.principal, denial.action, denial.resource) == (ANA, "kms:Decrypt", None)
    assert "does not name the key" in " ".join(denial.remarks)


def test_an_action_without_resources_is_evaluated_on_none() -> None:
    denial = read_message(
        REFUSED.format(who=ANA, action="sqs:ListQueues", resource="arn:aws:sqs:eu-west-1:111122223333:")
    )
    assert denial.resource == "*"


@given(st.text(max_size=400))
def test_any_text_is_read_or_refused(text: str) -> None:
    for message in (text, f"User: {text} is not authorized to perform: {text} on resource: {text}"):
        with contextlib.suppress(DenialError):
            assert read_message(message).form is DenialSource.MESSAGE
