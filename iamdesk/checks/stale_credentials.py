"""Stale credentials: keys that were never used, and disabled people who still have access."""

from collections.abc import Iterator
from datetime import timedelta

from iamdesk.checks.check import CheckResult, check
from iamdesk.checks.check_context import CheckContext
from iamdesk.checks.credentials import active_keys, entry_of, keys_of, report_evidence
from iamdesk.checks.finding import Evidence, Severity
from iamdesk.checks.prerequisites import Data
from iamdesk.checks.targets import ACCOUNTS, USERS, principal_subject
from iamdesk.checks.words import enumerated
from iamdesk.i18n import mark, phrase
from iamdesk.snapshot.identity_center import IdentityCenter, IdentityStoreUser
from iamdesk.snapshot.model import Account, UserDetail

_TOGETHER = timedelta(minutes=10)
"""A key created this soon after its user was created with it."""
_DISABLED = "DISABLED"


@check(
    "CRD-06",
    over=USERS,
    severity=(
        Severity.LOW,
        "A key without use; if older than the limit, it is CRD-02. Below Prowler for that reason.",
    ),
    title=mark("Access key created with the user and never used"),
    question="Does a user have an active access key that was created with the user and never used?",
    remediation=mark("Delete the key, and create one only on request."),
    standards=("CIS AWS Foundations 3.0 1.11",),
    data=Data.CREDENTIAL_REPORT,
)
def key_never_used(survey: CheckContext, account: Account, user: UserDetail) -> Iterator[CheckResult]:
    """By the report's times: created within ten minutes of the user."""
    entry = entry_of(survey, account, user.user_name)
    if entry is None or entry.user_creation_time is None:
        return
    for key in keys_of(entry):
        field = f"access_key_{key.number}_last_used_date"
        if key.created is not None and key.used is None and abs(key.created - entry.user_creation_time) <= _TOGETHER:
            yield CheckResult(
                phrase(
                    "Access key {number} of {user} was created with the user and never used.",
                    number=key.number,
                    user=user.user_name,
                ),
                report_evidence(phrase("{field} is N/A", field=field)),
                object=str(key.number),
            )


@check(
    "CRD-13",
    over=USERS,
    severity=(Severity.HIGH, "Access was taken away on purpose, and is still there."),
    title=mark("User without console access has an active access key"),
    question="Does a user whose console password was removed have an active access key?",
    remediation=mark(
        "Deactivate the key: removing the password was meant to end the user's access. If an application still uses "
        "the key, give the application a role."
    ),
    standards=("SOC 2 CC6.3", "ISO 27001:2022 A.5.18"),
    data=Data.CREDENTIAL_REPORT,
)
def disabled_with_key(survey: CheckContext, account: Account, user: UserDetail) -> Iterator[CheckResult]:
    """A last-used date of the password, or an MFA device, shows that the user had a password and is a person."""
    entry = entry_of(survey, account, user.user_name)
    if entry is None or entry.password_enabled is not False or not keys_of(entry):
        return
    signs = []
    if entry.password_last_used is not None:
        signs.append(phrase("a password was last used on {date:%Y-%m-%d}", date=entry.password_last_used))
    if entry.mfa_active:
        signs.append(phrase("an MFA device is registered"))
    if signs:
        yield CheckResult(
            phrase(
                "{user} no longer has a password, but still has {keys}: {signs}.",
                user=user.user_name,
                keys=active_keys(len(keys_of(entry))),
                signs=enumerated(signs),
            ),
            report_evidence(phrase("password_enabled is false, a key is active")),
        )


@check(
    "CRD-14",
    over=ACCOUNTS,
    severity=(Severity.HIGH, "Access was taken away on purpose, and is still there."),
    title=mark("Disabled Identity Center user still has access"),
    question="Does a disabled user of IAM Identity Center have assignments, or an IAM user of the same name?",
    remediation=mark(
        "Delete the IAM user, or assign it a new owner. Remove the assignments, so that they do not return if the "
        "person is enabled again."
    ),
    standards=("SOC 2 CC6.2", "PCI DSS 4.0 8.2.5", "ISO 27001:2022 A.5.18"),
    data=Data.PEOPLE,
)
def leaver(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Compare names without case; of e-mail addresses, the local part as well."""
    users = {user.user_name.lower(): user for user in account.users}
    for center in survey.snapshot.identity_centers:
        for person in center.users or ():
            if person.user_status != _DISABLED:
                continue
            user = next((users[name] for name in _names(person) if name in users), None)
            if user is not None:
                yield CheckResult(
                    phrase(
                        "{person} is disabled in IAM Identity Center, but the IAM user {user} still exists.",
                        person=_display_name(person),
                        user=user.user_name,
                    ),
                    (_status(person), Evidence(phrase("{arn} exists.", arn=user.arn))),
                    subject=principal_subject(user),
                    object=person.user_id,
                )
            assigned = _assignments(center, person, account.account_id)
            if assigned:
                yield CheckResult(
                    phrase(
                        "{person} is disabled in IAM Identity Center, but is still assigned {sets} in account "
                        "{account}.",
                        person=_display_name(person),
                        sets=enumerated(assigned),
                        account=account.account_id,
                    ),
                    (_status(person),),
                    object=f"{person.user_id} assignments",
                    severity=Severity.LOW,
                )


def _status(person: IdentityStoreUser) -> Evidence:
    return Evidence(phrase("UserStatus of {person} is {status}.", person=person.user_name, status=_DISABLED))


def _names(person: IdentityStoreUser) -> Iterator[str]:
    """Yield the names that the person's IAM user may have, in lower case."""
    for text in (person.user_name, *(email.value for email in person.emails)):
        if text:
            yield text.lower()
            if "@" in text:
                yield text.lower().partition("@")[0]


def _display_name(person: IdentityStoreUser) -> str:
    return person.display_name or person.user_name or person.user_id


def _assignments(center: IdentityCenter, person: IdentityStoreUser, account_id: str) -> list[str]:
    """Return the names of permission sets that are assigned directly to a person in an account."""
    names = {one.permission_set_arn: one.name for one in center.permission_sets or ()}
    return sorted(
        names.get(one.permission_set_arn) or one.permission_set_arn
        for one in center.account_assignments or ()
        if one.account_id == account_id and one.principal_type == "USER" and one.principal_id == person.user_id
    )
