"""A folder or archive of many files: each is read by what its path or its shape says, then put together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from iamdesk.snapshot.account_files import (
    account_facts_of,
    account_settings_of,
    resource_shares_of,
    vpc_endpoints_of,
)
from iamdesk.snapshot.accounts import FilePages, gather
from iamdesk.snapshot.assembly import snapshot_of
from iamdesk.snapshot.authorization_details import read_pages
from iamdesk.snapshot.bundle import (
    DETAILS,
    Bundle,
    compare_with_manifest,
    known_place,
    note_details,
    read_manifest,
    read_part,
)
from iamdesk.snapshot.errors import SnapshotError
from iamdesk.snapshot.found_files import LAID_OUT, FoundFile
from iamdesk.snapshot.identity_center_files import identity_centers_of
from iamdesk.snapshot.layout import MANIFEST, Place
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.organization_files import organization_of
from iamdesk.snapshot.problems import Problem
from iamdesk.snapshot.resource_files import Resources
from iamdesk.snapshot.source import ReadSoFar, SourceText
from iamdesk.snapshot.stream import JsonWalk
from iamdesk.snapshot.visible import visible


@dataclass(slots=True)
class _Reading:
    """What was read so far."""

    read: ReadSoFar
    bundle: Bundle = field(default_factory=Bundle)
    sources: dict[str, SourceText] = field(default_factory=dict)
    """Files that were read, by path below the bundle's top folder."""
    contents: list[FilePages] = field(default_factory=list)
    refused: SnapshotError | None = None
    """Why the first file that is no snapshot is none."""


def read_many_files(root: Path, files: Sequence[FoundFile], problems: Sequence[Problem], read: ReadSoFar) -> Snapshot:
    """Read the files of a folder or archive.

    Raises:
        SnapshotError: none of them is a readable snapshot.
        WorkCancelled: nobody wants it any more.
    """
    top = _top_of(files)
    reading = _Reading(read)
    paths = {file.inner.removeprefix(top): file for file in files}
    if MANIFEST in paths and (top or any(known_place(path) for path in paths)):
        source = SourceText(paths.pop(MANIFEST), read)
        read_manifest(source, reading.bundle)
        reading.sources[MANIFEST] = source
    for path, file in paths.items():
        _read_file(reading, path, SourceText(file, read))
    compare_with_manifest(reading.bundle, reading.sources)
    if not reading.contents:
        raise _nobody(root, files, reading)
    return _put_together(root, reading, problems)


def _top_of(files: Sequence[FoundFile]) -> str:
    """Return the folder that stands around a whole bundle, with its ``/``; empty where there is none."""
    tops = {file.inner.partition("/")[0] for file in files}
    if not LAID_OUT.isdisjoint(tops):
        return ""
    around = {file.inner.split("/")[0] for file in files if not LAID_OUT.isdisjoint(file.inner.split("/")[1:2])}
    return f"{around.pop()}/" if len(around) == 1 and tops <= around else ""


def _nobody(root: Path, files: Sequence[FoundFile], reading: _Reading) -> SnapshotError:
    if reading.refused and len(files) == 1:
        return reading.refused
    shown = visible(str(root), 300)
    if reading.bundle.captures:
        return SnapshotError(
            f"{shown}: it holds no readable output of `aws iam get-account-authorization-details`, "
            "and so nobody to ask about"
        )
    return SnapshotError(
        f"{shown}: none of its {len(files)} files is a readable snapshot; of the first, {reading.refused}"
    )


def _read_file(reading: _Reading, path: str, source: SourceText) -> None:
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
        pages = read_pages(JsonWalk(source), source.name)
    except SnapshotError as error:
        reading.refused = reading.refused or error
        reading.bundle.tell(source.name, str(error).removeprefix(f"{source.name}: "))
        return
    reading.contents.append(FilePages(path.rpartition("/")[0], pages))
    reading.sources[path] = source


def _read_details(reading: _Reading, path: str, source: SourceText, place: Place) -> None:
    trouble = ""
    try:
        pages = read_pages(JsonWalk(source), source.name)
    except SnapshotError as error:
        trouble = str(error).removeprefix(f"{source.name}: ")
        reading.refused = reading.refused or error
        reading.bundle.tell(source.name, trouble)
    else:
        homes = {page.home[1] for page in pages if page.home}
        others = sorted(homes - {place.account})
        if others:
            message = f"the path says account {place.account}, but the entries are of {visible(', '.join(others))}"
            reading.bundle.tell(source.name, message)
        for page in pages:
            page.home = page.home or ("aws", place.account)
        reading.contents.append(FilePages(path.rpartition("/")[0], pages))
    note_details(path, place, reading.bundle, trouble)


def _put_together(root: Path, reading: _Reading, problems: Sequence[Problem]) -> Snapshot:
    bundle = reading.bundle
    gathered = gather(reading.contents, reading.read)
    partitions: Mapping[str, str] = {account.account_id: account.partition for account in gathered.accounts}
    resources = Resources(bundle, partitions)
    found = resources.gathered()
    facts = account_facts_of(bundle, gathered.accounts)
    aliases = {known.account_id: known.alias for known in facts if known.alias}
    accounts = tuple(
        account.model_copy(update={"alias": aliases[account.account_id]}) if account.account_id in aliases else account
        for account in gathered.accounts
    )
    more = {
        "organization": organization_of(bundle),
        "resources": found,
        "account_settings": account_settings_of(bundle, resources.canonical_ids()),
        "vpc_endpoints": vpc_endpoints_of(bundle),
        "identity_centers": identity_centers_of(bundle),
        "account_facts": facts,
        "resource_shares": resource_shares_of(bundle),
        "manifest": bundle.manifest,
        "captures": tuple(bundle.captures[path] for path in sorted(bundle.captures)),
    }
    gathered = replace(gathered, accounts=accounts)
    return snapshot_of(root, list(reading.sources.values()), gathered, (*problems, *bundle.problems), **more)
