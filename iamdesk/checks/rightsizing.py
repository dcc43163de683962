"""Rightsizing: entries for unused services that can be removed from policies, proved on the edited documents."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from iamdesk.aws.action_sets import service_actions
from iamdesk.checks.check_context import CheckContext
from iamdesk.checks.remediation_commands import edited
from iamdesk.evaluate.engine import EvaluationRequest, decide_request
from iamdesk.evaluate.request import EvalDecision, Request
from iamdesk.inventory.policy_index import CarriedPolicy
from iamdesk.policy.action_patterns import ActionPattern
from iamdesk.policy.document import Document, parse_document
from iamdesk.policy.statement import Statement
from iamdesk.use_cases.dependent_actions import HANDING_OVER, dependent_actions


@dataclass(frozen=True, slots=True)
class Rightsizing:
    """One policy with the entries that can be removed."""

    policy: CarriedPolicy
    gone: tuple[str, ...]
    """Removed entries of Action."""
    left: Any
    """The document without them; None if no statement remains."""
    parsed: Document
    """The same, parsed; a document without statements if none remains."""


def trims(carried: Iterator[CarriedPolicy], unused: frozenset[str], used: frozenset[str]) -> Iterator[Rightsizing]:
    """Yield the policies from which entries can be removed.

    Only entries for a single unused service are removed. Dependent actions of used services stay, such as passing a
    role or using an encryption key: last-accessed reports need not show their use.
    """
    needed = frozenset[str]().union(*(_needed_by(service) for service in used), {HANDING_OVER.lower()})
    for policy in carried:
        gone = [
            (statement.index, entry.text)
            for statement in policy.document.statements
            if statement.is_allow and statement.broken is None and not statement.not_action
            for entry in statement.actions
            if entry.service in unused and not _is_needed(entry, needed)
        ]
        if not gone or not _can_be_edited(policy.document):
            continue
        left = _without(policy.document, frozenset(gone))
        parsed = parse_document(left if left is not None else {"Version": "2012-10-17", "Statement": []})
        trim = Rightsizing(policy, tuple(dict.fromkeys(text for _, text in gone)), left, parsed)
        if all(_is_equivalent(trim, service) for service in used):
            yield trim


def _can_be_edited(document: Document) -> bool:
    """Return whether each statement of a document can be identified and edited."""
    raw = document.raw
    listed = raw.get("Statement") if isinstance(raw, dict) else None
    statements = listed if isinstance(listed, list) else [listed]
    return len(statements) == len(document.statements) and all(
        isinstance(one, dict) and ("Action" in one or "NotAction" in one) for one in statements
    )


@cache
def _needed_by(service: str) -> frozenset[str]:
    """Return the dependent actions of a service's actions, in lower case."""
    needs = (dependent_actions(action.full_name) for action in service_actions(service).actions)
    return frozenset(name.lower() for need in needs if need is not None for name in need.actions)


def _is_needed(entry: ActionPattern, needed: frozenset[str]) -> bool:
    return any(entry.matches(*name.split(":", 1)) for name in needed if name.startswith(f"{entry.service}:"))


def _without(document: Document, gone: frozenset[tuple[int, str]]) -> Any:
    """Return a document without entries given as (statement index, text); None if no statement remains."""
    number = -1

    def edit(statement: dict[str, Any]) -> dict[str, Any] | None:
        nonlocal number
        number += 1
        listed = statement.get("Action")
        entries = listed if isinstance(listed, list) else [listed]
        left = [entry for entry in entries if (number, entry) not in gone]
        if len(left) == len(entries):
            return statement
        statement["Action"] = left if isinstance(listed, list) else None
        return statement if left else None

    return edited(document.raw, edit)


def _is_equivalent(trim: Rightsizing, service: str) -> bool:
    """Return whether the edited document has the same statements for a service as the policy."""
    return _statements_on(trim.policy.document, service) == _statements_on(trim.parsed, service)


def _statements_on(document: Document, service: str) -> list[tuple[object, ...]]:
    """Return the statements on a service: the actions that each covers, and its other elements."""
    actions = service_actions(service)
    return [
        (covered, *_rest(statement))
        for statement in document.statements
        if statement.broken is None and (covered := actions.covered_by(statement))
    ]


def _rest(statement: Statement) -> tuple[object, ...]:
    resources = None if statement.resources is None else tuple(entry.text for entry in statement.resources)
    tests = tuple(
        (test.operator_text, test.key_text, tuple(value.text for value in test.values)) for test in statement.conditions
    )
    return statement.is_allow, statement.not_resource, resources, tests


def unchanged_decision(
    survey: CheckContext, principal: str, action: str, resource: str, trims: list[Rightsizing]
) -> EvalDecision | None:
    """Evaluate with the edited policies in place of a principal's own; return the decision, None if it changed."""
    survey.check_cancelled()
    documents = {trim.policy.document: trim.parsed for trim in trims}
    request = survey.evaluator.evaluation_request(Request(principal, action, resource))
    before = decide_request(request)
    return before if decide_request(_edited(request, documents)) is before else None


def _edited(request: EvaluationRequest, documents: Mapping[Document, Document]) -> EvaluationRequest:
    policies = request.policies
    identity = tuple(
        replace(policy, document=documents.get(policy.document, policy.document)) for policy in policies.identity
    )
    joint = tuple(_edited(one, documents) for one in request.joint)
    return replace(request, policies=replace(policies, identity=identity), joint=joint)
