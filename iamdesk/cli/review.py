"""``iamdesk review``: create, read, decide, recover and sign reviews."""

import getpass
from collections.abc import Iterable, Iterator, Sequence
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
from iamdesk.escaping import visible
from iamdesk.export.evidence.attestation import attest, check_key
from iamdesk.export.evidence.checkpoint import is_checkpoint_due, is_whole, sign_checkpoint, verify_checkpoint
from iamdesk.export.evidence.columns import DecidedLine
from iamdesk.export.evidence.context import EvidenceContext
from iamdesk.export.evidence.import_sheet import fill_in
from iamdesk.export.evidence.part_signature import sign_part
from iamdesk.export.evidence.result import Outcome
from iamdesk.export.evidence.review_json import finding_value, line_value
from iamdesk.export.evidence.signing import Role, SignOff, read_signoffs, sign
from iamdesk.export.evidence.ssh_signature import public_key
from iamdesk.export.evidence.timestamp import ask, keep, stamped_content
from iamdesk.export.files.atomic_write import ExportError
from iamdesk.export.follow_up_text import carried_lines
from iamdesk.export.text.people import people_words, person_value, person_words
from iamdesk.export.text.review import (
    ACCEPT_WORD,
    CHOICE_WORDS,
    decision_words,
    entitlement_words,
    finding_decision_words,
    holder_name,
    widening_words,
)
from iamdesk.export.text.review_effect import (
    also_widens_words,
    effect_summary,
    effect_totals,
    effect_words,
    is_guardrail_by_effect,
    relying_words,
    suggestion_words,
    tier_reason_words,
    used_words,
    widened_words,
)
from iamdesk.memory import collector_seldom
from iamdesk.review.asked import asked_reasons
from iamdesk.review.completion import completion, second_approval_detail, second_approval_tiers
from iamdesk.review.coordination import removal_state
from iamdesk.review.decisions import FINDING_CHOICES, LINE_CHOICES, ItemDecision, ReviewDecision, Reviewer, same_person
from iamdesk.review.description import describe_with, description_of, record_description
from iamdesk.review.filters import ItemFilter, matching
from iamdesk.review.item_effect import LAST_TIER, effect_of
from iamdesk.review.items import ONLY_DENIES, ReviewItem
from iamdesk.review.joint_effect import relying
from iamdesk.review.people import people_of, read_people
from iamdesk.review.schema import SUFFIX
from iamdesk.review.session import ReviewSession
from iamdesk.review.tickets import ticket_counts

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, no_args_is_help=True)

ReviewPath = Annotated[Path, typer.Argument(metavar="REVIEW", help="Review file.", show_default=False)]
_Reviewer = Annotated[str, typer.Option("--reviewer", metavar="NAME", help="Name of the reviewer.", show_default=False)]
_MyArns = Annotated[
    list[str],
    typer.Option(
        "--my-arn",
        metavar="ARN",
        help="Principal of the reviewer, excluded from self-review. Repeatable.",
        show_default=False,
    ),
]


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
                pack=previous_package,
                exclusions=exclusions,
                executor=executor,
                people=listed,
                settings=applied,
            )
        for line in carried_lines(carried):
            echo(line)
    with Workbench.open_review_file(output, writable=False) as file:
        echo_err(f"review with {_counted(len(file), 'entitlement')} written to {output}")
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
    review: ReviewPath,
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


def status(review: ReviewPath, output_format: options.OutputFormat = options.Format.TEXT) -> None:
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
        say_json(result)
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
        say_json({"Damages": [{"Place": one.place, "Sentence": one.sentence} for one in damages]})
    else:
        for one in damages:
            echo(f"DAMAGED  {one.place}: {one.sentence}")
    echo_err(f"the file was modified or damaged; {HOW_TO_RECOVER}")


def entitlements(
    review: ReviewPath,
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
        say_json([line_value(row) for row in shown])
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
    echo_err(_counted(len(shown), "entitlement"))


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
        say_json([person_value(one, items) for one, items in found])
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
    review: ReviewPath,
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
        say_json([finding_value(one) for one in shown])
        return
    for one in shown:
        decision = finding_decision_words(one.decision)
        found = one.finding
        subject = found.get("subject_name") or found.get("account_id")  # several accounts may have the same sentence
        echo(
            f"{one.finding_id}  {decision:<15}  {found['severity']:<8}  {found['check_id']}  {subject}: "
            f"{found['finding']}"
        )
    echo_err(_counted(len(shown), "finding"))


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
    review: ReviewPath,
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
        change = session.record(dict.fromkeys((*entitlement, *finding), wanted), _reviewer(reviewer, my_arns))
        if decision is ReviewDecision.REVOKE:
            _warn_of_revokes(session, [one for one in session.lines if one.line_id in entitlement])
        _warn_of_own(session, entries)
    finally:
        session.close()
    echo_err(f"{_counted(len(change.entries), 'decision')} saved")
    _checkpoint(review, reviewer, checkpoint_key, checkpoint_every, checkpoint_folder)


def _warn_of_own(session: ReviewSession, since: int) -> None:
    """Warn if what was saved is on principals of a person of the reviewer's name, by the list of people.

    ``since`` is the number of entries of the journal before.
    """
    for one in session.own_access(since).same_names:
        echo_err(
            f"warning: {visible(one.reviewer)} decided or approved {_counted(one.items, 'item')} of "
            f"{visible(', '.join(one.principals))}: according to the list of people, a person with the same name. The "
            "evidence says so; let another person decide"
        )


def _revoked(session: ReviewSession) -> frozenset[str]:
    choices = ((one.line_id, session.decision(one.line_id).choice) for one in session.lines)
    return frozenset(line_id for line_id, choice in choices if choice is ReviewDecision.REVOKE)


def _warn_of_revokes(session: ReviewSession, revoked: Sequence[ReviewItem]) -> None:
    """Warn if what is revoked now widens access, or relies on what else is revoked."""
    guardrails = [one for one in revoked if one.evidence.get(ONLY_DENIES) or is_guardrail_by_effect(one)]
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
    review: ReviewPath,
    reviewer: _Reviewer,
    entitlement: Annotated[
        list[str],
        typer.Option("--entitlement", metavar="ID", help="Entitlement whose decision is approved. Repeatable."),
    ] = [],  # noqa: B006 - typer makes a new one
    finding: Annotated[
        list[str], typer.Option("--finding", metavar="ID", help="Finding whose decision is approved. Repeatable.")
    ] = [],  # noqa: B006 - typer makes a new one
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
        who = _reviewer(reviewer, my_arns)
        entries = session.entries
        change = session.second((*entitlement, *finding) or tuple(_to_approve(session, who)), who)
        _warn_of_own(session, entries)
    finally:
        session.close()
    echo_err(f"{reviewer} approved {_counted(len(change.entries), 'decision')}")
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
    for states in (session.file.lines_standing, session.file.findings_standing):
        for subject_id, known in states.known.items():
            decided, decision = session.decided(subject_id), session.decision(subject_id)
            if decided is None or decision.second or known.holder_arn in who.holder_arns:
                continue
            if not any(same_person(who.name, one) for one in (decided.reviewer, decision.owner)):
                yield subject_id


def fill(
    review: ReviewPath,
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
        saved, refused = fill_in(session, sheet, _reviewer(reviewer, my_arns))
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
        f"{_counted(saved, 'decision')} saved, {_counted(rest, 'row')} refused, {_counted(conflicts, 'conflict')}: "
        "their current decisions were kept"
        if conflicts
        else f"{_counted(saved, 'decision')} saved, {_counted(rest, 'row')} refused"
    )
    _checkpoint(review, reviewer, checkpoint_key, checkpoint_every, checkpoint_folder)
    if refused:
        raise typer.Exit(1)


def log(review: ReviewPath, output_format: options.OutputFormat = options.Format.TEXT) -> None:
    """Print all decisions and undo steps, oldest first."""
    session = Workbench.open_review(review, writable=False)
    try:
        entries = list(session.file.journal())
    finally:
        session.close()
    if output_format is options.Format.JSON:
        say_json([{**one.content, "sha256": one.sha256} for one in entries])
        return
    for one in entries:
        comment = f"  {one.after.comment}" if one.after.comment else ""
        echo(f"{one.number:>6}  {one.moment[:19]}  {one.reviewer}  {one.line_id}  {decision_words(one.after)}{comment}")


def recover(
    review: ReviewPath,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="New review file.")],
) -> None:
    """Save the intact parts of a damaged review to a new file.

    The damaged file is not changed.
    """
    found = Workbench.recover_review(review, output)
    echo(
        f"recovered {_counted(found.lines, 'entitlement')} and {found.entries + found.detached:,} journal entries to "
        f"{output}"
    )
    for sentence in found.lost:
        echo(sentence)


def sign_package(
    package: Annotated[
        Path,
        typer.Argument(metavar="PACKAGE", help="Folder of an evidence package, or a review file.", show_default=False),
    ],
    name: Annotated[str, typer.Option(metavar="NAME", help="Name of the signer.", show_default=False)],
    role: Annotated[Role, typer.Option(help="Role of the signer.")] = Role.REVIEWER,
    title: Annotated[str, typer.Option(metavar="TEXT", help="Job title of the signer.")] = "",
    key: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="SSH private key. Without it, the sign-off is an unsigned attestation."),
    ] = None,
    timestamp: Annotated[
        str,
        typer.Option(
            metavar="URL",
            help="Timestamp authority (RFC 3161) to ask for the time of the signature: sends its SHA-256. Needs the "
            "extra timestamp.",
            show_default=False,
        ),
    ] = "",
    attestation: Annotated[
        bool,
        typer.Option(
            "--attestation",
            help="Add an in-toto attestation (DSSE), signed with the same ed25519 key. Needs the extra attest.",
        ),
    ] = False,
) -> None:
    """Sign an evidence package, a part or a checkpoint.

    A checkpoint is the current content of a review. Signs with an SSH key, or adds an unsigned attestation by name. A
    checkpoint needs a key.
    """
    if attestation and key is None:
        fail("--attestation requires --key")
    if package.is_file() and package.suffix == SUFFIX:
        if timestamp or attestation:
            fail("--timestamp and --attestation are for evidence packages")
        if key is not None and is_whole(package):
            into, made = sign_checkpoint(package, name, title=title, key=key)
            _say_signed(made)
            echo(str(into))
        else:
            _say_signed(sign_part(package, name, title=title, key=key))
        return
    if not package.is_dir():
        fail(f"{package} is not a folder: an archive cannot be signed; unpack it first")
    if attestation and key is not None:
        check_key(key)
    made = sign(package, role, name, title=title, key=key)
    _say_signed(made)
    if attestation and key is not None:
        echo(str(attest(package, made, key)))
    if timestamp:
        echo(str(keep(package, made, ask(timestamp, stamped_content(made)))))


def stamp(
    package: Annotated[
        Path,
        typer.Argument(metavar="PACKAGE", help="Folder of a signed evidence package.", exists=True, file_okay=False),
    ],
    timestamp: Annotated[
        str,
        typer.Option(metavar="URL", help="Timestamp authority (RFC 3161) to ask: sends a SHA-256.", show_default=False),
    ] = "",
    timestamp_token: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Response of an authority that was asked otherwise.", exists=True, dir_okay=False
        ),
    ] = None,
    number: Annotated[int, typer.Option(metavar="N", help="Number of the sign-off. Default: the last one.")] = 0,
) -> None:
    """Add a timestamp of an authority to a sign-off of an evidence package.

    The token is for the signature (signoffs/NN.txt.sig), or the text of an unsigned attestation (signoffs/NN.txt).
    """
    signoffs = read_signoffs(package)
    one = next((each for each in signoffs if each.number == (number or len(signoffs))), None)
    if one is None:
        fail("there is no such sign-off in the package")
    if (timestamp == "") is (timestamp_token is None):
        fail("give either --timestamp or --timestamp-token")
    token = timestamp_token.read_bytes() if timestamp_token is not None else ask(timestamp, stamped_content(one))
    echo(str(keep(package, one, token)))


def check(
    review: ReviewPath,
    checkpoints: Annotated[
        list[Path] | None, typer.Argument(metavar="[CHECKPOINT]...", help="Checkpoints of the review.")
    ] = None,
    allowed_signers: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Known keys, in the format of ssh-keygen.", exists=True, dir_okay=False),
    ] = None,
) -> None:
    """Check a review, and compare it with signed checkpoints.

    Status 1 if a checkpoint is not signed as it says, or the review does not hold all that was signed.
    """
    is_whole(review)
    echo(f"{visible(review.name)}: intact, as far as the file itself shows")
    has_failed = False
    for checkpoint in checkpoints or ():
        for result in verify_checkpoint(review, checkpoint, allowed_signers):
            echo(f"{result.outcome}: {result.name}: {result.sentence}")
            has_failed = has_failed or result.outcome is not Outcome.PASSED
    if not checkpoints:
        echo("no checkpoint: only a signature shows a consistent rewriting of all of it")
    if has_failed:
        raise typer.Exit(1)


def _say_signed(made: SignOff) -> None:
    how = f"with key {public_key(made.public_key).fingerprint}" if made.public_key else "as an unsigned attestation"
    echo_err(f"{made.name} signed as {made.role}, {how}: {made.statement}")


def _counted(number: int, noun: str) -> str:
    return f"1 {noun}" if number == 1 else f"{number:,} {noun}s"


def _reviewer(name: str, my_arns: list[str]) -> Reviewer:
    return Reviewer(name, getpass.getuser(), frozenset(my_arns))


for _name, _command in (
    ("new", new),
    ("describe", describe),
    ("status", status),
    ("entitlements", entitlements),
    ("findings", findings),
    ("decide", decide),
    ("approve", approve),
    ("fill", fill),
    ("log", log),
    ("recover", recover),
    ("sign", sign_package),
    ("stamp", stamp),
    ("check", check),
    *review_parts.COMMANDS,
):
    app.command(_name)(report_errors(_command))


@app.callback()
def about() -> None:
    """Review the entitlements and findings of a snapshot.

    See also iamdesk export and iamdesk verify.
    """
