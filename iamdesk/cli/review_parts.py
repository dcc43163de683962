"""``iamdesk review assign|split|merge …``: divide a review between reviewers, each with a file of their own."""

import getpass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from iamdesk.api import Workbench
from iamdesk.cli import options
from iamdesk.cli.errors import HOW_TO_RECOVER
from iamdesk.cli.output import counted, echo, echo_err, echo_json
from iamdesk.errors import DamagedReviewError
from iamdesk.escaping import visible
from iamdesk.export.evidence.part_signature import merge_signed
from iamdesk.export.files.atomic_write import write_atomic
from iamdesk.export.reminders import reminders
from iamdesk.export.text.review import decision_words, finding_decision_words
from iamdesk.private_files import create_private_folder
from iamdesk.review.coordination import (
    AssignedTo,
    Conflict,
    Merged,
    PartProgress,
    PartSigner,
    assign_review,
    close_out_review,
    delegate_part,
    hand_back_part,
    kept_in_parts,
    list_conflicts,
    own_access_in,
    part_files,
    progress_of_parts,
    read_rules,
    reassign,
    record_reminders,
    resolve_conflict,
    return_part_items,
    split_review,
)
from iamdesk.review.decisions import ItemDecision, Reviewer
from iamdesk.review.tickets import record_tickets

_MAX_LINES = 3
"""Rejected decisions for the same reason that are listed one by one."""
_Part = Annotated[Path, typer.Argument(metavar="PART", help="Part of a review.", show_default=False)]
_Coordinator = Annotated[
    str,
    typer.Option("--by", metavar="NAME", help="Name to record. Default: your system account.", show_default=False),
]
_Who = Annotated[
    str, typer.Option("--reviewer", metavar="NAME", help="Your name, as recorded in the review.", show_default=False)
]
_Reason = Annotated[str, typer.Option(metavar="TEXT", help="Reason to record.", show_default=False)]
_Items = Annotated[
    list[str], typer.Option("--item", metavar="ID", help="Entitlement or finding. Repeatable.", show_default=False)
]
_WholeReview = Annotated[
    Path | None,
    typer.Option("--review", metavar="REVIEW", help="The review that was split.", show_default=False),
]
_Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder with the parts.", show_default=False)]


def assign(
    review: options.ReviewPath,
    rules: Annotated[
        Path,
        typer.Option(
            metavar="FILE.csv",
            help="Rules. Columns account, ou, tag, class, tier and manager select items (empty: all); reviewer, backup "
            "and due assign them. The first matching row applies.",
            show_default=False,
        ),
    ],
    snapshot: Annotated[
        Path | None,
        typer.Option(
            metavar="SNAPSHOT", help="Snapshot of the review. Required for rules with ou or tag.", show_default=False
        ),
    ] = None,
    managers: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.csv",
            help="Columns principal (ARN or name) and manager. Required for rules with manager or with the reviewer "
            "@manager.",
            show_default=False,
        ),
    ] = None,
    by: _Coordinator = "",
) -> None:
    """Assign the items and findings of a review to reviewers.

    Exits with status 1 if no rule matches some of them.
    """
    wanted = read_rules(rules)
    if wanted.ask_snapshot and snapshot is None:
        raise typer.BadParameter("required by a rule with ou or tag", param_hint="--snapshot")
    if wanted.ask_managers and managers is None:
        raise typer.BadParameter("required by a rule with managers", param_hint="--managers")
    opened = Workbench().open_snapshot(snapshot) if snapshot is not None else None
    found = assign_review(review, wanted, _coordinator(by), opened.snapshot if opened else None, managers)
    for to, items in sorted(found.by_reviewer().items(), key=lambda one: one[0].reviewer.casefold()):
        day = f", due {to.due}" if to.due else ""
        echo(f"{to.reviewer:<30}  {len(items):>8,}{day}")
    for one in own_access_in(review, found):
        echo_err(
            f"warning: {visible(one.reviewer)} gets {counted(one.items, 'item')} of "
            f"{visible(', '.join(one.principals))}: according to the list of people, a person with the same or a "
            "similar name. Let another person decide"
        )
    total = len(found.reviewers) + len(found.unassigned)
    echo_err(f"{len(found.reviewers):,} of {total:,} items and findings are assigned")
    if kept := kept_in_parts(review):
        echo_err(f"{counted(kept, 'item')} in parts of other reviewers, backups or due days: these parts stay valid")
    if found.unassigned:
        echo_err(f"no rule matches {len(found.unassigned):,}: the review cannot be completed until they are assigned")
        raise typer.Exit(1)


def split(
    review: options.ReviewPath,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", help="Folder for the parts.", show_default=False)
    ],
    by: _Coordinator = "",
) -> None:
    """Write one review file (part) per reviewer.

    A part has the items that are assigned to the reviewer and not yet in a part.
    """
    parts = split_review(review, output, _coordinator(by))
    for part in parts:
        echo(f"{part.file:<40}  {part.reviewer:<30}  {len(part.items):>8,}")
    echo_err(f"{counted(len(parts), 'part')} in {output}")


def merge(
    review: options.ReviewPath,
    parts: Annotated[list[Path], typer.Argument(metavar="PART...", help="Parts, or folders of parts.")],
    allowed_signers: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Public keys in the allowed_signers format of ssh-keygen. Signatures with other keys are rejected.",
            show_default=False,
        ),
    ] = None,
    require_signature: Annotated[
        bool, typer.Option("--require-signature", help="Reject parts that are not signed with a key.")
    ] = False,
    by: _Coordinator = "",
) -> None:
    """Merge the decisions of parts into the review that was split. It can be repeated.

    If a part and the review have different decisions on an item, the review's decision is kept and the conflict is
    listed by `review conflicts`. Exits with status 1 on conflicts and rejected decisions.
    """
    if require_signature and allowed_signers is None:
        raise typer.BadParameter(
            "required by --require-signature: else anyone's key is accepted", param_hint="--allowed-signers"
        )
    paths = part_files(review, parts)
    status = 0
    with Workbench.open_review_file(review) as file:
        for path in paths:
            one, signer = merge_signed(
                file, path, allowed_signers, _coordinator(by), requires_signature=require_signature
            )
            if not isinstance(one, Merged):
                echo_err(f"{one}; {HOW_TO_RECOVER}" if isinstance(one, DamagedReviewError) else str(one))
                status = 2
                continue
            _print_merged(path, one, signer, is_known=allowed_signers is not None)
            if one.conflicts or one.refused:
                status = max(status, 1)
    if status:
        raise typer.Exit(status)


def _print_merged(path: Path, merged: Merged, signer: PartSigner | None, *, is_known: bool) -> None:
    key = "" if is_known else ", key not compared"
    summary = [
        f"{counted(merged.taken, 'decision')} merged",
        f"{merged.agreed:,} the same" if merged.agreed else "",
        f"{merged.open:,} open",
        f"{len(merged.returned):,} handed back" if merged.returned else "",
        f"signed by {signer.label}{key}" if signer else "not signed with a key",
    ]
    echo(f"{path.name}  {merged.part.reviewer}: {', '.join(filter(None, summary))}")
    for one in merged.conflicts:
        echo(f"  conflict  {_conflict(one)}")
    rejected: dict[str, list[str]] = {}
    for other in merged.refused:
        rejected.setdefault(other.why, []).append(other.item_id)
    for why, items in rejected.items():
        if len(items) > _MAX_LINES:
            echo(f"  rejected  {len(items):,} items: {why}: {', '.join(items[:_MAX_LINES])} …")
            continue
        for item in items:
            echo(f"  rejected  {item}  {why}")


def conflicts(review: options.ReviewPath, output_format: options.OutputFormat = options.Format.TEXT) -> None:
    """List items decided differently in a part and the review.

    Exits with status 1 if there are any.
    """
    found = list_conflicts(review)
    if output_format is options.Format.JSON:
        echo_json([_conflict_value(one) for one in found])
    else:
        for one in found:
            echo(f"{_conflict(one)}  ({one.part_id})")
    echo_err(counted(len(found), "conflict"))
    if found:
        raise typer.Exit(1)


def _conflict(one: Conflict) -> str:
    here = f"{_words(one.here)} by {one.here_by}" if one.here_by else _words(one.here)
    return f"{one.item_id}  review: {here}; part: {_words(one.there)} by {one.there_by}"


def _conflict_value(one: Conflict) -> dict[str, Any]:
    return {
        "Item": one.item_id,
        "Part": one.part_id,
        "Review": {"Decision": one.as_json()["here"], "Reviewer": one.here_by},
        "InPart": {"Decision": one.as_json()["there"], "Reviewer": one.there_by, "Decided": one.origin.moment},
    }


def _words(decision: ItemDecision) -> str:
    is_of_finding = decision.choice.value in ("fix", "false_positive")
    return finding_decision_words(decision) if is_of_finding else decision_words(decision)


def resolve(
    review: options.ReviewPath,
    item: Annotated[str, typer.Option("--item", metavar="ID", help="The item in conflict.", show_default=False)],
    take: Annotated[str, typer.Option(metavar="review|part", help="Which decision to keep.", show_default=False)],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Reason to record.", show_default=False)],
    part: Annotated[
        str, typer.Option(metavar="ID", help="The part, if several parts are in conflict.", show_default=False)
    ] = "",
    by: _Coordinator = "",
) -> None:
    """Choose one of the two decisions of a conflict. Both remain recorded."""
    if take not in ("review", "part"):
        raise typer.BadParameter("review or part", param_hint="--take")
    kept = resolve_conflict(review, item, _coordinator(by), part_id=part, takes_part=take == "part", reason=reason)
    echo(f"{item}  {_words(kept)}")


def delegate(
    part: _Part,
    to: Annotated[str, typer.Option(metavar="NAME", help="Who else may decide.", show_default=False)],
    reviewer: _Who,
    reason: _Reason = "",
) -> None:
    """Allow another person to decide in your part. It is recorded, and merged with the part."""
    delegate_part(part, to, Reviewer(reviewer, getpass.getuser()), reason)
    echo_err(f"{to} may decide in {part.name}")


def hand_back(part: _Part, reviewer: _Who, reason: _Reason = "") -> None:
    """Hand back a part that was delegated to you."""
    hand_back_part(part, Reviewer(reviewer, getpass.getuser()), reason)
    echo_err(f"{part.name} is handed back")


def return_items(
    part: _Part,
    item: _Items,
    reviewer: _Who,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why someone else should decide.", show_default=False)],
    to: Annotated[str, typer.Option(metavar="NAME", help="Who should decide instead.", show_default=False)] = "",
) -> None:
    """Hand undecided items of your part back to the coordinator. It is recorded, and merged with the part."""
    return_part_items(part, item, Reviewer(reviewer, getpass.getuser()), reason, to)
    echo_err(f"{counted(len(item), 'item')} handed back")


def reassign_items(
    review: options.ReviewPath,
    item: _Items,
    to: Annotated[str, typer.Option(metavar="NAME", help="The new reviewer.", show_default=False)],
    backup: Annotated[str, typer.Option(metavar="NAME", help="Who may decide instead.", show_default=False)] = "",
    due: Annotated[
        datetime | None, typer.Option(metavar="YYYY-MM-DD", formats=["%Y-%m-%d"], help="Due day.", show_default=False)
    ] = None,
    reason: _Reason = "",
    by: _Coordinator = "",
) -> None:
    """Give items to another reviewer, whatever the rules say. The next split writes a part with them.

    They leave the part that they are in: what its reviewer decides on them from now on is rejected.
    """
    wanted = AssignedTo(to, backup, due.date() if due else None, 0)
    reassign(review, item, wanted, _coordinator(by), reason)
    echo_err(f"{counted(len(item), 'item')} assigned to {to}")


def progress(
    folder: _Folder,
    review: _WholeReview = None,
    output_format: options.OutputFormat = options.Format.TEXT,
) -> None:
    """Show the progress of each reviewer. With --review, missing parts are listed too.

    Exits with status 1 if a part is overdue, unreadable or missing.
    """
    today = datetime.now(UTC).date()
    found, unassigned = progress_of_parts(folder, review, today)
    if output_format is options.Format.JSON:
        echo_json([_progress_value(one, today) for one in found])
    else:
        for one in found:
            echo(_progress_line(one, today))
    items, decided = sum(one.items for one in found), sum(one.decided for one in found)
    late = sum(one.is_overdue(today) for one in found)
    echo_err(f"{decided:,} of {items:,} items decided, {counted(late, 'part')} overdue")
    if unassigned:
        echo_err(f"no rule matches {unassigned:,} items: they have no reviewer")
    if late or any(one.problem for one in found):
        raise typer.Exit(1)


def _progress_line(one: PartProgress, today: date) -> str:
    if one.problem:
        return f"{one.file}: {one.problem}"
    day = (f"overdue since {one.due}" if one.is_overdue(today) else f"due {one.due}") if one.due else "no due date"
    others = f", delegated to {', '.join(one.delegates)}" if one.delegates else ""
    others += f", {one.returned:,} handed back or given to others" if one.returned else ""
    return f"{one.reviewer:<30}  {one.decided:>7,} of {one.items:>7,} decided  {day}  {one.file}{others}"


def _progress_value(one: PartProgress, today: date) -> dict[str, Any]:
    return {
        "File": one.file,
        "Part": one.part_id,
        "Reviewer": one.reviewer,
        "Backup": one.backup,
        "Due": one.due.isoformat() if one.due else None,
        "Items": one.items,
        "Decided": one.decided,
        "Open": one.open,
        "Returned": one.returned,
        "Overdue": one.is_overdue(today),
        "Delegates": list(one.delegates),
        "Problem": one.problem or None,
    }


def remind(
    folder: _Folder,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", help="Folder for the reminders.", show_default=False)
    ],
    review: _WholeReview = None,
    title: Annotated[str, typer.Option(metavar="TEXT", help="Name of the review in the reminders.")] = "Access review",
    by: _Coordinator = "",
) -> None:
    """Write reminders for reviewers with undecided items.

    Each gets an e-mail (.eml) and a calendar entry (.ics). Nothing is sent.

    With --review, the reminders are recorded in the review.
    """
    today = datetime.now(UTC).date()
    parts, _ = progress_of_parts(folder, None, today)
    made = reminders(title, parts, today, {})
    create_private_folder(output, parents=True)
    for name, content in made.items():
        write_atomic(output / name, content)
        echo(name)
    names = [one.reviewer for one in parts if one.open and not one.problem]
    if review is not None and names:
        record_reminders(review, names, _coordinator(by))
    echo_err(f"reminders for {counted(len(names), 'reviewer')} in {output}")


def close_out(
    review: options.ReviewPath,
    log: Annotated[Path, typer.Argument(metavar="LOG", help="Log of remediation.sh.", show_default=False)],
    who: _Who,
) -> None:
    """Record in a review what remediation.sh did, by its log. It can be repeated.

    Lines of other reviews, of unknown entitlements and of entitlements that the review does not revoke are refused and
    listed, with status 1; all other lines are recorded.
    """
    found, state = close_out_review(review, log, Reviewer(who, getpass.getuser()))
    for one in found.refused:
        echo(f"refused  line {one.number}: {one.why}")
    repeated = f", {found.repeated:,} recorded before" if found.repeated else ""
    echo_err(
        f"{counted(len(found.recorded), 'outcome')} recorded{repeated}, {len(found.refused):,} refused; "
        f"removals: {state.closed:,} closed, {state.open:,} open"
    )
    if found.refused:
        raise typer.Exit(1)


def tickets(
    review: options.ReviewPath,
    table: Annotated[
        Path,
        typer.Argument(
            metavar="FILE.csv",
            help="States of tickets: the columns id (External id of tickets.csv) or ticket, state, and closed (a day).",
            show_default=False,
        ),
    ],
    who: _Who,
) -> None:
    """Record the state of tickets in a review.

    Takes the export of the ticket system. It can be repeated.

    Rows of unknown tickets and of items that the review does not change are refused and listed, with status 1; all
    other rows are recorded. A closed ticket does not close a removal: the next review tests it on its snapshot.
    """
    found = record_tickets(review, table, Reviewer(who, getpass.getuser()))
    for one in found.refused:
        echo(f"refused  row {one.row}: {one.why}")
    repeated = f", {found.repeated:,} recorded before" if found.repeated else ""
    echo_err(
        f"{counted(len(found.recorded), 'state')} recorded{repeated}, {len(found.refused):,} refused; "
        f"tickets: {found.closed:,} closed, {found.open:,} open, {found.without:,} without a state"
    )
    if found.refused:
        raise typer.Exit(1)


def _coordinator(name: str) -> Reviewer:
    account = getpass.getuser()
    return Reviewer(name.strip() or account, account)


COMMANDS = (
    ("assign", assign),
    ("split", split),
    ("merge", merge),
    ("conflicts", conflicts),
    ("resolve", resolve),
    ("delegate", delegate),
    ("hand-back", hand_back),
    ("return", return_items),
    ("reassign", reassign_items),
    ("progress", progress),
    ("remind", remind),
    ("close-out", close_out),
    ("tickets", tickets),
)
