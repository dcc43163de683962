"""The statement as a self-contained HTML file."""

from functools import cache

import jinja2

from iamdesk.export.evidence.report_model import Statement
from iamdesk.export.files.html_page import page_environment


def render_html(statement: Statement) -> bytes:
    """Return the statement as an HTML page in UTF-8."""
    return _template().render(doc=statement).encode()


@cache
def _template() -> jinja2.Template:
    return page_environment().get_template("review.html.j2")
