"""Random self-contained test cases, made so that policies, principals and request context often meet."""

import random
from collections.abc import Sequence
from typing import Any

from ..conformance.topics.operators import FAMILIES

OWN, OTHER = "111122223333", "444455556666"
VERSIONS = ("2012-10-17", "2012-10-17", "2012-10-17", "2012-10-17", "2008-10-17", None)

CALLERS = (
    f"arn:aws:iam::{OWN}:user/ana",
    f"arn:aws:iam::{OWN}:user/team/ben",
    f"arn:aws:iam::{OWN}:role/app/Deploy",
    f"arn:aws:sts::{OWN}:assumed-role/Deploy/ci",
    f"arn:aws:sts::{OWN}:assumed-role/Reader/r@example.com",
    f"arn:aws:sts::{OWN}:federated-user/ana",
    f"arn:aws:iam::{OWN}:root",
    "events.amazonaws.com",
    "anonymous",
    f"arn:aws-cn:iam::{OWN}:user/ana",
    f"arn:aws:iam::{OWN}:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX",
    f"arn:aws:iam::{OWN}:saml-provider/Corp",
    "accounts.google.com",
    "rolesanywhere.amazonaws.com",
)
CALLER_WEIGHTS = (8, 6, 5, 8, 3, 4, 4, 3, 4, 1, 2, 1, 1, 2)
KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
QUESTIONS = (
    ("s3:GetObject", "arn:aws:s3:::acme-data/team/ana/file.csv", 6),
    ("s3:PutObject", "arn:aws:s3:::acme-data/a[1].txt", 3),
    ("s3:ListBucket", "arn:aws:s3:::acme-data", 3),
    ("s3:PutBucketPolicy", "arn:aws:s3:::acme-data", 1),
    ("s3:ListAllMyBuckets", "*", 1),
    ("sqs:SendMessage", "arn:aws:sqs:eu-west-1:{owner}:ana-queue", 4),
    ("sqs:SetQueueAttributes", "arn:aws:sqs:eu-west-1:{owner}:ana-queue", 1),
    ("sns:Publish", "arn:aws:sns:us-east-1:{owner}:alerts", 3),
    ("kms:Decrypt", f"arn:aws:kms:eu-west-1:{{owner}}:key/{KEY_ID}", 5),
    ("kms:PutKeyPolicy", f"arn:aws:kms:eu-west-1:{{owner}}:key/{KEY_ID}", 1),
    ("kms:ListKeys", "*", 1),
    ("sts:AssumeRole", "arn:aws:iam::{owner}:role/ops/Target", 6),
    ("sts:AssumeRoleWithSAML", "arn:aws:iam::{owner}:role/ops/Target", 1),
    ("sts:AssumeRoleWithWebIdentity", "arn:aws:iam::{owner}:role/ops/Target", 1),
    ("sts:GetFederationToken", f"arn:aws:sts::{OWN}:federated-user/x", 1),
    ("dynamodb:GetItem", "arn:aws:dynamodb:eu-west-1:{owner}:table/orders", 3),
    ("dynamodb:UpdateTimeToLive", "arn:aws:dynamodb:eu-west-1:{owner}:table/orders", 1),
    ("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:eu-west-1:{owner}:secret:db/main-Ab12Cd", 2),
    ("ec2:TerminateInstances", "arn:aws:ec2:eu-west-1:{owner}:instance/i-0123456789abcdef0", 2),
    ("ec2:DescribeInstances", "*", 1),
    ("iam:GetUser", f"arn:aws:iam::{OWN}:user/team/ben", 2),
    ("iam:PutUserPolicy", f"arn:aws:iam::{OWN}:user/team/ben", 2),
)
WITH_RESOURCE_POLICY = frozenset({"s3", "sqs", "sns", "kms", "sts", "dynamodb", "secretsmanager"})

ORG, PATHS = "o-a1b2c3d4e5", ("o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/", "o-a1b2c3d4e5/r-ab12/ou-ab12-22222222/")
VALUES: dict[str, Sequence[str]] = {
    "aws:SourceIp": ("203.0.113.7", "198.51.100.9", "2001:db8::7", "203.0.113.200", "10.1.2.3"),
    "aws:UserAgent": ("curl/8", "Mozilla *", "", "b${aws:username}"),
    "aws:referer": ("https://example.com/", "HTTPS://EXAMPLE.COM/"),
    "aws:PrincipalTag/team": ("red", "Red", "blue", "7", "7.0", "true", "acme", "*", ""),
    "aws:PrincipalTag/cost": ("10", "9", "9.5", "x"),
    "aws:PrincipalTag/x509Subject/CN": ("Alice", "alice", "ana"),
    "aws:MultiFactorAuthPresent": ("true", "false"),
    "aws:MultiFactorAuthAge": ("100", "3600", "3601"),
    "aws:CurrentTime": ("2026-06-01T12:00:00Z", "2026-05-31T23:59:59Z", "2026-06-01T14:00:00+02:00"),
    "aws:EpochTime": ("1780315200", "1780315199"),
    "aws:SourceVpce": ("vpce-0a1b2c3d", "vpce-ffffffff"),
    "aws:PrincipalOrgID": (ORG, "o-zzzzzzzzzz"),
    "aws:PrincipalOrgPaths": PATHS,
    "aws:SourceIdentity": ("ana", "Ana", "ben"),
    "aws:CalledVia": ("athena.amazonaws.com", "cloudformation.amazonaws.com", ""),
    "aws:SourceArn": (f"arn:aws:events:eu-west-1:{OWN}:rule/nightly", "arn:aws:s3:::acme-logs", "nonsense"),
    "aws:SourceAccount": (OWN, OTHER),
    "aws:RequestedRegion": ("eu-west-1", "us-east-1"),
    "iam:PermissionsBoundary": (f"arn:aws:iam::{OWN}:policy/edge", f"arn:aws:iam::{OTHER}:policy/Edge"),
    "aws:SecureTransport": ("true", "false"),
    "aws:PrincipalAccount": (OWN, OTHER),
    "aws:PrincipalType": ("User", "AssumedRole", "Account"),
    "aws:PrincipalArn": CALLERS[:3],
    "aws:username": ("ana", "ben"),
    "aws:PrincipalIsAWSService": ("true", "false"),
}
SETTLED = frozenset(
    {"aws:PrincipalAccount", "aws:PrincipalType", "aws:PrincipalArn", "aws:username", "aws:PrincipalIsAWSService"}
)
"""Keys that the caller settles by itself: used in conditions, never given."""
LISTS = frozenset({"aws:CalledVia", "aws:PrincipalOrgPaths"})
IP_RANGES = ("203.0.113.0/24", "203.0.113.7", "0.0.0.0/0", "2001:db8::/32", "10.0.0.0/8", "203.0.113.7/25", "bad")
TYPES: dict[str, Sequence[str]] = {
    "string": ("StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIgnoreCase"),
    "more": ("StringNotEqualsIgnoreCase", "Null", "Null"),
    "numeric": (
        *("NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals"),
        *("NumericGreaterThan", "NumericGreaterThanEquals"),
    ),
    "date": (
        *("DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals"),
        *("DateGreaterThan", "DateGreaterThanEquals"),
    ),
    "ip": ("IpAddress", "NotIpAddress"),
    "arn": ("ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"),
    "bool": ("Bool",),
}
OF_KEY: dict[str, Sequence[str]] = {
    "aws:SourceIp": ("ip",),
    "aws:MultiFactorAuthPresent": ("bool",),
    "aws:SecureTransport": ("bool",),
    "aws:PrincipalIsAWSService": ("bool",),
    "aws:MultiFactorAuthAge": ("numeric",),
    "aws:PrincipalTag/cost": ("numeric", "string"),
    "aws:CurrentTime": ("date",),
    "aws:EpochTime": ("date", "numeric"),
    "aws:SourceArn": ("arn", "string"),
    "aws:PrincipalArn": ("arn", "string"),
    "iam:PermissionsBoundary": ("arn", "string"),
}
_NAMED = {operator for operators in TYPES.values() for operator in operators}
# Operators that are not named above are drawn with the key and the values of their cases in the corpus.
for _one in (subject for family in FAMILIES.values() for subject in family if subject.operator not in _NAMED):
    _values = (_one.matching, _one.differing, _one.listed, _one.other, _one.broken_policy, _one.broken_request)
    VALUES[_one.key] = tuple(dict.fromkeys((*VALUES.get(_one.key, ()), *filter(None, _values))))
    OF_KEY[_one.key] = (*OF_KEY.get(_one.key, ()), _one.operator)
    TYPES[_one.operator] = (_one.operator,)


def case(draw: random.Random) -> dict[str, Any]:
    """Draw one test case."""
    caller = draw.choices(CALLERS, CALLER_WEIGHTS)[0]
    action, resource, _ = draw.choices(QUESTIONS, [weight for *_, weight in QUESTIONS])[0]
    if caller == "accounts.google.com" and draw.random() < 0.8:
        action, resource, _ = QUESTIONS[13]
    if "saml-provider" in caller and draw.random() < 0.8:
        action, resource, _ = QUESTIONS[12]
    owner = OWN if resource == "*" or draw.random() < 0.65 else OTHER
    resource = resource.format(owner=owner)
    service = action.split(":")[0]
    made = Maker(draw, caller, action, resource)
    is_session = ":assumed-role/" in caller or ":federated-user/" in caller
    has_limits = caller.startswith("arn:") and not caller.endswith(":root") and "-provider/" not in caller
    out: dict[str, Any] = {
        "principal": caller,
        "action": action,
        "resource": resource,
        "resource_account": owner,
        "identity_policies": made.policies(draw.randint(0, 2), "identity"),
        "permissions_boundary": made.policies(1, "identity") if has_limits and draw.random() < 0.25 else None,
        "session_policies": made.policies(draw.randint(1, 2), "session")
        if is_session and draw.random() < 0.5
        else None,
        "scps": [made.policies(draw.randint(1, 2), "scp") for _ in range(2)] if draw.random() < 0.25 else None,
        "rcps": [made.policies(draw.randint(0, 1), "rcp") for _ in range(2)] if draw.random() < 0.2 else None,
        "resource_policy": None,
        "block_public_access": None,
    }
    if service in WITH_RESOURCE_POLICY and resource != "*" and "federated-user/x" not in resource:
        if draw.random() < (0.95 if service in ("kms", "sts") else 0.6):
            out["resource_policy"] = made.document("trust" if service == "sts" else "resource")
        if service == "s3":
            out["block_public_access"] = draw.choice((None, False, True))
    out["context"] = made.context()
    return out


class Maker:
    """Makes policies about one request, and notes the condition keys that they speak of."""

    def __init__(self, draw: random.Random, caller: str, action: str, resource: str) -> None:
        self._draw, self._caller, self._action, self._resource = draw, caller, action, resource
        self._keys: list[str] = []

    def policies(self, count: int, kind: str) -> list[dict[str, Any]]:
        """Return named policies of one policy type."""
        return [{"name": f"{kind}-{number}", "document": self.document(kind)} for number in range(count)]

    def document(self, kind: str) -> dict[str, Any]:
        """Return a policy document."""
        draw = self._draw
        statements = [self._statement(kind) for _ in range(draw.choice((1, 1, 2, 2, 3)))]
        if kind == "scp" and draw.random() < 0.6:
            statements.append({"Effect": "Allow", "Action": "*", "Resource": "*"})
        version = draw.choice(VERSIONS) if kind not in ("scp", "rcp") else "2012-10-17"
        made: dict[str, Any] = {
            "Statement": statements[0] if len(statements) == 1 and draw.random() < 0.3 else statements
        }
        return {"Version": version, **made} if version else made

    def context(self) -> dict[str, Any]:
        """Return a request context: most keys that the policies speak of, and some more."""
        draw = self._draw
        out: dict[str, Any] = {}
        for key in dict.fromkeys([*self._keys, *draw.sample(sorted(VALUES), 2)]):
            if key in SETTLED or draw.random() < 0.25:
                continue
            if key in LISTS:
                out[key] = draw.sample(VALUES[key], draw.randint(1, len(VALUES[key])))
            else:
                out[key] = draw.choice(VALUES[key])
        return out

    def _statement(self, kind: str) -> dict[str, Any]:
        draw = self._draw
        chance = {"rcp": 1.0, "scp": 0.35}.get(kind, 0.2)
        made: dict[str, Any] = {"Effect": "Deny" if draw.random() < chance else "Allow"}
        if kind in ("resource", "trust"):
            element = (
                "NotPrincipal" if made["Effect"] == "Deny" and kind != "trust" and draw.random() < 0.2 else "Principal"
            )
            made[element] = self._principal(element, kind)
        if kind == "rcp":
            made["Principal"] = "*"
        if kind not in ("rcp", "trust") and draw.random() < 0.12:
            made["NotAction"] = self._actions()
        else:
            made["Action"] = self._actions(is_narrow=kind in ("rcp", "trust"))
        if kind != "trust":
            name = "NotResource" if draw.random() < 0.12 else "Resource"
            made[name] = self._listed([self._pattern(kind) for _ in range(draw.choice((1, 1, 1, 2)))])
        if draw.random() < 0.4:
            made["Condition"] = self._condition()
        return made

    def _listed(self, values: list[Any]) -> Any:
        return values[0] if len(values) == 1 and self._draw.random() < 0.6 else values

    def _actions(self, is_narrow: bool = False) -> Any:
        service, name = self._action.split(":")
        forms = [
            *([self._action] * 3),
            f"{service}:*",
            f"{service}:*",
            f"{service}:{name[:3]}*",
            f"{service.upper()}:{name.lower()}",
            f"{service}:{name[:-1]}?",
            f"{service}:*{name[3:]}",
            f"{service}:{name[:-2]}",
            "ec2:RunInstances",
            f"{service}:List*",
            *([] if is_narrow else ["*", "*"]),
        ]
        return self._listed([self._draw.choice(forms) for _ in range(self._draw.choice((1, 1, 2)))])

    def _pattern(self, kind: str) -> str:
        draw, resource = self._draw, self._resource
        if resource == "*":
            return draw.choice(("*", "*", "arn:aws:s3:::*", "arn:aws:ec2:*:*:instance/*"))
        head, _, tail = resource.rpartition(":")
        parts = resource.split(":", 5)
        forms = [
            *("*", "*", resource, resource),
            f"{resource[:-3]}*",
            f"{head}:*",
            f"{resource[:-1]}?",
            resource.upper(),
            f"{head}:{tail.replace('ana', '${aws:username}')}",
            f"{head}:{tail.replace('ana', '${aws:PrincipalTag/team}')}",
            f"{head}:{tail[:2]}${{aws:PrincipalTag/none, '{tail[2:]}'}}",
            f"{head}:${{*}}",
            ":".join([*parts[:3], "*", "*", parts[5]]),
            ":".join([*parts[:3], parts[3][:3] + "*", parts[4], parts[5]]),
            ":".join(["arn", "*", *parts[2:]]),
            "arn:aws:s3:::other/*",
            f"{resource}x",
            f"{resource} ",
            *([":".join([*parts[:3], "*", parts[5]])] if kind == "identity" else []),
        ]
        return draw.choice(forms)

    def _principal(self, element: str, kind: str) -> Any:
        draw, caller = self._draw, self._caller
        if element == "NotPrincipal":
            chain = self._chain()
            count = len(chain) if draw.random() < 0.6 else draw.randint(1, len(chain))
            return {"AWS": draw.sample(chain, count)}
        if caller.endswith(".amazonaws.com") and draw.random() < 0.7:
            return {"Service": draw.choice((caller, "sns.amazonaws.com", [caller, "lambda.amazonaws.com"]))}
        if kind == "trust" and (caller == "accounts.google.com" or "saml" in caller):
            return draw.choice(({"Federated": caller}, {"Federated": "graph.facebook.com"}, "*", {"AWS": OWN}))
        named = self._names()
        forms = ["*", {"AWS": "*"}, {"AWS": OWN}, {"AWS": f"arn:aws:iam::{OWN}:root"}, {"AWS": OTHER}]
        forms += [{"AWS": one} for one in named] * 2
        forms += [{"AWS": [f"arn:aws:iam::{OTHER}:user/zoe", *named[:1]]}]
        return draw.choice(forms)

    def _names(self) -> list[str]:
        caller = self._caller
        names = [caller] if caller.startswith("arn:") and "-provider/" not in caller else [CALLERS[0]]
        if ":assumed-role/" in caller:
            role = caller.split("/")[1]
            names += [f"arn:aws:iam::{OWN}:role/{role}", f"arn:aws:iam::{OWN}:role/app/{role}"]
        if ":federated-user/" in caller:
            names.append(f"arn:aws:iam::{OWN}:user/ana")
        return [*names, f"arn:aws:iam::{OWN}:user/*", f"arn:aws:iam::{OWN}:role/Nobody"]

    def _chain(self) -> list[str]:
        account = f"arn:aws:iam::{OWN}:root"
        if ":assumed-role/" in self._caller:
            return [self._caller, f"arn:aws:iam::{OWN}:role/app/{self._caller.split('/')[1]}", account]
        if ":federated-user/" in self._caller:
            return [self._caller, f"arn:aws:iam::{OWN}:user/ana", account]
        if self._caller.startswith("arn:") and "-provider/" not in self._caller and "aws-cn" not in self._caller:
            return list(dict.fromkeys([self._caller, account]))
        return [account]

    def _condition(self) -> dict[str, Any]:
        draw = self._draw
        made: dict[str, dict[str, Any]] = {}
        for _ in range(draw.choice((1, 1, 2))):
            key = draw.choice(sorted(VALUES))
            self._keys.append(key)
            family = draw.choice((*OF_KEY.get(key, ("string",)), "more"))
            operator = draw.choice(TYPES[family])
            if key == "aws:SourceIp" and family == "more":
                operator = "Null"  # no text that is no address can be its value
            values = self._values(key, operator)
            if operator == "Null":
                values = [draw.choice(("true", "false"))]
            elif key in LISTS:
                operator = draw.choice(("ForAnyValue:", "ForAllValues:")) + operator
            elif draw.random() < 0.2:
                operator += "IfExists"
            written = key.upper() if draw.random() < 0.05 else key
            made.setdefault(operator, {})[written] = self._listed(values)
        return made

    def _values(self, key: str, operator: str) -> list[str]:
        draw = self._draw
        if "IpAddress" in operator:
            return draw.sample(IP_RANGES, draw.randint(1, 2))
        pool = [*VALUES[key]]
        if operator.startswith("String"):
            first = draw.choice(pool)
            pool += [
                f"{first[:2]}*",
                f"*{first[2:]}",
                "*",
                first.upper(),
                "${aws:username}",
                "${aws:PrincipalTag/none, 'red'}",
            ]
        if operator.startswith("Arn"):
            pool += ["arn:aws:*:*:*:*", f"arn:aws:iam::{OWN}:*", "arn:aws:iam::*:role/*", "*", "arn:*"]
        if operator.startswith("Numeric"):
            pool += ["10", "3600", "1780315200", "x"]
        if operator.startswith("Date"):
            pool += ["2026-06-01T12:00:00Z", "2026-06-01", "1780315200", "later"]
        return draw.sample(pool, draw.choice((1, 1, 2)))
