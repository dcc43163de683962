"""Patterns for resources: ``arn:aws:s3:::payroll/*``. Rules: SEMANTICS F3 to F7."""

from collections.abc import Sequence
from enum import Enum, StrEnum
from functools import lru_cache

from iamdesk.policy.arn import Arn
from iamdesk.policy.patterns import QUESTION, STAR, Glob, Token, bounded_match, tokens_of
from iamdesk.policy.variables import Resolver, Template, Variable, fill, has_variables, parse_template, split_template


class ShortArns(StrEnum):
    """What an ARN of fewer than six parts means in a kind of policy (SEMANTICS F7)."""

    FILLED = "filled"
    """Missing parts count as ``*``: identity policies and boundaries."""
    FILLED_IF_WILDCARD = "filled if it holds a wildcard"
    """Resource policies."""
    FILLED_IF_TRAILING = "filled if it ends in a wildcard"
    """Service control policies."""
    NEVER = "never"
    """Session policies, resource control policies: matches nothing."""


class Match(Enum):
    """How an entry matched."""

    NO = 0
    UNKNOWN = 1
    """Hangs on a variable whose value is not known (SEMANTICS K4)."""
    YES = 2
    UNRESOLVED = 4
    """A variable has no value: the entry matches nothing, and a ``NotResource`` that holds it excludes nothing
    (SEMANTICS H3)."""
    CROSSING = 3
    """Only if a wildcard may run over colons: AWS's pages disagree (SEMANTICS F4 b, K9)."""


class UnknownVariable(Exception):  # noqa: N818 - a signal, not an error
    """Raised by a resolver for a key of which nothing is known."""


class ResourcePattern:
    """One entry of ``Resource`` or ``NotResource``."""

    __slots__ = ("_globs", "_parts", "_template", "is_everything", "keys", "problem", "text", "variables")

    def __init__(self, text: str, variables: bool) -> None:
        self.text = text
        self.is_everything = bool(text) and not text.strip("*")
        """Whether the entry is ``*``: the only one that covers actions that take no resource (SEMANTICS F6)."""
        self.problem: str | None = None
        """Why the entry matches nothing, where it cannot match anything."""
        self._globs: tuple[Glob, ...] | None = None
        template = parse_template(text) if variables and has_variables(text) else parse_plain(text)
        self._template = template
        self._parts = split_template(template, ":", 6)
        self.variables = tuple(piece for piece in template if isinstance(piece, Variable))
        self.keys = tuple(variable.key for variable in self.variables)
        """Keys of the variables in the entry, in lower case."""
        if self.is_everything:
            return
        if self._parts[0] != ["arn"]:
            self.problem = f"`{text}` is neither `*` nor an ARN"
        elif len(self._parts) > 2 and any(piece in (STAR, QUESTION) for piece in self._parts[2]):
            self.problem = f"`{text}` has a wildcard in the service: it matches nothing"
        elif any(isinstance(piece, Variable) for part in self._parts[:5] for piece in part):
            self.problem = f"`{text}` has a policy variable outside the resource part: it matches nothing"
        elif len(self._parts) == 6 and not self.keys:
            self._globs = self._compile(self._parts)  # type: ignore[arg-type]  # no variables: all are tokens

    @staticmethod
    def _compile(parts: Sequence[Sequence[Token]]) -> tuple[Glob, ...]:
        head = [Glob([piece.lower() if isinstance(piece, str) else piece for piece in part]) for part in parts[1:5]]
        return (*head, Glob(parts[5]))

    @property
    def resource_part(self) -> Template:
        """The sixth part of the pattern, with its wildcards and variables; empty for a shorter ARN."""
        return tuple(self._parts[5]) if len(self._parts) > 5 else ()

    def matches(self, resource: Arn | None, resolve: Resolver, short: ShortArns) -> Match:
        """Compare with a concrete ARN, or with None for an action that is asked on ``*`` (SEMANTICS F6).

        ``resolve`` gives the value of a policy variable and raises `UnknownVariable` when nothing is known of it.
        """
        if self.is_everything:
            return Match.YES
        if resource is None or self.problem is not None:
            return Match.NO
        if self._globs is not None:
            return self._compare(self._globs, self._parts, resource)
        parts = self._parts
        if len(parts) < 6:
            if not self._fills(short):
                return Match.NO
            filler: list[list[Token | Variable]] = [[STAR] for _ in range(6 - len(parts))]
            parts = [*parts, *filler]
        try:
            last = fill(parts[5], resolve)
        except UnknownVariable:
            # The other five parts decide alone when they already differ.
            probe: list[list[Token | Variable]] = [*parts[:5], [STAR]]
            found = self._compare(self._compile(probe), probe, resource)  # type: ignore[arg-type]
            return Match.NO if found is Match.NO else Match.UNKNOWN
        if last is None:
            return Match.UNRESOLVED
        filled: list[list[Token | Variable]] = [*parts[:5], list[Token | Variable](last)]
        return self._compare(self._compile(filled), filled, resource)  # type: ignore[arg-type]

    def _fills(self, short: ShortArns) -> bool:
        if short is ShortArns.FILLED:
            return True
        if short is ShortArns.FILLED_IF_WILDCARD:
            return STAR in self._template or QUESTION in self._template
        return short is ShortArns.FILLED_IF_TRAILING and bool(self._template) and self._template[-1] is STAR

    def _compare(self, globs: tuple[Glob, ...], parts: Sequence[Sequence[Token | Variable]], resource: Arn) -> Match:
        if (
            globs[1].matches(resource.service.lower())
            and globs[4].matches(resource.resource)
            and globs[0].matches(resource.partition.lower())
            and globs[2].matches(resource.region.lower())
            and globs[3].matches(resource.account.lower())
        ):
            return Match.YES
        return Match.CROSSING if self._crosses(parts, resource) else Match.NO

    def _crosses(self, parts: Sequence[Sequence[Token | Variable]], resource: Arn) -> bool:
        """Return whether it matches once a ``*`` that ends one of the first five parts may run over colons."""
        written = self._parts if len(self._parts) < 6 else parts
        if not any(part and part[-1] is STAR for part in written[:5]):
            return False
        text = str(resource)
        literal_colons = len(written) - 1 + sum(p.count(":") for p in written[-1] if isinstance(p, str))
        if text.count(":") <= literal_colons:
            return False
        tokens: list[Token] = []
        bounded: set[int] = set()
        for number, part in enumerate(written):
            if number:
                tokens.append(":")
            for position, piece in enumerate(part):
                if isinstance(piece, Variable):
                    return False
                if not isinstance(piece, str) and number < 5 and not (piece is STAR and position == len(part) - 1):
                    bounded.add(len(tokens))
                tokens.append(piece)
        return bounded_match(tokens, frozenset(bounded), text)


def parse_plain(text: str) -> Template:
    """Return the template of text without variables (also where the policy's version has none, SEMANTICS H6)."""
    return tuple(tokens_of(text))


@lru_cache(maxsize=1 << 15)
def resource_pattern(text: str, variables: bool) -> ResourcePattern:
    """Return the compiled entry; ``variables`` says whether the policy's version has variables (SEMANTICS H6)."""
    return ResourcePattern(text, variables)
