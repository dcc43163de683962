"""Reminders to reviewers: an e-mail (``.eml``) and a calendar entry (``.ics``) for each, as files. Nothing is sent."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime

from iamdesk.escaping import visible
from iamdesk.i18n import nphrase, phrase
from iamdesk.review.parts import PartProgress


def reminders(
    title: str, parts: Iterable[PartProgress], today: date, addresses: Mapping[str, str]
) -> Mapping[str, bytes]:
    """Return the reminders for parts with items open, by file name.

    Args:
        title: What the review is called.
        parts: How far each part is.
        today: By which parts are overdue.
        addresses: E-mail addresses by reviewer; a name that is an address needs none.
    """
    found: dict[str, bytes] = {}
    for part in parts:
        if part.open and not part.problem:
            stem = part.file.rpartition(".")[0]
            found[f"{stem}.eml"] = bytes(_message(title, part, today, addresses))
            if part.due is not None:
                found[f"{stem}.ics"] = _event(title, part, part.due)
    return found


def _subject(title: str, part: PartProgress, today: date) -> str:
    words = phrase("Overdue: {title}", title=title) if part.is_overdue(today) else title
    return nphrase(
        "{title}: 1 item awaits your decision",
        "{title}: {count:,} items await your decision",
        part.open,
        title=words,
    )


def _message(title: str, part: PartProgress, today: date, addresses: Mapping[str, str]) -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = visible(_subject(title, part, today))
    people = [_address(one, addresses) for one in (part.reviewer, *part.delegates)]
    if to := ", ".join(filter(None, people)):
        message["To"] = to
    if part.backup and part.is_overdue(today) and (backup := _address(part.backup, addresses)):
        message["Cc"] = backup
    message["Date"] = format_datetime(datetime.now(UTC))
    due = phrase("Due on {day}.", day=part.due.isoformat()) if part.due else phrase("No due date.")
    message.set_content(
        "\n".join(
            (
                phrase("Hello {name},", name=visible(part.reviewer)),
                "",
                phrase(
                    "{open:,} of {items:,} items of the access review “{title}” await your decision.",
                    open=part.open,
                    items=part.items,
                    title=visible(title),
                ),
                due,
                phrase("Your part is the file {file}. Open it with iamdesk.", file=visible(part.file)),
            )
        )
    )
    return message


def _address(name: str, addresses: Mapping[str, str]) -> str:
    """Return an address that a header can hold; empty where there is none."""
    address = addresses.get(name, name)
    is_plain = address.count("@") == 1 and all(char.isalnum() or char in "@._+-" for char in address)
    return address if is_plain and address.isascii() else ""


def _event(title: str, part: PartProgress, due: date) -> bytes:
    """Return an all-day entry (RFC 5545) for the due day."""
    summary = phrase("Access review due: {title}", title=visible(title))
    lines = (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//iamdesk//review//EN",
        "BEGIN:VEVENT",
        f"UID:{part.part_id}@iamdesk",
        f"DTSTAMP:{datetime.now(UTC):%Y%m%dT%H%M%SZ}",
        f"DTSTART;VALUE=DATE:{due:%Y%m%d}",
        f"DTEND;VALUE=DATE:{due + timedelta(days=1):%Y%m%d}",
        f"SUMMARY:{_escaped(summary)}",
        f"DESCRIPTION:{_escaped(visible(part.file))}",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    )
    return "\r\n".join(map(_folded, lines)).encode()


def _escaped(text: str) -> str:
    for char in "\\;,":
        text = text.replace(char, f"\\{char}")
    return text


def _folded(line: str) -> str:
    """Return a line in pieces of at most 75 bytes, as calendars want them."""
    pieces, piece = [], ""
    for char in line:
        if len((piece + char).encode()) > 74:
            pieces.append(piece)
            piece = ""
        piece += char
    return "\r\n ".join((*pieces, piece))
