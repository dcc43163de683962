"""What is odd in a snapshot but readable: listed, never hidden, and never a reason to stop."""

from pydantic import BaseModel, ConfigDict


class Problem(BaseModel):
    """One thing that is not as AWS prints it."""

    model_config = ConfigDict(frozen=True)

    file: str
    """Name of the file, as the user would say it."""
    json_path: str
    """Where in the file: ``$.UserDetailList[3].Arn``; ``$[1]…`` in the second page of a file with several."""
    message: str
    """One sentence: what was expected and what stands there."""

    def __str__(self) -> str:
        return f"{self.file}: {self.json_path}: {self.message}"
