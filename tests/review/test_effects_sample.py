"""What each entitlement of the sample gives, and what changes if it goes: worked out by hand from its policies.

Written down before the code was. Actions are put together from AWS's list by name alone, never by an evaluator.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime

import pytest

from iamdesk.access.evaluator import Evaluator
from iamdesk.aws.service_reference import reference
from iamdesk.resource_files import sample_snapshot
from iamdesk.review.effects import EffectFinder, EntitlementEffect, action_names
from iamdesk.review.entitlements import review_scope
from iamdesk.review.items import ReviewItem
from iamdesk.snapshot.reader import load_snapshot

ACCOUNT = "111122223333"
MOMENT = datetime(2026, 6, 1, 9, tzinfo=UTC)


def actions(*patterns: str) -> frozenset[str]:
    """Return all actions of AWS's list that patterns such as ``s3:Get*`` describe."""
    wanted = re.compile("|".join(re.escape(one.lower()).replace(r"\*", ".*") for one in patterns))
    return frozenset(one for one in reference().all_actions() if wanted.fullmatch(one.lower()))


NO_POLICY_DECIDES = actions(
    # Rule I3: everyone who signs may call them.
    "sts:GetCallerIdentity",
    "sts:GetSessionToken",
    # Rule D8: VPC Lattice wants an auth policy, too, and the snapshot has none.
    "vpc-lattice-svcs:Connect",
    "vpc-lattice-svcs:Invoke",
    # Amazon Cognito's calls of a signed-in person take a token, no AWS credentials.
    "cognito-identity:GetCredentialsForIdentity",
    "cognito-identity:GetId",
    "cognito-identity:GetOpenIdToken",
    "cognito-identity:UnlinkIdentity",
    "cognito-idp:AssociateSoftwareToken",
    "cognito-idp:ChangePassword",
    "cognito-idp:Confirm*",
    "cognito-idp:DeleteUser",
    "cognito-idp:DeleteUserAttributes",
    "cognito-idp:ForgetDevice",
    "cognito-idp:ForgotPassword",
    "cognito-idp:GetDevice",
    "cognito-idp:GetTokensFromRefreshToken",
    "cognito-idp:GetUser",
    "cognito-idp:GetUserAttributeVerificationCode",
    "cognito-idp:GlobalSignOut",
    "cognito-idp:InitiateAuth",
    "cognito-idp:ListDevices",
    "cognito-idp:ResendConfirmationCode",
    "cognito-idp:RespondToAuthChallenge",
    "cognito-idp:RevokeToken",
    "cognito-idp:SetUserMFAPreference",
    "cognito-idp:SetUserSettings",
    "cognito-idp:SignUp",
    "cognito-idp:UpdateAuthEventFeedback",
    "cognito-idp:UpdateDeviceStatus",
    "cognito-idp:UpdateUserAttributes",
    "cognito-idp:VerifySoftwareToken",
    "cognito-idp:VerifyUserAttribute",
)
EVERYTHING = actions("*") - NO_POLICY_DECIDES
OF_ROLES = EVERYTHING - {"sts:GetFederationToken"}
"""Only users can call GetFederationToken (rule I10)."""
SELF = actions(
    "iam:ChangePassword",
    "iam:CreateAccessKey",
    "iam:DeleteAccessKey",
    "iam:EnableMFADevice",
    "iam:GetUser",
    "iam:ListAccessKeys",
    "iam:ListMFADevices",
    "iam:ResyncMFADevice",
    "iam:UpdateAccessKey",
    "iam:CreateVirtualMFADevice",
    "iam:DeleteVirtualMFADevice",
    "iam:ListVirtualMFADevices",
    "iam:GetAccountPasswordPolicy",
)
SELF_READ = actions("iam:Get*", "iam:List*") & SELF
POWER_USER = (EVERYTHING - actions("iam:*", "organizations:*", "account:*")) | actions(
    "account:GetAccountInformation",
    "account:GetGovCloudAccountInformation",
    "account:GetPrimaryEmail",
    "account:ListRegions",
    "iam:CreateServiceLinkedRole",
    "iam:DeleteServiceLinkedRole",
    "iam:ListRoles",
    "organizations:DescribeEffectivePolicy",
    "organizations:DescribeOrganization",
)
LEAD_SERVICES = actions("ec2:*", "ecs:*", "lambda:*", "logs:*", "cloudwatch:*", "s3:*", "sqs:*")
AUDIT_TRAIL = frozenset(
    {
        "cloudtrail:StopLogging",
        "cloudtrail:DeleteTrail",
        "cloudtrail:UpdateTrail",
        "cloudtrail:PutEventSelectors",
        "config:StopConfigurationRecorder",
        "config:DeleteConfigurationRecorder",
        "guardduty:DeleteDetector",
    }
)
LEGACY_PASS_ROLE = actions("iam:PassRole", "ec2:RunInstances", "lambda:CreateFunction", "lambda:InvokeFunction")
S3_READ = actions("s3:Get*", "s3:List*", "s3:Describe*", "s3-object-lambda:Get*", "s3-object-lambda:List*")


@pytest.fixture(scope="module")
def finder() -> EffectFinder:
    return EffectFinder(Evaluator(load_snapshot(sample_snapshot()), lambda: MOMENT))


@pytest.fixture(scope="module")
def items(finder: EffectFinder) -> dict[tuple[str, str, str], ReviewItem]:
    """By the last part of the holder's ARN, the kind of entitlement and its name."""
    scope = review_scope(finder.evaluator)
    return {(one.holder_arn.rpartition("/")[2], one.type.value, one.name): one for one in scope.lines}


class Expected:
    """What a reader of the policies expects of one entitlement."""

    def __init__(
        self,
        alone: Iterable[str],
        lost: Iterable[str],
        gained: Iterable[str] = (),
        affected: Iterable[str] | None = None,
        latent: Iterable[str] = (),
    ) -> None:
        self.alone, self.lost, self.gained = frozenset(alone), frozenset(lost), frozenset(gained)
        self.affected = None if affected is None else frozenset(affected)
        self.latent = frozenset(latent)


GROUP, MANAGED, INLINE, BOUNDARY = "group", "managed_policy", "inline_policy", "boundary"

EXPECTED: dict[tuple[str, str, str], Expected] = {
    # 1. Engineers' EngineerBaseline has iam:Get* and iam:List* on everything: what is read stays.
    ("ana.moreno", GROUP, "AllStaff"): Expected(SELF, SELF - SELF_READ),
    # 2. SecurityAudit has iam:Get* and iam:List*, too; RequireMfa stays.
    ("quentin.roy", GROUP, "AllStaff"): Expected(SELF, SELF - SELF_READ),
    # 3. Nothing else is hers: all goes.
    ("tara.obrien", GROUP, "AllStaff"): Expected(SELF, SELF),
    # 4. The boundary has s3:* alone: sqs:SendMessage is given and cannot be used.
    ("uwe.brandt", MANAGED, "TemporaryContractorAccess"): Expected(
        actions("s3:GetObject", "s3:PutObject", "sqs:SendMessage"),
        actions("s3:GetObject", "s3:PutObject"),
        latent=actions("sqs:SendMessage"),
    ),
    # 5. And that is what its boundary holds back, and the three roles whose trust policies let him in by themselves.
    ("uwe.brandt", BOUNDARY, "ContractorBoundary"): Expected(
        (), (), actions("sqs:SendMessage", "sts:AssumeRole"), ["uwe.brandt"]
    ),
    # 6. Quarantine denies everything: all that PowerUserAccess gives comes back.
    ("metrics-exporter", MANAGED, "Quarantine"): Expected((), (), POWER_USER, ["metrics-exporter"]),
    # 7. PowerUserAccess gives nothing that Quarantine lets through.
    ("metrics-exporter", MANAGED, "PowerUserAccess"): Expected(POWER_USER, (), latent=POWER_USER),
    # 8. Nor does the inline policy, which PowerUserAccess covers besides.
    ("metrics-exporter", INLINE, "PublishMetrics"): Expected(
        actions("cloudwatch:PutMetricData"), (), latent=actions("cloudwatch:PutMetricData")
    ),
    # 9. The group only denies requests from other networks: four actions, and assuming the two roles that let everyone
    # in, could be done from anywhere.
    ("ci-legacy-deployer", GROUP, "MachineUsers"): Expected(
        (), (), LEGACY_PASS_ROLE | actions("sts:AssumeRole"), ["ci-legacy-deployer"]
    ),
    # 10. All that the user can do.
    ("ci-legacy-deployer", MANAGED, "LegacyPassRole"): Expected(LEGACY_PASS_ROLE, LEGACY_PASS_ROLE),
    # 11. Through the boundary come seven services; three actions of theirs also by the group EngineeringLeads.
    ("elena.petrov", MANAGED, "AdministratorAccess"): Expected(
        EVERYTHING,
        LEAD_SERVICES - LEGACY_PASS_ROLE,
        latent=EVERYTHING - LEAD_SERVICES,
    ),
    # 12. The boundary lets nothing of IAM through, and AdministratorAccess would give the rest, too.
    ("elena.petrov", GROUP, "AllStaff"): Expected(SELF, (), latent=SELF),
    # 13. Its boundary keeps everything but the seven services from her.
    ("elena.petrov", BOUNDARY, "EngineeringLeadBoundary"): Expected(
        (), (), EVERYTHING - LEAD_SERVICES, ["elena.petrov"]
    ),
    # 14, 15. The same of a role;
    ("sandbox-admin", MANAGED, "AdministratorAccess"): Expected(
        OF_ROLES, LEAD_SERVICES, latent=OF_ROLES - LEAD_SERVICES
    ),
    ("sandbox-admin", BOUNDARY, "EngineeringLeadBoundary"): Expected(
        (), (), OF_ROLES - LEAD_SERVICES, ["sandbox-admin"]
    ),
    # 16. Two actions on one bucket.
    ("backup-agent", INLINE, "BackupBucketWrite"): Expected(
        actions("s3:PutObject", "s3:AbortMultipartUpload"), actions("s3:PutObject", "s3:AbortMultipartUpload")
    ),
    # 17. Everything there is.
    ("acme-bootstrap", MANAGED, "LegacyFullAccess"): Expected(EVERYTHING, EVERYTHING),
    # 18, 19. What the group AllStaff gives has nothing to do with it.
    ("yusuf.demir", MANAGED, "AmazonS3ReadOnlyAccess"): Expected(S3_READ, S3_READ),
    ("yusuf.demir", INLINE, "OnCallRestart"): Expected(
        actions("ec2:StartInstances", "ec2:StopInstances", "ec2:RebootInstances"),
        actions("ec2:StartInstances", "ec2:StopInstances", "ec2:RebootInstances"),
    ),
    # 20. The three policies go together: what AuditTrailProtection denies was not given.
    ("grace.lin", GROUP, "SiteReliability"): Expected(
        (POWER_USER | actions("iam:PassRole")) - AUDIT_TRAIL,
        (POWER_USER | actions("iam:PassRole")) - AUDIT_TRAIL,
    ),
    # 21. Three users are in the group, none of them under role/security: seven actions, for each of them.
    ("SiteReliability", MANAGED, "AuditTrailProtection"): Expected(
        (), (), AUDIT_TRAIL, ["deepak.rao", "grace.lin", "jonas.berg"]
    ),
    # 22. DeploymentPassRole: PowerUserAccess has the deployment, but no PassRole.
    ("prod-deploy", MANAGED, "DeploymentPassRole"): Expected(
        actions("iam:PassRole", "ecs:RegisterTaskDefinition", "ecs:UpdateService", "lambda:UpdateFunctionCode"),
        actions("iam:PassRole"),
    ),
    # 23. The trust of role/deploy/deploy leaves it to policies of the account; two roles let him in by themselves.
    ("farid.haddad", GROUP, "Deployers"): Expected(
        actions(
            "iam:PassRole",
            "sts:AssumeRole",
            "ecs:RegisterTaskDefinition",
            "ecs:UpdateService",
            "lambda:UpdateFunctionCode",
        ),
        actions("iam:PassRole", "sts:AssumeRole"),
    ),
    # 24. One folder of one bucket; no other policy of the role speaks of S3.
    ("web-server", INLINE, "ReadReleases"): Expected(actions("s3:GetObject"), actions("s3:GetObject")),
    # 25. AWSGlueServiceRole has glue:* and s3:ListBucket on everything, but GetObject only where "aws-glue-" is.
    ("nightly-etl", MANAGED, "DataLakeReader"): Expected(
        actions("s3:GetObject", "s3:ListBucket", "glue:GetDatabase*", "glue:GetTable*", "glue:GetPartition*"),
        actions("s3:GetObject"),
    ),
    # 26. AnalystSandbox reads all buckets but two; DataLakeReader reads one of these two.
    ("DataScience", MANAGED, "DataLakeReader"): Expected(
        actions("s3:GetObject", "s3:ListBucket", "glue:GetDatabase*", "glue:GetTable*", "glue:GetPartition*"),
        # AmazonAthenaFullAccess has s3:ListBucket and these of Glue on everything:
        (actions("s3:GetObject", "glue:GetDatabase*", "glue:GetTable*", "glue:GetPartition*"))
        - actions("glue:GetDatabase", "glue:GetDatabases", "glue:GetTable", "glue:GetTables")
        - actions("glue:GetPartition", "glue:GetPartitions"),
        (),
        ["kavya.nair", "liam.walsh", "mei.tanaka"],
    ),
    # 27. The account's Region lock, by a role.
    ("SamlEngineers", MANAGED, "TeamTagAccess"): Expected(
        actions(
            "secretsmanager:GetSecretValue",
            "secretsmanager:DescribeSecret",
            "kms:Decrypt",
            "kms:GenerateDataKey",
            "s3:GetObject",
            "s3:PutObject",
        ),
        actions(
            "secretsmanager:GetSecretValue",
            "secretsmanager:DescribeSecret",
            "kms:Decrypt",
            "kms:GenerateDataKey",
            "s3:GetObject",
            "s3:PutObject",
        ),
    ),
}


@pytest.mark.parametrize("key", EXPECTED, ids=" ".join)
def test_the_effect_is_what_a_reader_of_the_policies_expects(
    key: tuple[str, str, str], finder: EffectFinder, items: dict[tuple[str, str, str], ReviewItem]
) -> None:
    effect, expected = finder.effect(items[key]), EXPECTED[key]

    assert action_names(effect.alone) == expected.alone
    assert action_names(effect.lost) == expected.lost
    assert action_names(effect.gained) == expected.gained
    assert action_names(effect.latent) == expected.latent
    if expected.affected is not None:
        assert {arn.rpartition("/")[2] for arn in (*effect.losing, *effect.gaining)} == expected.affected


def test_the_region_lock_of_a_group_widens_its_members(
    finder: EffectFinder, items: dict[tuple[str, str, str], ReviewItem]
) -> None:
    effect = finder.effect(items["Engineers", MANAGED, "RegionLock"])
    members = {"ana.moreno", "ben.okafor", "chloe.dubois", "deepak.rao", "farid.haddad", "hugo.silva"}

    assert {arn.rpartition("/")[2] for arn in effect.gaining} == members
    assert not effect.losing
    assert not any(effect.lost.values())
    assert "ec2:RunInstances" in action_names(effect.gained)
    assert not any(name.startswith(("iam:", "route53:", "support:")) for name in action_names(effect.gained))


def test_who_else_gives_it_and_what_keeps_it_shut(
    finder: EffectFinder, items: dict[tuple[str, str, str], ReviewItem]
) -> None:
    def effect(*key: str) -> EntitlementEffect:
        return finder.effect(items[key[0], key[1], key[2]])

    own = effect("ana.moreno", GROUP, "AllStaff")
    assert [(one.name, one.actions) for one in own.covered_by] == [("Engineers", len(SELF_READ))]
    assert not own.shadowed_by
    kept = effect("metrics-exporter", INLINE, "PublishMetrics")
    assert [one.name for one in kept.shadowed_by] == ["Quarantine"]
    lead = effect("elena.petrov", MANAGED, "AdministratorAccess")
    assert [one.name for one in lead.shadowed_by] == ["EngineeringLeadBoundary"]
    assert [(one.name, one.actions) for one in lead.covered_by] == [("EngineeringLeads", 3)]
