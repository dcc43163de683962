"""Amazon SNS: policies of topics."""

from typing import Any, override

from iamdesk.i18n import mark
from iamdesk.snapshot.aws_model import AwsModel, PolicyDocument
from iamdesk.snapshot.models.resource_outputs import HasResourceList, HasResourcePolicy
from iamdesk.snapshot.resource_service import Collect, Command, ResourceService, regional


class ListedTopic(AwsModel):
    """One of them."""

    topic_arn: str


class ListTopics(HasResourceList):
    """``sns list-topics``."""

    topics: tuple[ListedTopic, ...]

    @property
    @override
    def listed(self) -> tuple[str, ...]:
        return tuple(one.topic_arn for one in self.topics)


class TopicAttributes(AwsModel):
    """The attributes of a topic that are of interest here."""

    topic_arn: str | None = None
    policy: PolicyDocument = None
    kms_master_key_id: str | None = None


class GetTopicAttributes(HasResourcePolicy):
    """``sns get-topic-attributes``."""

    attributes: TopicAttributes

    @property
    @override
    def document(self) -> Any:
        return self.attributes.policy or None

    @property
    @override
    def resource_arn(self) -> str | None:
        return self.attributes.topic_arn


SERVICE = ResourceService(
    prefix="sns",
    title="SNS",
    policy_title=mark("topic policy"),
    commands=(
        Command(
            regional("sns", "list-topics", lists=True),
            ListTopics,
            Collect(),
            loose_keys="Topics",
        ),
        Command(
            regional("sns", "get-topic-attributes", ("topic",), "--topic-arn TOPIC-ARN"),
            GetTopicAttributes,
            Collect(after="list-topics", each='Topics[].{TopicArn: TopicArn, "@topic": after_last(TopicArn)}'),
            arn="sns:{region}:{account}:{}",
            put_policy="sns set-topic-attributes --topic-arn {arn} --attribute-name Policy --attribute-value {policy}",
        ),
    ),
)
