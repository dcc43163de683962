"""What is left out before evaluation, or taken from another request, changes nothing in the result."""

import random
from typing import Any

import pytest

from iamdesk import Evaluator, Request
from iamdesk.diff import parallel, principals, sample_requests
from iamdesk.diff.comparison import compare_snapshots
from iamdesk.diff.principals import PrincipalComparer
from iamdesk.diff.result import Comparison, Kind, PrincipalDiff, Status
from iamdesk.evaluate.request import EvalDecision
from iamdesk.snapshot.model import Account, ManagedPolicyDetail, RoleDetail, Snapshot, UserDetail

from ..access.worlds import NOON
from ..builders.captures import allow, deny
from . import seeds
from .seeds import A
from .test_equivalence import LOCK, ONLY_SIGNED, people, snapshot, told

HOME = "arn:aws:s3:::home/${aws:username}/*"
OTHER_TEXT = "arn:aws:s3:::home/${aws:username, 'shared'}/*"
ANA, APP = seeds.user_arn("ana"), seeds.role_arn("app")


def both(name: str, *statements: Any, boundary: list[Any] | None = None) -> Snapshot:
    """A user and a role with the same policy; ``boundary`` are the statements of both boundaries."""
    user, role = seeds.user("ana", *statements), seeds.role("app", {"AWS": A}, *statements)
    for one in (user, role):
        one.update({} if boundary is None else seeds.bounded("edge"))
    edges = [ManagedPolicyDetail.model_validate(seeds.policy("edge", *boundary))] if boundary else []
    account = Account(
        account_id=A,
        users=(UserDetail.model_validate(user),),
        roles=(RoleDetail.model_validate(role),),
        policies=tuple(edges),
    )
    return Snapshot(path=seeds.Path(f"/captures/{name}.json"), files=(), sha256=name, accounts=(account,))


def shown(diff: PrincipalDiff) -> set[tuple[Kind, str]]:
    return {(effect.kind, effect.where) for effect in diff.effects}


def examples(diff: PrincipalDiff) -> set[str]:
    """The resources of its examples, up to their last parts."""
    return {effect.witness.resource.rpartition("/")[0] for effect in diff.effects}


def test_a_role_has_no_user_name() -> None:
    """IAM User Guide, "IAM policy elements: Variables and tags": ``aws:username`` is in the requests of users only."""
    own = allow("s3:GetObject", HOME)
    found = compare_snapshots(both("old", own), both("new", own, LOCK), NOON).principals

    assert shown(found[ANA]) == {(Kind.LOST, HOME)}
    assert examples(found[ANA]) == {"arn:aws:s3:::home/ana"}
    assert (found[APP].status, found[APP].doubts) == (Status.UNCHANGED, ())


def test_other_resources_of_an_allow_with_a_user_name_are_a_role_s_too() -> None:
    own = allow("s3:GetObject", [HOME, "arn:aws:s3:::papers/*"])
    found = compare_snapshots(both("old", own), both("new", own, LOCK), NOON).principals

    assert {effect.kind for effect in found[APP].effects} == {effect.kind for effect in found[ANA].effects}
    assert examples(found[APP]) == {"arn:aws:s3:::papers"}
    assert examples(found[ANA]) <= {"arn:aws:s3:::home/ana", "arn:aws:s3:::papers"}


def test_a_default_is_the_value_where_a_variable_has_none() -> None:
    own = allow("s3:GetObject", OTHER_TEXT)
    found = compare_snapshots(both("old", own), both("new", own, LOCK), NOON).principals

    assert examples(found[APP]) == {"arn:aws:s3:::home/shared"}
    assert examples(found[ANA]) == {"arn:aws:s3:::home/ana"}


def test_a_deny_by_user_name_takes_nothing_from_a_role() -> None:
    own = allow("s3:GetObject", "arn:aws:s3:::home/*")
    found = compare_snapshots(both("old", own), both("new", own, deny("s3:GetObject", HOME)), NOON).principals

    assert examples(found[ANA]) == {"arn:aws:s3:::home/ana"}
    assert (found[APP].status, found[APP].doubts) == (Status.UNCHANGED, ())


def test_a_deny_of_all_but_a_user_name_does_not_apply_to_a_role() -> None:
    """Nothing is called lost, as the evaluation says, and no other home of the user is forgotten."""
    own = allow("s3:GetObject", "arn:aws:s3:::home/*")
    rest = {"Effect": "Deny", "Action": "s3:GetObject", "NotResource": HOME}
    new = both("new", own, rest)
    found = compare_snapshots(both("old", own), new, NOON).principals

    request = Request(APP, "s3:GetObject", "arn:aws:s3:::home/zoe/x")
    assert Evaluator(new, now=lambda: NOON).trace(request).decision is EvalDecision.ALLOWED
    assert shown(found[APP]) == set()
    (effect,) = found[ANA].effects
    assert effect.kind is Kind.LOST
    assert not effect.witness.resource.startswith("arn:aws:s3:::home/ana/")


OWN = [allow("s3:GetObject", "arn:aws:s3:::home/*"), allow("kms:Decrypt")]


def test_what_a_boundary_does_not_allow_leaves_nothing_open() -> None:
    """Without a boundary, the policy of a key that was not captured would decide."""
    edge = [allow("s3:*")]
    free = compare_snapshots(both("old", *OWN), both("new", *OWN, LOCK), NOON).principals
    found = compare_snapshots(both("old", *OWN, boundary=edge), both("new", *OWN, LOCK, boundary=edge), NOON).principals

    for arn in (ANA, APP):
        assert "kms:Decrypt" in "".join(free[arn].doubts)
        assert shown(found[arn]) == shown(free[arn]) == {(Kind.LOST, "arn:aws:s3:::home/*")}
        assert found[arn].doubts == ()


@pytest.mark.parametrize("edge", [[allow("kms:*", f"arn:aws:kms:*:{A}:key/k1")], [deny("s3:*"), allow("*")]])
def test_what_a_boundary_may_allow_stays_open(edge: list[Any]) -> None:
    found = compare_snapshots(both("old", *OWN, boundary=edge), both("new", *OWN, LOCK, boundary=edge), NOON).principals

    for arn in (ANA, APP):
        assert "kms:Decrypt" in "".join(found[arn].doubts)
        assert shown(found[arn]) == set()


UNSEARCHED = allow("s3:GetObject", "arn:aws:s3:::b/${aws:SourceVpc}/*")
"""Of a variable whose value depends on the request, not every resource is sampled."""


@pytest.mark.parametrize(
    ("edge", "is_open"), [([allow("ec2:*")], False), ([allow("s3:*", "arn:aws:s3:::c/*")], False), ([], True)]
)
def test_only_a_boundary_that_is_known_limits_for_certain(edge: list[Any], is_open: bool) -> None:
    """The text of an empty one was not captured."""
    old, new = both("old", UNSEARCHED, boundary=edge), both("new", UNSEARCHED, LOCK, boundary=edge)
    found = compare_snapshots(old, new, NOON).principals

    for arn in (ANA, APP):
        assert found[arn].status is (Status.INCONCLUSIVE if is_open else Status.UNCHANGED)
        assert any("of s3 that" in doubt for doubt in found[arn].doubts) is is_open
        assert shown(found[arn]) == set()


def test_a_boundary_by_user_name_limits_to_the_user_s_own() -> None:
    own, edge = allow("s3:GetObject", "arn:aws:s3:::home/*"), [allow("s3:*", HOME)]
    found = compare_snapshots(both("old", own, boundary=edge), both("new", own, LOCK, boundary=edge), NOON).principals

    assert examples(found[ANA]) == {"arn:aws:s3:::home/ana"}
    assert (found[APP].status, found[APP].doubts) == (Status.UNCHANGED, ())


@pytest.mark.parametrize("widened", [False, True])
def test_each_snapshot_s_boundary_limits_its_own_allows(widened: bool) -> None:
    narrow, wide = (both(*one) for one in (("old", *OWN[:1]), ("new", *OWN[:1])))
    bounded = both("edge", *OWN[:1], boundary=[allow("s3:*", "arn:aws:s3:::home/a/*")])
    old, new = (bounded, wide) if widened else (narrow, bounded)
    found = compare_snapshots(old, new, NOON).principals

    for arn in (ANA, APP):
        assert {effect.kind for effect in found[arn].effects} == {Kind.GAINED if widened else Kind.LOST}


SEARCHED_FOR = "table/${aws:SourceVpc}/*"
"""Of a variable whose value depends on the request, not every resource is sampled."""


def test_nothing_is_open_in_a_region_that_a_lock_leaves_alone() -> None:
    at_home = allow("dynamodb:DeleteTable", f"arn:aws:dynamodb:eu-west-1:{A}:{SEARCHED_FOR}")
    found = compare_snapshots(both("old", at_home), both("new", at_home, LOCK), NOON)

    for arn in (ANA, APP):
        assert (found.principals[arn].status, found.principals[arn].doubts) == (Status.UNCHANGED, ())
    assert found.figures.requests == 0


POINT = f"arn:aws:s3:eu-west-1:{A}:accesspoint/ap/object/*"
IN_REGION = {"aws:RequestedRegion": "eu-west-1"}


@pytest.mark.parametrize(
    ("own", "limits"),
    [
        (allow("dynamodb:DeleteTable", f"arn:aws:dynamodb:eu-north-1:{A}:{SEARCHED_FOR}"), [LOCK]),
        (allow("dynamodb:DeleteTable", f"arn:aws:dynamodb:eu-*:{A}:table/*"), [LOCK]),
        (allow("dynamodb:DeleteTable", f"arn:aws:dyn*:eu-west-1:{A}:table/*"), [LOCK]),
        (allow("dynamodb:DeleteTable", f"arn:aws:dynamodb:${{aws:RequestedRegion}}:{A}:table/*"), [LOCK]),
        (allow("sqs:SendMessage", "arn:aws:sqs:eu-west-1:222222222222:q"), [LOCK]),
        (allow("kms:Decrypt", f"arn:aws:kms:eu-west-1:{A}:key/*"), [LOCK]),
        (allow("s3:GetObject", POINT), [LOCK]),
        (allow("sqs:SendMessage", f"arn:aws:sqs:eu-west-1:{A}:q"), [LOCK, deny("sqs:*", f"arn:aws:sqs:*:{A}:q")]),
        (allow("sqs:SendMessage", f"arn:aws:sqs:eu-west-1:{A}:q"), [LOCK, ONLY_SIGNED]),
        *(
            (allow("sqs:SendMessage", f"arn:aws:sqs:eu-west-1:{A}:q"), [deny("sqs:*", Condition={operator: IN_REGION})])
            for operator in ("StringEquals", "StringNotLike", "ForAllValues:StringNotEquals", "StringNotEqualsIfExists")
        ),
    ],
)
def test_regions_left_alone_change_no_other_result(
    own: dict[str, Any], limits: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs = [(both("old", own), both("new", own, *limits)), (both("old", own, *limits), both("new", own))]
    found = [compare_snapshots(*pair, NOON) for pair in pairs]
    monkeypatch.setattr(sample_requests, "_is_in_same_region", lambda *_: False)
    for one, pair in zip(found, pairs, strict=True):
        every = compare_snapshots(*pair, NOON)
        assert told(one) == told(every)
        assert [diff.doubts for diff in one.principals.values()] == [diff.doubts for diff in every.principals.values()]


def test_actions_of_keys_share_a_result_and_keep_their_names() -> None:
    def found(*actions: str) -> Comparison:
        users = [seeds.user(f"u{number}", allow(action)) for number, action in enumerate(actions)]
        return compare_snapshots(snapshot("old", users), snapshot("new", users, LOCK), NOON)

    one, several = found("kms:Decrypt"), found("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey")
    for number, action in enumerate(("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey")):
        diff = several.principals[seeds.user_arn(f"u{number}")]
        assert diff.status is Status.INCONCLUSIVE
        assert [action in doubt for doubt in diff.doubts] == [True]
    assert several.figures.requests == one.figures.requests


def test_a_key_and_an_alias_share_no_result() -> None:
    """AWS keeps ``alias/aws/…`` to itself, and a key's policy decides for the key only."""
    alias, reserved = (f"arn:aws:kms:eu-west-1:{A}:alias/{name}" for name in ("own", "aws/s3"))
    users = [
        seeds.user("key", allow("kms:Decrypt", f"arn:aws:kms:us-east-1:{A}:key/k1")),
        seeds.user("alias", allow("kms:CreateAlias", alias)),
        seeds.user("reserved", allow("kms:CreateAlias", reserved)),
    ]
    for order in (users, users[::-1]):
        found = compare_snapshots(snapshot("old", order), snapshot("new", order, deny("kms:*")), NOON).principals
        statuses = [found[seeds.user_arn(name)].status for name in ("key", "alias", "reserved")]
        assert statuses == [Status.INCONCLUSIVE, Status.CHANGED, Status.UNCHANGED]


@pytest.mark.parametrize("seed", range(3))
def test_results_that_later_spans_take_over_are_their_own(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    same = [
        seeds.user(f"same{number}", allow("sqs:SendMessage"), allow(f"iam:Get{'x' * number}*")) for number in range(9)
    ]
    users = [*people(random.Random(seed), 15), *same]
    old, new = snapshot("old", users), snapshot("new", users, LOCK, deny("sqs:*"))
    monkeypatch.setattr(parallel, "_SHORT", 3)
    monkeypatch.setattr(parallel, "_SPAN", 3)
    evaluated: list[str] = []
    compare = principals.compare
    monkeypatch.setattr(principals, "compare", lambda *asked: evaluated.append(asked[2]) or compare(*asked))
    kept = compare_snapshots(old, new, NOON)
    with_kept = len(evaluated)
    begin = PrincipalComparer.begin

    def begin_anew(comparer: PrincipalComparer) -> None:
        begin(comparer)
        comparer._plainly.clear()

    monkeypatch.setattr(PrincipalComparer, "begin", begin_anew)
    anew = compare_snapshots(old, new, NOON)

    assert told(kept) == told(anew)
    assert {arn: (one.status, one.doubts) for arn, one in kept.principals.items()} == {
        arn: (one.status, one.doubts) for arn, one in anew.principals.items()
    }
    assert kept.figures.requests == anew.figures.requests
    assert with_kept < len(evaluated) - with_kept
