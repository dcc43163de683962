"""Subjects of the inspector for resources, VPC endpoints and identity providers."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from iamdesk.i18n import mark, phrase
from iamdesk.inventory import counts
from iamdesk.inventory.keys import Link, endpoint_policy_key, resource_policy_key
from iamdesk.inventory.references import title_of
from iamdesk.inventory.relative_time import age_text, date_text
from iamdesk.inventory.trust import trusted_names
from iamdesk.inventory.workload_index import WorkloadIndex
from iamdesk.policy.document import DocumentStore
from iamdesk.snapshot.account_details import OpenIdConnectProvider
from iamdesk.snapshot.model import RoleDetail, Snapshot
from iamdesk.snapshot.resources import Resource, VpcEndpoint
from iamdesk.viewmodel.badges import document_badges
from iamdesk.viewmodel.entities import EntityLookup
from iamdesk.viewmodel.organization_subjects import OrganizationSubjects
from iamdesk.viewmodel.policy_list import problems_of
from iamdesk.viewmodel.policy_principals import named_in
from iamdesk.viewmodel.policy_view import single_view
from iamdesk.viewmodel.raw_text import raw_text
from iamdesk.viewmodel.resource_details import resource_facts
from iamdesk.viewmodel.resource_tree import (
    Provider,
    owner_of,
    provider_name,
    providers_of,
    region_of,
    resource_badges,
    resource_name,
    service_title,
)
from iamdesk.viewmodel.tree import NodeKind
from iamdesk.viewmodel.types import Links, PolicyLine, PolicyRole, PolicyView, Subject, links
from iamdesk.viewmodel.workload_rows import used_by_facts

_POLICY = resource_policy_key("")


class ResourceSubjects:
    """Creates subjects and policy views of resources, endpoints and providers by key."""

    def __init__(
        self, snapshot: Snapshot, documents: DocumentStore, holdings: EntityLookup, organization: OrganizationSubjects
    ) -> None:
        self._snapshot = snapshot
        self._documents = documents
        self._holdings = holdings
        self._organization = organization
        self._workloads = WorkloadIndex(snapshot)

    def make_ready(self) -> None:
        """Build the lazy indexes now."""
        _ = self._allowed_by, self._trusting, self._with_key, self._behind

    def subject(self, key: str) -> Subject | None:
        """Return the subject of a resource, its policy, a VPC endpoint or an identity provider; None for other keys."""
        resource = self._resources.get(key) or self._resources.get(key.removesuffix(_POLICY))
        if resource is not None:
            return self._resource(key, resource)
        if (endpoint := self._endpoints.get(key)) is not None:
            return self._endpoint(key, endpoint)
        if (provider := self._providers.get(key)) is not None:
            return self._provider(*provider)
        return None

    def policy(self, key: str) -> PolicyView | None:
        """Return the policy of a resource or VPC endpoint by its key; None if there is none."""
        if (endpoint := self._endpoints.get(key)) is not None and endpoint.policy_document is not None:
            title = phrase("Policy of {name}", name=endpoint.vpc_endpoint_id)
            return single_view(self._documents, key, title, NodeKind.RESOURCE_POLICY, endpoint.policy_document)
        resource = self._resources.get(key.removesuffix(_POLICY)) if key.endswith(_POLICY) else None
        if resource is None or resource.policy is None:
            return None
        name, arn = resource_name(resource.arn), resource.arn
        title, kind = phrase("Policy of {name}", name=name), NodeKind.RESOURCE_POLICY
        return single_view(self._documents, key, title, kind, resource.policy, [(arn, name)], arn)

    def links_of(self, arn: str, entry: object) -> tuple[Links, ...]:
        """Return links from a principal: to resources whose policies name it, and to providers that a role trusts."""
        named = (self._link(resource) for resource in self._allowed_by.get(arn, ()))
        trusted: Iterable[str] = ()
        if isinstance(entry, RoleDetail):
            trusted = (name for name in trusted_names(entry.assume_role_policy_document) if name in self._providers)
        return links(
            (mark("Allowed by name in the policies of"), named),
            (mark("Identity providers that it trusts"), (Link(name, provider_name(name)) for name in trusted)),
        )

    @cached_property
    def _resources(self) -> Mapping[str, Resource]:
        return {resource.arn: resource for resource in self._snapshot.resources}

    @cached_property
    def _endpoints(self) -> Mapping[str, VpcEndpoint]:
        return {endpoint_policy_key(one.vpc_endpoint_id): one for one in self._snapshot.vpc_endpoints}

    @cached_property
    def _providers(self) -> Mapping[str, tuple[str, Provider]]:
        """(account, provider) by ARN."""
        found: dict[str, tuple[str, Provider]] = {}
        for facts in self._snapshot.account_facts:
            for provider in providers_of(facts):
                found.setdefault(provider.arn, (facts.account_id, provider))
        return found

    @cached_property
    def _allowed_by(self) -> Mapping[str, list[Resource]]:
        """Resources by the principals that their policies allow by ARN: read without parsing: there may be many."""
        found: dict[str, list[Resource]] = {}
        for resource in self._snapshot.resources:
            for name in trusted_names(resource.policy):
                if name in self._holdings.principals:
                    found.setdefault(name, []).append(resource)
        return found

    @cached_property
    def _trusting(self) -> Mapping[str, list[RoleDetail]]:
        """Roles by the identity providers that they trust."""
        found: dict[str, list[RoleDetail]] = {}
        for account in self._snapshot.accounts:
            for role in account.roles:
                for name in trusted_names(role.assume_role_policy_document):
                    if name in self._providers:
                        found.setdefault(name, []).append(role)
        return found

    @cached_property
    def _with_key(self) -> Mapping[str, list[Resource]]:
        """Resources by the KMS key that encrypts them."""
        return _grouped((one.encryption_key_arn, one) for one in self._snapshot.resources)

    @cached_property
    def _behind(self) -> Mapping[str, list[Resource]]:
        """Access points by the ARN of their bucket."""
        return _grouped(
            (f"arn:{one.arn.split(':', 2)[1]}:s3:::{bucket.name}", one)
            for one in self._snapshot.resources
            if one.access_point is not None
            for bucket in one.access_point.buckets
        )

    def _resource(self, key: str, resource: Resource) -> Subject:
        name, arn = resource_name(resource.arn), resource.arn
        line = self._line(resource_policy_key(arn), phrase("Policy of {name}", name=name), resource.policy, arn)
        policy = None if resource.policy is None else self._documents.parse(resource.policy, arn)
        named = () if policy is None else named_in(policy, self._holdings)
        buckets = resource.access_point.buckets if resource.access_point is not None else ()
        partition = arn.split(":", 2)[1]
        key_arn = resource.encryption_key_arn or ""
        related = links(
            (mark("Named in its policy"), named),
            (mark("Grants to"), (self._grantee(grant.grantee_principal) for grant in resource.key_grants or ())),
            (mark("Encrypted with"), [self._key(key_arn)] if key_arn else []),
            (mark("Encrypts"), map(self._link, self._with_key.get(arn, ()))),
            (mark("Destination"), (self._bucket(f"arn:{partition}:s3:::{one.name}", one.name) for one in buckets)),
            (mark("Reached through"), map(self._link, self._behind.get(arn, ()))),
            (mark("SCPs of its account"), self._bound(owner_of(resource))),
        )
        missing_data = (
            ()
            if resource.is_policy_captured or resource.is_only_tagged
            else (phrase("Its policy was not captured: what it allows or denies is not known."),)
        )
        return Subject(
            key=key,
            kind=NodeKind.RESOURCE,
            title=name,
            account=owner_of(resource),
            arn=arn,
            facts=(
                (mark("Service"), service_title(arn)),
                *(((mark("Region"), region_of(resource)),) if region_of(resource) else ()),
                *resource_facts(resource, policy),
                *used_by_facts(self._workloads, arn),
            ),
            tags=resource.tags or (),
            policies=(line,) if resource.policy is not None else (),
            links=related,
            missing_data=missing_data,
            problems=line.problems,
            badges=resource_badges(resource),
            raw=raw_text(resource),
        )

    def _endpoint(self, key: str, endpoint: VpcEndpoint) -> Subject:
        line = self._line(key, phrase("Policy of {name}", name=endpoint.vpc_endpoint_id), endpoint.policy_document)
        has_policy = endpoint.policy_document is not None
        facts = (
            (mark("Destination"), endpoint.service_name),
            (mark("Type"), endpoint.vpc_endpoint_type or phrase("not captured")),
            (mark("VPC"), endpoint.vpc_id or phrase("not captured")),
            (mark("State"), endpoint.state or phrase("not captured")),
            (
                mark("Policy"),
                phrase("limits requests through this endpoint")
                if has_policy
                else phrase("none: it limits no requests"),
            ),
        )
        return Subject(
            key=key,
            kind=NodeKind.VPC_ENDPOINT,
            title=endpoint.vpc_endpoint_id,
            account=endpoint.owner_id or "",
            facts=facts,
            policies=(line,) if has_policy else (),
            problems=line.problems,
            badges=document_badges(endpoint.policy_document) if has_policy else (),
            raw=raw_text(endpoint),
        )

    def _provider(self, account: str, provider: Provider) -> Subject:
        latest = self._snapshot.latest
        facts: list[tuple[str, str]] = []
        if isinstance(provider, OpenIdConnectProvider):
            facts.append((mark("URL"), f"https://{provider.url}" if provider.url else phrase("not captured")))
            facts.append((mark("Audiences (client IDs)"), ", ".join(provider.client_id_list) or phrase("none")))
            facts += [(mark("Thumbprint"), thumbprint) for thumbprint in provider.thumbprint_list]
        elif provider.valid_until is not None:
            facts.append((mark("Its metadata is valid until"), date_text(provider.valid_until)))
        if provider.create_date is not None:
            facts.append((mark("Created"), age_text(provider.create_date, latest)))
        roles = self._trusting.get(provider.arn, [])
        facts.append((mark("Trusted by"), counts.roles(len(roles))))
        is_oidc = isinstance(provider, OpenIdConnectProvider)
        return Subject(
            key=provider.arn,
            kind=NodeKind.OIDC_PROVIDER if is_oidc else NodeKind.SAML_PROVIDER,
            title=provider_name(provider.arn),
            account=account,
            arn=provider.arn,
            facts=tuple(facts),
            tags=tuple((tag.key, tag.value) for tag in provider.tags),
            links=links((mark("Roles that trust it"), (Link(role.arn, title_of(role)) for role in roles))),
            raw=raw_text(provider),
        )

    def _line(self, key: str, name: str, raw: Any, resource: str = "") -> PolicyLine:
        problems = () if raw is None else problems_of(self._documents.parse(raw, resource))
        return PolicyLine(
            key, name, NodeKind.RESOURCE_POLICY, PolicyRole.SELF, phrase("the policy itself"), problems=problems
        )

    def _link(self, resource: Resource) -> Link:
        return Link(resource.arn, resource_name(resource.arn), service_title(resource.arn))

    def _bound(self, account: str) -> Iterator[Link]:
        if self._organization.binds(account):
            words = self._organization.names.account_words(account)
            yield Link(account, words, phrase("resource control policies, where its service takes them"))

    def _key(self, arn: str) -> Link:
        found = self._resources.get(arn)
        return Link("", arn, phrase("not in the snapshot")) if found is None else self._link(found)

    def _bucket(self, arn: str, name: str) -> Link:
        return Link(arn, name, "S3") if arn in self._resources else Link("", name, phrase("not in the snapshot"))

    def _grantee(self, arn: str) -> Link:
        held = self._holdings.principals.get(arn)
        return Link("", arn, phrase("not in the snapshot")) if held is None else Link(arn, title_of(held.entry))


def _grouped(pairs: Iterable[tuple[str | None, Resource]]) -> Mapping[str, list[Resource]]:
    found: dict[str, list[Resource]] = {}
    for key, resource in pairs:
        if key:
            found.setdefault(key, []).append(resource)
    return found
