"""The form of one change: kind, subject, and details."""

import json
import re
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QPlainTextEdit,
    QPushButton,
    QSpinBox,
    QWidget,
)

from iamdesk.gui.core.plain_text import visible
from iamdesk.gui.widgets.completing_field import AutocompleteEdit
from iamdesk.i18n import mark, tr
from iamdesk.whatif.edits import Edit, EditAction, WhatIfError, edit_from_json

_WORDS: dict[EditAction, tuple[str, str, str]] = {
    EditAction.ATTACH_POLICY: (mark("Attach a policy"), mark("User, group or role"), mark("Policy (ARN)")),
    EditAction.DETACH_POLICY: (mark("Detach a policy"), mark("User, group or role"), mark("Policy (ARN)")),
    EditAction.PUT_INLINE_POLICY: (mark("Write an inline policy"), mark("User, group or role"), mark("Name")),
    EditAction.DELETE_INLINE_POLICY: (mark("Delete an inline policy"), mark("User, group or role"), mark("Name")),
    EditAction.SET_BOUNDARY: (mark("Set a permissions boundary"), mark("User or role"), mark("Policy (ARN)")),
    EditAction.REMOVE_BOUNDARY: (mark("Remove a permissions boundary"), mark("User or role"), ""),
    EditAction.JOIN_GROUP: (mark("Add to a group"), mark("User"), mark("Group (ARN)")),
    EditAction.LEAVE_GROUP: (mark("Remove from a group"), mark("User"), mark("Group (ARN)")),
    EditAction.TAG: (mark("Set a tag"), mark("User or role"), mark("Key")),
    EditAction.UNTAG: (mark("Remove a tag"), mark("User or role"), mark("Key")),
    EditAction.DELETE: (mark("Delete"), mark("User or role"), ""),
    EditAction.SET_POLICY: (mark("Change a policy's text"), mark("Policy"), ""),
    EditAction.ADD_STATEMENT: (mark("Add a statement"), mark("Policy"), ""),
    EditAction.SET_STATEMENT: (mark("Replace a statement"), mark("Policy"), ""),
    EditAction.REMOVE_STATEMENT: (mark("Remove a statement"), mark("Policy"), ""),
    EditAction.CREATE_POLICY: (mark("Create a policy"), mark("Policy (ARN)"), ""),
    EditAction.ATTACH_ORGANIZATION_POLICY: (
        mark("Attach an SCP or RCP"),
        mark("Root, OU or account"),
        mark("Policy (id)"),
    ),
    EditAction.DETACH_ORGANIZATION_POLICY: (
        mark("Detach an SCP or RCP"),
        mark("Root, OU or account"),
        mark("Policy (id)"),
    ),
}
"""By kind: its text, the subject, and the detail (empty: none)."""
_DOCUMENTS: dict[EditAction, str] = {
    EditAction.PUT_INLINE_POLICY: mark("Document (JSON)"),
    EditAction.SET_POLICY: mark("Document (JSON)"),
    EditAction.CREATE_POLICY: mark("Document (JSON)"),
    EditAction.ADD_STATEMENT: mark("Statement (JSON)"),
    EditAction.SET_STATEMENT: mark("Statement (JSON)"),
    EditAction.TAG: mark("Value"),
}
_NOT_NEEDED = mark("Not needed")
_NAMED_DETAILS = frozenset(
    {
        EditAction.ATTACH_POLICY,
        EditAction.DETACH_POLICY,
        EditAction.SET_BOUNDARY,
        EditAction.JOIN_GROUP,
        EditAction.LEAVE_GROUP,
        EditAction.ATTACH_ORGANIZATION_POLICY,
        EditAction.DETACH_ORGANIZATION_POLICY,
    }
)
"""Kinds whose detail is a policy or a group of the snapshot."""
_OF_ORGANIZATIONS = frozenset({EditAction.ATTACH_ORGANIZATION_POLICY, EditAction.DETACH_ORGANIZATION_POLICY})
_ID_OF_ORGANIZATION = re.compile(r"r-\w+|ou-\w+-\w+|p-\w+|\d{12}")
_NUMBERED = frozenset({EditAction.SET_STATEMENT, EditAction.REMOVE_STATEMENT})
_LOADED = frozenset({EditAction.SET_POLICY, EditAction.SET_STATEMENT})


def edit_words(edit: Edit) -> str:
    """Return a change in one line."""
    words, _, detail = _WORDS[edit.act]
    title = tr(words) if edit.index is None else f"{tr(words)} {edit.index + 1}"
    return f"{title}: {edit.subject}, {edit.detail}" if detail else f"{title}: {edit.subject}"


def is_whole_key(text: str, act: EditAction) -> bool:
    """Return whether a text is a key of the snapshot for a kind of change (an ARN, an ID), not a name."""
    if act in _OF_ORGANIZATIONS:
        return _ID_OF_ORGANIZATION.fullmatch(text) is not None
    return text.startswith(("arn:", "organization#"))


class EditForm(QWidget):
    """The fields of a change; `edit` reports what is missing."""

    load_wanted = Signal(str, object)
    """Policy key, index of a statement or None: its text is wanted (`show_document`)."""
    subjects_wanted = Signal(object, str)
    """Kind and text: what the subject can be is wanted (``subject.offer``)."""
    details_wanted = Signal(object, str, str)
    """Kind, subject and text: what the detail can be is wanted (``detail.offer``)."""
    submitted = Signal()
    """Return was pressed in a field, and nothing is left to enter."""
    statements_wanted = Signal(str)
    """Policy key: its statements are wanted (`show_statements`)."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.act = QComboBox()
        self.act.setObjectName("whatIfAct")
        self.act.setAccessibleName(tr("Kind of change"))
        for act, (words, _, _) in _WORDS.items():
            self.act.addItem(tr(words), act)
        self.subject, self.detail = AutocompleteEdit(tr("Subject")), AutocompleteEdit(tr("Detail"))
        self.subject.setObjectName("whatIfSubject")
        self.detail.setObjectName("whatIfDetail")
        self.number = QSpinBox()
        self.number.setObjectName("whatIfStatement")
        self.number.setRange(1, 9999)
        self.number.setAccessibleName(tr("Number of the statement, from 1"))
        self.statements = QComboBox()
        self.statements.setObjectName("whatIfStatements")
        self.statements.setAccessibleName(tr("Statements of the policy"))
        self.statements.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.statements.setMinimumContentsLength(12)
        self.document = QPlainTextEdit()
        self.document.setObjectName("whatIfDocument")
        self.document.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.document.setTabChangesFocus(True)
        self.load_button = QPushButton(tr("&Load its text"))
        self.load_button.setObjectName("whatIfLoad")
        self.load_button.setAutoDefault(False)
        which = QHBoxLayout()
        which.addWidget(self.number)
        which.addWidget(self.statements, 1)
        which.addWidget(self.load_button)
        self._form = QFormLayout(self)
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.addRow(tr("&Do"), self.act)
        self._form.addRow(tr("S&ubject"), self.subject)
        self._form.addRow(tr("Deta&il"), self.detail)
        self._form.addRow(tr("Statement"), which)
        self._form.addRow(tr("Docume&nt"), self.document)
        self._which = which
        self.act.currentIndexChanged.connect(lambda _row: self._adapt())
        self.load_button.clicked.connect(self._load)
        self.subject.wanted.connect(lambda text: self.subjects_wanted.emit(self.chosen, text))
        self.detail.wanted.connect(self._want_details)
        self.subject.textChanged.connect(lambda _text: self._want_statements())
        self.subject.submitted.connect(self._submit)
        self.detail.submitted.connect(self._submit)
        self.statements.activated.connect(lambda at: self.number.setValue(at + 1))
        self.number.valueChanged.connect(lambda number: self.statements.setCurrentIndex(number - 1))
        self._adapt()

    @property
    def chosen(self) -> EditAction:
        """The kind of change."""
        return EditAction(self.act.currentData())

    def takes_names(self, field: AutocompleteEdit) -> bool:
        """Return whether a field names something of the snapshot; others are free text, such as the key of a tag."""
        if field is self.subject:
            return self.chosen is not EditAction.CREATE_POLICY
        return self.chosen in _NAMED_DETAILS

    def _submit(self) -> None:
        """Go to the field that is still empty, else add the change."""
        act = self.chosen
        if self.subject.text().strip() and _WORDS[act][2] and not self.detail.text().strip():
            self.detail.setFocus(Qt.FocusReason.OtherFocusReason)
        elif act in _DOCUMENTS and not self.document.toPlainText().strip():
            self.document.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.submitted.emit()

    def edit(self) -> Edit:
        """Return the change.

        Raises:
            WhatIfError: something is missing, or the document is no JSON; one sentence.
        """
        act = self.chosen
        value: dict[str, Any] = {"do": act.value, "subject": self.subject.text().strip()}
        if _WORDS[act][2]:
            value["detail"] = self.detail.text().strip()
        if act in _NUMBERED:
            value["statement"] = self.number.value() - 1
        if act in _DOCUMENTS:
            value["document"] = self._document(act)
        return edit_from_json(value)

    def _document(self, act: EditAction) -> Any:
        text = self.document.toPlainText()
        if act is EditAction.TAG:
            return text.strip()
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            what = tr("nested too deeply")
            if isinstance(error, json.JSONDecodeError):
                what = tr("{what} at line {line}").format(what=error.msg, line=error.lineno)
            raise WhatIfError(tr("the document is not valid JSON: {what}").format(what=what)) from None

    def show_document(self, document: Any) -> None:
        """Show the text of a policy, or of one of its statements, to be edited."""
        self.document.setPlainText(json.dumps(document, indent=2, ensure_ascii=False))

    def show_statements(self, key: str, statements: Sequence[str]) -> None:
        """List the statements of a policy, if it still is the subject."""
        if key != self.subject.text().strip():
            return
        self.statements.clear()
        for number, words in enumerate(statements, start=1):
            self.statements.addItem(visible(f"{number}. {words}"))
        self.statements.setCurrentIndex(self.number.value() - 1)
        self.statements.setVisible(bool(statements) and self.chosen in _NUMBERED)

    def start_with(self, key: str) -> None:
        """Enter the window's selection: as the subject, or as the detail if it is a managed policy to attach."""
        is_policy = ":policy/" in key and self.chosen in _NAMED_DETAILS
        for field, text in ((self.subject, "" if is_policy else key), (self.detail, key if is_policy else "")):
            field.setText(text)
            field.setCursorPosition(0)

    def clear(self) -> None:
        """Clear the form for another change of the same subject."""
        self.detail.clear()
        self.document.clear()

    def _adapt(self) -> None:
        """Show the fields of the chosen kind."""
        act = self.chosen
        _, subject, detail = _WORDS[act]
        for field, words in ((self.subject, subject), (self.detail, detail)):
            field.setAccessibleName(tr(words or _NOT_NEEDED))
            field.setPlaceholderText(tr(words))
        self._form.setRowVisible(self.detail, bool(detail))
        self._form.setRowVisible(self._which, act in _NUMBERED or act in _LOADED)
        self.number.setVisible(act in _NUMBERED)
        self.load_button.setVisible(act in _LOADED)
        self._want_statements()
        self._form.setRowVisible(self.document, act in _DOCUMENTS)
        self.document.setAccessibleName(tr(_DOCUMENTS.get(act, _NOT_NEEDED)))
        self.document.setPlaceholderText(tr(_DOCUMENTS.get(act, "")))

    def _want_details(self, text: str) -> None:
        self.details_wanted.emit(self.chosen, self.subject.text().strip(), text)

    def _want_statements(self) -> None:
        self.statements.clear()
        self.statements.hide()
        key = self.subject.text().strip()
        if self.chosen in _NUMBERED and key:
            self.statements_wanted.emit(key)

    def _load(self) -> None:
        number = self.number.value() - 1 if self.chosen in _NUMBERED else None
        self.load_wanted.emit(self.subject.text().strip(), number)
