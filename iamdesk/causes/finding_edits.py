"""What ends a finding, as changes that what-if tries."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from iamdesk.causes.attribution import granting_statements, statements_in
from iamdesk.checks.finding import Evidence, Finding, State
from iamdesk.evaluate.policy_set import SourceType
from iamdesk.explain.decision import EvaluationResult, StatementExplanation
from iamdesk.i18n import phrase
from iamdesk.whatif.edits import Edit, EditAction

_ENDED_BY_DELETION = frozenset({"HYG-02", "HYG-05"})
"""Checks of unneeded users and roles."""
_MOST = 4
"""Statements that are offered one by one; a finding that has more of them is ended by all together."""


class FindingRemediation(NamedTuple):
    """One way to end a finding."""

    label: str
    """``Try without payroll-rw, statement 2``."""
    edits: tuple[Edit, ...]


def edits_of_finding(finding: Finding) -> tuple[FindingRemediation, ...]:
    """Return the changes that may end a finding: without each statement that grants what it found, and without all.

    Whether they end it is what trying them shows: another policy may grant the same.
    """
    if finding.state is not State.FOUND:
        return ()
    if finding.check_id in _ENDED_BY_DELETION:
        return (
            FindingRemediation(
                phrase("Try without {name}", name=finding.subject_name),
                (Edit(EditAction.DELETE, finding.subject_key),),
            ),
        )
    found = list(_removals(granting_statements(finding)))
    single = [FindingRemediation(phrase("Try without {name}", name=label), (edit,)) for label, edit in found[:_MOST]]
    if len(found) < 2:
        return tuple(single)
    # Last statement first: removing one leaves the indexes of the others of its policy.
    edits = sorted((edit for _, edit in found), key=lambda edit: -(edit.index or 0))
    return (*single, FindingRemediation(phrase("Try without all of them"), tuple(edits)))


def edits_of_decisions(decisions: Iterable[EvaluationResult]) -> tuple[FindingRemediation, ...]:
    """Return the changes that take away the statements that allow requests, one by one."""
    statements = (one for decision in decisions for one in statements_in(Evidence("", decision)))
    return tuple(
        FindingRemediation(phrase("Try without {name}", name=label), (edit,)) for label, edit in _removals(statements)
    )


def _removals(statements: Iterable[StatementExplanation]) -> Iterator[tuple[str, Edit]]:
    seen: set[tuple[str, str, int | None]] = set()
    for statement in statements:
        removal = _removal(statement)
        if removal is not None:
            label, edit = removal
            key = edit.subject, edit.detail, edit.index
            if key not in seen:
                seen.add(key)
                yield label, edit


def _removal(statement: StatementExplanation) -> tuple[str, Edit] | None:
    """Return what takes a statement away; an AWS managed policy is detached, never changed."""
    if not statement.policy_key:
        return None  # assumed for an external account: not in the snapshot
    if statement.source_policy_type is SourceType.AWS_MANAGED:
        if not statement.owner:
            return None
        label = phrase("{policy} on {owner}", policy=statement.policy_name, owner=statement.owner.rpartition("/")[2])
        return label, Edit(EditAction.DETACH_POLICY, statement.owner, statement.source_policy_id)
    return statement.name, Edit(EditAction.REMOVE_STATEMENT, statement.policy_key, index=statement.index)
