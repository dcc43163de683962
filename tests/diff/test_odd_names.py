"""What stands in a file where an ARN should be ends no comparison."""

import copy
from collections.abc import Callable

import pytest

from iamdesk.diff.comparison import compare_snapshots

from ..access.worlds import NOON
from ..builders.captures import document, trusting
from . import seeds, walls
from .attack import snapshot
from .seeds import World

ODD = (
    *("", "arn:aws:s3", "arn:aws:s3:::", "::::::", f"arn:aws:iam::{walls.A}", "arn:aws:s3:::b*", "arn:aws:s3:::${x}"),
    *(f"arn:aws:sts::{walls.A}:assumed-role", f"arn:aws:iam::{walls.A}:user/a\nb"),
)


def _resource(odd: str, of: World) -> None:
    of["resources"].append({"arn": odd, "account_id": walls.A, "policy": document(seeds.on("*", "s3:*", odd))})


def _named(odd: str, of: World) -> None:
    for arn in (walls.PAPERS, walls.KEY):
        walls.more(arn, seeds.on({"AWS": odd}, "*", odd))(of)


def _grantee(odd: str, of: World) -> None:
    walls.fields(walls.KEY, key_grants=[{"grant_id": "g", "grantee_principal": odd, "operations": ["Decrypt"]}])(of)


def _endpoint(odd: str, of: World) -> None:
    of["vpc_endpoints"][0]["vpc_endpoint_id"] = odd


PLACES: tuple[Callable[[str, World], None], ...] = (
    lambda odd, of: walls.person("ana", Arn=odd, UserPolicyList=[])(of),
    lambda odd, of: walls.person("entered", Arn=odd, AssumeRolePolicyDocument=trusting("*"))(of),
    lambda odd, of: walls.fields(walls.PAPERS, account_id=odd)(of),
    *(_resource, _named, _grantee, _endpoint),
)


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_odd_names_end_no_comparison(odd: str) -> None:
    for change in PLACES:
        plain, changed = walls.before(), walls.before()
        change(odd, changed)
        both = copy.deepcopy(changed)
        walls.more(walls.PAPERS, walls.wall(walls.PAPERS, "s3:*"))(both)
        for old, new in ((plain, changed), (changed, both)):
            compare_snapshots(snapshot(old, "old"), snapshot(new, "new"), NOON)
