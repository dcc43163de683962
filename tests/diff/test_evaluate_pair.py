"""One principal's change at a time: what is called a gain, a loss, the same, or not known, and why."""

import ipaddress
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from iamdesk.diff import evaluate_pair, snapshot_view
from iamdesk.diff.comparison import compare_snapshots
from iamdesk.diff.resource_forms import Entry
from iamdesk.diff.result import ChangeKind, Kind, PrincipalDiff, Status
from iamdesk.evaluate.request import EvalDecision
from iamdesk.export.text.diff import context_words, effect_words, text_words
from iamdesk.snapshot.aws_managed import aws_managed_policies
from iamdesk.snapshot.identity_center import AccountAssignment, IdentityCenter
from iamdesk.snapshot.model import Account, RoleDetail, Snapshot, UserDetail
from iamdesk.snapshot.resources import VpcEndpoint

from ..builders.captures import allow, deny, document
from . import seeds
from .seeds import A

MOMENT = datetime(2026, 10, 1, tzinfo=UTC)
ANA = seeds.user_arn("ana")
IF_MFA = {"Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}
TABLE = "dynamodb:DeleteTable"
BOUNDARY = {
    "PermissionsBoundaryType": "PermissionsBoundaryPolicy",
    "PermissionsBoundaryArn": "arn:aws:iam::aws:policy/job-function/SystemAdministrator",
}


def snapshot(name: str, *statements: Any, **more: Any) -> Snapshot:
    user = UserDetail.model_validate(seeds.user("ana", *statements, **more))
    account = Account(account_id=A, users=(user,))
    return Snapshot(path=seeds.Path(f"/captures/{name}.json"), files=(), sha256=name, accounts=(account,))


def compared(before: list[Any], after: list[Any], **more: Any) -> PrincipalDiff:
    return compare_snapshots(snapshot("old", *before, **more), snapshot("new", *after, **more), MOMENT).principals[ANA]


def kinds(standing: PrincipalDiff) -> set[Kind]:
    return {effect.kind for effect in standing.effects}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ([allow(TABLE, **IF_MFA)], [allow(TABLE)], {Kind.GAINED}),
        ([allow(TABLE)], [allow(TABLE, **IF_MFA)], {Kind.LOST}),
        ([], [allow(TABLE, **IF_MFA)], {Kind.GAINED}),
        (
            [allow(TABLE, Condition={"StringEquals": {"aws:RequestedRegion": "eu-west-1"}})],
            [allow(TABLE, Condition={"StringEquals": {"aws:RequestedRegion": "us-east-1"}})],
            {Kind.GAINED, Kind.LOST},
        ),
        (
            [allow(TABLE, **IF_MFA)],
            [allow(TABLE, **IF_MFA), deny(TABLE, Condition={"Null": {"aws:MultiFactorAuthPresent": "true"}})],
            set(),
        ),
        (
            [allow(TABLE, Condition={"StringLike": {"aws:RequestTag/x": "dev*"}})],
            [allow(TABLE, Condition={"StringEquals": {"aws:RequestTag/x": ["dev", "devx"]}})],
            set(),
        ),
        (
            [allow("ec2:RunInstances", Condition={"StringLike": {"aws:RequestTag/x": "dev*"}})],
            [allow("ec2:RunInstances", Condition={"StringEquals": {"aws:RequestTag/x": ["dev", "devx"]}})],
            {Kind.LOST},
        ),
        ([allow("s3:GetObject", "arn:aws:s3:::b/*")], [allow("s3:GetObject", "arn:aws:s3:::b/a*")], {Kind.LOST}),
    ],
    ids=range(8),
)
def test_conditions_and_resources(before: list[Any], after: list[Any], expected: set[Kind]) -> None:
    assert kinds(compared(before, after)) == expected


def test_what_a_key_policy_would_decide_cannot_be_told() -> None:
    standing = compared([allow("kms:Decrypt"), allow(TABLE)], [allow(TABLE)])

    assert standing.status is Status.INCONCLUSIVE
    assert standing.doubts == (
        "kms:Decrypt changed if the resource policy allows the account, but neither snapshot contains that policy.",
    )


def test_a_role_of_another_account_cannot_be_told() -> None:
    standing = compared([], [allow("sts:AssumeRole", "arn:aws:iam::999988887777:role/x")])

    assert standing.status is Status.INCONCLUSIVE
    assert "sts:AssumeRole changed" in standing.doubts[0]


def test_a_statement_that_cannot_be_read_and_differs_cannot_be_told() -> None:
    standing = compared([{**allow(TABLE), "Effect": "allow"}], [{**allow("ec2:*"), "Effect": "allow"}])

    assert standing.status is Status.INCONCLUSIVE
    assert "A malformed statement differs" in standing.doubts[0]


def test_a_policy_whose_text_is_missing_in_both_cannot_be_told() -> None:
    standing = compared([allow(TABLE)], [allow(TABLE)], **seeds.carrying("lost"))

    assert standing.status is Status.INCONCLUSIVE
    assert "either snapshot" in standing.doubts[0]


def test_an_aws_managed_policy_whose_text_is_missing_says_which_version_is_compared() -> None:
    standing = compared([allow(TABLE)], [allow(TABLE, **IF_MFA)], PermissionsBoundary=BOUNDARY)

    assert kinds(standing) == set(), "AWS's SystemAdministrator does not allow it either way"
    assert standing.status is Status.INCONCLUSIVE
    assert standing.doubts == (
        "The text of the AWS managed policy SystemAdministrator was not captured in either snapshot. The result holds "
        f"if the version that AWS published by {aws_managed_policies().as_of:%Y-%m-%d} was in force.",
    )


def test_what_limits_hide_is_no_change() -> None:
    """A boundary that allows neither before nor after."""
    world = seeds.before()
    (user,) = [one for one in world["users"][A] if one["UserName"] == "u09"]
    changed = seeds.after(())
    (other,) = [one for one in changed["users"][A] if one["UserName"] == "u09"]
    other["UserPolicyList"] = [{"PolicyName": "own", "PolicyDocument": document(allow(["ses:SendEmail", "sns:*"]))}]

    found = compare_snapshots(seeds.snapshot(world, "old"), seeds.snapshot(changed, "new"), MOMENT)

    assert user["PermissionsBoundary"]
    assert found.principals[seeds.user_arn("u09")].status is Status.UNCHANGED
    assert [text.has_effect for text in found.texts] == [False]


def test_a_boundary_makes_an_exemption_void() -> None:
    """A Deny with NotPrincipal lists nobody who has a boundary, even one that allows everything (rule E7)."""
    world = seeds.before()
    world["policies"].append(seeds.policy("open", allow("*")))
    exempt = {"AWS": [seeds.user_arn("u01"), seeds.root_arn(A)]}
    denies = {"Effect": "Deny", "NotPrincipal": exempt, "Action": "s3:GetObject", "Resource": f"{seeds.BUCKET}/*"}
    for resource in world["resources"]:
        if resource["arn"] == seeds.BUCKET:
            resource["policy"] = document(denies)
    old = seeds.snapshot(world, "old")
    for user in world["users"][A]:
        if user["UserName"] == "u01":
            user.update(seeds.bounded("open"))

    found = compare_snapshots(old, seeds.snapshot(world, "new"), MOMENT)

    assert {(effect.principal, effect.kind) for effect in found.effects()} == {(seeds.user_arn("u01"), Kind.LOST)}


def test_assignments_and_endpoints_are_told_for_what_they_are() -> None:
    center = IdentityCenter.model_validate(
        {
            "instance": {"InstanceArn": "arn:aws:sso:::instance/ssoins-1"},
            "account_assignments": [],
            "permission_sets": [],
        }
    )
    assigned = AccountAssignment(
        account_id=A, permission_set_arn="arn:aws:sso:::permissionSet/x/ps-1", principal_type="USER", principal_id="u"
    )
    endpoint = VpcEndpoint(vpc_endpoint_id="vpce-1", service_name="com.amazonaws.eu-west-1.s3")
    old = snapshot("old").model_copy(update={"identity_centers": (center,), "vpc_endpoints": (endpoint,)})
    limited = endpoint.model_copy(update={"policy_document": document(deny("s3:*", Principal="*"))})
    given = center.model_copy(update={"account_assignments": (assigned,)})
    new = old.model_copy(update={"sha256": "new", "identity_centers": (given,), "vpc_endpoints": (limited,)})

    found = compare_snapshots(old, new, MOMENT)

    assert {(text.cause.kind, text_words(text)) for text in found.texts} == {
        (ChangeKind.ASSIGNMENT, "changes access"),
        (ChangeKind.ENDPOINT, "changes access"),
    }
    (effect,) = found.principals[seeds.root_arn(A)].effects
    assert (effect.kind, effect.witness.context) == (Kind.LOST, (("aws:SourceVpce", "vpce-1"),))


def test_what_no_statement_asks_the_region_for_is_not_asked_again(monkeypatch):
    asked = []
    evaluate = snapshot_view.evaluate
    monkeypatch.setattr(snapshot_view, "evaluate", lambda question: asked.append(question) or evaluate(question))
    decide_request = snapshot_view.decide_request
    monkeypatch.setattr(
        snapshot_view, "decide_request", lambda question: asked.append(question) or decide_request(question)
    )
    lock = deny(TABLE, Condition={"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}})
    assert kinds(compared([allow(TABLE)], [allow(TABLE), lock])) == {Kind.LOST}
    # Once each without the Region, and once under the lock in another one: the old snapshot allows it in every Region.
    assert len(asked) == 3
    own_region = {"Condition": {"StringEquals": {"aws:RequestedRegion": "us-east-1"}}}
    assert kinds(compared([allow(TABLE, **own_region)], [allow(TABLE, **own_region), lock])) == {Kind.LOST}
    assert kinds(compared([allow(TABLE), lock], [allow(TABLE)])) == {Kind.GAINED}


def test_resources_that_allow_other_actions_are_not_looked_at_for_each_change(monkeypatch):
    """Thousands of roles allow sts:AssumeRole, whatever changes for somebody about tables."""
    looked = []
    clause_actions = Entry.clause_actions.fget
    monkeypatch.setattr(Entry, "clause_actions", property(lambda entry: looked.append(entry) or clause_actions(entry)))
    names = [f"role-{number}" for number in range(30)]
    users = [seeds.user("ana", allow(TABLE)), seeds.user("ana")]
    roles = tuple(RoleDetail.model_validate(seeds.role(name, {"AWS": A})) for name in names)
    old, new = (
        Snapshot(
            path=seeds.Path(f"/captures/{name}.json"),
            files=(),
            sha256=name,
            accounts=(Account(account_id=A, users=(UserDetail.model_validate(user),), roles=roles),),
        )
        for name, user in zip(("old", "new"), users, strict=True)
    )
    assert kinds(compare_snapshots(old, new, MOMENT).principals[ANA]) == {Kind.LOST}
    assert not looked


def test_one_value_of_several_is_said_to_be_an_example() -> None:
    """Another allowed value is affected, too: "when … is ecs-tasks.amazonaws.com" denied that."""
    services = ["ecs-tasks.amazonaws.com", "lambda.amazonaws.com"]
    passing = allow(
        "iam:PassRole",
        f"arn:aws:iam::{A}:role/service/*",
        Condition={"StringEquals": {"iam:PassedToService": services}},
    )
    found = compare_snapshots(snapshot("old", passing), snapshot("new"), MOMENT)
    [effect] = found.principals[ANA].effects
    assert effect.witness.resource.startswith(f"arn:aws:iam::{A}:role/service/")
    assert not effect.witness.resource.endswith("/"), "no role has this ARN"
    assert effect_words(found, effect) == (
        f"lost iam:PassRole on arn:aws:iam::{A}:role/service/*, "
        "for example when iam:PassedToService is ecs-tasks.amazonaws.com"
    )


def test_access_that_only_a_trust_policy_gives_names_the_roles() -> None:
    """Not "on *", because an Allow that went away was on every resource."""
    trusted = {"AWS": "*"}
    roles = tuple(RoleDetail.model_validate(seeds.role(name, trusted)) for name in ("inventory", "status"))
    guard = deny("*", "*", Condition={"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}})
    sides = [snapshot("old", allow("*", "*"), guard), snapshot("new", allow(TABLE, "arn:aws:dynamodb:*:*:table/x"))]
    old, new = (
        side.model_copy(update={"accounts": (side.accounts[0].model_copy(update={"roles": roles}),)}) for side in sides
    )
    effects = compare_snapshots(old, new, MOMENT).principals[ANA].effects
    gained = {effect.where for effect in effects if effect.kind is Kind.GAINED}
    assert gained == {
        "arn:aws:dynamodb:*:*:table/x",
        f"{seeds.role_arn('inventory')} and 1 resource with the same policy",
    }


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ([allow(TABLE, **IF_MFA)], [allow(TABLE)], {Kind.GAINED: {"aws:MultiFactorAuthPresent is absent"}}),
        ([allow(TABLE)], [allow(TABLE, **IF_MFA)], {Kind.LOST: {"aws:MultiFactorAuthPresent is absent"}}),
        (
            [allow(TABLE), deny(TABLE, Condition={"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}})],
            [allow(TABLE)],
            {Kind.GAINED: {"aws:RequestedRegion is any other value"}},
        ),
        (
            [allow(TABLE, Condition={**IF_MFA["Condition"], "NumericLessThan": {"aws:MultiFactorAuthAge": "3600"}})],
            [allow(TABLE, Condition={"NumericLessThan": {"aws:MultiFactorAuthAge": "3600"}})],
            {},
        ),
        (
            [allow(TABLE, Condition={"NumericLessThan": {"aws:MultiFactorAuthAge": "3600"}})],
            [allow(TABLE, **IF_MFA)],
            {Kind.GAINED: {"aws:MultiFactorAuthAge is 3600", "aws:MultiFactorAuthPresent is true"}},
        ),
        ([], [allow(TABLE)], {Kind.GAINED: set()}),
    ],
    ids=range(6),
)
def test_an_example_names_the_condition_and_has_two_clear_decisions(
    before: list[Any], after: list[Any], expected: dict[Kind, set[str]]
) -> None:
    found = compared(before, after)

    assert found.doubts == ()
    assert {one.kind: set(filter(None, context_words(one).split(" and "))) for one in found.effects} == expected
    for one in found.effects:
        assert EvalDecision.CONDITIONAL not in (one.witness.old, one.witness.new)


def test_both_directions_are_found_where_only_values_of_two_keys_together_show_them() -> None:
    keys, listed = "aws:TagKeys", ["a"]
    some = {"ForAnyValue:StringEquals": {keys: listed}}
    every = {"ForAllValues:StringEquals": {keys: listed}, "Null": {keys: "false"}}
    tag = "ec2:CreateTags"

    assert Kind.LOST in kinds(compared([allow(tag, Condition=some)], [allow(tag, Condition=every)]))
    assert Kind.GAINED in kinds(compared([allow(tag, Condition=every)], [allow(tag, Condition=some)]))


def test_a_direction_that_cannot_be_searched_is_a_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    region = [
        allow(TABLE, Condition={"StringEquals": {"aws:RequestedRegion": one}}) for one in ("eu-west-1", "us-east-1")
    ]
    tag = {"StringEquals": {"aws:RequestTag/x": "1", "aws:RequestTag/y": "1"}}
    monkeypatch.setattr(evaluate_pair, "_MAX_AFTER", 1)
    before = [allow("ec2:CreateTags", Condition=tag)]
    after = [allow("ec2:CreateTags", Condition={**tag, "StringLike": {"aws:RequestTag/z": "*"}})]
    found = compared(before, after)

    assert kinds(found) == {Kind.LOST}
    assert "It depends on conditions with more values than can be tried." in found.doubts
    assert compared(region[:1], region[1:]).doubts == ()


def test_keys_of_services_and_empty_values_are_shown_as_they_are_read() -> None:
    every = {"ForAllValues:StringEquals": {"aws:TagKeys": "a"}}
    (lost,) = compared(
        [allow("ec2:StopInstances")],
        [allow("ec2:StopInstances", Condition={"StringEquals": {"ec2:ResourceTag/env": "dev"}})],
    ).effects
    assert context_words(lost) == "ec2:ResourceTag/env is absent"
    written = {**every, "ForAnyValue:StringEquals": {"aws:TagKeys": ""}}
    (gained,) = compared([], [allow("ec2:CreateTags", Condition=written)]).effects
    assert context_words(gained) == "aws:TagKeys is empty"
    with_value = {**written, "Null": {"aws:TagKeys": "false"}}
    assert compared([], [allow("ec2:CreateTags", Condition=with_value)]).effects == ()


@pytest.mark.parametrize("listed", ["203.0.113.0/24", "198.51.100.0/31", "192.0.2.0/25", "2001:db8:ffff::/48"])
def test_an_address_that_a_policy_lists_is_not_any_other_value(listed: str) -> None:
    of_listed = allow(TABLE, Condition={"IpAddress": {"aws:SourceIp": listed}})
    of_others = allow(TABLE, Condition={"IpAddress": {"aws:SourceIp": "52.1.0.0/16"}})
    found = {one.kind: context_words(one) for one in compared([of_listed], [of_others]).effects}

    assert found.keys() == {Kind.GAINED, Kind.LOST}
    shown = found[Kind.LOST].removeprefix("aws:SourceIp is ")
    assert ipaddress.ip_address(shown) in ipaddress.ip_network(listed)


def test_regions_are_written_in_lower_case() -> None:
    """AWS Regions and Availability Zones, "AWS Regions": no Region of a request is written ``eu-wesT-1``."""
    key = "aws:RequestedRegion"
    plain, in_any_case = (
        [allow(TABLE, Condition={operator: {key: ["eu-west-1", "us-east-1"]}})]
        for operator in ("StringEquals", "StringEqualsIgnoreCase")
    )
    assert compared(plain, in_any_case).status is Status.UNCHANGED
    assert compared(in_any_case, plain).status is Status.UNCHANGED
    (lost,) = compared(in_any_case, [allow(TABLE, Condition={"StringEquals": {key: "eu-west-1"}})]).effects
    assert (lost.kind, context_words(lost)) == (Kind.LOST, f"{key} is us-east-1")
    written = allow(TABLE, Condition={"StringEquals": {key: "EU-West-1"}})
    assert kinds(compared([], [written])) == {Kind.GAINED}


def _as_a_role(name: str, *actions: str, policies: Sequence[dict[str, Any]]) -> Snapshot:
    """Return a snapshot of a role with policies; its trust policy allows AssumeRole and other actions of STS."""
    trust = {"Effect": "Allow", "Principal": {"AWS": ANA}, "Action": ["sts:AssumeRole", *actions]}
    role = seeds.role("worker", {"AWS": ANA}, *policies)
    member = RoleDetail.model_validate({**role, "AssumeRolePolicyDocument": document(trust)})
    of = snapshot(name)
    return of.model_copy(update={"accounts": (of.accounts[0].model_copy(update={"roles": (member,)}),)})


_FROM_OFFICE = allow(TABLE, Condition={"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}})


@pytest.mark.parametrize("besides", [[], [_FROM_OFFICE]])
@pytest.mark.parametrize("is_deny", [True, False])
@pytest.mark.parametrize(
    ("action", "key"), [("sts:SetSourceIdentity", "aws:SourceIdentity"), ("sts:TagSession", "aws:PrincipalTag/team")]
)
@pytest.mark.parametrize("where", ["new", "old"])
def test_keys_that_only_one_trust_policy_lets_sessions_have_are_not_said_to_be_unchanged(
    where: str, action: str, key: str, *, is_deny: bool, besides: list[dict[str, Any]]
) -> None:
    """One request cannot be made in both: where sessions can have the key, access differs by its value."""
    tested = allow(TABLE, Condition={"StringEquals": {key: "ana"}})
    policies = [{**tested, "Effect": "Deny"}, *(besides or [allow(TABLE)])] if is_deny else [tested, *besides]
    sides = [_as_a_role(name, *([action] if name == where else []), policies=policies) for name in ("old", "new")]
    found = compare_snapshots(*sides, MOMENT).principals[seeds.role_arn("worker")]
    assert (found.status, found.effects) == (Status.INCONCLUSIVE, ())
    assert found.doubts == (
        f"Access depends on {key}, which can be set for sessions of the role in the {where} snapshot only: its trust "
        f"policy allows {action} there.",
    )


def test_no_change_is_shown_by_a_request_that_cannot_be_made() -> None:
    """Where no session can have a source identity, an Allow for ana's allows nothing that could be lost or gained."""
    by_ana = allow(TABLE, Condition={"StringEquals": {"aws:SourceIdentity": "ana"}})
    sides = [
        _as_a_role("old", policies=[_FROM_OFFICE, by_ana]),
        _as_a_role("new", "sts:SetSourceIdentity", policies=[_FROM_OFFICE, {**by_ana, "Effect": "Deny"}]),
    ]
    for pair in (sides, sides[::-1]):
        found = compare_snapshots(*pair, MOMENT).principals[seeds.role_arn("worker")]
        assert (found.status, found.effects) == (Status.INCONCLUSIVE, ())
