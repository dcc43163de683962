"""`iamdesk findings`: the same findings in every format, to the terminal or to a file."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from iamdesk.checks.finding import Severity
from iamdesk.cli.findings import ReportFormat
from iamdesk.export.findings import formats


def test_every_report_format_is_offered() -> None:
    assert {each.value for each in ReportFormat} == {"text", *(each.name for each in formats())}


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
    assert sum(line.startswith("  To do: ") for line in text.splitlines()) == len(told)
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


def test_format_outweighs_the_name_of_the_file(iamdesk: Callable[..., Any], sample: Path, tmp_path: Path) -> None:
    iamdesk("findings", sample, "--format", "json", "-o", "report.txt")

    assert json.loads((tmp_path / "report.txt").read_bytes())["findings"]


def test_file_that_cannot_be_written_ends_with_two(iamdesk: Callable[..., Any], sample: Path) -> None:
    done = iamdesk("findings", sample, "-o", "no/such/folder/report.csv")

    assert done.returncode == 2
    assert done.stderr.count("\n") == 1


def test_fail_on_ends_with_one_when_a_finding_is_as_bad_or_worse(iamdesk: Callable[..., Any], tmp_path: Path) -> None:
    """One administrator, and nothing critical."""
    account = {
        "UserDetailList": [
            {
                "Path": "/",
                "UserName": "ops",
                "UserId": "AIDAOPS",
                "Arn": "arn:aws:iam::111122223333:user/ops",
                "CreateDate": "2026-01-01T00:00:00+00:00",
                "UserPolicyList": [
                    {
                        "PolicyName": "all",
                        "PolicyDocument": {
                            "Version": "2012-10-17",
                            "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
                        },
                    }
                ],
                "GroupList": [],
                "AttachedManagedPolicies": [],
            }
        ],
        "GroupDetailList": [],
        "RoleDetailList": [],
        "Policies": [],
    }
    (tmp_path / "account.json").write_text(json.dumps(account))
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
