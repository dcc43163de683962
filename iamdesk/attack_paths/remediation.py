"""Remediations of attack paths: each change is made to a copy, and the paths are searched again.

A change is proposed only if the copy shows its effect: another statement, resource or path may replace what it removes.
"""

import copy
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count
from typing import Any, Protocol

from iamdesk.access.principal_index import indexes_of
from iamdesk.attack_paths.administrators import OPEN
from iamdesk.attack_paths.catalog import ASSUMES, catalog
from iamdesk.attack_paths.edges import Edges
from iamdesk.attack_paths.types import AttackPath, Remediation, Step
from iamdesk.explain.decision import EvaluationResult, PolicyType, SourceType, StatementExplanation, StatementRole
from iamdesk.i18n import join_names, phrase
from iamdesk.inventory.keys import inline_policy_key, trust_policy_key
from iamdesk.inventory.references import inline_policies_of
from iamdesk.policy.canonical_form import allows_everything
from iamdesk.snapshot.model import Account, RoleDetail, Snapshot, UserDetail
from iamdesk.whatif.apply import apply_one, document_of, find, statement_of
from iamdesk.whatif.edits import Edit, EditAction, WhatIfError

_PASSES = "iam:PassRole"
_MAX_CARRIERS = 50
_MAX_LEFT = 20
"""Attack paths that are searched for one that a change leaves."""
_MAX_TRIALS = 12
"""Copies that are tried for one query; each needs the graph of the principals on the paths."""


class Trial(Protocol):
    """The graph of a copy."""

    def is_there(self, step: Step) -> bool:
        """Return whether a step is proven or possible."""

    def attack_paths(self, principal: str, goal: str, most: int) -> Iterator[AttackPath]:
        """Yield the paths."""

    def short_paths(self, principal: str, goal: str, longest: int, most: int) -> Iterator[AttackPath]:
        """Yield the proven ones of `attack_paths` that have some number of steps at most, one at least."""


@dataclass(slots=True)
class _Lever:
    """What steps of some paths need: a permission of a principal, or a role's trust in it."""

    source: str
    action: str
    role: str = ""
    """ARN of the trusting role; empty for a permission."""
    attack_paths: set[int] = field(default_factory=set)
    targets: dict[str, None] = field(default_factory=dict)
    """ARNs it is used on; ``*`` if the step names none."""
    lines: dict[tuple[str, int], StatementExplanation] = field(default_factory=dict)
    """The statements that allow a permission."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change, not tried yet."""

    what: str
    edits: tuple[Edit, ...]
    policy_key: str
    statement: str
    carriers: tuple[str, ...] = ()

    @property
    def adds(self) -> bool:
        """Whether it adds a Deny instead of removing something."""
        return any(edit.act in (EditAction.PUT_INLINE_POLICY, EditAction.ADD_STATEMENT) for edit in self.edits)


@dataclass(frozen=True, slots=True)
class Option:
    """One change that ends some paths; those of one group with actions are one change of all these actions."""

    group: str
    action: str
    """Empty if it is a change by itself."""
    ends: frozenset[int]
    """Indexes of the paths."""
    carriers: tuple[str, ...]
    """ARNs of the principals that it affects."""
    make: Callable[[Sequence[str]], Change]
    """Returns the change, of these actions."""
    demotes: bool = False
    """Whether it takes full access from a role; chosen only if it ends more paths than others."""


def _always(change: Change) -> Callable[[Sequence[str]], Change]:
    return lambda _actions: change


class Remediations:
    """Finds changes that end attack paths."""

    def __init__(self, steps: Edges, look: Callable[[Snapshot, str | None], Trial]) -> None:
        """Prepare the search.

        ``look`` builds the graph of a copy; with the ARN of a principal, it has the steps of that one alone.
        """
        self._steps = steps
        self._look = look
        self._snapshot = steps.inquiry.snapshot
        self._numbers = {document: number for number, document in enumerate(steps.population.index.documents)}

    def of(
        self, attack_paths: Sequence[AttackPath], among: frozenset[str], again: tuple[str, str, int] | None = None
    ) -> Iterator[Remediation]:
        """Yield changes that together end paths, first the one that ends most of the remaining paths.

        Among equals, the one that affects the fewest other principals comes first. Paths that no such change ends
        remain.

        Args:
            attack_paths: The paths to end.
            among: Users and roles in the copies: all on these paths and on those that may replace them.
            again: Principal, goal and maximum number of remaining paths to search; None: do not search.
        """
        reduced = self._reduced(among) if again else self._alone(among)
        for found, trial in self._found(attack_paths, reduced):
            yield replace(found, remaining=tuple(trial.attack_paths(*again))) if again else found

    def _found(
        self, attack_paths: Sequence[AttackPath], reduced: Snapshot, only: str | None = None
    ) -> Iterator[tuple[Remediation, Trial]]:
        """Yield the changes as `of` does, each with the graph of the copy in which it was tried.

        ``only``: the principal of all steps of the paths.
        """
        levers = list(self._levers(attack_paths).values())
        changes = {id(lever): self._changes(lever) for lever in levers}
        left = set().union(*(lever.attack_paths for lever in levers)) if levers else set()
        trials = 0
        while left and levers and trials < _MAX_TRIALS:
            lever = min(levers, key=lambda one: self._rank(one, left, changes[id(one)]))
            levers.remove(lever)
            if not lever.attack_paths & left:
                break
            for change in changes[id(lever)]:
                trials += 1
                trial = self._tried(reduced, change, only)
                if trial is None:
                    continue
                ended = {
                    number
                    for number, attack_path in enumerate(attack_paths)
                    if not all(map(trial.is_there, attack_path.steps))
                }
                if ended & left:
                    left -= ended
                    remediation = Remediation(
                        change.what,
                        change.edits,
                        change.policy_key,
                        change.statement,
                        change.carriers[:_MAX_CARRIERS],
                        tuple(attack_paths[number] for number in sorted(ended)),
                        (),
                    )
                    yield remediation, trial
                    break

    def of_one(self, attack_path: AttackPath, among: frozenset[str]) -> Remediation | None:
        """Return a change that ends one path; None if none was found.

        Where the same statement gives another proven path in as few steps, the change takes its actions, too, if the
        statement lists them by name. What is left of such paths is in ``remaining``.
        """
        alone = self._alone(among)
        only = attack_path.start if len(attack_path.steps) == 1 else None  # of other paths, only those as short matter
        trial: Trial | None
        found, trial = next(self._found([attack_path], alone, only), (None, None))
        if found is None:
            return None
        levers = self._levers([attack_path]).values()
        lever = next((one for one in levers if found.edits in [change.edits for change in self._changes(one)]), None)
        actions = [] if lever is None else [lever.action]
        for _ in range(_MAX_TRIALS):
            longest = len(attack_path.steps)
            left = [*trial.short_paths(attack_path.start, attack_path.goal.key, longest, _MAX_LEFT)] if trial else []
            found = replace(found, remaining=tuple(left))
            if lever is None or not left:
                break
            # The request that the same statement allows on the path that is left.
            others = [one for one in self._levers(left[:1]).values() if one.lines.keys() == lever.lines.keys()]
            wider = self._without_actions(lever, [*actions, others[0].action]) if others else None
            if wider is None or others[0].action in actions:
                break
            actions.append(others[0].action)
            found = replace(found, what=wider.what, edits=wider.edits, carriers=wider.carriers[:_MAX_CARRIERS])
            trial = self._tried(alone, found, only)
        return found

    @staticmethod
    def _rank(lever: _Lever, left: set[int], changes: Sequence[Change]) -> tuple[int, int, bool, bool, str, str, str]:
        touched = len(changes[0].carriers) if changes else 0
        adds = not changes or changes[0].adds
        # Passing roles leads to other services, too: without another permission of the path, it stays as open.
        others = lever.action != _PASSES
        return -len(lever.attack_paths & left), touched, adds, others, lever.role, lever.source, lever.action

    def _reduced(self, among: frozenset[str]) -> Snapshot:
        """Return the snapshot with only these users and roles; their attack paths are the same in it."""
        accounts = tuple(
            account.model_copy(
                update={
                    "users": tuple(user for user in account.users if user.arn in among),
                    "roles": tuple(role for role in account.roles if role.arn in among),
                }
            )
            for account in self._snapshot.accounts
        )
        return self._with(accounts)

    def _with(self, accounts: tuple[Account, ...]) -> Snapshot:
        # Also for a part of an organization, the copy contains these accounts only.
        return Snapshot.model_construct(**(dict(self._snapshot) | {"accounts": accounts}))

    def _alone(self, among: frozenset[str]) -> Snapshot:
        """Return the same without unrelated groups, policies and accounts."""
        accounts = self._reduced(among).accounts
        kept = tuple(self._alone_in(account, among) for account in accounts if account.users or account.roles)
        return self._with(kept)

    def _alone_in(self, account: Account, among: frozenset[str]) -> Account:
        joined = {name for user in account.users for name in user.group_list}
        groups = tuple(group for group in account.groups if group.group_name in joined or group.arn in among)
        entities: tuple[UserDetail | RoleDetail, ...] = (*account.users, *account.roles)
        attached = [
            *(one.attached_managed_policies for one in entities),
            *(one.attached_managed_policies for one in groups),
        ]
        held = {policy.policy_arn for policies in attached for policy in policies}
        held |= {one.permissions_boundary.permissions_boundary_arn for one in entities if one.permissions_boundary}
        policies = [policy for policy in account.policies if policy.arn in held or policy.arn in among]
        # An AWS managed policy may have been captured with another account only.
        index = self._steps.inquiry.evaluator.index
        for arn in sorted(held - {policy.arn for policy in policies}):
            elsewhere = index.managed_policy(account.account_id, arn)
            if elsewhere is not None and not index.is_supplied(arn):
                policies.append(elsewhere)
        return account.model_copy(update={"groups": groups, "policies": tuple(policies)})

    def _tried(self, reduced: Snapshot, change: Change | Remediation, only: str | None) -> Trial | None:
        try:
            for edit in change.edits:
                reduced = apply_one(reduced, edit)
        except WhatIfError:
            return None
        return self._look(reduced, only)

    # ── levers ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _levers(self, attack_paths: Iterable[AttackPath]) -> dict[tuple[str, str, str], _Lever]:
        found: dict[tuple[str, str, str], _Lever] = {}
        for number, attack_path in enumerate(attack_paths):
            for step in attack_path.steps:
                for proof in step.proof:
                    request = proof.decision.request
                    # The first ends with the change before it, the second is not the principal's.
                    if proof.is_given or request.principal != step.source:
                        continue
                    lever = found.setdefault((step.source, request.action, ""), _Lever(step.source, request.action))
                    lever.attack_paths.add(number)
                    lever.targets[step.target if request.resource == step.target else "*"] = None
                    lever.lines.update(((line.policy_key, line.index), line) for line in _allowing(proof.decision))
                    if request.action == ASSUMES and ":role/" in step.target:
                        key = (step.source, ASSUMES, step.target)
                        found.setdefault(key, _Lever(*key)).attack_paths.add(number)
        return found

    # ── changes ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _changes(self, lever: _Lever) -> tuple[Change, ...]:
        """Return the changes to try, the simplest first."""
        if lever.role:
            return tuple(self._trust_changes(lever))
        removed = self._without_action(lever)
        return (*((removed,) if removed else ()), self._denied(lever))

    def _without_action(self, lever: _Lever) -> Change | None:
        """Return the change that removes an action from the only statement that allows it, if it is listed by name."""
        return self._without_actions(lever, [lever.action])

    def _without_actions(self, lever: _Lever, actions: Sequence[str]) -> Change | None:
        """Return the change that removes actions from the statement of a lever; None if one is not listed by name."""
        if len(lever.lines) != 1:
            return None
        (line,) = lever.lines.values()
        if line.source_policy_type is SourceType.AWS_MANAGED:
            return None
        try:
            statement = copy.deepcopy(statement_of(self._snapshot, line.policy_key, line.index))
        except WhatIfError:
            return None
        listed = statement.get("Action") if isinstance(statement, dict) else None
        names = listed if isinstance(listed, list) else [listed]
        removed = {action.lower() for action in actions}
        kept = [name for name in names if not (isinstance(name, str) and name.lower() in removed)]
        if not removed <= {name.lower() for name in names if isinstance(name, str)}:
            return None
        carriers = tuple(arn for arn in self._served(line) if arn != lever.source)
        if kept:
            edit = Edit(
                EditAction.SET_STATEMENT, line.policy_key, document={**statement, "Action": kept}, index=line.index
            )
            what = phrase("Remove {action} from {statement}.", action=join_names(actions), statement=line.name)
            return Change(what, (edit,), line.policy_key, line.name, carriers)
        if len(line.document.statements) > 1:
            edit = Edit(EditAction.REMOVE_STATEMENT, line.policy_key, index=line.index)
            what = phrase("Remove {statement}.", statement=line.name)
            return Change(what, (edit,), line.policy_key, line.name, carriers)
        if line.policy_key == inline_policy_key(line.owner, line.source_policy_id):
            edit = Edit(EditAction.DELETE_INLINE_POLICY, line.owner, line.source_policy_id)
            named = {"policy": line.policy_name, "owner": _last(line.owner)}
            what = phrase("Delete the inline policy {policy} of {owner}.", **named)
            return Change(what, (edit,), line.policy_key, line.name, carriers)
        if line.owner == lever.source:
            edit = Edit(EditAction.DETACH_POLICY, line.owner, line.policy_key)
            named = {"policy": line.policy_name, "owner": _last(line.owner)}
            return Change(phrase("Detach {policy} from {owner}.", **named), (edit,), line.policy_key, line.name)
        return None

    def _denied(self, lever: _Lever) -> Change:
        """Return the change that adds an inline policy with a Deny of the action."""
        resource = next(iter(lever.targets)) if len(lever.targets) == 1 else "*"
        _, entity = find(self._snapshot, lever.source)
        taken = {policy.policy_name for policy in inline_policies_of(entity)}
        stem = f"deny-{lever.action.replace(':', '-')}"
        names = (f"{stem}-{number}" if number > 1 else stem for number in count(1))
        name = next(name for name in names if name not in taken)
        denied = {"Effect": "Deny", "Action": lever.action, "Resource": resource}
        kept = self._denied_removal(lever.source, (lever.source,), (lever.action,))
        document = {"Version": "2012-10-17", "Statement": [denied, *kept]}
        named = {"source": _last(lever.source), "action": lever.action, "resource": resource}
        if kept and resource != "*":
            what = phrase(
                "Add an inline policy to {source} that denies {action} on {resource}, and the removal of that policy.",
                **named,
            )
        elif kept:
            what = phrase(
                "Add an inline policy to {source} that denies {action}, and the removal of that policy.", **named
            )
        elif resource != "*":
            what = phrase("Add an inline policy to {source} that denies {action} on {resource}.", **named)
        else:
            what = phrase("Add an inline policy to {source} that denies {action}.", **named)
        return Change(what, (Edit(EditAction.PUT_INLINE_POLICY, lever.source, name, document),), lever.source, name)

    def _denied_removal(self, holder: str, served: Sequence[str], actions: Sequence[str]) -> list[dict[str, Any]]:
        """Return the statement that keeps principals from deleting or replacing an inline policy that denies actions.

        Without it, whoever may do so ends the Deny (API reference, DeleteUserPolicy, and PutUserPolicy, which updates a
        policy of the same name). Empty if none of them may, apart from administrators.
        """
        administrators = self._steps.administrators
        places = ((one, self._steps.population.position(one)) for one in served)
        served = [one for one, at in places if at is not None and not administrators >> at & 1]
        kind = "Group" if ":group/" in holder else "User" if ":user/" in holder else "Role"
        removing = [
            action
            for action in (f"iam:Delete{kind}Policy", f"iam:Put{kind}Policy")
            if action not in actions
            and any(self._steps.inquiry.decide(one, action, holder, {}) in OPEN for one in served)
        ]
        return [{"Effect": "Deny", "Action": removing, "Resource": holder}] if removing else []

    def _demotions(self, attack_paths: Sequence[AttackPath]) -> Iterator[Option]:
        """Yield the changes that take full access from roles with which services run code, through which paths lead."""
        ends: dict[str, set[int]] = {}
        for number, attack_path in enumerate(attack_paths):
            for step in attack_path.steps:
                if step.goal.key == step.target and catalog().path(step.path_id.rpartition("+")[2]).service:
                    ends.setdefault(step.target, set()).add(number)
        for role, numbers in ends.items():
            carried = self._steps.inquiry.evaluator.index.carried(role)
            full = [one for one in carried.identity if any(map(allows_everything, one.document.statements))]
            if not full:
                continue
            edits = tuple(
                Edit(EditAction.DELETE_INLINE_POLICY, role, one.name)
                if one.is_inline
                else Edit(EditAction.DETACH_POLICY, role, one.source_id)
                for one in full
            )
            what = phrase(
                "Remove {policies} from {role}, and grant it only the permissions that its service needs.",
                policies=join_names([one.name for one in full]),
                role=_last(role),
            )
            change = Change(what, edits, role, _last(role), (role,))
            yield Option(f"{role}|full access", "", frozenset(numbers), (role,), _always(change), demotes=True)

    def options(self, attack_paths: Sequence[AttackPath]) -> Iterator[Option]:
        """Yield the changes of which each ends some paths, for a plan.

        A change of one statement serves all principals that have it. A statement that allows an action by a wildcard
        gets a Deny beside it in the same policy; one of an AWS managed policy of a group, in an inline policy of it.
        """
        yield from self._demotions(attack_paths)
        for lever in self._levers(attack_paths).values():
            ends = frozenset(lever.attack_paths)
            if lever.role:
                change = next(self._trust_changes(lever), None)
                if change is not None:
                    yield Option(f"{change.policy_key}|{lever.source}", "", ends, (), _always(change))
                continue
            removed = self._without_action(lever)
            if removed is not None:
                removed = replace(removed, carriers=(lever.source, *removed.carriers))
                yield Option(f"{removed.policy_key}|{lever.action}", "", ends, removed.carriers, _always(removed))
                continue
            line = next(iter(lever.lines.values())) if len(lever.lines) == 1 else None
            is_group = line is not None and ":group/" in line.owner
            if line is not None and (is_group or line.source_policy_type is not SourceType.AWS_MANAGED):
                served = tuple(self._served(line))
                if line.source_policy_type is SourceType.AWS_MANAGED:
                    make = partial(self._inline_denial, line.owner, served)
                    yield Option(line.owner, lever.action, ends, served, make)
                else:
                    make = partial(self._denied_beside, line, served)
                    yield Option(line.policy_key, lever.action, ends, served, make)
                continue
            make = partial(self._inline_denial, lever.source, (lever.source,))
            yield Option(lever.source, lever.action, ends, (lever.source,), make)

    def _denied_beside(self, line: StatementExplanation, served: tuple[str, ...], actions: Sequence[str]) -> Change:
        """Return the change that adds a Deny of some actions to the policy of a statement."""
        document = {"Effect": "Deny", "Action": list(actions), "Resource": "*"}
        edit = Edit(EditAction.ADD_STATEMENT, line.policy_key, document=document)
        named = {"policy": line.policy_name, "actions": join_names(actions)}
        what = phrase("Add a statement to {policy} that denies {actions}.", **named)
        return Change(what, (edit,), line.policy_key, line.name, served)

    def _inline_denial(self, holder: str, served: tuple[str, ...], actions: Sequence[str]) -> Change:
        """Return the change that adds an inline policy with a Deny of some actions to a user, role or group."""
        _, entity = find(self._snapshot, holder)
        taken = {policy.policy_name for policy in inline_policies_of(entity)}
        names = (f"deny-attack-paths-{number}" if number > 1 else "deny-attack-paths" for number in count(1))
        name = next(name for name in names if name not in taken)
        kept = self._denied_removal(holder, served, actions)
        document = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Deny", "Action": list(actions), "Resource": "*"}, *kept],
        }
        named = {"source": _last(holder), "action": join_names(actions)}
        what = phrase("Add an inline policy to {source} that denies {action}.", **named)
        if kept:
            what = phrase(
                "Add an inline policy to {source} that denies {action}, and the removal of that policy.", **named
            )
        return Change(what, (Edit(EditAction.PUT_INLINE_POLICY, holder, name, document),), holder, name, served)

    def _trust_changes(self, lever: _Lever) -> Iterator[Change]:
        key = trust_policy_key(lever.role)
        try:
            document = document_of(self._snapshot, key)
        except WhatIfError:
            return
        if not isinstance(document, dict):
            return
        names = {"source": _last(lever.source), "role": _last(lever.role)}
        statement = phrase("the trust policy of {role}", role=_last(lever.role))
        kept = _without_principal(document, lever.source)
        if kept is not None:
            what = phrase("Remove {source} from the trust policy of {role}.", **names)
            yield Change(what, (Edit(EditAction.SET_POLICY, key, document=kept),), key, statement)
        denial = {"Effect": "Deny", "Principal": {"AWS": lever.source}, "Action": ASSUMES}
        what = phrase("Add a statement to the trust policy of {role} that denies sts:AssumeRole to {source}.", **names)
        yield Change(what, (Edit(EditAction.ADD_STATEMENT, key, document=denial),), key, statement)

    def _served(self, line: StatementExplanation) -> Iterator[str]:
        """Yield the principals that have a statement's identity policy."""
        population = self._steps.population
        subjects = population.index.subjects
        number = self._numbers.get(line.document)
        if number is None:
            return
        for position in indexes_of(population.carriers[number]):
            carried = self._steps.inquiry.evaluator.index.carried(subjects[position])
            if any(policy.key == line.policy_key for policy in carried.identity):
                yield subjects[position]


def _allowing(decision: EvaluationResult) -> Iterator[StatementExplanation]:
    for line in decision.statements_that(StatementRole.DECIDES, StatementRole.TOOK_PART, StatementRole.DEPENDS):
        if line.layer is PolicyType.IDENTITY and line.effect == "Allow":
            yield line


def _without_principal(document: dict[str, Any], principal: str) -> dict[str, Any] | None:
    """Return a trust policy without a principal; None if it does not name it, or if no statement would remain."""
    listed = document.get("Statement", [])
    kept = []
    is_named = False
    for statement in copy.deepcopy(listed if isinstance(listed, list) else [listed]):
        named = statement.get("Principal") if isinstance(statement, dict) else None
        texts = named.get("AWS") if isinstance(named, dict) else None
        texts = texts if isinstance(texts, list) else [texts]
        if isinstance(named, dict) and principal in texts and statement.get("Effect") == "Allow":
            is_named = True
            left = [text for text in texts if text != principal]
            if left:
                named["AWS"] = left
            else:
                del named["AWS"]
            if not named:
                continue
        kept.append(statement)
    return {**document, "Statement": kept} if is_named and kept else None


def _last(arn: str) -> str:
    return arn.rpartition("/")[2]
