"""Patterns for actions: ``s3:Get*``. Service and name are compared without case (rule F1)."""

from functools import lru_cache
from typing import NamedTuple

from iamdesk.i18n import phrase
from iamdesk.policy.wildcards import Glob, glob


class ActionPattern:
    """One entry of ``Action`` or ``NotAction``."""

    __slots__ = ("_name", "_otherwise", "problem", "service", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.problem: str | None = None
        """Why the entry matches nothing; None if it can match."""
        self.service: str | None = None
        """The service prefix in lower case; None where the entry covers every service (``*``) or none."""
        self._name: Glob | None = None
        self._otherwise: tuple[Glob, Glob] | None = None
        """Patterns of service and name, where the service has a wildcard."""
        if text and not text.strip("*"):
            self._name = glob("*")
            return
        service, colon, name = text.partition(":")
        if not colon or not name:
            self.problem = phrase("`{text}` names no action: expected `service:Action` or `*`", text=text)
        elif any(character.isspace() or character == "," for character in text):
            self.problem = phrase("`{text}` contains white space or a comma: it matches no action", text=text)
        elif "*" in service or "?" in service or not service:
            self.problem = phrase(
                "`{text}` has a wildcard in the service: AWS supports wildcards only in the action name", text=text
            )
            self._otherwise = glob(service.lower()), glob(name.lower())
        else:
            self.service = service.lower()
            self._name = glob(name.lower())

    @property
    def covers_every_service(self) -> bool:
        """Whether the entry is ``*``."""
        return self.service is None and self._name is not None

    @property
    def is_odd(self) -> bool:
        """Whether it has a wildcard in the service: AWS's grammar has none there, and does not say what it would
        mean."""
        return self._otherwise is not None

    @property
    def is_refused(self) -> bool:
        """Whether AWS saves no policy with it: it is no action of any service."""
        return self.problem is not None and self._otherwise is None

    @property
    def literal(self) -> str | None:
        """The single name (lower case) that the entry covers, of any service; None where it has wildcards."""
        return None if self._name is None else self._name.literal

    def may_match(self, service: str, name: str) -> bool:
        """Return whether the entry covers the action if a wildcard in the service counts."""
        if self._otherwise is None:
            return self.matches(service, name)
        return self._otherwise[0].matches(service) and self._otherwise[1].matches(name)

    def matches(self, service: str, name: str) -> bool:
        """Return whether the entry covers the action; both parts are given in lower case."""
        if self._name is None or (self.service is not None and self.service != service):
            return False
        return self._name.matches(name)


@lru_cache(maxsize=1 << 15)
def action_pattern(text: str) -> ActionPattern:
    """Return the compiled entry; the same text is compiled once."""
    return ActionPattern(text)


@lru_cache(maxsize=1 << 12)
def same_services(services: frozenset[str]) -> frozenset[str]:
    """Return one shared object for equal sets of services: thousands of statements use the same few."""
    return services


class ActionEntries(NamedTuple):
    """The entries of one ``Action`` or ``NotAction``, with a summary."""

    patterns: tuple[ActionPattern, ...]
    services: frozenset[str] | None
    """Their service prefixes (lower case); None where they can cover every service."""
    has_odd: bool
    """Whether one of them has a wildcard in the service (`ActionPattern.is_odd`)."""


@lru_cache(maxsize=1 << 12)
def action_entries(texts: tuple[str, ...]) -> ActionEntries:
    """Return the compiled entries; thousands of statements list the same few actions."""
    patterns = tuple(map(action_pattern, texts))
    services = {pattern.service for pattern in patterns}
    if None not in services:  # almost all
        return ActionEntries(patterns, same_services(frozenset(filter(None, services))), has_odd=False)
    return ActionEntries(patterns, _services(patterns), any(pattern.is_odd for pattern in patterns))


def _services(actions: tuple[ActionPattern, ...]) -> frozenset[str] | None:
    """Return the services of the entries; None where one covers every service."""
    services = {pattern.service for pattern in actions}
    if None in services:
        if any(pattern.covers_every_service or pattern.is_odd for pattern in actions):
            return None
        services.discard(None)
    return same_services(frozenset(filter(None, services)))


NO_ACTIONS = action_entries(())
