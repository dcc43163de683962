"""The request bar: Can … do … on … ? Enter in any field evaluates the request."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QStyle,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from iamdesk.evaluate.request import PolicyType, Request, SessionPolicy
from iamdesk.explain.decision import EvaluationResult
from iamdesk.export.text.decision import short_arn
from iamdesk.gui.ask.autocomplete import AutocompleteService
from iamdesk.gui.ask.context_panel import ContextPanel
from iamdesk.gui.ask.sentence import read_typed
from iamdesk.gui.core.jobs import JobRunner
from iamdesk.gui.core.plain_text import plain_label, set_tooltip
from iamdesk.gui.core.principals import is_principal, is_whole_principal, principal_of_key, subject_of
from iamdesk.gui.core.session import Session, is_row_of
from iamdesk.gui.widgets.completing_field import AutocompleteEdit
from iamdesk.gui.widgets.message_bar import MessageBar, Tone
from iamdesk.i18n import ntr, tr, translate
from iamdesk.use_cases.types import UseCaseRequest, UseCaseResult
from iamdesk.viewmodel.types import Completion

if TYPE_CHECKING:
    from iamdesk.api import Hint, Opened
    from iamdesk.use_cases.types import UseCase


class RequestBar(QWidget):
    """Principal, action, resource, context. Follows the navigator's selection and every request of the window."""

    edited = Signal(bool)
    """Whether the fields show the request that was evaluated last, after one of them changed."""

    def __init__(self, session: Session, jobs: JobRunner, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._lookups = AutocompleteService(session, jobs, self)
        self._without: frozenset[PolicyType] = frozenset()
        self._session_policies: tuple[SessionPolicy, ...] | None = None
        self._resource_account: str | None = None
        self._use_case: UseCaseRequest | None = None
        self._listed: Request | None = None
        """The last request of who can; its rows are evaluated without entering their principals here."""
        self._star_is_ours = False
        self._hinted = ""
        """Action and bucket that the user wants evaluated as they are."""
        self.asks_for_subject: Callable[[], bool] = lambda: True
        """Whether selecting a principal evaluates the request for it; if not, it is only entered."""
        self._several_accounts = False
        self.principal = AutocompleteEdit(tr("Principal of the request"))
        self.action = AutocompleteEdit(tr("Action to perform"))
        self.resource = AutocompleteEdit(tr("Resource to act on"))
        self.context_button = QToolButton()
        self.ask_button = QPushButton(tr("Ask"))
        self.who_else_button = QPushButton(tr("Who can?"))
        self.context = ContextPanel(self._key_type, self._known_values)
        self.message = MessageBar()
        self._lay_out()
        self._connect()
        self._enable()

    @property
    def _fields(self) -> tuple[AutocompleteEdit, AutocompleteEdit, AutocompleteEdit]:
        return self.principal, self.action, self.resource

    def commands(self) -> Mapping[str, Callable[[], None]]:
        """Return the handlers of commands by name (``gui/app/commands.py``)."""
        return {
            "actionAsk": self.ask,
            "actionWhoElse": self.ask_who_else,
            "actionQuestion": self.go_to_request,
            "actionAskAboutSubject": self.ask_about_subject,
        }

    def _lay_out(self) -> None:
        sentence = QHBoxLayout()
        for word, field, name, hint, share in (
            (tr("&Can"), self.principal, "askPrincipal", tr("a user, a role … or empty: who can"), 5),
            (tr("&do"), self.action, "askAction", tr("read object on payroll …"), 5),
            (tr("&on"), self.resource, "askResource", tr("arn:aws:s3:::bucket/key, or *"), 8),
        ):
            field.setObjectName(name)
            field.setPlaceholderText(hint)
            field.setMinimumWidth(self.fontMetrics().averageCharWidth() * 14)
            field.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            sentence.addWidget(plain_label(word, buddy=field))
            sentence.addWidget(field, share)
        self.principal.show_resting(self._short_principal)
        sentence.addWidget(plain_label("?"))
        self.context_button.setObjectName("askContext")
        self.context_button.setCheckable(True)
        self.context_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.context_button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        sentence.addWidget(self.context_button)
        self.ask_button.setObjectName("askButton")
        self.ask_button.setAccessibleName(tr("Ask"))
        set_tooltip(self.ask_button, tr("Evaluate the request (Enter in any field, Ctrl+Return anywhere)"))
        sentence.addWidget(self.ask_button)
        self.who_else_button.setObjectName("whoElseButton")
        self.who_else_button.setAccessibleName(tr("Who can do this?"))
        set_tooltip(self.who_else_button, tr("List all principals that can do this (Ctrl+Shift+Return)"))
        sentence.addWidget(self.who_else_button)
        layout = QVBoxLayout(self)
        gap = self.style().pixelMetric(QStyle.PixelMetric.PM_LayoutVerticalSpacing)
        layout.setContentsMargins(gap + 2, gap, gap + 2, gap)
        layout.addLayout(sentence)
        layout.addWidget(self.message)
        layout.addWidget(self.context)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.context.hide()
        chain = (*self._fields, self.context_button, self.ask_button, self.who_else_button, self.context)
        for before, after in pairwise(chain):
            QWidget.setTabOrder(before, after)
        self._count_context()

    def _connect(self) -> None:
        self.principal.wanted.connect(lambda text: self._lookups.suggest_principals(self.principal, text))
        self.action.wanted.connect(lambda text: self._lookups.suggest_actions(self.action, text))
        self.resource.wanted.connect(
            lambda text: self._lookups.suggest_resources(self.resource, self.action.text().strip(), text)
        )
        for field in self._fields:
            field.textChanged.connect(lambda _text: self.edited.emit(self.is_unedited))
            field.taken.connect(self._taken)
            field.submitted.connect(self.ask)
        self.action.editingFinished.connect(self._check_request)
        self.resource.editingFinished.connect(self._check_request)
        self.resource.textEdited.connect(self._resource_edited)
        self.action.textEdited.connect(self._action_edited)
        self.ask_button.clicked.connect(self.ask)
        self.who_else_button.clicked.connect(self.ask_who_else)
        self.context_button.toggled.connect(self._show_context)
        self.context.changed.connect(self._context_changed)
        self._session.snapshot_opened.connect(self._opened)
        self._session.snapshot_closed.connect(self._closed)
        self._session.subject_selected.connect(self._subject_selected)
        self._session.request_drafted.connect(self._drafted)
        self._session.request_asked.connect(self._asked)
        self._session.who_can_asked.connect(self._who_can_asked)
        self._session.use_case_asked.connect(self._use_case_asked)
        self._session.who_can_stated.connect(self._who_can_asked)
        self._session.use_case_evaluated.connect(self._show_use_case)
        self._session.request_failed.connect(self._failed)
        self._session.evaluated.connect(self._show_evaluated)

    # Evaluating

    def ask(self) -> None:
        """Evaluate the request, or list who can if there is no principal; names are completed first.

        A whole sentence in one field fills the others. Focus the first empty field if the request is not complete.
        """
        if self._session.snapshot is not None:
            self.message.clear()
            self._split_sentence()
            self._complete_action(self._ask_completed)

    def ask_who_else(self) -> None:
        """List who can perform the action, or any action if there is none; names are completed first."""
        if self._session.snapshot is not None:
            self.message.clear()
            self._split_sentence()
            self._complete_action(self._list_who_can)

    def _split_sentence(self) -> None:
        """Put the parts of a sentence that was typed into one field into their fields."""
        for field in self._fields:
            text = field.text().strip()
            found = read_typed(text) if " " in text and self._use_case_of(text) is None else None
            if found is not None:
                if field is self.principal and found.principal is None:
                    field.clear()
                for each, part in zip(self._fields, found, strict=True):
                    if part is not None:
                        each.setText(part)
                return

    def _ask_completed(self) -> None:
        opened = self._session.snapshot
        if opened is None:
            return
        self._fill_star_where_needed()
        if not self.principal.text().strip() and self.action.text().strip() and self._lists_all:
            self._list_who_can()
            return
        for field, open_words in (
            (self.principal, tr("Enter a principal, or action and resource alone to list who can.")),
            (self.action, tr("Enter an action such as s3:GetObject.")),
            (self.resource, tr("Enter a resource: an ARN, or * for any resource.")),
        ):
            if not field.text().strip() or field.has_placeholder:
                field.setFocus(Qt.FocusReason.OtherFocusReason)
                field.select_placeholder(from_start=True)
                to_fill = tr("Fill in the marked part of the ARN; * matches any text.")
                self.message.say(Tone.NOTE, to_fill if field.has_placeholder else open_words)
                return
        typed = self.principal.text().strip()
        if is_whole_principal(typed):
            self._ask()
            return
        self._lookups.principals_called(typed, lambda named: self._resolved(typed, named))

    @property
    def _lists_all(self) -> bool:
        """Whether action and resource are enough to list who can."""
        action, resource = (field.text().strip() for field in (self.action, self.resource))
        is_named = resource and (action or resource != "*")
        return bool(is_named) and not (self.action.has_placeholder or self.resource.has_placeholder)

    def _fill_star_where_needed(self) -> None:
        """Enter ``*`` as the resource of an action that takes none."""
        opened = self._session.snapshot
        if opened is not None and not self.resource.text().strip() and opened.takes_no_resource(self.action.text()):
            self._fill_star()

    def _list_who_can(self) -> None:
        """List who can; the first field that is still to be filled gets the focus."""
        self._fill_star_where_needed()
        if not self._lists_all:
            self.go_to_open_field()
            self.message.say(Tone.NOTE, tr("Enter an action, a resource, or both to list who can."))
            return
        request = self.request()
        use_case = self._use_case_of(request.action)
        if use_case is not None:
            actions = ", ".join(dict.fromkeys(part.action for part in use_case.parts))
            words = tr("Who can takes one action, not a use case. Enter one of the actions of “{use_case}”: {actions}.")
            self.message.say(Tone.NOTE, words.format(use_case=translate(use_case.title), actions=actions))
            return
        self._session.ask_who_can(request)

    def _complete_action(self, then: Callable[[], None]) -> None:
        """Take the action that a name without a service means; ask which one if there are several."""
        typed = self.action.text().strip()
        if not typed or ":" in typed or "*" in typed or self._use_case_of(typed) is not None:
            self._complete_resource(then)
            return
        self._lookups.actions_called(
            typed, lambda rows: self._completed(self.action, typed, rows, lambda: self._complete_resource(then))
        )

    def _use_case_of(self, action: str) -> "UseCase | None":
        """Return the use case that is named in place of an action."""
        opened = self._session.snapshot
        return None if opened is None or ":" in action else opened.find_use_case(action)

    def _complete_resource(self, then: Callable[[], None]) -> None:
        """Take the only resource whose name contains the text; ask which one if there are several."""
        typed = self.resource.text().strip()
        if not typed or typed.startswith("arn:") or "*" in typed or self.resource.has_placeholder:
            then()
            return
        self._lookups.resources_called(
            self.action.text().strip(),
            typed,
            lambda rows: self._completed(self.resource, typed, rows, then),
        )

    def _completed(
        self, field: AutocompleteEdit, typed: str, rows: list[Completion], go_on: Callable[[], None]
    ) -> None:
        if field.text().strip() != typed or self._session.snapshot is None:
            return
        if len(rows) > 1:
            to_choose = tr("{typed} can mean several things: choose one from the list.").format(typed=typed)
            self.message.say(Tone.NOTE, to_choose)
            field.setFocus(Qt.FocusReason.OtherFocusReason)
            field.want(typed)
            return
        if rows:
            field.setText(rows[0].value)
        go_on()  # what nothing is named like, the evaluator reports

    def _resolved(self, typed: str, named: list[Completion]) -> None:
        if self.principal.text().strip() != typed or self._session.snapshot is None:
            return
        if len(named) > 1:
            self.message.say(
                Tone.NOTE,
                tr("{count} principals are named {name}: choose one from the list.").format(
                    count=len(named), name=typed
                ),
            )
            self.principal.setFocus(Qt.FocusReason.OtherFocusReason)
            self.principal.want(typed)
            return
        if named:
            self.principal.setText(named[0].value)
        self._ask()  # if no principal has this name, the evaluator reports it

    def _ask(self) -> None:
        """Evaluate the fields: one action, or a use case."""
        request, asked = self.request(), self._use_case
        is_again = asked is not None and asked.request.action.lower() == request.action.lower()
        if asked is not None and is_again:
            self._session.evaluate_use_case(UseCaseRequest(request, asked.inputs))
        elif self._use_case_of(request.action) is not None:
            self._session.evaluate_use_case(UseCaseRequest(request))
        else:
            self._session.ask(request)

    def _key_type(self, key: str) -> str | None:
        return self._session.snapshot.key_type(key) if self._session.snapshot is not None else None

    def _known_values(self, key: str) -> tuple[str, ...]:
        return self._session.snapshot.known_values(key) if self._session.snapshot is not None else ()

    def request(self) -> Request:
        """Return the request of the fields."""
        return Request(
            principal=self.principal.text().strip(),
            action=self.action.text().strip(),
            resource=self.resource.text().lstrip(),
            context=self.context.context,
            resource_account=self._resource_account,
            session_policies=self._session_policies,
            unknown_context=self.context.unknown,
            without=self._without,
        )

    @property
    def is_complete(self) -> bool:
        """Whether every field is filled in."""
        return all(field.text().strip() and not field.has_placeholder for field in self._fields)

    @property
    def is_unedited(self) -> bool:
        """Whether the fields show the request that was evaluated last; True if there is none."""
        use_case = self._session.use_case
        asked = self._session.request or (self._use_case or (use_case.request if use_case is not None else None))
        if isinstance(asked, UseCaseRequest):
            asked = asked.request
        request = self.request()
        fields = (request.principal, request.action, request.resource)
        return asked is None or self._is_of_list(asked) or fields == (asked.principal, asked.action, asked.resource)

    def _is_of_list(self, asked: Request) -> bool:
        """Return whether a request is that of a row of who can: the fields show what was asked of all principals."""
        listed = self._listed
        return (
            listed is not None
            and not self.principal.text().strip()
            and (self.action.text().strip(), self.resource.text().lstrip()) == (listed.action, listed.resource)
            and is_row_of(listed, asked)
        )

    def go_to_request(self) -> None:
        """Focus the first empty field, or the first field."""
        field = next((field for field in self._fields if not field.text().strip()), self.principal)
        field.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def go_to_open_field(self) -> None:
        """Focus what is still to be filled in to list who can: the action, or the resource."""
        field = self.resource if self.action.text().strip() or self.resource.has_placeholder else self.action
        field.setFocus(Qt.FocusReason.OtherFocusReason)
        field.select_placeholder(from_start=True)

    def focus_wrong_field(self) -> None:
        """Focus the action if it cannot be one, else the resource: the request was refused."""
        service, colon, name = self.action.text().strip().partition(":")
        is_action = not service or bool(service and colon and name and " " not in name)
        field = self.resource if is_action else self.action
        field.setFocus(Qt.FocusReason.OtherFocusReason)

    def ask_about_subject(self) -> None:
        """Enter the navigator's principal, and focus the first empty field."""
        self._take_subject(self._session.subject_key)
        self.go_to_request()

    def _taken(self) -> None:
        """After a suggestion was taken: evaluate if the fields are complete, else go to the next one."""
        self._check_request()
        sender = self.sender()
        if isinstance(sender, AutocompleteEdit) and sender.has_placeholder:
            return
        if self.is_complete or (sender is self.resource and self._lists_all):
            self.ask()
            return
        following = next((field for field in self._fields if not field.text().strip()), None)
        if following is not None:
            following.setFocus(Qt.FocusReason.OtherFocusReason)

    def _context_changed(self) -> None:
        self._count_context()
        if self.is_complete or (self._listed is not None and self._lists_all):
            self.ask()

    # Known mistakes

    def _check_request(self) -> None:
        """Look the action up: enter ``*`` if it takes no resource; show a hint if the resource does not fit."""
        action, resource = self.action.text().strip(), self.resource.text().lstrip()
        if self._session.snapshot is None or not action or self.resource.has_placeholder or not self.isVisible():
            return  # also as the window closes: fields finish editing when they lose the focus
        self._lookups.look_at(action, resource, lambda star, hint: self._looked_at(action, resource, star, hint))

    def _looked_at(self, action: str, resource: str, no_resource: bool, hint: "Hint | None") -> None:
        if (action, resource) != (self.action.text().strip(), self.resource.text().lstrip()):
            return
        if no_resource and not resource:
            self._fill_star()
        elif not no_resource and self._star_is_ours and resource == "*":
            self.resource.clear()
            self._star_is_ours = False
        self._hint(hint)

    def _hint(self, hint: "Hint | None") -> None:
        if hint is None:
            if self._hinted and self.message.text == self._hinted:
                self.message.clear()
            self._hinted = ""
            return
        self._hinted = f"{translate(hint.sentence)}."
        if hint.resource:
            self.message.say(Tone.NOTE, self._hinted, tr("Use this resource"), lambda: self._ask_on(hint.resource))
        else:
            self.message.say(Tone.NOTE, self._hinted)

    def _ask_on(self, resource: str) -> None:
        self.resource.setText(resource)
        self._resource_account = None
        self.ask()

    def _fill_star(self) -> None:
        self.resource.setText("*")
        self._star_is_ours = True

    def _action_edited(self) -> None:
        self._use_case = None

    def _resource_edited(self) -> None:
        self._star_is_ours = False
        self._resource_account = None  # it belonged to the previous resource

    # Following the session

    def _opened(self, opened: "Opened") -> None:
        self._several_accounts = len(opened.accounts) > 1
        self._enable()
        self._lookups.prepare()

    def _closed(self) -> None:
        for field in self._fields:
            field.clear()
            field.close_popup()
        self.context.clear()
        self.message.clear()
        self._forget_extras()
        self._count_context()
        self._enable()

    def _forget_extras(self) -> None:
        self._without = frozenset()
        self._session_policies = self._resource_account = self._use_case = self._listed = None
        self._star_is_ours = False
        self._hinted = ""

    def _enable(self) -> None:
        for widget in (*self._fields, self.context_button, self.ask_button, self.who_else_button, self.context):
            widget.setEnabled(self._session.snapshot is not None)

    def _subject_selected(self, key: str) -> None:
        asked, opened = self._session.request, self._session.snapshot
        is_listed = asked is not None and self._is_of_list(asked)
        if is_listed and asked and opened and subject_of(opened.outline, asked.principal) == key:
            return  # the principal of a row: the list stays the request
        is_new = self._take_subject(key) and self.is_complete and self.request() != self._session.request
        if is_new and self.asks_for_subject():  # else it is being evaluated already, or was not asked for
            self.ask()

    def _take_subject(self, key: str) -> bool:
        """Enter the principal of a key; return whether the key is a principal's."""
        opened = self._session.snapshot
        principal = principal_of_key(opened.outline, key) if opened is not None else None
        if principal is None:
            return False
        if principal != self.principal.text().strip():
            self.principal.setText(principal)
            self._session_policies = None
        return True

    def _drafted(self, principal: str | None, action: str | None, resource: str | None) -> None:
        for field, text in zip(self._fields, (principal, action, resource), strict=True):
            if text is not None:
                field.setText(text)
        if resource is not None:
            self._resource_account = None
        self._check_request()
        self.go_to_request()

    def _use_case_asked(self, request: UseCaseRequest) -> None:
        self._asked(request.request)
        self._use_case = request
        self.edited.emit(self.is_unedited)

    def _who_can_asked(self, request: Request) -> None:
        """Show the request of who can; what is still to be filled in gets the focus."""
        self._use_case = None
        self._listed = request
        for field, text in zip(self._fields, (request.principal, request.action, request.resource), strict=True):
            if field.text() != text:
                field.setText(text)
        self._take_extras(request)
        self._check_request()
        self.edited.emit(self.is_unedited)

    def _asked(self, request: Request) -> None:
        self._use_case = None
        if self._is_of_list(request):
            self.edited.emit(self.is_unedited)
            return
        for field, text in zip(self._fields, (request.principal, request.action, request.resource), strict=True):
            if field.text() != text:
                field.setText(text)
        self._take_extras(request)
        self._check_request()
        self.edited.emit(self.is_unedited)

    def _take_extras(self, request: Request) -> None:
        """Show the context of a request, and keep what no field shows."""
        self._without = request.without
        self._session_policies = request.session_policies
        self._resource_account = request.resource_account
        self.context.show_request(request)
        self._count_context()
        self.message.clear()

    def _failed(self, sentence: str, is_unknown_action: bool) -> None:
        self._hinted = ""
        if is_unknown_action and (refused := self._session.request) is not None:
            forced = replace(refused, unknown_action=True)
            self.message.say(Tone.WARNING, sentence, tr("Evaluate anyway"), lambda: self._session.ask(forced))
        else:
            self.message.say(Tone.WARNING, sentence)

    def _show_evaluated(self, decision: EvaluationResult | None) -> None:
        if decision is None:
            return
        if decision.request.remarks:
            self._asked(decision.request)
            self._say_remarks(decision.request)
        self.context.show_decision(decision)
        self._count_context()

    def _show_use_case(self, result: UseCaseResult) -> None:
        self._count_context()
        if result.request.request.remarks:
            self._use_case_asked(result.request)
            self._say_remarks(result.request.request)

    def _say_remarks(self, request: Request) -> None:
        self.message.say(Tone.NOTE, " ".join(map(translate, request.remarks)))

    # Appearance

    def _show_context(self, translate: bool) -> None:
        self.context.setVisible(translate)
        self._count_context()
        if translate:
            self.context.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def _count_context(self) -> None:
        given = len(self.context.context)
        open_keys = sum(row.matters for row in self.context.model.rows)
        self.context_button.setText(tr("Context {given}").format(given=given) if given else tr("Context"))
        self.context_button.setArrowType(
            Qt.ArrowType.UpArrow if self.context_button.isChecked() else Qt.ArrowType.DownArrow
        )
        words = ntr("{count} condition key provided", "{count} condition keys provided", given).format(count=given)
        if not given:
            words = tr("no condition keys provided")
        if open_keys:
            words = tr("{given}, {count} more can change the decision").format(given=words, count=open_keys)
        self.context_button.setAccessibleName(tr("Context: {words}").format(words=words))
        set_tooltip(self.context_button, tr("Request context: {words}").format(words=words))

    def _short_principal(self, text: str) -> str:
        short = translate(short_arn(text))
        parts = text.split(":", 5)
        if self._several_accounts and short != text and is_principal(text) and parts[4] not in short:
            return f"{short} · {parts[4]}"
        return short
