"""An answer as text for the terminal and the clipboard, and the command that asks the same question.

The text holds what the window's answer panel shows: question, verdict, layers, assumptions, and each statement that
counts with its JSON, so that it can stand alone in a ticket.
"""

import json
import shlex
from collections.abc import Iterator

from iamdesk.escaping import visible
from iamdesk.evaluate.request import MissingContextMode, PolicyType, Request
from iamdesk.explain.decision import EvaluationResult, StatementExplanation, StatementRole
from iamdesk.explain.suggestions import Changes
from iamdesk.export.text.decision import (
    LAYER_OUTCOMES,
    PART_TITLES,
    change_groups,
    otherwise_words,
    refusal_words,
    source_words,
    value_words,
    verdict_words,
    ways_words,
    without_words,
)
from iamdesk.i18n import join_names


def answer_text(decision: EvaluationResult, snapshot_path: str, changes: Changes | None = None) -> str:
    """Return the whole answer as lines of text; unseen characters of the snapshot are written as escapes."""
    lines = [*_lines(decision, snapshot_path), *([] if changes is None else _changes(changes))]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _lines(decision: EvaluationResult, snapshot_path: str) -> Iterator[str]:
    yield visible(verdict_words(decision))
    yield visible(decision.sentence)
    yield ""
    yield from question_lines(decision.request, snapshot_path)
    if decision.conditions:
        yield ""
        yield from (f"Allowed when {visible(words)}." for words in dict.fromkeys(ways_words(decision)))
        yield from (f"Not allowed when {visible(words)}." for words in dict.fromkeys(refusal_words(decision)))
    if decision.assumptions:
        yield ""
        yield "Rests on"
        for assumption in decision.assumptions:
            yield f"  {visible(assumption.message)}{otherwise_words(assumption)}"
    yield ""
    yield "How it was decided"
    width = max((len(layer.title) for layer in decision.layers), default=0)
    for layer in decision.layers:
        outcome = LAYER_OUTCOMES[layer.outcome] if layer.layer not in decision.request.without else "left out"
        yield f"  {visible(layer.title):<{width}}  {outcome:<14}  {visible(layer.sentence)}"
    for part, title in PART_TITLES.items():
        group = decision.statements_that(part)
        if group:
            yield ""
            yield f"{title} ({len(group)})"
            for line in group:
                yield from _statement(line, decision.request.principal)


def question_lines(request: Request, snapshot_path: str, action: str = "Action") -> Iterator[str]:
    """Yield a question, a line for each part; ``action`` is what stands before what is done."""
    yield f"Principal  {visible(request.principal)}"
    yield f"{action:<9}  {visible(request.action)}"
    yield f"Resource   {visible(request.resource)}"
    label = "Context"
    for key, value in request.context.items():
        yield visible(f"{label:<9}  {key} is {value_words(value)}")
        label = ""
    yield f"{label:<9}  keys not given count as {request.unknown_context.value}"
    if request.without:
        yield f"Left out   {without_words(request.without).removeprefix('without ')}"
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
    """Return the command that asks the same question, quoted for a POSIX shell.

    What the command line has no option for stands above it as a shell comment, so that nobody takes the answer to the
    command for the answer on the screen.
    """
    words, notes = question_words(request, snapshot_path, "--action")
    lines = [f"# asked in the window: {visible(note)}" for note in notes]
    return "\n".join([*lines, " ".join(shlex.quote(word) for word in words)])


def who_can_command(request: Request, snapshot_path: str) -> str:
    """Return the command that lists who can do a request's action, or without one all, on its resource."""
    action = ["--action", request.action] if request.action else []
    words = ["iamdesk", "who-can", _path(snapshot_path), *action, "--resource", request.resource]
    context, notes = _context_words(request)
    lines = [f"# asked in the window: {visible(note)}" for note in notes]
    return "\n".join([*lines, " ".join(shlex.quote(word) for word in (*words, *context))])


def what_can_command(principal: str, snapshot_path: str) -> str:
    """Return the command that tells what a principal or a group can do."""
    words = ["iamdesk", "what-can", _path(snapshot_path), "--principal", principal]
    return " ".join(shlex.quote(word) for word in words)


def question_words(request: Request, snapshot_path: str, action_option: str) -> tuple[list[str], list[str]]:
    """Return the words of the command that asks a question, and what it has no option for."""
    words = ["iamdesk", "can", _path(snapshot_path)]
    words += ["--principal", request.principal, action_option, request.action, "--resource", request.resource]
    context, notes = _context_words(request)
    words += context
    if request.resource_account is not None:
        words += ["--resource-account", request.resource_account]
    for layer in PolicyType:
        if layer in request.without:
            words += ["--without", layer.value]
    if request.session_policies is not None:
        names = join_names([policy.name for policy in request.session_policies])
        notes.append(f"with session policies ({names}): save each and add --session-policy FILE")
    return words, notes


def _path(snapshot_path: str) -> str:
    return f"./{snapshot_path}" if snapshot_path.startswith("-") else snapshot_path


def _context_words(request: Request) -> tuple[list[str], list[str]]:
    """Return the options that give a request's context, and what there is no option for."""
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
