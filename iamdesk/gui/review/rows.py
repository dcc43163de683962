"""Rows of the review table that are entitlements: one, or several that are decided together."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from iamdesk.export.text.decision import short_arn
from iamdesk.export.text.people import status_words
from iamdesk.export.text.review import (
    CHOICE_WORDS,
    administration_words,
    decision_words,
    holder_name,
    is_privileged,
    last_used_words,
    power_words,
)
from iamdesk.export.text.review_effect import (
    SUGGESTION_WORDS,
    effect_summary,
    is_guardrail,
    suggestion_words,
    tier_words,
)
from iamdesk.gui.core.locale import number
from iamdesk.gui.core.retranslation import translate_english
from iamdesk.gui.review.columns import Column
from iamdesk.gui.review.decision_row import SEVERITY_WORDS, DecidedRow, several, severity_rank
from iamdesk.gui.review.finding_rows import finding_rows_of
from iamdesk.gui.tables.rows_model import SortKey
from iamdesk.i18n import mark, ntr, tr, translate
from iamdesk.review.asked import AskedKind, asked_kinds, asked_reasons
from iamdesk.review.coordination import RemovalOutcome
from iamdesk.review.decisions import ItemDecision, ReviewDecision
from iamdesk.review.grouping import Grouping, group_keys, is_in_own_name
from iamdesk.review.item_effect import LAST_TIER, effect_of
from iamdesk.review.items import EntitlementType, ReviewItem
from iamdesk.review.people import People, PersonAccess, PersonState
from iamdesk.review.session import ReviewSession

REMOVAL_WORDS: Mapping[RemovalOutcome, str] = {
    RemovalOutcome.DONE: mark("Removed"),
    RemovalOutcome.GONE: mark("Gone already"),
    RemovalOutcome.BY_HAND: mark("By hand"),
    RemovalOutcome.KEPT: mark("Kept: it denies"),
    RemovalOutcome.SKIPPED: mark("Skipped: in use"),
    RemovalOutcome.FAILED: mark("Failed"),
}
_DOUBTFUL = (PersonState.LEFT, PersonState.MOVED, PersonState.UNKNOWN)
_ADMINISTRATION_ORDER = ("is", "reaches", "may reach", "cannot tell")


class EntitlementRow(DecidedRow):
    """One entitlement, or a group of entitlements."""

    def __init__(
        self,
        lines: tuple[ReviewItem, ...],
        findings: tuple[Mapping[str, Any], ...],
        grouping: Grouping = Grouping.LINE,
        people: People | None = None,
    ) -> None:
        used = min if len(lines) > 1 else max
        super().__init__(
            tuple(line.line_id for line in lines),  # a hash each, computed once
            {
                Column.WHO: _who(lines, grouping, people),
                Column.WHAT: _all_of_it(lines, grouping),
                Column.TIER: _tiers_text(lines),
                Column.SUGGESTION: several([_suggestion(line) for line in lines], mark("{count} suggestions")),
                Column.LOSES: several([_amount(line, "lost") for line in lines], mark("{count} amounts")),
                Column.GAINS: several([_amount(line, "gained") for line in lines], mark("{count} amounts")),
                Column.WHY_ASKED: several([_reasons(line) for line in lines], mark("{count} reasons")),
                Column.REMOVAL: several([_retest(line) for line in lines], mark("{count} results")),
                Column.REVOKING: several([translate(effect_summary(line)) for line in lines], mark("{count} effects")),
                Column.ADMINISTRATION: _administration(min(lines, key=_administration_rank)),
                Column.EFFECT: several([_permissions_text(line) for line in lines], mark("{count} amounts")),
                Column.LAST_USED: translate(used(last_used_words(line) for line in lines)),
                Column.FINDINGS: _findings_words(findings),
                Column.ACCOUNT: several([line.account_id for line in lines], mark("{count} accounts")),
            },
            (lines[0].entitlement_id, *(line.holder_arn for line in lines)),
            [line.holder_arn for line in lines[:20]],
        )
        person = people.person_of(lines[0].holder_arn) if people is not None and grouping is Grouping.PERSON else None
        who = PersonAccess(person, (), ()).name if person is not None else holder_name(lines[0])
        self.names = who, lines[0].name
        self.lines = lines
        self.findings = findings
        self.privileged = any(line.evidence.get("administration") and is_privileged(line) != "no" for line in lines)
        self.tiers = frozenset(int(effect["tier"]) for line in lines if (effect := effect_of(line)))
        self.is_guardrail = any(map(is_guardrail, lines))
        if len(lines) == 1:
            tier, suggestion = translate(tier_words(lines[0])), translate(suggestion_words(lines[0]))
            self.tips = {Column.TIER: tier, Column.SUGGESTION: suggestion}
        if self.is_guardrail:
            self.tips[Column.WHAT] = tr("{entitlement}: a guardrail, revoking it widens access").format(
                entitlement=self.fixed[Column.WHAT]
            )
        self.suggestions = frozenset(str(effect_of(line).get("suggestion", {}).get("decision", "")) for line in lines)
        self.classes = frozenset(str(line.evidence.get("holder_class", "unknown")) for line in lines)
        self.person = _person_words(lines[0], people)
        """The holder's person, and what the list says about them; empty if none is known."""
        self.why_asked = frozenset(why for line in lines for why in asked_kinds(line))
        if people is not None and any(people.state_of(line.holder_arn) in _DOUBTFUL for line in lines):
            self.why_asked |= {AskedKind.PERSON}

    @property
    def noted_items(self) -> Sequence[str]:
        """The holders, then what they hold."""
        return (*(line.holder_arn for line in self.lines), *(line.entitlement_id for line in self.lines))

    def words_of(self, decision: ItemDecision) -> str:
        """Return a decision in words."""
        return decision_words(decision)

    def word_of(self, choice: ReviewDecision) -> str:
        """Return a decision in one word."""
        return CHOICE_WORDS[choice]

    def key_of(self, column: Column) -> SortKey:
        """Return the sort key in a column."""
        match column:
            case Column.ADMINISTRATION:
                return min(map(_administration_rank, self.lines))
            case Column.REVOKING:
                return min((_tier_of(line) for line in self.lines), default=9), effect_summary(self.lines[0]).casefold()
            case Column.TIER:
                return (min((_tier_of(line) for line in self.lines), default=9),)
            case Column.LOSES | Column.GAINS:
                key = "lost" if column is Column.LOSES else "gained"
                return (-max(amount_changed(line, key) for line in self.lines),)
            case Column.EFFECT:
                return (-int((self.lines[0].evidence.get("holder") or {}).get("actions", 0)),)
            case Column.FINDINGS:
                return (min(map(severity_rank, self.findings), default=severity_rank({})), -len(self.findings))
        return (self.fixed.get(column, "").casefold(),)


def _who(lines: tuple[ReviewItem, ...], grouping: Grouping, people: People | None) -> str:
    if grouping is Grouping.PERSON and (words := _person_words(lines[0], people)):
        return words
    return several([translate(holder_name(line)) for line in lines], mark("{count} principals"))


def _person_words(line: ReviewItem, people: People | None) -> str:
    """Return the person of a holder, and the status unless active: ``Jane Doe (left on 2026-10-01)``."""
    person = people.person_of(line.holder_arn) if people is not None else None
    if person is None:
        return tr("not in the list of people") if people is not None and people.state_of(line.holder_arn) else ""
    access = PersonAccess(person, (), ())
    if access.state is PersonState.ACTIVE:
        return access.name
    return tr("{name} ({status})").format(name=access.name, status=translate(status_words(access)))


def _tiers_text(lines: Iterable[ReviewItem]) -> str:
    """Return the tier, or the range of tiers: ``0–3``."""
    tiers = sorted({_tier_of(line) for line in lines if effect_of(line)})
    return "" if not tiers else str(tiers[0]) if len(tiers) == 1 else f"{tiers[0]}–{tiers[-1]}"


def _suggestion(line: ReviewItem) -> str:
    made = effect_of(line).get("suggestion")
    return tr(SUGGESTION_WORDS[str(made["decision"])]) if made else ""


def amount_changed(line: ReviewItem, key: str) -> int:
    """Return how many actions are lost or gained if an entitlement goes; -1 if that is not known."""
    revoke = effect_of(line).get("revoke")
    return int(revoke[key]["actions"]) if revoke else -1


def _amount(line: ReviewItem, key: str) -> str:
    count = amount_changed(line, key)
    return number(count) if count >= 0 else ""


def _reasons(line: ReviewItem) -> str:
    return " ".join(map(translate_english, asked_reasons(line)))


def _retest(line: ReviewItem) -> str:
    """Return the result of an earlier revocation of an entitlement that exists: it was not carried out, or not kept."""
    kinds = asked_kinds(line)
    if AskedKind.CAME_BACK in kinds:
        return tr("Came back")
    return tr("Still there") if AskedKind.STILL_THERE in kinds else ""


def removal_text(items: Collection[str], removals: Mapping[str, tuple[RemovalOutcome, str]]) -> str:
    """Return what logs of ``remediation.sh`` say of items that are decided together: ``Removed 2026-11-25``."""
    known = [removals[item] for item in items if item in removals]
    words = {f"{tr(REMOVAL_WORDS[outcome])} {at[:10]}" for outcome, at in known}
    if len(words) == 1 and len(known) == len(items):
        return words.pop()
    closed = sum(outcome.is_closed for outcome, _at in known)
    return tr("{count} of {total} removed").format(count=number(closed), total=number(len(items)))


def _tier_of(line: ReviewItem) -> int:
    return int(effect_of(line).get("tier", LAST_TIER + 1))


def rows_of(review_session: ReviewSession, grouping: Grouping) -> list[DecidedRow]:
    """Return the rows of a review, in the order of recording; call `update_decisions` on each before showing it."""
    if grouping.is_of_findings:
        return list(finding_rows_of(review_session, grouping))
    keys = group_keys(review_session.lines, grouping, review_session.people)
    groups: dict[str, list[ReviewItem]] = {}
    for line in review_session.lines:
        groups.setdefault(keys[line.line_id], []).append(line)
    return [row_of(review_session, lines, grouping) for lines in groups.values()]


def row_of(
    review_session: ReviewSession, lines: Iterable[ReviewItem], grouping: Grouping = Grouping.LINE
) -> EntitlementRow:
    """Return the row of entitlements that are decided together; call `update_decisions` before showing it."""
    members = tuple(lines)
    return EntitlementRow(members, _findings_of(review_session, members), grouping, review_session.people)


def _findings_of(review_session: ReviewSession, lines: Iterable[ReviewItem]) -> tuple[Mapping[str, Any], ...]:
    found = {str(one.get("finding_id")): one for line in lines for one in review_session.findings_of(line)}
    return tuple(sorted(found.values(), key=severity_rank))


def _findings_words(findings: tuple[Mapping[str, Any], ...]) -> str:
    if not findings:
        return ""
    worst = SEVERITY_WORDS.get(str(min(findings, key=severity_rank).get("severity")))
    count = number(len(findings))
    return f"{count}, {tr(worst)}" if worst else count


def _administration(line: ReviewItem) -> str:
    """Return `administration_words`, for a narrow column."""
    administration = line.evidence.get("administration") or {}
    steps = administration.get("steps")
    if steps is None or administration.get("reaches") not in ("reaches", "may reach"):
        return translate(administration_words(line))
    if administration["reaches"] == "reaches":
        return ntr("In {count} step", "In {count} steps", steps).format(count=steps)
    return ntr("Possibly in {count} step", "Possibly in {count} steps", steps).format(count=steps)


_SHORT_TYPES: dict[EntitlementType, str] = {
    EntitlementType.GROUP: mark("group"),
    EntitlementType.MANAGED_POLICY: mark("managed"),
    EntitlementType.INLINE_POLICY: mark("inline"),
    EntitlementType.TRUST: mark("role trust"),
    EntitlementType.ACCESS_KEY: "",
    EntitlementType.RESOURCE_GRANT: mark("resource policy grant"),
    EntitlementType.PERMISSION_SET: mark("permission set"),
    EntitlementType.BOUNDARY: mark("boundary"),
    EntitlementType.CONSOLE_PASSWORD: "",
    EntitlementType.ROOT_ACCESS: "",
}


def _all_of_it(lines: tuple[ReviewItem, ...], grouping: Grouping) -> str:
    """Return the entitlement of a row; for identical access, with a note if they differ in the holder's name."""
    what = several([_what(line) for line in lines], mark("{count} entitlements"))
    if grouping is Grouping.EFFECT and len(lines) > 1 and any(map(is_in_own_name, lines)):
        return tr("{entitlement} (differs only in the holder's name)").format(entitlement=what)
    return what


def _what(line: ReviewItem) -> str:
    """Return the entitlement for a narrow column: the name first, then its type."""
    trusts = line.evidence.get("trusts") if line.type is EntitlementType.TRUST else None
    name = ", ".join(translate(short_arn(one)) for one in trusts) if trusts else line.name
    return f"{name}  {tr(_SHORT_TYPES[line.type])}".rstrip()


def _permissions_text(line: ReviewItem) -> str:
    """Return `power_words` without the access levels, for a narrow column."""
    return translate(power_words(line.evidence.get("holder"))).partition(":")[0]


def _administration_rank(line: ReviewItem) -> tuple[int, int]:
    administration = line.evidence.get("administration") or {}
    reaches = str(administration.get("reaches", "")) if administration else ""
    place = _ADMINISTRATION_ORDER.index(reaches) if reaches in _ADMINISTRATION_ORDER else len(_ADMINISTRATION_ORDER)
    return place, int(administration.get("steps") or 0)
