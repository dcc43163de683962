"""Managed policies that allow everything, for principals that can attach only some policies (``iam:PolicyARN``)."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from iamdesk.access.principal_index import PrincipalIndex
from iamdesk.attack_paths.administrators import FULL_ACCESS, POWERS
from iamdesk.attack_paths.edge_sources import ConfirmedAndPossible, SourceFinder
from iamdesk.attack_paths.evaluation_session import PLACEHOLDER, EvaluationSession
from iamdesk.evaluate.derived_keys import BOUNDARY
from iamdesk.policy.canonical_form import allows_everything, is_on_every_resource
from iamdesk.policy.document import Document
from iamdesk.policy.statement import Statement

_ATTACH = ("attachuserpolicy", "attachrolepolicy", "attachgrouppolicy")
_KEY = "iam:policyarn"
_MAX_EXISTING = 20
_MAX_NEW = 20
_MAX_BOUNDARIES = 10
"""Policies that are tried; each takes one evaluation for every action that attaches policies."""


class AttachablePolicies:
    """Policies to attach instead of AdministratorAccess; none if no policy limits which ones can be attached."""

    def __init__(self, inquiry: EvaluationSession, population: PrincipalIndex, finder: SourceFinder) -> None:
        self._inquiry = inquiry
        self._population = population
        self._finder = finder
        self._boundaries: dict[str, Sequence[str]] = {}

    @cached_property
    def existing(self) -> tuple[str, ...]:
        """ARNs of policies of the snapshot that allow everything, or everything in IAM."""
        if not self._limits:
            return ()
        found = dict.fromkeys(self._strong())
        return tuple(found)[:_MAX_EXISTING]

    def _strong(self) -> Iterator[str]:
        index = self._inquiry.evaluator.index
        for account in self._inquiry.snapshot.accounts:
            yield f"arn:{account.partition}:iam::aws:policy/IAMFullAccess"
        for account in self._inquiry.snapshot.accounts:
            for policy in account.policies:
                document = index.document_of(account.account_id, policy.arn)
                if document is not None and allows_all_powers(document):
                    yield policy.arn

    @cached_property
    def new(self) -> Mapping[str, ConfirmedAndPossible]:
        """By ARN of a policy that does not exist and that someone can attach: who can create it."""
        found: dict[str, ConfirmedAndPossible] = {}
        index = self._inquiry.evaluator.index
        names = dict.fromkeys(name for statement in self._limits for name in _names(statement))
        for name in list(names)[:_MAX_NEW]:
            for account, members in self._finder.members_of.items():
                arn = _arn(name, account)
                if arn is not None and arn not in found and index.managed_policy("", arn) is None:
                    creators = self._finder.among(members, "iam:CreatePolicy", arn)
                    if creators.principals:
                        found[arn] = creators
        return found

    def boundaries(self, account: str) -> Sequence[str]:
        """Return policies that restrict nothing as a boundary, of an account and of AWS."""
        found = self._boundaries.get(account)
        if found is None:
            found = self._boundaries[account] = tuple(self._unlimited(account))[:_MAX_BOUNDARIES]
        return found

    @cached_property
    def named_boundaries(self) -> Sequence[str]:
        """What policies name as the boundary of users and roles, perhaps with wildcards."""
        documents = (*self._population.index.documents, *(one for _, one in self._finder.organization_documents))
        names = dict.fromkeys(
            value.text
            for document in documents
            for statement in document.statements
            for test in statement.conditions
            if test.key == BOUNDARY
            for value in test.values
            if not value.keys
        )
        return tuple(names)[:_MAX_BOUNDARIES]

    def _unlimited(self, account: str) -> Iterator[str]:
        own = next((one for one in self._inquiry.snapshot.accounts if one.account_id == account), None)
        if own is None:
            return
        yield f"arn:{own.partition}:iam::aws:policy/{FULL_ACCESS}"
        for policy in own.policies:
            document = self._inquiry.evaluator.index.document_of(account, policy.arn)
            if document is not None and policy.arn.split(":", 5)[4] == account and _restricts_nothing(document):
                yield policy.arn

    @cached_property
    def asking_for_boundary(self) -> int:
        """The principals for whom some policy depends on the boundary of a user or role, as bits."""
        if any(_asks_for_boundary(document) for _, document in self._finder.organization_documents):
            return self._population.regular
        index, found = self._population.index, 0
        for number, document in enumerate(index.documents):
            if _asks_for_boundary(document):
                found |= index.carriers[number] | index.bounded[number]
        return found

    def callers(self, action: str) -> int:
        """Return whose access to an action that attaches policies may depend on the policy, as bits.

        Of the others, the decision on AdministratorAccess holds for any policy.
        """
        snapshot = self._inquiry.snapshot
        organization = snapshot.organization
        if organization is not None and any(_KEY in str(one.content).lower() for one in organization.policies):
            return self._population.regular
        index, found = self._population.index, 0
        for number, statements in index.covering(*action.lower().split(":", 1)).statements.items():
            if any(test.key == _KEY for statement in statements for test in statement.conditions):
                found |= index.carriers[number] | index.bounded[number]
        return found

    @cached_property
    def _limits(self) -> tuple[Statement, ...]:
        """The statements that allow attaching some policies only."""
        found: dict[int, Statement] = {}
        for action in _ATTACH:
            for statements in self._population.index.covering("iam", action).statements.values():
                for statement in statements:
                    if statement.is_allow and any(test.key == _KEY for test in statement.conditions):
                        found[id(statement)] = statement
        return tuple(found.values())


def allows_all_powers(document: Document) -> bool:
    """Return whether a policy unconditionally allows what only an administrator can do."""
    statements = [one for one in document.statements if one.broken is None]
    if any(not one.is_allow for one in statements):
        return False
    wide = [one for one in statements if is_on_every_resource(one)]
    return all(any(one.covers_action(*power.action.lower().split(":")) for one in wide) for power in POWERS)


def _asks_for_boundary(document: Document) -> bool:
    return any(test.key == BOUNDARY for statement in document.statements for test in statement.conditions)


def _restricts_nothing(document: Document) -> bool:
    """Return whether a policy allows everything and denies nothing."""
    return any(map(allows_everything, document.statements)) and all(one.is_allow for one in document.statements)


def _names(statement: Statement) -> Iterator[str]:
    for test in statement.conditions:
        if test.key == _KEY:
            yield from (value.text for value in test.values if not value.keys)


def _arn(pattern: str, account: str) -> str | None:
    """Return the ARN of a policy of an account that a pattern matches; None if it matches none."""
    parts = pattern.split(":", 5)
    if len(parts) < 6:
        parts = ["arn", "aws", "iam", "", account, "policy/" + PLACEHOLDER] if "*" in pattern else []
    if not parts or parts[4] not in (account, "*"):
        return None
    parts[1:4] = ["aws" if "*" in parts[1] else parts[1], "iam", ""]
    name = parts[5].replace("*", PLACEHOLDER).replace("?", "x")
    return ":".join([*parts[:4], account, name]) if name.startswith("policy/") else None
