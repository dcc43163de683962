"""What was read of each file, put together into one `Snapshot`."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from iamdesk.i18n import phrase
from iamdesk.snapshot.merge_pages import Gathered
from iamdesk.snapshot.model import Snapshot, SourceFile
from iamdesk.snapshot.problems import Problem
from iamdesk.snapshot.text_source import SourceText


def snapshot_of(
    root: Path, sources: Sequence[SourceText], gathered: Gathered, problems: Sequence[Problem], **more: Any
) -> Snapshot:
    """Return the snapshot; ``sources`` are the files that were read, ``more`` are fields that a bundle fills."""
    grown = [
        Problem(
            file=source.name,
            json_path="$",
            message=phrase(
                "the file grew while it was read: only its first {size:,} bytes were read",
                size=source.file.size,
            ),
        )
        for source in sources
        if source.has_grown
    ]
    for source in sources:
        source.hash_whole()
    return Snapshot(
        path=root,
        files=tuple(SourceFile(path=source.file.path, size=source.size, sha256=source.sha256) for source in sources),
        sha256=digest_of(sources),
        accounts=gathered.accounts,
        problems=(*problems, *gathered.problems, *gathered.unfinished, *grown),
        latest=gathered.latest,
        **more,
    )


def digest_of(sources: Sequence[SourceText]) -> str:
    """Return the file's own digest for one file; for several, that of the sorted ``digest  name`` lines.

    A folder and a zip archive of it have the same.
    """
    if len(sources) == 1:
        return sources[0].sha256
    lines = sorted(f"{source.sha256}  {source.file.inner}\n".encode(errors="surrogateescape") for source in sources)
    return hashlib.sha256(b"".join(lines)).hexdigest()
