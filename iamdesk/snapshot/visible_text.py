"""Makes text of a file, or a file's name, safe for use in a sentence."""


def visible(text: str, limit: int = 80) -> str:
    """Return the text on one line, at most ``limit`` characters long, with every unseen character as an escape.

    Unseen are controls, line breaks, bidi and zero-width marks, and bytes of a file name that are not UTF-8.
    """
    shown = text if len(text) <= limit else text[: limit - 1] + "…"
    if shown.isprintable():
        return shown
    return "".join(character if character.isprintable() else _escape(character) for character in shown)


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
