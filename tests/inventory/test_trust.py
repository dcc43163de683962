from typing import Any

import pytest

from iamdesk.inventory.trust import trusted_names, trusted_sentences
from iamdesk.policy.document import parse_document

from ..each_case import each_case

OWN = "111122223333"


def sentences(principal: Any, entities: dict[str, str] | None = None, **statement: Any) -> tuple[str, ...]:
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", **statement}],
    }
    return trusted_sentences(parse_document(document), OWN, entities or {})


@each_case(
    ("principal", "sentence"),
    [
        ("*", "anyone"),
        ({"AWS": "*"}, "anyone"),
        ({"Service": "ec2.amazonaws.com"}, "AWS service ec2.amazonaws.com"),
        ({"AWS": "999988887777"}, "account 999988887777"),
        ({"AWS": "arn:aws:iam::999988887777:root"}, "account 999988887777"),
        ({"AWS": "arn:aws:iam::111122223333:root"}, "this account, 111122223333"),
        ({"AWS": "arn:aws:iam::111122223333:user/eng/alice"}, "user alice"),
        ({"AWS": "arn:aws:iam::999988887777:role/ci/deploy"}, "role deploy of account 999988887777"),
        ({"AWS": "arn:aws:sts::111122223333:assumed-role/deploy/ci"}, "session ci of role deploy"),
        ({"AWS": "arn:aws:sts::999988887777:federated-user/eve"}, "federated user eve of account 999988887777"),
        ({"AWS": "AROAGONE"}, "a deleted principal, AROAGONE"),
        ({"AWS": "AROAAPP"}, "role app, by its ID AROAAPP"),
        ({"AWS": "arn:aws:s3:::odd"}, "arn:aws:s3:::odd"),
        ({"CanonicalUser": "79a5"}, "account of the S3 canonical user 79a5"),
        (
            {"Federated": "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"},
            "GitHub Actions through arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com",
        ),
        ({"Federated": "accounts.google.com"}, "Google, accounts.google.com"),
        (
            {"Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ABC"},
            "service accounts of an EKS cluster through "
            "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ABC",
        ),
        (
            {"Federated": "arn:aws:iam::111122223333:oidc-provider/idp.example.org"},
            "OpenID Connect provider arn:aws:iam::111122223333:oidc-provider/idp.example.org",
        ),
        ({"Federated": "arn:aws:iam::111122223333:saml-provider/corp"}, "SAML provider corp"),
    ],
)
def test_each_kind_of_principal_has_its_sentence(principal: Any, sentence: str) -> None:
    entities = {"AROAAPP": "arn:aws:iam::111122223333:role/app"}
    assert sentences(principal, entities, Action="sts:AssumeRole*") == (sentence,)


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ({"StringEquals": {"sts:ExternalId": "x"}}, ", with an external ID"),
        ({"StringEquals": {"STS:externalid": "x"}}, ", with an external ID"),
        ({"StringNotEquals": {"sts:ExternalId": "x"}}, ", under conditions"),
        ({"StringEqualsIfExists": {"sts:ExternalId": "x"}}, ", under conditions"),
        ({"Bool": {"aws:MultiFactorAuthPresent": "true"}}, ", with MFA"),
        ({"Bool": {"aws:MultiFactorAuthPresent": "false"}}, ", under conditions"),
        ({"BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}}, ", under conditions"),
        ({"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}, ", under conditions"),
        (
            {"StringEquals": {"sts:ExternalId": "x"}, "IpAddress": {"aws:SourceIp": "192.0.2.0/24"}},
            ", with an external ID and under more conditions",
        ),
    ],
)
def test_conditions_are_named_only_where_they_do_bind(condition: dict[str, Any], words: str) -> None:
    assert sentences({"AWS": "999988887777"}, Condition=condition) == (f"account 999988887777{words}",)


def test_only_statements_by_which_a_role_is_taken_count() -> None:
    assert sentences({"AWS": "999988887777"}, Action="sts:TagSession") == ()
    assert sentences({"AWS": "999988887777"}, Action="*") == ("account 999988887777",)
    assert sentences({"AWS": "999988887777"}, Effect="allow") == ()


def test_each_principal_of_a_list_is_told_once() -> None:
    principal = {"AWS": ["999988887777", "999988887777", "888877776666"], "Service": "ec2.amazonaws.com"}
    assert sentences(principal) == ("account 999988887777", "account 888877776666", "AWS service ec2.amazonaws.com")


def test_not_principal_lets_in_everyone_else() -> None:
    """Rule E6."""
    document = {"Statement": {"Effect": "Allow", "NotPrincipal": {"AWS": "999988887777"}, "Action": "sts:AssumeRole"}}
    assert trusted_sentences(parse_document(document), OWN, {}) == ("everyone except account 999988887777",)


def test_a_deny_is_mentioned_but_lets_nobody_in() -> None:
    allow = {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}
    deny = {"Effect": "Deny", "Principal": {"AWS": "999988887777"}, "Action": "sts:AssumeRole"}
    told = trusted_sentences(parse_document({"Statement": [allow, deny]}), OWN, {})
    assert told == ("anyone", "except where a Deny statement applies")
    assert trusted_sentences(parse_document({"Statement": [deny]}), OWN, {}) == ()


@pytest.mark.parametrize(
    ("document", "names"),
    [
        ({"Statement": {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}}}, ["ec2.amazonaws.com"]),
        ({"Statement": [{"Effect": "Allow", "Principal": "*"}, {"Effect": "Allow", "Principal": "*"}]}, ["*"]),
        ({"Statement": [{"Effect": "Deny", "Principal": "*"}]}, []),
        ({"Statement": [{"Effect": "Allow", "Principal": {"AWS": ["a", 7, None, "b"]}}]}, ["a", "b"]),
        ({"Statement": ["text", None, {"Effect": "Allow"}, {"Effect": "Allow", "Principal": ["x"]}]}, ["x"]),
        ({}, []),
        ("not json", []),
        (None, []),
    ],
)
def test_quick_names_survive_any_shape(document: Any, names: list[str]) -> None:
    assert trusted_names(document) == names
