"""A second evaluator of self-contained test cases, written from the rules of evaluation alone.

It shares no code with iamdesk, knows strict mode only (a condition key that the case does not give is absent) and is
slow on purpose: each rule stands where it is cited, in the order of the algorithm of policy-evaluation.
`generator` makes the test cases on which both have to agree.
"""

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, NamedTuple

ALLOWED, EXPLICIT, IMPLICIT = "allowed", "explicitDeny", "implicitDeny"

MULTIVALUED = frozenset(
    {"aws:tagkeys", "aws:calledvia", "aws:principalorgpaths", "aws:principalservicenameslist", "kms:resourcealiases"}
)
"""Keys that hold a list (rules G16, table 1), of those that the generator uses."""
RCP_SERVICES = frozenset({"s3", "sts", "kms", "sqs", "secretsmanager", "dynamodb"})
"""Services of the generator that RCPs support (Organizations user guide, RCPs)."""
WITHOUT_RESOURCE = frozenset({"s3:listallmybuckets", "kms:listkeys", "sqs:listqueues", "ec2:describeinstances"})
"""Actions of the generator that take no resource type (Service Authorization Reference)."""
_KMS_ACROSS_NAMES = """
decrypt encrypt generatedatakey generatedatakeypair generatedatakeypairwithoutplaintext generatedatakeywithoutplaintext
generatemac getpublickey reencryptfrom reencryptto sign verify verifymac derivesharedsecret creategrant describekey
getkeyrotationstatus listgrants retiregrant revokegrant
"""
KMS_ACROSS = frozenset("kms:" + name for name in _KMS_ACROSS_NAMES.split())
"""KMS key actions that work across accounts (rule I1)."""
OWNER_ALONE = frozenset(
    {
        *("s3:putbucketpolicy", "s3:getbucketpolicy", "s3:deletebucketpolicy"),
        *("sqs:addpermission", "sqs:removepermission", "sqs:createqueue", "sqs:deletequeue", "sqs:setqueueattributes"),
        *("sqs:tagqueue", "sqs:untagqueue", "sqs:listqueues", "sqs:listqueuetags"),
        *("dynamodb:updatetimetolive", "dynamodb:putresourcepolicy", "dynamodb:createbackup"),
    }
)
"""Actions that no policy opens to another account (amendments, D)."""
ROOT_UNLOCKS = frozenset(
    {"s3:putbucketpolicy", "s3:getbucketpolicy", "s3:deletebucketpolicy", "sqs:setqueueattributes"}
)
"""What the policy of a bucket or queue cannot deny to the owner's root user (S3 API Reference, PutBucketPolicy; IAM
User Guide, Tasks that require root user credentials)."""
UNSIGNED_SERVICES = frozenset({"s3", "sqs", "sns"})
"""Services that take calls without a signature (rule E10)."""


class Arn(NamedTuple):
    """An ARN in its six parts."""

    partition: str
    service: str
    region: str
    account: str
    rest: str


def arn_of(text: str) -> Arn | None:
    """Split an ARN; None where the text is none."""
    parts = text.split(":", 5)
    return Arn(*parts[1:]) if len(parts) == 6 and parts[0] == "arn" else None


@dataclass(frozen=True)
class Caller:
    """Who makes the request."""

    kind: str
    """user, role, session, federated, root, service, anonymous, saml or oidc."""
    arn: str
    account: str | None
    partition: str = "aws"
    name: str = ""
    is_service_linked: bool = False


def caller_of(text: str) -> Caller:
    """Tell the kind of a principal from how it is written."""
    if text == "anonymous":
        return Caller("anonymous", text, None)
    arn = arn_of(text)
    if arn is None:
        return Caller("service" if text.endswith(".amazonaws.com") else "oidc", text, None)
    kind, _, name = arn.rest.partition("/")
    kinds = {
        "assumed-role": "session",
        "federated-user": "federated",
        "saml-provider": "saml",
        "oidc-provider": "oidc",
    }
    return Caller(
        kinds.get(kind, kind),
        text,
        None if kind.endswith("-provider") else arn.account,
        arn.partition,
        name,
        is_service_linked=kind == "role" and name.startswith("aws-service-role/"),
    )


# -- text -------------------------------------------------------------------------------------------------------------


type Piece = tuple[str, bool]
"""A character, and whether it is a wildcard."""


def pieces_of(text: str) -> list[Piece]:
    """Read a pattern without variables."""
    return [(character, character in "*?") for character in text]


def globs(pattern: Sequence[Piece], text: str) -> bool:
    """Match by a table of prefixes: `*` is any run, `?` one character (rules F3, G7)."""
    reached = {0}
    for character, is_wild in pattern:
        if is_wild and character == "*":
            reached = set(range(min(reached), len(text) + 1)) if reached else set()
        else:
            reached = {at + 1 for at in reached if at < len(text) and (is_wild or text[at] == character)}
    return len(text) in reached


_VARIABLE = re.compile(r"\$\{([^}]*)\}")


class UnresolvedError(Exception):
    """A variable without a value (rule H3)."""


def fill(text: str, request: "Request", version: str) -> list[Piece]:
    """Fill in the variables of a pattern (rules H1 to H9)."""
    if version != "2012-10-17":
        return pieces_of(text)
    out: list[Piece] = []
    at = 0
    for found in _VARIABLE.finditer(text):
        out += pieces_of(text[at : found.start()])
        at = found.end()
        name = found[1]
        if name in ("*", "?", "$"):
            out.append((name, False))
            continue
        key, comma, default = name.partition(", ")
        if not key or " " in key:
            out += pieces_of(found[0])
            continue
        values = request.values(key)
        if values is not None and len(values) == 1 and values[0] and key.lower() not in MULTIVALUED:
            out += [(character, False) for character in values[0]]
        elif comma:
            out += [(character, False) for character in default[1:-1]]
        else:
            raise UnresolvedError
    return out + pieces_of(text[at:])


# -- the request ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Request:
    """Principal, action, resource and request context, with what the caller settles by itself (amendments, J)."""

    caller: Caller
    action: str
    resource: str
    owner: str | None
    context: Mapping[str, Sequence[str]]

    @property
    def service(self) -> str:
        """Return the service prefix of the action, lower case."""
        return self.action.split(":")[0].lower()

    def values(self, key: str) -> Sequence[str] | None:
        """Return the values of a condition key; None where it is absent."""
        return self.context.get(key.lower())


def request_of(case: Mapping[str, Any]) -> Request:
    """Read a test case."""
    caller = caller_of(case["principal"])
    context = {}
    for key, value in (case.get("context") or {}).items():
        context[key.lower()] = [str(one) for one in value] if isinstance(value, list) else [str(value)]
    for key, value in _settled(caller).items():
        context.setdefault(key, [value])
    arn = arn_of(case["resource"])
    owner = case.get("resource_account") or (arn.account if arn else None) or caller.account
    return Request(caller, case["action"], case["resource"], owner, context)


def _settled(caller: Caller) -> dict[str, str]:
    """Return what the kind of principal says of keys (rule J2)."""
    account = caller.account or ""
    match caller.kind:
        case "anonymous":
            return {"aws:principalaccount": "anonymous", "aws:principaltype": "Anonymous", "aws:userid": "anonymous"}
        case "service":
            return {"aws:principalisawsservice": "true"}
        case "saml" | "oidc":
            return {}
        case kind:
            types = {"user": "User", "root": "Account", "federated": "FederatedUser"}
            arn = caller.arn
            if kind == "session":
                arn = f"arn:{caller.partition}:iam::{account}:role/{caller.name.split('/')[0]}"
            known = {
                "aws:principalarn": arn,
                "aws:principalaccount": account,
                "aws:principaltype": types.get(kind, "AssumedRole"),
                "aws:principalisawsservice": "false",
            }
            if kind == "user":
                known["aws:username"] = caller.name.split("/")[-1]
            return known


def boundary_of_target(entries: Iterable[Mapping[str, Any]], action: str, resource: str) -> dict[str, str] | None:
    """Return the key for the boundary of the user or role of an IAM request, of entries as the AWS CLI prints them.

    None where they do not tell it: the request sets the boundary itself, or none of them is the resource. IAM User
    Guide, "IAM and AWS STS condition context keys"; Service Authorization Reference, IAM, for the actions.
    """
    if re.fullmatch("iam:(create|put).*(user|role|permissionsboundary)", action.lower()):
        return None
    for entry in entries:
        if entry["Arn"] == resource:
            held = entry.get("PermissionsBoundary")
            return {"iam:PermissionsBoundary": held["PermissionsBoundaryArn"]} if held else {}
    return None


def can_have_source_identity(entries: Iterable[Mapping[str, Any]], principal: str) -> bool:
    """Return whether requests of a principal can contain aws:SourceIdentity, of roles as the AWS CLI prints them.

    IAM User Guide, "Monitor and control actions taken with assumed roles": the key is present in requests of a role
    session for which one was set when the role was assumed, or of which the session that assumed it had one. Either
    takes sts:SetSourceIdentity in the trust policy of the role, else the call of AssumeRole* fails. Users and the root
    user assume no role.
    """
    caller = caller_of(principal)
    if caller.kind == "federated" or principal == "rolesanywhere.amazonaws.com":
        return True  # the page says nothing of GetFederationToken and IAM Roles Anywhere
    if caller.kind not in ("role", "session"):
        return False
    name = caller.name.split("/")[0] if caller.kind == "session" else caller.name.split("/")[-1]
    for entry in entries:
        if entry["RoleName"] == name and (arn := arn_of(entry["Arn"])) is not None and arn.account == caller.account:
            return any(
                statement["Effect"] == "Allow" and covers_action(statement, "sts:SetSourceIdentity")
                for statement in listed(entry["AssumeRolePolicyDocument"]["Statement"])
            )
    return True  # not listed: nobody knows its trust policy


# -- statements -------------------------------------------------------------------------------------------------------


def listed(value: Any) -> list[Any]:
    """Return a list whether or not it is written as one (rule L1)."""
    return value if isinstance(value, list) else [value]


def matches_action(pattern: str, action: str) -> bool:
    """Rule F1."""
    if pattern == "*":
        return True
    service, colon, name = pattern.partition(":")
    wanted, _, called = action.partition(":")
    if not colon or not name or service.lower() != wanted.lower():
        return False
    return globs(pieces_of(name.lower()), called.lower())


def covers_action(statement: Mapping[str, Any], action: str) -> bool:
    """Return whether Action, or NotAction, of a statement covers an action."""
    is_wanted = "Action" in statement
    written = listed(statement["Action" if is_wanted else "NotAction"])
    return any(matches_action(one, action) for one in written) is is_wanted


def matches_resource(written: str, request: Request, version: str, policy: str) -> bool:
    """Rules F3 to F7; raises `UnresolvedError`."""
    if written == "*":
        return True
    if request.action.lower() in WITHOUT_RESOURCE or request.resource == "*":
        return request.action.lower() == "s3:listallmybuckets" and written == "arn:aws:s3:::*"
    parts = _split(fill(written, request, version))
    if len(parts) < 3 or _plain(parts[0]) != "arn" or any(is_wild for _, is_wild in parts[2]):
        return False
    if _runs_on(parts, request.resource):
        return True
    if len(parts) < 6:
        if not _short_counts(written, policy):
            return False
        parts += [pieces_of("*")] * (6 - len(parts))
    asked = request.resource.split(":", 5)
    return len(asked) == 6 and all(
        globs(_lower(part), text.lower()) if at < 5 else globs(part, text)
        for at, (part, text) in enumerate(zip(parts, asked, strict=True))
    )


def _plain(part: Sequence[Piece]) -> str:
    return "".join(character for character, _ in part)


def _lower(part: Sequence[Piece]) -> list[Piece]:
    return [(character.lower(), is_wild) for character, is_wild in part]


def _runs_on(parts: Sequence[Sequence[Piece]], resource: str) -> bool:
    """Match with a `*` at the end of one of the first five parts that runs on over colons (rule F4, b)."""
    reached = {0}
    for number, part in enumerate(parts):
        piece_list = [*([(":", False)] if number else []), *(part if number == 5 else _lower(part))]
        for at, (character, is_wild) in enumerate(piece_list):
            crosses = number == 5 or (character == "*" and at == len(piece_list) - 1)
            text = resource if number == 5 else resource.lower()
            if is_wild and character == "*":
                grown = set()
                for start in reached:
                    end = start
                    grown.add(end)
                    while end < len(text) and (crosses or text[end] != ":"):
                        end += 1
                        grown.add(end)
                reached = grown
            elif is_wild:
                reached = {at + 1 for at in reached if at < len(text) and (crosses or text[at] != ":")}
            else:
                reached = {at + 1 for at in reached if at < len(text) and text[at] == character}
    return len(resource) in reached


def _short_counts(written: str, policy: str) -> bool:
    """Rule F7."""
    match policy:
        case "identity" | "boundary":
            return True
        case "scp":
            return written.endswith("*")
        case "resource":
            return "*" in written
        case _:
            return False


def _split(pattern: Sequence[Piece]) -> list[list[Piece]]:
    parts: list[list[Piece]] = [[]]
    for piece in pattern:
        if piece[0] == ":" and len(parts) < 6:
            parts.append([])
        else:
            parts[-1].append(piece)
    return parts


_WITH_SEVERAL = frozenset(
    {
        *("aws:calledvia", "aws:principalorgpaths", "aws:principalservicenameslist", "aws:resourceorgpaths"),
        *("aws:sourceorgpaths", "aws:tagkeys", "aws:vpceorgpaths", "sts:transitivetagkeys"),
    }
)
"""Multivalued keys (IAM User Guide, "AWS global condition context keys")."""


def holds(condition: Mapping[str, Any], request: Request, version: str) -> bool:
    """Rule G1."""
    return all(
        _test(operator, key, [_text(value) for value in listed(values)], request, version)
        for operator, keys in condition.items()
        for key, values in keys.items()
    )


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _test(written: str, key: str, listed_values: Sequence[str], request: Request, version: str) -> bool:
    quantifier, colon, operator = written.rpartition(":")
    quantifier = quantifier.lower() if colon else ""
    operator = operator.lower()
    values = request.values(key)
    if operator == "null":
        # Multivalued context key examples: "a null dataset, such as an empty string"; "its value is not null".
        is_null = not values or (key.lower() in _WITH_SEVERAL and list(values) == [""])
        return any((wanted.lower() == "true") == is_null for wanted in listed_values)
    if_exists = operator.endswith("ifexists")
    operator = operator.removesuffix("ifexists")
    is_negated = "not" in operator
    plain = operator.replace("not", "")
    compare = _comparisons().get(plain)
    if compare is None:
        return False  # G17
    if quantifier == "forallvalues":
        present = [one for one in values or () if not (len(values or ()) == 1 and one == "")]
        return all(_one(compare, one, listed_values, is_negated, request, version) for one in present)
    if quantifier == "foranyvalue":
        return any(_one(compare, one, listed_values, is_negated, request, version) for one in values or ())
    if values is None:
        return if_exists or is_negated
    if key.lower() == "aws:sourceip" and plain == "ipaddress":
        listed_values = [one for one in listed_values if not _is_private(one)]
    if len(values) != 1:
        return False  # G16
    return _one(compare, values[0], listed_values, is_negated, request, version)


def _is_private(written: str) -> bool:
    """Return whether a range of addresses is one that no caller from the internet has (amendments, G12)."""
    try:
        network = ipaddress.ip_network(written, strict=False)
    except ValueError:
        return False
    return network.version == 4 and any(network.subnet_of(one) for one in _PRIVATE)


_PRIVATE = [ipaddress.IPv4Network(one) for one in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")]


type Compare = Callable[[str, str, Request, str], bool | None]
"""Request value, policy value → whether they match; None where the request value is malformed (rule G19)."""


def _one(
    compare: Compare, value: str, listed_values: Sequence[str], is_negated: bool, request: Request, version: str
) -> bool:
    """Rules G2, G18, G19."""
    found = [compare(value, wanted, request, version) for wanted in listed_values]
    if None in found:
        return False
    return not any(found) if is_negated else any(found)


def _numeric(test: Callable[[Decimal, Decimal], bool]) -> Compare:
    def compare(value: str, wanted: str, _request: Request, _version: str) -> bool | None:
        have, want = _number(value), _number(wanted)
        if have is None:
            return None
        return want is not None and test(have, want)

    return compare


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text) if re.fullmatch(r"[+-]?\d+(\.\d+)?", text) else None
    except InvalidOperation:
        return None


def _date(test: Callable[[datetime, datetime], bool]) -> Compare:
    def compare(value: str, wanted: str, _request: Request, _version: str) -> bool | None:
        have, want = _instant(value), _instant(wanted)
        if have is None:
            return None
        return want is not None and test(have, want)

    return compare


def _instant(text: str) -> datetime | None:
    """Rule G9."""
    if re.fullmatch(r"\d+", text):
        return datetime.fromtimestamp(int(text), UTC)
    if not re.fullmatch(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?", text):
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _filled(wanted: str, request: Request, version: str) -> list[Piece] | None:
    try:
        return fill(wanted, request, version)
    except UnresolvedError:
        return None


def _string(value: str, wanted: str, request: Request, version: str) -> bool:
    filled = _filled(wanted, request, version)
    return filled is not None and "".join(character for character, _ in filled) == value


def _ignore_case(value: str, wanted: str, request: Request, version: str) -> bool:
    filled = _filled(wanted, request, version)
    return filled is not None and "".join(character for character, _ in filled).lower() == value.lower()


def _like(value: str, wanted: str, request: Request, version: str) -> bool:
    filled = _filled(wanted, request, version)
    return filled is not None and globs(filled, value)


def _arn(value: str, wanted: str, request: Request, version: str) -> bool | None:
    """Rule G13."""
    parts = value.split(":", 5)
    if len(parts) < 6 or parts[0] != "arn":
        return None
    filled = _filled(wanted, request, version)
    if filled is None:
        return False
    patterns = _split(filled)
    return len(patterns) == 6 and all(globs(one, text) for one, text in zip(patterns, parts, strict=True))


def _bool(value: str, wanted: str, _request: Request, _version: str) -> bool:
    return value.lower() in ("true", "false") and value.lower() == wanted.lower()


def _binary(value: str, wanted: str, _request: Request, _version: str) -> bool:
    try:
        return base64.b64decode(value, validate=True) == base64.b64decode(wanted, validate=True)
    except (binascii.Error, ValueError):
        return False


def _ip(value: str, wanted: str, _request: Request, _version: str) -> bool | None:
    """Rule G12."""
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return None
    try:
        network = ipaddress.ip_network(wanted, strict=False)
    except ValueError:
        return False
    return address.version == network.version and address in network


@cache
def _comparisons() -> Mapping[str, Compare]:
    """Return the comparison of each operator, by its name without `Not` and `IfExists`, lower case."""
    order: dict[str, Callable[[Any, Any], bool]] = {
        "equals": lambda a, b: a == b,
        "lessthan": lambda a, b: a < b,
        "lessthanequals": lambda a, b: a <= b,
        "greaterthan": lambda a, b: a > b,
        "greaterthanequals": lambda a, b: a >= b,
    }
    return {
        "stringequals": _string,
        "stringequalsignorecase": _ignore_case,
        "stringlike": _like,
        "arnequals": _arn,
        "arnlike": _arn,
        "bool": _bool,
        "binaryequals": _binary,
        "ipaddress": _ip,
        **{f"numeric{name}": _numeric(test) for name, test in order.items()},
        **{f"date{name}": _date(test) for name, test in order.items()},
    }


# -- principals -------------------------------------------------------------------------------------------------------


def named_as(kind: str, written: str, caller: Caller) -> str | None:
    """Return how an entry of Principal names the caller: everyone, account, exact, role, user; None where not."""
    if kind in ("*", "AWS") and written == "*":
        return "everyone"  # E1
    if kind == "Service":
        return "exact" if caller.kind == "service" and written == caller.arn else None
    if kind == "Federated":
        return "exact" if caller.kind in ("saml", "oidc") and written == caller.arn else None
    if kind != "AWS" or caller.account is None:
        return None
    if written in (caller.account, f"arn:{caller.partition}:iam::{caller.account}:root"):
        return "account"
    if written == caller.arn:
        return "role" if caller.kind == "role" else "exact"
    arn = arn_of(written)
    if arn is None or arn.account != caller.account or arn.partition != caller.partition or arn.service != "iam":
        return None
    if caller.kind == "session" and arn.rest.startswith("role/"):
        return "role" if arn.rest.split("/")[-1] == caller.name.split("/")[0] else None
    if caller.kind == "federated" and arn.rest.startswith("user/"):
        return "user" if arn.rest.split("/")[-1] == caller.name else None
    return None


def entries(principal: Any) -> Iterator[tuple[str, str]]:
    """Yield the entries of a Principal or NotPrincipal element."""
    if isinstance(principal, str):
        yield principal, principal
        return
    for kind, values in principal.items():
        for value in listed(values):
            yield kind, value


def grants_of(statement: Mapping[str, Any], caller: Caller, has_boundary: bool, is_trust: bool) -> set[str]:
    """Return how a statement of a resource-based policy names the caller; empty where it does not."""
    if "Principal" in statement:
        found = {named_as(kind, text, caller) for kind, text in entries(statement["Principal"])} - {None}
        if is_trust and statement["Effect"] == "Allow" and caller.kind in ("saml", "oidc", "anonymous"):
            found -= {"everyone"}  # E9: a provider has to be named
        return {one for one in found if one}
    if "NotPrincipal" not in statement:
        return set()
    named = {named_as(kind, text, caller) for kind, text in entries(statement["NotPrincipal"])} - {None}
    if statement["Effect"] == "Deny":
        if has_boundary:
            return {"not"}  # E7
        return set() if named >= _CHAIN.get(caller.kind, {"exact"}) else {"not"}  # E6
    return set() if named else {"not"}


_CHAIN = {
    "user": {"exact", "account"},
    "session": {"exact", "role", "account"},
    "role": {"role", "account"},
    "root": {"account"},
    "federated": {"exact", "user", "account"},
    "anonymous": {"everyone"},
}
"""What NotPrincipal has to list to exempt a caller from a Deny (rule E6)."""


# -- policy types -----------------------------------------------------------------------------------------------------


def applies(statement: Mapping[str, Any], request: Request, version: str, policy: str) -> bool:
    """Return whether action, resource and condition of a statement match, principals aside."""
    if not covers_action(statement, request.action):
        return False
    if "Resource" in statement:
        if not any(_matches(one, request, version, policy) for one in listed(statement["Resource"])):
            return False
    elif "NotResource" in statement:
        try:
            if any(matches_resource(one, request, version, policy) for one in listed(statement["NotResource"])):
                return False
        except UnresolvedError:
            return False  # H3
    return holds(statement.get("Condition", {}), request, version)


def _matches(written: str, request: Request, version: str, policy: str) -> bool:
    try:
        return matches_resource(written, request, version, policy)
    except UnresolvedError:
        return False


class Said(NamedTuple):
    """What a policy type says: whether some statement allows, whether some statement denies."""

    allows: bool
    denies: bool


def say(documents: Iterable[Any], request: Request, policy: str) -> Said:
    """Ask all documents of one policy type."""
    allows = denies = False
    for document in documents:
        version = document.get("Version", "2008-10-17")
        for statement in listed(document["Statement"]):
            if applies(statement, request, version, policy):
                allows = allows or statement["Effect"] == "Allow"
                denies = denies or statement["Effect"] == "Deny"
    return Said(allows, denies)


def documents_of(policies: Iterable[Mapping[str, Any]] | None) -> list[Any]:
    """Return the documents of a list of named policies."""
    return [one["document"] for one in policies or ()]


# -- the algorithm ----------------------------------------------------------------------------------------------------


def decide(case: Mapping[str, Any]) -> str:
    """Return allowed, explicitDeny or implicitDeny for a self-contained test case, as policy-evaluation says."""
    request = request_of(case)
    caller, action = request.caller, request.action.lower()
    if action in ("sts:getcalleridentity", "sts:getsessiontoken") and caller.kind in ("user", "root"):
        return ALLOWED  # I3
    if action == "sts:getcalleridentity" and caller.kind in ("session", "role", "federated"):
        return ALLOWED
    if cannot_call(request):
        return IMPLICIT
    is_trust = action.startswith("sts:assumerole") or action in ("sts:tagsession", "sts:setsourceidentity")
    resource_policy = case.get("resource_policy")
    arn = arn_of(request.resource)
    is_across = caller.account is not None and request.owner is not None and caller.account != request.owner
    if caller.account is not None and arn is not None and arn.partition != caller.partition:
        return IMPLICIT  # D6
    has_identity = caller.kind in ("user", "role", "session", "federated", "root")
    boundary = case.get("permissions_boundary") if has_identity and caller.kind != "root" else None
    sessions = case.get("session_policies") if caller.kind in ("session", "federated", "role") else None
    identity = say(
        documents_of(case.get("identity_policies")) if has_identity and caller.kind != "root" else (),
        request,
        "identity",
    )
    bounded = None if boundary is None else say(documents_of(boundary), request, "boundary")
    in_session = None if sessions is None else say(documents_of(sessions), request, "session")
    scps = [say(documents_of(level), request, "scp") for level in _scps(case, caller)]
    rcps = [say(documents_of(level), request, "rcp") for level in _rcps(case, request)]
    grants: set[str] = set()
    resource_denies = False
    if resource_policy is not None:
        version = resource_policy.get("Version", "2008-10-17")
        for statement in listed(resource_policy["Statement"]):
            named = grants_of(statement, caller, bounded is not None, is_trust)
            if named and applies(statement, request, version, "resource"):
                if statement["Effect"] == "Allow":
                    grants |= named
                else:
                    resource_denies = True
    said = [identity, *(one for one in (bounded, in_session) if one is not None), *scps, *rcps]
    is_unlocking = (
        caller.kind == "root" and caller.account == request.owner and action in ROOT_UNLOCKS and in_session is None
    )
    if (resource_denies and not is_unlocking) or any(one.denies for one in said):
        return EXPLICIT  # A2, A3
    if caller.kind == "anonymous" and action in ROOT_UNLOCKS and request.service == "s3":
        return IMPLICIT  # asks for an identity of the owner's account (S3 API Reference, PutBucketPolicy)
    if action in OWNER_ALONE and caller.kind != "service" and caller.account != request.owner:
        return IMPLICIT
    if is_across and request.service == "kms" and action not in KMS_ACROSS and action not in WITHOUT_RESOURCE:
        return IMPLICIT
    if not all(level.allows for level in scps):
        return IMPLICIT  # B1
    granted = _granted(request, is_across, is_trust, identity, bounded, in_session, grants)
    if not granted:
        return IMPLICIT
    if (
        case.get("block_public_access")
        and request.service == "s3"
        and caller.kind != "service"
        and caller.account != request.owner
        and resource_policy is not None
        and is_public(resource_policy)
    ):
        return EXPLICIT  # I7
    return ALLOWED


def _scps(case: Mapping[str, Any], caller: Caller) -> Iterable[Any]:
    """Rule B6."""
    if caller.is_service_linked or caller.account is None:
        return ()
    return case.get("scps") or ()


def _rcps(case: Mapping[str, Any], request: Request) -> Iterable[Any]:
    """Rules B7, B8."""
    if request.service not in RCP_SERVICES or request.caller.is_service_linked:
        return ()
    if request.action.lower() in WITHOUT_RESOURCE or request.action.lower() == "kms:retiregrant":
        return ()
    return case.get("rcps") or ()


def cannot_call(request: Request) -> bool:
    """Rules I10, E9, E10 and the amendments."""
    caller, action = request.caller, request.action.lower()
    with_a_call = {"sts:tagsession", "sts:setsourceidentity", "sts:setcontext"}
    match caller.kind:
        case "anonymous":
            return request.service not in UNSIGNED_SERVICES and not action.startswith("sts:assumerolewith")
        case "session" | "role":
            return action in ("sts:getfederationtoken", "sts:getsessiontoken")
        case "federated":
            return request.service in ("iam", "sts")
        case "saml":
            return action not in {"sts:assumerolewithsaml", *with_a_call}
        case "oidc":
            return action not in {"sts:assumerolewithwebidentity", *with_a_call}
        case "root":
            if action in {"sts:assumerole", "sts:assumeroot", *with_a_call}:
                return True
    if caller.kind in ("user", "root") and request.values("aws:tokenissuetime"):
        if request.service == "sts":
            return action not in {"sts:assumerole", *with_a_call}
        if request.service == "iam":
            return request.values("aws:multifactorauthpresent") != ["true"]
    return False


def _granted(
    request: Request,
    is_across: bool,
    is_trust: bool,
    identity: Said,
    bounded: Said | None,
    in_session: Said | None,
    grants: set[str],
) -> bool:
    """Return whether Allow statements carry the request, guardrails and Deny statements aside."""
    caller = request.caller
    if caller.kind == "anonymous":
        return bool(grants & {"everyone", "not"})  # E10
    if caller.account is None:
        return bool(grants)  # E8, E9
    limits_ok = (bounded is None or bounded.allows) and (in_session is None or in_session.allows)
    if caller.kind == "federated" and in_session is None:
        limits_ok = False  # C5
    identity_ok = identity.allows or caller.kind == "root"  # E5
    if is_across or request.service == "vpc-lattice-svcs":
        return bool(grants) and identity_ok and limits_ok  # D1, D2, D8
    is_key = request.service == "kms" and request.action.lower() not in WITHOUT_RESOURCE
    delegated = "account" in grants or not (is_key or is_trust)  # I1, I2
    past_limits = {"exact", "everyone", "not"}
    if grants & past_limits and not (is_trust and bounded is not None and not bounded.allows):
        return True  # C3, C4, I2
    if grants & {"role", "user", "exact"} and limits_ok:
        return True
    return identity_ok and delegated and limits_ok


# -- public policies --------------------------------------------------------------------------------------------------

_FIXING = frozenset(
    {
        *("aws:principalorgid", "aws:sourceip", "aws:sourcearn", "aws:sourcevpc", "aws:sourcevpce", "aws:sourceowner"),
        *("aws:sourceaccount", "aws:userid", "s3:dataaccesspointarn", "s3:dataaccesspointaccount"),
        *("aws:principalorgpaths", "aws:principalaccount", "aws:principalarn"),
    }
)
"""Keys whose fixed values keep a bucket policy from being public (rule I7)."""


def is_public(document: Mapping[str, Any]) -> bool:
    """Return whether a bucket policy counts as public (rule I7)."""
    return any(statement["Effect"] == "Allow" and _is_open(statement) for statement in listed(document["Statement"]))


def _is_open(statement: Mapping[str, Any]) -> bool:
    if "Principal" in statement and not any(set(text) & set("*?") for _, text in entries(statement["Principal"])):
        return False
    for operator, keys in statement.get("Condition", {}).items():
        name = operator.lower()
        if name not in ("stringequals", "stringlike", "arnequals", "arnlike", "ipaddress"):
            continue
        for key, values in keys.items():
            if key.lower() in _FIXING and all(_is_fixed(key.lower(), str(one)) for one in listed(values)):
                return False
    return True


def _is_fixed(key: str, value: str) -> bool:
    if key == "aws:sourceip":
        try:
            network = ipaddress.ip_network(value, strict=False)
        except ValueError:
            return False
        return network.prefixlen >= (8 if network.version == 4 else 32)
    return not any(character in value for character in "*?") and "${" not in value
