"""What AWS said of a request that it denied, however it said it: the shape that all readers of denials fill."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from iamdesk.evaluate.request import EvalDecision, PolicyType, Request
from iamdesk.explain.decision import EvaluationResult
from iamdesk.i18n import mark

LONGEST_TEXT = 5_000_000
"""Characters of a pasted record."""


class DenialError(ValueError):
    """Text in which no denied request can be found. Its text is one sentence."""


class DenialSource(StrEnum):
    """What was pasted."""

    MESSAGE = mark("error message")
    CLOUDTRAIL = mark("CloudTrail event")
    DECODED = mark("decoded authorization message")
    AUTHORIZATION = mark("authorization details")
    """What AWS's access troubleshooter gives for an authorization id (rule A6)."""


class Effect(StrEnum):
    """How a layer, or all of them together, decided."""

    ALLOW = "allow"
    EXPLICIT_DENY = "explicit-deny"
    IMPLICIT_DENY = "implicit-deny"
    NO_IMPACT = "no-impact"


@dataclass(frozen=True, slots=True)
class Check:
    """What AWS says of one of its checks."""

    layer: PolicyType
    effect: Effect
    target: str
    """ARN of the root, organizational unit or account for SCPs and RCPs, of the resource or endpoint; may be empty."""
    statements: tuple[tuple[str, str], ...]
    """(policy, Sid) of each statement that matched."""


@dataclass(frozen=True, slots=True)
class Denial:
    """One denied request, as far as what was pasted tells of it."""

    form: DenialSource
    principal: str | None = None
    """An ARN, a service name or ``anonymous``."""
    actions: tuple[str, ...] = ()
    """The action; several where an operation's name alone was told and services share it; none where nothing was."""
    resource: str | None = None
    resource_told: str | None = None
    """The resource as it was told, where that is no ARN."""
    context: Mapping[str, str | Sequence[str]] | None = None
    """Request context, as far as told."""
    is_context_whole: bool = False
    """Whether a key that is not in ``context`` was not in the request."""
    effect: Effect | None = None
    """Why it was denied; None where nothing was said."""
    layer: PolicyType | None = None
    """The kind of policy that AWS names as the reason."""
    policy: str | None = None
    """The policy that AWS names, an ARN."""
    checks: tuple[Check, ...] = ()
    remarks: tuple[str, ...] = ()
    """What else is to be known, as sentences."""

    @property
    def action(self) -> str | None:
        """The action, where there is exactly one."""
        return self.actions[0] if len(self.actions) == 1 else None


AS_VERDICT = {
    Effect.ALLOW: EvalDecision.ALLOWED,
    Effect.EXPLICIT_DENY: EvalDecision.EXPLICIT_DENY,
    Effect.IMPLICIT_DENY: EvalDecision.IMPLICIT_DENY,
}
"""What each effect is called in an answer."""


class Agreement(StrEnum):
    """Whether the snapshot denies what AWS denied, and for AWS's reason."""

    SAME = "same reason"
    DENIED = "denied"
    """Denied here too; AWS gave no reason to compare."""
    OTHER = "other reason"
    DEPENDS = "depends"
    """Whether it is denied, or denied for AWS's reason, depends on context that is not provided."""
    ALLOWED = "allowed here"
    NOT_ASKED = "not asked"
    """Too little was told, or the question cannot be asked of this snapshot."""


@dataclass(frozen=True, slots=True)
class PolicyTypeComparison:
    """One of AWS's checks beside the same layer here."""

    layer: PolicyType
    target: str
    aws: Effect
    here: EvalDecision | None
    """None: the layer is not in play here."""
    statements: tuple[tuple[str, str], ...]
    """(policy, Sid) that matched, as AWS tells."""

    @property
    def is_open(self) -> bool:
        """Whether the layer here depends on context that is not provided, and so may agree with AWS."""
        return self.here is EvalDecision.CONDITIONAL and self.aws is not Effect.NO_IMPACT

    @property
    def agrees(self) -> bool:
        """Whether both say the same. A check without impact denies nothing, and so agrees with what does not deny."""
        if self.aws is Effect.NO_IMPACT:
            return self.here in (None, EvalDecision.ALLOWED, EvalDecision.IMPLICIT_DENY)
        if self.here is None and self.layer not in (PolicyType.IDENTITY, PolicyType.RESOURCE):
            return self.aws is Effect.ALLOW  # a limit that is not in play takes nothing away
        return self.here is AS_VERDICT[self.aws]


@dataclass(frozen=True, slots=True)
class Why:
    """The answer for one denied request."""

    denial: Denial
    missing: tuple[str, ...]
    """``principal``, ``action`` or ``resource``: what has to be told before it can be asked."""
    request: Request | None
    """The question as it was asked."""
    decision: EvaluationResult | None
    agreement: Agreement
    sentence: str
    comparisons: tuple[PolicyTypeComparison, ...] = ()
