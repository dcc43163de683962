from iamdesk.explain.decision import KeyState
from iamdesk.gui.ask.context_rows import Choice, context_rows, request_context

from .conftest import key


def test_what_matters_comes_first_then_what_was_given_then_the_rest() -> None:
    keys = (
        key("aws:PrincipalArn", KeyState.DERIVED, values=("arn:x",)),
        key("aws:SourceIp", KeyState.GIVEN, values=("203.0.113.7",), matters=False),
        key("aws:MultiFactorAuthPresent", type="Bool"),
    )
    rows = context_rows(keys, {"aws:sourceip": "203.0.113.7"}, {})
    assert [row.key for row in rows] == ["aws:MultiFactorAuthPresent", "aws:SourceIp", "aws:PrincipalArn"]
    assert [row.choice for row in rows] == [Choice.OPEN, Choice.VALUE, Choice.OPEN]
    assert rows[2].values == ("arn:x",)


def test_rows_on_show_stay_where_they_stand() -> None:
    keys = (key("b"), key("a"), key("c"))
    rows = context_rows(keys, {"c": "1"}, {}, order=("c", "A"))
    assert [row.key for row in rows] == ["c", "a", "b"]


def test_keys_beyond_the_answers_are_kept_with_their_own_type() -> None:
    (row,) = context_rows((), {"aws:TagKeys": ("a", "b")}, {"aws:tagkeys": "ArrayOfString"})
    assert (row.type, row.values, row.tested) == ("ArrayOfString", ("a", "b"), False)


def test_absent_is_a_choice_and_an_empty_list_is_a_value() -> None:
    absent, empty, none = context_rows((key("a"), key("b"), key("c")), {"a": None, "b": ()}, {}, order=("a", "b", "c"))
    assert (absent.choice, empty.choice, none.choice) == (Choice.ABSENT, Choice.VALUE, Choice.OPEN)


def test_the_request_gets_what_the_reviewer_said_and_nothing_derived() -> None:
    keys = (key("d", KeyState.DERIVED, values=("x",)), key("s"), key("m", type="ArrayOfString"), key("n"))
    rows = context_rows(keys, {"s": "1", "m": ["1"], "n": None}, {})
    assert request_context(rows) == {"s": "1", "m": ("1",), "n": None}


def test_offers_are_both_values_of_a_bool_and_addresses_of_ranges() -> None:
    flag, ip, text = context_rows(
        (
            key("f", type="Bool", suggestions=("false",)),
            key("i", type="IPAddress", suggestions=("203.0.113.0/24", "198.51.100.4")),
            key("t", suggestions=("payroll",)),
        ),
        {},
        {},
    )
    assert [offer.value for offer in flag.offers] == ["true", "false"]
    assert [offer.value for offer in ip.offers] == ["203.0.113.1", "198.51.100.4"]
    assert ip.offers[0].origin == "an address in 203.0.113.0/24"
    assert [(offer.value, offer.origin) for offer in text.offers] == [("payroll", "named in a policy")]
