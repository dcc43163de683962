"""Calls on all resources that AWS requires for them, and steps that hold for one resource."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iamdesk import Evaluator
from iamdesk.attack_paths.attack_path_graph import AttackPathGraph
from iamdesk.attack_paths.catalog import TargetType, catalog
from iamdesk.attack_paths.technique_resources import common_arn, common_text, placeholders, slots_of
from iamdesk.attack_paths.types import State
from iamdesk.policy.wildcards import glob, may_overlap

from ..builders.captures import allow, document, trusting
from .cases import ACCOUNT, FULL, WEAK, World, arn

EC2 = ("instance", "network-interface", "security-group", "subnet", "volume")
IMAGE = "arn:aws:ec2:*::image/*"


def of_ec2(*types):
    return [f"arn:aws:ec2:*:{ACCOUNT}:{one}/*" for one in types]


def function(name, region="eu-west-1"):
    return f"arn:aws:lambda:{region}:{ACCOUNT}:function:{name}"


def deny(action, resource, **more):
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}


def states(folder, service, *statements, boundary=None):
    """Return the state of each technique by which someone with some statements becomes an administrator."""
    world = World()
    limit = None if boundary is None else world.policy("limit", boundary)
    world.user("bob", {"some": document(*statements)}, boundary=limit)
    world.role("admin", {"all": FULL}, trusting({"Service": service}), profile=True)
    world.role("low", {"some": WEAK}, trusting({"Service": service}), profile=True)
    reach = AttackPathGraph(Evaluator(world.snapshot(folder)))
    paths = [path for path in reach.attack_paths(arn("user/bob")) if path.steps[0].target == arn("role/admin")]
    for path in paths:
        decisions = {proof.decision.decision.value for step in path.steps for proof in step.proof}
        assert path.state is State.POSSIBLE or decisions == {"allowed"}
    return {path.steps[0].path_id: path.state for path in paths}


PASS = allow("iam:PassRole", arn("role/*"))


@pytest.mark.parametrize(
    ("statements", "found"),
    [
        ([allow("ec2:RunInstances", [*of_ec2(*EC2), IMAGE])], State.PROVEN),
        ([allow("ec2:RunInstances"), deny("ec2:RunInstances", of_ec2("capacity-reservation"))], State.PROVEN),
        ([allow("ec2:RunInstances", of_ec2("capacity-reservation", *EC2))], None),
        ([allow("ec2:RunInstances", of_ec2("capacity-reservation"))], None),
        *(([allow("ec2:RunInstances"), deny("ec2:RunInstances", of_ec2(one))], None) for one in EC2),
        ([allow("ec2:RunInstances"), deny("ec2:RunInstances", IMAGE)], None),
    ],
)
def test_an_instance_is_started_with_everything_that_it_needs(tmp_path, statements, found):
    assert states(tmp_path, "ec2.amazonaws.com", PASS, *statements).get("ec2-001") is found


@pytest.mark.parametrize(("profile", "found"), [("admin", State.PROVEN), ("low", None)])
def test_an_instance_is_started_with_the_profile_that_policies_allow(tmp_path, profile, found):
    allowed = arn(f"instance-profile/{profile}")
    only = allow("ec2:RunInstances", of_ec2("instance"), Condition={"ArnEquals": {"ec2:InstanceProfile": allowed}})
    rest = allow("ec2:RunInstances", [*of_ec2(*EC2[1:]), IMAGE])
    assert states(tmp_path, "ec2.amazonaws.com", PASS, only, rest).get("ec2-001") is found
    others = {"Condition": {"ArnNotEquals": {"ec2:InstanceProfile": allowed}}}
    guarded = [allow("ec2:RunInstances"), deny("ec2:RunInstances", of_ec2("instance"), **others)]
    assert states(tmp_path, "ec2.amazonaws.com", PASS, *guarded).get("ec2-001") is found


@pytest.mark.parametrize(("role", "found"), [("admin", State.PROVEN), ("low", None)])
def test_a_stack_is_created_with_the_role_that_policies_allow(tmp_path, role, found):
    only = {"Condition": {"StringEquals": {"cloudformation:RoleArn": arn(f"role/{role}")}}}
    statement = allow("cloudformation:CreateStack", **only)
    assert states(tmp_path, "cloudformation.amazonaws.com", PASS, statement).get("cloudformation-001") is found


@pytest.mark.parametrize(
    ("create", "invoke", "found"),
    [
        (function("a-*"), function("b-*"), None),
        (function("a-*"), function("a-*"), State.PROVEN),
        (function("a-*"), "*", State.PROVEN),
        (function("a-*", "*"), function("*"), State.PROVEN),
        (function("a-*"), function("*-dev"), State.PROVEN),
        (function("a-*"), "arn:aws:lambda:*:*:function:a-b?-*", State.PROVEN),
        (function("*"), function("*", "us-east-1"), None),
        (function("a"), function("b"), None),
        ([function("a"), function("c")], [function("b"), function("c")], State.PROVEN),
    ],
)
def test_the_function_that_it_creates_is_the_one_that_it_invokes(tmp_path, create, invoke, found):
    statements = [PASS, allow("lambda:CreateFunction", create), allow("lambda:InvokeFunction", invoke)]
    assert states(tmp_path, "lambda.amazonaws.com", *statements).get("lambda-001") is found


def test_what_it_creates_is_in_the_region_of_the_rest(tmp_path):
    service = "sagemaker.amazonaws.com"

    def of(region, kind):
        return f"arn:aws:sagemaker:{region}:{ACCOUNT}:{kind}/*"

    def found(*regions):
        create, start = (
            allow(f"sagemaker:{call}", of(region, kind))
            for call, kind, region in zip(
                ("CreateNotebookInstance", "CreateNotebookInstanceLifecycleConfig"),
                ("notebook-instance", "notebook-instance-lifecycle-config"),
                regions,
                strict=True,
            )
        )
        return states(tmp_path, service, PASS, create, start).get("X23")

    assert found("eu-west-1", "eu-west-1") is State.PROVEN
    assert found("eu-west-1", "*") is State.PROVEN
    assert found("eu-west-1", "eu-west-2") is None


@pytest.mark.parametrize(
    ("service", "technique", "calls", "kind"),
    [
        ("codebuild.amazonaws.com", "codebuild-001", ("codebuild:CreateProject", "codebuild:StartBuild"), "project/"),
        ("glue.amazonaws.com", "glue-003", ("glue:CreateJob", "glue:StartJobRun"), "job/"),
        ("states.amazonaws.com", "stepfunctions-001", ("states:CreateStateMachine", "states:StartExecution"), None),
    ],
)
def test_other_services_create_and_use_one_resource(tmp_path, service, technique, calls, kind):
    prefix = f"arn:aws:{service.partition('.')[0]}:eu-west-1:{ACCOUNT}:{kind or 'stateMachine:'}"

    def found(*names):
        granted = (allow(call, f"{prefix}{name}") for call, name in zip(calls, names, strict=True))
        return states(tmp_path, service, PASS, *granted).get(technique)

    assert found("a-*", "a-*") is State.PROVEN
    assert found("a-*", "b-*") is None


def test_a_command_needs_a_document_and_an_instance(tmp_path):
    instance, shell = of_ec2("instance"), "arn:aws:ssm:*::document/AWS-RunShellScript"

    def found(resource):
        return states(tmp_path, "ec2.amazonaws.com", allow("ssm:SendCommand", resource)).get("ssm-002")

    assert found(instance) is None
    assert found(shell) is None
    assert found([*instance, shell]) is State.POSSIBLE


def test_every_resource_of_a_technique_has_a_placeholder():
    for path in catalog().paths:
        for slot in slots_of(path.id):
            assert list(placeholders(slot, "aws", ACCOUNT)), (path.id, slot)
        called = {call for slot in slots_of(path.id) for call in slot.calls}
        assert called == {one.action for one in path.actions if one.on is TargetType.ANYTHING}


PATTERNS = st.text("ab*?", max_size=6)


@given(PATTERNS, PATTERNS)
def test_a_common_text_is_matched_by_both_patterns(one, other):
    common = common_text(one, other)
    assert (common is not None) == may_overlap(one, other)
    if common is not None:
        assert glob(one).matches(common)
        assert glob(other).matches(common)


def test_common_arns():
    assert common_arn("arn:aws:lambda:*:1:function:a-*", "arn:aws:lambda:eu-west-1:*:function:*-b") is not None
    assert common_arn("arn:aws:lambda:eu-west-1:1:function:*", "arn:aws:lambda:eu-west-2:1:function:*") is None
    assert common_arn("*", "arn:aws:lambda:eu-west-2:1:function:*") is None


def test_names_that_stand_for_any_are_stars_in_sentences(tmp_path):
    world = World()
    world.user("bob", {"some": document(PASS, allow(["lambda:CreateFunction", "lambda:InvokeFunction"]))})
    world.role("admin", {"all": FULL}, trusting({"Service": "lambda.amazonaws.com"}))
    reach = AttackPathGraph(Evaluator(world.snapshot(tmp_path)))
    (step,) = reach.attack_path(arn("user/bob")).steps
    _, create, invoke = step.proof
    assert create.says == f"lambda:CreateFunction on arn:aws:lambda:*:{ACCOUNT}:function:*"
    assert all("unnamed" not in proof.decision.sentence for proof in (create, invoke))
