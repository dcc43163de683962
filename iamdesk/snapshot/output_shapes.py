"""Output models and ``--query`` options made from one description of the members that are read.

A shape maps the keys of an object, as AWS spells them, to ``str``, ``bool`` or another shape. ``key[]`` is a list,
``key{}`` an object with arbitrary keys, and ``?`` at the end says that AWS may omit the key::

    {"projects[]": {"name": str, "arn": str, "serviceRole?": str}}

A path names members of such an output: ``Reservations[].Instances[]``, ``IamInstanceProfile.Arn``, ``Roles{}``. The
path ``@`` names the whole value.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel, ConfigDict, create_model

type Shape = Mapping[str, "type[str] | type[bool] | Shape"]


class ShapedOutput(BaseModel):
    """Base of the models: other keys are ignored."""

    model_config = ConfigDict(frozen=True, protected_namespaces=())


def output_model(name: str, shape: Shape) -> type[ShapedOutput]:
    """Return the model of an output; ``name`` is its class name."""
    fields: dict[str, Any] = {}
    for key, inner in shape.items():
        plain, ending, is_optional = _parts(key)
        kind: Any = inner
        if isinstance(inner, Mapping):
            kind = output_model(f"{name}{plain[:1].upper()}{plain[1:]}", inner)
        if ending == "[]":
            kind = tuple[kind, ...]
        elif ending == "{}":
            kind = dict[str, kind]
        if is_optional:
            fields[plain] = (kind | None, None)
        else:
            # `--query` prints null for a list that AWS left out because nothing is in it.
            fields[plain] = (kind | None if ending == "[]" else kind, ...)
    model: type[ShapedOutput] = create_model(name, __base__=ShapedOutput, **fields)
    return model


def query_of(shape: Shape) -> str:
    """Return the JMESPath that reduces an output to the shape."""
    members = []
    for key, inner in shape.items():
        plain, ending, _ = _parts(key)
        if isinstance(inner, Mapping) and ending != "{}":
            members.append(f"{plain}: {plain}{ending}.{query_of(inner)}")
        else:
            members.append(f"{plain}: {plain}")
    return f"{{{', '.join(members)}}}"


def _parts(key: str) -> tuple[str, str, bool]:
    """Return (key, ``[]``, ``{}`` or nothing, whether it is optional)."""
    plain = key.removesuffix("?")
    ending = plain[-2:] if plain.endswith(("[]", "{}")) else ""
    return plain.removesuffix(ending) if ending else plain, ending, key.endswith("?")


def values_at(value: Any, path: str) -> Iterator[Any]:
    """Yield the values of a path in an output or a part of it; absent ones are skipped."""
    if value is None:
        return
    if not path or path == "@":
        yield value
        return
    step, _, rest = path.partition(".")
    plain, ending, _ = _parts(step)
    found = _member(value, plain)
    if found is None:
        return
    if ending == "[]":
        for one in found:
            yield from values_at(one, rest)
    elif ending == "{}":
        for one in found.values():
            yield from values_at(one, rest)
    else:
        yield from values_at(found, rest)


def _member(value: Any, key: str) -> Any:
    name = _names(type(value)).get(key) if isinstance(value, BaseModel) else None
    return None if name is None else getattr(value, name)


@cache
def _names(model: type[BaseModel]) -> Mapping[str, str]:
    """Return the fields of a model by key, as AWS spells it."""
    return {info.alias or name: name for name, info in model.model_fields.items()}
