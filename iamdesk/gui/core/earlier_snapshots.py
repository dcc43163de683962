"""Snapshots that may be compared with the open one: recent ones, and those beside it. No Qt."""

import gzip
import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import NamedTuple

_LOOKED_AT = 65_536
"""Characters at the beginning of a file: the AWS CLI prints the users first, each with its ARN."""
_ACCOUNT = re.compile(r"arn:aws[\w-]*:iam::(\d{12}):")
_IS_SNAPSHOT = re.compile(r'"(UserDetailList|GroupDetailList|RoleDetailList)"')
_DAY = re.compile(rb'"(?:CreateDate|UpdateDate|LastUsedDate)"\s*:\s*"(\d{4}-\d\d-\d\d)')
"""The times that the AWS CLI prints of users, groups, roles and policies."""
_DATED_UP_TO = 64 << 20
"""Bytes of a file that is read for its latest day."""
_SUFFIXES = (".json", ".json.gz")
_MAX_FILES = 300
_MOST = 8


class Earlier(NamedTuple):
    """A snapshot that may be compared with the open one."""

    path: Path
    modified: datetime
    data: str = ""
    """The latest day in its data, ISO 8601 (as `Snapshot.latest`); empty: not read, or there is none."""


def earlier_snapshots(opened: Path, accounts: Collection[str], recent: Sequence[Path]) -> tuple[Earlier, ...]:
    """Return snapshots of the same accounts as the open one, as far as can be seen at a glance; recent ones first.

    Of folders and archives the account is not read: only recent ones are listed. Files that cannot be read are not.
    """
    found: dict[Path, Earlier] = {}
    for path, is_recent in (*((one, True) for one in recent), *((one, False) for one in _beside(opened))):
        key = path.absolute()
        if key == opened.absolute() or key in found:
            continue
        with suppress(OSError, EOFError):
            if may_be_of(path, accounts, is_recent=is_recent):
                found[key] = Earlier(key, datetime.fromtimestamp(path.stat().st_mtime, UTC), latest_day(path))
        if len(found) == _MOST:
            break
    return tuple(found.values())


def latest_day(path: Path) -> str:
    """Return the latest day in a file of authorization details, ISO 8601; empty if there is none, or it is too large.

    Raises:
        OSError, EOFError: it cannot be read.
    """
    if not path.is_file() or not path.name.endswith(_SUFFIXES):
        return ""
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
        content = file.read(_DATED_UP_TO + 1)
    days = _DAY.findall(content) if len(content) <= _DATED_UP_TO else ()
    return max(days, default=b"").decode()


def _beside(opened: Path) -> Iterator[Path]:
    if not opened.is_file():
        return
    with suppress(OSError):
        files = [one for one in islice(opened.parent.iterdir(), _MAX_FILES) if one.name.endswith((".json", ".json.gz"))]
        yield from sorted(files, key=lambda one: -one.stat().st_mtime)


def may_be_of(path: Path, accounts: Collection[str], *, is_recent: bool) -> bool:
    """Return whether a file may be a snapshot of these accounts, by its beginning; ``is_recent``: it is a snapshot.

    Raises:
        OSError, EOFError: it cannot be read.
    """
    if not path.name.endswith((".json", ".gz")):
        return is_recent and path.exists()
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
        text = file.read(_LOOKED_AT).decode("utf-8", "replace")
    named = _ACCOUNT.search(text)
    if named is not None and named[1] not in accounts:
        return False
    return is_recent or _IS_SNAPSHOT.search(text) is not None
