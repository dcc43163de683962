"""What single services do differently is data: every name in it is one that AWS has, spelled as it is compared."""

from iamdesk.evaluate import services
from iamdesk.index.actions import reference

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
    } == services.TRUST_ACTIONS
    assert names_of("sts") >= services.TRUST_ACTIONS
    assert services.TRUST_ON_BOTH_SIDES <= services.TRUST_ACTIONS


@rule("I5")
def test_what_iam_takes_for_roles_of_aws_are_actions_that_iam_has() -> None:
    for path, names in services.POSSIBLE_ON_AWS_ROLES.items():
        assert path.startswith("/")
        assert path.endswith("/")
        assert names_of("iam") >= names


@rule("I1", "I11")
def test_services_that_are_special_are_known_to_aws() -> None:
    for service in services.ACTIONS_DIFFER | services.GLOBAL_SERVICES.keys():
        assert reference().service_exists(service), service
    assert names_of("s3") >= services.ABOUT_THE_ACCESS_POINT


@rule("B7")
def test_retiring_a_grant_is_told_apart_from_every_other_action_on_keys() -> None:
    retiring = services.told_apart_by("kms", "retiregrant", is_write=True)
    alike = [name for name in names_of("kms") if services.told_apart_by("kms", name, is_write=True) == retiring]
    assert alike == ["retiregrant"]
