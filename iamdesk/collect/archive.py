"""A bundle as one ``.zip`` file."""

import secrets
import zipfile
from pathlib import Path

from iamdesk.collect.bundle_writer import BundleFolder
from iamdesk.collect.options import CollectError
from iamdesk.i18n import phrase
from iamdesk.progress import Cancelled, WorkCancelled
from iamdesk.snapshot.layout import MANIFEST


def pack(folder: BundleFolder, target: Path, cancelled: Cancelled) -> None:
    """Write the bundle of a folder into a new file, whole or not at all. The manifest stands first.

    Raises:
        CollectError: the file is there already, or the disk does not take it.
        WorkCancelled: ``cancelled`` returned True.
    """
    part = folder.path / f".{secrets.token_hex(8)}.part"  # beside the target, and removed with the folder
    names = [MANIFEST, *(entry.path for entry in folder.entries if entry.error is None)]
    try:
        with zipfile.ZipFile(part, "x", zipfile.ZIP_DEFLATED) as archive:
            for name in names:
                if cancelled():
                    raise WorkCancelled
                archive.write(folder.path / name, name)
        if target.exists():
            raise CollectError(phrase("{target} is there already: it is not overwritten", target=target))
        part.replace(target)
    except OSError as error:
        raise CollectError(
            phrase("{target} cannot be written: {reason}", target=target, reason=error.strerror or error)
        ) from error
    finally:
        part.unlink(missing_ok=True)
