"""FED-10, FED-11, FED-13: SAML metadata, certificates, users beside a federation."""

import pytest

from iamdesk.checks.finding import State

USED = {"LastUsedDate": "2026-03-01T00:00:00+00:00", "Region": "eu-west-1"}


def saml(make, until):
    provider = {"Arn": make.arn("saml-provider/corporate"), **({"ValidUntil": until} if until else {})}
    return {"roles": [make.role("known", RoleLastUsed=USED)], "facts": {"saml_providers": [provider]}}


def test_fed_10_metadata_whose_time_is_over(make):
    (one,) = make.findings("FED-10", **saml(make, "2026-02-01T00:00:00+00:00"))
    assert one.sentence == "The metadata of the SAML provider corporate expired 28 days before the snapshot."
    assert not make.findings("FED-10", **saml(make, "2027-02-01T00:00:00+00:00"))
    (one,) = make.findings("FED-10", **saml(make, None))
    assert one.state is State.INCONCLUSIVE


def report(make, enabled="true"):
    entry = {"user": "alice", "arn": make.arn("user/alice"), "password_enabled": enabled}
    return {"credential_report": {"entries": [entry]}}


def reserved(make):
    return make.role("AWSReservedSSO_Ops_1", path="/aws-reserved/sso.amazonaws.com/")


def test_fed_13_a_password_beside_identity_center_or_saml(make):
    users, facts = [make.user("alice")], report(make)
    (one,) = make.findings("FED-13", users=users, roles=[reserved(make)], facts=facts)
    assert one.sentence == ("People can sign in through IAM Identity Center, but 1 IAM user has a password: alice.")
    trust = make.trust({"Federated": make.arn("saml-provider/corporate")}, "sts:AssumeRoleWithSAML")
    (one,) = make.findings("FED-13", users=users, roles=[make.role("people", trust=trust)], facts=facts)
    assert "through the SAML provider corporate" in one.sentence


def test_fed_13_no_federation_and_no_password(make):
    users = [make.user("alice")]
    assert not make.findings("FED-13", users=users, facts=report(make))
    assert not make.findings("FED-13", users=users, roles=[reserved(make)], facts=report(make, "false"))


@pytest.mark.parametrize("check", ["FED-10", "FED-13"])
def test_without_their_data_they_are_not_run(make, check):
    assert not make.findings(check)
    assert [one for one in make.findings("CMP-13") if check in one.sentence]


def certificates(found, make, condition=None):
    more = {"Condition": condition} if condition else {}
    trust = make.trust({"Service": "rolesanywhere.amazonaws.com"}, ["sts:AssumeRole", "sts:TagSession"], **more)
    return found("FED-11", roles=[make.role("machines", trust=trust)])


def test_fed_11_any_certificate(found, make):
    (one,) = certificates(found, make)
    assert one.sentence == "Any holder of a certificate that a trust anchor of the account accepts can assume machines."
    (one,) = certificates(found, make, {"StringEquals": {"aws:SourceAccount": "111122223333"}})
    (one,) = certificates(found, make, {"StringNotEquals": {"aws:PrincipalTag/x509Issuer/CN": "Test CA"}})


@pytest.mark.parametrize(
    "condition",
    [
        {"ArnEquals": {"aws:SourceArn": "arn:aws:rolesanywhere:eu-west-1:111122223333:trust-anchor/1"}},
        {"StringEquals": {"aws:PrincipalTag/x509Subject/CN": "build-1"}},
        {"StringEquals": {"aws:PrincipalTag/x509Issuer/CN": "Acme CA"}},
        {"StringLike": {"aws:PrincipalTag/x509SAN/URI": "spiffe://acme/*"}},
    ],
    ids=["anchor", "subject", "issuer", "alternative"],
)
def test_fed_11_bound_to_an_anchor_or_a_certificate(found, make, condition):
    assert not certificates(found, make, condition)


def test_fed_11_another_service(found, make):
    trust = make.trust({"Service": "ec2.amazonaws.com"})
    assert not found("FED-11", roles=[make.role("machines", trust=trust)])
