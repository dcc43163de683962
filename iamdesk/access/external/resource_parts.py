"""The parts of a resource that policies treat differently: a bucket, its objects, its objects below ``pub/``.

Resource entries divide a resource and what is in it into classes. One ARN of each class is enough to evaluate.
"""

import re
from collections.abc import Hashable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from iamdesk.access.external.described import filled
from iamdesk.aws.service_reference import reference
from iamdesk.evaluate.unknown_context.pattern_witnesses import Pattern, witnesses
from iamdesk.inventory.resource_index import ResourceIndex, part_prefixes
from iamdesk.policy.arn import Arn, is_arn, parse_arn
from iamdesk.policy.document import Document
from iamdesk.policy.wildcards import QUESTION, STAR, Glob, is_pattern, tokens_of

_MAX_TOGETHER = 60
"""Number of entries of which every combination is looked for; of others, only each entry by itself."""
_VARIABLE = re.compile(r"\$\{([^}]*)\}")


class ResourcePart(NamedTuple):
    """One ARN of a class of parts of a resource; the resource itself is a class."""

    arn: str
    """An ARN of the class, in which names that no policy uses represent all others."""
    prefix: str
    """The beginning of the ARNs of parts of its kind; empty for the resource itself."""
    entries: frozenset[str]
    """The resource entries that match it, as written."""


def parts_of(
    resources: ResourceIndex,
    resource: str,
    entries: Iterable[str],
    name: str,
    account: str,
    moved: Mapping[str, str] | None = None,
    *,
    with_defaults: bool = True,
) -> tuple[ResourcePart, ...]:
    """Return a resource, and one part of each class that its policies distinguish.

    Args:
        resources: The resources of the snapshot.
        resource: ARN of the resource; nothing is returned for any other text.
        entries: The resource entries of its policies (`entries_of`).
        name: A name that no policy uses.
        account: The callers' account, for entries that name it (``${aws:PrincipalAccount}``).
        moved: Beginnings of entries to read as others: the objects of an access point's bucket.
        with_defaults: Whether variables with a default value have it; else each has ``name``.
    """
    if not is_arn(resource):
        return ()
    whole = parse_arn(resource)
    named: dict[str, set[str]] = {}
    for text, entry in _filled_in(entries, name, account, moved or {}, with_defaults=with_defaults):
        named.setdefault(text, set()).add(entry)
    written = {text: same for text, same in named.items() if text.startswith("arn:")}
    patterns = [tuple(tokens_of(text)) for text in written]
    globs = [(Glob(tokens), same) for tokens, same in zip(patterns, written.values(), strict=True)]
    found: dict[Hashable, ResourcePart] = {"": ResourcePart(resource, "", _met(globs, resource))}
    for prefix in part_prefixes(whole):
        fillings = _fillings(whole, prefix, name)
        likely = [f"{prefix}{filling}" for filling in fillings]
        for tokens in patterns:
            shown = [filled(tokens, filling) for filling in fillings]
            likely += sorted(shown, key=_simplest_call) if whole.service == "execute-api" else shown
        if any(is_pattern(text.removeprefix(prefix)) or not text.startswith(prefix) for text in named if text != "*"):
            together = tuple(map(Pattern, patterns[:_MAX_TOGETHER]))
            likely += filter(None, witnesses(together, (Pattern((prefix, QUESTION, STAR)),)).texts)
        for text in likely:
            if text.startswith(prefix) and _is_part(resources, whole, text):
                met = _met(globs, text)
                # What is in a table bucket is a table, though the format of buckets also matches text with a slash.
                kind = tuple(reference().resource_types_of_arn(whole.service, text))
                found.setdefault((prefix, kind, met), ResourcePart(text, prefix, met))
    return tuple(found.values())


def entries_of(documents: Iterable[Document]) -> Iterator[str]:
    """Yield the resource entries of policies as written, without those of broken statements (rule L5)."""
    for document in documents:
        for statement in document.statements:
            yield from (entry.text for entry in statement.resources or () if statement.broken is None)


def _filled_in(
    entries: Iterable[str], name: str, account: str, moved: Mapping[str, str], *, with_defaults: bool
) -> Iterator[tuple[str, str]]:
    """Yield resource entries with variables filled in, and as written."""
    for entry in entries:
        text = _VARIABLE.sub(lambda found: _value(found[1], name, account, with_defaults=with_defaults), entry)
        yield text, entry
        for start, to in moved.items():
            if entry.startswith(start):
                yield to + text.removeprefix(start), to + entry.removeprefix(start)


def _value(variable: str, name: str, account: str, *, with_defaults: bool) -> str:
    """Return the text to evaluate in place of a policy variable."""
    key, comma, default = variable.partition(",")
    if len(key) == 1:
        return name  # ${*}, ${?}, ${$}: the character itself
    if key.strip().lower() == "aws:principalaccount":
        return account
    return default.strip().strip("'") or name if comma and with_defaults else name


def _met(globs: Iterable[tuple[Glob, Iterable[str]]], text: str) -> frozenset[str]:
    return frozenset(entry for one, same in globs if one.matches(text) for entry in same)


def _is_part(resources: ResourceIndex, whole: Arn, text: str) -> bool:
    """Return whether a text is the ARN of a part of a resource, on which some action acts."""
    owner = resources.find(parse_arn(text))
    return owner is not None and owner.arn == str(whole) and text != str(whole) and _has_type(whole.service, text)


def _simplest_call(text: str) -> tuple[bool, int]:
    """Return a sort key for ARNs of API Gateway: a method of a stage first, a short path first."""
    method = text.split("/", 3)[2:]
    return not method or not method[0].isupper(), text.count("/")


@lru_cache(maxsize=1 << 12)
def _has_type(service: str, arn: str) -> bool:
    return any(reference().resource_types_of_arn(one, arn) for one in reference().services_on(service))


@lru_cache(maxsize=1 << 10)
def _fillings(whole: Arn, prefix: str, name: str) -> tuple[str, ...]:
    """Return what may follow the beginning of a part's ARN by the resource types: ``index/NAME``, ``NAME``."""
    if whole.service == "execute-api":
        return f"{name}/GET/{name}", f"GET/{name}", name, f"{name}/{name}/{name}"
    kind, *names = prefix.split(":", 5)[5].split("/")
    templates = (one.split(":", 5)[5] for known in reference().resource_types_of(whole.service) for one in known.arns)
    of_kind = [template.split("/") for template in templates if template.startswith(f"{kind}/")]
    several = (_VARIABLE.sub(name, "/".join(parts[len(names) :])) for parts in of_kind)
    return tuple(dict.fromkeys((name, *(one for one in several if one))))
