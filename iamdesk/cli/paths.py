"""``iamdesk paths``: what principals can become, step by step, and what would stop them."""

from collections.abc import Iterable, Iterator
from typing import Annotated, Any

import typer

from iamdesk.api import OrganizationSession, SnapshotSession, Workbench
from iamdesk.attack_paths.types import AttackPath, AttackPaths, PrincipalExposure, Remediation
from iamdesk.cli import executor as work
from iamdesk.cli import options
from iamdesk.cli.output import echo, echo_err, say_json
from iamdesk.export.attack_paths import to_cut, to_reached, to_refusal, to_way
from iamdesk.i18n import join_names
from iamdesk.memory import collector_seldom

_MOST_TOLD = 5
_CARRIERS_TOLD = 3


def paths(
    snapshot: options.SnapshotPath,
    start: Annotated[
        str | None,
        typer.Option("--from", metavar="ARN", help="Only this user or role, with every way.", show_default=False),
    ] = None,
    goal: Annotated[
        str,
        typer.Option(
            "--to", metavar="admin|ARN", help="Where to: admin, an account's administration by its id, or a principal."
        ),
    ] = "admin",
    output_format: options.OutputFormat = options.Format.TEXT,
) -> None:
    """List the ways in which principals make more of themselves than they were given.

    Every user and role that is not there yet, with a shortest way; with --from every way of one, what would stop it,
    and what is stopped already. A way is proven, or possible: then it needs a fact that the snapshot does not hold.
    """
    as_json = output_format is options.Format.JSON
    if start is None:
        with work.open_to_go_over(snapshot) as opened:
            if isinstance(opened, OrganizationSession):
                _tell_everybody(opened.checks.ways(goal), opened.checks.version, as_json)
            else:
                with collector_seldom(), work.executor(opened, helped=True) as executor:
                    ways = tuple(opened.shortest_paths(goal, executor=executor))
                _tell_everybody(ways, opened.reach().version, as_json)
    else:
        _tell_one(_reach(Workbench().open_snapshot(snapshot)), start, goal, as_json)


def _reach(opened: SnapshotSession) -> AttackPaths:
    with work.executor(opened, helped=True) as executor:
        return opened.reach(executor=executor)


def _tell_everybody(ways: Iterable[tuple[PrincipalExposure, AttackPath | None]], version: str, as_json: bool) -> None:
    found = [(reached, way) for reached, way in ways if way is not None]
    if as_json:
        say_json({"PathsVersion": version, "Principals": [to_reached(reached, way) for reached, way in found]})
        return
    moving = [(reached, way) for reached, way in found if way.steps]
    for _, way in sorted(moving, key=lambda one: (one[1].state.value == "possible", len(one[1].steps))):
        for line in _way_lines(way):
            echo(line)
    proven = sum(way.state.value == "proven" for _, way in moving)
    echo_err(
        f"{len(found) - len(moving):,} are there already, {proven:,} get there, {len(moving) - proven:,} may get there "
        "if a fact is so"
    )


def _tell_one(reach: AttackPaths, start: str, goal: str, as_json: bool) -> None:
    reached = reach.reached(start)
    ways = list(reach.ways(start, goal))
    cuts, refusals = reach.cuts(start, goal), list(reach.refusals(start))
    if as_json:
        told: dict[str, Any] = {
            **to_reached(reached, None),
            "Ways": [to_way(way, with_proof=True) for way in ways],
            "Cuts": [to_cut(cut) for cut in cuts],
            "Refused": [to_refusal(refusal) for refusal in refusals],
        }
        told.pop("Way")
        say_json({"PathsVersion": reach.version, **told})
        return
    for line in _sum_lines(reached):
        echo(line)
    for way in ways:
        echo()
        for line in _way_lines(way, with_proof=True):
            echo(line)
    if cuts:
        echo()
        echo("To stop it:")
    for cut in cuts:
        echo(f"  {cut.what} Ends {cut.stops:,} of these {len(ways):,} attack paths; {_touched(cut.carriers)}.")
        echo(f"    {_left(cut)}")
    if refusals:
        echo()
        echo("Stopped already:")
    for refusal in refusals:
        echo(f"  {refusal.path_id}  {refusal.by}")
    echo_err("1 way" if len(ways) == 1 else f"{len(ways):,} ways")


def _left(cut: Remediation) -> str:
    """Return the attack paths that remain when one change is made alone."""
    if not cut.remaining:
        return "With this change alone, no attack path remains."
    named = [
        f"{way.steps[0].path_id} on {way.steps[0].target.rpartition('/')[2]}" for way in cut.remaining if way.steps
    ]
    first = join_names(named, _MOST_TOLD, last=",")
    return f"With this change alone, these remain, listed by their first step: {first}."


def _touched(carriers: tuple[str, ...]) -> str:
    if not carriers:
        return "it touches nobody else"
    named = ", ".join(arn.rpartition("/")[2] for arn in carriers[:_CARRIERS_TOLD])
    more = len(carriers) - _CARRIERS_TOLD
    return f"it touches {named} and {more:,} more, too" if more > 0 else f"it touches {named}, too"


def _sum_lines(reached: PrincipalExposure) -> Iterator[str]:
    yield reached.principal
    if reached.is_administrator:
        yield "  is an administrator"
    elif reached.to_administration is not None:
        yield f"  gets to administration in {_steps(reached.to_administration)}"
    elif reached.maybe_to_administration is not None:
        yield f"  may get to administration in {_steps(reached.maybe_to_administration)}, if a fact is so"
    else:
        yield "  does not get to administration"
    yield f"  becomes {reached.principals:,} other principals, perhaps {reached.maybe_principals:,} more"
    if reached.accounts:
        yield f"  gets into account {', '.join(reached.accounts[:_MOST_TOLD])}"
    if reached.data:
        yield f"  gets to read {', '.join(reached.data)}"


def _way_lines(way: AttackPath, *, with_proof: bool = False) -> Iterator[str]:
    yield f"{way.state.value:<9} {_steps(len(way.steps)):<8} {way.start} to {way.goal.name}"
    for step in way.steps:
        yield f"  {step.path_id:<12} by {step.how}: {step.target}"
        for fact in step.needs:
            yield f"  {'':<12} needs {fact}"
        if with_proof:
            for proof in step.proof:
                by = ", ".join(line.name for line in proof.decision.matched_statements)
                yield f"  {'':<12} {proof.decision.decision.value}: {proof.says}{f', by {by}' if by else ''}"


def _steps(count: int) -> str:
    return "1 step" if count == 1 else f"{count:,} steps"
