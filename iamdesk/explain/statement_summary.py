"""Summarizes a statement in one plain sentence, by itself. Names in it come from the snapshot.

``Allows any S3 action on objects under payroll/, when MFA is present.``
"""

from collections.abc import Mapping, Sequence

from iamdesk.explain.condition_summary import conditions_reading, spelled
from iamdesk.explain.messages import listed
from iamdesk.i18n import join_messages, mark, phrase
from iamdesk.inventory.trust import principal_words
from iamdesk.policy.action_patterns import ActionPattern
from iamdesk.policy.document import Document
from iamdesk.policy.resource_patterns import ResourcePattern
from iamdesk.policy.statement import Statement
from iamdesk.policy.variables import Variable
from iamdesk.policy.wildcards import QUESTION, STAR, Token

_MAX_NAMED = 5
_NO_NAMES: Mapping[str, str] = {}
_MATCHES_NOTHING = mark("“{text}” (which matches nothing)")

_SERVICES: Mapping[str, str] = {
    "athena": "Athena",
    "cloudformation": "CloudFormation",
    "cloudtrail": "CloudTrail",
    "cloudwatch": "CloudWatch",
    "config": "Config",
    "dynamodb": "DynamoDB",
    "ec2": "EC2",
    "ecr": "ECR",
    "ecs": "ECS",
    "eks": "EKS",
    "elasticfilesystem": "EFS",
    "events": "EventBridge",
    "glue": "Glue",
    "iam": "IAM",
    "kms": "KMS",
    "lambda": "Lambda",
    "logs": "CloudWatch Logs",
    "organizations": "Organizations",
    "rds": "RDS",
    "s3": "S3",
    "secretsmanager": "Secrets Manager",
    "sns": "SNS",
    "sqs": "SQS",
    "ssm": "Systems Manager",
    "sso": "IAM Identity Center",
    "states": "Step Functions",
    "sts": "STS",
}
"""Short names of common services; others are shown by their prefix."""


def document_readings(
    document: Document, account: str = "", entities: Mapping[str, str] = _NO_NAMES
) -> tuple[str, ...]:
    """Return one sentence for each statement, in the order of the document.

    ``account`` is the policy's own; ``entities`` gives the ARN of principals by their unique IDs (rule E12).
    """
    return tuple([statement_reading(statement, account, entities) for statement in document.statements])


def statement_reading(statement: Statement, account: str = "", entities: Mapping[str, str] = _NO_NAMES) -> str:
    """Summarize a statement in one sentence."""
    if statement.broken is not None:
        return phrase("Cannot be read, and matches nothing: {why}.", why=statement.broken)
    done = _on_resources(_actions(statement), statement)
    whom = _principals(statement, account, entities)
    if whom:
        done = phrase("{whom} {done}", whom=whom, done=done)
    if statement.conditions:
        done = phrase("{done}, when {conditions}", done=done, conditions=conditions_reading(statement.conditions))
    return phrase("Allows {done}.", done=done) if statement.is_allow else phrase("Denies {done}.", done=done)


# ── principals ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _principals(statement: Statement, account: str, entities: Mapping[str, str]) -> str:
    if statement.principals is None:
        return ""
    names = [principal_words(entry, account, entities) for entry in statement.principals]
    names = [phrase("everyone") if name == "anyone" else name for name in names]
    if statement.not_principal:
        if not names:
            return phrase("everyone")
        return phrase("everyone except {names}", names=listed(names, _MAX_NAMED))
    return listed(names, _MAX_NAMED) if names else phrase("nobody")


# ── actions ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _actions(statement: Statement) -> str:
    entries = statement.actions
    if not statement.not_action:
        if any(entry.covers_every_service for entry in entries):
            return phrase("every action")
        if not entries:
            return phrase("no action")
        return _named_actions(entries, mark("any {service} action"), mark("any action of {service}"))
    if any(entry.covers_every_service for entry in entries):
        return phrase("no action (it excludes all of them)")
    if not entries:
        return phrase("every action")
    those = mark("those of {service}")
    return phrase("every action except {those}", those=_named_actions(entries, those, those))


def _named_actions(entries: Sequence[ActionPattern], of_one: str, of_several: str) -> str:
    """Name entries: whole services together, and entries with a common beginning in their service."""
    whole: list[str] = []
    beginnings: dict[str, list[str]] = {}
    single: list[str] = []
    for entry in entries:
        service, _, name = entry.text.partition(":")
        title, begin = service_title(service), name.rstrip("*")
        if entry.problem is not None:
            may = mark("“{text}” (which matches nothing as far as AWS says)") if entry.is_odd else _MATCHES_NOTHING
            single.append(phrase(may, text=entry.text))
        elif not begin:
            whole.append(title)
        elif "*" in begin or "?" in begin:
            single.append(phrase("{service} actions like {pattern}", service=title, pattern=name))
        elif begin == name:
            single.append(entry.text)
        else:
            beginnings.setdefault(title, []).append(begin)
    named = [phrase(of_one if len(whole) == 1 else of_several, service=listed(whole, _MAX_NAMED))] if whole else []
    shown = list(beginnings.items())[:_MAX_NAMED]
    named += [
        phrase("{service} actions that begin with {names}", service=title, names=listed(begin, _MAX_NAMED))
        for title, begin in shown
    ]
    if len(beginnings) > len(shown):
        joint = len(beginnings) - len(shown)
        named.append(phrase("actions of {count:,} more services by how they begin", count=joint))
    named += [listed(single, _MAX_NAMED)] if single else []
    # Lists within a list: semicolons separate them.
    return join_messages(phrase(" and ") if len(named) == 2 else "; ", named)


def service_title(prefix: str) -> str:
    """Return a service's short name: ``S3``; the prefix of an uncommon one."""
    return _SERVICES.get(prefix.lower(), prefix)


# ── resources ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _on_resources(actions: str, statement: Statement) -> str:
    entries = statement.resources
    if entries is None:
        return actions
    named = listed([_resource(entry) for entry in entries], _MAX_NAMED)
    if statement.not_resource:
        if not named:
            return phrase("{actions} on everything", actions=actions)
        return phrase("{actions} on everything except {resources}", actions=actions, resources=named)
    if any(entry.is_everything for entry in entries):
        return phrase("{actions} on any resource", actions=actions)
    if not named:
        return phrase("{actions} on no resource", actions=actions)
    return phrase("{actions} on {resources}", actions=actions, resources=named)


def _resource(entry: ResourcePattern) -> str:
    if entry.is_everything:
        return phrase("any resource")
    if entry.problem is not None:
        return phrase(_MATCHES_NOTHING, text=entry.text)
    part = entry.resource_part
    head = entry.text.split(":", 5)
    if len(head) < 6 or not part:
        return entry.text
    service, region, account = head[2].lower(), head[3], head[4]
    if service == "s3" and not region and not account:
        return _of_s3(part)
    named = _named(service_title(service), part)
    if region.strip("*"):
        named = phrase("{resource} in {region}", resource=named, region=region)
    return phrase("{resource} of account {account}", resource=named, account=account) if account.strip("*") else named


def _named(title: str, part: Sequence[Token | Variable]) -> str:
    """Write ``role/app-*`` as ``IAM role app-*``, and ``*`` as ``any IAM resource``."""
    if all(piece is STAR for piece in part):
        return phrase("any {service} resource", service=title)
    first = part[0]
    if isinstance(first, str):
        place = min((at for mark in "/:" if (at := first.find(mark)) > 0), default=0)
        kind, rest = first[:place], first[place + 1 :]
        if place and kind.replace("-", "").isalpha():
            name = spelled([piece for piece in (rest, *part[1:]) if piece != ""])
            if name == "*":
                return phrase("any {service} {kind}", service=title, kind=kind)
            return phrase("{service} {kind} {name}", service=title, kind=kind, name=name)
    return join_messages(" ", (title, spelled(part)))


def _of_s3(part: Sequence[Token | Variable]) -> str:
    """Write a bucket, an object, or the objects under a prefix (rule F3: a star matches slashes)."""
    text = spelled(part)
    if all(piece is STAR for piece in part):
        return phrase("any bucket and object")
    if not any(isinstance(piece, str) and "/" in piece for piece in part):
        if part[-1] is STAR:
            # Without a slash the star may match the rest of a bucket's name, or that and an object.
            if _is_plain(part[:-1]):
                return phrase("buckets and objects whose names begin with {name}", name=spelled(part[:-1]))
            return phrase("buckets and objects like {pattern}", pattern=text)
        return phrase("bucket {name}", name=text)
    if part[-1] is STAR and _is_plain(part[:-1]):
        prefix = spelled(part[:-1])
        if text.endswith("/*"):
            return phrase("objects under {prefix}", prefix=prefix)
        return phrase("objects that begin with {name}", name=prefix)
    return phrase("object {name}", name=text) if _is_plain(part) else phrase("objects like {pattern}", pattern=text)


def _is_plain(part: Sequence[Token | Variable]) -> bool:
    return not any(piece is STAR or piece is QUESTION for piece in part)
