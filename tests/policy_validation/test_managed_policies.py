"""AWS's own managed policies: no errors but those that AWS's page of the checks lists."""

from iamdesk.policy_validation.issue import FindingType
from iamdesk.policy_validation.policy_view import PolicyKind
from iamdesk.policy_validation.validate import validate_document
from iamdesk.snapshot.aws_managed import aws_managed_policies

LISTED = {
    "AmazonEMRFullAccessPolicy_v2": {"INVALID_ACTION"},
    "CloudWatchSyntheticsFullAccess": {"INVALID_ACTION"},
    "AWSGlueConsoleSageMakerNotebookFullAccess": {"MISSING_QUALIFIER"},
}
"""Policies with errors on the page "IAM policy validation check reference"."""


def test_managed_policies_have_no_errors() -> None:
    wrong = {}
    for policy in aws_managed_policies():
        version = policy.default_version
        assert version is not None
        issues = validate_document(version.document, PolicyKind.IDENTITY)
        names = {issue.check.name for issue in issues if issue.check.finding_type is FindingType.ERROR}
        if names - LISTED.get(policy.policy_name, set()):
            wrong[policy.policy_name] = names
    assert wrong == {}


def _names(name: str) -> set[str]:
    found = next(policy for policy in aws_managed_policies() if policy.policy_name == name)
    assert found.default_version is not None
    return {issue.check.name for issue in validate_document(found.default_version.document, PolicyKind.IDENTITY)}


def test_policies_that_the_page_lists_are_found() -> None:
    assert "CREATE_SLR_WITH_STAR_IN_RESOURCE" in _names("PowerUserAccess")
    assert "CREATE_SLR_WITH_STAR_IN_RESOURCE" in _names("AWSOrganizationsServiceTrustPolicy")
    for name in ("AdministratorAccess", "IAMFullAccess"):
        assert _names(name) >= {
            "CREATE_SLR_WITH_STAR_IN_ACTION_AND_RESOURCE",
            "PASS_ROLE_WITH_STAR_IN_ACTION_AND_RESOURCE",
        }
    assert "PASS_ROLE_WITH_STAR_IN_RESOURCE" in _names("AdministratorAccess-Amplify")
    assert "POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA" in _names("ReadOnlyAccess")
