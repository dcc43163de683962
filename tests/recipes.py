"""The code that the recipes of CONTRIBUTING.md print: tests run it."""

import re
from pathlib import Path
from textwrap import dedent

_PAGE = Path(__file__).parent.parent / "CONTRIBUTING.md"


def recipe(title: str) -> list[str]:
    """Return the blocks of Python under a heading: ``recipe("a check")``."""
    page = _PAGE.read_text(encoding="utf-8")
    _, _, section = page.partition(f"\n## Recipe: {title}\n")
    return [
        dedent(block) for block in re.findall(r"^ *```python\n(.*?)^ *```$", section.partition("\n## ")[0], re.M | re.S)
    ]
