"""The request: can this principal perform this action on this resource, in this context?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from iamdesk.i18n import join_messages, phrase
from iamdesk.records import record


class RequestError(ValueError):
    """An invalid request: an unknown principal, a malformed action or ARN. Its text is one sentence."""


class UnknownActionError(RequestError):
    """An action or Region that is not in AWS's list, or newer than it: `Request.unknown_action` evaluates it anyway."""


class CaseError(ValueError):
    """An invalid self-contained test case (CONTRACT 4). Its text is one sentence."""


ACCOUNT_DIGITS = 12


type ContextValues = Mapping[str, str | Sequence[str] | None]
"""Values of condition keys; a list for a key with several values; None: the key is absent."""


class EvalDecision(StrEnum):
    """The four decisions (CONTRACT 1): the three of AWS's own simulator, and ``conditional``."""

    ALLOWED = "allowed"
    EXPLICIT_DENY = "explicitDeny"
    IMPLICIT_DENY = "implicitDeny"
    CONDITIONAL = "conditional"


class MissingContextMode(StrEnum):
    """The meaning of a condition key without value."""

    UNKNOWN = "unknown"
    """It may or may not be in the request: the decision depends on it where it matters (rules K)."""
    ABSENT = "absent"
    """It is not in the request: AWS's own rule (rule K1)."""


def read_missing_context_mode(word: str) -> MissingContextMode:
    """Parse a mode for condition keys that are not provided.

    Raises:
        RequestError: the word is not one of those allowed.
    """
    try:
        return MissingContextMode(word)
    except ValueError:
        words = join_messages(", ", [one.value for one in MissingContextMode])
        raise RequestError(
            phrase("`{word}` is not a mode for keys that are not provided: expected {words}", word=word, words=words)
        ) from None


class PolicyType(StrEnum):
    """One policy type of the evaluation, in the order in which results list them (CONTRACT 1)."""

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
    """A policy document that comes with the request instead of the snapshot, such as a session policy."""

    name: str
    document: Any


@record(frozen=True, slots=True)
class Request:
    """One request.

    ``principal`` is an ARN, a service name (``lambda.amazonaws.com``) or ``anonymous``; ``resource`` an ARN, or ``*``
    for actions without resource types. ``context`` maps condition keys to a value or, for a key with several values, to
    a list; ``None`` means that the key is absent. ``without`` names policy types to leave out ("without service control
    policies").
    """

    principal: str
    action: str
    resource: str = "*"
    context: ContextValues = field(default_factory=dict)
    resource_account: str | None = None
    session_policies: tuple[SessionPolicy, ...] | None = None
    unknown_context: MissingContextMode = MissingContextMode.UNKNOWN
    without: frozenset[PolicyType] = frozenset()
    unknown_action: bool = False
    """Whether it is evaluated although AWS's lists do not have the action, or not on such a resource."""
    remarks: tuple[str, ...] = ()
    """Sentences that say in which respect it is not the request that was stated (`simulate.stated_request`)."""
    unresolved: str = ""
    """What about the resource is not known and the decision depends on ("which key alias/app is"); empty: nothing."""
    is_of_resource: bool = False
    """Whether only the resource's side is asked: a caller's account that is not captured counts as allowing it."""

    def __post_init__(self) -> None:
        if not isinstance(self.unknown_context, MissingContextMode):
            object.__setattr__(self, "unknown_context", read_missing_context_mode(self.unknown_context))

    def checked_owner(self) -> str | None:
        """Return ``resource_account``, checked; None where the request does not set it.

        Raises:
            RequestError: it is no account ID: any other text would count as an account other than the caller's.
        """
        if self.resource_account is not None:
            check_account(self.resource_account)
        return self.resource_account


def check_account(account: str) -> None:
    """Raise a `RequestError` if a text is no account ID: it would count as an account other than the caller's."""
    if not (len(account) == ACCOUNT_DIGITS and account.isascii() and account.isdigit()):
        raise RequestError(
            phrase(
                "`{owner}` is not an account ID: expected {account_digits} digits",
                owner=account,
                account_digits=ACCOUNT_DIGITS,
            )
        )
