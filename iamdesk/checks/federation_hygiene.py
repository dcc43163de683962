"""Federation hygiene: expired SAML metadata, password users beside federation, IAM Roles Anywhere."""

from collections.abc import Iterator

from iamdesk.aws.condition_keys import PRINCIPAL_TAG_PREFIX, ROLES_ANYWHERE, is_certificate_tag
from iamdesk.checks.check import CheckResult, check
from iamdesk.checks.check_context import PLACEHOLDER, CheckContext
from iamdesk.checks.credentials import entry_of
from iamdesk.checks.external_trust import allowing
from iamdesk.checks.finding import Evidence, Severity, State
from iamdesk.checks.prerequisites import Data, facts_of
from iamdesk.checks.targets import ACCOUNTS, ROLES, is_reserved
from iamdesk.checks.words import enumerated
from iamdesk.evaluate.request import EvalDecision
from iamdesk.i18n import mark, nphrase, phrase
from iamdesk.inventory.references import last_of_arn
from iamdesk.snapshot.model import Account, RoleDetail

_MAX_NAMED = 20


@check(
    "FED-10",
    over=ACCOUNTS,
    severity=(Severity.LOW, "Sign-in may fail, or the certificate is old; no one gains access."),
    title=mark("Expired SAML metadata"),
    question="Is the metadata of a SAML provider no longer valid?",
    remediation=mark(
        "Upload the identity provider's current metadata (`aws iam update-saml-provider`), or delete the provider if "
        "it is not used."
    ),
    standards=("CIS AWS Foundations 7.0 2.19",),
    data=Data.SAML_PROVIDERS,
)
def expired_metadata(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Dates are compared with the snapshot's time, not with today."""
    facts, latest = facts_of(survey.snapshot, account.account_id), survey.latest(account)
    for provider in (facts.saml_providers if facts is not None else None) or ():
        name = last_of_arn(provider.arn)
        if provider.valid_until is None or latest is None:
            yield CheckResult(
                phrase(
                    "Whether the metadata of the SAML provider {name} is still valid cannot be determined.", name=name
                ),
                (Evidence(phrase("Its expiration date, or the time of the snapshot, was not captured.")),),
                object=provider.arn,
                state=State.INCONCLUSIVE,
                severity=Severity.INFO,
            )
        elif provider.valid_until < latest:
            yield CheckResult(
                nphrase(
                    "The metadata of the SAML provider {name} expired {count:,} day before the snapshot.",
                    "The metadata of the SAML provider {name} expired {count:,} days before the snapshot.",
                    (latest - provider.valid_until).days,
                    name=name,
                ),
                (
                    Evidence(
                        phrase("ValidUntil of {arn} is {date:%Y-%m-%d}.", arn=provider.arn, date=provider.valid_until)
                    ),
                ),
                object=provider.arn,
            )


@check(
    "FED-13",
    over=ACCOUNTS,
    severity=(Severity.LOW, "A weak password is reported separately."),
    title=mark("Password users alongside federation"),
    question="Do IAM users have passwords although people can sign in through an identity provider?",
    remediation=mark(
        "Have people sign in through the identity provider, and delete their IAM users: deactivating a person there "
        "then ends the access here. Keep users for emergencies."
    ),
    standards=("CIS AWS Foundations 7.0 2.19", "NIST 800-53 IA-2"),
    data=Data.CREDENTIAL_REPORT,
)
def users_beside_federation(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Federation is recognized by roles of IAM Identity Center, or by a SAML provider that a role trusts."""
    through = _federation(survey, account)
    if through is None:
        return
    users = [
        user.user_name
        for user in account.users
        if (entry := entry_of(survey, account, user.user_name)) is not None and entry.password_enabled
    ]
    if users:
        yield CheckResult(
            nphrase(
                "People can sign in through {through}, but {count:,} IAM user has a password: {names}.",
                "People can sign in through {through}, but {count:,} IAM users have passwords: {names}.",
                len(users),
                through=through,
                names=enumerated(users),
            ),
            tuple(
                Evidence(phrase("Credential report: password_enabled of {name} is true.", name=name))
                for name in users[:_MAX_NAMED]
            ),
        )


def _federation(survey: CheckContext, account: Account) -> str | None:
    if any(is_reserved(role) for role in account.roles):
        return "IAM Identity Center"
    for role in account.roles:
        for statement in allowing(survey, role, "assumerolewithsaml"):
            for entry in statement.principals or ():
                if ":saml-provider/" in entry.text:
                    return phrase("the SAML provider {name}", name=last_of_arn(entry.text))
    return None


@check(
    "FED-11",
    over=ROLES,
    severity=(Severity.MEDIUM, "Needs a certificate from your own certificate authority."),
    title=mark("Role open to any certificate of the account's trust anchors"),
    question="Does IAM Roles Anywhere accept any certificate for a role, whatever its subject and trust anchor?",
    remediation=mark(
        "Test in the trust policy `aws:SourceArn` for the trust anchor (ArnEquals) and the certificate's subject by "
        "`aws:PrincipalTag/x509Subject/CN` (StringEquals)."
    ),
    standards=("NIST 800-53 IA-3",),
)
def any_certificate(survey: CheckContext, account: Account, role: RoleDetail) -> Iterator[CheckResult]:
    """Evaluate with an arbitrary certificate of an arbitrary trust anchor of the account."""
    if not any(
        entry.text == ROLES_ANYWHERE for statement in allowing(survey, role) for entry in statement.principals or ()
    ):
        return
    tested = {key for statement in survey.evaluator.index.trust(role).statements for key in statement.context_keys()}
    tags = {key for key in tested if is_certificate_tag(key.removeprefix(PRINCIPAL_TAG_PREFIX))}
    anchor = f"arn:{account.partition}:rolesanywhere:us-east-1:{account.account_id}:trust-anchor/{PLACEHOLDER}"
    context = {
        "aws:SourceArn": anchor,
        "aws:SourceAccount": account.account_id,
        **dict.fromkeys(tags, PLACEHOLDER),
    }
    decision = survey.ask(ROLES_ANYWHERE, "sts:AssumeRole", role.arn, context)
    if decision.decision is EvalDecision.ALLOWED:
        yield CheckResult(
            phrase(
                "Any holder of a certificate that a trust anchor of the account accepts can assume {role}.",
                role=role.role_name,
            ),
            (Evidence(phrase("Evaluated with an arbitrary certificate and trust anchor."), decision),),
        )
