"""The entered request context, limited to what AWS would send: rules J1 and G12."""

from collections.abc import Iterator

from iamdesk.aws.service_reference import reference
from iamdesk.evaluate.action_resource import Target
from iamdesk.evaluate.context import ABSENT, KeyValue, Knowledge, given_facts
from iamdesk.evaluate.derived_keys import ACCESS_POINT_KEYS
from iamdesk.evaluate.policy_set import MissingData
from iamdesk.evaluate.request import ContextValues, PolicyType
from iamdesk.i18n import phrase
from iamdesk.policy.operators import is_private_address, read_address

PUBLIC_ADDRESS_KEY = "aws:sourceip"
_CALLED_VIA = ("aws:calledvia", "aws:calledviafirst", "aws:calledvialast")
"""Keys of requests that a service makes for the caller: aws:ViaAWSService is true in all of them (IAM User Guide, "AWS
global condition context keys": "in the chain that made requests on the principal's behalf")."""


def facts_given(given: ContextValues, target: Target) -> dict[str, KeyValue]:
    """Return the entered values by key in lower case; a key that the action does not support is absent."""
    facts = given_facts(given)
    for key in facts:
        if not is_taken(key, target):
            facts[key] = ABSENT
    if any(facts[key].values for key in _CALLED_VIA if key in facts):
        facts.setdefault("aws:viaawsservice", KeyValue(Knowledge.PRESENT, ("true",)))
    return facts


def missing_data_of_given(given: ContextValues, target: Target) -> Iterator[MissingData]:
    """Yield entered values that are impossible or unknown."""
    for key, value in given.items():
        if value is None:
            continue
        if reference().key_type(key, target.service) is None:
            day = reference().updated
            message = phrase(
                "The condition key {key} is not in AWS's lists of {day} {month:%B %Y}: it is used as given.",
                day=day.day,
                month=day,
                key=key,
            )
            yield MissingData("context-key-unknown", message, PolicyType.IDENTITY)
        elif not is_taken(key.lower(), target):
            message = phrase(
                "Requests for {action_text} do not include {key}: the value given for it is ignored.",
                action_text=target.action_text,
                key=key,
            )
            yield MissingData("context-key-not-taken", message, PolicyType.IDENTITY)
        elif key.lower() == PUBLIC_ADDRESS_KEY:
            texts = (value,) if isinstance(value, str) else tuple(value)
            addresses = (address for text in texts if (address := read_address(text)) is not None)
            if any(is_private_address(address) for address in addresses):
                message = phrase(
                    "{key} is a public address and matches no private range: through a VPC endpoint it is absent, and "
                    "the private address is aws:VpcSourceIp.",
                    key=key,
                )
                yield MissingData("source-ip-private", message, PolicyType.IDENTITY)


def is_taken(key: str, target: Target) -> bool:
    """Return whether requests for an action can have a key, in lower case (rule J1)."""
    if target.service == "s3" and key in ACCESS_POINT_KEYS:
        return True
    if not reference().knows_takers(key, target.service):
        return True  # it may be newer than the lists
    return target.action is None or reference().takes_key(target.action, target.resource_types or None, key)
