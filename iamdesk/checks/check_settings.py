"""The settings of the checks: one JSON file for window, command line and CI, suited for version control.

::

    {
      "format": "iamdesk-check-settings/1",
      "fail_on": "high",
      "severities": {"HYG-05": "low"},
      "thresholds": {"unused_credential_days": 30},
      "own_accounts": [{"account": "111122223333", "name": "Log archive"}],
      "trusted_vendors": [{"account": "444455556666", "name": "Backup vendor"}],
      "archive": [
        {"check": "SVC-*", "resource": "arn:aws:iam::*:role/ci/*", "tag": {"key": "env", "value": "sandbox"},
         "account": "111122223333", "until": "2027-01-31", "owner": "Alice Ito", "reason": "rebuilt each night, OPS-7"}
      ]
    }

All members but ``format`` may be absent. An archive rule applies where everything that it names matches; ``check``,
``principal`` and ``resource`` may contain ``*`` and ``?``. ``principal`` is the ARN of a user or role that a finding is
about, ``resource`` the ARN or key of any subject. ``until`` is the last day; without it a rule has no end. A finding
that a rule matches is suppressed, with the rule's owner and reason: it is counted and listed separately, never lost.
``thresholds`` are the numbers from which on checks report something (`thresholds`); the others apply after the checks.

``resources/schemas/check-settings.json`` is the schema.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from fnmatch import translate as pattern_of
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from iamdesk.checks.finding import Evidence, Finding, Severity, Suppression, SuppressionError
from iamdesk.checks.thresholds import DEFAULT_THRESHOLDS, Thresholds
from iamdesk.i18n import phrase
from iamdesk.snapshot.model import RoleDetail, Snapshot, UserDetail
from iamdesk.viewmodel.tree import NodeKind

FILE_NAME = "check-settings.json"
"""Name of the window's own file, beside its suppressions."""
_MAX_BYTES = 16 * 1024 * 1024
_PRINCIPALS = frozenset({NodeKind.USER.value, NodeKind.ROLE.value})
_OF_OWN = frozenset({"TRU-03", "TRU-04", "TRU-05", "TRU-08", "CHN-04", "CHN-05"})
"""Checks of what another account can do: not a finding if the account is one's own."""
_OF_VENDORS = frozenset({"TRU-04", "TRU-05"})
"""Of these, the ones that only ask who the account is. That a vendor needs an external ID stays (TRU-03)."""

type _Text = Annotated[str, Field(min_length=1, max_length=2_000, pattern=r"\S")]
type _AccountId = Annotated[str, Field(pattern=r"^[0-9]{12}$")]


class _Strict(BaseModel):
    # A misspelled member would silently archive more than was meant.
    model_config = ConfigDict(frozen=True, extra="forbid")


class Tag(_Strict):
    """A tag that a principal has; without ``value`` any value."""

    key: _Text
    value: str | None = None


class ArchiveRule(_Strict):
    """One archive rule; what is absent is not asked for."""

    check: str | None = None
    principal: str | None = None
    resource: str | None = None
    account: _AccountId | None = None
    tag: Tag | None = None
    until: date | None = None
    owner: _Text
    reason: _Text


class NamedAccount(_Strict):
    """An account and whose it is."""

    account: _AccountId
    name: _Text


class CheckSettings(_Strict):
    """The whole file."""

    format: Literal["iamdesk-check-settings/1"]
    fail_on: Severity | None = None
    severities: Mapping[Annotated[str, Field(pattern=r"^[A-Z]{3}-[0-9]{2}$")], Severity] = {}
    thresholds: Thresholds = DEFAULT_THRESHOLDS
    own_accounts: tuple[NamedAccount, ...] = ()
    trusted_vendors: tuple[NamedAccount, ...] = ()
    archive: tuple[ArchiveRule, ...] = ()


@dataclass(frozen=True, slots=True)
class AppliedSettings:
    """Settings for one snapshot: plain data, for workers, too."""

    settings: CheckSettings
    name: str
    """Name of the file."""
    sha256: str
    """Of the file's bytes."""
    content: str = ""
    """The file's text."""
    tagged: tuple[frozenset[str] | None, ...] = ()
    """By archive rule, the ARNs of the principals with its tag; None for a rule without one."""

    @property
    def has_tags(self) -> bool:
        """Whether a rule names a tag: the snapshot's principals are needed (`for_snapshot`)."""
        return any(rule.tag is not None for rule in self.settings.archive)

    def for_snapshot(self, snapshot: Snapshot) -> "AppliedSettings":
        """Return the same settings with the principals that have the tags of the rules."""
        return replace(self, tagged=tuple(_tagged(rule.tag, snapshot) for rule in self.settings.archive))

    def as_text(self, day: date) -> str:
        """Return them as JSON text with the day on which they applied, for `settings_from`: in the head of a review."""
        return json.dumps({"name": self.name, "sha256": self.sha256, "day": day.isoformat(), "content": self.content})


def _tagged(tag: Tag | None, snapshot: Snapshot) -> frozenset[str] | None:
    if tag is None:
        return None
    principals: Iterator[UserDetail | RoleDetail] = (
        one for account in snapshot.accounts for each in (account.users, account.roles) for one in each
    )
    return frozenset(
        one.arn
        for one in principals
        if any(each.key == tag.key and tag.value in (None, each.value) for each in one.tags)
    )


def read_check_settings(path: Path) -> AppliedSettings:
    """Read a settings file.

    Raises:
        SuppressionError: The file cannot be read, or is not a settings file; one sentence.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise SuppressionError(phrase("{path} is too large for a settings file", path=path))
        content = path.read_bytes()
        settings = CheckSettings.model_validate_json(content)
    except OSError as error:
        reason = error.strerror or error
        raise SuppressionError(phrase("{path} cannot be read: {reason}", path=path, reason=reason)) from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        raise SuppressionError(
            phrase("{path} is not a settings file: {place}: {error}", path=path, place=place, error=first["msg"])
        ) from error
    return AppliedSettings(settings, path.name, sha256(content).hexdigest(), content.decode())


def settings_from(text: str) -> tuple[AppliedSettings, date]:
    """Return settings, and the day on which they applied, from `AppliedSettings.as_text`.

    Raises:
        ValueError: The text is none, or its digest is not that of its content.
    """
    try:
        read = json.loads(text)
        name, content, digest = str(read["name"]), str(read["content"]), str(read["sha256"])
        day = date.fromisoformat(read["day"])
    except (KeyError, TypeError) as error:
        raise ValueError("no settings of the checks") from error
    if sha256(content.encode()).hexdigest() != digest:
        raise ValueError("the settings of the checks are not those of their digest")
    return AppliedSettings(CheckSettings.model_validate_json(content), name, digest, content), day


def thresholds_of(applied: AppliedSettings | None) -> Thresholds:
    """Return the thresholds of settings; without settings, the defaults."""
    return applied.settings.thresholds if applied is not None else DEFAULT_THRESHOLDS


def check_settings_schema() -> dict[str, Any]:
    """Return the JSON Schema of a settings file."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **CheckSettings.model_json_schema()}


def with_settings(findings: Iterable[Finding], applied: AppliedSettings | None, today: date) -> Iterator[Finding]:
    """Yield all findings with the severities of the settings, and suppressed where a rule or a known account says so.

    An archive rule that has ended is added as evidence.
    """
    if applied is None:
        yield from findings
        return
    settings = applied.settings
    own = {one.account: one for one in settings.own_accounts}
    vendors = {one.account: one for one in settings.trusted_vendors}
    for finding in findings:
        changed = finding
        if (severity := settings.severities.get(finding.check_id)) is not None:
            changed = replace(changed, severity=severity)
        yield changed if changed.suppression is not None else _archived(changed, applied, today, own, vendors)


def _archived(
    finding: Finding,
    applied: AppliedSettings,
    today: date,
    own: Mapping[str, NamedAccount],
    vendors: Mapping[str, NamedAccount],
) -> Finding:
    if (known := _known_account(finding, own, vendors)) is not None:
        reason = phrase(
            "account {account} is known: {name} ({file})", account=known.account, name=known.name, file=applied.name
        )
        word = Suppression(finding.fingerprint, known.name, reason, date.max, today, finding.check_id, by_rule=True)
        return replace(finding, suppression=word)
    ended: list[Evidence] = []
    for number, rule in enumerate(applied.settings.archive):
        tagged = applied.tagged[number] if number < len(applied.tagged) else None
        if not _matches(rule, finding, tagged):
            continue
        if rule.until is None or today <= rule.until:
            until = rule.until or date.max
            word = Suppression(
                finding.fingerprint, rule.owner, rule.reason, until, today, finding.check_id, by_rule=True
            )
            return replace(finding, suppression=word)
        ended.append(
            Evidence(
                phrase(
                    "It was archived until {day} by {owner}: {reason}",
                    day=rule.until.isoformat(),
                    owner=rule.owner,
                    reason=rule.reason,
                )
            )
        )
    return replace(finding, evidence=(*finding.evidence, *ended)) if ended else finding


def _known_account(
    finding: Finding, own: Mapping[str, NamedAccount], vendors: Mapping[str, NamedAccount]
) -> NamedAccount | None:
    if finding.check_id not in _OF_OWN or not finding.evidence or finding.evidence[0].decision is None:
        return None
    fields = finding.evidence[0].decision.request.principal.split(":")
    account = fields[4] if len(fields) > 5 else ""
    return own.get(account) or (vendors.get(account) if finding.check_id in _OF_VENDORS else None)


def _matches(rule: ArchiveRule, finding: Finding, tagged: frozenset[str] | None) -> bool:
    owner = finding.subject_key.partition("#")[0]
    return (
        (rule.check is None or _fits(rule.check, finding.check_id))
        and (rule.account is None or rule.account == finding.account)
        and (rule.resource is None or _fits(rule.resource, finding.subject_key))
        and (rule.principal is None or (finding.subject_kind in _PRINCIPALS and _fits(rule.principal, owner)))
        and (rule.tag is None or (tagged is not None and owner in tagged))
    )


def _fits(pattern: str, text: str) -> bool:
    return _compiled(pattern).fullmatch(text) is not None


@lru_cache(maxsize=1 << 10)
def _compiled(pattern: str) -> re.Pattern[str]:
    # Only * and ? are wildcards: a bracket is a character of a name.
    return re.compile(pattern_of(pattern.replace("[", "[[]")), re.DOTALL)
