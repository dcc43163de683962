"""``iamdesk collect`` as a person meets it: two streams, exit status, Ctrl-C, and the lines that the guide shows."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from iamdesk.collect.policy import policy_text
from iamdesk.snapshot.layout import MANIFEST
from iamdesk.snapshot.manifest import Manifest

from ..terminal import run_here
from .gate import Gate
from .world import MANAGEMENT, REGION

ROOT = Path(__file__).resolve().parents[2]
SHOWN = sorted(
    {
        line
        for page in (ROOT / "README.md", *(ROOT / "resources" / "help").glob("*.md"))
        for block in re.findall(r"^```sh\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
        for line in block.splitlines()
        if line.startswith("iamdesk collect ")
    }
)
FEW = (
    "--skip",
    "service-last-accessed",
    "--skip",
    "resource-policies",
    "--skip",
    "bucket-access",
    "--region",
    REGION,
)

type Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def config(signed_in: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS's configuration knows the profile that the guide names."""
    (tmp_path / "config").write_text("[profile audit]\naws_access_key_id = testing\naws_secret_access_key = x\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))


@pytest.fixture
def run(config: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs iamdesk in an empty folder, in this process: to load boto3 takes a second."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return run_here(words, monkeypatch)

    return run


@pytest.fixture
def process(config: None, tmp_path: Path) -> Run:
    """Runs iamdesk as a process of its own."""

    def started(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "iamdesk", *words],
            cwd=tmp_path,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return started


def test_answer_goes_to_standard_output_and_progress_to_standard_error(process: Run, gate: Gate) -> None:
    gate.denied = {"iam ListAccountAliases": "AccessDenied"}

    done = process("collect", "-o", "bundle", "--endpoint-url", gate.url, *FEW)

    assert done.returncode == 0, done.stderr
    assert re.match(r"bundle: 1 account, \d+ files\n\nNot captured: \d+\n", done.stdout)
    assert "  iam list-account-aliases: AccessDenied\n" in done.stdout
    assert done.stderr == f"iamdesk: capturing: organization\niamdesk: capturing: account {MANAGEMENT}\n"


def test_json_names_every_gap(run: Run, gate: Gate) -> None:
    gate.denied = {"iam ListAccountAliases": "AccessDenied"}

    done = run("collect", "-o", "bundle", "--endpoint-url", gate.url, "--format", "json", *FEW)

    told = json.loads(done.stdout)
    assert told["accounts"] == [MANAGEMENT]
    assert {
        "path": f"accounts/{MANAGEMENT}/iam/list-account-aliases.json",
        "service": "iam",
        "operation": "list-account-aliases",
        "command": "aws iam list-account-aliases",
        "code": "AccessDenied",
        "message": "User is not authorized to perform this, for a test says so",
    } in told["gaps"]


def test_interrupt_ends_it_at_once_and_says_how_to_go_on(gate: Gate, signed_in: None, tmp_path: Path) -> None:
    gate.held = "iam GetAccountSummary"
    # A shell's background job ignores Ctrl-C, and its children inherit that: the child sets it right.
    start = (
        "import signal, runpy; signal.signal(signal.SIGINT, signal.default_int_handler); runpy.run_module('iamdesk')"
    )
    arguments = ["collect", "-o", "bundle", "--endpoint-url", gate.url, *FEW]
    with subprocess.Popen(
        [sys.executable, "-c", start.replace("'iamdesk'", "'iamdesk', run_name='__main__'"), *arguments],
        cwd=tmp_path,
        env=os.environ,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert gate.arrived.wait(240)
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=240)

    assert running.returncode == 130
    assert said.endswith("iamdesk: interrupted: run the same command again to resume the capture\n")
    assert "Traceback" not in said
    assert not gate.let_go.is_set()
    manifest = Manifest.model_validate_json((tmp_path / "bundle" / MANIFEST).read_bytes())
    assert manifest.finished_at is None


def test_nobody_signed_in_is_one_sentence(run: Run, gate: Gate, tmp_path: Path) -> None:
    done = run("collect", "-o", "bundle", "--endpoint-url", gate.url, AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="")

    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "NoCredentialsError" in done.stderr
    assert not (tmp_path / "bundle").exists()


def test_without_boto3_one_sentence_tells_how_to_get_it(process: Run, gate: Gate, tmp_path: Path) -> None:
    hiding = tmp_path / "hiding"
    hiding.mkdir()
    (hiding / "sitecustomize.py").write_text(
        "import importlib.util as u\nreal = u.find_spec\n"
        "u.find_spec = lambda name, *rest: None if name == 'boto3' else real(name, *rest)\n"
    )

    done = process("collect", "-o", "bundle", PYTHONPATH=str(hiding))

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "iamdesk: collecting requires boto3, which is not installed: pip install iamdesk[collect]\n"


def test_policy_is_printed_as_it_ships(run: Run) -> None:
    done = run("collect", "--print-policy")

    assert (done.returncode, done.stdout, done.stderr) == (0, policy_text(), "")


def test_other_commands_import_neither_boto3_nor_qt() -> None:
    script = (
        "import sys\nfrom iamdesk.cli.commands import app_of\nfrom iamdesk.collect import start\napp_of()\n"
        "print([name for name in ('boto3', 'botocore', 'jmespath', 'PySide6') if name in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)

    assert done.stdout == "[]\n"


@pytest.mark.parametrize("line", SHOWN)
def test_line_of_the_guide_runs(run: Run, gate: Gate, line: str) -> None:
    """With the fake AWS behind it, and less to ask for."""
    words = shlex.split(line)[1:]
    few = () if "--print-policy" in words else FEW

    done = run(*words, *few, AWS_ENDPOINT_URL=gate.url)

    assert done.returncode == 0, done.stderr


def test_page_of_a_proxy_is_not_captured_and_the_status_says_so(run: Run, gate: Gate) -> None:
    gate.answers = {"kms ListKeys": [b"<html><body>Sign in to the proxy</body></html>"]}
    done = run("collect", "-o", "bundle", *FEW[:2], "--region", REGION, "--endpoint-url", gate.url)
    assert done.returncode == 1
    assert "kms list-keys: ForeignResponseError" in done.stdout
    assert "1 response did not come from AWS: check the endpoint, and any proxy in between" in done.stderr
