"""The words of the window in the language of whoever reads them: gettext, with one catalogue a language.

The language of a process is English until somebody chooses another; the window does, from its settings. There are two
kinds of text:

* what only the window says: ``tr``, ``ntr``; ``mark`` for a constant, which ``tr`` translates where it is shown;
* what the core says of an answer: ``phrase`` (``nphrase``, ``join_messages``). It is English text, so that exports,
files and
  the command line stay English whatever the window speaks. ``translate`` gives it in the chosen language.

A text with values is one whole sentence with named placeholders, never an f-string: translators need other orders.
"""

from collections.abc import Sequence
from gettext import GNUTranslations, NullTranslations
from typing import Any

from iamdesk.resource_files import resources

ENGLISH = "en"
LANGUAGES = {ENGLISH: "English", "de": "Deutsch"}
"""What can be chosen, each in its own words."""

_THOUSANDS = {"de": "."}

_catalogue: NullTranslations = NullTranslations()
_chosen = ENGLISH


def choose(language: str, catalogue: NullTranslations | None = None) -> None:
    """Take a language of ``LANGUAGES`` for all that is shown from now on; any other is English.

    ``catalogue`` stands in for the shipped one.
    """
    global _catalogue, _chosen  # noqa: PLW0603 - one language a process, as gettext has it
    path = resources() / "translations" / language / "iamdesk.mo"
    if catalogue is None and language in LANGUAGES and path.is_file():
        with path.open("rb") as compiled:
            catalogue = GNUTranslations(compiled)
    _chosen = ENGLISH if catalogue is None else language
    _catalogue = NullTranslations() if catalogue is None else catalogue


def chosen() -> str:
    """Return the language that was chosen, such as ``de``."""
    return _chosen


def tr(text: str) -> str:
    """Return a text of ours in the chosen language, or as it is where there is no translation."""
    return _catalogue.gettext(text) if text else text  # of the empty text, catalogues hold their own head


def ntr(singular: str, plural: str, count: int) -> str:
    """Return the form that fits the count in the chosen language; the count is still to be filled in."""
    return _catalogue.ngettext(singular, plural, count)


def mark(text: str) -> str:
    """Return the text as it is: it gets into the catalogues, and ``tr`` translates it where it is shown."""
    return text


class Message(str):
    """English text that knows what it was made of, so that it can be shown in another language."""

    __slots__ = ("forms", "values")

    forms: tuple[str, str, int] | None
    """Template, its plural, and the count; None: ``values`` are strung together."""
    values: dict[str, Any]

    def __reduce__(self) -> tuple[Any, ...]:
        """Keep what it was made of on its way to another process of ours."""
        return _said, (str(self), self.forms, self.values)

    def __deepcopy__(self, _known: object) -> str:
        return str(self)


def phrase(template: str, /, **values: object) -> str:
    """Return an English sentence with its values; ``translate`` finds it in the catalogue by its template."""
    # Every answer is put together here: `format_map` takes the values as they are, `format` would copy them first.
    text = template.format_map(values) if values else template
    return text if _chosen is ENGLISH else _said(text, (template, template, 1), values)


def nphrase(singular: str, plural: str, count: int, /, **values: object) -> str:
    """Return the English sentence that fits the count, which fills the placeholder ``count``."""
    values["count"] = count
    text = (singular if count == 1 else plural).format_map(values)
    return text if _chosen is ENGLISH else _said(text, (singular, plural, count), values)


def phrased(text: str) -> str:
    """Return a text of our data files as something said; what was said already as it is.

    ``packaging/translations.py`` names the files whose texts are in the catalogues.
    """
    return text if _chosen is ENGLISH or isinstance(text, Message) else _said(text, (text, text, 1), {})


def join_messages(between: str, parts: Sequence[str]) -> str:
    """Return texts strung together, as ``str.join`` does it; parts that were said stay translatable."""
    text = between.join(parts)
    return text if _chosen is ENGLISH else _said(text, None, {"between": between, "parts": parts})


def with_translation(text: str, said: str) -> str:
    """Return English text that other languages say as ``said``: where English can be shorter than its parts."""
    return _said(text, said.forms, said.values) if isinstance(said, Message) else text


def _said(text: str, forms: tuple[str, str, int] | None, values: dict[str, Any]) -> Message:
    said = Message(text)
    said.forms = forms
    said.values = values
    return said


def translate(text: str) -> str:
    """Return what the core said in the chosen language; names, and all that was not said, as they are."""
    if not isinstance(text, Message):
        return text
    if text.forms is None:
        return translate(text.values["between"]).join(map(translate, text.values["parts"]))
    singular, plural, count = text.forms
    template = tr(singular) if singular is plural else ntr(singular, plural, count)
    if not text.values:
        return template
    return template.format(**{name: _value(one) for name, one in text.values.items()})


def error_words(error: BaseException) -> str:
    """Return what an error says, in the chosen language: ``str`` of it is English."""
    first = error.args[0] if error.args else ""
    return translate(first) if isinstance(first, Message) else str(error)


class _Number(int):
    """A number that is parted as the chosen language does it."""

    def __format__(self, spec: str) -> str:
        return super().__format__(spec).replace(",", _THOUSANDS.get(_chosen, ","))


def _value(one: Any) -> Any:
    if isinstance(one, str):
        return translate(one)
    if isinstance(one, BaseException):
        return error_words(one)
    return _Number(one) if isinstance(one, int) else one
