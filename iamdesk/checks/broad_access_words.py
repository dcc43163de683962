"""What the actions of DAT-01 to DAT-04 reach, in words: a policy for any resource is one for any bucket, any secret.

The words follow what the action is documented to do in the Service Authorization Reference.
"""

import re
from collections.abc import Iterable

from iamdesk.checks.words import enumerated
from iamdesk.i18n import mark, phrase
from iamdesk.policy.statement import Statement

_OBJECTS = mark("the objects of any bucket")
_BUCKET = mark("any bucket")
_PARAMETER = mark("any parameter")
_SECRET = mark("any secret")
_ITEMS = mark("the items of any table")
_QUEUE = mark("the messages of any queue")
_KEY = mark("any KMS key")
_FUNCTION = mark("any Lambda function")
_DB_SNAPSHOT = mark("any database snapshot")
_EBS_SNAPSHOT = mark("any EBS snapshot")
_PASSWORD = mark("set the password of any user")
_SERVICE_CREDENTIAL = mark("create service-specific credentials of any user")
_REDSHIFT = mark("sign in to any Redshift database")
_LIGHTSAIL = mark("sign in to any Lightsail instance")

KINDS = {
    "s3:GetObject": _OBJECTS,
    "secretsmanager:GetSecretValue": _SECRET,
    "ssm:GetParameter": _PARAMETER,
    "ssm:GetParameters": _PARAMETER,
    "ssm:GetParametersByPath": _PARAMETER,
    "kms:Decrypt": mark("what any KMS key encrypts"),
    "dynamodb:GetItem": _ITEMS,
    "dynamodb:Scan": _ITEMS,
    "dynamodb:Query": _ITEMS,
    "sqs:ReceiveMessage": _QUEUE,
    "kinesis:GetRecords": mark("any data stream"),
    "ebs:GetSnapshotBlock": _EBS_SNAPSHOT,
    "rds:CopyDBSnapshot": _DB_SNAPSHOT,
    "codecommit:GitPull": mark("any repository"),
    "s3:PutObject": _OBJECTS,
    "s3:DeleteObject": _OBJECTS,
    "s3:DeleteBucket": _BUCKET,
    "dynamodb:PutItem": _ITEMS,
    "dynamodb:DeleteItem": _ITEMS,
    "dynamodb:DeleteTable": mark("any table"),
    "secretsmanager:PutSecretValue": _SECRET,
    "secretsmanager:DeleteSecret": _SECRET,
    "ssm:PutParameter": _PARAMETER,
    "kms:ScheduleKeyDeletion": _KEY,
    "rds:DeleteDBInstance": mark("any database"),
    "rds:DeleteDBSnapshot": _DB_SNAPSHOT,
    "ec2:DeleteSnapshot": _EBS_SNAPSHOT,
    "ec2:TerminateInstances": mark("any EC2 instance"),
    "backup:DeleteRecoveryPoint": mark("any backup"),
    "sqs:PurgeQueue": _QUEUE,
    "cloudformation:DeleteStack": mark("any CloudFormation stack"),
    "s3:PutBucketPolicy": _BUCKET,
    "s3:PutBucketAcl": _BUCKET,
    "s3:PutObjectAcl": _OBJECTS,
    "s3:PutBucketPublicAccessBlock": _BUCKET,
    "s3:PutAccountPublicAccessBlock": _BUCKET,
    "lambda:AddPermission": _FUNCTION,
    "lambda:CreateFunctionUrlConfig": _FUNCTION,
    "kms:PutKeyPolicy": _KEY,
    "kms:CreateGrant": _KEY,
    "secretsmanager:PutResourcePolicy": _SECRET,
    "sns:AddPermission": mark("any SNS topic"),
    "sns:SetTopicAttributes": mark("any SNS topic"),
    "sqs:AddPermission": mark("any queue"),
    "sqs:SetQueueAttributes": mark("any queue"),
    "ecr:SetRepositoryPolicy": mark("any container repository"),
    "dynamodb:PutResourcePolicy": mark("any table"),
    "events:PutPermission": mark("any event bus"),
    "ram:CreateResourceShare": mark("resources that AWS RAM can share"),
    "ec2:ModifySnapshotAttribute": _EBS_SNAPSHOT,
    "ec2:ModifyImageAttribute": mark("any machine image"),
    "rds:ModifyDBSnapshotAttribute": _DB_SNAPSHOT,
    "glue:PutResourcePolicy": mark("the Glue Data Catalog"),
    "elasticfilesystem:PutFileSystemPolicy": mark("any file system"),
}
"""What an action reads, changes or opens, after the verb of the check's sentence."""
ABLE = {
    "iam:CreateAccessKey": mark("create access keys of any user"),
    "iam:UpdateAccessKey": mark("activate access keys of any user"),
    "iam:CreateLoginProfile": _PASSWORD,
    "iam:UpdateLoginProfile": _PASSWORD,
    "iam:CreateServiceSpecificCredential": _SERVICE_CREDENTIAL,
    "iam:ResetServiceSpecificCredential": _SERVICE_CREDENTIAL,
    "ec2:GetPasswordData": mark("read the encrypted Windows password of any EC2 instance"),
    "rds-db:connect": mark("sign in to any database that accepts IAM authentication"),
    "redshift:GetClusterCredentials": _REDSHIFT,
    "redshift-serverless:GetCredentials": _REDSHIFT,
    "ecr:GetAuthorizationToken": mark("sign in to ECR"),
    "codeartifact:GetAuthorizationToken": mark("sign in to CodeArtifact"),
    "sts:GetFederationToken": mark("create federated sessions that outlast the caller's access keys"),
    "lightsail:GetInstanceAccessDetails": _LIGHTSAIL,
    "lightsail:DownloadDefaultKeyPair": _LIGHTSAIL,
    "connect:GetFederationToken": mark("sign in to Amazon Connect"),
    "gamelift:RequestUploadCredentials": mark("obtain upload credentials of GameLift"),
    "apigateway:POST": mark("create API keys in API Gateway"),
}
"""What an action allows with credentials."""
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def reached(actions: Iterable[str]) -> str:
    """Return what actions reach as a list in words: ``the objects of any bucket and any secret``."""
    return _listed(actions, KINDS)


def able(actions: Iterable[str]) -> str:
    """Return what actions allow with credentials as a list in words."""
    return _listed(actions, ABLE)


def _listed(actions: Iterable[str], words: dict[str, str]) -> str:
    return enumerated(dict.fromkeys(phrase(words.get(action, action)) for action in actions))


def until(granting: Iterable[Statement]) -> str:
    """Return until when the statements that grant actions do so, as a clause; empty if one of them does not end."""
    ends = [_end(one) for one in granting]
    return phrase(", until {day}", day=max(ends)) if ends and all(ends) else ""


def _end(statement: Statement) -> str:
    """Return the last day on which a statement applies, by its condition on the time; empty if it has none."""
    days = [
        value.text[:10]
        for test in statement.conditions
        if test.key == "aws:currenttime" and test.operator_text.lower() in ("datelessthan", "datelessthanequals")
        for value in test.values
        if _DAY.match(value.text)
    ]
    return max(days, default="")
