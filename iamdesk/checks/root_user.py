"""The root user of member accounts: credentials, service control policies that restrict it, and its MFA device."""

from collections.abc import Iterator

from iamdesk.checks.check import CheckResult, check
from iamdesk.checks.check_context import PLACEHOLDER, CheckContext
from iamdesk.checks.credentials import ROOT, entry_of, keys_of
from iamdesk.checks.finding import Evidence, Severity, State
from iamdesk.checks.prerequisites import Data, facts_of
from iamdesk.checks.targets import ACCOUNTS
from iamdesk.checks.words import enumerated
from iamdesk.evaluate.request import EvalDecision
from iamdesk.i18n import join_names, mark, phrase
from iamdesk.snapshot.model import Account

_ROOT_DEVICE = ":mfa/root-account-mfa-device"
"""How the serial number of the root user's virtual device ends.

https://docs.aws.amazon.com/securityhub/latest/userguide/iam-controls.html
"""
_PROBES = (
    ("iam:CreateUser", "arn:{partition}:iam::{account}:user/{name}"),
    ("s3:PutBucketPolicy", "arn:{partition}:s3:::{name}"),
    ("dynamodb:DeleteTable", "arn:{partition}:dynamodb:us-east-1:{account}:table/{name}"),
)
"""Requests that the root user of a member account should never make."""


def _is_member(survey: CheckContext, account: Account) -> bool:
    organization = survey.snapshot.organization
    return organization is not None and organization.management_account_id != account.account_id


@check(
    "ROT-04",
    over=ACCOUNTS,
    severity=(
        Severity.MEDIUM,
        "A credential that central root access management makes unnecessary; a weak one is reported by ROT-01 "
        "or ROT-02. Below Prowler, which checks whether the organization has enabled that management.",
    ),
    title=mark("Root user of a member account has credentials"),
    question="Does the root user of a member account of the organization have a password or access key?",
    remediation=mark(
        "Enable centralized root access management in IAM, and delete the root credentials of member accounts: the "
        "management account then performs privileged root tasks for them."
    ),
    standards=("CIS AWS Foundations 7.0 2.1.1", "NIST 800-53 AC-6(5)"),
    data=Data.ROOT_CREDENTIALS,
)
def root_not_central(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """From the account summary and the credential report; cannot tell if neither contains the password status."""
    if not _is_member(survey, account):
        return
    facts = facts_of(survey.snapshot, account.account_id)
    summary = (facts.summary if facts is not None else None) or {}
    entry = entry_of(survey, account, ROOT)
    has_password = entry.password_enabled if entry is not None else None
    if "AccountPasswordPresent" in summary:
        has_password = summary["AccountPasswordPresent"] > 0
    has_key = bool(entry is not None and keys_of(entry)) or summary.get("AccountAccessKeysPresent", 0) > 0
    both = ((phrase("a password"), has_password), (phrase("an access key"), has_key))
    held = [what for what, there in both if there]
    source = Evidence(phrase("Source: get-account-summary and the credential report."))
    if held:
        yield CheckResult(
            phrase(
                "The root user of member account {account} has {held}.",
                account=account.account_id,
                held=enumerated(held),
            ),
            (source,),
        )
    elif has_password is None:
        yield CheckResult(
            phrase(
                "Whether the root user of member account {account} has a password cannot be determined: neither the "
                "account summary nor the credential report contains it.",
                account=account.account_id,
            ),
            (Evidence(phrase("AccountPasswordPresent is not in the account summary.")),),
            state=State.INCONCLUSIVE,
        )


@check(
    "ROT-05",
    over=ACCOUNTS,
    severity=(Severity.MEDIUM, "An additional limit is not used."),
    title=mark("No SCP restricts the root user"),
    question="Is the root user of a member account not restricted by any service control policy?",
    remediation=mark(
        "Attach a service control policy that denies all actions if aws:PrincipalArn matches `arn:aws:iam::*:root`, "
        "except for the few tasks that require the root user."
    ),
    standards=("CIS AWS Foundations 7.0 2.1.2", "NIST 800-53 AC-6(5)"),
    data=Data.ORGANIZATION,
)
def root_not_denied(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Evaluate as the root user, on an arbitrary user, bucket and table."""
    if not _is_member(survey, account):
        return
    words = {"partition": account.partition, "account": account.account_id, "name": PLACEHOLDER}
    root = f"arn:{account.partition}:iam::{account.account_id}:root"
    decisions = [survey.ask(root, action, resource.format_map(words)) for action, resource in _PROBES]
    allowed = [decision for decision in decisions if decision.decision is EvalDecision.ALLOWED]
    unsure = [decision for decision in decisions if decision.decision is EvalDecision.CONDITIONAL]
    for found, state in ((allowed, State.FOUND), (unsure, State.INCONCLUSIVE)):
        if found:
            actions = join_names([decision.request.action for decision in found], last="or")
            keys = enumerated(dict.fromkeys(key for one in unsure for key in one.missing_context_values))
            sentence = phrase(
                "No service control policy denies {actions} to the root user of member account {account}.",
                account=account.account_id,
                actions=actions,
            )
            if state is not State.FOUND:
                sentence = phrase(
                    "Whether a service control policy denies {actions} to the root user of member account {account} "
                    "depends on {keys}.",
                    account=account.account_id,
                    actions=actions,
                    keys=keys,
                )
            yield CheckResult(
                sentence,
                tuple(
                    Evidence(phrase("Evaluated {action} as the root user.", action=one.request.action), one)
                    for one in found
                ),
                state=state,
            )
            return


@check(
    "ROT-06",
    over=ACCOUNTS,
    severity=(
        Severity.MEDIUM,
        "Needs the phone that has the virtual device. Below Prowler, which also counts a root user without "
        "any MFA (ROT-02).",
    ),
    title=mark("Root user with a virtual MFA device"),
    question="Is the root user's MFA device a virtual one (an authenticator app) instead of a security key or "
    "hardware token?",
    remediation=mark(
        "Register a security key or hardware token, and a second one that is stored elsewhere; then remove the "
        "virtual device."
    ),
    standards=(
        "CIS AWS Foundations 7.0 2.6",
        "CIS AWS Foundations 3.0 1.6",
        "AWS FSBP IAM.6",
        "PCI DSS 4.0 8.4.2",
        "NIST 800-53 IA-2(1)",
    ),
    data=Data.MFA_DEVICES,
)
def root_with_virtual_mfa(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Recognized by the serial number, which AWS assigns; ROT-02 reports a root user without MFA."""
    facts = facts_of(survey.snapshot, account.account_id)
    entry = entry_of(survey, account, ROOT)
    if facts is None or facts.virtual_mfa_devices is None:
        return
    has_mfa = entry.mfa_active if entry is not None else (facts.summary or {}).get("AccountMFAEnabled", 0) > 0
    device = next((one for one in facts.virtual_mfa_devices if one.serial_number.endswith(_ROOT_DEVICE)), None)
    if has_mfa and device is not None and device.enable_date is not None:
        yield CheckResult(
            phrase(
                "The root user's MFA device is virtual: an authenticator app on a phone or computer holds its secret."
            ),
            (
                Evidence(
                    phrase(
                        "list-virtual-mfa-devices: {device}, since {date:%Y-%m-%d}.",
                        device=device.serial_number,
                        date=device.enable_date,
                    )
                ),
            ),
        )
