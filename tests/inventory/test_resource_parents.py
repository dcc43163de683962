"""The policy for a part of a resource is its parent's, service by service."""

import pytest

from iamdesk.inventory.resource_index import parent_of, part_prefixes
from iamdesk.policy.arn import parse_arn

from ..each_case import each_case


@each_case(
    ("part", "parent"),
    [
        ("dynamodb:eu-west-1:1:table/Orders/index/ByDay", "table/Orders"),
        ("dynamodb:eu-west-1:1:table/Orders/stream/2026-01-01T00:00:00.000", "table/Orders"),
        ("dynamodb:eu-west-1:1:table/Orders", None),
        ("execute-api:eu-west-1:1:a1b2/prod/GET/pets/7", "a1b2"),
        ("es:eu-west-1:1:domain/logs/_search/x", "domain/logs"),
        ("lambda:eu-west-1:1:function:f:live", "function:f"),
        ("lambda:eu-west-1:1:function:f", None),
        ("lambda:eu-west-1:1:layer:l:3", None),
        ("glue:eu-west-1:1:table/db/t", "catalog"),
        ("glue:eu-west-1:1:catalog", None),
        ("s3tables:eu-west-1:1:bucket/b/table/t", "bucket/b"),
        ("mediastore:eu-west-1:1:container/c/a/b", "container/c"),
        ("events:eu-west-1:1:rule/orders/r", "event-bus/orders"),
        ("events:eu-west-1:1:rule/r", "event-bus/default"),
        ("events:eu-west-1:1:rule/aws.partner/x/y/r", "event-bus/aws.partner/x/y"),
        ("events:eu-west-1:1:event-bus/orders", None),
        ("kafka:eu-west-1:1:topic/k/1-2/orders", "cluster/k/1-2"),
        ("kafka:eu-west-1:1:group/k/1-2/g", "cluster/k/1-2"),
        ("kafka:eu-west-1:1:transactional-id/k/1-2/t", "cluster/k/1-2"),
        ("kafka:eu-west-1:1:cluster/k/1-2", None),
        ("kafka:eu-west-1:1:topic/k/*", None),
        ("codeartifact:eu-west-1:1:package/d/r/npm//p", "repository/d/r"),
        ("codeartifact:eu-west-1:1:repository/d/r", None),
        ("ecr:eu-west-1:1:repository/team/app", None),
        ("secretsmanager:eu-west-1:1:secret:prod/db-AbCdEf", None),
        ("sqs:eu-west-1:1:orders", None),
    ],
)
def test_the_parent_is_what_carries_the_policy(part: str, parent: str | None) -> None:
    found = parent_of(parse_arn(f"arn:aws:{part}"))
    assert (found.resource if found else None) == parent


@pytest.mark.parametrize(
    "resource",
    [
        *("dynamodb:eu-west-1:1:table/Orders", "execute-api:eu-west-1:1:a1b2", "es:eu-west-1:1:domain/logs"),
        *("lambda:eu-west-1:1:function:f", "glue:eu-west-1:1:catalog", "s3tables:eu-west-1:1:bucket/b"),
        *("events:eu-west-1:1:event-bus/orders", "events:eu-west-1:1:event-bus/default"),
        *("mediastore:eu-west-1:1:container/c", "kafka:eu-west-1:1:cluster/k/1-2"),
        "codeartifact:eu-west-1:1:repository/d/r",
    ],
)
def test_what_begins_like_a_part_has_the_resource_as_its_parent(resource: str) -> None:
    whole = parse_arn(f"arn:aws:{resource}")
    prefixes = part_prefixes(whole)
    assert prefixes
    assert {parent_of(parse_arn(f"{prefix}x")) for prefix in prefixes} == {whole}


@pytest.mark.parametrize("resource", ["sqs:eu-west-1:1:q", "lambda:eu-west-1:1:function:f:live", "s3:::b/key"])
def test_what_has_no_parts(resource: str) -> None:
    assert part_prefixes(parse_arn(f"arn:aws:{resource}")) == ()
