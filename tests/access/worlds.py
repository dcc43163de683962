"""Small snapshots drawn at random: two accounts, few names, so that everything meets everything."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from iamdesk.snapshot.model import Account, GroupDetail, ManagedPolicyDetail, RoleDetail, Snapshot, UserDetail
from iamdesk.snapshot.organization import Organization, OrganizationNode, OrganizationPolicy, OrganizationPolicyType
from iamdesk.snapshot.resource_shares import ResourceShares
from iamdesk.snapshot.resources import (
    AccessPoint,
    AccessPointBucket,
    AccountSettings,
    AclGrant,
    KeyGrant,
    ObjectOwnership,
    PublicAccessBlock,
    Resource,
    VpcEndpoint,
)

type Json = dict[str, Any]

A, B = "111111111111", "222222222222"
API = f"arn:aws:execute-api:eu-west-1:{A}:a1b2c3d4e5"
POINT = f"arn:aws:s3:eu-west-1:{A}:accesspoint/ap"
ENDPOINT = "vpce-1"
PERMISSION_SET = "AWSReservedSSO_Reader_0123456789abcdef"
NOON = datetime(2026, 9, 30, 12, tzinfo=UTC)

ACTIONS = [
    "s3:GetObject",
    "s3:Get*",
    "s3:*",
    "*",
    "sts:AssumeRole",
    "sts:*",
    "kms:Decrypt",
    "kms:*",
    "iam:PassRole",
    "iam:*",
    "s3:ListAllMyBuckets",
    "ec2:RunInstances",
    "execute-api:Invoke",
    "x y",
]
RESOURCES = [
    "*",
    "arn:aws:s3:::b/*",
    "arn:aws:s3:::b/${aws:username}/*",
    "arn:aws:s3:::b/${aws:PrincipalTag/team}/*",
    "arn:aws:s3:::b/${s3:prefix}*",
    "arn:aws:s3:::*",
    "arn:aws:s3",
    "arn:aws:*:::b",
    f"arn:aws:iam::{A}:role/*",
    f"arn:aws:iam::{A}:role/r1",
    f"arn:aws:iam::{A}:user/*",
    f"arn:aws:iam::{B}:role/r1",
    f"arn:aws:kms:eu-west-1:{A}:key/k",
    f"arn:aws:kms:*:{A}:k",
    f"arn:aws:ec2:eu-west-1:{A}:instance/*",
    f"{POINT}/object/*",
    f"arn:aws:s3:*:{A}:accesspoint/*",
    f"{POINT}/object/${{aws:PrincipalTag/team}}/*",
    "execute-api:/*",
    "execute-api:/prod/GET/${aws:username}",
    f"{API}/prod/*",
]
CONDITIONS: list[Json] = [
    {"StringEquals": {"aws:username": ["u1", "u2"]}},
    {"StringLike": {"aws:userid": "AIDA*"}},
    {"StringNotEquals": {"aws:PrincipalTag/team": "red"}},
    {"StringEquals": {"aws:PrincipalTag/team": "${aws:ResourceTag/team}"}},
    {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{A}:role/*"}},
    {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/u1"}},
    {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
    {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
    {"StringEquals": {"aws:PrincipalType": "User"}},
    {"StringEquals": {"aws:PrincipalAccount": A}},
    {"StringNotEquals": {"aws:ResourceAccount": A}},
    {"StringEquals": {"s3:prefix": "red"}},
    {"StringNotEquals": {"s3:prefix": "red"}},
    {"StringEquals": {"aws:RequestedRegion": ["eu-west-1"]}},
    {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
    {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
    {"DateLessThan": {"aws:CurrentTime": "2026-09-30T13:00:00Z"}},
    {"Null": {"aws:TokenIssueTime": "true"}},
    {"ForAnyValue:StringEquals": {"aws:PrincipalOrgPaths": "o-1/r-1/"}},
    {"StringEquals": {"kms:CallerAccount": A}},
    {"NoSuchOperator": {"aws:username": "u1"}},
    {"StringEquals": {"s3:DataAccessPointAccount": A}},
    {"ArnLike": {"s3:DataAccessPointArn": f"arn:aws:s3:*:{A}:accesspoint/a*"}},
    {"StringEquals": {"aws:SourceVpc": "vpc-1"}},
    {"StringNotEquals": {"aws:SourceVpce": ENDPOINT}},
    {"Null": {"identitystore:UserId": "false"}},
    {"Null": {"lambda:SourceFunctionArn": "true"}},
    {"Null": {"aws:TokenIssueTime": "false"}},
    {"DateLessThan": {"aws:TokenIssueTime": "2020-01-01T00:00:00Z"}},
    {"DateGreaterThanEquals": {"aws:TokenIssueTime": "2020-01-01T00:00:00Z"}},
    {"StringEquals": {"iam:PermissionsBoundary": f"arn:aws:iam::{A}:policy/p1"}},
    {"ArnNotLike": {"iam:PermissionsBoundary": "arn:aws:iam::*:policy/p?"}},
    {"Null": {"iam:PermissionsBoundary": "true"}},
    {"StringLike": {"aws:SourceIdentity": "*"}},
    {"Null": {"aws:SourceIdentity": "true"}},
]
NAMED: list[Any] = [
    "*",
    {"AWS": "*"},
    {"AWS": A},
    {"AWS": f"arn:aws:iam::{A}:root"},
    {"AWS": f"arn:aws:iam::{B}:root"},
    {"AWS": f"arn:aws:iam::{A}:user/u1"},
    {"AWS": [f"arn:aws:iam::{A}:role/r1", f"arn:aws:iam::{A}:root"]},
    {"AWS": f"arn:aws:iam::{A}:role/other/path/r2"},
    {"AWS": "AIDAU2"},
    {"AWS": f"arn:aws:sts::{A}:assumed-role/r2/s1"},
    {"AWS": [f"arn:aws:sts::{A}:assumed-role/r1/s1", f"arn:aws:sts::{B}:assumed-role/r1/s1"]},
    {"AWS": f"arn:aws:iam::{B}:user/u2"},
    {"Service": "ec2.amazonaws.com"},
    {"CanonicalUser": "c1"},
]


def some(values: list[Any], most: int = 2) -> st.SearchStrategy[list[Any]]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=most)


@st.composite
def statements(draw: st.DrawFn, names_principals: bool = False) -> Json:
    statement: Json = {"Effect": draw(st.sampled_from(["Allow", "Allow", "Allow", "Deny"]))}
    statement["NotAction" if draw(st.integers(0, 9)) == 0 else "Action"] = draw(some(ACTIONS))
    if not names_principals or draw(st.booleans()):
        statement["NotResource" if draw(st.integers(0, 9)) == 0 else "Resource"] = draw(some(RESOURCES))
    if names_principals:
        statement["NotPrincipal" if draw(st.integers(0, 9)) == 0 else "Principal"] = draw(st.sampled_from(NAMED))
    if draw(st.booleans()):
        statement["Condition"] = {}
        for condition in draw(some(CONDITIONS)):
            statement["Condition"].update(condition)
    return statement if draw(st.integers(0, 30)) else {**statement, "Effect": "allow"}


@st.composite
def documents(draw: st.DrawFn, names_principals: bool = False) -> Json:
    version = draw(st.sampled_from(["2012-10-17", "2012-10-17", "2008-10-17"]))
    members = draw(st.lists(statements(names_principals), min_size=1, max_size=2))
    return {"Version": version, "Statement": members}


TRUSTS = st.one_of(
    documents(names_principals=True),
    st.builds(
        lambda named, more: {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": named, "Action": ["sts:AssumeRole", *more]}],
        },
        st.sampled_from(NAMED),
        st.sampled_from([[], ["sts:TagSession"], ["sts:SetSourceIdentity"]]),
    ),
)
TAGS = st.sampled_from(
    [[], [{"Key": "team", "Value": "red"}], [{"Key": "Team", "Value": "blue"}, {"Key": "team", "Value": "red"}]]
)


@st.composite
def accounts(draw: st.DrawFn, account: str) -> Account:
    arns = [f"arn:aws:iam::{account}:policy/p{number}" for number in range(3)]
    policies = [_managed(arn, draw(documents())) for arn in arns]
    references = [*arns, f"arn:aws:iam::{account}:policy/lost"]

    def carrier(kind: str, name: str, path: str = "/") -> Json:
        attached = draw(st.lists(st.sampled_from(references), max_size=2))
        inline = draw(st.lists(documents(), max_size=1))
        entry: Json = {
            "Arn": f"arn:aws:iam::{account}:{kind}{path}{name}",
            "Path": path,
            f"{kind.title()}Name": name,
            f"{kind.title()}PolicyList": [{"PolicyName": "own", "PolicyDocument": one} for one in inline],
            "AttachedManagedPolicies": [{"PolicyName": arn[-2:], "PolicyArn": arn} for arn in attached],
        }
        if kind != "group":
            entry["Tags"] = draw(TAGS)
            if draw(st.integers(0, 2)) == 0:
                entry["PermissionsBoundary"] = {"PermissionsBoundaryArn": draw(st.sampled_from(references))}
        return entry

    groups = [carrier("group", "g1"), carrier("group", "g2")]
    users = [
        {**carrier("user", f"u{number}"), "UserId": f"AIDAU{number}" if number else ""} | {"GroupList": groups_of}
        for number in range(3)
        if (groups_of := draw(st.lists(st.sampled_from(["g1", "g2", "ghosts"]), max_size=2))) is not None
    ]
    roles = [
        {**carrier("role", name, path), "RoleId": f"AROA{name}", "AssumeRolePolicyDocument": draw(TRUSTS)}
        for name, path in (
            ("r1", "/"),
            ("r2", "/app/"),
            ("AWSServiceRoleForX", "/aws-service-role/x.amazonaws.com/"),
            (PERMISSION_SET, "/aws-reserved/sso.amazonaws.com/"),
        )
    ]
    if draw(st.integers(0, 4)) == 0:
        users.append({**carrier("user", "odd"), "Arn": f"arn:aws:iam::333333333333:user/{account}"})
    return Account(
        account_id=account,
        users=tuple(UserDetail.model_validate(entry) for entry in users),
        groups=tuple(GroupDetail.model_validate(entry) for entry in groups),
        roles=tuple(RoleDetail.model_validate(entry) for entry in roles),
        policies=tuple(ManagedPolicyDetail.model_validate(entry) for entry in policies),
    )


def _managed(arn: str, document: Json) -> Json:
    version = {"VersionId": "v1", "IsDefaultVersion": True, "Document": document}
    return {
        "Arn": arn,
        "PolicyName": arn[-2:],
        "Path": "/",
        "DefaultVersionId": "v1",
        "PolicyVersionList": [version],
    }


FULL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


@st.composite
def organizations(draw: st.DrawFn) -> Organization:
    scp, rcp = OrganizationPolicyType.SERVICE_CONTROL_POLICY, OrganizationPolicyType.RESOURCE_CONTROL_POLICY
    denies = {**draw(statements(names_principals=True)), "Effect": "Deny", "Principal": "*"}
    denies.pop("NotPrincipal", None)
    policies = (
        OrganizationPolicy(id="p-full", name="full", type=scp, content=FULL),
        OrganizationPolicy(id="p-scp", name="scp", type=scp, content=draw(documents())),
        OrganizationPolicy(id="p-rcp", name="rcp", type=rcp, content={"Version": "2012-10-17", "Statement": [denies]}),
    )
    attached = draw(
        st.sampled_from([("p-full",), ("p-full", "p-scp"), ("p-full", "p-rcp"), ("p-full", "p-scp", "p-rcp")])
    )
    nodes = (
        OrganizationNode(id="r-1", name="root", policy_ids=("p-full",)),
        OrganizationNode(id=A, name="a", parent_id="r-1", policy_ids=attached),
        OrganizationNode(id=B, name="b", parent_id="r-1", policy_ids=("p-full",)),
    )
    management = draw(st.sampled_from([B, "999999999999"]))
    return Organization(id="o-1", management_account_id=management, nodes=nodes, policies=policies)


@st.composite
def resources(draw: st.DrawFn) -> tuple[Resource, ...]:
    bucket = Resource(
        arn="arn:aws:s3:::b",
        account_id=draw(st.sampled_from([A, B, None])),
        policy=draw(st.one_of(st.none(), documents(names_principals=True))),
        tags=draw(st.sampled_from([None, (("team", "red"),)])),
        abac_enabled=draw(st.booleans()),
        acl=draw(st.sampled_from([None, (AclGrant(permission="READ", account_id=A),)])),
        object_ownership=draw(st.sampled_from([None, ObjectOwnership.OBJECT_WRITER])),
        public_access_block=draw(st.sampled_from([None, PublicAccessBlock(restrict_public_buckets=True)])),
    )
    grant = KeyGrant(grant_id="g", grantee_principal=f"arn:aws:iam::{B}:role/r1", operations=("Decrypt",))
    key = Resource(
        arn=f"arn:aws:kms:eu-west-1:{A}:key/k",
        account_id=A,
        policy=draw(documents(names_principals=True)),
        key_grants=draw(st.sampled_from([None, (grant,)])),
    )
    known = AccessPoint(
        buckets=draw(
            st.sampled_from([(AccessPointBucket(name="b", account_id=B),), (AccessPointBucket(name="b"),), ()])
        ),
        network_origin=draw(st.sampled_from([None, "VPC"])),
        vpc_id="vpc-1",
        alias="ap-s3alias",
    )
    point = Resource(
        arn=POINT,
        account_id=A,
        policy=draw(st.one_of(st.none(), documents(names_principals=True))),
        tags=draw(st.sampled_from([None, (("team", "red"),)])),
        public_access_block=draw(st.sampled_from([None, PublicAccessBlock(restrict_public_buckets=True)])),
        access_point=known,
    )
    types = draw(
        st.sampled_from([None, (), (("GET /u1", "NONE"),), (("ANY /{proxy+}", "NONE"), ("GET /u1", "AWS_IAM"))])
    )
    policy = draw(documents(names_principals=True) | st.none())
    api = Resource(arn=API, account_id=A, policy=policy, authorization_types=types)
    return draw(st.sampled_from([(), (bucket, api), (bucket, key), (bucket, point), (point, key, api)]))


@st.composite
def endpoints(draw: st.DrawFn) -> VpcEndpoint:
    return VpcEndpoint(
        vpc_endpoint_id=ENDPOINT,
        vpc_endpoint_type=draw(st.sampled_from(["Gateway", "Interface"])),
        vpc_id="vpc-1",
        service_name=draw(st.sampled_from(["com.amazonaws.eu-west-1.s3", "com.amazonaws.eu-west-1.sts"])),
        policy_document=draw(documents(names_principals=True)),
    )


SHARE = f"arn:aws:ram:eu-west-1:{A}:resource-share/s"
SHARED_WITH = [
    B,
    f"arn:aws:iam::{B}:role/r1",
    "arn:aws:organizations::999999999999:organization/o-1",
    "arn:aws:organizations::999999999999:ou/o-1/r-1",
    "ec2.amazonaws.com",
]


@st.composite
def shares(draw: st.DrawFn) -> ResourceShares:
    """What account A shares with others; some of it no service lets share, which is all the same to the evaluator."""
    kinds = {"PRINCIPAL": SHARED_WITH, "RESOURCE": [entry for entry in RESOURCES if f":{A}:" in entry]}
    associations = [
        {"resourceShareArn": SHARE, "associatedEntity": one, "associationType": kind, "status": "ASSOCIATED"}
        for kind, values in kinds.items()
        for one in draw(some(values))
    ]
    permission: Json = {"Effect": "Allow", "Action": draw(some(ACTIONS))}
    if draw(st.booleans()):
        permission["Condition"] = draw(st.sampled_from(CONDITIONS))
    listed = {"arn": "arn:aws:ram::aws:permission/P", "version": "1", "resourceType": "any:Thing"}
    captured = draw(st.booleans())
    return ResourceShares(
        account_id=A,
        region="eu-west-1",
        associations=associations,
        share_permissions=[
            {"share_id": "s", "permission": {**listed, "resourceType": f"{service}:Any"}}
            for service in ("ec2", "kms", "s3", "iam")
        ],
        permissions=[{**listed, "permission": permission}] if captured else (),
    )


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    """Two accounts, perhaps with their organization and resource policies."""
    return Snapshot(
        path=Path("/captures/drawn.json"),
        files=(),
        sha256="0" * 64,
        accounts=(draw(accounts(A)), draw(accounts(B))) if draw(st.booleans()) else (draw(accounts(A)),),
        organization=draw(st.one_of(st.none(), organizations())),
        resources=draw(resources()),
        vpc_endpoints=draw(st.lists(endpoints(), max_size=1).map(tuple)),
        account_settings=draw(st.sampled_from([(), (AccountSettings(account_id=B, canonical_id="c1"),)])),
        resource_shares=draw(st.lists(shares(), max_size=1).map(tuple)),
        latest=NOON,
    )


QUESTIONS = st.sampled_from(
    [
        ("s3:GetObject", "arn:aws:s3:::b/u1/x"),
        ("s3:GetObject", "arn:aws:s3:::b/red/x"),
        ("s3:GetObject", "arn:aws:s3:::other/x"),
        ("s3:ListAllMyBuckets", "*"),
        ("s3:CreateJob", "*"),
        ("sts:AssumeRole", f"arn:aws:iam::{A}:role/r1"),
        ("sts:AssumeRole", f"arn:aws:iam::{A}:role/app/r2"),
        ("sts:TagSession", f"arn:aws:iam::{A}:role/r1"),
        ("sts:AssumeRole", f"arn:aws:iam::{B}:role/none"),
        ("sts:GetCallerIdentity", "*"),
        ("sts:GetSessionToken", "*"),
        ("kms:Decrypt", f"arn:aws:kms:eu-west-1:{A}:key/k"),
        ("kms:PutKeyPolicy", f"arn:aws:kms:eu-west-1:{A}:key/k"),
        ("kms:ListAliases", "*"),
        ("iam:PassRole", f"arn:aws:iam::{A}:role/r1"),
        ("iam:AttachRolePolicy", f"arn:aws:iam::{A}:role/r1"),
        ("iam:PutRolePolicy", f"arn:aws:iam::{A}:role/app/r2"),
        ("iam:DeleteUserPolicy", f"arn:aws:iam::{A}:user/u1"),
        ("iam:PutUserPermissionsBoundary", f"arn:aws:iam::{A}:user/u1"),
        ("iam:AttachRolePolicy", f"arn:aws:iam::{A}:role/*"),
        ("iam:DeleteRole", f"arn:aws:iam::{A}:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX"),
        ("ec2:RunInstances", f"arn:aws:ec2:eu-west-1:{A}:instance/*"),
        ("ec2:RunInstances", f"arn:aws-cn:ec2:cn-north-1:{B}:instance/i"),
        ("nosuch:Action", "*"),
        ("s3:GetObject", f"{POINT}/object/u1/x"),
        ("s3:GetObject", f"{POINT}/object/red/x"),
        ("s3:GetObject", "arn:aws:s3:::ap-s3alias/red/x"),
        ("s3:ListBucket", POINT),
        ("execute-api:Invoke", f"{API}/prod/GET/u1"),
        ("execute-api:Invoke", f"{API}/test/GET/u1"),
        ("s3:GetAccessPointPolicy", POINT),
        ("s3:GetObject", f"arn:aws:s3:eu-west-1:{B}:accesspoint/lost/object/x"),
    ]
)
CONTEXTS = st.sampled_from(
    [
        {},
        {},
        {"aws:MultiFactorAuthPresent": "true"},
        {"aws:username": "u1", "s3:prefix": "red"},
        {"AWS:PrincipalArn": f"arn:aws:iam::{A}:role/r1", "aws:PrincipalType": None},
        {"aws:PrincipalTag/team": ["red"], "aws:SourceIp": "10.1.2.3"},
        {"aws:SourceVpce": ENDPOINT},
        {"aws:SourceVpce": None, "aws:MultiFactorAuthPresent": "false"},
        {"aws:TokenIssueTime": "2026-09-30T11:00:00Z"},
        {"aws:tokenissuetime": "2026-09-30T11:00:00Z", "aws:MultiFactorAuthPresent": None},
        {"aws:CurrentTime": "2019-06-01T00:00:00Z"},
    ]
)
