"""``iamdesk review``: create, read and recover reviews; what else is done with them is in ``review_….py``."""

import getpass
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from iamdesk.api import Workbench
from iamdesk.cli import executor as work
from iamdesk.cli import options, review_decide, review_parts, review_sign
from iamdesk.cli.errors import HOW_TO_RECOVER, fail, report_errors
from iamdesk.cli.output import counted, echo, echo_err, echo_json
from iamdesk.errors import Damage, DamagedReviewError
from iamdesk.escaping import visible
from iamdesk.export.evidence.columns import DecidedLine
from iamdesk.export.evidence.context import EvidenceContext
from iamdesk.export.evidence.review_json import finding_value, line_value
from iamdesk.export.follow_up_text import carried_lines
from iamdesk.export.text.people import people_words, person_value, person_words
from iamdesk.export.text.review import (
    ACCEPT_WORD,
    CHOICE_WORDS,
    decision_words,
    entitlement_words,
    finding_decision_words,
    holder_name,
)
from iamdesk.export.text.review_effect import (
    effect_summary,
    effect_totals,
    effect_words,
    suggestion_words,
    tier_reason_words,
    used_words,
)
from iamdesk.memory import collector_seldom
from iamdesk.review.asked import asked_reasons
from iamdesk.review.completion import completion, second_approval_detail, second_approval_tiers
from iamdesk.review.coordination import removal_state
from iamdesk.review.decisions import FINDING_CHOICES, LINE_CHOICES, ReviewDecision, Reviewer
from iamdesk.review.description import describe_with, description_of, record_description
from iamdesk.review.filters import ItemFilter, matching
from iamdesk.review.item_effect import LAST_TIER, effect_of
from iamdesk.review.items import ReviewItem
from iamdesk.review.people import people_of, read_people
from iamdesk.review.session import ReviewSession
from iamdesk.review.tickets import ticket_counts

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, no_args_is_help=True)


_CapturedBy = Annotated[
    str,
    typer.Option(
        metavar="NAME", help="Who captured the snapshot, where a single file does not say.", show_default=False
    ),
]
_CaptureQuery = Annotated[
    str,
    typer.Option(
        metavar="COMMAND", help="With which command or query, and which filters it was captured.", show_default=False
    ),
]
_Due = Annotated[
    datetime | None,
    typer.Option(metavar="YYYY-MM-DD", formats=["%Y-%m-%d"], help="Day by which the review is to be complete."),
]
_Reviewers = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE.csv",
        help="List of the reviewers: the columns name, role, competence and independence, as the evidence shows them.",
        show_default=False,
    ),
]


class GroupBy(StrEnum):
    """How entitlements are grouped."""

    PERSON = "person"


class Show(StrEnum):
    """Which items are listed."""

    ALL = "all"
    OPEN = "open"
    DECIDED = "decided"


def new(
    snapshot: options.SnapshotPath,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE.iamreview", help="Review file to create.")],
    title: Annotated[
        str, typer.Option(metavar="TEXT", help="Title of the review. Default: the name of its file.")
    ] = "",
    period_start: Annotated[
        datetime | None, typer.Option(metavar="YYYY-MM-DD", formats=["%Y-%m-%d"], help="First day of the period.")
    ] = None,
    period_end: Annotated[
        datetime | None, typer.Option(metavar="YYYY-MM-DD", formats=["%Y-%m-%d"], help="Last day of the period.")
    ] = None,
    standards: Annotated[
        str, typer.Option(metavar="TEXT", help="Standards and controls that the review is evidence for.")
    ] = "",
    exclude: Annotated[
        list[str],
        typer.Option(
            "--exclude",
            metavar="SCOPE=REASON",
            help="Exclude account:ID, class:CLASS or entitlement:KIND from the review, with a reason. Repeatable.",
            show_default=False,
        ),
    ] = [],  # noqa: B006 - typer makes a new one
    second_approval: Annotated[
        list[int],
        typer.Option(
            "--second-approval",
            metavar="TIER",
            min=0,
            max=LAST_TIER,
            help="Tier of entitlements whose decisions need a second approval by another person. Repeatable.",
            show_default=False,
        ),
    ] = [],  # noqa: B006 - typer makes a new one
    previous: Annotated[
        Path | None,
        typer.Option(
            metavar="REVIEW",
            help="Create a follow-up of this review: decisions are carried over.",
            show_default=False,
        ),
    ] = None,
    previous_snapshot: Annotated[
        Path | None,
        typer.Option(metavar="SNAPSHOT", help="Snapshot of the previous review.", show_default=False),
    ] = None,
    previous_package: Annotated[
        Path | None,
        typer.Option(
            metavar="PACKAGE",
            help="Evidence package of the previous review, to chain the reviews. Default: the package recorded in it.",
            show_default=False,
        ),
    ] = None,
    settings: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Settings of the checks, as for iamdesk findings. The review keeps them.",
            show_default=False,
        ),
    ] = None,
    captured_by: _CapturedBy = "",
    capture_query: _CaptureQuery = "",
    due: _Due = None,
    reviewers: _Reviewers = None,
    people: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.csv",
            help="List of people from HR or a directory: the columns of --join, and name, email, status (active or "
            "left), last_day, manager, department, title, moved, as far as it has them. Requires --join.",
            show_default=False,
        ),
    ] = None,
    join: Annotated[
        list[str],
        typer.Option(
            "--join",
            metavar="KEY[=COLUMN]",
            help="How principals are joined with --people: name (of a user), email (of an Identity Center user), arn "
            "or tag:KEY. Default columns: user, email, principal, email. Repeatable: the first that matches counts.",
            show_default=False,
        ),
    ] = [],  # noqa: B006 - typer makes a new one
) -> None:
    """Create a review of a snapshot. Its population, entitlements and findings are frozen.

    With --previous and --previous-snapshot, decisions are carried over if the effect of the entitlement is proved to be
    unchanged.
    """
    if (previous is None) != (previous_snapshot is None):
        raise typer.BadParameter("--previous and --previous-snapshot require each other", param_hint="--previous")
    if period_start is not None and period_end is not None and period_start > period_end:
        raise typer.BadParameter("the period ends before it begins", param_hint="--period-end")
    if previous_package is not None and previous is None:
        raise typer.BadParameter("it requires --previous", param_hint="--previous-package")
    if (people is None) is bool(join):
        raise typer.BadParameter("--people and --join require each other", param_hint="--people")
    exclusions = tuple(map(Workbench.exclusion, exclude))
    stated = describe_with(captured_by, capture_query, due.date() if due else None, reviewers)
    listed = read_people(people, join, datetime.now(UTC).date()) if people is not None else None
    applied = Workbench.read_check_settings(settings) if settings is not None else None
    opened = Workbench().open_snapshot(snapshot)
    start, end = (f"{one:%Y-%m-%d}" if one is not None else "" for one in (period_start, period_end))
    details = {"period_start": start, "period_end": end, "standards": standards}
    given = {name: text for name, text in details.items() if text} | stated.as_details()
    given |= second_approval_detail(second_approval)
    if previous is None or previous_snapshot is None:
        with collector_seldom(), work.executor(opened, helped=True) as executor:
            opened.create_review(
                output,
                title or output.stem,
                given,
                exclusions=exclusions,
                executor=executor,
                people=listed,
                settings=applied,
                keeps_paths=False,
            )
    else:
        old = Workbench().open_snapshot(previous_snapshot)
        with collector_seldom(), work.executor(opened, helped=True) as executor:
            carried = opened.create_next_review(
                output,
                title or output.stem,
                previous,
                old,
                given,
                package=previous_package,
                exclusions=exclusions,
                executor=executor,
                people=listed,
                settings=applied,
            )
        for line in carried_lines(carried):
            echo(line)
    with Workbench.open_review_file(output, writable=False, checked=False) as file:  # it was just written
        echo_err(f"review with {counted(len(file), 'entitlement')} written to {output}")
        for words in effect_totals(file.each_line()):
            echo_err(words)
        joined = people_of(file.head.details)
        left_out = EvidenceContext(file, None, datetime.now(UTC)).left_out
    for one in left_out:
        if not (one.principals or one.entitlements or one.findings):
            echo_err(f"warning: excluding {visible(f'{one.part}:{one.name}')} leaves nothing out: no item is of it")
    if joined is not None:
        echo_err(people_words(joined))
    if opened.snapshot.manifest is None and not (captured_by and capture_query):
        echo_err(
            "the snapshot does not say who captured it and with which query: state both for the evidence "
            "(--captured-by and --capture-query, or iamdesk review describe)"
        )


def describe(
    review: options.ReviewPath,
    captured_by: _CapturedBy = "",
    capture_query: _CaptureQuery = "",
    due: _Due = None,
    reviewers: _Reviewers = None,
    by: Annotated[
        str,
        typer.Option("--by", metavar="NAME", help="Name to record. Default: your system account.", show_default=False),
    ] = "",
) -> None:
    """Record who captured the snapshot, due day and reviewers.

    A snapshot does not contain these. They are recorded with your name; options that are not given change nothing.
    Without options, prints what is recorded.
    """
    stated = describe_with(captured_by, capture_query, due.date() if due else None, reviewers)
    if not stated.is_empty:
        account = getpass.getuser()
        record_description(review, stated, Reviewer(by or account, account))
    session = Workbench.open_review(review, writable=False)
    try:
        now = description_of(session.file)
    finally:
        session.close()
    echo(f"captured by: {now.captured_by or 'not stated'}")
    echo(f"query: {now.capture_query or 'not stated'}")
    echo(f"due: {now.due or 'not stated'}")
    for one in now.reviewers:
        qualities = "; ".join(filter(None, (one.role, one.competence, one.independence)))
        echo(f"reviewer: {one.name}: {qualities or 'nothing stated'}")
    if not now.reviewers:
        echo("reviewers: not stated")


def status(review: options.ReviewPath, output_format: options.OutputFormat = options.Format.TEXT) -> None:
    """Show progress and check the integrity of the file.

    Exits with status 1 if the file is damaged.
    """
    try:
        session = Workbench.open_review(review, writable=False)
    except DamagedReviewError as error:
        if not error.damages:
            raise
        _print_damages(error.damages, output_format)
        raise typer.Exit(1) from None
    source = EvidenceContext(session.file, None, datetime.now(UTC))
    counts = source.counts
    state = completion(session.file, source.today)
    removals = removal_state(session.file)
    tickets = ticket_counts(session.file)
    result = {
        "ReviewId": session.head.review_id,
        "Title": session.head.title,
        "Snapshot": {"Name": session.head.snapshot_name, "Sha256": session.head.snapshot_sha256},
        "Counts": counts.as_json(),
        "Complete": state.is_complete,
        "Open": state.as_json()["open"],
        "SecondApproval": sorted(second_approval_tiers(session.head.details)),
        "Removals": {"Closed": removals.closed, "Open": removals.open},
        "RelyingRevokes": len(source.relying),
        "Tickets": {"Closed": tickets["closed"], "Open": tickets["open"], "WithoutState": tickets["without state"]},
        "JournalSha256": session.file.journal_sha256,
        "Damages": [],
    }
    session.close()
    if output_format is options.Format.JSON:
        echo_json(result)
    else:
        echo(f"{session.head.title} ({session.head.review_id}), snapshot {session.head.snapshot_name}")
        echo(f"{counts.decided:,} of {counts.entitlements:,} entitlements decided, {counts.undecided:,} remain")
        for choice in LINE_CHOICES:
            echo(f"  {CHOICE_WORDS[choice]:<15} {counts.by_decision[choice.value]:>8,}")
        waiting = counts.findings_undecided
        echo(f"{counts.findings_decided:,} of {counts.findings:,} findings decided, {waiting:,} remain")
        for choice in FINDING_CHOICES:
            word = ACCEPT_WORD if choice is ReviewDecision.EXCEPT else CHOICE_WORDS[choice]
            echo(f"  {word:<15} {counts.findings_by_decision[choice.value]:>8,}")
        if source.relying:
            echo(
                f"{len(source.relying):,} revoked entitlements grant what other revoked ones grant, too: "
                "section 6 of the statement says what they take together"
            )
        if removals.closed or removals.open:
            echo(f"removals: {removals.closed:,} closed, {removals.open:,} open")
        if tickets["closed"] or tickets["open"]:
            without = tickets["without state"]
            echo(f"tickets: {tickets['closed']:,} closed, {tickets['open']:,} open, {without:,} without a state")
        echo(state.status if state.is_complete else f"{state.status}: {'; '.join(one.sentence for one in state.open)}")


def _print_damages(damages: Sequence[Damage], output_format: options.Format) -> None:
    if output_format is options.Format.JSON:
        echo_json({"Damages": [{"Place": one.place, "Sentence": one.sentence} for one in damages]})
    else:
        for one in damages:
            echo(f"DAMAGED  {one.place}: {one.sentence}")
    echo_err(f"the file was modified or damaged; {HOW_TO_RECOVER}")


def entitlements(
    review: options.ReviewPath,
    show: Annotated[Show, typer.Option("--show", help="Which entitlements.")] = Show.ALL,
    tier: Annotated[
        list[int],
        typer.Option(min=0, max=LAST_TIER, help="Only entitlements of this tier. Repeatable."),
    ] = [],  # noqa: B006 - typer makes a new one
    only: Annotated[
        list[ItemFilter],
        typer.Option(
            "--only",
            help="Only entitlements that are new or changed since the previous review, revoked but still there, of an "
            "expired exception, without a suggestion, undecided, or mine (with --reviewer). Repeatable: all apply.",
        ),
    ] = [],  # noqa: B006 - typer makes a new one
    reviewer: Annotated[
        str, typer.Option("--reviewer", metavar="NAME", help="Your name, for --only mine.", show_default=False)
    ] = "",
    by: Annotated[
        GroupBy | None,
        typer.Option("--by", help="Group by person, in a review that was made with --people.", show_default=False),
    ] = None,
    effects: Annotated[
        bool,
        typer.Option("--effects", help="Also print what each grants, the effect of revoking it, and a suggestion."),
    ] = False,
    output_format: options.OutputFormat = options.Format.TEXT,
) -> None:
    """List the entitlements with their decisions and effects."""
    if ItemFilter.MINE in only and not reviewer.strip():
        raise typer.BadParameter("it requires --reviewer", param_hint="--only mine")
    session = Workbench.open_review(review, writable=False)
    try:
        source = EvidenceContext(session.file, None, datetime.now(UTC))
        matches = matching(session.file, only, source.today, reviewer)
        shown = [
            row
            for row in source.rows()
            if (show is Show.ALL or source.is_open(row) is (show is Show.OPEN))
            and (not tier or effect_of(row.line).get("tier") in tier)
            and matches(row.line)
        ]
    finally:
        session.close()
    if by is GroupBy.PERSON:
        _print_by_person(session, shown, output_format)
        return
    if output_format is options.Format.JSON:
        echo_json([line_value(row) for row in shown])
        return
    for row in shown:
        decision = decision_words(row.decision)
        summary = effect_summary(row.line)
        effect = f"  [tier {effect_of(row.line)['tier']}; {summary}]" if summary else ""
        echo(f"{row.line.line_id}  {decision:<12}  {holder_name(row.line)}: {entitlement_words(row.line)}{effect}")
        if effects and summary:
            lines = (*effect_words(row.line), tier_reason_words(row.line), suggestion_words(row.line))
            for words in (*filter(None, lines), used_words(row.line)):
                echo(f"    {words}")
        for reason in asked_reasons(row.line):
            echo(f"    asked: {reason}")
    echo_err(counted(len(shown), "entitlement"))


def _print_by_person(session: ReviewSession, shown: Sequence[DecidedLine], output_format: options.Format) -> None:
    """Print each person with the entitlements that the person has, and those that roles and groups give."""
    people = people_of(session.head.details)
    if people is None:
        fail("the review has no list of people: create it with review new --people FILE --join KEY")
    rows = {row.line_id: row for row in shown}
    by_holder: dict[str, list[ReviewItem]] = {}
    for row in shown:
        by_holder.setdefault(row.line.holder_arn, []).append(row.line)
    found = [(one, list(one.items(by_holder))) for one in people.access()]
    if output_format is options.Format.JSON:
        echo_json([person_value(one, items) for one, items in found])
        return
    for one, items in found:
        if not items:
            continue
        echo(person_words(one))
        for item, how in items:
            decision = decision_words(rows[item.line_id].decision)
            through = f"  [{how}]" if how else ""
            echo(f"  {item.line_id}  {decision:<12}  {holder_name(item)}: {entitlement_words(item)}{through}")
    echo_err(people_words(people))


def findings(
    review: options.ReviewPath,
    show: Annotated[Show, typer.Option("--show", help="Which findings.")] = Show.ALL,
    output_format: options.OutputFormat = options.Format.TEXT,
) -> None:
    """List the findings of a review with their decisions."""
    session = Workbench.open_review(review, writable=False)
    try:
        source = EvidenceContext(session.file, None, datetime.now(UTC))
        shown = [one for one in source.findings() if show is Show.ALL or one.is_open is (show is Show.OPEN)]
    finally:
        session.close()
    if output_format is options.Format.JSON:
        echo_json([finding_value(one) for one in shown])
        return
    for one in shown:
        decision = finding_decision_words(one.decision)
        found = one.finding
        subject = found.get("subject_name") or found.get("account_id")  # several accounts may have the same sentence
        echo(
            f"{one.finding_id}  {decision:<15}  {found['severity']:<8}  {found['check_id']}  {subject}: "
            f"{found['finding']}"
        )
    echo_err(counted(len(shown), "finding"))


def log(review: options.ReviewPath, output_format: options.OutputFormat = options.Format.TEXT) -> None:
    """Print all decisions and undo steps, oldest first."""
    session = Workbench.open_review(review, writable=False)
    try:
        entries = list(session.file.journal())
    finally:
        session.close()
    if output_format is options.Format.JSON:
        echo_json([{**one.content, "sha256": one.sha256} for one in entries])
        return
    for one in entries:
        comment = f"  {one.comment}" if one.comment else ""
        words = decision_words(one.after)
        if one.is_ticket_alone:
            words = f"Ticket {one.after.ticket}" if one.after.ticket else "Ticket cleared"
        echo(f"{one.number:>6}  {one.moment[:19]}  {one.reviewer}  {one.line_id}  {words}{comment}")


def recover(
    review: options.ReviewPath,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="New review file.")],
) -> None:
    """Save the intact parts of a damaged review to a new file.

    The damaged file is not changed.
    """
    found = Workbench.recover_review(review, output)
    echo(
        f"recovered {counted(found.lines, 'entitlement')} and {found.entries + found.detached:,} journal entries to "
        f"{output}"
    )
    for sentence in found.lost:
        echo(sentence)


for _name, _command in (
    ("new", new),
    ("describe", describe),
    ("status", status),
    ("entitlements", entitlements),
    ("findings", findings),
    *review_decide.COMMANDS,
    ("log", log),
    ("recover", recover),
    *review_sign.COMMANDS,
    *review_parts.COMMANDS,
):
    app.command(_name)(report_errors(_command))


@app.callback()
def about() -> None:
    """Review the entitlements and findings of a snapshot.

    See also iamdesk export and iamdesk verify.
    """
