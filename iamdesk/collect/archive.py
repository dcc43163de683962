"""A bundle as one ``.zip`` file."""

import secrets
import zipfile
from pathlib import Path

from iamdesk.collect.bundle_writer import BundleFolder
from iamdesk.collect.options import CollectError
from iamdesk.i18n import phrase
from iamdesk.private_files import make_private
from iamdesk.progress import Cancelled, WorkCancelled
from iamdesk.snapshot.layout import MANIFEST


def pack(folder: BundleFolder, target: Path, cancelled: Cancelled) -> None:
    """Write the bundle of a folder to a new archive atomically, with the manifest first.

    Raises:
        CollectError: the file exists, or cannot be written.
        WorkCancelled: ``cancelled`` returned True.
    """
    part = folder.path / f".{secrets.token_hex(8)}.part"  # on the same disk as the target, removed with the folder
    names = [MANIFEST, *(entry.path for entry in folder.entries if entry.error is None)]
    try:
        with zipfile.ZipFile(part, "x", zipfile.ZIP_DEFLATED) as archive:
            for name in names:
                if cancelled():
                    raise WorkCancelled
                archive.write(folder.path / name, name)
        make_private(part)
        if target.exists():
            raise CollectError(phrase("{target} already exists; it was not overwritten", target=target))
        part.replace(target)
    except OSError as error:
        raise CollectError(
            phrase("{target} cannot be written: {reason}", target=target, reason=error.strerror or error)
        ) from error
    finally:
        part.unlink(missing_ok=True)
