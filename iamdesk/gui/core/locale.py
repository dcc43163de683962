"""The language that the window speaks: chosen once at the start, for our words, for Qt's own, for numbers and days."""

from PySide6.QtCore import QDate, QLibraryInfo, QLocale, QTranslator
from PySide6.QtWidgets import QApplication

from iamdesk import i18n
from iamdesk.i18n import ENGLISH, LANGUAGES, tr

SYSTEM = "system"
"""The choice of whoever chooses none: the language of the desktop, where we have it."""


def set_language(app: QApplication, choice: str) -> None:
    """Let the window speak a language, before any of it is made. What we do not speak is as the desktop has it."""
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
    """Return the first language of the desktop's that we have."""
    wanted = (name.replace("_", "-").partition("-")[0].lower() for name in _system().uiLanguages())
    return next((name for name in wanted if name in LANGUAGES), ENGLISH)


def _locale() -> QLocale:
    """Return how numbers and days are written: as the desktop has it, where it speaks the language of the window."""
    system = _system()
    spoken = QLocale(i18n.chosen())
    return system if system.language() is spoken.language() else spoken


def number(count: int) -> str:
    """Return a number as the reader writes it: ``22,319``."""
    return _locale().toString(count)


def day(iso: str) -> str:
    """Return a day as the reader writes it: ``2 October 2026``; what is no day as it is."""
    found = QDate.fromString(iso[:10], "yyyy-MM-dd")
    return _locale().toString(found, tr("d MMMM yyyy")) if found.isValid() else iso
