"""From a finding to what may cause it, by its evidence alone: statements, trust entries and missing facts."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from hashlib import sha256

from iamdesk.causes.types import Attribution, Candidate, CauseKind
from iamdesk.checks.aws_tools import origin_of
from iamdesk.checks.finding import Evidence, Finding, State
from iamdesk.evaluate.policy_set import SourceType
from iamdesk.explain.decision import PolicyType, StatementExplanation, StatementRole
from iamdesk.i18n import Message, phrase

_PRACTICES = ("CMP-", "HYG-", "ROT-", "CRD-")
"""Checks of settings and practices: the check itself is the cause, not a statement in its evidence."""
_STATEMENTS_ANYWAY = frozenset({"CRD-12"})
_BY_CHECK = frozenset({"LNT-17", "LNT-18", "ADM-17", "SVC-04", "GRD-01", "RES-09"})
"""Checks of other families with one practice behind all their findings, or with a Deny that is missing."""
_FIRST_ONLY = ("LNT-", "TRU-", "FED-", "CHN-04", "CHN-05")
"""The first statement in the evidence is the one to change: others explain it, or are what it opens."""
AWS_POLICY = "policy "
"""Beginning of the key of an AWS managed policy."""
_OF_ADMINISTRATORS = frozenset({"ADM-01"})
"""Checks of administrators: of a role, it is a cause of the paths that end at it, too."""
THROUGH = "through "
"""Beginning of the key of a role that is an administrator: without that, no attack path ends at it."""
_REQUIRES = "Requires "
"""Beginning of evidence for a fact that was not captured (`checks.privilege_escalation`)."""
_NEEDS_ALL = frozenset({"ADM-01", "ADM-03", "CHN-01", "CHN-02", "SVC-03"})
"""Checks that find only what is allowed every request in the evidence; others find any of them."""

_IDENTITY = frozenset(
    {SourceType.USER, SourceType.GROUP, SourceType.ROLE, SourceType.AWS_MANAGED, SourceType.USER_MANAGED}
)
_GRANTING = frozenset({PolicyType.IDENTITY, PolicyType.TRUST, PolicyType.RESOURCE, PolicyType.ACL})
_MAX_CANDIDATES = 8


def attribute(finding: Finding) -> Attribution:
    """Return what grouping needs of a finding."""
    return Attribution(
        finding.fingerprint,
        finding.check_id,
        finding.title,
        finding.severity,
        finding.state,
        finding.account,
        finding.subject_key,
        finding.subject_name,
        finding.subject_kind,
        finding.remediation,
        tuple(_candidates(finding)),
        origin_of(finding.subject_key),
        _only_administrator(finding),
    )


def _only_administrator(finding: Finding) -> str:
    named = (one.policy_key for one in finding.evidence if one.policy_key) if finding.check_id == "ADM-12" else ()
    return next(iter(named), "")


def _candidates(finding: Finding) -> Iterator[Candidate]:
    if finding.state is State.INCONCLUSIVE and (facts := [one for one in map(_fact, finding.evidence) if one]):
        asked = (piece.decision.request.action for piece in finding.evidence if piece.decision is not None)
        actions = tuple(dict.fromkeys(asked))
        yield from (one._replace(actions=actions) for one in facts)
        return
    if _is_of_practice(finding.check_id):
        return
    found: dict[str, Candidate] = {}
    for statement, action in _granted(finding):
        candidate = candidate_of(statement, finding.account)
        known = found.get(candidate.key)
        if known is None and len(found) == _MAX_CANDIDATES:
            break
        allowed = dict.fromkeys((*(known or candidate).actions, *([action] if action else ())))
        found[candidate.key] = (known or candidate)._replace(actions=tuple(allowed))
    if not found and (entry := _trust_entry(finding)) is not None:
        yield entry
    yield from _ending(finding, found)
    role = finding.subject_key if finding.check_id in _OF_ADMINISTRATORS else finding.through
    if ":role/" in role:
        name = role.rpartition("/")[2]
        yield Candidate(CauseKind.STATEMENT, f"{THROUGH}{role}", phrase("role {role}", role=name), role)


def _ending(finding: Finding, found: Mapping[str, Candidate]) -> Iterator[Candidate]:
    """Yield the candidates that end a finding alone; if none does, those that grant most of its requests."""
    pieces = [piece for piece in finding.evidence if any(statements_in(piece))]
    if len(found) < 2 or finding.check_id.startswith(_FIRST_ONLY) or any(one.decision is None for one in pieces):
        yield from found.values()
        return
    ended: Counter[str] = Counter()
    granted: Counter[str] = Counter()
    for piece in pieces:
        layers: dict[PolicyType, set[str]] = defaultdict(set)
        for statement in _granting_in(piece):
            layers[statement.layer].add(candidate_of(statement, finding.account).key)
        deciding = {one.layer for one in statements_in(piece)}
        granted.update(set().union(*layers.values()))
        # A layer that takes part, but is not needed, grants the request when another one no longer does (rule C2).
        ended.update(
            next(iter(keys))
            for layer, keys in layers.items()
            if len(keys) == 1 and layer in deciding and (layer is PolicyType.TRUST or layers.keys() <= deciding)
        )
    needed = 1 if finding.check_id in _NEEDS_ALL else len(pieces)
    alone = [one for key, one in found.items() if ended[key] >= needed]
    most = max(granted[key] for key in found)
    yield from alone or [one._replace(is_enough=False) for key, one in found.items() if granted[key] == most]


def granting_statements(finding: Finding) -> Iterator[StatementExplanation]:
    """Yield the statements whose removal may end a finding, in the order of its evidence."""
    return (statement for statement, _ in _granted(finding))


def _granted(finding: Finding) -> Iterator[tuple[StatementExplanation, str]]:
    """Yield the statements whose removal may end a finding, each with the action of the request that it allows."""
    if _is_of_practice(finding.check_id):
        return
    for piece in finding.evidence:
        action = "" if piece.decision is None else piece.decision.request.action
        for statement in statements_in(piece):
            yield statement, action
            if finding.check_id.startswith(_FIRST_ONLY):
                return


def _is_of_practice(check_id: str) -> bool:
    return check_id in _BY_CHECK or (check_id.startswith(_PRACTICES) and check_id not in _STATEMENTS_ANYWAY)


def _fact(piece: Evidence) -> Candidate | None:
    if not piece.text.startswith(_REQUIRES):
        return None
    fact = str(piece.text).removeprefix(_REQUIRES).removesuffix(".")
    shown = piece.text.values["fact"] if isinstance(piece.text, Message) else fact  # stays translatable
    return Candidate(CauseKind.MISSING, f"fact {fact}", phrase("requires {fact}", fact=shown))


def statements_in(piece: Evidence) -> Iterator[StatementExplanation]:
    """Yield the statements that one piece of evidence names: of an evaluated request, those that grant it."""
    if piece.statement is not None:
        yield piece.statement
    granting = _granting_in(piece)
    yield from [one for one in granting if one.part is not StatementRole.TOOK_PART] or granting


def _granting_in(piece: Evidence) -> list[StatementExplanation]:
    if piece.decision is None:
        return []
    parts = piece.decision.statements_that(StatementRole.DECIDES, StatementRole.DEPENDS, StatementRole.TOOK_PART)
    return [one for one in parts if one.effect == "Allow" and one.policy_key and one.layer in _GRANTING]


def _trust_entry(finding: Finding) -> Candidate | None:
    """Return the entry of a trust policy that a check names only in words, such as a service principal."""
    first = finding.evidence[0] if finding.evidence else None
    if first is None or first.policy_key is None or not first.policy_key.endswith("#trust"):
        return None
    label = phrase("trust policy of {role}", role=finding.subject_name)
    return Candidate(CauseKind.TRUST, f"trust {finding.check_id} {first.text}", label)


def candidate_of(statement: StatementExplanation, account: str) -> Candidate:
    """Return a statement as a candidate; equal statements are the same, in whatever policy and under whatever Sid.

    An AWS managed policy is one candidate of each account: it is detached, never changed.
    """
    if statement.source_policy_type is SourceType.AWS_MANAGED:
        key = f"{AWS_POLICY}{statement.source_policy_id} {account}"
        return Candidate(CauseKind.STATEMENT, key, statement.policy_name, statement.owner)
    kind = CauseKind.STATEMENT if statement.source_policy_type in _IDENTITY else CauseKind.TRUST
    raw = statement.document.raw
    return Candidate(kind, f"statement {_digest(raw, statement.index)}", statement.name, statement.owner)


def _digest(raw: object, index: int) -> str:
    statements = raw.get("Statement") if isinstance(raw, dict) else None
    one = statements[index] if isinstance(statements, list) else statements
    content = {key: value for key, value in one.items() if key != "Sid"} if isinstance(one, dict) else one
    return _hashed(json.dumps(content, sort_keys=True, ensure_ascii=True))


def _hashed(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:24]
