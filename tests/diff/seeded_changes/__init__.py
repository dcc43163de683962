"""Changes of which AWS's documentation says what they do, each between random surroundings that it does not touch."""

from .identity import IDENTITY
from .organization import ORGANIZATION
from .resources import RESOURCES
from .rewordings import REWORDINGS, STATES
from .worlds import Change

CHANGES: tuple[Change, ...] = (*IDENTITY, *ORGANIZATION, *RESOURCES, *REWORDINGS, *STATES)
