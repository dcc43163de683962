"""What machines and auditors read is English, whatever language the window speaks."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from iamdesk import i18n
from iamdesk.api import SnapshotSession, Workbench
from iamdesk.diff.cause_text import membership_cause
from iamdesk.evaluate.request import PolicyType, Request
from iamdesk.explain.statement_summary import document_readings
from iamdesk.export.decision.evaluation_result import to_evaluation_result
from iamdesk.export.decision.text_file import result_text
from iamdesk.export.findings.columns import cells
from iamdesk.export.text.decision import condition_words, decision_words, scope_words, source_words
from iamdesk.i18n import translate
from iamdesk.policy.document import parse_document
from iamdesk.resource_files import resources, sample_snapshot

USERS = "arn:aws:iam::111122223333:user"
PETRA = f"{USERS}/finance/petra.novak"
QUESTIONS = (
    Request(PETRA, "s3:GetObject", "arn:aws:s3:::acme-payroll/2026/09.csv"),
    Request(PETRA, "s3:GetObject", "arn:aws:s3:::acme-payroll/2026/09.csv", without=frozenset({PolicyType.IDENTITY})),
    Request(PETRA, "iam:PassRole", "arn:aws:iam::111122223333:role/none"),
    Request(f"{USERS}/engineering/elena.petrov", "s3:PutObject", "arn:aws:s3:::logs/x", {"aws:SourceIp": "10.0.0.1"}),
    Request("arn:aws:iam::111122223333:root", "s3:DeleteBucket", "arn:aws:s3:::acme-logs"),
    Request("anonymous", "s3:GetObject", "arn:aws:s3:::elsewhere/x"),
    Request(f"{USERS}/finance/petra.novak", "s3:NoSuchAction", "*", unknown_action=True),
)


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    yield
    i18n.choose("en")


def told(opened: SnapshotSession) -> Iterator[object]:
    for question in QUESTIONS:
        decision = opened.ask(question)
        yield to_evaluation_result(decision)
        yield result_text(decision, "acme-prod.json", opened.changes(question))
        yield decision_words(decision), scope_words(decision.request, "a"), condition_words(question.context)
        yield [source_words(line, question.principal) for line in decision.statements]


def in_both(make: Callable[[], object]) -> tuple[object, object]:
    i18n.choose("en")
    english = make()
    i18n.choose("de")
    return english, make()


def test_answers_are_the_same_text_in_any_language() -> None:
    english, german = in_both(lambda: list(told(Workbench().open_snapshot(sample_snapshot()))))
    assert german == english


def test_and_are_shown_in_the_readers_own() -> None:
    i18n.choose("de")
    decision = Workbench().open_snapshot(sample_snapshot()).ask(QUESTIONS[0])
    assert decision.sentence.startswith(
        "petra.novak is allowed to perform s3:GetObject on arn:aws:s3:::acme-payroll/2026/09.csv only if"
    )
    assert translate(decision.sentence) == (
        "petra.novak darf s3:GetObject auf arn:aws:s3:::acme-payroll/2026/09.csv nur ausführen, wenn gilt: "
        "aws:SourceIp liegt in 203.0.113.0/24 oder 2001:db8:1234::/48 und aws:MultiFactorAuthPresent ist true."
    )
    assert translate(decision_words(decision)) == "Hängt ab von aws:SourceIp und aws:MultiFactorAuthPresent"


POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": ["s3:*", "iam:Get*"],
            "Resource": "arn:aws:s3:::payroll/*",
            "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
        },
        {
            "Effect": "Deny",
            "Principal": {"AWS": "arn:aws:iam::111122223333:role/app"},
            "NotAction": "iam:*",
            "Resource": "arn:aws:s3:::${aws:username}/*",
            "Condition": {"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1", "eu-central-1"]}},
        },
    ],
}


def test_statements_are_read_in_english_and_shown_in_the_readers_own() -> None:
    document = parse_document(POLICY)
    english, german = in_both(lambda: list(document_readings(document, "111122223333")))
    assert german == english
    assert [translate(sentence) for sentence in document_readings(document, "111122223333")] == [
        "Erlaubt jede Aktion von S3 und Aktionen von IAM mit dem Anfang Get auf Objekten unter payroll/, "
        "wenn gilt: MFA ist vorhanden.",
        "Verweigert jede Aktion außer denen von IAM auf Objekten unter <der Benutzername des Aufrufers>/ "
        "für Rolle app, wenn gilt: die angefragte Region ist keiner der Werte eu-west-1 und eu-central-1.",
    ]


@pytest.mark.parametrize("path", [sample_snapshot(), resources() / "samples" / "acme-organization"])
def test_findings_are_the_same_text_in_any_language(path: Path) -> None:
    english, german = in_both(lambda: list(Workbench().open_snapshot(path).findings()))
    assert isinstance(english, list)
    assert isinstance(german, list)
    assert [cells(finding) for finding in german] == [cells(finding) for finding in english]
    assert [one.fingerprint for one in german] == [one.fingerprint for one in english]
    assert [(one.subject_name, one.remediation_command) for one in german] == [
        (one.subject_name, one.remediation_command) for one in english
    ]
    evidence = [[piece.text for piece in one.evidence] for one in english]
    assert [[piece.text for piece in one.evidence] for one in german] == evidence


def test_findings_are_shown_in_the_readers_own() -> None:
    i18n.choose("de")
    german = list(Workbench().open_snapshot(sample_snapshot()).findings())
    told = {(one.check_id, one.subject_name): one for one in german}
    finding = told["HYG-01", "backup-agent"]
    assert translate(finding.sentence) == "backup-agent hat 1 direkt angehängte Richtlinie: BackupBucketWrite."
    assert translate(finding.remediation).startswith("Hängen Sie die Richtlinien an eine Gruppe")


def test_rows_of_the_tree_keep_their_text_and_are_shown_in_the_readers_own() -> None:
    english, german = in_both(lambda: list(Workbench().open_snapshot(sample_snapshot()).outline.nodes))
    assert german == english
    assert isinstance(german, list)
    assert "2 Mitglieder" in " ".join(translate(node.detail) for node in german)


def test_causes_of_a_comparison_are_english_and_shown_in_the_readers_own() -> None:
    english, german = in_both(lambda: membership_cause(PETRA, "arn:aws:iam::1:group/Admins", joined=True).sentence)
    assert german == english == "user/finance/petra.novak joined group/Admins."
    assert isinstance(german, str)
    assert translate(german) == "user/finance/petra.novak ist group/Admins beigetreten."


def test_a_review_that_is_made_in_a_german_window_is_written_in_english(tmp_path: Path) -> None:
    i18n.choose("de")
    opened = Workbench().open_snapshot(sample_snapshot())
    opened.create_review(tmp_path / "german.iamreview", "Q3")
    i18n.choose("en")
    opened = Workbench().open_snapshot(sample_snapshot())
    opened.create_review(tmp_path / "english.iamreview", "Q3")

    def lines(name: str) -> list[object]:
        desk = Workbench().open_review(tmp_path / name)
        told = [(line.line_id, line.name, dict(line.evidence)) for line in desk.lines]
        desk.close()
        return told

    assert lines("german.iamreview") == lines("english.iamreview")
