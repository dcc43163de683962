"""Amazon SQS: policies of queues."""

from typing import Any, override

from iamdesk.i18n import mark
from iamdesk.snapshot.aws_model import AwsModel, PolicyDocument
from iamdesk.snapshot.models.resource_outputs import HasResourceList, HasResourcePolicy
from iamdesk.snapshot.resource_service import Collect, Command, ResourceService, regional


class ListQueues(HasResourceList):
    """``sqs list-queues``; nothing at all where there is none."""

    queue_urls: tuple[str, ...] = ()

    @property
    @override
    def listed(self) -> tuple[str, ...]:
        return tuple(url.rpartition("/")[2] for url in self.queue_urls)


class QueueAttributes(AwsModel):
    """The attributes of a queue that are of interest here."""

    queue_arn: str | None = None
    policy: PolicyDocument = None
    kms_master_key_id: str | None = None


class GetQueueAttributes(HasResourcePolicy):
    """``sqs get-queue-attributes``."""

    attributes: QueueAttributes = QueueAttributes()

    @property
    @override
    def document(self) -> Any:
        return self.attributes.policy or None

    @property
    @override
    def resource_arn(self) -> str | None:
        return self.attributes.queue_arn


SERVICE = ResourceService(
    prefix="sqs",
    title="SQS",
    policy_title=mark("queue policy"),
    commands=(
        Command(
            regional("sqs", "list-queues", lists=True),
            ListQueues,
            Collect(),
            lists_names_for="get-queue-attributes",
        ),
        Command(
            regional("sqs", "get-queue-attributes", ("queue",), "--queue-url QUEUE-URL --attribute-names All"),
            GetQueueAttributes,
            Collect(
                after="list-queues",
                each='QueueUrls[].{QueueUrl: @, "@queue": after_last(@)}',
                parameters={"AttributeNames": ("All",)},
            ),
            arn="sqs:{region}:{account}:{}",
            loose_keys="Attributes",
        ),
    ),
)
