"""Trust in other accounts that is wider, or worth more, than it has to be; trust of a role in itself."""

from collections.abc import Iterator

from iamdesk.attack_paths.administrators import is_administrator
from iamdesk.checks.check import CheckResult, check
from iamdesk.checks.check_context import CheckContext
from iamdesk.checks.condition_strength import ConditionStrength
from iamdesk.checks.external_trust import allowing, trusted_accounts
from iamdesk.checks.finding import Evidence, Severity, State
from iamdesk.checks.targets import ROLES
from iamdesk.checks.trust import CAPTURE_ORGANIZATION, perhaps_own
from iamdesk.i18n import join_messages, mark, phrase
from iamdesk.inventory.trust import trusted_names
from iamdesk.snapshot.model import Account, RoleDetail


@check(
    "TRU-05",
    over=ROLES,
    title=mark("A whole other account is trusted"),
    severity=Severity.MEDIUM,
    question="Does a role trust a whole account outside the organization, instead of a role there?",
    remedy=mark("Name the role of the other account that needs to come."),
)
def whole_other_account(survey: CheckContext, _account: Account, role: RoleDetail) -> Iterator[CheckResult]:
    """Where its principals get in, with what the policy asks for."""
    for trusted in trusted_accounts(survey, role):
        if trusted.is_whole:
            said = phrase(
                "{role} trusts all of account {account}: whoever that account lets assume it",
                role=role.role_name,
                account=trusted.account_id,
            )
            yield CheckResult(
                join_messages("", (said, perhaps_own(trusted), ".")),
                (Evidence(phrase("Asked as somebody of the account."), trusted.with_external_id.decision),),
                object=trusted.account_id,
                severity=Severity.LOW if trusted.is_perhaps_own else None,
                state=State.CANNOT_TELL if trusted.is_perhaps_own else State.FOUND,
            )


@check(
    "TRU-08",
    over=ROLES,
    title=mark("Another account can assume an administrator role"),
    severity=Severity.HIGH,
    question="Can a principal of an account outside the organization assume an administrator role?",
    remedy=mark("Give the role what the other account's work needs, and no more."),
)
def privileged_for_outsiders(survey: CheckContext, account: Account, role: RoleDetail) -> Iterator[CheckResult]:
    """With an external id or without; other conditions are told by TRU-04."""
    for trusted in trusted_accounts(survey, role):
        if trusted.with_external_id.hold <= ConditionStrength.SECRET and is_administrator(survey, account, role):
            said = phrase(
                "Account {account} gets into {role}, which is an administrator",
                account=trusted.account_id,
                role=role.role_name,
            )
            yield CheckResult(
                join_messages("", (said, perhaps_own(trusted), ".")),
                (Evidence(phrase("Asked as somebody of the account."), trusted.with_external_id.decision),),
                object=trusted.account_id,
                severity=Severity.MEDIUM if trusted.is_perhaps_own else None,
                state=State.CANNOT_TELL if trusted.is_perhaps_own else State.FOUND,
                remedy=phrase(CAPTURE_ORGANIZATION) if trusted.is_perhaps_own else None,
            )


@check(
    "TRU-14",
    over=ROLES,
    title=mark("Role that trusts itself"),
    severity=Severity.LOW,
    question="Does a role name itself in its trust policy?",
    remedy=mark("Take it out, unless a program really has to assume the role anew: its sessions never have to end."),
)
def trusts_itself(survey: CheckContext, _account: Account, role: RoleDetail) -> Iterator[CheckResult]:
    """By its own ARN; whether it may is asked."""
    if role.arn not in trusted_names(role.assume_role_policy_document) or not any(allowing(survey, role)):
        return
    decision = survey.ask(role.arn, "sts:AssumeRole", role.arn)
    yield CheckResult(
        phrase("{role} trusts itself.", role=role.role_name),
        (Evidence(phrase("Asked whether it may assume itself."), decision),),
    )
