"""A snapshot that is not held in memory as a whole is answered from, in the same words as one that is."""

from pathlib import Path

import pytest

from iamdesk import workbench
from iamdesk.paths import resources

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
        *("can", SAMPLE, "--principal", DEV, "--need", "read-object"),
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
}


@pytest.mark.parametrize("arguments", COMMANDS.values(), ids=COMMANDS.keys())
def test_the_answer_is_that_of_the_whole(
    iamdesk: Run, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str | Path, ...]
) -> None:
    whole = iamdesk(*arguments)
    opened: list[object] = []
    original = workbench.OpenOrganization.__init__
    monkeypatch.setattr(workbench, "WHOLE_BELOW", 0)
    monkeypatch.setattr(
        workbench.OpenOrganization, "__init__", lambda self, *given: (opened.append(self), original(self, *given))[1]
    )
    parts = iamdesk(*arguments)
    assert opened, "it was not read as a catalogue"
    assert (parts.returncode, parts.stdout, parts.stderr) == (whole.returncode, whole.stdout, whole.stderr)
    assert parts.stdout or parts.stderr
