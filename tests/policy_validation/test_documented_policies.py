"""Policies as AWS's guides show them, of every type: there is nothing to say about them."""

from typing import Any

import pytest

from iamdesk.policy_validation.policy_view import PolicyKind
from iamdesk.policy_validation.validate import validate_document


def policy(*statements: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a policy of statements."""
    return {"Version": "2012-10-17", **more, "Statement": list(statements)}


DOCUMENTS: list[tuple[str, PolicyKind, str, dict[str, Any]]] = [
    (
        "KMS default",
        PolicyKind.RESOURCE,
        "kms",
        policy(
            {
                "Sid": "Enable IAM User Permissions",
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
                "Action": "kms:*",
                "Resource": "*",
            },
            Id="key-default-1",
        ),
    ),
    (
        "KMS via",
        PolicyKind.RESOURCE,
        "kms",
        policy(
            {
                "Effect": "Allow",
                "Principal": {"AWS": "*"},
                "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
                "Resource": "*",
                "Condition": {
                    "StringEquals": {
                        "kms:CallerAccount": "111122223333",
                        "kms:ViaService": "s3.us-east-1.amazonaws.com",
                    }
                },
            }
        ),
    ),
    (
        "OAC",
        PolicyKind.RESOURCE,
        "s3",
        policy(
            {
                "Effect": "Allow",
                "Principal": {"Service": "cloudfront.amazonaws.com"},
                "Action": "s3:GetObject",
                "Resource": "arn:aws:s3:::b/*",
                "Condition": {
                    "StringEquals": {"AWS:SourceArn": "arn:aws:cloudfront::111122223333:distribution/EDFDVBD6EXAMPLE"}
                },
            }
        ),
    ),
    (
        "ELB logs",
        PolicyKind.RESOURCE,
        "s3",
        policy(
            {
                "Effect": "Allow",
                "Principal": {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
                "Action": "s3:PutObject",
                "Resource": "arn:aws:s3:::b/AWSLogs/111122223333/*",
                "Condition": {
                    "StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control", "aws:SourceAccount": "111122223333"}
                },
            }
        ),
    ),
    (
        "SNS default",
        PolicyKind.RESOURCE,
        "sns",
        {
            "Version": "2008-10-17",
            "Id": "__default_policy_ID",
            "Statement": [
                {
                    "Sid": "__default_statement_ID",
                    "Effect": "Allow",
                    "Principal": {"AWS": "*"},
                    "Action": [
                        "SNS:GetTopicAttributes",
                        "SNS:SetTopicAttributes",
                        "SNS:AddPermission",
                        "SNS:RemovePermission",
                        "SNS:DeleteTopic",
                        "SNS:Subscribe",
                        "SNS:ListSubscriptionsByTopic",
                        "SNS:Publish",
                    ],
                    "Resource": "arn:aws:sns:us-east-1:111122223333:t",
                    "Condition": {"StringEquals": {"AWS:SourceOwner": "111122223333"}},
                }
            ],
        },
    ),
    (
        "SQS",
        PolicyKind.RESOURCE,
        "sqs",
        policy(
            {
                "Effect": "Allow",
                "Principal": {"Service": "sns.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": "arn:aws:sqs:us-east-1:111122223333:q",
                "Condition": {"ArnEquals": {"aws:SourceArn": "arn:aws:sns:us-east-1:111122223333:t"}},
            }
        ),
    ),
    (
        "lambda",
        PolicyKind.RESOURCE,
        "lambda",
        policy(
            {
                "Sid": "a-b_c",
                "Effect": "Allow",
                "Principal": {"Service": "events.amazonaws.com"},
                "Action": "lambda:InvokeFunction",
                "Resource": "arn:aws:lambda:us-east-1:111122223333:function:f:prod",
                "Condition": {"ArnLike": {"AWS:SourceArn": "arn:aws:events:us-east-1:111122223333:rule/r"}},
            },
            Id="default",
        ),
    ),
    (
        "ECR",
        PolicyKind.RESOURCE,
        "ecr",
        policy(
            {
                "Effect": "Allow",
                "Principal": {"AWS": "111122223333"},
                "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            }
        ),
    ),
    (
        "apigw",
        PolicyKind.RESOURCE,
        "execute-api",
        policy(
            {
                "Effect": "Allow",
                "Principal": "*",
                "Action": "execute-api:Invoke",
                "Resource": "execute-api:/*/*/*",
                "Condition": {"IpAddress": {"aws:SourceIp": ["203.0.113.0/24"]}},
            }
        ),
    ),
    (
        "EFS",
        PolicyKind.RESOURCE,
        "elasticfilesystem",
        policy(
            {
                "Effect": "Allow",
                "Principal": {"AWS": "*"},
                "Action": ["elasticfilesystem:ClientRootAccess", "elasticfilesystem:ClientWrite"],
                "Resource": "arn:aws:elasticfilesystem:us-east-1:111122223333:file-system/fs-1",
                "Condition": {"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"}},
            }
        ),
    ),
    (
        "secret",
        PolicyKind.RESOURCE,
        "secretsmanager",
        policy(
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": "secretsmanager:*",
                "Resource": "*",
                "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
            }
        ),
    ),
    (
        "IRSA",
        PolicyKind.TRUST,
        "",
        policy(
            {
                "Effect": "Allow",
                "Principal": {
                    "Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/D539D46"
                },
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {
                    "StringEquals": {
                        "oidc.eks.us-east-1.amazonaws.com/id/D539D46:sub": "system:serviceaccount:default:my-sa",
                        "oidc.eks.us-east-1.amazonaws.com/id/D539D46:aud": "sts.amazonaws.com",
                    }
                },
            }
        ),
    ),
    (
        "podid",
        PolicyKind.TRUST,
        "",
        policy(
            {
                "Effect": "Allow",
                "Principal": {"Service": "pods.eks.amazonaws.com"},
                "Action": ["sts:AssumeRole", "sts:TagSession"],
            }
        ),
    ),
    (
        "SAML",
        PolicyKind.TRUST,
        "",
        policy(
            {
                "Effect": "Allow",
                "Principal": {"Federated": "arn:aws:iam::111122223333:saml-provider/AWSSSO_x_DO_NOT_DELETE"},
                "Action": ["sts:AssumeRoleWithSAML", "sts:TagSession"],
                "Condition": {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}},
            }
        ),
    ),
    (
        "extid",
        PolicyKind.TRUST,
        "",
        policy(
            {
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::444455556666:root"},
                "Action": "sts:AssumeRole",
                "Condition": {
                    "StringEquals": {"sts:ExternalId": "Unique ID"},
                    "Bool": {"aws:MultiFactorAuthPresent": "true"},
                    "NumericLessThan": {"aws:MultiFactorAuthAge": "3600"},
                },
            }
        ),
    ),
    (
        "cognito",
        PolicyKind.TRUST,
        "",
        policy(
            {
                "Effect": "Allow",
                "Principal": {"Federated": "cognito-identity.amazonaws.com"},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {
                    "StringEquals": {"cognito-identity.amazonaws.com:aud": "us-east-1:12345678-abcd"},
                    "ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": "authenticated"},
                },
            }
        ),
    ),
    (
        "tagtrust",
        PolicyKind.TRUST,
        "",
        policy(
            {
                "Effect": "Allow",
                "Principal": {"AWS": "111122223333"},
                "Action": ["sts:AssumeRole", "sts:TagSession"],
                "Condition": {
                    "StringEquals": {"aws:RequestTag/team": "a"},
                    "ForAllValues:StringEquals": {"aws:TagKeys": ["team"], "sts:TransitiveTagKeys": ["team"]},
                },
            }
        ),
    ),
    (
        "endpoint",
        PolicyKind.ENDPOINT,
        "",
        {"Version": "2008-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]},
    ),
    (
        "endpoint2",
        PolicyKind.ENDPOINT,
        "",
        policy(
            {
                "Sid": "AllowRequestsByOrgsIdentitiesToOrgsResources",
                "Effect": "Allow",
                "Principal": {"AWS": "*"},
                "Action": "*",
                "Resource": "*",
                "Condition": {
                    "StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5", "aws:ResourceOrgID": "o-a1b2c3d4e5"}
                },
            }
        ),
    ),
    (
        "SCP regions",
        PolicyKind.SCP,
        "",
        policy(
            {
                "Sid": "DenyAllOutsideEU",
                "Effect": "Deny",
                "NotAction": [
                    "a4b:*",
                    "acm:*",
                    "aws-marketplace-management:*",
                    "aws-marketplace:*",
                    "aws-portal:*",
                    "budgets:*",
                    "ce:*",
                    "chime:*",
                    "cloudfront:*",
                    "config:*",
                    "cur:*",
                    "directconnect:*",
                    "ec2:DescribeRegions",
                    "globalaccelerator:*",
                    "health:*",
                    "iam:*",
                    "importexport:*",
                    "kms:*",
                    "mobileanalytics:*",
                    "networkmanager:*",
                    "organizations:*",
                    "pricing:*",
                    "route53:*",
                    "s3:GetAccountPublic*",
                    "shield:*",
                    "sts:*",
                    "support:*",
                    "trustedadvisor:*",
                    "waf-regional:*",
                    "waf:*",
                    "wafv2:*",
                    "wellarchitected:*",
                ],
                "Resource": "*",
                "Condition": {
                    "StringNotEquals": {"aws:RequestedRegion": ["eu-central-1", "eu-west-1"]},
                    "ArnNotLike": {"aws:PrincipalARN": ["arn:aws:iam::*:role/Role1AllowedToBypassThisSCP"]},
                },
            }
        ),
    ),
    (
        "SCP perimeter",
        PolicyKind.SCP,
        "",
        policy(
            {
                "Sid": "EnforceNetworkPerimeter",
                "Effect": "Deny",
                "Action": ["s3:*"],
                "Resource": "*",
                "Condition": {
                    "NotIpAddressIfExists": {"aws:SourceIp": ["203.0.113.0/24"]},
                    "StringNotEqualsIfExists": {"aws:SourceVpc": ["vpc-12345678"]},
                    "BoolIfExists": {"aws:PrincipalIsAWSService": "false", "aws:ViaAWSService": "false"},
                    "ArnNotLikeIfExists": {"aws:PrincipalArn": ["arn:aws:iam::*:role/aws:ec2-infrastructure"]},
                },
            }
        ),
    ),
    (
        "RCP",
        PolicyKind.RCP,
        "",
        policy(
            {
                "Sid": "EnforceOrgIdentities",
                "Effect": "Deny",
                "Principal": "*",
                "Action": ["s3:*", "sqs:*", "kms:*", "secretsmanager:*", "sts:AssumeRole"],
                "Resource": "*",
                "Condition": {
                    "StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"},
                    "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
                },
            }
        ),
    ),
    (
        "RCP deputy",
        PolicyKind.RCP,
        "",
        policy(
            {
                "Sid": "EnforceConfusedDeputyProtection",
                "Effect": "Deny",
                "Principal": "*",
                "Action": ["s3:*", "sqs:*", "kms:*", "secretsmanager:*", "sts:*"],
                "Resource": "*",
                "Condition": {
                    "StringNotEqualsIfExists": {"aws:SourceOrgID": "o-a1b2c3d4e5"},
                    "Null": {"aws:SourceAccount": "false"},
                    "Bool": {"aws:PrincipalIsAWSService": "true"},
                },
            }
        ),
    ),
    (
        "identity misc",
        PolicyKind.IDENTITY,
        "",
        policy(
            {
                "Effect": "Allow",
                "Action": "ec2:RunInstances",
                "Resource": [
                    "arn:aws:ec2:*::image/ami-*",
                    "arn:aws:ec2:us-east-1:111122223333:instance/*",
                    "arn:aws:ec2:*:*:subnet/*",
                    "arn:aws:ec2:*:*:network-interface/*",
                ],
                "Condition": {"StringEquals": {"ec2:InstanceType": "t3.micro"}},
            },
            {
                "Effect": "Allow",
                "Action": ["ssm:StartSession"],
                "Resource": [
                    "arn:aws:ec2:*:*:instance/*",
                    "arn:aws:ssm:*:*:document/SSM-SessionManagerRunShell",
                    "arn:aws:ssm:us-east-1::document/AWS-StartSSHSession",
                ],
                "Condition": {"BoolIfExists": {"ssm:SessionDocumentAccessCheck": "true"}},
            },
            {
                "Effect": "Allow",
                "Action": "ssm:TerminateSession",
                "Resource": "arn:aws:ssm:*:*:session/${aws:userid}-*",
            },
            {
                "Effect": "Allow",
                "Action": "s3:ListBucket",
                "Resource": "arn:aws:s3:::b",
                "Condition": {"StringLike": {"s3:prefix": ["", "home/", "home/${aws:username}/*"]}},
            },
            {
                "Effect": "Allow",
                "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                "Resource": "arn:aws:logs:us-east-1:111122223333:log-group:/aws/lambda/f:*",
            },
            {
                "Effect": "Allow",
                "Action": "dynamodb:GetItem",
                "Resource": "arn:aws:dynamodb:us-east-1:111122223333:table/t",
                "Condition": {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["${www.amazon.com:user_id}"]}},
            },
            {
                "Effect": "Allow",
                "Action": "iam:PassRole",
                "Resource": "arn:aws:iam::111122223333:role/*",
                "Condition": {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
            },
            {
                "Effect": "Allow",
                "Action": "iam:CreateServiceLinkedRole",
                "Resource": "arn:aws:iam::*:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRole*",
                "Condition": {"StringLike": {"iam:AWSServiceName": "autoscaling.amazonaws.com"}},
            },
            {
                "Effect": "Allow",
                "Action": "kms:CreateGrant",
                "Resource": "arn:aws:kms:us-east-1:111122223333:key/mrk-1",
                "Condition": {"Bool": {"kms:GrantIsForAWSResource": True}},
            },
            {
                "Effect": "Deny",
                "Action": "*",
                "Resource": "*",
                "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
            },
            {
                "Effect": "Allow",
                "Action": ["ec2:CreateTags"],
                "Resource": "arn:aws:ec2:*:*:instance/*",
                "Condition": {
                    "StringEquals": {"ec2:CreateAction": "RunInstances"},
                    "ForAllValues:StringEquals": {"aws:TagKeys": ["team"]},
                },
            },
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "arn:aws:iam::*:role/cdk-*"},
            {
                "Effect": "Allow",
                "Action": "bedrock:InvokeModel",
                "Resource": [
                    "arn:aws:bedrock:*::foundation-model/anthropic.*",
                    "arn:aws:bedrock:*:111122223333:inference-profile/*",
                ],
            },
            {
                "Effect": "Allow",
                "Action": "cloudformation:*",
                "Resource": "arn:aws:cloudformation:us-east-1:aws:transform/Serverless-2016-10-31",
            },
            {
                "Effect": "Allow",
                "Action": "rds-db:connect",
                "Resource": "arn:aws:rds-db:us-east-1:111122223333:dbuser:db-ABC/ann",
            },
            {
                "Effect": "Allow",
                "Action": "execute-api:Invoke",
                "Resource": "arn:aws:execute-api:us-east-1:111122223333:api/prod/GET/*",
            },
            {
                "Effect": "Allow",
                "Action": "route53:ChangeResourceRecordSets",
                "Resource": "arn:aws:route53:::hostedzone/Z1",
                "Condition": {"ForAllValues:StringEquals": {"route53:ChangeResourceRecordSetsRecordTypes": ["A"]}},
            },
            {
                "Effect": "Allow",
                "Action": "s3:*",
                "Resource": [
                    "arn:aws:s3:us-east-1:111122223333:accesspoint/ap",
                    "arn:aws:s3:us-east-1:111122223333:accesspoint/ap/object/*",
                    "arn:aws:s3express:us-east-1:111122223333:bucket/b--use1-az4--x-s3",
                ],
            },
        ),
    ),
]


@pytest.mark.parametrize(
    ("kind", "service", "document"), [one[1:] for one in DOCUMENTS], ids=[one[0] for one in DOCUMENTS]
)
def test_documented_policies_have_no_issues(kind: PolicyKind, service: str, document: dict[str, Any]) -> None:
    issues = validate_document(document, kind, service)
    assert [(issue.check.name, issue.message) for issue in issues] == []
