"""Counts with their noun, as in rows: ``1 member``, ``1,200 members``, ``no members``."""

from iamdesk.i18n import nphrase, phrase


def members(count: int) -> str:
    """Return how many members."""
    return nphrase("{count:,} member", "{count:,} members", count) if count else phrase("no members")


def groups(count: int) -> str:
    """Return how many groups."""
    return nphrase("{count:,} group", "{count:,} groups", count) if count else phrase("no groups")


def policies(count: int) -> str:
    """Return how many policies."""
    return nphrase("{count:,} policy", "{count:,} policies", count) if count else phrase("no policies")


def users(count: int) -> str:
    """Return how many users."""
    return nphrase("{count:,} user", "{count:,} users", count) if count else phrase("no users")


def roles(count: int) -> str:
    """Return how many roles."""
    return nphrase("{count:,} role", "{count:,} roles", count) if count else phrase("no roles")


def people(count: int) -> str:
    """Return how many people."""
    return nphrase("{count:,} person", "{count:,} people", count) if count else phrase("no people")


def accounts(count: int) -> str:
    """Return how many accounts."""
    return nphrase("{count:,} account", "{count:,} accounts", count) if count else phrase("no accounts")
