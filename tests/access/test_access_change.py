"""What goes and what comes with a policy is what the engine decides before and after, on a real copy without it."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from iamdesk.access.access_change import AccessChanges, ServiceChange
from iamdesk.access.evaluator import Evaluator
from iamdesk.aws.action_sets import service_actions
from iamdesk.evaluate.request import EvalDecision, Request
from iamdesk.snapshot.model import Snapshot
from iamdesk.whatif.apply import apply
from iamdesk.whatif.edits import Edit, EditAction

from ..builders.arns import policy_arn, role_arn
from ..builders.captures import evaluator as evaluator_of
from ..builders.captures import managed, role
from ..builders.statements import allow, document
from ..some_of import some_of
from .worlds import NOON, snapshots

STRENGTH = {
    EvalDecision.ALLOWED: 2,
    EvalDecision.CONDITIONAL: 1,
    EvalDecision.IMPLICIT_DENY: 0,
    EvalDecision.EXPLICIT_DENY: 0,
}
ASKED = (
    "s3:GetObject",
    "s3:PutObject",
    "s3:ListBucket",
    "s3:ListAllMyBuckets",
    "kms:Decrypt",
    "kms:CreateKey",
    "sts:AssumeRole",
    "sts:GetCallerIdentity",
    "iam:PassRole",
    "iam:CreateUser",
    "ec2:RunInstances",
    "execute-api:Invoke",
    "sqs:SendMessage",
)


def removals(snapshot: Snapshot) -> Iterator[tuple[Edit, str, str]]:
    """Yield edits that take one policy away, each with who loses it and what: a policy's key, a group, a boundary."""
    for account in snapshot.accounts:
        arns = {group.group_name: group.arn for group in account.groups}
        for user in account.users:
            for name in set(user.group_list) & arns.keys():
                yield Edit(EditAction.LEAVE_GROUP, user.arn, arns[name]), user.arn, arns[name]
        for holder in (*account.users, *account.groups, *account.roles):
            for attached in holder.attached_managed_policies:
                arn = attached.policy_arn
                yield Edit(EditAction.DETACH_POLICY, holder.arn, arn), holder.arn, f"{holder.arn} {arn}"
            for inline in getattr(holder, f"{_kind(holder.arn)}_policy_list"):
                key = f"{holder.arn} {holder.arn}#inline/{inline.policy_name}"
                yield Edit(EditAction.DELETE_INLINE_POLICY, holder.arn, inline.policy_name), holder.arn, key
            if getattr(holder, "permissions_boundary", None) is not None:
                yield Edit(EditAction.REMOVE_BOUNDARY, holder.arn), holder.arn, "boundary"


def _kind(arn: str) -> str:
    return arn.split(":", 5)[5].partition("/")[0]


@settings(max_examples=some_of(100), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(snapshots(), st.data())
def test_what_goes_and_comes_is_what_the_engine_decides_before_and_after(
    snapshot: Snapshot, data: st.DataObject
) -> None:
    listed = [one for one in removals(snapshot) if ":333333333333:" not in one[1]]
    if not listed:
        return
    edit, holder, what = data.draw(st.sampled_from(listed))
    old, new = (Evaluator(one, lambda: NOON) for one in (snapshot, apply(snapshot, [edit])))
    changes = AccessChanges(old)
    users = [one.arn for account in snapshot.accounts for one in account.users if ":333333333333:" not in one.arn]
    members = [
        arn for arn in users if any(one.owner == holder for one in old.index.carried(arn).identity) and arn != holder
    ]
    for arn in (holder, *members):
        population = old.population()
        position = population.position(arn)
        position = population.group_position(arn) if position is None else position
        assert position is not None
        kept = [what not in (one.owner, f"{one.owner} {one.key}") for one in old.index.carried(arn).identity]
        altered = changes.principals.alter(position, kept, keeps_boundary=what != "boundary")
        found = changes.between(position, position, altered)
        if ":group/" in arn:
            continue  # nobody can make a request as a group
        event("something changes" if any(one.lost or one.gained for one in found.values()) else "nothing changes")
        for name in ASKED:
            service, _, action = name.partition(":")
            bit = service_actions(service).positions[action.lower()]
            change = found.get(service, ServiceChange(0, 0, 0, 0, 0))
            resources = dict(old.reach_resources(position, service, bit))
            pairs = [
                tuple(STRENGTH[one.decide(Request(arn, name, resource))] for one in (old, new))
                for resource in resources
            ]
            awaits = any(
                evaluator.reach_of(position, service).reach_of(bit).value == "awaiting resource policy"
                for evaluator in (old, new)
            )
            lost, gained = any(one > two for one, two in pairs), any(one < two for one, two in pairs)
            told = bool(change.lost >> bit & 1), bool(change.gained >> bit & 1)
            # What only awaits a policy that is not held is told beyond the engine's own word.
            assert told == (lost, gained) or (awaits and told[0] >= lost and told[1] >= gained), (
                edit,
                arn,
                name,
                pairs,
            )


def test_principals_with_the_same_policies_may_lose_different_things() -> None:
    """A condition tells them apart by their own names or tags; in whatever order they are compared."""
    ours = {"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/ours-*"}}
    evaluator = evaluator_of(
        managed(policy_arn("shared"), document(allow("sqs:*", condition=ours))),
        *(role(name, attached=[policy_arn("shared")]) for name in ("ours-1", "theirs-1", "ours-2", "theirs-2")),
    )
    changes = AccessChanges(evaluator)
    for name in ("ours-1", "theirs-1", "theirs-2", "ours-2"):
        position = evaluator.population().position(role_arn(name))
        assert position is not None
        change = changes.between(position, position, changes.principals.alter(position, [False]))
        assert bool(change) is name.startswith("ours"), name


@pytest.mark.parametrize("order", [("ana", "bob"), ("bob", "ana")])
def test_resources_are_those_that_the_principals_own_policies_name(order: tuple[str, str]) -> None:
    """Also where two principals are allowed the same on all resources, and one of them names some as well."""
    alarm = "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:disk"
    captured = evaluator_of(
        role("ana", document(allow("cloudwatch:*", ["*", alarm]))), role("bob", document(allow("cloudwatch:*")))
    )
    changes = AccessChanges(captured)
    named = {}
    for name in order:
        position = captured.population().position(role_arn(name))
        assert position is not None
        change = changes.between(position, position, changes.principals.alter(position, [False]))
        named[name] = [one[0] for one in change["cloudwatch"].resources]
    assert named == {"ana": [alarm], "bob": []}


@pytest.mark.parametrize("action", ["glue:*", "*"])
def test_what_has_one_arn_in_every_account_is_not_named_by_a_policy(action: str) -> None:
    """The Data Catalog would be listed or not by which service is evaluated in place of others."""
    captured = evaluator_of(role("ana", document(allow(action))))
    changes = AccessChanges(captured)
    position = captured.population().position(role_arn("ana"))
    assert position is not None
    change = changes.between(position, position, changes.principals.alter(position, [False]))
    assert change["glue"].lost
    assert change["glue"].resources == ()


def test_what_is_allowed_on_a_resource_of_no_listed_type_goes_with_its_statement() -> None:
    """AWS's list has no type for this ARN, which a sample policy in its guide has (Bedrock AgentCore)."""
    interpreter = "arn:aws:bedrock-agentcore:eu-west-1:111122223333:code-interpreter/*"
    captured = evaluator_of(role("ana", document(allow("bedrock-agentcore:InvokeCodeInterpreter", interpreter))))
    changes = AccessChanges(captured)
    position = captured.population().position(role_arn("ana"))
    assert position is not None
    change = changes.between(position, position, changes.principals.alter(position, [False]))
    assert change["bedrock-agentcore"].lost.bit_count() == 1
    assert [one[0] for one in change["bedrock-agentcore"].resources] == [interpreter]
