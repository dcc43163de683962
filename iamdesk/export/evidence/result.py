"""Result of one check of a package."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from iamdesk.i18n import join_names, mark, phrase

MAX_NAMES = 5


class Outcome(StrEnum):
    """Outcome of a check."""

    PASSED = mark("passed")
    FAILED = mark("failed")
    NOTE = mark("note")
    """Nothing was changed, but a reader has to know it."""
    NOT_DONE = mark("not done")


class Remark(StrEnum):
    """What a check says of the whole package, which its last lines repeat."""

    DRAFT = "draft"
    RECOVERED = "recovered"
    OWN_SNAPSHOT = "own_snapshot"
    """The snapshot that it agrees with is the copy in the package."""
    GIVEN_SNAPSHOT = "given_snapshot"
    NOTED = "noted"
    """A file that is kept elsewhere names it."""


@dataclass(frozen=True, slots=True)
class Signer:
    """A signer with a valid signature."""

    role: str
    name: str
    """Name in the sign-off."""
    key: str
    """Fingerprint of the key."""
    utc: str = ""
    """When, as the signer says."""
    principal: str = ""
    """The principal of the key in the given ``allowed_signers`` file; empty if none was given."""
    stamped: str = ""
    """When a known timestamp authority stamped the signature; empty if none did."""
    authority: str = ""
    """Name of the authority."""


@dataclass(frozen=True, slots=True)
class Result:
    """Result of one check."""

    name: str
    outcome: Outcome
    sentence: str
    signer: Signer | None = None
    """The signer if the check is of a signature, and it is valid."""
    is_of_signatures: bool = False
    """Whether the check is about signers rather than integrity."""
    remark: Remark | None = None
    closing: str = ""
    """What the last line of a verification repeats of it."""


def passed(name: str, sentence: str, remark: Remark | None = None) -> Result:
    """Return the result of a check that passed."""
    return Result(name, Outcome.PASSED, sentence, remark=remark)


def failed(name: str, sentence: str) -> Result:
    """Return the result of a check that failed."""
    return Result(name, Outcome.FAILED, sentence)


def noted(name: str, sentence: str) -> Result:
    """Return the result of a check that shows what a reader has to know."""
    return Result(name, Outcome.NOTE, sentence)


def listed(template: str, names: Sequence[str], **values: object) -> str:
    """Return the sentence of a template with the number of names, and the first ones."""
    return phrase(template, count=len(names), names=join_names(names, MAX_NAMES, last=","), **values)
