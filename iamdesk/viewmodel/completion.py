"""Suggestions for the fields of a request: principals, actions, resources, best first."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from heapq import merge, nsmallest
from itertools import chain, islice
from typing import Any, NamedTuple

from iamdesk.aws.action_search import action_search
from iamdesk.aws.arn_templates import fill_template
from iamdesk.aws.service_reference import Action, reference
from iamdesk.i18n import join_messages, mark, phrase
from iamdesk.inventory.references import Principal, inline_policies_of, last_of_arn, name_of, title_of
from iamdesk.snapshot.model import Account, RoleDetail, Snapshot, UserDetail
from iamdesk.viewmodel.principal_suggestions import SESSION_WORDS, kind_of_caller, other_callers, sessions
from iamdesk.viewmodel.types import Completion

_LONGEST_TEXT = 2_048
_FEW_ACCOUNTS = 3
"""Maximum number of accounts for which each ARN template is offered; with more, the account is a placeholder."""
_PURPOSE = "Grants permission to "
_ENTITIES = {
    "user": mark("user"),
    "group": mark("group"),
    "role": mark("role"),
    "policy": mark("policy"),
    "instance-profile": mark("instance-profile"),
}


class Candidate(NamedTuple):
    """A suggestion with its searchable texts, in lower case; sorts by name."""

    name: str
    text: str
    value: str
    label: str
    detail: str

    @property
    def completion(self) -> Completion:
        """The suggestion."""
        return Completion(self.value, self.label, self.detail, template="${" in self.value)


class NamedResource(NamedTuple):
    """An ARN, possibly with wildcards, in a policy of the snapshot; can be searched (`Searchable`)."""

    arn: str
    folded: str
    """In lower case."""

    @property
    def name(self) -> str:
        """What identifies it in its account: ``acme-payroll/*``."""
        return self.folded.split(":", 5)[-1]

    def holds(self, word: str) -> bool:
        """Return whether a word in lower case occurs in the ARN."""
        return word in self.folded


class Completions:
    """Suggestions for one snapshot; thread-safe.

    Lists are created when first needed: actions take a fifth of a second, so call it once in advance.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._fits: dict[tuple[str, str], dict[str, bool]] = {}
        """Whether a named ARN is of a resource type, by the type's service and name; a cache."""

    def principals(self, text: str, limit: int = 50) -> tuple[Completion, ...]:
        """Return users, roles and root users whose name or ARN contains all words of the text, best first.

        Other principals are found once something is typed: `callers.other_callers`; sessions by ``session``, ``assumed-
        role`` or ``federated`` in the text.
        """
        words = words_of(text)
        others = self._other_callers if words else ()
        sessions = self._sessions if any(one in text.casefold() for one in SESSION_WORDS) else ()
        return best(words, chain(self._callers(words), others, sessions), limit)

    def actions(self, text: str, limit: int = 50) -> tuple[Completion, ...]:
        """Return actions by name, service or description, best first; see `ActionSearch.rows` for the order."""
        return tuple(map(action_suggestion, action_search().rows(text[:_LONGEST_TEXT], max(limit, 0))))

    def resources(self, action: str, text: str, limit: int = 50) -> tuple[Completion, ...]:
        """Return resources for the action, best first: IAM entities and captured resources of the snapshot, ARNs in its
        policies, and the ARN templates of the action's resource types.

        Templates come first while nothing is typed. Only ``*`` for an action that takes no resource; nothing for an
        unknown action.
        """
        service, _, name = action.strip().partition(":")
        known = reference().action(service, name)
        if known is None or limit <= 0:
            return ()
        if reference().takes_no_resource(known):
            return (Completion("*", "*", phrase("{action} takes no resource", action=known.full_name)),)
        words = words_of(text)
        templates = list(self._templates(known, text.strip()[:_LONGEST_TEXT], words))
        held = chain(
            best(words, self._entities_for(known, words), limit),
            self._captured_for(known, words),
            self._named_for(known, words, limit),
        )
        return tuple(_once(chain(held, templates) if words else chain(templates, held), limit))

    def _callers(self, words: Sequence[str]) -> Iterable[Candidate]:  # noqa: ARG002 - of a catalogue, they are looked for
        """Return the users, roles and root users that may match the words, or all in order if there are no words."""
        return self._principals

    @cached_property
    def _principals(self) -> tuple[Candidate, ...]:
        by_account: list[list[Candidate]] = []
        for account in self._snapshot.accounts:
            candidates: list[Candidate] = []
            number = account.account_id
            principals: tuple[UserDetail | RoleDetail, ...] = (*account.users, *account.roles)
            for principal in principals:
                what = kind_of_caller(principal)
                candidates.append(caller(principal.arn, title_of(principal), what, number, principal.path))
            candidates.append(root_user(account.partition, number, account.alias))
            candidates.sort()
            by_account.append(candidates)
        return _merged(by_account)

    @cached_property
    def _other_callers(self) -> tuple[Candidate, ...]:
        return tuple(candidate(value, name, detail) for value, name, detail in other_callers(self._snapshot))

    @cached_property
    def _sessions(self) -> tuple[Candidate, ...]:
        return tuple(candidate(value, name, detail) for value, name, detail in sessions(self._snapshot))

    @cached_property
    def _entities(self) -> dict[str, tuple[Candidate, ...]]:
        """IAM entities by the type in their ARN: ``role``, ``user``, ``group``, ``policy`` …"""
        by_kind: dict[str, list[list[Candidate]]] = {}
        for account in self._snapshot.accounts:
            kinds: dict[str, dict[Candidate, None]] = {}
            for arn, name in _iam_entities(account):
                kind = kind_in(arn)
                kinds.setdefault(kind, {})[entity(arn, name, account.account_id)] = None
            for kind, found in kinds.items():
                by_kind.setdefault(kind, []).append(sorted(found))
        return {kind: _merged(found) for kind, found in by_kind.items()}

    @cached_property
    def _named(self) -> dict[str, tuple[tuple[str, str], ...]]:
        """ARNs in the policies of the snapshot, each also in lower case; by service, sorted."""
        services: dict[str, set[str]] = {}
        for account in self._snapshot.accounts:
            for text in _named_resources(account):
                parts = text.split(":", 5)
                # A variable differs in each request, and a short ARN matches too much.
                if len(parts) == 6 and parts[0] == "arn" and parts[2] and "${" not in text:
                    services.setdefault(parts[2].lower(), set()).add(text)
        return {service: tuple((arn, arn.casefold()) for arn in sorted(found)) for service, found in services.items()}

    @property
    def named_resources(self) -> Iterator[NamedResource]:
        """The ARNs in policies of the snapshot, by service."""
        return (NamedResource(*named) for service in sorted(self._named) for named in self._named[service])

    def _entities_for(self, action: Action, words: Sequence[str]) -> Iterator[Candidate]:  # noqa: ARG002 - as _callers
        for kind in entity_kinds(action):
            yield from self._entities.get(kind, ())

    def _captured_for(self, action: Action, words: Sequence[str]) -> Iterator[Completion]:
        """Yield captured resources of a type that the action takes; for a captured bucket also its objects."""
        for resource in self._snapshot.resources:
            form = f"{resource.arn}/${{ObjectName}}" if resource.arn.split(":", 5)[2:5] == ["s3", "", ""] else ""
            through = f"{resource.arn}/object/${{ObjectName}}" if resource.access_point is not None else ""
            text = resource.arn.casefold()
            if all(word in text for word in words):
                for listed in action.resource_types:
                    if reference().is_of_type(action.service, listed.name, resource.arn):
                        yield Completion(resource.arn, resource.arn, phrase("{kind}, captured", kind=listed.name))
                    elif form and (action.service, listed.name) == ("s3", "object"):
                        yield Completion(form, form, phrase("object of a captured bucket"), template=True)
                    elif through and (action.service, listed.name) == ("s3", "accesspointobject"):
                        yield Completion(
                            through, through, phrase("object through a captured access point"), template=True
                        )

    def _named_for(self, action: Action, words: Sequence[str], limit: int) -> Iterator[Completion]:
        """Yield ARNs in policies that contain the words and are of a type that the action takes."""
        for resource in action.resource_types:
            listed = reference().resource_type(action.service, resource.name)
            named: Sequence[tuple[str, str]] = self._named.get(listed.arn.split(":", 5)[2], ()) if listed else ()
            for word in words:
                named = [entry for entry in named if word in entry[1]]
            fits = self._fits.setdefault((action.service, resource.name), {})
            yield from islice(self._of_type(action.service, resource.name, named, fits), limit)

    @staticmethod
    def _of_type(
        service: str, name: str, named: Iterable[tuple[str, str]], known: dict[str, bool]
    ) -> Iterator[Completion]:
        for arn, _ in named:
            fits = known.get(arn)
            if fits is None:
                fits = known[arn] = reference().is_of_type(service, name, arn)
            if fits:
                yield Completion(arn, arn, phrase("{kind}, named in policies", kind=name))

    def _templates(self, action: Action, typed: str, words: Sequence[str]) -> Iterator[Completion]:
        """Yield the ARN templates of the action: required types first, then the simplest."""
        accounts = [(account.partition, account.account_id) for account in self._snapshot.accounts]
        if not accounts or len(accounts) > _FEW_ACCOUNTS:
            accounts = [(accounts[0][0] if accounts else "aws", "${Account}")]
        listed = [
            (not resource.required, arn.count("${"), arn, type_.name)
            for resource in action.resource_types
            if (type_ := reference().resource_type(action.service, resource.name)) is not None
            for arn in type_.arns
        ]
        for _, _, arn, name in sorted(listed):
            form = fill_template(arn, typed) if typed.startswith("arn:") else arn
            if form is None:
                continue
            for partition, account in accounts:
                value = form.replace("${Partition}", partition).replace("${Account}", account)
                if form is not arn or all(word in value.lower() or word in name.lower() for word in words):
                    yield Completion(value, value, name, template="${" in value)


def action_suggestion(row: int) -> Completion:
    """Return the suggestion of an action by its row in the catalogue: with access level and description."""
    catalogue = action_search().catalogue
    name = catalogue.names[row]
    return Completion(name, name, f"{catalogue.access_levels[row]} · {_purpose(catalogue.descriptions[row])}")


def words_of(text: str) -> tuple[str, ...]:
    """Return the words of a search text."""
    return tuple(dict.fromkeys(text[:_LONGEST_TEXT].casefold().split()))


def entity_kinds(action: Action) -> Iterator[str]:
    """Yield the IAM entity types (``role``) that an action takes."""
    for resource in action.resource_types:
        listed = reference().resource_type(action.service, resource.name)
        parts = listed.arn.split(":", 5) if listed else []
        if len(parts) == 6 and parts[2] == "iam":
            kind, _, rest = parts[5].partition("/")
            if rest.startswith("${"):
                yield kind


def kind_in(arn: str) -> str:
    """Return the IAM entity type in an ARN."""
    return arn.split(":", 5)[-1].partition("/")[0]


def entity(arn: str, name: str, account: str) -> Candidate:
    """Return the suggestion of an IAM entity."""
    kind = kind_in(arn)
    where = "AWS" if arn.split(":", 5)[4:5] == ["aws"] else account
    return candidate(arn, name, join_messages(" · ", (phrase(_ENTITIES[kind]) if kind in _ENTITIES else kind, where)))


def root_user(partition: str, account: str, alias: str | None) -> Candidate:
    """Return the suggestion of an account's root user."""
    label = phrase("root user of {account}", account=alias or account)
    return candidate(
        f"arn:{partition}:iam::{account}:root", label, join_messages(" · ", (phrase("root user"), account))
    )


def caller(arn: str, name: str, what: str, account: str, path: str) -> Candidate:
    """Return the suggestion of a user or role; ``what`` is its kind."""
    where = account if path == "/" else f"{account} · {path}"
    return candidate(arn, name, join_messages(" · ", (what, where)))


def candidate(value: str, name: str, detail: str) -> Candidate:
    """Return the suggestion of a value by its name."""
    return Candidate(name.casefold(), f"{name}\n{value}".casefold(), value, name, detail)


def _merged(sorted_lists: Sequence[Sequence[Candidate]]) -> tuple[Candidate, ...]:
    """Return sorted candidates as one sorted list without duplicates. Sorting all at once would block other threads."""
    found: list[Candidate] = []
    for each in merge(*sorted_lists):
        if not found or each != found[-1]:
            found.append(each)
    return tuple(found)


def best(words: Sequence[str], candidates: Iterable[Candidate], limit: int) -> tuple[Completion, ...]:
    """Return the candidates that contain all words: exact names first, then prefixes, word starts, the rest.

    Without words, the first ones.
    """
    limit = max(limit, 0)
    if not words:
        return tuple(each.completion for each in islice(candidates, limit))
    first = words[0]
    found = [each for each in candidates if first in each.text]
    for word in words[1:]:
        found = [each for each in found if word in each.text]

    def order(each: Candidate) -> tuple[int, int, str, str]:
        return _rank(first, each.name), len(each.name), each.name, each.text

    return tuple(each.completion for each in nsmallest(limit, found, key=order))


def _rank(word: str, name: str) -> int:
    if name.startswith(word):
        return 0 if name == word else 1
    place = name.find(word)
    if place < 0:
        return 4
    return 3 if name[place - 1].isalnum() else 2


def _principals_of(account: Account) -> tuple[Principal, ...]:
    return (*account.users, *account.groups, *account.roles)


def _iam_entities(account: Account) -> Iterator[tuple[str, str]]:
    for principal in _principals_of(account):
        yield principal.arn, name_of(principal)
    for policy in account.policies:
        yield policy.arn, policy.policy_name
    for role in account.roles:
        for profile in role.instance_profile_list:
            yield profile.arn, profile.instance_profile_name or last_of_arn(profile.arn)


def _named_resources(account: Account) -> Iterator[str]:
    """Yield the values of ``Resource`` in the account's own policies; AWS managed ones name none of its resources."""
    documents: Iterable[Any] = chain(
        (inline.policy_document for principal in _principals_of(account) for inline in inline_policies_of(principal)),
        (
            policy.default_version.document
            for policy in account.policies
            if not policy.is_aws_managed and policy.default_version is not None
        ),
    )
    for document in documents:
        statements = document.get("Statement") if isinstance(document, dict) else None
        for statement in statements if isinstance(statements, list) else (statements,):
            resource = statement.get("Resource") if isinstance(statement, dict) else None
            if isinstance(resource, str):
                yield resource
            elif isinstance(resource, list):
                yield from (value for value in resource if isinstance(value, str))


def _once(completions: Iterable[Completion], limit: int) -> Iterator[Completion]:
    seen: dict[str, Completion] = {}
    for completion in completions:
        seen.setdefault(completion.value, completion)
    return islice(seen.values(), limit)


def _purpose(description: str) -> str:
    """Return the description of an action, without the words that begin nearly every description."""
    text = description.removeprefix(_PURPOSE)
    return text[:1].upper() + text[1:]
