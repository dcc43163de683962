"""Entry point of the collector. Imports boto3 only when a capture starts."""

import os
import re
from pathlib import Path

from iamdesk.collect.options import INSTALL, Captured, CollectError, Options, Watch, boto3_is_there
from iamdesk.i18n import phrase
from iamdesk.progress import Cancelled
from iamdesk.snapshot.layout import is_account, is_region


def collect(options: Options, watch: Watch, cancelled: Cancelled) -> Captured:
    """Capture a bundle. ``watch`` is called with the progress several times a second, in the calling thread.

    If the work ends early, the captured files stay, and a call with the same options resumes it.

    Raises:
        CollectError: it cannot start or continue; one sentence.
        WorkCancelled: ``cancelled`` returned True.
    """
    check(options)
    if not boto3_is_there():
        raise CollectError(phrase("collecting requires boto3, which is not installed: {install}", install=INSTALL))
    from iamdesk.collect.capture import capture  # imports boto3

    return capture(options, watch, cancelled)


def known_services() -> int:
    """Return the number of services that the collector calls, all supported by the installed boto3. Makes no calls.

    Raises:
        CollectError: boto3 does not support one: its data is missing in the installation.
    """
    from iamdesk.collect.aws_session import unknown_services  # imports boto3
    from iamdesk.collect.call_specs import STEPS

    services = {step.service for step in STEPS}
    unknown = unknown_services(services)
    if unknown:
        raise CollectError(phrase("the installed boto3 has no data for {unknown}", unknown=", ".join(unknown)))
    return len(services)


def check(options: Options) -> None:
    """Validate options before any call.

    Raises:
        CollectError: an option is not valid.
    """
    if options.accounts and not options.role_name:
        raise CollectError(phrase("other accounts require a role to assume: give its name with --role-name"))
    for account in options.accounts:
        if not is_account(account):
            raise CollectError(phrase("{account} is not an account ID: expected twelve digits", account=repr(account)))
    for region in options.regions:
        if not is_region(region):
            raise CollectError(
                phrase("{region} is not a Region: expected a name such as eu-west-1", region=repr(region))
            )


_SECTION = re.compile(r"\[\s*(?:profile\s+)?([^\]\s][^\]]*?)\s*\]\s*(?:[#;].*)?", re.ASCII)
_OTHERS = ("sso-session ", "services ")
"""Sections of the configuration file that are not profiles."""


def profile_names() -> tuple[str, ...]:
    """Return the sorted AWS CLI profiles, of whose files only names are read; unreadable files are ignored."""
    names: set[str] = set()
    for variable, usual in (("AWS_CONFIG_FILE", "config"), ("AWS_SHARED_CREDENTIALS_FILE", "credentials")):
        path = Path(os.environ.get(variable) or Path.home() / ".aws" / usual)
        try:
            with path.expanduser().open(encoding="utf-8", errors="replace") as lines:
                names |= {found[1] for line in lines if (found := _SECTION.fullmatch(line.strip()))}
        except OSError:
            continue
    return tuple(sorted(name for name in names if not name.startswith(_OTHERS)))
