"""ARN templates of resource types, ``arn:${Partition}:s3:::${BucketName}/${ObjectName}``, and the ARNs that fit them.

An ARN may have wildcards ("any object under payroll/"): it fits when some ARN matches both. Takes time linear in the
ARN: all states of a template are kept in one integer.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final, NamedTuple

_PLACEHOLDER = re.compile(r"\$\{[^}]*\}")

# Only S3 distinguishes its resource types by the presence of a slash; a bucket's or access point's name cannot contain
# one, an object's key can.
_SLASHLESS: Final = frozenset({"${BucketName}", "${AccessPointName}"})


class _Pattern:
    """Fixed text and runs, matched as a set of states; state ``i`` means that ``i`` fixed characters are done."""

    __slots__ = ("_accept", "_any_end", "_last", "_loop", "_loop_slashless", "_steps", "weight")

    def __init__(self, text: str) -> None:
        self._steps: dict[str, int] = {}
        self._loop = self._loop_slashless = 0
        state = 0
        position = 0
        for run in (*re.finditer(r"\$\{[^}]*\}|\*", text), None):
            for character in text[position : run.start() if run else len(text)]:
                self._steps[character] = self._steps.get(character, 0) | 1 << state
                state += 1
            if run:
                if run[0] in _SLASHLESS:
                    self._loop_slashless |= 1 << state
                else:
                    self._loop |= 1 << state
                position = run.end()
        self._accept = 1 << state
        self._any_end = self._accept & self._loop
        """The last state, if any further text fits: most templates end with a run."""
        self._last = (1 << state + 1) - 1
        self.weight = state
        """Count of fixed characters: the more, the more specific."""

    def fits(self, text: str, done: int = 0) -> bool:
        """Return whether some text that ``text`` matches, which may have wildcards, fits the pattern.

        ``done`` is the number of characters known to be the pattern's own first ones, before any run.
        """
        states, any_end = 1 << done, self._any_end
        for character in text[done:]:
            if states & any_end:
                return True
            if character == "*":  # any run: every later state can be reached
                states = self._last & -(states & -states)
                continue
            if character == "?":
                states = (states << 1 & self._last) | (states & (self._loop | self._loop_slashless))
                continue
            stay = self._loop if character == "/" else self._loop | self._loop_slashless
            states = (states & self._steps.get(character, 0)) << 1 | (states & stay)
            if not states:
                return False
        return bool(states & self._accept)


class ArnTemplate:
    """One resource type's template, compiled."""

    __slots__ = ("_head", "_is_regional", "_prefix", "_resource", "weight")

    def __init__(self, template: str) -> None:
        parts = template.split(":", 5)
        parts += [""] * (6 - len(parts))
        # A part that is one placeholder fits anything, and most others are plain text.
        self._head = tuple(
            (place, part.lower(), _Pattern(part.lower()))
            for place, part in enumerate(parts[1:5])
            if part != "*" and _PLACEHOLDER.fullmatch(part) is None
        )
        # Regional ARNs always name the region, while AWS's own resources leave out the account
        # (arn:aws:ssm:us-east-1::document/AWS-RunShellScript).
        self._is_regional = parts[3] == "${Region}"
        self._resource = _Pattern(parts[5])
        self._prefix = _PLACEHOLDER.split(parts[5], maxsplit=1)[0].partition("*")[0]
        self.weight = (self._resource.weight, sum(pattern.weight for _, _, pattern in self._head))

    def fits(self, arn: "SplitArn") -> bool:
        """Return whether the ARN, or some ARN that its wildcards match, is of this type.

        The first five parts are compared without case (rule F4 e), the resource with it.
        """
        has_prefix = arn.fixed.startswith(self._prefix)
        if not (has_prefix or self._prefix.startswith(arn.fixed)) or (self._is_regional and not arn.head[2]):
            return False
        for place, text, pattern in self._head:
            if arn.head[place] != text and not pattern.fits(arn.head[place]):
                return False
        return self._resource.fits(arn.resource, len(self._prefix) if has_prefix else 0)


class SplitArn(NamedTuple):
    """An ARN split for comparison with many templates."""

    head: tuple[str, str, str, str]
    """Partition, service, region and account, in lower case."""
    resource: str
    fixed: str
    """The resource's text before its first wildcard."""


@lru_cache(maxsize=4096)
def split_arn(text: str) -> SplitArn | None:
    """Split an ARN that may have wildcards; None when the text cannot be one.

    Missing parts count as ``*`` (rule F7); ``*`` alone is any ARN.
    """
    if text == "*":
        text = "arn:*"
    parts = text.split(":", 5)
    if parts[0].lower() != "arn" or len(parts) < 2:
        return None
    parts += ["*"] * (6 - len(parts))
    partition, service, region, account = (part.lower() for part in parts[1:5])
    fixed = parts[5].partition("*")[0].partition("?")[0]
    return SplitArn((partition, service, region, account), parts[5], fixed)


def filled(template: str, values: Mapping[str, str], name: str | None = None) -> str | None:
    """Return the ARN of a template, by values of its placeholders in lower case; None if one is missing.

    ``name`` is the value of the only other placeholder.
    """
    known = {key.lower(): value for key, value in values.items() if value}
    others = [one for one in map(_placeholder, _PLACEHOLDER.findall(template)) if one not in known]
    if name is not None and len(others) == 1:
        known[others[0]] = name
    elif others or name is not None:
        return None
    return _PLACEHOLDER.sub(lambda one: known[_placeholder(one[0])], template)


def _placeholder(text: str) -> str:
    """Return the name of ``${TableName}`` in lower case; of the path in ``${UserNameWithPath}`` nothing is known."""
    return text[2:-1].lower().removesuffix("withpath")


def fill_template(template: str, typed: str) -> str | None:
    """Return the template with the entered parts of an ARN filled in; None when the ARN cannot become one of it.

    ``arn:aws:sqs:eu-west-1:`` fills ``${Region}``, ``arn:aws:s3:::payroll`` the bucket's name; a partly entered Region
    or account (``arn:aws:sqs:eu``) is not filled in.
    """
    parts, heads = template.split(":", 5), typed.split(":", 5)
    for place, text in enumerate(heads[:5]):
        filled = _fill_part(parts[place], text, is_done=place < len(heads) - 1)
        if filled is None:
            return None
        if place < len(heads) - 1:
            parts[place] = filled
    if len(heads) == 6:
        segments, texts = parts[5].split("/"), heads[5].split("/")
        if len(texts) > len(segments):  # the last placeholder includes slashes, as an object's key does
            texts = [*texts[: len(segments) - 1], "/".join(texts[len(segments) - 1 :])]
            if _PLACEHOLDER.fullmatch(segments[-1]) is None or segments[-1] in _SLASHLESS:
                return None
        for place, text in enumerate(texts):
            filled = _fill_part(segments[place], text, is_done=place < len(texts) - 1)
            if filled is None:
                return None
            segments[place] = filled
        parts[5] = "/".join(segments)
    return ":".join(parts)


def _fill_part(part: str, text: str, *, is_done: bool) -> str | None:
    """Return a part of a template with the text filled in; a part that is done must match as a whole."""
    fixed, mark, _ = part.partition("${")
    if not mark:
        return part if part == text or (not is_done and part.startswith(text)) else None
    if text.startswith(fixed) and len(text) > len(fixed):
        return text
    return part if not is_done and fixed.startswith(text) else None
