"""What other tools leave: a folder written by iam-collect, and IAMSpy's resource file.

iam-collect's layout is the one that its documentation describes (docs/Storage.md)::

    aws/PARTITION/accounts/ACCOUNT/iam/(user|group|role|policy)/NAME/{metadata,trust-policy,inline-policies,…}.json
    aws/PARTITION/accounts/ACCOUNT/SERVICE/[REGION/][TYPE/]NAME/{metadata,policy,tags,bpa}.json
    aws/PARTITION/organizations/ID/{metadata,accounts,ous}.json, (scps|rcps)/ID/{metadata,policy}.json

Names in its paths are in lower case: ARNs are taken from ``metadata.json``. Its indexes are derived, and not read.
Keys are looked up without regard to case, for its versions spell some differently.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from pydantic import ValidationError

from iamdesk.escaping import visible_start
from iamdesk.i18n import phrase
from iamdesk.snapshot.authorization_details import LISTS, Page, Read, Room, account_of, has_name, problems_of
from iamdesk.snapshot.bundle import Bundle
from iamdesk.snapshot.organization import (
    IN_A_CIRCLE,
    Organization,
    OrganizationNode,
    OrganizationPolicy,
    OrganizationPolicyType,
    without_circles,
)
from iamdesk.snapshot.resources import PublicAccessBlock, Resource

_LISTS = {"user": "UserDetailList", "group": "GroupDetailList", "role": "RoleDetailList", "policy": "Policies"}
_POLICIES = {
    "scps": OrganizationPolicyType.SERVICE_CONTROL_POLICY,
    "rcps": OrganizationPolicyType.RESOURCE_CONTROL_POLICY,
}


class Place(NamedTuple):
    """The parts of a path in iam-collect's folder."""

    folder: str
    name: str
    """The file's name without ``.json``: ``metadata``, ``trust-policy`` …"""


def place_of(path: str) -> Place | None:
    """Return the parts of a path; None if it is not in such a folder or need not be read."""
    match path.split("/"):
        case ["aws", _, "accounts" | "organizations", _, *_, last] if last.endswith(".json"):
            return Place(path.rpartition("/")[0], last.removesuffix(".json"))
        case ["aws" | "aws-cn" | "aws-us-gov", "accounts" | "organizations", _, *_, last] if last.endswith(".json"):
            # The folder ``aws`` itself was opened, not its parent.
            return Place(f"aws/{path.rpartition('/')[0]}", last.removesuffix(".json"))
    return None


class IamCollect:
    """The files of one such folder, while they are read."""

    def __init__(self, bundle: Bundle) -> None:
        """``bundle`` takes the problems."""
        self._bundle = bundle
        self._folders: dict[str, dict[str, Any]] = defaultdict(dict)
        self._names: dict[str, str] = {}

    def add(self, place: Place, value: Any, file: str) -> None:
        """Take a file's value; ``file`` is what problems call it."""
        self._folders[place.folder][place.name] = value
        self._names[f"{place.folder}/{place.name}"] = file

    def _of(self, kind: str) -> Iterator[tuple[list[str], dict[str, Any]]]:
        for folder, files in sorted(self._folders.items()):
            steps = folder.split("/")
            if steps[2] == kind:
                yield steps, files

    def _report(self, steps: list[str], name: str, message: str) -> None:
        path = f"{'/'.join(steps)}/{name}"
        self._bundle.report(self._names.get(path, visible_start(path, 200)), message)

    # --- accounts

    def pages(self) -> list[Page]:
        """Return users, groups, roles and policies as pages of authorization details."""
        pages: dict[tuple[str, str], Page] = {}
        for steps, files in self._of("accounts"):
            match steps:
                case ["aws", partition, _, account, "iam", kind, *rest] if rest and kind in _LISTS:
                    key = partition, account
                    if key not in pages:
                        pages[key] = Page("/".join(steps[:5]), (), Room(), home=key)
                    self._add_entry(pages[key], kind, steps, files)
        return list(pages.values())

    def _add_entry(self, page: Page, kind: str, steps: list[str], files: Mapping[str, Any]) -> None:
        metadata = _without_case(files.get("metadata"))
        if "arn" not in metadata:
            self._report(steps, "metadata", phrase("expected an object with `arn`; the files beside it were ignored"))
            return
        entry = _entry(kind, metadata, files)
        entry_list = LISTS[_LISTS[kind]]
        try:
            entity = entry_list.model.model_validate(entry)
        except ValidationError as error:
            (where, message), *_ = problems_of(error)
            shown = ".".join(map(str, where))
            self._report(
                steps,
                "metadata",
                phrase(
                    "{shown}: {message}; the files beside it were ignored", shown=visible_start(shown), message=message
                ),
            )
            return
        if not has_name(entity.arn):
            self._report(steps, "metadata", phrase("the ARN ends without a name; the files beside it were skipped"))
            return
        reads = page.entities[entry_list.name]
        reads.append(Read(len(reads), account_of(entity.arn), entity))

    # --- resources

    def resources(self) -> Iterator[Resource]:
        """Yield the resources outside IAM that have a policy, or whose policy was requested."""
        for steps, files in self._of("accounts"):
            metadata = _without_case(files.get("metadata"))
            arn = metadata.get("arn")
            if len(steps) < 6 or steps[4] == "iam" or not isinstance(arn, str) or not arn.startswith("arn:"):
                continue
            tags = files.get("tags")
            yield Resource(
                arn=arn,
                account_id=steps[3],
                policy=files.get("policy"),
                tags=_tags(tags) if tags is not None else None,
                public_access_block=_public_access_block(files.get("bpa")),
            )

    # --- the organization

    def organization(self) -> Organization | None:
        """Return the first organization; None if the folder contains none."""
        for steps, files in self._of("organizations"):
            if len(steps) == 4 and "metadata" in files:
                return self._organization(steps, files)
        return None

    def _organization(self, steps: list[str], files: Mapping[str, Any]) -> Organization:
        metadata = _without_case(files["metadata"])
        root = _text(metadata.get("rootou"))
        units, accounts = _mapping(files.get("ous")), _mapping(files.get("accounts"))
        nodes = {root: OrganizationNode(id=root, name="Root", policy_ids=None)} if root else {}
        for unit, known in units.items():
            parent = None if unit == root else _text(_without_case(known).get("parent"))
            nodes[unit] = OrganizationNode(id=unit, parent_id=parent, policy_ids=_attached(known))
        for account, known in accounts.items():
            parent = _text(_without_case(known).get("ou"))
            nodes[account] = OrganizationNode(id=account, parent_id=parent, policy_ids=_attached(known))
        placed, circle = without_circles(nodes)
        if circle:
            self._report(steps, "ous", phrase(IN_A_CIRCLE, nodes=visible_start(", ".join(circle), 200)))
        return Organization(
            id=_text(metadata.get("id")) or steps[3],
            management_account_id=_text(metadata.get("rootaccountid")),
            nodes=placed,
            policies=tuple(self._policies(steps)),
        )

    def _policies(self, steps: list[str]) -> Iterator[OrganizationPolicy]:
        for inner, files in self._of("organizations"):
            if inner[:4] == steps and len(inner) == 6 and inner[4] in _POLICIES:
                metadata = _without_case(files.get("metadata"))
                arn = _text(metadata.get("arn"))
                yield OrganizationPolicy(
                    id=_last(arn) or _text(metadata.get("id")) or inner[5],
                    name=_text(metadata.get("name")),
                    type=_POLICIES[inner[4]],
                    arn=arn,
                    aws_managed=metadata.get("awsmanaged") is True,
                    content=files.get("policy"),
                )


def _entry(kind: str, metadata: Mapping[str, Any], files: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entry as authorization details have it."""
    arn = _text(metadata["arn"])
    name = _text(metadata.get("name")) or _last(arn)
    entry: dict[str, Any] = {
        "Arn": arn,
        "Path": metadata.get("path") or "/",
        "CreateDate": metadata.get("created"),
        f"{kind.title()}Name": name,
        f"{kind.title()}Id": _text(metadata.get("id")),
    }
    if kind == "policy":
        version = _text(metadata.get("defaultversionid")) or "v1"
        document = files.get("current-policy", files.get("policy"))
        entry["DefaultVersionId"] = version
        entry["PolicyVersionList"] = [{"VersionId": version, "IsDefaultVersion": True, "Document": document}]
        return entry
    entry[f"{kind.title()}PolicyList"] = [
        {"PolicyName": policy_name, "PolicyDocument": document}
        for policy_name, document in _inline(files.get("inline-policies"))
    ]
    entry["AttachedManagedPolicies"] = [
        {"PolicyName": _last(attached), "PolicyArn": attached}
        for attached in _named(files.get("managed-policies"), "policyarn", "arn")
    ]
    boundary = metadata.get("permissionboundary") or metadata.get("permissionsboundary")
    if boundary:
        entry["PermissionsBoundary"] = {
            "PermissionsBoundaryArn": _text(_without_case(boundary).get("permissionsboundaryarn") or boundary)
        }
    if kind == "user":
        entry["GroupList"] = [_last(group) for group in _named(files.get("groups"), "groupname", "name", "arn")]
    if kind == "role":
        entry["AssumeRolePolicyDocument"] = files.get("trust-policy")
    if files.get("tags") is not None:
        entry["Tags"] = [{"Key": key, "Value": value} for key, value in _tags(files["tags"])]
    return entry


def _without_case(value: Any) -> dict[str, Any]:
    return {str(key).lower(): member for key, member in value.items()} if isinstance(value, dict) else {}


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _last(arn: str) -> str:
    return arn.rpartition("/")[2]


def _inline(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield (name, document), whether they are listed or keyed by name."""
    if isinstance(value, dict):
        yield from value.items()
    for one in value if isinstance(value, list) else ():
        known = _without_case(one)
        name = _text(known.get("policyname") or known.get("name"))
        yield name, known.get("policydocument", known.get("document", known.get("policy")))


def _named(value: Any, *keys: str) -> list[str]:
    """Return the names or ARNs of a list, of texts or of objects with one of the keys."""
    found = []
    for one in value if isinstance(value, list) else ():
        known = _without_case(one)
        name = one if isinstance(one, str) else next((known[key] for key in keys if known.get(key)), "")
        if isinstance(name, str) and name:
            found.append(name)
    return found


def _tags(value: Any) -> tuple[tuple[str, str], ...]:
    if isinstance(value, dict):
        return tuple((key, member) for key, member in value.items() if isinstance(member, str))
    pairs = [_without_case(one) for one in value] if isinstance(value, list) else []
    return tuple((_text(pair.get("key")), _text(pair.get("value"))) for pair in pairs if pair.get("key"))


def _public_access_block(value: Any) -> PublicAccessBlock | None:
    known = _without_case(value)
    if not known:
        return None
    return PublicAccessBlock(
        block_public_acls=known.get("blockpublicacls") is True,
        ignore_public_acls=known.get("ignorepublicacls") is True,
        block_public_policy=known.get("blockpublicpolicy") is True,
        restrict_public_buckets=known.get("restrictpublicbuckets") is True,
    )


def _attached(known: Any) -> tuple[str, ...] | None:
    """Return the ids of the policies of a unit or account; None if they are missing."""
    attached = _without_case(known)
    if not isinstance(attached.get("scps"), list):
        return None
    return tuple(_last(policy) for kind in _POLICIES for policy in _named(attached.get(kind), "id", "arn"))


def iamspy_resources(values: list[Any], bundle: Bundle, file: str) -> Iterator[Resource]:
    """Yield the resources of IAMSpy's file: ``[{"Resource": ARN, "Policy": document, "Account": id}]``."""
    for number, value in enumerate(values):
        match value:
            case {"Resource": str(arn), "Policy": policy} if arn.startswith("arn:"):
                account = value.get("Account")
                yield Resource(arn=arn, account_id=account if isinstance(account, str) else None, policy=policy)
            case _:
                message = phrase("expected an object with `Resource` (an ARN) and `Policy`")
                bundle.report(file, message, f"$[{number}]")
