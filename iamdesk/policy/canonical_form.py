"""The canonical form of a statement's elements, equal however they are written, and statements that match everything.

What compares statements (diff, redundant and duplicate statements) compares these forms: a spelling that AWS reads the
same way is the same, and one that it reads otherwise (a variable in a policy of the older version) is not.
"""

from collections.abc import Hashable

from iamdesk.policy.conditions import ConditionTest, PolicyValue
from iamdesk.policy.operators import BOOL, NULL, Operator
from iamdesk.policy.principals import PrincipalEntry, PrincipalType
from iamdesk.policy.statement import Statement
from iamdesk.policy.variables import Variable
from iamdesk.policy.wildcards import Wildcard

EVERYTHING = "*"


def resources_form(statement: Statement) -> frozenset[str]:
    """Return the entries of Resource or NotResource that can match; one ``*`` if they match everything."""
    texts = frozenset([entry.canonical for entry in statement.resources or () if entry.problem is None])
    return frozenset({EVERYTHING}) if EVERYTHING in texts else texts


def principals_form(statement: Statement) -> tuple[bool, frozenset[tuple[str, str]]] | None:
    """Return whether it is NotPrincipal, and the entries; None without Principal and NotPrincipal."""
    if statement.principals is None:
        return None
    return statement.not_principal, frozenset(map(principal_form, statement.principals))


def principal_form(entry: PrincipalEntry) -> tuple[str, str]:
    """Return type and text; an account ID and the ARN of its root user are equivalent (rule E2)."""
    text = entry.text
    parts = text.split(":")
    if entry.type is PrincipalType.AWS and parts[0] == "arn" and parts[2:4] == ["iam", ""] and parts[5:] == ["root"]:
        text = parts[4] if parts[1] == "aws" else text  # in another partition, they are not
    return entry.type.value, text


def conditions_form(statement: Statement) -> frozenset[Hashable]:
    """Return the tests, all of which must be true: with fewer, a statement matches more."""
    return frozenset(map(condition_form, statement.conditions))


def condition_form(test: ConditionTest) -> tuple[str, str, bool, str, frozenset[Hashable]]:
    """Return operator, quantifier, whether ``IfExists``, key and values of a test."""
    operator = test.operator
    values = frozenset([_value(value, operator) for value in test.values])
    if operator is None:
        return test.operator_text, test.quantifier.value, test.if_exists, test.key, values
    name = operator.same_as or operator.name
    if not any(isinstance(piece, Wildcard) for value in test.values for piece in value.template):
        name = operator.same_without_wildcards or name
    return name, test.quantifier.value, test.if_exists, test.key, values


def _value(value: PolicyValue, operator: Operator | None) -> tuple[Hashable, ...]:
    """Return the pieces of a value; the older version's literal ``${`` is one text (rule H6)."""
    is_any_case = operator is not None and (operator.ignores_case or operator.family in (BOOL, NULL))
    return tuple(
        [
            (piece.key, piece.default)
            if isinstance(piece, Variable)
            else piece.lower()
            if is_any_case and isinstance(piece, str)
            else piece
            for piece in value.template
        ]
    )


def is_on_every_resource(statement: Statement) -> bool:
    """Return whether a sound statement matches its actions on every resource, without conditions."""
    return (
        statement.broken is None
        and not statement.conditions
        and not statement.not_resource
        and any(entry.is_everything for entry in statement.resources or ())
    )


def is_of_everything(statement: Statement) -> bool:
    """Return whether a sound statement matches every action on every resource, without conditions.

    Its principals, where it has any, are not considered.
    """
    return (
        is_on_every_resource(statement)
        and not statement.not_action
        and any(pattern.covers_every_service for pattern in statement.actions)
    )


def allows_everything(statement: Statement) -> bool:
    """Return whether a statement allows every action on every resource, without conditions."""
    return statement.is_allow and is_of_everything(statement)
