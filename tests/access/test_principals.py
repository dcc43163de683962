"""Who asks: every kind of principal, found in the snapshot with what it carries, or refused in one sentence."""

from dataclasses import replace
from typing import Any

import pytest

from iamdesk.access.evaluator import Evaluator
from iamdesk.evaluate.principal import CallerKind, parse_caller
from iamdesk.evaluate.request import RequestError, SessionPolicy

from ..builders.answers import asking, codes, everywhere, rows
from ..builders.arns import ANA, ID, OTHER_ID, ROOT, federated_arn, policy_arn, role_arn, session_arn, user_arn
from ..builders.captures import evaluator, group, managed, resource, role, user
from ..builders.statements import allow, deny, document, grant, refuse, trusting
from ..each_case import each_case
from ..rules import rule

READ_S3, BUCKET, OBJECT = allow("s3:GetObject"), "arn:aws:s3:::b", "arn:aws:s3:::b/k"
CI, DEPLOY, TARGET = session_arn("deploy/ci"), role_arn("deploy"), role_arn("target")


def ask(capture: Evaluator, principal: str, action: str = "s3:GetObject", on: str = OBJECT, **more: Any) -> str:
    more.setdefault("resource_account", ID if on == OBJECT else None)
    return capture.can(asking(action, on, principal, **more)).decision.value


@each_case(
    "text, kind",
    [
        (ROOT, CallerKind.ROOT),
        (ANA, CallerKind.USER),
        (user_arn("staff/ana"), CallerKind.USER),
        (DEPLOY, CallerKind.ROLE),
        (CI, CallerKind.SESSION),
        (federated_arn("ana"), CallerKind.FEDERATED_USER),
        ("lambda.amazonaws.com", CallerKind.SERVICE),
        ("states.eu-west-1.amazonaws.com", CallerKind.SERVICE),
        (f"arn:aws:iam::{ID}:saml-provider/corp", CallerKind.SAML),
        (f"arn:aws:iam::{ID}:oidc-provider/token.actions.githubusercontent.com", CallerKind.OIDC),
        ("accounts.google.com", CallerKind.OIDC),
        ("anonymous", CallerKind.ANONYMOUS),
        ("  Anonymous ", CallerKind.ANONYMOUS),
    ],
)
def test_kinds_of_principals(text: str, kind: CallerKind) -> None:
    assert parse_caller(text).kind is kind


OF_IAM, OF_STS = f"arn:aws:iam::{ID}", f"arn:aws:sts::{ID}"
NO_CALLERS = ["", "ana", ID, "arn:aws:iam::1", f"{OF_IAM}:group/staff", f"{OF_IAM}:policy/p", f"{OF_IAM}:user/"]


@each_case("text", [*NO_CALLERS, session_arn("deploy"), session_arn("app/deploy/ci"), "arn:aws:s3:::b"])
def test_what_makes_no_requests_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(RequestError) as caught:
        parse_caller(text)
    assert "\n" not in str(caught.value)


@each_case("principal", [user_arn("zoe"), role_arn("zoe"), session_arn("zoe/s")])
def test_principals_that_the_account_does_not_have_are_refused(principal: str) -> None:
    with pytest.raises(RequestError, match="zoe"):
        ask(evaluator(user("ana")), principal)


@rule("A2", "C1", "L3")
def test_a_user_carries_inline_managed_and_group_policies() -> None:
    capture = evaluator(
        user("inline", READ_S3),
        user("attached", attached=[policy_arn("read")]),
        user("member", groups=["staff"]),
        user("member-of-attached", groups=["readers"]),
        user("nothing"),
        user("old", attached=[policy_arn("versions")]),  # a managed policy is its default version
        user("denied", READ_S3, groups=["locked"]),
        group("staff", READ_S3),
        group("readers", attached=[policy_arn("read")]),
        group("locked", deny("s3:*")),
        managed(policy_arn("read"), READ_S3),
        managed(policy_arn("versions"), READ_S3, allow("ec2:*")),
    )
    answers = {who.user_name: ask(capture, who.arn) for who in capture.snapshot.accounts[0].users}
    assert {name for name, one in answers.items() if one == "allowed"} == {
        *("inline", "attached", "member", "member-of-attached")
    }
    assert answers["denied"] == "explicitDeny"
    assert ask(capture, user_arn("old"), "ec2:DescribeInstances", "*") == "allowed"
    [line] = capture.can(asking("s3:GetObject", OBJECT, user_arn("denied"))).matched_statements
    assert (line.owner, line.source_policy_type) == (f"{OF_IAM}:group/locked", "group")


@rule("E3")
@each_case("name", ["deploy", "Deploy", "DEPLOY"])
def test_a_session_is_found_by_its_roles_name_whatever_its_path_and_case(name: str) -> None:
    capture = evaluator(role("Deploy", READ_S3, path="/app/eu/", trust=trusting(session_arn("Deploy/ci"))))
    assert ask(capture, session_arn(f"{name}/ci")) == "allowed"
    question = capture.evaluation_request(asking("s3:GetObject", OBJECT, session_arn(f"{name}/ci")))
    assert question.context.fact("aws:principalarn").values == (role_arn("app/eu/Deploy"),)
    assert question.caller.text == session_arn("Deploy/ci")


def with_bucket(statement: Any, *entries: Any) -> Evaluator:
    return evaluator(*entries, resource(BUCKET, statement))


@rule("E3", "J2")
@each_case("make, own", [(grant, []), (refuse, [allow()])], ids=["Allow", "Deny"])
def test_a_role_may_do_what_a_session_that_a_policy_names_may(make: Any, own: Any) -> None:
    """Of a role that is asked about nobody knows the session."""
    capture = with_bucket(make(CI, "s3:*"), role("deploy", *own), role("bystander"), user("ana"))
    assert everywhere(capture, asking("s3:GetObject", OBJECT, DEPLOY)) == "conditional"
    answer, in_session = capture.can(asking("s3:GetObject", OBJECT, DEPLOY)), {"aws:userid": "AROADEPLOY:ci"}
    assert in_session in (answer.conditions if make is grant else answer.denials)
    assert rows(capture, "s3:GetObject", OBJECT) == {DEPLOY: "conditional", ROOT: "allowed"}
    inside, outside = ("allowed", "implicitDeny") if make is grant else ("explicitDeny", "allowed")
    assert ask(capture, CI) == ask(capture, DEPLOY, context=in_session) == inside
    assert ask(capture, f"{CI}-2") == ask(capture, DEPLOY, context={"aws:userid": "X:y"}) == outside


NARROW = managed(policy_arn("narrow"), allow("ec2:*"))
ONLY_EC2 = {"session_policies": (SessionPolicy("narrow", document(allow("ec2:*"))),)}


@rule("E1", "E3", "C3")
@each_case(
    "named, principal, expected",
    [
        # A session that a policy names goes past the boundary of its role.
        (CI, CI, "allowed"),
        (CI, DEPLOY, "conditional"),
        # Sessions of other roles and patterns of sessions say nothing of a role.
        (session_arn("other/ci"), DEPLOY, "implicitDeny"),
        (session_arn("deploy/ci", OTHER_ID), DEPLOY, "implicitDeny"),
        (session_arn("deploy/*"), DEPLOY, "implicitDeny"),
        (session_arn("deploy"), DEPLOY, "implicitDeny"),
    ],
)
def test_sessions_that_a_policy_names(named: str, principal: str, expected: str) -> None:
    capture = with_bucket(grant(named, "s3:*"), role("deploy", boundary=NARROW.arn), NARROW)
    assert ask(capture, principal) == expected


@rule("C3", "C4", "E3", "E12", "I2", "D1")
@each_case(
    "named, principal, more, expected",
    [
        (CI, CI, {}, "allowed"),
        (CI, session_arn("deploy/other"), {}, "implicitDeny"),
        (CI, role_arn("app/deploy"), {}, "conditional"),
        ("AIDAANA", ANA, {}, "allowed"),
        ("AIDAOTHER", ANA, {}, "implicitDeny"),
        ("AROADEPLOY", role_arn("app/deploy"), {}, "allowed"),
        ("AROADEPLOY", CI, {}, "allowed"),
        ("AIDAANA", CI, {}, "implicitDeny"),
        # A grant to the role does not go past a session policy; a grant to the session itself would.
        ("AROADEPLOY", CI, ONLY_EC2, "implicitDeny"),
        # Its own account has to allow it, and is not captured.
        (OTHER_ID, user_arn("zoe", OTHER_ID), {}, "conditional"),
        (OTHER_ID, user_arn("zoe", OTHER_ID), {"is_of_resource": True}, "allowed"),
        (ID, user_arn("zoe", OTHER_ID), {}, "implicitDeny"),
    ],
)
def test_who_is_named_in_a_trust_policy(named: str, principal: str, more: Any, expected: str) -> None:
    capture = evaluator(user("ana"), role("deploy", path="/app/"), role("target", trust=trusting(named)))
    asked = asking("sts:AssumeRole", TARGET, principal, **more)
    answer = capture.can(asked)
    assert answer.decision == capture.decide(asked) == expected
    if principal.startswith(f"arn:aws:iam::{OTHER_ID}") and expected == "conditional":
        assert codes(answer) == ["principal-outside"]
        assert OTHER_ID in answer.assumptions[0].message


@rule("E4", "C4", "C5", "C6")
@each_case(
    "principal, policies, action, expected",
    [
        (federated_arn("ana"), [allow()], "s3:GetObject", "allowed"),
        (federated_arn("ana"), [allow("ec2:*")], "s3:GetObject", "implicitDeny"),
        (federated_arn("ana"), [allow()], "ec2:DescribeInstances", "implicitDeny"),
        (federated_arn("ana"), None, "s3:GetObject", "implicitDeny"),
        (CI, [allow("ec2:*")], "s3:GetObject", "implicitDeny"),
        (CI, [allow("ec2:*"), allow("s3:Get*")], "s3:GetObject", "allowed"),  # they add up
        (CI, [], "s3:GetObject", "implicitDeny"),
    ],
)
def test_session_policies_limit_and_add_up(principal: str, policies: Any, action: str, expected: str) -> None:
    capture = evaluator(user("ana", allow("s3:*")), role("deploy", allow("s3:*")))
    on = OBJECT if action == "s3:GetObject" else "*"
    given = policies and tuple(SessionPolicy("given", document(one)) for one in policies)
    asked = asking(action, on, principal, session_policies=given if policies is not None else None)
    answer = capture.can(replace(asked, resource_account=ID if on == OBJECT else None))
    assert answer.decision == expected
    by_name = [one.message for one in answer.assumptions if one.code == "federated-user-by-name"]
    assert len(by_name) == (principal != CI)
    assert all(message.endswith("a session of the user ana.") for message in by_name)


@rule("C4", "F7", "G17", "L5")
@each_case(
    "odd, words",
    [
        (document(allow(condition={"StringEqualz": {"aws:username": "ana"}})), "`StringEqualz` does not exist"),
        (document(allow()) | {"Version": "2012-10-18"}, "2012-10-18"),
        (document(grant("*")), "`Principal`"),
        (document({**allow(), "Effect": "allow"}), "`allow` is not"),
        (document(allow(None)), "neither `Action`"),
        (document(allow("*", None)), "neither `Resource`"),
        (document({**allow(), "NotAction": "s3:*"}), "both `Action`"),
        (document(allow(), deny("GetObject")), "`GetObject` names no action"),
        (document(allow("*", "b/k")), "begin with `arn:`"),
        (document(allow("*", "arn:aws:s3")), "of 6 fields"),
        (document(allow(Sid="a"), allow(Sid="a")), "already used"),
        (document(allow(Sid="a b")), "`a b`"),
        (document(), "no statement"),
        ("garbage", "JSON object"),
        ([], "JSON object"),
    ],
)
def test_a_session_policy_that_aws_refuses_makes_no_session(odd: Any, words: str) -> None:
    with pytest.raises(RequestError, match="AWS makes no session with the session policy passed: ") as refused:
        ask(evaluator(role("deploy", allow())), CI, session_policies=(SessionPolicy("passed", odd),))
    assert words in str(refused.value)


@rule("C4", "E16")
def test_a_session_policy_of_a_user_is_taken_as_delegation_and_said() -> None:
    capture = evaluator(user("ana", allow()))
    asked = asking("s3:GetObject", OBJECT, session_policies=(SessionPolicy("passed", document(allow())),))
    [remark] = capture.can(asked).request.remarks
    assert remark.startswith("A user's own requests have no session policy")
    assert capture.can(replace(asked, session_policies=None)).request.remarks == ()


ACROSS = (
    user("ana", allow()),
    role("target", trust=trusting(ID), account=OTHER_ID),
    user("zoe", account=OTHER_ID),
)


@rule("D1", "D5", "I2")
@each_case(
    "captured, principal, action, on, expected",
    [
        # The trust policy is the resource policy of STS alone.
        *(
            ([user("ana"), role("target", trust=trusting(ANA, "*"))], ANA, action, TARGET, expected)
            for action, expected in (
                ("sts:AssumeRole", "allowed"),
                ("iam:GetRole", "implicitDeny"),
                ("iam:PassRole", "implicitDeny"),
            )
        ),
        # Accounts of one snapshot are still two accounts.
        (ACROSS, ANA, "sts:AssumeRole", role_arn("target", OTHER_ID), "allowed"),
        (ACROSS, user_arn("zoe", OTHER_ID), "sts:AssumeRole", role_arn("target", OTHER_ID), "implicitDeny"),
        (ACROSS, ANA, "iam:GetUser", user_arn("zoe", OTHER_ID), "implicitDeny"),
        (ACROSS, ROOT, "s3:GetObject", OBJECT, "allowed"),  # the root user needs no policy
    ],
)
def test_what_trust_policies_and_accounts_let_through(
    captured: Any, principal: str, action: str, on: str, expected: str
) -> None:
    assert ask(evaluator(*captured), principal, action, on) == expected
