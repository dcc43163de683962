"""AWS managed policies as AWS had published them on a day: for what a snapshot names but does not hold.

They ship as ``resources/data/aws-managed-policies.json.xz`` (`packaging/aws_managed_policies.py` makes it). AWS changes
its policies, so a result that depends on one from here says so, with the day.
"""

import json
import lzma
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from iamdesk.i18n import phrase
from iamdesk.policy.arn import ArnError, parse_arn
from iamdesk.resource_files import resources
from iamdesk.snapshot.model import ManagedPolicyDetail, PolicyVersion

FORMAT = "iamdesk-aws-managed-policies/1"
_POLICY = "policy"


@dataclass(frozen=True, slots=True)
class AwsManagedPolicies:
    """All AWS managed policies of the shipped file."""

    as_of: date
    """The day of AWS's newest change among them: what AWS changed later is not in it."""
    source: str
    """Who listed them: ``moto 5.2.5``."""
    entries: Mapping[str, Mapping[str, Any]]
    """By path and name (``/service-role/AWSLambdaRole``): ``version``, ``created``, ``updated``, ``document``."""

    def __len__(self) -> int:
        return len(self.entries)

    def find(self, arn: str) -> ManagedPolicyDetail | None:
        """Return the policy with this ARN; None if it is not an AWS managed policy or not in the file.

        Its document is that of the version in force. The file holds what AWS publishes in the partition ``aws``. Other
        partitions (``aws-cn``, ``aws-us-gov``) have policies of the same names, with their own partition in ARNs: there
        a policy is found only where its document names no ARN of ``aws``.
        """
        try:
            parts = parse_arn(arn)
        except ArnError:
            return None
        kind, slash, place = parts.resource.partition("/")
        if (parts.service, parts.region, parts.account, kind) != ("iam", "", "aws", _POLICY):
            return None
        entry = self.entries.get(slash + place)
        if entry is None or (parts.partition != "aws" and '"arn:aws:' in json.dumps(entry["document"])):
            return None
        return _detail(arn, slash + place, entry)

    def __iter__(self) -> Iterator[ManagedPolicyDetail]:
        for place, entry in self.entries.items():
            yield _detail(f"arn:aws:iam::aws:{_POLICY}{place}", place, entry)


def as_published_words(arn: str) -> str:
    """Return the sentence that AWS's version of a policy that was not captured is evaluated."""
    return phrase(
        "The AWS managed policy {name} is not captured. The version that AWS published by {as_of:%Y-%m-%d} is used.",
        name=arn.rpartition("/")[2],
        as_of=aws_managed_policies().as_of,
    )


def _detail(arn: str, place: str, entry: Mapping[str, Any]) -> ManagedPolicyDetail:
    path, _, name = place.rpartition("/")
    held = PolicyVersion(version_id=entry["version"], is_default_version=True, document=entry["document"])
    return ManagedPolicyDetail(
        arn=arn,
        policy_name=name,
        path=f"{path}/",
        default_version_id=entry["version"],
        create_date=entry["created"],
        update_date=entry["updated"],
        policy_version_list=(held,),
    )


@cache
def aws_managed_policies() -> AwsManagedPolicies:
    """Return the shipped policies; the file is read once, at the first call (some 60 ms and 12 MB)."""
    packed = (resources() / "data" / "aws-managed-policies.json.xz").read_bytes()
    held = json.loads(lzma.decompress(packed))
    if held["format"] != FORMAT:
        raise ValueError(f"aws-managed-policies.json.xz has the format {held['format']}, expected {FORMAT}")
    return AwsManagedPolicies(date.fromisoformat(held["as_of"]), held["source"], held["policies"])
