"""Every kind of principal that can be asked about is found in the question bar."""

import pytest

from iamdesk.evaluate.principal import parse_caller
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.resources import Resource
from iamdesk.viewmodel.completion import Completions

from ..builders.arns import ID, OTHER_ID, user_arn
from ..builders.captures import account, role, snapshot, user
from ..builders.statements import document, trusting

SAML = f"arn:aws:iam::{ID}:saml-provider/corp"
OIDC = f"arn:aws:iam::{ID}:oidc-provider/token.actions.githubusercontent.com"
LINKED = "/aws-service-role/ecs.amazonaws.com/"


def completions() -> Completions:
    trusts = [
        trusting({"Service": ["lambda.amazonaws.com", "ec2.amazonaws.com"]}),
        trusting({"Federated": SAML}, "sts:AssumeRoleWithSAML"),
        trusting({"Federated": [OIDC, "accounts.google.com"]}, "sts:AssumeRoleWithWebIdentity"),
        trusting({"AWS": [user_arn("partner", OTHER_ID), f"arn:aws:iam::{OTHER_ID}:root", user_arn("ana"), OTHER_ID]}),
        trusting({"AWS": f"arn:aws:sts::{OTHER_ID}:assumed-role/ci/build"}),
    ]
    roles = [role(f"r{number}", trust=trust) for number, trust in enumerate(trusts)]
    granting = document({"Effect": "Allow", "Principal": {"AWS": user_arn("buyer", OTHER_ID)}, "Action": "s3:*"})
    base = snapshot(account(user("ana"), *roles, role("AWSServiceRoleForECS", path=LINKED)))
    return Completions(
        Snapshot.model_validate({**dict(base), "resources": (Resource(arn="arn:aws:s3:::b", policy=granting),)})
    )


@pytest.mark.parametrize(
    ("typed", "value", "detail"),
    [
        ("ana", user_arn("ana"), f"user · {ID}"),
        ("r0", f"arn:aws:iam::{ID}:role/r0", f"role · {ID}"),
        ("root", f"arn:aws:iam::{ID}:root", f"root user · {ID}"),
        ("ecs", f"arn:aws:iam::{ID}:role{LINKED}AWSServiceRoleForECS", f"service-linked role · {ID} · {LINKED}"),
        ("lambda", "lambda.amazonaws.com", "AWS service"),
        ("corp", SAML, f"SAML provider · {ID}"),
        ("github", OIDC, f"OpenID Connect provider · {ID}"),
        ("google", "accounts.google.com", "identity provider"),
        ("partner", user_arn("partner", OTHER_ID), f"user of another account · {OTHER_ID}"),
        ("buyer", user_arn("buyer", OTHER_ID), f"user of another account · {OTHER_ID}"),
        ("root 4444", f"arn:aws:iam::{OTHER_ID}:root", f"root user of another account · {OTHER_ID}"),
        ("build", f"arn:aws:sts::{OTHER_ID}:assumed-role/ci/build", f"role session · {OTHER_ID}"),
        ("anon", "anonymous", "anyone, without credentials"),
        ("session r0", f"arn:aws:sts::{ID}:assumed-role/r0/${{SessionName}}", "role session"),
        ("federated ana", f"arn:aws:sts::{ID}:federated-user/ana", "federated user (GetFederationToken)"),
    ],
)
def test_what_is_found_and_what_it_is_called(typed: str, value: str, detail: str) -> None:
    [found] = [one for one in completions().principals(typed) if one.value == value]
    assert found.detail == detail
    assert found.template == ("${" in value)
    parse_caller(value.replace("${SessionName}", "s"))


def test_sessions_do_not_stand_in_the_way_of_who_looks_for_a_role() -> None:
    assert all("assumed-role" not in one.value for one in completions().principals("r0"))


def test_principals_of_the_snapshot_that_policies_name_stand_once() -> None:
    values = [one.value for one in completions().principals("ana")]
    assert values.count(user_arn("ana")) == 1
