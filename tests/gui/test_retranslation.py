"""English sentences out of files and other processes, shown in the language of the window."""

from collections.abc import Iterator

import pytest

from iamdesk import i18n
from iamdesk.gui.core.retranslation import translate_english


@pytest.fixture
def german() -> Iterator[None]:
    i18n.choose("de")
    yield
    i18n.choose("en")


@pytest.mark.parametrize(
    ("english", "german_text"),
    [
        ("It was undecided in the previous review.", "Er war im vorherigen Review nicht entschieden."),
        ("Its exception expired on 2026-09-30.", "Die Ausnahme ist am 2026-09-30 abgelaufen."),
        ("user/ana joined group/Admins.", "user/ana ist group/Admins beigetreten."),
        ("account 111122223333 (2 of 3)", "Konto 111122223333 (2 von 3)"),
        ("x was last used 933 days before the snapshot.", "x wurde zuletzt 933 Tage vor dem Snapshot genutzt."),
        ("4 more of these", "4 weitere dieser Art"),
        ("3,412 more of these", "3.412 weitere dieser Art"),
        (
            "Cannot tell: The text of the AWS managed policy X was not captured in either snapshot.",
            "Nicht feststellbar: Der Text der von AWS verwalteten Richtlinie X wurde in beiden Snapshots nicht "
            "erfasst.",
        ),
    ],
)
@pytest.mark.usefixtures("german")
def test_what_was_said_elsewhere_is_found_again(english: str, german_text: str) -> None:
    assert translate_english(english) == german_text


@pytest.mark.usefixtures("german")
def test_names_within_a_sentence_stay_though_the_catalogue_has_such_a_word() -> None:
    text = "The group Administrators makes its members administrators: ines.costa and jonas.berg."
    assert (
        translate_english(text)
        == "Die Gruppe Administrators macht ihre Mitglieder zu Administratoren: ines.costa und jonas.berg."
    )


@pytest.mark.parametrize("text", ["", "Because Bob asked for it.", "ticket 4711", "{name}", "a and b."])
@pytest.mark.usefixtures("german")
def test_what_nobody_said_stays(text: str) -> None:
    assert translate_english(text) == text


def test_an_english_window_reads_nothing_again() -> None:
    assert translate_english("It was undecided in the previous review.") == "It was undecided in the previous review."


@pytest.mark.usefixtures("german")
def test_what_a_file_says_is_never_tried_for_long() -> None:
    """Texts of a review's file are anybody's: what fits no template must not be cut in every way that there is."""
    for text in (": , ; and " * 400, "a and b, " * 400 + "c", "user " * 700, "`" * 3_999, "x" * 2_000_000):
        assert translate_english(text) == text


@pytest.mark.usefixtures("german")
def test_a_brace_that_is_meant_is_no_value() -> None:
    said = "expected JSON that begins with `{` or `[`, found `<html>`"
    assert translate_english(said) != said
    assert "„<html>“" in translate_english(said)
