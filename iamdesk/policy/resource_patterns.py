"""Patterns for resources: ``arn:aws:s3:::payroll/*``. Rules: F3 to F7."""

from collections.abc import Sequence
from enum import Enum, StrEnum
from functools import lru_cache

from iamdesk.i18n import phrase
from iamdesk.policy.arn import Arn
from iamdesk.policy.variables import Resolver, Template, Variable, fill, has_variables, parse_template, split_template
from iamdesk.policy.wildcards import QUESTION, STAR, Glob, Token, bounded_match, glob, tokens_of


class ShortArns(StrEnum):
    """The meaning of an ARN with fewer than six parts, by policy type (rule F7)."""

    FILLED = "filled"
    """Missing parts count as ``*``: identity policies and boundaries."""
    FILLED_IF_WILDCARD = "filled if it holds a wildcard"
    """Resource policies."""
    FILLED_IF_TRAILING = "filled if it ends in a wildcard"
    """Service control policies."""
    NEVER = "never"
    """Session policies, resource control policies: matches nothing."""


_SAVED_AS_WRITTEN = frozenset({ShortArns.FILLED_IF_WILDCARD, ShortArns.FILLED_IF_TRAILING})
"""Policy types that can have a short ARN whose missing parts do not count as stars."""


class Match(Enum):
    """The result of comparing an entry with a resource."""

    NO = 0
    UNKNOWN = 1
    """Depends on a variable with an unknown value (rule K4)."""
    YES = 2
    UNRESOLVED = 4
    """A variable has no value: the entry matches nothing, and a ``NotResource`` with it excludes nothing (rule H3)."""
    NO_OR_UNRESOLVED = 5
    """No value of the variable would make it match; without a value it is `UNRESOLVED`."""
    ODD = 6
    """Not, except by a wildcard in the service, which the grammar lacks (rule F4 c), by one in the value of a variable
    (rule H8), or by a name of the resource on which AWS's pages disagree."""
    CROSSING = 3
    """Only if a wildcard matches colons: AWS's pages disagree (rules F4 b, K9)."""


class UnknownVariable(Exception):  # noqa: N818 - a signal, not an error
    """Raised by a resolver for an unknown key."""


def unresolved(_key: str) -> str | None:
    """Resolve no variable: the resolver where nothing is known of the request.

    Raises:
        UnknownVariable: always.
    """
    raise UnknownVariable


class ResourcePattern:
    """One entry of ``Resource`` or ``NotResource``."""

    # A large snapshot has a hundred thousand of these: what follows quickly from the text is not stored.
    __slots__ = (
        "_globs",
        "_is_plain",
        "_is_whole",
        "_parts_read",
        "is_everything",
        "keys",
        "problem",
        "text",
        "variables",
    )

    def __init__(self, text: str, variables: bool) -> None:
        self.text = text
        self.is_everything = bool(text) and not text.strip("*")
        """Whether the entry is ``*``: the only one that covers actions without resources (rule F6)."""
        self.problem: str | None = None
        """Why the entry matches nothing; None if it can match."""
        self.variables: tuple[Variable, ...] = ()
        self.keys: tuple[str, ...] = ()
        """Keys of its variables, in lower case."""
        self._globs: tuple[Glob, ...] | None = None
        self._parts_read: list[list[Token | Variable]] | None = None
        self._is_plain = not (variables and has_variables(text))
        """Whether its parts can be read directly from the text."""
        if not self._is_plain:
            template = parse_template(text)
            parts = self._parts_read = split_template(template, ":", 6)
            self.variables = tuple([piece for piece in template if isinstance(piece, Variable)])
            self.keys = tuple([variable.key for variable in self.variables])
        else:
            # Most entries of a large snapshot: their tokens are read on first use.
            parts = None
        self._is_whole = text.count(":") >= 5 if parts is None else len(parts) == 6
        if self.is_everything:
            return
        if not text.startswith("arn:") if parts is None else parts[0] != ["arn"]:
            self.problem = phrase("`{text}` is neither `*` nor an ARN", text=text)
        elif self._wildcard_in_service():
            self.problem = phrase("`{text}` has a wildcard in the service: it matches nothing", text=text)
        elif parts is not None and any(isinstance(piece, Variable) for part in parts[:5] for piece in part):
            self.problem = phrase(
                "`{text}` has a policy variable outside the resource part: it matches nothing", text=text
            )

    @property
    def is_refused(self) -> bool:
        """Whether AWS saves no policy with it: it is neither ``*`` nor an ARN."""
        return self.problem is not None and not self.text.startswith("arn:")

    def _wildcard_in_service(self) -> bool:
        if self._is_plain:
            texts = self.text.split(":", 3)
            return len(texts) > 2 and ("*" in texts[2] or "?" in texts[2])
        return len(self._parts) > 2 and (STAR in self._parts[2] or QUESTION in self._parts[2])

    @property
    def _texts(self) -> list[str]:
        """The text between the first five colons."""
        return self.text.split(":", 5)

    @property
    def _parts(self) -> list[list[Token | Variable]]:
        """The entry's parts between the first five colons, with its wildcards and variables."""
        if self._parts_read is None:
            self._parts_read = [list[Token | Variable](tokens_of(part)) for part in self._texts]
        return self._parts_read

    def _compiled(self) -> tuple[Glob, ...] | None:
        """Return one pattern for each part but ``arn``; None for a short ARN and one with variables."""
        if self._globs is None and not self.keys:
            if not self._is_whole:
                return None
            if self._is_plain:
                *head, last = self._texts[1:]
                partition, service, region, account = map(str.lower, head)
                self._globs = (glob(partition), glob(service), glob(region), glob(account), Glob.of_text(last))
            else:
                self._globs = self._compile(self._parts)  # type: ignore[arg-type]  # no variables: all are tokens
        return self._globs

    @staticmethod
    def _compile(parts: Sequence[Sequence[Token]]) -> tuple[Glob, ...]:
        head = [Glob([piece.lower() if isinstance(piece, str) else piece for piece in part]) for part in parts[1:5]]
        return (*head, Glob(parts[5]))

    @property
    def resource_part(self) -> Template:
        """The sixth part of the pattern, with its wildcards and variables; empty for a shorter ARN."""
        return tuple(self._parts[5]) if len(self._parts) > 5 else ()

    @property
    def canonical(self) -> str:
        """The entry in the spelling that equal entries share.

        The parts before the fifth colon are not case sensitive (rule F4 e). What is literal text in the older version
        (rule H6) is written as in the newer one, with an escaped dollar sign (rule H7).
        """
        if self.is_everything:
            return "*"
        text = self.text.replace("${", "${$}{") if self._is_plain else self.text
        while "**" in text:
            text = text.replace("**", "*")
        parts = text.split(":", 5)
        return ":".join([*(part.lower() for part in parts[:5]), *parts[5:]])

    def matches(self, resource: Arn | None, resolve: Resolver, short: ShortArns) -> Match:
        """Compare with a concrete ARN, or with None for an action on ``*`` (rule F6).

        ``resolve`` returns the value of a policy variable and raises `UnknownVariable` for an unknown one.
        """
        if self.is_everything:
            return Match.YES
        if resource is None:
            return Match.NO
        if self.problem is not None:
            is_odd = self._is_plain and self._is_whole and self._wildcard_in_service()
            globs = self._compiled() if is_odd else None
            matches = globs is not None and self._compare(globs, None, resource) is Match.YES
            return Match.ODD if matches else Match.NO
        globs = self._compiled()
        if globs is not None:
            return self._compare(globs, None, resource)
        parts = self._parts
        if len(parts) < 6:
            if not self._fills(short):
                # It has as many parts as written: only a star that matches colons can make it match.
                crosses = short in _SAVED_AS_WRITTEN and not self.keys and self._crosses(parts, resource)
                return Match.CROSSING if crosses else Match.NO
            filler: list[list[Token | Variable]] = [[STAR] for _ in range(6 - len(parts))]
            parts = [*parts, *filler]
        try:
            last = fill(parts[5], resolve)
        except UnknownVariable:
            open_last = _fill_open(parts[5], resolve)
            if open_last is None:
                return Match.UNRESOLVED
            probe: list[list[Token | Variable]] = [*parts[:5], open_last]
            found = self._compare(self._compile(probe), probe, resource)  # type: ignore[arg-type]
            return Match.NO_OR_UNRESOLVED if found is Match.NO else Match.UNKNOWN
        if last is None:
            return Match.UNRESOLVED
        found = self._with_last(parts, last, resource)
        starred = fill(parts[5], resolve, has_wildcards=True) or last
        if found is Match.NO and starred != last and self._with_last(parts, starred, resource) is Match.YES:
            return Match.ODD  # rule H8
        return found

    def _with_last(self, parts: Sequence[Sequence[Token | Variable]], last: Sequence[Token], resource: Arn) -> Match:
        filled: list[list[Token | Variable]] = [*map(list, parts[:5]), list[Token | Variable](last)]
        return self._compare(self._compile(filled), filled, resource)  # type: ignore[arg-type]

    def _fills(self, short: ShortArns) -> bool:
        if short is ShortArns.FILLED:
            return True
        if short is ShortArns.FILLED_IF_WILDCARD:
            return any(piece is STAR for part in self._parts for piece in part)
        return short is ShortArns.FILLED_IF_TRAILING and bool(self._parts[-1]) and self._parts[-1][-1] is STAR

    def _compare(
        self, globs: tuple[Glob, ...], parts: Sequence[Sequence[Token | Variable]] | None, resource: Arn
    ) -> Match:
        """Compare compiled parts; ``parts`` are their sources, where they are not the entry as written."""
        if (
            globs[1].matches(resource.service.lower())
            and globs[4].matches(resource.resource)
            and globs[0].matches(resource.partition.lower())
            and globs[2].matches(resource.region.lower())
            and globs[3].matches(resource.account.lower())
        ):
            return Match.YES
        return Match.CROSSING if self._crosses(parts, resource) else Match.NO

    def _crosses(self, parts: Sequence[Sequence[Token | Variable]] | None, resource: Arn) -> bool:
        """Return whether it matches if a ``*`` at the end of one of the first five parts may match colons."""
        if self._is_plain:
            # Most entries end here: a star matches colons only where the resource has more than the entry.
            if self._is_whole and (":" not in resource.resource or "*:" not in self.text):
                return False
            if not any(part.endswith("*") for part in self._texts[:5]):
                return False
        written = self._parts if parts is None or len(self._parts) < 6 else parts
        if not any(part and part[-1] is STAR for part in written[:5]):
            return False
        head = f"arn:{resource.partition}:{resource.service}:{resource.region}:{resource.account}:"
        text = head.lower() + resource.resource  # rule F4 e
        literal_colons = len(written) - 1 + sum(p.count(":") for p in written[-1] if isinstance(p, str))
        if text.count(":") <= literal_colons:
            return False
        # After the first such star, the text may belong to the resource, which is compared with case.
        first = next(number for number, part in enumerate(written) if part and part[-1] is STAR)
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
                tokens.append(piece.lower() if isinstance(piece, str) and number <= first else piece)
        return bounded_match(tokens, frozenset(bounded), text)


def _fill_open(template: Sequence[Token | Variable], resolve: Resolver) -> list[Token | Variable] | None:
    """As `fill`, with any text of at least one character in place of an unknown variable."""
    tokens: list[Token | Variable] = []
    for piece in template:
        try:
            filled: list[Token] | None = fill([piece], resolve)
        except UnknownVariable:
            may_be_empty = isinstance(piece, Variable) and piece.default == ""
            filled = [STAR] if may_be_empty else [QUESTION, STAR]
        if filled is None:
            return None
        tokens.extend(filled)
    return tokens


@lru_cache(maxsize=1 << 13)
def resource_pattern(text: str, variables: bool) -> ResourcePattern:
    """Return the compiled entry; ``variables``: whether the policy's version has variables (rule H6)."""
    return ResourcePattern(text, variables)


_RUN, _ONE = "\ue000", "\ue001"
"""Placeholders for any characters, and for any single one, in a text that is matched against a pattern."""


@lru_cache(maxsize=1 << 16)
def is_covered(entry: str, by: str) -> bool:
    """Return whether ``by`` certainly matches everything that ``entry`` matches; False if that is uncertain.

    Both are ARNs with the same first five parts. A variable in ``entry`` may have any value.
    """
    wide, narrow = by.split(":", 5), entry.split(":", 5)
    if len(wide) != 6 or len(narrow) != 6 or wide[:5] != narrow[:5]:
        return False
    if "${" in by or _RUN in entry or _ONE in entry:
        return False
    text = ""
    for piece in parse_template(narrow[5]):
        if isinstance(piece, Variable):
            text += _RUN
        elif isinstance(piece, str):
            text += piece
        else:
            text += _RUN if piece.value == "*" else _ONE
    if "?" in wide[5] and _RUN in text:
        return False  # a question mark must not match several characters
    return glob(wide[5]).matches(text)
