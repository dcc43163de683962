"""External callers have rows in who-can, each the engine's answer, and nobody whom the engine lets in lacks one."""

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iamdesk import Evaluator, Request, RequestError, load_snapshot
from iamdesk.access.resource_access import access_to_resource, fitting_actions
from iamdesk.access.who_can import Access, PrincipalKind, Signing
from iamdesk.evaluate.request import MissingContextMode
from iamdesk.export.access.who_can import who_words
from iamdesk.resource_files import resources
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.resource_shares import ResourceShares
from iamdesk.snapshot.resources import AccountSettings, AclGrant, KeyGrant, ObjectOwnership, PublicAccessBlock, Resource

from ..builders.arns import ID, OTHER_ID, ROOT, federated_arn, role_arn, root_arn, user_arn
from ..builders.captures import account, evaluator, member, organization, rcp, resource, role, scp, unit, user
from ..builders.statements import MFA, deny, grant, refuse, trusting
from ..each_case import each_case
from ..rules import rule
from ..some_of import some_of
from .worlds import CONTEXTS, NOON, A, snapshots

MEMBER, THIRD = "555544443333", "777766665555"
BUCKET, OBJECT = "arn:aws:s3:::pub", "arn:aws:s3:::pub/k"
FUNCTION = f"arn:aws:lambda:eu-west-1:{ID}:function:hello"
QUEUE = f"arn:aws:sqs:eu-west-1:{ID}:jobs"
NO_BLOCK = PublicAccessBlock()


def bucket(*statements: Any, **more: Any) -> Resource:
    return resource(BUCKET, *statements, **{"acl": (), "public_access_block": NO_BLOCK, **more})


def open_to(principal: Any = "*", condition: Any = None) -> Any:
    return grant(principal, "s3:GetObject", f"{BUCKET}/*", condition)


def but(condition: Any) -> Any:
    return refuse("*", "s3:*", f"{BUCKET}/*", condition)


def external(capture: Evaluator, action: str = "s3:GetObject", on: str = OBJECT, **more: Any) -> list[Access]:
    return [row for row in capture.who_can(action=action, resource=on, **more) if row.is_external]


def told(capture: Evaluator, action: str = "s3:GetObject", on: str = OBJECT, **more: Any) -> list[str]:
    """Rows as ``name kind decision``; ``other:`` is the account OTHER_ID."""
    rows = external(capture, action, on, **more)
    for row in rows:
        assert row.explanation.decision is row.decision
        assert row.request.principal == row.explanation.request.principal
    said = (f"{row.principal} {row.kind.value} {row.decision.value}" for row in rows)
    return [line.replace(f"arn:aws:iam::{OTHER_ID}:", "other:") for line in said]


ROLE_ID, USER_ID = "AROAXXXXXXXXXXXXXXXX1", "AIDAXXXXXXXXXXXXXXXX2"
OWN = [role("r", trust=trusting(ID), RoleId="AROAROWN00000000000R1"), user("bob")]


def user_id(*values: str, **more: Any) -> Any:
    return {"StringLike": {"aws:userid": list(values)}, **more}


@rule("E12")
@each_case(
    "condition, expected",
    [
        (user_id(f"{ROLE_ID}:*"), [f"{ROLE_ID} role allowed"]),
        (user_id(USER_ID), [f"{USER_ID} user allowed"]),
        (
            user_id(f"{ROLE_ID}:*", f"{ROLE_ID}:ci", USER_ID),
            [f"{USER_ID} user allowed", f"{ROLE_ID} role allowed"],
        ),
        (user_id(f"{ROLE_ID}:admin*"), [f"{ROLE_ID}:admin* role-session allowed"]),
        (user_id(f"{ROLE_ID}:*", IpAddress={"aws:SourceIp": "192.0.2.0/24"}), [f"{ROLE_ID} role conditional"]),
        # Whoever has a role can name its session so, if the ID of the role begins so.
        (user_id("AROAXX*:ci", f"{ROLE_ID}:*"), ["* anyone conditional", f"{ROLE_ID} role allowed"]),
        # Of a principal of the snapshot, which has its own row; a role's sessions have a name behind the ID.
        *((user_id(value), []) for value in (f"{OWN[0].role_id}:*", f"{OWN[0].role_id}:s", ROLE_ID, "AIDABOB")),
        *((user_id(value), []) for value in (ID, f"{ID}:*", f"{ID}:bob")),
        ({"StringEquals": {"aws:userid": OTHER_ID}}, ["other:root root-user allowed"]),
    ],
)
def test_who_is_named_by_a_unique_id_is_not_anyone(condition: Any, expected: list[str]) -> None:
    """IAM User Guide, "IAM identifiers": each entity is assigned a unique id."""
    assert told(evaluator(*OWN, bucket(open_to("*", condition)))) == expected
    if "IpAddress" not in condition:  # the same with a Deny of everyone else
        rest = {operator.replace("String", "StringNot"): test for operator, test in condition.items()}
        assert told(evaluator(*OWN, bucket(open_to(), but(rest)))) == expected


@each_case(
    "value, decision",
    [
        # IAM User Guide, "IAM identifiers": prefixes of unique IDs, which all users or roles have.
        *((value, "allowed") for value in ("AIDA*", "AROA*", "A*", "AROA*:*")),
        *((value, "conditional") for value in ("AROASOMEONEELSE:*", "*:bob", "AIDA???????????????A")),
    ],
)
def test_a_unique_id_that_others_can_have_is_anyones(value: str, decision: str) -> None:
    assert f"* anyone {decision}" in told(evaluator(OWN[0], bucket(open_to("*", user_id(value)))))


@rule("E12")
def test_a_unique_id_within_a_named_account_is_one_principal_of_it() -> None:
    (row,) = external(evaluator(bucket(open_to(OTHER_ID, user_id(f"{ROLE_ID}:*")))))
    assert (row.principal, row.decision.value) == (ROLE_ID, "allowed")
    assert row.request.principal.split(":")[4] == OTHER_ID
    assert who_words(row.who) == "role known by its unique ID alone"


def principal_arn(*patterns: str, operator: str = "ArnLike") -> Any:
    return {operator: {"aws:PrincipalArn": list(patterns)}}


ANN = federated_arn("ann", OTHER_ID)
FEDERATED = {"StringEquals": {"aws:PrincipalType": "FederatedUser"}}
APPS, ROLES = f"arn:aws:iam::{OTHER_ID}:role/app-*", f"arn:aws:iam::{OTHER_ID}:role/*"


@rule("C5", "D1", "E4")
@each_case(
    "statements, expected",
    [
        ([open_to("*", {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}})], ["* anyone conditional"]),
        (
            [
                open_to(
                    [
                        root_arn(OTHER_ID),
                        "888877776666",
                        role_arn("app/reader", THIRD),
                        f"arn:aws:sts::{THIRD}:assumed-role/reader/nightly",
                        user_arn("ana", THIRD),
                        "AIDAGONE",
                    ]
                )
            ],
            [
                "other:root account allowed",
                "arn:aws:iam::888877776666:root account allowed",
                f"arn:aws:iam::{THIRD}:user/ana user allowed",
                f"arn:aws:iam::{THIRD}:role/app/reader role allowed",
                f"arn:aws:sts::{THIRD}:assumed-role/reader/nightly role-session allowed",
            ],
        ),
        ([open_to("*", principal_arn(APPS))], ["other:role/app-* role allowed"]),
        (
            [open_to(OTHER_ID), but(principal_arn(user_arn("ana", OTHER_ID), operator="ArnNotEquals"))],
            ["other:user/ana user allowed"],
        ),
        ([open_to("*", principal_arn("*:role/reader", operator="StringLike"))], ["*:role/reader role allowed"]),
        (
            [open_to("*", {"StringLike": {"aws:PrincipalServiceName": ["sns*", "sqs.amazonaws.com"]}})],
            ["sns* service allowed", "sqs.amazonaws.com service allowed"],
        ),
        (
            [open_to("*", {"StringLike": {"aws:PrincipalAccount": ["9*", "1111*"]}})],
            ["arn:aws:iam::1111*:root account allowed", "arn:aws:iam::9*:root account allowed"],
        ),
        ([open_to(ANN)], [f"{ANN} federated-user allowed"]),
        ([open_to("*", principal_arn(ANN))], [f"{ANN} federated-user allowed"]),
        ([open_to(OTHER_ID, FEDERATED)], ["other:root account allowed"]),
        # A user that is named has federated sessions.
        ([open_to(user_arn("team/ann", OTHER_ID))], ["other:user/team/ann user allowed"]),
        ([open_to(user_arn("team/ann", OTHER_ID), FEDERATED)], [f"{ANN} federated-user allowed"]),
        # The wider pattern is not hidden by the narrower one; where it has a condition, both have a row.
        ([open_to("*", principal_arn(APPS, ROLES))], ["other:role/* role allowed"]),
        ([open_to("*", principal_arn(ROLES, APPS))], ["other:role/* role allowed"]),
        (
            [open_to("*", principal_arn(APPS)), open_to("*", {**principal_arn(ROLES), **MFA})],
            ["other:role/* role conditional", "other:role/app-* role allowed"],
        ),
    ],
)
def test_whoever_is_named_or_described_is_a_row(statements: Any, expected: list[str]) -> None:
    accounts = account(), account(number="999999999999")  # a pattern describes others than those of the snapshot
    assert told(evaluator(*accounts, bucket(*statements))) == expected


def test_the_accounts_that_are_not_captured_are_told_with_the_row() -> None:
    (row,) = external(evaluator(bucket(open_to("888877776666"))))
    assert any("888877776666 is not captured" in one.message for one in row.explanation.assumptions)


def test_a_condition_of_the_request_is_told_with_the_row() -> None:
    capture = evaluator(bucket(open_to("*", {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}})))
    (row,) = external(capture)
    assert row.explanation.missing_context_values == ("aws:SourceIp",)
    assert told(capture, context={"aws:SourceIp": "192.0.2.7"}) == ["* anyone allowed"]
    assert told(capture, unknown_context=MissingContextMode.ABSENT) == []


def test_conditions_that_have_to_hold_together_describe_who_meets_both() -> None:
    both = {**principal_arn(APPS), **principal_arn("*-prod", operator="StringLike")}
    (row,) = external(evaluator(bucket(open_to("*", both))))
    assert (row.principal, row.request.principal.endswith("-prod")) == (APPS, True)
    named = {"StringLike": {"aws:username": "app-*"}, **principal_arn("arn:aws:iam::*:user/*-prod")}
    assert [row.decision.value for row in external(evaluator(bucket(open_to("*", named))))] == ["allowed"]


def test_a_public_function_is_open_to_anyone_who_signs() -> None:
    capture = evaluator(resource(FUNCTION, grant("*", "lambda:InvokeFunction", FUNCTION)))
    rows = external(capture, "lambda:InvokeFunction", FUNCTION)
    # Unsigned by a function URL alone (Lambda Developer Guide, "Control access to Lambda function URLs").
    assert [(row.principal, row.who.signing, row.decision.value) for row in rows] == [
        ("*", Signing.UNSIGNED, "conditional"),
        ("*", Signing.SIGNED, "allowed"),
    ]
    assert rows[1].how[0].name.endswith("statement 1")
    assert told(capture, "lambda:DeleteFunction", FUNCTION) == []


def test_a_public_bucket_is_open_to_anyone_until_it_is_blocked() -> None:
    settings_ = AccountSettings(account_id=ID, public_access_block=NO_BLOCK)
    (row,) = external(evaluator(bucket(open_to()), settings_))
    assert (row.principal, row.who.signing, row.request.principal) == ("*", Signing.EITHER, "anonymous")
    blocked = bucket(open_to(), public_access_block=PublicAccessBlock(restrict_public_buckets=True))
    # Services are let in all the same: Amazon S3 User Guide, "Blocking public access", RestrictPublicBuckets.
    assert told(evaluator(blocked, settings_)) == ["*.amazonaws.com service allowed"]


def test_a_key_that_trusts_its_own_account_alone_is_open_to_nobody_else() -> None:
    key = f"arn:aws:kms:eu-west-1:{ID}:key/k"
    capture = evaluator(resource(key, grant(ROOT, "kms:*"), key_grants=()))
    assert told(capture, "kms:Decrypt", key) == []
    (row,) = capture.who_can(action="kms:Decrypt", resource=key)
    assert (row.principal, row.kind) == (ROOT, PrincipalKind.ROOT_USER)
    partner = KeyGrant(grant_id="g", grantee_principal=role_arn("x", OTHER_ID), operations=("Decrypt",))
    granted = evaluator(resource(key, grant(ROOT, "kms:*"), key_grants=(partner,)))
    assert told(granted, "kms:Decrypt", key) == ["other:role/x role allowed"]


def test_a_queue_is_open_to_a_service_that_acts_for_one_topic() -> None:
    topic = {"ArnEquals": {"aws:SourceArn": f"arn:aws:sns:eu-west-1:{ID}:orders"}}
    capture = evaluator(resource(QUEUE, grant({"Service": "sns.amazonaws.com"}, "sqs:SendMessage", QUEUE, topic)))
    assert told(capture, "sqs:SendMessage", QUEUE) == ["sns.amazonaws.com service conditional"]
    (row,) = external(capture, "sqs:SendMessage", QUEUE)
    assert row.explanation.missing_context_values == ("aws:SourceArn",)


OIDC = "token.actions.githubusercontent.com"


@rule("J2")
@each_case(
    "principal, action, condition, expected",
    [
        *(
            ({"Federated": provider}, action, {"StringEquals": {key: "x"}}, f"{provider} identity-provider conditional")
            for provider, action, key in (
                (f"arn:aws:iam::{ID}:oidc-provider/{OIDC}", "sts:AssumeRoleWithWebIdentity", f"{OIDC}:sub"),
                (f"arn:aws:iam::{ID}:saml-provider/Corp", "sts:AssumeRoleWithSAML", "SAML:aud"),
                ("accounts.google.com", "sts:AssumeRoleWithWebIdentity", "accounts.google.com:aud"),
            )
        ),
        # Every service may assume it by the tag, and IAM Roles Anywhere alone can have it.
        (
            "*",
            "sts:AssumeRole",
            {
                "StringEquals": {"aws:PrincipalTag/x509Subject/CN": "Alice"},
                "Bool": {"aws:PrincipalIsAWSService": "true"},
            },
            "rolesanywhere.amazonaws.com service conditional",
        ),
    ],
)
def test_a_role_is_open_to_whom_its_trust_policy_lets_in(
    principal: Any, action: str, condition: Any, expected: str
) -> None:
    capture = evaluator(role("r", trust=trusting(principal, action, condition)))
    assert told(capture, action, role_arn("r")) == [expected]


def test_resource_shares_and_access_control_lists_let_accounts_in() -> None:
    subnet, share = f"arn:aws:ec2:eu-west-1:{ID}:subnet/subnet-1", f"arn:aws:ram:eu-west-1:{ID}:resource-share/s"
    associations = [
        {"resourceShareArn": share, "associatedEntity": one, "associationType": kind, "status": "ASSOCIATED"}
        for kind, one in (("PRINCIPAL", OTHER_ID), ("RESOURCE", subnet))
    ]
    shared = evaluator(ResourceShares(account_id=ID, region="eu-west-1", associations=associations))
    assert told(shared, "ec2:RunInstances", subnet) == ["other:root account allowed"]
    readers = (AclGrant(permission="READ", account_id=OTHER_ID),)
    listed = evaluator(bucket(acl=readers, object_ownership=ObjectOwnership.OBJECT_WRITER))
    assert told(listed, "s3:ListBucket", BUCKET) == ["other:root account allowed"]


OURS = open_to("*", {"StringEquals": {"aws:PrincipalOrgID": "o-1"}})


def test_accounts_of_the_organization_are_rows_where_it_is_let_in() -> None:
    only_admin = scp(deny("s3:*", "*", principal_arn("arn:aws:iam::*:role/admin", operator="ArnNotLike")))
    for guardrails, expected in (
        ([], (root_arn(MEMBER), PrincipalKind.ACCOUNT, True)),
        ([only_admin], (role_arn("admin", MEMBER), PrincipalKind.ROLE, True)),  # all that the guardrail leaves
    ):
        ours = organization(member(), member(MEMBER, *guardrails), management=ID, lists_every_account=True)
        (row,) = external(evaluator(bucket(OURS), ours))
        assert (row.principal, row.kind, row.who.in_organization) == expected
    assert [row.decision.value for row in external(evaluator(bucket(OURS)))] == ["conditional"]


def test_accounts_of_an_organization_that_nothing_tells_apart_are_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = [f"5{number:011}" for number in range(200)]
    guardrail = scp(deny("s3:*", "*", {"StringNotEquals": {"aws:PrincipalAccount": numbers[5]}}))
    units = unit("ou-1", member(), *map(member, numbers[::2])), unit("ou-2", guardrail, *map(member, numbers[1::2]))
    capture = evaluator(bucket(OURS), organization(*units, management=ID, lists_every_account=True))
    asked: list[str] = []
    real = capture.trace

    def trace(request: Request) -> Any:
        asked.append(request.principal)
        return real(request)

    monkeypatch.setattr(capture, "trace", trace)
    rows = external(capture)
    assert len(asked) < 30
    assert {row.principal for row in rows} == {root_arn(one) for one in (*numbers[::2], numbers[5])}
    for row in rows:
        assert row.request.principal.split(":")[4] == row.principal.split(":")[4]
        assert real(row.request).decision is row.decision


def test_a_resource_control_policy_takes_external_access_away() -> None:
    outside = {
        "StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-1"},
        "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
    }
    ours = organization(rcp(refuse("*", "s3:*", "*", outside)), member(), management=OTHER_ID, lists_every_account=True)
    assert told(evaluator(bucket(open_to()), ours)) == [
        "other:root account allowed",
        "*.amazonaws.com service allowed",
    ]


GUEST = federated_arn("guest")


@rule("C5", "E4")
@each_case(
    "statement", [open_to(GUEST), open_to("*", {"StringEquals": {"aws:userid": f"{ID}:guest"}})], ids=["named", "id"]
)
def test_a_federated_user_needs_no_user_of_its_name(statement: Any) -> None:
    """The name is the choice of who calls GetFederationToken (STS API Reference, GetFederationToken)."""
    rows = {row.principal: row for row in evaluator(bucket(statement)).who_can(action="s3:GetObject", resource=OBJECT)}
    guest = rows.pop(GUEST)
    assert (guest.decision, guest.is_external, guest.kind) == ("allowed", False, PrincipalKind.FEDERATED_USER)
    [unknown] = [one for one in guest.explanation.assumptions if one.code == "federated-user-missing"]
    assert unknown.other_decision == "explicitDeny"
    assert list(rows) == [ROOT]


def test_a_federated_user_of_the_snapshot_is_a_row_and_not_external() -> None:
    bob = federated_arn("bob")
    capture = evaluator(user("bob"), bucket(open_to([bob, user_arn("gone")])))
    rows = capture.who_can(action="s3:GetObject", resource=OBJECT)
    assert [(row.principal, row.kind.value, row.is_external) for row in rows] == [
        (bob, "federated-user", False),
        (ROOT, "root-user", False),
    ]
    assert [one.who.principal for one in access_to_resource(capture, OBJECT)] == [bob, ROOT]
    with pytest.raises(RequestError, match="no user"):
        capture.can(Request(federated_arn("a*"), "s3:GetObject", OBJECT))


def test_nobody_is_external_where_everyone_asks_about_its_own_account() -> None:
    capture = evaluator(bucket(grant("*", "s3:*")))
    assert told(capture, "s3:ListAllMyBuckets", "*") == []
    assert told(capture, "s3:GetObject", "arn:aws:s3:::unheard-of/k") == []


def test_a_bucket_whose_owner_nobody_knows_is_asked_about_as_somebody_elses() -> None:
    capture = evaluator(resource(BUCKET, open_to(OTHER_ID), account=None, acl=()))
    assert told(capture) == ["other:root account allowed"]
    assert [row.request.resource_account for row in external(capture)] == [ID]


def test_without_an_action_every_action_that_fits_the_resource_is_listed() -> None:
    both = ["lambda:GetFunction", "lambda:InvokeFunction"]
    capture = evaluator(resource(FUNCTION, grant("*", both[::-1], FUNCTION)))
    rows = list(capture.who_can(resource=FUNCTION))
    assert [row.request.action for row in rows if row.who.signing is Signing.SIGNED] == both
    root = {row.request.action for row in rows if row.kind is PrincipalKind.ROOT_USER}
    assert root == {one.action for one in fitting_actions(FUNCTION)}
    assert "lambda:CreateFunction" in root
    assert "lambda:ListFunctions" not in root
    (unsigned, signed, of_root) = access_to_resource(capture, FUNCTION)
    assert [one.action for one in unsigned.conditional] == ["lambda:InvokeFunction"]
    assert [one.action for one in signed.allowed] == both
    assert (of_root.who.principal, of_root.conditional) == (ROOT, ())


def test_a_log_group_is_asked_about_by_both_of_its_names() -> None:
    group = f"arn:aws:logs:eu-west-1:{ID}:log-group:/app"
    asked = {(one.action, one.resource) for one in fitting_actions(group)}
    assert {("logs:TagResource", group), ("logs:DescribeLogStreams", f"{group}:*")} <= asked


@each_case(
    "on, words",
    [("*", "a resource is required"), ("nonsense", "ARN"), ("arn:aws:nonsense:::x", "no action applies to")],
)
def test_the_action_or_the_resource_has_to_be_named(on: str, words: str) -> None:
    with pytest.raises(RequestError, match=words):
        list(evaluator().who_can(resource=on))


def test_rows_of_the_sample_organization_are_single_answers() -> None:
    capture = Evaluator(load_snapshot(resources() / "samples" / "acme-organization"))
    seen = 0
    for held in capture.snapshot.resources:
        for arn in (held.arn, f"{held.arn}/*") if ":s3:::" in held.arn else (held.arn,):
            for row in capture.who_can(resource=arn):
                assert capture.trace(row.request).decision is row.decision
                seen += 1
    assert seen > 500


UNHEARD_OF = "123123123123"
TRIED = [
    "anonymous",
    f"arn:aws:iam::{UNHEARD_OF}:role/whoever",
    f"arn:aws:iam::{UNHEARD_OF}:user/u1",
    f"arn:aws:iam::{UNHEARD_OF}:root",
    f"arn:aws:sts::{UNHEARD_OF}:federated-user/whoever",
    *(f"arn:aws:iam::222222222222:{name}" for name in ("role/r1", "role/whoever", "user/u2", "user/red", "root")),
    "arn:aws:sts::222222222222:assumed-role/r1/s1",
    "arn:aws:iam::999999999999:role/whoever",
    "ec2.amazonaws.com",
    "unheard-of.amazonaws.com",
]
QUESTIONS = [
    ("s3:GetObject", "arn:aws:s3:::b/u1/x"),
    ("s3:GetObject", "arn:aws:s3:::b/red/x"),
    ("s3:ListBucket", "arn:aws:s3:::b"),
    ("s3:GetObject", f"arn:aws:s3:eu-west-1:{A}:accesspoint/ap/object/red/x"),
    ("sts:AssumeRole", f"arn:aws:iam::{A}:role/r1"),
    ("sts:AssumeRole", f"arn:aws:iam::{A}:role/app/r2"),
    ("kms:Decrypt", f"arn:aws:kms:eu-west-1:{A}:key/k"),
    ("execute-api:Invoke", f"arn:aws:execute-api:eu-west-1:{A}:a1b2c3d4e5/prod/GET/x"),
    ("ec2:RunInstances", f"arn:aws:ec2:eu-west-1:{A}:instance/i"),
]


def speaking_of(rows: Sequence[Access], caller: str) -> Iterator[Access]:
    """Yield the rows that a reader would take to be about a caller."""
    account = caller.split(":")[4] if caller.startswith("arn:") else ""
    for row in rows:
        who = row.who
        if who.kind is PrincipalKind.ANYONE:
            unsigned = caller == "anonymous"
            if not account and not unsigned:
                yield row  # a service: whoever lets everybody in lets it in
            elif who.signing is not (Signing.SIGNED if unsigned else Signing.UNSIGNED):
                yield row
        elif who.kind is PrincipalKind.ACCOUNT:
            if account and fnmatchcase(account, who.principal.split(":")[4]):
                yield row
        elif any(fnmatchcase(text, who.principal) for text in ways_to_write(caller)):
            yield row


def ways_to_write(caller: str) -> Iterator[str]:
    """Yield a caller's ARN, without the path of a user's name, and of a session that of its role or user (E3, E4)."""
    yield caller
    head, _, name = caller.rpartition("/")
    if ":user/" in caller:
        yield f"{head.partition('/')[0]}/{name}"
    if ":assumed-role/" in caller:
        yield head.replace(":sts:", ":iam:").replace("assumed-role", "role")
    if ":federated-user/" in caller:
        user = head.replace(":sts:", ":iam:").replace("federated-user", "user")
        yield from (f"{user}/{name}", f"{user}/team/{name}")


def check_rows(capture: Evaluator, asked: dict[str, Any], tried: Sequence[str]) -> None:
    """Check that each external row is a single answer, and that whoever is let in has one."""
    rows = [row for row in capture.who_can(**asked) if row.is_external]
    for row in rows:
        assert capture.trace(row.request).decision is row.decision
    for caller in tried:
        try:
            trace = capture.trace(Request(caller, **asked))
        except RequestError:
            continue
        account = trace.request.caller.account
        if account in capture.index.accounts or (account and trace.request.resource_account == account):
            continue
        if trace.decision.value in ("allowed", "conditional"):
            about = [row.decision.value for row in speaking_of(rows, caller)]
            assert about, (caller, trace.decision, [row.principal for row in rows])
            if trace.decision.value == "allowed":
                assert "allowed" in about, (caller, [(row.principal, row.decision) for row in rows])


@settings(max_examples=some_of(60), deadline=None, suppress_health_check=list(HealthCheck))
@given(
    snapshots(),
    st.lists(st.sampled_from(QUESTIONS), min_size=1, max_size=2),
    CONTEXTS,
    st.sampled_from(MissingContextMode),
)
def test_each_row_is_the_single_answer_and_nobody_who_is_let_in_lacks_one(
    snapshot: Snapshot, questions: list[tuple[str, str]], context: dict[str, Any], unknown: MissingContextMode
) -> None:
    capture = Evaluator(snapshot, now=lambda: NOON)
    for action, on in questions:
        asked = {"action": action, "resource": on, "context": context, "unknown_context": unknown}
        check_rows(capture, asked, TRIED)


# The same over policies that are all about external callers.
X, Y = "777766665555", "666655554444"
EXTERNAL_NAMED: list[Any] = [
    "*",
    {"AWS": "*"},
    {"AWS": X},
    {"AWS": [f"arn:aws:iam::{Y}:root", f"arn:aws:iam::{X}:role/app-1"]},
    {"AWS": f"arn:aws:iam::{X}:user/team/ana"},
    {"Service": ["sns.amazonaws.com", "sqs.amazonaws.com"]},
    {"AWS": f"arn:aws:sts::{X}:federated-user/ana"},
]
EXTERNAL_CONDITIONS: list[dict[str, Any]] = [
    {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{X}:role/app-*"}},
    {"ArnNotLike": {"aws:PrincipalArn": ["arn:aws:iam::*:role/*-1", f"arn:aws:iam::{Y}:user/*"]}},
    {"StringLike": {"aws:PrincipalArn": "*ana"}},
    {"StringNotLike": {"aws:PrincipalArn": "arn:aws:iam::7*:role/*"}},
    {"StringEquals": {"aws:username": ["ana", "bob"]}},
    {"StringNotLike": {"aws:username": "a*"}},
    {"StringLike": {"aws:username": "*a"}},
    {"StringEquals": {"aws:PrincipalAccount": [X, ID]}},
    {"StringNotEquals": {"aws:PrincipalAccount": Y}},
    {"StringLike": {"aws:PrincipalAccount": "6666*"}},
    {"StringEquals": {"aws:PrincipalType": "User"}},
    {"StringNotEquals": {"aws:PrincipalType": ["AssumedRole", "User"]}},
    {"StringLike": {"aws:PrincipalServiceName": "s*s.amazonaws.com"}},
    {"StringNotEqualsIfExists": {"aws:PrincipalServiceName": "sns.amazonaws.com"}},
    {"Bool": {"aws:PrincipalIsAWSService": "true"}},
    {"BoolIfExists": {"aws:PrincipalIsAWSService": "false"}},
    {"StringEquals": {"aws:PrincipalOrgID": "o-1"}},
    {"Null": {"aws:PrincipalArn": "true"}},
    {"StringEquals": {"aws:SourceAccount": ID}},
    {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}},
    {"StringEquals": {"s3:prefix": "${aws:username}"}},
]
EXTERNAL_TRIED = [
    "anonymous",
    "sns.amazonaws.com",
    "sqs.amazonaws.com",
    "ses.amazonaws.com",
    "unheard-of.amazonaws.com",
    *(
        f"arn:aws:{service}::{account}:{name}"
        for account in (X, Y, UNHEARD_OF, "666612341234")
        for service, name in (
            ("iam", "root"),
            ("iam", "role/app-1"),
            ("iam", "role/app-2"),
            ("iam", "role/deep/down/x-1"),
            ("iam", "user/ana"),
            ("iam", "user/team/ana"),
            ("iam", "user/bob"),
            ("iam", "user/eva"),
            ("iam", "user/zoe"),
            ("sts", "assumed-role/app-1/s"),
            ("sts", "federated-user/ana"),
        )
    ),
]


@st.composite
def external_statements(draw: st.DrawFn) -> dict[str, Any]:
    statement: dict[str, Any] = {"Effect": draw(st.sampled_from(["Allow", "Allow", "Deny"]))}
    statement["NotPrincipal" if draw(st.integers(0, 7)) == 0 else "Principal"] = draw(st.sampled_from(EXTERNAL_NAMED))
    statement["Action"] = "s3:*"
    resources = [f"{BUCKET}/*", f"{BUCKET}/*", f"{BUCKET}/${{aws:username}}/*"]
    statement["Resource"] = draw(st.sampled_from(resources))
    for condition in draw(st.lists(st.sampled_from(EXTERNAL_CONDITIONS), max_size=3)):
        for operator, tests in condition.items():
            statement.setdefault("Condition", {}).setdefault(operator, {}).update(tests)
    return statement


@settings(max_examples=some_of(80), deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(external_statements(), min_size=1, max_size=3),
    st.sampled_from([None, True, False]),
    st.sampled_from(MissingContextMode),
)
def test_whoever_conditions_describe_has_a_row(
    statements: list[dict[str, Any]], lists_every_account: bool | None, unknown: MissingContextMode
) -> None:
    ours = organization(
        *map(member, (ID, Y)), management=ID, scps_enabled=False, lists_every_account=bool(lists_every_account)
    )
    capture = evaluator(bucket(*statements), *([] if lists_every_account is None else [ours]))
    asked = {"action": "s3:GetObject", "resource": f"{BUCKET}/ana/x", "unknown_context": unknown}
    # The path of a session's role is in its ARN for policies, and not known: absent means something else.
    is_unknown = unknown is MissingContextMode.UNKNOWN
    check_rows(capture, asked, [one for one in EXTERNAL_TRIED if is_unknown or ":assumed-role/" not in one])
