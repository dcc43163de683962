"""Resources that policies name are evaluated, also where AWS's list of resource types does not have them."""

from typing import Any

import pytest

from iamdesk import Evaluator, Request
from iamdesk.diff.comparison import compare_snapshots
from iamdesk.diff.result import Kind, PrincipalDiff, Status
from iamdesk.diff.sample_resources import places

from ..access.worlds import NOON
from ..builders.captures import allow, deny
from . import seeds
from .seeds import A
from .test_equivalence import snapshot

ANA = seeds.user_arn("ana")
METHODS = ["apigateway:GET", "apigateway:PUT"]
GATEWAY = "arn:aws:apigateway:us-east-1::"
LOCK = deny("*", Condition={"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}})


def compared(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> PrincipalDiff:
    """Compare ana's policies, and check each changed example by evaluating it on its own."""
    old, new = (snapshot(name, [seeds.user("ana", *own)]) for name, own in (("old", before), ("new", after)))
    found = compare_snapshots(old, new, NOON)
    for effect in found.principals[ANA].effects:
        witness = effect.witness
        request = Request(ANA, witness.action, witness.resource, dict(witness.context))
        decisions = [Evaluator(one, now=lambda: NOON).trace(request).decision for one in (old, new)]
        assert decisions == [witness.old, witness.new]
    return found.principals[ANA]


def names(diff: PrincipalDiff) -> set[tuple[Kind, str, int]]:
    return {(effect.kind, effect.where, effect.actions.bit_count()) for effect in diff.effects}


@pytest.mark.parametrize(
    "resource",
    [
        f"{GATEWAY}/apis",
        f"{GATEWAY}/apis/a1/stages/prod",
        f"{GATEWAY}/restapis/a1/stages/prod",
        f"{GATEWAY}/restapis/a1/resources/r1/methods/GET",
        f"{GATEWAY}/not-yet-listed",
        f"{GATEWAY}/not-yet-listed/*",
        "arn:aws:apigateway:us-*::/not-yet-listed/*",
        "arn:aws:apigateway:*::/not-yet-listed/${aws:username}",
    ],
)
def test_a_lock_takes_the_access_to_what_an_allow_names(resource: str) -> None:
    own = allow(METHODS, resource)

    assert names(compared([own], [own, LOCK])) == {(Kind.LOST, resource, 2)}
    assert names(compared([own, LOCK], [own])) == {(Kind.GAINED, resource, 2)}
    assert compared([own, LOCK], [own, LOCK]).status is Status.UNCHANGED


def test_a_lock_takes_nothing_in_the_region_that_it_allows() -> None:
    own = allow(METHODS, "arn:aws:apigateway:eu-west-1::/not-yet-listed")

    assert compared([own], [own, LOCK]).status is Status.UNCHANGED


@pytest.mark.parametrize("effect", ["Allow", "Deny"])
def test_a_statement_about_what_aws_does_not_list_is_compared(effect: str) -> None:
    """Also beside an Allow on everything, of which the Deny takes a part."""
    statement = {**allow(METHODS, f"{GATEWAY}/not-yet-listed"), "Effect": effect}
    other = [allow("apigateway:*")] if effect == "Deny" else []

    (change,) = names(compared(other, [*other, statement]))
    assert change == (Kind.LOST if effect == "Deny" else Kind.GAINED, f"{GATEWAY}/not-yet-listed", 2)


def test_a_recovery_point_has_the_arn_of_the_service_that_was_backed_up() -> None:
    own = allow("backup:DisassociateRecoveryPoint", f"arn:aws:states:us-east-1:{A}:execution:network-*:*")

    assert names(compared([own], [own, LOCK])) == {(Kind.LOST, own["Resource"], 1)}


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("backup:StartRestoreJob", "arn:aws:ec2:us-east-1::snapshot/snap-1"),
        ("backup:StartRestoreJob", "arn:aws:ec2:us-*::image/ami-*"),
        ("backup:DeleteRecoveryPoint", f"arn:aws:dynamodb:us-east-1:{A}:table/t/backup/b"),
        ("backup:StartCopyJob", f"arn:aws:fsx:us-east-1:{A}:backup/backup-1"),
        ("backup:StartCopyJob", "arn:aws:storagegateway:us-east-1::snapshot/snap-1"),
        ("backup:StartCopyJob", f"arn:aws:not-yet-listed:us-east-1:{A}:thing/one"),
        ("bedrock-agentcore:InvokeCodeInterpreter", f"arn:aws:bedrock-agentcore:us-east-1:{A}:code-interpreter/*"),
        ("sqs:SendMessage", f"arn:aws:sns:us-east-1:{A}:news"),
    ],
)
def test_what_is_of_no_listed_type_is_compared_as_written(action: str, resource: str) -> None:
    """AWS Backup Developer Guide, "Access control", resource ARNs: recovery points have ARNs of other services."""
    own = allow(action, resource)
    blue = {**own, "Condition": {"StringEquals": {"aws:PrincipalTag/team": "blue"}}}

    lost = {(Kind.LOST, resource, 1)}
    assert names(compared([own], [])) == lost
    assert names(compared([own], [own, LOCK])) == lost
    assert names(compared([allow(f"{action.partition(':')[0]}:*")], [allow(f"{action.partition(':')[0]}:*"), deny(
        action, resource)])) == lost  # fmt: skip
    assert names(compared([], [blue])) == set(), "ana has no tags"
    assert compared([own, allow("ec2:DescribeImages")], [allow("ec2:DescribeImages"), own]).status is Status.UNCHANGED


def test_a_resource_that_another_action_of_the_statement_acts_on_is_explained() -> None:
    """Of two actions and two resources, each action acts on one: on the other, AWS never evaluates it."""
    key = f"arn:aws:kms:us-east-1:{A}:key/1b2a6a1e-0000-4000-8000-00000000c0de"
    both = allow(["s3:GetObject", "sns:Publish"], ["arn:aws:s3:::papers/*", f"arn:aws:sns:us-east-1:{A}:news"])
    each = [allow("s3:GetObject", "arn:aws:s3:::papers/*"), allow("sns:Publish", f"arn:aws:sns:us-east-1:{A}:news")]

    assert compared([both], each).status is Status.UNCHANGED
    assert compared([both, deny("sns:*", key)], [both]).status is Status.UNCHANGED


def test_what_other_actions_of_the_service_act_on_is_not_asked_of_an_action() -> None:
    """A bucket is listed, not its objects."""
    own = allow("s3:*", "arn:aws:s3:::papers/*")

    assert compared([own], [own, deny("s3:ListBucket")]).status is Status.UNCHANGED


def test_each_format_of_a_type_is_sampled() -> None:
    found = places("lex", "bot", (), "aws", A)

    assert found.is_complete
    assert {arn.split(":", 5)[5].partition("/")[0].partition(":")[0] for arn in found.arns} == {"bot"}
    assert {"/" in arn for arn in found.arns} == {True, False}
