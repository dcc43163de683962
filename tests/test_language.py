"""Words in the language of the reader: what is looked up, what stays, and what the core says in English."""

import copy
import json
import pickle
from collections.abc import Iterator
from gettext import NullTranslations
from pathlib import Path

import pytest

from iamdesk import i18n
from iamdesk.errors import ReviewError
from iamdesk.i18n import Message, choose, error_words, join_messages, nphrase, ntr, phrase, tr, translate
from iamdesk.review.recovery import recover
from iamdesk.review.review_file import ReviewFile

WORDS = {
    "{who} may not do {what}: {why}.": "{why} → {what} ✗ {who}.",
    "nothing allows it": "NOTHING ALLOWS IT",
    " and ": " AND ",
}


class Shouting(NullTranslations):
    """Another language: its words are ours in capitals, its placeholders in another order."""

    def gettext(self, message: str) -> str:
        return WORDS.get(message, message)

    def ngettext(self, _one: str, _many: str, n: int) -> str:
        return "{count} ONE" if n == 1 else "{count} MANY"


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    yield
    choose("en")


def test_english_is_what_stands_in_the_code() -> None:
    choose("en")
    assert tr("&Open snapshot…") == "&Open snapshot…"
    assert ntr("{count} line", "{count} entitlements", 1) == "{count} line"
    assert ntr("{count} line", "{count} entitlements", 0) == "{count} entitlements"
    assert type(phrase("{who} may", who="alice")) is str


def test_german_is_read_from_the_catalogue_that_ships() -> None:
    choose("de")
    assert i18n.chosen() == "de"
    assert tr("&Open snapshot…") == "Snap&shot öffnen…"
    assert tr("no text of ours") == "no text of ours"
    assert tr("") == ""


@pytest.mark.parametrize("unknown", ["xx", "", "../de", "de/../de"])
def test_a_language_that_we_do_not_have_is_english(unknown: str) -> None:
    choose("de")
    choose(unknown)
    assert i18n.chosen() == "en"
    assert tr("&Open snapshot…") == "&Open snapshot…"


def test_what_the_core_says_is_english_and_is_shown_in_the_chosen_language() -> None:
    choose("xx", Shouting())
    why = phrase("nothing allows it")
    said = phrase("{who} may not do {what}: {why}.", who="nothing allows it", what="s3:GetObject", why=why)
    assert said == "nothing allows it may not do s3:GetObject: nothing allows it."
    assert translate(said) == "NOTHING ALLOWS IT → s3:GetObject ✗ nothing allows it.", "a name stays, whatever it says"
    assert translate(nphrase("{count} line", "{count} entitlements", 1)) == "1 ONE"
    assert translate(nphrase("{count} line", "{count} entitlements", 3)) == "3 MANY"
    assert translate(join_messages(phrase(" and "), ["a", why])) == "a AND NOTHING ALLOWS IT"
    assert join_messages(phrase(" and "), ["a", why]) == "a and nothing allows it"


def test_braces_of_a_name_are_no_placeholders() -> None:
    choose("xx", Shouting())
    said = phrase("{who} may not do {what}: {why}.", who="{what}", what="{0}", why="{}")
    assert translate(said) == "{} → {0} ✗ {what}."


def test_files_get_the_english_text() -> None:
    choose("xx", Shouting())
    said = phrase("nothing allows it")
    assert isinstance(said, Message)
    for other in (copy.deepcopy(said), json.loads(json.dumps(said))):
        assert type(other) is str
        assert other == "nothing allows it"


def test_an_error_about_a_file_is_shown_in_the_chosen_language(tmp_path: Path) -> None:
    choose("de")
    missing = tmp_path / "q3.iamreview"
    for look in (lambda: ReviewFile.open(missing), lambda: recover(missing, tmp_path / "new.iamreview")):
        with pytest.raises(ReviewError) as caught:
            look()
        assert str(caught.value) == "q3.iamreview: there is no such file"
        assert error_words(caught.value) == "q3.iamreview: es gibt keine solche Datei"


def test_what_a_worker_says_is_shown_in_the_chosen_language() -> None:
    choose("xx", Shouting())
    why = phrase("nothing allows it")
    said = join_messages(phrase(" and "), [why, phrase("{who} may not do {what}: {why}.", who="A", what="B", why=why)])
    for text in (
        said,
        nphrase("{count} line", "{count} entitlements", 1),
        nphrase("{count} line", "{count} entitlements", 3),
    ):
        other = pickle.loads(pickle.dumps(text))  # noqa: S301 - our own
        assert other == text
        assert translate(other) == translate(text)
        assert translate(other) != text
