"""``iamdesk review sign|stamp|check``: signatures of packages, parts and checkpoints."""

from pathlib import Path
from typing import Annotated

import typer

from iamdesk.cli import options
from iamdesk.cli.errors import fail
from iamdesk.cli.output import echo, echo_err
from iamdesk.escaping import visible
from iamdesk.export.evidence.checkpoint import is_whole, sign_checkpoint, verify_checkpoint
from iamdesk.export.evidence.part_signature import sign_part
from iamdesk.export.evidence.result import Outcome
from iamdesk.export.evidence.signing import Role, SignOff, read_signoffs, sign
from iamdesk.export.evidence.ssh_signature import public_key
from iamdesk.export.evidence.timestamp import ask, keep, stamped_content
from iamdesk.review.schema import SUFFIX


def sign_package(
    package: Annotated[
        Path,
        typer.Argument(metavar="PACKAGE", help="Folder of an evidence package, or a review file.", show_default=False),
    ],
    name: Annotated[str, typer.Option(metavar="NAME", help="Name of the signer.", show_default=False)],
    role: Annotated[Role, typer.Option(help="Role of the signer.")] = Role.REVIEWER,
    title: Annotated[str, typer.Option(metavar="TEXT", help="Job title of the signer.")] = "",
    key: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="SSH private key. Without it, the sign-off is an unsigned attestation."),
    ] = None,
    timestamp: Annotated[
        str,
        typer.Option(
            metavar="URL",
            help="Timestamp authority (RFC 3161) to ask for the time of the signature: sends its SHA-256. Needs the "
            "extra timestamp.",
            show_default=False,
        ),
    ] = "",
) -> None:
    """Sign an evidence package, a part or a checkpoint.

    A checkpoint is the current content of a review. Signs with an SSH key, or adds an unsigned attestation by name. A
    checkpoint needs a key.
    """
    if package.is_file() and package.suffix == SUFFIX:
        if timestamp:
            fail("--timestamp is for evidence packages")
        if key is not None and is_whole(package):
            into, made = sign_checkpoint(package, name, title=title, key=key)
            _say_signed(made)
            echo(str(into))
        else:
            _say_signed(sign_part(package, name, title=title, key=key))
        return
    if not package.is_dir():
        fail(f"{package} is not a folder: an archive cannot be signed; unpack it first")
    made = sign(package, role, name, title=title, key=key)
    _say_signed(made)
    if timestamp:
        echo(str(keep(package, made, ask(timestamp, stamped_content(made)))))


def stamp(
    package: Annotated[
        Path,
        typer.Argument(metavar="PACKAGE", help="Folder of a signed evidence package.", exists=True, file_okay=False),
    ],
    timestamp: Annotated[
        str,
        typer.Option(metavar="URL", help="Timestamp authority (RFC 3161) to ask: sends a SHA-256.", show_default=False),
    ] = "",
    timestamp_token: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Response that an authority gave elsewhere.", exists=True, dir_okay=False),
    ] = None,
    number: Annotated[int, typer.Option(metavar="N", help="Number of the sign-off. Default: the last one.")] = 0,
) -> None:
    """Add a timestamp of an authority to a sign-off of an evidence package.

    The token is for the signature (signoffs/NN.txt.sig), or the text of an unsigned attestation (signoffs/NN.txt).
    """
    signoffs = read_signoffs(package)
    one = next((each for each in signoffs if each.number == (number or len(signoffs))), None)
    if one is None:
        fail("there is no such sign-off in the package")
    if (timestamp == "") is (timestamp_token is None):
        fail("give either --timestamp or --timestamp-token")
    token = timestamp_token.read_bytes() if timestamp_token is not None else ask(timestamp, stamped_content(one))
    echo(str(keep(package, one, token)))


def check(
    review: options.ReviewPath,
    checkpoints: Annotated[
        list[Path] | None, typer.Argument(metavar="[CHECKPOINT]...", help="Checkpoints of the review.")
    ] = None,
    allowed_signers: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Known public keys, in the allowed_signers format of ssh-keygen.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
) -> None:
    """Check a review, and compare it with signed checkpoints.

    Exits with status 1 if a checkpoint is not signed as it states, or the review does not contain all that was signed.
    """
    is_whole(review)
    echo(f"{visible(review.name)}: the file itself shows no change")
    has_failed = False
    for checkpoint in checkpoints or ():
        for result in verify_checkpoint(review, checkpoint, allowed_signers):
            echo(f"{result.outcome}: {result.name}: {result.sentence}")
            has_failed = has_failed or result.outcome is not Outcome.PASSED
    if not checkpoints:
        echo("no checkpoint: only a signature shows a consistent rewriting of all of it")
    if has_failed:
        raise typer.Exit(1)


def _say_signed(made: SignOff) -> None:
    how = f"with key {public_key(made.public_key).fingerprint}" if made.public_key else "as an unsigned attestation"
    echo_err(f"{made.name} signed as {made.role}, {how}: {made.statement}")


COMMANDS = (("sign", sign_package), ("stamp", stamp), ("check", check))
