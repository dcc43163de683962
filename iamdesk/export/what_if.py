"""The changes of a what-if as a script of AWS CLI commands."""

from collections.abc import Iterable, Iterator

from iamdesk.escaping import visible
from iamdesk.export.files.shell_script import in_account, is_odd, script_head
from iamdesk.whatif.commands import CliCommand


def script_lines(commands: Iterable[CliCommand], snapshot_name: str, file_name: str) -> Iterator[str]:
    """Yield the lines of a shell script that makes the changes in AWS, by default as a dry run."""
    yield script_head(f"Changes evaluated on {snapshot_name}", file_name)
    for one in commands:
        yield f"# {visible(one.edit.sentence)}"
        if one.remark:
            yield f"#   {visible(one.remark)}"
        if one.words and not is_odd((one.edit.subject.rpartition("/")[2], one.edit.detail, one.account_id)):
            yield in_account(one.account_id, one.words)
        else:
            yield f"# by hand: {visible(one.by_hand or 'check the names before you use them in a command')}"
        yield ""


def script(commands: Iterable[CliCommand], snapshot_name: str, file_name: str) -> bytes:
    """Return the script in UTF-8."""
    return "\n".join(script_lines(commands, snapshot_name, file_name)).encode()
