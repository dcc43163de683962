"""Until a review is complete, every file of its evidence says DRAFT, and verification holds it to that."""

import csv
import io
import json
import shutil
import subprocess
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from pypdf import PdfReader

from iamdesk.api import SnapshotSession
from iamdesk.export.evidence.context import EvidenceContext
from iamdesk.export.evidence.import_sheet import read_back
from iamdesk.export.evidence.result import Outcome
from iamdesk.export.evidence.verify import verify
from iamdesk.export.evidence.write import write_package
from iamdesk.review.decisions import ItemDecision, ReviewDecision
from iamdesk.review.review_file import ReviewFile

from .conftest import ANA, BEN, NOW
from .test_verify import failures, seal_anew

RECORDS = {"09_journal.jsonl", "10_events.jsonl", "verdicts.jsonl", "08_signoffs.json", "SHA256SUMS"}
"""What happened, and decisions of the evaluator: they say nothing about the review's result."""
DRAFT = "DRAFT"


@pytest.fixture(scope="module")
def complete(sample: SnapshotSession, decided: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = Path(shutil.copy(decided, tmp_path_factory.mktemp("complete") / "q3.iamreview"))
    fix = ItemDecision(ReviewDecision.FIX, "this quarter")
    accepted = ItemDecision(ReviewDecision.EXCEPT, "until the move", "Chloé", date(2099, 3, 31))
    with ReviewFile.open(path) as review:
        wanted = {line.line_id: ItemDecision(ReviewDecision.KEEP, "needed") for line in review.lines[1:]}
        wanted[review.lines[3].line_id] = ItemDecision(ReviewDecision.REVOKE, "not needed")
        wanted[review.lines[5].line_id] = accepted
        review.record({**wanted, **{str(one["finding_id"]): fix for one in review.findings()}}, ANA, lambda: NOW)
        review.record({review.lines[5].line_id: replace(accepted, second=BEN.name)}, BEN, lambda: NOW)
        return write_package(review, path.with_name("pack"), evaluator=sample.evaluator, generated_at=NOW)


def texts(package: Path) -> dict[str, str]:
    """All that a package's files say, by name, without the snapshot."""
    found = {}
    for file in package.iterdir():
        if not file.is_file():
            continue
        if file.suffix == ".pdf":
            found[file.name] = PdfReader(file).pages[0].extract_text()
        elif file.suffix == ".xlsx":
            book = openpyxl.load_workbook(file)
            cells = (str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row)
            found[file.name] = " ".join(cells)
        else:
            found[file.name] = file.read_text(encoding="utf-8-sig")
    return found


def rows(package: Path, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((package / name).read_text(encoding="utf-8-sig"))))


def test_every_file_of_a_draft_says_so(made: Path) -> None:
    silent = {name for name, text in texts(made).items() if DRAFT not in text}
    empty = {name for name in silent if name.endswith(".csv") and not rows(made, name)}
    assert silent - empty == RECORDS
    assert empty == {"06_changes.csv"}  # headings alone: nothing in it is a result


def test_each_row_of_each_table_says_draft_in_its_first_column(made: Path) -> None:
    for file in made.glob("0*.csv"):
        table = rows(made, file.name)
        assert {row["review_status"] for row in table} <= {DRAFT}
        assert next(csv.reader(io.StringIO(file.read_text(encoding="utf-8-sig"))))[0] == "review_status"
    assert all(row["Summary"].startswith("DRAFT: ") for row in rows(made, "tickets.csv"))
    book = openpyxl.load_workbook(made / "review.xlsx")
    assert {book[name]["A2"].value for name in ("Population", "Entitlements", "Findings", "Exceptions")} == {DRAFT}


def test_script_of_a_draft_says_what_is_open_when_it_is_run(made: Path) -> None:
    done = subprocess.run(["sh", made / "remediation.sh"], capture_output=True, text=True, check=True)
    assert done.stderr.startswith("DRAFT. The review is not complete: ")
    assert "items are undecided" in done.stderr


def test_reports_for_other_tools_have_the_status_where_their_formats_allow_it(made: Path) -> None:
    sarif = json.loads((made / "findings.sarif").read_bytes())
    assert sarif["runs"][0]["properties"]["reviewStatus"] == DRAFT
    events = [json.loads(line) for line in (made / "findings.ocsf.jsonl").read_text(encoding="utf-8").splitlines()]
    assert all(one["metadata"]["labels"] == ["review_status: DRAFT"] for one in events)
    asff: list[dict[str, Any]] = json.loads((made / "findings.asff.json").read_bytes())
    assert all(one["ProductFields"]["iamdesk/review_status"] == DRAFT for one in asff)


def test_nothing_of_a_complete_review_says_draft(complete: Path) -> None:
    said = {name for name, text in texts(complete).items() if DRAFT in text}
    assert said == {"review.xlsx"}  # its glossary explains the word
    assert {row["review_status"] for row in rows(complete, "03_entitlements.csv")} == {"complete"}
    assert json.loads((complete / "review.json").read_bytes())["review"]["completion"]["status"] == "complete"
    assert json.loads((complete / "00_manifest.json").read_bytes())["status"] == "complete"
    assert not subprocess.run(["sh", complete / "remediation.sh"], capture_output=True, check=True).stderr
    results = list(verify(complete))
    assert [one for one in results if one.outcome is Outcome.FAILED] == []
    assert [one.sentence for one in results if one.name == "completion"] == ["The review is complete."]


def test_verification_says_that_a_package_is_a_draft(made: Path) -> None:
    (said,) = [one for one in verify(made) if one.name == "completion"]
    assert said.sentence.startswith("The package is a DRAFT, as its files say. The review is not complete: ")


@pytest.mark.parametrize(
    "forged",
    [
        {
            "02_population.csv": ('"DRAFT"', '"complete"'),
            "03_entitlements.csv": ('"DRAFT"', '"complete"'),
            "05_exceptions.csv": ('"DRAFT"', '"complete"'),
            "tickets.csv": ('"DRAFT: ', '"'),
            "remediation.sh": ("DRAFT. ", ""),
            "findings.sarif": (DRAFT, "complete"),
        },
        {"00_manifest.json": ('"status":"DRAFT"', '"status":"complete"')},
    ],
    ids=["files", "manifest"],
)
def test_draft_that_is_called_complete_is_found(pack: Path, forged: dict[str, tuple[str, str]]) -> None:
    """Each file is compared for itself: one verification is enough for all of them."""
    for name, (was, now) in forged.items():
        text = (pack / name).read_bytes()
        assert was.encode() in text, name
        (pack / name).write_bytes(text.replace(was.encode(), now.encode()))
    seal_anew(pack)
    assert forged.keys() - {one.name for one in failures(pack)} == set()


def test_table_of_a_draft_is_imported_as_before(made: Path, review: ReviewFile) -> None:
    found = read_back(made / "03_entitlements.csv", EvidenceContext(review, None, NOW))
    assert not found.refused
    assert not found.decisions
