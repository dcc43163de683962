"""The statement as a self-contained HTML file: no scripts or requests, all values escaped."""

from functools import cache
from typing import Any

import jinja2

from iamdesk.escaping import visible
from iamdesk.export.evidence.report_model import Statement
from iamdesk.resource_files import resources


def render_html(statement: Statement) -> bytes:
    """Return the statement as an HTML page in UTF-8."""
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
    """Make all characters of a text visible."""
    return visible(value) if isinstance(value, str) else value
