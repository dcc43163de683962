"""The roles of the sample account that machines take: work loads and deployment."""

from . import guardrails, policies
from .shapes import ACCOUNT_ID, SampleRole, arn, aws_managed, document
from .trusts import (
    ADMINISTRATOR,
    CLUSTER,
    GITHUB,
    team_tag,
    trust,
    trusting_account,
    trusting_service,
    trusting_web_identity,
)

WORK_LOADS = (
    SampleRole(
        "web-server",
        "2020-06-15",
        trusting_service("ec2"),
        "/service/",
        attached=(aws_managed("AmazonSSMManagedInstanceCore"), aws_managed("CloudWatchAgentServerPolicy")),
        inline={
            "ReadReleases": document(
                {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::acme-releases/web/*"}
            )
        },
        tags=team_tag("platform"),
        last_used=("2026-09-30T21:14:00+00:00", "eu-west-1"),
        instance_profile=True,
    ),
    SampleRole(
        "orders-worker",
        "2022-03-07",
        trust(
            {"Service": "ecs-tasks.amazonaws.com"},
            StringEquals={"aws:SourceAccount": ACCOUNT_ID},
            ArnLike={"aws:SourceArn": f"arn:aws:ecs:eu-west-1:{ACCOUNT_ID}:*"},
        ),
        "/service/",
        inline={
            "OrdersTable": document(
                {
                    "Sid": "OwnPartition",
                    "Effect": "Allow",
                    "Action": ["dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem"],
                    "Resource": f"arn:aws:dynamodb:eu-west-1:{ACCOUNT_ID}:table/orders",
                    "Condition": {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["${aws:PrincipalTag/team}"]}},
                },
                {
                    "Sid": "QueueWithinTheAccount",
                    "Effect": "Allow",
                    "Action": ["sqs:ReceiveMessage", "sqs:DeleteMessage"],
                    "Resource": f"arn:aws:sqs:eu-west-1:{ACCOUNT_ID}:orders",
                },
            )
        },
        tags=team_tag("checkout"),
        last_used=("2026-09-30T23:02:00+00:00", "eu-west-1"),
    ),
    SampleRole(
        "ecs-task-execution",
        "2022-03-07",
        trusting_service("ecs-tasks"),
        "/service/",
        attached=(aws_managed("service-role/AmazonECSTaskExecutionRolePolicy"),),
        tags=team_tag("platform"),
        last_used=("2026-09-30T22:41:00+00:00", "eu-west-1"),
    ),
    SampleRole(
        "invoice-renderer",
        "2023-08-21",
        trusting_service("lambda"),
        "/service/",
        attached=(aws_managed("service-role/AWSLambdaBasicExecutionRole"),),
        inline={
            "InvoiceKey": document(
                {
                    "Sid": "DecryptThroughS3",
                    "Effect": "Allow",
                    "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
                    "Resource": f"arn:aws:kms:eu-west-1:{ACCOUNT_ID}:key/1234abcd-12ab-34cd-56ef-1234567890ab",
                    "Condition": {"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}},
                },
                {
                    "Sid": "GrantsForServices",
                    "Effect": "Allow",
                    "Action": "kms:CreateGrant",
                    "Resource": f"arn:aws:kms:eu-west-1:{ACCOUNT_ID}:key/1234abcd-12ab-34cd-56ef-1234567890ab",
                    "Condition": {"Bool": {"kms:GrantIsForAWSResource": "true"}},
                },
            )
        },
        tags=team_tag("payments"),
        last_used=("2026-09-29T05:00:00+00:00", "eu-west-1"),
    ),
    SampleRole(
        "image-resizer",
        "2024-05-13",
        trusting_service("lambda"),
        "/service/",
        inline={
            "Images": {
                "Version": "2012-10-17",
                "Statement": {
                    "Effect": "Allow",
                    "Action": ["s3:GetObject", "s3:PutObject"],
                    "Resource": "arn:aws:s3:::acme-images/*",
                },
            }
        },
        tags=team_tag("search"),
    ),
    SampleRole(
        "reporting",
        "2021-05-03",
        trusting_service("lambda"),
        "/service/",
        attached=(ADMINISTRATOR,),
        last_used=("2026-08-31T02:30:00+00:00", "eu-west-1"),
    ),
    SampleRole(
        "nightly-etl",
        "2021-07-26",
        trusting_service("glue"),
        "/service/",
        attached=(aws_managed("service-role/AWSGlueServiceRole"), policies.DATA_LAKE_READER.arn),
        tags=team_tag("data"),
        last_used=("2026-09-30T01:00:00+00:00", "eu-central-1"),
    ),
    SampleRole(
        "data-pipeline",
        "2020-11-16",
        trusting_service("firehose", "lambda"),
        "/service/",
        inline={
            "WriteLake": document(
                {
                    "Effect": "Allow",
                    "Action": ["s3:PutObject", "s3:ListBucket"],
                    "Resource": ["arn:aws:s3:::acme-datalake", "arn:aws:s3:::acme-datalake/*"],
                }
            )
        },
        tags=team_tag("data"),
        last_used=("2025-01-19T08:12:00+00:00", "eu-central-1"),
    ),
    SampleRole(
        "payments-api",
        "2024-09-09",
        trusting_web_identity(
            CLUSTER,
            StringEquals={
                f"{CLUSTER}:aud": "sts.amazonaws.com",
                f"{CLUSTER}:sub": "system:serviceaccount:payments:payments-api",
            },
        ),
        "/service/",
        inline={
            "PaymentSecrets": document(
                {
                    "Effect": "Allow",
                    "Action": "secretsmanager:GetSecretValue",
                    "Resource": f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT_ID}:secret:payments/*",
                }
            )
        },
        tags=team_tag("payments"),
        last_used=("2026-09-30T23:55:00+00:00", "eu-west-1"),
    ),
)

DEPLOYMENT = (
    SampleRole(
        "GitHubActionsDeploy",
        "2023-05-22",
        trusting_web_identity(
            GITHUB,
            StringEquals={
                f"{GITHUB}:aud": "sts.amazonaws.com",
                f"{GITHUB}:sub": "repo:acme-example/shop:ref:refs/heads/main",
            },
        ),
        "/ci/",
        attached=(guardrails.TAGGING_RULES.arn,),
        inline={
            "ToDeploy": document(
                {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": arn("role/deploy/terraform")}
            )
        },
        tags=team_tag("platform"),
        last_used=("2026-09-30T16:20:00+00:00", "eu-west-1"),
    ),
    SampleRole(
        "GitHubActionsPreview",
        "2023-11-13",
        trusting_web_identity(
            GITHUB,
            StringEquals={f"{GITHUB}:aud": "sts.amazonaws.com"},
            StringLike={f"{GITHUB}:sub": "repo:acme-example/*"},
        ),
        "/ci/",
        inline={
            "PreviewBuckets": document(
                {"Effect": "Allow", "Action": "s3:*", "Resource": ["arn:aws:s3:::acme-preview-*"]}
            )
        },
        tags=team_tag("platform"),
        last_used=("2026-09-28T10:05:00+00:00", "eu-west-1"),
    ),
    # From before IAM asked for the sub claim: it goes on working as written (rule I9).
    SampleRole(
        "GitHubActionsLegacy",
        "2022-04-04",
        trusting_web_identity(GITHUB, StringEquals={f"{GITHUB}:aud": "sts.amazonaws.com"}),
        "/ci/",
        attached=(aws_managed("PowerUserAccess"),),
        last_used=("2026-06-11T12:44:00+00:00", "us-east-1"),
    ),
    SampleRole(
        "deploy",
        "2022-01-17",
        trusting_account(),
        "/deploy/",
        inline={
            "ToProduction": document(
                {
                    "Sid": "NextHop",
                    "Effect": "Allow",
                    "Action": ["sts:AssumeRole", "sts:TagSession"],
                    "Resource": arn("role/deploy/prod-deploy"),
                }
            )
        },
        tags=team_tag("platform"),
        last_used=("2026-09-30T15:58:00+00:00", "eu-west-1"),
    ),
    SampleRole(
        "prod-deploy",
        "2022-01-17",
        trust({"AWS": arn("role/deploy/deploy")}, ["sts:AssumeRole", "sts:TagSession"]),
        "/deploy/",
        attached=(aws_managed("PowerUserAccess"), policies.DEPLOYMENT_PASS_ROLE.arn),
        tags=team_tag("platform"),
        last_used=("2026-09-30T15:59:00+00:00", "eu-west-1"),
    ),
    SampleRole(
        "terraform",
        "2023-05-22",
        trust({"AWS": arn("role/ci/GitHubActionsDeploy")}),
        "/deploy/",
        attached=(ADMINISTRATOR,),
        tags=team_tag("platform"),
        last_used=("2026-09-30T16:21:00+00:00", "eu-west-1"),
    ),
)
