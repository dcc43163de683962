"""Escapes untrusted text so that a reader sees every character of it.

A name may contain characters that are invisible or reorder text (controls, bidi marks, zero width, lone surrogates).
Wherever text from a snapshot is shown they are written as escapes (``\\u202e``): it cannot mislead, it breaks no
importer, and nothing is lost.
"""

import re

# Controls, soft hyphen, blank fillers, zero width, bidi controls, line separators, tags, lone surrogates.
UNSEEN = (
    "\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff\U000e0000-\U000e0fff"
)
"""Invisible characters except the line break, for use in a character class of a pattern."""
_UNSEEN_LINE = re.compile(f"[\n{UNSEEN}]")
_UNSEEN_LINES = re.compile(f"[{UNSEEN}]")


def visible(text: str) -> str:
    """Return the text as one line in which every character is visible: ``\\u000a`` for a line break.

    Trailing white space is escaped, too, since it would be invisible.
    """
    return with_visible_end(_UNSEEN_LINE.sub(_escape, text))


def visible_start(text: str, limit: int = 80) -> str:
    """Return the start of a text for a sentence: one line of at most ``limit`` characters, all of them visible.

    Spaces other than the usual one are escaped, too, and bytes of a file name that are not UTF-8.
    """
    shown = text if len(text) <= limit else text[: limit - 1] + "…"
    if shown.isprintable():
        return shown
    return "".join(character if character.isprintable() else _escaped(character) for character in shown)


def with_visible_end(text: str) -> str:
    """Return the text with trailing white space escaped: for names in a sentence."""
    seen = text.rstrip()
    return text if len(seen) == len(text) else seen + "".join(map(_escaped, text[len(seen) :]))


def visible_lines(text: str) -> str:
    """Return the text with its line breaks kept and every other invisible character escaped."""
    return _UNSEEN_LINES.sub(_escape, text)


def visible_json(json_text: str) -> str:
    r"""Return JSON text with the invisible characters of its strings as ``\uXXXX``: the values do not change.

    Space between elements stays; a control character never occurs unescaped in a JSON string.
    """
    if json_text.isascii() and "\x7f" not in json_text:  # nearly all text
        return json_text
    return _UNSEEN_LINES.sub(_escape_in_json, json_text)


def _escape(found: re.Match[str]) -> str:
    return _escaped(found[0])


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _escape_in_json(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code < 0x20:
        return found[0]
    if code < 0x10000:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"
