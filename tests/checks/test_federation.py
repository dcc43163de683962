"""FED-01 to FED-12: roles that tokens and assertions open, tried with a stranger's token."""

import pytest

from iamdesk.checks.finding import Severity, State
from iamdesk.checks.untrusted_tokens import issuers

WEB = "sts:AssumeRoleWithWebIdentity"
GITHUB = "token.actions.githubusercontent.com"
AUDIENCE = {"StringEquals": {f"{GITHUB}:aud": "sts.amazonaws.com"}}
EKS = "oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF"


def web(make, provider, *blocks, action=WEB):
    """A role that trusts an OIDC provider under all the condition blocks."""
    condition = {}
    for block in blocks:
        for operator, keys in block.items():
            condition.setdefault(operator, {}).update(keys)
    principal = provider if ("/" not in provider and "amazon" in provider) or provider.endswith("google.com") else None
    federated = principal or make.arn(f"oidc-provider/{provider}")
    more = {"Condition": condition} if condition else {}
    return [make.role("target", trust=make.trust({"Federated": federated}, action, **more))]


def subject(*patterns, operator="StringLike", provider=GITHUB):
    return {operator: {f"{provider}:sub": list(patterns)}}


@pytest.mark.parametrize(
    "blocks",
    [
        (),
        (AUDIENCE,),
        (AUDIENCE, subject("*")),
        (AUDIENCE, subject("repo:*")),
        (AUDIENCE, subject("repo:*/*:ref:refs/heads/main")),
        (AUDIENCE, subject("repo:*:environment:production")),
        (AUDIENCE, subject("*:environment:production")),
        (AUDIENCE, subject("repo:*/infra:*")),
        (AUDIENCE, subject("repo:acme*")),
        (AUDIENCE, subject("repo:acme/app:*", "repo:*")),
        (AUDIENCE, {"StringLikeIfExists": {f"{GITHUB}:repository": "*"}}),
        (AUDIENCE, {"StringNotEquals": {f"{GITHUB}:sub": "repo:acme/app:pull_request"}}),
    ],
)
def test_fed_01_a_strangers_repository_gets_in(found, make, blocks):
    (one,) = found("FED-01", roles=web(make, GITHUB, *blocks))
    assert (one.severity, one.state) == (Severity.CRITICAL, State.FOUND)
    assert one.sentence == "A workflow in any GitHub repository can assume target through GitHub Actions."
    assert one.evidence[0].decision is not None
    assert not found("FED-02", roles=web(make, GITHUB, *blocks))


@pytest.mark.parametrize(
    "blocks",
    [
        (AUDIENCE, subject("repo:acme/app:ref:refs/heads/main", operator="StringEquals")),
        (AUDIENCE, subject("repo:acme/*")),
        (AUDIENCE, subject("repo:acme@1234/*")),
        (AUDIENCE, subject("repo:acme/app:*", operator="ForAllValues:StringLike")),
        (AUDIENCE, subject("repo:acme/app:*", operator="ForAnyValue:StringLike")),
        (AUDIENCE, subject("repo:acme/app:*", operator="StringLikeIfExists")),
        (AUDIENCE, {"StringEquals": {f"{GITHUB}:repository_owner_id": "1234"}}),
        (AUDIENCE, {"StringEquals": {f"{GITHUB}:repository": "acme/app"}}),
        (subject("repo:acme/app:*"),),
    ],
)
def test_fed_01_a_claim_that_names_the_owner_keeps_strangers_out(found, make, blocks):
    assert not found("FED-01", roles=web(make, GITHUB, *blocks))


def test_fed_01_a_deny_keeps_strangers_out(found, make):
    trust = make.document(
        {"Effect": "Allow", "Principal": {"Federated": make.github}, "Action": WEB},
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": WEB,
            "Condition": {"StringNotLike": {f"{GITHUB}:sub": "repo:acme/*"}},
        },
    )
    assert not found("FED-01", roles=[make.role("target", trust=trust)])


def test_fed_01_where_an_unlisted_claim_decides_it_cannot_be_told(found, make):
    (one,) = found("FED-01", roles=web(make, GITHUB, {"StringEquals": {f"{GITHUB}:something_new": "x"}}))
    assert one.state is State.INCONCLUSIVE
    assert f"{GITHUB}:something_new" in one.sentence


@pytest.mark.parametrize(
    ("pattern", "severity", "who"),
    [
        ("repo:acme/*", Severity.HIGH, "A workflow in any repository of acme"),
        ("repo:acme@1234/*", Severity.HIGH, "A workflow in any repository of acme@1234"),
        ("repo:acme/app:*", Severity.MEDIUM, "A workflow on an unreviewed pull request of acme/app"),
        ("repo:acme/app:pull_request", Severity.MEDIUM, "A workflow on an unreviewed pull request of acme/app"),
    ],
)
def test_fed_02_more_of_the_organization_than_meant(found, make, pattern, severity, who):
    (one,) = found("FED-02", roles=web(make, GITHUB, AUDIENCE, subject(pattern)))
    assert one.severity is severity
    assert one.sentence.startswith(who)


@pytest.mark.parametrize(
    "pattern",
    ["repo:acme/app:ref:refs/heads/main", "repo:acme/app:environment:production", "repo:acme/app:ref:refs/tags/*"],
)
def test_fed_02_one_branch_or_environment_is_what_is_meant(found, make, pattern):
    assert not found("FED-02", roles=web(make, GITHUB, AUDIENCE, subject(pattern)))


@pytest.mark.parametrize(
    ("provider", "blocks", "severity"),
    [
        ("gitlab.com", (), Severity.CRITICAL),
        ("gitlab.com", (subject("project_path:*:ref_type:branch:ref:main", provider="gitlab.com"),), Severity.CRITICAL),
        ("agent.buildkite.com", (subject("organization:*", provider="agent.buildkite.com"),), Severity.CRITICAL),
        ("api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc", (), Severity.HIGH),
        ("oidc.circleci.com/org/11111111-2222-4333-8444-555555555555", (), Severity.HIGH),
    ],
)
def test_fed_03_a_strangers_pipeline_gets_in(found, make, provider, blocks, severity):
    (one,) = found("FED-03", roles=web(make, provider, *blocks))
    assert (one.severity, one.state) == (severity, State.FOUND)


@pytest.mark.parametrize(
    ("provider", "pattern"),
    [
        ("gitlab.com", "project_path:acme/*:ref_type:branch:ref:main"),
        ("agent.buildkite.com", "organization:acme:pipeline:deploy:*"),
        (
            "api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc",
            "{7f9d0e3a-1111-4222-8333-444455556666}:*",
        ),
        (
            "oidc.circleci.com/org/11111111-2222-4333-8444-555555555555",
            "org/11111111-2222-4333-8444-555555555555/project/99999999-2222-4333-8444-555555555555/*",
        ),
    ],
)
def test_fed_03_a_subject_that_names_the_project_keeps_strangers_out(found, make, provider, pattern):
    assert not found("FED-03", roles=web(make, provider, subject(pattern, provider=provider)))


def test_fed_04_a_strangers_terraform_run_gets_in(found, make):
    provider = "app.terraform.io"
    audience = {"StringEquals": {f"{provider}:aud": "aws.workload.identity"}}
    for blocks in [(audience,), (audience, subject("organization:*:workspace:prod:*", provider=provider))]:
        (one,) = found("FED-04", roles=web(make, provider, *blocks))
        assert one.severity is Severity.CRITICAL
    for pattern in ["organization:acme:project:*:workspace:*:run_phase:*", "organization:acme:*"]:
        assert not found("FED-04", roles=web(make, provider, audience, subject(pattern, provider=provider)))


def test_fed_05_any_pod_of_the_cluster_gets_in(found, make):
    audience = {"StringEquals": {f"{EKS}:aud": "sts.amazonaws.com"}}
    for blocks in [(audience,), (audience, subject("system:serviceaccount:*:app", provider=EKS))]:
        (one,) = found("FED-05", roles=web(make, EKS, *blocks))
        assert one.severity is Severity.HIGH
    for pattern in ["system:serviceaccount:payments:app", "system:serviceaccount:payments:*"]:
        assert not found("FED-05", roles=web(make, EKS, audience, subject(pattern, provider=EKS)))


COGNITO = "cognito-identity.amazonaws.com"
POOL = {"StringEquals": {f"{COGNITO}:aud": "eu-west-1:12345678-dead-beef-cafe-123456790ab"}}
SIGNED_IN = {"ForAnyValue:StringLike": {f"{COGNITO}:amr": "authenticated"}}


def test_fed_06_another_pools_identities_and_guests(found, make):
    (anybody,) = found("FED-06", roles=web(make, COGNITO))
    assert anybody.severity is Severity.CRITICAL
    (other_pool,) = found("FED-06", roles=web(make, COGNITO, SIGNED_IN))
    assert other_pool.severity is Severity.CRITICAL
    (guest,) = found("FED-06", roles=web(make, COGNITO, POOL))
    assert guest.severity is Severity.MEDIUM
    assert guest.sentence.startswith("A guest of the identity pool")
    assert not found("FED-06", roles=web(make, COGNITO, POOL, SIGNED_IN))


def test_fed_06_needs_web_identity(found, make):
    assert not found("FED-06", roles=web(make, COGNITO, action="sts:TagSession"))


def test_fed_07_tokens_for_other_applications(found, make):
    google = "accounts.google.com"
    (one,) = found("FED-07", roles=web(make, google))
    assert (one.severity, one.state) == (Severity.CRITICAL, State.FOUND)
    assert not found("FED-07", roles=web(make, google, {"StringEquals": {f"{google}:aud": "ours.apps"}}))
    assert not found("FED-07", roles=web(make, google, {"StringEquals": {f"{google}:sub": "1234"}}))


def test_fed_07_of_an_unknown_provider_nobody_knows_who_gets_tokens(found, make):
    own = "idp.acme.example"
    (one,) = found("FED-07", roles=web(make, own, {"StringEquals": {f"{own}:aud": "aws"}}))
    assert one.state is State.INCONCLUSIVE
    assert not found("FED-07", roles=web(make, own, subject("service-a", provider=own)))
    assert not found("FED-07", roles=web(make, own, {"StringEquals": {f"{own}:team": "ops"}}))


def saml(make, **more):
    principal = {"Federated": make.arn("saml-provider/corp")}
    return [make.role("target", trust=make.trust(principal, "sts:AssumeRoleWithSAML", **more))]


def test_fed_08_assertions_for_other_applications(found, make):
    (one,) = found("FED-08", roles=saml(make))
    assert one.sentence == "target accepts any assertion of corp, including those for other applications."
    audience = {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}}
    assert not found("FED-08", roles=saml(make, Condition=audience))
    assert not found("FED-08", roles=web(make, GITHUB))


def test_fed_12_a_token_without_the_claim_gets_past(found, make):
    pinned = (AUDIENCE, subject("repo:acme/app:*"))
    for block in [
        {"ForAllValues:StringEquals": {f"{GITHUB}:environment": "production"}},
        {"StringEqualsIfExists": {f"{GITHUB}:environment": "production"}},
    ]:
        (one,) = found("FED-12", roles=web(make, GITHUB, *pinned, block))
        assert f"{GITHUB}:environment" in one.sentence
        assert len(one.evidence) == 2


@pytest.mark.parametrize(
    "block",
    [
        {"StringEquals": {f"{GITHUB}:environment": "production"}},
        {"ForAnyValue:StringEquals": {f"{GITHUB}:environment": "production"}},
        {"ForAllValues:StringLike": {f"{GITHUB}:sub": "repo:acme/app:*"}},
        {"StringEqualsIfExists": {f"{GITHUB}:repository_owner": "acme"}},
    ],
)
def test_fed_12_claims_that_must_be_there_or_always_are(found, make, block):
    assert not found("FED-12", roles=web(make, GITHUB, AUDIENCE, block))


def test_every_issuer_of_the_data_has_a_check_and_a_source():
    assert {token.check for issuer in issuers() for token in issuer.tokens} == {
        "FED-01",
        "FED-03",
        "FED-04",
        "FED-05",
        "FED-06",
        "FED-07",
    }
    assert all(issuer.source.startswith("https://") for issuer in issuers())
