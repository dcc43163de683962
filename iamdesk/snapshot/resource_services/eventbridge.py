"""Amazon EventBridge: policies of event buses; rules with the roles of their targets."""

from typing import override

from iamdesk.i18n import mark
from iamdesk.snapshot.aws_model import AwsModel
from iamdesk.snapshot.models.resource_outputs import HasResourceList, PolicyOutput
from iamdesk.snapshot.resource_service import (
    Collect,
    Command,
    ResourceService,
    RunsWith,
    each_of,
    regional,
    runs_command,
)
from iamdesk.snapshot.workloads import RoleUsage, WorkloadKind


class ListedEventBus(AwsModel):
    """One of them."""

    arn: str
    name: str | None = None


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
        runs_command(
            "events",
            "list-rules",
            {"Rules[]": {"Arn": str, "Name": str, "State?": str, "RoleArn?": str}},
            each_of("list-event-buses", "EventBuses[]", {"EventBusName": "Name"}, {"event-bus": "Name"}),
            RunsWith(WorkloadKind.EVENT_RULE, "Rules[]", "{Arn}", (("RoleArn", RoleUsage.DELIVERS),), state="State"),
            arguments=("event-bus",),
            options="--event-bus-name EVENT-BUS",
        ),
        # Without --query it prints the input of targets, where secrets may lie.
        runs_command(
            "events",
            "list-targets-by-rule",
            {"Targets[]": {"Id": str, "Arn": str, "RoleArn?": str}},
            each_of("list-rules", "Rules[]", {"Rule": "Name"}, {"rule": "Name"}, keep=("EventBusName", "@event-bus")),
            RunsWith(
                WorkloadKind.EVENT_RULE,
                "Targets[]",
                "arn:{partition}:events:{region}:{account}:rule/{event-bus}/{rule}",
                (("RoleArn", RoleUsage.DELIVERS),),
            ),
            arguments=("event-bus", "rule"),
            options="--event-bus-name EVENT-BUS --rule RULE",
        ),
    ),
)
