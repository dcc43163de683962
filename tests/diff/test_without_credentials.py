"""Actions for which no policy is evaluated stand for no others, and do not change with a policy."""

import pytest

from iamdesk.diff.comparison import compare_snapshots
from iamdesk.diff.result import Kind
from iamdesk.resource_files import sample_snapshot
from iamdesk.snapshot.reader import load_snapshot
from iamdesk.whatif.apply import apply
from iamdesk.whatif.edits import Edit, EditAction

from ..access.worlds import NOON
from . import seeds, walls
from .attack import snapshot
from .seeds import World

ANA = walls.WHO["ana"]


def _with(*actions: str) -> World:
    found = walls.before()
    document = seeds.document(seeds.allow(list(actions), "*"))
    walls.person("ana", UserPolicyList=[{"PolicyName": "own", "PolicyDocument": document}] if actions else [])(found)
    return found


@pytest.mark.parametrize(
    ("actions", "lost"),
    [
        (("cognito-identity:GetId", "dynamodb:ListStreams"), {"dynamodb:ListStreams"}),
        (("cognito-identity:GetId", "cognito-identity:ListIdentityPools"), {"cognito-identity:ListIdentityPools"}),
        (("cognito-idp:InitiateAuth", "ec2:DescribeRegions"), {"ec2:DescribeRegions"}),
        (("cognito-idp:InitiateAuth", "athena:ListWorkGroups"), {"athena:ListWorkGroups"}),
        (("cognito-identity:GetId",), set()),
    ],
)
def test_exactly_what_a_policy_gives_is_lost_with_it(actions: tuple[str, ...], lost: set[str]) -> None:
    found = compare_snapshots(snapshot(_with(*actions), "old"), snapshot(_with(), "new"), NOON)
    effects = [one for one in found.principals[ANA].effects if one.kind is Kind.LOST]
    assert {name for one in effects for name in found.names(one.actions)} == lost


def test_no_such_action_is_lost_with_a_group_that_gives_almost_all() -> None:
    sample = load_snapshot(sample_snapshot())
    person = "arn:aws:iam::111122223333:user/engineering/ana.moreno"
    group = "arn:aws:iam::111122223333:group/engineering/Engineers"
    found = compare_snapshots(sample, apply(sample, [Edit(EditAction.LEAVE_GROUP, person, group)]), NOON)
    lost = {name for one in found.principals[person].effects for name in found.names(one.actions)}
    assert "cognito-identity:GetIdentityPoolRoles" in lost
    assert not lost & {"cognito-identity:*", "cognito-identity:GetId", "cognito-idp:*", "cognito-idp:InitiateAuth"}
