"""Data that checks need besides users, groups, roles and policies, and whether it was captured."""

from enum import StrEnum

from iamdesk.i18n import mark
from iamdesk.inventory.organization_index import OrganizationIndex
from iamdesk.policy.document import DocumentStore
from iamdesk.snapshot.account_details import AccountFacts, CredentialReportEntry
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.organization import OrganizationPolicyType
from iamdesk.snapshot.resources import Resource

_SCP = OrganizationPolicyType.SERVICE_CONTROL_POLICY


class Data(StrEnum):
    """Kinds of data; the value completes "needs …". See `snapshot_completeness` for fingerprints that contain it."""

    CREDENTIAL_REPORT = mark("the credential report")
    PASSWORD_POLICY = mark("the password policy")
    LAST_ACCESSED = mark("the service last-accessed reports")
    SERVER_CERTIFICATES = mark("the list of server certificates")
    ANALYZERS = mark("the list of analyzers of IAM Access Analyzer")
    SAML_PROVIDERS = mark("the list of SAML providers")
    RESOURCE_SHARES = mark("the resource shares of AWS RAM")
    IDENTITY_PROVIDERS = mark("the list of identity providers")
    RESOURCE_POLICIES = mark("resource policies")
    ORGANIZATION = mark("the organization with its service control policies")
    PEOPLE = mark("the users of IAM Identity Center with their status")
    MFA_DEVICES = mark("the list of virtual MFA devices, and whether the root user has MFA")
    ROOT_CREDENTIALS = mark("the credential report or the account summary")


def facts_of(snapshot: Snapshot, account_id: str) -> AccountFacts | None:
    """Return what was captured about an account besides users, groups, roles and policies."""
    return next((facts for facts in snapshot.account_facts if facts.account_id == account_id), None)


def is_held(snapshot: Snapshot, account_id: str, data: Data) -> bool:
    """Return whether a kind of data was captured for an account."""
    match data:
        case Data.RESOURCE_POLICIES:
            return any(
                owner_of(resource) == account_id and resource.is_policy_captured for resource in snapshot.resources
            )
        case Data.RESOURCE_SHARES:
            return any(
                one.account_id == account_id and one.shares is not None and one.associations is not None
                for one in snapshot.resource_shares
            )
        case Data.ORGANIZATION:
            return _is_placed(snapshot, account_id)
        case Data.PEOPLE:
            return any(user.user_status for center in snapshot.identity_centers for user in center.users or ())
    facts = facts_of(snapshot, account_id)
    if facts is None:
        return False
    match data:
        case Data.CREDENTIAL_REPORT:
            return facts.credential_report is not None
        case Data.PASSWORD_POLICY:
            return facts.is_password_policy_captured
        case Data.LAST_ACCESSED:
            return bool(facts.last_accessed)
        case Data.SERVER_CERTIFICATES:
            return facts.server_certificates is not None
        case Data.ANALYZERS:
            return facts.access_analyzers is not None
        case Data.SAML_PROVIDERS:
            return facts.saml_providers is not None
        case Data.IDENTITY_PROVIDERS:
            return facts.open_id_connect_providers is not None or facts.saml_providers is not None
        case Data.MFA_DEVICES:
            return facts.virtual_mfa_devices is not None and (
                facts.credential_report is not None or facts.summary is not None
            )
        case Data.ROOT_CREDENTIALS:
            return facts.credential_report is not None or facts.summary is not None


def owner_of(resource: Resource) -> str | None:
    """Return the account ID of a resource; None if it is not known."""
    return resource.account_id or resource.arn.split(":", 5)[4] or None


def _is_placed(snapshot: Snapshot, account_id: str) -> bool:
    """Return whether an account's position in the organization and the SCPs attached above it were captured."""
    organization = snapshot.organization
    if organization is None:
        return False
    index = OrganizationIndex(organization, DocumentStore())
    return index.has_account(account_id) and index.is_captured(account_id, _SCP)


def credentials_of(snapshot: Snapshot, account_id: str, user: str) -> CredentialReportEntry | None:
    """Return a user's row of the credential report; ``<root_account>`` is the root user."""
    facts = facts_of(snapshot, account_id)
    if facts is None or facts.credential_report is None:
        return None
    return next((entry for entry in facts.credential_report.entries if entry.user == user), None)
