"""AWS CodeArtifact: policies of domains and repositories."""

from typing import Any, override

from iamdesk.snapshot.aws_model import AwsCamelModel, PolicyDocument
from iamdesk.snapshot.models.resource_outputs import HasResourceList, HasResourcePolicy
from iamdesk.snapshot.resource_service import Collect, Command, ResourceService, regional


class ListedPackageDomain(AwsCamelModel):
    """One of them."""

    arn: str


class ListPackageDomains(HasResourceList, AwsCamelModel):
    """``codeartifact list-domains``."""

    domains: tuple[ListedPackageDomain, ...]

    @property
    @override
    def listed(self) -> tuple[str, ...]:
        return tuple(one.arn for one in self.domains)


class ListedPackageRepository(AwsCamelModel):
    """One of them."""

    arn: str


class ListPackageRepositories(HasResourceList, AwsCamelModel):
    """``codeartifact list-repositories``."""

    repositories: tuple[ListedPackageRepository, ...]

    @property
    @override
    def listed(self) -> tuple[str, ...]:
        return tuple(one.arn for one in self.repositories)


class PermissionsPolicy(AwsCamelModel):
    """A policy of CodeArtifact."""

    resource_arn: str | None = None
    document: PolicyDocument = None


class GetPermissionsPolicy(HasResourcePolicy, AwsCamelModel):
    """``codeartifact get-domain-permissions-policy``, ``get-repository-permissions-policy``."""

    policy: PermissionsPolicy | None = None

    @property
    @override
    def document(self) -> Any:
        return self.policy.document or None if self.policy else None

    @property
    @override
    def resource_arn(self) -> str | None:
        return self.policy.resource_arn if self.policy else None


SERVICE = ResourceService(
    prefix="codeartifact",
    title="CodeArtifact",
    commands=(
        Command(regional("codeartifact", "list-domains", lists=True), ListPackageDomains, Collect()),
        Command(
            regional(
                "codeartifact",
                "get-domain-permissions-policy",
                ("domain",),
                "--domain DOMAIN",
                ("ResourceNotFoundException",),
            ),
            GetPermissionsPolicy,
            Collect(after="list-domains", each='domains[].{domain: name, domainOwner: owner, "@domain": name}'),
            arn="codeartifact:{region}:{account}:domain/{}",
        ),
        Command(regional("codeartifact", "list-repositories", lists=True), ListPackageRepositories, Collect()),
        Command(
            regional(
                "codeartifact",
                "get-repository-permissions-policy",
                ("domain", "repository"),
                "--domain DOMAIN --repository REPOSITORY",
                ("ResourceNotFoundException",),
            ),
            GetPermissionsPolicy,
            Collect(
                after="list-repositories",
                each=(
                    "repositories[].{domain: domainName, domainOwner: domainOwner, repository: name,"
                    ' "@domain": domainName, "@repository": name}'
                ),
            ),
            arn="codeartifact:{region}:{account}:repository/{}/{}",
        ),
    ),
)
