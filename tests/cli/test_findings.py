"""`iamdesk findings`: the same findings in every format, to the terminal or to a file."""

import csv
import hashlib
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from iamdesk.checks.finding import Severity
from iamdesk.export import findings as package
from iamdesk.export.findings.writers import formats

from ..builders import entries

OUTLINE = '''
"""Findings as an outline."""

from iamdesk.export.findings.report import Report, ReportFormat


def render(report: Report) -> bytes:
    """Print one line for each finding."""
    return "".join(f"- {one.check_id}: {one.sentence}\\n" for one in report.findings).encode()


REPORT_FORMAT = ReportFormat("outline", "Outline", ".outline", render)
'''


def test_a_format_is_added_by_its_module_alone(
    iamdesk: Callable[..., Any], sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "outline_file.py").write_text(OUTLINE)
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    formats.cache_clear()
    try:
        assert "outline" in [one.name for one in formats()]
        printed = iamdesk("findings", sample, "--format", "outline").stdout
        written = iamdesk("findings", sample, "--output", tmp_path / "report.outline")
    finally:
        sys.modules.pop(f"{package.__name__}.outline_file", None)
        formats.cache_clear()
    assert printed.startswith("- ")
    assert (tmp_path / "report.outline").read_text() == printed
    assert written.stderr.rstrip().endswith("report.outline")


def test_an_unknown_format_is_refused_with_the_names_of_all(iamdesk: Callable[..., Any], sample: Path) -> None:
    refused = iamdesk("findings", sample, "--format", "docx")
    assert refused.returncode == 2
    assert "'docx' is not one of 'text', 'html', 'pdf'" in " ".join(refused.stderr.split())


def test_all_formats_tell_the_same_findings(iamdesk: Callable[..., Any], sample: Path) -> None:
    text = iamdesk("findings", sample).stdout
    as_json = json.loads(iamdesk("findings", sample, "--format", "json").stdout)
    rows = list(
        csv.DictReader(io.StringIO(iamdesk("findings", sample, "--format", "csv").stdout.removeprefix("\ufeff")))
    )
    html = iamdesk("findings", sample, "--format", "html").stdout

    told = [(finding["check_id"], finding["subject_arn"]) for finding in as_json["findings"]]
    assert told
    assert [(row["check_id"], row["subject_arn"]) for row in rows] == told
    assert text.splitlines()[-1].startswith(f"{len(told)} findings: ")
    assert sum(line.startswith("  Remediation: ") for line in text.splitlines()) == len(told)
    assert html.startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(
    "name",
    [
        "report.csv",
        "report.json",
        "report.html",
        "report.txt",
        "report.pdf",
        "report.xlsx",
        "report.sarif",
        "report.jsonl",
    ],
)
def test_output_goes_to_a_file_in_the_format_of_its_name(
    iamdesk: Callable[..., Any], sample: Path, tmp_path: Path, name: str
) -> None:
    done = iamdesk("findings", sample, "-o", name)

    content = (tmp_path / name).read_bytes()
    assert (done.returncode, done.stdout) == (0, "")
    assert f"written to {name}" in done.stderr
    starts = {"csv": b'"', "json": b"{", "html": b"<", "pdf": b"%PDF", "xlsx": b"PK", "sarif": b"{", "jsonl": b'{"act'}
    assert content.removeprefix(b"\xef\xbb\xbf").startswith(starts.get(name.partition(".")[2], b""))
    assert [entry.name for entry in tmp_path.iterdir()] == [name]


def test_the_management_report_names_what_changed_since(
    iamdesk: Callable[..., Any], sample: Path, tmp_path: Path
) -> None:
    held = json.loads(sample.read_bytes())
    held["RoleDetailList"] = [one for one in held["RoleDetailList"] if one["RoleName"] != "public-status-page"]
    (tmp_path / "june.json").write_text(json.dumps(held))

    done = iamdesk("findings", sample, "-o", "now.management.html", "--earlier", "june.json")
    assert (done.returncode, done.stdout) == (0, "")
    text = (tmp_path / "now.management.html").read_text(encoding="utf-8")
    assert "1 new, 0 no longer found" in text
    assert "june.json" in text

    assert iamdesk("review", "new", sample, "-o", "q3.iamreview", "--title", "Q3").returncode == 0
    iamdesk("findings", sample, "-o", "since.management.html", "--earlier", "q3.iamreview")
    assert "review Q3" in (tmp_path / "since.management.html").read_text(encoding="utf-8")


def test_a_trend_is_for_reports_that_people_read(iamdesk: Callable[..., Any], sample: Path) -> None:
    done = iamdesk("findings", sample, "--format", "csv", "--earlier", sample)
    assert done.returncode == 2
    assert "--earlier is for the formats html, pdf" in done.stderr


def test_format_outweighs_the_name_of_the_file(iamdesk: Callable[..., Any], sample: Path, tmp_path: Path) -> None:
    iamdesk("findings", sample, "--format", "json", "-o", "report.txt")

    assert json.loads((tmp_path / "report.txt").read_bytes())["findings"]


def test_file_that_cannot_be_written_ends_with_two(iamdesk: Callable[..., Any], sample: Path) -> None:
    done = iamdesk("findings", sample, "-o", "no/such/folder/report.csv")

    assert done.returncode == 2
    assert done.stderr.count("\n") == 1


def test_fail_on_ends_with_one_when_a_finding_is_as_bad_or_worse(iamdesk: Callable[..., Any], tmp_path: Path) -> None:
    """One administrator, and nothing critical."""
    entries.write(tmp_path / "account.json", users=[entries.user("ops", entries.document(entries.allow()))])
    found = json.loads(iamdesk("findings", "account.json", "--format", "json").stdout)["findings"]
    ranks = list(Severity)
    worst = min(ranks.index(Severity(finding["severity"])) for finding in found)
    assert worst > 0

    for rank, severity in enumerate(ranks):
        done = iamdesk("findings", "account.json", "--fail-on", severity.value)
        assert done.returncode == (1 if worst <= rank else 0), severity


def test_severity_that_is_none_ends_with_two(iamdesk: Callable[..., Any], sample: Path) -> None:
    done = iamdesk("findings", sample, "--fail-on", "terrible")

    assert done.returncode == 2
    assert "--fail-on" in done.stderr


def _told(iamdesk: Callable[..., Any], *arguments: Any) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(iamdesk("findings", *arguments, "--format", "json").stdout)
    return report


def test_suppressed_findings_are_counted_apart_and_do_not_fail(
    iamdesk: Callable[..., Any], sample: Path, tmp_path: Path
) -> None:
    worst = [one["finding_id"] for one in _told(iamdesk, sample)["findings"] if one["severity"] == "critical"]
    accepted = ["suppress", "accepted.json", *worst, "--owner", "Alice", "--reason", "known", "--until", "2999-12-31"]
    done = iamdesk(*accepted)
    assert (done.returncode, done.stdout) == (0, "")
    assert f"{len(worst)} suppressed until 2999-12-31; accepted.json contains {len(worst)}" in done.stderr

    report = _told(iamdesk, sample, "--suppressions", "accepted.json")
    assert {one["finding_id"] for one in report["suppressed"]} == set(worst)
    assert report["counts"]["by_severity"]["critical"] == 0
    assert iamdesk("findings", sample, "--fail-on", "critical").returncode == 1
    text = iamdesk("findings", sample, "--suppressions", "accepted.json", "--fail-on", "critical")
    assert text.returncode == 0
    assert text.stdout.splitlines()[-1].endswith(f"; {len(worst)} more suppressed")
    assert text.stdout.count("  Suppressed until 2999-12-31 by Alice: known") == len(worst)

    assert "1 removed" in iamdesk("suppress", "accepted.json", worst[0], "--remove").stderr
    assert len(_told(iamdesk, sample, "--suppressions", "accepted.json")["suppressed"]) == len(worst) - 1


def test_suppressions_whose_day_is_over_or_whose_finding_is_gone(
    iamdesk: Callable[..., Any], sample: Path, tmp_path: Path
) -> None:
    one = _told(iamdesk, sample)["findings"][0]["finding_id"]
    entry = {"finding": one, "owner": "Alice", "reason": "known", "expires": "2026-01-01", "added": "2025-01-01"}
    gone = {**entry, "finding": "0" * 20}
    book = {"format": "iamdesk-suppressions/1", "suppressions": [entry, gone]}
    (tmp_path / "old.json").write_text(json.dumps(book))
    done = iamdesk("findings", sample, "--suppressions", "old.json", "--format", "json")
    report = json.loads(done.stdout)
    assert report["suppressed"] == []
    back = next(each for each in report["findings"] if each["finding_id"] == one)
    assert back["proof_summary"][-1] == "It was suppressed until 2026-01-01 by Alice: known"
    assert "1 suppressions match no finding" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["suppress", "x.json", "0" * 20, "--owner", "a", "--reason", "b"], "requires a last day"),
        (["suppress", "x.json", "0" * 20, "--owner", "a", "--until", "2999-01-01"], "needs a reason"),
        (["suppress", "x.json", "ADM-01", "--owner", "a", "--reason", "b", "--until", "2999-01-01"], "id of a finding"),
        (["suppress", "x.json", "0" * 20, "--owner", "a", "--reason", "b", "--until", "2001-01-01"], "today or later"),
        (["suppress", "bad.json", "0" * 20, "--remove"], "bad.json is not a suppression file"),
    ],
)
def test_suppressions_that_are_not_whole_end_with_two(
    iamdesk: Callable[..., Any], sample: Path, tmp_path: Path, arguments: list[str], message: str
) -> None:
    (tmp_path / "bad.json").write_text("{}")
    done = iamdesk(*[sample if word == "sample" else word for word in arguments])
    assert done.returncode == 2
    assert message in done.stderr
    assert not (tmp_path / "x.json").exists()


def test_a_file_of_suppressions_that_is_not_there_suppresses_nothing_and_is_told(
    iamdesk: Callable[..., Any], sample: Path, tmp_path: Path
) -> None:
    done = iamdesk("findings", sample, "--suppressions", "none.json", "--format", "json")
    assert json.loads(done.stdout)["suppressed"] == []
    assert "none.json: no such file; nothing is suppressed" in done.stderr
    lifted = iamdesk("suppress", "none.json", "0" * 20, "--remove")
    assert (lifted.returncode, lifted.stderr) == (2, "iamdesk: none.json: no such file\n")
    assert not (tmp_path / "none.json").exists()


def test_by_cause_lists_each_finding_once_in_every_format(iamdesk: Callable[..., Any], sample: Path) -> None:
    plain = _told(iamdesk, sample)
    grouped = _told(iamdesk, sample, "--by", "cause")
    assert {key: value for key, value in grouped.items() if key != "causes"} | {"generated_utc": ""} == plain | {
        "generated_utc": ""
    }
    of_finding = {one["finding_id"]: cause["cause_id"] for cause in grouped["causes"] for one in cause["findings"]}
    listed = [one["finding_id"] for cause in grouped["causes"] for one in cause["findings"]]
    assert sorted(listed) == sorted(one["finding_id"] for one in plain["findings"])
    repeated = {one["repeats"] for cause in grouped["causes"] for one in cause["findings"]} - {None}
    assert repeated <= set(listed)

    text = iamdesk("findings", sample, "--by", "cause").stdout.splitlines()
    assert [line.split()[1] for line in text if line.startswith("  Cause ")] == [
        cause["cause_id"] for cause in grouped["causes"]
    ]
    assert text[-2].startswith(f"{len(grouped['causes'])} causes, by severity, then by effect; ")
    printed = iamdesk("findings", sample, "--format", "csv").stdout.removeprefix("\ufeff")
    assert {row["finding_id"]: row["cause_id"] for row in csv.DictReader(io.StringIO(printed))} == of_finding
    html = iamdesk("findings", sample, "--format", "html").stdout
    assert all(f'id="cause-{cause["cause_id"]}"' in html for cause in grouped["causes"])


def test_by_cause_is_refused_for_formats_without_causes(iamdesk: Callable[..., Any], sample: Path) -> None:
    refused = iamdesk("findings", sample, "--by", "cause", "--format", "sarif")
    assert refused.returncode == 2
    assert "--by is for the formats text, json, csv, html, not for sarif" in " ".join(refused.stderr.split())


def test_settings_archive_and_every_report_names_their_digest(
    iamdesk: Callable[..., Any], sample: Path, tmp_path: Path
) -> None:
    settings = {
        "format": "iamdesk-check-settings/1",
        "fail_on": "critical",
        "severities": {"ADM-01": "info"},
        "archive": [{"check": "TRU-*", "owner": "Alice", "reason": "known"}],
    }
    (tmp_path / "settings.json").write_text(json.dumps(settings))
    digest = hashlib.sha256((tmp_path / "settings.json").read_bytes()).hexdigest()
    plain = _told(iamdesk, sample)
    done = iamdesk("findings", sample, "--settings", "settings.json", "--format", "json")
    report = json.loads(done.stdout)
    assert report["settings_sha256"] == digest
    assert plain["settings_sha256"] is None
    assert {one["finding_id"] for one in report["suppressed"]} == {
        one["finding_id"] for one in plain["findings"] if one["check_id"].startswith("TRU-")
    }
    assert {one["severity"] for one in report["findings"] if one["check_id"] == "ADM-01"} == {"info"}
    assert done.returncode == 1 if report["counts"]["by_severity"]["critical"] else 0
    for name in ("text", "csv", "html", "sarif", "ocsf", "asff", "junit", "jira", "servicenow", "markdown"):
        if name in {"text", *(one.name for one in formats())}:
            assert digest in iamdesk("findings", sample, "--settings", "settings.json", "--format", name).stdout, name


def test_by_control_lists_every_control_in_text_and_json(iamdesk: Callable[..., Any], sample: Path) -> None:
    report = _told(iamdesk, sample, "--by", "control")
    statuses = {one["status"] for one in report["controls"]}
    assert statuses <= {"passed", "failed", "cannot tell"}
    assert "failed" in statuses
    text = iamdesk("findings", sample, "--by", "control").stdout.splitlines()
    assert sum(line.startswith(("  PASSED", "  FAILED", "  CANNOT TELL")) for line in text) == len(report["controls"])
    assert text[-2].startswith(f"{len(report['controls'])} controls: ")
    html = iamdesk("findings", sample, "--by", "control", "--format", "html").stdout
    for control in report["controls"]:
        name = f"{control['standard']} {control['control']}"
        assert f'data-control="{name}" data-status="{control["status"]}"' in html
    assert "data-control" not in iamdesk("findings", sample, "--format", "html").stdout
    assert iamdesk("findings", sample, "--by", "control", "--format", "csv").returncode == 2


def test_tickets_come_back_with_their_status(iamdesk: Callable[..., Any], sample: Path, tmp_path: Path) -> None:
    causes = json.loads(iamdesk("findings", sample, "--by", "cause", "--format", "json").stdout)["causes"]
    first, second = (one["cause_id"] for one in causes[:2])
    exported = tmp_path / "jira.csv"
    rows = [
        ["Summary", "Issue key", "Status", "External issue ID"],
        ["a, b", "SEC-1", "In Progress", f"iamdesk-{first}"],
        ["c", "SEC-2", "Done", f"iamdesk-{second}"],
        ["d", "SEC-3", "To Do", "iamdesk-000000000000"],
        ["of others", "SEC-4", "To Do", ""],
    ]
    with exported.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows(rows)
    done = iamdesk("findings", sample, "--by", "cause", "--tickets", exported)
    assert "  Ticket: SEC-1, In Progress" in done.stdout.splitlines()
    assert "1 closed ticket whose cause is still found: SEC-2, Done" in done.stderr
    assert "1 open ticket whose cause is not found, or is one of the further causes: SEC-3, To Do" in done.stderr
    told = json.loads(iamdesk("findings", sample, "--by", "cause", "--tickets", exported, "--format", "json").stdout)
    assert told["causes"][1]["ticket"] == {"key": "SEC-2", "status": "Done", "closed": True}
    assert "ticket" not in told["causes"][2]

    servicenow = tmp_path / "servicenow.csv"
    servicenow.write_text(f"number,state,correlation_id\r\nINC01,Closed Complete,iamdesk-{first}\r\n")
    done = iamdesk("findings", sample, "--by", "cause", "--tickets", servicenow)
    assert "1 closed ticket whose cause is still found: INC01, Closed Complete" in done.stderr
    servicenow.write_text("number,state\r\nINC01,New\r\n")
    refused = iamdesk("findings", sample, "--by", "cause", "--tickets", servicenow)
    assert (refused.returncode, "no ticket has the id of a cause" in refused.stderr) == (2, True)
    assert iamdesk("findings", sample, "--tickets", servicenow).returncode == 2
