"""Outputs of ``aws iam`` commands other than the authorization details."""

from typing import Annotated

from pydantic import Field

from iamdesk.snapshot.account_details import (
    AccessAnalyzer,
    OpenIdConnectProvider,
    PasswordPolicy,
    SamlProvider,
    ServerCertificate,
    ServiceLastAccessed,
    VirtualMfaDevice,
)
from iamdesk.snapshot.aws_model import AwsCamelModel, AwsModel, Moment, Tag


class ListAccountAliases(AwsModel):
    """``iam list-account-aliases``."""

    account_aliases: tuple[str, ...]


class GetAccountSummary(AwsModel):
    """``iam get-account-summary``."""

    summary_map: dict[str, int]


class GetAccountPasswordPolicy(AwsModel):
    """``iam get-account-password-policy``; ``{}`` where the account has none."""

    password_policy: PasswordPolicy | None = None


class GetCredentialReport(AwsModel):
    """``iam get-credential-report``."""

    content: str
    """The table as CSV, in base64."""
    generated_time: Moment | None = None


class GetServiceLastAccessedDetails(AwsModel):
    """``iam get-service-last-accessed-details``."""

    services_last_accessed: tuple[ServiceLastAccessed, ...] = ()
    job_status: str = "COMPLETED"
    job_creation_date: Moment | None = None


class ListedProvider(AwsModel):
    """One OIDC provider, named alone."""

    arn: str


class ListOpenIdConnectProviders(AwsModel):
    """``iam list-open-id-connect-providers``."""

    open_id_connect_provider_list: Annotated[tuple[ListedProvider, ...], Field(alias="OpenIDConnectProviderList")]


class GetOpenIdConnectProvider(AwsModel):
    """``iam get-open-id-connect-provider``: without the provider's ARN, which is in the path."""

    url: str
    client_id_list: Annotated[tuple[str, ...], Field(alias="ClientIDList")] = ()
    thumbprint_list: tuple[str, ...] = ()
    create_date: Moment | None = None
    tags: tuple[Tag, ...] = ()

    def named(self, arn: str) -> OpenIdConnectProvider:
        """Return the provider."""
        return OpenIdConnectProvider(
            arn=arn,
            url=self.url,
            client_id_list=self.client_id_list,
            thumbprint_list=self.thumbprint_list,
            create_date=self.create_date,
            tags=self.tags,
        )


class ListVirtualMfaDevices(AwsModel):
    """``iam list-virtual-mfa-devices``."""

    virtual_mfa_devices: Annotated[tuple[VirtualMfaDevice, ...], Field(alias="VirtualMFADevices")]


class ListServerCertificates(AwsModel):
    """``iam list-server-certificates``."""

    server_certificate_metadata_list: tuple[ServerCertificate, ...]


class ListAnalyzers(AwsCamelModel):
    """``accessanalyzer list-analyzers``."""

    analyzers: tuple[AccessAnalyzer, ...]


class ListSamlProviders(AwsModel):
    """``iam list-saml-providers``."""

    saml_provider_list: Annotated[tuple[SamlProvider, ...], Field(alias="SAMLProviderList")]


class GetSamlProvider(AwsModel):
    """``iam get-saml-provider``: without the provider's ARN, which is in the path. Its metadata is not kept."""

    valid_until: Moment | None = None
    create_date: Moment | None = None
    tags: tuple[Tag, ...] = ()

    def named(self, arn: str) -> SamlProvider:
        """Return the provider."""
        return SamlProvider(arn=arn, valid_until=self.valid_until, create_date=self.create_date, tags=self.tags)
