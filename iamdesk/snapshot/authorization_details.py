"""What ``aws iam get-account-authorization-details`` prints, page by page: JSON elements become models.

A malformed entry becomes a `BrokenEntry`; the other entries are read.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from iamdesk.escaping import visible_start
from iamdesk.i18n import mark, phrase
from iamdesk.memory import free_incrementally
from iamdesk.progress import WorkCancelled
from iamdesk.snapshot.json_stream import JsonWalk, ValueTooLargeError
from iamdesk.snapshot.model import BrokenEntry, GroupDetail, ManagedPolicyDetail, RoleDetail, UserDetail
from iamdesk.snapshot.policy_decoding import keep_ambiguous_documents_as_text
from iamdesk.snapshot.problems import Problem
from iamdesk.strict_json import ambiguity

type Entity = UserDetail | GroupDetail | RoleDetail | ManagedPolicyDetail
type AccountKey = tuple[str, str]
"""(partition, account id)"""

type JsonPath = tuple[str | int, ...]

MAX_VALUES = 10_000
"""Maximum number of JSON values in one file. An account at every AWS quota has about 300 pages."""
MAX_ENTRIES = 500_000
"""Entries in one file, as large a file as it may be: what is read is kept, and a small file may unpack to much."""
MAX_BROKEN = 10_000
_MAX_PROBLEMS = 20  # of one entry, or of the foreign values in one file: the rest is counted
_OTHERS_BEFORE_A_PAGE = 1000  # then the file is assumed to be of another kind
_KEYS_NAMED = 8


@dataclass(frozen=True, slots=True)
class EntryList:
    """One of the four lists of a page."""

    name: str
    model: type[Entity]
    name_key: str
    arn_type: str


LISTS: Mapping[str, EntryList] = {
    entry_list.name: entry_list
    for entry_list in (
        EntryList("UserDetailList", UserDetail, "UserName", "user"),
        EntryList("GroupDetailList", GroupDetail, "GroupName", "group"),
        EntryList("RoleDetailList", RoleDetail, "RoleName", "role"),
        EntryList("Policies", ManagedPolicyDetail, "PolicyName", "policy"),
    )
}
EXPECTED = mark("`UserDetailList`, `GroupDetailList`, `RoleDetailList` or `Policies`")


class Read(NamedTuple):
    """One entry of a list, as read."""

    position: int
    account: AccountKey | None
    """None for a policy of AWS, which belongs to the account that it was captured with."""
    entity: Entity


@dataclass(slots=True)
class Room:
    """How much more one file may hold."""

    entries: int = MAX_ENTRIES
    broken: int = MAX_BROKEN


@dataclass(slots=True)
class Page:
    """One object with the four lists, as read."""

    file: str
    path: JsonPath
    room: Room
    entities: dict[str, list[Read]] = field(default_factory=lambda: {name: [] for name in LISTS})
    broken: list[BrokenEntry] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    more_key: str = ""
    """The key that shows that another page follows; empty on the last page."""
    home: AccountKey | None = None
    """The account of the page: that of the first entry with an account in its ARN."""

    def problem(self, path: JsonPath, message: str) -> Problem:
        """Return a problem at a place in this page."""
        return Problem(file=self.file, json_path=json_path(self.path + path), message=message)


def account_of(arn: str | None) -> AccountKey | None:
    """Return the account of an IAM ARN; None for AWS managed policies and other ARNs."""
    match (arn or "").split(":", 5):
        case ["arn", partition, "iam", "", account, _] if account not in ("", "aws"):
            return partition, account
    return None


def json_path(path: JsonPath) -> str:
    """Return a path as text: ``$.UserDetailList[3].Arn``."""
    return "$" + "".join(f"[{step}]" if isinstance(step, int) else f".{visible_start(step)}" for step in path)


def read_pages(walk: JsonWalk, file: str) -> list[Page]:
    """Read a whole text: one page, a list of pages, or several of these one after the other.

    ``file`` is what problems call the file. In paths, pages are counted through the file, ``$[0]``, ``$[1]`` …;
    where the text begins with an object, that one is ``$``.

    Raises:
        SnapshotError: the text is not JSON, or contains no page.
        WorkCancelled: the work was cancelled.
    """
    start = walk.peek()
    if not start:
        raise walk.no_snapshot(phrase("the file is empty"))
    if start not in "[{":
        raise walk.no_snapshot(
            phrase(
                "expected JSON that begins with `{{` or `[`, found `{text_ahead}`",
                text_ahead=visible_start(walk.text_ahead(20)),
            )
        )
    pages: list[Page] = []
    try:
        others = _read_values(walk, file, pages)
    except WorkCancelled:
        free_gradually(pages)
        raise
    if not pages:
        found = others[0][1] if others else phrase("an empty list")
        raise walk.no_snapshot(
            phrase("expected an object with {expected}, found {found}", expected=phrase(EXPECTED), found=found)
        )
    for path, found in others[:_MAX_PROBLEMS]:
        message = phrase("expected an object with {expected}, found {found}", expected=phrase(EXPECTED), found=found)
        pages[0].problems.append(Problem(file=file, json_path=json_path(path), message=message))
    return pages


def free_gradually(pages: Iterable[Page]) -> None:
    """Give up what was read of the entries of pages, bit by bit."""
    for page in pages:
        free_incrementally(*page.entities.values())


def _read_values(walk: JsonWalk, file: str, pages: list[Page]) -> list[tuple[JsonPath, str]]:
    """Read every value of a text into pages; return what values that are not pages are, by their path."""
    room = Room()
    others: list[tuple[JsonPath, str]] = []
    for path in _values(walk):
        if len(pages) + len(others) >= MAX_VALUES:
            raise walk.error(phrase("the file contains more than {most:,} pages or other values", most=MAX_VALUES))
        page = Page(file, path, room)
        pages.append(page)
        other = _read_page(walk, page)
        if other is not None:
            pages.pop()
            others.append((path, other))
            if len(others) == _OTHERS_BEFORE_A_PAGE and not pages:
                break
    return others


def _values(walk: JsonWalk) -> Iterator[JsonPath]:
    """Walk over the values of the text, and the elements of those that are lists."""
    number = 0
    while start := walk.peek():
        if start == "[":
            for _ in walk.elements():
                yield (number,)
                number += 1
        else:
            yield (number,) if number else ()
            number += 1


def _read_page(walk: JsonWalk, page: Page) -> str | None:
    """Read the current value; if it is not a page, return what it is."""
    if walk.peek() != "{":
        return _kind_of_next(walk)
    seen: list[str] = []
    is_page = False
    more: dict[str, Any] = {}
    for key in walk.members():
        if key in LISTS:
            if is_page and key in seen:
                page.problems.append(page.problem((key,), phrase("the key occurs twice; both lists were read")))
            is_page = True
            _read_list(walk, page, LISTS[key])
        elif key in ("IsTruncated", "Marker", "NextToken"):
            more[key] = _small_value(walk)
        else:
            walk.skip()
        if len(seen) <= _KEYS_NAMED or key in LISTS:
            seen.append(key)
    if not is_page:
        return _shown_keys(seen)
    _note_more(page, more)
    if page.home is None:
        page.home = next((account for broken in page.broken if (account := account_of(broken.arn))), None)
    return None


def _kind_of_next(walk: JsonWalk) -> str:
    start = walk.peek()
    walk.skip()
    return {
        "[": phrase("a list"),
        '"': phrase("text"),
        "t": "true",
        "f": "false",
        "n": "null",
    }.get(start, phrase("a number"))


def _shown_keys(keys: list[str]) -> str:
    if not keys:
        return phrase("an empty object")
    named = ", ".join(f"`{visible_start(key, 40)}`" for key in keys[:_KEYS_NAMED])
    return f"an object with the keys {named}{' …' if len(keys) > _KEYS_NAMED else ''}"


def _small_value(walk: JsonWalk) -> Any:
    try:
        return walk.value()
    except ValueTooLargeError:
        return ""


def _note_more(page: Page, more: dict[str, Any]) -> None:
    """Note whether another page follows: the API says IsTruncated and Marker, the CLI's ``--max-items`` NextToken."""
    truncated = more.get("IsTruncated")
    if truncated is not None and not isinstance(truncated, bool):
        page.problems.append(
            page.problem(
                ("IsTruncated",),
                phrase("expected true or false, found {found}", found=found_value(truncated)),
            )
        )
    if truncated:
        page.more_key = "IsTruncated"
    else:
        tokens = ("Marker", "NextToken") if truncated is None else ("NextToken",)
        page.more_key = next((key for key in tokens if more.get(key)), "")


def _read_list(walk: JsonWalk, page: Page, entry_list: EntryList) -> None:
    if walk.peek() != "[":
        found = _kind_of_next(walk) if walk.peek() != "{" else phrase("an object")
        if found == "an object":
            walk.skip()
        page.problems.append(page.problem((entry_list.name,), phrase("expected a list, found {found}", found=found)))
        return
    validate = entry_list.model.model_validate
    home: AccountKey | None = None
    home_prefix = ""
    reads = page.entities[entry_list.name]
    index = -1
    for index in walk.elements():
        if index >= page.room.entries or page.room.broken < 0:
            most = (
                phrase("{count:,} entries", count=MAX_ENTRIES)
                if page.room.broken >= 0
                else phrase("{count:,} broken entries", count=MAX_BROKEN)
            )
            raise walk.error(phrase("the file contains more than {most}", most=most))
        try:
            entry = walk.value()
        except ValueTooLargeError as error:
            _break(page, entry_list, index, None, [((), phrase("the entry cannot be read: {error}", error=error))])
            continue
        if walk.is_ambiguous and not _settle_ambiguity(page, entry_list, index, entry):
            continue
        try:
            entity = _validated(validate, entry)
        except ValidationError as error:
            _break(page, entry_list, index, entry, problems_of(error))
            continue
        arn = entity.arn
        if home and arn.startswith(home_prefix) and has_name(arn):  # as nearly all
            reads.append(Read(index, home, entity))
            continue
        account = account_of(arn)
        if not _is_arn_of(arn, entry_list, account):
            wanted = phrase(
                "expected an ARN such as `arn:aws:iam::111122223333:{arn_type}/NAME`", arn_type=entry_list.arn_type
            )
            _break(
                page,
                entry_list,
                index,
                entry,
                [(("Arn",), phrase("{wanted}, found {found}", wanted=wanted, found=found_value(arn)))],
            )
            continue
        if account and not home:
            page.home = page.home or account
            home = account
            home_prefix = f"arn:{home[0]}:iam::{home[1]}:{entry_list.arn_type}/"
        reads.append(Read(index, account, entity))
    page.room.entries -= index + 1


def _validated(validate: Callable[[Any], Entity], entry: Any) -> Entity:
    """Return an entry as a model; a missing name is taken from the entry's ARN.

    Raises:
        ValidationError: something else is not as AWS prints it.
    """
    try:
        return validate(entry)
    except ValidationError as error:
        nameless = [problem["loc"] for problem in error.errors() if _is_name_missing(problem)]
        named = [_name(entry, path) for path in nameless]
        if not any(named):
            raise
    return validate(entry)


_ARNS_OF_NAMES = {
    "PolicyName": ("Arn", "PolicyArn"),
    "UserName": ("Arn",),
    "GroupName": ("Arn",),
    "RoleName": ("Arn",),
}
"""Keys of names, and the keys of the ARNs that end with the name."""


def _is_name_missing(problem: ErrorDetails) -> bool:
    return problem["type"] == "missing" and problem["loc"][-1] in _ARNS_OF_NAMES


def _name(entry: Any, path: tuple[str | int, ...]) -> bool:
    """Fill in a missing name at a path of an entry; return whether an ARN beside it contains the name."""
    *inner, key = path
    for step in inner:
        entry = entry[step]
    arn = next((arn for beside in _ARNS_OF_NAMES[str(key)] if isinstance(arn := entry.get(beside), str)), "")
    name = arn.rpartition("/")[2]
    if name:
        entry[key] = name
    return bool(name)


def _is_arn_of(arn: str, entry_list: EntryList, account: AccountKey | None) -> bool:
    if not account and not (entry_list.name == "Policies" and arn.split(":", 5)[4:5] == ["aws"]):
        return False
    return arn.split(":", 5)[5].startswith(f"{entry_list.arn_type}/") and has_name(arn)


def has_name(arn: str) -> bool:
    """Return whether an ARN of IAM ends with a name, as every one does: no slash and no white space at its end."""
    return not arn.endswith("/") and arn == arn.strip()


def _settle_ambiguity(page: Page, entry_list: EntryList, index: int, entry: Any) -> bool:
    """Keep documents that could mean two things as text; False where the entry itself is so and was set aside."""
    path: JsonPath = (entry_list.name, index)
    for inner, why in keep_ambiguous_documents_as_text(entry):
        message = phrase("the document was kept as text: {why}", why=why)
        page.problems.append(page.problem(path + inner, message))
    doubt = ambiguity(entry)
    if doubt:
        _break(page, entry_list, index, entry, [((), phrase("the entry is ambiguous: {doubt}", doubt=doubt))])
    return not doubt


def _break(page: Page, entry_list: EntryList, index: int, entry: Any, troubles: list[tuple[JsonPath, str]]) -> None:
    """Set an entry aside as broken."""
    page.room.broken -= 1
    members = {str(key): value for key, value in entry.items()} if isinstance(entry, dict) else {}
    name = members.get(entry_list.name_key)
    arn = members.get("Arn")
    where: JsonPath = (entry_list.name, index)
    problems = [page.problem(where + path, message) for path, message in troubles[:_MAX_PROBLEMS]]
    if len(troubles) > _MAX_PROBLEMS:
        problems.append(page.problem(where, phrase("{count} more like these", count=len(troubles) - _MAX_PROBLEMS)))
    page.broken.append(
        BrokenEntry(
            list_name=entry_list.name,
            name=visible_start(name) if isinstance(name, str) and name else phrase("entry {index}", index=index),
            arn=visible_start(arn, 2048) if isinstance(arn, str) else None,
            problems=tuple(problems),
        )
    )


def problems_of(error: ValidationError) -> list[tuple[JsonPath, str]]:
    """Return the path in a value, what was expected there, and what was found."""
    return [(problem["loc"], _sentence(problem)) for problem in error.errors(include_url=False, include_context=False)]


_EXPECTED = {
    "string_type": "text",
    "string_unicode": mark("text that is Unicode"),
    "tuple_type": mark("a list"),
    "model_type": mark("an object"),
    "bool_type": mark("true or false"),
    "bool_parsing": mark("true or false"),
    "int_type": mark("a whole number"),
    "int_parsing": mark("a whole number"),
    "int_from_float": mark("a whole number"),
}


def _sentence(problem: ErrorDetails) -> str:
    kind = problem["type"]
    if kind == "missing":
        return phrase("expected this key, which is missing")
    found = found_value(problem["input"])
    expected = mark("a date and time") if kind.startswith("datetime") else _EXPECTED.get(kind)
    if expected is None:
        return phrase("{wanted}, found {found}", wanted=problem["msg"], found=found)
    return phrase("expected {what}, found {found}", what=phrase(expected), found=found)


def found_value(value: Any) -> str:
    """Return a JSON value as the end of a sentence: what was found."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case str():
            return f"`{visible_start(value)}`"
        case dict():
            return phrase("an object")
        case list():
            return phrase("a list")
    return phrase("the number {value}", value=visible_start(repr(value)))
