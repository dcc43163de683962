"""Write the drawing of the layers that the guide shows on the page "How iamdesk decides".

python packaging/layers_picture.py            # writes resources/help/images/layers.svg
python packaging/layers_picture.py --print    # prints it instead
"""

import sys
from pathlib import Path

PICTURE = Path(__file__).resolve().parents[1] / "resources" / "help" / "images" / "layers.svg"
_GATES = (
    ("Deny?", "in any policy", "no statement", "forbids it"),
    ("RCP", "the resource's", "organization", "does not forbid it"),
    ("SCP", "the caller's", "organization", "allows, each level"),
    ("Granted", "by identity policy", "or resource policy;", "across accounts, both"),
    ("Boundary", "of the user", "or role", "must allow, if set"),
    ("Session", "policy passed with", "the session", "must allow, if set"),
)
_WIDTH, _GAP, _TOP, _HEIGHT = 122, 14, 50, 96


def _words(x: int, y: int, size: int, colour: str, words: str, style: str = "") -> str:
    return f'<text x="{x}" y="{y}" font-family="sans-serif" font-size="{size}" fill="{colour}"{style}>{words}</text>'


_BOLD = ' font-weight="bold"'
_CENTRED = ' text-anchor="middle"'


def picture() -> str:
    """Return the drawing as SVG: gates in a row, an arrow through them, and where a request ends that is stopped."""
    total = 20 + len(_GATES) * (_WIDTH + _GAP) + 96
    middle = _TOP + _HEIGHT // 2
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{total}" height="222" viewBox="0 0 {total} 222">',
        f'<rect x="0" y="0" width="{total}" height="222" rx="8" fill="#ffffff"/>',
        _words(20, 30, 13, "#1b1f24", "A request passes every gate", _BOLD),
        f'<line x1="10" y1="{middle}" x2="{total - 84}" y2="{middle}" stroke="#0b6b3a" stroke-width="3"/>',
    ]
    for number, (name, *lines) in enumerate(_GATES):
        left = 20 + number * (_WIDTH + _GAP)
        edge = "#a1131a" if number == 0 else "#2b5ea8"
        parts.append(
            f'<rect x="{left}" y="{_TOP}" width="{_WIDTH}" height="{_HEIGHT}" rx="6" fill="#f7f8fa" '
            f'stroke="{edge}" stroke-width="2"/>'
        )
        center = left + _WIDTH // 2
        parts.append(_words(center, _TOP + 24, 14, edge, name, _BOLD + _CENTRED))
        parts += [_words(center, _TOP + 46 + 17 * row, 11, "#1b1f24", line, _CENTRED) for row, line in enumerate(lines)]
        down = "#a1131a" if number == 0 else "#7a3b00"
        parts.append(
            f'<line x1="{center}" y1="{_TOP + _HEIGHT}" x2="{center}" y2="168" stroke="{down}" stroke-width="2"/>'
        )
    last = 20 + (len(_GATES) - 1) * (_WIDTH + _GAP) + _WIDTH
    second = 20 + _WIDTH + _GAP
    parts += [
        f'<polygon points="{total - 84},{middle - 8} {total - 70},{middle} {total - 84},{middle + 8}" fill="#0b6b3a"/>',
        _words(total - 66, middle + 5, 13, "#0b6b3a", "Allowed", _BOLD),
        f'<rect x="20" y="168" width="{_WIDTH}" height="36" rx="6" fill="#fbe9e9" stroke="#a1131a"/>',
        _words(20 + _WIDTH // 2, 183, 11, "#a1131a", "Denied ·", _CENTRED),
        _words(20 + _WIDTH // 2, 197, 11, "#a1131a", "explicit deny", _CENTRED),
        f'<rect x="{second}" y="168" width="{last - second}" height="36" rx="6" fill="#fbeedd" stroke="#7a3b00"/>',
        _words(
            (second + last) // 2, 190, 12, "#7a3b00", "Denied · implicit deny (the answer names the gate)", _CENTRED
        ),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    if "--print" in sys.argv:
        sys.stdout.write(picture())
    else:
        PICTURE.write_text(picture(), encoding="utf-8")
