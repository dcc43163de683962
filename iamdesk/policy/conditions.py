"""The ``Condition`` element: a list of tests, each on one condition key. Rules: G, H2, L4."""

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

from iamdesk.i18n import phrase
from iamdesk.policy.operators import ARN, BOOL, OPERATORS, Operator
from iamdesk.policy.source_map import ElementPath
from iamdesk.policy.variables import Resolver, Template, Variable, fill, has_variables, parse_template
from iamdesk.policy.wildcards import tokens_of

_TEXT = frozenset({str})
_BOOL_WITH_VARIABLES = replace(OPERATORS["bool"], takes_variables=True)


class Quantifier(StrEnum):
    """How a test treats a key with several values."""

    NONE = ""
    ALL = "ForAllValues"
    ANY = "ForAnyValue"


class PolicyValue:
    """One value that a policy lists for a key; parsed once if it has no variable."""

    __slots__ = ("_operator", "_static", "_template", "keys", "otherwise", "text", "variables")

    def __init__(self, text: str, operator: Operator, variables: bool) -> None:
        self.text = text
        self._operator = operator
        self._template: Template | None = None
        self._static: Any = None
        if operator.takes_variables and variables and has_variables(text):
            self._template = parse_template(text)
        self.variables = tuple(piece for piece in self._template or () if isinstance(piece, Variable))
        self.keys = tuple(variable.key for variable in self.variables)
        """Keys of its variables, in lower case."""
        if not self.variables:
            self._static = operator.read_policy(self.template)  # type: ignore[arg-type]  # no variable: all tokens
        self.otherwise = self._read_otherwise(variables)
        """The value by the other reading, where AWS's pages leave one open (rules G13, H2); None: the same."""

    @property
    def template(self) -> Template:
        """Its pieces: literal text, variables, and wildcards for operators that have them."""
        return tuple(tokens_of(self.text)) if self._template is None else self._template

    @property
    def is_malformed(self) -> bool:
        """Whether the operator cannot read it: it matches nothing (rule G18)."""
        return not self.variables and self._static is None

    @property
    def matches_everything(self) -> bool:
        """Whether every request value matches: ``*`` under StringLike."""
        return bool(getattr(self._static, "matches_all", False))

    def _read_otherwise(self, variables: bool) -> "PolicyValue | None":
        family, text = self._operator.family, self.text
        if family is BOOL and variables and has_variables(text) and not self._operator.takes_variables:
            return PolicyValue(text, _BOOL_WITH_VARIABLES, variables)
        if family is ARN and self.is_malformed and text.endswith("*"):
            return PolicyValue(text + ":*" * (5 - text.count(":")), self._operator, variables=False)
        return None

    def read(self, resolve: Resolver, *, has_wildcards: bool = False) -> Any:
        """Return the value as the operator compares it; None when it matches nothing.

        ``has_wildcards``: with wildcards in the values of its variables, by the other reading of rule H8.
        """
        if not self.variables:
            return self._static
        tokens = fill(self.template, resolve, has_wildcards=has_wildcards)
        return None if tokens is None else self._operator.read_policy(tokens)


@lru_cache(maxsize=1 << 14)
def policy_value(text: str, operator: Operator, variables: bool) -> PolicyValue:
    """Return the parsed value; the same text under the same operator is parsed once."""
    return PolicyValue(text, operator, variables)


class _Values(NamedTuple):
    """The values of a test, parsed by its operator."""

    values: tuple[PolicyValue, ...] = ()
    keys: tuple[str, ...] = ()
    """Keys of all their variables, in lower case."""
    malformed: tuple[str, ...] = ()


_NO_VALUES = _Values()


@lru_cache(maxsize=1 << 13)
def _values(texts: tuple[str, ...], operator: Operator, variables: bool) -> _Values:
    """Return the parsed values; thousands of tests list the same few."""
    values = tuple([policy_value(text, operator, variables) for text in texts])
    keys = tuple(dict.fromkeys([key for value in values for key in value.keys]))
    return _Values(values, keys, tuple([value.text for value in values if value.is_malformed]))


@dataclass(frozen=True, slots=True)
class ConditionTest:
    """One operator applied to one key."""

    operator: Operator | None
    """None for an operator that AWS does not have: the test is false (rule G17)."""
    operator_text: str
    """As in the policy."""
    quantifier: Quantifier
    if_exists: bool
    key: str
    """In lower case (rule G6)."""
    key_text: str
    """As in the policy."""
    values: tuple[PolicyValue, ...]
    path: ElementPath
    """Path of the list of values in the document."""
    variable_keys: tuple[str, ...]
    """Keys of all variables in the values, in lower case."""


def parse_conditions(
    block: Any, path: ElementPath, variables: bool
) -> tuple[tuple[ConditionTest, ...], tuple[tuple[ElementPath, str], ...]]:
    """Return the tests of a ``Condition`` element and its problems, as (path, sentence)."""
    tests: list[ConditionTest] = []
    problems: list[tuple[ElementPath, str]] = []
    if not isinstance(block, dict):
        return (), ((path, phrase("expected an object of operators")),)
    for operator_text, keys in block.items():
        where = (*path, operator_text)
        if not isinstance(keys, dict):
            problems.append((where, phrase("expected an object of condition keys")))
            continue
        quantifier, if_exists, operator = _parse_operator(operator_text)
        if operator is None:
            problems.append(
                (
                    where,
                    phrase(
                        "`{operator}` is not a condition operator: the condition is never true",
                        operator=operator_text,
                    ),
                )
            )
        for key_text, raw in keys.items():
            at = (*where, key_text)
            texts, wrong = _value_texts(raw)
            if wrong:
                problems.extend(((*at, *place), sentence) for place, sentence in wrong)
            read = _NO_VALUES if operator is None else _values(tuple(texts), operator, variables)
            for text in read.malformed:
                words = {"text": text, "operator": operator_text}
                problems.append(
                    (at, phrase("`{text}` is not a valid value for {operator}: it matches nothing", **words))
                )
            tests.append(
                ConditionTest(
                    operator,
                    operator_text,
                    quantifier,
                    if_exists,
                    key_text.lower(),
                    key_text,
                    read.values,
                    at,
                    read.keys,
                )
            )
    return tuple(tests), tuple(problems)


@lru_cache(maxsize=1 << 10)
def _parse_operator(text: str) -> tuple[Quantifier, bool, Operator | None]:
    name = text
    quantifier = Quantifier.NONE
    prefix, colon, rest = text.partition(":")
    if colon:
        for candidate in (Quantifier.ALL, Quantifier.ANY):
            if prefix.lower() == candidate.value.lower():
                quantifier, name = candidate, rest
                break
        else:
            return quantifier, False, None
    lowered = name.lower()
    if_exists = lowered.endswith("ifexists")
    operator = OPERATORS.get(lowered.removesuffix("ifexists"))
    if operator is not None and not operator.compares_values and if_exists:
        operator = None  # Null itself tests existence: AWS rejects NullIfExists (rule G4)
    return quantifier, if_exists, operator


def _value_texts(raw: Any) -> tuple[list[str], list[tuple[ElementPath, str]]]:
    """Read values: texts, and booleans and numbers as text (rule L4); anything else is a problem."""
    if isinstance(raw, str):
        return [raw], []
    if isinstance(raw, list) and _TEXT.issuperset(map(type, raw)):
        return raw, []
    texts: list[str] = []
    problems: list[tuple[ElementPath, str]] = []
    members = list(enumerate(raw)) if isinstance(raw, list) else [(None, raw)]
    for position, member in members:
        if isinstance(member, str):
            texts.append(member)
        elif isinstance(member, bool):
            texts.append("true" if member else "false")
        elif isinstance(member, (int, float)):
            texts.append(str(member))
        else:
            problems.append((() if position is None else (position,), phrase("expected text, a number, true or false")))
    return texts, problems


def requires_key(test: ConditionTest) -> bool:
    """Return whether a test is false for a request without the key (rules G4, G14, G16)."""
    operator = test.operator
    if operator is None:
        return True
    if not operator.compares_values:
        return {value.text.lower() for value in test.values} == {"false"}
    if test.if_exists or test.quantifier is Quantifier.ALL:
        return False
    return test.quantifier is Quantifier.ANY or not operator.negated


def demands_presence(test: ConditionTest) -> bool:
    """Return whether a test compares values of a key that a request then has to contain."""
    return test.operator is not None and test.operator.compares_values and requires_key(test)


def is_null_test(test: ConditionTest, *, is_absent: bool) -> bool:
    """Return whether a test is ``Null`` with ``true`` (``is_absent``) or with ``false``."""
    if test.operator is None or test.operator.compares_values:
        return False
    return {value.text.lower() for value in test.values} == {"true" if is_absent else "false"}
