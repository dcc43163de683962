"""How one check of a pack went."""

from dataclasses import dataclass
from enum import StrEnum

from iamdesk.i18n import mark


class Outcome(StrEnum):
    """How a check went."""

    PASSED = mark("passed")
    FAILED = mark("failed")
    NOT_DONE = mark("not done")


@dataclass(frozen=True, slots=True)
class Signer:
    """Somebody whose signature is good."""

    role: str
    name: str
    """As they signed."""
    key: str
    """Its fingerprint."""
    principal: str = ""
    """The principal of the key in the given ``allowed_signers`` file; empty if none was given."""


@dataclass(frozen=True, slots=True)
class Result:
    """One check."""

    name: str
    outcome: Outcome
    sentence: str
    signer: Signer | None = None
    """Whose signature was found good by it."""
    is_of_signatures: bool = False
    """Whether it is about who signed."""


def passed(name: str, sentence: str) -> Result:
    """Return a check that went well."""
    return Result(name, Outcome.PASSED, sentence)


def failed(name: str, sentence: str) -> Result:
    """Return a check that found something wrong."""
    return Result(name, Outcome.FAILED, sentence)
