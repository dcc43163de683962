"""``iamdesk validate-policy``: validate one policy document, and list its issues with their positions."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from iamdesk.api import Workbench
from iamdesk.cli.errors import fail
from iamdesk.cli.output import echo_bytes, version
from iamdesk.export.policy_issues import as_json, as_sarif, as_text
from iamdesk.policy_validation.issue import PolicyTextError
from iamdesk.policy_validation.policy_view import PolicyKind

_STANDARD_INPUT = Path("-")


class IssueFormat(StrEnum):
    """Output format of the issues of a policy."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"


def validate_policy(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Policy document as JSON; - for standard input.", show_default=False)
    ],
    kind: Annotated[
        PolicyKind,
        typer.Option("--type", help="Policy type of the document.", show_default=False, case_sensitive=False),
    ],
    resource_type: Annotated[
        str,
        typer.Option(
            metavar="SERVICE",
            help="Service prefix of the resource that a resource policy is attached to, for example s3 or kms.",
        ),
    ] = "",
    output_format: Annotated[IssueFormat, typer.Option("--format", help="Output format.")] = IssueFormat.TEXT,
) -> None:
    """Validate a policy document as AWS's policy checks do.

    Exit status: 0 no issues; 1 issues; 2 the file cannot be read or is not a JSON object.
    """
    if resource_type and kind is not PolicyKind.RESOURCE:
        fail("--resource-type applies to --type resource only")
    service = resource_type.lower()
    if service and not Workbench.is_service(service):
        fail(f"{resource_type}: AWS has no service with this prefix")
    name = "standard input" if file == _STANDARD_INPUT else str(file)
    content = sys.stdin.buffer.read() if file == _STANDARD_INPUT else file.read_bytes()
    try:
        issues = Workbench.validate_policy(content, kind, service)
    except PolicyTextError as error:
        fail(f"{name}: {error}")
    match output_format:
        case IssueFormat.JSON:
            echo_bytes(as_json(issues, name, kind, service))
        case IssueFormat.SARIF:
            echo_bytes(as_sarif(issues, name, kind, service, version()))
        case IssueFormat.TEXT:
            echo_bytes(as_text(issues, name))
    if issues:
        raise typer.Exit(1)
