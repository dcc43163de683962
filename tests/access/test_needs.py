"""Compound questions: what people ask as one and AWS decides as several."""

import json
from typing import Any

import pytest

from iamdesk.access.evaluator import Evaluator
from iamdesk.aws.service_reference import reference
from iamdesk.evaluate.request import MissingContextMode, PolicyType, Request, RequestError
from iamdesk.resource_files import resources
from iamdesk.sessions.snapshot_session import SnapshotSession
from iamdesk.snapshot.resources import Resource
from iamdesk.use_cases.catalog import find_use_case, suggest_use_cases, use_cases
from iamdesk.use_cases.evaluate import evaluate_use_case
from iamdesk.use_cases.types import UseCaseRequest, UseCaseResult, When
from iamdesk.viewmodel.tree_builder import build_outline

from ..builders.arns import ID, role_arn, user_arn
from ..builders.captures import NOW, account, snapshot, user
from ..builders.statements import allow, deny, document
from ..each_case import each_case

BUCKET = "arn:aws:s3:::reports"
REPORT = f"{BUCKET}/q3.csv"
KEY = f"arn:aws:kms:eu-west-1:{ID}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
OTHER_KEY = f"arn:aws:kms:eu-west-1:{ID}:key/99999999-12ab-34cd-56ef-1234567890ab"
ROOT_MAY = document(
    {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ID}:root"}, "Action": "kms:*", "Resource": "*"}
)
FUNCTION = f"arn:aws:lambda:eu-west-1:{ID}:function:report"
ROLE = role_arn("deploy")


def world(
    *statements: Any, key: str | None = KEY, key_policy: Any = ROOT_MAY, more: tuple[Resource, ...] = ()
) -> Evaluator:
    held = snapshot(account(user("ana", document(*statements))))
    bucket = Resource(arn=BUCKET, account_id=ID, encryption_key_arn=key)
    keys = (Resource(arn=KEY, policy=key_policy), Resource(arn=OTHER_KEY, policy=key_policy))
    return Evaluator(held.model_copy(update={"resources": (bucket, *keys, *more)}), now=lambda: NOW)


def ask(
    evaluator: Evaluator, name: str = "read-object", resource: str = REPORT, inputs: Any = None, **more: Any
) -> UseCaseResult:
    return evaluate_use_case(evaluator, UseCaseRequest(Request(user_arn("ana"), name, resource, **more), inputs or {}))


def said(answer: UseCaseResult) -> list[tuple[str, str | None]]:
    return [(one.part.action, one.decision and one.decision.decision.value) for one in answer.parts]


READ, DECRYPT = allow("s3:GetObject"), allow("kms:Decrypt")


def test_a_function_url_needs_both_permissions() -> None:
    """Both come with the policy of the function: the second one for calls through the URL alone.

    Whether the URL takes unsigned calls is the authentication type's matter, which no snapshot holds."""
    url = {"Effect": "Allow", "Principal": "*", "Action": "lambda:InvokeFunctionUrl", "Resource": "*"}
    through = {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}}
    invoke = {**url, "Action": "lambda:InvokeFunction", "Condition": through}

    def called(*statements: Any) -> UseCaseResult:
        function = Resource(arn=FUNCTION, policy=document(*statements))
        question = UseCaseRequest(Request("anonymous", "call-function-url", FUNCTION), {})
        return evaluate_use_case(world(more=(function,)), question)

    both = called(url, invoke)
    assert (both.decision, said(both)) == (
        "conditional",
        [("lambda:InvokeFunctionUrl", "conditional"), ("lambda:InvokeFunction", "allowed")],
    )
    assert called(url).decision == "implicitDeny"
    assert called(invoke).decision == "implicitDeny"


# ── the joint answer ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_all_parts_have_to_be_allowed() -> None:
    whole, half = ask(world(READ, DECRYPT)), ask(world(READ))

    assert (whole.decision, said(whole)) == ("allowed", [("s3:GetObject", "allowed"), ("kms:Decrypt", "allowed")])
    assert whole.sentence == f"ana can read an object ({REPORT}): all 2 actions are allowed."
    assert (half.decision, said(half)[1]) == ("implicitDeny", ("kms:Decrypt", "implicitDeny"))
    assert half.sentence == f"ana cannot read an object ({REPORT}): kms:Decrypt on {KEY} is denied."


def test_a_forbidden_part_forbids_all() -> None:
    assert ask(world(READ, deny("kms:*"))).decision == "explicitDeny"
    assert ask(world(deny("s3:*"))).decision == "explicitDeny"


def test_an_open_part_leaves_all_open_unless_another_is_denied() -> None:
    with_mfa = allow("kms:Decrypt", condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}})
    answer = ask(world(READ, with_mfa))

    assert (answer.decision, answer.missing_context_values) == ("conditional", ("aws:MultiFactorAuthPresent",))
    assert answer.sentence.endswith("depends on aws:MultiFactorAuthPresent.")
    assert ask(world(with_mfa)).decision == "implicitDeny"


def test_each_part_is_answered_as_the_question_by_itself() -> None:
    evaluator = world(READ, DECRYPT)
    for one in ask(evaluator).parts:
        assert one.decision is not None
        assert evaluator.explained(one.decision.request) == one.decision


def test_context_layers_and_reading_of_unknowns_go_to_every_part() -> None:
    answer = ask(
        world(READ, DECRYPT),
        context={"aws:SourceIp": "203.0.113.7"},
        without=frozenset({PolicyType.SCP}),
        unknown_context=MissingContextMode.ABSENT,
        resource_account=ID,
    )

    for one in answer.parts:
        assert one.decision is not None
        asked = one.decision.request
        assert asked.context["aws:SourceIp"] == "203.0.113.7"
        assert (asked.without, asked.unknown_context) == ({PolicyType.SCP}, "absent")
    assert [one.decision and one.decision.request.resource_account for one in answer.parts] == [ID, None]


# ── encryption ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_key_that_is_not_known_is_an_assumption() -> None:
    answer = ask(world(READ, key=None))

    assert (answer.decision, said(answer)[1]) == ("allowed", ("kms:Decrypt", None))
    (unknown,) = [one for one in answer.assumptions if one.code == "encryption-unknown"]
    assert unknown.message.endswith("if one does, kms:Decrypt on that key is required, too.")


def test_a_bucket_that_is_not_in_the_snapshot_is_one_too() -> None:
    answer = ask(world(allow("s3:GetObject")), resource="arn:aws:s3:::elsewhere/x")

    assert "encryption-unknown" in [one.code for one in answer.assumptions]


def test_a_key_can_be_named_by_the_question() -> None:
    assert ask(world(READ, key=None), inputs={"key": KEY}).decision == "implicitDeny"
    named = ask(world(READ, DECRYPT), inputs={"key": OTHER_KEY})
    assert named.parts[1].decision is not None
    assert named.parts[1].decision.request.resource == OTHER_KEY


def test_a_key_of_aws_lets_everyone_use_it_through_the_service() -> None:
    answer = ask(world(READ, key=f"arn:aws:kms:eu-west-1:{ID}:alias/aws/s3"))

    assert (answer.decision, answer.parts[1].unasked.startswith("An AWS managed key")) == ("allowed", True)
    assert "encryption-unknown" not in [one.code for one in answer.assumptions]


def test_an_alias_tells_no_key() -> None:
    answer = ask(world(READ, key=f"arn:aws:kms:eu-west-1:{ID}:alias/reports"))

    assert "alias/reports is not captured" in answer.parts[1].unasked
    assert "encryption-unknown" in [one.code for one in answer.assumptions]


def test_the_service_calls_the_key_in_the_callers_name() -> None:
    via_s3 = document(
        {
            "Effect": "Allow",
            "Principal": {"AWS": user_arn("ana")},
            "Action": "kms:Decrypt",
            "Resource": "*",
            "Condition": {"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}},
        }
    )
    assert ask(world(READ, key_policy=via_s3)).decision == "allowed"
    told_otherwise = ask(world(READ, key_policy=via_s3), context={"KMS:viaservice": "sqs.eu-west-1.amazonaws.com"})
    assert told_otherwise.decision == "implicitDeny"


def test_a_copy_needs_the_keys_of_both_sides() -> None:
    there = Resource(arn="arn:aws:s3:::archive", account_id=ID, encryption_key_arn=OTHER_KEY)
    may = (READ, allow("s3:PutObject"), allow(["kms:Decrypt", "kms:GenerateDataKey"]))
    answer = ask(world(*may, more=(there,)), "copy-object", inputs={"destination": "arn:aws:s3:::archive/q3.csv"})

    assert answer.decision == "allowed"
    assert [(one.decision and one.decision.request.resource) for one in answer.parts] == [
        REPORT,
        KEY,
        "arn:aws:s3:::archive/q3.csv",
        OTHER_KEY,
    ]


# ── what a part is on ────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_was_not_named_leaves_the_answer_open() -> None:
    answer = ask(world(allow("lambda:*")), "create-function", FUNCTION)

    assert (answer.decision, answer.parts[1].is_open) == ("conditional", True)
    assert answer.parts[1].unasked == "Not provided: the role that is passed (role)."
    assert answer.sentence.endswith("depends on the role that is passed.")
    assert ask(world(deny("lambda:*")), "create-function", FUNCTION).decision == "explicitDeny"


def test_a_passed_role_goes_to_the_service_of_the_call() -> None:
    to_lambda = allow("iam:PassRole", ROLE, {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}})
    to_ec2 = allow("iam:PassRole", ROLE, {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}})

    assert ask(world(allow("lambda:*"), to_lambda), "create-function", FUNCTION, {"role": ROLE}).decision == "allowed"
    assert ask(world(allow("lambda:*"), to_ec2), "create-function", FUNCTION, {"role": ROLE}).decision == "implicitDeny"


def test_contents_and_neighbours_of_the_resource() -> None:
    download = ask(world(allow("s3:*"), DECRYPT), "download-bucket", BUCKET)
    names = {"image": "image/ami-1", "subnet": "subnet/subnet-1", "security-group": "security-group/sg-1"}
    given = {name: f"arn:aws:ec2:eu-west-1:{'' if name == 'image' else ID}:{place}" for name, place in names.items()}
    launch = ask(world(allow("ec2:*")), "launch-instance", f"arn:aws:ec2:eu-west-1:{ID}:instance/*", given)
    pull = ask(world(allow("ecr:*")), "pull-image", f"arn:aws:ecr:eu-west-1:{ID}:repository/app")

    def asked(answer: UseCaseResult) -> list[str]:
        return [one.decision.request.resource for one in answer.parts if one.decision is not None]

    assert asked(download) == [BUCKET, f"{BUCKET}/*", KEY]
    beside = [f"arn:aws:ec2:eu-west-1:{ID}:{kind}/*" for kind in ("instance", "volume", "network-interface")]
    assert asked(launch) == [*beside, *given.values()]
    assert asked(pull)[-1] == "*"
    assert {download.decision, launch.decision, pull.decision} == {"allowed"}


def test_what_only_some_uses_need_does_not_count_unless_it_is_named() -> None:
    unnamed = ask(world(allow("ecs:*")), "run-task", f"arn:aws:ecs:eu-west-1:{ID}:task-definition/app:1")
    named = ask(world(allow("ecs:*")), "run-task", f"arn:aws:ecs:eu-west-1:{ID}:task-definition/app:1", {"role": ROLE})

    assert (unnamed.decision, named.decision) == ("allowed", "implicitDeny")
    assert unnamed.parts[1].unasked == "Not provided, so not required: the task's role (role)."


# ── troubles ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "inputs", "says"),
    [
        ("fly", {}, "no use case is named `fly`: expected one of read-object"),
        ("s3:GetObject", {}, "s3:GetObject has no known dependent actions"),
        ("s3:NoSuchAction", {}, "has no known dependent actions"),
        ("read-object", {"role": ROLE}, "has no input `role`; its inputs besides the resource: key"),
        ("pull-image", {"role": ROLE}, "besides the resource: none"),
        ("create-function", {"role": "deploy"}, "deploy"),
    ],
)
def test_what_cannot_be_asked_is_said_in_a_sentence(name: str, inputs: dict[str, str], says: str) -> None:
    resource = FUNCTION if name == "create-function" else REPORT
    with pytest.raises(RequestError, match=r"^[^\n]+$") as trouble:
        ask(world(allow("*")), name, resource, inputs)
    assert says in str(trouble.value)


# ── the file ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@each_case("use_case", use_cases().values(), ids=lambda use_case: use_case.name)
def test_every_need_of_the_file_can_be_asked(use_case: Any) -> None:
    assert use_case.parts[0].on == "resource"
    assert use_case.parts[0].when is When.ALWAYS
    assert all(source.startswith("https://docs.aws.amazon.com/") for source in use_case.sources)
    assert use_case.sources
    for part in use_case.parts:
        service, _, name = part.action.partition(":")
        action = reference().action(service, name)
        assert action is not None, part.action
        assert reference().takes_no_resource(action) == (part.on == "*"), part.action
        assert f"{action.service}:{action.name}" == part.action
        assert (part.when is When.ENCRYPTED) == part.on.startswith("key") or part.when is When.GIVEN
    assert (use_case.via != "") == any(part.when is When.ENCRYPTED for part in use_case.parts)


def test_inputs_of_the_file_are_those_that_its_parts_wait_for() -> None:
    for entry in json.loads((resources() / "data" / "needs.json").read_text())["needs"]:
        use_case = use_cases()[entry["name"]]
        assert set(entry.get("inputs", {})) <= {part.input for part in use_case.parts}
        waiting = {part.input for part in use_case.parts if part.input and part.when is not When.ENCRYPTED}
        assert waiting <= set(entry.get("inputs", {})), use_case.name


def test_there_are_needs_for_what_reviews_ask_about() -> None:
    assert len(use_cases()) >= 20


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("read object", "read-object"),
        ("download file", "read-object"),
        ("decrypt param", "read-parameter"),
        ("docker pull", "pull-image"),
        ("READ SEC", "read-secret"),
    ],
)
def test_needs_are_found_by_plain_words(typed: str, first: str) -> None:
    assert suggest_use_cases(typed, 5)[0].value == first


@pytest.mark.parametrize("typed", ["", "s3:GetObject", "s3:", "no such thing at all"])
def test_whoever_types_an_action_gets_no_needs(typed: str) -> None:
    assert suggest_use_cases(typed, 5) == ()


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("decrypt", "kms:Decrypt"),
        ("Assume Role", "sts:AssumeRole"),
        ("GetObject", "s3:GetObject"),
        ("sns:publish", "sns:Publish"),
        ("read object", "read-object"),
        ("decrypt param", "read-parameter"),
    ],
)
def test_an_action_of_exactly_that_name_comes_before_needs(typed: str, first: str) -> None:
    held = snapshot(account(user("ana")))
    session = SnapshotSession(held, build_outline(held))
    assert session.complete_action(typed)[0].value == first
    assert len(session.complete_action(typed, 3)) <= 3


def test_a_suggestion_tells_what_the_need_is_made_of() -> None:
    push = suggest_use_cases("push image", 1)[0]

    assert push.label == "Push a container image"
    assert push.detail == "use case: ecr:PutImage, ecr:InitiateLayerUpload, ecr:UploadLayerPart and 4 more"


def test_needs_are_called_by_their_names_in_any_case() -> None:
    assert find_use_case(" Read-Object ") == use_cases()["read-object"]
    assert find_use_case("read  object") == use_cases()["read-object"]
    assert find_use_case("read no object") is None
    assert ask(world(READ, DECRYPT), "READ-OBJECT").decision == "allowed"


def test_the_guide_lists_every_need() -> None:
    guide = (resources() / "help" / "asking.md").read_text(encoding="utf-8")

    assert [
        use_case.name for use_case in use_cases().values() if f"| `{use_case.name}` | {use_case.title} |" not in guide
    ] == []
