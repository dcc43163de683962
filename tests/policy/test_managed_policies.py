"""Every policy that AWS itself publishes is read without complaint and answers without an unexpected warning."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from iamdesk.aws.service_reference import reference
from iamdesk.evaluate.request import MissingContextMode
from iamdesk.explain.decision import EvaluationResult
from iamdesk.policy.action_patterns import ActionPattern
from iamdesk.policy.document import parse_document
from iamdesk.policy.statement import Statement
from iamdesk.simulate.test_cases import evaluate_case
from iamdesk.snapshot.aws_managed import aws_managed_policies

from ..rules import rule

POLICIES = [(policy.policy_name, policy.policy_version_list[0].document) for policy in aws_managed_policies()]
DIAGNOSED = {
    # A policy variable where AWS takes none (rule H1): the entry can match nothing, in AWS either.
    "AmazonTimestreamInfluxDBServiceRolePolicy": "`arn:*:kms:*:${aws:PrincipalAccount}:key/*` has a policy variable"
    " outside the resource part: it matches nothing",
}
RETIRED = {"codestar", "deeplens", "deepracer", "iotevents", "zocalo"}
"""Services that AWS no longer lists in the service authorization reference."""
GONE = {"memorydb:ReplicateMultiRegionClusterData", "cloudhsm:CreateLunaClient", "securityagent:ListAgentInstances"}
"""Single actions that policies name and the reference does not."""
ABOUT_THE_QUESTION = {
    *("resource-unspecified", "resource-type", "resource-not-used", "resource-pattern", "log-group"),
    *("owner-unknown", "access-point-bucket-unknown", "organization-member"),
}
"""Notes on how the test asks, not on the policy: it makes up resources out of the policies' patterns."""


def test_every_policy_is_read_without_complaint() -> None:
    found = {
        name: diagnostic.message for name, document in POLICIES for diagnostic in parse_document(document).diagnostics
    }
    assert len(POLICIES) > 1500
    assert found == DIAGNOSED


def test_every_action_pattern_is_of_a_service_that_aws_has() -> None:
    unknown = {
        pattern.service
        for _, document in POLICIES
        for statement in parse_document(document).statements
        for pattern in statement.actions
        if pattern.service is not None and not reference().service_exists(pattern.service)
    }
    assert unknown >= RETIRED
    assert len(unknown) < 60


def covered(pattern: ActionPattern) -> str | None:
    """Return an action of AWS that the pattern covers."""
    if pattern.service is None:
        return "s3:GetObject"
    for action in reference().actions_of(pattern.service) if reference().service_exists(pattern.service) else ():
        if pattern.matches(pattern.service, action.full_name.partition(":")[2].lower()):
            return action.full_name
    return None


def resource_of(statement: Statement) -> str:
    """Return a resource that the statement may be about: its first entry, with something in place of each wildcard."""
    entry = statement.resources[0].text if statement.resources and not statement.not_resource else "*"
    if entry.count(":") < 5 or "${" in entry:
        return "*"
    text = entry.replace("*", "x").replace("?", "y")
    return f"{text}x" if text.endswith(":") else text


def asked() -> Iterator[tuple[str, str, EvaluationResult]]:
    """Ask of each policy about its first, middle and last statement, in both ways of taking unknown keys."""
    for name, document in POLICIES:
        statements = parse_document(document).statements
        for place in sorted({0, len(statements) // 2, len(statements) - 1}):
            statement = statements[place]
            if statement.not_action:
                action: str | None = "s3:GetObject"
            else:
                pattern = statement.actions[0]
                action = covered(pattern) or pattern.text.replace("*", "X")
            case: dict[str, Any] = {
                "principal": "arn:aws:iam::111122223333:user/ana",
                "action": action,
                "resource": resource_of(statement),
                "identity_policies": [{"name": name, "document": document}],
                "expected": "allowed",  # evaluated as it is
            }
            for unknown in MissingContextMode:
                yield name, str(action), evaluate_case(case, unknown)


@rule("L5", "K6")
def test_every_policy_answers_without_an_unexpected_warning() -> None:
    decisions: Counter[str] = Counter()
    unlisted: set[str] = set()
    untried: set[str] = set()
    unexpected: list[tuple[str, str, str]] = []
    for name, action, answer in asked():
        decisions[answer.decision.value] += 1
        assert answer.sentence.endswith(".")
        for note in answer.assumptions:
            if note.code == "action-unknown":
                unlisted.add(action)
            elif note.code == "not-enumerated":
                untried.add(name)
            elif note.code not in ABOUT_THE_QUESTION and note.code != "pages-disagree":
                unexpected.append((name, action, note.message))
    assert unexpected == []
    assert {action for action in unlisted if action.partition(":")[0] not in RETIRED} == GONE
    assert len(untried) < 40
    assert all(decisions[word] > 10 for word in ("allowed", "implicitDeny", "explicitDeny", "conditional"))
