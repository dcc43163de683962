"""Confused deputies: roles and resources that a service can use on behalf of any account."""

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, partial
from operator import is_
from typing import Any

from pydantic import BaseModel, ConfigDict

from iamdesk.access.external.described import filled
from iamdesk.attack_paths.administrators import is_administrator
from iamdesk.checks.aws_tools import origin_of
from iamdesk.checks.check import CheckResult, check
from iamdesk.checks.check_context import PLACEHOLDER, CheckContext, Context
from iamdesk.checks.condition_strength import ConditionStrength
from iamdesk.checks.external_trust import allowing, names_everyone
from iamdesk.checks.finding import Evidence, Severity
from iamdesk.checks.prerequisites import Data, owner_of
from iamdesk.checks.public_access import open_to_all
from iamdesk.checks.remediation_commands import edited, trust_policy_command
from iamdesk.checks.resource_requests import RESOURCES, RequestToEvaluate, action_words, requests, resource_subject
from iamdesk.checks.resource_requests import allowing as allowing_of
from iamdesk.checks.targets import ROLES
from iamdesk.checks.words import enumerated
from iamdesk.evaluate.request import EvalDecision
from iamdesk.explain.decision import EvaluationResult
from iamdesk.i18n import mark, phrase
from iamdesk.inventory.keys import trust_policy_key
from iamdesk.policy.document import Document
from iamdesk.policy.principals import PrincipalType
from iamdesk.policy.statement import Statement
from iamdesk.policy.wildcards import glob, is_pattern, tokens_of
from iamdesk.resource_files import resources
from iamdesk.snapshot.model import Account, RoleDetail
from iamdesk.snapshot.resources import Resource

_SOURCE_KEYS = frozenset({"aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid", "aws:sourceorgpaths"})
_SOME_SERVICE = f"{PLACEHOLDER}.amazonaws.com"
_PER_ROLE = ("aws:resourcetag/", "iam:resourcetag/", "aws:resource")


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    format: str
    about: str
    bind_source: dict[str, str]
    families: tuple[tuple[str, ...], ...]


@cache
def _data() -> _File:
    text = (resources() / "data" / "service-sources.json").read_text(encoding="utf-8")
    return _File.model_validate(json.loads(text))


def bind_source() -> Mapping[str, str]:
    """Return the services for whose roles AWS documents a condition on the source, with the guide's address."""
    return _data().bind_source


@cache
def family(service: str) -> str:
    """Return the family of a service principal: services of one family share roles by design.

    A Region in the principal (``logs.eu-west-1.amazonaws.com``) is ignored.
    """
    name = service.removesuffix(".cn").removesuffix(".amazonaws.com")
    head, dot, last = name.rpartition(".")
    if dot and last.count("-") >= 2 and last[-1:].isdigit():
        name = head
    return next((one[0] for one in _data().families if name in one), name)


def _for_unrelated_account(survey: CheckContext, account: Account) -> Context:
    """Return the context of a request that a service makes for a resource of an unrelated account."""
    source = survey.unrelated_account
    return {
        "aws:SourceAccount": source,
        "aws:SourceArn": f"arn:{account.partition}:{PLACEHOLDER}:us-east-1:{source}:{PLACEHOLDER}",
        "aws:SourceOrgID": None,
        "aws:SourceOrgPaths": None,
    }


def services_of(statements: Iterator[Statement] | tuple[Statement, ...]) -> tuple[str, ...]:
    """Return the service principals that statements name."""
    found = {
        entry.text: None
        for statement in statements
        if not statement.not_principal
        for entry in statement.principals or ()
        if entry.type is PrincipalType.SERVICE
    }
    return tuple(found)


@check(
    "SVC-01",
    over=ROLES,
    severity=(
        Severity.LOW,
        "Needs a service that acts for other customers, and one of them who knows the role. Medium for an "
        "administrator role. Below Prowler, which counts every service.",
    ),
    title=mark("Confused deputy: a service can assume the role for any source"),
    question="Does a trust policy let a service assume the role without testing for which account or resource?",
    remediation=mark(
        'Add `"StringEquals": {"aws:SourceAccount": "your account"}` to the trust policy, or better `"ArnLike": '
        '{"aws:SourceArn": "…"}` with the resource that the role is for.'
    ),
    standards=("NIST 800-53 AC-3",),
)
def role_for_any_source(survey: CheckContext, account: Account, role: RoleDetail) -> Iterator[CheckResult]:
    """Only services for which AWS documents the condition; most of them reject roles of other accounts themselves:
    a role is passed to a service in its own account
    (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html).

    Medium if the role is an administrator.
    """
    document = survey.evaluator.index.trust(role)
    services = survey.once(
        ("services that bind", document),
        lambda: tuple(one for one in services_of(allowing(survey, role)) if one in bind_source()),
    )
    if not services:
        return
    # Many roles share a trust policy, and most trust policies give the same decision for each of them.
    key = ("unbound", account.account_id, document) if _is_role_independent(survey, document) else ("unbound", role.arn)
    unbound = survey.once(key, lambda: _unbound(survey, account, role, services))
    if not unbound:
        return
    is_admin = is_administrator(survey, account, role)
    names = {"services": enumerated(unbound), "role": role.role_name}
    sentence = phrase(
        "The trust policy of {role} does not restrict for which account or resource {services} can assume it.", **names
    )
    if is_admin:
        sentence = phrase(
            "The trust policy of {role}, which is an administrator, does not restrict for which account or resource "
            "{services} can assume it.",
            **names,
        )
    yield CheckResult(
        sentence,
        (
            Evidence(
                phrase(
                    "Evaluated as {services} with aws:SourceAccount and aws:SourceArn of an unrelated account: "
                    "allowed.",
                    services=enumerated(unbound),
                ),
                policy_key=trust_policy_key(role.arn),
            ),
            *(
                Evidence(
                    phrase(
                        "AWS documents the condition for {service}: {guide}.",
                        service=service,
                        guide=bind_source()[service],
                    )
                )
                for service in unbound
            ),
        ),
        severity=Severity.MEDIUM if is_admin else Severity.LOW,
        remediation=_binding_remediation(survey, role, unbound),
        remediation_command=_source_account_command(account, role),
    )


def _binding_remediation(survey: CheckContext, role: RoleDetail, unbound: tuple[str, ...]) -> str | None:
    """Return the remedy of a role that a condition would take away from others; None: the check's own.

    A service that does not send the key does not meet the condition.
    """
    origin = origin_of(role.arn)
    if origin:
        return phrase(
            "Do not change the role by hand: it is one of the {origin}, and its stack would undo the change or fail. "
            "Confirm that the tool is still used.",
            origin=phrase(origin),
        )
    shared = [one for one in allowing(survey, role) if set(unbound) & set(services_of((one,)))]
    named = dict.fromkeys(entry.text for one in shared for entry in one.principals or ())
    others = [one for one in named if one not in bind_source()]
    if not others:
        return None
    return phrase(
        "Move {services} into a statement of its own in the trust policy, and add "
        '`"StringEquals": {{"aws:SourceAccount": "your account"}}` to that statement only. AWS does not document the '
        "condition for {others}: it may lock them out.",
        services=enumerated(unbound),
        others=enumerated(others),
    )


def _source_account_command(account: Account, role: RoleDetail) -> str:
    """Return the command that adds aws:SourceAccount to a trust policy that names only services, unconditionally."""

    def edit(statement: dict[str, Any]) -> dict[str, Any] | None:
        principal = statement.get("Principal")
        if statement.get("Effect") == "Allow" and isinstance(principal, dict) and "Service" in principal:
            statement["Condition"] = {"StringEquals": {"aws:SourceAccount": account.account_id}}
        return statement

    if origin_of(role.arn):
        return ""
    raw = role.assume_role_policy_document
    listed = raw.get("Statement") if isinstance(raw, dict) else None
    statements = listed if isinstance(listed, list) else [listed]
    for statement in statements:
        if not isinstance(statement, dict) or statement.get("Condition") or statement.get("Effect") != "Allow":
            return ""
        named = statement.get("Principal")
        services = named.get("Service") if isinstance(named, dict) and list(named) == ["Service"] else None
        names = services if isinstance(services, list) else [services]
        if not all(name in bind_source() for name in names):
            return ""  # it is not documented whether other services send the key
    changed = edited(raw, edit)
    return "" if changed is None else trust_policy_command(role.role_name, changed)


def _unbound(survey: CheckContext, account: Account, role: RoleDetail, services: tuple[str, ...]) -> tuple[str, ...]:
    context = _for_unrelated_account(survey, account)
    return tuple(
        service
        for service in services
        if survey.ask(service, "sts:AssumeRole", role.arn, context).decision is EvalDecision.ALLOWED
    )


def _is_role_independent(survey: CheckContext, document: Document) -> bool:
    """Return whether a trust policy gives the same decision for every role of an account that has it."""

    def look() -> bool:
        if survey.snapshot.organization is not None:
            return False  # a resource control policy may name single roles
        tests = [test for statement in document.statements for test in statement.conditions]
        return not any(test.key.startswith(_PER_ROLE) or test.variable_keys for test in tests)

    return survey.once(("shared trust", document), look)


@check(
    "SVC-02",
    over=RESOURCES,
    severity=(Severity.MEDIUM, "As SVC-01, for one resource. High if its data can be read."),
    title=mark("Confused deputy: a service can use the resource for any account"),
    question="Can a service use a resource on behalf of any account?",
    remediation=mark(
        'Add `"StringEquals": {"aws:SourceAccount": "your account"}` or `"ArnLike": {"aws:SourceArn": "…"}` to the '
        "statement that names the service."
    ),
    standards=("NIST 800-53 AC-3",),
    data=Data.RESOURCE_POLICIES,
)
def resource_for_any_source(survey: CheckContext, account: Account, resource: Resource) -> Iterator[CheckResult]:
    """High if the service can read: an unrelated account then gets the content.

    A statement for everyone that tests the source of a request is one for services: only they send these keys.
    """
    statements = allowing_of(survey, resource)
    by_source = [one for one in statements if names_everyone(one) and _tests_source(one)]
    sources = _sources(survey, account, statements)
    services = dict.fromkeys(services_of(statements))
    if by_source and not _is_open(survey, resource):
        services |= dict.fromkeys(_service_of(source) for source in sources)
    for service in services:
        to_evaluate = requests(
            survey,
            resource,
            lambda statement, one=service: one in services_of((statement,)) or statement in by_source,  # type: ignore[misc]
        )
        found = [
            allowed
            for group in to_evaluate
            if (allowed := _first_allowed(survey, account, service, group, sources)) is not None
        ]
        if found:
            actions = action_words(request for request, _ in found)
            reads = any(request.level == "Read" for request, _ in found)
            yield CheckResult(
                phrase(
                    "{service} can perform {actions} on {name} on behalf of any account.",
                    service=phrase("Any AWS service") if service == _SOME_SERVICE else service,
                    actions=actions,
                    name=resource_subject(resource).name,
                ),
                tuple(
                    Evidence(
                        phrase(
                            "Evaluated {action} with aws:SourceAccount of an unrelated account.",
                            action=request.action,
                        ),
                        decision,
                    )
                    for request, decision in found
                ),
                object=service,
                severity=Severity.HIGH if reads else Severity.MEDIUM,
            )


@check(
    "SVC-09",
    over=RESOURCES,
    severity=(
        Severity.LOW,
        "Someone must get the bucket's name, after its owner deleted it. Medium if the name may be free already.",
    ),
    title=mark("Confused deputy: source bucket without its account"),
    question="Can Amazon S3 use a resource on behalf of a bucket, whatever account has the bucket?",
    remediation=mark(
        'Add `"StringEquals": {"aws:SourceAccount": "the bucket\'s account"}` to the statement: the ARN of a bucket '
        "does not contain its account."
    ),
    standards=("NIST 800-53 AC-3",),
    data=Data.RESOURCE_POLICIES,
)
def bucket_without_account(survey: CheckContext, account: Account, resource: Resource) -> Iterator[CheckResult]:
    """A bucket may be deleted by its owner and created again by another account (AWS Lambda API Reference,
    AddPermission, SourceAccount). Medium if the buckets of the snapshot do not have the name. SVC-02 reports patterns.
    """
    for statement in allowing_of(survey, resource):
        buckets = [one for one in _listed_sources(statement) if one.split(":", 5)[2:5] == ["s3", "", ""]]
        services = services_of((statement,))
        if buckets and names_everyone(statement) and not _is_open(survey, resource):
            services = tuple(dict.fromkeys((*services, *map(_service_of, buckets))))
        for service in services if buckets else ():
            groups = requests(survey, resource, partial(is_, statement))
            found = [
                (question, decision)
                for group in groups
                if (allowed := _first_allowed(survey, account, service, group, tuple(buckets))) is not None
                for question, decision in (allowed,)
                if decision.request.context.get("aws:SourceArn") in buckets
            ]
            if not found:
                continue
            bucket = str(found[0][1].request.context["aws:SourceArn"])
            known = _buckets(survey, account)
            is_free = bool(known) and bucket not in known
            names = {
                "service": service,
                "actions": action_words(question for question, _ in found),
                "name": resource_subject(resource).name,
                "bucket": bucket.rpartition(":")[2],
            }
            sentence = phrase(
                "{service} can perform {actions} on {name} for the bucket {bucket}, whichever account owns it.", **names
            )
            if is_free:
                sentence = phrase(
                    "{service} can perform {actions} on {name} for the bucket {bucket}, whichever account owns "
                    "it; the bucket is not in the snapshot.",
                    **names,
                )
            yield CheckResult(
                sentence,
                tuple(
                    Evidence(
                        phrase(
                            "Evaluated {action} with aws:SourceAccount of an unrelated account and the bucket as "
                            "aws:SourceArn.",
                            action=question.action,
                        ),
                        decision,
                    )
                    for question, decision in found
                ),
                object=f"{service} {bucket}",
                severity=Severity.MEDIUM if is_free else None,
            )


def _is_open(survey: CheckContext, resource: Resource) -> bool:
    """Return whether anyone can use a resource without signing in: RES-01 reports it."""
    return any(one.attempt.strength <= ConditionStrength.SECRET for one in open_to_all(survey, resource))


def _buckets(survey: CheckContext, account: Account) -> frozenset[str]:
    """Return the ARNs of the buckets of the snapshot; empty if none of the account was captured."""

    def look() -> frozenset[str]:
        found = {one.arn: owner_of(one) for one in survey.snapshot.resources if ":s3:::" in one.arn}
        return frozenset(found) if account.account_id in found.values() else frozenset()

    return survey.once(("buckets", account.account_id), look)


def _listed_sources(statement: Statement) -> Iterator[str]:
    """Yield the ARNs without wildcards that a statement accepts as ``aws:SourceArn``."""
    for test in statement.conditions:
        if test.key == "aws:sourcearn" and test.operator is not None and not test.operator.negated:
            yield from (value.text for value in test.values if not is_pattern(value.text) and value.text.count(":") > 4)


def _first_allowed(
    survey: CheckContext,
    account: Account,
    service: str,
    group: tuple[RequestToEvaluate, ...],
    sources: tuple[str, ...],
) -> tuple[RequestToEvaluate, EvaluationResult] | None:
    """Return the first request of a group that a service is allowed for a resource of an unrelated account."""
    context = _for_unrelated_account(survey, account)
    own = [source for source in sources if _service_of(source) in (service, _SOME_SERVICE)]
    for request in group:
        for source in (None, *own):
            asked = context if source is None else {**context, "aws:SourceArn": source}
            decision = survey.ask(service, request.action, request.resource, asked)
            if decision.decision is EvalDecision.ALLOWED:
                return request, decision
    return None


def _tests_source(statement: Statement) -> bool:
    return any(test.key in _SOURCE_KEYS for test in statement.conditions)


def _sources(survey: CheckContext, account: Account, statements: Iterable[Statement]) -> tuple[str, ...]:
    """Return ARNs of resources of an unrelated account that statements accept as ``aws:SourceArn``."""
    texts = [
        value.text
        for statement in statements
        for test in statement.conditions
        if test.key == "aws:sourcearn" and test.operator is not None and not test.operator.negated
        for value in test.values
    ]
    found = (_unrelated_source(survey, account, text) for text in texts if "${" not in text and is_pattern(text))
    return tuple(dict.fromkeys(one for one in found if one is not None))


def _unrelated_source(survey: CheckContext, account: Account, pattern: str) -> str | None:
    """Return the ARN of an unrelated account's resource that a pattern of ARNs matches; None if there is none."""
    parts = pattern.split(":", 5)
    parts += ["*" if pattern.endswith("*") else ""] * (6 - len(parts))
    _, _, service, region, owner, name = (filled(tokens_of(part), PLACEHOLDER) for part in parts)
    if service == "s3":
        # The names of buckets are in one namespace: any account can have one that a pattern matches.
        is_any, region, owner = not owner.isdecimal() and is_pattern(parts[5]), "", ""
    else:
        is_any, owner = bool(parts[4]) and glob(parts[4]).matches(survey.unrelated_account), survey.unrelated_account
        region = "us-east-1" if is_pattern(parts[3]) else region
    return f"arn:{account.partition}:{service}:{region}:{owner}:{name}" if is_any else None


def _service_of(source: str) -> str:
    """Return the service that acts for a resource, by the resource's ARN."""
    return f"{source.split(':', 3)[2]}.amazonaws.com"


@check(
    "SVC-04",
    over=ROLES,
    severity=(Severity.LOW, "More code than needed can use the permissions."),
    title=mark("Role trusted by several services"),
    question="Does a role trust unrelated services?",
    remediation=mark(
        "Create a separate role for each service, with only what it needs: each service now has the permissions of "
        "all others."
    ),
    standards=("NIST 800-53 AC-5",),
)
def role_for_several_services(survey: CheckContext, _account: Account, role: RoleDetail) -> Iterator[CheckResult]:
    """Services of one family share roles by design, for example pipelines and builds, or EC2 and Systems Manager."""
    document = survey.evaluator.index.trust(role)
    services = survey.once(("families", document), lambda: _of_several_families(services_of(allowing(survey, role))))
    if not services:
        return
    decisions = {service: survey.ask(service, "sts:AssumeRole", role.arn) for service in services}
    trusted = {
        service: decision
        for service, decision in decisions.items()
        if decision.decision in (EvalDecision.ALLOWED, EvalDecision.CONDITIONAL)
    }
    if _of_several_families(tuple(trusted)):
        yield CheckResult(
            phrase(
                "{role} can be assumed by {services}, which are unrelated.",
                role=role.role_name,
                services=enumerated(trusted, most=8),
            ),
            tuple(
                Evidence(phrase("Evaluated as {name}.", name=service), decision)
                for service, decision in trusted.items()
            ),
        )


def _of_several_families(services: tuple[str, ...]) -> tuple[str, ...]:
    return services if len({family(service) for service in services}) > 1 else ()
