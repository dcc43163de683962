"""The effect of what gives access to an identity: credentials, assignments, trust and resource policies."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property

from iamdesk.access.access_change import ActionBits
from iamdesk.access.effective_permissions import AccessExtent
from iamdesk.access.who_can import PrincipalKind
from iamdesk.aws.action_sets import service_actions
from iamdesk.aws.data_classes import DataClass, data_classes
from iamdesk.aws.service_reference import reference
from iamdesk.evaluate.request import EvalDecision, Request, RequestError
from iamdesk.i18n import phrase
from iamdesk.inventory.resource_grants import acl_document, default_policy, key_grants_document
from iamdesk.inventory.trust import is_unique_id
from iamdesk.policy.conditions import ConditionTest, Quantifier
from iamdesk.policy.document import parse_document
from iamdesk.policy.principals import PrincipalType
from iamdesk.policy.statement import Statement
from iamdesk.progress import Cancelled, never_cancelled
from iamdesk.review.effects import EffectFinder, EntitlementEffect, RelatedEntitlement, count_actions
from iamdesk.review.item_effect import CREDENTIAL, ENTRY, GRANT, GUARDRAIL
from iamdesk.review.items import EntitlementType, ReviewItem, account_root
from iamdesk.snapshot.resources import Resource

_POSSIBLE = tuple(one for one in AccessExtent if one not in (AccessExtent.NONE, AccessExtent.DENIED))
_MOST_DATA = ("s3", "secretsmanager", "dynamodb", "ssm", "rds-data", "sqs")
_CREDENTIALS = (EntitlementType.ACCESS_KEY, EntitlementType.CONSOLE_PASSWORD)


class EntryEffects:
    """Finds out the effects of entitlements that give access to an identity, of one snapshot. For one thread."""

    def __init__(self, finder: EffectFinder, items: Iterable[ReviewItem]) -> None:
        """``items`` are all of the review: other credentials, assignments and grants of the same holder count."""
        self._finder = finder
        self._evaluator = finder.evaluator
        self._credentials: dict[str, list[ReviewItem]] = {}
        self._assignments: dict[tuple[str, str], list[ReviewItem]] = {}
        self._grants: dict[str, list[ReviewItem]] = {}
        for item in items:
            if item.type in _CREDENTIALS:
                self._credentials.setdefault(item.holder_arn, []).append(item)
            elif item.type is EntitlementType.PERMISSION_SET:
                self._assignments.setdefault((item.account_id, item.entitlement_id), []).append(item)
            elif item.type is EntitlementType.RESOURCE_GRANT:
                self._grants.setdefault(item.entitlement_id, []).append(item)
        self._unique_ids = {
            unique_id
            for account in self._evaluator.snapshot.accounts
            for unique_id in (*(one.user_id for one in account.users), *(one.role_id for one in account.roles))
        }
        self._resources = {one.arn: one for one in self._evaluator.snapshot.resources}

    def effect(self, item: ReviewItem, cancelled: Cancelled = never_cancelled) -> EntitlementEffect:
        """Return the effect of an entitlement.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
        """
        match item.type:
            case EntitlementType.ACCESS_KEY | EntitlementType.CONSOLE_PASSWORD:
                return self._of_credential(item)
            case EntitlementType.ROOT_ACCESS:
                all_of_it = self._possible(item.holder_arn)
                return EntitlementEffect(
                    alone=all_of_it, lost=all_of_it, affected=(item.holder_arn,), losing=(item.holder_arn,)
                )
            case EntitlementType.PERMISSION_SET:
                return self._of_assignment(item)
            case EntitlementType.TRUST:
                return self._of_trust(item, cancelled)
            case EntitlementType.RESOURCE_GRANT:
                return self._of_grant(item, cancelled)
        return self._finder.effect(item, cancelled)

    def _possible(self, arn: str, extents: Collection[AccessExtent] = _POSSIBLE) -> ActionBits:
        """Return all that a principal can do: by default on some resource, perhaps under conditions."""
        position = self._evaluator.population().position(arn)
        found: dict[str, int] = {}
        for service, access in self._evaluator.reaches_of(position).items() if position is not None else ():
            bits = 0
            for extent in extents:
                bits |= access.actions.get(extent, 0)
            if bits:
                found[service] = bits
        return found

    def _of_credential(self, item: ReviewItem) -> EntitlementEffect:
        others = [one for one in self._credentials[item.holder_arn] if one.entitlement_id != item.entitlement_id]
        all_of_it = self._possible(item.holder_arn)
        count = count_actions(all_of_it)
        covered = tuple(RelatedEntitlement(one.name, one.type.value, count) for one in others)
        return EntitlementEffect(
            alone=all_of_it,
            lost={} if others else all_of_it,
            kept=all_of_it if others else {},
            covered_by=covered,
            affected=(item.holder_arn,),
            losing=() if others or not all_of_it else (item.holder_arn,),
        )

    def _of_assignment(self, item: ReviewItem) -> EntitlementEffect:
        role = item.evidence.get("role")
        if role is None:
            doubt = phrase("The role of the permission set {name} is not in the snapshot.", name=item.name)
            return EntitlementEffect(affected=(item.holder_arn,), doubts=(doubt,))
        all_of_it = self._possible(str(role))
        same = self._assignments[item.account_id, item.entitlement_id]
        names = set(item.evidence.get("members", ())) or {str(item.evidence.get("display", item.holder_arn))}
        is_group = item.holder_kind.endswith("group")
        others = [
            one
            for one in same
            if one.holder_arn != item.holder_arn
            and not is_group
            and names & (set(one.evidence.get("members", ())) | {str(one.evidence.get("display", one.holder_arn))})
        ]
        covered = tuple(
            RelatedEntitlement(
                str(one.evidence.get("display", one.holder_arn)), one.type.value, count_actions(all_of_it)
            )
            for one in others
        )
        doubts = []
        if is_group and "members" not in item.evidence:
            doubts.append(phrase("The members of the group {name} are not in the snapshot.", name=item.holder_arn))
        return EntitlementEffect(
            alone=all_of_it,
            lost={} if others else all_of_it,
            kept=all_of_it if others else {},
            covered_by=covered,
            affected=tuple(sorted(names)),
            losing=() if others or not all_of_it else tuple(sorted(names)),
            doubts=tuple(doubts),
        )

    def _of_trust(self, item: ReviewItem, cancelled: Cancelled) -> EntitlementEffect:
        """A role without trust policy cannot be assumed (rule I2): whoever can assume it now loses that."""
        role = item.holder_arn
        found = 0
        losing: dict[str, None] = {}
        allowed: set[str] = set()
        doubts: list[str] = []
        try:
            within, members = self._admitted(role)
            asked = self._evaluator.access_on("sts", role, cancelled=cancelled, within=within, members=members)
            for decision, principals, bits in asked:
                found |= bits
                losing.update(dict.fromkeys(principals))
                if decision is EvalDecision.ALLOWED:
                    allowed.update(principals)
        except RequestError as error:
            doubts.append(f"{error}.")
        external: dict[str, None] = {}
        actions = service_actions("sts")
        is_open = self._is_open_to_any_account(role)
        admitted = self._admitted_from_outside(role, cancelled)
        for name, action in self._actions_of_trust(role):
            if (name != "*" or is_open) and (admitted is None or name in admitted):
                external.setdefault(name)
                found |= 1 << action
        if "*" in external:
            has_conditions = bool(item.evidence.get("conditions"))
            doubts.append(
                phrase("It allows principals of any account that meet its conditions: these cannot be listed.")
                if has_conditions
                else phrase("It allows principals of any account, which cannot be listed.")
            )
        lost: dict[str, int] = {"sts": found & actions.every} if found else {}
        order = self._evaluator.population().index.positions
        in_order = sorted(losing, key=lambda arn: order.get(arn, 0))
        return EntitlementEffect(
            alone=lost,
            lost=lost,
            affected=(role,),
            losing=(*external, *in_order),
            outside=tuple(dict.fromkeys((*external, *(arn for arn in in_order if not self._is_of_snapshot(arn))))),
            doubts=tuple(doubts),
            under_conditions=len(losing.keys() - allowed),
            deleted=tuple(dict.fromkeys(name for name in self._named_in_trust(role) if self._is_deleted(name))),
            behind=self._permissions(role),
            reads_all=tuple(self._read_everywhere(role)),
        )

    def _permissions(self, role: str) -> ActionBits:
        """Return what a role can do, without the call that needs no permission (AWS STS API, GetCallerIdentity)."""
        found, sts = self._possible(role), service_actions("sts")
        rest = found.get("sts", 0) & ~(1 << sts.positions["getcalleridentity"])
        return {service: bits for service, bits in {**found, "sts": rest}.items() if bits}

    def _read_everywhere(self, role: str) -> Iterator[str]:
        """Yield the services whose data a role can read on any resource; those that hold most secrets first."""
        found = self._possible(role, (AccessExtent.ALLOWED,))
        for service in dict.fromkeys((*_MOST_DATA, *sorted(found))):
            if found.get(service, 0) & data_classes(service)[DataClass.READ_DATA]:
                yield service

    def _admitted_from_outside(self, role: str, cancelled: Cancelled) -> frozenset[str] | None:
        """Return who outside can assume a role, where statements of its trust policy deny; None: none denies."""
        index = self._evaluator.index
        if all(statement.is_allow for statement in index.trust(index.roles[role]).statements):
            return None
        actions = service_actions("sts").actions
        asked = {f"sts:{actions[bit].name}" for _, bit in self._actions_of_trust(role)}
        return frozenset(
            row.principal
            for action in sorted(asked)
            for row in self._evaluator.external_access(Request("*", action, role), cancelled)
        )

    def _is_of_snapshot(self, arn: str) -> bool:
        index = self._evaluator.index
        return (
            arn in index.users
            or arn in index.roles
            or (arn.endswith(":root") and _account_of_root(arn, index.accounts) is not None)
        )

    def _is_open_to_any_account(self, role: str) -> bool:
        """Return whether a statement allows everyone, and its conditions do not keep other accounts out."""
        index = self._evaluator.index
        return any(
            statement.broken is None
            and statement.is_allow
            and any(one.text == "*" for one in statement.principals or ())
            and not any(_names_accounts(test, index.accounts) for test in statement.conditions)
            for statement in index.trust(index.roles[role]).statements
        )

    def admits_no_one(self, item: ReviewItem, effect: EntitlementEffect) -> bool:
        """Return whether a trust policy names only principals that cannot assume a role.

        No one can become a deleted principal again.
        """
        if item.type is not EntitlementType.TRUST or effect.losing or effect.doubts:
            return False
        names = set(self._named_in_trust(item.holder_arn))
        return bool(names) and all(name in effect.deleted or _is_federated_user(name) for name in names)

    def _named_in_trust(self, role: str) -> Iterator[str]:
        index = self._evaluator.index
        for statement in index.trust(index.roles[role]).statements:
            if statement.broken is not None or (
                statement.is_allow and (statement.not_principal or not statement.principals)
            ):
                yield "*"  # perhaps anyone
            elif statement.is_allow:
                yield from (one.text for one in statement.principals or ())

    def _is_deleted(self, name: str) -> bool:
        return is_unique_id(name) and name not in self._unique_ids

    def _admitted(self, role: str) -> tuple[int, int | None]:
        """Return which actions a trust policy allows to principals of AWS accounts, and to which of the snapshot.

        No one else can assume the role: a trust policy is required (rule I2).

        Returns:
            Actions as bits, and principals as bits of the population; None: not known, perhaps any.
        """
        index, principals = self._evaluator.index, self._evaluator.population()
        within, members = 0, principals.irregular
        is_known = True
        for statement in index.trust(index.roles[role]).statements:
            if not statement.is_allow or statement.broken is not None:
                continue
            named = [one for one in statement.principals or () if one.type is PrincipalType.AWS]
            is_of_any = statement.not_principal or statement.principals is None or any(one.is_everyone for one in named)
            # A canonical user ID represents an account (rule E13).
            if is_of_any or any(one.type is PrincipalType.CANONICAL_USER for one in statement.principals or ()):
                is_known = False
            elif not named:
                continue  # services and identity providers
            within |= service_actions("sts").covered_by(statement)
            for one in named:
                if (account := _account_of_root(one.text, self._by_account)) is not None:
                    members |= self._by_account[account]
            members |= principals.named_by(statement)
        return within, members if is_known else None

    @cached_property
    def _by_account(self) -> Mapping[str, int]:
        """Principals by the account of their ARN, as bits of the population."""
        found: dict[str, int] = {}
        for position, arn in enumerate(self._evaluator.population().index.subjects):
            owner = arn.split(":", 5)[4] if arn.count(":") >= 5 else ""
            found[owner] = found.get(owner, 0) | 1 << position
        return found

    def _actions_of_trust(self, role: str) -> Iterator[tuple[str, int]]:
        """Yield whom a trust policy names who is no user or role of the snapshot, with each action it allows them."""
        index = self._evaluator.index
        held = self._evaluator.population().index.positions
        for statement in index.trust(index.roles[role]).statements:
            if not statement.is_allow or statement.broken is not None:
                continue
            covered = service_actions("sts").covered_by(statement)
            for entry in statement.principals or ():
                if (
                    entry.text in held
                    or _is_federated_user(entry.text)
                    or is_unique_id(entry.text)
                    or _account_of_root(entry.text, index.accounts) is not None
                ):
                    continue
                for bit, action in enumerate(service_actions("sts").actions):
                    if covered >> bit & 1 and action.name.startswith(("Assume", "Tag", "Set")):
                        yield entry.text, bit

    def _of_grant(self, item: ReviewItem, cancelled: Cancelled) -> EntitlementEffect:
        """What the statements that name a principal allow on a resource; other statements may allow some of it, too."""
        resource = self._resources.get(item.entitlement_id)
        if resource is None:
            return EntitlementEffect(doubts=(phrase("{name} is not in the snapshot.", name=item.name),))
        policy = resource.policy if resource.policy is not None else default_policy(resource.arn)
        documents = [parse_document(policy, resource.arn)] if policy is not None else []
        documents += [one for one in (acl_document(resource, None), key_grants_document(resource)) if one is not None]
        own: dict[str, int] = {}
        others: dict[str, int] = {}
        for document in documents:
            for statement in document.statements:
                if not statement.is_allow or statement.broken is not None or statement.principals is None:
                    continue
                target = own if _names(statement, item) else others if _is_for_everyone(statement) else None
                if target is not None:
                    for service, bits in _actions(resource.arn, statement):
                        target[service] = target.get(service, 0) | bits
        kept = {service: both for service, bits in own.items() if (both := bits & others.get(service, 0))}
        lost = {service: rest for service, bits in own.items() if (rest := bits & ~others.get(service, 0))}
        doubts = [phrase("Based on the statements of the resource policy alone: other policies are not evaluated.")]
        return EntitlementEffect(
            alone=own,
            lost=lost,
            kept=kept,
            resources=((resource.arn, count_actions(lost), 0),),
            affected=(item.holder_arn,),
            losing=(item.holder_arn,) if lost else (),
            doubts=tuple(doubts),
            public=self._public(resource, cancelled) if item.holder_arn == "*" else None,
        )

    def _public(self, resource: Resource, cancelled: Cancelled) -> EvalDecision:
        """Return whether anyone can do something on a resource: a policy that names everyone need not be public."""
        rows = self._evaluator.external_access_by_part(resource, cancelled)
        found = {row.decision for row in rows if row.who.kind is PrincipalKind.ANYONE}
        open_first = (EvalDecision.ALLOWED, EvalDecision.CONDITIONAL)
        return next((one for one in open_first if one in found), EvalDecision.IMPLICIT_DENY)


def _is_federated_user(name: str) -> bool:
    """Return whether it names sessions of GetFederationToken, which cannot call AssumeRole.

    Of STS, they can call GetCallerIdentity alone (IAM User Guide, "Compare AWS STS credentials").
    """
    return ":sts::" in name and ":federated-user/" in name


def _account_of_root(name: str, accounts: Collection[str]) -> str | None:
    """Return the account, one of ``accounts``, to whose policies a trust policy leaves it; None if it names another."""
    account = name.rpartition("::")[2].removesuffix(":root") if name.endswith(":root") else name
    return account if account in accounts else None


def _names_accounts(test: ConditionTest, accounts: Collection[str]) -> bool:
    """Return whether a test is met only by principals of given accounts, by account or exact ARN.

    Every principal has both keys but services (IAM User Guide, "AWS global condition context keys").
    """
    if test.operator is None or test.if_exists or test.quantifier is not Quantifier.NONE or test.variable_keys:
        return False
    operator, values = test.operator_text.lower(), [one.text for one in test.values]
    if test.key == "aws:principalaccount":
        return operator == "stringequals" and bool(values) and all(one in accounts for one in values)
    if test.key != "aws:principalarn" or operator not in ("stringequals", "arnequals", "arnlike"):
        return False
    return bool(values) and all(
        one.count(":") == 5 and one.split(":")[4] in accounts and not set("*?") & set(one) for one in values
    )


def _names(statement: Statement, item: ReviewItem) -> bool:
    if statement.not_principal:
        return item.holder_arn == "*"
    names = set()
    for entry in statement.principals or ():
        names |= {entry.text, f"canonical:{entry.text}", account_root(entry.text, item.entitlement_id)}
    return item.holder_arn in names


def _is_for_everyone(statement: Statement) -> bool:
    return bool(statement.not_principal) or any(entry.is_everyone for entry in statement.principals or ())


def _actions(arn: str, statement: Statement) -> Iterator[tuple[str, int]]:
    services = reference().services_on(arn.split(":", 3)[2]) if statement.services is None else statement.services
    for service in sorted(services):
        if reference().service_exists(service) and (bits := service_actions(service).covered_by(statement)):
            yield service, bits


def effects_by_type() -> Mapping[EntitlementType, str]:
    """Return what kind of effect each kind of entitlement has: ``grant``, ``credential`` or ``entry``."""
    return _KINDS


_KINDS: Mapping[EntitlementType, str] = {
    EntitlementType.GROUP: GRANT,
    EntitlementType.MANAGED_POLICY: GRANT,
    EntitlementType.INLINE_POLICY: GRANT,
    EntitlementType.BOUNDARY: GUARDRAIL,
    EntitlementType.PERMISSION_SET: GRANT,
    EntitlementType.ACCESS_KEY: CREDENTIAL,
    EntitlementType.CONSOLE_PASSWORD: CREDENTIAL,
    EntitlementType.ROOT_ACCESS: CREDENTIAL,
    EntitlementType.TRUST: ENTRY,
    EntitlementType.RESOURCE_GRANT: ENTRY,
}
