"""Policy changes that alter a decision, as data (found by `explain.counterfactual`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from iamdesk.evaluate.request import EvalDecision, PolicyType
from iamdesk.explain.decision import StatementExplanation


@dataclass(frozen=True, slots=True)
class Removal:
    """A statement to remove."""

    line: StatementExplanation
    whole_policy: bool
    """Whether the policy has to be detached: AWS managed policies cannot be edited."""


@dataclass(frozen=True, slots=True)
class Addition:
    """A statement to add: the exact action on the exact resource, in one policy type."""

    policy_type: PolicyType
    level: int | None
    """For SCPs: 0 is the root, the last one the account."""
    place: str
    """The policy that it belongs to, in words: ``the permissions boundary dev-boundary``."""
    policy_key: str
    """Its key (``inventory.keys``); of identity policies the principal's; empty where there is none."""
    statement: Mapping[str, Any]
    """The statement as in a policy document."""

    @property
    def effect(self) -> str:
        """``Allow`` or ``Deny``."""
        return str(self.statement["Effect"])


@dataclass(frozen=True, slots=True)
class Change:
    """Statements to remove and to add, together, for the decision ``becomes``."""

    removals: tuple[Removal, ...]
    additions: tuple[Addition, ...]
    becomes: EvalDecision
    """Never the current decision; for a denied request ``conditional`` where other statements have conditions."""
    depends_on: tuple[str, ...]
    """Keys that the new decision depends on, where it is ``conditional``."""
    sentence: str
    """What to do: ``Add an Allow for s3:GetObject on arn:… to the permissions boundary dev-boundary.``"""
    caveat: str = ""
    """Notes on the change, as sentences; may be empty."""

    @property
    def allows(self) -> bool:
        """Whether it allows the request (else it denies it)."""
        return self.becomes in (EvalDecision.ALLOWED, EvalDecision.CONDITIONAL)


@dataclass(frozen=True, slots=True)
class Changes:
    """The smallest changes that alter one decision."""

    decision: EvalDecision
    """The current decision."""
    changes: tuple[Change, ...]
    """Smallest first; organization-wide ones last."""
    reason: str
    """Where there is none: why, in one sentence."""
