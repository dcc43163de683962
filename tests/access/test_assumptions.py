"""What a snapshot lacks is told exactly where it can change the answer, with the other answer where there is one."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iamdesk.access.evaluator import Evaluator
from iamdesk.evaluate.request import PolicyType, Request
from iamdesk.explain.counterfactual import minimal_policy_changes
from iamdesk.explain.decision import EvaluationResult
from iamdesk.simulate.test_cases import evaluate_case
from iamdesk.snapshot.resources import DataAccess, Resource

from ..builders.captures import (
    ID,
    OTHER_ID,
    ROOT,
    account,
    allow,
    deny,
    document,
    evaluator,
    group,
    managed,
    policy_arn,
    role,
    role_arn,
    snapshot,
    trusting,
    user,
    user_arn,
)
from ..rules import rule

OBJECT = "arn:aws:s3:::b/k"
KEY = f"arn:aws:kms:eu-west-1:{ID}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
INSTANCE = f"arn:aws:ec2:eu-west-1:{ID}:instance/i-1234567890abcdef0"
ANA = user_arn("ana")
# What an account by itself never knows, of an ordinary allowed request.
ALONE = {"organization-unknown": "explicitDeny"}


def ask(capture: Evaluator, action: str, resource: str = "*", principal: str = ANA, **more: Any) -> EvaluationResult:
    return capture.can(Request(principal, action, resource, **more))


def notes(answer: EvaluationResult) -> dict[str, str | None]:
    """The other answers by code, of everything that the answer takes for granted."""
    assert all(note.message.endswith(".") for note in answer.assumptions)
    return {
        note.code: None if note.other_decision is None else note.other_decision.value for note in answer.assumptions
    }


@rule("B3")
@pytest.mark.parametrize(
    ("statements", "decision", "expected"),
    [
        ([allow()], "allowed", ALONE),
        ([], "implicitDeny", {}),
        ([deny()], "explicitDeny", {}),
        (
            [allow("*", "*", {"Bool": {"aws:MultiFactorAuthPresent": "true"}})],
            "conditional",
            {"organization-unknown": None},
        ),
    ],
)
def test_service_control_policies_can_only_take_away(statements: Any, decision: str, expected: Any) -> None:
    answer = ask(evaluator(user("ana", document(*statements))), "ec2:DescribeInstances")
    assert answer.decision == decision
    assert notes(answer) == expected


@rule("E11", "B6")
def test_service_linked_roles_are_not_bound_by_organization_policies() -> None:
    linked = role("AWSServiceRoleForECS", document(allow()), path="/aws-service-role/ecs.amazonaws.com/")
    assert notes(ask(evaluator(linked), "ec2:DescribeInstances", principal=linked.arn)) == {}


@rule("I3", "I10")
def test_nothing_missing_matters_where_no_policy_counts() -> None:
    capture = evaluator(user("ana", attached=[policy_arn("gone")]), role("r"))
    assert notes(ask(capture, "sts:GetCallerIdentity")) == {}
    assert notes(ask(capture, "sts:GetSessionToken", principal=role_arn("r"))) == {}


@pytest.mark.parametrize("missing", ["policy", "group"])
def test_a_missing_policy_or_group_may_allow_or_deny(missing: str) -> None:
    more: dict[str, Any] = {"attached": [policy_arn("gone")]} if missing == "policy" else {"groups": ["gone"]}
    code = f"{missing}-missing"
    silent = ask(evaluator(user("ana", **more)), "ec2:DescribeInstances")
    assert silent.decision == "implicitDeny"
    assert notes(silent) == {code: "allowed"}
    assert "gone" in silent.assumptions[0].message
    allowed = ask(evaluator(user("ana", document(allow()), **more)), "ec2:DescribeInstances")
    assert allowed.decision == "allowed"
    assert notes(allowed) == {**ALONE, code: "explicitDeny"}
    denied = ask(evaluator(user("ana", document(deny()), **more)), "ec2:DescribeInstances")
    assert notes(denied) == {}


def test_a_policy_missing_from_a_group_is_missing_from_its_members() -> None:
    capture = evaluator(user("ana", groups=["staff"]), group("staff", attached=[policy_arn("gone")]))
    assert notes(ask(capture, "ec2:DescribeInstances")) == {"policy-missing": "allowed"}


def test_aws_managed_policies_are_known_by_their_arn() -> None:
    arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    capture = evaluator(user("ana", attached=[arn]), managed(arn, document(allow("ec2:*"))))
    answer = ask(capture, "ec2:DescribeInstances")
    assert notes(answer) == ALONE
    assert answer.matched_statements[0].source_policy_type == "aws-managed"


@rule("C3")
def test_a_missing_boundary_allows_nothing_and_says_so() -> None:
    silent = ask(evaluator(user("ana", boundary=policy_arn("gone"))), "ec2:DescribeInstances")
    assert notes(silent) == {}, "the boundary cannot help where nothing grants"
    granted = ask(evaluator(user("ana", document(allow()), boundary=policy_arn("gone"))), "ec2:DescribeInstances")
    assert granted.decision == "implicitDeny"
    assert granted.blocked_by == ("permissions-boundary",)
    assert notes(granted) == {"boundary-missing": "allowed"}
    conditional = document(allow("*", "*", {"Bool": {"aws:MultiFactorAuthPresent": "true"}}))
    open_answer = ask(evaluator(user("ana", conditional, boundary=policy_arn("gone"))), "ec2:DescribeInstances")
    assert open_answer.decision == "implicitDeny"
    assert notes(open_answer) == {"boundary-missing": "conditional"}


@rule("D4")
def test_gaps_that_matter_only_together_are_both_told() -> None:
    """Identity policies grant nothing that is known, and the boundary is not known: each could be what is lacking."""
    capture = evaluator(user("ana", attached=[policy_arn("gone")], boundary=policy_arn("gone-too")))
    answer = ask(capture, "ec2:DescribeInstances")
    assert answer.decision == "implicitDeny"
    assert notes(answer) == {"policy-missing": None, "boundary-missing": None}


@rule("C1", "D4")
def test_a_bucket_of_the_account_whose_policy_is_missing() -> None:
    silent = ask(evaluator(user("ana")), "s3:GetObject", OBJECT, resource_account=ID)
    assert silent.decision == "implicitDeny"
    assert notes(silent) == {"resource-policy-missing": "allowed"}
    allowed = ask(evaluator(user("ana", document(allow()))), "s3:GetObject", OBJECT, resource_account=ID)
    assert notes(allowed) == {**ALONE, "resource-policy-missing": "explicitDeny"}
    denied = ask(evaluator(user("ana", document(deny()))), "s3:GetObject", OBJECT, resource_account=ID)
    assert notes(denied) == {}


@rule("C1", "D5")
@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:eu-west-1:{ID}:secret:payroll-AbCdEf"),
        ("lambda:GetLayerVersion", f"arn:aws:lambda:eu-west-1:{ID}:layer:tools:3"),
        ("backup:DeleteBackupVault", f"arn:aws:backup:eu-west-1:{ID}:backup-vault:daily"),
        ("aoss:APIAccessAll", f"arn:aws:aoss:eu-west-1:{ID}:collection/1234abcd"),
        ("sqs:SendMessage", f"arn:aws:sqs:eu-west-1:{ID}:orders"),
    ],
)
def test_a_missing_policy_of_any_resource_that_can_have_one_is_told(action: str, resource: str) -> None:
    answer = ask(evaluator(user("ana")), action, resource)
    assert notes(answer) == {"resource-policy-missing": "allowed"}


@rule("C3")
def test_a_missing_bucket_policy_could_go_past_the_boundary_of_a_role() -> None:
    narrow = managed(policy_arn("narrow"), document(allow("ec2:*")))
    capture = evaluator(role("r", document(allow()), boundary=policy_arn("narrow")), narrow)
    answer = ask(capture, "s3:GetObject", OBJECT, role_arn("r"), resource_account=ID)
    assert answer.decision == "implicitDeny"
    assert notes(answer) == {"resource-policy-missing": "allowed"}


@rule("C1", "D4")
def test_a_missing_policy_is_told_also_where_a_deny_may_apply() -> None:
    lock = deny(condition={"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}})
    answer = ask(evaluator(user("ana", document(lock))), "s3:GetObject", OBJECT, resource_account=ID)
    assert answer.decision == "implicitDeny"
    assert notes(answer) == {"resource-policy-missing": "conditional"}


_CONDITIONS = st.sampled_from(
    [
        None,
        {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}},
        {"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1", "eu-central-1"]}},
        {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
        {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
        {"Null": {"aws:SourceVpce": "true"}},
    ]
)
_ACTIONS = st.sampled_from(["*", "s3:*", "s3:GetObject", "ec2:*"])
_STATEMENTS = st.lists(
    st.builds(
        lambda make, *more: make(*more),
        st.sampled_from([allow, deny]),
        _ACTIONS,
        st.sampled_from(["*", OBJECT, "arn:aws:s3:::other/*"]),
        _CONDITIONS,
    ),
    max_size=3,
)
_OF_BUCKET = document({"Effect": "Allow", "Principal": {"AWS": ANA}, "Action": "s3:*", "Resource": "arn:aws:s3:::b/*"})
_GONE = policy_arn("gone")


@rule("C1", "D4")
@given(statements=_STATEMENTS, limits=st.none() | _STATEMENTS, lacks_policy=st.booleans())
def test_a_denial_without_an_assumption_stays_whatever_was_not_captured(
    statements: Any, limits: Any, lacks_policy: bool
) -> None:
    boundary = {} if limits is None else {"boundary": policy_arn("limits")}
    known = [managed(policy_arn("limits"), document(*(limits or ())))]
    ana = user("ana", document(*statements), attached=[_GONE] if lacks_policy else [], **boundary)
    answer = ask(evaluator(ana, *known), "s3:GetObject", OBJECT, resource_account=ID)
    if answer.decision not in ("implicitDeny", "explicitDeny"):
        return
    gone = managed(_GONE, document(allow()))
    bucket = Resource(arn="arn:aws:s3:::b", account_id=ID, policy=_OF_BUCKET)
    told = {
        "resource-policy-missing": evaluator(ana, *known, resources=[bucket]),
        "policy-missing": evaluator(ana, *known, gone),
        "both": evaluator(ana, *known, gone, resources=[bucket]),
    }
    told_codes = notes(answer).keys() & told.keys()
    for code, whole in told.items():
        then = ask(whole, "s3:GetObject", OBJECT, resource_account=ID).decision
        if code in told_codes or (code == "both" and told_codes):
            continue
        assert then in ("implicitDeny", "explicitDeny")


@rule("E10", "E8")
@pytest.mark.parametrize("principal", ["anonymous", "cloudtrail.amazonaws.com"])
def test_a_missing_bucket_policy_decides_for_those_that_have_no_other(principal: str) -> None:
    answer = ask(evaluator(user("ana")), "s3:GetObject", OBJECT, principal, resource_account=ID)
    assert answer.decision == "implicitDeny"
    assert notes(answer) == {"resource-policy-missing": "allowed"}


@rule("D1", "D4")
def test_across_accounts_both_sides_may_be_missing() -> None:
    known = ask(evaluator(user("ana", document(allow()))), "s3:GetObject", OBJECT, resource_account=OTHER_ID)
    assert known.decision == "implicitDeny"
    assert notes(known) == {"resource-policy-missing": "allowed"}
    lacking = ask(evaluator(user("ana")), "s3:GetObject", OBJECT, resource_account=OTHER_ID)
    assert notes(lacking) == {}, "the bucket's policy alone would not be enough"
    both = ask(evaluator(user("ana", attached=[policy_arn("gone")])), "s3:GetObject", OBJECT, resource_account=OTHER_ID)
    assert notes(both) == {"policy-missing": None, "resource-policy-missing": None}


@rule("D4")
def test_an_unknown_owner_is_told_where_another_owner_would_refuse() -> None:
    allowed = ask(evaluator(user("ana", document(allow()))), "s3:GetObject", OBJECT)
    assert notes(allowed) == {**ALONE, "owner-unknown": "implicitDeny", "resource-policy-missing": "explicitDeny"}
    silent = ask(evaluator(user("ana")), "s3:GetObject", OBJECT)
    assert notes(silent) == {"resource-policy-missing": "allowed"}
    known = ask(evaluator(user("ana", document(allow()))), "ec2:StartInstances", INSTANCE)
    assert notes(known) == ALONE


@rule("D5")
def test_services_without_resource_policies_lack_none() -> None:
    assert notes(ask(evaluator(user("ana")), "ec2:StartInstances", INSTANCE)) == {}


@rule("I1")
def test_a_missing_key_policy_refuses_and_may_grant() -> None:
    answer = ask(evaluator(user("ana", document(allow()))), "kms:Decrypt", KEY)
    assert answer.decision == "implicitDeny"
    assert notes(answer) == {"key-policy-missing": "allowed"}
    assert "key policy" in answer.sentence
    silent = ask(evaluator(user("ana")), "kms:Decrypt", KEY)
    assert notes(silent) == {"key-policy-missing": "allowed"}, "a key policy can grant by itself"
    assert notes(ask(evaluator(user("ana", document(deny()))), "kms:Decrypt", KEY)) == {}


@rule("E6")
def test_a_resource_policy_that_must_allow_is_named_when_it_was_not_captured() -> None:
    crossing = evaluator(user("ana", document(allow())))
    answer = ask(crossing, "sqs:SendMessage", f"arn:aws:sqs:eu-west-1:{OTHER_ID}:orders")
    assert answer.decision == "implicitDeny"
    assert notes(answer)["resource-policy-missing"] == "allowed"
    assert "the resource policy, which must allow the access, is not captured" in answer.sentence


@rule("I2")
@pytest.mark.parametrize("target", [role_arn("none"), role_arn("none", OTHER_ID)])
def test_a_missing_trust_policy_refuses_and_may_grant(target: str) -> None:
    answer = ask(evaluator(user("ana", document(allow()))), "sts:AssumeRole", target)
    assert answer.decision == "implicitDeny"
    assert notes(answer) == {"trust-policy-missing": "allowed"}
    assert "trust policy" in answer.sentence


@rule("G17", "L2")
def test_a_policy_that_aws_would_not_save_is_named_where_it_could_decide() -> None:
    odd = deny("*", "*", {"StringEqualz": {"aws:username": "ana"}})

    def rejected(answer: EvaluationResult) -> list[str]:
        return [note.message for note in answer.assumptions if note.code == "policy-rejected"]

    answer = ask(evaluator(user("ana", document(allow(), odd))), "s3:GetObject", OBJECT)
    assert answer.decision == "allowed"
    assert "`StringEqualz` is not a condition operator" in rejected(answer)[0]
    assert answer.open_assumptions
    documents: list[Any] = [
        {**document(allow()), "Version": "2012-10-18"},
        document({**allow(), "Principal": "*"}),
        document(allow(), {**deny(), "Principal": "*"}),
    ]
    for each in documents:
        assert len(rejected(ask(evaluator(user("ana", each)), "s3:GetObject", OBJECT))) == 1
    narrow = evaluator(user("ana", document(allow(), odd | {"Action": "sqs:*"})))
    assert rejected(ask(narrow, "s3:GetObject", OBJECT)) == []


NO_RESOURCE = {"Effect": "Deny", "Action": "s3:GetObject"}


@rule("F7", "F8", "L5")
@pytest.mark.parametrize(
    ("denying", "words"),
    [
        (deny("GetObject"), "`GetObject` names no action"),
        (deny(["sqs:*", "getobject"]), "`getobject` names no action"),
        (deny("s3: GetObject"), "contains white space"),
        (deny("s3:GetObject,s3:PutObject"), "a comma"),
        (deny("s3:GetObject", OBJECT.removeprefix("arn:aws:s3:::")), "neither `*` nor an ARN"),
        (NO_RESOURCE, "neither `Resource` nor `NotResource`"),
        (NO_RESOURCE | {"Ressource": "*"}, "neither `Resource` nor `NotResource`"),
        (deny("sqs:SendMessage,s3:PutObject"), None),
        (deny("PutObject"), None),
        (deny("GetObject", "arn:aws:s3:::other/*"), None),
        (deny("s3:GetObject", "other/x"), None),
    ],
)
def test_a_statement_that_aws_would_not_save_is_named_where_it_plainly_means_the_request(
    denying: Any, words: str | None
) -> None:
    answer = ask(evaluator(user("ana", document(allow(), denying))), "s3:GetObject", OBJECT)
    found = [note.message for note in answer.assumptions if note.code == "policy-rejected"]
    assert answer.decision == "allowed"
    assert len(found) == (words is not None)
    assert all(words in message for message in found if words)


def denying(**more: Any) -> Any:
    return {"Effect": "Deny", "Action": ["sqs:*", "sts:*"]} | more


ANY = {"Principal": "*"}
QUEUE = f"arn:aws:sqs:eu-west-1:{ID}:orders"


@rule("E1", "E6")
@pytest.mark.parametrize(
    ("policies", "action", "resource", "words"),
    [
        ({"resource_policy": denying(Resource="*")}, "sqs:SendMessage", QUEUE, "has no `Principal`"),
        ({"rcps": denying(Resource="*")}, "sqs:SendMessage", QUEUE, "has no `Principal`"),
        ({"rcps": denying(Resource="*", Principal={"AWS": ANA})}, "sqs:SendMessage", QUEUE, "an RCP supports only"),
        ({"rcps": denying(Resource="*", **ANY)}, "sqs:SendMessage", QUEUE, None),
        ({"rcps": {**denying(Resource="*"), "Action": "s3:*"}}, "sqs:SendMessage", QUEUE, None),
        ({"resource_policy": denying(Resource="*", **ANY)}, "sts:AssumeRole", role_arn("r"), "not support `Resource`"),
        (
            {"resource_policy": denying(NotPrincipal={"AWS": OTHER_ID})},
            "sts:AssumeRole",
            role_arn("r"),
            "not support `NotPrincipal`",
        ),
        ({"resource_policy": denying(**ANY)}, "sts:AssumeRole", role_arn("r"), None),
    ],
)
def test_a_case_names_the_elements_that_aws_would_not_save(
    policies: Any, action: str, resource: str, words: str | None
) -> None:
    """IAM User Guide, Principal and NotPrincipal; AWS Organizations User Guide, RCP syntax."""
    written = {kind: document(statement) for kind, statement in policies.items()}
    if "rcps" in written:
        written["rcps"] = [
            [
                {"name": "RCPFullAWSAccess", "document": document(allow() | ANY)},
                {"name": "p", "document": written["rcps"]},
            ]
        ]
    allowing = [{"name": "all", "document": document(allow())}]
    case = {"principal": ANA, "action": action, "resource": resource, "identity_policies": allowing, **written}
    told = [note.message for note in evaluate_case(case).assumptions if note.code == "policy-rejected"]
    assert len(told) == (words is not None)
    assert all(words in message for message in told if words)


@rule("A5", "B3", "B7")
def test_what_was_not_captured_is_unknown_and_what_is_not_there_does_not_apply() -> None:
    role_in = role("in")
    linked = role("AWSServiceRoleForX", path="/aws-service-role/x.amazonaws.com/")
    capture = evaluator(user("ana", document(allow())), role_in, linked)

    def lines(principal: str, action: str, resource: str) -> dict[str, tuple[bool, str]]:
        answer = ask(capture, action, resource, principal)
        assert all(line.decision is None for line in answer.layers if line.is_unknown)
        return {line.layer.value: (line.is_unknown, line.sentence) for line in answer.layers}

    bucket = lines(ANA, "s3:GetObject", OBJECT)
    assert bucket["scp"] == bucket["rcp"] == (True, "not captured (could deny)")
    assert bucket["resource"] == (True, "not captured (could allow or deny)")
    assert bucket["permissions-boundary"] == (False, "none set: no limit")
    instance = lines(ANA, "ec2:StartInstances", INSTANCE)
    assert instance["rcp"] == (False, "do not apply to ec2")
    assert instance["resource"][0] is False
    arn = f"arn:aws:iam::{ID}:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX"
    of_linked = lines(arn, "s3:GetObject", OBJECT)
    assert of_linked["scp"] == (False, "do not apply to this caller")
    assert lines("s3.amazonaws.com", "sqs:SendMessage", f"arn:aws:sqs:eu-west-1:{ID}:q")["scp"][0] is False


@rule("D1")
def test_an_outsider_is_told_where_its_own_policies_could_refuse() -> None:
    capture = evaluator(role("open", trust=trusting({"AWS": OTHER_ID})), role("closed"))
    outsider = user_arn("zoe", OTHER_ID)
    assert notes(ask(capture, "sts:AssumeRole", role_arn("open"), outsider)) == {"principal-outside": None}
    assert notes(ask(capture, "sts:AssumeRole", role_arn("closed"), outsider)) == {}


@rule("D1")
def test_an_outsider_is_shown_with_no_policy_that_nobody_captured() -> None:
    """Neither a statement nor a text nor a change of them: what its account allows is an assumption, and said."""
    capture = evaluator(role("open", trust=trusting({"AWS": OTHER_ID})), role("closed"))
    outsider = user_arn("zoe", OTHER_ID)
    asked = [
        ("sts:AssumeRole", role_arn("open"), "conditional"),
        ("sts:AssumeRole", role_arn("closed"), "implicitDeny"),
        ("ec2:DescribeInstances", "*", "conditional"),
    ]
    for action, resource, decision in asked:
        answer = ask(capture, action, resource, outsider)
        assert answer.decision == decision
        captured = {role_arn("open"), role_arn("closed")}
        assert {line.owner for line in answer.statements} <= captured
        assert all(line.policy_key for line in answer.statements)
        assert all("statement" not in line.sentence for line in answer.layers if line.layer == "identity")
        [boundary] = [line.sentence for line in answer.layers if line.layer == "permissions-boundary"]
        assert boundary == "not captured (could deny)"
        if decision == "conditional":
            assert "only if its account, which is not captured, allows it" in answer.sentence
        changes = minimal_policy_changes(capture.trace(Request(outsider, action, resource))).changes
        assert {one.line.owner for change in changes for one in change.removals} <= captured


@rule("E6", "K9")
def test_pages_that_disagree_are_told_with_the_other_answer() -> None:
    crossing = evaluator(user("ana", document(allow("sqs:*", "arn:aws:sqs:*:q"))))
    answer = ask(crossing, "sqs:SendMessage", f"arn:aws:sqs:eu-west-1:{ID}:q")
    assert answer.decision == "allowed"
    assert notes(answer)["pages-disagree"] == "implicitDeny"
    certain = evaluator(user("ana", document(allow("sqs:*", ["arn:aws:sqs:*:q", "arn:aws:sqs:*:*:q"]))))
    assert "pages-disagree" not in notes(ask(certain, "sqs:SendMessage", f"arn:aws:sqs:eu-west-1:{ID}:q"))


@rule("I2", "K9")
def test_the_boundary_against_a_trust_policy_that_names_the_user_is_disputed() -> None:
    narrow = managed(policy_arn("narrow"), document(allow("s3:*")))
    capture = evaluator(
        user("ana", boundary=policy_arn("narrow")), role("target", trust=trusting({"AWS": ANA})), narrow
    )
    answer = ask(capture, "sts:AssumeRole", role_arn("target"))
    assert answer.decision == "implicitDeny"
    assert notes(answer)["pages-disagree"] == "allowed"


@rule("I2", "C3")
def test_a_boundary_is_not_disputed_where_the_trust_policy_names_the_account() -> None:
    narrow = managed(policy_arn("narrow"), document(allow("s3:*")))
    capture = evaluator(
        user("ana", document(allow()), boundary=policy_arn("narrow")),
        role("target", trust=trusting({"AWS": ID})),
        narrow,
    )
    answer = ask(capture, "sts:AssumeRole", role_arn("target"))
    assert (answer.decision, answer.blocked_by) == ("implicitDeny", ("permissions-boundary",))
    assert "pages-disagree" not in notes(answer)


@rule("D4")
def test_what_aws_owns_is_asked_of_the_callers_account() -> None:
    capture = evaluator(role("reader", document(allow("iam:Get*"))))
    answer = ask(capture, "iam:GetPolicy", "arn:aws:iam::aws:policy/ReadOnlyAccess", role_arn("reader"))
    assert answer.decision == "allowed"
    assert notes(answer) == ALONE


@rule("K7", "K9")
def test_what_hangs_on_nothing_after_all_is_not_disputed_for_that() -> None:
    """The same key in two statements: allowed whatever it is, under either reading of the third."""
    mfa = "aws:MultiFactorAuthPresent"
    statements = [
        allow("sqs:*", "*", {"Bool": {mfa: "true"}}),
        allow("sqs:*", "*", {"BoolIfExists": {mfa: "false"}}),
        allow("sqs:*", "arn:aws:sqs:*:q"),
    ]
    answer = ask(evaluator(user("ana", document(*statements))), "sqs:SendMessage", f"arn:aws:sqs:eu-west-1:{ID}:q")
    assert answer.decision == "allowed"
    assert "pages-disagree" not in notes(answer)


@rule("I2", "K9")
def test_a_deny_that_may_strike_is_no_disagreement_of_pages() -> None:
    denying = deny("sts:AssumeRole", "*", {"Bool": {"aws:MultiFactorAuthPresent": "false"}})
    capture = evaluator(user("ana", document(denying)), role("target", trust=trusting({"AWS": ROOT})))
    answer = ask(capture, "sts:AssumeRole", role_arn("target"))
    assert answer.decision == "implicitDeny"
    assert "pages-disagree" not in notes(answer)


@rule("I2")
def test_tagging_a_session_takes_no_permission_of_the_callers_own() -> None:
    """IAM User Guide, "Pass session tags in AWS STS": the trust policy that names the user is enough."""
    trust = trusting({"AWS": ANA}, ["sts:AssumeRole", "sts:TagSession"])
    answer = ask(evaluator(user("ana"), role("target", trust=trust)), "sts:TagSession", role_arn("target"))
    assert answer.decision == "allowed"
    assert "pages-disagree" not in notes(answer)


@rule("L5")
@pytest.mark.parametrize(
    ("statement", "action", "is_told"),
    [
        ({"Effect": "Deny", "Action": "ec2:*", "NotAction": "s3:*", "Resource": "*"}, "ec2:DescribeInstances", True),
        ({"Effect": "Deny"}, "ec2:DescribeInstances", True),
        ("x", "ec2:DescribeInstances", True),
        ({"Effect": "deny", "Action": "s3:*", "Resource": "*"}, "ec2:DescribeInstances", False),
        ({"Effect": "deny", "Action": "ec2:*", "Resource": "*"}, "ec2:DescribeInstances", True),
    ],
)
def test_a_statement_that_cannot_be_read_is_told_where_it_could_speak(
    statement: Any, action: str, is_told: bool
) -> None:
    answer = ask(evaluator(user("ana", document(allow(), statement))), action)
    assert answer.decision == "allowed"
    assert ("policy-malformed" in notes(answer)) == is_told
    assert any("inline-1" in note.message for note in answer.assumptions) == is_told


@rule("L5")
def test_a_document_that_cannot_be_read_is_told_but_not_where_it_cannot_matter() -> None:
    capture = evaluator(user("ana", "garbage"), user("bob", "garbage", document(deny())))
    assert "policy-malformed" in notes(ask(capture, "ec2:DescribeInstances"))
    assert notes(ask(capture, "ec2:DescribeInstances", principal=user_arn("bob"))) == {}


@rule("B1")
def test_without_a_layer_its_gaps_are_gone() -> None:
    answer = ask(
        evaluator(user("ana", document(allow()))), "s3:GetObject", OBJECT, resource_account=ID,
        without=frozenset({PolicyType.SCP, PolicyType.RESOURCE}),
    )  # fmt: skip
    assert answer.decision == "allowed"
    assert notes(answer) == {}


@pytest.mark.parametrize(
    ("action", "resource", "code"),
    [
        ("s3:GetObjekt", OBJECT, "action-unknown"),
        ("nosuch:Thing", "*", "action-unknown"),
        ("s3:GetObject", "*", "resource-unspecified"),
        ("s3:GetObject", "arn:aws:s3:::b", "resource-type"),
        ("s3:GetObject", "arn:aws:s3:::b/*", "resource-pattern"),
    ],
)
def test_odd_questions_are_answered_with_a_note(action: str, resource: str, code: str) -> None:
    answer = ask(evaluator(user("ana", document(allow()))), action, resource, resource_account=ID, unknown_action=True)
    assert code in notes(answer)


def test_root_needs_nothing_of_what_is_missing_but_the_organization() -> None:
    capture = Evaluator(snapshot(account(user("ana", attached=[policy_arn("gone")]))))
    assert notes(ask(capture, "ec2:DescribeInstances", principal=ROOT)) == ALONE


@rule("D8")
def test_of_a_lattice_service_the_policy_of_its_network_is_not_evaluated() -> None:
    service = f"arn:aws:vpc-lattice:eu-west-1:{ID}:service/svc-0abc"
    public = {"Effect": "Allow", "Principal": "*", "Action": "vpc-lattice-svcs:Invoke", "Resource": "*"}
    resource = Resource(arn=service, account_id=ID, policy={"Version": "2012-10-17", "Statement": [public]})
    alone = evaluator(user("ana", document(allow("vpc-lattice-svcs:Invoke"))))
    beside = Evaluator(alone.snapshot.model_copy(update={"resources": (resource,)}))
    answer = ask(beside, "vpc-lattice-svcs:Invoke", f"{service}/orders")
    assert answer.decision == "allowed"
    assert notes(answer) == {**ALONE, "resource-policy-missing": "explicitDeny"}
    without = ask(Evaluator(beside.snapshot), "vpc-lattice-svcs:Invoke", f"{service}/orders", "anonymous")
    assert without.decision == "allowed"


def test_of_s3_access_grants_the_grants_are_not_evaluated() -> None:
    instance = f"arn:aws:s3:eu-west-1:{ID}:access-grants/default"
    allowed = ask(evaluator(user("ana", document(allow("s3:GetDataAccess")))), "s3:GetDataAccess", instance)
    assert allowed.decision == "allowed"
    assert "decided-beside-policies" in notes(allowed)
    denied = ask(evaluator(user("ana", document(allow("sqs:*")))), "s3:GetDataAccess", instance)
    assert "decided-beside-policies" not in notes(denied)


def test_of_opensearch_serverless_the_data_access_policies_are_not_evaluated() -> None:
    collection = f"arn:aws:aoss:eu-west-1:{ID}:collection/07tjusf2h91cunochc"
    captured = Resource(arn=collection, account_id=ID, data_access=())
    alone = evaluator(user("ana", document(allow("aoss:*"))))
    known = Evaluator(alone.snapshot.model_copy(update={"resources": (captured,)}))
    answer = ask(known, "aoss:APIAccessAll", collection)
    assert answer.decision == "allowed"
    assert notes(answer) == {**ALONE, "decided-beside-policies": None}
    assert ask(known, "aoss:APIAccessAll", collection, "arn:aws:iam::444455556666:root").decision == "implicitDeny"
    [told] = [one.message for one in answer.assumptions if one.code == "decided-beside-policies"]
    assert told.endswith("the request is denied.")
    rule = DataAccess(policy="p", principals=(f"arn:aws:iam::{ID}:user/ana",), permissions=(), resources=())
    naming = captured.model_copy(update={"data_access": (rule,)})
    named = ask(Evaluator(alone.snapshot.model_copy(update={"resources": (naming,)})), "aoss:APIAccessAll", collection)
    [told] = [one.message for one in named.assumptions if one.code == "decided-beside-policies"]
    assert told.endswith("these are not evaluated.")
