"""The three spellings in which AWS and its tools hand out a policy document, made one.

The CLI prints objects; the raw API gives URL-encoded JSON (RFC 3986); some SDK dumps hold JSON strings (rule L3).
Anything else is kept as text: the policy parser reports the error, and nothing is guessed.
The same goes for a document that is JSON but could mean two things (a key that occurs twice, NaN, …; `strict_json`):
it stays text, and so can neither grant nor deny in the place of what was meant.
"""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, unquote_plus

from iamdesk.strict_json import ambiguity, decode, is_too_deep

_DOCUMENT_KEYS = ("PolicyDocument", "AssumeRolePolicyDocument", "Document")
_ASCII = {spelled: chr(code) for code in range(128) for spelled in (f"{code:02X}", f"{code:02x}")}
_SPACE = " \t\n\r"


def decode_document(value: Any) -> Any:
    """Return a document as the JSON object that AWS stores; anything else is returned unchanged."""
    if type(value) is not str:
        return value
    for text in _spellings(value):
        try:
            document = decode(text)
        except ValueError:
            continue
        if isinstance(document, dict):
            return document
    return value


def _percent_decoded(text: str) -> str:
    """As ``unquote``, in two thirds of its time: what is URL-encoded is nearly always ASCII alone."""
    start, *escaped = text.split("%")
    try:
        return start + "".join([_ASCII[piece[:2]] + piece[2:] for piece in escaped])
    except KeyError:
        return unquote(text, errors="strict")


def _spellings(value: str) -> Iterator[str]:
    start = value.lstrip(_SPACE)[:3].upper()
    if start.startswith("{"):
        yield value
    elif start.startswith(("%", "+")):
        try:
            yield _percent_decoded(value)
            # Only tools that do not follow RFC 3986 write a space as "+"; AWS writes "%20".
            if "+" in value:
                yield unquote_plus(value, errors="strict")
        except UnicodeDecodeError:
            return


def keep_ambiguous_documents_as_text(entry: Any) -> list[tuple[tuple[str | int, ...], str]]:
    """Replace, in a freshly decoded entry, each document that could mean two things by its JSON text.

    Returns (path to the document, why) for each.
    """
    changed: list[tuple[tuple[str | int, ...], str]] = []
    to_see: list[tuple[tuple[str | int, ...], Any]] = [((), entry)]
    while to_see:
        path, value = to_see.pop()
        members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for key, member in members:
            if not isinstance(member, dict | list):
                continue
            if key in _DOCUMENT_KEYS:
                why = ambiguity(member)
                if why:
                    value[key] = _as_text(member)
                    changed.append(((*path, key), why))
            elif len(path) < 8:  # AWS's own deepest: InstanceProfileList[0].Roles[0].AssumeRolePolicyDocument
                to_see.append(((*path, key), member))
    return changed


def _as_text(document: Any) -> str:
    # With an indentation json prints by recursion in Python, without one in C, which goes deeper.
    text = json.dumps(document, ensure_ascii=False, indent=None if is_too_deep(document) else 2)
    return text.encode(errors="backslashreplace").decode()
