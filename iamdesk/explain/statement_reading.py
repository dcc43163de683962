"""A statement in one plain sentence: what it says by itself, whatever else decides. Names in it are the snapshot's.

``Allows any S3 action on objects under payroll/, when MFA is present.``
"""

from collections.abc import Mapping, Sequence

from iamdesk.explain.condition_reading import conditions_reading, spelled
from iamdesk.explain.wording import listed
from iamdesk.index.trust import principal_words
from iamdesk.policy.actions import ActionPattern
from iamdesk.policy.document import Document
from iamdesk.policy.patterns import QUESTION, STAR, Token
from iamdesk.policy.resources import ResourcePattern
from iamdesk.policy.statement import Statement
from iamdesk.policy.variables import Variable

_MOST_NAMED = 5
_NO_NAMES: Mapping[str, str] = {}

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
"""Short names of services that are named often; others go by their prefix, which is never wrong."""


def document_readings(
    document: Document, account: str = "", entities: Mapping[str, str] = _NO_NAMES
) -> tuple[str, ...]:
    """Return one sentence a statement, in the order of the document.

    ``account`` is the policy's own; ``entities`` gives the ARN of principals by their unique ids (SEMANTICS E12).
    """
    return tuple([statement_reading(statement, account, entities) for statement in document.statements])


def statement_reading(statement: Statement, account: str = "", entities: Mapping[str, str] = _NO_NAMES) -> str:
    """Return what a statement says, in one sentence."""
    if statement.broken is not None:
        return f"Cannot be read, and matches nothing: {statement.broken}."
    whom = _principals(statement, account, entities)
    where = _resources(statement)
    conditions = conditions_reading(statement.conditions)
    when = f", when {conditions}" if conditions else ""
    verb = "Allows" if statement.is_allow else "Denies"
    return f"{verb} {whom}{_actions(statement)}{where}{when}."


# ── principals ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _principals(statement: Statement, account: str, entities: Mapping[str, str]) -> str:
    if statement.principals is None:
        return ""
    names = [principal_words(entry, account, entities) for entry in statement.principals]
    names = ["everyone" if name == "anyone" else name for name in names]
    if statement.not_principal:
        return f"everyone except {listed(names, _MOST_NAMED)} " if names else "everyone "
    return f"{listed(names, _MOST_NAMED)} " if names else "nobody "


# ── actions ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _actions(statement: Statement) -> str:
    entries = statement.actions
    if not statement.not_action:
        if any(entry.covers_every_service for entry in entries):
            return "every action"
        return _named_actions(entries, "any {} action", "any action of {}") if entries else "no action"
    if any(entry.covers_every_service for entry in entries):
        return "no action (it leaves every one out)"
    return f"every action except {_named_actions(entries, 'those of {}', 'those of {}')}" if entries else "every action"


def _named_actions(entries: Sequence[ActionPattern], of_one: str, of_several: str) -> str:
    """Name entries: whole services together, and what begins alike with what else begins so in its service."""
    whole: list[str] = []
    beginnings: dict[str, list[str]] = {}
    single: list[str] = []
    for entry in entries:
        service, _, name = entry.text.partition(":")
        title, begin = service_title(service), name.rstrip("*")
        if entry.problem is not None:
            may = "which matches nothing as far as AWS says" if entry.is_odd else "which matches nothing"
            single.append(f"“{entry.text}” ({may})")
        elif not begin:
            whole.append(title)
        elif "*" in begin or "?" in begin:
            single.append(f"{title} actions like {name}")
        elif begin == name:
            single.append(entry.text)
        else:
            beginnings.setdefault(title, []).append(begin)
    named = [(of_one if len(whole) == 1 else of_several).format(listed(whole, _MOST_NAMED))] if whole else []
    shown = list(beginnings.items())[:_MOST_NAMED]
    named += [f"{title} actions that begin with {listed(begin, _MOST_NAMED)}" for title, begin in shown]
    if len(beginnings) > len(shown):
        named.append(f"actions of {len(beginnings) - len(shown):,} more services by how they begin")
    named += [listed(single, _MOST_NAMED)] if single else []
    # Lists within a list: a semicolon parts them.
    return (" and " if len(named) == 2 else "; ").join(named)


def service_title(prefix: str) -> str:
    """Return a service's short name: ``S3``; the prefix of one that is seldom named."""
    return _SERVICES.get(prefix.lower(), prefix)


# ── resources ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _resources(statement: Statement) -> str:
    entries = statement.resources
    if entries is None:
        return ""
    named = [_resource(entry) for entry in entries]
    if statement.not_resource:
        return f" on everything except {listed(named, _MOST_NAMED)}" if named else " on everything"
    if any(entry.is_everything for entry in entries):
        return " on any resource"
    return f" on {listed(named, _MOST_NAMED)}" if named else " on no resource"


def _resource(entry: ResourcePattern) -> str:
    if entry.is_everything:
        return "any resource"
    if entry.problem is not None:
        return f"“{entry.text}” (which matches nothing)"
    part = entry.resource_part
    head = entry.text.split(":", 5)
    if len(head) < 6 or not part:
        return entry.text
    service, region, account = head[2].lower(), head[3], head[4]
    if service == "s3" and not region and not account:
        return _of_s3(part)
    where = f" in {region}" if region.strip("*") else ""
    owner = f" of account {account}" if account.strip("*") else ""
    return f"{_named(service_title(service), part)}{where}{owner}"


def _named(title: str, part: Sequence[Token | Variable]) -> str:
    """Write ``role/app-*`` as ``IAM role app-*``, and ``*`` as ``any IAM resource``."""
    if all(piece is STAR for piece in part):
        return f"any {title} resource"
    first = part[0]
    if isinstance(first, str):
        place = min((at for mark in "/:" if (at := first.find(mark)) > 0), default=0)
        kind, rest = first[:place], first[place + 1 :]
        if place and kind.replace("-", "").isalpha():
            name = spelled([piece for piece in (rest, *part[1:]) if piece != ""])
            return f"any {title} {kind}" if name == "*" else f"{title} {kind} {name}"
    return f"{title} {spelled(part)}"


def _of_s3(part: Sequence[Token | Variable]) -> str:
    """Write a bucket, an object, or what stands under a prefix (SEMANTICS F3: one star runs over slashes)."""
    text = spelled(part)
    if all(piece is STAR for piece in part):
        return "any bucket and object"
    if not any(isinstance(piece, str) and "/" in piece for piece in part):
        if part[-1] is STAR:
            # Without a slash the star may stand for the rest of a bucket's name, or for that and an object.
            return (
                f"buckets and objects whose names begin with {spelled(part[:-1])}"
                if _is_plain(part[:-1])
                else (f"buckets and objects like {text}")
            )
        return f"bucket {text}"
    if part[-1] is STAR and _is_plain(part[:-1]):
        return f"objects under {spelled(part[:-1])}" if text.endswith("/*") else f"objects that begin with {text[:-1]}"
    return f"object {text}" if _is_plain(part) else f"objects like {text}"


def _is_plain(part: Sequence[Token | Variable]) -> bool:
    return not any(piece is STAR or piece is QUESTION for piece in part)
