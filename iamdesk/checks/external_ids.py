"""External ids, by which a vendor tells its customers apart: those that others know or guess tell nobody apart."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from iamdesk.checks.check import CheckResult, check
from iamdesk.checks.check_context import CheckContext
from iamdesk.checks.condition_strength import ConditionStrength, enter
from iamdesk.checks.external_trust import ASSUME_ROLE, allowing, outside_callers, trusted_accounts
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
_SHORT = 8
"""Fewer characters than this can be tried out."""
_WORDS = frozenset(
    {"external-id", "externalid", "external_id", "changeme", "password", "12345678", "123456789", "1234567890"}
)
_WILDCARD = re.compile(r"[*?]+")


class _Asked(NamedTuple):
    statement: Statement
    test: ConditionTest
    text: str


def _external_ids(survey: CheckContext, role: RoleDetail) -> Iterator[_Asked]:
    """Yield the values for which a trust policy lets somebody in with an external id."""
    for statement in allowing(survey, role):
        for test in statement.conditions:
            operator = test.operator
            if test.key == _KEY and operator is not None and operator.family is STRING and not operator.negated:
                yield from (_Asked(statement, test, value.text) for value in test.values if not value.keys)


@check(
    "TRU-06",
    over=ROLES,
    title=mark("Guessable or shared external ID"),
    severity=Severity.MEDIUM,
    question="Does a role let another account in with an external id that is short, known, or shared?",
    remedy=mark("Have the vendor make one for you alone: long, random, and asked for by them, not chosen by you."),
    standards=("NIST 800-53 IA-5", "SOC 2 CC6.3"),
)
def weak_external_id(survey: CheckContext, account: Account, role: RoleDetail) -> Iterator[CheckResult]:
    """Decided by asking with the value that could be guessed, for each account that the trust policy names."""
    asked = tuple(_external_ids(survey, role))
    if not asked or not trusted_accounts(survey, role):
        return
    partition = account.partition
    shared = survey.once("external ids", lambda: by_external_id(survey))
    callers = outside_callers(survey, allowing(survey, role), partition)
    for statement, test, text in dict.fromkeys(asked):
        for account_id, who in outside_callers(survey, (statement,), partition).items():
            why = _guessed(text, (account.account_id, account.alias, account_id, role.role_name))
            others = _strangers_to(account_id, shared.get(text, set()))
            if why is None and not others:
                continue
            guess = _WILDCARD.sub("x", text)
            entries = [enter(survey, one, ASSUME_ROLE, role.arn, {"sts:ExternalId": guess}) for one in who.arns]
            best = min(entries, key=lambda entry: entry.hold, default=None)
            if best is None or best.hold > ConditionStrength.OWN_CHOICE:
                continue
            yield CheckResult(
                phrase(
                    "Account {account} gets into {role} with the external id {id}, which {why}.",
                    account=account_id,
                    role=role.role_name,
                    id=text,
                    why=why or phrase("is asked of account {accounts} as well", accounts=enumerated(others)),
                ),
                (
                    Evidence(phrase("Asked with that external id."), best.decision),
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


def _guessed(text: str, names: tuple[str | None, ...]) -> str | None:
    """Return why an external id can be guessed, after ``which``; None for one that cannot."""
    fixed = _WILDCARD.sub("", text)
    if len(fixed) < _SHORT:
        return phrase("leaves too little to know") if fixed != text else phrase("is short enough to be tried out")
    if text.lower() in _WORDS:
        return phrase("is a common word for it")
    for name in names:
        if name and text.lower() == name.lower():
            return phrase("is a name that others know")
    return None


def _strangers_to(account_id: str, groups: set[frozenset[str]]) -> list[str]:
    """Return the accounts that no statement names together with an account, or with one that is named with it."""
    own = frozenset().union(*(group for group in groups if account_id in group))
    return sorted(set().union(*(group for group in groups if not group & own)))


def by_external_id(survey: CheckContext) -> dict[str, set[frozenset[str]]]:
    """Return, by external id, the outside accounts that statements ask it of; those of one statement belong together.

    Over all accounts of the snapshot. A vendor may well have several accounts.
    """
    found: dict[str, set[frozenset[str]]] = {}
    for account in survey.snapshot.accounts:
        for role in account.roles:
            for statement, _test, text in _external_ids(survey, role):
                group = frozenset(outside_callers(survey, (statement,), account.partition))
                found.setdefault(text, set()).add(group)
    return found
