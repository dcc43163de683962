"""What would still be read in English in a German window: texts without a translation, and words that are no names."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from gettext import GNUTranslations, NullTranslations
from typing import Any

from babel.messages.pofile import read_po

from iamdesk.aws.action_sets import service_actions
from iamdesk.aws.service_reference import reference
from iamdesk.checks.account_hygiene import OWNER_TAGS
from iamdesk.checks.confused_deputy import bind_source
from iamdesk.checks.finding import Finding
from iamdesk.i18n import Message, choose, ntr, tr, translate
from iamdesk.resource_files import resources
from iamdesk.snapshot.cli_commands import CALLS
from iamdesk.snapshot.model import Snapshot

NOT_COLLECTED = (
    "texts that are not in the catalogue: run `make words`, or write them as whole texts in `phrase` or `mark`"
)

_WORD = re.compile(r"(?<![^\s(\"])[A-Za-z]?[a-z]+(?:'s)?(?=[).,;:\"]*(?:\s|$))")
"""A word of a language: no part of an ARN, an action or a key."""

_SEPARATOR = re.compile("[/:@*]")
_OF_ARNS = frozenset({"arn", "aws", "user", "role", "group", "policy"})
"""What stands between separators and is no name."""
_PLAIN = ("IAM Identity Center", "True None", "String Bool Numeric Date Null")
"""Names, values and types of AWS."""


class _Lacking(NullTranslations):
    """Takes down what a catalogue does not have."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def gettext(self, message: str) -> str:
        self.texts.append(message)
        return message

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        self.texts.append(msgid1)
        return msgid1 if n == 1 else msgid2


_lacking = _Lacking()


@cache
def left_to_translate() -> frozenset[str]:
    """Return the texts that nobody has put into German yet: a release waits for them, a change does not.

    ``make words`` lists them, ``make translated`` fails where there are some.
    """
    with (resources() / "translations" / "de" / "iamdesk.po").open("rb") as source:
        catalogue = read_po(source, locale="de")
    texts: set[str] = set()
    for one in catalogue:
        strings = one.string if isinstance(one.string, tuple | list) else (one.string,)
        if one.id and (one.fuzzy or not all(strings)):
            texts.update(one.id if isinstance(one.id, tuple | list) else (one.id,))
    return frozenset(texts)


def choose_german() -> None:
    """Choose German, with an eye on what it does not have."""
    with (resources() / "translations" / "de" / "iamdesk.mo").open("rb") as compiled:
        catalogue = GNUTranslations(compiled)
    catalogue.add_fallback(_lacking)
    choose("de", catalogue)


def english_of_findings(findings: Iterable[Finding], snapshot: Snapshot) -> list[str]:
    """Return what of findings is not told in German: texts that the catalogue lacks, and words that never went there.

    German has to be chosen (`choose_german`) when the checks are run.
    """
    _lacking.texts = []
    found: dict[str, None] = {}
    names = _Names(snapshot)
    for finding in findings:
        for word in (finding.title, finding.subject_kind):
            tr(word)
        for text in _texts(finding):
            translate(text)
            found |= dict.fromkeys(_counts_in_english(text))
            for leaf in _leaves(text):
                if not names.holds(leaf):
                    found[f"{finding.check_id}: {leaf!r} in {str(text)!r}"] = None
    return [text for text in (*_lacking.texts, *found) if text not in left_to_translate()]


def _texts(finding: Finding) -> Iterator[str]:
    yield finding.sentence
    yield finding.remediation
    yield finding.subject_name
    for piece in finding.evidence:
        yield piece.text
        if piece.statement is not None:
            yield piece.statement.name
            yield piece.statement.sentence


def _counts_in_english(text: str) -> Iterator[str]:
    """Yield the texts with a count that stay as they are: of these, catalogues hold the English where they lack one."""
    if not isinstance(text, Message):
        return
    if text.forms is not None and text.forms[0] is not text.forms[1] and ntr(*text.forms) in text.forms[:2]:
        yield text.forms[0]
    for value in text.values["parts"] if text.forms is None else text.values.values():
        if isinstance(value, str):
            yield from _counts_in_english(value)


def _leaves(text: str) -> Iterator[str]:
    """Yield what a text was put together from that was not said itself: names, if all is well."""
    if not isinstance(text, Message):
        yield text
    elif text.forms is None:
        for part in (text.values["between"], *text.values["parts"]):
            yield from _leaves(part)
    else:
        for value in text.values.values():
            if isinstance(value, str):
                yield from _leaves(value)


class _Names:
    """What is a name and no text of ours: what the snapshot holds, and AWS's own words."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._held: set[str] = set()

    def holds(self, text: str) -> bool:
        words = _WORD.findall(text)
        if not words or all(word in _trade() for word in words):
            return True
        if not self._held:
            self._held.update(_strings(self._snapshot.model_dump(mode="json")))
        return text.strip(" ()") in self._held


def _strings(value: Any) -> Iterator[str]:
    """Yield all strings that stand in a value, and the names of which they are made."""
    if isinstance(value, str):
        yield value
        yield from (part for part in _SEPARATOR.split(value) if part not in _OF_ARNS)
    elif isinstance(value, Mapping):
        for key, one in value.items():
            if key != "problems":  # sentences of ours
                yield from _strings(key)
                yield from _strings(one)
    elif isinstance(value, Iterable):
        for one in value:
            yield from _strings(one)


@cache
def _trade() -> frozenset[str]:
    """AWS's words, and names of tags that are looked for."""
    words = (*OWNER_TAGS, *bind_source().values(), *_PLAIN)
    services = (*reference().services(), *(call.service for call in CALLS.values()))
    types = (name for service in reference().services() for name in service_actions(service).by_type)
    return frozenset((*services, *types, *(word for text in words for word in _WORD.findall(text))))
