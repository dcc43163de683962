"""What of a review is a reviewer's own access, besides the entitlements of the principals that they state.

These are what a group grants of which they are a member, what the role of their session has, and the trust policies
that name them, or their session, or that let in no one else of the snapshot.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from iamdesk.escaping import visible
from iamdesk.i18n import phrase
from iamdesk.review.decisions import DecisionError, same_person
from iamdesk.review.items import EntitlementType, PopulationEntry, ReviewItem
from iamdesk.review.journal import Entry
from iamdesk.review.people import People


class OwnLine(NamedTuple):
    """What is needed of an entitlement."""

    holder_arn: str
    group: str = ""
    """Of a membership: ARN of the group."""
    trust_id: str = ""
    """ID of a trust policy; empty for other entitlements."""
    trusts: frozenset[str] = frozenset()
    """Of a trust policy: the principals that it names."""


def own_line(item: ReviewItem) -> OwnLine:
    """Return what is needed of an entitlement."""
    if item.type is EntitlementType.GROUP:
        return OwnLine(item.holder_arn, item.entitlement_id)
    if item.type is EntitlementType.TRUST:  # others need no ID, which is a digest
        return OwnLine(
            item.holder_arn, "", item.line_id, frozenset((*item.evidence.get("trusts", ()), *_only_one(item)))
        )
    return OwnLine(item.holder_arn)


def _only_one(item: ReviewItem) -> Iterator[str]:
    """Yield the principal of the snapshot whom a trust policy lets in, if it is one alone: its conditions name it."""
    affects = item.evidence.get("effect", {}).get("affects", {})
    names, outside = affects.get("names", ()), affects.get("outside", ())
    inside = [name for name in names if name not in outside]
    if affects.get("principals") == len(inside) == 1:
        yield from inside


class StatedPrincipals:
    """What reviewers stated as their own so far: it holds for what they decide afterwards, too."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._by_reviewer: dict[str, frozenset[str]] = {}
        self.take(entries)

    def take(self, entries: Iterable[Entry]) -> None:
        """Add what entries of the journal state."""
        for entry in entries:
            if entry.identities:
                known = self._by_reviewer.get(entry.reviewer, frozenset())
                self._by_reviewer[entry.reviewer] = known.union(entry.identities)

    def of(self, reviewer: str) -> frozenset[str]:
        """Return what a person stated, however the name was typed."""
        return frozenset[str]().union(
            *(arns for name, arns in self._by_reviewer.items() if same_person(name, reviewer))
        )


class OwnAccessFinder:
    """Finds the own access of reviewers in a review. ``lines`` and ``population`` are those of the review."""

    def __init__(self, lines: Iterable[OwnLine], population: Iterable[PopulationEntry]) -> None:
        self._groups: dict[str, set[str]] = {}
        self._members: dict[str, set[str]] = {}
        self._trusts: dict[str, frozenset[str]] = {}
        self._trusted: dict[str, frozenset[str]] = {}
        """By ARN of a role."""
        self._known = {one.arn for one in population}
        for line in lines:
            self._known.add(line.holder_arn)
            if line.group:
                self._groups.setdefault(line.holder_arn, set()).add(line.group)
                self._members.setdefault(line.group, set()).add(line.holder_arn)
            elif line.trust_id:
                self._trusts[line.trust_id] = self._trusted[line.holder_arn] = line.trusts
        named = (name for names in self._trusts.values() for name in names)
        self._known |= {name for name in named if name.startswith("arn:")}
        self._role_of = {_session_start(arn): arn for arn in self._known if ":role/" in arn}
        for trust_id, names in self._trusts.items():  # a trust that names a session names its role
            self._trusts[trust_id] = self.principals_of(names)

    def principals_of(self, arns: Iterable[str]) -> frozenset[str]:
        """Return a reviewer's principals: the stated ones, and the roles of those that are sessions.

        `aws sts get-caller-identity` names a session, ``arn:aws:sts::ACCOUNT:assumed-role/NAME/SESSION``, without the
        path of the role (IAM User Guide, "IAM identifiers").
        """
        found = set(arns)
        return frozenset(found | {role for one in found if (role := self._role_of.get(_session_start(one)))})

    def check(self, arns: Iterable[str]) -> None:
        """Check that stated principals protect something.

        Raises:
            DecisionError: one is no ARN, or the snapshot has no such principal; one sentence.
        """
        folded = {one.casefold(): one for one in self._known}
        for arn in arns:
            if not arn.startswith("arn:") or arn.count(":") < _COLONS:
                raise DecisionError(
                    phrase("`{text}` is not the ARN of a user or role, as in arn:aws:iam::…", text=visible(arn))
                )
            if arn in self._known or _session_start(arn) in self._role_of:
                continue
            if (other := folded.get(arn.casefold())) is not None:
                sentence = phrase(
                    "the snapshot has no principal {arn}, but {other}: ARNs are case-sensitive",
                    arn=visible(arn),
                    other=visible(other),
                )
                raise DecisionError(sentence)
            raise DecisionError(phrase("the snapshot has no principal {arn}", arn=visible(arn)))

    def holders_of(self, arns: Iterable[str]) -> frozenset[str]:
        """Return whose entitlements are a reviewer's own: of their principals, and of the groups that these are in."""
        principals = self.principals_of(arns)
        return principals.union(*(self._groups.get(one, ()) for one in principals))

    def is_own(self, subject_id: str, holder: str, arns: Iterable[str]) -> bool:
        """Return whether an item or finding on a holder is on the own access of a reviewer with some principals."""
        return holder in self.holders_of(arns) or self.is_named_in(subject_id, arns)

    def whose(self, subject_id: str, holder: str, people: People) -> frozenset[str]:
        """Return the principals whose access an item or finding on a holder is.

        The holder, the members of a group, and whom a trust policy names. Of a role that trusts principals of one
        person alone, these, too: what the role has is what that person gets.
        """
        trusted = self._trusted.get(holder, frozenset())
        persons = {person.key if (person := people.person_of(one)) is not None else "" for one in trusted}
        of_one = trusted if len(persons) == 1 and "" not in persons else frozenset()
        return of_one.union((holder,), self._members.get(holder, ()), self._trusts.get(subject_id, ()))

    def by_subject(self, holders: Mapping[str, str], people: People | None) -> Mapping[str, frozenset[str]]:
        """Return `whose`, by item or finding; ``holders`` are theirs. Empty without a list of people."""
        if people is None:
            return {}
        return {subject_id: self.whose(subject_id, holder, people) for subject_id, holder in holders.items()}

    def is_named_in(self, line_id: str, arns: Iterable[str]) -> bool:
        """Return whether an item is a trust policy that names one of a reviewer's principals."""
        return not self._trusts.get(line_id, frozenset()).isdisjoint(self.principals_of(arns))


_COLONS = 5
"""Of an ARN."""


def _session_start(arn: str) -> str:
    """Return what a role and its sessions have in common: partition, account and the role's name; else empty."""
    parts = arn.split(":", _COLONS)
    if len(parts) <= _COLONS:
        return ""
    kind, _, rest = parts[5].partition("/")
    if parts[2] == "iam" and kind == "role":
        return ":".join((parts[1], parts[4], rest.rpartition("/")[2]))
    if parts[2] == "sts" and kind == "assumed-role":
        return ":".join((parts[1], parts[4], rest.partition("/")[0]))
    return ""
