"""A denied request as AWS reported it, in the form common to all readers of denials."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from iamdesk.evaluate.request import EvalDecision, PolicyType, Request
from iamdesk.explain.decision import EvaluationResult
from iamdesk.i18n import mark

MAX_TEXT_LENGTH = 5_000_000
"""Most characters of a pasted record."""


class DenialError(ValueError):
    """Text without a denied request. Its text is one sentence."""


class DenialSource(StrEnum):
    """The kind of text that was pasted."""

    MESSAGE = mark("error message")
    CLOUDTRAIL = mark("CloudTrail event")
    DECODED = mark("decoded authorization message")
    AUTHORIZATION = mark("authorization details")
    """The result of AWS's access troubleshooter for an authorization ID (rule A6)."""


class Effect(StrEnum):
    """The decision of a policy type, or of all together."""

    ALLOW = "allow"
    EXPLICIT_DENY = "explicit-deny"
    IMPLICIT_DENY = "implicit-deny"
    NO_IMPACT = "no-impact"


@dataclass(frozen=True, slots=True)
class Check:
    """The result of one of AWS's checks."""

    policy_type: PolicyType
    effect: Effect
    target: str
    """ARN of the root, organizational unit or account for SCPs and RCPs, of the resource or endpoint; may be empty."""
    statements: tuple[tuple[str, str], ...]
    """(policy, Sid) of each statement that matched."""


@dataclass(frozen=True, slots=True)
class Denial:
    """One denied request, as far as the pasted text describes it."""

    form: DenialSource
    principal: str | None = None
    """An ARN, a service name or ``anonymous``."""
    actions: tuple[str, ...] = ()
    """The action; several where only an operation's name is given and services share it; none where nothing is."""
    resource: str | None = None
    resource_text: str | None = None
    """The resource as given, where that is not an ARN."""
    context: Mapping[str, str | Sequence[str] | None] | None = None
    """Request context, as far as given; None: the key was not in the request."""
    is_context_whole: bool = False
    """Whether ``context`` is complete: other keys were not in the request."""
    effect: Effect | None = None
    """Why it was denied; None where no reason is given."""
    policy_type: PolicyType | None = None
    """The policy type that AWS names as the reason."""
    policy: str | None = None
    """The policy that AWS names, an ARN."""
    checks: tuple[Check, ...] = ()
    remarks: tuple[str, ...] = ()
    """Notes, as sentences."""

    @property
    def action(self) -> str | None:
        """The action, where there is exactly one."""
        return self.actions[0] if len(self.actions) == 1 else None


AS_DECISION = {
    Effect.ALLOW: EvalDecision.ALLOWED,
    Effect.EXPLICIT_DENY: EvalDecision.EXPLICIT_DENY,
    Effect.IMPLICIT_DENY: EvalDecision.IMPLICIT_DENY,
}
"""Each effect as a decision."""


class Agreement(StrEnum):
    """Whether the snapshot denies what AWS denied, for the same reason."""

    SAME = "same reason"
    DENIED = "denied"
    """Denied here too; AWS gave no reason to compare."""
    OTHER = "other reason"
    DEPENDS = "depends"
    """Whether it is denied, or denied for AWS's reason, depends on context that is not provided."""
    ALLOWED = "allowed here"
    NOT_ASKED = "not asked"
    """The text does not describe the request well enough, or the snapshot cannot evaluate it."""


@dataclass(frozen=True, slots=True)
class PolicyTypeComparison:
    """One of AWS's checks compared with the same policy type here."""

    policy_type: PolicyType
    target: str
    aws: Effect
    here: EvalDecision | None
    """None: the policy type does not apply here, or ``is_unknown``."""
    statements: tuple[tuple[str, str], ...]
    """(policy, Sid) that matched, as reported by AWS."""
    is_unknown: bool = False
    """Whether nothing of the policy type was captured."""

    @property
    def is_open(self) -> bool:
        """Whether the decision here depends on what is not provided or captured, and so may agree with AWS."""
        return (self.is_unknown or self.here is EvalDecision.CONDITIONAL) and self.aws is not Effect.NO_IMPACT

    @property
    def agrees(self) -> bool:
        """Whether both agree. A check without impact denies nothing, so it agrees with anything but a denial."""
        if self.aws is Effect.NO_IMPACT:
            return self.here in (None, EvalDecision.ALLOWED, EvalDecision.IMPLICIT_DENY)
        if self.is_unknown:
            return False
        if self.here is None and self.policy_type not in (PolicyType.IDENTITY, PolicyType.RESOURCE):
            return self.aws is Effect.ALLOW  # a limit that does not apply denies nothing
        return self.here is AS_DECISION[self.aws]


@dataclass(frozen=True, slots=True)
class Why:
    """The explanation of one denied request."""

    denial: Denial
    missing: tuple[str, ...]
    """``principal``, ``action`` or ``resource``: what the evaluation needs and the text lacks."""
    request: Request | None
    """The request that was evaluated."""
    decision: EvaluationResult | None
    agreement: Agreement
    sentence: str
    comparisons: tuple[PolicyTypeComparison, ...] = ()
    given: Mapping[str, str] = field(default_factory=dict)
    """``principal``, ``action`` and ``resource``, as far as they were given beside the text."""
