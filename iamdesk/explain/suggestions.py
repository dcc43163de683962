"""The shapes of changes to policies that turn an answer around (`explain.counterfactual` finds them)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from iamdesk.evaluate.request import EvalDecision, PolicyType
from iamdesk.explain.decision import StatementExplanation


@dataclass(frozen=True, slots=True)
class Removal:
    """A statement to take away."""

    line: StatementExplanation
    whole_policy: bool
    """Whether the policy has to be detached: AWS's own policies cannot be edited."""


@dataclass(frozen=True, slots=True)
class Addition:
    """A statement to add: the exact action on the exact resource, in one layer."""

    layer: PolicyType
    level: int | None
    """For SCPs: 0 is the root, the last one the account."""
    place: str
    """The policy that it belongs to, in words: ``the permissions boundary dev-boundary``."""
    policy_key: str
    """Its key (``inventory.keys``); of identity policies the principal's; empty where there is none."""
    statement: Mapping[str, Any]
    """The statement as a policy document writes it."""

    @property
    def effect(self) -> str:
        """``Allow`` or ``Deny``."""
        return str(self.statement["Effect"])


@dataclass(frozen=True, slots=True)
class Change:
    """What to remove and to add, together, so that the answer becomes ``becomes``."""

    removals: tuple[Removal, ...]
    additions: tuple[Addition, ...]
    becomes: EvalDecision
    """Never the answer as it is; of a denied request ``conditional`` where other statements still ask for values."""
    depends_on: tuple[str, ...]
    """Keys on which the new answer hangs, where it is ``conditional``."""
    sentence: str
    """What to do: ``Add an Allow for s3:GetObject on arn:… to the permissions boundary dev-boundary.``"""
    caveat: str = ""
    """What to know before doing it, as sentences; may be empty."""

    @property
    def allows(self) -> bool:
        """Whether it is a way to allow the request (else a way to stop it)."""
        return self.becomes in (EvalDecision.ALLOWED, EvalDecision.CONDITIONAL)


@dataclass(frozen=True, slots=True)
class Changes:
    """The smallest changes that turn one answer around."""

    decision: EvalDecision
    """The answer as it is."""
    changes: tuple[Change, ...]
    """Smallest first; what binds whole accounts last."""
    reason: str
    """Where there is none: why, in one sentence."""
