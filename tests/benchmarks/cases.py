"""Self-contained cases drawn at random for the benchmarks: every layer, every kind of principal, all of the language.

A fifth of the statements of a case speak of its own action and resource, so that every decision comes up; which ones
how often, `bench_simulate.py` prints.
"""

import random
from collections.abc import Callable, Iterator
from typing import Any

type Json = Any

A, B = "111122223333", "444455556666"
PRINCIPALS = (
    f"arn:aws:iam::{A}:user/ana",
    f"arn:aws:iam::{A}:user/team/bob",
    f"arn:aws:sts::{A}:assumed-role/deploy/ci",
    f"arn:aws:iam::{A}:role/deploy",
    f"arn:aws:sts::{A}:federated-user/ana",
    f"arn:aws:iam::{A}:root",
    f"arn:aws:iam::{B}:user/zoe",
    "events.amazonaws.com",
    "anonymous",
)
PLACES: tuple[tuple[str, tuple[str, ...], Callable[[random.Random], str]], ...] = (
    (
        "s3",
        ("GetObject", "PutObject", "DeleteObject", "GetObjectTagging"),
        lambda pick: f"arn:aws:s3:::bucket-{pick.randrange(40)}/{pick.choice('abc')}/{pick.randrange(500)}.csv",
    ),
    ("s3", ("ListBucket", "GetBucketPolicy"), lambda pick: f"arn:aws:s3:::bucket-{pick.randrange(40)}"),
    (
        "dynamodb",
        ("GetItem", "PutItem", "Query"),
        lambda pick: f"arn:aws:dynamodb:eu-west-1:{A}:table/t{pick.randrange(50)}",
    ),
    (
        "sqs",
        ("SendMessage", "ReceiveMessage"),
        lambda pick: f"arn:aws:sqs:{pick.choice(('eu-west-1', 'us-east-1'))}:{A}:q{pick.randrange(50)}",
    ),
    (
        "kms",
        ("Decrypt", "Encrypt", "DescribeKey"),
        lambda pick: f"arn:aws:kms:eu-west-1:{A}:key/{pick.randrange(16**8):08x}-12ab-34cd-56ef-1234567890ab",
    ),
    (
        "ec2",
        ("StartInstances", "TerminateInstances"),
        lambda pick: f"arn:aws:ec2:eu-west-1:{A}:instance/i-{pick.randrange(16**8):08x}",
    ),
    ("iam", ("PassRole", "GetRole", "PutRolePolicy"), lambda pick: f"arn:aws:iam::{A}:role/r{pick.randrange(50)}"),
    ("sts", ("AssumeRole",), lambda pick: f"arn:aws:iam::{A}:role/r{pick.randrange(50)}"),
    (
        "lambda",
        ("InvokeFunction", "GetFunction"),
        lambda pick: f"arn:aws:lambda:eu-west-1:{A}:function:f{pick.randrange(50)}",
    ),
)
TESTS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("StringEquals", "aws:PrincipalTag/team", ("red", "blue", "green")),
    ("StringNotEqualsIfExists", "aws:PrincipalTag/team", ("red", "blue")),
    ("StringLike", "aws:username", ("a*", "*b?b*", "ana")),
    ("ArnLike", "aws:PrincipalArn", (f"arn:aws:iam::{A}:user/*", f"arn:aws:iam::{A}:role/*")),
    ("ForAllValues:StringEquals", "aws:TagKeys", ("cost", "team", "owner")),
    ("ForAnyValue:StringLike", "aws:TagKeys", ("c*", "t*")),
    ("NumericLessThanEquals", "s3:max-keys", ("10", "100")),
    ("DateLessThan", "aws:CurrentTime", ("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z")),
    ("Bool", "aws:SecureTransport", ("true",)),
    ("BoolIfExists", "aws:MultiFactorAuthPresent", ("true",)),
    ("IpAddress", "aws:SourceIp", ("10.0.0.0/8", "203.0.113.0/24", "2001:db8::/32")),
    ("NotIpAddress", "aws:SourceIp", ("198.51.100.0/24",)),
    ("Null", "aws:TokenIssueTime", ("true",)),
    ("StringEquals", "aws:RequestedRegion", ("eu-west-1", "us-east-1")),
    ("StringEquals", "s3:ExistingObjectTag/owner", ("${aws:username}", "${aws:PrincipalTag/team, 'none'}")),
)
VALUES: dict[str, tuple[str | list[str], ...]] = {
    "aws:PrincipalTag/team": ("red", "blue", "green", "yellow"),
    "aws:username": ("ana", "bob"),
    "aws:PrincipalArn": (f"arn:aws:iam::{A}:user/ana", f"arn:aws:iam::{A}:role/deploy"),
    "aws:TagKeys": (["cost"], ["cost", "team"], ["other"], []),
    "s3:max-keys": ("5", "50", "500", "many"),
    "aws:CurrentTime": ("2026-11-24T20:00:00Z",),
    "aws:SecureTransport": ("true", "false"),
    "aws:MultiFactorAuthPresent": ("true", "false"),
    "aws:SourceIp": ("10.1.2.3", "203.0.113.9", "198.51.100.4", "2001:db8::1"),
    "aws:TokenIssueTime": ("2026-11-24T19:00:00Z",),
    "aws:RequestedRegion": ("eu-west-1", "us-east-1", "ap-south-1"),
    "s3:ExistingObjectTag/owner": ("ana", "red", "none"),
}


class _Drawer:
    """Draws the policies of one case."""

    def __init__(self, pick: random.Random) -> None:
        self.pick = pick
        self.service, actions, place = pick.choice(PLACES)
        self.action = f"{self.service}:{pick.choice(actions)}"
        self.resource = place(pick)

    def statement(self, allow: float, principals: tuple[str, ...] = ()) -> Json:
        pick = self.pick
        effect = "Allow" if pick.random() < allow else "Deny"
        one: dict[str, Json] = {"Sid": f"S{pick.randrange(10**6)}", "Effect": effect}
        is_own = pick.random() < (0.5 if effect == "Allow" else 0.15)
        service, actions, place = pick.choice(PLACES)
        if is_own:
            entries = [self.action, f"{self.service}:*", "*", f"{self.action[:-3]}*"]
        else:
            entries = [f"{service}:{name}" for name in actions] + [f"{service}:Get*", f"{service}:*"]
        name = "NotAction" if pick.random() < 0.05 else "Action"
        one[name] = pick.sample(entries, min(len(entries), pick.randint(1, 3)))
        if is_own:
            resources = [self.resource, "*", f"{self.resource[:-2]}*", self.resource.replace("eu-west-1", "*")]
        else:
            resources = [place(pick), f"{place(pick)[:-1]}*", place(pick)[:-1] + "${aws:username}"]
        name = "NotResource" if pick.random() < 0.05 else "Resource"
        one[name] = pick.sample(resources, pick.randint(1, 3))
        if principals:
            one["Principal"] = "*" if pick.random() < 0.2 else {"AWS": pick.sample(principals, pick.randint(1, 2))}
        condition: dict[str, Json] = {}
        for operator, key, values in pick.sample(TESTS, pick.choice((0, 0, 0, 1, 1, 2))):
            condition.setdefault(operator, {})[key] = pick.sample(values, pick.randint(1, len(values)))
        if condition:
            one["Condition"] = condition
        return one

    def document(self, allow: float = 0.85, principals: tuple[str, ...] = ()) -> Json:
        count = self.pick.choice((1, 2, 2, 3, 4, 8))
        return {"Version": "2012-10-17", "Statement": [self.statement(allow, principals) for _ in range(count)]}

    def named(self, most: int, allow: float = 0.85) -> list[Json]:
        return [{"name": f"p{n}", "document": self.document(allow)} for n in range(self.pick.randint(1, most))]


FULL = {
    "name": "FullAWSAccess",
    "document": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]},
}


def cases(count: int, seed: int = 1) -> Iterator[dict[str, Json]]:
    """Yield cases in the shape of the contract's section 4; the same seed gives the same cases."""
    pick = random.Random(seed)
    named = (*(one for one in PRINCIPALS if one.startswith("arn:")), A, B)
    for number in range(count):
        drawer = _Drawer(pick)
        case: dict[str, Json] = {
            "id": f"case-{number}",
            "principal": pick.choice(PRINCIPALS) if pick.random() < 0.4 else PRINCIPALS[pick.randrange(4)],
            "action": drawer.action,
            "resource": drawer.resource,
            "resource_account": pick.choice((A, A, A, B)),
            "context": {key: pick.choice(VALUES[key]) for key in VALUES if pick.random() < 0.6},
            "identity_policies": drawer.named(4),
        }
        if pick.random() < 0.15:
            case["permissions_boundary"] = drawer.named(1, 0.95)
        if pick.random() < 0.15:
            case["session_policies"] = drawer.named(2, 0.95)
        if pick.random() < 0.3:
            case["scps"] = [[FULL, *drawer.named(1, 0.1)] for _ in range(pick.randint(1, 3))]
        if pick.random() < 0.2:
            case["rcps"] = [drawer.named(1, 0.0) for _ in range(pick.randint(1, 3))]
        if drawer.service in ("s3", "sqs", "kms", "sts", "lambda") and pick.random() < 0.6:
            case["resource_policy"] = drawer.document(0.85, named)
        yield case
