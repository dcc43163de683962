"""Boundaries that policies demand of whatever is made, and who goes without."""

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
_MAKING = ("createrole", "createuser")
_MOST_STATEMENTS = 10


class Demand(NamedTuple):
    """A statement that lets roles or users be made only with certain boundaries."""

    written: PolicySource
    statement: Statement
    patterns: tuple[ResourcePattern, ...]
    """Of roles and users that are meant: those that a path or a beginning of the name tells from others."""
    boundaries: tuple[str, ...]
    """ARNs, perhaps with wildcards."""
    is_open: bool
    """Whether a variable stands in them, so that which boundary is meant cannot be told here."""


@check(
    "GRD-01",
    over=ACCOUNTS,
    title=mark("Required permissions boundary missing"),
    severity=Severity.HIGH,
    question="Does a policy require a permissions boundary for roles or users by path or name, and some lack it?",
    remedy=mark(
        "Attach the boundary to them, after checking what they still have to do; or move them out of the path that "
        "is meant for bounded ones."
    ),
    standards=("NIST 800-53 AC-6",),
)
def boundary_not_there(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Medium for another boundary than the one that is demanded. Demands on every role tell nobody's path."""
    demands = tuple(_demands(survey, account))
    if not demands:
        return
    for principal in principals_of(account):
        if isinstance(principal, RoleDetail) and is_reserved(principal):
            continue
        survey.check_cancelled()
        arn = _arn(principal.arn)
        meant = [demand for demand in demands if arn is not None and any(_is(one, arn) for one in demand.patterns)]
        boundary = boundary_of(principal)
        lacking = [demand for demand in meant if not _is_met(demand, boundary)]
        if not lacking or len(lacking) < len(meant):
            continue  # one of them is met: whoever made it was bound
        names = enumerated(dict.fromkeys(last_of_arn(text) for demand in lacking for text in demand.boundaries))
        has = phrase("no boundary")
        if boundary is not None:
            has = phrase("the boundary {boundary}", boundary=last_of_arn(boundary))
        is_open = all(demand.is_open for demand in lacking) and boundary is not None
        yield CheckResult(
            phrase(
                "{name} has {has}; what is made under its path is to have {names}.",
                name=name_of(principal),
                has=has,
                names=names,
            ),
            tuple(
                statement_evidence(
                    demand.written.policy,
                    demand.statement,
                    phrase(
                        "It lets {patterns} be made only with {names}.",
                        patterns=join_messages(phrase(" and "), [entry.text for entry in demand.patterns]),
                        names=names,
                    ),
                )
                for demand in lacking[:_MOST_STATEMENTS]
            ),
            subject=principal_subject(principal),
            severity=Severity.HIGH if boundary is None else Severity.MEDIUM,
            state=State.CANNOT_TELL if is_open else State.FOUND,
        )


def _demands(survey: CheckContext, account: Account) -> Iterator[Demand]:
    for written in written_policies(account, survey.evaluator.index.parse):
        if written.policy.layer is not PolicyType.IDENTITY:
            continue
        for statement in written.policy.document.statements:
            tests = [test for test in statement.conditions if test.key == _KEY]
            if not tests or statement.broken is not None or statement.not_resource or statement.not_action:
                continue
            if not any(statement.covers_action("iam", name) for name in _MAKING):
                continue
            patterns = tuple(entry for entry in statement.resources or () if _tells(entry))
            values = [value for test in tests if _demands_value(statement, test) for value in test.values]
            if patterns and values:
                texts = tuple(dict.fromkeys(value.text for value in values))
                yield Demand(written, statement, patterns, texts, any(value.keys for value in values))


def _demands_value(statement: Statement, test: ConditionTest) -> bool:
    """Return whether a test lets things be made only with its values: an Allow for them, a Deny for all others."""
    operator = test.operator
    if operator is None or not operator.family.is_text:
        return False
    return operator.negated != statement.is_allow


def _tells(entry: ResourcePattern) -> bool:
    """Return whether an entry means roles or users of a path or name, not all of them."""
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


def _is_met(demand: Demand, boundary: str | None) -> bool:
    return boundary is not None and any(glob(text).matches(boundary) for text in demand.boundaries)


def _arn(text: str) -> Arn | None:
    try:
        return parse_arn(text)
    except ArnError:
        return None
