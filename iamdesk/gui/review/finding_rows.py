"""Rows of the review table that are findings: one, or all of a check."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from iamdesk.export.text.review import finding_choice_word, finding_decision_words
from iamdesk.gui.core.locale import number
from iamdesk.gui.core.retranslation import translate_english
from iamdesk.gui.review.columns import Column
from iamdesk.gui.review.decision_row import SEVERITY_WORDS, DecidedRow, several, severity_rank
from iamdesk.gui.tables.rows_model import SortKey
from iamdesk.i18n import mark, tr
from iamdesk.review.asked import SINCE_LAST, AskedKind
from iamdesk.review.decisions import ItemDecision, ReviewDecision
from iamdesk.review.grouping import Grouping
from iamdesk.review.session import ReviewSession


class FindingRow(DecidedRow):
    """One finding, or a group of findings."""

    def __init__(self, findings: tuple[Mapping[str, Any], ...]) -> None:
        first = findings[0]
        title = translate_english(str(first["finding"] if len(findings) == 1 else first["title"]))
        super().__init__(
            tuple(str(one["finding_id"]) for one in findings),
            {
                Column.WHO: several([str(one["subject_name"]) for one in findings], mark("{count} subjects")),
                Column.WHAT: title if len(findings) == 1 else f"{number(len(findings))}: {title}",
                Column.LAST_USED: several([str(one["check_id"]) for one in findings], mark("{count} checks")),
                Column.FINDINGS: _severity_text(findings),
                Column.WHY_ASKED: several([_reasons(one) for one in findings], mark("{count} reasons")),
                Column.ACCOUNT: several([str(one["account_id"]) for one in findings], mark("{count} accounts")),
            },
            [str(one[name]) for one in findings for name in ("subject_arn", "title", "finding_id")],
            [str(one["subject_arn"]) for one in findings[:20]],
        )
        self.names = str(first["subject_name"]), str(first["finding" if len(findings) == 1 else "title"])
        self.findings = findings
        self.why_asked = frozenset(
            AskedKind.NEW for one in findings if (one.get(SINCE_LAST) or {}).get("baseline") == "new"
        )

    @property
    def noted_items(self) -> Sequence[str]:
        """The subjects."""
        return tuple(str(one["subject_arn"]) for one in self.findings)

    def words_of(self, decision: ItemDecision) -> str:
        """Return a decision in words."""
        return finding_decision_words(decision)

    def word_of(self, choice: ReviewDecision) -> str:
        """Return a decision in one word."""
        return finding_choice_word(choice)

    def key_of(self, column: Column) -> SortKey:
        """Return the sort key in a column."""
        if column is Column.FINDINGS:
            return (min(map(severity_rank, self.findings)), -len(self.findings))
        return (self.fixed.get(column, "").casefold(),)


def finding_rows_of(review_session: ReviewSession, grouping: Grouping) -> Iterator[FindingRow]:
    """Yield the findings of a review, in the order in which they were recorded."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for finding in review_session.findings:
        # Findings of a check with different titles are decided separately.
        together = f"{finding['check_id']} {finding['title']}"
        key = together if grouping is Grouping.CHECK else str(finding["finding_id"])
        groups.setdefault(key, []).append(finding)
    for findings in groups.values():
        yield FindingRow(tuple(findings))


def _reasons(finding: Mapping[str, Any]) -> str:
    return " ".join(map(translate_english, (finding.get(SINCE_LAST) or {}).get("reasons", ())))


def _severity_text(findings: tuple[Mapping[str, Any], ...]) -> str:
    severity = str(min(findings, key=severity_rank).get("severity"))
    word = tr(SEVERITY_WORDS[severity]) if severity in SEVERITY_WORDS else severity
    is_sure = any(one.get("state") == "found" for one in findings)
    return word if is_sure else tr("{severity}, cannot tell").format(severity=word)
