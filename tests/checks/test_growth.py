"""The work of the checks grows with the accounts, not with their square."""

from pathlib import Path

from iamdesk.access.evaluator import Evaluator
from iamdesk.checks import registry
from iamdesk.simulate.request_builder import RequestBuilder
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.resources import Resource

from ..builders import captures

CREATED = "2026-01-10T08:00:00+00:00"
INLINE = ["cloudshell:*", "iam:CreateAccessKey", "iam:PassRole", "lambda:*", "sts:AssumeRole", "support:*"]


def document(**statement):
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]}


def account(number):
    account_id = f"{111111111111 + number}"
    known = {"account": account_id, "CreateDate": CREATED, "attached": ()}
    trust = document(Action="sts:AssumeRole", Principal={"AWS": account_id, "Service": "lambda.amazonaws.com"})
    own, everything = document(Action=INLINE, Resource="*"), document(Action="*", Resource="*")
    ana = captures.user("ana", own, UserId=f"AIDAANA{number:013}", groups=(), **known)
    job = captures.role("job", everything, trust=trust, RoleId=f"AROAJOB{number:013}", InstanceProfileList=[], **known)
    return captures.account(ana, job, number=account_id)


def accounts(number):
    listed = tuple(map(account, range(number)))
    return Snapshot(path=Path("/captures/all"), files=(), sha256="0", accounts=listed)


def requests_of(snapshot, monkeypatch):
    """Return how many requests are put together for a run of all checks, however they are decided then."""
    asked = 0
    question = RequestBuilder.evaluation_request

    def counted(*arguments):
        nonlocal asked
        asked += 1
        return question(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(RequestBuilder, "evaluation_request", counted)
        found = list(registry.run(Evaluator(snapshot)))
    assert {one.check_id for one in found} >= {"ADM-17", "CHN-01"}
    return asked


def test_requests_grow_with_the_accounts(monkeypatch):
    few, more, many = (requests_of(accounts(number), monkeypatch) for number in (5, 10, 20))
    assert many - more <= 2.2 * (more - few), (few, more, many)


def crowded(size):
    """One account with ``size`` users, roles and resources, of which many name each other."""
    numbers = range(size)
    one = account(0)
    arn = f"arn:aws:iam::{one.account_id}:"
    roles = [
        captures.role(
            f"r{number}",
            document(Action=INLINE, Resource=f"{number}*"),
            trust=document(
                Action="sts:AssumeRole", Principal={"AWS": [f"{arn}role/r{(number + 1) % size}", "444455556666"]}
            ),
            account=one.account_id,
            RoleId=f"AROA{number:017}",
            CreateDate=CREATED,
            InstanceProfileList=[],
            attached=(),
        )
        for number in numbers
    ]
    resources = []
    for number in numbers:
        queue = f"arn:aws:sqs:eu-west-1:{one.account_id}:q{number}"
        policy = document(Action="sqs:*", Resource=queue, Principal={"AWS": ["*", f"{arn}role/r{number}"]})
        resources.append(Resource(arn=queue, account_id=one.account_id, policy=policy))
    accounts = (one.model_copy(update={"roles": (*one.roles, *roles)}),)
    return Snapshot(path=Path("/captures/all"), files=(), sha256="0", accounts=accounts, resources=tuple(resources))


def test_requests_grow_with_the_principals_and_resources_of_an_account(monkeypatch):
    few, more, many = (requests_of(crowded(size), monkeypatch) for size in (10, 20, 40))
    assert many - more <= 2.2 * (more - few), (few, more, many)
