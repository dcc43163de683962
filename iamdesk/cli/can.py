"""``iamdesk can``: one question, one answer; with ``--need`` a compound one."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from iamdesk.api import RequestSession
from iamdesk.cli import executor, options
from iamdesk.cli.output import echo, echo_err, say_json, say_text
from iamdesk.evaluate.request import MissingContextMode, PolicyType, Request
from iamdesk.explain.decision import EvalDecision, EvaluationResult
from iamdesk.export.decision.evaluation_result import to_evaluation_result
from iamdesk.export.decision.text_file import answer_text
from iamdesk.export.decision.use_case import also_needed_lines, need_text, to_need_result
from iamdesk.use_cases.types import UseCaseRequest, UseCaseResult


def _verdict(word: str | EvalDecision) -> EvalDecision:
    """Return the decision that a word names, in any case: it is told as the contract spells it."""
    found = next((one for one in EvalDecision if one.value.lower() == word.lower()), None)
    if found is None:
        raise typer.BadParameter(f"{word!r} is not one of {', '.join(one.value for one in EvalDecision)}")
    return found


def can(
    snapshot: options.SnapshotPath,
    principal: options.Principal,
    resource: options.Resource,
    action: Annotated[
        str | None, typer.Option(metavar="ACTION", help="What for: s3:GetObject.", show_default=False)
    ] = None,
    need: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Instead of --action, what it takes as a whole: read-object, or an action with what it depends on.",
            show_default=False,
        ),
    ] = None,
    on: Annotated[
        list[str],
        typer.Option("--on", metavar="NAME=ARN", help="What else a need works on: role=ARN.", show_default=False),
    ] = [],  # noqa: B006 - read by typer, never changed
    context: options.Context = [],  # noqa: B006
    absent: options.Absent = [],  # noqa: B006
    session_policy: options.SessionPolicies = [],  # noqa: B006
    unknown_context: options.UnknownKeys = MissingContextMode.UNKNOWN,
    resource_account: Annotated[
        str | None,
        typer.Option(metavar="ID", help="The account that owns the resource, where the ARN does not tell."),
    ] = None,
    without: Annotated[
        list[PolicyType], typer.Option(metavar="LAYER", help="Leave a layer out of the evaluation; may be repeated.")
    ] = [],  # noqa: B006
    changes: Annotated[
        bool,
        typer.Option("--changes", help="Also tell which statements, removed or added, would turn the answer around."),
    ] = False,
    expect: Annotated[
        EvalDecision | None,
        typer.Option(
            parser=_verdict,
            metavar="DECISION",
            help="End with status 1 unless this is the answer: allowed, explicitDeny, implicitDeny or conditional.",
            show_default=False,
        ),
    ] = None,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict",
            help="With --expect: exit with status 1 also if an assumption could change the decision.",
        ),
    ] = False,
    output_format: options.OutputFormat = options.Format.TEXT,
) -> None:
    """Answer one question: may X do Y on Z?"""
    if strict and expect is None:
        raise typer.BadParameter("it requires --expect DECISION", param_hint="--strict")
    if (action is None) == (need is None):
        raise typer.BadParameter("give one of --action and --need", param_hint="--action")
    if need is None and on:
        raise typer.BadParameter("only a --need works on more than its resource", param_hint="--on")
    if need is not None and changes:
        raise typer.BadParameter("ask a part by itself for its changes", param_hint="--changes")
    request = Request(
        principal=principal,
        action=action or need or "",
        resource=resource,
        context=options.read_context(context, absent),
        resource_account=resource_account,
        session_policies=options.read_session_policies(session_policy),
        unknown_context=unknown_context,
        without=frozenset(without),
    )
    with executor.open_to_evaluate(snapshot) as opened:
        is_json = output_format is options.Format.JSON
        answer: EvaluationResult | UseCaseResult
        if need is None:
            answer = _answer(opened, request, str(snapshot), changes=changes, is_json=is_json)
        else:
            answer = _answer_need(opened, UseCaseRequest(request, _read_inputs(on)), str(snapshot), is_json=is_json)
        if expect is not None and answer.decision is not expect:
            echo_err(f"expected {expect.value}, but the answer is {answer.decision.value}")
            raise typer.Exit(1)
        if strict and answer.open_assumptions:
            codes = ", ".join(dict.fromkeys(one.code for one in answer.open_assumptions))
            echo_err(f"the decision is {answer.decision.value}, but an assumption could change it: {codes}")
            raise typer.Exit(1)


def _answer(
    opened: RequestSession, request: Request, snapshot: str, *, changes: bool, is_json: bool
) -> EvaluationResult:
    decision = opened.ask(request)
    found = opened.changes(request) if changes else None
    also = opened.dependent_actions(request.action)
    if is_json:
        say_json(to_evaluation_result(decision, found, also))
        return decision
    say_text(answer_text(decision, snapshot, found))
    if also is not None:
        echo()
        for line in also_needed_lines(also, request, snapshot):
            echo(line)
    return decision


def _answer_need(opened: RequestSession, question: UseCaseRequest, snapshot: str, *, is_json: bool) -> UseCaseResult:
    answer = opened.evaluate_use_case(question)
    if is_json:
        result: dict[str, Any] = to_need_result(answer)
        say_json(result)
    else:
        say_text(need_text(answer, snapshot))
    return answer


def _read_inputs(pairs: Sequence[str]) -> dict[str, str]:
    inputs: dict[str, str] = {}
    for pair in pairs:
        name, equals, arn = pair.partition("=")
        if not name.strip() or not equals or not arn.strip():
            raise typer.BadParameter(f"expected NAME=ARN, got {pair!r}", param_hint="--on")
        inputs[name.strip()] = arn.lstrip()
    return inputs
