"""A disk on which a test lets the n-th write fail, or cuts the power after it: as SQLite tests itself.

While a `Disk` is active, everything that this process does to files below its folder is noted: by Python's own calls
(``open``, ``os``), and by SQLite through a file system layer of its own (a VFS that is registered with ctypes). Then

- a fault makes one call fail, or all from one on: the disk is full, or broken (`Fault`);
- `Disk.left` returns what a power cut after the n-th call leaves: what was synced for certain, and of the rest nothing,
  all, names without content, or a part, torn pages among it.
"""

import builtins
import contextlib
import ctypes
import errno
import io
import os
import random
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import pytest

SECTOR = 512
"""Bytes that a disk writes whole or not at all."""
WRITES = ("create", "write", "truncate", "sync", "sync folder", "rename", "make folder")
"""What a full or broken disk refuses; it never refuses to remove, but for SQLite."""
_FULL = 13  # SQLITE_FULL
_BROKEN = {"write": 778, "truncate": 1546, "sync": 1034, "create": 14, "remove": 2570}
"""SQLITE_IOERR_WRITE, _TRUNCATE, _FSYNC, SQLITE_CANTOPEN, SQLITE_IOERR_DELETE."""


@dataclass(eq=False, slots=True)
class _Node:
    """A file or a folder: what is there, and what of it a power cut leaves for certain."""

    names: dict[str, "_Node"] | None = None
    kept_names: dict[str, "_Node"] = field(default_factory=dict)
    kept: bytes = b""
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)
    """Writes since the last sync: place and content; None: it ends at this place."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call that changes the disk, or ``told``: what the user was told then."""

    kind: str
    path: str = ""
    target: str = ""
    node: int = 0
    place: int = 0
    content: bytes = b""
    told: Any = None


@dataclass(frozen=True, slots=True)
class Fault:
    """The call that fails, by its number, and whether all after it fail, too."""

    number: int
    lasting: bool = False
    is_full: bool = True
    """Whether the disk is full; else it reports an input or output error."""
    torn: bool = False
    """Whether the half of what is written arrives."""


class Disk:
    """The files below a folder; a context manager."""

    def __init__(self, root: Path, fault: Fault | None = None) -> None:
        self.root = os.path.realpath(root)
        self.calls: list[Call] = []
        self.writes = 0
        """How many calls could have failed."""
        self.fault = fault
        self.struck = False
        """Whether the fault happened."""
        self._ids: dict[str, int] = {}
        self._handles: dict[int, tuple[str, int]] = {}
        self._next = 1
        self._patch = pytest.MonkeyPatch()
        self._before = self._tree()

    def told(self, what: Any) -> None:
        """Note what the user was told."""
        self.calls.append(Call("told", told=what))

    # What happened

    def _tree(self) -> dict[str, bytes | None]:
        found: dict[str, bytes | None] = {}
        for folder, folders, files in os.walk(self.root):
            for name in folders:
                found[os.path.join(folder, name)] = None  # noqa: PTH118
            for name in files:
                found[os.path.join(folder, name)] = Path(folder, name).read_bytes()  # noqa: PTH118
        return found

    def within(self, path: Any) -> str | None:
        """Return the full path of what is below the folder; None for everything else."""
        if isinstance(path, int):
            return None
        try:
            text = os.fsdecode(path)
        except TypeError:
            return None
        # Not the path itself: a link is renamed and removed, not what it leads to.
        head, tail = os.path.split(os.path.abspath(text))  # noqa: PTH100
        full = os.path.join(os.path.realpath(head), tail)  # noqa: PTH118
        return full if full.startswith(self.root + os.sep) or full == self.root else None

    def id_of(self, path: str) -> int:
        """Return the number of a file, which it keeps when it is renamed."""
        if path not in self._ids:
            self._ids[path] = self._next
            self._next += 1
        return self._ids[path]

    def strikes(self) -> bool:
        """Count a call, and return whether it fails."""
        self.writes += 1
        fault = self.fault
        if (
            _LAYER.disk is not self
            or fault is None
            or self.writes < fault.number
            or (self.writes > fault.number and not fault.lasting)
        ):
            return False
        self.struck = True
        return True

    def note(self, call: Call, act: Callable[[], Any], half: Callable[[], Any] | None = None) -> Any:
        """Do and note a call of Python, or let it fail."""
        if call.kind in WRITES and self.strikes():
            assert self.fault is not None
            if half is not None and self.fault.torn:
                half()
                self.calls.append(replace(call, content=call.content[: len(call.content) // 2]))
            number = errno.ENOSPC if self.fault.is_full else errno.EIO
            raise OSError(number, os.strerror(number), call.path)
        done = act()
        self.calls.append(call)
        return done

    def renamed(self, path: str, target: str) -> None:
        """Move the numbers of what was renamed."""
        for old in [one for one in self._ids if one == path or one.startswith(path + os.sep)]:
            self._ids[target + old[len(path) :]] = self._ids.pop(old)

    def removed(self, path: str) -> None:
        """Forget a name."""
        self._ids.pop(path, None)

    # Python

    def __enter__(self) -> Self:
        for name in ("open", "write", "fsync", "close", "rename", "replace", "unlink", "remove", "mkdir", "rmdir"):
            made = getattr(self, f"_{'rename' if name == 'replace' else 'unlink' if name == 'remove' else name}")
            real = getattr(os, name)
            self._patch.setattr(os, name, lambda *given, _made=made, _real=real, **rest: _made(_real, *given, **rest))
        real_open = io.open
        for module in (io, builtins):
            self._patch.setattr(module, "open", lambda *given, **rest: self._opened(real_open, *given, **rest))
        # Copies and removals go through the calls above.
        self._patch.setattr(shutil, "_USE_CP_SENDFILE", False, raising=False)
        self._patch.setattr(shutil, "_use_fd_functions", False, raising=False)
        if Path(self.root, "tmp").is_dir():
            self._patch.setattr(tempfile, "tempdir", str(Path(self.root, "tmp")))
        _LAYER.use(self)
        return self

    def __exit__(self, *_: object) -> None:
        _LAYER.use(None)
        self._patch.undo()

    def _open(self, real: Any, path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        full = self.within(path) if dir_fd is None else None
        if full is None:
            return int(real(path, flags, mode, dir_fd=dir_fd))
        if flags & os.O_CREAT and not os.path.lexists(full):
            call = Call("create", full, node=self.id_of(full))
            handle = int(self.note(call, lambda: real(path, flags, mode)))
        else:
            handle = int(real(path, flags, mode))
            if flags & os.O_TRUNC:
                self.calls.append(Call("truncate", full, node=self.id_of(full)))
        self._handles[handle] = full, self.id_of(full)
        return handle

    def _close(self, real: Any, handle: int) -> None:
        self._handles.pop(handle, None)
        real(handle)

    def _write(self, real: Any, handle: int, content: Any) -> int:
        if handle not in self._handles:
            return int(real(handle, content))
        path, node = self._handles[handle]
        data = bytes(content)
        place = os.lseek(handle, 0, os.SEEK_CUR)
        call = Call("write", path, node=node, place=place, content=data)
        return int(self.note(call, lambda: real(handle, data), lambda: real(handle, data[: len(data) // 2])))

    def _fsync(self, real: Any, handle: int) -> None:
        found = self._handles.get(handle)
        if found is None:
            real(handle)
            return
        path, node = found
        self.note(Call("sync folder" if os.path.isdir(path) else "sync", path, node=node), lambda: None)  # noqa: PTH112

    def _rename(self, real: Any, path: Any, target: Any, **rest: Any) -> None:
        old, new = self.within(path), self.within(target)
        if old is None or new is None:
            real(path, target, **rest)
            return
        self.note(Call("rename", old, new), lambda: real(path, target))
        self.renamed(old, new)

    def _unlink(self, real: Any, path: Any, *, dir_fd: int | None = None) -> None:
        full = self.within(path) if dir_fd is None else None
        if full is None:
            real(path, dir_fd=dir_fd)
            return
        self.note(Call("remove", full), lambda: real(path))
        self.removed(full)

    def _mkdir(self, real: Any, path: Any, mode: int = 0o777, *, dir_fd: int | None = None) -> None:
        full = self.within(path) if dir_fd is None else None
        if full is None or os.path.lexists(full):
            real(path, mode, dir_fd=dir_fd)
            return
        self.note(Call("make folder", full, node=self.id_of(full)), lambda: real(path, mode))

    def _rmdir(self, real: Any, path: Any, *, dir_fd: int | None = None) -> None:
        full = self.within(path) if dir_fd is None else None
        if full is None:
            real(path, dir_fd=dir_fd)
            return
        self.note(Call("remove", full), lambda: real(path))
        self.removed(full)

    def _opened(
        self,
        real: Any,
        file: Any,
        mode: str = "r",
        buffering: int = -1,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
        closefd: bool = True,
        opener: Any = None,
    ) -> Any:
        full = self._handles.get(file, (None, 0))[0] if isinstance(file, int) else self.within(file)
        if full is None or not set(mode) & set("wax+") or opener is not None:
            return real(file, mode, buffering, encoding, errors, newline, closefd, opener)
        plain = mode.replace("b", "").replace("t", "")
        if isinstance(file, int):
            raw = _File(self, full, file, plain, closefd)
        else:
            if "r" in plain and not os.path.lexists(full):
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), full)
            if os.path.lexists(full):
                raw = _File(self, full, full, plain)
                if "w" in plain:
                    self.calls.append(Call("truncate", full, node=self.id_of(full)))
            else:
                call = Call("create", full, node=self.id_of(full))
                raw = self.note(call, lambda: _File(self, full, full, plain))
        self._handles[raw.fileno()] = full, self.id_of(full)
        if buffering == 0:
            return raw
        buffered: Any = io.BufferedRandom(raw) if "+" in plain else io.BufferedWriter(raw)
        if "b" in mode:
            return buffered
        return io.TextIOWrapper(buffered, encoding or "utf-8", errors, newline)

    # What a power cut leaves

    def left(self, number: int, how: str, chance: random.Random) -> dict[str, bytes | None]:
        """Return what is there after a power cut behind so many calls: content by path, None for a folder.

        ``how`` is ``synced`` (nothing but what was synced), ``names`` (all names, and of files what was synced),
        ``all``, or ``some`` (all names, and of what was written a part; the last of it torn).
        """
        top = _Node({})
        nodes: dict[int, _Node] = {}

        def folder_of(path: str) -> tuple[dict[str, _Node], str]:
            node = top
            parts = Path(path).relative_to(self.root).parts
            for part in parts[:-1]:
                assert node.names is not None
                node = node.names[part]
            assert node.names is not None
            return node.names, parts[-1]

        for path, content in self._before.items():
            names, name = folder_of(path)
            names[name] = _Node({} if content is None else None, kept=content or b"")
        _keep_all(top)
        for call in self.calls[:number]:
            if call.kind == "told":
                continue
            if call.kind == "sync folder" and call.path == self.root:
                top.kept_names = dict(top.names or {})
                continue
            try:
                names, name = folder_of(call.path)
            except KeyError:
                continue  # a file that was removed while it was open
            match call.kind:
                case "create":
                    names[name] = nodes[call.node] = _Node()
                case "make folder":
                    names[name] = _Node({})
                case "write" | "truncate" | "sync":
                    node = nodes.setdefault(call.node, names[name] if name in names else _Node())
                    if call.kind == "sync":
                        node.kept = _content(node)
                        node.pending = []
                    else:
                        node.pending.append((call.place, call.content if call.kind == "write" else None))
                case "sync folder":
                    names[name].kept_names = dict(names[name].names or {})
                case "rename":
                    moved = names.pop(name)
                    other, new = folder_of(call.target)
                    other[new] = moved
                case "remove":
                    names.pop(name, None)
        return dict(_seen(top, self.root, how, chance))


class _File(io.FileIO):
    """A file that is written through a disk."""

    def __init__(self, disk: Disk, path: str, file: Any, mode: str, closefd: bool = True) -> None:
        super().__init__(file, mode, closefd)
        self._disk, self._path = disk, path

    def write(self, content: Any) -> int:
        data = bytes(content)
        place = os.fstat(self.fileno()).st_size if "a" in self.mode else self.tell()
        call = Call("write", self._path, node=self._disk.id_of(self._path), place=place, content=data)
        write = super().write
        return int(self._disk.note(call, lambda: write(data), lambda: write(data[: len(data) // 2])))

    def truncate(self, size: int | None = None) -> int:
        end = self.tell() if size is None else size
        call = Call("truncate", self._path, node=self._disk.id_of(self._path), place=end)
        cut = super().truncate
        return int(self._disk.note(call, lambda: cut(end)))

    def close(self) -> None:
        if not self.closed:
            self._disk._handles.pop(self.fileno(), None)
        super().close()


def _keep_all(node: _Node) -> None:
    if node.names is not None:
        node.kept_names = dict(node.names)
        for each in node.names.values():
            _keep_all(each)


def _content(node: _Node, chance: random.Random | None = None) -> bytes:
    """Return what a file holds, or with ``chance`` what a power cut leaves of it."""
    made = bytearray(node.kept)
    for at, (place, content) in enumerate(node.pending):
        if chance is not None and chance.random() < 0.5:
            continue
        if content is None:
            del made[place:]
            made.extend(bytes(place - len(made)))
            continue
        written = content
        if chance is not None and (at == len(node.pending) - 1 or chance.random() < 0.2):
            whole = chance.random() < 0.5
            cut = chance.randrange(len(content) + 1)
            written = content[: cut // SECTOR * SECTOR if whole else cut]
        made.extend(bytes(max(0, place - len(made))))
        made[place : place + len(written)] = written
    return bytes(made)


def _seen(node: _Node, path: str, how: str, chance: random.Random) -> Iterator[tuple[str, bytes | None]]:
    for name, each in (node.kept_names if how == "synced" else node.names or {}).items():
        below = f"{path}{os.sep}{name}"
        if each.names is not None:
            yield below, None
            yield from _seen(each, below, how, chance)
        elif how in ("synced", "names"):
            yield below, each.kept
        else:
            yield below, _content(each, chance if how == "some" else None)


def restored(files: Mapping[str, bytes | None], root: Path, into: Path) -> Path:
    """Write what a power cut left below ``root`` to a new folder, and return it."""
    into.mkdir()
    for path, content in files.items():
        place = into / Path(path).relative_to(os.path.realpath(root))
        if content is None:
            place.mkdir(parents=True, exist_ok=True)
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
    return into


# SQLite

_INT = ctypes.c_int
_POINTER = ctypes.c_void_p
_LONG = ctypes.c_int64
_CLOSE = ctypes.CFUNCTYPE(_INT, _POINTER)
_WRITE = ctypes.CFUNCTYPE(_INT, _POINTER, _POINTER, _INT, _LONG)
_TRUNCATE = ctypes.CFUNCTYPE(_INT, _POINTER, _LONG)
_SYNC = ctypes.CFUNCTYPE(_INT, _POINTER, _INT)
# A name stays a pointer: SQLite keeps it, and parameters of its URI behind it.
_OPEN = ctypes.CFUNCTYPE(_INT, _POINTER, _POINTER, _POINTER, _INT, _POINTER)
_DELETE = ctypes.CFUNCTYPE(_INT, _POINTER, _POINTER, _INT)
_CREATE_FLAG, _READ_ONLY_FLAG = 0x4, 0x1
_JOURNAL_FLAGS = 0x800 | 0x4000  # of a database's journal, of several databases together


class _Methods(ctypes.Structure):
    """``sqlite3_io_methods``."""

    _fields_ = (
        ("version", _INT),
        ("close", _POINTER),
        ("read", _POINTER),
        ("write", _POINTER),
        ("truncate", _POINTER),
        ("sync", _POINTER),
        ("rest", _POINTER * 13),
    )


class _Vfs(ctypes.Structure):
    """``sqlite3_vfs``."""

    _fields_ = (
        ("version", _INT),
        ("file_size", _INT),
        ("max_path", _INT),
        ("next", _POINTER),
        ("name", ctypes.c_char_p),
        ("data", _POINTER),
        ("open", _POINTER),
        ("delete", _POINTER),
        ("rest", _POINTER * 14),
    )


class _Layer:
    """SQLite's layer of files, once a process; does nothing while no disk is active."""

    def __init__(self) -> None:
        self.disk: Disk | None = None
        self._files: dict[int, tuple[str, int, bool]] = {}
        """By address of an open file: its path, its real methods, whether its first sync syncs its folder."""
        self._methods: dict[int, _Methods] = {}
        self._kept: list[Any] = []
        self.library = _library()
        if self.library is not None:
            self._register(self.library)

    def _register(self, library: ctypes.CDLL) -> None:
        library.sqlite3_vfs_find.restype = ctypes.POINTER(_Vfs)
        library.sqlite3_vfs_find.argtypes = [ctypes.c_char_p]
        library.sqlite3_vfs_register.argtypes = [_POINTER, _INT]
        real = library.sqlite3_vfs_find(None).contents
        made = _Vfs()
        ctypes.memmove(ctypes.byref(made), ctypes.byref(real), ctypes.sizeof(_Vfs))
        made.next, made.name = None, b"crash"
        real_open, real_delete = _OPEN(real.open), _DELETE(real.delete)

        def opens(vfs: int, name: int | None, file: int, flags: int, out: int | None) -> int:
            disk = self.disk
            path = disk.within(ctypes.string_at(name)) if disk is not None and name else None
            if disk is None or path is None or flags & _READ_ONLY_FLAG:
                return int(real_open(vfs, name, file, flags, out))
            is_new = bool(flags & _CREATE_FLAG) and not os.path.lexists(path)
            if is_new and disk.strikes():
                ctypes.cast(file, ctypes.POINTER(_POINTER))[0] = None
                return _BROKEN["create"]
            status = int(real_open(vfs, name, file, flags, out))
            if status == 0:
                if is_new:
                    disk.calls.append(Call("create", path, node=disk.id_of(path)))
                place = ctypes.cast(file, ctypes.POINTER(_POINTER))
                methods = int(place[0])
                self._files[file] = path, methods, is_new and bool(flags & _JOURNAL_FLAGS)
                place[0] = ctypes.addressof(self._patched(methods))
            return status

        def deletes(vfs: int, name: int, synced: int) -> int:
            disk = self.disk
            path = disk.within(ctypes.string_at(name)) if disk is not None else None
            if disk is None or path is None or not os.path.lexists(path):
                return int(real_delete(vfs, name, synced))
            if disk.strikes():
                return _BROKEN["remove"]
            status = int(real_delete(vfs, name, synced))
            if status == 0:
                disk.calls.append(Call("remove", path))
                disk.removed(path)
                if synced:
                    disk.calls.append(Call("sync folder", os.path.dirname(path)))  # noqa: PTH120
            return status

        calls = _OPEN(opens), _DELETE(deletes)
        self._own = [ctypes.cast(one, _POINTER).value for one in calls]
        self._shipped = [real.open, real.delete]
        self._made = made
        self._kept += [calls]
        self._ours, self._real = ctypes.addressof(made), ctypes.addressof(real)

    def use(self, disk: Disk | None) -> None:
        """Write through a disk from now on; None: as ever.

        Then nothing of this layer is called any more, not even for files that are still open: SQLite closes those of a
        connection with unfinished statements when the last of these is freed, maybe while an exception is on its way,
        when no Python may run.
        """
        self.disk = disk
        if self.library is None:
            return
        self._made.open, self._made.delete = self._own if disk is not None else self._shipped
        if disk is None:
            for file, (_, methods, _) in self._files.items():
                ctypes.cast(file, ctypes.POINTER(_POINTER))[0] = methods
            self._files.clear()
        self.library.sqlite3_vfs_register(self._ours if disk is not None else self._real, 1)

    def _patched(self, address: int) -> _Methods:
        """Return a copy of a file's methods that writes through this layer."""
        if address in self._methods:
            return self._methods[address]
        real = _Methods.from_address(address)
        made = _Methods()
        ctypes.memmove(ctypes.byref(made), address, ctypes.sizeof(_Methods))
        real_close, real_write = _CLOSE(real.close), _WRITE(real.write)
        real_truncate, real_sync = _TRUNCATE(real.truncate), _SYNC(real.sync)

        def closes(file: int) -> int:
            self._files.pop(file, None)
            return int(real_close(file))

        def writes(file: int, content: int, length: int, place: int) -> int:
            disk, (path, _, _) = self.disk, self._files[file]
            if disk is None:
                return int(real_write(file, content, length, place))
            if disk.strikes():
                assert disk.fault is not None
                if disk.fault.torn:
                    data = ctypes.string_at(content, length // 2)
                    disk.calls.append(Call("write", path, node=disk.id_of(path), place=place, content=data))
                    real_write(file, content, length // 2, place)
                return _FULL if disk.fault.is_full else _BROKEN["write"]
            data = ctypes.string_at(content, length)
            disk.calls.append(Call("write", path, node=disk.id_of(path), place=place, content=data))
            return int(real_write(file, content, length, place))

        def truncates(file: int, size: int) -> int:
            disk, (path, _, _) = self.disk, self._files[file]
            if disk is None:
                return int(real_truncate(file, size))
            if disk.strikes():
                return _BROKEN["truncate"]
            disk.calls.append(Call("truncate", path, node=disk.id_of(path), place=size))
            return int(real_truncate(file, size))

        def syncs(file: int, flags: int) -> int:
            disk, (path, methods, with_folder) = self.disk, self._files[file]
            if disk is None:
                return int(real_sync(file, flags))
            if disk.strikes():
                return _BROKEN["sync"]
            disk.calls.append(Call("sync", path, node=disk.id_of(path)))
            if with_folder:
                disk.calls.append(Call("sync folder", os.path.dirname(path)))  # noqa: PTH120
                self._files[file] = path, methods, False
            return 0  # what is on disk is what `Disk.left` says

        calls = _CLOSE(closes), _WRITE(writes), _TRUNCATE(truncates), _SYNC(syncs)
        made.close, made.write, made.truncate, made.sync = (ctypes.cast(one, _POINTER) for one in calls)
        self._kept += [calls]
        self._methods[address] = made
        return made


def _library() -> ctypes.CDLL | None:
    """Return the library that Python's sqlite3 uses, if it is one of its own (on Linux, usually)."""
    with contextlib.suppress(OSError, AttributeError):
        maps = Path("/proc/self/maps").read_text()
        names = {line.split()[-1] for line in maps.splitlines() if "libsqlite3" in line}
        if len(names) == 1:
            library = ctypes.CDLL(names.pop())
            library.sqlite3_libversion.restype = ctypes.c_char_p
            if library.sqlite3_libversion().decode() == sqlite3.sqlite_version:
                return library
    return None


_LAYER = _Layer()
HAS_LAYER = _LAYER.library is not None
"""Whether SQLite's own writes can be made to fail here."""
