"""Every kind of principal asked through `can`: what decides, what its requests carry, what it cannot call.

Sources, unless a test names another: IAM User Guide, "AWS global condition context keys"
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html) and "Comparing STS operations"
(https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_sts-comparison.html).
"""

from typing import Any

import pytest

from iamdesk.access.evaluator import Evaluator
from iamdesk.evaluate.request import MissingContextMode, RequestError, SessionPolicy
from iamdesk.explain.decision import EvaluationResult

from ..builders.answers import asking, codes, everywhere, notes, rows
from ..builders.arns import ANA, ID, OTHER_ID, ROOT, federated_arn, role_arn, root_arn, session_arn, user_arn
from ..builders.captures import evaluator, group, member, organization, resource, role, user
from ..builders.statements import FULL, allow, document, grant, refuse, trusting
from ..each_case import each_case
from ..rules import rule

GITHUB, COGNITO = "token.actions.githubusercontent.com", "cognito-identity.amazonaws.com"
SAML, OIDC = f"arn:aws:iam::{ID}:saml-provider/corp", f"arn:aws:iam::{ID}:oidc-provider/{GITHUB}"
SSO_ROLE = role("AWSReservedSSO_Reader_0123456789abcdef", FULL, path="/aws-reserved/sso.amazonaws.com/eu-west-1/")
LINKED = role("AWSServiceRoleForECS", FULL, path="/aws-service-role/ecs.amazonaws.com/")
SSO, PERSON = SSO_ROLE.arn, session_arn(f"{SSO_ROLE.role_name}/ana@example.com")
WEB, SESSION, FEDERATED = role_arn("web"), session_arn("deploy/ci"), federated_arn("ana")
LAMBDA, BUCKET, OBJECT = "lambda.amazonaws.com", "arn:aws:s3:::b", "arn:aws:s3:::b/k"
EVERY_KIND = (ANA, ROOT, SESSION, FEDERATED, SAML, OIDC, LAMBDA, "anonymous", PERSON)
WEB_IDENTITY, BY_SAML = "sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML"


def world(*statements: Any, trust: Any = None) -> Evaluator:
    """All of them may do everything by their own policies; the bucket b has the statements as its policy."""
    people = user("ana", FULL), role("deploy", FULL), role("web", trust=trust), SSO_ROLE, LINKED, group("staff", FULL)
    return evaluator(*people, resource(BUCKET, *statements))


def to(principal: Any, condition: Any = None) -> Any:
    return grant(principal, "s3:*", [BUCKET, f"{BUCKET}/*"], condition)


def no(principal: Any, condition: Any = None) -> Any:
    return refuse(principal, "s3:*", [BUCKET, f"{BUCKET}/*"], condition)


def passed(*statements: Any) -> tuple[SessionPolicy, ...]:
    return (SessionPolicy("passed", document(*statements)),)


def ask(
    capture: Evaluator, principal: str, action: str = "s3:GetObject", on: str = OBJECT, **more: Any
) -> EvaluationResult:
    if principal == FEDERATED:
        more.setdefault("session_policies", passed(allow()))
    return capture.can(asking(action, on, principal, **more))


def fact(principal: str, key: str, action: str = "s3:GetObject", on: str = OBJECT) -> str:
    found = world().evaluation_request(asking(action, on, principal)).context.fact(key.lower())
    return found.values[0] if found.values else found.knowledge.name


@rule("A2", "E2", "E3", "E4", "E5", "E8", "E10", "E11", "E15")
@each_case(
    "principal, named",
    [
        (ANA, ANA),
        (ROOT, ROOT),
        (SESSION, SESSION),
        (SESSION, role_arn("deploy")),
        (FEDERATED, FEDERATED),
        (LAMBDA, {"Service": LAMBDA}),
        (LINKED.arn, LINKED.arn),
        (PERSON, PERSON),
        (PERSON, SSO),
        ("anonymous", "*"),
    ],
)
def test_each_kind_is_denied_where_a_resource_policy_names_it(principal: str, named: Any) -> None:
    assert ask(world(to("*"), no(named)), principal).decision == "explicitDeny"
    assert ask(world(to("*")), principal).decision == "allowed"


@rule("A2", "E10")
def test_every_kind_gets_an_answer() -> None:
    held = world(to("*"), refuse("*", "s3:DeleteBucket", BUCKET))
    assert all(ask(held, who).sentence.endswith(".") for who in EVERY_KIND)


@rule("E15")
def test_people_of_identity_center_are_granted_by_a_pattern_of_the_role_and_told_by_permission_set() -> None:
    """https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html"""
    pattern = role_arn("aws-reserved/sso.amazonaws.com/*/AWSReservedSSO_Reader_*")
    only = world(no(ID, {"ArnNotLike": {"aws:PrincipalArn": pattern}}))
    assert [ask(only, who).decision for who in (PERSON, SSO, SESSION)] == ["allowed", "allowed", "explicitDeny"]
    told = "Reader (permission set, session ana@example.com) is allowed to perform s3:GetObject"
    assert ask(world(), PERSON).sentence.startswith(told)
    assert ask(world(), SSO).sentence.startswith("Reader (permission set) is allowed to perform")
    assert "aws-owned" in ask(world(), ANA, "iam:AttachRolePolicy", SSO).blocked_by


CERTAIN_OF_ROLES = (
    "ec2:SourceInstanceArn",
    "ec2:RoleDelivery",
    "lambda:SourceFunctionArn",
    "ssm:SourceInstanceArn",
    "glue:RoleAssumedBy",
    "codebuild:BuildArn",
    "aws:Ec2InstanceSourceVpc",
    "aws:ChatbotSourceArn",
    f"{GITHUB}:sub",
)
BY_WEB, BY_CORP = (WEB_IDENTITY, WEB), (BY_SAML, WEB)


@rule("E9", "E15", "I9", "J2", "J5")
@each_case(
    "principal, key, expected, asked",
    [
        (PERSON, "aws:username", "ABSENT", ()),
        (PERSON, "aws:PrincipalArn", SSO, ()),
        (PERSON, "aws:userid", "AROAAWSRESERVEDSSO_READER_0123456789ABCDEF:ana@example.com", ()),
        (PERSON, "aws:PrincipalType", "AssumedRole", ()),
        (PERSON, "identitystore:UserId", "VALUE_UNKNOWN", ()),
        (PERSON, "aws:MultiFactorAuthPresent", "ABSENT", ()),
        (PERSON, "aws:FederatedProvider", "ABSENT", ()),
        (PERSON, "saml:sub", "UNKNOWN", ()),
        (PERSON, "lambda:SourceFunctionArn", "ABSENT", ()),
        # What services put into role credentials is in role sessions alone, what a sign-in does in no unsigned request.
        *(
            (who, key, "UNKNOWN" if who == SESSION else "ABSENT", ())
            for key in CERTAIN_OF_ROLES
            for who in (SESSION, ANA, ROOT, FEDERATED, "anonymous", LAMBDA, SAML)
        ),
        *(
            (who, key, "UNKNOWN" if who == ANA else "ABSENT", ())
            for key in ("aws:SignInSessionArn", "aws:ViaCustomerDomain")
            for who in (ANA, "anonymous", LAMBDA)
        ),
        # The provider is a key of web identities, never of SAML; claims are those of the caller's own provider.
        *((provider, "aws:FederatedProvider", provider, BY_WEB) for provider in (OIDC, "accounts.google.com", COGNITO)),
        (SAML, "aws:FederatedProvider", "ABSENT", BY_CORP),
        *(
            (provider, f"aws:{key}", "ABSENT", asked)
            for provider, asked in ((OIDC, BY_WEB), ("accounts.google.com", BY_WEB), (COGNITO, BY_WEB), (SAML, BY_CORP))
            for key in ("PrincipalArn", "PrincipalAccount", "PrincipalIsAWSService", "username")
        ),
        (OIDC, f"{GITHUB}:sub", "UNKNOWN", BY_WEB),
        (OIDC, f"{GITHUB}:ref", "UNKNOWN", BY_WEB),
        (OIDC, "accounts.google.com:aud", "ABSENT", BY_WEB),
        (COGNITO, f"{COGNITO}:aud", "UNKNOWN", BY_WEB),
    ],
)
def test_what_requests_of_a_kind_carry(principal: str, key: str, expected: str, asked: tuple[str, ...]) -> None:
    assert fact(principal, key, *asked) == expected


@rule("J2", "E3", "E11")
def test_keys_that_a_kind_has_or_never_has_decide_for_it() -> None:
    """A function's key in a Deny is never in a user's request; a session tag wins over the role's own."""
    held = world(no("*", {"Null": {"lambda:SourceFunctionArn": "true"}}))
    assert [ask(held, who).decision for who in (ANA, SESSION)] == ["explicitDeny", "conditional"]
    of_red = allow(condition={"StringEquals": {"aws:PrincipalTag/team": "red"}})
    tagged = evaluator(role("deploy", of_red, tags=[("team", "blue")]))
    assert ask(tagged, SESSION).decision == "implicitDeny"
    assert ask(tagged, SESSION, context={"aws:PrincipalTag/team": "red"}).decision == "allowed"


@rule("E9")
@each_case(
    "provider, action, claim",
    [
        (OIDC, WEB_IDENTITY, f"{GITHUB}:sub"),
        (COGNITO, WEB_IDENTITY, f"{COGNITO}:aud"),
        ("www.amazon.com", WEB_IDENTITY, "www.amazon.com:aud"),
        (SAML, BY_SAML, "SAML:aud"),
    ],
)
def test_identities_of_a_provider_enter_by_the_trust_policy(provider: str, action: str, claim: str) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html"""
    held = world(trust=trusting({"Federated": provider}, action, {"StringEquals": {claim: "right"}}))
    assert ask(held, provider, action, WEB).conditions == ({claim: "right"},)
    assert ask(held, provider, action, WEB, context={claim: "right"}).decision == "allowed"
    assert ask(held, provider, action, WEB, context={claim: "wrong"}).decision == "implicitDeny"
    other_way = BY_SAML if action == WEB_IDENTITY else WEB_IDENTITY
    others = [("accounts.google.com", WEB_IDENTITY), (f"{SAML}-2", BY_SAML), (provider, other_way)]
    assert {ask(held, who, by, WEB).decision for who, by in others} == {"implicitDeny"}


@rule("E9", "E8")
def test_cognito_as_a_service_is_no_identity_provider() -> None:
    held = world(trust=trusting({"Federated": COGNITO}, ["sts:AssumeRole", WEB_IDENTITY]))
    assert ask(held, COGNITO, WEB_IDENTITY, WEB).decision == "allowed"
    assert ask(held, COGNITO, "sts:AssumeRole", WEB).decision == "implicitDeny"
    assert ask(world(to({"Service": COGNITO})), COGNITO).decision == "allowed"


OUTSIDER_SESSION, THEIR_ROOT = session_arn("ci/build", OTHER_ID), root_arn(OTHER_ID)


@rule("D1", "E3")
@each_case(
    "outsider",
    [user_arn("zoe", OTHER_ID), THEIR_ROOT, role_arn("ci", OTHER_ID), OUTSIDER_SESSION, federated_arn("zoe", OTHER_ID)],
)
def test_principals_of_accounts_that_are_not_held_are_judged_by_the_resource(outsider: str) -> None:
    granted = ask(world(to(OTHER_ID)), outsider)
    assert granted.decision == ("allowed" if outsider == THEIR_ROOT else "conditional")
    assert ask(world(to(OTHER_ID)), outsider, is_of_resource=True).decision == "allowed"
    assert ("principal-outside" in codes(granted)) == (outsider != THEIR_ROOT)
    assert ask(world(), outsider).decision == "implicitDeny"


@rule("C5", "D1", "E4")
def test_a_federated_user_of_an_account_that_is_not_held() -> None:
    """Its session policy is its account's, too: it has to allow the request, and is unknown unless it is given."""
    federated = federated_arn("zoe", OTHER_ID)
    held = world(to(federated))
    granted = ask(held, federated)
    assert granted.decision == "conditional"
    (assumption,) = (one for one in granted.assumptions if one.code == "principal-outside")
    assert "a session policy that is not provided" in assumption.message
    (line,) = (one for one in granted.layers if one.layer == "session")
    assert (line.decision, line.is_unknown, line.sentence) == (None, True, "not captured (must allow)")
    for action, expected in (("s3:*", "conditional"), ("sqs:*", "implicitDeny")):
        assert ask(held, federated, session_policies=passed(allow(action))).decision == expected
    assert ask(world(no(federated)), federated).decision == "explicitDeny"


@rule("A2", "E10")
def test_a_deny_applies_to_unsigned_calls_that_have_to_be_signed() -> None:
    refused = ask(world(to("*"), no("*")), "anonymous", "s3:GetBucketPolicy", BUCKET)
    assert (refused.decision, [line.effect for line in refused.matched_statements]) == ("explicitDeny", ["Deny"])
    assert ask(world(to("*")), "anonymous", "s3:GetBucketPolicy", BUCKET).decision == "implicitDeny"


UNLOCK = passed(allow(["s3:DeleteBucketPolicy", "s3:PutBucketPolicy", "s3:GetBucketPolicy", "s3:ListAllMyBuckets"]))
ASSUMED = {"aws:AssumedRoot": "true"}


@rule("E14", "E16")
@each_case(
    "principal, policies, context, action, on, expected",
    [
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies-temporary-delegation.html
        (ANA, passed(allow("s3:GetObject")), {}, "s3:GetObject", OBJECT, "allowed"),
        (ANA, passed(allow("s3:GetObject")), {}, "s3:PutObject", OBJECT, "implicitDeny"),
        # https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoot.html
        (ROOT, UNLOCK, ASSUMED, "s3:DeleteBucketPolicy", BUCKET, "allowed"),
        (ROOT, UNLOCK, ASSUMED, "s3:GetObject", OBJECT, "implicitDeny"),
    ],
)
def test_a_template_of_delegation_and_a_task_of_assume_root_are_session_policies(
    principal: str, policies: Any, context: Any, action: str, on: str, expected: str
) -> None:
    assert ask(world(), principal, action, on, session_policies=policies, context=context).decision == expected


@rule("L3")
def test_a_group_makes_no_requests_and_the_refusal_says_what_to_ask() -> None:
    staff = f"arn:aws:iam::{ID}:group/staff"
    with pytest.raises(RequestError, match="groups make no requests") as refused:
        ask(world(), staff)
    assert "what-can" in str(refused.value)
    access = world().what_can(staff, service="s3")
    assert any(one.name == "s3:GetObject" and one.reach.value == "allowed" for one in access.actions("s3"))


# Credentials of GetSessionToken: they call IAM with MFA alone, and little of STS.
FEDERATION, TOKEN = ("sts:GetFederationToken", federated_arn("x")), {"aws:TokenIssueTime": "2026-03-01T11:00:00Z"}


@rule("I10")
@each_case(
    "principal, action, on, mfa, is_refused",
    [
        (SESSION, *FEDERATION, None, True),
        (SESSION, "sts:GetSessionToken", "*", None, True),
        (PERSON, "sts:GetSessionToken", "*", None, True),
        (FEDERATED, "iam:GetUser", ANA, None, True),
        (FEDERATED, "sts:AssumeRole", WEB, None, True),
        (FEDERATED, "sts:GetSessionToken", "*", None, True),
        (ROOT, "sts:AssumeRole", WEB, None, True),
        ("anonymous", "ec2:DescribeInstances", "*", None, True),
        (ANA, "iam:GetUser", ANA, None, False),  # without a token, a user's own keys call IAM
        (ANA, "iam:GetUser", ANA, "none", True),
        (ANA, "iam:GetUser", ANA, "false", True),
        (ANA, "iam:GetUser", ANA, "true", False),
        (ANA, *FEDERATION, "true", True),
        (ANA, "sts:GetSessionToken", "*", "true", True),
        (ANA, "sts:GetCallerIdentity", "*", "none", False),
        (ANA, "s3:GetObject", OBJECT, "none", False),
    ],
)
def test_what_credentials_cannot_call(principal: str, action: str, on: str, mfa: str | None, is_refused: bool) -> None:
    """Whatever the policies say."""
    with_token = {**TOKEN, "aws:MultiFactorAuthPresent": None if mfa == "none" else mfa}
    answer = ask(world(), principal, action, on, context=with_token if mfa else {})
    assert answer.decision == ("implicitDeny" if is_refused else "allowed")
    assert answer.blocked_by == (("credentials",) if is_refused else ())


@rule("I10", "K3")
def test_whether_a_token_was_got_with_mfa_is_asked_where_nobody_says() -> None:
    answer = ask(world(), ANA, "iam:GetUser", ANA, context=TOKEN)
    assert (answer.decision, answer.missing_context_values) == ("conditional", ("aws:MultiFactorAuthPresent",))
    assert answer.conditions == ({"aws:MultiFactorAuthPresent": "true"},)
    assert {"aws:MultiFactorAuthPresent": None} in answer.denials
    assert "aws:MultiFactorAuthPresent is true" in answer.sentence
    strict = ask(world(), ANA, "iam:GetUser", ANA, context=TOKEN, unknown_context=MissingContextMode.ABSENT)
    assert (strict.decision, strict.blocked_by) == ("implicitDeny", ("credentials",))


@rule("I10", "K7")
@each_case(
    "action, on, conditions",
    [
        ("iam:GetUser", ANA, {"aws:TokenIssueTime": True, "aws:MultiFactorAuthPresent": "true"}),
        (*FEDERATION, None),
        ("s3:GetObject", OBJECT, {"aws:TokenIssueTime": True}),
    ],
)
def test_a_token_that_a_policy_asks_for_brings_what_its_credentials_cannot_do(
    action: str, on: str, conditions: dict[str, Any] | None
) -> None:
    """What is told to be enough is enough: with the token comes the MFA without which it calls no IAM."""
    since = {"DateGreaterThan": {"aws:TokenIssueTime": "2020-01-01T00:00:00Z"}}
    held = evaluator(user("ana", allow(condition=since)))
    answer = ask(held, ANA, action, on)
    assert answer.decision == ("conditional" if conditions else "implicitDeny")
    for found in answer.conditions:
        assert {key: key == "aws:TokenIssueTime" or value for key, value in found.items()} == conditions
        assert ask(held, ANA, action, on, context=found).decision == "allowed"
    assert len(answer.conditions) == (conditions is not None)


@rule("I10")
def test_the_bare_verdict_and_who_can_know_the_credentials_too() -> None:
    held = world()
    for mfa in ("true", "false", None):
        for who in held.principals():
            asked = asking("iam:GetUser", ANA, who, context={**TOKEN, "aws:MultiFactorAuthPresent": mfa})
            if mfa is not None and who == SSO:  # no session of it has the key
                with pytest.raises(RequestError, match="do not include aws:MultiFactorAuthPresent"):
                    held.can(asked)
                found = rows(held, asked.action, ANA, context=asked.context)
                assert (who in found) == (held.decide(asked) in ("allowed", "conditional"))
            else:
                everywhere(held, asked)


def taking_root(management: str = ID, **more: Any) -> Evaluator:
    """Accounts ID and OTHER_ID of one organization; in both, admin may take root users, bo may not."""
    may = allow("sts:AssumeRoot", condition={"StringLike": {"sts:TaskPolicyArn": "*/IAMAuditRootUser*"}})
    people = user("admin", may), user("bo"), user("admin", may, account=OTHER_ID)
    return evaluator(*people, organization(member(ID), member(OTHER_ID), management=management, **more))


TASKS = "arn:aws:iam::aws:policy/root-task"
TASK, OTHER_TASK = ({"sts:TaskPolicyArn": f"{TASKS}/{of}"} for of in ("IAMAuditRootUserCredentials", "S3UnlockBucket"))
ADMIN, BO, NOBODYS = user_arn("admin"), user_arn("bo"), root_arn("123412341234")
SSO_AND_IAM, ONLY_SSO = ("sso.amazonaws.com", "iam.amazonaws.com"), ("sso.amazonaws.com",)


@rule("E14", "I10")
@each_case(
    "capture, principal, target, context, decision, blocked_by",
    [
        (taking_root(), ADMIN, THEIR_ROOT, TASK, "allowed", ()),
        (taking_root(), BO, THEIR_ROOT, TASK, "implicitDeny", ()),
        (taking_root(), ADMIN, THEIR_ROOT, OTHER_TASK, "implicitDeny", ()),
        (taking_root(), ADMIN, ROOT, TASK, "implicitDeny", ("assume-root",)),  # no member account
        (taking_root(), ADMIN, NOBODYS, TASK, "implicitDeny", ("assume-root",)),  # of no account of the organization
        (taking_root(), ROOT, THEIR_ROOT, TASK, "implicitDeny", ("credentials",)),
        (taking_root("999999999999"), ADMIN, THEIR_ROOT, TASK, "implicitDeny", ("assume-root",)),
    ],
)
def test_the_management_account_takes_the_root_user_of_a_member_by_identity_policy(
    capture: Evaluator, principal: str, target: str, context: Any, decision: str, blocked_by: Any
) -> None:
    """https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoot.html"""
    answer = ask(capture, principal, "sts:AssumeRoot", target, context=context)
    assert (answer.decision, answer.blocked_by) == (decision, blocked_by)


@rule("E14")
@each_case(
    "services, decision, is_assumed",
    [
        ({ID: SSO_AND_IAM}, "allowed", False),
        ({ID: ONLY_SSO}, "implicitDeny", False),
        ({OTHER_ID: ("iam.amazonaws.com",)}, "implicitDeny", False),
        ({}, "implicitDeny", False),
        ({ID: ()}, "implicitDeny", True),
        (None, "implicitDeny", True),
    ],
)
def test_a_member_account_cannot_unless_it_is_a_delegated_administrator(
    services: Any, decision: str, is_assumed: bool
) -> None:
    """STS API Reference, AssumeRoot: a delegated administrator account for IAM."""
    held = taking_root("999999999999", delegated_services=services)
    asked = asking("sts:AssumeRoot", THEIR_ROOT, ADMIN, context=TASK)
    assert everywhere(held, asked) == decision
    found = notes(held.can(asked))
    assert found.get("delegated-administrator-unknown") == ("allowed" if is_assumed else None)
    silent = ask(held, BO, "sts:AssumeRoot", THEIR_ROOT, context=TASK)
    assert "delegated-administrator-unknown" not in codes(silent)


@rule("E14")
def test_without_the_organization_it_is_not_known_who_may_take_root_users() -> None:
    answer = ask(evaluator(user("admin", allow("sts:AssumeRoot"))), ADMIN, "sts:AssumeRoot", THEIR_ROOT, context=TASK)
    assert answer.decision == "allowed"
    found = notes(answer)
    assert found["organization-unknown"] == "explicitDeny", "an SCP may deny"
    assert found["delegated-administrator-unknown"] == "implicitDeny", "who is not one is not allowed"
    assert rows(taking_root(), "sts:AssumeRoot", THEIR_ROOT, context=TASK) == {ADMIN: "allowed"}
