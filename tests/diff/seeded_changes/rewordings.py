"""Edits without any effect on access, and changes of credentials, which no policy reads.

That they have none is AWS's documentation, IAM User Guide: "Grammar of the IAM JSON policy language" (order of
statements and elements, lists), "IAM JSON policy elements: Sid", "Action" (names are not case-sensitive), "Condition"
(names of keys are not case-sensitive), "Condition operators" (StringLike, ArnEquals and ArnLike), "AWS JSON policy
elements: Principal" (an account by its number or its root ARN), "Policy evaluation logic" (default deny).
"""

from typing import Any

from ...builders.captures import allow, deny
from .. import seeds
from . import worlds
from .identity import ALL, DELETE, GET, LIST, MFA, PUBLISH, PUT, RECEIVE, SEND
from .worlds import (
    ANA,
    BEN,
    KEY,
    NIGHT,
    PAPERS,
    QUEUE,
    ROOT,
    ROOT_B,
    STAFF,
    WORKER,
    A,
    B,
    Change,
    attach,
    both,
    bound,
    control,
    controls,
    enter,
    facts,
    given,
    join,
    managed,
    on,
    own,
    resource,
    setting,
    tag,
    trust,
    versions,
)


def _own(name: str, before: list[seeds.Json], after: list[seeds.Json]) -> Change:
    return Change(name, own(ANA, *after), own(ANA, *before))


INLINE = (
    _own("a Sid is renamed", [allow(GET, ALL, Sid="Read")], [allow(GET, ALL, Sid="ReadPapers")]),
    _own(
        "statements in another order",
        [allow(GET, ALL), deny(PUT), allow(SEND)],
        [allow(SEND), deny(PUT), allow(GET, ALL)],
    ),
    _own("a statement is split by actions", [allow([GET, PUT], ALL)], [allow(GET, ALL), allow(PUT, ALL)]),
    _own(
        "a statement is split by resources",
        [allow(GET, [f"{PAPERS}/a/*", f"{PAPERS}/b/*"])],
        [allow(GET, f"{PAPERS}/a/*"), allow(GET, f"{PAPERS}/b/*")],
    ),
    _own(
        "a statement that another one covers", [allow("s3:*", ALL)], [allow("s3:*", ALL), allow(GET, f"{PAPERS}/a/*")]
    ),
    _own("a statement twice", [allow(GET, ALL)], [allow(GET, ALL), allow(GET, ALL)]),
    _own(
        "a wildcard for what it covers",
        [allow(["kinesis:PutRecord", "kinesis:PutRecords"])],
        [allow("kinesis:PutRecord*")],
    ),
    _own(
        "a question mark for a letter",
        [allow("kinesis:PutRecord")],
        [allow(["kinesis:PutRecord", "kinesis:PutRecor?"])],
    ),
    _own("a list in place of a text", [allow(GET, ALL)], [allow([GET], [ALL])]),
    _own("the case of an action", [allow(GET, ALL), deny("sqs:*")], [allow("S3:getobject", ALL), deny("SQS:*")]),
    _own(
        "the case of a condition key",
        [allow(SEND, **given("StringEquals", "aws:PrincipalTag/team", "red"))],
        [allow(SEND, **given("StringEquals", "AWS:principaltag/team", "red"))],
    ),
    _own(
        "values of a condition in another order",
        [allow(LIST, PAPERS, **given("StringEquals", "s3:prefix", ["a", "b"]))],
        [allow(LIST, PAPERS, **given("StringEquals", "s3:prefix", ["b", "a", "b"]))],
    ),
    _own(
        "values of a condition in two statements",
        [allow(LIST, PAPERS, **given("StringEquals", "s3:prefix", ["a", "b"]))],
        [allow(LIST, PAPERS, **given("StringEquals", "s3:prefix", one)) for one in ("a", "b")],
    ),
    _own(
        "a range of addresses as two halves",
        [allow(PUBLISH, **given("IpAddress", "aws:SourceIp", "203.0.113.0/24"))],
        [allow(PUBLISH, **given("IpAddress", "aws:SourceIp", ["203.0.113.0/25", "203.0.113.128/25"]))],
    ),
    _own(
        "StringLike without a wildcard",
        [allow(LIST, PAPERS, **given("StringEquals", "s3:prefix", "a"))],
        [allow(LIST, PAPERS, **given("StringLike", "s3:prefix", "a"))],
    ),
    _own(
        "ArnLike in place of ArnEquals",
        [allow(PUBLISH, **given("ArnEquals", "aws:SourceArn", f"{QUEUE}*"))],
        [allow(PUBLISH, **given("ArnLike", "aws:SourceArn", f"{QUEUE}*"))],
    ),
    _own(
        "a JSON Boolean in place of a text",
        [allow(PUBLISH, **MFA)],
        [allow(PUBLISH, **given("Bool", "aws:MultiFactorAuthPresent", True))],
    ),
    _own("a Deny of what is not allowed", [allow(GET, ALL)], [allow(GET, ALL), deny(DELETE)]),
    _own("an Allow of what is denied", [allow(GET, ALL), deny("s3:Put*")], [allow([GET, PUT], ALL), deny("s3:Put*")]),
    _own(
        "a Deny is split by actions",
        [allow("sqs:*"), deny([SEND, RECEIVE])],
        [allow("sqs:*"), deny(SEND), deny(RECEIVE)],
    ),
    _own(
        "a condition beside an Allow without one",
        [allow(PUBLISH), allow(SEND)],
        [allow(PUBLISH), allow(SEND), allow(PUBLISH, **MFA)],
    ),
    _own("a resource that another pattern covers", [allow(GET, ALL)], [allow(GET, [ALL, f"{PAPERS}/a?c/*"])]),
    _own("stars beside each other", [allow(GET, ALL)], [allow(GET, f"{PAPERS}/**")]),
    _own(
        "resources in another order",
        [allow(GET, [ALL, "arn:aws:s3:::pics/*"])],
        [allow(GET, ["arn:aws:s3:::pics/*", ALL])],
    ),
)

ELSEWHERE = (
    Change(
        "an inline policy becomes a managed one",
        both(own(ANA), managed("moved", allow(GET, ALL)), attach(ANA, "moved")),
        own(ANA, allow(GET, ALL)),
        new=("ana @moved",),
        gone=("ana own",),
    ),
    Change(
        "a managed policy with the same text is attached, too",
        attach(ANA, "reader", "twin"),
        both(managed("reader", allow(RECEIVE)), managed("twin", allow(RECEIVE)), attach(ANA, "reader")),
        new=("ana @twin",),
    ),
    Change(
        "a group gives what its member has",
        join(ANA, "staff"),
        both(own(STAFF, allow(GET, ALL)), own(ANA, allow("s3:Get*", ALL))),
        new=("ana +staff",),
    ),
    Change("an empty group is joined", join(ANA, "night"), own(ANA, allow(SEND)), new=("ana +night",)),
    Change(
        "one group is joined and another one is left that gives the same",
        join(ANA, "night"),
        both(own(STAFF, allow(PUBLISH)), own(NIGHT, allow("sns:Publish")), join(ANA, "staff")),
        new=("ana +night",),
        gone=("ana +staff",),
    ),
    Change("a managed policy that nobody has", managed("idle", allow("*")), managed("idle", allow(GET))),
    Change(
        "a version that is not the default",
        versions("reader", 1, [allow(RECEIVE)], [allow("sqs:*")]),
        both(versions("reader", 1, [allow(RECEIVE)], [allow(SEND)]), attach(ANA, "reader")),
        is_listed=False,
    ),
    Change(
        "another default version with the same effect",
        versions("reader", 2, [allow([RECEIVE, SEND])], [allow(SEND), allow(RECEIVE)]),
        both(versions("reader", 1, [allow([RECEIVE, SEND])], [allow(SEND), allow(RECEIVE)]), attach(ANA, "reader")),
    ),
    Change(
        "a tag that no condition reads",
        tag(ANA, desk="5", team="red"),
        both(tag(ANA, team="red"), own(ANA, allow(SEND))),
    ),
    Change(
        "tags in another order",
        tag(ANA, team="red", desk="5"),
        both(
            tag(ANA, desk="5", team="red"),
            own(ANA, allow(SEND, **given("StringEquals", "aws:PrincipalTag/team", "red"))),
        ),
        is_listed=False,
    ),
    Change(
        "a boundary is worded otherwise",
        managed("edge", allow("sqs:*"), allow("s3:*")),
        both(managed("edge", allow(["s3:*", "sqs:*"])), own(ANA, allow([GET, PUBLISH])), bound(ANA, "edge")),
    ),
    Change(
        "a trust policy is worded otherwise",
        trust(WORKER, enter({"AWS": [ROOT_B, ANA]}, Sid="In"), enter({"Service": ["ec2.amazonaws.com"]})),
        trust(WORKER, enter({"Service": "ec2.amazonaws.com"}), enter({"AWS": ANA}), enter({"AWS": B})),
    ),
    Change(
        "a bucket's policy is worded otherwise",
        resource(PAPERS, on({"AWS": A}, PUT, ALL), on({"AWS": [ANA]}, [GET], [ALL]), on({"AWS": [ROOT_B]}, GET, ALL)),
        both(
            resource(PAPERS, on({"AWS": [B, ANA]}, GET, ALL), on({"AWS": ROOT}, PUT, ALL)),
            own(BEN, allow(PUT, ALL)),
        ),
    ),
    Change(
        "everybody in two spellings",
        resource(PAPERS, on({"AWS": "*"}, GET, ALL) | given("StringEquals", "aws:PrincipalOrgID", "o-1")),
        resource(PAPERS, on({"AWS": ["*"]}, GET, ALL) | given("StringEquals", "aws:PrincipalOrgID", ["o-1"])),
    ),
    Change(
        "a key's policy is worded otherwise",
        resource(KEY, on({"AWS": ANA}, "kms:Decrypt", "*"), on({"AWS": A}, "kms:*", KEY)),
        resource(KEY, on({"AWS": ROOT}, "kms:*", "*"), on({"AWS": [ANA]}, ["kms:Decrypt"], KEY)),
    ),
    Change(
        "a tag of a secret that no condition reads",
        setting(worlds.SECRET, tags=[("team", "red")]),
        both(resource(worlds.SECRET), own(ANA, allow("secretsmanager:*"))),
    ),
    Change(
        "an SCP is worded otherwise",
        control("p-scp", deny([RECEIVE], Sid="B"), deny([SEND], Sid="A")),
        both(control("p-scp", deny([SEND, RECEIVE])), controls(A, "p-scp"), own(ANA, allow("sqs:*"))),
    ),
    Change(
        "an RCP is worded otherwise",
        control("p-rcp", on("*", ["sqs:PurgeQueue"], "*", "Deny"), on({"AWS": "*"}, GET, "*", "Deny")),
        both(
            control("p-rcp", on("*", ["s3:GetObject", "sqs:PurgeQueue"], "*", "Deny")),
            controls(A, "p-rcp"),
            own(ANA, allow(GET)),
        ),
    ),
    Change(
        "a user gets what an SCP denies",
        own(ANA, allow([GET, SEND])),
        both(own(ANA, allow(GET)), control("p-scp", deny("sqs:*")), controls("ou-1", "p-scp")),
    ),
    Change(
        "a user gets what the boundary does not allow",
        own(ANA, allow([GET, SEND])),
        both(own(ANA, allow(GET)), managed("edge", allow("s3:*")), bound(ANA, "edge")),
    ),
)


def report(*entries: dict[str, Any]) -> dict[str, Any]:
    """A credential report (`aws iam get-credential-report`)."""
    return {"credential_report": {"entries": list(entries)}}


def credentials(arn: str, **values: Any) -> dict[str, Any]:
    return {
        "user": "<root_account>" if arn == ROOT else arn.rpartition("/")[2],
        "arn": arn,
        "password_enabled": "true" if arn == ROOT else "false",
        "mfa_active": "true",
        "access_key_1_active": "false",
        "access_key_2_active": "false",
        **values,
    }


def _state(name: str, before: dict[str, Any], after: dict[str, Any], **what: tuple[str, ...]) -> Change:
    """A change of credentials of ana, or of the root user with ``root=``."""
    return Change(
        name,
        facts(A, **report(*after.values())),
        both(own(ANA, allow(SEND)), facts(A, **report(*before.values()))),
        is_listed=False,
        **what,
    )  # type: ignore[arg-type]


def _ana(**values: Any) -> dict[str, Any]:
    return {"root": credentials(ROOT), "ana": credentials(ANA, **values)}


def _root(**values: Any) -> dict[str, Any]:
    return {"root": credentials(ROOT, **values), "ana": credentials(ANA)}


PASSWORD = {"password_enabled": "true"}
STATES = (
    _state("a console password is set", _ana(), _ana(**PASSWORD), new=("ana password",)),
    _state("an access key is created", _ana(), _ana(access_key_1_active="true"), new=("ana key/1",)),
    _state(
        "MFA is taken off a user with a password",
        _ana(**PASSWORD),
        _ana(**PASSWORD, mfa_active="false"),
        asked=("ana password",),
    ),
    _state("the root user gets an access key", _root(), _root(access_key_1_active="true"), asked=("root access",)),
    _state("the root user loses MFA", _root(), _root(mfa_active="false"), asked=("root access",)),
)

REWORDINGS = (*INLINE, *ELSEWHERE)
