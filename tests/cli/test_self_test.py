import subprocess
import sys

import pytest

from iamdesk.cli import self_test


def test_everything_works_and_each_step_is_printed() -> None:
    done = subprocess.run([sys.executable, "-m", "iamdesk", "--self-test"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert lines[-1] == "all steps passed"
    assert all(line.startswith("ok") for line in lines[1:-1])
    for step in (
        "open the sample",
        "evaluate a request",
        "findings as PDF",
        "review",
        "picture of the window, dark",
        "icons",
        "user guide",
    ):
        assert any(step in line for line in lines), step


def test_a_step_that_fails_is_told_and_the_others_are_done(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> str:
        raise FileNotFoundError("state-allowed.svg")

    monkeypatch.setattr(self_test, "_steps", lambda _folder: [("icons", broken), ("ask", lambda: "answered")])
    assert not self_test.run_steps(lambda: [("picture", lambda: "made")])
    lines = capsys.readouterr().out.splitlines()[1:]
    assert lines == [
        "FAILED  icons: FileNotFoundError: state-allowed.svg",
        "ok      ask: answered",
        "ok      picture: made",
        "1 steps failed",
    ]
