"""Roles whose trust policy tests ``aws:SourceArn``: the resource that a step creates or uses must meet it."""

import pytest

from iamdesk import Evaluator
from iamdesk.attack_paths.attack_path_graph import AttackPathGraph
from iamdesk.attack_paths.types import State

from ..builders.captures import allow, document
from .cases import ACCOUNT, FULL, World, arn

OTHER = "444455556666"
PASS = allow("iam:PassRole", arn("role/*"))
INTERPRETER = [f"bedrock-agentcore:{one}CodeInterpreter{two}" for one, two in (("Create", ""), ("Start", "Session"))]


def of(service, name, region="*", account=ACCOUNT):
    return f"arn:aws:{service}:{region}:{account}:{name}"


def graph(folder, service, condition, *statements, **world):
    trust = {"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"}
    folder.mkdir(exist_ok=True)
    made = World(**world)
    made.user("bob", {"some": document(*statements)})
    made.role("admin", {"all": FULL}, document({**trust, "Condition": condition}))
    return AttackPathGraph(Evaluator(made.snapshot(folder)))


def paths(reach):
    return {path.steps[0].path_id: path for path in reach.attack_paths(arn("user/bob")) if path.goal.kind != "data"}


def best(reach):
    found = {path.state for path in paths(reach).values()}
    return State.PROVEN if State.PROVEN in found else State.POSSIBLE if found else None


def calls(service, resource="*"):
    names = {
        "bedrock-agentcore": [*INTERPRETER, "bedrock-agentcore:InvokeCodeInterpreter"],
        "codebuild": ["codebuild:CreateProject", "codebuild:StartBuild"],
        "lambda": ["lambda:CreateFunction", "lambda:InvokeFunction"],
        "states": ["states:CreateStateMachine", "states:StartExecution"],
    }
    return allow(names[service], resource)


@pytest.mark.parametrize("operator", ["ArnLike", "StringLike", "ForAnyValue:ArnLike"])
@pytest.mark.parametrize(
    ("service", "wanted", "resource", "found"),
    [
        ("bedrock-agentcore", of("bedrock-agentcore", "*", "us-east-1", OTHER), "*", None),
        ("bedrock-agentcore", of("bedrock-agentcore", "*", "us-east-1"), "*", State.PROVEN),
        ("bedrock-agentcore", of("bedrock-agentcore", "runtime/*", "us-east-1"), "*", State.POSSIBLE),
        (
            "bedrock-agentcore",
            of("bedrock-agentcore", "*", "us-east-1"),
            of("bedrock-agentcore", "code-interpreter-custom/*", "eu-west-1"),
            None,
        ),
        ("codebuild", of("codebuild", "project/prod-*"), of("codebuild", "project/dev-*", "eu-west-1"), None),
        ("codebuild", of("codebuild", "project/prod-*"), of("codebuild", "project/prod-*", "eu-west-1"), State.PROVEN),
        ("codebuild", of("codebuild", "project/prod-*"), of("codebuild", "project/*-x", "eu-west-1"), State.PROVEN),
        ("codebuild", of("codebuild", "project/prod-*", "us-*"), "*", State.PROVEN),
        ("codebuild", of("codebuild", "project/*"), of("codebuild", "project/dev-*", "eu-west-1"), State.PROVEN),
        ("codebuild", of("codebuild", "report-group/*"), "*", None),
        ("states", of("states", "stateMachine:prod*"), of("states", "stateMachine:dev*", "eu-west-1"), None),
        ("states", of("states", "stateMachine:*"), of("states", "stateMachine:dev*", "eu-west-1"), State.PROVEN),
        ("lambda", of("lambda", "function:good", "eu-west-1", OTHER), "*", None),
        ("lambda", of("s3", "x", "eu-west-1"), "*", None),
        ("lambda", of("lambda", "function:good", "eu-west-1"), of("lambda", "function:evil-*", "eu-west-1"), None),
        ("lambda", of("lambda", "function:good", "eu-west-1"), "*", State.POSSIBLE),
        ("lambda", of("lambda", "*"), "*", State.POSSIBLE),
    ],
)
def test_the_resource_that_is_created_has_to_meet_the_trust_policy(
    tmp_path, operator, service, wanted, resource, found
):
    condition = {operator: {"aws:SourceArn": wanted}}
    reach = graph(tmp_path, service, condition, PASS, calls(service, resource))
    assert best(reach) is found


@pytest.mark.parametrize(("account", "found"), [(OTHER, None), (ACCOUNT, State.PROVEN)])
def test_the_account_is_the_one_of_the_role(tmp_path, account, found):
    condition = {"StringEquals": {"aws:SourceAccount": account}}
    assert best(graph(tmp_path, "lambda", condition, PASS, calls("lambda"))) is found


def test_a_project_that_the_trust_policy_excludes_is_not_used(tmp_path):
    excluded = {"ArnNotLike": {"aws:SourceArn": of("codebuild", "project/dev-*")}}
    only = calls("codebuild", of("codebuild", "project/dev-x", "eu-west-1"))
    assert best(graph(tmp_path / "only", "codebuild", excluded, PASS, only)) is None
    assert best(graph(tmp_path / "any", "codebuild", excluded, PASS, calls("codebuild"))) is State.PROVEN


def test_a_service_that_is_not_known_to_send_the_key_leaves_it_open(tmp_path):
    create = allow(["glue:CreateJob", "glue:StartJobRun"])
    wanted = {"ArnLike": {"aws:SourceArn": of("glue", "job/*", "eu-west-1")}}
    path = paths(graph(tmp_path / "own", "glue", wanted, PASS, create))["glue-003"]
    assert path.state is State.POSSIBLE
    (need,) = path.steps[0].needs
    assert need == (
        "that glue.amazonaws.com assumes the role for a resource that the trust policy accepts "
        f"(aws:SourceArn: {of('glue', 'job/*', 'eu-west-1')})"
    )
    other = {"ArnLike": {"aws:SourceArn": of("glue", "job/*", "eu-west-1", OTHER)}}
    assert best(graph(tmp_path / "other", "glue", other, PASS, create)) is None
    unless_sent = {"ArnLikeIfExists": {"aws:SourceArn": of("glue", "job/*", "eu-west-1", OTHER)}}
    assert best(graph(tmp_path / "absent", "glue", unless_sent, PASS, create)) is State.POSSIBLE


def test_the_request_of_the_service_is_among_the_evidence(tmp_path):
    condition = {"ArnLike": {"aws:SourceArn": of("codebuild", "project/prod-*", "eu-west-1")}}
    reach = graph(tmp_path, "codebuild", condition, PASS, calls("codebuild"))
    path = paths(reach)["codebuild-001"]
    *own, last = path.steps[0].proof
    assert {one.decision.request.principal for one in own} == {arn("user/bob")}
    assert (last.decision.request.principal, last.decision.decision.value) == ("codebuild.amazonaws.com", "allowed")
    assert last.decision.request.context["aws:SourceArn"] == of("codebuild", "project/prod-*", "eu-west-1")


def test_a_blocked_step_names_the_service(tmp_path):
    condition = {"ArnLike": {"aws:SourceArn": of("codebuild", "project/prod-*")}}
    only = calls("codebuild", of("codebuild", "project/dev-*", "eu-west-1"))
    reach = graph(tmp_path, "codebuild", condition, PASS, only)
    reasons = {one.path_id: one.by for one in reach.refusals(arn("user/bob"))}
    assert reasons["codebuild-001"].startswith("codebuild.amazonaws.com is not allowed to perform sts:AssumeRole")


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ({"StringEquals": {"aws:SourceOrgID": "o-another001"}}, None),
        ({"StringEquals": {"aws:SourceOrgID": "o-example"}}, State.PROVEN),
        ({"StringNotEquals": {"aws:SourceOrgID": "o-example"}}, None),
        ({"ForAnyValue:StringLike": {"aws:SourceOrgPaths": "o-another001/*"}}, None),
        ({"ForAnyValue:StringLike": {"aws:SourceOrgPaths": "o-example/*"}}, State.PROVEN),
    ],
)
def test_the_organization_is_that_of_the_role_s_account(tmp_path, condition, found):
    """IAM User Guide, "AWS global condition context keys": that of the resource that makes the request."""
    reach = graph(tmp_path, "lambda", condition, PASS, calls("lambda"), denied_by_scp=[])
    assert best(reach) is found


def test_an_organization_that_is_not_captured_leaves_it_open(tmp_path):
    condition = {"StringEquals": {"aws:SourceOrgID": "o-another001"}}
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    made = World()
    made.user("bob", {"some": document(PASS, calls("lambda"))})
    made.role("admin", {"all": FULL}, document({**trust, "Condition": condition}))
    alone = made.snapshot(tmp_path).model_copy(update={"organization": None})
    path = AttackPathGraph(Evaluator(alone)).attack_path(arn("user/bob"))
    assert (path.state, path.steps[0].needs) == (State.POSSIBLE, ("an allowed value of aws:SourceOrgID",))
