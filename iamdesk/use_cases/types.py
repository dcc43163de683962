"""The shapes of compound questions: what people ask as one and AWS decides as several (``read an object``)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from iamdesk.evaluate.request import EvalDecision, Request
from iamdesk.explain.decision import Assumption, EvaluationResult
from iamdesk.i18n import phrase

type Values = str | tuple[str, ...]


class When(StrEnum):
    """When a part of a need is asked."""

    ALWAYS = "always"
    ENCRYPTED = "encrypted"
    """Where a KMS key encrypts what is worked on."""
    GIVEN = "given"
    """Where the question names what it is on."""
    MAYBE = "maybe"
    """Always, but it does not count: the call needs it for some of what it can do only."""


@dataclass(frozen=True, slots=True)
class UseCaseAction:
    """One action of a need."""

    action: str
    on: str
    """``resource``, ``*``, ``contents``, ``beside:X``, ``key``, ``key of INPUT``, or the name of an input."""
    when: When = When.ALWAYS
    why: str = ""
    """What it is for, in a few words; empty for what the need is about."""
    context: Mapping[str, Values] = field(default_factory=dict)
    """Keys that such a request carries; what the question gives goes first."""

    @property
    def input(self) -> str:
        """The input that it waits for; empty where the question's resource is enough."""
        if self.on in ("resource", "*", "contents") or self.on.startswith("beside:"):
            return ""
        return f"{self.on.removeprefix('key of ')}-key" if self.on.startswith("key of ") else self.on


@dataclass(frozen=True, slots=True)
class UseCase:
    """Something that people want to do, with all that it takes."""

    name: str
    """``read-object``; of an action with what it depends on the action itself: ``ec2:RunInstances``."""
    title: str
    """A verb and its object: ``read an object``."""
    words: str
    """What else people type for it."""
    takes: str
    """What the resource of the question is: ``an object``."""
    parts: tuple[UseCaseAction, ...]
    sources: tuple[str, ...]
    """Pages of AWS that say so."""
    via: str = ""
    """The service that calls AWS KMS in the caller's name; empty: none."""
    named_inputs: Mapping[str, str] = field(default_factory=dict)

    @property
    def action(self) -> str:
        """What it is about: the action of the first part."""
        return self.parts[0].action

    @property
    def inputs(self) -> Mapping[str, str]:
        """What the question can name beside its resource, and what each is, keys included."""
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
    """One compound question. ``request.action`` is the need's name."""

    request: Request
    inputs: Mapping[str, str] = field(default_factory=dict)
    """ARNs by the names of inputs."""


@dataclass(frozen=True, slots=True)
class ActionResult:
    """The answer to one part, or why it was not asked."""

    part: UseCaseAction
    decision: EvaluationResult | None
    counts: bool
    """Whether the joint answer rests on it."""
    unasked: str = ""
    """Why it was not asked, as a sentence."""

    @property
    def is_open(self) -> bool:
        """Whether the joint answer waits for it: it counts and could not be asked."""
        return self.counts and self.decision is None


@dataclass(frozen=True, slots=True)
class UseCaseResult:
    """The joint answer: allowed only where every part that counts is."""

    question: UseCaseRequest
    need: UseCase
    decision: EvalDecision
    sentence: str
    parts: tuple[ActionResult, ...]
    missing_context_values: tuple[str, ...]
    assumptions: tuple[Assumption, ...]
    """Those of the parts, each once, and what is not known of the need itself."""

    @property
    def open_assumptions(self) -> tuple[Assumption, ...]:
        """The assumptions that could change the decision on a part."""
        return tuple([one for one in self.assumptions if one.could_change])


@dataclass(frozen=True, slots=True)
class DependentActions:
    """What a call needs beside its own action, or may need."""

    action: str
    actions: tuple[str, ...]
    """In AWS's list, ``iam:PassRole`` first."""
    services: tuple[str, ...]
    """Where a role is passed: the services that it can be passed to; empty where that is not known."""

    @property
    def passes_role(self) -> bool:
        """Whether a role is handed over: then ``iam:PassRole`` on that role is needed."""
        return "iam:PassRole" in self.actions
