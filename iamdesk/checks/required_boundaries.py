"""Permissions boundaries that policies require for new roles and users, and principals without them."""

from collections.abc import Iterator
from typing import NamedTuple

from iamdesk.checks.check import CheckResult, check
from iamdesk.checks.check_context import CheckContext
from iamdesk.checks.finding import Severity, State
from iamdesk.checks.policy_documents import PolicySource, statement_evidence, written_policies
from iamdesk.checks.targets import ACCOUNTS, is_reserved, principal_subject, principals_of
from iamdesk.checks.words import enumerated
from iamdesk.evaluate.request import PolicyType
from iamdesk.i18n import join_messages, mark, phrase
from iamdesk.inventory.references import boundary_of, last_of_arn, name_of
from iamdesk.policy.arn import Arn, ArnError, parse_arn
from iamdesk.policy.conditions import ConditionTest
from iamdesk.policy.resource_patterns import Match, ResourcePattern, ShortArns
from iamdesk.policy.statement import Statement
from iamdesk.policy.wildcards import glob
from iamdesk.snapshot.model import Account, RoleDetail

_KEY = "iam:permissionsboundary"
_CREATING = ("createrole", "createuser")
_MAX_STATEMENTS = 10


class Requirement(NamedTuple):
    """A statement that allows roles or users to be created only with certain boundaries."""

    written: PolicySource
    statement: Statement
    patterns: tuple[ResourcePattern, ...]
    """Roles and users that it applies to, by path or beginning of the name."""
    boundaries: tuple[str, ...]
    """ARNs, perhaps with wildcards."""
    is_open: bool
    """Whether they contain variables, so that the required boundary is not known."""


@check(
    "GRD-01",
    over=ACCOUNTS,
    severity=(Severity.HIGH, "Their permissions are not limited as the policy requires."),
    title=mark("Required permissions boundary missing"),
    question="Do roles or users lack a permissions boundary that a policy requires for their path or name?",
    remediation=mark(
        "Attach the boundary to the role or user, after checking what it still needs to do, or move it out of that "
        "path."
    ),
    standards=("NIST 800-53 AC-6",),
)
def boundary_not_there(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Medium for a boundary other than the required one. Requirements for all roles are ignored."""
    requirements = tuple(_requirements(survey, account))
    if not requirements:
        return
    for principal in principals_of(account):
        if isinstance(principal, RoleDetail) and is_reserved(principal):
            continue
        survey.check_cancelled()
        arn = _arn(principal.arn)
        applying = [one for one in requirements if arn is not None and any(_is(each, arn) for each in one.patterns)]
        boundary = boundary_of(principal)
        unmet = [one for one in applying if not _is_met(one, boundary)]
        if not unmet or len(unmet) < len(applying):
            continue  # one of them is met, which the creator was subject to
        names = enumerated(dict.fromkeys(last_of_arn(text) for one in unmet for text in one.boundaries))
        has = phrase("no boundary")
        if boundary is not None:
            has = phrase("the boundary {boundary}", boundary=last_of_arn(boundary))
        is_open = all(one.is_open for one in unmet) and boundary is not None
        yield CheckResult(
            phrase(
                "{name} has {has}, but a policy requires {names} for its path.",
                name=name_of(principal),
                has=has,
                names=names,
            ),
            tuple(
                statement_evidence(
                    one.written.policy,
                    one.statement,
                    phrase(
                        "It allows {patterns} to be created only with {names}.",
                        patterns=join_messages(phrase(" and "), [entry.text for entry in one.patterns]),
                        names=names,
                    ),
                )
                for one in unmet[:_MAX_STATEMENTS]
            ),
            subject=principal_subject(principal),
            severity=Severity.HIGH if boundary is None else Severity.MEDIUM,
            state=State.INCONCLUSIVE if is_open else State.FOUND,
        )


def _requirements(survey: CheckContext, account: Account) -> Iterator[Requirement]:
    for written in written_policies(account, survey.evaluator.index.parse):
        if written.policy.policy_type is not PolicyType.IDENTITY:
            continue
        for statement in written.policy.document.statements:
            tests = [test for test in statement.conditions if test.key == _KEY]
            if not tests or statement.broken is not None or statement.not_resource or statement.not_action:
                continue
            if not any(statement.covers_action("iam", name) for name in _CREATING):
                continue
            patterns = tuple(entry for entry in statement.resources or () if _is_specific(entry))
            values = [value for test in tests if _requires_value(statement, test) for value in test.values]
            if patterns and values:
                texts = tuple(dict.fromkeys(value.text for value in values))
                yield Requirement(written, statement, patterns, texts, any(value.keys for value in values))


def _requires_value(statement: Statement, test: ConditionTest) -> bool:
    """Return whether a test requires one of its values: an Allow of these, or a Deny of all others."""
    operator = test.operator
    if operator is None or not operator.family.is_text:
        return False
    return operator.negated != statement.is_allow


def _is_specific(entry: ResourcePattern) -> bool:
    """Return whether an entry names roles or users by path or name, not all of them."""
    kind, slash, rest = entry.text.split(":", 5)[-1].partition("/")
    return (
        not entry.keys
        and entry.problem is None
        and kind in ("role", "user")
        and bool(slash)
        and len(rest.partition("*")[0].partition("?")[0]) > 2
    )


def _is(entry: ResourcePattern, arn: Arn) -> bool:
    return entry.matches(arn, lambda _: None, ShortArns.FILLED) is Match.YES


def _is_met(requirement: Requirement, boundary: str | None) -> bool:
    return boundary is not None and any(glob(text).matches(boundary) for text in requirement.boundaries)


def _arn(text: str) -> Arn | None:
    try:
        return parse_arn(text)
    except ArnError:
        return None
