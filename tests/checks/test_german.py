"""Every sentence of a finding has its German: what the sample account and the sample organization bring up.

The other tests of this folder hold theirs against the German catalogue as they run (`conftest`).
"""

from dataclasses import replace

import pytest

from iamdesk.access.evaluator import Evaluator
from iamdesk.checks import registry
from iamdesk.checks.finding import Evidence, Finding
from iamdesk.i18n import phrase, translate
from iamdesk.resource_files import resources, sample_snapshot
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.reader import load_snapshot

from ..german import english_of_findings, left_to_translate

SAMPLES = (sample_snapshot(), resources() / "samples" / "acme-organization")

type Found = tuple[list[Finding], Snapshot]


@pytest.fixture(scope="module", params=SAMPLES, ids=lambda path: path.stem)
def found(request: pytest.FixtureRequest) -> Found:
    snapshot = load_snapshot(request.param)
    return list(registry.run(Evaluator(snapshot))), snapshot


def test_every_finding_is_told_in_german(found: Found) -> None:
    findings, snapshot = found
    assert findings
    assert english_of_findings(findings, snapshot) == []


@pytest.mark.skipif(bool(left_to_translate()), reason="texts are left to translate: make words")
def test_in_other_words_than_in_english(found: Found) -> None:
    for finding in found[0]:
        assert translate(finding.sentence) != finding.sentence
        assert translate(finding.remediation) != finding.remediation


def told_of(found: Found, **changed: object) -> list[str]:
    findings, snapshot = found
    return english_of_findings([replace(findings[0], **changed)], snapshot)


def test_a_text_that_the_catalogue_lacks_is_noticed(found: Found) -> None:
    assert told_of(found, title="No title of ours") == ["No title of ours"]
    assert told_of(found, sentence=phrase("No sentence of ours about {name}.", name="arn:aws:s3:::logs")) == [
        "No sentence of ours about {name}."
    ]


def test_a_text_that_was_never_said_is_noticed(found: Found) -> None:
    for changed in (
        {"sentence": "Alice may do this."},
        {
            "sentence": phrase(
                "{name} is an administrator, through {route}.", name="arn:aws:s3:::logs", route="a plain text"
            )
        },
        {"remediation": "Do that."},
        {"evidence": (Evidence("It is so."),)},
        {"subject_name": "trust policy of somewhere"},
    ):
        assert len(told_of(found, **changed)) == 1
