"""What is taken for granted of the context is told exactly where another value would change the decision.

Each value that is assumed is put otherwise as anybody can: by saying so in the context of the same question.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from iamdesk.access.evaluator import Evaluator
from iamdesk.aws.condition_keys import GLOBAL_KEY_TYPES
from iamdesk.aws.service_reference import reference
from iamdesk.evaluate.action_resource import parse_target
from iamdesk.evaluate.derived_keys import DerivedKeys, PrincipalDependence, ResourceDependence, dependence, variation
from iamdesk.evaluate.principal import parse_caller
from iamdesk.evaluate.request import MissingContextMode, PolicyType, Request, RequestError
from iamdesk.explain.assumed_values import ASSUMED_KEYS
from iamdesk.explain.decision import Assumption, EvaluationResult
from iamdesk.export.decision.evaluation_result import to_evaluation_result
from iamdesk.export.text.decision import otherwise_words
from iamdesk.simulate.test_cases import evaluate_case
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.resources import VpcEndpoint

from ..builders.answers import asking
from ..builders.arns import ANA, ID, OTHER_ID, ROOT, federated_arn, policy_arn, role_arn, session_arn, user_arn
from ..builders.captures import NOW, evaluator, managed, resource, role, snapshot, user
from ..builders.statements import allow, deny, document, grant, trusting
from ..conformance.authoring import ACCOUNT, SESSION, case, doc
from ..conformance.authoring import allow as allowing
from ..each_case import each_case
from ..rules import rule
from ..some_of import some_of

ENDPOINT, OTHER_ENDPOINT = "vpce-0a1b2c3d4e5f60001", "vpce-0a1b2c3d4e5f60002"
DEPLOY, SESSION_OF_DEPLOY, ZOE = role_arn("deploy"), session_arn("deploy/ci"), user_arn("zoe", OTHER_ID)
BUCKET = "arn:aws:s3:::b"
TIMES = ("2026-01-01T00:00:00Z", "2030-01-01T00:00:00Z")
SERVICES = ("cloudformation.amazonaws.com", "athena.amazonaws.com", "any-other.amazonaws.com")
CONDITIONS: list[Any] = [
    None,
    {"Bool": {"aws:SecureTransport": "false"}},
    {"Bool": {"aws:SecureTransport": "true"}},
    {"Bool": {"aws:ViaAWSService": "true"}},
    {"BoolIfExists": {"aws:ViaAWSService": "false"}},
    {"ForAnyValue:StringEquals": {"aws:CalledVia": SERVICES[0]}},
    {"StringNotEquals": {"aws:CalledViaLast": SERVICES[1]}},
    {"StringEquals": {"aws:CalledViaFirst": SERVICES[0]}, "Bool": {"aws:ViaAWSService": "true"}},
    {"Null": {"aws:CalledVia": "true"}},
    {"DateLessThan": {"aws:CurrentTime": TIMES[1]}},
    {"DateGreaterThan": {"aws:CurrentTime": TIMES[0]}},
    {"NumericLessThan": {"aws:EpochTime": "1767225600"}},
    {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
    {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
    {"StringEquals": {"aws:SourceVpce": ENDPOINT}},
    {"StringNotEquals": {"aws:SourceVpc": "vpc-1"}},
    {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
    {"Bool": {"aws:SecureTransport": "true"}, "Null": {"aws:CalledVia": "false"}},
]
QUESTIONS = [
    ("s3:GetObject", f"{BUCKET}/k"),
    ("s3:PutObject", f"{BUCKET}/k"),
    ("iam:GetUser", ANA),
    ("sts:AssumeRole", DEPLOY),
    ("sts:GetSessionToken", "*"),
    ("sts:GetCallerIdentity", "*"),
]
CONTEXTS: list[dict[str, Any]] = [
    {},
    {},
    {},
    {"aws:SecureTransport": "true"},
    {"aws:ViaAWSService": "false"},
    {"aws:MultiFactorAuthPresent": "true"},
    {"aws:CurrentTime": "2026-06-01T00:00:00Z"},
    {"aws:SourceVpce": ENDPOINT},
]


@st.composite
def documents(draw: st.DrawFn, principal: bool = False) -> Any:
    statements = []
    for _ in range(draw(st.integers(1, 3))):
        make = draw(st.sampled_from([allow, allow, deny]))
        actions = draw(st.sampled_from(["*", "s3:*", "s3:GetObject", "iam:*", "sts:*"]))
        statement = make(actions, "*", draw(st.sampled_from(CONDITIONS)))
        if principal:
            statement["Principal"] = draw(st.sampled_from(["*", {"AWS": ANA}, {"AWS": ID}, {"AWS": OTHER_ID}]))
        statements.append(statement)
    return document(*statements)


@st.composite
def worlds(draw: st.DrawFn) -> Snapshot:
    narrow = managed(policy_arn("narrow"), draw(documents()))
    trust = draw(documents(principal=True))
    for statement in trust["Statement"]:
        del statement["Resource"]
    bucket = resource(BUCKET, draw(documents(principal=True)), account=draw(st.sampled_from([ID, None])))
    endpoints = [
        VpcEndpoint(
            vpc_endpoint_id=name,
            vpc_endpoint_type="Interface",
            vpc_id=vpc,
            service_name="com.amazonaws.us-east-1.s3",
            policy_document=draw(documents(principal=True)),
        )
        for name, vpc in ((ENDPOINT, "vpc-1"), (OTHER_ENDPOINT, "vpc-2"))[: draw(st.integers(0, 2))]
    ]
    bound = {"boundary": narrow.arn} if draw(st.booleans()) else {}
    people = user("ana", draw(documents()), **bound), role("deploy", draw(documents()), trust=trust)
    return snapshot(*people, narrow, bucket, *endpoints)


type Ask = Callable[..., str]


def otherwise(ask: Ask, request: Request) -> Iterator[tuple[str, set[str]]]:
    """Yield by code what the decision is with each value that is assumed put otherwise, said by the question itself."""
    is_given = {key.lower() for key in request.context}.__contains__
    signs = request.principal != "anonymous" and "amazonaws" not in request.principal
    if not is_given("aws:securetransport"):
        yield "secure-transport-assumed", {ask({"aws:SecureTransport": "false"})}
    via: Mapping[str, Any] = {} if is_given("aws:viaawsservice") else {"aws:ViaAWSService": "true"}
    if signs:
        forwarded = ask(via)
        yield "via-aws-service-assumed", {forwarded}
        chains = [chain for count in (1, 2) for chain in permutations(SERVICES, count)]
        told = [
            {"aws:CalledVia": list(one), "aws:CalledViaFirst": one[0], "aws:CalledViaLast": one[-1]} for one in chains
        ]
        direct: Mapping[str, Any] = {} if is_given("aws:viaawsservice") else {"aws:ViaAWSService": "false"}
        alone = {ask({**direct, **one}) for one in told}
        yield "called-via-assumed", {ask({**via, **one}) for one in told} - {forwarded} | alone
    if not is_given("aws:currenttime"):
        moments = {"946684800": "2000-01-01T00:00:00Z", "4102444800": "2100-01-01T00:00:00Z"}
        moments |= {"1767225600": TIMES[0], "1767225601": "2026-01-01T00:00:01Z"}
        moments |= {"1893456000": TIMES[1], "1893455999": "2029-12-31T23:59:59Z"}
        yield "time-assumed", {ask({"aws:CurrentTime": iso, "aws:EpochTime": at}) for at, iso in moments.items()}
    if not is_given("aws:multifactorauthpresent"):
        mfa = {"aws:MultiFactorAuthPresent": None}
        with_token = ask({"aws:TokenIssueTime": "2026-09-25T09:00:00Z", **mfa})
        yield "long-term-credentials-assumed", {with_token} - {ask({"aws:TokenIssueTime": None, **mfa})}
    if not is_given("aws:sourcevpce"):
        found = set()
        for name in (ENDPOINT, OTHER_ENDPOINT):
            limited = ask({"aws:SourceVpce": name})
            found |= {limited} - {ask({"aws:SourceVpce": name}, without=frozenset({PolicyType.ENDPOINT}))}
        yield "endpoint-unknown", found


@rule("J2", "J4", "B9", "I10")
@settings(max_examples=some_of(200), deadline=None, suppress_health_check=list(HealthCheck))
@given(
    held=worlds(),
    principal=st.sampled_from([ANA, DEPLOY, SESSION_OF_DEPLOY, ZOE, ROOT, "anonymous"]),
    question=st.sampled_from(QUESTIONS),
    context=st.sampled_from(CONTEXTS),
)
def test_an_assumed_value_is_told_exactly_where_another_one_changes_the_decision(
    held: Snapshot, principal: str, question: tuple[str, str], context: dict[str, Any]
) -> None:
    capture = Evaluator(held, lambda: NOW)
    request = Request(principal, *question, context)
    base = capture.can(request)

    def ask(more: Mapping[str, Any], without: frozenset[PolicyType] = frozenset()) -> str:
        """Return the decision on a request as it is: a value put otherwise may contradict the one that is given."""
        return capture.explained(Request(principal, *question, {**context, **more}, without=without)).decision.value

    told = {one.code: one.other_decision for one in base.assumptions}
    for code, decisions in otherwise(ask, request):
        others = decisions - {base.decision.value}
        assert (code in told) == bool(others), (code, base.decision, others, told)
        if others:
            event(code)
            assert told[code] in others


@rule("J2", "J4")
def test_no_key_is_given_a_value_in_silence() -> None:
    """What the same value in every request of a moment, whoever asks for what, follows from nothing: it is assumed."""
    reference_now = reference()
    taken = set()
    for principal in (ANA, DEPLOY, "anonymous", "lambda.amazonaws.com"):
        caller, target = parse_caller(principal), parse_target("s3:GetObject", f"{BUCKET}/k", reference_now)
        derive = DerivedKeys(caller, target, reference_now, NOW, ID)
        for key in GLOBAL_KEY_TYPES:
            is_of_nothing = (
                dependence(key) is PrincipalDependence.NONE and variation(key, reference_now) is ResourceDependence.NONE
            )
            if is_of_nothing and derive(key) is not None:
                taken.add(key)
    assert taken == ASSUMED_KEYS


VIA_MCP = {"Bool": {"aws:ViaAWSMCPService": "true"}}
READING = asking("s3:GetObject", f"{BUCKET}/k", resource_account=ID)


def told(answer: EvaluationResult) -> dict[str, str | None]:
    return {one.code: one.other_decision for one in answer.assumptions if one.code.endswith("-assumed")}


@rule("J4")
@each_case(
    "statements, expected",
    [
        ([allow()], {}),
        ([allow(), deny("s3:*", "*", CONDITIONS[1])], {"secure-transport-assumed": "explicitDeny"}),
        ([allow(), deny("sqs:*", "*", CONDITIONS[1])], {}),
        ([allow(), deny("s3:*", "arn:aws:s3:::other/*", CONDITIONS[1])], {}),
        ([allow(), allow("*", "*", CONDITIONS[2])], {}),
        ([allow("s3:*", "*", CONDITIONS[3])], {"via-aws-service-assumed": "allowed"}),
        ([allow("s3:*", "*", CONDITIONS[5])], {"called-via-assumed": "allowed"}),
        ([allow("s3:*", "*", CONDITIONS[9])], {"time-assumed": "implicitDeny"}),
        ([allow(), deny("s3:*", "*", VIA_MCP)], {"mcp-assumed": "explicitDeny"}),
    ],
)
def test_each_value_has_its_own_code(statements: list[Any], expected: dict[str, str]) -> None:
    answer = evaluator(user("ana", *statements)).can(READING)
    assert told(answer) == expected
    for one in answer.assumptions:
        if one.code in expected:
            assert one.message.endswith(".")
            assert otherwise_words(one).startswith(" Otherwise, the decision could change to ")
    found = [one for one in to_evaluation_result(answer)["Assumptions"] if one["Code"] in expected]
    assert [one["CouldChangeTo"] for one in found] == list(expected.values())


@rule("I10")
@each_case(
    "action, on, more, expected",
    [
        ("iam:GetUser", ANA, {}, True),
        ("iam:GetUser", ANA, {"context": {"aws:TokenIssueTime": None}}, False),
        ("iam:GetUser", ANA, {"context": {"aws:MultiFactorAuthPresent": "true"}}, False),
        ("iam:GetUser", ANA, {"unknown_context": MissingContextMode.ABSENT}, False),
        ("sts:AssumeRole", DEPLOY, {}, False),
        ("sts:GetSessionToken", "*", {}, True),
    ],
)
def test_long_term_credentials_are_assumed_where_a_session_token_could_not_do_it(
    action: str, on: str, more: Any, expected: bool
) -> None:
    capture = evaluator(user("ana", allow()), role("deploy", trust=trusting(ID)))
    found = told(capture.can(asking(action, on, resource_account=ID, **more)))
    assert found == ({"long-term-credentials-assumed": "implicitDeny"} if expected else {})


@rule("E3", "J")
@each_case(
    "pattern, context, decision, other",
    [
        ("deploy", {}, "allowed", "implicitDeny"),
        ("app/deploy", {}, "implicitDeny", "allowed"),
        ("*", {}, "allowed", None),
        ("other", {}, "implicitDeny", None),
        ("app/deploy", {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/app/deploy"}, "allowed", None),
    ],
)
def test_a_case_takes_a_role_without_path_and_says_so_where_the_path_matters(
    pattern: str, context: Any, decision: str, other: str | None
) -> None:
    named = {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/{pattern}"}}
    asked = {"principal": SESSION, "identity": doc(allowing("s3:*", "*", named)), "context": context}
    answer = evaluate_case(case("path", "allowed", "J1", "order", "", **asked))
    assert (answer.decision, told(answer)) == (decision, {"role-path-assumed": other} if other else {})


def test_what_only_explains_cannot_change_the_decision() -> None:
    assert not Assumption("resource-not-used", "m").could_change
    assert not Assumption("not-enumerated", "m", only_explains=True).could_change
    assert Assumption("policy-missing", "m").could_change
    capture = evaluator(user("ana", allow(), deny("s3:*", "*", CONDITIONS[1])))
    answer = capture.can(replace(READING, context={"aws:SourceVpc": "vpc-1", "aws:SourceVpce": None}))
    assert "secure-transport-assumed" in {one.code for one in answer.open_assumptions}


def test_a_meaning_of_keys_not_given_that_there_is_not_is_an_error() -> None:
    nonsense: Any = "nonsense"
    words = "`nonsense` is not a mode for keys that are not provided: expected unknown, absent"
    with pytest.raises(RequestError, match=words):
        asking("s3:GetObject", unknown_context=nonsense)
    assert asking("s3:GetObject", unknown_context="absent").unknown_context is MissingContextMode.ABSENT
    with pytest.raises(RequestError, match="nonsense"):
        next(evaluator(user("ana")).who_can(action="s3:GetObject", unknown_context=nonsense))


OF_CALLERS = [f"aws:{name}" for name in ("PrincipalArn", "PrincipalAccount", "PrincipalType", "PrincipalIsAWSService",
                                         "username", "PrincipalServiceName")]  # fmt: skip
VALUES = (ANA, DEPLOY, ROOT, ID, "User", "AssumedRole", "Account", "true", "false", "ana")


@rule("J", "J2", "J3")
@each_case("unknown", list(MissingContextMode))
@each_case(
    "principal",
    [ANA, DEPLOY, SESSION_OF_DEPLOY, ROOT, federated_arn("ana"), "lambda.amazonaws.com", "anonymous"],
)
def test_what_the_caller_settles_is_the_same_in_a_case_and_over_a_snapshot(
    principal: str, unknown: MissingContextMode
) -> None:
    """Of each key of the caller: present, and equal to what others are."""
    for key in OF_CALLERS:
        tests: list[Any] = [{"Null": {key: "true"}}, *({"StringEquals": {key: one}} for one in VALUES)]
        for test in tests:
            bucket = resource(BUCKET, grant("*", "s3:*", "*", test))
            request = Request(principal, READING.action, READING.resource, unknown_context=unknown)
            over_snapshot = evaluator(user("ana"), role("deploy"), bucket).can(request).decision
            asked = {"principal": principal, "action": READING.action, "resource": READING.resource}
            of_owner = {"resource_account": ID, "identity_policies": [], "resource_policy": bucket.policy}
            of_case = evaluate_case({**asked, **of_owner}, unknown).decision
            has_path = principal == SESSION_OF_DEPLOY and key == "aws:PrincipalArn"
            if has_path and unknown is MissingContextMode.UNKNOWN and of_case == "conditional":
                continue  # the ARN of a session does not tell the role's path, which the snapshot knows
            assert of_case == over_snapshot, test
