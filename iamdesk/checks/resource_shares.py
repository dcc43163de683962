"""Resource shares of AWS RAM and S3 access grants to other accounts, and buckets that accept plain HTTP."""

from collections.abc import Iterator

from iamdesk.checks.check import CheckResult, check
from iamdesk.checks.check_context import PLACEHOLDER, CheckContext
from iamdesk.checks.finding import Evidence, Severity, State
from iamdesk.checks.prerequisites import Data
from iamdesk.checks.resource_requests import resource_subject, resources_of
from iamdesk.checks.targets import ACCOUNTS
from iamdesk.checks.words import enumerated
from iamdesk.evaluate.request import EvalDecision
from iamdesk.i18n import mark, nphrase, phrase
from iamdesk.snapshot.model import Account
from iamdesk.snapshot.resource_shares import ResourceShareAssociation, ResourceShares
from iamdesk.snapshot.workloads import WorkloadKind

_GIVEN = "ASSOCIATED"
_MAX_NAMED = 20


@check(
    "RES-10",
    over=ACCOUNTS,
    severity=(Severity.MEDIUM, "External accounts use the shared resource; each was invited."),
    title=mark("RAM share outside the organization"),
    question="Does a resource share of the account include external principals?",
    remediation=mark(
        "Remove the external principals from the share unless their owner confirms the need, and disallow external "
        "sharing for it (`aws ram update-resource-share --no-allow-external-principals`)."
    ),
    standards=("PCI DSS 4.0 7.2.4",),
    data=Data.RESOURCE_SHARES,
)
def shared_outside(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Use RAM's own information about each principal; without it, the accounts of the organization."""
    for held in survey.snapshot.resource_shares:
        if held.account_id != account.account_id:
            continue
        own = _own_shares(held, account)
        for one in held.associations or ():
            if one.association_type != "PRINCIPAL" or one.status != _GIVEN or one.resource_share_arn not in own:
                continue
            is_outside = _is_outside(survey, one)
            if is_outside is False:
                continue
            resources = [
                other.associated_entity
                for other in held.associations or ()
                if other.association_type == "RESOURCE" and other.resource_share_arn == one.resource_share_arn
            ]
            values = {
                "share": one.resource_share_name or own[one.resource_share_arn],
                "region": held.region,
                "resources": nphrase("{count:,} resource", "{count:,} resources", len(resources)),
                "principal": one.associated_entity,
            }
            sentence = phrase(
                "The resource share {share} in {region} shares {resources} with {principal}, which is outside the "
                "organization.",
                **values,
            )
            if not is_outside:
                sentence = phrase(
                    "The resource share {share} in {region} shares {resources} with {principal}; whether that is "
                    "outside the organization cannot be determined.",
                    **values,
                )
            yield CheckResult(
                sentence,
                (
                    Evidence(
                        phrase(
                            "Associated principal: {principal}; external: {external}.",
                            principal=one.associated_entity,
                            external=str(one.external),
                        )
                    ),
                    *(Evidence(phrase("Shared: {arn}.", arn=arn)) for arn in resources[:_MAX_NAMED]),
                ),
                object=f"{one.resource_share_arn} {one.associated_entity}",
                state=State.FOUND if is_outside else State.INCONCLUSIVE,
            )


def _own_shares(held: ResourceShares, account: Account) -> dict[str, str]:
    """Return the names of the shares that the account owns, by ARN."""
    return {
        share.resource_share_arn: share.name or share.resource_share_arn.rpartition("/")[2]
        for share in held.shares or ()
        if (share.owning_account_id or share.resource_share_arn.split(":", 5)[4]) == account.account_id
    }


def _is_outside(survey: CheckContext, one: ResourceShareAssociation) -> bool | None:
    """Return whether a principal is outside the organization; None if that is not known."""
    if one.external is not None:
        return one.external
    entity = one.associated_entity
    if ":organization/" in entity or ":ou/" in entity:
        return False
    owner = entity if entity.isdecimal() else (entity.split(":", 5)[4:5] or [""])[0]
    if owner in survey.own_accounts:
        return False
    organization = survey.snapshot.organization
    return True if organization is not None and organization.lists_every_account else None


@check(
    "RES-15",
    over=ACCOUNTS,
    severity=(Severity.HIGH, "As RES-03: an unknown account reads or changes data."),
    title=mark("S3 access grant to another account"),
    question="Does S3 Access Grants give data to a principal outside the snapshot and its organization?",
    remediation=mark(
        "Confirm who owns the account and what it needs; otherwise delete the grant, and remove the account from the "
        "resource policy of the S3 Access Grants instance."
    ),
    standards=("PCI DSS 4.0 7.2.4", "SOC 2 CC6.3"),
    data=Data.RESOURCE_POLICIES,
)
def granted_outside(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """One finding for each principal and Region; not if the policy of the instance keeps the principal out.

    Source: Amazon S3 User Guide, "S3 Access Grants cross-account access": the resource policy of the instance lets the
    account request credentials, a grant says for what.
    """
    grants: dict[tuple[str, str], list[str]] = {}
    for grant in survey.workloads.of_account(account.account_id).of_kind(WorkloadKind.ACCESS_GRANT):
        for role in grant.roles:
            fields = role.name.split(":", 5)
            if len(fields) > 5 and fields[4].isdecimal() and fields[4] not in survey.own_accounts:
                instance = grant.arn.partition("/grant/")[0]
                grants.setdefault((role.name, instance), []).append(grant.detail)
    for (principal, instance), details in grants.items():
        result = survey.ask(principal, "s3:GetDataAccess", instance)
        is_open = result.decision in (EvalDecision.ALLOWED, EvalDecision.CONDITIONAL)
        held = survey.evaluator.resources.by_arn.get(instance)
        if not is_open and held is not None and held.is_policy_captured:
            continue
        values = {"principal": principal, "grants": enumerated(details), "region": instance.split(":", 4)[3]}
        yield CheckResult(
            phrase("S3 Access Grants in {region} gives {principal}, which is not in the snapshot, {grants}.", **values)
            if is_open
            else phrase(
                "S3 Access Grants in {region} has grants for {principal}, which is not in the snapshot: {grants}. "
                "Whether the resource policy of the instance lets it use them was not captured.",
                **values,
            ),
            (
                Evidence(phrase("Evaluated {action}.", action="s3:GetDataAccess"), result),
                *(Evidence(phrase("Granted: {grant}.", grant=detail)) for detail in details[:_MAX_NAMED]),
            ),
            object=f"{instance} {principal}",
            state=State.FOUND if is_open else State.INCONCLUSIVE,
        )


@check(
    "RES-09",
    over=ACCOUNTS,
    severity=(
        Severity.LOW,
        "Needs an attacker on the network in between. Below Prowler: AWS clients use TLS by default.",
    ),
    title=mark("Buckets that accept plain HTTP"),
    question="Can objects of a bucket be read over an unencrypted connection?",
    remediation=mark(
        "Add a statement to the bucket policy that denies s3:* to all principals if aws:SecureTransport is false."
    ),
    standards=("CIS AWS Foundations 7.0 3.1.1", "AWS FSBP S3.5", "PCI DSS 4.0 4.2.1"),
    data=Data.RESOURCE_POLICIES,
)
def plain_http(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Evaluate as the account's root user, which only the bucket policy and organization policies can deny."""
    root = f"arn:{account.partition}:iam::{account.account_id}:root"
    found = {}
    for resource in resources_of(survey, account):
        if resource.arn.split(":", 5)[2:5] != ["s3", "", ""] or "/" in resource.arn or not resource.is_policy_captured:
            continue
        request = (root, "s3:GetObject", f"{resource.arn}/{PLACEHOLDER}", {"aws:SecureTransport": "false"})
        if survey.decide(*request) is EvalDecision.ALLOWED:
            found[resource_subject(resource).name] = request
    if found:
        evidence = [
            Evidence(
                phrase("Evaluated s3:GetObject on an object of {name} without TLS.", name=name), survey.ask(*request)
            )
            for name, request in list(found.items())[:3]
        ]
        more = [
            Evidence(phrase("{name} accepts requests without TLS.", name=name)) for name in list(found)[3:_MAX_NAMED]
        ]
        yield CheckResult(
            nphrase(
                "{count:,} bucket accepts requests without TLS: {names}.",
                "{count:,} buckets accept requests without TLS: {names}.",
                len(found),
                names=enumerated(found),
            ),
            (*evidence, *more),
        )
