"""``iamdesk describe``: the page of one principal or resource, as text or JSON."""

from collections.abc import Iterator
from itertools import chain
from typing import Annotated, Any

import typer

from iamdesk.api import SnapshotSession, Workbench
from iamdesk.cli import executor, options
from iamdesk.cli.errors import fail
from iamdesk.cli.output import echo, echo_err, echo_json
from iamdesk.viewmodel.pages import TITLES, PageSection, Part, parts_of
from iamdesk.viewmodel.tree import NodeKind


def describe(
    snapshot: options.SnapshotPath,
    key: Annotated[str, typer.Argument(metavar="ARN", help="User, role, group or resource.", show_default=False)],
    output_format: options.OutputFormat = options.Format.TEXT,
) -> None:
    """Describe a principal or a resource, as its page in the window does.

    A principal: whether it is or becomes an administrator, the data that it reaches, who can assume it, what runs with
    it, its last use, identical and nearly identical principals. A resource: who can do what on it, external access, AWS
    services, its encryption key. At most eight lines of each section are printed, with the number of all.
    """
    opened = Workbench().open_snapshot(snapshot)
    subject = opened.subject(key)
    parts = parts_of(subject.kind) if subject is not None else ()
    if subject is None or not parts:
        fail(f"the snapshot has no user, role, group or resource {key}")
    with executor.executor(opened, helped=True) as helpers:
        made = _resource(opened, key) if subject.kind is NodeKind.RESOURCE else _principal(opened, key, helpers)
        found = {section.part: section for section in made}
    sections = [found[part] for part in parts if part in found]
    if output_format is options.Format.JSON:
        echo_json({"Key": key, "Kind": subject.kind.value, "Sections": [_to_section(one) for one in sections]})
        return
    echo(key)
    for section in sections:
        _print(section)
    echo_err("1 section" if len(sections) == 1 else f"{len(sections):,} sections")


def _resource(opened: SnapshotSession, key: str) -> Iterator[PageSection]:
    return opened.resource_page(key)


def _principal(opened: SnapshotSession, key: str, helpers: Any) -> Iterator[PageSection]:
    return chain(opened.principal_page(key), opened.principal_escalation(key, executor=helpers))


def _print(section: PageSection) -> None:
    if section.part is Part.SENTENCE:
        echo(f"  {section.note}")
        return
    echo()
    count = f" ({section.count:,})" if section.count else ""
    echo(f"{TITLES[section.part]}{count}")
    for line in section.lines:
        echo(f"  {line.text}: {line.detail}" if line.detail else f"  {line.text}")
    more = section.count - len(section.lines)
    if more > 0:
        echo(f"  and {more:,} more")
    if section.note:
        echo(f"  {section.note}")


def _to_section(section: PageSection) -> dict[str, Any]:
    return {
        "Section": section.part.value,
        "Title": TITLES[section.part],
        "Count": section.count or len(section.lines),
        "Note": section.note or None,
        "Lines": [
            {"Text": line.text, "Detail": line.detail or None, "Key": line.key or None} for line in section.lines
        ],
    }
