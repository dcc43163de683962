"""Subjects of the inspector for permission sets, and for policies that only they reference."""

from collections.abc import Iterable, Iterator

from iamdesk.i18n import join_messages, mark, phrase
from iamdesk.inventory import counts
from iamdesk.inventory.identity_center_index import HeldSet, IdentityCenterIndex
from iamdesk.inventory.keys import Link, inline_policy_key
from iamdesk.inventory.permission_sets import Assignee, PermissionSets, permission_set_of
from iamdesk.inventory.references import last_of_arn
from iamdesk.inventory.relative_time import age_text
from iamdesk.policy.document import DocumentStore
from iamdesk.snapshot.aws_managed import aws_managed_policies
from iamdesk.snapshot.identity_center import CustomerManagedPolicyReference, PermissionSet
from iamdesk.snapshot.model import RoleDetail, Snapshot
from iamdesk.viewmodel.entities import EntityLookup
from iamdesk.viewmodel.identity_center_tree import INLINE, has_inline_policy
from iamdesk.viewmodel.policy_list import problems_of
from iamdesk.viewmodel.policy_view import single_view
from iamdesk.viewmodel.raw_text import raw_text
from iamdesk.viewmodel.tree import NodeKind
from iamdesk.viewmodel.types import Links, PolicyLine, PolicyRole, PolicyView, Subject, links

_INLINE = inline_policy_key("", INLINE)


class PermissionSetSubjects:
    """Creates subjects and policy views of permission sets by key."""

    def __init__(
        self,
        snapshot: Snapshot,
        documents: DocumentStore,
        holdings: EntityLookup,
        sets: PermissionSets,
        index: IdentityCenterIndex,
    ) -> None:
        self._snapshot = snapshot
        self._documents = documents
        self._holdings = holdings
        self._use = sets
        self._index = index

    def make_ready(self) -> None:
        """Build the lazy indexes now."""
        _ = self._index.roles, self._index.assignments, self._index.memberships

    def subject(self, key: str) -> Subject | None:
        """Return the subject of a permission set, its inline policy, or a policy that only such sets reference."""
        if (found := self._index.sets.get(key)) is not None:
            return self._permission_set(found)
        if (owner := self._index.sets.get(key.removesuffix(_INLINE))) is not None and has_inline_policy(owner.one):
            return self._inline(key, owner.one)
        return self._aws_policy(key) if key in self._index.named else None

    def policy(self, key: str) -> PolicyView | None:
        """Return the inline policy of a permission set by its key; None for any other key."""
        found = self._index.sets.get(key.removesuffix(_INLINE)) if key.endswith(_INLINE) else None
        if found is None or not has_inline_policy(found.one):
            return None
        title = phrase("Inline policy of {name}", name=found.one.name)
        carrier = (found.one.permission_set_arn, found.one.name)
        return single_view(self._documents, key, title, NodeKind.INLINE_POLICY, found.one.inline_policy, [carrier])

    def names(self, policy_arn: str) -> bool:
        """Return whether a permission set references a managed policy."""
        return policy_arn in self._index.named

    def links_of(self, account: str, role: RoleDetail) -> tuple[Links, ...]:
        """Return the links of a role of IAM Identity Center: its permission set, and who is assigned it there."""
        name = permission_set_of(role)
        use = self._use.use_of(account, name) if name is not None else None
        if use is None:
            return ()
        found = use.permission_set
        people = (Link(one.key, one.name, _assignee_words(one)) for one in use.assignees or ())
        return links(
            (mark("Permission set"), [Link(found.permission_set_arn, found.name)]),
            (mark("Assigned in this account"), people),
        )

    def _permission_set(self, found: HeldSet) -> Subject:
        center, one = found
        arn, latest = one.permission_set_arn, self._snapshot.latest
        assigned = self._index.assignments.get(arn, [])
        accounts = sorted({each.account_id for each in assigned} | {at for at, of in self._index.roles if of == arn})
        roles = [
            Link(self._index.roles.get((at, arn), ""), self._index.account_words(at), self._role_words(at, arn))
            for at in accounts
        ]
        facts = [(mark("Description"), one.description)] if one.description else []
        facts.append((mark("Maximum session duration"), one.session_duration or phrase("not captured")))
        if one.created_date is not None:
            facts.append((mark("Created"), age_text(one.created_date, latest)))
        known = center.account_assignments is not None
        facts.append((mark("Assigned in"), counts.accounts(len(accounts)) if known else phrase("not captured")))
        if one.relay_state:
            facts.append((mark("Relay state"), one.relay_state))
        missing_data = [] if known else [phrase("Its assignments were not captured.")]
        return Subject(
            key=arn,
            kind=NodeKind.PERMISSION_SET,
            title=one.name or last_of_arn(arn),
            arn=arn,
            facts=tuple(facts),
            policies=tuple(self._lines(one, accounts)),
            links=links(
                (mark("Roles made from it"), roles), (mark("Assigned to"), self._index.assignees(center, assigned))
            ),
            missing_data=tuple(missing_data),
            raw=raw_text(one),
        )

    def _role_words(self, account: str, arn: str) -> str:
        if (account, arn) in self._index.roles:
            return phrase("role {name}", name=last_of_arn(self._index.roles[account, arn]))
        if account in self._holdings.accounts:
            return phrase("role not in the snapshot")
        return phrase("account not in the snapshot")

    def _lines(self, one: PermissionSet, accounts: Iterable[str]) -> Iterator[PolicyLine]:
        """Yield the policies of a permission set; for one given by name, the policy of that name in each account."""
        arn = one.permission_set_arn
        for policy in one.attached_managed_policies or ():
            name = policy.name or last_of_arn(policy.arn)
            yield PolicyLine(policy.arn, name, NodeKind.AWS_POLICY, PolicyRole.DIRECT, phrase("AWS managed, attached"))
        if has_inline_policy(one):
            problems = problems_of(self._documents.parse(one.inline_policy))
            key = inline_policy_key(arn, INLINE)
            yield PolicyLine(
                key, phrase(INLINE), NodeKind.INLINE_POLICY, PolicyRole.DIRECT, phrase("inline"), problems=problems
            )
        held = [account for account in accounts if account in self._holdings.accounts]
        for reference in one.customer_managed_policy_references or ():
            yield from self._referred(reference, held, PolicyRole.DIRECT, phrase("customer managed, by name"))
        boundary = one.permissions_boundary
        if boundary is not None and boundary.managed_policy_arn:
            name = last_of_arn(boundary.managed_policy_arn)
            yield PolicyLine(
                boundary.managed_policy_arn,
                name,
                NodeKind.AWS_POLICY,
                PolicyRole.BOUNDARY,
                phrase("permissions boundary"),
            )
        if boundary is not None and boundary.customer_managed_policy_reference is not None:
            reference = boundary.customer_managed_policy_reference
            yield from self._referred(reference, held, PolicyRole.BOUNDARY, phrase("permissions boundary, by name"))

    def _referred(
        self, reference: CustomerManagedPolicyReference, accounts: Iterable[str], role: PolicyRole, how: str
    ) -> Iterator[PolicyLine]:
        found = False
        for account in accounts:
            partition = self._holdings.accounts[account].account.partition
            arn = f"arn:{partition}:iam::{account}:policy{reference.path}{reference.name}"
            held = self._holdings.holds_policy(arn)
            kind = NodeKind.CUSTOMER_POLICY if held else NodeKind.MISSING
            origin = phrase("{origin}, in account {account}", origin=how, account=account)
            if not held:
                origin = phrase("{origin}, not in the snapshot", origin=origin)
            yield PolicyLine(arn, reference.name, kind, role, origin)
            found = True
        if not found:
            path = f"{reference.path}{reference.name}"
            yield PolicyLine(
                path,
                reference.name,
                NodeKind.MISSING,
                role,
                phrase("{origin}, in no account of the snapshot", origin=how),
            )

    def _inline(self, key: str, one: PermissionSet) -> Subject:
        problems = problems_of(self._documents.parse(one.inline_policy))
        line = PolicyLine(
            key,
            phrase(INLINE),
            NodeKind.INLINE_POLICY,
            PolicyRole.SELF,
            phrase("inline in {name}", name=one.name),
            problems=problems,
        )
        return Subject(
            key=key,
            kind=NodeKind.INLINE_POLICY,
            title=phrase("Inline policy of {name}", name=one.name),
            facts=((mark("Inline in"), phrase("permission set {name}", name=one.name)),),
            policies=(line,),
            links=links((mark("Attached to"), [Link(one.permission_set_arn, one.name, phrase("permission set"))])),
            problems=problems,
            raw=raw_text(one),
        )

    def _aws_policy(self, arn: str) -> Subject:
        published = aws_managed_policies()
        line = PolicyLine(arn, last_of_arn(arn), NodeKind.AWS_POLICY, PolicyRole.SELF, phrase("as published by AWS"))
        carriers = (
            Link(found.one.permission_set_arn, found.one.name, phrase("permission set"))
            for found in self._index.sets.values()
            if any(policy.arn == arn for policy in found.one.attached_managed_policies or ())
        )
        is_known = published.find(arn) is not None
        missing = phrase("It was not captured.")
        if is_known:
            day = f"{published.as_of:%Y-%m-%d}"
            missing = phrase("It was not captured. iamdesk uses the text that AWS had published by {day}.", day=day)
        return Subject(
            key=arn,
            kind=NodeKind.AWS_POLICY,
            title=last_of_arn(arn),
            arn=arn,
            policies=(line,) if is_known else (),
            links=links((mark("Attached to"), carriers)),
            missing_data=(missing,),
        )


def _assignee_words(one: Assignee) -> str:
    if not one.is_group:
        return phrase("person")
    return (
        phrase("group")
        if one.people is None
        else join_messages(", ", (phrase("group"), counts.people(len(one.people))))
    )
