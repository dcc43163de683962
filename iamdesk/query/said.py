"""What everybody's own policies say of an action: the certain as bits, and the statements that a context decides."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from iamdesk.evaluate.matching import Subject, match_resource, match_statement
from iamdesk.evaluate.policies import AttachedPolicy, SourceType
from iamdesk.evaluate.request import Layer
from iamdesk.evaluate.truth import FALSE, TRUE
from iamdesk.policy.document import parse_document
from iamdesk.policy.statement import Statement
from iamdesk.query.population import Asked, Population

_NO_DOCUMENT = parse_document({"Version": "2012-10-17", "Statement": []})

AS_IDENTITY = AttachedPolicy(Layer.IDENTITY, SourceType.USER_MANAGED, "", "", "", "", _NO_DOCUMENT)
AS_BOUNDARY = AttachedPolicy(Layer.PERMISSIONS_BOUNDARY, SourceType.PERMISSIONS_BOUNDARY, "", "", "", "", _NO_DOCUMENT)
"""Any policy of the layer: all that matching a statement reads of its policy is the layer."""


class OpenStatement(NamedTuple):
    """A statement that speaks of the resource, and whose conditions or variables the request has to decide."""

    policy: AttachedPolicy
    statement: Statement
    """One of those that no context can tell apart."""
    asked: Asked
    members: int
    """Who carries one of them in this layer, as bits."""


class Said(NamedTuple):
    """What some statements say of an action on a resource."""

    certain: Mapping[tuple[Layer, bool], int]
    """By (layer, whether it is an Allow), who has a statement that matches whatever the context is, as bits."""
    open: tuple[OpenStatement, ...]


def gather(population: Population, places: Iterable[int], subject: Subject) -> Said:
    """Hold statements (by their numbers; all cover the action) against a resource.

    ``subject`` is anybody who asks for it.
    """
    index = population.index
    certain: dict[tuple[Layer, bool], int] = {}
    undecided: dict[tuple[Layer, int], OpenStatement] = {}
    for place in places:
        number, statement = index.statement(place)
        for policy, members in ((AS_IDENTITY, population.carriers[number]), (AS_BOUNDARY, population.bounded[number])):
            if not members:
                continue
            if not statement.resource_keys() and match_resource(policy, statement, subject)[0] is FALSE:
                continue
            if statement.context_keys():
                asked = population.asked(statement, index.documents[number].version)
                known = undecided.get((policy.layer, asked.number))
                everyone = members if known is None else known.members | members
                undecided[policy.layer, asked.number] = OpenStatement(policy, statement, asked, everyone)
                continue
            result = match_statement(policy, statement, subject)
            if result is not None and result.truth is TRUE:
                key = (policy.layer, statement.is_allow)
                certain[key] = certain.get(key, 0) | members
    return Said(certain, tuple(undecided.values()))
