"""Attack paths as JSON objects, for ``iamdesk paths``."""

from typing import Any

from iamdesk.attack_paths.types import AttackPath, BlockedPath, Plan, PrincipalExposure, Remediation, Step
from iamdesk.export.decision.evaluation_result import to_evaluation_result
from iamdesk.whatif.edits import Edit


def to_reached(reached: PrincipalExposure, attack_path: AttackPath | None) -> dict[str, Any]:
    """Return the exposure of a principal, with a shortest attack path to the target if there is one."""
    return {
        "Principal": reached.principal,
        "Account": reached.account,
        "IsAdministrator": reached.is_administrator,
        "StepsToAdministration": reached.to_administration,
        "PossibleStepsToAdministration": reached.maybe_to_administration,
        "Principals": reached.principals,
        "PossiblePrincipals": reached.maybe_principals,
        "OtherAccounts": list(reached.accounts),
        "ReadsData": list(reached.reads),
        "GetsToReadData": list(reached.data),
        "Way": None if attack_path is None else to_attack_path(attack_path),
    }


def to_attack_path(attack_path: AttackPath, *, with_proof: bool = False) -> dict[str, Any]:
    """Return an attack path with its steps, optionally with the evaluated requests that prove each step."""
    return {
        "Start": attack_path.start,
        "Goal": {"Kind": attack_path.goal.kind.value, "Key": attack_path.goal.key, "Name": attack_path.goal.name},
        "State": attack_path.state.value,
        "Needs": list(attack_path.needs),
        "Steps": [_step(step, with_proof) for step in attack_path.steps],
    }


def _step(step: Step, with_proof: bool) -> dict[str, Any]:
    result: dict[str, Any] = {
        "Path": step.path_id,
        "How": step.how,
        "Source": step.source,
        "Target": step.target,
        "Becomes": {"Kind": step.goal.kind.value, "Key": step.goal.key, "Name": step.goal.name},
        "State": step.state.value,
        "Needs": list(step.needs),
    }
    if with_proof:
        result["Proof"] = [
            {
                "Principal": proof.decision.request.principal,
                **{key: value for key, value in to_evaluation_result(proof.decision).items() if key != "Layers"},
                "Context": dict(proof.decision.request.context),
                "AfterChange": proof.is_after_change,
            }
            for proof in step.proof
        ]
    return result


def to_remediation(remediation: Remediation) -> dict[str, Any]:
    """Return a remediation."""
    return {
        "Change": remediation.what,
        "Policy": remediation.policy_key,
        "Statement": remediation.statement,
        "Stops": remediation.stops,
        "AlsoTouches": list(remediation.carriers),
        "Edits": [_edit(edit) for edit in remediation.edits],
        "Remaining": [to_attack_path(attack_path) for attack_path in remediation.remaining],
    }


def to_plan(plan: Plan) -> dict[str, Any]:
    """Return a plan."""
    return {
        "Changes": [
            {
                "Change": one.what,
                "Policy": one.policy_key,
                "Statement": one.statement,
                "Ends": list(one.ends),
                "EndsProven": list(one.proven),
                "AlsoTouches": list(one.affects),
                "Edits": [_edit(edit) for edit in one.edits],
            }
            for one in plan.changes
        ],
        "Principals": plan.principals,
        "Remaining": list(plan.remaining),
        "Rounds": plan.rounds,
        "IsSmallest": False,
    }


def _edit(edit: Edit) -> dict[str, Any]:
    """Return a change in the input format of ``iamdesk what-if``."""
    values = {"do": edit.act.value, "subject": edit.subject, "detail": edit.detail, "document": edit.document}
    return {key: value for key, value in {**values, "statement": edit.index}.items() if value not in ("", None)}


def to_refusal(refusal: BlockedPath) -> dict[str, Any]:
    """Return a blocked path."""
    return {"Path": refusal.path_id, "How": refusal.how, "Target": refusal.target, "By": refusal.by}
