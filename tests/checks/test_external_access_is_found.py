"""RES-01 to RES-03 find what the evaluator allows external callers, for every kind of resource with a policy.

Policies are generated in the forms that people write; what each external caller can do is found by asking about every
action on the resource and its parts, which the checks do not do.
"""

from itertools import product
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iamdesk.access.evaluator import Evaluator
from iamdesk.aws.service_reference import reference
from iamdesk.checks import registry
from iamdesk.checks.finding import State
from iamdesk.evaluate.request import EvalDecision, Request
from iamdesk.policy.arn import parse_arn
from iamdesk.snapshot.model import Account, Snapshot
from iamdesk.snapshot.resource_services import all_services, deciding_service
from iamdesk.snapshot.resources import AclGrant, ObjectOwnership, PublicAccessBlock, Resource

from ..some_of import PROOFS

OWNER, PARTNER, UNRELATED = "111122223333", "444455556666", "999988887777"
BOUNDED = settings(max_examples=60 if PROOFS else 6, deadline=None, suppress_health_check=list(HealthCheck))
CALLERS = ("anonymous", f"arn:aws:iam::{UNRELATED}:role/some", f"arn:aws:iam::{UNRELATED}:user/some")
FEDERATED = f"arn:aws:sts::{PARTNER}:federated-user/ann"
PARTNERS = (f"arn:aws:iam::{PARTNER}:role/deploy", f"arn:aws:iam::{PARTNER}:role/other", FEDERATED)
ENDINGS = ("", "a", "payroll", "public/a", "a/b", "prod/GET/pets", "live", "index/day", "object/k")
PRINCIPALS = (
    "*",
    {"AWS": "*"},
    {"AWS": ["*", OWNER]},
    {"AWS": PARTNER},
    {"AWS": f"arn:aws:iam::{PARTNER}:root"},
    {"AWS": [f"arn:aws:iam::{PARTNER}:role/deploy", f"arn:aws:iam::{OWNER}:role/a"]},
    {"AWS": FEDERATED},
    {"AWS": f"arn:aws:iam::{OWNER}:root"},
    {"Service": "s3.amazonaws.com"},
)
CONDITIONS = (
    None,
    None,
    {"StringEquals": {"aws:PrincipalOrgID": "o-acme"}},
    {"StringLike": {"aws:PrincipalOrgID": "o-*"}},
    {"Null": {"aws:PrincipalOrgID": "true"}},
    {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-*"}},
    {"StringEquals": {"aws:SourceAccount": OWNER}},
    {"StringEquals": {"AWS:SourceOwner": OWNER}},
    {"ArnLike": {"aws:SourceArn": "arn:aws:s3:*:*:*"}},
    {"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"}},
    {"StringNotEquals": {"aws:PrincipalType": "Anonymous"}},
    {"StringEquals": {"aws:PrincipalType": "User"}},
    {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
    {"StringEquals": {"aws:PrincipalAccount": PARTNER}},
    {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/some"}},
    {"Bool": {"aws:SecureTransport": "false"}},
    {"StringNotEquals": {"s3:prefix": "private/"}},
    {"Null": {"aws:PrincipalArn": "true"}},
)


def kinds():
    """The ARN of one resource of every kind whose policy the bundle holds."""
    for service in all_services():
        for command in service.commands:
            if command.arn:
                names = ("service", "svc-b") if service.prefix == "vpc-lattice" else ("jobs", "b", "c", "d")
                arn = command.arn.format(*names, region="eu-west-1", account=OWNER)
                yield f"arn:aws:{arn}"
    yield from ("arn:aws:s3:::payroll", f"arn:aws:s3:eu-west-1:{OWNER}:accesspoint/payroll")


KINDS = sorted(set(kinds()) - {"arn:aws:s3:::jobs"})


def joined(arn, ending):
    return f"{arn}{':' if ':function:' in arn else '/'}{ending}"


def entries(arn):
    """Values of ``Resource`` that people write in the policy of a resource."""
    head, _, name = arn.rpartition(":")
    whole = ["*", arn, f"{arn}*", f"{head}:*", f"{head}:{name[:-2]}*", [arn, joined(arn, "*")]]
    parts = [joined(arn, ending) for ending in ("*", "a", "public/*", "*/GET/*", "index/*", "?", "object/*")]
    short = ["execute-api:/*", "execute-api:/prod/*", "execute-api:/prod/GET/pets"] if ":execute-api:" in arn else []
    rules = [arn.replace("event-bus/", "rule/") + "/*"] if ":events:" in arn else []
    tables = [f"{head}:table/*", f"{head}:database/sales"] if arn.endswith(":catalog") else []
    return st.sampled_from([*whole, *parts, *short, *rules, *tables])


def actions(arn):
    service = deciding_service(arn)
    named = [action.full_name for action in reference().actions_of(service)]
    return st.one_of(
        st.just(f"{service}:*"),
        st.just("*"),
        st.sampled_from([f"{service}:Get*", f"{service}:*Put*", f"{service}:S*"]),
        st.lists(st.sampled_from(named), min_size=1, max_size=3),
    )


@st.composite
def statements(draw, arn):
    statement = {
        "Effect": draw(st.sampled_from(["Allow", "Allow", "Allow", "Deny"])),
        "Principal": draw(st.sampled_from(PRINCIPALS)),
        draw(st.sampled_from(["Action", "Action", "Action", "NotAction"])): draw(actions(arn)),
        draw(st.sampled_from(["Resource", "Resource", "Resource", "NotResource"])): draw(entries(arn)),
    }
    condition = draw(st.sampled_from(CONDITIONS))
    return {**statement, "Condition": condition} if condition else statement


@st.composite
def resources(draw, arn):
    policy = {"Version": "2012-10-17", "Statement": draw(st.lists(statements(arn), min_size=1, max_size=3))}
    more = {}
    if arn == "arn:aws:s3:::payroll":
        uri = draw(st.sampled_from(["AllUsers", "AuthenticatedUsers"]))
        grant = AclGrant(permission="READ", uri=f"http://acs.amazonaws.com/groups/global/{uri}")
        more = {
            "acl": draw(st.sampled_from([None, (grant,)])),
            "object_ownership": draw(st.sampled_from(list(ObjectOwnership))),
            "public_access_block": draw(
                st.sampled_from([None, PublicAccessBlock(restrict_public_buckets=True, ignore_public_acls=True)])
            ),
        }
    return Resource(arn=arn, account_id=OWNER, policy=policy, **more)


def world(resource):
    account = Account(account_id=OWNER)
    return Snapshot(path=Path("/captures/all"), files=(), sha256="0", accounts=(account,), resources=(resource,))


def requests(evaluator, resource):
    """Every action on the resource and on some of its parts."""
    texts = [resource.arn, *(joined(resource.arn, ending) for ending in ENDINGS if ending)]
    head, _, name = resource.arn.rpartition(":")
    texts += [f"{head}:rule/{name.partition('/')[2]}/a", f"{head}:table/sales/a", f"{head}:database/sales"]
    index = evaluator.resources
    own = [text for text in texts if (one := index.find(parse_arn(text))) is not None and one.arn == resource.arn]
    service = deciding_service(resource.arn)
    own = [text for text in own if ":dynamodb:" not in text or text.count("/") == 1 or "/index/" in text]
    for text, action in product(own, reference().actions_of(service)):
        if any(reference().is_of_type(service, kind.name, text) for kind in action.resource_types):
            yield action.full_name, text


def allowed(evaluator, resource, callers):
    return any(
        evaluator.decide(Request(caller, action, text, is_of_resource=True)) is EvalDecision.ALLOWED
        for action, text in requests(evaluator, resource)
        for caller in callers
    )


@pytest.mark.parametrize("arn", KINDS)
def test_what_external_callers_can_do_is_found(arn):
    @settings(BOUNDED)
    @given(resources(arn))
    def hold(resource):
        evaluator = Evaluator(world(resource))
        found = [
            one for one in registry.run(evaluator, only=("RES-01", "RES-02", "RES-03")) if one.state is State.FOUND
        ]
        assert not [one for one in found if one.title == registry.INCOMPLETE]
        checks = {one.check_id for one in found}
        if allowed(evaluator, resource, CALLERS[:1]):
            assert "RES-01" in checks, resource.policy
        if allowed(evaluator, resource, CALLERS[1:]):
            assert checks & {"RES-01", "RES-02"}, resource.policy
        if allowed(evaluator, resource, PARTNERS):
            assert checks, resource.policy
        for one in found:
            decision = one.evidence[0].decision
            assert decision.decision in (EvalDecision.ALLOWED, EvalDecision.CONDITIONAL)
            assert evaluator.explained(decision.request).decision is decision.decision
            if one.check_id == "RES-01":  # what it adds to the request contradicts nothing that is known of the caller
                asked = decision.request
                rest = {key: value for key, value in asked.context.items() if "PrincipalOrg" not in key}
                unsigned = Request(CALLERS[0], asked.action, asked.resource, context=rest)
                assert evaluator.decide(unsigned) is decision.decision

    hold()


@pytest.mark.parametrize(
    ("arn", "entry", "action"),
    [
        ("glue:eu-west-1:111122223333:catalog", "glue:eu-west-1:111122223333:table/*", "glue:*"),
        ("glue:eu-west-1:111122223333:catalog", "glue:eu-west-1:111122223333:table/sales/*", "glue:GetTable"),
        ("glue:eu-west-1:111122223333:catalog", "glue:eu-west-1:111122223333:userDefinedFunction/*", "glue:*"),
        (
            "s3vectors:eu-west-1:111122223333:bucket/jobs",
            "s3vectors:eu-west-1:111122223333:bucket/jobs/*",
            "s3vectors:QueryVectors",
        ),
    ],
)
def test_parts_whose_names_have_several_parts_are_asked_about(arn, entry, action):
    statement = {"Effect": "Allow", "Principal": "*", "Action": action, "Resource": f"arn:aws:{entry}"}
    resource = Resource(
        arn=f"arn:aws:{arn}", account_id=OWNER, policy={"Version": "2012-10-17", "Statement": [statement]}
    )
    found = registry.run(Evaluator(world(resource)), only=("RES-01", "RES-02", "RES-03"))
    assert [(one.check_id, one.state) for one in found] == [("RES-02", State.FOUND)]
