"""The marks of notes. Without pydantic, which the first paint of the window does not wait for."""

from enum import StrEnum

from iamdesk.i18n import mark


class NoteMark(StrEnum):
    """A mark: a shape, a color and this word."""

    IMPORTANT = mark("important")
    QUESTION = mark("question")
    WATCH = mark("watch")
    CHECKED = mark("checked")
