"""TRU-06: external ids that tell nobody apart."""

import pytest

VENDOR, OTHER = "444455556666", "555566667777"


def vendor(make, external_id, *accounts, operator="StringEquals", name="vendor", **more):
    trust = make.trust(
        {"AWS": [make.arn("root", account) for account in accounts or (VENDOR,)]},
        Condition={operator: {"sts:ExternalId": external_id}},
    )
    return make.role(name, trust=trust, **more)


@pytest.mark.parametrize(
    ("external_id", "operator", "why"),
    [
        ("acme", "StringEquals", "which is short enough for brute force"),
        ("acme-*", "StringLike", "which has too few characters besides its wildcards"),
        ("ExternalId", "StringEquals", "which is a common placeholder"),
        ("111122223333", "StringEquals", "which is a name that others can guess"),
        (VENDOR, "StringEquals", "which is a name that others can guess"),
        ("vendor-of-acme", "StringEqualsIgnoreCase", "which is a name that others can guess"),
    ],
)
def test_tru_06_external_ids_that_can_be_guessed(found, make, external_id, operator, why):
    name = "vendor-of-acme" if external_id == "vendor-of-acme" else "vendor"
    (one,) = found("TRU-06", roles=[vendor(make, external_id, operator=operator, name=name)])
    assert why in one.sentence
    assert one.evidence[0].decision is not None


@pytest.mark.parametrize("external_id", ["7f3a91c2-55d0-4c8e", "acme-prod-4e1f"])
def test_tru_06_long_ones_are_let_alone(found, make, external_id):
    assert not found("TRU-06", roles=[vendor(make, external_id)])


def test_tru_06_one_that_two_vendors_have(found, make):
    roles = [
        vendor(make, "7f3a91c2-55d0", VENDOR, name="a"),
        vendor(make, "7f3a91c2-55d0", OTHER, name="b"),
        vendor(make, "7f3a91c2-55d0", VENDOR, name="c"),
    ]
    findings = found("TRU-06", roles=roles)
    assert [one.subject_name for one in findings] == ["a", "b", "c"]
    assert findings[0].sentence == (
        f"Account {VENDOR} can assume a with the external ID 7f3a91c2-55d0, which is also used for account {OTHER}."
    )


def test_tru_06_several_roles_and_accounts_of_one_vendor(found, make):
    roles = [vendor(make, "7f3a91c2-55d0", VENDOR, OTHER, name="a"), vendor(make, "7f3a91c2-55d0", VENDOR, name="b")]
    assert not found("TRU-06", roles=roles)


def test_tru_06_a_deny_holds_the_outsider_back(found, make):
    role = vendor(make, "acme")
    role["AssumeRolePolicyDocument"]["Statement"].append(
        {"Effect": "Deny", "Principal": {"AWS": make.arn("root", VENDOR)}, "Action": "sts:AssumeRole"}
    )
    assert not found("TRU-06", roles=[role])


def test_tru_06_own_accounts_and_users_need_no_external_id(found, make):
    trust = make.trust({"AWS": make.arn("root")}, Condition={"StringEquals": {"sts:ExternalId": "acme"}})
    assert not found("TRU-06", roles=[make.role("own", trust=trust)])


def test_tru_06_what_hangs_on_more_than_the_external_id_is_told_by_tru_04(found, make):
    trust = make.trust(
        {"AWS": make.arn("root", VENDOR)},
        Condition={"StringEquals": {"sts:ExternalId": "acme", "aws:PrincipalOrgID": "o-vendor"}},
    )
    roles = [make.role("vendor", trust=trust)]
    assert not found("TRU-06", roles=roles)
    assert len(found("TRU-04", roles=roles)) == 1
