"""Cross-account trust that is broader or more powerful than needed, and roles that trust themselves."""

from collections.abc import Iterator

from iamdesk.attack_paths.administrators import is_administrator
from iamdesk.checks.check import CheckResult, check
from iamdesk.checks.check_context import CheckContext
from iamdesk.checks.condition_strength import ConditionStrength
from iamdesk.checks.external_trust import allowing, matching_accounts, trusted_accounts
from iamdesk.checks.finding import Evidence, Severity, State
from iamdesk.checks.targets import ROLES
from iamdesk.checks.trust import perhaps_own, trust_remediation
from iamdesk.i18n import join_messages, mark, phrase
from iamdesk.inventory.trust import trusted_names
from iamdesk.policy.wildcards import is_pattern
from iamdesk.snapshot.model import Account, RoleDetail


@check(
    "TRU-05",
    over=ROLES,
    severity=(Severity.MEDIUM, "The other account decides which of its principals may use the role."),
    title=mark("Role that trusts an entire external account"),
    question="Does a role trust an entire account outside the organization, instead of a role in it?",
    remediation=mark("Name the role of the other account that needs access under Principal, instead of the account."),
)
def whole_other_account(survey: CheckContext, _account: Account, role: RoleDetail) -> Iterator[CheckResult]:
    """Only if its principals are allowed, with the external ID and other conditions met."""
    for trusted in trusted_accounts(survey, role):
        if trusted.is_whole and not is_pattern(trusted.account_id):  # TRU-03 reports patterns of accounts
            text = phrase(
                "{role} trusts all principals of account {account} whose own policies allow sts:AssumeRole",
                role=role.role_name,
                account=trusted.account_id,
            )
            severity = Severity.LOW if trusted.is_perhaps_own else None
            if trusted.without_external_id.strength > trusted.with_external_id.strength is ConditionStrength.SECRET:
                # What AWS recommends for vendors, who alone decide which of their roles uses it.
                # https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html
                severity = Severity.INFO
                text = phrase(
                    "{role} trusts all principals of account {account} that send the external ID and whose own "
                    "policies allow sts:AssumeRole",
                    role=role.role_name,
                    account=trusted.account_id,
                )
            yield CheckResult(
                join_messages("", (text, perhaps_own(trusted), ".")),
                (Evidence(phrase("Evaluated as a principal of the account."), trusted.with_external_id.decision),),
                object=trusted.account_id,
                severity=severity,
                state=State.INCONCLUSIVE if trusted.is_perhaps_own else State.FOUND,
            )


@check(
    "TRU-08",
    over=ROLES,
    severity=(
        Severity.HIGH,
        "The other account decides who administers this one. Critical is reserved for unnamed accounts (TRU-01).",
    ),
    title=mark("Administrator role assumable from another account"),
    question="Can a principal of an account outside the organization assume an administrator role?",
    remediation=mark("Reduce the role's permissions to what the other account needs."),
)
def privileged_for_external_account(survey: CheckContext, account: Account, role: RoleDetail) -> Iterator[CheckResult]:
    """With or without an external ID; TRU-04 reports other conditions, and services of the account."""
    for trusted in trusted_accounts(survey, role):
        if trusted.services:
            continue
        if trusted.with_external_id.strength <= ConditionStrength.SECRET and is_administrator(survey, account, role):
            text = phrase(
                "Account {account} can assume {role}, which is an administrator",
                account=trusted.account_id,
                role=role.role_name,
            )
            if who_matches := matching_accounts(trusted.account_id, begins=True):
                text = phrase(
                    "{who} can assume {role}, which is an administrator", who=who_matches, role=role.role_name
                )
            yield CheckResult(
                join_messages("", (text, perhaps_own(trusted), ".")),
                (Evidence(phrase("Evaluated as a principal of the account."), trusted.with_external_id.decision),),
                object=trusted.account_id,
                severity=Severity.MEDIUM if trusted.is_perhaps_own else None,
                state=State.INCONCLUSIVE if trusted.is_perhaps_own else State.FOUND,
                remediation=trust_remediation(trusted, role),
            )


@check(
    "TRU-14",
    over=ROLES,
    severity=(Severity.LOW, "Gains nothing that the role does not have."),
    title=mark("Role that trusts itself"),
    question="Does a role name itself in its trust policy?",
    remediation=mark(
        "Remove the role from its own trust policy, unless an application must assume it again: a session that can "
        "renew itself never has to end."
    ),
)
def trusts_itself(survey: CheckContext, _account: Account, role: RoleDetail) -> Iterator[CheckResult]:
    """By its own ARN in the trust policy; the evidence is whether the request is allowed."""
    if role.arn not in trusted_names(role.assume_role_policy_document) or not any(allowing(survey, role)):
        return
    decision = survey.ask(role.arn, "sts:AssumeRole", role.arn)
    yield CheckResult(
        phrase(
            "{role} names itself in its trust policy, so its sessions can be renewed indefinitely.", role=role.role_name
        ),
        (Evidence(phrase("Evaluated whether it can assume itself."), decision),),
    )
