"""The words in which the corpus is written: short builders that give cases in the shape of `iamdesk simulate`."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..builders.statements import FULL, allow, deny, grant, refuse

__all__ = ["FULL", "allow", "case", "deny", "doc", "grant", "refuse"]

type Json = Any

ACCOUNT = "111122223333"
OTHER_ACCOUNT = "444455556666"
USER = f"arn:aws:iam::{ACCOUNT}:user/ana"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/deploy"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/deploy/ci"
FEDERATED = f"arn:aws:sts::{ACCOUNT}:federated-user/ana"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
EXTERNAL = f"arn:aws:iam::{OTHER_ACCOUNT}:user/zoe"
OUTSIDE_SESSION = f"arn:aws:sts::{OTHER_ACCOUNT}:assumed-role/partner/p"
BUCKET = "arn:aws:s3:::amzn-s3-demo-bucket"
OBJECT = f"{BUCKET}/report.csv"
QUEUE = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:orders"
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
TARGET_ROLE = f"arn:aws:iam::{ACCOUNT}:role/target"

_IAM = "https://docs.aws.amazon.com/IAM/latest/UserGuide"
_ORGANIZATIONS = "https://docs.aws.amazon.com/organizations/latest/userguide"
_STS = "https://docs.aws.amazon.com/STS/latest/APIReference"
PAGES: Mapping[str, str] = {
    "order": f"{_IAM}/reference_policies_evaluation-logic_policy-eval-denyallow.html",
    "basics": f"{_IAM}/reference_policies_evaluation-logic_policy-eval-basics.html",
    "request-context": f"{_IAM}/reference_policies_evaluation-logic_policy-eval-reqcontext.html",
    "cross-account": f"{_IAM}/reference_policies_evaluation-logic-cross-account.html",
    "cross-account-resources": f"{_IAM}/access_policies-cross-account-resource-access.html",
    "policies": f"{_IAM}/access_policies.html",
    "boundaries": f"{_IAM}/access_policies_boundaries.html",
    "principal": f"{_IAM}/reference_policies_elements_principal.html",
    "notprincipal": f"{_IAM}/reference_policies_elements_notprincipal.html",
    "action": f"{_IAM}/reference_policies_elements_action.html",
    "notaction": f"{_IAM}/reference_policies_elements_notaction.html",
    "resource": f"{_IAM}/reference_policies_elements_resource.html",
    "notresource": f"{_IAM}/reference_policies_elements_notresource.html",
    "condition": f"{_IAM}/reference_policies_elements_condition.html",
    "effect": f"{_IAM}/reference_policies_elements_effect.html",
    "version": f"{_IAM}/reference_policies_elements_version.html",
    "sid": f"{_IAM}/reference_policies_elements_sid.html",
    "grammar": f"{_IAM}/reference_policies_grammar.html",
    "arns": f"{_IAM}/reference-arns.html",
    "operators": f"{_IAM}/reference_policies_elements_condition_operators.html",
    "several-values": f"{_IAM}/reference_policies_condition-logic-multiple-context-keys-or-values.html",
    "set-operators": f"{_IAM}/reference_policies_condition-single-vs-multi-valued-context-keys.html",
    "variables": f"{_IAM}/reference_policies_variables.html",
    "global-keys": f"{_IAM}/reference_policies_condition-keys.html",
    "iam-keys": f"{_IAM}/reference_policies_iam-condition-keys.html",
    "checks": f"{_IAM}/access-analyzer-reference-policy-checks.html",
    "tags": f"{_IAM}/id_tags.html",
    "session-tags": f"{_IAM}/id_session-tags.html",
    "source-identity": f"{_IAM}/id_credentials_temp_control-access_monitor.html",
    "sts-comparison": f"{_IAM}/id_credentials_sts-comparison.html",
    "mfa": f"{_IAM}/id_credentials_mfa_configure-api-require.html",
    "trust": f"{_IAM}/id_roles_update-role-trust-policy.html",
    "service-linked": f"{_IAM}/id_roles_create-service-linked-role.html",
    "pass-role": f"{_IAM}/id_roles_use_passrole.html",
    "scps": f"{_ORGANIZATIONS}/orgs_manage_policies_scps.html",
    "scp-evaluation": f"{_ORGANIZATIONS}/orgs_manage_policies_scps_evaluation.html",
    "scp-syntax": f"{_ORGANIZATIONS}/orgs_manage_policies_scps_syntax.html",
    "rcps": f"{_ORGANIZATIONS}/orgs_manage_policies_rcps.html",
    "rcp-evaluation": f"{_ORGANIZATIONS}/orgs_manage_policies_rcps_evaluation.html",
    "rcp-syntax": f"{_ORGANIZATIONS}/orgs_manage_policies_rcps_syntax.html",
    "assume-role": f"{_STS}/API_AssumeRole.html",
    "web-identity": f"{_STS}/API_AssumeRoleWithWebIdentity.html",
    "saml": f"{_STS}/API_AssumeRoleWithSAML.html",
    "federation-token": f"{_STS}/API_GetFederationToken.html",
    "session-token": f"{_STS}/API_GetSessionToken.html",
    "caller-identity": f"{_STS}/API_GetCallerIdentity.html",
    "key-policies": "https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html",
    "key-policy-default": "https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html",
    "key-external": "https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-modifying-external-accounts.html",
    "key-alias": "https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html",
    "public-access": "https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html",
    "s3-iam": "https://docs.aws.amazon.com/AmazonS3/latest/userguide/security_iam_service-with-iam.html",
    "lattice": "https://docs.aws.amazon.com/vpc-lattice/latest/ug/auth-policies.html",
    "event-bus": "https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateEventBus.html",
    "function-urls": "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html",
    "self-trust": "https://aws.amazon.com/blogs/security/announcing-an-update-to-iam-role-trust-policy-behavior/",
    "access-points": "https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-policies.html",
    "access-point-blocks": "https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-bpa-settings.html",
    "multi-region": "https://docs.aws.amazon.com/AmazonS3/latest/userguide/MultiRegionAccessPointPermissions.html",
    "assume-root": f"{_STS}/API_AssumeRoot.html",
    "temporary-delegation": f"{_IAM}/access_policies-temporary-delegation.html",
    "bucket-policy-call": "https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html",
    "queue-limits": (
        "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/"
        "sqs-limitations-of-custom-policies.html"
    ),
    "root-tasks": f"{_IAM}/id_root-user.html",
    "set-context": f"{_IAM}/id_credentials_temp_control-access_sts-setcontext.html",
    "grant-delete": "https://docs.aws.amazon.com/kms/latest/developerguide/grant-delete.html",
    "log-groups": "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html",
    "file-systems": "https://docs.aws.amazon.com/efs/latest/ug/iam-access-control-nfs-efs.html",
    "table-policies": "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/rbac-iam-actions.html",
    "secret-accounts": "https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_examples_cross.html",
    "function-accounts": "https://docs.aws.amazon.com/lambda/latest/dg/permissions-function-cross-account.html",
    "vault-policies": "https://docs.aws.amazon.com/aws-backup/latest/devguide/create-a-vault-access-policy.html",
    "domain-policies": "https://docs.aws.amazon.com/opensearch-service/latest/developerguide/ac.html",
    "stream-policy-call": "https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutResourcePolicy.html",
    "sign-up": "https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_SignUp.html",
    "get-id": "https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/API_GetId.html",
    "api-authorization": (
        "https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-authorization-flow.html"
    ),
    "api-policies": (
        "https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-resource-policies-examples.html"
    ),
    "payment-key-policies": "https://docs.aws.amazon.com/payment-cryptography/latest/userguide/security_iam_resource-based-policies.html",
    "workspace-policies": "https://docs.aws.amazon.com/prometheus/latest/APIReference/API_PutResourcePolicy.html",
    "dsql-policies": "https://docs.aws.amazon.com/aurora-dsql/latest/userguide/rbp-examples.html",
    "glue-policies": "https://docs.aws.amazon.com/glue/latest/dg/glue-resource-policies.html",
    "app-monitors": (
        "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-RUM-resource-policies.html"
    ),
    "profile-permissions": "https://docs.aws.amazon.com/signer/latest/api/API_AddProfilePermission.html",
    "directory-buckets": (
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-express-security-iam-example-bucket-policies.html"
    ),
    "directory-owner": "https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketPolicy.html",
    "kafka-clusters": "https://docs.aws.amazon.com/msk/latest/developerguide/mvpc-cluster-owner-action-policy.html",
    "key-aliases": "https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html",
    "reserved-roles": "https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html",
}
"""Pages of AWS's documentation, by the short names that the topics use."""

LATEST = "2012-10-17"
FIRST = "2008-10-17"


def doc(*statements: Json, version: str | None = LATEST) -> Json:
    """Return a policy document; ``version=None`` leaves the element out."""
    head = {} if version is None else {"Version": version}
    return {**head, "Statement": list(statements)}


def case(
    case_id: str,
    expected: str,
    rules: str,
    page: str,
    why: str,
    *,
    principal: str = USER,
    action: str = "s3:GetObject",
    resource: str | None = OBJECT,
    owner: str | None = None,
    context: Mapping[str, Json] | None = None,
    identity: Json = None,
    boundary: Json = None,
    session: Json = None,
    scps: Sequence[Sequence[Json]] | None = None,
    rcps: Sequence[Sequence[Json]] | None = None,
    policy: Json = None,
    restricted: bool | None = None,
) -> Json:
    """Return one case. Policies are documents or lists of documents; ``rules`` are ids with blanks between."""
    words = {"allowed": "allowed", "explicit": "explicitDeny", "implicit": "implicitDeny"}
    whole = {
        "id": case_id,
        "rules": rules.split(),
        "source": PAGES[page],
        "why": why,
        "principal": principal,
        "action": action,
        "resource": resource,
        "resource_account": owner,
        "context": dict(context) if context is not None else None,
        "identity_policies": _named(identity, "identity"),
        "permissions_boundary": _named(boundary, "boundary"),
        "session_policies": _named(session, "session"),
        "scps": _levels(scps, "scp"),
        "rcps": _levels(rcps, "rcp"),
        "resource_policy": policy,
        "block_public_access": restricted,
        "expected": words[expected],
    }
    return {name: value for name, value in whole.items() if value is not None}


def _named(policies: Json, name: str) -> Json:
    if policies is None:
        return None
    members = policies if isinstance(policies, list) else [policies]
    return [{"name": f"{name}-{number}", "document": member} for number, member in enumerate(members, 1)]


def _levels(levels: Sequence[Sequence[Json]] | None, name: str) -> Json:
    if levels is None:
        return None
    return [_named(list(level), f"{name}-level-{depth}") for depth, level in enumerate(levels)]
