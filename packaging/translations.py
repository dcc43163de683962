"""Write the catalogues of translations anew: the template from the code, each language's words, what the window reads.

Of the data, identity providers and who holds their tokens (``oidc-strangers.json``) stand in sentences, too.

usage: python packaging/translations.py             writes them, and prints what is left to translate
       python packaging/translations.py --complete  writes nothing; status 1 where something is left: before a release

Words that are already translated stay; those whose English changed are marked fuzzy, and count as untranslated until
somebody has looked at them.
"""

import io
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from babel.messages import Catalog, Message
from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "resources" / "translations"
TEMPLATE = FOLDER / "iamdesk.pot"
KEYWORDS = {"tr": None, "mark": None, "phrase": None, "ntr": (1, 2), "nphrase": (1, 2)}
_DATA = (
    "broad-access.json",
    "denial-messages.json",
    "escalation-paths.json",
    "needs.json",
    "oidc-strangers.json",
    "open-rules.json",
    "separation-of-duties.json",
)
"""Files of resources/data with texts that are shown; the code says them when they are taken out."""
_WIDTH = 120


def template() -> Catalog:
    """Return every text of the code, and of its data, that is to be translated."""
    made = Catalog(
        project="iamdesk", fuzzy=False, header_comment="# Texts of iamdesk, made by packaging/translations.py."
    )
    for path in sorted((ROOT / "iamdesk").rglob("*.py")):
        for _line, text, comments, _context in extract_from_file(
            "python", path, KEYWORDS, ["Translators:"], None, True
        ):
            made.add(text, None, [(path.relative_to(ROOT).as_posix(), 0)], auto_comments=comments)
    for name in _DATA:
        path = ROOT / "resources" / "data" / name
        for text in _texts(json.loads(path.read_text(encoding="utf-8"))):
            made.add(text, None, [(path.relative_to(ROOT).as_posix(), 0)])
    return made


def _texts(data: dict[str, Any]) -> Iterator[str]:
    """Yield what people read of a file of data, without its head."""
    for need in data.get("needs", ()):
        yield from (need["title"], *need.get("inputs", {}).values())
        yield from (part["why"] for part in need["parts"] if "why" in part)
    yield from (one["remark"] for one in data.get("statements", ()) if "remark" in one)
    for issuer in data.get("issuers", ()):
        yield from (issuer["name"], *(one["who"] for one in (*issuer["tokens"], *issuer.get("insiders", ()))))
    yield from (text for actions in data.get("broad", {}).values() for text in actions.values())
    yield from data.get("facts", {}).values()
    yield from (one["name"] for one in data.get("sensitive", ()))
    yield from (path["how"] for path in data.get("paths", ()))
    yield from (text for rule in data.get("rules", ()) for text in (rule["question"], rule["taken"], rule["other"]))
    yield from (text for pair in data.get("pairs", ()) for text in pair["says"])


def written(catalogue: Catalog) -> bytes:
    """Return a catalogue as it stands in its file: where a text stands is told by file, so that lines may move."""
    out = io.BytesIO()
    write_po(out, catalogue, width=_WIDTH, include_lineno=False, sort_by_file=True, ignore_obsolete=True)
    lines = out.getvalue().decode().splitlines(keepends=True)
    dated = (
        '"POT-Creation-Date:',
        '"PO-Revision-Date:',
        '"Generated-By:',
        '"Last-Translator:',
        '"Report-Msgid-Bugs-To:',
    )
    return "".join(line for line in lines if not line.startswith(dated)).encode()


def compiled(catalogue: Catalog) -> bytes:
    """Return a catalogue in the form that gettext reads; the day on which it is made does not get in."""
    catalogue.creation_date = catalogue.revision_date = datetime.fromtimestamp(0, UTC)
    out = io.BytesIO()
    write_mo(out, catalogue)
    return out.getvalue()


def languages() -> list[Path]:
    """Return the catalogue of each language."""
    return sorted(FOLDER.glob("*/iamdesk.po"))


def read(path: Path) -> Catalog:
    """Return a catalogue from its file."""
    with path.open("rb") as source:
        return read_po(source, locale=path.parent.name)


def left(catalogue: Catalog) -> list[Message]:
    """Return what of a catalogue nobody has translated, or looked at after its English changed."""
    return [one for one in catalogue if one.id and (one.fuzzy or not all(_forms(one.string)))]


def main() -> None:
    """Write all of them."""
    if "--complete" in sys.argv[1:]:
        sys.exit(sum([_told(path.parent.name, left(read(path))) for path in languages()]) > 0)
    texts = template()
    TEMPLATE.write_bytes(written(texts))
    print(f"{len(texts)} texts")
    for path in languages():
        words = read(path)
        words.update(texts, update_header_comment=False)
        path.write_bytes(written(words))
        path.with_suffix(".mo").write_bytes(compiled(read(path)))
        _told(path.parent.name, left(words))


def _told(language: str, messages: list[Message]) -> int:
    print(f"{language}: {len(messages)} left to translate")
    for message in messages:
        print(f"  {message.id!r}")
    return len(messages)


def _forms(string: str | list[str] | tuple[str, ...] | None) -> tuple[str, ...]:
    return (string or "",) if isinstance(string, str | None) else tuple(string)


if __name__ == "__main__":
    main()
