"""``iamdesk can``: evaluate one request, or with ``--use-case`` all requests of a use case."""

from collections.abc import Sequence
from typing import Annotated

import typer

from iamdesk.api import RequestSession
from iamdesk.cli import executor, options
from iamdesk.cli.output import echo, echo_err, echo_json, echo_text
from iamdesk.evaluate.request import MissingContextMode, PolicyType, Request
from iamdesk.explain.decision import EvalDecision, EvaluationResult
from iamdesk.export.decision.evaluation_result import to_evaluation_result
from iamdesk.export.decision.text_file import result_text
from iamdesk.export.decision.use_case import dependent_action_lines, to_use_case_result, use_case_text
from iamdesk.use_cases.types import UseCaseRequest, UseCaseResult


def _parse_decision(word: str | EvalDecision) -> EvalDecision:
    """Return the decision with a name, compared without case."""
    found = next((one for one in EvalDecision if one.value.lower() == word.lower()), None)
    if found is None:
        raise typer.BadParameter(f"{word!r} is not one of {', '.join(one.value for one in EvalDecision)}")
    return found


def can(
    snapshot: options.SnapshotPath,
    principal: options.Principal,
    resource: options.Resource,
    action: Annotated[
        str | None, typer.Option(metavar="ACTION", help="Action, for example s3:GetObject.", show_default=False)
    ] = None,
    use_case: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Evaluate a use case instead of one action: its name (read-object), or an action, which is evaluated "
            "with its dependent actions.",
            show_default=False,
        ),
    ] = None,
    on: Annotated[
        list[str],
        typer.Option(
            "--on",
            metavar="NAME=ARN",
            help="Another resource that the use case needs, for example role=ARN. Repeatable.",
            show_default=False,
        ),
    ] = [],  # noqa: B006 - read by typer, never changed
    context: options.Context = [],  # noqa: B006
    absent: options.Absent = [],  # noqa: B006
    session_policy: options.SessionPolicies = [],  # noqa: B006
    unknown_context: options.UnknownKeys = MissingContextMode.UNKNOWN,
    unknown_action: options.UnknownAction = False,
    resource_account: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Account that owns the resource, if the ARN does not contain it."),
    ] = None,
    without: Annotated[
        list[PolicyType],
        typer.Option(metavar="POLICY_TYPE", help=f"Ignore a policy type. Repeatable. One of: {', '.join(PolicyType)}."),
    ] = [],  # noqa: B006
    changes: Annotated[
        bool,
        typer.Option("--changes", help="Also list the smallest policy changes that would flip the decision."),
    ] = False,
    expect: Annotated[
        EvalDecision | None,
        typer.Option(
            parser=_parse_decision,
            metavar="DECISION",
            help="Exit with status 1 unless this is the decision: allowed, explicitDeny, implicitDeny or conditional.",
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
    """Evaluate whether a principal may perform an action."""
    if strict and expect is None:
        raise typer.BadParameter("it requires --expect DECISION", param_hint="--strict")
    if (action is None) == (use_case is None):
        raise typer.BadParameter("give either --action or --use-case", param_hint="--action")
    if use_case is None and on:
        raise typer.BadParameter("it requires --use-case", param_hint="--on")
    if use_case is not None and changes:
        raise typer.BadParameter("it requires --action: evaluate one action of the use case", param_hint="--changes")
    request = Request(
        principal=principal,
        action=action or use_case or "",
        resource=resource,
        context=options.read_context(context, absent),
        resource_account=resource_account,
        session_policies=options.read_session_policies(session_policy),
        unknown_context=unknown_context,
        without=frozenset(without),
        unknown_action=unknown_action,
    )
    with executor.open_to_evaluate(snapshot) as opened:
        is_json = output_format is options.Format.JSON
        result: EvaluationResult | UseCaseResult
        if use_case is None:
            result = _evaluate(opened, request, str(snapshot), changes=changes, is_json=is_json)
        else:
            use_case_request = UseCaseRequest(request, _read_inputs(on))
            result = _evaluate_use_case(opened, use_case_request, str(snapshot), is_json=is_json)
        if expect is not None and result.decision is not expect:
            echo_err(f"expected {expect.value}, but the decision is {result.decision.value}")
            raise typer.Exit(1)
        if strict and result.open_assumptions:
            codes = ", ".join(dict.fromkeys(one.code for one in result.open_assumptions))
            echo_err(f"the decision is {result.decision.value}, but an assumption could change it: {codes}")
            raise typer.Exit(1)


def _evaluate(
    opened: RequestSession, request: Request, snapshot: str, *, changes: bool, is_json: bool
) -> EvaluationResult:
    decision = opened.ask(request)
    request = decision.request
    smallest = opened.changes(request) if changes else None
    dependent = opened.dependent_actions(request.action)
    if is_json:
        echo_json(to_evaluation_result(decision, smallest, dependent))
        return decision
    echo_text(result_text(decision, snapshot, smallest))
    if dependent is not None:
        echo()
        for line in dependent_action_lines(dependent, request, snapshot):
            echo(line)
    return decision


def _evaluate_use_case(
    opened: RequestSession, use_case_request: UseCaseRequest, snapshot: str, *, is_json: bool
) -> UseCaseResult:
    result = opened.evaluate_use_case(use_case_request)
    if is_json:
        echo_json(to_use_case_result(result))
    else:
        echo_text(use_case_text(result, snapshot))
    return result


def _read_inputs(pairs: Sequence[str]) -> dict[str, str]:
    inputs: dict[str, str] = {}
    for pair in pairs:
        name, equals, arn = pair.partition("=")
        if not name.strip() or not equals or not arn.strip():
            raise typer.BadParameter(f"expected NAME=ARN, got {pair!r}", param_hint="--on")
        inputs[name.strip()] = arn.lstrip()
    return inputs
