"""What runs with a role, and the roles that a resource uses, as rows to show."""

from collections.abc import Mapping
from typing import NamedTuple

from iamdesk.i18n import join_messages, join_names, mark, phrase
from iamdesk.inventory.workload_index import RoleUse, WorkloadIndex
from iamdesk.snapshot.workloads import RoleUsage, WorkloadKind

_MAX_NAMED = 5

KIND_TITLES: Mapping[WorkloadKind, str] = {
    WorkloadKind.LAMBDA_FUNCTION: mark("Lambda functions"),
    WorkloadKind.EC2_INSTANCE: mark("EC2 instances"),
    WorkloadKind.MANAGED_NODE: mark("managed nodes of Systems Manager"),
    WorkloadKind.LAUNCH_TEMPLATE: mark("launch templates"),
    WorkloadKind.LAUNCH_CONFIGURATION: mark("launch configurations"),
    WorkloadKind.ECS_CLUSTER: mark("ECS clusters"),
    WorkloadKind.ECS_SERVICE: mark("ECS services"),
    WorkloadKind.ECS_TASK: mark("ECS tasks"),
    WorkloadKind.TASK_DEFINITION: mark("ECS task definitions"),
    WorkloadKind.BUILD_PROJECT: mark("CodeBuild projects"),
    WorkloadKind.GLUE_JOB: mark("Glue jobs"),
    WorkloadKind.GLUE_CRAWLER: mark("Glue crawlers"),
    WorkloadKind.GLUE_DEV_ENDPOINT: mark("Glue development endpoints"),
    WorkloadKind.NOTEBOOK_INSTANCE: mark("SageMaker notebook instances"),
    WorkloadKind.SAGEMAKER_DOMAIN: mark("SageMaker domains"),
    WorkloadKind.SAGEMAKER_USER_PROFILE: mark("SageMaker user profiles"),
    WorkloadKind.EKS_CLUSTER: mark("EKS clusters"),
    WorkloadKind.NODE_GROUP: mark("EKS node groups"),
    WorkloadKind.ACCESS_ENTRY: mark("EKS access entries"),
    WorkloadKind.POD_IDENTITY: mark("EKS pod identity associations"),
    WorkloadKind.STATE_MACHINE: mark("Step Functions state machines"),
    WorkloadKind.EVENT_RULE: mark("EventBridge rules"),
    WorkloadKind.PIPE: mark("EventBridge pipes"),
    WorkloadKind.SCHEDULE: mark("EventBridge schedules"),
    WorkloadKind.IDENTITY_POOL: mark("Cognito identity pools"),
    WorkloadKind.ANYWHERE_PROFILE: mark("Roles Anywhere profiles"),
    WorkloadKind.TRUST_ANCHOR: mark("Roles Anywhere trust anchors"),
    WorkloadKind.APP_RUNNER_SERVICE: mark("App Runner services"),
    WorkloadKind.JOB_DEFINITION: mark("Batch job definitions"),
    WorkloadKind.JOB_QUEUE: mark("Batch job queues"),
    WorkloadKind.STACK: mark("CloudFormation stacks"),
    WorkloadKind.CODE_INTERPRETER: mark("AgentCore code interpreters"),
    WorkloadKind.AGENT_RUNTIME: mark("AgentCore runtimes"),
    WorkloadKind.AGENT_BROWSER: mark("AgentCore browsers"),
    WorkloadKind.GRANTS_LOCATION: mark("S3 Access Grants locations"),
    WorkloadKind.ACCESS_GRANT: mark("S3 access grants"),
    WorkloadKind.LOG_DESTINATION: mark("CloudWatch Logs destinations"),
}
_USAGES: Mapping[RoleUsage, str] = {
    RoleUsage.RUNS: mark("its code or commands have the role's credentials"),
    RoleUsage.INSTANCE_PROFILE: mark("through its instance profile"),
    RoleUsage.PREPARES: mark("the service starts it with the role"),
    RoleUsage.DELIVERS: mark("the service calls its target with the role"),
    RoleUsage.HANDS_OUT: mark("it hands out the role's credentials"),
    RoleUsage.MAPS: mark("the principal has access through it"),
}


class WorkloadRow(NamedTuple):
    """The resources of one kind that use a role in the same way."""

    kind: WorkloadKind
    usage: RoleUsage
    title: str
    """Plural name of the kind, translatable: ``Lambda functions``."""
    how: str
    """What the role is used for, translatable."""
    resources: tuple[tuple[str, str], ...]
    """(ARN, name with Region) of each, by ARN."""


def runs_with_rows(index: WorkloadIndex, role_arn: str) -> tuple[WorkloadRow, ...]:
    """Return what uses a role, one row for each kind of resource and use, in the order of `WorkloadKind`."""
    found: dict[tuple[WorkloadKind, RoleUsage], dict[str, str]] = {}
    for use in index.runs_with(role_arn):
        found.setdefault((use.workload.kind, use.usage), {})[use.workload.arn] = _name(use)
    order = list(WorkloadKind)
    return tuple(
        WorkloadRow(kind, usage, phrase(KIND_TITLES[kind]), phrase(_USAGES[usage]), tuple(resources.items()))
        for (kind, usage), resources in sorted(found.items(), key=lambda one: order.index(one[0][0]))
    )


def _name(use: RoleUse) -> str:
    """Return a resource's name with its Region and what else is shown: ``orders (eu-west-1)``."""
    name = f"{workload_name(use.workload.arn)} ({use.workload.region})"
    return f"{name}: {use.workload.detail}" if use.workload.detail else name


def workload_name(arn: str) -> str:
    """Return the name in the ARN of a workload, without what comes before it."""
    resource = (arn.split(":", 5)[5:] or [arn])[0]
    kind, between, name = resource.partition("/" if "/" in resource.partition(":")[0] else ":")
    if between:
        return name
    return kind.partition("/")[2] or kind


def runs_with_facts(index: WorkloadIndex, account_id: str, role_arn: str) -> list[tuple[str, str]]:
    """Return the fact of a role's page that says what runs with it, as (label, text)."""
    rows = runs_with_rows(index, role_arn)
    parts = [
        phrase(
            "{kind} ({count:,}): {names}",
            count=len(row.resources),
            kind=row.title,
            names=join_names([name for _, name in row.resources], _MAX_NAMED),
        )
        for row in rows
    ]
    if parts:
        return [(mark("Runs with"), join_messages("; ", parts))]
    known = index.of_account(account_id)
    if all(map(known.is_complete, WorkloadKind)):
        return [(mark("Runs with"), phrase("nothing"))]
    if any(map(known.is_listed, WorkloadKind)):
        return [(mark("Runs with"), phrase("nothing that was captured"))]
    return [(mark("Runs with"), phrase("not captured"))]


def used_by_facts(index: WorkloadIndex, resource_arn: str) -> list[tuple[str, str]]:
    """Return the roles that a resource uses, as (label, text); nothing if it uses none."""
    return [
        (
            mark("Principal with access") if use.usage is RoleUsage.MAPS else mark("Role"),
            phrase("{role}: {how}", role=use.role, how=phrase(_USAGES[use.usage]))
            + (f" ({use.workload.detail})" if use.workload.detail else ""),
        )
        for use in index.used_by(resource_arn)
    ]
