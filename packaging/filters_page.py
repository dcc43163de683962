"""Write the page of the guide about filters: the language, and the fields of every table, made from the code.

python packaging/filters_page.py            # writes resources/help/filters.md
python packaging/filters_page.py --print    # prints it instead
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from iamdesk.export.access.heatmap import ACTION_FIELDS
from iamdesk.filter_language import Field, FieldKind, FilterFields
from iamdesk.gui.access_matrix.rows import MATRIX_FIELDS
from iamdesk.gui.attack_paths.table import FIELDS as STEP_FIELDS
from iamdesk.gui.compare.rows import FIELDS as COMPARE_FIELDS
from iamdesk.gui.external_access.rows import FIELDS as EXTERNAL_FIELDS
from iamdesk.gui.findings.fields import FIELDS as FINDINGS_FIELDS
from iamdesk.gui.history.history_table import FIELDS as HISTORY_FIELDS
from iamdesk.gui.principals.rows import FIELDS as PRINCIPAL_FIELDS
from iamdesk.gui.review.fields import FINDING_FIELDS, LINE_FIELDS
from iamdesk.gui.who_can.rows import FIELDS as WHO_CAN_FIELDS
from iamdesk.viewmodel.tree_fields import TREE_FIELDS

PAGE = Path(__file__).resolve().parents[1] / "resources" / "help" / "filters.md"
TABLES: dict[str, FilterFields[Any]] = {
    "The navigator": TREE_FIELDS,
    "Findings and causes": FINDINGS_FIELDS,
    "Review: entitlements": LINE_FIELDS,
    "Review: findings": FINDING_FIELDS,
    "Who can": WHO_CAN_FIELDS,
    "Effective permissions": ACTION_FIELDS,
    "Attack paths: steps": STEP_FIELDS,
    "Access matrix": MATRIX_FIELDS,
    "External access": EXTERNAL_FIELDS,
    "All principals": PRINCIPAL_FIELDS,
    "Compare and what-if": COMPARE_FIELDS,
    "Query history": HISTORY_FIELDS,
}
"""Every table with a filter, by its heading."""
INTRODUCTION = """\
# Tables and filters

Every table, the navigator and the access matrix are filtered in one language. They are filtered while you type.

| typed | shown |
|---|---|
| `alice prod` | rows in which both words occur, anywhere |
| `"bucket policy"` | rows with these words in this order |
| `subject:alice` | rows whose subject contains `alice` |
| `kind=user` | rows whose kind is exactly `user` |
| `severity>=high` | rows of at least this severity; `<`, `<=`, `>` and `>=` compare ordered words, numbers and dates |
| `used<2026-06` | rows last used before June 2026; a date is a year, a month or a day |
| `used:never` | rows that were never used |
| `comment=""` | rows without a comment |
| `-account:1111` | rows that do not match; `-` works before everything, also before parentheses |
| `kind:user OR kind:role` | rows that match one or the other; `OR` in capitals |
| `(kind:user OR kind:role) mfa` | parentheses group |

Upper and lower case are the same. `name:` is a field only if the table has one of that name: `s3:GetObject` and
`arn:aws:s3:::payroll` are looked for as they are. A backslash inside quotation marks makes a quotation mark or a
backslash part of the text: `"say \\"yes\\""`. A row without a value, or with an unknown one, matches no comparison:
`-used>=2026-06` shows what was not used since June, the unknown included.

If a filter is invalid, the field is red and has a cross; the line below it says why, and the table keeps the last
valid filter. The titles of *Findings* and *Who can* say how many rows of all are shown: `Findings 29 of 136`.
A warning triangle means that a word looks like a misspelled field.

**Keys and menus.** Names of fields are offered after two letters, then the values that occur (of the first 10,000
rows): Down and Enter or Tab take one. Alt+Down offers all fields. Down in the empty field lists earlier filters, Esc
clears the field, Down or Enter goes to the rows. The star in the field, or *Save this filter as a button* in its
menu, keeps a filter as a button above the table; Delete on the button removes it. The menu of a cell (right click,
the menu key or Shift+F10) has *Filter by this cell* and *Leave out this cell*; in the navigator it has *Filter by
this kind*, in the tree of causes *Filter by check*. What is below a match in the navigator is shown, too.

**Columns.** A click on a title sorts by it, Shift+click by this column among rows that are equal so far. *Columns* in
the menu of a title or cell shows, hides and moves columns; titles can be dragged, except the first. View >
*Compact rows* shows more rows at once. Ctrl+C copies the selected rows with tabs between the cells, *Copy as Markdown*
as a table with the visible columns. Columns, order, density and filters are remembered; earlier filters are forgotten
with *Clear recent files*, and not kept at all if recent snapshots are not ([Privacy](privacy.md)).
"""


def text(words: str) -> str:
    """Return words for a cell of a Markdown table."""
    return words.replace("|", "\\|")


def what(one: Field[Any]) -> str:
    """Return what a field holds."""
    words = ", ".join(f"`{word}`" for word in one.words)
    match one.kind:
        case FieldKind.RANK:
            return f"ordered words, lowest first: {words}"
        case FieldKind.WORD:
            return f"one of {words}"
    return f"{one.kind.value}; also {words}" if words else one.kind.value


def lines() -> Iterator[str]:
    """Yield the lines of the page."""
    yield INTRODUCTION
    yield "## Fields of each table"
    yield ""
    yield "The beginning of a word is enough if it is unambiguous: `severity:crit`, `kind:inline`."
    for title, fields in TABLES.items():
        yield ""
        yield f"### {title}"
        yield ""
        yield "| field | shown as | holds |"
        yield "|---|---|---|"
        for one in fields.fields:
            yield f"| `{one.name}` | {text(one.title[:1].upper() + one.title[1:])} | {text(what(one))} |"


def page() -> str:
    """Return the page."""
    return "\n".join(lines()) + "\n"


if __name__ == "__main__":
    if "--print" in sys.argv[1:]:
        sys.stdout.write(page())
    else:
        PAGE.write_text(page(), encoding="utf-8")
