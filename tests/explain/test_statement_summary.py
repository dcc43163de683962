"""Statements in plain words: every element, every family of operators, and what holds where a key is not given."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from iamdesk.evaluate.request import EvalDecision, MissingContextMode
from iamdesk.explain.statement_summary import document_readings, statement_reading
from iamdesk.policy.document import parse_document
from iamdesk.simulate.test_cases import evaluate_case

from ..conformance.topics.operators import FAMILIES, Subject
from ..each_case import each_case

OWN = "111122223333"


def read(statement: dict[str, Any], version: str = "2012-10-17", **more: Any) -> str:
    document = parse_document({"Version": version, "Statement": [statement]})
    return document_readings(document, **more)[0]


def allow(**elements: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", **elements}


def when(operator: str, key: str, values: Any) -> str:
    """Return what is read of one condition alone."""
    sentence = read(allow(Condition={operator: {key: values}}))
    start = "Allows s3:GetObject on any resource, when "
    assert sentence.startswith(start)
    return sentence.removeprefix(start).removesuffix(".")


def test_the_sentence_of_the_design() -> None:
    statement = {
        "Effect": "Allow",
        "Action": "s3:*",
        "Resource": "arn:aws:s3:::payroll/*",
        "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
    }
    assert read(statement) == "Allows any S3 action on objects under payroll/, when MFA is present."
    assert read({**statement, "Effect": "Deny"}).startswith("Denies any S3 action on")


@each_case(
    ("actions", "words"),
    [
        ("*", "every action"),
        (["s3:GetObject", "*"], "every action"),
        ("iam:*", "any IAM action"),
        (["s3:*", "kms:*", "quicksight:*"], "any action of S3, KMS and quicksight"),
        ("s3:Get*", "S3 actions that begin with Get"),
        (["s3:Get*", "s3:List*"], "S3 actions that begin with Get and List"),
        ("s3:*Object", "S3 actions like *Object"),
        ("s3:Get?bject", "S3 actions like Get?bject"),
        ("s3:GetObject", "s3:GetObject"),
        (["s3:GetObject", "s3:PutObject"], "s3:GetObject and s3:PutObject"),
        (["s3:Get*", "sqs:SendMessage"], "S3 actions that begin with Get and sqs:SendMessage"),
        (["iam:*", "s3:Get*", "sqs:SendMessage"], "any IAM action; S3 actions that begin with Get; sqs:SendMessage"),
        ([f"sqs:A{n}" for n in range(8)], "sqs:A0, sqs:A1, sqs:A2, sqs:A3, sqs:A4 and 3 more"),
        ("GetObject", "“GetObject” (which matches nothing)"),
        ("s*:GetObject", "“s*:GetObject” (which matches nothing as far as AWS says)"),
        ([], "no action"),
    ],
)
def test_actions(actions: Any, words: str) -> None:
    assert read(allow(Action=actions)) == f"Allows {words} on any resource."


def test_services_beyond_the_first_are_counted() -> None:
    sentence = read(allow(Action=[f"service{n}:Get*" for n in range(9)]))
    assert "service4 actions that begin with Get; actions of 4 more services by how they begin on any" in sentence


@each_case(
    ("actions", "words"),
    [
        ("iam:*", "every action except those of IAM"),
        (["iam:*", "sts:*"], "every action except those of IAM and STS"),
        (["iam:*", "sts:AssumeRole"], "every action except those of IAM and sts:AssumeRole"),
        ([], "every action"),
        ("*", "no action (it excludes all of them)"),
    ],
)
def test_not_action(actions: Any, words: str) -> None:
    statement = {"Effect": "Deny", "NotAction": actions, "Resource": "*"}
    assert read(statement) == f"Denies {words} on any resource."


@each_case(
    ("resources", "words"),
    [
        ("*", "any resource"),
        (["arn:aws:s3:::payroll", "*"], "any resource"),
        ("arn:aws:s3:::payroll", "bucket payroll"),
        ("arn:aws:s3:::payroll/*", "objects under payroll/"),
        ("arn:aws:s3:::payroll/2026/*", "objects under payroll/2026/"),
        ("arn:aws:s3:::payroll/2026/q1*", "objects that begin with payroll/2026/q1"),
        ("arn:aws:s3:::payroll/2026/q1.csv", "object payroll/2026/q1.csv"),
        ("arn:aws:s3:::payroll/*.csv", "objects like payroll/*.csv"),
        ("arn:aws:s3:::pay*", "buckets and objects whose names begin with pay"),
        ("arn:aws:s3:::*", "any bucket and object"),
        ("arn:aws:s3:::home/${aws:username}/*", "objects under home/<the caller's user name>/"),
        (
            "arn:aws:s3:::home/${aws:PrincipalTag/Team, 'none'}/*",
            "objects under home/<the caller's tag “Team”, else “none”>/",
        ),
        ("arn:aws:s3:::odd/${*}", "object odd/“*”"),
        ("arn:aws:iam::111122223333:role/app-*", "IAM role app-* of account 111122223333"),
        ("arn:aws:iam::*:role/*", "any IAM role"),
        ("arn:aws:iam::*:user/${aws:username}", "IAM user <the caller's user name>"),
        (
            "arn:aws:lambda:eu-west-1:111122223333:function:pay-*",
            "Lambda function pay-* in eu-west-1 of account 111122223333",
        ),
        ("arn:aws:sns:eu-*:*:alerts", "SNS alerts in eu-*"),
        ("arn:aws:quicksight:*:*:*", "any quicksight resource"),
        (["arn:aws:s3:::a", "arn:aws:s3:::a/*"], "bucket a and objects under a/"),
        ("payroll", "“payroll” (which matches nothing)"),
        ("arn:aws:s*:::payroll", "“arn:aws:s*:::payroll” (which matches nothing)"),
        ("arn:aws:s3", "arn:aws:s3"),
        ([], "no resource"),
    ],
)
def test_resources(resources: Any, words: str) -> None:
    assert read(allow(Resource=resources)) == f"Allows s3:GetObject on {words}."


def test_a_policy_of_the_first_version_has_no_variables() -> None:
    sentence = read(allow(Resource="arn:aws:s3:::home/${aws:username}"), "2008-10-17")
    assert sentence == "Allows s3:GetObject on object home/${aws:username}."


def test_not_resource() -> None:
    statement = {"Effect": "Deny", "Action": "s3:*", "NotResource": ["arn:aws:s3:::logs", "arn:aws:s3:::logs/*"]}
    assert read(statement) == "Denies any S3 action on everything except bucket logs and objects under logs/."
    assert read({**statement, "NotResource": []}) == "Denies any S3 action on everything."


@each_case(
    ("element", "value", "words"),
    [
        ("Principal", "*", "everyone"),
        ("Principal", {"AWS": OWN}, "this account, 111122223333"),
        ("Principal", {"AWS": "arn:aws:iam::444455556666:root"}, "account 444455556666"),
        ("Principal", {"AWS": f"arn:aws:iam::{OWN}:role/eng/app"}, "role app"),
        ("Principal", {"AWS": "arn:aws:sts::444455556666:assumed-role/app/ana"}, "session ana of role app of account"),
        ("Principal", {"AWS": "AIDACKCEVSQ6C2EXAMPLE"}, "user ana, by its ID AIDACKCEVSQ6C2EXAMPLE"),
        ("Principal", {"AWS": "AROACKCEVSQ6C2EXAMPLE"}, "a deleted principal, AROACKCEVSQ6C2EXAMPLE"),
        ("Principal", {"Service": "lambda.amazonaws.com"}, "AWS service lambda.amazonaws.com"),
        ("Principal", {"Federated": "accounts.google.com"}, "Google, accounts.google.com"),
        ("Principal", {"CanonicalUser": "79a59df9"}, "account of the S3 canonical user 79a59df9"),
        ("Principal", {}, "nobody"),
        ("NotPrincipal", {"AWS": f"arn:aws:iam::{OWN}:user/ana"}, "everyone except user ana"),
        ("NotPrincipal", {}, "everyone"),
    ],
)
def test_principals(element: str, value: Any, words: str) -> None:
    statement = {"Effect": "Deny", element: value, "Action": "sts:AssumeRole"}
    entities = {"AIDACKCEVSQ6C2EXAMPLE": f"arn:aws:iam::{OWN}:user/ana"}
    sentence = read(statement, account=OWN, entities=entities)
    assert sentence.startswith(f"Denies {words}")
    assert sentence.endswith(" sts:AssumeRole.")


@each_case(
    ("operator", "key", "values", "words"),
    [
        ("StringEquals", "aws:RequestedRegion", "eu-west-1", "the requested Region is eu-west-1"),
        ("StringEquals", "sts:ExternalId", ["a", "b", "c"], "the external ID is a, b or c"),
        ("StringEquals", "s3:prefix", "a*", "the prefix that is listed is “a*”"),
        ("StringEquals", "s3:prefix", "", "the prefix that is listed is “”"),
        ("StringNotEquals", "aws:RequestedRegion", ["a", "b"], "the requested Region is none of a and b"),
        ("StringNotEquals", "aws:PrincipalOrgID", "o-1", "the caller's organization, if present, is not o-1"),
        ("StringEqualsIgnoreCase", "aws:username", "ana", "the caller's user name is ana, ignoring case"),
        ("StringLike", "aws:userid", "AROA*:*", "the caller's unique ID matches AROA*:*"),
        ("StringLike", "s3:prefix", "home/", "the prefix that is listed is home/"),
        ("StringLike", "x:y", "*", "x:y is anything"),
        ("StringNotLike", "x:y", "*", "x:y, if present, has no value, which is never true where the key is present"),
        ("StringNotLike", "x:y", "a*", "x:y, if present, does not match a*"),
        ("StringNotLike", "x:y", ["a*", "b"], "x:y, if present, matches none of a* and b"),
        ("StringEquals", "aws:PrincipalTag/Team", "${aws:ResourceTag/Team}",
         "the caller's tag “Team” is <the resource's tag “Team”>"),
        ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/a", "the caller's ARN matches arn:aws:iam::*:role/a"),
        ("ArnEquals", "aws:SourceArn", "arn:aws:sns:eu-west-1:1:t",
         "the resource for which a service calls is arn:aws:sns:eu-west-1:1:t"),
        ("ArnNotEquals", "aws:PrincipalArn", "arn:aws:iam::1:role/a*",
         "the caller's ARN, if present, does not match arn:aws:iam::1:role/a*"),
        ("NumericEquals", "s3:max-keys", 10, "s3:max-keys is 10"),
        ("NumericNotEquals", "s3:max-keys", 10, "s3:max-keys, if present, is not 10"),
        ("NumericLessThan", "aws:MultiFactorAuthAge", "900",
         "the age of the MFA sign-in (in seconds) is less than 900"),
        ("NumericLessThanEquals", "s3:max-keys", "9", "s3:max-keys is at most 9"),
        ("NumericGreaterThan", "s3:max-keys", "9", "s3:max-keys is more than 9"),
        ("NumericGreaterThanEquals", "s3:max-keys", "9", "s3:max-keys is at least 9"),
        ("NumericEquals", "s3:max-keys", ["9", "x"], "s3:max-keys is 9 (“x” cannot be read and matches nothing)"),
        ("NumericEquals", "s3:max-keys", "x",
         "s3:max-keys is in a list without readable values (“x”), which is never true"),
        ("DateLessThan", "aws:CurrentTime", "2026-12-31", "the time is before 2026-12-31"),
        ("DateLessThanEquals", "aws:CurrentTime", "2026-12-31", "the time is at or before 2026-12-31"),
        ("DateGreaterThan", "aws:CurrentTime", "2026-12-31", "the time is after 2026-12-31"),
        ("DateGreaterThanEquals", "aws:TokenIssueTime", "2026-01-01",
         "the time at which the credentials were issued is at or after 2026-01-01"),
        ("DateEquals", "aws:CurrentTime", "2026-12-31", "the time is 2026-12-31"),
        ("DateNotEquals", "aws:CurrentTime", "2026-12-31", "the time is not 2026-12-31"),
        ("Bool", "aws:MultiFactorAuthPresent", True, "MFA is present"),
        ("Bool", "aws:MultiFactorAuthPresent", "FALSE", "MFA is not present"),
        ("BoolIfExists", "aws:MultiFactorAuthPresent", "false", "MFA is not present, or the key is absent"),
        ("Bool", "aws:SecureTransport", "false", "the connection is not encrypted"),
        ("Bool", "kms:GrantIsForAWSResource", "true", "kms:GrantIsForAWSResource is true"),
        ("Bool", "aws:MultiFactorAuthPresent", ["true", "false"], "aws:MultiFactorAuthPresent is true or false"),
        ("BinaryEquals", "x:y", "QmluYXJ5", "x:y is QmluYXJ5"),
        ("IpAddress", "aws:SourceIp", "203.0.113.0/24", "the caller's address is within 203.0.113.0/24"),
        ("IpAddress", "aws:SourceIp", "203.0.113.7", "the caller's address is 203.0.113.7"),
        ("NotIpAddress", "aws:SourceIp", ["203.0.113.0/24", "2001:db8::/32"],
         "the caller's address, if present, is outside 203.0.113.0/24 and 2001:db8::/32"),
        ("Null", "sts:ExternalId", "true", "the external ID is absent"),
        ("Null", "sts:ExternalId", False, "the external ID is present"),
        ("Null", "sts:ExternalId", ["true", "false"], "the external ID is present or absent, which is always true"),
        ("Null", "sts:ExternalId", "x", "the external ID is neither present nor absent, which is never true"),
        ("StringEqualsIfExists", "ec2:Region", "a", "ec2:Region, if present, is a"),
        ("ForAllValues:StringEquals", "aws:TagKeys", ["a", "b"],
         "every value of the tag keys in the request, if there is one, is a or b"),
        ("ForAnyValue:StringLike", "aws:TagKeys", "a*",
         "at least one value of the tag keys in the request matches a*"),
        ("ForAnyValue:StringNotEquals", "aws:TagKeys", "a",
         "at least one value of the tag keys in the request is not a"),
        ("ForAnyValue:StringEqualsIfExists", "aws:TagKeys", "a",
         "at least one value of the tag keys in the request is a, or the key is absent "
         "(AWS's documentation disagrees about that)"),
        ("StringEquals", "x:y", [], "x:y is in an empty list, which is never true"),
        ("StringNotEquals", "x:y", [], "x:y, if present, is not in an empty list, which is always true"),
        ("StringMatches", "x:y", "a", "“StringMatches” is met, which is not a condition operator and never matches"),
    ],
)  # fmt: skip
def test_conditions(operator: str, key: str, values: Any, words: str) -> None:
    assert when(operator, key, values) == words


def test_several_conditions_are_parted_so_that_they_read_in_one_way() -> None:
    statement = allow(Condition={"StringEquals": {"x:y": ["a", "b"]}, "Bool": {"aws:SecureTransport": "true"}})
    assert read(statement).endswith(", when x:y is a or b, and the connection is encrypted.")
    statement = allow(Condition={"StringEquals": {"x:y": "a"}, "Bool": {"aws:SecureTransport": "true"}})
    assert read(statement).endswith(", when x:y is a and the connection is encrypted.")


def test_a_statement_that_cannot_be_read_says_so() -> None:
    assert read({"Effect": "Permit", "Action": "*", "Resource": "*"}).startswith("Cannot be read, and matches nothing:")
    assert "expected an object" in document_readings(parse_document({"Statement": ["x"]}))[0]


@each_case("example", [one for family in FAMILIES.values() for one in family], ids=lambda one: one.operator)
@each_case("prefix", ["", "ForAllValues:", "ForAnyValue:"])
@each_case("suffix", ["", "IfExists"])
def test_what_is_read_of_an_absent_key_is_what_the_engine_decides(example: Subject, prefix: str, suffix: str) -> None:
    """The words that let a key be absent stand where, and only where, the statement applies without it."""
    operator = f"{prefix}{example.operator}{suffix}"
    statement = allow(Condition={operator: {"x:y": [example.listed, example.other]}})
    case = {
        "principal": f"arn:aws:iam::{OWN}:user/ana",
        "action": "s3:GetObject",
        "resource": "arn:aws:s3:::reports/q3.csv",
        "resource_account": OWN,
        "context": {"x:y": None},
        "identity_policies": [{"name": "p", "document": {"Version": "2012-10-17", "Statement": [statement]}}],
    }
    decision = evaluate_case(case, MissingContextMode.ABSENT)
    words = read(statement)
    lets_be_absent = any(hint in words for hint in ("if present", "if there is one", "or the key is absent"))
    if prefix == "ForAnyValue:" and suffix:
        assert "documentation disagrees" in words  # rule G4
    else:
        assert lets_be_absent is (decision.decision is EvalDecision.ALLOWED), words


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["Effect", "Action", "NotAction", "Resource", "NotResource", "Principal", "Condition"])
                | st.sampled_from(["StringLike", "Null", "IpAddress", "aws:x", "AWS", "ForAllValues:Bool"])
                | st.text(max_size=5),
                inner | st.sampled_from(["Allow", "Deny", "s3:*", "*", "arn:aws:s3:::a/${aws:x}*"]),
                max_size=5,
            )
        ),
        max_leaves=12,
    )
)
def test_whatever_a_document_holds_each_statement_is_read(raw: Any) -> None:
    document = parse_document({"Version": "2012-10-17", "Statement": raw})
    for statement in document.statements:
        assert statement_reading(statement).endswith(".")
