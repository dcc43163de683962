"""A snapshot that is not held in memory as a whole is answered from, in the same words as one that is."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from iamdesk import api
from iamdesk.access.organization_evaluator import OrganizationEvaluator
from iamdesk.attack_paths import prepared
from iamdesk.cli import executor
from iamdesk.resource_files import resources
from iamdesk.work.processes import Processes

from .conftest import Run

SAMPLE = resources() / "samples" / "acme-organization"
DEV = "arn:aws:iam::444455556666:user/dev"
FUNCTION = "arn:aws:lambda:eu-west-1:444455556666:function:report"
DENIED = f"User: {DEV} is not authorized to perform: lambda:CreateFunction on resource: {FUNCTION}"
COMMANDS = {
    "can": ("can", SAMPLE, "--principal", DEV, "--action", "lambda:CreateFunction", "--resource", FUNCTION),
    "can, with changes": (
        *("can", SAMPLE, "--principal", DEV, "--action", "lambda:CreateFunction", "--resource", FUNCTION),
        *("--changes", "--format", "json"),
    ),
    "can, a need": (
        *("can", SAMPLE, "--principal", DEV, "--use-case", "read-object"),
        *("--resource", "arn:aws:s3:::acme-org-data/orders/1"),
    ),
    "nobody of that name": (
        "can",
        SAMPLE,
        "--principal",
        f"{DEV}x",
        "--action",
        "s3:ListAllMyBuckets",
        "--resource",
        "*",
    ),
    "who-can": ("who-can", SAMPLE, "--action", "s3:GetObject", "--resource", "arn:aws:s3:::acme-org-data/orders/1"),
    "who-can as JSON": ("who-can", SAMPLE, "--action", "iam:CreateUser", "--resource", "*", "--format", "json"),
    "who-can as CSV": ("who-can", SAMPLE, "--action", "iam:PassRole", "--resource", "*", "--format", "csv"),
    "what-can": ("what-can", SAMPLE, "--principal", DEV),
    "why": ("why", SAMPLE, DENIED),
    "findings": ("findings", SAMPLE),
    "findings, some of them bad": ("findings", SAMPLE, "--fail-on", "high", "--workers", "1"),
    "findings in a file": ("findings", SAMPLE, "--output", "findings.txt", "--fail-on", "low"),
    "paths": ("paths", SAMPLE),
    "paths as JSON": ("paths", SAMPLE, "--format", "json"),
    "paths into an account": ("paths", SAMPLE, "--to", "444455556666", "--memory", "300"),
    "paths to nowhere": ("paths", SAMPLE, "--to", "nowhere"),
}


class Kept(Processes):
    """A worker that stays for the next command."""

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        pass


@pytest.fixture(scope="module")
def worker() -> Iterator[Processes]:
    kept = Kept(1)
    yield kept
    Processes.shutdown(kept)


def _timeless(output: str) -> str:
    """Return a table without the time when it was made."""
    return re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "…", output)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_answer_is_that_of_the_whole(
    iamdesk: Run, monkeypatch: pytest.MonkeyPatch, name: str, worker: Processes
) -> None:
    arguments = COMMANDS[name]
    # As in more than 3,000 users and roles: no path after a preparation is searched, and it says so.
    monkeypatch.setattr(prepared, "_MAX_PRINCIPALS", 0)
    if name != "findings":  # which starts and ends a worker of its own
        monkeypatch.setattr(executor, "open_executor", lambda *_arguments, **_more: worker)
    whole = iamdesk(*arguments)
    opened: list[object] = []
    original = api.OrganizationSession.__init__
    monkeypatch.setattr(api, "WHOLE_BELOW", 0)
    monkeypatch.setattr(
        api.OrganizationSession, "__init__", lambda self, *given: (opened.append(self), original(self, *given))[1]
    )
    parts = iamdesk(*arguments)
    assert opened, "it was not read as a catalogue"
    assert (parts.returncode, _timeless(parts.stdout), parts.stderr) == (
        whole.returncode,
        _timeless(whole.stdout),
        whole.stderr,
    )
    assert parts.stdout or parts.stderr


def test_memory_that_is_none_is_bad_usage(iamdesk: Run) -> None:
    ended = iamdesk("--memory", "0", "findings", SAMPLE)
    assert ended.returncode == 2
    assert "--memory" in ended.stderr
    assert "--memory" in iamdesk("--help").stdout


def test_accounts_take_what_memory_is_left(iamdesk: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "WHOLE_BELOW", 0)
    given: list[int] = []
    original = OrganizationEvaluator.__init__

    def noted(self: OrganizationEvaluator, *arguments: Any, memory: int, **more: Any) -> None:
        given.append(memory)
        original(self, *arguments, memory=memory, **more)

    monkeypatch.setattr(OrganizationEvaluator, "__init__", noted)
    for megabytes in ("700", "1500"):
        assert iamdesk("findings", SAMPLE, "--memory", megabytes, "--workers", "1").returncode == 0
    assert given[1] / given[0] == pytest.approx(1100 / 300), "the program itself takes 400 MB"
