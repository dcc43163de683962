"""Condition keys of every request, whatever the action: their types, and which of them every action supports.

They are data, with their sources (``resources/data/global-condition-keys.json``). Of the global keys, the action data
lists only the three that depend on the action: aws:RequestTag, aws:TagKeys and aws:ResourceTag.
"""

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from iamdesk.resource_files import resources

_DATA: Final = json.loads((resources() / "data" / "global-condition-keys.json").read_text(encoding="utf-8"))
GLOBAL_KEY_TYPES: Final[Mapping[str, str]] = _DATA["types"]
"""Type by key in lower case. An ``ArrayOf…`` type means a multivalued key (*m* in Table 1)."""
_FORMS: Final = [
    (re.compile(one["keys"]), frozenset(one.get("services", ())), re.compile(one["form"])) for one in _DATA["forms"]
]


@lru_cache(maxsize=1 << 10)
def form_of(key: str, service: str) -> re.Pattern[str] | None:
    """Return what every value of a key (lower case) matches in requests to a service; None: no such limit is known.

    AWS rejects a call with another value before it evaluates policies.
    """
    matching = (form for keys, of, form in _FORMS if (not of or service.lower() in of) and keys.fullmatch(key))
    return next(matching, None)


PRINCIPAL_TAG_PREFIX: Final = "aws:principaltag/"

ROLES_ANYWHERE: Final = "rolesanywhere.amazonaws.com"
"""The service principal of IAM Roles Anywhere: the only one whose requests have principal tags (rule J2)."""
_CERTIFICATE_FIELDS: Final = ("x509subject/", "x509issuer/", "x509san/")


def is_certificate_tag(tag: str) -> bool:
    """Return whether a principal tag (lower case) can hold an attribute of an X.509 certificate.

    IAM Roles Anywhere takes the attributes from the certificate's subject, issuer and subject alternative name; the
    profile's mapping decides which of them become tags (IAM Roles Anywhere User Guide, "Trust model", "Certificate
    attribute mapping", "Attribute mapping and trust policy").
    """
    return tag.startswith(_CERTIFICATE_FIELDS)


REGION_KEYS: Final = frozenset({"aws:requestedregion", "ec2:region"})
"""Keys, in lower case, for the Region of a request. AWS writes Regions in lower case ("AWS Regions" in the guide AWS
Regions and Availability Zones)."""

RESOURCE_TAG_PREFIXES: Final = (
    "aws:resourcetag/",
    *("autoscaling:resourcetag/", "ec2:resourcetag/", "ecr-public:resourcetag/", "ecr:resourcetag/"),
    *("ecs:resourcetag/", "elasticloadbalancing:resourcetag/", "elasticmapreduce:resourcetag/", "glacier:resourcetag/"),
    *("iam:resourcetag/", "iotanalytics:resourcetag/", "license-manager:resourcetag/", "ram:resourcetag/"),
    *("sagemaker:resourcetag/", "secretsmanager:resourcetag/", "ssm:resourcetag/", "s3:buckettag/"),
    *("rds:cluster-pg-tag/", "rds:cluster-snapshot-tag/", "rds:cluster-tag/", "rds:db-tag/", "rds:es-tag/"),
    *("rds:og-tag/", "rds:pg-tag/", "rds:ri-tag/", "rds:secgrp-tag/", "rds:snapshot-tag/", "rds:subgrp-tag/"),
)
"""Keys, up to the tag's name, for a tag of the resource: AWS's own and those of services.

Source: Service Authorization Reference, each service's condition keys (``secretsmanager:ResourceTag/tag-key``); Amazon
RDS User Guide, "Specifying conditions: Using custom tags". Rule J1 says on which actions and resources each applies."""

PER_ACTION_KEY_TYPES: Final[dict[str, str]] = {
    "aws:requesttag/": "String",
    "aws:resourcetag/": "String",
    "aws:tagkeys": "ArrayOfString",
}
"""Global keys that only some actions support (rules, Table 1); the first two are followed by a tag's key."""

_SPELLINGS: Final[dict[str, str]] = {
    key.lower(): key
    for key in (
        *("aws:PrincipalArn", "aws:PrincipalAccount", "aws:PrincipalOrgID", "aws:PrincipalOrgPaths"),
        *("aws:PrincipalType", "aws:PrincipalIsAWSService", "aws:PrincipalServiceName"),
        *("aws:PrincipalServiceNamesList", "aws:AssumedRoot", "aws:FederatedProvider", "aws:TokenIssueTime"),
        *("aws:MultiFactorAuthPresent", "aws:MultiFactorAuthAge", "aws:SignInSessionArn", "aws:SourceIdentity"),
        *("aws:ChatbotSourceArn", "aws:Ec2InstanceSourceVpc", "aws:Ec2InstanceSourcePrivateIPv4"),
        *("aws:ViaCustomerDomain", "aws:SourceIp", "aws:SourceVpc", "aws:SourceVpce", "aws:VpcSourceIp"),
        *("aws:SourceVpcArn", "aws:VpceAccount", "aws:VpceOrgID", "aws:VpceOrgPaths", "aws:ResourceAccount"),
        *("aws:ResourceOrgID", "aws:ResourceOrgPaths", "aws:CalledVia", "aws:CalledViaFirst", "aws:CalledViaLast"),
        *("aws:ViaAWSService", "aws:ViaAWSMCPService", "aws:CalledViaAWSMCP", "aws:IsMcpServiceAction"),
        *("aws:CurrentTime", "aws:EpochTime", "aws:RequestedRegion", "aws:SecureTransport", "aws:UserAgent"),
        *("aws:SourceAccount", "aws:SourceArn", "aws:SourceOrgID", "aws:SourceOwner", "aws:SourceOrgPaths"),
        *("aws:PrincipalTag", "aws:RequestTag", "aws:ResourceTag", "aws:TagKeys"),
        *("iam:PassedToService", "iam:PermissionsBoundary", "iam:PolicyARN", "sts:ExternalId"),
        *("sts:RoleSessionName", "sts:SourceIdentity", "kms:ViaService", "kms:CallerAccount"),
        *("ec2:Region", "ec2:ResourceTag", "s3:ExistingObjectTag", "s3:RequestObjectTag"),
    )
}


def spelled(key: str) -> str:
    """Return a key as AWS's pages spell it (``aws:RequestedRegion``); keys that are not known unchanged.

    Keys are compared without case (rule G6), so texts show one spelling of each. The key of a tag stays as it is.
    """
    name, slash, tag = key.partition("/")
    return f"{_SPELLINGS.get(name.lower(), name)}{slash}{tag}"


_SESSION_CLAIMS: Final = frozenset({"aud", "sub", "amr"})


def is_provider_key(key: str) -> bool:
    """Return whether the key (lower case) is a claim of an OpenID Connect provider: ``host[/path]:claim``.

    No service prefix contains a dot, and every provider's host does (rule I9).
    """
    provider, colon, claim = key.rpartition(":")
    return bool(colon and claim) and "." in provider.partition(":")[0]


def provider_key_type(key: str) -> str:
    """Return the type of a provider's claim; only ``amr`` is multivalued (rule I9)."""
    return "ArrayOfString" if key.endswith(":amr") else "String"


def is_seen_by_every_action(key: str) -> bool:
    """Return whether the key (lower case) does not depend on the action: it is about caller, session, network or call.

    Of a provider's claims only ``aud``, ``sub`` and ``amr`` stay in the session (rule I9).
    """
    if key in GLOBAL_KEY_TYPES or (key.startswith(PRINCIPAL_TAG_PREFIX) and len(key) > len(PRINCIPAL_TAG_PREFIX)):
        return True
    return is_provider_key(key) and key.rpartition(":")[2] in _SESSION_CLAIMS
