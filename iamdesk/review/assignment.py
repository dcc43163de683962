"""Who reviews what: rules in a CSV file give each item of a review a reviewer, a backup and a due day."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from iamdesk.escaping import visible
from iamdesk.i18n import phrase
from iamdesk.review.csv_table import CsvTable, read_table, wrong_row
from iamdesk.review.events import Event, EventKind
from iamdesk.review.review_file import ReviewFile
from iamdesk.review.scope import PrincipalClass, class_of

COLUMNS = ("account", "ou", "tag", "class", "tier", "manager", "reviewer", "backup", "due")
"""Of a rules file. The first six say which items a rule is for: an empty cell is for all."""
MANAGER = "@manager"
"""As a reviewer: the manager of the item's holder."""
_TIERS = range(6)


class AssignedTo(NamedTuple):
    """Who reviews an item."""

    reviewer: str
    backup: str
    due: date | None
    rule: int
    """Row of the rules file: the headings are row 1."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a rule looks at, of one item."""

    item_id: str
    account_id: str
    holder_arn: str
    principal_class: PrincipalClass
    tier: int | None
    """None: the item has none (a finding)."""


class Holders(Protocol):
    """What rules ask about accounts and holders."""

    def units(self, account_id: str) -> Sequence[str]:
        """Return ids and names of the organizational units above an account."""

    def tags(self, arn: str) -> Mapping[str, str]:
        """Return the tags of a user or role."""

    def manager(self, arn: str) -> str:
        """Return the manager of a holder; empty if unknown."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of a rules file."""

    row: int
    account: str
    unit: str
    tag: str
    """``KEY=VALUE``, or ``KEY`` for any value."""
    principal_class: str
    tier: int | None
    manager: str
    reviewer: str
    backup: str
    due: date | None

    def matches(self, subject: Subject, holders: Holders) -> bool:
        """Return whether the rule is for an item."""
        return (
            self.account in ("", subject.account_id)
            and self.principal_class in ("", subject.principal_class)
            and self.tier in (None, subject.tier)
            and (not self.unit or self.unit in holders.units(subject.account_id))
            and (not self.tag or self._is_tagged(holders.tags(subject.holder_arn)))
            and (not self.manager or self.manager == holders.manager(subject.holder_arn))
            and (self.reviewer != MANAGER or bool(holders.manager(subject.holder_arn)))
        )

    def _is_tagged(self, tags: Mapping[str, str]) -> bool:
        key, equals, value = self.tag.partition("=")
        return key in tags and (not equals or tags[key] == value)

    def assigned(self, subject: Subject, holders: Holders) -> AssignedTo:
        """Return who reviews an item that the rule is for."""
        reviewer = holders.manager(subject.holder_arn) if self.reviewer == MANAGER else self.reviewer
        return AssignedTo(reviewer, self.backup, self.due, self.row)


@dataclass(frozen=True, slots=True)
class Rules:
    """A rules file."""

    name: str
    sha256: str
    rules: tuple[Rule, ...]

    @property
    def ask_snapshot(self) -> bool:
        """Whether a rule requires data of the snapshot."""
        return any(rule.unit or rule.tag for rule in self.rules)

    @property
    def ask_managers(self) -> bool:
        """Whether a rule asks for managers."""
        return any(rule.manager or rule.reviewer == MANAGER for rule in self.rules)


def read_rules(path: Path) -> Rules:
    """Read a rules file: CSV in UTF-8, headings in the first row.

    Raises:
        ReviewError: it cannot be read, or a row is wrong; the sentence names file and row.
    """
    table = read_table(path)
    return Rules(path.name, table.sha256, tuple(_rules(path, table)))


def _rules(path: Path, table: CsvTable) -> Iterator[Rule]:
    table.check_columns(COLUMNS)
    if not table.rows:
        raise wrong_row(path, 1, phrase("the file contains no rule"))
    for number, row in table.rows:
        cell = {name: row.get(name, "") for name in COLUMNS}
        if not cell["reviewer"]:
            raise wrong_row(path, number, phrase("the rule names no reviewer"))
        if cell["class"] not in ("", *PrincipalClass):
            names = ", ".join(PrincipalClass)
            sentence = phrase("unknown class `{name}`: expected {names}", name=visible(cell["class"]), names=names)
            raise wrong_row(path, number, sentence)
        yield Rule(
            number,
            cell["account"],
            cell["ou"],
            cell["tag"],
            cell["class"],
            _tier(path, number, cell["tier"]),
            cell["manager"],
            cell["reviewer"],
            cell["backup"],
            _day(path, number, cell["due"]),
        )


def _tier(path: Path, row: int, text: str) -> int | None:
    if not text:
        return None
    if not (text.isdecimal() and text.isascii() and int(text) in _TIERS):
        raise wrong_row(path, row, phrase("`{text}` is not a tier: expected 0 to 5", text=visible(text)))
    return int(text)


def _day(path: Path, row: int, text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise wrong_row(path, row, phrase("`{text}` is not a date: expected YYYY-MM-DD", text=visible(text))) from None


def read_managers(path: Path) -> Mapping[str, str]:
    """Read who manages whom: CSV with the columns ``principal`` (an ARN, or a user's or role's name) and ``manager``.

    Raises:
        ReviewError: it cannot be read, or lacks a column; one sentence.
    """
    table = read_table(path)
    found: dict[str, str] = {}
    for number, row in table.rows:
        if "principal" not in row or "manager" not in row:
            raise wrong_row(path, 1, phrase("the columns `principal` and `manager` are expected"))
        if found.setdefault(row["principal"], row["manager"]) != row["manager"]:
            sentence = phrase("{name} has two managers", name=visible(row["principal"]))
            raise wrong_row(path, number, sentence)
    return found


@dataclass(frozen=True, slots=True)
class Assignment:
    """Who reviews which item; together the items are all of the review."""

    reviewers: Mapping[str, AssignedTo]
    """By item."""
    unassigned: tuple[str, ...]
    """Items that no rule is for: the review cannot be completed with them."""

    def by_reviewer(self) -> Mapping[AssignedTo, Sequence[str]]:
        """Return the items of each reviewer, those of different rules with the same backup and due day together."""
        found: dict[tuple[str, str, date | None], tuple[AssignedTo, list[str]]] = {}
        for item, assigned in self.reviewers.items():
            found.setdefault(assigned[:3], (assigned, []))[1].append(item)
        return dict(found.values())


def subjects_of(review: ReviewFile) -> Iterator[Subject]:
    """Yield every item and finding of a review as rules see it."""
    kinds = {member.arn: member.kind for member in review.population()}
    for item_id, item in review.each_line_by_id():
        effect = item.evidence.get("effect")
        tier = effect.get("tier") if isinstance(effect, Mapping) else None
        kind = class_of(kinds.get(item.holder_arn, item.holder_kind))
        yield Subject(item_id, item.account_id, item.holder_arn, kind, tier if isinstance(tier, int) else None)
    for finding in review.findings():
        arn = str(finding.get("subject_arn", ""))
        kind = class_of(kinds.get(arn, ""))
        yield Subject(str(finding["finding_id"]), str(finding.get("account_id", "")), arn, kind, None)


def assign(subjects: Iterable[Subject], rules: Sequence[Rule], holders: Holders) -> Assignment:
    """Give each item to the reviewer of the first rule that is for it."""
    reviewers: dict[str, AssignedTo] = {}
    unassigned: list[str] = []
    for subject in subjects:
        rule = next((one for one in rules if one.matches(subject, holders)), None)
        if rule is None:
            unassigned.append(subject.item_id)
        else:
            reviewers[subject.item_id] = rule.assigned(subject, holders)
    return Assignment(reviewers, tuple(unassigned))


def assignment_details(rules: Rules, assignment: Assignment) -> Mapping[str, Any]:
    """Return an assignment as the details of its event."""
    groups: dict[AssignedTo, list[str]] = {}
    for item, assigned in assignment.reviewers.items():
        groups.setdefault(assigned, []).append(item)
    return {
        "rules": rules.name,
        "rules_sha256": rules.sha256,
        "groups": [
            {
                "rule": one.rule,
                "reviewer": one.reviewer,
                "backup": one.backup,
                "due": one.due.isoformat() if one.due else "",
                "items": items,
            }
            for one, items in groups.items()
        ],
        "unassigned": list(assignment.unassigned),
    }


def assignment_of(events: Iterable[Event]) -> Assignment | None:
    """Return the current assignment; None if nothing was assigned.

    What was handed back has no reviewer until it is assigned again.
    """
    reviewers: dict[str, AssignedTo] | None = None
    unassigned: dict[str, None] = {}
    for event in events:
        if event.kind is EventKind.ASSIGN:
            reviewers = {
                item: _assigned_to(group, group["rule"]) for group in event.details["groups"] for item in group["items"]
            }
            unassigned = dict.fromkeys(event.details["unassigned"])
        elif event.kind is EventKind.RETURN and reviewers is not None:
            for item in event.details["items"]:
                reviewers.pop(item, None)
                unassigned[item] = None
        elif event.kind is EventKind.REASSIGN:
            reviewers = reviewers if reviewers is not None else {}
            for item in event.details["items"]:
                reviewers[item] = _assigned_to(event.details, 0)
                unassigned.pop(item, None)
    return None if reviewers is None else Assignment(reviewers, tuple(unassigned))


def _assigned_to(details: Mapping[str, Any], rule: int) -> AssignedTo:
    due = date.fromisoformat(details["due"]) if details["due"] else None
    return AssignedTo(details["reviewer"], details["backup"], due, rule)
