"""Sample resources: one for each combination of resource entries that can match the same resource.

Entries divide the resources of a type into classes; one resource of each class is evaluated, so the results hold for
all resources. If there are too many classes, the result is marked as incomplete.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from iamdesk.access.request_grid import FRESH, placeholder_arns
from iamdesk.aws.service_reference import reference
from iamdesk.diff.matching import may_meet
from iamdesk.diff.normal_form import ANYWHERE, ResourceScope
from iamdesk.evaluate.unknown_context.pattern_witnesses import Pattern, witnesses
from iamdesk.inventory.resource_index import part_prefixes
from iamdesk.policy.arn import is_arn, parse_arn
from iamdesk.policy.canonical_form import EVERYTHING
from iamdesk.policy.resource_patterns import is_covered
from iamdesk.policy.variables import Variable, parse_template
from iamdesk.policy.wildcards import QUESTION, STAR, Glob, Token, glob, tokens_of

_PLACEHOLDER = re.compile(r"\$\{[^}]*\}")
_SEPARATOR = re.compile("[/:]")
_ENDS = (FRESH, f"/{FRESH}", f"{FRESH}/{FRESH}", f"{FRESH}:{FRESH}", f":{FRESH}")
"""Suffixes that no policy names, in the formats of resource types."""
_MAX_PATTERNS = 7
"""With more entries of one kind, not every combination is searched."""


class SampleResources(NamedTuple):
    """Resources to evaluate."""

    arns: tuple[str, ...]
    is_complete: bool
    """Whether they cover every combination of the entries."""


class _Head(NamedTuple):
    partition: str
    service: str
    region: str
    account: str


def places(
    service: str, type_name: str, wheres: Iterable[ResourceScope | None], partition: str, account: str
) -> SampleResources:
    """Return sample resources of one type of a service: a placeholder, and resources that entries match."""
    formats = _formats(service, type_name, partition, account)
    if len(formats) == 1:
        return _places(service, type_name, _entries_for(formats[0], wheres), formats[0])
    listed = tuple(wheres)
    several = [_places(service, type_name, _entries_for(one, listed), one) for one in formats]
    arns = dict.fromkeys(arn for one in several for arn in one.arns)
    return SampleResources(tuple(arns), bool(several) and all(one.is_complete for one in several))


def _entries_for(described: "_Format", wheres: Iterable[ResourceScope | None]) -> frozenset[str]:
    """Return the entries that can name a resource of a format: those of its own service, or of any."""
    return frozenset(
        entry
        for where in wheres
        if where is not None and where != ANYWHERE
        for entry in where.entries
        if described.is_of_any_service or _may_be_of(entry, described.own.service)
    )


class _Format(NamedTuple):
    """An ARN format of a resource type of a service."""

    is_of_any_service: bool
    """Whether its ARNs can name any service: a recovery point of AWS Backup has the ARN of the service backed up."""
    own: _Head
    """Of its placeholder."""
    fresh: str
    """The resource part of its placeholder."""
    tail: str
    """The resource part, with ``*`` for what varies."""


@lru_cache(maxsize=1 << 12)
def _formats(service: str, type_name: str, partition: str, account: str) -> tuple[_Format, ...]:
    listed = reference().resource_type(service, type_name)
    found: list[_Format] = []
    for arn, fresh in zip(
        listed.arns if listed is not None else (),
        placeholder_arns(service, type_name, partition, account),
        strict=True,
    ):
        *head, tail = fresh.split(":", 5)[1:]
        parts = arn.split(":", 5)
        found.append(_Format("$" in parts[2], _Head(*head), tail, _PLACEHOLDER.sub("*", parts[5])))
    return tuple(found)


@lru_cache(maxsize=1 << 15)
def _may_be_of(entry: str, service: str) -> bool:
    parts = entry.split(":", 3)
    return parts[0] == "arn" and (len(parts) < _TO_SERVICE or glob(parts[2]).matches(service))


_TO_SERVICE = 3
"""Parts of an ARN, with the service."""


@lru_cache(maxsize=1 << 14)
def _places(service: str, type_name: str, entries: frozenset[str], described: _Format) -> SampleResources:
    _, own, fresh, tail = described
    read = [one for one in (_read(entry, own) for entry in sorted(entries)) if one is not None]
    heads: dict[_Head, None] = {own: None}
    is_complete = all(one.is_exact for one in read)
    heads |= dict.fromkeys(one.head for one in read)
    arns: dict[str, None] = {f"arn:{':'.join(own)}:{fresh}": None}
    for head in heads:
        near = [
            one for one in read if all(glob(text).matches(part) for text, part in zip(one.head_text, head, strict=True))
        ]
        found, is_all = _tails(tail, tuple(dict.fromkeys(one.tail for one in near)), fresh)
        is_complete = is_complete and is_all
        for text in sorted(found, key=_is_odd):
            arn = f"arn:{':'.join(head)}:{text}"
            if is_arn(arn) and type_name.lower() in _types(service, arn):
                arns[arn] = None
    return SampleResources(tuple(arns), is_complete)


def _is_odd(text: str) -> bool:
    """Return whether a resource has such a name rarely, or never: as an example, it comes last."""
    return "//" in text or text.endswith(("/", ":"))


def places_at(service: str, type_name: str, arn: str, wheres: Iterable[ResourceScope | None]) -> SampleResources:
    """Return a resource and sample resources of one type in it: one for each combination of entries."""
    entries = frozenset(
        entry for where in wheres if where is not None for entry in where.entries if entry != EVERYTHING
    )
    return _places_at(service, type_name, arn, entries)


@lru_cache(maxsize=1 << 14)
def _places_at(service: str, type_name: str, arn: str, entries: frozenset[str]) -> SampleResources:
    listed = reference().resource_type(service, type_name)
    if listed is None:
        return SampleResources((), False)
    arns: dict[str, None] = {}
    if type_name.lower() in _types(service, arn):
        arns[arn] = None
    is_complete = True
    head, own = _headed(arn)
    templates = [_PLACEHOLDER.sub("*", one.split(":", 5)[5]) for one in listed.arns]
    listed_below = [found for one in templates if (found := _below(one, own)) is not None]
    # Parts whose type has another format, or the format of the whole: rules of an event bus, paths of a domain.
    beginnings = [_headed(one)[1] for one in beginnings_of_parts(arn)]
    for template in listed_below or [_beginning(one, template) for one in beginnings for template in templates]:
        below = _places_below(service, type_name, head, template, entries)
        arns |= dict.fromkeys(below.arns)
        is_complete = is_complete and (below.is_complete or (not listed_below and not below.arns))  # of another type
    return SampleResources(tuple(arns), is_complete)


def _places_below(service: str, type_name: str, head: str, template: str, entries: frozenset[str]) -> SampleResources:
    """Return sample resources of one type for a template of a resource's contents."""
    arns: dict[str, None] = {}
    everything = f"{head}:{template}"
    near: dict[tuple[Token, ...], None] = {}
    is_complete = True
    for entry in sorted(entries):
        if is_covered(everything, by=entry) or not _may_be_below(entry, head, template):
            continue  # it matches all of the contents, or none
        read = _read(entry, _Head(*head.lower().split(":")[1:5]))
        if read is None or not all(
            glob(text).matches(part) for text, part in zip(read.head_text, head.lower().split(":")[1:5], strict=True)
        ):
            is_complete = is_complete and "*" not in entry.rpartition(":")[0]
            continue
        is_complete = is_complete and "${" not in entry
        near[read.tail] = None
    found, is_all = _tails(template, tuple(near), template.replace("*", FRESH))
    described = glob(template)
    for text in sorted(found, key=_is_odd):
        if described.matches(text) and type_name.lower() in _types(service, f"{head}:{text}"):
            arns[f"{head}:{text}"] = None
    return SampleResources(tuple(arns), is_complete and is_all)


def beginnings_of_parts(arn: str) -> tuple[str, ...]:
    """Return how the ARNs of a resource's parts begin; none of an ARN that cannot be read."""
    return part_prefixes(parse_arn(arn)) if is_arn(arn) else ()


def _headed(arn: str) -> tuple[str, str]:
    parts = arn.split(":", 5)
    return ":".join(parts[:5]), parts[5]


def _below(template: str, own: str) -> str | None:
    """Return the template of a type for contents of a resource; None if it does not contain that type."""
    for place, mark in enumerate(template):
        if mark in "/:" and glob(template[:place]).matches(own):
            return own + template[place:]
    return None


def _beginning(beginning: str, template: str) -> str:
    """Return a template whose first parts are those of a beginning (``package/d/r/``, ``function:f:``)."""
    separators = [found.end() for found in _SEPARATOR.finditer(template)]
    count = len(_SEPARATOR.findall(beginning))
    return beginning + (template[separators[count - 1] :] if count <= len(separators) else "*")


def _may_be_below(entry: str, head: str, template: str) -> bool:
    return may_meet(
        ResourceScope(False, frozenset({entry})), ResourceScope(False, frozenset({f"{head.lower()}:{template}"}))
    )


class _Entry(NamedTuple):
    head_text: tuple[str, str, str, str]
    """Patterns, in lower case."""
    head: _Head
    """Of a resource that it matches."""
    tail: tuple[Token, ...]
    is_exact: bool
    """Whether ``head`` and ``tail`` represent everything that it matches."""


@lru_cache(maxsize=1 << 14)
def _read(entry: str, own: _Head) -> _Entry | None:
    parts = entry.split(":", 5)
    if parts[0] != "arn":
        return None
    parts += ["*"] * (6 - len(parts))
    head: list[str] = []
    is_exact = True
    for text, fresh in zip(parts[1:5], own, strict=True):
        if "*" not in text and "?" not in text:
            head.append(text)
        elif glob(text).matches(fresh):
            head.append(fresh)
        else:
            is_exact = False
            head.append(text.replace("*", "x").replace("?", "x"))
    tokens: list[Token] = []
    for piece in parse_template(parts[5]) if "${" in parts[5] else tokens_of(parts[5]):
        if isinstance(piece, Variable):
            is_exact = False
            tokens.append(piece.default or FRESH)
        else:
            tokens.append(piece)
    return _Entry((parts[1], parts[2], parts[3], parts[4]), _Head(*head), tuple(tokens), is_exact)


@lru_cache(maxsize=1 << 12)
def _tails(template: str, patterns: tuple[tuple[Token, ...], ...], fresh: str) -> tuple[tuple[str, ...], bool]:
    """Return resource parts for every combination of patterns that match, and whether these are complete."""
    found: dict[str, None] = {fresh: None}
    for tokens in patterns:
        found |= dict.fromkeys((_filled(tokens, ""), _filled(tokens, "x")))
    distinguished = tuple(tokens for tokens in patterns if tokens != (STAR,))
    if not distinguished:
        return tuple(found), True
    if all(STAR not in tokens[:-1] and QUESTION not in tokens for tokens in distinguished):
        return _of_beginnings(template, distinguished, found)
    if len(distinguished) == 1 and _shows_both(template, distinguished[0], found):
        return tuple(found), True
    if len(distinguished) > _MAX_PATTERNS:
        return tuple(found), False
    shown = witnesses(tuple(map(Pattern, distinguished)), (Pattern(tuple(tokens_of(template))),))
    found |= dict.fromkeys(shown.texts)
    return tuple(found), shown.is_complete


def _shows_both(template: str, tokens: tuple[Token, ...], texts: Iterable[str]) -> bool:
    """Return whether some texts that match a template match a pattern, and some do not."""
    described, pattern = glob(template), Glob(tokens)
    return len({pattern.matches(text) for text in texts if described.matches(text)}) > 1


def _of_beginnings(
    template: str, patterns: Iterable[tuple[Token, ...]], found: dict[str, None]
) -> tuple[tuple[str, ...], bool]:
    """Return texts for patterns that are literal or have only a final ``*``, for which no search is needed.

    A text matches exactly the prefixes that it starts with, so each prefix, alone and with a suffix that no pattern
    names, covers all combinations.
    """
    described = glob(template)
    is_complete = True
    for tokens in patterns:
        text = "".join(token for token in tokens if isinstance(token, str))
        if STAR not in tokens:
            found[text] = None
            continue
        behind = [one for one in (f"{text}{end}" for end in _ENDS) if described.matches(one)]
        is_complete = is_complete and (bool(behind) or not _can_begin(template, text))
        found |= dict.fromkeys((text, *behind[:1]))
    return tuple(found), is_complete


def _can_begin(template: str, text: str) -> bool:
    """Return whether some text that matches a template may begin with a text."""
    literal = template.partition("*")[0]
    return literal.startswith(text) or text.startswith(literal)


def _filled(tokens: Iterable[Token], filling: str) -> str:
    return "".join(token if isinstance(token, str) else filling if token is STAR else "x" for token in tokens)


@lru_cache(maxsize=1 << 14)
def _types(service: str, arn: str) -> frozenset[str]:
    return frozenset(name.lower() for name in reference().resource_types_of_arn(service, arn))
