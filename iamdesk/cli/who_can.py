"""``iamdesk who-can``: list all principals for which a request is allowed or conditional, with external principals."""

import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from iamdesk.api import RequestSession
from iamdesk.cli import executor, options
from iamdesk.cli.output import echo, echo_bytes, echo_err
from iamdesk.evaluate.request import MissingContextMode, Request
from iamdesk.explain.decision import EvalDecision, EvaluationResult, StatementRole
from iamdesk.export.access.who_can import actions_by_level, csv_cells, csv_of, json_pieces, json_row, who_words
from iamdesk.export.findings.csv_table import TableAbout
from iamdesk.export.text.decision import access_words
from iamdesk.memory import collector_seldom

if TYPE_CHECKING:
    from iamdesk.access.who_can import Access, FittingAction, ResourceAccess, Who


def who_can(
    snapshot: options.SnapshotPath,
    resource: options.Resource,
    action: options.ActionOrAll = None,
    context: options.Context = [],  # noqa: B006 - read by typer, never changed
    absent: options.Absent = [],  # noqa: B006
    unknown_context: options.UnknownKeys = MissingContextMode.UNKNOWN,
    unknown_action: options.UnknownAction = False,
    output_format: options.OutputTable = options.TableFormat.TEXT,
) -> None:
    """List who can perform an action on a resource.

    Each row has the deciding statements. Without --action, lists who can do what on the resource. Includes principals
    of the snapshot, external accounts and principals, AWS services and identity providers for which the request is
    allowed or conditional. * means anyone.
    """
    with collector_seldom(), executor.open_to_evaluate(snapshot) as opened:
        given = options.read_context(context, absent)
        if action and output_format is options.TableFormat.TEXT:
            asked = Request("", action, resource, given, unknown_context=unknown_context, unknown_action=unknown_action)
            for sentence in opened.request_notes(asked):
                echo_err(sentence)
        if output_format is options.TableFormat.TEXT and not action:
            _print_all_actions(opened, resource, given, unknown_context)
        else:
            shown = partial(
                opened.each_row,
                action=action or None,
                resource=resource,
                context=given,
                unknown_context=unknown_context,
                unknown_action=unknown_action,
            )
            if output_format is options.TableFormat.JSON:
                rows = list(shown(json_row))  # all of them, or none with an error
                for piece in json_pieces(rows):
                    echo_bytes(piece)
            elif output_format is options.TableFormat.CSV:
                query = who_can_query(snapshot, action, resource, context, absent, unknown_context)
                echo_bytes(csv_of(shown(csv_cells), snapshot.name, TableAbout(query, opened.sha256)))
            else:
                _print_rows(shown(_as_text))
        for missing in opened.missing_external_data(action or None, resource):
            echo_err(f"external access may be incomplete. {missing}")


def who_can_query(
    snapshot: Path,
    action: str | None,
    resource: str,
    context: Sequence[str],
    absent: Sequence[str],
    unknown_context: MissingContextMode,
) -> str:
    """Return the command of a table: with all its parameters, and the name of the snapshot without its folder."""
    words = ["iamdesk", "who-can", snapshot.name, "--resource", resource]
    words += ["--action", action] if action else []
    words += [word for one in context for word in ("--context", one)]
    words += [word for one in absent for word in ("--absent", one)]
    if unknown_context is not MissingContextMode.UNKNOWN:
        words += ["--unknown-context", unknown_context.value]
    return shlex.join([*words, "--format", "csv"])


class _Row(NamedTuple):
    """One row as text."""

    is_external: bool
    lines: tuple[str, ...]
    open_rules: tuple[str, ...]
    """Rules that the decision depends on and AWS's pages disagree about."""


def _as_text(row: "Access") -> _Row:
    decision = row.explanation
    open_rules = [one.message for one in decision.assumptions if one.code == "pages-disagree"]
    return _Row(row.is_external, tuple(_lines(row.who, decision)), tuple(open_rules))


def _print_rows(rows: "Iterable[_Row]") -> None:
    external: list[bool] = []
    open_rules: Counter[str] = Counter()
    for row in rows:
        external.append(row.is_external)
        open_rules.update(row.open_rules)
        for line in row.lines:
            echo(line)
    _print_count(external)
    for message, count in open_rules.items():
        echo_err(f"for {count:,} of them: {message}")


def _print_count(external: Sequence[bool]) -> None:
    of_them = f", {sum(external):,} of them external" if any(external) else ""
    echo_err(f"{'1 principal' if len(external) == 1 else f'{len(external):,} principals'}{of_them}")


def _lines(who: "Who", decision: EvaluationResult) -> Iterator[str]:
    yield f"{decision.decision.value:<11}  {_name(who)}"
    statements = decision.statements_that(StatementRole.DECIDES, StatementRole.DEPENDS)
    for statement in statements:
        how = "by" if statement.effect == "Allow" else "unless denied by"
        yield f"{'':<13}{how} {statement.name} [{statement.layer.value}]"
    if not statements:
        yield f"{'':<13}{decision.sentence}"
    for condition in dict.fromkeys(access_words(decision)):
        yield f"{'':<13}when {condition}"


def _name(who: "Who") -> str:
    return f"{who.principal}  ({who_words(who)})" if who.is_external else who.principal


def _print_all_actions(
    opened: RequestSession,
    resource: str,
    context: Mapping[str, str | Sequence[str] | None],
    unknown_context: MissingContextMode,
) -> None:
    """Print the actions that each principal can perform on a resource, by access level."""
    found = opened.access_to_resource(resource, context, unknown_context=unknown_context)
    for one in found:
        echo(_name(one.who))
        for decision, actions in ((EvalDecision.ALLOWED, one.allowed), (EvalDecision.CONDITIONAL, one.conditional)):
            for line in _actions(one, decision, actions):
                echo(f"    {line}")
    _print_count([one.who.is_external for one in found])
    if found:
        echo_err("use --action ACTION to show statements and conditions")


def _actions(access: "ResourceAccess", decision: EvalDecision, actions: "tuple[FittingAction, ...]") -> Iterator[str]:
    """Yield a line for each access level; for external principals, which are few, also the conditions."""
    for level, names in actions_by_level(actions).items():
        yield f"{decision.value:<11}  {level} ({len(names):,}): {', '.join(names)}"
    if decision is EvalDecision.CONDITIONAL and access.who.is_external:
        conditions = (access_words(access.row(one, decision).explanation) for one in actions)
        for condition in dict.fromkeys(one for group in conditions for one in group):
            yield f"{'':<13}when {condition}"
