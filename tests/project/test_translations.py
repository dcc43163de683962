"""The catalogues: complete, current, and fit for where their words stand."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages import Catalog
from babel.messages.catalog import Message

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "packaging"))

import translations  # noqa: E402 - the script stands in a folder of its own

from iamdesk.gui.app.commands import COMMANDS, SUBMENUS, Menu  # noqa: E402
from iamdesk.i18n import ENGLISH, LANGUAGES, choose, tr  # noqa: E402

FILES = translations.languages()
AGAIN = "run packaging/translations.py"
TRANSLATING = {"tr": 1, "mark": 1, "phrase": 1, "ntr": 2, "nphrase": 2}


@pytest.fixture(params=FILES, ids=lambda path: path.parent.name)
def catalogue(request: pytest.FixtureRequest) -> Catalog:
    return translations.read(request.param)


@pytest.fixture(scope="module")
def template() -> Catalog:
    """What the code says now."""
    return translations.template()


def forms(texts: str | list[str] | tuple[str, ...]) -> tuple[str, ...]:
    return (texts,) if isinstance(texts, str) else tuple(texts)


def placeholders(text: str) -> list[str]:
    return sorted(re.findall(r"\{(\w*)[^}]*\}", text))


def mnemonic(text: str) -> str:
    found = re.search(r"&([^& ])", text.replace("&&", ""))
    return found[1].lower() if found else ""


def words(catalogue: Catalog) -> Iterator[Message]:
    return (message for message in catalogue if message.id)


def translated(catalogue: Catalog) -> Iterator[Message]:
    waiting = {forms(one.id) for one in translations.left(catalogue)}
    return (message for message in words(catalogue) if forms(message.id) not in waiting)


def test_every_language_that_can_be_chosen_has_a_catalogue() -> None:
    assert {path.parent.name for path in FILES} == set(LANGUAGES) - {ENGLISH}


def test_the_template_holds_every_text_of_the_code(template: Catalog) -> None:
    assert translations.TEMPLATE.read_bytes() == translations.written(template), AGAIN


def test_a_catalogue_holds_the_texts_of_the_template_and_no_others(catalogue: Catalog, template: Catalog) -> None:
    assert {forms(one.id) for one in words(catalogue)} == {forms(one.id) for one in words(template)}


def test_a_release_waits_for_every_text(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Not every change: who adds a check need not know German."""
    made = Catalog(locale="de")
    made.add("Undo", "Rückgängig")
    made.add("Redo")
    made.add("{count} role", "Rolle", flags=["fuzzy"])
    monkeypatch.setattr(sys, "argv", ["translations.py", "--complete"])
    for catalogue, status in ((made, True), (Catalog(locale="de"), False)):
        monkeypatch.setattr(translations, "read", lambda _path, catalogue=catalogue: catalogue)
        with pytest.raises(SystemExit) as ended:
            translations.main()
        assert ended.value.code == status
    assert capsys.readouterr().out.splitlines()[:3] == ["de: 2 left to translate", "  'Redo'", "  '{count} role'"]
    assert "$(PY) packaging/translations.py --complete" in (ROOT / "Makefile").read_text(encoding="utf-8")


def test_plural_forms_are_there(catalogue: Catalog) -> None:
    for one in translated(catalogue):
        wanted = catalogue.num_plurals if one.pluralizable else 1
        assert len(forms(one.string)) == wanted, one.id


def test_placeholders_are_those_of_the_text(catalogue: Catalog) -> None:
    for one in translated(catalogue):
        *single, several = (placeholders(text) for text in forms(one.id))
        *few, many = (placeholders(text) for text in forms(one.string))
        assert many == several, one.id
        for found in few:  # "one finding" need not say the number where the English does not
            assert found in (*single, several), one.id


def test_what_surrounds_a_text_stays(catalogue: Catalog) -> None:
    for one in translated(catalogue):
        for english, text in zip(forms(one.id), forms(one.string), strict=False):
            for ending in ("…", ":", "."):
                assert english.endswith(ending) == text.endswith(ending), (english, text)
            assert english[:1].isspace() == text[:1].isspace(), english
            assert english[-1:].isspace() == text[-1:].isspace(), english


def test_mnemonics_are_where_the_text_has_one(catalogue: Catalog) -> None:
    for one in translated(catalogue):
        for english, text in zip(forms(one.id), forms(one.string), strict=False):
            assert bool(mnemonic(english)) == bool(mnemonic(text)), (english, text)


def test_compiled_catalogues_are_current(catalogue: Catalog) -> None:
    path = translations.FOLDER / str(catalogue.locale) / "iamdesk.mo"
    assert path.read_bytes() == translations.compiled(catalogue), AGAIN


@pytest.mark.parametrize("language", LANGUAGES)
def test_mnemonics_of_a_menu_do_not_clash(language: str) -> None:
    choose(language)
    try:
        groups = {"the bar": [menu.value for menu in Menu if menu not in SUBMENUS]}
        groups |= {menu.value: [one.text for one in COMMANDS if one.menu is menu and not one.is_alias] for menu in Menu}
        groups[Menu.FILE] += ["Open &recent", Menu.EXPORT.value]
        groups[Menu.EXPORT] += [one.text for one in COMMANDS if one.name == "actionExportEvidence"]
        groups[Menu.REVIEW] += [Menu.REVIEWERS.value]
        groups[Menu.VIEW] += ["&Panels"]
        clashing: dict[str, list[str]] = {}
        for name, texts in groups.items():
            letters = [mnemonic(tr(text)) for text in texts]
            clashing[name] = [
                tr(text) for text, letter in zip(texts, letters, strict=True) if letters.count(letter) > 1
            ]
        assert {name: those for name, those in clashing.items() if those} == {}
    finally:
        choose(ENGLISH)


def test_only_whole_texts_are_looked_up() -> None:
    """A text put together before it is looked up is in no catalogue."""
    wrong = []
    for path in sorted((ROOT / "iamdesk").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            texts = node.args[: TRANSLATING.get(node.func.id, 0)]
            if any(isinstance(text, ast.JoinedStr | ast.BinOp) for text in texts):
                wrong.append(f"{path.name}:{node.lineno}")
    assert wrong == []
