"""Ineffective or missing conditions of trust policies: organization, MFA, separation of production."""

import re
from collections.abc import Iterator

from iamdesk.attack_paths.administrators import is_administrator
from iamdesk.checks.check import CheckResult, check
from iamdesk.checks.check_context import PLACEHOLDER, CheckContext
from iamdesk.checks.condition_strength import Attempt, ConditionStrength, try_request
from iamdesk.checks.external_trust import (
    ASSUME_ROLE,
    ORGANIZATIONS,
    allowing,
    denying,
    external_attempt,
    external_callers,
    names_everyone,
    needs_organization,
    other_organizations,
)
from iamdesk.checks.finding import Evidence, Severity, State
from iamdesk.checks.policy_documents import statement_evidence
from iamdesk.checks.prerequisites import Data, credentials_of
from iamdesk.checks.targets import ROLES, is_reserved
from iamdesk.checks.trust import trust_policy_of
from iamdesk.checks.words import enumerated
from iamdesk.evaluate.request import EvalDecision
from iamdesk.i18n import join_messages, mark, nphrase, phrase
from iamdesk.inventory.references import last_of_arn
from iamdesk.policy.principals import PrincipalType
from iamdesk.policy.statement import Statement
from iamdesk.snapshot.model import Account, RoleDetail

_ORGANIZATION_KEYS = frozenset({"aws:principalorgid", "aws:principalorgpaths"})
_MAX_ASKED = 40
"""Users that are evaluated for one role; the finding counts the others."""
_PRODUCTION = re.compile(r"(?<![a-z])(?:prod|prd|production|live)(?![a-z])")
_OTHER_STAGE = re.compile(
    r"(?<![a-z])(?:dev|develop|development|sandbox|sandboxes|test|testing|qa|staging|stage|preprod|nonprod|playground)"
    r"(?![a-z])"
)
_NOT_PRODUCTION = re.compile(r"(?:non|not|pre)[-_ ]*(?:prod)")


@check(
    "TRU-10",
    over=ROLES,
    severity=(Severity.MEDIUM, "Needs a stolen access key or password of a user that the role trusts."),
    title=mark("Administrator role without MFA"),
    question="Can an IAM user become an administrator by assuming a role without MFA?",
    remediation=mark(
        'Add `"Bool": {"aws:MultiFactorAuthPresent": "true"}` to the statement that allows the users. This '
        "locks out every caller without MFA, such as services, pipelines and sessions of other roles: first "
        "name those that need the role in a separate statement, especially if the statement trusts a whole "
        "account."
    ),
    standards=("PCI DSS 4.0 8.4.2", "NIST 800-53 IA-2(1)"),
)
def assumed_without_mfa(survey: CheckContext, account: Account, role: RoleDetail) -> Iterator[CheckResult]:
    """Evaluate as each user that can assume it, without MFA. Users without a password are workloads and are skipped."""
    if is_reserved(role) or not is_administrator(survey, account, role):
        return
    users = [arn for arn in _may_assume(survey, role) if ":user/" in arn and _is_person(survey, arn)]
    found = []
    for arn in users[:_MAX_ASKED]:
        decision = survey.ask(arn, ASSUME_ROLE, role.arn, {"aws:MultiFactorAuthPresent": None})
        if decision.decision is EvalDecision.ALLOWED:
            found.append((arn, decision))
    if found:
        more = ""
        if len(users) > _MAX_ASKED:
            more = phrase(" (of {count:,} users, the first {asked} were evaluated)", count=len(users), asked=_MAX_ASKED)
        yield CheckResult(
            phrase(
                "{names} can assume the administrator role {role} without MFA{more}.",
                names=enumerated(last_of_arn(arn) for arn, _ in found),
                role=role.role_name,
                more=more,
            ),
            tuple(
                Evidence(phrase("Evaluated as {name} without MFA.", name=last_of_arn(arn)), decision)
                for arn, decision in found
            ),
        )


def _may_assume(survey: CheckContext, role: RoleDetail) -> tuple[str, ...]:
    """Return the principals that can assume a role, perhaps under conditions."""
    return survey.reach.assuming(role.arn, maybe=True)


def _is_person(survey: CheckContext, arn: str) -> bool:
    """Return whether a user may have a password: False only if the credential report shows that it has none."""
    entry = credentials_of(survey.snapshot, arn.split(":", 5)[4], last_of_arn(arn))
    return entry is None or entry.password_enabled is not False


@check(
    "TRU-11",
    over=ROLES,
    severity=(Severity.HIGH, "A condition that should keep external principals out does not."),
    title=mark("Ineffective condition on the organization"),
    question="Can a principal outside the organization assume a role through a statement that tests the organization?",
    remediation=mark(
        'Write `"StringEquals": {"aws:PrincipalOrgID": "o-…"}`, without IfExists, a set operator or wildcards.'
    ),
    standards=("NIST 800-53 AC-3",),
)
def ineffective_organization_condition(
    survey: CheckContext, account: Account, role: RoleDetail
) -> Iterator[CheckResult]:
    """Evaluate as external principals of no organization, and of another one, whatever operator is used."""
    for statement in allowing(survey, role):
        keys = [test.key_text for test in statement.conditions if test.key in _ORGANIZATION_KEYS]
        if not keys:
            continue
        attempt = _external_attempt_by(survey, account, role, statement)
        if attempt is None or attempt.strength > ConditionStrength.OWN_CHOICE:
            continue
        if statement.index not in {
            line.index for line in attempt.decision.matched_statements if line.owner == role.arn
        }:
            continue
        who = last_of_arn(attempt.decision.request.principal)
        yield CheckResult(
            phrase(
                "{role} can be assumed by principals outside the organization, although its statement {number} tests "
                "{keys}.",
                role=role.role_name,
                number=statement.index + 1,
                keys=enumerated(dict.fromkeys(keys)),
            ),
            (
                Evidence(
                    phrase("Evaluated as {name} of another account outside the organization.", name=who),
                    attempt.decision,
                ),
                statement_evidence(
                    trust_policy_of(survey, role), statement, phrase("The test is true for a request without the key.")
                ),
            ),
            object=str(statement.index),
        )


@check(
    "TRU-15",
    over=ROLES,
    severity=(Severity.HIGH, "As TRU-03, of all accounts of an organization. Low where it may be the own one."),
    title=mark("Role that trusts an organization not in the snapshot"),
    question="Can any account of an organization that is not the snapshot's assume a role?",
    remediation=mark(
        "Confirm whose organization it is. If it is not your own, name the accounts that need the role; if it is, "
        "capture it as well."
    ),
    standards=("NIST 800-53 AC-3",),
)
def trusts_other_organization(survey: CheckContext, account: Account, role: RoleDetail) -> Iterator[CheckResult]:
    """High if the account's own organization was captured, and is another one; otherwise it may be this one."""
    own = survey.snapshot.organization
    denies = denying(survey.evaluator.index.trust(role))
    reported: set[str] = set()
    for statement in allowing(survey, role):
        if not names_everyone(statement):
            continue
        for organization, context in other_organizations(survey, (statement,), denies):
            if organization in reported:
                continue
            attempt = try_request(survey, survey.external_principal(account), ASSUME_ROLE, role.arn, context)
            if attempt.strength > ConditionStrength.SECRET or not needs_organization(survey, attempt):
                continue
            reported.add(organization)
            sentence = phrase(
                "Every account of the organization {organization} can assume {role}; whether it is the account's own "
                "is not known.",
                organization=organization,
                role=role.role_name,
            )
            if own is not None:
                sentence = phrase(
                    "Every account of the organization {organization}, which is not the account's own, can assume "
                    "{role}.",
                    organization=organization,
                    role=role.role_name,
                )
            yield CheckResult(
                sentence,
                (Evidence(phrase("Evaluated as an account of that organization."), attempt.decision),),
                object=organization,
                severity=None if own is not None else Severity.LOW,
                state=State.FOUND if own is not None else State.INCONCLUSIVE,
            )


def _external_attempt_by(
    survey: CheckContext, account: Account, role: RoleDetail, statement: Statement
) -> Attempt | None:
    """Return the least restricted attempt of external principals that a statement names; None if it names none."""
    attempts = []
    if any(entry.is_everyone for entry in statement.principals or ()):
        external_principal = external_attempt(survey, account, role)
        attempts += [external_principal] if external_principal is not None else []
    for callers in external_callers(survey, (statement,), account.partition).values():
        attempts += [
            try_request(survey, caller, ASSUME_ROLE, role.arn, organization)
            for caller in callers.arns
            for organization in ORGANIZATIONS
        ]
    return min(attempts, key=lambda attempt: attempt.strength, default=None)


@check(
    "TRU-12",
    over=ROLES,
    severity=(Severity.MEDIUM, "Needs control of the development account first."),
    title=mark("Production role that trusts development"),
    question="Does a role of a production account trust an account of a development, test or sandbox organizational "
    "unit?",
    remediation=mark(
        "Remove development accounts from the trust policies of production; deploy from pipelines in a dedicated "
        "tooling account."
    ),
    standards=("NIST 800-53 AC-5", "ISO 27001:2022 A.8.31"),
    data=Data.ORGANIZATION,
)
def production_trusts_development(survey: CheckContext, account: Account, role: RoleDetail) -> Iterator[CheckResult]:
    """Compare names of organizational units and accounts; accounts that were not captured are assumed to allow it."""
    stages = survey.once("stages", lambda: _stages(survey))
    if stages.get(account.account_id) != "production":
        return
    for account_id, arns in _trusted(survey, role).items():
        if stages.get(account_id) != "other":
            continue
        assuming = [arn for arn in _may_assume(survey, role) if arn.split(":", 5)[4] == account_id]
        callers = assuming[:1] or ([] if account_id in survey.evaluator.index.accounts else arns[:1])
        for arn in callers:
            attempt = try_request(survey, arn, ASSUME_ROLE, role.arn, {})
            if attempt.strength > ConditionStrength.SECRET:
                continue
            who = phrase("principals")
            if assuming:
                who = nphrase("{count:,} principal", "{count:,} principals", len(assuming))
            yield CheckResult(
                phrase(
                    "{role} of a production account can be assumed by {who} of account {account} in {place}.",
                    role=role.role_name,
                    who=who,
                    account=account_id,
                    place=_place(survey, account_id),
                ),
                (
                    Evidence(phrase("Evaluated as {name}.", name=arn), attempt.decision),
                    Evidence(
                        phrase(
                            "Account {account} is in {place}.",
                            account=account.account_id,
                            place=_place(survey, account.account_id),
                        )
                    ),
                ),
                object=account_id,
            )


def _trusted(survey: CheckContext, role: RoleDetail) -> dict[str, list[str]]:
    """Return, by account ID, the principals of other accounts that a trust policy names, or a placeholder of them."""
    found: dict[str, list[str]] = {}
    own = role.arn.split(":", 5)[4]
    for statement in allowing(survey, role):
        for entry in () if statement.not_principal else statement.principals or ():
            if entry.type is not PrincipalType.AWS:
                continue
            account_id = entry.text if entry.text.isdecimal() else (entry.text.split(":", 5) + [""] * 6)[4]
            if len(account_id) == 12 and account_id != own:
                is_whole = entry.text.isdecimal() or entry.text.endswith(":root")
                placeholder = f"arn:{role.arn.split(':', 2)[1]}:iam::{account_id}:role/{PLACEHOLDER}"
                caller = placeholder if is_whole else entry.text
                found.setdefault(account_id, []).append(caller)
    return found


def _stages(survey: CheckContext) -> dict[str, str]:
    """Return ``production`` or ``other`` by account ID, if the name of the account or of its units shows it."""
    organization = survey.snapshot.organization
    if organization is None:
        return {}
    found = {}
    for node in organization.nodes:
        if node.id.isdecimal():
            stage = next(filter(None, (_stage(name) for name in _names(survey, node.id))), None)
            if stage is not None:
                found[node.id] = stage
    return found


def _names(survey: CheckContext, account_id: str) -> list[str]:
    """Return the names from an account up to the root, its own first."""
    organization = survey.snapshot.organization
    nodes = {node.id: node for node in organization.nodes} if organization is not None else {}
    names: list[str] = []
    at = nodes.get(account_id)
    while at is not None and len(names) < 20:
        names.append(at.name)
        at = nodes.get(at.parent_id) if at.parent_id else None
    return names


def _stage(name: str) -> str | None:
    lowered = name.lower()
    if _OTHER_STAGE.search(lowered) or _NOT_PRODUCTION.search(lowered):
        return "other"
    return "production" if _PRODUCTION.search(lowered) else None


def _place(survey: CheckContext, account_id: str) -> str:
    return join_messages(" / ", _names(survey, account_id)[::-1]) or account_id
