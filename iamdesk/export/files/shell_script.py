"""Shell scripts that make changes with the AWS CLI, by default as a dry run, one account at a time."""

import shlex
from collections.abc import Iterable

from iamdesk.checks.remediation_commands import is_place
from iamdesk.escaping import visible

_HEAD = """\
#!/bin/sh
# {what}, as AWS CLI commands.
#
# By default this is a dry run that prints the commands. To run them:  APPLY=yes sh {name}
# Use credentials of one account at a time: commands for other accounts are skipped.
# Lines that begin with "# by hand" need manual work: no single command is right.
set -eu

account=none
if [ "${{APPLY:-no}}" = yes ]; then
    account=$(aws sts get-caller-identity --query Account --output text)
fi

in_account() {{
    wanted=$1
    shift
    if [ "${{APPLY:-no}}" != yes ]; then
        printf 'would run, in %s:' "$wanted"
        printf ' %s' "$@"
        printf '\\n'
    elif [ "$account" = "$wanted" ]; then
        "$@"
    else
        printf 'skipped, it is for account %s:' "$wanted" >&2
        printf ' %s' "$@" >&2
        printf '\\n' >&2
    fi
}}
"""


def script_head(what: str, name: str) -> str:
    """Return the head of a script; ``what`` is a one-line description, ``name`` the file name."""
    return _HEAD.format(what=visible(what), name=visible(name))


def in_account(account_id: str, words: Iterable[str]) -> str:
    """Return the line that runs a command with the credentials of one account."""
    return f"in_account {shlex.quote(account_id)} {shlex.join(words)}"


def is_odd(names: Iterable[str]) -> bool:
    """Return whether a name would be read as an option or a placeholder, or contains invisible characters."""
    return any(name.startswith("-") or is_place(name) or visible(name) != name for name in names)
