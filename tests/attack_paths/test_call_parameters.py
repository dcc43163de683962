"""What the calls of a technique need besides their actions: documents, templates and other parameters."""

import pytest

from iamdesk import Evaluator
from iamdesk.attack_paths.attack_path_graph import AttackPathGraph
from iamdesk.attack_paths.catalog import catalog
from iamdesk.attack_paths.types import State
from iamdesk.aws.service_reference import reference

from ..builders.captures import allow, document, trusting
from .cases import ACCOUNT, FULL, World, arn

PASS = allow("iam:PassRole", arn("role/*"))
INSTANCES = "arn:aws:ec2:*:*:instance/*"
EC2, SSM, STACKS = "ec2.amazonaws.com", "ssm.amazonaws.com", "cloudformation.amazonaws.com"
PODS, FUNCTIONS, GLUE = "pods.eks.amazonaws.com", "lambda.amazonaws.com", "glue.amazonaws.com"
PROVEN, POSSIBLE = State.PROVEN, State.POSSIBLE


def deny(action, **more):
    return {"Effect": "Deny", "Action": action, "Resource": "*", **more}


def where(operator, key, *values):
    return {"Condition": {operator: {key: list(values)}}}


def run(*names):
    return allow("ssm:SendCommand", [INSTANCES, *(f"arn:aws:ssm:*:*:document/{name}" for name in names)])


def change_association(name):
    on = [INSTANCES, "arn:aws:ssm:*:*:association/*", f"arn:aws:ssm:*:*:document/{name}"]
    return allow("ssm:UpdateAssociation", on)


def start(*names):
    on = [INSTANCES, *(f"arn:aws:ssm:*:*:document/{name}" for name in names)]
    return allow("ssm:StartSession", on, **where("BoolIfExists", "ssm:SessionDocumentAccessCheck", "true"))


def change(*conditions):
    return [allow(["ec2:StopInstances", "ec2:StartInstances"]), *conditions]


def grant(name):
    policy = f"arn:aws:eks::aws:cluster-access-policy/{name}"
    return [
        allow("eks:CreateAccessEntry"),
        allow("eks:AssociateAccessPolicy", **where("StringEquals", "eks:policyArn", policy)),
    ]


FUNCTION = [PASS, allow("lambda:InvokeFunction")]
START_JOB, EXECUTION_ROLE = "emr-containers:StartJobRun", "emr-containers:ExecutionRoleArn"
ATTRIBUTE = "ec2:ModifyInstanceAttribute"
ON_SCRIPT = where("StringEquals", "ec2:Attribute", "UserData")


@pytest.mark.parametrize(
    ("technique", "service", "statements", "found"),
    [
        ("ssm-002", EC2, [run("AWS-RunShellScript")], POSSIBLE),
        ("ssm-002", EC2, [run("AWS-Run*")], POSSIBLE),
        ("ssm-002", EC2, [run("AWS-UpdateSSMAgent")], None),
        ("ssm-002", EC2, [run("AWS-UpdateSSMAgent", "AmazonCloudWatch-*")], None),
        ("ssm-002", EC2, [run("own-document")], POSSIBLE),
        ("X97", EC2, [change_association("AWS-RunShellScript")], POSSIBLE),
        ("X97", EC2, [change_association("AWS-UpdateSSMAgent")], None),
        ("ssm-001", EC2, [start("AWS-StartPortForwardingSession")], None),
        ("ssm-001", EC2, [start("SSM-SessionManagerRunShell")], POSSIBLE),
        ("ssm-001", EC2, [allow("ssm:StartSession", INSTANCES)], POSSIBLE),
        ("ec2-002", EC2, change(allow(ATTRIBUTE)), POSSIBLE),
        ("ec2-002", EC2, change(allow(ATTRIBUTE), deny(ATTRIBUTE, **ON_SCRIPT)), None),
        ("ec2-002", EC2, change(allow(ATTRIBUTE, **ON_SCRIPT)), POSSIBLE),
        ("ec2-002", EC2, change(allow(ATTRIBUTE, **where("StringEquals", "ec2:Attribute", "InstanceType"))), None),
        ("ec2-002", EC2, change(allow(ATTRIBUTE, **where("Null", "ec2:Attribute/UserData", "true"))), None),
        ("cloudformation-001", STACKS, [PASS, allow("cloudformation:CreateStack")], PROVEN),
        *(
            ("cloudformation-001", STACKS, [PASS, allow("cloudformation:CreateStack", **condition)], state)
            for condition, state in (
                (where("StringLike", "cloudformation:TemplateUrl", "https://templates.example/*"), POSSIBLE),
                (where("ForAnyValue:StringEquals", "cloudformation:ResourceTypes", "AWS::SNS::Topic"), POSSIBLE),
                (where("Null", "cloudformation:TemplateUrl", "true"), PROVEN),
            )
        ),
        *(
            ("X111", STACKS, [PASS, allow(["cloudformation:CreateChangeSet", *executing])], state)
            for executing, state in ((["cloudformation:ExecuteChangeSet"], PROVEN), ([], None))
        ),
        ("lambda-001", FUNCTIONS, [*FUNCTION, allow("lambda:CreateFunction")], PROVEN),
        *(
            (
                "lambda-001",
                FUNCTIONS,
                [*FUNCTION, allow("lambda:CreateFunction", **where("StringLike", key, "*x"))],
                state,
            )
            for key, state in (("lambda:CodeSigningConfigArn", POSSIBLE), ("lambda:VpcIds", POSSIBLE))
        ),
        *(
            ("lambda-001", FUNCTIONS, [*FUNCTION, allow("lambda:CreateFunction", **where("Null", key, "true"))], PROVEN)
            for key in ("lambda:VpcIds", "lambda:SubnetIds")
        ),
        *(
            ("glue-003", GLUE, [PASS, allow("glue:StartJobRun"), allow("glue:CreateJob", **where(*condition))], state)
            for condition, state in (
                (("ForAnyValue:StringEquals", "glue:VpcIds", "vpc-1"), POSSIBLE),
                (("Null", "glue:VpcIds", "true"), PROVEN),
            )
        ),
        (
            "sagemaker-003",
            "sagemaker.amazonaws.com",
            [PASS, allow("sagemaker:CreateProcessingJob", **where("StringEquals", "sagemaker:VpcSubnets", "subnet-1"))],
            POSSIBLE,
        ),
        ("X54", PODS, grant("AmazonEKSViewPolicy"), None),
        ("X54", PODS, grant("AmazonEKSEditPolicy"), POSSIBLE),
        ("X54", PODS, grant("AmazonEKSClusterAdminPolicy"), POSSIBLE),
        *(
            (
                "X103",
                PODS,
                [allow("emr-containers:StartJobRun", **where("ArnEquals", EXECUTION_ROLE, arn(name)))],
                state,
            )
            for name, state in (("role/admin", POSSIBLE), ("role/other", None))
        ),
        ("ssm-003", SSM, [PASS, allow("ssm:StartAutomationExecution"), allow("ssm:CreateDocument")], PROVEN),
        (
            "ssm-003",
            SSM,
            [
                PASS,
                allow("ssm:StartAutomationExecution"),
                allow("ssm:CreateDocument", **where("StringEquals", "ssm:DocumentType", "Session")),
            ],
            None,
        ),
    ],
)
def test_a_call_has_the_parameters_that_its_technique_needs(tmp_path, technique, service, statements, found):
    world = World()
    world.user("bob", {"some": document(*statements)})
    world.role("admin", {"all": FULL}, trusting({"Service": service}), profile=True)
    graph = AttackPathGraph(Evaluator(world.snapshot(tmp_path)))
    states = {path.steps[0].path_id: path.state for path in graph.attack_paths(arn("user/bob"))}
    assert states.get(technique) is found


def test_every_parameter_is_a_key_of_its_calls():
    for calls in catalog().calls:
        taken = {action: reference().action(*action.split(":")) for action in calls.actions}
        assert all(taken.values()), calls.actions
        for key in (*calls.free, *(key for alternative in calls.alternatives for key in alternative.sets)):
            assert any(_takes(action, key) for action in taken.values()), key


def _takes(action, key):
    keys = action.condition_keys.union(*(one.condition_keys for one in action.resource_types))
    for one in action.resource_types:
        kind = reference().resource_type(action.service, one.name)
        keys |= kind.condition_keys if kind else frozenset()
    return reference().takes_key(action, None, key) or any(one.startswith(key.rstrip("*").lower()) for one in keys)


def test_a_session_is_proven_with_the_document_that_gives_a_shell(tmp_path):
    statements = [start("SSM-SessionManagerRunShell")]
    world = World()
    world.user("bob", {"some": document(*statements)})
    world.role("admin", {"all": FULL}, trusting({"Service": EC2}), profile=True)
    graph = AttackPathGraph(Evaluator(world.snapshot(tmp_path)))
    (path,) = (one for one in graph.attack_paths(arn("user/bob")) if one.steps[0].path_id == "ssm-001")
    asked = {proof.decision.request.resource for proof in path.steps[0].proof}
    assert f"arn:aws:ssm:*:{ACCOUNT}:document/SSM-SessionManagerRunShell" in asked
