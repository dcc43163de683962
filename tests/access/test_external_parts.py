"""External access to parts of resources: a row for whoever the engine lets in, on no more than the policy gives."""

from collections.abc import Iterable
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from iamdesk import Evaluator, Request
from iamdesk.access.external.by_part import PartAccess, Share
from iamdesk.access.who_can import PrincipalKind, Signing, Who
from iamdesk.evaluate.request import EvalDecision
from iamdesk.snapshot.resources import Resource

from ..builders.statements import document
from ..checks.test_external_access_is_found import (
    CALLERS,
    KINDS,
    OWNER,
    PARTNER,
    PARTNERS,
    requests,
    resources,
    world,
)
from ..some_of import PROOFS

BOUNDED = settings(max_examples=40 if PROOFS else 4, deadline=None, suppress_health_check=list(HealthCheck))
ROOT = {"AWS": f"arn:aws:iam::{PARTNER}:root"}
BUCKET = "arn:aws:s3:::payroll"


def is_on(shares: Iterable[Share], text: str) -> bool:
    """Whether a part of a resource is one of those that a row names; a row without names is of all."""

    def among(entries: Iterable[str]) -> bool:
        return all(fnmatchcase(text, entry.replace("[", "[[]")) for entry in entries)

    return not shares or any(among(one.entries) and not any(map(among, one.exceptions)) for one in shares)


def is_of(who: Who, caller: str) -> bool:
    if who.kind is PrincipalKind.ANYONE:
        return who.signing is not (Signing.SIGNED if caller == "anonymous" else Signing.UNSIGNED)
    return fnmatchcase(caller, who.principal) or (who.kind is PrincipalKind.ACCOUNT and f"::{PARTNER}:" in caller)


@pytest.mark.parametrize("arn", KINDS)
def test_whoever_is_let_in_on_a_part_has_a_row_and_no_row_says_more(arn: str) -> None:
    @BOUNDED
    @given(resources(arn))
    def hold(resource: Resource) -> None:
        evaluator = Evaluator(world(resource))
        rows = evaluator.external_access_by_part(resource)
        for action, text in requests(evaluator, resource):
            own = [
                (one, of)
                for one in rows
                for named, of in one.rows
                if named.action == action and is_on(one.shares, text)
            ]
            for caller in (*CALLERS, *PARTNERS):
                if evaluator.decide(Request(caller, action, text)) is EvalDecision.ALLOWED:
                    assert any(one.decision is EvalDecision.ALLOWED and is_of(one.who, caller) for one, _ in own), (
                        caller,
                        action,
                        text,
                        resource.policy,
                    )
            for one, access in own:
                asked = replace(access.request, resource=text)
                assert evaluator.decide(asked) is one.decision, (one.who, one.shares, action, text, resource.policy)

    hold()


def rows_of(arn: str, *statements: dict[str, Any], **more: Any) -> dict[str, set[str]]:
    """Return the parts that are open to the partner, each with the actions that are."""
    resource = Resource(arn=arn, account_id=OWNER, policy=document(*statements), **more)
    return parts(Evaluator(world(resource)).external_access_by_part(resource))


def parts(rows: Iterable[PartAccess]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for one in rows:
        names = [
            " & ".join(share.entries) + "".join(f" - {' & '.join(each)}" for each in share.exceptions)
            for share in one.shares
        ]
        found.setdefault(" + ".join(names), set()).update(action.action for action, _ in one.rows)
    return found


def on(actions: Any, entries: Any, effect: str = "Allow", **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Principal": ROOT, "Action": actions, "Resource": entries, **more}


AT = f"eu-west-1:{OWNER}:"


@pytest.mark.parametrize(
    ("arn", "action", "entry", "part"),
    [
        (BUCKET, "s3:GetObject", f"{BUCKET}/*", ""),
        (BUCKET, "s3:GetObject", f"{BUCKET}/pub/*", f"{BUCKET}/pub/*"),
        (BUCKET, "s3:GetObject", "arn:aws:s3:::*/pub/*", f"arn:aws:s3:::*/pub/* & {BUCKET}/*"),
        (f"arn:aws:execute-api:{AT}api1", "execute-api:Invoke", "execute-api:/*", ""),
        (
            f"arn:aws:execute-api:{AT}api1",
            "execute-api:Invoke",
            "execute-api:/prod/GET/*",
            f"arn:aws:execute-api:{AT}api1/prod/GET/*",
        ),
        (
            f"arn:aws:execute-api:{AT}api1",
            "execute-api:Invoke",
            f"arn:aws:execute-api:{AT}api1/*/GET/*",
            f"arn:aws:execute-api:{AT}api1/*/GET/*",
        ),
        (f"arn:aws:es:{AT}domain/o1", "es:ESHttpGet", f"arn:aws:es:{AT}domain/o1/*", f"arn:aws:es:{AT}domain/o1/*"),
        (f"arn:aws:es:{AT}domain/o1", "es:ESHttpGet", f"arn:aws:es:{AT}domain/o1", f"arn:aws:es:{AT}domain/o1"),
        (
            f"arn:aws:lambda:{AT}function:f1",
            "lambda:InvokeFunction",
            f"arn:aws:lambda:{AT}function:f1:prod",
            f"arn:aws:lambda:{AT}function:f1:prod",
        ),
        (
            f"arn:aws:dynamodb:{AT}table/t1",
            "dynamodb:Query",
            f"arn:aws:dynamodb:{AT}table/t1/index/*",
            f"arn:aws:dynamodb:{AT}table/t1/index/*",
        ),
        (
            f"arn:aws:mediastore:{AT}container/c1",
            "mediastore:GetObject",
            f"arn:aws:mediastore:{AT}container/c1/a/*",
            f"arn:aws:mediastore:{AT}container/c1/a/*",
        ),
        (f"arn:aws:vpc-lattice:{AT}service/svc-1", "vpc-lattice-svcs:Invoke", "*", ""),
        # S3 User Guide, "Resource-based policies for S3 Tables": a bucket's policy applies to all its tables, or some.
        (f"arn:aws:s3tables:{AT}bucket/tb1", "s3tables:GetTableData", "*", ""),
        (
            f"arn:aws:s3tables:{AT}bucket/tb1",
            "s3tables:GetTableData",
            f"arn:aws:s3tables:{AT}bucket/tb1/table/1111",
            f"arn:aws:s3tables:{AT}bucket/tb1/table/1111",
        ),
        (
            f"arn:aws:s3tables:{AT}bucket/tb1",
            "s3tables:GetTableData",
            f"arn:aws:s3tables:{AT}bucket/tb1/table/*",
            "",
        ),
    ],
)
def test_the_part_that_a_statement_names_is_named(arn: str, action: str, entry: str, part: str) -> None:
    assert rows_of(arn, on(action, entry)) == {part: {action}}


def test_a_part_that_is_denied_is_left_out() -> None:
    private = f"{BUCKET}/private/*"
    allow, without = on("s3:GetObject", f"{BUCKET}/*"), on("s3:*", private, "Deny")
    assert rows_of(BUCKET, allow, without) == {f"{BUCKET}/* - {private}": {"s3:GetObject"}}
    assert rows_of(BUCKET, on("s3:GetObject", f"{BUCKET}/pub/*"), without) == {f"{BUCKET}/pub/*": {"s3:GetObject"}}
    assert rows_of(BUCKET, on("s3:GetObject", private), without) == {}


def test_the_bucket_and_some_objects_are_two_rows() -> None:
    found = rows_of(BUCKET, on("s3:*", [BUCKET, f"{BUCKET}/x/*"]))
    assert found.keys() == {"", f"{BUCKET}/x/*"}
    assert {"s3:ListBucket", "s3:GetObject"} & found[""] == {"s3:ListBucket"}
    assert {"s3:ListBucket", "s3:GetObject"} & found[f"{BUCKET}/x/*"] == {"s3:GetObject"}


def test_parts_with_the_same_access_share_a_row() -> None:
    entries = [f"{BUCKET}/{name}/*" for name in "abcd"]
    assert rows_of(BUCKET, on("s3:GetObject", entries)) == {" + ".join(entries): {"s3:GetObject"}}


@pytest.mark.parametrize(("principal", "who"), [(ROOT, f"arn:aws:iam::{PARTNER}:root"), ("*", "*")])
def test_a_part_of_the_caller_s_own_account_is_named(principal: Any, who: str) -> None:
    entry = f"{BUCKET}/${{aws:PrincipalAccount}}/*"
    policy = document({**on("s3:GetObject", entry), "Principal": principal})
    resource = Resource(arn=BUCKET, account_id=OWNER, policy=policy)
    found = Evaluator(world(resource)).external_access_by_part(resource)
    assert {one.who.principal for one in found if one.who.kind is not PrincipalKind.SERVICE} == {who}
    assert {one.shares for one in found} == {(Share((entry,), ()),)}
