"""Whoever stands for all external callers is nobody that policies or organizations tell from others."""

import copy
from fnmatch import fnmatch
from typing import Any

import pytest

from iamdesk.diff.comparison import compare_snapshots
from iamdesk.diff.result import Comparison, Kind, Status
from iamdesk.export.text.diff import principal_words

from ..access.worlds import NOON
from ..builders.captures import document
from . import seeds
from .seeds import BUCKET, A, on, user

GET = "s3:GetObject"


def opened(*statements: Any, bucket: str = BUCKET, management: str = "123123123123") -> Comparison:
    """A bucket without a policy, and then with one."""
    old = seeds.before()
    old["users"] = {account: [user("u", account=account)] for account in old["users"]}
    old["groups"] = old["roles"] = old["policies"] = []
    old["organization"]["management_account_id"] = management
    old["resources"] = [{"arn": bucket, "account_id": A, "policy": None, "is_policy_captured": True}]
    new = copy.deepcopy(old)
    new["resources"][0]["policy"] = document(*statements)
    return compare_snapshots(seeds.snapshot(old, "old"), seeds.snapshot(new, "new"), NOON)


def gaining(found: Comparison) -> dict[str, str]:
    """Who gains, and in words."""
    gained = (effect.principal for effect in found.effects() if effect.kind is Kind.GAINED)
    return {principal: principal_words(principal) for principal in gained}


@pytest.mark.parametrize("excluded", ["999999999999", "9*", ["999999999999", "888888888888", "7*", "666666666666"]])
def test_an_account_that_a_policy_excludes_does_not_stand_for_all(excluded: Any) -> None:
    found = opened({**on("*", GET, f"{BUCKET}/*"), "Condition": {"StringNotLike": {"aws:PrincipalAccount": excluded}}})
    (anyone,) = [arn for arn, words in gaining(found).items() if words == "any principal of any other account"]
    patterns = [excluded] if isinstance(excluded, str) else excluded
    assert not any(fnmatch(anyone.split(":")[4], pattern) for pattern in patterns)


def test_an_account_of_the_organization_does_not_stand_for_all() -> None:
    condition = {"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}
    found = opened({**on("*", GET, f"{BUCKET}/*"), "Condition": condition}, management="999999999999")
    (anyone,) = [arn for arn, words in gaining(found).items() if words == "any principal of any other account"]
    assert anyone.split(":")[4] != "999999999999"


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov"])
def test_external_callers_are_of_the_resource_s_partition(partition: str) -> None:
    bucket = BUCKET.replace("arn:aws:", f"arn:{partition}:")
    outside = f"arn:{partition}:iam::444455556666:root"
    found = opened(
        on("*", "s3:GetObjectAcl", f"{bucket}/*"),
        on({"AWS": outside}, GET, f"{bucket}/*"),
        {**on("*", GET, f"{bucket}/*"), "Condition": {"StringEquals": {"aws:PrincipalAccount": "222233334444"}}},
        bucket=bucket,
    )
    told = gaining(found)
    assert {arn.split(":")[1] for arn in told if arn.startswith("arn:") and ":1111" not in arn} == {partition}
    assert {"any principal of any other account", "any principal of account 444455556666"} <= set(told.values())
    assert f"arn:{partition}:iam::222233334444:role/anyone" in told


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ({"Resource": "arn:aws:s3:::*"}, f"{BUCKET}/*"),
        ({"Resource": f"{BUCKET}*"}, f"{BUCKET}/*"),
        ({"Resource": f"{BUCKET}/*"}, f"{BUCKET}/*"),
        ({"Resource": f"{BUCKET}/a/*"}, f"{BUCKET}/a/*"),
        ({"Resource": "arn:aws:s3:::*/a/*"}, f"{BUCKET}/a/*"),
        ({"NotResource": f"{BUCKET}/a/*"}, f"{BUCKET}/* except {BUCKET}/a/*"),
        ({"NotResource": "arn:aws:s3:::another/*"}, f"{BUCKET}/*"),
    ],
    ids=range(7),
)
def test_access_by_the_policy_of_a_bucket_is_to_that_bucket(resource: dict[str, str], expected: str) -> None:
    statement = {"Effect": "Allow", "Principal": {"AWS": "888888888888"}, "Action": "s3:GetObject", **resource}

    assert {effect.where for effect in opened(statement).effects()} == {expected}


def test_what_is_no_longer_excluded_is_named_alone() -> None:
    statement = {"Effect": "Allow", "Principal": {"AWS": "888888888888"}, "Action": "s3:GetObject"}
    old, new = (seeds.before() for _ in range(2))
    for world, excluded in ((old, [f"{BUCKET}/a/*", f"{BUCKET}/b/*"]), (new, [f"{BUCKET}/a/*"])):
        resources = [{"arn": BUCKET, "account_id": A, "policy": document({**statement, "NotResource": excluded})}]
        world.update(resources=resources)
    found = compare_snapshots(seeds.snapshot(old, "old"), seeds.snapshot(new, "new"), NOON)

    assert {effect.where for effect in found.effects()} == {f"{BUCKET}/b/*"}


UUID = "11111111-2222-3333-4444-555555555555-1"


@pytest.mark.parametrize(
    ("owner", "action", "named", "where"),
    [
        # Amazon EventBridge User Guide, "Permissions for event buses"; Amazon MSK Developer Guide, "Attach a cluster
        # policy to the MSK cluster"; Amazon OpenSearch Service Developer Guide, "Identity and Access Management".
        ("events:eu-west-1:{}:event-bus/b", "events:PutRule", "rule/b/*", "rule/b/*"),
        ("events:eu-west-1:{}:event-bus/b", "events:PutRule", "rule/b/app-*", "rule/b/app-*"),
        (f"kafka:eu-west-1:{{}}:cluster/k/{UUID}", "kafka-cluster:ReadData", "topic/k/*", f"topic/k/{UUID}/*"),
        ("es:eu-west-1:{}:domain/o", "es:ESHttpGet", "domain/o/*", "domain/o/*"),
        ("es:eu-west-1:{}:domain/o", "es:ESHttpGet", "domain/o/logs/*", "domain/o/logs/*"),
        ("codeartifact:eu-west-1:{}:repository/d/r", "codeartifact:PublishPackageVersion", "package/d/r/*", None),
    ],
)
def test_access_to_parts_of_other_formats_is_compared(owner: str, action: str, named: str, where: str | None) -> None:
    arn = f"arn:aws:{owner.format(A)}"
    head = arn.rpartition(":")[0]
    found = opened(on({"AWS": "888888888888"}, action, f"{head}:{named}"), bucket=arn)
    assert list(gaining(found).values()) == ["any principal of account 888888888888"]
    if where is not None:
        assert {effect.where for effect in found.effects()} == {f"{head}:{where}"}


FUNCTION, API = f"arn:aws:lambda:eu-west-1:{A}:function:f", f"arn:aws:execute-api:eu-west-1:{A}:a1b2"


def with_other_settings(arn: str, policy: Any, before: dict[str, Any], after: dict[str, Any]) -> Comparison:
    old = seeds.before()
    old["users"] = {account: [user("u", account=account)] for account in old["users"]}
    old["groups"] = old["roles"] = old["policies"] = []
    old["resources"] = [{"arn": arn, "account_id": A, "policy": policy, "is_policy_captured": True, **before}]
    new = copy.deepcopy(old)
    new["resources"][0] |= after
    return compare_snapshots(seeds.snapshot(old, "old"), seeds.snapshot(new, "new"), NOON)


def test_a_function_url_without_authorization_opens_the_function() -> None:
    """AWS Lambda Developer Guide, "Control access to Lambda function URLs"."""
    condition = {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}}
    policy = document({**on("*", "lambda:InvokeFunctionUrl", FUNCTION), "Condition": condition})
    before, after = (
        {"function_urls": [{"FunctionArn": FUNCTION, "FunctionUrl": "https://x.test/", "AuthType": kind}]}
        for kind in ("AWS_IAM", "NONE")
    )
    assert gaining(with_other_settings(FUNCTION, policy, before, after))["anonymous"] == "anonymous"


def test_the_first_function_url_opens_the_function_and_no_alias() -> None:
    """AWS Lambda Developer Guide, "Creating and managing Lambda function URLs": each alias has its own, or none."""
    condition = {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}}
    policy = document({**on("*", "lambda:InvokeFunctionUrl", FUNCTION), "Condition": condition})
    url = {"FunctionArn": FUNCTION, "FunctionUrl": "https://x.test/", "AuthType": "NONE"}
    found = with_other_settings(FUNCTION, policy, {"function_urls": []}, {"function_urls": [url]})
    assert gaining(found)["anonymous"] == "anonymous"
    assert {effect.witness.resource for effect in found.effects()} == {FUNCTION}
    assert all("settings" in str(cause.sentence) for effect in found.effects() for cause in effect.causes)


def test_other_authorization_types_of_an_api_are_inconclusive() -> None:
    types = [{"authorization_types": (("GET /x", kind),)} for kind in ("AWS_IAM", "NONE")]
    found = with_other_settings(API, None, *types)
    one = found.resources[API]
    assert one.status is Status.INCONCLUSIVE
    assert "authorization types" in " ".join(one.doubts)


OUTSIDE = "555566667777"
LET_IN = on({"AWS": f"arn:aws:iam::{OUTSIDE}:root"}, GET, f"{BUCKET}/*")
ANY_ACCOUNT = "arn:aws:iam::*"


def allowed(condition: dict[str, Any], principal: Any = "*") -> Any:
    return {**on(principal, GET, f"{BUCKET}/*"), "Condition": condition}


def denied(condition: dict[str, Any], principal: Any = "*") -> Any:
    return {**allowed(condition, principal), "Effect": "Deny"}


def like(*patterns: str) -> dict[str, Any]:
    return {"ArnLike": {"aws:PrincipalArn": list(patterns)}}


@pytest.mark.parametrize(
    ("before", "after", "who"),
    [
        ([LET_IN, denied(like(f"{ANY_ACCOUNT}:role/app-*"))], [LET_IN], "role/app-anyone"),
        ([LET_IN, denied({"StringLike": {"aws:PrincipalArn": "*app-*"}})], [LET_IN], "role/app-"),
        ([LET_IN, denied(like(f"{ANY_ACCOUNT}:user/*"))], [LET_IN], "user/anyone"),
        ([LET_IN, denied({"StringEquals": {"aws:PrincipalType": "User"}})], [LET_IN], "user/anyone"),
        ([LET_IN, denied({"StringEquals": {"aws:username": "bob"}})], [LET_IN], "user/bob"),
        ([LET_IN, denied(like(f"{ANY_ACCOUNT}:root"))], [LET_IN], "root"),
        (
            [allowed(like(f"{ANY_ACCOUNT}:role/app-*")), denied({"StringEquals": {"aws:PrincipalAccount": OUTSIDE}})],
            [allowed(like(f"{ANY_ACCOUNT}:role/app-*"))],
            "role/app-anyone",
        ),
        (
            [LET_IN, denied(like(f"{ANY_ACCOUNT}:role/app-*")), denied(like(f"{ANY_ACCOUNT}:role/*-1"))],
            [LET_IN, denied(like(f"{ANY_ACCOUNT}:role/*-1"))],
            "role/app-anyone",
        ),
        (
            [{**denied({}), "NotPrincipal": {"AWS": [A, OUTSIDE]}, "Principal": None}, LET_IN],
            [
                {
                    **denied({}),
                    "NotPrincipal": {"AWS": [A, OUTSIDE, f"arn:aws:iam::{OUTSIDE}:role/z"]},
                    "Principal": None,
                },
                LET_IN,
            ],
            "role/z",
        ),
    ],
)
def test_outsiders_that_a_condition_describes_in_any_account(before: Any, after: Any, who: str) -> None:
    """A statement lets the account in, or everyone; another one describes its principals without its number.

    IAM User Guide, "AWS global condition context keys": aws:PrincipalArn, aws:PrincipalType, aws:username.
    """
    old = seeds.before()
    old["resources"] = [{"arn": BUCKET, "account_id": A, "policy": _read(before), "is_policy_captured": True}]
    new = copy.deepcopy(old)
    new["resources"][0]["policy"] = _read(after)
    found = compare_snapshots(seeds.snapshot(old, "old"), seeds.snapshot(new, "new"), NOON)
    assert f"arn:aws:iam::{OUTSIDE}:{who}" in gaining(found)
    back = compare_snapshots(seeds.snapshot(new, "new"), seeds.snapshot(old, "old"), NOON)
    lost = {effect.principal for effect in back.effects() if effect.kind is Kind.LOST}
    assert f"arn:aws:iam::{OUTSIDE}:{who}" in lost


@pytest.mark.parametrize(
    "of_roles", [{"StringEquals": {"aws:PrincipalType": "AssumedRole"}}, like(f"{ANY_ACCOUNT}:role/*")]
)
def test_an_account_whose_roles_are_denied(of_roles: Any) -> None:
    """Its users and its root user are let in."""
    old = seeds.before()
    old["resources"] = [
        {"arn": BUCKET, "account_id": A, "policy": _read([denied(of_roles)]), "is_policy_captured": True}
    ]
    new = copy.deepcopy(old)
    new["resources"][0]["policy"] = _read([denied(of_roles), LET_IN])
    told = gaining(compare_snapshots(seeds.snapshot(old, "old"), seeds.snapshot(new, "new"), NOON))
    assert {f"any user of account {OUTSIDE}", f"any federated user of account {OUTSIDE}", "root"} <= {*told.values()}
    assert f"any principal of account {OUTSIDE}" not in told.values()


def test_more_patterns_than_are_combined_are_reported() -> None:
    patterns = [f"{ANY_ACCOUNT}:role/{letter}-*" for letter in "abcdefghi"]
    old = seeds.before()
    for_some = [allowed(like(*patterns), {"AWS": f"arn:aws:iam::{OUTSIDE}:root"})]
    old["resources"] = [{"arn": BUCKET, "account_id": A, "policy": _read(for_some), "is_policy_captured": True}]
    new = copy.deepcopy(old)
    new["resources"][0]["policy"] = _read([*for_some, denied(like(f"{ANY_ACCOUNT}:role/other-*"))])
    found = compare_snapshots(seeds.snapshot(old, "old"), seeds.snapshot(new, "new"), NOON)
    assert found.resources[BUCKET].status is Status.INCONCLUSIVE


def _read(statements: Any) -> Any:
    return document(*({key: value for key, value in one.items() if value is not None} for one in statements))


def test_accounts_of_the_organization_that_no_snapshot_contains() -> None:
    """A condition on the organization allows them; another one describes some of their roles."""
    mine = {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}
    old = seeds.before()
    old["organization"]["nodes"] = [*old["organization"]["nodes"], {"id": OUTSIDE, "parent_id": "r-1"}]
    own = {"arn": BUCKET, "account_id": A, "is_policy_captured": True}
    old["resources"] = [{**own, "policy": _read([allowed(mine), denied(like(f"{ANY_ACCOUNT}:role/app-*"))])}]
    new = copy.deepcopy(old)
    new["resources"][0]["policy"] = _read([allowed(mine)])
    found = compare_snapshots(seeds.snapshot(old, "old"), seeds.snapshot(new, "new"), NOON)
    assert f"arn:aws:iam::{OUTSIDE}:role/app-anyone" in gaining(found)


X = "444455556666"
APP, CI = "arn:aws:iam::*:role/app-*", "arn:aws:iam::*:role/ci-*"
X_LET_IN = on({"AWS": f"arn:aws:iam::{X}:root"}, GET, f"{BUCKET}/*")


def under(statement: Any, effect: str = "Allow", **conditions: Any) -> Any:
    return {**statement, "Effect": effect, "Condition": conditions}


def described(pattern: Any) -> dict[str, Any]:
    return {"ArnLike": {"aws:PrincipalArn": pattern}}


DENY_ALL = {**on("*", GET, f"{BUCKET}/*"), "Effect": "Deny"}


@pytest.mark.parametrize(
    ("before", "after", "gaining_too"),
    [
        # IAM User Guide, "Global condition keys": a condition may describe callers without their account.
        ([under(X_LET_IN, **described(APP))], [under(X_LET_IN, **described([APP, CI]))], f"arn:aws:iam::{X}:role/ci-"),
        ([X_LET_IN, under(DENY_ALL, "Deny", **described(APP))], [X_LET_IN], f"arn:aws:iam::{X}:role/app-"),
        (
            [X_LET_IN, under(DENY_ALL, "Deny", **described("arn:aws:iam::*:user/*"))],
            [X_LET_IN],
            f"arn:aws:iam::{X}:user/",
        ),
        (
            [X_LET_IN, under(DENY_ALL, "Deny", StringEquals={"aws:PrincipalType": "User"})],
            [X_LET_IN],
            f"arn:aws:iam::{X}:user/",
        ),
        (
            [X_LET_IN, under(DENY_ALL, "Deny", StringEquals={"aws:username": "bob"})],
            [X_LET_IN],
            f"arn:aws:iam::{X}:user/bob",
        ),
        # Two conditions describe the caller together.
        (
            [
                under(on("*", GET, f"{BUCKET}/*"), **described(APP)),
                under(DENY_ALL, "Deny", StringEquals={"aws:PrincipalAccount": X}),
            ],
            [under(on("*", GET, f"{BUCKET}/*"), **described(APP))],
            f"arn:aws:iam::{X}:role/app-",
        ),
        (
            [
                X_LET_IN,
                under(DENY_ALL, "Deny", **described(APP)),
                under(DENY_ALL, "Deny", **described("arn:aws:iam::*:role/*-1")),
            ],
            [X_LET_IN, under(DENY_ALL, "Deny", **described(APP))],
            f"arn:aws:iam::{X}:",
        ),
    ],
)
def test_callers_that_conditions_describe_are_compared_in_each_account(
    before: Any, after: Any, gaining_too: str
) -> None:
    """Whoever the two snapshots treat differently has a change: none is called unchanged."""
    old = seeds.before()
    old["users"] = {account: [user("u", account=account)] for account in old["users"]}
    old["groups"] = old["roles"] = old["policies"] = []
    old["resources"] = [
        {"arn": BUCKET, "account_id": A, "policy": document(*before), "is_policy_captured": True, "acl": []}
    ]
    new = copy.deepcopy(old)
    new["resources"][0]["policy"] = document(*after)
    for first, second, kind in ((old, new, Kind.GAINED), (new, old, Kind.LOST)):
        found = compare_snapshots(seeds.snapshot(first, "old"), seeds.snapshot(second, "new"), NOON)
        changed = {effect.principal for effect in found.effects() if effect.kind is kind}
        assert any(one.startswith(gaining_too) for one in changed), changed


def test_who_is_exempt_alone_is_compared() -> None:
    """IAM User Guide, "NotPrincipal": a Deny applies to all but those that are named."""
    own = f"arn:aws:iam::{A}:root"
    exempt = [own, f"arn:aws:iam::{X}:root", f"arn:aws:iam::{X}:role/z"]
    deny = {key: value for key, value in DENY_ALL.items() if key != "Principal"}
    statements = [on("*", GET, f"{BUCKET}/*"), {**deny, "NotPrincipal": {"AWS": exempt}}]
    assert f"arn:aws:iam::{X}:role/z" in gaining(opened(*statements))
