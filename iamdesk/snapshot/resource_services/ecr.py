"""Amazon ECR: policies of repositories."""

from typing import Any, override

from iamdesk.i18n import mark
from iamdesk.snapshot.aws_model import AwsCamelModel, PolicyDocument
from iamdesk.snapshot.models.resource_outputs import HasResourceList, HasResourcePolicy
from iamdesk.snapshot.resource_service import Collect, Command, ResourceService, regional


class ListedRepository(AwsCamelModel):
    """One of them."""

    repository_arn: str


class DescribeRepositories(HasResourceList, AwsCamelModel):
    """``ecr describe-repositories``."""

    repositories: tuple[ListedRepository, ...]

    @property
    @override
    def listed(self) -> tuple[str, ...]:
        return tuple(one.repository_arn for one in self.repositories)


class GetRepositoryPolicy(HasResourcePolicy, AwsCamelModel):
    """``ecr get-repository-policy``."""

    registry_id: str = ""
    repository_name: str = ""
    policy_text: PolicyDocument = None

    @property
    @override
    def document(self) -> Any:
        return self.policy_text or None


SERVICE = ResourceService(
    prefix="ecr",
    title="ECR",
    policy_title=mark("repository policy"),
    commands=(
        Command(regional("ecr", "describe-repositories", lists=True), DescribeRepositories, Collect()),
        Command(
            regional(
                "ecr",
                "get-repository-policy",
                ("repository",),
                "--repository-name REPOSITORY",
                ("RepositoryPolicyNotFoundException",),
            ),
            GetRepositoryPolicy,
            Collect(
                after="describe-repositories",
                each='repositories[].{repositoryName: repositoryName, "@repository": repositoryName}',
            ),
            arn="ecr:{region}:{account}:repository/{}",
        ),
    ),
)
