"""Policy variables: what is one, and what only looks like one."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iamdesk.policy.arn import parse_arn
from iamdesk.policy.resource_patterns import Match, ShortArns, UnknownVariable, resource_pattern
from iamdesk.policy.variables import Variable, fill, parse_template, split_template
from iamdesk.policy.wildcards import QUESTION, STAR, Token

from ..each_case import each_case
from ..rules import rule
from ..some_of import some_of

TEAM = Variable("aws:principaltag/team", None, "aws:PrincipalTag/Team")


@rule("H1", "H4", "H7", "H9")
@each_case(
    ("text", "template"),
    [
        ("a${aws:PrincipalTag/Team}b", ("a", TEAM, "b")),
        ("${aws:PrincipalTag/Team, 'x y'}", (TEAM._replace(default="x y"),)),
        ("${aws:PrincipalTag/Team,'x'}", (TEAM._replace(default="x"),)),
        ("${aws:PrincipalTag/Team, ''}", (TEAM._replace(default=""),)),
        ("${*}a${?}b${$}", ("*", "a", "?", "b", "$")),
        ("*${*}?", (STAR, "*", QUESTION)),
        ("$", ("$",)),
        ("$$${x}", ("$$", Variable("x", None, "x"))),
        ("${X}", (Variable("x", None, "X"),)),
        ("${x , 'd'}", (Variable("x", "d", "x"),)),
        ("${ x, 'd'}", ("${ x, 'd'}",)),
        ("${}", ("${}",)),
        ("${a b}", ("${a b}",)),
        ("${a, b}", ("${a, b}",)),
        ("${a, 'b}", ("${a, 'b}",)),
        ("${a", ("${a",)),
        ("a}b{c", ("a}b{c",)),
    ],
)
def test_templates(text: str, template: tuple[Token | Variable, ...]) -> None:
    assert parse_template(text) == template


@rule("H1")
def test_colons_of_a_variable_do_not_split() -> None:
    parts = split_template(parse_template("arn:aws:sqs:*:*:${aws:PrincipalTag/Team}-q:x"), ":", 6)
    assert parts[5] == [TEAM, "-q:x"]
    assert len(parts) == 6


@rule("H3", "H4", "H8")
def test_values_take_the_places_of_variables() -> None:
    template = parse_template("${aws:PrincipalTag/Team}/*")
    assert fill(template, {TEAM.key: "a*"}.get) == ["a*", "/", STAR]
    assert fill(template, {}.get) is None
    assert fill(template, {TEAM.key: ""}.get) is None
    assert fill(parse_template("${x, 'd'}"), {"x": ""}.get) == ["d"]
    assert fill(parse_template("${x, ''}"), {}.get) == [""]


@settings(max_examples=some_of(200), deadline=None)
@given(st.text("${}a,' *?:", max_size=12))
def test_any_text_is_a_template_whose_plain_parts_are_kept(text: str) -> None:
    pieces = parse_template(text)
    shown = "".join(
        f"${{{piece.key_text}}}" if isinstance(piece, Variable) else piece if isinstance(piece, str) else piece.value
        for piece in pieces
    )
    if not any(isinstance(piece, Variable) for piece in pieces) and not any(f"${{{c}}}" in text for c in "*?$"):
        assert shown == text


def unknown(key: str) -> str | None:
    raise UnknownVariable(key)


@rule("K4", "H3")
@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("arn:aws:s3:::home/${aws:username}/*", Match.UNKNOWN),
        ("arn:aws:s3:::home/${aws:username, 'x'}/*", Match.UNKNOWN),
        ("arn:aws:s3:::other/${aws:username}/*", Match.NO_OR_UNRESOLVED),
        ("arn:aws:sqs:::home/${aws:username}/*", Match.NO_OR_UNRESOLVED),
        ("arn:aws:s3:::home/ana/x${aws:username}", Match.NO_OR_UNRESOLVED),
        ("arn:aws:s3:::home/ana/x${aws:username, ''}", Match.UNKNOWN),
        ("arn:aws:s3:::home/*", Match.YES),
    ],
)
def test_an_unknown_variable_leaves_open_only_what_some_value_could_match(entry: str, expected: Match) -> None:
    resource = parse_arn("arn:aws:s3:::home/ana/x")
    assert resource_pattern(entry, variables=True).matches(resource, unknown, ShortArns.FILLED) is expected
