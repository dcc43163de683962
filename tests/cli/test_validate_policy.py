"""``iamdesk validate-policy``: issues with positions, in three formats, and the exit status."""

import json
from pathlib import Path

import pytest

from .conftest import Run

SOUND = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}}'
WRONG = """{
  "Version": "2012-10-17",
  "Statement": {
    "Effect": "Allow",
    "Action": "s3:GetObjekt",
    "Resource": "*"
  }
}
"""


def test_a_sound_policy_has_no_issues(iamdesk: Run) -> None:
    done = iamdesk("validate-policy", "-", "--type", "identity", given=SOUND)
    assert (done.returncode, done.stdout, done.stderr) == (0, "No issues found.\n", "")


def test_text_names_file_line_and_column(iamdesk: Run, tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text(WRONG, encoding="utf-8")
    done = iamdesk("validate-policy", "p.json", "--type", "identity")
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "p.json:5:15: ERROR INVALID_ACTION: The action `s3:GetObjekt` does not exist. Did you mean `s3:GetObject`?",
        "  $.Statement.Action: Correct the action, or remove it: it has no effect.",
        "1 ERROR",
    ]


def test_json_has_the_documented_shape(iamdesk: Run) -> None:
    done = iamdesk("validate-policy", "-", "--type", "permission-set", "--format", "json", given=WRONG)
    assert done.returncode == 1
    held = json.loads(done.stdout)
    (issue,) = held.pop("issues")
    assert held == {"file": "standard input", "type": "permission-set", "resource_type": None}
    assert list(issue) == [
        *("id", "issue_code", "finding_type", "title", "message", "remedy", "path", "start", "end"),
    ]
    assert (issue["id"], issue["issue_code"], issue["path"]) == ("POL-080", "INVALID_ACTION", "$.Statement.Action")
    assert (issue["start"], issue["end"]) == ({"line": 5, "column": 15}, {"line": 5, "column": 29})


def test_sarif_has_a_region_and_its_rule(iamdesk: Run, tmp_path: Path) -> None:
    (tmp_path / "my policy.json").write_text(WRONG, encoding="utf-8")
    done = iamdesk("validate-policy", "my policy.json", "--type", "identity", "--format", "sarif")
    (run,) = json.loads(done.stdout)["runs"]
    (result,) = run["results"]
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == "POL-080"
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "my%20policy.json"}
    assert place["region"] == {"startLine": 5, "startColumn": 15, "endLine": 5, "endColumn": 29}


def test_the_service_of_the_resource_is_used(iamdesk: Run) -> None:
    bucket = SOUND.replace('"Effect"', '"Principal": {"AWS": "123456789012"}, "Effect"').replace("s3:Get", "kms:Get")
    plain = iamdesk("validate-policy", "-", "--type", "resource", given=bucket)
    assert "UNSUPPORTED_ACTION_IN_POLICY" not in plain.stdout
    done = iamdesk("validate-policy", "-", "--type", "resource", "--resource-type", "S3", given=bucket)
    assert "UNSUPPORTED_ACTION_IN_POLICY" in done.stdout


@pytest.mark.parametrize("output_format", ["text", "json", "sarif"])
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{", "it is not JSON: Expecting property name enclosed in double quotes at line 1, column 2"),
        (b"[]", "it is not a JSON object at line 1, column 1"),
        (b'{"Id": "a",\n"Id": "a"}', "the key `Id` occurs twice in one object, again at line 2, column 1"),
        (b"\xff\xfe", "it is not UTF-8 at byte 0"),
    ],
)
def test_what_is_no_policy_ends_with_2(iamdesk: Run, content: bytes, reason: str, output_format: str) -> None:
    done = iamdesk("validate-policy", "-", "--type", "scp", "--format", output_format, given=content)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"iamdesk: standard input: {reason}\n")


def test_bad_usage_ends_with_2(iamdesk: Run) -> None:
    for arguments in (
        ["missing.json", "--type", "identity"],
        ["-", "--type", "nothing"],
        ["-"],
        ["-", "--type", "identity", "--resource-type", "s3"],
        ["-", "--type", "resource", "--resource-type", "nothing"],
    ):
        done = iamdesk("validate-policy", *arguments, given=SOUND)
        assert (done.returncode, done.stdout) == (2, ""), arguments
