"""What principals can become, as JSON objects for ``iamdesk paths``."""

from typing import Any

from iamdesk.attack_paths.types import AttackPath, BlockedPath, PrincipalExposure, Remediation, Step
from iamdesk.export.decision.evaluation_result import to_evaluation_result
from iamdesk.whatif.edits import Edit


def to_reached(reached: PrincipalExposure, way: AttackPath | None) -> dict[str, Any]:
    """Return one principal's sum, with a shortest way to the goal where there is one."""
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
        "Way": None if way is None else to_way(way),
    }


def to_way(way: AttackPath, *, with_proof: bool = False) -> dict[str, Any]:
    """Return one way, step by step; with the answered questions behind each step where they are wanted."""
    return {
        "Start": way.start,
        "Goal": {"Kind": way.goal.kind.value, "Key": way.goal.key, "Name": way.goal.name},
        "State": way.state.value,
        "Needs": list(way.needs),
        "Steps": [_step(step, with_proof) for step in way.steps],
    }


def _step(step: Step, with_proof: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "Path": step.path_id,
        "How": step.how,
        "Source": step.source,
        "Target": step.target,
        "Becomes": {"Kind": step.goal.kind.value, "Key": step.goal.key, "Name": step.goal.name},
        "State": step.state.value,
        "Needs": list(step.needs),
    }
    if with_proof:
        told["Proof"] = [
            {key: value for key, value in to_evaluation_result(proof.decision).items() if key != "Layers"}
            for proof in step.proof
        ]
    return told


def to_cut(cut: Remediation) -> dict[str, Any]:
    """Return one change that stops ways."""
    return {
        "Change": cut.what,
        "Policy": cut.policy_key,
        "Statement": cut.statement,
        "Stops": cut.stops,
        "AlsoTouches": list(cut.carriers),
        "Edits": [_edit(edit) for edit in cut.edits],
        "Remaining": [to_way(way) for way in cut.remaining],
    }


def _edit(edit: Edit) -> dict[str, Any]:
    """Return one change as ``iamdesk what-if`` takes it."""
    told = {"do": edit.act.value, "subject": edit.subject, "detail": edit.detail, "document": edit.document}
    return {key: value for key, value in {**told, "statement": edit.index}.items() if value not in ("", None)}


def to_refusal(refusal: BlockedPath) -> dict[str, Any]:
    """Return one path that is stopped."""
    return {"Path": refusal.path_id, "How": refusal.how, "Target": refusal.target, "By": refusal.by}
