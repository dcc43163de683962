"""Evaluation result as text for the terminal and the clipboard, and the command that evaluates the same request.

The text has the content of the window's decision panel: request, decision, policy types, assumptions, and the JSON of
the statements, so that it can be pasted into a ticket.
"""

import json
import shlex
from collections.abc import Iterator

from iamdesk.escaping import visible
from iamdesk.evaluate.request import MissingContextMode, PolicyType, Request
from iamdesk.explain.decision import EvaluationResult, StatementExplanation, StatementRole
from iamdesk.explain.suggestions import Changes
from iamdesk.export.text.decision import (
    PART_TITLES,
    access_words,
    change_groups,
    decision_words,
    otherwise_words,
    policy_type_decision,
    refusal_words,
    source_words,
    value_words,
    without_words,
)
from iamdesk.i18n import join_names


def result_text(decision: EvaluationResult, snapshot_path: str, changes: Changes | None = None) -> str:
    """Return the result as lines of text; control characters of the snapshot are escapes."""
    lines = [*_lines(decision, snapshot_path), *([] if changes is None else _changes(changes))]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _lines(decision: EvaluationResult, snapshot_path: str) -> Iterator[str]:
    yield from map(visible, decision.request.remarks)
    yield visible(decision_words(decision))
    yield visible(decision.sentence)
    yield ""
    yield from request_lines(decision.request, snapshot_path)
    if decision.conditions:
        yield ""
        yield from (f"Allowed when {visible(words)}." for words in dict.fromkeys(access_words(decision)))
        yield from (f"Not allowed when {visible(words)}." for words in dict.fromkeys(refusal_words(decision)))
    if decision.assumptions:
        yield ""
        yield "Assumptions"
        for assumption in decision.assumptions:
            yield f"  {visible(assumption.message)}{otherwise_words(assumption)}"
    yield ""
    yield "Policy evaluation"
    width = max((len(policy_type.title) for policy_type in decision.layers), default=0)
    for policy_type in decision.layers:
        words = policy_type_decision(policy_type) if policy_type.layer not in decision.request.without else "ignored"
        yield f"  {visible(policy_type.title):<{width}}  {words:<14}  {visible(policy_type.sentence)}"
    for part, title in PART_TITLES.items():
        group = decision.statements_that(part)
        if group:
            yield ""
            yield f"{title} ({len(group)})"
            for line in group:
                yield from _statement(line, decision.request.principal)


def request_lines(request: Request, snapshot_path: str, action: str = "Action") -> Iterator[str]:
    """Yield the lines of a request; ``action`` is the label of the action."""
    yield f"Principal  {visible(request.principal)}"
    yield f"{action:<9}  {visible(request.action)}"
    yield f"Resource   {visible(request.resource)}"
    label = "Context"
    for key, value in request.context.items():
        yield visible(f"{label:<9}  {key} is {value_words(value)}")
        label = ""
    yield f"{label:<9}  keys that are not provided count as {request.unknown_context.value}"
    if request.without:
        yield f"Ignored    {without_words(request.without).removeprefix('without ')}"
    yield f"Snapshot   {visible(snapshot_path)}"


def _statement(line: StatementExplanation, principal: str) -> Iterator[str]:
    yield visible(f"  {line.effect:<5}  {line.name} · {source_words(line, principal)}")
    yield f"         {visible(line.sentence)}"
    if line.part is StatementRole.NEAR_MISS:
        return
    span = line.span
    if span is not None:
        for text in line.document.text.text.split("\n")[span.start_line - 1 : span.end_line]:
            yield f"         {visible(text)}"


def _changes(changes: Changes) -> Iterator[str]:
    if not changes.changes:
        yield ""
        yield changes.reason
    for title, group in change_groups(changes):
        yield ""
        yield title
        for number, change in enumerate(group, 1):
            yield visible(f"  {number}. {change.sentence}{f' {change.caveat}' if change.caveat else ''}")
            for addition in change.additions:
                yield visible(f"     {json.dumps(addition.statement, ensure_ascii=False)}")


def command_line(request: Request, snapshot_path: str) -> str:
    """Return the command that evaluates the same request, quoted for a POSIX shell.

    If the command line has no option for a part of the request, a shell comment above the command says so: its result
    may differ from that in the window.
    """
    words, notes = request_words(request, snapshot_path, "--action")
    lines = [f"# evaluated in the window: {visible(note)}" for note in notes]
    return "\n".join([*lines, " ".join(shlex.quote(word) for word in words)])


def who_can_command(request: Request, snapshot_path: str) -> str:
    """Return the who-can command for the action (or all actions) and the resource of a request."""
    action = ["--action", request.action] if request.action else []
    words = ["iamdesk", "who-can", _path(snapshot_path), *action, "--resource", request.resource]
    context, notes = _context_words(request)
    lines = [f"# evaluated in the window: {visible(note)}" for note in notes]
    return "\n".join([*lines, " ".join(shlex.quote(word) for word in (*words, *context))])


def what_can_command(principal: str, snapshot_path: str) -> str:
    """Return the what-can command for a principal or group."""
    words = ["iamdesk", "what-can", _path(snapshot_path), "--principal", principal]
    return " ".join(shlex.quote(word) for word in words)


def request_words(request: Request, snapshot_path: str, action_option: str) -> tuple[list[str], list[str]]:
    """Return the words of the command for a request, and notes on the parts that it has no option for."""
    words = ["iamdesk", "can", _path(snapshot_path)]
    words += ["--principal", request.principal, action_option, request.action, "--resource", request.resource]
    context, notes = _context_words(request)
    words += context
    if request.resource_account is not None:
        words += ["--resource-account", request.resource_account]
    words += ["--unknown-action"] if request.unknown_action else []
    for policy_type in PolicyType:
        if policy_type in request.without:
            words += ["--without", policy_type.value]
    if request.session_policies is not None:
        names = join_names([policy.name for policy in request.session_policies])
        notes.append(f"with session policies ({names}): save each and add --session-policy FILE")
    return words, notes


def _path(snapshot_path: str) -> str:
    return f"./{snapshot_path}" if snapshot_path.startswith("-") else snapshot_path


def _context_words(request: Request) -> tuple[list[str], list[str]]:
    """Return the options for a request context, and notes on the parts that there is no option for."""
    words: list[str] = []
    notes: list[str] = []
    for key, value in request.context.items():
        if value is None:
            words += ["--absent", key]
        elif isinstance(value, str):
            words += ["--context", f"{key}={value}"]
        else:
            for member in value:
                words += ["--context", f"{key}={member}"]
            if not value:
                notes.append(f"{key} is an empty list")
    if request.unknown_context is not MissingContextMode.UNKNOWN:
        words += ["--unknown-context", request.unknown_context.value]
    return words, notes
