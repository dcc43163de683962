"""HTML pages from the templates in ``resources/report``: no scripts or requests, all values escaped and visible."""

from typing import Any

import jinja2
from markupsafe import Markup

from iamdesk.escaping import visible
from iamdesk.resource_files import resources


def page_environment() -> jinja2.Environment:
    """Return the environment of a page; filters and globals can be added."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(resources() / "report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _finalize(value: Any) -> Any:
    """Make all characters of a text visible; markup of the template is not changed."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value
