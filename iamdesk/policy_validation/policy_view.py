"""A policy document as the checks read it: its statements and their entries, each with its path."""

import json
import re
from collections.abc import Iterator, Sequence
from enum import StrEnum
from functools import cached_property
from typing import Any, NamedTuple

from iamdesk.policy.action_patterns import ActionPattern, action_pattern
from iamdesk.policy.conditions import ConditionTest, parse_conditions
from iamdesk.policy.document import FIRST_VERSION, LATEST_VERSION
from iamdesk.policy.principals import PrincipalEntry, PrincipalType, parse_principal
from iamdesk.policy.source_map import ElementPath


class PolicyKind(StrEnum):
    """Policy types that can be validated."""

    IDENTITY = "identity"
    TRUST = "trust"
    RESOURCE = "resource"
    SCP = "scp"
    RCP = "rcp"
    ENDPOINT = "endpoint"
    SESSION = "session"
    PERMISSION_SET = "permission-set"


type Entry = tuple[ElementPath, str]
"""One text of an element, with its path."""
VARIABLE = re.compile(r"\$\{[^}]*\}")
ARN_FIELDS = 6
_SHORT_FORM = "execute-api"
"""Policies of REST APIs may leave out the beginning of an ARN (`policy/api_policies.py`)."""


class ArnParts(NamedTuple):
    """An ARN with all its fields, variables as stars."""

    path: ElementPath
    text: str
    partition: str
    service: str
    region: str
    account: str
    resource: str


class StatementView:
    """One statement that is an object; everything of the wrong type is left out."""

    def __init__(self, raw: dict[str, Any], path: ElementPath, variables: bool) -> None:
        self.raw = raw
        self.path = path
        self._variables = variables
        self.effect = raw.get("Effect")
        self.is_allow = self.effect == "Allow"
        self.is_deny = self.effect == "Deny"

    def entries(self, *names: str) -> list[Entry]:
        """Return the texts of elements that are text or a list of texts, such as ``Action``."""
        found: list[Entry] = []
        for name in names:
            value = self.raw.get(name)
            if isinstance(value, str):
                found.append(((*self.path, name), value))
            elif isinstance(value, list):
                found += [
                    ((*self.path, name, place), text) for place, text in enumerate(value) if isinstance(text, str)
                ]
        return found

    @cached_property
    def actions(self) -> Sequence[tuple[ElementPath, ActionPattern]]:
        """The entries of ``Action``."""
        return [(path, action_pattern(text)) for path, text in self.entries("Action")]

    @cached_property
    def every_action(self) -> Sequence[tuple[ElementPath, ActionPattern]]:
        """The entries of ``Action`` and ``NotAction``."""
        return [(path, action_pattern(text)) for path, text in self.entries("Action", "NotAction")]

    @cached_property
    def resources(self) -> Sequence[Entry]:
        """The entries of ``Resource``."""
        return self.entries("Resource")

    @cached_property
    def every_resource(self) -> Sequence[Entry]:
        """The entries of ``Resource`` and ``NotResource``."""
        return self.entries("Resource", "NotResource")

    @cached_property
    def principals(self) -> Sequence[tuple[ElementPath, PrincipalEntry]]:
        """The entries of ``Principal``."""
        return list(self._principals("Principal"))

    @cached_property
    def every_principal(self) -> Sequence[tuple[ElementPath, PrincipalEntry]]:
        """The entries of ``Principal`` and ``NotPrincipal``."""
        return [*self._principals("Principal"), *self._principals("NotPrincipal")]

    def _principals(self, name: str) -> Iterator[tuple[ElementPath, PrincipalEntry]]:
        if name in self.raw:
            for entry in parse_principal(self.raw[name])[0]:
                yield (*self.path, name, *entry.path), entry

    def principal_texts(self, kind: PrincipalType) -> list[Entry]:
        """Return the principals of one kind in ``Principal``."""
        return [(path, entry.text) for path, entry in self.principals if entry.type is kind]

    @cached_property
    def tests(self) -> Sequence[ConditionTest]:
        """The tests of ``Condition``."""
        if "Condition" not in self.raw:
            return ()
        return parse_conditions(self.raw["Condition"], (*self.path, "Condition"), self._variables)[0]

    @cached_property
    def tested_keys(self) -> frozenset[str]:
        """The condition keys, in lower case."""
        return frozenset(test.key for test in self.tests)

    def values_of(self, test: ConditionTest) -> list[Entry]:
        """Return the values of a test as written, those that are text."""
        value = self._values(test)
        if isinstance(value, str):
            return [(test.path, value)]
        if isinstance(value, list):
            return [((*test.path, place), text) for place, text in enumerate(value) if isinstance(text, str)]
        return []

    def raw_values_of(self, test: ConditionTest) -> list[tuple[ElementPath, Any]]:
        """Return the values of a test as written, of any type."""
        value = self._values(test)
        if isinstance(value, list):
            return [((*test.path, place), member) for place, member in enumerate(value)]
        return [(test.path, value)]

    def _values(self, test: ConditionTest) -> Any:
        return self.raw["Condition"][test.operator_text][test.key_text]

    def covers_action(self, service: str, name: str) -> bool:
        """Return whether ``Action`` covers an action (both in lower case), or ``NotAction`` leaves it covered."""
        if "NotAction" in self.raw:
            return not any(pattern.matches(service, name) for _, pattern in self.every_action)
        return any(pattern.matches(service, name) for _, pattern in self.actions)


class PolicyView:
    """One policy document, a JSON object, with what its policy type is."""

    def __init__(self, raw: dict[str, Any], kind: PolicyKind, resource_service: str, written: str | None) -> None:
        """``written`` is the text as written; None if there is none."""
        self.raw = raw
        self.kind = kind
        self.resource_service = resource_service
        """Prefix of the service of a resource policy's resource (``s3``); empty if not given."""
        self._written = written
        version = raw.get("Version", FIRST_VERSION)
        self.has_variables = version == LATEST_VERSION

    @property
    def size(self) -> int:
        """Characters without white space."""
        return len("".join(self._compact.split()))

    @property
    def full_size(self) -> int:
        """Characters of the text as written; as `size`, with the white space in texts, if there is no text."""
        return len(self._compact if self._written is None else self._written.strip())

    @property
    def _compact(self) -> str:
        return json.dumps(self.raw, ensure_ascii=False, separators=(",", ":"))

    @cached_property
    def members(self) -> Sequence[tuple[ElementPath, Any]]:
        """The members of ``Statement``, of any type."""
        listed = self.raw.get("Statement")
        if isinstance(listed, list):
            return [(("Statement", place), member) for place, member in enumerate(listed)]
        return [] if listed is None else [(("Statement",), listed)]

    @cached_property
    def statements(self) -> Sequence[StatementView]:
        """The statements that are objects."""
        return [
            StatementView(member, path, self.has_variables) for path, member in self.members if isinstance(member, dict)
        ]

    def all_tests(self) -> Iterator[tuple[StatementView, ConditionTest]]:
        """Yield every condition test with its statement."""
        for statement in self.statements:
            for test in statement.tests:
                yield statement, test

    @cached_property
    def resources(self) -> Sequence[Entry]:
        """The entries of resources that have to be ARNs: all but ``*`` and the short form of REST APIs."""
        may_be_short = self.kind is PolicyKind.RESOURCE and self.resource_service in ("", _SHORT_FORM, "apigateway")
        return [
            (path, text)
            for statement in self.statements
            for path, text in statement.every_resource
            if (text.strip("*") or not text) and not (may_be_short and text.startswith(f"{_SHORT_FORM}:"))
        ]

    @cached_property
    def arns(self) -> Sequence[ArnParts]:
        """Those of `resources` that have all fields of an ARN."""
        found: list[ArnParts] = []
        for path, text in self.resources:
            parts = VARIABLE.sub("*", text).split(":", 5)
            if parts[0] == "arn" and len(parts) == ARN_FIELDS:
                found.append(ArnParts(path, text, *parts[1:]))
        return found
