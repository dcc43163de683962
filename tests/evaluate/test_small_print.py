"""Single words of rules that only one constellation shows: each was the place of a fault that nothing else noticed."""

from iamdesk.aws.service_reference import reference
from iamdesk.evaluate.action_resource import parse_target
from iamdesk.evaluate.request import MissingContextMode
from iamdesk.evaluate.request_context import missing_data_of_given
from iamdesk.explain.decision import EvaluationResult
from iamdesk.policy.document import LATEST_VERSION, parse_document
from iamdesk.policy.principals import PrincipalType, parse_principal
from iamdesk.simulate.test_cases import evaluate_case

from ..conformance.authoring import ACCOUNT, FULL, ROLE, ROOT, SESSION, TARGET_ROLE, USER, allow, case, doc, refuse
from ..rules import rule


def answer(**given: object) -> EvaluationResult:
    return evaluate_case(case("small-print", "allowed", "K9", "order", "", **given), MissingContextMode.UNKNOWN)  # type: ignore[arg-type]


def other(decision: EvaluationResult) -> str | None:
    """The answer under the other reading, where AWS's pages disagree."""
    return next((one.other_decision for one in decision.assumptions if one.code == "pages-disagree"), None)


@rule("F7", "H1")
def test_a_whole_arn_with_a_variable_counts_in_a_session_policy() -> None:
    """Six parts are no short ARN, of which session policies take none."""
    own = "arn:aws:s3:::amzn-s3-demo-bucket/${aws:PrincipalTag/team}/*"
    resource = "arn:aws:s3:::amzn-s3-demo-bucket/red/a"
    asked = {"principal": SESSION, "resource": resource, "identity": FULL, "session": doc(allow("s3:*", own))}
    assert answer(**asked, context={"aws:PrincipalTag/team": "red"}).decision == "allowed"
    assert answer(**asked, context={"aws:PrincipalTag/team": "blue"}).decision == "implicitDeny"


@rule("I2", "K9")
def test_a_trust_in_the_account_leaves_the_boundary_undisputed() -> None:
    """The pages disagree about a trust policy that names the user; of one that names the account they do not."""
    trust = {"Version": LATEST_VERSION, "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {}}]}

    def decided(named: str) -> EvaluationResult:
        trust["Statement"] = [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": named}}]
        return answer(
            action="sts:AssumeRole", resource=TARGET_ROLE, identity=FULL, boundary=doc(allow("s3:*")), policy=trust
        )

    assert (decided(ROOT).decision, other(decided(ROOT))) == ("implicitDeny", None)
    assert (decided(USER).decision, other(decided(USER))) == ("implicitDeny", "allowed")


@rule("E6", "K9")
def test_a_session_that_is_exempt_in_part_is_disputed_and_one_that_is_not_listed_is_not() -> None:
    def denied(*names: str) -> EvaluationResult:
        statement = refuse("*", "s3:*")
        del statement["Principal"]
        return answer(principal=SESSION, identity=FULL, policy=doc({**statement, "NotPrincipal": {"AWS": list(names)}}))

    assert denied(ROLE, ROOT).decision == "explicitDeny"
    assert other(denied(ROLE, ROOT)) == "allowed"
    assert other(denied(f"arn:aws:iam::{ACCOUNT}:user/bob")) is None
    assert denied(SESSION, ROLE, ROOT).decision == "allowed"
    assert other(denied(SESSION, ROLE, ROOT)) is None


@rule("I5")
def test_attaching_an_aws_managed_policy_is_no_change_of_it() -> None:
    policy = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    for action in ("iam:AttachUserPolicy", "iam:AttachRolePolicy", "iam:DetachUserPolicy"):
        assert answer(action=action, resource=policy, identity=FULL).decision == "allowed", action
    assert answer(action="iam:DeletePolicy", resource=policy, identity=FULL).decision == "implicitDeny"
    for action in ("iam:GetPolicy", "iam:ListPolicyVersions", "iam:ListEntitiesForPolicy"):
        assert answer(action=action, resource=policy, identity=FULL).decision == "allowed", action


@rule("L5")
def test_kinds_of_principals_that_nobody_knows_hide_none_of_the_others() -> None:
    entries, problems = parse_principal({"Nobody": "x", "AWS": "*", "Service": "ec2.amazonaws.com"})
    assert [(entry.type, entry.text, entry.path) for entry in entries] == [
        (PrincipalType.AWS, "*", ("AWS",)),
        (PrincipalType.SERVICE, "ec2.amazonaws.com", ("Service",)),
    ]
    assert [path for path, _ in problems] == [("Nobody",)]
    assert parse_principal("*")[0][0].path == ()


@rule("L5")
def test_a_document_that_is_too_deep_is_of_a_version_all_the_same() -> None:
    deep: object = "end"
    for _ in range(100):
        deep = {"deeper": deep}
    document = parse_document({"Version": LATEST_VERSION, "Statement": deep})
    assert (document.version, document.statements) == ("2008-10-17", ())
    assert "deeper" in document.diagnostics[0].message


@rule("J1")
def test_one_private_address_among_several_is_told() -> None:
    target = parse_target("s3:GetObject", "arn:aws:s3:::b/k", reference())
    for given in ("10.0.0.1", ["203.0.113.5", "10.0.0.1"], ("10.0.0.1",)):
        assert [missing.code for missing in missing_data_of_given({"aws:SourceIp": given}, target)] == [
            "source-ip-private"
        ], given
    assert not list(missing_data_of_given({"aws:SourceIp": ["203.0.113.5"]}, target))


@rule("G16", "K9")
def test_several_values_without_a_set_operator_are_disputed_where_one_by_one_they_would_match() -> None:
    def told(operator: str, listed: str) -> EvaluationResult:
        condition = {operator: {"aws:TagKeys": listed}}
        context = {"aws:TagKeys": ["team", "cost"]}
        return answer(
            action="iam:TagUser", resource=USER, identity=doc({**allow("*"), "Condition": condition}), context=context
        )

    assert (told("StringEquals", "team").decision, other(told("StringEquals", "team"))) == ("implicitDeny", "allowed")
    assert (told("StringEquals", "x").decision, other(told("StringEquals", "x"))) == ("implicitDeny", None)
    assert other(told("StringNotEquals", "x")) == "allowed"
    assert other(told("StringNotEquals", "team")) is None
