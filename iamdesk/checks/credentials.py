"""Passwords, access keys and MFA of users and of the root user, from the credential report."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from iamdesk.attack_paths.administrators import is_administrator
from iamdesk.checks.check import CheckResult, check
from iamdesk.checks.check_context import CheckContext
from iamdesk.checks.finding import Evidence, Severity, State
from iamdesk.checks.prerequisites import Data, credentials_of, facts_of
from iamdesk.checks.remediation_commands import command
from iamdesk.checks.targets import ACCOUNTS, USERS
from iamdesk.checks.thresholds import Thresholds
from iamdesk.checks.words import enumerated
from iamdesk.i18n import mark, nphrase, phrase
from iamdesk.snapshot.account_details import CredentialReportEntry, PasswordPolicy
from iamdesk.snapshot.model import Account, UserDetail

ROOT = "<root_account>"
"""The root user's name in the report."""


class Key(NamedTuple):
    """One active access key."""

    number: int
    created: datetime | None
    used: datetime | None


def keys_of(entry: CredentialReportEntry) -> list[Key]:
    """Return the active access keys in a row of the report."""
    both = (
        (entry.access_key_1_active, entry.access_key_1_last_rotated, entry.access_key_1_last_used_date),
        (entry.access_key_2_active, entry.access_key_2_last_rotated, entry.access_key_2_last_used_date),
    )
    return [Key(number, created, used) for number, (active, created, used) in enumerate(both, 1) if active]


def entry_of(survey: CheckContext, account: Account, user: str) -> CredentialReportEntry | None:
    """Return a user's row of the report; None if there is none, or no report."""
    return survey.once(
        ("credentials", account.account_id, user),
        lambda: credentials_of(survey.snapshot, account.account_id, user),
    )


def _age(survey: CheckContext, account: Account, moment: datetime | None) -> timedelta | None:
    """Return the age of a moment when the report was generated, or at the snapshot's time."""
    facts = facts_of(survey.snapshot, account.account_id)
    report = facts.credential_report if facts is not None else None
    generated = None if report is None else report.generated_time
    now = survey.latest(account) if generated is None else generated
    return None if now is None or moment is None else now - moment


def report_evidence(text: str) -> tuple[Evidence, ...]:
    """Return a quotation from the report as evidence."""
    return (Evidence(phrase("Credential report: {text}.", text=text)),)


def _active_key_evidence(key: Key) -> tuple[Evidence, ...]:
    field = f"access_key_{key.number}_active"
    return report_evidence(phrase("{field} is true", field=field))


def active_keys(count: int) -> str:
    """Return a number of active access keys as text."""
    return nphrase("{count:,} active access key", "{count:,} active access keys", count)


@check(
    "CRD-01",
    over=USERS,
    severity=(Severity.HIGH, "A guessed or stolen password is enough."),
    title=mark("Console password without MFA"),
    question="Does a user have a console password and no MFA device?",
    remediation=mark("Have the user register an MFA device, and deny all other actions to requests made without MFA."),
    standards=(
        "CIS AWS Foundations 7.0 2.10",
        "CIS AWS Foundations 3.0 1.10",
        "AWS FSBP IAM.5",
        "PCI DSS 4.0 8.4.2",
        "NIST 800-53 IA-2(1)",
    ),
    data=Data.CREDENTIAL_REPORT,
)
def password_without_mfa(survey: CheckContext, account: Account, user: UserDetail) -> Iterator[CheckResult]:
    """Yield a finding if password_enabled is true and mfa_active is false."""
    entry = entry_of(survey, account, user.user_name)
    if entry is not None and entry.password_enabled and entry.mfa_active is False:
        yield CheckResult(
            phrase("{user} can sign in to the console with a password only, without MFA.", user=user.user_name),
            report_evidence(phrase("password_enabled is true, mfa_active is false")),
        )


@check(
    "CRD-02",
    over=USERS,
    severity=(Severity.MEDIUM, "Needs a stolen key; its use would go unnoticed."),
    title=mark("Unused access key"),
    question="Does a user have an active access key that was not used for longer than allowed (by default 45 days)?",
    remediation=mark("Deactivate the key, then delete it if nothing breaks."),
    standards=(
        "CIS AWS Foundations 7.0 2.11",
        "CIS AWS Foundations 3.0 1.12",
        "AWS FSBP IAM.8",
        "PCI DSS 4.0 8.2.6",
        "NIST 800-53 AC-2(3)",
    ),
    data=Data.CREDENTIAL_REPORT,
)
def unused_key(survey: CheckContext, account: Account, user: UserDetail) -> Iterator[CheckResult]:
    """The age of a key that was never used counts from its creation."""
    entry = entry_of(survey, account, user.user_name)
    for key in keys_of(entry) if entry is not None else ():
        age = _age(survey, account, key.used or key.created)
        if age is not None and age > timedelta(days=survey.thresholds.unused_credential_days):
            names = {"number": key.number, "user": user.user_name}
            sentence = nphrase(
                "Access key {number} of {user} was not used for {count:,} day.",
                "Access key {number} of {user} was not used for {count:,} days.",
                age.days,
                **names,
            )
            if not key.used:
                sentence = nphrase(
                    "Access key {number} of {user} was created {count:,} day ago and never used.",
                    "Access key {number} of {user} was created {count:,} days ago and never used.",
                    age.days,
                    **names,
                )
            yield CheckResult(sentence, _active_key_evidence(key), object=str(key.number))


@check(
    "CRD-03",
    over=USERS,
    severity=(Severity.MEDIUM, "Needs a stolen password; its use would go unnoticed."),
    title=mark("Unused password"),
    question="Does a user have a console password that was not used for longer than allowed (by default 45 days)?",
    remediation=mark("Remove the password (`aws iam delete-login-profile`)."),
    standards=(
        "CIS AWS Foundations 7.0 2.11",
        "CIS AWS Foundations 3.0 1.12",
        "AWS FSBP IAM.8",
        "PCI DSS 4.0 8.2.6",
        "NIST 800-53 AC-2(3)",
    ),
    data=Data.CREDENTIAL_REPORT,
)
def unused_password(survey: CheckContext, account: Account, user: UserDetail) -> Iterator[CheckResult]:
    """The age of a password that was never used counts from the day it was set."""
    entry = entry_of(survey, account, user.user_name)
    if entry is None or not entry.password_enabled:
        return
    age = _age(survey, account, entry.password_last_used or entry.password_last_changed or entry.user_creation_time)
    if age is not None and age > timedelta(days=survey.thresholds.unused_credential_days):
        yield CheckResult(
            nphrase(
                "The password of {user} was not used for {count:,} day.",
                "The password of {user} was not used for {count:,} days.",
                age.days,
                user=user.user_name,
            ),
            report_evidence(phrase("password_enabled is true")),
            remediation_command=command("iam", "delete-login-profile", "--user-name", user.user_name),
        )


@check(
    "CRD-04",
    over=USERS,
    severity=(Severity.MEDIUM, "Needs a stolen key; the older a key is, the more places have a copy."),
    title=mark("Old access key"),
    question="Does a user have an active access key that is older than allowed (by default 90 days)?",
    remediation=mark(
        "Rotate the key: create a new one and delete the old one. Better, use a role instead of the user."
    ),
    standards=(
        "CIS AWS Foundations 7.0 2.12",
        "CIS AWS Foundations 3.0 1.14",
        "AWS FSBP IAM.3",
        "PCI DSS 4.0 8.3.9",
        "PCI DSS 4.0 8.6.3",
        "NIST 800-53 AC-2(3)",
    ),
    data=Data.CREDENTIAL_REPORT,
)
def old_key(survey: CheckContext, account: Account, user: UserDetail) -> Iterator[CheckResult]:
    """By the creation date of the key."""
    entry = entry_of(survey, account, user.user_name)
    for key in keys_of(entry) if entry is not None else ():
        age = _age(survey, account, key.created)
        if age is not None and age > timedelta(days=survey.thresholds.access_key_days):
            yield CheckResult(
                nphrase(
                    "Access key {number} of {user} is {count:,} day old.",
                    "Access key {number} of {user} is {count:,} days old.",
                    age.days,
                    number=key.number,
                    user=user.user_name,
                ),
                _active_key_evidence(key),
                object=str(key.number),
            )


@check(
    "CRD-05",
    over=USERS,
    severity=(
        Severity.LOW,
        "Usual while a key is rotated; old and unused keys are reported separately. Below Prowler for that reason.",
    ),
    title=mark("Two active access keys"),
    question="Does a user have two active access keys?",
    remediation=mark("Delete one of them; a second key is needed only during rotation."),
    standards=("CIS AWS Foundations 3.0 1.13",),
    data=Data.CREDENTIAL_REPORT,
)
def two_keys(survey: CheckContext, account: Account, user: UserDetail) -> Iterator[CheckResult]:
    """Yield a finding if both access keys are active."""
    entry = entry_of(survey, account, user.user_name)
    if entry is not None and len(keys_of(entry)) > 1:
        yield CheckResult(
            phrase("{user} has two active access keys.", user=user.user_name),
            report_evidence(phrase("both keys are active")),
        )


@check(
    "CRD-07",
    over=USERS,
    severity=(Severity.LOW, "Hygiene: a weak password or key is reported separately."),
    title=mark("User with password and access key"),
    question="Does a user have a console password and an active access key?",
    remediation=mark("Use a password only for people, and roles for applications."),
    data=Data.CREDENTIAL_REPORT,
)
def password_and_key(survey: CheckContext, account: Account, user: UserDetail) -> Iterator[CheckResult]:
    """Yield a finding if password_enabled is true and an access key is active."""
    entry = entry_of(survey, account, user.user_name)
    if entry is not None and entry.password_enabled and keys_of(entry):
        yield CheckResult(
            phrase("{user} has a password and an active access key.", user=user.user_name),
            report_evidence(phrase("password and a key are active")),
        )


@check(
    "CRD-08",
    over=USERS,
    severity=(Severity.HIGH, "A stolen key gives away the whole account."),
    title=mark("Administrator with a long-lived access key"),
    question="Does a user who is an administrator, or can become one in one step, have an active access key?",
    remediation=mark("Delete the key. Have administrators assume a role with MFA."),
    standards=("NIST 800-53 IA-5",),
    data=Data.CREDENTIAL_REPORT,
)
def privileged_key(survey: CheckContext, account: Account, user: UserDetail) -> Iterator[CheckResult]:
    """Only proven attack-path steps count."""
    entry = entry_of(survey, account, user.user_name)
    if entry is None or not keys_of(entry) or not survey.reach.knows(user.arn):
        return
    steps = survey.reach.reached(user.arn).to_administration
    if is_administrator(survey, account, user):
        steps = 0
    if steps is not None and steps <= 1:
        sentence = phrase("{user} is an administrator and has an active access key.", user=user.user_name)
        if steps:
            sentence = phrase(
                "{user} can become an administrator in one step and has an active access key.", user=user.user_name
            )
        yield CheckResult(sentence, report_evidence(phrase("a key is active")))


@check(
    "CRD-09",
    over=USERS,
    severity=(Severity.LOW, "Only a few old interfaces accept it."),
    title=mark("Active signing certificate"),
    question="Does a user have an active signing certificate?",
    remediation=mark("Delete the certificate: hardly any AWS service still accepts signing certificates."),
    data=Data.CREDENTIAL_REPORT,
)
def signing_certificate(survey: CheckContext, account: Account, user: UserDetail) -> Iterator[CheckResult]:
    """Yield a finding if cert_1_active or cert_2_active is true."""
    entry = entry_of(survey, account, user.user_name)
    if entry is not None and (entry.cert_1_active or entry.cert_2_active):
        yield CheckResult(
            phrase("{user} has an active signing certificate.", user=user.user_name),
            report_evidence(phrase("cert_1_active or cert_2_active is true")),
        )


@check(
    "CRD-10",
    over=ACCOUNTS,
    severity=(Severity.LOW, "No one gains access; connections may fail. Below Prowler, whose reason is availability."),
    title=mark("Expired server certificate"),
    question="Is an expired TLS certificate stored in IAM?",
    remediation=mark(
        "Check that no load balancer or CloudFront distribution uses it, then delete it: `aws iam "
        "delete-server-certificate`. AWS Certificate Manager renews certificates automatically."
    ),
    standards=("CIS AWS Foundations 7.0 2.17", "CIS AWS Foundations 3.0 1.19"),
    data=Data.SERVER_CERTIFICATES,
)
def expired_certificate(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Dates are compared with the snapshot's time, not with today."""
    facts, latest = facts_of(survey.snapshot, account.account_id), survey.latest(account)
    for one in (facts.server_certificates if facts is not None else None) or ():
        if one.expiration is None or latest is None:
            yield CheckResult(
                phrase(
                    "Whether the server certificate {name} has expired cannot be determined.",
                    name=one.server_certificate_name,
                ),
                (Evidence(phrase("Its expiration date, or the time of the snapshot, was not captured.")),),
                object=one.arn,
                state=State.INCONCLUSIVE,
            )
        elif one.expiration < latest:
            yield CheckResult(
                nphrase(
                    "The server certificate {name} expired {count:,} day before the snapshot.",
                    "The server certificate {name} expired {count:,} days before the snapshot.",
                    (latest - one.expiration).days,
                    name=one.server_certificate_name,
                ),
                (
                    Evidence(
                        phrase(
                            "list-server-certificates: Expiration of {arn} is {date:%Y-%m-%d}.",
                            arn=one.arn,
                            date=one.expiration,
                        )
                    ),
                ),
                object=one.arn,
                remediation_command=command(
                    "iam", "delete-server-certificate", "--server-certificate-name", one.server_certificate_name
                ),
            )


@check(
    "CRD-11",
    over=ACCOUNTS,
    severity=(
        Severity.MEDIUM,
        "Makes each password weaker; MFA still protects. Low if only rules on characters are missing.",
    ),
    title=mark("Weak password policy"),
    question="Does the password policy require too few characters (by default fewer than 14), allow passwords to be "
    "reused, or lack another rule that standards demand?",
    remediation=mark(
        "Require long passwords and prevent their reuse (CIS: 14 characters, the last 24 passwords). Where a standard "
        "demands it, require all types of characters and a new password after 90 days. Let users change their password."
    ),
    standards=(
        "CIS AWS Foundations 7.0 2.8",
        "CIS AWS Foundations 7.0 2.9",
        "AWS FSBP IAM.7",
        "PCI DSS 4.0 8.3.6",
        "PCI DSS 4.0 8.3.7",
        "PCI DSS 4.0 8.3.9",
        "NIST 800-53 IA-5(1)",
    ),
    data=Data.PASSWORD_POLICY,
)
def password_policy(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """An account without a password policy has the AWS default, which requires 8 characters.

    Low if only rules are missing that some standards demand and others advise against: types of characters, expiry.
    """
    facts = facts_of(survey.snapshot, account.account_id)
    if facts is None or not facts.is_password_policy_captured:
        return
    policy = facts.password_policy
    length = 8 if policy is None else policy.minimum_password_length or 6
    kept = 0 if policy is None else policy.password_reuse_prevention or 0
    lacking = []
    if length < survey.thresholds.password_length:
        lacking.append(phrase("its minimum length is {number} characters", number=length))
    if kept < survey.thresholds.password_reuse:
        lacking.append(
            nphrase(
                "only the last {count:,} password cannot be reused",
                "only the last {count:,} passwords cannot be reused",
                kept,
            )
            if kept
            else phrase("passwords can be reused")
        )
    severity = Severity.MEDIUM if lacking else Severity.LOW
    remediation_command = _longer_passwords(policy, survey.thresholds) if lacking else ""
    lacking += _further(policy, survey.thresholds.password_days) if policy is not None else []
    if lacking:
        yield CheckResult(
            _weak(policy, enumerated(lacking, most=len(lacking))),
            (Evidence(phrase("Source: get-account-password-policy.")),),
            severity=severity,
            remediation_command=remediation_command,
        )


def _weak(policy: PasswordPolicy | None, why: str) -> str:
    """Return the finding's sentence; without a policy of its own an account has AWS's default."""
    if policy is None:
        return phrase("No password policy is set, so AWS's default applies: {why}.", why=why)
    return phrase("The password policy is weak: {why}.", why=why)


def _longer_passwords(policy: PasswordPolicy | None, limits: Thresholds) -> str:
    """Return the command that raises length and reuse, lets users change their password and keeps every other rule.

    It names every rule: what ``update-account-password-policy`` is not given falls back to its default, which would
    take away the users' permission to change their password. In place of AWS's default policy, which asks for three
    of four types of characters, it asks for all of them: only that keeps no password weaker than before.
    Sources: IAM API Reference, UpdateAccountPasswordPolicy; IAM User Guide, "Set an account password policy".
    """
    words = ["--minimum-password-length", str(max(limits.password_length, _of(policy, "minimum_password_length")))]
    words += ["--password-reuse-prevention", str(max(limits.password_reuse, _of(policy, "password_reuse_prevention")))]
    rules = {
        "require-symbols": policy is None or policy.require_symbols,
        "require-numbers": policy is None or policy.require_numbers,
        "require-uppercase-characters": policy is None or policy.require_uppercase_characters,
        "require-lowercase-characters": policy is None or policy.require_lowercase_characters,
        "allow-users-to-change-password": True,
        "hard-expiry": policy is not None and policy.hard_expiry,
    }
    words += [f"--{rule}" if is_on else f"--no-{rule}" for rule, is_on in rules.items()]
    if policy is not None and policy.max_password_age:
        words += ["--max-password-age", str(policy.max_password_age)]
    return command("iam", "update-account-password-policy", *words)


def _of(policy: PasswordPolicy | None, name: str) -> int:
    return (getattr(policy, name) if policy is not None else None) or 0


def _further(policy: PasswordPolicy, days: int) -> list[str]:
    """Return the missing rules that AWS FSBP IAM.7 and PCI DSS 8.3.6 and 8.3.9 demand besides length and reuse."""
    missing = []
    required = (
        (policy.require_uppercase_characters, phrase("uppercase letters")),
        (policy.require_lowercase_characters, phrase("lowercase letters")),
        (policy.require_numbers, phrase("numbers")),
        (policy.require_symbols, phrase("symbols")),
    )
    if not all(is_required for is_required, _ in required):
        types = enumerated(name for is_required, name in required if not is_required)
        missing.append(phrase("{types} are not required", types=types))
    if not policy.expire_passwords or not policy.max_password_age:
        missing.append(phrase("passwords do not expire"))
    elif policy.max_password_age > days:
        missing.append(phrase("passwords expire after {days:,} days", days=policy.max_password_age))
    if not policy.allow_users_to_change_password:
        missing.append(phrase("users cannot change their password"))
    return missing


@check(
    "ROT-01",
    over=ACCOUNTS,
    severity=(Severity.CRITICAL, "A stolen key gives away the whole account, and no policy of the account limits it."),
    title=mark("Root user has an access key"),
    question="Does the root user have an active access key?",
    remediation=mark("Delete the key: only organization policies limit the root user."),
    standards=(
        "CIS AWS Foundations 7.0 2.4",
        "CIS AWS Foundations 3.0 1.4",
        "AWS FSBP IAM.4",
        "PCI DSS 4.0 7.2.2",
        "NIST 800-53 AC-6",
    ),
    data=Data.CREDENTIAL_REPORT,
)
def root_key(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Yield a finding if an access key of the root user is active."""
    entry = entry_of(survey, account, ROOT)
    if entry is not None and keys_of(entry):
        yield CheckResult(
            phrase("The root user has {keys}.", keys=active_keys(len(keys_of(entry)))),
            report_evidence(phrase("a key is active")),
        )


@check(
    "ROT-02",
    over=ACCOUNTS,
    severity=(
        Severity.CRITICAL,
        "A stolen password gives away the whole account, and no policy of the account limits it.",
    ),
    title=mark("Root user without MFA"),
    question="Can the root user sign in without MFA?",
    remediation=mark("Register an MFA device for the root user, preferably a hardware security key."),
    standards=("CIS AWS Foundations 7.0 2.5", "PCI DSS 4.0 8.4.2", "NIST 800-53 IA-2(1)"),
    data=Data.ROOT_CREDENTIALS,
)
def root_without_mfa(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """From the credential report, else the account summary. A root user without a password cannot sign in.

    Only root users of member accounts may have no password.
    https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountSummary.html,
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-user.html
    """
    entry = entry_of(survey, account, ROOT)
    if entry is not None:
        if entry.mfa_active is False and entry.password_enabled is not False:
            yield CheckResult(
                phrase("The root user can sign in without MFA."), report_evidence(phrase("mfa_active is false"))
            )
        return
    facts = facts_of(survey.snapshot, account.account_id)
    summary = (facts.summary if facts is not None else None) or {}
    has_password = summary.get("AccountPasswordPresent")
    organization = survey.snapshot.organization
    if has_password is None and organization and organization.management_account_id == account.account_id:
        has_password = 1
    if summary.get("AccountMFAEnabled") != 0 or has_password == 0:
        return
    sentence = phrase("The root user can sign in without MFA.")
    if has_password is None:
        sentence = phrase("The root user has no MFA. Whether it has a password was not captured.")
    yield CheckResult(
        sentence,
        (Evidence(phrase("get-account-summary: AccountMFAEnabled is 0.")),),
        severity=Severity.HIGH if has_password is None else None,
    )


@check(
    "ROT-03",
    over=ACCOUNTS,
    severity=(Severity.HIGH, "Unlimited access is used for daily work."),
    title=mark("Root user used recently"),
    question="Was the root user used shortly before the report (by default in 90 days)?",
    remediation=mark("Use the root user only for tasks that require it, and administrator roles for everything else."),
    standards=("CIS AWS Foundations 7.0 2.7",),
    data=Data.CREDENTIAL_REPORT,
)
def root_used(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """By password or key."""
    entry = entry_of(survey, account, ROOT)
    if entry is None:
        return
    uses = (entry.password_last_used, entry.access_key_1_last_used_date, entry.access_key_2_last_used_date)
    ages = [age for use in uses if (age := _age(survey, account, use)) is not None]
    if ages and min(ages) <= timedelta(days=survey.thresholds.root_use_days):
        yield CheckResult(
            nphrase(
                "The root user was used {count:,} day before the report.",
                "The root user was used {count:,} days before the report.",
                min(ages).days,
            ),
            report_evidence(phrase("last use")),
        )
