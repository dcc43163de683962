"""S3 access points: what a request through one involves besides the access point itself (rule I11)."""

from iamdesk.aws.service_reference import reference
from iamdesk.evaluate.action_resource import Target, parse_target
from iamdesk.evaluate.derived_keys import AccessPointPath
from iamdesk.evaluate.policy_set import AttachedPolicy, MissingData, SourceType
from iamdesk.evaluate.request import PolicyType
from iamdesk.i18n import phrase
from iamdesk.inventory.resource_grants import network_origin_document
from iamdesk.inventory.resource_index import (
    ResourceIndex,
    access_point_arn,
    is_of_access_point,
    key_behind,
    tags_without_case,
)
from iamdesk.snapshot.resources import AccessPointBucket, Resource

_VPC = "VPC"


def through(target: Target, record: Resource | None) -> AccessPointPath | None:
    """Return the access point of a request, as in its condition keys; None for any other request."""
    if target.resource is None or not is_of_access_point(target.resource):
        return None
    arn = access_point_arn(target.resource)
    known = record.access_point if record is not None else None
    tags = None if record is None or record.tags is None else tags_without_case(record.tags)
    return AccessPointPath(str(arn), arn.account, known.network_origin if known else None, tags)


def behind(target: Target, record: Resource | None) -> tuple[tuple[AccessPointBucket, Target], ...]:
    """Return the buckets behind the access point of a request, each with the sub-request's target."""
    known = record.access_point if record is not None else None
    if known is None or not target.is_through_access_point or target.resource is None:
        return ()
    key = key_behind(target.resource)
    found = []
    for bucket in known.buckets:
        arn = f"arn:{target.resource.partition}:s3:::{bucket.name}"
        resource = arn if key is None else f"{arn}/{key}"
        found.append((bucket, parse_target(target.action_text, resource, reference())))
    return tuple(found)


def missing_data_of(target: Target, record: Resource | None) -> list[MissingData]:
    """Return the missing data of a request through an access point."""
    if not target.is_through_access_point or target.resource is None:
        return []
    known = record.access_point if record is not None else None
    name = access_point_arn(target.resource).resource.removeprefix("accesspoint/")
    if known is None or not known.buckets:
        message = phrase(
            "The bucket behind the access point {name} is not captured. It is assumed to allow the request.",
            name=name,
        )
        return [MissingData("access-point-bucket-unknown", message, PolicyType.RESOURCE)]
    if len(known.buckets) > 1:
        listed = ", ".join(bucket.name for bucket in known.buckets)
        message = phrase(
            "The Multi-Region Access Point {name} routes a request to one of {listed}: this decision covers all "
            "of them.",
            name=name,
            listed=listed,
        )
        return [MissingData("routed-to-one-bucket", message, PolicyType.RESOURCE)]
    return []


def network_origin(record: Resource | None) -> tuple[AttachedPolicy, ...]:
    """Return the denial of requests from outside the access point's VPC, written as a policy."""
    document = None if record is None else network_origin_document(record)
    if record is None or document is None:
        return ()
    name = phrase("network origin of {name}", name=record.arn.rpartition("/")[2])
    key = f"{record.arn}#network-origin"
    return (AttachedPolicy(PolicyType.RESOURCE, SourceType.RESOURCE, record.arn, key, name, record.arn, document),)


def restricts_public(
    resources: ResourceIndex, record: Resource, caller_account: str | None, *, at_the_bucket: bool
) -> bool:
    """Return whether Block Public Access restricts a request through an access point (rule I7).

    The strictest setting of access point, bucket and bucket owner's account applies, to both policies; it does not
    affect callers of the two accounts, and an access point for one VPC is never public.
    """
    known = record.access_point
    if known is None:
        return resources.restricts_public_buckets(record, None)
    if known.network_origin == _VPC and not at_the_bucket:
        return False
    owners = {record.arn.split(":", 5)[4]}
    restricts = resources.restricts_public_buckets(record, None)
    for bucket in known.buckets:
        behind_it = resources.bucket(record, bucket)
        owner = bucket.account_id or (behind_it.account_id if behind_it is not None else None)
        restricts = restricts or resources.restricts_public_buckets(behind_it, owner)
        owners |= {owner} if owner else set()
    return restricts and caller_account not in owners
