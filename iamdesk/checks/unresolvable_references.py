"""References in policies that never resolve: tags that a user does not have, single sessions instead of roles."""

from collections.abc import Iterator
from functools import partial

from iamdesk.aws.condition_keys import spelled
from iamdesk.checks.check import CheckResult, check
from iamdesk.checks.check_context import CheckContext
from iamdesk.checks.finding import Evidence, Severity
from iamdesk.checks.policy_documents import statement_evidence
from iamdesk.checks.prerequisites import owner_of
from iamdesk.checks.resource_requests import resource_subject, resources_of
from iamdesk.checks.targets import ACCOUNTS, USERS, Subject, own_roles, principal_subject
from iamdesk.checks.words import enumerated
from iamdesk.evaluate.policy_set import AttachedPolicy, SourceType
from iamdesk.evaluate.request import PolicyType
from iamdesk.i18n import mark, nphrase, phrase
from iamdesk.inventory.policy_index import CarriedPolicy, tags_by_key
from iamdesk.policy.document import Document
from iamdesk.policy.statement import Statement
from iamdesk.snapshot.model import Account, UserDetail

_TAG = "aws:principaltag/"
_SOURCES = {"user": SourceType.USER, "group": SourceType.GROUP, "role": SourceType.ROLE}


@check(
    "LNT-12",
    over=USERS,
    severity=(Severity.LOW, "Nothing is allowed that was not intended."),
    title=mark("Policy condition on a tag that the user does not have"),
    question="Does a statement of a user's policies require a tag that the user does not have?",
    remediation=mark("Tag the user, or give the variable a default: `${aws:PrincipalTag/team, 'none'}`."),
)
def missing_tag(survey: CheckContext, _account: Account, user: UserDetail) -> Iterator[CheckResult]:
    """Users have no session tags, so the statement never matches. Roles are skipped: sessions may set their tags."""
    carried = survey.evaluator.index.carried(user.arn)
    tags, _ = tags_by_key(user.tags)
    found = [
        (policy, statement, missing)
        for policy in carried.identity
        for statement, keys in survey.once(
            ("tag variables", policy.document), partial(_statements_on_tags, policy.document)
        )
        if (missing := [key for key in keys if key.removeprefix(_TAG) not in tags])
    ]
    if found:
        names = enumerated(dict.fromkeys(key.removeprefix(_TAG) for _, _, missing in found for key in missing))
        policies = dict.fromkeys(policy.name for policy, _, _ in found)
        yield CheckResult(
            nphrase(
                "{user} has no tag {tags}, which statements of {policies} require: they never match.",
                "{user} has no tag {tags}, which statements of {policies} require: they never match.",
                len(policies),
                user=user.user_name,
                tags=names,
                policies=enumerated(policies),
            ),
            tuple(
                statement_evidence(
                    _attached(policy), statement, phrase("It requires {keys}.", keys=enumerated(map(spelled, missing)))
                )
                for policy, statement, missing in found[:20]
            ),
        )


def _statements_on_tags(document: Document) -> tuple[tuple[Statement, tuple[str, ...]], ...]:
    """Return (statement, keys) for Allow statements all of whose resources contain a principal tag."""
    found = []
    for statement in document.statements:
        resources = statement.resources
        if statement.broken is not None or not statement.is_allow or statement.not_resource or not resources:
            continue
        needed = [
            {variable.key for variable in entry.variables if variable.key.startswith(_TAG) and variable.default is None}
            for entry in resources
        ]
        if all(needed):
            found.append((statement, tuple(sorted(set().union(*needed)))))
    return tuple(found)


def _attached(policy: CarriedPolicy) -> AttachedPolicy:
    source = _SOURCES[policy.owner_kind]
    if not policy.is_inline:
        source = SourceType.AWS_MANAGED if policy.is_aws_managed else SourceType.USER_MANAGED
    return AttachedPolicy(
        PolicyType.IDENTITY, source, policy.source_id, policy.key, policy.name, policy.owner, policy.document
    )


@check(
    "LNT-16",
    over=ACCOUNTS,
    severity=(
        Severity.MEDIUM,
        "The caller chooses the session name, so others with the role are not allowed or denied as intended.",
    ),
    title=mark("Single session named instead of the role"),
    question="Does a trust policy or a resource policy name a role session as principal?",
    remediation=mark(
        "Name the role instead: `arn:aws:iam::ACCOUNT:role/NAME`. Callers choose their session name, so any caller of "
        "the role can match it, and the intended one fails under another name."
    ),
)
def session_as_principal(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """By the ARN: ``arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION``.

    Sessions of IAM Identity Center are skipped: they are named after the person, who cannot choose the name.
    """
    index = survey.evaluator.index
    for role in own_roles(account):
        yield from _sessions(index.trust(role), _IN_TRUST, principal_subject(role))
    for resource in resources_of(survey, account):
        if resource.policy is not None and owner_of(resource) == account.account_id:
            subject = resource_subject(resource)
            yield from _sessions(index.parse(resource.policy), _IN_RESOURCE, subject)


_IN_TRUST = mark("The trust policy of {name} names the session {sessions} as principal.")
_IN_RESOURCE = mark("The policy of {name} names the session {sessions} as principal.")


def _sessions(document: Document, sentence: str, subject: Subject) -> Iterator[CheckResult]:
    named = {
        entry.text: None
        for statement in document.statements
        for entry in statement.principals or ()
        if ":assumed-role/" in entry.text and ":assumed-role/AWSReservedSSO_" not in entry.text
    }
    if named:
        yield CheckResult(
            phrase(
                sentence,
                name=subject.name,
                sessions=enumerated(text.partition(":assumed-role/")[2] for text in named),
            ),
            tuple(Evidence(phrase("It names {principal}.", principal=text)) for text in named),
            subject=subject,
        )
