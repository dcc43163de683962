"""Role trust: roles that anyone, other accounts or deleted principals can assume."""

import re
from collections.abc import Iterable, Iterator, Set
from typing import NamedTuple

from iamdesk.attack_paths.administrators import is_administrator
from iamdesk.checks.aws_tools import STACK_SETS, origin_of
from iamdesk.checks.check import CheckResult, check
from iamdesk.checks.check_context import CheckContext
from iamdesk.checks.condition_strength import ConditionStrength, named_ids, words_of_ids
from iamdesk.checks.external_trust import (
    NAME_ACCOUNTS,
    TrustedAccount,
    account_of,
    allowing,
    external_attempt,
    matching_accounts,
    trusted_accounts,
)
from iamdesk.checks.finding import Evidence, Severity, State
from iamdesk.checks.policy_documents import statement_evidence, trust_policy_name
from iamdesk.checks.remediation_commands import without_principals
from iamdesk.checks.targets import ROLES
from iamdesk.checks.words import enumerated
from iamdesk.evaluate.policy_set import AttachedPolicy, SourceType
from iamdesk.evaluate.request import PolicyType
from iamdesk.explain.decision import StatementExplanation, StatementRole
from iamdesk.i18n import join_messages, mark, phrase
from iamdesk.inventory.keys import trust_policy_key
from iamdesk.inventory.trust import is_unique_id
from iamdesk.policy.principals import PrincipalEntry, PrincipalType
from iamdesk.policy.statement import Statement
from iamdesk.policy.wildcards import is_pattern
from iamdesk.snapshot.model import Account, RoleDetail

_OWN_PRINCIPAL = re.compile(
    r"arn:[^:]*:iam::\d{12}:(user|role)/(?:[^/]*/)*([^/*?]+)|arn:[^:]*:sts::\d{12}:assumed-role/([^/*?]+)/.+"
)
_STANDARDS = ("NIST 800-53 AC-3", "SOC 2 CC6.3", "ISO 27001:2022 A.5.18")
_AS_EXTERNAL_ROLE = mark("Evaluated as a role of an account that no policy in the snapshot names.")


@check(
    "TRU-01",
    over=ROLES,
    severity=(Severity.CRITICAL, "Anyone with an AWS account gets the role's permissions."),
    title=mark("Publicly assumable role"),
    question="Can principals of any AWS account assume a role?",
    remediation=mark(
        'Name the intended principals or accounts under Principal. To trust an organization, add `"StringEquals": '
        '{"aws:PrincipalOrgID": "o-…"}` without IfExists or ForAllValues.'
    ),
    standards=_STANDARDS,
)
def anyone(survey: CheckContext, account: Account, role: RoleDetail) -> Iterator[CheckResult]:
    """Only unconditional trust; TRU-09 reports NotPrincipal."""
    attempt = external_attempt(survey, account, role)
    if (
        attempt is None
        or attempt.strength is not ConditionStrength.NOTHING
        or _only_not_principal(attempt.decision.matched_statements)
    ):
        return
    evidence = [Evidence(phrase(_AS_EXTERNAL_ROLE), attempt.decision)]
    sentence = phrase("Anyone with an AWS account can assume {role}.", role=role.role_name)
    if is_administrator(survey, account, role):
        sentence = phrase(
            "Anyone with an AWS account can assume {role}, which is an administrator.", role=role.role_name
        )
    keys = dict.fromkeys(
        test.key_text
        for line in attempt.decision.matched_statements
        if line.layer is PolicyType.TRUST
        for test in line.document.statements[line.index].conditions
    )
    if keys:
        evidence.append(Evidence(phrase("The condition on {keys} does not restrict them.", keys=enumerated(keys))))
    yield CheckResult(sentence, tuple(evidence))


def _only_not_principal(lines: tuple[StatementExplanation, ...]) -> bool:
    trust = [line for line in lines if line.layer is PolicyType.TRUST]
    return bool(trust) and all(line.document.statements[line.index].not_principal for line in trust)


@check(
    "TRU-02",
    over=ROLES,
    severity=(Severity.CRITICAL, "As TRU-01: the caller chooses the values that the condition asks for."),
    title=mark("Publicly assumable role with an ineffective condition"),
    question="Can principals of any AWS account assume a role by choosing the values of condition keys?",
    remediation=mark(
        "Name the intended principals or accounts under Principal, or test a key that callers cannot choose: "
        "aws:PrincipalOrgID, aws:PrincipalAccount or aws:PrincipalArn."
    ),
    standards=_STANDARDS,
)
def anyone_by_choice(survey: CheckContext, account: Account, role: RoleDetail) -> Iterator[CheckResult]:
    """Report conditions on keys that callers choose, or on an external ID; cannot tell for other keys."""
    attempt = external_attempt(survey, account, role)
    if attempt is None or attempt.strength is ConditionStrength.NOTHING:
        return
    evidence = (Evidence(phrase(_AS_EXTERNAL_ROLE), attempt.decision),)
    keys = enumerated(attempt.keys)
    if attempt.strength is ConditionStrength.OWN_CHOICE:
        sentence = phrase(
            "Anyone with an AWS account can assume {role}: its condition tests only {keys}, which callers choose.",
            role=role.role_name,
            keys=keys,
        )
        yield CheckResult(sentence, evidence)
    elif attempt.strength is ConditionStrength.SECRET:
        sentence = phrase(
            "Anyone with an AWS account who knows the external ID can assume {role}.", role=role.role_name
        )
        remediation = phrase(
            "Name the intended account under Principal: an external ID is not a secret, it only distinguishes "
            "the customers of a vendor."
        )
        yield CheckResult(sentence, evidence, severity=Severity.HIGH, remediation=remediation)
    else:
        sentence = phrase(
            "Whether anyone with an AWS account can assume {role} depends on {keys}.", role=role.role_name, keys=keys
        )
        title = mark("Publicly assumable role under a condition")
        if ids := named_ids(allowing(survey, role), attempt):
            title = mark("Role that trusts a unique ID")
            sentence = phrase(
                "Whether {who} can assume {role} is not known.", who=words_of_ids(ids), role=role.role_name
            )
        yield CheckResult(sentence, evidence, severity=Severity.HIGH, state=State.INCONCLUSIVE, title=title)


@check(
    "TRU-03",
    over=ROLES,
    severity=(
        Severity.HIGH,
        "A vendor can be tricked into using the role for another customer. Medium if the trust policy names "
        "single principals. Above Access Analyzer, which only knows that it is cross-account.",
    ),
    title=mark("Role assumable from another account without an external ID"),
    question="Can a principal of an account outside the snapshot and its organization assume a role without an "
    "external ID?",
    remediation=mark(
        'Require the vendor\'s external ID, if the account is a vendor\'s: `"StringEquals": {"sts:ExternalId": "…"}`. '
        "If it is your own, capture it as well. If no one can identify it, remove it from the trust policy."
    ),
    standards=_STANDARDS,
)
def account_without_external_id(survey: CheckContext, account: Account, role: RoleDetail) -> Iterator[CheckResult]:
    """High if the entire account is trusted, medium if single principals of it are named."""
    for trusted in trusted_accounts(survey, role):
        if trusted.services or trusted.without_external_id.strength > ConditionStrength.OWN_CHOICE:
            continue
        who = phrase("Account {account}", account=trusted.account_id)
        if not trusted.is_whole:
            who = phrase("A principal of account {account}", account=trusted.account_id)
        text = phrase(
            "{who}, which is not in the snapshot, can assume {role} without an external ID",
            who=who,
            role=role.role_name,
        )
        if who_matches := matching_accounts(trusted.account_id, begins=True):
            text = phrase("{who} can assume {role} without an external ID", who=who_matches, role=role.role_name)
        severity = Severity.HIGH if trusted.is_whole or who_matches else Severity.MEDIUM
        yield CheckResult(
            join_messages("", (text, _privileged(survey, account, role), perhaps_own(trusted), ".")),
            (
                Evidence(phrase("Evaluated without an external ID."), trusted.without_external_id.decision),
                *_named(trusted),
            ),
            object=trusted.account_id,
            severity=Severity.LOW if trusted.is_perhaps_own else severity,
            state=State.INCONCLUSIVE if trusted.is_perhaps_own else State.FOUND,
            remediation=trust_remediation(trusted, role),
        )


@check(
    "TRU-04",
    over=ROLES,
    severity=(Severity.LOW, "Usually intended, and limited by conditions; it has to be confirmed."),
    title=mark("Role assumable from another account under conditions"),
    question="Can a principal of an account outside the snapshot and its organization assume a role with an external "
    "ID, or under other conditions?",
    remediation=mark(
        "Confirm who owns the account and that it still needs the role; otherwise remove it from the trust policy."
    ),
    standards=("SOC 2 CC6.3", "PCI DSS 4.0 7.2.4"),
)
def account_under_conditions(survey: CheckContext, account: Account, role: RoleDetail) -> Iterator[CheckResult]:
    """Report regular third-party access, which is to be confirmed, not repaired."""
    for trusted in trusted_accounts(survey, role):
        if trusted.services:
            yield _service_of_account(survey, account, role, trusted)
            continue
        if trusted.without_external_id.strength <= ConditionStrength.OWN_CHOICE:
            continue
        attempt = trusted.with_external_id
        with_what = phrase("with an external ID")
        if attempt.strength is not ConditionStrength.SECRET:
            with_what = phrase("under a condition on {keys}", keys=enumerated(attempt.keys))
        text = phrase(
            "Account {account}, which is not in the snapshot, can assume {role} {with_what}",
            account=trusted.account_id,
            role=role.role_name,
            with_what=with_what,
        )
        if who_matches := matching_accounts(trusted.account_id, begins=True):
            text = phrase(
                "{who} can assume {role} {with_what}", who=who_matches, role=role.role_name, with_what=with_what
            )
        yield CheckResult(
            join_messages("", (text, _privileged(survey, account, role), perhaps_own(trusted), ".")),
            (
                Evidence(phrase("Evaluated with the context that the policy requires."), attempt.decision),
                *_named(trusted),
            ),
            object=trusted.account_id,
            state=State.INCONCLUSIVE if trusted.is_perhaps_own else State.FOUND,
            remediation=trust_remediation(trusted, role),
        )


def _service_of_account(
    survey: CheckContext, account: Account, role: RoleDetail, trusted: TrustedAccount
) -> CheckResult:
    """Report trust in service-linked roles of another account, such as that of CloudFormation StackSets."""
    privileged = _privileged(survey, account, role)
    text = phrase(
        "{services} of account {account}, which is not in the snapshot, can assume {role} through a service-linked "
        "role, which no user or role of that account can assume",
        services=enumerated(trusted.services),
        account=trusted.account_id,
        role=role.role_name,
    )
    return CheckResult(
        join_messages("", (text, privileged, perhaps_own(trusted), ".")),
        (
            Evidence(phrase("Evaluated as the service-linked role."), trusted.with_external_id.decision),
            *_named(trusted),
        ),
        object=trusted.account_id,
        severity=Severity.MEDIUM if privileged else None,
        state=State.INCONCLUSIVE if trusted.is_perhaps_own else State.FOUND,
        title=phrase("Role assumable by a service of another account"),
        remediation=phrase(
            "Confirm that the account is your organization's management account or a delegated administrator: it "
            "decides what the service does with the role. If it is yours, keep the trust, which the service needs. If "
            "it is not, delete the role."
        ),
    )


CAPTURE_ORGANIZATION = mark(
    "Capture the organization from its management account, so that its accounts are known. If this account does not "
    "manage your organization, remove it from the trust policy."
)


_STACK_SETS = mark(
    "Confirm that account {account} is the one from which your stack sets are deployed (the management account or a "
    "delegated administrator). If it is, keep the role: without it, StackSets can no longer deploy into this account. "
    "If it is not, delete the role."
)


def trust_remediation(trusted: TrustedAccount, role: RoleDetail) -> str | None:
    """Return what to do about an account that a role trusts, if it is not the check's own remedy.

    Source: AWS CloudFormation User Guide, "StackSets and AWS Organizations".
    """
    if origin_of(role.arn) == STACK_SETS:
        return phrase(_STACK_SETS, account=trusted.account_id)
    if is_pattern(trusted.account_id):
        return phrase(NAME_ACCOUNTS)
    return phrase(CAPTURE_ORGANIZATION) if trusted.is_perhaps_own else None


def perhaps_own(trusted: TrustedAccount) -> str:
    """Return a clause for an account that may be the organization's management account; empty for others."""
    return (
        phrase("; this may be the management account of the organization, which was not captured")
        if trusted.is_perhaps_own
        else ""
    )


def _privileged(survey: CheckContext, account: Account, role: RoleDetail) -> str:
    return phrase("; the role is an administrator") if is_administrator(survey, account, role) else ""


def _named(trusted: TrustedAccount) -> Iterator[Evidence]:
    for text in trusted.named:
        yield Evidence(phrase("The trust policy names {principal}.", principal=text))


@check(
    "TRU-07",
    over=ROLES,
    severity=(Severity.MEDIUM, "No one can use the name until the trust policy is saved again."),
    title=mark("Role that trusts a deleted principal"),
    question="Does a trust policy allow a principal that was deleted?",
    remediation=mark(
        "Remove the principal from the trust policy: a new user or role of the same name is not trusted by the old ID."
    ),
    standards=("SOC 2 CC6.3",),
)
def deleted_principal(survey: CheckContext, account: Account, role: RoleDetail) -> Iterator[CheckResult]:
    """AWS shows a deleted user or role as its unique ID (rule E12)."""
    index = survey.evaluator.index
    ids = known_ids(survey)
    reported: set[str] = set()
    named = [
        (statement, entry)
        for statement in allowing(survey, role)
        if not statement.not_principal
        for entry in statement.principals or ()
        if entry.type is PrincipalType.AWS
    ]
    gone = {entry.text for _statement, entry in named if is_unique_id(entry.text)} - ids
    is_all = not account.is_truncated and _are_all(survey, role, gone)
    for statement, entry in named:
        if entry.text in reported:
            continue
        reported.add(entry.text)
        proof = (_statement(survey, role, statement, phrase("It names {principal}.", principal=entry.text)),)
        if entry.text in gone:
            names = {"role": role.role_name, "id": entry.text}
            sentence = phrase("{role} trusts {id}, the unique ID of a deleted user or role.", **names)
            if is_all:
                sentence = phrase(
                    "{role} trusts {id}, the unique ID of a deleted user or role, and no existing principal: no "
                    "one can assume it.",
                    **names,
                )
            if account.is_truncated:
                sentence = phrase(
                    "{role} trusts {id}, the unique ID of a user or role that was deleted or not captured.",
                    **names,
                )
            yield CheckResult(
                sentence,
                proof,
                object=entry.text,
                state=State.INCONCLUSIVE if account.is_truncated else State.FOUND,
                remediation_command=""
                if account.is_truncated
                else without_principals(role.role_name, role.assume_role_policy_document, gone),
                remediation=phrase(_DELETE_UNREACHABLE) if is_all else None,
            )
            continue
        found = named_principal(entry)
        if found is not None and found.account in index.accounts and not survey.has_principal(*found):
            yield CheckResult(
                phrase(
                    "{role} trusts {principal}, which is not in the snapshot: it was deleted, or not captured.",
                    role=role.role_name,
                    principal=entry.text,
                ),
                proof,
                object=entry.text,
                state=State.INCONCLUSIVE,
                severity=Severity.LOW,
            )


_DELETE_UNREACHABLE = mark(
    "Delete the role if it is not needed, or name who needs it under Principal: without the deleted principals, "
    "its trust policy names no one, and AWS rejects such a policy."
)
"""IAM User Guide, "AWS JSON policy elements: Principal": a trust policy needs one."""


def _are_all(survey: CheckContext, role: RoleDetail, gone: Set[str]) -> bool:
    """Return whether a trust policy allows no one but the deleted principals; False if a statement cannot be read."""
    statements = survey.evaluator.index.trust(role).statements
    allows = [one for one in statements if one.is_allow or one.broken is not None]
    return bool(allows) and all(
        one.broken is None
        and not one.not_principal
        and all(entry.type is PrincipalType.AWS and entry.text in gone for entry in one.principals or ())
        for one in allows
    )


def known_ids(survey: CheckContext) -> frozenset[str]:
    """Return the unique IDs of the users and roles of the snapshot."""
    return survey.once("unique ids", lambda: unique_ids(survey.snapshot.accounts))


class NamedPrincipal(NamedTuple):
    """A user or role that a policy names."""

    account: str
    arn: str
    role: str
    """Name of the role, or of the role of a session; empty for a user."""


def named_principal(entry: PrincipalEntry) -> NamedPrincipal | None:
    """Return the user or role that an entry of a policy names by its ARN; None for other entries."""
    owner, found = account_of(entry), _OWN_PRINCIPAL.fullmatch(entry.text)
    if owner is None or found is None:
        return None
    return NamedPrincipal(owner, entry.text, "" if found[1] == "user" else found[2] or found[3])


def unique_ids(accounts: Iterable[Account]) -> frozenset[str]:
    """Return the unique IDs of users and roles."""
    return frozenset(
        unique_id
        for account in accounts
        for unique_id in (*(user.user_id for user in account.users), *(role.role_id for role in account.roles))
    )


@check(
    "TRU-09",
    over=ROLES,
    severity=(Severity.CRITICAL, "Everyone else is allowed, in any account."),
    title=mark("NotPrincipal grants to everyone else"),
    question="Does a trust policy allow everyone except those it names?",
    remediation=mark("Name the intended principals under Principal. AWS supports NotPrincipal only with Effect Deny."),
    standards=_STANDARDS,
)
def allow_not_principal(survey: CheckContext, account: Account, role: RoleDetail) -> Iterator[CheckResult]:
    """Evaluate as an external principal, since another statement may deny it (rule E6)."""
    attempt = external_attempt(survey, account, role)
    if attempt is None:
        return
    parts = (StatementRole.DECIDES, StatementRole.DEPENDS)
    deciding = {line.index for line in attempt.decision.statements_that(*parts) if line.layer is PolicyType.TRUST}
    for statement in allowing(survey, role):
        if not (statement.not_principal and statement.index in deciding):
            continue
        named = enumerated(listed.text for listed in statement.principals or ())
        is_certain = attempt.strength is ConditionStrength.NOTHING
        yield CheckResult(
            phrase("{role} can be assumed by anyone except {names}.", role=role.role_name, names=named)
            if is_certain
            else phrase(
                "{role} can be assumed by anyone except {names}, under a condition on {keys}.",
                role=role.role_name,
                names=named,
                keys=enumerated(attempt.keys),
            ),
            (
                Evidence(phrase(_AS_EXTERNAL_ROLE), attempt.decision),
                _statement(survey, role, statement, phrase("Effect Allow with NotPrincipal.")),
            ),
            object=str(statement.index),
            state=State.FOUND if attempt.strength <= ConditionStrength.SECRET else State.INCONCLUSIVE,
        )


def _statement(survey: CheckContext, role: RoleDetail, statement: Statement, sentence: str) -> Evidence:
    return statement_evidence(trust_policy_of(survey, role), statement, sentence)


def trust_policy_of(survey: CheckContext, role: RoleDetail) -> AttachedPolicy:
    """Return a role's trust policy in the form that evidence refers to."""
    return AttachedPolicy(
        PolicyType.TRUST,
        SourceType.TRUST,
        role.arn,
        trust_policy_key(role.arn),
        trust_policy_name(role),
        role.arn,
        survey.evaluator.index.trust(role),
    )
