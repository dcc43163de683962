"""Text from a snapshot, made so that a reader sees every character of it.

A name may hold characters that nobody sees or that turn the order of what is read (controls, bidi marks, zero width,
lone surrogates). In a report they are written as escapes (``\\u202e``), as in the policies that iamdesk shows: the text
cannot mislead, no importer breaks on it, and nothing is lost.
"""

import re

# Controls, soft hyphen, fillers that paint nothing, zero width, bidi controls, line separators, tags, lone surrogates.
_SEEN_AS_ESCAPE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def visible(text: str) -> str:
    """Return the text on one line, with every unseen character as an escape."""
    return _SEEN_AS_ESCAPE.sub(_escape, text)


def json_escaped(json_text: str) -> str:
    r"""Return printed JSON with the unseen characters of its strings as ``\uXXXX``: the values stay what they are.

    Line breaks between elements stay; a control character never stands raw inside a JSON string.
    """
    return _SEEN_AS_ESCAPE.sub(_escape_in_json, json_text)


def _escape_in_json(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code < 0x20:
        return found[0]
    if code < 0x10000:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"
