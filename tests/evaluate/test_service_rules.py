"""What single services do differently is data: every name in it is one that AWS has, spelled as it is compared."""

from iamdesk.aws.service_reference import reference
from iamdesk.evaluate import service_rules

from ..rules import rule


def names_of(service: str) -> set[str]:
    """The service's actions as the evaluator compares them."""
    return {action.full_name.partition(":")[2].lower() for action in reference().actions_of(service)}


@rule("I2")
def test_trust_policies_decide_actions_that_sts_has() -> None:
    assert {name for name in names_of("sts") if name.startswith("assumerole")} | {
        "tagsession",
        "setsourceidentity",
        "setcontext",
    } == service_rules.TRUST_ACTIONS
    assert names_of("sts") >= service_rules.TRUST_ACTIONS
    assert service_rules.TRUST_ON_BOTH_SIDES <= service_rules.TRUST_ACTIONS


@rule("I5")
def test_what_iam_takes_for_roles_of_aws_are_actions_that_iam_has() -> None:
    for path, names in service_rules.POSSIBLE_ON_AWS_ROLES.items():
        assert path.startswith("/")
        assert path.endswith("/")
        assert names_of("iam") >= names


@rule("I1", "I11")
def test_services_that_are_special_are_known_to_aws() -> None:
    for service in service_rules.SERVICES_WITH_ACTION_RULES | service_rules.GLOBAL_SERVICES.keys():
        assert reference().service_exists(service), service
    assert names_of("s3") >= service_rules.ACCESS_POINT_TAG_ACTIONS


@rule("B7")
def test_retiring_a_grant_is_told_apart_from_every_other_action_on_keys() -> None:
    retiring = service_rules.action_rule_class("kms", "retiregrant", is_write=True)
    alike = [
        name for name in names_of("kms") if service_rules.action_rule_class("kms", name, is_write=True) == retiring
    ]
    assert alike == ["retiregrant"]
