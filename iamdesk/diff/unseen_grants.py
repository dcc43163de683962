"""Differences between two snapshots beside the policies of principals and resources that can change decisions."""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass

from iamdesk.aws.action_sets import service_actions
from iamdesk.aws.service_reference import reference
from iamdesk.diff.deltas import ChangedKeys, StatementDelta
from iamdesk.diff.evaluate_pair import Context
from iamdesk.diff.normal_form import ANYWHERE, EVERYONE, ClauseActions, NormalStatement
from iamdesk.diff.sampling import SampleRequest
from iamdesk.diff.snapshot_view import SnapshotView
from iamdesk.evaluate.derived_keys import PrincipalDependence, dependence
from iamdesk.inventory.endpoint_index import service_of
from iamdesk.policy.arn import account_of
from iamdesk.snapshot.resources import VpcEndpoint

_ALL = NormalStatement(True, None, ANYWHERE, frozenset(), frozenset())
_MAX_ACCOUNTS = 50
"""Accounts whose root user is evaluated, if the organization differs."""


@dataclass(frozen=True, slots=True)
class ChangedEndpoint:
    """A VPC endpoint that differs between two snapshots, or that only one of them holds."""

    endpoint_id: str
    old: VpcEndpoint | None
    new: VpcEndpoint | None

    @property
    def context(self) -> Context:
        """The context of requests through it."""
        return {"aws:SourceVpce": self.endpoint_id}

    @property
    def services(self) -> frozenset[str] | None:
        """The services that it serves; None: it may serve any."""
        found = [service_of(one) for one in (self.old, self.new) if one is not None]
        return None if None in found else frozenset(filter(None, found))

    def clause_actions(self, side: SnapshotView, *, is_new: bool, everything: int) -> ClauseActions:
        """Return the clauses of its policy in one snapshot; everything is allowed if it has none."""
        endpoint = self.new if is_new else self.old
        document = None if endpoint is None else side.evaluator.endpoints.document_of(endpoint)
        if document is None:
            return {_ALL: everything}
        return side.together([document], names_principals=True)

    def deltas(self, side: SnapshotView, everything: int, *, is_new: bool) -> Iterator[tuple[StatementDelta, int]]:
        """Yield the clauses of its policy as one more policy type; the engine matches the principals."""
        if self.services is not None:
            everything = self.actions(side)
        policy_type = f"endpoint/{_settings(self.new if is_new else self.old)}"
        found = {
            clause: bits & everything
            for clause, bits in self.clause_actions(side, is_new=is_new, everything=everything).items()
        }
        if _settings(self.old) != _settings(self.new):
            # The policy denies what it does not allow, but nothing of other services: any action may differ.
            found[_ALL] = everything
        yield from ((StatementDelta(policy_type, is_new, clause), bits) for clause, bits in found.items())

    def actions(self, side: SnapshotView) -> int:
        """Return the actions of the services that are reached through it."""
        if self.services is None:
            return side.space.every
        bits = 0
        for service in self.services:
            if reference().service_exists(service):
                bits |= side.space.of_service(service, service_actions(service).every)
        return bits


def _settings(endpoint: VpcEndpoint | None) -> Hashable:
    """Return the settings of an endpoint that affect decisions, besides its policy."""
    if endpoint is None:
        return None
    return endpoint.service_name, endpoint.vpc_endpoint_type, endpoint.vpc_id, endpoint.owner_id


class UnseenGrants:
    """What differs between two snapshots beside the policies of principals and resources."""

    def __init__(self, old: SnapshotView, new: SnapshotView) -> None:
        self._sides = (old, new)
        self.endpoints = tuple(_changed_endpoints(old, new))
        """The VPC endpoints that differ, or that only one snapshot holds."""
        self._roots = _roots(old, new)
        self.is_about_callers = any(self._asks_who_it_is(one) for one in self.endpoints)
        """Whether the differences can decide differently for two principals with the same policies."""

    def endpoints_for(self, keys: ChangedKeys) -> tuple[ChangedEndpoint, ...]:
        """Return the endpoints that differ, and those whose policies depend on changed keys."""
        if not keys:
            return self.endpoints
        old, new = self._sides
        known = {one.vpc_endpoint_id: one for one in old.snapshot.vpc_endpoints}
        found = {one.endpoint_id: one for one in self.endpoints}
        for after in new.snapshot.vpc_endpoints:
            one = ChangedEndpoint(after.vpc_endpoint_id, known.get(after.vpc_endpoint_id), after)
            if one.old is not None and any(map(keys.touches, one.clause_actions(new, is_new=True, everything=0))):
                found.setdefault(one.endpoint_id, one)
        return tuple(found.values())

    def _asks_who_it_is(self, endpoint: ChangedEndpoint) -> bool:
        old, new = self._sides
        both = (
            endpoint.clause_actions(old, is_new=False, everything=0),
            endpoint.clause_actions(new, is_new=True, everything=0),
        )
        return any(
            clause.principal not in (None, EVERYONE)
            or any(dependence(key) is PrincipalDependence.CALLER for key in clause.keys)
            for clause_actions in both
            for clause in clause_actions
        )

    def by_password_policy(self, arn: str) -> tuple[SampleRequest, ...]:
        """Return the requests of a user that the password policy of its account decides in either snapshot."""
        old, new = self._sides
        account = account_of(arn)
        if ":user/" not in arn or not any(_password_policy(side, account) for side in (old, new)):
            return ()
        return _cell(new, "iam:ChangePassword", arn), _cell(new, "iam:GetAccountPasswordPolicy", "*")

    def cells(self, arn: str) -> tuple[SampleRequest, ...]:
        """Return the requests of a principal that depend on account settings that differ."""
        account = account_of(arn)
        old, new = self._sides
        found: list[SampleRequest] = []
        if _password_policy(old, account) != _password_policy(new, account):
            found += self.by_password_policy(arn)
        if self._roots and any(_may_take_root(side, account) for side in self._sides):
            found += (_cell(new, "sts:AssumeRoot", root) for root in self._roots)
        return tuple(found)


def _changed_endpoints(old: SnapshotView, new: SnapshotView) -> Iterator[ChangedEndpoint]:
    sides = [{one.vpc_endpoint_id: one for one in side.snapshot.vpc_endpoints} for side in (old, new)]
    for name in dict.fromkeys((*sides[0], *sides[1])):
        before, after = sides[0].get(name), sides[1].get(name)
        policies = [one.policy_document if one is not None else None for one in (before, after)]
        if (before is None) != (after is None) or policies[0] != policies[1] or _settings(before) != _settings(after):
            yield ChangedEndpoint(name, before, after)


def _password_policy(side: SnapshotView, account: str) -> Hashable:
    facts = next((one for one in side.snapshot.account_facts if one.account_id == account), None)
    if facts is None:
        return None
    allows = facts.password_policy is not None and facts.password_policy.allow_users_to_change_password
    return facts.is_password_policy_captured, allows


def _may_take_root(side: SnapshotView, account: str) -> bool:
    """Return whether an account can assume root users (rule E14)."""
    organization = side.evaluator.organization
    return organization is not None and organization.can_assume_root(account) is True


def _roots(old: SnapshotView, new: SnapshotView) -> tuple[str, ...]:
    """Return the root users of accounts that joined or left; of all if other accounts can assume root."""
    sides = [side.snapshot.organization for side in (old, new)]
    members = [{node.id for node in one.nodes if node.id.isdigit()} if one is not None else set() for one in sides]
    heads = [(one.management_account_id, one.delegated_services) if one is not None else None for one in sides]
    accounts = members[0] ^ members[1] if heads[0] == heads[1] else members[0] | members[1]
    return tuple(f"arn:aws:iam::{account}:root" for account in sorted(accounts)[:_MAX_ACCOUNTS])


def _cell(side: SnapshotView, action: str, resource: str) -> SampleRequest:
    service, _, name = action.lower().partition(":")
    actions = service_actions(service).actions
    own = next(1 << place for place, one in enumerate(actions) if one.name.lower() == name)
    return SampleRequest(action, resource, side.space.of_service(service, own))
