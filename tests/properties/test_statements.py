"""Catches a statement that applies to a request, and of which an approximation says that it cannot; a false *covers*.

Requests and documents are those of the second evaluator's generator: capitals, both policy versions, variables with
and without default, NotAction, NotResource and NotPrincipal, quantifiers, ``ArnEquals`` and ``ArnLike``.
"""

import copy
import random
from collections.abc import Iterator
from itertools import permutations
from typing import Any, NamedTuple

from iamdesk.access.external import by_part
from iamdesk.access.granted_accounts import _named_by
from iamdesk.checks import resource_requests
from iamdesk.checks.duplicates import _parts
from iamdesk.checks.redundant_statements import matches_all_of
from iamdesk.diff.action_space import ActionSpace
from iamdesk.diff.matching import applies_to
from iamdesk.diff.normal_form import clauses_of, reduced
from iamdesk.diff.resource_forms import may_name
from iamdesk.evaluate.matching import RequestFacts, match_statement
from iamdesk.evaluate.policy_set import AttachedPolicy, SourceType
from iamdesk.evaluate.principal import CallerKind
from iamdesk.evaluate.request import PolicyType
from iamdesk.evaluate.ternary import FALSE, TRUE, Truth
from iamdesk.policy.canonical_form import allows_everything
from iamdesk.policy.document import Document, parse_document
from iamdesk.policy.statement import Statement
from iamdesk.simulate.test_cases import trace_case
from tests.builders.entries import allow, document
from tests.oracle import generator
from tests.oracle.evaluator import listed
from tests.some_of import some_of

_TYPES = {"identity": PolicyType.IDENTITY, "resource": PolicyType.RESOURCE, "trust": PolicyType.TRUST}
_CAPTURED = (CallerKind.USER, CallerKind.ROLE, CallerKind.SESSION)


class _Drawn(NamedTuple):
    """A request, a document about it, and the same document after some edits."""

    case: dict[str, Any]
    subject: RequestFacts
    policy_type: PolicyType
    document: Document
    edited: Document

    def truth(self, document: Document, statement: Statement) -> Truth:
        policy = AttachedPolicy(self.policy_type, SourceType.USER, "drawn", "drawn", "drawn", "", document)
        result = match_statement(policy, statement, self.subject)
        return FALSE if result is None else result.truth

    def effect(self, document: Document) -> tuple[Truth, Truth]:
        """Return whether the document denies, and whether it allows what it does not deny as surely (rule A2)."""
        truths = [(one.is_allow, self.truth(document, one)) for one in document.statements]
        denies, allows = (
            max((truth for is_allow, truth in truths if is_allow is wanted), default=FALSE) for wanted in (False, True)
        )
        return denies, allows if allows > denies else FALSE

    def __str__(self) -> str:
        asked = {key: self.case[key] for key in ("principal", "action", "resource", "context")}
        return f"{asked}\n{self.document.raw}\n{self.edited.raw}"


def _drawn(seed: int) -> Iterator[_Drawn]:
    draw = random.Random(seed)
    for _ in range(some_of(10_000)):
        made = generator.case(draw)
        kind = draw.choice(("identity", "trust" if made["action"].startswith("sts:") else "resource"))
        written = generator.Maker(draw, made["principal"], made["action"], made["resource"]).document(kind)
        edited = copy.deepcopy(written)
        for _ in range(draw.randint(1, 2)):
            _edit(draw, edited)
        subject = trace_case(made).subject
        yield _Drawn(made, subject, _TYPES[kind], parse_document(written), parse_document(edited))


def _edit(draw: random.Random, document: dict[str, Any]) -> None:
    """Write a document in another way, or widen or narrow it."""
    if not isinstance(document["Statement"], list):
        document["Statement"] = [document["Statement"]]
    statement = draw.choice(document["Statement"])
    element = draw.choice(("Version", "Statement", "Condition", *statement))
    value = statement.get(element)
    match element:
        case "Version":
            document["Version"] = draw.choice(("2008-10-17", "2012-10-17"))
        case "Statement":
            document["Statement"].append(copy.deepcopy(statement))
        case "Condition" if value:
            operator = draw.choice([*value])
            other = {"ArnEquals": "ArnLike", "StringEquals": "StringLike", "StringLike": "StringEquals"}
            value.setdefault(other.get(operator, operator.lower()), value.pop(operator))
        case "Condition":
            statement["Condition"] = {"StringEquals": {"aws:PrincipalTag/team": draw.choice(["red", ["Red", "red"]])}}
        case "Principal" | "NotPrincipal" if statement["Effect"] == "Deny":
            statement["NotPrincipal" if element == "Principal" else "Principal"] = statement.pop(element)
        case "Effect" | "Principal" | "NotPrincipal":
            pass
        case _:
            entries = [value] if isinstance(value, str) else [*value]
            number = draw.randrange(len(entries))
            entry = entries[number]
            head, _, rest = entry.partition(":")
            forms = (f"{entry}*", f"{head}:*", entry.upper(), f"{entry.upper()}*", f"{head.upper()}:{rest}", "*", "**")
            entries[number] = draw.choice(forms)
            statement[element] = draw.choice((entries, [*entries, entry]))


def test_approximations_find_each_statement_that_applies() -> None:
    """Whatever applies to a request may apply, by each approximation of its resource, action and principal."""
    count = 0
    for drawn in _drawn(1):
        caller, target = drawn.subject.caller, drawn.subject.target
        arn = "*" if target.resource is None else str(target.resource)
        names = drawn.policy_type is not PolicyType.IDENTITY
        for statement, raw in zip(drawn.document.statements, listed(drawn.document.raw["Statement"]), strict=True):
            if drawn.truth(drawn.document, statement) is not TRUE:
                continue
            count += 1
            assert resource_requests.may_name(statement, target.resource), str(drawn)
            if target.resource is not None:
                assert by_part._may_name(statement, arn), str(drawn)
            alone = parse_document({**drawn.document.raw, "Statement": raw})
            asked = parse_document(document(allow(f"{target.service}:{target.name}")))
            space = ActionSpace([alone, asked])
            action = space.covered_by(asked.statements[0])
            clauses = [
                clause for clause, bits in clauses_of(alone, space, names_principals=names).items() if bits & action
            ]
            assert any(applies_to(clause.where, arn) for clause in clauses), str(drawn)
            if names and caller.kind in _CAPTURED:
                account = str(caller.account)
                assert any(may_name(clause.principal, str(caller.arn), account) for clause in clauses), str(drawn)
                named = _named_by(statement) if statement.is_allow else None
                assert named is None or account in named, str(drawn)
    assert count > some_of(10_000) // 4


def test_a_statement_that_covers_another_one_matches_whatever_it_matches() -> None:
    count = 0
    for drawn in _drawn(2):
        both = [(one, each) for one in (drawn.document, drawn.edited) for each in one.statements]
        for (of_wider, wider), (of_lesser, lesser) in permutations(both, 2):
            if wider.broken is None and lesser.broken is None and matches_all_of(wider, lesser):
                count += 1
                assert drawn.truth(of_lesser, lesser) <= drawn.truth(of_wider, wider), (
                    f"{drawn}\n{wider.index} {lesser.index}"
                )
    assert count > some_of(10_000)


def test_documents_of_equal_form_have_the_same_effect() -> None:
    count = 0
    for drawn in _drawn(3):
        space = ActionSpace([drawn.document, drawn.edited])
        names = drawn.policy_type is not PolicyType.IDENTITY
        first, second = (
            reduced(clauses_of(one, space, names_principals=names)) for one in (drawn.document, drawn.edited)
        )
        if first == second or set(_parts(drawn.document)) == set(_parts(drawn.edited)):
            count += 1
            assert drawn.effect(drawn.document) == drawn.effect(drawn.edited), str(drawn)
    assert count > some_of(10_000) // 5


def test_a_statement_of_everything_matches_each_request() -> None:
    count = 0
    for drawn in _drawn(4):
        for statement in drawn.edited.statements:
            if drawn.policy_type is PolicyType.IDENTITY and allows_everything(statement):
                count += 1
                assert drawn.truth(drawn.edited, statement) is TRUE, str(drawn)
    assert count
