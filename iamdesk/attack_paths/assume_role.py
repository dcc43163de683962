"""Who can assume which role, and which roles a service can; roles with the same trust policy are evaluated together."""

import re
from collections.abc import Hashable, Iterable, Iterator, Sequence
from itertools import islice

from iamdesk.access.principal_index import indexes_of
from iamdesk.attack_paths.administrators import OPEN
from iamdesk.attack_paths.catalog import ASSUMES
from iamdesk.attack_paths.edge_sources import (
    NO_PRINCIPALS,
    ConfirmedAndPossible,
    EdgeSources,
    SourceFinder,
    tags_asked,
)
from iamdesk.attack_paths.edge_targets import EdgeTargets
from iamdesk.attack_paths.evaluation_session import EvaluationSession
from iamdesk.evaluate.request import EvalDecision
from iamdesk.policy.document import Document
from iamdesk.policy.principals import PrincipalType
from iamdesk.snapshot.model import RoleDetail

WHOLE_ACCOUNT = re.compile(r"(?:arn:[^:]*:iam::)?(\d{12})(?::root)?")
"""A principal entry for a whole account."""
SOURCE_ARN = "aws:sourcearn"
"""The condition key, in lower case, for the resource for which a service acts."""
_OF_SOURCE = frozenset({SOURCE_ARN, "aws:sourceorgid", "aws:sourceorgpaths"})
"""Keys about that resource, besides its account."""
_MAX_KEPT = 1 << 14

type _AlikeRoles = tuple[Document, str, tuple[str | None, ...]]
"""A trust policy, an account, and the values of the tags that the trust policy tests."""


def trusted_by(document: Document, finder: SourceFinder) -> tuple[int, int, bool]:
    """Return the principals that a trust policy may name, and those of accounts that it trusts, as bits.

    Third is whether all of them need an Allow of their own in the role's account: False if it names principals, or
    everyone.
    """
    named = trusted = 0
    population = finder.population
    for statement in document.statements:
        if not statement.is_allow or statement.broken is not None:
            continue
        if not statement.covers_action("sts", "assumerole"):
            continue
        if statement.not_principal:
            return 0, population.regular, False
        for entry in statement.principals or ():
            if entry.type is not PrincipalType.AWS:
                continue
            if entry.is_everyone:
                return 0, population.regular, False
            whole = WHOLE_ACCOUNT.fullmatch(entry.text)
            trusted |= finder.members_of.get(whole[1], 0) if whole else 0
        named |= population.named_by(statement)
    named &= population.regular
    return named, trusted, not named


def assuming(
    finder: SourceFinder, roles: int, named: int, trusted: int, only_own: bool
) -> Iterator[tuple[int, ConfirmedAndPossible | EdgeSources]]:
    """Yield (roles, who can assume them) for roles with one trust policy.

    Args:
        finder: Evaluates the requests.
        roles: The roles, as bits.
        named: The principals that the trust policy may name.
        trusted: Those of accounts that it trusts.
        only_own: Whether all of them need an Allow of their own.

    Raises:
        WorkCancelled: The run was cancelled.
    """
    if trusted:
        yield roles, finder.find(ASSUMES, roles, only_own=only_own, callers=trusted | named)
    elif named:
        for place in indexes_of(roles):
            yield 1 << place, finder.candidates(ASSUMES, place, named)


class TrustPolicies:
    """The principals that the trust policies of a snapshot allow."""

    def __init__(
        self,
        inquiry: EvaluationSession,
        targets: EdgeTargets,
    ) -> None:
        """Group roles by trust policy."""
        self._inquiry = inquiry
        self._targets = targets
        self._roles = inquiry.evaluator.index.roles
        self._by_document: dict[_AlikeRoles, int] = {}
        tags_of: dict[Document, tuple[str, ...]] = {}
        for place in indexes_of(targets.roles):
            role = self._roles[targets.arns[place]]
            document = inquiry.evaluator.index.trust(role)
            tags = tags_of.get(document)
            if tags is None:
                keys = (key for statement in document.statements for key in statement.context_keys())
                tags = tags_of[document] = tuple(sorted(tags_asked(keys)))
            values = targets.tag_values(place, tags) if tags else ()
            key = (document, role.arn.split(":", 5)[4], values)
            self._by_document[key] = self._by_document.get(key, 0) | 1 << place
        self._trusting: dict[str, int] = {}
        self._by_source: dict[str, dict[int, _AlikeRoles]] = {}
        self._for_source: dict[tuple[str, _AlikeRoles, str | None], EvalDecision] = {}

    def assuming(
        self, finder: SourceFinder, number: int = 0, parts: int = 1
    ) -> Iterator[tuple[int, ConfirmedAndPossible | EdgeSources]]:
        """Yield (roles, who can assume them) for roles that some principal of the snapshot may be able to assume.

        With several ``parts`` only the part ``number``, from 0.

        Raises:
            WorkCancelled: The run was cancelled.
        """
        for (document, _, _), roles in islice(self._by_document.items(), number, None, parts):
            self._inquiry.check_cancelled()
            yield from assuming(finder, roles, *trusted_by(document, finder))

    def trusts_everyone(self, place: int) -> bool:
        """Return whether a role's trust policy names everyone, regardless of conditions."""
        document = self._inquiry.evaluator.index.trust(self._role(place))
        return any(
            statement.is_allow
            and statement.broken is None
            and statement.covers_action("sts", "assumerole")
            and any(entry.is_everyone for entry in statement.principals or ())
            for statement in document.statements
        )

    def trusting(self, service: str) -> int:
        """Return the roles that a service can assume on behalf of the role's own account, as bits."""
        found = self._trusting.get(service)
        if found is None:
            found = 0
            by_source: dict[int, _AlikeRoles] = {}
            for key, roles in self._by_document.items():
                document, account, _ = key
                if self._names(document, service):
                    self._inquiry.check_cancelled()
                    asked = (service, ASSUMES, self._first(roles), self._inquiry.source_context(account))
                    decision = self._inquiry.decide(*asked)
                    with_token = (
                        decision is not EvalDecision.ALLOWED
                        and self._inquiry.decide(service, "sts:AssumeRoleWithWebIdentity", *asked[2:]) in OPEN
                    )
                    if decision in OPEN or with_token:
                        found |= roles
                    is_open = decision is EvalDecision.CONDITIONAL and not with_token
                    if is_open and not _OF_SOURCE.isdisjoint(map(str.lower, self._inquiry.trace(*asked).keys)):
                        by_source.update(dict.fromkeys(indexes_of(roles), key))
            self._trusting[service] = found
            self._by_source[service] = by_source
        return found

    def _first(self, roles: int) -> str:
        return self._targets.arns[(roles & -roles).bit_length() - 1]

    def by_source(self, service: str, place: int) -> Hashable | None:
        """Return a key, equal for roles alike, if a service can assume a role only for some resources.

        None: it does not depend on the resource.
        """
        self.trusting(service)
        return self._by_source[service].get(place)

    def source_values(self, place: int) -> Sequence[str]:
        """Return what the policies about who can assume a role compare ``aws:SourceArn`` with."""
        role = self._role(place)
        documents = (self._inquiry.evaluator.index.trust(role), *self._inquiry.guardrails(role.arn.split(":", 5)[4]))
        tests = (test for document in documents for one in document.statements for test in one.conditions)
        return list(dict.fromkeys(value.text for test in tests if test.key == SOURCE_ARN for value in test.values))

    def for_source(self, service: str, place: int, source: str | None) -> EvalDecision:
        """Decide whether a service can assume a role for a resource; None: without ``aws:SourceArn``."""
        alike = self._by_source[service][place]
        key = (service, alike, source)
        if key not in self._for_source:
            if len(self._for_source) >= _MAX_KEPT:
                self._for_source.clear()
            context = {**self._inquiry.source_context(alike[1]), "aws:SourceArn": source}
            self._for_source[key] = self._inquiry.decide(service, ASSUMES, self._targets.arns[place], context)
        return self._for_source[key]

    @staticmethod
    def _names(document: Document, service: str) -> bool:
        return any(
            statement.is_allow
            and statement.broken is None
            and any(
                entry.text == service and entry.type in (PrincipalType.SERVICE, PrincipalType.FEDERATED)
                for entry in statement.principals or ()
            )
            for statement in document.statements
        )

    def saml_providers(self, place: int) -> tuple[int, ...]:
        """Return the SAML providers that a role trusts, as targets."""
        found: dict[int, None] = {}
        for statement in self._inquiry.evaluator.index.trust(self._role(place)).statements:
            if statement.is_allow and statement.broken is None and statement.covers_action("sts", "assumerolewithsaml"):
                for entry in statement.principals or ():
                    provider = self._targets.places.get(entry.text)
                    if provider is not None and self._targets.providers >> provider & 1:
                        found[provider] = None
        return tuple(found)

    def _role(self, place: int) -> RoleDetail:
        return self._roles[self._targets.arns[place]]


class Assumable:
    """Who can assume each role."""

    def __init__(self, by_roles: Iterable[tuple[int, ConfirmedAndPossible | EdgeSources]]) -> None:
        """Index the results of `TrustPolicies.assuming`."""
        self.by_roles = tuple(by_roles)
        self._by_place = {place: found for roles, found in self.by_roles for place in indexes_of(roles)}

    def of(self, place: int) -> ConfirmedAndPossible:
        """Return who can assume a role."""
        found = self._by_place.get(place, NO_PRINCIPALS)
        return found.of(place) if isinstance(found, EdgeSources) else found
