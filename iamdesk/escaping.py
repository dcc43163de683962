"""Untrusted text made so that a reader sees every character of it.

A name may hold characters that nobody sees or that turn the order of what is read (controls, bidi marks, zero width,
lone surrogates). Wherever text from a snapshot is shown they are written as escapes (``\\u202e``): it cannot mislead,
no importer breaks on it, and nothing is lost.
"""

import re

# Controls, soft hyphen, fillers that paint nothing, zero width, bidi controls, line separators, tags, lone surrogates.
UNSEEN = (
    "\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff\U000e0000-\U000e0fff"
)
"""Characters that are not seen, but for the line break, as they stand between the brackets of a pattern."""
_UNSEEN_LINE = re.compile(f"[\n{UNSEEN}]")
_UNSEEN_LINES = re.compile(f"[{UNSEEN}]")


def visible(text: str) -> str:
    """Return the text as one line in which every character can be seen: ``\\u000a`` for a line break.

    White space at its end is escaped, too, since it could not be seen there.
    """
    return with_visible_end(_UNSEEN_LINE.sub(_escape, text))


def with_visible_end(text: str) -> str:
    """Return the text with the white space at its end written out: for names that become part of a sentence."""
    seen = text.rstrip()
    return text if len(seen) == len(text) else seen + "".join(map(_escaped, text[len(seen) :]))


def visible_lines(text: str) -> str:
    """Return the text with its line breaks kept and every other unseen character written out."""
    return _UNSEEN_LINES.sub(_escape, text)


def visible_json(json_text: str) -> str:
    r"""Return printed JSON with the unseen characters of its strings as ``\uXXXX``: the values stay what they are.

    Space between elements stays; a control character never stands raw inside a JSON string.
    """
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
