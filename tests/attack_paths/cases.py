"""For every path of the catalogue: an account in which it works, and accounts in which one change stops it.

Each case is somebody of their own with a target of their own, so that many cases share one account.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from iamdesk.attack_paths.catalog import EscalationPath, Gain, TargetConstraint, TargetType
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.organization import Organization, OrganizationNode, OrganizationPolicy, OrganizationPolicyType
from iamdesk.snapshot.reader import load_snapshot

from ..builders.captures import allow, document, trusting

type Json = dict[str, Any]

ACCOUNT, OTHER_ACCOUNT, MANAGEMENT = "111122223333", "444455556666", "999988887777"
CREATED = "2026-01-10T08:00:00+00:00"
WORKS, DENIED, BY_SCP, BOUNDED, UNMET, ABSENT, WEAKER = (
    "works",
    "denied",
    "scp",
    "boundary",
    "condition",
    "absent",
    "weaker",
)
ELSEWHERE = {"StringEquals": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:user/somebody-else"}}
LIMITED_GROUP = ("X12e", "X12f", "X12g")
"""Techniques about a group whose policies have a Deny."""
POWERS = ["iam:AttachRolePolicy", "iam:PutRolePolicy", "iam:CreatePolicyVersion"]


def arn(rest: str, account: str = ACCOUNT) -> str:
    return f"arn:aws:iam::{account}:{rest}"


FULL = document(allow("*"))
WEAK = document(allow("s3:ListAllMyBuckets"))


@dataclass
class World:
    """The entities of an account, as AWS prints them."""

    users: list[Json] = field(default_factory=list)
    groups: list[Json] = field(default_factory=list)
    roles: list[Json] = field(default_factory=list)
    policies: list[Json] = field(default_factory=list)
    foreign: list[Json] = field(default_factory=list)
    """Roles of another account."""
    denied_by_scp: list[Json] = field(default_factory=list)

    def policy(self, name: str, *versions: Json) -> str:
        """Add a managed policy, its first version in force."""
        self.policies.append(
            {
                "PolicyName": name,
                "PolicyId": f"ANPA{len(self.policies):017}",
                "Arn": arn(f"policy/{name}"),
                "Path": "/",
                "DefaultVersionId": "v1",
                "AttachmentCount": 1,
                "PermissionsBoundaryUsageCount": 0,
                "IsAttachable": True,
                "CreateDate": CREATED,
                "UpdateDate": CREATED,
                "PolicyVersionList": [
                    {
                        "VersionId": f"v{number}",
                        "IsDefaultVersion": number == 1,
                        "CreateDate": CREATED,
                        "Document": version,
                    }
                    for number, version in enumerate(versions, 1)
                ],
            }
        )
        return arn(f"policy/{name}")

    def entity(
        self,
        kind: str,
        name: str,
        inline: dict[str, Json],
        attached: Iterable[str] = (),
        boundary: str | None = None,
        **more: Any,
    ) -> Json:
        title = kind.title()
        made: Json = {
            "Path": "/",
            f"{title}Name": name,
            f"{title}Id": f"{name.upper():A<20}"[:20],
            "Arn": arn(f"{kind}/{name}"),
            "CreateDate": CREATED,
            f"{title}PolicyList": [{"PolicyName": key, "PolicyDocument": value} for key, value in inline.items()],
            "AttachedManagedPolicies": [{"PolicyName": one.rpartition("/")[2], "PolicyArn": one} for one in attached],
            **more,
        }
        if boundary is not None:
            made["PermissionsBoundary"] = {
                "PermissionsBoundaryType": "PermissionsBoundaryPolicy",
                "PermissionsBoundaryArn": boundary,
            }
        return made

    def user(self, name: str, inline: dict[str, Json], groups: Iterable[str] = (), **more: Any) -> None:
        self.users.append(self.entity("user", name, inline, GroupList=list(groups), **more))

    def group(self, name: str, inline: dict[str, Json], **more: Any) -> None:
        self.groups.append(self.entity("group", name, inline, **more))

    def role(self, name: str, inline: dict[str, Json], trusts: Json, profile: bool = False, **more: Any) -> None:
        profiles = [{"Arn": arn(f"instance-profile/{name}"), "InstanceProfileName": name, "Roles": []}]
        made = self.entity(
            "role",
            name,
            inline,
            AssumeRolePolicyDocument=trusts,
            InstanceProfileList=profiles if profile else [],
            **more,
        )
        self.roles.append(made)

    def snapshot(self, folder: Path) -> Snapshot:
        """Read it as the product does, with the organization around it."""
        anchor = self.entity("user", "anchor", {}, GroupList=[])
        found = _read(folder / "own.json", [anchor, *self.users], self.groups, self.roles, self.policies)
        accounts = found.accounts
        if self.foreign:
            foreign = _read(folder / "other.json", [], [], self.foreign, [])
            accounts = (*accounts, *foreign.accounts)
        return found.model_copy(update={"accounts": accounts, "organization": self._organization()})

    def _organization(self) -> Organization:
        full = {"id": "p-full", "name": "FullAWSAccess", "content": FULL}
        denies = {"id": "p-denies", "name": "denies", "content": document(*self.denied_by_scp)}
        kind = OrganizationPolicyType.SERVICE_CONTROL_POLICY
        ids = ("p-full", "p-denies") if self.denied_by_scp else ("p-full",)
        return Organization(
            id="o-example",
            management_account_id=MANAGEMENT,
            nodes=(
                OrganizationNode(id="r-root", policy_ids=("p-full",)),
                OrganizationNode(id=ACCOUNT, parent_id="r-root", policy_ids=ids),
                OrganizationNode(id=OTHER_ACCOUNT, parent_id="r-root", policy_ids=("p-full",)),
            ),
            policies=tuple(
                OrganizationPolicy(type=kind, **one) for one in ((full, denies) if self.denied_by_scp else (full,))
            ),
        )


def _read(path: Path, users: list[Json], groups: list[Json], roles: list[Json], policies: list[Json]) -> Snapshot:
    lists = {"UserDetailList": users, "GroupDetailList": groups, "RoleDetailList": roles, "Policies": policies}
    path.write_text(json.dumps(lists))
    return load_snapshot(path)


def add_case(world: World, path: EscalationPath, change: str) -> str:
    """Add somebody for whom a path works, or is stopped by one change; return their ARN."""
    return _Case(world, path, change).add()


class _Case:
    def __init__(self, world: World, path: EscalationPath, change: str) -> None:
        self.world, self.path, self.change = world, path, change
        self.slug = f"{path.id.lower()}-{change}"
        own = [required.action for required in path.actions if required.on is TargetType.ITSELF]
        # A user would join the group itself.
        adds_others = TargetType.PROMOTING_GROUP in {one.on for one in path.actions}
        self.kind = "role" if adds_others or (own and "User" not in own[0]) else "user"
        self.actor = arn(f"{self.kind}/{self.slug}")

    def add(self) -> str:
        path, world, slug = self.path, self.world, self.slug
        targets = self._targets()
        required = [allow(one.action, targets.get(one.on, "*"), **self._condition(one.action)) for one in path.actions]
        statements = [*required, *self._base()]
        inline = {"grants": document(*statements)}
        attached = [world.policy(f"weak-{slug}", WEAK)] if self._shares_weak() else []
        if TargetType.OWN_POLICY in {one.on for one in path.actions}:
            versions = [WEAK, WEAK if self.change == WEAKER else FULL] if path.id == "X01" else [WEAK]
            own = world.policy(f"own-{slug}", *versions)
            if self.change != ABSENT:
                attached.append(own)
        if self.change == DENIED:
            actions = [one.action for one in path.actions]
            if path.gain is Gain.WITHOUT_DENIAL:  # otherwise it first detaches this policy
                actions.append(f"iam:Detach{self.kind.title()}Policy")
            denial = {"Effect": "Deny", "Action": actions, "Resource": "*"}
            attached.append(world.policy(f"denial-{slug}", document(denial)))
        if self.change == BY_SCP:
            mine = {"ArnEquals": {"aws:PrincipalArn": self.actor}}
            actions = [one.action for one in path.actions]
            world.denied_by_scp.append({"Effect": "Deny", "Action": actions, "Resource": "*", "Condition": mine})
        groups = self._groups()
        # Without a Deny of these, it gives itself the permission to remove the policy, or removes it otherwise.
        grants = ["iam:Put*Policy", "iam:Attach*Policy"]
        others = {"iam:DeleteGroupPolicy", "iam:DetachGroupPolicy", "iam:RemoveUserFromGroup"}
        grants += sorted(others.difference(one.action for one in path.actions))
        limits = document({"Effect": "Deny", "Action": [*POWERS, *grants], "Resource": "*"})
        match path.id:
            case "X12a" | "X12b":
                inline["limits"] = limits
            case "X12c" | "X12d":
                attached.append(world.policy(f"limits-{slug}", limits))
            case "X12e" | "X12f":
                world.group(f"limited-{slug}", {"limits": limits})
                groups.append(f"limited-{slug}")
            case "X12g":
                world.group(f"limited-{slug}", {}, attached=[world.policy(f"limits-{slug}", limits)])
                groups.append(f"limited-{slug}")
        more: Json = {"attached": attached, "boundary": self._boundary()}
        if self.kind == "user":
            world.user(slug, inline, groups, **more)
        else:
            world.role(slug, inline, trusting({"Service": "backup.amazonaws.com"}), **more)
        return self.actor

    def _condition(self, action: str) -> Json:
        """The condition of a permission: unmet, or one by which a created policy alone can be attached."""
        if self.change == UNMET:
            return {"Condition": ELSEWHERE}
        if self.path.creates_policy and action.startswith("iam:Attach"):
            return {"Condition": {"ArnLike": {"iam:PolicyARN": arn(f"policy/new-{self.slug}-*")}}}
        if self.path.target is TargetConstraint.NEW_PRINCIPAL and "Create" in action and self.change == WEAKER:
            return {"Condition": {"StringEquals": {"iam:PermissionsBoundary": arn(f"policy/limit-{self.slug}")}}}
        return {}

    def _base(self) -> list[Json]:
        """What the principal has besides the permissions that the path needs."""
        path = self.path
        if path.gain is Gain.OTHER_TAGS:
            return self._with_tags()
        if path.joined and path.target is TargetConstraint.USER:
            return [allow(["iam:CreateLoginProfile", "iam:UpdateLoginProfile"], arn(f"user/target-{self.slug}"))]
        if path.joined:
            return [
                allow(["lambda:CreateFunction", "lambda:InvokeFunction"]),
                allow("iam:PassRole", arn(f"role/target-{self.slug}")),
            ]
        actions = [one.action for one in path.actions]
        held = (Gain.WITHOUT_DENIAL, Gain.ANOTHER_BOUNDARY)
        own_boundary = path.gain is Gain.WITHOUT_BOUNDARY and path.target is TargetConstraint.ITSELF
        if (path.gain in held or own_boundary) and self.change != WEAKER:
            rest: list[Json] = [{"Effect": "Allow", "NotAction": actions, "Resource": "*"}]
            if TargetType.OWN_BOUNDARY in {one.on for one in path.actions}:
                own = arn(f"policy/own-boundary-{self.slug}")
                rest.append({"Effect": "Allow", "Action": actions, "NotResource": own})
            return rest
        if path.target is TargetConstraint.PERMISSION_SET and self.change == WEAKER:
            return [allow("*")]
        return []

    def _with_tags(self) -> list[Json]:
        """What the principal is allowed with the tags that it sets."""
        team = f"team-{self.slug}"
        if self.path.target is TargetConstraint.ITSELF:
            action = f"iam:Put{'User' if self.kind == 'user' else 'Role'}Policy"
            condition = {"Condition": {"StringEquals": {f"aws:PrincipalTag/{team}": "admin"}}}
            return [] if self.change == WEAKER else [allow(action, self.actor, **condition)]
        condition = {"Condition": {"StringEquals": {f"aws:ResourceTag/{team}": "open"}}}
        if self.path.target is TargetConstraint.USER:
            actions = ["iam:CreateLoginProfile", "iam:UpdateLoginProfile"]
            return [allow(actions, arn(f"user/target-{self.slug}"), **condition)]
        return [allow("sts:AssumeRole", arn(f"role/target-{self.slug}"), **condition)]

    def _boundary(self) -> str | None:
        """The principal's own boundary."""
        path, world, name = self.path, self.world, f"boundary-{self.slug}"
        if self.change == BOUNDED:
            return world.policy(name, WEAK)
        bounded = path.gain in (Gain.WITHOUT_BOUNDARY, Gain.ANOTHER_BOUNDARY) and path.target is TargetConstraint.ITSELF
        if TargetType.OWN_BOUNDARY in {one.on for one in path.actions}:
            name = f"{'other' if self.change == ABSENT else 'own'}-boundary-{self.slug}"
        weaker_self = path.target is TargetConstraint.ITSELF and path.gain in (Gain.ANY_PERMISSION, Gain.OLDER_VERSION)
        if bounded or (weaker_self and self.change == WEAKER):
            actions = [one.action for one in path.actions]
            is_own = TargetType.OWN_BOUNDARY in {one.on for one in path.actions}
            on = arn(f"policy/own-boundary-{self.slug}") if is_own else "*"
            if path.id == "iam-001":  # not on the boundary itself, which it could then write anew
                on = arn(f"policy/own-{self.slug}")
            return world.policy(name, document(allow(actions, on), allow("s3:ListAllMyBuckets")))
        return None

    def _shares_weak(self) -> bool:
        return self.change == WEAKER and self.path.gain in (Gain.BECOMES, Gain.MEMBERSHIP, Gain.OTHER_TAGS)

    def _groups(self) -> list[str]:
        if TargetType.OWN_GROUP not in {one.on for one in self.path.actions} or self.path.id in LIMITED_GROUP:
            return []
        self.world.group(f"group-{self.slug}", {})
        return [] if self.change == ABSENT else [f"group-{self.slug}"]

    def _targets(self) -> dict[TargetType, str]:
        """Add whom the path concerns; return on what each action is done."""
        path, slug, absent = self.path, self.slug, self.change == ABSENT
        nobody = arn(f"{self.kind}/nobody-{slug}")
        found: dict[TargetType, str] = {
            TargetType.ITSELF: nobody if absent else self.actor,
            TargetType.OWN_GROUP: arn(
                f"group/{'limited' if path.id in LIMITED_GROUP and not absent else 'group'}-{slug}"
            ),
            TargetType.OWN_POLICY: arn(f"policy/own-{slug}"),
            TargetType.OWN_BOUNDARY: arn(f"policy/own-boundary-{slug}"),
            TargetType.PROMOTING_GROUP: arn(f"group/target-{slug}"),
            TargetType.TARGET_GROUP: arn(f"group/joined-{slug}"),
            TargetType.NEW_POLICY: arn(f"policy/new-{slug}-*"),
            TargetType.NEW_PRINCIPAL: self._new(),
            TargetType.TARGET_POLICY: arn(f"policy/kept-{slug}"),
            TargetType.TARGET_PROVIDER: arn(f"saml-provider/{slug}"),
        }
        match path.target:
            case TargetConstraint.USER:
                found[TargetType.TARGET] = arn(f"user/target-{slug}")
                if not absent:
                    if TargetType.PROMOTING_GROUP in {one.on for one in path.actions}:
                        self.world.group(f"target-{slug}", **self._target_policies())
                        self.world.user(f"target-{slug}", {})
                    else:
                        self.world.user(f"target-{slug}", **self._target_policies(), groups=[f"joined-{slug}"])
                        self.world.group(f"joined-{slug}", {})
            case TargetConstraint.GROUP:
                found[TargetType.TARGET] = arn(f"group/target-{slug}")
                if not absent:
                    self.world.group(f"target-{slug}", **self._target_policies())
            case TargetConstraint.FOREIGN_ROLE:
                found[TargetType.TARGET] = arn(f"role/target-{slug}", OTHER_ACCOUNT)
                self._add_foreign()
            case TargetConstraint.ROLE | TargetConstraint.OPEN_ROLE:
                found[TargetType.TARGET] = arn(f"role/target-{slug}")
                if not absent:
                    self.world.role(f"target-{slug}", trusts=self._trust(), **self._target_policies())
            case TargetConstraint.PASSED_ROLE | TargetConstraint.ROLE_IN_USE:
                found[TargetType.PASSED_ROLE] = arn(f"role/target-{slug}")
                service = "backup.amazonaws.com" if absent else str(path.service)
                principal: Json = {"Service": service}
                action = "sts:AssumeRole"
                if service == "cognito-identity.amazonaws.com":
                    principal, action = {"Federated": service}, "sts:AssumeRoleWithWebIdentity"
                policies = self._target_policies()
                self.world.role(f"target-{slug}", trusts=trusting(principal, action), profile=True, **policies)
        return found

    def _new(self) -> str:
        """The pattern of what it creates."""
        return arn(f"{'user' if 'User' in self.path.actions[0].action else 'role'}/new-{self.slug}-*")

    def _trust(self) -> Json:
        path = self.path
        if path.target is TargetConstraint.OPEN_ROLE:
            return trusting("*", **({"Condition": ELSEWHERE} if self.change == UNMET else {}))
        if TargetType.TARGET_PROVIDER in {one.on for one in path.actions}:
            return trusting({"Federated": arn(f"saml-provider/{self.slug}")}, "sts:AssumeRoleWithSAML")
        if path.creates_principal:
            named = {"ArnLike": {"aws:PrincipalArn": self._new()}}
            return trusting("*", Condition=named)
        if any(one.action in ("sts:AssumeRole", "iam:TagRole") for one in path.actions):
            return trusting({"AWS": arn("root")})
        return trusting({"Service": "lambda.amazonaws.com" if path.joined else "backup.amazonaws.com"})

    def _target_policies(self) -> Json:
        """What the target carries: full access, or what its gain takes; of a weaker one no more than the principal."""
        path, weaker = self.path, self.change == WEAKER
        if path.gain in (Gain.BECOMES, Gain.MEMBERSHIP, Gain.OTHER_TAGS):
            if weaker:
                return {"inline": {}, "attached": [arn(f"policy/weak-{self.slug}")]}
            return {"inline": {"all": FULL}}
        older = [FULL] if path.gain is Gain.OLDER_VERSION and not weaker else []
        kept = self.world.policy(f"kept-{self.slug}", WEAK, *older)
        limit = self.world.policy(f"limit-{self.slug}", WEAK)
        if path.gain in (Gain.WITHOUT_BOUNDARY, Gain.ANOTHER_BOUNDARY):
            return {"inline": {"some": WEAK if weaker else FULL}, "boundary": limit}
        return {"inline": {}, "attached": [kept], "boundary": limit if weaker else None}

    def _add_foreign(self) -> None:
        inline = {} if self.change == WEAKER else {"all": FULL}
        role = self.world.entity(
            "role", f"target-{self.slug}", inline, AssumeRolePolicyDocument=trusting({"AWS": arn("root")})
        )
        role["Arn"] = arn(f"role/target-{self.slug}", OTHER_ACCOUNT)
        role["InstanceProfileList"] = []
        if self.change != ABSENT:
            self.world.foreign.append(role)
