"""``iamdesk review decide|approve|fill``: decisions, one by one or from a filled sheet."""

import getpass
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from iamdesk.api import Workbench
from iamdesk.cli import options
from iamdesk.cli.errors import fail
from iamdesk.cli.output import counted, echo, echo_err
from iamdesk.escaping import visible
from iamdesk.export.evidence.checkpoint import is_checkpoint_due, sign_checkpoint
from iamdesk.export.evidence.import_sheet import fill_in
from iamdesk.export.files.atomic_write import ExportError
from iamdesk.export.text.review import (
    widening_words,
)
from iamdesk.export.text.review_effect import (
    also_widens_words,
    is_guardrail,
    relying_words,
    widened_words,
)
from iamdesk.review.decisions import ItemDecision, ReviewDecision, Reviewer, may_be_same_person, same_person
from iamdesk.review.items import ReviewItem
from iamdesk.review.joint_effect import relying
from iamdesk.review.session import ReviewSession

_Reviewer = Annotated[str, typer.Option("--reviewer", metavar="NAME", help="Name of the reviewer.", show_default=False)]
_MyArns = Annotated[
    list[str],
    typer.Option(
        "--my-arn",
        metavar="ARN",
        help="The reviewer's own principal, which they cannot review. Repeatable.",
        show_default=False,
    ),
]
_CheckpointKey = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="SSH private key that signs a checkpoint of the review afterwards.",
        envvar="IAMDESK_CHECKPOINT_KEY",
        show_default=False,
    ),
]
_CheckpointEvery = Annotated[
    int,
    typer.Option(
        metavar="N",
        help="Sign one only after so many decisions and approvals.",
        envvar="IAMDESK_CHECKPOINT_EVERY",
        min=1,
    ),
]
_CheckpointFolder = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        help="Where checkpoints are written, best where the preparer cannot write later. Default: beside the review.",
        envvar="IAMDESK_CHECKPOINT_FOLDER",
        exists=True,
        file_okay=False,
        show_default=False,
    ),
]


def decide(
    review: options.ReviewPath,
    decision: Annotated[
        ReviewDecision,
        typer.Option(
            help="Decision. keep, revoke and modify apply to entitlements, fix and false_positive to findings. except "
            "records an exception on an entitlement, or accepts the risk of a finding."
        ),
    ],
    reviewer: _Reviewer,
    entitlement: Annotated[
        list[str], typer.Option("--entitlement", metavar="ID", help="Entitlement to decide on. Repeatable.")
    ] = [],  # noqa: B006 - typer makes a new one
    finding: Annotated[
        list[str], typer.Option("--finding", metavar="ID", help="Finding to decide on. Repeatable.")
    ] = [],  # noqa: B006 - typer makes a new one
    reason: Annotated[
        str,
        typer.Option(
            metavar="TEXT",
            help="Reason. Required for exceptions, false positives, and one decision on several items.",
        ),
    ] = "",
    owner: Annotated[str, typer.Option(metavar="NAME", help="Owner of the exception.")] = "",
    compensating_control: Annotated[
        str, typer.Option(metavar="TEXT", help="What limits the risk until the last day of the exception.")
    ] = "",
    until: Annotated[
        datetime | None,
        typer.Option(metavar="YYYY-MM-DD", formats=["%Y-%m-%d"], help="Last day of the exception."),
    ] = None,
    my_arns: _MyArns = [],  # noqa: B006 - typer makes a new one
    checkpoint_key: _CheckpointKey = None,
    checkpoint_every: _CheckpointEvery = 1,
    checkpoint_folder: _CheckpointFolder = None,
) -> None:
    """Decide on entitlements and findings.

    If one decision is not possible, none is saved. Revoking a guardrail is saved with a warning: it widens access.
    """
    if not entitlement and not finding:
        raise typer.BadParameter("give at least one item to decide on", param_hint="--entitlement or --finding")
    wanted = ItemDecision(decision, reason, owner, until.date() if until else None, compensating=compensating_control)
    wanted.check_last_day(datetime.now(UTC).date())
    session = Workbench.open_review(review)
    try:
        entries = session.entries
        change = session.record(dict.fromkeys((*entitlement, *finding), wanted), _reviewer(session, reviewer, my_arns))
        if decision is ReviewDecision.REVOKE:
            _warn_of_revokes(session, [one for one in session.lines if one.line_id in entitlement])
        _warn_of_own(session, entries)
    finally:
        session.close()
    echo_err(f"{counted(len(change.entries), 'decision')} saved")
    _checkpoint(review, reviewer, checkpoint_key, checkpoint_every, checkpoint_folder)


def _warn_of_own(session: ReviewSession, since: int) -> None:
    """Warn if what was saved is on principals of a person of the reviewer's name, by the list of people.

    ``since`` is the number of entries of the journal before.
    """
    for one in session.own_access(since).same_names:
        echo_err(
            f"warning: {visible(one.reviewer)} decided or approved {counted(one.items, 'item')} of "
            f"{visible(', '.join(one.principals))}: according to the list of people, a person with the same or a "
            "similar name. The evidence says so; let another person decide"
        )


def _revoked(session: ReviewSession) -> frozenset[str]:
    choices = ((one.line_id, session.decision(one.line_id).choice) for one in session.lines)
    return frozenset(line_id for line_id, choice in choices if choice is ReviewDecision.REVOKE)


def _warn_of_revokes(session: ReviewSession, revoked: Sequence[ReviewItem]) -> None:
    """Warn if what is revoked now widens access, or relies on what else is revoked."""
    guardrails = [one for one in revoked if is_guardrail(one)]
    if guardrails:
        widened = widened_words(guardrails[0]) if len(guardrails) == 1 else ""
        echo_err(f"warning: {widened or widening_words(guardrails)}")
    elif words := also_widens_words(revoked):
        echo_err(f"warning: {visible(words)}")
    if words := _relying(session, revoked):
        echo_err(f"warning: {visible(words)}")


def _relying(session: ReviewSession, now: Iterable[ReviewItem]) -> str:
    """Return the warning if entitlements that are revoked now rely on others that are revoked; empty if none does."""
    ids = {one.line_id for one in now}
    known = _revoked(session)
    revoked = [one for one in session.lines if one.line_id in known]
    return relying_words(pair for pair in relying(revoked, session.lines) if ids & {pair[0].line_id, pair[1].line_id})


def approve(
    review: options.ReviewPath,
    reviewer: _Reviewer,
    entitlement: Annotated[
        list[str],
        typer.Option("--entitlement", metavar="ID", help="Entitlement whose decision is approved. Repeatable."),
    ] = [],  # noqa: B006 - typer makes a new one
    finding: Annotated[
        list[str], typer.Option("--finding", metavar="ID", help="Finding whose decision is approved. Repeatable.")
    ] = [],  # noqa: B006 - typer makes a new one
    reason: Annotated[
        str, typer.Option(metavar="TEXT", help="Your own remark on the approval.", show_default=False)
    ] = "",
    other_person: Annotated[
        bool,
        typer.Option("--other-person", help="Confirm that a decider with a similar name is another person than you."),
    ] = False,
    my_arns: _MyArns = [],  # noqa: B006 - typer makes a new one
    checkpoint_key: _CheckpointKey = None,
    checkpoint_every: _CheckpointEvery = 1,
    checkpoint_folder: _CheckpointFolder = None,
) -> None:
    """Approve decisions of other reviewers (second approval).

    Without --entitlement and --finding, approves all decisions of others that have no second approval. A second
    approval is never replaced: if one of the given decisions has another person's, nothing is saved.
    """
    session = Workbench.open_review(review)
    try:
        who = _reviewer(session, reviewer, my_arns)
        entries = session.entries
        items = (*entitlement, *finding) or tuple(_to_approve(session, who))
        deciders = {one.reviewer for item in items if (one := session.decided(item)) is not None}
        alike = sorted(one for one in deciders if may_be_same_person(one, reviewer))
        if alike and not other_person:
            fail(
                f"{visible(reviewer)} and {visible(alike[0])}, who decided, may be one person: if they are two, add "
                "--other-person. Nothing is saved"
            )
        change = session.second(items, who, reason)
        _warn_of_own(session, entries)
    finally:
        session.close()
    echo_err(f"{reviewer} approved {counted(len(change.entries), 'decision')}")
    _checkpoint(review, reviewer, checkpoint_key, checkpoint_every, checkpoint_folder)


def _checkpoint(review: Path, name: str, key: Path | None, every: int, folder: Path | None) -> None:
    """Sign a checkpoint if one is due."""
    if key is None or not is_checkpoint_due(review, every, folder):
        return
    try:
        echo(str(sign_checkpoint(review, name, key=key, folder=folder)[0]))
    except ExportError as error:
        fail(f"the decisions are saved, but no checkpoint is signed: {error}")


def _to_approve(session: ReviewSession, who: Reviewer) -> Iterator[str]:
    """Yield the decisions of others without a second approval, on access and exceptions that are not the reviewer's."""
    for states in (session.file.item_states, session.file.finding_states):
        for subject_id in states.known:
            decided, decision = session.decided(subject_id), session.decision(subject_id)
            if decided is None or decision.second or session.is_own(subject_id, who):
                continue
            if not any(same_person(who.name, one) for one in (decided.reviewer, decision.owner)):
                yield subject_id


def fill(
    review: options.ReviewPath,
    sheet: Annotated[
        Path,
        typer.Argument(
            metavar="SHEET",
            help="review.xlsx, 03_entitlements.csv or 04_findings.csv of an evidence package, filled in.",
            show_default=False,
        ),
    ],
    reviewer: _Reviewer,
    my_arns: _MyArns = [],  # noqa: B006 - typer makes a new one
    checkpoint_key: _CheckpointKey = None,
    checkpoint_every: _CheckpointEvery = 1,
    checkpoint_folder: _CheckpointFolder = None,
) -> None:
    """Import the decisions of a filled sheet.

    An empty cell changes nothing; `reset` clears a decision. Rows whose other cells were edited are refused. Rows whose
    item was decided by others after the sheet was exported are conflicts: nothing is overwritten. Both are listed, with
    status 1; all other rows are saved.
    """
    session = Workbench.open_review(review)
    try:
        before, entries = _revoked(session), session.entries
        saved, refused = fill_in(session, sheet, _reviewer(session, reviewer, my_arns))
        new = _revoked(session) - before
        _warn_of_revokes(session, [one for one in session.lines if one.line_id in new])
        _warn_of_own(session, entries)
    finally:
        session.close()
    for one in refused:
        word = "conflict" if one.is_conflict else "refused "
        echo(f"{word} {one.sheet} row {one.row}  {one.subject_id}  {one.why}")
    conflicts = sum(one.is_conflict for one in refused)
    rest = len(refused) - conflicts
    echo_err(
        f"{counted(saved, 'row')} saved, {rest:,} refused, {counted(conflicts, 'conflict')}: "
        "their current decisions were kept"
        if conflicts
        else f"{counted(saved, 'row')} saved, {rest:,} refused"
    )
    _checkpoint(review, reviewer, checkpoint_key, checkpoint_every, checkpoint_folder)
    if refused:
        raise typer.Exit(1)


def _reviewer(session: ReviewSession, name: str, my_arns: list[str]) -> Reviewer:
    if my_arns:
        session.own.check(my_arns)
    return Reviewer(name, getpass.getuser(), frozenset(my_arns))


COMMANDS = (("decide", decide), ("approve", approve), ("fill", fill))
