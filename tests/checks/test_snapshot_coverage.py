"""CMP-04, CMP-06, CMP-07: when parts were captured, what was not, how old the lists are."""

from datetime import date, timedelta

from iamdesk.aws.service_reference import reference
from iamdesk.checks.finding import State
from iamdesk.snapshot.manifest import Manifest

BUCKET = "arn:aws:s3:::payroll"


def manifest(start, end):
    told = {"format": "iamdesk-bundle", "version": 1, "started_at": start, "finished_at": end}
    return {"manifest": Manifest.model_validate(told)}


def test_cmp_04_parts_that_are_days_apart(make):
    facts = {"credential_report": {"generated_time": "2026-03-01T08:00:00+00:00", "entries": []}}
    beside = manifest("2026-03-05T08:00:00+00:00", "2026-03-05T09:00:00+00:00")
    (one,) = make.findings("CMP-04", facts=facts, beside=beside)
    assert (
        one.sentence
        == "4 days passed between the credential report and the end of the capture of account 111122223333."
    )
    assert one.evidence[0].text == "The credential report: 2026-03-01 08:00 UTC."


def test_cmp_04_parts_of_one_day_and_parts_without_a_time(make):
    facts = {"credential_report": {"generated_time": "2026-03-05T08:00:00+00:00", "entries": []}}
    assert not make.findings("CMP-04", facts=facts, beside=manifest("2026-03-05T08:00:00+00:00", None))
    assert not make.findings("CMP-04", facts={"credential_report": {"entries": []}})
    assert not make.findings("CMP-04")


def test_cmp_06_policies_of_resources_that_were_not_captured(make):
    (one,) = make.findings("CMP-06")
    assert one.state is State.INCONCLUSIVE
    assert one.sentence.startswith("Access through resources cannot be determined completely: ")


def test_cmp_06_tells_of_what_is_missing_alone(make):
    bucket = make.resource(BUCKET, make.allow("s3:GetObject"), acl=[], public_access_block={})
    (one,) = make.findings("CMP-06", beside={"resources": (bucket,)})
    assert "access control lists" not in one.sentence.lower()
    assert "grants of KMS keys" in one.sentence


def test_cmp_07_a_list_of_actions_that_is_behind(make):
    late = reference().updated + timedelta(days=200)
    used = {"RoleLastUsed": {"LastUsedDate": f"{late:%Y-%m-%d}T00:00:00+00:00", "Region": "eu-west-1"}}
    (one,) = make.findings("CMP-07", roles=[make.role("late", **used)])
    assert "200 days before the snapshot" in one.sentence


def test_cmp_07_a_list_that_is_recent_enough(make):
    assert reference().updated > date(2026, 1, 1)
    assert not make.findings("CMP-07")
