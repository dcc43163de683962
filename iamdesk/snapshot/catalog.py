"""A snapshot of many accounts as a catalogue: its accounts, and the files that each is loaded from on demand.

Organizations can be larger than memory. A catalogue keeps what is small (files and their digests, names, problems, and
everything that belongs to no single account); the users, groups, roles and policies of an account are read again when
they are needed, and the least recently used ones are dropped.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from pydantic import PrivateAttr

from iamdesk.errors import SnapshotError
from iamdesk.escaping import visible_start
from iamdesk.i18n import join_messages, phrase
from iamdesk.memory import OF_ACCOUNT, gc_paused
from iamdesk.progress import Cancelled, never_cancelled, no_progress
from iamdesk.snapshot.archive import files_of_archive, is_archive
from iamdesk.snapshot.authorization_details import AccountKey, Page, read_pages
from iamdesk.snapshot.file_walk import FoundFile, found_file, reason
from iamdesk.snapshot.json_stream import JsonWalk
from iamdesk.snapshot.merge_pages import FilePages, Gathered, gather
from iamdesk.snapshot.model import Account, GroupDetail, RoleDetail, Snapshot, UserDetail
from iamdesk.snapshot.text_source import ReadSoFar, SourceText
from iamdesk.snapshot.trusting_roles import ANYONE, TrustingRole, trusting_roles

DEFAULT_MEMORY = 900 << 20
"""Default limit of bytes for details of accounts in one process: with the program itself and the names of a thousand
accounts, a gigabyte."""
PER_BYTE = 3
"""Bytes of memory for each byte of a file, its policies parsed and indexed (measured: 2.2 read, 2.7 after sweeps)."""


class Named(NamedTuple):
    """A user, group, role or policy, as far as a catalogue knows it."""

    arn: str
    name: str


class BrokenNamed(NamedTuple):
    """An entry that is not as AWS prints it."""

    list_name: str
    name: str
    arn: str | None


@dataclass(frozen=True, slots=True)
class AccountEntry:
    """What a catalogue knows of an account without reading it."""

    account_id: str
    partition: str
    alias: str | None
    is_truncated: bool
    users: tuple[Named, ...]
    groups: tuple[Named, ...]
    roles: tuple[Named, ...]
    policies: tuple[Named, ...]
    """The managed policies in its own file, including AWS managed policies."""
    broken: tuple[BrokenNamed, ...]
    carried: tuple[str, ...]
    """ARNs of the managed policies of AWS that its entries name."""
    lacking: tuple[str, ...]
    """ARNs of managed policies that its entries name and its own file does not hold."""
    missing_groups: tuple[str, ...]
    """Names of groups that its users are in and its file does not hold."""
    trusting: tuple[TrustingRole, ...]
    """Its roles that principals of other accounts may assume."""
    place: int
    """Which `AccountFiles` of the catalogue it is read from."""

    @property
    def principals(self) -> int:
        """How many can make requests: the root user, users and roles."""
        return 1 + len(self.users) + len(self.roles)


class ReadFile(NamedTuple):
    """One file of authorization details, and how it was read."""

    inner: str
    """Below what was opened, with ``/``."""
    folder: str
    homes: tuple[AccountKey, ...]
    """The account that each of its pages is of."""
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class AccountFiles:
    """Files that have to be read together: an account in several files, or several accounts in one."""

    files: tuple[ReadFile, ...]

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(file.size for file in self.files)


def entry_of(account: Account, place: int = 0) -> AccountEntry:
    """Return what a catalogue keeps of an account."""
    attached: dict[str, None] = {}
    bearers: tuple[UserDetail | RoleDetail, ...] = (*account.users, *account.roles)
    entities: tuple[UserDetail | RoleDetail | GroupDetail, ...] = (*bearers, *account.groups)
    for entity in entities:
        attached.update(dict.fromkeys(policy.policy_arn for policy in entity.attached_managed_policies))
    for bearer in bearers:
        if bearer.permissions_boundary is not None:
            attached[bearer.permissions_boundary.permissions_boundary_arn] = None
    policies = tuple([Named(policy.arn, policy.policy_name) for policy in account.policies])
    held = {policy.arn for policy in policies}
    groups = {group.group_name for group in account.groups}
    members = [name for user in account.users for name in user.group_list]
    return AccountEntry(
        account_id=account.account_id,
        partition=account.partition,
        alias=account.alias,
        is_truncated=account.is_truncated,
        users=tuple([Named(user.arn, user.user_name) for user in account.users]),
        groups=tuple([Named(group.arn, group.group_name) for group in account.groups]),
        roles=tuple([Named(role.arn, role.role_name) for role in account.roles]),
        policies=policies,
        broken=tuple([BrokenNamed(entry.list_name, entry.name, entry.arn) for entry in account.broken]),
        carried=tuple([arn for arn in attached if _is_aws_managed(arn)]),
        lacking=tuple([arn for arn in attached if arn not in held]),
        missing_groups=tuple(dict.fromkeys(name for name in members if name not in groups)),
        trusting=tuple(trusting_roles(account)),
        place=place,
    )


def _is_aws_managed(arn: str) -> bool:
    return arn.split(":", 5)[4:5] == ["aws"]


class Directory:
    """Loads the accounts of a snapshot on demand. Safe to call from several threads at once.

    It is small beside the snapshot: of entities it holds only roles that other accounts may assume. It can be sent to
    another process.
    """

    def __init__(self, path: Path, places: Sequence[AccountFiles], entries: Iterable[AccountEntry]) -> None:
        self._path = path
        self._places = places
        self._of_account: dict[str, tuple[int, ...]] = {}
        self._aliases: dict[tuple[str, str], str] = {}
        lacking: set[str] = set()
        entries = tuple(entries)
        for entry in entries:
            known = self._of_account.get(entry.account_id, ())
            self._of_account[entry.account_id] = tuple(dict.fromkeys((*known, entry.place)))
            if entry.alias is not None:
                self._aliases[entry.partition, entry.account_id] = entry.alias
            lacking.update(entry.lacking)
        self._lenders: dict[str, str] = {}
        """Of AWS's policies, and of those that some account names and does not hold: the first that holds them."""
        for entry in entries:
            for policy in entry.policies:
                if policy.arn in lacking or _is_aws_managed(policy.arn):
                    self._lenders.setdefault(policy.arn, entry.account_id)
        self.open_roles = tuple(one for entry in entries for one in entry.trusting)
        """The roles that principals of other accounts may assume; elsewhere each is named by its number here."""
        self._trusting: dict[str, list[int]] = {}
        """By account ID or unique ID of a principal, or `ANYONE`: the roles that may trust it."""
        for number, one in enumerate(self.open_roles):
            for name in one.trusted:
                self._trusting.setdefault(name, []).append(number)
        self.broken_arns = frozenset(one.arn for entry in entries for one in entry.broken if one.arn is not None)
        self._prepare()

    def _prepare(self) -> None:
        self._kept: OrderedDict[int, tuple[Account, ...]] = OrderedDict()
        self._lock = threading.RLock()
        self._unpacked: dict[int, RoleDetail] = {}
        """Of the roles that other accounts may assume: those that were asked about."""

    def __getstate__(self) -> dict[str, object]:
        state = dict(self.__dict__)
        del state["_kept"], state["_lock"], state["_unpacked"]
        return state

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state)
        self._prepare()

    @property
    def account_ids(self) -> Collection[str]:
        """The accounts of the snapshot, in its order."""
        return self._of_account.keys()

    def size_of(self, account_id: str) -> int:
        """Return the bytes on disk that are read for an account."""
        return sum(self._places[place].size for place in self._of_account.get(account_id, ()))

    def lender_of(self, policy_arn: str) -> str | None:
        """Return the first account whose file contains a managed policy that is not read from its own account.

        That is an AWS managed policy, or one that an account names and does not contain; None for others.
        """
        return self._lenders.get(policy_arn)

    def trusting(self, names: Iterable[str]) -> Collection[int]:
        """Return which `open_roles` may trust some account IDs or unique IDs, or anyone; possibly too many."""
        return {number for name in (*names, ANYONE) for number in self._trusting.get(name, ())}

    def open_role(self, number: int) -> RoleDetail:
        """Return one of the `open_roles`, without its policies."""
        with self._lock:
            role = self._unpacked.get(number)
            if role is None:
                if len(self._unpacked) >= _MAX_UNPACKED:
                    self._unpacked.clear()
                role = self._unpacked[number] = self.open_roles[number].unpacked()
            return role

    def accounts(self, account_id: str, cancelled: Cancelled = never_cancelled) -> tuple[Account, ...]:
        """Return an account, read from its files; two, where two partitions have an account of that id.

        Raises:
            SnapshotError: a file can no longer be read, or was changed since the snapshot was opened.
            WorkCancelled: ``cancelled`` returned True.
        """
        found = [
            account
            for place in self._of_account.get(account_id, ())
            for account in self._read(place, cancelled)
            if account.account_id == account_id
        ]
        return tuple(sorted(found, key=lambda account: account.partition))

    def _read(self, place: int, cancelled: Cancelled) -> tuple[Account, ...]:
        with self._lock:
            kept = self._kept.get(place)
            if kept is not None:
                self._kept.move_to_end(place)
                return kept
            with gc_paused(OF_ACCOUNT), opened_files(self._path) as open_file:
                read = ReadSoFar(no_progress, cancelled, 0)
                gathered = read_again(self._places[place].files, open_file, read)
            accounts = tuple(map(self._with_alias, gathered.accounts))
            self._kept[place] = accounts
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
            return accounts

    def _with_alias(self, account: Account) -> Account:
        alias = self._aliases.get((account.partition, account.account_id))
        return account if alias is None else account.model_copy(update={"alias": alias})


_PER_ENTRY = 1_000
"""Bytes of files that an entry counts as whose account is in memory anyway: its policies are indexed for a third of
what reading them takes (`PER_BYTE`)."""


class _HeldAccounts(Directory):
    """The accounts of a snapshot that is in memory."""

    def __init__(self, snapshot: Snapshot, entries: Iterable[AccountEntry]) -> None:
        super().__init__(snapshot.path, (), entries)
        self._accounts: dict[str, tuple[Account, ...]] = {}
        for account in snapshot.accounts:
            self._accounts[account.account_id] = (*self._accounts.get(account.account_id, ()), account)

    def size_of(self, account_id: str) -> int:
        """Return what the account counts as, in bytes of files."""
        return _PER_ENTRY * sum(
            len(account.users) + len(account.groups) + len(account.roles) + len(account.policies)
            for account in self._accounts.get(account_id, ())
        )

    def accounts(self, account_id: str, cancelled: Cancelled = never_cancelled) -> tuple[Account, ...]:  # noqa: ARG002
        """Return an account; two, where two partitions have an account of that id."""
        return self._accounts.get(account_id, ())


_MAX_UNPACKED = 4096
"""Cached roles that other accounts may assume: four kilobytes each."""
_KEPT = 4
"""Number of places whose accounts are cached; a caller that needs them for longer keeps a reference."""


@contextmanager
def opened_files(path: Path) -> Iterator[Callable[[str], FoundFile]]:
    """Yield a function that finds a file of a snapshot by its relative path; it works while the context is open."""
    if path.is_dir():
        yield lambda inner: found_file(path / inner, inner)
    elif is_archive(path):
        with files_of_archive(path, []) as files:
            by_name = {file.inner: file for file in files}
            yield by_name.__getitem__
    else:
        yield lambda inner: found_file(path, inner)


def read_again(files: Sequence[ReadFile], open_file: Callable[[str], FoundFile], read: ReadSoFar) -> Gathered:
    """Return what files that were read before hold.

    Raises:
        SnapshotError: one cannot be read, or is not as it was.
        WorkCancelled: the work was cancelled.
    """
    contents = [FilePages(file.folder, _pages_again(file, open_file, read)) for file in files]
    return gather(contents, read)


def _pages_again(file: ReadFile, open_file: Callable[[str], FoundFile], read: ReadSoFar) -> list[Page]:
    try:
        source = SourceText(open_file(file.inner), read)
    except (OSError, KeyError) as error:
        why = reason(error) if isinstance(error, OSError) else phrase("it no longer exists")
        what = phrase("cannot be read: {error}", error=why)
        raise SnapshotError(join_messages(": ", (visible_start(file.inner, 200), what)), what) from error
    pages = read_pages(JsonWalk(source), source.name)
    source.hash_whole()
    if source.sha256 != file.sha256 or len(pages) != len(file.homes):
        raise source.error(phrase("was changed since the snapshot was opened: open it again"))
    for page, home in zip(pages, file.homes, strict=True):
        page.home = home
    return pages


class SnapshotPart(Snapshot):
    """Some accounts of a snapshot, with everything in it that belongs to no single account.

    Its results are those of the whole snapshot: the other accounts are read when they matter.
    """

    _directory: Directory = PrivateAttr()

    @property
    def directory(self) -> Directory:
        """Reads the accounts that this part does not hold."""
        return self._directory


@dataclass(frozen=True, slots=True)
class Frame:
    """The content of a snapshot other than its accounts, and where these are loaded from: the base of a part."""

    snapshot: Snapshot
    """Without accounts."""
    directory: Directory

    def part(self, *account_ids: str, cancelled: Cancelled = never_cancelled) -> SnapshotPart:
        """Return the part that holds these accounts; none: the part in which every account is read when it matters.

        Raises:
            SnapshotError: a file can no longer be read, or was changed since the snapshot was opened.
            WorkCancelled: ``cancelled`` returned True.
        """
        accounts = tuple(
            account for one in sorted(set(account_ids)) for account in self.directory.accounts(one, cancelled)
        )
        # Not validated again: thousands of parts share what is of no single account.
        part = SnapshotPart.model_construct(**(dict(self.snapshot) | {"accounts": accounts}))
        part._directory = self.directory
        return part


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All accounts of a snapshot, unread, and everything that is of none of them."""

    frame: Frame
    entries: tuple[AccountEntry, ...]
    """In the snapshot's order."""

    @property
    def path(self) -> Path:
        """What was opened."""
        return self.frame.snapshot.path

    @property
    def principals(self) -> int:
        """How many can make requests, in all accounts together."""
        return sum(entry.principals for entry in self.entries)


def catalogue_of(snapshot: Snapshot) -> Catalogue:
    """Return the catalogue of a snapshot that is in memory: questions about one account need not index the others."""
    entries = tuple([entry_of(account) for account in snapshot.accounts])
    frame = Frame(snapshot.model_copy(update={"accounts": ()}), _HeldAccounts(snapshot, entries))
    return Catalogue(frame, entries)


def with_aliases(entries: Iterable[AccountEntry], aliases: dict[str, str]) -> tuple[AccountEntry, ...]:
    """Return entries with the aliases of the accounts that have one."""
    return tuple(
        replace(entry, alias=aliases[entry.account_id]) if entry.account_id in aliases else entry for entry in entries
    )
