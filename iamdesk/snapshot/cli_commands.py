"""The commands of the AWS CLI whose output a bundle may hold: every one that is declared.

They are declared in `commands`, those of services with resource policies or workloads in `resource_services`.
"""

from collections.abc import Mapping

from iamdesk.snapshot.commands import all_resources, iam, identity_center, organizations
from iamdesk.snapshot.layout import Call
from iamdesk.snapshot.resource_service import Command
from iamdesk.snapshot.resource_services import all_commands

COMMANDS: Mapping[tuple[str, str], Command] = {
    command.key: command
    for command in (
        *iam.COMMANDS,
        *organizations.COMMANDS,
        *all_commands(),
        *all_resources.COMMANDS,
        *identity_center.COMMANDS,
    )
}
"""By service and command; those of whose output other calls are made come first."""
CALLS: Mapping[tuple[str, str], Call] = {key: command.call for key, command in COMMANDS.items()}
"""How each is typed, and where its output is."""
