"""The filter language of every table and of the navigator: words, fields, comparisons. No Qt.

::

    alice prod                    both words occur
    "bucket policy"               these words in this order
    subject:alice -account:1111   a field contains a text, and another one does not
    kind=user                     a field is exactly this
    severity>=high used<2026-06   comparisons: ordered words, numbers, dates
    (kind:user OR kind:role) mfa  one or the other

Upper and lower case are the same everywhere except in ``OR``. ``name:`` is a field only if the table has a field of
that name: ``s3:GetObject`` is a word. A row without a value (``never``, ``unknown``) matches no comparison, only
``field:never`` or ``field:""``.
"""

import calendar
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from enum import Enum
from typing import Any

from iamdesk.i18n import mark, phrase, tr

MAX_LENGTH = 2_000
"""Maximum characters of a filter."""
ANYWHERE = ""
"""What a word tests, among the names of fields."""
_MAX_DEPTH = 40
"""Maximum depth of parentheses and ``-``: Python's stack is limited."""

_LOOKED_UP, _MAX_NAME = 5, 30
"""Number and length of unknown names for which similar fields are looked up: pasted text may have hundreds."""

type Value = str | int | date | Collection[str | int | date] | None
"""What a row has in a field; a collection for several values, of which one has to match."""
type Test[Row] = Callable[[Row], bool]

_FIELD = re.compile(r"([^\W\d]\w*)(:|<=|>=|!=|=|<|>)")
_NEEDS_QUOTES = re.compile(r'[\s()"]')
_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?", re.ASCII)
_COMPARISONS = ("<", "<=", ">", ">=")


class FieldKind(Enum):
    """What a field holds; the value is what the guide calls it."""

    TEXT = mark("text")
    NUMBER = mark("number")
    DATE = mark("date")
    RANK = mark("ordered words")
    WORD = mark("one of several words")


@dataclass(frozen=True, slots=True)
class Field[Row]:
    """One field of a table."""

    name: str
    """As typed; English in every language, so that saved filters stay valid."""
    title: str
    """As the column is called; translated when it is shown."""
    get: Callable[[Row], Value]
    """Its value in a row: texts as displayed, of `words` the key; None without a value."""
    kind: FieldKind = FieldKind.TEXT
    words: Mapping[str, str] = field(default_factory=dict)
    """English words with their titles: all that there are (ordered: lowest first), or words in place of a date."""
    column: int | None = None
    """The column of the table that shows it."""
    folded: Callable[[Row], str] | None = None
    """The text of a row in lower case, where a row has it ready."""

    def texts(self, row: Row) -> Sequence[str]:
        """Return the value as it is typed."""
        return _texts(self.get(row))


def _texts(value: Value) -> Sequence[str]:
    """Return the texts of a value; of none the empty one."""
    if value is None:
        return ("",)
    if isinstance(value, (str, int, date)):
        return (str(value),)
    return tuple(map(str, value)) or ("",)


def _folded_texts(value: Value) -> list[str]:
    """Return the texts of a value that is no text, in lower case."""
    if isinstance(value, tuple):  # most are, and a call for each row takes its time
        return [str(text).casefold() for text in value] or [""]
    return [text.casefold() for text in _texts(value)]


class FilterError(Exception):
    """A filter that cannot be read; its message is one sentence."""

    def __init__(self, sentence: str, start: int, end: int) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.start, self.end = start, end
        """The part of the text that is wrong, as positions."""


@dataclass(frozen=True, slots=True)
class Filter[Row]:
    """A filter that was read. Filters of the same text over the same fields are equal."""

    text: str
    accepts: Test[Row] = field(compare=False)
    """Whether a row matches."""
    words: tuple[str, ...] = field(compare=False, default=())
    """Words in lower case that a matching row may contain, for highlighting."""
    note: str = field(compare=False, default="")
    """One sentence if something may be meant otherwise; empty for none."""
    fields: object = None
    """The `FilterFields` of the table; None for no text."""
    plain: tuple[str, ...] = field(compare=False, default=())
    """The words in lower case, if it consists of nothing but words that have to occur; else empty."""
    tested: frozenset[str] = field(compare=False, default=frozenset())
    """The names of the fields that it tests; ``ANYWHERE`` for words."""

    @property
    def shows_everything(self) -> bool:
        """Whether it matches every row."""
        return not self.text


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One way to complete what is typed."""

    start: int
    end: int
    """The part of the text that it replaces."""
    insert: str
    label: str
    detail: str
    """Title of a field, or how often a value occurs."""


class FilterFields[Row]:
    """The fields of one table. Reads filters, completes them, and writes the filter of a cell."""

    def __init__(self, fields: Iterable[Field[Row]], has_word: Callable[[str], Test[Row]]) -> None:
        """Create the fields.

        Args:
            fields: The fields, in the order in which they are offered.
            has_word: Returns the test whether a word (lower case) occurs anywhere in a row.
        """
        self.fields = tuple(fields)
        self.by_name = {one.name: one for one in self.fields}
        self.has_word = has_word

    def read(self, text: str) -> Filter[Row]:
        """Return the filter of a text.

        Raises:
            FilterError: The text is no filter.
        """
        return _Reader(text[:MAX_LENGTH], self).read()

    def at_column(self, column: int) -> Field[Row] | None:
        """Return the field that a column shows; None if there is none."""
        return next((one for one in self.fields if one.column == column), None)

    def of_cell(self, row: Row, column: int, *, leave_out: bool = False) -> str:
        """Return the filter for rows with the same value in a column, or without it; empty if it has no field."""
        one = self.at_column(column)
        if one is None:
            return ""
        # Of several values, a row has the same if it has all of them: one test each.
        tests = [f"{one.name}={quoted(text)}" for text in dict.fromkeys(one.texts(row))]
        if not leave_out:
            return " ".join(tests)
        return f"-{tests[0]}" if len(tests) == 1 else f"-({' '.join(tests)})"

    def suggestions(self, text: str, cursor: int, rows: Iterable[Row], most: int = 40) -> tuple[Suggestion, ...]:
        """Return what can be typed at the cursor: names of fields, then values that occur in rows, most frequent first.

        Args:
            text: What is typed.
            cursor: The position in it.
            rows: Rows whose values are offered; read to their end.
            most: Maximum number of suggestions.
        """
        start = _start_of_term(text, cursor)
        typed = text[start:cursor]
        found = _FIELD.match(typed)
        one = self.by_name.get(found[1].casefold()) if found is not None else None
        if found is None or one is None:
            begun = typed.casefold()
            names = [one for one in self.fields if one.name.startswith(begun)]
            names += [
                one
                for one in self.fields
                if begun and one not in names and f" {begun}" in f" {tr(one.title).casefold()}"
            ]
            return tuple(
                Suggestion(start, cursor, f"{one.name}:", one.name, f"{tr(one.title)} · {tr(one.kind.value)}")
                for one in names[:most]
                if f"{one.name}:" != typed
            )
        begun = typed[found.end() :].lstrip('"').casefold()
        at = start + found.end()
        return tuple(
            Suggestion(at, cursor, quoted(value), label, detail)
            for value, label, detail in _values(one, begun, rows, most)
        )


def quoted(value: str) -> str:
    """Return a text as a value of the language, in quotation marks if it needs them."""
    if value and not _NEEDS_QUOTES.search(value):
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def joined(text: str, test: str) -> str:
    """Return a filter with one more test, which has to match, too."""
    text = text.strip()
    if not text:
        return test
    return f"({text}) {test}" if re.search(r"(?:^|[\s)])OR(?:$|[\s(])", text) else f"{text} {test}"


def _start_of_term(text: str, cursor: int) -> int:
    """Return where the term at a position begins, behind ``-`` and opening parentheses."""
    start, in_quotes, at = 0, False, 0
    while at < cursor:
        char = text[at]
        if in_quotes and char == "\\":
            at += 1
        elif char == '"':
            in_quotes = not in_quotes
        elif not in_quotes and (char.isspace() or (char in "-(" and at == start)):
            start = at + 1
        at += 1
    return min(start, cursor)


def _values[Row](one: Field[Row], begun: str, rows: Iterable[Row], most: int) -> Iterator[tuple[str, str, str]]:
    """Yield the values of a field that contain what was begun: value, label, detail."""
    counts: dict[str, int] = {}
    for row in rows:
        for text in one.texts(row):
            counts[text] = counts.get(text, 0) + 1
    ranks = {word: rank for rank, word in enumerate(one.words)} if one.kind is FieldKind.RANK else {}
    fitting = [text for text in counts if text and (begun in text.casefold() or begun in _title(one, text).casefold())]
    fitting.sort(key=lambda text: (-ranks.get(text, -1), not text.casefold().startswith(begun), -counts[text], text))
    for text in fitting[:most]:
        yield text, _title(one, text), f"{counts[text]:,}"


def _title[Row](one: Field[Row], text: str) -> str:
    return tr(one.words[text]) if text in one.words else text


class _Reader[Row]:
    """Reads one text, by recursive descent."""

    def __init__(self, text: str, fields: FilterFields[Row]) -> None:
        self._text = text
        self._fields = fields
        self._at = 0
        self._open = 0
        """Parentheses that are not closed yet."""
        self._depth = 0
        self._negated = False
        self._words: list[str] = []
        self._is_plain = True
        self._note = ""
        self._unknown = 0
        self._tested: set[str] = set()

    def read(self) -> Filter[Row]:
        test = self._alternatives()
        if test is None:
            return EVERYTHING
        plain = tuple(self._words) if self._is_plain else ()
        text, words, tested = self._text.strip(), tuple(self._words), frozenset(self._tested)
        return Filter(text, test, words, self._note, self._fields, plain, tested)

    def _alternatives(self) -> Test[Row] | None:
        """Read terms with ``OR`` between them; None if there are none."""
        first = self._terms()
        tests = [first]
        while (at := self._next_or()) is not None:
            self._at = at + 2
            self._is_plain = False
            tests.append(self._terms())
            if tests[-2] is None or tests[-1] is None:
                raise FilterError(phrase("OR needs an alternative on each side."), at, at + 2)
        found = [test for test in tests if test is not None]
        return _any_of(found) if found else None

    def _terms(self) -> Test[Row] | None:
        tests: list[Test[Row]] = []
        while True:
            self._skip_spaces()
            if self._at >= len(self._text) or self._next_or() is not None or (self._open and self._char() == ")"):
                return _all_of(tests) if tests else None
            tests.append(self._term())

    def _term(self) -> Test[Row]:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise FilterError(phrase("There are too many parentheses."), self._at, self._at + 1)
        try:
            if self._char() == "-" and not self._is_end(self._at + 1):
                return self._not()
            if self._char() == "(":
                return self._group()
            if self._char() == '"':
                return self._word(self._in_quotes())
            found = _FIELD.match(self._text, self._at)
            if found is not None:
                one = self._fields.by_name.get(found[1].casefold())
                if one is not None:
                    return self._test(one, found)
                self._no_field(found)
            return self._word(self._bare())
        finally:
            self._depth -= 1

    def _not(self) -> Test[Row]:
        self._at += 1
        self._is_plain = False
        self._negated = not self._negated
        inner = self._term()
        self._negated = not self._negated
        return lambda row: not inner(row)

    def _group(self) -> Test[Row]:
        start = self._at
        self._at += 1
        self._open += 1
        inner = self._alternatives()
        if self._at >= len(self._text):
            raise FilterError(phrase("The parenthesis is not closed."), start, start + 1)
        self._at += 1
        self._open -= 1
        if inner is None:
            raise FilterError(phrase("There is nothing in the parentheses."), start, self._at)
        return inner

    def _word(self, word: str) -> Test[Row]:
        folded = word.casefold()
        self._tested.add(ANYWHERE)
        if not self._negated and folded:
            self._words.append(folded)
        return self._fields.has_word(folded)

    def _test(self, one: Field[Row], found: re.Match[str]) -> Test[Row]:
        start, self._at = self._at, found.end()
        self._is_plain = False
        self._tested.add(one.name)
        is_quoted = self._char() == '"'
        value = self._in_quotes() if is_quoted else "" if self._is_end(self._at) else self._bare()
        if not value and not is_quoted:
            raise FilterError(phrase("A value is missing after {field}.", field=found[0]), start, self._at)
        try:
            return _test_of(one, found[2], value)
        except ValueError as error:
            raise FilterError(error.args[0], start, self._at) from None

    def _no_field(self, found: re.Match[str]) -> None:
        """Note, or refuse, what looks like a field that the table does not have."""
        name = found[1].casefold()
        self._unknown += 1
        is_looked_up = self._unknown <= _LOOKED_UP and len(name) <= _MAX_NAME
        close = get_close_matches(name, self._fields.by_name, n=1, cutoff=0.75) if is_looked_up else ()
        if found[2] in _COMPARISONS:
            names = ", ".join(self._fields.by_name)
            sentence = phrase("There is no field {name}. Fields are: {names}.", name=found[1], names=names)
            raise FilterError(sentence, self._at, found.end())
        if close:
            self._note = phrase(
                "There is no field {name}, so it is searched as text. Did you mean {field}?",
                name=found[1],
                field=close[0],
            )

    def _in_quotes(self) -> str:
        """Read a text in quotation marks; a backslash makes a quotation mark or a backslash part of it."""
        start = self._at
        found = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL).match(self._text, start)
        if found is None:
            raise FilterError(phrase("The quotation mark is not closed."), start, len(self._text))
        self._at = found.end()
        return re.sub(r'\\(["\\])', r"\1", found[1])

    def _bare(self) -> str:
        """Read up to a space, or to the parenthesis that closes a group."""
        start, inside = self._at, 0
        while self._at < len(self._text) and not self._char().isspace():
            char = self._char()
            if char == ")" and self._open and not inside:
                break
            inside += {"(": 1, ")": -1}.get(char, 0)
            inside = max(inside, 0)
            self._at += 1
        return self._text[start : self._at]

    def _char(self) -> str:
        return self._text[self._at] if self._at < len(self._text) else ""

    def _is_end(self, at: int) -> bool:
        """Return whether a term ends at a position."""
        return at >= len(self._text) or self._text[at].isspace() or (self._text[at] == ")" and self._open > 0)

    def _skip_spaces(self) -> None:
        while self._char().isspace():
            self._at += 1

    def _next_or(self) -> int | None:
        """Return the position of an ``OR`` that comes next."""
        self._skip_spaces()
        at = self._at
        is_or = self._text.startswith("OR", at) and (self._is_end(at + 2) or self._text[at + 2] == "(")
        return at if is_or else None


def _everything(_row: object) -> bool:
    return True


EVERYTHING: Filter[Any] = Filter("", _everything)
"""The filter of no text: every row."""


def _all_of[Row](tests: Sequence[Test[Row]]) -> Test[Row]:
    """Return a test that calls the others directly: a loop in it would take longer than most of them."""
    test = tests[0]
    for other in tests[1:]:
        test = _both(test, other)
    return test


def _any_of[Row](tests: Sequence[Test[Row]]) -> Test[Row]:
    test = tests[0]
    for other in tests[1:]:
        test = _either(test, other)
    return test


def _both[Row](one: Test[Row], other: Test[Row]) -> Test[Row]:
    return lambda row: one(row) and other(row)


def _either[Row](one: Test[Row], other: Test[Row]) -> Test[Row]:
    return lambda row: one(row) or other(row)


def _test_of[Row](one: Field[Row], operator: str, value: str) -> Test[Row]:
    """Return the test of a field.

    Raises:
        ValueError: It does not fit the field; with the sentence.
    """
    if operator == "!=":
        equal = _test_of(one, "=", value)
        return lambda row: not equal(row)
    match one.kind:
        case FieldKind.TEXT:
            return _text_test(one, operator, value)
        case FieldKind.NUMBER:
            return _number_test(one, operator, value)
        case FieldKind.DATE:
            return _date_test(one, operator, value)
    return _word_test(one, operator, value)


def _text_test[Row](one: Field[Row], operator: str, value: str) -> Test[Row]:
    if operator in _COMPARISONS:
        raise ValueError(
            phrase("{field} is a text and has no order: use {field}:{value}.", field=one.name, value=quoted(value))
        )
    folded, get = value.casefold(), one.get
    if operator == ":" and folded:
        if one.folded is not None:
            ready = one.folded
            return lambda row: folded in ready(row)

        def contains(row: Row) -> bool:
            have = get(row)
            if isinstance(have, str):
                return folded in have.casefold()
            return any([folded in text for text in _folded_texts(have)])  # noqa: C419 - a generator takes longer

        return contains

    def equals(row: Row) -> bool:
        have = get(row)
        if isinstance(have, str):
            return folded == have.casefold()
        return folded in _folded_texts(have)

    return equals


def _special[Row](one: Field[Row], operator: str, value: str) -> Test[Row] | None:
    """Return the test for a word in place of a value, such as ``never``, or for no value; None for others."""
    if operator in _COMPARISONS:
        return None
    get = one.get
    if not value:
        return lambda row: get(row) is None
    key = _key_of(one, value)
    if key is None:
        return None

    def test(row: Row) -> bool:
        have = get(row)
        return have == key or (isinstance(have, (tuple, frozenset)) and key in have)

    return test


def _key_of[Row](one: Field[Row], value: str) -> str | None:
    """Return the word that a value means, in English or as displayed; the beginning is enough if it is the only one."""
    folded = value.casefold()
    names = {key: (key.casefold(), tr(title).casefold()) for key, title in one.words.items()}
    exact = [key for key, known in names.items() if folded in known]
    begun = exact or [key for key, known in names.items() if any(name.startswith(folded) for name in known)]
    return begun[0] if len(begun) == 1 else None


def _number_test[Row](one: Field[Row], operator: str, value: str) -> Test[Row]:
    special = _special(one, operator, value)
    if special is not None:
        return special
    plain = re.sub(r"(?<=\d)[,.'\u2019\u202f\u00a0](?=\d{3}(?:\D|$))", "", value)
    if not re.fullmatch(r"-?\d{1,18}", plain, re.ASCII):
        raise ValueError(phrase("{field} is a number; {value} is not.", field=one.name, value=quoted(value)))
    return _compared(one, operator, int(plain), int(plain), int)


def _date_test[Row](one: Field[Row], operator: str, value: str) -> Test[Row]:
    special = _special(one, operator, value)
    if special is not None:
        return special
    span = _span(value)
    if span is None:
        raise ValueError(
            phrase(
                "{field} is a date: 2026, 2026-06 or 2026-06-30; {value} is not.", field=one.name, value=quoted(value)
            )
        )
    return _compared(one, operator, *span, date)


def _span(value: str) -> tuple[date, date] | None:
    """Return the first and last day of a year, a month or a day; None if it is none of them."""
    found = _DATE.fullmatch(value)
    if found is None:
        return None
    year, month, day = (int(part) if part else None for part in found.groups())
    try:
        first = date(year or 0, month or 1, day or 1)
    except ValueError:
        return None
    if day is not None:
        return first, first
    last_month = first.month if month is not None else 12
    return first, date(first.year, last_month, calendar.monthrange(first.year, last_month)[1])


def _compared[Row, Size: (int, date)](
    one: Field[Row], operator: str, first: Size, last: Size, kind: type[Size]
) -> Test[Row]:
    """Return the comparison with everything from ``first`` to ``last``; a row without a value never matches."""
    get = one.get
    fits = _comparison(operator, first, last)

    def test(row: Row) -> bool:
        have = get(row)
        if isinstance(have, kind):
            return fits(have)
        return isinstance(have, (tuple, frozenset)) and any(isinstance(part, kind) and fits(part) for part in have)

    return test


def _comparison[Size: (int, date)](operator: str, first: Size, last: Size) -> Callable[[Size], bool]:
    match operator:
        case "<":
            return lambda have: have < first
        case "<=":
            return lambda have: have <= last
        case ">":
            return lambda have: have > last
        case ">=":
            return lambda have: have >= first
    return lambda have: first <= have <= last


def _word_test[Row](one: Field[Row], operator: str, value: str) -> Test[Row]:
    get = one.get
    if operator in _COMPARISONS and one.kind is FieldKind.WORD:
        raise ValueError(phrase("{field} has no order: use {field}:{value}.", field=one.name, value=quoted(value)))
    if not value and operator not in _COMPARISONS:
        return lambda row: not get(row)
    key = _key_of(one, value) if value else None
    if key is None:
        names = ", ".join(one.words)
        raise ValueError(
            phrase("{field} is one of: {names}; {value} is not.", field=one.name, names=names, value=quoted(value))
        )
    order = tuple(one.words)
    place = order.index(key)
    chosen = frozenset(
        {
            "<": order[:place],
            "<=": order[: place + 1],
            ">": order[place + 1 :],
            ">=": order[place:],
        }.get(operator, (key,))
    )

    def test(row: Row) -> bool:
        have = get(row)
        if isinstance(have, str):
            return have in chosen
        return isinstance(have, (tuple, frozenset)) and not chosen.isdisjoint(have)

    return test
