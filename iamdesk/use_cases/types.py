"""Types of use cases: what a user asks as one request and AWS decides as several (``read an object``)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from iamdesk.evaluate.request import EvalDecision, Request
from iamdesk.explain.decision import Assumption, EvaluationResult
from iamdesk.i18n import phrase

type Values = str | tuple[str, ...]


class When(StrEnum):
    """When an action of a use case is evaluated."""

    ALWAYS = "always"
    ENCRYPTED = "encrypted"
    """If a KMS key encrypts the resource."""
    GIVEN = "given"
    """If the request provides its resource."""
    MAYBE = "maybe"
    """Always, but it does not count: only some uses of the call need it."""


@dataclass(frozen=True, slots=True)
class UseCaseAction:
    """One action of a use case."""

    action: str
    on: str
    """``resource``, ``*``, ``contents``, ``beside:X``, ``key``, ``key of INPUT``, or the name of an input."""
    when: When = When.ALWAYS
    why: str = ""
    """Its purpose, in a few words; empty for the main action."""
    context: Mapping[str, Values] = field(default_factory=dict)
    """Context of such a request; values of the user's request take precedence."""

    @property
    def input(self) -> str:
        """The input that it needs; empty where the request's resource is enough."""
        if self.on in ("resource", "*", "contents") or self.on.startswith("beside:"):
            return ""
        return f"{self.on.removeprefix('key of ')}-key" if self.on.startswith("key of ") else self.on


@dataclass(frozen=True, slots=True)
class UseCase:
    """A task with all actions that it needs."""

    name: str
    """``read-object``; of an action with dependent actions the action itself: ``ec2:RunInstances``."""
    title: str
    """A verb and its object: ``read an object``."""
    words: str
    """Other search words."""
    takes: str
    """Kind of resource of the request: ``an object``."""
    parts: tuple[UseCaseAction, ...]
    sources: tuple[str, ...]
    """Source pages of AWS."""
    via: str = ""
    """The service that calls AWS KMS for the caller; empty: none."""
    named_inputs: Mapping[str, str] = field(default_factory=dict)

    @property
    def action(self) -> str:
        """The main action: that of the first part."""
        return self.parts[0].action

    @property
    def inputs(self) -> Mapping[str, str]:
        """Inputs besides the resource, with descriptions, keys included."""
        found: dict[str, str] = {}
        for part in self.parts:
            if part.input:
                whose = part.on.removeprefix("key of ") if part.on.startswith("key of ") else "resource"
                words = self.named_inputs.get(part.input) or _key_words(whose)
                found.setdefault(part.input, words)
        return found


def _key_words(whose: str) -> str:
    if whose == "resource":
        return phrase("the KMS key that encrypts the resource")
    return phrase("the KMS key that encrypts the {input}", input=whose)


@dataclass(frozen=True, slots=True)
class UseCaseRequest:
    """One request for a use case. ``request.action`` is the name of the use case."""

    request: Request
    inputs: Mapping[str, str] = field(default_factory=dict)
    """ARNs by input name."""


@dataclass(frozen=True, slots=True)
class ActionResult:
    """The result of one action, or why it was not evaluated."""

    part: UseCaseAction
    decision: EvaluationResult | None
    counts: bool
    """Whether the joint decision depends on it."""
    unasked: str = ""
    """Why it was not evaluated, as a sentence."""

    @property
    def is_open(self) -> bool:
        """Whether it keeps the joint decision open: it counts and could not be evaluated."""
        return self.counts and self.decision is None


@dataclass(frozen=True, slots=True)
class UseCaseResult:
    """The joint result: allowed only if every action that counts is."""

    request: UseCaseRequest
    use_case: UseCase
    decision: EvalDecision
    sentence: str
    parts: tuple[ActionResult, ...]
    missing_context_values: tuple[str, ...]
    assumptions: tuple[Assumption, ...]
    """Those of the actions, each once, and those about the use case itself."""

    @property
    def open_assumptions(self) -> tuple[Assumption, ...]:
        """The assumptions that could change the decision on an action."""
        return tuple([one for one in self.assumptions if one.could_change])


@dataclass(frozen=True, slots=True)
class DependentActions:
    """The actions that a call needs, or may need, besides its own."""

    action: str
    actions: tuple[str, ...]
    """In AWS's list, ``iam:PassRole`` first."""
    services: tuple[str, ...]
    """Services to which a role can be passed; empty where not known."""

    @property
    def passes_role(self) -> bool:
        """Whether a role is passed, so that ``iam:PassRole`` on it is needed."""
        return "iam:PassRole" in self.actions
