"""The evidence pack: the same counts in every file, inert, whole, bound; and written again to the same bytes."""

import csv
import html
import json
import re
import shlex
import subprocess
from collections import Counter
from datetime import datetime
from pathlib import Path

import jsonschema
import openpyxl
import pytest
from pypdf import PdfReader

from iamdesk.access.evaluator import Evaluator
from iamdesk.api import SnapshotSession, Workbench
from iamdesk.export.evidence.write import write_package
from iamdesk.export.files.atomic_write import ExportError
from iamdesk.resource_files import resources
from iamdesk.review.decisions import ReviewDecision
from iamdesk.review.items import EntitlementType, PopulationEntry, ReviewItem
from iamdesk.review.review_file import Head, ReviewFile

from .conftest import ANA, NOW, decision


def rows(pack: Path, name: str) -> list[dict[str, str]]:
    with (pack / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_every_file_tells_the_same_counts(made: Path) -> None:
    counts = json.loads((made / "00_manifest.json").read_bytes())["counts"]
    document = json.loads((made / "review.json").read_bytes())
    lines = rows(made, "03_entitlements.csv")
    book = openpyxl.load_workbook(made / "review.xlsx", read_only=True)
    sheets = {name: sum(1 for _ in book[name].iter_rows()) - 1 for name in book.sheetnames}
    book.close()
    choices = Counter(row["decision"] for row in lines)

    assert counts["entitlements"] == len(lines) == len(document["entitlements"]) == sheets["Entitlements"]
    assert counts["population"] == len(rows(made, "02_population.csv")) == sheets["Population"]
    assert counts["findings"] == len(rows(made, "04_findings.csv")) == sheets["Findings"] == len(document["findings"])
    found = Counter(row["decision"] for row in rows(made, "04_findings.csv"))
    assert counts["exceptions"] == len(rows(made, "05_exceptions.csv")) == sheets["Exceptions"]
    assert counts["exceptions"] == choices["except"] + found["except"]
    assert counts["remediation"] == len(rows(made, "07_remediation.csv")) == sheets["Remediation"]
    to_do = choices["revoke"] + choices["modify"] + found["fix"]
    assert counts["remediation"] == counts["to_do"] == to_do == len(rows(made, "tickets.csv"))
    assert counts["by_decision"] == dict(choices)
    assert counts["findings_by_decision"] == dict(found)
    assert counts["findings_undecided"] == found["undecided"] == counts["findings"] - counts["findings_decided"]
    assert counts["undecided"] == choices["undecided"]
    assert counts["decided"] + counts["undecided"] == counts["entitlements"]
    assert counts["privileged"] == sheets["Privileged"] == sum(row["reaches_admin"] == "yes" for row in lines)
    assert counts["third_party"] == sheets["Third parties"]
    assert counts["machines"] == sheets["Machines"]
    assert counts["verdicts"] == len((made / "verdicts.jsonl").read_bytes().splitlines()) > 50
    said = f"{counts['decided']:,} of {counts['entitlements']:,} entitlements are decided"
    assert said in (made / "01_statement.html").read_text(encoding="utf-8")
    first_page = " ".join(PdfReader(made / "01_statement.pdf").pages[0].extract_text().split())
    assert said in first_page
    assert f"{counts['findings_decided']} of {counts['findings']} findings are decided" in first_page


def test_each_table_says_its_query_parameters_versions_and_counts(made: Path) -> None:
    about = json.loads((made / "12_tables.json").read_bytes())
    manifest = json.loads((made / "00_manifest.json").read_bytes())
    hashes = {one["path"]: one["sha256"] for one in manifest["files"]}
    assert {one["file"] for one in about["tables"]} == {path for path in hashes if path.endswith(".csv")}
    assert about["parameters"]["standards"] == "SOC 2 CC6.2"
    assert (about["snapshot_sha256"], about["review_id"]) == (manifest["snapshot_sha256"], manifest["review_id"])
    assert about["tool"]["version"] == manifest["tool"]["version"]
    book = openpyxl.load_workbook(made / "review.xlsx", read_only=True)
    told = {row[0].value: [cell.value for cell in row[1:5]] for row in book["Tables"].iter_rows() if row[0].value}
    for one in about["tables"]:
        listed = rows(made, one["file"])
        with (made / one["file"]).open(encoding="utf-8-sig", newline="") as file:
            assert next(csv.reader(file)) == one["columns"]
        assert (one["rows"], one["sha256"]) == (len(listed), hashes[one["file"]])
        assert one["query"]
        told_sheet = told[one["file"]][1] or None  # read as "" or None
        assert told_sheet == one["sheet"]
        assert told[one["file"]][::2] == [one["query"], str(one["rows"])]
        if one["sheet"]:
            assert sum(1 for _ in book[one["sheet"]].iter_rows()) == one["rows"] + 1
    book.close()


def test_findings_bear_what_was_decided(made: Path) -> None:
    by_decision = {}
    for row in rows(made, "04_findings.csv"):
        by_decision.setdefault(row["decision"], row)
    accepted, wrong, fix, left = (by_decision[one] for one in ("except", "false_positive", "fix", "undecided"))
    assert (accepted["state"], accepted["owner_id"], accepted["expiry_utc"]) == ("excepted", "Chloé", "2099-03-31")
    assert (wrong["state"], wrong["decision_reason"]) == ("not_applicable", "the check misreads our tags")
    assert fix["state"] in ("open", "cannot_tell")
    assert {one["decided_by"] for one in (accepted, wrong, fix)} == {ANA.name}
    assert fix["decided_utc"] == "2026-11-24T12:00:00Z"
    assert (left["decided_by"], left["decided_utc"]) == ("", "")
    (exception,) = [
        one for one in rows(made, "05_exceptions.csv") if one["finding_or_line_ids"] == accepted["finding_id"]
    ]
    assert (exception["type"], exception["reason"], exception["owner"]) == ("finding", "rebuilt in spring", "Chloé")
    (task,) = [one for one in rows(made, "07_remediation.csv") if one["line_id"] == fix["finding_id"]]
    assert (task["decision"], task["name"], task["retest_verdict"]) == ("fix", fix["check_id"], "not_tested_yet")


def test_reports_for_other_tools_tell_accepted_risks_and_false_positives(made: Path) -> None:
    answered = {
        row["finding_id"]: row["decision"]
        for row in rows(made, "04_findings.csv")
        if row["decision"] in ("except", "false_positive")
    }
    (run,) = json.loads((made / "findings.sarif").read_bytes())["runs"]
    told = {
        one["partialFingerprints"]["iamdesk/v1"]: one["suppressions"][0]["justification"]
        for one in run["results"]
        if one.get("suppressions")
    }
    assert told.keys() == answered.keys()
    for finding_id, text in told.items():
        expected = "rebuilt in spring (until 2099-03-31, Chloé)"
        if answered[finding_id] == "false_positive":
            expected = f"False positive: the check misreads our tags (for good, {ANA.name})"
        assert text == expected
    asff = json.loads((made / "findings.asff.json").read_bytes())
    assert {
        one["Id"].removeprefix("iamdesk/") for one in asff if one["Workflow"]["Status"] == "SUPPRESSED"
    } == answered.keys()
    ocsf = [json.loads(line) for line in (made / "findings.ocsf.jsonl").read_bytes().splitlines()]
    assert {one["finding_info"]["uid"] for one in ocsf if one["status"] == "Suppressed"} == answered.keys()


def test_totals_and_gaps_stand_on_the_first_page(made: Path) -> None:
    first = PdfReader(made / "01_statement.pdf").pages[0].extract_text()
    assert "control totals and missing data" in first
    assert "entitlements; in the snapshot" in " ".join(first.split())
    page = (made / "01_statement.html").read_text(encoding="utf-8")
    headings = re.findall(r"<h2>(.*?)</h2>", page)
    assert headings[0] == "Completeness: control totals and missing data"
    assert headings[-1] == "How to verify this package"


def test_statement_claims_no_check_of_self_review_that_was_not_made(made: Path) -> None:
    page = (made / "01_statement.html").read_text(encoding="utf-8")
    assert "nobody could decide on lines of their own" not in page
    assert "Own access is known only as far as reviewers stated their own principals" in page
    assert "No reviewer stated any." in page


def test_every_gap_is_told_also_a_check_that_was_not_run(made: Path) -> None:
    document = json.loads((made / "review.json").read_bytes())
    lacking = [gap["sentence"] for gap in document["completeness"]["gaps"]]
    assert any("skipped" in finding for finding in lacking)
    # They are no findings on which a reviewer decides.
    assert not [row for row in rows(made, "04_findings.csv") if row["check_id"].startswith("CMP-")]
    first = " ".join(PdfReader(made / "01_statement.pdf").pages[0].extract_text().split())
    assert f"The completeness checks have {len(lacking)} finding" in first
    page = (made / "01_statement.html").read_text(encoding="utf-8")
    page = html.unescape(page[: page.index("<h2>1. Scope")])
    assert all(finding in page for finding in lacking)
    assert "no missing data" not in page


def test_quoted_verdict_says_on_what_it_hangs_and_by_which_statement(made: Path) -> None:
    page = html.unescape((made / "01_annex.html").read_text(encoding="utf-8"))
    quoted = re.findall(r"<tr><td>(may [^<]*)</td><td>([^<]*)</td><td>([^<]*)</td></tr>", page)
    assert {decision.split(":")[0] for _, decision, _ in quoted} >= {"allowed", "conditional"}
    assert all(statements for _, _, statements in quoted)
    asked = [json.loads(line) for line in (made / "verdicts.jsonl").read_bytes().splitlines()]
    hang = {", ".join(one["result"]["MissingContextValues"]) for one in asked if one["decision"] == "conditional"}
    told = {decision.partition(": depends on ")[2] for _, decision, _ in quoted if decision.startswith("conditional:")}
    assert told
    assert told <= hang
    statement = html.unescape((made / "01_statement.html").read_text(encoding="utf-8"))
    assert "unnamed-7q2x represents any resource that no policy names" in statement


def test_appendix_tells_what_a_finding_is_about(made: Path) -> None:
    page = (made / "01_annex.html").read_text(encoding="utf-8")
    appendix = html.unescape(page[page.index("Annex: findings") : page.index("Annex: entitlements")])
    told = re.findall(r"<td>(.*?)</td>", appendix)
    for row in rows(made, "04_findings.csv"):
        assert {row["subject_name"], row["finding"]} <= {*told}


def test_first_sheets_are_in_the_statements_order_and_nothing_is_cut_off(made: Path) -> None:
    book = openpyxl.load_workbook(made / "review.xlsx")
    titles = [str(row[0].value) for row in book["Cover"] if row[0].value and row[1].value is None]
    assert [title for title in titles if title[0].isdigit()] == [
        "4. Reviewers",
        "5. Time, and how decisions were made",
        "6. Result",
        "11. Integrity",
    ]
    longest = [
        cell
        for name in ("Cover", "Scope & sources", "Completeness")
        for row in book[name]
        for cell in row
        if row[1].value and len(str(cell.value or "")) > 50
    ]
    assert len(longest) > 10
    assert all(cell.alignment.wrap_text for cell in longest)
    sheet = book["Entitlements"]
    assert sheet.page_setup.fitToWidth > 1  # thirty columns on one page are no print that can be read
    assert {cell.alignment.wrap_text for cell in sheet[2] if not isinstance(cell.value, datetime)} == {True}


def test_pdf_has_text_page_numbers_and_the_evidence_hash(made: Path) -> None:
    evidence = json.loads((made / "00_manifest.json").read_bytes())["evidence_sha256"]
    for name in ("01_statement.pdf", "01_annex.pdf"):
        pages = PdfReader(made / name).pages
        for number, page in enumerate(pages, 1):
            assert f"page {number} of {len(pages)}" in page.extract_text()
        assert evidence in pages[0].extract_text()


def test_review_json_is_as_its_shipped_schema_says(made: Path) -> None:
    schema = json.loads((resources() / "schemas" / "review.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    document = json.loads((made / "review.json").read_bytes())
    jsonschema.validate(document, schema, cls=jsonschema.Draft202012Validator)
    # One spelling: written again, it is the same.
    again = json.dumps(document, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    assert again.encode() == (made / "review.json").read_bytes()


def test_reports_for_other_tools_hold_every_finding(made: Path) -> None:
    ids = {row["finding_id"] for row in rows(made, "04_findings.csv")}
    asff = json.loads((made / "findings.asff.json").read_bytes())
    gaps = json.loads((made / "review.json").read_bytes())["completeness"]["gaps"]  # no findings to decide on
    assert {one["Id"].removeprefix("iamdesk/") for one in asff} > ids
    assert len(asff) == len(ids) + len(gaps)
    required = {
        *("SchemaVersion", "Id", "ProductArn", "GeneratorId", "AwsAccountId", "CreatedAt", "UpdatedAt", "Title"),
        *("Description", "Resources", "Severity", "Types"),
    }
    for one in asff:
        assert required <= one.keys()
        assert 0 < len(one["Title"]) <= 256
        assert 0 < len(one["Description"]) <= 1024
        assert one["Resources"][0]["Id"]
    assert len((made / "findings.ocsf.jsonl").read_bytes().splitlines()) == len(asff)
    assert len(json.loads((made / "findings.sarif").read_bytes())["runs"][0]["results"]) >= len(asff)


def test_written_again_the_bytes_are_the_same(
    made: Path, decided: Path, sample: SnapshotSession, tmp_path: Path
) -> None:
    with ReviewFile.open(decided, writable=False) as review:
        again = write_package(review, tmp_path / "again", evaluator=sample.evaluator, generated_at=NOW)
    names = sorted(file.relative_to(made).as_posix() for file in made.rglob("*") if file.is_file())
    assert names == sorted(file.relative_to(again).as_posix() for file in again.rglob("*") if file.is_file())
    assert [name for name in names if (made / name).read_bytes() != (again / name).read_bytes()] == []


def test_decision_that_looks_like_a_formula_stays_text(made: Path) -> None:
    texts = {row["decision_reason"] for row in rows(made, "03_entitlements.csv")}
    assert '\'=HYPERLINK("x")' in texts
    book = openpyxl.load_workbook(made / "review.xlsx")
    kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert "f" not in kinds
    links = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.hyperlink]
    assert links == []
    sheet = book["Entitlements"]
    assert sheet.protection.sheet
    headings = [cell.value for cell in sheet[1]]
    unlocked = {headings[cell.column - 1] for cell in sheet[2] if not cell.protection.locked}
    exception = {"exception_owner", "exception_expiry", "compensating_control"}
    assert unlocked == {"decision", "decision_reason", "ticket", *exception}
    found = book["Findings"]
    assert found.protection.sheet
    headings = [cell.value for cell in found[1]]
    unlocked = {headings[cell.column - 1] for cell in found[2] if not cell.protection.locked}
    assert unlocked == {"decision", "decision_reason", "owner_id", "expiry_utc", "compensating_control", "ticket"}
    assert any("false_positive" in str(rule.formula1) for rule in found.data_validations.dataValidation)
    assert sheet.freeze_panes == "A2"
    assert any("keep" in str(rule.formula1) for rule in sheet.data_validations.dataValidation)
    assert "&P of &N" in str(sheet.oddFooter.right.text) or "Page &P of &N" in str(sheet.HeaderFooter)


HOSTILE = '=HYPERLINK("http://x")<script>alert(1)</script>\u202e\x07' + "n" * 2000


def hostile_pack(tmp_path: Path, evaluator: Evaluator | None = None) -> Path:
    lines = [
        ReviewItem(
            "111122223333", f"arn:aws:iam::111122223333:user/{HOSTILE}", "user", kind, f"{HOSTILE}{at}", HOSTILE, {}
        )
        for at, kind in enumerate(EntitlementType)
    ]
    head = Head("r-1", HOSTILE, "ab" * 32, HOSTILE, NOW, details={"standards": HOSTILE})
    finding = {"finding_id": "f1", "severity": "high", "check_id": "CMP-01", "finding": HOSTILE, "subject_arn": HOSTILE}
    members = [PopulationEntry(HOSTILE, "1", "user", in_scope=False, out_reason=HOSTILE)]
    with ReviewFile.create(tmp_path / "h.iamreview", head, members, lines, [finding]) as review:
        for line in lines:
            review.record({line.line_id: decision(ReviewDecision.REVOKE)}, ANA, lambda: NOW)
        return write_package(review, tmp_path / "hostile", evaluator=evaluator, generated_at=NOW)


def test_hostile_names_are_inert_in_every_format(tmp_path: Path) -> None:
    made = hostile_pack(tmp_path)
    for name in ("01_statement.html", "01_annex.html"):
        page = (made / name).read_text(encoding="utf-8")
        assert "<script" not in page
        assert "default-src 'none'" in page
        assert "\u202e" not in page
    for name in ("02_population.csv", "03_entitlements.csv", "04_findings.csv", "07_remediation.csv", "tickets.csv"):
        content = (made / name).read_bytes()
        for row in csv.reader(content.decode("utf-8-sig").splitlines()):
            assert not any(cell.startswith(("=", "+", "-", "@", "\t")) for cell in row)
        assert "\u202e".encode() not in content
    book = openpyxl.load_workbook(made / "review.xlsx")
    assert all(cell.data_type != "f" for sheet in book for row in sheet.iter_rows() for cell in row)
    script = (made / "remediation.sh").read_text(encoding="utf-8")
    assert not re.search(r"^take_\w+ [^(]", script, re.M), "an odd name is never put into a command"
    assert subprocess.run(["sh", "-n", made / "remediation.sh"], check=False).returncode == 0
    assert len(PdfReader(made / "01_statement.pdf").pages) > 1


def test_without_its_snapshot_the_first_page_says_so(tmp_path: Path) -> None:
    made = hostile_pack(tmp_path)
    first = " ".join(PdfReader(made / "01_statement.pdf").pages[0].extract_text().split())
    assert "The snapshot was not available" in first
    assert (made / "verdicts.jsonl").read_bytes() == b""


def test_remediation_is_dry_unless_told_and_keeps_to_its_account(made: Path, tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    called = tmp_path / "called"
    fake = tools / "aws"
    todo = [row["command"] for row in rows(made, "07_remediation.csv") if row["command"] and row["type"] != "finding"]
    there = tmp_path / "there"
    there.write_text("\n".join({word for command in todo for word in shlex.split(command)[3:]}), encoding="utf-8")
    fake.write_text(
        "#!/bin/sh\n"
        'case "$1 $2" in\n'
        '"sts "*) echo "$ACCOUNT" ;;\n'
        '"iam list-group-policies") ;;\n'
        f'"iam list-attached-"*) grep ^arn: {there} ;;\n'
        f'"iam list-"* | "iam get-"*) cat {there} ;;\n'
        f'*) printf "aws %s\\n" "$*" >> {called} ;;\n'
        "esac\n",
        encoding="utf-8",
    )
    fake.chmod(0o755)
    environment = {"PATH": f"{tools}:/usr/bin:/bin"}

    def run(**more: str) -> str:
        script = made / "remediation.sh"
        done = subprocess.run(
            ["sh", script], env={**environment, **more}, cwd=tmp_path, capture_output=True, text=True, check=True
        )
        return done.stdout

    dry = run()
    assert "would run, in 111122223333: aws iam" in dry
    assert not called.exists()
    run(APPLY="yes", ACCOUNT="444455556666")
    assert not called.exists()
    run(APPLY="yes", ACCOUNT="111122223333")
    done = called.read_text(encoding="utf-8").splitlines()
    script = (made / "remediation.sh").read_text(encoding="utf-8").splitlines()
    calls = [line for line in script if line.startswith("take_") and not line.endswith("}") and "()" not in line]
    assert len(done) == len(calls) > 5
    assert set(done) < set(todo), "guardrails are left"


def test_pack_is_written_whole_or_not_at_all(review: ReviewFile, sample: SnapshotSession, tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir()
    with pytest.raises(ExportError, match="already"):
        write_package(review, there, evaluator=None)
    with pytest.raises(ExportError, match="cannot be written"):
        write_package(review, tmp_path / "no" / "such" / "pack", evaluator=None)
    other = Workbench().open_snapshot(resources() / "samples" / "acme-organization")
    with pytest.raises(ExportError, match="not the snapshot"):
        write_package(review, tmp_path / "pack", evaluator=other.evaluator)
    assert not [one for one in tmp_path.iterdir() if "pack" in one.name]


def test_sums_are_those_of_sha256sum(made: Path) -> None:
    done = subprocess.run(
        ["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=made, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, b"")
