"""What who-can says once of a request: patterns as resources, and actions that do not fit them."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iamdesk.access.evaluator import Evaluator
from iamdesk.access.request_notes import request_notes
from iamdesk.evaluate.request import Request
from iamdesk.policy.wildcards import Glob, may_overlap
from iamdesk.snapshot.resources import Resource

from ..builders.arns import ID, policy_arn, role_arn, user_arn
from ..builders.captures import account, managed, role, snapshot, user
from ..builders.statements import allow, deny, document, trusting
from ..rules import rule

OBJECTS = "arn:aws:s3:::data/*"
TEXTS = ["".join(letters) for length in range(6) for letters in product("ab", repeat=length)]
ENTRIES = st.text("ab*?", max_size=4)


def notes(*policies: object, action: str = "s3:GetObject", resource: str = OBJECTS, bucket: object = None) -> list[str]:
    held = Resource(arn="arn:aws:s3:::data", account_id=ID, policy=bucket)
    capture = snapshot(account(user("ana", *policies))).model_copy(update={"resources": (held,)})
    return list(request_notes(Evaluator(capture), Request("", action, resource)))


@rule("F9")
@pytest.mark.parametrize(
    ("statement", "part"),
    [
        (allow("s3:GetObject", "arn:aws:s3:::data/shared/*"), "arn:aws:s3:::data/shared/*"),
        (deny("s3:*", "arn:aws:s3:::data/secret/*"), "arn:aws:s3:::data/secret/*"),
        (allow("s3:*", "arn:aws:s3:::*/x"), "arn:aws:s3:::*/x"),
        (allow("s3:*", "arn:aws:s3:::data/${aws:username}/*"), "arn:aws:s3:::data/${aws:username}/*"),
        ({"Effect": "Allow", "Action": "s3:*", "NotResource": "arn:aws:s3:::data/a"}, "arn:aws:s3:::data/a"),
    ],
)
def test_statements_that_apply_to_a_part_of_a_pattern_are_named(statement: object, part: str) -> None:
    first, second = notes(document(statement))
    assert first.startswith(f"`{OBJECTS}` is evaluated as written")
    assert second.startswith("1 statement applies to a part of these resources")
    assert f": {part}. " in second
    by_policy = document({**allow("s3:GetObject", "arn:aws:s3:::data/open/*"), "Principal": "*"})
    assert "2 statements apply to parts" in notes(document(statement), bucket=by_policy)[1]


@pytest.mark.parametrize(
    "statement",
    [
        allow("s3:GetObject", OBJECTS),
        allow("s3:GetObject", "*"),
        deny("s3:GetObject", ["arn:aws:s3:::data/secret/*", "arn:aws:s3:::*"]),
        allow("s3:GetObject", "arn:aws:s3:::other/*"),
        allow("s3:PutObject", "arn:aws:s3:::data/secret/*"),
    ],
)
def test_statements_about_all_of_a_pattern_or_none_of_it_are_not(statement: object) -> None:
    assert len(notes(document(statement))) == 1


def test_an_action_that_does_not_fit_the_resource_is_told_and_one_that_fits_is_not() -> None:
    assert notes(resource="arn:aws:s3:::data") == [
        "s3:GetObject acts on accesspointobject or object; arn:aws:s3:::data is not one of them: AWS never evaluates "
        "such a request."
    ]
    assert notes(resource="arn:aws:s3:::data/k") == []


@rule("I2")
def test_who_has_no_row_for_an_open_rule_alone_is_named() -> None:
    """A trust policy that names a user whose boundary does not allow the call: AWS's pages do not settle it."""
    narrow = managed(policy_arn("narrow"), document(allow("s3:*")))
    bound, ben = user("bound", boundary=policy_arn("narrow")), user("ben")
    trust = trusting({"AWS": [user_arn("bound"), user_arn("ben")]})
    capture = Evaluator(snapshot(account(narrow, bound, ben, role("target", trust=trust))))
    asked = Request("", "sts:AssumeRole", role_arn("target"))
    rows = [row.principal for row in capture.who_can(action=asked.action, resource=asked.resource)]
    assert rows == [user_arn("ben")]
    [note] = request_notes(capture, asked)
    assert note.startswith(
        f"Not listed: {user_arn('bound')}. AWS's documentation does not settle whether a trust policy"
    )
    assert note.endswith("With the other reading, the decision is allowed.")
    assert list(request_notes(capture, Request("", "s3:GetObject", "arn:aws:s3:::data/k"))) == []


@given(ENTRIES, ENTRIES)
def test_entries_overlap_where_some_text_is_described_by_both(one: str, other: str) -> None:
    first, second = Glob.of_text(one), Glob.of_text(other)
    described = [text for text in TEXTS if second.matches(text)]
    both = [text for text in described if first.matches(text)]
    if both:
        assert may_overlap(one, other)
    if may_overlap(one, other, is_within=True):
        assert both == described
