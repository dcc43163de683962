"""Amazon EventBridge: policies of event buses."""

from typing import override

from iamdesk.i18n import mark
from iamdesk.snapshot.aws_model import AwsModel
from iamdesk.snapshot.models.resource_outputs import HasResourceList, PolicyOutput
from iamdesk.snapshot.resource_service import Collect, Command, ResourceService, regional


class ListedEventBus(AwsModel):
    """One of them."""

    arn: str


class ListEventBuses(HasResourceList):
    """``events list-event-buses``."""

    event_buses: tuple[ListedEventBus, ...]

    @property
    @override
    def listed(self) -> tuple[str, ...]:
        return tuple(one.arn for one in self.event_buses)


class DescribeEventBus(PolicyOutput):
    """``events describe-event-bus``."""

    arn: str | None = None

    @property
    @override
    def resource_arn(self) -> str | None:
        return self.arn


SERVICE = ResourceService(
    prefix="events",
    title="EventBridge",
    policy_title=mark("event bus policy"),
    commands=(
        Command(
            regional("events", "list-event-buses", lists=True),
            ListEventBuses,
            Collect(),
            loose_keys="EventBuses",
        ),
        Command(
            regional("events", "describe-event-bus", ("event-bus",), "--name EVENT-BUS"),
            DescribeEventBus,
            Collect(after="list-event-buses", each='EventBuses[].{Name: Name, "@event-bus": Name}'),
            arn="events:{region}:{account}:event-bus/{}",
            loose_keys="Arn Name",
        ),
    ),
)
