"""The explanation: what each statement did, what each layer says, what took access away, sentences with the facts."""

from typing import Any

import pytest

from iamdesk.evaluate.request import MissingContextMode, PolicyType, Request
from iamdesk.explain.decision import EvaluationResult, KeyState, PolicyTypeResult, StatementExplanation, StatementRole
from iamdesk.i18n import choose, translate
from iamdesk.simulate.test_cases import evaluate_case

from ..builders.arns import ID, ROOT, policy_arn, role_arn, user_arn
from ..builders.captures import evaluator, group, managed, role, user
from ..builders.statements import allow, deny, document, trusting
from ..rules import rule

ANA = user_arn("ana")
QUEUE = f"arn:aws:sqs:eu-west-1:{ID}:orders"
MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}


def decide(unknown: MissingContextMode = MissingContextMode.ABSENT, **parts: Any) -> EvaluationResult:
    """One case about ana sending to the queue; policies are lists of documents."""
    case: dict[str, Any] = {"principal": ANA, "action": "sqs:SendMessage", "resource": QUEUE}
    for name, value in parts.items():
        if name in ("identity_policies", "permissions_boundary", "session_policies"):
            case[name] = [{"name": f"{name}-{number}", "document": one} for number, one in enumerate(value, 1)]
        elif name in ("scps", "rcps"):
            case[name] = [
                [{"name": f"{name}-{depth}-{number}", "document": one} for number, one in enumerate(level, 1)]
                for depth, level in enumerate(value)
            ]
        else:
            case[name] = value
    return evaluate_case(case, unknown)


def part_of(answer: EvaluationResult) -> dict[tuple[str, int], str]:
    return {(line.policy_name, line.index): line.part.value for line in answer.statements}


def layer(answer: EvaluationResult, wanted: PolicyType) -> PolicyTypeResult:
    return next(line for line in answer.layers if line.layer is wanted)


def line(answer: EvaluationResult, number: int = 0) -> StatementExplanation:
    return answer.statements[number]


def cut(of: StatementExplanation) -> str:
    """The text that is underlined."""
    span = of.mark_span
    assert span is not None
    lines = of.document.text.text.split("\n")[span.start_line - 1 : span.end_line]
    lines[-1] = lines[-1][: span.end_column - 1]
    lines[0] = lines[0][span.start_column - 1 :]
    return "\n".join(lines)


FULL = document(allow())
SQS = document(allow("sqs:*"))
S3 = document(allow("s3:*"))


# ── parts ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@rule("A4")
def test_allowed_rests_on_the_allows_of_the_path_taken_and_of_each_guardrail_and_limit() -> None:
    answer = decide(
        identity_policies=[document(allow("s3:*"), allow("sqs:*"))],
        permissions_boundary=[SQS],
        session_policies=[FULL],
        scps=[[FULL], [S3, SQS]],
    )
    assert answer.decision == "allowed"
    assert {(one.policy_name, one.index) for one in answer.matched_statements} == {
        ("identity_policies-1", 1),
        ("permissions_boundary-1", 0),
        ("session_policies-1", 0),
        ("scps-0-1", 0),
        ("scps-1-2", 0),
    }


@rule("A4", "C1")
def test_a_grant_that_was_not_needed_took_part() -> None:
    grant = {"Effect": "Allow", "Principal": {"AWS": ANA}, "Action": "sqs:*", "Resource": "*"}
    answer = decide(identity_policies=[SQS], resource_policy=document(grant))
    assert part_of(answer) == {("resource policy", 0): "decides", ("identity_policies-1", 0): "took part"}


@rule("A4", "A2")
def test_an_explicit_deny_rests_on_every_matching_deny() -> None:
    answer = decide(
        identity_policies=[document(allow(), deny("sqs:*"), deny("s3:*"))],
        scps=[[FULL, document(deny("sqs:Send*"))]],
        resource_policy=document({"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}),
    )
    assert answer.decision == "explicitDeny"
    assert {(one.policy_name, one.index) for one in answer.matched_statements} == {
        ("identity_policies-1", 1),
        ("scps-0-2", 0),
        ("resource policy", 0),
    }
    assert {one.layer for one in answer.matched_statements} == {
        PolicyType.IDENTITY,
        PolicyType.SCP,
        PolicyType.RESOURCE,
    }
    assert part_of(answer)["identity_policies-1", 0] == "took part"


@rule("A4")
def test_an_implicit_deny_rests_on_no_statement_and_names_what_lacks() -> None:
    answer = decide(identity_policies=[FULL], permissions_boundary=[S3], scps=[[FULL], [S3]])
    assert answer.decision == "implicitDeny"
    assert answer.matched_statements == ()
    assert answer.blocked_by == ("scp", "permissions-boundary")
    assert "level 2" in answer.sentence
    assert "permissions_boundary-1" in answer.sentence


def test_what_would_match_under_other_context_depends() -> None:
    answer = decide(MissingContextMode.UNKNOWN, identity_policies=[document(allow("s3:*"), allow("sqs:*", "*", MFA))])
    assert answer.decision == "conditional"
    assert [one.part for one in answer.statements] == [StatementRole.DEPENDS]
    assert answer.statements[0].index == 1
    assert cut(answer.statements[0]) == '"true"'
    assert answer.missing_context_values == ("aws:MultiFactorAuthPresent",)
    assert answer.conditions == ({"aws:MultiFactorAuthPresent": "true"},)
    assert {"aws:MultiFactorAuthPresent": "false"} in answer.denials
    assert {"aws:MultiFactorAuthPresent": None} in answer.denials
    assert "aws:MultiFactorAuthPresent is true" in answer.sentence


def test_deciding_statements_come_first_near_misses_last() -> None:
    answer = decide(identity_policies=[document(allow("sqs:*", "arn:aws:sqs:*:*:other"), deny("sqs:*"), allow())])
    assert [one.part for one in answer.statements] == [
        StatementRole.DECIDES,
        StatementRole.TOOK_PART,
        StatementRole.NEAR_MISS,
    ]


# ── near misses ──────────────────────────────────────────────────────────────────────────────────────────────────────

OTHER_QUEUE = f"arn:aws:sqs:eu-west-1:{ID}:other"


@rule("A4")
@pytest.mark.parametrize(
    ("statement", "failed", "marked", "told"),
    [
        (allow("sqs:*", [OTHER_QUEUE, "arn:aws:sqs:*:*:x"]), "Resource", None, [QUEUE, OTHER_QUEUE]),
        ({"Effect": "Allow", "Action": "sqs:*", "NotResource": QUEUE}, "NotResource", f'"{QUEUE}"', [QUEUE]),
        (allow("sqs:*", "*", {"StringEquals": {"aws:PrincipalTag/team": "red"}}), "Condition", '"red"',
         ["StringEquals", "aws:PrincipalTag/team", "red", "not in the request"]),
        (allow("sqs:*", "*", {"StringLike": {"aws:UserAgent": "x"}, "Bool": {"aws:k": "true"}}), "Condition", '"x"',
         ["StringLike", "aws:UserAgent"]),
        ({"Effect": "Allow", "Action": "sqs:*"}, "Resource", None, ["no Resource"]),
    ],
)  # fmt: skip
def test_a_near_miss_names_and_marks_the_element_that_fails(
    statement: Any, failed: str, marked: str | None, told: list[str]
) -> None:
    answer = decide(identity_policies=[document(statement)])
    assert answer.decision == "implicitDeny"
    miss = line(answer)
    assert (miss.part, miss.failed) == (StatementRole.NEAR_MISS, failed)
    for text in told:
        assert text in miss.sentence
    if marked is not None:
        assert cut(miss) == marked


@rule("A4", "E1")
@pytest.mark.parametrize(
    ("principal", "element", "told"),
    [
        ({"Principal": {"AWS": user_arn("bob")}}, "Principal", user_arn("bob")),
        ({"NotPrincipal": {"AWS": ANA}}, "NotPrincipal", ANA),
        ({}, "Principal", "no principal"),
    ],
)
def test_a_near_miss_by_principal(principal: Any, element: str, told: str) -> None:
    answer = decide(resource_policy=document({"Effect": "Allow", **principal, "Action": "sqs:*", "Resource": "*"}))
    miss = line(answer)
    assert miss.failed == element
    assert told in miss.sentence
    assert ANA in miss.sentence or not principal


def test_a_near_miss_says_what_the_key_is() -> None:
    condition = {"StringEquals": {"aws:PrincipalTag/team": ["red", "blue"]}}
    answer = decide(
        identity_policies=[document(allow("*", "*", condition))], context={"aws:PrincipalTag/team": "green"}
    )
    assert "green" in line(answer).sentence
    several = decide(
        identity_policies=[document(allow("*", "*", {"ForAllValues:StringEquals": {"aws:TagKeys": "a"}}))],
        context={"aws:TagKeys": ["a", "b"]},
    )
    assert "a and b" in line(several).sentence


def test_the_nearest_miss_comes_first() -> None:
    far = allow("sqs:*", OTHER_QUEUE, {"StringEquals": {"aws:PrincipalTag/team": "red"}})
    near = allow("sqs:*", OTHER_QUEUE)
    answer = decide(identity_policies=[document(far, near)])
    assert [one.index for one in answer.statements] == [1, 0]


@rule("G17", "G18")
def test_a_condition_that_never_holds_says_why() -> None:
    answer = decide(identity_policies=[document(allow("*", "*", {"StringEqualz": {"k": "v"}}))])
    assert "StringEqualz is not a condition operator" in line(answer).sentence


def test_statements_about_other_actions_of_the_service_are_near_misses_too() -> None:
    answer = decide(identity_policies=[document(allow("sqs:ReceiveMessage"), allow("s3:*"))])
    assert [(one.index, one.failed) for one in answer.statements] == [(0, "Action")]
    assert "sqs:ReceiveMessage" in line(answer).sentence


# ── layers ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def outcomes(answer: EvaluationResult) -> dict[str, str | None]:
    return {one.layer.value: None if one.decision is None else one.decision.value for one in answer.layers}


@rule("A5", "K5")
def test_each_layer_says_its_own_word() -> None:
    everybody = {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}
    answer = decide(
        MissingContextMode.UNKNOWN,
        identity_policies=[document(allow("sqs:*", "*", MFA))],
        permissions_boundary=[document(allow(), deny("sqs:*"))],
        scps=[[FULL], [SQS]],
        rcps=[[]],
        resource_policy=document(everybody),
    )
    assert outcomes(answer) == {
        "rcp": "allowed",
        "scp": "allowed",
        "resource": "implicitDeny",
        "identity": "conditional",
        "permissions-boundary": "explicitDeny",
        "session": None,
    }
    assert answer.decision == "explicitDeny"
    assert "permissions_boundary-1, statement 2" in layer(answer, PolicyType.PERMISSIONS_BOUNDARY).sentence


@rule("A5")
def test_layers_that_do_not_apply_say_nothing() -> None:
    answer = decide(identity_policies=[SQS])
    assert outcomes(answer) == {
        "rcp": None,
        "scp": None,
        "resource": None,
        "identity": "allowed",
        "permissions-boundary": None,
        "session": None,
    }


@rule("B1")
def test_the_level_that_lacks_is_named() -> None:
    answer = decide(identity_policies=[FULL], scps=[[FULL], [S3], [FULL]])
    assert layer(answer, PolicyType.SCP).decision == "implicitDeny"
    assert "level 2" in layer(answer, PolicyType.SCP).sentence


@rule("I7")
def test_block_public_access_is_a_layer_and_a_reason() -> None:
    public = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}
    answer = decide(
        principal="anonymous", action="s3:GetObject", resource="arn:aws:s3:::b/k", block_public_access=True,
        resource_policy=document(public),
    )  # fmt: skip
    assert answer.decision == "explicitDeny"
    assert answer.blocked_by == ("block-public-access",)
    assert layer(answer, PolicyType.BLOCK_PUBLIC_ACCESS).decision == "explicitDeny"
    assert "Block Public Access" in answer.sentence


# ── what took access away ────────────────────────────────────────────────────────────────────────────────────────────


@rule("A4")
@pytest.mark.parametrize(
    ("parts", "blocked_by"),
    [
        ({"identity_policies": [S3]}, ()),
        ({"identity_policies": [S3], "permissions_boundary": [S3]}, ()),
        ({"identity_policies": [SQS], "permissions_boundary": [S3]}, ("permissions-boundary",)),
        ({"identity_policies": [SQS], "session_policies": [S3]}, ("session",)),
        ({"identity_policies": [SQS], "scps": [[S3]]}, ("scp",)),
        ({"identity_policies": [SQS], "scps": [[S3]], "session_policies": [S3]}, ("scp", "session")),
        ({"identity_policies": [document(allow(), deny("sqs:*"))]}, ("identity",)),
        ({"identity_policies": [document(deny("sqs:*"))]}, ()),
        ({"identity_policies": [SQS], "permissions_boundary": [document(deny())]}, ("permissions-boundary",)),
        ({"identity_policies": [SQS]}, ()),
        ({"identity_policies": [FULL], "action": "sts:AssumeRole", "resource": role_arn("r"),
          "principal": f"arn:aws:sts::{ID}:federated-user/ana", "session_policies": [FULL]}, ("credentials",)),
        ({"identity_policies": [FULL], "principal": f"arn:aws-cn:iam::{ID}:user/ana"}, ("partition",)),
    ],
)  # fmt: skip
def test_blocked_by_names_what_took_a_granted_request_away(parts: Any, blocked_by: tuple[str, ...]) -> None:
    assert decide(**parts).blocked_by == blocked_by


# ── leaving layers out ───────────────────────────────────────────────────────────────────────────────────────────────


def capture() -> Any:
    return evaluator(
        user("ana", document(allow("sqs:*")), boundary=policy_arn("narrow")),
        managed(policy_arn("narrow"), S3),
        role("target", trust=trusting({"AWS": ANA})),
    )


def test_a_layer_can_be_left_out() -> None:
    answer = capture().can(Request(ANA, "sqs:SendMessage", QUEUE, without=frozenset({PolicyType.PERMISSIONS_BOUNDARY})))
    assert answer.decision == "allowed"
    assert "without permissions boundary" in answer.sentence
    assert layer(answer, PolicyType.PERMISSIONS_BOUNDARY).sentence == "left out"
    assert capture().can(Request(ANA, "sqs:SendMessage", QUEUE)).decision == "implicitDeny"
    nothing = capture().can(Request(ANA, "sqs:SendMessage", QUEUE, without=frozenset({PolicyType.IDENTITY})))
    assert nothing.decision == "implicitDeny"


@rule("I2")
def test_leaving_out_the_resource_policy_keeps_the_trust_policy() -> None:
    bounds = frozenset({PolicyType.PERMISSIONS_BOUNDARY})
    asked = {"principal": ANA, "action": "sts:AssumeRole", "resource": role_arn("target")}
    assert capture().can(Request(**asked, without=bounds)).decision == "allowed"
    assert capture().can(Request(**asked, without=bounds | {PolicyType.RESOURCE})).decision == "allowed"
    answer = capture().can(Request(**asked, without=bounds | {PolicyType.TRUST}))
    assert answer.decision == "implicitDeny"
    assert layer(answer, PolicyType.TRUST).sentence == "left out"


# ── sentences ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("principal", "named"),
    [
        (ANA, "ana is"),
        (f"arn:aws:sts::{ID}:assumed-role/deploy/ci", "deploy (session ci) is"),
        (ROOT, f"The root user of account {ID} is"),
        ("events.amazonaws.com", "events.amazonaws.com is"),
        ("anonymous", "An anonymous caller is"),
    ],
)
def test_the_answer_names_who_what_where(principal: str, named: str) -> None:
    answer = decide(principal=principal, action="SQS:sendmessage")
    assert answer.sentence.startswith(named)
    assert "sqs:SendMessage" in answer.sentence
    assert QUEUE in answer.sentence


def test_the_sentence_of_an_allowed_request_names_the_statement_by_number_and_sid() -> None:
    answer = decide(identity_policies=[document(allow("s3:*"), {**allow("sqs:*"), "Sid": "Queues"})])
    assert "identity_policies-1, statement 2 (Queues) allows it" in answer.sentence
    assert line(answer).name == "identity_policies-1, statement 2 (Queues)"


def test_the_sentence_of_a_refused_request_names_what_forbids() -> None:
    answer = decide(identity_policies=[document(allow(), deny("sqs:*"))])
    assert "identity_policies-1, statement 2 denies it" in answer.sentence


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        (allow("sqs:Send*", QUEUE), ["Allows", "sqs:Send*", QUEUE]),
        ({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}, ["everything except iam:*"]),
        ({"Effect": "Allow", "Action": "*", "NotResource": OTHER_QUEUE}, ["everything except", OTHER_QUEUE]),
        (allow("*", "*", {"StringLikeIfExists": {"aws:PrincipalTag/t": "*"}}), ["its condition is met"]),
    ],
)
def test_a_matching_statement_says_what_it_does(statement: Any, told: list[str]) -> None:
    sentence = line(decide(identity_policies=[document(statement)])).sentence
    for text in told:
        assert text in sentence


# ── where statements come from ───────────────────────────────────────────────────────────────────────────────────────


def test_statements_name_their_policy_its_kind_and_what_carries_it() -> None:
    aws = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    found = evaluator(
        user(
            "ana",
            document(allow("s3:*")),
            attached=[aws, policy_arn("own")],
            groups=["staff"],
            boundary=policy_arn("own"),
        ),
        group("staff", document(allow("sqs:*"))),
        managed(aws, document(allow("sqs:*"))),
        managed(policy_arn("own"), document(allow("sqs:*"))),
    ).can(Request(ANA, "sqs:SendMessage", QUEUE))
    assert {(one.source_policy_id, one.source_policy_type.value, one.owner) for one in found.matched_statements} == {
        (aws, "aws-managed", ANA),
        (policy_arn("own"), "user-managed", ANA),
        ("inline-1", "group", f"arn:aws:iam::{ID}:group/staff"),
        (policy_arn("own"), "permissions-boundary", ANA),
    }


def test_the_answer_carries_the_question_as_understood() -> None:
    answer = decide(principal=f"  {ANA} ", action="SQS:SENDMESSAGE", resource=f" {QUEUE}")
    assert answer.request.action == "sqs:SendMessage"
    assert answer.request.resource == QUEUE


# ── the context table ────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_context_table_has_the_keys_that_statements_in_question_test() -> None:
    statements = [
        allow("sqs:*", "*", {"StringEquals": {"aws:PrincipalTag/Team": ["red", "blue"]}, **MFA}),
        allow("sqs:*", OTHER_QUEUE, {"StringEquals": {"aws:PrincipalTag/elsewhere": "x"}}),
        allow("s3:*", "*", {"StringEquals": {"s3:prefix": "x"}}),
    ]
    answer = decide(
        MissingContextMode.UNKNOWN, identity_policies=[document(*statements)], context={"aws:principaltag/team": "red"}
    )
    rows = {row.key: row for row in answer.context}
    assert set(rows) == {"aws:PrincipalTag/Team", "aws:MultiFactorAuthPresent"}
    tag, mfa = rows["aws:PrincipalTag/Team"], rows["aws:MultiFactorAuthPresent"]
    assert (tag.state, tag.values, tag.suggestions, tag.matters) == (KeyState.GIVEN, ("red",), ("red", "blue"), False)
    assert (mfa.state, mfa.type, mfa.suggestions, mfa.matters) == (KeyState.UNKNOWN, "Bool", ("true",), True)


def test_layers_are_told_in_the_language_of_the_moment() -> None:
    in_english = decide(identity_policies=[SQS])
    choose("de")
    try:
        in_german = decide(identity_policies=[SQS])
        assert translate(layer(in_german, PolicyType.PERMISSIONS_BOUNDARY).sentence) == "keine gesetzt: keine Grenze"
        assert layer(in_german, PolicyType.PERMISSIONS_BOUNDARY) == layer(in_english, PolicyType.PERMISSIONS_BOUNDARY)
    finally:
        choose("en")
    assert type(layer(decide(identity_policies=[SQS]), PolicyType.PERMISSIONS_BOUNDARY).sentence) is str


@rule("A4", "C2")
def test_what_delegates_to_the_account_alone_does_not_carry_an_answer() -> None:
    grant = {"Effect": "Allow", "Principal": {"AWS": ID}, "Action": "sqs:*", "Resource": "*"}
    answer = decide(identity_policies=[SQS], resource_policy=document(grant))
    assert {(one.layer, one.part) for one in answer.statements} == {
        (PolicyType.IDENTITY, StatementRole.DECIDES),
        (PolicyType.RESOURCE, StatementRole.TOOK_PART),
    }
