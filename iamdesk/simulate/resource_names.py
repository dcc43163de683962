"""Which resource is meant by a name, a URL, an alias or an ARN without its end, and what a captured list does not have.

The one place where texts that users, error messages and records have in place of ARNs become resources.
"""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple, Protocol

from iamdesk.aws.arn_templates import filled
from iamdesk.aws.service_reference import Action, reference
from iamdesk.escaping import with_visible_end
from iamdesk.evaluate.action_resource import Target
from iamdesk.evaluate.request import Request, RequestError
from iamdesk.i18n import phrase
from iamdesk.inventory.resource_index import ResourceIndex, parent_of
from iamdesk.policy.arn import Arn, account_of, is_arn, parse_arn, partition_of
from iamdesk.policy.wildcards import is_pattern

REQUEST_ALIAS = "kms:RequestAlias"
_NAME = re.compile(r"[\w+=,.@/:-]+")
_QUEUE_URL = re.compile(
    r"https?://(?:sqs(?:-fips)?\.)?(?:(?P<region>[a-z]{2}(?:-[a-z]+)+-\d)\.)?(?:queue\.)?"
    r"(?:amazonaws\.com(?:\.cn)?|api\.aws)/(?P<account>\d{12})/(?P<queue>[\w.-]+)/?"
)
"""Amazon SQS Developer Guide, "Queue and message identifiers"; the forms without ``sqs`` are of its first years."""
_LAMBDA_NAME = re.compile(r"(?:(?P<account>\d{12}):)?(?:function:)?(?P<name>[\w-]+(?::[\w$-]+)?)")
"""AWS Lambda API Reference, Invoke (FunctionName): a name or a partial ARN, with or without version or alias."""
_DETAILS = "iam get-account-authorization-details"
_SUFFIX = re.compile(r"-[A-Za-z0-9]{6}$")
"""What AWS adds to the name of a secret."""


class NamedResources(Protocol):
    """What finds resources of a snapshot by their names."""

    resources: ResourceIndex

    def matching(self, pattern: str) -> tuple[str, ...]:
        """Return the ARNs of resources, users, groups, roles and policies that match; of IAM's, whatever the path."""

    def lacks(self, entity: Arn) -> bool:
        """Return whether the list of the account's users, groups, roles or policies is captured without an entity."""


class MeantResource(NamedTuple):
    """The resource that a request is about."""

    arn: str
    remarks: tuple[str, ...] = ()
    unresolved: str = ""
    """As of `Request`."""
    alias: str = ""
    """Name of the alias that the request has in place of a key."""


def queue_arn(url: str) -> str | None:
    """Return the ARN of a queue by its URL; None for any other text."""
    if (found := _QUEUE_URL.fullmatch(url)) is None:
        return None
    region = found["region"] or "us-east-1"
    partition = "aws-cn" if region.startswith("cn-") else "aws-us-gov" if region.startswith("us-gov-") else "aws"
    return f"arn:{partition}:sqs:{region}:{found['account']}:{found['queue']}"


def function_name(text: str) -> tuple[str, str]:
    """Return the account (empty: not in it) and the name of a Lambda function by its name or partial ARN."""
    partial = _LAMBDA_NAME.fullmatch(text)
    return ("", text) if partial is None else (partial["account"] or "", partial["name"])


def meant_resource(request: Request, names: NamedResources | None) -> MeantResource:
    """Return the resource that a request means, by its text, action, principal and context.

    Raises:
        RequestError: the text names several resources, or does not show which.
    """
    service, _, name = request.action.strip().partition(":")
    action, text = reference().action(service, name), request.resource.lstrip()
    if action is None or text.rstrip() == "*" or not action.resource_types:
        return MeantResource(request.resource)
    remarks: tuple[str, ...] = ()
    if not text.lower().startswith("arn:"):
        arn = _arn_of_name(text.rstrip(), action, request, names)
        remarks, text = (phrase("{name} is evaluated as {arn}.", name=with_visible_end(text), arn=arn),), arn
    if not is_arn(text) or (is_pattern(text) and remarks == ()):
        return MeantResource(request.resource)
    found = _completed(parse_arn(text), action, names)
    if found is not None:
        return found._replace(remarks=(*remarks, *found.remarks))
    return MeantResource(text if remarks else request.resource, remarks)


def missing_from_list(target: Target, request: Request, names: NamedResources | None) -> tuple[str, str] | None:
    """Return that a captured list does not have a resource, and what is not known of it; None where none says so.

    Not where the action makes it.
    """
    resource = target.resource
    if names is None or resource is None or is_pattern(resource.resource) or target.action is None:
        return None
    if _makes(target.action):
        return None
    if resource.service == "iam":
        found = (resource.account, _DETAILS) if names.lacks(resource) else None
    else:  # which account a bucket belongs to is not known: not even that it is the caller's
        found = names.resources.list_without(resource, request.resource_account or "")
    if found is None:
        return None
    sentence = phrase(
        "The captured list of account {account} (`aws {command}`) has no {name}.",
        account=found[0],
        command=found[1],
        name=with_visible_end(resource.resource if resource.account else resource.resource.partition("/")[0]),
    )
    return sentence, phrase("whether it exists") if resource.account else phrase("whose it is and what its policy says")


def _arn_of_name(text: str, action: Action, request: Request, names: NamedResources | None) -> str:
    """Return the ARN of what a text names that is no ARN; a Region or account that is not known is ``*``.

    Raises:
        RequestError: as `meant_resource`.
    """
    if (queue := queue_arn(text)) is not None:
        return queue
    context = {key.lower(): value for key, value in request.context.items()}
    region = context.get("aws:requestedregion")
    known = {
        "partition": partition_of(request.principal),
        "region": region if isinstance(region, str) else "*",
        "account": request.resource_account or account_of(request.principal) or "*",
    }
    candidates = list(dict.fromkeys(_candidates(text, action, known)))
    found = list(dict.fromkeys(arn for one in candidates for arn in _matching(one, names)))
    if len(found) > 1:
        raise RequestError(
            phrase("`{text}` names several resources: specify the ARN ({arns})", text=text, arns=", ".join(found[:3]))
        )
    if not found and len(candidates) == 1 and (not is_pattern(candidates[0]) or ":alias/" in candidates[0]):
        found = candidates
    if not found:
        raise RequestError(
            phrase("`{text}` is no ARN, and the snapshot has no resource of this name: specify the ARN", text=text)
        )
    return found[0]


def _matching(pattern: str, names: NamedResources | None) -> tuple[str, ...]:
    """Return the ARNs that match: of a secret also without its end, of a part also if only the whole is known."""
    if names is None:
        return ()
    found, arn = names.matching(pattern), parse_arn(pattern)
    if not found and arn.service == "secretsmanager":
        return names.matching(f"{pattern}-??????")
    whole = "" if found or arn.service != "lambda" else str(parent_of(arn) or "")
    return tuple(f"{one}{pattern.removeprefix(whole)}" for one in names.matching(whole)) if whole else found


def _candidates(text: str, action: Action, known: Mapping[str, str]) -> Iterator[str]:
    """Yield the ARNs that a name can be short for, by the resource types of an action."""
    text = text.removeprefix("s3://")
    if _NAME.fullmatch(text) is None:
        return
    if action.service == "s3":
        yield f"arn:{known['partition']}:s3:::{text}"
        return
    if action.service == "kms" and text.startswith("alias/"):
        yield f"arn:{known['partition']}:kms:{known['region']}:{known['account']}:{text}"
        return
    if action.service == "lambda":
        account, text = function_name(text)
        known = {**known, "account": account or known["account"]}
    for one in action.resource_types:
        kind = reference().resource_type(action.service, one.name)
        for template in () if kind is None else kind.arns:
            fixed = template.split(":", 5)[5].partition("$")[0]
            arn = filled(template, known, text.removeprefix(fixed) if fixed else text)
            if arn is not None:
                yield arn


def _completed(arn: Arn, action: Action, names: NamedResources | None) -> MeantResource | None:
    """Return the resource of an alias of a key, of a secret without its end, or of an IAM entity without its path."""
    text, kind = str(arn), arn.resource.partition("/")[0].partition(":")[0]
    match arn.service, kind:
        case "kms", "alias" if all(one.name != "alias" for one in action.resource_types):
            return _key_of(arn, names)
        case "secretsmanager", "secret":
            whole = f"{text}-??????"
        case "iam", "user" | "group" | "role" | "policy":
            whole = text
        case _:
            return None
    found = _matching(whole, names)
    if _makes(action) or text in _matching(text, names):
        return None
    if len(found) == 1:
        return MeantResource(found[0], (phrase("{name} is {arn}.", name=text, arn=found[0]),))
    if whole == text or _SUFFIX.search(text):
        return None
    remark = phrase(
        "{name} lacks the six characters that AWS adds to a secret's name: it is evaluated as {arn}.",
        name=text,
        arn=whole,
    )
    return MeantResource(whole, (remark,), phrase("what the whole ARN of the secret is"))


def _makes(action: Action) -> bool:
    """Return whether an action makes the resource that it acts on."""
    name, kinds = action.name.lower(), [one.name.replace("-", "").lower() for one in action.resource_types]
    makes = name.startswith("restore") or any(name == f"put{kind}" for kind in kinds)
    return makes or (name.startswith(("create", "import")) and any(name.endswith(kind) for kind in kinds))


def _key_of(alias: Arn, names: NamedResources | None) -> MeantResource:
    """Return the key of an alias: KMS decides on the key (rule F11)."""
    text, name = str(alias), alias.resource
    key = None if names is None else names.resources.keys_by_alias.get(text)
    if key is not None:
        remark = phrase("{alias} is an alias of {key}: KMS decides on the key.", alias=text, key=key)
        return MeantResource(key, (remark,), alias=name)
    remark = phrase("{alias} is an alias, and KMS decides on its key: which key it is is not known.", alias=text)
    return MeantResource(
        str(alias._replace(resource="key/*")), (remark,), phrase("which key {alias} is", alias=name), name
    )
