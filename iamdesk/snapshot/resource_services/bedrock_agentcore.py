"""Amazon Bedrock AgentCore: code interpreters, browsers and agent runtimes with their roles."""

from iamdesk.snapshot.resource_service import Collect, Command, ResourceService, RunsWith, each_of, runs_command
from iamdesk.snapshot.workloads import RoleUsage, WorkloadKind

_CLI = "bedrock-agentcore-control"


def _resources(
    kind: WorkloadKind, listing: str, records: str, describe: str, prefix: str, role: str
) -> tuple[Command, Command]:
    """Return the commands that list and describe one kind of resources."""
    identifier, arn = f"{prefix}Id", f"{prefix}Arn"
    return (
        runs_command(_CLI, listing, {records: {identifier: str}}, Collect()),
        runs_command(
            _CLI,
            describe,
            {arn: str, "status?": str, f"{role}?": str},
            each_of(listing, records, {identifier: identifier}, {"id": identifier}),
            RunsWith(kind, "@", f"{{{arn}}}", ((role, RoleUsage.RUNS),), state="status"),
            arguments=("id",),
            options=f"--{describe.removeprefix('get-')}-id ID",
        ),
    )


SERVICE = ResourceService(
    prefix="bedrock-agentcore",
    title="Bedrock AgentCore",
    commands=(
        *_resources(
            WorkloadKind.CODE_INTERPRETER,
            "list-code-interpreters",
            "codeInterpreterSummaries[]",
            "get-code-interpreter",
            "codeInterpreter",
            "executionRoleArn",
        ),
        *_resources(
            WorkloadKind.AGENT_BROWSER,
            "list-browsers",
            "browserSummaries[]",
            "get-browser",
            "browser",
            "executionRoleArn",
        ),
        # Without --query it prints environment variables, where secrets lie.
        *_resources(
            WorkloadKind.AGENT_RUNTIME,
            "list-agent-runtimes",
            "agentRuntimes[]",
            "get-agent-runtime",
            "agentRuntime",
            "roleArn",
        ),
    ),
)
