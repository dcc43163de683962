"""Who may become a role: strangers, other accounts, principals that are gone."""

import re
from collections.abc import Iterable, Iterator

from iamdesk.attack_paths.administrators import is_administrator
from iamdesk.checks.check import CheckResult, check
from iamdesk.checks.check_context import CheckContext
from iamdesk.checks.condition_strength import ConditionStrength
from iamdesk.checks.external_trust import TrustedAccount, account_of, allowing, stranger_entry, trusted_accounts
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
from iamdesk.policy.principals import PrincipalType
from iamdesk.policy.statement import Statement
from iamdesk.snapshot.model import Account, RoleDetail

_UNIQUE_ID = re.compile(r"A[A-Z]{2}A[A-Z0-9]{12,124}")
_OWN_PRINCIPAL = re.compile(
    r"arn:[^:]*:iam::\d{12}:(user|role)/(?:[^/]*/)*([^/*?]+)|arn:[^:]*:sts::\d{12}:assumed-role/([^/*?]+)/.+"
)
_STANDARDS = ("NIST 800-53 AC-3", "SOC 2 CC6.3", "ISO 27001:2022 A.5.18")
_ASKED_AS_STRANGER = mark("Asked as a role of an account that nothing in the snapshot names.")


@check(
    "TRU-01",
    over=ROLES,
    title=mark("Anyone can assume the role"),
    severity=Severity.CRITICAL,
    question="Can principals of any AWS account assume a role?",
    remedy=mark(
        "Name the principals or accounts that are meant under Principal. Where an organization is meant, add "
        '`"StringEquals": {"aws:PrincipalOrgID": "o-…"}` without IfExists and without ForAllValues.'
    ),
    standards=_STANDARDS,
)
def anyone(survey: CheckContext, account: Account, role: RoleDetail) -> Iterator[CheckResult]:
    """Unconditionally; a grant by NotPrincipal is told by TRU-09."""
    entry = stranger_entry(survey, account, role)
    if (
        entry is None
        or entry.hold is not ConditionStrength.NOTHING
        or _only_not_principal(entry.decision.matched_statements)
    ):
        return
    evidence = [Evidence(phrase(_ASKED_AS_STRANGER), entry.decision)]
    sentence = phrase("Anyone with an AWS account can assume {role}.", role=role.role_name)
    if is_administrator(survey, account, role):
        sentence = phrase(
            "Anyone with an AWS account can assume {role}, which is an administrator.", role=role.role_name
        )
    guards = dict.fromkeys(
        test.key_text
        for line in entry.decision.matched_statements
        if line.layer is PolicyType.TRUST
        for test in line.document.statements[line.index].conditions
    )
    if guards:
        evidence.append(Evidence(phrase("The condition on {keys} keeps no stranger out.", keys=enumerated(guards))))
    yield CheckResult(sentence, tuple(evidence))


def _only_not_principal(lines: tuple[StatementExplanation, ...]) -> bool:
    trust = [line for line in lines if line.layer is PolicyType.TRUST]
    return bool(trust) and all(line.document.statements[line.index].not_principal for line in trust)


@check(
    "TRU-02",
    over=ROLES,
    title=mark("Publicly assumable role with an ineffective condition"),
    severity=Severity.CRITICAL,
    question="Can principals of any AWS account assume a role if they choose the right request context?",
    remedy=mark(
        "Name the principals or accounts that are meant under Principal, or test what the caller cannot choose: "
        "aws:PrincipalOrgID, aws:PrincipalAccount, aws:PrincipalArn."
    ),
    standards=_STANDARDS,
)
def anyone_by_choice(survey: CheckContext, account: Account, role: RoleDetail) -> Iterator[CheckResult]:
    """Keys that the caller fills at will, or a shared secret; where it hangs on anything else it cannot be told."""
    entry = stranger_entry(survey, account, role)
    if entry is None or entry.hold is ConditionStrength.NOTHING:
        return
    evidence = (Evidence(phrase(_ASKED_AS_STRANGER), entry.decision),)
    keys = enumerated(entry.keys)
    if entry.hold is ConditionStrength.OWN_CHOICE:
        sentence = phrase(
            "Anyone with an AWS account can assume {role}: its condition is on {keys}, which callers choose.",
            role=role.role_name,
            keys=keys,
        )
        yield CheckResult(sentence, evidence)
    elif entry.hold is ConditionStrength.SECRET:
        sentence = phrase(
            "Anyone with an AWS account who knows the external id can assume {role}.", role=role.role_name
        )
        remedy = phrase(
            "Name the account that is meant under Principal: an external id is no secret, it tells customers apart."
        )
        yield CheckResult(sentence, evidence, severity=Severity.HIGH, remedy=remedy)
    else:
        sentence = phrase(
            "Whether anyone with an AWS account can assume {role} hangs on {keys}.", role=role.role_name, keys=keys
        )
        yield CheckResult(sentence, evidence, severity=Severity.HIGH, state=State.CANNOT_TELL)


@check(
    "TRU-03",
    over=ROLES,
    title=mark("Another account can assume the role without an external ID"),
    severity=Severity.HIGH,
    question="May a principal of an account outside the snapshot and its organization assume a role without an "
    "external id?",
    remedy=mark(
        "If the account is a vendor's, require the external id that the vendor gave you: "
        '`"StringEquals": {"sts:ExternalId": "…"}`. If it is your own, open its snapshot beside this one. If nobody '
        "knows it, remove it from the trust policy."
    ),
    standards=_STANDARDS,
)
def account_without_external_id(survey: CheckContext, account: Account, role: RoleDetail) -> Iterator[CheckResult]:
    """High where the whole account is trusted, medium where single principals of it are named."""
    for trusted in trusted_accounts(survey, role):
        if trusted.without_external_id.hold > ConditionStrength.OWN_CHOICE:
            continue
        who = phrase("Account {account}", account=trusted.account_id)
        if not trusted.is_whole:
            who = phrase("A principal of account {account}", account=trusted.account_id)
        said = phrase(
            "{who}, which is not in the snapshot, can assume {role} without an external id",
            who=who,
            role=role.role_name,
        )
        severity = Severity.HIGH if trusted.is_whole else Severity.MEDIUM
        yield CheckResult(
            join_messages("", (said, _privileged(survey, account, role), perhaps_own(trusted), ".")),
            (
                Evidence(phrase("Asked without an external id."), trusted.without_external_id.decision),
                *_named(trusted),
            ),
            object=trusted.account_id,
            severity=Severity.LOW if trusted.is_perhaps_own else severity,
            state=State.CANNOT_TELL if trusted.is_perhaps_own else State.FOUND,
            remedy=phrase(CAPTURE_ORGANIZATION) if trusted.is_perhaps_own else None,
        )


@check(
    "TRU-04",
    over=ROLES,
    title=mark("Another account can assume the role under conditions"),
    severity=Severity.LOW,
    question="May a principal of an account outside the snapshot and its organization assume a role with an external "
    "id, or under other conditions?",
    remedy=mark("Confirm who the account is and that it still needs the role; else remove it from the trust policy."),
    standards=("SOC 2 CC6.3", "PCI DSS 4.0 7.2.4"),
)
def account_under_conditions(survey: CheckContext, account: Account, role: RoleDetail) -> Iterator[CheckResult]:
    """The way in that an external id is meant for: to be confirmed, not to be repaired."""
    for trusted in trusted_accounts(survey, role):
        if trusted.without_external_id.hold <= ConditionStrength.OWN_CHOICE:
            continue
        entry = trusted.with_external_id
        with_what = phrase("with an external id")
        if entry.hold is not ConditionStrength.SECRET:
            with_what = phrase("under a condition on {keys}", keys=enumerated(entry.keys))
        said = phrase(
            "Account {account}, which is not in the snapshot, can assume {role} {with_what}",
            account=trusted.account_id,
            role=role.role_name,
            with_what=with_what,
        )
        yield CheckResult(
            join_messages("", (said, _privileged(survey, account, role), perhaps_own(trusted), ".")),
            (Evidence(phrase("Asked with what the policy asks for."), entry.decision), *_named(trusted)),
            object=trusted.account_id,
            state=State.CANNOT_TELL if trusted.is_perhaps_own else State.FOUND,
            remedy=phrase(CAPTURE_ORGANIZATION) if trusted.is_perhaps_own else None,
        )


CAPTURE_ORGANIZATION = mark(
    "Capture the organization, too, from the account that manages it: then its own accounts are known. If that account "
    "does not manage yours, remove it from the trust policy."
)


def perhaps_own(trusted: TrustedAccount) -> str:
    """Return what is to be said of an account that perhaps manages the organization; for others nothing."""
    return (
        phrase("; perhaps that account manages the organization, which is not in the snapshot")
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
    title=mark("Role trusts a deleted principal"),
    severity=Severity.MEDIUM,
    question="Does a trust policy allow a principal that was deleted?",
    remedy=mark(
        "Remove the principal from the trust policy. Somebody who gets the same name later is not let in by the old "
        "id, but the next editor may put the name back."
    ),
    standards=("SOC 2 CC6.3",),
)
def deleted_principal(survey: CheckContext, account: Account, role: RoleDetail) -> Iterator[CheckResult]:
    """AWS shows a deleted user or role by its unique id (rule E12)."""
    index = survey.evaluator.index
    ids = survey.once("unique ids", lambda: unique_ids(survey.snapshot.accounts))
    told: set[str] = set()
    named = [
        (statement, entry)
        for statement in allowing(survey, role)
        if not statement.not_principal
        for entry in statement.principals or ()
        if entry.type is PrincipalType.AWS
    ]
    gone = {entry.text for _statement, entry in named if _UNIQUE_ID.fullmatch(entry.text)} - ids
    for statement, entry in named:
        if entry.text in told:
            continue
        told.add(entry.text)
        proof = (_statement(survey, role, statement, phrase("It names {principal}.", principal=entry.text)),)
        if entry.text in gone:
            names = {"role": role.role_name, "id": entry.text}
            sentence = phrase("{role} trusts {id}, the id of a user or role that was deleted.", **names)
            if account.is_truncated:
                sentence = phrase(
                    "{role} trusts {id}, the id of a user or role that was deleted or that the snapshot does not hold.",
                    **names,
                )
            yield CheckResult(
                sentence,
                proof,
                object=entry.text,
                state=State.CANNOT_TELL if account.is_truncated else State.FOUND,
                snippet=""
                if account.is_truncated
                else without_principals(role.role_name, role.assume_role_policy_document, gone),
            )
            continue
        owner = account_of(entry)
        found = _OWN_PRINCIPAL.fullmatch(entry.text)
        if owner is None or owner not in index.accounts or found is None:
            continue
        known = entry.text in index.users if found[1] == "user" else index.role_named(owner, found[2] or found[3])
        if not known:
            yield CheckResult(
                phrase(
                    "{role} trusts {principal}, which the snapshot does not hold: gone, or not captured.",
                    role=role.role_name,
                    principal=entry.text,
                ),
                proof,
                object=entry.text,
                state=State.CANNOT_TELL,
                severity=Severity.LOW,
            )


def unique_ids(accounts: Iterable[Account]) -> frozenset[str]:
    """Return the unique ids of users and roles."""
    return frozenset(
        unique_id
        for account in accounts
        for unique_id in (*(user.user_id for user in account.users), *(role.role_id for role in account.roles))
    )


@check(
    "TRU-09",
    over=ROLES,
    title=mark("NotPrincipal grants to everyone else"),
    severity=Severity.CRITICAL,
    question="Does a trust policy allow everyone except those it names?",
    remedy=mark("Name those who are meant under Principal. AWS supports NotPrincipal only with Effect Deny."),
    standards=_STANDARDS,
)
def allow_not_principal(survey: CheckContext, account: Account, role: RoleDetail) -> Iterator[CheckResult]:
    """Confirmed by asking as a stranger: another statement may keep strangers out (rule E6)."""
    entry = stranger_entry(survey, account, role)
    if entry is None:
        return
    parts = (StatementRole.DECIDES, StatementRole.DEPENDS)
    lets_in = {line.index for line in entry.decision.statements_that(*parts) if line.layer is PolicyType.TRUST}
    for statement in allowing(survey, role):
        if not (statement.not_principal and statement.index in lets_in):
            continue
        named = enumerated(listed.text for listed in statement.principals or ())
        told = entry.hold is ConditionStrength.NOTHING
        yield CheckResult(
            phrase("{role} lets in everybody except {names}.", role=role.role_name, names=named)
            if told
            else phrase(
                "{role} lets in everybody except {names}, under a condition on {keys}.",
                role=role.role_name,
                names=named,
                keys=enumerated(entry.keys),
            ),
            (
                Evidence(phrase(_ASKED_AS_STRANGER), entry.decision),
                _statement(survey, role, statement, phrase("Effect Allow with NotPrincipal.")),
            ),
            object=str(statement.index),
            state=State.FOUND if entry.hold <= ConditionStrength.SECRET else State.CANNOT_TELL,
        )


def _statement(survey: CheckContext, role: RoleDetail, statement: Statement, sentence: str) -> Evidence:
    return statement_evidence(trust_policy_of(survey, role), statement, sentence)


def trust_policy_of(survey: CheckContext, role: RoleDetail) -> AttachedPolicy:
    """Return a role's trust policy as statements of it are named in evidence."""
    return AttachedPolicy(
        PolicyType.TRUST,
        SourceType.TRUST,
        role.arn,
        trust_policy_key(role.arn),
        trust_policy_name(role),
        role.arn,
        survey.evaluator.index.trust(role),
    )
