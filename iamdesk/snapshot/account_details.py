"""Data of an account from ``aws iam`` commands other than ``get-account-authorization-details``.

Fields are AWS's, in snake case; each class names its command. A field that is None was not captured.
Source of the shapes: the IAM API reference; for the credential report the IAM user guide, "Get credential reports".
"""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from iamdesk.snapshot.aws_model import AwsCamelModel, AwsModel, Moment, Tag


class PasswordPolicy(AwsModel):
    """The rules for console passwords (``iam get-account-password-policy``)."""

    minimum_password_length: int | None = None
    require_symbols: bool = False
    require_numbers: bool = False
    require_uppercase_characters: bool = False
    require_lowercase_characters: bool = False
    allow_users_to_change_password: bool = False
    expire_passwords: bool = False
    max_password_age: int | None = None
    """In days."""
    password_reuse_prevention: int | None = None
    hard_expiry: bool | None = None


def _known(value: object) -> object:
    """Return None for the report's placeholders of missing values."""
    return None if value in ("", "N/A", "no_information", "not_supported") else value


type _Flag = Annotated[bool | None, BeforeValidator(_known)]
type _Time = Annotated[Moment | None, BeforeValidator(_known)]
type _Word = Annotated[str | None, BeforeValidator(_known)]


class CredentialReportEntry(BaseModel):
    """One line of the credential report. None: ``N/A``, ``no_information`` and ``not_supported``."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    user: str
    """The user's name; ``<root_account>`` for the root user."""
    arn: str
    user_creation_time: _Time = None
    password_enabled: _Flag = None
    password_last_used: _Time = None
    password_last_changed: _Time = None
    password_next_rotation: _Time = None
    mfa_active: _Flag = None
    access_key_1_active: _Flag = None
    access_key_1_last_rotated: _Time = None
    access_key_1_last_used_date: _Time = None
    access_key_1_last_used_region: _Word = None
    access_key_1_last_used_service: _Word = None
    access_key_2_active: _Flag = None
    access_key_2_last_rotated: _Time = None
    access_key_2_last_used_date: _Time = None
    access_key_2_last_used_region: _Word = None
    access_key_2_last_used_service: _Word = None
    cert_1_active: _Flag = None
    cert_1_last_rotated: _Time = None
    cert_2_active: _Flag = None
    cert_2_last_rotated: _Time = None


class CredentialReport(BaseModel):
    """The credentials of all users of an account (``iam get-credential-report``)."""

    model_config = ConfigDict(frozen=True)

    generated_time: Moment | None = None
    """None: a CSV file does not contain it."""
    entries: tuple[CredentialReportEntry, ...] = ()

    @property
    def known_at(self) -> datetime | None:
        """When it was generated; if that is not known, the newest time in it: it is not older."""
        times = (
            moment
            for entry in self.entries
            for moment in (
                *(entry.user_creation_time, entry.password_last_used, entry.password_last_changed),
                *(entry.access_key_1_last_rotated, entry.access_key_1_last_used_date),
                *(entry.access_key_2_last_rotated, entry.access_key_2_last_used_date),
                *(entry.cert_1_last_rotated, entry.cert_2_last_rotated),
            )
            if moment is not None
        )
        return self.generated_time or max(times, default=None)


class TrackedActionLastAccessed(AwsModel):
    """When one action was last used."""

    action_name: str
    """Without the service: ``GetObject``."""
    last_accessed_time: Moment | None = None
    last_accessed_entity: str | None = None
    last_accessed_region: str | None = None


class ServiceLastAccessed(AwsModel):
    """When one service was last used."""

    service_name: str = ""
    service_namespace: str
    """``s3``."""
    last_authenticated: Moment | None = None
    """None: not within the tracking period."""
    last_authenticated_entity: str | None = None
    last_authenticated_region: str | None = None
    total_authenticated_entities: int | None = None
    tracked_actions_last_accessed: tuple[TrackedActionLastAccessed, ...] | None = None
    """None: the report was made for services alone."""


class LastAccessed(BaseModel):
    """What one principal or group used, and when (``iam get-service-last-accessed-details``)."""

    model_config = ConfigDict(frozen=True)

    arn: str
    """Of the user, group or role."""
    job_creation_date: Moment | None = None
    """The time of the report."""
    services: tuple[ServiceLastAccessed, ...] = ()


class OpenIdConnectProvider(AwsModel):
    """An OIDC provider that the account trusts (``iam get-open-id-connect-provider``)."""

    arn: str
    url: str | None = None
    """Without ``https://``; None: only listed."""
    client_id_list: Annotated[tuple[str, ...], Field(alias="ClientIDList")] = ()
    thumbprint_list: tuple[str, ...] = ()
    create_date: Moment | None = None
    tags: tuple[Tag, ...] = ()


class SamlProvider(AwsModel):
    """A SAML provider that the account trusts (``iam list-saml-providers``, ``get-saml-provider``)."""

    arn: str
    valid_until: Moment | None = None
    create_date: Moment | None = None
    tags: tuple[Tag, ...] = ()


class VirtualMfaDevice(AwsModel):
    """A virtual MFA device (``iam list-virtual-mfa-devices``): an application that shows codes."""

    serial_number: str
    """Its ARN; of the root user's ``arn:aws:iam::111122223333:mfa/root-account-mfa-device``."""
    enable_date: Moment | None = None
    """None: it has no user."""


class ServerCertificate(AwsModel):
    """A TLS certificate that IAM keeps for load balancers and CloudFront (``iam list-server-certificates``)."""

    server_certificate_name: str
    arn: str
    upload_date: Moment | None = None
    expiration: Moment | None = None


class AccessAnalyzer(AwsCamelModel):
    """An analyzer of IAM Access Analyzer (``accessanalyzer list-analyzers``)."""

    arn: str
    name: str
    type: str
    """``ACCOUNT`` and ``ORGANIZATION`` look for access from outside; others for unused or internal access."""
    status: str
    """``ACTIVE`` for one that works."""


class RegionalAnalyzers(BaseModel):
    """The analyzers of one Region; empty: the Region has none."""

    model_config = ConfigDict(frozen=True)

    region: str
    analyzers: tuple[AccessAnalyzer, ...] = ()


class AccountFacts(BaseModel):
    """Data of one account other than its users, groups, roles and policies."""

    model_config = ConfigDict(frozen=True)

    account_id: str
    alias: str | None = None
    summary: dict[str, int] | None = None
    """``iam get-account-summary``: counts by AWS's own names (``Users``, ``AccountMFAEnabled`` …)."""
    is_password_policy_captured: bool = False
    """Then a ``password_policy`` of None says that the account has none, and AWS's defaults count."""
    password_policy: PasswordPolicy | None = None
    credential_report: CredentialReport | None = None
    last_accessed: tuple[LastAccessed, ...] | None = None
    open_id_connect_providers: tuple[OpenIdConnectProvider, ...] | None = None
    saml_providers: tuple[SamlProvider, ...] | None = None
    virtual_mfa_devices: tuple[VirtualMfaDevice, ...] | None = None
    server_certificates: tuple[ServerCertificate, ...] | None = None
    access_analyzers: tuple[RegionalAnalyzers, ...] | None = None
    """By captured Region."""
