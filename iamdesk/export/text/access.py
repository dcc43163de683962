"""Short texts for tables of decisions: granting policies, conditions, extent of access.

All information comes from the evaluation result.
"""

from collections.abc import Iterable, Mapping, Sequence

from iamdesk.access.effective_permissions import AccessExtent
from iamdesk.evaluate.request import PolicyType
from iamdesk.explain.decision import EvalDecision, EvaluationResult, StatementExplanation, StatementRole
from iamdesk.export.text.decision import access_words, short_arn
from iamdesk.i18n import join_messages, join_names, mark, phrase
from iamdesk.viewmodel.workload_rows import WorkloadRow

REACH_WORDS: Mapping[AccessExtent, str] = {
    AccessExtent.ALLOWED: mark("allowed"),
    AccessExtent.CONDITIONAL: mark("under conditions"),
    AccessExtent.AWAITING: mark("if the resource policy allows the account"),
    AccessExtent.SOME: mark("on some resources"),
    AccessExtent.SOME_CONDITIONAL: mark("on some resources under conditions"),
    AccessExtent.DENIED: mark("denied"),
    AccessExtent.NONE: mark("not allowed"),
}
"""The extent of access, for the middle of a sentence."""

_GRANTS = frozenset({PolicyType.IDENTITY, PolicyType.RESOURCE, PolicyType.TRUST, PolicyType.ACL})
"""Policy types that can grant; all others are guardrails."""
_MAX_CONDITIONS = 3
_MORE: Mapping[str, str] = {
    "way": mark("{names} or {count:,} more alternatives"),
    "resource": mark("{names} or {count:,} more resources"),
}
"""Texts for long lists, by what is counted."""


def granting_statements(decision: EvaluationResult) -> tuple[StatementExplanation, ...]:
    """Return the Allow statements by which a request is allowed, or would be if conditions were met."""
    statements = decision.statements_that(StatementRole.DECIDES, StatementRole.DEPENDS)
    return tuple(one for one in statements if one.effect == "Allow" and one.layer in _GRANTS)


def how_words(decision: EvaluationResult) -> str:
    """Return the granting policies, each once: ``PayrollReadWrite through group Finance``.

    If no statement grants (for the root user), returns the sentence of the result.
    """
    principal = decision.request.principal
    policies = dict.fromkeys(_policy(one, principal) for one in granting_statements(decision))
    return join_names(list(policies)) or decision.sentence


def _policy(statement: StatementExplanation, principal: str) -> str:
    if statement.layer is PolicyType.TRUST:
        return phrase("trust policy of {owner}", owner=short_arn(statement.owner))
    if statement.layer is not PolicyType.IDENTITY:
        return phrase("policy of {owner}", owner=short_arn(statement.owner))
    if not statement.owner or statement.owner == principal:
        return statement.policy_name
    return phrase("{policy} through {owner}", policy=statement.policy_name, owner=short_arn(statement.owner))


def when_words(decision: EvaluationResult, most: int = _MAX_CONDITIONS) -> str:
    """Return the context values under which a conditional request is allowed; empty for other decisions.

    At most ``most`` sets of values are listed; the others are counted.
    """
    if decision.decision is not EvalDecision.CONDITIONAL:
        return ""
    conditions = list(dict.fromkeys(access_words(decision)))
    if conditions:
        return either(conditions, most, "way")
    if decision.missing_context_values:
        return phrase("depends on {keys}", keys=join_names(decision.missing_context_values))
    return phrase("depends on data that is not captured")


def either(names: Sequence[str], most: int, noun: str) -> str:
    """Return ``a, b or c``, or if there are more than ``most``, ``a, b or 7 more alternatives``."""
    if len(names) <= most:
        return join_names(names, last="or")
    return phrase(_MORE[noun], names=join_messages(", ", names[: most - 1]), count=len(names) - (most - 1))


def runs_with_text(rows: Iterable[WorkloadRow]) -> list[str]:
    """Return what runs with a role as lines: every resource by its ARN."""
    return [f"{row.title}: {arn} ({row.how})" for row in rows for arn, _ in row.resources]
