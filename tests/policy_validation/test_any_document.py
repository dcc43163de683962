"""Any JSON object is validated without an exception, and every issue points into it."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from iamdesk.policy.document import parse_document
from iamdesk.policy_validation.policy_view import PolicyKind
from iamdesk.policy_validation.validate import validate_document

_TEXTS = st.sampled_from(
    [
        *(
            "",
            "*",
            "?",
            "**",
            "arn:",
            "arn:aws:s3:::b/*",
            "arn:${x}:*:::",
            "arn:aws:*:eu-*:1?:a",
            "execute-api:/*",
            "s3:",
        ),
        *(
            "s3:Get*",
            "*:*",
            "sts:AssumeRoleWith*",
            "iam:passrole",
            "é:ß",
            "${",
            "${}",
            "${a, b}",
            "${aws:username}",
            "a:b",
        ),
        *(
            "aws:SourceIp",
            "aws:userid",
            "AWS:arn",
            "aws:resourcetag/",
            "x.y:aud",
            "10.0.0.0/8",
            "::1/999",
            "vpc-1",
            "NaN",
        ),
        *("StringLike", "ForAnyValue:NotIpAddressIfExists", "forallvalues:null", "X:Bool", "DateEquals", "9" * 500),
        *(
            "AWS",
            "Service",
            "Federated",
            "AROAAAAAAAAAAAAAAAAA",
            "a.amazonaws.com",
            "arn:aws:iam::1:assumed-role/",
            "Allow",
        ),
        *("Deny", "2012-10-17", "\u202e", "\ud800"),
    ]
)
_NAMES = st.sampled_from(
    [
        *("Version", "Id", "Statement", "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction"),
        *("Resource", "NotResource", "Condition", "AWS", "Service", "Federated", "StringLike", "Null", "IpAddress"),
        *("aws:SourceIp", "aws:PrincipalOrgID", "sts:SourceIdentity", "dynamodb:Attributes"),
    ]
)
_VALUES = st.recursive(
    st.one_of(_TEXTS, st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.one_of(_NAMES, _TEXTS), inner, max_size=4)),
    max_leaves=12,
)
_TESTS = st.dictionaries(_TEXTS, st.dictionaries(_TEXTS, st.one_of(_TEXTS, st.lists(_TEXTS, max_size=3)), max_size=3))
_STATEMENTS = st.fixed_dictionaries(
    {"Effect": st.sampled_from(["Allow", "Deny"])},
    optional={
        "Action": st.lists(_TEXTS, max_size=3),
        "NotAction": _TEXTS,
        "Resource": st.lists(_TEXTS, max_size=3),
        "Principal": st.one_of(_TEXTS, st.dictionaries(_TEXTS, st.lists(_TEXTS, max_size=3), max_size=3)),
        "Condition": _TESTS,
    },
)
_DOCUMENTS = st.one_of(
    st.fixed_dictionaries({"Version": st.just("2012-10-17"), "Statement": st.lists(_STATEMENTS, max_size=3)}),
    st.dictionaries(_NAMES, _VALUES, max_size=4),
)


@given(_DOCUMENTS, st.sampled_from(PolicyKind), st.sampled_from(["", "s3", "ecr", "execute-api"]))
def test_any_object_is_validated(raw: dict[str, Any], kind: PolicyKind, service: str) -> None:
    document = parse_document(raw)
    for issue in validate_document(raw, kind, service):
        assert issue.message
        assert document.span_at(issue.path) is not None
        value: Any = raw
        for step in issue.path:
            value = value[step]
