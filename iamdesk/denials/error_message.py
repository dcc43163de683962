"""Finds a denied request in an error message of AWS, its SDKs or its command line.

The wording is data (``resources/data/denial-messages.json``); this module searches for it.
"""

import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from iamdesk.aws.api_names import names, without_version
from iamdesk.aws.service_reference import reference
from iamdesk.denials.denial import Denial, DenialError, DenialSource, Effect
from iamdesk.evaluate.request import PolicyType
from iamdesk.i18n import mark, phrase, phrased
from iamdesk.policy.arn import ArnError, parse_arn
from iamdesk.resource_files import resources

MAX_MESSAGE_LENGTH = 50_000
"""Most characters of a message: AWS's longest have some 3,000, an SDK's stack trace is longer."""

_CLOSING = ".,;)]}>'\"`’”"
_OPENING = "([{<'\"`‘“"


@dataclass(frozen=True, slots=True)
class _Statement:
    pattern: re.Pattern[str]
    is_principal_before: bool
    principal: str | None
    action: str | None
    remark: str | None


@dataclass(frozen=True, slots=True)
class _Grammar:
    statements: tuple[_Statement, ...]
    operations: tuple[re.Pattern[str], ...]
    reasons: tuple[tuple[re.Pattern[str], Effect], ...]
    policy_types: Mapping[str, PolicyType]
    single: Mapping[str, re.Pattern[str]]
    no_denial: tuple[tuple[re.Pattern[str], str], ...]
    signs: Mapping[str, str]


@lru_cache(maxsize=1)
def _grammar() -> _Grammar:
    data = json.loads((resources() / "data" / "denial-messages.json").read_text(encoding="utf-8"))
    return _Grammar(
        statements=tuple(
            _Statement(
                re.compile(row["pattern"]),
                bool(row.get("principal_before")),
                row.get("principal"),
                row.get("action"),
                row.get("remark"),
            )
            for row in data["statements"]
        ),
        operations=tuple(re.compile(pattern) for pattern in data["operations"]),
        reasons=tuple((re.compile(row["pattern"]), Effect(row["effect"])) for row in data["reasons"]),
        policy_types={words: PolicyType(policy_type) for words, policy_type in data["layers"].items()},
        single={name: re.compile(pattern) for name, pattern in data["single"].items()},
        no_denial=tuple((re.compile(row["pattern"]), row["sentence"]) for row in data["no_denial"]),
        signs=data["service_signs"],
    )


def read_messages(text: str) -> tuple[Denial, ...]:
    """Return each denial in a text of one or more error messages, once.

    Raises:
        DenialError: as `read_message`.
    """
    text = _normalized(text)
    denials: list[Denial] = []
    begins = [0, *_beginnings(text)[1:], len(text)]
    for begin, end in pairwise(begins):
        denial = read_message(text[begin:end])
        if denial not in denials:
            denials.append(denial)
    return tuple(denials)


def _normalized(message: str) -> str:
    """Return a message with single spaces and without HTML entities, which consoles and tickets leave in it."""
    return " ".join(html.unescape(message[:MAX_MESSAGE_LENGTH]).split())


def _beginnings(text: str) -> list[int]:
    """Return where each denial in a text begins: its operation if that comes first, else its principal."""
    grammar = _grammar()
    found = [
        (match.start(), -match.end(), statement)
        for statement in (*(one.pattern for one in grammar.statements), *grammar.operations)
        for match in statement.finditer(text)
    ]
    begins: list[int] = []
    end, after_operation = 0, False
    for begin, negative_end, pattern in sorted(found, key=lambda one: one[:2]):
        if begin < end:
            continue  # another pattern for the same words
        is_operation = pattern in grammar.operations
        if is_operation or not after_operation:
            begins.append(begin if is_operation else text[:begin].rstrip().rfind(" ") + 1)
        end, after_operation = -negative_end, is_operation
    return begins


def read_message(message: str) -> Denial:
    """Find principal, action, resource and reason of a denial in an error message.

    Raises:
        DenialError: the message reports no denied request, or nothing about it.
    """
    text = _normalized(message)
    grammar = _grammar()
    found = _first(grammar, text)
    operation = _operation(grammar, text)
    encoded = grammar.single["encoded"].search(text)
    if found is None:
        for pattern, sentence in grammar.no_denial:
            if pattern.search(text):
                raise DenialError(sentence)
        code = grammar.single["code"].search(text)
        if operation is not None and code is not None and not grammar.single["denied"].search(code["code"]):
            raise DenialError(phrase("AWS reports {code}: no policy denied the request.", code=code["code"]))
        if encoded and operation is None:
            raise DenialError(phrase(_DECODE))
        if operation is None and not grammar.single["nothing_else"].match(text):
            raise DenialError(phrase("No denied request was found in the text."))
    statement, match = found or (None, None)
    groups = match.groupdict() if match else {}
    principal = _principal(text, statement, match)
    actions: tuple[str, ...] = ()
    if groups.get("action") or (statement and statement.action):
        actions = (_spelled(groups.get("action") or (statement.action if statement else None) or ""),)
    elif operation:
        actions = actions_called(operation)
    resource, resource_text = _resource(groups, principal, actions)
    if len(actions) > 1:
        actions = of_service(actions, _service(grammar, text, resource))
    effect, policy_type, policy = _reason(grammar, text[match.start() :] if match else text)
    remarks = [phrased(statement.remark)] if statement and statement.remark else []
    if encoded:
        remarks.append(phrase(_DECODE))
    if (known := grammar.single["authorization_id"].search(text)) is not None:
        number = known["id"] or known["id_told"]
        remarks.append(
            phrase(
                "AWS keeps the details of this denial for about a day, under the authorization ID {number}.",
                number=number,
            )
        )
    return Denial(
        DenialSource.MESSAGE,
        principal,
        actions,
        resource,
        resource_text,
        effect=effect,
        policy_type=policy_type,
        policy=policy,
        remarks=tuple(remarks),
    )


_DECODE = mark(
    "The details are encoded: `aws sts decode-authorization-message --encoded-message …` decodes them, and what it "
    "prints can be pasted here."
)


def actions_called(operation: str, service: str | None = None) -> tuple[str, ...]:
    """Return the actions of an API operation, by its name; of all services, where the service is not known."""
    operation = without_version(operation)
    known = reference()
    actions = names()["actions"]
    found: list[str] = []
    for prefix in (service,) if service else known.services():
        action = actions.get(f"{prefix}:{operation}")
        if action is None:
            listed = known.action(prefix, operation)
            action = listed.full_name if listed else None
        if action is not None:
            found.append(action)
    if service and not found:
        return (f"{service}:{operation}",)
    return tuple(found)


def _first(grammar: _Grammar, text: str) -> tuple[_Statement, re.Match[str]] | None:
    for statement in grammar.statements:
        match = statement.pattern.search(text)
        if match is not None:
            return statement, match
    return None


def _operation(grammar: _Grammar, text: str) -> str | None:
    for pattern in grammar.operations:
        match = pattern.search(text)
        if match is not None:
            return match["operation"]
    return None


def _principal(text: str, statement: _Statement | None, match: re.Match[str] | None) -> str | None:
    if statement is None or match is None:
        return None
    if not statement.is_principal_before:
        return statement.principal
    word = text[: match.start()].rstrip().rpartition(" ")[2].strip(_CLOSING + _OPENING)
    # An SDK may add the message after a colon without a space: `AccessDenied:User:arn:…`.
    if not word.startswith("arn:") and (at := word.find(":arn:")) >= 0:
        word = word[at + 1 :]
    if word.startswith("arn:") or word.endswith((".amazonaws.com", ".amazonaws.com.cn")):
        return word
    return "anonymous" if word.lower() == "anonymous" else None


def _service(grammar: _Grammar, text: str, resource: str | None) -> str | None:
    """Return the service that a message is about, where its resource or a word in it shows it."""
    if resource is not None and resource.startswith("arn:"):
        return resource.split(":")[2]
    return next((service for sign, service in grammar.signs.items() if sign in text), None)


def of_service(actions: tuple[str, ...], service: str | None) -> tuple[str, ...]:
    """Return the actions of a service; all of them where it has none."""
    return tuple(action for action in actions if action.startswith(f"{service}:")) or actions


def _spelled(action: str) -> str:
    """Return an action as AWS spells it: messages write SNS:Publish."""
    service, _, name = action.partition(":")
    known = reference().action(service, name)
    return known.full_name if known else action


def _resource(
    groups: Mapping[str, str | None], principal: str | None, actions: tuple[str, ...]
) -> tuple[str | None, str | None]:
    """Return the resource as an ARN, and its text where that is not one."""
    text = (groups.get("resource") or "").rstrip(_CLOSING)
    if groups.get("queue"):
        text = f"arn:aws:sqs:{groups['region']}:{groups['account']}:{groups['queue']}"
    alone = len(actions) == 1 and takes_no_resource(actions[0])
    if text.startswith("arn:") and not (alone and text.endswith(":")):  # arn:aws:sqs:REGION:ACCOUNT: of ListQueues
        return text, None
    if text == "*" or not text or alone:
        return ("*" if text or alone else None), None
    kind, _, name = text.rpartition(" ")
    template = names()["named"].get(kind)
    if template is None or principal is None:
        return None, text
    try:
        arn = parse_arn(principal)
    except ArnError:
        return None, text
    return template.format(partition=arn.partition, account=arn.account, name=name), text


def takes_no_resource(action: str) -> bool:
    """Return whether AWS has the action, with ``*`` as its only resource."""
    service, _, name = action.partition(":")
    known = reference().action(service, name)
    return known is not None and reference().takes_no_resource(known)


def _reason(grammar: _Grammar, text: str) -> tuple[Effect | None, PolicyType | None, str | None]:
    for pattern, effect in grammar.reasons:
        match = pattern.search(text)
        if match is not None:
            groups = match.groupdict()
            policy = (groups.get("policy") or "").rstrip(_CLOSING) or None
            return effect, grammar.policy_types.get((groups.get("layer") or "").lower()), policy
    return None, None, None
