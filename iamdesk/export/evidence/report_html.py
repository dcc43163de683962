"""The statement as one HTML file: no script, no request, every value escaped; the page itself forbids the rest."""

from functools import cache
from typing import Any

import jinja2

from iamdesk.escaping import visible
from iamdesk.export.evidence.report_model import Statement
from iamdesk.resource_files import resources


def render_html(statement: Statement) -> bytes:
    """Return the statement as a page, in UTF-8."""
    return _template().render(doc=statement).encode()


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(resources() / "report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("review.html.j2")


def _finalize(value: Any) -> Any:
    """Make the characters of every text visible."""
    return visible(value) if isinstance(value, str) else value
