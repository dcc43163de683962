"""Builds a catalogue: reads each file of authorization details once, and keeps a summary of it.

The result equals that of reading all files at once (`accounts.gather`): if an account is in several files, or a page
does not name its account, those files are read again, together.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from iamdesk.errors import SnapshotError
from iamdesk.i18n import phrase
from iamdesk.memory import gc_paused
from iamdesk.progress import Cancelled, no_progress
from iamdesk.snapshot.authorization_details import AccountKey, Page, free_gradually, read_pages
from iamdesk.snapshot.catalog import AccountEntry, AccountFiles, ReadFile, entry_of, opened_files
from iamdesk.snapshot.file_walk import FoundFile
from iamdesk.snapshot.json_stream import JsonWalk
from iamdesk.snapshot.merge_pages import FilePages, Gathered, gather, in_order, settle_homes
from iamdesk.snapshot.problems import Problem
from iamdesk.snapshot.text_source import ReadSoFar, SourceText


@dataclass(frozen=True, slots=True)
class Digest:
    """What is kept of files that were read together."""

    entries: tuple[AccountEntry, ...]
    problems: tuple[Problem, ...]
    unfinished: tuple[Problem, ...]
    latest: datetime | None


class ReadTask(NamedTuple):
    """One file that is read for a catalogue, perhaps in another process."""

    root: Path
    inner: str
    account: str
    """The account in its path; empty if there is none."""


@dataclass(frozen=True, slots=True)
class ReadAhead:
    """What is kept of a file that was read in another process."""

    inner: str
    pages: list[Page]
    """Stripped."""
    digest: Digest | None
    size: int
    sha256: str
    has_grown: bool


type Share = Callable[
    [Callable[[ReadTask, Cancelled], ReadAhead | None], Sequence[ReadTask]], Iterator[ReadAhead | None]
]
"""Shares tasks out between processes: gives what the function returns for each, in order."""


def read_ahead(task: ReadTask, cancelled: Cancelled) -> ReadAhead | None:
    """Read a file for a catalogue; None if it is not authorization details, which the next reader reports.

    Raises:
        WorkCancelled: ``cancelled`` returned True.
    """
    read = ReadSoFar(no_progress, cancelled, 0)
    with gc_paused():
        try:
            with opened_files(task.root) as open_file:
                source = SourceText(open_file(task.inner), read)
                pages = read_pages(JsonWalk(source), source.name)
        except (SnapshotError, OSError, KeyError):
            return None
        source.hash_whole()
        homes = [page.home for page in pages]
        for page in pages:
            page.home = page.home or (("aws", task.account) if task.account else None)
        content = FilePages(task.inner.rpartition("/")[0], pages)
        digest = digest_of([content], read) if all(page.home is not None for page in pages) else None
        _strip(content)
        for page, home in zip(pages, homes, strict=True):
            page.home = home
    return ReadAhead(task.inner, pages, digest, source.size, source.sha256, source.has_grown)


@dataclass(slots=True)
class _Taken:
    """One file."""

    inner: str
    name: str
    size: int
    sha256: str
    digest: Digest | None
    """None: it must be read again, because the account of a page is unknown."""


@dataclass(slots=True)
class Cataloguing:
    """The files of authorization details that were read so far."""

    find: Callable[[str], FoundFile]
    read: ReadSoFar
    ahead: Iterator[tuple[ReadTask, ReadAhead | None]] = field(default_factory=lambda: iter(()))
    """Files that are read in other processes, in the order in which they are come upon."""
    _next: tuple[ReadTask, ReadAhead | None] | None = None
    _digests: dict[str, Digest | None] = field(default_factory=dict)
    _taken: list[_Taken] = field(default_factory=list)

    def pages_of(self, source: SourceText) -> list[Page]:
        """Return the pages of a file: read now, or in another process.

        Raises:
            SnapshotError: as `read_pages`.
            WorkCancelled: the work was cancelled.
        """
        if self._next is None:
            self._next = next(self.ahead, None)
        if self._next is not None and self._next[0].inner == source.file.inner:
            found, self._next = self._next[1], None
            if found is not None:
                source.size, source.sha256, source.has_grown = found.size, found.sha256, found.has_grown
                self.read.add(found.size)
                self._digests[found.inner] = found.digest
                return found.pages
        return read_pages(JsonWalk(source), source.name)

    def take(self, source: SourceText, content: FilePages) -> None:
        """Keep what is short of a file that was read; its pages are left without their contents."""
        source.hash_whole()
        inner = source.file.inner
        if inner in self._digests:
            digest = self._digests.pop(inner)
        else:
            is_placed = all(page.home is not None for page in content.pages)
            digest = digest_of([content], self.read) if is_placed else None
            _strip(content)
        self._taken.append(_Taken(inner, source.name, source.size, source.sha256, digest))

    def finish(self, heads: Sequence[FilePages]) -> tuple[Gathered, tuple[AccountEntry, ...], tuple[AccountFiles, ...]]:
        """Return what all files amount to (without accounts), the accounts in order, and what each is read from.

        ``heads`` are the pages of the files that were taken, in the same order.

        Raises:
            SnapshotError: a file that has to be read again cannot be, or was changed meanwhile.
            WorkCancelled: the work was cancelled.
        """
        settle_homes(heads)
        digests = [taken.digest or self._read_again([number], heads) for number, taken in enumerate(self._taken)]
        together = _together([{(one.partition, one.account_id) for one in digest.entries} for digest in digests])
        places: list[AccountFiles] = []
        entries: list[AccountEntry] = []
        problems: list[Problem] = []
        unfinished: list[tuple[AccountKey, Problem]] = []
        moments: list[datetime] = []
        for place, numbers in enumerate(together):
            digest = digests[numbers[0]] if len(numbers) == 1 else self._read_again(numbers, heads)
            places.append(AccountFiles(tuple([self._as_read(number, heads[number]) for number in numbers])))
            entries += [replace(entry, place=place) for entry in digest.entries]
            problems += digest.problems
            truncated = [(entry.partition, entry.account_id) for entry in digest.entries if entry.is_truncated]
            unfinished += zip(truncated, digest.unfinished, strict=True)
            moments += [digest.latest] if digest.latest is not None else []
        order = {taken.name: number for number, taken in enumerate(self._taken)}
        problems.sort(key=lambda problem: order[problem.file])  # as they were come upon
        unfinished.sort(key=lambda one: in_order(one[0]))
        entries.sort(key=lambda entry: in_order((entry.partition, entry.account_id)))
        last = tuple([problem for _, problem in unfinished])
        return Gathered((), tuple(problems), max(moments, default=None), last), tuple(entries), tuple(places)

    def _read_again(self, numbers: Sequence[int], heads: Sequence[FilePages]) -> Digest:
        """Read files again, together: the account of each page is now known."""
        contents: list[FilePages] = []
        for number in numbers:
            taken, head = self._taken[number], heads[number]
            source = SourceText(self.find(taken.inner), ReadSoFar(no_progress, self.read.is_cancelled, 0))
            pages = read_pages(JsonWalk(source), source.name)
            source.hash_whole()
            if source.sha256 != taken.sha256:
                raise source.error(phrase("was changed while it was read: open it again"))
            for page, known in zip(pages, head.pages, strict=True):
                page.home = known.home
                page.problems += known.problems
            contents.append(FilePages(head.folder, pages))
        digest = digest_of(contents, self.read)
        for content in contents:
            free_gradually(content.pages)
        return digest

    def _as_read(self, number: int, content: FilePages) -> ReadFile:
        taken = self._taken[number]
        homes = tuple(page.home for page in content.pages if page.home is not None)
        return ReadFile(taken.inner, content.folder, homes, taken.size, taken.sha256)


def digest_of(contents: Sequence[FilePages], read: ReadSoFar) -> Digest:
    """Return the kept parts of files for which the account of every page is known.

    Raises:
        WorkCancelled: the work was cancelled.
    """
    gathered = gather(contents, read)
    entries = tuple([entry_of(account) for account in gathered.accounts])
    return Digest(entries, gathered.problems, gathered.unfinished, gathered.latest)


def _strip(content: FilePages) -> None:
    """Keep of a file's pages what identifies their account."""
    free_gradually(content.pages)
    for page in content.pages:
        page.broken.clear()
        page.problems.clear()


def _together(accounts: Sequence[set[AccountKey]]) -> list[list[int]]:
    """Return the files, by number, that have to be read together: those with an account in common, and so on."""
    group_of: dict[AccountKey, list[int]] = {}
    groups: list[list[int]] = []
    for number, keys in enumerate(accounts):
        joined = [number]
        for group in {id(one): one for key in keys if (one := group_of.get(key)) is not None}.values():
            groups.remove(group)
            joined += group
        joined.sort()
        groups.append(joined)
        for member in joined:
            group_of.update(dict.fromkeys(accounts[member], joined))
    return sorted(groups)
