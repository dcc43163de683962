"""Every kind of principal asked through `can`: what decides, what its requests carry, what it cannot call.

Sources, unless a test names another: IAM User Guide, "AWS global condition context keys"
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html) and "Comparing STS operations"
(https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_sts-comparison.html).
"""

from typing import Any

import pytest

from iamdesk.access.evaluator import Evaluator
from iamdesk.evaluate.context import KeyValue
from iamdesk.evaluate.request import MissingContextMode, Request, RequestError, SessionPolicy
from iamdesk.explain.decision import EvaluationResult
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.organization import Organization, OrganizationNode, OrganizationPolicy, OrganizationPolicyType
from iamdesk.snapshot.resources import Resource

from ..builders.arns import ID, OTHER_ID, ROOT, user_arn
from ..builders.captures import NOW, account, group, role, snapshot, user
from ..builders.statements import allow, deny, document, trusting
from ..rules import rule

SAML = f"arn:aws:iam::{ID}:saml-provider/corp"
OIDC = f"arn:aws:iam::{ID}:oidc-provider/token.actions.githubusercontent.com"
COGNITO = "cognito-identity.amazonaws.com"
SSO_PATH = "/aws-reserved/sso.amazonaws.com/eu-west-1/"
SSO_ROLE = "AWSReservedSSO_Reader_0123456789abcdef"
SSO = f"arn:aws:iam::{ID}:role{SSO_PATH}{SSO_ROLE}"
PERSON = f"arn:aws:sts::{ID}:assumed-role/{SSO_ROLE}/ana@example.com"
LINKED = f"arn:aws:iam::{ID}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"
SESSION, FEDERATED = f"arn:aws:sts::{ID}:assumed-role/deploy/ci", f"arn:aws:sts::{ID}:federated-user/ana"
ANA, BUCKET, OBJECT = user_arn("ana"), "arn:aws:s3:::b", "arn:aws:s3:::b/k"
EVERY_KIND = (ANA, ROOT, SESSION, FEDERATED, SAML, OIDC, "lambda.amazonaws.com", "anonymous", PERSON)


def world(*statements: Any, trust: Any = None) -> Evaluator:
    """All of them may do everything by their own policies; the bucket b has the statements as its policy."""
    full = document(allow())
    base = snapshot(
        account(
            user("ana", full),
            role("deploy", full),
            role("web", trust=trust),
            role(SSO_ROLE, full, path=SSO_PATH),
            role("AWSServiceRoleForECS", full, path="/aws-service-role/ecs.amazonaws.com/"),
            group("staff", full),
        )
    )
    bucket = Resource(arn=BUCKET, account_id=ID, policy=document(*statements) if statements else None)
    return Evaluator(Snapshot.model_validate({**dict(base), "resources": (bucket,)}), now=lambda: NOW)


def to(principal: Any, condition: Any = None, effect: str = "Allow") -> dict[str, Any]:
    statement = {"Effect": effect, "Principal": principal, "Action": "s3:*", "Resource": [BUCKET, f"{BUCKET}/*"]}
    return statement if condition is None else {**statement, "Condition": condition}


def ask(
    evaluator: Evaluator, principal: str, action: str = "s3:GetObject", resource: str = OBJECT, **more: Any
) -> EvaluationResult:
    return evaluator.can(Request(principal, action, resource, **more))


def fact(principal: str, key: str, action: str = "s3:GetObject", resource: str = OBJECT) -> str:
    found: KeyValue = world().evaluation_request(Request(principal, action, resource)).context.fact(key.lower())
    return found.values[0] if found.values else found.knowledge.name


@pytest.mark.parametrize(
    ("principal", "named"),
    [
        (ANA, {"AWS": ANA}),
        (ROOT, {"AWS": ROOT}),
        (SESSION, {"AWS": SESSION}),
        (SESSION, {"AWS": f"arn:aws:iam::{ID}:role/deploy"}),
        (FEDERATED, {"AWS": FEDERATED}),
        ("lambda.amazonaws.com", {"Service": "lambda.amazonaws.com"}),
        (LINKED, {"AWS": LINKED}),
        (PERSON, {"AWS": PERSON}),
        (PERSON, {"AWS": SSO}),
        ("anonymous", "*"),
    ],
)
@rule("A2", "E2", "E3", "E4", "E5", "E8", "E10", "E11", "E15")
def test_each_kind_is_denied_where_a_resource_policy_names_it(principal: str, named: Any) -> None:
    evaluator = world(to("*"), to(named, effect="Deny"))
    assert ask(evaluator, principal).decision == "explicitDeny"
    assert ask(world(to("*")), principal, session_policies=_all(principal)).decision == "allowed"


def _all(principal: str) -> tuple[SessionPolicy, ...] | None:
    return (SessionPolicy("all", document(allow())),) if "federated-user" in principal else None


@rule("E15")
def test_people_of_identity_center_are_granted_by_their_account_and_a_pattern_of_the_role() -> None:
    """https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html"""
    pattern = f"arn:aws:iam::{ID}:role/aws-reserved/sso.amazonaws.com/*/AWSReservedSSO_Reader_*"
    only = to({"AWS": ID}, {"ArnNotLike": {"aws:PrincipalArn": pattern}}, "Deny")
    evaluator = world(only)
    assert ask(evaluator, PERSON).decision == "allowed"
    assert ask(evaluator, SSO).decision == "allowed"
    assert ask(evaluator, SESSION).decision == "explicitDeny"


@rule("E15")
def test_people_of_identity_center_are_told_by_permission_set() -> None:
    answer = ask(world(), PERSON)
    assert answer.sentence.startswith(
        "Reader (permission set, session ana@example.com) is allowed to perform s3:GetObject"
    )
    assert ask(world(), SSO).sentence.startswith("Reader (permission set) is allowed to perform")


@rule("E15", "J2", "J5")
@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("aws:username", "ABSENT"),
        ("aws:PrincipalArn", SSO),
        ("aws:userid", "AROAAWSRESERVEDSSO_READER_0123456789ABCDEF:ana@example.com"),
        ("aws:PrincipalType", "AssumedRole"),
        ("identitystore:UserId", "VALUE_UNKNOWN"),
        ("aws:MultiFactorAuthPresent", "ABSENT"),
        ("aws:FederatedProvider", "ABSENT"),
        ("saml:sub", "UNKNOWN"),
        ("lambda:SourceFunctionArn", "ABSENT"),
    ],
)
def test_what_requests_of_people_of_identity_center_carry(key: str, expected: str) -> None:
    assert fact(PERSON, key) == expected


@rule("I5", "E15")
def test_nobody_changes_the_roles_of_identity_center() -> None:
    answer = ask(world(), ANA, "iam:AttachRolePolicy", SSO)
    assert answer.decision == "implicitDeny"
    assert "aws-owned" in answer.blocked_by


# Which kinds of callers can have a key of credentials: role session, others.
ONLY_ROLES = [
    "ec2:SourceInstanceArn",
    "ec2:RoleDelivery",
    "lambda:SourceFunctionArn",
    "ssm:SourceInstanceArn",
    "glue:RoleAssumedBy",
    "codebuild:BuildArn",
    "aws:Ec2InstanceSourceVpc",
    "aws:ChatbotSourceArn",
    "token.actions.githubusercontent.com:sub",
]


@rule("J2")
@pytest.mark.parametrize("key", ONLY_ROLES)
def test_keys_that_services_put_into_role_credentials_are_in_role_sessions_alone(key: str) -> None:
    assert fact(SESSION, key) == "UNKNOWN"
    for other in (ANA, ROOT, FEDERATED, "anonymous", "lambda.amazonaws.com", SAML):
        assert fact(other, key) == "ABSENT", other


@rule("J2", "E11")
def test_a_key_that_users_never_have_decides_for_users() -> None:
    """A function's key in a Deny: never in a user's request, so nothing is left open."""
    evaluator = world(to("*", {"Null": {"lambda:SourceFunctionArn": "true"}}, "Deny"))
    assert ask(evaluator, ANA).decision == "explicitDeny"
    assert ask(evaluator, SESSION).decision == "conditional"


@rule("J2")
def test_keys_of_signed_in_sessions_are_in_no_unsigned_request() -> None:
    for key in ("aws:SignInSessionArn", "aws:ViaCustomerDomain"):
        assert fact(ANA, key) == "UNKNOWN"
        assert fact("anonymous", key) == "ABSENT"
        assert fact("lambda.amazonaws.com", key) == "ABSENT"


@rule("E9", "J2")
@pytest.mark.parametrize(
    ("provider", "kind"),
    [(OIDC, "oidc"), ("accounts.google.com", "oidc"), (COGNITO, "oidc"), (SAML, "saml")],
)
def test_the_provider_is_a_key_of_web_identities_never_of_saml(provider: str, kind: str) -> None:
    action = "sts:AssumeRoleWithSAML" if kind == "saml" else "sts:AssumeRoleWithWebIdentity"
    target = f"arn:aws:iam::{ID}:role/web"
    expected = "ABSENT" if kind == "saml" else provider
    assert fact(provider, "aws:FederatedProvider", action, target) == expected
    for key in ("aws:PrincipalArn", "aws:PrincipalAccount", "aws:PrincipalIsAWSService", "aws:username"):
        assert fact(provider, key, action, target) == "ABSENT"


@rule("E9", "I9")
def test_claims_are_those_of_the_caller_s_own_provider() -> None:
    action, target = "sts:AssumeRoleWithWebIdentity", f"arn:aws:iam::{ID}:role/web"
    assert fact(OIDC, "token.actions.githubusercontent.com:sub", action, target) == "UNKNOWN"
    assert fact(OIDC, "token.actions.githubusercontent.com:ref", action, target) == "UNKNOWN"
    assert fact(OIDC, "accounts.google.com:aud", action, target) == "ABSENT"
    assert fact(COGNITO, f"{COGNITO}:aud", action, target) == "UNKNOWN"


@rule("E9")
@pytest.mark.parametrize("provider", [OIDC, COGNITO, "www.amazon.com"])
def test_web_identities_enter_by_the_trust_policy(provider: str) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html"""
    claim = "token.actions.githubusercontent.com:sub" if provider == OIDC else f"{provider}:aud"
    trust = trusting({"Federated": provider}, "sts:AssumeRoleWithWebIdentity", {"StringEquals": {claim: "right"}})
    evaluator, target = world(trust=trust), f"arn:aws:iam::{ID}:role/web"
    enter = "sts:AssumeRoleWithWebIdentity"
    assert ask(evaluator, provider, enter, target).conditions == ({claim: "right"},)
    assert ask(evaluator, provider, enter, target, context={claim: "right"}).decision == "allowed"
    assert ask(evaluator, provider, enter, target, context={claim: "wrong"}).decision == "implicitDeny"
    assert ask(evaluator, "accounts.google.com", enter, target).decision == "implicitDeny"
    assert ask(evaluator, provider, "sts:AssumeRoleWithSAML", target).decision == "implicitDeny"


@rule("E9", "E8")
def test_cognito_as_a_service_is_no_identity_provider() -> None:
    trust = trusting({"Federated": COGNITO}, ["sts:AssumeRole", "sts:AssumeRoleWithWebIdentity"])
    evaluator, target = world(trust=trust), f"arn:aws:iam::{ID}:role/web"
    assert ask(evaluator, COGNITO, "sts:AssumeRoleWithWebIdentity", target).decision == "allowed"
    assert ask(evaluator, COGNITO, "sts:AssumeRole", target).decision == "implicitDeny"
    serving = world(to({"Service": COGNITO}))
    assert ask(serving, COGNITO).decision == "allowed"


@rule("J2", "E3")
def test_session_tags_are_typed_as_context_keys_and_win_over_the_role_s_own() -> None:
    base = snapshot(
        account(
            role(
                "deploy",
                document(allow(condition={"StringEquals": {"aws:PrincipalTag/team": "red"}})),
                tags=[("team", "blue")],
            )
        )
    )
    evaluator = Evaluator(base, now=lambda: NOW)
    assert ask(evaluator, SESSION).decision == "implicitDeny"
    assert ask(evaluator, SESSION, context={"aws:PrincipalTag/team": "red"}).decision == "allowed"


@rule("D1", "E3")
@pytest.mark.parametrize(
    "outsider",
    [
        user_arn("zoe", OTHER_ID),
        f"arn:aws:iam::{OTHER_ID}:root",
        f"arn:aws:iam::{OTHER_ID}:role/ci",
        f"arn:aws:sts::{OTHER_ID}:assumed-role/ci/build",
        f"arn:aws:sts::{OTHER_ID}:federated-user/zoe",
    ],
)
def test_principals_of_accounts_that_are_not_held_are_judged_by_the_resource(outsider: str) -> None:
    granted = ask(world(to({"AWS": OTHER_ID})), outsider)
    assert granted.decision == ("allowed" if outsider.endswith(":root") else "conditional")
    assert ask(world(to({"AWS": OTHER_ID})), outsider, is_of_resource=True).decision == "allowed"
    told = [one.code for one in granted.assumptions]
    assert ("principal-outside" in told) == (not outsider.endswith(":root"))
    assert ask(world(), outsider).decision == "implicitDeny"


@rule("C5", "D1", "E4")
def test_a_federated_user_of_an_account_that_is_not_held() -> None:
    """Its session policy is its account's, too: it has to allow the request, and is unknown unless it is given."""
    federated = f"arn:aws:sts::{OTHER_ID}:federated-user/zoe"
    granted = ask(world(to({"AWS": federated})), federated)
    assert granted.decision == "conditional"
    (assumption,) = (one for one in granted.assumptions if one.code == "principal-outside")
    assert "a session policy that is not provided" in assumption.message
    (line,) = (one for one in granted.layers if one.layer == "session")
    assert (line.decision, line.is_unknown, line.sentence) == (None, True, "not captured (must allow)")
    for action, expected in (("s3:*", "conditional"), ("sqs:*", "implicitDeny")):
        given = (SessionPolicy("given", document(allow(action))),)
        assert ask(world(to({"AWS": federated})), federated, session_policies=given).decision == expected
    assert ask(world(to({"AWS": federated}, effect="Deny")), federated).decision == "explicitDeny"


@rule("A2", "E10")
def test_a_deny_applies_to_unsigned_calls_that_have_to_be_signed() -> None:
    refused = ask(world(to("*"), to("*", effect="Deny")), "anonymous", "s3:GetBucketPolicy", "arn:aws:s3:::b")
    assert refused.decision == "explicitDeny"
    assert [line.effect for line in refused.matched_statements] == ["Deny"]
    assert ask(world(to("*")), "anonymous", "s3:GetBucketPolicy", "arn:aws:s3:::b").decision == "implicitDeny"


@rule("E16")
def test_an_approved_template_of_temporary_delegation_is_a_session_policy() -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies-temporary-delegation.html"""
    template = (SessionPolicy("template", document(allow("s3:GetObject"))),)
    assert ask(world(), ANA, session_policies=template).decision == "allowed"
    assert ask(world(), ANA, "s3:PutObject", session_policies=template).decision == "implicitDeny"


UNLOCK = document(
    allow(["s3:DeleteBucketPolicy", "s3:PutBucketPolicy", "s3:GetBucketPolicy", "s3:ListAllMyBuckets"], "*")
)


@rule("E14")
@pytest.mark.parametrize(
    ("action", "resource", "expected"),
    [("s3:DeleteBucketPolicy", BUCKET, "allowed"), ("s3:GetObject", OBJECT, "implicitDeny")],
)
def test_a_session_of_assume_root_is_the_root_user_within_its_task_policy(
    action: str, resource: str, expected: str
) -> None:
    """https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoot.html"""
    task = (SessionPolicy("S3UnlockBucketPolicy", UNLOCK),)
    answer = ask(world(), ROOT, action, resource, session_policies=task, context={"aws:AssumedRoot": "true"})
    assert answer.decision == expected


@rule("L3")
def test_a_group_makes_no_requests_and_the_refusal_says_what_to_ask() -> None:
    staff = f"arn:aws:iam::{ID}:group/staff"
    with pytest.raises(RequestError, match="groups make no requests") as refused:
        ask(world(), staff)
    assert "what-can" in str(refused.value)
    access = world().what_can(staff, service="s3")
    assert any(one.name == "s3:GetObject" and one.reach.value == "allowed" for one in access.actions("s3"))


# What each kind of credentials cannot call, whatever its policies say.
CANNOT = [
    (SESSION, "sts:GetFederationToken", f"arn:aws:sts::{ID}:federated-user/x"),
    (SESSION, "sts:GetSessionToken", "*"),
    (PERSON, "sts:GetSessionToken", "*"),
    (FEDERATED, "iam:GetUser", ANA),
    (FEDERATED, "sts:AssumeRole", f"arn:aws:iam::{ID}:role/web"),
    (FEDERATED, "sts:GetSessionToken", "*"),
    (ROOT, "sts:AssumeRole", f"arn:aws:iam::{ID}:role/web"),
    ("anonymous", "ec2:DescribeInstances", "*"),
]


@rule("I10")
@pytest.mark.parametrize(("principal", "action", "resource"), CANNOT)
def test_what_credentials_cannot_call(principal: str, action: str, resource: str) -> None:
    answer = ask(world(), principal, action, resource, session_policies=_all(principal))
    assert answer.decision == "implicitDeny"
    assert answer.blocked_by == ("credentials",)


@rule("I10")
@pytest.mark.parametrize(
    ("action", "resource", "mfa", "expected"),
    [
        ("iam:GetUser", ANA, None, "implicitDeny"),
        ("iam:GetUser", ANA, "false", "implicitDeny"),
        ("iam:GetUser", ANA, "true", "allowed"),
        ("sts:GetFederationToken", f"arn:aws:sts::{ID}:federated-user/x", "true", "implicitDeny"),
        ("sts:GetSessionToken", "*", "true", "implicitDeny"),
        ("sts:GetCallerIdentity", "*", None, "allowed"),
        ("s3:GetObject", OBJECT, None, "allowed"),
    ],
)
def test_credentials_of_get_session_token_call_iam_with_mfa_alone_and_little_of_sts(
    action: str, resource: str, mfa: str | None, expected: str
) -> None:
    context = {"aws:TokenIssueTime": "2026-03-01T11:00:00Z", "aws:MultiFactorAuthPresent": mfa}
    answer = ask(world(), ANA, action, resource, context=context)
    assert answer.decision == expected
    assert ("credentials" in answer.blocked_by) == (expected == "implicitDeny")


@rule("I10", "K3")
def test_whether_a_token_was_got_with_mfa_is_asked_where_nobody_says() -> None:
    token = {"aws:TokenIssueTime": "2026-03-01T11:00:00Z"}
    answer = ask(world(), ANA, "iam:GetUser", ANA, context=token)
    assert answer.decision == "conditional"
    assert answer.missing_context_values == ("aws:MultiFactorAuthPresent",)
    assert answer.conditions == ({"aws:MultiFactorAuthPresent": "true"},)
    assert {"aws:MultiFactorAuthPresent": None} in answer.denials
    assert "aws:MultiFactorAuthPresent is true" in answer.sentence
    strict = ask(world(), ANA, "iam:GetUser", ANA, context=token, unknown_context=MissingContextMode.ABSENT)
    assert (strict.decision, strict.blocked_by) == ("implicitDeny", ("credentials",))


@rule("I10", "K7")
@pytest.mark.parametrize(
    ("action", "resource", "conditions"),
    [
        ("iam:GetUser", ANA, {"aws:TokenIssueTime": True, "aws:MultiFactorAuthPresent": "true"}),
        ("sts:GetFederationToken", f"arn:aws:sts::{ID}:federated-user/x", None),
        ("s3:GetObject", OBJECT, {"aws:TokenIssueTime": True}),
    ],
)
def test_a_token_that_a_policy_asks_for_brings_what_its_credentials_cannot_do(
    action: str, resource: str, conditions: dict[str, Any] | None
) -> None:
    """What is told to be enough is enough: with the token comes the MFA without which it calls no IAM."""
    of_token = allow("*", "*", {"DateGreaterThan": {"aws:TokenIssueTime": "2020-01-01T00:00:00Z"}})
    evaluator = Evaluator(snapshot(account(user("ana", document(of_token)))), now=lambda: NOW)
    answer = ask(evaluator, ANA, action, resource)
    if conditions is None:
        assert answer.decision == "implicitDeny"
        return
    assert answer.decision == "conditional"
    [found] = answer.conditions
    assert {key: True if key == "aws:TokenIssueTime" else value for key, value in found.items()} == conditions
    assert ask(evaluator, ANA, action, resource, context=found).decision == "allowed"


@rule("I10")
def test_the_bare_verdict_and_who_can_know_the_credentials_too() -> None:
    evaluator = world()
    for mfa in ("true", "false", None):
        context = {"aws:TokenIssueTime": "2026-03-01T11:00:00Z", "aws:MultiFactorAuthPresent": mfa}
        found = {row.principal for row in evaluator.who_can(action="iam:GetUser", resource=ANA, context=context)}
        for who in evaluator.principals():
            request = Request(who, "iam:GetUser", ANA, context)
            answer = evaluator.decide(request)
            assert (who in found) == (answer in ("allowed", "conditional"))
            if mfa is not None and "AWSReservedSSO" in who:  # no session of it has the key
                with pytest.raises(RequestError, match="do not include aws:MultiFactorAuthPresent"):
                    evaluator.can(request)
            else:
                assert evaluator.can(request).decision == answer


@rule("I10")
def test_without_a_token_a_user_s_own_keys_call_iam() -> None:
    assert ask(world(), ANA, "iam:GetUser", ANA).decision == "allowed"


@rule("A2", "E10")
def test_every_kind_gets_an_answer() -> None:
    evaluator = world(to("*"), deny("s3:DeleteBucket", BUCKET) | {"Principal": "*"})
    for who in EVERY_KIND:
        assert ask(evaluator, who, session_policies=_all(who)).sentence.endswith(".")


def in_organization(management: str) -> Evaluator:
    """Accounts ID and OTHER_ID of one organization; in both, admin may take root users, bo may not."""
    admin = document(allow("sts:AssumeRoot", condition={"StringLike": {"sts:TaskPolicyArn": "*/IAMAuditRootUser*"}}))
    base = snapshot(
        account(user("admin", admin), user("bo")), account(user("admin", admin, account=OTHER_ID), number=OTHER_ID)
    )
    nodes = tuple(OrganizationNode(id=number, policy_ids=(), parent_id="r-1") for number in (ID, OTHER_ID))
    organization = Organization(
        id="o-1", management_account_id=management, nodes=(OrganizationNode(id="r-1", policy_ids=("p-1",)), *nodes)
    )
    full = OrganizationPolicy(
        id="p-1", name="FullAWSAccess", type=OrganizationPolicyType.SERVICE_CONTROL_POLICY, content=document(allow())
    )
    everywhere = tuple(node.model_copy(update={"policy_ids": ("p-1",)}) for node in organization.nodes)
    organization = organization.model_copy(update={"policies": (full,), "nodes": everywhere})
    return Evaluator(Snapshot.model_validate({**dict(base), "organization": organization}), now=lambda: NOW)


TASK = {"sts:TaskPolicyArn": "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials"}
MEMBER = f"arn:aws:iam::{OTHER_ID}:root"


@rule("E14")
def test_the_management_account_takes_the_root_user_of_a_member_by_identity_policy() -> None:
    """https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoot.html"""
    evaluator = in_organization(ID)
    admin = user_arn("admin")
    assert ask(evaluator, admin, "sts:AssumeRoot", MEMBER, context=TASK).decision == "allowed"
    assert ask(evaluator, user_arn("bo"), "sts:AssumeRoot", MEMBER, context=TASK).decision == "implicitDeny"
    other_task = {"sts:TaskPolicyArn": "arn:aws:iam::aws:policy/root-task/S3UnlockBucketPolicy"}
    assert ask(evaluator, admin, "sts:AssumeRoot", MEMBER, context=other_task).decision == "implicitDeny"


@rule("E14")
def test_a_member_account_cannot_unless_it_is_a_delegated_administrator() -> None:
    evaluator = in_organization("999999999999")
    answer = ask(evaluator, user_arn("admin"), "sts:AssumeRoot", MEMBER, context=TASK)
    assert answer.decision == "implicitDeny"
    assert answer.blocked_by == ("assume-root",)
    [told] = [one for one in answer.assumptions if one.code == "delegated-administrator-unknown"]
    assert told.other_decision == "allowed"
    silent = ask(evaluator, user_arn("bo"), "sts:AssumeRoot", MEMBER, context=TASK)
    assert "delegated-administrator-unknown" not in [one.code for one in silent.assumptions]


@rule("E14")
@pytest.mark.parametrize(
    ("services", "decision", "is_assumed"),
    [
        ({ID: ("sso.amazonaws.com", "iam.amazonaws.com")}, "allowed", False),
        ({ID: ("sso.amazonaws.com",)}, "implicitDeny", False),
        ({OTHER_ID: ("iam.amazonaws.com",)}, "implicitDeny", False),
        ({}, "implicitDeny", False),
        ({ID: ()}, "implicitDeny", True),
        (None, "implicitDeny", True),
    ],
)
def test_delegated_administrators_that_are_captured(services: Any, decision: str, is_assumed: bool) -> None:
    """STS API Reference, AssumeRoot: a delegated administrator account for IAM."""
    base = in_organization("999999999999").snapshot
    assert base.organization is not None
    organization = base.organization.model_copy(update={"delegated_services": services})
    evaluator = Evaluator(base.model_copy(update={"organization": organization}), now=lambda: NOW)
    answer = ask(evaluator, user_arn("admin"), "sts:AssumeRoot", MEMBER, context=TASK)
    assert answer.decision == decision
    assert ("delegated-administrator-unknown" in [one.code for one in answer.assumptions]) == is_assumed
    rows = evaluator.who_can(action="sts:AssumeRoot", resource=MEMBER, context=TASK)
    assert (user_arn("admin") in [row.principal for row in rows]) == (decision == "allowed")


@rule("E14")
def test_the_management_account_is_no_member_account() -> None:
    answer = ask(in_organization(ID), user_arn("admin"), "sts:AssumeRoot", ROOT, context=TASK)
    assert (answer.decision, answer.blocked_by) == ("implicitDeny", ("assume-root",))


@rule("E14")
def test_root_users_of_accounts_outside_of_the_organization_are_out_of_reach() -> None:
    external_principal = "arn:aws:iam::123412341234:root"
    answer = ask(in_organization(ID), user_arn("admin"), "sts:AssumeRoot", external_principal, context=TASK)
    assert answer.decision == "implicitDeny"
    assert answer.blocked_by == ("assume-root",)


@rule("E14", "I10")
def test_the_root_user_of_the_management_account_takes_nobody_s_root_user() -> None:
    answer = ask(in_organization(ID), ROOT, "sts:AssumeRoot", MEMBER, context=TASK)
    assert answer.blocked_by == ("credentials",)


@rule("E14")
def test_without_the_organization_it_is_not_known_who_may_take_root_users() -> None:
    base = snapshot(account(user("admin", document(allow("sts:AssumeRoot")))))
    answer = ask(Evaluator(base, now=lambda: NOW), user_arn("admin"), "sts:AssumeRoot", MEMBER, context=TASK)
    assert answer.decision == "allowed"
    found = {one.code: one.other_decision for one in answer.assumptions}
    assert found["organization-unknown"] == "explicitDeny", "an SCP may deny"
    assert found["delegated-administrator-unknown"] == "implicitDeny", "who is not one is not allowed"


@rule("E14")
def test_who_can_take_a_root_user_is_told_as_single_answers_are() -> None:
    evaluator = in_organization(ID)
    rows = {row.principal for row in evaluator.who_can(action="sts:AssumeRoot", resource=MEMBER, context=TASK)}
    assert rows == {user_arn("admin")}
