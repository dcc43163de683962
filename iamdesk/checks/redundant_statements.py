"""Redundant statements, and policies near their size limit."""

import json
from collections.abc import Iterator
from functools import lru_cache
from itertools import count

from iamdesk.checks.check import CheckResult, check
from iamdesk.checks.check_context import CheckContext
from iamdesk.checks.finding import Evidence, Severity
from iamdesk.checks.policy_documents import WRITTEN, PolicySource, place, statement_evidence, trust_policy_name
from iamdesk.checks.remediation_commands import edited, policy_command
from iamdesk.checks.targets import ACCOUNTS, Subject, group_subject, own_policies, own_roles, principal_subject
from iamdesk.explain.decision import PolicyType
from iamdesk.i18n import mark, phrase
from iamdesk.inventory.keys import trust_policy_key
from iamdesk.policy.action_patterns import ActionPattern
from iamdesk.policy.canonical_form import EVERYTHING, conditions_form, principals_form, resources_form
from iamdesk.policy.document import Document
from iamdesk.policy.resource_patterns import is_covered
from iamdesk.policy.statement import Statement
from iamdesk.policy.wildcards import glob
from iamdesk.policy_validation.action_checks import matched
from iamdesk.snapshot.model import Account, PolicyDetail
from iamdesk.viewmodel.tree_builder import NodeKind

_MAX_STATEMENTS = 120
"""Statements of a document that are compared with each other; further ones are skipped."""

_MANAGED, _USER, _GROUP, _ROLE, _TRUST = 6_144, 2_048, 5_120, 10_240, 2_048
"""Quotas in characters without white space: IAM User Guide, "IAM and AWS STS quotas". That of trust policies can be
increased."""


@check(
    "LNT-14",
    over=WRITTEN,
    severity=(Severity.INFO, "No decision changes."),
    title=mark("Redundant statement"),
    question="Does a policy contain a statement without effect, because another one covers it?",
    remediation=mark("Remove the statement, or narrow the broader one, whichever was intended."),
)
def redundant_statement(survey: CheckContext, account: Account, written: PolicySource) -> Iterator[CheckResult]:
    """Report statements whose removal changes no decision, because another one matches every request they match.

    The other one has the same effect, or denies everything that the statement allows; then low.
    """
    document = written.policy.document
    for allow, deny in survey.once(("shadowed statements", document), lambda: tuple(shadowed(document))):
        yield CheckResult(
            phrase(
                "{place} has no effect: statement {number} denies everything that it allows.",
                place=place(written, allow),
                number=deny.index + 1,
            ),
            (
                statement_evidence(written.policy, allow, phrase("Removing it changes no decision.")),
                statement_evidence(written.policy, deny, phrase("It denies everything that the other one allows.")),
            ),
            object=f"{allow.index} denied",
            title=mark("Statement canceled by a Deny"),
            severity=Severity.LOW,
        )
    pairs = survey.once(("redundant statements", document), lambda: tuple(redundant(document)))
    remediation_command = _without(survey, account, written, {lesser.index for lesser, _ in pairs}) if pairs else ""
    for lesser, wider in pairs:
        yield CheckResult(
            phrase(
                "{place} has no effect: statement {number} covers it.",
                place=place(written, lesser),
                number=wider.index + 1,
            ),
            (
                statement_evidence(written.policy, lesser, phrase("Removing it changes no decision.")),
                statement_evidence(
                    written.policy, wider, phrase("It matches every request that the other one matches.")
                ),
            ),
            object=str(lesser.index),
            remediation_command=remediation_command,
        )


def _without(survey: CheckContext, account: Account, written: PolicySource, gone: set[int]) -> str:
    """Return the command that removes all redundant statements of a policy at once."""
    if written.policy.policy_type not in (PolicyType.IDENTITY, PolicyType.TRUST):
        return ""
    numbers = count()
    changed = edited(written.policy.document.raw, lambda one: None if next(numbers) in gone else one)
    return "" if changed is None else policy_command(survey.snapshot, account.account_id, written.policy.key, changed)


def redundant(document: Document) -> Iterator[tuple[Statement, Statement]]:
    """Yield (covered, covering) statements of a document; of equal ones the first is kept."""
    statements = [one for one in document.statements if one.broken is None][:_MAX_STATEMENTS]
    gone: set[int] = set()
    for lesser in reversed(statements):
        for wider in statements:
            if wider is not lesser and wider.index not in gone and covers(wider, lesser):
                gone.add(lesser.index)
                yield lesser, wider
                break


def shadowed(document: Document) -> Iterator[tuple[Statement, Statement]]:
    """Yield (Allow, Deny) statements of a document where the Deny cancels the Allow entirely."""
    statements = [one for one in document.statements if one.broken is None][:_MAX_STATEMENTS]
    denies = [one for one in statements if not one.is_allow]
    for allow in statements if denies else ():
        deny = next((one for one in denies if allow.is_allow and matches_all_of(one, allow)), None)
        if deny is not None:
            yield allow, deny


def covers(wider: Statement, lesser: Statement) -> bool:
    """Return whether two statements have the same effect and the first matches every request that the second does."""
    return wider.is_allow == lesser.is_allow and matches_all_of(wider, lesser)


def matches_all_of(wider: Statement, lesser: Statement) -> bool:
    """Return whether a statement matches every request that another one matches, regardless of effects.

    Compares patterns only, so False may be wrong, but True never is.
    """
    return (
        principals_form(wider) == principals_form(lesser)
        and conditions_form(wider) <= conditions_form(lesser)
        and _covers_actions(wider, lesser)
        and _covers_resources(wider, lesser)
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
    """Return whether an entry of Action matches everything that another one does, including actions added later."""
    if wider.covers_every_service or wider.text.lower() == lesser.text.lower():
        return True
    if wider.service is None or wider.service != lesser.service:
        return False
    bits = matched(lesser)
    # For actions that AWS may add later, the text of the lesser entry must match the wider one as well.
    return bool(bits) and not bits & ~matched(wider) and _fits(wider.text.lower(), lesser.text.lower())


def _covers_resources(wider: Statement, lesser: Statement) -> bool:
    if wider.resources is None or lesser.resources is None:
        return wider.resources is lesser.resources
    entries, others = resources_form(wider), resources_form(lesser)
    if wider.not_resource:
        return lesser.not_resource and entries <= others
    if EVERYTHING in entries:
        return True
    if lesser.not_resource:
        return False
    return all(one in entries or any(_covers_resource(entry, one) for entry in entries) for one in others)


@lru_cache(maxsize=1 << 14)
def _covers_resource(wider: str, lesser: str) -> bool:
    *head, _ = parts = wider.split(":", 5)
    *other_head, last = others = lesser.split(":", 5)
    if len(parts) != 6 or len(others) != 6 or not all(map(_fits, head, other_head)):
        return False
    return is_covered(":".join((*head, last)), by=wider)


def _fits(wider: str, lesser: str) -> bool:
    """Return whether one pattern matches every text that another one matches, as far as comparing them shows."""
    if wider in ("*", lesser):
        return True
    return "?" not in wider and glob(wider).matches(lesser)


@check(
    "LNT-18",
    over=ACCOUNTS,
    severity=(Severity.INFO, "The next change of the policy fails."),
    title=mark("Policy near or above its size limit"),
    question="Does a policy use most of its size quota (by default 90%), or exceed it?",
    remediation=mark(
        "Remove redundant statements, or split the permissions into several managed policies, before AWS rejects the "
        "next change."
    ),
)
def nearly_full(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Inline policies of one user, group or role share a quota. Low above a quota that cannot be increased.

    Trust policies above it have an increased quota and are skipped.
    """
    for subject, sentence, name, size, limit in _sizes(survey, account):
        if 100 * size >= survey.thresholds.policy_size_percent * limit and (
            size <= limit or subject.kind != NodeKind.TRUST_POLICY
        ):
            proof = phrase(
                "It has {size:,} characters without white space; the quota is {limit:,}.", size=size, limit=limit
            )
            yield CheckResult(
                phrase(sentence, name=name, size=size, limit=limit),
                (Evidence(proof),),
                subject=subject,
                object=str(limit),
                severity=Severity.INFO if size <= limit else Severity.LOW,
                remediation=phrase("Shorten it, or request an increase of the quota for trust policies.")
                if subject.kind == NodeKind.TRUST_POLICY
                else None,
            )


_POLICY_TAKES = mark("{name} uses {size:,} of {limit:,} characters.")
_OF_USER_TAKE = mark("The inline policies of user {name} use {size:,} of {limit:,} characters.")
_OF_GROUP_TAKE = mark("The inline policies of group {name} use {size:,} of {limit:,} characters.")
_OF_ROLE_TAKE = mark("The inline policies of role {name} use {size:,} of {limit:,} characters.")
_TRUST_TAKES = mark("The trust policy of {name} uses {size:,} of {limit:,} characters.")


def _sizes(survey: CheckContext, account: Account) -> Iterator[tuple[Subject, str, str, int, int]]:
    """Yield (subject, sentence, name, characters, quota) for each policy or set of inline policies."""
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
    """Return the number of characters without white space, as AWS counts (IAM User Guide, "IAM and AWS STS quotas")."""
    return survey.once(
        ("length", document),
        lambda: len(json.dumps(document.raw, ensure_ascii=False, separators=(",", ":"))),
    )
