"""The work of the checks grows with the accounts, not with their square."""

from pathlib import Path

from iamdesk.access.evaluator import Evaluator
from iamdesk.checks import registry
from iamdesk.simulate.request_builder import RequestBuilder
from iamdesk.snapshot.model import Account, RoleDetail, Snapshot, UserDetail
from iamdesk.snapshot.resources import Resource

CREATED = "2026-01-10T08:00:00+00:00"
INLINE = ["cloudshell:*", "iam:CreateAccessKey", "iam:PassRole", "lambda:*", "sts:AssumeRole", "support:*"]


def document(**statement):
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]}


def account(number):
    account_id = f"{111111111111 + number}"
    entity = {"Path": "/", "CreateDate": CREATED, "AttachedManagedPolicies": []}
    policies = [{"PolicyName": "own", "PolicyDocument": document(Action=INLINE, Resource="*")}]
    user = {"UserName": "ana", "UserId": f"AIDAANA{number:013}", "Arn": f"arn:aws:iam::{account_id}:user/ana"}
    role = {"RoleName": "job", "RoleId": f"AROAJOB{number:013}", "Arn": f"arn:aws:iam::{account_id}:role/job"}
    trust = document(Action="sts:AssumeRole", Principal={"AWS": account_id, "Service": "lambda.amazonaws.com"})
    return Account(
        account_id=account_id,
        users=(UserDetail.model_validate({**entity, **user, "UserPolicyList": policies, "GroupList": []}),),
        roles=(
            RoleDetail.model_validate(
                {
                    **entity,
                    **role,
                    "RolePolicyList": [{"PolicyName": "all", "PolicyDocument": document(Action="*", Resource="*")}],
                    "AssumeRolePolicyDocument": trust,
                    "InstanceProfileList": [],
                }
            ),
        ),
    )


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
    entity = {"Path": "/", "CreateDate": CREATED, "AttachedManagedPolicies": [], "InstanceProfileList": []}
    arn = f"arn:aws:iam::{one.account_id}:"
    roles = [
        RoleDetail.model_validate(
            {
                **entity,
                "RoleName": f"r{number}",
                "RoleId": f"AROA{number:017}",
                "Arn": f"{arn}role/r{number}",
                "RolePolicyList": [
                    {"PolicyName": "own", "PolicyDocument": document(Action=INLINE, Resource=f"{number}*")}
                ],
                "AssumeRolePolicyDocument": document(
                    Action="sts:AssumeRole", Principal={"AWS": [f"{arn}role/r{(number + 1) % size}", "444455556666"]}
                ),
            }
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
