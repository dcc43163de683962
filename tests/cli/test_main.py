"""Which words are commands, which are paths; what leads to Qt; how a process ends."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from iamdesk.cli import COMMANDS, gui
from iamdesk.resource_files import sample_snapshot

QUESTION = (
    "--principal",
    "arn:aws:iam::111122223333:user/engineering/elena.petrov",
    "--action",
    "iam:CreateUser",
    "--resource",
    "arn:aws:iam::111122223333:user/engineering/new.hire",
)
# A process that a shell starts in the background inherits that Ctrl-C is ignored; tests may run there.
HEARING_CTRL_C = """
import runpy, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("iamdesk", run_name="__main__", alter_sys=True)
"""
# One process for all: what it loads it keeps, so a Qt that any of the commands loads is seen.
WATCHED = """
import json, sys
from iamdesk.cli import main
for words in json.loads(sys.argv[1]):
    try:
        main(words)
    except SystemExit as end:
        loaded = sorted(name for name in sys.modules if name.partition(".")[0] in {"PySide6", "shiboken6"})
        print("QT", *words, loaded, end.code, file=sys.stderr)
"""


def test_help_lists_every_command_and_the_window(iamdesk: Callable[..., Any]) -> None:
    done = iamdesk("--help")

    assert done.returncode == 0
    assert "[PATH]" in done.stdout
    for command in COMMANDS:
        assert f"\n  {command} " in done.stdout


@pytest.mark.parametrize("command", [*COMMANDS, "./"])
def test_each_command_tells_its_options(iamdesk: Callable[..., Any], command: str) -> None:
    done = iamdesk(command, "--help")

    assert done.returncode == 0
    assert done.stdout.startswith("Usage: iamdesk")


def test_version_is_that_of_the_package(iamdesk: Callable[..., Any]) -> None:
    from importlib.metadata import version

    done = iamdesk("--version")

    assert (done.returncode, done.stdout) == (0, f"iamdesk {version('iamdesk')}\n")


def test_python_m_iamdesk_is_the_same_command(process: Callable[..., Any]) -> None:
    done = process("--version")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("iamdesk ")


def test_no_command_loads_qt(sample: Path, tmp_path: Path) -> None:
    helps = [["--help"], *([command, "--help"] for command in COMMANDS)]
    working = [["what-can", "x"], ["validate", str(sample)]]

    done = subprocess.run(
        [sys.executable, "-c", WATCHED, json.dumps([*helps, *working])],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=120,
        check=False,
    )

    told = [line for line in done.stderr.splitlines() if line.startswith("QT ")]
    assert told[: len(helps)] == [" ".join(["QT", *words, "[]", "0"]) for words in helps]
    assert told[len(helps) :] == ["QT what-can x [] 2", f"QT validate {sample} [] 0"], done.stderr


@pytest.mark.parametrize("word", ["what-could", "nowhere.json", "a\x1b[31mb", "x" * 5000])
def test_a_word_that_is_neither_command_nor_path_ends_with_two(iamdesk: Callable[..., Any], word: str) -> None:
    done = iamdesk(word, "more")

    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "\x1b" not in done.stderr


def test_a_file_with_the_name_of_a_command_is_opened_by_its_path(process: Callable[..., Any], tmp_path: Path) -> None:
    """Opening needs a display: what is said then is said by the window, not by the command `can`."""
    (tmp_path / "can").write_text("{}")

    as_path = process("./can")
    as_command = process("can")

    assert "no display" in as_path.stderr
    assert "SNAPSHOT" in as_command.stderr
    assert (as_path.returncode, as_command.returncode) == (2, 2)


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("--bogus",), "--bogus"),
        (("--ask", "a", "b", "c"), "--screenshot"),
        (("--select", "x"), "--screenshot"),
        (("--screenshot", "x.png"), "PATH"),
        ((".", "--screenshot", "x.png", "--ask", "a", "b"), "--ask"),
        ((".", "more"), "more"),
        (("nowhere.json", "--screenshot", "x.png"), "nowhere.json"),
        (("--screenshot", "x.png", "nowhere.json"), "nowhere.json"),
    ],
)
def test_bad_usage_of_the_window_ends_with_two(
    iamdesk: Callable[..., Any], arguments: tuple[str, ...], part: str
) -> None:
    done = iamdesk(*arguments)

    assert done.returncode == 2
    assert part in done.stderr


def test_picture_of_the_window_without_a_display(process: Callable[..., Any], sample: Path, tmp_path: Path) -> None:
    from PySide6.QtGui import QImage

    _, principal, _, action, _, resource = QUESTION
    sizes = set()
    for theme in ("light", "dark"):
        done = process(
            sample,
            "--screenshot",
            f"{theme}.png",
            "--theme",
            theme,
            "--select",
            principal,
            "--ask",
            principal,
            action,
            resource,
        )
        assert (done.returncode, done.stdout) == (0, ""), done.stderr
        assert done.stderr.count("\n") == 1

        image = QImage(str(tmp_path / f"{theme}.png"))
        sizes.add((image.width(), image.height()))
        brightness = image.pixelColor(image.width() // 2, image.height() - 60).lightness()
        assert (brightness > 128) == (theme == "light")

    assert sizes == {(1360, 860)}


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("--select", "arn:aws:iam::111122223333:user/nobody"), "nobody"),
        (("--ask", "arn:aws:iam::111122223333:user/nobody", "s3:GetObject", "*"), "nobody"),
    ],
)
def test_picture_of_what_is_not_there_ends_with_two_and_no_file(
    process: Callable[..., Any], sample: Path, tmp_path: Path, arguments: tuple[str, ...], part: str
) -> None:
    done = process(sample, "--screenshot", "x.png", *arguments)

    assert done.returncode == 2
    assert part in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "x.png").exists()


def test_interrupt_ends_quietly(tmp_path: Path, environment: dict[str, str]) -> None:
    """Ctrl-C while a command waits for its input."""
    running = subprocess.Popen(
        [sys.executable, "-c", HEARING_CTRL_C, "simulate", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        env=environment,
        text=True,
    )
    assert running.stdin is not None
    assert running.stdout is not None
    running.stdin.write('{"id": 1}\n')
    running.stdin.flush()
    first = running.stdout.readline()  # it has begun to answer: it waits for the next line
    running.send_signal(signal.SIGINT)
    _, errors = running.communicate(timeout=60)

    assert json.loads(first)["id"] == 1
    assert running.returncode == 130
    assert errors.strip() == ""


def test_reader_that_goes_away_is_no_trouble(sample: Path, tmp_path: Path, environment: dict[str, str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "iamdesk", "can", str(sample), *QUESTION],
            stdout=writing,
            stderr=subprocess.PIPE,
            cwd=tmp_path,
            env=environment,
            text=True,
            timeout=60,
            check=False,
        )
    finally:
        os.close(writing)

    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_output_that_cannot_be_written_ends_with_two(sample: Path, tmp_path: Path, environment: dict[str, str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "iamdesk", "can", str(sample), *QUESTION],
            stdout=full,
            stderr=subprocess.PIPE,
            cwd=tmp_path,
            env=environment,
            text=True,
            timeout=60,
            check=False,
        )

    assert done.returncode == 2
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("limit", "status"), [("low", 1), (None, 0)])
def test_a_process_that_ends_at_once_loses_nothing(limit: str | None, status: int, tmp_path: Path) -> None:
    words = ["findings", str(sample_snapshot()), "--format", "json", *(["--fail-on", limit] if limit else [])]
    script = (
        "import atexit, sys\n"
        "from iamdesk.cli import main\n"
        "atexit.register(print, 'registered', file=sys.stderr)\n"
        f"sys.argv = ['iamdesk', *{words!r}]\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == status
    assert json.loads(done.stdout)["format"] == "iamdesk-findings/1"
    assert done.stderr.endswith("registered\n")


def test_a_library_that_qt_lacks_is_named_with_its_package(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Qt would abort the process with a text of its own."""
    monkeypatch.setattr(gui, "X11_LIBRARY", "libxcb-which-is-not-there.so.0")
    monkeypatch.setenv("QT_QPA_PLATFORM", "xcb")
    assert gui.open_window() == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "libxcb-which-is-not-there.so.0 is not installed" in said
    assert "libxcb-cursor0" in said
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert gui.missing_library() == "", "only X11 needs it"
