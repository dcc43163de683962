"""Amazon API Gateway: policies of REST APIs."""

import json
from typing import Annotated, Any, override

from pydantic import BeforeValidator

from iamdesk.snapshot.aws_model import AwsCamelModel
from iamdesk.snapshot.models.resource_outputs import HasResourceList, HasResourcePolicy
from iamdesk.snapshot.policy_decoding import decode_document
from iamdesk.snapshot.resource_service import Collect, Command, ResourceService, regional


def _unescaped(value: Any) -> Any:
    """Return API Gateway's policy as a document: it prints the JSON text with its quotes escaped once more."""
    if isinstance(value, str) and value.lstrip().startswith('{\\"'):
        try:
            value = json.loads(f'"{value}"')
        except ValueError:
            return value
    return decode_document(value)


type _EscapedPolicy = Annotated[Any, BeforeValidator(_unescaped)]


class RestApi(HasResourcePolicy, AwsCamelModel):
    """``apigateway get-rest-api``; one of ``get-rest-apis``."""

    id: str
    name: str = ""
    policy: _EscapedPolicy = None
    tags: dict[str, str] | None = None

    @property
    @override
    def document(self) -> Any:
        return self.policy or None


class GetRestApis(HasResourceList, AwsCamelModel):
    """``apigateway get-rest-apis``: with their policies."""

    items: tuple[RestApi, ...] = ()

    @property
    @override
    def listed(self) -> tuple[str, ...]:
        return tuple(api.id for api in self.items)


SERVICE = ResourceService(
    # The policy of a REST API decides its invocation, and `execute-api` is the service that is invoked.
    prefix="execute-api",
    other_prefixes=("apigateway",),
    title="API Gateway",
    has_parts=True,
    commands=(
        Command(
            regional("apigateway", "get-rest-apis", lists=True),
            GetRestApis,
            Collect(actions=("apigateway:GET",), resources=("arn:*:apigateway:*::/restapis",)),
            lists_names_for="get-rest-api",
        ),
        Command(
            regional("apigateway", "get-rest-api", ("rest-api-id",), "--rest-api-id REST-API-ID"),
            RestApi,
            Collect(
                after="get-rest-apis",
                each='items[].{restApiId: id, "@rest-api-id": id}',
                actions=("apigateway:GET",),
                # The id of an API alone: below it are stages with their variables, which may hold secrets.
                resources=("arn:*:apigateway:*::/restapis/??????????",),
            ),
            arn="execute-api:{region}:{account}:{}",
        ),
    ),
)
