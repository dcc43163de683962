"""Principals that conditions describe by patterns: one for each combination of patterns that match together.

``role/app-*`` and ``*-prod`` may both match, or one without the other: evaluating external principals needs one of each
combination.
"""

from collections.abc import Iterable, Iterator, Sequence

from iamdesk.evaluate.principal import CallerKind, parse_caller
from iamdesk.evaluate.request import RequestError
from iamdesk.evaluate.unknown_context.pattern_witnesses import Pattern, witnesses
from iamdesk.policy.wildcards import QUESTION, STAR, Glob, Token, tokens_of

_SERVICES = Pattern(tuple(tokens_of("?*.amazonaws.com*")))
_ROLE, _USER, _FEDERATED = "iam::{account}:role/", "iam::{account}:user/", "sts::{account}:federated-user/"
HEADS = (_ROLE, _USER)
"""Beginnings of principal ARNs after the partition; a role first, which represents its sessions, too."""
ALL_HEADS = (*HEADS, _FEDERATED)


def filled(tokens: Iterable[Token], filling: str) -> str:
    """Return a text that a pattern matches."""
    return "".join(token if isinstance(token, str) else filling if token is STAR else "x" for token in tokens)


def services_described(patterns: Sequence[tuple[Token, ...]], filling: str) -> tuple[tuple[str, ...], bool]:
    """Return names of AWS services that the patterns distinguish, and whether there are no others.

    The first is one that no pattern names.
    """
    distinct = sorted(dict.fromkeys(patterns), key=repr)
    names = dict.fromkeys((f"{filling}.amazonaws.com", *(filled(tokens, filling) for tokens in distinct)))
    is_complete = True
    if distinct:
        shown = witnesses(tuple(map(Pattern, distinct)), (_SERVICES,))
        names |= dict.fromkeys(shown.texts)
        is_complete = shown.is_complete
    globs = tuple(map(Glob, distinct))
    found: dict[tuple[bool, ...], str] = {}
    for name in filter(_is_service, names):
        found.setdefault(tuple(one.matches(name) for one in globs), name)
    return tuple(found.values()), is_complete


def principals_described(
    patterns: Sequence[tuple[Token, ...]],
    account: str,
    filling: str,
    partition: str = "aws",
    heads: Sequence[str] = HEADS,
) -> Iterator[str]:
    """Yield ARNs of an account's principals that the patterns match.

    Of one pattern, the first kind of principal that it can match; of several that can match together, one for each
    combination.
    """
    for head in heads:
        start = f"arn:{partition}:{head.format(account=account)}"
        own = tuple(one for one in patterns if _may_begin_with(one, start))
        if not own:
            continue
        texts = [filled(one, filling) for one in own]
        of_account = [":".join((*start.split(":", 5)[:5], *text.split(":", 5)[5:])) for text in texts]
        likely = [f"{start}{filling}", *texts, *of_account]
        found = dict.fromkeys(text for text in likely if text.startswith(start) and _matches_all(own, text))
        if not found or len(own) > 1:
            found |= dict.fromkeys(witnesses(tuple(map(Pattern, own)), (Pattern((start, QUESTION, STAR)),)).texts)
        globs = tuple(map(Glob, own))
        # Names have no colon ("arn:aws:iam::*:user/ci" describes no role), and a path is not one.
        named = (f"{text}{filling}" if text.endswith("/") else text for text in found)
        possible = dict.fromkeys(text for text in named if ":" not in text.removeprefix(start))
        described = [text for text in possible if any(one.matches(text) for one in globs)]
        yield from described if len(patterns) > 1 else described[:1]
        if described and len(patterns) == 1:
            return


def _may_begin_with(pattern: tuple[Token, ...], start: str) -> bool:
    """Return whether a text that begins so may match a pattern, judged by its first letters."""
    first = pattern[0] if pattern and isinstance(pattern[0], str) else ""
    return first.startswith(start) or (len(pattern) > 1 and start.startswith(first))


def _matches_all(patterns: Iterable[tuple[Token, ...]], text: str) -> bool:
    return all(Glob(one).matches(text) for one in patterns)


def _is_service(text: str) -> bool:
    try:
        return parse_caller(text).kind is CallerKind.SERVICE
    except RequestError:
        return False
