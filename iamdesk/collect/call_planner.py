"""Finds the calls that follow from the output of another call."""

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
    """Account and Region of a call."""

    account: str
    partition: str
    region: str
    """The Region of the call; for calls that are not regional, the one that serves them."""


@dataclass(frozen=True, slots=True)
class Task:
    """One call to make."""

    step: Step
    where: CallScope
    parameters: Mapping[str, Any]
    arguments: Mapping[str, str]
    """Arguments of the path, by name."""

    @property
    def path(self) -> str:
        """The path of its output in the bundle.

        Raises:
            ValueError: AWS returned a name that is not valid in a path.
        """
        call = self.step.call
        values = [self.arguments[name] for name in call.arguments]
        return call.file(*values, account=self.where.account, region=self.where.region)

    @property
    def lane(self) -> tuple[str, str]:
        """Service and Region: the calls with the same lane share a client."""
        return self.step.service, self.where.region


class _Functions(functions.Functions):  # type: ignore[misc]  # jmespath has no types, nor has its decorator
    """Functions for parts of an ARN or URL, which JMESPath does not have."""

    @functions.signature({"types": ["string"]})  # type: ignore[untyped-decorator]
    def _func_after_first(self, text: str) -> str:
        return text.partition("/")[2]

    @functions.signature({"types": ["string"]})  # type: ignore[untyped-decorator]
    def _func_after_last(self, text: str) -> str:
        return text[max(text.rfind("/"), text.rfind(":")) + 1 :]

    @functions.signature({"types": ["string"]}, {"types": ["string"]})  # type: ignore[untyped-decorator]
    def _func_after(self, text: str, part: str) -> str:
        return text.partition(part)[2]


_OPTIONS = jmespath.Options(custom_functions=_Functions())


@cache
def _compiled(expression: str) -> Any:
    return jmespath.compile(expression)


def search(expression: str, value: Any) -> Any:
    """Evaluate a JMESPath with the functions ``after_first``, ``after_last`` and ``after`` of `Collect.each`."""
    return _compiled(expression).search(value, options=_OPTIONS)


def first_task(step: Step, where: CallScope) -> Task:
    """Return the call of a step that does not depend on others."""
    arguments = dict(zip(step.call.arguments, step.arguments, strict=True))
    return Task(step, where, _filled(step, where, arguments), arguments)


def tasks_after(task: Task, output: Any, steps: tuple[Step, ...]) -> Iterator[Task]:
    """Yield the calls that follow from the output of a call."""
    for step in steps:
        for after in step.after:
            if after.call == task.step.name:
                for found in search(after.each, output) or ():
                    yield _next_task(task, step, after, found)


def _next_task(task: Task, step: Step, after: DependsOn, found: Mapping[str, Any]) -> Task:
    known = {**task.parameters, **{f"@{name}": value for name, value in task.arguments.items()}}
    made = {**{name: known[name] for name in after.keep}, **found}
    region = made.pop(REGION, None) or task.where.region
    where = CallScope(task.where.account, task.where.partition, region)
    arguments = {name[1:]: value for name, value in made.items() if name.startswith("@")}
    parameters = {name: value for name, value in made.items() if not name.startswith("@")}
    return Task(step, where, {**parameters, **_filled(step, where, arguments)}, arguments)


def _filled(step: Step, where: CallScope, arguments: Mapping[str, str]) -> dict[str, Any]:
    """Return the parameters of a step, with placeholders in braces replaced."""
    words = {"account": where.account, "region": where.region, "partition": where.partition, **arguments}

    def fill(text: str) -> str:
        for word, value in words.items():
            text = text.replace(f"{{{word}}}", value)
        return text

    return {
        name: value
        if isinstance(value, int)
        else fill(value)
        if isinstance(value, str)
        else [fill(part) for part in value]
        for name, value in step.parameters.items()
    }


def is_regional(task: Task) -> bool:
    """Return whether the AWS CLI command needs ``--region``."""
    return task.step.call.scope is Scope.REGION
