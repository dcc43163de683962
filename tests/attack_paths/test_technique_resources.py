"""Calls on all resources that AWS requires for them, and steps that hold for one resource."""

import pytest

from iamdesk import Evaluator
from iamdesk.attack_paths.attack_path_graph import AttackPathGraph
from iamdesk.attack_paths.catalog import TargetType, catalog
from iamdesk.attack_paths.technique_resources import placeholders, slots_of
from iamdesk.attack_paths.types import State

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


def chosen_by_caller(*groups):
    keys = str([one.get("Condition") for group in groups for one in group])
    return "RequestTag" in keys or "RequestedRegion" in keys


def states(folder, service, *statements, boundary=None, scp=()):
    """Return the state of each technique by which someone with some statements becomes an administrator."""
    world = World(denied_by_scp=list(scp))
    limit = None if boundary is None else world.policy("limit", boundary)
    world.user("bob", {"some": document(*statements)}, boundary=limit)
    world.role("admin", {"all": FULL}, trusting({"Service": service}), profile=True)
    world.role("low", {"some": WEAK}, trusting({"Service": service}), profile=True)
    reach = AttackPathGraph(Evaluator(world.snapshot(folder)))
    allowed = {"allowed", "conditional"} if chosen_by_caller(statements, scp) else {"allowed"}
    paths = [path for path in reach.attack_paths(arn("user/bob")) if path.steps[0].target == arn("role/admin")]
    for path in paths:
        decisions = {proof.decision.decision.value for step in path.steps for proof in step.proof}
        assert path.state is State.POSSIBLE or decisions <= allowed
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


@pytest.mark.parametrize(
    ("operator", "key", "value", "found"),
    [
        ("StringEquals", "ec2:Owner", "amazon", State.PROVEN),
        ("StringEquals", "ec2:Owner", "444455556666", State.POSSIBLE),  # whether it shares an image is not known
        ("StringEquals", "ec2:ImageID", "ami-0123456789abcdef0", State.POSSIBLE),
    ],
)
def test_an_instance_needs_an_image_that_exists(tmp_path, operator, key, value, found):
    of_image = allow("ec2:RunInstances", IMAGE, Condition={operator: {key: value}})
    rest = allow("ec2:RunInstances", of_ec2(*EC2))
    assert states(tmp_path, "ec2.amazonaws.com", PASS, of_image, rest).get("ec2-001") is found


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


def deny_others(action, resource):
    return {"Effect": "Deny", "Action": action, "NotResource": resource}


def test_what_a_deny_leaves_is_tried(tmp_path):
    service, every = "lambda.amazonaws.com", allow("lambda:*")
    guard = deny_others("lambda:*", function("a-*", "*"))
    assert states(tmp_path, service, PASS, every, guard).get("lambda-001") is State.PROVEN
    assert states(tmp_path, service, PASS, every, scp=[guard]).get("lambda-001") is State.PROVEN
    assert states(tmp_path, service, PASS, every, guard, deny_others("lambda:*", function("b"))) == {}
    limit = document(allow("*"), guard)
    assert states(tmp_path, service, PASS, every, boundary=limit).get("lambda-001") is State.PROVEN
    limit = document(allow("iam:*"), allow("lambda:*", function("*-dev")))
    dev = allow("lambda:*", function("a-*"))
    assert states(tmp_path, service, PASS, dev, boundary=limit).get("lambda-001") is State.PROVEN
    assert states(tmp_path, service, PASS, allow("lambda:*", function("b")), boundary=limit) == {}


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


def in_region(*values, operator="StringLike"):
    return {"Condition": {operator: {"aws:RequestedRegion": list(values)}}}


@pytest.mark.parametrize(
    ("create", "invoke", "found"),
    [
        (["eu-west-1"], ["us-east-1"], None),
        (["eu-west-1"], ["eu-west-1"], State.PROVEN),
        (["eu-west-1", "us-east-1"], ["us-east-1"], State.PROVEN),
        (["eu-*"], ["*-2"], State.PROVEN),
        (["eu-*"], ["us-*"], None),
    ],
)
def test_all_calls_are_in_one_region(tmp_path, create, invoke, found):
    service = "lambda.amazonaws.com"
    calls = (
        allow("lambda:CreateFunction", **in_region(*create)),
        allow("lambda:InvokeFunction", **in_region(*invoke)),
    )
    assert states(tmp_path, service, PASS, *calls).get("lambda-001") is found
    every = allow("lambda:*")
    guards = [
        deny(call, "*", **in_region(*regions, operator="StringNotLike"))
        for call, regions in (("lambda:CreateFunction", create), ("lambda:InvokeFunction", invoke))
    ]
    assert states(tmp_path, service, PASS, every, *guards).get("lambda-001") is found
    assert states(tmp_path, service, PASS, every, guards[0], scp=guards[1:]).get("lambda-001") is found


def test_the_region_of_what_policies_name_is_tried(tmp_path):
    service = "lambda.amazonaws.com"
    create = allow("lambda:CreateFunction", function("a", "ap-southeast-2"))
    invoke = allow("lambda:InvokeFunction")
    unrelated = allow("lambda:InvokeFunction", function("b"), **in_region("us-east-1"))
    assert states(tmp_path, service, PASS, create, invoke, unrelated).get("lambda-001") is State.PROVEN


def test_what_sets_tags_needs_the_action_for_tags(tmp_path):
    """EC2 User Guide, "Grant permission to tag Amazon EC2 resources during creation"."""
    untagged = {"Condition": {"StringNotEquals": {"aws:RequestTag/team": "x"}}}
    run = [PASS, allow("ec2:RunInstances"), deny("ec2:RunInstances", of_ec2("instance"), **untagged)]

    def found(*more):
        return states(tmp_path, "ec2.amazonaws.com", *run, *more).get("ec2-001")

    assert found() is None
    assert found(allow("ec2:CreateTags", of_ec2("volume"))) is None
    others = {"Condition": {"StringEquals": {"aws:RequestTag/team": "y"}}}
    assert found(allow("ec2:CreateTags", **others)) is None
    launch = {"Condition": {"StringEquals": {"ec2:CreateAction": "RunInstances"}}}
    for more in (allow("ec2:CreateTags"), allow("ec2:CreateTags", of_ec2("instance"), **launch)):
        assert found(more) is State.PROVEN
    with_mfa = {"Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}
    assert found(allow("ec2:CreateTags", **with_mfa)) is State.POSSIBLE


@pytest.mark.parametrize(
    ("create", "tagging", "found"),
    [
        (["eu-west-1"], ["us-east-1"], None),
        (["eu-west-1"], ["eu-west-1"], State.PROVEN),
        (["eu-west-1", "us-east-1"], ["us-east-1"], State.PROVEN),
        (["eu-*"], ["*-2"], State.PROVEN),
        (["eu-*"], ["us-*"], None),
    ],
)
def test_tags_are_set_in_the_region_of_the_call(tmp_path, create, tagging, found):
    tag = {"StringEquals": {"aws:RequestTag/team": "x"}}
    condition = {"Condition": {**in_region(*create)["Condition"], **tag}}
    calls = (allow("lambda:CreateFunction", **condition), allow("lambda:InvokeFunction"))
    sets = allow("lambda:TagResource", **in_region(*tagging))
    assert states(tmp_path, "lambda.amazonaws.com", PASS, *calls, sets).get("lambda-001") is found
    every = allow("lambda:*")
    untagged = deny("lambda:CreateFunction", "*", Condition={"StringNotEquals": tag["StringEquals"]})
    guards = [
        deny(call, "*", **in_region(*regions, operator="StringNotLike"))
        for call, regions in (("lambda:CreateFunction", create), ("lambda:TagResource", tagging))
    ]
    assert states(tmp_path, "lambda.amazonaws.com", PASS, every, untagged, *guards).get("lambda-001") is found
    limited = (PASS, every, untagged, guards[0])
    assert states(tmp_path, "lambda.amazonaws.com", *limited, scp=guards[1:]).get("lambda-001") is found
    # One call alone, on an EC2 instance that runs with the role.
    ec2 = [
        allow("ec2:RunInstances"),
        deny("ec2:RunInstances", of_ec2("instance"), **in_region(*create, operator="StringNotLike")),
    ]
    ec2 += [deny("ec2:RunInstances", of_ec2("instance"), Condition={"StringNotEquals": tag["StringEquals"]})]
    sets = allow("ec2:CreateTags", **in_region(*tagging))
    assert states(tmp_path, "ec2.amazonaws.com", PASS, *ec2, sets).get("ec2-001") is found


def created_by(key, value, operator="StringEquals"):
    return {"Condition": {operator: {key: value}}}


@pytest.mark.parametrize(
    ("granted", "found"),
    [
        ([allow("ec2:CreateTags", **created_by("ec2:CreateAction", "RunInstances"))], State.PROVEN),
        ([allow("ec2:CreateTags", **created_by("ec2:CreateAction", "Run*", "StringLike"))], State.PROVEN),
        ([allow("ec2:CreateTags", **created_by("ec2:CreateAction", "CreateVolume"))], None),
        ([allow("ec2:CreateTags", **created_by("ec2:CreateAction", "RunInstances", "StringNotEquals"))], None),
        ([allow("ec2:CreateTags", **created_by("ec2:CreateAction", "true", "Null"))], None),
        (
            [
                allow("ec2:CreateTags"),
                deny("ec2:CreateTags", "*", **created_by("ec2:CreateAction", "RunInstances")),
            ],
            None,
        ),
    ],
)
def test_the_service_says_which_call_sets_tags(tmp_path, granted, found):
    """EC2 User Guide, "Grant permission to tag Amazon EC2 resources during creation"."""
    tagged = allow("ec2:RunInstances", of_ec2("instance"), **created_by("aws:RequestTag/team", "x"))
    rest = allow("ec2:RunInstances", [*of_ec2(*EC2[1:]), IMAGE])
    assert states(tmp_path, "ec2.amazonaws.com", PASS, tagged, rest, *granted).get("ec2-001") is found


@pytest.mark.parametrize(
    ("create", "tagging", "found"),
    [
        (("false", "Null"), ("prod", "StringEquals"), State.PROVEN),
        (("*", "StringLike"), ("prod", "StringEquals"), State.PROVEN),
        (("a*", "StringLike"), ("*z", "StringLike"), State.PROVEN),
        (("a*", "StringLike"), ("ab*", "StringLike"), State.PROVEN),
        (("a*", "StringLike"), ("abc", "StringEquals"), State.PROVEN),
        (("team-*", "StringLike"), ("team-x", "StringEqualsIfExists"), State.PROVEN),
        (("a*", "StringLike"), ("b*", "StringLike"), None),
        (("x", "StringEquals"), ("y", "StringEquals"), None),
        (("x", "StringNotEquals"), ("x", "StringEquals"), State.PROVEN),  # without tags
    ],
)
def test_tags_suit_the_call_and_the_action_that_sets_them(tmp_path, create, tagging, found):
    service, tag = "lambda.amazonaws.com", "aws:RequestTag/team"
    (value, operator), (allowed, by) = create, tagging
    rest = [PASS, allow("lambda:InvokeFunction")]
    call = allow("lambda:CreateFunction", **created_by(tag, value, operator))
    granted = allow("lambda:TagResource", **created_by(tag, allowed, by))
    assert states(tmp_path, service, *rest, call, granted).get("lambda-001") is found


def test_a_deny_narrows_the_tags_that_may_be_set(tmp_path):
    service, tag = "lambda.amazonaws.com", "aws:RequestTag/team"
    call = allow("lambda:CreateFunction", **created_by(tag, "false", "Null"))
    guard = deny("lambda:TagResource", "*", **created_by(tag, ["a", "b"], "StringNotEquals"))
    granted = [PASS, allow("lambda:InvokeFunction"), call, allow("lambda:TagResource"), guard]
    assert states(tmp_path, service, *granted).get("lambda-001") is State.PROVEN
    others = deny("lambda:CreateFunction", "*", **created_by(tag, ["a", "b"]))
    assert states(tmp_path, service, *granted, others).get("lambda-001") is None


def test_an_instance_cannot_be_started_with_tags_on_an_image_or_subnet(tmp_path):
    """EC2 User Guide, "Grant permission to tag Amazon EC2 resources during creation"."""
    tagged = created_by("aws:RequestTag/team", "x")
    taggable = ("instance", "network-interface", "volume")
    rest = [one for one in EC2 if one not in taggable]

    def found(*run):
        granted = [PASS, *run, allow("ec2:CreateTags")]
        return states(tmp_path, "ec2.amazonaws.com", *granted).get("ec2-001")

    assert found(allow("ec2:RunInstances", **tagged)) is None
    only = [allow("ec2:RunInstances", of_ec2(*taggable), **tagged), allow("ec2:RunInstances", [*of_ec2(*rest), IMAGE])]
    assert found(*only) is State.PROVEN
    untagged = created_by("aws:RequestTag/team", "true", "Null")
    assert found(allow("ec2:RunInstances"), deny("ec2:RunInstances", of_ec2(*taggable), **untagged)) is State.PROVEN
    for one in rest:
        assert found(allow("ec2:RunInstances"), deny("ec2:RunInstances", of_ec2(one), **untagged)) is None


@pytest.mark.parametrize(("call", "found"), [("RegisterTaskDefinition", State.PROVEN), ("RunTask", None)])
def test_other_services_say_which_call_sets_tags(tmp_path, call, found):
    """ECS Developer Guide, "Grant permission to tag resources on creation"."""
    register = allow("ecs:RegisterTaskDefinition", **created_by("aws:RequestTag/team", "x"))
    granted = [PASS, register, allow(["ecs:CreateCluster", "ecs:RunTask"])]
    tagging = allow("ecs:TagResource", **created_by("ecs:CreateAction", call))
    assert states(tmp_path, "ecs-tasks.amazonaws.com", *granted, tagging).get("ecs-002") is found


@pytest.mark.parametrize(
    ("call", "tagging", "technique", "service"),
    [
        ("lambda:CreateFunction", "lambda:TagResource", "lambda-001", "lambda.amazonaws.com"),
        ("ecs:RegisterTaskDefinition", "ecs:TagResource", "ecs-002", "ecs-tasks.amazonaws.com"),
    ],
)
def test_other_services_ask_for_their_action_for_tags(tmp_path, call, tagging, technique, service):
    tagged = {"Condition": {"StringEquals": {"aws:RequestTag/team": "x"}}}
    granted = [PASS, allow(call, **tagged), allow(["lambda:InvokeFunction", "ecs:CreateCluster", "ecs:RunTask"])]
    assert states(tmp_path, service, *granted).get(technique) is None
    assert states(tmp_path, service, *granted, allow(tagging)).get(technique) is State.PROVEN


def test_where_no_page_asks_for_an_action_for_tags_a_path_is_possible(tmp_path):
    tagged = {"Condition": {"StringEquals": {"aws:RequestTag/team": "x"}}}
    granted = [PASS, allow("glue:CreateJob", **tagged), allow("glue:StartJobRun")]
    assert states(tmp_path, "glue.amazonaws.com", *granted).get("glue-003") is State.POSSIBLE
    more = allow("glue:TagResource")
    assert states(tmp_path, "glue.amazonaws.com", *granted, more).get("glue-003") is State.PROVEN


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


def test_names_that_stand_for_any_are_stars_in_sentences(tmp_path):
    world = World()
    world.user("bob", {"some": document(PASS, allow(["lambda:CreateFunction", "lambda:InvokeFunction"]))})
    world.role("admin", {"all": FULL}, trusting({"Service": "lambda.amazonaws.com"}))
    reach = AttackPathGraph(Evaluator(world.snapshot(tmp_path)))
    (step,) = reach.attack_path(arn("user/bob")).steps
    _, create, invoke = step.proof
    assert create.request_text == f"lambda:CreateFunction on arn:aws:lambda:*:{ACCOUNT}:function:*"
    assert all("unnamed" not in proof.decision.sentence for proof in (create, invoke))


@pytest.mark.parametrize(
    ("posts", "puts", "found"),
    [
        ("/restapis*", "/restapis*", State.PROVEN),
        ("/*", "/restapis/*/resources/*/methods/*", State.PROVEN),
        ("/restapis/*/deployments", "/restapis/*", State.PROVEN),
        ("/apikeys", "/restapis/*/documentation/parts/*", None),
        ("/restapis/*", "/restapis/*/documentation/parts/*", None),
        ("/usageplans*", "/usageplans*", None),
        ("/tags/*", "/tags/*", None),
    ],
)
def test_an_api_that_calls_aws_is_written_and_deployed(tmp_path, posts, puts, found):
    """POST and PUT name what is done by their resources alone."""
    statements = [
        allow(f"apigateway:{how}", f"arn:aws:apigateway:*::{on}") for how, on in (("POST", posts), ("PUT", puts))
    ]
    assert states(tmp_path, "apigateway.amazonaws.com", PASS, *statements).get("X48") is found


CREATE = ["iam:CreateInstanceProfile", "iam:AddRoleToInstanceProfile"]


@pytest.mark.parametrize(
    ("statements", "found"),
    [
        ([PASS, allow([*CREATE, "ec2:RunInstances"])], State.PROVEN),
        ([PASS, allow(CREATE, arn("instance-profile/dev-*")), allow("ec2:RunInstances")], State.PROVEN),
        ([PASS, allow([CREATE[1], "ec2:RunInstances"])], None),
        ([allow([*CREATE, "ec2:RunInstances"])], None),
        ([PASS, *(allow(one, arn(f"instance-profile/{one[4]}*")) for one in CREATE), allow("ec2:RunInstances")], None),
    ],
)
def test_an_instance_is_started_with_a_profile_that_is_created(tmp_path, statements, found):
    assert states(tmp_path, "ec2.amazonaws.com", *statements).get("X91") is found


@pytest.mark.parametrize(
    ("created", "launched", "found"),
    [
        ("*", "dev-*", State.PROVEN),
        ("dev-*", "dev-*", State.PROVEN),
        ("d*", "dev-*", State.PROVEN),
        ("prod-*", "dev-*", None),
        ("*", "low", None),  # exists, with another role
    ],
)
def test_the_profile_that_is_created_is_the_one_that_may_be_used(tmp_path, created, launched, found):
    create = allow(CREATE, arn(f"instance-profile/{created}"))
    only = {"Condition": {"ArnLike": {"ec2:InstanceProfile": arn(f"instance-profile/{launched}")}}}
    run = [allow("ec2:RunInstances", of_ec2("instance"), **only), allow("ec2:RunInstances", [*of_ec2(*EC2[1:]), IMAGE])]
    assert states(tmp_path, "ec2.amazonaws.com", PASS, create, *run).get("X91") is found
