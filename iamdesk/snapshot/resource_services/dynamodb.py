"""Amazon DynamoDB: policies of tables."""

from typing import override

from iamdesk.snapshot.models.resource_outputs import HasResourceList, PolicyOutput
from iamdesk.snapshot.resource_service import Collect, Command, ResourceService, regional


class ListTables(HasResourceList):
    """``dynamodb list-tables``."""

    table_names: tuple[str, ...]

    @property
    @override
    def listed(self) -> tuple[str, ...]:
        return self.table_names


SERVICE = ResourceService(
    prefix="dynamodb",
    title="DynamoDB",
    has_parts=True,
    commands=(
        Command(
            regional("dynamodb", "list-tables", lists=True),
            ListTables,
            Collect(),
            lists_names_for="get-resource-policy",
        ),
        Command(
            regional(
                "dynamodb", "get-resource-policy", ("table",), "--resource-arn TABLE-ARN", ("PolicyNotFoundException",)
            ),
            PolicyOutput,
            Collect(
                after="list-tables",
                each='TableNames[].{"@table": @}',
                parameters={"ResourceArn": "arn:{partition}:dynamodb:{region}:{account}:table/{table}"},
            ),
            arn="dynamodb:{region}:{account}:table/{}",
        ),
    ),
)
