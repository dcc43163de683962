"""External IDs in trust policies that others can guess or that several vendors share."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from iamdesk.checks.check import CheckResult, check
from iamdesk.checks.check_context import CheckContext
from iamdesk.checks.condition_strength import ConditionStrength, try_request
from iamdesk.checks.external_trust import ASSUME_ROLE, allowing, external_callers, trusted_accounts
from iamdesk.checks.finding import Evidence, Severity
from iamdesk.checks.policy_documents import statement_evidence
from iamdesk.checks.targets import ROLES
from iamdesk.checks.trust import trust_policy_of
from iamdesk.checks.words import enumerated
from iamdesk.i18n import mark, phrase
from iamdesk.policy.conditions import ConditionTest
from iamdesk.policy.operators import STRING
from iamdesk.policy.statement import Statement
from iamdesk.snapshot.model import Account, RoleDetail

_KEY = "sts:externalid"
"""External IDs with fewer characters can be guessed by brute force."""
_WORDS = frozenset(
    {"external-id", "externalid", "external_id", "changeme", "password", "12345678", "123456789", "1234567890"}
)
_WILDCARD = re.compile(r"[*?]+")


class _ExternalId(NamedTuple):
    """An external ID, with the statement and condition that require it."""

    statement: Statement
    test: ConditionTest
    text: str


def _external_ids(survey: CheckContext, role: RoleDetail) -> Iterator[_ExternalId]:
    """Yield the external IDs that a trust policy accepts."""
    for statement in allowing(survey, role):
        for test in statement.conditions:
            operator = test.operator
            if test.key == _KEY and operator is not None and operator.family is STRING and not operator.negated:
                yield from (_ExternalId(statement, test, value.text) for value in test.values if not value.keys)


@check(
    "TRU-06",
    over=ROLES,
    severity=(Severity.MEDIUM, "Needs a principal of an account that is already trusted."),
    title=mark("Guessable or shared external ID"),
    question="Can another account assume a role with an external ID that is short, well known or shared?",
    remediation=mark(
        "Have the vendor generate a long, random external ID that is unique to you; do not choose it yourself."
    ),
    standards=("NIST 800-53 IA-5", "SOC 2 CC6.3"),
)
def weak_external_id(survey: CheckContext, account: Account, role: RoleDetail) -> Iterator[CheckResult]:
    """Evaluate with the weak external ID, as each external account that the trust policy names."""
    external_ids = tuple(_external_ids(survey, role))
    if not external_ids or not trusted_accounts(survey, role):
        return
    partition = account.partition
    shared = survey.once("external ids", lambda: by_external_id(survey))
    callers = external_callers(survey, allowing(survey, role), partition)
    for statement, test, text in dict.fromkeys(external_ids):
        for account_id, who in external_callers(survey, (statement,), partition).items():
            why = _weakness(
                text,
                (account.account_id, account.alias, account_id, role.role_name),
                survey.thresholds.external_id_length,
            )
            others = _unrelated_to(account_id, shared.get(text, set()))
            if why is None and not others:
                continue
            guess = _WILDCARD.sub("x", text)
            attempts = [try_request(survey, one, ASSUME_ROLE, role.arn, {"sts:ExternalId": guess}) for one in who.arns]
            best = min(attempts, key=lambda attempt: attempt.strength, default=None)
            if best is None or best.strength > ConditionStrength.OWN_CHOICE:
                continue
            yield CheckResult(
                phrase(
                    "Account {account} can assume {role} with the external ID {id}, which {why}.",
                    account=account_id,
                    role=role.role_name,
                    id=text,
                    why=why or phrase("is also used for account {accounts}", accounts=enumerated(others)),
                ),
                (
                    Evidence(phrase("Evaluated with this external ID."), best.decision),
                    statement_evidence(
                        trust_policy_of(survey, role),
                        statement,
                        phrase(
                            "{operator} on {key}: {value}.", operator=test.operator_text, key=test.key_text, value=text
                        ),
                    ),
                    *(
                        Evidence(phrase("The trust policy names {principal}.", principal=one))
                        for one in callers[account_id].named
                    ),
                ),
                object=f"{account_id} {text}",
            )


def _weakness(text: str, names: tuple[str | None, ...], length: int) -> str | None:
    """Return why an external ID can be guessed, to complete "which …"; None if it cannot."""
    fixed = _WILDCARD.sub("", text)
    if len(fixed) < length:
        return (
            phrase("has too few characters besides its wildcards")
            if fixed != text
            else phrase("is short enough for brute force")
        )
    if text.lower() in _WORDS:
        return phrase("is a common placeholder")
    for name in names:
        if name and text.lower() == name.lower():
            return phrase("is a name that others can guess")
    return None


def _unrelated_to(account_id: str, groups: set[frozenset[str]]) -> list[str]:
    """Return the accounts that share no statement with an account, or with one named together with it."""
    own = frozenset().union(*(group for group in groups if account_id in group))
    return sorted(set().union(*(group for group in groups if not group & own)))


def by_external_id(survey: CheckContext) -> dict[str, set[frozenset[str]]]:
    """Return, by external ID, the groups of external accounts of which a statement requires it.

    Accounts named in one statement are a group, since a vendor may have several accounts. Over the whole snapshot.
    """
    found: dict[str, set[frozenset[str]]] = {}
    for account in survey.snapshot.accounts:
        for role in account.roles:
            for statement, _test, text in _external_ids(survey, role):
                group = frozenset(external_callers(survey, (statement,), account.partition))
                found.setdefault(text, set()).add(group)
    return found
