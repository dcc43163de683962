"""The language of the window, set once at startup: for our texts, Qt's own, numbers and dates."""

from PySide6.QtCore import QDate, QLibraryInfo, QLocale, QTranslator
from PySide6.QtWidgets import QApplication

from iamdesk import i18n
from iamdesk.i18n import ENGLISH, LANGUAGES, tr

SYSTEM = "system"
"""The default choice: the language of the desktop, if it is available."""


def set_language(app: QApplication, choice: str) -> None:
    """Set the language before the window is created. A language that is not available means that of the desktop."""
    taken = choice if choice in LANGUAGES else _of_desktop()
    i18n.choose(taken)
    for before in app.findChildren(QTranslator):
        app.removeTranslator(before)
        before.deleteLater()
    translator = QTranslator(app)
    if taken != ENGLISH and translator.load(
        f"qtbase_{taken}", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    ):
        app.installTranslator(translator)
    app.setLayoutDirection(_locale().textDirection())


def _system() -> QLocale:
    return QLocale.system()


def _of_desktop() -> str:
    """Return the first available language of the desktop's list."""
    wanted = (name.replace("_", "-").partition("-")[0].lower() for name in _system().uiLanguages())
    return next((name for name in wanted if name in LANGUAGES), ENGLISH)


def _locale() -> QLocale:
    """Return the locale of numbers and dates: the desktop's, if it has the language of the window."""
    system = _system()
    accessible_text = QLocale(i18n.chosen())
    return system if system.language() is accessible_text.language() else accessible_text


def number(count: int) -> str:
    """Return a number as formatted for the user: ``22,319``."""
    return _locale().toString(count)


def day(iso: str) -> str:
    """Return a date as formatted for the user: ``2 October 2026``; other text unchanged."""
    found = QDate.fromString(iso[:10], "yyyy-MM-dd")
    return _locale().toString(found, tr("d MMMM yyyy")) if found.isValid() else iso
