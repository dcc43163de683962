"""A command of iamdesk run in this process, as a person meets it: two streams and an exit status."""

import contextlib
import io
import subprocess
import sys
from collections.abc import Sequence

import pytest

from iamdesk.cli import main


def run_here(
    words: Sequence[str], monkeypatch: pytest.MonkeyPatch, given: bytes = b""
) -> subprocess.CompletedProcess[str]:
    """Run a command in the folder at hand; ``given`` is its standard input. A process of its own takes seconds more."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given), encoding="utf-8"))
    out, err = _stream(), _stream()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), pytest.raises(SystemExit) as end:
        main(list(words))
    return subprocess.CompletedProcess(words, int(end.value.code or 0), _text(out), _text(err))


def _stream() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="\n", write_through=True)


def _text(stream: io.TextIOWrapper) -> str:
    assert isinstance(stream.buffer, io.BytesIO)
    return stream.buffer.getvalue().decode()
