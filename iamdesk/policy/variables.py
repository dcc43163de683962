"""Policy variables: ``${aws:username}``, with a default ``${aws:PrincipalTag/team, 'none'}``, and ``${*}``.

A value with variables is a template: literal text, wildcards and variables in order. It becomes a pattern once the
request is known. Rules: H.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from iamdesk.policy.wildcards import Token, tokens_of

_LITERALS = frozenset("*?$")


class Variable(NamedTuple):
    """One variable in a template."""

    key: str
    """Condition key in lower case (rules G6, H1)."""
    default: str | None
    """Its value when the key has none (rule H4)."""
    key_text: str
    """The key as in the policy."""


type Template = tuple[Token | Variable, ...]

type Resolver = Callable[[str], str | None]
"""Returns a key's value as a variable; None when it has none (absent, or several values: rule H5)."""


def has_variables(text: str) -> bool:
    """Return whether the text may hold a variable or an escaped wildcard."""
    return "${" in text


def parse_template(text: str) -> Template:
    """Split text into literal text, wildcards and variables.

    What only looks like a variable (no closing brace, empty, or spaces in the name) is plain text (rule H9).
    """
    pieces: list[Token | Variable] = []
    plain = ""
    position = 0
    while (start := text.find("${", position)) >= 0:
        end = text.find("}", start)
        if end < 0:
            break
        plain += text[position:start]
        inner = text[start + 2 : end]
        if inner in _LITERALS:  # ${*}, ${?}, ${$}: the character itself (rule H7)
            pieces.extend(tokens_of(plain))
            pieces.append(inner)
            plain = ""
        elif (variable := _variable(inner)) is not None:
            pieces.extend(tokens_of(plain))
            pieces.append(variable)
            plain = ""
        else:
            plain += text[start : end + 1]
        position = end + 1
    pieces.extend(tokens_of(plain + text[position:]))
    return tuple(pieces)


@lru_cache(maxsize=1 << 10)
def _variable(inner: str) -> Variable | None:
    key, comma, rest = inner.partition(",")
    default: str | None = None
    if comma:
        quoted = rest.strip()
        if len(quoted) < 2 or quoted[0] != "'" or quoted[-1] != "'":
            return None
        default = quoted[1:-1]
    key = key.rstrip() if comma else key
    if key.split() != [key]:
        return None  # empty, or white space in it
    return Variable(key.lower(), default, key)


def split_template(template: Template, separator: str, parts: int) -> list[list[Token | Variable]]:
    """Split a template at a separator in its literal text, into at most ``parts`` parts.

    Separators inside ``${…}`` do not count: variable names contain colons (rule H1).
    """
    result: list[list[Token | Variable]] = [[]]
    if template and isinstance(template[0], str) and template[0].count(separator) >= parts - 1:
        # The usual ARN: all separators come before the first wildcard and the first variable.
        *heads, rest = template[0].split(separator, parts - 1)
        result = [[head] if head else [] for head in heads]
        result.append([rest, *template[1:]] if rest else list(template[1:]))
        return result
    for piece in template:
        if not isinstance(piece, str):
            result[-1].append(piece)
            continue
        rest = piece
        while len(result) < parts and separator in rest:
            head, _, rest = rest.partition(separator)
            if head:
                result[-1].append(head)
            result.append([])
        if rest:
            result[-1].append(rest)
    return result


def fill(
    template: Template | list[Token | Variable], resolve: Resolver, *, has_wildcards: bool = False
) -> list[Token] | None:
    """Replace variables by their values; None when one has neither a value nor a default (rule H3).

    An empty value counts as none (rule H4). A value is literal, even if it contains a wildcard, but by the other
    reading of rule H8 (``has_wildcards``).
    """
    tokens: list[Token] = []
    for piece in template:
        if isinstance(piece, Variable):
            value = resolve(piece.key) or piece.default
            if value is None:
                return None
            tokens.extend(tokens_of(value) if has_wildcards else [value])
        else:
            tokens.append(piece)
    return tokens
