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


def test_what_other_actions_of_the_service_act_on_is_not_asked_of_an_action() -> None:
    """A bucket is listed, not its objects."""
    own = allow("s3:*", "arn:aws:s3:::papers/*")

    assert compared([own], [own, deny("s3:ListBucket")]).status is Status.UNCHANGED


def test_each_format_of_a_type_is_sampled() -> None:
    found = places("lex", "bot", (), "aws", A)

    assert found.is_complete
    assert {arn.split(":", 5)[5].partition("/")[0].partition(":")[0] for arn in found.arns} == {"bot"}
    assert {"/" in arn for arn in found.arns} == {True, False}
