"""The use cases that ship with iamdesk (``resources/data/needs.json``), by name or by words of the user."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from iamdesk.evaluate.request import RequestError
from iamdesk.i18n import join_names, phrase, phrased, translate, with_translation
from iamdesk.resource_files import resources
from iamdesk.use_cases.dependent_actions import use_case_with_dependents
from iamdesk.use_cases.types import UseCase, UseCaseAction, When
from iamdesk.viewmodel.types import Completion

_MAX_ACTIONS = 3


@lru_cache(maxsize=1)
def use_cases() -> Mapping[str, UseCase]:
    """Return every use case by its name, in the order of the file."""
    text = (resources() / "data" / "needs.json").read_text(encoding="utf-8")
    return {entry["name"]: _use_case(entry) for entry in json.loads(text)["needs"]}


def _use_case(entry: Mapping[str, Any]) -> UseCase:
    return UseCase(
        entry["name"],
        entry["title"],
        entry["words"],
        entry["takes"],
        tuple(_part(part) for part in entry["parts"]),
        tuple(entry["sources"]),
        entry.get("via", ""),
        entry.get("inputs", {}),
    )


def _part(entry: Mapping[str, Any]) -> UseCaseAction:
    context = {
        key: tuple(value) if isinstance(value, list) else value for key, value in entry.get("context", {}).items()
    }
    return UseCaseAction(
        entry["action"], entry["on"], When(entry.get("when", When.ALWAYS)), entry.get("why", ""), context
    )


def find_use_case(name: str, resource: str = "*") -> UseCase | None:
    """Return the use case of a name, or of an action with its dependent actions; None where there is none.

    A name may be typed with spaces: ``read object``.
    """
    name = name.strip()
    held = use_cases().get("-".join(name.lower().split()))
    if held is not None:
        return _translatable(held)
    return use_case_with_dependents(name, resource) if ":" in name else None


def _translatable(use_case: UseCase) -> UseCase:
    """Return a use case whose texts can be translated."""
    return replace(
        use_case,
        title=phrased(use_case.title),
        parts=tuple(replace(part, why=phrased(part.why)) for part in use_case.parts),
        named_inputs={name: phrased(words) for name, words in use_case.named_inputs.items()},
    )


def use_case_named(name: str, resource: str) -> UseCase:
    """Return the use case of a name, or of an action with its dependent actions.

    Raises:
        RequestError: there is none; its text lists the names.
    """
    found = find_use_case(name, resource)
    if found is None:
        if ":" in name:
            raise RequestError(
                phrase("{action} has no known dependent actions: evaluate it as an action", action=name.strip())
            )
        raise RequestError(
            phrase(
                "no use case is named `{name}`: expected one of {names}, or an action",
                name=name.strip(),
                names=", ".join(use_cases()),
            )
        )
    return found


def suggest_use_cases(text: str, limit: int) -> tuple[Completion, ...]:
    """Return the use cases whose texts contain every word of the query, those with matching titles first."""
    words = text.lower().split()
    if not words or any(":" in word for word in words):
        return ()
    return tuple(_suggested(words))[:limit]


def _suggested(words: list[str]) -> Iterator[Completion]:
    found = [use_case for use_case in use_cases().values() if all(word in _texts(use_case) for word in words)]
    found.sort(key=lambda use_case: not all(word in f"{use_case.name} {use_case.title}" for word in words))
    for use_case in found:
        actions = list(dict.fromkeys(part.action for part in use_case.parts))
        detail = phrase("use case: {actions}", actions=join_names(actions, _MAX_ACTIONS, last=","))
        title = with_translation(use_case.title.capitalize(), phrased(use_case.title))
        yield Completion(use_case.name, title, detail)


def _texts(use_case: UseCase) -> str:
    return f"{use_case.name} {use_case.title} {use_case.words} {translate(phrased(use_case.title))}".lower()
