"""The management report: one page whose numbers are those of the findings, and honest about what is missing."""

import io
from dataclasses import replace
from datetime import date, timedelta

import pypdf
import pytest

from iamdesk.causes.grouping import causes_of
from iamdesk.checks.finding import Severity, State, Suppression
from iamdesk.export.findings.earlier import EarlierFindings, FindingFacts, earlier_of_review
from iamdesk.export.findings.html_file import groups_of
from iamdesk.export.findings.management import MAX_RISKS, management_of
from iamdesk.export.findings.report import build_report
from iamdesk.export.findings.writers import render
from iamdesk.review.review_file import ReviewFile

from .conftest import NOW
from .test_writers import Page


def _page(findings, snapshot, earlier=None):
    report = replace(build_report(findings, snapshot, NOW), earlier=earlier)
    return management_of(report, causes_of(report.findings))


def _earlier(findings, snapshot, **more):
    known = {
        "name": "june.json",
        "is_review": False,
        "sha256": "0" * 64,
        "latest": None,
        "accounts": frozenset(one.account_id for one in snapshot.accounts),
        "found": FindingFacts.of(findings),
    }
    return EarlierFindings(**(known | more))


def _pdf_pages(content):
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages]


def _subjects(findings, *check_ids):
    return {one.subject_key for one in findings if one.check_id in check_ids and one.state is State.FOUND}


def test_the_numbers_are_those_of_the_findings(sample, sample_findings):
    grave, administrators, becoming, _, unused = _page(sample_findings, sample).numbers
    assert grave.count == sum(
        one.severity in (Severity.CRITICAL, Severity.HIGH) and one.state is State.FOUND for one in sample_findings
    )
    assert administrators.count == len(_subjects(sample_findings, "ADM-01", "ADM-03")) > 0
    assert becoming.count == len(_subjects(sample_findings, "CHN-01", "CHN-02"))
    assert becoming.unknown > 0
    assert f"{becoming.unknown} more cannot be determined" in becoming.note
    # The sample has no credential report: roles are counted, the rest was not captured.
    assert unused.text == f"at least {len(_subjects(sample_findings, 'HYG-05'))}"
    assert "CRD-02" in unused.note


def test_administrators_are_a_share_of_those_that_can_be_one(sample, sample_findings):
    """As in the overview: no check looks at service-linked roles."""
    [account] = sample.accounts
    linked = [one for one in account.roles if "/aws-service-role/" in one.arn]
    assert linked
    others = len(account.users) + len(account.roles) - len(linked)
    assert (
        f" of {others} users and roles, service-linked roles not counted; " in _page(sample_findings, sample).grounds[0]
    )


def test_suppressed_findings_are_not_counted(sample, sample_findings):
    word = Suppression("", "owner", "agreed", date(2026, 11, 1), date(2026, 10, 1))
    some = [replace(one, suppression=word) if one.check_id == "ADM-01" else one for one in sample_findings]
    page = _page(some, sample)
    assert page.numbers[1].count == len(_subjects(sample_findings, "ADM-03"))
    (decision,) = [one for one in page.decisions if one.about == "Suppressions"]
    assert "within 30 days" in decision.text
    assert "2026-11-01" in decision.text
    later = replace(word, expires=NOW.date() + timedelta(days=31))
    some = [replace(one, suppression=later) if one.suppression else one for one in some]
    assert "Suppressions" not in {one.about for one in _page(some, sample).decisions}


def test_the_risks_are_the_largest_causes_without_missing_data(sample, sample_findings):
    page = _page(sample_findings, sample)
    assert len(page.risks) == MAX_RISKS
    assert page.risks[0].cause.severity is Severity.CRITICAL
    assert [one.cause.points for one in page.risks] == sorted((one.cause.points for one in page.risks), reverse=True)
    assert not any(check.startswith("CMP-") for one in page.risks for check in one.cause.check_ids)
    assert [one.about for one in page.decisions] == [*(f"Risk {number}" for number in range(1, 6)), "Missing data"]


def test_without_findings_it_claims_no_more_than_was_checked(sample, sample_findings):
    assert _page([], sample).conclusion == "No critical or high finding is open."
    unsure = [one for one in sample_findings if one.state is State.INCONCLUSIVE and one.severity is Severity.LOW]
    assert "as far as the snapshot shows" in _page(unsure[:1] or _only_missing(sample_findings), sample).conclusion


def _only_missing(findings):
    return [one for one in findings if one.check_id == "CMP-13"]


def test_the_trend_names_what_is_new_and_gone(sample, sample_findings):
    grave = [one for one in sample_findings if one.check_id == "TRU-01"]
    others = [one for one in sample_findings if one.check_id != "TRU-01"]
    solved = replace(grave[0], fingerprint="f" * 20, subject_key="arn:aws:iam::111122223333:role/gone")
    page = _page(sample_findings, sample, _earlier([*others, solved], sample))
    assert page.trend.sentence == "Critical and high findings: 1 new, 1 no longer found."
    assert page.trend.warnings == ()
    assert page.numbers[0].change == "no change"
    fewer = _page(sample_findings, sample, _earlier(others, sample))
    assert fewer.numbers[0].change == "+1"


def test_what_was_not_checked_then_is_not_new(sample, sample_findings):
    earlier = _earlier([one for one in sample_findings if one.check_id != "TRU-01"], sample)
    earlier = replace(earlier, found=replace(earlier.found, skipped=earlier.found.skipped | {"TRU-01"}))
    page = _page(sample_findings, sample, earlier)
    assert page.trend.sentence == "Critical and high findings: 0 new, 0 no longer found."
    assert page.numbers[3].change == "not comparable: other checks were skipped"
    assert page.trend.warnings == ("1 check ran in only one of both: their findings are not counted as new or gone.",)


@pytest.mark.parametrize(
    ("more", "warning"),
    [
        ({"accounts": frozenset({"444455556666"})}, "other accounts"),
        ({"left_out": 3}, "excludes 3 findings"),
    ],
)
def test_a_comparison_that_holds_in_part_says_so(sample, sample_findings, more, warning):
    page = _page(sample_findings, sample, _earlier(sample_findings, sample, **more))
    assert any(warning in one for one in page.trend.warnings)


def test_numbers_of_other_accounts_are_not_compared(sample, sample_findings):
    page = _page(sample_findings, sample, _earlier([], sample, accounts=frozenset({"444455556666"})))
    assert page.trend.sentence == "No account is in both: nothing is compared."
    assert {one.change for one in page.numbers} == {"not comparable: other accounts"}


def test_a_number_without_findings_says_whether_its_checks_ran(sample, sample_findings):
    skipped = [one for one in sample_findings if one.check_id == "CMP-13"]
    *_, external, unused = _page(skipped, sample).numbers
    assert external.text == "none found"  # roles were checked, resources were not
    assert unused.text == "none found"
    assert replace(unused, skipped=("CRD-02", "CRD-03", "CRD-06", "HYG-05")).text == "not captured"


def test_the_same_snapshot_is_named(sample, sample_findings):
    page = _page(sample_findings, sample, _earlier(sample_findings, sample, sha256=sample.sha256))
    assert page.trend.warnings == ("It is of the same snapshot.",)


def test_a_review_has_the_findings_of_its_snapshot(sample, sample_findings, tmp_path):
    from iamdesk.api import SnapshotSession, Workbench

    opened = Workbench().open_copy(sample)
    assert isinstance(opened, SnapshotSession)
    path = tmp_path / "q3.iamreview"
    opened.create_review(path, "Third quarter")
    review = ReviewFile.open(path, writable=False)
    earlier = earlier_of_review(review)
    review.close()
    assert earlier.name == "Third quarter"
    assert sorted(earlier.found.facts) == sorted(FindingFacts.of(sample_findings).facts)
    assert earlier.found.skipped == FindingFacts.of(sample_findings).skipped
    assert earlier.accounts == {"111122223333"}
    page = _page(sample_findings, sample, earlier)
    assert page.trend.sentence == "Critical and high findings: 0 new, 0 no longer found."
    assert page.trend.compared_with.startswith("review Third quarter, created on ")


def test_the_pdf_begins_with_the_page_and_ends_with_what_is_missing(sample, sample_findings):
    for name in ("pdf", "management-pdf"):
        pages = _pdf_pages(render(name, sample_findings, sample, generated_at=NOW))
        assert "Decisions needed" in pages[0]
        assert "Act now: " in pages[0]
        assert "Appendix" not in pages[0]
        (at,) = [number for number, text in enumerate(pages) if "Appendix: completeness" in text]
        assert at >= len(pages) / 2
        worst = next(
            group
            for group in groups_of(build_report(sample_findings, sample, NOW))
            if group.severity is Severity.CRITICAL
        )
        assert name == "management-pdf" or any(worst.title in text for text in pages[1:3])


def test_html_lists_findings_before_what_is_missing(sample, sample_findings):
    page = Page(render("html", sample_findings, sample, generated_at=NOW).decode())
    order = [
        page.text.index(one)
        for one in (
            "Five numbers",
            "Decisions needed",
            "Contents",
            "Publicly assumable role",
            "Appendix: completeness",
        )
    ]
    assert order[:3] + order[4:] == sorted(order[:3] + order[4:])
    first = next(name.removeprefix("f-") for name in page.ids if name.startswith("f-"))
    (finding,) = [one for one in sample_findings if one.fingerprint == first]
    assert finding.severity is Severity.CRITICAL


def test_the_management_page_has_no_link_that_leads_nowhere(sample, sample_findings):
    page = Page(render("management-html", sample_findings, sample, generated_at=NOW).decode())
    targets = {attrs["href"] for tag, attrs in page.attributes if tag == "a"}
    assert {target.removeprefix("#") for target in targets} <= set(page.ids)
    assert page.elements["article"] == 0
    assert page.elements["script"] == 0


def test_hostile_texts_stay_texts_on_one_page(hostile, hostile_snapshot):
    graver = [replace(one, severity=Severity.CRITICAL, state=State.FOUND, check_id="TRU-01") for one in hostile]
    earlier = _earlier(graver[1:], hostile_snapshot, name="<script>x</script>" * 50)
    for name in ("html", "management-html"):
        page = Page(render(name, graver, hostile_snapshot, generated_at=NOW, earlier=earlier).decode())
        assert page.elements["script"] == page.elements["img"] == 0
    pages = _pdf_pages(render("management-pdf", graver, hostile_snapshot, generated_at=NOW, earlier=earlier))
    assert "page 1 of" in pages[0]
    assert "Decisions needed" in pages[0]
    assert "Appendix" not in pages[0]
