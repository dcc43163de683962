"""Reads a folder or archive of many files: each by its path or structure; the results are merged."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel

from iamdesk.errors import SnapshotError
from iamdesk.escaping import visible_start
from iamdesk.i18n import phrase
from iamdesk.progress import WorkCancelled, never_cancelled, no_progress
from iamdesk.snapshot.account_details import AccountFacts
from iamdesk.snapshot.assembly import snapshot_of
from iamdesk.snapshot.authorization_details import Page, free_gradually, read_pages
from iamdesk.snapshot.build.account import (
    ArnsByName,
    account_facts_of,
    account_settings_of,
    arns_by_name,
    resource_shares_of,
    vpc_endpoints_of,
)
from iamdesk.snapshot.build.identity_center import identity_centers_of
from iamdesk.snapshot.build.organization import organization_of
from iamdesk.snapshot.build.resources import Resources
from iamdesk.snapshot.build.workloads import workloads_of
from iamdesk.snapshot.build_catalog import Cataloguing, ReadTask, Share, read_ahead
from iamdesk.snapshot.bundle import (
    DETAILS,
    Bundle,
    add_output,
    compare_with_manifest,
    known_place,
    note_details,
    read_manifest,
    read_part,
)
from iamdesk.snapshot.catalog import AccountEntry, Catalogue, Directory, Frame, with_aliases
from iamdesk.snapshot.cli_commands import COMMANDS
from iamdesk.snapshot.command_output import Output, read_output, values_of
from iamdesk.snapshot.detect import (
    Recognised,
    describe,
    only_one,
    place_by_content,
    recognised,
    refined,
    shape_of,
    without_subject,
)
from iamdesk.snapshot.file_walk import LAID_OUT, FoundFile
from iamdesk.snapshot.json_stream import JsonWalk, ValueTooLargeError
from iamdesk.snapshot.layout import MANIFEST, Place
from iamdesk.snapshot.manifest import Manifest
from iamdesk.snapshot.merge_pages import FilePages, Gathered, gather
from iamdesk.snapshot.model import Account, Snapshot
from iamdesk.snapshot.partial import PartialSnapshot, first_accounts, is_worth_showing
from iamdesk.snapshot.problems import Problem
from iamdesk.snapshot.resources import Resource
from iamdesk.snapshot.text_source import ReadSoFar, SourceText
from iamdesk.snapshot.third_party import IamCollect, iamspy_resources
from iamdesk.snapshot.third_party import Place as ForeignPlace
from iamdesk.snapshot.third_party import place_of as foreign_place_of

_MAX_LOOSE = 64 << 20  # bytes of a file whose shape is looked at


@dataclass(slots=True)
class _Reading:
    """What was read so far."""

    read: ReadSoFar
    bundle: Bundle = field(init=False)
    sources: dict[str, SourceText] = field(default_factory=dict)
    """Files that were read, by path below the bundle's top folder."""
    contents: list[FilePages] = field(default_factory=list)
    refused: SnapshotError | None = None
    """Why the first file could not be read as a snapshot."""
    loose: dict[str, tuple[SourceText, SnapshotError]] = field(default_factory=dict)
    """Files that are neither of a layout nor authorization details, and what is wrong with them as such; by path."""
    collected: IamCollect = field(init=False)
    spied: list[Resource] = field(default_factory=list)
    cataloguing: Cataloguing | None = None
    """Where it is given, it takes the accounts that are read, and only what is short of them is kept."""

    def __post_init__(self) -> None:
        self.bundle = Bundle(ask=self.read.ask)
        self.collected = IamCollect(self.bundle)

    def pages_of(self, source: SourceText) -> list[Page]:
        """Return the pages of a file of authorization details.

        Raises:
            SnapshotError: as `read_pages`.
            WorkCancelled: the work was cancelled.
        """
        return (
            read_pages(JsonWalk(source), source.name) if self.cataloguing is None else self.cataloguing.pages_of(source)
        )

    def take(self, path: str, source: SourceText, pages: list[Page]) -> None:
        """Take the pages of a file of authorization details."""
        content = FilePages(path.rpartition("/")[0], pages)
        if self.cataloguing is not None:
            self.cataloguing.take(source, content)
        self.contents.append(content)


def read_many_files(
    root: Path,
    files: Sequence[FoundFile],
    problems: Sequence[Problem],
    read: ReadSoFar,
    arrived: Callable[[PartialSnapshot], None] | None = None,
) -> Snapshot:
    """Read the files of a folder or archive; ``arrived`` is given the first accounts where much is left to read.

    Raises:
        SnapshotError: none of them is a readable snapshot.
        WorkCancelled: the work was cancelled.
    """
    reading = _Reading(read)
    try:
        return _read_all(root, files, problems, reading, arrived)
    except WorkCancelled:
        _free(reading)
        raise


def read_catalogue(
    root: Path, files: Sequence[FoundFile], problems: Sequence[Problem], read: ReadSoFar, share: Share | None = None
) -> Catalogue | None:
    """Read the files of a folder or archive, and keep a summary of each account.

    With ``share``, several processes read. None if another tool wrote it, whose many small files form an account
    together.

    Raises:
        SnapshotError: none of them is a readable snapshot.
        WorkCancelled: the work was cancelled.
    """
    top = _top_of(files)
    if any(foreign_place_of(file.inner.removeprefix(top)) is not None for file in files):
        return None
    by_name = {file.inner: file for file in files}
    reading = _Reading(read)
    cataloguing = reading.cataloguing = Cataloguing(by_name.__getitem__, read)
    if share is not None:
        tasks = list(_tasks(root, top, files))
        cataloguing.ahead = zip(tasks, share(read_ahead, tasks), strict=True)
    _read_files(root, files, reading, None)
    gathered, entries, places = cataloguing.finish(reading.contents)

    def arns() -> ArnsByName:
        return {
            (entry.account_id, kind, named.name): named.arn
            for entry in entries
            for kind, listed in (("user", entry.users), ("group", entry.groups), ("role", entry.roles))
            for named in listed
        }

    frame, aliases = _put_together(root, reading, problems, gathered, entries, arns)
    entries = with_aliases(entries, aliases)
    return Catalogue(Frame(frame, Directory(root, places, entries)), entries)


def _tasks(root: Path, top: str, files: Sequence[FoundFile]) -> Iterator[ReadTask]:
    """Yield the files that hold authorization details, or may."""
    for file in files:
        path = file.inner.removeprefix(top)
        known = known_place(path)
        if known is None and path != MANIFEST:
            yield ReadTask(root, file.inner, "")
        elif known is not None and (known[0].service, known[0].command) == DETAILS:
            yield ReadTask(root, file.inner, known[1].account)


def _read_all(
    root: Path,
    files: Sequence[FoundFile],
    problems: Sequence[Problem],
    reading: _Reading,
    arrived: Callable[[PartialSnapshot], None] | None,
) -> Snapshot:
    _read_files(root, files, reading, arrived)
    gathered = gather(reading.contents, reading.read)
    _free(reading)
    accounts = gathered.accounts
    snapshot, _ = _put_together(root, reading, problems, gathered, accounts, lambda: arns_by_name(accounts))
    return snapshot


def _read_files(
    root: Path, files: Sequence[FoundFile], reading: _Reading, arrived: Callable[[PartialSnapshot], None] | None
) -> None:
    read = reading.read
    top = _top_of(files)
    paths = {file.inner.removeprefix(top): file for file in files}
    if MANIFEST in paths and (top or any(known_place(path) for path in paths)):
        source = SourceText(paths.pop(MANIFEST), read)
        read_manifest(source, reading.bundle)
        reading.sources[MANIFEST] = source
    for path, file in paths.items():
        _read_file(reading, path, SourceText(file, read))
        if arrived is not None and is_worth_showing(read, reading.contents):
            arrived(first_accounts(root, reading.contents, paths, read))
            arrived = None  # once: each time would take a part of the reading again
    accounts = only_one(page.home[1] for content in reading.contents for page in content.pages if page.home)
    for path, (source, error) in reading.loose.items():
        if not _read_loose(reading, path, source, accounts):
            reading.refused = reading.refused or error
            reading.bundle.report(source.name, error.beside(source.name))
    collected = reading.collected.pages()
    if collected:
        reading.contents.append(FilePages("aws", collected))
    compare_with_manifest(reading.bundle, reading.sources)
    if not reading.contents:
        raise _no_account(root, files, reading)


def _top_of(files: Sequence[FoundFile]) -> str:
    """Return the folder that contains the whole bundle, with its ``/``; empty if there is none."""
    tops = {file.inner.partition("/")[0] for file in files}
    if not LAID_OUT.isdisjoint(tops):
        return ""
    around = {file.inner.split("/")[0] for file in files if not LAID_OUT.isdisjoint(file.inner.split("/")[1:2])}
    return f"{around.pop()}/" if len(around) == 1 and tops <= around else ""


def _no_account(root: Path, files: Sequence[FoundFile], reading: _Reading) -> SnapshotError:
    if reading.refused and len(files) == 1:
        return reading.refused
    shown = visible_start(str(root), 300)
    if reading.bundle.captures:
        return SnapshotError(
            phrase(
                "{shown}: it contains no readable output of `aws iam get-account-authorization-details`, "
                "so there are no principals",
                shown=shown,
            )
        )
    return SnapshotError(
        phrase(
            "{shown}: none of its {count} files is a readable snapshot; of the first, {refused}",
            shown=shown,
            count=len(files),
            refused=reading.refused,
        )
    )


def _read_file(reading: _Reading, path: str, source: SourceText) -> None:
    foreign = foreign_place_of(path)
    if foreign is not None:
        _read_foreign(reading, path, source, foreign)
        return
    known = known_place(path)
    if known is not None:
        call, place = known
        if (call.service, call.command) == DETAILS:
            _read_details(reading, path, source, place)
        else:
            read_part(source, path, call, place, reading.bundle)
        reading.sources[path] = source
        return
    try:
        pages = reading.pages_of(source)
    except SnapshotError as error:
        reading.loose[path] = source, error
        return
    reading.take(path, source, pages)
    reading.sources[path] = source


def _read_foreign(reading: _Reading, path: str, source: SourceText, place: ForeignPlace) -> None:
    try:
        values = list(values_of(JsonWalk(source)))
    except SnapshotError as error:
        reading.bundle.report(source.name, error.beside(source.name))
        return
    except ValueTooLargeError as error:
        reading.bundle.report(source.name, *error.args)
        return
    reading.sources[path] = source
    if values:
        reading.collected.add(place, values[0], source.name)


def _read_spied(reading: _Reading, path: str, source: SourceText) -> bool:
    """Read IAMSpy's resource file."""
    try:
        (values,) = values_of(JsonWalk(_again(source)))
    except (SnapshotError, ValueTooLargeError, ValueError):
        return False
    reading.bundle.report(source.name, phrase("read as a resource file of IAMSpy, by its structure"))
    reading.spied += iamspy_resources(values, reading.bundle, source.name)
    reading.sources[path] = source
    return True


def _read_loose(reading: _Reading, path: str, source: SourceText, only_account: str) -> bool:
    """Read a file by its structure; False if the structure is unknown or ambiguous."""
    if source.file.size > _MAX_LOOSE:
        return False
    again = _again(source)
    try:
        shape = shape_of(JsonWalk(again))
        if shape is None:
            return False
        if shape.is_list and {"Resource", "Policy"} <= shape.keys:
            return _read_spied(reading, path, source)
        found = recognised(shape.keys)
        if found is None:
            what = without_subject(shape.keys)
            if what is not None:
                where = phrase("move it to its place in the layout of a bundle (bundle.md in the guide)")
                reading.bundle.report(source.name, phrase("this is {what}; {where}", what=phrase(what), where=where))
            return what is not None
        output = _output_of(source, found)
        if not output.pages:
            return False
        exact = refined(found, output.pages[0])
        if exact != found:
            output = _output_of(source, exact)
        place = place_by_content(exact, output.pages[0], only_account) if output.pages else None
    except SnapshotError:
        return False
    if place is None:
        reading.bundle.report(
            source.name, phrase("{exact}; it does not name its account, so it was ignored", exact=describe(exact))
        )
        return True
    reading.bundle.report(source.name, describe(exact))
    add_output(reading.bundle, path, place, output)
    reading.sources[path] = source
    return True


def _output_of(source: SourceText, found: Recognised) -> Output[BaseModel]:
    return read_output(JsonWalk(_again(source)), source.name, COMMANDS[found.service, found.command].model)


def _again(source: SourceText) -> SourceText:
    """Return the same file to be read once more, without counting its bytes again."""
    return SourceText(source.file, ReadSoFar(no_progress, never_cancelled, 0))


def _read_details(reading: _Reading, path: str, source: SourceText, place: Place) -> None:
    problem = ""
    try:
        pages = reading.pages_of(source)
    except SnapshotError as error:
        problem = error.beside(source.name)
        reading.refused = reading.refused or error
        reading.bundle.report(source.name, problem)
    else:
        homes = {page.home[1] for page in pages if page.home}
        others = sorted(homes - {place.account})
        if others:
            message = phrase(
                "the path says account {account}, but the entries are of {others}",
                account=place.account,
                others=visible_start(", ".join(others)),
            )
            reading.bundle.report(source.name, message)
        for page in pages:
            page.home = page.home or ("aws", place.account)
        reading.take(path, source, pages)
    note_details(path, place, reading.bundle, problem)


def _put_together(
    root: Path,
    reading: _Reading,
    problems: Sequence[Problem],
    gathered: Gathered,
    held: Sequence[Account] | Sequence[AccountEntry],
    arns: Callable[[], ArnsByName],
) -> tuple[Snapshot, dict[str, str]]:
    """Return the snapshot with the accounts that were gathered, and the aliases of all that are held, by account."""
    bundle = reading.bundle
    partitions: Mapping[str, str] = {account.account_id: account.partition for account in held}
    resources = Resources(bundle, partitions)
    found = _all_resources(resources.gathered(), reading)
    facts = account_facts_of(bundle, partitions, arns)
    aliases = {known.account_id: known.alias for known in facts if known.alias}
    accounts = tuple(
        account.model_copy(update={"alias": aliases[account.account_id]}) if account.account_id in aliases else account
        for account in gathered.accounts
    )
    more = {
        "organization": organization_of(bundle) or reading.collected.organization(),
        "resources": found,
        "account_settings": account_settings_of(bundle, resources.canonical_ids()),
        "vpc_endpoints": vpc_endpoints_of(bundle),
        "identity_centers": identity_centers_of(bundle),
        "account_facts": facts,
        "resource_shares": resource_shares_of(bundle),
        "workloads": workloads_of(bundle),
        "manifest": bundle.manifest,
        "captures": tuple(bundle.captures[path] for path in sorted(bundle.captures)),
    }
    moments = [moment for moment in (gathered.latest, *_moments(bundle.manifest, facts)) if moment is not None]
    gathered = replace(gathered, accounts=accounts, latest=max(moments, default=None))
    reading.read.ask()
    sources = list(reading.sources.values())
    return snapshot_of(root, sources, gathered, (*problems, *bundle.problems), **more), aliases


def _free(reading: _Reading) -> None:
    """Give up what was read of each entry, now that accounts hold it, bit by bit.

    Left to the end it would be freed all at once (`incremental_free`).
    """
    for content in reading.contents:
        free_gradually(content.pages)


def _moments(manifest: Manifest | None, facts: Sequence[AccountFacts]) -> Iterator[datetime | None]:
    """Yield the times of the capture and of its reports."""
    if manifest is not None:
        yield manifest.started_at
    for known in facts:
        yield known.credential_report.known_at if known.credential_report else None
        for report in known.last_accessed or ():
            yield report.job_creation_date


def _all_resources(found: Sequence[Resource], reading: _Reading) -> tuple[Resource, ...]:
    """Return the resources, each once: the bundle's own before what another tool left."""
    by_arn = {resource.arn: resource for resource in found}
    for resource in (*reading.collected.resources(), *reading.spied):
        by_arn.setdefault(resource.arn, resource)
    return tuple(by_arn.values())
