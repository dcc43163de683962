"""Fills the fake AWS: an organization, two accounts, and a resource of every kind that moto knows."""

import base64
import io
import json
import zipfile
from dataclasses import dataclass
from typing import Any

import boto3

REGION = "eu-west-1"
MANAGEMENT = "123456789012"
"""The account that moto takes everybody for who did not assume a role."""
SECRETS = (
    "planted-secret-value-3f9c",
    "planted-lambda-password-77aa",
    "planted-parameter-51be",
    "planted-user-data-0c2d",
)
"""What must never be in a bundle."""
_ANYBODY: dict[str, Any] = {"AWS": "*"}


@dataclass(frozen=True, slots=True)
class World:
    """What a test has to know of it."""

    endpoint: str
    member: str
    """The other account's id."""
    key_id: str
    alice_secret: str
    """The secret half of Alice's access key."""
    unit: str
    scp: str


def policy(action: str, resource: str, principal: Any = None) -> str:
    """Return a policy with one Allow."""
    statement: dict[str, Any] = {"Sid": "Planted", "Effect": "Allow", "Action": action, "Resource": resource}
    if principal is not None:
        statement["Principal"] = principal
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def fill(endpoint: str) -> World:
    """Make everything."""
    session = boto3.Session("testing", "testing-secret-half", region_name=REGION)

    def client(service: str) -> Any:
        return session.client(service, endpoint_url=endpoint)

    member, unit, scp = _organization(client("organizations"))
    alice_secret = _iam(client("iam"))
    key_id = _kms(client("kms"))
    _s3(client("s3"))
    _messages(client("sqs"), client("sns"))
    _lambda(client("lambda"))
    client("secretsmanager").create_secret(Name="prod/db", SecretString=SECRETS[0])
    client("secretsmanager").put_resource_policy(
        SecretId="prod/db",
        ResourcePolicy=policy("secretsmanager:GetSecretValue", "*", {"AWS": f"arn:aws:iam::{MANAGEMENT}:user/alice"}),
    )
    client("ssm").put_parameter(Name="/db/password", Value=SECRETS[2], Type="SecureString")
    _compute(client("ec2"))
    _workloads(client)
    _stores(client)
    _identity_center(client("sso-admin"), client("identitystore"))
    _member_account(session, endpoint, member)
    return World(endpoint, member, key_id, alice_secret, unit, scp)


def _organization(organizations: Any) -> tuple[str, str, str]:
    organizations.create_organization(FeatureSet="ALL")
    root = organizations.list_roots()["Roots"][0]["Id"]
    unit = organizations.create_organizational_unit(ParentId=root, Name="Workloads")["OrganizationalUnit"]["Id"]
    inner = organizations.create_organizational_unit(ParentId=unit, Name="Production")["OrganizationalUnit"]["Id"]
    made = organizations.create_account(AccountName="payments", Email="payments@example.com")["CreateAccountStatus"]
    organizations.move_account(AccountId=made["AccountId"], SourceParentId=root, DestinationParentId=inner)
    organizations.enable_policy_type(RootId=root, PolicyType="SERVICE_CONTROL_POLICY")
    deny = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "sqs:*", "Resource": "*"}]}
    scp = organizations.create_policy(
        Name="NoQueues", Description="", Type="SERVICE_CONTROL_POLICY", Content=json.dumps(deny)
    )["Policy"]["PolicySummary"]["Id"]
    organizations.attach_policy(PolicyId=scp, TargetId=unit)
    return made["AccountId"], unit, scp


def _iam(iam: Any) -> str:
    iam.create_account_alias(AccountAlias="acme-management")
    iam.update_account_password_policy(MinimumPasswordLength=14)
    iam.create_group(GroupName="readers")
    iam.put_group_policy(GroupName="readers", PolicyName="read", PolicyDocument=policy("s3:GetObject", "*"))
    for number in range(30):  # more than one page of moto's answer
        iam.create_role(
            RoleName=f"worker-{number:03}",
            AssumeRolePolicyDocument=policy("sts:AssumeRole", "*", {"Service": "ec2.amazonaws.com"}).replace(
                ', "Resource": "*"', ""
            ),
        )
    iam.create_user(UserName="alice", Path="/people/")
    iam.add_user_to_group(GroupName="readers", UserName="alice")
    iam.create_user(UserName="bob")
    secret: str = iam.create_access_key(UserName="alice")["AccessKey"]["SecretAccessKey"]
    iam.create_open_id_connect_provider(
        Url="https://token.actions.githubusercontent.com",
        ClientIDList=["sts.amazonaws.com"],
        ThumbprintList=["6938fd4d98bab03faadb97b34396831e3780aea1"],
    )
    iam.create_saml_provider(Name="corporate", SAMLMetadataDocument="<a>" + "x" * 1024 + "</a>")
    return secret


def _kms(kms: Any) -> str:
    key_id: str = kms.create_key(Description="payroll")["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/payroll", TargetKeyId=key_id)
    kms.put_key_policy(
        KeyId=key_id, PolicyName="default", Policy=policy("kms:*", "*", {"AWS": f"arn:aws:iam::{MANAGEMENT}:root"})
    )
    kms.create_grant(
        KeyId=key_id, GranteePrincipal=f"arn:aws:iam::{MANAGEMENT}:user/people/alice", Operations=["Decrypt"]
    )
    return key_id


def _s3(s3: Any) -> None:
    for bucket in ("acme-open", "acme-shut"):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_policy(
        Bucket="acme-open",
        Policy=policy("s3:PutObject", "arn:aws:s3:::acme-open/*", {"AWS": f"arn:aws:iam::{MANAGEMENT}:user/bob"}),
    )
    s3.put_bucket_tagging(Bucket="acme-open", Tagging={"TagSet": [{"Key": "team", "Value": "data"}]})
    s3.put_public_access_block(
        Bucket="acme-shut",
        PublicAccessBlockConfiguration=dict.fromkeys(
            ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
        ),
    )


def _messages(sqs: Any, sns: Any) -> None:
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    arn = f"arn:aws:sqs:{REGION}:{MANAGEMENT}:orders"
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy("sqs:SendMessage", arn, _ANYBODY)})
    topic = sns.create_topic(Name="alarms")["TopicArn"]
    sns.set_topic_attributes(
        TopicArn=topic, AttributeName="Policy", AttributeValue=policy("sns:Publish", topic, _ANYBODY)
    )


def _lambda(client: Any) -> None:
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("main.py", "def handler(event, context): pass")
    client.create_function(
        FunctionName="invoice",
        Runtime="python3.12",
        Role=f"arn:aws:iam::{MANAGEMENT}:role/worker-000",
        Handler="main.handler",
        Code={"ZipFile": code.getvalue()},
        Environment={"Variables": {"DB_PASSWORD": SECRETS[1]}},
    )
    client.add_permission(
        FunctionName="invoice", StatementId="Topic", Action="lambda:InvokeFunction", Principal="sns.amazonaws.com"
    )


def _compute(ec2: Any) -> None:
    ec2.run_instances(ImageId="ami-12c6146b", MinCount=1, MaxCount=1, UserData=SECRETS[3])
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    ec2.create_vpc_endpoint(
        VpcId=vpc, ServiceName=f"com.amazonaws.{REGION}.s3", PolicyDocument=policy("s3:*", "*", "*")
    )


WORKER = f"arn:aws:iam::{MANAGEMENT}:role/worker-001"
"""The role that something of every kind runs with."""


def _workloads(client: Any) -> None:
    """Make what runs with a role, with secrets in its environment and input."""
    service = {"Version": "2012-10-17", "Statement": []}
    environment = [{"name": "PASSWORD", "value": SECRETS[1]}]
    client("iam").create_instance_profile(InstanceProfileName="web")
    client("iam").add_role_to_instance_profile(InstanceProfileName="web", RoleName="worker-001")
    client("ec2").run_instances(
        ImageId="ami-12c6146b", MinCount=1, MaxCount=1, UserData=SECRETS[3], IamInstanceProfile={"Name": "web"}
    )
    client("ec2").create_launch_template(
        LaunchTemplateName="web",
        LaunchTemplateData={
            "IamInstanceProfile": {"Name": "web"},
            "UserData": base64.b64encode(SECRETS[3].encode()).decode(),
        },
    )
    client("codebuild").create_project(
        name="build",
        source={"type": "S3", "location": "acme-open/source.zip", "buildspec": f"echo {SECRETS[1]}"},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/standard:7.0",
            "computeType": "BUILD_GENERAL1_SMALL",
            "environmentVariables": environment,
        },
        serviceRole=WORKER,
    )
    client("stepfunctions").create_state_machine(name="orders", definition=json.dumps(service), roleArn=WORKER)
    client("ecs").create_cluster(clusterName="prod")
    client("ecs").register_task_definition(
        family="web",
        taskRoleArn=WORKER,
        containerDefinitions=[{"name": "web", "image": "web", "memory": 64, "environment": environment}],
    )
    client("ecs").create_service(cluster="prod", serviceName="web", taskDefinition="web", desiredCount=1)
    client("events").put_rule(Name="nightly", ScheduleExpression="rate(1 day)")
    client("events").put_targets(
        Rule="nightly",
        Targets=[{"Id": "1", "Arn": f"arn:aws:states:{REGION}:{MANAGEMENT}:stateMachine:orders", "RoleArn": WORKER}],
    )
    client("scheduler").create_schedule(
        Name="daily",
        ScheduleExpression="rate(1 day)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": f"arn:aws:sqs:{REGION}:{MANAGEMENT}:orders", "RoleArn": WORKER, "Input": SECRETS[0]},
    )
    client("sagemaker").create_notebook_instance(
        NotebookInstanceName="lab", InstanceType="ml.t3.medium", RoleArn=WORKER
    )
    client("eks").create_cluster(name="prod", roleArn=WORKER, resourcesVpcConfig={"subnetIds": ["s-1"]})


def _stores(client: Any) -> None:
    client("ecr").create_repository(repositoryName="team/app")
    client("ecr").set_repository_policy(
        repositoryName="team/app",
        policyText=policy("ecr:BatchGetImage", "*", _ANYBODY).replace(', "Resource": "*"', ""),
    )
    client("ecr").create_repository(repositoryName="team/none")
    client("dynamodb").create_table(
        TableName="ledger",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    client("events").create_event_bus(Name="audit")
    client("glacier").create_vault(accountId="-", vaultName="archive")
    client("efs").create_file_system(CreationToken="home")
    client("backup").create_backup_vault(BackupVaultName="nightly")
    client("kinesis").create_stream(StreamName="clicks", ShardCount=1)
    _payment_keys(client("payment-cryptography"))
    cluster = client("kafka").create_cluster_v2(
        ClusterName="orders", Serverless={"VpcConfigs": [{"SubnetIds": ["s-1"]}]}
    )
    client("kafka").put_cluster_policy(
        ClusterArn=cluster["ClusterArn"], Policy=policy("kafka:CreateVpcConnection", cluster["ClusterArn"], _ANYBODY)
    )


def _payment_keys(cards: Any) -> None:
    use = {"KeyUsage": "TR31_P0_PIN_ENCRYPTION_KEY", "KeyClass": "SYMMETRIC_KEY", "KeyAlgorithm": "TDES_3KEY"}
    modes = {"Encrypt": True, "Decrypt": True, "Wrap": True, "Unwrap": True}
    keys = [
        cards.create_key(Exportable=False, KeyAttributes={**use, "KeyModesOfUse": modes})["Key"]["KeyArn"]
        for _ in range(2)
    ]
    cards.put_resource_policy(
        ResourceArn=keys[0], Policy=policy("payment-cryptography:EncryptData", "*", {"AWS": MANAGEMENT})
    )


def _identity_center(admin: Any, store: Any) -> None:
    instance = admin.list_instances()["Instances"][0]
    made = admin.create_permission_set(InstanceArn=instance["InstanceArn"], Name="Operator", SessionDuration="PT8H")[
        "PermissionSet"
    ]
    admin.put_inline_policy_to_permission_set(
        InstanceArn=instance["InstanceArn"],
        PermissionSetArn=made["PermissionSetArn"],
        InlinePolicy=policy("sqs:SendMessage", "*"),
    )
    admin.provision_permission_set(
        InstanceArn=instance["InstanceArn"],
        PermissionSetArn=made["PermissionSetArn"],
        TargetType="ALL_PROVISIONED_ACCOUNTS",
    )
    person = store.create_user(
        IdentityStoreId=instance["IdentityStoreId"],
        UserName="carol",
        DisplayName="Carol",
        Name={"GivenName": "Carol", "FamilyName": "Ng"},
        PhoneNumbers=[{"Value": "+1 555 0100"}],
    )["UserId"]
    group = store.create_group(IdentityStoreId=instance["IdentityStoreId"], DisplayName="operators")["GroupId"]
    store.create_group_membership(
        IdentityStoreId=instance["IdentityStoreId"], GroupId=group, MemberId={"UserId": person}
    )
    admin.create_account_assignment(
        InstanceArn=instance["InstanceArn"],
        TargetId=MANAGEMENT,
        TargetType="AWS_ACCOUNT",
        PermissionSetArn=made["PermissionSetArn"],
        PrincipalType="GROUP",
        PrincipalId=group,
    )


def _member_account(session: Any, endpoint: str, account: str) -> None:
    sts = session.client("sts", endpoint_url=endpoint)
    given = sts.assume_role(RoleArn=f"arn:aws:iam::{account}:role/Setup", RoleSessionName="setup")["Credentials"]
    inside = boto3.Session(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], region_name=REGION)
    inside.client("iam", endpoint_url=endpoint).create_user(UserName="dave")
    inside.client("sqs", endpoint_url=endpoint).create_queue(QueueName="payments")
