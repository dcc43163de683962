"""Names of the AWS CLI profiles. Only names are read from its files, no keys."""

import os
import re
from pathlib import Path

_SECTION = re.compile(r"\[\s*(?:profile\s+)?([^\]\s][^\]]*?)\s*\]\s*(?:[#;].*)?", re.ASCII)
_OTHERS = ("sso-session ", "services ")
"""Sections of the configuration file that are not profiles."""


def profile_names() -> tuple[str, ...]:
    """Return the sorted profiles of the configuration and credentials files; unreadable files are ignored."""
    names: set[str] = set()
    for variable, usual in (("AWS_CONFIG_FILE", "config"), ("AWS_SHARED_CREDENTIALS_FILE", "credentials")):
        path = Path(os.environ.get(variable) or Path.home() / ".aws" / usual)
        try:
            with path.expanduser().open(encoding="utf-8", errors="replace") as lines:
                names |= {found[1] for line in lines if (found := _SECTION.fullmatch(line.strip()))}
        except OSError:
            continue
    return tuple(sorted(name for name in names if not name.startswith(_OTHERS)))
