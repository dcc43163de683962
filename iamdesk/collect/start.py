"""The door to the collector: opens without boto3, which is imported only when a capture begins."""

from iamdesk.collect.options import INSTALL, Captured, CollectError, Options, Watch, boto3_is_there
from iamdesk.i18n import phrase
from iamdesk.progress import Cancelled
from iamdesk.snapshot.layout import is_account, is_region


def collect(options: Options, watch: Watch, cancelled: Cancelled) -> Captured:
    """Capture a bundle. ``watch`` is told how far it is, some times a second and in the calling thread.

    What was captured stays when the work ends early: the same options go on from there.

    Raises:
        CollectError: it cannot begin or go on; its text is one sentence.
        WorkCancelled: ``cancelled`` returned True.
    """
    check(options)
    if not boto3_is_there():
        raise CollectError(phrase("asking AWS takes boto3, which is not installed: {install}", install=INSTALL))
    from iamdesk.collect.capture import capture  # imports boto3

    return capture(options, watch, cancelled)


def known_services() -> int:
    """Return how many services the collector asks, each known to the boto3 that is installed; nobody is asked.

    Raises:
        CollectError: it does not know one: the installation lacks its data.
    """
    from iamdesk.collect.aws_session import unknown_services  # imports boto3
    from iamdesk.collect.call_specs import STEPS

    services = {step.service for step in STEPS}
    unknown = unknown_services(services)
    if unknown:
        raise CollectError(phrase("the installed boto3 has no data of {unknown}", unknown=", ".join(unknown)))
    return len(services)


def check(options: Options) -> None:
    """See that options make sense, before anybody is asked.

    Raises:
        CollectError: they do not.
    """
    if options.accounts and not options.role_name:
        raise CollectError(phrase("other accounts are entered through a role: give its name with --role-name"))
    for account in options.accounts:
        if not is_account(account):
            raise CollectError(
                phrase("{account} is no account: an account's id has twelve digits", account=repr(account))
            )
    for region in options.regions:
        if not is_region(region):
            raise CollectError(phrase("{region} is no Region: expected a name such as eu-west-1", region=repr(region)))
