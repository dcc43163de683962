"""Reads the output of any AWS CLI command into its model, large lists element by element.

Malformed parts are reported with their path and ignored; everything else is kept. `authorization_details` reads the one
output that is too large for this.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError

from iamdesk.i18n import phrase
from iamdesk.snapshot.authorization_details import JsonPath, found_value, json_path, problems_of
from iamdesk.snapshot.json_stream import MAX_VALUE, JsonWalk, ValueTooLargeError
from iamdesk.snapshot.policy_decoding import keep_ambiguous_documents_as_text
from iamdesk.snapshot.problems import Problem
from iamdesk.strict_json import ambiguity

MAX_ENTRIES = 500_000
"""In one list: what is read is kept, and a small file may unpack to much."""
MAX_TEXT = 16 << 20
"""Characters of one text: a credential report of 5,000 users, in base64, has 3 million."""
_MAX_REPORTED = 20
_IS_TRUNCATED = ("IsTruncated", "Truncated")
_MORE = (
    *_IS_TRUNCATED, "NextToken", "nextToken", "Marker", "NextMarker", "PaginationToken", "position",
    "ContinuationToken", "LastEvaluatedTableName",
)  # fmt: skip
"""Keys of services, and of the CLI's ``--max-items``, that show that more follows."""


@dataclass(slots=True)
class Output[Model: BaseModel]:
    """The content of one file."""

    file: str
    """What problems call the file."""
    pages: list[Model] = field(default_factory=list)
    """One, as the CLI prints it; several where a tool has paged by itself."""
    problems: list[Problem] = field(default_factory=list)
    broken: int = 0
    """Parts that were ignored."""
    more_key: str = ""
    """The key of the last page that shows that another follows; empty if none follows."""

    def report(self, path: JsonPath, message: str) -> None:
        """Add a part that was ignored."""
        self.broken += 1
        if self.broken <= _MAX_REPORTED:
            self.problems.append(Problem(file=self.file, json_path=json_path(path), message=message))
        elif self.broken == _MAX_REPORTED + 1:
            message = phrase("more parts of this file are broken; they were ignored too")
            self.problems.append(Problem(file=self.file, json_path="$", message=message))


def read_output[Model: BaseModel](walk: JsonWalk, file: str, model: type[Model]) -> Output[Model]:
    """Read a whole text: one object, a list of objects, or several of these one after the other.

    Raises:
        SnapshotError: the text is not JSON, or no object is in it.
        WorkCancelled: the work was cancelled.
    """
    output = Output[Model](file)
    number = 0
    while start := walk.peek():
        if start == "{":
            _read_page(walk, output, model, (number,) if number else ())
            number += 1
        elif start == "[":
            for _ in walk.elements():
                if number >= MAX_ENTRIES:
                    raise walk.error(phrase("the file contains more than {most:,} values", most=MAX_ENTRIES))
                if walk.peek() == "{":
                    _read_page(walk, output, model, (number,))
                else:
                    walk.skip()
                    output.report((number,), phrase("expected an object"))
                number += 1
        else:
            raise walk.error(phrase("expected an object, as the AWS CLI prints it"))
        if number > MAX_ENTRIES:
            raise walk.error(phrase("the file contains more than {most:,} values", most=MAX_ENTRIES))
    if output.more_key:
        message = phrase("more follows this page (`{more_key}`); it is not in the file", more_key=output.more_key)
        output.problems.append(Problem(file=file, json_path=json_path((output.more_key,)), message=message))
    if not number:
        raise walk.error(phrase("the file is empty: the command failed or printed nothing"))
    return output


@dataclass(frozen=True, slots=True)
class _Field:
    """How the values of one key are read."""

    name: str
    whole: TypeAdapter[Any]
    element: TypeAdapter[Any] | None
    """For a list: of one of its elements."""


@cache
def _fields(model: type[BaseModel]) -> Mapping[str, _Field]:
    """By key, as AWS spells it."""
    fields = {}
    for name, info in model.model_fields.items():
        if info.annotation is None:
            continue
        inner = _element_type(info.annotation)
        element = None if inner is None else TypeAdapter(inner)
        fields[info.alias or name] = _Field(name, TypeAdapter[Any](info.annotation), element)
    return fields


def _element_type(annotation: Any) -> Any:
    """Return the type of a tuple's elements, also of an optional tuple; None for other types."""
    for option in (annotation, *get_args(annotation)):
        if get_origin(option) is tuple:
            return get_args(option)[0]
    return None


def _read_page[Model: BaseModel](walk: JsonWalk, output: Output[Model], model: type[Model], path: JsonPath) -> None:
    fields = _fields(model)
    values: dict[str, Any] = {}
    more: dict[str, Any] = {}
    twice = False
    for key in walk.members():
        known = fields.get(key)
        if known is None and key in _MORE:
            more[key], _ = _taken(walk, output, (*path, key))
        elif known is None:
            walk.skip()
        elif known.name in values:
            walk.skip()
            twice = True
            output.report((*path, key), phrase("the key occurs twice; the file was ignored"))
        elif known.element is not None and walk.peek() == "[":
            values[known.name] = _read_list(walk, output, known.element, (*path, key))
        else:
            _read_value(walk, output, known, (*path, key), values)
    output.more_key = _more_key(more)
    if twice:
        return
    try:
        output.pages.append(model.model_validate(values, by_name=True))
    except ValidationError as error:
        for inner, message in problems_of(error):
            shown = tuple(_alias(model, step) for step in inner)
            output.report((*path, *shown), message)


def _more_key(more: Mapping[str, Any]) -> str:
    """Return the key that shows that another page follows: a marker counts unless the page says that it is the last."""
    flags = [more[key] for key in _IS_TRUNCATED if isinstance(more.get(key), bool)]
    if False in flags:
        return ""
    return next((key for key in _MORE if more.get(key)), "")


def _alias(model: type[BaseModel], step: str | int) -> str | int:
    info = model.model_fields.get(step) if isinstance(step, str) else None
    return (info.alias if info else None) or step


def _read_list(walk: JsonWalk, output: Output[Any], element: TypeAdapter[Any], path: JsonPath) -> tuple[Any, ...]:
    kept = []
    validate = element.validate_python
    for index in walk.elements():
        if index >= MAX_ENTRIES:
            raise walk.error(phrase("the file contains more than {most:,} entries", most=MAX_ENTRIES))
        value, is_read = _taken(walk, output, (*path, index))
        if not is_read:
            continue
        try:
            kept.append(validate(value))
        except ValidationError as error:
            _report_problems(output, (*path, index), error)
    return tuple(kept)


def _read_value(walk: JsonWalk, output: Output[Any], known: _Field, path: JsonPath, values: dict[str, Any]) -> None:
    value, is_read = _taken(walk, output, path)
    if not is_read:
        return
    try:
        values[known.name] = known.whole.validate_python(value)
    except ValidationError as error:
        _report_problems(output, path, error)


def _report_problems(output: Output[Any], path: JsonPath, error: ValidationError) -> None:
    first, *more = problems_of(error)
    inner, message = first
    if more:
        message = phrase("{trouble} (and {count} more)", trouble=message, count=len(more))
    output.report((*path, *inner), message)


def _taken(walk: JsonWalk, output: Output[Any], path: JsonPath) -> tuple[Any, bool]:
    """Read the next value; False if it was reported and ignored."""
    try:
        value = walk.value(MAX_TEXT if walk.peek() == '"' else MAX_VALUE)
    except ValueTooLargeError as error:
        output.report(path, phrase("it cannot be read: {error}", error=error))
        return None, False
    if walk.is_ambiguous:
        for inner, why in keep_ambiguous_documents_as_text(value):
            problem = Problem(
                file=output.file,
                json_path=json_path((*path, *inner)),
                message=phrase("kept as text: {why}", why=why),
            )
            output.problems.append(problem)
        doubt = ambiguity(value)
        if doubt:
            output.report(
                path,
                phrase("it is ambiguous: {doubt}; found {value}", doubt=doubt, value=found_value(value)),
            )
            return None, False
    return value, True


def values_of(walk: JsonWalk) -> Iterator[Any]:
    """Yield the values of a text, one after the other; a list is one, and its elements are decoded one by one.

    Raises:
        SnapshotError: the text is not JSON.
        ValueNotHeld: one of them is more than is held, or could mean two things.
    """
    while start := walk.peek():
        if start != "[":
            yield _certain(walk)
            continue
        elements = []
        for index in walk.elements():
            if index >= MAX_ENTRIES:
                raise walk.error(phrase("the file contains more than {most:,} entries", most=MAX_ENTRIES))
            elements.append(_certain(walk))
        yield elements


def _certain(walk: JsonWalk) -> Any:
    value = walk.value()
    doubt = ambiguity(value) if walk.is_ambiguous else None
    if doubt:
        raise ValueTooLargeError(doubt)
    return value
