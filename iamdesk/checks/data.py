"""What checks need besides users, groups, roles and policies, and whether a snapshot holds it of an account."""

from enum import StrEnum

from iamdesk.snapshot.account_facts import AccountFacts, CredentialReportEntry
from iamdesk.snapshot.model import Snapshot


class Data(StrEnum):
    """Kinds of data; the value stands after ``needs``."""

    CREDENTIAL_REPORT = "the credential report"
    PASSWORD_POLICY = "the password policy"  # noqa: S105 - the name of a kind of data
    IDENTITY_PROVIDERS = "the list of identity providers"


def facts_of(snapshot: Snapshot, account_id: str) -> AccountFacts | None:
    """Return what was captured of an account besides its entities."""
    return next((facts for facts in snapshot.account_facts if facts.account_id == account_id), None)


def is_held(snapshot: Snapshot, account_id: str, data: Data) -> bool:
    """Return whether a snapshot holds a kind of data of an account."""
    facts = facts_of(snapshot, account_id)
    if facts is None:
        return False
    match data:
        case Data.CREDENTIAL_REPORT:
            return facts.credential_report is not None
        case Data.PASSWORD_POLICY:
            return facts.is_password_policy_captured
        case Data.IDENTITY_PROVIDERS:
            return facts.open_id_connect_providers is not None or facts.saml_providers is not None


def credentials_of(snapshot: Snapshot, account_id: str, user: str) -> CredentialReportEntry | None:
    """Return a user's line of the credential report; ``<root_account>`` for the root user."""
    facts = facts_of(snapshot, account_id)
    if facts is None or facts.credential_report is None:
        return None
    return next((entry for entry in facts.credential_report.entries if entry.user == user), None)
