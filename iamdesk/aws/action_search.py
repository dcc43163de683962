"""Full-text search over AWS's 22,000 actions."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import islice

from iamdesk.aws.service_reference import ServiceReference, reference

_AFTER_EVERY_NAME = "\uffff"

STARTING_POINTS = (
    "iam:PassRole",
    "sts:AssumeRole",
    "iam:CreateAccessKey",
    "iam:AttachRolePolicy",
    "iam:PutRolePolicy",
    "s3:GetObject",
    "s3:PutObject",
    "s3:DeleteObject",
    "kms:Decrypt",
    "secretsmanager:GetSecretValue",
    "ssm:GetParameter",
    "lambda:InvokeFunction",
    "ec2:RunInstances",
    "organizations:LeaveOrganization",
)
"""Suggestions for an empty query: common questions of access reviews."""


class ActionSearch:
    """Searches the catalogue of actions; built once (0.2 s), then a few milliseconds for each query."""

    def __init__(self, published: ServiceReference) -> None:
        self.catalogue = published.catalogue()
        names = self.catalogue.names
        # Everything below is by index in this order, so that results come out best first.
        self._rows = sorted(range(len(names)), key=lambda row: (len(names[row]), names[row]))
        self._spelled = [names[row] for row in self._rows]
        self._full = [name.lower() for name in self._spelled]
        services = {service: (published.service_name(service) or "").lower() for service in published.services()}
        parts = [full.partition(":") for full in self._full]
        self._texts = [f"{full}\n{services[part[0]]}" for full, part in zip(self._full, parts, strict=True)]
        self._by_name = _Beginnings(part[2] for part in parts)
        self._by_full = _Beginnings(self._full)

    def rows(self, text: str, limit: int) -> list[int]:
        """Return rows of the catalogue for a query, best first.

        Order: exact name or service, names that begin with the text, services that do, words inside names, any other
        position; among equals, shorter names first. All words must match; ``get object`` also matches GetObject.
        """
        words = text.lower().replace("*", " ").split()
        if not words:
            starting = [self._by_full.equal_to(name.lower()) for name in STARTING_POINTS]
            return [self._rows[place] for places in starting for place in places][:limit]
        found: dict[int, None] = {}
        for tier in self._tiers(words):
            for place in islice((place for place in tier if place not in found), limit - len(found)):
                found[place] = None
            if len(found) >= limit:
                break
        return [self._rows[place] for place in found]

    def _tiers(self, words: list[str]) -> Iterator[Iterable[int]]:
        """Yield indexes, best first, each tier in index order."""
        typed = "".join(words)
        yield self._by_full.equal_to(typed)
        yield self._by_name.equal_to(typed)
        if ":" not in typed:
            yield self._by_full.beginning_with(f"{typed}:")
        yield self._by_name.beginning_with(typed)
        yield self._by_full.beginning_with(typed)
        first, *others = sorted(words, key=len, reverse=True)
        texts, full = self._texts, self._full
        anywhere = [place for place, text in enumerate(texts) if first in text]
        for word in others:
            anywhere = [place for place in anywhere if word in texts[place]]
        inside = anywhere
        for word in words:
            inside = [place for place in inside if word in full[place]]
        at_words: Iterable[int] = inside
        for word in words:
            at_words = self._beginning_a_word(at_words, word)
        yield at_words
        yield inside
        service, colon, rest = typed.partition(":")
        if colon:  # s3:object: the service, and the text anywhere in the name
            yield (
                place for place in self._by_full.beginning_with(f"{service}:") if rest in full[place][len(service) :]
            )
        yield anywhere

    def _beginning_a_word(self, places: Iterable[int], word: str) -> Iterator[int]:
        """Yield the indexes where the text occurs at the beginning of a word: at a capital, or after a separator."""
        for place in places:
            full, spelled = self._full[place], self._spelled[place]
            start = full.find(word)
            while start >= 0:
                if start == 0 or spelled[start].isupper() or not spelled[start - 1].isalnum():
                    yield place
                    break
                start = full.find(word, start + 1)


@cache
def action_search() -> ActionSearch:
    """Return the search over the actions that AWS publishes."""
    return ActionSearch(reference())


class _Beginnings:
    """Finds texts by their beginning."""

    def __init__(self, texts: Iterable[str]) -> None:
        unordered = list(texts)
        self._places = sorted(range(len(unordered)), key=unordered.__getitem__)  # pairs would take three times as long
        self._texts = [unordered[place] for place in self._places]

    def equal_to(self, text: str) -> list[int]:
        """Return the indexes of a text, in order."""
        return sorted(self._places[bisect_left(self._texts, text) : bisect_right(self._texts, text)])

    def beginning_with(self, text: str) -> list[int]:
        """Return the indexes of the texts that begin so, in order."""
        start = bisect_left(self._texts, text)
        return sorted(self._places[start : bisect_left(self._texts, text + _AFTER_EVERY_NAME, lo=start)])
