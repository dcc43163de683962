"""The smallest changes of an answer, each made for real in the case's policies and asked again."""

import copy
from typing import Any

import pytest

from iamdesk.evaluate.caller import CallerKind
from iamdesk.evaluate.request import Layer
from iamdesk.explain.counterfactual import Addition, Change, Removal, smallest_changes
from iamdesk.query.cases import trace_case

from ..conformance.test_corpus import CASES

LISTS = {
    Layer.IDENTITY: "identity_policies",
    Layer.PERMISSIONS_BOUNDARY: "permissions_boundary",
    Layer.SESSION: "session_policies",
}


def document_of(case: dict[str, Any], key: str) -> dict[str, Any]:
    """The document that a policy's key names: ``case#scps[0]/1``, ``case#resource-policy``."""
    place = key.removeprefix("case#")
    if place == "resource-policy":
        document = case["resource_policy"]
    else:
        name, _, position = place.rpartition("/")
        name, _, level = name.removesuffix("]").partition("[")
        policies = case[name][int(level)] if level else case[name]
        document = policies[int(position)]["document"]
    assert isinstance(document, dict)
    return document


def remove(case: dict[str, Any], removals: tuple[Removal, ...]) -> None:
    for one in sorted(removals, key=lambda removal: -removal.index):
        document = document_of(case, one.policy_key)
        statements = document["Statement"]
        if not isinstance(statements, list):
            document["Statement"] = []
        else:
            assert statements[one.index]["Effect"] == one.effect
            del statements[one.index]


def add(case: dict[str, Any], addition: Addition, kind: CallerKind) -> None:
    statement: dict[str, Any] = {"Effect": "Allow", "Action": addition.action, "Resource": addition.resource}
    if addition.layer in (Layer.RESOURCE, Layer.TRUST):
        names = {CallerKind.SERVICE: "Service", CallerKind.SAML: "Federated", CallerKind.OIDC: "Federated"}
        statement["Principal"] = "*" if kind is CallerKind.ANONYMOUS else {names.get(kind, "AWS"): case["principal"]}
        document = case.setdefault("resource_policy", {"Version": "2012-10-17", "Statement": []})
        document["Statement"] = [*document["Statement"], statement]
        return
    policy = {"name": "added", "document": {"Version": "2012-10-17", "Statement": [statement]}}
    if addition.layer is Layer.SCP:
        assert addition.level is not None
        case["scps"][addition.level].append(policy)
    else:
        case[LISTS[addition.layer]] = [*(case.get(LISTS[addition.layer]) or ()), policy]


def answer_after(case: dict[str, Any], change: Change, kind: CallerKind) -> str:
    other = copy.deepcopy(case)
    remove(other, change.removals)
    for addition in change.additions:
        add(other, addition, kind)
    return trace_case(other).verdict.value


@pytest.mark.parametrize("case", CASES, ids=lambda one: one["id"])
def test_each_change_does_what_it_says(case: dict[str, Any]) -> None:
    trace = trace_case(case)
    for change in smallest_changes(trace):
        assert (change.becomes == "allowed") == (trace.verdict != "allowed")
        assert change.removals or change.additions
        assert answer_after(case, change, trace.question.caller.kind) == change.becomes.value, change.sentence
        assert change.sentence.startswith("It would be ")


def test_what_no_policy_decides_has_no_changes() -> None:
    """Credentials, partitions, what AWS owns, calls that need no permission."""
    fixed = [
        trace
        for trace in map(trace_case, CASES)
        if trace.situation.open_to_all_signed or (trace.situation.refusal and trace.verdict == "implicitDeny")
    ]
    assert len(fixed) > 10
    assert not any(smallest_changes(trace) for trace in fixed)


def test_an_ordinary_refusal_can_be_lifted_on_either_side() -> None:
    case = next(one for one in CASES if one["id"] == "identity.no-policy")
    changes = smallest_changes(trace_case(case))
    assert {tuple(addition.layer for addition in change.additions) for change in changes} == {
        (Layer.IDENTITY,),
        (Layer.RESOURCE,),
    }
