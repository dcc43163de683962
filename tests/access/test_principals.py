"""Who asks: every kind of principal, found in the snapshot with what it carries, or refused in one sentence."""

from dataclasses import replace
from typing import Any

import pytest

from iamdesk.access.evaluator import Evaluator
from iamdesk.evaluate.principal import CallerKind, parse_caller
from iamdesk.evaluate.request import Request, RequestError, SessionPolicy
from iamdesk.snapshot.resources import Resource

from ..builders.arns import ID, OTHER_ID, ROOT, policy_arn, role_arn, user_arn
from ..builders.captures import account, evaluator, group, managed, role, snapshot, user
from ..builders.statements import allow, deny, document, trusting
from ..rules import rule

READ_S3 = document(allow("s3:GetObject"))
OBJECT = "arn:aws:s3:::b/k"


def ask(capture: Evaluator, principal: str, action: str = "s3:GetObject", resource: str = OBJECT, **more: Any) -> str:
    more.setdefault("resource_account", ID if resource == OBJECT else None)
    return capture.can(Request(principal, action, resource, **more)).decision.value


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (ROOT, CallerKind.ROOT),
        (user_arn("ana"), CallerKind.USER),
        (user_arn("staff/ana"), CallerKind.USER),
        (role_arn("deploy"), CallerKind.ROLE),
        (f"arn:aws:sts::{ID}:assumed-role/deploy/ci", CallerKind.SESSION),
        (f"arn:aws:sts::{ID}:federated-user/ana", CallerKind.FEDERATED_USER),
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


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ana",
        ID,
        "arn:aws:iam::1",
        f"arn:aws:iam::{ID}:group/staff",
        f"arn:aws:iam::{ID}:policy/p",
        f"arn:aws:iam::{ID}:user/",
        f"arn:aws:sts::{ID}:assumed-role/deploy",
        f"arn:aws:sts::{ID}:assumed-role/app/deploy/ci",
        "arn:aws:s3:::b",
    ],
)
def test_what_makes_no_requests_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(RequestError) as caught:
        parse_caller(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("principal", [user_arn("zoe"), role_arn("zoe"), f"arn:aws:sts::{ID}:assumed-role/zoe/s"])
def test_principals_that_the_account_does_not_have_are_refused(principal: str) -> None:
    with pytest.raises(RequestError, match="zoe"):
        ask(evaluator(user("ana")), principal)


@rule("C1", "L3")
def test_a_user_carries_inline_managed_and_group_policies() -> None:
    capture = evaluator(
        user("inline", READ_S3),
        user("attached", attached=[policy_arn("read")]),
        user("member", groups=["staff"]),
        user("member-of-attached", groups=["readers"]),
        user("nothing"),
        group("staff", READ_S3),
        group("readers", attached=[policy_arn("read")]),
        managed(policy_arn("read"), READ_S3),
    )
    answers = {name: ask(capture, user_arn(name)) for name in ("inline", "attached", "member", "member-of-attached")}
    assert set(answers.values()) == {"allowed"}
    assert ask(capture, user_arn("nothing")) == "implicitDeny"


@rule("A2")
def test_a_deny_in_a_group_denies() -> None:
    capture = evaluator(user("ana", READ_S3, groups=["staff"]), group("staff", document(deny("s3:*"))))
    answer = capture.can(Request(user_arn("ana"), "s3:GetObject", OBJECT))
    assert answer.decision == "explicitDeny"
    assert answer.matched_statements[0].owner == f"arn:aws:iam::{ID}:group/staff"
    assert answer.matched_statements[0].source_policy_type == "group"


@rule("L3")
def test_a_managed_policy_is_its_default_version() -> None:
    capture = evaluator(
        user("ana", attached=[policy_arn("p")]), managed(policy_arn("p"), READ_S3, document(allow("ec2:*")))
    )
    assert ask(capture, user_arn("ana")) == "implicitDeny"
    assert ask(capture, user_arn("ana"), "ec2:DescribeInstances", "*") == "allowed"


@rule("E3")
@pytest.mark.parametrize("name", ["deploy", "Deploy", "DEPLOY"])
def test_a_session_is_found_by_its_roles_name_whatever_its_path_and_case(name: str) -> None:
    capture = evaluator(
        role("Deploy", READ_S3, path="/app/eu/", trust=trusting(f"arn:aws:sts::{ID}:assumed-role/Deploy/ci"))
    )
    session = f"arn:aws:sts::{ID}:assumed-role/{name}/ci"
    assert ask(capture, session) == "allowed"
    question = capture.evaluation_request(Request(session, "s3:GetObject", OBJECT))
    assert question.context.fact("aws:principalarn").values == (role_arn("app/eu/Deploy"),)
    assert question.caller.text == f"arn:aws:sts::{ID}:assumed-role/Deploy/ci"


@rule("E3", "I2")
def test_a_session_named_in_a_trust_policy_is_that_session() -> None:
    target = role("target", trust=trusting({"AWS": f"arn:aws:sts::{ID}:assumed-role/deploy/ci"}))
    capture = evaluator(role("deploy", path="/app/"), target)
    for session, expected in (("ci", "allowed"), ("other", "implicitDeny")):
        principal = f"arn:aws:sts::{ID}:assumed-role/deploy/{session}"
        assert ask(capture, principal, "sts:AssumeRole", target.arn) == expected
    assert ask(capture, role_arn("app/deploy"), "sts:AssumeRole", target.arn) == "conditional"


def with_bucket(policy: Any, *entries: Any) -> Evaluator:
    bucket = Resource(arn=OBJECT.rpartition("/")[0], account_id=ID, is_policy_captured=True, policy=policy)
    return Evaluator(snapshot(account(*entries)).model_copy(update={"resources": (bucket,)}))


CI = f"arn:aws:sts::{ID}:assumed-role/deploy/ci"


@rule("E3", "J2")
@pytest.mark.parametrize("effect", ["Allow", "Deny"])
def test_a_role_may_do_what_a_session_that_a_policy_names_may(effect: str) -> None:
    """Of a role that is asked about nobody knows the session."""
    own = [] if effect == "Allow" else [document(allow())]
    policy = document({"Effect": effect, "Principal": {"AWS": CI}, "Action": "s3:*", "Resource": "*"})
    capture = with_bucket(policy, role("deploy", *own), role("bystander"), user("ana"))
    request = Request(role_arn("deploy"), "s3:GetObject", OBJECT)
    answer = capture.can(request)
    assert (answer.decision, capture.decide(request)) == ("conditional", "conditional")
    in_session = {"aws:userid": "AROADEPLOY:ci"}
    assert in_session in (answer.conditions if effect == "Allow" else answer.denials)
    rows = {row.principal: row.decision for row in capture.who_can(action="s3:GetObject", resource=OBJECT)}
    assert rows == {role_arn("deploy"): "conditional", ROOT: "allowed"}
    inside, outside = ("allowed", "implicitDeny") if effect == "Allow" else ("explicitDeny", "allowed")
    assert ask(capture, CI) == ask(capture, role_arn("deploy"), context=in_session) == inside
    assert ask(capture, f"{CI}-2") == ask(capture, role_arn("deploy"), context={"aws:userid": "X:y"}) == outside


@rule("E1", "E3")
@pytest.mark.parametrize(
    "named",
    [
        f"arn:aws:sts::{ID}:assumed-role/other/ci",
        f"arn:aws:sts::{OTHER_ID}:assumed-role/deploy/ci",
        f"arn:aws:sts::{ID}:assumed-role/deploy/*",
        f"arn:aws:sts::{ID}:assumed-role/deploy",
    ],
)
def test_sessions_of_other_roles_and_patterns_of_sessions_say_nothing_of_a_role(named: str) -> None:
    policy = document({"Effect": "Allow", "Principal": {"AWS": named}, "Action": "s3:*", "Resource": "*"})
    assert ask(with_bucket(policy, role("deploy")), role_arn("deploy")) == "implicitDeny"


@rule("E3", "C3")
def test_a_session_that_a_policy_names_goes_past_the_boundary_of_its_role() -> None:
    narrow = managed(policy_arn("narrow"), document(allow("ec2:*")))
    policy = document({"Effect": "Allow", "Principal": {"AWS": CI}, "Action": "s3:*", "Resource": "*"})
    capture = with_bucket(policy, role("deploy", boundary=narrow.arn), narrow)
    assert ask(capture, CI) == "allowed"
    assert ask(capture, role_arn("deploy")) == "conditional"


@rule("E12", "C3")
@pytest.mark.parametrize(
    ("principal", "named", "expected"),
    [
        (user_arn("ana"), "AIDAANA", "allowed"),
        (user_arn("ana"), "AIDAOTHER", "implicitDeny"),
        (role_arn("deploy"), "AROADEPLOY", "allowed"),
        (f"arn:aws:sts::{ID}:assumed-role/deploy/ci", "AROADEPLOY", "allowed"),
        (f"arn:aws:sts::{ID}:assumed-role/deploy/ci", "AIDAANA", "implicitDeny"),
    ],
)
def test_unique_ids_name_the_entities_that_have_them(principal: str, named: str, expected: str) -> None:
    capture = evaluator(user("ana"), role("deploy"), role("target", trust=trusting({"AWS": named})))
    assert ask(capture, principal, "sts:AssumeRole", role_arn("target")) == expected


@rule("E12", "C4")
def test_an_id_of_a_role_is_limited_as_the_role_is() -> None:
    """A grant to the role does not go past a session policy; a grant to the session itself would."""
    capture = evaluator(role("deploy"), role("target", trust=trusting({"AWS": "AROADEPLOY"})))
    session = f"arn:aws:sts::{ID}:assumed-role/deploy/ci"
    narrow = (SessionPolicy("narrow", document(allow("ec2:*"))),)
    assert ask(capture, session, "sts:AssumeRole", role_arn("target"), session_policies=narrow) == "implicitDeny"


@rule("E4", "C5")
def test_a_federated_user_has_what_its_user_and_its_session_policy_allow() -> None:
    capture = evaluator(user("ana", document(allow("s3:*"))))
    federated = f"arn:aws:sts::{ID}:federated-user/ana"
    assert ask(capture, federated) == "implicitDeny"
    wide, narrow = (SessionPolicy("wide", document(allow())),), (SessionPolicy("narrow", document(allow("ec2:*"))),)
    assert ask(capture, federated, session_policies=wide) == "allowed"
    assert ask(capture, federated, session_policies=narrow) == "implicitDeny"
    assert ask(capture, federated, "ec2:DescribeInstances", "*", session_policies=wide) == "implicitDeny"
    answer = capture.can(Request(federated, "s3:GetObject", "arn:aws:s3:::b/k", session_policies=wide))
    [by_name] = [one.message for one in answer.assumptions if one.code == "federated-user-by-name"]
    assert by_name.endswith("a session of the user ana.")


@rule("E5", "I10")
def test_the_root_user_needs_no_policy() -> None:
    capture = evaluator(user("ana"), role("target", trust=trusting({"AWS": ROOT})))
    assert ask(capture, ROOT) == "allowed"
    answer = capture.can(Request(ROOT, "sts:AssumeRole", role_arn("target")))
    assert answer.decision == "implicitDeny"
    assert answer.blocked_by == ("credentials",)


@rule("C4", "C6")
def test_session_policies_limit_and_add_up() -> None:
    capture = evaluator(role("deploy", document(allow("s3:*"))))
    session = f"arn:aws:sts::{ID}:assumed-role/deploy/ci"
    ec2, s3 = SessionPolicy("ec2", document(allow("ec2:*"))), SessionPolicy("s3", document(allow("s3:Get*")))
    assert ask(capture, session, session_policies=(ec2,)) == "implicitDeny"
    assert ask(capture, session, session_policies=(ec2, s3)) == "allowed"
    assert ask(capture, session, session_policies=()) == "implicitDeny"


@rule("C4", "F7", "G17", "L5")
@pytest.mark.parametrize(
    ("odd", "words"),
    [
        (document(allow(condition={"StringEqualz": {"aws:username": "ana"}})), "`StringEqualz` does not exist"),
        (document(allow()) | {"Version": "2012-10-18"}, "2012-10-18"),
        (document({**allow(), "Principal": "*"}), "`Principal`"),
        (document({**allow(), "Effect": "allow"}), "`allow` is not"),
        (document({"Effect": "Allow", "Resource": "*"}), "neither `Action`"),
        (document({"Effect": "Allow", "Action": "*"}), "neither `Resource`"),
        (document({**allow(), "NotAction": "s3:*"}), "both `Action`"),
        (document(allow(), {"Effect": "Deny", "Action": "GetObject", "Resource": "*"}), "`GetObject` names no action"),
        (document(allow("*", "b/k")), "begin with `arn:`"),
        (document(allow("*", "arn:aws:s3")), "of 6 fields"),
        (document({**allow(), "Sid": "a"}, {**allow(), "Sid": "a"}), "already used"),
        (document({**allow(), "Sid": "a b"}), "`a b`"),
        (document(), "no statement"),
        ("garbage", "JSON object"),
        ([], "JSON object"),
    ],
)
def test_a_session_policy_that_aws_refuses_makes_no_session(odd: Any, words: str) -> None:
    capture = evaluator(role("deploy", document(allow())))
    session = f"arn:aws:sts::{ID}:assumed-role/deploy/ci"
    with pytest.raises(RequestError, match="AWS makes no session with the session policy passed: ") as refused:
        ask(capture, session, session_policies=(SessionPolicy("passed", odd),))
    assert words in str(refused.value)


@rule("C4", "E16")
def test_a_session_policy_of_a_user_is_taken_as_delegation_and_said() -> None:
    capture = evaluator(user("ana", document(allow())))
    passed = (SessionPolicy("passed", document(allow())),)
    request = Request(user_arn("ana"), "s3:GetObject", "arn:aws:s3:::b/k", session_policies=passed)
    [remark] = capture.can(request).request.remarks
    assert remark.startswith("A user's own requests have no session policy")
    assert capture.can(replace(request, session_policies=None)).request.remarks == ()


@rule("I2", "D1")
def test_an_outsider_is_judged_by_the_trust_policy() -> None:
    capture = evaluator(role("target", trust=trusting({"AWS": OTHER_ID})), role("closed"))
    outsider = user_arn("zoe", OTHER_ID)
    answer = capture.can(Request(outsider, "sts:AssumeRole", role_arn("target")))
    assert answer.decision == "conditional", "its own account has to allow it, and is not captured"
    of_resource = Request(outsider, "sts:AssumeRole", role_arn("target"), is_of_resource=True)
    assert capture.can(of_resource).decision == "allowed"
    assert capture.decide(of_resource) == "allowed"
    assert capture.decide(Request(outsider, "sts:AssumeRole", role_arn("target"))) == "conditional"
    assert [note.code for note in answer.assumptions] == ["principal-outside"]
    assert OTHER_ID in answer.assumptions[0].message
    assert ask(capture, outsider, "sts:AssumeRole", role_arn("closed")) == "implicitDeny"


@rule("E9")
def test_providers_enter_by_the_trust_policy_alone() -> None:
    saml = f"arn:aws:iam::{ID}:saml-provider/corp"
    trust = trusting({"Federated": saml}, "sts:AssumeRoleWithSAML", {"StringEquals": {"SAML:aud": "x"}})
    capture = evaluator(role("target", trust=trust))
    target = role_arn("target")
    assert ask(capture, saml, "sts:AssumeRoleWithSAML", target, context={"saml:aud": "x"}) == "allowed"
    assert ask(capture, saml, "sts:AssumeRoleWithSAML", target, context={"saml:aud": "y"}) == "implicitDeny"
    assert ask(capture, saml, "sts:AssumeRoleWithSAML", target) == "conditional"
    assert ask(capture, f"{saml}-2", "sts:AssumeRoleWithSAML", target, context={"saml:aud": "x"}) == "implicitDeny"


@rule("I2")
def test_the_trust_policy_is_the_resource_policy_of_sts_alone() -> None:
    capture = evaluator(user("ana"), role("target", trust=trusting({"AWS": user_arn("ana")}, "*")))
    assert ask(capture, user_arn("ana"), "sts:AssumeRole", role_arn("target")) == "allowed"
    assert ask(capture, user_arn("ana"), "iam:GetRole", role_arn("target")) == "implicitDeny"
    assert ask(capture, user_arn("ana"), "iam:PassRole", role_arn("target")) == "implicitDeny"


@rule("D1", "D5")
def test_accounts_of_one_snapshot_are_still_two_accounts() -> None:
    both = snapshot(
        account(user("ana", document(allow()))),
        account(
            role("target", trust=trusting({"AWS": ID}), account=OTHER_ID),
            user("zoe", account=OTHER_ID),
            number=OTHER_ID,
        ),
    )
    capture = Evaluator(both)
    assert ask(capture, user_arn("ana"), "sts:AssumeRole", role_arn("target", OTHER_ID)) == "allowed"
    assert ask(capture, user_arn("zoe", OTHER_ID), "sts:AssumeRole", role_arn("target", OTHER_ID)) == "implicitDeny"
    assert ask(capture, user_arn("ana"), "iam:GetUser", user_arn("zoe", OTHER_ID)) == "implicitDeny"
