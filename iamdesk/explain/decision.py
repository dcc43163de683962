"""The evaluation result: the public, frozen and complete object that every view and export reads."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from iamdesk.evaluate.policy_set import SourceType
from iamdesk.evaluate.request import EvalDecision, PolicyType, Request
from iamdesk.i18n import join_messages, phrase
from iamdesk.policy.document import Document
from iamdesk.policy.source_map import ElementPath, Span
from iamdesk.records import record

__all__ = [
    "Assumption",
    "ContextKey",
    "EvalDecision",
    "EvaluationResult",
    "KeyState",
    "PolicyType",
    "PolicyTypeResult",
    "Position",
    "Request",
    "SourceType",
    "StatementExplanation",
    "StatementRole",
]


class Position(NamedTuple):
    """A position in a policy as shown; lines and columns count from 1."""

    line: int
    column: int


class StatementRole(StrEnum):
    """The role of a statement in a result."""

    DECIDES = "decides"
    """The decision rests on it."""
    TOOK_PART = "took part"
    """It matched, but the decision would be the same without it."""
    DEPENDS = "depends"
    """It would match with context values that were not provided."""
    NEAR_MISS = "near miss"
    """It covers the action, but one element did not match: ``failed`` names it, ``sentence`` says why."""


@record(frozen=True, slots=True)
class StatementExplanation:
    """One statement in a result."""

    part: StatementRole
    layer: PolicyType
    level: int | None
    """For SCPs and RCPs: 0 is the root, the last one the account."""
    source_policy_id: str
    """A managed policy's ARN, an inline policy's name, or the test case's own name."""
    source_policy_type: SourceType
    policy_key: str
    """Key of the policy (``inventory.keys``)."""
    policy_name: str
    owner: str
    """ARN that the policy is attached to: the user, the group it comes through, the role, the resource."""
    document: Document
    index: int
    sid: str | None
    effect: str
    sentence: str
    """Why it matches or fails: ``Resource arn:…:a does not match arn:…:b/*.``"""
    failed: str | None
    """For a near miss, the element: ``Principal``, ``Resource``, ``NotResource``, ``Condition`` …"""
    mark: ElementPath
    """The element to underline: of a near miss the failing one, else the statement itself."""

    @property
    def span(self) -> Span | None:
        """The statement's position in the policy as shown."""
        return self.document.span_at(self.document.statements[self.index].path)

    @property
    def statement_index(self) -> int:
        """``index``, by its public name (CONTRACT 3)."""
        return self.index

    @property
    def start_position(self) -> Position | None:
        """Beginning of the statement in the policy as shown."""
        return None if (span := self.span) is None else Position(span.start_line, span.start_column)

    @property
    def end_position(self) -> Position | None:
        """End of the statement: the position after its last character."""
        return None if (span := self.span) is None else Position(span.end_line, span.end_column)

    @property
    def mark_span(self) -> Span | None:
        """The position of the element to underline, in the policy as shown."""
        return self.document.span_at(self.mark)

    @property
    def name(self) -> str:
        """The statement's display name: ``payroll-rw, statement 2 (ReadOnly)``; counted from 1."""
        name = phrase("{policy}, statement {number}", policy=self.policy_name, number=self.index + 1)
        return join_messages("", (name, f" ({self.sid})")) if self.sid else name


@record(frozen=True, slots=True)
class PolicyTypeResult:
    """The decision of one policy type."""

    layer: PolicyType
    decision: EvalDecision | None
    """None: the policy type does not apply, or ``is_unknown``."""
    title: str
    """Display name of the policy type: ``Permissions boundary``."""
    sentence: str
    statements: tuple[StatementExplanation, ...] = ()
    """Its statements, in the order of `EvaluationResult.statements`."""
    is_unknown: bool = False
    """Whether nothing of it was captured: it may change the decision, but has none here."""


@record(frozen=True, slots=True)
class Assumption:
    """An assumption of a result, such as one about data that is not captured."""

    code: str
    """Stable: ``policy-missing``, ``action-unknown``, ``organization-unknown``, ``pages-disagree`` …"""
    message: str
    other_decision: EvalDecision | None = None
    """The decision if the assumption were wrong: by the other reading of AWS's pages (rule K9), with missing data that
    allows, or denies, all that it can, or with another value. None where there is no single other decision."""

    only_explains: bool = False
    """Whether it only explains the result, and the decision does not depend on it."""
    rules: tuple[str, ...] = ()
    """For ``pages-disagree``: ids of the evaluation rules that AWS's pages leave open (``F4``)."""

    @property
    def could_change(self) -> bool:
        """Whether the decision may differ if it does not hold; False for what only explains the result."""
        return not self.only_explains and self.code not in _ONLY_EXPLAINING


_ONLY_EXPLAINING = frozenset(
    {
        *("context-key-not-taken", "source-ip-private", "resource-not-used", "resource-policy-not-used"),
        "endpoint-of-other-service",
    }
)
"""Codes of notes on how the request was understood: facts, not assumptions."""


class KeyState(StrEnum):
    """What the evaluation knew of a condition key."""

    GIVEN = "given"
    DERIVED = "derived"
    ABSENT = "absent"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ContextKey:
    """One condition key that applicable statements test: a row of the context table."""

    key: str
    state: KeyState
    values: tuple[str, ...]
    type: str
    """``String``, ``ARN``, ``Bool``, ``Date``, ``Numeric``, ``IPAddress``, ``Binary``; ``ArrayOf…`` for multivalued."""
    suggestions: tuple[str, ...]
    """Values that the statements name."""
    matters: bool
    """Whether it is unknown and its value can change the decision."""


@record(frozen=True, slots=True)
class EvaluationResult:
    """The result of evaluating one request, with everything that explains it."""

    decision: EvalDecision
    request: Request
    """The request as it was understood (full ARNs, AWS's spelling of the action)."""
    sentence: str
    """The result in one sentence."""
    layers: tuple[PolicyTypeResult, ...]
    statements: tuple[StatementExplanation, ...]
    """Deciding ones first, then contributing ones, then near misses."""
    missing_context_values: tuple[str, ...]
    """Keys whose unknown values can change the decision; never a key that cannot."""
    conditions: tuple[Mapping[str, str | tuple[str, ...] | None], ...]
    """For ``conditional``: the minimal sets of context values under which it is allowed (None: the key is absent)."""
    blocked_by: tuple[str, ...]
    """Policy types that denied an otherwise allowed request; also ``credentials``, ``partition``."""
    assumptions: tuple[Assumption, ...]
    context: tuple[ContextKey, ...]
    denials: tuple[Mapping[str, str | tuple[str, ...] | None], ...] = ()
    """For ``conditional``: the minimal sets of context values under which it is not allowed."""
    condition_words: tuple[str, ...] = ()
    """Each of ``conditions`` as a clause that covers all values with the same outcome: ``aws:SourceIp is within
    203.0.113.0/24 and aws:MultiFactorAuthPresent is true``."""
    denial_words: tuple[str, ...] = ()
    """The same for ``denials``."""

    @property
    def open_assumptions(self) -> tuple[Assumption, ...]:
        """The assumptions that could change the decision; without any, the decision holds whatever is not captured."""
        return tuple([one for one in self.assumptions if one.could_change])

    def statements_that(self, *parts: StatementRole) -> tuple[StatementExplanation, ...]:
        """Return the statements with one of some roles."""
        return tuple(line for line in self.statements if line.part in parts)

    @property
    def eval_action_name(self) -> str:
        """The action as AWS spells it."""
        return self.request.action

    @property
    def eval_resource_name(self) -> str:
        """The resource of the evaluation: an ARN or ``*``."""
        return self.request.resource

    @property
    def eval_decision(self) -> EvalDecision:
        """``decision``, by its name in AWS's results."""
        return self.decision

    @property
    def matched_statements(self) -> tuple[StatementExplanation, ...]:
        """The deciding statements (``MatchedStatements`` of AWS's simulator)."""
        return self.statements_that(StatementRole.DECIDES)
