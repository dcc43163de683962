"""A review in the terminal, from the snapshot to the verified evidence."""

import csv
import hashlib
import json
import re
import shutil
import sqlite3
import subprocess
from pathlib import Path

import pytest

from iamdesk import load_snapshot
from iamdesk.api import Workbench
from iamdesk.resource_files import resources, sample_snapshot
from iamdesk.review.review_file import ReviewFile

from .conftest import Run


@pytest.fixture
def run(iamdesk: Run) -> Run:
    """Runs a command and expects its status."""

    def check(*words: object, status: int = 0) -> subprocess.CompletedProcess[str]:
        done = iamdesk(*map(str, words))
        assert done.returncode == status, (done.stdout, done.stderr)
        return done

    return check


@pytest.fixture(scope="session")
def made(sample_review: Path) -> Path:
    """The folder of a review of the sample, `q3.iamreview`."""
    return sample_review.parent


def test_new_review_is_made_and_told(run: Run, tmp_path: Path) -> None:
    done = run("review", "new", sample_snapshot(), "-o", tmp_path / "q.iamreview", "--title", "T", "--standards", "PCI")
    assert "164 entitlements" in done.stderr
    assert "guardrails: revoking them widens access" in done.stderr
    assert "proved to change nothing: " in done.stderr
    with ReviewFile.open(tmp_path / "q.iamreview", writable=False) as review:
        assert (review.head.title, review.head.details["standards"]) == ("T", "PCI")
    again = run("review", "new", sample_snapshot(), "-o", tmp_path / "q.iamreview", status=2)
    assert "already" in again.stderr


def test_a_review_keeps_the_settings_of_its_checks_and_verifies_with_them(run: Run, tmp_path: Path) -> None:
    review, pack, settings = tmp_path / "s.iamreview", tmp_path / "pack", tmp_path / "checks.json"
    content = {
        "format": "iamdesk-check-settings/1",
        "severities": {"ADM-01": "low"},
        "thresholds": {"administrators": 1},
        "archive": [{"check": "HYG-*", "owner": "Alice Ito", "reason": "OPS-7", "until": "9999-01-01"}],
    }
    settings.write_text(json.dumps(content))
    sha256 = hashlib.sha256(settings.read_bytes()).hexdigest()
    run("review", "new", sample_snapshot(), "-o", review, "--settings", settings)
    settings.unlink()  # from here on, the review has them
    run("export", review, "--snapshot", sample_snapshot(), "-o", pack)
    with (pack / "04_findings.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["severity"] for row in rows if row["check_id"] == "ADM-01"} == {"low"}
    archived = [row["proof_summary"] for row in rows if row["check_id"].startswith("HYG-")]
    assert archived
    assert all(text.endswith("Archived by Alice Ito until 9999-01-01: OPS-7") for text in archived)
    checks = {one["Check"]: one["Outcome"] for one in json.loads(run("verify", pack, "--format", "json").stdout)}
    assert checks["findings re-performed"] == "passed"
    for name in ("review.json", "01_statement.html", "findings.sarif", "findings.ocsf.jsonl", "findings.asff.json"):
        assert sha256 in (pack / name).read_text(encoding="utf-8"), name
    with ReviewFile.open(review, writable=False) as opened:
        plain = Workbench().open_snapshot(sample_snapshot())
        plain.create_review(tmp_path / "plain.iamreview", "P")
        with ReviewFile.open(tmp_path / "plain.iamreview", writable=False) as other:
            assert "check_settings" not in other.head.details
            more = {one["check_id"] for one in opened.findings()} - {one["check_id"] for one in other.findings()}
    assert more <= {"ADM-11"}
    (tmp_path / "bad.json").write_text("{}")
    assert (
        "not a settings file"
        in run(
            "review",
            "new",
            sample_snapshot(),
            "-o",
            tmp_path / "n.iamreview",
            "--settings",
            tmp_path / "bad.json",
            status=2,
        ).stderr
    )


def test_review_of_a_part_says_so_and_verifies(run: Run, tmp_path: Path) -> None:
    review, pack = tmp_path / "part.iamreview", tmp_path / "pack"
    organization = resources() / "samples" / "acme-organization"
    accounts = [one.account_id for one in load_snapshot(organization).accounts]
    new = ("review", "new", organization, "-o", review)
    assert "without a reason" in run(*new, "--exclude", f"account:{accounts[0]}", status=2).stderr
    assert "no account `999988887777`" in run(*new, "--exclude", "account:999988887777=x", status=2).stderr
    period = ("--period-start", "2026-07-02", "--period-end", "2026-07-01")
    assert "ends before it begins" in run(*new, *period, status=2).stderr
    assert not review.exists()
    run(*new, "--exclude", f"account:{accounts[0]}=a sandbox", "--exclude", "entitlement:trust=monthly")
    run("export", review, "--snapshot", organization, "-o", pack)
    checks = {one["Check"]: one for one in json.loads(run("verify", pack, "--format", "json").stdout)}
    assert {one["Outcome"] for one in checks.values()} == {"passed", "not done"}
    assert checks["entitlements re-performed"]["Outcome"] == checks["control totals"]["Outcome"] == "passed"
    document = json.loads((pack / "review.json").read_bytes())
    assert document["scope"]["accounts"] == sorted(accounts[1:])
    names = [one["file"] for one in document["sources"]]
    assert len(names) == len(set(names)) > 10
    out = {one["name"]: one for one in document["scope"]["left_out"]}
    assert out[accounts[0]]["reason"] == "a sandbox"
    assert min(out[accounts[0]][what] for what in ("principals", "entitlements", "findings")) > 0
    assert out["trust"]["principals"] == 0
    with (pack / "02_population.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    sandbox = {row["out_reason"] for row in rows if row["account_id"] == accounts[0] and row["in_scope"] == "no"}
    assert "a sandbox" in sandbox
    page = (pack / "01_statement.html").read_text(encoding="utf-8")
    first = page[: page.index("<h2>1. Scope")]
    assert "Excluded from this review" in first
    assert f"account {accounts[0]}" in page
    assert "Captured with " in page


def test_whole_review_in_the_terminal(run: Run, made: Path, tmp_path: Path) -> None:
    review = Path(shutil.copy(made / "q3.iamreview", tmp_path))
    listed = json.loads(run("review", "entitlements", review, "--format", "json").stdout)
    ids = [one["line_id"] for one in listed]
    run("review", "decide", review, "--entitlement", ids[0], "--decision", "keep", "--reviewer", "Ana")
    run(
        *("review", "decide", review, "--entitlement", ids[1], "--decision", "except", "--reviewer", "Ana"),
        *("--reason", "migration", "--owner", "Dora", "--until", "2099-01-31"),
    )
    many = [word for line_id in ids[2:] for word in ("--entitlement", line_id)]
    refused = run("review", "decide", review, *many, "--decision", "keep", "--reviewer", "Ana", status=2)
    assert "requires a reason" in refused.stderr
    run("review", "decide", review, *many, "--decision", "keep", "--reason", "checked", "--reviewer", "Ana")
    own = run("review", "approve", review, "--reviewer", "Ana")
    assert "0 decisions" in own.stderr
    run("review", "approve", review, "--reviewer", "Ben", "--reason", "as in last quarter")
    logged = run("review", "log", review).stdout.splitlines()
    assert logged[-1].endswith("second approval  as in last quarter")
    status = json.loads(run("review", "status", review, "--format", "json").stdout)
    assert status["Counts"]["undecided"] == 0
    assert status["Counts"]["seconded"] == len(ids)
    assert "0 decisions" in run("review", "approve", review, "--reviewer", "Eve").stderr
    replacing = run("review", "approve", review, "--entitlement", ids[0], "--reviewer", "Eve", status=2)
    assert "1 decision is already approved by Ben; nothing is saved" in replacing.stderr
    assert len(run("review", "log", review).stdout.splitlines()) == 2 * len(ids)
    pack = tmp_path / "pack"
    run("export", review, "--snapshot", sample_snapshot(), "-o", pack)
    with (pack / "05_exceptions.csv").open(encoding="utf-8-sig", newline="") as table:
        (exception,) = csv.DictReader(table)
    assert (exception["decided_by"], exception["approved_by"]) == ("Ana", "Ben")
    with ReviewFile.open(review, writable=False) as file:
        assert [one.name for one in file.packages()] == ["pack"]
    run("review", "sign", pack, "--role", "management", "--name", "Dana Lee")
    checks = json.loads(run("verify", pack, "--format", "json").stdout)
    assert {one["Outcome"] for one in checks} == {"passed", "not done"}
    ends = run("verify", pack).stdout.splitlines()[-3:]
    assert [end.partition(":")[0] for end in ends] == ["DRAFT", "unsigned", "not shown by this package"]
    assert "; consistent: all files follow from the journal and the snapshot in the package" in ends[0]
    assert ends[-2] == "unsigned: does not prove who made it"
    lacking = run("verify", pack, "--require-signature", "management", status=1).stdout
    assert "failed    required signature: This package is not signed with a key as management." in lacking
    assert lacking.splitlines()[-3] == "FAILED: 1 check (required signature); DRAFT: the review is not complete"
    assert "second_reviewer" in run("verify", pack, "--require-signature", "ceo", status=2).stderr
    (pack / "06_changes.csv").write_text("x", encoding="utf-8")
    bad = run("verify", pack, status=1).stdout
    assert "failed    06_changes.csv" in bad
    assert bad.splitlines()[-3] == "FAILED: 1 check (06_changes.csv)"


def test_four_eyes_by_tier_in_the_terminal(run: Run, tmp_path: Path) -> None:
    review = tmp_path / "q.iamreview"
    tiers = ("--second-approval", "1", "--second-approval", "0")
    run("review", "new", sample_snapshot(), "-o", review, *tiers)
    assert (
        "less than or equal to 5"
        in run(
            *("review", "new", sample_snapshot(), "-o", tmp_path / "other.iamreview", "--second-approval", "6"),
            status=2,
        ).stderr
    )
    items = json.loads(run("review", "entitlements", review, "--format", "json").stdout)
    found = json.loads(run("review", "findings", review, "--format", "json").stdout)

    def of(*which: int) -> list[str]:
        return [one["line_id"] for one in items if one["line"]["evidence"]["effect"]["tier"] in which]

    def given(option: str, ids: list[str]) -> list[str]:
        return [word for one in ids for word in (option, one)]

    high, rest = of(0, 1), of(2, 3, 4, 5)
    assert high
    assert rest
    reason = ("--reason", "checked", "--reviewer", "Ana")
    run("review", "decide", review, *given("--entitlement", high + rest), "--decision", "keep", *reason)
    run(
        "review",
        "decide",
        review,
        *given("--finding", [one["finding_id"] for one in found]),
        "--decision",
        "fix",
        *reason,
    )
    excepted = ("--reason", "migration", "--owner", "Dora", "--until", "2099-01-31", "--reviewer", "Ana")
    run("review", "decide", review, "--entitlement", high[0], "--decision", "except", *excepted)

    status = json.loads(run("review", "status", review, "--format", "json").stdout)
    assert status["SecondApproval"] == [0, 1]
    assert status["Open"] == {"no-approver": 1, "no-second": len(high) - 1}
    assert "DRAFT" in run("review", "status", review).stdout

    first = ("review", "approve", review, "--entitlement", high[1])
    assert "made this decision" in run(*first, "--reviewer", "ana", status=2).stderr
    owned = run("review", "approve", review, "--entitlement", high[0], "--reviewer", "Dora", status=2)
    assert "Dora owns the exception" in owned.stderr
    holder = next(one["line"]["holder_arn"] for one in items if one["line_id"] == high[1])
    own = run(*first, "--reviewer", "Ben", "--my-arn", holder, status=2)
    assert "Ben cannot review their own access" in own.stderr
    assert json.loads(run("review", "status", review, "--format", "json").stdout)["Open"] == status["Open"]

    run("review", "approve", review, *given("--entitlement", high), "--reviewer", "Ben")
    done = json.loads(run("review", "status", review, "--format", "json").stdout)
    assert (done["Complete"], done["Open"]) == (True, {})
    run("export", review, "--snapshot", sample_snapshot(), "-o", tmp_path / "page.html", "--format", "html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "Decisions on entitlements of the tiers 0 and 1 need a second approval by another person." in page
    # Another decision needs another approval.
    run("review", "decide", review, "--entitlement", high[1], "--decision", "revoke", "--reviewer", "Ana")
    again = json.loads(run("review", "status", review, "--format", "json").stdout)
    assert again["Open"] == {"no-second": 1}


def test_a_revoke_that_widens_access_is_saved_with_a_warning(run: Run, made: Path, tmp_path: Path) -> None:
    review = Path(shutil.copy(made / "q3.iamreview", tmp_path))
    lines = json.loads(run("review", "entitlements", review, "--format", "json").stdout)
    guard, other = (
        next(one["line_id"] for one in lines if one["line"]["name"] == name)
        for name in ("RequireMfa", "AdministratorAccess")
    )
    decide = ("review", "decide", review, "--reviewer", "Ana", "--decision")
    kept = run(*decide, "keep", "--entitlement", guard).stderr
    assert "warning" not in kept
    one = run(*decide, "revoke", "--entitlement", guard).stderr
    assert "iamdesk: warning: RequireMfa is a guardrail: revoking it gives " in one
    assert "1 decision saved" in one
    assert "revoke" in run("review", "log", review).stdout.splitlines()[-1].lower()
    assert "warning" not in run(*decide, "revoke", "--entitlement", other).stderr


def test_a_revoke_that_also_widens_access_is_saved_with_a_warning(run: Run, made: Path, tmp_path: Path) -> None:
    review = Path(shutil.copy(made / "q3.iamreview", tmp_path))
    with ReviewFile.open(review, writable=False) as file:
        line = next(one for one in file.lines if one.name == "Engineers" and one.holder_arn.endswith("/deepak.rao"))
    done = run("review", "decide", review, "--decision", "revoke", "--reviewer", "Ana", "--entitlement", line.line_id)
    assert (
        "warning: Revoking Engineers also gives user deepak.rao more access: 69 actions are lost, 21,580" in done.stderr
    )
    assert "1 decision saved" in done.stderr


def test_findings_are_decided_in_the_terminal(run: Run, made: Path, tmp_path: Path) -> None:
    review = Path(shutil.copy(made / "q3.iamreview", tmp_path))
    listed = json.loads(run("review", "findings", review, "--format", "json").stdout)
    first, second, third = (one["finding_id"] for one in listed[:3])
    decide = ("review", "decide", review, "--reviewer", "Ana")
    run(*decide, "--finding", first, "--decision", "fix")
    run(*decide, "--finding", second, "--decision", "false_positive", "--reason", "our tags")
    accept = (*decide, "--finding", third, "--decision", "except")
    assert "requires a reason" in run(*accept, status=2).stderr
    run(*accept, "--reason", "spring", "--owner", "Dora", "--until", "2099-01-31")
    assert (
        "not a valid decision on a finding" in run(*decide, "--finding", first, "--decision", "keep", status=2).stderr
    )
    assert "give at least one item to decide on" in run(*decide, "--decision", "fix", status=2).stderr
    run("review", "approve", review, "--reviewer", "Ben")
    counts = json.loads(run("review", "status", review, "--format", "json").stdout)["Counts"]
    assert (counts["findings_decided"], counts["exceptions"], counts["to_do"]) == (3, 1, 1)
    assert f"3 of {len(listed)} findings decided" in run("review", "status", review).stdout
    shown = run("review", "findings", review, "--show", "decided").stdout.splitlines()
    assert [line.split()[0] for line in shown] == [first, second, third]
    assert "Accept the risk until 2099-01-31, second approval" in shown[2]
    assert len(run("review", "findings", review, "--show", "open").stdout.splitlines()) == len(listed) - 3


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("json", b'{"changes"'),
        ("csv", b"\xef\xbb\xbf"),
        ("xlsx", b"PK"),
        ("html", b"<!DOCTYPE html>"),
        ("pdf", b"%PDF"),
        ("annex", b"%PDF"),
        ("sh", b"#!/bin/sh"),
        ("tickets", b"\xef\xbb\xbf"),
    ],
)
def test_single_files_of_the_evidence(run: Run, made: Path, tmp_path: Path, name: str, begins: bytes) -> None:
    output = tmp_path / "file"
    told = run("export", made / "q3.iamreview", "--format", name, "-o", output)
    assert output.read_bytes().startswith(begins)
    assert "the snapshot was not found" in told.stderr


def test_what_no_snapshot_says_is_described_and_an_exception_has_a_control(
    run: Run, made: Path, tmp_path: Path
) -> None:
    review = Path(shutil.copy(made / "q3.iamreview", tmp_path))
    assert run("review", "describe", review).stdout.splitlines() == [
        "captured by: not stated",
        "query: not stated",
        "due: not stated",
        "reviewers: not stated",
    ]
    roles = resources() / "samples" / "reviewer-roles.csv"
    stated = ("--captured-by", "Tom", "--capture-query", "aws iam …", "--due", "2026-12-15", "--reviewers", roles)
    told = run("review", "describe", review, *stated, "--by", "Ana").stdout
    assert "due: 2026-12-15\nreviewer: Ana Moreno: Head of platform engineering; owns the accounts" in told
    listed = json.loads(run("review", "entitlements", review, "--format", "json").stdout)
    item = listed[3]["line_id"]
    decide = ("review", "decide", review, "--reviewer", "Ana", "--entitlement", item, "--reason", "m")
    control = ("--compensating-control", "weekly review of the log")
    wrong = run(*decide, "--decision", "keep", *control, status=2)
    assert "only an exception has a compensating control" in wrong.stderr
    past = run(*decide, "--decision", "except", "--owner", "Ben", "--until", "2020-01-31", status=2)
    assert "an exception must end today or later, not on 2020-01-31" in past.stderr
    run(*decide, "--decision", "except", "--owner", "Ben", "--until", "2099-01-01", *control)
    listed = json.loads(run("review", "entitlements", review, "--format", "json").stdout)
    assert listed[3]["decision"]["compensating_control"] == "weekly review of the log"
    run("review", "status", review)


def test_filled_sheet_is_taken_and_what_is_refused_is_listed(run: Run, made: Path, tmp_path: Path) -> None:
    review = Path(shutil.copy(made / "q3.iamreview", tmp_path))
    sheet = tmp_path / "sheet.csv"
    run("export", review, "--format", "csv", "-o", sheet)
    with sheet.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    about = json.loads(sheet.with_name("sheet.csv.about.json").read_bytes())
    (table,) = about["tables"]
    assert (table["file"], table["rows"]) == ("03_entitlements.csv", len(rows))
    assert table["sha256"] == hashlib.sha256(sheet.read_bytes()).hexdigest()
    rows[0]["decision"] = "keep"
    rows[-1]["decision"] = "revoke"
    rows[2] |= {"decision": "keep", "holder_arn": "arn:aws:iam::111122223333:user/somebody"}
    with sheet.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    own = rows[-1]["holder_arn"]
    done = run("review", "fill", review, sheet, "--reviewer", "Ana", "--my-arn", own, status=1)
    assert "1 row saved" in done.stderr
    assert "protected cells were edited: holder_arn" in done.stdout
    assert "review their own access" in done.stdout
    with ReviewFile.open(review, writable=False) as again:
        assert [entry.line_id for entry in again.journal()] == [rows[0]["line_id"]]


def test_a_filled_sheet_that_widens_access_is_saved_with_the_same_warning(run: Run, made: Path, tmp_path: Path) -> None:
    review, sheet = Path(shutil.copy(made / "q3.iamreview", tmp_path)), tmp_path / "sheet.csv"
    run("export", review, "--format", "csv", "-o", sheet)
    with sheet.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    next(row for row in rows if row["entitlement_name"] == "RequireMfa")["decision"] = "revoke"
    with sheet.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    done = run("review", "fill", review, sheet, "--reviewer", "Ana")
    assert "warning: RequireMfa is a guardrail: revoking it gives " in done.stderr
    again = run("review", "fill", review, sheet, "--reviewer", "Ana")
    assert "warning" not in again.stderr


def test_a_review_of_another_layout_is_refused(run: Run, made: Path, tmp_path: Path) -> None:
    other = Path(shutil.copy(made / "q3.iamreview", tmp_path / "other.iamreview"))
    with sqlite3.connect(other) as file:
        file.execute("ALTER TABLE packs DROP COLUMN journal_entries")
        file.execute("PRAGMA user_version = 5")
    file.close()
    sentence = "other.iamreview: the review has layout 5; this iamdesk reads only layout 1"
    for words in (("status", other), ("entitlements", other)):
        assert sentence in run("review", *words, status=2).stderr


def test_damaged_review_is_told_and_recovered(run: Run, made: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.iamreview"
    content = (made / "q3.iamreview").read_bytes()
    damaged.write_bytes(content[:4096].replace(b"SQLite", b"SQLxxx") + content[4096:])
    assert "cannot be read" in run("review", "status", damaged, status=2).stderr
    altered = Path(shutil.copy(made / "q3.iamreview", tmp_path / "altered.iamreview"))
    with sqlite3.connect(altered) as mallory:
        mallory.execute("CREATE TRIGGER t BEFORE INSERT ON journal BEGIN SELECT RAISE(IGNORE); END")
    mallory.close()
    assert "DAMAGED  trigger t" in run("review", "status", altered, status=1).stdout
    told = json.loads(run("review", "status", altered, "--format", "json", status=1).stdout)
    assert told["Damages"][0]["Place"] == "trigger t"
    line = json.loads(run("review", "entitlements", made / "q3.iamreview", "--format", "json").stdout)[0]["line_id"]
    decide = ("review", "decide", altered, "--reviewer", "Ana", "--decision", "keep", "--entitlement", line)
    assert "iamdesk review recover" in run(*decide, status=2).stderr
    run("review", "recover", damaged, "-o", tmp_path / "new.iamreview")
    told = json.loads(run("review", "status", tmp_path / "new.iamreview", "--format", "json").stdout)
    whole = json.loads(run("review", "status", made / "q3.iamreview", "--format", "json").stdout)
    assert told["Counts"] == whole["Counts"]
    assert "already" in run("review", "recover", damaged, "-o", damaged, status=2).stderr


@pytest.mark.parametrize(
    "words",
    [
        ("review", "status", "no-such-file"),
        ("verify", "no-such-pack"),
        ("export", "no-such-file", "-o", "x"),
        ("review", "sign", "no-such-pack", "--name", "Ana"),
    ],
)
def test_what_is_not_there_is_one_sentence(run: Run, words: tuple[str, ...]) -> None:
    done = run(*words, status=2)
    assert len(done.stderr.strip().splitlines()) == 1


def test_conflicts_of_a_filled_sheet_are_listed_and_nothing_is_overwritten(
    run: Run, made: Path, tmp_path: Path
) -> None:
    review = Path(shutil.copy(made / "q3.iamreview", tmp_path))
    run("export", review, "--format", "csv", "-o", tmp_path / "sheet.csv")
    with (tmp_path / "sheet.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for name, at in (("ana", (0, 1)), ("ben", (1, 2))):
        filled = [{**row, "decision": "keep" if number in at else "undecided"} for number, row in enumerate(rows)]
        filled[at[0]]["decision_reason"] = name
        filled[at[1]]["decision_reason"] = name
        with (tmp_path / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(filled)
    assert "2 rows saved" in run("review", "fill", review, tmp_path / "ana.csv", "--reviewer", "Ana").stderr
    done = run("review", "fill", review, tmp_path / "ben.csv", "--reviewer", "Ben", status=1)
    assert done.stdout.startswith(f"conflict Entitlements row 3  {rows[1]['line_id']}  its decision changed after")
    assert "1 row saved, 0 refused, 1 conflict" in done.stderr
    with ReviewFile.open(review, writable=False) as file:
        assert [file.decided(row["line_id"]).reviewer for row in rows[:3]] == ["Ana", "Ana", "Ben"]  # type: ignore[union-attr]


def test_earlier_names_of_commands_and_options_keep_working_and_are_not_shown(
    run: Run, made: Path, tmp_path: Path
) -> None:
    review = Path(shutil.copy(made / "q3.iamreview", tmp_path / "q3.iamreview"))
    listed = run("review", "lines", review).stdout
    assert listed == run("review", "entitlements", review).stdout
    line = listed.split()[0]
    items = json.loads(run("review", "entitlements", review, "--format", "json").stdout)
    holder = next(one["line"]["holder_arn"] for one in items if one["line_id"] == line)
    other = next(
        one["line"]["holder_arn"]
        for one in items
        if one["line"]["holder_kind"] == "user" and one["line"]["holder_arn"] != holder
    )
    first = ("review", "decide", review, "--decision", "keep", "--reviewer", "Ana", f"--line={line}", "--is")
    assert "the snapshot has no principal arn:" in run(*first, f"{other}2", status=2).stderr
    run(*first, other)
    assert "Ben approved 1 decision" in run("review", "second", review, "--reviewer", "Ben", "--line", line).stderr
    run("export", review, "--format", "pack", "-o", tmp_path / "old")
    assert (tmp_path / "old" / "review.json").exists()
    request = (sample_snapshot(), "--principal", "anonymous", "--resource", "arn:aws:s3:::b/k")
    assert (
        run("can", *request, "--need", "read-object").stdout == run("can", *request, "--use-case", "read-object").stdout
    )
    shown = "".join(
        run(*words, "--help").stdout for words in (("can",), ("review",), ("review", "decide"), ("export",))
    )
    assert not {"--need", "--line", "--is", "lines", "second", "pack"} & set(re.split(r"[\s<>|]+", shown))


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="there is no ssh-keygen")
def test_checkpoints_are_signed_by_themselves_after_so_many_decisions(
    made: Path, key: Path, tmp_path: Path, run: Run
) -> None:
    review = Path(shutil.copy(made / "q3.iamreview", tmp_path / "auto.iamreview"))
    kept = tmp_path / "kept"
    kept.mkdir()
    with ReviewFile.open(review, writable=False) as opened:
        ids = list(opened.ids)
    signs = ("--checkpoint-key", key, "--checkpoint-every", "2", "--checkpoint-folder", kept)
    decide = ("review", "decide", review, "--decision", "keep", "--reason", "needed", "--reviewer", "Ana")

    def names() -> list[str]:
        return sorted(one.name for one in kept.iterdir())

    run(*decide, "--entitlement", ids[0], *signs)
    assert names() == []
    done = run(*decide, "--entitlement", ids[1], *signs)
    assert names() == ["auto.iamreview.checkpoint-000002.json"]
    assert done.stdout.strip() == str(kept / names()[0])
    run(*decide, "--entitlement", ids[1], *signs)  # the same again is no decision
    run("review", "approve", review, "--reviewer", "Ben", *signs)
    assert names() == ["auto.iamreview.checkpoint-000002.json", "auto.iamreview.checkpoint-000004.json"]
    run("review", "check", review, *(kept / one for one in names()))
    failed = run(*decide, "--entitlement", ids[2], "--checkpoint-key", tmp_path / "none", status=2)
    assert "the decisions are saved, but no checkpoint is signed" in failed.stderr
    with ReviewFile.open(review, writable=False) as opened:
        assert len(list(opened.journal())) == 5


def test_approval_under_a_name_like_that_of_the_decider_is_asked_about(
    iamdesk: Run, sample_review: Path, tmp_path: Path
) -> None:
    review = Path(shutil.copy(sample_review, tmp_path / "alike.iamreview"))
    with ReviewFile.open(review, writable=False) as file:
        item = next(iter(file.ids))
    words = ("--entitlement", item)
    decided = iamdesk("review", "decide", review, "--decision", "keep", "--reviewer", "Ana Moreno", *words)
    assert decided.returncode == 0
    refused = iamdesk("review", "approve", review, "--reviewer", "A. Moreno", *words)
    assert refused.returncode == 2
    assert "A. Moreno and Ana Moreno, who decided, may be one person" in refused.stderr
    assert iamdesk("review", "approve", review, "--reviewer", "A. Moreno", "--other-person", *words).returncode == 0
