"""The kinds of resources that statements name are the same, however many are read together."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iamdesk import Evaluator, load_snapshot
from iamdesk.policy.document import parse_document
from iamdesk.policy.statement import Statement
from iamdesk.query.kinds import Kinds
from iamdesk.query.outlines import Outlines, Telling
from iamdesk.query.population import Population

SAMPLE = Path(__file__).parents[2] / "resources" / "samples" / "acme-prod.json"
HEADS = (
    "arn:aws:{service}:eu-west-1:111122223333:",
    "arn:aws:{service}:us-east-1:111122223333:table/",
    "arn:aws:{service}::111122223333:role/",
    "arn:aws:{service}:::",
    "arn:aws:{service}:*:*:function:",
    "arn:aws:{service}",
    "{service}/",
    "",
)
NAMES = (
    "orders",
    "billing-1a2b",
    "x",
    "-",
    "table",
    "function",
    "role",
    "unnamed-7q2x",
    "aws",
    "o-111122223333",
    "n444455556666n",
    "orders*",
    "*",
    "${aws:username}",
    "a${aws:username}b",
    "a\nb",
    "a\rb",
    "\x01",
    "\x02",
    "\n",
    "",
)
TAILS = ("", "", "", "/*", "/", "/logs", ":*")


@pytest.fixture(scope="module")
def population() -> Population:
    return Evaluator(load_snapshot(SAMPLE)).population()


@st.composite
def named(draw: st.DrawFn, principals: list[str]) -> tuple[str, list[list[str]]]:
    """A service and the resources of many statements."""
    service = draw(st.sampled_from(["s3", "iam", "sqs", "dynamodb", "lambda", "eks", "backup", "kafka", "account"]))
    texts = st.builds(
        lambda head, name, tail: head.format(service=service) + name + tail,
        st.sampled_from(HEADS),
        st.sampled_from(NAMES) | st.text(max_size=3),
        st.sampled_from(TAILS),
    )
    entry = texts | st.sampled_from(principals)
    return service, draw(st.lists(st.lists(entry, min_size=1, max_size=3), min_size=20, max_size=40))


def statements_of(resources: list[list[str]]) -> list[Statement]:
    members = [{"Effect": "Allow", "Action": "s3:*", "Resource": texts} for texts in resources]
    return list(parse_document({"Version": "2012-10-17", "Statement": members}).statements)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_statements_read_together_name_what_each_names_alone(population: Population, data: st.DataObject) -> None:
    service, resources = data.draw(named(list(population.index.subjects[:3])))
    statements = statements_of(resources)
    kinds = Kinds(service, population)
    together = list(kinds.of(statements))
    assert together == [naming for one in statements for naming in kinds.of([one])]
    assert list(kinds.of(statements)) == together


def test_names_are_all_that_outlines_leave_out() -> None:
    outlines = Outlines(Telling(frozenset({"table"}), frozenset({"aws"}), 12))
    found = outlines.of(
        [
            ["arn:aws:x:r:a:table/one", "arn:aws:x:r:a:q"],
            ["arn:aws:x:r:a:table/two-2", "arn:aws:x:r:a:other_name"],
            ["arn:aws:x:r:a:table/one/*", "arn:aws:x:r:a:q"],
            ["arn:aws:x:r:a:table/table", "arn:aws:x:r:a:q"],
            ["arn:aws:x:r:a:table/myaws", "arn:aws:x:r:a:q"],
            ["arn:aws:x:r:a:table/n111122223333", "arn:aws:x:r:a:q"],
            ["arn:aws:x:r:a:table/", "arn:aws:x:r:a:q"],
            ["arn:aws:x:r:a:table/one"],
        ]
    )
    assert found[0] == found[1]
    assert len(set(found)) == 7


@pytest.mark.parametrize("odd", ["a\nb", "a\rb", "\x01", "\x02b", "\n", "\r"])
def test_texts_that_hold_what_stands_between_texts_are_not_taken_apart(odd: str) -> None:
    outlines = Outlines(Telling(frozenset(), frozenset(), 0))
    first, second = outlines.of([["arn:" + odd, "arn:b"], ["arn:a", "arn:b", "arn:b"]])
    assert first != second
