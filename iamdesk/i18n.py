"""Texts in the language of the reader: gettext, with one catalogue for each language.

The language of a process is English unless another is chosen; the window does so by its settings. There are two kinds
of text:

* texts of the window: ``tr``, ``ntr``; ``mark`` for a constant, which ``tr`` translates when it is shown;
* texts of the core: ``phrase`` (``nphrase``, ``join_messages``). They are English, so that exports, files and the
  command line stay English whatever the window shows. ``translate`` returns them in the chosen language.

A text with values is one whole sentence with named placeholders, never an f-string: translators need other orders.
"""

import re
from collections.abc import Sequence
from gettext import GNUTranslations, NullTranslations
from typing import Any

from iamdesk.resource_files import resources

ENGLISH = "en"
LANGUAGES = {ENGLISH: "English", "de": "Deutsch"}
"""The available languages, each by its own name."""

_THOUSANDS = {"de": "."}
_CODE = re.compile(r"`([^`]+)`")
_QUOTES = {"en": r"“\1”", "de": r"„\1“"}
"""What the window shows in place of back-quotes around a value."""

_catalogue: NullTranslations = NullTranslations()
_chosen = ENGLISH


def choose(language: str, catalogue: NullTranslations | None = None) -> None:
    """Choose a language of ``LANGUAGES`` for everything shown from now on; any other means English.

    ``catalogue`` replaces the shipped one.
    """
    global _catalogue, _chosen  # noqa: PLW0603 - one language per process, as in gettext
    path = resources() / "translations" / language / "iamdesk.mo"
    if catalogue is None and language in LANGUAGES and path.is_file():
        with path.open("rb") as compiled:
            catalogue = GNUTranslations(compiled)
    _chosen = ENGLISH if catalogue is None else language
    _catalogue = NullTranslations() if catalogue is None else catalogue


def chosen() -> str:
    """Return the chosen language, such as ``de``."""
    return _chosen


def tr(text: str) -> str:
    """Translate a text or message into the chosen language; without a translation it is returned unchanged."""
    if isinstance(text, Message):
        return translate(text)
    return _catalogue.gettext(text) if text else text  # gettext returns its header for the empty text


def ntr(singular: str, plural: str, count: int) -> str:
    """Return the form for a count in the chosen language; the count still has to be filled in."""
    return _catalogue.ngettext(singular, plural, count)


def mark(text: str) -> str:
    """Return the text unchanged: it is collected for the catalogues, and ``tr`` translates it when it is shown."""
    return text


class Message(str):
    """English text that remembers its template and values, so that it can be shown in another language."""

    __slots__ = ("forms", "values")

    forms: tuple[str, str, int] | None
    """Template, its plural, and the count; None: ``values`` are joined."""
    values: dict[str, Any]

    def __reduce__(self) -> tuple[Any, ...]:
        """Keep template and values when pickled."""
        return _message, (str(self), self.forms, self.values)

    def __deepcopy__(self, _known: object) -> str:
        return str(self)


def phrase(template: str, /, **values: object) -> str:
    """Return an English sentence with its values filled in; ``translate`` looks it up by its template."""
    # Every result is built here: `format_map` uses the values as they are, `format` would copy them first.
    text = template.format_map(values) if values else template
    return text if _chosen is ENGLISH else _message(text, (template, template, 1), values)


def nphrase(singular: str, plural: str, count: int, /, **values: object) -> str:
    """Return the English sentence for a count, which fills the placeholder ``count``."""
    values["count"] = count
    text = (singular if count == 1 else plural).format_map(values)
    return text if _chosen is ENGLISH else _message(text, (singular, plural, count), values)


def phrased(text: str) -> str:
    """Return a text of our data files as a translatable message; a message is returned unchanged.

    ``packaging/translations.py`` lists the files whose texts are in the catalogues.
    """
    return text if _chosen is ENGLISH or isinstance(text, Message) else _message(text, (text, text, 1), {})


def join_messages(between: str, parts: Sequence[str]) -> str:
    """Join texts, as ``str.join`` does; messages among them stay translatable."""
    text = between.join(parts)
    return text if _chosen is ENGLISH else _message(text, None, {"between": between, "parts": parts})


def join_names(names: Sequence[str], most: int | None = None, *, last: str = "and") -> str:
    """Join names: ``a, b and c``; of more than ``most`` the first ones: ``a, b and 3 more``.

    Args:
        names: Texts or messages.
        most: How many are named; None: all.
        last: What is before the last name: ``and``, ``or``, or a comma.
    """
    if most is not None and len(names) > most:
        first = join_messages(", ", names[:most])
        if last == "or":
            return phrase("{names} or {count:,} more", names=first, count=len(names) - most)
        return phrase("{names} and {count:,} more", names=first, count=len(names) - most)
    if len(names) < 2:
        return names[0] if names else ""
    if last == ",":
        return join_messages(", ", names)
    return join_messages(
        phrase(" or ") if last == "or" else phrase(" and "), (join_messages(", ", names[:-1]), names[-1])
    )


def with_translation(text: str, message: str) -> str:
    """Return English text with ``message`` as its source for other languages: English can be shorter than its parts."""
    return _message(text, message.forms, message.values) if isinstance(message, Message) else text


def _message(text: str, forms: tuple[str, str, int] | None, values: dict[str, Any]) -> Message:
    message = Message(text)
    message.forms = forms
    message.values = values
    return message


def translate(text: str) -> str:
    """Return a message of the core in the chosen language; names and other plain text are returned unchanged."""
    if not isinstance(text, Message):
        return text
    if text.forms is None:
        return translate(text.values["between"]).join(map(translate, text.values["parts"]))
    singular, plural, count = text.forms
    template = tr(singular) if singular is plural else ntr(singular, plural, count)
    if not text.values:
        return template
    return _quoted(template).format(**{name: _value(one) for name, one in text.values.items()})


def _quoted(text: str) -> str:
    """Return the text with quotation marks in place of back-quotes, which the command line shows."""
    return _CODE.sub(_QUOTES.get(_chosen, _QUOTES[ENGLISH]), text)


def error_words(error: BaseException) -> str:
    """Return the text of an error in the chosen language: ``str`` of it is English."""
    first = error.args[0] if error.args else ""
    return _quoted(translate(first) if isinstance(first, Message) else str(error))


class _Number(int):
    """A number with the thousands separator of the chosen language."""

    def __format__(self, spec: str) -> str:
        return super().__format__(spec).replace(",", _THOUSANDS.get(_chosen, ","))


def _value(one: Any) -> Any:
    if isinstance(one, str):
        return translate(one)
    if isinstance(one, BaseException):
        return error_words(one)
    return _Number(one) if isinstance(one, int) else one
