"""The complete AWS CLI commands that capture missing data, as typed in the top folder of a bundle.

Words in upper case are to be replaced (``BUCKET``, ``REGION``), as in the guide's list of files (``bundle.md``).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from iamdesk.snapshot.call_status import CaptureState
from iamdesk.snapshot.cli_commands import CALLS
from iamdesk.snapshot.layout import Call, Kind, Scope, is_account
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.resource_services import all_services, policy_commands
from iamdesk.snapshot.resources import Resource

RETIRED = frozenset(
    command.call.service for service in all_services() if service.is_retired for command in service.commands
)
"""Services that AWS has retired: data in old bundles is read, but no command is proposed."""

_CENTER = Kind.IDENTITY_CENTER
"""Its instance may belong to any account of the organization; other accounts have none."""
_FINE = frozenset({CaptureState.READ, CaptureState.NOTHING_THERE})
_BY_THING = frozenset(
    {
        Kind.ORGANIZATION,
        Kind.ORGANIZATION_POLICIES,
        Kind.IDENTITY_CENTER,
        Kind.SERVICE_LAST_ACCESSED,
        Kind.WORKLOADS,
    }
)
"""Kinds that need one call for each unit, permission set, role or cluster."""
_LACKS: Mapping[Kind, Callable[[Resource], bool]] = {
    Kind.RESOURCE_POLICIES: lambda one: not one.is_policy_captured and not one.is_only_tagged,
    Kind.TAGS: lambda one: one.tags is None,
    Kind.BUCKET_ACCESS: lambda one: is_bucket(one) and (one.acl is None or one.public_access_block is None),
    Kind.KEY_GRANTS: lambda one: is_key(one) and one.key_grants is None,
}
"""Whether a resource lacks a kind of data."""
_CALLED = {one.prefix: {command.call.service for command in one.commands} for one in all_services()}
"""Services by CLI name, by the prefix of their ARNs."""
_BEFORE: Mapping[tuple[str, str], str] = {
    ("iam", "get-credential-report"): "aws iam generate-credential-report",
    ("iam", "get-service-last-accessed-details"): (
        "aws iam generate-service-last-accessed-details --arn ARN --granularity ACTION_LEVEL"
    ),
}
"""Calls that have to be made first."""


def capture_commands(snapshot: Snapshot, kind: Kind, accounts: Iterable[str]) -> tuple[str, ...]:
    """Return the commands for one kind of data, one line each; the first creates the folders that the others write to.

    For a kind that was captured in part: the calls that failed, were never made, or lack an account or a resource; if
    there are none, all of the kind. A command that a single account lacks contains the id of that account, and no other
    text from the snapshot, since the lines are pasted into a shell.
    """
    calls = [call for call in CALLS.values() if call.kind is kind and call.service not in RETIRED]
    found = _Found(snapshot, kind, set(accounts))
    folders: dict[str, None] = {}
    lines = [
        line
        for call in list(found.missing(calls)) or calls
        for line in _lines(call, _only(found.lacking(call), kind), folders)
    ]
    return f"mkdir -p {' '.join(folders)}", *lines


class _Found:
    """What became of the calls of one kind of data."""

    def __init__(self, snapshot: Snapshot, kind: Kind, accounts: set[str]) -> None:
        self._accounts = accounts
        self._kind = kind
        self._fine: dict[tuple[str, str], set[str]] = {}
        """The accounts for which each call was captured."""
        self._failed: set[tuple[str, str]] = set()
        for capture in snapshot.captures:
            if capture.kind is kind and capture.state in _FINE:
                self._fine.setdefault((capture.service, capture.command), set()).add(capture.account_id)
            elif capture.kind is kind:
                self._failed.add((capture.service, capture.command))
        self._incomplete = _services_lacking(snapshot, kind)

    def lacking(self, call: Call) -> set[str]:
        """Return the accounts that lack a call; for calls for each of several things, all: some may be missing."""
        if call.arguments:
            return self._accounts
        return self._accounts - self._fine.get((call.service, call.command), set())

    def missing(self, calls: Sequence[Call]) -> Iterator[Call]:
        """Yield the calls of which something is missing."""
        to_list = {call.service for call in calls if call.lists and self._is_lacking(call)}
        for call in calls:
            name = call.service, call.command
            of_one_thing = bool(call.arguments) and (call.service in to_list or call.service in self._incomplete)
            if name in self._failed or name not in self._fine or self._is_lacking(call) or of_one_thing:
                yield call

    def _is_lacking(self, call: Call) -> bool:
        # One account is enough to find the instance of IAM Identity Center.
        of_every_account = not call.arguments and call.scope is not Scope.ORGANIZATION and self._kind is not _CENTER
        return of_every_account and bool(self.lacking(call))


def _services_lacking(snapshot: Snapshot, kind: Kind) -> set[str]:
    """Return the services, by CLI name, with resources that lack this kind of data."""
    lacks = _LACKS.get(kind)
    if lacks is None:  # a kind that is not known by resource: any of a partial capture may be missing
        return {call.service for call in CALLS.values() if call.kind is kind and kind in _BY_THING}
    found: set[str] = set()
    for resource in snapshot.resources:
        if lacks(resource):
            prefix = resource.arn.split(":", 5)[2] if resource.arn.count(":") >= 5 else ""
            about_it = (one for one in policy_commands(prefix) if one.name_in(resource.arn) is not None)
            found |= {one.call.service for one in about_it} or _CALLED.get(prefix, {prefix})
    return found


def _only(accounts: set[str], kind: Kind) -> str:
    """Return the only account that lacks something; empty if there are several, or it may be another one's."""
    only = next(iter(accounts)) if len(accounts) == 1 else ""
    return only if is_account(only) and kind is not _CENTER else ""


def _lines(call: Call, account: str, folders: dict[str, None]) -> Iterator[str]:
    """Yield the commands for one call; adds the folder of its file to the folders."""
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


def is_bucket(resource: Resource) -> bool:
    """Return whether a resource is an S3 bucket."""
    return resource.arn.split(":", 5)[2:5] == ["s3", "", ""]


def is_key(resource: Resource) -> bool:
    """Return whether a resource is a KMS key."""
    return resource.arn.split(":", 3)[2:3] == ["kms"]
