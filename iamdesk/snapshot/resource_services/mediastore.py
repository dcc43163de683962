"""AWS Elemental MediaStore: policies of containers. AWS has ended the service."""

from typing import Annotated, override

from pydantic import Field

from iamdesk.snapshot.aws_model import AwsModel
from iamdesk.snapshot.models.resource_outputs import HasResourceList, PolicyOutput
from iamdesk.snapshot.resource_service import Command, ResourceService, regional


class ListedContainer(AwsModel):
    """One of them."""

    arn: Annotated[str, Field(alias="ARN")]


class ListContainers(HasResourceList):
    """``mediastore list-containers``."""

    containers: tuple[ListedContainer, ...]

    @property
    @override
    def listed(self) -> tuple[str, ...]:
        return tuple(one.arn for one in self.containers)


SERVICE = ResourceService(
    prefix="mediastore",
    title="MediaStore",
    has_parts=True,
    is_retired=True,
    commands=(
        Command(
            regional("mediastore", "list-containers", lists=True),
            ListContainers,
        ),
        Command(
            regional(
                "mediastore",
                "get-container-policy",
                ("container",),
                "--container-name CONTAINER",
                ("PolicyNotFoundException",),
            ),
            PolicyOutput,
            arn="mediastore:{region}:{account}:container/{}",
        ),
    ),
)
