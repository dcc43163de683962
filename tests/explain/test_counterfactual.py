"""The smallest changes of an answer, each made for real in the case's policies and asked again."""

import copy
import json
from typing import Any

import pytest

from iamdesk.access.evaluator import Evaluator
from iamdesk.evaluate.request import MissingContextMode, PolicyType, Request
from iamdesk.explain.counterfactual import minimal_policy_changes
from iamdesk.explain.suggestions import Addition, Change, Changes, Removal
from iamdesk.inventory.resource_grants import default_policy
from iamdesk.progress import WorkCancelled
from iamdesk.simulate.test_cases import trace_case

from ..access.test_access_points import BUCKET, DELEGATING, JANE, JANES, POINT, TO_JANE, bucket, point
from ..access.test_access_points import capture as access_points
from ..builders.statements import deny, document
from ..conformance.test_corpus import CASES, CASES_OF
from ..each_case import collected_failures

LISTS = {
    PolicyType.IDENTITY: "identity_policies",
    PolicyType.PERMISSIONS_BOUNDARY: "permissions_boundary",
    PolicyType.SESSION: "session_policies",
}
ANA = "arn:aws:iam::111122223333:user/ana"
REPORT = "arn:aws:s3:::reports/q3.csv"
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"


def statement(effect: str = "Allow", action: Any = "*", resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def named(name: str, *statements: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "document": {"Version": "2012-10-17", "Statement": list(statements)}}


def case(**more: Any) -> dict[str, Any]:
    base = {"principal": ANA, "action": "s3:GetObject", "resource": REPORT, "resource_account": "111122223333"}
    return {**base, **more}


def changes_of(one: dict[str, Any], unknown: MissingContextMode = MissingContextMode.ABSENT) -> Changes:
    return minimal_policy_changes(trace_case(one, unknown))


def sentences(found: Changes) -> list[str]:
    return [change.sentence for change in found.changes]


def document_of(one: dict[str, Any], key: str) -> dict[str, Any]:
    """The document that a policy's key names: ``case#scps[0]/1``, ``case#resource-policy``."""
    place = key.removeprefix("case#")
    if place == "resource-policy":
        # A default is taken away by a policy in its place.
        document = one.setdefault("resource_policy", default_policy(one["resource"]))
    else:
        name, _, position = place.rpartition("/")
        name, _, level = name.removesuffix("]").partition("[")
        policies = one[name][int(level)] if level else one[name]
        document = policies[int(position)]["document"]
    assert isinstance(document, dict)
    return document


def remove(one: dict[str, Any], removals: tuple[Removal, ...]) -> None:
    for removal in sorted(removals, key=lambda removal: -removal.line.index):
        document = document_of(one, removal.line.policy_key)
        statements = document["Statement"]
        if not isinstance(statements, list) or removal.whole_policy:
            document["Statement"] = []
        else:
            assert statements[removal.line.index]["Effect"] == removal.line.effect
            del statements[removal.line.index]


def add(one: dict[str, Any], addition: Addition) -> None:
    if addition.policy_type in (PolicyType.RESOURCE, PolicyType.TRUST):
        document = one.get("resource_policy") or {"Version": "2012-10-17", "Statement": []}
        held = document["Statement"]
        document["Statement"] = [*(held if isinstance(held, list) else [held]), dict(addition.statement)]
        one["resource_policy"] = document
        return
    policy = named("added", dict(addition.statement))
    if addition.policy_type is PolicyType.SCP:
        assert addition.level is not None
        one["scps"][addition.level].append(policy)
    else:
        one[LISTS[addition.policy_type]] = [*(one.get(LISTS[addition.policy_type]) or ()), policy]


def answer_after(one: dict[str, Any], change: Change, unknown: MissingContextMode = MissingContextMode.ABSENT) -> str:
    other = copy.deepcopy(one)
    remove(other, change.removals)
    for addition in change.additions:
        add(other, addition)
    return trace_case(other, unknown).decision.value


@pytest.mark.parametrize("topic", CASES_OF)
def test_each_change_does_what_it_says_and_no_part_of_it_is_enough(topic: str) -> None:
    with collected_failures() as case:
        for one in CASES_OF[topic]:
            for unknown in MissingContextMode:
                with case(f"{one['id']}, {unknown}"):
                    found = changes_of(one, unknown)
                    check_changes(one, found, unknown)
                    if unknown is MissingContextMode.ABSENT:
                        check_parts(one, found)


def check_changes(one: dict[str, Any], found: Changes, unknown: MissingContextMode) -> None:
    assert bool(found.changes) != bool(found.reason)
    for change in found.changes:
        assert change.becomes is not found.decision
        assert change.removals or change.additions
        assert answer_after(one, change, unknown) == change.becomes.value, change.sentence
        assert bool(change.depends_on) <= (change.becomes == "conditional")


def check_parts(one: dict[str, Any], found: Changes) -> None:
    """No part of a change does what all of it does."""
    for change in found.changes:
        parts = [*((removal,) for removal in change.removals), *((added,) for added in change.additions)]
        if len(parts) < 2:
            continue
        for left_out in range(len(parts)):
            kept = [part[0] for place, part in enumerate(parts) if place != left_out]
            smaller = Change(
                tuple(part for part in kept if isinstance(part, Removal)),
                tuple(part for part in kept if isinstance(part, Addition)),
                change.becomes,
                (),
                "",
            )
            assert answer_after(one, smaller) != change.becomes.value, change.sentence


def test_what_no_policy_decides_has_no_changes_and_says_why() -> None:
    """Credentials, partitions, what AWS owns, calls that need no permission."""
    fixed = [
        trace
        for trace in map(trace_case, CASES)
        if trace.decision_inputs.needs_no_permission or (trace.decision_inputs.refusal and trace.decision != "allowed")
    ]
    assert len(fixed) > 10
    for trace in fixed:
        found = minimal_policy_changes(trace)
        assert (found.changes, found.reason.startswith("No policy change")) == ((), True)


def test_an_ordinary_refusal_can_be_lifted_on_either_side() -> None:
    assert sentences(changes_of(case())) == [
        f"Add an Allow for s3:GetObject on {REPORT} to an identity policy of user ana.",
        f"Add an Allow for s3:GetObject on {REPORT} to the bucket policy of reports.",
    ]


def test_what_is_added_is_the_least_there_is() -> None:
    identity, resource = (change.additions[0] for change in changes_of(case()).changes)

    assert identity.statement == {"Effect": "Allow", "Action": "s3:GetObject", "Resource": REPORT}
    assert resource.statement == {**identity.statement, "Principal": {"AWS": ANA}}


def test_each_layer_that_lacks_an_allow_is_named() -> None:
    full = named("FullAWSAccess", statement())
    found = changes_of(
        case(
            identity_policies=[named("reader", statement())],
            permissions_boundary=[named("dev-boundary", statement(action="ec2:*"))],
            scps=[[full], [named("only-ec2", statement(action="ec2:*"))]],
        )
    )

    assert sentences(found)[0] == (
        f"Add an Allow for s3:GetObject on {REPORT} to a service control policy at level 2 of the organization"
        f" and add an Allow for s3:GetObject on {REPORT} to the permissions boundary dev-boundary."
    )


def test_every_deny_that_matches_has_to_go_at_once() -> None:
    guards = [
        named("guard", statement("Deny", "s3:*", Sid="NoS3")),
        named("all", statement(), statement("Deny", "s3:GetObject")),
    ]
    (only,) = changes_of(case(identity_policies=guards)).changes

    assert only.sentence == "Remove guard, statement 1 (NoS3) and all, statement 2."
    assert [removal.line.index for removal in only.removals] == [0, 1]
    assert only.becomes == "allowed"


def test_a_deny_of_a_service_control_policy_may_go_together_with_an_added_allow() -> None:
    scps = [[named("FullAWSAccess", statement())], [named("guard", statement(), statement("Deny", "s3:*"))]]

    first = changes_of(case(scps=scps)).changes[0]

    assert first.sentence == (
        "Remove guard, statement 2 at level 2 of the organization"
        f" and add an Allow for s3:GetObject on {REPORT} to an identity policy of user ana."
    )


def test_a_grant_on_each_side_has_to_go_to_stop_a_request() -> None:
    resource_policy = {"Statement": [statement(action="s3:Get*", Principal={"AWS": ANA})]}
    found = changes_of(case(identity_policies=[named("reader", statement())], resource_policy=resource_policy))

    removals = [change for change in found.changes if change.removals]
    assert [change.sentence for change in removals] == ["Remove resource policy, statement 1 and reader, statement 1."]
    # One Deny is less than that.
    assert found.changes[0].sentence == (f"Add a Deny for s3:GetObject on {REPORT} to an identity policy of user ana.")


def test_aws_own_policies_are_detached_and_not_edited() -> None:
    policies = [named(ADMIN, statement("Allow", "s3:*"), statement("Allow", "s3:GetObject"))]
    first = changes_of(case(identity_policies=policies)).changes[0]

    assert first.sentence == f"Detach the AWS managed policy {ADMIN} from user ana."
    assert [removal.whole_policy for removal in first.removals] == [True]


def test_what_else_a_detached_policy_allowed_is_missed() -> None:
    quarantine = [named(ADMIN, statement(), statement("Deny", "s3:GetObject"))]
    first = changes_of(case(identity_policies=quarantine)).changes[0]

    assert first.sentence == (
        f"Detach the AWS managed policy {ADMIN} from user ana"
        f" and add an Allow for s3:GetObject on {REPORT} to an identity policy of user ana."
    )


def test_conditions_of_other_statements_stay_and_are_told() -> None:
    """Nobody has to take the guard for MFA away: the answer then depends on it."""
    guard = statement("Deny", Condition={"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}})
    found = changes_of(case(identity_policies=[named("guard", guard)]), MissingContextMode.UNKNOWN)

    first, always = found.changes[0], found.changes[-1]
    assert (first.removals, first.becomes, first.depends_on) == ((), "conditional", ("aws:MultiFactorAuthPresent",))
    assert first.caveat == "The decision then depends on aws:MultiFactorAuthPresent."
    assert (len(always.removals), always.becomes) == (1, "allowed")


def test_a_conditional_answer_can_be_made_firm_both_ways() -> None:
    office = statement(Condition={"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}})
    found = changes_of(case(identity_policies=[named("office", office)]), MissingContextMode.UNKNOWN)

    assert found.decision == "conditional"
    assert {change.becomes.value for change in found.changes} == {"allowed", "implicitDeny", "explicitDeny"}
    assert next(change.sentence for change in found.changes if not change.allows) == "Remove office, statement 1."


def test_the_root_user_is_stopped_by_the_organization_alone() -> None:
    root = {
        "principal": "arn:aws:iam::111122223333:root",
        "action": "ec2:TerminateInstances",
        "resource": "arn:aws:ec2:eu-west-1:111122223333:instance/i-1234567890abcdef0",
    }
    full = named("FullAWSAccess", statement())

    assert "root user" in changes_of(root).reason
    assert sentences(changes_of({**root, "scps": [[full], [full]]})) == [
        f"Add a Deny for ec2:TerminateInstances on {root['resource']}"
        " to a service control policy at level 2 of the organization.",
        "Remove FullAWSAccess, statement 1 at the root of the organization.",
        "Remove FullAWSAccess, statement 1 at level 2 of the organization.",
    ]


def test_only_aws_changes_what_a_service_linked_role_may_do() -> None:
    found = changes_of(
        {
            "principal": "arn:aws:iam::111122223333:role/aws-service-role/ec2.amazonaws.com/AWSServiceRoleForEC2",
            "action": "ec2:TerminateInstances",
            "resource": "arn:aws:ec2:eu-west-1:111122223333:instance/i-1234567890abcdef0",
            "identity_policies": [named("arn:aws:iam::aws:policy/aws-service-role/Ec2", statement())],
        }
    )

    assert (found.changes, found.reason) == ((), "Only AWS can change the permissions of a service-linked role.")


def test_a_permission_set_is_what_one_changes_of_its_role() -> None:
    name = "AWSReservedSSO_ReadOnly_0123456789abcdef"
    role = f"arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/eu-west-1/{name}"
    found = changes_of({"principal": role, "action": "ec2:DescribeInstances", "resource": "*"})

    assert sentences(found) == ["Add an Allow for ec2:DescribeInstances to the permission set ReadOnly."]
    attached = [named("arn:aws:iam::aws:policy/ReadOnlyAccess", statement())]
    stop = changes_of(
        {"principal": role, "action": "s3:ListAllMyBuckets", "resource": "*", "identity_policies": attached}
    )
    assert sentences(stop)[0].endswith("from the permission set ReadOnly.")


def test_a_key_policy_speaks_of_its_key_and_names_the_caller() -> None:
    key = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    policy = {"Statement": [statement(action="kms:*", Principal={"AWS": "arn:aws:iam::111122223333:user/bo"})]}
    (only,) = changes_of(
        {"principal": ANA, "action": "kms:Decrypt", "resource": key, "resource_policy": policy}
    ).changes

    assert only.additions[0].statement == {
        "Effect": "Allow",
        "Principal": {"AWS": ANA},
        "Action": "kms:Decrypt",
        "Resource": "*",
    }
    assert only.sentence.endswith(" to the key policy of key/1234abcd-12ab-34cd-56ef-1234567890ab.")


def test_a_role_that_lets_nobody_in_is_opened_by_its_trust_policy() -> None:
    role = "arn:aws:iam::444455556666:role/target"
    trust = {
        "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}]
    }
    found = changes_of({"principal": ANA, "action": "sts:AssumeRole", "resource": role, "resource_policy": trust})

    (change,) = found.changes
    assert change.sentence == (
        f"Add an Allow for sts:AssumeRole on {role} to an identity policy of user ana"
        " and add an Allow for sts:AssumeRole to the trust policy of role target."
    )
    assert "Resource" not in change.additions[1].statement


@pytest.mark.parametrize(
    ("principal", "says"),
    [("anonymous", "everyone"), ("ec2.amazonaws.com", "aws:SourceArn"), ("accounts.google.com", "subject")],
)
def test_opening_a_resource_to_many_is_not_told_without_a_warning(principal: str, says: str) -> None:
    action, resource = ("s3:GetObject", REPORT)
    if principal == "accounts.google.com":
        action, resource = ("sts:AssumeRoleWithWebIdentity", "arn:aws:iam::111122223333:role/web")
    (change,) = changes_of({"principal": principal, "action": action, "resource": resource}).changes

    assert says in change.caveat


def test_what_looks_like_a_variable_in_a_resource_is_meant_as_it_stands() -> None:
    odd = case(resource="arn:aws:s3:::reports/${aws:username}")

    first = changes_of(odd).changes[0]

    assert first.additions[0].statement["Resource"] == "arn:aws:s3:::reports/${$}{aws:username}"
    assert answer_after(odd, first) == "allowed"


def test_statements_of_changes_can_be_printed() -> None:
    for one in CASES[::40]:
        for change in changes_of(one).changes:
            for addition in change.additions:
                assert json.loads(json.dumps(addition.statement)) == addition.statement


def test_the_search_stops_where_nobody_waits_any_more() -> None:
    with pytest.raises(WorkCancelled):
        minimal_policy_changes(trace_case(case()), lambda: True)


def test_many_grants_do_not_make_the_search_endless() -> None:
    levels = [[named(f"level {number}", *[statement()] * 30)] for number in range(6)]
    principals = [{"AWS": ANA}, "*", {"AWS": "111122223333"}]
    resource_policy = {"Statement": [statement(Principal=principal) for principal in principals] * 30}
    found = changes_of(
        case(
            identity_policies=[named(f"p{number}", statement(), statement()) for number in range(30)],
            permissions_boundary=[named("b", statement())],
            scps=levels,
            resource_policy=resource_policy,
        )
    )

    assert 0 < len(found.changes) <= 6


# ── requests that are several decisions: S3 access points (rule I11) ────────────────────────────────────────────


def through_point(evaluator: Evaluator, principal: str) -> Changes:
    return minimal_policy_changes(evaluator.trace(Request(principal, "s3:GetObject", JANES)))


def test_only_the_side_of_an_access_point_that_is_silent_is_opened() -> None:
    found = through_point(access_points(point(TO_JANE), bucket()), JANE)

    assert sentences(found) == [
        f"Add an Allow for s3:GetObject on {BUCKET}/Jane/report.csv to an identity policy of user Jane.",
        f"Add an Allow for s3:GetObject on {BUCKET}/Jane/report.csv to the bucket policy of amzn-s3-demo-bucket1.",
    ]


def test_both_sides_of_an_access_point_are_opened_where_both_are_silent() -> None:
    first = through_point(access_points(point(), bucket()), JANE).changes[0]

    assert first.sentence == (
        f"Add an Allow for s3:GetObject on {JANES} to an identity policy of user Jane"
        f" and add an Allow for s3:GetObject on {BUCKET}/Jane/report.csv to an identity policy of user Jane."
    )


def test_the_policy_of_an_access_point_is_called_so() -> None:
    places = {
        addition.place
        for change in through_point(access_points(point(), bucket(DELEGATING)), JANE).changes
        for addition in change.additions
    }

    assert places == {"an identity policy of user Jane", "the access point policy of my-access-point"}


def test_one_grant_that_goes_stops_a_request_through_an_access_point() -> None:
    found = through_point(access_points(point(TO_JANE), bucket(DELEGATING)), JANE)

    removals = [change for change in found.changes if change.removals]
    assert {len(change.removals) for change in removals} == {1}
    assert {change.removals[0].line.owner for change in removals} == {POINT, BUCKET}


def test_a_deny_for_the_whole_account_is_removed_once_for_both_decisions() -> None:
    guard = document(deny("s3:*"))
    found = through_point(access_points(point(TO_JANE), bucket(DELEGATING), jane=(guard,)), JANE)

    assert sentences(found) == ["Remove inline-1, statement 1."]
