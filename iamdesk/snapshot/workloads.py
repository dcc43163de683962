"""What runs with which role: functions, instances, tasks, projects and the like, as AWS lists them."""

from enum import StrEnum
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict


class WorkloadKind(StrEnum):
    """Kinds of resources that AWS runs with a role."""

    LAMBDA_FUNCTION = "lambda-function"
    EC2_INSTANCE = "ec2-instance"
    MANAGED_NODE = "managed-node"
    """An instance that Systems Manager manages. Its ARN is that of the EC2 instance, if it is one."""
    LAUNCH_TEMPLATE = "launch-template"
    LAUNCH_CONFIGURATION = "launch-configuration"
    ECS_CLUSTER = "ecs-cluster"
    ECS_SERVICE = "ecs-service"
    ECS_TASK = "ecs-task"
    TASK_DEFINITION = "task-definition"
    BUILD_PROJECT = "build-project"
    GLUE_JOB = "glue-job"
    GLUE_CRAWLER = "glue-crawler"
    GLUE_DEV_ENDPOINT = "glue-dev-endpoint"
    NOTEBOOK_INSTANCE = "notebook-instance"
    SAGEMAKER_DOMAIN = "sagemaker-domain"
    SAGEMAKER_USER_PROFILE = "sagemaker-user-profile"
    EKS_CLUSTER = "eks-cluster"
    NODE_GROUP = "node-group"
    ACCESS_ENTRY = "access-entry"
    """A principal that may call the Kubernetes API of an EKS cluster."""
    POD_IDENTITY = "pod-identity"
    STATE_MACHINE = "state-machine"
    EVENT_RULE = "event-rule"
    PIPE = "pipe"
    SCHEDULE = "schedule"
    IDENTITY_POOL = "identity-pool"
    ANYWHERE_PROFILE = "roles-anywhere-profile"
    TRUST_ANCHOR = "trust-anchor"
    APP_RUNNER_SERVICE = "app-runner-service"
    JOB_DEFINITION = "job-definition"
    JOB_QUEUE = "job-queue"
    STACK = "stack"
    CODE_INTERPRETER = "code-interpreter"
    AGENT_RUNTIME = "agent-runtime"
    AGENT_BROWSER = "agent-browser"
    GRANTS_LOCATION = "access-grants-location"
    ACCESS_GRANT = "access-grant"
    """What a principal may read or write through S3 Access Grants."""
    LOG_DESTINATION = "log-destination"


class RoleUsage(StrEnum):
    """What a resource uses a role for."""

    RUNS = "runs"
    """Its code, commands or steps have the credentials of the role."""
    INSTANCE_PROFILE = "instance-profile"
    """The same; the role is that of an instance profile, which is given by ARN or name."""
    PREPARES = "prepares"
    """The service starts or stores the resource with it (ECS execution role, EKS cluster role)."""
    DELIVERS = "delivers"
    """The service calls a target with it (EventBridge, Scheduler, Pipes)."""
    HANDS_OUT = "hands-out"
    """The service gives its credentials to callers (identity pools, Roles Anywhere, S3 Access Grants)."""
    MAPS = "maps"
    """The principal has permissions through the resource (EKS access entries, S3 access grants)."""


class WorkloadRole(NamedTuple):
    """A role of a resource."""

    name: str
    """As AWS prints it: a role's ARN or name; for `RoleUsage.INSTANCE_PROFILE` an instance profile's."""
    usage: RoleUsage


class Workload(BaseModel):
    """A resource that can run with a role."""

    model_config = ConfigDict(frozen=True)

    region: str
    kind: WorkloadKind
    arn: str
    roles: tuple[WorkloadRole, ...] = ()
    definition: str = ""
    """For ECS tasks and services: ARN of the task definition, whose roles it has unless it overrides them."""
    state: str = ""
    """As AWS prints it; empty if AWS prints none."""
    detail: str = ""
    """What else is shown of it: of an access grant, permission and S3 location."""
    takes_commands: bool | None = None
    """For ECS tasks and services: whether ECS Exec is on (``enableExecuteCommand``)."""


class WorkloadList(NamedTuple):
    """A complete list: of one kind of resources in one Region."""

    region: str
    kind: WorkloadKind


class AccountWorkloads(BaseModel):
    """The resources of one account that can run with a role."""

    model_config = ConfigDict(frozen=True)

    account_id: str
    workloads: tuple[Workload, ...] = ()
    """By kind and ARN."""
    complete: frozenset[WorkloadList] = frozenset()
    """What was listed completely."""
    enabled_regions: tuple[str, ...] | None = None
    """The Regions that are enabled in the account; None: not captured."""
