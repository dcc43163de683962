"""List in what two builds differ: by file, and within archives by member.

    python packaging/differences.py DIST OTHER      each what packaging/package.sh has made

Wheels, archives and Debian packages are opened, so that it is told what in them differs. Exit status 1 where anything
does.
"""

import hashlib
import io
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path


def parts(path: Path) -> Iterator[tuple[str, str]]:
    """Yield (name, what it is) for a file and for what is in it: content, mode, owner and time."""
    content = path.read_bytes()
    yield "", digest(content)
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as archive:
            for one in archive.infolist():
                yield one.filename, f"{digest(archive.read(one))} {one.external_attr:o} {one.date_time}"
    elif path.suffix == ".deb":
        for member in ("control", "data"):
            flag = {"control": "--ctrl-tarfile", "data": "--fsys-tarfile"}[member]
            made = subprocess.run(["/usr/bin/dpkg-deb", flag, path], capture_output=True, check=True)  # noqa: S603
            yield from ((f"{member}/{name}", told) for name, told in of_tar(io.BytesIO(made.stdout)))
    elif path.name.endswith((".tar.gz", ".tar.xz")):
        yield from of_tar(io.BytesIO(content))


def of_tar(stream: io.BytesIO) -> Iterator[tuple[str, str]]:
    """Yield the same of an archive's members."""
    with tarfile.open(fileobj=stream) as archive:
        for one in archive:
            file = archive.extractfile(one) if one.isreg() else None
            content = digest(file.read()) if file is not None else one.linkname
            yield one.name, f"{content} {one.mode:o} {one.uname}:{one.gname} {one.mtime}"


def digest(content: bytes) -> str:
    """Return a short name for content."""
    return hashlib.sha256(content).hexdigest()[:16]


def found(folder: Path) -> dict[tuple[str, str], str]:
    """Return what a build is made of, by file and member."""
    held: dict[tuple[str, str], str] = {}
    for path in sorted(one for one in folder.rglob("*") if one.is_file() or one.is_symlink()):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            held[name, ""] = f"to {path.readlink()}"
            continue
        held |= {(name, member): f"{told} {path.stat().st_mode:o}" for member, told in parts(path)}
    return held


def main() -> int:
    """Compare and print."""
    one, other = (found(Path(name)) for name in sys.argv[1:3])
    differing = sorted(key for key in one.keys() | other.keys() if one.get(key) != other.get(key))
    for file, member in differing:
        told = "only in the second" if (file, member) not in one else "only in the first"
        told = told if (file, member) not in one or (file, member) not in other else "differs"
        print(f"{file}{f' > {member}' if member else ''}: {told}")
    files = {file for file, _ in one}
    print(f"{len(files):,} files, of which {len({file for file, _ in differing}):,} differ")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
