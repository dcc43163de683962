"""A layer that the user leaves out is gone, and every other one is as it was."""

from dataclasses import fields, replace
from typing import Any

import pytest

from iamdesk.evaluate.engine import EvaluationRequest, evaluate, policies_of
from iamdesk.evaluate.policy_set import PolicySet
from iamdesk.evaluate.request import PolicyType
from iamdesk.simulate.test_cases import trace_case

from ..rules import rule

ACCOUNT = "111122223333"
GRANT = {"Effect": "Allow", "Action": "*", "Resource": "*"}
OPEN = {"Version": "2012-10-17", "Statement": [GRANT]}
OPEN_TO_ALL = {"Version": "2012-10-17", "Statement": [{**GRANT, "Principal": "*"}]}
CLOSED = {"Version": "2012-10-17", "Statement": []}
CASE: dict[str, Any] = {
    "principal": f"arn:aws:iam::{ACCOUNT}:user/ana",
    "action": "s3:GetObject",
    "resource": "arn:aws:s3:::b/k",
    "resource_account": ACCOUNT,
    "identity_policies": [{"name": "i", "document": OPEN}],
    "permissions_boundary": [{"name": "b", "document": OPEN}],
    "session_policies": [{"name": "s", "document": OPEN}],
    "scps": [[{"name": "o", "document": OPEN}]],
    "rcps": [[{"name": "r", "document": OPEN}]],
    "resource_policy": OPEN_TO_ALL,
}
FIELDS: dict[PolicyType, tuple[str, Any]] = {
    PolicyType.IDENTITY: ("identity", ()),
    PolicyType.PERMISSIONS_BOUNDARY: ("boundary", None),
    PolicyType.SESSION: ("session", None),
    PolicyType.SCP: ("scps", None),
    PolicyType.RCP: ("rcps", None),
    PolicyType.RESOURCE: ("resource", None),
    PolicyType.BLOCK_PUBLIC_ACCESS: ("restrict_public_buckets", False),
}


def question(**changes: Any) -> EvaluationRequest:
    return trace_case({**CASE, **changes}).request


@pytest.mark.parametrize("layer", FIELDS)
def test_that_layer_alone_is_gone(layer: PolicyType) -> None:
    asked = question(block_public_access=True)
    left = policies_of(replace(asked, without=frozenset({layer})))
    name, nothing = FIELDS[layer]
    assert getattr(left, name) == nothing
    for field in fields(PolicySet):
        if field.name != name:
            assert getattr(left, field.name) == getattr(asked.policies, field.name), field.name


def test_without_any_nothing_changes() -> None:
    asked = question()
    assert policies_of(asked) is asked.policies


def test_a_trust_policy_is_a_layer_of_its_own() -> None:
    asked = question(action="sts:AssumeRole", resource=f"arn:aws:iam::{ACCOUNT}:role/r")
    assert policies_of(replace(asked, without=frozenset({PolicyType.TRUST}))).resource is None
    assert policies_of(replace(asked, without=frozenset({PolicyType.RESOURCE}))).resource is not None
    assert policies_of(replace(question(), without=frozenset({PolicyType.TRUST}))).resource is not None


@pytest.mark.parametrize(
    ("layer", "changes"),
    [
        (PolicyType.PERMISSIONS_BOUNDARY, {"permissions_boundary": [{"name": "b", "document": CLOSED}]}),
        (PolicyType.SESSION, {"session_policies": [{"name": "s", "document": CLOSED}]}),
        (PolicyType.SCP, {"scps": [[{"name": "o", "document": CLOSED}]]}),
    ],
)
def test_what_a_layer_takes_away_is_there_without_it(layer: PolicyType, changes: dict[str, Any]) -> None:
    asked = question(resource_policy=None, **changes)
    assert evaluate(asked).decision == "implicitDeny"
    assert evaluate(replace(asked, without=frozenset({layer}))).decision == "allowed"
    for other in FIELDS.keys() - {layer}:
        assert evaluate(replace(asked, without=frozenset({other}))).decision == "implicitDeny"


@rule("I11")
def test_policies_that_speak_in_another_decision_are_the_same_policies() -> None:
    policies = question().policies
    policies = replace(policies, endpoint=policies.resource, grants=policies.identity)
    moved = policies.on_sub_request(1)
    for name in ("identity", "boundary", "session", "grants"):
        assert [one.sub_request for one in getattr(moved, name)] == [1]
        assert [replace(one, sub_request=0).document for one in getattr(moved, name)] == [
            one.document for one in getattr(policies, name)
        ]
    for name in ("scps", "rcps"):
        assert [[one.sub_request for one in level] for level in getattr(moved, name)] == [[1]]
    assert moved.resource is not None
    assert moved.endpoint is not None
    assert (moved.resource.sub_request, moved.endpoint.sub_request) == (1, 1)
    bare = PolicySet(identity=()).on_sub_request(1)
    for name in ("boundary", "session", "scps", "rcps", "resource", "endpoint"):
        assert getattr(bare, name) is None


def test_policies_restrict_nothing_where_nobody_says_so() -> None:
    nothing = PolicySet(identity=())
    assert not nothing.restrict_public_buckets
    assert (nothing.boundary, nothing.session, nothing.scps, nothing.rcps, nothing.resource) == (None,) * 5
