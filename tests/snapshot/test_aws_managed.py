"""The shipped AWS managed policies: every one is read, found by its ARN, and dated."""

import json
import lzma
from datetime import date

from iamdesk.resource_files import resources
from iamdesk.snapshot.aws_managed import FORMAT, aws_managed_policies
from iamdesk.snapshot.model import ManagedPolicyDetail

FILE = resources() / "data" / "aws-managed-policies.json.xz"


def found(arn: str) -> ManagedPolicyDetail:
    policy = aws_managed_policies().find(arn)
    assert policy is not None
    return policy


def test_every_policy_of_the_file_is_found_by_its_arn() -> None:
    policies = aws_managed_policies()

    every = list(policies)
    assert len(every) == len(policies) > 1500
    for policy in every:
        assert policies.find(policy.arn) == policy
        assert policy.is_aws_managed
        assert policy.default_version is not None
        assert policy.default_version.document["Statement"]


def test_a_policy_bears_the_version_in_force_and_its_dates() -> None:
    policy = found("arn:aws:iam::aws:policy/AdministratorAccess")

    assert (policy.policy_name, policy.path, policy.default_version_id) == ("AdministratorAccess", "/", "v1")
    assert policy.update_date is not None
    assert policy.update_date.date() == date(2015, 2, 6)
    assert policy.default_version is not None
    (statement,) = policy.default_version.document["Statement"]
    assert statement == {"Effect": "Allow", "Action": "*", "Resource": "*"}


def test_a_policy_with_a_path_is_found_by_path_and_name_alone() -> None:
    assert found("arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole").path == "/service-role/"
    assert aws_managed_policies().find("arn:aws:iam::aws:policy/AWSLambdaBasicExecutionRole") is None


def test_what_is_no_aws_managed_policy_is_not_found() -> None:
    for arn in (
        "arn:aws:iam::111122223333:policy/AdministratorAccess",
        "arn:aws:iam::aws:role/AdministratorAccess",
        "arn:aws:iam::aws:policy/NoSuchPolicy",
        "arn:aws:iam:us-east-1:aws:policy/AdministratorAccess",
        "arn:aws:s3::aws:policy/AdministratorAccess",
        "arn:aws:iam::aws:policy",
        "AdministratorAccess",
        "",
    ):
        assert aws_managed_policies().find(arn) is None, arn


def test_in_another_partition_only_documents_without_arns_of_aws_stand_for_the_policy_of_that_name() -> None:
    assert found("arn:aws-cn:iam::aws:policy/ReadOnlyAccess").arn == "arn:aws-cn:iam::aws:policy/ReadOnlyAccess"
    with_arns = next(
        one for one in aws_managed_policies() if '"arn:aws:' in json.dumps(one.policy_version_list[0].document)
    )

    assert aws_managed_policies().find(with_arns.arn.replace("arn:aws:", "arn:aws-us-gov:")) is None


def test_the_file_says_where_it_is_from_and_of_which_day() -> None:
    policies = aws_managed_policies()

    newest = max(policy.update_date for policy in policies if policy.update_date is not None)
    assert policies.as_of == newest.date()
    assert policies.source.startswith("moto 5.")
    assert json.loads(lzma.decompress(FILE.read_bytes()))["format"] == FORMAT


def test_the_file_is_small_enough_to_ship() -> None:
    assert FILE.stat().st_size < 400_000
