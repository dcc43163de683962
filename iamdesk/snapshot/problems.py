"""What is odd in a snapshot but readable: listed, never hidden, and never a reason to stop."""

from pydantic import BaseModel, ConfigDict, SkipValidation

from iamdesk.i18n import join_messages


class Problem(BaseModel):
    """One thing that is not as AWS prints it."""

    model_config = ConfigDict(frozen=True)

    file: str
    """Name of the file, as the user would say it."""
    json_path: str
    """Where in the file: ``$.UserDetailList[3].Arn``; ``$[1]…`` in the second page of a file with several."""
    message: SkipValidation[str]
    """One sentence: what was expected and what stands there. Taken as it is: what was said stays translatable."""

    @property
    def said(self) -> str:
        """The whole of it; a sentence that was said."""
        return join_messages(": ", (self.file, self.json_path, self.message))

    def __str__(self) -> str:
        return self.said
