"""Problems of a snapshot that can be read in spite of them: they are listed, and never stop the reading."""

from pydantic import BaseModel, ConfigDict, SkipValidation

from iamdesk.i18n import join_messages


class Problem(BaseModel):
    """One thing that is not as AWS prints it."""

    model_config = ConfigDict(frozen=True)

    file: str
    """Name of the file, as shown to the user."""
    json_path: str
    """Where in the file: ``$.UserDetailList[3].Arn``; ``$[1]…`` in the second page of a file with several."""
    message: SkipValidation[str]
    """One sentence: what was expected and what was found. It is kept as it is, so that it can be translated."""

    @property
    def sentence(self) -> str:
        """The whole of it; a sentence that was said."""
        return join_messages(": ", (self.file, self.json_path, self.message))

    def __str__(self) -> str:
        return self.sentence
