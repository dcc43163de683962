"""Policies that say things twice, and policies that are nearly full."""

import json
from collections.abc import Iterator
from functools import lru_cache

from iamdesk.checks.check import CheckResult, check
from iamdesk.checks.check_context import CheckContext
from iamdesk.checks.finding import Evidence, Severity
from iamdesk.checks.policy_documents import WRITTEN, PolicySource, place, statement_evidence, trust_policy_name
from iamdesk.checks.targets import ACCOUNTS, Subject, group_subject, own_policies, own_roles, principal_subject
from iamdesk.checks.unknown_actions import matched
from iamdesk.i18n import mark, phrase
from iamdesk.inventory.keys import trust_policy_key
from iamdesk.policy.action_patterns import ActionPattern
from iamdesk.policy.document import Document
from iamdesk.policy.resource_patterns import ResourcePattern
from iamdesk.policy.statement import Statement
from iamdesk.policy.wildcards import glob
from iamdesk.snapshot.model import Account, PolicyDetail
from iamdesk.viewmodel.tree_builder import NodeKind

_FULL = 0.9
"""Share of a quota from which on a policy is nearly full."""
_MOST_STATEMENTS = 120
"""Documents with more statements are not compared each with each."""

_MANAGED, _USER, _GROUP, _ROLE, _TRUST = 6_144, 2_048, 5_120, 10_240, 2_048
"""Characters, white space not counted. IAM User Guide, "IAM and AWS STS quotas"; trust policies can be given more."""


@check(
    "LNT-14",
    over=WRITTEN,
    title=mark("Redundant statement"),
    severity=Severity.INFO,
    question="Does a policy hold a statement that changes nothing, since another one of it covers it?",
    remedy=mark("Remove the statement, or narrow the wider one, whichever was meant."),
)
def redundant_statement(survey: CheckContext, _account: Account, written: PolicySource) -> Iterator[CheckResult]:
    """No request that the one matches and the other does not: removing it changes no answer.

    The other one has the same effect, or denies all that the one allows; then low.
    """
    document = written.policy.document
    for allow, deny in survey.once(("shadowed statements", document), lambda: tuple(shadowed(document))):
        yield CheckResult(
            phrase(
                "{place} allows nothing: statement {number} denies all of it.",
                place=place(written, allow),
                number=deny.index + 1,
            ),
            (
                statement_evidence(written.policy, allow, phrase("Without it every answer is the same.")),
                statement_evidence(written.policy, deny, phrase("It denies whatever the other allows.")),
            ),
            object=f"{allow.index} denied",
            title=mark("Statement that another one takes back"),
            severity=Severity.LOW,
        )
    pairs = survey.once(("redundant statements", document), lambda: tuple(redundant(document)))
    for lesser, wider in pairs:
        yield CheckResult(
            phrase(
                "{place} says nothing that statement {number} does not say.",
                place=place(written, lesser),
                number=wider.index + 1,
            ),
            (
                statement_evidence(written.policy, lesser, phrase("Without it every answer is the same.")),
                statement_evidence(written.policy, wider, phrase("It matches whatever the other matches.")),
            ),
            object=str(lesser.index),
        )


def redundant(document: Document) -> Iterator[tuple[Statement, Statement]]:
    """Yield each statement that another one of the document covers, with that one; of equal ones the first stays."""
    statements = [one for one in document.statements if one.broken is None][:_MOST_STATEMENTS]
    gone: set[int] = set()
    for lesser in reversed(statements):
        for wider in statements:
            if wider is not lesser and wider.index not in gone and covers(wider, lesser):
                gone.add(lesser.index)
                yield lesser, wider
                break


def shadowed(document: Document) -> Iterator[tuple[Statement, Statement]]:
    """Yield each Allow of which a Deny of the same document takes back everything, with that one."""
    statements = [one for one in document.statements if one.broken is None][:_MOST_STATEMENTS]
    denies = [one for one in statements if not one.is_allow]
    for allow in statements if denies else ():
        deny = next((one for one in denies if allow.is_allow and matches_all_of(one, allow)), None)
        if deny is not None:
            yield allow, deny


def covers(wider: Statement, lesser: Statement) -> bool:
    """Return whether a statement matches every request that another one of the same effect matches."""
    return wider.is_allow == lesser.is_allow and matches_all_of(wider, lesser)


def matches_all_of(wider: Statement, lesser: Statement) -> bool:
    """Return whether a statement matches every request that another one matches, whatever their effects.

    Where that would take more than comparing patterns it says no: nothing is called redundant that is not.
    """
    return (
        _principals(wider) == _principals(lesser)
        and _conditions(wider) <= _conditions(lesser)
        and _covers_actions(wider, lesser)
        and _covers_resources(wider, lesser)
    )


def _principals(statement: Statement) -> object:
    if statement.principals is None:
        return None
    return statement.not_principal, frozenset((entry.type, entry.text) for entry in statement.principals)


def _conditions(statement: Statement) -> frozenset[object]:
    """Return what has to hold, test by test: with fewer tests a statement matches more."""
    return frozenset(
        (test.operator_text.lower(), test.key, frozenset(value.text for value in test.values))
        for test in statement.conditions
    )


def _covers_actions(wider: Statement, lesser: Statement) -> bool:
    if wider.not_action or lesser.not_action:
        same = {entry.text.lower() for entry in wider.actions} == {entry.text.lower() for entry in lesser.actions}
        return same and wider.not_action == lesser.not_action
    if wider.services is not None and (lesser.services is None or not lesser.services <= wider.services):
        return False
    return all(any(covers_action(one, entry) for one in wider.actions) for entry in lesser.actions)


@lru_cache(maxsize=1 << 14)
def covers_action(wider: ActionPattern, lesser: ActionPattern) -> bool:
    """Return whether an entry of Action describes all that another one does, also what AWS may add later."""
    if wider.covers_every_service or wider.text.lower() == lesser.text.lower():
        return True
    if wider.service is None or wider.service != lesser.service:
        return False
    bits = matched(lesser)
    # What AWS may add later counts, too: the text of the lesser entry has to fit the wider one as it stands.
    return bool(bits) and not bits & ~matched(wider) and _fits(wider.text.lower(), lesser.text.lower())


def _covers_resources(wider: Statement, lesser: Statement) -> bool:
    if wider.resources is None or lesser.resources is None:
        return wider.resources is lesser.resources
    if not wider.not_resource and any(entry.is_everything for entry in wider.resources):
        return True
    if wider.not_resource or lesser.not_resource:
        same = {entry.text for entry in wider.resources} == {entry.text for entry in lesser.resources}
        return same and wider.not_resource == lesser.not_resource
    return all(any(_covers_resource(one, entry) for one in wider.resources) for entry in lesser.resources)


@lru_cache(maxsize=1 << 14)
def _covers_resource(wider: ResourcePattern, lesser: ResourcePattern) -> bool:
    if wider.is_everything or wider.text == lesser.text:
        return True
    if lesser.is_everything or wider.keys or lesser.keys or wider.problem or lesser.problem:
        return False
    parts = wider.text.split(":", 5), lesser.text.split(":", 5)
    return len(parts[0]) == len(parts[1]) == 6 and all(map(_fits, *parts))


def _fits(wider: str, lesser: str) -> bool:
    """Return whether every text that one pattern matches is matched by another, as far as comparing them tells."""
    if wider in ("*", lesser):
        return True
    return "?" not in wider and glob(wider).matches(lesser)


@check(
    "LNT-18",
    over=ACCOUNTS,
    title=mark("Policy near its size limit"),
    severity=Severity.INFO,
    question="Does a policy take nine tenths or more of the characters that AWS lets it have?",
    remedy=mark(
        "Take out what is said twice, or spread the permissions over several managed policies before the next "
        "change is refused."
    ),
)
def nearly_full(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Inline policies of one user, group or role share one limit. What is longer was given a larger quota."""
    for subject, sentence, name, size, limit in _sizes(survey, account):
        if _FULL * limit <= size <= limit:
            proof = phrase("{size:,} characters without white space; AWS's quota is {limit:,}.", size=size, limit=limit)
            yield CheckResult(
                phrase(sentence, name=name, size=size, limit=limit),
                (Evidence(proof),),
                subject=subject,
                object=str(limit),
                remedy=phrase("Shorten it, or ask AWS for the larger quota of trust policies.")
                if limit is _TRUST
                else None,
            )


_POLICY_TAKES = mark("{name} takes {size:,} of {limit:,} characters.")
_OF_USER_TAKE = mark("The inline policies of user {name} take {size:,} of {limit:,} characters.")
_OF_GROUP_TAKE = mark("The inline policies of group {name} take {size:,} of {limit:,} characters.")
_OF_ROLE_TAKE = mark("The inline policies of role {name} take {size:,} of {limit:,} characters.")
_TRUST_TAKES = mark("The trust policy of {name} takes {size:,} of {limit:,} characters.")


def _sizes(survey: CheckContext, account: Account) -> Iterator[tuple[Subject, str, str, int, int]]:
    """Yield whose policy, in which sentence it is told, by which name, how long it is and how long it may be."""
    parse = survey.evaluator.index.parse

    def inline(policies: tuple[PolicyDetail, ...]) -> int:
        return sum(_length(survey, parse(policy.policy_document)) for policy in policies)

    for policy in own_policies(account):
        if policy.default_version is not None:
            size = _length(survey, parse(policy.default_version.document))
            subject = Subject(policy.arn, policy.policy_name, NodeKind.CUSTOMER_POLICY)
            yield subject, _POLICY_TAKES, policy.policy_name, size, _MANAGED
    for user in account.users:
        yield principal_subject(user), _OF_USER_TAKE, user.user_name, inline(user.user_policy_list), _USER
    for group in account.groups:
        yield group_subject(group), _OF_GROUP_TAKE, group.group_name, inline(group.group_policy_list), _GROUP
    for role in own_roles(account):
        yield principal_subject(role), _OF_ROLE_TAKE, role.role_name, inline(role.role_policy_list), _ROLE
        size = _length(survey, survey.evaluator.index.trust(role))
        subject = Subject(trust_policy_key(role.arn), trust_policy_name(role), NodeKind.TRUST_POLICY)
        yield subject, _TRUST_TAKES, role.role_name, size, _TRUST


def _length(survey: CheckContext, document: Document) -> int:
    """Return how many characters AWS counts: all but white space (IAM User Guide, "IAM and AWS STS quotas")."""
    return survey.once(
        ("length", document),
        lambda: len(json.dumps(document.raw, ensure_ascii=False, separators=(",", ":"))),
    )
