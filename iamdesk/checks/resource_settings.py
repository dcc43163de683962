"""Settings beside policies: Block Public Access, access control lists of buckets, default policies of VPC endpoints,
authorization of APIs."""

from collections.abc import Iterator

from iamdesk.checks.check import CheckResult, check
from iamdesk.checks.check_context import CheckContext
from iamdesk.checks.finding import Evidence, Severity, State
from iamdesk.checks.prerequisites import Data, owner_of
from iamdesk.checks.remediation_commands import command
from iamdesk.checks.resource_requests import RESOURCES, resource_subject
from iamdesk.checks.targets import ACCOUNTS
from iamdesk.checks.words import enumerated
from iamdesk.i18n import mark, nphrase, phrase
from iamdesk.inventory.endpoint_index import service_of
from iamdesk.policy.canonical_form import allows_everything
from iamdesk.policy.document import Document
from iamdesk.snapshot.model import Account
from iamdesk.snapshot.resources import ObjectOwnership, PublicAccessBlock, Resource, VpcEndpoint

_MAX_NAMED = 20
_SETTINGS = (
    ("block_public_acls", "BlockPublicAcls"),
    ("ignore_public_acls", "IgnorePublicAcls"),
    ("block_public_policy", "BlockPublicPolicy"),
    ("restrict_public_buckets", "RestrictPublicBuckets"),
)


def _missing(block: PublicAccessBlock | None) -> list[str]:
    """Return the names of the settings that are off."""
    return [name for field, name in _SETTINGS if block is None or not getattr(block, field)]


def _buckets(survey: CheckContext, account: Account) -> Iterator[Resource]:
    for resource in survey.snapshot.resources:
        is_bucket = resource.arn.split(":", 5)[2:5] == ["s3", "", ""] and "/" not in resource.arn
        if is_bucket and owner_of(resource) == account.account_id:
            yield resource


def _names(buckets: list[Resource]) -> list[str]:
    return [one.arn.rpartition(":")[2] for one in buckets]


@check(
    "RES-12",
    over=ACCOUNTS,
    severity=(
        Severity.MEDIUM,
        "The last protection against a mistake; public buckets are reported separately. Below Prowler for that reason.",
    ),
    title=mark("Block Public Access not enabled"),
    question="Is a setting of S3 Block Public Access off, for the account and for some of its buckets?",
    remediation=mark(
        "Enable all four settings for the account. If a bucket has to be public, move it to an account of its own."
    ),
    standards=("AWS FSBP S3.1", "AWS FSBP S3.8", "NIST 800-53 AC-3"),
    data=Data.RESOURCE_POLICIES,
)
def public_access_not_blocked(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Low if every captured bucket blocks public access itself. Of account and bucket, the stricter setting counts."""
    settings = survey.evaluator.resources.settings_of(account.account_id)
    block = settings.public_access_block if settings is not None else None
    buckets = list(_buckets(survey, account))
    if block is None:
        yield from _perhaps_not_blocked(buckets)
        return
    off = _missing(block)
    if not off:
        return
    unknown = [one for one in buckets if one.public_access_block is None]
    exposed = [
        one
        for one in buckets
        if one.public_access_block is not None and set(off) & set(_missing(one.public_access_block))
    ]
    words = ("s3control", "put-public-access-block", "--account-id", account.account_id)
    every = ",".join(f"{name}=true" for _, name in _SETTINGS)
    sentence = phrase("S3 Block Public Access is not enabled for the account: {settings}.", settings=enumerated(off))
    if exposed:
        sentence = nphrase(
            "S3 Block Public Access is enabled neither for the account nor for {count:,} bucket: {names}.",
            "S3 Block Public Access is enabled neither for the account nor for {count:,} buckets: {names}.",
            len(exposed),
            names=enumerated(_names(exposed)),
        )
    yield CheckResult(
        sentence,
        (
            Evidence(phrase("Off for the account: {settings}.", settings=", ".join(off))),
            *(
                Evidence(
                    phrase(
                        "Off for {bucket}: {settings}.",
                        bucket=name,
                        settings=", ".join(_missing(one.public_access_block)),
                    )
                )
                for one, name in list(zip(exposed, _names(exposed), strict=True))[:_MAX_NAMED]
            ),
        ),
        severity=Severity.MEDIUM if exposed or unknown else Severity.LOW,
        remediation_command=command(*words, "--public-access-block-configuration", every),
    )


def _perhaps_not_blocked(buckets: list[Resource]) -> Iterator[CheckResult]:
    """Report buckets that only settings of the account may protect, where those were not captured."""
    exposed = [one for one in buckets if one.public_access_block is not None and _missing(one.public_access_block)]
    if exposed:
        yield CheckResult(
            nphrase(
                "Whether S3 Block Public Access protects {count:,} bucket cannot be determined: it is not enabled for "
                "{names}, and the settings of the account were not captured.",
                "Whether S3 Block Public Access protects {count:,} buckets cannot be determined: it is not enabled "
                "for {names}, and the settings of the account were not captured.",
                len(exposed),
                names=enumerated(_names(exposed)),
            ),
            tuple(
                Evidence(
                    phrase(
                        "Off for {bucket}: {settings}.",
                        bucket=name,
                        settings=", ".join(_missing(one.public_access_block)),
                    )
                )
                for one, name in list(zip(exposed, _names(exposed), strict=True))[:_MAX_NAMED]
            ),
            state=State.INCONCLUSIVE,
        )


@check(
    "RES-13",
    over=ACCOUNTS,
    severity=(Severity.LOW, "Access granted by the lists is reported separately. Below Prowler for that reason."),
    title=mark("Buckets with access control lists"),
    question="Do access control lists count for a bucket?",
    remediation=mark(
        "Move what the lists grant to the bucket policy, then set Object Ownership to BucketOwnerEnforced: only "
        "policies decide then."
    ),
    standards=("AWS FSBP S3.12", "NIST 800-53 AC-3", "NIST 800-53 AC-6"),
    data=Data.RESOURCE_POLICIES,
)
def lists_count(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """By Object Ownership; buckets of which it was not captured are left out (rule I6)."""
    counting = (ObjectOwnership.BUCKET_OWNER_PREFERRED, ObjectOwnership.OBJECT_WRITER)
    found = [one for one in _buckets(survey, account) if one.object_ownership in counting]
    if found:
        yield CheckResult(
            nphrase(
                "Access control lists are enabled for {count:,} bucket: {names}.",
                "Access control lists are enabled for {count:,} buckets: {names}.",
                len(found),
                names=enumerated(_names(found)),
            ),
            tuple(
                Evidence(
                    phrase("Object Ownership of {bucket} is {value}.", bucket=name, value=str(one.object_ownership))
                )
                for one, name in list(zip(found, _names(found), strict=True))[:_MAX_NAMED]
            ),
        )


@check(
    "RES-14",
    over=RESOURCES,
    severity=(
        Severity.MEDIUM,
        "Public on purpose or by mistake: what the method does is not known. Same as AWS's control APIGateway.8.",
    ),
    title=mark("API that takes requests without authorization"),
    question="Does a method or route of an API without a resource policy have the authorization type NONE?",
    remediation=mark(
        "Set an authorization type: AWS_IAM, JWT, or a Lambda authorizer. If the method is meant to be public, limit "
        "the rate of requests, and record that it is intended."
    ),
    standards=("AWS FSBP APIGateway.8", "NIST 800-53 AC-3"),
    data=Data.RESOURCE_POLICIES,
)
def unauthorized_requests(_survey: CheckContext, _account: Account, resource: Resource) -> Iterator[CheckResult]:
    """RES-01 reports APIs whose resource policy allows everyone. Preflight requests (OPTIONS) take no authorization.

    Sources: API Gateway Developer Guide, "How API Gateway resource policies affect authorization workflow" (without a
    policy, methods without authorization are open), "Control access to WebSocket APIs" (only ``$connect`` authorizes).
    """
    if resource.authorization_types is None or resource.policy is not None:
        return
    types = dict(resource.authorization_types)
    routes = {key: kind for key, kind in types.items() if not key.startswith("OPTIONS ")}
    if "$connect" in types:
        routes = {"$connect": types["$connect"]}
    found = [key for key, kind in routes.items() if kind == "NONE"]
    if not found:
        return
    name = resource_subject(resource).name
    if not resource.is_policy_captured:
        sentence = nphrase(
            "{count:,} method of {name} has no authorization: {routes}. Whether a resource policy protects it was not "
            "captured.",
            "{count:,} methods of {name} have no authorization: {routes}. Whether a resource policy protects them was "
            "not captured.",
            len(found),
            name=name,
            routes=enumerated(found),
        )
        yield CheckResult(sentence, (Evidence(phrase("The authorization type is NONE.")),), state=State.INCONCLUSIVE)
        return
    yield CheckResult(
        nphrase(
            "Anyone who reaches {name} can call {count:,} method or route without authorization: {routes}.",
            "Anyone who reaches {name} can call {count:,} methods or routes without authorization: {routes}.",
            len(found),
            name=name,
            routes=enumerated(found),
        ),
        (
            Evidence(phrase("The authorization type is NONE.")),
            Evidence(phrase("It has no resource policy.")),
        ),
    )


@check(
    "GRD-12",
    over=ACCOUNTS,
    severity=(Severity.LOW, "An additional protection is not used; identity and resource policies still decide."),
    title=mark("VPC endpoint with full access"),
    question="Does the policy of a VPC endpoint allow every request, to any account's resources?",
    remediation=mark(
        "Allow only the organization's principals and resources (aws:PrincipalOrgID, aws:ResourceOrgID), and the AWS "
        "owned resources that the workloads read."
    ),
    standards=("NIST 800-53 SC-7",),
)
def open_endpoints(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """One finding for the account. Endpoints of services that take no policy are left out (rule B9)."""
    found = [
        one
        for one in survey.snapshot.vpc_endpoints
        if one.owner_id == account.account_id
        and one.policy_document is not None
        and service_of(one) is not None
        and _admits_every_request(survey.evaluator.index.parse(one.policy_document))
    ]
    if found:
        yield CheckResult(
            nphrase(
                "The policy of {count:,} VPC endpoint allows every request: {names}.",
                "The policies of {count:,} VPC endpoints allow every request: {names}.",
                len(found),
                names=enumerated(map(_endpoint_name, found)),
            ),
            tuple(
                Evidence(phrase("{endpoint} allows every action on every resource.", endpoint=_endpoint_name(one)))
                for one in found[:_MAX_NAMED]
            ),
        )


def _endpoint_name(endpoint: VpcEndpoint) -> str:
    return f"{endpoint.vpc_endpoint_id} ({endpoint.service_name})"


def _admits_every_request(document: Document) -> bool:
    """Return whether some statement allows everything to everyone, and none denies anything."""
    statements = [one for one in document.statements if one.broken is None]
    return all(one.is_allow for one in statements) and any(
        allows_everything(one) and not one.not_principal and any(entry.is_everyone for entry in one.principals or ())
        for one in statements
    )
