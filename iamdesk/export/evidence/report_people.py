"""Sections of a statement about people and time: reviewers, timeliness, evidence of care, exceptions."""

from collections.abc import Iterator
from datetime import date, datetime

from iamdesk.checks.words import enumerated
from iamdesk.export.evidence.columns import PersonRow, person_rows
from iamdesk.export.evidence.context import EvidenceContext
from iamdesk.export.evidence.manifest import EVENTS
from iamdesk.export.evidence.report_model import Section, Table, Text
from iamdesk.export.evidence.report_process import assignment_blocks, signed_blocks
from iamdesk.export.evidence.report_sample import ReportSample
from iamdesk.export.text.people import people_words, status_words
from iamdesk.export.text.review import CHOICE_WORDS
from iamdesk.review.care import LONGEST_STEP, MANY_AT_ONCE, MANY_WITH_ONE_REASON, Care, ReviewerCare
from iamdesk.review.completion import DRAFT, second_approval_tiers
from iamdesk.review.decisions import LINE_CHOICES, ReviewDecision, same_person
from iamdesk.review.description import DueDay
from iamdesk.review.people import PersonState

_MAX_REVIEWERS = 20
_MAX_EXCEPTIONS = 20
_MAX_PEOPLE = 25
_MAX_CELL = 120
"""Characters of a reason or another text of a person; the annex has all of it."""
NOT_STATED = "not stated"


def reviewers_section(title: str, source: EvidenceContext, kept: ReportSample) -> Section:
    """Return who decided, with role and competence as stated, and who gave second approval."""
    description = source.description
    rows = []
    for (name, account), count in sorted(kept.reviewers.items()):
        profile = description.profile(name)
        stated = (profile.role, profile.competence, profile.independence) if profile else ("", "", "")
        rows.append((name, account, f"{count:,}", *(_short(one) or NOT_STATED for one in stated)))
    blocks: list[Text | Table] = [
        Text(
            "Reviewer names are as entered, user names as reported by the operating system: iamdesk does not "
            "authenticate people."
        ),
        *_own_access(source),
        Table(
            ("Reviewer", "System user", "Current decisions", "Role", "Competence", "Independence"),
            tuple(rows[:_MAX_REVIEWERS]),
            (19, 13, 11, 17, 22, 18),
        ),
    ]
    if len(rows) > _MAX_REVIEWERS:
        blocks.append(Text(f"{len(rows) - _MAX_REVIEWERS:,} more reviewers are named in 03_entitlements.csv."))
    if description.reviewers:
        absent = [one.name for one in description.reviewers if not _decided(one.name, kept)]
        blocks.append(
            Text(
                f"Roles, competence and independence are as stated in {description.reviewers_file}, SHA-256 "
                f"{description.reviewers_sha256}."
                + (f" Listed there, and without a decision here: {', '.join(absent)}." if absent else "")
            )
        )
    else:
        blocks.append(
            Text("Roles and competence of reviewers are not stated: no list of reviewers was given.", is_warning=True)
        )
    if tiers := second_approval_tiers(source.review.head.details):
        named = enumerated([str(tier) for tier in sorted(tiers)])
        which = f"tier {named}" if len(tiers) == 1 else f"the tiers {named}"
        blocks.append(Text(f"Decisions on entitlements of {which} need a second approval by another person."))
    if kept.seconds:
        blocks.append(
            Table(
                ("Second reviewer", "Approved decisions", "Role"),
                tuple(
                    (name, f"{count:,}", getattr(description.profile(name), "role", "") or NOT_STATED)
                    for name, count in sorted(kept.seconds.items())
                ),
                (40, 20, 40),
            )
        )
    blocks += [*assignment_blocks(source), *signed_blocks(source)]
    return Section(title, tuple(blocks))


def _own_access(source: EvidenceContext) -> Iterator[Text]:
    """Yield how far a reviewer's own access is known, and who decided on what belongs to a person of the same name."""
    found = source.own_access
    stated = f"Stated by {enumerated(found.stated)}" if found.stated else "No reviewer stated any"
    silent = f"; not stated by {enumerated(found.not_stated)}" if found.stated and found.not_stated else ""
    yield Text(
        "Own access is known only as far as reviewers stated their own principals: iamdesk refuses a self-review only "
        "of these, and records them with each decision (“identities” in 09_journal.jsonl). "
        f"{stated}{silent}."
    )
    for decider, approver, items in source.alike_names:
        what = "a decision" if items == 1 else f"{items:,} decisions"
        yield Text(
            f"{approver} approved {what} of {decider}: these names may be of one person. iamdesk compares names as "
            "they are typed.",
            is_warning=True,
        )
    if source.people is None:
        yield Text("No list of people was given: names of reviewers were not compared with holders.")
    elif not found.same_names:
        yield Text(
            "According to the list of people, no reviewer decided on or approved access of a person with the same or a "
            "similar name."
        )
    for one in found.same_names:
        what = "1 entitlement or finding" if one.items == 1 else f"{one.items:,} entitlements and findings"
        yield Text(
            f"{one.reviewer} decided on or approved {what} of a person of the same or a similar name in the list of "
            f"people: {enumerated([arn.rpartition(':')[2] for arn in one.principals])}.",
            is_warning=True,
        )


def _decided(name: str, kept: ReportSample) -> bool:
    return any(same_person(name, one) for one, _ in kept.reviewers) or any(
        same_person(name, one) for one in kept.seconds
    )


def time_section(title: str, source: EvidenceContext) -> Section:
    """Return timeliness (period, snapshot, due day, decisions), and how the decisions were made."""
    head, care = source.review.head, source.care
    latest = source.snapshot.latest if source.snapshot is not None else None
    period = [head.details.get(name, "") for name in ("period_start", "period_end")]
    facts = (
        ("Period", " to ".join(one or "open" for one in period) if any(period) else NOT_STATED),
        ("Data of the snapshot as of", _minute(latest) if latest else "not known"),
        ("Review created", _minute(head.created)),
        ("Data and period", data_and_period(latest, *period)),
        ("Days from the data to the review", _days(latest, head.created) if latest else "not known"),
        ("First decision", _minute(_moment(care.first)) if care.first else "none"),
        ("Last decision", _minute(_moment(care.last)) if care.last else "none"),
        ("Last second approval", _minute(_moment(care.last_approval)) if care.last_approval else "none"),
        ("Complete since", f"not complete: {DRAFT}" if source.is_draft else _complete_since(source, period[1])),
        ("Due day", due_words(source)),
        ("On time", _on_time(source)),
        ("Statement generated", _minute(source.generated_at)),
    )
    return Section(title, (Table(("Property", "Value"), facts, (34, 66)), *_care(care)))


def _complete_since(source: EvidenceContext, end: str) -> str:
    day = source.last_change.date()
    if not end or day >= date.fromisoformat(end):
        return _minute(source.last_change)
    days = _span(day, date.fromisoformat(end))
    return (
        f"{_minute(source.last_change)}, {days} before the end of the period. What is granted or changed in these days "
        "is not reviewed"
    )


def data_and_period(latest: datetime | None, start: str, end: str) -> str:
    """Return how the data of a snapshot are to the period: access that changed after the data is not in the review."""
    if latest is None or not (start or end):
        return "not known"
    day = latest.date()
    if start and day < date.fromisoformat(start):
        return f"the data are older than the period: {_span(day, date.fromisoformat(start))} before its first day"
    if end and day < date.fromisoformat(end):
        days = _span(day, date.fromisoformat(end))
        return f"the data end {days} before the end of the period: later changes are not reviewed"
    if end and day > date.fromisoformat(end):
        return f"the data are of {_span(date.fromisoformat(end), day)} after the period"
    return "the data are of the last day of the period" if end else "the data are of the period"


def _span(earlier: date, later: date) -> str:
    days = (later - earlier).days
    return "1 day" if days == 1 else f"{days:,} days"


def due_words(source: EvidenceContext) -> str:
    """Return every due day, with when and by whom it was stated."""
    return "; moved to ".join(f"{one.day}, {_stated(one)}" for one in source.description.due_days) or NOT_STATED


def _stated(due: DueDay) -> str:
    by = f"by {due.stated_by}" if due.stated_by else "with the review's creation"
    return f"stated on {due.moment[:10]} {by}"


def _on_time(source: EvidenceContext) -> str:
    days = source.description.due_days
    if not days:
        return "no due day is stated"
    if len(days) == 1:
        return _judged(source, days[0])
    return (
        f"by the first due day {days[0].day}: {_judged(source, days[0])}; "
        f"by {days[-1].day}, {_stated(days[-1])}: {_judged(source, days[-1])}"
    )


def _judged(source: EvidenceContext, due: DueDay) -> str:
    if source.is_draft:
        return f"not complete on {source.today}, {'after' if source.today > due.day else 'up to'} the due day"
    complete = source.last_change.date()
    return (
        f"yes: complete on {complete}"
        if complete <= due.day
        else f"no: last change (decision, second approval or resolved conflict) on {complete}"
    )


def _care(care: Care) -> Iterator[Text | Table]:
    if care.carried_over:
        yield Text(
            f"{care.carried_over:,} decisions were carried over from the previous review, where the effect of the "
            "entitlement is proved to be the same."
        )
    if not care.decisions:
        return
    yield Text(
        f"{care.decisions:,} decisions by people on {care.items:,} entitlements and findings; {care.changed:,} of them "
        f"were decided more than once; {care.without_reason:,} decisions have no reason. One act saves one decision, "
        "or the same decision on several items. Time per item is the time between acts, without pauses of more than "
        f"{int(LONGEST_STEP.total_seconds() // 60)} minutes. All of this is in 09_journal.jsonl. It says how decisions "
        "were saved, not how they were prepared."
    )
    for one in care.imports[:_SHORT]:
        what = "1 decision" if one.decisions == 1 else f"{one.decisions:,} decisions"
        if one.tickets:
            what += " and 1 ticket" if one.tickets == 1 else f" and {one.tickets:,} tickets"
        yield Text(
            f"The sheet {one.sheet} was imported by {one.reviewer} at {_second(one.moment)}, with {what}: one act, "
            "which does not say when each was made."
        )
    if len(care.imports) > _SHORT:
        yield Text(f"{len(care.imports) - _SHORT:,} more imports of sheets are in {EVENTS}.")
    yield from _paces("Reviewer", "All decisions", care.reviewers)
    yield from _paces("Second reviewer", "Approvals", care.approvers)
    if care.seconds_at_once:
        most = "; ".join(
            f"{one.decisions:,} by {one.reviewer} at {_second(one.second)}" for one in care.at_once[:_SHORT]
        )
        yield Text(
            f"{MANY_AT_ONCE} or more decisions of one reviewer in one second, {care.seconds_at_once:,} times: {most}"
            f"{' …' if care.seconds_at_once > _SHORT else '.'}"
        )
    else:
        yield Text(f"No reviewer saved {MANY_AT_ONCE} or more decisions in one second; approvals are not among these.")
    if care.many_reasons:
        yield Table(
            (f"Reason given for {MANY_WITH_ONE_REASON} or more decisions", "Decisions"),
            tuple((_short(reason), f"{count:,}") for reason, count in care.reasons[:_SHORT]),
            (80, 20),
        )
        if care.many_reasons > _SHORT:
            yield Text(
                f"{care.many_reasons - _SHORT:,} more reasons were given for {MANY_WITH_ONE_REASON} or more decisions "
                "each; they are in 09_journal.jsonl."
            )
    else:
        yield Text(f"No single reason was given for {MANY_WITH_ONE_REASON} or more decisions.")


_SHORT = 5


def _paces(who: str, what: str, paces: tuple[ReviewerCare, ...]) -> Iterator[Text | Table]:
    """Yield when and how fast each reviewer decided or approved; nothing without reviewers."""
    if not paces:
        return
    yield Table(
        (who, what, "Acts", "First", "Last", "Median between acts", "Time per item", f"{MANY_AT_ONCE}+ in one second"),
        tuple(
            (
                one.reviewer,
                f"{one.decisions:,}",
                f"{one.acts:,}",
                _minute(_moment(one.first)),
                _minute(_moment(one.last)),
                _seconds(one.median_step),
                _seconds(one.per_item),
                f"{one.at_once:,}",
            )
            for one in paces[:_MAX_REVIEWERS]
        ),
        (18, 11, 7, 15, 15, 12, 11, 11),
    )
    if len(paces) > _MAX_REVIEWERS:
        yield Text(f"{len(paces) - _MAX_REVIEWERS:,} more are in 09_journal.jsonl.")


def exceptions_section(title: str, source: EvidenceContext, kept: ReportSample) -> Section:
    """Return the exceptions: reason, compensating control, owner, who decided, approver, last day."""
    if not kept.exceptions:
        return Section(title, (Text("There are no exceptions."),))
    lacking = sum(not one.decision.compensating.strip() for one in kept.exceptions)
    unapproved = sum(not one.decision.second for one in kept.exceptions)
    expired = sum(one.has_run_out for one in kept.exceptions)
    rows = tuple(
        (
            _short(f"{one.holder_arn.rpartition(':')[2]}: {one.name}"),
            _short(one.decision.comment),
            _short(one.decision.compensating) or NOT_STATED,
            _short(one.decision.owner),
            one.decided.reviewer if one.decided else "",
            one.decision.second or "none",
            f"{one.decision.expiry}{' (expired)' if one.has_run_out else ''}" if one.decision.expiry else "",
        )
        for one in kept.exceptions[:_MAX_EXCEPTIONS]
    )
    blocks: list[Text | Table] = [
        Text(
            f"{source.counts.exceptions:,} exceptions and accepted risks; {lacking:,} without a compensating control, "
            f"{unapproved:,} without an approver, {expired:,} expired."
        ),
        Table(
            ("What", "Reason", "Compensating control", "Owner", "Decided by", "Approved by", "Last day"),
            rows,
            (24, 19, 17, 10, 10, 10, 10),
        ),
    ]
    if source.counts.exceptions > len(rows):
        blocks.append(Text(f"The first {len(rows):,}; the annex and 05_exceptions.csv list all."))
    return Section(title, tuple(blocks))


def people_sections(source: EvidenceContext) -> Iterator[Section]:
    """Yield the section about persons, if the review was made with a list of people."""
    people = source.people
    if people is None:
        return
    found = [
        one
        for one in person_rows(people, source.rows(), frozenset(source.review.open_lines(source.today)))
        if one.access.state is not PersonState.ACTIVE
    ]
    blocks: list[Text | Table] = [
        Text(people_words(people)),
        Text(
            f"Joined by {', '.join(people.joins)} with {people.file}, SHA-256 {people.sha256}, {people.rows:,} people. "
            "The list itself is not in this package. 11_people.csv lists all people with what they can reach."
        ),
        Table(
            ("Person", "Status", "Manager", "Principals", "Own items", "By roles", "Decisions"),
            tuple(
                (
                    one.access.name.rpartition(":")[2],
                    status_words(one.access),
                    one.access.person.manager if one.access.person else "",
                    ", ".join(arn.rpartition(":")[2] for arn in one.access.principals),
                    f"{one.own:,}",
                    f"{one.through:,}",
                    _decisions(one),
                )
                for one in found[:_MAX_PEOPLE]
            ),
            (19, 18, 12, 21, 7, 7, 16),
        ),
    ]
    if len(found) > _MAX_PEOPLE:
        blocks.append(Text(f"{len(found) - _MAX_PEOPLE:,} more who left, moved or are unknown are in 11_people.csv."))
    yield Section("People", tuple(blocks))


def _decisions(row: PersonRow) -> str:
    parts = [
        f"{row.decisions[choice]:,} {CHOICE_WORDS[choice].lower()}" for choice in LINE_CHOICES if row.decisions[choice]
    ]
    expired = row.undecided - row.decisions[ReviewDecision.UNDECIDED]
    return ", ".join([*parts, *([f"{expired:,} expired"] if expired > 0 else [])])


def _short(text: str) -> str:
    return text if len(text) <= _MAX_CELL else f"{text[:_MAX_CELL]}…"


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _second(text: str) -> str:
    return f"{text[:10]} {text[11:19]} UTC"


def _days(earlier: datetime, later: datetime) -> str:
    return f"{(later - earlier).days:,}"


def _seconds(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.1f} s" if value < 120 else f"{value / 60:.1f} min"
