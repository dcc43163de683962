"""What if: changes that were tried, as a script for the AWS CLI."""

from collections.abc import Iterable, Iterator

from iamdesk.escaping import visible
from iamdesk.export.files.shell_script import in_account, is_odd, script_head
from iamdesk.whatif.commands import CliCommand


def script_lines(commands: Iterable[CliCommand], snapshot_name: str, file_name: str) -> Iterator[str]:
    """Yield the lines of a shell script that makes the changes in AWS, dry unless it is told otherwise."""
    yield script_head(f"Changes tried on {snapshot_name}", file_name)
    for one in commands:
        yield f"# {visible(one.edit.sentence)}"
        if one.remark:
            yield f"#   {visible(one.remark)}"
        if one.words and not is_odd((one.edit.subject.rpartition("/")[2], one.edit.detail, one.account_id)):
            yield in_account(one.account_id, one.words)
        else:
            yield f"# by hand: {visible(one.by_hand or 'the names need a look before they are put into a command')}"
        yield ""


def script(commands: Iterable[CliCommand], snapshot_name: str, file_name: str) -> bytes:
    """Return the whole script, in UTF-8."""
    return "\n".join(script_lines(commands, snapshot_name, file_name)).encode()
