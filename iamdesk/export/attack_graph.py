"""The graph of attack paths for other programs: BloodHound OpenGraph, as text piece by piece.

OpenGraph: BloodHound documentation (bloodhound.specterops.io/opengraph), "OpenGraph Data", "Extension Definition
Schema".
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from iamdesk.attack_paths.types import GraphEdge, GraphNode, NodeKind
from iamdesk.escaping import visible

NAMESPACE = "IAMDesk"
SOURCE_KIND = f"{NAMESPACE}_Base"
_NODES = {
    NodeKind.ACCOUNT: (f"{NAMESPACE}_Account", "AWS account", "#f59e0b", "cloud"),
    NodeKind.USER: (f"{NAMESPACE}_User", "IAM user", "#3b82f6", "user"),
    NodeKind.ROLE: (f"{NAMESPACE}_Role", "IAM role", "#8b5cf6", "id-badge"),
}
_CONTAINS = f"{NAMESPACE}_Contains"
_ADMINISTERS = f"{NAMESPACE}_Administers"
_KINDS = {
    _CONTAINS: ("The account has this user or role; its administrator controls it.", True),
    _ADMINISTERS: ("Is an administrator of the account.", True),
    f"{NAMESPACE}_CanBecome": ("Can act as this user or role in one step.", True),
    f"{NAMESPACE}_MayBecome": ("May act as this user or role in one step; it depends on missing data.", False),
    f"{NAMESPACE}_CanAdminister": ("Can become an administrator of the account in one step.", True),
    f"{NAMESPACE}_MayAdminister": (
        "May become an administrator of the account in one step; it depends on missing data.",
        False,
    ),
}
"""Kinds of edges: what they mean, and whether BloodHound's pathfinding uses them."""


def extension() -> dict[str, Any]:
    """Return the extension definition schema, which BloodHound needs to find paths in the data."""
    return {
        "schema": {"name": NAMESPACE, "display_name": "iamdesk", "version": "1.0.0", "namespace": NAMESPACE},
        "node_kinds": [
            {
                "name": name,
                "display_name": title,
                "description": title,
                "is_display_kind": True,
                "icon": icon,
                "color": color,
            }
            for name, title, color, icon in _NODES.values()
        ],
        "relationship_kinds": [
            {"name": name, "description": description, "is_traversable": is_traversable}
            for name, (description, is_traversable) in _KINDS.items()
        ],
        "environments": [
            {
                "environment_kind": _NODES[NodeKind.ACCOUNT][0],
                "source_kind": SOURCE_KIND,
                "principal_kinds": [_NODES[NodeKind.USER][0], _NODES[NodeKind.ROLE][0]],
            }
        ],
        "relationship_findings": [],
    }


def opengraph(nodes: Iterable[GraphNode], edges: Iterable[GraphEdge]) -> Iterator[str]:
    """Yield the text of an OpenGraph data payload."""
    yield '{"metadata": {"source_kind": ' + json.dumps(SOURCE_KIND) + '},\n"graph": {"nodes": [\n'
    contained: list[tuple[str, str]] = []
    admins: list[tuple[str, str]] = []
    comma = ""
    for node in nodes:
        properties: dict[str, Any] = {
            "name": visible(node.name),
            "displayname": visible(node.name),
            "objectid": node.key,
            "account": node.account,
        }
        if node.kind is not NodeKind.ACCOUNT:
            contained.append((node.account, node.key))
            properties["administrator"] = node.is_administrator
            if node.is_administrator:
                admins.append((node.key, node.account))
        one = {"id": node.key, "kinds": [_NODES[node.kind][0], SOURCE_KIND], "properties": properties}
        yield comma + json.dumps(one)
        comma = ",\n"
    yield '\n], "edges": [\n'
    comma = ""
    for kind, pairs in ((_CONTAINS, contained), (_ADMINISTERS, admins)):
        for start, end in pairs:
            yield comma + json.dumps(_edge(kind, start, end, {}))
            comma = ",\n"
    for edge in edges:
        properties = {"techniques": list(edge.techniques), "how": list(edge.how), "proven": edge.is_proven}
        yield comma + json.dumps(_edge(_kind(edge), edge.source, edge.target, properties))
        comma = ",\n"
    yield "\n]}}\n"


def _kind(edge: GraphEdge) -> str:
    verb = "Can" if edge.is_proven else "May"
    return f"{NAMESPACE}_{verb}{'Administer' if edge.is_to_account else 'Become'}"


def _edge(kind: str, start: str, end: str, properties: dict[str, Any]) -> dict[str, Any]:
    endpoints = ({"match_by": "id", "value": one} for one in (start, end))
    return {"kind": kind, **dict(zip(("start", "end"), endpoints, strict=True)), "properties": properties}
