"""What single services do differently is data: every name in it is one that AWS has, spelled as it is compared."""

import pytest

from iamdesk.evaluate import services
from iamdesk.index.actions import reference

from ..rules import rule

NOT_SERVICES_OF_ACTIONS = {"vpc-lattice-svcs"}


def names_of(service: str) -> set[str]:
    """The service's actions as the evaluator compares them."""
    return {action.full_name.partition(":")[2].lower() for action in reference().actions_of(service)}


def types_of(service: str) -> set[str]:
    """The resource types that actions of the service act on."""
    return {kind.name for action in reference().actions_of(service) for kind in action.resource_types}


@rule("I2")
def test_trust_policies_decide_actions_that_sts_has() -> None:
    assert {name for name in names_of("sts") if name.startswith("assumerole")} | {
        "tagsession",
        "setsourceidentity",
        "setcontext",
    } == services.TRUST_ACTIONS
    assert names_of("sts") >= services.TRUST_ACTIONS
    assert services.TRUST_ON_BOTH_SIDES <= services.TRUST_ACTIONS


@rule("I1")
def test_what_kms_gives_to_other_accounts_are_actions_that_kms_has() -> None:
    assert len(services.KMS_CROSS_ACCOUNT) == 20
    assert names_of("kms") >= services.KMS_CROSS_ACCOUNT
    generating = {name for name in names_of("kms") if name.startswith("generate")} - {"generaterandom"}
    assert generating <= services.KMS_CROSS_ACCOUNT


@rule("I5")
def test_what_iam_takes_for_roles_of_aws_are_actions_that_iam_has() -> None:
    assert names_of("iam") >= services.STILL_POSSIBLE_ON_AWS_ROLES
    assert all(path.startswith("/") and path.endswith("/") for path in services.OWNED_BY_AWS)


@rule("E10", "D8")
def test_what_takes_calls_without_signature_is_known_to_aws() -> None:
    for service in services.UNSIGNED_SERVICES | services.NEEDS_BOTH_SIDES:
        assert reference().service_exists(service), service
    for service, name in services.UNSIGNED_ACTIONS:
        assert name in names_of(service), name
    assert services.NEEDS_BOTH_SIDES <= services.UNSIGNED_SERVICES


@rule("I1", "I11")
def test_services_that_are_special_are_known_to_aws() -> None:
    for service in services.ACTIONS_DIFFER | services.GLOBAL_SERVICES.keys():
        assert reference().service_exists(service), service
    assert names_of("s3") >= services.ABOUT_THE_ACCESS_POINT


@rule("D1", "E5")
def test_what_stays_with_the_owner_are_actions_that_the_service_has() -> None:
    for service, names in (*services.OWNERS_ALONE.items(), *services.ROOT_UNLOCKS.items()):
        assert names_of(service) >= names
        # An action is told apart where a rule of its service binds it (`told_apart_by`).
        others = names_of(service) - names
        told = {services.told_apart_by(service, name, is_write=True) for name in names}
        assert told.isdisjoint(services.told_apart_by(service, name, is_write=True) for name in others)


@rule("D5")
@pytest.mark.parametrize("service", services.RESOURCE_POLICIES)
def test_resource_policies_stand_on_types_of_resources_that_the_service_has(service: str) -> None:
    assert reference().service_exists(service)
    assert services.RESOURCE_POLICIES[service] <= types_of(service)


@rule("B7")
def test_retiring_a_grant_is_told_apart_from_every_other_action_on_keys() -> None:
    retiring = services.told_apart_by("kms", "retiregrant", is_write=True)
    alike = [name for name in names_of("kms") if services.told_apart_by("kms", name, is_write=True) == retiring]
    assert alike == ["retiregrant"]
