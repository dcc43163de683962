"""Pages, from however many files, made into accounts: every entity once, in the account that its ARN names."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from iamdesk.snapshot.authorization_details import LISTS, AccountKey, Entity, Page, Read, account_of
from iamdesk.snapshot.model import Account, BrokenEntry, ManagedPolicyDetail, RoleDetail
from iamdesk.snapshot.problems import Problem
from iamdesk.snapshot.source import ReadSoFar
from iamdesk.snapshot.visible import visible

UNKNOWN: AccountKey = ("aws", "unknown")
"""Where entries stand when nothing in their file, nor beside it, tells an account."""

_FIELDS = {"UserDetailList": "users", "GroupDetailList": "groups", "RoleDetailList": "roles", "Policies": "policies"}


@dataclass(frozen=True, slots=True)
class FilePages:
    """The pages of one file."""

    folder: str
    """The folder that the file lies in: pages that name no account belong to the account beside them."""
    pages: Sequence[Page]


@dataclass(frozen=True, slots=True)
class Gathered:
    """All accounts of a snapshot."""

    accounts: tuple[Account, ...]
    problems: tuple[Problem, ...]
    latest: datetime | None


@dataclass(slots=True)
class _Growing:
    """One account, while pages are added to it."""

    entities: dict[str, dict[str, tuple[Page, Read]]] = field(default_factory=lambda: {name: {} for name in LISTS})
    """By list name and ARN."""
    broken: list[BrokenEntry] = field(default_factory=list)
    last_pages: list[Page] = field(default_factory=list)
    """Of each file, the last page that is of this account."""


def gather(files: Sequence[FilePages], read: ReadSoFar) -> Gathered:
    """Make accounts of pages: an entity on two pages stands once; of two that differ the first is kept and it is told.

    Raises:
        WorkCancelled: nobody wants it any more.
    """
    _settle_homes(files)
    growing: dict[AccountKey, _Growing] = {}
    problems: list[Problem] = []
    latest: datetime | None = None
    aws_policies: dict[str, Entity] = {}
    for file in files:
        for page in file.pages:
            read.ask()
            home = page.home or UNKNOWN
            problems += page.problems
            for list_name, reads in page.entities.items():
                for entry in reads:
                    key = entry.account or home
                    account = growing.get(key) or growing.setdefault(key, _Growing())
                    if entry.account is None:
                        entry = _shared(entry, aws_policies)  # noqa: PLW2901 - the same entry, held once
                    known = account.entities[list_name].setdefault(entry.entity.arn, (page, entry))
                    if known[1] is not entry:
                        problems += _difference(list_name, known, (page, entry))
                        continue
                    for moment in _moments(entry.entity):
                        latest = moment if latest is None or moment > latest else latest
            for broken in page.broken:
                problems += broken.problems
                growing.setdefault(account_of(broken.arn) or home, _Growing()).broken.append(broken)
            growing.setdefault(home, _Growing())
        for key, last in {page.home or UNKNOWN: page for page in file.pages}.items():
            growing[key].last_pages.append(last)
    accounts = []
    for key in sorted(growing, key=lambda key: (key[1], key[0])):
        finished, missing = _finish(key, growing[key])
        accounts.append(finished)
        problems += missing
    return Gathered(tuple(accounts), tuple(problems), latest)


def _settle_homes(files: Sequence[FilePages]) -> None:
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
                    page.problems.append(page.problem((), "nothing here tells which account this is of"))


def _homes(files: Sequence[FilePages]) -> list[AccountKey]:
    found = {page.home: None for file in files for page in file.pages}
    return [home for home in found if home not in (None, UNKNOWN)]


def _shared(entry: Read, known: dict[str, Entity]) -> Read:
    """Return the entry with the policy of AWS that another account holds just so: one object for all accounts."""
    entity = known.setdefault(entry.entity.arn, entry.entity)
    return Read(entry.index, entry.account, entity) if entity == entry.entity else entry


def _difference(list_name: str, kept: tuple[Page, Read], again: tuple[Page, Read]) -> Iterator[Problem]:
    if kept[1].entity != again[1].entity:
        page, entry = again
        first = kept[0].problem((list_name, kept[1].index), "")
        where = first.json_path if first.file == page.file else f"{first.file}: {first.json_path}"
        message = f"`{visible(entry.entity.arn, 200)}` stands at {where} too, and differs; the first was kept"
        yield page.problem((list_name, entry.index), message)


def _moments(entity: Entity) -> Iterator[datetime]:
    if entity.create_date:
        yield entity.create_date
    if isinstance(entity, RoleDetail):
        if entity.role_last_used and entity.role_last_used.last_used_date:
            yield entity.role_last_used.last_used_date
        for profile in entity.instance_profile_list:
            if profile.create_date:
                yield profile.create_date
    elif isinstance(entity, ManagedPolicyDetail):
        if entity.update_date:
            yield entity.update_date
        for version in entity.policy_version_list:
            if version.create_date:
                yield version.create_date


def _finish(key: AccountKey, growing: _Growing) -> tuple[Account, list[Problem]]:
    lists: dict[str, Any] = {
        _FIELDS[name]: tuple(entry.entity for _, entry in entities.values())
        for name, entities in growing.entities.items()
    }
    is_truncated = bool(growing.last_pages) and all(page.has_more for page in growing.last_pages)
    problems = []
    if is_truncated:
        message = f"more pages of account {visible(key[1])} follow this one; the snapshot does not hold them"
        problems.append(growing.last_pages[-1].problem(("IsTruncated",), message))
    account = Account(
        partition=key[0], account_id=key[1], broken=tuple(growing.broken), is_truncated=is_truncated, **lists
    )
    return account, problems
