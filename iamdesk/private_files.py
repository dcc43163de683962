"""Files and folders that only their owner may read, whatever the umask: all that iamdesk writes."""

import os
import re
import shutil
import stat
import time
from contextlib import suppress
from pathlib import Path

_FILE = 0o600
_FOLDER = 0o700
PART = ".part"
"""The end of the name of what is not written to its end: ``.NAME.RANDOM.part``, beside it."""
_RANDOM = re.compile(r"[0-9a-z_]{8,12}\.part")
_LEFT_AFTER = 86_400
"""Seconds after which no process writes any more."""
_IN_PACKAGE = {"pack", "pack.zip"}


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


def create_private_folder(path: Path, *, parents: bool = False) -> None:
    """Create a folder, with ``parents`` also those that it is in; an existing one keeps its mode.

    Raises:
        OSError: it cannot be created.
    """
    if parents:
        path.parent.mkdir(parents=True, exist_ok=True)
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


def remove_leftovers(folder: Path, prefix: str) -> None:
    """Remove what processes that were killed left in a folder, a day ago or longer: files and packages in the making.

    Only what has the whole name, the owner and the content of such a thing; what cannot be removed stays.
    """
    with suppress(OSError):
        for each in folder.iterdir():
            if not each.name.startswith(prefix) or not _RANDOM.fullmatch(each.name[len(prefix) :]):
                continue
            found = each.lstat()
            is_ours = not hasattr(os, "geteuid") or found.st_uid == os.geteuid()
            if not is_ours or time.time() - found.st_mtime < _LEFT_AFTER:
                continue
            if stat.S_ISREG(found.st_mode):
                each.unlink()
            elif stat.S_ISDIR(found.st_mode) and {one.name for one in each.iterdir()} <= _IN_PACKAGE:
                shutil.rmtree(each)
