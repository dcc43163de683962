"""Sections of statement and annex about controls of standards: one table, and a page for each control."""

from collections import Counter
from collections.abc import Iterator

from iamdesk.checks.words import enumerated
from iamdesk.export.evidence.context import EvidenceContext
from iamdesk.export.evidence.controls import ControlResult
from iamdesk.export.evidence.report_model import Section, Table, Text
from iamdesk.export.evidence.report_people import due_words
from iamdesk.export.evidence.report_sample import ReportSample
from iamdesk.export.text.review import CHOICE_WORDS, entitlement_words, holder_name
from iamdesk.review.decisions import LINE_CHOICES, ReviewDecision

_MAX_NAMED = 10
_MAX_CELL = 120
"""Characters in a cell of the exceptions of one control, so that it stays one page."""


def controls_section(title: str, source: EvidenceContext, kept: ReportSample) -> Section:
    """Return the table of all controls, with what the review shows of each."""
    lacking = [one.control.id for one in kept.controls.results if one.control.is_about_credentials]
    rows = tuple(
        (
            result.control.id,
            result.control.title,
            f"{len(result.holders):,}",
            f"{result.entitlements:,}",
            f"{result.undecided:,}",
            f"{result.by_decision[ReviewDecision.EXCEPT]:,}",
            f"{result.by_decision[ReviewDecision.REVOKE] + result.by_decision[ReviewDecision.MODIFY]:,}",
        )
        for result in kept.controls.results
    )
    return Section(
        title,
        (
            Text(
                "For each control, the annex has a page: what it asks in our words, population, result, exceptions, "
                "and what this review does not show of it. Which controls apply, and whether they are met, is for the "
                "auditor to judge."
            ),
            Table(
                ("Control", "Title", "Holders", "Entitlements", "Undecided", "Exceptions", "To change"),
                rows,
                (16, 33, 9, 12, 11, 11, 8),
            ),
            *(
                (
                    Text(
                        f"{source.credentials_not_captured} The population of {enumerated(lacking)} is incomplete.",
                        is_warning=True,
                    ),
                )
                if source.credentials_not_captured
                else ()
            ),
        ),
    )


def control_sections(source: EvidenceContext, kept: ReportSample) -> Iterator[Section]:
    """Yield a page for each control."""
    for number, result in enumerate(kept.controls.results):
        control = result.control
        counts = [(CHOICE_WORDS[choice], f"{result.by_decision[choice]:,}") for choice in LINE_CHOICES]
        counts += [("With second approval", f"{result.seconded:,}"), ("Total", f"{result.entitlements:,}")]
        yield Section(
            f"Control {control.id}: {control.title}",
            (
                Table(
                    ("Asks, in our words",),
                    tuple((ask,) for ask in control.asks),
                    (100,),
                ),
                Table(("Property", "Value"), tuple(_facts(source, result)), (24, 76)),
                Table(("Result", "Entitlements"), tuple(counts), (70, 30)),
                Table(("Not shown by this review",), tuple((one,) for one in control.not_shown), (100,)),
                *_exceptions(result),
            ),
            new_page=number > 0,
        )


def _facts(source: EvidenceContext, result: ControlResult) -> Iterator[tuple[str, str]]:
    control, care = result.control, source.care
    details = source.review.head.details
    count = len(source.accounts)
    accounts = "1 account" if count == 1 else f"{count:,} accounts"
    yield "Standard", control.standard
    compared = f"compared with {control.read}" if control.read else "not compared with its text, which is not free"
    yield "Source", f"{control.source}, {control.url}. The standard decides; our words were {compared}."
    population = "; ".join(filter(None, (control.population_words, result.persons_words)))
    yield "Population", f"{population}; of {accounts}, except what is excluded"
    if control.is_about_credentials and source.credentials_not_captured:
        yield "Not in the population", f"{source.credentials_not_captured} This population is incomplete."
    if leavers := source.of_leavers:
        decisions = sum(leavers.values(), Counter())
        stated = ", ".join(f"{CHOICE_WORDS[choice].lower()} {count:,}" for choice, count in decisions.items())
        yield (
            "People who left",
            f"{enumerated(leavers, _MAX_NAMED)} left according to the list of people, and still had entitlements at "
            f"the time of the snapshot: {decisions.total():,} of any kind, {stated}",
        )
    excluded = "; ".join(f"{one.part} {one.name} ({one.entitlements:,}): {one.reason}" for one in source.left_out)
    yield "Excluded from the review", excluded or "nothing"
    yield "Holders", f"{len(result.holders):,}"
    yield "Entitlements", f"{result.entitlements:,}, {result.undecided:,} of them without a valid decision"
    period = [details.get(name) or "not stated" for name in ("period_start", "period_end")]
    yield "Period", " to ".join(dict.fromkeys(period))
    yield "Due day", due_words(source)
    yield "First and last decision", f"{care.first[:10]} to {care.last[:10]}" if care.first else "none"
    previous = details.get("previous_review")
    yield "Previous review", previous or "none: this is a first review"
    revokes = result.by_decision[ReviewDecision.REVOKE] + result.by_decision[ReviewDecision.MODIFY]
    yield (
        "Changes to make in AWS",
        f"{revokes:,}: 07_remediation.csv says which are closed, and the next review tests them",
    )
    yield "Acknowledgement", "08_signoffs.json, in the role management"


def _short(text: str) -> str:
    return text if len(text) <= _MAX_CELL else f"{text[:_MAX_CELL]}…"


def _exceptions(result: ControlResult) -> Iterator[Text | Table]:
    total = result.by_decision[ReviewDecision.EXCEPT]
    if not total:
        yield Text("There are no exceptions in this population.")
        return
    yield Table(
        ("Exception", "Reason", "Compensating control", "Owner", "Approved by", "Last day"),
        tuple(
            (
                _short(f"{holder_name(row.line)}: {entitlement_words(row.line)}"),
                _short(row.decision.comment),
                _short(row.decision.compensating) or "not stated",
                _short(row.decision.owner),
                _short(row.decision.second) or "none",
                row.decision.expiry.isoformat() if row.decision.expiry else "",
            )
            for row in result.exceptions
        ),
        (30, 22, 18, 10, 10, 10),
    )
    if total > len(result.exceptions):
        yield Text(f"{total - len(result.exceptions):,} more are in 05_exceptions.csv.")
