"""What runs with which role: outputs in the form of AWS's documentation, what is read of them, and complete lists."""

from pathlib import Path
from typing import Any

import pytest

from iamdesk.inventory.workload_index import WorkloadIndex
from iamdesk.snapshot.catalog import catalogue_of
from iamdesk.snapshot.layout import Kind
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.reader import load_snapshot
from iamdesk.snapshot.resource_services import all_commands
from iamdesk.snapshot.workloads import RoleUsage, WorkloadKind
from iamdesk.viewmodel.coverage import captured_data
from iamdesk.viewmodel.workload_rows import runs_with_facts, used_by_facts

from .bundles import ACCOUNT, HERE, REGION, as_folder, details

ROLE = f"arn:aws:iam::{ACCOUNT}:role/service-role/app"
PROFILE = f"arn:aws:iam::{ACCOUNT}:instance-profile/web"
OF = f"{REGION}:{ACCOUNT}"
IAM = f"accounts/{ACCOUNT}/iam/get-account-authorization-details.json"
REGIONS = f"accounts/{ACCOUNT}/ec2/describe-regions.json"
ROLES = [
    {
        "RoleName": "app",
        "Arn": ROLE,
        "InstanceProfileList": [{"Arn": PROFILE, "InstanceProfileName": "web", "Roles": []}],
    }
]

FILES: dict[WorkloadKind, tuple[dict[str, Any], str, RoleUsage | None]] = {
    # https://docs.aws.amazon.com/cli/latest/reference/lambda/list-functions.html
    WorkloadKind.LAMBDA_FUNCTION: (
        {
            "lambda/list-functions": {
                "Functions": [
                    {
                        "TracingConfig": {"Mode": "PassThrough"},
                        "Version": "$LATEST",
                        "FunctionName": "helloworld",
                        "FunctionArn": f"arn:aws:lambda:{OF}:function:helloworld",
                        "Role": ROLE,
                        "Runtime": "nodejs18.x",
                    }
                ]
            }
        },
        f"arn:aws:lambda:{OF}:function:helloworld",
        RoleUsage.RUNS,
    ),
    # https://docs.aws.amazon.com/cli/latest/reference/ec2/describe-instances.html
    WorkloadKind.EC2_INSTANCE: (
        {
            "ec2/describe-instances": {
                "Reservations": [
                    {
                        "Groups": [],
                        "Instances": [
                            {
                                "AmiLaunchIndex": 0,
                                "InstanceId": "i-1234567890abcdef0",
                                "State": {"Code": 16, "Name": "running"},
                                "IamInstanceProfile": {"Arn": PROFILE, "Id": "AIPAEXAMPLE"},
                            },
                            {"InstanceId": "i-0gone", "State": {"Name": "terminated"}},
                        ],
                        "OwnerId": ACCOUNT,
                    }
                ]
            }
        },
        f"arn:aws:ec2:{OF}:instance/i-1234567890abcdef0",
        RoleUsage.INSTANCE_PROFILE,
    ),
    WorkloadKind.MANAGED_NODE: (
        {
            "ssm/describe-instance-information": {
                "InstanceInformationList": [
                    {"InstanceId": "mi-08ab247cdfEXAMPLE", "PingStatus": "Online", "IamRole": "service-role/app"}
                ]
            }
        },
        f"arn:aws:ec2:{OF}:instance/mi-08ab247cdfEXAMPLE",
        RoleUsage.RUNS,
    ),
    # https://docs.aws.amazon.com/cli/latest/reference/ec2/describe-launch-template-versions.html
    WorkloadKind.LAUNCH_TEMPLATE: (
        {
            "ec2/describe-launch-template-versions": {
                "LaunchTemplateVersions": [
                    {
                        "LaunchTemplateId": "lt-068f72b729example",
                        "LaunchTemplateName": "Webserver",
                        "VersionNumber": 2,
                        "DefaultVersion": True,
                        "LaunchTemplateData": {"ImageId": "ami-1", "IamInstanceProfile": {"Name": "web"}},
                    }
                ]
            }
        },
        f"arn:aws:ec2:{OF}:launch-template/lt-068f72b729example",
        RoleUsage.INSTANCE_PROFILE,
    ),
    WorkloadKind.LAUNCH_CONFIGURATION: (
        {
            "autoscaling/describe-launch-configurations": {
                "LaunchConfigurations": [
                    {
                        "LaunchConfigurationName": "lc",
                        "LaunchConfigurationARN": f"arn:aws:autoscaling:{OF}:launchConfiguration:u:name/lc",
                        "IamInstanceProfile": "web",
                    }
                ]
            }
        },
        f"arn:aws:autoscaling:{OF}:launchConfiguration:u:name/lc",
        RoleUsage.INSTANCE_PROFILE,
    ),
    # https://docs.aws.amazon.com/cli/latest/reference/ecs/list-clusters.html
    WorkloadKind.ECS_CLUSTER: (
        {"ecs/list-clusters": {"clusterArns": [f"arn:aws:ecs:{OF}:cluster/prod"]}},
        f"arn:aws:ecs:{OF}:cluster/prod",
        None,
    ),
    WorkloadKind.ECS_SERVICE: (
        {
            "ecs/list-clusters": {"clusterArns": [f"arn:aws:ecs:{OF}:cluster/prod"]},
            "ecs/list-services/prod": {"serviceArns": [f"arn:aws:ecs:{OF}:service/prod/web"]},
            "ecs/describe-services/prod/web": {
                "services": [
                    {
                        "serviceArn": f"arn:aws:ecs:{OF}:service/prod/web",
                        "status": "ACTIVE",
                        "taskDefinition": f"arn:aws:ecs:{OF}:task-definition/web:7",
                        "enableExecuteCommand": False,
                    }
                ],
                "failures": [],
            },
            "ecs/describe-task-definition/web%3A7": {
                "taskDefinition": {
                    "taskDefinitionArn": f"arn:aws:ecs:{OF}:task-definition/web:7",
                    "containerDefinitions": [],
                    "taskRoleArn": ROLE,
                }
            },
        },
        f"arn:aws:ecs:{OF}:service/prod/web",
        RoleUsage.RUNS,
    ),
    WorkloadKind.ECS_TASK: (
        {
            "ecs/list-clusters": {"clusterArns": [f"arn:aws:ecs:{OF}:cluster/prod"]},
            "ecs/list-tasks/prod": {"taskArns": [f"arn:aws:ecs:{OF}:task/prod/1dc5c17a"]},
            "ecs/describe-tasks/prod/1dc5c17a": {
                "tasks": [
                    {
                        "taskArn": f"arn:aws:ecs:{OF}:task/prod/1dc5c17a",
                        "taskDefinitionArn": f"arn:aws:ecs:{OF}:task-definition/web:7",
                        "lastStatus": "RUNNING",
                        "enableExecuteCommand": True,
                        "overrides": {"containerOverrides": [], "taskRoleArn": ROLE},
                    }
                ]
            },
        },
        f"arn:aws:ecs:{OF}:task/prod/1dc5c17a",
        RoleUsage.RUNS,
    ),
    WorkloadKind.TASK_DEFINITION: (
        {
            "ecs/list-task-definition-families": {"families": ["web"]},
            "ecs/list-clusters": {"clusterArns": []},
            "ecs/describe-task-definition/web": {
                "taskDefinition": {
                    "taskDefinitionArn": f"arn:aws:ecs:{OF}:task-definition/web:8",
                    "family": "web",
                    "executionRoleArn": ROLE,
                    "status": "ACTIVE",
                }
            },
        },
        f"arn:aws:ecs:{OF}:task-definition/web:8",
        RoleUsage.PREPARES,
    ),
    # https://docs.aws.amazon.com/cli/latest/reference/codebuild/batch-get-projects.html
    WorkloadKind.BUILD_PROJECT: (
        {
            "codebuild/list-projects": {"projects": ["my-demo-project"]},
            "codebuild/batch-get-projects/my-demo-project": {
                "projectsNotFound": [],
                "projects": [
                    {
                        "serviceRole": ROLE,
                        "name": "my-demo-project",
                        "arn": f"arn:aws:codebuild:{OF}:project/my-demo-project",
                    }
                ],
            },
        },
        f"arn:aws:codebuild:{OF}:project/my-demo-project",
        RoleUsage.RUNS,
    ),
    WorkloadKind.GLUE_JOB: (
        {"glue/get-jobs": {"Jobs": [{"Name": "etl", "Role": "app", "Command": {"Name": "glueetl"}}]}},
        f"arn:aws:glue:{OF}:job/etl",
        RoleUsage.RUNS,
    ),
    WorkloadKind.GLUE_CRAWLER: (
        {"glue/get-crawlers": {"Crawlers": [{"Name": "raw", "Role": "service-role/app"}]}},
        f"arn:aws:glue:{OF}:crawler/raw",
        RoleUsage.RUNS,
    ),
    WorkloadKind.GLUE_DEV_ENDPOINT: (
        {"glue/get-dev-endpoints": {"DevEndpoints": [{"EndpointName": "dev", "RoleArn": ROLE, "Status": "READY"}]}},
        f"arn:aws:glue:{OF}:devEndpoint/dev",
        RoleUsage.RUNS,
    ),
    WorkloadKind.NOTEBOOK_INSTANCE: (
        {
            "sagemaker/list-notebook-instances": {"NotebookInstances": [{"NotebookInstanceName": "nb"}]},
            "sagemaker/describe-notebook-instance/nb": {
                "NotebookInstanceArn": f"arn:aws:sagemaker:{OF}:notebook-instance/nb",
                "NotebookInstanceName": "nb",
                "NotebookInstanceStatus": "InService",
                "RoleArn": ROLE,
            },
        },
        f"arn:aws:sagemaker:{OF}:notebook-instance/nb",
        RoleUsage.RUNS,
    ),
    WorkloadKind.SAGEMAKER_DOMAIN: (
        {
            "sagemaker/list-domains": {"Domains": [{"DomainId": "d-1", "DomainName": "studio"}]},
            "sagemaker/describe-domain/d-1": {
                "DomainArn": f"arn:aws:sagemaker:{OF}:domain/d-1",
                "DefaultUserSettings": {"ExecutionRole": ROLE},
            },
        },
        f"arn:aws:sagemaker:{OF}:domain/d-1",
        RoleUsage.RUNS,
    ),
    WorkloadKind.SAGEMAKER_USER_PROFILE: (
        {
            "sagemaker/list-user-profiles": {"UserProfiles": [{"DomainId": "d-1", "UserProfileName": "ann"}]},
            "sagemaker/describe-user-profile/d-1/ann": {
                "UserProfileArn": f"arn:aws:sagemaker:{OF}:user-profile/d-1/ann",
                "UserSettings": {"ExecutionRole": ROLE},
            },
        },
        f"arn:aws:sagemaker:{OF}:user-profile/d-1/ann",
        RoleUsage.RUNS,
    ),
    WorkloadKind.EKS_CLUSTER: (
        {
            "eks/list-clusters": {"clusters": ["prod"]},
            "eks/describe-cluster/prod": {
                "cluster": {"name": "prod", "arn": f"arn:aws:eks:{OF}:cluster/prod", "roleArn": ROLE}
            },
        },
        f"arn:aws:eks:{OF}:cluster/prod",
        RoleUsage.PREPARES,
    ),
    WorkloadKind.NODE_GROUP: (
        {
            "eks/list-clusters": {"clusters": ["prod"]},
            "eks/list-nodegroups/prod": {"nodegroups": ["ng"]},
            "eks/describe-nodegroup/prod/ng": {
                "nodegroup": {"nodegroupArn": f"arn:aws:eks:{OF}:nodegroup/prod/ng/1a", "nodeRole": ROLE}
            },
        },
        f"arn:aws:eks:{OF}:nodegroup/prod/ng/1a",
        RoleUsage.RUNS,
    ),
    # https://docs.aws.amazon.com/cli/latest/reference/eks/describe-access-entry.html
    WorkloadKind.ACCESS_ENTRY: (
        {
            "eks/list-clusters": {"clusters": ["prod"]},
            "eks/list-access-entries/prod": {"accessEntries": [ROLE]},
            "eks/describe-access-entry/prod/" + ROLE.replace(":", "%3A").replace("/", "%2F"): {
                "accessEntry": {
                    "clusterName": "prod",
                    "principalArn": ROLE,
                    "kubernetesGroups": [],
                    "accessEntryArn": f"arn:aws:eks:{OF}:access-entry/prod/role/{ACCOUNT}/app/90c8",
                    "type": "STANDARD",
                }
            },
        },
        f"arn:aws:eks:{OF}:access-entry/prod/role/{ACCOUNT}/app/90c8",
        RoleUsage.MAPS,
    ),
    WorkloadKind.POD_IDENTITY: (
        {
            "eks/list-clusters": {"clusters": ["prod"]},
            "eks/list-pod-identity-associations/prod": {
                "associations": [{"clusterName": "prod", "associationId": "a-9njjin9gfghecgocd"}]
            },
            "eks/describe-pod-identity-association/prod/a-9njjin9gfghecgocd": {
                "association": {
                    "associationArn": f"arn:aws:eks:{OF}:podidentityassociation/prod/a-9njjin9gfghecgocd",
                    "roleArn": ROLE,
                }
            },
        },
        f"arn:aws:eks:{OF}:podidentityassociation/prod/a-9njjin9gfghecgocd",
        RoleUsage.RUNS,
    ),
    WorkloadKind.STATE_MACHINE: (
        {
            "stepfunctions/list-state-machines": {
                "stateMachines": [{"stateMachineArn": f"arn:aws:states:{OF}:stateMachine:HelloWorld", "name": "H"}]
            },
            "stepfunctions/describe-state-machine/HelloWorld": {
                "stateMachineArn": f"arn:aws:states:{OF}:stateMachine:HelloWorld",
                "status": "ACTIVE",
                "roleArn": ROLE,
            },
        },
        f"arn:aws:states:{OF}:stateMachine:HelloWorld",
        RoleUsage.RUNS,
    ),
    # https://docs.aws.amazon.com/cli/latest/reference/events/list-targets-by-rule.html
    WorkloadKind.EVENT_RULE: (
        {
            "events/list-event-buses": {
                "EventBuses": [{"Name": "default", "Arn": f"arn:aws:events:{OF}:event-bus/default"}]
            },
            "events/list-rules/default": {
                "Rules": [{"Name": "nightly", "Arn": f"arn:aws:events:{OF}:rule/nightly", "State": "ENABLED"}]
            },
            "events/list-targets-by-rule/default/nightly": {
                "Targets": [{"Id": "1", "Arn": f"arn:aws:states:{OF}:stateMachine:H", "RoleArn": ROLE}]
            },
        },
        f"arn:aws:events:{OF}:rule/nightly",
        RoleUsage.DELIVERS,
    ),
    WorkloadKind.PIPE: (
        {
            "pipes/list-pipes": {"Pipes": [{"Name": "orders"}]},
            "pipes/describe-pipe/orders": {"Arn": f"arn:aws:pipes:{OF}:pipe/orders", "RoleArn": ROLE},
        },
        f"arn:aws:pipes:{OF}:pipe/orders",
        RoleUsage.DELIVERS,
    ),
    WorkloadKind.SCHEDULE: (
        {
            "scheduler/list-schedules": {"Schedules": [{"GroupName": "default", "Name": "daily"}]},
            "scheduler/get-schedule/default/daily": {
                "Arn": f"arn:aws:scheduler:{OF}:schedule/default/daily",
                "State": "ENABLED",
                "Target": {"Arn": f"arn:aws:lambda:{OF}:function:f", "RoleArn": ROLE},
            },
        },
        f"arn:aws:scheduler:{OF}:schedule/default/daily",
        RoleUsage.DELIVERS,
    ),
    # https://docs.aws.amazon.com/cli/latest/reference/cognito-identity/get-identity-pool-roles.html
    WorkloadKind.IDENTITY_POOL: (
        {
            "cognito-identity/list-identity-pools": {"IdentityPools": [{"IdentityPoolId": "eu-west-1:11111111"}]},
            "cognito-identity/get-identity-pool-roles/eu-west-1%3A11111111": {
                "IdentityPoolId": "eu-west-1:11111111",
                "Roles": {"authenticated": ROLE},
            },
        },
        f"arn:aws:cognito-identity:{OF}:identitypool/eu-west-1:11111111",
        RoleUsage.HANDS_OUT,
    ),
    WorkloadKind.ANYWHERE_PROFILE: (
        {
            "rolesanywhere/list-profiles": {
                "profiles": [
                    {"profileArn": f"arn:aws:rolesanywhere:{OF}:profile/p1", "enabled": True, "roleArns": [ROLE]}
                ]
            }
        },
        f"arn:aws:rolesanywhere:{OF}:profile/p1",
        RoleUsage.HANDS_OUT,
    ),
    WorkloadKind.TRUST_ANCHOR: (
        {
            "rolesanywhere/list-trust-anchors": {
                "trustAnchors": [{"trustAnchorArn": f"arn:aws:rolesanywhere:{OF}:trust-anchor/t1", "enabled": True}]
            }
        },
        f"arn:aws:rolesanywhere:{OF}:trust-anchor/t1",
        None,
    ),
    WorkloadKind.APP_RUNNER_SERVICE: (
        {
            "apprunner/list-services": {"ServiceSummaryList": [{"ServiceArn": f"arn:aws:apprunner:{OF}:service/a/8f"}]},
            "apprunner/describe-service/8f": {
                "Service": {
                    "ServiceArn": f"arn:aws:apprunner:{OF}:service/a/8f",
                    "InstanceConfiguration": {"Cpu": "1", "InstanceRoleArn": ROLE},
                }
            },
        },
        f"arn:aws:apprunner:{OF}:service/a/8f",
        RoleUsage.RUNS,
    ),
    WorkloadKind.JOB_DEFINITION: (
        {
            "batch/describe-job-definitions": {
                "jobDefinitions": [
                    {
                        "jobDefinitionArn": f"arn:aws:batch:{OF}:job-definition/sleep:1",
                        "status": "ACTIVE",
                        "containerProperties": {"jobRoleArn": ROLE, "command": ["sleep"]},
                    }
                ]
            }
        },
        f"arn:aws:batch:{OF}:job-definition/sleep:1",
        RoleUsage.RUNS,
    ),
    WorkloadKind.JOB_QUEUE: (
        {"batch/describe-job-queues": {"jobQueues": [{"jobQueueArn": f"arn:aws:batch:{OF}:job-queue/q"}]}},
        f"arn:aws:batch:{OF}:job-queue/q",
        None,
    ),
    WorkloadKind.STACK: (
        {
            "cloudformation/describe-stacks": {
                "Stacks": [
                    {
                        "StackId": f"arn:aws:cloudformation:{OF}:stack/s/1",
                        "StackName": "s",
                        "StackStatus": "CREATE_COMPLETE",
                        "RoleARN": ROLE,
                    }
                ]
            }
        },
        f"arn:aws:cloudformation:{OF}:stack/s/1",
        RoleUsage.RUNS,
    ),
    WorkloadKind.CODE_INTERPRETER: (
        {
            "bedrock-agentcore-control/list-code-interpreters": {
                "codeInterpreterSummaries": [{"codeInterpreterId": "ci-1"}]
            },
            "bedrock-agentcore-control/get-code-interpreter/ci-1": {
                "codeInterpreterArn": f"arn:aws:bedrock-agentcore:{OF}:code-interpreter-custom/ci-1",
                "executionRoleArn": ROLE,
            },
        },
        f"arn:aws:bedrock-agentcore:{OF}:code-interpreter-custom/ci-1",
        RoleUsage.RUNS,
    ),
    WorkloadKind.AGENT_BROWSER: (
        {
            "bedrock-agentcore-control/list-browsers": {"browserSummaries": [{"browserId": "b-1"}]},
            "bedrock-agentcore-control/get-browser/b-1": {
                "browserArn": f"arn:aws:bedrock-agentcore:{OF}:browser-custom/b-1",
                "executionRoleArn": ROLE,
            },
        },
        f"arn:aws:bedrock-agentcore:{OF}:browser-custom/b-1",
        RoleUsage.RUNS,
    ),
    WorkloadKind.AGENT_RUNTIME: (
        {
            "bedrock-agentcore-control/list-agent-runtimes": {"agentRuntimes": [{"agentRuntimeId": "r-1"}]},
            "bedrock-agentcore-control/get-agent-runtime/r-1": {
                "agentRuntimeArn": f"arn:aws:bedrock-agentcore:{OF}:runtime/r-1",
                "roleArn": ROLE,
            },
        },
        f"arn:aws:bedrock-agentcore:{OF}:runtime/r-1",
        RoleUsage.RUNS,
    ),
    WorkloadKind.GRANTS_LOCATION: (
        {
            "s3control/list-access-grants-locations": {
                "AccessGrantsLocationsList": [
                    {
                        "AccessGrantsLocationId": "default",
                        "AccessGrantsLocationArn": f"arn:aws:s3:{OF}:access-grants/default/location/default",
                        "LocationScope": "s3://",
                        "IAMRoleArn": ROLE,
                    }
                ]
            }
        },
        f"arn:aws:s3:{OF}:access-grants/default/location/default",
        RoleUsage.HANDS_OUT,
    ),
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-grants-grant-view.html
    WorkloadKind.ACCESS_GRANT: (
        {
            "s3control/list-access-grants": {
                "AccessGrantsList": [
                    {
                        "CreatedAt": "2023-06-14T17:54:46.542000+00:00",
                        "AccessGrantId": "dd8dd089-b224-4d82-95f6-975b4185bbaa",
                        "AccessGrantArn": f"arn:aws:s3:{OF}:access-grants/default/grant/dd8dd089",
                        "Grantee": {"GranteeType": "IAM", "GranteeIdentifier": ROLE},
                        "Permission": "READ",
                        "AccessGrantsLocationId": "635f1139-1af2-4e43-8131-a4de006eb456",
                        "AccessGrantsLocationConfiguration": {"S3SubPrefix": "prefixA*"},
                        "GrantScope": "s3://acme-data/prefixA*",
                    }
                ]
            }
        },
        f"arn:aws:s3:{OF}:access-grants/default/grant/dd8dd089",
        RoleUsage.MAPS,
    ),
    WorkloadKind.LOG_DESTINATION: (
        {
            "logs/describe-destinations": {
                "destinations": [{"arn": f"arn:aws:logs:{OF}:destination:central", "roleArn": ROLE}]
            }
        },
        f"arn:aws:logs:{OF}:destination:central",
        RoleUsage.DELIVERS,
    ),
}
"""By kind: files of one Region, the ARN of the resource, and what it uses the role for."""


def opened(tmp_path: Path, *sets: dict[str, Any], regions: tuple[str, ...] = (REGION,)) -> Snapshot:
    files = {f"{HERE}/{path}.json": content for one in sets for path, content in one.items()}
    files[IAM] = details(RoleDetailList=ROLES)
    if regions:
        files[REGIONS] = {"Regions": [{"RegionName": name, "Endpoint": "e"} for name in regions]}
    return load_snapshot(as_folder(tmp_path, files))


def test_every_kind_is_declared_and_tried() -> None:
    declared = {runs.kind for command in all_commands() for runs in command.runs}
    assert declared == set(WorkloadKind) == set(FILES)


@pytest.mark.parametrize("kind", FILES)
def test_a_kind_is_read_with_its_role_and_is_complete(tmp_path: Path, kind: WorkloadKind) -> None:
    files, arn, usage = FILES[kind]
    snapshot = opened(tmp_path, files)
    index = WorkloadIndex(snapshot)
    assert [one.arn for one in index.of_account(ACCOUNT).of_kind(kind)] == [arn]
    assert [problem.sentence for problem in snapshot.problems] == []
    uses = [use for use in index.used_by(arn) if use.workload.kind is kind]
    assert [(use.role, use.usage) for use in uses] == ([] if usage is None else [(ROLE, usage)])
    assert [use for use in index.runs_with(ROLE) if use.workload.arn == arn] == uses
    assert index.of_account(ACCOUNT).is_complete(kind)


@pytest.mark.parametrize("kind", FILES)
def test_a_list_is_not_complete_if_a_file_or_region_is_missing(tmp_path: Path, kind: WorkloadKind) -> None:
    files, _, _ = FILES[kind]
    last = list(files)[-1] if kind is not WorkloadKind.ECS_SERVICE else "ecs/describe-services/prod/web"
    without = {path: content for path, content in files.items() if path != last}
    assert not WorkloadIndex(opened(tmp_path / "a", without)).of_account(ACCOUNT).is_complete(kind)
    assert not WorkloadIndex(opened(tmp_path / "b", files, regions=())).of_account(ACCOUNT).is_complete(kind)
    two = opened(tmp_path / "c", files, regions=(REGION, "us-east-1"))
    assert not WorkloadIndex(two).of_account(ACCOUNT).is_complete(kind)


def test_an_empty_list_is_complete(tmp_path: Path) -> None:
    index = WorkloadIndex(opened(tmp_path, {"codebuild/list-projects": {"projects": []}}))
    assert index.of_account(ACCOUNT).is_complete(WorkloadKind.BUILD_PROJECT)
    assert not index.of_account(ACCOUNT).is_complete(WorkloadKind.LAMBDA_FUNCTION)


def test_a_region_without_the_service_has_nothing(tmp_path: Path) -> None:
    files = {
        IAM: details(),
        REGIONS: {"Regions": [{"RegionName": REGION}]},
        "manifest.json": {
            "format": "iamdesk-bundle",
            "version": 1,
            "files": [
                {
                    "path": f"{HERE}/sagemaker/list-notebook-instances.json",
                    "error": {"code": "ServiceNotInRegion", "message": "AWS does not offer the service"},
                }
            ],
        },
    }
    index = WorkloadIndex(load_snapshot(as_folder(tmp_path, files)))
    assert index.of_account(ACCOUNT).is_complete(WorkloadKind.NOTEBOOK_INSTANCE)


@pytest.mark.parametrize(
    ("content", "where"),
    [
        ({"Functions": [{"FunctionName": "f", "Role": 5, "FunctionArn": "a"}]}, "$.Functions[0].Role"),
        ({"Functions": [{"FunctionName": "f"}]}, "$.Functions[0]"),
        ({"Functions": "none"}, "$.Functions"),
        ({"Nothing": 1}, "$"),
    ],
)
def test_a_malformed_record_is_one_problem_with_its_place(tmp_path: Path, content: Any, where: str) -> None:
    snapshot = opened(tmp_path, {"lambda/list-functions": content})
    (problem, *more) = [one for one in snapshot.problems if "list-functions" in one.file]
    assert problem.json_path.startswith(where)
    assert len(more) <= 1
    assert not WorkloadIndex(snapshot).of_account(ACCOUNT).is_complete(WorkloadKind.LAMBDA_FUNCTION)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"projects": [1]}', '{"projects": null}', '[{"projects": []}]'])
def test_no_output_ends_the_reading(tmp_path: Path, text: str) -> None:
    files = {IAM: details(), f"{HERE}/codebuild/list-projects.json": text}
    assert load_snapshot(as_folder(tmp_path, files)).accounts


def test_a_list_with_more_pages_is_not_complete(tmp_path: Path) -> None:
    content = {"Functions": [], "NextMarker": "x"}
    index = WorkloadIndex(opened(tmp_path, {"lambda/list-functions": content}))
    assert not index.of_account(ACCOUNT).is_complete(WorkloadKind.LAMBDA_FUNCTION)


def test_facts_name_what_runs_with_a_role(tmp_path: Path) -> None:
    files, arn, _ = FILES[WorkloadKind.EC2_INSTANCE]
    index = WorkloadIndex(opened(tmp_path, files, FILES[WorkloadKind.LAMBDA_FUNCTION][0]))
    assert runs_with_facts(index, ACCOUNT, ROLE) == [
        (
            "Runs with",
            f"Lambda functions (1): helloworld ({REGION}); EC2 instances (1): i-1234567890abcdef0 ({REGION})",
        )
    ]
    assert used_by_facts(index, arn) == [("Role", f"{ROLE}: through its instance profile")]
    assert runs_with_facts(index, ACCOUNT, "arn:aws:iam::1:role/x") == [("Runs with", "nothing that was captured")]
    nothing = WorkloadIndex(load_snapshot(as_folder(tmp_path, {IAM: details()}, "plain")))
    assert runs_with_facts(nothing, ACCOUNT, ROLE) == [("Runs with", "not captured")]


def test_an_access_grant_is_shown_with_what_it_gives(tmp_path: Path) -> None:
    files, arn, _ = FILES[WorkloadKind.ACCESS_GRANT]
    index = WorkloadIndex(opened(tmp_path, files))
    scope = "READ s3://acme-data/prefixA*"
    assert runs_with_facts(index, ACCOUNT, ROLE) == [
        ("Runs with", f"S3 access grants (1): default/grant/dd8dd089 ({REGION}): {scope}")
    ]
    assert used_by_facts(index, arn) == [
        ("Principal with access", f"{ROLE}: the principal has access through it ({scope})")
    ]


def test_coverage_needs_no_details_of_accounts(tmp_path: Path) -> None:
    """Of an organization larger than memory, coverage is told from the names of its accounts alone."""
    snapshot = opened(tmp_path, FILES[WorkloadKind.LAMBDA_FUNCTION][0])
    names = snapshot.model_construct(**{**dict(snapshot), "accounts": catalogue_of(snapshot).entries})
    assert WorkloadIndex(names).of_account(ACCOUNT).is_listed(WorkloadKind.LAMBDA_FUNCTION)
    [row] = [one for one in captured_data(names) if one.kind is Kind.WORKLOADS]
    assert row.detail == f"1 of {len(WorkloadKind)} lists of resources that run with a role"
