"""The engine and the second evaluator agree on when a role's trust policy lets sessions have aws:SourceIdentity.

The engine reads the trust policy from a snapshot; the second evaluator decides for each value that the key can have.
"""

import random
from typing import Any

from iamdesk import Request

from ..builders.captures import ID, allow, deny, document, evaluator, role, role_arn
from ..each_case import each_case
from ..rules import rule
from .evaluator import ALLOWED, EXPLICIT, IMPLICIT, can_have_source_identity, decide

KEY = "aws:SourceIdentity"
RESOURCE = "arn:aws:s3:::acme-data/file.csv"
VALUES = ("ana", "Ana", "amy", "ben", "zoe")
TRUSTED = ({"AWS": f"arn:aws:iam::{ID}:root"}, {"Federated": f"arn:aws:iam::{ID}:saml-provider/Corp"}, "*")
ACTIONS = (
    *("sts:AssumeRole", "sts:AssumeRole*", "sts:TagSession", "sts:Get*", "s3:*", "sts:SetSourceIdentit"),
    *("sts:SetSourceIdentity", "STS:setsourceidentity", "sts:Set*", "sts:*", "*", "sts:SetSource?dentity"),
)
TESTS: tuple[dict[str, Any], ...] = (
    {"StringEquals": {KEY: "ana"}},
    {"StringNotEquals": {KEY: ["ana", "ben"]}},
    {"StringEqualsIgnoreCase": {KEY: "ANA"}},
    {"StringEqualsIfExists": {KEY: "ben"}},
    {"StringLike": {KEY: "*"}},
    {"StringNotLike": {KEY: "a*"}},
    {"Null": {KEY: "true"}},
    {"Null": {KEY: "false"}},
)


def trust_policy(draw: random.Random) -> dict[str, Any]:
    statements = [
        {
            "Effect": draw.choice(("Allow", "Allow", "Deny")),
            "Principal": draw.choice(TRUSTED),
            draw.choice(("Action", "Action", "Action", "NotAction")): draw.sample(ACTIONS, draw.choice((1, 1, 2))),
        }
        for _ in range(draw.randint(1, 2))
    ]
    return {"Version": "2012-10-17", "Statement": statements}


@rule("J2")
@each_case("seed", range(150))
def test_a_trust_policy_decides_whether_sessions_can_have_one(seed: int) -> None:
    draw = random.Random(seed)
    statements = [
        draw.choice((allow, allow, deny))("s3:*", "*", draw.choice((None, *TESTS, *TESTS)))
        for _ in range(draw.randint(1, 3))
    ]
    trust, identity = trust_policy(draw), document(*statements)
    entry = {"RoleName": "r", "Arn": role_arn("r"), "AssumeRolePolicyDocument": trust}
    other = role("other", trust=trust_policy(draw))
    capture = evaluator(role("r", identity, trust=trust), other)
    for principal in (role_arn("r"), f"arn:aws:sts::{ID}:assumed-role/r/ci"):
        case = {
            "principal": principal,
            "action": "s3:GetObject",
            "resource": RESOURCE,
            "resource_account": ID,
            "identity_policies": [{"name": "own", "document": identity}],
        }
        values = (None, *(VALUES if can_have_source_identity([entry], principal) else ()))
        decisions = {decide({**case, "context": {} if one is None else {KEY: one}}) for one in values}
        found = capture.explained(Request(principal, "s3:GetObject", RESOURCE, resource_account=ID)).decision.value
        if decisions <= {EXPLICIT, IMPLICIT}:
            assert found in decisions | {IMPLICIT}, (trust, identity)
        else:
            assert found == (ALLOWED if decisions == {ALLOWED} else "conditional"), (trust, identity)
