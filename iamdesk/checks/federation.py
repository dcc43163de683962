"""Roles that identity-provider tokens can assume, decided by evaluating requests with external tokens (rule I9)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from iamdesk.aws.condition_keys import is_provider_key
from iamdesk.checks.check import CheckResult, check
from iamdesk.checks.check_context import CheckContext
from iamdesk.checks.condition_strength import Attempt, ConditionStrength, try_request
from iamdesk.checks.external_trust import allowing
from iamdesk.checks.finding import Evidence, Severity, State
from iamdesk.checks.targets import ROLES
from iamdesk.checks.untrusted_tokens import Issuer, Token, external_tokens, insider_tokens, issuer_of
from iamdesk.checks.words import enumerated
from iamdesk.evaluate.principal import BUILT_IN_PROVIDERS
from iamdesk.evaluate.request import EvalDecision
from iamdesk.i18n import mark, phrase, with_translation
from iamdesk.inventory.keys import trust_policy_key
from iamdesk.policy.principals import PrincipalType
from iamdesk.snapshot.model import Account, RoleDetail

_WEB = "sts:AssumeRoleWithWebIdentity"
_SAML = "sts:AssumeRoleWithSAML"
_OIDC_PROVIDER = re.compile(r"arn:[^:]*:iam::\d{12}:oidc-provider/(.+)", re.DOTALL)
_SAML_PROVIDER = re.compile(r"arn:[^:]*:iam::\d{12}:saml-provider/.+", re.DOTALL)
_STANDARDS = ("NIST 800-53 AC-3", "ISO 27001:2022 A.8.2")


@dataclass(frozen=True, slots=True)
class Provider:
    """An OIDC provider that a trust policy allows, and what the policy lists for its subject."""

    principal: str
    """As the trust policy names it: an ARN, or a host for the built-in ones."""
    address: str
    """As condition keys begin: ``token.actions.githubusercontent.com``."""
    issuer: Issuer | None
    subjects: tuple[str, ...]
    """Values and patterns that the policy lists for ``sub``; they only select the tokens to try."""
    claims: tuple[str, ...]
    """Claims that the policy tests, as condition keys."""


def providers(survey: CheckContext, role: RoleDetail) -> tuple[Provider, ...]:
    """Return the OIDC providers that a role's trust policy allows."""

    def look() -> tuple[Provider, ...]:
        principals: dict[str, None] = {}
        subjects: dict[str, None] = {}
        claims: dict[str, None] = {}
        for statement in allowing(survey, role, "assumerolewithwebidentity"):
            for entry in statement.principals or ():
                is_oidc = _is_provider(entry.text) and not _SAML_PROVIDER.fullmatch(entry.text)
                if entry.type is PrincipalType.FEDERATED and is_oidc:
                    principals[entry.text] = None
            for test in statement.conditions:
                if is_provider_key(test.key):
                    claims[test.key_text] = None
                    if test.key.endswith(":sub"):
                        subjects.update(dict.fromkeys(listed.text for listed in test.values))
        found = []
        for principal in principals:
            arn = _OIDC_PROVIDER.fullmatch(principal)
            address = arn[1] if arn else principal
            own = tuple(claim for claim in claims if claim.lower().startswith(f"{address.lower()}:"))
            found.append(Provider(principal, address, issuer_of(address), tuple(subjects), own))
        return tuple(found)

    return survey.once(("providers", role.arn), look)


def unknown_providers(survey: CheckContext, role: RoleDetail) -> tuple[str, ...]:
    """Return the Federated entries of a trust policy that are neither provider ARNs nor names of built-in providers."""
    return tuple(
        {
            entry.text: None
            for statement in allowing(survey, role, "assumerolewithwebidentity")
            for entry in statement.principals or ()
            if entry.type is PrincipalType.FEDERATED and not _is_provider(entry.text)
        }
    )


def _is_provider(text: str) -> bool:
    is_built_in = text in BUILT_IN_PROVIDERS or text.startswith("cognito-identity.")
    return is_built_in or bool(_OIDC_PROVIDER.fullmatch(text) or _SAML_PROVIDER.fullmatch(text))


@dataclass(frozen=True, slots=True)
class TokenAttempt:
    """An attempt to assume a role with an external token."""

    provider: Provider
    token: Token
    attempt: Attempt


def token_attempts(survey: CheckContext, role: RoleDetail) -> tuple[TokenAttempt, ...]:
    """Return the least restricted attempt for each provider and kind of token holder, without those denied."""

    def look() -> tuple[TokenAttempt, ...]:
        best: dict[tuple[str, str], TokenAttempt] = {}
        for provider in providers(survey, role):
            if provider.issuer is None:
                continue
            for token in external_tokens(provider.issuer, provider.address, provider.subjects):
                attempt = _try(survey, provider, token, role)
                key = (provider.principal, token.who)
                if attempt.strength is not ConditionStrength.DENIED and (
                    key not in best or attempt.strength < best[key].attempt.strength
                ):
                    best[key] = TokenAttempt(provider, token, attempt)
        return tuple(best.values())

    return survey.once(("strangers' tokens", role.arn), look)


def _try(survey: CheckContext, provider: Provider, token: Token, role: RoleDetail) -> Attempt:
    return try_request(survey, provider.principal, _WEB, role.arn, token.context, token.open_keys)


def _results(survey: CheckContext, role: RoleDetail, check_id: str) -> Iterator[CheckResult]:
    # One finding per provider, about the token holder with the worst severity; the others are evidence.
    ranks = list(Severity)
    for provider in providers(survey, role):
        found = [
            one
            for one in token_attempts(survey, role)
            if one.provider.principal == provider.principal and one.token.check == check_id
        ]
        if not found:
            continue
        found.sort(key=lambda one: (one.attempt.strength > ConditionStrength.SECRET, ranks.index(one.token.severity)))
        first = found[0]
        yield _result(
            role, first, [one for one in found if one.attempt.strength <= ConditionStrength.SECRET] or [first]
        )


def _result(role: RoleDetail, first: TokenAttempt, shown: list[TokenAttempt]) -> CheckResult:
    name = phrase(first.provider.issuer.name) if first.provider.issuer else first.provider.address
    sentence = phrase(
        "{who} can assume {role} through {name}.", who=_capitalized(first.token.who), role=role.role_name, name=name
    )
    if first.attempt.strength > ConditionStrength.SECRET:
        sentence = phrase(
            "Whether {who} can assume {role} through {name} cannot be determined: it depends on {keys}.",
            who=first.token.who,
            role=role.role_name,
            name=name,
            keys=enumerated(first.attempt.keys),
        )
    evidence = tuple(
        Evidence(
            phrase("Evaluated with the token of {who}{subject}.", who=one.token.who, subject=_subject(one)),
            one.attempt.decision,
        )
        for one in shown
    )
    state = State.INCONCLUSIVE if first.attempt.strength > ConditionStrength.SECRET else State.FOUND
    return CheckResult(sentence, evidence, object=first.provider.principal, state=state, severity=first.token.severity)


def _subject(one: TokenAttempt) -> str:
    subject = one.token.context.get(f"{one.provider.address}:sub")
    return phrase(", subject {subject}", subject=subject) if isinstance(subject, str) else ""


def _capitalized(who: str) -> str:
    """Return a token holder capitalized, to begin a sentence."""
    return with_translation(f"{who[0].upper()}{who[1:]}", who)


@check(
    "FED-01",
    over=ROLES,
    severity=(
        Severity.CRITICAL,
        "Anyone with a GitHub account gets the role's permissions. Above Prowler: nothing else is required.",
    ),
    title=mark("Role open to any GitHub repository"),
    question="Can a workflow in any GitHub repository assume a role?",
    remediation=mark(
        "Require in the trust policy, with StringEquals, the `token.actions.githubusercontent.com:sub` of the "
        "repository and environment or branch that deploys."
    ),
    standards=_STANDARDS,
)
def any_github_repository(survey: CheckContext, _account: Account, role: RoleDetail) -> Iterator[CheckResult]:
    """Evaluate with a token of an unrelated repository, whatever operators the policy uses."""
    yield from _results(survey, role, "FED-01")


@check(
    "FED-02",
    over=ROLES,
    severity=(Severity.HIGH, "Needs write access to a repository of the same owner, or a pull request."),
    title=mark("GitHub Actions trusted too broadly"),
    question="Can a workflow in another repository of the same owner, or on a pull request, assume a role?",
    remediation=mark(
        "Name the repository and the environment or branch in `token.actions.githubusercontent.com:sub`, without "
        "a wildcard in either: `repo:ORG/REPO:environment:production`."
    ),
    standards=_STANDARDS,
)
def broad_github_organization(survey: CheckContext, _account: Account, role: RoleDetail) -> Iterator[CheckResult]:
    """Report the broadest access for each owner, unless FED-01 reports the provider."""
    for provider in providers(survey, role):
        if provider.issuer is None or any(
            one.attempt.strength <= ConditionStrength.SECRET and one.provider.principal == provider.principal
            for one in token_attempts(survey, role)
        ):
            continue
        reported: set[str] = set()
        for owner, token in insider_tokens(provider.issuer, provider.address, provider.subjects):
            if owner in reported:
                continue
            attempt = _try(survey, provider, token, role)
            if attempt.strength <= ConditionStrength.SECRET:
                reported.add(owner)
                yield CheckResult(
                    phrase("{who} can assume {role}.", who=_capitalized(token.who), role=role.role_name),
                    (
                        Evidence(
                            phrase(
                                "Evaluated with the token of such a workflow, subject {subject}.",
                                subject=token.context[f"{provider.address}:sub"],
                            ),
                            attempt.decision,
                        ),
                    ),
                    object=f"{provider.principal} {owner}",
                    severity=token.severity,
                )


@check(
    "FED-03",
    over=ROLES,
    severity=(Severity.CRITICAL, "Any customer of the CI service gets the role's permissions."),
    title=mark("Role open to any project of a CI service"),
    question="Can a pipeline of any customer of GitLab, Buildkite, Bitbucket or CircleCI assume a role?",
    remediation=mark(
        "Require in the trust policy the claim that names your project: for GitLab and Buildkite `sub` with your "
        "group or organization first, for Bitbucket the repository's UUID, for CircleCI the project's id in `sub`."
    ),
    standards=_STANDARDS,
)
def any_pipeline(survey: CheckContext, _account: Account, role: RoleDetail) -> Iterator[CheckResult]:
    """Providers of Bitbucket and CircleCI belong to one organization: there, evaluate another project of it."""
    yield from _results(survey, role, "FED-03")


@check(
    "FED-04",
    over=ROLES,
    severity=(Severity.CRITICAL, "Any customer of the service gets the role's permissions."),
    title=mark("Role open to any HCP Terraform workspace"),
    question="Can an HCP Terraform run of any customer assume a role?",
    remediation=mark(
        "Require in the trust policy an `app.terraform.io:sub` that begins with your organization and names the "
        "workspace: `organization:ORG:project:PROJECT:workspace:WORKSPACE:run_phase:*`."
    ),
    standards=_STANDARDS,
)
def any_terraform_workspace(survey: CheckContext, _account: Account, role: RoleDetail) -> Iterator[CheckResult]:
    """According to AWS, STS itself rejects such tokens of app.terraform.io; the finding is about the policy."""
    yield from _results(survey, role, "FED-04")


@check(
    "FED-05",
    over=ROLES,
    severity=(Severity.HIGH, "Needs a pod in the cluster."),
    title=mark("Role open to any pod of the cluster"),
    question="Can a service account in another namespace of the EKS cluster assume a role?",
    remediation=mark(
        "Require in the trust policy, with StringEquals, the provider's `sub` of a single service account: "
        "`system:serviceaccount:NAMESPACE:NAME`."
    ),
    standards=_STANDARDS,
)
def any_pod(survey: CheckContext, _account: Account, role: RoleDetail) -> Iterator[CheckResult]:
    """Evaluate as a pod in a namespace that the policy does not name."""
    yield from _results(survey, role, "FED-05")


@check(
    "FED-06",
    over=ROLES,
    severity=(Severity.CRITICAL, "Guests, or identities of anyone's identity pool, get the role's permissions."),
    title=mark("Role open to unintended Cognito identities"),
    question="Can an identity of another identity pool, or a guest, assume a role?",
    remediation=mark(
        "Require in the trust policy `cognito-identity.amazonaws.com:aud` to be your pool's id, and "
        "`ForAnyValue:StringLike` on `cognito-identity.amazonaws.com:amr` to be `authenticated`. Restrict a role for "
        "guests to permissions that anyone on the Internet may have."
    ),
    standards=_STANDARDS,
)
def any_cognito_identity(survey: CheckContext, _account: Account, role: RoleDetail) -> Iterator[CheckResult]:
    """Evaluate as identities of another pool, and as unauthenticated guests of the pool."""
    yield from _results(survey, role, "FED-06")


@check(
    "FED-07",
    over=ROLES,
    severity=(Severity.HIGH, "Needs a token that the provider issued to another subject."),
    title=mark("Identity provider tokens accepted for any audience"),
    question="Can a token for another application, or for an unknown subject, be used to assume a role?",
    remediation=mark(
        "Require in the trust policy the provider's `aud` (for Facebook and Amazon `app_id`) to be your "
        "application's, and `sub` to be the intended user."
    ),
    standards=_STANDARDS,
)
def foreign_audience(survey: CheckContext, _account: Account, role: RoleDetail) -> Iterator[CheckResult]:
    """Evaluate with an external token for shared providers; who else gets tokens of other providers is not known."""
    yield from _results(survey, role, "FED-07")
    for provider in providers(survey, role):
        if provider.issuer is not None:
            continue
        context = {f"{provider.address}:sub": "iamdesk-stranger"}
        open_keys = frozenset({f"{provider.address}:aud".lower()})
        attempt = try_request(survey, provider.principal, _WEB, role.arn, context, open_keys)
        if attempt.strength <= ConditionStrength.SECRET:
            yield CheckResult(
                phrase(
                    "Every subject with a token of {provider} can assume {role}; which subjects get tokens is not in "
                    "the snapshot.",
                    provider=provider.address,
                    role=role.role_name,
                ),
                (
                    Evidence(
                        phrase("Evaluated with a token for a subject that the policy does not name."), attempt.decision
                    ),
                ),
                object=provider.principal,
                state=State.INCONCLUSIVE,
                severity=Severity.MEDIUM,
            )
    for text in unknown_providers(survey, role):
        yield CheckResult(
            phrase(
                "Whether a token can assume {role} through `{provider}` cannot be determined: this is neither the "
                "ARN of an identity provider nor the name of a built-in one.",
                role=role.role_name,
                provider=text,
            ),
            (Evidence(phrase("The trust policy names it under Federated."), policy_key=trust_policy_key(role.arn)),),
            object=text,
            state=State.INCONCLUSIVE,
            severity=Severity.LOW,
        )


@check(
    "FED-08",
    over=ROLES,
    severity=(Severity.LOW, "Needs an assertion that your own identity provider issued for another application."),
    title=mark("SAML assertions for other applications accepted"),
    question="Can a SAML assertion for an audience other than AWS sign-in be used to assume a role?",
    remediation=mark(
        'Require in the trust policy `"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}`.'
    ),
    standards=("CIS AWS Foundations 7.0 2.19",),
)
def saml_audience(survey: CheckContext, _account: Account, role: RoleDetail) -> Iterator[CheckResult]:
    """Evaluate with an assertion for an unrelated audience."""
    principals = dict.fromkeys(
        entry.text
        for statement in allowing(survey, role, "assumerolewithsaml")
        for entry in statement.principals or ()
        if entry.type is PrincipalType.FEDERATED and _SAML_PROVIDER.fullmatch(entry.text)
    )
    for principal in principals:
        context = {"SAML:aud": "https://iamdesk-stranger.invalid/saml"}
        if survey.decide(principal, _SAML, role.arn, context) is EvalDecision.ALLOWED:
            decision = survey.ask(principal, _SAML, role.arn, context)
            yield CheckResult(
                phrase(
                    "{role} accepts any assertion of {provider}, including those for other applications.",
                    role=role.role_name,
                    provider=principal.rpartition("/")[2],
                ),
                (Evidence(phrase("Evaluated with an assertion for another application."), decision),),
                object=principal,
            )


@check(
    "FED-12",
    over=ROLES,
    severity=(Severity.MEDIUM, "Needs a token without the claim, from a trusted provider."),
    title=mark("Token without the tested claim accepted"),
    question="Does the trust policy reject tokens with another value of a claim, but accept tokens without the claim?",
    remediation=mark(
        "Use the plain operator or ForAnyValue on the claim: ForAllValues and IfExists are true if a token does not "
        "contain it."
    ),
    standards=_STANDARDS,
)
def optional_claim(survey: CheckContext, _account: Account, role: RoleDetail) -> Iterator[CheckResult]:
    """Claims that every token contains are skipped: an unusual operator on ``sub`` is not a finding."""
    for provider in providers(survey, role):
        always = {"sub", "aud", "iss", *(provider.issuer.always_present if provider.issuer else ())}
        for key in provider.claims:
            if key[len(provider.address) + 1 :].lower() in {claim.lower() for claim in always}:
                continue
            absent = survey.ask(provider.principal, _WEB, role.arn, {key: None})
            other = survey.ask(provider.principal, _WEB, role.arn, {key: "iamdesk-stranger"})
            accepted = (EvalDecision.ALLOWED, EvalDecision.CONDITIONAL)
            if absent.decision in accepted and other.decision not in accepted:
                yield CheckResult(
                    phrase(
                        "{role} rejects tokens with another {claim}, but accepts tokens without it.",
                        role=role.role_name,
                        claim=key,
                    ),
                    (
                        Evidence(phrase("Evaluated with a token without the claim."), absent),
                        Evidence(phrase("Evaluated with a token with another value for it."), other),
                    ),
                    object=f"{provider.principal} {key.lower()}",
                )
