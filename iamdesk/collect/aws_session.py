"""Who asks AWS: sessions, assumed roles, and clients, which share what is dear to make."""

import ipaddress
import threading
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import boto3
import botocore.session
from botocore.awsrequest import AWSPreparedRequest
from botocore.client import Config
from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
from botocore.exceptions import BotoCoreError, ClientError, ProfileNotFound, UnknownRegionError
from botocore.parsers import ResponseParserError

from iamdesk.collect.options import CollectError, Options
from iamdesk.i18n import phrase
from iamdesk.snapshot.manifest import CallerIdentity, CallError

_FALLBACK_REGION = "us-east-1"
_SESSION_NAME = "iamdesk-collect"
_LONGEST_MESSAGE = 500

GARBLED = (ResponseParserError, KeyError, IndexError, TypeError, ValueError, AttributeError, RecursionError)
"""What boto3 and iamdesk raise for a response that does not come from AWS, such as a proxy's page."""
EXPIRED = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "RequestExpired",
        "UnauthorizedSSOTokenError",
        "SSOTokenLoadError",
        "TokenRetrievalError",
        "CredentialRetrievalError",
        "NoCredentialsError",
    }
)
"""Codes that every further call would get as well: no gaps, but the end of what these credentials can do."""


def told(error: Exception) -> CallError:
    """Return an error as the manifest keeps it: AWS's code, or the name of the error where AWS did not answer."""
    code, message = type(error).__name__, str(error)
    if isinstance(error, ClientError):
        said = error.response.get("Error", {})
        code, message = str(said.get("Code", "Unknown")), str(said.get("Message", ""))
    return CallError(code=code, message=" ".join(message.split())[:_LONGEST_MESSAGE])


def _garbled() -> str:
    return phrase("the response of AWS cannot be read: check that the endpoint belongs to AWS")


class Aws:
    """Calls as one principal in one account. Clients may be asked for from several threads."""

    def __init__(self, session: Any, options: Options) -> None:
        """``session`` is botocore's; its credentials are what it signs with."""
        self._session = session
        self._options = options
        self._lock = threading.Lock()
        self._clients: dict[tuple[str, str], Any] = {}
        self.home = next(iter(options.regions), None) or session.get_config_variable("region") or _FALLBACK_REGION
        """The Region in which calls of the whole account are made."""

    def client(self, service: str, region: str) -> Any:
        """Return the client of a service in a Region."""
        with self._lock:  # making one is not safe beside another
            key = service, region
            if key not in self._clients:
                self._clients[key] = self._made(service, region)
            return self._clients[key]

    def forget(self, lane: tuple[str, str]) -> None:
        """Drop a client that nobody needs any more: each holds some megabytes."""
        with self._lock:
            self._clients.pop(lane, None)

    def caller(self) -> CallerIdentity:
        """Return who asks.

        Raises:
            CollectError: there are no credentials, or AWS does not take them.
        """
        try:
            answer = self.client("sts", self.home).get_caller_identity()
            return CallerIdentity(account=answer["Account"], arn=answer["Arn"], user_id=answer["UserId"])
        except (ClientError, BotoCoreError) as error:
            said = told(error)
            raise CollectError(
                phrase(
                    "AWS does not say who you are ({code}: {message}): sign in, or name a profile",
                    code=said.code,
                    message=said.message,
                )
            ) from error
        except GARBLED as error:
            raise CollectError(_garbled()) from error

    def enabled_regions(self, partition: str) -> tuple[str, ...]:
        """Return the Regions of a partition that are enabled in the account.

        Raises:
            ClientError, BotoCoreError: they could not be asked for.
        """
        answer = self.client("ec2", self.home).describe_regions()
        names = sorted(region["RegionName"] for region in answer.get("Regions", ()) if region.get("RegionName"))
        if not names:
            raise ResponseParserError("no Regions")
        return tuple(name for name in names if self._partition_of(name) == partition)

    def offers(self, service: str, region: str) -> bool:
        """Return whether a service is there in a Region; where boto3 does not know the Region, it is."""
        partition = self._partition_of(region)
        known: Iterable[str] = self._session.get_available_regions("ec2", partition)
        offered: Iterable[str] = self._session.get_available_regions(service, partition)
        return not offered or region not in known or region in offered

    def _partition_of(self, region: str) -> str:
        try:
            return str(self._session.get_partition_for_region(region))
        except UnknownRegionError:
            return "aws"

    def knows(self, service: str) -> bool:
        """Return whether boto3 has the service at all: AWS retires some."""
        return service in self._session.get_available_services()

    def within(self, role_arn: str) -> "Aws":
        """Return the same for a role, which is assumed at once, and again whenever its session is about to end.

        Raises:
            ClientError, BotoCoreError: it cannot be assumed.
        """
        extra = {"RoleSessionName": _SESSION_NAME}
        if self._options.external_id:
            extra["ExternalId"] = self._options.external_id
        fetcher = AssumeRoleCredentialFetcher(
            client_creator=lambda service, **more: self._made(service, self.home, **more),
            source_credentials=self._session.get_credentials(),
            role_arn=role_arn,
            extra_args=extra,
        )
        credentials = DeferredRefreshableCredentials(fetcher.fetch_credentials, "assume-role")
        credentials.get_frozen_credentials()
        session = botocore.session.Session()
        session.register_component("data_loader", self._session.get_component("data_loader"))
        session._credentials = credentials  # botocore has no other door for credentials that refresh themselves
        made = Aws(session, self._options)
        made.home = self.home
        return made

    def _made(self, service: str, region: str, **more: Any) -> Any:
        config = Config(
            connect_timeout=10,
            read_timeout=60,
            retries={"mode": "adaptive", "total_max_attempts": 5},
            max_pool_connections=self._options.parallel,
            user_agent_extra="iamdesk-collect",
        )
        endpoint = self._options.endpoint_url
        client = self._session.create_client(service, region_name=region, endpoint_url=endpoint, config=config, **more)
        if service == "s3control" and _is_bare_address(client.meta.endpoint_url):
            client.meta.events.register("before-send", _to_bare_address)
        return client


def sign_in(options: Options) -> Aws:
    """Return AWS as the user's profile sees it.

    Raises:
        CollectError: there is no such profile, or the endpoint is no address.
    """
    if options.endpoint_url:
        parts = urlsplit(options.endpoint_url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password:
            raise CollectError(
                phrase("the endpoint must be http://HOST or https://HOST, without a name or password in it")
            )
    try:
        session = boto3.Session(profile_name=options.profile)
    except ProfileNotFound as error:
        raise CollectError(
            phrase("there is no profile {profile} in the AWS configuration files", profile=repr(options.profile))
        ) from error
    return Aws(session._session, options)  # boto3's own layer above has no part in plain calls


def _is_bare_address(endpoint: str) -> bool:
    host = urlsplit(endpoint).hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    return True


def _to_bare_address(request: AWSPreparedRequest, **_: Any) -> None:
    """Undo what S3 Control does to every address: an account's id in front of ``127.0.0.1`` leads nowhere."""
    account, _, rest = request.url.partition("://")[2].partition(".")
    if account.isdigit() and len(account) == 12:
        request.url = request.url.replace(f"{account}.{rest}", rest, 1)


def unknown_services(services: Iterable[str]) -> list[str]:
    """Return the services of some that the installed botocore has no data of."""
    session = botocore.session.Session()
    known = set(session.get_available_services())
    missing = [service for service in services if service not in known]
    for service in set(services) - set(missing):
        session.get_service_model(service)
    return sorted(missing)
