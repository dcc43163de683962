"""Columns of the evidence tables: names, order and values, the same for CSV and XLSX."""

from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Protocol

from iamdesk.escaping import visible
from iamdesk.export.text.review import condition_keys, holder_name, is_privileged, power_words
from iamdesk.export.text.review_effect import effect_words, suggestion_words, tier_reason_words, used_words
from iamdesk.review.asked import SINCE_LAST, asked_reasons
from iamdesk.review.completion import COMPLETE, DRAFT
from iamdesk.review.decisions import ItemDecision, ReviewDecision
from iamdesk.review.item_effect import effect_of
from iamdesk.review.items import EntitlementType, PopulationEntry, ReviewItem
from iamdesk.review.journal import as_json, digest
from iamdesk.review.people import People, PersonAccess
from iamdesk.review.state import Decided

type Cell = str | int | datetime
"""A cell: text, a count, or a moment in UTC."""

JOINT = " | "
STATUS = "review_status"
"""Name of the first column of every table: whether the review is complete or a draft."""


@dataclass(frozen=True, slots=True)
class Column[Row]:
    """One column."""

    name: str
    """Stable name: the heading in CSV and XLSX."""
    value: Callable[[Row], Cell]
    is_open: bool = False
    """Whether a reviewer may fill it in, for import."""


def cells_of[Row](columns: Sequence[Column[Row]], row: Row) -> list[Cell]:
    """Return the cells of a row."""
    return [column.value(row) for column in columns]


@dataclass(frozen=True, slots=True)
class DecidedLine:
    """An entitlement with its decision."""

    review_id: str
    line_id: str
    line: ReviewItem
    sha256: str
    """Digest of the entitlement as frozen in the review."""
    decision: ItemDecision
    decided: Decided | None
    finding_ids: tuple[str, ...]


def moment(text: str | None) -> Cell:
    """Return a time in ISO 8601 as a cell; empty for None."""
    return datetime.fromisoformat(text).astimezone(UTC).replace(microsecond=0) if text else ""


def _joined(value: Any) -> str:
    return JOINT.join(str(one) for one in value or ())


def _steps(row: DecidedLine) -> Cell:
    steps = (row.line.evidence.get("administration") or {}).get("steps")
    return "" if steps is None else int(steps)


def _confidence(row: DecidedLine) -> str:
    if row.line.evidence.get("missing"):
        return "cannot_tell"
    reaches = (row.line.evidence.get("holder") or {}).get("by_reach", {})
    return "partial" if reaches.get("awaiting resource policy") else "evaluated"


def _unknown(row: DecidedLine) -> str:
    match _confidence(row):
        case "cannot_tell":
            return "the policy or group is not captured"
        case "partial":
            return "some actions depend on a resource policy that is not captured"
    return ""


def _expiry(row: "DecidedLine | DecidedFinding | Excepted") -> str:
    return row.decision.expiry.isoformat() if row.decision.expiry else ""


class Decidable(Protocol):
    """An entitlement or a finding with the current decision on it."""

    @property
    def decision(self) -> ItemDecision:
        """The current decision."""

    @property
    def decided(self) -> Decided | None:
        """Who decided, and when; None if undecided."""


def cells_sha256(decision: ItemDecision) -> str:
    """Return the digest of the cells that a reviewer fills in, as exported: it identifies an untouched row."""
    texts = [visible(one).strip() for one in (decision.comment, decision.owner, decision.ticket)]
    texts += [visible(decision.compensating).strip()] if decision.compensating.strip() else []
    return digest([decision.choice.value, decision.expiry.isoformat() if decision.expiry else "", *texts])


def state_sha256(row: Decidable) -> str:
    """Return the digest of the current decision on a row: it identifies a sheet exported before a change."""
    decided = row.decided
    return digest(
        [as_json(row.decision), None if decided is None else [decided.reviewer, decided.account, decided.moment]]
    )


_STANDING: tuple[Column[Any], ...] = (
    Column("decision_sha256", lambda row: cells_sha256(row.decision)),
    Column("standing_sha256", state_sha256),
)
ENTITLEMENTS: tuple[Column[DecidedLine], ...] = (
    Column("review_id", lambda row: row.review_id),
    Column("line_id", lambda row: row.line_id),
    Column("account_id", lambda row: row.line.account_id),
    Column("holder_type", lambda row: str(row.line.evidence.get("holder_class", "unknown"))),
    Column("holder_kind", lambda row: row.line.holder_kind),
    Column("holder_display", lambda row: holder_name(row.line)),
    Column("holder_arn", lambda row: row.line.holder_arn),
    Column("owner_id", lambda row: str(row.line.evidence.get("owner", ""))),
    Column("entitlement_type", lambda row: row.line.type.value),
    Column("entitlement_name", lambda row: row.line.name),
    Column("entitlement_id", lambda row: row.line.entitlement_id),
    Column("effective_summary", lambda row: power_words(row.line.evidence.get("holder"))),
    Column("effective_action_count", lambda row: int((row.line.evidence.get("holder") or {}).get("actions", 0))),
    Column("reaches_admin", lambda row: is_privileged(row.line)),
    Column("chain_length", _steps),
    Column("conditions", lambda row: _joined(condition_keys(row.line))),
    Column("limited_by", lambda row: _joined(row.line.evidence.get("limited_by"))),
    Column("last_used_utc", lambda row: moment(row.line.evidence.get("last_used"))),
    Column("last_used_basis", lambda row: str(row.line.evidence.get("last_used_basis", "not captured"))),
    Column("finding_ids", lambda row: _joined(row.finding_ids)),
    Column("verdict_confidence", _confidence),
    Column("unknown_reason", _unknown),
    Column("why_asked", lambda row: _joined(asked_reasons(row.line))),
    Column("decision", lambda row: row.decision.choice.value, is_open=True),
    Column("decision_reason", lambda row: row.decision.comment, is_open=True),
    Column("exception_owner", lambda row: row.decision.owner, is_open=True),
    Column("exception_expiry", _expiry, is_open=True),
    Column("compensating_control", lambda row: row.decision.compensating, is_open=True),
    Column("ticket", lambda row: row.decision.ticket, is_open=True),
    Column("reviewer_name", lambda row: row.decided.reviewer if row.decided else ""),
    Column("reviewer_account", lambda row: row.decided.account if row.decided else ""),
    Column("reviewed_utc", lambda row: moment(row.decided.moment if row.decided else None)),
    Column("second_reviewer", lambda row: row.decision.second),
    Column("line_sha256", lambda row: row.sha256),
    *_STANDING,
)


def _of_effect(row: DecidedLine, *path: str) -> Cell:
    found: Any = effect_of(row.line)
    for name in path:
        found = found.get(name, {}) if isinstance(found, Mapping) else {}
    return found if isinstance(found, int | str) else ""


def _effect_line(row: DecidedLine, number: int) -> str:
    words = effect_words(row.line)
    return words[number] if words else ""


_EFFECT: tuple[Column[DecidedLine], ...] = (
    Column("tier", lambda row: _of_effect(row, "tier")),
    Column("tier_reason", lambda row: tier_reason_words(row.line)),
    Column("effect_kind", lambda row: _of_effect(row, "kind")),
    Column("effect_status", lambda row: _of_effect(row, "status")),
    Column("gives", lambda row: _effect_line(row, 0)),
    Column("revoking", lambda row: _effect_line(row, 1)),
    Column("gives_action_count", lambda row: _of_effect(row, "alone", "actions")),
    Column("lost_action_count", lambda row: _of_effect(row, "revoke", "lost", "actions")),
    Column("gained_action_count", lambda row: _of_effect(row, "revoke", "gained", "actions")),
    Column("affected_principals", lambda row: _of_effect(row, "affects", "principals")),
    Column("widened_principals", lambda row: _of_effect(row, "affects", "gaining")),
    Column("used", lambda row: used_words(row.line)),
    Column("suggestion", lambda row: suggestion_words(row.line)),
)
"""The effect of an item."""


def entitlement_columns(people: People | None = None) -> tuple[Column[DecidedLine], ...]:
    """Return the columns of entitlements in a review, with a list of people or without."""
    place = next(number for number, one in enumerate(ENTITLEMENTS) if one.name == "effective_summary")
    persons = _persons(people) if people is not None else ()
    return (*ENTITLEMENTS[:place], *persons, *_EFFECT, *ENTITLEMENTS[place:])


def _persons(people: People) -> tuple[Column[DecidedLine], ...]:
    def of(name: str) -> Callable[[DecidedLine], Cell]:
        return lambda row: str(getattr(people.person_of(row.line.holder_arn), name, ""))

    def state(row: DecidedLine) -> Cell:
        found = people.state_of(row.line.holder_arn)
        return found.value if found is not None else ""

    return (
        Column("person_id", of("key")),
        Column("person_name", of("name")),
        Column("person_email", of("email")),
        Column("employment_status", state),
        Column("person_manager", of("manager")),
    )


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person, or a user that no person of the list is for, with what is decided on the access."""

    access: PersonAccess
    own: int
    """Entitlements of the person's principals."""
    through: int
    """Entitlements of roles and groups that these reach."""
    undecided: int
    """Of both."""
    decisions: Mapping[ReviewDecision, int]
    """How many of both have each decision."""


def person_rows(people: People, rows: Iterable[DecidedLine], open_ids: Container[str]) -> Iterator[PersonRow]:
    """Yield what each person has, in the order of `People.access`."""
    by_holder: dict[str, list[ReviewItem]] = {}
    choices: dict[str, ReviewDecision] = {}
    for row in rows:
        choices[row.line_id] = row.decision.choice
        by_holder.setdefault(row.line.holder_arn, []).append(row.line)
    for access in people.access():
        items = list(access.items(by_holder))
        through = sum(how.partition(" ")[0] not in ("", "owner") for _, how in items)
        waiting = sum(item.line_id in open_ids for item, _ in items)
        decisions = Counter(choices[item.line_id] for item, _ in items)
        yield PersonRow(access, len(items) - through, through, waiting, decisions)


def _of_person(name: str) -> Callable[[PersonRow], Cell]:
    return lambda row: str(getattr(row.access.person, name, ""))


PERSONS: tuple[Column[PersonRow], ...] = (
    Column("person_id", _of_person("key")),
    Column("person_name", _of_person("name")),
    Column("person_email", _of_person("email")),
    Column("employment_status", lambda row: row.access.state.value),
    Column("last_day", _of_person("last_day")),
    Column("moved", _of_person("moved")),
    Column("before_move", _of_person("was")),
    Column("department", _of_person("department")),
    Column("job_title", _of_person("title")),
    Column("person_manager", _of_person("manager")),
    Column("list_row", lambda row: row.access.person.row if row.access.person else ""),
    Column("principals", lambda row: _joined(row.access.principals)),
    Column("reaches", lambda row: _joined(f"{one.how} {one.arn}" for one in row.access.reaches)),
    Column("own_entitlements", lambda row: row.own),
    Column("through_roles_and_groups", lambda row: row.through),
    Column("undecided", lambda row: row.undecided),
)


POPULATION: tuple[Column[PopulationEntry], ...] = (
    Column("account_id", lambda row: row.account_id),
    Column("principal_arn", lambda row: row.arn),
    Column("type", lambda row: row.kind),
    Column("in_scope", lambda row: "yes" if row.in_scope else "no"),
    Column("out_reason", lambda row: row.out_reason),
)


@dataclass(frozen=True, slots=True)
class DecidedFinding:
    """A finding with its decision."""

    review_id: str
    opened_utc: str
    """When the review was created."""
    finding_id: str
    finding: Mapping[str, Any]
    sha256: str
    """Digest of the finding as frozen in the review."""
    decision: ItemDecision
    decided: Decided | None
    is_open: bool
    """Whether it needs a decision."""

    def text(self, name: str) -> str:
        """Return a value of the finding as text; empty if it has none."""
        found = self.finding.get(name, "")
        return found if isinstance(found, str) else _joined(found)


_STATES = {"found": "open", "cannot tell": "cannot_tell"}


def _state(row: DecidedFinding) -> Cell:
    """Return the state of a finding with regard to its decision; it is open again after an exception expired."""
    match row.decision.choice:
        case ReviewDecision.EXCEPT if not row.is_open:
            return "excepted"
        case ReviewDecision.FALSE_POSITIVE:
            return "not_applicable"
    return _STATES.get(row.text("state"), "open")


def _since(name: str) -> Callable[[DecidedFinding], str]:
    return lambda row: str((row.finding.get(SINCE_LAST) or {}).get(name) or "")


_FINDING_NAMES = (
    *("check_id", "title", "severity", "account_id", "subject_type", "subject_name", "subject_arn", "finding"),
    *("proof_summary", "deciding_statements", "missing_context", "assumptions", "remediation", "refs"),
)


def _of_finding(name: str) -> Callable[[DecidedFinding], Cell]:
    return lambda row: row.text(name)


FINDINGS: tuple[Column[DecidedFinding], ...] = (
    Column("review_id", lambda row: row.review_id),
    Column("finding_id", lambda row: row.finding_id),
    *(Column(name, _of_finding(name)) for name in _FINDING_NAMES),
    Column("state", _state),
    Column("first_seen_utc", lambda row: moment(_since("first_seen_utc")(row) or row.opened_utc)),
    Column("last_seen_utc", lambda row: moment(row.opened_utc)),
    Column("baseline", _since("baseline")),
    Column("decision", lambda row: row.decision.choice.value, is_open=True),
    Column("decision_reason", lambda row: row.decision.comment, is_open=True),
    Column("owner_id", lambda row: row.decision.owner, is_open=True),
    Column("expiry_utc", _expiry, is_open=True),
    Column("compensating_control", lambda row: row.decision.compensating, is_open=True),
    Column("ticket", lambda row: row.decision.ticket, is_open=True),
    Column("decided_by", lambda row: row.decided.reviewer if row.decided else ""),
    Column("decided_account", lambda row: row.decided.account if row.decided else ""),
    Column("decided_utc", lambda row: moment(row.decided.moment if row.decided else None)),
    Column("second_reviewer", lambda row: row.decision.second),
    Column("finding_sha256", lambda row: row.sha256),
    *_STANDING,
)


@dataclass(frozen=True, slots=True)
class Excepted:
    """An exception: an entitlement that is kept, or a finding whose risk is accepted, until a date."""

    subject_id: str
    holder_arn: str
    type: str
    name: str
    decision: ItemDecision
    decided: Decided | None
    has_run_out: bool


def excepted(row: DecidedLine | DecidedFinding, today: date) -> Excepted:
    """Return the row of the exceptions table for an entitlement or finding with an exception."""
    run_out = row.decision.has_run_out(today)
    if isinstance(row, DecidedLine):
        line = row.line
        return Excepted(row.line_id, line.holder_arn, line.type.value, line.name, row.decision, row.decided, run_out)
    name = f"{row.text('check_id')}: {row.text('title')}"
    return Excepted(row.finding_id, row.text("subject_arn"), "finding", name, row.decision, row.decided, run_out)


EXCEPTIONS: tuple[Column[Excepted], ...] = (
    Column("exception_id", lambda row: f"x-{row.subject_id[:12]}"),
    Column("finding_or_line_ids", lambda row: row.subject_id),
    Column("holder_arn", lambda row: row.holder_arn),
    Column("type", lambda row: row.type),
    Column("name", lambda row: row.name),
    Column("reason", lambda row: row.decision.comment),
    Column("compensating_control", lambda row: row.decision.compensating),
    Column("owner", lambda row: row.decision.owner),
    Column("expiry_utc", _expiry),
    Column("has_run_out", lambda row: "yes" if row.has_run_out else "no"),
    Column("decided_by", lambda row: row.decided.reviewer if row.decided else ""),
    Column("decided_utc", lambda row: moment(row.decided.moment if row.decided else None)),
    Column("approved_by", lambda row: row.decision.second),
)


@dataclass(frozen=True, slots=True)
class LineChange:
    """A change of a review item since the previous review."""

    line_key: str
    change: str
    before: str = ""
    after: str = ""
    cause: str = ""
    details: Mapping[str, str] = field(default_factory=dict)


CHANGES: tuple[Column[LineChange], ...] = (
    Column("line_key", lambda row: row.line_key),
    Column("change", lambda row: row.change),
    Column("before", lambda row: row.before),
    Column("after", lambda row: row.after),
    Column("cause", lambda row: row.cause),
)
GLOSSARY: tuple[tuple[str, str], ...] = (
    (STATUS, f"{COMPLETE}; {DRAFT}: something in the review is still open, as sheet Cover says"),
    ("population", "all principals of the snapshot, in scope or out of scope"),
    ("entitlement", "one thing that a reviewer decides on: a row of the sheet Entitlements"),
    ("holder_type", "human, machine, third_party or unknown, as far as the snapshot shows"),
    ("entitlement_type", ", ".join(one.value for one in EntitlementType)),
    ("effective_summary", "the holder's effective permissions, with permissions boundaries and organization policies"),
    (
        "reaches_admin",
        "whether the holder is or can become an administrator (of a group: its members through it); cannot_tell: the "
        "holder is not in the snapshot, or data is missing; chain_length: number of steps",
    ),
    (
        "verdict_confidence",
        "evaluated; partial: a resource policy is not captured; cannot_tell: the policy itself is not captured",
    ),
    (
        "employment_status",
        "what the list of people says: active, left, moved, unknown (no person of the list is for the user)",
    ),
    ("why_asked", "in a follow-up review, why the entitlement needs a decision; empty: its decision is carried over"),
    ("decision", "on an entitlement: keep, revoke, modify, except (an exception until a date), undecided"),
    ("decision on a finding", "fix, false_positive, except (the risk is accepted until a date), undecided"),
    ("state", "of a finding: open; cannot_tell; excepted: risk accepted until a date; not_applicable: false positive"),
    ("baseline", "of a finding, compared with the previous review: new, unchanged, updated (its text changed)"),
    ("line_sha256", "digest of everything that the reviewer saw of the entitlement: a decision is bound to it"),
    ("finding_sha256", "digest of everything that the reviewer saw of the finding"),
    (
        "decision_sha256",
        "digest of decision, reason, owner, last day and ticket: identifies rows that were not filled in",
    ),
    ("standing_sha256", "digest of the decision, who decided and when: if it changed, a row is not overwritten"),
    ("compensating_control", "of an exception: what limits the risk until its last day, as the reviewer states it"),
    ("reset", "as decision or ticket, clears it when the sheet is imported; an empty cell changes nothing"),
    (
        "retest_verdict",
        "of a decision of an earlier review: gone, still_present, came_back, cannot_tell (see retest_basis)",
    ),
    (
        "still_possible_action_count",
        "of the actions that a revoked entitlement gave: how many its holder can still perform otherwise",
    ),
    ("ticket_state", "as the ticket system reported it (review tickets); that access is gone shows the retest"),
    (
        "second_reviewer",
        "who gave second approval to the decision; of an exception: approved_by, while decided_by made the decision",
    ),
)
