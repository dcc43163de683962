"""SVC-01, SVC-02, SVC-04: roles and resources that services use on behalf of any account."""

import pytest

from iamdesk.checks.confused_deputy import bind_source, family
from iamdesk.checks.finding import Severity

BUCKET = "arn:aws:s3:::payroll"
TOPIC = "arn:aws:sns:eu-west-1:111122223333:news"


def trusting(make, *services, **more):
    return make.trust({"Service": list(services)}, **more)


def test_svc_01_a_service_that_takes_the_role_for_anybody(found, make):
    (one,) = found("SVC-01", roles=[make.role("flow", trust=trusting(make, "states.amazonaws.com"))])
    assert one.sentence == (
        "The trust policy of flow does not restrict for which account or resource states.amazonaws.com can assume it."
    )
    assert one.severity is Severity.LOW
    admin = make.role("flow", make.allow("*"), trust=trusting(make, "states.amazonaws.com"))
    (one,) = found("SVC-01", roles=[admin])
    assert one.severity is Severity.MEDIUM


@pytest.mark.parametrize(
    "condition",
    [
        {"StringEquals": {"aws:SourceAccount": "111122223333"}},
        {"ArnLike": {"aws:SourceArn": "arn:aws:states:*:111122223333:*"}},
        {"StringEquals": {"aws:SourceOrgID": "o-acme"}},
        {"StringEquals": {"sts:ExternalId": "acme"}},
    ],
)
def test_svc_01_what_binds_the_source(found, make, condition):
    trust = trusting(make, "states.amazonaws.com", Condition=condition)
    assert not found("SVC-01", roles=[make.role("flow", trust=trust)])


def test_svc_01_a_condition_that_binds_nothing(found, make):
    condition = {"StringEqualsIfExists": {"aws:SourceAccount": "111122223333"}}
    bound = trusting(make, "states.amazonaws.com", Condition=condition)
    assert not found("SVC-01", roles=[make.role("flow", trust=bound)])
    loose = trusting(make, "states.amazonaws.com", Condition={"StringLike": {"aws:SourceAccount": "*"}})
    assert len(found("SVC-01", roles=[make.role("flow", trust=loose)])) == 1


def test_svc_01_services_for_which_aws_shows_no_condition(found, make):
    assert not found("SVC-01", roles=[make.role("vm", trust=trusting(make, "ec2.amazonaws.com"))])
    assert "ec2.amazonaws.com" not in bind_source()


def test_svc_01_roles_that_differ_by_their_tags(found, make):
    trust = trusting(make, "states.amazonaws.com", Condition={"StringEquals": {"aws:ResourceTag/open": "yes"}})
    tagged = {"Tags": [{"Key": "open", "Value": "yes"}]}
    roles = [make.role("open", trust=trust, **tagged), make.role("shut", trust=trust)]
    assert [one.subject_name for one in found("SVC-01", roles=roles)] == ["open"]


def test_svc_01_statements_that_cannot_be_read_are_told_by_cmp_08(found, make):
    trust = make.document({"Effect": "allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:*"})
    roles = [make.role("flow", trust=trust)]
    assert not found("SVC-01", roles=roles)
    assert not found("SVC-04", roles=roles)
    assert len(found("CMP-08", roles=roles)) == 1


def service(make, arn, action, name="s3.amazonaws.com", **more):
    statement = {"Effect": "Allow", "Principal": {"Service": name}, "Action": action, "Resource": "*", **more}
    return {"resources": (make.resource(arn, statement),)}


def test_svc_02_a_resource_that_a_service_uses_for_anybody(make):
    (one,) = make.findings("SVC-02", beside=service(make, TOPIC, "sns:Publish"))
    assert one.sentence == "s3.amazonaws.com can perform sns:Publish on news on behalf of any account."
    assert one.severity is Severity.MEDIUM


def test_svc_02_whoever_reads_gets_the_content(make):
    reads = service(make, BUCKET, "s3:GetObject", "cloudfront.amazonaws.com")
    (one,) = make.findings("SVC-02", beside=reads)
    assert one.severity is Severity.HIGH


def test_svc_02_what_binds_the_source(make):
    condition = {"StringEquals": {"aws:SourceAccount": "111122223333"}}
    assert not make.findings("SVC-02", beside=service(make, TOPIC, "sns:Publish", Condition=condition))
    arn = {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::payroll"}, "StringEquals": {"aws:SourceAccount": "111122223333"}}
    assert not make.findings("SVC-02", beside=service(make, TOPIC, "sns:Publish", Condition=arn))


def test_svc_02_is_not_run_without_resource_policies(make):
    assert not make.findings("SVC-02")
    assert [one for one in make.findings("CMP-13") if "SVC-02" in one.sentence]


def test_svc_04_services_that_have_nothing_to_do_with_each_other(found, make):
    trust = trusting(make, "lambda.amazonaws.com", "firehose.amazonaws.com")
    (one,) = found("SVC-04", roles=[make.role("both", trust=trust)])
    assert (
        one.sentence == "both can be assumed by lambda.amazonaws.com and firehose.amazonaws.com, which are unrelated."
    )
    assert len(one.evidence) == 2


def test_svc_04_families_share_roles(found, make):
    roles = [
        make.role("build", trust=trusting(make, "codebuild.amazonaws.com", "codepipeline.amazonaws.com")),
        make.role("vm", trust=trusting(make, "ec2.amazonaws.com", "ssm.amazonaws.com")),
        make.role("one", trust=trusting(make, "lambda.amazonaws.com")),
    ]
    assert not found("SVC-04", roles=roles)


def test_svc_04_a_deny_that_keeps_one_out(found, make):
    trust = trusting(make, "lambda.amazonaws.com", "firehose.amazonaws.com")
    keep_out = {"Effect": "Deny", "Principal": {"Service": "firehose.amazonaws.com"}, "Action": "sts:AssumeRole"}
    trust["Statement"].append(keep_out)
    assert not found("SVC-04", roles=[make.role("both", trust=trust)])


def test_families_do_not_mind_regions():
    assert family("logs.eu-west-1.amazonaws.com") == family("logs.amazonaws.com") == family("cloudtrail.amazonaws.com")
    assert family("pods.eks.amazonaws.com") == family("eks.amazonaws.com")
    assert family("lambda.amazonaws.com") != family("ec2.amazonaws.com.cn") == family("ec2.amazonaws.com")


@pytest.mark.parametrize(
    ("operator", "source", "service"),
    [
        ("ArnLike", "arn:aws:s3:*:*:*", "s3.amazonaws.com"),
        ("ArnLike", "arn:aws:s3:::*", "s3.amazonaws.com"),
        ("ArnLike", "arn:aws:sns:*:*:*", "sns.amazonaws.com"),
        ("StringLike", "*", "Any AWS service"),
        ("StringLike", "arn:aws:cloudwatch:*", "cloudwatch.amazonaws.com"),
    ],
)
def test_svc_02_everyone_with_a_source_that_any_account_has(make, operator, source, service):
    queue = "arn:aws:sqs:eu-west-1:111122223333:jobs"
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": queue}

    def held(value, check="SVC-02", **more):
        bound = {**statement, "Condition": {operator: {"aws:SourceArn": value}}, **more}
        return make.findings(check, beside={"resources": (make.resource(queue, bound),)})

    (one,) = held(source)
    assert one.sentence == f"{service} can perform sqs:SendMessage on jobs on behalf of any account."
    assert not held(source, "RES-01")
    assert not held("arn:aws:sns:eu-west-1:111122223333:*")
    assert not held("arn:aws:s3:::payroll")
    account = {"StringEquals": {"aws:SourceAccount": "111122223333"}, operator: {"aws:SourceArn": source}}
    assert not held(source, Condition=account)


@pytest.mark.parametrize(("account", "count"), [({}, 1), ({"StringEquals": {"aws:SourceAccount": "111122223333"}}, 0)])
def test_svc_09_a_bucket_whose_account_is_not_tested(make, account, count):
    statement = make.allow(
        "sns:Publish",
        TOPIC,
        Principal={"Service": "s3.amazonaws.com"},
        Condition={"ArnEquals": {"aws:SourceArn": BUCKET}, **account},
    )
    topic = make.resource(TOPIC, statement)
    found = make.findings("SVC-09", beside={"resources": (topic,)})
    assert [one.severity for one in found] == [Severity.LOW] * count
    found = make.findings("SVC-09", beside={"resources": (topic, make.resource(BUCKET))})
    assert [one.severity for one in found] == [Severity.LOW] * count
    found = make.findings("SVC-09", beside={"resources": (topic, make.resource(f"{BUCKET}-new"))})
    assert [one.severity for one in found] == [Severity.MEDIUM] * count


def test_svc_09_sources_with_an_account(make):
    rule = "arn:aws:events:eu-west-1:111122223333:rule/x"
    statement = make.allow(
        "sns:Publish",
        TOPIC,
        Principal={"Service": "events.amazonaws.com"},
        Condition={"ArnEquals": {"aws:SourceArn": rule}},
    )
    assert not make.findings("SVC-09", beside={"resources": (make.resource(TOPIC, statement),)})


@pytest.mark.parametrize(("account", "count"), [({}, 1), ({"StringEquals": {"aws:SourceAccount": "111122223333"}}, 0)])
def test_svc_09_a_statement_for_everyone(make, account, count):
    condition = {"ArnLike": {"aws:SourceArn": BUCKET}, **account}
    topic = make.resource(TOPIC, make.allow("sns:Publish", TOPIC, Principal="*", Condition=condition))
    found = make.findings("SVC-09", beside={"resources": (topic,)})
    assert [one.severity for one in found] == [Severity.LOW] * count
    assert all(one.sentence.startswith("s3.amazonaws.com can perform sns:Publish") for one in found)
