"""Broad access: policies that let principals read, change, expose or sign in to any resource, not to named ones.

The engine decides for a resource that no policy names, with boundaries, Deny statements and organization policies
applied. There is one finding for each policy document, with everyone for whom it takes effect.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial, reduce
from itertools import islice
from operator import or_

from iamdesk.attack_paths.administrators import Principal, is_administrator, resource_for
from iamdesk.aws.service_reference import reference
from iamdesk.checks.broad_access_words import BROAD, reached, until
from iamdesk.checks.check import CheckResult, check
from iamdesk.checks.check_context import PLACEHOLDER, CheckContext, Context
from iamdesk.checks.finding import Evidence, Severity, State
from iamdesk.checks.policy_documents import WRITTEN, PolicySource, statement_evidence
from iamdesk.checks.requested_regions import (
    FIRST,
    RegionRequest,
    allowed_alone,
    requests_by_region,
    with_regions,
)
from iamdesk.checks.resource_requests import may_name, resources_of
from iamdesk.checks.targets import ACCOUNTS, Subject, is_reserved, principals_of
from iamdesk.checks.words import enumerated
from iamdesk.i18n import join_messages, mark, nphrase, phrase
from iamdesk.inventory.policy_index import CarriedPolicy
from iamdesk.inventory.references import name_of
from iamdesk.policy.arn import parse_arn
from iamdesk.policy.canonical_form import allows_everything
from iamdesk.policy.document import Document
from iamdesk.policy.statement import Statement
from iamdesk.snapshot.model import Account, RoleDetail
from iamdesk.viewmodel.tree_builder import NodeKind

_MOST = 20
"""Principals named as evidence of one finding."""

READS, WRITES, EXPOSES, CREDENTIALS = map(tuple, BROAD["broad"].values())
_CHANGES, _TOKENS = frozenset(BROAD["changes"]), frozenset(BROAD["tokens"])
_OF_KEYS = ("kms:Decrypt", "kms:ReEncryptFrom", "kms:CreateGrant")
_OF_USERS = frozenset({"sts:GetFederationToken"})
"""Actions that need the long-term credentials of an IAM user.

https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html
"""


_READS_REMEDIATION = mark("List the buckets, secrets, parameters, keys and tables that the job reads under Resource.")
_WRITES_REMEDIATION = mark(
    "List the resources that the job changes under Resource, and allow deletion only where it is needed."
)
_EXPOSES_REMEDIATION = mark(
    "Leave policies, access control lists and shares of resources to their administrators, and deny public access "
    "by organization policies."
)
_CREDENTIALS_REMEDIATION = mark(
    "Allow these actions only on the users, databases and repositories that the job signs in to."
)


@dataclass(slots=True)
class _Cause:
    """One policy document that grants some of the actions."""

    policy: CarriedPolicy
    """The first of the policies with this document."""
    policies: dict[str, None] = field(default_factory=dict)
    """The keys of all of them."""
    requests: list[tuple[Principal, RegionRequest]] = field(default_factory=list)
    """The requests that it grants, by principal."""

    @property
    def actions(self) -> dict[str, None]:
        """The actions that it grants, each once."""
        return dict.fromkeys(request.action for _, request in self.requests)

    @property
    def principals(self) -> list[Principal]:
        """The principals that it grants them, each once."""
        return list({principal.arn: principal for principal, _ in self.requests}.values())


def _resource(account: Account, action: str, region: str) -> str:
    """Return a resource of the action, in a Region, that no policy names."""
    found = reference().action(*action.split(":"))
    if found is None:
        return "*"
    if found.service == "s3":  # not an access point, which the reference lists first
        types = {one.name for one in found.resource_types}
        bucket = f"arn:{account.partition}:s3:::{PLACEHOLDER}"
        return f"{bucket}/{PLACEHOLDER}" if "object" in types else bucket if "bucket" in types else "*"
    return resource_for(found, account, region)


def _resources(survey: CheckContext, account: Account, action: str, region: str) -> tuple[str, ...]:
    """Return the resources on which an action is evaluated: one that no policy names, but keys of the account.

    A key's policy has to let the account's policies decide, so an unknown key shows nothing (rule I1).
    """
    if not action.startswith("kms:"):
        return (_resource(account, action, region),)
    keys = (one.arn for one in resources_of(survey, account) if ":kms:" in one.arn and not one.is_aws_managed)
    return tuple(islice(keys, _MOST))


def _timed(survey: CheckContext, account: Account) -> int:
    """Return the principals of an account with conditions on the time, as bits; perhaps others, too."""

    def look() -> int:
        index = survey.evaluator.population().index
        found = 0
        for document, carriers, bounded in zip(index.documents, index.carriers, index.bounded, strict=True):
            if _tests_the_time(document):
                found |= carriers | bounded
        return found

    guardrails = survey.guardrails(account.account_id)
    if survey.once(("guardrails test the time", guardrails), lambda: any(map(_tests_the_time, guardrails))):
        return -1
    return survey.once("with conditions on the time", look)


def _tests_the_time(document: Document) -> bool:
    return any(
        test.key in ("aws:currenttime", "aws:epochtime")
        for statement in document.statements
        for test in statement.conditions
    )


def _time(survey: CheckContext, account: Account) -> Context:
    """Return the snapshot's time, at which principals with conditions on the time are evaluated; empty if unknown."""
    moment = survey.latest(account)
    if moment is None:
        return {}
    return {"aws:CurrentTime": f"{moment:%Y-%m-%dT%H:%M:%SZ}", "aws:EpochTime": str(int(moment.timestamp()))}


def _allowed(survey: CheckContext, account: Account, action: str) -> tuple[tuple[RegionRequest, int], ...]:
    """Return the requests on any resource, each with those of the account's principals, as bits, that it is allowed.

    Each principal is in the first that it is allowed.
    """
    timed, time = _timed(survey, account), _time(survey, account)
    found: list[tuple[RegionRequest, int]] = []
    left = -1
    resources = partial(_resources, survey, account, action)
    for request, members in requests_by_region(survey, account, action, resources):
        for context, among in ((request.context, ~timed), ({**request.context, **time}, timed)):
            allowed = survey.allowed(action, request.resource, members & left & among, context)
            left &= ~allowed
            found.append((request._replace(context=context), allowed))
    return tuple(found)


def allowed_requests(
    survey: CheckContext, account: Account, principal: Principal, actions: tuple[str, ...]
) -> tuple[RegionRequest, ...]:
    """Return requests for those of the actions that a principal is allowed on any resource.

    A condition on the Region or the time does not keep a principal out; any other does.
    """

    def look() -> tuple[int, tuple[tuple[tuple[RegionRequest, int], ...], ...]]:
        each = tuple(
            survey.once(("allowed on any resource", (account.account_id, one)), partial(_allowed, survey, account, one))
            for one in actions
        )
        return reduce(or_, (bits for found in each for _, bits in found), 0), each

    position = survey.evaluator.population().position(principal.arn)
    if position is None:
        alone = (_allowed_alone(survey, account, principal, action) for action in actions)
        return tuple([one for one in alone if one is not None])
    some, each = survey.once(("some allowed on any resource", (account.account_id, actions)), look)
    if not some >> position & 1:
        return ()
    firsts = (next((request for request, bits in found if bits >> position & 1), None) for found in each)
    return tuple([request for request in firsts if request is not None])


def _allowed_alone(survey: CheckContext, account: Account, principal: Principal, action: str) -> RegionRequest | None:
    """Return the request that an irregular principal is allowed."""
    position = survey.evaluator.population().index.positions[principal.arn]
    time = _time(survey, account) if _timed(survey, account) >> position & 1 else {}
    return allowed_alone(survey, account, principal, action, partial(_resources, survey, account, action), time)


def evaluation(survey: CheckContext, principal: Principal, request: RegionRequest) -> Evidence:
    """Return the evaluation of an action that a principal is allowed on any resource."""
    text = phrase("Evaluated {action} as {who}.", action=request.action, who=name_of(principal))
    if request.region:
        text = phrase(
            "Evaluated {action} as {who} in {region}.",
            action=request.action,
            who=name_of(principal),
            region=request.region,
        )
    return Evidence(text, survey.ask(principal.arn, request.action, request.resource, request.context))


def _causes(survey: CheckContext, account: Account, actions: tuple[str, ...]) -> Iterator[_Cause]:
    """Yield the policy documents by which principals other than administrators are allowed some of the actions."""
    found: dict[int, _Cause] = {}
    for principal in principals_of(account):
        survey.check_cancelled()
        allowed = allowed_requests(survey, account, principal, actions)
        if isinstance(principal, RoleDetail):
            allowed = tuple([one for one in allowed if one.action not in _OF_USERS])
        if not allowed or is_administrator(survey, account, principal):
            continue
        for policy in survey.evaluator.index.carried(principal.arn).identity:
            granted = [one for one in allowed if _granting(survey, account, policy.document, one)]
            if granted:
                cause = found.setdefault(id(policy.document), _Cause(policy))
                cause.policies[policy.key] = None
                cause.requests += [(principal, one) for one in granted]
    yield from found.values()


def _granting(
    survey: CheckContext, account: Account, document: Document, request: RegionRequest
) -> tuple[Statement, ...]:
    """Return the Allow statements of a document that may grant an action on any resource."""
    resource = _resource(account, request.action, request.region or FIRST)

    def look() -> tuple[Statement, ...]:
        service, _, name = request.action.lower().partition(":")
        arn = None if resource == "*" else parse_arn(resource)
        return tuple(
            one
            for one in document.statements
            if one.is_allow and one.broken is None and one.covers_action(service, name) and may_name(one, arn)
        )

    return survey.once((("grants", resource, request.action), document), look)


def _with_exceptions(survey: CheckContext, account: Account, cause: _Cause, sentence: str) -> str:
    """Return a sentence with the resources that NotResource leaves out, if no other statement grants them."""
    document = cause.policy.document
    excepted: dict[str, list[str]] = {}
    for request in {request.action: request for _, request in cause.requests}.values():
        granting = _granting(survey, account, document, request)
        if all(one.not_resource for one in granting):
            service = request.action.partition(":")[0]
            for text in granting[0].resource_texts():
                if text.split(":", 3)[2:3] in ([service], ["*"]) and all(
                    text in one.resource_texts() for one in granting
                ):
                    excepted.setdefault(text, []).append(request.action)
    for actions in dict.fromkeys(map(tuple, excepted.values())):
        sentence = phrase(
            "{sentence} NotResource excludes {resources} from {actions}.",
            sentence=sentence,
            resources=enumerated(text for text, of in excepted.items() if tuple(of) == actions),
            actions=enumerated(actions),
        )
    return sentence


def _results(
    survey: CheckContext,
    account: Account,
    actions: tuple[str, ...],
    sentence: str | Callable[[Iterable[str]], str],
    remediation: str,
) -> Iterator[CheckResult]:
    """Yield a result for each policy document; its actions say the sentence, and what they reach."""
    for cause in _causes(survey, account, actions):
        first, request = cause.requests[0]
        others = len(cause.policies) - 1
        policy = _title(cause.policy)
        if others:
            policy = nphrase(
                "{policy} and {count:,} policy with the same document",
                "{policy} and {count:,} policies with the same document",
                others,
                policy=policy,
            )
        granted, principals = cause.actions, cause.principals
        named = [one for one in actions if one in granted]
        granting = [_granting(survey, account, cause.policy.document, one) for _, one in cause.requests]
        text = phrase(
            sentence if isinstance(sentence, str) else sentence(named),
            policy=policy,
            who=enumerated(map(name_of, principals)),
            what=reached(named),
            until=until({one.index: one for some in granting for one in some}.values()),
            actions=enumerated(named),
        )
        text = _with_exceptions(survey, account, cause, text)
        yield CheckResult(
            with_regions(text, (one for _, one in cause.requests)),
            (
                evaluation(survey, first, request),
                *(_effect(cause, one) for one in principals[:_MOST]),
            ),
            subject=_subject(cause.policy),
            object=account.account_id if cause.policy.is_aws_managed else "",
            remediation=_replacement(cause, remediation),
            severity=Severity.LOW if _TOKENS.issuperset(granted) else Severity.MEDIUM,
        )


def _replacement(cause: _Cause, remediation: str) -> str:
    """Return the remedy; of an AWS managed policy, which cannot be changed, that it has to be replaced first.

    Sources: AWS Managed Policy Reference Guide, "What are AWS managed policies?" and "ViewOnlyAccess"; IAM Identity
    Center User Guide, "Permission sets": its roles are changed there.
    """
    if not cause.policy.is_aws_managed:
        return phrase(remediation)
    if cause.policy.name == "ReadOnlyAccess":
        return phrase(
            "Replace ReadOnlyAccess with ViewOnlyAccess or SecurityAudit where reading settings is enough: "
            "these policies do not read data. For a role of IAM Identity Center, do so in its permission set."
        )
    how = phrase(
        "Detach {policy}, and attach a customer managed policy instead: AWS managed policies cannot be edited.",
        policy=cause.policy.name,
    )
    if all(isinstance(one, RoleDetail) and is_reserved(one) for one in cause.principals):
        how = phrase(
            "Remove {policy} from the permission set in IAM Identity Center, and add a policy of your own "
            "instead: AWS managed policies cannot be edited.",
            policy=cause.policy.name,
        )
    return join_messages(" ", (how, phrase(remediation)))


def _effect(cause: _Cause, principal: Principal) -> Evidence:
    regions = dict.fromkeys(request.region for one, request in cause.requests if one is principal)
    text = phrase("It takes effect for {name}.", name=name_of(principal))
    if "" not in regions:
        text = phrase("It takes effect for {name} in {regions}.", name=name_of(principal), regions=enumerated(regions))
    return Evidence(text, policy_key=principal.arn)


def _title(policy: CarriedPolicy) -> str:
    if policy.is_aws_managed:
        return phrase("The AWS managed policy {name}", name=policy.name)
    if not policy.is_inline:
        return phrase("The customer managed policy {name}", name=policy.name)
    owner = policy.owner.rpartition("/")[2]
    if policy.owner_kind == "user":
        return phrase("The inline policy {name} of user {owner}", name=policy.name, owner=owner)
    if policy.owner_kind == "group":
        return phrase("The inline policy {name} of group {owner}", name=policy.name, owner=owner)
    return phrase("The inline policy {name} of role {owner}", name=policy.name, owner=owner)


def _subject(policy: CarriedPolicy) -> Subject:
    kind = NodeKind.INLINE_POLICY
    if not policy.is_inline:
        kind = NodeKind.AWS_POLICY if policy.is_aws_managed else NodeKind.CUSTOMER_POLICY
    return Subject(policy.key, policy.name, kind)


@check(
    "DAT-01",
    over=ACCOUNTS,
    severity=(Severity.MEDIUM, "Breadth inside the account; no boundary is crossed."),
    title=mark("Broad read access to data"),
    question="Does a policy let users or roles that are not administrators read the data of any resource?",
    remediation=_READS_REMEDIATION,
    standards=("NIST 800-53 AC-6", "ISO 27001:2022 A.8.3", "PCI DSS 4.0 7.2.2"),
)
def reads_any_data(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Not if a condition decides, but on Region or time, or if a boundary, resource or organization policy denies."""
    sentence = mark("{policy} lets {who} read {what}{until}: {actions}.")
    yield from _results(survey, account, READS, sentence, _READS_REMEDIATION)


@check(
    "DAT-02",
    over=ACCOUNTS,
    severity=(Severity.MEDIUM, "Breadth inside the account; no boundary is crossed."),
    title=mark("Broad permission to change or delete data"),
    question="Does a policy let users or roles that are not administrators change or delete any resource's data?",
    remediation=_WRITES_REMEDIATION,
    standards=("NIST 800-53 AC-6", "ISO 27001:2022 A.8.3"),
)
def writes_any_data(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Not if a condition decides, but on Region or time, or if a boundary, resource or organization policy denies."""
    yield from _results(survey, account, WRITES, _writes_sentence, _WRITES_REMEDIATION)


def _writes_sentence(actions: Iterable[str]) -> str:
    deletes = set(actions) - _CHANGES
    if not deletes:
        return mark("{policy} lets {who} change {what}{until}: {actions}.")
    if deletes == set(actions):
        return mark("{policy} lets {who} delete {what}{until}: {actions}.")
    return mark("{policy} lets {who} change or delete {what}{until}: {actions}.")


@check(
    "DAT-03",
    over=ACCOUNTS,
    severity=(Severity.MEDIUM, "Needs one more call before data leaves the account, which the audit log shows."),
    title=mark("Can make resources accessible to other accounts"),
    question="Does a policy let users or roles that are not administrators share any resource with other accounts?",
    remediation=_EXPOSES_REMEDIATION,
    standards=("NIST 800-53 AC-6", "NIST 800-53 AC-3"),
)
def exposes_any_resource(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Not if a condition decides, but on Region or time, or if a boundary, resource or organization policy denies."""
    sentence = mark("{policy} lets {who} share {what} with other accounts{until}: {actions}.")
    yield from _results(survey, account, EXPOSES, sentence, _EXPOSES_REMEDIATION)


@check(
    "DAT-05",
    over=WRITTEN,
    severity=(Severity.MEDIUM, "Breadth inside the account, if the policies of the keys leave access to IAM policies."),
    title=mark("Use of all KMS keys allowed"),
    question="Does a policy allow decryption with all KMS keys, or grants for them, while no key policy was captured?",
    remediation=mark("List the keys under Resource, by ARN, and capture the key policies."),
    standards=("NIST 800-53 AC-6",),
)
def uses_any_key(survey: CheckContext, account: Account, written: PolicySource) -> Iterator[CheckResult]:
    """Where DAT-01 and DAT-03 have no key to evaluate; not with a condition. ADM-04 and ADM-07 report full access.

    https://docs.aws.amazon.com/securityhub/latest/userguide/kms-controls.html (KMS.1, KMS.2)
    """
    is_attached = written.policy.key in survey.references(account).carriers
    if written.subject.kind is not NodeKind.INLINE_POLICY and not is_attached:
        return
    if _resources(survey, account, _OF_KEYS[0], FIRST):
        return
    granting = {
        action: [one for one in found if not one.conditions and not allows_everything(one)]
        for action in _OF_KEYS
        if (found := _granting(survey, account, written.policy.document, RegionRequest(action, "", {})))
    }
    actions = enumerated(action for action, found in granting.items() if found)
    if statements := dict.fromkeys(one for found in granting.values() for one in found):
        text = phrase("It allows {actions}.", actions=actions)
        yield CheckResult(
            phrase(
                "The {policy} allows {actions} on all KMS keys. Whether key policies let IAM policies decide is not "
                "known: none was captured.",
                policy=written.title,
                actions=actions,
            ),
            tuple([statement_evidence(written.policy, one, text) for one in statements]),
            state=State.INCONCLUSIVE,
        )


@check(
    "DAT-04",
    over=ACCOUNTS,
    severity=(
        Severity.MEDIUM,
        "What is gained depends on whose credentials they are; those of administrators are reported by CHN-01.",
    ),
    title=mark("Can obtain credentials"),
    question="Does a policy let users or roles that are not administrators create or read credentials of any resource?",
    remediation=_CREDENTIALS_REMEDIATION,
    standards=("NIST 800-53 AC-6", "NIST 800-53 IA-5"),
)
def obtains_credentials(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Not if a condition decides, but on Region or time. Low if they are the caller's own, or of little use alone."""
    sentence = mark("{policy} lets {who} {what}{until}: {actions}.")
    yield from _results(survey, account, CREDENTIALS, sentence, _CREDENTIALS_REMEDIATION)
