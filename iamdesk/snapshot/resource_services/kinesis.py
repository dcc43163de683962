"""Amazon Kinesis Data Streams: policies of streams."""

from typing import override

from iamdesk.snapshot.models.resource_outputs import HasResourceList, PolicyOutput
from iamdesk.snapshot.resource_service import Collect, Command, ResourceService, regional


class ListStreams(HasResourceList):
    """``kinesis list-streams``."""

    stream_names: tuple[str, ...]

    @property
    @override
    def listed(self) -> tuple[str, ...]:
        return self.stream_names


SERVICE = ResourceService(
    prefix="kinesis",
    title="Kinesis",
    commands=(
        Command(
            regional("kinesis", "list-streams", lists=True),
            ListStreams,
            Collect(),
            lists_names_for="get-resource-policy",
        ),
        Command(
            regional(
                "kinesis",
                "get-resource-policy",
                ("stream",),
                "--resource-arn STREAM-ARN",
                ("ResourceNotFoundException",),
            ),
            PolicyOutput,
            Collect(after="list-streams", each='StreamSummaries[].{ResourceARN: StreamARN, "@stream": StreamName}'),
            arn="kinesis:{region}:{account}:stream/{}",
        ),
    ),
)
