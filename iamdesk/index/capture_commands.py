"""The AWS CLI commands, whole, that capture what a snapshot lacks: as typed in the top folder of a bundle.

Upper-case words stand for what differs (``BUCKET``, ``REGION``), as in the guide's list of files (``bundle.md``).
"""

from collections.abc import Iterable, Iterator, Mapping

from iamdesk.snapshot.calls import CALLS
from iamdesk.snapshot.capture import CaptureState
from iamdesk.snapshot.layout import Call, Kind, Scope, is_account
from iamdesk.snapshot.model import Snapshot

RETIRED = frozenset({"mediastore"})
"""Services that AWS has ended: what an old bundle has of them is read, but nobody is asked for it."""

_CENTER = Kind.IDENTITY_CENTER
"""Its instance may belong to any account of the organization, and others have none."""
_BEFORE: Mapping[tuple[str, str], str] = {
    ("iam", "get-credential-report"): "aws iam generate-credential-report",
    ("iam", "get-service-last-accessed-details"): (
        "aws iam generate-service-last-accessed-details --arn ARN --granularity ACTION_LEVEL"
    ),
}
"""What has to be asked for before it can be had."""


def capture_commands(snapshot: Snapshot, kind: Kind, accounts: Iterable[str]) -> tuple[str, ...]:
    """Return the commands for one kind of data, one line each; the first makes the folders that the others write to.

    Of a kind that is held in part, those that failed, were never captured, or lack in one of the accounts; where there
    is none of these, all of the kind. An account's id stands in a command that one account alone lacks. Nothing else of
    a snapshot ever does: the lines are made to be pasted into a shell.
    """
    wanted = set(accounts)
    calls = [call for call in CALLS.values() if call.kind is kind and call.service not in RETIRED]
    fine: dict[tuple[str, str], set[str]] = {}
    failed: set[tuple[str, str]] = set()
    for capture in snapshot.captures:
        if capture.kind is kind:
            call = capture.service, capture.command
            if capture.state in (CaptureState.READ, CaptureState.NOTHING_THERE):
                fine.setdefault(call, set()).add(capture.account_id)
            else:
                failed.add(call)

    def lacking(call: Call) -> set[str]:
        """Return the accounts that lack a call. What is asked about one thing each is lacked by all or none.

        An account without buckets lacks no bucket's policy.
        """
        had = fine.get((call.service, call.command), set())
        return wanted if call.arguments else wanted - had

    def is_open(call: Call) -> bool:
        name = call.service, call.command
        of_every_account = not call.arguments and call.scope is not Scope.ORGANIZATION and kind is not _CENTER
        return name in failed or name not in fine or (of_every_account and bool(lacking(call)))

    folders: dict[str, None] = {}
    lines = [
        line
        for call in [call for call in calls if is_open(call)] or calls
        for line in _lines(call, _only(lacking(call), kind), folders)
    ]
    return f"mkdir -p {' '.join(folders)}", *lines


def _only(accounts: set[str], kind: Kind) -> str:
    """Return the account that alone lacks something; empty for several, and where it may be any other's, too."""
    only = next(iter(accounts)) if len(accounts) == 1 else ""
    return only if is_account(only) and kind is not _CENTER else ""


def _lines(call: Call, account: str, folders: dict[str, None]) -> Iterator[str]:
    """Yield what captures one call; the folder of its file is added to the folders."""
    before = _BEFORE.get((call.service, call.command))
    if before is not None:
        yield before
    path, command = call.path, call.command_line
    if call.scope is Scope.REGION:
        command = f"{command} --region REGION"
    if account:
        path, command = path.replace("ACCOUNT-ID", account, 1), command.replace("ACCOUNT-ID", account)
    folders[path.rpartition("/")[0]] = None
    yield f"{command} --output json > {path}"
