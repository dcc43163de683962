"""The layout of a bundle: which file contains the output of which AWS CLI command.

A path consists of scope, service, command and the command's arguments::

    organization/list-policies/SERVICE_CONTROL_POLICY.json
    accounts/111122223333/iam/get-account-authorization-details.json
    accounts/111122223333/s3api/get-bucket-policy/acme-data.json
    accounts/111122223333/eu-west-1/kms/get-key-policy/1234abcd-12ab-34cd-56ef-1234567890ab.json

This module neither reads nor writes files. The commands are listed in `cli_commands`.
"""

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple
from urllib.parse import quote, unquote

MANIFEST = "manifest.json"
"""In the bundle's top folder; optional (`snapshot.manifest`)."""

SUFFIXES = (".json", ".json.gz")
"""The first is what is written; the second is read, too. The credential report may be a decoded ``.csv``."""

_ORGANIZATION = "organization"
_ACCOUNTS = "accounts"
_ACCOUNT = re.compile(r"[0-9]{12}", re.ASCII)
_REGION = re.compile(r"[a-z]{2,4}(-[a-z]{1,12}){1,3}-[0-9]{1,2}", re.ASCII)
_LONGEST = 200  # bytes of one encoded argument: file systems take 255 for a name
_SHORTENED = re.compile(r"%~[0-9a-f]{16}", re.ASCII)
_NOT_ON_WINDOWS = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE | re.ASCII)


class Scope(StrEnum):
    """What the output of one run of a command covers."""

    ORGANIZATION = "organization"
    ACCOUNT = "account"
    REGION = "region"


class Kind(StrEnum):
    """The kinds of data that a snapshot holds: what a reader of "What this snapshot holds" goes by."""

    AUTHORIZATION_DETAILS = "authorization-details"
    ACCOUNT_SETTINGS = "account-settings"
    CREDENTIAL_REPORT = "credential-report"
    SERVICE_LAST_ACCESSED = "service-last-accessed"
    IDENTITY_PROVIDERS = "identity-providers"
    ORGANIZATION = "organization"
    ORGANIZATION_POLICIES = "organization-policies"
    RESOURCE_POLICIES = "resource-policies"
    BUCKET_ACCESS = "bucket-access"
    TAGS = "tags"
    KEY_GRANTS = "key-grants"
    RESOURCE_SHARES = "resource-shares"
    VPC_ENDPOINTS = "vpc-endpoints"
    WORKLOADS = "workloads"
    IDENTITY_CENTER = "identity-center"


@dataclass(frozen=True, slots=True)
class Call:
    """One command of the AWS CLI whose output a bundle may hold."""

    service: str
    """Its folder: the service as the CLI calls it (``s3api``, ``sso-admin``), unless ``cli_service`` says that."""
    command: str
    """As the CLI calls it: ``get-bucket-policy``."""
    scope: Scope
    kind: Kind
    arguments: tuple[str, ...] = ()
    """The arguments in the path after the command, in order: ``("bucket",)``."""
    options: str = ""
    """The options that a person types, upper-case words in the place of what differs: ``--bucket BUCKET``."""
    absent: tuple[str, ...] = ()
    """Error codes by which AWS reports that something does not exist, as opposed to a failed call."""
    lists: bool = False
    """Whether the output only lists items that other commands describe."""
    cli_service: str = ""
    """The service as the CLI calls it, if its command is about two kinds of resources (S3's directory buckets)."""

    @property
    def words(self) -> tuple[str, str, str]:
        """The command as typed, without options: ``("aws", "s3api", "get-bucket-policy")``."""
        return "aws", self.cli_service or self.service, self.command

    @property
    def command_line(self) -> str:
        """The command as typed, without what every command takes (``--region``, ``--profile``, ``--output json``)."""
        return f"{' '.join(self.words)}{' ' if self.options else ''}{self.options}"

    @property
    def path(self) -> str:
        """The file that holds its output, with upper-case words in the place of what differs."""
        words = tuple(word.upper() for word in self.arguments)
        return "/".join((*self._folders("ACCOUNT-ID", "REGION"), self.command, *words)) + SUFFIXES[0]

    def _folders(self, account: str, region: str) -> tuple[str, ...]:
        match self.scope:
            case Scope.ORGANIZATION:
                return (_ORGANIZATION,)
            case Scope.ACCOUNT:
                return _ACCOUNTS, account, self.service
            case Scope.REGION:
                return _ACCOUNTS, account, region, self.service

    def file(self, *arguments: str, account: str = "", region: str = "") -> str:
        """Return the path, below the bundle's top folder and with ``/``, of the file that holds the output.

        The arguments are those of ``arguments``, as AWS calls them; account and Region as far as the scope needs them.

        Raises:
            ValueError: an argument, the account or the region is missing or malformed.
        """
        if len(arguments) != len(self.arguments) or not all(arguments):
            raise ValueError(f"{self.service} {self.command} takes {len(self.arguments)} arguments in its path")
        if self.scope is not Scope.ORGANIZATION and not is_account(account):
            raise ValueError(f"no account id: {account!r}")
        if self.scope is Scope.REGION and not is_region(region):
            raise ValueError(f"no Region: {region!r}")
        parts = (*self._folders(account, region), self.command, *map(in_path, arguments))
        return "/".join(parts) + SUFFIXES[0]


class Place(NamedTuple):
    """What a path says about its file."""

    service: str
    command: str
    account: str
    """Empty below ``organization``."""
    region: str
    """Empty if the command is about a whole account or organization."""
    arguments: tuple[str, ...]
    """As AWS calls them. One that was too long for a file name is empty: the manifest has it."""


def is_account(text: str) -> bool:
    """Return whether a text is an account id."""
    return _ACCOUNT.fullmatch(text) is not None


def is_region(text: str) -> bool:
    """Return whether a text has the shape of a Region's name."""
    return _REGION.fullmatch(text) is not None


def in_path(argument: str) -> str:
    """Return an argument for a path: percent-encoded, so that it is valid on every file system."""
    encoded = quote(argument, safe="+=,@", errors="surrogatepass")
    if encoded.startswith(".") or _NOT_ON_WINDOWS.fullmatch(encoded):
        encoded = f"%{ord(encoded[0]):02X}{encoded[1:]}"
    if len(encoded) <= _LONGEST:
        return encoded
    digest = hashlib.sha256(argument.encode(errors="surrogatepass")).hexdigest()
    return f"{encoded[: _LONGEST - 18].rstrip('%')}%~{digest[:16]}"


def _from_path(encoded: str) -> str:
    return "" if _SHORTENED.search(encoded) else unquote(encoded)


def place_of(path: str) -> Place | None:
    """Return the parts of a path relative to the bundle's top folder; None if it is not of this layout."""
    name = path.lower()
    suffix = next((suffix for suffix in (*SUFFIXES[::-1], ".csv") if name.endswith(suffix)), None)
    if suffix is None:
        return None
    account = region = ""
    match path[: -len(suffix)].split("/"):
        case [first, command, *arguments] if first == _ORGANIZATION:
            service = "organizations"
        case [first, account, region, service, command, *arguments] if first == _ACCOUNTS and is_region(region):
            pass
        case [first, account, service, command, *arguments] if first == _ACCOUNTS:
            region = ""
        case _:
            return None
    if account and not is_account(account):
        return None
    return Place(service, command, account, region, tuple(map(_from_path, arguments)))
