"""Causes of findings for issue trackers and pull requests; SARIF within the limit of code scanning."""

import csv
import io
import json
import re

import pytest

from iamdesk.causes.grouping import causes_of
from iamdesk.checks.finding import Severity
from iamdesk.export.findings import markdown_file, sarif_file
from iamdesk.export.findings.writers import render


@pytest.mark.parametrize(("name", "id_"), [("jira", "External issue id"), ("servicenow", "correlation_id")])
def test_one_ticket_for_each_cause_with_a_stable_id(sample, sample_findings, now, name, id_):
    rows = list(csv.DictReader(io.StringIO(render(name, sample_findings, sample, generated_at=now).decode())))
    causes = causes_of(sample_findings).rows
    assert [row[id_] for row in rows] == [f"iamdesk-{cause.id}" for cause in causes]
    for row, cause in zip(rows, causes, strict=True):
        text = row.get("Description", row.get("description"))
        assert f"What to change: {cause.remediation}" in text
        assert cause.findings[0].fingerprint in text
        assert sample.sha256 in text
    if name == "jira":
        assert {row["Priority"] for row in rows} <= {"Highest", "High", "Medium", "Low", "Lowest"}
    else:
        assert {row[key] for row in rows for key in ("urgency", "impact")} <= {"1", "2", "3"}


@pytest.mark.parametrize("name", ["jira", "servicenow"])
def test_no_cell_of_a_ticket_is_a_formula(hostile, hostile_snapshot, now, name):
    rows = list(csv.reader(io.StringIO(render(name, hostile, hostile_snapshot, generated_at=now).decode())))
    assert len(rows) > 1
    for cell in (cell for row in rows[1:] for cell in row):
        assert all(not re.match(r"\s*[=+@\t\r＝-]", line) for line in cell.split("\n")), cell


def test_markdown_has_a_row_for_each_cause(sample, sample_findings, now):
    text = render("markdown", sample_findings, sample, generated_at=now).decode()
    causes = causes_of(sample_findings).rows
    rows = [line for line in text.splitlines() if re.match(r"\| \d", line)]
    assert [re.search(r"`([0-9a-f]{12})` \|$", row)[1] for row in rows] == [cause.id for cause in causes]
    assert text.startswith(f"### iamdesk: {len(sample_findings):,} findings")


def test_markdown_of_hostile_names_is_no_markup(hostile, hostile_snapshot, now):
    text = render("markdown", hostile, hostile_snapshot, generated_at=now).decode()
    table = text[text.index("|---") :]
    assert not re.search(r"(?<!\\)[<\[*]", table)
    assert "@SUM" not in table
    assert markdown_file.escaped("see https://example.com @ops #1 a|b") == (
        "see https:&#47;/example.com &#64;ops \\#1 a\\|b"
    )


def test_markdown_tells_how_many_causes_do_not_fit(sample, sample_findings, now, monkeypatch):
    monkeypatch.setattr(markdown_file, "MAX_LENGTH", 2_000)
    text = render("markdown", sample_findings, sample, generated_at=now).decode()
    kept = sum(bool(re.match(r"\| \d", line)) for line in text.splitlines())
    left = len(causes_of(sample_findings).rows) - kept
    assert kept > 0
    assert left > 0
    assert f"\n{left:,} more causes: " in text


def test_sarif_keeps_the_worst_results_and_tells_how_many_are_left_out(sample, sample_findings, now, monkeypatch):
    monkeypatch.setattr(sarif_file, "MAX_RESULTS", 10)
    (run,) = json.loads(render("sarif", sample_findings, sample, generated_at=now))["runs"]
    ranks = [list(Severity).index(Severity(one["properties"]["severity"])) for one in run["results"]]
    everything = sorted(list(Severity).index(one.severity) for one in sample_findings)
    assert ranks == everything[:10]
    assert run["properties"]["leftOut"] == len(sample_findings) - 10
    (told,) = run["invocations"][0]["toolExecutionNotifications"]
    assert told["message"]["text"].startswith(f"{len(sample_findings) - 10:,} results are left out")


def test_an_escalation_names_its_api_calls(sample, sample_findings, now):
    report = json.loads(render("json", sample_findings, sample, generated_at=now))
    calls = {one["finding_id"]: one["api_calls"] for one in report["findings"]}
    proven = [one for one in report["findings"] if one["check_id"] == "CHN-01" and one["state"] == "found"]
    assert proven
    for one in proven:
        asked = [piece["question"]["action"] for piece in one["evidence"] if piece["question"]]
        (call,) = one["api_calls"]
        actions, _, target = call.partition(" → ")
        assert actions.split(" + ") == list(dict.fromkeys(asked))
        assert target
    assert not any(calls[one["finding_id"]] for one in report["findings"] if not one["check_id"].startswith("CHN-"))
    rows = csv.DictReader(io.StringIO(render("jira", sample_findings, sample, generated_at=now).decode()))
    assert any(f"API calls: {proven[0]['api_calls'][0]}" in row["Description"] for row in rows)
