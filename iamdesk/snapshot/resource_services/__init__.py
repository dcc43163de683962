"""The services with resource policies, one module each. A new module is found by itself (`all_services`)."""

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from iamdesk.snapshot.resource_service import Command, ResourceService

# Findings and reviews keep the commands that capture what is missing, in this order. Modules that are not named here
# come last, by name.
_ORDER = (
    *("s3", "s3tables", "kms", "sqs", "sns", "lambda_functions", "secretsmanager", "ecr", "dynamodb", "eventbridge"),
    *("glacier", "efs", "opensearch", "apigateway", "backup", "glue", "codeartifact", "kinesis", "acm_pca"),
    "mediastore",
)


@cache
def all_services() -> tuple[ResourceService, ...]:
    """Return the declaration of every module of this folder."""
    found = [module.name for module in iter_modules(__path__)]
    found.sort(key=lambda name: (_ORDER.index(name) if name in _ORDER else len(_ORDER), name))
    services: list[ResourceService] = [import_module(f"{__name__}.{name}").SERVICE for name in found]
    return tuple(services)


def all_commands() -> Iterator[Command]:
    """Yield the commands of every service."""
    for service in all_services():
        yield from service.commands


@cache
def _deciding() -> dict[str, str]:
    return {service.prefix: service.decides for service in all_services() if service.decides}


def deciding_service(arn: str) -> str:
    """Return the service whose actions the policy of a resource decides: mostly that of its ARN."""
    prefix = arn.split(":", 3)[2]
    return _deciding().get(prefix, prefix)


@cache
def policy_commands(prefix: str) -> tuple[Command, ...]:
    """Return the commands that print policies of resources whose ARNs have a prefix (``es``)."""
    return tuple(command for command in all_commands() if command.arn.partition(":")[0] == prefix)
