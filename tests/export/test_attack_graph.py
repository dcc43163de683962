"""The graph for BloodHound: valid by the documented rules, complete, and no text is executed."""

import json

import jsonschema
import pytest

from iamdesk import Evaluator
from iamdesk.attack_paths.attack_path_graph import AttackPathGraph
from iamdesk.export.attack_graph import NAMESPACE, SOURCE_KIND, extension, opengraph
from iamdesk.resource_files import sample_snapshot
from iamdesk.snapshot.reader import load_snapshot

from ..attack_paths.cases import FULL, World, arn
from ..builders.captures import allow, document, trusting

PRIMITIVE = [{"type": "string"}, {"type": "number"}, {"type": "boolean"}]
PROPERTIES = {
    "type": "object",
    "additionalProperties": {"anyOf": [*PRIMITIVE, *({"type": "array", "items": one} for one in PRIMITIVE)]},
}
END = {
    "type": "object",
    "properties": {"match_by": {"const": "id"}, "value": {"type": "string"}},
    "required": ["match_by", "value"],
    "additionalProperties": False,
}
PAYLOAD = {
    # BloodHound documentation, OpenGraph: "OpenGraph Nodes", "OpenGraph Edges", "OpenGraph Metadata"
    "type": "object",
    "properties": {
        "metadata": {
            "type": "object",
            "properties": {"source_kind": {"type": "string"}},
            "additionalProperties": False,
        },
        "graph": {
            "type": "object",
            "required": ["nodes", "edges"],
            "additionalProperties": False,
            "properties": {
                "nodes": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["id", "kinds", "properties"],
                        "additionalProperties": False,
                        "properties": {
                            "id": {"type": "string", "minLength": 1},
                            "kinds": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 3},
                            "properties": PROPERTIES,
                        },
                    },
                },
                "edges": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["start", "end", "kind", "properties"],
                        "additionalProperties": False,
                        "properties": {
                            "start": END,
                            "end": END,
                            "kind": {"type": "string", "pattern": "^[A-Za-z0-9_]+$"},
                            "properties": PROPERTIES,
                        },
                    },
                },
            },
        },
    },
    "required": ["graph"],
    "additionalProperties": False,
}
NAME = {"type": "string", "pattern": f"^{NAMESPACE}_.+$"}
DEFINITION = {
    # BloodHound documentation, OpenGraph: "Extension Definition Schema"
    "type": "object",
    "required": ["schema", "node_kinds", "relationship_kinds"],
    "additionalProperties": False,
    "properties": {
        "schema": {
            "type": "object",
            "required": ["name", "display_name", "version", "namespace"],
            "properties": {"version": {"pattern": r"^\d+\.\d+\.\d+$"}},
        },
        "node_kinds": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "display_name"],
                "properties": {"name": NAME, "color": {"pattern": "^#[0-9a-f]{6}$"}},
            },
        },
        "relationship_kinds": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name"],
                "properties": {"name": NAME, "is_traversable": {"type": "boolean"}},
            },
        },
        "environments": {
            "type": "array",
            "items": {"type": "object", "required": ["environment_kind", "source_kind", "principal_kinds"]},
        },
        "relationship_findings": {"type": "array"},
    },
}
HOSTILE = 'x"]}<img src=x onerror=alert(1)>&amp;\u202e\u0007]]>'


@pytest.fixture(scope="module")
def reach():
    return AttackPathGraph(Evaluator(load_snapshot(sample_snapshot())))


def written(graph):
    return json.loads("".join(opengraph(graph.graph_nodes(), graph.graph_edges())))


def test_opengraph_is_valid_and_its_kinds_are_defined(reach):
    payload, definition = written(reach), extension()
    jsonschema.validate(payload, PAYLOAD)
    jsonschema.validate(definition, DEFINITION)
    kinds = {one["name"] for one in definition["node_kinds"]} | {SOURCE_KIND}
    relations = {one["name"] for one in definition["relationship_kinds"]}
    assert {kind for node in payload["graph"]["nodes"] for kind in node["kinds"]} <= kinds
    assert {edge["kind"] for edge in payload["graph"]["edges"]} <= relations
    for one in definition["environments"]:
        assert {one["environment_kind"], *one["principal_kinds"]} <= kinds


def test_opengraph_has_every_step_once(reach):
    graph = written(reach)["graph"]
    ids = [node["id"] for node in graph["nodes"]]
    assert len(set(ids)) == len(ids)
    edges = [(one["kind"], one["start"]["value"], one["end"]["value"]) for one in graph["edges"]]
    assert len(set(edges)) == len(edges)
    assert {end for _, *ends in edges for end in ends} <= set(ids)
    for exposure in reach.exposures():
        for path in reach.attack_paths(exposure.principal):
            for step in path.steps:
                verb = "Can" if step.state.value == "proven" else "May"
                what = "Administer" if step.goal.kind.value == "administration" else "Become"
                edge = (f"{NAMESPACE}_{verb}{what}", step.source, step.goal.key)
                if edge not in edges:  # a role that changes the principal itself: whom it changes administers, not it
                    verb = "Can" if all(one.state.value == "proven" for one in path.steps) else "May"
                    assert what == "Administer"
                    assert (f"{NAMESPACE}_{verb}Administer", exposure.principal, step.goal.key) in edges


def test_hostile_names_stay_text(tmp_path):
    world = World()
    world.role("strong", {"all": FULL}, trusting({"AWS": arn("root")}))
    world.user(HOSTILE, {"own": document(allow("sts:AssumeRole"))})
    graph = AttackPathGraph(Evaluator(world.snapshot(tmp_path)))
    text = "".join(opengraph(graph.graph_nodes(), graph.graph_edges()))
    assert text.isascii()
    assert not any(ord(one) < 32 and one != "\n" for one in text)
    nodes = json.loads(text)["graph"]["nodes"]
    assert any("<img" in node["properties"]["name"] for node in nodes)
