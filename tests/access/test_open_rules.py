"""Rules that AWS's pages leave open: the answer names the rule and both readings, where the other one decides else."""

from typing import Any

import pytest

from iamdesk.evaluate import open_rules
from iamdesk.evaluate.open_rules import OPEN_RULES, OpenRule
from iamdesk.explain.decision import EvaluationResult
from iamdesk.simulate.test_cases import evaluate_case

from ..conformance.authoring import (
    ACCOUNT,
    FULL,
    OTHER_ACCOUNT,
    QUEUE,
    ROLE,
    ROOT,
    SESSION,
    TARGET_ROLE,
    USER,
    allow,
    case,
    doc,
    grant,
    refuse,
)
from ..rules import rule

EXTERNAL = f"arn:aws:iam::{OTHER_ACCOUNT}:user/zoe"
ACCESS_POINT = f"arn:aws:s3:eu-west-1:{ACCOUNT}:accesspoint/ap"
BEHIND = "arn:aws:s3:::amzn-s3-demo-bucket/*"
LOG_GROUP = f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:app"
S3_ALONE = doc(allow("s3:*"))


OPEN_QUEUE = doc(grant("*", "sqs:*"))


def answer(bucket: Any = None, **given: Any) -> EvaluationResult:
    whole = case("open", "allowed", "K9", "order", "", **given)
    return evaluate_case(whole if bucket is None else {**whole, "access_point_bucket": bucket})


def through_access_point(*spared_arns: str) -> dict[str, Any]:
    spares = {"Effect": "Deny", "Action": "s3:*", "NotResource": list(spared_arns)}
    return {
        "resource": f"{ACCESS_POINT}/object/k",
        "bucket": {"name": "amzn-s3-demo-bucket", "resource_account": ACCOUNT},
        "identity": doc(allow("s3:*"), spares),
    }


def on_tags(operator: str, listed: str, **context: Any) -> dict[str, Any]:
    condition = {operator: {"aws:TagKeys": listed}}
    return {
        "action": "iam:TagUser",
        "resource": USER,
        "identity": doc({**allow("*"), "Condition": condition}),
        **context,
    }


def spared(*names: str) -> dict[str, Any]:
    statement = refuse("*", "s3:*")
    del statement["Principal"]
    return {"identity": FULL, "policy": doc({**statement, "NotPrincipal": {"AWS": list(names)}})}


def entering(trusted: Any, action: str = "sts:AssumeRole", **more: Any) -> dict[str, Any]:
    return {"action": action, "resource": TARGET_ROLE, "policy": doc(grant(trusted, action, None)), **more}


def held_by(key: str, value: str) -> dict[str, Any]:
    policy = doc(grant("*", "s3:GetObject", "*", {"StringLike": {key: value}}))
    return {
        "principal": EXTERNAL, "identity": FULL, "owner": ACCOUNT, "policy": policy,
        "restricted": True, "context": {key: value},
    }  # fmt: skip


OPEN: list[tuple[OpenRule, str, str, dict[str, Any]]] = [
    (
        open_rules.WILDCARD_OVER_COLONS, "allowed", "implicitDeny",
        {"action": "sqs:SendMessage", "resource": QUEUE, "identity": doc(allow("sqs:*", "arn:aws:sqs:*:orders"))},
    ),
    (
        open_rules.ACCOUNT_LISTS_BY_ARN, "allowed", "implicitDeny",
        {"action": "s3:ListAllMyBuckets", "resource": None, "identity": doc(allow("s3:*", "arn:aws:s3:::*"))},
    ),
    (
        open_rules.WILDCARD_IN_SERVICE, "implicitDeny", "allowed",
        {"identity": doc(allow("s3:*", "arn:aws:*:::amzn-s3-demo-bucket/*"))},
    ),
    (open_rules.WILDCARD_IN_ACTION_SERVICE, "implicitDeny", "allowed", {"identity": doc(allow("*:*"))}),
    (
        open_rules.LOG_GROUP_BY_BARE_ARN, "implicitDeny", "allowed",
        {"action": "logs:PutRetentionPolicy", "resource": f"{LOG_GROUP}:*", "identity": doc(allow("*", LOG_GROUP))},
    ),
    (
        open_rules.NULL_OF_EMPTY_TEXT, "allowed", "implicitDeny",
        {
            "action": "iam:TagUser", "resource": USER, "context": {"aws:ResourceTag/team": ""},
            "identity": doc(allow("*", "*", {"Null": {"aws:ResourceTag/team": "false"}})),
        },
    ),
    (open_rules.ANY_VALUE_IF_EXISTS, "implicitDeny", "allowed", on_tags("ForAnyValue:StringEqualsIfExists", "team")),
    (open_rules.ALL_VALUES_NOT_LIKE, "allowed", "implicitDeny", on_tags("ForAllValues:StringNotLike", "team")),
    (
        open_rules.SEVERAL_VALUES, "implicitDeny", "allowed",
        on_tags("StringEquals", "team", context={"aws:TagKeys": ["team", "cost"]}),
    ),
    (
        open_rules.VARIABLE_UNDER_BOOL, "implicitDeny", "allowed",
        {
            "identity": doc(allow("s3:*", "*", {"Bool": {"aws:SecureTransport": "${aws:PrincipalTag/secure}"}})),
            "context": {"aws:SecureTransport": "true", "aws:PrincipalTag/secure": "true"},
        },
    ),
    (
        open_rules.SHORT_ARN_PATTERN, "implicitDeny", "allowed",
        {"identity": doc(allow("s3:*", "*", {"ArnLike": {"aws:PrincipalArn": "*"}}))},
    ),
    (
        open_rules.SHORT_ARN_PATTERN, "allowed", "implicitDeny",
        {"identity": doc(allow("s3:*", "*", {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*"}}))},
    ),
    (
        open_rules.WILDCARD_IN_VALUE, "implicitDeny", "allowed",
        {
            "identity": doc(allow("s3:*", "*", {"StringLike": {"aws:username": "${aws:PrincipalTag/t}"}})),
            "context": {"aws:PrincipalTag/t": "*"},
        },
    ),
    (
        open_rules.WILDCARD_IN_VALUE, "implicitDeny", "allowed",
        {
            "identity": doc(allow("s3:*", "arn:aws:s3:::amzn-s3-demo-bucket/${aws:PrincipalTag/t}")),
            "context": {"aws:PrincipalTag/t": "*"},
        },
    ),
    (
        open_rules.WILDCARD_IN_VALUE, "allowed", "implicitDeny",
        {
            "identity": doc(
                {"Effect": "Allow", "Action": "s3:*", "NotResource": "arn:aws:s3:::*/${aws:PrincipalTag/t}"}
            ),
            "context": {"aws:PrincipalTag/t": "?*"},
        },
    ),
    (open_rules.PARTLY_LISTED, "explicitDeny", "allowed", {"principal": SESSION, **spared(ROLE, ROOT)}),
    (open_rules.ROLE_LISTED, "allowed", "explicitDeny", {"principal": ROLE, **spared(ROLE, ROOT)}),
    (open_rules.BOUNDARY_AND_TRUST, "implicitDeny", "allowed", entering(USER, boundary=S3_ALONE)),
    (open_rules.BOUNDARY_AND_TRUST, "implicitDeny", "allowed", entering("*", boundary=S3_ALONE)),
    (
        open_rules.BOUNDARY_AND_TRUST, "implicitDeny", "allowed",
        entering("*", boundary=S3_ALONE, principal=SESSION, identity=FULL),
    ),
    (open_rules.SOURCE_IDENTITY_OF_USER, "implicitDeny", "allowed", entering(USER, "sts:SetSourceIdentity")),
    (open_rules.PUBLIC_BY_CALLER_KEY, "explicitDeny", "allowed", held_by("aws:PrincipalAccount", OTHER_ACCOUNT)),
    (open_rules.PUBLIC_BY_CALLER_KEY, "explicitDeny", "allowed", held_by("aws:PrincipalArn", EXTERNAL)),
    (open_rules.LISTED_IN_ONE, "explicitDeny", "allowed", through_access_point(BEHIND)),
    (open_rules.LISTED_IN_ONE, "explicitDeny", "allowed", through_access_point(f"{ACCESS_POINT}/object/*")),
    (
        open_rules.UNSIGNED_ON_QUEUES, "implicitDeny", "allowed",
        {"principal": "anonymous", "action": "sqs:ListQueueTags", "resource": QUEUE, "policy": OPEN_QUEUE},
    ),
]  # fmt: skip


@rule("K9", "I2", "I7")
@pytest.mark.parametrize(("open_rule", "decision", "other", "given"), OPEN, ids=lambda one: getattr(one, "id", None))
def test_the_answer_names_the_rule_and_both_readings(
    open_rule: OpenRule, decision: str, other: str, given: dict[str, Any]
) -> None:
    told = answer(**given)
    assert told.decision == decision
    [found] = [one for one in told.assumptions if one.code == "pages-disagree"]
    assert found.other_decision == other
    for part in (
        open_rule.question,
        f"This decision assumes that {open_rule.taken}.",
        f"The other reading is that {open_rule.other}.",
        other,
    ):
        assert part in found.message


@rule("I11")
@pytest.mark.parametrize(
    ("given", "decision"),
    [
        (through_access_point(f"{ACCESS_POINT}/*", BEHIND), "allowed"),
        (through_access_point("arn:aws:s3:::another/*"), "explicitDeny"),
    ],
)
def test_a_not_resource_that_lists_both_or_none_is_plain(given: dict[str, Any], decision: str) -> None:
    told = answer(**given)
    assert told.decision == decision
    assert not [one for one in told.assumptions if one.code == "pages-disagree"]


def test_no_rule_is_open_without_an_answer_that_tells() -> None:
    assert {one for one, *_ in OPEN} == set(OPEN_RULES)
    assert len({one.id for one in OPEN_RULES}) == len(OPEN_RULES)
    assert all(one.pages for one in OPEN_RULES)


@rule("I2", "I7")
@pytest.mark.parametrize(
    ("given", "decision"),
    [
        (entering(ROOT, boundary=S3_ALONE, identity=FULL), "implicitDeny"),
        (entering("*", boundary=doc(refuse("*", "sts:*"))), "explicitDeny"),
        (entering("*", boundary=FULL), "allowed"),
        (entering(ROLE, "sts:SetSourceIdentity", principal=SESSION), "implicitDeny"),
        (entering(ROOT, "sts:SetSourceIdentity"), "implicitDeny"),
        (held_by("aws:PrincipalAccount", "4444*"), "explicitDeny"),
        (held_by("aws:PrincipalType", "User"), "explicitDeny"),
        (
            {
                "principal": "anonymous", "action": "sqs:ListQueueTags", "resource": QUEUE,
                "policy": doc(grant(OTHER_ACCOUNT, "sqs:*")),
            },
            "implicitDeny",
        ),
        (
            {
                "principal": EXTERNAL, "action": "sqs:ListQueueTags", "resource": QUEUE, "identity": FULL,
                "policy": doc(grant("*", "sqs:*")),
            },
            "implicitDeny",
        ),
    ],
)  # fmt: skip
def test_what_the_pages_settle_is_not_called_open(given: dict[str, Any], decision: str) -> None:
    told = answer(**given)
    assert (told.decision, [one.code for one in told.assumptions if one.code == "pages-disagree"]) == (decision, [])


@rule("K9")
def test_rules_that_change_it_together_are_told_together() -> None:
    both = (open_rules.WILDCARD_IN_SERVICE, open_rules.WILDCARD_IN_ACTION_SERVICE)
    in_service = "arn:aws:*:::amzn-s3-demo-bucket/*"
    for policies in (
        {"identity": doc(allow("*:*", in_service))},
        {"identity": doc(allow("s3:*", in_service)), "boundary": doc(allow("*:*"))},
    ):
        [found] = [one for one in answer(**policies).assumptions if one.code == "pages-disagree"]
        assert found.other_decision == "allowed"
        assert all(one.question in found.message for one in both)
        assert found.message.endswith("With the other readings together, the decision is allowed.")


@rule("I10", "I2")
@pytest.mark.parametrize("action", ["sts:TagSession", "sts:SetSourceIdentity", "sts:SetContext"])
def test_what_comes_with_assume_role_is_called_by_whom_may_assume(action: str) -> None:
    """STS API Reference, GetSessionToken and AssumeRole."""
    token = {"aws:TokenIssueTime": "2026-11-27T00:00:00Z"}
    asked = entering(USER, action, identity=FULL)
    assert answer(**asked, context=token).decision == "allowed"
    root = answer(**{**asked, "principal": ROOT, "policy": doc(grant(ROOT, action, None))})
    assert (root.decision, root.blocked_by) == ("implicitDeny", ("credentials",))


@rule("I10")
def test_tags_of_a_federated_user_come_with_get_federation_token() -> None:
    asked = {"action": "sts:TagSession", "resource": f"arn:aws:sts::{ACCOUNT}:federated-user/x", "identity": FULL}
    token = {"aws:TokenIssueTime": "2026-11-27T00:00:00Z"}
    assert answer(**asked, principal=USER).decision == "allowed"
    assert answer(**asked, principal=ROOT).decision == "allowed"
    for refused in (answer(**asked, principal=USER, context=token), answer(**asked, principal=SESSION)):
        assert (refused.decision, refused.blocked_by) == ("implicitDeny", ("credentials",))


@rule("I2")
def test_tagging_takes_the_trust_policy_alone_and_a_source_identity_both() -> None:
    assert answer(**entering(USER, "sts:TagSession")).decision == "allowed"
    assert answer(**entering(ROLE, "sts:TagSession", principal=SESSION)).decision == "allowed"
    assert answer(**entering(ROOT, "sts:TagSession")).decision == "implicitDeny"
    assert answer(**entering(ROLE, "sts:SetSourceIdentity", principal=SESSION, identity=FULL)).decision == "allowed"


@rule("I1")
@pytest.mark.parametrize("principal", [USER, EXTERNAL, "lambda.amazonaws.com"])
def test_the_sentence_says_that_the_grant_alone_decides_who_retires_it(principal: str) -> None:
    """KMS Developer Guide, "Retiring and revoking grants"."""
    key = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    told = answer(principal=principal, action="kms:RetireGrant", resource=key, policy=doc(grant("*", "kms:*")))
    assert told.decision == "implicitDeny"
    assert "only a grant can allow it, not the key policy" in told.sentence
    assert [one.sentence for one in told.layers if one.layer == "resource"] == [
        "does not apply: only the grant decides who can retire it"
    ]
