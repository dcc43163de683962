"""``iamdesk review``: a review made, read, filled in, recovered and signed in the terminal."""

import getpass
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from iamdesk.api import Workbench
from iamdesk.cli import executor as work
from iamdesk.cli import options, review_parts
from iamdesk.cli.errors import HOW_TO_RECOVER, fail, report_errors
from iamdesk.cli.output import echo, echo_err, say_json
from iamdesk.errors import Damage, DamagedReviewError
from iamdesk.export.evidence.context import EvidenceContext
from iamdesk.export.evidence.import_sheet import fill_in
from iamdesk.export.evidence.part_signature import sign_part
from iamdesk.export.evidence.review_json import finding_value, line_value
from iamdesk.export.evidence.signing import Role, SignOff, sign
from iamdesk.export.evidence.ssh_signature import public_key
from iamdesk.export.follow_up_text import carried_lines
from iamdesk.export.text.review import (
    ACCEPT_WORD,
    CHOICE_WORDS,
    decision_words,
    entitlement_words,
    finding_decision_words,
    holder_name,
    widening_words,
)
from iamdesk.review.completion import completion
from iamdesk.review.decisions import FINDING_CHOICES, LINE_CHOICES, ItemDecision, ReviewDecision, Reviewer, same_person
from iamdesk.review.items import ONLY_DENIES
from iamdesk.review.schema import SUFFIX
from iamdesk.review.session import ReviewSession

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, no_args_is_help=True)

ReviewPath = Annotated[Path, typer.Argument(metavar="REVIEW", help="A review file.", show_default=False)]
_Reviewer = Annotated[str, typer.Option("--reviewer", metavar="NAME", help="Who decides.", show_default=False)]
_Own = Annotated[
    list[str],
    typer.Option(
        "--is", metavar="ARN", help="A principal that is the reviewer: not decided by them.", show_default=False
    ),
]


class Wanted(StrEnum):
    """Which lines are listed."""

    ALL = "all"
    OPEN = "open"
    DECIDED = "decided"


def new(
    snapshot: options.SnapshotPath,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE.iamreview", help="The review to make.")],
    title: Annotated[str, typer.Option(help="What the review is called; its file's name where none is given.")] = "",
    period_start: Annotated[
        datetime | None, typer.Option(metavar="DAY", formats=["%Y-%m-%d"], help="The first day of the period.")
    ] = None,
    period_end: Annotated[
        datetime | None, typer.Option(metavar="DAY", formats=["%Y-%m-%d"], help="The last day of the period.")
    ] = None,
    standards: Annotated[str, typer.Option(help="Standards and controls that it is for.")] = "",
    leave_out: Annotated[
        list[str],
        typer.Option(
            "--leave-out",
            metavar="WHAT=REASON",
            help="Leave out account:ID, class:CLASS or entitlement:KIND, and say why; several where it is given often.",
            show_default=False,
        ),
    ] = [],  # noqa: B006 - typer makes a new one
    previous: Annotated[
        Path | None,
        typer.Option(metavar="REVIEW", help="Go on from this review: only what changed is asked.", show_default=False),
    ] = None,
    previous_snapshot: Annotated[
        Path | None,
        typer.Option(metavar="SNAPSHOT", help="The snapshot that --previous is of.", show_default=False),
    ] = None,
    previous_pack: Annotated[
        Path | None,
        typer.Option(
            metavar="PACK",
            help="The evidence of --previous, whose manifest the new review names; else the one noted in it.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Make a review of a snapshot: its population, entitlements and findings are frozen.

    With --previous and --previous-snapshot it takes over what was decided where the effect is proved to be the same.
    """
    if (previous is None) != (previous_snapshot is None):
        raise typer.BadParameter("--previous and --previous-snapshot go together", param_hint="--previous")
    if period_start is not None and period_end is not None and period_start > period_end:
        raise typer.BadParameter("the period ends before it begins", param_hint="--period-end")
    if previous_pack is not None and previous is None:
        raise typer.BadParameter("it is the evidence of --previous", param_hint="--previous-pack")
    exclusions = tuple(map(Workbench.exclusion, leave_out))
    opened = Workbench().open_snapshot(snapshot)
    start, end = (f"{one:%Y-%m-%d}" if one is not None else "" for one in (period_start, period_end))
    details = {"period_start": start, "period_end": end, "standards": standards}
    told = {name: text for name, text in details.items() if text}
    if previous is None or previous_snapshot is None:
        with work.executor(opened, helped=True) as executor:
            opened.create_review(output, title or output.stem, told, exclusions=exclusions, executor=executor)
    else:
        old = Workbench().open_snapshot(previous_snapshot)
        with work.executor(opened, helped=True) as executor:
            carried = opened.create_next_review(
                output,
                title or output.stem,
                previous,
                old,
                told,
                pack=previous_pack,
                exclusions=exclusions,
                executor=executor,
            )
        for line in carried_lines(carried):
            echo(line)
    with_lines = Workbench.open_review(output, writable=False)
    echo_err(f"{len(with_lines.lines):,} lines are in {output}")
    with_lines.close()


def status(review: ReviewPath, output_format: options.OutputFormat = options.Format.TEXT) -> None:
    """Say how far a review is, what keeps it from being complete, and whether its file is sound.

    Status 1 where it is damaged.
    """
    try:
        desk = Workbench.open_review(review, writable=False)
    except DamagedReviewError as error:
        if not error.damages:
            raise
        _tell_damages(error.damages, output_format)
        raise typer.Exit(1) from None
    source = EvidenceContext(desk.file, None, datetime.now(UTC))
    counts = source.counts
    state = completion(desk.file, source.today)
    told = {
        "ReviewId": desk.head.review_id,
        "Title": desk.head.title,
        "Snapshot": {"Name": desk.head.snapshot_name, "Sha256": desk.head.snapshot_sha256},
        "Counts": counts.as_json(),
        "Complete": state.is_complete,
        "Open": state.as_json()["open"],
        "JournalSha256": desk.file.journal_sha256,
        "Damages": [],
    }
    desk.close()
    if output_format is options.Format.JSON:
        say_json(told)
    else:
        echo(f"{desk.head.title} ({desk.head.review_id}), of {desk.head.snapshot_name}")
        echo(f"{counts.decided:,} of {counts.entitlements:,} entitlements decided, {counts.undecided:,} remain")
        for choice in LINE_CHOICES:
            echo(f"  {CHOICE_WORDS[choice]:<15} {counts.by_decision[choice.value]:>8,}")
        waiting = counts.findings_undecided
        echo(f"{counts.findings_decided:,} of {counts.findings:,} findings decided, {waiting:,} remain")
        for choice in FINDING_CHOICES:
            word = ACCEPT_WORD if choice is ReviewDecision.EXCEPT else CHOICE_WORDS[choice]
            echo(f"  {word:<15} {counts.findings_by_decision[choice.value]:>8,}")
        echo("complete" if state.is_complete else f"DRAFT: {'; '.join(one.sentence for one in state.open)}")


def _tell_damages(damages: Sequence[Damage], output_format: options.Format) -> None:
    if output_format is options.Format.JSON:
        say_json({"Damages": [{"Place": one.place, "Sentence": one.sentence} for one in damages]})
    else:
        for one in damages:
            echo(f"DAMAGED  {one.place}: {one.sentence}")
    echo_err(f"the file was changed or damaged; {HOW_TO_RECOVER}")


def lines(
    review: ReviewPath,
    wanted: Annotated[Wanted, typer.Option("--show", help="Which lines.")] = Wanted.ALL,
    output_format: options.OutputFormat = options.Format.TEXT,
) -> None:
    """List the lines of a review with what stands on them."""
    desk = Workbench.open_review(review, writable=False)
    try:
        source = EvidenceContext(desk.file, None, datetime.now(UTC))
        shown = [row for row in source.rows() if wanted is Wanted.ALL or source.is_open(row) is (wanted is Wanted.OPEN)]
    finally:
        desk.close()
    if output_format is options.Format.JSON:
        say_json([line_value(row) for row in shown])
        return
    for row in shown:
        stands = decision_words(row.decision)
        echo(f"{row.line.line_id}  {stands:<12}  {holder_name(row.line)}: {entitlement_words(row.line)}")
    echo_err(f"{len(shown):,} lines")


def findings(
    review: ReviewPath,
    wanted: Annotated[Wanted, typer.Option("--show", help="Which findings.")] = Wanted.ALL,
    output_format: options.OutputFormat = options.Format.TEXT,
) -> None:
    """List the findings of a review with what stands on them."""
    desk = Workbench.open_review(review, writable=False)
    try:
        source = EvidenceContext(desk.file, None, datetime.now(UTC))
        shown = [one for one in source.findings() if wanted is Wanted.ALL or one.is_open is (wanted is Wanted.OPEN)]
    finally:
        desk.close()
    if output_format is options.Format.JSON:
        say_json([finding_value(one) for one in shown])
        return
    for one in shown:
        stands = finding_decision_words(one.decision)
        found = one.finding
        about = found.get("subject_name") or found.get("account_id")  # one sentence may stand on many accounts
        echo(
            f"{one.finding_id}  {stands:<15}  {found['severity']:<8}  {found['check_id']}  {about}: {found['finding']}"
        )
    echo_err(f"{len(shown):,} findings")


def decide(
    review: ReviewPath,
    decision: Annotated[ReviewDecision, typer.Option(help="What is decided: fix and false_positive are of findings.")],
    reviewer: _Reviewer,
    line: Annotated[
        list[str], typer.Option("--line", metavar="ID", help="A line; several where it is given often.")
    ] = [],  # noqa: B006 - typer makes a new one
    finding: Annotated[
        list[str], typer.Option("--finding", metavar="ID", help="A finding; several where it is given often.")
    ] = [],  # noqa: B006 - typer makes a new one
    reason: Annotated[str, typer.Option(help="Why; many, exceptions and false positives need one.")] = "",
    owner: Annotated[str, typer.Option(help="Of an exception: who answers for it.")] = "",
    until: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Of an exception: its last day.")] = None,
    own: _Own = [],  # noqa: B006 - typer makes a new one
) -> None:
    """Decide on lines and findings; all of them, or none.

    Revoking a policy that contains only Deny statements is saved with a warning: it can give more access.
    """
    if not line and not finding:
        raise typer.BadParameter("name what is decided on", param_hint="--line or --finding")
    wanted = ItemDecision(decision, reason, owner, until.date() if until else None)
    desk = Workbench.open_review(review)
    try:
        change = desk.record(dict.fromkeys((*line, *finding), wanted), _reviewer(reviewer, own))
        denying = [one for one in desk.lines if one.evidence.get(ONLY_DENIES) and one.line_id in line]
    finally:
        desk.close()
    if decision is ReviewDecision.REVOKE and denying:
        echo_err(f"warning: {widening_words(denying)}")
    echo_err(f"{_counted(len(change.entries), 'decision')} saved")


def second(
    review: ReviewPath,
    reviewer: _Reviewer,
    line: Annotated[
        list[str],
        typer.Option("--line", metavar="ID", help="A line or a finding; without any, all that others decided."),
    ] = [],  # noqa: B006 - typer makes a new one
    own: _Own = [],  # noqa: B006 - typer makes a new one
) -> None:
    """Stand as second reviewer for what somebody else decided."""
    desk = Workbench.open_review(review)
    try:
        who = _reviewer(reviewer, own)
        change = desk.second(tuple(line) or tuple(_of_others(desk, who)), who)
    finally:
        desk.close()
    echo_err(f"{reviewer} stands for {_counted(len(change.entries), 'decision')}")


def _of_others(desk: ReviewSession, who: Reviewer) -> Iterator[str]:
    for standing in (desk.file.lines_standing, desk.file.findings_standing):
        for subject_id, known in standing.known.items():
            decided = desk.decided(subject_id)
            if decided is None or known.holder_arn in who.holder_arns:
                continue
            if not any(same_person(who.name, one) for one in (decided.reviewer, desk.decision(subject_id).owner)):
                yield subject_id


def fill(
    review: ReviewPath,
    sheet: Annotated[
        Path, typer.Argument(metavar="SHEET", help="review.xlsx, 03_entitlements.csv or 04_findings.csv, filled in.")
    ],
    reviewer: _Reviewer,
    own: _Own = [],  # noqa: B006 - typer makes a new one
) -> None:
    """Import the decisions of a filled sheet, row by row. An empty cell changes nothing; `reset` clears a decision.

    Rows whose other cells were edited are refused. Rows whose item was decided by others after the sheet was exported
    are conflicts: nothing is overwritten. Both are listed, with status 1; all other rows are saved.
    """
    desk = Workbench.open_review(review)
    try:
        saved, refused = fill_in(desk, sheet, _reviewer(reviewer, own))
    finally:
        desk.close()
    for one in refused:
        word = "conflict" if one.is_conflict else "refused "
        echo(f"{word} {one.sheet} row {one.row}  {one.subject_id}  {one.why}")
    conflicts = sum(one.is_conflict for one in refused)
    rest = len(refused) - conflicts
    echo_err(
        f"{_counted(saved, 'decision')} saved, {_counted(rest, 'row')} refused, {_counted(conflicts, 'conflict')}: "
        "their current decisions were kept"
        if conflicts
        else f"{_counted(saved, 'decision')} saved, {_counted(rest, 'row')} refused"
    )
    if refused:
        raise typer.Exit(1)


def log(review: ReviewPath, output_format: options.OutputFormat = options.Format.TEXT) -> None:
    """Print the journal: every decision, undo included, the oldest first."""
    desk = Workbench.open_review(review, writable=False)
    try:
        entries = list(desk.file.journal())
    finally:
        desk.close()
    if output_format is options.Format.JSON:
        say_json([{**one.content, "sha256": one.sha256} for one in entries])
        return
    for one in entries:
        comment = f"  {one.after.comment}" if one.after.comment else ""
        echo(f"{one.number:>6}  {one.moment[:19]}  {one.reviewer}  {one.line_id}  {decision_words(one.after)}{comment}")


def recover(
    review: ReviewPath,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The new review.")],
) -> None:
    """Write what is intact in a damaged review to a new file; the damaged one is left as it is."""
    found = Workbench.recover_review(review, output)
    echo(f"{found.lines:,} lines and {found.entries + found.detached:,} entries of the journal are in {output}")
    for sentence in found.lost:
        echo(sentence)


def sign_pack(
    pack: Annotated[Path, typer.Argument(metavar="PACK", help="The folder of an evidence pack.", show_default=False)],
    name: Annotated[str, typer.Option(help="Who signs.", show_default=False)],
    role: Annotated[Role, typer.Option(help="As what.")] = Role.REVIEWER,
    title: Annotated[str, typer.Option(help="Of the person.")] = "",
    key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="An SSH key; without one it is an unsigned attestation.")
    ] = None,
) -> None:
    """Sign an evidence pack, with an SSH key or by name alone."""
    if pack.is_file() and pack.suffix == SUFFIX:
        _say_signed(sign_part(pack, name, title=title, key=key))
        return
    if not pack.is_dir():
        fail(f"{pack} is no folder: an archive cannot be signed; unpack it first")
    _say_signed(sign(pack, role, name, title=title, key=key))


def _say_signed(made: SignOff) -> None:
    how = f"with key {public_key(made.public_key).fingerprint}" if made.public_key else "as an unsigned attestation"
    echo_err(f"{made.name} signed as {made.role}, {how}: {made.statement}")


def _counted(number: int, noun: str) -> str:
    return f"1 {noun}" if number == 1 else f"{number:,} {noun}s"


def _reviewer(name: str, own: list[str]) -> Reviewer:
    return Reviewer(name, getpass.getuser(), frozenset(own))


for _name, _command in (
    ("new", new),
    ("status", status),
    ("lines", lines),
    ("findings", findings),
    ("decide", decide),
    ("second", second),
    ("fill", fill),
    ("log", log),
    ("recover", recover),
    ("sign", sign_pack),
    *review_parts.COMMANDS,
):
    app.command(_name)(report_errors(_command))


@app.callback()
def about() -> None:
    """Decide on every entitlement and finding of a snapshot; hand the evidence on (iamdesk export, iamdesk verify)."""
