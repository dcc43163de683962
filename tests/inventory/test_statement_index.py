"""The index finds every statement that can matter, and everybody who carries it."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iamdesk.access.own_statements import AS_BOUNDARY, AS_IDENTITY
from iamdesk.aws.service_reference import reference
from iamdesk.evaluate.action_resource import parse_target
from iamdesk.evaluate.context import Context
from iamdesk.evaluate.matching import RequestFacts, match_resource
from iamdesk.evaluate.principal import parse_caller
from iamdesk.evaluate.request import MissingContextMode
from iamdesk.evaluate.ternary import FALSE
from iamdesk.inventory.policy_index import PolicyIndex
from iamdesk.inventory.statement_index import StatementIndex
from iamdesk.progress import WorkCancelled
from iamdesk.snapshot.model import ManagedPolicyDetail, Snapshot, UserDetail

from ..builders.captures import account, managed, snapshot, user
from ..some_of import some_of

ID = "111122223333"
BOUNDED = settings(max_examples=some_of(200), deadline=None, suppress_health_check=list(HealthCheck))
PIECES = ["*", "?", "a", "b", "/", ":", "ab", "${aws:username}", "${*}", "arn", "aws", "s3", "sqs", ID, "eu-west-1", ""]

entries = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=7).map("".join),
    st.lists(st.sampled_from(PIECES), min_size=6, max_size=9).map(":".join),
    st.tuples(
        st.sampled_from(["s3", "sqs", "S3", "s*"]), st.sampled_from(["", "*", "eu-*"]), st.text("ab*?/:", max_size=5)
    ).map(lambda parts: f"arn:aws:{parts[0]}:{parts[1]}:{ID}:{parts[2]}"),
)
actions = st.sampled_from(
    ["*", "s3:*", "s3:GetObject", "s3:get*", "sqs:SendMessage", "sqs:*", "sns:*", "bad action", "S3:?etObject"]
)


@st.composite
def statements(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "Effect": draw(st.sampled_from(["Allow", "Deny", "broken"])),
        draw(st.sampled_from(["Action", "Action", "NotAction"])): draw(st.lists(actions, min_size=1, max_size=2)),
        draw(st.sampled_from(["Resource", "Resource", "NotResource"])): draw(st.lists(entries, min_size=1, max_size=3)),
    }


def snapshot_of(*entries: UserDetail | ManagedPolicyDetail) -> Snapshot:
    return snapshot(account(*entries))


def document(*members: dict[str, Any], version: str = "2012-10-17") -> dict[str, Any]:
    return {"Version": version, "Statement": list(members)}


@BOUNDED
@given(
    st.lists(statements(), min_size=1, max_size=4),
    st.sampled_from(["2012-10-17", "2008-10-17"]),
    st.sampled_from(["s3:GetObject", "s3:ListAllMyBuckets", "sqs:SendMessage", "nosuch:Thing"]),
    st.one_of(
        st.just("*"),
        st.tuples(st.sampled_from(["s3", "sqs", "S3"]), st.text("ab/:*", min_size=1, max_size=5)).map(
            lambda parts: f"arn:aws:{parts[0]}:eu-west-1:{ID}:{parts[1]}"
        ),
    ),
)
def test_no_statement_that_matches_is_missed(
    members: list[dict[str, Any]], version: str, action: str, resource: str
) -> None:
    index = StatementIndex(PolicyIndex(snapshot_of(user("ana", document(*members, version=version)))))
    target = parse_target(action, resource, reference())
    context = Context({}, lambda _: None, MissingContextMode.UNKNOWN, lambda _: False)
    subject = RequestFacts(parse_caller(f"arn:aws:iam::{ID}:user/ana"), target, context, has_boundary=False)
    covering = index.covering(target.service, target.name)
    every = [statement for one in index.documents for statement in one.statements]
    speaking = [one for one in every if one.broken is None and one.covers_action(target.service, target.name)]
    assert [one for of_document in covering.statements.values() for one in of_document] == speaking
    assert {index.statement(place)[1] for place in covering.places} == set(speaking)
    found = [*index.naming(covering, target.service, target.resource), *covering.anywhere, *covering.loose]
    assert len(found) == len(set(found))
    found_statements = {index.statement(place)[1] for place in found}
    for layer in (AS_IDENTITY, AS_BOUNDARY):
        matching = {one for one in speaking if match_resource(layer, one, subject)[0] is not FALSE}
        assert matching <= found_statements


def test_the_same_document_is_held_once_with_all_who_carry_it() -> None:
    shared, own = document({"Effect": "Allow", "Action": "*", "Resource": "*"}), document()
    index = StatementIndex(PolicyIndex(snapshot_of(user("ana", shared), user("bob", own, shared), user("eve"))))
    assert index.subjects == tuple(f"arn:aws:iam::{ID}:{name}" for name in ("root", "user/ana", "user/bob", "user/eve"))
    assert index.principals == 4
    carriers = {one.raw["Statement"] != []: bits for one, bits in zip(index.documents, index.carriers, strict=True)}
    assert carriers == {True: 0b0110, False: 0b0100}
    assert [len(numbers) for numbers in index.carried] == [0, 1, 2, 0]


def test_a_boundary_is_told_from_none_and_from_a_lost_one() -> None:
    arn = f"arn:aws:iam::{ID}:policy/limit"
    limited, lost = user("ana", boundary=arn), user("bob", boundary=f"{arn}-lost")
    index = StatementIndex(PolicyIndex(snapshot_of(limited, lost, user("eve"), managed(arn, document()))))
    assert index.boundaries == (None, (0,), (), None)
    assert index.bounded == (0b10,)


def test_reading_can_be_cancelled_and_tells_how_far_it_is() -> None:
    told: list[tuple[int, int]] = []
    StatementIndex(PolicyIndex(snapshot_of(user("ana"))), progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (2, 2)
    with pytest.raises(WorkCancelled):
        StatementIndex(PolicyIndex(snapshot_of(user("ana"))), cancelled=lambda: True)


def test_what_nobody_asks_about_is_not_read() -> None:
    """A sweep over one action reads the resources of the statements that cover it, and of no others."""
    buckets, queues = (
        {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": action, "Resource": f"arn:aws:{of}:::x*"}}
        for action, of in (("s3:GetObject", "s3"), ("sqs:SendMessage", "sqs"))
    )
    index = StatementIndex(PolicyIndex(snapshot_of(user("ana", buckets, queues))))
    covering = index.covering("s3", "getobject")
    assert index.naming(covering, "s3", parse_target("s3:GetObject", "arn:aws:s3:::xyz/k", reference()).resource) == [0]
    assert [index._is_sorted[place] for place in range(2)] == [True, False]
    assert not index.is_loose(1)
    assert index._is_sorted[1]
