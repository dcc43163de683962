"""How one check of a pack went."""

from dataclasses import dataclass
from enum import StrEnum

from iamdesk.language import mark


class Outcome(StrEnum):
    """How a check went."""

    PASSED = mark("passed")
    FAILED = mark("failed")
    NOT_DONE = mark("not done")


@dataclass(frozen=True, slots=True)
class Result:
    """One check."""

    name: str
    outcome: Outcome
    sentence: str


def passed(name: str, sentence: str) -> Result:
    """Return a check that went well."""
    return Result(name, Outcome.PASSED, sentence)


def failed(name: str, sentence: str) -> Result:
    """Return a check that found something wrong."""
    return Result(name, Outcome.FAILED, sentence)
