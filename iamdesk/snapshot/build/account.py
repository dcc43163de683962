"""Builds the data of each account as a whole: reports, last use, identity providers, settings, shares."""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

from iamdesk.escaping import visible_start
from iamdesk.i18n import phrase
from iamdesk.snapshot.account_details import (
    AccountFacts,
    CredentialReport,
    LastAccessed,
    OpenIdConnectProvider,
    RegionalAnalyzers,
    SamlProvider,
)
from iamdesk.snapshot.build.resources import public_access_block
from iamdesk.snapshot.bundle import Bundle, Part
from iamdesk.snapshot.commands import iam as outputs
from iamdesk.snapshot.commands.all_resources import (
    DescribeVpcEndpoints,
    GetPermission,
    GetResourceShareAssociations,
    GetResourceShares,
    ListResourceSharePermissions,
)
from iamdesk.snapshot.credential_report import report_of
from iamdesk.snapshot.model import Account
from iamdesk.snapshot.models.settings import GetPublicAccessBlock
from iamdesk.snapshot.resource_shares import ResourceShares, SharePermission
from iamdesk.snapshot.resources import AccountSettings, PublicAccessBlock, VpcEndpoint

type ArnsByName = dict[tuple[str, str, str], str]
"""ARNs by account, kind and name."""

_KINDS = ("user", "group", "role")


def account_facts_of(
    bundle: Bundle, partitions: Mapping[str, str], arns: Callable[[], ArnsByName]
) -> tuple[AccountFacts, ...]:
    """Return the data of each account other than its authorization details, by account id.

    ``partitions`` are those of the accounts that are held, and ``arns`` gives the ARNs of what is in them.
    """
    arns = cache(arns)
    facts: dict[str, dict[str, Any]] = {}

    def of(part: Part) -> dict[str, Any]:
        return facts.setdefault(part.place.account, {})

    for part, aliases in bundle.of("iam", "list-account-aliases", outputs.ListAccountAliases):
        of(part)["alias"] = next(iter(aliases.account_aliases), None)
    for part, summary in bundle.of("iam", "get-account-summary", outputs.GetAccountSummary):
        of(part)["summary"] = summary.summary_map
    for part, policy in bundle.of("iam", "get-account-password-policy", outputs.GetAccountPasswordPolicy):
        of(part).update(is_password_policy_captured=True, password_policy=policy.password_policy)
    for part, printed in bundle.of("iam", "get-credential-report", outputs.GetCredentialReport):
        of(part)["credential_report"] = report_of(printed, part.file, bundle.problems)
    for part, table in bundle.of("iam", "get-credential-report", CredentialReport):
        of(part)["credential_report"] = table
    for part, devices in bundle.of("iam", "list-virtual-mfa-devices", outputs.ListVirtualMfaDevices):
        known = of(part).setdefault("virtual_mfa_devices", {})
        known.update({device.serial_number: device for device in devices.virtual_mfa_devices})
    for part, listed in bundle.of("iam", "list-server-certificates", outputs.ListServerCertificates):
        certificates = of(part).setdefault("server_certificates", {})
        certificates.update({one.arn: one for one in listed.server_certificate_metadata_list})
    for part, page in bundle.of("accessanalyzer", "list-analyzers", outputs.ListAnalyzers):
        regions, region = of(part).setdefault("access_analyzers", {}), part.place.region
        before = regions[region].analyzers if region in regions else ()
        regions[region] = RegionalAnalyzers(region=region, analyzers=(*before, *page.analyzers))
    for part, details in bundle.of("iam", "get-service-last-accessed-details", outputs.GetServiceLastAccessedDetails):
        _add_last_accessed(bundle, of(part), part, details, arns)
    _add_providers(bundle, facts, partitions)
    for capture in bundle.captures.values():
        if capture.state == "nothing-there" and capture.command == "get-account-password-policy":
            facts.setdefault(capture.account_id, {})["is_password_policy_captured"] = True
    return tuple(AccountFacts(account_id=account, **_frozen(known)) for account, known in sorted(facts.items()))


def _frozen(known: dict[str, Any]) -> dict[str, Any]:
    return {
        name: tuple(value.values()) if isinstance(value, dict) and name != "summary" else value
        for name, value in known.items()
    }


def arns_by_name(accounts: Iterable[Account]) -> ArnsByName:
    """Return the ARNs of users, groups and roles by account, kind and name: names are unique across paths."""
    found: ArnsByName = {}
    for account in accounts:
        found.update({(account.account_id, "user", user.user_name): user.arn for user in account.users})
        found.update({(account.account_id, "group", group.group_name): group.arn for group in account.groups})
        found.update({(account.account_id, "role", role.role_name): role.arn for role in account.roles})
    return found


def _add_last_accessed(
    bundle: Bundle,
    facts: dict[str, Any],
    part: Part,
    details: outputs.GetServiceLastAccessedDetails,
    arns: Callable[[], ArnsByName],
) -> None:
    """Add the principal of a report: its file's path has kind and name, the authorization details have the ARN."""
    kind, name = part.place.arguments
    account = part.place.account
    if details.job_status != "COMPLETED":
        bundle.report(
            part.file,
            phrase(
                "the report is not complete (`{job_status}`); it was ignored",
                job_status=visible_start(details.job_status),
            ),
        )
        return
    if kind not in _KINDS:
        message = phrase(
            "expected `user`, `group` or `role` in the path, found `{kind}`; the report was ignored",
            kind=visible_start(kind),
        )
        bundle.report(part.file, message)
        return
    arn = arns().get((account, kind, name)) or f"arn:aws:iam::{account}:{kind}/{name}"
    reports = facts.setdefault("last_accessed", {})
    before = reports.get(arn)
    services = (*(before.services if before else ()), *details.services_last_accessed)
    reports[arn] = LastAccessed(arn=arn, job_creation_date=details.job_creation_date, services=services)


def _add_providers(bundle: Bundle, facts: dict[str, dict[str, Any]], partitions: Mapping[str, str]) -> None:
    oidc, saml = "open_id_connect_providers", "saml_providers"

    def arn(part: Part, kind: str) -> str:
        partition = partitions.get(part.place.account, "aws")
        return f"arn:{partition}:iam::{part.place.account}:{kind}/{part.name}"

    def of(part: Part, name: str) -> dict[str, Any]:
        known: dict[str, Any] = facts.setdefault(part.place.account, {}).setdefault(name, {})
        return known

    for part, listed in bundle.of("iam", "list-open-id-connect-providers", outputs.ListOpenIdConnectProviders):
        providers = of(part, oidc)
        for named in listed.open_id_connect_provider_list:
            providers[named.arn] = OpenIdConnectProvider(arn=named.arn)
    for part, provider in bundle.of("iam", "get-open-id-connect-provider", outputs.GetOpenIdConnectProvider):
        provider_arn = arn(part, "oidc-provider")
        of(part, oidc)[provider_arn] = provider.named(provider_arn)
    for part, listed_saml in bundle.of("iam", "list-saml-providers", outputs.ListSamlProviders):
        of(part, saml).update({known.arn: known for known in listed_saml.saml_provider_list})
    for part, detail in bundle.of("iam", "get-saml-provider", outputs.GetSamlProvider):
        provider_arn = arn(part, "saml-provider")
        known: SamlProvider | None = of(part, saml).get(provider_arn)
        found = detail.named(provider_arn)
        if known is not None and found.create_date is None:
            found = found.model_copy(update={"create_date": known.create_date, "valid_until": known.valid_until})
        of(part, saml)[provider_arn] = found


def account_settings_of(bundle: Bundle, canonical_ids: Mapping[str, str]) -> tuple[AccountSettings, ...]:
    """Return the settings of each account that decide requests, by account id."""
    blocks: dict[str, PublicAccessBlock] = {}
    for part, block in bundle.of("s3control", "get-public-access-block", GetPublicAccessBlock):
        blocks[part.place.account] = public_access_block(block)
    for capture in bundle.captures.values():
        if capture.state == "nothing-there" and (capture.service, capture.command) == (
            "s3control",
            "get-public-access-block",
        ):
            blocks[capture.account_id] = PublicAccessBlock()
    return tuple(
        AccountSettings(
            account_id=account, public_access_block=blocks.get(account), canonical_id=canonical_ids.get(account)
        )
        for account in sorted({*blocks, *canonical_ids})
    )


def vpc_endpoints_of(bundle: Bundle) -> tuple[VpcEndpoint, ...]:
    """Return the VPC endpoints of all accounts and Regions, each once."""
    found: dict[str, VpcEndpoint] = {}
    for part, output in bundle.of("ec2", "describe-vpc-endpoints", DescribeVpcEndpoints):
        for endpoint in output.vpc_endpoints:
            owned = endpoint if endpoint.owner_id else endpoint.model_copy(update={"owner_id": part.place.account})
            found.setdefault(endpoint.vpc_endpoint_id, owned)
    return tuple(found.values())


def resource_shares_of(bundle: Bundle) -> tuple[ResourceShares, ...]:
    """Return what each account sees shared in each Region, each share and association once."""
    found: dict[tuple[str, str], dict[str, dict[object, Any]]] = {}

    def of(part: Part, name: str) -> dict[object, Any]:
        return found.setdefault((part.place.account, part.place.region), {}).setdefault(name, {})

    for part, shares in bundle.of("ram", "get-resource-shares", GetResourceShares):
        of(part, "shares").update({share.resource_share_arn: share for share in shares.resource_shares})
    for part, listed in bundle.of("ram", "get-resource-share-associations", GetResourceShareAssociations):
        of(part, "associations").update(
            {(one.resource_share_arn, one.associated_entity): one for one in listed.resource_share_associations}
        )
    for part, output in bundle.of("ram", "list-resource-share-permissions", ListResourceSharePermissions):
        of(part, "share_permissions").update(
            {
                (part.name, one.arn): SharePermission(share_id=part.name, permission=one)
                for one in output.permissions
                if part.name
            }
        )
    for part, reported in bundle.of("ram", "get-permission", GetPermission):
        of(part, "permissions")[reported.permission.arn, reported.permission.version] = reported.permission
    return tuple(
        ResourceShares(
            account_id=account, region=region, **{name: tuple(values.values()) for name, values in known.items()}
        )
        for (account, region), known in sorted(found.items())
    )
