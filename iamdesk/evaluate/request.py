"""The question: can this principal do this action on this resource, in this context?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from iamdesk.i18n import join_messages, phrase


class RequestError(ValueError):
    """A question that cannot be asked: an unknown principal, a malformed action or ARN. Its text is one sentence."""


class CaseError(ValueError):
    """A self-contained case (CONTRACT 4) that cannot be evaluated. Its text is one sentence."""


ACCOUNT_DIGITS = 12


class EvalDecision(StrEnum):
    """The four decisions (CONTRACT 1): the three of AWS's own simulator, and ``conditional``."""

    ALLOWED = "allowed"
    EXPLICIT_DENY = "explicitDeny"
    IMPLICIT_DENY = "implicitDeny"
    CONDITIONAL = "conditional"


class MissingContextMode(StrEnum):
    """What a condition key that nobody gave means."""

    UNKNOWN = "unknown"
    """It may or may not be in the request: the answer depends on it where it matters (rules K)."""
    ABSENT = "absent"
    """It is not in the request: AWS's own rule (rule K1)."""


def read_missing_context_mode(word: str) -> MissingContextMode:
    """Return how keys that are not provided are treated.

    Raises:
        RequestError: the word is not one of those allowed.
    """
    try:
        return MissingContextMode(word)
    except ValueError:
        words = join_messages(", ", [one.value for one in MissingContextMode])
        raise RequestError(
            phrase(
                "`{word}` is not a way to treat keys that are not provided: expected {words}", word=word, words=words
            )
        ) from None


class PolicyType(StrEnum):
    """One kind of policy in the evaluation, in the order in which an answer tells them (CONTRACT 1)."""

    RCP = "rcp"
    SCP = "scp"
    RESOURCE = "resource"
    TRUST = "trust"
    IDENTITY = "identity"
    PERMISSIONS_BOUNDARY = "permissions-boundary"
    SESSION = "session"
    ENDPOINT = "endpoint"
    ACL = "acl"
    BLOCK_PUBLIC_ACCESS = "block-public-access"


@dataclass(frozen=True, slots=True)
class SessionPolicy:
    """A policy document that comes with the question instead of the snapshot (a session policy, say)."""

    name: str
    document: Any


@dataclass(frozen=True, slots=True)
class Request:
    """One question.

    ``principal`` is an ARN, a service name (``lambda.amazonaws.com``) or ``anonymous``; ``resource`` an ARN, or ``*``
    for actions that take none. ``context`` maps condition keys to a value or, for a key with several values, to a list;
    ``None`` says that the key is absent. ``without`` names layers to leave out ("without service control policies").
    """

    principal: str
    action: str
    resource: str = "*"
    context: Mapping[str, str | Sequence[str] | None] = field(default_factory=dict)
    resource_account: str | None = None
    session_policies: tuple[SessionPolicy, ...] | None = None
    unknown_context: MissingContextMode = MissingContextMode.UNKNOWN
    without: frozenset[PolicyType] = frozenset()

    def __post_init__(self) -> None:
        object.__setattr__(self, "unknown_context", read_missing_context_mode(self.unknown_context))

    def told_owner(self) -> str | None:
        """Return ``resource_account``, checked; None where the question does not tell.

        Raises:
            RequestError: it is no account id: any other text would be taken for an account that is not the caller's.
        """
        owner = self.resource_account
        if owner is not None and not (len(owner) == ACCOUNT_DIGITS and owner.isascii() and owner.isdigit()):
            raise RequestError(
                phrase(
                    "`{owner}` is no account id: expected {account_digits} digits",
                    owner=owner,
                    account_digits=ACCOUNT_DIGITS,
                )
            )
        return owner
