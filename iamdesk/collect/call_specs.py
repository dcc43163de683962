"""All calls that ``iamdesk collect`` makes: those of every command that is declared with a way to collect it.

All calls are read-only (`policy.py` makes an IAM policy of them; a test checks that each has the access level List or
Read), and none returns secrets: no secret values, objects, parameter values, code or environment of functions, user
data.
Source of operations and members: the API references of the services, as in botocore's service models.
"""

from collections.abc import Iterator

from iamdesk.collect.call_spec import DependsOn, Step
from iamdesk.snapshot.cli_commands import COMMANDS
from iamdesk.snapshot.layout import Call
from iamdesk.snapshot.resource_service import Collect, Command
from iamdesk.snapshot.resource_services import all_services

_BOTO3_NAMES = {"s3api": "s3", "s3express": "s3"}
_IAM_PREFIXES = {"accessanalyzer": "access-analyzer", "sso-admin": "sso"} | {
    command.call.service: service.prefix for service in all_services() for command in service.commands
}
_ONCE = {"organizations", "sso-admin", "identitystore"}
"""Services that are asked in the caller's account alone."""


def _steps(command: Command) -> Iterator[Step]:
    collect = command.collect
    if collect is None:
        return
    call = command.call
    after = tuple(_depends_on(call, one) for one in (collect, *collect.also) if one.after)
    for parameters in (collect.parameters, *(one.parameters for one in collect.also if not one.after)):
        yield Step(
            call,
            _BOTO3_NAMES.get(call.service, call.service),
            parameters,
            after,
            tuple(map(str, parameters.values())) if call.arguments and not after else (),
            collect.actions or (_action(_IAM_PREFIXES.get(call.service, call.service), call.command),),
            call.service in _ONCE,
            collect.fetch_mode,
            collect.page_size,
            collect.resources,
        )


def _depends_on(call: Call, collect: Collect) -> DependsOn:
    name = collect.after if " " in collect.after else f"{call.service} {collect.after}"
    return DependsOn(name, collect.each, collect.keep)


def _action(prefix: str, command: str) -> str:
    """Return the IAM action with the name of a command."""
    return f"{prefix}:{''.join(word.title() for word in command.split('-'))}"


STEPS: tuple[Step, ...] = tuple(step for command in COMMANDS.values() for step in _steps(command))
"""All calls; those that others depend on come first."""


def _row(name: str) -> Step:
    return next(step for step in STEPS if step.name == name)


AUTHORIZATION_DETAILS = _row("iam get-account-authorization-details")
"""The call that is recorded as failed if the role of an account cannot be assumed."""

ACCOUNTS = _row("organizations list-accounts")
"""The call that lists the accounts of the organization."""
