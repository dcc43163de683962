"""Requests drawn from what the policies of two snapshots say, and random edits of a capture."""

import copy
import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from iamdesk import Request, Snapshot
from iamdesk.aws.action_sets import service_actions
from iamdesk.aws.service_reference import reference
from iamdesk.policy.wildcards import glob
from iamdesk.snapshot.reader import load_snapshot

type Json = dict[str, Any]
_FILLED = ("", "x", "a/b", "unnamed", "secret/x")
_OUTSIDE = ("anonymous", "arn:aws:iam::777777777777:role/y", "sns.amazonaws.com", "s3.amazonaws.com")
_KEYS: Mapping[str, tuple[Any, ...]] = {
    "aws:MultiFactorAuthPresent": ("true", "false", None),
    "aws:SecureTransport": ("true", "false"),
    "aws:SourceIp": ("203.0.113.5", "198.51.100.1", "10.1.2.3"),
    "aws:SourceVpce": ("vpce-1", None),
    "aws:RequestedRegion": ("eu-west-1", "us-east-1"),
}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _statements(value: Any) -> Iterator[Json]:
    """Yield every statement in a JSON value."""
    if isinstance(value, dict):
        if "Effect" in value:
            yield value
        for one in value.values():
            yield from _statements(one)
    elif isinstance(value, list):
        for one in value:
            yield from _statements(one)


def _texts_of(side: Snapshot) -> Json:
    """Return what has policies in a snapshot, as JSON."""
    organization = () if side.organization is None else side.organization.policies
    return {
        "models": [one.model_dump(mode="json", by_alias=True) for one in (*side.accounts, *side.resources)],
        "controls": [one.content for one in organization],
        "endpoints": [one.policy_document for one in side.vpc_endpoints],
    }


@dataclass(slots=True)
class Vocabulary:
    """The actions, resources and condition values of two snapshots."""

    actions: list[str] = field(default_factory=list)
    """Patterns."""
    resources: dict[str, list[str]] = field(default_factory=dict)
    """Patterns by service; under ``*`` those of any."""
    keys: dict[str, list[Any]] = field(default_factory=dict)

    near: "Vocabulary | None" = None
    """The same of statements that only one of the snapshots has: half of the actions and resources are drawn of it."""

    @classmethod
    def of(cls, *sides: Snapshot) -> "Vocabulary":
        """Return all that the policies of some snapshots name."""
        found, near = cls(), cls()
        statements = [{json.dumps(one, sort_keys=True): one for one in _statements(_texts_of(side))} for side in sides]
        for side, listed in zip(sides, statements, strict=True):
            for text, one in listed.items():
                found.add(one)
                if any(text not in other for other in statements):
                    near.add(one)
            for arn in (*(one.arn for one in side.resources), *(one.arn for of in side.accounts for one in of.roles)):
                found.resources.setdefault(arn.split(":")[2], []).append(arn)
        found.near = near if near.actions else None
        return found

    def add(self, statement: Json) -> None:
        """Add what a statement names."""
        for name in ("Action", "NotAction"):
            self.actions += [text for text in _listed(statement.get(name, [])) if isinstance(text, str)]
        for name in ("Resource", "NotResource"):
            for text in _listed(statement.get(name, [])):
                if isinstance(text, str):
                    service = text.split(":")[2] if text.count(":") >= 5 else "*"
                    self.resources.setdefault(service, []).append(text)
        for tests in statement.get("Condition", {}).values():
            for key, values in tests.items():
                self.keys.setdefault(key, []).extend(
                    str(text).lower() if isinstance(text, bool) else text for text in _listed(values)
                )

    def request(self, rng: random.Random, principals: list[str]) -> Request:
        """Draw one request."""
        who = rng.choice(principals) if rng.random() < 0.9 else rng.choice(_OUTSIDE)
        words = self.near if self.near is not None and rng.random() < 0.5 else self
        action = words._action(rng)
        context = {key: self._value(rng, key) for key in self.keys if rng.random() < 0.4}
        context |= {key: rng.choice(values) for key, values in _KEYS.items() if rng.random() < 0.1}
        context = {key: value for key, value in context.items() if not _is_of_caller(key)}
        words = self.near if self.near is not None and rng.random() < 0.5 else self
        return Request(who, action, words._resource(rng, action), context)

    def _action(self, rng: random.Random) -> str:
        pattern = rng.choice(self.actions)
        service, _, name = pattern.partition(":")
        if not name:
            service, name = rng.choice([one.partition(":")[0] for one in self.actions if ":" in one] or ["s3"]), "*"
        found = [
            one for one in service_actions(service.lower()).actions if glob(name.lower()).matches(one.name.lower())
        ]
        if not found or rng.random() < 0.1:
            found = list(service_actions(service.lower()).actions)
        return rng.choice(found).full_name if found else "s3:GetObject"

    def _resource(self, rng: random.Random, action: str) -> str:
        service, _, name = action.lower().partition(":")
        listed = reference().action(service, name)
        types = {one.name for one in listed.resource_types} if listed is not None else set()
        if not types:
            return "*"
        of_service = "iam" if service == "sts" else service
        patterns = [one for one in self.resources.get(of_service, []) if one.count(":") >= 5]
        for _ in range(6):
            if not patterns:
                break
            arn = self._filled(rng, rng.choice(patterns))
            if types & set(reference().resource_types_of_arn(service, arn)):
                return arn
        arn = reference().resource_type(service, sorted(types)[0])
        text = arn.arn if arn is not None else "arn:aws:s3:::x"
        while "${" in text:
            before, _, rest = text.partition("${")
            name, _, rest = rest.partition("}")
            filled = {"Partition": "aws", "Region": "eu-west-1", "Account": "111111111111"}.get(name, "x")
            text = before + filled + rest
        return text

    @staticmethod
    def _filled(rng: random.Random, pattern: str) -> str:
        while "${" in pattern and "}" in pattern:
            pattern = pattern[: pattern.index("${")] + rng.choice(("ana", "red", "x")) + pattern.partition("}")[2]
        head = pattern.split(":", 5)
        head[1:5] = [
            one.replace("*", fresh).replace("?", "x")
            for one, fresh in zip(head[1:5], ("aws", "s3", "eu-west-1", "111111111111"), strict=True)
        ]
        text = ":".join(head)
        while "*" in text:
            text = text.replace("*", rng.choice(_FILLED), 1)
        return text.replace("?", rng.choice("xk"))

    def _value(self, rng: random.Random, key: str) -> Any:
        values = [one for one in self.keys[key] if isinstance(one, str)]
        if not values or rng.random() < 0.25:
            return None if rng.random() < 0.5 else "other"
        text = rng.choice(values).replace("*", rng.choice(("", "x"))).replace("?", "x")
        if "/" in text and text.rpartition("/")[2].isdecimal() and text[0].isdecimal():
            return text.rpartition("/")[0]  # a range of addresses
        return "x" if "${" in text else text


def _is_of_caller(key: str) -> bool:
    """Return whether the snapshot knows a key's value; a request does not have another one."""
    return key.lower().startswith(
        ("aws:principal", "aws:userid", "aws:username", "aws:resource", "aws:sourceaccount", "aws:sourcearn", "aws:tok")
    )


# ── edits of a capture ───────────────────────────────────────────────────────────────────────────────────────────────


def capture_pair(path: Path, rng: random.Random, folder: Path) -> tuple[Snapshot, Snapshot, tuple[str, ...]]:
    """Return a capture (`aws iam get-account-authorization-details`) and the same with random edits."""
    old = json.loads(path.read_bytes())
    new = copy.deepcopy(old)
    names = tuple(rng.choice(list(_EDITS)) for _ in range(rng.choice([1, 1, 2, 3])))
    for name in names:
        _EDITS[name](rng, new)
    changed = folder / f"{path.stem}-new.json"
    changed.write_text(json.dumps(new))
    return load_snapshot(path), load_snapshot(changed), names


def _policies(of: Json) -> list[Json]:
    """Return every document of a capture with its statements as a list."""
    found: list[Json] = []
    for kind in ("User", "Role", "Group"):
        for entry in of[f"{kind}DetailList"]:
            found += [one["PolicyDocument"] for one in entry.get(f"{kind}PolicyList", [])]
            if kind == "Role":
                found.append(entry["AssumeRolePolicyDocument"])
    for policy in of["Policies"]:
        found += [one["Document"] for one in policy["PolicyVersionList"] if one["IsDefaultVersion"]]
    for one in found:
        one["Statement"] = _listed(one["Statement"])
    return found


def _a_statement(rng: random.Random, of: Json) -> tuple[list[Json], Json]:
    statements = rng.choice([one for one in _policies(of) if one["Statement"]])["Statement"]
    return statements, rng.choice(statements)


def _drop(rng: random.Random, of: Json) -> None:
    statements, one = _a_statement(rng, of)
    statements.remove(one)


def _deny(rng: random.Random, of: Json) -> None:
    statements, one = _a_statement(rng, of)
    statements.append({**copy.deepcopy(one), "Effect": "Deny", "Sid": "Added"})


def _unconditional(rng: random.Random, of: Json) -> None:
    listed = [one for policy in _policies(of) for one in policy["Statement"] if "Condition" in one]
    if listed:
        del rng.choice(listed)["Condition"]


def _conditional(rng: random.Random, of: Json) -> None:
    _a_statement(rng, of)[1]["Condition"] = copy.deepcopy(
        rng.choice(
            [
                {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}},
                {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
                {"StringNotEquals": {"aws:PrincipalTag/team": "red"}},
                {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
            ]
        )
    )


def _fewer(rng: random.Random, of: Json) -> None:
    _, one = _a_statement(rng, of)
    key = rng.choice([key for key in ("Action", "NotAction", "Resource", "NotResource") if key in one])
    values = _listed(one[key])
    one[key] = rng.sample(values, max(1, len(values) // 2))


def _reworded(rng: random.Random, of: Json) -> None:
    statements, one = _a_statement(rng, of)
    one["Sid"] = "Reworded"
    for key in ("Action", "NotAction"):
        if key in one:
            one[key] = [text.upper().replace("*", "*") if text != "*" else text for text in _listed(one[key])]
    rng.shuffle(statements)


def _attached(rng: random.Random, of: Json) -> None:
    entry = rng.choice([*of["UserDetailList"], *of["RoleDetailList"], *of["GroupDetailList"]])
    policy = rng.choice(of["Policies"])
    listed = entry.setdefault("AttachedManagedPolicies", [])
    if listed and rng.random() < 0.5:
        listed.remove(rng.choice(listed))
    else:
        listed.append({"PolicyName": policy["PolicyName"], "PolicyArn": policy["Arn"]})


def _tagged(rng: random.Random, of: Json) -> None:
    rng.choice([*of["UserDetailList"], *of["RoleDetailList"]])["Tags"] = [
        {"Key": "team", "Value": rng.choice(("red", "blue"))}
    ]


def _bounded(rng: random.Random, of: Json) -> None:
    entry = rng.choice([*of["UserDetailList"], *of["RoleDetailList"]])
    if entry.pop("PermissionsBoundary", None) is None:
        arn = rng.choice(of["Policies"])["Arn"]
        entry["PermissionsBoundary"] = {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn}


_EDITS = {
    "a statement dropped": _drop,
    "a statement denied": _deny,
    "a condition dropped": _unconditional,
    "another condition": _conditional,
    "fewer actions or resources": _fewer,
    "a statement reworded": _reworded,
    "an attached policy": _attached,
    "tags": _tagged,
    "a boundary": _bounded,
}
