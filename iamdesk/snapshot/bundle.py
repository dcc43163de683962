"""Reads the files of a bundle one by one: each by the command in its path or manifest, or by its structure.

What the outputs amount to together is made by `organization`, `resources`, `account` and
`identity_center`.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from pydantic import BaseModel

from iamdesk.errors import SnapshotError
from iamdesk.escaping import visible_start
from iamdesk.i18n import phrase
from iamdesk.snapshot.call_status import Capture, CaptureState
from iamdesk.snapshot.cli_commands import CALLS, COMMANDS
from iamdesk.snapshot.command_output import Output, read_output
from iamdesk.snapshot.credential_report import CREDENTIAL_REPORT, read_report_table
from iamdesk.snapshot.json_stream import JsonWalk
from iamdesk.snapshot.layout import MANIFEST, Call, Place, Scope, place_of
from iamdesk.snapshot.manifest import VERSION, Manifest, ManifestFile
from iamdesk.snapshot.problems import Problem
from iamdesk.snapshot.text_source import SourceText

DETAILS = ("iam", "get-account-authorization-details")
_MAX_REPORTED = 100
"""Differences from the manifest that are listed individually."""


@dataclass(frozen=True, slots=True)
class Part:
    """The content of one file, and its subject."""

    place: Place
    file: str
    """What problems call the file."""
    pages: tuple[BaseModel, ...]
    is_whole: bool = True
    """Whether the output is complete: no page is missing and no part is broken."""

    @property
    def name(self) -> str:
        """The one argument of a command that takes one."""
        return "/".join(self.place.arguments)


@dataclass(slots=True)
class Bundle:
    """What a bundle's files hold, as far as they are read."""

    parts: dict[tuple[str, str], list[Part]] = field(default_factory=lambda: defaultdict(list))
    """By service and command."""
    captures: dict[str, Capture] = field(default_factory=dict)
    """By path."""
    problems: list[Problem] = field(default_factory=list)
    ask: Callable[[], None] = field(default=lambda: None)
    """Called regularly; raises `WorkCancelled` when the work was cancelled."""
    manifest: Manifest | None = None
    listed: Mapping[str, ManifestFile] = field(default_factory=dict)
    """The manifest's entries by path."""

    def of[Model: BaseModel](self, service: str, command: str, model: type[Model]) -> Iterator[tuple[Part, Model]]:
        """Yield the pages of every file that holds the output of a command, each with the file's part."""
        for number, part in enumerate(self.parts.get((service, command), ())):
            if not number % 256:
                self.ask()
            for page in part.pages:
                if isinstance(page, model):
                    yield part, page

    def is_read(self, path: str) -> bool:
        """Return whether a file was read, or AWS reported that it does not exist."""
        capture = self.captures.get(path)
        return capture is not None and capture.state in (CaptureState.READ, CaptureState.NOTHING_THERE)

    def report(self, file: str, message: str, json_path: str = "$") -> None:
        """Add a problem."""
        self.problems.append(Problem(file=file, json_path=json_path, message=message))


def known_place(path: str) -> tuple[Call, Place] | None:
    """Return the command of a path; None for a path outside the layout."""
    place = place_of(path)
    call = CALLS.get((place.service, place.command)) if place else None
    if place is None or call is None:
        return None
    if bool(place.account) is (call.scope is Scope.ORGANIZATION) or (call.scope is Scope.REGION and not place.region):
        return None
    arguments = place.arguments
    if len(call.arguments) == 1 and len(arguments) > 1:  # a name with a slash, written as a folder
        arguments = ("/".join(arguments),)
    return (call, place._replace(arguments=arguments)) if len(arguments) == len(call.arguments) else None


def read_manifest(source: SourceText, bundle: Bundle) -> None:
    """Read the manifest. A broken manifest is a problem, and the bundle opens as without one.

    Raises:
        SnapshotError: it is of a newer version, which this one would misread.
        WorkCancelled: the work was cancelled.
    """
    try:
        output = read_output(JsonWalk(source), source.name, Manifest)
    except SnapshotError as error:
        bundle.report(source.name, error.beside(source.name))
        return
    bundle.problems += output.problems
    if not output.pages:
        bundle.report(source.name, phrase("it is not the manifest of a bundle; it was ignored"))
        return
    manifest = output.pages[0]
    if manifest.version > VERSION:
        newer = phrase(
            "the bundle has version {version}, written by a newer iamdesk; this version reads {readable}",
            version=manifest.version,
            readable=VERSION,
        )
        raise source.error(newer)
    bundle.listed = {entry.path: entry for entry in manifest.files}
    bundle.manifest = manifest.model_copy(update={"files": ()})


def read_part(source: SourceText, path: str, call: Call, place: Place, bundle: Bundle) -> bool:
    """Read a file of a bundle; False if it is unreadable (a problem is added).

    ``path`` is relative to the bundle's top folder.

    Raises:
        WorkCancelled: the work was cancelled.
    """
    listed = bundle.listed.get(path)
    if listed is not None and "" in place.arguments and len(listed.arguments) == len(place.arguments):
        place = place._replace(arguments=listed.arguments)
    why = phrase("it contains nothing that can be read")
    try:
        output: Output[BaseModel] = _read(source, call, path)
    except SnapshotError as error:
        why = error.beside(source.name)
        bundle.report(source.name, why)
        output = Output(source.name)
    bundle.problems += output.problems
    is_read = bool(output.pages)
    if is_read:
        why = phrase("more follows its last page (`{more_key}`)", more_key=output.more_key) if output.more_key else ""
    state = CaptureState.UNREADABLE if why else CaptureState.READ
    bundle.captures[path] = _capture(path, call, place, state, why)
    if is_read:
        is_whole = not output.more_key and not output.broken
        part = Part(place, source.name, tuple(output.pages), is_whole)
        bundle.parts[call.service, call.command].append(part)
    return is_read


def _read(source: SourceText, call: Call, path: str) -> Output[BaseModel]:
    name = call.service, call.command
    if name == CREDENTIAL_REPORT and path.lower().endswith(".csv"):
        return read_report_table(source)
    return read_output(JsonWalk(source), source.name, COMMANDS[name].model)


def add_output(bundle: Bundle, path: str, place: Place, output: Output[BaseModel]) -> None:
    """Add an output that was recognised by its shape."""
    call = CALLS[place.service, place.command]
    bundle.problems += output.problems
    bundle.captures[path] = _capture(path, call, place, CaptureState.READ, "")
    bundle.parts[place.service, place.command].append(Part(place, output.file, tuple(output.pages)))


def note_details(path: str, place: Place, bundle: Bundle, problem: str) -> None:
    """Note that a file of authorization details was read, or what was wrong with it."""
    state = CaptureState.UNREADABLE if problem else CaptureState.READ
    bundle.captures[path] = _capture(path, CALLS[DETAILS], place, state, problem)


def _capture(path: str, call: Call, place: Place, state: CaptureState, error: str) -> Capture:
    return Capture(
        path=path,
        service=call.service,
        command=call.command,
        kind=call.kind,
        state=state,
        account_id=place.account,
        region=place.region,
        arguments=place.arguments,
        error=error,
    )


def compare_with_manifest(bundle: Bundle, sources: Mapping[str, SourceText]) -> None:
    """Note failed calls, and add a problem for each file that differs from the manifest. ``sources`` are by path."""
    differences: list[tuple[str, str]] = []
    for path, entry in bundle.listed.items():
        known = known_place(path)
        source = sources.get(path)
        if entry.error is not None and path not in bundle.captures:
            if known:
                _note_failed_call(bundle, path, entry, *known)
            continue
        if entry.error is not None:
            differences.append(
                (path, phrase("according to the manifest the call failed, but the file exists; it was read"))
            )
        elif source is None:
            differences.append((path, phrase("the manifest lists this file, but it does not exist")))
            if known:
                bundle.captures[path] = _capture(path, *known, CaptureState.UNREADABLE, phrase("the file is missing"))
        elif entry.sha256 is not None and source.sha256 and entry.sha256 != source.sha256:
            differences.append(
                (path, phrase("the file was changed since it was captured: its SHA-256 differs from the manifest"))
            )
        elif entry.size is not None and source.sha256 and entry.size != source.size:
            message = phrase(
                "the file has {size:,} bytes, but {listed:,} according to the manifest",
                size=source.size,
                listed=entry.size,
            )
            differences.append((path, message))
    if bundle.manifest is not None:
        unlisted = [path for path in sources if path not in bundle.listed and path != MANIFEST]
        differences += [(path, phrase("the manifest does not list this file; it was read")) for path in unlisted]
    for path, message in differences[:_MAX_REPORTED]:
        bundle.report(visible_start(path, 200), message)
    if len(differences) > _MAX_REPORTED:
        bundle.report(
            MANIFEST, phrase("{count:,} more files differ from the manifest", count=len(differences) - _MAX_REPORTED)
        )


def _note_failed_call(bundle: Bundle, path: str, entry: ManifestFile, call: Call, place: Place) -> None:
    error = entry.error
    if error is None:
        return
    if len(entry.arguments) == len(place.arguments):
        place = place._replace(arguments=entry.arguments)
    state = CaptureState.NOTHING_THERE if error.code in call.absent else CaptureState.DENIED
    message = f"{error.code}: {error.message}" if error.message else error.code
    bundle.captures[path] = _capture(path, call, place, state, visible_start(message, 500))
