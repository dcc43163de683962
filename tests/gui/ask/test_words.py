import pytest

from iamdesk.evaluate.request import MissingContextMode, Request, SessionPolicy
from iamdesk.explain.decision import EvalDecision, PolicyType, SourceType, StatementRole
from iamdesk.export.text.decision import (
    condition_words,
    decision_words,
    otherwise_words,
    scope_words,
    short_arn,
    source_words,
    value_words,
)

from .conftest import ACCOUNT, ANA, assumption, decision, statement


@pytest.mark.parametrize(
    ("decision_text", "words"),
    [
        (EvalDecision.ALLOWED, "Allowed"),
        (EvalDecision.EXPLICIT_DENY, "Denied · explicit deny"),
        (EvalDecision.IMPLICIT_DENY, "Denied · implicit deny"),
        (EvalDecision.CONDITIONAL, "Depends on aws:SourceIp and aws:MultiFactorAuthPresent"),
    ],
)
def test_the_verdict_is_told_in_the_words_of_the_window(decision_text: EvalDecision, words: str) -> None:
    missing = ("aws:SourceIp", "aws:MultiFactorAuthPresent") if decision_text is EvalDecision.CONDITIONAL else ()
    assert decision_words(decision(decision_text, missing_context_values=missing)) == words


def test_a_verdict_says_which_layers_were_left_out() -> None:
    request = Request(ANA, "s3:GetObject", "*", without=frozenset({PolicyType.PERMISSIONS_BOUNDARY, PolicyType.SCP}))
    words = decision_words(decision(request=request))
    assert words == "Allowed (without service control policies and the permissions boundary)"


def test_many_missing_keys_are_counted() -> None:
    words = decision_words(decision(EvalDecision.CONDITIONAL, missing_context_values=("a", "b", "c", "d")))
    assert words == "Depends on a, b and 2 more"


def test_a_denial_without_a_statement_names_what_denied() -> None:
    denied = decision(EvalDecision.EXPLICIT_DENY, statements=(), blocked_by=("block-public-access",))
    assert decision_words(denied) == "Denied · Block Public Access"
    assert decision_words(decision(EvalDecision.IMPLICIT_DENY, statements=())) == "Denied · implicit deny"


@pytest.mark.parametrize(
    ("arn", "short"),
    [
        (ANA, "user ana.moreno"),
        (f"{ACCOUNT}:role/aws-service-role/ecs.amazonaws.com/X", "role X"),
        (f"{ACCOUNT}:root", "account 111122223333"),
        ("arn:aws:sts::111122223333:assumed-role/deploy/ci", "assumed role deploy/ci"),
        ("arn:aws:s3:::payroll/2026/*", "payroll/2026/*"),
        ("lambda.amazonaws.com", "lambda.amazonaws.com"),
        ("arn:aws", "arn:aws"),
    ],
)
def test_arns_are_shortened_to_what_people_say(arn: str, short: str) -> None:
    assert short_arn(arn) == short


@pytest.mark.parametrize(
    ("source", "owner", "level", "words"),
    [
        (SourceType.GROUP, f"{ACCOUNT}:group/finance", None, "inline policy of group finance"),
        (SourceType.AWS_MANAGED, ANA, None, "AWS managed policy of user ana.moreno"),
        (SourceType.USER_MANAGED, f"{ACCOUNT}:group/x/eng", None, "customer managed policy, through group eng"),
        (SourceType.TRUST, f"{ACCOUNT}:role/deploy", None, "trust policy of role deploy"),
        (SourceType.RESOURCE, "arn:aws:s3:::payroll", None, "resource policy of payroll"),
        (SourceType.SCP, "", 0, "service control policy, root"),
        (SourceType.SCP, "ou-1", 1, "service control policy, level 2 on ou-1"),
        (SourceType.SESSION, "", None, "session policy"),
    ],
)
def test_a_statement_says_what_it_comes_from(source: SourceType, owner: str, level: int | None, words: str) -> None:
    line = statement(StatementRole.DECIDES, source_policy_type=source, owner=owner, level=level)
    assert source_words(line, ANA) == words


def test_the_scope_of_an_answer_names_snapshot_context_and_rule() -> None:
    request = Request(
        ANA,
        "s3:GetObject",
        "*",
        context={"aws:SourceIp": "203.0.113.7", "aws:SourceVpc": None, "aws:TagKeys": ["a", "b"]},
        session_policies=(SessionPolicy("narrow", {}),),
        unknown_context=MissingContextMode.ABSENT,
    )
    assert scope_words(request, "acme.json") == (
        "In acme.json, with aws:SourceIp is 203.0.113.7, aws:SourceVpc is absent and aws:TagKeys is a and b, "
        "in a session with narrow; condition keys that are not provided count as absent"
    )


def test_conditions_read_as_a_clause() -> None:
    assert condition_words({"aws:MultiFactorAuthPresent": "true"}) == "aws:MultiFactorAuthPresent is true"
    assert value_words("") == '""'
    assert value_words(()) == "an empty list"


def test_what_an_assumption_could_change_is_said() -> None:
    assert otherwise_words(assumption("m")) == ""
    assert (
        otherwise_words(assumption("m", EvalDecision.ALLOWED))
        == " With this data, the decision could change to allowed."
    )
    other = assumption("m", EvalDecision.CONDITIONAL, "pages-disagree")
    assert otherwise_words(other) == "", "its own sentence says it"
