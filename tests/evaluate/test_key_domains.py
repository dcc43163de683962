"""The values that are tried for each key on which an answer hangs, also where keys are compared with each other."""

from typing import Any

import pytest

from iamdesk.evaluate.context import Knowledge
from iamdesk.evaluate.engine import EvaluationTrace
from iamdesk.evaluate.request import MissingContextMode
from iamdesk.evaluate.ternary import MAYBE
from iamdesk.evaluate.unknown_context.key_domains import Domain, domains
from iamdesk.simulate.test_cases import evaluate_case, trace_case

from ..conformance.authoring import allow, case, doc
from ..rules import rule

AGENT, TAG = "aws:useragent", "aws:principaltag/dir"
OWN_TAG = "${aws:PrincipalTag/dir}"


def asked(condition: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A case that hangs on what nobody knows."""
    return case("domains", "allowed", "K7", "order", "", identity=doc(allow("s3:*", "*", condition)), **more)


def traced(condition: dict[str, Any], **more: Any) -> EvaluationTrace:
    return trace_case(asked(condition, **more), MissingContextMode.UNKNOWN)


def tried(found: EvaluationTrace, *keys: str) -> list[Domain]:
    return domains(keys, [result for result in found.results if result.truth is MAYBE], found.subject)


def values(domain: Domain) -> set[str]:
    return {value for fact in domain.facts for value in fact.values}


@rule("K7", "H1")
@pytest.mark.parametrize("operator", ["StringEquals", "StringNotEquals", "StringLike"])
def test_keys_that_are_compared_for_equality_are_tried_in_full(operator: str) -> None:
    for domain in tried(traced({operator: {"aws:UserAgent": OWN_TAG}}), AGENT, TAG):
        assert domain.is_complete is True
        assert len(domain.fresh) == 2
        assert {fact.knowledge for fact in domain.fresh} == {Knowledge.PRESENT}
        assert {fact.knowledge for fact in domain.facts} == {Knowledge.PRESENT, Knowledge.ABSENT}
        assert values(domain) >= {value for fact in domain.fresh for value in fact.values}


@rule("K7", "H1")
@pytest.mark.parametrize(
    "condition",
    [
        {"StringLike": {"aws:UserAgent": f"{OWN_TAG}*"}},
        {"StringLike": {"aws:UserAgent": f"{OWN_TAG}/x"}},
        {"StringEqualsIgnoreCase": {"aws:UserAgent": OWN_TAG}},
    ],
)
def test_keys_that_are_compared_otherwise_are_not(condition: dict[str, Any]) -> None:
    for domain in tried(traced(condition), AGENT, TAG):
        assert domain.is_complete is False
        assert not domain.fresh


@rule("K7", "H1")
def test_a_known_value_tells_what_a_variable_can_be() -> None:
    found = traced({"StringLike": {"aws:UserAgent": f"home/{OWN_TAG}/*"}}, context={"aws:UserAgent": "home/ana/x"})
    (domain,) = tried(found, TAG)
    assert "ana" in values(domain)
    answer = evaluate_case(
        asked({"StringLike": {"aws:UserAgent": f"home/{OWN_TAG}/*"}}, context={"aws:UserAgent": "home/ana/x"}),
        MissingContextMode.UNKNOWN,
    )
    assert {"aws:PrincipalTag/dir": "ana"} in answer.conditions


@rule("K7")
def test_an_answer_of_which_no_value_shows_the_way_is_conditional_all_the_same() -> None:
    """Addresses in the range that end in 77 there are, and none of the few that are tried is one."""
    both = {"IpAddress": {"aws:VpcSourceIp": "10.0.0.0/8"}, "StringLike": {"aws:VpcSourceIp": "10.*.9.77"}}
    answer = evaluate_case(asked(both), MissingContextMode.UNKNOWN)
    assert answer.decision == "conditional"
    assert answer.missing_context_values == ("aws:VpcSourceIp",)
    assert answer.conditions == answer.denials == ()
    assert "not-enumerated" in {one.code for one in answer.assumptions}
