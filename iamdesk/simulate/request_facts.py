"""What a request of AWS can be: its ARNs, names of resources, values of keys (``resources/data/requests.json``)."""

import json
import re
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from typing import Any

from iamdesk.aws.service_reference import reference
from iamdesk.escaping import with_visible_end
from iamdesk.evaluate.action_resource import Target
from iamdesk.evaluate.principal import BUILT_IN_PROVIDERS
from iamdesk.evaluate.request import RequestError, UnknownActionError, check_account
from iamdesk.i18n import phrase
from iamdesk.policy.arn import Arn, parse_arn
from iamdesk.policy.wildcards import is_pattern
from iamdesk.policy_validation.facts import is_partition, is_region
from iamdesk.resource_files import resources

_NOT_ACCOUNTS = frozenset({"", "aws", "cloudfront", "offering"})
"""What ARNs of AWS have in place of an account ID."""
_PLACEHOLDER = re.compile(r"(?:^|[:/])(?:<[^<>]*>|\$\{[^{}:]*\})(?=$|[:/])")
_NEAR = 0.9
"""How alike a service principal is to a known one that it misspells: others may be newer than the list."""


@cache  # one value
def request_facts() -> Mapping[str, Any]:
    """Return the facts; read once."""
    found: dict[str, Any] = json.loads((resources() / "data" / "requests.json").read_text(encoding="utf-8"))
    return found


def check_head(arn: Arn) -> None:
    """Raise a `RequestError` if the partition or account of an ARN is none: each account decides for itself."""
    if not is_partition(arn.partition):
        raise RequestError(phrase("AWS has no partition `{partition}`", partition=arn.partition))
    if is_pattern(arn.account):
        text = with_visible_end(str(arn))
        raise RequestError(phrase("{arn} does not say which account: specify its account ID", arn=text))
    if arn.account not in _NOT_ACCOUNTS:
        check_account(arn.account)


def check_region(region: str) -> None:
    """Raise an `UnknownActionError` if AWS's list has no such Region."""
    if not is_region(region):
        raise UnknownActionError(phrase("`{region}` is not in the list of AWS Regions.", region=region))


def check_resource(arn: Arn) -> None:
    """Raise a `RequestError` if an ARN, perhaps with wildcards, cannot be of any resource."""
    check_head(arn)
    if arn.region:
        check_region(arn.region)
    text = str(arn)
    if ",arn:" in text or (arn.service != "s3" and _PLACEHOLDER.search(arn.resource)):
        raise RequestError(phrase("{resource} is not the ARN of one resource", resource=with_visible_end(text)))
    if reference().resource_types_of_arn(arn.service, text):
        return
    anywhere = reference().resource_types_of_arn(arn.service, str(arn._replace(region="*", account="*")))
    listed = [one for kind in anywhere if (one := reference().resource_type(arn.service, kind)) is not None]
    has = bool(arn.region), bool(arn.account)
    if listed and all(
        (bool(form.region), bool(form.account)) != has for one in listed for form in map(parse_arn, one.arns)
    ):
        raise RequestError(
            phrase(
                "{resource} is not the ARN of any resource: the form for {kind} is {form}",
                resource=with_visible_end(text),
                kind=listed[0].name,
                form=listed[0].arn,
            )
        )


def check_name(target: Target) -> None:
    """Raise a `RequestError` if no resource of the types that an action takes can have the name in the ARN."""
    known = request_facts()["names"]
    rules = [known.get(target.action_text) or known.get(f"{target.service}:{kind}") for kind in target.resource_types]
    if target.resource is None or not rules or None in rules:
        return
    text = re.sub(r"[*?]+", "x", target.resource.resource.rstrip())
    if not any(re.fullmatch(rule["text"], text, re.DOTALL) for rule in rules):
        raise RequestError(
            phrase(
                "{resource} cannot be the ARN of {kind}: {source}",
                resource=with_visible_end(target.resource_text),
                kind=target.resource_types[0],
                source=rules[0]["source"],
            )
        )


def check_service(principal: str) -> None:
    """Raise a `RequestError` if a service principal misspells one of AWS."""
    name, dot, domain = principal.partition(".amazon")
    if domain == ".com" and not name.startswith("alexa-") and principal not in BUILT_IN_PROVIDERS:
        near = [name]
    else:
        known = request_facts()["service_principals"]
        near = [] if not dot or name in known else get_close_matches(name, known, 1, _NEAR)
    if near:
        raise RequestError(
            phrase(
                "AWS has no service {principal}. Did you mean {meant}?",
                principal=principal,
                meant=f"{near[0]}.amazonaws.com",
            )
        )
