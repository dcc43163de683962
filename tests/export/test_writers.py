"""Findings in every format: the same counts, inert texts, read back."""

import csv
import io
import json
import re
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from html.parser import HTMLParser

import pytest

from iamdesk.checks import registry
from iamdesk.checks.finding import Severity, State, Suppression
from iamdesk.escaping import visible
from iamdesk.export import findings as package
from iamdesk.export.files.atomic_write import ExportError
from iamdesk.export.findings.columns import COLUMNS
from iamdesk.export.findings.csv_file import inert
from iamdesk.export.findings.json_file import FORMAT
from iamdesk.export.findings.report import build_report, ordered, utc_text
from iamdesk.export.findings.writers import formats, render, write

from ..recipes import recipe
from .conftest import NOW

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


class Page(HTMLParser):
    """Reads a page back: its elements, its text, and what its attributes say."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements = Counter()
        self.attributes = []
        self.words = []
        self.ids = []
        self._style = False
        self.feed(text)
        self.close()
        self.text = "".join(self.words)

    def handle_starttag(self, tag, attrs):
        self.elements[tag] += 1
        self.attributes.append((tag, dict(attrs)))
        self.ids += [value for name, value in attrs if name == "id"]
        self._style = tag == "style"

    def handle_endtag(self, tag):  # noqa: ARG002 - HTMLParser's own signature
        self._style = False

    def handle_data(self, data):
        if not self._style:
            self.words.append(data)

    def counts(self, name):
        return {
            attrs[f"data-{name}"]: int(attrs["data-count"]) for _, attrs in self.attributes if f"data-{name}" in attrs
        }


def read_csv(content):
    assert content.startswith(b"\xef\xbb\xbf")
    assert b"\n" not in content.replace(b"\r\n", b"")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@pytest.fixture(scope="module")
def exports(sample, sample_findings):
    return {each.name: render(each.name, sample_findings, sample, generated_at=NOW) for each in formats()}


def test_every_format_carries_the_same_counts(exports, sample_findings):
    severities = {severity.value: 0 for severity in Severity}
    severities |= Counter(finding.severity.value for finding in sample_findings)
    states = {state.value: 0 for state in State} | Counter(finding.state.value for finding in sample_findings)

    page = Page(exports["html"].decode())
    assert page.counts("severity") == severities
    assert page.counts("state") == states
    assert page.elements["article"] == len(sample_findings)

    rows = read_csv(exports["csv"])
    assert Counter(row["severity"] for row in rows) == +Counter(severities)
    assert Counter(row["state"] for row in rows) == +Counter(states)
    assert {row["findings_total"] for row in rows} == {str(len(sample_findings))}
    assert [row["number"] for row in rows] == [str(number + 1) for number in range(len(sample_findings))]

    report = json.loads(exports["json"])
    assert report["counts"] == {
        "total": len(sample_findings),
        "by_severity": severities,
        "by_state": states,
        "suppressed": 0,
    }
    assert len(report["findings"]) == len(sample_findings)
    assert sum(check["findings"] for check in report["checks"]) == len(sample_findings)


def test_every_format_says_what_it_is_of(exports, sample):
    for name in sorted(set(exports) - {"pdf", "management-pdf", "xlsx"}):
        text = exports[name].decode("utf-8-sig")
        for each in ("acme-prod.json", sample.sha256, "2026-10-27T09:30:15Z"):
            assert each in text, f"{name} does not name the snapshot with its SHA-256 and the time: no {each}"
        assert str(sample.path.parent) not in text
    report = json.loads(exports["json"])
    assert report["format"] == FORMAT
    assert report["snapshot"]["accounts"][0]["account_id"] == "111122223333"
    assert report["snapshot"]["files"] == [
        {"name": "acme-prod.json", "bytes": sample.files[0].size, "sha256": sample.files[0].sha256}
    ]
    assert re.fullmatch(r"[\d.]+", report["tool"]["action_data_version"])


def test_findings_stand_in_the_same_order_everywhere(exports, sample_findings):
    expected = [finding.fingerprint for finding in ordered(sample_findings)]
    assert [row["finding_id"] for row in read_csv(exports["csv"])] == expected
    assert [finding["finding_id"] for finding in json.loads(exports["json"])["findings"]] == expected
    missing = {one.fingerprint for one in sample_findings if one.check_id.startswith("CMP-")}
    for_people = sorted(expected, key=lambda one: one in missing)  # what is missing is the appendix
    page = Page(exports["html"].decode())
    assert [name.removeprefix("f-") for name in page.ids if name.startswith("f-")] == for_people


def test_completeness_comes_first_then_the_worst(sample_findings):
    listed = ordered(sample_findings)
    first = [finding.check_id.startswith("CMP-") for finding in listed]
    assert first == sorted(first, reverse=True)
    rest = [list(Severity).index(finding.severity) for finding in listed if not finding.check_id.startswith("CMP-")]
    assert rest == sorted(rest)
    assert ordered(reversed(sample_findings)) == listed


def test_the_same_input_gives_the_same_bytes(exports, sample, sample_findings, now):
    for each in formats():
        again = render(each.name, reversed(sample_findings), sample, generated_at=now)
        assert again == exports[each.name]


def test_csv_columns_and_json_members_come_from_one_list(exports):
    names = [column.name for column in COLUMNS]
    assert list(read_csv(exports["csv"])[0])[1 : 1 + len(names)] == names
    assert list(json.loads(exports["json"])["findings"][0]) == [*names, "api_calls", "evidence"]


def test_json_tells_the_questions_with_their_answers(exports):
    findings = json.loads(exports["json"])["findings"]
    (public,) = [one for one in findings if one["check_id"] == "TRU-01"]
    question = public["evidence"][0]["question"]
    assert question["action"] == "sts:AssumeRole"
    assert question["decision"] == "allowed"
    statement = next(one for one in question["statements"] if one["source_policy_type"] == "trust")
    assert statement["statement_index"] == 0
    assert statement["start"]["line"] < statement["end"]["line"]
    assert public["deciding_statements"]
    assert public["refs"]


def test_hostile_texts_are_inert_in_html(hostile, hostile_snapshot, now):
    page = Page(render("html", hostile, hostile_snapshot, generated_at=now).decode())
    assert not {"script", "img", "iframe", "object", "embed", "link", "form", "base"} & set(page.elements)
    for tag, attrs in page.attributes:
        assert not [name for name in attrs if name.startswith("on")]
        assert not {"src", "action", "srcdoc", "style"} & set(attrs)
        if "href" in attrs:
            assert tag == "a"
            assert attrs["href"].startswith("#")
    policy = next(attrs for tag, attrs in page.attributes if attrs.get("http-equiv") == "Content-Security-Policy")
    assert policy["content"].startswith("default-src 'none'")
    flat = re.sub(r"\s+", " ", page.text)
    for finding in hostile:
        assert re.sub(r"\s+", " ", visible(finding.sentence)).strip() in flat
    assert visible(page.text.replace("\n", "")) == page.text.replace("\n", "")


def test_remedies_set_code_as_code_and_escape_it(sample, now, hostile):
    remediation = 'Add `"Null": {"<key>": "false"}` to <b>it</b>.'
    one = replace(hostile[0], remediation=remediation)
    text = render("html", [one], sample, generated_at=now).decode()
    assert "<code>&#34;Null&#34;: {&#34;&lt;key&gt;&#34;: &#34;false&#34;}</code> to &lt;b&gt;it&lt;/b&gt;." in text
    odd = render("html", [replace(one, remediation="one ` alone <i>")], sample, generated_at=now).decode()
    assert "one ` alone &lt;i&gt;" in odd


def test_html_asks_for_nothing_from_elsewhere(exports):
    text = exports["html"].decode()
    assert not re.search(r"url\(|@import|<script|javascript:", text, re.IGNORECASE)
    assert "prefers-color-scheme: dark" in text
    assert "@media print" in text


def test_html_has_no_escapes_for_plain_spaces(exports, sample_findings):
    assert any("` " in one.remediation and " `" in one.remediation for one in sample_findings)
    assert "\\u0020" not in exports["html"].decode()


def test_links_of_the_page_lead_somewhere(exports):
    page = Page(exports["html"].decode())
    targets = {attrs["href"][1:] for tag, attrs in page.attributes if tag == "a"}
    assert targets <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))


def test_html_tells_severity_by_shape_and_word(exports):
    text = re.sub(r"\s+", " ", Page(exports["html"].decode()).text)
    for mark in ("■ Critical", "▲ High", "◆ Medium", "● Low", "○ Info"):
        assert mark in text


def test_html_tells_what_cannot_be_told(hostile, hostile_snapshot, now):
    text = re.sub(r"\s+", " ", Page(render("html", hostile, hostile_snapshot, generated_at=now).decode()).text)
    assert "? cannot tell" in text


def test_gaps_are_told_on_the_first_screen(exports):
    text = exports["html"].decode()
    first, appendix = text.index("<h2>Scope</h2>"), text.index('id="completeness"')
    assert "The snapshot is incomplete" in text[:first]
    assert 'href="#completeness"' in text[:first]
    assert "SystemAdministrator" in text[appendix:]


def test_hostile_texts_are_inert_in_csv(hostile, hostile_snapshot, now):
    rows = read_csv(render("csv", hostile, hostile_snapshot, generated_at=now))
    assert len(rows) == len(hostile)
    for row in rows:
        for cell in row.values():
            assert not cell.startswith(FORMULA_STARTS)
            assert not re.search(r';[\s"]*[=+\-@]', cell)
            assert visible(cell) == cell


def test_names_survive_in_csv(hostile, hostile_snapshot, now):
    by_id = {row["finding_id"]: row for row in read_csv(render("csv", hostile, hostile_snapshot, generated_at=now))}
    for finding in hostile:
        cell = by_id[finding.fingerprint]["subject_name"]
        assert cell.removeprefix("'").replace(";'", ";").replace(";\"'", ';"') in (
            visible(finding.subject_name),
            visible(finding.subject_name).removeprefix("'"),
        )


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\t=1", "\rx", " =1", "＝1"])
def test_formulas_are_prefixed(text):
    assert inert(text).startswith("'")


@pytest.mark.parametrize("text", ["a=1", "role-x", "a;b", "alice@acme.example", "", "arn:aws:iam::1:user/a"])
def test_ordinary_text_is_left_alone(text):
    assert inert(text) == text


def test_a_formula_behind_a_semicolon_is_prefixed():
    assert inert("a;=1") == "a;'=1"
    assert inert('a;"=1"') == 'a;"\'=1"'


def test_hostile_texts_are_exact_in_json(hostile, hostile_snapshot, now):
    content = render("json", hostile, hostile_snapshot, generated_at=now)
    assert visible(content.decode().replace("\n", "")) == content.decode().replace("\n", "")
    report = json.loads(content)
    by_id = {finding["finding_id"]: finding for finding in report["findings"]}
    for finding in hostile:
        assert by_id[finding.fingerprint]["subject_name"] == finding.subject_name
        assert by_id[finding.fingerprint]["evidence"][0]["text"] == finding.sentence
    assert report["snapshot"]["name"] == hostile_snapshot.path.name


def test_without_findings_every_format_still_stands(sample, now):
    assert read_csv(render("csv", [], sample, generated_at=now)) == []
    assert "No findings" in Page(render("html", [], sample, generated_at=now).decode()).text
    assert json.loads(render("json", [], sample, generated_at=now))["counts"]["total"] == 0


def test_write_gives_the_rendered_bytes(tmp_path, sample, sample_findings, now, exports):
    for each in formats():
        target = tmp_path / f"report{each.suffix}"
        write(each.name, sample_findings, sample, target, generated_at=now)
        assert target.read_bytes() == exports[each.name]


def test_an_unknown_format_is_named(tmp_path, sample, now):
    with pytest.raises(
        ExportError,
        match="`docx`: expected one of html, pdf, management-pdf, management-html, xlsx, csv, json, sarif, ocsf",
    ):
        write("docx", [], sample, tmp_path / "report.docx", generated_at=now)


def test_times_are_told_in_utc(sample):
    summer = datetime(2026, 7, 1, 12, 0, tzinfo=timezone(timedelta(hours=2)))
    assert utc_text(summer) == "2026-07-01T10:00:00Z"
    with pytest.raises(ValueError, match="time zone"):
        render("json", [], sample, generated_at=datetime(2026, 7, 1))  # noqa: DTZ001 - what is refused


@pytest.fixture
def some_suppressed(sample_findings):
    """The findings of the sample, every third of them suppressed."""
    until = date(2027, 1, 31)
    return [
        replace(
            one,
            suppression=Suppression(one.fingerprint, "Ito, Alice", "=known; see <OPS-7>", until, date(2026, 10, 1)),
        )
        if number % 3 == 0
        else one
        for number, one in enumerate(sample_findings)
    ]


def test_suppressed_findings_are_told_apart_and_never_gone(sample, some_suppressed, now):
    aside = sum(one.suppression is not None for one in some_suppressed)
    left = len(some_suppressed) - aside
    assert aside
    assert left

    report = json.loads(render("json", some_suppressed, sample, generated_at=now))
    assert report["counts"]["total"] == left == sum(report["counts"]["by_severity"].values())
    assert (report["counts"]["suppressed"], len(report["suppressed"])) == (aside, aside)
    assert {one["suppressed_by"] for one in report["findings"]} == {""}
    assert {one["suppressed_until"] for one in report["suppressed"]} == {"2027-01-31"}

    rows = read_csv(render("csv", some_suppressed, sample, generated_at=now))
    assert [row["suppressed_by"] for row in rows] == [""] * left + ["Ito, Alice"] * aside
    assert {row["suppression_reason"] for row in rows} == {"", "'=known; see <OPS-7>"}
    assert {row["findings_suppressed"] for row in rows} == {str(aside)}
    (query,) = {row["query"] for row in rows}
    assert query.startswith(f"findings of {len(registry.checks())} checks on all accounts; ")
    assert query.endswith(f"; {aside} suppressed" if aside else "; nothing suppressed")

    page = Page(render("html", some_suppressed, sample, generated_at=now).decode())
    assert page.elements["article"] == len(some_suppressed)
    assert sum(page.counts("severity").values()) == left
    text = re.sub(r"\s+", " ", page.text)
    assert f"{aside} more suppressed" in text
    assert text.count("Suppressed until 2027-01-31 by Ito, Alice: =known; see <OPS-7>") == aside


def test_the_format_of_the_recipe_is_found_by_itself(sample, sample_findings, hostile, tmp_path, monkeypatch):
    (code,) = recipe("an export format")
    (tmp_path / "tsv_file.py").write_text(code)
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    found = {one.name: one for one in formats.__wrapped__()}
    del sys.modules[f"{package.__name__}.tsv_file"], package.tsv_file
    assert set(found) == {one.name for one in formats()} | {"tsv"}
    findings = [*sample_findings, *hostile]
    text = found["tsv"].render(build_report(findings, sample, generated_at=NOW)).decode()
    heading, *rows = [line.split("\t") for line in text.removesuffix("\n").split("\n")]
    assert {len(row) for row in rows} == {len(heading)}
    assert Counter(row[0] for row in rows) == Counter(one.fingerprint for one in findings)


def test_junit_has_a_test_case_for_each_finding(exports, sample_findings):
    root = ET.fromstring(exports["junit"])  # noqa: S314 - our own file
    suites = root.findall("testsuite")
    assert [suite.get("name") for suite in suites] == sorted({one.check_id for one in sample_findings})
    for outcome, counted, state in (("failure", "failures", State.FOUND), ("error", "errors", State.INCONCLUSIVE)):
        told = [one.get("message") for one in root.findall(f"testsuite/testcase/{outcome}")]
        assert sorted(told) == sorted(visible(one.sentence) for one in sample_findings if one.state is state)
        assert int(root.get(counted)) == sum(int(suite.get(counted)) for suite in suites) == len(told)
    names = [one.get("name") for one in root.iter("testcase")]
    assert len(set(names)) == len(names) == int(root.get("tests")) == len(sample_findings)


def test_junit_skips_suppressed_findings(sample, sample_findings):
    suppression = Suppression("f", "alice", "By design", date(2027, 1, 1), date(2026, 10, 1))
    accepted = replace(sample_findings[0], suppression=suppression)
    root = ET.fromstring(render("junit", [accepted], sample, generated_at=NOW))  # noqa: S314 - our own file
    (skipped,) = root.findall("testsuite/testcase/skipped")
    assert "Suppressed until 2027-01-01 by alice: By design" in skipped.text
    assert (root.get("tests"), root.get("failures"), root.get("skipped")) == ("1", "0", "1")


def test_junit_holds_any_text(sample, sample_findings):
    named = replace(sample_findings[0], sentence="\x00 <b> ]]> & \ud800 \u202e")
    root = ET.fromstring(render("junit", [named], sample, generated_at=NOW))  # noqa: S314 - our own file
    (failure,) = root.findall("testsuite/testcase/failure")
    assert failure.get("message") == r"\u0000 <b> ]]> & \ud800 \u202e"
