"""A whole capture: the organization as the caller, then one account after another, with parallel calls."""

import shlex
import threading
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from iamdesk.collect import cli_output
from iamdesk.collect.aws_session import EXPIRED, GARBLED, Aws, error_of, sign_in
from iamdesk.collect.bundle_writer import BundleFolder, zip_folder
from iamdesk.collect.call_planner import CallScope, Task, first_task, tasks_after
from iamdesk.collect.call_spec import Step
from iamdesk.collect.call_specs import ACCOUNTS, AUTHORIZATION_DETAILS, STEPS
from iamdesk.collect.fetch import GarbledError, NotReadyError, UnknownOperationError, fetch
from iamdesk.collect.options import Captured, CollectError, FailedCall, Options, Status, Watch
from iamdesk.collect.response_limits import ForeignResponseError
from iamdesk.collect.task_pool import TaskPool
from iamdesk.i18n import phrase
from iamdesk.progress import Cancelled
from iamdesk.snapshot.cli_commands import CALLS
from iamdesk.snapshot.layout import Scope, is_account, place_of
from iamdesk.snapshot.manifest import CallerIdentity, CallError, ManifestFile
from iamdesk.snapshot.resource_service import NOT_OFFERED

_CALL_ERRORS = (
    *(ClientError, BotoCoreError, ResponseParserError),
    *(ForeignResponseError, GarbledError, NotReadyError, UnknownOperationError),
)

_LISTS_ALL = ("ec2", "query")
"""Protocols in which AWS sends empty lists, too."""


def capture(options: Options, watch: Watch, cancelled: Cancelled) -> Captured:
    """Capture a bundle; see `iamdesk.collect.start.collect`."""
    is_zip = options.output.suffix.lower() == ".zip"
    if is_zip and options.output.exists():
        raise CollectError(phrase("{output} already exists; it was not overwritten", output=options.output))
    aws = sign_in(options)
    caller = aws.caller()
    place = options.output.with_name(f"{options.output.name}.collecting") if is_zip else options.output
    folder = BundleFolder(place, caller)
    is_finished = False
    work = _Capture(options, folder, watch, cancelled)
    try:
        folder.write_manifest(finished=False)
        work.run(aws, caller)
        is_finished = True
    finally:
        folder.write_manifest(finished=is_finished)
        folder.close()
    captured = Captured(
        path=options.output,
        accounts=folder.accounts,
        regions=folder.regions,
        files=sum(entry.error is None for entry in folder.entries),
        kept=work.kept,
        failed_calls=tuple(_failed_calls(folder.entries)),
        notes=tuple(work.notes),
    )
    if is_zip:
        zip_folder(folder, options.output, cancelled)
        folder.remove()
    return captured


class _Capture:
    """One run."""

    def __init__(self, options: Options, folder: BundleFolder, watch: Watch, cancelled: Cancelled) -> None:
        self._options = options
        self._folder = folder
        self._watch = watch
        self._cancelled = cancelled
        self._steps = tuple(step for step in STEPS if step.call.kind not in options.skip)
        self._counting = threading.Lock()
        self._failed_calls = 0
        self._done = 0
        self.kept = 0
        self.notes: list[str] = []

    def run(self, aws: Aws, caller: CallerIdentity) -> None:
        partition = caller.arn.split(":")[1]
        home = CallScope(caller.account, partition, aws.home)
        regions = self._regions(aws, home)
        self._folder.looked_into(caller.account, regions)
        once = tuple(step for step in self._steps if step.once)
        self._pass(aws, once, _begin(aws, once, home, regions), "organization")
        others = self._others(caller.account)
        self._account(aws, home, regions, phrase("account {account}", account=caller.account))
        for number, account in enumerate(others, 2):
            self._other_account(
                aws,
                CallScope(account, partition, aws.home),
                phrase(
                    "account {account} ({number} of {count})", account=account, number=number, count=len(others) + 1
                ),
            )

    def _others(self, own: str) -> tuple[str, ...]:
        """Return the other accounts, in which the role is assumed."""
        if not self._options.role_name:
            return ()
        if self._options.accounts:
            return tuple(account for account in dict.fromkeys(self._options.accounts) if account != own)
        path = ACCOUNTS.call.file()
        entry = self._folder.captured(path)
        if entry is None or entry.error is not None:
            why = f" ({entry.error.code})" if entry and entry.error else ""
            raise CollectError(
                phrase("the accounts of the organization cannot be listed{why}: give them with --account", why=why)
            )
        listed = self._folder.read(path)["Accounts"]
        # `Status` was renamed to `State`; for a time, AWS returns both (API reference of Account).
        active = [account["Id"] for account in listed if account.get("State", account.get("Status")) == "ACTIVE"]
        if odd := [account for account in active if not is_account(account)]:
            raise CollectError(phrase("{account} is not an account ID: expected twelve digits", account=repr(odd[0])))
        return tuple(account for account in active if account != own)

    def _other_account(self, aws: Aws, home: CallScope, doing: str) -> None:
        role = f"arn:{home.partition}:iam::{home.account}:role/{self._options.role_name}"
        try:
            inside = aws.within(role)
        except (*_CALL_ERRORS, *GARBLED) as error:
            failure = self._failure(error)
            self._folder.looked_into(home.account, ())
            self._gap(
                ManifestFile(
                    path=AUTHORIZATION_DETAILS.call.file(account=home.account),
                    command=("aws", "sts", "assume-role", "--role-arn", role),
                    error=failure,
                )
            )
            self.notes.append(
                phrase(
                    "account {account} was not captured: {role} cannot be assumed ({code})",
                    account=home.account,
                    role=role,
                    code=failure.code,
                )
            )
            return
        regions = self._regions(inside, home)
        self._folder.looked_into(home.account, regions)
        self._account(inside, home, regions, doing)

    def _account(self, aws: Aws, home: CallScope, regions: tuple[str, ...], doing: str) -> None:
        steps = tuple(step for step in self._steps if not step.once)
        self._note_not_offered(aws, steps, home, regions)
        self._pass(aws, steps, _begin(aws, steps, home, regions), doing)

    def _note_not_offered(self, aws: Aws, steps: tuple[Step, ...], home: CallScope, regions: tuple[str, ...]) -> None:
        """Record the lists of what runs with a role that are empty because a Region does not have the service."""
        for step in steps:
            if step.after or NOT_OFFERED not in step.call.absent or not aws.knows(step.service):
                continue
            for region in regions:
                if not aws.offers(step.service, region):
                    task = first_task(step, CallScope(home.account, home.partition, region))
                    message = phrase("AWS does not offer the service in this Region, according to boto3")
                    self._folder.note(
                        ManifestFile(
                            path=task.path,
                            command=cli_output.command(task, task.parameters),
                            captured_at=datetime.now(UTC),
                            error=CallError(code=NOT_OFFERED, message=message),
                        )
                    )

    def _pass(self, aws: Aws, steps: tuple[Step, ...], tasks: Iterable[Task], doing: str) -> None:
        """Make these calls and all calls that follow from their outputs."""
        pool: TaskPool[Task, tuple[str, str]] = TaskPool(
            self._options.parallel,
            lambda task: self._do(aws, pool, task, steps),
            lambda task: task.lane,
            aws.forget,
        )
        before = self._done

        def watch() -> None:
            self._watch(Status(before + pool.done, before + pool.total, self._failed_calls, doing))

        pool.run(tasks, watch, self._cancelled)
        self._done = before + pool.done

    def _do(self, aws: Aws, pool: TaskPool[Task, tuple[str, str]], task: Task, steps: tuple[Step, ...]) -> list[Task]:
        """Make one call, unless an earlier run made it, and return the calls that follow from its output."""
        path = task.path
        known = self._folder.captured(path)
        if known is not None and (known.error is None or known.error.code in task.step.call.absent):
            with self._counting:
                self.kept += known.error is None
            found = self._folder.read(path) if known.error is None else None
        else:
            found = self._ask(aws, pool, task, path)
        if found is None:
            return []
        return [after for after in tasks_after(task, found, steps) if aws.knows(after.step.service)]

    def _ask(self, aws: Aws, pool: TaskPool[Task, tuple[str, str]], task: Task, path: str) -> Any:
        moment = datetime.now(UTC)
        entry = ManifestFile(
            path=path,
            command=cli_output.command(task, task.parameters),
            arguments=tuple(task.arguments[name] for name in task.step.call.arguments),
            captured_at=moment,
        )
        try:
            parameters, found = self._fetched(aws, pool, task)
        except _CALL_ERRORS as error:
            failure = self._failure(error)
            entry = entry.model_copy(update={"error": failure})
            if failure.code in task.step.call.absent:
                self._folder.note(entry)
            else:
                self._gap(entry)
            return None
        command = cli_output.command(task, parameters)
        self._folder.keep(entry.model_copy(update={"command": command}), cli_output.as_bytes(found))
        return found

    def _fetched(self, aws: Aws, pool: TaskPool[Task, tuple[str, str]], task: Task) -> tuple[Mapping[str, Any], Any]:
        """Return the parameters of a call's command, and its output.

        Raises:
            GarbledError, ForeignResponseError: the response does not come from AWS.
        """
        client = aws.client(*task.lane)
        try:
            response, parameters = fetch(client, task, pool.wait)
            found = cli_output.narrowed(task, cli_output.printed(response))
            is_listed_always = client.meta.service_model.metadata["protocol"] in _LISTS_ALL
            if is_listed_always and isinstance(found, dict) and found and all(one is None for one in found.values()):
                raise ForeignResponseError(phrase("The response lacks all that the call returns."))
            list(tasks_after(task, found, self._steps))  # check that the calls that follow from it can be read
        except ForeignResponseError:
            raise
        except GARBLED as error:
            reason = f"{type(error).__name__}: {error}"
            raise GarbledError(phrase("The response of AWS cannot be read: {error}", error=reason)) from error
        return parameters, found

    def _gap(self, entry: ManifestFile) -> None:
        with self._counting:
            self._failed_calls += 1
        self._folder.note(entry)

    def _failure(self, error: Exception) -> CallError:
        """Return the error of a failed call.

        Raises:
            CollectError: the credentials have expired: all further calls would fail.
        """
        failure = error_of(error)
        if failure.code in EXPIRED:
            raise CollectError(
                phrase(
                    "the credentials have expired or are missing ({code}): sign in again and run the same command to "
                    "resume the capture",
                    code=failure.code,
                )
            ) from error
        return failure

    def _regions(self, aws: Aws, home: CallScope) -> tuple[str, ...]:
        if self._options.regions:
            return self._options.regions
        try:
            enabled = aws.enabled_regions(home.partition)
        except (*_CALL_ERRORS, *GARBLED) as error:
            failure = self._failure(error)
            self.notes.append(
                phrase(
                    "the Regions of account {account} could not be listed ({code}): only {home} was captured",
                    account=home.account,
                    code=failure.code,
                    home=aws.home,
                )
            )
            return (aws.home,)
        return enabled


def _begin(aws: Aws, steps: tuple[Step, ...], home: CallScope, regions: tuple[str, ...]) -> Iterator[Task]:
    """Yield the calls that do not depend on others."""
    for step in steps:
        if step.after or not aws.knows(step.service):
            continue
        if step.call.scope is not Scope.REGION:
            yield first_task(step, home)
            continue
        for region in regions:
            if aws.offers(step.service, region):
                yield first_task(step, CallScope(home.account, home.partition, region))


def _failed_calls(entries: Iterable[ManifestFile]) -> Iterator[FailedCall]:
    for entry in entries:
        place = place_of(entry.path)
        if entry.error is None or place is None:
            continue
        call = CALLS.get((place.service, place.command))
        if call is None or entry.error.code not in call.absent:
            command = shlex.join(entry.command)
            yield FailedCall(entry.path, place.service, place.command, command, entry.error.code, entry.error.message)
