"""Techniques on resources that run with a role: confirmed or refuted where a snapshot holds the resources."""

import json
from pathlib import Path
from typing import Any

import pytest

from iamdesk.access.evaluator import Evaluator
from iamdesk.attack_paths.account_edges import find_account_steps
from iamdesk.attack_paths.attack_path_graph import AttackPathGraph
from iamdesk.attack_paths.types import State, Step
from iamdesk.snapshot.reader import load_snapshot
from iamdesk.snapshot.workloads import Workload, WorkloadKind

from ..builders import entries

ACCOUNT = "111122223333"
REGION = "eu-west-1"
OF = f"{REGION}:{ACCOUNT}"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/app"
PROFILE = f"arn:aws:iam::{ACCOUNT}:instance-profile/app"
USER = f"arn:aws:iam::{ACCOUNT}:user/mallory"
FUNCTION = f"arn:aws:lambda:{OF}:function:orders"
INSTANCE = f"arn:aws:ec2:{OF}:instance/i-1"
PROJECT = f"arn:aws:codebuild:{OF}:project/build"
TASK = f"arn:aws:ecs:{OF}:task/prod/t1"


def allow(*actions: str, resource: str | list[str] = "*") -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource}


def states(
    tmp_path: Path,
    service: str,
    statement: dict[str, Any] | tuple[dict[str, Any], ...],
    outputs: dict[str, Any],
    regions: tuple[str, ...] = (REGION,),
    condition: Any = None,
) -> dict[str, State]:
    """Return the techniques by which the user becomes an administrator role that trusts a service."""
    steps = steps_of(tmp_path, service, statement, outputs, regions, condition)
    for step in steps:
        if step.state is State.PROVEN:
            assert step.needs == ()
            assert all(proof.decision.decision == "allowed" for proof in step.proof)
    return {step.path_id: step.state for step in steps}


def steps_of(
    tmp_path: Path,
    service: str,
    statement: dict[str, Any] | tuple[dict[str, Any], ...],
    outputs: dict[str, Any],
    regions: tuple[str, ...] = (REGION,),
    condition: Any = None,
) -> list[Step]:
    """Return the steps by which the user becomes an administrator role that trusts a service."""
    profiles = [{"Arn": PROFILE, "InstanceProfileName": "app"}]
    trust = entries.trusting({"Service": service}, condition=condition)
    statements = statement if isinstance(statement, tuple) else (statement,)
    app = entries.role("app", entries.document(allow("*")), trust=trust, InstanceProfileList=profiles)
    details = entries.details(users=[entries.user("mallory", entries.document(*statements))], roles=[app])
    files = {f"{REGION}/{path}": content for path, content in outputs.items()}
    files["iam/get-account-authorization-details"] = details
    if regions:
        files["ec2/describe-regions"] = {"Regions": [{"RegionName": name} for name in regions]}
    for path, content in files.items():
        file = tmp_path / "accounts" / ACCOUNT / f"{path}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(content), encoding="utf-8")
    reach = AttackPathGraph(Evaluator(load_snapshot(tmp_path)))
    return [step for step in reach.escalations(USER) if step.target == ROLE]


def functions(*roles: str) -> dict[str, Any]:
    listed = [
        {"FunctionName": f"f{number}", "FunctionArn": FUNCTION, "Role": role} for number, role in enumerate(roles)
    ]
    return {"lambda/list-functions": {"Functions": listed}}


LAMBDA = ("lambda.amazonaws.com", allow("lambda:UpdateFunctionCode"))


def test_without_the_list_it_is_possible(tmp_path: Path) -> None:
    assert states(tmp_path, *LAMBDA, {}) == {"lambda-003": State.POSSIBLE}


def test_a_function_with_the_role_confirms(tmp_path: Path) -> None:
    assert states(tmp_path, *LAMBDA, functions(ROLE)) == {"lambda-003": State.PROVEN}


def test_an_empty_list_refutes(tmp_path: Path) -> None:
    assert states(tmp_path, *LAMBDA, functions()) == {}


def test_a_function_with_another_role_refutes(tmp_path: Path) -> None:
    assert states(tmp_path, *LAMBDA, functions(f"arn:aws:iam::{ACCOUNT}:role/other")) == {}


@pytest.mark.parametrize("regions", [(), (REGION, "us-east-1")])
def test_a_region_that_was_not_captured_leaves_it_possible(tmp_path: Path, regions: tuple[str, ...]) -> None:
    assert states(tmp_path, *LAMBDA, functions(), regions) == {"lambda-003": State.POSSIBLE}


def test_a_list_of_one_region_confirms_what_it_holds(tmp_path: Path) -> None:
    assert states(tmp_path, *LAMBDA, functions(ROLE), ()) == {"lambda-003": State.PROVEN}


def test_permission_on_another_function_alone_is_none(tmp_path: Path) -> None:
    statement = allow("lambda:UpdateFunctionCode", resource=f"arn:aws:lambda:{OF}:function:test-*")
    assert states(tmp_path, LAMBDA[0], statement, functions(ROLE)) == {}


def test_permission_on_the_function_is_enough(tmp_path: Path) -> None:
    statement = allow("lambda:UpdateFunctionCode", resource=FUNCTION)
    assert states(tmp_path, LAMBDA[0], statement, functions(ROLE)) == {"lambda-003": State.PROVEN}


def instances(state: str = "running", ping: str | None = "Online") -> dict[str, Any]:
    instance = {"InstanceId": "i-1", "State": {"Name": state}, "IamInstanceProfile": {"Arn": PROFILE}}
    nodes = [] if ping is None else [{"InstanceId": "i-1", "PingStatus": ping}]
    return {
        "ec2/describe-instances": {"Reservations": [{"Instances": [instance]}]},
        "ssm/describe-instance-information": {"InstanceInformationList": nodes},
    }


@pytest.mark.parametrize(
    ("action", "path"),
    [("ssm:StartSession", "ssm-001"), ("ssm:SendCommand", "ssm-002"), ("ssm:CreateAssociation", "X07")],
)
def test_managed_instances(tmp_path: Path, action: str, path: str) -> None:
    def found(name: str, outputs: dict[str, Any], resource: str | list[str] = "*") -> State | None:
        return states(tmp_path / name, "ec2.amazonaws.com", allow(action, resource=resource), outputs).get(path)

    assert found("works", instances()) is State.PROVEN
    assert found("offline", instances(ping="ConnectionLost")) is None
    assert found("unmanaged", instances(ping=None)) is None
    assert found("gone", instances("terminated")) is None
    assert found("unknown", {}) is State.POSSIBLE
    on_instance_alone = State.PROVEN if action == "ssm:StartSession" else None
    assert found("instance", instances(), INSTANCE) is on_instance_alone
    document = f"arn:aws:ssm:{REGION}::document/AWS-RunShellScript"
    assert found("both", instances(), [INSTANCE, document]) is State.PROVEN


def test_build_projects(tmp_path: Path) -> None:
    statement = allow("codebuild:StartBuild", resource=PROJECT)
    project = {
        "codebuild/list-projects": {"projects": ["build"]},
        "codebuild/batch-get-projects/build": {"projects": [{"arn": PROJECT, "serviceRole": ROLE}]},
    }
    service = "codebuild.amazonaws.com"
    assert states(tmp_path / "a", service, statement, project) == {"codebuild-002": State.PROVEN}
    assert states(tmp_path / "b", service, statement, {"codebuild/list-projects": {"projects": []}}) == {}
    unread = {"codebuild/list-projects": {"projects": ["build"]}}
    assert states(tmp_path / "c", service, statement, unread) == {"codebuild-002": State.POSSIBLE}


@pytest.mark.parametrize("takes_commands", [True, False])
def test_running_tasks(tmp_path: Path, takes_commands: bool) -> None:
    task = {
        "taskArn": TASK,
        "taskDefinitionArn": f"arn:aws:ecs:{OF}:task-definition/web:7",
        "lastStatus": "RUNNING",
        "enableExecuteCommand": takes_commands,
    }
    definition = {"taskDefinitionArn": f"arn:aws:ecs:{OF}:task-definition/web:7", "taskRoleArn": ROLE}
    outputs = {
        "ecs/list-clusters": {"clusterArns": [f"arn:aws:ecs:{OF}:cluster/prod"]},
        "ecs/list-tasks/prod": {"taskArns": [TASK]},
        "ecs/describe-tasks/prod/t1": {"tasks": [task]},
        "ecs/describe-task-definition/web%3A7": {"taskDefinition": definition},
    }
    statement = allow("ecs:ExecuteCommand", "ecs:DescribeTasks")
    found = states(tmp_path, "ecs-tasks.amazonaws.com", statement, outputs)
    assert found == ({"ecs-006": State.PROVEN} if takes_commands else {})


def test_a_passed_role_needs_some_job(tmp_path: Path) -> None:
    statement = allow("iam:PassRole", "glue:UpdateJob", "glue:StartJobRun")
    job = {"glue/get-jobs": {"Jobs": [{"Name": "etl", "Role": "other"}]}}
    service = "glue.amazonaws.com"
    assert states(tmp_path / "a", service, statement, job)["glue-005"] is State.PROVEN
    assert "glue-005" not in states(tmp_path / "b", service, statement, {"glue/get-jobs": {"Jobs": []}})
    assert states(tmp_path / "c", service, statement, {})["glue-005"] is State.POSSIBLE


def test_what_refutes_a_path_is_said(tmp_path: Path) -> None:
    def reason(name: str, outputs: dict[str, Any], resource: str = "*") -> str:
        states(tmp_path / name, LAMBDA[0], allow("lambda:UpdateFunctionCode", resource=resource), outputs)
        reach = AttackPathGraph(Evaluator(load_snapshot(tmp_path / name)))
        [blocked] = [one for one in reach.refusals(USER) if one.path_id == "lambda-003"]
        return blocked.by

    there_is_none = "and there is none: the snapshot lists all that exist."
    assert reason("none", functions()) == f"It requires a Lambda function that runs as the role, {there_is_none}"
    others = f"arn:aws:lambda:{OF}:function:test-*"
    not_allowed = f"its actions are not allowed on {FUNCTION}."
    assert reason("others", functions(ROLE), others) == (
        f"It requires a Lambda function that runs as the role: {not_allowed}"
    )


def test_steps_of_an_account_alone_are_the_same(tmp_path: Path) -> None:
    states(tmp_path, *LAMBDA, functions(ROLE))
    paths = AttackPathGraph(Evaluator(load_snapshot(tmp_path)), is_whole=False)
    steps = find_account_steps(paths.steps, paths.graph, ACCOUNT)
    edges = [edge for edges in steps.techniques().into.values() for edge in edges if edge.path_id == "lambda-003"]
    assert [bool(edge.members.proven) for edge in edges] == [True]


def test_resources_that_are_alike_have_the_decision_of_each(tmp_path: Path) -> None:
    prefix = f"arn:aws:lambda:{OF}:function:"
    names = ("orders", "orders-2", "test-1", "test-2", "own-mallory", "tagged", "rest-1", "rest-2")
    action = "lambda:UpdateFunctionCode"
    statements: tuple[list[dict[str, Any]], ...] = (
        [allow(action)],
        [allow(action, resource=f"{prefix}test-*")],
        [allow(action, resource=[f"{prefix}orders", f"{prefix}test-2"])],
        [allow(action, resource=f"{prefix}own-${{aws:username}}")],
        [allow(action), {"Effect": "Deny", "Action": "lambda:*", "Resource": f"{prefix}orders"}],
        [{"Effect": "Allow", "Action": "lambda:Update*", "NotResource": f"{prefix}orders*"}],
        [{**allow(action), "Condition": {"StringEquals": {"aws:ResourceTag/team": "blue"}}}],
        [{**allow(action, resource=f"{prefix}*s"), "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}],
    )
    users = [
        entries.user("mallory" if number == 3 else f"user-{number}", entries.document(*one))
        for number, one in enumerate(statements)
    ]
    tags = {"ResourceARN": f"{prefix}tagged", "Tags": [{"Key": "team", "Value": "blue"}]}
    files = {
        "iam/get-account-authorization-details": entries.details(users=users),
        f"{REGION}/resourcegroupstaggingapi/get-resources": {"ResourceTagMappingList": [tags]},
    }
    for path, content in files.items():
        file = tmp_path / "accounts" / ACCOUNT / f"{path}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(content), encoding="utf-8")
    steps = AttackPathGraph(Evaluator(load_snapshot(tmp_path))).steps
    everyone = steps.population.regular
    for name in names:
        function = Workload(region=REGION, kind=WorkloadKind.LAMBDA_FUNCTION, arn=f"{prefix}{name}")
        each = steps.finder.among(everyone, action, function.arn)
        assert steps.workloads._among(everyone, action, function) == each, name
        assert each.principals
    assert 0 < len(steps.workloads._decided) < len(names)


GLUE = ("glue.amazonaws.com", allow("glue:StartJobRun"))


@pytest.mark.parametrize(("role", "found"), [(ROLE, {"X92": State.POSSIBLE}), (ROLE.replace("app", "other"), {})])
def test_a_script_of_its_own_runs_in_a_job_with_the_role(tmp_path: Path, role: str, found: dict[str, State]) -> None:
    """Possible: the job may have a script location that a run cannot override, which is not captured."""
    assert states(tmp_path, *GLUE, {"glue/get-jobs": {"Jobs": [{"Name": "nightly", "Role": role}]}}) == found


SANDBOX = ("codebuild:StartSandbox", "codebuild:StartCommandExecution")


@pytest.mark.parametrize(("actions", "found"), [(SANDBOX, {"X93": State.PROVEN}), (SANDBOX[:1], {})])
def test_commands_in_a_sandbox_of_a_project(tmp_path: Path, actions: tuple[str, ...], found: dict[str, State]) -> None:
    outputs = {
        "codebuild/list-projects": {"projects": ["build"]},
        "codebuild/batch-get-projects/build": {"projects": [{"arn": PROJECT, "serviceRole": ROLE}]},
    }
    assert states(tmp_path, "codebuild.amazonaws.com", allow(*actions), outputs) == found


ANCHOR, OTHER_ANCHOR = (f"arn:aws:rolesanywhere:{OF}:trust-anchor/{one}" for one in ("a1", "a2"))


def anywhere(*roles: str, anchors: tuple[str, ...] = (ANCHOR,), enabled: bool = True) -> dict[str, Any]:
    profiles = [
        {"profileArn": f"arn:aws:rolesanywhere:{OF}:profile/p{number}", "enabled": True, "roleArns": [one]}
        for number, one in enumerate(roles)
    ]
    listed = [{"trustAnchorArn": one, "enabled": enabled} for one in anchors]
    return {
        "rolesanywhere/list-profiles": {"profiles": profiles},
        "rolesanywhere/list-trust-anchors": {"trustAnchors": listed},
    }


@pytest.mark.parametrize(
    ("outputs", "resource", "trusted", "expected"),
    [
        ({}, "*", None, State.POSSIBLE),
        (anywhere(ROLE), "*", None, State.PROVEN),
        (anywhere(ROLE), ANCHOR, None, State.PROVEN),
        (anywhere(ROLE), OTHER_ANCHOR, None, None),
        (anywhere(ROLE), "*", ANCHOR, State.PROVEN),
        (anywhere(ROLE), "*", OTHER_ANCHOR, None),
        (anywhere(ROLE, anchors=(OTHER_ANCHOR, ANCHOR)), ANCHOR, ANCHOR, State.PROVEN),
        (anywhere(ROLE, anchors=(OTHER_ANCHOR, ANCHOR)), ANCHOR, OTHER_ANCHOR, None),
        (anywhere(ROLE, enabled=False), "*", None, None),
        (anywhere(ROLE, anchors=()), "*", None, None),
        (anywhere(f"arn:aws:iam::{ACCOUNT}:role/other"), "*", None, None),
    ],
)
def test_trust_anchors(
    tmp_path: Path, outputs: dict[str, Any], resource: str, trusted: str | None, expected: State | None
) -> None:
    condition = trusted and {"ArnEquals": {"aws:SourceArn": trusted}}
    statement = allow("rolesanywhere:UpdateTrustAnchor", resource=resource)
    found = states(tmp_path, "rolesanywhere.amazonaws.com", statement, outputs, condition=condition)
    assert found == ({} if expected is None else {"X59": expected})


def test_a_certificate_serves_an_existing_profile_and_anchor(tmp_path: Path) -> None:
    statement = allow("iam:PassRole", "rolesanywhere:UpdateProfile")
    service = "rolesanywhere.amazonaws.com"
    other = f"arn:aws:iam::{ACCOUNT}:role/other"
    assert states(tmp_path / "a", service, statement, {}) == {"X58": State.POSSIBLE}
    assert states(tmp_path / "b", service, statement, anywhere(other)) == {"X58": State.POSSIBLE}
    assert states(tmp_path / "c", service, statement, anywhere()) == {}
    assert states(tmp_path / "d", service, statement, anywhere(other, anchors=())) == {}


def associations(*clusters: str, entries_of: tuple[str, ...] = (), role: str = ROLE) -> dict[str, Any]:
    """EKS clusters, each with an association of a role; some of them with an access entry."""
    found: dict[str, Any] = {"eks/list-clusters": {"clusters": list(clusters)}}
    for one in clusters:
        arn = f"arn:aws:eks:{OF}:podidentityassociation/{one}/a-1"
        found[f"eks/list-pod-identity-associations/{one}"] = {"associations": [{"associationId": "a-1"}]}
        found[f"eks/describe-pod-identity-association/{one}/a-1"] = {
            "association": {"associationArn": arn, "roleArn": role}
        }
        user = f"arn:aws:iam::{ACCOUNT}:user/ops"
        listed = [user] if one in entries_of else []
        found[f"eks/list-access-entries/{one}"] = {"accessEntries": listed}
        for principal in listed:
            name = principal.replace(":", "%3A").replace("/", "%2F")
            found[f"eks/describe-access-entry/{one}/{name}"] = {
                "accessEntry": {
                    "accessEntryArn": f"arn:aws:eks:{OF}:access-entry/{one}/user/{ACCOUNT}/ops/1",
                    "principalArn": user,
                    "type": "STANDARD",
                }
            }
    return found


FROM = {"Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}
CHANGE = "ec2:ModifyInstanceAttribute"


def attribute(*names: str) -> dict[str, Any]:
    return {"Condition": {"StringEquals": {"ec2:Attribute": list(names)}}}


def test_the_spelling_that_aws_documents_of_an_attribute_is_enough(tmp_path: Path) -> None:
    def found(name: str, *changes: dict[str, Any]) -> State | None:
        statements = allow("ec2:StopInstances", "ec2:StartInstances"), *changes
        return states(tmp_path / name, "ec2.amazonaws.com", statements, instances()).get("ec2-002")

    assert found("listed", {**allow(CHANGE), **attribute("UserData")}) is State.PROVEN
    assert found("one of two", {**allow(CHANGE), **attribute("InstanceType", "UserData")}) is State.PROVEN
    assert found("another", {**allow(CHANGE), **attribute("InstanceType")}) is None
    denied = {"Effect": "Deny", "Action": CHANGE, "Resource": "*", **attribute("userData")}
    assert found("denied as others spell it", allow(CHANGE), denied) is State.POSSIBLE


@pytest.mark.parametrize(
    ("service", "statement", "outputs", "path", "needs"),
    [
        ("ec2.amazonaws.com", allow("ssm:SendCommand"), instances(), "ssm-002", ()),
        (LAMBDA[0], allow("lambda:UpdateFunctionConfiguration"), functions(ROLE), "X02", ()),
        (
            "pods.eks.amazonaws.com",
            allow("eks:CreateAccessEntry", "eks:AssociateAccessPolicy"),
            {**associations("prod"), "eks/list-nodegroups/prod": {}},
            "X54",
            ("an EKS cluster with pods that have the role and with access entries",),
        ),
    ],
)
def test_what_is_captured_is_no_need(
    tmp_path: Path, service: str, statement: dict[str, Any], outputs: dict[str, Any], path: str, needs: tuple[str, ...]
) -> None:
    """A condition leaves the call open, on a resource that exists."""
    steps = steps_of(tmp_path / "a", service, {**statement, **FROM}, outputs, regions=(REGION, "us-east-1"))
    by_id = {step.path_id: step for step in steps}
    assert by_id[path].state is State.POSSIBLE
    assert by_id[path].needs == (*needs, "an allowed value of aws:SourceIp")
    steps = steps_of(tmp_path / "b", service, {**statement, **FROM}, {}, regions=(REGION, "us-east-1"))
    assert len({step.path_id: step for step in steps}[path].needs) == 2


def test_the_proof_of_a_command_names_document_and_instance(tmp_path: Path) -> None:
    on = [f"arn:aws:ec2:{OF}:instance/*", "arn:aws:ssm:*::document/AWS-RunShellScript"]
    (step,) = steps_of(tmp_path, "ec2.amazonaws.com", allow("ssm:SendCommand", resource=on), instances())
    asked = {proof.decision.request.resource for proof in step.proof}
    assert asked == {f"arn:aws:ec2:{OF}:instance/i-1", "arn:aws:ssm:*::document/AWS-RunShellScript"}
    assert len(step.proof) == len(asked)


def test_clusters_with_pods(tmp_path: Path) -> None:
    def found(name: str, outputs: dict[str, Any], create: str = "*", associate: str = "*") -> State | None:
        statements = (
            allow("eks:CreateAccessEntry", resource=create),
            allow("eks:AssociateAccessPolicy", resource=associate),
        )
        return states(tmp_path / name, "pods.eks.amazonaws.com", statements, outputs).get("X54")

    prod, dev = (f"arn:aws:eks:{OF}:cluster/{one}" for one in ("prod", "dev"))
    on_prod, on_dev = (f"arn:aws:eks:{OF}:access-entry/{one}/*" for one in ("prod", "dev"))
    there = associations("prod", entries_of=("prod",))
    assert found("unknown", {}) is State.POSSIBLE
    assert found("none", {"eks/list-clusters": {"clusters": []}}) is None
    assert found("another role", associations("prod", role=f"{ROLE}2", entries_of=("prod",))) is None
    # Amazon EKS lists access entries, or that there are none, only of clusters that take some.
    assert found("no entries yet", associations("prod")) is State.POSSIBLE
    assert found("works", there) is State.PROVEN
    assert found("on it", there, prod, on_prod) is State.PROVEN
    assert found("no cluster", there, dev, on_prod) is None
    assert found("no entry", there, prod, on_dev) is None
