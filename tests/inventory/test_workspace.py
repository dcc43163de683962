"""Several accounts with their organization, resources, providers and IAM Identity Center: tree and subjects."""

import pytest

from iamdesk.inventory.keys import organization_key
from iamdesk.snapshot.model import RoleDetail, Snapshot
from iamdesk.snapshot.organization import OrganizationNode
from iamdesk.snapshot.reader import load_snapshot
from iamdesk.viewmodel.search import OutlineSearch
from iamdesk.viewmodel.subjects import SubjectIndex
from iamdesk.viewmodel.tree import Badge, NodeKind, Outline
from iamdesk.viewmodel.tree_builder import build_outline
from iamdesk.viewmodel.types import PolicyRole, Subject

from ..snapshot.bundles import ACCOUNT, as_folder
from ..snapshot.test_organization import MANAGEMENT
from ..snapshot.workspace import (
    ALICE,
    ANA,
    AWS_POLICY,
    BUCKET,
    DEPLOY,
    ENDPOINT,
    KEY,
    NAMED_ONLY,
    OIDC,
    QUEUE,
    READERS,
    ROLE,
    SAML,
    SCP,
    SET,
    STRAY,
    UNIT,
    workspace,
)


@pytest.fixture(scope="module")
def captured(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return load_snapshot(as_folder(tmp_path_factory.mktemp("workspace"), workspace()))


@pytest.fixture(scope="module")
def outline(captured: Snapshot) -> Outline:
    return build_outline(captured)


@pytest.fixture(scope="module")
def subjects(captured: Snapshot) -> SubjectIndex:
    return SubjectIndex(captured)


def below(outline: Outline, *path: str) -> list[tuple[str, str]]:
    """Return (text, detail) of the rows below a path of texts."""
    row = 0
    for text in path:
        row = next(child for child in outline.children(row) if outline.nodes[child].text == text)
    return [(outline.nodes[child].text, outline.nodes[child].detail) for child in outline.children(row)]


def subject(subjects: SubjectIndex, key: str) -> Subject:
    found = subjects.subject(key)
    assert found is not None, key
    return found


def ways(found: Subject) -> dict[str, list[tuple[str, str, str]]]:
    return {sort.title: [tuple(link) for link in sort.entries] for sort in found.links}  # type: ignore[misc]


def test_every_row_has_a_subject_of_its_kind_and_badges(outline: Outline, subjects: SubjectIndex) -> None:
    kinds = set()
    for node in outline.nodes:
        if node.key:
            found = subject(subjects, node.key)
            assert found.kind == node.kind, node
            assert found.badges == outline.badges.get(outline.rows_by_key[node.key], ()), node
            kinds.add(node.kind)
    assert kinds >= {
        NodeKind.ORGANIZATION,
        NodeKind.ROOT,
        NodeKind.UNIT,
        NodeKind.SERVICE_CONTROL_POLICY,
        NodeKind.RESOURCE,
        NodeKind.VPC_ENDPOINT,
        NodeKind.OIDC_PROVIDER,
        NodeKind.SAML_PROVIDER,
        NodeKind.IDENTITY_CENTER,
        NodeKind.CENTER_USER,
        NodeKind.CENTER_GROUP,
        NodeKind.PERMISSION_SET,
    }


def test_children_of_each_row_stand_together_and_every_row_is_reached(outline: Outline) -> None:
    seen = {0}
    for row in range(len(outline.nodes)):
        for child in outline.children(row):
            assert outline.nodes[child].parent == row
            assert child not in seen
            seen.add(child)
    assert seen == set(range(len(outline.nodes)))


def test_the_organization_stands_below_the_accounts(outline: Outline) -> None:
    assert below(outline) == [
        ("prod", ACCOUNT),
        ("management", MANAGEMENT),
        ("Organization", "o-abc1234567 · 3 accounts"),
        ("IAM Identity Center", "ssoins-1234567890abcdef"),
        ("Resources of other accounts", "1"),
    ]
    root = ("Organization", "Root")
    assert below(outline, *root) == [
        ("FullAWSAccess", "SCP"),
        ("Prod", "2 SCPs"),
        ("management", f"{MANAGEMENT} · 1 SCP · management account"),
    ]
    assert below(outline, *root, "Prod", "prod") == [("FullAWSAccess", "SCP"), ("Inherited", "3 SCPs")]
    assert below(outline, *root, "Prod", "archive", "Inherited") == [
        ("FullAWSAccess", "SCP from Root"),
        ("Deny", "SCP from Prod"),
        ("FullAWSAccess", "SCP from Prod"),
    ]
    assert below(outline, *root, "management", "Inherited") == [
        ("FullAWSAccess", "SCP from Root, does not apply to the management account")
    ]
    assert below(outline, "Organization", "Attached nowhere") == [("Idle", "SCP")]


def test_a_jump_to_an_account_lands_on_its_own_row(outline: Outline) -> None:
    assert outline.nodes[outline.rows_by_key[ACCOUNT]].parent == 0
    named_only = outline.rows_by_key[NAMED_ONLY]
    assert outline.badges[named_only] == (Badge.MISSING_DATA,)
    assert outline.nodes[named_only].detail == f"{NAMED_ONLY} · not in the snapshot"


def test_a_jump_to_a_policy_of_a_resource_lands_on_the_resource(outline: Outline) -> None:
    assert outline.rows_by_key[f"{BUCKET}#policy"] == outline.rows_by_key[BUCKET]
    assert f"{QUEUE}#policy" not in outline.rows_by_key


def test_resources_stand_by_account_and_service(outline: Outline) -> None:
    assert below(outline, "prod", "Resources") == [("KMS", "1"), ("S3", "2"), ("SQS", "1"), ("VPC endpoints", "1")]
    assert below(outline, "prod", "Resources", "S3") == [
        ("acme-data", "policy"),
        ("acme-plain", "policy not captured"),
    ]
    assert below(outline, "prod", "Resources", "SQS") == [("orders", "no policy · eu-west-1")]
    assert below(outline, "Resources of other accounts", "S3") == [
        ("other-account-data", f"policy not captured · account {NAMED_ONLY}")
    ]
    assert "Resources" not in [text for text, _ in below(outline, "management")]


def test_providers_and_identity_center(outline: Outline) -> None:
    assert below(outline, "prod", "Identity providers") == [
        ("corporate", "SAML"),
        ("token.actions.githubusercontent.com", "OIDC"),
    ]
    center = "IAM Identity Center"
    assert below(outline, center, "People") == [("Ana Silva (ana@example.com)", "1 group")]
    assert below(outline, center, "People", "Ana Silva (ana@example.com)") == [("Readers", "member of")]
    assert below(outline, center, "Groups") == [("Readers", "1 person")]
    assert below(outline, center, "Groups", "Readers") == [("Reader", f"in prod ({ACCOUNT})")]
    assert below(outline, center, "Permission sets", "Reader") == [
        ("ViewOnlyAccess", "AWS managed"),
        ("Inline policy", "inline"),
        ("AWSReservedSSO_Reader_0123456789abcdef", f"in prod ({ACCOUNT})"),
    ]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("p-deny1234", SCP),
        (UNIT, organization_key(UNIT)),
        ("acme-data", BUCKET),
        ("oidc-provider", OIDC),
        ("ana@example", ANA),
        ("permissionSet ps-1234", SET),
        ("gateway vpce", ""),
        ("eu-west-1.s3", f"{ENDPOINT}#endpoint"),
    ],
)
def test_the_filter_finds_what_is_new_in_the_tree(outline: Outline, text: str, key: str) -> None:
    hits = OutlineSearch(outline).matches(text).hits
    assert (key in {outline.nodes[hit].key for hit in hits}) is bool(key)


def test_an_account_shows_what_meets_it_from_the_root_down(subjects: SubjectIndex) -> None:
    account = subject(subjects, ACCOUNT)
    assert [(line.name, line.role, line.origin) for line in account.policies] == [
        ("FullAWSAccess", PolicyRole.INHERITED, "SCP inherited from the root"),
        ("Deny", PolicyRole.INHERITED, "SCP inherited from OU Prod"),
        ("FullAWSAccess", PolicyRole.INHERITED, "SCP inherited from OU Prod"),
        ("FullAWSAccess", PolicyRole.ATTACHED, "SCP attached here"),
    ]
    assert dict(account.facts)["Place"] == "Root / Prod"
    assert [name for _, name, _ in ways(account)["Parent"]] == ["o-abc1234567", "Root", "Prod"]
    management = subject(subjects, MANAGEMENT)
    assert dict(management.facts)["Management account"] == "no SCP and no RCP applies to it"
    assert all("does not apply" in line.origin for line in management.policies)


def test_an_scp_tells_where_it_is_attached_and_whom_it_binds(subjects: SubjectIndex) -> None:
    scp = subject(subjects, SCP)
    assert dict(scp.facts)["Applies to"] == "2 accounts: their root users, 1 user and 2 roles of the snapshot"
    assert ways(scp) == {
        "Attached to": [(organization_key(UNIT), "Prod", "organizational unit")],
        "Applies to": [(NAMED_ONLY, "archive", NAMED_ONLY), (ACCOUNT, "prod", ACCOUNT)],
    }
    view = subjects.policy(SCP)
    assert view is not None
    assert (view.title, view.kind, view.document.statements[0].effect) == (
        "Deny",
        NodeKind.SERVICE_CONTROL_POLICY,
        "Deny",
    )
    idle = subject(subjects, "organization#p-idle1234")
    assert dict(idle.facts)["Applies to"] == "no account"


def test_who_is_bound_leads_to_the_account_that_shows_by_what(subjects: SubjectIndex) -> None:
    title = "SCPs of its account"
    (bucket,) = ways(subject(subjects, BUCKET))[title]
    assert bucket == (ACCOUNT, f"prod ({ACCOUNT})", "resource control policies, where its service takes them")
    assert title in ways(subject(subjects, ALICE))
    assert title not in ways(subject(subjects, f"arn:aws:iam::{MANAGEMENT}:user/staff/alice"))


def test_an_scp_does_not_bind_service_linked_roles(captured: Snapshot) -> None:
    linked = RoleDetail(arn=f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/x.amazonaws.com/A", role_name="A")
    account = next(one for one in captured.accounts if one.account_id == ACCOUNT)
    more = account.model_copy(update={"roles": (*account.roles, linked)})
    snapshot = captured.model_copy(update={"accounts": (more,)})
    binds = dict(subject(SubjectIndex(snapshot), SCP).facts)["Applies to"]
    assert binds == "2 accounts: their root users, 1 user and 2 roles of the snapshot"


def test_a_unit_tells_what_stands_in_it(subjects: SubjectIndex) -> None:
    unit = subject(subjects, organization_key(UNIT))
    assert unit.arn == f"arn:aws:organizations::{MANAGEMENT}:ou/o-abc1234567/{UNIT}"
    assert [name for _, name, _ in ways(unit)["Accounts below it"]] == ["archive", "prod"]
    assert [line.role for line in unit.policies] == [PolicyRole.INHERITED, PolicyRole.ATTACHED, PolicyRole.ATTACHED]


def test_a_resource_shows_its_policy_and_whom_it_names_and_they_show_it(subjects: SubjectIndex) -> None:
    bucket = subject(subjects, BUCKET)
    assert ways(bucket)["Named in its policy"] == [
        (MANAGEMENT, f"account {MANAGEMENT}", "allowed by statement 1"),
        (ALICE, "alice", "allowed by statement 1"),
    ]
    assert ways(bucket)["Encrypted with"] == [(KEY, "1234abcd-12ab-34cd-56ef-1234567890ab", "KMS")]
    assert ways(subject(subjects, KEY))["Encrypts"] == [(BUCKET, "acme-data", "S3")]
    (line,) = bucket.policies
    assert line.role is PolicyRole.SELF
    assert subjects.policy(line.key) is not None
    assert subject(subjects, line.key).title == "acme-data"
    assert ways(subject(subjects, ALICE))["Allowed by name in the policies of"] == [(BUCKET, "acme-data", "S3")]
    assert subject(subjects, QUEUE).policies == ()
    assert subject(subjects, STRAY).missing_data == (
        "Its policy was not captured: what it allows or denies is not known.",
    )


def test_a_provider_and_the_roles_that_trust_it_show_each_other(subjects: SubjectIndex) -> None:
    provider = subject(subjects, OIDC)
    assert dict(provider.facts)["Audiences (client IDs)"] == "sts.amazonaws.com"
    assert ways(provider) == {"Roles that trust it": [(DEPLOY, "deploy", "")]}
    assert ways(subject(subjects, DEPLOY))["Identity providers that it trusts"] == [
        (OIDC, "token.actions.githubusercontent.com", "")
    ]
    assert dict(subject(subjects, SAML).facts)["Trusted by"] == "no roles"


def test_a_permission_set_its_role_and_its_people_show_each_other(subjects: SubjectIndex) -> None:
    found = subject(subjects, SET)
    assert ways(found) == {
        "Roles made from it": [(ROLE, f"prod ({ACCOUNT})", "role AWSReservedSSO_Reader_0123456789abcdef")],
        "Assigned to": [(READERS, "Readers", f"group, in prod ({ACCOUNT})")],
    }
    assert [(line.name, line.origin) for line in found.policies] == [
        ("ViewOnlyAccess", "AWS managed, attached"),
        ("Inline policy", "inline"),
    ]
    assert all(subjects.policy(line.key) is not None for line in found.policies)
    assert ways(subject(subjects, ROLE)) == {
        "Permission set": [(SET, "Reader", "")],
        "Assigned in this account": [(READERS, "Readers", "group, 1 person")],
        "SCPs of its account": [(ACCOUNT, f"prod ({ACCOUNT})", "service control policies")],
    }
    assert subject(subjects, ANA).arn == "arn:aws:identitystore:::user/u-ana"
    person = ways(subject(subjects, ANA))
    assert person["Member of"] == [(READERS, "Readers", "group, member")]
    assert person["Roles made from these"] == [
        (ROLE, "AWSReservedSSO_Reader_0123456789abcdef", f"in prod ({ACCOUNT}), through group Readers")
    ]
    assert ways(subject(subjects, READERS))["Members"] == [(ANA, "Ana Silva (ana@example.com)", "")]


def test_a_policy_that_only_a_permission_set_names_can_be_read(subjects: SubjectIndex) -> None:
    found = subject(subjects, AWS_POLICY)
    assert ways(found) == {"Attached to": [(SET, "Reader", "permission set")]}
    assert "that AWS had published by" in found.missing_data[0]
    assert subjects.policy(AWS_POLICY) is not None


def with_nodes(captured: Snapshot, *nodes: OrganizationNode) -> Snapshot:
    assert captured.organization is not None
    organization = captured.organization.model_copy(update={"nodes": (*captured.organization.nodes, *nodes)})
    return captured.model_copy(update={"organization": organization})


def test_nodes_that_go_in_a_circle_or_nowhere_never_vanish(captured: Snapshot) -> None:
    snapshot = with_nodes(
        captured,
        OrganizationNode(id="ou-a", name="A", parent_id="ou-b", policy_ids=("p-lost",)),
        OrganizationNode(id="ou-b", name="B", parent_id="ou-a", policy_ids=()),
        OrganizationNode(id="555555555555", name="lost", parent_id=""),
    )
    outline, subjects = build_outline(snapshot), SubjectIndex(snapshot)
    assert [text for text, _ in below(outline, "Organization", "Place not known")] == ["A", "B", "lost"]
    assert "policies not captured" in dict(below(outline, "Organization", "Place not known"))["lost"]
    for key in (organization_key("ou-a"), "555555555555", "organization#p-lost"):
        found = subject(subjects, key)
        assert found.missing_data
        assert found.badges == outline.badges.get(outline.rows_by_key[key], ())
    assert subject(subjects, "organization#p-lost").kind is NodeKind.MISSING


def test_a_very_deep_organization_is_laid_out(captured: Snapshot) -> None:
    nodes = [
        OrganizationNode(
            id=f"ou-{depth}", parent_id=f"ou-{depth - 1}" if depth else "r-ab12", policy_ids=("p-deny1234",)
        )
        for depth in range(3_000)
    ]
    snapshot = with_nodes(captured, *nodes)
    outline = build_outline(snapshot)
    assert len(outline.nodes) < 10_000
    deepest = subject(SubjectIndex(snapshot), organization_key("ou-2999"))
    assert len(deepest.policies) == 3_001
