"""From the output of one call to the calls that come after it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import jmespath
from jmespath import functions

from iamdesk.collect.call_spec import REGION, DependsOn, Step
from iamdesk.snapshot.layout import Scope


@dataclass(frozen=True, slots=True)
class CallScope:
    """Where a call is made."""

    account: str
    partition: str
    region: str
    """The Region that is called; for calls of a whole account the one that serves them."""


@dataclass(frozen=True, slots=True)
class Task:
    """One call to make."""

    step: Step
    where: CallScope
    parameters: Mapping[str, Any]
    arguments: Mapping[str, str]
    """Of the path, by name."""

    @property
    def path(self) -> str:
        """The file for its output.

        Raises:
            ValueError: AWS gave a name that is none.
        """
        call = self.step.call
        values = [self.arguments[name] for name in call.arguments]
        return call.file(*values, account=self.where.account, region=self.where.region)

    @property
    def lane(self) -> tuple[str, str]:
        """Service and Region: calls of one lane share a client."""
        return self.step.service, self.where.region


class _Functions(functions.Functions):  # type: ignore[misc]  # jmespath has no types, nor has its decorator
    """What JMESPath lacks: parts of an ARN or address."""

    @functions.signature({"types": ["string"]})  # type: ignore[untyped-decorator]
    def _func_after_first(self, text: str) -> str:
        return text.partition("/")[2]

    @functions.signature({"types": ["string"]})  # type: ignore[untyped-decorator]
    def _func_after_last(self, text: str) -> str:
        return text[max(text.rfind("/"), text.rfind(":")) + 1 :]


_OPTIONS = jmespath.Options(custom_functions=_Functions())


@cache
def _compiled(expression: str) -> Any:
    return jmespath.compile(expression)


def search(expression: str, value: Any) -> Any:
    """Return what a JMESPath finds in a value; ``after_first`` and ``after_last`` cut an ARN at ``/`` (or ``:``)."""
    return _compiled(expression).search(value, options=_OPTIONS)


def first_errand(step: Step, where: CallScope) -> Task:
    """Return the call of a step that comes after no other."""
    arguments = dict(zip(step.call.arguments, step.arguments, strict=True))
    return Task(step, where, _filled(step, where, arguments), arguments)


def errands_after(errand: Task, output: Any, steps: tuple[Step, ...]) -> Iterator[Task]:
    """Yield the calls that come after this one, which printed ``output``."""
    for step in steps:
        for after in step.after:
            if after.call == errand.step.name:
                for found in search(after.each, output) or ():
                    yield _next_errand(errand, step, after, found)


def _next_errand(errand: Task, step: Step, after: DependsOn, found: Mapping[str, Any]) -> Task:
    known = {**errand.parameters, **{f"@{name}": value for name, value in errand.arguments.items()}}
    made = {**{name: known[name] for name in after.keep}, **found}
    region = made.pop(REGION, None) or errand.where.region
    where = CallScope(errand.where.account, errand.where.partition, region)
    arguments = {name[1:]: value for name, value in made.items() if name.startswith("@")}
    parameters = {name: value for name, value in made.items() if not name.startswith("@")}
    return Task(step, where, {**parameters, **_filled(step, where, arguments)}, arguments)


def _filled(step: Step, where: CallScope, arguments: Mapping[str, str]) -> dict[str, Any]:
    """Return the step's own parameters, with words in braces replaced."""
    words = {"account": where.account, "region": where.region, "partition": where.partition, **arguments}

    def fill(text: str) -> str:
        for word, value in words.items():
            text = text.replace(f"{{{word}}}", value)
        return text

    return {
        name: fill(value) if isinstance(value, str) else [fill(part) for part in value]
        for name, value in step.parameters.items()
    }


def is_regional(errand: Task) -> bool:
    """Return whether the command that prints the same names a Region."""
    return errand.step.call.scope is Scope.REGION
