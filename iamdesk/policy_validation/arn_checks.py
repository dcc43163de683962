"""Checks of the ARNs in ``Resource`` and ``NotResource``."""

import re
from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache, lru_cache
from typing import NamedTuple

from iamdesk.aws.arn_templates import ArnTemplate, split_arn
from iamdesk.aws.service_reference import reference
from iamdesk.i18n import mark, phrase
from iamdesk.policy.wildcards import glob, is_pattern
from iamdesk.policy_validation.facts import facts, is_partition, is_region
from iamdesk.policy_validation.issue import FindingType, Problem, validation_check
from iamdesk.policy_validation.policy_view import ARN_FIELDS, VARIABLE, ArnParts, PolicyKind, PolicyView
from iamdesk.policy_validation.precedents import precedents

_OWNERS = frozenset({"aws", "aws-managed", "cloudfront", "amazon", "third-party", "self", "aws-marketplace"})
"""What some ARNs have instead of an account ID (``arn:aws:iam::aws:policy/…``)."""


class _Format(NamedTuple):
    """The ARN format of one resource type."""

    template: ArnTemplate
    region: str
    """As in the template: ``${Region}``, empty, or a Region."""
    account: str


@cache
def _formats() -> dict[str, tuple[_Format, ...]]:
    """Return the formats by the service that the ARN names; ``""`` holds those with a placeholder there."""
    found: dict[str, list[_Format]] = {}
    known = reference()
    for service in known.services():
        for entry in known.resource_types_of(service):
            for arn in entry.arns:
                parts = arn.split(":", 5)
                if len(parts) == ARN_FIELDS:
                    named = "" if "$" in parts[2] or "*" in parts[2] else parts[2].lower()
                    found.setdefault(named, []).append(_Format(ArnTemplate(arn), parts[3], parts[4]))
    return {service: tuple(formats) for service, formats in found.items()}


@cache
def arn_services() -> frozenset[str]:
    """Return the services that an ARN can name: those with resource types, and all service prefixes."""
    return frozenset(_formats()) - {""} | frozenset(reference().services())


@lru_cache(maxsize=1 << 12)
def _fitting(service: str, resource: str) -> tuple[_Format, ...] | None:
    """Return the formats of a service that a resource part fits; None where the service has no formats."""
    formats = _formats().get(service)
    split = split_arn(f"arn:*:{service}:*:*:{resource}")
    if formats is None or split is None:
        return None
    return tuple(one for one in formats if one.template.fits(split))


@validation_check(
    "POL-060",
    "INVALID_ARN_PREFIX",
    FindingType.ERROR,
    title=mark("Resource without the prefix arn"),
    remediation=mark("Write the resource as an ARN, which begins with `arn:`, or as `*`."),
    can_be_stored=False,
)
def invalid_arn_prefix(policy: PolicyView) -> Iterator[Problem]:
    """``*`` is the only other form."""
    for path, text in policy.resources:
        if not text.startswith("arn:"):
            yield path, phrase("The resource `{text}` does not begin with `arn:`.", text=text)


@validation_check(
    "POL-061",
    "MISSING_ARN_FIELD",
    FindingType.ERROR,
    title=mark("ARN with missing fields"),
    remediation=mark("Use the format `arn:partition:service:region:account:resource`; unused fields stay empty."),
)
def missing_arn_field(policy: PolicyView) -> Iterator[Problem]:
    """AWS stores some of them in identity policies (rule F7)."""
    for path, text in policy.resources:
        parts = VARIABLE.sub("*", text).split(":", 5)
        if parts[0] == "arn" and len(parts) < ARN_FIELDS:
            yield path, phrase("The ARN `{text}` has {count} of 6 fields.", text=text, count=len(parts))


@validation_check(
    "POL-062",
    "INVALID_PARTITION",
    FindingType.ERROR,
    title=mark("Invalid partition in an ARN"),
    remediation=mark("Use a partition of AWS, such as `aws`, `aws-cn` or `aws-us-gov`."),
)
def invalid_partition(policy: PolicyView) -> Iterator[Problem]:
    """A wildcard has to match a partition."""
    for arn in policy.arns:
        if not is_partition(arn.partition):
            known = ", ".join(facts().partitions)
            yield (
                arn.path,
                phrase(
                    "The partition `{partition}` of `{text}` is not one of {known}.",
                    partition=arn.partition,
                    text=arn.text,
                    known=known,
                ),
            )


@validation_check(
    "POL-063",
    "INVALID_ARN_SERVICE_CASE",
    FindingType.ERROR,
    title=mark("Capital letter in the service of an ARN"),
    remediation=mark("Write the service in lower case."),
)
def invalid_arn_service_case(policy: PolicyView) -> Iterator[Problem]:
    """Services are in lower case."""
    for arn in policy.arns:
        if arn.service != arn.service.lower():
            yield (
                arn.path,
                phrase("The service `{service}` of `{text}` is not in lower case.", service=arn.service, text=arn.text),
            )


@validation_check(
    "POL-064",
    "INVALID_SERVICE",
    FindingType.ERROR,
    title=mark("Unknown service"),
    remediation=mark("Correct the service prefix."),
)
def invalid_service(policy: PolicyView) -> Iterator[Problem]:
    """In an ARN, or in a condition key."""
    known = reference()
    for arn in policy.arns:
        if not is_pattern(arn.service) and arn.service.lower() not in arn_services():
            yield arn.path, _no_service(arn.service, arn.text)
    for _, test in policy.all_tests():
        prefix, colon, name = test.key.partition(":")
        if not (colon and name) or prefix == "aws" or known.key_type(test.key) is not None:
            continue
        if not known.service_exists(prefix) and test.key not in precedents().keys:
            yield test.path, _no_service(prefix, test.key_text)


def _no_service(service: str, text: str) -> str:
    near = get_close_matches(service.lower(), arn_services(), n=1, cutoff=0.75)
    if near:
        return phrase(
            "The service `{service}` of `{text}` does not exist. Did you mean `{near}`?",
            service=service,
            text=text,
            near=near[0],
        )
    return phrase("The service `{service}` of `{text}` does not exist.", service=service, text=text)


@validation_check(
    "POL-065",
    "WILDCARD_IN_SERVICE_NAME",
    FindingType.SUGGESTION,
    title=mark("Wildcard in the service of an ARN"),
    remediation=mark("Name the service: the wildcard also matches services that AWS adds later."),
)
def wildcard_in_service_name(policy: PolicyView) -> Iterator[Problem]:
    """The third field of an ARN."""
    for arn in policy.arns:
        if is_pattern(arn.service):
            yield arn.path, phrase("The service of `{text}` has a wildcard.", text=arn.text)


@validation_check(
    "POL-066",
    "INVALID_ARN_REGION",
    FindingType.ERROR,
    title=mark("Unknown Region in an ARN"),
    remediation=mark("Use a Region of AWS, or `*`."),
)
def invalid_arn_region(policy: PolicyView) -> Iterator[Problem]:
    """A wildcard has to match a Region."""
    for arn in policy.arns:
        if arn.region and not is_region(arn.region):
            yield (
                arn.path,
                phrase("The Region `{region}` of `{text}` does not exist.", region=arn.region, text=arn.text),
            )


def _is_account(text: str) -> bool:
    """Return whether a text is an account ID, or a pattern that can match one or an owner."""
    if is_pattern(text):
        can_be_digits = len(text.replace("*", "")) <= 12 and all(one.isdigit() or one in "*?" for one in text)
        return can_be_digits or any(glob(text).matches(owner) for owner in _OWNERS)
    return text in _OWNERS or (text.isascii() and text.isdigit() and len(text) == 12)


@validation_check(
    "POL-067",
    "INVALID_ARN_ACCOUNT",
    FindingType.ERROR,
    title=mark("Invalid account ID in an ARN"),
    remediation=mark("Use the account ID of 12 digits."),
)
def invalid_arn_account(policy: PolicyView) -> Iterator[Problem]:
    """Twelve digits, or the name of an owner in ARNs of AWS's own resources."""
    for arn in policy.arns:
        if arn.account and not _is_account(arn.account):
            yield (
                arn.path,
                phrase(
                    "The account ID `{account}` of `{text}` does not have 12 digits.",
                    account=arn.account,
                    text=arn.text,
                ),
            )


def _formats_of(arn: ArnParts) -> tuple[_Format, ...]:
    """Return the formats that an ARN fits apart from its Region and account; none where that says nothing."""
    if is_pattern(arn.service):
        return ()
    return _fitting(arn.service.lower(), arn.resource) or ()


@cache
def _beginnings_of_aws() -> frozenset[str]:
    """Return the beginnings of those ARNs of AWS's own policies that fit no listed format."""
    found = set()
    for text in precedents().resources:
        parts = VARIABLE.sub("*", text).split(":", 5)
        if len(parts) == ARN_FIELDS and not is_pattern(parts[2]) and _fitting(parts[2].lower(), parts[5]) == ():
            found.add(_beginning(text))
    return frozenset(found)


def _beginning(text: str) -> str:
    """Return service and first word of the resource part: ``backup:recovery-point``."""
    parts = text.split(":", 5)
    words = re.split("[:/]", parts[5].lstrip(":/"))
    return f"{parts[2].lower()}:{words[0]}"


@validation_check(
    "POL-068",
    "INVALID_ARN_RESOURCE",
    FindingType.ERROR,
    title=mark("Resource part that matches no resource type"),
    remediation=mark("Write the resource part in the format of its type in the Service Authorization Reference."),
)
def invalid_arn_resource(policy: PolicyView) -> Iterator[Problem]:
    """Only for services whose resource types AWS lists."""
    for arn in policy.arns:
        if is_pattern(arn.service):
            continue
        if _fitting(arn.service.lower(), arn.resource) == () and _beginning(arn.text) not in _beginnings_of_aws():
            message = phrase(
                "The resource part `{resource}` of `{text}` matches no resource type of {service}.",
                resource=arn.resource,
                text=arn.text,
                service=arn.service,
            )
            yield arn.path, message


@validation_check(
    "POL-069",
    "ARN_REGION_NOT_ALLOWED",
    FindingType.ERROR,
    title=mark("Region in an ARN without Regions"),
    remediation=mark("Leave the field of the Region empty."),
)
def arn_region_not_allowed(policy: PolicyView) -> Iterator[Problem]:
    """A field of stars matches an empty one."""
    for arn in policy.arns:
        formats = _formats_of(arn)
        if arn.region.strip("*") and formats and all(one.region == "" for one in formats):
            yield arn.path, phrase("ARNs such as `{text}` have no Region.", text=arn.text)


@validation_check(
    "POL-070",
    "ARN_ACCOUNT_NOT_ALLOWED",
    FindingType.ERROR,
    title=mark("Account ID in an ARN without accounts"),
    remediation=mark("Leave the field of the account ID empty."),
)
def arn_account_not_allowed(policy: PolicyView) -> Iterator[Problem]:
    """A field of stars matches an empty one."""
    for arn in policy.arns:
        formats = _formats_of(arn)
        if arn.account.strip("*") and formats and all(one.account == "" for one in formats):
            yield arn.path, phrase("ARNs such as `{text}` have no account ID.", text=arn.text)


@validation_check(
    "POL-071",
    "MISSING_ARN_REGION",
    FindingType.ERROR,
    title=mark("ARN without its Region"),
    remediation=mark("Add the Region, or `*`."),
)
def missing_arn_region(policy: PolicyView) -> Iterator[Problem]:
    """Every resource type that the ARN fits has a Region."""
    for arn in policy.arns:
        formats = _formats_of(arn)
        if not arn.region and formats and all(one.region != "" for one in formats):
            yield arn.path, phrase("The ARN `{text}` has no Region.", text=arn.text)


@validation_check(
    "POL-072",
    "MISSING_ARN_ACCOUNT",
    FindingType.ERROR,
    title=mark("ARN without its account ID"),
    remediation=mark("Add the account ID, or `*`."),
)
def missing_arn_account(policy: PolicyView) -> Iterator[Problem]:
    """Resources of AWS itself have no account (``arn:aws:ssm:us-east-1::document/…``)."""
    for arn in policy.arns:
        formats = _formats_of(arn)
        if arn.account or arn.resource.startswith("*") or arn.service.lower() in _WITH_RESOURCES_OF_AWS:
            continue
        if formats and all(one.account != "" for one in formats):
            yield arn.path, phrase("The ARN `{text}` has no account ID.", text=arn.text)


_WITH_RESOURCES_OF_AWS = frozenset({"ssm", "ec2", "elasticbeanstalk", "rds", "imagebuilder", "resource-explorer-2"})
"""Services with resources that belong to AWS, whose ARNs have no account ID."""


@validation_check(
    "POL-073",
    "UNSUPPORTED_RESOURCE_ARN_IN_POLICY",
    FindingType.ERROR,
    title=mark("ARN of another service in a resource policy"),
    remediation=mark("Name the resource that the policy is attached to."),
    kinds=frozenset({PolicyKind.RESOURCE}),
)
def unsupported_resource_arn(policy: PolicyView) -> Iterator[Problem]:
    """Only if the service of the resource is given."""
    services = services_of_resource(policy.resource_service)
    for arn in policy.arns if services else ():
        if not is_pattern(arn.service) and arn.service.lower() not in services:
            message = phrase(
                "The ARN `{text}` is not of {service}, whose resource has the policy.",
                text=arn.text,
                service=policy.resource_service,
            )
            yield arn.path, message


_SERVICES_OF_RESOURCE = {
    "s3": ("s3", "s3-object-lambda", "s3-outposts", "s3express"),
    "apigateway": ("execute-api", "apigateway"),
    "execute-api": ("execute-api", "apigateway"),
    "es": ("es", "opensearch"),
    "elasticfilesystem": ("elasticfilesystem",),
    "vpc-lattice": ("vpc-lattice", "vpc-lattice-svcs"),
    "bedrock-agentcore": ("bedrock-agentcore",),
}


def services_of_resource(service: str) -> tuple[str, ...]:
    """Return the services that a resource policy of a service's resource names; none if no service is given."""
    return _SERVICES_OF_RESOURCE.get(service, (service,) if service else ())
