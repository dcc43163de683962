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

_BEFORE: Mapping[tuple[str, str], str] = {
    ("iam", "get-credential-report"): "aws iam generate-credential-report",
    ("iam", "get-service-last-accessed-details"): (
        "aws iam generate-service-last-accessed-details --arn ARN --granularity ACTION_LEVEL"
    ),
}
"""What has to be asked for before it can be had."""


def capture_commands(snapshot: Snapshot, kind: Kind, lacking: Iterable[str]) -> tuple[str, ...]:
    """Return the commands for one kind of data, one line each; the first makes the folders that the others write to.

    Of a kind that is held in part, those that were never captured or failed; where there is none of these, all of the
    kind. ``lacking`` are the accounts that lack it: where it is one, its id stands in the commands. Nothing else of a
    snapshot ever does: they are made to be pasted into a shell.
    """
    calls = [call for call in CALLS.values() if call.kind is kind and call.service not in RETIRED]
    states: dict[tuple[str, str], set[CaptureState]] = {}
    for capture in snapshot.captures:
        if capture.kind is kind:
            states.setdefault((capture.service, capture.command), set()).add(capture.state)
    fine = {CaptureState.READ, CaptureState.NOTHING_THERE}
    open_ = [call for call in calls if not (found := states.get((call.service, call.command))) or found - fine]
    ids = list(dict.fromkeys(lacking))
    # The instance of IAM Identity Center may belong to any account of the organization.
    is_known = len(ids) == 1 and is_account(ids[0]) and kind is not Kind.IDENTITY_CENTER
    account = ids[0] if is_known else ""
    folders: dict[str, None] = {}
    lines = [line for call in open_ or calls for line in _lines(call, account, folders)]
    return f"mkdir -p {' '.join(folders)}", *lines


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
