"""Issues of policy documents, of every policy type, by the checks of `policy_validation`.

Only what AWS stores can be in a snapshot, and what other checks report is left to them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple, TypeGuard

from iamdesk.checks.check import CheckResult, check
from iamdesk.checks.check_context import CheckContext
from iamdesk.checks.finding import Evidence, Severity
from iamdesk.checks.policy_documents import written_policies
from iamdesk.checks.resource_requests import resources_of
from iamdesk.checks.targets import ACCOUNTS, Subject
from iamdesk.evaluate.request import PolicyType
from iamdesk.i18n import mark, nphrase, phrase
from iamdesk.inventory.keys import endpoint_policy_key, organization_policy_key, resource_policy_key
from iamdesk.inventory.validation import json_path
from iamdesk.policy.document import Document
from iamdesk.policy_validation.condition_checks import key_type
from iamdesk.policy_validation.issue import FindingType, Issue, ValidationCheck
from iamdesk.policy_validation.policy_view import PolicyKind
from iamdesk.policy_validation.validate import validate_document, validation_checks
from iamdesk.snapshot.model import Account
from iamdesk.snapshot.organization import OrganizationPolicyType
from iamdesk.viewmodel.tree_builder import NodeKind

_MOST = 20
"""Policies named as evidence of one finding."""
_IDENTITY_OR_TRUST = frozenset({PolicyKind.IDENTITY, PolicyKind.TRUST})
_BY_OTHERS = frozenset(
    {
        "MISSING_VERSION",  # no effect without variables, and LNT-11 with them
        *("INVALID_ROLE_REFERENCE", "INVALID_USER_REFERENCE"),  # LNT-12, TRU-14
        *("RESTRICT_ACCESS_TO_SERVICE_PRINCIPAL", "ROLE_TRUST_POLICY_UNSUPPORTED_WILDCARD_IN_PRINCIPAL"),  # SVC, TRU
        *("MISSING_CONDITION_KEY_FOR_OIDC_PRINCIPAL", "MISSING_GITHUB_REPO_CONDITION_KEY"),  # FED
        *("SPECIFIC_GITHUB_REPO_AND_BRANCH_RECOMMENDED", "FORANYVALUE_WITH_AUDIENCE_CLAIM_TYPE"),  # FED
        *("POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA", "POLICY_SIZE_EXCEEDS_ROLE_TRUST_POLICY_QUOTA"),  # LNT-18
    }
)
"""Issue codes that other checks report in more detail, with those checks."""
_BY_OTHERS_IN_IDENTITY_OR_TRUST = frozenset(
    {
        *("INVALID_ACTION", "INVALID_SERVICE_IN_ACTION", "UNSUPPORTED_ACTION_IN_POLICY"),  # LNT-09
        *("INVALID_GLOBAL_CONDITION_KEY", "INVALID_SERVICE_CONDITION_KEY", "UNSUPPORTED_ACTION_FOR_CONDITION_KEY"),
        *("MISSING_ACTION_FOR_CONDITION_KEY", "DENY_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE"),  # LNT-08
        *(
            "USE_CONDITION_KEY_ONLY_WITH_SUPPORTED_SERVICES",
            "INVALID_CONDITION_KEY_FORMAT",
            "MISSING_TAG_KEY_IN_CONDITION",
        ),
        "FORALLVALUES_WITH_SINGLE_VALUED_KEY",  # LNT-04, LNT-05
        *("TYPE_MISMATCH_BOOLEAN", "TYPE_MISMATCH_DATE", "TYPE_MISMATCH_NUMBER"),  # LNT-10
        *("TYPE_MISMATCH_STRING", "TYPE_MISMATCH_IP_RANGE"),  # LNT-10
        "WILDCARD_WITHOUT_LIKE_OPERATOR",  # LNT-13
        "VARIABLE_UNSUPPORTED_IN_VERSION",  # LNT-11
    }
)
"""As `_BY_OTHERS`, where those checks apply to identity policies and trust policies only."""
_GRANTS = ("PASS_ROLE_", "CREATE_SLR_")
"""Beginnings of codes about what a policy grants: ADM and PRV evaluate it."""


@dataclass(frozen=True)
class ValidatedDocument:
    """One document, with all policies of the account that have it."""

    kind: PolicyKind
    service: str
    """Prefix of the service of a resource policy's resource."""
    document: Document
    policies: list[tuple[Subject, str]]
    """Each policy with its title: ``inline policy read of user alice``."""


def documents_to_validate(survey: CheckContext, account: Account) -> Iterator[ValidatedDocument]:
    """Yield each document that the account's owner can edit, once; of the organization with the first account."""
    found: dict[tuple[PolicyKind, str, int], ValidatedDocument] = {}
    for kind, service, subject, title, document in _documents(survey, account):
        key = kind, service, id(document)
        if key not in found:
            found[key] = ValidatedDocument(kind, service, document, [])
        found[key].policies.append((subject, title))
    yield from found.values()


def _documents(survey: CheckContext, account: Account) -> Iterator[tuple[PolicyKind, str, Subject, str, Document]]:
    parse = survey.evaluator.index.parse
    for written in written_policies(account, parse):
        kind = PolicyKind.TRUST if written.policy.policy_type is PolicyType.TRUST else PolicyKind.IDENTITY
        yield kind, "", written.subject, written.title, written.policy.document
    for resource in resources_of(survey, account):
        if resource.policy is not None:
            service, name = resource.arn.split(":", 5)[2], resource.arn.split(":", 5)[5]
            subject = Subject(resource_policy_key(resource.arn), name, NodeKind.RESOURCE_POLICY)
            title = phrase("resource policy of {resource}", resource=resource.arn)
            yield PolicyKind.RESOURCE, service, subject, title, parse(resource.policy, resource.arn)
    for endpoint in survey.snapshot.vpc_endpoints:
        is_own = endpoint.owner_id == account.account_id or (endpoint.owner_id is None and survey.is_first(account))
        if endpoint.policy_document is not None and is_own:
            name = endpoint.vpc_endpoint_id
            subject = Subject(endpoint_policy_key(name), name, NodeKind.VPC_ENDPOINT)
            title = phrase("policy of VPC endpoint {name}", name=name)
            yield PolicyKind.ENDPOINT, "", subject, title, parse(endpoint.policy_document)
    if survey.is_first(account):
        yield from _of_organization(survey)


def _of_organization(survey: CheckContext) -> Iterator[tuple[PolicyKind, str, Subject, str, Document]]:
    parse = survey.evaluator.index.parse
    organization = survey.snapshot.organization
    for policy in organization.policies if organization is not None else ():
        if policy.aws_managed or policy.content is None:
            continue
        is_scp = policy.type is OrganizationPolicyType.SERVICE_CONTROL_POLICY
        node = NodeKind.SERVICE_CONTROL_POLICY if is_scp else NodeKind.RESOURCE_CONTROL_POLICY
        subject = Subject(organization_policy_key(policy.id), policy.name or policy.id, node)
        title = mark("service control policy {name}") if is_scp else mark("resource control policy {name}")
        kind = PolicyKind.SCP if is_scp else PolicyKind.RCP
        yield kind, "", subject, phrase(title, name=subject.name), parse(policy.content)
    for center in survey.snapshot.identity_centers:
        for one in center.permission_sets or ():
            if one.inline_policy:
                subject = Subject(one.permission_set_arn, one.name or one.permission_set_arn, NodeKind.PERMISSION_SET)
                title = phrase("inline policy of permission set {name}", name=subject.name)
                yield PolicyKind.PERMISSION_SET, "", subject, title, parse(one.inline_policy)


def _is_reported(one: ValidationCheck, kind: PolicyKind) -> bool:
    if not one.can_be_stored or one.finding_type is FindingType.SUGGESTION or one.name in _BY_OTHERS:
        return False
    if one.name.startswith(_GRANTS):
        return False
    return kind not in _IDENTITY_OR_TRUST or one.name not in _BY_OTHERS_IN_IDENTITY_OR_TRUST


_REPORTED = {kind: frozenset(one.id for one in validation_checks() if _is_reported(one, kind)) for kind in PolicyKind}


@check(
    "LNT-20",
    over=ACCOUNTS,
    severity=(
        Severity.LOW,
        "Follows AWS's finding type of the worst issue: security warnings are medium, and so is an issue in a "
        "Deny, an SCP or an RCP, which then limits less than it seems.",
    ),
    title=mark("Policy validation issue"),
    question="Does a policy of any type fail a check of AWS's policy validation (IAM Access Analyzer)?",
    remediation=mark("Correct the policy. `iamdesk validate-policy` lists all issues of a policy document."),
    standards=("NIST 800-53 AC-3",),
)
def document_with_issue(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """One finding for each check and value, with all policies that have it; medium if a Deny or a guardrail may not
    work, else low."""
    by_issue: dict[tuple[str, str], list[_Found]] = {}
    for item in documents_to_validate(survey, account):
        survey.check_cancelled()
        raw = item.document.raw
        for issue in validate_document(raw, item.kind, item.service, _REPORTED[item.kind]) if _is_object(raw) else ():
            if not _is_left_out(item, issue):
                by_issue.setdefault((issue.check.id, issue.message), []).append(_Found(item, issue))
    for found in by_issue.values():
        yield _result(found)


class _Found(NamedTuple):
    """One issue of a document."""

    item: ValidatedDocument
    issue: Issue


def _is_object(raw: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(raw, dict)


def _is_left_out(item: ValidatedDocument, issue: Issue) -> bool:
    """Return whether an issue of a condition works all the same, or LNT-08 or LNT-10 reports it."""
    if "Condition" not in issue.path:
        return False
    is_of_lint = item.kind in _IDENTITY_OR_TRUST
    if issue.check.issue_code == "TYPE_MISMATCH":
        operator, key = issue.path[issue.path.index("Condition") + 1 :][:2]
        if str(operator).rpartition(":")[2].lower().startswith("string"):  # LNT-10 leaves these out
            return key_type(str(key).lower()) == "Bool"  # the text is compared as meant
        return is_of_lint
    return is_of_lint and issue.check.issue_code == "INVALID_SERVICE"


def _result(found: list[_Found]) -> CheckResult:
    first = found[0].issue
    policies = {subject.key: (subject, title) for one in found for subject, title in one.item.policies}
    subject, title = next(iter(policies.values()))
    # A check without AWS's code is one of iamdesk's own.
    known = mark("AWS's policy check {code}") if first.check.issue_code else mark("policy check {code}")
    name = phrase(known, code=first.check.name)
    values = {"policy": title, "check": name, "message": first.message}
    sentence = phrase("The {policy} fails {check}: {message}", **values)
    if len(policies) > 1:
        sentence = nphrase(
            "The {policy} and {count:,} other policy fail {check}: {message}",
            "The {policy} and {count:,} other policies fail {check}: {message}",
            len(policies) - 1,
            **values,
        )
    return CheckResult(
        sentence,
        tuple(islice(_evidence(found), _MOST)),
        subject=subject,
        object=f"{first.check.id} {first.message}",
        severity=min(map(_severity, found), key=list(Severity).index),
        title=first.check.title,
        remediation=first.remediation,
    )


def _evidence(found: list[_Found]) -> Iterator[Evidence]:
    """Yield each policy with the position of the issue in it."""
    for item, issue in found:
        place = _placed(item.document, issue)
        for subject, title in item.policies:
            text = phrase("The {policy}: {place}", policy=title, place=place)
            yield Evidence(text, policy_key=subject.key)


def _placed(document: Document, issue: Issue) -> str:
    span = document.span_at(issue.path)
    line, column = (span.start_line, span.start_column) if span is not None else (1, 1)
    return phrase("line {line}, column {column} ({path}).", line=line, column=column, path=json_path(issue.path))


def _severity(found: _Found) -> Severity:
    item, issue = found
    if issue.check.finding_type is FindingType.SECURITY_WARNING or item.kind in (PolicyKind.SCP, PolicyKind.RCP):
        return Severity.MEDIUM
    is_deny = any(
        not statement.is_allow and issue.path[: len(statement.path)] == statement.path
        for statement in item.document.statements
    )
    return Severity.MEDIUM if is_deny and issue.check.finding_type is FindingType.ERROR else Severity.LOW
