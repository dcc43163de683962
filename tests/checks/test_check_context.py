"""What a run asks for all principals at once is what it would be told of each."""

import pytest

from iamdesk.access.evaluator import Evaluator
from iamdesk.checks.check_context import CheckContext
from iamdesk.checks.requested_regions import allowed_request
from iamdesk.checks.targets import principals_of
from iamdesk.evaluate.request import EvalDecision
from iamdesk.progress import never_cancelled

TRAIL = "arn:aws:cloudtrail:us-east-1:111122223333:trail/main"


@pytest.fixture
def survey(make):
    """Users with an Allow, with none, with one that something limits, and one with an irregular ARN."""
    stop, anything = make.allow("cloudtrail:StopLogging"), make.allow("*")
    limits = make.policy("limits", make.allow("s3:*"))
    dated = {"Condition": {"DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}}
    users = [
        make.user("stops", stop),
        make.user("all", anything),
        make.user("reads", make.allow("cloudtrail:Get*")),
        make.user("denied", anything, make.deny("cloudtrail:*")),
        make.user("bounded", stop, **make.boundary(limits["Arn"])),
        make.user("named", make.allow("cloudtrail:*", TRAIL.replace("main", "other"))),
        make.user("by-agent", make.allow("cloudtrail:*", Condition={"StringEquals": {"aws:UserAgent": "x"}})),
        make.user("before", make.allow("cloudtrail:*", **dated)),
        make.user("member", groups=["operators"]),
    ]
    groups = [make.group("operators", make.allow("cloudtrail:Stop*"))]
    snapshot = make.snapshot(users=users, groups=groups, roles=[make.role("job", stop)], policies=[limits])
    (account,) = snapshot.accounts
    odd = account.users[1].model_copy(update={"arn": "arn:aws:iam::999988887777:user/odd"})
    account = account.model_copy(update={"users": (*account.users, odd)})
    snapshot = snapshot.model_copy(update={"accounts": (account,)})
    return CheckContext(Evaluator(snapshot), never_cancelled)


def one_by_one(survey, principal, action, resource):
    decided = survey.applies_to_action(principal.arn, action) and survey.decide(principal.arn, action, resource)
    return decided is EvalDecision.ALLOWED


def test_who_is_allowed_is_the_same_for_all_at_once_and_one_by_one(survey):
    found = set()
    assert survey.evaluator.population().irregular
    for account in survey.snapshot.accounts:
        for one in principals_of(account):
            allowed = allowed_request(survey, account, one, "cloudtrail:StopLogging", TRAIL) is not None
            assert allowed is one_by_one(survey, one, "cloudtrail:StopLogging", TRAIL), one.arn
            if allowed:
                found.add(one.arn.rpartition("/")[2])
    assert found >= {"stops", "all", "member", "job"}
    assert not found & {"reads", "denied", "bounded", "named", "by-agent", "before"}


def test_some_of_the_principals_in_a_context(survey):
    (account,) = survey.snapshot.accounts
    past = {"aws:CurrentTime": "2019-06-01T00:00:00Z"}
    position = survey.evaluator.population().position("arn:aws:iam::111122223333:user/before")
    asked = "cloudtrail:StopLogging", TRAIL
    assert survey.allowed(*asked, survey.members(account)) >> position & 1 == 0
    assert survey.allowed(*asked, survey.members(account), past) >> position & 1 == 1
    assert survey.allowed(*asked, survey.members(account) & ~(1 << position), past) >> position & 1 == 0


def test_only_an_open_request_is_explained(survey):
    def arn(name):
        return f"arn:aws:iam::111122223333:user/{name}"

    assert survey.ask_if_open(arn("reads"), "cloudtrail:StopLogging", TRAIL) is None
    assert survey.ask_if_open(arn("denied"), "cloudtrail:StopLogging", TRAIL) is None
    assert survey.ask_if_open(arn("stops"), "cloudtrail:StopLogging", TRAIL).decision is EvalDecision.ALLOWED
    open_one = survey.ask_if_open(arn("by-agent"), "cloudtrail:StopLogging", TRAIL)
    assert open_one.decision is EvalDecision.CONDITIONAL
    assert open_one.missing_context_values
