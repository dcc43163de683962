"""Columns of a findings table: names, order and values, the same for all formats."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from iamdesk.attack_paths.catalog import all_calls
from iamdesk.checks import registry
from iamdesk.checks.finding import Evidence, Finding
from iamdesk.explain.decision import EvaluationResult, StatementExplanation

type Value = str | tuple[str, ...]
"""A cell: one text, or several (a list in JSON, elsewhere joined by `JOINT`)."""

JOINT = " | "
_ATTACK_PATHS = ("CHN-01", "CHN-02", "CHN-03", "CHN-04", "CHN-05")


@dataclass(frozen=True, slots=True)
class Column:
    """One column."""

    name: str
    """Stable name: JSON member and CSV heading."""
    label: str
    """Heading in XLSX."""
    value: Callable[[Finding], Value]


def statements_of(finding: Finding) -> tuple[StatementExplanation, ...]:
    """Return the statements in the evidence of a finding, each once, in the order of the evidence."""
    found: dict[tuple[str, int, str], StatementExplanation] = {}
    for piece in finding.evidence:
        for statement in _statements(piece):
            if statement.policy_key:  # assumed policies of an external account are not in the snapshot
                found.setdefault((statement.policy_key, statement.index, statement.owner), statement)
    return tuple(found.values())


def _statements(piece: Evidence) -> Iterable[StatementExplanation]:
    if piece.statement is not None:
        yield piece.statement
    if piece.decision is not None:
        yield from piece.decision.matched_statements


def place_of(statement: StatementExplanation) -> str:
    """Return where a statement is: ``payroll-rw, statement 2 (ReadOnly), lines 12-20``."""
    span = statement.span
    return statement.name if span is None else f"{statement.name}, lines {span.start_line}-{span.end_line}"


def api_calls_of(finding: Finding) -> tuple[str, ...]:
    """Return the API actions of each step of an attack path, in order, and what the step acts on.

    ``iam:PassRole + lambda:CreateFunction + lambda:InvokeFunction → role/deploy``; none for other findings, and for
    paths that are not proven.
    """
    if not finding.check_id.startswith(_ATTACK_PATHS):
        return ()
    steps: list[list[EvaluationResult]] = []
    for piece in finding.evidence:
        if piece.decision is None:
            steps.append([])
        elif steps:
            steps[-1].append(piece.decision)
        else:
            steps.append([piece.decision])
    return tuple(_step(decisions) for decisions in steps if decisions)


def _step(decisions: list[EvaluationResult]) -> str:
    """Return the calls of one step; those on several users, groups, roles or policies one after the other."""
    requests = [one.request for one in decisions]
    passed = [one for one in requests if one.action == "iam:PassRole"]
    by_target: dict[str, list[str]] = {}
    for one in requests:
        is_on_entity = not passed and one.action.startswith(("iam:", "sts:"))
        target = (one if is_on_entity else (passed or requests)[0]).resource.split(":", 5)[-1]
        by_target.setdefault(target, []).append(one.action)
    return ", ".join(f"{' + '.join(all_calls(actions))} → {target}" for target, actions in by_target.items())


def _unique(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))


def _missing(finding: Finding) -> tuple[str, ...]:
    return _unique(key for piece in finding.evidence if piece.decision for key in piece.decision.missing_context_values)


def _assumed(finding: Finding) -> tuple[str, ...]:
    return _unique(
        assumption.message for piece in finding.evidence if piece.decision for assumption in piece.decision.assumptions
    )


def _standards(finding: Finding) -> tuple[str, ...]:
    check = registry.check(finding.check_id)
    return check.standards if check else ()


COLUMNS: tuple[Column, ...] = (
    Column("finding_id", "Finding", lambda finding: finding.fingerprint),
    Column("severity", "Severity", lambda finding: finding.severity.value),
    Column("state", "State", lambda finding: finding.state.value),
    Column("check_id", "Check", lambda finding: finding.check_id),
    Column("title", "Title", lambda finding: finding.title),
    Column("account_id", "Account", lambda finding: finding.account),
    Column("subject_type", "Kind", lambda finding: finding.subject_kind),
    Column("subject_name", "Subject", lambda finding: finding.subject_name),
    Column("subject_arn", "Subject ARN", lambda finding: finding.subject_key),
    Column("finding", "Description", lambda finding: finding.sentence),
    Column("policies", "Policies", lambda finding: _unique(one.policy_name for one in statements_of(finding))),
    Column(
        "policy_types",
        "Policy types",
        lambda finding: _unique(one.source_policy_type.value for one in statements_of(finding)),
    ),
    Column("deciding_statements", "Statements", lambda finding: _unique(map(place_of, statements_of(finding)))),
    Column("proof_summary", "Evidence", lambda finding: _unique(piece.text for piece in finding.evidence)),
    Column("missing_context", "Unknown condition keys", _missing),
    Column("assumptions", "Assumptions", _assumed),
    Column("remediation", "Remediation", lambda finding: finding.remediation),
    Column("remediation_snippet", "Command", lambda finding: finding.remediation_command),
    Column("refs", "Standards", _standards),
    Column("suppressed_by", "Suppressed by", lambda finding: finding.suppression.owner if finding.suppression else ""),
    Column(
        "suppression_reason",
        "Reason for suppression",
        lambda finding: finding.suppression.reason if finding.suppression else "",
    ),
    Column(
        "suppressed_until",
        "Suppressed until",
        lambda finding: finding.suppression.expires.isoformat() if finding.suppression else "",
    ),
)


def cells(finding: Finding) -> dict[str, Value]:
    """Return the values of a finding by column name, in column order."""
    return {column.name: column.value(finding) for column in COLUMNS}


def one_text(value: Value) -> str:
    """Return a cell as a single text."""
    return value if isinstance(value, str) else JOINT.join(value)
