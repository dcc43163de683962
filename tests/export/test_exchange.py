"""SARIF and OCSF: valid by the published schemas, with the same findings, inert texts, and suppressions."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from jsonschema import Draft4Validator, Draft202012Validator

from iamdesk.checks import registry
from iamdesk.checks.finding import State, Suppression
from iamdesk.escaping import visible
from iamdesk.export.findings.ocsf_file import VERSION
from iamdesk.export.findings.report import ordered
from iamdesk.export.findings.sarif_file import FINGERPRINT, message_text
from iamdesk.export.findings.writers import render

SCHEMAS = Path(__file__).parent / "schemas"


def schema(name):
    return json.loads((SCHEMAS / name).read_text())


@pytest.fixture(scope="module")
def sarif_schema():
    return Draft4Validator(schema("sarif-2.1.0.json"))


@pytest.fixture(scope="module")
def ocsf_schemas():
    return {
        2003: Draft202012Validator(schema("ocsf-1.8.0-compliance_finding.json")),
        2008: Draft202012Validator(schema("ocsf-1.8.0-iam_analysis_finding.json")),
    }


def wrong(validator, document):
    return [f"{list(error.path)}: {error.message[:200]}" for error in validator.iter_errors(document)]


def suppressed(finding):
    return replace(
        finding, suppression=Suppression(finding.fingerprint, "alice", "known", date(2027, 1, 31), date(2026, 10, 1))
    )


def sarif(findings, snapshot, now):
    return json.loads(render("sarif", findings, snapshot, generated_at=now))


def ocsf(findings, snapshot, now):
    content = render("ocsf", findings, snapshot, generated_at=now).decode()
    assert content == "" or content.endswith("\n")
    return [json.loads(line) for line in content.splitlines()]


def test_sarif_is_valid(sarif_schema, sample, sample_findings, hostile, hostile_snapshot, now):
    assert wrong(sarif_schema, sarif(sample_findings, sample, now)) == []
    assert wrong(sarif_schema, sarif([*hostile, suppressed(hostile[0])], hostile_snapshot, now)) == []
    assert wrong(sarif_schema, sarif([], sample, now)) == []


def test_sarif_has_a_rule_for_each_check_and_a_result_for_each_finding(sample, sample_findings, now):
    (run,) = sarif(sample_findings, sample, now)["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [check.id for check in registry.checks()]
    told = [(one["ruleId"], one["partialFingerprints"][FINGERPRINT]) for one in run["results"]]
    assert told == [(one.check_id, one.fingerprint) for one in ordered(sample_findings)]
    assert all(rules[one["ruleIndex"]]["id"] == one["ruleId"] for one in run["results"])
    assert run["artifacts"][0]["hashes"]["sha-256"] == sample.files[0].sha256


def test_sarif_does_not_call_what_cannot_be_told_a_failure(sample, sample_findings, now):
    (run,) = sarif(sample_findings, sample, now)["runs"]
    by_fingerprint = {one.fingerprint: one for one in sample_findings}
    for result in run["results"]:
        is_open = by_fingerprint[result["partialFingerprints"][FINGERPRINT]].state is State.INCONCLUSIVE
        assert (result["kind"], result["level"] == "none") == (("open", True) if is_open else ("fail", False))


def test_sarif_tells_chains_as_code_flows_and_statements_beside(sample, sample_findings, now):
    (run,) = sarif(sample_findings, sample, now)["runs"]
    chain = next(one for one in run["results"] if one["ruleId"] == "CHN-01" and "codeFlows" in one)
    assert len(chain["codeFlows"][0]["threadFlows"][0]["locations"]) > 1
    public = next(one for one in run["results"] if one["ruleId"] == "TRU-01")
    assert public["relatedLocations"][0]["logicalLocations"][0]["fullyQualifiedName"].endswith("#trust")
    assert public["locations"][0]["logicalLocations"][0]["kind"] == "resource"


def test_sarif_messages_hold_no_link_and_no_placeholder():
    assert message_text("a [link](http://x) {0} \\ \u202e") == r"a \[link\](http://x) {{0}} \\ \\u202e"


def test_sarif_keeps_suppressed_results(sample, sample_findings, now):
    (run,) = sarif([suppressed(sample_findings[0]), *sample_findings[1:]], sample, now)["runs"]
    assert len(run["results"]) == len(sample_findings)
    (one,) = [result for result in run["results"] if "suppressions" in result]
    assert one["suppressions"] == [
        {"kind": "external", "status": "accepted", "justification": "known (until 2027-01-31, alice)"}
    ]


def test_ocsf_events_are_valid(ocsf_schemas, sample, sample_findings, hostile, hostile_snapshot, now):
    for findings, snapshot in ((sample_findings, sample), ([*hostile, suppressed(hostile[1])], hostile_snapshot)):
        events = ocsf(findings, snapshot, now)
        assert len(events) == len(findings)
        for event in events:
            assert wrong(ocsf_schemas[event["class_uid"]], event) == []
            assert event["type_uid"] == event["class_uid"] * 100 + event["activity_id"]
            assert event["metadata"]["version"] == VERSION
    assert ocsf([], sample, now) == []


def test_ocsf_uses_the_class_that_fits(sample, sample_findings, now):
    events = {event["finding_info"]["uid"]: event for event in ocsf(sample_findings, sample, now)}
    assert {event["class_uid"] for event in events.values()} == {2003, 2008}
    for finding in sample_findings:
        event = events[finding.fingerprint]
        answered = any(piece.decision or piece.statement for piece in finding.evidence)
        assert event["class_uid"] == (2008 if answered else 2003)
        assert event["message"] == finding.sentence
        assert event["resources"][0]["uid"] == finding.subject_key
    public = next(event for event in events.values() if event["finding_info"]["analytic"]["uid"] == "TRU-01")
    results = public["permission_analysis_results"]
    assert results[0]["granted_privileges"] == ["sts:AssumeRole"]
    assert results[0]["policy"]["type"] == "trust"


def test_ocsf_tells_what_cannot_be_told_and_what_is_suppressed(sample, sample_findings, now):
    events = ocsf([suppressed(sample_findings[0]), *sample_findings[1:]], sample, now)
    assert [event["status_id"] for event in events].count(3) == 1
    assert events[-1]["unmapped"]["suppression"]["owner"] == "alice"
    unsure = [event for event in events if event["status_detail"] == "cannot tell" and event["class_uid"] == 2003]
    assert unsure
    assert {event["compliance"]["status_id"] for event in unsure} == {0}


@pytest.mark.parametrize("name", ["sarif", "ocsf"])
def test_hostile_texts_cannot_be_unseen(name, hostile, hostile_snapshot, now):
    text = render(name, hostile, hostile_snapshot, generated_at=now).decode().replace("\n", "")
    assert visible(text) == text
    assert "/home/someone" not in text
