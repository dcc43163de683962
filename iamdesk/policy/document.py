"""Policy documents: parsed once, with diagnostics instead of exceptions. Rules: L."""

import hashlib
import marshal
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from iamdesk.i18n import phrase
from iamdesk.policy.action_patterns import NO_ACTIONS, ActionEntries, ActionPattern, action_entries
from iamdesk.policy.api_policies import as_saved
from iamdesk.policy.conditions import ConditionTest, parse_conditions
from iamdesk.policy.grammar import STATEMENT_ELEMENTS, Shape, entry_problems, sound_shape
from iamdesk.policy.principals import PrincipalEntry, parse_principal
from iamdesk.policy.resource_patterns import ResourcePattern, resource_pattern
from iamdesk.policy.source_map import ElementPath, PolicyText, Span, render, statement_spans
from iamdesk.policy.statement import WITHOUT_REFERENCES, Statement

LATEST_VERSION = "2012-10-17"
FIRST_VERSION = "2008-10-17"
_TOP_ELEMENTS = frozenset({"Version", "Id", "Statement"})
_MAX_DEPTH = 60


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One problem of a document, with its position."""

    path: ElementPath
    message: str
    """One sentence, without the position."""


class Document:
    """A parsed policy document. Equal texts are one object (`parse_document`), so it is compared by identity."""

    __slots__ = (
        "_diagnostics",
        "_resource",
        "_statement_spans",
        "_text",
        "_wrong",
        "id",
        "raw",
        "statements",
        "version",
    )

    def __init__(
        self,
        raw: Any,
        version: str,
        policy_id: str | None,
        statements: tuple[Statement, ...],
        wrong: "Sequence[Diagnostic | Statement]",
    ) -> None:
        self.raw = raw
        """The JSON value as captured; text where it is not JSON."""
        self.version = version
        """``2012-10-17`` or ``2008-10-17``; the latter for a document without ``Version`` (rule L2)."""
        self.id = policy_id
        self.statements = statements
        self._wrong = wrong
        """Problems in order; a sound statement represents those of its entries, which are checked on demand."""
        self._diagnostics: tuple[Diagnostic, ...] | None = None
        self._text: PolicyText | None = None
        self._statement_spans: dict[ElementPath, Span] | None = None
        self._resource: str | None = None
        """Its resource, as passed to `parse_document`; None where it was made otherwise."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the document as written; it is parsed again."""
        if self._resource is not None and self.statements:
            return parse_document, (self.raw, self._resource)
        if self.statements:
            raise TypeError("a document with other statements than its own stays in its process")
        return Document, (self.raw, self.version, self.id, (), self._wrong)

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """The problems of the document, in its order; computed on first use."""
        if self._diagnostics is None:
            found: list[Diagnostic] = []
            for wrong in self._wrong:
                if isinstance(wrong, Diagnostic):
                    found.append(wrong)
                else:
                    found += [Diagnostic(path, message) for path, message in wrong.odd_entries()]
            self._diagnostics = tuple(found)
        return self._diagnostics

    def with_statements(self, statements: tuple[Statement, ...]) -> "Document":
        """Return the same document with other statements; its diagnostics stay."""
        return Document(self.raw, self.version, self.id, statements, self._wrong)

    @property
    def text(self) -> PolicyText:
        """The document as shown, with the span of each element; printed on first use."""
        if self._text is None:
            self._text = render(self.raw)
        return self._text

    def span_at(self, path: ElementPath) -> Span | None:
        """Return the span of an element in the shown text; of an absent element, its nearest ancestor's."""
        if self._text is None and isinstance(self.raw, dict):
            # The terminal shows positions of statements, but no text.
            if self._statement_spans is None:
                self._statement_spans = statement_spans(self.raw)
            if path in self._statement_spans:
                return self._statement_spans[path]
        return self.text.span_of(path)

    def span_of(self, diagnostic: Diagnostic) -> Span | None:
        """Return the span of a diagnostic in the shown text."""
        return self.span_at(diagnostic.path)


class DocumentStore:
    """Parses equal documents once: the same text in a thousand roles is one `Document`."""

    def __init__(self) -> None:
        # By digest: the texts of a large account would take fifty times as much memory.
        self._by_content: dict[bytes, Document] = {}

    def parse(self, raw: Any, resource: str = "") -> Document:
        """Return the parsed document of a JSON value; ``resource`` as in `parse_document`."""
        try:
            saved = as_saved(raw, resource)
            content = marshal.dumps(saved, WITHOUT_REFERENCES)  # takes a fifth of the time of printing JSON
            if saved is not raw:  # equal texts of two APIs are two policies, each shown with its own resource
                content = marshal.dumps((resource, raw, saved), WITHOUT_REFERENCES)
        except (RecursionError, ValueError):
            return parse_document(raw, resource)
        content = hashlib.sha256(content).digest()
        document = self._by_content.get(content)
        if document is None:
            document = self._by_content.setdefault(content, parse_document(raw, resource))
        return document


def parse_document(raw: Any, resource: str = "") -> Document:
    """Parse and diagnose a policy document, whatever its content.

    ``raw`` is a JSON value of the snapshot: an object, text that is not JSON, or None if none is captured. What cannot
    be understood is a diagnostic; statements that can be are evaluated (rule L5). ``resource`` is the ARN of a resource
    policy's resource: the policy is evaluated as its service saves it, and shown as written (`as_saved`).
    """
    saved = as_saved(raw, resource)
    document = _parsed(saved)
    document._resource = "" if saved is raw else resource
    if document.raw is saved:
        document.raw = raw
    return document


def _parsed(raw: Any) -> Document:
    if not isinstance(raw, dict):
        what = phrase("no document was captured") if raw is None else phrase("expected a JSON object")
        return Document("" if raw is None else raw, FIRST_VERSION, None, (), [Diagnostic((), what)])
    listed = raw.get("Statement")
    members: list[Any] = listed if isinstance(listed, list) else [] if listed is None else [listed]
    shapes = [sound_shape(member) for member in members]
    # Sound documents are shallow, and almost all are sound.
    if (None in shapes or not _is_sound_head(raw)) and _deeper_than(raw, _MAX_DEPTH):
        text = f"(nested deeper than {_MAX_DEPTH} levels: not shown)"
        return Document(
            text,
            FIRST_VERSION,
            None,
            (),
            [Diagnostic((), phrase("nested deeper than {deepest} levels", deepest=_MAX_DEPTH))],
        )
    wrong: list[Diagnostic | Statement] = [
        Diagnostic((name,), phrase("`{name}` is not an element of a policy", name=name))
        for name in raw
        if name not in _TOP_ELEMENTS
    ]
    version = raw.get("Version", FIRST_VERSION)
    if version not in (LATEST_VERSION, FIRST_VERSION):
        wrong.append(
            Diagnostic(
                ("Version",),
                phrase(
                    "expected {latest_version} or {first_version}: read as {first_version}",
                    latest_version=LATEST_VERSION,
                    first_version=FIRST_VERSION,
                ),
            )
        )
        version = FIRST_VERSION
    policy_id = raw.get("Id")
    if policy_id is not None and not isinstance(policy_id, str):
        wrong.append(Diagnostic(("Id",), phrase("expected text")))
        policy_id = None
    if listed is None:
        wrong.append(Diagnostic((), phrase("the policy has no `Statement`")))
    variables = version == LATEST_VERSION
    statements: list[Statement] = []
    path: ElementPath = ("Statement",)
    for index, shape in enumerate(shapes):
        member = members[index]
        if members is listed:
            path = ("Statement", index)
        if shape is None:
            statement = _StatementParser(member, path, index, variables, wrong).parse()
        else:
            texts = member[shape.action]
            actions = action_entries((texts,) if type(texts) is str else tuple(texts))
            statement = Statement(index, path, member, shape, actions, variables)
            wrong.append(statement)
        statements.append(statement)
    return Document(raw, version, policy_id, tuple(statements), wrong)


def _is_sound_head(raw: dict[str, Any]) -> bool:
    """Return whether nothing besides the statements can be deep."""
    return (
        raw.keys() <= _TOP_ELEMENTS and isinstance(raw.get("Version", ""), str) and isinstance(raw.get("Id", ""), str)
    )


def _deeper_than(value: Any, limit: int) -> bool:
    level: list[Any] = [value]
    for _ in range(limit):
        below: list[Any] = []
        for container in level:
            members = container.values() if isinstance(container, dict) else container
            below += [member for member in members if not isinstance(member, str) and isinstance(member, (dict, list))]
        if not below:
            return False
        level = below
    return True


@dataclass(slots=True)
class _StatementParser:
    """Parses a statement that is not sound: collects its problems in ``wrong``, and decides if it can be evaluated."""

    raw: Any
    path: ElementPath
    index: int
    variables: bool
    wrong: list[Diagnostic | Statement]
    broken: str | None = field(default=None, init=False)
    is_about_anything: bool = field(default=False, init=False)
    """Whether its actions cannot be read: it may be about any action."""

    def parse(self) -> Statement:
        if not isinstance(self.raw, dict):
            self._break((), phrase("expected an object"))
            self.is_about_anything = True
            return self._statement(is_allow=False)
        if not self.raw.keys() <= STATEMENT_ELEMENTS:
            for name in self.raw:
                if name not in STATEMENT_ELEMENTS:
                    self._note((name,), phrase("`{name}` is not an element of a statement", name=name))
        sid = self.raw.get("Sid")
        if sid is not None and not isinstance(sid, str):
            self._note(("Sid",), phrase("expected text"))
            sid = None
        effect = self.raw.get("Effect")
        if effect not in ("Allow", "Deny"):
            self._break(("Effect",), phrase('expected "Allow" or "Deny"'))  # case-sensitive, rule L5
        noted = len(self.wrong)
        not_action, action_name, action_texts = self._list_of("Action", "NotAction")
        if action_texts is None:
            self._break((), phrase("the statement has neither `Action` nor `NotAction`"))
        self.is_about_anything = len(self.wrong) > noted
        actions = action_entries(tuple(action_texts or ()))
        self._note_problems(action_name, actions.patterns)
        not_resource, resource_name, resource_texts = self._list_of("Resource", "NotResource")
        resources = None
        if resource_texts is not None:
            variables = self.variables
            resources = tuple([resource_pattern(text, variables) for text in resource_texts])
            self._note_problems(resource_name, resources)
        not_principal, principals = self._principals()
        return self._statement(
            is_allow=effect == "Allow",
            sid=sid,
            actions=actions,
            not_action=not_action,
            resources=resources,
            not_resource=not_resource,
            principals=principals,
            not_principal=not_principal,
            conditions=self._conditions(),
        )

    def _statement(
        self,
        *,
        is_allow: bool,
        sid: str | None = None,
        actions: ActionEntries = NO_ACTIONS,
        not_action: bool = False,
        resources: tuple[ResourcePattern, ...] | None = None,
        not_resource: bool = False,
        principals: tuple[PrincipalEntry, ...] | None = None,
        not_principal: bool = False,
        conditions: tuple[ConditionTest, ...] = (),
    ) -> Statement:
        if self.is_about_anything:
            actions = actions._replace(services=None)
        shape = Shape("", None, None, False, not_action, not_resource, not_principal)
        return Statement(self.index, self.path, {}, shape, actions, self.variables).changed(
            sid=sid,
            is_allow=is_allow,
            resources=resources,
            principals=principals,
            conditions=conditions,
            broken=self.broken,
        )

    def _note_problems(self, name: str | None, entries: Sequence[ActionPattern | ResourcePattern]) -> None:
        """Note the entries that match nothing, each at its position in the element."""
        if name is not None:
            for place, problem in entry_problems(name, self.raw[name], entries):
                self._note(place, problem)

    def _note(self, where: ElementPath, message: str) -> None:
        self.wrong.append(Diagnostic((*self.path, *where), message))

    def _break(self, where: ElementPath, message: str) -> None:
        self._note(where, message)
        self.broken = self.broken or message

    def _pair(self, plain: str, negated: str) -> tuple[bool, str | None]:
        """Return which of an element and its negation the statement has; both together break it (rule L5)."""
        if plain in self.raw and negated in self.raw:
            self._break(
                (negated,), phrase("the statement has both `{plain}` and `{negated}`", plain=plain, negated=negated)
            )
        if plain in self.raw:
            return False, plain
        return (True, negated) if negated in self.raw else (False, None)

    def _list_of(self, plain: str, negated: str) -> tuple[bool, str | None, list[str] | None]:
        """Return whether the element is negated, its name and its texts; no name and None where there is none."""
        is_negated, name = self._pair(plain, negated)
        if name is None:
            return is_negated, None, None
        value = self.raw[name]
        if isinstance(value, str):
            return is_negated, name, [value]
        if not isinstance(value, list):
            self._break((name,), phrase("expected text in `{name}`", name=name))
            return is_negated, name, []
        texts = [member for member in value if isinstance(member, str)]
        if len(texts) < len(value):
            for position, member in enumerate(value):
                if not isinstance(member, str):
                    self._break((name, position), phrase("expected text in `{name}`", name=name))
        return is_negated, name, texts

    def _principals(self) -> tuple[bool, tuple[PrincipalEntry, ...] | None]:
        is_negated, name = self._pair("Principal", "NotPrincipal")
        if name is None:
            return is_negated, None
        entries, problems = parse_principal(self.raw[name])
        for where, message in problems:
            self._break((name, *where), message)
        return is_negated, entries

    def _conditions(self) -> tuple[ConditionTest, ...]:
        if "Condition" not in self.raw:
            return ()
        tests, problems = parse_conditions(self.raw["Condition"], (*self.path, "Condition"), self.variables)
        for where, message in problems:
            self.wrong.append(Diagnostic(where, message))
            if message.startswith("expected"):
                self.broken = self.broken or phrase("its condition cannot be read: {message}", message=message)
        return tests
