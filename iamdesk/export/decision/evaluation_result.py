"""Evaluation result as JSON, in the structure of ``EvaluationResult`` of AWS's policy simulator with additions.

AWS's structure: https://docs.aws.amazon.com/IAM/latest/APIReference/API_EvaluationResult.html

::

    {
      "Remarks": [sentence],                                  where another request was evaluated than the one stated
      "EvalActionName": str, "EvalResourceName": str,
      "EvalDecision": one of allowed, explicitDeny, implicitDeny, conditional,
      "MatchedStatements": [statement],                       deciding statements
      "MissingContextValues": [key],                          keys that are not provided and can change the decision
      "Sentence": str,                                        the result in one sentence
      "Layers": [{"Layer", "Decision" (null: not applicable; or unknown), "Sentence", "Statements": [statement]}],
      "BlockedBy": [layer, or credentials, partition],        what denies a request that is otherwise granted
      "Assumptions": [{"Code", "Message"}],                   with "OtherDecision", the decision if it is wrong,
                                                              and "CouldChangeTo", the same decision
      "Conditions": [{key: text, or [text], or null: absent}] the smallest sets of values under which it is allowed
      "Denials": [the same]                                   the smallest sets of values under which it is not
      "ConditionWords", "DenialWords": [str]                  each of them as a clause
      "SmallestChanges": [{"Becomes", "Sentence", "Caveat",   if requested: changes that flip the decision, see below
                           "Remove": [statement with "PolicyKey", "Owner", "WholePolicy"],
                           "Add": [{"Layer", "Level", "Place", "PolicyKey", "Statement"}],
                           "DependsOn": [key]}]
      "NoChange": str                                         if requested and there is none: the reason
      "AlsoNeeded": {"Actions": [action], "PassedToService": [service]}    dependent actions of the call, if any
    }

    statement: {"SourcePolicyId", "SourcePolicyType", "StatementIndex" (from 0), "Sid" (or null), "Effect",
                "StartPosition": {"Line", "Column"}, "EndPosition": {"Line", "Column"},   in the policy as shown, from 1
                "Part": decides, took part, depends or near miss, "Sentence": why it matches or does not match,
                "FailedElement": of a near miss, else null, "Level": of SCPs and RCPs, 0 is the root, else null}
"""

from collections.abc import Mapping
from typing import Any

from iamdesk.evaluate.request import Request
from iamdesk.explain.decision import Assumption, EvaluationResult, PolicyTypeResult, StatementExplanation
from iamdesk.explain.suggestions import Addition, Change, Changes, Removal
from iamdesk.export.text.decision import access_words, refusal_words
from iamdesk.use_cases.types import DependentActions


def remarks_result(request: Request) -> dict[str, Any]:
    """Return a request's remarks as an item of a JSON object; none if it has none."""
    return {"Remarks": list(request.remarks)} if request.remarks else {}


def to_evaluation_result(
    decision: EvaluationResult, changes: Changes | None = None, also: DependentActions | None = None
) -> dict[str, Any]:
    """Return a result as the JSON object described above; ``changes`` and ``also`` (dependent actions) if requested."""
    result: dict[str, Any] = {
        **remarks_result(decision.request),
        "EvalActionName": decision.request.action,
        "EvalResourceName": decision.request.resource,
        "EvalDecision": decision.decision.value,
        "MatchedStatements": [_statement(line) for line in decision.matched_statements],
        "MissingContextValues": list(decision.missing_context_values),
        "Sentence": decision.sentence,
        "Layers": [_policy_type_json(line) for line in decision.layers],
        "BlockedBy": list(decision.blocked_by),
        "Assumptions": [assumption_result(assumption) for assumption in decision.assumptions],
        "Conditions": [_context(values) for values in decision.conditions],
        "Denials": [_context(values) for values in decision.denials],
        "ConditionWords": list(access_words(decision)),
        "DenialWords": list(refusal_words(decision)),
    }
    if changes is not None:
        result["SmallestChanges"] = [_change(change) for change in changes.changes]
        if changes.reason:
            result["NoChange"] = changes.reason
    if also is not None:
        result["AlsoNeeded"] = {"Actions": list(also.actions), "PassedToService": list(also.services)}
    return result


def _change(change: Change) -> dict[str, Any]:
    """Return one change: the decision after it (``Becomes``), and what to remove and to add together."""
    return {
        "Becomes": change.becomes.value,
        "Sentence": change.sentence,
        "Caveat": change.caveat,
        "Remove": [_removal(removal) for removal in change.removals],
        "Add": [_addition(addition) for addition in change.additions],
        "DependsOn": list(change.depends_on),
    }


def _removal(removal: Removal) -> dict[str, Any]:
    line = removal.line
    more = {"PolicyKey": line.policy_key, "Owner": line.owner, "WholePolicy": removal.whole_policy}
    return {**_statement(line), **more}


def _addition(addition: Addition) -> dict[str, Any]:
    return {
        "Layer": addition.policy_type.value,
        "Level": addition.level,
        "Place": addition.place,
        "PolicyKey": addition.policy_key,
        "Statement": dict(addition.statement),
    }


def _context(values: Mapping[str, str | tuple[str, ...] | None]) -> dict[str, Any]:
    return {key: list(value) if isinstance(value, tuple) else value for key, value in values.items()}


def _policy_type_json(layer: PolicyTypeResult) -> dict[str, Any]:
    return {
        "Layer": layer.layer.value,
        "Decision": "unknown" if layer.is_unknown else layer.decision and layer.decision.value,
        "Sentence": layer.sentence,
        "Statements": [_statement(line) for line in layer.statements],
    }


def _statement(line: StatementExplanation) -> dict[str, Any]:
    result: dict[str, Any] = {
        "SourcePolicyId": line.source_policy_id,
        "SourcePolicyType": line.source_policy_type.value,
        "StatementIndex": line.index,
        "Sid": line.sid,
        "Effect": line.effect,
    }
    if (span := line.span) is not None:
        result["StartPosition"] = {"Line": span.start_line, "Column": span.start_column}
        result["EndPosition"] = {"Line": span.end_line, "Column": span.end_column}
    return result | {
        "Part": line.part.value,
        "Sentence": line.sentence,
        "FailedElement": line.failed,
        "Level": line.level,
    }


def assumption_result(assumption: Assumption) -> dict[str, Any]:
    """Return one assumption: its code, its sentence, and the decision if it is wrong, where known."""
    result = {"Code": assumption.code, "Message": assumption.message}
    if assumption.other_decision is not None:
        result["OtherDecision"] = result["CouldChangeTo"] = assumption.other_decision.value
    return result
