"""The facts of the evidence: titles and texts of an entitlement, and of a finding."""

from collections.abc import Iterator, Mapping
from typing import Any

from iamdesk.export.text.decision import short_arn
from iamdesk.export.text.review import CLASS_WORDS, administration_words, condition_keys, last_used_words, power_words
from iamdesk.export.text.review_effect import suggestion_words, tier_words, used_words
from iamdesk.gui.core.locale import number
from iamdesk.gui.core.retranslation import translate_english
from iamdesk.gui.review.decision_row import SEVERITY_WORDS, DecidedRow
from iamdesk.i18n import ntr, tr, translate
from iamdesk.review.decisions import CARRIED_OVER, ItemDecision
from iamdesk.review.item_effect import effect_of
from iamdesk.review.items import ReviewItem
from iamdesk.review.session import ReviewSession


def line_facts(line: ReviewItem) -> Iterator[tuple[str, str]]:
    """Yield titles and texts of an entitlement."""
    evidence = line.evidence
    since = evidence.get("since_last") or {}
    facts = (
        (tr("Needs a decision because"), " ".join(map(translate_english, since.get("reasons", ())))),
        (tr("Suggestion"), translate(suggestion_words(line))),
        (tr("Impact"), translate(tier_words(line))),
        (
            tr("Also granted by, in the same group") if line.holder_kind == "group" else tr("Also granted by"),
            _related(line, "covered_by"),
        ),
        (tr("Denied or limited by"), _related(line, "shadowed_by")),
        (tr("Affects"), ", ".join(translate(short_arn(arn)) for arn in _affected(line))),
        (tr("Identical access"), _identical(line)),
        (tr("Use"), translate(used_words(line))),
        (tr("Effective permissions"), translate(power_words(evidence.get("holder")))),
        (tr("Granted by the group"), translate(power_words(evidence.get("group")))),
        (tr("Administrator status"), translate(administration_words(line))),
        (tr("Limited by"), ", ".join(evidence.get("limited_by", ()))),
        (tr("Refers to the holder's name"), " ".join(f"${{{key}}}" for key in evidence.get("in_own_name", ()))),
        (tr("Conditions on the holder"), ", ".join(map(_asked, (evidence.get("asks_of_holder") or {}).items()))),
        (tr("Condition keys"), ", ".join(condition_keys(line))),
        (tr("Trusts"), ", ".join(evidence.get("trusts", ()))),
        (tr("Named in"), ", ".join(evidence.get("statements", ()))),
        (tr("Members"), ", ".join(evidence.get("members", ()))),
        (
            tr("Last used"),
            f"{translate(last_used_words(line))} ({tr(evidence.get('last_used_basis', 'not captured'))})",
        ),
        (tr("Rotated"), str(evidence.get("rotated") or "")[:10]),
        (tr("Identity"), tr(CLASS_WORDS.get(str(evidence.get("holder_class")), ""))),
        (tr("Owner"), str(evidence.get("owner", ""))),
        (tr("Not in the snapshot"), tr("the policy or group that it refers to") if evidence.get("missing") else ""),
    )
    yield from ((title, text) for title, text in facts if text)


def _affected(line: ReviewItem) -> list[str]:
    affects = effect_of(line).get("affects") or {}
    changed = affects.get("losing", 0) + affects.get("gaining", 0)
    return [str(arn) for arn in affects.get("names", ())] if changed > 1 else []


def _related(line: ReviewItem, key: str) -> str:
    return ", ".join(f"{one['name']} ({number(int(one['actions']))})" for one in effect_of(line).get(key, ()))


def _identical(line: ReviewItem) -> str:
    identical = (effect_of(line).get("affects") or {}).get("identical") or {}
    count = int(identical.get("principals", 0))
    if not count:
        return ""
    return ntr(
        "{count} other principal can do the same, {hold} of them with this entitlement",
        "{count} other principals can do the same, {hold} of them with this entitlement",
        count,
    ).format(count=number(count), hold=number(int(identical.get("hold", 0))))


def _asked(condition: tuple[str, str | None]) -> str:
    key, value = condition
    return f"{key} ({tr('not known') if value is None else value or tr('none')})"


def finding_facts(finding: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield titles and texts of a finding."""
    severity = tr(SEVERITY_WORDS.get(str(finding["severity"]), "")) or str(finding["severity"])
    if finding.get("state") != "found":
        severity = tr("{severity}, cannot tell").format(severity=severity)
    since = finding.get("since_last") or {}
    facts = (
        (tr("Severity"), severity),
        (tr("Needs a decision because"), " ".join(map(translate_english, since.get("reasons", ())))),
        (tr("Finding"), translate_english(str(finding["finding"]))),
        (tr("Evidence"), " ".join(map(translate_english, finding.get("proof_summary", ())))),
        (tr("Statements"), ", ".join(finding.get("deciding_statements", ()))),
        (tr("Unknown context keys"), ", ".join(finding.get("missing_context", ()))),
        (tr("Assumptions"), " ".join(map(translate_english, finding.get("assumptions", ())))),
        (tr("Command"), str(finding.get("remediation_snippet", ""))),
        (tr("Standards"), ", ".join(finding.get("refs", ()))),
        (tr("Since"), str(since.get("first_seen_utc", ""))[:10]),
    )
    yield from ((title, text) for title, text in facts if text)


def decided_words(row: DecidedRow, decision: ItemDecision, reviewer: str, moment: str) -> str:
    """Return who decided what, when (UTC); a second approval is not part of it, since another person gave it."""
    words, moment = translate(row.words_of(decision.by_one)), moment[:16].replace("T", " ")
    if reviewer.startswith(CARRIED_OVER):
        return tr("{decision}, carried over from review {review}, {moment} UTC").format(
            decision=words, review=reviewer.removeprefix(CARRIED_OVER), moment=moment
        )
    return tr("{decision} by {reviewer}, {moment} UTC").format(decision=words, reviewer=reviewer, moment=moment)


def history_lines(review_session: ReviewSession, row: DecidedRow) -> tuple[str, ...]:
    """Return all decisions on the item of a row, the last first; call it in a worker."""
    found = []
    for one in reversed(review_session.file.entries_on(row.subject_ids[0])):
        moment = one.decided_at[:16].replace("T", " ")
        words = decided_words(row, one.after, one.reviewer, one.decided_at)
        if one.is_approval:
            words = tr("Second approval by {second}, {moment} UTC").format(second=one.after.second, moment=moment)
        if one.origin is not None:
            words = tr("{decision} (from {review})").format(decision=words, review=one.origin.review_id)
        found.append(f"{words}: {one.comment}" if one.comment else words)
    return tuple(found)
