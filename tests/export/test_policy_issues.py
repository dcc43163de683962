"""Issues of a policy document: SARIF is valid by its schema, and hostile texts stay inert in every format."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft4Validator

from iamdesk.export.policy_issues import as_json, as_sarif, as_text
from iamdesk.policy_validation.issue import Issue
from iamdesk.policy_validation.policy_view import PolicyKind
from iamdesk.policy_validation.validate import validate_text

_SCHEMA = Path(__file__).parent / "schemas" / "sarif-2.1.0.json"
_HOSTILE = "\u202e\u001b[31m[link](http://example.com){0}\n"


@pytest.fixture
def issues() -> tuple[Issue, ...]:
    """Issues of a document whose every text is hostile."""
    statement = {
        "Sid": _HOSTILE,
        "Effect": _HOSTILE,
        "Action": [_HOSTILE, f"s3:{_HOSTILE}"],
        "Resource": [_HOSTILE, f"arn:aws:s3:::{_HOSTILE}"],
        "Condition": {_HOSTILE: {_HOSTILE: _HOSTILE}, "StringLike": {"aws:SourceVpce": _HOSTILE}},
        _HOSTILE: 1,
    }
    content = json.dumps({"Version": _HOSTILE, "Statement": [statement], _HOSTILE: {}}).encode()
    found = validate_text(content, PolicyKind.IDENTITY)
    assert len(found) > 5
    return found


def test_sarif_is_valid(issues: tuple[Issue, ...]) -> None:
    validator = Draft4Validator(json.loads(_SCHEMA.read_text(encoding="utf-8")))
    for kind, service in ((PolicyKind.IDENTITY, ""), (PolicyKind.IDENTITY, "s3")):
        for held in (issues, ()):
            log = json.loads(as_sarif(held, "my [policy].json", kind, service, "1.0"))
            assert [error.message for error in validator.iter_errors(log)] == []


def test_hostile_texts_are_shown_not_obeyed(issues: tuple[Issue, ...]) -> None:
    for content in (
        as_text(issues, "p.json"),
        as_json(issues, "p.json", PolicyKind.IDENTITY, ""),
        as_sarif(issues, "p.json", PolicyKind.IDENTITY, "", "1.0"),
    ):
        text = content.decode()
        assert "\u202e" not in text
        assert "\u001b" not in text
    assert len(as_text(issues, "p.json").splitlines()) == 2 * len(issues) + 1
