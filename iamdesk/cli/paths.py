"""``iamdesk paths``: list attack paths with their steps, and remediations."""

from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from enum import StrEnum
from typing import Annotated, Any

import typer

from iamdesk.api import OrganizationSession, SnapshotSession, Workbench
from iamdesk.attack_paths.types import (
    AttackPath,
    AttackPaths,
    Extent,
    Plan,
    PrincipalExposure,
    Remediation,
    not_searched,
)
from iamdesk.cli import executor as work
from iamdesk.cli import options
from iamdesk.cli.output import counted, echo, echo_bytes, echo_err, echo_json
from iamdesk.export.attack_graph import extension, opengraph
from iamdesk.export.attack_paths import to_attack_path, to_plan, to_reached, to_refusal, to_remediation
from iamdesk.i18n import join_names
from iamdesk.memory import collector_seldom


class PathsFormat(StrEnum):
    """Output format."""

    TEXT = "text"
    JSON = "json"
    OPENGRAPH = "opengraph"
    OPENGRAPH_EXTENSION = "opengraph-extension"


_OF_GRAPH = (PathsFormat.OPENGRAPH, PathsFormat.OPENGRAPH_EXTENSION)
NOT_SEARCHED = 3
"""Exit status: the answer is not whole."""
_MAX_NAMES = 5
_MAX_PRINCIPALS = 3


def paths(
    snapshot: options.SnapshotPath,
    start: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="ARN", help="User or role to start from; lists all its attack paths.", show_default=False
        ),
    ] = None,
    goal: Annotated[
        str,
        typer.Option(
            "--to",
            metavar="admin|ID|ARN",
            help="Target: an administrator of any account (admin), of one account (its ID), or a principal.",
        ),
    ] = "admin",
    plan: Annotated[
        bool,
        typer.Option(
            "--plan",
            help="List a small set of changes that together end all attack paths to administrator.",
            show_default=False,
        ),
    ] = False,
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit",
            metavar="N",
            min=0,
            help="Search paths after changing one's own permissions, groups or tags in copies of the snapshot with at "
            "most N users and roles together. [default: 3000, in 12 copies; with --from: no limit]",
            show_default=False,
        ),
    ] = None,
    output_format: Annotated[
        PathsFormat,
        typer.Option(
            "--format",
            help="Output format. The whole graph: opengraph (BloodHound); opengraph-extension is the definition that "
            "BloodHound needs to find paths in it.",
        ),
    ] = PathsFormat.TEXT,
) -> None:
    """List attack paths: privilege escalation, step by step.

    Lists each user and role that can reach the target, with a shortest path. With --from: all paths of one principal,
    remediations, and steps that are blocked already. A path is proven, or possible if it depends on something that the
    snapshot does not contain. Exit status 3: some paths were not searched; standard error says which.
    """
    as_json = output_format is PathsFormat.JSON
    if output_format in _OF_GRAPH and (plan or start is not None):
        raise typer.BadParameter("opengraph contains the whole graph: leave out --from and --plan")
    if plan and start is not None:
        raise typer.BadParameter("--plan is for all principals: leave out --from")
    if limit is not None and start is not None:
        raise typer.BadParameter("--from searches without a limit: leave out --limit")
    left_out: int | None = 0
    if output_format is PathsFormat.OPENGRAPH_EXTENSION:
        echo_json(extension())
    elif output_format in _OF_GRAPH:
        graph = _attack_paths(Workbench().open_snapshot(snapshot), Extent(principals=limit))
        left_out = graph.preparations_left_out
        for text in opengraph(graph.graph_nodes(), graph.graph_edges()):
            echo_bytes(text.encode())
    elif plan:
        graph = _attack_paths(Workbench().open_snapshot(snapshot), Extent(principals=limit))
        left_out = graph.preparations_left_out
        _print_plan(graph.plan(), as_json)
    elif start is None:
        # What is evaluated account by account is not searched in copies: a limit asks for the whole.
        opening = work.open_to_go_over(snapshot) if limit is None else nullcontext(Workbench().open_snapshot(snapshot))
        with opening as opened:
            if isinstance(opened, OrganizationSession):
                left_out = None
                _print_all(opened.checks.attack_paths(goal), opened.checks.version, left_out, as_json)
            else:
                work.keep_to_the_end(opened)
                extent = Extent(principals=limit)
                with collector_seldom(), work.executor(opened, helped=True) as executor:
                    attack_paths = tuple(opened.shortest_paths(goal, executor=executor, extent=extent))
                    if executor is not None:
                        executor.shutdown(wait=False)  # the workers end while this process prints
                    left_out = opened.reach(extent=extent).preparations_left_out
                    _print_all(attack_paths, opened.reach(extent=extent).version, left_out, as_json)
    else:
        graph = _attack_paths(Workbench().open_snapshot(snapshot), Extent(start.strip()))
        left_out = graph.preparations_left_out
        _print_one(graph, start, goal, as_json)
    if left_out != 0:
        echo_err(f"not searched: {not_searched(left_out)}")
        if start is None:
            echo_err("--from ARN searches all paths of one principal; --limit N searches more of all")
        raise typer.Exit(NOT_SEARCHED)


def _print_plan(plan: Plan, as_json: bool) -> None:
    if as_json:
        echo_json(to_plan(plan))
        return
    for number, change in enumerate(plan.changes, start=1):
        echo(f"{number}. {change.what}")
        ended = len(change.ends)
        principals = "1 principal" if ended == 1 else f"{ended:,} principals"
        kind, among = "", ""
        if len(change.proven) == ended:
            kind = "proven "
        elif not change.proven:
            kind = "possible "
        else:
            among = f" ({len(change.proven):,} proven)"
        echo(f"   Ends {kind}attack paths of {principals}{among}: {_named(change.ends)}; {_affected(change.affects)}.")
    if plan.principals == 0:
        echo("No principal has an attack path to administrator.")
        return
    left = len(plan.remaining)
    echo_err(
        f"principals with an attack path to administrator: {plan.principals:,}; changes: {len(plan.changes):,}; "
        f"with an attack path after all changes: {left:,}{f' ({_named(plan.remaining)})' if left else ''}. "
        "The changes were chosen one by one and tried on a copy; a smaller set is not ruled out."
    )


def _named(principals: tuple[str, ...]) -> str:
    return join_names([arn.rpartition("/")[2] for arn in principals], _MAX_NAMES)


def _attack_paths(opened: SnapshotSession, extent: Extent) -> AttackPaths:
    with work.executor(opened, helped=True) as executor:
        return opened.reach(executor=executor, extent=extent)


def _print_all(
    paths: Iterable[tuple[PrincipalExposure, AttackPath | None]], version: str, left_out: int | None, as_json: bool
) -> None:
    found = [(exposure, path) for exposure, path in paths if path is not None]
    if as_json:
        principals = [to_reached(exposure, path) for exposure, path in found]
        echo_json({"PathsVersion": version, "NotSearched": not_searched(left_out) or None, "Principals": principals})
        return
    with_steps = [path for _, path in found if path.steps]
    for path in sorted(with_steps, key=lambda one: (one.state.value == "possible", len(one.steps))):
        for line in _path_lines(path):
            echo(line)
    proven = sum(path.state.value == "proven" for path in with_steps)
    echo_err(
        f"principals at the target already: {len(found) - len(with_steps):,}; with a proven attack path: {proven:,}; "
        f"with a possible one: {len(with_steps) - proven:,}"
    )


def _print_one(graph: AttackPaths, start: str, goal: str, as_json: bool) -> None:
    exposure = graph.reached(start)
    found = list(graph.attack_paths(start, goal))
    remediations, blocked = graph.remediations(start, goal), list(graph.refusals(start))
    if as_json:
        result: dict[str, Any] = {
            **to_reached(exposure, None),
            "Ways": [to_attack_path(path, with_proof=True) for path in found],
            "NotSearched": not_searched(graph.preparations_left_out) or None,
            "WaysLeftOut": max(0, graph.count_attack_paths(start, goal) - len(found)),
            "Cuts": [to_remediation(one) for one in remediations],
            "Refused": [to_refusal(step) for step in blocked],
        }
        result.pop("Way")
        echo_json({"PathsVersion": graph.version, **result})
        return
    for line in _exposure_lines(exposure, is_whole=graph.preparations_left_out == 0):
        echo(line)
    for path in found:
        echo()
        for line in _path_lines(path, with_proof=True):
            echo(line)
    if remediations:
        echo()
        echo("Remediations:")
    for one in remediations:
        echo(f"  {one.what} Ends {one.stops:,} of these {len(found):,} attack paths; {_affected(one.carriers)}.")
        echo(f"    {_remaining(one)}")
    if blocked:
        echo()
        echo("Blocked already:")
    for step in blocked:
        echo(f"  {step.path_id}  {step.by}")
    left_out = graph.count_attack_paths(start, goal) - len(found)
    more = f"; {left_out:,} more are not listed" if left_out > 0 else ""
    echo_err(("1 attack path" if len(found) == 1 else f"{len(found):,} attack paths") + more)


def _remaining(remediation: Remediation) -> str:
    """Return a sentence with the attack paths that remain if this change alone is made."""
    if not remediation.remaining:
        return "With this change alone, no attack path remains."
    named = [
        f"{path.steps[0].path_id} on {path.steps[0].target.rpartition('/')[2]}"
        for path in remediation.remaining
        if path.steps
    ]
    first = join_names(named, _MAX_NAMES, last=",")
    return f"With this change alone, these remain, listed by their first step: {first}."


def _affected(principals: tuple[str, ...]) -> str:
    if not principals:
        return "no other principal is affected"
    named = join_names([arn.rpartition("/")[2] for arn in principals], _MAX_PRINCIPALS, last=",")
    return f"also affects {named}"


def _exposure_lines(exposure: PrincipalExposure, *, is_whole: bool) -> Iterator[str]:
    yield exposure.principal
    if exposure.is_administrator:
        yield "  is an administrator"
    elif exposure.to_administration is not None:
        yield f"  reaches administrator in {_steps(exposure.to_administration)}"
    elif exposure.maybe_to_administration is not None:
        yield f"  may reach administrator in {_steps(exposure.maybe_to_administration)} (possible, not proven)"
    else:
        yield "  does not reach administrator" + ("" if is_whole else " by the paths that were searched")
    possibly = f", and possibly {exposure.maybe_principals:,} more" if exposure.maybe_principals else ""
    yield f"  reaches {counted(exposure.principals, 'other principal')}{possibly}"
    if exposure.accounts:
        yield f"  reaches account {join_names(exposure.accounts, _MAX_NAMES, last=',')}"
    if exposure.data:
        yield f"  can read {', '.join(exposure.data)}"


def _path_lines(path: AttackPath, *, with_proof: bool = False) -> Iterator[str]:
    yield f"{path.state.value:<9} {_steps(len(path.steps)):<8} {path.start} to {path.goal.name}"
    for step in path.steps:
        yield f"  {step.path_id:<12} by {step.how}: {step.target}"
        for fact in step.needs:
            yield f"  {'':<12} requires {fact}"
        if with_proof:
            for proof in step.proof:
                by = join_names([statement.name for statement in proof.decision.matched_statements])
                yield f"  {'':<12} {proof.decision.decision.value}: {proof.request_text}{f', by {by}' if by else ''}"


def _steps(count: int) -> str:
    return "1 step" if count == 1 else f"{count:,} steps"
