"""No check ends a run, whatever an account holds that its files can store."""

import json
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iamdesk import Evaluator, load_snapshot
from iamdesk.checks import registry
from iamdesk.snapshot.account_details import AccountFacts
from iamdesk.snapshot.organization import Organization
from iamdesk.snapshot.resources import AclGrant, KeyGrant, Resource, VpcEndpoint

from ..some_of import PROOFS

ACCOUNT, OTHER = "111122223333", "444455556666"
BOUNDED = settings(max_examples=500 if PROOFS else 25, deadline=None, suppress_health_check=list(HealthCheck))
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
TEXTS = (
    *("", " ", "*", "?", "a", "alice", "*:*", "${aws:username}", "${", "${}", "${*}", "\\", "'\"", "\u0000", "\u202e"),
    *("Zoë", "東京", "\ud800", "😀" * 3, "x" * 3000, "a/b/../c", "%2A", "-", "\n", "\t*", "İ", "{name}", "{", "%s"),
)
ARNS = (
    *("*", "arn", "arn:", "arn:aws", "arn:aws:iam", "arn:aws:s3:::", "arn:aws:s3:::*", "arn:*:*:*:*:*:*", ":::::"),
    *("arn:aws:s3:::payroll/", "arn:aws:s3:::payroll/${aws:username}/*", "arn:aws-cn:s3:::b", "ARN:AWS:S3:::b"),
    *("arn:aws:iam::111122223333:root", "arn:aws:iam::444455556666:role/x/y", "arn:aws:iam::*:role/*", OTHER, "12"),
    *("arn:aws:sts::111122223333:assumed-role/a/b", "arn:aws:iam::111122223333:user/東京", "AIDAALICEAAAAAAAAAAAA"),
    *("arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com", "arn:aws:iam:::role/"),
    *("arn:aws:iam::111122223333:saml-provider/x", "s3.amazonaws.com", "lambda.amazonaws.com", ".amazonaws.com"),
    *("arn:aws:lambda:eu-west-1:111122223333:function:f:live", "arn:aws:dynamodb:::table/", "execute-api:/*"),
)
ACTIONS = (
    *("*", "s3:*", "S3:GETOBJECT", "iam:PassRole", "sts:AssumeRole*", "s3", ":", "s3:", ":get", "*:get*", "iam:**"),
    *("a:b:c", "東京:都", "kms:Decrypt", "iam:CreatePolicyVersion", "sts:AssumeRoleWithWebIdentity", "s3:${aws:x}"),
)
OPERATORS = (
    *("StringEquals", "StringLike", "Bool", "Null", "ArnLike", "IpAddress", "NumericLessThan", "DateGreaterThan"),
    *("ForAllValues:StringEquals", "ForAnyValue:StringLikeIfExists", "stringequals", "Nope", "", "BinaryEquals", ":"),
)
KEYS = (
    *("aws:SourceIp", "aws:PrincipalOrgID", "aws:MultiFactorAuthPresent", "aws:PrincipalTag/", "aws:PrincipalTag/a b"),
    *(
        "AWS:SOURCEARN",
        "sts:ExternalId",
        "s3:prefix",
        "nope",
        "",
        ":",
        "aws:",
        "token.actions.githubusercontent.com:sub",
    ),
    *("aws:CurrentTime", "kms:EncryptionContext:x", "iam:PassedToService", "aws:PrincipalArn", "東京:x", "saml:aud"),
)

texts = st.one_of(st.sampled_from(TEXTS), st.text(max_size=8))
arns = st.one_of(st.sampled_from(ARNS), texts)
scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), texts)
junk = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=6,
)


def some(values):
    """One value or a list of values; rarely something else."""
    return st.one_of(values, values, st.lists(values, max_size=4), junk)


principals = some(arns)
conditions = st.dictionaries(
    st.sampled_from(OPERATORS),
    st.one_of(st.dictionaries(st.sampled_from(KEYS), some(arns), max_size=2), junk),
    max_size=2,
)
statements = st.fixed_dictionaries(
    {},
    optional={
        "Effect": st.sampled_from(["Allow", "Allow", "Allow", "Deny", "allow", "", None]),
        "Action": some(st.sampled_from(ACTIONS)),
        "NotAction": some(st.sampled_from(ACTIONS)),
        "Resource": some(arns),
        "NotResource": some(arns),
        "Principal": st.one_of(
            st.just("*"),
            st.dictionaries(
                st.sampled_from(["AWS", "Service", "Federated", "CanonicalUser", "x"]), principals, max_size=2
            ),
            junk,
        ),
        "NotPrincipal": st.one_of(st.fixed_dictionaries({"AWS": principals}), junk),
        "Condition": st.one_of(conditions, junk),
        "Sid": scalars,
    },
)
whole = st.fixed_dictionaries(
    {
        "Effect": st.sampled_from(["Allow", "Allow", "Deny"]),
        "Action": st.sampled_from(ACTIONS),
        "Resource": some(arns),
        "Principal": st.one_of(
            st.just("*"), st.fixed_dictionaries({"AWS": arns}), st.fixed_dictionaries({"Service": arns})
        ),
    },
    optional={"Condition": conditions},
)
documents = st.one_of(
    st.fixed_dictionaries(
        {"Version": st.sampled_from(["2012-10-17", "2008-10-17", "x", None])},
        optional={
            "Statement": st.one_of(st.lists(st.one_of(whole, statements), max_size=3), whole, junk),
            "Id": scalars,
        },
    ),
    junk,
    st.just("%7B%22Statement%22%3A%5B%5D%7D"),
    st.just("{"),
)
tags = st.lists(st.fixed_dictionaries({"Key": texts, "Value": texts}), max_size=2)
dates = st.sampled_from(
    ["2026-01-10T08:00:00+00:00", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-03-01T00:00:00Z"]
)
inline = st.lists(st.fixed_dictionaries({"PolicyName": texts, "PolicyDocument": documents}), max_size=2)
attached = st.lists(
    st.fixed_dictionaries({"PolicyName": texts, "PolicyArn": st.one_of(st.just(ADMIN), arns)}), max_size=2
)
bounds = st.fixed_dictionaries(
    {"PermissionsBoundaryType": texts, "PermissionsBoundaryArn": st.one_of(st.just(ADMIN), arns)}
)


@st.composite
def entities(draw, kind):
    name = draw(texts)
    path = draw(st.sampled_from(["/", "/a/b/", "/aws-service-role/x/", "/aws-reserved/sso.amazonaws.com/", "", "東京"]))
    capital = kind.capitalize()
    found = {
        "Path": path,
        f"{capital}Name": name,
        f"{capital}Id": draw(st.one_of(st.just(f"AIDA{'A' * 17}"), texts)),
        "Arn": f"arn:aws:iam::{ACCOUNT}:{kind}{path}{name}",
        "CreateDate": draw(dates),
        "AttachedManagedPolicies": draw(attached),
        f"{capital}PolicyList": draw(inline),
    }
    if kind != "group":
        found["Tags"] = draw(tags)
        found |= {"PermissionsBoundary": draw(bounds)} if draw(st.booleans()) else {}
    if kind == "user":
        found["GroupList"] = draw(st.lists(texts, max_size=2))
    if kind == "role":
        found["AssumeRolePolicyDocument"] = draw(documents)
        found["InstanceProfileList"] = []
        found["RoleLastUsed"] = draw(
            st.one_of(st.just({}), st.fixed_dictionaries({"LastUsedDate": dates, "Region": texts}))
        )
    return found


@st.composite
def policies(draw):
    name = draw(texts)
    return {
        "PolicyName": name,
        "PolicyId": draw(texts),
        "Arn": f"arn:aws:iam::{ACCOUNT}:policy/{name}",
        "Path": "/",
        "DefaultVersionId": draw(st.sampled_from(["v1", "v2", ""])),
        "AttachmentCount": draw(st.integers(-1, 3)),
        "IsAttachable": True,
        "CreateDate": draw(dates),
        "UpdateDate": draw(dates),
        "PolicyVersionList": [
            {
                "VersionId": version,
                "IsDefaultVersion": version == "v1",
                "CreateDate": draw(dates),
                "Document": draw(documents),
            }
            for version in draw(st.sampled_from([("v1",), ("v1", "v2"), ()]))
        ],
    }


@st.composite
def resources(draw):
    arn = draw(
        st.sampled_from(
            [
                *(
                    "arn:aws:s3:::payroll",
                    f"arn:aws:sqs:eu-west-1:{ACCOUNT}:q",
                    f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1",
                ),
                *(f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:f", f"arn:aws:execute-api:eu-west-1:{ACCOUNT}:abc"),
                *(f"arn:aws:es:eu-west-1:{ACCOUNT}:domain/x", f"arn:aws:events:eu-west-1:{ACCOUNT}:event-bus/default"),
                *(
                    f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:東京",
                    f"arn:aws:glue:eu-west-1:{ACCOUNT}:catalog",
                ),
                *(f"arn:aws:s3:eu-west-1:{ACCOUNT}:accesspoint/p", f"arn:aws:unknown:eu-west-1:{ACCOUNT}:thing/*"),
            ]
        )
    )
    return Resource(
        arn=arn,
        account_id=draw(st.sampled_from([ACCOUNT, None])),
        policy=draw(documents),
        tags=draw(st.one_of(st.none(), st.lists(st.tuples(texts, texts), max_size=2).map(tuple))),
        acl=draw(st.sampled_from([None, (), (AclGrant(permission="x", uri="y"), AclGrant(permission="FULL_CONTROL"))])),
        object_ownership=draw(st.sampled_from([None, "ObjectWriter"])),
        key_grants=draw(
            st.one_of(
                st.none(),
                arns.map(lambda arn: (KeyGrant(grant_id="", grantee_principal=arn, operations=("Decrypt",)),)),
            )
        ),
        encryption_key_arn=draw(st.one_of(st.none(), arns)),
    )


@st.composite
def organizations(draw):
    kinds = ("SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY")
    listed = [
        {"id": f"p-{number}", "name": draw(texts), "type": draw(st.sampled_from(kinds)), "content": draw(documents)}
        for number in range(draw(st.integers(0, 2)))
    ]
    held = {"policy_ids": [one["id"] for one in listed]}
    return Organization.model_validate(
        {
            "id": "o-acme",
            "management_account_id": draw(st.sampled_from([ACCOUNT, OTHER])),
            "nodes": [{"id": "r-1", **held}, {"id": ACCOUNT, "parent_id": "r-1", **held}, {"id": draw(texts)}],
            "policies": listed,
        }
    )


accounts = st.fixed_dictionaries(
    {
        "UserDetailList": st.lists(entities("user"), max_size=3),
        "GroupDetailList": st.lists(entities("group"), max_size=2),
        "RoleDetailList": st.lists(entities("role"), max_size=3),
        "Policies": st.lists(policies(), max_size=2),
    }
)
ANCHOR = {
    "UserName": "anchor",
    "UserId": "AIDAANCHORAAAAAAAAAAA",
    "Arn": f"arn:aws:iam::{ACCOUNT}:user/anchor",
    "Path": "/",
    "CreateDate": "2026-01-10T08:00:00+00:00",
    "GroupList": [],
    "AttachedManagedPolicies": [{"PolicyName": "AdministratorAccess", "PolicyArn": ADMIN}],
}


def read(account):
    """The account as the reader reads it from a file: whatever of it the file can hold."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "account.json"
        path.write_text(json.dumps({**account, "UserDetailList": [ANCHOR, *account["UserDetailList"]]}))
        return load_snapshot(path)


@BOUNDED
@given(accounts, st.lists(resources(), max_size=2), st.one_of(st.none(), organizations()), documents)
def test_no_check_ends_a_run(account, held, organization, endpoint):
    endpoints = (VpcEndpoint(vpc_endpoint_id="vpce-1", service_name="com.amazonaws.x.s3", policy_document=endpoint),)
    facts = (AccountFacts(account_id=ACCOUNT, summary={}, is_password_policy_captured=True),)
    more = {"resources": tuple(held), "organization": organization, "vpc_endpoints": endpoints, "account_facts": facts}
    snapshot = read(account).model_copy(update=more)
    failed = [one for one in registry.run(Evaluator(snapshot)) if one.title == registry.INCOMPLETE]
    assert not failed, (failed[0].check_id, failed[0].evidence[0].text, failed[0].subject_name)
