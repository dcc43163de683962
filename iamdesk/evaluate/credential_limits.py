"""Calls that a kind of credentials can make at all, whatever the policies allow (rule I10)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import ClassVar

from iamdesk.aws.service_reference import ASSUME_ROLE_COMPANIONS
from iamdesk.evaluate.action_resource import Target
from iamdesk.evaluate.context import Context, KeyValue, Knowledge
from iamdesk.evaluate.principal import Caller, CallerKind
from iamdesk.evaluate.resource_policy_services import OpeningKey, OtherAccounts, Unsigned, facts_of
from iamdesk.policy.conditions import ConditionTest, Quantifier, policy_value
from iamdesk.policy.operators import OPERATORS

ISSUE_TIME_KEY = "aws:tokenissuetime"
"""Only in requests with temporary credentials: of a user or root user, with those of GetSessionToken."""
MFA_KEY = "aws:multifactorauthpresent"
MFA_KEY_TEXT = "aws:MultiFactorAuthPresent"
_BOOL = OPERATORS["bool"]


def _value_test(text: str, value: str) -> ConditionTest:
    """Return a test that a key has a value."""
    operator = _BOOL if value == "true" else OPERATORS["stringequals"]
    values = (policy_value(value, operator, False),)
    return ConditionTest(operator, operator.name, Quantifier.NONE, False, text.lower(), text, values, (), ())


_MFA_TEST = _value_test(MFA_KEY_TEXT, "true")


_WITH_TOKEN = frozenset({"assumerole", "getcalleridentity", *ASSUME_ROLE_COMPANIONS})
"""STS actions that credentials of GetSessionToken can call, with their companion actions."""


@dataclass(frozen=True, slots=True)
class SessionTokenUncertainty:
    """Unknown whether the credentials can make the call: those of GetSessionToken may not be able to."""

    is_known: bool
    """Whether they are known to be such; otherwise they count as long-term ones, unless a statement uses the key."""
    mfa_helps: bool
    """Whether such credentials obtained with MFA can make it, and it is not known whether these were."""

    @property
    def settled_by(self) -> ConditionTest:
        """The test that decides it."""
        return _MFA_TEST

    def depends_on_test(self, keys: Collection[str]) -> bool:
        """Return whether the test matters if statements depend on these keys (lower case)."""
        return self.mfa_helps and (self.is_known or ISSUE_TIME_KEY in keys)

    def is_refused(self, values: Mapping[str, KeyValue]) -> bool:
        """Return whether keys (lower case) with these values certainly prevent the call."""
        if not self.is_known and not _is_there(values.get(ISSUE_TIME_KEY)):
            return False
        return not self.mfa_helps or (MFA_KEY in values and not _is_true(values[MFA_KEY]))

    def may_be_refused(self, values: Mapping[str, KeyValue], is_asked: bool) -> bool:
        """Return whether these values leave it possible that the call is prevented.

        ``is_asked``: whether a statement uses the token's key, so that a token counts as possible.
        """
        is_possible = self.is_known or (_is_there(values[ISSUE_TIME_KEY]) if ISSUE_TIME_KEY in values else is_asked)
        return is_possible and not (self.mfa_helps and MFA_KEY in values and _is_true(values[MFA_KEY]))


@dataclass(frozen=True, slots=True)
class SignatureUncertainty:
    """Unknown whether an unsigned caller can make the call: only where a condition key has some value."""

    opening: OpeningKey
    is_known: ClassVar[bool] = True

    @property
    def settled_by(self) -> ConditionTest:
        """The test that decides it."""
        return _value_test(self.opening.key, self.opening.value)

    def depends_on_test(self, keys: Collection[str]) -> bool:  # noqa: ARG002 - regardless of the statements
        """Return that the test matters."""
        return True

    def is_refused(self, values: Mapping[str, KeyValue]) -> bool:
        """Return whether keys with these values certainly require a signature."""
        key = values.get(self.opening.key.lower())
        return key is not None and _has_to_be_signed(self.opening, key)

    def may_be_refused(self, values: Mapping[str, KeyValue], is_asked: bool) -> bool:  # noqa: ARG002 - regardless of the statements
        """Return whether these values leave it possible that a signature is required."""
        key = values.get(self.opening.key.lower())
        return key is None or key.knowledge >= Knowledge.VALUE_UNKNOWN or _has_to_be_signed(self.opening, key)


def _has_to_be_signed(opening: OpeningKey, key: KeyValue) -> bool:
    """Return whether a key's value certainly requires a signature."""
    if key.knowledge is Knowledge.ABSENT:
        return opening.without_key != opening.value
    return key.knowledge is Knowledge.PRESENT and key.values != (opening.value,)


type CredentialDoubt = SessionTokenUncertainty | SignatureUncertainty
"""An unknown fact about the credentials that can prevent the call."""


def has_session_token(caller: Caller, context: Context) -> bool:
    """Return whether a user or root user has credentials of GetSessionToken: only these have an issue time."""
    return _has_keys(caller) and _is_there(context.fact(ISSUE_TIME_KEY))


def cannot_call(caller: Caller, target: Target, context: Context) -> bool:
    """Return whether the credentials certainly cannot make the call."""
    if caller.kind is CallerKind.ANONYMOUS:
        return _must_be_signed(target, context)
    return _kind_cannot(caller, target) or _token_cannot(caller, target, context)


def _must_be_signed(target: Target, context: Context) -> bool:
    """Return whether a call certainly requires a signature (rules E10, D8)."""
    facts = facts_of(target.service)
    unsigned = facts.without_signature(target.name)
    if unsigned is Unsigned.BY_KEY:
        opening = facts.unsigned_keys[target.name]
        return _has_to_be_signed(opening, context.fact(opening.key.lower()))
    # A service that takes unsigned calls decides on others, too: a Deny comes first (rule E10).
    is_decided = (
        facts.unsigned_else is not Unsigned.NEVER and facts.across_accounts(target.name) is OtherAccounts.OWNER_ALONE
    )
    return unsigned is Unsigned.NEVER and not is_decided


def credential_doubt(caller: Caller, target: Target, context: Context) -> CredentialDoubt | None:
    """Return what is unknown about the credentials; None where it is known or does not matter."""
    if caller.kind is CallerKind.ANONYMOUS:
        opening = facts_of(target.service).unsigned_keys.get(target.name)
        if opening is None or context.fact(opening.key.lower()).knowledge < Knowledge.VALUE_UNKNOWN:
            return None
        return SignatureUncertainty(opening)
    if not _has_keys(caller) or target.service not in ("iam", "sts"):
        return None
    token, mfa = context.fact(ISSUE_TIME_KEY), context.fact(MFA_KEY)
    if token.knowledge is Knowledge.ABSENT:
        return None
    is_known = token.knowledge is not Knowledge.UNKNOWN
    if target.service == "sts":
        return None if is_known or _takes_token(target) else SessionTokenUncertainty(is_known=False, mfa_helps=False)
    if _is_true(mfa):
        return None
    mfa_helps = mfa.knowledge in (Knowledge.UNKNOWN, Knowledge.VALUE_UNKNOWN)
    return SessionTokenUncertainty(is_known, mfa_helps) if mfa_helps or not is_known else None


def _takes_token(target: Target) -> bool:
    """Return whether credentials of GetSessionToken can make an STS call."""
    return target.name in _WITH_TOKEN and not _comes_with_federation(target)


def _comes_with_federation(target: Target) -> bool:
    """Return whether the action tags a federated user, so that it comes with sts:GetFederationToken (rule F12)."""
    is_federated = target.resource is not None and target.resource.service == "sts"
    return (target.service, target.name) == ("sts", "tagsession") and is_federated


def _has_keys(caller: Caller) -> bool:
    return caller.kind in (CallerKind.USER, CallerKind.ROOT)


def _is_there(token: KeyValue | None) -> bool:
    return token is not None and token.knowledge in (Knowledge.PRESENT, Knowledge.VALUE_UNKNOWN)


def _is_true(mfa: KeyValue) -> bool:
    return mfa.knowledge is Knowledge.PRESENT and mfa.values == ("true",)


def _kind_cannot(caller: Caller, target: Target) -> bool:
    match caller.kind:
        case CallerKind.SESSION | CallerKind.ROLE:
            is_refused = target.name in ("getfederationtoken", "getsessiontoken") or _comes_with_federation(target)
            return target.service == "sts" and is_refused
        case CallerKind.FEDERATED_USER:
            return target.service == "iam" or (target.service == "sts" and target.name != "getcalleridentity")
        case CallerKind.ROOT:
            # Companion actions of AssumeRole are refused as it is (STS API Reference, AssumeRole).
            comes_with_it = target.is_on_trust and target.name in ASSUME_ROLE_COMPANIONS
            return comes_with_it or (target.service == "sts" and target.name in ("assumerole", "assumeroot"))
        case CallerKind.SAML:  # an identity that has not assumed a role yet (rule E9)
            return target.service != "sts" or target.name not in ("assumerolewithsaml", *ASSUME_ROLE_COMPANIONS)
        case CallerKind.OIDC:
            return target.service != "sts" or target.name not in (
                "assumerolewithwebidentity",
                *ASSUME_ROLE_COMPANIONS,
            )
        case _:
            return False


def _token_cannot(caller: Caller, target: Target, context: Context) -> bool:
    """Return whether credentials of GetSessionToken cannot call: IAM takes them with MFA only, STS few actions."""
    if target.service not in ("iam", "sts") or not has_session_token(caller, context):
        return False
    if target.service == "sts":
        return not _takes_token(target)
    mfa = context.fact(MFA_KEY)
    return mfa.knowledge in (Knowledge.ABSENT, Knowledge.PRESENT) and not _is_true(mfa)
