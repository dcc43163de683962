"""Files and folders that only their owner may read, whatever the umask: reviews, evidence packages, bundles."""

import os
from pathlib import Path

_FILE = 0o600
_FOLDER = 0o700


def create_private_file(path: Path) -> None:
    """Create an empty file; an existing one keeps its mode.

    Raises:
        OSError: it cannot be created.
    """
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _FILE))
    except FileExistsError:
        return
    path.chmod(_FILE)  # the umask may have taken the owner's own rights


def create_private_folder(path: Path) -> None:
    """Create a folder; an existing one keeps its mode.

    Raises:
        OSError: it cannot be created.
    """
    try:
        path.mkdir(_FOLDER)
    except FileExistsError:
        if not path.is_dir():
            raise
    else:
        path.chmod(_FOLDER)


def make_private(path: Path) -> None:
    """Have only the owner read a file, or a folder and all in it, which this process has just written.

    Raises:
        OSError: a mode cannot be changed.
    """
    for each in (path, *path.rglob("*")) if path.is_dir() else (path,):
        each.chmod(_FOLDER if each.is_dir() else _FILE)
