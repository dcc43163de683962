"""Rules that say where another rule ends: console sign-in, the order of S3's checks, `aws login`, sensitive keys."""

from typing import Any

import pytest

from iamdesk.explain.decision import EvaluationResult
from iamdesk.simulate.test_cases import evaluate_case

from ..conformance.authoring import (
    ACCOUNT,
    BUCKET,
    EXTERNAL,
    FULL,
    OTHER_ACCOUNT,
    ROOT,
    USER,
    allow,
    case,
    doc,
    grant,
    refuse,
)
from ..rules import rule

LOGIN = f"arn:aws:signin:eu-west-1:{ACCOUNT}:oauth2/public-client/localhost"


def answer(**given: Any) -> EvaluationResult:
    return evaluate_case(case("edges", "allowed", "A1", "order", "", **given))


@rule("B11")
@pytest.mark.parametrize(
    ("action", "resource", "decision"),
    [
        ("s3:GetObject", f"{BUCKET}/report.csv", "allowed"),
        ("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/target", "allowed"),
        ("signin:AuthorizeOAuth2Access", LOGIN, "explicitDeny"),
    ],
)
def test_an_rcp_on_console_sign_in_stops_no_signed_call(action: str, resource: str, decision: str) -> None:
    sign_in = doc(refuse("*", "signin:*", "*", {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}))
    policy = doc(grant(USER, "*", None)) if action.startswith("sts:") else None
    context = {"aws:SourceIp": "198.51.100.7"}
    told = answer(
        action=action, resource=resource, owner=ACCOUNT, identity=FULL, rcps=[[sign_in]], policy=policy, context=context
    )
    assert told.decision == decision


@rule("I14", "D1", "E5")
def test_s3_asks_the_callers_account_then_the_buckets_and_of_root_the_latter_alone() -> None:
    reads = {"action": "s3:GetObject", "resource": f"{BUCKET}/report.csv", "owner": OTHER_ACCOUNT}
    shared = doc(grant(ACCOUNT, "s3:GetObject", f"{BUCKET}/*"))
    assert answer(**reads, identity=None, policy=shared).decision == "implicitDeny"
    assert answer(**reads, identity=doc(allow("s3:*")), policy=None).decision == "implicitDeny"
    assert answer(**reads, identity=doc(allow("s3:*")), policy=shared).decision == "allowed"
    assert answer(**reads, principal=ROOT, identity=None, policy=shared).decision == "allowed"
    assert answer(**reads, principal=ROOT, identity=None, policy=None).decision == "implicitDeny"
    refused = doc(refuse("*", "s3:GetObject", f"{BUCKET}/*"))
    own = {**reads, "owner": ACCOUNT}
    assert answer(**own, principal=ROOT, identity=None, policy=refused).decision == "explicitDeny"


@rule("I15")
def test_login_takes_the_signin_actions_and_root_none() -> None:
    calls = {"action": "signin:CreateOAuth2Token", "resource": LOGIN}
    assert answer(**calls, identity=doc(allow("signin:CreateOAuth2Token", LOGIN))).decision == "allowed"
    assert answer(**calls, identity=doc(allow("signin:CreateOAuth2Token", f"{LOGIN}2"))).decision == "implicitDeny"
    assert answer(**calls, principal=ROOT, identity=None).decision == "allowed"
    # The session is the caller's own identity: its policies decide, with or without the key of the sign-in.
    session = {"aws:SignInSessionArn": f"arn:aws:signin:eu-west-1:{ACCOUNT}:session/1"}
    for context in ({}, session):
        assert answer(identity=doc(allow("s3:GetObject")), context=context).decision == "allowed"
        assert answer(identity=doc(allow("s3:PutObject")), context=context).decision == "implicitDeny"


@rule("J6")
@pytest.mark.parametrize(
    ("key", "value", "wildcard"),
    [
        ("aws:PrincipalArn", EXTERNAL, f"arn:aws:iam::{OTHER_ACCOUNT}:user/*"),
        ("aws:PrincipalAccount", OTHER_ACCOUNT, "4444*"),
        ("aws:SourceVpc", "vpc-1a2b", "vpc-*"),
        ("aws:UserAgent", "cli/2", "cli/*"),  # not a sensitive key
    ],
)
def test_a_wildcard_in_a_sensitive_key_counts_as_in_any_other(key: str, value: str, wildcard: str) -> None:
    for listed, decision in ((wildcard, "allowed"), ("x*", "implicitDeny")):
        policy = doc(grant("*", "s3:GetObject", "*", {"StringLike": {key: listed}}))
        told = answer(principal=EXTERNAL, owner=ACCOUNT, identity=FULL, policy=policy, context={key: value})
        assert told.decision == decision
