"""``aws iam`` and ``aws accessanalyzer``: the commands about an account as a whole.

Source: the AWS CLI command reference; error codes from each operation's page of the service's API reference.
"""

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
from iamdesk.snapshot.layout import Call, Kind, Scope
from iamdesk.snapshot.model import GroupDetail, ManagedPolicyDetail, RoleDetail, UserDetail
from iamdesk.snapshot.resource_service import Collect, Command, FetchMode


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


class GetAccountAuthorizationDetails(AwsModel):
    """``iam get-account-authorization-details``: at least one of the four lists. Read by `authorization_details`."""

    user_detail_list: tuple[UserDetail, ...] = ()
    group_detail_list: tuple[GroupDetail, ...] = ()
    role_detail_list: tuple[RoleDetail, ...] = ()
    policies: tuple[ManagedPolicyDetail, ...] = ()
    is_truncated: bool = False
    marker: str | None = None


_A, _SETTINGS, _PROVIDERS = Scope.ACCOUNT, Kind.ACCOUNT_SETTINGS, Kind.IDENTITY_PROVIDERS
_DETAILS = "get-account-authorization-details"
_MFA_DEVICES = "'{VirtualMFADevices: VirtualMFADevices[].{SerialNumber: SerialNumber, EnableDate: EnableDate}}'"

COMMANDS = (
    Command(
        Call("iam", _DETAILS, _A, Kind.AUTHORIZATION_DETAILS),
        GetAccountAuthorizationDetails,
        Collect(),
    ),
    Command(
        Call("iam", "list-account-aliases", _A, _SETTINGS), ListAccountAliases, Collect(), loose_keys="AccountAliases"
    ),
    Command(Call("iam", "get-account-summary", _A, _SETTINGS), GetAccountSummary, Collect(), loose_keys="SummaryMap"),
    Command(
        Call("iam", "get-account-password-policy", _A, _SETTINGS, absent=("NoSuchEntity",)),
        GetAccountPasswordPolicy,
        Collect(),
        loose_keys="PasswordPolicy",
    ),
    Command(
        Call("iam", "get-credential-report", _A, Kind.CREDENTIAL_REPORT),
        GetCredentialReport,
        Collect(
            fetch_mode=FetchMode.REPORT, actions=("iam:GenerateCredentialReport", "iam:GetCredentialReport")
        ),
        loose_keys="Content ReportFormat",
    ),
    # Without --query it could print the secrets that the codes are made of.
    Command(
        Call("iam", "list-virtual-mfa-devices", _A, _SETTINGS, (), f"--query {_MFA_DEVICES}"),
        ListVirtualMfaDevices,
        Collect(actions=("iam:ListVirtualMFADevices",)),
        loose_keys="VirtualMFADevices",
        loose_arn="virtual_mfa_devices.serial_number",
    ),
    Command(
        Call("iam", "list-server-certificates", _A, _SETTINGS),
        ListServerCertificates,
        Collect(),
        loose_keys="ServerCertificateMetadataList",
        loose_arn="server_certificate_metadata_list.arn",
    ),
    Command(
        Call("accessanalyzer", "list-analyzers", Scope.REGION, _SETTINGS),
        ListAnalyzers,
        Collect(),
        loose_keys="analyzers",
        loose_arn="analyzers.arn",
    ),
    # The output does not name its principal: the path does, by kind (user, group, role) and name.
    Command(
        Call(
            "iam", "get-service-last-accessed-details", _A, Kind.SERVICE_LAST_ACCESSED, ("kind", "name"),
            "--job-id JOB-ID",
        ),
        GetServiceLastAccessedDetails,
        Collect(
            _DETAILS,
            'UserDetailList[].{Arn: Arn, "@kind": \'user\', "@name": UserName}',
            also=(
                Collect(_DETAILS, 'GroupDetailList[].{Arn: Arn, "@kind": \'group\', "@name": GroupName}'),
                Collect(_DETAILS, 'RoleDetailList[].{Arn: Arn, "@kind": \'role\', "@name": RoleName}'),
            ),
            fetch_mode=FetchMode.JOB,
            actions=("iam:GenerateServiceLastAccessedDetails", "iam:GetServiceLastAccessedDetails"),
        ),
    ),
    Command(
        Call("iam", "list-open-id-connect-providers", _A, _PROVIDERS, lists=True),
        ListOpenIdConnectProviders,
        Collect(actions=("iam:ListOpenIDConnectProviders",)),
        loose_keys="OpenIDConnectProviderList",
        loose_arn="open_id_connect_provider_list.arn",
    ),
    Command(
        Call(
            "iam", "get-open-id-connect-provider", _A, _PROVIDERS, ("provider",), "--open-id-connect-provider-arn ARN"
        ),
        GetOpenIdConnectProvider,
        Collect(
            "list-open-id-connect-providers",
            'OpenIDConnectProviderList[].{OpenIDConnectProviderArn: Arn, "@provider": after_first(Arn)}',
            actions=("iam:GetOpenIDConnectProvider",),
        ),
    ),
    Command(
        Call("iam", "list-saml-providers", _A, _PROVIDERS, lists=True),
        ListSamlProviders,
        Collect(actions=("iam:ListSAMLProviders",)),
        loose_keys="SAMLProviderList",
        loose_arn="saml_provider_list.arn",
    ),
    Command(
        Call("iam", "get-saml-provider", _A, _PROVIDERS, ("provider",), "--saml-provider-arn ARN"),
        GetSamlProvider,
        Collect(
            "list-saml-providers",
            'SAMLProviderList[].{SAMLProviderArn: Arn, "@provider": after_first(Arn)}',
            actions=("iam:GetSAMLProvider",),
        ),
    ),
)  # fmt: skip
