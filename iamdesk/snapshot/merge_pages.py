"""Pages, from however many files, made into accounts: every entity once, in the account that its ARN names."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from iamdesk.escaping import visible_start
from iamdesk.i18n import phrase
from iamdesk.memory import free_incrementally
from iamdesk.progress import WorkCancelled
from iamdesk.snapshot.authorization_details import LISTS, AccountKey, Entity, Page, Read, account_of
from iamdesk.snapshot.model import Account, BrokenEntry, ManagedPolicyDetail, RoleDetail
from iamdesk.snapshot.problems import Problem
from iamdesk.snapshot.repeated import named_once
from iamdesk.snapshot.text_source import ReadSoFar

UNKNOWN: AccountKey = ("aws", "unknown")
"""Key of entries whose account is unknown."""

_FIELDS = {"UserDetailList": "users", "GroupDetailList": "groups", "RoleDetailList": "roles", "Policies": "policies"}


@dataclass(frozen=True, slots=True)
class FilePages:
    """The pages of one file."""

    folder: str
    """The folder of the file: pages without an account belong to the other account in it."""
    pages: Sequence[Page]


@dataclass(frozen=True, slots=True)
class Gathered:
    """All accounts of a snapshot."""

    accounts: tuple[Account, ...]
    problems: tuple[Problem, ...]
    """Of entries and pages, file by file."""
    latest: datetime | None
    unfinished: tuple[Problem, ...] = ()
    """Of accounts whose last page says that more follow, account by account."""


@dataclass(slots=True)
class _Growing:
    """One account, while pages are added to it."""

    entities: dict[str, dict[str, tuple[Page, Read]]] = field(default_factory=lambda: {name: {} for name in LISTS})
    """By list name and ARN."""
    broken: list[BrokenEntry] = field(default_factory=list)
    last_pages: list[Page] = field(default_factory=list)
    """The last page of each file about this account."""


def gather(files: Sequence[FilePages], read: ReadSoFar) -> Gathered:
    """Merge pages into accounts. Of an entity on two pages the first is kept; if they differ, a problem is added.

    Raises:
        WorkCancelled: the work was cancelled.
    """
    growing: dict[AccountKey, _Growing] = defaultdict(_Growing)
    try:
        return _gather(files, growing, read)
    except WorkCancelled:
        for account in growing.values():
            for entries in account.entities.values():
                small = list(entries.values())
                entries.clear()
                free_incrementally(small)
        raise


def _gather(files: Sequence[FilePages], growing: dict[AccountKey, _Growing], read: ReadSoFar) -> Gathered:
    settle_homes(files)
    problems: list[Problem] = []
    moments: list[datetime] = []
    aws_policies: dict[str, Entity] = {}
    for file in files:
        last_pages: dict[AccountKey, Page] = {}
        for page in file.pages:
            home = page.home or UNKNOWN
            last_pages[home] = page
            problems += page.problems
            for list_name, reads in page.entities.items():
                for number, entry in enumerate(reads):
                    if not number % 1000:
                        read.ask()
                    key = entry.account or home
                    if entry.account is None:
                        entry = _shared(entry, aws_policies)  # noqa: PLW2901 - the same entry, held once
                    elif key != home:
                        last_pages.setdefault(key, file.pages[-1])
                    entity, twice = named_once(entry.entity)
                    if twice:
                        where = (list_name, entry.position)
                        problems += [page.problem((*where, *inner), message) for inner, message in twice]
                        entry = Read(entry.position, entry.account, entity)  # noqa: PLW2901 - the same, without these
                    if not entity.arn.isprintable():
                        message = phrase("the ARN contains characters that IAM names cannot contain")
                        problems.append(page.problem((list_name, entry.position, "Arn"), message))
                    known = growing[key].entities[list_name].setdefault(entry.entity.arn, (page, entry))
                    if known[1] is not entry:
                        problems += _difference(list_name, known, (page, entry))
                        continue
                    moments += moments_of(entry.entity)
            for broken in page.broken:
                problems += broken.problems
                growing[account_of(broken.arn) or home].broken.append(broken)
            moments = [max(moments)] if moments else []
        for key, last in last_pages.items():
            growing[key].last_pages.append(last)
    accounts = []
    unfinished: list[Problem] = []
    for key in sorted(growing, key=in_order):
        read.ask()
        finished, missing = _finish(key, growing.pop(key))  # account by account: to let go of all takes long
        accounts.append(finished)
        unfinished += missing
    return Gathered(tuple(accounts), tuple(problems), max(moments, default=None), tuple(unfinished))


def in_order(key: AccountKey) -> tuple[str, str]:
    """Return what the accounts of a snapshot are sorted by."""
    return key[1], key[0]


def settle_homes(files: Sequence[FilePages]) -> None:
    """Give each page without an account the account of the page before it, after it, or alone beside its file."""
    for file in files:
        for ordered in (file.pages, file.pages[::-1]):
            home = None
            for page in ordered:
                page.home = home = page.home or home
    everywhere = _homes(files)
    for file in files:
        if any(page.home is None for page in file.pages):
            beside = _homes([other for other in files if other.folder == file.folder])
            alone = beside if len(beside) == 1 else everywhere if len(everywhere) == 1 else [UNKNOWN]
            for page in file.pages:
                page.home = alone[0]
                if page.home is UNKNOWN:
                    page.problems.append(page.problem((), phrase("the account of this file is unknown")))


def _homes(files: Sequence[FilePages]) -> list[AccountKey]:
    found = {page.home: None for file in files for page in file.pages}
    return [home for home in found if home not in (None, UNKNOWN)]


def _shared(entry: Read, known: dict[str, Entity]) -> Read:
    """Return the entry with the equal AWS managed policy of another account: one object for all accounts."""
    entity = known.setdefault(entry.entity.arn, entry.entity)
    return Read(entry.position, entry.account, entity) if entity == entry.entity else entry


def _difference(list_name: str, kept: tuple[Page, Read], again: tuple[Page, Read]) -> Iterator[Problem]:
    if kept[1].entity != again[1].entity:
        page, entry = again
        first = kept[0].problem((list_name, kept[1].position), "")
        where = first.json_path if first.file == page.file else f"{first.file}: {first.json_path}"
        message = phrase(
            "`{arn}` is also at {where} with other content; the first was kept",
            arn=visible_start(entry.entity.arn, 200),
            where=where,
        )
        yield page.problem((list_name, entry.position), message)


def moments_of(entity: Entity) -> list[datetime]:
    """Return the times in an entry: when it was created, changed and last used."""
    moments = [entity.create_date]
    if isinstance(entity, RoleDetail):
        if entity.role_last_used:
            moments.append(entity.role_last_used.last_used_date)
        moments += [profile.create_date for profile in entity.instance_profile_list]
    elif isinstance(entity, ManagedPolicyDetail):
        moments.append(entity.update_date)
        moments += [version.create_date for version in entity.policy_version_list]
    return [moment for moment in moments if moment]


def _finish(key: AccountKey, growing: _Growing) -> tuple[Account, list[Problem]]:
    lists: dict[str, Any] = {
        _FIELDS[name]: tuple(entry.entity for _, entry in entities.values())
        for name, entities in growing.entities.items()
    }
    is_truncated = bool(growing.last_pages) and all(page.more_key for page in growing.last_pages)
    problems = []
    if is_truncated:
        last = growing.last_pages[-1]
        message = phrase(
            "more of account {key} follows this page; it is not in the snapshot", key=visible_start(key[1])
        )
        problems.append(last.problem((last.more_key,), message))
    account = Account(
        partition=key[0], account_id=key[1], broken=tuple(growing.broken), is_truncated=is_truncated, **lists
    )
    return account, problems
