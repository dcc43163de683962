"""Resources in the tree: by account, grouped by service; with VPC endpoints and identity providers."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from iamdesk.i18n import join_messages, mark, phrase
from iamdesk.inventory.keys import endpoint_policy_key
from iamdesk.snapshot.account_details import AccountFacts, OpenIdConnectProvider, SamlProvider
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.resource_services import all_commands, all_services
from iamdesk.snapshot.resources import Resource, VpcEndpoint
from iamdesk.viewmodel.badges import document_badges
from iamdesk.viewmodel.tree import Badge, NodeKind
from iamdesk.viewmodel.tree_layout import Branch, Entry, LeafColumns, Section, sort_key

_ENDPOINTS = mark("VPC endpoints")
_TITLES = {prefix: one.title for one in all_services() for prefix in (one.prefix, *one.other_prefixes)}
_FORMS = [command.arn for command in all_commands() if command.arn]
_NAMED_AS_THEY_ARE = frozenset(form.partition(":")[0] for form in _FORMS if form.endswith(":{account}:{}"))
_TYPES = frozenset(found[1] for form in _FORMS if (found := re.search(r":([\w-]+)[/:]\{\}", form))) | {"restapis"}
"""Prefixes of names in ARNs: ``table`` of ``table/{}``."""

type Provider = OpenIdConnectProvider | SamlProvider


class AccountResources(NamedTuple):
    """The resources of one account."""

    resources: Sequence[Resource]
    endpoints: Sequence[VpcEndpoint]


def owner_of(resource: Resource) -> str:
    """Return the account of a resource; empty if it is not known."""
    return resource.account_id or (resource.arn.split(":", 5)[4:5] or [""])[0]


def service_title(arn: str) -> str:
    """Return the display name of a resource's service; its prefix if there is none."""
    service = (arn.split(":", 3)[2:3] or [""])[0]
    return _TITLES.get(service, service) or phrase("Other")


def resource_name(arn: str) -> str:
    """Return a resource's name without the type before it: ``orders`` of ``table/orders``."""
    parts = arn.split(":", 5)
    if len(parts) < 6:
        return arn
    name = parts[5]
    if parts[2] in _NAMED_AS_THEY_ARE or (parts[2] == "s3" and not parts[4]):
        return name
    name = name.lstrip("/")  # API Gateway: arn:aws:apigateway:REGION::/restapis/ID
    ends = [place for place in (name.find("/"), name.find(":")) if place > 0]
    if ends and name[: min(ends)] in _TYPES:
        return name[min(ends) + 1 :] or name
    return name


def region_of(resource: Resource) -> str:
    """Return the Region of a resource; empty if it has none or it is not known."""
    return resource.region or (resource.arn.split(":", 4)[3:4] or [""])[0]


class ResourceRows:
    """The resources of a snapshot by owner account."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._resources: dict[str, list[Resource]] = {}
        for resource in snapshot.resources:
            self._resources.setdefault(owner_of(resource), []).append(resource)
        self._endpoints: dict[str, list[VpcEndpoint]] = {}
        for endpoint in snapshot.vpc_endpoints:
            self._endpoints.setdefault(endpoint.owner_id or "", []).append(endpoint)
        self._held = {account.account_id for account in snapshot.accounts}

    def of(self, account_id: str) -> AccountResources | None:
        """Return the resources of an account; None if none were captured."""
        resources, endpoints = self._resources.get(account_id, ()), self._endpoints.get(account_id, ())
        return AccountResources(resources, endpoints) if resources or endpoints else None

    def elsewhere(self) -> Iterator[Branch]:
        """Yield a branch with the resources of accounts that were not captured, if there are any."""
        owners = sorted((self._resources.keys() | self._endpoints.keys()) - self._held)
        groups: dict[str, list[Branch]] = {}
        for owner in owners:
            whose = phrase("account {account}", account=owner) if owner else phrase("owner not captured")
            for title, (kind, text, detail, key, badges) in _rows(self.of(owner)):
                groups.setdefault(title, []).append(
                    Branch(kind, text, join_messages(" · ", (detail, whose)), key, badges=badges)
                )
        if groups:
            rows = [
                Branch(
                    NodeKind.SECTION,
                    title,
                    phrase("{count:,}", count=len(found)),
                    children=sorted(found, key=lambda row: sort_key(row.text)),
                )
                for title, found in sorted(groups.items())
            ]
            count = sum(map(len, groups.values()))
            yield Branch(
                NodeKind.SECTION, mark("Resources of other accounts"), phrase("{count:,}", count=count), children=rows
            )


def resource_section(owned: AccountResources | None) -> Iterator[Section[tuple[str, list[Entry]]]]:
    """Yield the section of an account's resources, one entry for each service; nothing if there are none."""
    groups: dict[str, list[Entry]] = {}
    for title, row in _rows(owned):
        groups.setdefault(title, []).append(row)
    if groups:
        section = Section(mark("Resources"), list(groups.items()), lambda group: group[0], _service)
        section.detail = phrase("{count:,}", count=sum(map(len, groups.values())))
        yield section


def provider_section(facts: AccountFacts | None) -> Iterator[Section[Provider]]:
    """Yield the section of an account's identity providers; nothing if there are none."""
    found = providers_of(facts) if facts is not None else []
    if found:
        yield Section(mark("Identity providers"), found, lambda one: provider_name(one.arn), _provider)


def providers_of(facts: AccountFacts) -> list[Provider]:
    """Return the identity providers of an account, as far as they were captured."""
    return [*(facts.open_id_connect_providers or ()), *(facts.saml_providers or ())]


def provider_name(arn: str) -> str:
    """Return the name of an identity provider: host and path of its URL, or the name of a SAML provider."""
    return arn.split(":", 5)[-1].partition("/")[2] or arn


def endpoint_words(endpoint: VpcEndpoint) -> str:
    """Return the service of an endpoint, without the common prefix: ``eu-west-1.s3``."""
    return endpoint.service_name.removeprefix("com.amazonaws.")


def _service(group: tuple[str, list[Entry]], leaves: LeafColumns) -> Entry:
    title, rows = group
    for row in sorted(rows, key=_by_name) if len(rows) > 1 else rows:
        leaves.add(*row)
    return NodeKind.SECTION, title, phrase("{count:,}", count=len(rows)), "", ()


def _by_name(row: Entry) -> tuple[str, str]:
    return sort_key(row[1])


def _rows(owned: AccountResources | None) -> Iterator[tuple[str, Entry]]:
    """Yield a row for each resource, with the title of its group."""
    for resource in owned.resources if owned is not None else ():
        has_policy = resource.policy is not None
        words = phrase("policy") if has_policy else phrase("no policy")
        if not has_policy and not resource.is_policy_captured:
            words = phrase("tags") if resource.is_only_tagged else phrase("policy not captured")
        region = region_of(resource)
        detail = join_messages(" · ", (words, region)) if region else words
        yield (
            service_title(resource.arn),
            (
                NodeKind.RESOURCE,
                resource_name(resource.arn),
                detail,
                resource.arn,
                resource_badges(resource),
            ),
        )
    for endpoint in owned.endpoints if owned is not None else ():
        detail = (
            endpoint_words(endpoint)
            if endpoint.policy_document is not None
            else join_messages(" · ", (endpoint_words(endpoint), phrase("no policy")))
        )
        key = endpoint_policy_key(endpoint.vpc_endpoint_id)
        badges = document_badges(endpoint.policy_document) if endpoint.policy_document is not None else ()
        yield _ENDPOINTS, (NodeKind.VPC_ENDPOINT, endpoint.vpc_endpoint_id, detail, key, badges)


def resource_badges(resource: Resource) -> tuple[Badge, ...]:
    """Return badges of a resource whose policy was not captured, or is no JSON object and so not evaluated."""
    if resource.policy is None:
        return () if resource.is_policy_captured or resource.is_only_tagged else (Badge.MISSING_DATA,)
    return document_badges(resource.policy)


def _provider(provider: Provider, _: LeafColumns) -> Entry:
    is_oidc = isinstance(provider, OpenIdConnectProvider)
    kind = NodeKind.OIDC_PROVIDER if is_oidc else NodeKind.SAML_PROVIDER
    return kind, provider_name(provider.arn), "OIDC" if is_oidc else "SAML", provider.arn, ()
