"""One condition test: with what it gives comes what was known of its key, from which the explanation is made."""

from typing import Any

from iamdesk.evaluate.condition_tests import evaluate_test
from iamdesk.evaluate.context import DERIVED_ABSENT, UNKNOWN, VALUE_UNKNOWN, Context, KeyValue, derived
from iamdesk.evaluate.request import MissingContextMode
from iamdesk.policy.document import parse_document

from ..each_case import each_case

FACTS = (UNKNOWN, VALUE_UNKNOWN, DERIVED_ABSENT, derived("eu-west-1"), derived("us-east-1"))


@each_case("operator", ["StringEquals", "StringNotEquals", "StringLikeIfExists", "Null", "NoOperator"])
@each_case("fact", FACTS)
def test_what_was_known_comes_with_the_result(operator: str, fact: KeyValue) -> None:
    values: Any = "true" if operator == "Null" else "eu-west-1"
    one = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {operator: {"aws:RequestedRegion": values}}}
    (test,) = parse_document({"Version": "2012-10-17", "Statement": one}).statements[0].conditions
    context = Context({}, lambda _key: fact, MissingContextMode.UNKNOWN, lambda _key: False)
    assert evaluate_test(test, context).fact == fact
