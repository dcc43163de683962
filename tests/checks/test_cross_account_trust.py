"""TRU-05, 08, 14: other accounts trusted as a whole, or with an administrator's role; roles that trust themselves."""

import pytest

from iamdesk.checks.finding import Severity, State
from iamdesk.snapshot.organization import Organization

OTHER = "444455556666"


def test_tru_05_a_whole_account_is_wider_than_a_role_of_it(found, make):
    (one,) = found("TRU-05", roles=[make.role("open", trust=make.trust({"AWS": make.arn("root", OTHER)}))])
    assert one.sentence == "open trusts all principals of account 444455556666 whose own policies allow sts:AssumeRole."
    assert not found("TRU-05", roles=[make.role("one", trust=make.trust({"AWS": make.arn("role/x", OTHER)}))])


def test_tru_08_an_administrators_role_for_outsiders(found, make):
    trust = make.trust({"AWS": make.arn("root", OTHER)})
    (one,) = found("TRU-08", roles=[make.role("power", make.allow("*"), trust=trust)])
    assert one.sentence == "Account 444455556666 can assume power, which is an administrator."
    assert not found("TRU-08", roles=[make.role("reader", make.allow("s3:Get*"), trust=trust)])


def test_tru_14_a_role_that_trusts_itself(found, make):
    own = make.trust({"AWS": make.arn("role/loop")})
    (one,) = found("TRU-14", roles=[make.role("loop", trust=own)])
    assert one.sentence == "loop names itself in its trust policy, so its sessions can be renewed indefinitely."
    assert not found("TRU-14", roles=[make.role("other", trust=own)])


MANAGING = [
    ("OrganizationAccountAccessRole", "root"),
    ("AWSControlTowerExecution", "root"),
    (
        "stacksets-exec-b5520cb2730c2f54b523d6375a319abb",
        "role/aws-service-role/stacksets.cloudformation.amazonaws.com/AWSServiceRoleForCloudFormationStackSetsOrgAdmin",
    ),
]


@pytest.mark.parametrize("check", ["TRU-03", "TRU-05", "TRU-08"])
@pytest.mark.parametrize(("name", "who"), MANAGING)
def test_the_account_that_perhaps_manages_the_organization_cannot_be_called_an_outsider(found, make, check, name, who):
    roles = [make.role(name, make.allow("*"), trust=make.trust({"AWS": make.arn(who, OTHER)}))]
    told = found(check, roles=roles)
    assert len(told) == (0 if who != "root" else 1)
    for one in told:
        assert one.state is State.INCONCLUSIVE
        assert one.severity in (Severity.LOW, Severity.MEDIUM)
        assert "this may be the management account of the organization" in one.sentence


def test_tru_05_a_vendor_with_its_external_id_is_information(found, make):
    """AWS's pattern for vendors."""
    trust = make.trust({"AWS": make.arn("root", OTHER)})
    trust["Statement"][0]["Condition"] = {"StringEquals": {"sts:ExternalId": "acme-7f3d1c9b"}}
    (one,) = found("TRU-05", roles=[make.role("monitoring", trust=trust)])
    assert one.sentence == (
        f"monitoring trusts all principals of account {OTHER} that send the external ID and whose own policies allow "
        "sts:AssumeRole."
    )
    assert one.severity is Severity.INFO


def test_a_service_linked_role_of_another_account_is_its_service(found, make):
    """No person of the account can assume the role; only what such a role lets its service do."""
    name, who = MANAGING[2]
    trusts_service = make.trust({"AWS": make.arn(who, OTHER)})
    roles = [make.role(name, make.allow("*"), trust=trusts_service)]
    for check in ("TRU-03", "TRU-05", "TRU-08", "CHN-04"):
        assert not found(check, roles=roles)
    (one,) = found("TRU-04", roles=roles)
    assert one.title == "Possible: Role assumable by a service of another account"
    assert one.sentence == (
        f"stacksets.cloudformation.amazonaws.com of account {OTHER}, which is not in the snapshot, can assume {name} "
        "through a service-linked role, which no user or role of that account can assume; the role is an "
        "administrator; this may be the management account of the organization, which was not captured."
    )
    assert one.severity is Severity.MEDIUM
    both = make.trust({"AWS": [make.arn(who, OTHER), make.arn("user/eve", OTHER)]})
    assert found("TRU-08", roles=[make.role(name, make.allow("*"), trust=both)])
    assert found("CHN-04", roles=[make.role(name, make.allow("*"), trust=both)])
    assert not found("TRU-04", roles=[make.role(name, make.allow("*"), trust=both)])


@pytest.mark.parametrize("check", ["TRU-03", "TRU-08"])
def test_other_names_and_known_organizations_leave_no_doubt(make, check):
    roles = [
        make.role("else", make.allow("*"), trust=make.trust({"AWS": make.arn("root", OTHER)})),
        make.role("stacksets-exec-1", make.allow("*"), trust=make.trust({"AWS": make.arn("root", "555566667777")})),
    ]
    told = make.findings(check, roles=roles)
    assert [one.state for one in told] == [State.FOUND, State.FOUND]
    roles = [make.role(MANAGING[0][0], make.allow("*"), trust=make.trust({"AWS": make.arn("root", OTHER)}))]
    tree = {"id": "o-1", "management_account_id": "999999999999", "nodes": [{"id": "r-1"}]}
    known = {"organization": Organization.model_validate(tree)}
    assert [one.state for one in make.findings(check, roles=roles, beside=known)] == [State.FOUND]
