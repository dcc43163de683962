import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QTextCharFormat
from PySide6.QtWidgets import QTextEdit
from pytestqt.qtbot import QtBot

from iamdesk.evaluate.request import PolicyType
from iamdesk.explain.decision import SourceType, StatementExplanation, StatementRole
from iamdesk.gui.core.theme import Colour, colour
from iamdesk.gui.inspector.find_bar import FindBar
from iamdesk.gui.inspector.highlights import bands_in
from iamdesk.gui.inspector.policy_text import PolicyText
from iamdesk.gui.inspector.text_positions import cursor_over
from iamdesk.policy.document import Document, parse_document
from iamdesk.policy.source_map import ElementPath

RAW = {
    "Version": "2012-10-17",
    "Statement": [
        {"Sid": "Read🔎Only", "Effect": "Allow", "Action": ["s3:Get*", "s3:List*"], "Resource": "*"},
        {"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::payroll/*"},
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "arn:aws:iam::111122223333:role/🎭/deploy"},
    ],
}


def line(
    document: Document, index: int, part: StatementRole, failed: str | None = None, mark: ElementPath | None = None
) -> StatementExplanation:
    statement = document.statements[index]
    return StatementExplanation(
        part=part,
        layer=PolicyType.IDENTITY,
        level=None,
        source_policy_id="payroll-rw",
        source_policy_type=SourceType.USER,
        policy_key="k",
        policy_name="payroll-rw",
        owner="arn:aws:iam::111122223333:user/alice",
        document=document,
        index=index,
        sid=statement.sid,
        effect=statement.effect,
        sentence="Because.",
        failed=failed,
        mark=mark or statement.path,
    )


@pytest.fixture
def document() -> Document:
    return parse_document(RAW)


@pytest.fixture
def view(qtbot: QtBot) -> PolicyText:
    made = PolicyText()
    qtbot.addWidget(made)
    made.resize(600, 300)
    made.show()
    return made


def selected(view: PolicyText, path: ElementPath) -> str:
    span = view.shown.text.span_of(path) if view.shown else None
    assert span is not None
    return cursor_over(view.document(), span).selectedText()


def painted(view: PolicyText) -> list[QTextEdit.ExtraSelection]:
    """Return the bands that are painted for a decision, whichever way it goes."""
    surfaces = {colour(name, view.palette()).name() for name in (Colour.ALLOW_BAND, Colour.DENY_BAND)}
    return [one for one in view.extraSelections() if one.format.background().color().name() in surfaces]


def test_places_are_found_behind_characters_that_count_twice(view: PolicyText, document: Document) -> None:
    view.show_document(document)
    assert selected(view, ("Statement", 0, "Sid")) == '"Read🔎Only"'
    assert selected(view, ("Statement", 2, "Resource")) == '"arn:aws:iam::111122223333:role/🎭/deploy"'
    assert selected(view, ("Statement", 0, "Action", 1)) == '"s3:List*"'


def test_each_part_has_its_letter(document: Document) -> None:
    bands = bands_in(
        document,
        [
            line(document, 2, StatementRole.NEAR_MISS, "Resource", ("Statement", 2, "Resource")),
            line(document, 1, StatementRole.DECIDES),
            line(document, 0, StatementRole.TOOK_PART),
        ],
    )
    assert [band.letter for band in bands] == ["•", "D", "×"]
    assert bands[0].first_line < bands[1].first_line < bands[2].first_line
    assert bands[2].failed == document.text.span_of(("Statement", 2, "Resource"))
    assert bands[1].failed is None


def test_a_statement_named_twice_is_one_band_of_the_weightier_part(document: Document) -> None:
    (band,) = bands_in(document, [line(document, 0, StatementRole.TOOK_PART), line(document, 0, StatementRole.DECIDES)])
    assert band.letter == "A"
    assert "decides" in band.sentence
    assert "contributes" in band.sentence


def test_statements_of_another_document_are_not_marked(document: Document) -> None:
    other = parse_document({**RAW, "Id": "other"})
    assert bands_in(document, [line(other, 0, StatementRole.DECIDES)]) == ()


def test_bands_are_painted_over_whole_statements(view: PolicyText, document: Document) -> None:
    bands = bands_in(document, [line(document, 1, StatementRole.DECIDES)])
    view.show_document(document, bands)
    span = document.text.span_of(("Statement", 1))
    assert span is not None
    lines = [one.cursor.blockNumber() + 1 for one in painted(view)]
    first, last = span.start_line, span.end_line
    assert lines == list(range(first, last + 1))
    assert view.gutter_letter(first)[0] == "D"  # type: ignore[index]
    assert view.gutter_letter(last)[0] == ""  # type: ignore[index]
    assert view.gutter_letter(last + 1) is None
    view.show_document(document, ())
    assert painted(view) == []


def test_what_failed_has_a_dotted_line(view: PolicyText, document: Document) -> None:
    lines = [line(document, 1, StatementRole.NEAR_MISS, "Resource", ("Statement", 1, "Resource"))]
    view.show_document(document, bands_in(document, lines))
    dotted = [
        selection.cursor.selectedText()
        for selection in view.extraSelections()
        if selection.format.underlineStyle() is QTextCharFormat.UnderlineStyle.DotLine
    ]
    assert dotted == ['"arn:aws:s3:::payroll/*"']


def test_statements_are_walked_around(view: PolicyText, document: Document) -> None:
    view.show_document(
        document,
        bands_in(document, [line(document, 0, StatementRole.DECIDES), line(document, 2, StatementRole.DECIDES)]),
    )
    starts = [band.first_line for band in view.bands]

    def here() -> int:
        return view.textCursor().blockNumber() + 1

    for expected in (starts[0], starts[1], starts[0]):
        assert view.go_to_statement(forward=True)
        assert here() == expected
    assert view.go_to_statement(forward=False)
    assert here() == starts[1]


def test_without_an_answer_every_statement_is_walked(view: PolicyText, document: Document) -> None:
    view.show_document(document)
    assert len(view.statement_spans()) == 3
    view.show_document(None)
    assert not view.go_to_statement(forward=True)


def test_the_statement_of_the_caret_is_told(view: PolicyText, document: Document) -> None:
    told: list[str] = []
    view.note_changed.connect(told.append)
    view.show_document(document, bands_in(document, [line(document, 1, StatementRole.DECIDES)]))
    view.go_to_statement(forward=True)
    assert told[-1] == "payroll-rw, statement 2 decides. Because."
    view.show_document(document)
    assert told[-1] == ""


def test_a_diagnostic_is_told_at_its_line(view: PolicyText) -> None:
    document = parse_document({"Version": "2012-10-17", "Statement": [{"Effect": "allow", "Action": "*"}]})
    view.show_document(document)
    assert any("Problem:" in view.sentence_at(number) for number in range(1, 10))


def test_text_that_is_no_json_shows_every_character(view: PolicyText) -> None:
    view.show_document(parse_document("{broken \u202e\r\n <b>x</b>"))
    assert view.toPlainText() == "{broken \\u202e\\u000d\n <b>x</b>"


def test_the_text_cannot_be_changed(qtbot: QtBot, view: PolicyText, document: Document) -> None:
    view.show_document(document)
    before = view.toPlainText()
    qtbot.keyClicks(view, "xyz")
    qtbot.keyClick(view, Qt.Key.Key_Delete)
    assert view.toPlainText() == before == document.text.text


def test_zoom_stays_within_reason(view: PolicyText) -> None:
    seen: list[int] = []
    view.zoomed.connect(seen.append)
    usual = view.font().pointSizeF()
    view.set_zoom(3)
    assert view.font().pointSizeF() == usual + 3
    view.set_zoom(500)
    assert view.font().pointSizeF() <= usual + 16
    view.set_zoom(0)
    assert view.font().pointSizeF() == usual
    assert seen == [3, 16, 0]


def test_search_counts_walks_and_ends(qtbot: QtBot, view: PolicyText, document: Document) -> None:
    bar = FindBar(view)
    qtbot.addWidget(bar)
    view.show_document(document)
    bar.begin()
    qtbot.keyClicks(bar._field, "allow")
    assert bar._count.text() == "2 found"
    assert view.textCursor().selectedText() == "Allow"
    first = view.textCursor().position()
    qtbot.keyClick(bar._field, Qt.Key.Key_Return)
    assert view.textCursor().position() > first
    qtbot.keyClick(bar._field, Qt.Key.Key_Return)
    assert view.textCursor().position() == first, "the search begins anew at the end"
    qtbot.keyClick(bar._field, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert view.textCursor().position() > first
    bar._field.setText("<b>")
    assert bar._count.text() == "not found"
    qtbot.keyClick(bar._field, Qt.Key.Key_Escape)
    assert not bar.isVisible()


def test_a_very_long_line_is_shown_without_delay(view: PolicyText) -> None:
    document = parse_document({"Statement": [{"Effect": "Allow", "Action": "s3:" + "x" * 200_000, "Resource": "*"}]})
    view.show_document(document)
    assert len(view.toPlainText()) > 200_000
