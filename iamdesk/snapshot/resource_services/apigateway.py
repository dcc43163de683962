"""Amazon API Gateway: policies of REST APIs, and how methods of REST APIs and routes of other APIs authorize callers.

HTTP and WebSocket APIs have no resource policies (Amazon API Gateway Developer Guide, "Choose between REST APIs
and HTTP APIs").
"""

import json
from typing import Annotated, Any, override

from pydantic import BeforeValidator

from iamdesk.snapshot.aws_model import AwsCamelModel, AwsModel
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


class ApiMethod(AwsCamelModel):
    """A method of a resource."""

    http_method: str
    authorization_type: str = ""
    """``NONE``, ``AWS_IAM``, ``CUSTOM`` (a Lambda authorizer) or ``COGNITO_USER_POOLS``."""


def _listed(methods: Any) -> Any:
    """Return methods as a list: without ``--query``, API Gateway prints them by verb."""
    if not isinstance(methods, dict):
        return methods
    return [{"httpMethod": verb, **one} if isinstance(one, dict) else one for verb, one in methods.items()]


class ApiResource(AwsCamelModel):
    """A path of a REST API."""

    path: str
    resource_methods: Annotated[tuple[ApiMethod, ...] | None, BeforeValidator(_listed)] = None


class GetResources(AwsCamelModel):
    """``apigateway get-resources``."""

    items: tuple[ApiResource, ...] | None = None


class RoutedApi(AwsModel):
    """An HTTP or WebSocket API."""

    api_id: str
    tags: dict[str, str] | None = None


class GetApis(AwsModel):
    """``apigatewayv2 get-apis``: HTTP and WebSocket APIs."""

    items: tuple[RoutedApi, ...] = ()


class ApiRoute(AwsModel):
    """A route of an HTTP or WebSocket API."""

    route_key: str
    """``GET /orders``, ``$default`` or, of a WebSocket API, ``$connect``, which alone authorizes callers."""
    authorization_type: str | None = None
    """``NONE``, ``AWS_IAM``, ``CUSTOM`` (a Lambda authorizer) or ``JWT``."""


class GetRoutes(AwsModel):
    """``apigatewayv2 get-routes``."""

    items: tuple[ApiRoute, ...] | None = None


# Without --query it prints request parameters.
_ROUTES = "'{Items: Items[].{RouteKey: RouteKey, AuthorizationType: AuthorizationType}}'"
# Without --query it prints integrations, where secrets may lie.
_METHODS = (
    "'{items: items[].{path: path, resourceMethods: values(not_null(resourceMethods, `{}`))"
    "[].{httpMethod: httpMethod, authorizationType: authorizationType}}}'"
)

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
        Command(
            regional(
                "apigateway",
                "get-resources",
                ("rest-api-id",),
                f"--rest-api-id REST-API-ID --embed methods --query {_METHODS}",
            ),
            GetResources,
            Collect(
                after="get-rest-apis",
                each='items[].{restApiId: id, "@rest-api-id": id}',
                parameters={"embed": ("methods",)},
                actions=("apigateway:GET",),
                resources=("arn:*:apigateway:*::/restapis/??????????/resources",),
            ),
        ),
        Command(
            regional("apigatewayv2", "get-apis", lists=True),
            GetApis,
            Collect(actions=("apigateway:GET",), resources=("arn:*:apigateway:*::/apis",)),
        ),
        Command(
            regional("apigatewayv2", "get-routes", ("api-id",), f"--api-id API-ID --query {_ROUTES}"),
            GetRoutes,
            Collect(
                after="get-apis",
                each='Items[].{ApiId: ApiId, "@api-id": ApiId}',
                actions=("apigateway:GET",),
                resources=("arn:*:apigateway:*::/apis/??????????/routes",),
            ),
        ),
    ),
)
